//! Starting a Chromium and opening pages in it.
//!
//! ```no_run
//! use huiqi_tests::browser::{Browser, Kind};
//!
//! # fn main() -> anyhow::Result<()> {
//! let browser = Browser::launch(Kind::Current)?;
//! let page = browser.new_page()?;
//! page.goto("http://127.0.0.1:8020/")?;
//! let widget = page.shadow()?;
//! widget.fill("input", "示例企业甲")?;
//! widget.click("button")?;
//! # Ok(())
//! # }
//! ```

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tempfile::TempDir;

use crate::cdp::Connection;
pub use crate::page::{Area, Page, Request, Viewport};
pub use crate::shadow::Shadow;
use crate::workspace_root;

/// Which browser to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The Chromium of the system: `HUIQI_CHROMIUM`, else `/usr/bin/chromium`.
    Current,
    /// The oldest one that the widget supports: `HUIQI_CHROMIUM80`, else where `cargo xtask test` puts it.
    Chromium80,
}

impl Kind {
    fn executable(self) -> Result<PathBuf> {
        let (variable, default) = match self {
            Kind::Current => ("HUIQI_CHROMIUM", PathBuf::from("/usr/bin/chromium")),
            Kind::Chromium80 => {
                ("HUIQI_CHROMIUM80", workspace_root().join("target/tools/chromium80/chromium"))
            }
        };
        let path = std::env::var_os(variable).map_or(default, PathBuf::from);
        if !path.is_file() {
            bail!(
                "no browser at {}: `cargo xtask test` installs it, or set {variable} to its path",
                path.display()
            );
        }
        Ok(path)
    }
}

/// A running browser with an empty profile of its own; dropping it ends the process.
#[derive(Debug)]
pub struct Browser {
    process: Child,
    port: u16,
    connection: RefCell<Connection>,
    /// Held for its deletion when the browser has ended.
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser and waits until it takes commands.
    pub fn launch(kind: Kind) -> Result<Browser> {
        let executable = kind.executable()?;
        let profile = tempfile::Builder::new().prefix("huiqi-browser-").tempdir()?;
        let stderr = File::create(profile.path().join("stderr.txt"))?;
        let mut command = Command::new(&executable);
        command
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--remote-debugging-port=0",
                "--accept-lang=zh-CN",
                // A test may follow a link, but nobody out there is to notice.
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE 10.99.0.1",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            // The language of a visitor's browser, whatever this machine's is; newer ones have a flag.
            .env("LC_ALL", "zh_CN.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr);
        if kind == Kind::Chromium80 {
            // The only way in which this build runs in a container.
            command.args(["--single-process", "--no-zygote"]);
        }
        command.arg("about:blank");
        let mut process =
            command.spawn().with_context(|| format!("cannot start {}", executable.display()))?;
        match connect(&mut process, &profile) {
            Ok((port, connection)) => {
                Ok(Browser { process, port, connection: RefCell::new(connection), _profile: profile })
            }
            Err(error) => {
                end(&mut process);
                let said = fs::read(profile.path().join("stderr.txt")).unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                Err(error.context(format!("{} did not start; it said:\n{said}", executable.display())))
            }
        }
    }

    /// Opens an empty page, 1280 × 800, on which it is noon of [`TODAY`](crate::TODAY).
    pub fn new_page(&self) -> Result<Page> {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}))?;
        let id = target["targetId"].as_str().context("the browser gave the new page no id")?;
        let page = Page::attach(Connection::open(self.port, &format!("/devtools/page/{id}"))?)?;
        page.before_load(&format!("Date.now = () => {};", crate::NOON * 1000))?;
        Ok(page)
    }

    /// What the browser calls itself, such as `HeadlessChrome/80.0.3987.0`.
    pub fn version(&self) -> Result<String> {
        let version = self.call("Browser.getVersion", json!({}))?;
        Ok(version["product"].as_str().unwrap_or_default().to_owned())
    }

    fn call(&self, method: &str, params: serde_json::Value) -> Result<serde_json::Value> {
        self.connection.borrow_mut().call(method, params, drop)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked politely first: a browser that is killed leaves helpers behind that still write into the
        // profile while it is being deleted.
        if self.call("Browser.close", json!({})).is_ok() {
            let deadline = Instant::now() + Duration::from_secs(3);
            while Instant::now() < deadline && matches!(self.process.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(20));
            }
        }
        end(&mut self.process);
    }
}

/// Waits for the file in which the browser notes its port, and opens the session that makes pages.
fn connect(process: &mut Child, profile: &TempDir) -> Result<(u16, Connection)> {
    let note = profile.path().join("DevToolsActivePort");
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if let Some(status) = process.try_wait()? {
            bail!("the browser ended at once ({status})");
        }
        let text = fs::read_to_string(&note).unwrap_or_default();
        let mut lines = text.lines();
        if let (Some(port), Some(path)) = (lines.next(), lines.next()) {
            let port = port.parse().with_context(|| format!("a port number, not {port:?}"))?;
            return Ok((port, Connection::open(port, path)?));
        }
        thread::sleep(Duration::from_millis(20));
    }
    bail!("the browser did not open its debugging port within a minute")
}

fn end(process: &mut Child) {
    // Both fail only for a process that is gone already, which is what is wanted.
    let _ = process.kill();
    let _ = process.wait();
}
