//! Measures like another one.

use std::cmp::Reverse;

use litemap::LiteMap;

use super::score::idf;
use super::text::{Gram, fold_text, grams};
use crate::catalogue::Nesting;
use crate::fold::Simplifier;
use crate::measure::Measure;

/// What a theme in common is worth; equal names are worth 256.
const THEME: u32 = 48;
/// What an equal kind of support is worth.
const KIND: u32 = 16;
/// Less than this is no likeness: more than theme and kind, so that some word of the names is the same.
const LEAST: u32 = 80;

/// Rows of measures that a reader of the one in row `at` may look for as well, most alike first: their names have words
/// in common, rare ones more than frequent ones, and some firm can lie in the regions of both.
pub fn related(measures: &[Measure], at: usize, limit: usize) -> Vec<usize> {
    let Some(own) = measures.get(at) else { return Vec::new() };
    let mut counts: LiteMap<Gram, usize> = LiteMap::new();
    let names: Vec<Vec<Gram>> = measures.iter().map(pairs).collect();
    for gram in &names[at] {
        counts.insert(*gram, 0);
    }
    for gram in names.iter().flatten() {
        if let Some(count) = counts.get_mut(gram) {
            *count += 1;
        }
    }
    let n = measures.len() as u32;
    let worth = |gram: &Gram| counts.get(gram).map_or(0, |count| idf(n, *count));
    let all: u32 = names[at].iter().map(worth).sum::<u32>().max(1);
    let mut found: Vec<(Reverse<u32>, usize)> = Vec::new();
    for (other, measure) in measures.iter().enumerate() {
        let reach = |a: &Measure, b: &Measure| {
            a.regions.iter().any(|a| b.regions.iter().any(|b| a.nesting(*b) != Nesting::Apart))
        };
        if other == at || measure.withheld || !reach(own, measure) {
            continue;
        }
        let shared: u32 = names[other].iter().map(worth).sum();
        // Of a longer name, a smaller part is the same.
        let longer = names[other].len().max(names[at].len()).max(1) as u32;
        let mut likeness = shared * 256 / all * names[at].len() as u32 / longer;
        if likeness > 0 {
            likeness += THEME * u32::from(own.themes.iter().any(|t| measure.themes.contains(t)));
            likeness += KIND * u32::from(own.benefit.kind == measure.benefit.kind);
        }
        if likeness >= LEAST {
            found.push((Reverse(likeness), other));
        }
    }
    found.sort_unstable();
    found.into_iter().take(limit).map(|(_, at)| at).collect()
}

/// Distinct pairs of the name.
fn pairs(measure: &Measure) -> Vec<Gram> {
    let folded = fold_text(&measure.name, &Simplifier::default());
    let mut all: Vec<Gram> = grams(&folded).map(|(gram, _)| gram).filter(|g| !g.is_single()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Code;

    #[test]
    fn names_with_rare_words_in_common_within_reach() {
        let measure = |name: &str, region: &str, theme: u16| {
            let mut m = Measure::new(name);
            m.name = name.to_owned();
            m.regions = vec![Code::region(region).unwrap()];
            m.themes = vec![theme];
            m
        };
        let all = [
            measure("高新技术企业认定奖励", "130000", 0),
            measure("高新技术企业所得税减按15%", "000000", 3),
            measure("高新技术企业认定奖励", "440300", 0),
            measure("首次认定高新技术企业奖励", "130100", 0),
            measure("稳岗返还", "130000", 1),
            measure("专利奖励", "130000", 2),
        ];
        assert_eq!(related(&all, 0, 9), [3, 1]);
        assert_eq!(related(&all, 0, 1), [3]);
        assert_eq!(related(&all, 4, 9), Vec::<usize>::new());
        assert_eq!(related(&all, 9, 9), Vec::<usize>::new());
    }
}
