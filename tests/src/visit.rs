//! A visit with the answers of a firm: what a shared link opens.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use huiqi::check::load;
use huiqi::fields::Sink;
use huiqi::run::read_profile;
use huiqi_engine::profile;
use serde_json::{Value, json};

use crate::browser::{Page, Shadow};
use crate::server::Server;
use crate::{today, workspace_root};

/// How long anything on the page may take.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Whether nothing is worked out any more, and all rows are drawn.
pub const IDLE: &str = "!this.querySelector('[part=view][aria-busy]')";

/// The profile of a firm of `examples/firms`, as JSON.
///
/// # Errors
/// When the firm cannot be read.
pub fn profile_of(firm: &str) -> Result<Value> {
    let root = workspace_root();
    let mut sink = Sink::default();
    let project = load(&root.join("policies"), today(), &mut sink, |_, _| {})?;
    let firm = read_profile(&root.join("examples/firms").join(firm), today(), &project.tables, &mut sink)?;
    ensure!(sink.counts().errors == 0, "{:?}", sink.counts());
    Ok(serde_json::from_str(&profile::write(&firm, &project.tables.catalogue))?)
}

/// The fragment of a link with these answers and measures.
pub fn fragment(firm: &Value, plan: &[&str]) -> String {
    let content = json!({ "huiqi": 1, "plan": plan, "firm": firm });
    format!("#huiqi={}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(content.to_string()))
}

/// Opens a page of the server and waits for its first page.
///
/// # Errors
/// When it does not appear.
pub fn open<'a>(page: &'a Page, server: &Server, path: &str) -> Result<Shadow<'a>> {
    page.goto(&server.url(path))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let shadow = page.shadow()?;
    shadow.wait_for("this.querySelector('.nav')", LIMIT)?;
    Ok(shadow)
}

/// Opens the page at `path` with the answers of a firm, and waits for its results.
///
/// # Errors
/// When they do not appear.
pub fn visit<'a>(page: &'a Page, server: &Server, path: &str, firm: &str) -> Result<Shadow<'a>> {
    let link = format!("{path}{}", fragment(&profile_of(firm)?, &[]));
    let shadow = open(page, server, &link)?;
    shadow
        .wait_for("this.querySelector('details.grp') && this.querySelector('.mr .d')?.textContent", LIMIT)?;
    shadow.wait_for(IDLE, LIMIT)?;
    Ok(shadow)
}

/// Goes to a page by the navigation.
///
/// # Errors
/// When there is no such entry.
pub fn go(shadow: &Shadow<'_>, name: &str) -> Result<()> {
    shadow.click_text(".nav button", name)?;
    let wanted = serde_json::to_string(name)?;
    shadow.wait_for(
        &format!("this.querySelector('.nav [aria-current]').textContent.includes({wanted}) && {IDLE}"),
        LIMIT,
    )
}

/// Where pictures for people lie.
pub fn screens() -> std::path::PathBuf {
    workspace_root().join("target/screens")
}

/// What a file that the page made holds: the text that is shown beside the button.
///
/// # Errors
/// When nothing was made.
pub fn made(shadow: &Shadow<'_>) -> Result<String> {
    shadow.wait_for("this.querySelector('#by-hand')", LIMIT)?;
    let text = shadow.eval("return this.querySelector('#by-hand').value")?;
    text.as_str().map(str::to_owned).context("a text")
}

/// A file of `tests/fixtures/plan`.
///
/// # Errors
/// When it cannot be read.
pub fn golden(name: &str) -> Result<String> {
    let path = Path::new("tests/fixtures/plan").join(name);
    std::fs::read_to_string(workspace_root().join(&path)).with_context(|| path.display().to_string())
}
