//! All measures for one firm: groups, headline, what to ask next.

use litemap::LiteMap;

use crate::catalogue::{Catalogue, Nesting};
use crate::date::Date;
use crate::decide::{Decider, Memory};
use crate::eval::{EvalError, Outcome, Verdict, evaluate};
use crate::firm::{Firm, Key};
use crate::measure::{Audience, BenefitKind, Measure};
use crate::plan::{LeftOut, Plan, plan};

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
    /// The best combination of what the firm can apply for now.
    pub plan: Plan,
    /// Headline.
    pub headline: Headline,
    /// What to ask next, in the order in which answers bring most money nearer.
    pub questions: Vec<Question>,
}

/// Decides all measures for a firm. `decider` was made of `measures` and `catalogue`, for the day that is decided on.
pub fn report(decider: &Decider, measures: &[Measure], catalogue: &Catalogue, firm: &Firm) -> Report {
    let mut draft = Draft::new(decider, measures, catalogue, firm);
    draft.step(measures, catalogue, firm, measures.len());
    draft.finish(measures, catalogue, firm)
}

/// A report under way, some measures at a time. What it is given is the same each time.
#[derive(Debug)]
pub struct Draft {
    today: Date,
    verdicts: Vec<Option<Verdict>>,
    report: Report,
}

impl Draft {
    /// Begins. The verdicts are there at once, what explains them is not.
    pub fn new(decider: &Decider, measures: &[Measure], catalogue: &Catalogue, firm: &Firm) -> Self {
        let verdicts = decider.verdicts(measures, catalogue, firm, &mut Memory::default());
        Self { today: decider.today(), verdicts, report: Report::default() }
    }

    /// Whether all measures are decided.
    pub fn is_done(&self) -> bool {
        self.report.outcomes.len() >= self.verdicts.len()
    }

    /// Decides up to `count` measures more.
    pub fn step(&mut self, measures: &[Measure], catalogue: &Catalogue, firm: &Firm, count: usize) {
        let first = self.report.outcomes.len();
        for (at, measure) in measures.iter().enumerate().skip(first).take(count) {
            let outcome = self.outcome(at, measure, catalogue, firm);
            self.report.outcomes.push(outcome);
        }
    }

    fn outcome(
        &mut self,
        at: usize,
        measure: &Measure,
        catalogue: &Catalogue,
        firm: &Firm,
    ) -> Option<Outcome> {
        if measure.audience != Audience::Firm || measure.withheld {
            return None;
        }
        // A measure of another region is not the firm's business, unless what it said of itself (a plant there, taxes
        // paid there) meets the conditions.
        let verdict = self.verdicts.get(at).copied().flatten();
        let met = matches!(verdict, Some(Verdict::Eligible | Verdict::Likely));
        if verdict.is_some() && !met && !in_path(measure, catalogue, firm) {
            self.report.elsewhere += 1;
            return None;
        }
        match evaluate(measure, catalogue, firm, self.today) {
            Ok(outcome) => {
                self.report.groups.entry(Group::of(&outcome)).or_default().push(at);
                Some(outcome)
            }
            Err(error) => {
                self.report.failed.push((at, error));
                None
            }
        }
    }

    /// Puts everything in order, once all measures are decided.
    pub fn finish(self, measures: &[Measure], catalogue: &Catalogue, firm: &Firm) -> Report {
        let mut report = self.report;
        let outcomes = &report.outcomes;
        let rank = |at: usize| {
            let outcome = outcomes[at].as_ref();
            let counts = outcome.is_some_and(|o| o.window.counts());
            let gone = outcome.map(|o| o.window);
            let high = outcome.and_then(|o| o.amount).and_then(|a| a.stated_high()).unwrap_or(-1);
            (!counts, gone, std::cmp::Reverse(high), at)
        };
        for (_, list) in report.groups.iter_mut() {
            list.sort_by_cached_key(|at| rank(*at));
        }
        report.plan = plan(measures, outcomes, catalogue, firm, self.today);
        report.headline = headline(measures, outcomes, &report.plan);
        report.questions = questions(measures, outcomes);
        report
    }
}

/// Whether the firm's registered seat lies in one of the regions, or may.
pub(crate) fn in_path(measure: &Measure, catalogue: &Catalogue, firm: &Firm) -> bool {
    match firm.seat(catalogue) {
        Some(code) => measure.regions.iter().any(|r| code.nesting(*r) != Nesting::Apart),
        None => true,
    }
}

/// The plan in one line. Only money counts; what is open is counted and not added.
fn headline(measures: &[Measure], outcomes: &[Option<Outcome>], plan: &Plan) -> Headline {
    let mut headline = Headline::default();
    for choice in &plan.chosen {
        if !measures[choice.measure].benefit.kind.counts_as_money() {
            continue;
        }
        headline.count += 1;
        let amount = outcomes[choice.measure].as_ref().and_then(|o| o.amount);
        match (choice.open, amount) {
            (false, _) => {
                headline.low = headline.low.saturating_add(choice.low);
                headline.high = headline.high.saturating_add(choice.high);
            }
            (true, Some(amount)) if !amount.undecided => headline.missing_figures += 1,
            (true, _) => headline.open_sums += 1,
        }
    }
    headline.excluded = plan.left.iter().filter(|(_, why)| matches!(why, LeftOut::Group(..))).count();
    headline
}

/// Facts by the money that an answer brings nearer: that of each measure, shared among all that it still lacks. One of
/// two answers that together decide 50 万元 comes before one of ten that decide 200. A measure whose sum is not stated
/// counts as the median of its kind.
fn questions(measures: &[Measure], outcomes: &[Option<Outcome>]) -> Vec<Question> {
    let mut found: LiteMap<Key, (i128, Question, usize)> = LiteMap::new();
    let mut medians: LiteMap<BenefitKind, i128> = LiteMap::new();
    let mut usual = |kind| *medians.entry(kind).or_insert_with(|| median(measures, outcomes, kind));
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
        // Of what is certain, only what answers can still move is at stake.
        let certain = outcome.verdict == Verdict::Eligible;
        let stake = match outcome.amount.filter(|a| kind.counts_as_money() && !a.undecided) {
            _ if !kind.counts_as_money() => 0,
            Some(amount) if certain => amount.answerable.unwrap_or_else(|| usual(kind)),
            Some(amount) => amount.high.unwrap_or_else(|| usual(kind)),
            None => usual(kind),
        };
        let share = stake / outcome.missing.len().max(1) as i128;
        for key in &outcome.missing {
            let none = || (0, Question { key: *key, stake: 0, measures: 0 }, at);
            let (shares, question, _) = found.entry(*key).or_insert_with(none);
            *shares = shares.saturating_add(share);
            question.stake = question.stake.saturating_add(stake);
            question.measures += 1;
        }
    }
    let mut list: Vec<(i128, Question, usize)> = found.into_iter().map(|(_, found)| found).collect();
    list.sort_by(|(x, a, i), (y, b, j)| {
        (y, b.stake, b.measures, i, a.key).cmp(&(x, a.stake, a.measures, j, b.key))
    });
    list.into_iter().map(|(_, question, _)| question).collect()
}

/// Median of the stated upper ends of one kind of support; 0 when none states one.
fn median(measures: &[Measure], outcomes: &[Option<Outcome>], kind: BenefitKind) -> i128 {
    let of_kind = outcomes.iter().enumerate().filter(|(at, _)| measures[*at].benefit.kind == kind);
    let mut stated: Vec<i128> =
        of_kind.filter_map(|(_, o)| o.as_ref()?.amount.and_then(|a| a.stated_high())).collect();
    stated.sort_unstable();
    stated.get(stated.len() / 2).copied().unwrap_or(0)
}
