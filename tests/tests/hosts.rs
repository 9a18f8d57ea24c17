//! The widget on the pages and servers that there are: old encodings, style sheets that reset everything, scripts that
//! patch everything, plain http, types that are wrong.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use huiqi_tests::browser::{Browser, Kind, Page, Shadow, Viewport};
use huiqi_tests::server::{Fault, Server};
use huiqi_tests::{command, demo_dir, files_below};
use serde_json::{Map, Value};

const LIMIT: Duration = Duration::from_secs(20);
const FORM: &str = "this.querySelector('select[name=省]')";
const TAG: &str = "<huiqi-match src=\"/data/\"><script src=\"/widget/loader.js\" async></script><ul><li>备用</li></ul></huiqi-match>";
const UTF8: &str = "text/html; charset=utf-8";

/// A page and what is done on it before the widget is looked for.
struct Host {
    name: &'static str,
    mime: &'static str,
    text: String,
    /// Script that is run once the page is there.
    then: &'static str,
    /// Properties of `.hq` as they must come out.
    style: &'static [(&'static str, &'static str)],
}

fn host(name: &'static str, head: &str, body: &str) -> Host {
    let text = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{name}</title><link rel=\"icon\" href=\"data:,\">{head}</head><body>{body}</body></html>"
    );
    Host { name, mime: UTF8, text, then: "", style: &[] }
}

fn hosts() -> Vec<Host> {
    let gb = |name, mime| {
        let page = host(name, "", TAG);
        Host { text: page.text.replace("utf-8", "gb2312"), mime, ..page }
    };
    let bare = host("no doctype", "", TAG);
    let deep = TAG.replace("/data/", "../../data/").replace("/widget/", "../../widget/");
    let rtl = host("right to left", "", TAG);
    vec![
        host("plain", "", TAG),
        gb("GB2312 by the page", "text/html"),
        gb("GB18030 by the server", "text/html; charset=gb18030"),
        Host { text: bare.text.replace("<!doctype html>", ""), ..bare },
        host("base", "<base href=\"/deep/elsewhere/\">", &deep),
        Host {
            style: &[("font-size", "16px")],
            ..host("rem of 10 px", "<style>html{font-size:62.5%}</style>", TAG)
        },
        Host {
            style: &[("display", "block"), ("color", "rgb(22, 25, 29)")],
            ..host(
                "reset of everything",
                "<style>body *{all:unset!important;display:none!important;color:red!important}</style>",
                TAG,
            )
        },
        Host {
            text: rtl.text.replace("<html ", "<html dir=\"rtl\" "),
            style: &[("direction", "ltr")],
            ..rtl
        },
        host(
            "patched prototypes",
            "<script>Array.prototype.last=function(){return this[this.length-1]};Array.prototype.toJSON=function(){return 'x'};\
             Array.from=function(a){return [].slice.call(a)};Object.prototype.extend=function(){};\
             Function.prototype.bind=function(o){var f=this;return function(){return f.apply(o,arguments)}};</script>",
            TAG,
        ),
        Host {
            then: "setTimeout(() => { document.querySelector('#tab').style.display = 'block' }, 1500)",
            ..host("hidden at first", "", &format!("<div id=\"tab\" style=\"display:none\">{TAG}</div>"))
        },
        Host {
            then: "{ const e = document.createElement('huiqi-match'); e.setAttribute('src', '/data/'); document.body.append(e) }",
            ..host("inserted later", "<script src=\"/widget/loader.js\"></script>", "<p>正文</p>")
        },
        host(
            "an advertisement put into every page",
            "",
            &format!("<script>document.write('<div>ad</div>'); window.onerror = () => true;</script>{TAG}"),
        ),
        host("the loader twice", "<script src=\"/widget/loader.js\" async></script>", TAG),
    ]
}

fn fits(page: &Page, shadow: &Shadow<'_>, host: &Host) -> Result<()> {
    shadow.wait_for(FORM, LIMIT)?;
    shadow.wait_for("this.querySelector('.hq').getBoundingClientRect().height > 300", LIMIT)?;
    let text = shadow.text()?;
    ensure!(text.contains("你的企业信息不会离开这台设备"), "{}: {text}", host.name);
    for (property, expected) in host.style {
        let found = shadow.eval(&format!(
            "return getComputedStyle(this.querySelector('.hq')).getPropertyValue('{property}')"
        ))?;
        ensure!(found == *expected, "{}: {property} is {found}", host.name);
    }
    // The search module is loaded another way.
    shadow.click_text(".nav button", "搜政策")?;
    shadow.fill("input[type=search]", "设备更新")?;
    shadow.wait_for("this.querySelector('.hit')", LIMIT)?;
    let console = page.console()?;
    ensure!(console.is_empty(), "{}: {console:?}", host.name);
    Ok(())
}

fn all_hosts(kind: Kind) -> Result<()> {
    let browser = Browser::launch(kind)?;
    for host in hosts() {
        let server = Server::start(demo_dir()?)?;
        // Gb18030 holds all that gb2312 does.
        let bytes = match host.text.contains("gb2312") {
            true => encoding_rs::GB18030.encode(&host.text).0.into_owned(),
            false => host.text.clone().into_bytes(),
        };
        server.set_fault("/host.html", Fault::Typed(host.mime, bytes));
        let page = browser.new_page()?;
        page.goto(&server.url("/host.html"))?;
        page.eval(&format!("{{ {} }}", host.then))?;
        page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
        page.wait_for("!!document.querySelector('huiqi-match')", LIMIT)?;
        fits(&page, &page.shadow()?, &host).map_err(|e| e.context(host.name))?;
    }
    Ok(())
}

#[test]
fn pages_of_every_kind() -> Result<()> {
    all_hosts(Kind::Current)
}

#[test]
fn pages_of_every_kind_in_chromium80() -> Result<()> {
    all_hosts(Kind::Chromium80)
}

/// A server that knows no type but one.
#[test]
fn everything_as_octets() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    server.set_mime("application/octet-stream");
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    fits(&page, &page.shadow()?, &host("octets", "", TAG))
}

/// Inside the shadow root of somebody else's component.
#[test]
fn inside_another_shadow_root() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let page_text =
        host("shadow", "<script src=\"/widget/loader.js\"></script>", "<div id=\"h\"></div>").text;
    server.set_fault("/host.html", Fault::Typed(UTF8, page_text.into_bytes()));
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/host.html"))?;
    page.eval("document.querySelector('#h').attachShadow({ mode: 'open' }).innerHTML = '<huiqi-match src=\"/data/\"></huiqi-match>'")?;
    let element = "document.querySelector('#h').shadowRoot.querySelector('huiqi-match')";
    page.wait_for(&format!("{element}.getBoundingClientRect().height > 600"), LIMIT)?;
    ensure!(page.console()?.is_empty(), "{:?}", page.console()?);
    Ok(())
}

/// Plain http by an address that is not this machine's own: no secure context, hence no `crypto.subtle`, no service
/// worker, no cache, no clipboard. The test runs again in a network namespace that it makes.
#[test]
fn plain_http_without_a_secure_context() -> Result<()> {
    const INSIDE: &str = "HUIQI_IN_NAMESPACE";
    const ADDRESS: &str = "10.99.0.1";
    if std::env::var_os(INSIDE).is_none() {
        // The address lies on the loopback device, as not every kernel makes others; to a browser it is a stranger's.
        let script = format!(
            "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && ip addr add {ADDRESS}/32 dev lo && \
             exec \"$0\" --exact plain_http_without_a_secure_context --nocapture"
        );
        let output = Command::new("unshare")
            .args(["--user", "--map-root-user", "--net", "sh", "-c", &script])
            .arg(std::env::current_exe()?)
            .env(INSIDE, "1")
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success() && text.contains("1 passed"), "in the namespace: {text}");
        return Ok(());
    }
    let server = Server::start_at(demo_dir()?, ADDRESS)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/"))?;
    ensure!(
        page.eval("isSecureContext || 'subtle' in (window.crypto || {})")? == Value::Bool(false),
        "it is secure"
    );
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    fits(&page, &page.shadow()?, &host("plain http", "", TAG))
}

/// What `huiqi pack` writes, on a server that knows few kinds of files.
fn packed(kind: Kind) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let place = |name: &str| Ok::<String, anyhow::Error>(demo_dir()?.join(name).display().to_string());
    let out = dir.path().display().to_string();
    let output = command(&["pack", "--data", &place("data")?, "--widget", &place("widget")?, "--out", &out])?;
    ensure!(output.code == 0, "huiqi pack: {}", output.talk);
    for file in files_below(dir.path())? {
        let name = file.strip_prefix(dir.path())?.to_str().context("a name")?.to_owned();
        let (stem, extension) = name.rsplit_once('.').context("an extension")?;
        let plain = stem.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        ensure!(plain && stem.len() <= 40 && ["js", "json", "html"].contains(&extension), "{name}");
    }
    let server = Server::start(dir.path())?;
    server.forbid(&[".bin", ".wasm", ".txt", ".gz"]);
    let browser = Browser::launch(kind)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/embed.html?region=130102"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let shadow = page.shadow()?;
    shadow.wait_for(FORM, LIMIT)?;
    shadow.click_text(".nav button", "搜政策")?;
    shadow.fill("input[type=search]", "技改贴息")?;
    shadow.wait_for("this.querySelector('mark')", LIMIT)?;
    let refused = server.log().into_iter().find(|path| path.ends_with(".bin") || path.ends_with(".txt"));
    ensure!(refused.is_none(), "{refused:?} was asked for");
    let page = browser.new_page()?;
    page.goto(&server.url("/region-130000.html"))?;
    let rows = page.eval("document.querySelectorAll('li a').length")?.as_u64().unwrap_or(0);
    page.goto(&server.url("/"))?;
    let all = page.eval("document.querySelectorAll('li a').length")?.as_u64().unwrap_or(0);
    ensure!(rows > 20 && all > rows, "{rows} measures of {all}");
    Ok(())
}

#[test]
fn a_content_management_system() -> Result<()> {
    packed(Kind::Current)
}

#[test]
fn a_content_management_system_in_chromium80() -> Result<()> {
    packed(Kind::Chromium80)
}

/// Every file under a name that the system gave it; a map says which.
#[test]
fn renamed_files_are_found_by_a_map() -> Result<()> {
    let dir = tempfile::tempdir()?;
    std::fs::create_dir_all(dir.path().join("upload"))?;
    let mut map = Map::new();
    let site = demo_dir()?;
    let mut loader = String::new();
    for (number, file) in
        files_below(&site.join("data"))?.into_iter().chain(files_below(&site.join("widget"))?).enumerate()
    {
        let name = file.file_name().and_then(|n| n.to_str()).context("a name")?.to_owned();
        let now = format!("upload/{number:04}.{}", if name.ends_with(".js") { "js" } else { "dat" });
        std::fs::copy(&file, dir.path().join(&now))?;
        if name == "loader.js" {
            loader.clone_from(&now);
        }
        // Addresses are relative to the map.
        map.insert(name, format!("../{now}").into());
    }
    std::fs::create_dir_all(dir.path().join("maps"))?;
    std::fs::write(dir.path().join("maps/map.json"), Value::Object(map).to_string())?;
    let tag = format!(
        "<huiqi-match><script src=\"/{loader}\" data-map=\"/maps/map.json\"></script><p id=\"list\">备用</p></huiqi-match>"
    );
    std::fs::write(dir.path().join("index.html"), host("renamed", "", &tag).text)?;
    let server = Server::start(dir.path())?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let shadow = page.shadow()?;
    shadow.wait_for(FORM, LIMIT)?;
    shadow.click_text(".nav button", "搜政策")?;
    shadow.fill("input[type=search]", "技改贴息")?;
    shadow.wait_for("this.querySelector('mark')", LIMIT)?;
    let console = page.console()?;
    ensure!(console.is_empty(), "{console:?}");
    // Without the map nothing can be found, and the list stays.
    server.set_fault("/maps/map.json", Fault::NotFound);
    let page = browser.new_page()?;
    page.goto(&server.url("/"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    page.shadow()?.wait_for("this.textContent.includes('组件没能打开')", LIMIT)?;
    ensure!(page.eval("document.querySelector('#list').offsetHeight > 0")? == true, "the list is gone");
    Ok(())
}

/// The module breaks down: a new one goes on with the answers; when it happens again at once, the list is shown.
#[test]
fn a_broken_module_is_replaced_once() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let shadow = page.shadow()?;
    shadow.wait_for(FORM, LIMIT)?;
    shadow.select("select[name=省]", "130000")?;
    shadow.wait_for("this.querySelector('select[name=市] option[value=\"130100\"]')", LIMIT)?;
    shadow.select("select[name=市]", "130100")?;
    // The later pages arrive after the first answer, and draw something.
    shadow.wait_for("this.querySelector('input[name=keep]')", LIMIT)?;
    // A script of the page lets one call of the browser fail, for which the module is not prepared.
    let spoil = || {
        page.eval(
            "{ const real = Document.prototype.createElement; \
             Document.prototype.createElement = function () { \
             Document.prototype.createElement = real; throw new Error('spoiled'); } }",
        )
    };
    shadow.eval("this.querySelector('.hq').setAttribute('data-first', '')")?;
    spoil()?;
    shadow.click_text(".nav button", "结果")?;
    let again = "this.querySelector('.hq:not([data-first]) select[name=市]')";
    shadow.wait_for(&format!("{again} && {again}.value === '130100'"), LIMIT)?;
    spoil()?;
    shadow.click_text(".nav button", "结果")?;
    shadow.wait_for("this.textContent.includes('组件出错了。下面的政策清单仍然可用。')", LIMIT)?;
    ensure!(!shadow.exists(".hq")?, "the broken widget is still there");
    let list = page.eval("document.querySelector('huiqi-match li').offsetHeight > 0")?;
    ensure!(list == true, "the list is not shown");
    Ok(())
}

/// Whatever room the page gives it, the widget uses it and never scrolls sideways.
fn every_width(kind: Kind) -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(kind)?;
    let page = browser.new_page()?;
    page.set_viewport(Viewport { width: 1960, height: 800, scale: 1.0, mobile: false })?;
    let text = host("widths", "", &format!("<div id=\"room\">{TAG}</div>")).text;
    server.set_fault("/width.html", Fault::Typed(UTF8, text.into_bytes()));
    page.goto(&server.url("/width.html"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let shadow = page.shadow()?;
    shadow.wait_for(FORM, LIMIT)?;
    for view in ["企业信息", "结果", "搜政策"] {
        shadow.click_text(".nav button", view)?;
        if view == "搜政策" {
            shadow.fill("input[type=search]", "关于技术改造的补助")?;
            shadow.wait_for("this.querySelector('mark')", LIMIT)?;
        }
        for width in [320, 375, 599, 600, 899, 900, 1280, 1920] {
            page.eval(&format!("document.querySelector('#room').style.width = '{width}px'"))?;
            // Without container queries, the width is told a frame later.
            page.eval("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")?;
            let seen = shadow.eval(
                "const hq = this.querySelector('.hq'), own = hq.getBoundingClientRect();
                 const out = [...hq.querySelectorAll('*')].filter((e) => { const r = e.getBoundingClientRect();
                    return r.width > 0 && r.right > own.right + 1 && !e.closest('.chips') && getComputedStyle(e).position !== 'absolute'; });
                 return [hq.scrollWidth - hq.clientWidth, own.width, out.length ? out[0].outerHTML.slice(0, 200) : '',
                    Math.max(...[...hq.querySelectorAll('.nav button')].map((one) => one.offsetHeight))]",
            )?;
            // A word of the navigation is never cut in two.
            ensure!(seen[3].as_f64().is_some_and(|height| height < 48.0), "{view} at {width}: {seen}");
            ensure!(seen[0] == 0 && seen[2] == "" && seen[1] == width, "{view} at {width}: {seen}");
        }
    }
    Ok(())
}

#[test]
fn every_width_of_the_place() -> Result<()> {
    every_width(Kind::Current)
}

#[test]
fn every_width_of_the_place_in_chromium80() -> Result<()> {
    every_width(Kind::Chromium80)
}
