//! The verdicts of one firm for a whole table, many millions in a second.
//!
//! Rules of different measures are made of the same few figures and comparisons. A [`Decider`] takes all rules of a
//! table apart once, keeps every figure and every comparison once, and looks each up at most once per firm; a measure
//! stops at its first false row, and short rows are looked at first. Whatever has no short form is left to
//! [`Evaluator`], so that there is one meaning of a rule: a property test holds the two against each other.

use std::collections::HashMap;

use crate::catalogue::{Catalogue, Code, Nesting, Scope};
use crate::codec::Writer;
use crate::date::Date;
use crate::eval::{Bounds, Evaluator, Truth, Verdict, compare};
use crate::firm::{Answer, Firm, Key};
use crate::measure::Measure;
use crate::num::{Interval, Ratio};
use crate::rule::{Aggregate, Expr, Func, Members, Op, Period, Quota};

/// What the years and ages of a rule are counted from.
type Context = (u16, Date);

/// A part of a rule that is true or false by itself.
#[derive(Debug)]
enum Leaf {
    /// A figure compared with a number.
    Figure { figure: u32, op: Op, bound: Ratio, small: Option<i64> },
    /// A yes or no of the firm.
    Flag(Key),
    /// The firm's code lies in one of these.
    Codes(Key, Vec<Code>),
    /// Anything else, by its rule and context.
    Rule(Expr, Context),
}

/// How leaves are joined.
#[derive(Debug)]
enum Node {
    Leaf(u32),
    Not(u32),
    /// Parts from here on, so many.
    And(u32, u32),
    Or(u32, u32),
    AtLeast(u8, u32, u32),
}

/// A measure taken apart: 申报对象, and rows from here on, so many.
#[derive(Debug)]
struct Program(Scope, u32, u32);

/// A table of measures, ready for many firms.
#[derive(Debug)]
pub struct Decider {
    today: Date,
    /// With whether it is about the record that is decided on, as for the leaves.
    figures: Vec<(Expr, Context, bool)>,
    leaves: Vec<(Leaf, bool)>,
    nodes: Vec<Node>,
    /// Nodes that groups are made of.
    parts: Vec<u32>,
    rows: Vec<(Option<u32>, u32)>,
    programs: Vec<Program>,
}

/// What is known of one firm so far.
#[derive(Debug, Default)]
pub struct Memory {
    figures: Vec<Option<Figure>>,
    leaves: Vec<Option<Known>>,
}

/// The value of a figure; `small` where both ends are whole and fit.
#[derive(Debug, Clone, Copy)]
struct Figure {
    value: Result<Interval, ()>,
    small: Option<(i64, i64)>,
}

/// Bounds, or that a number was too large.
type Known = Result<Bounds, ()>;

/// Collects parts that are written alike.
#[derive(Debug, Default)]
struct Pool {
    known: HashMap<Vec<u8>, u32>,
}

impl Pool {
    /// The number of a part, and whether it is new.
    fn number(&mut self, written: Vec<u8>) -> (u32, bool) {
        let next = self.known.len() as u32;
        let number = *self.known.entry(written).or_insert(next);
        (number, number == next)
    }
}

/// A part as bytes, alike for parts that mean the same.
fn written(expr: &Expr, context: Context, catalogue: &Catalogue) -> Vec<u8> {
    let mut w = Writer::new();
    expr.encode(&mut w);
    if depends_on_context(expr, catalogue) {
        w.size(usize::from(context.0));
        w.int(i128::from(context.1.days()));
    }
    w.into_bytes()
}

/// Whether a part means something else in another year or on another day.
fn depends_on_context(expr: &Expr, catalogue: &Catalogue) -> bool {
    let derived = |fact| catalogue.facts.get(fact).is_some_and(|f| f.derived.is_some());
    let mut found = false;
    expr.walk(&mut |e| {
        found |= match e {
            // Ages and size classes hide behind facts without a period.
            Expr::Fact(fact, Period::None) | Expr::In(fact, ..) | Expr::PickFact(fact, _) => derived(fact),
            Expr::Fact(_, Period::Days(..) | Period::Until(_)) => false,
            Expr::Fact(..) | Expr::Rising(..) | Expr::Param(..) | Expr::Has(..) => true,
            Expr::Call(Func::Since, _) => true,
            _ => false,
        };
    });
    found
}

impl Decider {
    /// Takes the rules of `measures` apart for decisions on `today`.
    pub fn new(measures: &[Measure], catalogue: &Catalogue, today: Date) -> Self {
        let mut builder = Builder::new(today);
        builder.add(measures, catalogue);
        builder.finish()
    }

    /// The day that is decided on.
    pub fn today(&self) -> Date {
        self.today
    }

    /// The verdict of every measure for one firm, `None` where a number is too large. Equal to [`evaluate`](crate::eval::evaluate) wherever
    /// that succeeds. `measures` and `catalogue` are those that it was made of; `memory` is used again for the next
    /// firm.
    pub fn verdicts(
        &self,
        measures: &[Measure],
        catalogue: &Catalogue,
        firm: &Firm,
        memory: &mut Memory,
    ) -> Vec<Option<Verdict>> {
        memory.figures.clear();
        memory.figures.resize(self.figures.len(), None);
        memory.leaves.clear();
        memory.leaves.resize(self.leaves.len(), None);
        let mut asked = Asked { decider: self, catalogue, firm, memory, record: (Scope::Firm, 0) };
        let programs = self.programs.iter().take(measures.len());
        programs
            .map(|Program(scope, first, count)| {
                let rows = &self.rows[*first as usize..(*first + *count) as usize];
                asked.subject(*scope, rows).ok().map(Verdict::of)
            })
            .collect()
    }
}

/// Takes rules apart, those of some measures at a time.
#[derive(Debug)]
pub struct Builder {
    /// 申报对象 of the measure that is taken apart.
    subject: Scope,
    decider: Decider,
    figures: Pool,
    leaves: Pool,
}

impl Builder {
    /// Begins with no measure, for decisions on `today`.
    pub fn new(today: Date) -> Self {
        let decider = Decider {
            today,
            figures: Vec::new(),
            leaves: Vec::new(),
            nodes: Vec::new(),
            parts: Vec::new(),
            rows: Vec::new(),
            programs: Vec::new(),
        };
        Self { subject: Scope::Firm, decider, figures: Pool::default(), leaves: Pool::default() }
    }

    /// Takes the next measures of a table, in its order. `catalogue` is the same each time.
    pub fn add(&mut self, measures: &[Measure], catalogue: &Catalogue) {
        for measure in measures {
            self.measure(measure, catalogue);
        }
    }

    /// How many measures have been taken.
    pub fn taken(&self) -> usize {
        self.decider.programs.len()
    }

    /// What was made of them.
    pub fn finish(self) -> Decider {
        self.decider
    }

    fn measure(&mut self, measure: &Measure, catalogue: &Catalogue) {
        self.subject = measure.subject;
        let context = (measure.base_year_on(self.decider.today), measure.reference_on(self.decider.today));
        let mut rows = Vec::with_capacity(measure.conditions.len());
        for short in [true, false] {
            for condition in measure.conditions.iter().filter(|c| is_short(&c.rule) == short) {
                let guard = condition.guard.as_ref().map(|guard| self.node(guard, context, catalogue));
                rows.push((guard, self.node(&condition.rule, context, catalogue)));
            }
        }
        let first = self.decider.rows.len() as u32;
        self.decider.programs.push(Program(measure.subject, first, rows.len() as u32));
        self.decider.rows.extend(rows);
    }

    fn push(&mut self, node: Node) -> u32 {
        self.decider.nodes.push(node);
        (self.decider.nodes.len() - 1) as u32
    }

    /// Takes a rule apart; the number of its node.
    fn node(&mut self, expr: &Expr, context: Context, catalogue: &Catalogue) -> u32 {
        let list = match expr {
            Expr::And(list) | Expr::Or(list) | Expr::KOf(Quota::AtLeast, _, list) => list,
            Expr::Not(inner) => {
                let inner = self.node(inner, context, catalogue);
                return self.push(Node::Not(inner));
            }
            Expr::In(fact, members, true) => {
                let plain = Expr::In(*fact, members.clone(), false);
                let inner = self.node(&plain, context, catalogue);
                return self.push(Node::Not(inner));
            }
            leaf => {
                let of_record = self.speaks_of_record(leaf, catalogue);
                let mut written = written(leaf, context, catalogue);
                if of_record {
                    written.push(self.subject as u8);
                }
                let (number, new) = self.leaves.number(written);
                if new {
                    let leaf = self.leaf(leaf, context, of_record, catalogue);
                    self.decider.leaves.push((leaf, of_record));
                }
                return self.push(Node::Leaf(number));
            }
        };
        let parts: Vec<u32> = list.iter().map(|part| self.node(part, context, catalogue)).collect();
        let (first, count) = (self.decider.parts.len() as u32, parts.len() as u32);
        self.decider.parts.extend(parts);
        self.push(match expr {
            Expr::And(_) => Node::And(first, count),
            Expr::KOf(_, k, _) => Node::AtLeast(*k, first, count),
            _ => Node::Or(first, count),
        })
    }

    /// Whether a part names a fact of the records that the measure is decided for.
    fn speaks_of_record(&self, expr: &Expr, catalogue: &Catalogue) -> bool {
        let mut found = false;
        if self.subject != Scope::Firm {
            expr.walk(&mut |e| {
                let fact = e.fact().and_then(|no| catalogue.facts.get(&no));
                found |= fact.is_some_and(|f| f.scope == self.subject);
            });
        }
        found
    }

    fn leaf(&mut self, expr: &Expr, context: Context, of_record: bool, catalogue: &Catalogue) -> Leaf {
        let firm_fact = |fact| catalogue.facts.get(&fact).is_some_and(|f| f.scope == Scope::Firm);
        match expr {
            Expr::Flag(fact) if firm_fact(*fact) => Leaf::Flag(Key::plain(*fact)),
            Expr::In(fact, Members::Codes(lists, codes), false) if firm_fact(*fact) => {
                let listed = lists.iter().filter_map(|no| catalogue.lists.get(no)).flat_map(|l| &l.codes);
                let all: Vec<Code> = codes.iter().chain(listed).copied().collect();
                // 中国 holds for a firm of which nothing is known.
                if all.contains(&Code::ALL) {
                    Leaf::Rule(expr.clone(), context)
                } else {
                    Leaf::Codes(Key::plain(*fact), all)
                }
            }
            Expr::Compare(op, a, b) => match &**b {
                Expr::Const(bound, _) if is_figure(a) => {
                    let mut written = written(a, context, catalogue);
                    if of_record {
                        written.push(self.subject as u8);
                    }
                    let (figure, new) = self.figures.number(written);
                    if new {
                        self.decider.figures.push(((**a).clone(), context, of_record));
                    }
                    let small = bound.is_integer().then(|| i64::try_from(bound.numerator()).ok()).flatten();
                    Leaf::Figure { figure, op: *op, bound: *bound, small }
                }
                _ => Leaf::Rule(expr.clone(), context),
            },
            other => Leaf::Rule(other.clone(), context),
        }
    }
}

/// Whether a rule is looked at before the others: most firms fail at a short one.
fn is_short(expr: &Expr) -> bool {
    let mut parts = 0;
    expr.walk(&mut |_| parts += 1);
    parts <= 12
}

/// Whether the left side of a comparison is a figure on its own: not made year by year, no compound rate.
fn is_figure(expr: &Expr) -> bool {
    let mut plain = true;
    expr.walk(&mut |e| {
        plain &= !matches!(
            e,
            Expr::Fact(_, Period::Over(_, Aggregate::Each | Aggregate::Any | Aggregate::Compound, _))
        );
    });
    plain
}

/// A firm that is asked of.
struct Asked<'m> {
    decider: &'m Decider,
    catalogue: &'m Catalogue,
    firm: &'m Firm,
    memory: &'m mut Memory,
    /// The record that is decided on.
    record: (Scope, u8),
}

impl Asked<'_> {
    /// The best record of a measure's scope, as `evaluate` has it.
    fn subject(&mut self, scope: Scope, rows: &[(Option<u32>, u32)]) -> Result<Truth, ()> {
        if scope == Scope::Firm {
            return Ok(self.rows(rows)?.truth());
        }
        let told = self.firm.records(scope);
        let mut best = Truth::False;
        for record in 1..=told.count + u8::from(!told.closed) {
            self.record = (scope, record);
            let bounds = self.rows(rows)?;
            // One that was not told of may not exist.
            let bounds = if record > told.count { bounds.min(Bounds::OPEN) } else { bounds };
            best = best.max(bounds.truth());
        }
        Ok(best)
    }

    fn rows(&mut self, rows: &[(Option<u32>, u32)]) -> Known {
        let mut bounds = Bounds::of(Truth::True);
        for (guard, rule) in rows {
            let guard = guard.map(|guard| self.node(guard)).transpose()?;
            // A row that is left out is not looked at, so that a number in it cannot be too large.
            if guard.is_some_and(|guard| guard.best == Truth::False) {
                continue;
            }
            let rule = self.node(*rule)?;
            bounds = bounds.min(guard.map_or(rule, |guard| guard.negate().max(rule)));
            if bounds.best == Truth::False {
                break;
            }
        }
        Ok(bounds)
    }

    fn node(&mut self, no: u32) -> Known {
        Ok(match self.decider.nodes[no as usize] {
            Node::Leaf(leaf) if self.is_passing(self.decider.leaves[leaf as usize].1) => self.leaf(leaf)?,
            Node::Leaf(leaf) => match self.memory.leaves[leaf as usize] {
                Some(known) => known?,
                None => {
                    let known = self.leaf(leaf);
                    self.memory.leaves[leaf as usize] = Some(known);
                    known?
                }
            },
            Node::Not(inner) => self.node(inner)?.negate(),
            Node::And(first, count) => {
                let mut bounds = Bounds::of(Truth::True);
                for at in first..first + count {
                    bounds = bounds.min(self.part(at)?);
                    if bounds.best == Truth::False {
                        break;
                    }
                }
                bounds
            }
            Node::Or(first, count) => {
                let mut bounds = Bounds::of(Truth::False);
                for at in first..first + count {
                    bounds = bounds.max(self.part(at)?);
                    if bounds.worst == Truth::True {
                        break;
                    }
                }
                bounds
            }
            Node::AtLeast(k, first, count) => {
                let mut values = Vec::with_capacity(count as usize);
                for at in first..first + count {
                    values.push(self.part(at)?);
                }
                Bounds::kth_largest(&values, usize::from(k))
            }
        })
    }

    fn part(&mut self, at: u32) -> Known {
        self.node(self.decider.parts[at as usize])
    }

    fn leaf(&mut self, no: u32) -> Known {
        let decider = self.decider;
        let (leaf, of_record) = &decider.leaves[no as usize];
        match leaf {
            Leaf::Figure { figure, op, bound, small } => {
                let value = self.figure(*figure);
                match (value.small, small) {
                    (Some(value), Some(bound)) => Ok(compare_small(*op, value, *bound)),
                    _ => Ok(Bounds::of(compare(*op, value.value?, Interval::point(*bound)))),
                }
            }
            Leaf::Flag(key) => Ok(match self.firm.get(*key) {
                Some(Answer::Flag(value)) => Bounds::of(if *value { Truth::True } else { Truth::False }),
                _ => Bounds::OPEN,
            }),
            Leaf::Codes(key, codes) => Ok(match self.firm.get(*key) {
                Some(Answer::Code(code)) => Bounds::of(
                    codes
                        .iter()
                        .map(|other| match code.nesting(*other) {
                            Nesting::Inside => Truth::True,
                            Nesting::Contains => Truth::Unknown,
                            Nesting::Apart => Truth::False,
                        })
                        .max()
                        .unwrap_or(Truth::False),
                ),
                _ => Bounds::OPEN,
            }),
            Leaf::Rule(expr, context) => self.evaluator(*context, *of_record).bounds(expr).map_err(|_| ()),
        }
    }

    fn figure(&mut self, no: u32) -> Figure {
        let (expr, context, of_record) = &self.decider.figures[no as usize];
        let passing = self.is_passing(*of_record);
        if let (Some(known), false) = (self.memory.figures[no as usize], passing) {
            return known;
        }
        let value = self.evaluator(*context, *of_record).number(expr).map_err(|_| ());
        let end = |end: Option<Ratio>, open: i64| match end {
            None => Some(open),
            // The ends of i64 stand for no end.
            Some(end) if end.is_integer() => {
                i64::try_from(end.numerator()).ok().filter(|n| *n > i64::MIN && *n < i64::MAX)
            }
            Some(_) => None,
        };
        let small = value.ok().and_then(|v| end(v.lo, i64::MIN).zip(end(v.hi, i64::MAX)));
        let known = Figure { value, small };
        if !passing {
            self.memory.figures[no as usize] = Some(known);
        }
        known
    }

    /// Whether a part is about a record that it is not remembered for: only the first of a scope is.
    fn is_passing(&self, of_record: bool) -> bool {
        of_record && self.record.1 != 1
    }

    fn evaluator(&self, (base_year, reference): Context, of_record: bool) -> Evaluator<'_> {
        let evaluator = Evaluator::at(base_year, reference, self.catalogue, self.firm);
        let (scope, record) = self.record;
        if of_record { evaluator.for_record(scope, record) } else { evaluator }
    }
}

/// [`compare`] for whole numbers; the ends of i64 stand for no end.
fn compare_small(op: Op, (lo, hi): (i64, i64), bound: i64) -> Bounds {
    let (no_lo, no_hi) = (lo == i64::MIN, hi == i64::MAX);
    let decide = |yes: bool, no: bool| match (yes, no) {
        (true, _) => Bounds::of(Truth::True),
        (_, true) => Bounds::of(Truth::False),
        _ => Bounds::OPEN,
    };
    let ge = (!no_lo && lo >= bound, !no_hi && hi < bound);
    let gt = (!no_lo && lo > bound, !no_hi && hi <= bound);
    let eq =
        (!no_lo && !no_hi && lo == bound && hi == bound, (!no_hi && hi < bound) || (!no_lo && lo > bound));
    match op {
        Op::Ge => decide(ge.0, ge.1),
        Op::Lt => decide(ge.1, ge.0),
        Op::Gt => decide(gt.0, gt.1),
        Op::Le => decide(gt.1, gt.0),
        Op::Eq => decide(eq.0, eq.1),
        Op::Ne => decide(eq.1, eq.0),
    }
}
