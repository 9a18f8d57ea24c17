//! The plans of two invented firms of 示例市, as they are shown, printed and taken along, against what was kept.

use anyhow::{Context as _, Result, ensure};
use huiqi::check::{Project, load};
use huiqi::fields::Sink;
use huiqi::run::read_profile;
use huiqi_engine::decide::Decider;
use huiqi_engine::export::{self, Act, Origin, Page, Sheet};
use huiqi_engine::firm::Firm;
use huiqi_engine::measure::Measure;
use huiqi_engine::plan::{Case, Standing, Wishes, alternatives, plan_with};
use huiqi_engine::report::{Report, report};
use huiqi_engine::words::Words;
use huiqi_tests::{plan, today, workspace_root};

/// The three documents of 示例市, with a firm of `examples/firms`.
struct Town {
    project: Project,
    measures: Vec<Measure>,
    firm: Firm,
    report: Report,
}

impl Town {
    fn new(firm: &str) -> Result<Self> {
        let mut sink = Sink::default();
        let project = load(&workspace_root().join("policies/990100"), today(), &mut sink, |_, _| {})?;
        let firm = workspace_root().join("examples/firms").join(firm);
        let firm = read_profile(&firm, today(), &project.tables, &mut sink)?;
        ensure!(sink.counts().errors == 0, "{:?}", sink.counts());
        let all = project.policies.iter().flat_map(|p| &p.measures);
        let measures: Vec<Measure> = all.map(|m| m.measure.clone()).collect();
        let catalogue = &project.tables.catalogue;
        let report = report(&Decider::new(&measures, catalogue, today()), &measures, catalogue, &firm);
        Ok(Self { project, measures, firm, report })
    }

    fn sheet(&self, wishes: &Wishes) -> Sheet {
        let case = Case {
            measures: &self.measures,
            outcomes: &self.report.outcomes,
            catalogue: &self.project.tables.catalogue,
            firm: &self.firm,
            today: today(),
        };
        let plan = plan_with(case, wishes);
        let groups = alternatives(case, wishes, &plan);
        let pages: Vec<_> = self.project.policies.iter().flat_map(|p| &p.measures).collect();
        let page = |at: usize| {
            let known = pages.get(at);
            Page { card: known.map(|m| &m.card), detail: known.map(|m| &m.detail) }
        };
        let origin =
            Origin { publisher: "惠企通示例", published: today(), measures: self.measures.len() };
        export::sheet(case, &plan, &groups, origin, &page)
    }
}

/// `BLESS=1` writes what is kept.
fn same_as_kept(name: &str, found: &str) -> Result<()> {
    let path = workspace_root().join("tests/fixtures/plan").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        std::fs::write(&path, found)?;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    ensure!(kept == found, "{} is not what comes out (BLESS=1 keeps it):\n{found}", path.display());
    Ok(())
}

fn all_forms(name: &str, sheet: &Sheet) -> Result<()> {
    let words = Words::default();
    same_as_kept(&format!("{name}.sheet.txt"), &plan::lines(sheet))?;
    same_as_kept(&format!("{name}.csv"), &export::plan_csv(sheet, &words))?;
    same_as_kept(&format!("{name}.ics"), &export::calendar_file(sheet, &words))?;
    same_as_kept(&format!("{name}.txt"), &export::plan_text(sheet, &words))
}

#[test]
fn the_plan_of_the_sample_firm() -> Result<()> {
    let town = Town::new("sample-city-maker.yaml")?;
    let sheet = town.sheet(&Wishes::default());
    ensure!(
        town.measures.len() >= 8 && sheet.rows.len() >= 6,
        "{} of {}",
        sheet.rows.len(),
        town.measures.len()
    );
    // The headline of the results page says the same.
    let headline = &town.report.headline;
    ensure!((sheet.total.low, sheet.total.high) == (headline.low, headline.high), "{headline:?}");
    ensure!(sheet.complete && sheet.choices.len() == 3, "{:?}", sheet.choices);
    ensure!(sheet.rows.iter().any(|row| !row.after.is_empty()), "a prerequisite");
    ensure!(sheet.papers.iter().filter(|p| p.rows.len() > 1).count() >= 5, "{:?}", sheet.papers);
    all_forms("sample-city-maker", &sheet)
}

#[test]
fn the_plan_of_a_firm_with_wishes() -> Result<()> {
    let town = Town::new("sample-city-young-maker.yaml")?;
    let mut wishes = Wishes::default();
    for id in ["industry-02", "sme-01", "sme-04", "sme-05"] {
        wishes.put_in(&format!("sample-2026-{id}"));
    }
    wishes.take_out("sample-2026-jobs-03");
    let sheet = town.sheet(&wishes);
    let likely = sheet.rows.iter().filter(|row| row.standing == Standing::Likely);
    ensure!(likely.count() == 4, "{:?}", sheet.rows);
    let before = town.sheet(&Wishes::default());
    ensure!(before.rows.iter().all(|row| row.standing == Standing::Sure), "nothing unsure by itself");
    all_forms("sample-city-young-maker", &sheet)
}

/// What the formats ask for, for texts that would break them.
#[test]
fn exports_hold_to_their_formats() -> Result<()> {
    let town = Town::new("sample-city-maker.yaml")?;
    let mut sheet = town.sheet(&Wishes::default());
    let words = Words::default();
    let row = sheet.rows.first_mut().context("a row")?;
    let name = "=SUM(A1), \"甲\";乙\\丙\n丁".to_owned();
    row.name.clone_from(&name);
    row.phone = "+86-311".to_owned();
    row.place = "地".repeat(60);
    row.url = "javascript:alert(1)".to_owned();
    row.source = "https://example.com/a b\r\nATTACH:x".to_owned();
    row.department = "\t@".to_owned();
    let day =
        sheet.days.iter_mut().find(|d| d.act == Act::Closes && d.row == Some(0)).context("its last day")?;
    day.text = name;

    let csv = export::plan_csv(&sheet, &words);
    ensure!(csv.starts_with('\u{feff}') && csv.ends_with("\r\n"), "mark and line ends");
    let table = read_csv(csv.trim_start_matches('\u{feff}'));
    let heads: Vec<&str> = table.iter().filter_map(|row| row.first().map(String::as_str)).collect();
    ensure!(heads.contains(&"事项") && heads.contains(&"材料") && heads.contains(&"日期"), "{heads:?}");
    let first = table.get(1).context("a row")?;
    ensure!(first[0] == "'=SUM(A1), \"甲\";乙\\丙\n丁", "{first:?}");
    ensure!(first.contains(&"'+86-311".to_owned()) && first.contains(&"'\t@".to_owned()), "{first:?}");
    for cell in table.iter().flatten() {
        ensure!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
    }
    // The two ends of all rows add up to the line below them.
    let width = table[0].len();
    let rows: Vec<&Vec<String>> = table.iter().take_while(|row| row.len() > 1).collect();
    ensure!(rows[..rows.len() - 1].iter().all(|row| row.len() == width), "every row has every column");
    for (column, total) in [(2, sheet.total.low), (3, sheet.total.high)] {
        let sum: f64 = rows[1..rows.len() - 1].iter().filter_map(|row| row[column].parse::<f64>().ok()).sum();
        ensure!((sum * 100.0).round() as i128 == total, "{sum} and {total}");
        ensure!(rows[rows.len() - 1][column].parse::<f64>()? == sum, "{:?}", rows[rows.len() - 1]);
    }

    let calendar = export::calendar_file(&sheet, &words);
    ensure!(calendar.replace("\r\n", "").find(['\r', '\n']).is_none(), "CRLF only");
    for line in calendar.split("\r\n") {
        ensure!(line.len() <= 75, "{} octets: {line}", line.len());
    }
    let unfolded = calendar.replace("\r\n ", "");
    let wanted = [
        "SUMMARY:=SUM(A1)\\, \"甲\"\\;乙\\\\丙\\n丁\r\n",
        "URL:https://example.com/abATTACH:x\r\n",
        "DTSTAMP:20261122T000000Z\r\n",
        "DTSTART;VALUE=DATE:20261130\r\n",
        "UID:sample-2026-industry-04-closes@huiqi\r\n",
    ];
    for wanted in wanted {
        ensure!(unfolded.contains(wanted), "{wanted} is missing in\n{unfolded}");
    }
    ensure!(!unfolded.contains("javascript"), "{unfolded}");
    for block in ["VCALENDAR", "VEVENT", "VALARM"] {
        let count = |mark: &str| unfolded.matches(&format!("{mark}:{block}\r\n")).count();
        ensure!(count("BEGIN") > 0 && count("BEGIN") == count("END"), "{block}");
    }
    // An automatic measure reminds of nothing.
    let automatic = unfolded.split("BEGIN:VEVENT").find(|e| e.contains("sample-2026-jobs-03"));
    ensure!(automatic.is_some_and(|e| !e.contains("VALARM")), "{automatic:?}");
    Ok(())
}

/// RFC 4180.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    rows
}

/// Every fixed text comes through the words of the reader.
#[test]
fn exports_speak_the_language_of_the_reader() -> Result<()> {
    let mut town = Town::new("sample-city-maker.yaml")?;
    let pairs = [
        ("事项", "Measure"),
        ("{0}（{1}）", "{0} ({1})"),
        ("{}止", "until {}"),
        ("{} 截止", "{} closes"),
        ("周一", "Mon"),
        ("免提交", "not needed"),
        ("惠企政策申报", "Applications"),
    ];
    let words = Words::new(pairs).context("no two keys have one hash")?;
    town.project.tables.catalogue.words = words.clone();
    let sheet = town.sheet(&Wishes::default());
    ensure!(sheet.rows[0].due == "until 11月30日 (Mon)", "{}", sheet.rows[0].due);
    let csv = export::plan_csv(&sheet, &words);
    ensure!(csv.contains("\u{feff}Measure,") && csv.contains(",Mon,研发投入奖励 closes"), "{csv}");
    ensure!(export::calendar_file(&sheet, &words).contains("X-WR-CALNAME:Applications\r\n"), "the calendar");
    ensure!(export::plan_text(&sheet, &words).contains("not needed"), "the text");
    Ok(())
}

/// Deadlines on weekends, with and without a counter to go to.
#[test]
fn a_weekend_has_a_working_day_before() -> Result<()> {
    let town = Town::new("sample-city-maker.yaml")?;
    let sheet = town.sheet(&Wishes::default());
    let of = |name: &str| -> Vec<String> {
        let days = sheet.days.iter().filter(|d| d.row.is_some_and(|row| sheet.rows[row].name == name));
        days.map(|d| format!("{} {}", d.date, d.text)).collect()
    };
    // A Sunday: the Friday before.
    let name = "技术改造项目补助";
    let expected =
        [format!("2026-12-18 {name}：窗口最后一天"), format!("2026-12-20 {name} 截止（只能网上报）")];
    ensure!(of(name) == expected, "{:?}", of(name));
    ensure!(of("研发投入奖励") == ["2026-11-30 研发投入奖励 截止"], "{:?}", of("研发投入奖励"));
    ensure!(
        sheet.days.first().is_some_and(|d| d.date == today() && d.act == Act::Prepare),
        "{:?}",
        sheet.days
    );
    ensure!(sheet.days.is_sorted_by_key(|d| d.date), "{:?}", sheet.days);
    Ok(())
}
