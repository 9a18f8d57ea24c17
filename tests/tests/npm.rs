//! The package for npm: what it holds, and what React and Vue make of it with Vite.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use flate2::read::GzDecoder;
use huiqi_tests::browser::{Area, Browser, Kind, Page};
use huiqi_tests::server::{Fault, Server};
use huiqi_tests::{Output, copy_folder, demo_dir, files_below, npm_dir, run, workspace_root};
use serde_json::Value;
use sha2::Digest as _;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(20);
/// The form is there.
const FORM: &str = "this.querySelector('select[name=省]')";
const DEFINED: &str = "!!customElements.get('huiqi-match')";
/// That of examples/strict-csp: neither React nor Vue needs more.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
                      img-src 'self'; require-trusted-types-for 'script'";

/// An example with the demo's data, in a folder from which Node finds its packages; gone at the end.
fn project(name: &str) -> Result<TempDir> {
    let dir = tempfile::Builder::new().prefix("run-").tempdir_in(npm_dir()?.join(format!("npm-{name}")))?;
    let example = workspace_root().join("examples").join(name);
    for file in ["index.html", "tsconfig.json", "vite.config.js"] {
        fs::copy(example.join(file), dir.path().join(file))?;
    }
    for folder in ["src", "public"] {
        copy_folder(&example.join(folder), &dir.path().join(folder))?;
    }
    copy_folder(&demo_dir()?.join("data"), &dir.path().join("public/data"))?;
    Ok(dir)
}

/// A program of one of the project's packages.
fn program(project: &Path, script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(Path::new("../node_modules").join(script)).current_dir(project);
    command
}

/// The project as it would be uploaded.
fn built(project: &TempDir) -> Result<PathBuf> {
    let output = run(program(project.path(), "vite/bin/vite.js").arg("build"))?;
    ensure!(output.code == 0, "vite build: {}\n{}", output.data, output.talk);
    Ok(project.path().join("dist"))
}

fn click(page: &Page, id: &str) -> Result<()> {
    page.eval(&format!("document.querySelector('#{id}').click()")).map(drop)
}

/// The form appears, the page around hears of it, attributes arrive, and the tag can go and come back.
fn works(page: &Page, url: &str) -> Result<()> {
    page.goto(url)?;
    page.wait_for(DEFINED, LIMIT)?;
    let shadow = page.shadow()?;
    shadow.wait_for(FORM, LIMIT)?;
    // Absent while the tag is replaced; what throws would be on the console.
    let place = "this.querySelector('select[name=省]')?.value";
    shadow.wait_for(&format!("{place} === '130000'"), LIMIT)?;
    page.wait_for("/^共 [1-9]\\d\\d 项政策$/.test(document.querySelector('#count').textContent)", LIMIT)?;
    let names = page.eval("document.querySelector('huiqi-match').getAttributeNames().sort().join()")?;
    ensure!(names == "accent,region,src,theme", "{names}");
    page.eval(
        "{ const s = document.querySelector('#region'); s.value = '440000';
           s.dispatchEvent(new Event('change', { bubbles: true })); }",
    )?;
    shadow.wait_for(&format!("{place} === '440000'"), LIMIT)?;
    click(page, "toggle")?;
    page.wait_for("!document.querySelector('huiqi-match')", LIMIT)?;
    click(page, "toggle")?;
    page.wait_for("!!document.querySelector('huiqi-match')", LIMIT)?;
    shadow.wait_for(FORM, LIMIT)?;
    // A file whose name the bundler changed, fetched by the widget.
    shadow.click_text(".nav button", "搜政策")?;
    shadow.fill("input[type=search]", "设备更新")?;
    shadow.wait_for("this.querySelector('.hit')", LIMIT)
}

/// Builds an example and tries it: nothing on the console, nothing from elsewhere, each file of the widget once.
fn built_example(name: &str, kind: Kind, policy: Option<&str>) -> Result<()> {
    let project = project(name)?;
    let server = Server::start(built(&project)?)?;
    if let Some(policy) = policy {
        server.set_header("Content-Security-Policy", policy);
        // What a careful server adds; scripts must have the right type then.
        server.set_header("X-Content-Type-Options", "nosniff");
    }
    let browser = Browser::launch(kind)?;
    let page = browser.new_page()?;
    works(&page, &server.url("/"))?;
    let console = page.console()?;
    ensure!(console.is_empty(), "{name}: {console:?}");
    for request in page.requests()? {
        ensure!(request.url.starts_with(&server.url("/")), "a request went to {}", request.url);
    }
    for (start, end) in [("loader", ".js"), ("app", ".js"), ("app", ".bin"), ("search", ".bin")] {
        let log = server.log();
        let of = |path: &&String| path.starts_with(&format!("/assets/{start}-")) && path.ends_with(end);
        ensure!(log.iter().filter(of).count() == 1, "{start}{end} is not there once: {log:?}");
    }
    if kind == Kind::Current {
        page.screenshot(workspace_root().join(format!("target/screens/example-{name}.png")), Area::Viewport)?;
    }
    Ok(())
}

#[test]
fn react_under_a_strict_policy() -> Result<()> {
    built_example("react", Kind::Current, Some(POLICY))
}

#[test]
fn vue_under_a_strict_policy() -> Result<()> {
    built_example("vue", Kind::Current, Some(POLICY))
}

/// No policy: Chromium 80 has no word that lets WebAssembly through.
#[test]
fn react_in_chromium80() -> Result<()> {
    built_example("react", Kind::Chromium80, None)
}

#[test]
fn vue_in_chromium80() -> Result<()> {
    built_example("vue", Kind::Chromium80, None)
}

/// Vite's development server; it ends when this is dropped.
struct Vite(Child, u16);

impl Vite {
    fn start(project: &Path) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let log = project.join("vite.txt");
        let mut command = Command::new("node");
        // Vite ends with its standard input, hence with this process even if that is killed.
        command.args(["--import", "data:text/javascript,process.stdin.on('end',process.exit).resume()"]);
        command.args(["../node_modules/vite/bin/vite.js", "--strictPort", "--host", "127.0.0.1"]);
        command.args(["--port", &port.to_string()]).current_dir(project);
        command
            .stdin(Stdio::piped())
            .stdout(File::create(&log)?)
            .stderr(File::create(project.join("errors.txt"))?);
        let mut vite = Self(command.spawn().context("node is not installed")?, port);
        let deadline = Instant::now() + LIMIT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > deadline || vite.0.try_wait()?.is_some() {
                let said = fs::read_to_string(&log)? + &fs::read_to_string(project.join("errors.txt"))?;
                bail!("vite does not serve: {said}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(vite)
    }
}

impl Drop for Vite {
    fn drop(&mut self) {
        // Both fail only for a process that is gone already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn react_in_vites_development_server() -> Result<()> {
    let project = project("react")?;
    let vite = Vite::start(project.path())?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    works(&page, &format!("http://127.0.0.1:{}/", vite.1))?;
    // It tells that it is there, and where to get React's tools.
    let console = page.console()?;
    let other = |line: &&String| !line.starts_with("debug: [vite]") && !line.contains("React DevTools");
    ensure!(!console.iter().any(|line| other(&line)), "{console:?}");
    Ok(())
}

/// Both examples have sound types, and a wrong value or name is noticed.
#[test]
fn types_are_checked() -> Result<()> {
    for (name, compiler, file) in
        [("react", "typescript/bin/tsc", "src/main.tsx"), ("vue", "vue-tsc/bin/vue-tsc.js", "src/App.vue")]
    {
        let project = project(name)?;
        let check = || run(program(project.path(), compiler).arg("--noEmit"));
        let Output { code, data, talk } = check()?;
        ensure!(code == 0, "{name}: {data}{talk}");
        let path = project.path().join(file);
        let mut text = fs::read_to_string(&path)?;
        for (right, wrong) in [
            ("theme=\"light\"", "theme=\"blau\""),
            ("accent=\"red\"", "accent=\"blue\""),
            ("detail.measures", "detail.sum"),
        ] {
            ensure!(text.contains(right), "{file} has no {right}");
            text = text.replace(right, wrong);
        }
        fs::write(&path, text)?;
        let Output { code, data, .. } = check()?;
        for part in ["'\"blau\"' is not assignable", "'\"blue\"' is not assignable", "'sum' does not exist"] {
            ensure!(code != 0 && data.contains(part), "{name} takes what is wrong: {part}: {data}");
        }
    }
    Ok(())
}

/// Importing is safe where there is no page.
#[test]
fn on_a_server_it_does_nothing() -> Result<()> {
    let project = project("react")?;
    let script = project.path().join("server.mjs");
    fs::write(
        &script,
        "import 'huiqi-match/define.js'; import { define } from 'huiqi-match'; console.log(await define());",
    )?;
    let Output { code, data, talk } = run(Command::new("node").arg(&script))?;
    ensure!(code == 0 && data == "undefined\n" && talk.is_empty(), "{code} {data} {talk}");
    Ok(())
}

/// The files of the package as npm would unpack them.
fn package() -> Result<Vec<(String, Vec<u8>)>> {
    let mut archive =
        tar::Archive::new(GzDecoder::new(File::open(npm_dir()?.join("npm-react/huiqi-match.tgz"))?));
    let mut all = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.display().to_string();
        ensure!(entry.header().mtime()? == 0 && entry.header().mode()? == 0o644, "{name}");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        all.push((name.strip_prefix("package/").context("a folder package")?.to_owned(), bytes));
    }
    Ok(all)
}

#[test]
fn the_package_holds_this_and_nothing_else() -> Result<()> {
    let files = package()?;
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    ensure!(
        names
            == [
                "LICENSE-APACHE",
                "LICENSE-MIT",
                "README.md",
                "custom-elements.json",
                "define.d.ts",
                "define.js",
                "index.d.ts",
                "index.js",
                "package.json",
                "react.d.ts",
                "vite.d.ts",
                "vite.js",
                "vue.d.ts",
                "widget/app.bin",
                "widget/app.js",
                "widget/en.bin",
                "widget/frame.js",
                "widget/licences.txt",
                "widget/loader.js",
                "widget/pages.bin",
                "widget/search.bin",
                "widget/trust.bin",
            ],
        "{names:?}"
    );
    let text = |wanted: &str| {
        let bytes = files.iter().find(|(name, _)| name == wanted).map(|(_, bytes)| bytes.clone());
        Ok::<String, anyhow::Error>(String::from_utf8(bytes.unwrap_or_default())?)
    };
    // What is compiled in wants its licences handed on.
    let licences = text("widget/licences.txt")?;
    for part in ["\nyew 0.", "\ned25519-compact 2.", "Permission is hereby granted", "Apache License"] {
        ensure!(licences.contains(part), "licences.txt lacks {part:?}");
    }
    let about: Value = serde_json::from_str(&text("package.json")?)?;
    ensure!(about["version"] == env!("CARGO_PKG_VERSION"), "{about}");
    // Every entry leads somewhere.
    let exports = about["exports"].as_object().context("exports")?;
    for place in exports.values().flat_map(|entry| match entry {
        Value::Object(all) => all.values().cloned().collect(),
        one => vec![one.clone()],
    }) {
        let place =
            place.as_str().context("a path")?.trim_start_matches("./").trim_end_matches('*').to_owned();
        ensure!(names.iter().any(|name| name.starts_with(&place)), "there is no {place}");
    }
    // The widget is the one that is published, and its loader is pinned.
    let widget = demo_dir()?.join("widget");
    for file in files_below(&widget)? {
        let name = file.strip_prefix(&widget)?.display().to_string();
        let packed = files.iter().find(|(path, _)| *path == format!("widget/{name}"));
        ensure!(
            packed.is_some_and(|(_, bytes)| fs::read(&file).is_ok_and(|b| b == *bytes)),
            "{name} differs"
        );
    }
    let hash =
        base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text("widget/loader.js")?));
    ensure!(text("index.js")?.contains(&format!("'sha256-{hash}'")), "index.js does not pin the loader");
    Ok(())
}

/// What stands between the two, for every time that they follow each other.
fn between<'text>(text: &'text str, start: &str, end: &str) -> Vec<&'text str> {
    text.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0)).collect()
}

/// The manifest names the attributes, events and properties that there are.
#[test]
fn the_manifest_says_what_is_there() -> Result<()> {
    let root = workspace_root();
    let read = |path: &str| fs::read_to_string(root.join(path)).with_context(|| path.to_owned());
    let manifest: Value = serde_json::from_str(&read("widget/npm/custom-elements.json")?)?;
    let element = &manifest["modules"][0]["declarations"][0];
    let listed = |what: &str| -> Vec<String> {
        let all = element[what].as_array().map_or(&[][..], Vec::as_slice);
        let mut names: Vec<String> =
            all.iter().map(|one| one["name"].as_str().unwrap_or_default().to_owned()).collect();
        names.sort();
        names
    };
    let sorted = |names: Vec<&str>| -> Vec<String> {
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.sort();
        names
    };
    let code = read("widget/src/lib.rs")?;
    let mut read_there = between(&code, "attribute(\"", "\"");
    // Some come from a table.
    read_there.extend(
        ["theme", "mode", "open-links", "lang", "storage"]
            .iter()
            .filter(|name| code.contains(&format!("(\"{name}\", &["))),
    );
    read_there.sort_unstable();
    read_there.dedup();
    ensure!(listed("attributes") == sorted(read_there.clone()), "{read_there:?}");
    let types = read("widget/npm/index.d.ts")?;
    let declared = between(&types, "interface HuiqiAttributes {", "\n}");
    let declared: Vec<&str> = between(declared.first().context("attributes")?, "\n  ", "?:")
        .into_iter()
        .map(|name| name.rsplit("*/").next().unwrap_or(name).trim().trim_matches('\''))
        .collect();
    ensure!(sorted(declared.clone()) == listed("attributes"), "{declared:?}");
    let app = ["app", "work", "pages/act"]
        .map(|file| read(&format!("widget/src/{file}.rs")))
        .into_iter()
        .collect::<Result<String>>()?;
    let events = between(&app, "\"huiqi-", "\"").into_iter();
    // Warnings begin with the name of the tag.
    let events = events.filter(|name| name.is_ascii()).map(|name| format!("huiqi-{name}"));
    let mut events: Vec<String> = events.collect();
    events.sort();
    ensure!(listed("events") == events, "{events:?}");
    for event in &events {
        ensure!(types.contains(&format!("'{event}': CustomEvent<")), "index.d.ts has no {event}");
    }
    let css = read("widget/css/tokens.css")?;
    let defaults = between(&css, ":host{", "\n}");
    let defaults = format!(";{}", defaults.first().context("the defaults")?.replace(['\n', '{', ' '], ";"));
    let mut properties: Vec<String> =
        between(&defaults, ";--", ":").into_iter().map(|name| format!("--{name}")).collect();
    properties.sort();
    ensure!(listed("cssProperties") == properties, "{properties:?}");
    let mut parts = Vec::new();
    for file in files_below(&root.join("widget/src"))? {
        parts.extend(between(&fs::read_to_string(&file)?, " part=\"", "\"").into_iter().map(str::to_owned));
    }
    parts.sort();
    parts.dedup();
    ensure!(listed("cssParts") == parts, "{parts:?}");
    Ok(())
}

/// A site with the package as it is, and no bundler.
fn plain_site() -> Result<TempDir> {
    let dir = tempfile::tempdir()?;
    copy_folder(&npm_dir()?.join("npm-react/node_modules/huiqi-match"), &dir.path().join("npm"))?;
    copy_folder(&demo_dir()?.join("data"), &dir.path().join("data"))?;
    Ok(dir)
}

fn plain_page(call: &str) -> Fault {
    let text = format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>x</title><link rel=\"icon\" href=\"data:,\">
         <huiqi-match src=\"/data/\"><p>备用清单</p></huiqi-match><script type=\"module\">
         import {{ define }} from '/npm/index.js';
         window.said = 'nothing';
         define({call}).then(() => {{ window.said = 'defined' }}, (error) => {{ window.said = error.message }});</script>"
    );
    Fault::Typed("text/html; charset=utf-8", text.into_bytes())
}

/// Browsers load the package by themselves; files can be elsewhere or have other names.
#[test]
fn options_say_where_files_are() -> Result<()> {
    let browser = Browser::launch(Kind::Current)?;
    let site = plain_site()?;
    fs::rename(site.path().join("npm/widget"), site.path().join("moved"))?;
    for (call, renamed) in
        [("{ base: 'moved' }", false), ("{ base: new URL('/moved/', location), extension: 'dat' }", true)]
    {
        if renamed {
            for file in files_below(site.path())? {
                if file.extension().is_some_and(|e| e == "bin" || e == "txt") {
                    fs::rename(&file, file.with_extension("dat"))?;
                }
            }
        }
        let server = Server::start(site.path())?;
        server.set_fault("/index.html", plain_page(call));
        let page = browser.new_page()?;
        page.goto(&server.url("/index.html"))?;
        page.wait_for("said === 'defined'", LIMIT)?;
        page.shadow()?.wait_for(FORM, LIMIT).context(call)?;
        ensure!(page.console()?.is_empty(), "{:?}", page.console()?);
    }
    // Only the policy files were renamed.
    let site = plain_site()?;
    for file in files_below(&site.path().join("data"))? {
        fs::rename(&file, file.with_extension("dat"))?;
    }
    let server = Server::start(site.path())?;
    server.set_fault("/index.html", plain_page("{ extension: 'dat' }"));
    let page = browser.new_page()?;
    page.goto(&server.url("/index.html"))?;
    page.shadow()?.wait_for(FORM, LIMIT)?;
    // A list of what is where.
    let site = plain_site()?;
    fs::rename(site.path().join("npm/widget/app.bin"), site.path().join("a1.bin"))?;
    fs::write(site.path().join("map.json"), "{\"app.bin\": \"a1.bin\"}")?;
    let server = Server::start(site.path())?;
    server.set_fault("/index.html", plain_page("{ map: 'map.json' }"));
    let page = browser.new_page()?;
    page.goto(&server.url("/index.html"))?;
    page.shadow()?.wait_for(FORM, LIMIT)
}

/// Who calls hears why, in Chinese; the list in the tag stays; a second call may succeed.
#[test]
fn failures_are_told() -> Result<()> {
    let browser = Browser::launch(Kind::Current)?;
    let site = plain_site()?;
    let mut altered = fs::read(site.path().join("npm/widget/loader.js"))?;
    altered.extend(b"\n//x");
    let policy = "trusted-types huiqi; require-trusted-types-for 'script'";
    for (fault, header, expected) in [
        (Some(Fault::Replace(altered)), None, "loader.js?no-inline 没读到，或者不是这个版本"),
        (Some(Fault::NotFound), None, "惠企通组件没能打开"),
        (None, Some(policy), "请网站管理员在 trusted-types 里写上 huiqi 和 huiqi-npm"),
    ] {
        let server = Server::start(site.path())?;
        server.set_fault("/index.html", plain_page(""));
        if let Some(fault) = fault {
            server.set_fault("/npm/widget/loader.js", fault);
        }
        if let Some(policy) = header {
            server.set_header("Content-Security-Policy", policy);
        }
        let page = browser.new_page()?;
        page.goto(&server.url("/index.html"))?;
        page.wait_for(&format!("said.includes('{expected}')"), LIMIT)?;
        ensure!(page.eval(DEFINED)? == false, "an altered loader ran");
        let seen = page.eval("document.querySelector('huiqi-match p').getBoundingClientRect().height > 0")?;
        ensure!(seen == true, "{expected}: the list is gone");
        server.clear_faults();
        if header.is_none() {
            page.eval("import('/npm/index.js').then((all) => all.define())")?;
            page.shadow()?.wait_for(FORM, LIMIT)?;
        }
    }
    // With both names, each once, it starts.
    let server = Server::start(site.path())?;
    server.set_fault("/index.html", plain_page(""));
    let policy = "trusted-types huiqi huiqi-npm; require-trusted-types-for 'script'";
    server.set_header("Content-Security-Policy", policy);
    let page = browser.new_page()?;
    page.goto(&server.url("/index.html"))?;
    page.shadow()?.wait_for(FORM, LIMIT)?;
    ensure!(page.console()?.is_empty(), "{:?}", page.console()?);
    Ok(())
}
