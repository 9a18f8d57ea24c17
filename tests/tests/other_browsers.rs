//! A firm's visit to `examples/plain` in Firefox and WebKit: what it sees there is what the command says.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use huiqi_tests::other::{OPEN, Other, OtherBrowser};
use huiqi_tests::server::{Fault, Server};
use huiqi_tests::{NOON, TODAY, command, demo_dir, workspace_root};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);

/// The example firm, and what it says when it is asked for more.
const FIRM: &str = "examples/firms/equipment-maker.yaml";
const INCOME: &str = "应纳税所得额";
/// What it gets for certain.
const CERTAIN: (&str, &str) = ("cn-enterprise-income-tax-law-01", "高新技术企业所得税减按15%");

/// How things are found on the page: by the words that people read, and by attributes that other programs rely on too.
/// Everything that these tests know of the widget's markup is here.
const FIND: &str = "
    const root = document.querySelector('huiqi-match').shadowRoot;
    const all = (css) => [...root.querySelectorAll(css)];
    const seen = (one) => one.getClientRects().length > 0;
    const words = (one) => (one.getAttribute('aria-label') || '') + ' ' + (one.innerText || '');
    const having = (css, text) => all(css).find((one) => seen(one) && words(one).includes(text));
    // What can be pressed.
    const button = (text) => having('button, a, [role=option], [role=button]', text);
    // The field that a label belongs to, or that is labelled itself.
    const field = (text) => (having('label', text) || {}).control || having('input, select', text);
    // A place has three lists of its own.
    const place = (name) => root.querySelector(`select[name=${name}]`);
    const tick = (css) => root.querySelector(`input${css}`);
    const search = () => all('input[type=search]').find(seen);
    const groups = () => all('[data-group]');
    const rows = () => all('[data-group] [data-id]');
    const hits = () => all('[data-id]').filter((one) => !one.closest('[data-group]'));
    const text = () => [...root.children].map((one) => one.innerText || '').join(' ');
";

/// The widget in a browser.
struct Widget<'a>(&'a OtherBrowser);

impl Widget<'_> {
    fn js(expression: &str) -> String {
        format!("(() => {{ {FIND} return {expression}; }})()")
    }

    fn read(&self, expression: &str) -> Result<Value> {
        self.0.eval(&Self::js(expression))
    }

    fn wait_for(&self, expression: &str) -> Result<()> {
        let waited = self.0.wait_for(&Self::js(expression), LIMIT);
        waited.with_context(|| format!("the widget shows: {}", self.read("text()").unwrap_or_default()))
    }

    fn click(&self, element: &str) -> Result<()> {
        self.wait_for(element)?;
        self.0.click(&Self::js(element)).with_context(|| format!("clicking {element}"))
    }

    /// Types over what stands in a field.
    fn fill(&self, element: &str, text: &str) -> Result<()> {
        self.click(element)?;
        self.0.clear()?;
        self.0.type_text(text)?;
        let stands = self.read(&format!("{element}.value"))?;
        ensure!(stands == text, "{element} takes {stands} for {text}");
        Ok(())
    }

    /// Chooses from a list by its words. Its window belongs to the system, where no driver clicks.
    fn choose(&self, list: &str, words: &str) -> Result<()> {
        let option = format!("[...{list}.options].find((one) => one.text.trim() === '{words}')");
        self.wait_for(&option)?;
        self.read(&format!(
            "((list, option) => {{
                list.value = option.value;
                for (const kind of ['input', 'change']) {{
                    list.dispatchEvent(new Event(kind, {{bubbles: true, composed: true}}));
                }}
            }})({list}, {option})"
        ))?;
        Ok(())
    }

    /// Ids of rows with the group that each is in.
    fn rows(&self) -> Result<BTreeMap<String, String>> {
        let rows =
            self.read("rows().map((one) => [one.dataset.id, one.closest('[data-group]').dataset.group])")?;
        let rows: Vec<(String, String)> = serde_json::from_value(rows)?;
        Ok(rows.into_iter().collect())
    }

    /// Ids of the first ten hits, once the list stands still.
    fn hits(&self) -> Result<Vec<String>> {
        let mut last = Vec::new();
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(150));
            let now = self.read("hits().slice(0, 10).map((one) => one.dataset.id)")?;
            let now: Vec<String> = serde_json::from_value(now)?;
            let busy = self.read("text().includes('正在查')")?;
            if busy == false && !now.is_empty() && now == last {
                return Ok(now);
            }
            last = now;
        }
        anyhow::bail!("the hits never settled: {last:?}")
    }
}

/// The plain page on the day of the tests, with roots that can be looked into.
fn page() -> Result<Vec<u8>> {
    let html = std::fs::read_to_string(demo_dir()?.join("index.html"))?;
    let script = format!("<head><script>{{ Date.now = () => {}; {OPEN} }}</script>", NOON * 1000);
    let patched = html.replacen("<head>", &script, 1);
    ensure!(patched != html, "the plain page has no head");
    Ok(patched.into_bytes())
}

/// What the command prints, a value for each line.
fn lines(arguments: &[&str]) -> Result<Vec<Value>> {
    let output = command(arguments)?;
    ensure!(output.code == 0, "huiqi {}: {}", arguments.join(" "), output.talk);
    output.data.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn explained(firm: &str) -> Result<BTreeMap<String, Value>> {
    let rows = lines(&["explain", "policies", "--firm", firm, "--as-of", TODAY, "--json"])?;
    rows.into_iter().map(|row| Ok((row["id"].as_str().context("id")?.to_owned(), row))).collect()
}

/// The hits of the command, in an index over the policies that the demo site publishes.
fn searched(query: &str, folder: &Path) -> Result<Vec<String>> {
    let [out, index] = ["data", "index"].map(|name| folder.join(name).display().to_string());
    let built = command(&["build", "policies", "--out", &out, "--index", &index])?;
    ensure!(built.code == 0, "huiqi build: {}", built.talk);
    let rows = lines(&["search", query, "--json", "--index", &index])?;
    rows.iter().map(|row| Ok(row["id"].as_str().context("id")?.to_owned())).collect()
}

fn fill_in(widget: &Widget<'_>) -> Result<()> {
    for (list, name) in [("省", "河北省"), ("市", "石家庄市"), ("区县", "长安区")] {
        widget.choose(&format!("place('{list}')"), name)?;
    }
    widget.fill("field('行业')", "通用设备制造业")?;
    widget.click("button('通用设备制造业')")?;
    widget.fill("field('职工总数')", "86")?;
    widget.fill("field('营业收入')", "6420")?;
    widget.fill("field('成立日期')", "2018-05-10")?;
    widget.click("button('看结果')")?;
    widget.wait_for("groups().length > 0")?;
    // The rest of the firm is asked for, among other things.
    widget.click("button('继续回答')")?;
    let mut open = 2;
    for _ in 0..20 {
        widget.wait_for("root.querySelector('.prog')")?;
        if widget.read("!!root.querySelector('#f-entity_type-0')")? == true {
            widget.choose("root.querySelector('#f-entity_type-0')", "企业")?;
            widget.click("button('继续')")?;
            open -= 1;
        } else if widget.read("!!tick('[value=gxjsqy]')")? == true {
            widget.click("tick('[value=gxjsqy]')")?;
            widget.choose("field('高新技术企业的认定年份')", "2025年认定")?;
            widget.click("tick('[name=closed]')")?;
            widget.click("button('继续')")?;
            open -= 1;
        } else {
            widget.click("button('稍后')")?;
        }
        if open == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    ensure!(open == 0, "nobody asked for the qualifications");
    widget.click("all('.nav button').find((one) => one.innerText === '结果')")?;
    widget.wait_for("groups().length > 0")?;
    // Closed groups draw no rows, long ones a few.
    for _ in 0..20 {
        let more = widget.read(
            "((closed, more, busy) => { closed.forEach((one) => { one.open = true; }); more.forEach((one) => one.click()); return closed.length + more.length + busy; })
                (all('details.grp:not([open]), .grp details:not([open])'), all('.grp p > .btn'), all('[part=view][aria-busy]').length)",
        )?;
        if more == 0 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    anyhow::bail!("there are always more rows")
}

fn journey(other: Other) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(demo_dir()?)?;
    server.set_fault("/", Fault::Typed("text/html; charset=utf-8", page()?));
    let browser = OtherBrowser::launch(other)?;
    browser.set_window(1280, 900)?;
    browser.open(&server.url("/"))?;
    let widget = Widget(&browser);
    fill_in(&widget)?;

    // Every measure stands in the group that the command names.
    let rows = widget.rows()?;
    let explained_rows = explained(FIRM)?;
    for (id, row) in &explained_rows {
        let verdict = row["verdict"].as_str().unwrap_or_default();
        let expected = if row["near"] == true { "near" } else { verdict };
        match rows.get(id) {
            Some(group) => ensure!(group == expected, "{id}: the page says {group}, the command {expected}"),
            // Left out of the page: a measure of another region that is not met.
            None => {
                ensure!(matches!(verdict, "ineligible" | "unknown"), "{id} is missing on the page: {verdict}")
            }
        }
    }
    ensure!(rows.keys().all(|id| explained_rows.contains_key(id)), "the page lists more than the command");
    let groups: Vec<&String> = rows.values().collect();
    for group in ["eligible", "likely", "unknown", "ineligible"] {
        ensure!(groups.iter().any(|one| *one == group), "no measure is {group}");
    }
    let certain = |row: &&Value| row["verdict"] == "eligible" && row["window"] == "rolling";
    let count = explained_rows.values().filter(certain).count();
    widget.wait_for(&format!(
        "text().includes('已确认可享 {count} 项') || text().includes('已确认可享{count}项')"
    ))?;

    // Reasons with clauses come with the cards.
    let clause =
        |id: &str| format!("/依据 [^）]/.test(rows().find((one) => one.dataset.id === '{id}').textContent)");
    widget.wait_for(&clause(CERTAIN.0))?;
    // The conditions of one measure, as the command has them.
    widget.click(&format!("button('{}')", CERTAIN.1))?;
    widget.wait_for("text().includes('发文机关')")?;
    let text = widget.read("text()")?;
    let text = text.as_str().context("text")?;
    let conditions = explained_rows[CERTAIN.0]["rows"].as_array().context("rows")?;
    ensure!(conditions.len() > 1, "{} has too few conditions", CERTAIN.0);
    for condition in conditions {
        for (before, part) in [("", "sentence"), ("", "have"), ("依据 ", "basis")] {
            let part = format!("{before}{}", condition[part].as_str().unwrap_or_default());
            ensure!(text.contains(&part), "the measure's page lacks {part}: {text}");
        }
    }
    widget.click("button('返回')")?;
    widget.wait_for("groups().length > 0")?;
    ensure!(widget.rows()? == rows, "other groups after going back");

    // What its sum lacks is asked for; the headline then has the sum of the command.
    widget.click(&format!("button('{}')", CERTAIN.1))?;
    widget.click(&format!("button('{INCOME}')"))?;
    widget.fill(&format!("field('{INCOME}')"), "420")?;
    widget.click("button('继续')")?;
    widget.wait_for("text().includes('发文机关')")?;
    widget.click("button('返回')")?;
    let firm = folder.path().join("firm.yaml");
    let more = format!("{INCOME}[2025年]: 420万元\n");
    std::fs::write(&firm, std::fs::read_to_string(workspace_root().join(FIRM))? + &more)?;
    let sum = explained(&firm.display().to_string())?[CERTAIN.0]["amount"].clone();
    let sum = sum.as_str().context("a sum")?;
    widget
        .wait_for(&format!("root.querySelector('[part~=sum]').innerText.replace(/\\s/g, '') === '{sum}'"))?;

    // Typed on the keyboard like everything before, and marked in the hits.
    let query = "高新技术企业 奖励";
    widget.click("button('搜政策')")?;
    widget.fill("search()", query)?;
    widget.wait_for("hits().some((one) => one.querySelector('mark'))")?;
    let (hits, expected) = (widget.hits()?, searched(query, folder.path())?);
    ensure!(hits == expected, "the page has {hits:?}, the command {expected:?}");

    let complaints = browser.complaints()?;
    ensure!(complaints.is_empty(), "{}: {complaints:?}", browser.version());
    Ok(())
}

#[test]
fn a_firm_finds_its_subsidies_in_firefox() -> Result<()> {
    journey(Other::Firefox)
}

#[test]
fn a_firm_finds_its_subsidies_in_webkit() -> Result<()> {
    journey(Other::WebKit)
}

/// The drivers on a page of their own: if this fails, no other test here means anything.
fn driver(other: Other) -> Result<()> {
    let html = format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\">
        <script>{{ {OPEN} }}</script><div></div><script>
        const root = document.querySelector('div').attachShadow({{mode: 'closed'}});
        const heard = window.heard = [];
        root.innerHTML = '<input><button>按钮</button><button id=under>盖住</button>' +
            '<i style=\"position: absolute; inset: 0 auto auto 0; width: 0; height: 0\"></i>';
        for (const kind of ['click', 'focusin', 'keydown', 'input']) root.addEventListener(kind, (event) =>
            heard.push(kind + event.isTrusted + event.target.localName));
        </script>"
    );
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("index.html"), html)?;
    let server = Server::start(folder.path())?;
    let browser = OtherBrowser::launch(other)?;
    browser.open(&server.url("/"))?;
    browser.set_window(800, 600)?;
    browser.wait_for("innerWidth === 800 && innerHeight === 600", LIMIT)?;
    let part = |css: &str| format!("document.querySelector('div').shadowRoot.querySelector('{css}')");
    browser.click(&part("button"))?;
    browser.click(&part("input"))?;
    browser.type_text("a惠企")?;
    let read = |what: &str| browser.eval(&format!("{}.{what}", part("input")));
    ensure!(read("value")? == "a惠企", "the field has {}", read("value")?);
    browser.clear()?;
    ensure!(read("value")? == "", "the field still has {}", read("value")?);
    let events = browser.eval("heard.join(' ')")?;
    let events = events.as_str().context("events")?;
    for event in ["clicktruebutton", "focusintrueinput", "keydowntrueinput", "inputtrueinput"] {
        ensure!(events.contains(event), "no {event}: {events}");
    }
    ensure!(!events.contains("false"), "some events came from no user: {events}");

    ensure!(browser.eval("Promise.resolve([1, '二', undefined])")? == json!([1, "二", null]));
    let error = browser.eval("Promise.reject(new Error('为什么'))").expect_err("an exception");
    ensure!(format!("{error:#}").contains("为什么"), "{error:#}");
    let error = browser.click("document.querySelector('b')").expect_err("no element");
    ensure!(format!("{error:#}").contains("no such element"), "{error:#}");
    let picture = folder.path().join("pictures/page.png");
    browser.screenshot(&picture)?;
    ensure!(std::fs::read(&picture)?.starts_with(b"\x89PNG"), "that is no picture");

    ensure!(browser.complaints()?.is_empty(), "{:?}", browser.complaints()?);
    browser.eval("console.error('一', 2)")?;
    browser.eval("void setTimeout(() => { throw new Error('三'); })")?;
    browser.eval("void document.body.append(Object.assign(new Image(), {src: '/missing.png'}))")?;
    browser.wait_for("window.complaints.length >= 3", LIMIT)?;
    let complaints = browser.complaints()?.join("\n");
    for what in ["一 2", "三", "missing.png"] {
        ensure!(complaints.contains(what), "no {what}: {complaints}");
    }
    Ok(())
}

#[test]
fn firefox_is_driven() -> Result<()> {
    driver(Other::Firefox)
}

#[test]
fn webkit_is_driven() -> Result<()> {
    driver(Other::WebKit)
}
