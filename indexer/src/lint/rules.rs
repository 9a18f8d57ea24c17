//! Rules that can never be met, rules that everybody meets, and conditions that exclude each other.
//!
//! A rule is brought into disjunctive form over comparisons with constants, memberships, sets and flags; a term is
//! impossible when what it asks of one and the same fact excludes itself. What the method does not understand counts
//! as possible, so it never blames a rule that somebody can meet.

use std::collections::BTreeMap;

use huiqi_engine::catalogue::{Catalogue, Code, FactNo, Nesting};
use huiqi_engine::codec::Writer;
use huiqi_engine::eval::Evaluator;
use huiqi_engine::measure::RowKind;
use huiqi_engine::num::Ratio;
use huiqi_engine::rule::{Aggregate, Expr, Item, Members, Mode, Op, Period};

use crate::diagnostic::Diagnostic;
use crate::fields::Sink;
use crate::lint::{Context, NOBODY, Pair, rows, whole};
use crate::policy::PolicyMeasure;
use crate::yaml::Node;

/// Most terms of one rule; a longer one is left alone.
const MAX_TERMS: usize = 256;

/// What is asked of one fact.
#[derive(Debug, Clone)]
enum Literal {
    /// A number, named by its byte code, compared with a constant.
    Number(Vec<u8>, Op, Ratio),
    /// Region, industry or option.
    Member(FactNo, Members, bool),
    /// A flag, an item of a set, or something else that is only true or false.
    Sign(Vec<u8>, bool),
}

type Term = Vec<Literal>;

/// Any of these; `None` when there are too many.
type Terms = Option<Vec<Term>>;

pub(super) fn file(pairs: &[Pair<'_>], context: &Context<'_>, sink: &mut Sink) {
    for (node, measure) in pairs {
        if !measure.broken {
            check(node, measure, context, sink);
        }
    }
}

fn check(node: &Node, measure: &PolicyMeasure, context: &Context<'_>, sink: &mut Sink) {
    let mut lines = rows(node, "条件").iter();
    let mut solver = Solver::new(measure, context);
    // Rules that must all hold, with what stands at their place.
    let mut kept: Vec<(Vec<Term>, Option<&Node>)> = Vec::new();
    for condition in &measure.measure.conditions {
        let line = if condition.kind == RowKind::Area { None } else { lines.next() };
        let key = match condition.kind {
            RowKind::Rule => "规则",
            RowKind::Exclude => "排除",
            RowKind::Area => "",
            _ => continue,
        };
        let value = line.and_then(|line| line.get(key));
        let Some(terms) = solver.possible(&condition.rule, true) else { continue };
        if let Some(value) = value {
            let never = terms.is_empty();
            let always = !never && solver.possible(&condition.rule, false).is_some_and(|t| t.is_empty());
            if never || always {
                let excludes = condition.kind == RowKind::Exclude;
                let (code, word) = match (never, excludes) {
                    (true, false) => ("P241", "这条规则永远不成立，没有企业能符合"),
                    (true, true) => ("P241", "这条排除总是成立，没有企业能符合"),
                    (false, false) => ("P242", "这条规则总是成立，等于没写"),
                    (false, true) => ("P242", "这条排除永远不成立，等于没写"),
                };
                sink.report(Diagnostic::new(code, whole(value), word).hint("核对数字、单位和 ≥ ≤ 的方向"));
                if never {
                    continue;
                }
            }
        }
        if condition.guard.is_none() {
            kept.push((terms, value));
        }
    }
    for (at, (terms, value)) in kept.iter().enumerate() {
        let clash = kept[..at].iter().find(|(other, _)| solver.exclude_each_other(other, terms));
        if let (Some((_, other)), Some(value)) = (clash, value) {
            let other = other.map_or_else(
                || "适用地区".to_owned(),
                |n| format!("第 {} 行的“{}”", n.place.line, n.text().unwrap_or_default()),
            );
            let message = format!("这条和{other}不可能同时成立，没有企业能符合");
            sink.report(
                Diagnostic::new("P243", whole(value), message).hint("核对两条条件；只要满足一条的写成 或"),
            );
        }
    }
}

struct Solver<'a> {
    catalogue: &'a Catalogue,
    evaluator: Evaluator<'a>,
    /// Least and greatest value that a number can have at all.
    domains: BTreeMap<Vec<u8>, (Option<Ratio>, Option<Ratio>)>,
}

impl<'a> Solver<'a> {
    fn new(measure: &PolicyMeasure, context: &'a Context<'_>) -> Self {
        let catalogue = &context.tables.catalogue;
        let evaluator = Evaluator::new(&measure.measure, catalogue, &NOBODY, context.today);
        Self { catalogue, evaluator, domains: BTreeMap::new() }
    }

    /// The terms of a rule, or of its contrary, that somebody can meet.
    fn possible(&mut self, rule: &Expr, wanted: bool) -> Terms {
        let mut terms = self.terms(rule, wanted)?;
        terms.retain(|term| self.meets(term));
        Some(terms)
    }

    fn exclude_each_other(&self, a: &[Term], b: &[Term]) -> bool {
        if a.len() * b.len() > MAX_TERMS {
            return false;
        }
        a.iter().all(|x| b.iter().all(|y| !self.meets(&[x.clone(), y.clone()].concat())))
    }

    fn terms(&mut self, rule: &Expr, wanted: bool) -> Terms {
        let one = |literal| Some(vec![vec![literal]]);
        match rule {
            Expr::Not(inner) => self.terms(inner, !wanted),
            Expr::And(list) | Expr::Or(list) => {
                let all = matches!(rule, Expr::And(_)) == wanted;
                let parts = list.iter().map(|part| self.terms(part, wanted)).collect::<Option<Vec<_>>>()?;
                if all { product(parts) } else { sum(parts) }
            }
            Expr::Compare(op, left, right) => {
                let (left, op, value) = match (&**left, &**right) {
                    (left, Expr::Const(value, _)) => (left, *op, *value),
                    (Expr::Const(value, _), right) => (right, turned(*op), *value),
                    _ => return one(Literal::Sign(code(rule), wanted)),
                };
                if speaks_of_each_year(left) {
                    return one(Literal::Sign(code(rule), wanted));
                }
                let op = if wanted { op } else { contrary(op) };
                one(self.number(left, op, value))
            }
            Expr::Between(inner, ..) if speaks_of_each_year(inner) => one(Literal::Sign(code(rule), wanted)),
            Expr::Between(inner, low, high) => match (&**low, &**high) {
                (Expr::Const(low, _), Expr::Const(high, _)) if wanted => {
                    Some(vec![vec![self.number(inner, Op::Ge, *low), self.number(inner, Op::Le, *high)]])
                }
                (Expr::Const(low, _), Expr::Const(high, _)) => Some(vec![
                    vec![self.number(inner, Op::Lt, *low)],
                    vec![self.number(inner, Op::Gt, *high)],
                ]),
                _ => one(Literal::Sign(code(rule), wanted)),
            },
            Expr::In(fact, members, not) => one(Literal::Member(*fact, members.clone(), *not != wanted)),
            Expr::Has(fact, mode, items) => {
                let each = |wanted: bool| {
                    let parts = items.iter().map(|item| Some(vec![vec![has(*fact, *item, wanted)]]));
                    parts.collect::<Option<Vec<_>>>()
                };
                match (mode, wanted) {
                    (Mode::Any, true) => sum(each(true)?),
                    (Mode::Any, false) | (Mode::None, true) => product(each(false)?),
                    (Mode::All, true) => product(each(true)?),
                    (Mode::All, false) => sum(each(false)?),
                    (Mode::None, false) => sum(each(true)?),
                    (Mode::AtLeast(_), _) => one(Literal::Sign(code(rule), wanted)),
                }
            }
            // A person's judgement, a promise and whatever speaks of several records may go either way.
            Expr::Verify(_) | Expr::Promise(_) => Some(vec![Vec::new()]),
            _ => one(Literal::Sign(code(rule), wanted)),
        }
    }

    fn number(&mut self, left: &Expr, op: Op, value: Ratio) -> Literal {
        let key = code(left);
        if !self.domains.contains_key(&key) {
            let domain = self.evaluator.number(left).map_or((None, None), |i| (i.lo, i.hi));
            self.domains.insert(key.clone(), domain);
        }
        Literal::Number(key, op, value)
    }

    /// Whether somebody can meet all of it.
    fn meets(&self, term: &[Literal]) -> bool {
        let mut ranges: BTreeMap<&[u8], Range> = BTreeMap::new();
        let mut signs: BTreeMap<&[u8], bool> = BTreeMap::new();
        let mut members: BTreeMap<FactNo, Vec<(&Members, bool)>> = BTreeMap::new();
        for literal in term {
            match literal {
                Literal::Number(key, op, value) => {
                    let domain = self.domains.get(key).copied().unwrap_or_default();
                    let range = ranges.entry(key).or_insert_with(|| Range::of(domain));
                    if !range.narrow(*op, *value) {
                        return false;
                    }
                }
                Literal::Sign(key, wanted) => {
                    if *signs.entry(key).or_insert(*wanted) != *wanted {
                        return false;
                    }
                }
                Literal::Member(fact, set, wanted) => members.entry(*fact).or_default().push((set, *wanted)),
            }
        }
        members.iter().all(|(fact, sets)| self.belongs(*fact, sets))
    }

    /// Whether something belongs to all wanted sets and to none of the others.
    fn belongs(&self, fact: FactNo, sets: &[(&Members, bool)]) -> bool {
        if let Some(Members::Options(_)) = sets.first().map(|(set, _)| set) {
            let count = self.catalogue.facts.get(&fact).map_or(0, |f| f.options.len());
            return (0..count).any(|option| {
                sets.iter().all(|(set, wanted)| match set {
                    Members::Options(list) => list.iter().any(|o| usize::from(*o) == option) == *wanted,
                    Members::Codes(..) => true,
                })
            });
        }
        let codes = |set: &Members| match set {
            Members::Codes(lists, codes) => {
                let named = lists.iter().filter_map(|no| self.catalogue.lists.get(no)).flat_map(|l| &l.codes);
                named.chain(codes).copied().collect::<Vec<Code>>()
            }
            Members::Options(_) => Vec::new(),
        };
        let mut left: Option<Vec<Code>> = None;
        for (set, _) in sets.iter().filter(|(_, wanted)| *wanted) {
            let set = codes(set);
            left = Some(match left {
                None => set,
                // What two areas share is the deeper of the two, where one lies in the other.
                Some(before) => {
                    before.iter().flat_map(|a| set.iter().filter_map(|b| shared(*a, *b))).collect()
                }
            });
        }
        let Some(left) = left else { return true };
        let refused: Vec<Code> =
            sets.iter().filter(|(_, wanted)| !*wanted).flat_map(|(set, _)| codes(set)).collect();
        left.iter().any(|code| !refused.iter().any(|no| within(*code, *no)))
    }
}

/// 每年, 任一年: not one number but several.
fn speaks_of_each_year(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| {
        found |= matches!(e, Expr::Fact(_, Period::Over(_, Aggregate::Each | Aggregate::Any, _)));
    });
    found
}

fn within(inner: Code, outer: Code) -> bool {
    inner.nesting(outer) == Nesting::Inside
}

fn shared(a: Code, b: Code) -> Option<Code> {
    if within(a, b) {
        Some(a)
    } else if within(b, a) {
        Some(b)
    } else {
        None
    }
}

/// Numbers that are left.
struct Range {
    low: Option<(Ratio, bool)>,
    high: Option<(Ratio, bool)>,
    not: Vec<Ratio>,
}

impl Range {
    fn of((low, high): (Option<Ratio>, Option<Ratio>)) -> Self {
        Self { low: low.map(|v| (v, true)), high: high.map(|v| (v, true)), not: Vec::new() }
    }

    /// Whether anything is left.
    fn narrow(&mut self, op: Op, value: Ratio) -> bool {
        match op {
            Op::Ge | Op::Gt => self.raise(value, op == Op::Ge),
            Op::Le | Op::Lt => self.lower(value, op == Op::Le),
            Op::Eq => {
                self.raise(value, true);
                self.lower(value, true);
            }
            Op::Ne => self.not.push(value),
        }
        let (Some((low, with_low)), Some((high, with_high))) = (self.low, self.high) else { return true };
        match low.cmp(&high) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => with_low && with_high && !self.not.contains(&low),
            std::cmp::Ordering::Greater => false,
        }
    }

    fn raise(&mut self, value: Ratio, with: bool) {
        if self.low.is_none_or(|(low, had)| value > low || (value == low && had && !with)) {
            self.low = Some((value, with));
        }
    }

    fn lower(&mut self, value: Ratio, with: bool) {
        if self.high.is_none_or(|(high, had)| value < high || (value == high && had && !with)) {
            self.high = Some((value, with));
        }
    }
}

fn sum(parts: Vec<Vec<Term>>) -> Terms {
    let terms: Vec<Term> = parts.into_iter().flatten().collect();
    (terms.len() <= MAX_TERMS).then_some(terms)
}

fn product(parts: Vec<Vec<Term>>) -> Terms {
    let mut terms: Vec<Term> = vec![Vec::new()];
    for part in parts {
        if terms.len() * part.len() > MAX_TERMS {
            return None;
        }
        terms = terms.iter().flat_map(|t| part.iter().map(|p| [t.clone(), p.clone()].concat())).collect();
    }
    Some(terms)
}

fn code(expr: &Expr) -> Vec<u8> {
    let mut w = Writer::new();
    expr.encode(&mut w);
    w.into_bytes()
}

fn has(fact: FactNo, item: Item, wanted: bool) -> Literal {
    Literal::Sign(code(&Expr::Has(fact, Mode::Any, vec![item])), wanted)
}

fn turned(op: Op) -> Op {
    match op {
        Op::Ge => Op::Le,
        Op::Le => Op::Ge,
        Op::Gt => Op::Lt,
        Op::Lt => Op::Gt,
        same => same,
    }
}

fn contrary(op: Op) -> Op {
    match op {
        Op::Ge => Op::Lt,
        Op::Le => Op::Gt,
        Op::Gt => Op::Le,
        Op::Lt => Op::Ge,
        Op::Eq => Op::Ne,
        Op::Ne => Op::Eq,
    }
}
