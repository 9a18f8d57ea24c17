//! Runs `engine/vectors/*.tsv`, as `engine/SPEC.md` §9 describes them.

use std::fmt::Display;

use huiqi_engine::catalogue::{
    Catalogue, CatalogueItem, Code, Derived, Fact, FactType, ItemClass, NamedList, Param, Scope, SizeClass,
};
use huiqi_engine::date::Date;
use huiqi_engine::eval::{Evaluator, Outcome, Truth, evaluate};
use huiqi_engine::explain::key_name;
use huiqi_engine::firm::{Firm, Received, Records, read_line};
use huiqi_engine::measure::{
    BenefitKind, CapScope, Condition, ExclusionRule, Measure, RowKind, Schedule, Status,
};
use huiqi_engine::num::Ratio;
use huiqi_engine::plan::plan;
use huiqi_engine::rule::{
    Aliases, Compiled, Expr, Names, Op, compile_amount, compile_rule, print_expr, read_quantity,
};
use huiqi_engine::unit::Dimension;
use huiqi_engine::uscc::{Uscc, UsccError};

const CATALOGUE: &str = include_str!("../../../engine/vectors/catalogue.tsv");

type Run = fn(&World, &[&str]) -> Result<(), String>;

/// File name, content, runner.
const FILES: [(&str, &str, Run); 9] = [
    ("truth.tsv", include_str!("../../../engine/vectors/truth.tsv"), truth),
    ("verdict.tsv", include_str!("../../../engine/vectors/verdict.tsv"), verdict),
    ("amount.tsv", include_str!("../../../engine/vectors/amount.tsv"), amount),
    ("missing.tsv", include_str!("../../../engine/vectors/missing.tsv"), missing),
    ("window.tsv", include_str!("../../../engine/vectors/window.tsv"), window),
    ("problem.tsv", include_str!("../../../engine/vectors/problem.tsv"), problem),
    ("print.tsv", include_str!("../../../engine/vectors/print.tsv"), print),
    ("uscc.tsv", include_str!("../../../engine/vectors/uscc.tsv"), uscc),
    ("plan.tsv", include_str!("../../../engine/vectors/plan.tsv"), plans),
];

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// Cases per file.
    pub per_file: Vec<(&'static str, usize)>,
    /// Cases in all.
    pub cases: usize,
    /// Failures: `file:line: what`.
    pub failures: Vec<String>,
}

/// Runs every case of every file.
pub fn run() -> Outcomes {
    let mut outcomes = Outcomes::default();
    let world = match World::read(CATALOGUE) {
        Ok(world) => world,
        Err(problem) => {
            outcomes.failures.push(format!("catalogue.tsv: {problem}"));
            return outcomes;
        }
    };
    for (name, text, case) in FILES {
        let before = outcomes.cases;
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            outcomes.cases += 1;
            let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
            if let Err(problem) = case(&world, &cells) {
                outcomes.failures.push(format!("{name}:{}: {problem}\n    {line}", at + 1));
            }
        }
        outcomes.per_file.push((name, outcomes.cases - before));
    }
    outcomes
}

/// The names that the vectors speak of.
struct World {
    catalogue: Catalogue,
    aliases: Aliases,
    today: Date,
}

fn cell<'a>(cells: &[&'a str], at: usize) -> &'a str {
    cells.get(at).copied().unwrap_or_default()
}

fn split(text: &str, by: char) -> impl Iterator<Item = &str> {
    text.split(by).map(str::trim).filter(|part| !part.is_empty())
}

fn day(text: &str) -> Result<Option<Date>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    Date::parse(text).map(Some).ok_or_else(|| format!("{text} is no day"))
}

fn same(what: &str, found: impl Display, expected: impl Display) -> Result<(), String> {
    let (found, expected) = (found.to_string(), expected.to_string());
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found}, expected {expected}")) }
}

fn quantity(text: &str) -> Result<(Ratio, Dimension), String> {
    read_quantity(text).map_err(|e| format!("{text}: {}", e.message))
}

impl World {
    fn read(text: &str) -> Result<Self, String> {
        let today = Date::parse("2026-11-22").ok_or("today")?;
        let mut world = Self { catalogue: Catalogue::default(), aliases: Aliases::default(), today };
        let mut implied: Vec<(u16, Vec<String>)> = Vec::new();
        for line in text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
            let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
            world.row(&cells, &mut implied).map_err(|problem| format!("{line}: {problem}"))?;
        }
        for (no, names) in implied {
            for name in names {
                let found = world.catalogue.items.iter().find(|(_, i)| i.name == name).map(|(no, _)| *no);
                let row = world.catalogue.items.get_mut(&no);
                row.zip(found).ok_or(format!("no {name}"))?.0.implies.push(found.unwrap_or_default());
            }
        }
        Ok(world)
    }

    fn row(&mut self, cells: &[&str], implied: &mut Vec<(u16, Vec<String>)>) -> Result<(), String> {
        let c = &mut self.catalogue;
        let list = |at| split(cell(cells, at), '、').map(str::to_owned).collect::<Vec<String>>();
        let codes = |text: &str| -> Vec<Code> {
            let code = |c: &str| Code::region(c).or_else(|| Code::new(c));
            split(text, ',').filter_map(code).collect()
        };
        match cell(cells, 0) {
            "fact" => {
                let kind = FactType::NAMES.iter().find(|(n, _)| *n == cell(cells, 4)).ok_or("type")?.1;
                let flags = cell(cells, 6);
                let derived = match (flags.contains("推算"), kind) {
                    (false, _) => None,
                    (true, FactType::Duration) => Some(Derived::Age),
                    (true, _) => Some(Derived::Size),
                };
                let fact = Fact {
                    id: cell(cells, 1).to_owned(),
                    name: cell(cells, 2).to_owned(),
                    scope: Scope::find(cell(cells, 3)).ok_or("scope")?,
                    kind,
                    unit: cell(cells, 5).to_owned(),
                    yearly: flags.contains("按年"),
                    signed: flags.contains("可负"),
                    core: false,
                    derived,
                    question: String::new(),
                    help: String::new(),
                    options: list(7),
                };
                c.facts.insert(c.facts.len() as u16, fact);
            }
            "item" => {
                let class = ItemClass::ALL.iter().find(|(_, n, _)| *n == cell(cells, 1)).ok_or("class")?;
                let taken = c.items.values().filter(|i| i.class == class.0).count() as u16;
                let item = CatalogueItem {
                    class: class.0,
                    id: cell(cells, 2).to_owned(),
                    name: cell(cells, 2).to_owned(),
                    levels: list(3),
                    valid_years: cell(cells, 4).parse().unwrap_or(0),
                    implies: Vec::new(),
                };
                implied.push((class.2 + taken, list(5)));
                c.items.insert(class.2 + taken, item);
            }
            "region" => c.regions.insert(Code::region(cell(cells, 1)).ok_or("code")?, cell(cells, 2)),
            "industry" => c.industries.insert(Code::new(cell(cells, 1)).ok_or("code")?, cell(cells, 2)),
            "list" => {
                let industries = cell(cells, 2) == "行业";
                let list =
                    NamedList { name: cell(cells, 1).to_owned(), industries, codes: codes(cell(cells, 3)) };
                c.lists.insert(c.lists.len() as u16, list);
            }
            "param" => {
                let (value, dimension) = quantity(cell(cells, 4))?;
                let from = day(cell(cells, 2))?.ok_or("day")?;
                let region = Code::region(cell(cells, 3)).ok_or("code")?;
                let known = c.params.iter().find(|(_, p)| p.name == cell(cells, 1)).map(|(no, _)| *no);
                let no = known.unwrap_or(c.params.len() as u16);
                let new = Param { name: cell(cells, 1).to_owned(), dimension, rows: Vec::new() };
                let param = c.params.entry(no).or_insert(new);
                param.rows.push((from, region, value));
                param.rows.sort_by_key(|(from, code, _)| (*from, *code));
            }
            "size" => {
                let bounds = |text: &str| -> Option<[u32; 3]> {
                    let numbers: Vec<u32> = split(text, '/').filter_map(|n| n.parse().ok()).collect();
                    numbers.try_into().ok()
                };
                c.sizes.push(SizeClass {
                    name: cell(cells, 1).to_owned(),
                    include: codes(cell(cells, 2)),
                    exclude: codes(cell(cells, 3)),
                    staff: bounds(cell(cells, 4)),
                    revenue: bounds(cell(cells, 5)),
                    assets: bounds(cell(cells, 6)),
                });
            }
            _ => return Err("kind of row".to_owned()),
        }
        Ok(())
    }

    fn firm(&self, text: &str, today: Date) -> Result<Firm, String> {
        let mut firm = Firm::default();
        for line in split(text, ';') {
            let (key, value) = line.split_once('=').ok_or_else(|| format!("{line} has no ="))?;
            read_line(&mut firm, key.trim(), value.trim(), today, &self.catalogue, &self.aliases)
                .map_err(|e| format!("{line}: {}", e.message))?;
        }
        Ok(firm)
    }

    fn names(&self, subject: Scope) -> Names<'_> {
        Names { catalogue: &self.catalogue, aliases: &self.aliases, subject }
    }

    fn compile(&self, text: &str, amount: bool, subject: Scope, texts: &mut Vec<String>) -> Compiled {
        let compile = if amount { compile_amount } else { compile_rule };
        compile(text, self.names(subject), texts)
    }

    fn expr(&self, text: &str, amount: bool, subject: Scope) -> Result<Expr, String> {
        let compiled = self.compile(text, amount, subject, &mut Vec::new());
        compiled.into_result().map_err(|e| format!("{text}: {} {}", e.code, e.message))
    }

    fn day_or_today(&self, text: &str) -> Result<Date, String> {
        Ok(day(text)?.unwrap_or(self.today))
    }
}

fn scope(text: &str) -> Result<Scope, String> {
    if text.is_empty() {
        return Ok(Scope::Firm);
    }
    Scope::find(text).ok_or_else(|| format!("{text} is no 申报对象"))
}

fn year(text: &str) -> Result<Option<u16>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("{text} is no year"))
}

fn letter(truth: Option<Truth>) -> char {
    match truth {
        None => '-',
        Some(Truth::True) => 'T',
        Some(Truth::Confirm) => 'H',
        Some(Truth::Unknown) => 'U',
        Some(Truth::False) => 'F',
    }
}

fn truth(world: &World, cells: &[&str]) -> Result<(), String> {
    let today = world.day_or_today(cell(cells, 4))?;
    let rule = world.expr(cell(cells, 0), false, Scope::Firm)?;
    let firm = world.firm(cell(cells, 1), today)?;
    let measure = Measure { base_year: year(cell(cells, 3))?, ..Measure::new("v") };
    let found = Evaluator::new(&measure, &world.catalogue, &firm, today).truth(&rule);
    same("truth", letter(Some(found.map_err(|e| e.to_string())?)), cell(cells, 2))
}

fn conditions(world: &World, text: &str, subject: Scope) -> Result<Vec<Condition>, String> {
    let mut conditions = Vec::new();
    for row in text.split(" / ").map(str::trim).filter(|r| !r.is_empty()) {
        let (row, guard) = row.split_once(" 适用于 ").map_or((row, None), |(r, g)| (r, Some(g)));
        let (kind, text) = row.split_once(' ').ok_or_else(|| format!("{row} has no kind"))?;
        let kind = RowKind::ALL.iter().find(|(n, _)| *n == kind).ok_or_else(|| format!("{kind}?"))?.1;
        let rule = match kind {
            RowKind::Rule | RowKind::Area => world.expr(text, false, subject)?,
            RowKind::Exclude => Expr::Not(Box::new(world.expr(text, false, subject)?)),
            RowKind::Verify | RowKind::Refer => Expr::Verify(0),
            RowKind::Promise => Expr::Promise(0),
        };
        let guard = guard.map(|g| world.expr(g, false, subject)).transpose()?;
        conditions.push(Condition { kind, rule, guard, basis: 0, note: None });
    }
    Ok(conditions)
}

fn verdict(world: &World, cells: &[&str]) -> Result<(), String> {
    let subject = scope(cell(cells, 0))?;
    let today = world.day_or_today(cell(cells, 4))?;
    let mut measure = Measure { subject, base_year: year(cell(cells, 1))?, ..Measure::new("v") };
    measure.schedule.opens = day(cell(cells, 2))?;
    measure.schedule.closes = day(cell(cells, 3))?;
    measure.conditions = conditions(world, cell(cells, 5), subject)?;
    let firm = world.firm(cell(cells, 6), today)?;
    let outcome = evaluate(&measure, &world.catalogue, &firm, today).map_err(|e| e.to_string())?;
    let rows: String = outcome.rows.iter().map(|t| letter(*t)).collect();
    same("verdict", outcome.verdict.name(), cell(cells, 7))?;
    same("rows", rows, cell(cells, 8))
}

fn amount(world: &World, cells: &[&str]) -> Result<(), String> {
    let subject = scope(cell(cells, 0))?;
    let mut measure = Measure { subject, ..Measure::new("v") };
    measure.benefit.kind = BenefitKind::Grant;
    measure.benefit.amount = Some(world.expr(cell(cells, 1), true, subject)?);
    for part in cell(cells, 2).split('；').map(str::trim).filter(|p| !p.is_empty()) {
        let (name, cap) = part.split_once(' ').ok_or_else(|| format!("{part}?"))?;
        let scope = CapScope::ALL.iter().find(|(n, _)| *n == name).ok_or_else(|| format!("{name}?"))?.1;
        measure.benefit.caps.push((scope, world.expr(cap, true, subject)?));
    }
    if !cell(cells, 3).is_empty() {
        measure.benefit.floor = Some(world.expr(cell(cells, 3), true, subject)?);
    }
    measure.benefit.reducible = !cell(cells, 4).is_empty();
    let firm = world.firm(cell(cells, 5), world.today)?;
    let outcome = evaluate(&measure, &world.catalogue, &firm, world.today).map_err(|e| e.to_string())?;
    let found = outcome.amount.ok_or("no amount")?;
    let yuan = |fen: i128| Ratio::new(fen, 100).unwrap_or(Ratio::ZERO).decimal(2);
    same("low", yuan(found.low), cell(cells, 6))?;
    let high = found.high.map_or_else(|| "∞".to_owned(), yuan);
    let expected = cell(cells, 7);
    let high = if found.undecided { format!("{high}未定") } else { high };
    same("high", high, expected.replace(' ', ""))
}

fn missing(world: &World, cells: &[&str]) -> Result<(), String> {
    let rule = world.expr(cell(cells, 0), false, Scope::Firm).or_else(|_| {
        // A rule of a project: decided for its first record.
        world.expr(cell(cells, 0), false, Scope::Project)
    })?;
    let mut subject = Scope::Firm;
    rule.walk(&mut |e| {
        let scope = e.fact().and_then(|no| world.catalogue.facts.get(&no)).map(|f| f.scope);
        subject = scope.filter(|s| *s != Scope::Firm).unwrap_or(subject);
    });
    let quantified = matches!(rule, Expr::Records(..)) || {
        let mut found = false;
        rule.walk(&mut |e| found |= matches!(e, Expr::Records(..) | Expr::Tally(..)));
        found
    };
    if quantified {
        subject = Scope::Firm;
    }
    let mut measure = Measure { subject, ..Measure::new("v") };
    measure.conditions = vec![Condition { kind: RowKind::Rule, rule, guard: None, basis: 0, note: None }];
    let firm = world.firm(cell(cells, 1), world.today)?;
    let outcome = evaluate(&measure, &world.catalogue, &firm, world.today).map_err(|e| e.to_string())?;
    let names: Vec<String> = outcome.missing.iter().map(|key| key_name(&world.catalogue, *key)).collect();
    same("missing", names.join("、"), cell(cells, 2))
}

fn window(world: &World, cells: &[&str]) -> Result<(), String> {
    let status = Status::ALL.iter().find(|(n, _)| *n == cell(cells, 0)).ok_or("状态")?.1;
    let schedule = Schedule {
        status,
        opens: day(cell(cells, 1))?,
        closes: day(cell(cells, 2))?,
        rolling: cell(cells, 3) == "是",
        valid_from: day(cell(cells, 4))?,
        valid_to: day(cell(cells, 5))?,
    };
    let on = world.day_or_today(cell(cells, 6))?;
    same("window", schedule.window(on).id(), cell(cells, 7))
}

fn problem(world: &World, cells: &[&str]) -> Result<(), String> {
    let compiled = world.compile(cell(cells, 1), cell(cells, 0) == "金额", Scope::Firm, &mut Vec::new());
    let found: Vec<String> =
        compiled.problems.iter().map(|p| format!("{}@{}..{}", p.code, p.span.start, p.span.end)).collect();
    if compiled.expr.is_none() != compiled.problems.iter().any(|p| !p.warning) {
        return Err("a rule and an error, or neither".to_owned());
    }
    same("problems", found.join(" "), cell(cells, 2))
}

fn print(world: &World, cells: &[&str]) -> Result<(), String> {
    let (amount, subject) = (cell(cells, 0) == "金额", scope(cell(cells, 1))?);
    let mut texts = Vec::new();
    for text in [cell(cells, 2), cell(cells, 3)] {
        let expr = world.compile(text, amount, subject, &mut texts).into_result();
        let expr = expr.map_err(|e| format!("{text}: {} {}", e.code, e.message))?;
        same("printed", print_expr(&expr, &world.catalogue, &texts), cell(cells, 3))?;
    }
    Ok(())
}

fn uscc(world: &World, cells: &[&str]) -> Result<(), String> {
    let parsed = Uscc::parse(cell(cells, 0));
    let found = match &parsed {
        Ok(_) => "ok",
        Err(UsccError::Length(_)) => "length",
        Err(UsccError::Character(..)) => "character",
        Err(UsccError::Check(..)) => "check",
    };
    same("code", found, cell(cells, 1))?;
    let code = parsed.ok();
    let region = code.and_then(|code| code.region()).map_or_else(String::new, |code| code.region_text());
    let _ = world;
    same("region", region, cell(cells, 2))?;
    same("category", code.and_then(|code| code.category()).unwrap_or_default(), cell(cells, 3))
}

/// `id low..high 组=就高 前置=id`
fn planned_measure(text: &str) -> Result<(Measure, bool), String> {
    let mut words = text.split_whitespace();
    let mut measure = Measure::new(words.next().ok_or("id")?);
    measure.benefit.kind = BenefitKind::Grant;
    let yuan = |text: &str| text.parse().map(|n: i128| n * 100).map_err(|_| format!("{text} is no sum"));
    let constant = |fen: i128| Expr::Const(Ratio::int(fen), Dimension::YUAN);
    let mut eligible = true;
    for word in words {
        if let Some((low, high)) = word.split_once("..") {
            let low = yuan(low)?;
            measure.benefit.amount = Some(match high {
                "?" => {
                    let sure = Box::new(constant(low));
                    Expr::Arith(huiqi_engine::rule::Arith::Add, sure, Box::new(Expr::Undecided))
                }
                high if yuan(high)? == low => constant(low),
                high => Expr::Range(Box::new(constant(low)), Box::new(constant(yuan(high)?))),
            });
        } else if word == "资质" {
            measure.benefit.kind = BenefitKind::Recognition;
        } else if word == "不符合" {
            eligible = false;
        } else if let Some((key, value)) = word.split_once('=') {
            match (key, value.strip_suffix('项'), value.strip_suffix('元')) {
                // A comparison that holds for everybody, or for nobody.
                ("授予", ..) => {
                    let op = if value == "有" { Op::Ge } else { Op::Lt };
                    let side = || Box::new(constant(1));
                    measure.grants = Some(Expr::Compare(op, side(), side()));
                }
                ("前置", ..) => measure.prerequisites.push(value.to_owned()),
                ("年限", _, Some(fen)) => {
                    measure.benefit.caps.push((CapScope::FirmYear, constant(yuan(fen)?)));
                }
                (group, Some(n), _) => {
                    let n = n.parse().map_err(|_| format!("{value}?"))?;
                    measure.exclusions.push((group.to_owned(), ExclusionRule::AtMost(n)));
                }
                (group, _, Some(fen)) => {
                    measure.exclusions.push((group.to_owned(), ExclusionRule::Cap(yuan(fen)?)));
                }
                (group, ..) if value == "就高" => {
                    measure.exclusions.push((group.to_owned(), ExclusionRule::Best));
                }
                _ => return Err(format!("{word}?")),
            }
        } else {
            return Err(format!("{word}?"));
        }
    }
    if measure.benefit.kind == BenefitKind::Recognition {
        measure.benefit.amount = None;
    }
    Ok((measure, eligible))
}

fn plans(world: &World, cells: &[&str]) -> Result<(), String> {
    let mut measures = Vec::new();
    let mut outcomes: Vec<Option<Outcome>> = Vec::new();
    let mut firm = Firm::default();
    firm.set_records(Scope::Project, Records::default());
    for text in cell(cells, 0).split(" / ") {
        let (mut measure, eligible) = planned_measure(text)?;
        if !eligible {
            measure.conditions = vec![Condition {
                kind: RowKind::Rule,
                rule: Expr::Or(Vec::new()),
                guard: None,
                basis: 0,
                note: None,
            }];
        }
        measures.push(measure);
    }
    for text in split(cell(cells, 1), ';') {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [id, year, sum] = words[..] else { return Err(format!("{text}?")) };
        let year = year.trim_end_matches('年').parse().map_err(|_| format!("{text}?"))?;
        let sum: i128 = sum.trim_end_matches('元').parse().map_err(|_| format!("{text}?"))?;
        firm.received.push(Received { measure: id.to_owned(), year, fen: sum * 100 });
    }
    for measure in &measures {
        outcomes.push(evaluate(measure, &world.catalogue, &firm, world.today).ok());
    }
    let plan = plan(&measures, &outcomes, &world.catalogue, &firm, world.today);
    let ids: Vec<&str> = plan.chosen.iter().map(|c| measures[c.measure].id.as_str()).collect();
    let expected: Vec<&str> = cell(cells, 2).split([' ', '、', ',']).filter(|p| !p.is_empty()).collect();
    same("chosen", ids.join(" "), expected.join(" "))?;
    same("low", plan.score.low / 100, cell(cells, 3))?;
    same("high", plan.score.high / 100, cell(cells, 4))?;
    let open = cell(cells, 5);
    same("open sums", plan.score.open, if open.is_empty() { "0" } else { open })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_vectors_hold() {
        let outcomes = run();
        assert!(outcomes.failures.is_empty(), "{}", outcomes.failures.join("\n"));
        assert!(outcomes.cases >= 300, "only {} cases", outcomes.cases);
        assert!(outcomes.per_file.iter().all(|(_, cases)| *cases > 0), "{:?}", outcomes.per_file);
    }
}
