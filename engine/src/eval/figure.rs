//! Numbers: what a fact was in a period, and what is computed with it.

use super::{Bounds, EvalError, Evaluated, Evaluator, Truth, compare, option_mask};
use crate::catalogue::{Derived, FactNo, ParamNo, Scope};
use crate::date::Date;
use crate::firm::{Answer, Key, Span, months_since, range_of};
use crate::num::{Exact, Interval, Overflow, Ratio};
use crate::rule::{Aggregate, Arith, Expr, Func, Head, Members, Op, Period, Year, Years};

impl Evaluator<'_> {
    /// Calendar year meant by `year`.
    pub fn year(&self, year: Year) -> u16 {
        match year {
            Year::Back(n) => self.base_year.saturating_sub(u16::from(n)),
            Year::Fixed(y) => y,
        }
    }

    /// First and last calendar year of a run.
    pub fn years(&self, years: Years) -> (u16, u16) {
        match years {
            Years::Last(n) => (self.year(Year::Back(n)), self.year(Year::Back(1))),
            Years::Fixed(from, to) => (from, to),
        }
    }

    /// First and last day of the n full calendar months before the reference day.
    pub fn months(&self, n: u8) -> (Date, Date) {
        let (year, month, _) = self.reference.ymd();
        let first_of_month = Date::new(year, month, 1).unwrap_or(self.reference);
        let last = Date::from_days(first_of_month.days() - 1).unwrap_or(first_of_month);
        let count = year * 12 + month as i32 - 1 - i32::from(n);
        let first = Date::new(count.div_euclid(12), count.rem_euclid(12) as u32 + 1, 1);
        (first.unwrap_or(last), last)
    }

    /// What an answer to a fact in a period is stored under; `None` for periods of several answers.
    pub(crate) fn key_in(&self, fact: FactNo, period: Period) -> Option<Key> {
        let span = match period {
            Period::None => Span::Always,
            Period::Year(year) => Span::Year(self.year(year)),
            Period::Days(from, to) => Span::Days(from, to),
            Period::Months(n, _) => {
                let (from, to) = self.months(n);
                Span::Days(from, to)
            }
            Period::Until(day) => Span::Until(day),
            Period::Peak => Span::PeakBefore(self.year(Year::Back(1))),
            Period::Growth(_) | Period::Delta(_) | Period::Over(..) => return None,
        };
        Some(self.key_of(fact, span))
    }

    /// The key of a fact for the current record.
    pub(super) fn key_of(&self, fact: FactNo, span: Span) -> Key {
        let scope = self.fact_row(fact).map_or(Scope::Firm, |f| f.scope);
        Key { fact, span, record: self.records[scope as usize] }
    }

    pub(super) fn exact(&self, value: Exact<Interval>) -> Interval {
        value.unwrap_or_else(|Overflow| {
            self.fail(EvalError::Overflow);
            Interval::ANY
        })
    }

    pub(super) fn tally(&mut self, scope: Scope, rule: &Expr) -> Interval {
        let (values, another) = self.each_record(scope, rule);
        let more = another.is_some_and(|b| b.best != Truth::False);
        let count = |keep: fn(&Bounds) -> bool| Ratio::int(values.iter().filter(|b| keep(b)).count() as i128);
        let lo = count(|b| b.worst == Truth::True);
        let hi = count(|b| b.best != Truth::False);
        Interval { lo: Some(lo), hi: (!more).then_some(hi) }
    }

    /// last ≥ first × (1 + rate)ⁿ: the compound rate itself is a root, which no fraction holds.
    pub(super) fn compare_compound(
        &mut self,
        op: Op,
        fact: FactNo,
        years: Years,
        existing: bool,
        rate: &Expr,
    ) -> Bounds {
        let (mut first, last) = match years {
            Years::Last(n) => (self.year(Year::Back(n.saturating_add(1))), self.year(Year::Back(1))),
            Years::Fixed(from, to) => (from, to),
        };
        while existing && first < last && self.lived(fact, first, true) == Existence::Skipped {
            first += 1;
        }
        let before = self.yearly(fact, first);
        let now = self.yearly(fact, last);
        if first == last || before.lo.is_none_or(|lo| lo.signum() <= 0) {
            return Bounds::OPEN;
        }
        let rate = self.value_of(rate);
        let Some(base) = rate.exact().and_then(|r| r.add(Ratio::ONE).ok()) else {
            return Bounds::OPEN;
        };
        let mut factor = Ratio::ONE;
        for _ in first..last {
            factor = match factor.mul(base) {
                Ok(factor) => factor,
                Err(Overflow) => {
                    self.fail(EvalError::Overflow);
                    return Bounds::OPEN;
                }
            };
        }
        let last = self.exact(before.mul(Interval::point(factor)));
        Bounds::of(compare(op, now, last))
    }

    /// Whether the firm had a year that `expr` speaks of. Records have no founding day.
    pub(super) fn existence(&self, expr: &Expr, year: u16, existing: bool) -> Existence {
        let mut found = Existence::Yes;
        expr.walk(&mut |e| {
            if let Expr::Fact(fact, Period::Over(_, Aggregate::Each | Aggregate::Any, _)) = e {
                let lived = self.lived(*fact, year, existing);
                // What is sure counts most.
                found = match (found, lived) {
                    (Existence::No, _) | (_, Existence::No) => Existence::No,
                    (Existence::Yes, lived) => lived,
                    (found, Existence::Yes) => found,
                    (Existence::Maybe, lived) => lived,
                    (found, _) => found,
                };
            }
        });
        found
    }

    /// Whether the firm existed in a year, from its founding day. With `existing` (不足按实际) only whole years count.
    pub(super) fn lived(&self, fact: FactNo, year: u16, existing: bool) -> Existence {
        if self.catalogue.facts.get(&fact).is_some_and(|f| f.scope != Scope::Firm) {
            return Existence::Yes;
        }
        let first = Date::new(i32::from(year), 1, 1).map(|d| Ratio::int(i128::from(d.days())));
        let last = Date::new(i32::from(year), 12, 31).map(|d| Ratio::int(i128::from(d.days())));
        let (Some(first), Some(last)) = (first, last) else { return Existence::Yes };
        let founded = self.firm.founded(self.catalogue);
        if existing {
            // Without the founding day it is open how many years count.
            let Some(days) = founded else { return Existence::Open };
            return match (days.hi.is_some_and(|hi| hi <= first), days.lo.is_some_and(|lo| lo > first)) {
                (true, _) => Existence::Yes,
                (_, true) => Existence::Skipped,
                _ => Existence::Open,
            };
        }
        let surely = |days: Interval| days.hi.is_some_and(|hi| hi <= last);
        let after = |days: Interval| days.lo.is_some_and(|lo| lo > last);
        match founded {
            Some(days) if after(days) => Existence::No,
            Some(days) if surely(days) => Existence::Yes,
            // A figure for the year shows that there was one.
            _ if matches!(self.firm.get(Key::year(fact, year)), Some(Answer::Number(_))) => Existence::Yes,
            _ => Existence::Maybe,
        }
    }

    pub(super) fn rising(&mut self, fact: FactNo, years: Years, existing: bool) -> Bounds {
        let (first, last) = self.years(years);
        let mut bounds = Bounds::TRUE;
        let mut before: Option<Interval> = None;
        let mut counted = 0;
        for year in first..=last {
            match self.lived(fact, year, existing) {
                Existence::Skipped => continue,
                Existence::Open => {
                    self.miss_id("found_date", Span::Always);
                    return Bounds::OPEN;
                }
                Existence::No => return Bounds::FALSE,
                Existence::Maybe => {
                    self.miss_id("found_date", Span::Always);
                    bounds = bounds.min(Bounds::OPEN);
                }
                Existence::Yes => {}
            }
            let value = self.yearly(fact, year);
            if let Some(before) = before {
                bounds = bounds.min(Bounds::of(compare(Op::Gt, value, before)));
            }
            before = Some(value);
            counted += 1;
        }
        // One year alone is no growth.
        if counted < 2 { bounds.min(Bounds::OPEN) } else { bounds }
    }

    /// The answer under a key, or everything it can be.
    pub(super) fn answer(&mut self, key: Key) -> Interval {
        if let Some(piece) = self.pieces.iter().find(|p| p.key == key) {
            return piece.values;
        }
        let value = self.firm.number(self.catalogue, key);
        // A rough figure can be asked for more exactly.
        if value.exact().is_none() {
            self.miss(key);
        }
        value
    }

    /// Value of a yearly fact in one year; 0 in a year before the firm.
    pub(super) fn yearly(&mut self, fact: FactNo, year: u16) -> Interval {
        let key = self.key_of(fact, Span::Year(year));
        match self.lived(fact, year, false) {
            Existence::No => Interval::point(Ratio::ZERO),
            Existence::Maybe => self.answer(key).join(Interval::point(Ratio::ZERO)),
            _ => self.answer(key),
        }
    }

    pub(super) fn growth(&mut self, fact: FactNo, year: u16) -> Interval {
        let now = self.yearly(fact, year);
        let before = self.yearly(fact, year.saturating_sub(1));
        // From zero, a loss or a year before the firm, growth means nothing.
        if before.lo.is_none_or(|lo| lo.signum() <= 0) {
            return Interval::ANY;
        }
        let ratio = self.exact(now.div(before));
        self.exact(ratio.sub(Interval::point(Ratio::ONE)))
    }

    pub(super) fn fact(&mut self, fact: FactNo, period: Period) -> Interval {
        match period {
            Period::Growth(year) => self.growth(fact, self.year(year)),
            Period::Delta(year) => {
                let year = self.year(year);
                let now = self.yearly(fact, year);
                let before = self.yearly(fact, year.saturating_sub(1));
                self.exact(now.sub(before))
            }
            Period::Over(years, aggregate, existing) => self.over(fact, years, aggregate, existing),
            Period::Peak => self.peak(fact),
            Period::None if self.fact_row(fact).is_some_and(|f| f.derived == Some(Derived::Age)) => {
                match self.firm.age(self.catalogue, self.reference) {
                    Some(age) => age,
                    None => self.answer(self.key_of(fact, Span::Always)),
                }
            }
            Period::Months(n, mean) => {
                let Some(key) = self.key_in(fact, period) else { return Interval::ANY };
                let sum = self.answer(key);
                let months = if mean { i128::from(n.max(1)) } else { 1 };
                self.exact(sum.div(Interval::point(Ratio::int(months))))
            }
            Period::Year(year) => self.yearly(fact, self.year(year)),
            Period::None | Period::Days(..) | Period::Until(_) => {
                let Some(key) = self.key_in(fact, period) else { return Interval::ANY };
                self.answer(key)
            }
        }
    }

    /// The highest of all years before 上年: as stated, else at least the highest year that is known.
    pub(super) fn peak(&mut self, fact: FactNo) -> Interval {
        let before = self.year(Year::Back(1));
        let key = self.key_of(fact, Span::PeakBefore(before));
        // A firm that began in 上年 has no earlier year.
        if self.lived(fact, before.saturating_sub(1), false) == Existence::No {
            return Interval::point(Ratio::ZERO);
        }
        let stated = match self.firm.get(key) {
            Some(Answer::Number(stated)) => *stated,
            _ => {
                self.miss(key);
                range_of(self.catalogue, fact)
            }
        };
        let mut peak = stated;
        for (other, answer) in self.firm.iter() {
            if let (true, Span::Year(year), Answer::Number(value)) = (other.fact == fact, other.span, answer)
                && year < before
                && other.record == key.record
            {
                // A known year raises the lower end; what was stated as the highest stays the upper one.
                peak.lo = peak.lo.max(value.lo);
                peak.hi = peak.hi.map(|hi| value.lo.map_or(hi, |lo| hi.max(lo)));
            }
        }
        peak
    }

    pub(super) fn over(
        &mut self,
        fact: FactNo,
        years: Years,
        aggregate: Aggregate,
        existing: bool,
    ) -> Interval {
        if let Aggregate::Each | Aggregate::Any = aggregate {
            return match self.element_year {
                Some(year) => self.yearly(fact, year),
                None => range_of(self.catalogue, fact),
            };
        }
        if let Aggregate::Rising | Aggregate::Compound = aggregate {
            return Interval::ANY;
        }
        let (first, last) = self.years(years);
        let mut total: Option<Interval> = None;
        let mut counted = 0;
        for year in (first..=last).rev() {
            let value = match self.lived(fact, year, existing) {
                Existence::Skipped => continue,
                Existence::Open => {
                    self.miss_id("found_date", Span::Always);
                    return if aggregate == Aggregate::MeanGrowth {
                        Interval::ANY
                    } else {
                        range_of(self.catalogue, fact)
                    };
                }
                Existence::No | Existence::Maybe if aggregate == Aggregate::MeanGrowth => {
                    self.yearly(fact, year);
                    return Interval::ANY;
                }
                Existence::No if aggregate == Aggregate::Max => continue,
                Existence::No => self.yearly(fact, year),
                Existence::Yes if aggregate == Aggregate::MeanGrowth => self.growth(fact, year),
                Existence::Yes | Existence::Maybe => self.yearly(fact, year),
            };
            counted += 1;
            total = Some(match (total, aggregate) {
                (None, _) => value,
                (Some(total), Aggregate::Max) => total.max(value),
                (Some(total), Aggregate::Min) => total.min(value),
                (Some(total), _) => self.exact(total.add(value)),
            });
        }
        // No full year yet: nothing can be said.
        let Some(total) = total else {
            let growth = aggregate == Aggregate::MeanGrowth;
            return if growth { Interval::ANY } else { range_of(self.catalogue, fact) };
        };
        if let Aggregate::Mean | Aggregate::MeanGrowth = aggregate {
            return self.exact(total.div(Interval::point(Ratio::int(counted))));
        }
        total
    }

    pub(super) fn param(&self, no: ParamNo, year: Option<Year>) -> Interval {
        let Some(param) = self.catalogue.params.get(&no) else {
            self.fail(EvalError::NoParam(no));
            return Interval::ANY;
        };
        let end_of = |year| Date::new(i32::from(self.year(year)), 12, 31);
        let day = year.and_then(end_of).unwrap_or(self.reference);
        param.value(day, self.firm.seat(self.catalogue)).unwrap_or(Interval::NON_NEGATIVE)
    }

    /// Value of a numeric expression, as an interval that holds every value
    /// it can take once the missing facts are known.
    ///
    /// # Errors
    /// As [`evaluate`](super::evaluate).
    pub fn number(&mut self, expr: &Expr) -> Evaluated<Interval> {
        let value = self.value_of(expr);
        self.checked(value)
    }

    pub(crate) fn value_of(&mut self, expr: &Expr) -> Interval {
        match expr {
            Expr::Const(value, _) => Interval::point(*value),
            Expr::Range(_, b) if self.generous => self.value_of(b),
            Expr::Range(a, b) => {
                let (a, b) = (self.value_of(a), self.value_of(b));
                a.join(b)
            }
            // The sum of another measure is put in when all are known; until then it is open.
            Expr::Undecided | Expr::AmountOf(_) => {
                self.undecided = true;
                Interval::NON_NEGATIVE
            }
            Expr::Fact(fact, period) => self.fact(*fact, *period),
            Expr::Param(no, year) => self.param(*no, *year),
            Expr::Tally(scope, rule) => self.tally(*scope, rule),
            Expr::Arith(op, a, b) => {
                let (a, b) = (self.value_of(a), self.value_of(b));
                self.exact(match op {
                    Arith::Add => a.add(b),
                    Arith::Sub => a.sub(b),
                    Arith::Mul => a.mul(b),
                    Arith::Div => a.div(b),
                })
            }
            Expr::Call(func, list) => self.call(*func, list),
            Expr::Pick(key, rows) => {
                let value = self.value_of(key);
                let key = self.sample(key).unwrap_or(value);
                self.pick(rows, |head| match head {
                    Head::Compare(op, bound) => compare(*op, key, Interval::point(*bound)),
                    Head::Otherwise => Truth::True,
                    Head::In(_) => Truth::Unknown,
                })
            }
            Expr::PickFact(fact, rows) => {
                let mut heads = Vec::with_capacity(rows.len());
                // Options that no row above has taken.
                let key = self.key_of(*fact, Span::Always);
                let mut left = self.firm.choice(self.catalogue, key, self.base_year);
                for (head, _) in rows {
                    let fit = match head {
                        Head::In(members) => self.member(*fact, members),
                        Head::Otherwise => Truth::True,
                        Head::Compare(..) => Truth::Unknown,
                    };
                    heads.push(match (&mut left, head) {
                        (Some(left), Head::In(Members::Options(options))) => {
                            let mask = option_mask(options);
                            let fits = *left & mask;
                            *left &= !mask;
                            match (fits, *left) {
                                (0, _) => Truth::False,
                                (_, 0) => Truth::True,
                                _ => Truth::Unknown,
                            }
                        }
                        (Some(0), _) => Truth::False,
                        _ => fit,
                    });
                }
                let mut heads = heads.into_iter();
                self.pick(rows, |_| heads.next().unwrap_or(Truth::Unknown))
            }
            Expr::Slices(key, rows) => {
                let x = self.value_of(key);
                let mut total = Interval::point(Ratio::ZERO);
                let mut from = Ratio::ZERO;
                for (head, rate) in rows {
                    let to = match head {
                        Head::Compare(_, bound) => Some(*bound),
                        _ => None,
                    };
                    let part = self.exact(slice(x, from, to));
                    let rate = self.value_of(rate);
                    let part = self.exact(part.mul(rate));
                    total = self.exact(total.add(part));
                    from = to.unwrap_or(from);
                }
                total
            }
            Expr::If(condition, yes, no) => match self.truth_of(condition) {
                Truth::True => self.value_of(yes),
                Truth::False => self.value_of(no),
                Truth::Unknown | Truth::Confirm => {
                    let (yes, no) = (self.value_of(yes), self.value_of(no));
                    yes.join(no)
                }
            },
            _ => Interval::ANY,
        }
    }

    pub(super) fn call(&mut self, func: Func, list: &[Expr]) -> Interval {
        let mut values = Vec::with_capacity(list.len());
        for part in list {
            values.push(self.value_of(part));
        }
        let Some((&first, rest)) = values.split_first() else { return Interval::ANY };
        match func {
            Func::Min => rest.iter().fold(first, |a, b| a.min(*b)),
            Func::Max => rest.iter().fold(first, |a, b| a.max(*b)),
            Func::Floor => first.map(|x| Ratio::int(x.floor())),
            Func::Ceil => first.map(|x| Ratio::int(x.ceil())),
            Func::NonNegative => first.max(Interval::point(Ratio::ZERO)),
            Func::Since => months_since(first, self.reference),
        }
    }

    pub(super) fn pick(&mut self, rows: &[(Head, Expr)], mut fits: impl FnMut(&Head) -> Truth) -> Interval {
        let mut result: Option<Interval> = None;
        for (head, value) in rows {
            let fit = fits(head);
            if fit == Truth::False {
                continue;
            }
            let value = self.value_of(value);
            result = Some(result.map_or(value, |r| r.join(value)));
            if fit == Truth::True {
                break;
            }
        }
        result.unwrap_or(Interval::ANY)
    }

    /// The value by which a band is chosen while a sum is computed piece by piece.
    pub(super) fn sample(&self, expr: &Expr) -> Option<Interval> {
        let Expr::Fact(fact, period) = expr else { return None };
        if self.pieces.is_empty() {
            return None;
        }
        let key = self.key_in(*fact, *period);
        key.and_then(|key| self.pieces.iter().find(|p| p.key == key)).map(|p| Interval::point(p.sample))
    }
}

/// Whether a firm had a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existence {
    Yes,
    /// Founded later.
    No,
    /// The founding day is not known well enough, and there is no figure for the year.
    Maybe,
    /// Left out by 不足按实际.
    Skipped,
    /// Depends on the founding day, which is not known.
    Open,
}

/// The window of 每年 or 任一年 in an expression: its years, whether each, and 不足按实际.
pub(super) fn window(expr: &Expr) -> Option<(Years, bool, bool)> {
    let mut found = None;
    expr.walk(&mut |e| {
        if let Expr::Fact(_, Period::Over(years, aggregate @ (Aggregate::Each | Aggregate::Any), existing)) =
            e
        {
            found = Some((*years, *aggregate == Aggregate::Each, *existing));
        }
    });
    found
}

/// The part of `x` between two bounds.
fn slice(x: Interval, from: Ratio, to: Option<Ratio>) -> Exact<Interval> {
    let capped = match to {
        Some(to) => x.min(Interval::point(to)),
        None => x,
    };
    Ok(capped.sub(Interval::point(from))?.max(Interval::point(Ratio::ZERO)))
}
