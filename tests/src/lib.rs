//! What the end-to-end tests share: a browser to drive, a server to break, and where things lie.
//!
//! [`browser`] speaks the Chrome DevTools Protocol itself. WebDriver is no option: the oldest browser that
//! the widget supports, Chromium 80, has no matching driver here, and one client for both browsers means
//! that both see the same clicks. [`other`] drives Firefox and WebKit, each as it is driven best. [`server`] serves a folder over plain HTTP and can answer wrongly on
//! purpose. The tests are in `tests/`; nothing in this crate knows what the widget shows.
//!
//! A test that needs the old browser has `chromium80` in its name, one that needs another has `firefox` or
//! `webkit`: `cargo xtask test quick` leaves out every test with such a word and counts it as skipped.

pub mod axe;
pub mod browser;
mod cdp;
pub mod copies;
pub mod crowd;
pub mod newcomer;
pub mod other;
mod page;
pub mod plan;
pub mod publisher;
pub mod server;
mod shadow;
pub mod site;
pub mod visit;
mod webdriver;
pub mod words;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use huiqi_engine::date::Date;

/// The root of the repository.
pub fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The day on which every test takes place, for pages and for the command.
pub const TODAY: &str = "2026-11-22";

/// Noon of that day in Beijing, in seconds since 1970. A browser refuses data that is younger than its clock.
pub const NOON: u64 = 1_795_320_000;

/// [`TODAY`], read.
pub fn today() -> Date {
    Date::parse(TODAY).unwrap_or(Date::LAST)
}

/// Says something past the test runner, which would keep it to itself: who reads the log must see what was not tested.
pub fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stderr(), "{line}")?)
}

/// All files in a folder and in the folders in it.
pub fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

/// Copies a folder and the folders in it.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for file in files_below(from)? {
        let target = to.join(file.strip_prefix(from)?);
        std::fs::create_dir_all(target.parent().unwrap_or(to))?;
        std::fs::copy(&file, target)?;
    }
    Ok(())
}

/// The demo site: the pages of `examples/plain` with the widget and a published bundle beside them.
///
/// It is built by `cargo xtask test`, which hands its place over in `HUIQI_DEMO_DIR`.
pub fn demo_dir() -> Result<PathBuf> {
    let dir = match std::env::var_os("HUIQI_DEMO_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => workspace_root().join("target/demo"),
    };
    ensure!(dir.is_dir(), "there is no demo site at {}: run `cargo xtask test`", dir.display());
    Ok(dir)
}

/// The golden vectors and workloads as a module for the browser.
///
/// It is built by `cargo xtask test`, which hands its place over in `HUIQI_ENGINE_MODULE`.
pub fn engine_module() -> Result<PathBuf> {
    let file = match std::env::var_os("HUIQI_ENGINE_MODULE") {
        Some(file) => PathBuf::from(file),
        None => workspace_root().join("target/wasm/wasm32-unknown-unknown/widget/huiqi_engine_tests.wasm"),
    };
    ensure!(file.is_file(), "there is no module at {}: run `cargo xtask test`", file.display());
    Ok(file)
}

/// Folders `npm-react` and `npm-vue`: what the examples are built with, and the package `huiqi-match.tgz`.
///
/// They are filled by `cargo xtask test`, which hands their place over in `HUIQI_NPM_DIR`.
pub fn npm_dir() -> Result<PathBuf> {
    let dir = match std::env::var_os("HUIQI_NPM_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => workspace_root().join("target/tools"),
    };
    let there = dir.join("npm-vue/node_modules").is_dir();
    ensure!(there, "there are no npm packages in {}: run `cargo xtask test`", dir.display());
    Ok(dir)
}

/// axe-core as one script.
///
/// It is fetched by `cargo xtask test`, which hands its place over in `HUIQI_AXE`.
pub(crate) fn axe_script() -> Result<PathBuf> {
    let file = match std::env::var_os("HUIQI_AXE") {
        Some(file) => PathBuf::from(file),
        None => workspace_root().join("target/tools/axe/axe.min.js"),
    };
    ensure!(file.is_file(), "there is no axe at {}: run `cargo xtask test`", file.display());
    Ok(file)
}

/// Publishes a folder of policies on [`TODAY`]: `later` seconds after [`NOON`], with more options.
///
/// # Errors
/// When the command complains.
pub fn publish(policies: &Path, out: &Path, index: &Path, later: u64, more: &[&str]) -> Result<()> {
    let sequence = (NOON + later).to_string();
    let [policies, out, index] = [policies, out, index].map(|path| path.display().to_string());
    let mut arguments = vec!["build", &policies, "--out", &out, "--index", &index, "--as-of", TODAY];
    arguments.extend(["--sequence", &sequence]);
    arguments.extend(more);
    let output = command(&arguments)?;
    ensure!(output.code == 0, "huiqi build: {}", output.talk);
    Ok(())
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Output {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub data: String,
    /// Standard error.
    pub talk: String,
}

/// Runs the `huiqi` command in the root of the repository.
pub fn command(arguments: &[&str]) -> Result<Output> {
    command_in(&workspace_root(), arguments)
}

/// Runs the `huiqi` command in a folder.
pub fn command_in(folder: &Path, arguments: &[&str]) -> Result<Output> {
    run(std::process::Command::new(binary()?).args(arguments).current_dir(folder))
}

/// The `huiqi` command.
pub fn binary() -> Result<PathBuf> {
    // Cargo puts it beside the folder of the running test.
    let test = std::env::current_exe()?;
    let binary = test.parent().and_then(Path::parent).map(|dir| dir.join("huiqi")).unwrap_or_default();
    ensure!(binary.is_file(), "there is no {}: run `cargo build -p huiqi`", binary.display());
    Ok(binary)
}

/// Runs a command to its end.
pub fn run(command: &mut std::process::Command) -> Result<Output> {
    let output = command.output()?;
    Ok(Output {
        code: output.status.code().unwrap_or(-1),
        data: String::from_utf8_lossy(&output.stdout).into_owned(),
        talk: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
