//! One page: navigation, JavaScript, media, pictures, and a record of all it fetched and said.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};

use crate::cdp::{Connection, Event, Refused};
use crate::shadow::Shadow;

/// How long a page may take to load, and an element to appear.
const LOAD_LIMIT: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);

/// The most text of a page that an error message quotes.
const QUOTED: usize = 2_000;

/// A page of the browser.
#[derive(Debug)]
pub struct Page {
    connection: RefCell<Connection>,
    record: RefCell<Record>,
}

/// One request of a page, redirects counted one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub url: String,
    pub method: String,
    /// None until an answer arrives, and for ever if none does.
    pub status: Option<u16>,
    /// Why there is no complete answer, such as `net::ERR_CONTENT_LENGTH_MISMATCH`.
    pub failed: Option<String>,
    pub from_cache: bool,
    /// Bytes over the wire, headers included; 0 while the answer is incomplete.
    pub bytes: u64,
    id: String,
}

/// The window that the page believes to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    pub width: u32,
    pub height: u32,
    /// Device pixels per CSS pixel.
    pub scale: f64,
    /// Touch input, overlay scroll bars and the viewport meta tag, as on a phone.
    pub mobile: bool,
}

impl Viewport {
    /// A common laptop window.
    pub const DESKTOP: Viewport = Viewport { width: 1280, height: 800, scale: 1.0, mobile: false };
    /// The narrowest phone that is still around in numbers.
    pub const PHONE: Viewport = Viewport { width: 360, height: 740, scale: 2.0, mobile: true };
}

/// How much of the page a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    Viewport,
    FullPage,
}

#[derive(Debug, Default)]
struct Record {
    requests: Vec<Request>,
    console: Vec<String>,
    /// The loader ids of documents whose load event has fired.
    loaded: HashSet<String>,
    viewport: Option<Viewport>,
}

impl Page {
    pub(crate) fn attach(connection: Connection) -> Result<Page> {
        let page = Page { connection: RefCell::new(connection), record: RefCell::new(Record::default()) };
        for domain in ["Page", "Runtime", "Network", "Log", "DOM"] {
            page.call(&format!("{domain}.enable"), json!({}))?;
        }
        page.call("Page.setLifecycleEventsEnabled", json!({"enabled": true}))?;
        page.set_viewport(Viewport::DESKTOP)?;
        Ok(page)
    }

    /// Opens an address and waits for its load event.
    pub fn goto(&self, url: &str) -> Result<()> {
        let answer = self.call("Page.navigate", json!({"url": url}))?;
        if let Some(error) = answer["errorText"].as_str().filter(|text| !text.is_empty()) {
            bail!("{url}: {error}");
        }
        // Without a loader it is a jump within the document, which fires no load event.
        let Some(loader) = answer["loaderId"].as_str() else { return Ok(()) };
        let deadline = Instant::now() + LOAD_LIMIT;
        while Instant::now() < deadline {
            self.catch_up()?;
            if self.record.borrow().loaded.contains(loader) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        bail!("{url} did not finish loading in {} s; {}", LOAD_LIMIT.as_secs(), self.describe())
    }

    /// Evaluates an expression in the page; a promise is awaited. An exception is an error with its text.
    pub fn eval(&self, js: &str) -> Result<Value> {
        let answer = self.call(
            "Runtime.evaluate",
            json!({"expression": js, "awaitPromise": true, "returnByValue": true, "userGesture": true}),
        )?;
        value_of(answer).with_context(|| format!("evaluating {js}"))
    }

    /// Waits until an expression is true. Exceptions count as "not yet".
    pub fn wait_for(&self, js_condition: &str, limit: Duration) -> Result<()> {
        let js = format!("(async () => !!(await ({js_condition})))()");
        self.poll(js_condition, limit, || self.eval(&js))
    }

    /// Sets the size and kind of the window.
    pub fn set_viewport(&self, viewport: Viewport) -> Result<()> {
        let Viewport { width, height, scale, mobile } = viewport;
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile}),
        )?;
        self.call("Emulation.setTouchEmulationEnabled", json!({"enabled": mobile}))?;
        self.record.borrow_mut().viewport = Some(viewport);
        Ok(())
    }

    /// Runs a script in every document before its own scripts do.
    pub fn before_load(&self, js: &str) -> Result<()> {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": js})).map(drop)
    }

    /// Sets media features, such as `("prefers-color-scheme", "dark")`; those not named become normal again.
    pub fn emulate_media(&self, features: &[(&str, &str)]) -> Result<()> {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        self.call("Emulation.setEmulatedMedia", json!({"features": features}))?;
        Ok(())
    }

    /// Writes a PNG picture, and the folder for it if it is not there.
    pub fn screenshot(&self, path: impl AsRef<Path>, area: Area) -> Result<()> {
        let path = path.as_ref();
        let before = self.record.borrow().viewport.unwrap_or(Viewport::DESKTOP);
        if area == Area::FullPage {
            // Chromium 80 cannot paint beyond the window, so the window grows for the moment.
            let height = self.eval("document.documentElement.scrollHeight")?.as_u64().unwrap_or(0);
            let height = u32::try_from(height).unwrap_or(u32::MAX).clamp(before.height, 16_000);
            self.set_viewport(Viewport { height, ..before })?;
        }
        let shot = self.call("Page.captureScreenshot", json!({"format": "png"}));
        if area == Area::FullPage {
            self.set_viewport(before)?;
        }
        let shot = shot?;
        let data = shot["data"].as_str().context("the browser sent no picture")?;
        let data = base64::engine::general_purpose::STANDARD.decode(data)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        std::fs::write(path, data).with_context(|| format!("writing {}", path.display()))
    }

    /// All requests since the page was opened, in the order in which they began.
    pub fn requests(&self) -> Result<Vec<Request>> {
        self.catch_up()?;
        Ok(self.record.borrow().requests.clone())
    }

    /// All that was written to the console since the page was opened: messages, exceptions that nobody
    /// caught, and what the browser itself reports, violations of the content security policy among it.
    pub fn console(&self) -> Result<Vec<String>> {
        self.catch_up()?;
        Ok(self.record.borrow().console.clone())
    }

    /// A line with this latency and so many bits per second, both ways.
    pub fn slow_network(&self, latency: Duration, bits_per_s: u32) -> Result<()> {
        let bytes_per_s = f64::from(bits_per_s) / 8.0;
        self.call(
            "Network.emulateNetworkConditions",
            json!({
                "offline": false, "latency": latency.as_secs_f64() * 1000.0,
                "downloadThroughput": bytes_per_s, "uploadThroughput": bytes_per_s,
            }),
        )?;
        Ok(())
    }

    /// Without a network, or with one again.
    pub fn offline(&self, offline: bool) -> Result<()> {
        self.call(
            "Network.emulateNetworkConditions",
            json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}),
        )?;
        Ok(())
    }

    /// A processor that takes so many times as long.
    pub fn slow_processor(&self, times: u32) -> Result<()> {
        self.call("Emulation.setCPUThrottlingRate", json!({"rate": times})).map(drop)
    }

    /// Lets requests fail whose address matches one of the patterns (`*` stands for anything).
    pub fn block(&self, patterns: &[&str]) -> Result<()> {
        self.call("Network.setBlockedURLs", json!({"urls": patterns}))?;
        Ok(())
    }

    /// Presses and releases a key: `Tab`, `Shift+Tab`, `Enter`, `Escape`, `Space`, `Backspace` or an arrow.
    pub fn press(&self, key: &str) -> Result<()> {
        let (modifiers, name) = match key.strip_prefix("Shift+") {
            Some(rest) => (8, rest),
            None => (0, key),
        };
        let (key, code, number, text) = match name {
            "Tab" => ("Tab", "Tab", 9, ""),
            "Enter" => ("Enter", "Enter", 13, "\r"),
            "Escape" => ("Escape", "Escape", 27, ""),
            "Space" => (" ", "Space", 32, " "),
            "Backspace" => ("Backspace", "Backspace", 8, ""),
            "ArrowLeft" => ("ArrowLeft", "ArrowLeft", 37, ""),
            "ArrowUp" => ("ArrowUp", "ArrowUp", 38, ""),
            "ArrowRight" => ("ArrowRight", "ArrowRight", 39, ""),
            "ArrowDown" => ("ArrowDown", "ArrowDown", 40, ""),
            _ => bail!("no key is called {key:?} here"),
        };
        let mut event = json!({
            "type": if text.is_empty() { "rawKeyDown" } else { "keyDown" },
            "key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers,
        });
        if !text.is_empty() {
            event["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", event.clone())?;
        event["type"] = json!("keyUp");
        if let Some(event) = event.as_object_mut() {
            event.remove("text");
        }
        self.call("Input.dispatchKeyEvent", event)?;
        Ok(())
    }

    /// Presses and releases the key of a character, which stands in the field that has the focus afterwards.
    pub fn type_char(&self, character: char) -> Result<()> {
        let key = character.to_string();
        self.call("Input.dispatchKeyEvent", json!({"type": "keyDown", "key": key, "text": key}))?;
        self.call("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key}))?;
        Ok(())
    }

    /// The closed shadow root of the first `<huiqi-match>`; waits until the element has one.
    pub fn shadow(&self) -> Result<Shadow<'_>> {
        self.shadow_at(0)
    }

    /// The same for the n-th `<huiqi-match>` of the page, counted from 0, frames included.
    pub fn shadow_at(&self, index: usize) -> Result<Shadow<'_>> {
        let deadline = Instant::now() + LOAD_LIMIT;
        loop {
            if let Some(shadow) = Shadow::find(self, index)? {
                return Ok(shadow);
            }
            ensure!(
                Instant::now() < deadline,
                "the page has no <huiqi-match> number {index} with a shadow root after {} s; {}",
                LOAD_LIMIT.as_secs(),
                self.describe()
            );
            thread::sleep(POLL);
        }
    }

    pub(crate) fn call(&self, method: &str, params: Value) -> Result<Value> {
        let mut record = self.record.borrow_mut();
        self.connection.borrow_mut().call(method, params, |event| record.note(event))
    }

    /// Polls until the answer is true; the error message carries all that explains why it never was.
    pub(crate) fn poll(
        &self,
        condition: &str,
        limit: Duration,
        mut ask: impl FnMut() -> Result<Value>,
    ) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            let last = ask();
            if matches!(last, Ok(Value::Bool(true))) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let exception = match last {
                    Err(error) => format!("the last attempt failed: {error:#}; "),
                    Ok(_) => String::new(),
                };
                bail!(
                    "still not true after {:.1} s: {condition}\n{exception}{}",
                    limit.as_secs_f64(),
                    self.describe()
                );
            }
            thread::sleep(POLL);
        }
    }

    /// What the page shows and said, for error messages.
    pub(crate) fn describe(&self) -> String {
        let mut text = match self.eval("document.body ? document.body.innerText : ''") {
            Ok(text) => text.as_str().unwrap_or_default().to_owned(),
            Err(error) => format!("(unreadable: {error:#})"),
        };
        if let Ok(Some(shadow)) = Shadow::find(self, 0)
            && let Ok(inner) = shadow.text()
        {
            text.push_str("\n<huiqi-match> shows:\n");
            text.push_str(&inner);
        }
        let console = self.console().unwrap_or_default().join("\n");
        format!("the page shows:\n{}\nconsole:\n{}", head(&text), head(&console))
    }

    /// Takes in the events that are on their way: the page's answer to a call arrives after them.
    fn catch_up(&self) -> Result<()> {
        match self.call("Runtime.evaluate", json!({"expression": "0"})) {
            // Between two documents there is nobody to answer, and nothing to wait for either.
            Err(error) if !error.is::<Refused>() => Err(error),
            _ => Ok(()),
        }
    }
}

impl Record {
    fn note(&mut self, event: Event) {
        let params = event.params;
        let id = params["requestId"].as_str().unwrap_or_default();
        match event.method.as_str() {
            "Page.lifecycleEvent" if params["name"] == "load" => {
                self.loaded.insert(text_at(&params, "loaderId"));
            }
            "Network.requestWillBeSent" => {
                // A redirect keeps the id of the request that it answers.
                if let Some(request) = self.request(id) {
                    request.answered(&params["redirectResponse"]);
                }
                self.requests.push(Request {
                    url: text_at(&params["request"], "url"),
                    method: text_at(&params["request"], "method"),
                    id: id.to_owned(),
                    ..Request::default()
                });
            }
            "Network.requestServedFromCache" => {
                if let Some(request) = self.request(id) {
                    request.from_cache = true;
                }
            }
            "Network.responseReceived" => {
                if let Some(request) = self.request(id) {
                    request.answered(&params["response"]);
                }
            }
            "Network.loadingFinished" => {
                if let Some(request) = self.request(id) {
                    // The protocol sends a whole number as a float.
                    request.bytes = params["encodedDataLength"].as_f64().unwrap_or(0.0) as u64;
                }
            }
            "Network.loadingFailed" => {
                if let Some(request) = self.request(id) {
                    let reason = params["blockedReason"].as_str().or(params["errorText"].as_str());
                    request.failed = Some(reason.unwrap_or("failed").to_owned());
                }
            }
            "Runtime.consoleAPICalled" => {
                let arguments = params["args"].as_array().map_or(&[][..], Vec::as_slice);
                let arguments: Vec<String> = arguments.iter().map(print_argument).collect();
                self.console.push(format!("{}: {}", text_at(&params, "type"), arguments.join(" ")));
            }
            "Runtime.exceptionThrown" => {
                self.console.push(format!("exception: {}", exception_text(&params["exceptionDetails"])));
            }
            "Log.entryAdded" => {
                let entry = &params["entry"];
                let place = entry["url"].as_str().map(|url| format!(" ({url})")).unwrap_or_default();
                self.console.push(format!(
                    "{} {}: {}{place}",
                    text_at(entry, "source"),
                    text_at(entry, "level"),
                    text_at(entry, "text")
                ));
            }
            _ => {}
        }
    }

    /// The newest request with this id.
    fn request(&mut self, id: &str) -> Option<&mut Request> {
        self.requests.iter_mut().rev().find(|request| request.id == id)
    }
}

impl Request {
    fn answered(&mut self, response: &Value) {
        self.status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        self.from_cache |= response["fromDiskCache"] == true;
    }
}

/// The value in the answer to an evaluation, or the exception as an error.
pub(crate) fn value_of(mut answer: Value) -> Result<Value> {
    if let Some(details) = answer.get("exceptionDetails") {
        bail!("{}", exception_text(details));
    }
    Ok(answer["result"]["value"].take())
}

fn exception_text(details: &Value) -> String {
    let exception = &details["exception"];
    let description = exception["description"].as_str().map(str::to_owned);
    // `throw "text"` has a value and no description.
    let value = || exception.get("value").map(Value::to_string);
    description.or_else(value).unwrap_or_else(|| text_at(details, "text"))
}

fn print_argument(argument: &Value) -> String {
    match (&argument["value"], argument["description"].as_str()) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, Some(description)) => description.to_owned(),
        (value, _) => value.to_string(),
    }
}

fn text_at(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn head(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
