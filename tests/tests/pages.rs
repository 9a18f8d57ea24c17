//! The pages of a visit, one by one: what each shows, does and keeps.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use huiqi_tests::axe;
use huiqi_tests::browser::{Area, Browser, Kind, Page, Shadow, Viewport};
use huiqi_tests::newcomer::{MOST_ANSWERS, newcomer};
use huiqi_tests::server::{Fault, Server};
use huiqi_tests::visit::{LIMIT, fragment, go, golden, made, open, profile_of, screens, visit};
use huiqi_tests::{copy_folder, demo_dir, publish, workspace_root};
use serde_json::{Value, json};

const MAKER: &str = "sample-city-maker.yaml";
const PHONE: Viewport = Viewport { width: 375, height: 740, scale: 2.0, mobile: true };

/// A copy of the demo site with the policies of 示例市 only, which golden plans are made from.
fn town() -> Result<(tempfile::TempDir, PathBuf)> {
    let dir = tempfile::tempdir()?;
    let site = dir.path().join("site");
    copy_folder(&demo_dir()?, &site)?;
    std::fs::remove_dir_all(site.join("data"))?;
    let policies = dir.path().join("policies");
    copy_folder(&workspace_root().join("policies/990100"), &policies.join("990100"))?;
    std::fs::copy(workspace_root().join("policies/huiqi.yaml"), policies.join("huiqi.yaml"))?;
    publish(&policies, &site.join("data"), &dir.path().join("index"), 0, &["--publisher", "惠企通示例"])?;
    Ok((dir, site))
}

fn text(shadow: &Shadow<'_>, css: &str) -> Result<String> {
    let texts = shadow.texts(css)?;
    texts.first().cloned().with_context(|| format!("there is no {css}"))
}

fn quiet(page: &Page) -> Result<()> {
    let console = page.console()?;
    ensure!(console.is_empty(), "the console is not empty: {console:?}");
    Ok(())
}

/// Pictures for people to look at, in target/screens.
#[test]
fn pictures_of_all_pages() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let folder = screens();
    let zoomed = Viewport { width: 640, height: 400, scale: 2.0, mobile: false };
    for (name, viewport) in [("1280", Viewport::DESKTOP), ("375", PHONE), ("zoom200", zoomed)] {
        let page = browser.new_page()?;
        page.set_viewport(viewport)?;
        let shadow = visit(&page, &server, "/", MAKER)?;
        let shot = |what: &str| -> Result<()> {
            page.screenshot(folder.join(format!("{what}-{name}.png")), Area::FullPage)?;
            let wide =
                page.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth")?;
            ensure!(wide == 0, "{what} {name}: the page scrolls sideways by {wide} px");
            // A text of some length in a column of three letters or less.
            let squeezed = shadow.eval(
                "return [...this.querySelectorAll('*')].filter((one) => {
                    const own = [...one.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join('');
                    const {width, height} = one.getBoundingClientRect(), size = parseFloat(getComputedStyle(one).fontSize);
                    return one.checkVisibility() && own.length > 6 && height > 4 * size && width < 3.5 * size;
                }).map((one) => one.outerHTML.slice(0, 200))",
            )?;
            ensure!(squeezed == json!([]), "{what} {name}: squeezed are {squeezed}");
            Ok(())
        };
        shadow.wait_for("/依据/.test(this.querySelector('.mr .d').textContent)", LIMIT)?;
        // The README's pictures are copies of these.
        let part =
            |what: &str| page.screenshot(folder.join(format!("readme-{what}-{name}.png")), Area::Viewport);
        shadow.click_text(".nav button", "企业信息")?;
        go(&shadow, "结果")?;
        part("results")?;
        shot("maker-results")?;
        shadow.click_text(".nx button", "继续回答")?;
        shadow.wait_for("this.querySelector('.prog')", LIMIT)?;
        shot("maker-question")?;
        go(&shadow, "结果")?;
        shadow.click_text(".mr .name", "设备更新补助")?;
        shadow.wait_for("this.querySelector('blockquote mark')", LIMIT)?;
        shadow.click(".cond details.cl summary")?;
        part("measure")?;
        shot("maker-measure")?;
        go(&shadow, "方案")?;
        shadow.wait_for("this.querySelector('input[name=paper]')", LIMIT)?;
        page.eval("scrollTo(0, 0)")?;
        part("plan")?;
        shot("maker-plan")?;
        shadow.click_text(".btn", "打印或存 PDF")?;
        shadow.wait_for("this.querySelector('.paper')", LIMIT)?;
        shot("maker-print")?;
        go(&shadow, "方案")?;
        shadow.click_text(".btn", "如果数字变一变")?;
        shadow.wait_for("this.querySelector('.rng')", LIMIT)?;
        shot("maker-what-if")?;
        go(&shadow, "日历")?;
        shadow.wait_for("this.querySelector('.cal')", LIMIT)?;
        shadow.click_text(".bar .btn", "12")?;
        shot("maker-calendar")?;
        go(&shadow, "方案")?;
        shadow.click_text("fieldset .ans", "并排比较")?;
        shadow.wait_for("this.querySelector('.cp')", LIMIT)?;
        shot("maker-compare")?;
        go(&shadow, "方案")?;
        shadow.click_text(".btn", "分享")?;
        shadow.click_text(".dlg .opt", "连我填的信息")?;
        shadow.wait_for("this.querySelector('.dlg .note')", LIMIT)?;
        page.screenshot(folder.join(format!("maker-share-{name}.png")), Area::Viewport)?;
        shadow.click_text(".dlg button", "关闭")?;
        go(&shadow, "企业信息")?;
        shadow.click_text("details.cl summary", "怎么算的")?;
        shot("maker-start")?;
        shadow.click_text(".btn", "保存、导入企业信息")?;
        shadow.wait_for("this.querySelector('#firm-name')", LIMIT)?;
        shot("maker-kept")?;
        go(&shadow, "结果")?;
        shadow.click_text(".tools button", "繁體")?;
        shadow.wait_for("this.textContent.includes('結果')", LIMIT)?;
        shot("maker-results-hant")?;
        shadow.click_text(".tools button", "English")?;
        shadow.wait_for("this.textContent.includes('Eligible')", LIMIT)?;
        shot("maker-results-en")?;
        shadow.click(".mr .name")?;
        shadow.wait_for("this.querySelector('.cond')", LIMIT)?;
        shot("maker-measure-en")?;
        shadow.click_text(".tools button", "简体")?;
        shadow.click_text(".tools button", "大字")?;
        go(&shadow, "结果")?;
        shot("maker-large")?;
        quiet(&page)?;
    }
    Ok(())
}

/// No page breaks a rule of axe, in light and dark, in three languages.
#[test]
fn pages_break_no_rule() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    // Colours on their way from one theme to the other are nobody's.
    page.emulate_media(&[("prefers-reduced-motion", "reduce")])?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    let mut found = Vec::new();
    let mut looked = 0;
    // Word by which each page is reached, in the three languages.
    let languages = [
        ("简体", ["企业信息", "结果", "方案", "日历", "搜政策"]),
        ("繁體", ["企業信息", "結果", "方案", "日曆", "搜政策"]),
        ("English", ["Your firm", "Results", "Plan", "Calendar", "Search"]),
    ];
    for (language, [start, results, plan, calendar, search]) in languages {
        shadow.click_text(".tools button", language)?;
        shadow.wait_for(&format!("this.querySelector('.nav').textContent.includes('{results}')"), LIMIT)?;
        for theme in ["light", "dark"] {
            page.eval(&format!("document.querySelector('huiqi-match').setAttribute('theme', '{theme}')"))?;
            let mut check = |what: &str| -> Result<()> {
                looked += 1;
                let broken = axe::violations_with(&page, &shadow)?;
                found.extend(broken.into_iter().map(|line| format!("{language} {theme} {what}: {line}")));
                Ok(())
            };
            go(&shadow, start)?;
            check("start")?;
            go(&shadow, results)?;
            shadow.wait_for("this.querySelector('.mr')", LIMIT)?;
            check("results")?;
            shadow.click(".nx button")?;
            shadow.wait_for("this.querySelector('.prog')", LIMIT)?;
            check("question")?;
            go(&shadow, results)?;
            shadow.click(".mr .name")?;
            shadow.wait_for("this.querySelector('.cond') && this.querySelector('.rate')", LIMIT)?;
            check("measure")?;
            go(&shadow, plan)?;
            shadow.wait_for("this.querySelector('input[name=paper]')", LIMIT)?;
            check("plan")?;
            shadow.click("fieldset .ans")?;
            shadow.wait_for("this.querySelector('.cp')", LIMIT)?;
            check("compare")?;
            go(&shadow, plan)?;
            shadow.click(".side .btn.pri")?;
            shadow.wait_for("this.querySelector('.paper')", LIMIT)?;
            check("print")?;
            go(&shadow, calendar)?;
            shadow.wait_for("this.querySelector('.cal')", LIMIT)?;
            check("calendar")?;
            go(&shadow, search)?;
            shadow.fill("input[type=search]", "设备")?;
            shadow.wait_for("this.querySelector('.hit')", LIMIT)?;
            check("search")?;
            shadow.fill("input[type=search]", "")?;
        }
    }
    ensure!(looked == 54, "{looked} pages were looked at");
    ensure!(found.is_empty(), "{} broken:\n{}", found.len(), found.join("\n"));
    Ok(())
}

/// A plan of eight measures with shared papers and exclusions: the same on screen, on paper, as a table and as a calendar.
#[test]
fn the_plan_is_the_engines_everywhere() -> Result<()> {
    let (_dir, site) = town()?;
    let server = Server::start(&site)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    go(&shadow, "方案")?;
    shadow.wait_for("this.querySelector('input[name=paper]')", LIMIT)?;
    let golden_lines: Vec<String> =
        golden("sample-city-maker.sheet.txt")?.lines().map(str::to_owned).collect();
    let table = |name: &str| -> Result<String> { golden(&format!("sample-city-maker.{name}")) };

    shadow.click_text(".btn", "表格 CSV")?;
    ensure!(made(&shadow)? == table("csv")?.replace("\r\n", "\n"), "the table: {}", made(&shadow)?);
    shadow.click_text(".btn", "日历文件")?;
    ensure!(made(&shadow)? == table("ics")?.replace("\r\n", "\n"), "the calendar: {}", made(&shadow)?);
    shadow.click_text(".btn", "复制文字")?;
    ensure!(made(&shadow)? == table("txt")?, "the text: {}", made(&shadow)?);

    // On the screen: the same measures in the same order, with their sums, and every paper with its users.
    let title = golden_lines.first().context("a title")?;
    let figure = text(&shadow, ".fig")?;
    ensure!(
        title.starts_with("申报方案：8项") && text(&shadow, "h2")?.starts_with("申报方案：8 项"),
        "{title}"
    );
    ensure!(
        title.contains("153.92万元至156.92万元") && figure.contains("153.92") && figure.contains("156.92"),
        "{figure}"
    );
    let rows: Vec<&String> = golden_lines.iter().filter(|l| l.contains(" | 符合 | ")).collect();
    let shown = shadow.texts(".mr .name")?;
    let names: Vec<&str> = rows.iter().filter_map(|row| row.split(" | ").next()).collect();
    ensure!(shown == names, "shown {shown:?}, golden {names:?}");
    let sums = shadow.texts(".mr .amt")?;
    for (row, sum) in rows.iter().zip(&sums) {
        ensure!(row.split(" | ").nth(2) == Some(sum.as_str()), "{row}: {sum}");
    }
    let papers: Vec<(String, String)> = golden_lines
        .iter()
        .filter_map(|line| {
            let mut cells = line.split(" | ");
            let (name, used) = (cells.next()?, cells.next()?.strip_prefix("用于")?);
            Some((name.to_owned(), used.split('项').next()?.to_owned()))
        })
        .collect();
    let shown = shadow.eval(
        "return [...this.querySelectorAll('input[name=paper]')].map((box) => [box.nextSibling.textContent,
            /用于 (\\d+) 项/.exec(box.closest('li').textContent)[1]])",
    )?;
    let shown: Vec<(String, String)> = serde_json::from_value(shown)?;
    ensure!(papers.len() == 17 && shown == papers, "shown {shown:?}, golden {papers:?}");

    // On paper: what the frame that is printed holds.
    page.eval("window.printed = null")?;
    shadow.click_text(".btn", "打印或存 PDF")?;
    shadow.wait_for("this.querySelector('.paper')", LIMIT)?;
    page.before_load("window.print = () => {}")?;
    shadow.click_text(".btn", "打印")?;
    shadow.wait_for("this.querySelector('iframe')?.contentDocument.querySelector('.paper')", LIMIT)?;
    let paper = shadow.eval("return this.querySelector('iframe').contentDocument.body.innerText")?;
    let paper = paper.as_str().context("a text")?;
    for line in &golden_lines {
        for cell in line
            .split(" | ")
            .map(str::trim)
            .filter(|c| !c.is_empty() && !c.starts_with("http") && !c.starts_with('#'))
        {
            let cell = cell.split('：').next().unwrap_or(cell);
            let known = paper.contains(cell)
                || cell.starts_with('剩')
                || cell.contains("示例区示例大道")
                || cell.starts_with("先办")
                || cell.starts_with("用于")
                || cell.starts_with("2026-");
            ensure!(known, "the paper lacks “{cell}” of “{line}”");
        }
    }
    let styled = shadow.eval(
        "return this.querySelector('iframe').contentDocument.adoptedStyleSheets[0].cssRules.length > 5",
    )?;
    ensure!(styled == true, "the paper has no style");
    Ok(())
}

/// From an empty form to a printed plan with the keyboard alone.
#[test]
fn the_keyboard_is_enough() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = open(&page, &server, "/")?;
    shadow.wait_for("this.querySelector('select[name=省]')", LIMIT)?;
    // Where the focus is, and whether it can be seen.
    let focus = || -> Result<(String, bool)> {
        let found = shadow.eval(
            "const one = this.activeElement; if (!one) return ['', false];
             const box = one.closest('.opt, .chk, .rate label, .file') || one;
             const seen = [one, box, one.nextElementSibling].some((e) => e && getComputedStyle(e).outlineStyle !== 'none');
             return [(one.name || '') + ' ' + (one.id || '') + ' ' + (one.innerText || one.value || '').slice(0, 30), seen]",
        )?;
        Ok(serde_json::from_value(found)?)
    };
    let tab_to = |wanted: &str| -> Result<()> {
        let mut passed = Vec::new();
        for _ in 0..150 {
            page.press("Tab")?;
            let (name, seen) = focus()?;
            ensure!(name.is_empty() || seen, "the focus on {name:?} cannot be seen");
            if name.contains(wanted) {
                return Ok(());
            }
            passed.push(name);
        }
        anyhow::bail!("Tab does not reach {wanted:?}; it passed {passed:?}")
    };
    let type_in = |text: &str| -> Result<()> {
        for c in text.chars() {
            page.type_char(c)?;
        }
        Ok(())
    };
    tab_to("省")?;
    let mut passed = Vec::new();
    for _ in 0..5 {
        page.press("ArrowDown")?;
        let value = shadow.eval("return this.querySelector('select[name=省]').value")?;
        passed.push(value.clone());
        if value == "130000" {
            break;
        }
    }
    ensure!(passed.len() == 3, "河北 is the third province, the keys went to {passed:?}");
    shadow.wait_for("this.querySelector('select[name=市]')", LIMIT)?;
    tab_to("市")?;
    page.press("ArrowDown")?;
    shadow.wait_for("this.querySelector('select[name=区县] option:nth-child(2)')", LIMIT)?;
    tab_to("区县")?;
    page.press("ArrowDown")?;
    tab_to("industry")?;
    type_in("348")?;
    shadow.wait_for("this.querySelector('[role=option]')", LIMIT)?;
    page.press("ArrowDown")?;
    page.press("ArrowUp")?;
    let active = shadow.eval("return this.activeElement.getAttribute('aria-activedescendant') === this.querySelector('[role=option][aria-selected=true]').id")?;
    ensure!(active == true, "the option that is meant is not named");
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('input[name=industry]').value.includes('C348')", LIMIT)?;
    tab_to("staff_total")?;
    type_in("126")?;
    tab_to("revenue")?;
    type_in("9200")?;
    tab_to("看结果")?;
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    // The page tells where it is: the heading has the focus.
    let heading = shadow.eval("return this.activeElement.tagName")?;
    ensure!(heading == "H2", "the focus is on {heading}");
    tab_to("继续回答")?;
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('.prog')", LIMIT)?;
    tab_to("不确定")?;
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('.prog')", LIMIT)?;
    tab_to("不答了")?;
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    // A measure and back: the focus is on the row that was left.
    let first: String = text(&shadow, ".mr .name")?.chars().take(30).collect();
    tab_to(&first)?;
    let (row, _) = focus()?;
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('.cond') || this.querySelector('.lnk')", LIMIT)?;
    tab_to("返回")?;
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    let (now, _) = focus()?;
    ensure!(now == row, "from {row:?} back to {now:?}");
    // The nav comes before; Shift+Tab goes there.
    for _ in 0..80 {
        page.press("Shift+Tab")?;
        if focus()?.0.contains("方案") {
            break;
        }
    }
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('.nav [aria-current]').textContent.includes('方案')", LIMIT)?;
    tab_to("打印或存")?;
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('.paper')", LIMIT)?;
    tab_to("打印")?;
    page.press("Enter")?;
    shadow.wait_for("this.querySelector('iframe')?.contentDocument.querySelector('.paper')", LIMIT)?;
    quiet(&page)
}

/// The code is checked while it is typed, and its place is proposed, never taken.
#[test]
fn the_credit_code_is_checked_and_proposes_a_place() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = open(&page, &server, "/")?;
    let said = || text(&shadow, "#code-m");
    shadow.fill("#code", "9113010")?;
    shadow.wait_for("this.querySelector('#code-m').textContent.includes('7')", LIMIT)?;
    ensure!(said()?.contains("已输入 7 位"), "{}", said()?);
    // Full width and small letters are taken; the last character decides.
    let body = "91130102MA00000001"[..17].to_owned();
    let last = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        .chars()
        .find(|c| huiqi_engine::uscc::Uscc::parse(&format!("{body}{c}")).is_ok())
        .context("a check character")?;
    let wrong = if last == '7' { '8' } else { '7' };
    shadow.fill("#code", &format!("{body}{wrong}"))?;
    shadow.wait_for("this.querySelector('#code').getAttribute('aria-invalid') === 'true'", LIMIT)?;
    ensure!(said()?.contains(&format!("第18位应是{last}，写的是{wrong}")), "{}", said()?);
    shadow.fill("#code", &format!("{body}{last}").to_lowercase())?;
    shadow.wait_for("this.querySelector('#code-m').textContent.includes('代码正确')", LIMIT)?;
    let seat = shadow.eval("return this.querySelector('select[name=省]').value")?;
    ensure!(seat == "", "a place was taken: {seat}");
    shadow.click_text("button", "就是注册地")?;
    shadow.wait_for("this.querySelector('select[name=省]').value === '130000'", LIMIT)?;
    shadow.wait_for("this.querySelector('select[name=市]').value === '130100'", LIMIT)?;
    // No request, no address, no storage knows of it.
    let told = page.requests()?.iter().any(|r| r.url.to_uppercase().contains("91130102"));
    ensure!(
        !told && page.eval("location.href.length + localStorage.length")?.as_u64() < Some(80),
        "the code left the page"
    );
    quiet(&page)
}

/// Industries by name, by code and by the first letters of their readings.
#[test]
fn industries_are_found_by_their_first_letters() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = open(&page, &server, "/")?;
    for (typed, wanted) in
        [("tylbj", "通用零部件制造"), ("348", "通用零部件制造"), ("通用零部件", "通用零部件制造")]
    {
        shadow.fill("input[name=industry]", typed)?;
        shadow.wait_for(
            &format!(
                "[...this.querySelectorAll('[role=option]')].some((o) => o.textContent.includes('{wanted}'))"
            ),
            LIMIT,
        )?;
    }
    shadow.fill("input[name=industry]", "没有这个行业吧")?;
    shadow.wait_for("this.textContent.includes('没有这个行业')", LIMIT)?;
    shadow.fill("input[name=industry]", "348")?;
    shadow.wait_for("this.querySelector('[role=option]')", LIMIT)?;
    page.press("Escape")?;
    shadow.wait_for("!this.querySelector('[role=option]')", LIMIT)?;
    quiet(&page)
}

/// Sizes follow from the figures, and the page says how.
#[test]
fn the_size_class_is_explained() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    go(&shadow, "企业信息")?;
    shadow.wait_for("this.textContent.includes('企业规模：小型')", LIMIT)?;
    shadow.click_text("summary", "怎么算的")?;
    let steps = shadow.texts(".calc td")?;
    ensure!(
        steps.iter().any(|s| s.contains("126人")) && steps.iter().any(|s| s.contains("中型300人起")),
        "{steps:?}"
    );
    Ok(())
}

/// Questions: why, what is at stake, back without loss, not sure, later, and an end.
#[test]
fn questions_can_be_left_and_taken_back() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    let count = |text: &str| -> Option<u32> {
        text.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok()
    };
    let before = count(&text(&shadow, ".nx b")?).context("a number of questions")?;
    shadow.click_text(".nx button", "继续回答")?;
    shadow.wait_for("this.querySelector('.prog')", LIMIT)?;
    let first = text(&shadow, "h2")?;
    ensure!(shadow.texts(".st > p")?.iter().any(|p| p.contains("这一题关系到")), "what is at stake");
    ensure!(!shadow.texts("details .lst .name")?.is_empty(), "nobody says why this is asked");
    shadow.click_text("form button", "不确定")?;
    shadow.wait_for(&format!("this.querySelector('h2').textContent !== {}", json!(first)), LIMIT)?;
    let second = text(&shadow, "h2")?;
    shadow.click_text("form button", "稍后")?;
    shadow.wait_for(&format!("this.querySelector('h2').textContent !== {}", json!(second)), LIMIT)?;
    shadow.click(".lnk")?;
    shadow.wait_for(&format!("this.querySelector('h2').textContent === {}", json!(second)), LIMIT)?;
    shadow.click(".lnk")?;
    shadow.wait_for(&format!("this.querySelector('h2').textContent === {}", json!(first)), LIMIT)?;
    shadow.click_text(".ans", "直接看结果")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    // 不确定 is an answer: it is not asked again.
    let after = count(&text(&shadow, ".nx b")?).context("a number of questions")?;
    ensure!(after < before, "{before} questions before, {after} after");
    quiet(&page)
}

/// Filters with counts, three orders, groups that fold, and a measure that the firm adds.
#[test]
fn results_are_filtered_sorted_and_joined() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    let names = || shadow.texts("[data-group=eligible] .mr .name");
    let all = names()?;
    ensure!(all.len() == 12, "{all:?}");
    // A chip says how many it leaves.
    let chip =
        shadow.texts(".chips .btn")?.into_iter().find(|c| c.starts_with("即将截止")).context("a chip")?;
    shadow.click_text(".chips .btn", "即将截止")?;
    shadow.wait_for("this.querySelectorAll('.mr').length === 1", LIMIT)?;
    ensure!(chip.ends_with('1'), "{chip}");
    ensure!(text(&shadow, ".bar [role=status]")?.contains("显示 1 项"), "the count");
    shadow.click_text(".chips .btn", "全部")?;
    shadow.select("select[name=sort]", "deadline")?;
    shadow.wait_for(
        "this.querySelector('[data-group=eligible] .mr .name').textContent === '研发投入奖励'",
        LIMIT,
    )?;
    let days = shadow.eval("return [...this.querySelectorAll('[data-group=eligible] .mr .due b')].map((b) => +(/\\d+/.exec(b.textContent) || [9999])[0])")?;
    let days: Vec<u32> = serde_json::from_value(days)?;
    ensure!(days.is_sorted(), "{days:?}");
    shadow.select("select[name=sort]", "certainty")?;
    shadow.wait_for("this.querySelector('select[name=sort]').value === 'certainty'", LIMIT)?;
    shadow.click_text("summary", "更多筛选")?;
    shadow.wait_for("this.querySelector('select[data-facet=kind] option:nth-child(2)')", LIMIT)?;
    let kinds = shadow.texts("select[data-facet=kind] option")?;
    let award = kinds.iter().find(|k| k.starts_with("奖励")).context("奖励")?;
    let wanted: usize = award.chars().filter(char::is_ascii_digit).collect::<String>().parse()?;
    shadow.select("select[data-facet=kind]", "奖励")?;
    shadow.wait_for(
        &format!("this.querySelector('.bar [role=status]').textContent.includes('显示 {wanted} 项')"),
        LIMIT,
    )?;
    shadow.select("select[data-facet=kind]", "")?;
    // Folded, never hidden: the head says how many, the rows come when it is opened.
    ensure!(!shadow.exists("[data-group=ineligible] .mr")?, "a closed group draws its rows");
    shadow.click("[data-group=ineligible] > summary")?;
    shadow.wait_for("this.querySelectorAll('[data-group=ineligible] .mr').length > 0", LIMIT)?;
    // Out of the plan and in again; what excludes it gives way.
    let plan = |wanted: &str| {
        shadow.wait_for(&format!("this.querySelector('.nav .n')?.textContent.trim() === '{wanted}'"), LIMIT)
    };
    plan("9")?;
    let first = "[data-id] input[name=join]";
    shadow.click(first)?;
    plan("8")?;
    shadow.click(first)?;
    plan("9")?;
    quiet(&page)
}

/// One measure: clause by clause with the quoted text, the sum, papers, how, where from; received; rated.
#[test]
fn a_measure_tells_everything() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    shadow.click_text(".mr .name", "设备更新补助")?;
    // The clause is quoted from the full text, which the page fetched for it.
    shadow.wait_for("this.querySelector('.cond blockquote mark')", LIMIT)?;
    shadow.click(".cond details.cl summary")?;
    let quote = shadow.eval("return this.querySelector('.cond blockquote').textContent")?;
    let source = std::fs::read_to_string(workspace_root().join("policies/990100/sample-industry.txt"))?;
    let quote = quote.as_str().context("a quote")?.trim_end_matches('…').trim();
    ensure!(!quote.is_empty() && source.contains(quote), "not in the document: {quote}");
    // The clause itself, from its number on, for every condition that has one.
    let quotes = shadow.eval(
        "return [...this.querySelectorAll('.cond details.cl')].map((one) => [one.querySelector('summary').textContent,
            one.querySelector('mark').textContent])",
    )?;
    let quotes: Vec<(String, String)> = serde_json::from_value(quotes)?;
    ensure!(quotes.len() > 3, "{quotes:?}");
    for (basis, quote) in &quotes {
        let number = basis.rsplit(['条', '、']).next().unwrap_or_default();
        let start = if number.is_empty() { "第" } else { "（" };
        ensure!(
            quote.starts_with(start) && source.contains(quote.split("……").next().unwrap_or(quote)),
            "{basis}: {quote}"
        );
    }
    shadow.click_text("summary", "看原文")?;
    let marks = shadow.eval("return this.querySelectorAll('.full mark').length")?;
    ensure!(marks.as_u64() > Some(0), "no clause is marked");
    for wanted in ["条件", "金额怎么算", "材料", "怎么办", "来源", "名词解释", "这页说清楚了吗"]
    {
        let there = shadow.eval(&format!("return this.textContent.includes('{wanted}')"))?;
        ensure!(there == true, "nothing about {wanted}");
    }
    let apply = shadow
        .eval("return this.querySelector('a.btn.pri').href + ' ' + this.querySelector('a.btn.pri').rel")?;
    ensure!(apply == "https://www.example.gov.cn/apply/equipment noopener noreferrer", "{apply}");
    let call = shadow.eval("return this.querySelector('a[href^=\"tel:\"]')?.href")?;
    ensure!(call.as_str().is_some_and(|c| c.starts_with("tel:0990-")), "{call}");
    // What excludes it is named.
    ensure!(shadow.exists(".note.q .name")?, "what excludes it is not named");
    // 好差评 stays here; the page is told the level, never a fact of the firm.
    page.eval("window.rated = []; document.addEventListener('huiqi-rate', (e) => rated.push(e.detail))")?;
    shadow.click_text(".rate label", "不满意")?;
    shadow.click_text("label.chk", "材料没写全")?;
    shadow.wait_for("this.textContent.includes('只存在这台设备')", LIMIT)?;
    let rated = page.eval("JSON.stringify(rated)")?;
    let rated: Value = serde_json::from_str(rated.as_str().context("a text")?)?;
    ensure!(
        rated.as_array().is_some_and(|r| r.len() == 2) && rated[1]["level"] == 2 && rated[1]["reasons"] == 8,
        "{rated}"
    );
    // Had this year already: it leaves the plan, and what it excluded comes in.
    let count = text(&shadow, ".nav .n")?;
    go(&shadow, "结果")?;
    shadow.click_text(".mr .name", "研发投入奖励")?;
    shadow.click("input[name=received]")?;
    shadow.wait_for(
        &format!("this.querySelector('.nav .n').textContent.trim() !== '{}'", count.trim()),
        LIMIT,
    )?;
    quiet(&page)
}

/// 如果数字变一变: another figure, what it brings, and back.
#[test]
fn other_figures_show_what_they_bring() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    go(&shadow, "方案")?;
    shadow.click_text(".btn", "如果数字变一变")?;
    shadow.wait_for("this.querySelector('input[name=try]')", LIMIT)?;
    let before = shadow.eval("return this.querySelector('input[name=try]').value")?;
    let sentence = text(&shadow, ".lst li")?;
    ensure!(sentence.contains("再多440万元"), "{sentence}");
    shadow.fill("input[name=try]", "1000")?;
    shadow.wait_for("this.querySelector('.side .fig')?.textContent.includes('+47')", LIMIT)?;
    ensure!(text(&shadow, ".side h3")?.contains("多拿"), "{}", text(&shadow, ".side h3")?);
    // Nothing of it is kept.
    shadow.click_text(".btn", "全部还原")?;
    shadow.wait_for(&format!("this.querySelector('input[name=try]').value === {before}"), LIMIT)?;
    go(&shadow, "结果")?;
    ensure!(text(&shadow, ".fig")?.contains("209.92"), "{}", text(&shadow, ".fig")?);
    // The slider goes by keys, and says in words where it is.
    go(&shadow, "方案")?;
    shadow.click_text(".btn", "如果数字变一变")?;
    shadow.wait_for("this.querySelector('.rng')", LIMIT)?;
    shadow.eval("this.querySelector('.rng').focus()")?;
    for _ in 0..3 {
        page.press("ArrowRight")?;
    }
    shadow.wait_for("this.querySelector('.side .fig') || this.querySelector('.side h3')", LIMIT)?;
    let said = shadow.eval("return this.querySelector('.rng').getAttribute('aria-valuetext')")?;
    ensure!(said.as_str().is_some_and(|s| s.contains("万元")), "{said}");
    quiet(&page)
}

/// Months forward and back, both scopes, and the way to a measure.
#[test]
fn the_calendar_goes_by_months() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    go(&shadow, "日历")?;
    shadow.wait_for("this.querySelector('h2').textContent === '2026年11月'", LIMIT)?;
    let today = text(&shadow, "td[aria-current=date]")?;
    ensure!(today.starts_with("22"), "{today}");
    shadow.click_text(".bar .btn", "12月")?;
    shadow.wait_for("this.querySelector('h2').textContent === '2026年12月'", LIMIT)?;
    let listed = shadow.texts(".tl li")?;
    ensure!(listed.iter().any(|l| l.contains("技术改造项目补助") && l.contains("截止")), "{listed:?}");
    shadow.click_text(".bar .btn", "1月 ›")?;
    shadow.wait_for("this.querySelector('h2').textContent === '2027年1月'", LIMIT)?;
    shadow.click_text(".bar .btn", "今天")?;
    shadow.wait_for("this.querySelector('h2').textContent === '2026年11月'", LIMIT)?;
    shadow.click_text(".bar .btn", "全部政策")?;
    shadow.wait_for("this.querySelector('.bar [aria-pressed=true]').textContent === '全部政策'", LIMIT)?;
    shadow.click_text(".cal .ev", "研发投入奖励")?;
    shadow.wait_for("this.querySelector('.cond')", LIMIT)?;
    quiet(&page)
}

/// Two measures side by side, only what differs, and the other one into the plan.
#[test]
fn measures_are_compared() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    for name in ["技术改造项目补助", "设备更新补助"] {
        go(&shadow, "结果")?;
        shadow.click_text(".mr .name", name)?;
        shadow.wait_for("this.textContent.includes('来源') && this.querySelector('.rate')", LIMIT)?;
        shadow.click_text(".btn", "加入比较")?;
        shadow.wait_for("this.textContent.includes('移出比较')", LIMIT)?;
    }
    shadow.click_text(".btn", "比较 2 项")?;
    shadow.wait_for("this.querySelector('.cp')", LIMIT)?;
    ensure!(text(&shadow, ".note.q")?.contains("9.8万元"), "{}", text(&shadow, ".note.q")?);
    let rows = shadow.texts(".cp th[scope=row]")?.len();
    shadow.click("input[name=different]")?;
    shadow.wait_for(&format!("this.querySelectorAll('.cp th[scope=row]').length < {rows}"), LIMIT)?;
    shadow.click_text(".cp .btn", "放进方案")?;
    shadow.wait_for("[...this.querySelectorAll('.cp .btn[aria-pressed=true]')].length === 1", LIMIT)?;
    go(&shadow, "方案")?;
    shadow.wait_for(
        "[...this.querySelectorAll('.mr .name')].some((n) => n.textContent === '设备更新补助')",
        LIMIT,
    )?;
    let left = shadow.texts(".mr .name")?;
    ensure!(!left.contains(&"技术改造项目补助".to_owned()), "{left:?}");
    quiet(&page)
}

/// A link carries the plan, or the answers as well; it is read once and gone from the address. What is wrong in it is said.
#[test]
fn a_link_is_read_once() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    ensure!(page.eval("location.hash")? == "", "the answers stay in the address");
    go(&shadow, "方案")?;
    shadow.wait_for("this.querySelector('input[name=paper]')", LIMIT)?;
    shadow.click_text(".btn", "分享")?;
    shadow.wait_for("this.querySelector('.dlg #link')", LIMIT)?;
    let inside = shadow.eval("return !!this.activeElement.closest('.dlg')")?;
    ensure!(inside == true, "the focus is outside the dialog");
    let bare = shadow.eval("return this.querySelector('#link').value")?;
    let bare = bare.as_str().context("a link")?.to_owned();
    shadow.click_text(".dlg .opt", "连我填的信息")?;
    shadow.wait_for("this.querySelector('.dlg .note.er')?.textContent.includes('营业收入')", LIMIT)?;
    let full = shadow.eval("return this.querySelector('#link').value")?;
    let full = full.as_str().context("a link")?.to_owned();
    ensure!(full.len() > bare.len() + 200, "the answers are not in the link");
    shadow.click_text(".dlg button", "复制链接")?;
    page.press("Escape")?;
    shadow.wait_for("!this.querySelector('.dlg')", LIMIT)?;
    // Whoever opens the list sees the measures and no figure.
    let other = browser.new_page()?;
    other.goto(&bare)?;
    let shadow = other.shadow()?;
    shadow.wait_for("this.textContent.includes('对方分享的事项')", LIMIT)?;
    ensure!(other.eval("location.hash")? == "", "the list stays in the address");
    let value = shadow.eval(
        "return [...this.querySelectorAll('form input:not([type=radio])')].map((i) => i.value).join('')",
    )?;
    ensure!(value == "", "{value}");
    let other = browser.new_page()?;
    other.goto(&full)?;
    let shadow = other.shadow()?;
    shadow.wait_for("this.querySelector('.fig')?.textContent.includes('209.92')", LIMIT)?;
    // Answers that are no profile: what is wrong is said, and not that they were opened.
    let other = browser.new_page()?;
    // {"huiqi":1,"plan":[],"firm":{}}
    let shadow = open(&other, &server, "/#huiqi=eyJodWlxaSI6MSwicGxhbiI6W10sImZpcm0iOnt9fQ")?;
    shadow.wait_for("this.textContent.includes('不是惠企通的企业资料')", LIMIT)?;
    let opened = shadow.eval("return this.textContent.includes('打开了链接')")?;
    ensure!(opened == false && shadow.exists("select[name=省]")?, "{opened}");
    // A hostile one changes nothing and is named.
    for bad in ["#huiqi=%%%", "#huiqi=e30", "#huiqi=", &format!("#huiqi={}", "A".repeat(200_000))] {
        let other = browser.new_page()?;
        let shadow = open(&other, &server, &format!("/{bad}"))?;
        shadow.wait_for("this.textContent.includes('链接里的内容读不出来')", LIMIT)?;
        ensure!(shadow.exists("select[name=省]")?, "the form is gone");
        quiet(&other)?;
    }
    Ok(())
}

/// Kept only if the visitor says so: nothing, for this session, on this device; named; out as a file and in again; gone.
#[test]
fn firms_are_kept_only_on_demand() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    let stored = || {
        page.eval("JSON.stringify([localStorage['huiqi kept'] || '', sessionStorage['huiqi kept'] || ''])")
    };
    ensure!(stored()? == "[\"\",\"\"]", "kept without being asked: {}", stored()?);
    go(&shadow, "企业信息")?;
    shadow.click_text(".btn", "保存、导入企业信息")?;
    shadow.fill("#firm-name", "示例企业甲")?;
    shadow.click_text("form .btn", "保存")?;
    shadow.wait_for("this.textContent.includes('“示例企业甲”存在这台设备上了')", LIMIT)?;
    ensure!(stored()?.as_str().is_some_and(|s| s.contains("示例企业甲")), "{}", stored()?);
    shadow.fill("#firm-name", "示例企业乙")?;
    shadow.click_text("form .btn", "保存")?;
    shadow.wait_for("this.querySelectorAll('.lst .name').length === 2", LIMIT)?;
    // As a file.
    shadow.click_text(".btn", "导出企业信息")?;
    let file: Value = serde_json::from_str(&made(&shadow)?)?;
    ensure!(file == profile_of(MAKER)?, "the file is another profile");
    // Next visit: both are offered, and one click goes on with the results.
    page.goto(&server.url("/?again"))?;
    let shadow = page.shadow()?;
    shadow.wait_for("this.textContent.includes('以前存过的企业')", LIMIT)?;
    shadow.click_text(".lst .name", "示例企业甲")?;
    shadow.wait_for("this.querySelector('.fig')?.textContent.includes('209.92')", LIMIT)?;
    ensure!(!shadow.exists(".note.g .ans")?, "nothing is new");
    // One, then all.
    go(&shadow, "企业信息")?;
    shadow.click_text(".btn", "保存、导入企业信息")?;
    shadow.click_text(".lst .btn", "删除")?;
    shadow.wait_for("this.querySelectorAll('.lst .name').length === 1", LIMIT)?;
    shadow.click_text(".btn", "全部删除")?;
    shadow.wait_for("this.textContent.includes('删掉了')", LIMIT)?;
    ensure!(stored()? == "[\"\",\"\"]", "still kept: {}", stored()?);
    // A file that is none.
    shadow.eval("const f = new DataTransfer(); f.items.add(new File(['{\"a\":1}'], 'x.json')); const i = this.querySelector('input[name=import]'); i.files = f.files; i.dispatchEvent(new Event('change', {bubbles: true, composed: true}))")?;
    shadow.wait_for("this.textContent.includes('不是惠企通的企业资料')", LIMIT)?;
    // And one that is.
    let text = json!(profile_of(MAKER)?.to_string());
    shadow.eval(&format!("const f = new DataTransfer(); f.items.add(new File([{text}], 'x.json')); const i = this.querySelector('input[name=import]'); i.files = f.files; i.dispatchEvent(new Event('change', {{bubbles: true, composed: true}}))"))?;
    shadow.wait_for("this.textContent.includes('读进来')", LIMIT)?;
    quiet(&page)
}

/// A page that lets nothing be kept, and one that offers a profile.
#[test]
fn a_page_decides_about_storage_and_offers_a_profile() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let profile = json!(profile_of(MAKER)?.to_string());
    page.before_load(&format!(
        "document.addEventListener('DOMContentLoaded', () => {{
            const s = document.createElement('script'); s.type = 'application/json'; s.id = 'firm'; s.textContent = {profile};
            document.body.prepend(s);
            const w = document.querySelector('huiqi-match'); w.setAttribute('profile-from', 'firm'); w.setAttribute('storage', 'none');
        }})"
    ))?;
    let shadow = open(&page, &server, "/")?;
    shadow.wait_for("this.textContent.includes('本网站有你企业的')", LIMIT)?;
    let filled = shadow.eval("return this.querySelector('#f-staff_total-0').value")?;
    ensure!(filled == "", "taken without consent: {filled}");
    shadow.click_text(".btn", "填进来")?;
    shadow.wait_for("this.querySelector('#f-staff_total-0').value === '126'", LIMIT)?;
    shadow.click_text(".btn", "保存、导入企业信息")?;
    shadow.wait_for("this.textContent.includes('不保存任何内容')", LIMIT)?;
    ensure!(!shadow.exists("#firm-name")?, "there is a way to keep");
    shadow.click_text(".tools button", "大字")?;
    ensure!(page.eval("localStorage.length + sessionStorage.length")? == 0, "something was kept");
    quiet(&page)
}

/// What came since the firm was kept is told.
#[test]
fn what_is_new_since_the_last_visit_is_told() -> Result<()> {
    let (dir, site) = town()?;
    let server = Server::start(&site)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    go(&shadow, "企业信息")?;
    shadow.click_text(".btn", "保存、导入企业信息")?;
    shadow.fill("#firm-name", "示例企业甲")?;
    shadow.click_text("form .btn", "保存")?;
    shadow.wait_for("this.textContent.includes('存在这台设备上了')", LIMIT)?;
    let national = workspace_root().join("policies/000000");
    copy_folder(&national, &dir.path().join("policies/000000"))?;
    publish(
        &dir.path().join("policies"),
        &site.join("data"),
        &dir.path().join("index"),
        60,
        &["--publisher", "惠企通示例"],
    )?;
    page.goto(&server.url("/?later"))?;
    let shadow = page.shadow()?;
    shadow.click_text(".lst .name", "示例企业甲")?;
    shadow.wait_for("/新增 \\d+ 项，其中 \\d+ 项你符合/.test(this.textContent)", LIMIT)?;
    shadow.click_text(".ans", "看新增的")?;
    shadow.wait_for(
        "[...this.querySelectorAll('.note.g .name')].some((n) => n.textContent.includes('研发费用加计扣除'))",
        LIMIT,
    )?;
    quiet(&page)
}

/// Without a network after the first results: everything that was fetched goes on, and the page says so.
#[test]
fn no_network_is_told_and_matching_goes_on() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = visit(&page, &server, "/", MAKER)?;
    go(&shadow, "方案")?;
    shadow.wait_for("this.querySelector('input[name=paper]')", LIMIT)?;
    page.offline(true)?;
    go(&shadow, "企业信息")?;
    shadow.fill("#f-staff_total-0", "20")?;
    shadow.click_text(".btn", "看结果")?;
    shadow.wait_for("this.textContent.includes('现在没有网络，匹配照常')", LIMIT)?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    page.offline(false)?;
    Ok(())
}

/// The part with the later pages cannot be had: results stay, the reason is named, and trying again helps.
#[test]
fn missing_later_pages_are_told() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    server.set_fault("/widget/pages.bin", Fault::Status(503));
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = open(&page, &server, "/")?;
    shadow.fill("#f-staff_total-0", "20")?;
    shadow.click_text(".btn", "看结果")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    shadow.click_text(".nav button", "方案")?;
    shadow.wait_for("this.textContent.includes('页面的一部分没能打开')", LIMIT)?;
    server.clear_faults();
    shadow.click_text(".btn", "再试一次")?;
    shadow.wait_for("this.querySelector('.sum')", LIMIT)?;
    // Several publishers need that part from the start: the first one's policies are there, and the others are told of.
    let html = "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><huiqi-match src=\"/data/ /data/\">\
                <script src=\"/widget/loader.js\"></script></huiqi-match>";
    server.set_fault("/several.html", Fault::Typed("text/html; charset=utf-8", html.into()));
    server.set_fault("/widget/pages.bin", Fault::Status(503));
    let page = browser.new_page()?;
    let shadow = open(&page, &server, "/several.html")?;
    shadow.wait_for("this.textContent.includes('另外 1 个发布单位的政策没有列出')", LIMIT)?;
    shadow.wait_for("this.querySelector('select[name=省]')", LIMIT)
}

/// A link of a firm in the two other languages, and a wrong language in the tag.
#[test]
fn the_page_speaks_three_languages() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let link = format!("/{}", fragment(&profile_of(MAKER)?, &[]));
    for (tag, words, lang) in [
        ("en", ["Eligible", "Your firm", "R&D award"], "en"),
        ("zh-Hant", ["企業信息", "符合", "研發投入獎勵"], "zh-Hant"),
        ("fr", ["企业信息", "符合", "研发投入奖励"], "zh-Hans"),
    ] {
        let page = browser.new_page()?;
        page.before_load(&format!(
            "document.addEventListener('DOMContentLoaded', () => document.querySelector('huiqi-match').setAttribute('lang', '{tag}'))"
        ))?;
        let shadow = open(&page, &server, &link)?;
        for word in words {
            shadow.wait_for(&format!("this.textContent.includes({})", json!(word)), LIMIT)?;
        }
        let shown = shadow.eval("return this.querySelector('.hq').lang")?;
        ensure!(shown == lang, "{tag}: {shown}");
        let console = page.console()?;
        ensure!(console.is_empty() == (tag != "fr"), "{tag}: {console:?}");
        if tag == "zh-Hant" {
            // What was issued stays as it was issued.
            shadow.click_text(".mr .name", "設備更新補助")?;
            shadow.wait_for("this.querySelector('.cond blockquote mark')", LIMIT)?;
            let quote = shadow.eval("return this.querySelector('.cond blockquote').textContent")?;
            ensure!(quote.as_str().is_some_and(|q| q.contains("设备") || !q.contains('設')), "{quote}");
        }
        if tag == "en" {
            // Chinese that stays is said to be Chinese.
            let wrong = shadow.eval(
                "return [...this.querySelectorAll('.hq *')].filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && /[\\u4e00-\\u9fff]/.test(n.data))
                    && !e.closest('[lang=zh-Hans], [lang=zh-Hant]')).map((e) => e.outerHTML.slice(0, 80))",
            )?;
            ensure!(wrong == json!([]), "{wrong}");
        }
    }
    Ok(())
}

/// A newcomer who answers little has a plan on paper.
#[test]
fn a_newcomer_prints_a_plan() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let (answers, paper) = newcomer(&page, &server)?;
    ensure!(answers.len() <= MOST_ANSWERS, "{answers:?}");
    ensure!(paper.contains("设备更新补助"), "{answers:?} lead to: {paper}");
    quiet(&page)
}

/// What a webmaster writes wrong is named in the console, and the page goes on without it.
#[test]
fn wrong_attributes_are_named() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let many = ["/data/"; 9].join(" ");
    let cases = [
        (
            "profile-from=\"nirgends\"",
            "profile-from 应是一个元素的 id，里面是企业资料的 JSON，写的是“nirgends”",
        ),
        ("profile-from=\"broken\"", "profile-from 应是一个元素的 id，里面是企业资料的 JSON，写的是“broken”"),
        ("rate-to=\"javascript:alert(1)\"", "rate-to 应是 http 或 https 地址，写的是“javascript:alert(1)”"),
        ("storage=\"all\"", "storage 应是ask、none，写的是“all”"),
        ("publisher-key=\"- -\"", "publisher-key 应是和 src 一样多，写的是“-”"),
        (&format!("src=\"{many}\""), "src 应是至多 8 个地址，写的是“/data/”"),
    ];
    for (attributes, expected) in cases {
        let src = if attributes.starts_with("src") { "" } else { "src=\"/data/\"" };
        let html = format!(
            "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\">\
             <script type=\"application/json\" id=\"broken\">{{\"huiqi\":1,</script>\
             <huiqi-match {src} {attributes}><script src=\"/widget/loader.js\"></script></huiqi-match>"
        );
        server.set_fault("/wrong.html", Fault::Typed("text/html; charset=utf-8", html.into_bytes()));
        let page = browser.new_page()?;
        let shadow = open(&page, &server, "/wrong.html")?;
        shadow.wait_for("this.querySelector('select[name=省]')", LIMIT)?;
        // The later pages look at the profile.
        let mut console = String::new();
        for _ in 0..50 {
            console.push_str(&page.console()?.join("\n"));
            if console.contains(expected) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        ensure!(console.contains(&format!("huiqi-match：{expected}，没有采用")), "{attributes}: {console}");
    }
    Ok(())
}

/// What was kept and cannot be read any more is told, and stays until something else is kept.
#[test]
fn damaged_stores_are_told() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let firm = json!({ "name": "示例企业", "day": "2026-11-01", "profile": profile_of(MAKER)?, "seen": [] });
    let rows = json!({ "huiqi": 1, "firms": [firm, { "name": 7 }] });
    let cases = [
        ("{\"huiqi\":1,".to_owned(), "以前存的企业信息读不出来", 0),
        ("{\"huiqi\":99}".to_owned(), "以前存的企业信息读不出来", 0),
        (rows.to_string(), "存的企业里有 1 家读不出来", 1),
    ];
    for (kept, expected, firms) in cases {
        let browser = Browser::launch(Kind::Current)?;
        let page = browser.new_page()?;
        let text = json!(kept);
        page.before_load(&format!("localStorage.setItem('huiqi kept', {text})"))?;
        let shadow = open(&page, &server, "/")?;
        shadow.wait_for(&format!("this.textContent.includes('{expected}')"), LIMIT)?;
        let offered = shadow.eval("return this.textContent.split('示例企业').length - 1")?;
        ensure!(offered == firms, "{offered} firms are offered of {kept}");
        ensure!(page.eval("localStorage.getItem('huiqi kept')")? == kept, "{kept} was overwritten");
        quiet(&page)?;
    }
    Ok(())
}
