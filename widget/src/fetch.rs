//! Files of the bundle: fetched, checked against their names, opened.

use std::fmt;
use std::future::{Future, poll_fn};
use std::task::Poll;

use futures_util::future::maybe_done;
use huiqi_engine::bundle::{BundleError, verify_part};
use js_sys::{Object, Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

#[wasm_bindgen]
extern "C" {
    /// The browser's own. The one of web-sys comes with a table of all cache modes.
    fn fetch(url: &str, init: &Object) -> Promise;

    /// Compression Streams, which web-sys still counts as unstable.
    type DecompressionStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

/// Why data could not be loaded. Chinese, names the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadError {
    text: String,
    /// Whether the server says that there is no such file (any more).
    pub gone: bool,
}

impl LoadError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), gone: false }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<BundleError> for LoadError {
    fn from(error: BundleError) -> Self {
        Self::new(error.to_string())
    }
}

/// Whether the browser may answer from its cache without asking the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    /// As the server's headers say.
    Default,
    /// Only when the server says that nothing has changed.
    Ask,
}

/// What was fetched.
pub(crate) type Fetched<T> = Result<T, LoadError>;

/// Fetches a file as it is stored; `name` is what messages call it.
pub(crate) async fn file(url: &str, name: &str, cache: Cache) -> Fetched<Vec<u8>> {
    let cache = match cache {
        Cache::Default => "default",
        Cache::Ask => "no-cache",
    };
    let response = JsFuture::from(fetch(url, &crate::object(&[("cache", cache.into())])));
    let response =
        response.await.map_err(|_| LoadError::new(format!("文件 {name} 没读到：网络不通，或地址不对")))?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(LoadError {
            text: format!("文件 {name} 没读到：服务器回答 {}", response.status()),
            gone: matches!(response.status(), 404 | 410),
        });
    }
    bytes_of(&response).await.map_err(|_| LoadError::new(format!("文件 {name} 没传完整")))
}

/// Fetches, checks and opens a part.
pub(crate) async fn part(url: &str, name: &str) -> Fetched<Vec<u8>> {
    let stored = file(url, name, Cache::Default).await?;
    verify_part(name, &stored)?;
    gunzip(&stored).await.map_err(|_| LoadError::new(format!("文件 {name} 解不开，浏览器可能太旧")))
}

/// Waits for several at once. (`join_all` of the library is 8 kB.)
pub(crate) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = futures.into_iter().map(|f| Box::pin(maybe_done(f))).collect();
    poll_fn(|context| {
        let mut pending = false;
        for one in &mut all {
            pending |= one.as_mut().poll(context).is_pending();
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    all.iter_mut().filter_map(|one| one.as_mut().take_output()).collect()
}

/// Opens gzip bytes with the browser's own decompressor.
async fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, JsValue> {
    let source = Response::new_with_opt_js_u8_array(Some(&Uint8Array::from(bytes)))?;
    let stream = DecompressionStream::new("gzip")?;
    let body = source.body().ok_or(JsValue::NULL)?;
    // The stream itself is the pair of a readable and a writable end.
    let opened = body.pipe_through(stream.unchecked_ref());
    let response = Response::new_with_opt_readable_stream(Some(&opened))?;
    bytes_of(&response).await
}

async fn bytes_of(response: &Response) -> Result<Vec<u8>, JsValue> {
    let buffer = JsFuture::from(response.array_buffer()?).await?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
