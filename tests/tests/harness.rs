//! The harness tested on a page of its own: if these fail, no other browser test means anything.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use huiqi_tests::browser::{Area, Browser, Kind, Page, Viewport};
use huiqi_tests::server::{Fault, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

const SHORT: Duration = Duration::from_secs(5);

const PAGE: &str = r#"<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>harness</title>
<h1>宿主页面</h1>
<div style="height: 2000px">far away</div>
<huiqi-match></huiqi-match>
<script src="element.js"></script>
</html>"#;

const ELEMENT: &str = r#"
class Element extends HTMLElement {
    connectedCallback() {
        const root = this.attachShadow({mode: 'closed'});
        setTimeout(() => {
            root.innerHTML = `<style>b { color: red }</style>
                <label>企业名称 <input id="name"></label> <input id="day" type="date">
                <select><option value="a">甲</option><option value="b">乙</option></select>
                <button>按钮一</button> <button>按钮二</button> <p></p>
                <div style="position: relative"><button id="under">盖住</button>
                <i style="position: absolute; top: 0; left: 0; width: 100%; height: 100%; background: white">盖</i></div>`;
            const say = (text) => { root.querySelector('p').textContent += text + ';'; };
            for (const button of root.querySelectorAll('button')) {
                button.addEventListener('click', (event) =>
                    say(event.isTrusted + ' ' + button.textContent));
            }
            root.querySelector('input').addEventListener('input', (event) => say('input ' + event.target.value));
            root.querySelector('input').addEventListener('change', (event) => say('change ' + event.target.value));
            root.querySelector('select').addEventListener('change', (event) => say('select ' + event.target.value));
        }, 100);
    }
}
customElements.define('huiqi-match', Element);
console.log('ready', {a: 1}, 42);
fetch('data.json').then((answer) => answer.json()).then((data) => { window.data = data; });
setTimeout(() => { throw new Error('nobody catches this'); });
"#;

struct Site {
    server: Server,
    folder: TempDir,
}

fn site() -> Result<Site> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("index.html"), PAGE)?;
    fs::write(folder.path().join("element.js"), ELEMENT)?;
    fs::write(folder.path().join("data.json"), r#"{"answer": "好"}"#)?;
    let server = Server::start(folder.path())?;
    Ok(Site { server, folder })
}

fn open(site: &Site, browser: &Browser) -> Result<Page> {
    let page = browser.new_page()?;
    page.goto(&site.server.url("/"))?;
    page.wait_for("window.data", SHORT)?;
    Ok(page)
}

/// All that must work in every browser, in one session because starting one costs a second.
fn check_browser(kind: Kind) -> Result<()> {
    let site = site()?;
    let browser = Browser::launch(kind)?;
    let page = open(&site, &browser)?;
    check_evaluation(&page)?;
    check_shadow(&page)?;
    check_requests(&page, &site)?;
    check_console(&page)?;
    check_media_and_pictures(&page, site.folder.path())?;
    check_slowness(&page)?;
    check_reload(&page)?;
    check_policy(&site, &browser)
}

#[test]
fn current_browser() -> Result<()> {
    check_browser(Kind::Current)
}

#[test]
fn chromium80_is_driven_alike() -> Result<()> {
    let browser = Browser::launch(Kind::Chromium80)?;
    let version = browser.version()?;
    assert!(version.contains("/80.0.3987"), "{version}");
    drop(browser);
    check_browser(Kind::Chromium80)
}

fn check_evaluation(page: &Page) -> Result<()> {
    assert_eq!(page.eval("({a: [1, '二'], b: null})")?, json!({"a": [1, "二"], "b": null}));
    assert_eq!(page.eval("new Promise((done) => setTimeout(() => done(7), 20))")?, json!(7));
    assert_eq!(page.eval("undefined")?, Value::Null);
    assert_eq!(page.eval("navigator.language")?, json!("zh-CN"));
    assert_message(page.eval("missing + 1"), "missing is not defined");
    assert_message(page.eval("Promise.reject(new Error('因为'))"), "因为");
    assert_message(page.wait_for("1 > 2", Duration::from_millis(80)), "1 > 2");
    assert_message(page.wait_for("1 > 2", Duration::from_millis(80)), "宿主页面");
    Ok(())
}

fn check_shadow(page: &Page) -> Result<()> {
    assert_eq!(page.eval("document.querySelector('huiqi-match').shadowRoot")?, Value::Null);
    let shadow = page.shadow()?;
    shadow.wait_for("this.querySelector('button')", SHORT)?;
    assert!(shadow.exists("#name")?);
    assert!(!shadow.exists("#nobody")?);
    assert_eq!(shadow.texts("button")?, ["按钮一", "按钮二", "盖住"]);
    assert!(shadow.text()?.starts_with("企业名称"), "{}", shadow.text()?);

    shadow.click("button")?;
    shadow.click_text("button", "二")?;
    assert_eq!(shadow.texts("p")?, ["true 按钮一;true 按钮二;"]);
    shadow.eval("this.querySelector('p').textContent = ''")?;

    shadow.fill("#name", "河北钢铁")?;
    shadow.fill("#name", "")?;
    shadow.fill("#name", "示例企业甲")?;
    assert_eq!(shadow.eval("return this.querySelector('#name').value")?, json!("示例企业甲"));
    page.press("Tab")?;
    assert_eq!(shadow.texts("p")?, ["input 河北钢铁;input ;input 示例企业甲;change 示例企业甲;"]);
    assert_eq!(shadow.eval("return this.activeElement.id")?, json!("day"));
    page.press("Shift+Tab")?;
    assert_eq!(shadow.eval("return this.activeElement.id")?, json!("name"));
    shadow.fill("#day", "2026-03-01")?;
    assert_eq!(shadow.eval("return this.querySelector('#day').value")?, json!("2026-03-01"));

    shadow.eval("this.querySelector('p').textContent = ''")?;
    shadow.select("select", "b")?;
    assert_eq!(shadow.texts("p")?, ["select b;"]);

    assert_message(shadow.select("select", "c"), "no option c in: a b");
    assert_message(shadow.click("#nobody"), "no element for #nobody");
    assert_message(shadow.click_text("button", "三"), "按钮一 | 按钮二");
    assert_message(shadow.click("#under"), "covered by <i");
    assert_message(shadow.eval("throw 'plainly'"), "plainly");
    assert_message(shadow.wait_for("false", Duration::from_millis(80)), "企业名称");
    assert_message(page.press("F13"), "F13");
    Ok(())
}

fn check_requests(page: &Page, site: &Site) -> Result<()> {
    let requests = page.requests()?;
    let data = requests.iter().find(|one| one.url.ends_with("/data.json")).context("data.json")?;
    assert_eq!((data.method.as_str(), data.status, data.from_cache), ("GET", Some(200), false));
    assert!(data.bytes > 17, "{data:?}");
    assert!(site.server.log().contains(&"/data.json".to_owned()), "{:?}", site.server.log());

    page.block(&["*/data.json"])?;
    assert_message(page.eval("fetch('data.json')"), "Failed to fetch");
    let requests = page.requests()?;
    let blocked = requests.last().context("the blocked request")?;
    assert_eq!((blocked.status, blocked.failed.as_deref()), (None, Some("inspector")));
    page.block(&[])?;

    site.server.set_fault("/data.json", Fault::Status(503));
    assert_eq!(page.eval("fetch('data.json').then((answer) => answer.status)")?, json!(503));
    site.server.set_fault("/data.json", Fault::NotFound);
    assert_eq!(page.eval("fetch('data.json').then((answer) => answer.status)")?, json!(404));
    site.server.set_fault("/data.json", Fault::Replace(b"[1]".to_vec()));
    assert_eq!(page.eval("fetch('data.json').then((answer) => answer.json())")?, json!([1]));
    site.server.set_fault("/data.json", Fault::Truncate(5));
    assert!(page.eval("fetch('data.json').then((answer) => answer.text())").is_err());
    site.server.clear_faults();
    assert_eq!(page.eval("fetch('data.json').then((answer) => answer.status)")?, json!(200));
    Ok(())
}

fn check_console(page: &Page) -> Result<()> {
    let console = page.console()?;
    assert!(console.contains(&"log: ready Object 42".to_owned()), "{console:?}");
    let exception = console.iter().find(|line| line.starts_with("exception: ")).context("exception")?;
    assert!(exception.contains("nobody catches this"), "{exception}");
    Ok(())
}

fn check_media_and_pictures(page: &Page, folder: &Path) -> Result<()> {
    let dark = "matchMedia('(prefers-color-scheme: dark)').matches";
    assert_eq!(page.eval(dark)?, json!(false));
    page.emulate_media(&[("prefers-color-scheme", "dark")])?;
    assert_eq!(page.eval(dark)?, json!(true));
    page.emulate_media(&[])?;

    page.set_viewport(Viewport::PHONE)?;
    assert_eq!(page.eval("[innerWidth, devicePixelRatio]")?, json!([360, 2]));
    let narrow = folder.join("viewport.png");
    page.screenshot(&narrow, Area::Viewport)?;
    assert_eq!(png_size(&narrow)?, (720, 1480));
    page.set_viewport(Viewport::DESKTOP)?;
    let long = folder.join("full.png");
    page.screenshot(&long, Area::FullPage)?;
    let (width, height) = png_size(&long)?;
    assert_eq!(width, 1280);
    assert!(height > 2000, "{height}");
    assert_eq!(page.eval("innerHeight")?, json!(800));
    Ok(())
}

/// The same handle goes on working after the page was loaded anew or the element was replaced.
fn check_reload(page: &Page) -> Result<()> {
    let shadow = page.shadow()?;
    page.eval("location.reload()")?;
    page.wait_for("window.data", SHORT)?;
    shadow.wait_for("this.querySelector('button')", SHORT)?;
    page.eval("document.querySelector('huiqi-match').replaceWith(document.createElement('huiqi-match'))")?;
    shadow.wait_for("this.querySelector('button')", SHORT)?;
    shadow.click("button")?;
    assert_eq!(shadow.texts("p")?, ["true 按钮一;"]);
    page.eval("document.querySelector('huiqi-match').remove()")?;
    assert_message(shadow.text(), "no longer on the page");
    Ok(())
}

/// A slow phone: keys one by one, a line and a processor that take their time.
fn check_slowness(page: &Page) -> Result<()> {
    let shadow = page.shadow()?;
    shadow.wait_for("this.querySelector('#name')", SHORT)?;
    shadow.fill("#name", "")?;
    for character in "a企".chars() {
        page.type_char(character)?;
    }
    assert_eq!(shadow.eval("return this.querySelector('#name').value")?, json!("a企"));
    let time = |work: &str| -> Result<f64> {
        let js = format!(
            "(async () => {{ const start = performance.now(); {work}; return performance.now() - start; }})()"
        );
        page.eval(&js)?.as_f64().context("a time")
    };
    let fetched = "await (await fetch('element.js?' + start)).text()";
    page.slow_network(Duration::from_millis(300), 9_000_000)?;
    let slow = time(fetched)?;
    page.slow_network(Duration::ZERO, u32::MAX)?;
    assert!(slow >= 290.0, "{slow} ms");
    let counted = "for (let i = 0, sum = 0; i < 3e7; i++) sum += i % 7";
    let fast = time(counted)?;
    page.slow_processor(6)?;
    let slow = time(counted)?;
    page.slow_processor(1)?;
    assert!(slow > 2.0 * fast, "{slow} ms instead of {fast} ms");
    Ok(())
}

fn check_policy(site: &Site, browser: &Browser) -> Result<()> {
    site.server.set_header("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'");
    let page = open(site, browser)?;
    page.eval(
        "document.head.append(Object.assign(document.createElement('script'), {text: 'window.bad = 1'}))",
    )?;
    assert_eq!(page.eval("typeof window.bad")?, json!("undefined"));
    let console = page.console()?;
    assert!(console.iter().any(|line| line.contains("Content Security Policy")), "{console:?}");
    Ok(())
}

/// The size in the header of a picture, which proves that it is a PNG.
fn png_size(path: &Path) -> Result<(u32, u32)> {
    let bytes = fs::read(path)?;
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{} is no PNG", path.display());
    let number = |at: usize| Ok::<u32, anyhow::Error>(u32::from_be_bytes(bytes[at..at + 4].try_into()?));
    Ok((number(16)?, number(20)?))
}

fn assert_message<T: std::fmt::Debug>(result: Result<T>, part: &str) {
    let message = result.map_or_else(|error| format!("{error:#}"), |value| format!("no error but {value:?}"));
    assert!(message.contains(part), "expected {part:?} in: {message}");
}
