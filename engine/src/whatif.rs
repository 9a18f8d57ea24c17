//! What changes when a number of the firm changes: 如果…会怎样.
//!
//! Everything is decided again: what is lost with a number counts like what is won. Only a sum of the best plan is
//! promised, never the sum of single measures.

use crate::catalogue::{Catalogue, Derived, FactNo, FactType};
use crate::date::Date;
use crate::decide::{Decider, Memory};
use crate::eval::{Amount, Evaluator, Outcome, Truth, Verdict, evaluate, false_leaves};
use crate::explain::key_name;
use crate::firm::{Answer, Firm, Key, Span};
use crate::measure::{Audience, Measure};
use crate::num::{Interval, Ratio};
use crate::plan::{Case, Plan, Standing, Sum, Wishes, plan_with};
use crate::report::{Group, in_path};
use crate::rule::{Expr, Head, Op, Period, fact_dimension};
use crate::words::word;

/// Thresholds that are told of at most.
pub const MOST: usize = 12;

/// To be said beside a threshold that is [`Threshold::past`].
pub const PAST: &str = word("已过去的年度不能改，只作明年打算");

/// So much of a count is in reach, however small the count is.
const FEW: i128 = 5;

/// A value of a fact at which something changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    /// The fact and its time.
    pub key: Key,
    /// Its value now.
    pub now: Ratio,
    /// The value at which it changes.
    pub at: Ratio,
    /// From now to there; below zero where the value has to fall.
    pub difference: Ratio,
    /// Whether its time is over, so that it cannot change any more, see [`PAST`].
    pub past: bool,
    /// Measures that are reached, or that pay more.
    pub measures: Vec<usize>,
    /// How sure the least sure of them is then; what is not sure is counted as if it were put into the plan.
    pub standing: Standing,
    /// Whether the firm has them already, and they only pay more.
    pub pays_more: bool,
    /// What the best plan makes more at its lower ends when this value alone changes.
    pub gain_low: i128,
    /// At its upper ends.
    pub gain_high: i128,
}

impl Threshold {
    /// `再招4人，够“一次性扩岗补助”`, `2025年研发费用再多9万元，够“研发投入奖励”等2项`
    pub fn sentence(&self, measures: &[Measure], catalogue: &Catalogue) -> String {
        let words = &catalogue.words;
        let fact = catalogue.facts.get(&self.key.fact);
        let distance = if self.difference.signum() < 0 { self.difference.neg() } else { Ok(self.difference) };
        let distance =
            fact.and_then(fact_dimension).zip(distance.ok()).map(|(dimension, d)| dimension.show(d));
        let distance = distance.unwrap_or_default();
        let hires = fact.is_some_and(|f| matches!(f.id.as_str(), "staff_total" | "insured_staff"));
        let name = key_name(catalogue, self.key);
        let change = if self.difference.signum() < 0 {
            words.say("{0}再少{1}", &[&name, &distance])
        } else if hires && !self.past {
            words.say("再招{}", &[&distance])
        } else {
            words.say("{0}再多{1}", &[&name, &distance])
        };
        let first = self.measures.first().map_or("", |at| measures[*at].name.as_str());
        let text = match (self.pays_more, self.measures.len()) {
            (false, 0 | 1) => "{0}，够“{1}”",
            (false, _) => "{0}，够“{1}”等{2}项",
            (true, 0 | 1) => "{0}，“{1}”多拿一些",
            (true, _) => "{0}，“{1}”等{2}项多拿一些",
        };
        words.say(text, &[&change, &first, &self.measures.len()])
    }
}

/// A measure that other answers change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Number of the measure.
    pub measure: usize,
    /// Its group before; `None` where it was none of the firm's business.
    pub before: Option<Group>,
    /// Its group after.
    pub after: Option<Group>,
    /// Its sum before, where it was had.
    pub amount_before: Option<Amount>,
    /// Its sum after, where it is had.
    pub amount_after: Option<Amount>,
}

/// What other answers make of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gain {
    /// The plan before.
    pub before: Sum,
    /// The plan after.
    pub after: Sum,
    /// Measures whose conclusion or sum changes, in the order of the table.
    pub changed: Vec<Change>,
}

impl Gain {
    /// What the plan makes more, at the lower and at the upper ends.
    pub fn more(&self) -> (i128, i128) {
        (self.after.low.saturating_sub(self.before.low), self.after.high.saturating_sub(self.before.high))
    }
}

/// A firm to try other answers on. The answers are not kept.
#[derive(Debug)]
pub struct Trial<'a> {
    decider: &'a Decider,
    case: Case<'a>,
    wishes: &'a Wishes,
    verdicts: Vec<Option<Verdict>>,
    plan: Plan,
}

/// A place that may be a threshold, until the measure has been decided there.
struct Candidate {
    nearness: Ratio,
    key: Key,
    now: Ratio,
    at: Ratio,
    measure: usize,
}

impl<'a> Trial<'a> {
    /// `case` has the outcomes of [`crate::report::report`], which was made with `decider`.
    pub fn new(decider: &'a Decider, case: Case<'a>, wishes: &'a Wishes) -> Self {
        let verdicts = decider.verdicts(case.measures, case.catalogue, case.firm, &mut Memory::default());
        Self { decider, case, wishes, verdicts, plan: plan_with(case, wishes) }
    }

    /// The plan without changes.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What the plan makes with other answers.
    pub fn try_values(&self, changes: &[(Key, Answer)]) -> Gain {
        let (outcomes, plan) = self.decide(changes, self.wishes);
        let had = |o: &Option<Outcome>| o.as_ref().filter(|o| is_met(o.verdict)).and_then(|o| o.amount);
        let mut changed = Vec::new();
        for (measure, (before, after)) in self.case.outcomes.iter().zip(&outcomes).enumerate() {
            let Some(after) = after else { continue };
            let (amount_before, amount_after) = (had(before), had(after));
            let (before, after) = (before.as_ref().map(Group::of), after.as_ref().map(Group::of));
            if (before, amount_before) != (after, amount_after) {
                changed.push(Change { measure, before, after, amount_before, amount_after });
            }
        }
        Gain { before: self.plan.total(), after: plan.total(), changed }
    }

    /// Decides anew; `None` for measures whose conclusion stays, and that are no part of any plan.
    fn decide(&self, changes: &[(Key, Answer)], wishes: &Wishes) -> (Vec<Option<Option<Outcome>>>, Plan) {
        let Case { measures, outcomes, catalogue, today, .. } = self.case;
        let mut firm = self.case.firm.clone();
        for (key, answer) in changes {
            firm.answer(catalogue, *key, answer.clone());
        }
        let firm = &firm;
        let touched = Touched::new(changes, catalogue);
        let verdicts = self.decider.verdicts(measures, catalogue, firm, &mut Memory::default());
        let mut decided = Vec::with_capacity(measures.len());
        // What the plan sees; what is not met is nothing to it.
        let mut seen = Vec::with_capacity(measures.len());
        for (at, measure) in measures.iter().enumerate() {
            let verdict = verdicts.get(at).copied().flatten();
            let met = verdict.is_some_and(is_met);
            let same = verdict == self.verdicts.get(at).copied().flatten();
            let before = outcomes.get(at).and_then(Option::as_ref);
            if measure.audience != Audience::Firm || measure.withheld || (same && !met && verdict.is_some()) {
                decided.push(None);
                seen.push(None);
                continue;
            }
            let outcome = match before {
                Some(before) if same && !touched.by(measure, catalogue) => Some(before.clone()),
                _ if verdict.is_some() && !met && !in_path(measure, catalogue, firm) => None,
                _ => evaluate(measure, catalogue, firm, today).ok(),
            };
            seen.push(outcome.clone().filter(|o| is_met(o.verdict)));
            decided.push(Some(outcome));
        }
        let plan = plan_with(Case { outcomes: &seen, firm, ..self.case }, wishes);
        (decided, plan)
    }

    /// The values of single facts at which something changes, nearest first, at most [`MOST`].
    pub fn thresholds(&self) -> Vec<Threshold> {
        let mut candidates = Vec::new();
        for (at, outcome) in self.case.outcomes.iter().enumerate() {
            if let Some(outcome) = outcome {
                self.candidates(at, outcome, &mut candidates);
            }
        }
        let ids = |c: &Candidate| self.case.measures[c.measure].id.as_str();
        candidates.sort_by(|a, b| (a.nearness, a.key, a.at, ids(a)).cmp(&(b.nearness, b.key, b.at, ids(b))));
        let mut found: Vec<Threshold> = Vec::new();
        let mut reached: Vec<(Key, usize)> = Vec::new();
        for candidate in &candidates {
            let Candidate { key, now, at, measure, .. } = *candidate;
            let place = found.iter().position(|t| (t.key, t.at) == (key, at));
            if (place.is_none() && found.len() == MOST) || reached.contains(&(key, measure)) {
                continue;
            }
            let Some((standing, pays_more)) = self.reaches(candidate) else { continue };
            reached.push((key, measure));
            match place {
                // Reaching another one says more than paying more.
                Some(place) if found[place].pays_more && !pays_more => {
                    found[place].measures = vec![measure];
                    (found[place].standing, found[place].pays_more) = (standing, false);
                }
                Some(place) if found[place].pays_more == pays_more => {
                    found[place].measures.push(measure);
                    found[place].standing = found[place].standing.max(standing);
                }
                Some(_) => {}
                None => found.push(Threshold {
                    key,
                    now,
                    at,
                    difference: at.sub(now).unwrap_or(Ratio::ZERO),
                    past: is_past(key, self.case.today),
                    measures: vec![measure],
                    standing,
                    pays_more,
                    gain_low: 0,
                    gain_high: 0,
                }),
            }
        }
        for threshold in &mut found {
            let mut wishes = self.wishes.clone();
            for at in &threshold.measures {
                let id = &self.case.measures[*at].id;
                if threshold.standing != Standing::Sure && !wishes.leave.contains(id) {
                    wishes.put_in(id);
                }
            }
            let change = (threshold.key, Answer::Number(Interval::point(threshold.at)));
            let (_, plan) = self.decide(&[change], &wishes);
            let (before, after) = (self.plan.total(), plan.total());
            threshold.gain_low = after.low.saturating_sub(before.low);
            threshold.gain_high = after.high.saturating_sub(before.high);
        }
        found
    }

    /// How sure a measure is at a candidate, and whether it was had before and pays more; `None` if nothing changes.
    fn reaches(&self, candidate: &Candidate) -> Option<(Standing, bool)> {
        let firm = with(self.case.firm, candidate.key, candidate.at);
        let measure = &self.case.measures[candidate.measure];
        let outcome = evaluate(measure, self.case.catalogue, &firm, self.case.today).ok()?;
        let standing = Standing::of(&outcome)?;
        let before = self.case.outcomes.get(candidate.measure).and_then(Option::as_ref)?;
        if !is_met(before.verdict) {
            return Some((standing, false));
        }
        let (before, after) = (before.amount?, outcome.amount?);
        let more = after.low > before.low || after.high.zip(before.high).is_some_and(|(a, b)| a > b);
        more.then_some((standing, true))
    }

    /// Where a measure may change: at the bounds that it misses, or at the bands of its sum.
    fn candidates(&self, at: usize, outcome: &Outcome, out: &mut Vec<Candidate>) {
        let measure = &self.case.measures[at];
        let reachable = Standing::of(&Outcome { verdict: Verdict::Eligible, ..outcome.clone() });
        if reachable.is_none() || (outcome.verdict == Verdict::Unknown) {
            return;
        }
        let Some(record) = outcome.record else { return };
        let e = Evaluator::new(measure, self.case.catalogue, self.case.firm, self.case.today);
        let mut e = e.for_record(measure.subject, record);
        let mut found: Vec<(Key, Ratio)> = Vec::new();
        if is_met(outcome.verdict) {
            // A band that pays less is left out when it is decided.
            if let Some(amount) = measure.benefit.amount.as_ref().filter(|_| self.plan.has(at)) {
                self.bands(&mut e, amount, &mut found);
            }
        } else {
            let rows = measure.conditions.iter().zip(&outcome.rows);
            for (n, (condition, _)) in rows.filter(|(_, t)| **t == Some(Truth::False)).enumerate() {
                let mut leaves = Vec::new();
                false_leaves(&condition.rule, &mut leaves);
                let mut here: Vec<(Key, Ratio)> = Vec::new();
                for leaf in leaves {
                    if e.truth_of(leaf) == Truth::False {
                        self.solutions(measure, record, &mut e, leaf, &mut here);
                    }
                }
                // One fact has to mend every row that fails.
                found.retain(|(key, _)| here.iter().any(|(k, _)| k == key));
                here.retain(|(key, _)| n == 0 || found.iter().any(|(k, _)| k == key));
                found.extend(here);
                if found.is_empty() {
                    return;
                }
            }
        }
        for (key, value) in found {
            let Some(now) = exact(self.case.firm, key) else { continue };
            if let Some(nearness) = self.nearness(key, now, value) {
                out.push(Candidate { nearness, key, now, at: value, measure: at });
            }
        }
    }

    /// How far a value is away, as a share; `None` where it is out of reach.
    fn nearness(&self, key: Key, now: Ratio, at: Ratio) -> Option<Ratio> {
        let distance = at.sub(now).ok()?;
        let distance = if distance.signum() < 0 { distance.neg().ok()? } else { distance };
        let whole = now.max(at);
        let share = distance.mul(whole.recip()?).ok()?;
        let kind = self.case.catalogue.facts.get(&key.fact)?.kind;
        let near = share <= Ratio::new(1, 2)? || (kind == FactType::Count && distance <= Ratio::int(FEW));
        (distance != Ratio::ZERO && near).then_some(share)
    }

    /// Bounds of the bands of a sum.
    fn bands(&self, e: &mut Evaluator<'_>, amount: &Expr, found: &mut Vec<(Key, Ratio)>) {
        amount.walk(&mut |part| {
            let (chooser, bounds): (&Expr, Vec<(Op, Ratio)>) = match part {
                Expr::Pick(chooser, rows) => {
                    let bound = |(head, _): &(Head, Expr)| match head {
                        Head::Compare(op, bound) => Some((*op, *bound)),
                        _ => None,
                    };
                    (chooser, rows.iter().filter_map(bound).collect())
                }
                Expr::Compare(op, chooser, bound) => match &**bound {
                    Expr::Const(bound, _) => (chooser, vec![(*op, *bound)]),
                    _ => return,
                },
                _ => return,
            };
            let Expr::Fact(fact, period) = chooser else { return };
            let Some(key) = e.key_in(*fact, *period) else { return };
            let Some(now) = exact(self.case.firm, key) else { return };
            let Some(step) = self.step(key.fact) else { return };
            for (op, bound) in bounds {
                // The first value beyond, where the bound itself belongs to what is below.
                let beyond = if matches!(op, Op::Gt | Op::Le) { bound.add(step).ok() } else { Some(bound) };
                found.extend(beyond.filter(|at| *at > now).map(|at| (key, at)));
            }
        });
    }

    /// Values of single facts at which a comparison holds that does not now.
    fn solutions(
        &self,
        measure: &Measure,
        record: u8,
        e: &mut Evaluator<'_>,
        leaf: &Expr,
        found: &mut Vec<(Key, Ratio)>,
    ) {
        let Expr::Compare(op, a, b) = leaf else { return };
        let mut keys: Vec<Key> = Vec::new();
        let mut add = |key: Option<Key>| keys.extend(key.filter(|key| !keys.contains(key)));
        leaf.walk(&mut |part| {
            let Expr::Fact(fact, period) = part else { return };
            let period = match *period {
                Period::Growth(year) | Period::Delta(year) => Period::Year(year),
                // Of several years the last one.
                Period::Over(years, ..) => {
                    let key = e.key_in(*fact, Period::None);
                    add(key.map(|key| Key { span: Span::Year(e.years(years).1), ..key }));
                    return;
                }
                period => period,
            };
            add(e.key_in(*fact, period));
        });
        let difference = |e: &mut Evaluator<'_>| {
            let (a, b) = (e.value_of(a).exact()?, e.value_of(b).exact()?);
            a.sub(b).ok()
        };
        let Some(here) = difference(e) else { return };
        for key in keys {
            let (Some(now), Some(step)) = (exact(self.case.firm, key), self.step(key.fact)) else { continue };
            let solve = || {
                // A straight line through two points; where it is none, the decision there shows it.
                let other = now.add(now.max(step)).ok()?;
                let firm = with(self.case.firm, key, other);
                let there = Evaluator::new(measure, self.case.catalogue, &firm, self.case.today);
                let there = difference(&mut there.for_record(measure.subject, record))?;
                let slope = there.sub(here).ok()?;
                let way = here.neg().ok()?.mul(other.sub(now).ok()?).ok()?.mul(slope.recip()?).ok()?;
                let steps = now.add(way).ok()?.mul(step.recip()?).ok()?;
                let rises = way.signum() >= 0;
                let mut at = Ratio::int(if rises { steps.ceil() } else { steps.floor() }).mul(step).ok()?;
                if matches!(op, Op::Gt | Op::Lt) && Ratio::int(steps.floor()) == steps {
                    at = if rises { at.add(step).ok()? } else { at.sub(step).ok()? };
                }
                Some(at)
            };
            // To advise less of something is sensible for a share only: 裁员率, 资产负债率.
            let falls = matches!(op, Op::Le | Op::Lt) && self.kind(key.fact) == Some(FactType::Share);
            let rises = matches!(op, Op::Ge | Op::Gt);
            let sensible = |at: &Ratio| (rises && *at > now) || (falls && *at < now && at.signum() >= 0);
            found.extend(solve().filter(sensible).map(|at| (key, at)));
        }
    }

    fn kind(&self, fact: FactNo) -> Option<FactType> {
        self.case.catalogue.facts.get(&fact).map(|f| f.kind)
    }

    /// The smallest change that is told of: a hundred yuan of money that is given in 万元, one hundredth of a percent.
    /// `None` for what a firm cannot change.
    fn step(&self, fact: FactNo) -> Option<Ratio> {
        let row = self.case.catalogue.facts.get(&fact).filter(|f| f.derived.is_none())?;
        match row.kind {
            FactType::Money if row.unit.starts_with(['万', '亿']) => Some(Ratio::int(10_000)),
            FactType::Money => Some(Ratio::int(100)),
            FactType::Count => Some(Ratio::ONE),
            FactType::Share => Ratio::new(1, 10_000),
            _ => None,
        }
    }
}

fn is_met(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Eligible | Verdict::Likely)
}

fn exact(firm: &Firm, key: Key) -> Option<Ratio> {
    match firm.get(key) {
        Some(Answer::Number(value)) => value.exact(),
        _ => None,
    }
}

fn with(firm: &Firm, key: Key, value: Ratio) -> Firm {
    let mut firm = firm.clone();
    firm.set(key, Answer::Number(Interval::point(value)));
    firm
}

/// Whether the time of an answer is over.
fn is_past(key: Key, today: Date) -> bool {
    match key.span {
        Span::Always => false,
        Span::Year(year) => i32::from(year) < today.year(),
        Span::PeakBefore(year) => i32::from(year) <= today.year(),
        Span::Days(_, last) | Span::Until(last) => last < today,
    }
}

/// Facts whose answers change, for finding the measures that need not be decided again.
struct Touched {
    /// Everything may depend on what changes.
    all: bool,
    facts: Vec<FactNo>,
}

impl Touched {
    fn new(changes: &[(Key, Answer)], catalogue: &Catalogue) -> Self {
        let mut touched = Self { all: false, facts: Vec::new() };
        for (key, answer) in changes {
            let row = catalogue.facts.get(&key.fact);
            // Places choose parameters, the day of foundation the years that there were, a record is one more.
            let plain = matches!(answer, Answer::Number(_)) && row.is_some_and(|f| f.kind != FactType::Date);
            touched.all |= !plain || key.record > 0;
            touched.facts.push(key.fact);
            if row.is_some_and(|f| matches!(f.id.as_str(), "staff_total" | "revenue" | "total_assets")) {
                let derived = |f: &Option<Derived>| *f == Some(Derived::Size);
                let sizes = catalogue.facts.iter().filter(|(_, f)| derived(&f.derived));
                touched.facts.extend(sizes.map(|(no, _)| *no));
            }
        }
        touched
    }

    fn by(&self, measure: &Measure, catalogue: &Catalogue) -> bool {
        let benefit = &measure.benefit;
        let rules = measure.conditions.iter().flat_map(|c| c.guard.iter().chain([&c.rule]));
        let sums = benefit.amount.iter().chain(benefit.caps.iter().map(|(_, cap)| cap)).chain(&benefit.floor);
        let mut found = self.all;
        for expr in rules.chain(sums) {
            expr.walk(&mut |e| {
                found |=
                    e.fact().is_some_and(|no| self.facts.contains(&no) || !catalogue.facts.contains_key(&no));
            });
        }
        found
    }
}
