//! Filters with counts over found measures.

use crate::catalogue::{Catalogue, Code};
use crate::eval::Outcome;
use crate::measure::{BenefitKind, Measure, Window};
use crate::report::Group;
use crate::words::word;

/// What hits can be limited by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// 结论 for the firm.
    Verdict,
    /// 主题
    Theme,
    /// 支持类别
    Kind,
    /// 受理状态
    Window,
    /// 地区: a place and all above it.
    Region,
    /// 发文机关
    Issuer,
    /// 金额
    Amount,
    /// 发布年份
    Year,
}

impl Facet {
    /// All with stable ids and Chinese names.
    pub const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Verdict, "verdict", word("结论")),
        (Self::Theme, "theme", word("主题")),
        (Self::Kind, "kind", word("类别")),
        (Self::Window, "window", word("受理状态")),
        (Self::Region, "region", word("地区")),
        (Self::Issuer, "issuer", word("发文机关")),
        (Self::Amount, "amount", word("金额")),
        (Self::Year, "year", word("发布年份")),
    ];
}

/// Bands of sums: upper end in fen, name.
const BANDS: [(i128, &str); 4] = [
    (10_000_000, word("10万元以下")),
    (50_000_000, word("10万至50万元")),
    (100_000_000, word("50万至100万元")),
    (i128::MAX, word("100万元以上")),
];
/// A sum that the text leaves open, and no sum.
const NO_BAND: &str = word("未写明或不是钱");

/// What is known of one hit.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The measure.
    pub measure: &'a Measure,
    /// What it is for the firm; `None` where nothing was decided.
    pub outcome: Option<&'a Outcome>,
    /// Its window on the day.
    pub window: Window,
    /// Year of issue.
    pub year: Option<u32>,
}

impl Found<'_> {
    /// The values of a facet. A place counts for all places that it lies in,
    /// so that a province has the measures of its counties.
    pub fn values(&self, facet: Facet, catalogue: &Catalogue) -> Vec<String> {
        let one = |value: Option<&str>| value.map(str::to_owned).into_iter().collect();
        match facet {
            Facet::Verdict => one(self.outcome.map(|o| Group::of(o).name())),
            Facet::Theme => {
                let names = self.measure.themes.iter().filter_map(|no| catalogue.themes.get(no));
                names.cloned().collect()
            }
            Facet::Kind => {
                let kind = self.measure.benefit.kind;
                one(BenefitKind::ALL.iter().find(|(_, k)| *k == kind).map(|(name, _)| *name))
            }
            Facet::Window => one(Some(self.window.name())),
            Facet::Region => {
                let mut places: Vec<String> = Vec::new();
                for region in &self.measure.regions {
                    for place in [Code::ALL, *region].into_iter().chain(above(*region)) {
                        let name = catalogue.region_name(place);
                        let name = if place == Code::ALL { word("全国").to_owned() } else { name };
                        // The whole country holds everything; only what is meant for it is listed there.
                        if !places.contains(&name) && (place != Code::ALL || *region == Code::ALL) {
                            places.push(name);
                        }
                    }
                }
                places
            }
            // A document of several organs is each one's.
            Facet::Issuer => self.measure.issuer.split('、').map(str::to_owned).collect(),
            Facet::Amount => {
                let high =
                    self.outcome.and_then(|o| o.amount.as_ref()?.stated_high()).filter(|high| *high > 0);
                one(high.map_or(Some(NO_BAND), |high| {
                    BANDS.iter().find(|(end, _)| high < *end).map(|(_, name)| *name)
                }))
            }
            Facet::Year => self.year.map(|y| format!("{y}年")).into_iter().collect(),
        }
    }
}

/// Places that a place lies in.
fn above(region: Code) -> impl Iterator<Item = Code> {
    [4, 2]
        .into_iter()
        .filter_map(move |n| region.as_str().get(..n).and_then(Code::new))
        .filter(move |c| *c != region)
}

/// What was chosen: at most one value of each facet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters(Vec<(Facet, String)>);

impl Filters {
    /// Chooses a value, or none.
    pub fn set(&mut self, facet: Facet, value: Option<String>) {
        self.0.retain(|(f, _)| *f != facet);
        self.0.extend(value.map(|v| (facet, v)));
    }

    /// What is chosen.
    pub fn get(&self, facet: Facet) -> Option<&str> {
        self.0.iter().find(|(f, _)| *f == facet).map(|(_, v)| v.as_str())
    }

    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a hit passes, `but` one facet.
    fn passes(&self, found: Found<'_>, catalogue: &Catalogue, but: Option<Facet>) -> bool {
        let others = self.0.iter().filter(|(facet, _)| Some(*facet) != but);
        others.into_iter().all(|(facet, value)| found.values(*facet, catalogue).contains(value))
    }

    /// Whether a hit passes.
    pub fn keep(&self, found: Found<'_>, catalogue: &Catalogue) -> bool {
        self.passes(found, catalogue, None)
    }

    /// How many hits each value of a facet would leave, most first. What is
    /// chosen of the facet itself does not count: its other values stay in
    /// sight.
    pub fn counts<'a>(
        &self,
        facet: Facet,
        found: impl Iterator<Item = Found<'a>>,
        catalogue: &Catalogue,
    ) -> Vec<(String, usize)> {
        let passed = found.filter(|f| self.passes(*f, catalogue, Some(facet)));
        let mut values: Vec<String> = passed.flat_map(|f| f.values(facet, catalogue)).collect();
        values.sort_unstable();
        let alike = values.chunk_by(|a, b| a == b);
        let mut counts: Vec<(String, usize)> = alike.map(|run| (run[0].clone(), run.len())).collect();
        counts.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        counts
    }
}
