//! Browsers that are not Chromium: Firefox over WebDriver BiDi, which it speaks itself, and WebKitGTK over the
//! WebDriver that comes with it.
//!
//! Neither lets a test look into a closed shadow root, so [`OPEN`] goes into the page before its other scripts.
//!
//! ```no_run
//! use huiqi_tests::other::{Other, OtherBrowser};
//!
//! # fn main() -> anyhow::Result<()> {
//! let browser = OtherBrowser::launch(Other::Firefox)?;
//! browser.open("http://127.0.0.1:8020/")?;
//! browser.click("document.querySelector('button')")?;
//! browser.type_text("示例企业甲")?;
//! # Ok(())
//! # }
//! ```

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cdp::{Connection, Event};
use crate::webdriver::Session;

/// How long a browser may take to start.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);

/// A script for the head of a page: shadow roots become open, and what goes wrong is kept for
/// [`OtherBrowser::complaints`].
pub const OPEN: &str = "
    const complaints = window.complaints = [];
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (options) {
        return attach.call(this, {...options, mode: 'open'});
    };
    for (const level of ['error', 'warn']) {
        const before = console[level];
        console[level] = function (...texts) {
            complaints.push(level + ': ' + texts.join(' '));
            before.apply(this, texts);
        };
    }
    addEventListener('unhandledrejection', (event) => complaints.push('rejected: ' + event.reason));
    addEventListener('securitypolicyviolation', (event) => complaints.push('policy: ' + event.blockedURI));
    // What fails to load tells its own element only, on the way down to it.
    addEventListener('error', (event) => complaints.push('error: ' +
        (event.message || event.target.src || event.target.href)), true);
";

/// What Firefox is told before it starts: to ask nobody out there, and whose language the visitor speaks.
const FIREFOX_PREFERENCES: &str = r#"
user_pref("intl.accept_languages", "zh-CN");
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
"#;

/// Which browser to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// `HUIQI_FIREFOX`, else `/usr/bin/firefox-esr`.
    Firefox,
    /// The driver `HUIQI_WEBKIT`, else `/usr/bin/WebKitWebDriver`, which starts the MiniBrowser beside it, on the
    /// screen of `HUIQI_XVFB`, else `/usr/bin/Xvfb`: this browser draws nothing without one.
    WebKit,
}

/// A running browser with one page and an empty profile of its own; dropping it ends its processes.
#[derive(Debug)]
pub struct OtherBrowser {
    driver: Driver,
    /// What was started for it, to be ended in this order.
    processes: Vec<Child>,
    /// Held for its deletion when the browser has ended.
    _profile: TempDir,
}

#[derive(Debug)]
enum Driver {
    BiDi { connection: Box<RefCell<Connection>>, page: String, version: String, said: RefCell<Vec<String>> },
    WebDriver(Session),
}

impl OtherBrowser {
    /// Starts a browser and waits until it takes commands.
    ///
    /// # Errors
    /// When the browser is missing or does not start.
    pub fn launch(other: Other) -> Result<OtherBrowser> {
        let profile = tempfile::Builder::new().prefix("huiqi-browser-").tempdir()?;
        let mut processes = Vec::new();
        let driver = match other {
            Other::Firefox => firefox(profile.path(), &mut processes),
            Other::WebKit => webkit(profile.path(), &mut processes),
        };
        match driver {
            Ok(driver) => Ok(OtherBrowser { driver, processes, _profile: profile }),
            Err(error) => {
                processes.iter_mut().for_each(end);
                let said = fs::read(profile.path().join("stderr.txt")).unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                Err(error.context(format!("{other:?} did not start; it said:\n{said}")))
            }
        }
    }

    /// What the browser calls itself, such as `firefox 140.5.0`.
    pub fn version(&self) -> String {
        match &self.driver {
            Driver::BiDi { version, .. } => version.clone(),
            Driver::WebDriver(session) => named(&session.capabilities),
        }
    }

    /// Opens an address and waits for its load event.
    ///
    /// # Errors
    /// When the page cannot be loaded.
    pub fn open(&self, url: &str) -> Result<()> {
        let opened = match &self.driver {
            Driver::BiDi { page, .. } => self
                .bidi("browsingContext.navigate", json!({"context": page, "url": url, "wait": "complete"})),
            Driver::WebDriver(session) => session.post("url", json!({"url": url})),
        };
        opened.map(drop).with_context(|| format!("opening {url}"))
    }

    /// Evaluates an expression in the page; a promise is awaited. An exception is an error with its text.
    ///
    /// # Errors
    /// When the expression throws, or the browser is gone.
    pub fn eval(&self, js: &str) -> Result<Value> {
        // As text both ways: the protocols have notations of their own for values.
        let text = format!("(async () => JSON.stringify((await ({js})) ?? null))()");
        let answer = match &self.driver {
            Driver::BiDi { page, .. } => {
                let answer = self.bidi(
                    "script.evaluate",
                    json!({"expression": text, "target": {"context": page}, "awaitPromise": true,
                        "userActivation": true}),
                )?;
                if let Some(error) = answer["exceptionDetails"]["text"].as_str() {
                    bail!("evaluating {js}: {error}");
                }
                answer["result"]["value"].clone()
            }
            Driver::WebDriver(session) => session
                .post("execute/sync", json!({"script": format!("return {text}"), "args": []}))
                .with_context(|| format!("evaluating {js}"))?,
        };
        let answer = answer.as_str().with_context(|| format!("{js} has the value {answer}"))?;
        Ok(serde_json::from_str(answer)?)
    }

    /// Waits until an expression is true. Exceptions count as "not yet".
    ///
    /// # Errors
    /// When it never is.
    pub fn wait_for(&self, js_condition: &str, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            let last = self.eval(&format!("(async () => !!(await ({js_condition})))()"));
            if matches!(last, Ok(Value::Bool(true))) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let why = last.err().map(|error| format!("; the last attempt failed: {error:#}"));
                let complaints = self.complaints().unwrap_or_default();
                bail!(
                    "still not true after {:.1} s: {js_condition}{}\ncomplaints: {complaints:?}",
                    limit.as_secs_f64(),
                    why.unwrap_or_default()
                );
            }
            thread::sleep(POLL);
        }
    }

    /// Sets the size of the part of the window that shows the page. WebKit's window is never narrower than its tool bar.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn set_window(&self, width: u32, height: u32) -> Result<()> {
        match &self.driver {
            Driver::BiDi { page, .. } => self.bidi(
                "browsingContext.setViewport",
                json!({"context": page, "viewport": {"width": width, "height": height}}),
            )?,
            Driver::WebDriver(session) => {
                let frame = self.eval("[outerWidth - innerWidth, outerHeight - innerHeight]")?;
                let frame: (u32, u32) = serde_json::from_value(frame)?;
                session.post("window/rect", json!({"width": width + frame.0, "height": height + frame.1}))?
            }
        };
        Ok(())
    }

    /// Writes a PNG picture of what the window shows, and the folder for it if it is not there.
    ///
    /// # Errors
    /// When the browser sends none, or the file cannot be written.
    pub fn screenshot(&self, path: &Path) -> Result<()> {
        let shot = match &self.driver {
            Driver::BiDi { page, .. } => {
                self.bidi("browsingContext.captureScreenshot", json!({"context": page}))?["data"].take()
            }
            Driver::WebDriver(session) => session.get("screenshot")?,
        };
        let data = shot.as_str().context("the browser sent no picture")?;
        let data = base64::engine::general_purpose::STANDARD.decode(data)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        fs::write(path, data).with_context(|| format!("writing {}", path.display()))
    }

    /// Scrolls an element, given by an expression, into view and clicks on its middle with the mouse.
    ///
    /// # Errors
    /// When there is no such element, or something covers it.
    pub fn click(&self, js_element: &str) -> Result<()> {
        let place = self.eval(&format!(
            "((element) => {{
                if (!element) throw new Error('there is no such element');
                element.scrollIntoView({{block: 'center', inline: 'center', behavior: 'instant'}});
                const box = element.getClientRects()[0];
                if (!box || !box.width || !box.height) throw new Error('it is not visible');
                const [x, y] = [box.left + box.width / 2, box.top + box.height / 2].map(Math.floor);
                const hit = element.getRootNode().elementFromPoint(x, y);
                if (!hit || !(element.contains(hit) || hit.contains(element))) {{
                    throw new Error('it is covered by ' + (hit ? hit.outerHTML.slice(0, 200) : 'the page'));
                }}
                return [x, y];
            }})({js_element})"
        ))?;
        self.act(json!({
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
            "actions": [
                {"type": "pointerMove", "x": place[0], "y": place[1], "duration": 0, "origin": "viewport"},
                {"type": "pointerDown", "button": 0},
                {"type": "pointerUp", "button": 0},
            ],
        }))
    }

    /// Types a text on the keyboard, into whatever has the focus.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn type_text(&self, text: &str) -> Result<()> {
        let keys = text.chars().flat_map(|c| ["keyDown", "keyUp"].map(|kind| key(kind, c)));
        self.act(json!({"type": "key", "id": "keyboard", "actions": keys.collect::<Vec<_>>()}))
    }

    /// Empties the field that has the focus: all is selected and deleted with the keyboard.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn clear(&self) -> Result<()> {
        let control = '\u{E009}';
        let keys = [key("keyDown", control), key("keyDown", 'a'), key("keyUp", 'a'), key("keyUp", control)];
        self.act(json!({"type": "key", "id": "keyboard", "actions": keys}))?;
        self.press("Backspace")
    }

    /// Presses and releases a key: `Tab`, `Enter`, `Escape`, `Space` or `Backspace`.
    ///
    /// # Errors
    /// When the key has no name here, or the browser refuses.
    pub fn press(&self, name: &str) -> Result<()> {
        // The numbers are those of the WebDriver standard.
        self.type_text(match name {
            "Tab" => "\u{E004}",
            "Enter" => "\u{E007}",
            "Escape" => "\u{E00C}",
            "Space" => " ",
            "Backspace" => "\u{E003}",
            _ => bail!("no key is called {name:?} here"),
        })
    }

    /// Errors and warnings of the page: what [`OPEN`] kept and, in Firefox, what the browser told.
    ///
    /// # Errors
    /// When the page lacks [`OPEN`].
    pub fn complaints(&self) -> Result<Vec<String>> {
        let mut all: Vec<String> = serde_json::from_value(self.eval("window.complaints")?)?;
        if let Driver::BiDi { said, .. } = &self.driver {
            all.extend(said.borrow().iter().cloned());
        }
        Ok(all)
    }

    fn act(&self, source: Value) -> Result<()> {
        match &self.driver {
            Driver::BiDi { page, .. } => {
                self.bidi("input.performActions", json!({"context": page, "actions": [source]}))?
            }
            Driver::WebDriver(session) => session.post("actions", json!({"actions": [source]}))?,
        };
        Ok(())
    }

    fn bidi(&self, method: &str, params: Value) -> Result<Value> {
        let Driver::BiDi { connection, said, .. } = &self.driver else {
            bail!("{method} is not for this driver")
        };
        connection.borrow_mut().call(method, params, |event| said.borrow_mut().extend(complaint(&event)))
    }
}

impl Drop for OtherBrowser {
    fn drop(&mut self) {
        // Asked politely first; what does not follow is ended below.
        let _ = match &self.driver {
            Driver::BiDi { .. } => self.bidi("browser.close", json!({})).map(drop),
            Driver::WebDriver(session) => session.end(),
        };
        self.processes.iter_mut().for_each(end);
    }
}

fn key(kind: &str, value: char) -> Value {
    json!({"type": kind, "value": value})
}

fn named(capabilities: &Value) -> String {
    let text = |key: &str| capabilities[key].as_str().unwrap_or_default();
    format!("{} {}", text("browserName"), text("browserVersion"))
}

/// A line of the console that is an error or a warning.
fn complaint(event: &Event) -> Option<String> {
    let level = event.params["level"].as_str().filter(|level| matches!(*level, "error" | "warn"))?;
    let text = event.params["text"].as_str().unwrap_or_default();
    (event.method == "log.entryAdded").then(|| format!("console {level}: {text}"))
}

fn firefox(profile: &Path, processes: &mut Vec<Child>) -> Result<Driver> {
    let executable = executable("HUIQI_FIREFOX", "/usr/bin/firefox-esr")?;
    fs::write(profile.join("user.js"), FIREFOX_PREFERENCES)?;
    let mut command = Command::new(executable);
    command.args(["--headless", "--no-remote", "--remote-debugging-port", "0", "--profile"]).arg(profile);
    processes.push(start(command, profile)?);
    // It notes its port in the profile.
    let port = waited(processes, || {
        let note = fs::read_to_string(profile.join("WebDriverBiDiServer.json")).ok()?;
        let note: Value = serde_json::from_str(&note).ok()?;
        note["ws_port"].as_u64().and_then(|port| u16::try_from(port).ok())
    })?;
    let mut connection = Connection::open(port, "/session")?;
    let mut call = |method: &str, params: Value| connection.call(method, params, drop);
    let session = call("session.new", json!({"capabilities": {}}))?;
    call("session.subscribe", json!({"events": ["log.entryAdded"]}))?;
    // The tab that was there first is told of no focus.
    let tab = call("browsingContext.create", json!({"type": "tab"}))?;
    let page = tab["context"].as_str().context("the browser opened no page")?.to_owned();
    call("browsingContext.activate", json!({"context": page}))?;
    let version = named(&session["capabilities"]);
    Ok(Driver::BiDi {
        connection: Box::new(RefCell::new(connection)),
        page,
        version,
        said: RefCell::new(Vec::new()),
    })
}

fn webkit(profile: &Path, processes: &mut Vec<Child>) -> Result<Driver> {
    let driver = executable("HUIQI_WEBKIT", "/usr/bin/WebKitWebDriver")?;
    let mut screen = Command::new(executable("HUIQI_XVFB", "/usr/bin/Xvfb")?);
    // It takes a free number and says which.
    screen.args(["-displayfd", "1", "-screen", "0", "1600x1400x24", "-nolisten", "tcp"]);
    screen.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let mut screen = screen.spawn().context("starting the screen")?;
    let said = screen.stdout.take();
    processes.push(screen);
    let mut number = String::new();
    BufReader::new(said.context("the screen's number")?).read_line(&mut number)?;

    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let mut command = Command::new(driver);
    command.arg(format!("--port={port}")).env("DISPLAY", format!(":{}", number.trim()));
    // Nothing of the user's is read or changed.
    for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"] {
        command.env(variable, profile);
    }
    command.env_remove("WAYLAND_DISPLAY").env("GDK_BACKEND", "x11");
    // Before the screen, which the browser cannot outlive should its driver forget it.
    processes.insert(0, start(command, profile)?);
    waited(processes, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())?;
    Ok(Driver::WebDriver(Session::new(port, json!({"browserName": "MiniBrowser"}))?))
}

/// Waits for something that a started program does, as long as all programs live.
fn waited<T>(processes: &mut [Child], mut there: impl FnMut() -> Option<T>) -> Result<T> {
    let deadline = Instant::now() + START_LIMIT;
    while Instant::now() < deadline {
        if let Some(found) = there() {
            return Ok(found);
        }
        for process in processes.iter_mut() {
            if let Some(status) = process.try_wait()? {
                bail!("it ended at once ({status})");
            }
        }
        thread::sleep(POLL);
    }
    bail!("it took no commands within {} s", START_LIMIT.as_secs())
}

fn start(mut command: Command, profile: &Path) -> Result<Child> {
    let stderr = File::create(profile.join("stderr.txt"))?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    // The language of a visitor's browser, whatever this machine's is.
    command.env("LC_ALL", "zh_CN.UTF-8").env("LANGUAGE", "zh_CN");
    // A group of its own, which ends as a whole.
    command.process_group(0);
    command.spawn().with_context(|| format!("starting {}", command.get_program().display()))
}

fn executable(variable: &str, default: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| PathBuf::from(default), PathBuf::from);
    if !path.is_file() {
        bail!(
            "there is no {}: `cargo xtask test` installs it, or set {variable} to its path",
            path.display()
        );
    }
    Ok(path)
}

/// Ends a process and all that it started, or helpers would still write into the profile while it is being deleted.
fn end(process: &mut Child) {
    // All of these fail only for what is gone already, which is what is wanted.
    let group = format!("-{}", process.id());
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    let _ = process.kill();
    let _ = process.wait();
}
