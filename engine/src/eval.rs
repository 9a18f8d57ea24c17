//! Deciding: a measure, a firm and a day in, a verdict out.
//!
//! Truth has four values F < U < H < T (false, fact missing, a person must
//! confirm, true): 且 is the minimum, 或 the maximum, 至少 k the k-th largest.
//! For rules without 非 above 核实 (which the checker refuses) this chain is
//! exactly evaluation with every confirmation taken both ways.
//!
//! Inside, a rule has [`Bounds`]: the worst and the best it can become once the missing facts are known. The chain
//! value is read off them, and a part whose bounds meet has nothing left to ask, which the chain value alone does
//! not tell: 核实 且 (核实 或 X) is H whatever X turns out to be.

use std::cell::Cell;

use litemap::LiteMap;

use crate::catalogue::{Catalogue, Code, Derived, Fact, FactNo, FactType, ItemNo, Nesting, ParamNo, Scope};
use crate::date::Date;
use crate::firm::{Answer, Firm, Held, Key, Span, months_since, range_of};
use crate::measure::{CapScope, Condition, Measure, Window};
use crate::num::{Exact, Interval, Overflow, Ratio};
use crate::rule::{
    Aggregate, Arith, Expr, Func, Head, Item, Members, Mode, Op, Period, Quantifier, Quota, TextNo, When,
    Year, Years,
};

/// Truth of a rule, ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// The worst and the best a rule can become; neither is ever [`Truth::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// If every missing fact goes against the firm.
    pub worst: Truth,
    /// If every missing fact goes in its favour.
    pub best: Truth,
}

impl Bounds {
    /// A fact is missing.
    pub const OPEN: Self = Self { worst: Truth::False, best: Truth::True };
    const TRUE: Self = Self { worst: Truth::True, best: Truth::True };
    const FALSE: Self = Self { worst: Truth::False, best: Truth::False };
    const CONFIRM: Self = Self { worst: Truth::Confirm, best: Truth::Confirm };

    /// The bounds of a single truth; unknown may become anything.
    pub fn of(truth: Truth) -> Self {
        match truth {
            Truth::Unknown => Self::OPEN,
            truth => Self { worst: truth, best: truth },
        }
    }

    /// The value in the chain F < U < H < T.
    pub fn truth(self) -> Truth {
        match self.worst {
            worst if worst == self.best => worst,
            Truth::False => Truth::Unknown,
            _ => Truth::Confirm,
        }
    }

    /// Whether no missing fact changes it any more.
    pub fn settled(self) -> bool {
        self.worst == self.best
    }

    /// 且
    pub(crate) fn min(self, other: Self) -> Self {
        Self { worst: self.worst.min(other.worst), best: self.best.min(other.best) }
    }

    /// 或
    pub(crate) fn max(self, other: Self) -> Self {
        Self { worst: self.worst.max(other.worst), best: self.best.max(other.best) }
    }

    /// 非
    pub(crate) fn negate(self) -> Self {
        Self { worst: self.best.negate(), best: self.worst.negate() }
    }

    /// 至少 k项
    pub(crate) fn kth_largest(values: &[Self], k: usize) -> Self {
        let kth = |pick: fn(&Self) -> Truth| {
            let mut sorted: Vec<Truth> = values.iter().map(pick).collect();
            sorted.sort_by(|a, b| b.cmp(a));
            match k {
                0 => Truth::True,
                k => sorted.get(k - 1).copied().unwrap_or(Truth::False),
            }
        };
        Self { worst: kth(|b| b.worst), best: kth(|b| b.best) }
    }
}

/// The conclusion for one firm and one measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// The verdict that the truth of all conditions together gives.
    pub fn of(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::Eligible,
            Truth::Confirm => Self::Likely,
            Truth::Unknown => Self::Unknown,
            Truth::False => Self::Ineligible,
        }
    }
}

/// Why a measure could not be decided at all. Never turned into a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvalError {
    /// A number left the exact range.
    Overflow,
    /// A rule refers to a row that the catalogue does not have.
    NoFact(FactNo),
    /// A rule refers to a parameter that the catalogue does not have.
    NoParam(ParamNo),
    /// The sum is below zero: the formula lacks 不低于零.
    NegativeAmount,
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Overflow => write!(f, "数太大，无法精确计算"),
            Self::NoFact(no) => write!(f, "要素目录里没有第 {no} 号要素"),
            Self::NoParam(no) => write!(f, "参数表里没有第 {no} 号参数"),
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
    /// How far the firm's own answers can still move it, in fen: the width without what the authority decides
    /// (5%~20%, 至多). `None` when nothing bounds it.
    pub answerable: Option<i128>,
}

impl Amount {
    /// The upper end where it is a promise of the text; `None` for 未定.
    pub fn stated_high(&self) -> Option<i128> {
        if self.undecided { None } else { self.high }
    }

    /// What is paid in each year, by the shares of 支付: cut to fen, the last one takes the rest.
    pub fn payments(fen: i128, shares: &[Ratio]) -> Vec<i128> {
        let mut left = fen;
        let mut parts = Vec::with_capacity(shares.len());
        for (at, share) in shares.iter().enumerate() {
            let part = if at + 1 == shares.len() {
                left
            } else {
                share.mul(Ratio::int(fen)).map_or(left, Ratio::trunc).clamp(0, left)
            };
            left -= part;
            parts.push(part);
        }
        parts
    }
}

/// 差一步: the one thing that fails, and what would mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Number of the condition.
    pub row: usize,
    /// The answer that makes it hold, where it is a single fact.
    pub change: Option<(Key, Answer)>,
}

/// The decision on one measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Conclusion.
    pub verdict: Verdict,
    /// Truth per condition; `None` where the guard excludes it (不适用).
    pub rows: Vec<Option<Truth>>,
    /// 差一步: exactly one condition fails, by little, and the firm can change it.
    pub near: Option<Near>,
    /// The sum, for measures that pay.
    pub amount: Option<Amount>,
    /// Window on the day.
    pub window: Window,
    /// Facts that are missing and can still matter.
    pub missing: Vec<Key>,
    /// The record (project, product …) that `rows` speak of: 0 for the firm itself, one above the last for a record
    /// the firm has not told of yet. `None` when the firm has none.
    pub record: Option<u8>,
}

/// A fact held to a part of its interval while a sum is computed piece by piece.
#[derive(Debug, Clone, Copy)]
struct Piece {
    key: Key,
    values: Interval,
    /// A value inside, by which bands are chosen: the ends of an open piece belong to its neighbours.
    sample: Ratio,
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
    /// Record per scope that its facts are read from.
    records: [u8; Scope::ALL.len()],
    element_year: Option<u16>,
    pieces: Vec<Piece>,
    /// What the authority decides is taken at its upper end.
    generous: bool,
    missing: Vec<Key>,
    undecided: bool,
    /// Why what is computed means nothing. Kept aside instead of being returned by every function: visitors pay for
    /// each of those branches.
    failed: Cell<Option<EvalError>>,
}

/// One record decided.
struct Pass {
    bounds: Bounds,
    rows: Vec<Option<Truth>>,
    missing: Vec<Key>,
    record: u8,
}

/// Decides one measure.
///
/// A measure for projects, products … is decided for every record the firm has told of, and for one it may not have
/// told of yet; the best one counts. The sum is that of the records told of which are not refused, or of the best
/// one when all are.
///
/// # Errors
/// When a number overflows or the table refers to rows that do not exist;
/// never a guess.
pub fn evaluate(measure: &Measure, catalogue: &Catalogue, firm: &Firm, today: Date) -> Evaluated<Outcome> {
    let mut e = Evaluator::new(measure, catalogue, firm, today);
    let told = firm.records(measure.subject);
    let numbers: Vec<u8> = match measure.subject {
        Scope::Firm => vec![0],
        _ if told.closed && told.count == 0 => vec![1],
        _ => (1..=told.count + u8::from(!told.closed)).collect(),
    };
    let none = measure.subject != Scope::Firm && told.closed && told.count == 0;
    let mut passes = Vec::with_capacity(numbers.len());
    for record in numbers {
        let mut pass = e.pass(measure, record);
        if measure.subject != Scope::Firm && record > told.count {
            // It may not exist.
            pass.bounds = if none { Bounds::FALSE } else { pass.bounds.min(Bounds::OPEN) };
        }
        passes.push(pass);
    }
    let amount = e.amount_of(measure, &passes);
    let amount_missing = e.take_missing();
    // The first of the best.
    let best = passes.into_iter().reduce(|a, b| if b.bounds.truth() > a.bounds.truth() { b } else { a });
    let Some(best) = best else { return Err(EvalError::Overflow) };
    let truth = best.bounds.truth();
    let mut missing = best.missing;
    if truth == Truth::False {
        missing.clear();
    } else {
        if best.bounds.settled() {
            missing.clear();
        }
        missing.extend(amount_missing);
        missing.sort_unstable();
        missing.dedup();
    }
    e.records[measure.subject as usize] = best.record;
    let near = if truth == Truth::False && !none { e.near(measure, &best.rows) } else { None };
    e.checked(Outcome {
        verdict: Verdict::of(truth),
        rows: best.rows,
        near,
        amount,
        window: measure.schedule.window(today),
        missing,
        record: (!none).then_some(best.record),
    })
}

impl<'a> Evaluator<'a> {
    /// Fixes base year and reference day of `measure` on `today`. Facts of records are those of the first.
    pub fn new(measure: &Measure, catalogue: &'a Catalogue, firm: &'a Firm, today: Date) -> Self {
        Self::at(measure.base_year_on(today), measure.reference_on(today), catalogue, firm)
    }

    /// With a base year and a reference day.
    pub fn at(base_year: u16, reference: Date, catalogue: &'a Catalogue, firm: &'a Firm) -> Self {
        let mut records = [1; Scope::ALL.len()];
        records[Scope::Firm as usize] = 0;
        Self {
            catalogue,
            firm,
            base_year,
            reference,
            records,
            element_year: None,
            pieces: Vec::new(),
            generous: false,
            missing: Vec::new(),
            undecided: false,
            failed: Cell::new(None),
        }
    }

    /// The same with the facts of another record of the measure's scope.
    pub fn for_record(mut self, scope: Scope, record: u8) -> Self {
        self.records[scope as usize] = record;
        self
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
    fn key_of(&self, fact: FactNo, span: Span) -> Key {
        let scope = self.fact_row(fact).map_or(Scope::Firm, |f| f.scope);
        Key { fact, span, record: self.records[scope as usize] }
    }

    fn fact_row(&self, fact: FactNo) -> Option<&'a Fact> {
        let row = self.catalogue.facts.get(&fact);
        if row.is_none() {
            self.fail(EvalError::NoFact(fact));
        }
        row
    }

    /// Notes why a result means nothing. The first reason stays; what is computed after it is thrown away.
    fn fail(&self, error: EvalError) {
        self.failed.set(Some(self.failed.get().unwrap_or(error)));
    }

    /// The result, unless something on the way failed.
    pub(crate) fn checked<T>(&self, value: T) -> Evaluated<T> {
        self.failed.take().map_or(Ok(value), Err)
    }

    fn exact(&self, value: Exact<Interval>) -> Interval {
        value.unwrap_or_else(|Overflow| {
            self.fail(EvalError::Overflow);
            Interval::ANY
        })
    }

    fn pass(&mut self, measure: &Measure, record: u8) -> Pass {
        self.records[measure.subject as usize] = record;
        let mut rows = Vec::with_capacity(measure.conditions.len());
        let mut parts = Vec::with_capacity(measure.conditions.len());
        for condition in &measure.conditions {
            self.missing.clear();
            let bounds = self.condition_bounds(condition);
            rows.push(bounds.map(Bounds::truth));
            parts.push((bounds.unwrap_or(Bounds::TRUE), std::mem::take(&mut self.missing)));
        }
        let bounds = self.join(parts, true);
        Pass { bounds, rows, missing: std::mem::take(&mut self.missing), record }
    }

    /// A condition with its guard; `None` is 不适用.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub(crate) fn row_of(&mut self, condition: &Condition) -> Option<Truth> {
        self.condition_bounds(condition).map(Bounds::truth)
    }

    fn condition_bounds(&mut self, condition: &Condition) -> Option<Bounds> {
        let Some(guard) = &condition.guard else { return Some(self.bounds_of(&condition.rule)) };
        let mark = self.missing.len();
        let guard = self.bounds_of(guard);
        if guard == Bounds::FALSE {
            return None;
        }
        let rule = self.bounds_of(&condition.rule);
        // Left out or fulfilled: 非 guard 或 rule.
        let row = guard.negate().max(rule);
        if row.settled() {
            self.missing.truncate(mark);
        }
        Some(if guard == Bounds::TRUE { rule } else { row })
    }

    /// Truth of a rule.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn truth(&mut self, expr: &Expr) -> Evaluated<Truth> {
        let truth = self.truth_of(expr);
        self.checked(truth)
    }

    pub(crate) fn truth_of(&mut self, expr: &Expr) -> Truth {
        self.bounds_of(expr).truth()
    }

    /// The worst and the best a rule can become.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn bounds(&mut self, expr: &Expr) -> Evaluated<Bounds> {
        let bounds = self.bounds_of(expr);
        self.checked(bounds)
    }

    fn bounds_of(&mut self, expr: &Expr) -> Bounds {
        let mark = self.missing.len();
        let bounds = self.open_bounds(expr);
        if bounds.settled() {
            self.missing.truncate(mark);
        }
        bounds
    }

    fn open_bounds(&mut self, expr: &Expr) -> Bounds {
        match expr {
            Expr::And(list) => self.fold(list, true),
            Expr::Or(list) => self.fold(list, false),
            Expr::Not(inner) => self.bounds_of(inner).negate(),
            Expr::KOf(quota, k, list) => {
                let mut values = Vec::with_capacity(list.len());
                for part in list {
                    values.push(self.bounds_of(part));
                }
                let k = usize::from(*k);
                match quota {
                    Quota::AtLeast => Bounds::kth_largest(&values, k),
                    Quota::AtMost => Bounds::kth_largest(&values, k + 1).negate(),
                    Quota::Exactly => {
                        Bounds::kth_largest(&values, k).min(Bounds::kth_largest(&values, k + 1).negate())
                    }
                }
            }
            Expr::Verify(_) => Bounds::CONFIRM,
            Expr::Promise(_) => Bounds::TRUE,
            Expr::Compare(op, a, b) => self.compare(*op, a, b),
            Expr::Between(x, low, high) => {
                let x = self.value_of(x);
                let (low, high) = (self.value_of(low), self.value_of(high));
                Bounds::of(compare(Op::Ge, x, low).min(compare(Op::Le, x, high)))
            }
            Expr::In(fact, members, negated) => {
                let bounds = Bounds::of(self.member(*fact, members));
                if *negated { bounds.negate() } else { bounds }
            }
            Expr::Has(fact, mode, items) => {
                let key = self.key_of(*fact, Span::Always);
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(Bounds::of(self.held(key, item)));
                }
                let bounds = match mode {
                    Mode::Any => Bounds::kth_largest(&values, 1),
                    Mode::All => Bounds::kth_largest(&values, values.len()),
                    Mode::AtLeast(k) => Bounds::kth_largest(&values, usize::from(*k)),
                    Mode::None => Bounds::kth_largest(&values, 1).negate(),
                };
                if !bounds.settled() {
                    self.miss(key);
                }
                bounds
            }
            Expr::Flag(fact) => {
                let key = self.key_of(*fact, Span::Always);
                match self.firm.get(key) {
                    Some(Answer::Flag(value)) => Bounds::of(Truth::of(*value)),
                    _ => {
                        self.miss(key);
                        Bounds::OPEN
                    }
                }
            }
            Expr::Rising(fact, years, existing) => self.rising(*fact, *years, *existing),
            Expr::Records(quantifier, scope, rule) => self.quantified(*quantifier, *scope, rule),
            // Numbers are no truths; the checker lets none through, a damaged
            // table might.
            _ => Bounds::OPEN,
        }
    }

    /// 且 (`all`) or 或 over parts. What a part asks for is forgotten where the others make it irrelevant: in X 且 核实 且
    /// (核实 或 Y) nothing depends on Y.
    fn fold(&mut self, list: &[Expr], all: bool) -> Bounds {
        let mut parts = Vec::with_capacity(list.len());
        let outer = std::mem::take(&mut self.missing);
        for part in list {
            let bounds = self.bounds_of(part);
            parts.push((bounds, std::mem::take(&mut self.missing)));
        }
        self.missing = outer;
        self.join(parts, all)
    }

    /// Joins parts and what they ask for.
    fn join(&mut self, parts: Vec<(Bounds, Vec<Key>)>, all: bool) -> Bounds {
        let start = if all { Bounds::TRUE } else { Bounds::FALSE };
        let f = if all { Bounds::min } else { Bounds::max };
        let whole = parts.iter().fold(start, |sum, (bounds, _)| f(sum, *bounds));
        for at in 0..parts.len() {
            if parts[at].1.is_empty() {
                continue;
            }
            let others = parts.iter().enumerate().filter(|(i, _)| *i != at);
            let rest = others.fold(start, |sum, (_, (bounds, _))| f(sum, *bounds));
            let own = parts[at].0;
            let relevant = if all { own.worst < rest.best } else { own.best > rest.worst };
            if relevant {
                self.missing.extend_from_slice(&parts[at].1);
            }
        }
        whole
    }

    /// The bounds of `rule` for every record of `scope` told of, and for one more where there may be.
    fn each_record(&mut self, scope: Scope, rule: &Expr) -> (Vec<Bounds>, Option<Bounds>) {
        let told = self.firm.records(scope);
        let outer = self.records[scope as usize];
        let mut values = Vec::with_capacity(usize::from(told.count));
        for record in 1..=told.count {
            self.records[scope as usize] = record;
            values.push(self.bounds_of(rule));
        }
        let mut another = None;
        if !told.closed {
            self.records[scope as usize] = told.count + 1;
            another = Some(self.bounds_of(rule));
        }
        self.records[scope as usize] = outer;
        (values, another)
    }

    fn quantified(&mut self, quantifier: Quantifier, scope: Scope, rule: &Expr) -> Bounds {
        let (values, another) = self.each_record(scope, rule);
        match quantifier {
            Quantifier::Some => {
                // Another one need not exist.
                let another = another.map(|b| Bounds { worst: Truth::False, ..b });
                values.into_iter().chain(another).fold(Bounds::FALSE, Bounds::max)
            }
            Quantifier::Every => {
                let another = another.map(|b| Bounds { best: Truth::True, ..b });
                values.into_iter().chain(another).fold(Bounds::TRUE, Bounds::min)
            }
        }
    }

    fn tally(&mut self, scope: Scope, rule: &Expr) -> Interval {
        let (values, another) = self.each_record(scope, rule);
        let more = another.is_some_and(|b| b.best != Truth::False);
        let count = |keep: fn(&Bounds) -> bool| Ratio::int(values.iter().filter(|b| keep(b)).count() as i128);
        let lo = count(|b| b.worst == Truth::True);
        let hi = count(|b| b.best != Truth::False);
        Interval { lo: Some(lo), hi: (!more).then_some(hi) }
    }

    fn miss(&mut self, key: Key) {
        match self.catalogue.facts.get(&key.fact).and_then(|f| f.derived) {
            None => {
                if !matches!(self.firm.get(key), Some(Answer::Unsure)) {
                    self.missing.push(key);
                }
            }
            Some(Derived::Age) => self.miss_id("found_date", Span::Always),
            Some(Derived::Size) => {
                let last = Span::Year(self.base_year.saturating_sub(1));
                for (id, span) in
                    [("industry", Span::Always), ("staff_total", Span::Always), ("revenue", last)]
                {
                    self.miss_id(id, span);
                }
            }
        }
    }

    fn miss_id(&mut self, id: &str, span: Span) {
        if let Some((fact, _)) = self.catalogue.fact_by_id(id) {
            let key = Key { fact, span, record: 0 };
            if self.firm.get(key).is_none() {
                self.missing.push(key);
            }
        }
    }

    fn compare(&mut self, op: Op, a: &Expr, b: &Expr) -> Bounds {
        if let Expr::Fact(fact, Period::Over(years, Aggregate::Compound, existing)) = a {
            return self.compare_compound(op, *fact, *years, *existing, b);
        }
        let Some((years, each, existing)) = window(a).or_else(|| window(b)) else {
            let (left, right) = (self.value_of(a), self.value_of(b));
            let left = self.sample(a).unwrap_or(left);
            return Bounds::of(compare(op, left, right));
        };
        let (first, last) = self.years(years);
        let outer = self.element_year;
        let mut bounds: Option<Bounds> = None;
        for year in (first..=last).rev() {
            let value = match self.existence(a, year, existing) {
                Existence::Skipped => continue,
                Existence::Open => {
                    self.miss_id("found_date", Span::Always);
                    Bounds::OPEN
                }
                // A firm that did not exist in a year has no figure for it.
                Existence::No => Bounds::FALSE,
                lived @ (Existence::Yes | Existence::Maybe) => {
                    self.element_year = Some(year);
                    let (left, right) = (self.value_of(a), self.value_of(b));
                    let value = Bounds::of(compare(op, left, right));
                    if lived == Existence::Maybe {
                        self.miss_id("found_date", Span::Always);
                        Bounds { worst: Truth::False, ..value }
                    } else {
                        value
                    }
                }
            };
            bounds = Some(match bounds {
                None => value,
                Some(bounds) if each => bounds.min(value),
                Some(bounds) => bounds.max(value),
            });
        }
        self.element_year = outer;
        // A firm without a single full year: nothing can be said yet.
        bounds.unwrap_or(Bounds::OPEN)
    }

    /// last ≥ first × (1 + rate)ⁿ: the compound rate itself is a root, which no fraction holds.
    fn compare_compound(
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
    fn existence(&self, expr: &Expr, year: u16, existing: bool) -> Existence {
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
    fn lived(&self, fact: FactNo, year: u16, existing: bool) -> Existence {
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

    fn rising(&mut self, fact: FactNo, years: Years, existing: bool) -> Bounds {
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

    fn member(&mut self, fact: FactNo, members: &Members) -> Truth {
        let key = self.key_of(fact, Span::Always);
        let truth = match members {
            Members::Codes(lists, codes) => {
                let catalogue = self.catalogue;
                let listed = lists.iter().filter_map(|no| catalogue.lists.get(no)).flat_map(|l| &l.codes);
                let mut all = codes.iter().chain(listed);
                match self.firm.get(key) {
                    Some(Answer::Code(code)) => Some(within(*code, all)),
                    // Every firm lies in 中国.
                    _ => all.any(|c| *c == Code::ALL).then_some(Truth::True),
                }
            }
            Members::Options(options) => self.firm.choice(self.catalogue, key, self.base_year).map(|mask| {
                let allowed = option_mask(options);
                match (mask & allowed, mask & !allowed) {
                    (0, _) => Truth::False,
                    (_, 0) => Truth::True,
                    _ => Truth::Unknown,
                }
            }),
        };
        let truth = truth.unwrap_or(Truth::Unknown);
        if truth == Truth::Unknown {
            self.miss(key);
        }
        truth
    }

    fn held(&self, key: Key, item: &Item) -> Truth {
        let Some(Answer::Set { items, closed }) = self.firm.get(key) else { return Truth::Unknown };
        match items.get(&item.item) {
            Some(held) if !held.yes => Truth::False,
            Some(held) => self.qualified(item, held),
            None => {
                let implied = self.fact_row(key.fact).is_some_and(|f| f.kind == FactType::Qualifications)
                    && self.implied(item, items);
                let plain = item.levels == 0
                    && item.rank == 0
                    && !item.first
                    && matches!(item.when, When::Valid | When::Ever);
                match (implied && plain, *closed) {
                    (true, _) => Truth::True,
                    (false, true) if implied => Truth::Unknown,
                    (false, true) => Truth::False,
                    (false, false) => Truth::Unknown,
                }
            }
        }
    }

    /// Whether some held item stands for this one, directly or through others that are not denied. One that has lapsed
    /// stands for nothing that must be valid.
    fn implied(&self, item: &Item, items: &LiteMap<ItemNo, Held>) -> bool {
        let counts = |no: &ItemNo, held: &Held| {
            held.yes && self.qualified(&Item { when: item.when, ..Item::any(*no) }, held) == Truth::True
        };
        let plain = matches!(item.when, When::Valid | When::Ever);
        let mut open: Vec<ItemNo> = items
            .iter()
            .filter(|(no, held)| !plain && held.yes || plain && counts(no, held))
            .map(|(no, _)| *no)
            .collect();
        let mut seen: Vec<ItemNo> = Vec::new();
        while let Some(no) = open.pop() {
            for next in self.catalogue.items.get(&no).map(|q| q.implies.as_slice()).unwrap_or_default() {
                if *next == item.item {
                    return true;
                }
                let denied = items.get(next).is_some_and(|held| !held.yes);
                if !denied && !seen.contains(next) {
                    seen.push(*next);
                    open.push(*next);
                }
            }
        }
        false
    }

    fn qualified(&self, item: &Item, held: &Held) -> Truth {
        let q = self.catalogue.items.get(&item.item);
        let levels = q.map_or(0, |q| q.levels.len().min(8));
        let level = if levels == 1 { Some(0) } else { held.level };
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
        let when_ok = match (item.when, held.year) {
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
        let rank_ok = match (item.rank, held.rank) {
            (0, _) => Truth::True,
            (_, None) => Truth::Unknown,
            (most, Some(rank)) => Truth::of(rank <= most),
        };
        let first_ok = match (item.first, held.first) {
            (false, _) => Truth::True,
            (true, first) => first.map_or(Truth::Unknown, Truth::of),
        };
        level_ok.min(when_ok).min(rank_ok).min(first_ok)
    }

    /// The answer under a key, or everything it can be.
    fn answer(&mut self, key: Key) -> Interval {
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
    fn yearly(&mut self, fact: FactNo, year: u16) -> Interval {
        let key = self.key_of(fact, Span::Year(year));
        match self.lived(fact, year, false) {
            Existence::No => Interval::point(Ratio::ZERO),
            Existence::Maybe => self.answer(key).join(Interval::point(Ratio::ZERO)),
            _ => self.answer(key),
        }
    }

    fn growth(&mut self, fact: FactNo, year: u16) -> Interval {
        let now = self.yearly(fact, year);
        let before = self.yearly(fact, year.saturating_sub(1));
        // From zero, a loss or a year before the firm, growth means nothing.
        if before.lo.is_none_or(|lo| lo.signum() <= 0) {
            return Interval::ANY;
        }
        let ratio = self.exact(now.div(before));
        self.exact(ratio.sub(Interval::point(Ratio::ONE)))
    }

    fn fact(&mut self, fact: FactNo, period: Period) -> Interval {
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
    fn peak(&mut self, fact: FactNo) -> Interval {
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

    fn over(&mut self, fact: FactNo, years: Years, aggregate: Aggregate, existing: bool) -> Interval {
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

    fn param(&self, no: ParamNo, year: Option<Year>) -> Interval {
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
    /// As [`evaluate`].
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

    fn call(&mut self, func: Func, list: &[Expr]) -> Interval {
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

    fn pick(&mut self, rows: &[(Head, Expr)], mut fits: impl FnMut(&Head) -> Truth) -> Interval {
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
    fn sample(&self, expr: &Expr) -> Option<Interval> {
        let Expr::Fact(fact, period) = expr else { return None };
        if self.pieces.is_empty() {
            return None;
        }
        let key = self.key_in(*fact, *period);
        key.and_then(|key| self.pieces.iter().find(|p| p.key == key)).map(|p| Interval::point(p.sample))
    }

    /// The sum of a measure for the current record alone: formula, 起付, caps, 折减, cut to whole fen.
    ///
    /// # Errors
    /// As [`evaluate`], and when the whole interval is below zero.
    pub fn amount(&mut self, measure: &Measure) -> Evaluated<Option<Amount>> {
        let amount = self.sum_of(measure);
        self.checked(amount)
    }

    pub(crate) fn sum_of(&mut self, measure: &Measure) -> Option<Amount> {
        if measure.benefit.amount.is_none() {
            return None;
        }
        self.undecided = false;
        let item = self.item_sum(measure);
        Some(self.finish(measure, item))
    }

    /// The sum over all records of a measure.
    fn amount_of(&mut self, measure: &Measure, passes: &[Pass]) -> Option<Amount> {
        if measure.benefit.amount.is_none() {
            return None;
        }
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

    fn record_sums(&mut self, measure: &Measure, passes: &[Pass]) -> Amount {
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
    fn item_sum(&mut self, measure: &Measure) -> Interval {
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

    fn item_sum_once(&mut self, measure: &Measure, formula: &Expr) -> Interval {
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
    fn finish(&mut self, measure: &Measure, mut sum: Interval) -> Amount {
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
    fn cuts(&mut self, formula: &Expr) -> Vec<Vec<Piece>> {
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
            match self.key_in(*fact, *period) {
                Some(key) => match edges.iter_mut().find(|(k, _)| *k == key) {
                    Some((_, all)) => all.extend(bounds),
                    None => edges.push((key, bounds)),
                },
                None => {}
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
    fn near(&mut self, measure: &Measure, rows: &[Option<Truth>]) -> Option<Near> {
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
        let Some(leaf) = wrong else { return None };
        let change = self.near_leaf(leaf);
        self.missing.clear();
        change.map(|change| Near { row, change })
    }

    /// The answer that would turn a false leaf; `Some(None)` when it is near but no single answer.
    fn near_leaf(&mut self, leaf: &Expr) -> Option<Option<(Key, Answer)>> {
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
                let first = item.first.then_some(true);
                held.insert(item.item, Held { yes: true, level, year: None, rank, first });
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
                let Some((have, need)) = have.zip(need) else { return None };
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

/// Whether a firm had a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existence {
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

/// Options as bits.
fn option_mask(options: &[ItemNo]) -> u64 {
    options.iter().fold(0, |mask, option| mask | 1u64.checked_shl(u32::from(*option)).unwrap_or(0))
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

fn within<'c>(code: Code, codes: impl Iterator<Item = &'c Code>) -> Truth {
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

/// The window of 每年 or 任一年 in an expression: its years, whether each, and 不足按实际.
fn window(expr: &Expr) -> Option<(Years, bool, bool)> {
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
