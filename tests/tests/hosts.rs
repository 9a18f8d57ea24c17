//! The widget on the pages and servers that there are: old encodings, style sheets that reset everything, scripts that
//! patch everything, plain http, types that are wrong.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use huiqi_tests::browser::{Browser, Kind, Page, Shadow};
use huiqi_tests::demo_dir;
use huiqi_tests::server::{Fault, Server};
use serde_json::Value;

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
