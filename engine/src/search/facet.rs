//! Filters with counts over found measures.

use litemap::LiteMap;

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

/// One value of a facet, as it is counted: without a text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Value<'a> {
    Text(&'a str),
    Place(Code),
    Year(u32),
}

impl Value<'_> {
    /// What a person reads and chooses.
    fn name(self, catalogue: &Catalogue) -> String {
        match self {
            Self::Text(text) => text.to_owned(),
            Self::Place(Code::ALL) => word("全国").to_owned(),
            Self::Place(place) => catalogue.region_name(place),
            Self::Year(year) => format!("{year}年"),
        }
    }
}

impl<'a> Found<'a> {
    /// Hands over the values of a facet. A place counts for all places that it lies in, so that a province has the
    /// measures of its counties.
    fn each(&self, facet: Facet, catalogue: &'a Catalogue, mut take: impl FnMut(Value<'a>)) {
        match facet {
            Facet::Verdict => self.outcome.into_iter().for_each(|o| take(Value::Text(Group::of(o).name()))),
            Facet::Theme => {
                let names = self.measure.themes.iter().filter_map(|no| catalogue.themes.get(no));
                names.for_each(|name| take(Value::Text(name)));
            }
            Facet::Kind => {
                let kind = self.measure.benefit.kind;
                let name = BenefitKind::ALL.iter().find(|(_, k)| *k == kind);
                name.into_iter().for_each(|(name, _)| take(Value::Text(name)));
            }
            Facet::Window => take(Value::Text(self.window.name())),
            Facet::Region => {
                let regions = &self.measure.regions;
                // The whole country holds everything; only what is meant for it is listed there.
                if regions.contains(&Code::ALL) {
                    take(Value::Place(Code::ALL));
                }
                let mut told: Vec<Code> = Vec::new();
                for region in regions.iter().filter(|r| **r != Code::ALL) {
                    for place in [*region].into_iter().chain(above(*region)) {
                        if !told.contains(&place) {
                            told.push(place);
                            take(Value::Place(place));
                        }
                    }
                }
            }
            // A document of several organs is each one's.
            Facet::Issuer => self.measure.issuer.split('、').for_each(|name| take(Value::Text(name))),
            Facet::Amount => {
                let high =
                    self.outcome.and_then(|o| o.amount.as_ref()?.stated_high()).filter(|high| *high > 0);
                let band = high.map_or(Some(NO_BAND), |high| {
                    BANDS.iter().find(|(end, _)| high < *end).map(|(_, name)| *name)
                });
                band.into_iter().for_each(|band| take(Value::Text(band)));
            }
            Facet::Year => self.year.into_iter().for_each(|year| take(Value::Year(year))),
        }
    }

    /// Whether a value of a facet is the one that was chosen.
    fn has(&self, facet: Facet, chosen: &str, catalogue: &'a Catalogue) -> bool {
        let mut has = false;
        self.each(facet, catalogue, |value| {
            has |= match value {
                Value::Text(text) => text == chosen,
                other => other.name(catalogue) == chosen,
            };
        });
        has
    }

    /// The values of a facet, as a person reads them.
    pub fn values(&self, facet: Facet, catalogue: &'a Catalogue) -> Vec<String> {
        let mut values = Vec::new();
        self.each(facet, catalogue, |value| values.push(value.name(catalogue)));
        values
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
        others.into_iter().all(|(facet, value)| found.has(*facet, value, catalogue))
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
        // Few different values: a small sorted list beats sorting all of them.
        let mut seen: LiteMap<Value<'_>, usize> = LiteMap::new();
        for found in found.filter(|f| self.passes(*f, catalogue, Some(facet))) {
            found.each(facet, catalogue, |value| *seen.entry(value).or_insert(0) += 1);
        }
        // Two places may have one name.
        let mut named: LiteMap<String, usize> = LiteMap::new();
        for (value, count) in seen {
            *named.entry(value.name(catalogue)).or_insert(0) += count;
        }
        let mut counts: Vec<(String, usize)> = named.into_iter().collect();
        counts.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        counts
    }
}
