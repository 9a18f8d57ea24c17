//! The sum of a measure, and what would mend one that is refused.

use super::figure::window;
use super::{Amount, EvalError, Evaluated, Evaluator, Near, Pass, Piece, Truth};
use crate::catalogue::{FactType, Scope};
use crate::firm::{Answer, Held, Key, Span};
use crate::measure::{CapScope, Measure};
use crate::num::{Exact, Interval, Ratio};
use crate::rule::{Expr, Head, Mode, Op, Quota, When};

impl Evaluator<'_> {
    /// The sum of a measure for the current record alone: formula, 起付, caps, 折减, cut to whole fen.
    ///
    /// # Errors
    /// As [`evaluate`](super::evaluate), and when the whole interval is below zero.
    pub fn amount(&mut self, measure: &Measure) -> Evaluated<Option<Amount>> {
        let amount = self.sum_of(measure);
        self.checked(amount)
    }

    pub(crate) fn sum_of(&mut self, measure: &Measure) -> Option<Amount> {
        measure.benefit.amount.as_ref()?;
        self.undecided = false;
        let item = self.item_sum(measure);
        Some(self.finish(measure, item))
    }

    /// The sum over all records of a measure.
    pub(super) fn amount_of(&mut self, measure: &Measure, passes: &[Pass]) -> Option<Amount> {
        measure.benefit.amount.as_ref()?;
        self.undecided = false;
        self.missing.clear();
        let mut amount = self.record_sums(measure, passes);
        if amount.low == amount.high.unwrap_or(-1) {
            return Some(amount);
        }
        let (undecided, missing) = (self.undecided, std::mem::take(&mut self.missing));
        self.generous = true;
        let generous = self.record_sums(measure, passes);
        self.generous = false;
        (self.undecided, self.missing) = (undecided, missing);
        amount.answerable = generous.high.map(|high| high - generous.low);
        Some(amount)
    }

    pub(super) fn record_sums(&mut self, measure: &Measure, passes: &[Pass]) -> Amount {
        let zero = Interval::point(Ratio::ZERO);
        let told = self.firm.records(measure.subject);
        if measure.subject == Scope::Firm {
            let item = self.item_sum(measure);
            return self.finish(measure, item);
        }
        let best = passes.iter().map(|p| p.bounds.truth()).max().unwrap_or(Truth::False);
        let mut sum = zero;
        for pass in passes.iter().filter(|p| p.record <= told.count) {
            let truth = pass.bounds.truth();
            // When all are refused, what the first would be paid otherwise.
            if truth == Truth::False && (best != Truth::False || pass.record > 1) {
                continue;
            }
            self.records[measure.subject as usize] = pass.record;
            let mut item = self.item_sum(measure);
            if truth < best {
                item.lo = Some(Ratio::ZERO);
            }
            sum = self.exact(sum.add(item));
        }
        // Any number of others may follow; while there is none yet, it is the sum of one.
        if let Some(another) = passes.iter().find(|p| p.record > told.count && !told.closed) {
            self.records[measure.subject as usize] = another.record;
            let item = self.item_sum(measure);
            if told.count == 0 {
                sum = item;
            } else if another.bounds.best != Truth::False && item.hi != Some(Ratio::ZERO) {
                sum.hi = None;
            }
        }
        self.finish(measure, sum)
    }

    /// Formula, 起付 and 封顶 每项 for one record. A fact that is only roughly known is cut at the edges of the bands
    /// it chooses, so that 投资额 × (按 投资额: …) is no wider than the truth.
    pub(super) fn item_sum(&mut self, measure: &Measure) -> Interval {
        let Some(formula) = &measure.benefit.amount else { return Interval::point(Ratio::ZERO) };
        let cuts = self.cuts(formula);
        if cuts.is_empty() {
            return self.item_sum_once(measure, formula);
        }
        let mut joined: Option<Interval> = None;
        let mut at = vec![0; cuts.len()];
        loop {
            self.pieces = cuts.iter().zip(&at).map(|(pieces, at)| pieces[*at]).collect();
            let sum = self.item_sum_once(measure, formula);
            self.pieces.clear();
            joined = Some(joined.map_or(sum, |j| j.join(sum)));
            // The next combination, like a counter.
            let Some(digit) = (0..at.len()).find(|d| at[*d] + 1 < cuts[*d].len()) else { break };
            at[digit] += 1;
            at[..digit].fill(0);
        }
        for piece in cuts.iter().filter_map(|pieces| pieces.first()) {
            if !matches!(self.firm.get(piece.key), Some(Answer::Number(_))) {
                self.miss(piece.key);
            }
        }
        joined.unwrap_or(Interval::NON_NEGATIVE)
    }

    pub(super) fn item_sum_once(&mut self, measure: &Measure, formula: &Expr) -> Interval {
        let mut sum = self.value_of(formula);
        if sum.hi.is_some_and(|hi| hi.signum() < 0) {
            self.fail(EvalError::NegativeAmount);
            return Interval::point(Ratio::ZERO);
        }
        // What is missing may be anything; a payment is never below zero.
        sum = sum.max(Interval::point(Ratio::ZERO));
        let undecided = self.undecided;
        if let Some(floor) = &measure.benefit.floor {
            let floor = self.value_of(floor);
            if floor.hi.zip(sum.lo).is_none_or(|(floor, low)| low < floor) {
                sum.lo = Some(Ratio::ZERO);
            }
            if floor.lo.zip(sum.hi).is_some_and(|(floor, high)| high < floor) {
                sum.hi = Some(Ratio::ZERO);
            }
        }
        for (_, cap) in measure.benefit.caps.iter().filter(|(scope, _)| *scope == CapScope::Item) {
            sum = sum.min(self.value_of(cap).max(Interval::point(Ratio::ZERO)));
        }
        // A cap that is not fixed leaves the sum itself as it is.
        self.undecided = undecided;
        sum
    }

    /// 封顶 每企业 and 折减.
    pub(super) fn finish(&mut self, measure: &Measure, mut sum: Interval) -> Amount {
        let undecided = self.undecided;
        for (_, cap) in measure.benefit.caps.iter().filter(|(scope, _)| *scope != CapScope::Item) {
            // A share of a loss caps at nothing, not below it.
            sum = sum.min(self.value_of(cap).max(Interval::point(Ratio::ZERO)));
        }
        self.undecided = undecided;
        if measure.benefit.reducible && !self.generous {
            sum.lo = Some(Ratio::ZERO);
        }
        let low = sum.lo.map_or(0, |lo| lo.trunc().max(0));
        let high = sum.hi.map(Ratio::trunc);
        Amount { low, high, undecided, answerable: high.map(|high| high - low) }
    }

    /// Pieces of every fact that chooses a band and is known only roughly, or not at all. At most two facts: a third
    /// one only widens the interval.
    pub(super) fn cuts(&mut self, formula: &Expr) -> Vec<Vec<Piece>> {
        let mut edges: Vec<(Key, Vec<Ratio>)> = Vec::new();
        formula.walk(&mut |e| {
            let (chooser, bounds): (&Expr, Vec<Ratio>) = match e {
                Expr::Pick(key, rows) => {
                    let bound = |(head, _): &(Head, Expr)| match head {
                        Head::Compare(_, bound) => Some(*bound),
                        _ => None,
                    };
                    (key, rows.iter().filter_map(bound).collect())
                }
                Expr::Compare(_, a, b) => match &**b {
                    Expr::Const(bound, _) => (a, vec![*bound]),
                    _ => return,
                },
                _ => return,
            };
            let Expr::Fact(fact, period) = chooser else { return };
            if let Some(key) = self.key_in(*fact, *period) {
                match edges.iter_mut().find(|(k, _)| *k == key) {
                    Some((_, all)) => all.extend(bounds),
                    None => edges.push((key, bounds)),
                }
            }
        });
        let mut cuts = Vec::new();
        for (key, mut bounds) in edges {
            let values = self.firm.number(self.catalogue, key);
            let rough = values.exact().is_none();
            if !rough
                || cuts.len() == 2
                || self.catalogue.facts.get(&key.fact).is_none_or(|f| f.derived.is_some())
            {
                continue;
            }
            bounds.sort();
            bounds.dedup();
            let pieces = pieces(key, values, &bounds).unwrap_or_default();
            if pieces.len() > 1 {
                cuts.push(pieces);
            }
        }
        cuts
    }

    /// 差一步: exactly one condition is false, and in it exactly one leaf,
    /// which the firm can change: at most 20 % of the threshold missing, or
    /// one qualification.
    pub(super) fn near(&mut self, measure: &Measure, rows: &[Option<Truth>]) -> Option<Near> {
        let mut failing =
            measure.conditions.iter().zip(rows).enumerate().filter(|(_, (_, t))| **t == Some(Truth::False));
        let (Some((row, (condition, _))), None) = (failing.next(), failing.next()) else { return None };
        let mut leaves = Vec::new();
        false_leaves(&condition.rule, &mut leaves);
        let mut wrong = None;
        for leaf in leaves {
            if self.truth_of(leaf) != Truth::False {
                continue;
            }
            if wrong.replace(leaf).is_some() {
                return None;
            }
        }
        let leaf = wrong?;
        let change = self.near_leaf(leaf);
        self.missing.clear();
        change.map(|change| Near { row, change })
    }

    /// The answer that would turn a false leaf; `Some(None)` when it is near but no single answer.
    pub(super) fn near_leaf(&mut self, leaf: &Expr) -> Option<Option<(Key, Answer)>> {
        match leaf {
            Expr::Has(fact, Mode::Any, items) => {
                let title = self.fact_row(*fact).is_some_and(|f| f.kind == FactType::Qualifications);
                if !title || items.iter().any(|i| i.when != When::Valid) {
                    return None;
                }
                let key = self.key_of(*fact, Span::Always);
                let [item] = &items[..] else { return Some(None) };
                let (mut held, closed) = match self.firm.get(key) {
                    Some(Answer::Set { items, closed }) => (items.clone(), *closed),
                    _ => return Some(None),
                };
                let level = (item.levels != 0).then(|| item.levels.trailing_zeros() as u8);
                let rank = (item.rank != 0).then_some(item.rank);
                held.insert(item.item, Held { yes: true, level, year: None, rank, first: item.first });
                Some(Some((key, Answer::Set { items: held, closed })))
            }
            Expr::Compare(op @ (Op::Ge | Op::Gt), a, b) => {
                // The day of foundation cannot be moved.
                let mut changeable = true;
                a.walk(&mut |e| {
                    if let Expr::Fact(no, _) = e {
                        let kind = self.catalogue.facts.get(no).map(|f| f.kind);
                        changeable &= !matches!(kind, Some(FactType::Date | FactType::Duration) | None);
                    }
                });
                if !changeable || window(a).or_else(|| window(b)).is_some() {
                    return None;
                }
                let (have, need) = (self.value_of(a).exact(), self.value_of(b).exact());
                let (have, need) = have.zip(need)?;
                if need.signum() <= 0 {
                    return None;
                }
                let gap = need.sub(have).ok()?;
                let limit = need.mul(Ratio::new(1, 5)?).ok()?;
                if gap > limit {
                    return None;
                }
                let key = match &**a {
                    Expr::Fact(fact, period) => self.key_in(*fact, *period),
                    _ => None,
                };
                // Above a bound: the next whole unit of the fact's base.
                let enough = if *op == Op::Gt { need.add(Ratio::ONE).ok()? } else { need };
                Some(key.map(|key| (key, Answer::Number(Interval::point(enough)))))
            }
            _ => None,
        }
    }
}

/// Cuts `values` at `bounds` (rising): every bound inside is a piece of its own, and so is every gap.
fn pieces(key: Key, values: Interval, bounds: &[Ratio]) -> Exact<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut from = values.lo;
    let mut gap = |from: Option<Ratio>, to: Option<Ratio>| -> Exact<()> {
        let half = Ratio::new(1, 2).unwrap_or(Ratio::ONE);
        let sample = match (from, to) {
            (Some(a), Some(b)) if a == b => a,
            (Some(a), Some(b)) => a.add(b)?.mul(half)?,
            (Some(a), None) => a.add(Ratio::ONE)?,
            (None, Some(b)) => b.sub(Ratio::ONE)?,
            (None, None) => Ratio::ZERO,
        };
        pieces.push(Piece { key, values: Interval { lo: from, hi: to }, sample });
        Ok(())
    };
    for bound in bounds {
        let above = values.lo.is_none_or(|lo| lo <= *bound);
        let below = values.hi.is_none_or(|hi| *bound <= hi);
        if !(above && below) {
            continue;
        }
        if from != Some(*bound) {
            gap(from, Some(*bound))?;
        }
        gap(Some(*bound), Some(*bound))?;
        from = Some(*bound);
    }
    if from.is_none() || from != values.hi {
        gap(from, values.hi)?;
    }
    Ok(pieces)
}

/// Leaves of a rule that can be false on their own.
pub(crate) fn false_leaves<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
    match expr {
        Expr::And(list) | Expr::Or(list) | Expr::KOf(Quota::AtLeast, _, list) => {
            for part in list {
                false_leaves(part, out);
            }
        }
        leaf => out.push(leaf),
    }
}
