//! The distinct conditions of real 申报条件 sections: whether the rule language can say them.
//!
//! `tests/conditions/conditions.tsv` paraphrases them, one per line, with the rule that decides it; `names.tsv` has
//! the facts, titles and rosters that they need beside the catalogue. See the README beside them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use huiqi::check::load;
use huiqi::fields::Sink;
use huiqi_engine::catalogue::{CatalogueItem, Code, Fact, FactType, ItemClass, NamedList, Param, Scope};
use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::date::Date;
use huiqi_engine::eval::{Evaluator, Truth};
use huiqi_engine::firm::Firm;
use huiqi_engine::measure::Measure;
use huiqi_engine::num::Ratio;
use huiqi_engine::rule::{Expr, Names, compile_rule, find_industry, find_region, print_expr};
use huiqi_engine::unit::Dimension;
use huiqi_tests::{today, workspace_root};

type Tables = huiqi::catalogue::Tables;

fn rows(name: &str) -> Result<Vec<Vec<String>>> {
    let path = workspace_root().join("tests/conditions").join(name);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

/// The catalogue of the policies with the names that only these conditions use.
fn tables() -> Result<Tables> {
    let mut sink = Sink::default();
    let mut tables = load(&workspace_root().join("policies"), today(), &mut sink, |_, _| {})?.tables;
    let c = &mut tables.catalogue;
    for name in ["LPR", "贷款基准利率", "城镇调查失业率控制目标", "最低工资"] {
        let money = name == "最低工资";
        let dimension = if money { Dimension::YUAN } else { Dimension::Share };
        let no = c.params.len() as u16;
        if !c.params.values().any(|p| p.name == name) {
            let from = Date::parse("2000-01-01").context("a day")?;
            let rows = vec![(from, Code::ALL, Ratio::new(4, 100).context("a share")?)];
            c.params.insert(no, Param { name: name.to_owned(), dimension, rows });
        }
    }
    for row in rows("names.tsv")? {
        let cell = |at: usize| row.get(at).map_or("", String::as_str);
        let list = |text: &str| -> Vec<String> {
            text.split('、').filter(|t| !t.is_empty() && *t != "-").map(str::to_owned).collect()
        };
        let no = |class: ItemClass, taken: &huiqi_engine::LiteMap<u16, CatalogueItem>| {
            let first = ItemClass::ALL.iter().find(|(c, ..)| *c == class).map_or(0, |(.., first)| *first);
            let last = taken.iter().filter(|(_, i)| i.class == class).map(|(no, _)| *no + 1).max();
            last.unwrap_or(first)
        };
        match cell(0) {
            "要素" => {
                let scope = Scope::find(cell(1)).with_context(|| format!("{row:?}"))?;
                let kind = FactType::NAMES.iter().find(|(n, _)| *n == cell(3)).map(|(_, k)| *k);
                let fact = Fact {
                    id: format!("x{}", c.facts.len()),
                    name: cell(2).to_owned(),
                    scope,
                    kind: kind.with_context(|| format!("{row:?}"))?,
                    unit: cell(4).trim_start_matches('-').to_owned(),
                    yearly: cell(5) == "按年",
                    signed: true,
                    core: false,
                    derived: None,
                    question: String::new(),
                    help: String::new(),
                    options: list(cell(6)),
                };
                ensure!(c.scoped_fact(scope, &fact.name).is_none(), "{row:?} is in the catalogue already");
                let no = c.facts.keys().max().map_or(0, |no| no + 1);
                c.facts.insert(no, fact);
            }
            "资质" | "已获支持" => {
                let class = if cell(0) == "资质" { ItemClass::Qualification } else { ItemClass::Programme };
                let item = CatalogueItem {
                    class,
                    id: cell(1).to_owned(),
                    name: cell(1).to_owned(),
                    levels: list(cell(2)),
                    valid_years: 0,
                    implies: Vec::new(),
                };
                let no = no(class, &c.items);
                c.items.insert(no, item);
            }
            "名单" => {
                let known = c.items.values().any(|i| i.class == ItemClass::Roster && i.name == cell(2));
                if !known {
                    let no = no(ItemClass::Roster, &c.items);
                    let item = CatalogueItem {
                        class: ItemClass::Roster,
                        id: cell(2).to_owned(),
                        name: cell(2).to_owned(),
                        levels: Vec::new(),
                        valid_years: 0,
                        implies: Vec::new(),
                    };
                    c.items.insert(no, item);
                }
            }
            kind @ ("地区名单" | "行业名单") => {
                let industries = kind == "行业名单";
                let codes: Result<Vec<Code>> = list(cell(2))
                    .iter()
                    .map(|name| {
                        let code =
                            if industries { find_industry(c, name) } else { find_region(c, name).ok() };
                        code.with_context(|| format!("{row:?}: {name}"))
                    })
                    .collect();
                let no = c.lists.len() as u16;
                c.lists.insert(no, NamedList { name: cell(1).to_owned(), industries, codes: codes? });
            }
            other => bail!("{other}: {row:?}"),
        }
    }
    Ok(tables)
}

#[test]
fn real_conditions_can_be_said() -> Result<()> {
    let tables = tables()?;
    let (catalogue, aliases) = (&tables.catalogue, &tables.aliases);
    let nobody = Firm::default();
    let today = Date::parse("2020-06-30").context("a day")?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut documents = BTreeSet::new();
    let mut broken = Vec::new();
    for row in rows("conditions.tsv")? {
        let [document, subject, class, paraphrase, rule] = &row[..] else { bail!("five cells: {row:?}") };
        documents.insert(document.clone());
        *counts.entry(class.clone()).or_default() += 1;
        ensure!(!paraphrase.is_empty(), "{row:?}");
        match class.as_str() {
            "规则" => {}
            "不可表达" => {
                ensure!(!rule.is_empty(), "{row:?} does not say why");
                continue;
            }
            "承诺" | "核实" | "参照" => continue,
            other => bail!("{other}: {row:?}"),
        }
        let subject = Scope::find(subject).with_context(|| format!("{row:?}"))?;
        let names = Names { catalogue, aliases, subject };
        let mut texts = Vec::new();
        let expr = match compile_rule(rule, names, &mut texts).into_result() {
            Ok(expr) => expr,
            Err(e) => {
                broken.push(format!("{document}\t{rule}\t{:?} {} {}", e.span, e.code, e.message));
                continue;
            }
        };
        // Something of it a machine decides.
        let mut decided = false;
        expr.walk(&mut |e| {
            decided |= !matches!(e, Expr::Verify(_) | Expr::Promise(_) | Expr::And(_) | Expr::Or(_))
        });
        ensure!(decided, "{row:?} leaves everything to a person");
        // Canonical, and the same after printing and after the byte code.
        let printed = print_expr(&expr, catalogue, &texts);
        let again = compile_rule(&printed, names, &mut texts.clone()).into_result();
        ensure!(again.as_ref() == Ok(&expr), "{rule} printed as {printed} reads back as {again:?}");
        let mut w = Writer::new();
        expr.encode(&mut w);
        ensure!(Expr::decode(&mut Reader::new(&w.into_bytes())).as_ref() == Ok(&expr), "{rule}");
        // With nothing known of a firm, a rule is true or false only if it is so for every firm (中国).
        let measure = Measure { subject, ..Measure::new("m") };
        let truth = Evaluator::new(&measure, catalogue, &nobody, today).truth(&expr)?;
        let always = printed.contains("中国");
        ensure!(
            truth != Truth::False && (truth != Truth::True || always),
            "{printed} is {truth:?} for nobody"
        );
    }
    ensure!(broken.is_empty(), "{} rules do not compile:\n{}", broken.len(), broken.join("\n"));
    let of = |class: &str| counts.get(class).copied().unwrap_or_default();
    let (said, unsaid) = (of("规则"), of("不可表达"));
    ensure!(documents.len() >= 60, "only {} documents", documents.len());
    ensure!(said * 100 >= (said + unsaid) * 97, "{said} of {} can be said", said + unsaid);
    Ok(())
}
