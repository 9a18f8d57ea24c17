//! All measures for one firm: groups, headline, what to ask next.

use litemap::LiteMap;

use crate::catalogue::{Catalogue, Nesting};
use crate::date::Date;
use crate::eval::{EvalError, Evaluated, Outcome, Verdict, evaluate};
use crate::firm::{Firm, Key};
use crate::measure::{Audience, BenefitKind, ExclusionRule, Measure};

/// Groups on the page, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// 符合
    Eligible,
    /// 待人工核实
    Likely,
    /// 待补充
    Unknown,
    /// 差一步
    Near,
    /// 不符合
    Ineligible,
}

impl Group {
    /// All groups in order with stable ids and Chinese names.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Eligible, "eligible", "符合"),
        (Self::Likely, "likely", "待人工核实"),
        (Self::Unknown, "unknown", "待补充"),
        (Self::Near, "near", "差一步"),
        (Self::Ineligible, "ineligible", "不符合"),
    ];

    /// The group of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome.verdict {
            Verdict::Eligible => Self::Eligible,
            Verdict::Likely => Self::Likely,
            Verdict::Unknown => Self::Unknown,
            Verdict::Ineligible if outcome.near.is_some() => Self::Near,
            Verdict::Ineligible => Self::Ineligible,
        }
    }

    /// Chinese name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(g, ..)| *g == self).map_or("", |(_, _, name)| name)
    }

    /// Stable id.
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(g, ..)| *g == self).map_or("", |(_, id, _)| id)
    }
}

/// 已确认可享 N 项，合计 a–b: what is eligible and open now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headline {
    /// Number of measures.
    pub count: usize,
    /// Sum of lower ends in fen.
    pub low: i128,
    /// Sum of upper ends in fen.
    pub high: i128,
    /// Measures among them whose text names no sum: counted, never added.
    pub open_sums: usize,
    /// Measures among them whose sum needs a figure of the firm: counted, never added.
    pub missing_figures: usize,
    /// Measures left out because another of their group is better.
    pub excluded: usize,
}

/// A fact worth asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The fact and its year.
    pub key: Key,
    /// Upper ends of the sums it can decide, in fen.
    pub stake: i128,
    /// Measures it can decide.
    pub measures: usize,
}

/// The result for one firm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Outcome per measure; `None` for measures that are not for firms, or
    /// only for firms of other regions.
    pub outcomes: Vec<Option<Outcome>>,
    /// Numbers of measures per group, best first.
    pub groups: LiteMap<Group, Vec<usize>>,
    /// Measures for firms elsewhere.
    pub elsewhere: usize,
    /// Measures that could not be decided, and why. One of them never hides the others.
    pub failed: Vec<(usize, EvalError)>,
    /// Headline.
    pub headline: Headline,
    /// What to ask next, most money first.
    pub questions: Vec<Question>,
}

/// Decides all measures for a firm.
pub fn report(measures: &[Measure], catalogue: &Catalogue, firm: &Firm, today: Date) -> Report {
    let mut report = Report::default();
    for (at, measure) in measures.iter().enumerate() {
        let outcome = match one(measure, catalogue, firm, today, &mut report.elsewhere) {
            Ok(outcome) => outcome,
            Err(error) => {
                report.failed.push((at, error));
                None
            }
        };
        if let Some(outcome) = &outcome {
            report.groups.entry(Group::of(outcome)).or_default().push(at);
        }
        report.outcomes.push(outcome);
    }
    let outcomes = &report.outcomes;
    let rank = |at: usize| {
        let outcome = outcomes[at].as_ref();
        let counts = outcome.is_some_and(|o| o.window.counts());
        let gone = outcome.map(|o| o.window);
        let high = outcome.and_then(|o| o.amount).and_then(|a| a.stated_high()).unwrap_or(-1);
        (!counts, gone, std::cmp::Reverse(high), at)
    };
    for (_, list) in report.groups.iter_mut() {
        list.sort_by_key(|at| rank(*at));
    }
    report.headline = headline(measures, outcomes);
    report.questions = questions(measures, outcomes);
    report
}

fn one(
    measure: &Measure,
    catalogue: &Catalogue,
    firm: &Firm,
    today: Date,
    elsewhere: &mut usize,
) -> Evaluated<Option<Outcome>> {
    if measure.audience != Audience::Firm {
        return Ok(None);
    }
    let outcome = evaluate(measure, catalogue, firm, today)?;
    // A measure of another region is not the firm's business, unless what it
    // said of itself (a plant there, taxes paid there) meets the conditions.
    let met = matches!(outcome.verdict, Verdict::Eligible | Verdict::Likely);
    if !met && !in_path(measure, catalogue, firm) {
        *elsewhere += 1;
        return Ok(None);
    }
    Ok(Some(outcome))
}

/// Whether the firm's registered seat lies in one of the regions, or may.
fn in_path(measure: &Measure, catalogue: &Catalogue, firm: &Firm) -> bool {
    match firm.seat(catalogue) {
        Some(code) => measure.regions.iter().any(|r| code.nesting(*r) != Nesting::Apart),
        None => true,
    }
}

/// What a counted measure adds, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sum {
    Open,
    NeedsFigure,
    Known(i128, i128),
}

/// Measures that share an exclusion group, directly or through others, count
/// once, with the best of them: never more than the best combination.
fn headline(measures: &[Measure], outcomes: &[Option<Outcome>]) -> Headline {
    let mut headline = Headline::default();
    let counted: Vec<(usize, &Outcome)> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(at, o)| o.as_ref().map(|o| (at, o)))
        .filter(|(at, o)| {
            o.verdict == Verdict::Eligible
                && o.window.counts()
                && measures[*at].benefit.kind.counts_as_money()
        })
        .collect();
    let mut component: Vec<usize> = (0..counted.len()).collect();
    for i in 0..counted.len() {
        for j in 0..i {
            if share_group(&measures[counted[i].0], &measures[counted[j].0]) {
                let (from, to) = (component[i], component[j]);
                for c in &mut component {
                    if *c == from {
                        *c = to;
                    }
                }
            }
        }
    }
    let mut best: LiteMap<usize, Sum> = LiteMap::new();
    for (i, (_, outcome)) in counted.iter().enumerate() {
        let value = match outcome.amount {
            Some(amount) if !amount.undecided => match amount.high {
                Some(high) => Sum::Known(amount.low, high),
                None => Sum::NeedsFigure,
            },
            _ => Sum::Open,
        };
        let kept = best.entry(component[i]).or_insert(value);
        *kept = value.max(*kept);
    }
    headline.count = best.len();
    headline.excluded = counted.len() - best.len();
    for sum in best.values() {
        match sum {
            Sum::Known(low, high) => {
                headline.low = headline.low.saturating_add(*low);
                headline.high = headline.high.saturating_add(*high);
            }
            Sum::NeedsFigure => headline.missing_figures += 1,
            Sum::Open => headline.open_sums += 1,
        }
    }
    headline
}

fn share_group(a: &Measure, b: &Measure) -> bool {
    a.exclusions.iter().any(|(group, rule)| {
        *rule == ExclusionRule::Best && b.exclusions.iter().any(|(other, _)| other == group)
    })
}

/// Facts by the money they can decide. A measure whose sum is not stated counts as the median of its kind.
fn questions(measures: &[Measure], outcomes: &[Option<Outcome>]) -> Vec<Question> {
    let mut found: LiteMap<Key, (i128, usize, usize)> = LiteMap::new();
    for (at, outcome) in outcomes.iter().enumerate() {
        let Some(outcome) = outcome else { continue };
        // What can no longer be applied for is not worth a question.
        let reachable = outcome.window.counts()
            || matches!(
                outcome.window,
                crate::measure::Window::Upcoming | crate::measure::Window::Unannounced
            );
        if outcome.verdict == Verdict::Ineligible || !reachable {
            continue;
        }
        let kind = measures[at].benefit.kind;
        let stated = outcome.amount.and_then(|a| a.stated_high());
        let stake = match (kind.counts_as_money(), stated) {
            (false, _) => 0,
            (true, Some(stated)) => stated,
            (true, None) => median(measures, outcomes, kind),
        };
        for key in &outcome.missing {
            let entry = found.entry(*key).or_insert((0, 0, at));
            entry.0 = entry.0.saturating_add(stake);
            entry.1 += 1;
        }
    }
    let mut list: Vec<(Question, usize)> = found
        .into_iter()
        .map(|(key, (stake, measures, first))| (Question { key, stake, measures }, first))
        .collect();
    list.sort_by(|(a, i), (b, j)| (b.stake, b.measures, i, a.key).cmp(&(a.stake, a.measures, j, b.key)));
    list.into_iter().map(|(q, _)| q).collect()
}

/// Median of the stated upper ends of one kind of support; 0 when none states one.
fn median(measures: &[Measure], outcomes: &[Option<Outcome>], kind: BenefitKind) -> i128 {
    let of_kind = outcomes.iter().enumerate().filter(|(at, _)| measures[*at].benefit.kind == kind);
    let mut stated: Vec<i128> =
        of_kind.filter_map(|(_, o)| o.as_ref()?.amount.and_then(|a| a.stated_high())).collect();
    stated.sort_unstable();
    stated.get(stated.len() / 2).copied().unwrap_or(0)
}
