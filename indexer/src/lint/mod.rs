//! Lints: what reads well to a program and still embarrasses a government in public: a phone number “无”, a paper in
//! 0 copies, a window outside the document's validity, a rule that nobody can meet.
//!
//! `file` looks at one file and runs beside others; `project` looks at what only all files together show. Every code
//! is documented in `codes.md`.

mod handling;
mod project;
mod rules;
mod similar;
mod text;
mod values;

use std::collections::HashMap;
use std::sync::LazyLock;

use huiqi_engine::catalogue::Code;
use huiqi_engine::date::Date;
use huiqi_engine::firm::Firm;
use huiqi_engine::fold::Simplifier;
use regex::Regex;

use crate::catalogue::Tables;
use crate::diagnostic::Place;
use crate::fields::Sink;
use crate::policy::{Policy, PolicyMeasure};
use crate::yaml::{Kind, Node};

pub(crate) use handling::{is_catch_all, is_placeholder};
pub use project::project;

/// What every lint may look at.
#[derive(Debug)]
pub struct Context<'a> {
    /// Catalogue.
    pub tables: &'a Tables,
    /// The day it is.
    pub today: Date,
    simplifier: Simplifier,
    /// Regions by the name a text would begin with: 河北省, 承德市, 广州市天河区.
    regions: HashMap<String, Vec<Code>>,
}

impl<'a> Context<'a> {
    /// Prepares what the lints of all files share.
    ///
    /// # Errors
    /// When the conversion data of traditional characters cannot be opened.
    pub fn new(tables: &'a Tables, today: Date) -> anyhow::Result<Self> {
        let mut regions: HashMap<String, Vec<Code>> = HashMap::new();
        for (code, name) in tables.catalogue.regions.iter() {
            regions.entry(name.to_owned()).or_default().push(code);
        }
        Ok(Self { tables, today, simplifier: crate::text_index::simplifier()?, regions })
    }
}

/// Looks at one file.
pub fn file(root: &Node, policy: &Policy, context: &Context<'_>, sink: &mut Sink) {
    let pairs = measures(root, policy);
    text::file(root, policy, context, sink);
    handling::file(root, &pairs, context, sink);
    values::file(root, policy, &pairs, context, sink);
    rules::file(&pairs, context, sink);
}

/// A firm of which nothing is known: what holds for it holds for every firm.
static NOBODY: LazyLock<Firm> = LazyLock::new(Firm::default);

/// Place of a whole scalar.
fn whole(node: &Node) -> Place {
    node.place.span(0, node.text().map_or(1, |t| t.chars().count()))
}

/// A measure with its node.
type Pair<'a> = (&'a Node, &'a PolicyMeasure);

/// The measures of a file with their nodes; measures that could not be read are left out.
fn measures<'a>(root: &'a Node, policy: &'a Policy) -> Vec<Pair<'a>> {
    let place = |place: Place| (place.line, place.column);
    let with_id =
        rows(root, "事项").iter().filter_map(|row| row.get("编号").map(|id| (place(id.place), row)));
    let by_place: HashMap<(usize, usize), &Node> = with_id.collect();
    let read = policy.measures.iter();
    read.filter_map(|m| by_place.get(&place(m.place)).map(|row| (*row, m))).collect()
}

/// The rows of a list, or none.
fn rows<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    match node.get(key).map(|n| &n.kind) {
        Some(Kind::List(rows)) => rows,
        _ => &[],
    }
}

/// A pattern that is part of the program.
macro_rules! pattern {
    ($name:ident, $text:expr) => {
        pub(crate) static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($text).expect("a pattern of the program is well formed"));
    };
}

pattern!(DURATION, r"^(\d{1,4})\s*个?(工作日|自然日|日|天|个月|月|年)(内|以内)?$");
pattern!(
    PHONE,
    r"^(0\d{2,3}[-－ ]?\d{7,8}(([-－]|转)\d{1,6})?|(0\d{2,3}[-－ ]?)?1\d{4}|(0\d{2,3}[-－ ]?)?9\d{4}|[48]00[-－ ]?\d{3}[-－ ]?\d{4})$"
);
pattern!(MOBILE, r"(^|[^\d.])(1[3-9]\d[- ]?\d{4}[- ]?\d{4})($|[^\d])");
pattern!(IDENTITY, r"(^|\D)(\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx])($|\D)");
pattern!(
    NUMBER,
    r"^[\p{Han}、·]{1,30}(〔(19|20)\d{2}〕\p{Han}{0,6}\d{1,5}号|令(〔(19|20)\d{2}〕)?第?[\d一二三四五六七八九十百]{1,6}号)$"
);
pattern!(NUMBER_LIKE, r"[\[(（【〔](19|20)\d{2}[\])）】〕]\s*(第?\s*\d{1,5}\s*号)");
pattern!(
    AMOUNT,
    r"(\d[\d,]*(?:\.\d+)?)(?:\s*[—\-－~～至到]+\s*(\d[\d,]*(?:\.\d+)?))?\s*(亿元|万元|千元|元|%|％)"
);
pattern!(PARENS_SPACED, r"[（(]\s+[一二三四五六七八九十]+\s*[)）]|[（(][一二三四五六七八九十]+\s+[)）]");
pattern!(DAY, r"(?:19|20)\d{2}-\d{2}-\d{2}");
pattern!(RELATIVE, r"自(本\p{Han}{0,6})?(发布|印发|公布|公开|下发)之日起\s*\d*\s*个?(日|天|月|年)?[后内]?");
pattern!(
    DEADLINE,
    r"((?:19|20)\d{2})年(\d{1,2})月(\d{1,2})日(?:\d{1,2}[:：时点]?\d{0,2})?(?:之前|以前|前|截止|止)"
);
