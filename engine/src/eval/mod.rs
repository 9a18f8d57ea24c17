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

mod figure;
mod sum;

use std::cell::Cell;

use litemap::LiteMap;

use self::figure::{Existence, window};
pub(crate) use self::sum::false_leaves;
use crate::catalogue::{Catalogue, Code, Derived, Fact, FactNo, FactType, ItemNo, Nesting, ParamNo, Scope};
use crate::date::Date;
use crate::firm::{Answer, Firm, Held, Key, Span};
use crate::measure::{Condition, Measure, Window};
use crate::num::{Interval, Overflow, Ratio};
use crate::rule::{Aggregate, Expr, Item, Members, Mode, Op, Period, Quantifier, Quota, TextNo, When};
use crate::words::Words;

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

impl EvalError {
    /// Why, as a sentence.
    pub fn text(&self, words: &Words) -> String {
        match self {
            Self::Overflow => words.say("数太大，无法精确计算", &[]),
            Self::NoFact(no) => words.say("要素目录里没有第 {} 号要素", &[no]),
            Self::NoParam(no) => words.say("参数表里没有第 {} 号参数", &[no]),
            Self::NegativeAmount => words.say("金额算出来小于零，算式应加 不低于零", &[]),
        }
    }
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(&Words::default()))
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
                    && item.first.is_none()
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

    /// Whether what is held is what is asked for. It is told once, at its highest level and with the year of its
    /// latest recognition: of lower levels and earlier years only papers can tell.
    fn qualified(&self, item: &Item, held: &Held) -> Truth {
        let q = self.catalogue.items.get(&item.item);
        let levels = q.map_or(0, |q| q.levels.len().min(8));
        let level = if levels == 1 { Some(0) } else { held.level };
        let dated = !matches!(item.when, When::Valid | When::Ever);
        let mut untold = false;
        let level_ok = match (item.levels, level) {
            (0, _) => Truth::True,
            (_, None) => Truth::Unknown,
            (mask, Some(level)) => {
                let exact = mask & 1u8.checked_shl(u32::from(level)).unwrap_or(0) != 0;
                let lowest = 7 - mask.leading_zeros().min(7) as u8;
                let downward = mask.count_ones() > 1 && mask & 1 == 0;
                let presumed = !downward && level <= lowest;
                untold = !exact && presumed && dated;
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
            (When::In(wanted), Some(year)) => {
                untold |= self.year(wanted) < year;
                Truth::of(self.year(wanted) <= year)
            }
            (When::Within(n), Some(year)) => {
                untold |= year > self.base_year;
                Truth::of(year >= self.base_year.saturating_sub(u16::from(n)))
            }
        };
        let told = level_ok.min(when_ok);
        if untold {
            return told.min(Truth::Confirm);
        }
        let rank_ok = match (item.rank, held.rank) {
            (0, _) => Truth::True,
            (_, None) => Truth::Unknown,
            (most, Some(rank)) => Truth::of(rank <= most),
        };
        let first_ok = match (item.first, held.first) {
            (None, _) => Truth::True,
            (Some(wanted), first) => first.map_or(Truth::Unknown, |first| Truth::of(first == wanted)),
        };
        told.min(rank_ok).min(first_ok)
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
