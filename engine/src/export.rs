//! The plan to take along: one [`Sheet`] from which screen, print, table, calendar file and text are all made, so that
//! they cannot differ.

use crate::date::Date;
use crate::eval::{Amount, Truth, Verdict};
use crate::explain::{answer_text, key_name};
use crate::measure::{Card, Detail, Measure, Window};
use crate::plan::{Case, Choice, Group, Plan, Standing, Sum};
use crate::rule::Expr;
use crate::words::{Words, word};

/// How an automatic measure is given, as 受理.方式 says.
pub const AUTOMATIC: &str = "免申即享";

/// Papers that the first day of the time line names.
const NAMED: usize = 3;

/// What is known of a measure beside the table: its card and its page, where they have been fetched.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page<'d> {
    /// Texts of its rules.
    pub card: Option<&'d Card>,
    /// Document, papers and how to apply.
    pub detail: Option<&'d Detail>,
}

/// Where the data came from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Who published it.
    pub publisher: &'a str,
    /// When.
    pub published: Date,
    /// Number of measures.
    pub measures: usize,
}

/// One measure of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Number of the measure.
    pub measure: usize,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Conclusion.
    pub verdict: Verdict,
    /// How sure it is.
    pub standing: Standing,
    /// The conclusion in words; with what a person must confirm.
    pub conclusion: String,
    /// Lower end in fen after the caps of its groups; `None` for what is no money.
    pub low: Option<i128>,
    /// Upper end; `None` where it is left open.
    pub high: Option<i128>,
    /// The amount in words, empty for what is no money.
    pub amount: String,
    /// First day.
    pub opens: Option<Date>,
    /// Last day.
    pub closes: Option<Date>,
    /// Window on the day.
    pub window: Window,
    /// When to apply, in words: `12月5日（周六）止`, `不用申报`.
    pub due: String,
    /// Days that are left; `None` where nothing has to be done by a day.
    pub days_left: Option<i32>,
    /// Whether nothing has to be applied for (免申即享).
    pub automatic: bool,
    /// Names of measures of the plan that come first.
    pub after: Vec<String>,
    /// 发文机关
    pub issuer: String,
    /// 部门, the issuing body where none is named.
    pub department: String,
    /// 电话
    pub phone: String,
    /// 地点
    pub place: String,
    /// 网址
    pub url: String,
    /// Document, number and clause of the amount.
    pub basis: String,
    /// Address of the original.
    pub source: String,
    /// Names of its papers.
    pub papers: Vec<String>,
}

/// One paper, for all measures that want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Its name.
    pub name: String,
    /// The rows of the sheet that want it.
    pub rows: Vec<usize>,
    /// Copies and form, where they differ several.
    pub how: Vec<String>,
    /// Whether the office can look it up itself (免提交).
    pub spared: bool,
    /// Address of the empty form, may be empty.
    pub form: String,
    /// Address of a filled-in sample, may be empty.
    pub sample: String,
}

/// What a day of the time line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Papers are got ready from here on.
    Prepare,
    /// The last day on which an office is open, where the deadline falls on a weekend.
    LastVisit,
    /// 截止
    Closes,
    /// 开始
    Opens,
}

/// One line of the time line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// What it is.
    pub act: Act,
    /// The row it is about; `None` for [`Act::Prepare`].
    pub row: Option<usize>,
    /// What happens, in words.
    pub text: String,
}

/// The plan as it is shown, printed and exported. All texts are in the language of its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The day it was made on.
    pub today: Date,
    /// The day the data was published.
    pub published: Date,
    /// What all measures make.
    pub total: Sum,
    /// `申报方案：6项，合计123.1万元至127.6万元`
    pub title: String,
    /// One line per standing: `符合4项，31.1万元至35.6万元`.
    pub sums: Vec<String>,
    /// What closes first: `先报：研发费用后补助，12月5日（周六）止，剩14天`; may be empty.
    pub first: String,
    /// Measures, in the order in which they can be applied for.
    pub rows: Vec<Row>,
    /// What groups leave open, a sentence each.
    pub choices: Vec<String>,
    /// Papers, the most wanted first.
    pub papers: Vec<Paper>,
    /// `材料8份，其中2份免提交；分开交要19份`; empty without papers.
    pub papers_title: String,
    /// Time line, in order.
    pub days: Vec<Day>,
    /// The answers that the measures of the plan are decided by, with their names.
    pub facts: Vec<(String, String)>,
    /// Where the data is from, and what the result is worth.
    pub notes: Vec<String>,
    /// Whether the pages of all measures were there; without them papers and departments are missing.
    pub complete: bool,
}

/// `12月5日（周六）`, with the year where it is another one than that of `today`.
pub fn day_text(words: &Words, day: Date, today: Date) -> String {
    words.say("{0}（{1}）", &[&words.day_in(day, today.year()), &words.weekday(day)])
}

/// Money between two ends, in words.
pub fn range_text(words: &Words, low: i128, high: i128) -> String {
    let (low, high) = (low.min(high), low.max(high));
    words.amount(&Amount { low, high: Some(high), undecided: false, answerable: None })
}

/// Makes the sheet of a plan. `groups` is what [`crate::plan::alternatives`] says of it.
pub fn sheet<'d>(
    case: Case<'_>,
    plan: &Plan,
    groups: &[Group],
    origin: Origin<'_>,
    page: &dyn Fn(usize) -> Page<'d>,
) -> Sheet {
    let words = &case.catalogue.words;
    let pages: Vec<Page<'d>> = plan.chosen.iter().map(|c| page(c.measure)).collect();
    let rows: Vec<Row> = plan.chosen.iter().zip(&pages).map(|(c, page)| row(case, c, *page)).collect();
    let total = plan.total();
    let sums =
        [(Standing::Sure, "符合"), (Standing::Later, "符合，还没开始受理"), (Standing::Likely, "待人工核实")];
    let sums = sums.map(|(standing, name)| (plan.sum(standing), words.get(name)));
    let sums = sums.iter().filter(|(sum, _)| sum.count > 0);
    let sums =
        sums.map(|(sum, name)| words.say("{0}{1}项{2}", &[name, &sum.count, &sum_text(words, sum, "，{}")]));
    let first = rows.iter().filter(|row| row.days_left.is_some()).min_by_key(|row| row.days_left);
    let first = first.map(|row| {
        words.say("先报：{0}，{1}，剩{2}天", &[&row.name, &row.due, &row.days_left.unwrap_or_default()])
    });
    let papers = papers(&pages);
    let published: [&dyn std::fmt::Display; 3] =
        [&origin.publisher, &words.day(origin.published), &origin.measures];
    let published = words.say("政策数据：{0}，{1}发布，{2}项", &published);
    let reservation = words.get("结果由你填的信息算出，供申报前参考，以受理部门审核为准");
    Sheet {
        today: case.today,
        published: origin.published,
        total,
        title: words.say("申报方案：{0}项{1}", &[&total.count, &sum_text(words, &total, "，合计{}")]),
        sums: sums.collect(),
        first: first.unwrap_or_default(),
        choices: choices(case, groups),
        papers_title: papers_title(words, &papers),
        days: days(words, case.today, &rows, &papers),
        facts: facts(case, plan),
        notes: vec![published, reservation.to_owned()],
        complete: pages.iter().all(|page| page.detail.is_some()),
        rows,
        papers,
    }
}

/// `，合计8万元，另有2项金额没定`; nothing where there is no money in it.
fn sum_text(words: &Words, sum: &Sum, label: &str) -> String {
    let mut text = String::new();
    if sum.high > 0 {
        text.push_str(&words.say(label, &[&range_text(words, sum.low, sum.high)]));
    }
    if sum.open > 0 {
        text.push_str(&words.say("，另有{}项金额没定", &[&sum.open]));
    }
    text
}

fn row(case: Case<'_>, choice: &Choice, page: Page<'_>) -> Row {
    let words = &case.catalogue.words;
    let measure = &case.measures[choice.measure];
    let outcome = case.outcomes.get(choice.measure).and_then(Option::as_ref);
    let detail = page.detail;
    let handling = |label: &str| {
        let rows = detail.map(|d| d.handling.as_slice()).unwrap_or_default();
        rows.iter().find(|(l, _)| l == label).map(|(_, text)| text.clone()).unwrap_or_default()
    };
    let automatic = handling("方式") == AUTOMATIC;
    let schedule = &measure.schedule;
    let window = schedule.window(case.today);
    let verdict = outcome.map_or(Verdict::Eligible, |o| o.verdict);
    let day = |day: Date| day_text(words, day, case.today);
    let due = match (schedule.opens, schedule.closes) {
        _ if automatic => words.get("不用申报").to_owned(),
        (Some(opens), closes) if window == Window::Upcoming => {
            let closes = closes.map(|closes| words.say("，{}止", &[&day(closes)]));
            words.say("{0}开始{1}", &[&day(opens), &closes.unwrap_or_default()])
        }
        (_, Some(closes)) => words.say("{}止", &[&day(closes)]),
        _ if window == Window::Open => words.get("没有截止日").to_owned(),
        _ => words.get(window.name()).to_owned(),
    };
    let money = measure.benefit.kind.counts_as_money();
    let (low, high) = (choice.low.min(choice.high), choice.low.max(choice.high));
    let amount = match outcome.and_then(|o| o.amount) {
        _ if !money => String::new(),
        Some(amount) if high == 0 && !choice.open && amount.high != Some(0) => {
            words.get("合计已到上限").to_owned()
        }
        Some(amount) if choice.open => words.amount(&amount),
        None if choice.open => words.get("金额以文件为准").to_owned(),
        _ => range_text(words, low, high),
    };
    let department = match handling("部门") {
        none if none.is_empty() => measure.issuer.clone(),
        named => named,
    };
    let after = choice.after.iter().map(|at| case.measures[*at].name.clone()).collect();
    let papers = detail.map(|d| d.materials.iter().map(|m| m.name.clone()).collect()).unwrap_or_default();
    Row {
        measure: choice.measure,
        id: measure.id.clone(),
        name: measure.name.clone(),
        verdict,
        standing: choice.standing,
        conclusion: conclusion(case, choice.measure, page.card, verdict),
        low: money.then_some(low),
        high: (money && !choice.open).then_some(high),
        amount,
        opens: schedule.opens,
        closes: schedule.closes,
        window,
        due,
        days_left: schedule
            .closes
            .filter(|_| !automatic && window.counts())
            .map(|closes| closes.days() - case.today.days()),
        automatic,
        after,
        issuer: measure.issuer.clone(),
        department,
        phone: handling("电话"),
        place: handling("地点"),
        url: handling("网址"),
        basis: basis(measure, page),
        source: detail.map(|d| d.source.clone()).unwrap_or_default(),
        papers,
    }
}

/// `待人工核实：设备是不是先进`
fn conclusion(case: Case<'_>, at: usize, card: Option<&Card>, verdict: Verdict) -> String {
    let words = &case.catalogue.words;
    let mut text = words.get(verdict.name()).to_owned();
    let outcome = case.outcomes.get(at).and_then(Option::as_ref);
    let (Some(card), Some(outcome)) = (card, outcome.filter(|o| o.verdict == Verdict::Likely)) else {
        return text;
    };
    let mut separator = "：";
    for (condition, truth) in case.measures[at].conditions.iter().zip(&outcome.rows) {
        if *truth != Some(Truth::Confirm) {
            continue;
        }
        condition.rule.walk(&mut |e| {
            if let Expr::Verify(number) = e {
                text.push_str(separator);
                text.push_str(card.text(*number));
                separator = "；";
            }
        });
    }
    text
}

/// `《…办法》 某政发〔2026〕3号 第四条`
fn basis(measure: &Measure, page: Page<'_>) -> String {
    let mut text = String::new();
    if let Some(detail) = page.detail {
        text.push('《');
        text.push_str(&detail.document);
        text.push('》');
        text.push_str(&detail.number);
    }
    if let (Some(card), Some(number)) = (page.card, measure.benefit.basis) {
        text.push_str(card.text(number));
    }
    text
}

/// Papers of the same name count as one, unless they are different forms to fill in.
fn papers(pages: &[Page<'_>]) -> Vec<Paper> {
    let mut merged: Vec<Paper> = Vec::new();
    for (row, page) in pages.iter().enumerate() {
        for material in page.detail.map(|d| d.materials.as_slice()).unwrap_or_default() {
            let same = |p: &&mut Paper| p.name == material.name && p.form == material.form;
            let at = merged.iter_mut().find(same);
            let paper = match at {
                Some(paper) => paper,
                None => {
                    merged.push(Paper {
                        name: material.name.clone(),
                        rows: Vec::new(),
                        how: Vec::new(),
                        spared: true,
                        form: material.form.clone(),
                        sample: material.sample.clone(),
                    });
                    let last = merged.len() - 1;
                    &mut merged[last]
                }
            };
            paper.rows.push(row);
            paper.spared &= material.spared;
            if !material.how.is_empty() && !paper.how.contains(&material.how) {
                paper.how.push(material.how.clone());
            }
        }
    }
    // Put in their places one by one: a sort of its own for each type is code that every visitor pays for.
    let mut papers: Vec<Paper> = Vec::with_capacity(merged.len());
    for paper in merged {
        let at = papers.partition_point(|other| other.rows.len() >= paper.rows.len());
        papers.insert(at, paper);
    }
    papers
}

fn papers_title(words: &Words, papers: &[Paper]) -> String {
    let apart: usize = papers.iter().map(|p| p.rows.len()).sum();
    if apart == 0 {
        return String::new();
    }
    let mut text = words.say("材料{}份", &[&papers.len()]);
    let spared = papers.iter().filter(|p| p.spared).count();
    if spared > 0 {
        text.push_str(&words.say("，其中{}份免提交", &[&spared]));
    }
    if apart > papers.len() {
        text.push_str(&words.say("；分开交要{}份", &[&apart]));
    }
    text
}

/// Whether an office is closed. Public holidays are not known here.
fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), "周六" | "周日")
}

fn days(words: &Words, today: Date, rows: &[Row], papers: &[Paper]) -> Vec<Day> {
    let mut days = Vec::new();
    let wanted: Vec<&str> = papers.iter().filter(|p| !p.spared).map(|p| p.name.as_str()).collect();
    let mut named = wanted.clone();
    named.dedup();
    named.truncate(NAMED);
    if !named.is_empty() {
        let names = named.join("、");
        let text = if wanted.len() > named.len() {
            words.say("开始备料：{0}等{1}份", &[&names, &wanted.len()])
        } else {
            words.say("开始备料：{}", &[&names])
        };
        days.push(Day { date: today, act: Act::Prepare, row: None, text });
    }
    for (at, row) in rows.iter().enumerate() {
        let mut add = |date: Date, act: Act, text: &str| {
            if date >= today {
                let day = Day { date, act, row: Some(at), text: words.say(text, &[&row.name]) };
                let at = days.partition_point(|d: &Day| (d.date, d.act) <= (date, act));
                days.insert(at, day);
            }
        };
        if let Some(opens) = row.opens.filter(|day| *day > today) {
            add(opens, Act::Opens, "{} 开始");
        }
        let Some(closes) = row.closes else { continue };
        if row.automatic || !is_weekend(closes) {
            add(closes, Act::Closes, "{} 截止");
            continue;
        }
        let online = !row.url.is_empty();
        // Who has no counter has no last day at one.
        if !online || !row.place.is_empty() {
            let back = if closes.weekday() == "周六" { 1 } else { 2 };
            if let Some(before) = Date::from_days(closes.days() - back) {
                add(before, Act::LastVisit, "{}：窗口最后一天");
            }
        }
        add(closes, Act::Closes, if online { "{} 截止（只能网上报）" } else { "{} 截止（周末窗口不办）" });
    }
    days
}

/// `“设备更新和技术改造”只能享1项，已选技术改造项目补助；换成设备更新补助，合计195.1万元，少14.8万元`
fn choices(case: Case<'_>, groups: &[Group]) -> Vec<String> {
    let words = &case.catalogue.words;
    let name = |at: usize| case.measures[at].name.as_str();
    let mut sentences = Vec::new();
    for group in groups {
        let chosen: Vec<&str> = group.options.iter().filter(|o| o.chosen).map(|o| name(o.measure)).collect();
        let chosen = chosen.join("、");
        let Some(places) = group.places else {
            let left = group.options.iter().filter(|o| !o.chosen).map(|o| name(o.measure));
            let left = left.collect::<Vec<_>>().join("、");
            sentences.push(words.say("“{0}”合计有上限，再加{1}也不会多拿", &[&group.name, &left]));
            continue;
        };
        let mut text = words.say("“{0}”同年只能享{1}项，已选{2}", &[&group.name, &places, &chosen]);
        for option in group.options.iter().filter(|o| !o.chosen) {
            let total = range_text(words, option.low, option.high);
            text.push_str(&words.say("；换成{0}，合计{1}", &[&name(option.measure), &total]));
            text.push_str(&difference_text(words, option.more_low, option.more_high));
        }
        sentences.push(text);
    }
    sentences
}

/// `，少60万元至64万元`, `，最多少9万元`
fn difference_text(words: &Words, low: i128, high: i128) -> String {
    let (small, large) = (low.abs().min(high.abs()), low.abs().max(high.abs()));
    let text = match (low.min(high), low.max(high), small) {
        (0, 0, _) => return words.get("，一样多").to_owned(),
        (_, ..=0, 0) => "，最多少{}",
        (_, ..=0, _) => "，少{}",
        (0, ..) => "，最多多{}",
        (1.., ..) => "，多{}",
        // More at one end and less at the other: the total says it.
        _ => return String::new(),
    };
    words.say(text, &[&range_text(words, if small == 0 { large } else { small }, large)])
}

/// Answers to the facts that the measures of the plan speak of.
fn facts(case: Case<'_>, plan: &Plan) -> Vec<(String, String)> {
    let mut used = Vec::new();
    let mut derived = false;
    for choice in &plan.chosen {
        let measure = &case.measures[choice.measure];
        let rules = measure.conditions.iter().flat_map(|c| c.guard.iter().chain([&c.rule]));
        let sums = measure.benefit.amount.iter().chain(measure.benefit.caps.iter().map(|(_, cap)| cap));
        for expr in rules.chain(sums).chain(&measure.benefit.floor) {
            expr.walk(&mut |e| {
                if let Some(fact) = e.fact() {
                    used.push(fact);
                    derived |= case.catalogue.facts.get(&fact).is_some_and(|f| f.derived.is_some());
                }
            });
        }
    }
    if derived {
        // What 企业规模 and 成立年限 follow from.
        for id in ["industry", "staff_total", "revenue", "total_assets", "found_date"] {
            used.extend(case.catalogue.fact_by_id(id).map(|(no, _)| no));
        }
    }
    let base_year = u16::try_from(case.today.year()).unwrap_or_default();
    let answers = case.firm.iter().filter(|(key, _)| used.contains(&key.fact));
    answers
        .map(|(key, _)| {
            (key_name(case.catalogue, key), answer_text(case.catalogue, case.firm, key, base_year))
        })
        .collect()
}

/// The plan as a table for a spreadsheet: measures, papers, days. UTF-8 with a byte order mark, CRLF.
pub fn plan_csv(sheet: &Sheet, words: &Words) -> String {
    let mut csv = Csv { words, text: "\u{feff}".to_owned(), begun: false };
    csv.head(&[
        word("事项"),
        word("结论"),
        word("金额下限(元)"),
        word("金额上限(元)"),
        word("金额"),
        word("开始"),
        word("截止"),
        word("办理时间"),
        word("部门"),
        word("电话"),
        word("地点"),
        word("网址"),
        word("发文机关"),
        word("依据"),
        word("原文"),
        word("材料"),
        word("先办"),
    ]);
    for row in &sheet.rows {
        csv.cell(&row.name);
        csv.cell(&row.conclusion);
        csv.cell(&row.low.map_or_else(String::new, yuan));
        csv.cell(&row.high.map_or_else(String::new, yuan));
        csv.cell(&row.amount);
        for day in [row.opens, row.closes] {
            csv.cell(&day.map_or_else(String::new, |day| day.to_string()));
        }
        for text in [&row.due, &row.department, &row.phone, &row.place, &row.url, &row.issuer, &row.basis] {
            csv.cell(text);
        }
        csv.cell(&row.source);
        csv.cell(&row.papers.join("、"));
        csv.cell(&row.after.join("、"));
        csv.end();
    }
    csv.cell(words.get("合计"));
    csv.cell("");
    csv.cell(&yuan(sheet.total.low));
    csv.cell(&yuan(sheet.total.high));
    csv.cell(&range_text(words, sheet.total.low, sheet.total.high));
    csv.end();
    csv.end();
    csv.head(&[
        word("材料"),
        word("用于（项）"),
        word("用于"),
        word("份数和形式"),
        word("免提交"),
        word("空表"),
        word("样表"),
    ]);
    for paper in &sheet.papers {
        csv.cell(&paper.name);
        csv.cell(&paper.rows.len().to_string());
        csv.cell(&users(sheet, paper));
        csv.cell(&paper.how.join("；"));
        csv.cell(if paper.spared { words.get("免提交") } else { "" });
        csv.cell(&paper.form);
        csv.cell(&paper.sample);
        csv.end();
    }
    csv.end();
    csv.head(&[word("日期"), word("星期"), word("日程")]);
    for day in &sheet.days {
        csv.cell(&day.date.to_string());
        csv.cell(words.get(day.date.weekday()));
        csv.cell(&day.text);
        csv.end();
    }
    csv.end();
    for note in sheet.choices.iter().chain(&sheet.notes) {
        csv.cell(note);
        csv.end();
    }
    csv.text
}

/// Names of the measures that want a paper.
fn users(sheet: &Sheet, paper: &Paper) -> String {
    let rows = paper.rows.iter().filter_map(|row| sheet.rows.get(*row));
    rows.map(|row| row.name.as_str()).collect::<Vec<_>>().join("、")
}

/// Fen as a plain number of yuan.
fn yuan(fen: i128) -> String {
    let mut text = (fen / 100).to_string();
    let rest = fen % 100;
    if rest != 0 {
        text.push('.');
        text.push(digit(rest / 10));
        if rest % 10 != 0 {
            text.push(digit(rest % 10));
        }
    }
    text
}

fn digit(n: i128) -> char {
    u32::try_from(n).ok().and_then(|n| char::from_digit(n, 10)).unwrap_or('0')
}

struct Csv<'a> {
    words: &'a Words,
    text: String,
    /// Whether the line has a cell.
    begun: bool,
}

impl Csv<'_> {
    fn head(&mut self, names: &[&str]) {
        for name in names {
            self.cell(self.words.get(name));
        }
        self.end();
    }

    fn cell(&mut self, text: &str) {
        if std::mem::replace(&mut self.begun, true) {
            self.text.push(',');
        }
        // A spreadsheet would compute it.
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
        let quote = formula || text.contains([',', '"', '\r', '\n']) || text.starts_with(' ');
        if !quote {
            self.text.push_str(text);
            return;
        }
        self.text.push('"');
        if formula {
            self.text.push('\'');
        }
        for c in text.chars() {
            if c == '"' {
                self.text.push('"');
            }
            self.text.push(c);
        }
        self.text.push('"');
    }

    fn end(&mut self) {
        self.begun = false;
        self.text.push_str("\r\n");
    }
}

/// The plan in short lines, for a message.
pub fn plan_text(sheet: &Sheet, words: &Words) -> String {
    let mut text = sheet.title.clone();
    text.push('\n');
    let mut line = |parts: &[&str]| {
        parts.iter().for_each(|part| text.push_str(part));
        text.push('\n');
    };
    if sheet.sums.len() > 1 {
        line(&[&sheet.sums.join("；")]);
    }
    for (at, row) in sheet.rows.iter().enumerate() {
        let mut parts = vec![row.name.clone()];
        if row.standing == Standing::Likely {
            parts.push(words.get(row.verdict.name()).to_owned());
        }
        parts.extend([&row.amount, &row.due, &row.phone].into_iter().filter(|t| !t.is_empty()).cloned());
        line(&[&(at + 1).to_string(), ". ", &parts.join("，")]);
    }
    for choice in &sheet.choices {
        line(&[choice]);
    }
    if !sheet.papers.is_empty() {
        line(&[&sheet.papers_title]);
    }
    for paper in &sheet.papers {
        let mut used = words.say("用于{}项", &[&paper.rows.len()]);
        if paper.spared {
            used.push('，');
            used.push_str(words.get("免提交"));
        }
        line(&["- ", &paper.name, "（", &used, "）"]);
    }
    for note in &sheet.notes {
        line(&[note]);
    }
    text
}

/// The deadlines and openings of the plan as iCalendar (RFC 5545), with reminders 14 and 3 days before a deadline.
pub fn calendar_file(sheet: &Sheet, words: &Words) -> String {
    let mut file = Calendar(String::new());
    file.line("BEGIN:VCALENDAR", "");
    file.line("VERSION:2.0", "");
    file.line("PRODID:-//Huiqi//Huiqi plan//ZH", "");
    file.line("CALSCALE:GREGORIAN", "");
    file.line("METHOD:PUBLISH", "");
    file.line("X-WR-CALNAME:", words.get("惠企政策申报"));
    for day in &sheet.days {
        let kind = match day.act {
            Act::Closes => "closes",
            Act::Opens => "opens",
            Act::Prepare | Act::LastVisit => continue,
        };
        let Some(row) = day.row.and_then(|row| sheet.rows.get(row)) else { continue };
        file.line("BEGIN:VEVENT", "");
        // The same event again, whenever it is saved: a calendar replaces it.
        file.line("UID:", &[&row.id, "-", kind, "@huiqi"].concat());
        file.line("DTSTAMP:", &[&compact(sheet.published), "T000000Z"].concat());
        file.line("SEQUENCE:", &sheet.published.days().max(0).to_string());
        file.line("DTSTART;VALUE=DATE:", &compact(day.date));
        file.line("SUMMARY:", &day.text);
        let about = [&row.conclusion, &row.amount, &row.department, &row.phone];
        let about: Vec<&str> = about.into_iter().filter(|t| !t.is_empty()).map(String::as_str).collect();
        file.line("DESCRIPTION:", &about.join("\n"));
        if !row.place.is_empty() {
            file.line("LOCATION:", &row.place);
        }
        let is_web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
        if let Some(url) = [&row.url, &row.source].into_iter().find(is_web) {
            file.address(url);
        }
        file.line("TRANSP:TRANSPARENT", "");
        if day.act == Act::Closes && !row.automatic {
            // An event of a whole day begins at midnight: 9 o'clock, 14 and 3 days before.
            for (trigger, days) in [("TRIGGER:-P13DT15H", 14), ("TRIGGER:-P2DT15H", 3)] {
                file.line("BEGIN:VALARM", "");
                file.line("ACTION:DISPLAY", "");
                file.line(trigger, "");
                file.line("DESCRIPTION:", &words.say("{0}，还有{1}天", &[&day.text, &days]));
                file.line("END:VALARM", "");
            }
        }
        file.line("END:VEVENT", "");
    }
    file.line("END:VCALENDAR", "");
    file.0
}

/// `20261205`
fn compact(day: Date) -> String {
    day.to_string().chars().filter(char::is_ascii_digit).collect()
}

/// Lines of at most 75 octets, the name and the value of each.
struct Calendar(String);

impl Calendar {
    /// A line with a text.
    fn line(&mut self, name: &str, text: &str) {
        let mut value = String::new();
        for c in text.chars() {
            match c {
                '\\' | ';' | ',' => {
                    value.push('\\');
                    value.push(c);
                }
                '\n' => value.push_str("\\n"),
                c if c.is_control() => {}
                c => value.push(c),
            }
        }
        self.fold(name, &value);
    }

    /// A line with an address, which is written as it is; what no address holds would begin another line.
    fn address(&mut self, url: &str) {
        let url: String = url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
        self.fold("URL:", &url);
    }

    fn fold(&mut self, name: &str, value: &str) {
        let mut used = 0;
        for c in name.chars().chain(value.chars()) {
            if used + c.len_utf8() > 75 {
                self.0.push_str("\r\n ");
                used = 1;
            }
            self.0.push(c);
            used += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}
