//! Many measures and firms for measuring, made of real ones.

use huiqi_engine::bundle::{Table, decode_catalogue};
use huiqi_engine::catalogue::{Catalogue, Code};
use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::date::Date;
use huiqi_engine::decide::{Decider, Memory};
use huiqi_engine::eval::Verdict;
use huiqi_engine::firm::Firm;
use huiqi_engine::measure::Measure;
use huiqi_engine::num::Ratio;
use huiqi_engine::profile;
use huiqi_engine::report::report;
use huiqi_engine::rule::{Expr, Members};

/// Measures, firms and what decides them.
#[derive(Debug)]
pub struct Workload {
    /// The measures.
    pub measures: Vec<Measure>,
    /// The tables.
    pub catalogue: Catalogue,
    /// Firms of which much is known.
    pub firms: Vec<Firm>,
    decider: Decider,
    memory: Memory,
}

/// A workload file: the stored table, the catalogue and profiles of firms.
pub fn write(table: &[u8], catalogue: &[u8], profiles: &[String]) -> Vec<u8> {
    let mut w = Writer::new();
    w.blob(table);
    w.blob(catalogue);
    w.list(profiles, |w, text| w.str(text));
    w.into_bytes()
}

impl Workload {
    /// Reads a workload file and makes `count` measures of those in it. Every copy has other thresholds, and all are
    /// for the region of the firms: nothing is decided by the region alone, and no comparison is shared between
    /// copies.
    pub fn read(bytes: &[u8], count: usize) -> Option<Self> {
        let mut r = Reader::new(bytes);
        let (table, catalogue, profiles) = (r.blob(), r.blob(), r.list(Reader::string));
        r.finish(()).ok()?;
        let table = Table::decode(table).ok()?;
        let catalogue = decode_catalogue(catalogue).ok()?;
        let firms: Vec<Firm> = profiles
            .iter()
            .filter_map(|text| profile::read(text, &catalogue).ok())
            .map(|(firm, _)| firm)
            .collect();
        let seat = firms.first()?.seat(&catalogue)?;
        let province = Code::new(seat.as_str().get(..2)?)?;
        let measures: Vec<Measure> =
            (0..count).map(|at| copy(&table.measures[at % table.measures.len()], at, province)).collect();
        let today = Date::new(2026, 11, 22)?;
        let decider = Decider::new(&measures, &catalogue, today);
        Some(Self { measures, catalogue, firms, decider, memory: Memory::default() })
    }

    /// All verdicts of a firm: how many are 符合.
    pub fn decide(&mut self, firm: usize) -> usize {
        let firm = &self.firms[firm % self.firms.len()];
        let verdicts = self.decider.verdicts(&self.measures, &self.catalogue, firm, &mut self.memory);
        verdicts.iter().filter(|v| **v == Some(Verdict::Eligible)).count()
    }

    /// Everything the results page shows of a firm: how many measures are in a group.
    pub fn report(&mut self, firm: usize) -> usize {
        let firm = &self.firms[firm % self.firms.len()];
        let report = report(&self.decider, &self.measures, &self.catalogue, firm);
        report.groups.values().map(Vec::len).sum()
    }
}

/// The measure as number `at`, for firms of `region`.
fn copy(measure: &Measure, at: usize, region: Code) -> Measure {
    let mut measure = measure.clone();
    measure.id = format!("{}-{at}", measure.id);
    measure.regions = vec![region];
    let factor = Ratio::new(1000 + (at as i128 * 7919) % 997, 1000).unwrap_or(Ratio::ONE);
    for condition in &mut measure.conditions {
        change(&mut condition.rule, factor, region);
        if let Some(guard) = &mut condition.guard {
            change(guard, factor, region);
        }
    }
    measure
}

fn change(expr: &mut Expr, factor: Ratio, region: Code) {
    match expr {
        // Whole numbers stay whole, as they are in real texts.
        Expr::Const(value, _) => {
            let other = value.mul(factor).unwrap_or(*value);
            *value = if value.is_integer() { Ratio::int(other.floor()) } else { other };
        }
        // Regions have digits; industries begin with a letter.
        Expr::In(_, Members::Codes(_, codes), _) => {
            let place = codes.first().is_some_and(|c| c.as_str().starts_with(|c: char| c.is_ascii_digit()));
            if place {
                *codes = vec![region];
            }
        }
        _ => {}
    }
    for child in expr.children_mut() {
        change(child, factor, region);
    }
}
