//! Deciding: a measure, a firm and a day in, a verdict out.
//!
//! Truth has four values F < U < H < T (false, fact missing, a person must
//! confirm, true): 且 is the minimum, 或 the maximum, 至少 k the k-th largest.
//! For rules without 非 above 核实 (which the checker refuses) this chain is
//! exactly evaluation with every confirmation taken both ways.

use crate::catalogue::{Catalogue, Code, Derived, FactNo, FactType, Nesting};
use crate::date::Date;
use crate::firm::{Answer, Firm, Key, range_of};
use crate::measure::{Condition, Measure, Window};
use crate::num::{Interval, Overflow, Ratio};
use crate::rule::{
    Aggregate, Arith, Expr, Func, Head, Item, Members, Mode, Op, Period, Quota, TextNo, When, Year,
};

/// Truth of a rule, ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// F
    False,
    /// U: a fact is missing.
    Unknown,
    /// H: a person must confirm.
    Confirm,
    /// T
    True,
}

impl Truth {
    /// 非: swaps false and true.
    pub fn negate(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::True => Self::False,
            other => other,
        }
    }

    fn of(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// The conclusion for one firm and one measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// 符合
    Eligible,
    /// 待人工核实
    Likely,
    /// 待补充
    Unknown,
    /// 不符合
    Ineligible,
}

impl Verdict {
    /// All with stable ids and Chinese names.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Eligible, "eligible", "符合"),
        (Self::Likely, "likely", "待人工核实"),
        (Self::Unknown, "unknown", "待补充"),
        (Self::Ineligible, "ineligible", "不符合"),
    ];

    fn row(self) -> (&'static str, &'static str) {
        Self::ALL.iter().find(|(v, ..)| *v == self).map_or(("", ""), |(_, id, name)| (id, name))
    }

    /// Stable id.
    pub fn id(self) -> &'static str {
        self.row().0
    }

    /// Chinese name.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    fn from_truth(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::Eligible,
            Truth::Confirm => Self::Likely,
            Truth::Unknown => Self::Unknown,
            Truth::False => Self::Ineligible,
        }
    }
}

/// Why a measure could not be decided at all. Never turned into a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvalError {
    /// A number left the exact range.
    Overflow,
    /// A rule refers to a row that the catalogue does not have.
    NoFact(FactNo),
    /// The sum is below zero: the formula lacks 不低于零.
    NegativeAmount,
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Overflow => write!(f, "数太大，无法精确计算"),
            Self::NoFact(no) => write!(f, "要素目录里没有第 {no} 号要素"),
            Self::NegativeAmount => write!(f, "金额算出来小于零，算式应加 不低于零"),
        }
    }
}

impl std::error::Error for EvalError {}

impl From<Overflow> for EvalError {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}

/// The result of deciding something.
pub type Evaluated<T> = Result<T, EvalError>;

/// A sum in whole fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Lower end.
    pub low: i128,
    /// Upper end; `None` when nothing bounds it.
    pub high: Option<i128>,
    /// 未定 took part: the text names no sum.
    pub undecided: bool,
}

impl Amount {
    /// The upper end where it is a promise of the text; `None` for 未定.
    pub fn stated_high(&self) -> Option<i128> {
        if self.undecided { None } else { self.high }
    }
}

/// The decision on one measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Conclusion.
    pub verdict: Verdict,
    /// Truth per condition; `None` where the guard excludes it (不适用).
    pub rows: Vec<Option<Truth>>,
    /// 差一步: exactly one condition fails, by little, and the firm can change it.
    pub near: bool,
    /// The sum, for measures that pay.
    pub amount: Option<Amount>,
    /// Window on the day.
    pub window: Window,
    /// Facts that are missing and can still matter.
    pub missing: Vec<Key>,
}

/// Everything a rule is decided with.
#[derive(Debug, Clone)]
pub struct Evaluator<'a> {
    catalogue: &'a Catalogue,
    firm: &'a Firm,
    /// 基准年
    pub base_year: u16,
    /// 基准日
    pub reference: Date,
    element_year: Option<u16>,
    missing: Vec<Key>,
    undecided: bool,
}

/// Decides one measure.
///
/// # Errors
/// When a number overflows or the table refers to rows that do not exist;
/// never a guess.
pub fn evaluate(measure: &Measure, catalogue: &Catalogue, firm: &Firm, today: Date) -> Evaluated<Outcome> {
    let mut e = Evaluator::new(measure, catalogue, firm, today);
    let mut rows = Vec::with_capacity(measure.conditions.len());
    let mut verdict = Truth::True;
    let mut missing = Vec::new();
    for condition in &measure.conditions {
        e.missing.clear();
        let truth = e.condition(condition)?;
        if truth == Some(Truth::Unknown) || truth == Some(Truth::Confirm) {
            missing.append(&mut e.missing);
        }
        verdict = verdict.min(truth.unwrap_or(Truth::True));
        rows.push(truth);
    }
    e.missing.clear();
    let amount = e.amount(measure)?;
    if verdict == Truth::False {
        missing.clear();
    } else {
        missing.append(&mut e.missing);
    }
    let near = verdict == Truth::False && e.is_near(measure, &rows)?;
    Ok(Outcome {
        verdict: Verdict::from_truth(verdict),
        rows,
        near,
        amount,
        window: measure.schedule.window(today),
        missing: {
            missing.sort_unstable();
            missing.dedup();
            missing
        },
    })
}

impl<'a> Evaluator<'a> {
    /// Fixes base year and reference day of `measure` on `today`.
    pub fn new(measure: &Measure, catalogue: &'a Catalogue, firm: &'a Firm, today: Date) -> Self {
        Self {
            catalogue,
            firm,
            base_year: measure.base_year_on(today),
            reference: measure.reference_on(today),
            element_year: None,
            missing: Vec::new(),
            undecided: false,
        }
    }

    /// The tables.
    pub fn catalogue(&self) -> &'a Catalogue {
        self.catalogue
    }

    /// The firm.
    pub fn firm(&self) -> &'a Firm {
        self.firm
    }

    /// Facts that were missed since the last call.
    pub fn take_missing(&mut self) -> Vec<Key> {
        let mut missing = std::mem::take(&mut self.missing);
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Calendar year meant by `year`.
    pub fn year(&self, year: Year) -> u16 {
        match year {
            Year::Back(n) => self.base_year.saturating_sub(u16::from(n)),
            Year::Fixed(y) => y,
        }
    }

    /// A condition with its guard; `None` is 不适用.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn condition(&mut self, condition: &Condition) -> Evaluated<Option<Truth>> {
        let guard = match &condition.guard {
            None => Truth::True,
            Some(guard) => self.truth(guard)?,
        };
        if guard == Truth::False {
            return Ok(None);
        }
        let rule = self.truth(&condition.rule)?;
        Ok(Some(match guard {
            Truth::True => rule,
            _ if rule == Truth::True => rule,
            // Whether the row applies is itself open.
            guard => guard,
        }))
    }

    /// Truth of a rule.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn truth(&mut self, expr: &Expr) -> Evaluated<Truth> {
        match expr {
            Expr::And(list) => self.fold(list, Truth::True, Truth::min),
            Expr::Or(list) => self.fold(list, Truth::False, Truth::max),
            Expr::Not(inner) => Ok(self.truth(inner)?.negate()),
            Expr::KOf(quota, k, list) => {
                let mut values = Vec::with_capacity(list.len());
                for part in list {
                    values.push(self.truth(part)?);
                }
                let k = usize::from(*k);
                Ok(match quota {
                    Quota::AtLeast => kth_largest(&values, k),
                    Quota::AtMost => kth_largest(&values, k + 1).negate(),
                    Quota::Exactly => kth_largest(&values, k).min(kth_largest(&values, k + 1).negate()),
                })
            }
            Expr::Verify(_) => Ok(Truth::Confirm),
            Expr::Promise(_) => Ok(Truth::True),
            Expr::Compare(op, a, b) => self.compare(*op, a, b),
            Expr::Between(x, low, high) => {
                let x = self.number(x)?;
                let (low, high) = (self.number(low)?, self.number(high)?);
                Ok(compare(Op::Ge, x, low).min(compare(Op::Le, x, high)))
            }
            Expr::In(fact, members, negated) => {
                let truth = self.member(*fact, members)?;
                Ok(if *negated { truth.negate() } else { truth })
            }
            Expr::Has(fact, mode, items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.held(*fact, item)?);
                }
                Ok(match mode {
                    Mode::Any => kth_largest(&values, 1),
                    Mode::All => kth_largest(&values, values.len()),
                    Mode::AtLeast(k) => kth_largest(&values, usize::from(*k)),
                    Mode::None => kth_largest(&values, 1).negate(),
                })
            }
            Expr::Flag(fact) => {
                self.known(*fact)?;
                Ok(match self.firm.get(*fact, 0) {
                    Some(Answer::Flag(value)) => Truth::of(*value),
                    _ => {
                        self.miss(*fact, 0);
                        Truth::Unknown
                    }
                })
            }
            Expr::Rising(fact, n) => {
                let mut truth = Truth::True;
                for back in 2..=*n {
                    let before = self.yearly(*fact, self.year(Year::Back(back)))?;
                    let after = self.yearly(*fact, self.year(Year::Back(back - 1)))?;
                    truth = truth.min(compare(Op::Gt, after, before));
                }
                Ok(truth)
            }
            // Numbers are no truths; the checker lets none through, a damaged
            // table might.
            _ => Ok(Truth::Unknown),
        }
    }

    fn fold(&mut self, list: &[Expr], start: Truth, f: fn(Truth, Truth) -> Truth) -> Evaluated<Truth> {
        let mut truth = start;
        for part in list {
            truth = f(truth, self.truth(part)?);
        }
        Ok(truth)
    }

    fn known(&self, fact: FactNo) -> Evaluated<()> {
        if self.catalogue.facts.contains_key(&fact) { Ok(()) } else { Err(EvalError::NoFact(fact)) }
    }

    fn miss(&mut self, fact: FactNo, year: u16) {
        match self.catalogue.facts.get(&fact).and_then(|f| f.derived) {
            None => {
                if !matches!(self.firm.get(fact, year), Some(Answer::Unsure)) {
                    self.missing.push((fact, year));
                }
            }
            Some(Derived::Age) => self.miss_id("found_date", 0),
            Some(Derived::Size) => {
                let last = self.base_year.saturating_sub(1);
                for (id, year) in [("industry", 0), ("staff_total", 0), ("revenue", last)] {
                    self.miss_id(id, year);
                }
            }
        }
    }

    fn miss_id(&mut self, id: &str, year: u16) {
        if let Some((no, _)) = self.catalogue.fact_by_id(id)
            && self.firm.get(no, year).is_none()
        {
            self.missing.push((no, year));
        }
    }

    fn compare(&mut self, op: Op, a: &Expr, b: &Expr) -> Evaluated<Truth> {
        let Some((years, each)) = window(a).or_else(|| window(b)) else {
            let (left, right) = (self.number(a)?, self.number(b)?);
            return Ok(compare(op, left, right));
        };
        let mut truth = if each { Truth::True } else { Truth::False };
        let outer = self.element_year;
        for back in 1..=years {
            let year = self.year(Year::Back(back));
            self.element_year = Some(year);
            let value = if self.founded_after(year) {
                // A firm that did not exist in a year has no figure for it.
                Truth::False
            } else {
                let (left, right) = (self.number(a)?, self.number(b)?);
                compare(op, left, right)
            };
            truth = if each { truth.min(value) } else { truth.max(value) };
        }
        self.element_year = outer;
        Ok(truth)
    }

    fn founded_after(&self, year: u16) -> bool {
        let Some((founded, _)) = self.catalogue.fact_by_id("found_date") else { return false };
        let Some(Answer::Number(days)) = self.firm.get(founded, 0) else { return false };
        let last_day = Date::new(i32::from(year), 12, 31);
        last_day.zip(days.lo).is_some_and(|(last, lo)| lo > Ratio::int(i128::from(last.days())))
    }

    fn member(&mut self, fact: FactNo, members: &Members) -> Evaluated<Truth> {
        self.known(fact)?;
        let truth = match members {
            Members::Codes(codes) => match self.firm.get(fact, 0) {
                Some(Answer::Code(code)) => Some(within(*code, codes)),
                // Every firm lies in 中国.
                _ if codes.contains(&Code::ALL) => Some(Truth::True),
                _ => None,
            },
            Members::Options(options) => self.firm.choice(self.catalogue, fact, self.base_year).map(|mask| {
                let allowed =
                    options.iter().fold(0u64, |m, o| m | 1u64.checked_shl(u32::from(*o)).unwrap_or(0));
                match (mask & allowed, mask & !allowed) {
                    (0, _) => Truth::False,
                    (_, 0) => Truth::True,
                    _ => Truth::Unknown,
                }
            }),
        };
        let truth = truth.unwrap_or(Truth::Unknown);
        if truth == Truth::Unknown {
            self.miss(fact, 0);
        }
        Ok(truth)
    }

    fn held(&mut self, fact: FactNo, item: &Item) -> Evaluated<Truth> {
        self.known(fact)?;
        let Some(Answer::Set { items, closed }) = self.firm.get(fact, 0) else {
            self.miss(fact, 0);
            return Ok(Truth::Unknown);
        };
        let truth = match items.get(&item.item) {
            Some(held) if !held.yes => Truth::False,
            Some(held) => self.qualified(item, held.level, held.year),
            None => {
                let implied = self.catalogue.facts[&fact].kind == FactType::Qualifications
                    && items.iter().any(|(no, held)| {
                        let q = self.catalogue.qualifications.get(no);
                        held.yes && q.is_some_and(|q| q.implies.contains(&item.item))
                    });
                match (implied && item.levels == 0 && matches!(item.when, When::Valid | When::Ever), *closed)
                {
                    (true, _) => Truth::True,
                    (false, true) if implied => Truth::Unknown,
                    (false, true) => Truth::False,
                    (false, false) => Truth::Unknown,
                }
            }
        };
        if truth == Truth::Unknown {
            self.miss(fact, 0);
        }
        Ok(truth)
    }

    fn qualified(&self, item: &Item, level: Option<u8>, year: Option<u16>) -> Truth {
        let q = self.catalogue.qualifications.get(&item.item);
        let levels = q.map_or(0, |q| q.levels.len().min(8));
        let level = if levels == 1 { Some(0) } else { level };
        let level_ok = match (item.levels, level) {
            (0, _) => Truth::True,
            (_, None) => Truth::Unknown,
            (mask, Some(level)) => {
                let exact = mask & 1u8.checked_shl(u32::from(level)).unwrap_or(0) != 0;
                let lowest = 7 - mask.leading_zeros().min(7) as u8;
                let downward = mask.count_ones() > 1 && mask & 1 == 0;
                let presumed = !downward && matches!(item.when, When::Valid | When::Ever) && level <= lowest;
                Truth::of(exact || presumed)
            }
        };
        let when_ok = match (item.when, year) {
            (When::Ever, _) | (When::Valid, None) => Truth::True,
            (When::Valid, Some(year)) => {
                let valid = q.map_or(0, |q| u16::from(q.valid_years));
                let expired = valid != 0 && self.reference.year() > i32::from(year.saturating_add(valid));
                Truth::of(!expired)
            }
            (_, None) => Truth::Unknown,
            (When::In(wanted), Some(year)) => Truth::of(self.year(wanted) == year),
            (When::Within(n), Some(year)) => {
                let first = self.base_year.saturating_sub(u16::from(n));
                Truth::of((first..=self.base_year).contains(&year))
            }
        };
        level_ok.min(when_ok)
    }

    /// Value of a yearly fact in one year.
    fn yearly(&mut self, fact: FactNo, year: u16) -> Evaluated<Interval> {
        self.known(fact)?;
        if !matches!(self.firm.get(fact, year), Some(Answer::Number(_))) {
            self.miss(fact, year);
        }
        Ok(self.firm.number(self.catalogue, fact, year))
    }

    fn growth(&mut self, fact: FactNo, year: u16) -> Evaluated<Interval> {
        let now = self.yearly(fact, year)?;
        let before = self.yearly(fact, year.saturating_sub(1))?;
        // From zero or a loss, growth means nothing.
        if before.lo.is_none_or(|lo| lo.signum() <= 0) {
            return Ok(Interval::ANY);
        }
        Ok(now.div(before)?.sub(Interval::point(Ratio::ONE))?)
    }

    fn fact(&mut self, fact: FactNo, period: Period) -> Evaluated<Interval> {
        self.known(fact)?;
        match period {
            Period::None => {
                if self.catalogue.facts[&fact].derived == Some(Derived::Age)
                    && let Some(age) = self.firm.age(self.catalogue, self.reference)
                {
                    return Ok(age);
                }
                self.yearly(fact, 0)
            }
            Period::Year(year) => self.yearly(fact, self.year(year)),
            Period::Growth(year) => self.growth(fact, self.year(year)),
            Period::Delta(year) => {
                let year = self.year(year);
                let now = self.yearly(fact, year)?;
                Ok(now.sub(self.yearly(fact, year.saturating_sub(1))?)?)
            }
            Period::Last(n, aggregate) => self.last(fact, n, aggregate),
        }
    }

    fn last(&mut self, fact: FactNo, n: u8, aggregate: Aggregate) -> Evaluated<Interval> {
        if let Aggregate::Each | Aggregate::Any | Aggregate::Rising = aggregate {
            return match self.element_year {
                Some(year) => self.yearly(fact, year),
                None => Ok(range_of(self.catalogue, fact)),
            };
        }
        let mut total: Option<Interval> = None;
        for back in 1..=n {
            let year = self.year(Year::Back(back));
            let value = if aggregate == Aggregate::MeanGrowth {
                self.growth(fact, year)?
            } else {
                self.yearly(fact, year)?
            };
            total = Some(match (total, aggregate) {
                (None, _) => value,
                (Some(total), Aggregate::Max) => total.max(value),
                (Some(total), Aggregate::Min) => total.min(value),
                (Some(total), _) => total.add(value)?,
            });
        }
        let total = total.unwrap_or(Interval::ANY);
        if let Aggregate::Mean | Aggregate::MeanGrowth = aggregate {
            return Ok(total.div(Interval::point(Ratio::int(i128::from(n.max(1)))))?);
        }
        Ok(total)
    }

    /// Value of a numeric expression, as an interval that holds every value
    /// it can take once the missing facts are known.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn number(&mut self, expr: &Expr) -> Evaluated<Interval> {
        match expr {
            Expr::Const(value, _) => Ok(Interval::point(*value)),
            Expr::Range(a, b) => {
                let (a, b) = (self.number(a)?, self.number(b)?);
                Ok(a.join(b))
            }
            Expr::Undecided => {
                self.undecided = true;
                Ok(Interval::NON_NEGATIVE)
            }
            Expr::Fact(fact, period) => self.fact(*fact, *period),
            Expr::Arith(op, a, b) => {
                let (a, b) = (self.number(a)?, self.number(b)?);
                Ok(match op {
                    Arith::Add => a.add(b)?,
                    Arith::Sub => a.sub(b)?,
                    Arith::Mul => a.mul(b)?,
                    Arith::Div => a.div(b)?,
                })
            }
            Expr::Call(func, list) => self.call(*func, list),
            Expr::Pick(key, rows) => {
                let key = self.number(key)?;
                self.pick(rows, |head| match head {
                    Head::Compare(op, bound) => compare(*op, key, Interval::point(*bound)),
                    Head::Otherwise => Truth::True,
                    Head::In(_) => Truth::Unknown,
                })
            }
            Expr::PickFact(fact, rows) => {
                let mut heads = Vec::with_capacity(rows.len());
                for (head, _) in rows {
                    heads.push(match head {
                        Head::In(members) => self.member(*fact, members)?,
                        Head::Otherwise => Truth::True,
                        Head::Compare(..) => Truth::Unknown,
                    });
                }
                let mut heads = heads.into_iter();
                self.pick(rows, |_| heads.next().unwrap_or(Truth::Unknown))
            }
            Expr::Slices(key, rows) => {
                let x = self.number(key)?;
                let mut total = Interval::point(Ratio::ZERO);
                let mut from = Ratio::ZERO;
                for (head, rate) in rows {
                    let to = match head {
                        Head::Compare(_, bound) => Some(*bound),
                        _ => None,
                    };
                    let part = slice(x, from, to)?;
                    let rate = self.number(rate)?;
                    total = total.add(part.mul(rate)?)?;
                    from = to.unwrap_or(from);
                }
                Ok(total)
            }
            Expr::If(condition, yes, no) => match self.truth(condition)? {
                Truth::True => self.number(yes),
                Truth::False => self.number(no),
                Truth::Unknown | Truth::Confirm => {
                    let (yes, no) = (self.number(yes)?, self.number(no)?);
                    Ok(yes.join(no))
                }
            },
            _ => Ok(Interval::ANY),
        }
    }

    fn call(&mut self, func: Func, list: &[Expr]) -> Evaluated<Interval> {
        let mut values = Vec::with_capacity(list.len());
        for part in list {
            values.push(self.number(part)?);
        }
        let Some((&first, rest)) = values.split_first() else { return Ok(Interval::ANY) };
        Ok(match func {
            Func::Min => rest.iter().fold(first, |a, b| a.min(*b)),
            Func::Max => rest.iter().fold(first, |a, b| a.max(*b)),
            Func::Floor => first.map(|x| Ratio::int(x.floor())),
            Func::Ceil => first.map(|x| Ratio::int(x.ceil())),
            Func::NonNegative => first.max(Interval::point(Ratio::ZERO)),
        })
    }

    fn pick(&mut self, rows: &[(Head, Expr)], mut fits: impl FnMut(&Head) -> Truth) -> Evaluated<Interval> {
        let mut result: Option<Interval> = None;
        for (head, value) in rows {
            let fit = fits(head);
            if fit == Truth::False {
                continue;
            }
            let value = self.number(value)?;
            result = Some(result.map_or(value, |r| r.join(value)));
            if fit == Truth::True {
                break;
            }
        }
        Ok(result.unwrap_or(Interval::ANY))
    }

    /// The sum of a measure: formula, 起付, caps, 折减, cut to whole fen.
    ///
    /// # Errors
    /// As [`evaluate`], and when the whole interval is below zero.
    pub fn amount(&mut self, measure: &Measure) -> Evaluated<Option<Amount>> {
        let benefit = &measure.benefit;
        let Some(formula) = &benefit.amount else { return Ok(None) };
        self.undecided = false;
        let mut sum = self.number(formula)?;
        if sum.hi.is_some_and(|hi| hi.signum() < 0) {
            return Err(EvalError::NegativeAmount);
        }
        // What is missing may be anything; a payment is never below zero.
        sum = sum.max(Interval::point(Ratio::ZERO));
        if let Some(floor) = &benefit.floor {
            let floor = self.number(floor)?;
            if floor.hi.zip(sum.lo).is_none_or(|(floor, low)| low < floor) {
                sum.lo = Some(Ratio::ZERO);
            }
            if floor.lo.zip(sum.hi).is_some_and(|(floor, high)| high < floor) {
                sum.hi = Some(Ratio::ZERO);
            }
        }
        let undecided = self.undecided;
        for (_, cap) in &benefit.caps {
            let cap = self.number(cap)?;
            sum = sum.min(cap);
        }
        if benefit.reducible {
            sum.lo = Some(Ratio::ZERO);
        }
        let low = sum.lo.map_or(0, |lo| lo.trunc().max(0));
        Ok(Some(Amount { low, high: sum.hi.map(Ratio::trunc), undecided }))
    }

    /// 差一步: exactly one condition is false, and in it exactly one leaf,
    /// which the firm can change: at most 20 % of the threshold missing, or
    /// one qualification.
    fn is_near(&mut self, measure: &Measure, rows: &[Option<Truth>]) -> Evaluated<bool> {
        let mut failing = measure.conditions.iter().zip(rows).filter(|(_, t)| **t == Some(Truth::False));
        let (Some((condition, _)), None) = (failing.next(), failing.next()) else { return Ok(false) };
        let mut leaves = Vec::new();
        false_leaves(&condition.rule, &mut leaves);
        let mut near = 0;
        let mut wrong = 0;
        for leaf in leaves {
            if self.truth(leaf)? != Truth::False {
                continue;
            }
            wrong += 1;
            near += usize::from(self.is_near_leaf(leaf)?);
        }
        Ok(wrong == 1 && near == 1)
    }

    fn is_near_leaf(&mut self, leaf: &Expr) -> Evaluated<bool> {
        match leaf {
            Expr::Has(fact, Mode::Any, items) => {
                let set = self.catalogue.facts[fact].kind == FactType::Qualifications;
                Ok(set && items.iter().all(|i| i.when == When::Valid))
            }
            Expr::Compare(Op::Ge | Op::Gt, a, b) => {
                // The day of foundation cannot be moved.
                let mut changeable = true;
                a.walk(&mut |e| {
                    if let Expr::Fact(no, _) = e {
                        let kind = self.catalogue.facts.get(no).map(|f| f.kind);
                        changeable &= !matches!(kind, Some(FactType::Date | FactType::Duration) | None);
                    }
                });
                let (have, need) = (self.number(a)?.exact(), self.number(b)?.exact());
                let Some((have, need)) = have.zip(need) else { return Ok(false) };
                if !changeable || need.signum() <= 0 {
                    return Ok(false);
                }
                let gap = need.sub(have)?;
                let limit = need.mul(Ratio::new(1, 5).unwrap_or(Ratio::ZERO))?;
                Ok(gap <= limit)
            }
            _ => Ok(false),
        }
    }
}

/// Leaves of a rule that can be false on their own.
fn false_leaves<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
    match expr {
        Expr::And(list) | Expr::Or(list) | Expr::KOf(Quota::AtLeast, _, list) => {
            for part in list {
                false_leaves(part, out);
            }
        }
        leaf => out.push(leaf),
    }
}

/// Texts of 承诺 anywhere in the conditions of a measure.
pub fn promises(measure: &Measure) -> Vec<TextNo> {
    let mut found = Vec::new();
    for condition in &measure.conditions {
        condition.rule.walk(&mut |e| {
            if let Expr::Promise(text) = e {
                found.push(*text);
            }
        });
    }
    found
}

/// Comparison of intervals: true when every pair agrees, false when none does.
pub fn compare(op: Op, a: Interval, b: Interval) -> Truth {
    let le = |x: Option<Ratio>, y: Option<Ratio>| x.zip(y).is_some_and(|(x, y)| x <= y);
    let lt = |x: Option<Ratio>, y: Option<Ratio>| x.zip(y).is_some_and(|(x, y)| x < y);
    let decide = |yes: bool, no: bool| match (yes, no) {
        (true, _) => Truth::True,
        (_, true) => Truth::False,
        _ => Truth::Unknown,
    };
    match op {
        Op::Ge => decide(le(b.hi, a.lo), lt(a.hi, b.lo)),
        Op::Gt => decide(lt(b.hi, a.lo), le(a.hi, b.lo)),
        Op::Le => compare(Op::Ge, b, a),
        Op::Lt => compare(Op::Gt, b, a),
        Op::Eq => {
            let equal = a.exact().zip(b.exact()).is_some_and(|(x, y)| x == y);
            decide(equal, lt(a.hi, b.lo) || lt(b.hi, a.lo))
        }
        Op::Ne => compare(Op::Eq, a, b).negate(),
    }
}

fn within(code: Code, codes: &[Code]) -> Truth {
    let mut truth = Truth::False;
    for other in codes {
        truth = truth.max(match code.nesting(*other) {
            Nesting::Inside => Truth::True,
            Nesting::Contains => Truth::Unknown,
            Nesting::Apart => Truth::False,
        });
    }
    truth
}

fn kth_largest(values: &[Truth], k: usize) -> Truth {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.cmp(a));
    match k {
        0 => Truth::True,
        k => sorted.get(k - 1).copied().unwrap_or(Truth::False),
    }
}

/// The window of 每年 or 任一年 in an expression: years, and whether each.
fn window(expr: &Expr) -> Option<(u8, bool)> {
    let mut found = None;
    expr.walk(&mut |e| match e {
        Expr::Fact(_, Period::Last(n, Aggregate::Each)) => found = Some((*n, true)),
        Expr::Fact(_, Period::Last(n, Aggregate::Any)) => found = Some((*n, false)),
        _ => {}
    });
    found
}

/// The part of `x` between two bounds.
fn slice(x: Interval, from: Ratio, to: Option<Ratio>) -> Evaluated<Interval> {
    let capped = match to {
        Some(to) => x.min(Interval::point(to)),
        None => x,
    };
    Ok(capped.sub(Interval::point(from))?.max(Interval::point(Ratio::ZERO)))
}
