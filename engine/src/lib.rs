//! What both sides of Huiqi must agree on: facts, rules, verdicts, amounts, text folding, search and the
//! format of the published bundle. The command, the browser and every batch job decide with this crate.
//!
//! It does no I/O and reads no clock: bytes and a day go in, values come out.
//!
//! ```
//! use huiqi_engine::catalogue::{Catalogue, Fact, FactType, Scope};
//! use huiqi_engine::date::Date;
//! use huiqi_engine::eval::{Evaluator, Truth};
//! use huiqi_engine::firm::{Firm, read_line};
//! use huiqi_engine::measure::Measure;
//! use huiqi_engine::rule::{Aliases, Names, compile_rule, print_expr};
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
//! // Decided for a firm on a day: unknown until the figure is there.
//! let today = Date::parse("2026-11-22").unwrap();
//! let measure = Measure::new("demo-01");
//! let mut firm = Firm::default();
//! assert_eq!(Evaluator::new(&measure, &catalogue, &firm, today).truth(&rule), Ok(Truth::Unknown));
//! read_line(&mut firm, "营业收入[2025年]", "6420万元", today, &catalogue, &aliases).unwrap();
//! assert_eq!(Evaluator::new(&measure, &catalogue, &firm, today).truth(&rule), Ok(Truth::True));
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub use litemap::LiteMap;

pub mod bundle;
pub mod catalogue;
pub mod codec;
pub mod date;
pub mod decide;
pub mod eval;
pub mod explain;
pub mod firm;
pub mod fold;
pub mod measure;
pub mod num;
pub mod plan;
pub mod profile;
pub mod report;
pub mod rule;
pub mod search;
pub mod unit;
pub mod uscc;
