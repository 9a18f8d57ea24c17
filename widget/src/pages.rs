//! The pages behind the first ones. Everything that only the functions below reach becomes a module of its own
//! (`cargo xtask dist`), which is fetched once there are results: a first visit does not pay for it.

#![expect(
    unsafe_code,
    reason = "the two halves of a split function are joined by names, when the module is split"
)]

use std::cell::RefCell;

use js_sys::Promise;
use wasm_bindgen_futures::JsFuture;
use yew::Html;
use yew::html::Scope;

use crate::Page;
use crate::app::{App, View};
use crate::fetch::{Fetched, LoadError};

thread_local! {
    /// The part, which all widgets of a page share: its instance, once it was asked for.
    static PART: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// Fetches the part, unless it is there.
pub(crate) async fn fetch(page: Page) -> Fetched<()> {
    let promise = PART.with(|part| part.borrow_mut().get_or_insert_with(|| page.module("pages.bin")).clone());
    JsFuture::from(promise).await.map(drop).map_err(|_| {
        PART.with(|part| part.borrow_mut().take());
        LoadError::new("页面的一部分没能打开，检查网络再试一次")
    })
}

// On the left what the first part calls, on the right what the later part defines; the number joins them.
#[link(wasm_import_module = "__wasm_split_placeholder__")]
unsafe extern "C" {
    #[link_name = "__wasm_split_00pages00_import_00000000000000000000000000000001"]
    fn view_import(app: &App, link: &Scope<App>, out: &mut Html);
}

#[unsafe(export_name = "__wasm_split_00pages00_export_00000000000000000000000000000001")]
extern "C" fn view_export(app: &App, link: &Scope<App>, out: &mut Html) {
    *out = match app.view {
        View::Ask(key) => app.ask(link, key),
        View::Measure(at) => app.measure(link, at),
        _ => app.search_page(link),
    };
}

/// Draws a page of the part that is fetched later.
pub(crate) fn view(app: &App, link: &Scope<App>) -> Html {
    let mut out = Html::default();
    // SAFETY: the arguments are valid for the call, and the part is there: `App` asks for such a page only then.
    unsafe { view_import(app, link, &mut out) };
    out
}
