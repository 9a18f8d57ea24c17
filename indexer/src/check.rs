//! Reads a whole folder of policies and checks what no single file shows:
//! unique ids, prerequisites, example firms.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use huiqi_engine::date::Date;
use huiqi_engine::eval::{Evaluator, Verdict, evaluate};
use huiqi_engine::explain::amount_text;
use huiqi_engine::firm::Firm;
use huiqi_engine::measure::Measure;
use huiqi_engine::rule::{Expr, Func, TextNo};
use rayon::prelude::*;

use crate::catalogue::{self, Tables};
use crate::diagnostic::{Diagnostic, Place, io_words};
use crate::fields::Sink;
use crate::lint::{self, Context};
use crate::policy::{self, Policy};
use crate::settings::{self, Settings, Split};
use crate::yaml;

/// A folder of policies, read and compiled.
#[derive(Debug, Default)]
pub struct Project {
    /// Catalogue tables.
    pub tables: Tables,
    /// Documents in order of their ids.
    pub policies: Vec<Policy>,
    /// How the bundle is cut into areas.
    pub split: Split,
}

impl Project {
    /// Number of measures.
    pub fn measure_count(&self) -> usize {
        self.policies.iter().map(|p| p.measures.len()).sum()
    }

    /// Number of example firms.
    pub fn example_count(&self) -> usize {
        self.policies.iter().map(|p| p.examples.len()).sum()
    }
}

/// Reads `dir`: `huiqi.yaml`, `catalogue/` and every other `*.yaml` below. `progress` is
/// called with the number of files done and in all; `today` is what validity and reviews are measured with.
///
/// # Errors
/// When the folder itself cannot be read. Problems in files go to `sink`.
pub fn load(
    dir: &Path,
    today: Date,
    sink: &mut Sink,
    progress: impl Fn(usize, usize) + Sync,
) -> anyhow::Result<Project> {
    let catalogue_dir = dir.join("catalogue");
    read_settings(dir, sink);
    let tables = catalogue::load(&catalogue_dir, sink);
    let context = Context::new(&tables, today)?;
    let mut files = Vec::new();
    collect(dir, &mut files)?;
    let settings = dir.join(settings::FILE_NAME);
    files.retain(|path| !path.starts_with(&catalogue_dir) && *path != settings);
    files.sort();
    if files.is_empty() {
        anyhow::bail!(
            "{} 里没有政策文件（.yaml）。\n用法：huiqi check <政策文件夹>，如 huiqi check policies；写法见 policies/README.md",
            dir.display()
        );
    }
    let done = AtomicUsize::new(0);
    let forked = &*sink;
    let results: Vec<(Option<Policy>, Sink)> = files
        .par_iter()
        .map(|path| {
            let mut sink = forked.fork();
            let policy = read_file(path, &context, &mut sink);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
            (policy, sink)
        })
        .collect();
    let mut policies = Vec::new();
    for (policy, fork) in results {
        policies.extend(policy);
        sink.join(fork);
    }
    policies.sort_by(|a, b| a.id.cmp(&b.id));
    link(&mut policies, sink);
    lint::project(&policies, &context, sink);
    let project = Project { tables, policies, split: sink.settings().split };
    check(&project, sink);
    Ok(project)
}

/// Largest policy file that is read, in bytes.
const FILE_LIMIT: u64 = 4 << 20;

fn read_file(path: &Path, context: &Context<'_>, sink: &mut Sink) -> Option<Policy> {
    let fail = |message: String| Diagnostic::new("P000", Place::new(1, 1), message).at(path);
    match std::fs::metadata(path) {
        Ok(meta) if meta.len() > FILE_LIMIT => {
            sink.push(
                fail(format!("文件有 {} MB，最多 4 MB", meta.len() >> 20))
                    .hint("一份文件写成一个 YAML，附件不放进来"),
            );
            return None;
        }
        _ => {}
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            sink.push(fail(format!("读不了这个文件：{}", io_words(&error))));
            return None;
        }
    };
    let Ok(text) = String::from_utf8(bytes) else {
        sink.push(fail("文件不是 UTF-8 编码".to_owned()).hint("用编辑器另存为 UTF-8"));
        return None;
    };
    sink.enter(path, &text);
    match yaml::parse(&text) {
        Ok(root) => {
            let mut policy = policy::read(path, &root, context.tables, sink)?;
            for measure in &mut policy.measures {
                measure.measure.schedule = measure.schedule_on(context.today);
            }
            lint::file(&root, &policy, context, sink);
            Some(policy)
        }
        Err(diagnostic) => {
            sink.report(*diagnostic);
            None
        }
    }
}

fn read_settings(dir: &Path, sink: &mut Sink) {
    let path = dir.join(settings::FILE_NAME);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        // Without it, findings would count as something else than the publisher wants.
        Err(error) => {
            let message = format!("读不了设置文件：{}", io_words(&error));
            return sink.push(Diagnostic::new("P000", Place::new(1, 1), message).at(&path));
        }
    };
    sink.enter(&path, &text);
    match yaml::parse(&text) {
        Ok(root) => {
            let settings = Settings::read(&root, sink);
            sink.set_settings(settings);
        }
        Err(diagnostic) => sink.report(*diagnostic),
    }
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let unreadable = |error| {
        anyhow::anyhow!(
            "读不到文件夹 {}：{}",
            dir.display(),
            io_words(&error).replace("这个文件", "这个文件夹")
        )
    };
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") && !hidden {
            files.push(path);
        }
    }
    Ok(())
}

/// Puts the sums of other measures in place of 金额(…): with their caps for one firm, so that 配套 of a capped sum is
/// capped as well.
fn link(policies: &mut [Policy], sink: &mut Sink) {
    let mut sums: BTreeMap<String, Linked> = BTreeMap::new();
    for m in policies.iter().flat_map(|p| &p.measures) {
        let benefit = &m.measure.benefit;
        let Some(amount) = &benefit.amount else { continue };
        let mut parts = vec![amount.clone()];
        parts.extend(benefit.caps.iter().map(|(_, cap)| cap.clone()));
        let expr = if parts.len() == 1 { parts.remove(0) } else { Expr::Call(Func::Min, parts) };
        let linked = Linked { expr, texts: m.card.texts.clone(), base_year: m.measure.base_year };
        sums.insert(m.measure.id.clone(), linked);
    }
    for policy in policies {
        for m in &mut policy.measures {
            let Some(mut amount) = m.measure.benefit.amount.take() else { continue };
            let mut open = vec![m.measure.id.clone()];
            let mut texts = std::mem::take(&mut m.card.texts);
            let own = texts.clone();
            let place = Source { texts: &own, base_year: m.measure.base_year };
            if let Err(problem) = put_in(&mut amount, place, &mut texts, &sums, &mut open) {
                sink.re_enter(&policy.path);
                sink.report(problem.at_place(m.amount_place));
                m.broken = true;
            }
            m.card.texts = texts;
            m.measure.benefit.amount = Some(amount);
        }
    }
}

/// The sum of one measure with the texts that it refers to.
struct Linked {
    expr: Expr,
    texts: Vec<String>,
    base_year: Option<u16>,
}

/// Where an expression stands.
#[derive(Clone, Copy)]
struct Source<'a> {
    texts: &'a [String],
    base_year: Option<u16>,
}

/// What is wrong with 金额(…).
struct LinkProblem {
    message: String,
    hint: Option<String>,
}

impl LinkProblem {
    fn at_place(self, place: Place) -> Diagnostic {
        Diagnostic::new("P045", place, self.message).maybe_hint(self.hint)
    }
}

fn put_in(
    expr: &mut Expr,
    source: Source<'_>,
    texts: &mut Vec<String>,
    sums: &BTreeMap<String, Linked>,
    open: &mut Vec<String>,
) -> Result<(), LinkProblem> {
    let problem = |message: String, hint| Err(LinkProblem { message, hint });
    if let Expr::AmountOf(text) = expr {
        let id = source.texts.get(usize::from(*text)).cloned().unwrap_or_default();
        if open.contains(&id) {
            return problem(format!("金额绕了一圈：{} → {id}", open.join(" → ")), None);
        }
        let Some(linked) = sums.get(&id) else {
            let hint = huiqi_engine::rule::did_you_mean(&id, sums.keys().map(String::as_str));
            return problem(format!("“金额({id})”：没有这个有金额的事项"), hint);
        };
        if linked.base_year != source.base_year {
            return problem(
                format!("“金额({id})”：两个事项的 基准年 不同，“上年”不是同一年"),
                Some("两边写同一个 基准年，或都不写".to_owned()),
            );
        }
        let mut sum = linked.expr.clone();
        open.push(id);
        let inner = Source { texts: &linked.texts, base_year: linked.base_year };
        put_in(&mut sum, inner, texts, sums, open)?;
        open.pop();
        *expr = sum;
        return Ok(());
    }
    // A text of another measure moves to this one.
    if let Expr::Verify(no) | Expr::Promise(no) = expr {
        let text = source.texts.get(usize::from(*no)).cloned().unwrap_or_default();
        let at = texts.iter().position(|t| *t == text).unwrap_or_else(|| {
            texts.push(text);
            texts.len() - 1
        });
        *no = at as TextNo;
    }
    for child in expr.children_mut() {
        put_in(child, source, texts, sums, open)?;
    }
    Ok(())
}

/// What leads back to `start`, with it at both ends: 前置 of which nothing could ever be applied for first, documents
/// that replace each other.
pub(crate) fn circle(start: &str, edges: &BTreeMap<&str, Vec<&str>>) -> Option<Vec<String>> {
    let mut path = vec![start.to_owned()];
    let mut stack = vec![edges.get(start).cloned().unwrap_or_default()];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while let Some(next) = stack.last_mut() {
        match next.pop() {
            None => {
                stack.pop();
                path.pop();
            }
            Some(id) if id == start => {
                path.push(start.to_owned());
                return Some(path);
            }
            Some(id) => {
                if seen.insert(id) {
                    path.push(id.to_owned());
                    stack.push(edges.get(id).cloned().unwrap_or_default());
                }
            }
        }
    }
    None
}

fn check(project: &Project, sink: &mut Sink) {
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for measure in project.policies.iter().flat_map(|p| &p.measures) {
        let to = measure.prerequisites.iter().map(|(id, _)| id.as_str()).collect();
        edges.insert(&measure.measure.id, to);
    }
    let mut ids: BTreeMap<&str, &Path> = BTreeMap::new();
    for policy in &project.policies {
        sink.re_enter(&policy.path);
        let mut own = vec![(policy.id.as_str(), policy.place)];
        own.extend(policy.measures.iter().map(|m| (m.measure.id.as_str(), m.place)));
        for (id, place) in own {
            if let Some(other) = ids.insert(id, &policy.path) {
                let message = format!("编号“{id}”在 {} 里已经用过", other.display());
                sink.report(Diagnostic::new("P006", place, message));
            }
        }
    }
    for policy in &project.policies {
        sink.re_enter(&policy.path);
        for measure in &policy.measures {
            for (id, place) in &measure.prerequisites {
                if !ids.contains_key(id.as_str()) {
                    let hint = huiqi_engine::rule::did_you_mean(id, ids.keys().copied());
                    let message = format!("“前置”里没有这个事项：“{id}”");
                    sink.report(Diagnostic::new("P007", *place, message).maybe_hint(hint));
                }
            }
        }
        for measure in &policy.measures {
            if let Some(cycle) = circle(&measure.measure.id, &edges) {
                let place = measure.prerequisites.first().map_or(measure.place, |(_, place)| *place);
                let message = format!("“前置”绕了一圈：{}", cycle.join(" → "));
                sink.report(Diagnostic::new("P046", place, message));
            }
        }
        check_amounts(policy, project, sink);
        check_examples(policy, project, sink);
    }
}

/// With nothing known of a firm, the formula's interval holds everything it can ever come to.
fn check_amounts(policy: &Policy, project: &Project, sink: &mut Sink) {
    let nobody = Firm::default();
    for m in policy.measures.iter().filter(|m| !m.broken) {
        let Some(amount) = &m.measure.benefit.amount else { continue };
        let today = m.measure.schedule.opens.or(m.measure.schedule.valid_from).unwrap_or(Date::LAST);
        let interval = Evaluator::new(&m.measure, &project.tables.catalogue, &nobody, today).number(amount);
        if interval.is_ok_and(|i| i.lo.is_none_or(|lo| lo.signum() < 0)) {
            sink.report(
                Diagnostic::new("P044", m.place, format!("事项“{}”的金额可能算成负数", m.measure.name))
                    .hint("把会变负的部分写成 不低于零(…)"),
            );
        }
    }
}

fn check_examples(policy: &Policy, project: &Project, sink: &mut Sink) {
    let mut seen: BTreeMap<&str, [bool; 2]> = BTreeMap::new();
    for example in &policy.examples {
        for (id, place, verdict, amount) in &example.expected {
            let Some(measure) = policy.measures.iter().find(|m| m.measure.id == *id) else {
                let ids = policy.measures.iter().map(|m| m.measure.id.as_str());
                let hint = huiqi_engine::rule::did_you_mean(id, ids);
                let message = format!("“期望”里没有这个事项：“{id}”");
                sink.report(Diagnostic::new("P007", *place, message).maybe_hint(hint));
                continue;
            };
            if measure.broken {
                continue;
            }
            let Some((expected, ..)) = Verdict::ALL.iter().find(|(_, _, name)| name == verdict) else {
                sink.report(
                    Diagnostic::new("P005", *place, format!("没有结论“{verdict}”"))
                        .hint("可写 符合、待人工核实、待补充、不符合"),
                );
                continue;
            };
            // What was expected counts as well: a wrong one is reported for itself.
            let seen = seen.entry(id).or_default();
            seen[0] |= matches!(expected, Verdict::Eligible | Verdict::Likely);
            seen[1] |= *expected == Verdict::Ineligible;
            if example.broken {
                continue;
            }
            let schedule = measure.schedule_on(example.today);
            let on_that_day = if schedule == measure.measure.schedule {
                Cow::Borrowed(&measure.measure)
            } else {
                Cow::Owned(Measure { schedule, ..measure.measure.clone() })
            };
            let outcome =
                match evaluate(&on_that_day, &project.tables.catalogue, &example.firm, example.today) {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        sink.report(Diagnostic::new(
                            "P040",
                            *place,
                            format!("{}算不出来：{error}", example.name),
                        ));
                        continue;
                    }
                };
            seen[0] |= matches!(outcome.verdict, Verdict::Eligible | Verdict::Likely);
            seen[1] |= outcome.verdict == Verdict::Ineligible;
            if outcome.verdict != *expected {
                sink.report(
                    Diagnostic::new(
                        "P041",
                        *place,
                        format!("{}：期望{verdict}，算出来是{}", example.name, outcome.verdict.name()),
                    )
                    .hint(why(measure, &outcome.rows, expected.name())),
                );
            } else if let Some(amount) = amount {
                let found = outcome.amount.as_ref().map_or_else(|| "没有金额".to_owned(), amount_text);
                if found != *amount {
                    sink.report(Diagnostic::new(
                        "P042",
                        *place,
                        format!("{}：期望金额 {amount}，算出来是 {found}", example.name),
                    ));
                }
            }
        }
    }
    for measure in &policy.measures {
        if measure.broken {
            continue;
        }
        let [yes, no] = seen.get(measure.measure.id.as_str()).copied().unwrap_or_default();
        for (has, word) in [(yes, "符合（或待人工核实）"), (no, "不符合")] {
            if !has {
                sink.report(
                    Diagnostic::new(
                        "P043",
                        measure.place,
                        format!("事项“{}”缺一个“{word}”的示例企业", measure.measure.name),
                    )
                    .hint("在文件末尾的 示例企业 里加一个，算得对才说明规则写对了"),
                );
            }
        }
    }
}

/// Which conditions decided, for a failing example.
fn why(
    measure: &policy::PolicyMeasure,
    rows: &[Option<huiqi_engine::eval::Truth>],
    expected: &str,
) -> String {
    use huiqi_engine::eval::Truth;
    let name = |t: Truth| match t {
        Truth::True => "成立",
        Truth::Confirm => "待核实",
        Truth::Unknown => "缺信息",
        Truth::False => "不成立",
    };
    let parts: Vec<String> = measure
        .measure
        .conditions
        .iter()
        .zip(rows)
        .map(|(c, t)| format!("{} {}", measure.card.text(c.basis), t.map_or("不适用", name)))
        .collect();
    format!("逐条结果：{}；若应是{expected}，看看哪条写错了", parts.join("，"))
}
