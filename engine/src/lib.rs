//! What both sides of Huiqi must agree on: facts, rules, verdicts, amounts, the plan, text folding, search and the
//! format of the published bundle. The command, the browser and every batch job decide with this crate.
//!
//! It does no I/O and reads no clock: bytes and a day go in, values come out. What a rule means is written down in
//! `SPEC.md` beside this crate, and golden vectors hold the engine to that.
//!
//! # A tour
//!
//! A [`Catalogue`](catalogue::Catalogue) names the [facts](catalogue::Fact) that a firm may be asked. One line of text
//! becomes a checked [`Expr`](rule::Expr) by [`compile_rule`](rule::compile_rule), prints back by
//! [`print_expr`](rule::print_expr) and travels as bytes. A [`Measure`](measure::Measure) has conditions, a benefit and a
//! schedule. A [`Firm`](firm::Firm) holds answers, any of which may be missing. [`evaluate`](eval::evaluate) decides one
//! measure, [`explain`](explain::explain) says why, a [`Decider`](decide::Decider) decides a whole table,
//! [`report`](report::report) groups it, asks the next question and makes the [`plan`](plan::plan).
//! [`plan_with`](plan::plan_with) obeys what a visitor put in and took out, a [`Trial`](whatif::Trial) tries other answers,
//! and [`sheet`](export::sheet) makes of it what is shown, printed and taken along.
//!
//! Money is in fen, shares as fractions of 1, durations in months, days since 1970, all as exact
//! [fractions](num::Ratio) in [intervals](num::Interval).
//!
//! ```
//! use huiqi_engine::catalogue::{Catalogue, Fact, FactType, Scope};
//! use huiqi_engine::date::Date;
//! use huiqi_engine::decide::Decider;
//! use huiqi_engine::eval::{Verdict, evaluate};
//! use huiqi_engine::explain::{amount_text, explain, key_name};
//! use huiqi_engine::firm::{Firm, read_line};
//! use huiqi_engine::measure::{BenefitKind, Card, Condition, Measure, RowKind};
//! use huiqi_engine::report::report;
//! use huiqi_engine::rule::{Aliases, Names, compile_amount, compile_rule, print_expr};
//!
//! // A catalogue of one fact; real ones are read from `policies/catalogue/`.
//! let mut catalogue = Catalogue::default();
//! catalogue.facts.insert(0, Fact {
//!     id: "revenue".to_owned(),
//!     name: "营业收入".to_owned(),
//!     scope: Scope::Firm,
//!     kind: FactType::Money,
//!     unit: "万元".to_owned(),
//!     yearly: true,
//!     signed: false,
//!     core: true,
//!     derived: None,
//!     question: "去年营业收入多少？".to_owned(),
//!     help: String::new(),
//!     options: Vec::new(),
//! });
//!
//! // One line of Chinese becomes a checked rule, and prints back the same.
//! let text = "营业收入[上年] ≥ 2000万元";
//! let aliases = Aliases::default();
//! let names = Names { catalogue: &catalogue, aliases: &aliases, subject: Scope::Firm };
//! let rule = compile_rule(text, names, &mut Vec::new()).into_result().unwrap();
//! assert_eq!(print_expr(&rule, &catalogue, &[]), text);
//!
//! // A mistake says where it is and what to write.
//! let error = compile_rule("营业收人[上年] ≥ 2000万元", names, &mut Vec::new()).into_result().unwrap_err();
//! assert_eq!(error.span, 0..4);
//! assert_eq!(error.hint.as_deref(), Some("是不是“营业收入”？"));
//!
//! // A measure of one condition, which pays a share of the revenue.
//! let mut measure = Measure::new("demo-01");
//! measure.conditions.push(Condition { kind: RowKind::Rule, rule, guard: None, basis: 0, note: None });
//! measure.benefit.kind = BenefitKind::Award;
//! measure.benefit.amount = compile_amount("取小(营业收入[上年] × 1%, 50万元)", names, &mut Vec::new()).expr;
//!
//! // Unknown until the figure is there, and the figure is what is asked for.
//! let today = Date::parse("2026-11-22").unwrap();
//! let mut firm = Firm::default();
//! let outcome = evaluate(&measure, &catalogue, &firm, today).unwrap();
//! assert_eq!(outcome.verdict, Verdict::Unknown);
//! assert_eq!(key_name(&catalogue, outcome.missing[0]), "2025年营业收入");
//!
//! read_line(&mut firm, "营业收入[2025年]", "6420万元", today, &catalogue, &aliases).unwrap();
//! let outcome = evaluate(&measure, &catalogue, &firm, today).unwrap();
//! assert_eq!(outcome.verdict, Verdict::Eligible);
//! assert_eq!(amount_text(&outcome.amount.unwrap()), "50万元");
//!
//! // Why: the sentence, the firm's value, the requirement, the clause.
//! let card = Card { summary: String::new(), texts: vec!["第三条".to_owned()] };
//! let row = &explain(&measure, &card, &catalogue, &firm, today).unwrap()[0];
//! assert_eq!(row.node.sentence, "2025年营业收入不低于2000万元");
//! assert_eq!((row.node.have.as_str(), row.basis.as_str()), ("6420万元", "第三条"));
//!
//! // All measures at once, with the best combination.
//! let measures = [measure];
//! let decider = Decider::new(&measures, &catalogue, today);
//! let report = report(&decider, &measures, &catalogue, &firm);
//! assert_eq!((report.headline.count, report.headline.low), (1, 50_000_000));
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub use litemap::LiteMap;

pub mod bundle;
pub mod catalogue;
pub mod codec;
pub mod date;
pub mod decide;
pub mod english;
pub mod eval;
pub mod explain;
pub mod export;
pub mod federation;
pub mod firm;
pub mod fold;
pub mod kept;
pub mod measure;
pub mod num;
pub mod plan;
pub mod profile;
pub mod report;
pub mod rule;
pub mod search;
pub mod traditional;
pub mod trust;
pub mod unit;
pub mod uscc;
pub mod whatif;
pub mod words;
