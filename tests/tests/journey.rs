//! A firm's visit to `examples/plain`, in the current browser and in the oldest supported one, and what
//! the page says when something is missing or altered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huiqi_engine::bundle::{Catalog, PartKind, decode_cards, decode_texts};
use huiqi_tests::browser::{Area, Browser, Kind, Page, Shadow, Viewport};
use huiqi_tests::server::{Fault, Server};
use huiqi_tests::visit::{go, visit};
use huiqi_tests::{TODAY, command, copy_folder, demo_dir, files_below, publish, workspace_root};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);

/// The catalog that the demo site publishes, as lines of key and value.
fn catalog() -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(demo_dir()?.join("data/catalog.txt"))?;
    Ok(text.lines().filter_map(|l| l.split_once(' ')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
}

fn open<'a>(page: &'a Page, server: &Server, path: &str) -> Result<Shadow<'a>> {
    page.goto(&server.url(path))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    page.shadow()
}

fn ready<'a>(page: &'a Page, server: &Server) -> Result<Shadow<'a>> {
    ready_at(page, server, "/")
}

fn ready_at<'a>(page: &'a Page, server: &Server, path: &str) -> Result<Shadow<'a>> {
    let shadow = open(page, server, path)?;
    shadow.wait_for("this.querySelector('select[name=省]')", LIMIT)?;
    Ok(shadow)
}

/// Types in the firm of `examples/firms/equipment-maker.yaml`: the first page, then the questions that it has answers
/// for.
fn fill_in(shadow: &Shadow<'_>) -> Result<()> {
    fill_first_page(shadow)?;
    shadow.click_text("button.btn", "继续回答")?;
    let mut open = 2;
    for _ in 0..20 {
        shadow.wait_for("this.querySelector('.prog')", LIMIT)?;
        if shadow.exists("#f-entity_type-0")? {
            shadow.select("#f-entity_type-0", "0")?;
            shadow.click("form .btn.pri")?;
            open -= 1;
        } else if shadow.exists("input[value=gxjsqy]")? {
            shadow.click("input[value=gxjsqy]")?;
            shadow.wait_for("this.querySelector('.quals .more select')", LIMIT)?;
            shadow.select(".quals .more select", "2025")?;
            shadow.click("input[name=closed]")?;
            shadow.click("form .btn.pri")?;
            open -= 1;
        } else {
            shadow.click_text("form button", "稍后")?;
        }
        if open == 0 {
            shadow.click_text(".nav button", "结果")?;
            return shadow.wait_for("this.querySelector('details.grp')", LIMIT);
        }
    }
    anyhow::bail!("nobody asked for the qualifications")
}

/// The first page alone.
fn fill_first_page(shadow: &Shadow<'_>) -> Result<()> {
    shadow.select("select[name=省]", "130000")?;
    shadow.select("select[name=市]", "130100")?;
    shadow.wait_for("this.querySelector('select[name=区县] option[value=\"130102\"]')", LIMIT)?;
    shadow.select("select[name=区县]", "130102")?;
    shadow.fill("input[name=industry]", "通用设备制造业")?;
    shadow.wait_for("this.querySelector('[role=option]')", LIMIT)?;
    shadow.click_text("[role=option]", "通用设备制造业")?;
    shadow.fill("#f-staff_total-0", "86")?;
    let revenue = shadow.eval("return this.querySelector('input[id^=f-revenue-]').id")?;
    let revenue = revenue.as_str().context("the revenue field has an id")?;
    shadow.fill(&format!("#{revenue}"), "6420")?;
    shadow.fill("#f-found_date-0", "2018-05-10")?;
    shadow.click("button[type=submit]")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)
}

/// From the page of 高新技术企业所得税减按15%: fills in 420 万元 of taxable income and goes to the results.
fn answer_income_without_sum(shadow: &Shadow<'_>) -> Result<()> {
    // What arrives late moves what is below it.
    shadow.wait_for("this.textContent.includes('来源') && this.querySelector('.rate')", LIMIT)?;
    shadow.click_text("button.ans", "应纳税所得额")?;
    shadow.wait_for("this.querySelector('form input')", LIMIT)?;
    shadow.fill("form input", "420")?;
    shadow.click("form .btn.pri")?;
    shadow.wait_for("this.querySelector('.calc')", LIMIT)?;
    shadow.click_text(".nav button", "结果")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)
}

/// The same, where the sum is told.
fn answer_income(shadow: &Shadow<'_>) -> Result<()> {
    answer_income_without_sum(shadow)?;
    shadow.wait_for("this.querySelector('.fig')", LIMIT)
}

/// Opens every group and draws all its rows.
fn open_all(shadow: &Shadow<'_>) -> Result<()> {
    for _ in 0..20 {
        let more = shadow.eval(
            "for (const closed of this.querySelectorAll('details.grp:not([open]), .grp details:not([open])')) closed.open = true;
             const more = [...this.querySelectorAll('.grp p > .btn')]; more.forEach((one) => one.click());
             await new Promise((done) => setTimeout(done, 60));
             return more.length + this.querySelectorAll('details.grp:not([open]), [part=view][aria-busy]').length",
        )?;
        if more == 0 {
            return Ok(());
        }
    }
    anyhow::bail!("there are always more rows")
}

/// Verdict group, reason per measure id.
fn rows(shadow: &Shadow<'_>) -> Result<BTreeMap<String, (String, String)>> {
    open_all(shadow)?;
    let rows = shadow.eval(
        "return [...this.querySelectorAll('.mr')].map((row) => [row.dataset.id,
            row.closest('[data-group]').dataset.group, row.querySelector('.d').textContent])",
    )?;
    let rows: Vec<(String, String, String)> = serde_json::from_value(rows)?;
    Ok(rows.into_iter().map(|(id, group, reason)| (id, (group, reason))).collect())
}

/// The same, once all cards have arrived: reasons then name their clauses.
fn settled_rows(shadow: &Shadow<'_>) -> Result<BTreeMap<String, (String, String)>> {
    let mut before = rows(shadow)?;
    for _ in 0..40 {
        std::thread::sleep(Duration::from_millis(250));
        let now = rows(shadow)?;
        if now == std::mem::replace(&mut before, now.clone()) {
            break;
        }
    }
    Ok(before)
}

/// What `huiqi explain` says of the same firm: verdict and whether it is near, per measure.
fn explained() -> Result<BTreeMap<String, Value>> {
    let output = command(&[
        "explain",
        "policies",
        "--firm",
        "examples/firms/equipment-maker.yaml",
        "--as-of",
        TODAY,
        "--json",
    ])?;
    ensure!(output.code == 0, "huiqi explain: {}", output.talk);
    output
        .data
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line)?;
            Ok((row["id"].as_str().context("id")?.to_owned(), row))
        })
        .collect()
}

/// Numbers of the first ten hits, once the list stands still.
fn first_ten(shadow: &Shadow<'_>, query: &str) -> Result<Vec<String>> {
    shadow.fill("input[type=search]", query)?;
    let read = "[...this.querySelectorAll('.hit')].slice(0, 10).map((hit) => hit.dataset.id)";
    let mut last = Vec::new();
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(150));
        let busy = shadow.eval("return this.textContent.includes('正在查')")?;
        let now: Vec<String> = serde_json::from_value(shadow.eval(&format!("return {read}"))?)?;
        if busy == Value::Bool(false) && !now.is_empty() && now == last {
            return Ok(now);
        }
        last = now;
    }
    anyhow::bail!("the hits for {query} never settled: {last:?}")
}

fn searched(query: &str) -> Result<Vec<String>> {
    let index = demo_index()?;
    let output = command(&["search", query, "--json", "--index", &index.display().to_string()])?;
    ensure!(output.code == 0, "huiqi search: {}", output.talk);
    output
        .data
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line)?;
            Ok(row["id"].as_str().context("id")?.to_owned())
        })
        .collect()
}

/// An index over the same policies as the demo site.
fn demo_index() -> Result<PathBuf> {
    static INDEX: std::sync::OnceLock<(tempfile::TempDir, PathBuf)> = std::sync::OnceLock::new();
    if let Some((_, index)) = INDEX.get() {
        return Ok(index.clone());
    }
    let dir = tempfile::tempdir()?;
    let (out, index) = (dir.path().join("data"), dir.path().join("index"));
    let output = command(&[
        "build",
        "policies",
        "--out",
        &out.display().to_string(),
        "--index",
        &index.display().to_string(),
    ])?;
    ensure!(output.code == 0, "huiqi build: {}", output.talk);
    Ok(INDEX.get_or_init(|| (dir, index)).1.clone())
}

fn journey(kind: Kind) -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(kind)?;
    let page = browser.new_page()?;
    let shadow = ready(&page, &server)?;
    fill_in(&shadow)?;
    // The reasons need the cards, which come after the verdicts.
    shadow.wait_for(
        "[...this.querySelectorAll('.mr .d')].some((d) => /依据 [^）]/.test(d.textContent))",
        LIMIT,
    )?;

    let rows = rows(&shadow)?;
    for group in ["eligible", "unknown", "ineligible"] {
        let (id, (_, reason)) =
            rows.iter().find(|(_, (g, _))| g == group).with_context(|| format!("no measure is {group}"))?;
        ensure!(
            reason.contains("依据 ") && !reason.contains("依据 ）"),
            "{group} {id} names no clause: {reason}"
        );
    }
    let explained = explained()?;
    for (id, row) in &explained {
        let verdict = row["verdict"].as_str().unwrap_or_default();
        let expected = if row["near"] == Value::Bool(true) { "near" } else { verdict };
        match rows.get(id) {
            Some((group, _)) => {
                ensure!(group == expected, "{id}: the page says {group}, the command {expected}")
            }
            // Left out of the page: a measure of another region that is not met.
            None => {
                ensure!(matches!(verdict, "ineligible" | "unknown"), "{id} is missing on the page: {verdict}")
            }
        }
    }
    ensure!(
        rows.keys().all(|id| explained.contains_key(id)),
        "the page lists a measure the command does not know"
    );

    // The page of one measure: every condition with its value and clause.
    shadow.click_text(".mr button.name", "高新技术企业所得税减按15%")?;
    shadow.wait_for("this.querySelector('.cond > li') && this.textContent.includes('发文机关')", LIMIT)?;
    let text = shadow.text()?;
    for part in
        ["符合", "高新技术企业", "依据 第二十八条", "中华人民共和国企业所得税法", "2025年应纳税所得额"]
    {
        ensure!(text.contains(part), "the measure's page lacks {part}: {text}");
    }
    // The figure its sum needs is asked for, and counts at once.
    answer_income(&shadow)?;
    let sum = shadow.eval("return this.querySelector('.fig').textContent")?;
    ensure!(sum == "42万元", "the headline says {sum}");
    // Typing into the box of the results keeps the box, so that an input method keeps what it composes.
    shadow.eval("this.querySelector('input[type=search]').dataset.same = 'yes'")?;
    shadow.fill("input[type=search]", "研发")?;
    shadow.wait_for("this.querySelector('.hit mark')", LIMIT)?;
    let same = shadow.eval("return this.activeElement && this.activeElement.dataset.same")?;
    ensure!(same == "yes", "the search box was replaced while typing");
    shadow.fill("input[type=search]", "")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    shadow.click_text(".nx button", "继续回答")?;
    shadow.wait_for("this.querySelector('form .btn.pri')", LIMIT)?;
    shadow.click_text("form button", "不确定")?;
    shadow.wait_for("this.querySelector('details.grp') || this.querySelector('form .btn.pri')", LIMIT)?;

    shadow.click_text(".nav button", "搜政策")?;
    for (query, top) in
        [("高新技术企业 奖励", "liuhe-2023-key-industries-11"), ("專精特新", "liuhe-2023-key-industries-13")]
    {
        let hits = first_ten(&shadow, query)?;
        ensure!(hits.first().map(String::as_str) == Some(top), "{query}: first is {:?}", hits.first());
        let names = shadow.texts(".hit mark")?;
        ensure!(!names.is_empty(), "{query}: nothing is marked");
        let expected = searched(query)?;
        ensure!(hits == expected, "{query}: the page has {hits:?}, the command {expected:?}");
    }

    // Page and command agree on words of one character, synonyms, phrases, document numbers and slips of the pen.
    for query in
        ["税", "高企补贴", "“设备更新” 补助", "冀政办字2023 83号", "专精特薪", "见习补帖", "怎么申请专精特新"]
    {
        let (hits, expected) = (first_ten(&shadow, query)?, searched(query)?);
        ensure!(hits == expected, "{query}: the page has {hits:?}, the command {expected:?}");
    }
    first_ten(&shadow, "专精特薪")?;
    let note = shadow.text()?;
    ensure!(note.contains("已按“专精特新”查找"), "the page does not say what it looked for: {note}");
    shadow.click_text(".meant button", "仍查")?;
    shadow.wait_for("!this.querySelector('.meant')", LIMIT)?;
    // A filter leaves as many hits as it said.
    first_ten(&shadow, "补助")?;
    ensure!(shadow.texts("select[data-facet=kind] option")?.is_empty(), "folded filters were counted");
    shadow.click(".filter summary")?;
    shadow.wait_for("this.querySelector('select[data-facet=kind] option')", LIMIT)?;
    let option =
        "[...this.querySelectorAll('select[data-facet=kind] option')].find((o) => o.value === '贴息')";
    let label = shadow.eval(&format!("return {option}.textContent"))?;
    shadow.select("select[data-facet=kind]", "贴息")?;
    shadow.wait_for("this.textContent.includes('筛选后')", LIMIT)?;
    let left = shadow.texts(".hit")?.len();
    ensure!(label == format!("贴息（{left}）"), "the filter says {label}, {left} hits are left");
    shadow.select("select[data-facet=kind]", "")?;
    shadow.wait_for("!this.textContent.includes('筛选后')", LIMIT)?;

    // Nothing but the page and the bundle was asked for, and nothing was said about the firm.
    for request in page.requests()? {
        let path = request
            .url
            .strip_prefix(&server.url("/"))
            .with_context(|| format!("a request went to {}", request.url))?;
        let own = path.is_empty()
            || [
                "page.css",
                "favicon.svg",
                "widget/loader.js",
                "widget/app.js",
                "widget/app.bin",
                "widget/pages.bin",
                "widget/search.bin",
                "data/catalog.txt",
            ]
            .contains(&path);
        let part = path.strip_prefix("data/").and_then(|p| p.strip_suffix(".bin"));
        ensure!(own || part.is_some_and(|p| p.len() == 24), "an unexpected request: {path}");
        ensure!(
            request.method == "GET" && request.status == Some(200),
            "{path}: {} {:?}",
            request.method,
            request.status
        );
    }
    let console = page.console()?;
    ensure!(console.is_empty(), "the console is not empty: {console:?}");
    Ok(())
}

#[test]
fn a_firm_finds_its_subsidies() -> Result<()> {
    journey(Kind::Current)
}

#[test]
fn a_firm_finds_its_subsidies_in_chromium80() -> Result<()> {
    journey(Kind::Chromium80)
}

/// The fallback list of the page is still there and visible.
fn fallback_shows(page: &Page) -> Result<()> {
    let seen = page.eval(
        "(() => { const list = document.querySelector('huiqi-match > ul'); return !!list && list.getBoundingClientRect().height > 0; })()",
    )?;
    ensure!(seen == Value::Bool(true), "the fallback list is gone");
    Ok(())
}

fn expect_message(server: &Server, parts: &[&str]) -> Result<()> {
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = open(&page, server, "/")?;
    let condition = format!("this.textContent.includes({})", serde_json::to_string(parts[0])?);
    shadow.wait_for(&condition, LIMIT)?;
    let text = shadow.text()?;
    for part in parts {
        ensure!(text.contains(part), "the message lacks {part}: {text}");
    }
    fallback_shows(&page)
}

#[test]
fn a_missing_bundle_file_is_named() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let area = catalog()?.remove("area").context("area")?;
    let table = area.split(' ').nth(1).context("table")?.to_owned();
    server.set_fault(&format!("/data/{table}.bin"), Fault::NotFound);
    expect_message(&server, &["政策数据没能打开", &table, "服务器回答 404", "政策清单仍然可用"])
}

#[test]
fn an_altered_bundle_file_is_refused() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let name = catalog()?.remove("catalogue").context("catalogue")?;
    let mut bytes = std::fs::read(demo_dir()?.join(format!("data/{name}.bin")))?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    server.set_fault(&format!("/data/{name}.bin"), Fault::Replace(bytes));
    expect_message(&server, &["政策数据没能打开", &name, "内容和名字对不上"])
}

#[test]
fn a_missing_catalog_is_named() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    server.set_fault("/data/catalog.txt", Fault::Replace(b"<!doctype html><title>404</title>".to_vec()));
    expect_message(&server, &["catalog.txt 第 1 行", "huiqi-catalog"])
}

#[test]
fn a_missing_card_block_leaves_the_rest_working() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    // Which part holds cards is learnt from an undisturbed visit: whatever comes after the first screen.
    fill_first_page(&ready(&page, &server)?)?;
    std::thread::sleep(Duration::from_secs(1));
    let known = catalog()?;
    let area = known.get("area").cloned().unwrap_or_default();
    let log = server.log();
    let mut cards = Vec::new();
    for path in log.iter().filter(|p| p.starts_with("/data/") && p.ends_with(".bin")) {
        let name = path.trim_start_matches("/data/").trim_end_matches(".bin");
        let raw = huiqi_tests::publisher::open_part(&demo_dir()?.join("data").join(format!("{name}.bin")))?;
        if !known.values().any(|v| v == name) && !area.contains(name) && decode_cards(&raw).is_ok() {
            cards.push(path.clone());
        }
    }
    let cards = cards.first().context("no card block was asked for")?.clone();
    server.set_fault(&cards, Fault::Truncate(100));
    let page = browser.new_page()?;
    let shadow = ready(&page, &server)?;
    fill_first_page(&shadow)?;
    shadow.wait_for("this.textContent.includes('项照常匹配')", LIMIT)?;
    ensure!(!rows(&shadow)?.is_empty(), "no measure is listed");
    // Reading it again helps, once it can be read.
    server.clear_faults();
    shadow.click_text(".btn", "再读一次")?;
    shadow.wait_for("!this.textContent.includes('项照常匹配')", LIMIT)?;
    Ok(())
}

/// A page that stays open while another edition is published and the old files are cleared away: it goes over to the new
/// one, and what was answered stays.
#[test]
fn an_open_page_goes_over_to_the_next_edition() -> Result<()> {
    let dir = tempfile::tempdir()?;
    copy_folder(&demo_dir()?, &dir.path().join("site"))?;
    let data = dir.path().join("site/data");
    let server = Server::start(dir.path().join("site"))?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = ready(&page, &server)?;
    fill_in(&shadow)?;
    let before = settled_rows(&shadow)?;
    // The law has another title in the next edition, so its pages are other files.
    copy_folder(&workspace_root().join("policies"), &dir.path().join("policies"))?;
    let law = dir.path().join("policies/000000/enterprise-income-tax-law.yaml");
    let text = std::fs::read_to_string(&law)?;
    std::fs::write(&law, text.replacen("标题: ", "标题: 新版", 1))?;
    let old = files_below(&data)?;
    publish(&dir.path().join("policies"), &data, &dir.path().join("index"), 60, &[])?;
    let catalog = Catalog::parse(&std::fs::read(data.join("catalog.txt"))?)?;
    let kept = decode_texts(PartKind::Files, &huiqi::parts::read(&data, &catalog.files)?)?;
    let mut cleared = 0;
    for file in old {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if file.extension().is_some_and(|e| e == "bin") && !kept.contains(&name) && name != catalog.files {
            std::fs::remove_file(&file)?;
            cleared += 1;
        }
    }
    ensure!(cleared > 1, "nothing was cleared away");
    shadow.click_text(".mr button.name", "高新技术企业所得税减按15%")?;
    shadow.wait_for("this.textContent.includes('新版中华人民共和国企业所得税法')", LIMIT)?;
    shadow.click_text(".nav button", "结果")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    let after = settled_rows(&shadow)?;
    let changed: Vec<_> = after.iter().filter(|(id, row)| before.get(*id) != Some(*row)).collect();
    ensure!(after.len() == before.len() && changed.is_empty(), "the answers were lost: {changed:#?}");
    ensure!(!shadow.text()?.contains("项照常匹配"), "{}", shadow.text()?);
    Ok(())
}

/// Data that nobody renewed is still matched, but adds up to no promise.
#[test]
fn data_past_its_term_says_so() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let catalog = std::fs::read_to_string(demo_dir()?.join("data/catalog.txt"))?;
    for (expires, stale) in [(TODAY, false), ("2026-11-21", true)] {
        let lines = catalog.lines().map(|line| {
            if line.starts_with("expires ") { format!("expires {expires}\n") } else { format!("{line}\n") }
        });
        server.set_fault("/data/catalog.txt", Fault::Replace(lines.collect::<String>().into_bytes()));
        let browser = Browser::launch(Kind::Current)?;
        let page = browser.new_page()?;
        let shadow = ready(&page, &server)?;
        ensure!(shadow.exists(".stale .note")? == stale, "{expires}: {}", shadow.text()?);
        fill_in(&shadow)?;
        shadow.click_text(".mr button.name", "高新技术企业所得税减按15%")?;
        answer_income_without_sum(&shadow)?;
        ensure!(!rows(&shadow)?.is_empty(), "no measure is listed");
        ensure!(shadow.exists(".fig")? != stale, "{expires}: the sum");
    }
    Ok(())
}

/// Without the search engine, search says so, and everything else works; the next word asks for it again.
#[test]
fn a_missing_search_engine_is_named() -> Result<()> {
    let browser = Browser::launch(Kind::Current)?;
    for fault in [Fault::NotFound, Fault::Truncate(1_000), Fault::Replace(b"<!doctype html>".to_vec())] {
        let server = Server::start(demo_dir()?)?;
        server.set_fault("/widget/search.bin", fault);
        let page = browser.new_page()?;
        let shadow = ready(&page, &server)?;
        shadow.click_text(".nav button", "搜政策")?;
        shadow.fill("input[type=search]", "设备")?;
        shadow.wait_for("this.textContent.includes('搜索组件没能打开')", LIMIT)?;
        server.clear_faults();
        ensure!(!first_ten(&shadow, "设备更新")?.is_empty(), "the search never recovers");
        shadow.fill("input[type=search]", "")?;
        shadow.click_text(".nav button", "企业信息")?;
        fill_in(&shadow)?;
        ensure!(!rows(&shadow)?.is_empty(), "no measure is listed");
    }
    Ok(())
}

/// The site of a bundle that is cut into areas, and the lines of its catalog: area, table, search root.
fn site_of_areas(dir: &Path) -> Result<Vec<[String; 3]>> {
    copy_folder(&demo_dir()?, &dir.join("site"))?;
    std::fs::remove_dir_all(dir.join("site/data"))?;
    copy_folder(&workspace_root().join("policies"), &dir.join("policies"))?;
    let settings = std::fs::read_to_string(dir.join("policies/huiqi.yaml"))?;
    std::fs::write(dir.join("policies/huiqi.yaml"), settings + "分区: 按市\n")?;
    publish(&dir.join("policies"), &dir.join("site/data"), &dir.join("index"), 60, &[])?;
    let catalog = std::fs::read_to_string(dir.join("site/data/catalog.txt"))?;
    let areas = catalog.lines().filter_map(|line| line.strip_prefix("area "));
    let areas = areas.map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    areas.map(|parts| parts.try_into().map_err(|parts| anyhow::anyhow!("{parts:?}"))).collect()
}

/// A link without answers lists measures of areas that its reader never named; places that are none are passed over.
#[test]
fn a_list_in_a_link_brings_its_areas() -> Result<()> {
    let dir = tempfile::tempdir()?;
    site_of_areas(dir.path())?;
    let server = Server::start(dir.path().join("site"))?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", "sample-city-maker.yaml")?;
    go(&shadow, "方案")?;
    shadow.wait_for("this.querySelector('input[name=paper]')", LIMIT)?;
    let chosen = shadow.eval("return +/申报方案：(\\d+) 项/.exec(this.textContent)[1]")?;
    shadow.click_text(".btn", "分享")?;
    shadow.wait_for("this.querySelector('.dlg #link')", LIMIT)?;
    let link = shadow.eval("return this.querySelector('#link').value")?;
    let link = link.as_str().context("a link")?;
    let opened = |address: &str, said: &str| -> Result<()> {
        let page = browser.new_page()?;
        page.goto(address)?;
        page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
        page.shadow()?.wait_for(&format!("this.textContent.includes('{said}')"), LIMIT)?;
        let console = page.console()?;
        ensure!(console.is_empty(), "{console:?}");
        Ok(())
    };
    opened(link, &format!("打开了对方分享的 {chosen} 项。"))?;
    let (_, packed) = link.split_once("#huiqi=").context("a fragment")?;
    let mut content: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(packed)?)?;
    ensure!(content["places"] == json!(["990100"]), "{content}");
    for places in [json!(["9901", "示例市", "99010000", 990_100, null]), json!("990100")] {
        content["places"] = places;
        let link = server.url(&format!("/#huiqi={}", URL_SAFE_NO_PAD.encode(content.to_string())));
        opened(&link, "项现在的数据里没有了")?;
    }
    Ok(())
}

/// A firm pays for the areas it lies in, and gets what an uncut bundle has for it.
#[test]
fn only_areas_of_the_firm_are_fetched() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let areas = site_of_areas(dir.path())?;
    let of = |code: &str| areas.iter().find(|[area, ..]| area == code).with_context(|| code.to_owned());
    ensure!(areas.len() > 8, "{areas:?}");
    let browser = Browser::launch(Kind::Current)?;
    let whole = Server::start(demo_dir()?)?;
    let page = browser.new_page()?;
    let shadow = ready(&page, &whole)?;
    fill_in(&shadow)?;
    let expected = settled_rows(&shadow)?;

    let server = Server::start(dir.path().join("site"))?;
    let fetched = |code: &str| -> Result<bool> {
        let [_, table, _] = of(code)?;
        Ok(server.log().iter().any(|path| path.contains(table.as_str())))
    };
    let page = browser.new_page()?;
    let shadow = ready(&page, &server)?;
    ensure!(fetched("000000")? && !fetched("130000")?, "no place is known yet: {:?}", server.log());
    shadow.click_text(".nav button", "搜政策")?;
    shadow.wait_for("this.querySelector('.note.place')", LIMIT)?;
    let found = first_ten(&shadow, "河北省 技术改造")?;
    shadow.fill("input[type=search]", "")?;
    shadow.click_text(".note.place button", "去选注册地")?;
    fill_in(&shadow)?;
    shadow.wait_for(
        &format!(
            "[...this.querySelectorAll('.grp > summary .n')].reduce((sum, n) => sum + parseInt(n.textContent), 0) >= {}",
            expected.len()
        ),
        LIMIT,
    )?;
    ensure!(settled_rows(&shadow)? == expected, "the areas give other results than the whole");
    ensure!(fetched("130000")? && !fetched("440000")? && !fetched("440300")?, "{:?}", server.log());
    shadow.click_text(".nav button", "搜政策")?;
    ensure!(
        !shadow.eval("return !!this.querySelector('.note.place')")?.as_bool().unwrap_or(true),
        "a place is known"
    );
    let now = first_ten(&shadow, "河北省 技术改造")?;
    ensure!(now != found, "the province's measures are not found: {now:?}");
    let console = page.console()?;
    ensure!(console.is_empty(), "{console:?}");

    // An area that cannot be had is named; the others work.
    let [_, table, _] = of("130000")?;
    server.set_fault(&format!("/data/{table}.bin"), Fault::NotFound);
    let page = browser.new_page()?;
    let shadow = ready(&page, &server)?;
    fill_in(&shadow)?;
    shadow.wait_for("this.textContent.includes('项照常匹配')", LIMIT)?;
    let text = shadow.text()?;
    ensure!(text.contains(table.as_str()), "{table} is not named: {text}");
    ensure!(!rows(&shadow)?.is_empty(), "no measure is listed");
    Ok(())
}

#[test]
fn a_csp_without_wasm_is_explained() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    server.set_header(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'",
    );
    expect_message(&server, &["CSP", "'wasm-unsafe-eval'", "script-src", "政策清单仍然可用"])
}

#[test]
fn a_strict_csp_with_the_keyword_works() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    server.set_header(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self'",
    );
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = ready(&page, &server)?;
    fill_in(&shadow)?;
    let console = page.console()?;
    ensure!(console.is_empty(), "the policy was violated: {console:?}");
    Ok(())
}

#[test]
fn wrong_numbers_are_named_and_nothing_is_lost() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = ready(&page, &server)?;
    shadow.fill("#f-staff_total-0", "-5")?;
    shadow.fill("#f-found_date-0", "去年五月")?;
    shadow.click("button[type=submit]")?;
    shadow.wait_for("this.querySelector('[role=alert]')", LIMIT)?;
    let text = shadow.text()?;
    for part in ["有 2 处要改", "“职工总数”不能是负数", "“去年五月”不是日期，写成 2018-05-10"]
    {
        ensure!(text.contains(part), "{part} is not said: {text}");
    }
    let kept = shadow.eval("return this.querySelector('#f-found_date-0').value")?;
    ensure!(kept == "去年五月", "what was typed is gone: {kept}");
    Ok(())
}

/// What a webmaster may get wrong in the tag: the default is used, the console says so, the page works.
#[test]
fn bad_attributes_fall_back_to_defaults() -> Result<()> {
    let page_text = std::fs::read_to_string(demo_dir()?.join("index.html"))?;
    let browser = Browser::launch(Kind::Current)?;
    for (attributes, warning) in [
        ("src=\"javascript:alert(1)\"", Some("src 应是 http 或 https 地址，写的是“javascript:alert(1)”")),
        ("src=\"http://[\"", Some("src 应是 http 或 https 地址，写的是“http://[”")),
        ("src=\"data/\" region=\"河北\"", Some("region 应是六位地区代码，写的是“河北”")),
        ("", None),
        ("src=\"data\" region=\"130100\"", None),
    ] {
        let server = Server::start(demo_dir()?)?;
        let changed = page_text.replace("src=\"data/\"", attributes);
        ensure!(attributes == "src=\"data/\"" || changed != page_text, "the example has another tag");
        server.set_fault("/index.html", Fault::Replace(changed.into_bytes()));
        let page = browser.new_page()?;
        let shadow = ready_at(&page, &server, "/index.html")?;
        let console = page.console()?;
        match warning {
            Some(text) => {
                ensure!(console.len() == 1 && console[0].contains(text), "{attributes}: {console:?}")
            }
            None => ensure!(console.is_empty(), "{attributes}: {console:?}"),
        }
        let city = shadow.eval("return (this.querySelector('select[name=市]') || {}).value || ''")?;
        ensure!((city == "130100") == attributes.contains("130100"), "{attributes}: the city is {city}");
    }
    Ok(())
}

/// Scripts move elements about: the widget is then taken down and set up again, and tells the page each time.
#[test]
fn an_element_that_is_moved_goes_on() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.before_load(
        "window.told = []; addEventListener('huiqi-ready', (event) => told.push(event.detail.measures))",
    )?;
    let shadow = ready(&page, &server)?;
    page.wait_for("told.length === 1", LIMIT)?;
    shadow.select("select[name=省]", "130000")?;
    shadow.wait_for("this.querySelector('select[name=市]')", LIMIT)?;
    page.eval("document.body.append(document.querySelector('huiqi-match'))")?;
    page.wait_for("told.length === 2", LIMIT)?;
    let seen = page.eval("told[0] === told[1] && +told[0] > 0")?;
    ensure!(seen == Value::Bool(true), "the page was told {}", page.eval("JSON.stringify(told)")?);
    let seen = shadow.eval("return this.querySelectorAll('.hq').length")?;
    ensure!(seen == 1, "there are {seen} widgets");
    // What was answered before is still there, and more can be.
    shadow.wait_for("this.querySelector('select[name=省]').value === '130000'", LIMIT)?;
    shadow.select("select[name=市]", "130100")?;
    shadow.wait_for("this.querySelector('select[name=区县]')", LIMIT)?;
    let console = page.console()?;
    ensure!(console.is_empty(), "the console is not empty: {console:?}");
    Ok(())
}

/// Pictures for people to look at, in target/screens; the README's picture is one of them.
#[test]
fn screenshots_for_review() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let folder = workspace_root().join("target/screens");
    let phone = Viewport { width: 375, height: 740, scale: 2.0, mobile: true };
    let zoomed = Viewport { width: 640, height: 400, scale: 2.0, mobile: false };
    for (name, viewport) in [("1280", Viewport::DESKTOP), ("375", phone), ("zoom200", zoomed)] {
        let page = browser.new_page()?;
        page.set_viewport(viewport)?;
        let shadow = ready(&page, &server)?;
        page.screenshot(folder.join(format!("form-{name}.png")), Area::FullPage)?;
        fill_in(&shadow)?;
        shadow.wait_for(
            "[...this.querySelectorAll('.mr .d')].some((d) => /依据 [^）]/.test(d.textContent))",
            LIMIT,
        )?;
        page.screenshot(folder.join(format!("results-{name}.png")), Area::FullPage)?;
        shadow.click_text(".mr button.name", "高新技术企业所得税减按15%")?;
        shadow.wait_for("this.textContent.includes('来源')", LIMIT)?;
        page.screenshot(folder.join(format!("measure-{name}.png")), Area::FullPage)?;
        answer_income(&shadow)?;
        page.screenshot(folder.join(format!("sum-{name}.png")), Area::Viewport)?;
        page.eval("document.querySelector('huiqi-match').setAttribute('theme', 'dark')")?;
        page.screenshot(folder.join(format!("dark-{name}.png")), Area::Viewport)?;
        // A measure with papers, forms and an office.
        shadow.click_text(".nav button", "搜政策")?;
        first_ten(&shadow, "招人补贴")?;
        page.screenshot(folder.join(format!("search-{name}.png")), Area::Viewport)?;
        page.eval("document.querySelector('huiqi-match').removeAttribute('theme')")?;
        first_ten(&shadow, "专精特薪")?;
        shadow.click(".filter summary")?;
        shadow.wait_for("this.querySelector('select[data-facet=theme] option')", LIMIT)?;
        page.screenshot(folder.join(format!("filters-{name}.png")), Area::Viewport)?;
        first_ten(&shadow, "技术改造项目补助")?;
        shadow.click_text(".hit button", "技术改造项目补助")?;
        shadow.wait_for("this.textContent.includes('承诺时限')", LIMIT)?;
        page.screenshot(folder.join(format!("papers-{name}.png")), Area::FullPage)?;
        let wide =
            page.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth")?;
        ensure!(wide == 0, "{name}: the page scrolls sideways by {wide} px");
    }
    Ok(())
}
