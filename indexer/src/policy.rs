//! A policy file: one issued document with its measures and example firms.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use huiqi_engine::catalogue::{Code, FactType, Scope, ThemeNo};
use huiqi_engine::date::Date;
use huiqi_engine::firm::{Firm, read_line};
use huiqi_engine::measure::{
    Audience, Benefit, BenefitKind, CapScope, Card, Condition, Detail, ExclusionRule, FullText, Material,
    Measure, RowKind, Schedule, Selection, Status,
};
use huiqi_engine::num::Ratio;
use huiqi_engine::rule::{self, Arith, Expr, NameProblem, Names, RuleError, TextNo};
use huiqi_engine::unit::Dimension;

use crate::catalogue::{Tables, english_problem};
use crate::clause;
use crate::diagnostic::{Diagnostic, Place, io_words};
use crate::fields::{Fields, Sink};
use crate::lint;
use crate::yaml::{Kind, Node};

/// One document.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The file.
    pub path: PathBuf,
    /// 编号
    pub id: String,
    /// Place of 编号, for reports about the whole file.
    pub place: Place,
    /// 标题
    pub title: String,
    /// 文号, may be empty.
    pub number: String,
    /// Places of 标题 and 文号.
    pub title_places: [Place; 2],
    /// 发文机关
    pub issuer: String,
    /// 适用地区
    pub regions: Vec<Code>,
    /// Whether it enters a bundle.
    pub published: bool,
    /// 有效期.止
    pub valid_to: Option<Date>,
    /// 被替代为: id of the document that takes its place.
    pub replaced_by: Option<(String, Place)>,
    /// 原文
    pub text: Option<TextFile>,
    /// 事项
    pub measures: Vec<PolicyMeasure>,
    /// 示例企业
    pub examples: Vec<Example>,
}

/// One measure with all its texts.
#[derive(Debug, Clone)]
pub struct PolicyMeasure {
    /// The compiled form.
    pub measure: Measure,
    /// 英文名
    pub english: Option<String>,
    /// Card.
    pub card: Card,
    /// Page.
    pub detail: Detail,
    /// Place of 编号.
    pub place: Place,
    /// Whether a part of it could not be read: it is not decided on.
    pub broken: bool,
    /// 前置 with places, to be checked when all files are read.
    pub prerequisites: Vec<(String, Place)>,
    /// Place of 金额, for sums that refer to other measures.
    pub amount_place: Place,
    /// 受理.每年: first and last day of the window of every year, as month and day.
    pub yearly: Option<Yearly>,
    /// 复核: when someone who had not written it compared it with its source.
    pub reviewed: Option<Date>,
}

/// The full text of a document, which stands in a file of its own beside the policy.
#[derive(Debug, Clone)]
pub struct TextFile {
    /// The file.
    pub path: PathBuf,
    /// Its text, and where the clauses stand that the measures name.
    pub full: FullText,
}

/// One example firm.
#[derive(Debug, Clone)]
pub struct Example {
    /// 名称
    pub name: String,
    /// 今天
    pub today: Date,
    /// The firm.
    pub firm: Firm,
    /// Whether a part of it could not be read: nothing is decided for it.
    pub broken: bool,
    /// Measure id, place, expected verdict and amount text.
    pub expected: Vec<(String, Place, String, Option<String>)>,
}

/// Statuses of a document; only some are published.
const STATUSES: [(&str, Option<Status>); 8] = [
    ("草稿", None),
    ("待审", None),
    ("已审", None),
    ("发布", Some(Status::Published)),
    ("暂停", Some(Status::Paused)),
    ("额满", Some(Status::Exhausted)),
    ("被替代", Some(Status::Replaced)),
    ("归档", None),
];

/// Reads a policy file that was parsed. Problems go to `sink`; what could be
/// read is returned so that later checks can go on.
pub fn read(path: &Path, root: &Node, tables: &Tables, sink: &mut Sink) -> Option<Policy> {
    let mut f = Fields::new(root, "文件", sink)?;
    let id = id(&mut f, sink);
    let place = f.place("编号");
    let title = f.text("标题", sink).unwrap_or_default();
    let number = f.optional("文号", sink).unwrap_or_default();
    let (title_place, number_place) = (f.place("标题"), f.place("文号"));
    let issuer = f.text("发文机关", sink).unwrap_or_default();
    if f.get("发布日期").is_none() {
        f.missing("发布日期", sink);
    }
    let issued = f.date("发布日期", sink);
    let (valid_from, valid_to) = period(&mut f, "有效期", sink);
    let regions = regions(&mut f, tables, sink);
    let source = link(&mut f, "来源", sink);
    f.optional("底稿", sink);
    let mut text = read_text(&mut f, path, sink);
    let status = f.choice("状态", &STATUSES, sink).flatten();
    let replaced_by = f.optional("被替代为", sink).map(|id| (id, f.place("被替代为")));
    let shared = Shared {
        issuer: issuer.clone(),
        regions: regions.clone(),
        status: status.unwrap_or(Status::Published),
        valid_from: valid_from.or(issued),
        valid_to,
        detail: Detail {
            document: title.clone(),
            number: number.clone(),
            issued,
            source,
            ..Detail::default()
        },
    };
    let rows = f.list("事项", sink);
    if rows.is_empty() && f.get("事项").is_none_or(|n| matches!(n.kind, Kind::List(_))) {
        f.missing("事项", sink);
    }
    let measures: Vec<PolicyMeasure> =
        rows.iter().filter_map(|row| read_measure(row, &shared, tables, sink)).collect();
    if let Some(file) = &mut text {
        let bases: BTreeSet<&str> = measures.iter().flat_map(PolicyMeasure::bases).collect();
        let outline = clause::Outline::new(&file.full.text);
        for basis in bases {
            for range in outline.find(basis) {
                file.full.clauses.push((basis.to_owned(), range.start as u32, range.end as u32));
            }
        }
    }
    let examples =
        f.list("示例企业", sink).iter().filter_map(|row| read_example(row, tables, sink)).collect();
    f.finish(sink);
    Some(Policy {
        path: path.to_owned(),
        id: id.unwrap_or_default(),
        place,
        title_places: [title_place, number_place],
        title,
        number,
        issuer,
        regions,
        published: status.is_some(),
        valid_to,
        replaced_by,
        text,
        measures,
        examples,
    })
}

/// Largest full text that is read, in bytes.
const TEXT_LIMIT: u64 = 4 << 20;

/// 原文: the name of a text file in the same folder.
fn read_text(f: &mut Fields<'_>, path: &Path, sink: &mut Sink) -> Option<TextFile> {
    let name = f.optional("原文", sink)?;
    let place = f.place("原文");
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !plain || !name.ends_with(".txt") || name.starts_with('.') {
        let message = format!("“原文”应是同一个文件夹里的文本文件名，写的是“{name}”");
        sink.report(Diagnostic::new("P005", place, message).hint("如 demo-2026-0001.txt，UTF-8 编码"));
        return None;
    }
    let file = path.with_file_name(&name);
    let fail = |message: String| Diagnostic::new("P000", place, message);
    match std::fs::metadata(&file) {
        Ok(meta) if meta.len() > TEXT_LIMIT => {
            sink.report(fail(format!("原文 {name} 有 {} MB，最多 4 MB", meta.len() >> 20)));
            return None;
        }
        Ok(_) => {}
        Err(error) => {
            sink.report(
                fail(format!("读不到原文 {name}：{}", io_words(&error)))
                    .hint("把原文存成文本文件，放在同一个文件夹里"),
            );
            return None;
        }
    }
    match std::fs::read(&file).map(String::from_utf8) {
        Ok(Ok(text)) => {
            let full = FullText { text: text.replace("\r\n", "\n"), clauses: Vec::new() };
            Some(TextFile { path: file, full })
        }
        Ok(Err(_)) => {
            sink.report(fail(format!("原文 {name} 不是 UTF-8 编码")).hint("用编辑器另存为 UTF-8"));
            None
        }
        Err(error) => {
            sink.report(fail(format!("读不到原文 {name}：{}", io_words(&error))));
            None
        }
    }
}

/// What the measures of a document have in common.
struct Shared {
    issuer: String,
    regions: Vec<Code>,
    status: Status,
    valid_from: Option<Date>,
    valid_to: Option<Date>,
    detail: Detail,
}

fn id(f: &mut Fields<'_>, sink: &mut Sink) -> Option<String> {
    let id = f.text("编号", sink)?;
    let ok = id.len() <= 80
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && id.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !ok {
        let place = f.place("编号");
        sink.report(
            Diagnostic::new("P005", place, format!("编号“{id}”应只用小写字母、数字和连字符，最多 80 个字符"))
                .hint("如 hebei-2023-gxt-0629-01"),
        );
        return None;
    }
    Some(id)
}

/// A map with 起 and 止.
fn period(f: &mut Fields<'_>, key: &str, sink: &mut Sink) -> (Option<Date>, Option<Date>) {
    let Some(node) = f.get(key) else { return (None, None) };
    let Some(mut inner) = Fields::new(node, "有效期", sink) else { return (None, None) };
    let (from, to) = (inner.date("起", sink), inner.date("止", sink));
    ordered(&inner, from, to, sink);
    inner.finish(sink);
    (from, to)
}

fn ordered(f: &Fields<'_>, from: Option<Date>, to: Option<Date>, sink: &mut Sink) {
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        sink.report(Diagnostic::new("P012", f.place("止"), format!("止（{to}）早于起（{from}）")));
    }
}

fn regions(f: &mut Fields<'_>, tables: &Tables, sink: &mut Sink) -> Vec<Code> {
    if f.get("适用地区").is_none() {
        f.missing("适用地区", sink);
    }
    let mut codes = Vec::new();
    for (name, place) in f.items("适用地区", sink) {
        match rule::find_region(&tables.catalogue, &name) {
            Ok(code) => codes.push(code),
            Err(NameProblem::Unknown(hint)) => {
                let hint = hint.unwrap_or_else(|| "写全称，如 河北省承德市，或写六位代码".to_owned());
                let message = format!("没有这个地区：“{name}”");
                sink.report(Diagnostic::new("P103", place, message).hint(hint));
            }
            Err(NameProblem::Ambiguous(names)) => sink.report(
                Diagnostic::new(
                    "P106",
                    place,
                    format!("“{name}”有 {} 处：{}", names.len(), names.join("、")),
                )
                .hint("写全称，或写六位代码"),
            ),
        }
    }
    codes
}

fn link(f: &mut Fields<'_>, key: &str, sink: &mut Sink) -> String {
    let Some(url) = f.optional(key, sink) else { return String::new() };
    if url.starts_with("https://") || url.starts_with("http://") {
        return url;
    }
    let place = f.place(key);
    sink.report(
        Diagnostic::new("P013", place, format!("“{key}”应是 http 或 https 网址，写的是“{url}”"))
            .hint("写完整的网址，以 https:// 或 http:// 开头"),
    );
    String::new()
}

/// The texts of one measure and the rules that point into them.
struct Compiler<'a> {
    tables: &'a Tables,
    subject: Scope,
    texts: Vec<String>,
}

fn names(tables: &Tables, subject: Scope) -> Names<'_> {
    Names { catalogue: &tables.catalogue, aliases: &tables.aliases, subject }
}

impl Compiler<'_> {
    fn text(&mut self, text: &str) -> TextNo {
        let at = self.texts.iter().position(|t| t == text).unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        at as TextNo
    }

    /// Compiles one line; `offset` is where it starts within its value.
    fn line(
        &mut self,
        text: &str,
        place: Place,
        offset: usize,
        amount: bool,
        sink: &mut Sink,
    ) -> Option<Expr> {
        let compile = if amount { rule::compile_amount } else { rule::compile_rule };
        let compiled = compile(text, names(self.tables, self.subject), &mut self.texts);
        for problem in &compiled.problems {
            sink.report(rule_diagnostic(problem, place, offset));
        }
        compiled.expr
    }

    fn rule_field(&mut self, f: &mut Fields<'_>, key: &str, amount: bool, sink: &mut Sink) -> Option<Expr> {
        let text = f.optional(key, sink)?;
        let place = f.place(key);
        self.line(&text, place, 0, amount, sink)
    }
}

fn rule_diagnostic(error: &RuleError, place: Place, offset: usize) -> Diagnostic {
    let length = error.span.end.saturating_sub(error.span.start);
    Diagnostic::new(error.code, place.span(offset + error.span.start, length), error.message.clone())
        .maybe_hint(error.hint.clone())
}

/// Most different texts (核实, 承诺, 依据, 说明) of one measure.
const TEXTS_LIMIT: usize = 2000;
/// Most conditions of one measure; the longest real one has some thirty.
const CONDITIONS_LIMIT: usize = 500;

fn read_measure(row: &Node, shared: &Shared, tables: &Tables, sink: &mut Sink) -> Option<PolicyMeasure> {
    let errors_before = sink.counts().errors;
    let mut f = Fields::new(row, "事项", sink)?;
    let id = id(&mut f, sink);
    let place = f.place("编号");
    let name = f.text("名称", sink).unwrap_or_default();
    too_long(&f, "名称", &name, 24, sink);
    let english = f.optional("英文名", sink);
    if let Some(problem) = english.as_ref().and_then(|text| english_problem(text, 60)) {
        let message = format!("“英文名”{problem}");
        let hint = "写一个短的英文名，如 R&D platform award，显示在名称前面";
        sink.report(Diagnostic::new("P005", f.place("英文名"), message).hint(hint));
    }
    let summary = f.text("一句话", sink).unwrap_or_default();
    too_long(&f, "一句话", &summary, 60, sink);
    let audience = f.choice("受益对象", &Audience::ALL, sink);
    let selection = f.choice("遴选", &Selection::ALL, sink);
    let base_year = f.optional("基准年", sink).and_then(|text| {
        let year = text.trim_end_matches('年').parse().ok().filter(|y| (1990..2200).contains(y));
        if year.is_none() {
            let place = f.place("基准年");
            sink.report(Diagnostic::new("P005", place, format!("基准年应是年份，写的是“{text}”")));
        }
        year
    });
    let reference = f.date("基准日", sink);
    let subject = match f.get("申报对象") {
        None => Scope::Firm,
        Some(_) => f.choice("申报对象", &Scope::ALL.map(|(s, n, _)| (n, s)), sink).unwrap_or_default(),
    };
    let themes = read_themes(&mut f, tables, &[&name, &summary], sink);
    let mut compiler = Compiler { tables, subject, texts: Vec::new() };
    let mut conditions = read_conditions(&mut f, &mut compiler, sink);
    add_area(&mut conditions, &mut compiler, &shared.regions);
    let amount = f.get("支持").and_then(|s| s.get("金额"));
    let amount_place = amount
        .map_or_else(|| f.place("支持"), |n| n.place.span(0, n.text().map_or(1, |t| t.chars().count())));
    let (benefit, benefit_note, grants) = read_benefit(&mut f, &mut compiler, sink);
    let exclusions = read_exclusions(&mut f, sink);
    let prerequisites = f.items("前置", sink);
    let (schedule, yearly, mut handling) = read_window(&mut f, shared, sink);
    let materials = read_materials(&mut f, tables, sink);
    read_handling(&mut f, &mut handling, sink);
    let reviewed = read_review(&mut f, sink);
    f.finish(sink);
    if conditions.len() > CONDITIONS_LIMIT {
        let message = format!("这个事项有 {} 条条件，最多 {CONDITIONS_LIMIT} 条", conditions.len());
        sink.report(Diagnostic::new("P152", place, message).hint("拆成几个事项"));
        return None;
    }
    if compiler.texts.len() > TEXTS_LIMIT {
        let message = format!("这个事项有 {} 段文字，最多 {TEXTS_LIMIT} 段", compiler.texts.len());
        sink.report(Diagnostic::new("P152", place, message).hint("拆成几个事项"));
        return None;
    }
    let measure = Measure {
        id: id?,
        name,
        regions: shared.regions.clone(),
        issuer: shared.issuer.clone(),
        audience: audience?,
        selection: selection?,
        subject,
        base_year,
        reference,
        conditions,
        benefit: benefit?,
        schedule,
        exclusions,
        prerequisites: prerequisites.iter().map(|(id, _)| id.clone()).collect(),
        grants,
        themes,
        withheld: false,
    };
    Some(PolicyMeasure {
        measure,
        english,
        card: Card { summary, texts: compiler.texts },
        detail: Detail { materials, handling, benefit_note, ..shared.detail.clone() },
        place,
        broken: sink.counts().errors > errors_before,
        prerequisites,
        amount_place,
        yearly,
        reviewed,
    })
}

/// 主题, by name; where it is not written, what the name and the summary speak of.
fn read_themes(f: &mut Fields<'_>, tables: &Tables, texts: &[&str], sink: &mut Sink) -> Vec<ThemeNo> {
    let written = f.items("主题", sink);
    if written.is_empty() {
        return tables.themes_of(texts);
    }
    let all = &tables.catalogue.themes;
    let mut themes = Vec::new();
    for (name, place) in written {
        match all.iter().find(|(_, n)| **n == name) {
            Some((no, _)) => themes.push(*no),
            None => {
                let names: Vec<&str> = all.values().map(String::as_str).collect();
                sink.report(
                    Diagnostic::new("P007", place, format!("没有主题“{name}”"))
                        .hint(format!("可写 {}", names.join("、"))),
                );
            }
        }
    }
    themes.sort_unstable();
    themes.dedup();
    themes
}

fn too_long(f: &Fields<'_>, key: &str, text: &str, most: usize, sink: &mut Sink) {
    let length = text.chars().count();
    if length > most {
        sink.report(Diagnostic::new(
            "P020",
            f.place(key),
            format!("“{key}”有 {length} 个字，最多 {most} 个，手机上会折行"),
        ));
    }
}

fn read_conditions(f: &mut Fields<'_>, compiler: &mut Compiler<'_>, sink: &mut Sink) -> Vec<Condition> {
    let Some(node) = f.get("条件") else {
        f.missing("条件", sink);
        return Vec::new();
    };
    let rows = match &node.kind {
        Kind::Scalar(text, _) if text == "无" => return Vec::new(),
        Kind::List(rows) if !rows.is_empty() => rows,
        _ => {
            sink.report(
                Diagnostic::new("P004", node.place, format!("“条件”应是一个列表，写的是{}", node.describe()))
                    .hint("每条一行，以“- ”开头；确实没有条件写 条件: 无"),
            );
            return Vec::new();
        }
    };
    rows.iter().filter_map(|row| read_condition(row, compiler, sink)).collect()
}

fn read_condition(row: &Node, compiler: &mut Compiler<'_>, sink: &mut Sink) -> Option<Condition> {
    let mut f = Fields::new(row, "条件", sink)?;
    let written = &RowKind::ALL[..5];
    let present: Vec<(&str, RowKind)> =
        written.iter().copied().filter(|(key, _)| f.get(key).is_some()).collect();
    let [(key, kind)] = present[..] else {
        let names: Vec<&str> = written.iter().map(|(key, _)| *key).collect();
        let found = present.iter().map(|(key, _)| *key).collect::<Vec<_>>().join("、");
        let found = if found.is_empty() { "一个也没有".to_owned() } else { format!("有 {found}") };
        sink.report(
            Diagnostic::new("P003", row.place, format!("一条条件要有且只有一个写法，这里{found}"))
                .hint(format!("可写 {}", names.join("、"))),
        );
        f.optional("依据", sink);
        f.optional("说明", sink);
        f.optional("适用于", sink);
        f.finish(sink);
        return None;
    };
    let rule = match kind {
        RowKind::Rule | RowKind::Area => compiler.rule_field(&mut f, key, false, sink),
        RowKind::Exclude => compiler.rule_field(&mut f, key, false, sink).and_then(|rule| {
            let mut verify = false;
            rule.walk(&mut |e| verify |= matches!(e, Expr::Verify(_)));
            if verify {
                let place = f.place(key);
                sink.report(
                    Diagnostic::new("P150", place, "“排除”里不能有“核实”")
                        .hint("把句子反过来，写成一条 核实"),
                );
                return None;
            }
            Some(Expr::Not(Box::new(rule)))
        }),
        RowKind::Verify | RowKind::Refer => f.optional(key, sink).map(|t| Expr::Verify(compiler.text(&t))),
        RowKind::Promise => f.optional(key, sink).map(|t| Expr::Promise(compiler.text(&t))),
    };
    if kind == RowKind::Refer {
        let place = f.place(key);
        sink.report(
            Diagnostic::new("P021", place, "条件写在另一份文件里，企业看不到内容")
                .hint("找到那份文件，把条件补录成 规则"),
        );
    }
    let basis = f.text("依据", sink);
    let note = f.optional("说明", sink);
    let guard = compiler.rule_field(&mut f, "适用于", false, sink);
    f.finish(sink);
    Some(Condition {
        kind,
        rule: rule?,
        guard,
        basis: compiler.text(&basis?),
        note: note.map(|n| compiler.text(&n)),
    })
}

/// A firm elsewhere must not be told 符合 because a document that holds only
/// for one region forgot to repeat it: unless some condition speaks of a
/// region, 适用地区 becomes the first condition.
fn add_area(conditions: &mut Vec<Condition>, compiler: &mut Compiler<'_>, regions: &[Code]) {
    let catalogue = &compiler.tables.catalogue;
    let mut speaks = false;
    for condition in conditions.iter() {
        condition.rule.walk(&mut |e| {
            if let Expr::In(fact, ..) = e {
                speaks |= catalogue.facts.get(fact).is_some_and(|f| f.kind == FactType::Region);
            }
        });
    }
    if speaks || regions.is_empty() || regions.contains(&Code::ALL) {
        return;
    }
    let Some((fact, _)) = catalogue.fact_by_id("reg_region") else { return };
    let basis = compiler.text("适用地区");
    conditions.insert(
        0,
        Condition {
            kind: RowKind::Area,
            rule: Expr::In(fact, rule::Members::Codes(Vec::new(), regions.to_vec()), false),
            guard: None,
            basis,
            note: None,
        },
    );
}

fn read_benefit(
    f: &mut Fields<'_>,
    compiler: &mut Compiler<'_>,
    sink: &mut Sink,
) -> (Option<Benefit>, String, Option<Expr>) {
    let Some(node) = f.get("支持") else {
        f.missing("支持", sink);
        return (None, String::new(), None);
    };
    let Some(mut b) = Fields::new(node, "支持", sink) else { return (None, String::new(), None) };
    let kind = b.choice("类别", &BenefitKind::ALL, sink);
    let amount = compiler.rule_field(&mut b, "金额", true, sink);
    let amount = read_stages(&mut b, amount, compiler, sink);
    if b.get("金额").is_none()
        && b.get("阶段").is_none()
        && kind.is_some_and(|k| k.counts_as_money() || k == BenefitKind::Finance)
    {
        b.missing("金额", sink);
    }
    let caps = read_caps(&mut b, compiler, sink);
    let floor = compiler.rule_field(&mut b, "起付", true, sink);
    let reducible = match b.optional("折减", sink).as_deref() {
        None => false,
        Some("可能") => true,
        Some(other) => {
            let place = b.place("折减");
            sink.report(Diagnostic::new("P005", place, format!("“折减”只能写 可能，写的是“{other}”")));
            false
        }
    };
    let payments = read_payments(&mut b, sink);
    let basis = b.optional("依据", sink).map(|t| compiler.text(&t));
    let note = b.optional("说明", sink).unwrap_or_default();
    let grants = read_title(&mut b, compiler, sink);
    b.finish(sink);
    let benefit = kind.map(|kind| Benefit { kind, amount, caps, floor, reducible, basis, payments });
    (benefit, note, grants)
}

/// 授予: the title that whoever gets this measure then holds, as the rule `资质 含 …`.
fn read_title(b: &mut Fields<'_>, compiler: &mut Compiler<'_>, sink: &mut Sink) -> Option<Expr> {
    const BEFORE: &str = "资质 含 ";
    let text = b.optional("授予", sink)?;
    let place = b.place("授予");
    let names = names(compiler.tables, Scope::Firm);
    let compiled = rule::compile_rule(&format!("{BEFORE}{text}"), names, &mut compiler.texts);
    let before = BEFORE.chars().count();
    for mut problem in compiled.problems {
        problem.span = problem.span.start.saturating_sub(before)..problem.span.end.saturating_sub(before);
        sink.report(rule_diagnostic(&problem, place, 0));
    }
    compiled.expr
}

/// 阶段: sums that fall due when a condition is reached. 累加 adds every stage that is reached; 替换 pays only the
/// last one, which the earlier ones count towards.
fn read_stages(
    b: &mut Fields<'_>,
    amount: Option<Expr>,
    compiler: &mut Compiler<'_>,
    sink: &mut Sink,
) -> Option<Expr> {
    let rows = b.list("阶段", sink);
    let replace = match b.get("阶段方式") {
        None => false,
        Some(_) => b.choice("阶段方式", &[("累加", false), ("替换", true)], sink).unwrap_or_default(),
    };
    let zero = || Expr::Const(Ratio::ZERO, Dimension::YUAN);
    let mut sum = amount;
    for row in rows {
        let Some(mut s) = Fields::new(row, "阶段", sink) else { continue };
        let rule = compiler.rule_field(&mut s, "条件", false, sink);
        let pays = compiler.rule_field(&mut s, "金额", true, sink);
        for key in ["条件", "金额"] {
            if s.get(key).is_none() {
                s.missing(key, sink);
            }
        }
        s.finish(sink);
        let (Some(rule), Some(pays)) = (rule, pays) else { continue };
        let when = |otherwise| Expr::If(Box::new(rule), Box::new(pays), Box::new(otherwise));
        sum = Some(match (sum, replace) {
            (None, _) => when(zero()),
            (Some(before), true) => when(before),
            (Some(before), false) => Expr::Arith(Arith::Add, Box::new(before), Box::new(when(zero()))),
        });
    }
    sum
}

/// `40%、30%、30%`
fn read_payments(b: &mut Fields<'_>, sink: &mut Sink) -> Vec<Ratio> {
    let items = b.items("支付", sink);
    let place = b.place("支付");
    let mut shares = Vec::new();
    for (text, place) in &items {
        match rule::read_quantity(text) {
            Ok((share, Dimension::Share)) if share.signum() > 0 => shares.push(share),
            _ => sink.report(
                Diagnostic::new("P005", *place, format!("“支付”的每一份应是百分数，写的是“{text}”"))
                    .hint("写成 40%、30%、30%"),
            ),
        }
    }
    let total = shares.iter().try_fold(Ratio::ZERO, |sum, share| sum.add(*share));
    if !shares.is_empty() && shares.len() == items.len() && total != Ok(Ratio::ONE) {
        sink.report(Diagnostic::new("P005", place, "“支付”的各份加起来应是 100%"));
    }
    shares
}

/// `每项 100万元；每企业 500万元`
fn read_caps(b: &mut Fields<'_>, compiler: &mut Compiler<'_>, sink: &mut Sink) -> Vec<(CapScope, Expr)> {
    let Some(text) = b.optional("封顶", sink) else { return Vec::new() };
    let place = b.place("封顶");
    let mut caps = Vec::new();
    let mut offset = 0;
    for part in text.split('；') {
        let length = part.chars().count();
        let lead = part.chars().take_while(|c| c.is_whitespace()).count();
        let trimmed = part.trim();
        // The longest name first: 每企业每年 begins with 每企业.
        let mut scopes = CapScope::ALL;
        scopes.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let found = scopes
            .iter()
            .find_map(|(name, scope)| trimmed.strip_prefix(name).map(|rest| (name, *scope, rest)));
        match found {
            Some((name, scope, rest)) => {
                let start = offset
                    + lead
                    + name.chars().count()
                    + rest.chars().take_while(|c| c.is_whitespace()).count();
                if let Some(expr) = compiler.line(rest.trim(), place, start, true, sink) {
                    caps.push((scope, expr));
                }
            }
            None => sink.report(
                Diagnostic::new(
                    "P005",
                    place.span(offset + lead, trimmed.chars().count()),
                    format!("“封顶”要写按什么封顶，写的是“{trimmed}”"),
                )
                .hint("写成 每企业 500万元，可用 每项、每企业、每企业每年，几种之间用全角分号“；”"),
            ),
        }
        offset += length + 1;
    }
    caps
}

fn read_exclusions(f: &mut Fields<'_>, sink: &mut Sink) -> Vec<(String, ExclusionRule)> {
    let mut groups = Vec::new();
    for row in f.list("互斥", sink) {
        let Some(mut g) = Fields::new(row, "互斥", sink) else { continue };
        let group = g.text("组", sink);
        let rule = g.choice("方式", &[("就高", 0), ("限项", 1), ("合计封顶", 2)], sink);
        let place = g.place("额度");
        let limit = g.optional("额度", sink);
        let rule = rule.and_then(|rule| match (rule, limit.as_deref().map(rule::read_quantity)) {
            (0, None) => Some(ExclusionRule::Best),
            (1, Some(Ok((n, _)))) if n.is_integer() && (1..=200).contains(&n.numerator()) => {
                Some(ExclusionRule::AtMost(n.numerator() as u8))
            }
            (2, Some(Ok((fen, Dimension::YUAN)))) => Some(ExclusionRule::Cap(fen.trunc())),
            _ => {
                sink.report(
                    Diagnostic::new("P005", place, "“额度”和“方式”对不上")
                        .hint("就高 不写额度；限项 写 额度: 2项；合计封顶 写 额度: 5000万元"),
                );
                None
            }
        });
        g.finish(sink);
        groups.extend(group.zip(rule));
    }
    groups
}

const WAYS: [(&str, &str); 3] = [("申报", "申报"), ("免申即享", "免申即享"), ("快申快享", "快申快享")];

/// Month and day of both ends of a window that comes back every year.
pub type Yearly = [(u32, u32); 2];

impl PolicyMeasure {
    /// The clauses that conditions and sum come from.
    pub fn bases(&self) -> impl Iterator<Item = &str> {
        let conditions = self.measure.conditions.iter().filter(|c| c.kind != RowKind::Area).map(|c| c.basis);
        conditions.chain(self.measure.benefit.basis).map(|basis| self.card.text(basis))
    }

    /// The dates as they are on a day: a window that comes back every year is the next one that has not closed, within
    /// the validity of the document; none where no round is left before it lapses.
    pub fn schedule_on(&self, today: Date) -> Schedule {
        let mut schedule = self.measure.schedule;
        let Some([opens, closes]) = self.yearly else { return schedule };
        let on = |year: i32, (month, day): (u32, u32)| Date::new(year, month, day);
        let begin = schedule.valid_from.map_or(today, |from| from.max(today));
        // A round may begin in the year before the one that it closes in.
        let window = (begin.year() - 1..=begin.year() + 1).find_map(|year| {
            let end = on(if closes < opens { year + 1 } else { year }, closes)?;
            on(year, opens).filter(|_| end >= begin).map(|start| (start, end))
        });
        let within = window.map(|(start, end)| {
            let start = schedule.valid_from.map_or(start, |from| start.max(from));
            (start, schedule.valid_to.map_or(end, |to| end.min(to)))
        });
        let within = within.filter(|(start, end)| start <= end);
        (schedule.opens, schedule.closes) = (within.map(|(start, _)| start), within.map(|(_, end)| end));
        schedule
    }
}

/// `03-01 至 03-31`
fn read_yearly(w: &mut Fields<'_>, sink: &mut Sink) -> Option<Yearly> {
    let text = w.optional("每年", sink)?;
    let day = |text: &str| {
        let (month, day) = text.trim().split_once('-')?;
        let found = (month.parse().ok()?, day.parse().ok()?);
        // 29 February would be missing in most years.
        Date::new(2025, found.0, found.1).map(|_| found)
    };
    let ends = text.split_once('至').and_then(|(from, to)| Some([day(from)?, day(to)?]));
    if ends.is_none() {
        let message = format!("“每年”应是起止的月日，写的是“{text}”");
        sink.report(Diagnostic::new("P005", w.place("每年"), message).hint("写成 03-01 至 03-31"));
    }
    ends
}

fn read_window(
    f: &mut Fields<'_>,
    shared: &Shared,
    sink: &mut Sink,
) -> (Schedule, Option<Yearly>, Vec<(String, String)>) {
    let mut schedule = Schedule {
        status: shared.status,
        opens: None,
        closes: None,
        rolling: false,
        valid_from: shared.valid_from,
        valid_to: shared.valid_to,
    };
    let mut handling = Vec::new();
    let Some(node) = f.get("受理") else { return (schedule, None, handling) };
    let Some(mut w) = Fields::new(node, "受理", sink) else { return (schedule, None, handling) };
    schedule.opens = w.date("起", sink);
    schedule.closes = w.date("止", sink);
    schedule.rolling = w.flag("常年", sink);
    ordered(&w, schedule.opens, schedule.closes, sink);
    if schedule.rolling && schedule.closes.is_some() {
        let place = w.place("常年");
        sink.report(Diagnostic::new("P005", place, "写了 常年: 是，就不能再写 止"));
    }
    let yearly = read_yearly(&mut w, sink);
    if yearly.is_some() && (schedule.rolling || schedule.opens.or(schedule.closes).is_some()) {
        let place = w.place("每年");
        sink.report(Diagnostic::new("P005", place, "写了 每年，就不能再写 起、止、常年"));
    }
    if let Some(way) = w.get("方式").and_then(|_| w.choice("方式", &WAYS, sink)) {
        handling.push(("方式".to_owned(), way.to_owned()));
    }
    if let Some(quota) = w.optional("名额", sink) {
        handling.push(("名额".to_owned(), quota));
    }
    w.finish(sink);
    (schedule, yearly, handling)
}

/// `营业执照、申请表`, or a list of maps with copies, form and addresses.
fn read_materials(f: &mut Fields<'_>, tables: &Tables, sink: &mut Sink) -> Vec<Material> {
    let mut materials: Vec<Material> = Vec::new();
    let listed = matches!(f.get("材料"), Some(Node { kind: Kind::List(_), .. }));
    if !listed {
        for (name, place) in f.items("材料", sink) {
            let name = material_name(&name, place, &materials, tables, sink);
            materials.extend(name.map(|name| Material { name, ..Material::default() }));
        }
        return materials;
    }
    for row in f.list("材料", sink) {
        let Some(mut m) = Fields::new(row, "材料", sink) else { continue };
        let name = m.text("名称", sink);
        let place = m.place("名称");
        let name = name.and_then(|name| material_name(&name, place, &materials, tables, sink));
        let copies = m.optional("份数", sink).and_then(|text| {
            let number = text.trim_end_matches('份').trim();
            let copies = number.parse::<u8>().ok().filter(|n| *n <= 99);
            if copies.is_none() {
                let place = m.place("份数");
                let message = format!("“份数”应是 0 到 99 的整数，写的是“{text}”");
                sink.report(Diagnostic::new("P005", place, message));
            }
            copies
        });
        let kind = match m.get("形式") {
            None => None,
            Some(_) => m.choice("形式", &FORMS.map(|form| (form, form)), sink),
        };
        let note = m.optional("说明", sink);
        let (form, sample) = (link(&mut m, "空表", sink), link(&mut m, "样表", sink));
        m.finish(sink);
        let copies = copies.map(|n| format!("{n} 份"));
        let how = [kind.map(str::to_owned), copies, note].into_iter().flatten().collect::<Vec<_>>().join(" ");
        materials.extend(name.map(|name| Material { name, how, form, sample }));
    }
    materials
}

/// 形式 of a material.
const FORMS: [&str; 4] = ["原件", "复印件", "电子件", "原件和复印件"];

/// The catalogue's name, unless it is unknown or there already.
fn material_name(
    name: &str,
    place: Place,
    before: &[Material],
    tables: &Tables,
    sink: &mut Sink,
) -> Option<String> {
    match tables.materials.get(name) {
        Some(canonical) if before.iter().any(|m| m.name == *canonical) => {
            sink.report(Diagnostic::new("P006", place, format!("材料“{canonical}”列了两次")));
            None
        }
        Some(canonical) => Some(canonical.clone()),
        None => {
            // What says nothing is not mended by another word that says nothing (P216).
            let names = tables.materials.keys().map(String::as_str).filter(|_| !lint::is_catch_all(name));
            let hint = rule::did_you_mean(name, names)
                .unwrap_or_else(|| "先在 catalogue/materials.yaml 里加一行".to_owned());
            sink.report(Diagnostic::new("P007", place, format!("材料目录里没有“{name}”")).hint(hint));
            None
        }
    }
}

fn read_handling(f: &mut Fields<'_>, handling: &mut Vec<(String, String)>, sink: &mut Sink) {
    let Some(node) = f.get("办理") else { return };
    let Some(mut h) = Fields::new(node, "办理", sink) else { return };
    let url = link(&mut h, "网址", sink);
    if !url.is_empty() {
        handling.push(("网址".to_owned(), url));
    }
    for key in ["部门", "电话", "地点", "法定时限", "承诺时限"] {
        if let Some(text) = h.optional(key, sink) {
            handling.push((key.to_owned(), text));
        }
    }
    h.finish(sink);
}

/// `2026-11-22 一致`: the day someone compared the measure with its source, and what came of it.
fn read_review(f: &mut Fields<'_>, sink: &mut Sink) -> Option<Date> {
    let text = f.optional("复核", sink)?;
    let found = text.split_once(' ').and_then(|(date, result)| {
        let result = result.trim();
        let known = result == "一致"
            || result
                .strip_prefix("改了")
                .and_then(|r| r.strip_suffix('处'))
                .is_some_and(|n| n.trim().parse::<u8>().is_ok());
        Date::parse(date).filter(|_| known)
    });
    if found.is_none() {
        let message = format!("“复核”应是日期和结果，写的是“{text}”");
        sink.report(
            Diagnostic::new("P005", f.place("复核"), message)
                .hint("写成 2026-11-22 一致，或 2026-11-22 改了2处"),
        );
    }
    found
}

fn read_example(row: &Node, tables: &Tables, sink: &mut Sink) -> Option<Example> {
    let mut f = Fields::new(row, "示例企业", sink)?;
    let name = f.text("名称", sink)?;
    if !name.starts_with("示例") {
        let place = f.place("名称");
        sink.report(Diagnostic::new("P005", place, format!("示例企业的名称要以“示例”开头，写的是“{name}”")));
    }
    if f.get("今天").is_none() {
        f.missing("今天", sink);
    }
    let today = f.date("今天", sink)?;
    let facts = f.get("要素");
    if facts.is_none() {
        f.missing("要素", sink);
    }
    let errors_before = sink.counts().errors;
    let firm = facts.map(|node| read_firm(node, today, tables, sink)).unwrap_or_default();
    let broken = sink.counts().errors > errors_before;
    let mut expected = Vec::new();
    match f.get("期望") {
        None => f.missing("期望", sink),
        Some(node) => {
            if let Some(inner) = Fields::new(node, "期望", sink) {
                for (key, value) in inner.entries() {
                    let text = value.text().unwrap_or_default();
                    let (verdict, amount) = match text.split_once(' ') {
                        Some((verdict, amount)) => (verdict, Some(amount.trim().to_owned())),
                        None => (text, None),
                    };
                    let place = value.place.span(0, text.chars().count());
                    let id = key.text().unwrap_or_default().to_owned();
                    expected.push((id, place, verdict.to_owned(), amount));
                }
            }
        }
    }
    f.finish(sink);
    Some(Example { name, today, firm, broken, expected })
}

/// Reads 要素: names and values of one firm.
pub fn read_firm(node: &Node, today: Date, tables: &Tables, sink: &mut Sink) -> Firm {
    let mut firm = Firm::default();
    let Some(facts) = Fields::new(node, "要素", sink) else { return firm };
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    for (key, value) in facts.entries() {
        let name = key.text().unwrap_or_default();
        seen.insert(name.to_owned(), key.place);
        let Some(text) = value.text() else {
            sink.report(Diagnostic::new(
                "P004",
                value.place,
                format!("“{name}”应是一行文字，写的是{}", value.describe()),
            ));
            continue;
        };
        let result = read_line(&mut firm, name, text, today, &tables.catalogue, &tables.aliases);
        if let Err(error) = result {
            let node = if error.in_key { key } else { value };
            let length = node.text().map_or(1, |t| t.chars().count());
            let d = Diagnostic::new("P030", node.place.span(0, length), error.message);
            sink.report(d.maybe_hint(error.hint));
        }
    }
    firm
}

#[cfg(test)]
mod tests {
    use super::{PolicyMeasure, Yearly};
    use crate::diagnostic::Place;
    use huiqi_engine::date::Date;
    use huiqi_engine::measure::{Card, Detail, Measure};

    fn measure(yearly: Yearly, from: &str, to: &str) -> PolicyMeasure {
        let mut measure = Measure::new("demo");
        measure.schedule.valid_from = Date::parse(from);
        measure.schedule.valid_to = Date::parse(to);
        PolicyMeasure {
            english: None,
            measure,
            card: Card::default(),
            detail: Detail::default(),
            place: Place::new(1, 1),
            broken: false,
            prerequisites: Vec::new(),
            amount_place: Place::new(1, 1),
            yearly: Some(yearly),
            reviewed: None,
        }
    }

    #[test]
    fn a_window_of_every_year_is_the_next_one() {
        let spring = [(3, 1), (3, 31)];
        let winter = [(11, 1), (2, 28)];
        let cases = [
            (spring, "2026-02-28", "2026-03-01 2026-03-31"),
            (spring, "2026-03-31", "2026-03-01 2026-03-31"),
            (spring, "2026-04-01", "2027-03-01 2027-03-31"),
            (winter, "2026-01-15", "2025-11-01 2026-02-28"),
            (winter, "2026-03-01", "2026-11-01 2027-02-28"),
            // Before the document holds, and when no round is left in it.
            (spring, "2020-06-01", "2025-03-15 2025-03-31"),
            (winter, "2020-06-01", "2025-11-01 2026-02-28"),
            (spring, "2028-04-01", "none"),
            // Cut at the last day.
            (winter, "2028-11-05", "2028-11-01 2028-12-31"),
        ];
        for (yearly, today, expected) in cases {
            let m = measure(yearly, "2025-03-15", "2028-12-31");
            let schedule = m.schedule_on(Date::parse(today).expect("a day"));
            let found = match (schedule.opens, schedule.closes) {
                (Some(opens), Some(closes)) => format!("{opens} {closes}"),
                _ => "none".to_owned(),
            };
            assert_eq!(found, expected, "{yearly:?} on {today}");
        }
    }
}
