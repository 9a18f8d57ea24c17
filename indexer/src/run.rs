//! What the commands do. Data goes to standard output, talk to standard error.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use huiqi_engine::catalogue::Derived;
use huiqi_engine::date::Date;
use huiqi_engine::decide::Decider;
use huiqi_engine::eval::{Amount, Outcome, Truth, Verdict, evaluate};
use huiqi_engine::explain::{self, amount_text, key_name};
use huiqi_engine::firm::Firm;
use huiqi_engine::measure::{Audience, Measure, RowKind};
use huiqi_engine::plan::{self, Event, LeftOut};
use huiqi_engine::report::Group;

use huiqi_engine::search::{Facet, Filters, Found, Lookup as _, Query, Tier, excerpt};
use huiqi_engine::trust::KEYS_NAME;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::build::{self, Options};
use crate::catalogue::{self, Tables};
use crate::check::{self, Project};
use crate::cli::{Command, Key, Report};
use crate::diagnostic::{self, Severity};
use crate::fields::{Counts, Sink};
use crate::keys::{self, Changes, Secret};
use crate::policy::{self, PolicyMeasure};
use crate::text_index::{self, TextIndex};
use crate::{codes, completeness, serve, yaml};
use crate::{doctor, embed, pack};

/// Exit code: 0 fine, 1 findings, 2 usage or input and output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing to complain about.
    Fine,
    /// Something to mend.
    Findings,
}

/// Runs a command.
///
/// # Errors
/// When something cannot be read or written; the message is Chinese.
pub fn run(command: Command, out: &mut dyn Write, talk: &mut dyn Write) -> anyhow::Result<Status> {
    match command {
        Command::Check { policies, report } => run_check(&policies, &report, out, talk),
        Command::Build { policies, out: dir, index, publisher, as_of, sequence, full, key, threads } => {
            let now = now();
            let key = key.map(|path| Secret::read(&path)).transpose()?;
            let options = Options {
                today: as_of.unwrap_or_else(|| beijing_date(now)),
                sequence: sequence.unwrap_or(now),
                publisher: publisher.replace(['\n', '\r'], " "),
                full,
                threads: threads.unwrap_or_else(text_index::default_threads),
                key: key.map(Arc::new),
            };
            run_build(&policies, &options, &dir, &index, talk)
        }
        Command::Key { action } => run_key(action, out, talk),
        Command::Embed {
            data,
            widget,
            data_url,
            widget_url,
            region,
            publisher_key,
            extension,
            limit,
            part,
        } => {
            let places =
                embed::Places { data: &data, widget: &widget, data_url: &data_url, widget_url: &widget_url };
            let wishes = embed::Wishes { region, key: publisher_key, limit, extension };
            let embed = embed::Embed::read(&places, wishes)?;
            run_embed(&embed, part, out)
        }
        Command::Pack { data, widget, out: dir, extension, publisher_key } => {
            let packed = pack::pack(&data, &widget, &dir, &extension, publisher_key)?;
            writeln!(
                talk,
                "{}：{} 个文件，{} 字节，其中新写 {} 个",
                dir.display(),
                packed.files,
                packed.bytes,
                packed.fresh
            )?;
            writeln!(
                talk,
                "整个目录上传到网站的一个目录里，再运行 huiqi embed --extension {extension} 看要贴什么"
            )?;
            Ok(Status::Fine)
        }
        Command::Doctor { url, as_of, json } => {
            let today = as_of.unwrap_or_else(|| beijing_date(now()));
            run_doctor(&doctor::examine(&url, today)?, json, out)
        }
        Command::Search { query, index, limit, firm, only, counts, as_typed, as_of, json } => {
            let today = as_of.unwrap_or_else(|| beijing_date(now()));
            let search = Search { text: query.join(" "), limit, firm, only, counts, as_typed, json };
            run_search(&search, &index, today, out, talk)
        }
        Command::Explain { policies, firm, measure, as_of, json } => {
            let today = as_of.unwrap_or_else(|| beijing_date(now()));
            run_explain(&policies, &firm, measure.as_deref(), today, json, out, talk)
        }
        Command::Serve { dir, port, csp } => {
            serve::serve(&dir, port, csp.as_deref(), talk).map(|()| Status::Fine)
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// The day it is in Beijing, UTC+8 without summer time.
fn beijing_date(seconds: u64) -> Date {
    let days = i32::try_from((seconds + 8 * 3600) / 86_400).unwrap_or(i32::MAX);
    Date::from_days(days).unwrap_or(Date::LAST)
}

/// A progress bar when a person watches.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar }
    }

    fn at(&self, what: &str, done: usize, total: usize) {
        if self.bar.message() != what {
            self.bar.set_message(what.to_owned());
        }
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn load(policies: &Path, today: Date, sink: &mut Sink) -> anyhow::Result<Project> {
    let progress = Progress::new();
    check::load(policies, today, sink, |done, total| progress.at("检查", done, total))
}

/// Prints findings, 提示 only as numbers unless they are asked for; the number of errors.
fn report(sink: &Sink, notes: bool, talk: &mut dyn Write) -> anyhow::Result<usize> {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for diagnostic in sink.sorted() {
        if diagnostic.severity == Severity::Note && !notes {
            *counted.entry(diagnostic.code).or_default() += 1;
        } else {
            write!(talk, "{}", sink.render(diagnostic))?;
        }
    }
    if !counted.is_empty() {
        let title = |code: &str| codes::find(code).map_or("", |c| c.title);
        let words: Vec<String> =
            counted.iter().map(|(code, count)| format!("{code} {} {count} 处", title(code))).collect();
        writeln!(talk, "提示（加 --notes 逐条列出）：{}", words.join("，"))?;
    }
    Ok(sink.counts().errors)
}

fn run_check(
    policies: &Path,
    wanted: &Report,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<Status> {
    if let Some(id) = &wanted.explain {
        return explain_code(id, out);
    }
    let mut sink = Sink::default();
    let project = load(policies, wanted.as_of.unwrap_or_else(|| beijing_date(now())), &mut sink)?;
    let Counts { errors, warnings, notes } = sink.counts();
    if wanted.sarif {
        writeln!(out, "{}", diagnostic::sarif(&sink.sorted()))?;
    } else if wanted.completeness {
        let scores = completeness::scores(&project);
        if wanted.json {
            for line in completeness::json_lines(&scores) {
                writeln!(out, "{line}")?;
            }
        } else {
            write!(out, "{}", completeness::table(&scores))?;
        }
    } else if wanted.json {
        for diagnostic in sink.sorted() {
            writeln!(out, "{}", diagnostic.json())?;
        }
    } else {
        report(&sink, wanted.notes, talk)?;
    }
    writeln!(
        talk,
        "检查了 {} 份文件、{} 个事项、{} 家示例企业：{errors} 个错误，{warnings} 个警告，{notes} 条提示",
        project.policies.len(),
        project.measure_count(),
        project.example_count()
    )?;
    Ok(if errors == 0 { Status::Fine } else { Status::Findings })
}

/// The documentation of a code, or the list of all.
fn explain_code(id: &str, out: &mut dyn Write) -> anyhow::Result<Status> {
    if id == "all" {
        for code in codes::all() {
            writeln!(out, "{} {} {}", code.id, code.severity.name(), code.title)?;
        }
        return Ok(Status::Fine);
    }
    let Some(code) = codes::find(&id.to_uppercase()) else {
        let hint = huiqi_engine::rule::did_you_mean(&id.to_uppercase(), codes::all().iter().map(|c| c.id));
        anyhow::bail!(
            "没有代码“{id}”{}。运行 huiqi check --explain all 看全部代码",
            hint.map_or_else(String::new, |h| format!("，{h}"))
        );
    };
    writeln!(out, "{}", code.section)?;
    Ok(Status::Fine)
}

fn run_build(
    policies: &Path,
    options: &Options,
    dir: &Path,
    index: &Path,
    talk: &mut dyn Write,
) -> anyhow::Result<Status> {
    let mut sink = Sink::default();
    let project = load(policies, options.today, &mut sink)?;
    let errors = report(&sink, false, talk)?;
    if errors > 0 {
        writeln!(talk, "有 {errors} 个错误，没有生成发布包，原来的发布包没动。改好后再运行。")?;
        return Ok(Status::Findings);
    }
    let progress = Progress::new();
    let summary =
        build::build(&project, options, dir, index, |what, done, total| progress.at(what, done, total))?;
    drop(progress);
    writeln!(talk, "发布包：{}（{}，序号 {}）", dir.display(), options.today, options.sequence)?;
    writeln!(talk, "  {} 份文件，{} 个事项", summary.documents, summary.measures)?;
    let (all, fresh) = summary.parts;
    writeln!(talk, "  {all} 个数据文件，共 {} 字节，其中新写 {fresh} 个", summary.bytes)?;
    for (kind, (count, bytes)) in &summary.by_kind {
        writeln!(talk, "    {kind}：{count} 个，{bytes} 字节")?;
    }
    writeln!(talk, "检索索引：{}", index.display())?;
    Ok(Status::Fine)
}

fn run_doctor(findings: &[doctor::Finding], json: bool, out: &mut dyn Write) -> anyhow::Result<Status> {
    let is_problem = |finding: &&doctor::Finding| finding.weight == doctor::Weight::Problem;
    for finding in findings {
        let weight = if is_problem(&finding) { "问题" } else { "提示" };
        if json {
            let row =
                json!({"weight": weight, "id": finding.id, "message": finding.message, "hint": finding.hint});
            writeln!(out, "{row}")?;
        } else {
            writeln!(out, "{weight} {}：{}\n  改法：{}", finding.id, finding.message, finding.hint)?;
        }
    }
    let problems = findings.iter().filter(is_problem).count();
    if !json {
        match problems {
            0 => writeln!(out, "没有发现问题。")?,
            n => writeln!(out, "有 {n} 个问题。")?,
        }
    }
    Ok(if problems == 0 { Status::Fine } else { Status::Findings })
}

fn run_key(action: Key, out: &mut dyn Write, talk: &mut dyn Write) -> anyhow::Result<Status> {
    match action {
        Key::New { file } => {
            let secret = Secret::create(&file)?;
            writeln!(out, "{}", secret.public)?;
            writeln!(
                talk,
                "密钥写进了 {}，编号 {}：只有自己能读，不要上传",
                file.display(),
                secret.public.id()
            )?;
        }
        Key::Issue { root, data, add, days, revoke, regions, ids, as_of } => {
            let now = now();
            let today = as_of.unwrap_or_else(|| beijing_date(now));
            let root = Secret::read(&root)?;
            let keys = keys::issue(&root, &data, &Changes { add, days, revoke, regions, ids }, today, now)?;
            write!(out, "{}", keys.print())?;
            writeln!(talk, "写进了 {}，由根密钥 {} 签名", data.join(KEYS_NAME).display(), root.public.id())?;
        }
        Key::Show { data, key } => {
            let trusted = keys::check(&data, &key)?;
            let regions: Vec<String> = trusted.authority.regions.iter().map(|c| c.region_text()).collect();
            writeln!(out, "签名正确：密钥 {}，地区 {}", trusted.key, regions.join("、"))?;
            if !trusted.authority.ids.is_empty() {
                writeln!(out, "事项编号的开头：{}", trusted.authority.ids.join("、"))?;
            }
        }
    }
    Ok(Status::Fine)
}

fn run_embed(embed: &embed::Embed, part: Option<embed::Part>, out: &mut dyn Write) -> anyhow::Result<Status> {
    match part {
        Some(part) => write!(out, "{}", embed.part(part))?,
        None => {
            for (part, name, what) in embed::PARTS {
                // Whole pages are for files, not for a screen.
                if matches!(part, embed::Part::Page | embed::Part::Frame) {
                    writeln!(out, "═══ {what}：huiqi embed --part {name} > 文件.html\n")?;
                } else {
                    writeln!(out, "═══ {what}（--part {name}）\n\n{}", embed.part(part))?;
                }
            }
        }
    }
    Ok(Status::Fine)
}

/// What a search was asked for.
struct Search {
    text: String,
    limit: usize,
    firm: Option<PathBuf>,
    only: Vec<(Facet, String)>,
    counts: bool,
    as_typed: bool,
    json: bool,
}

fn run_search(
    wanted: &Search,
    index_dir: &Path,
    today: Date,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<Status> {
    let index = TextIndex::open(index_dir, text_index::simplifier()?)?;
    let local = build::Local::read(index_dir)?;
    let catalogue = &local.catalogue;
    let mut sink = Sink::default();
    let firm = match &wanted.firm {
        Some(path) => {
            let mut tables = catalogue::load(Path::new(""), &mut sink);
            tables.catalogue = catalogue.clone();
            Some(read_profile(path, today, &tables, &mut sink)?)
        }
        None => None,
    };
    if report(&sink, false, talk)? > 0 {
        writeln!(talk, "企业画像有错误，没有查找。改好后再运行。")?;
        return Ok(Status::Findings);
    }
    // Without a firm nothing is known, and only sums that need no facts are bounded: a filter by sum wants that much.
    let needs_outcomes = firm.is_some() || wanted.counts || !wanted.only.is_empty();
    let decided = needs_outcomes.then(|| {
        let measures = &local.table.measures;
        let decider = Decider::new(measures, catalogue, today);
        huiqi_engine::report::report(&decider, measures, catalogue, firm.as_ref().unwrap_or(&Firm::default()))
    });
    let find = |text: &str| {
        let mut query = Query::new(text, index.simplifier());
        query.expand(&local.vocabulary);
        let hits = huiqi_engine::search::search(&query, &index);
        (query, hits)
    };
    let (mut query, mut hits) = find(&wanted.text);
    if query.is_empty() {
        anyhow::bail!("检索词里没有文字或数字，写几个词，如 huiqi search 设备 贴息");
    }
    if !wanted.as_typed
        && !hits.reaches(Tier::Synonym)
        && let Some(meant) =
            local.vocabulary.correct(&wanted.text, index.simplifier(), &text_index::sounds(), &index)
    {
        let (meant_query, meant_hits) = find(&meant);
        if meant_hits.reaches(Tier::Synonym) {
            writeln!(
                talk,
                "没有和“{}”完全对得上的，已按“{meant}”查找；要按原词查，加 --as-typed。",
                wanted.text
            )?;
            (query, hits) = (meant_query, meant_hits);
        }
    }
    let found = |doc: u32| {
        let at = doc as usize;
        let measure = local.table.measures.get(at)?;
        let outcome = decided.as_ref().and_then(|d| d.outcomes.get(at)?.as_ref());
        Some(Found { measure, outcome, window: measure.schedule.window(today), year: index.rows().year(doc) })
    };
    let mut filters = Filters::default();
    for (facet, value) in &wanted.only {
        filters.set(*facet, Some(value.clone()));
    }
    if wanted.counts {
        for (facet, _, name) in Facet::ALL {
            let all = hits.all().iter().filter_map(|h| found(h.doc));
            for (value, count) in filters.counts(facet, all, catalogue) {
                writeln!(talk, "  {name}={value}：{count}")?;
            }
        }
    }
    if !filters.is_empty() {
        hits.retain(|doc| found(doc).is_some_and(|f| filters.keep(f, catalogue)));
    }
    for (rank, hit) in hits.first(wanted.limit).iter().enumerate() {
        let document = index.document(hit.doc)?;
        let head = &document.head;
        let tier = match hit.tier {
            Tier::Written | Tier::Phrase => "phrase",
            Tier::All => "all",
            Tier::Synonym => "synonym",
            Tier::Any => "any",
        };
        let group =
            found(hit.doc).filter(|_| firm.is_some()).and_then(|f| f.outcome).map(|o| Group::of(o).name());
        let window = found(hit.doc).map_or("", |f| f.window.name());
        let piece = excerpt(&query, &document.fields[2..].join(" "), 60, index.simplifier());
        if wanted.json {
            let row = json!({
                "rank": rank + 1, "id": head.id, "name": head.name, "document": head.document,
                "issuer": head.issuer, "issued": head.issued.map(|d| d.to_string()), "tier": tier, "score": hit.score,
                "window": window, "verdict": group, "excerpt": piece.text,
                "marks": piece.marks.iter().map(|m| [m.start, m.end]).collect::<Vec<_>>(),
            });
            writeln!(out, "{row}")?;
        } else {
            let verdict = group.map(|g| format!("〔{g}〕")).unwrap_or_default();
            writeln!(
                out,
                "{:>2}. {verdict}{}（{window}）\n    {}\n    {} · {}",
                rank + 1,
                head.name,
                piece.text,
                head.issuer,
                head.document
            )?;
        }
    }
    if !wanted.json {
        writeln!(out, "共 {} 条", hits.total())?;
    }
    Ok(if hits.all().is_empty() { Status::Findings } else { Status::Fine })
}

/// Reads a profile: a YAML map of facts.
///
/// # Errors
/// When the file cannot be read. Problems in it go to `sink`.
pub fn read_profile(path: &Path, today: Date, tables: &Tables, sink: &mut Sink) -> anyhow::Result<Firm> {
    let text = std::fs::read_to_string(path).with_context(|| format!("读不到企业画像 {}", path.display()))?;
    sink.enter(path, &text);
    match yaml::parse(&text) {
        Ok(root) => Ok(policy::read_firm(&root, today, tables, sink)),
        Err(diagnostic) => {
            sink.report(*diagnostic);
            Ok(Firm::default())
        }
    }
}

fn run_explain(
    policies: &Path,
    firm: &Path,
    only: Option<&str>,
    today: Date,
    json: bool,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> anyhow::Result<Status> {
    let mut sink = Sink::default();
    let project = load(policies, today, &mut sink)?;
    let firm = read_profile(firm, today, &project.tables, &mut sink)?;
    if sink.counts().errors > 0 {
        let errors = report(&sink, false, talk)?;
        writeln!(talk, "有 {errors} 个错误，没有匹配。改好后再运行。")?;
        return Ok(Status::Findings);
    }
    let all = project.policies.iter().filter(|p| p.published).flat_map(|p| &p.measures);
    let mut measures: Vec<&PolicyMeasure> = all.filter(|m| m.measure.audience == Audience::Firm).collect();
    if let Some(id) = only {
        let ids: Vec<&str> = measures.iter().map(|m| m.measure.id.as_str()).collect();
        let hint = huiqi_engine::rule::did_you_mean(id, ids.into_iter()).unwrap_or_default();
        measures.retain(|m| m.measure.id == id);
        if measures.is_empty() {
            anyhow::bail!("没有事项“{id}”。{hint}");
        }
    }
    let catalogue = &project.tables.catalogue;
    let mut decided = Vec::new();
    let mut failed = 0;
    for m in measures {
        match evaluate(&m.measure, catalogue, &firm, today) {
            Ok(outcome) => decided.push((m, outcome)),
            // One measure that cannot be decided never hides the others.
            Err(error) => {
                failed += 1;
                writeln!(talk, "事项 {} 算不出来：{error}", m.measure.id)?;
            }
        }
    }
    if json {
        for (m, outcome) in &decided {
            writeln!(out, "{}", explain_json(m, outcome, &project, &firm, today)?)?;
        }
    } else if only.is_some() {
        for (m, outcome) in &decided {
            print_one(m, outcome, &project, &firm, today, out)?;
        }
    } else {
        print_list(&decided, out)?;
        print_plan(&decided, &project, &firm, today, out)?;
    }
    Ok(if failed == 0 { Status::Fine } else { Status::Findings })
}

fn print_list(decided: &[(&PolicyMeasure, Outcome)], out: &mut dyn Write) -> anyhow::Result<()> {
    for (verdict, _, name) in Verdict::ALL {
        let group: Vec<_> = decided.iter().filter(|(_, o)| o.verdict == verdict).collect();
        writeln!(out, "{name} {} 项", group.len())?;
        if verdict == Verdict::Ineligible {
            continue;
        }
        for (m, outcome) in group {
            let amount = outcome.amount.as_ref().map_or_else(String::new, |a| format!(" {}", amount_text(a)));
            writeln!(out, "  {} [{}] {}{amount}", m.measure.id, outcome.window.name(), m.measure.name)?;
        }
    }
    writeln!(out, "看一项的逐条说明：加 --measure <编号>")?;
    Ok(())
}

/// 申报方案: what to apply for now, why the rest is left out, papers and days.
fn print_plan(
    decided: &[(&PolicyMeasure, Outcome)],
    project: &Project,
    firm: &Firm,
    today: Date,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let measures: Vec<Measure> = decided.iter().map(|(m, _)| m.measure.clone()).collect();
    let outcomes: Vec<Option<Outcome>> = decided.iter().map(|(_, o)| Some(o.clone())).collect();
    let plan = plan::plan(&measures, &outcomes, &project.tables.catalogue, firm, today);
    let name = |at: usize| measures[at].name.as_str();
    let names = |list: &[usize]| list.iter().map(|at| name(*at)).collect::<Vec<_>>().join("、");
    if plan.chosen.is_empty() && plan.left.is_empty() {
        return Ok(());
    }
    let money = |low: i128, high: i128| {
        amount_text(&Amount { low, high: Some(high), undecided: false, answerable: None })
    };
    write!(out, "申报方案：{} 项", plan.chosen.len())?;
    if plan.score.open < plan.chosen.len() {
        write!(out, "，合计 {}", money(plan.score.low, plan.score.high))?;
    }
    if plan.score.open > 0 {
        write!(out, "，其中 {} 项金额未定", plan.score.open)?;
    }
    writeln!(out)?;
    for choice in &plan.chosen {
        let title = !measures[choice.measure].benefit.kind.counts_as_money();
        let sum = match (title, choice.open) {
            (true, _) => String::new(),
            (false, true) => "：金额未定".to_owned(),
            (false, false) => {
                format!("：{}", money(choice.low.min(choice.high), choice.low.max(choice.high)))
            }
        };
        write!(out, "  {}{sum}", name(choice.measure))?;
        if !choice.after.is_empty() {
            write!(out, "（先办 {}）", names(&choice.after))?;
        }
        writeln!(out)?;
    }
    for (at, why) in &plan.left {
        let why = match why {
            LeftOut::Received => "今年已经拿过".to_owned(),
            LeftOut::GroupReceived(group, id) => format!("“{group}”今年已经拿过 {id}"),
            LeftOut::Group(group, by) => format!("“{group}”里只能拿 {}", names(by)),
            LeftOut::Needs(id) => format!("要先办成 {id}"),
            LeftOut::Circle => "前置绕了一圈".to_owned(),
            LeftOut::Nothing => "加上它也不会多拿".to_owned(),
            LeftOut::Wish => "自己去掉的".to_owned(),
            LeftOut::Closed => "条件不满足，或者已经报不了".to_owned(),
        };
        writeln!(out, "  没选 {}：{why}", name(*at))?;
    }
    for (material, users) in plan::materials(&plan, |at| decided.get(at).map(|(m, _)| &m.detail)) {
        writeln!(out, "  材料 {material}：{}", names(&users))?;
    }
    for (day, event, at) in plan::calendar(&plan, &measures, &outcomes, today) {
        let event = match event {
            Event::Closes => "截止",
            Event::Opens => "开始受理",
            Event::Expires => "文件失效",
        };
        writeln!(out, "  {day} {event}：{}", name(at))?;
    }
    Ok(())
}

fn print_one(
    m: &PolicyMeasure,
    outcome: &Outcome,
    project: &Project,
    firm: &Firm,
    today: Date,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let catalogue = &project.tables.catalogue;
    writeln!(out, "{}：{}（{}）", m.measure.name, outcome.verdict.name(), outcome.window.name())?;
    for row in explain::explain(&m.measure, &m.card, catalogue, firm, today)? {
        print_node(&row.node, row.kind, Some(&row.basis), 1, out)?;
        if !row.note.is_empty() {
            writeln!(out, "    {}", row.note)?;
        }
        for quote in quotes(m, &row.basis, project) {
            writeln!(out, "    原文：{}", quote.replace('\n', " "))?;
        }
    }
    for step in explain::steps(&m.measure, &m.card, catalogue, firm, today)? {
        writeln!(out, "  {}：{}", step.label, step.value)?;
    }
    let mut by_size = false;
    for condition in &m.measure.conditions {
        condition.rule.walk(&mut |e| {
            let fact = e.fact().and_then(|no| catalogue.facts.get(&no));
            by_size |= fact.is_some_and(|f| f.derived == Some(Derived::Size));
        });
    }
    if by_size {
        writeln!(out, "  企业规模怎么算的：")?;
        for step in explain::size_steps(catalogue, firm, m.measure.base_year_on(today)) {
            writeln!(out, "    {}：{}", step.label, step.value)?;
        }
    }
    if let Some(near) = &outcome.near {
        let basis = m.measure.conditions.get(near.row).map_or("", |c| m.card.text(c.basis));
        writeln!(out, "  差一步：只有{basis}这一条没满足")?;
    }
    if !outcome.missing.is_empty() {
        let names: Vec<String> = outcome.missing.iter().map(|k| key_name(catalogue, *k)).collect();
        writeln!(out, "  还缺：{}", names.join("、"))?;
    }
    Ok(())
}

/// The clauses of the full text that a basis names.
fn quotes(m: &PolicyMeasure, basis: &str, project: &Project) -> Vec<String> {
    let home =
        project.policies.iter().find(|p| p.measures.iter().any(|other| other.measure.id == m.measure.id));
    let file = home.and_then(|p| p.text.as_ref());
    file.map(|file| file.full.quotes(basis)).unwrap_or_default()
}

fn print_node(
    node: &explain::Node,
    kind: RowKind,
    basis: Option<&str>,
    depth: usize,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mark = match (node.truth, kind) {
        (None, _) => "不适用",
        (Some(Truth::True), RowKind::Promise) => "需承诺",
        (Some(Truth::True), _) => "符合",
        (Some(Truth::Confirm), _) => "待核实",
        (Some(Truth::Unknown), _) => "待补充",
        (Some(Truth::False), _) => "不符合",
    };
    write!(out, "{}[{mark}] {}", "  ".repeat(depth), node.sentence)?;
    for (label, text) in [("你", &node.have), ("要求", &node.need), ("差", &node.gap)] {
        if !text.is_empty() {
            write!(out, "；{label}：{text}")?;
        }
    }
    if let Some(basis) = basis {
        write!(out, "（依据 {basis}）")?;
    }
    writeln!(out)?;
    for child in &node.children {
        print_node(child, RowKind::Rule, None, depth + 1, out)?;
    }
    Ok(())
}

fn explain_json(
    m: &PolicyMeasure,
    outcome: &Outcome,
    project: &Project,
    firm: &Firm,
    today: Date,
) -> anyhow::Result<serde_json::Value> {
    let catalogue = &project.tables.catalogue;
    let rows: Vec<_> = explain::explain(&m.measure, &m.card, catalogue, firm, today)?
        .into_iter()
        .map(|row| json!({
            "basis": row.basis, "note": row.note, "sentence": row.node.sentence, "truth": row.node.truth.map(truth_id),
            "have": row.node.have, "need": row.node.need, "gap": row.node.gap,
            "quotes": quotes(m, &row.basis, project),
        }))
        .collect();
    Ok(json!({
        "id": m.measure.id,
        "name": m.measure.name,
        "verdict": outcome.verdict.id(),
        "near": outcome.near.is_some(),
        "window": outcome.window.id(),
        "amount": outcome.amount.as_ref().map(amount_text),
        "missing": outcome.missing.iter().map(|k| key_name(catalogue, *k)).collect::<Vec<_>>(),
        "rows": rows,
    }))
}

fn truth_id(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::Confirm => "confirm",
        Truth::Unknown => "unknown",
        Truth::False => "false",
    }
}
