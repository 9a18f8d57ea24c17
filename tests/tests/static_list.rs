//! What stays where the widget cannot run: the list in the tag and the static page, by axe's rules and by keyboard.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use huiqi_tests::axe;
use huiqi_tests::browser::{Browser, Kind, Page};
use huiqi_tests::server::{Fault, Server};
use huiqi_tests::{command, demo_dir};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);

/// One part of what `huiqi embed` prints for the demo site.
fn embed(part: &str) -> Result<String> {
    let place = |name: &str| Ok::<String, anyhow::Error>(demo_dir()?.join(name).display().to_string());
    let (data, widget) = (place("data")?, place("widget")?);
    let output = command(&["embed", "--part", part, "--data", &data, "--widget", &widget])?;
    ensure!(output.code == 0, "huiqi embed: {}", output.talk);
    Ok(output.data)
}

/// An ordinary page with the tag in it.
fn host(tag: &str) -> Vec<u8> {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>惠企专栏</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\"></head>\
         <body><header><p>示例市人民政府</p></header><main><h1>惠企专栏</h1>{tag}</main>\
         <footer><p>示例市政务服务局</p></footer></body></html>"
    )
    .into_bytes()
}

/// Axe has nothing to say.
fn is_accessible(page: &Page, name: &str) -> Result<()> {
    let found = axe::violations(page)?;
    ensure!(found.is_empty(), "{name}: {found:#?}");
    Ok(())
}

/// Each link leads to a document on the web, has a name, is reached by Tab in its turn, and opens with Enter.
fn links_work(page: &Page, server: &Server) -> Result<()> {
    let links = page.eval(
        "[...document.querySelectorAll('huiqi-match li a')].map((a) => [a.href, a.textContent.trim()])",
    )?;
    let links: Vec<(String, String)> = serde_json::from_value(links)?;
    ensure!(links.len() > 20, "{links:?}");
    for (href, name) in &links {
        let web = ["http://", "https://"].iter().any(|scheme| href.starts_with(scheme));
        ensure!(web && !href.starts_with(&server.url("/")) && !name.is_empty(), "{href} {name:?}");
        page.press("Tab")?;
        let focused = page.eval("document.activeElement.href")?;
        ensure!(focused == href.as_str(), "Tab leads to {focused}, not to {href}");
        let outline = page.eval("getComputedStyle(document.activeElement).outlineStyle")?;
        ensure!(outline != "none", "nobody sees that {href} has the focus");
    }
    let (last, _) = links.last().context("a link")?;
    page.press("Enter")?;
    page.wait_for("location.protocol === 'chrome-error:'", LIMIT)?;
    let asked = page.requests()?.into_iter().find(|request| request.url == *last).context("a request")?;
    // No such host is there for the browsers of tests.
    ensure!(asked.failed.as_deref() == Some("net::ERR_NAME_NOT_RESOLVED"), "{asked:?}");
    Ok(())
}

#[test]
fn without_its_script_the_tag_is_a_list() -> Result<()> {
    let tag = embed("标签")?;
    let browser = Browser::launch(Kind::Current)?;
    for blocked_by in ["404", "policy"] {
        let server = Server::start(demo_dir()?)?;
        server.set_fault("/index.html", Fault::Replace(host(&tag)));
        if blocked_by == "404" {
            server.set_fault("/widget/loader.js", Fault::NotFound);
        } else {
            server.set_header("Content-Security-Policy", "script-src 'none'");
        }
        let page = browser.new_page()?;
        page.goto(&server.url("/index.html"))?;
        let console = page.console()?;
        ensure!(console.len() == 1 && console[0].contains("loader.js"), "{blocked_by}: {console:?}");
        ensure!(page.eval("!!customElements.get('huiqi-match')")? == Value::Bool(false), "it runs");
        let shown = page.eval("document.querySelector('huiqi-match').innerText")?;
        let shown = shown.as_str().context("a text")?;
        ensure!(shown.starts_with("惠企政策清单") && shown.lines().count() > 30, "{blocked_by}: {shown}");
        is_accessible(&page, blocked_by)?;
        links_work(&page, &server).with_context(|| blocked_by.to_owned())?;
    }
    Ok(())
}

#[test]
fn printed_pages_are_accessible() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    server.set_fault("/static.html", Fault::Replace(embed("网页")?.into_bytes()));
    page.goto(&server.url("/static.html"))?;
    is_accessible(&page, "网页")?;
    // The framed page where its widget does not start.
    server.set_fault("/frame.html", Fault::Replace(embed("框架页")?.into_bytes()));
    server.set_fault("/widget/loader.js", Fault::NotFound);
    page.goto(&server.url("/frame.html"))?;
    is_accessible(&page, "框架页")
}

#[test]
fn planted_violations_are_found() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/examples/static/"))?;
    page.eval("document.querySelector('main').append(document.createElement('img'))")?;
    let found = axe::violations(&page)?;
    ensure!(found.len() == 1 && found[0].starts_with("image-alt img "), "{found:?}");
    Ok(())
}

/// The check sees what is wrong inside a widget, and leaves the widget as closed as it was.
#[test]
fn planted_violations_are_found_in_a_closed_root() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let widget = page.shadow()?;
    widget.wait_for("this.querySelector('select[name=省]')", LIMIT)?;
    let before = axe::violations_with(&page, &widget)?;
    widget.eval("this.querySelector('form').append(document.createElement('img'))")?;
    ensure!(axe::violations(&page)?.iter().all(|line| !line.contains("image-alt")), "it was open");
    let mut after = axe::violations_with(&page, &widget)?;
    after.retain(|line| !before.contains(line));
    ensure!(after.len() == 1 && after[0].starts_with("image-alt huiqi-match >> "), "{after:?}");
    Ok(())
}
