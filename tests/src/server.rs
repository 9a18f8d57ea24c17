//! A static file server for tests, small enough to be trusted, that can be told to misbehave.
//!
//! It compresses nothing and sends no validators, so a browser's bytes and requests are those of the
//! plainest host that the project promises to work on.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// How a path is answered instead of with its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 404, though the file may exist.
    NotFound,
    /// Another status, with a page of text as error pages have one.
    Status(u16),
    /// 200 with these bytes.
    Replace(Vec<u8>),
    /// 200 with this content type and these bytes.
    Typed(&'static str, Vec<u8>),
    /// The first bytes of the file, then the connection is cut: the announced length stays the whole one.
    Truncate(usize),
}

/// A running server; dropping it closes the port.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    closing: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    headers: BTreeMap<String, String>,
    /// Content type of everything that is no page.
    mime: Option<&'static str>,
    faults: BTreeMap<String, Fault>,
    forbidden: Vec<&'static str>,
    log: Vec<String>,
}

impl Server {
    /// Serves a folder on a free port of 127.0.0.1.
    pub fn start(folder: impl AsRef<Path>) -> Result<Server> {
        Self::start_at(folder, "127.0.0.1")
    }

    /// Serves a folder on a free port of an address of this machine.
    pub fn start_at(folder: impl AsRef<Path>, ip: &str) -> Result<Server> {
        let folder = folder.as_ref();
        let root = folder.canonicalize().with_context(|| format!("serving {}", folder.display()))?;
        let listener = TcpListener::bind((ip, 0))?;
        let address = listener.local_addr()?;
        let shared =
            Arc::new(Shared { root, closing: AtomicBool::new(false), state: Mutex::new(State::default()) });
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &for_thread));
        Ok(Server { address, shared })
    }

    /// The full address of a path: `url("/index.html")`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{}", self.address, path.trim_start_matches('/'))
    }

    /// Adds a header to all further answers, a content security policy for instance.
    pub fn set_header(&self, name: &str, value: &str) {
        self.shared.state().headers.insert(name.to_owned(), value.to_owned());
    }

    /// Sends everything that is no page as this type from now on.
    pub fn set_mime(&self, mime: &'static str) {
        self.shared.state().mime = Some(mime);
    }

    /// Answers 403 to all paths that end like this from now on, as a firewall does that knows few kinds of files.
    pub fn forbid(&self, endings: &[&'static str]) {
        self.shared.state().forbidden.extend(endings);
    }

    /// Answers a path (without query) wrongly from now on.
    pub fn set_fault(&self, path: &str, fault: Fault) {
        self.shared.state().faults.insert(path.to_owned(), fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }

    /// The paths requested so far, in order and as they came, with their queries.
    pub fn log(&self) -> Vec<String> {
        self.shared.state().log.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // The accepting thread sleeps until somebody calls. If nobody can, it has ended already.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single insertion, so a thread that panicked left nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        // A browser that closes early is its own affair.
        thread::spawn(move || drop(answer(&stream, &shared)));
    }
}

fn answer(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    // Browsers open connections on suspicion; one that stays silent must not keep its thread.
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = request.split_ascii_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(()) };
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let (fault, headers, forced) = {
        let mut state = shared.state();
        state.log.push(target.to_owned());
        let forbidden = state.forbidden.iter().any(|ending| path.ends_with(ending));
        let fault = if forbidden { Some(Fault::Status(403)) } else { state.faults.get(path).cloned() };
        (fault, state.headers.clone(), state.mime)
    };

    let (status, mime, body, sent) = match (method, fault) {
        ("GET" | "HEAD", None) => file(shared, path, usize::MAX),
        ("GET" | "HEAD", Some(Fault::NotFound)) => message(404),
        ("GET" | "HEAD", Some(Fault::Status(status))) => message(status),
        ("GET" | "HEAD", Some(Fault::Replace(bytes))) => (200, mime(path), bytes, usize::MAX),
        ("GET" | "HEAD", Some(Fault::Typed(mime, bytes))) => (200, mime, bytes, usize::MAX),
        ("GET" | "HEAD", Some(Fault::Truncate(length))) => file(shared, path, length),
        _ => message(405),
    };
    let mime = forced.filter(|_| !mime.starts_with("text/html")).unwrap_or(mime);
    let mut head = format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: {mime}\r\nContent-Length: {}\r\nConnection: close\r\n",
        if status < 400 { "OK" } else { "Error" },
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    if method != "HEAD" {
        stream.write_all(&body[..body.len().min(sent)])?;
    }
    stream.flush()
}

/// Status, type, content, and how much of the content is sent.
type Answer = (u16, &'static str, Vec<u8>, usize);

fn file(shared: &Shared, path: &str, sent: usize) -> Answer {
    let Some(relative) = safe_path(path) else { return message(400) };
    let mut file = shared.root.join(relative);
    if file.is_dir() {
        file.push("index.html");
    }
    // A link may lead out of the folder even where the path does not.
    let inside = file.canonicalize().is_ok_and(|real| real.starts_with(&shared.root));
    match std::fs::read(&file) {
        Ok(bytes) if inside => {
            let mime = file.to_str().map_or(OCTETS, mime);
            (200, mime, bytes, sent)
        }
        _ => message(404),
    }
}

fn message(status: u16) -> Answer {
    let text = format!("<!doctype html><title>{status}</title><h1>{status}</h1>\n");
    (status, "text/html; charset=utf-8", text.into_bytes(), usize::MAX)
}

/// A path below the folder, or nothing if it tries to leave it.
fn safe_path(path: &str) -> Option<PathBuf> {
    let decoded = percent_decode(path)?;
    let relative = PathBuf::from(decoded.trim_start_matches('/'));
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && !decoded.contains(['\0', '\\'])).then_some(relative)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

const OCTETS: &str = "application/octet-stream";

fn mime(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        Some("wasm") => "application/wasm",
        _ => OCTETS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_folder() {
        for (path, expected) in [
            ("/", Some("")),
            ("/data/catalog.json", Some("data/catalog.json")),
            ("/%E6%83%A0.html", Some("惠.html")),
            ("/../secret", None),
            ("/a/%2e%2e/%2e%2e/secret", None),
            ("/..%5Csecret", None),
            ("/a%00.html", None),
            ("/%", None),
        ] {
            assert_eq!(safe_path(path), expected.map(PathBuf::from), "{path}");
        }
    }
}
