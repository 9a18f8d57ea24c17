//! One tag on a page of somebody else: the examples, what `huiqi embed` prints, frames, altered files, curious scripts.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use huiqi_tests::browser::{Area, Browser, Kind, Page};
use huiqi_tests::server::{Fault, Server};
use huiqi_tests::{command, demo_dir, workspace_root};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);
/// The form is there.
const FORM: &str = "this.querySelector('select[name=省]')";

/// One part of what `huiqi embed` prints for the demo site.
fn embed(part: &str, more: &[&str]) -> Result<String> {
    let site = demo_dir()?;
    let place = |name: &str| site.join(name).display().to_string();
    let (data, widget) = (place("data"), place("widget"));
    let mut arguments = vec!["embed", "--part", part, "--data", &data, "--widget", &widget];
    arguments.extend(more);
    let output = command(&arguments)?;
    ensure!(output.code == 0, "huiqi embed: {}", output.talk);
    Ok(output.data)
}

/// Everything that the page asked for came from this server.
fn own_host_only(page: &Page, server: &Server) -> Result<()> {
    for request in page.requests()? {
        ensure!(request.url.starts_with(&server.url("/")), "a request went to {}", request.url);
    }
    Ok(())
}

#[test]
fn every_example_works() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let screens = workspace_root().join("target/screens");
    for name in ["strict-csp", "themed", "several", "events", "federated"] {
        let page = browser.new_page()?;
        page.goto(&server.url(&format!("/examples/{name}/")))?;
        page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
        let count = page.eval("document.querySelectorAll('huiqi-match').length")?;
        for index in 0..count.as_u64().context("a number")? as usize {
            page.shadow_at(index)?.wait_for(FORM, LIMIT).with_context(|| name.to_owned())?;
        }
        let console = page.console()?;
        ensure!(console.is_empty(), "{name}: {console:?}");
        own_host_only(&page, &server)?;
        page.screenshot(screens.join(format!("example-{name}.png")), Area::Viewport)?;
        if name == "several" {
            // Two widgets, one download, and each keeps to itself.
            let log = server.log();
            for file in ["app.js", "app.bin"] {
                let count = log.iter().filter(|path| path.ends_with(file)).count();
                let pages = log.iter().filter(|path| path.ends_with("loader.js")).count();
                ensure!(count <= pages, "{file} was asked for {count} times by {pages} pages");
            }
            let seat = |index: usize| {
                page.shadow_at(index)?.eval("return this.querySelector('select[name=省]').value")
            };
            ensure!(seat(0)? == "130000" && seat(1)? == "440000", "{} {}", seat(0)?, seat(1)?);
        }
        if name == "events" {
            let text = page.eval("document.querySelector('#log').textContent")?;
            ensure!(text.as_str().is_some_and(|t| t.starts_with("huiqi-ready")), "{text}");
        }
        if name == "federated" {
            let shadow = page.shadow()?;
            ensure!(shadow.text()?.matches("已核对发布单位的签名").count() == 2, "{}", shadow.text()?);
        }
        if name == "themed" {
            // The colour of the tag would be too pale on this ground: it was darkened, and the text on it fits.
            let colours = page.shadow()?.eval(
                "const s = getComputedStyle(this.querySelector('.hq')), of = (n) => s.getPropertyValue(n).trim();
                 return [of('--huiqi-accent'), of('--huiqi-on-accent'), of('--huiqi-unit')]",
            )?;
            let [accent, on, unit] = [&colours[0], &colours[1], &colours[2]];
            let spacing = page
                .shadow()?
                .eval("return getComputedStyle(this.querySelector('[part=title]')).letterSpacing")?;
            ensure!(spacing != "normal", "the part was not styled");
            ensure!(accent != "#e8a33d" && on == "#ffffff" && unit == "20px", "{colours}");
        }
    }
    Ok(())
}

/// A page without scripts lists everything that can still be applied for, with links to the documents.
#[test]
fn the_static_page_needs_no_script() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.block(&["*loader.js*"])?;
    page.goto(&server.url("/examples/static/"))?;
    let links = page.eval("[...document.querySelectorAll('li a')].map((a) => a.protocol)")?;
    let links: Vec<String> = serde_json::from_value(links)?;
    ensure!(links.len() > 50 && links.iter().all(|l| l == "https:" || l == "http:"), "{links:?}");
    ensure!(page.eval("document.querySelectorAll('script').length")? == 0, "there is a script");
    ensure!(page.eval("document.body.textContent.includes('已失效')")? == Value::Bool(false), "{links:?}");
    Ok(())
}

/// The header as `huiqi embed` prints it, on a page that searches and matches.
#[test]
fn the_printed_policy_is_enough() -> Result<()> {
    let printed = embed("策略", &[])?;
    let (name, policy) = printed.trim_end().split_once(": ").context("a header")?;
    for word in ["default-src 'none'", "'wasm-unsafe-eval'", "require-trusted-types-for 'script'"] {
        ensure!(policy.contains(word), "{policy} lacks {word}");
    }
    let server = Server::start(demo_dir()?)?;
    server.set_header(name, policy);
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/examples/strict-csp/"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let shadow = page.shadow()?;
    shadow.wait_for(FORM, LIMIT)?;
    shadow.click_text(".nav button", "搜政策")?;
    shadow.fill("input[type=search]", "设备更新")?;
    shadow.wait_for("this.querySelector('.hit')", LIMIT)?;
    let console = page.console()?;
    ensure!(console.is_empty(), "the policy was violated: {console:?}");
    // Another host is named where it is needed, and nowhere else.
    let foreign =
        ["--data-url", "https://zc.example.gov.cn/data", "--widget-url", "https://zc.example.gov.cn/w/"];
    let policy = embed("策略", &foreign)?;
    ensure!(policy.contains("script-src 'self' https://zc.example.gov.cn 'wasm-unsafe-eval'"), "{policy}");
    ensure!(policy.contains("connect-src 'self' https://zc.example.gov.cn;"), "{policy}");
    for part in ["nginx", "apache", "iis"] {
        let of = |more: &[&str]| {
            Ok::<bool, anyhow::Error>(embed(part, more)?.contains("Access-Control-Allow-Origin"))
        };
        ensure!(of(&foreign)? && !of(&[])?, "{part}");
    }
    Ok(())
}

/// The pinned tag runs what was published; one changed byte anywhere, and the fallback stays.
#[test]
fn altered_files_do_not_run() -> Result<()> {
    let tag = embed("标签", &["--region", "130100", "--limit", "5"])?;
    let page_text =
        format!("<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>x</title>{tag}");
    let browser = Browser::launch(Kind::Current)?;
    let visit = |fault: Option<(&str, Vec<u8>)>| -> Result<(Server, Page)> {
        let server = Server::start(demo_dir()?)?;
        server.set_fault("/index.html", Fault::Replace(page_text.clone().into_bytes()));
        if let Some((path, bytes)) = fault {
            server.set_fault(path, Fault::Replace(bytes));
        }
        let page = browser.new_page()?;
        page.goto(&server.url("/index.html"))?;
        Ok((server, page))
    };
    let (_server, page) = visit(None)?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    page.shadow()?.wait_for(FORM, LIMIT)?;
    for (path, expected) in [
        ("/widget/loader.js", ""),
        ("/widget/app.js", "app.js"),
        ("/widget/app.bin", "组件没能打开"),
        ("/widget/search.bin", "搜索组件没能打开"),
    ] {
        let mut bytes = std::fs::read(demo_dir()?.join(path.trim_start_matches('/')))?;
        // A comment at the end, or a byte behind the compressed data: it would still run.
        bytes.extend(if path.ends_with(".js") { b"\n//x".to_vec() } else { vec![0] });
        let (_server, page) = visit(Some((path, bytes)))?;
        if path.ends_with("search.bin") {
            page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
            let shadow = page.shadow()?;
            shadow.wait_for(FORM, LIMIT)?;
            shadow.click_text(".nav button", "搜政策")?;
            shadow.fill("input[type=search]", "设备更新")?;
            shadow.wait_for(&format!("this.textContent.includes('{expected}')"), LIMIT)?;
            continue;
        }
        if expected.is_empty() {
            std::thread::sleep(Duration::from_secs(1));
            let defined = page.eval("!!customElements.get('huiqi-match')")?;
            ensure!(defined == Value::Bool(false), "an altered loader ran");
        } else {
            page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
            let shadow = page.shadow()?;
            shadow.wait_for(&format!("this.textContent.includes('{expected}')"), LIMIT)?;
        }
        let seen =
            page.eval("document.querySelector('huiqi-match li').getBoundingClientRect().height > 0")?;
        ensure!(seen == Value::Bool(true), "{path}: the fallback list is gone");
    }
    Ok(())
}

/// A frame gets the height of what is in it; its address can choose a region, but never where data comes from.
#[test]
fn a_frame_takes_harmless_settings_only() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let other = Server::start(demo_dir()?)?;
    let text = std::fs::read_to_string(demo_dir()?.join("examples/iframe/index.html"))?;
    let foreign = other.url("/data/");
    let wicked =
        format!("embed.html?src={foreign}&publisher-key=x&onclick=alert(1)&region=440000#src={foreign}");
    let text = text.replace("embed.html?region=130000", &wicked);
    ensure!(text.contains(&foreign), "the example has another address");
    server.set_fault("/examples/iframe/index.html", Fault::Replace(text.into_bytes()));
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("/examples/iframe/index.html"))?;
    page.wait_for("parseInt(document.querySelector('iframe').style.height) > 400", LIMIT)?;
    ensure!(other.log().is_empty(), "the address of a frame caused requests: {:?}", other.log());
    let tag = "document.querySelector('iframe').contentDocument.querySelector('huiqi-match')";
    let names = page.eval(&format!("{tag}.getAttributeNames().join()"))?;
    ensure!(names == "src,region", "{names}");
    ensure!(page.eval(&format!("{tag}.getAttribute('region')"))? == "440000", "the region was not taken");
    // Whoever else sends a message changes nothing; nor does nonsense from the frame itself.
    let height = || page.eval("document.querySelector('iframe').style.height");
    let mut before = height()?;
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(500));
        let now = height()?;
        if now == std::mem::replace(&mut before, now.clone()) {
            break;
        }
    }
    page.eval("postMessage({ huiqi: 77 }, '*')")?;
    for value in ["-5", "1e9", "'9px'", "null", "NaN"] {
        page.eval(&format!(
            "{{ const w = document.querySelector('iframe').contentWindow; w.eval('parent.postMessage({{ huiqi: {} }}, \"*\")') }}",
            value.replace('\'', "\\'")
        ))?;
    }
    std::thread::sleep(Duration::from_millis(300));
    ensure!(height()? == before, "{before} became {}", height()?);
    page.screenshot(workspace_root().join("target/screens/example-iframe.png"), Area::Viewport)?;
    Ok(())
}

/// What a script of the page can see of an event: its target and path end at the tag, and the address stays as it was.
#[test]
fn listeners_of_the_page_see_no_value() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.before_load(
        "window.__seen = []; for (const name of ['input', 'change', 'click', 'focusin', 'keydown', 'huiqi-ready', 'huiqi-results'])
            document.addEventListener(name, (e) => {
                const of = (n) => n && [n.nodeName, n.value, n.innerText && n.id].join();
                __seen.push([name, of(e.target), ...e.composedPath().map(of), JSON.stringify(e.detail || ''), location.href].join('|'));
            }, true);
         const beacon = navigator.sendBeacon; navigator.sendBeacon = (...args) => { __seen.push('beacon ' + args); return beacon.apply(navigator, args); };",
    )?;
    page.goto(&server.url("/"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let shadow = page.shadow()?;
    shadow.wait_for(FORM, LIMIT)?;
    shadow.select("select[name=省]", "130000")?;
    shadow.fill("#f-staff_total-0", "86753")?;
    shadow.click("button[type=submit]")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    let seen: Vec<String> = serde_json::from_value(page.eval("__seen")?)?;
    ensure!(seen.iter().any(|line| line.starts_with("huiqi-results")), "nothing was seen at all: {seen:?}");
    for line in &seen {
        ensure!(!line.contains("86753") && !line.contains("130000"), "the page sees {line}");
        ensure!(!line.contains("INPUT") && !line.contains("SELECT"), "the page sees a field: {line}");
    }
    own_host_only(&page, &server)
}

/// `topic` and `dept` narrow what is listed and found; a word that nothing has lists nothing of it.
#[test]
fn a_page_of_one_department_shows_its_measures_only() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let listed = |attributes: &str| -> Result<((u64, u64), String)> {
        let tag = format!(
            "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\">\
             <huiqi-match src=\"/data/\" region=\"130102\" {attributes}><script src=\"/widget/loader.js\"></script></huiqi-match>"
        );
        server.set_fault("/narrow.html", Fault::Typed("text/html; charset=utf-8", tag.into_bytes()));
        let page = browser.new_page()?;
        page.goto(&server.url("/narrow.html"))?;
        page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
        let shadow = page.shadow()?;
        shadow.wait_for(FORM, LIMIT)?;
        shadow.click_text(".nav button", "结果")?;
        shadow.wait_for("this.querySelector('.grp')", LIMIT)?;
        // The heads of groups say how many are in them, closed or not.
        let rows = shadow.eval(
            "return [...this.querySelectorAll('.grp > summary .n')].reduce((sum, n) => sum + parseInt(n.textContent), 0)",
        )?;
        let rows = rows.as_u64().unwrap_or(0);
        shadow.click_text(".nav button", "搜政策")?;
        shadow.fill("input[type=search]", "奖励")?;
        shadow.wait_for("/找到 \\d+ 项/.test(this.textContent)", LIMIT)?;
        let found = shadow.eval("return +/找到 (\\d+) 项/.exec(this.textContent)[1]")?.as_u64().unwrap_or(0);
        let console = page.console()?.join("\n");
        Ok(((rows, found), console))
    };
    let fewer = |a: (u64, u64), b: (u64, u64)| 0 < a.0 && a.0 < b.0 && 0 < a.1 && a.1 < b.1;
    let (all, _) = listed("")?;
    let (some, console) = listed("topic=\"融资\"")?;
    ensure!(fewer(some, all) && console.is_empty(), "{some:?} of {all:?}: {console}");
    let (some, console) = listed("dept=\"工业和信息化厅\"")?;
    ensure!(fewer(some, all) && console.is_empty(), "{some:?} of {all:?}: {console}");
    // A theme that does not exist is a slip of the pen, which must not empty a page.
    let (same, console) = listed("topic=\"融姿\" theme=\"pink\"")?;
    ensure!(
        same == all && console.contains("topic") && console.contains("theme 应是light、dark、auto"),
        "{same:?} of {all:?}: {console}"
    );
    Ok(())
}
