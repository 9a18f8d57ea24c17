//! Names, types and units: turns a syntax tree into a checked [`Expr`] or says
//! in Chinese what does not fit.

use std::ops::Range;

use super::syntax::{HasMode, HeadNode, ItemNode, Node, NodeKind, RuleError, parse, parse_period};
use super::{
    Aggregate, Arith, Expr, Func, Head, Item, MAX_DEPTH, Members, Mode, Op, Period, TextNo, When, Year, Years,
};
use crate::catalogue::{Catalogue, Code, Fact, FactNo, FactType, ItemClass, ItemNo, ListNo, Scope};
use crate::firm::Held;
use crate::num::Ratio;
use crate::unit::{COUNT_UNITS, CURRENCIES, Dimension, Units};

type Checked<T> = Result<T, RuleError>;

/// Names in the catalogue that a person may have meant, and other words for
/// names (别名).
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    /// 别名 of facts.
    pub facts: Vec<(String, FactNo)>,
    /// 别名 of qualifications, programmes and rosters.
    pub items: Vec<(String, ItemNo)>,
    /// Named groups of industries, e.g. 工业.
    pub industries: Vec<(String, Vec<Code>)>,
}

/// What the names in a rule mean.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The tables.
    pub catalogue: &'a Catalogue,
    /// Other words for their rows.
    pub aliases: &'a Aliases,
    /// 申报对象 of the measure: whose facts a rule may speak of beside the firm's.
    pub subject: Scope,
}

/// A line of text after reading and checking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The rule, unless some problem is an error.
    pub expr: Option<Expr>,
    /// Everything that is wrong or doubtful, in the order of the text.
    pub problems: Vec<RuleError>,
}

impl Compiled {
    /// The rule, or the first error.
    ///
    /// # Errors
    /// The first problem that is no warning.
    pub fn into_result(self) -> Result<Expr, RuleError> {
        let error = self.problems.into_iter().find(|p| !p.warning);
        self.expr.ok_or_else(|| error.unwrap_or_else(|| RuleError::new("P165", 0..0, "这一行读不出来")))
    }
}

struct Checker<'a> {
    names: Names<'a>,
    texts: &'a mut Vec<String>,
    problems: Vec<RuleError>,
    /// Scope bound by 有, 每个 or 个数 around the current part.
    bound: Option<Scope>,
}

/// What a checked node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Truth,
    Number(Dimension),
    /// 未定: fits every amount.
    AnyAmount,
}

/// Reads and checks a condition. `texts` collects what stands in 「」.
pub fn compile_rule(text: &str, names: Names<'_>, texts: &mut Vec<String>) -> Compiled {
    compile(text, names, texts, |checker, node| checker.truth(node))
}

/// Reads and checks an amount: money in 元, or 未定.
pub fn compile_amount(text: &str, names: Names<'_>, texts: &mut Vec<String>) -> Compiled {
    compile(text, names, texts, |checker, node| {
        let (expr, ty) = checker.node(node)?;
        match ty {
            Type::AnyAmount | Type::Number(Dimension::YUAN) => Ok(expr),
            other => Err(RuleError::new(
                "P131",
                node.span.clone(),
                format!("这里应是金额，写的是{}", other.describe()),
            )
            .hint("金额写成 500万元，或 设备投入[上年] × 20%")),
        }
    })
}

fn compile(
    text: &str,
    names: Names<'_>,
    texts: &mut Vec<String>,
    check: impl FnOnce(&mut Checker<'_>, &Node) -> Checked<Expr>,
) -> Compiled {
    let (node, problems) = parse(text);
    let mut checker = Checker { names, texts, problems, bound: None };
    let mut expr = None;
    let unread = checker.problems.iter().any(|p| !p.warning);
    match check(&mut checker, &node) {
        Ok(checked) => expr = Some(checked),
        // What was only read in part need not be a condition or an amount.
        Err(error) if unread && matches!(error.code, "P130" | "P131") => {}
        Err(error) => checker.report(error),
    }
    if let Some(deep) = expr.as_ref().map(Expr::depth).filter(|depth| *depth > MAX_DEPTH) {
        let error =
            RuleError::new("P166", node.span.clone(), format!("规则套了 {deep} 层，最多 {MAX_DEPTH} 层"));
        checker.report(error.hint("拆成几条"));
    }
    let mut problems = checker.problems;
    problems.sort_by_key(|p| (p.span.start, p.span.end));
    Compiled { expr: expr.filter(|_| problems.iter().all(|p| p.warning)), problems }
}

impl Type {
    fn describe(self) -> String {
        match self {
            Self::Truth => "条件".to_owned(),
            Self::Number(d) => d.describe(),
            Self::AnyAmount => "未定的金额".to_owned(),
        }
    }
}

/// The dimension of a numeric fact, `None` for the others.
pub(crate) fn fact_dimension(fact: &Fact) -> Option<Dimension> {
    match fact.kind {
        FactType::Money => {
            let currency = CURRENCIES.iter().rposition(|c| fact.unit.ends_with(c)).unwrap_or(0);
            // 元 is a suffix of every other currency, hence the last match.
            Some(Dimension::money(currency as u8))
        }
        FactType::Count => {
            COUNT_UNITS.iter().position(|u| *u == fact.unit).map(|u| Dimension::count(u as u8))
        }
        FactType::Share => Some(Dimension::Share),
        FactType::Duration => Some(Dimension::MONTHS),
        FactType::Date => Some(Dimension::Date),
        _ => None,
    }
}

/// The dimension of a numeric expression, as far as it has one.
pub fn dimension(expr: &Expr, catalogue: &Catalogue) -> Option<Dimension> {
    let of = |expr: &Expr| dimension(expr, catalogue);
    match expr {
        Expr::Const(_, dimension) => Some(*dimension),
        Expr::Fact(
            _,
            Period::Growth(_) | Period::Over(_, Aggregate::MeanGrowth | Aggregate::Compound, _),
        ) => Some(Dimension::Share),
        Expr::Fact(fact, _) => catalogue.facts.get(fact).and_then(fact_dimension),
        Expr::Param(no, _) => catalogue.params.get(no).map(|p| p.dimension),
        Expr::Arith(Arith::Mul, a, b) => product(a, of(a)?, b, of(b)?),
        Expr::Arith(Arith::Div, a, b) => of(a)?.per(of(b)?),
        Expr::Arith(_, a, b) => of(a).or_else(|| of(b)),
        Expr::Range(a, _) => of(a),
        Expr::Call(Func::Since, _) => Some(Dimension::MONTHS),
        Expr::Call(_, list) => list.iter().find_map(of),
        Expr::Pick(_, rows) | Expr::PickFact(_, rows) => rows.iter().find_map(|(_, e)| of(e)),
        Expr::Slices(key, rows) => of(key)?.times(rows.iter().find_map(|(_, e)| of(e))?),
        Expr::If(_, a, b) => of(a).or_else(|| of(b)),
        Expr::Tally(scope, _) => tally_dimension(*scope),
        Expr::Undecided | Expr::AmountOf(_) => Some(Dimension::YUAN),
        _ => None,
    }
}

/// Dimension of a product. So many projects times 10万元 is money; times 10万元/个 as well.
fn product(a: &Expr, x: Dimension, b: &Expr, y: Dimension) -> Option<Dimension> {
    match (a, b) {
        (Expr::Tally(..), _) if y.currency().is_some() => Some(y),
        (_, Expr::Tally(..)) if x.currency().is_some() => Some(x),
        _ => x.times(y),
    }
}

fn tally_dimension(scope: Scope) -> Option<Dimension> {
    COUNT_UNITS.iter().position(|u| *u == scope.unit()).map(|u| Dimension::count(u as u8))
}

impl<'a> Checker<'a> {
    /// Notes a problem and goes on.
    fn report(&mut self, problem: RuleError) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn truth(&mut self, node: &Node) -> Checked<Expr> {
        let (expr, ty) = self.node(node)?;
        match ty {
            Type::Truth => Ok(expr),
            other => Err(RuleError::new(
                "P130",
                node.span.clone(),
                format!("这里应是条件，写的是{}", other.describe()),
            )
            .hint("条件要有比较，如 营业收入[上年] ≥ 2000万元")),
        }
    }

    fn number(&mut self, node: &Node) -> Checked<(Expr, Dimension)> {
        let (expr, ty) = self.node(node)?;
        match ty {
            Type::Number(dimension) => Ok((expr, dimension)),
            other => Err(RuleError::new(
                "P132",
                node.span.clone(),
                format!("这里应是数，写的是{}", other.describe()),
            )),
        }
    }

    /// All parts; a problem in one does not hide those of the others.
    fn truths(&mut self, list: &[Node]) -> Vec<Expr> {
        let mut exprs = Vec::with_capacity(list.len());
        for node in list {
            match self.truth(node) {
                Ok(expr) => exprs.push(expr),
                Err(error) => self.report(error),
            }
        }
        exprs
    }

    fn text(&mut self, text: &str, span: &Range<usize>) -> Checked<TextNo> {
        if text.trim().is_empty() {
            return Err(RuleError::new("P151", span.clone(), "「」里没有文字").hint("写清楚要核实或承诺什么"));
        }
        let number = self.texts.iter().position(|t| t == text).unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        TextNo::try_from(number).map_err(|_| RuleError::new("P152", span.clone(), "一个事项里的文字太多"))
    }

    fn node(&mut self, node: &Node) -> Checked<(Expr, Type)> {
        let span = &node.span;
        let truth = |expr| Ok((expr, Type::Truth));
        match &node.kind {
            // Reported when it was read; the rule as a whole is dropped.
            NodeKind::Error => truth(Expr::And(Vec::new())),
            NodeKind::And(list) => truth(Expr::And(self.truths(list))),
            NodeKind::Or(list) => truth(Expr::Or(self.truths(list))),
            NodeKind::Not(inner) => {
                let expr = self.truth(inner)?;
                no_verify(&expr, "非", span)?;
                truth(Expr::Not(Box::new(expr)))
            }
            NodeKind::KOf(quota, k, list) => {
                let list = self.truths(list);
                if *quota != super::Quota::AtLeast {
                    for expr in &list {
                        no_verify(expr, "至多、恰好", span)?;
                    }
                }
                truth(Expr::KOf(*quota, *k, list))
            }
            NodeKind::Verify(text) => truth(Expr::Verify(self.text(text, span)?)),
            NodeKind::Promise(text) => truth(Expr::Promise(self.text(text, span)?)),
            NodeKind::Compare(op, left, right) => self.compare(*op, left, right, span),
            NodeKind::Between(x, low, high) => {
                let (x_expr, x_dim) = self.number(x)?;
                let (low_expr, low_dim) = self.number(low)?;
                let (high_expr, high_dim) = self.number(high)?;
                same(x_dim, low_dim, &low.span)?;
                same(x_dim, high_dim, &high.span)?;
                if let (Expr::Const(a, _), Expr::Const(b, _)) = (&low_expr, &high_expr)
                    && a > b
                {
                    return Err(RuleError::new("P143", span.clone(), "“介于”的前一个数比后一个大")
                        .hint("小的在前，大的在后"));
                }
                for (expr, node) in [(&x_expr, x), (&low_expr, low), (&high_expr, high)] {
                    fixed(expr, &node.span)?;
                    alone(expr, &node.span)?;
                    if !element_windows(expr).is_empty() {
                        return Err(RuleError::new("P121", node.span.clone(), "“介于”里不能写 每年、任一年")
                            .hint("写成两个比较，用 且 连起来"));
                    }
                }
                truth(Expr::Between(Box::new(x_expr), Box::new(low_expr), Box::new(high_expr)))
            }
            NodeKind::In(left, items, negated) => {
                let (no, fact) = self.plain_fact(left)?;
                let members = self.members(fact, items, &left.span)?;
                truth(Expr::In(no, members, *negated))
            }
            NodeKind::Has(left, mode, items) => {
                let (no, fact) = self.plain_fact(left)?;
                if !fact.kind.is_set() {
                    let message = format!("“含”的左边应是多项的集合，“{}”是{}", fact.name, fact.kind.name());
                    return Err(RuleError::new("P134", left.span.clone(), message));
                }
                if fact.kind == FactType::Rosters {
                    return Err(RuleError::new("P134", span.clone(), "名单不写“含”")
                        .hint("写成 在名单 《…》 或 不在名单 《…》"));
                }
                let fact_kind = fact.kind;
                let list = items.iter().map(|i| self.item(no, fact_kind, i)).collect::<Checked<Vec<_>>>()?;
                let mode = match mode {
                    HasMode::Any => Mode::Any,
                    HasMode::All => Mode::All,
                    HasMode::None => Mode::None,
                    HasMode::AtLeast(k) => {
                        if *k == 0 || usize::from(*k) > list.len() {
                            let message = format!("只列了 {} 项，不能要求 {k} 项", list.len());
                            return Err(RuleError::new("P114", span.clone(), message));
                        }
                        Mode::AtLeast(*k)
                    }
                };
                truth(Expr::Has(no, mode, list))
            }
            NodeKind::Roster(subject, items, negated) => {
                let no = self.roster_fact(subject.as_deref(), span)?;
                let list =
                    items.iter().map(|i| self.item(no, FactType::Rosters, i)).collect::<Checked<Vec<_>>>()?;
                truth(Expr::Has(no, if *negated { Mode::None } else { Mode::Any }, list))
            }
            NodeKind::Records(quantifier, scope, rule) => {
                let rule = self.within(*scope, span, |checker| checker.truth(rule))?;
                truth(Expr::Records(*quantifier, *scope, Box::new(rule)))
            }
            NodeKind::Tally(scope, rule) => {
                let rule = self.within(*scope, span, |checker| checker.truth(rule))?;
                no_verify(&rule, "个数", span)?;
                let dimension = tally_dimension(*scope).unwrap_or(Dimension::Number);
                Ok((Expr::Tally(*scope, Box::new(rule)), Type::Number(dimension)))
            }
            NodeKind::Name(scope, name, period) => self.name(*scope, name, period.as_ref(), span),
            NodeKind::Quantity(value, unit) => {
                let (value, dimension) = quantity(*value, unit, span)?;
                Ok((Expr::Const(value, dimension), Type::Number(dimension)))
            }
            NodeKind::Date(date) => Ok((
                Expr::Const(Ratio::int(i128::from(date.days())), Dimension::Date),
                Type::Number(Dimension::Date),
            )),
            NodeKind::Range(a, b) => {
                let (low, low_dim) = self.number(a)?;
                let (high, high_dim) = self.number(b)?;
                same(low_dim, high_dim, &b.span)?;
                if let (Expr::Const(x, _), Expr::Const(y, _)) = (&low, &high)
                    && x > y
                {
                    return Err(
                        RuleError::new("P143", span.clone(), "“~”的前一个数比后一个大").hint("小的在前")
                    );
                }
                Ok((Expr::Range(Box::new(low), Box::new(high)), Type::Number(low_dim)))
            }
            NodeKind::UpTo(inner) => {
                let (high, dimension) = self.number(inner)?;
                let zero = Expr::Const(Ratio::ZERO, dimension);
                Ok((Expr::Range(Box::new(zero), Box::new(high)), Type::Number(dimension)))
            }
            NodeKind::Undecided => Ok((Expr::Undecided, Type::AnyAmount)),
            NodeKind::AmountOf(id) => {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                if id.is_empty() || !id.bytes().all(plain) {
                    return Err(RuleError::new("P172", span.clone(), format!("“{id}”不是事项编号"))
                        .hint("写成 金额(hebei-2023-gxt-0629-01)"));
                }
                Ok((Expr::AmountOf(self.text(id, span)?), Type::Number(Dimension::YUAN)))
            }
            NodeKind::Arith(op, left, right) => self.arith(*op, left, right),
            NodeKind::Call(func, list) => self.call(*func, list, span),
            NodeKind::Bands(slices, key, rows) => self.bands(*slices, key, rows, span),
            NodeKind::If(condition, yes, no) => {
                let condition = self.truth(condition)?;
                let (yes_expr, yes_type) = self.node(yes)?;
                let (no_expr, no_type) = self.node(no)?;
                let ty = join(yes_type, no_type, &no.span)?;
                Ok((Expr::If(Box::new(condition), Box::new(yes_expr), Box::new(no_expr)), ty))
            }
        }
    }

    /// Checks a part in which the facts of `scope` may be named.
    fn within<T>(
        &mut self,
        scope: Scope,
        span: &Range<usize>,
        check: impl FnOnce(&mut Self) -> Checked<T>,
    ) -> Checked<T> {
        if self.bound.is_some() {
            return Err(
                RuleError::new("P171", span.clone(), "有、每个、个数 不能套在一起").hint("拆成几条条件")
            );
        }
        self.bound = Some(scope);
        let result = check(self);
        self.bound = None;
        result
    }

    fn compare(&mut self, op: Op, left: &Node, right: &Node, span: &Range<usize>) -> Checked<(Expr, Type)> {
        if let NodeKind::Name(scope, name, _) = &left.kind
            && let Some((_, fact)) = self.find_fact(*scope, name)
        {
            if fact.kind.is_set() {
                return Err(RuleError::new(
                    "P108",
                    left.span.clone(),
                    format!("“{name}”是多项的集合，不能用“{}”比较", op.sign()),
                )
                .hint(format!("写成 {name} 含 …")));
            }
            if let (FactType::Choice, Op::Eq | Op::Ne, NodeKind::Name(None, option, None)) =
                (fact.kind, op, &right.kind)
            {
                let item = ItemNode {
                    name: option.clone(),
                    title: false,
                    qualifiers: Vec::new(),
                    span: right.span.clone(),
                };
                let node = NodeKind::In(Box::new(left.clone()), vec![item], op == Op::Ne);
                return self.node(&Node { kind: node, span: span.clone() });
            }
            if matches!(fact.kind, FactType::Region | FactType::Industry | FactType::Choice) {
                return Err(RuleError::new(
                    "P135",
                    left.span.clone(),
                    format!("“{name}”是{}，不能用“{}”比较", fact.kind.name(), op.sign()),
                )
                .hint(format!("写成 {name} 属于 …")));
            }
            if fact.kind == FactType::Flag {
                return Err(RuleError::new(
                    "P135",
                    span.clone(),
                    format!("“{name}”是一个是否要素，不用“{}”比较", op.sign()),
                )
                .hint(format!("写成 {name}，或 非 {name}")));
            }
        }
        let left_checked = self.number(left);
        let bare = match &right.kind {
            NodeKind::Quantity(value, scale) if matches!(scale.as_str(), "万" | "亿" | "万亿") => {
                Some((*value, scale))
            }
            // 300 people are meant; 300 of money may be 万元.
            NodeKind::Quantity(value, scale)
                if scale.is_empty() && value.signum() != 0 && !matches!(left.kind, NodeKind::Tally(..)) =>
            {
                let counted = left_checked.as_ref().is_ok_and(|(_, d)| d.counted().is_some());
                counted.then_some((*value, scale))
            }
            _ => None,
        };
        let right_checked = match bare {
            // 2000万 takes its unit from the other side where only one is possible.
            Some((value, scale)) => match &left_checked {
                Ok((_, dimension)) if dimension.currency().is_some() || dimension.counted().is_some() => {
                    let unit = dimension.describe_unit();
                    let text = format!("{}{scale}{unit}", value.decimal(4));
                    self.report(
                        RuleError::warning("P116", right.span.clone(), format!("缺单位，已按“{text}”理解"))
                            .hint(format!("写全：{text}")),
                    );
                    let full = NodeKind::Quantity(value, format!("{scale}{unit}"));
                    self.number(&Node { kind: full, span: right.span.clone() })
                }
                _ => self.number(right),
            },
            None => self.number(right),
        };
        let ((left_expr, left_dim), (mut right_expr, mut right_dim)) = match (left_checked, right_checked) {
            (Ok(a), Ok(b)) => (a, b),
            (Err(first), Err(second)) => {
                self.report(first);
                return Err(second);
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        // How many there are needs no unit, and nothing is nothing in every unit.
        if let Expr::Const(number, unit @ Dimension::Number) = &mut right_expr
            && (*number == Ratio::ZERO && left_dim != Dimension::Date
                || matches!(left_expr, Expr::Tally(..)) && number.is_integer())
        {
            *unit = left_dim;
            right_dim = left_dim;
        }
        if let (Some(_), Expr::Const(number, Dimension::Number)) = (left_dim.currency(), &right_expr) {
            let (number, unit) = (number.decimal(4), left_dim.describe_unit());
            return Err(RuleError::new("P133", right.span.clone(), format!("数“{number}”缺单位"))
                .hint(format!("写成 {number}{unit}，或 {number}万{unit}")));
        }
        if left_dim != right_dim {
            let mut error = RuleError::new(
                "P105",
                right.span.clone(),
                format!("左边是{}，右边是{}，不能比较", left_dim.describe(), right_dim.describe()),
            );
            let area = |d: Dimension| d.counted().map(|u| COUNT_UNITS[usize::from(u)]);
            if let (Some(_), Dimension::Share, NodeKind::Name(_, name, _)) =
                (left_dim.currency(), right_dim, &left.kind)
            {
                error = error.hint(format!(
                    "若想写增长率，请用 {name}[上年同比增长]；若想写占比，请用 {name}[上年] ÷ 营业收入[上年]"
                ));
            } else if let (Some("亩" | "平方米"), Some("亩" | "平方米")) = (area(left_dim), area(right_dim))
            {
                error = error.hint("1 亩是 2000/3 平方米，换算后写同一个单位");
            } else if let (Some(a), Some(b)) = (left_dim.currency(), right_dim.currency())
                && a != b
            {
                error = error.hint("币种不同不能直接比较，请用同一币种的要素");
            }
            return Err(error);
        }
        for (expr, node) in [(&left_expr, left), (&right_expr, right)] {
            fixed(expr, &node.span)?;
        }
        let compound = |e: &Expr| matches!(e, Expr::Fact(_, Period::Over(_, Aggregate::Compound, _)));
        let plain = matches!(right_expr, Expr::Const(..)) && matches!(op, Op::Ge | Op::Gt | Op::Le | Op::Lt);
        if !(compound(&left_expr) && plain) {
            alone(&left_expr, &left.span)?;
        }
        alone(&right_expr, &right.span)?;
        let windows: Vec<(Years, bool)> =
            [&left_expr, &right_expr].iter().flat_map(|e| element_windows(e)).collect();
        let mut other = false;
        for expr in [&left_expr, &right_expr] {
            expr.walk(&mut |e| {
                if let Expr::Fact(_, period) = e {
                    let each = matches!(period, Period::Over(_, Aggregate::Each | Aggregate::Any, _));
                    other |= !each && *period != Period::None;
                }
            });
        }
        if windows.windows(2).any(|w| w[0] != w[1]) || !windows.is_empty() && other {
            return Err(RuleError::new("P121", span.clone(), "两边的年份范围不同")
                .hint("都写 [近3年每年]，或都写 [近3年合计]"));
        }
        Ok((Expr::Compare(op, Box::new(left_expr), Box::new(right_expr)), Type::Truth))
    }

    fn arith(&mut self, op: Arith, left: &Node, right: &Node) -> Checked<(Expr, Type)> {
        let (a, a_type) = self.node(left)?;
        let (b, b_type) = self.node(right)?;
        let bad = |ty: Type, span: &Range<usize>| {
            RuleError::new("P132", span.clone(), format!("这里应是数，写的是{}", ty.describe()))
        };
        let expr = |a, b| Expr::Arith(op, Box::new(a), Box::new(b));
        if let (Type::AnyAmount, Type::AnyAmount | Type::Number(_)) | (Type::Number(_), Type::AnyAmount) =
            (a_type, b_type)
        {
            return Ok((expr(a, b), Type::AnyAmount));
        }
        let Type::Number(x) = a_type else { return Err(bad(a_type, &left.span)) };
        let Type::Number(y) = b_type else { return Err(bad(b_type, &right.span)) };
        let dimension = match op {
            Arith::Add | Arith::Sub => (x == y && x != Dimension::Date).then_some(x),
            Arith::Mul => product(&a, x, &b, y),
            Arith::Div => x.per(y),
        };
        match dimension {
            Some(dimension) => {
                if matches!((op, &b), (Arith::Div, Expr::Const(zero, _)) if *zero == Ratio::ZERO) {
                    return Err(RuleError::new("P144", right.span.clone(), "除数是 0"));
                }
                Ok((expr(a, b), Type::Number(dimension)))
            }
            None => {
                let word = match op {
                    Arith::Add => "相加",
                    Arith::Sub => "相减",
                    Arith::Mul => "相乘",
                    Arith::Div => "相除",
                };
                let message = format!("{}和{}不能{word}", x.describe(), y.describe());
                Err(RuleError::new("P131", left.span.start..right.span.end, message)
                    .hint("检查单位：人数乘单价要写 人数 × 2000元/人"))
            }
        }
    }

    fn call(&mut self, func: Func, list: &[Node], span: &Range<usize>) -> Checked<(Expr, Type)> {
        let single = matches!(func, Func::Floor | Func::Ceil | Func::NonNegative | Func::Since);
        let wrong = if single { list.len() != 1 } else { list.len() < 2 };
        if wrong {
            let need = if single { "一个数" } else { "两个以上的数" };
            return Err(RuleError::new(
                "P145",
                span.clone(),
                format!("这个函数要{need}，写了 {} 个", list.len()),
            ));
        }
        let mut ty = None;
        let mut args = Vec::new();
        for node in list {
            let (expr, node_type) = self.node(node)?;
            if node_type == Type::Truth {
                return Err(RuleError::new("P132", node.span.clone(), "这里应是数，写的是条件"));
            }
            if func == Func::Since {
                if !matches!((&expr, node_type), (Expr::Fact(..), Type::Number(Dimension::Date))) {
                    return Err(RuleError::new("P145", node.span.clone(), "“距今”里应是一个日期要素")
                        .hint("写成 距今(成立日期) ≤ 5年"));
                }
                return Ok((Expr::Call(func, vec![expr]), Type::Number(Dimension::MONTHS)));
            }
            ty = Some(match ty {
                None => node_type,
                Some(ty) => join(ty, node_type, &node.span)?,
            });
            args.push(expr);
        }
        Ok((Expr::Call(func, args), ty.unwrap_or(Type::AnyAmount)))
    }

    fn bands(
        &mut self,
        slices: bool,
        key: &Node,
        rows: &[(HeadNode, Node)],
        span: &Range<usize>,
    ) -> Checked<(Expr, Type)> {
        let word = if slices { "分段" } else { "按" };
        match rows.last() {
            Some((HeadNode::Otherwise(_), _)) => {}
            _ => {
                return Err(RuleError::new(
                    "P142",
                    span.end.saturating_sub(1)..span.end,
                    format!("“{word}”末尾缺“其余”"),
                )
                .hint("不支持的部分写 其余→0元 或 其余→0%"));
            }
        }
        for (head, _) in &rows[..rows.len() - 1] {
            if let HeadNode::Otherwise(span) = head {
                return Err(RuleError::new("P146", span.clone(), "“其余”只能写在最后一档"));
            }
        }
        let by_fact = match &key.kind {
            NodeKind::Name(scope, name, None) => {
                self.find_fact(*scope, name).filter(|(_, f)| !f.kind.is_numeric())
            }
            _ => None,
        };
        if let Some((no, fact)) = by_fact {
            self.in_scope(fact, &key.span)?;
            if fact.kind.is_set() && fact.kind != FactType::Rosters && !slices {
                return self.bands_by_set(no, fact, rows);
            }
            if slices || fact.kind.is_set() || fact.kind == FactType::Flag {
                let message = format!("“{}”是{}，不能用来分档", fact.name, fact.kind.name());
                let error = RuleError::new("P147", key.span.clone(), message);
                return Err(match fact.kind {
                    FactType::Flag => error.hint(format!("写成 若 {} 则 … 否则 …", fact.rule_name())),
                    _ => error.hint("写成 若 … 则 … 否则 …"),
                });
            }
            return self.bands_by_fact(no, fact, key, rows);
        }
        let mut ty: Option<Type> = None;
        let mut checked = Vec::new();
        let (key_expr, key_dim) = self.number(key)?;
        let mut last_bound: Option<Ratio> = None;
        for (head, value) in rows {
            let head = match head {
                HeadNode::Otherwise(_) => Head::Otherwise,
                HeadNode::Compare(op, node) => {
                    let (bound, dimension) = self.number(node)?;
                    same(key_dim, dimension, &node.span)?;
                    let Expr::Const(bound, _) = bound else {
                        return Err(RuleError::new("P147", node.span.clone(), "档的边界应是一个数"));
                    };
                    if slices {
                        if !matches!(op, Op::Le | Op::Lt) {
                            return Err(RuleError::new(
                                "P148",
                                node.span.clone(),
                                "“分段”的档用 ≤ 或 <，从小到大",
                            ));
                        }
                        if last_bound.is_some_and(|last| last >= bound) {
                            return Err(RuleError::new("P148", node.span.clone(), "“分段”的档要从小到大"));
                        }
                        last_bound = Some(bound);
                    }
                    Head::Compare(*op, bound)
                }
                HeadNode::In(items) => {
                    let span = items.first().map_or(span.clone(), |i| i.span.clone());
                    return Err(RuleError::new(
                        "P147",
                        span,
                        format!("“{word}”的键是数，档里应写比较，如 ≥5亿元"),
                    ));
                }
            };
            let (expr, row_type) = self.node(value)?;
            let rate = match row_type {
                Type::Number(d) => d == Dimension::Share || key_dim.times(d) == Some(Dimension::YUAN),
                _ => false,
            };
            if slices && !rate {
                return Err(RuleError::new(
                    "P149",
                    value.span.clone(),
                    format!("“分段”的每档应是比例或单价，写的是{}", row_type.describe()),
                ));
            }
            ty = Some(ty.map_or(Ok(row_type), |t| join(t, row_type, &value.span))?);
            checked.push((head, expr));
        }
        let row_type = ty.unwrap_or(Type::AnyAmount);
        if !slices {
            return Ok((Expr::Pick(Box::new(key_expr), checked), row_type));
        }
        let result = match row_type {
            Type::Number(row) => key_dim.times(row),
            _ => None,
        };
        let result = result.ok_or_else(|| {
            let message =
                format!("“分段”的键是{}，每档是{}，不能相乘", key_dim.describe(), row_type.describe());
            RuleError::new("P149", span.clone(), message)
        })?;
        Ok((Expr::Slices(Box::new(key_expr), checked), Type::Number(result)))
    }

    /// 按 over what is held: read as 若 … 则 … 否则 …, row by row.
    fn bands_by_set(&mut self, no: FactNo, fact: &Fact, rows: &[(HeadNode, Node)]) -> Checked<(Expr, Type)> {
        let mut ty: Option<Type> = None;
        let mut checked = Vec::new();
        for (head, value) in rows {
            let items = match head {
                HeadNode::Otherwise(_) => Vec::new(),
                HeadNode::In(items) => {
                    items.iter().map(|i| self.item(no, fact.kind, i)).collect::<Checked<Vec<_>>>()?
                }
                HeadNode::Compare(_, node) => {
                    let message = format!("“{}”是{}，档里应写名称", fact.name, fact.kind.name());
                    return Err(RuleError::new("P147", node.span.clone(), message));
                }
            };
            let (expr, row_type) = self.node(value)?;
            ty = Some(ty.map_or(Ok(row_type), |t| join(t, row_type, &value.span))?);
            checked.push((items, expr));
        }
        let Some((_, mut sum)) = checked.pop() else { return Ok((Expr::Undecided, Type::AnyAmount)) };
        for (items, expr) in checked.into_iter().rev() {
            let holds = Expr::Has(no, Mode::Any, items);
            sum = Expr::If(Box::new(holds), Box::new(expr), Box::new(sum));
        }
        Ok((sum, ty.unwrap_or(Type::AnyAmount)))
    }

    /// 按 over a region, an industry or a choice.
    fn bands_by_fact(
        &mut self,
        no: FactNo,
        fact: &Fact,
        key: &Node,
        rows: &[(HeadNode, Node)],
    ) -> Checked<(Expr, Type)> {
        let mut ty: Option<Type> = None;
        let mut checked = Vec::new();
        for (head, value) in rows {
            let head = match head {
                HeadNode::Otherwise(_) => Head::Otherwise,
                HeadNode::In(items) => Head::In(self.members(fact, items, &key.span)?),
                HeadNode::Compare(_, node) => {
                    let message = format!("“{}”是{}，档里应写名称", fact.name, fact.kind.name());
                    return Err(RuleError::new("P147", node.span.clone(), message));
                }
            };
            let (expr, row_type) = self.node(value)?;
            ty = Some(ty.map_or(Ok(row_type), |t| join(t, row_type, &value.span))?);
            checked.push((head, expr));
        }
        Ok((Expr::PickFact(no, checked), ty.unwrap_or(Type::AnyAmount)))
    }

    fn find_fact(&self, scope: Option<Scope>, name: &str) -> Option<(FactNo, &'a Fact)> {
        let catalogue = self.names.catalogue;
        let of = |scope: Scope| {
            catalogue.scoped_fact(scope, name).or_else(|| {
                let mut named = self.names.aliases.facts.iter().filter(|(alias, _)| alias == name);
                named.find_map(|(_, no)| {
                    catalogue.facts.get(no).filter(|f| f.scope == scope).map(|f| (*no, f))
                })
            })
        };
        match scope {
            Some(scope) => of(scope),
            // Where it is clear which project is meant, its name may go without 项目.
            None => of(Scope::Firm).or_else(|| self.bound.and_then(of)).or_else(|| of(self.names.subject)),
        }
    }

    fn need_fact(
        &self,
        scope: Option<Scope>,
        name: &str,
        span: &Range<usize>,
    ) -> Checked<(FactNo, &'a Fact)> {
        let (no, fact) = self.find_fact(scope, name).ok_or_else(|| {
            let catalogue = self.names.catalogue;
            let here = scope.unwrap_or_default();
            let elsewhere = catalogue.facts.values().find(|f| f.scope != here && f.name == name);
            let error = RuleError::new(
                "P101",
                span.clone(),
                match scope {
                    None | Some(Scope::Firm) => format!("没有要素“{name}”"),
                    Some(scope) => format!("{}没有要素“{name}”", scope.name()),
                },
            );
            if let Some(fact) = elsewhere {
                return error.hint(format!("是不是 {}？", fact.rule_name()));
            }
            let names = catalogue.facts.values().filter(|f| f.scope == here).map(|f| f.name.as_str());
            let params = catalogue.params.values().map(|p| p.name.as_str());
            let aliases = self.names.aliases.facts.iter().map(|(a, _)| a.as_str());
            match did_you_mean(name, names.chain(params).chain(aliases)) {
                Some(hint) => error.hint(hint),
                None => error.hint("先在 catalogue/facts.yaml 里加一行"),
            }
        })?;
        self.in_scope(fact, span)?;
        Ok((no, fact))
    }

    /// Facts of a project may only be named where it is clear which project.
    fn in_scope(&self, fact: &Fact, span: &Range<usize>) -> Checked<()> {
        let scope = fact.scope;
        if scope == Scope::Firm || scope == self.names.subject || Some(scope) == self.bound {
            return Ok(());
        }
        let name = scope.name();
        Err(RuleError::new("P170", span.clone(), format!("不清楚是哪个{name}的“{}”", fact.name))
            .hint(format!("事项里写 申报对象: {name}，或写成 有 {name} (…)、每个 {name} (…)")))
    }

    /// The fact that holds the rosters of a subject.
    fn roster_fact(&self, subject: Option<&Node>, span: &Range<usize>) -> Checked<FactNo> {
        let facts = &self.names.catalogue.facts;
        let rosters = |f: &Fact| f.kind == FactType::Rosters;
        let (scope, name) = match subject.map(|n| &n.kind) {
            None => (Scope::Firm, None),
            Some(NodeKind::Name(scope, name, None)) => match (scope, Scope::find(name)) {
                (None, Some(scope)) => (scope, None),
                _ => match self.find_fact(*scope, name) {
                    Some((_, fact)) if is_main_roster(fact) => (fact.scope, None),
                    _ => (scope.unwrap_or_default(), Some(name)),
                },
            },
            Some(_) => {
                return Err(RuleError::new(
                    "P136",
                    span.clone(),
                    "“在名单”的左边应是 项目、法定代表人 这样的名称",
                ));
            }
        };
        let found = facts.iter().find(|(_, f)| {
            let fits = name.map_or(is_main_roster(f), |n| f.name == format!("{n}名单") || f.name == *n);
            rosters(f) && f.scope == scope && fits
        });
        let (no, fact) = found.ok_or_else(|| {
            let whose = name.map_or_else(|| scope.name(), String::as_str);
            RuleError::new("P101", span.clone(), format!("要素目录里没有{whose}的名单"))
                .hint("先在 catalogue/facts.yaml 里加一行，类型写 名单集")
        })?;
        self.in_scope(fact, span)?;
        Ok(*no)
    }

    /// A fact without a period on the left of 属于 or 含.
    fn plain_fact(&self, node: &Node) -> Checked<(FactNo, &'a Fact)> {
        match &node.kind {
            NodeKind::Name(scope, name, None) => self.need_fact(*scope, name, &node.span),
            NodeKind::Name(scope, name, Some((_, span))) => {
                self.need_fact(*scope, name, &node.span)?;
                Err(RuleError::new("P123", span.clone(), format!("“{name}”在这里不按年份写，去掉方括号")))
            }
            _ => Err(RuleError::new("P136", node.span.clone(), "“属于”“含”的左边应是一个要素")),
        }
    }

    fn name(
        &mut self,
        scope: Option<Scope>,
        name: &str,
        period: Option<&(String, Range<usize>)>,
        span: &Range<usize>,
    ) -> Checked<(Expr, Type)> {
        let catalogue = self.names.catalogue;
        let whole = span.clone();
        let name_span = period.map_or(span.clone(), |(_, brackets)| span.start..brackets.start);
        let brackets = period.map_or(&whole, |(_, brackets)| brackets);
        let span = &name_span;
        let parsed = match period {
            None => Period::None,
            Some((text, span)) => parse_period(text).ok_or_else(|| {
                RuleError::new("P124", span.clone(), format!("没有时段“{text}”")).hint(
                    "可写 本年、上年、前年、上3年、2024年、上年同比增长、上年同比增量、近3年合计、近3年平均、近3年每年、\
                     2018-01-01..2019-12-31、近12个月合计、截至2019-12-31、历史最高",
                )
            })?,
        };
        if self.find_fact(scope, name).is_none()
            && scope.is_none()
            && let Some((no, param)) = catalogue.params.iter().find(|(_, p)| p.name == name)
        {
            let year = match parsed {
                Period::None => None,
                Period::Year(year) => Some(year),
                _ => {
                    return Err(RuleError::new("P123", span.clone(), format!("“{name}”只能写某一年"))
                        .hint(format!("写成 {name}，或 {name}[上年]")));
                }
            };
            return Ok((Expr::Param(*no, year), Type::Number(param.dimension)));
        }
        let (no, fact) = self.need_fact(scope, name, span)?;
        match (fact.yearly, parsed) {
            (true, Period::None) => {
                return Err(RuleError::new("P122", span.clone(), format!("“{name}”按年填报，要写明哪一年"))
                    .hint(format!("写成 {}[上年]", fact.rule_name())));
            }
            (_, Period::Days(..) | Period::Months(..) | Period::Until(_)) if fact.kind.is_numeric() => {}
            (false, period) if period != Period::None => {
                return Err(RuleError::new("P123", brackets.clone(), format!("“{name}”不按年填报"))
                    .hint("去掉方括号"));
            }
            _ => {}
        }
        if let Period::Over(years, Aggregate::Rising, existing) = parsed {
            if !fact.kind.is_numeric() {
                return Err(RuleError::new("P124", span.clone(), format!("“{name}”不是数，没有增长")));
            }
            return Ok((Expr::Rising(no, years, existing), Type::Truth));
        }
        if fact.kind == FactType::Flag {
            if parsed != Period::None {
                return Err(RuleError::new(
                    "P123",
                    brackets.clone(),
                    format!("“{name}”在这里不按年份写，去掉方括号"),
                ));
            }
            return Ok((Expr::Flag(no), Type::Truth));
        }
        let Some(dimension) = fact_dimension(fact) else {
            let word = match fact.kind {
                kind if kind.is_set() => "含",
                FactType::Count => {
                    return Err(RuleError::new(
                        "P137",
                        span.clone(),
                        format!("要素“{name}”的单位“{}”不能用于计算", fact.unit),
                    ));
                }
                _ => "属于",
            };
            return Err(RuleError::new(
                "P135",
                span.clone(),
                format!("“{name}”是{}，不能单独作条件", fact.kind.name()),
            )
            .hint(format!("写成 {name} {word} …")));
        };
        let dimension = match parsed {
            Period::Growth(_) | Period::Over(_, Aggregate::MeanGrowth | Aggregate::Compound, _) => {
                Dimension::Share
            }
            _ => dimension,
        };
        Ok((Expr::Fact(no, parsed), Type::Number(dimension)))
    }

    fn members(&self, fact: &Fact, items: &[ItemNode], left: &Range<usize>) -> Checked<Members> {
        if let Some((text, span)) = items.iter().flat_map(|i| &i.qualifiers).next() {
            return Err(RuleError::new("P138", span.clone(), format!("这里不能带“({text})”")));
        }
        match fact.kind {
            FactType::Region | FactType::Industry => {
                let (mut lists, mut codes) = (Vec::new(), Vec::new());
                for item in items {
                    if item.title {
                        lists.push(self.list(item, fact.kind == FactType::Industry)?);
                    } else if fact.kind == FactType::Region {
                        codes.push(self.region(item)?);
                    } else {
                        codes.extend(self.industry(item)?);
                    }
                }
                Ok(Members::Codes(lists, codes))
            }
            FactType::Choice => {
                let options = items.iter().map(|i| option(fact, i)).collect::<Checked<Vec<_>>>()?;
                Ok(Members::Options(options))
            }
            kind if kind.is_set() => {
                Err(RuleError::new("P108", left.clone(), format!("“{}”是多项的集合，应写“含”", fact.name))
                    .hint(format!("写成 {} 含 …", fact.name)))
            }
            _ => Err(RuleError::new(
                "P139",
                left.clone(),
                format!("“{}”是{}，不能用“属于”", fact.name, fact.kind.name()),
            )),
        }
    }

    fn list(&self, item: &ItemNode, industries: bool) -> Checked<ListNo> {
        let lists = &self.names.catalogue.lists;
        let fits = |l: &crate::catalogue::NamedList| l.industries == industries;
        let found = lists.iter().find(|(_, l)| fits(l) && l.name == item.name).map(|(no, _)| *no);
        found.ok_or_else(|| {
            let names = lists.values().filter(|l| fits(l)).map(|l| l.name.as_str());
            let what = if industries { "行业" } else { "地区" };
            let error =
                RuleError::new("P126", item.span.clone(), format!("没有这个{what}清单：《{}》", item.name));
            match did_you_mean(&item.name, names) {
                Some(hint) => error.hint(hint),
                None => error.hint("先在 catalogue/lists.tsv 里加一行"),
            }
        })
    }

    fn region(&self, item: &ItemNode) -> Checked<Code> {
        find_region(self.names.catalogue, &item.name).map_err(|problem| match problem {
            NameProblem::Unknown(hint) => {
                let error =
                    RuleError::new("P103", item.span.clone(), format!("没有这个地区：“{}”", item.name));
                match hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            NameProblem::Ambiguous(names) => RuleError::new(
                "P106",
                item.span.clone(),
                format!("“{}”有 {} 处：{}", item.name, names.len(), names.join("、")),
            )
            .hint("写全称，如 河北省石家庄市长安区，或写六位代码"),
        })
    }

    fn industry(&self, item: &ItemNode) -> Checked<Vec<Code>> {
        if let Some((_, codes)) = self.names.aliases.industries.iter().find(|(name, _)| *name == item.name) {
            return Ok(codes.clone());
        }
        find_industry(self.names.catalogue, &item.name).map(|code| vec![code]).ok_or_else(|| {
            let names = self.names.catalogue.industries.iter().map(|(_, name)| name);
            let groups = self.names.aliases.industries.iter().map(|(name, _)| name.as_str());
            let error = RuleError::new("P107", item.span.clone(), format!("没有这个行业：“{}”", item.name));
            match did_you_mean(&item.name, names.chain(groups)) {
                Some(hint) => error.hint(hint),
                None => error.hint("用 GB/T 4754-2017 的名称或代码，如 制造业、C348"),
            }
        })
    }

    fn item(&self, fact_no: FactNo, kind: FactType, node: &ItemNode) -> Checked<Item> {
        let catalogue = self.names.catalogue;
        let Some(class) = kind.item_class() else {
            let fact = &catalogue.facts[&fact_no];
            if let Some((text, span)) = node.qualifiers.first() {
                return Err(RuleError::new("P138", span.clone(), format!("这里不能带“({text})”")));
            }
            return Ok(Item::any(option(fact, node)?));
        };
        let of_class = |no: &ItemNo| catalogue.items.get(no).is_some_and(|q| q.class == class);
        let by_name = catalogue.items.iter().find(|(_, q)| q.class == class && q.name == node.name);
        let by_alias = || {
            let named = self.names.aliases.items.iter().filter(|(alias, _)| *alias == node.name);
            named.map(|(_, no)| *no).find(of_class)
        };
        let no = by_name.map(|(no, _)| *no).or_else(by_alias).ok_or_else(|| {
            let names = catalogue.items.values().filter(|q| q.class == class).map(|q| q.name.as_str());
            let aliases =
                self.names.aliases.items.iter().filter(|(_, no)| of_class(no)).map(|(a, _)| a.as_str());
            let word = ItemClass::ALL.iter().find(|(c, ..)| *c == class).map_or("", |(_, word, _)| word);
            let error = RuleError::new("P102", node.span.clone(), format!("{word}目录里没有“{}”", node.name));
            match did_you_mean(&node.name, names.chain(aliases)) {
                Some(hint) => error.hint(hint),
                None => error.hint(format!("先在{word}目录里加一行")),
            }
        })?;
        let levels = &catalogue.items[&no].levels;
        let mut item = Item::any(no);
        if class == ItemClass::Programme {
            // Support once received stays received.
            item.when = When::Ever;
        }
        for (text, span) in &node.qualifiers {
            if class == ItemClass::Roster {
                return Err(RuleError::new("P138", span.clone(), format!("名单不能带“({text})”")));
            }
            if let Some(when) = parse_when(text, class) {
                item.when = when;
                continue;
            }
            if class == ItemClass::Programme {
                return Err(RuleError::new("P104", span.clone(), format!("已获支持不能带“{text}”"))
                    .hint("可写 本年、上年、2024年、近3年"));
            }
            if let "首次" | "非首次" = text.as_str() {
                item.first = Some(text == "首次");
                continue;
            }
            if let Some(rank) = text.strip_prefix("排名≤") {
                item.rank = rank.parse().ok().filter(|n| (1..=100).contains(n)).ok_or_else(|| {
                    RuleError::new("P104", span.clone(), format!("名次应在 1 到 100 之间，写的是{rank}"))
                })?;
                continue;
            }
            let (name, widen) = match (text.strip_suffix("以上"), text.strip_suffix("以下")) {
                (Some(name), _) => (name, 1),
                (_, Some(name)) => (name, -1),
                _ => (text.as_str(), 0),
            };
            let Some(at) = levels.iter().position(|l| l == name).filter(|at| *at < 8) else {
                let message = format!("“{}”没有级别“{name}”", node.name);
                let hint = if levels.is_empty() {
                    "这个资质不分级别，去掉括号".to_owned()
                } else {
                    format!(
                        "可写 {}，可带 以上、以下；认定时间写 上年认定、近3年认定；也可写 首次、排名≤3",
                        levels.join("、")
                    )
                };
                return Err(RuleError::new("P104", span.clone(), message).hint(hint));
            };
            item.levels = match widen {
                1 => ((1u16 << (at + 1)) - 1) as u8,
                -1 => (((1u16 << levels.len().min(8)) - 1) as u8) & !(((1u16 << at) - 1) as u8),
                _ => 1 << at,
            };
        }
        Ok(item)
    }
}

/// Whether a fact holds the rosters of its subject itself, not of somebody beside it (法定代表人名单).
pub(super) fn is_main_roster(fact: &Fact) -> bool {
    fact.name == "名单" || fact.name.strip_prefix(fact.scope.name()) == Some("名单")
}

fn option(fact: &Fact, node: &ItemNode) -> Checked<ItemNo> {
    let at = fact.options.iter().position(|o| *o == node.name).and_then(|at| ItemNo::try_from(at).ok());
    at.ok_or_else(|| {
        let message = format!("“{}”没有选项“{}”", fact.name, node.name);
        let hint = did_you_mean(&node.name, fact.options.iter().map(String::as_str))
            .unwrap_or_else(|| format!("可写 {}", fact.options.join("、")));
        RuleError::new("P140", node.span.clone(), message).hint(hint)
    })
}

/// `上年认定`, `2024年认定`, `近5年认定`, `曾经`; for programmes `上年`, `近5年`.
fn parse_when(text: &str, class: ItemClass) -> Option<When> {
    if text == "曾经" && class == ItemClass::Qualification {
        return Some(When::Ever);
    }
    let base = if class == ItemClass::Programme { text } else { text.strip_suffix("认定")? };
    if let Some(n) = base.strip_prefix('近').and_then(|r| r.strip_suffix('年')) {
        return n.parse().ok().filter(|n| (1..=20).contains(n)).map(When::Within);
    }
    match parse_period(base)? {
        Period::Year(year) => Some(When::In(year)),
        _ => None,
    }
}

/// Why a name was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameProblem {
    /// Not in the table; with a suggestion.
    Unknown(Option<String>),
    /// Several rows have it: their full names.
    Ambiguous(Vec<String>),
}

/// A region by six-digit code, full name or a name that occurs once. 中国 is
/// the whole.
///
/// # Errors
/// When no row, or more than one, has the name.
pub fn find_region(catalogue: &Catalogue, name: &str) -> Result<Code, NameProblem> {
    if name == "中国" || name == "全国" {
        return Ok(Code::ALL);
    }
    if let Some(code) = Code::region(name) {
        let known = catalogue.regions.get(code).is_some() || code == Code::ALL;
        return if known { Ok(code) } else { Err(NameProblem::Unknown(None)) };
    }
    let mut found: Vec<Code> = catalogue.regions.iter().filter(|(_, n)| *n == name).map(|(c, _)| c).collect();
    if found.is_empty() {
        found = catalogue.regions.iter().filter(|(_, part)| name.ends_with(part)).map(|(c, _)| c).collect();
        // 河北省石家庄市长安区, or without one of the levels above.
        found.retain(|code| {
            let full = catalogue.region_name(*code);
            full == name || is_subsequence_of_parts(name, *code, catalogue)
        });
    }
    // A province that is also its own prefecture (市辖区 rows have other
    // names) or a city with the name of its county: the higher one is meant
    // only if it contains the others.
    if let Some(&first) = found.first() {
        if found.iter().all(|c| c.nesting(first) == crate::catalogue::Nesting::Inside) {
            return Ok(first);
        }
        return Err(NameProblem::Ambiguous(found.iter().map(|c| catalogue.region_name(*c)).collect()));
    }
    let names = catalogue.regions.iter().map(|(_, n)| n).filter(|n| !crate::catalogue::is_statistical(n));
    Err(NameProblem::Unknown(did_you_mean(name, names)))
}

fn is_subsequence_of_parts(name: &str, code: Code, catalogue: &Catalogue) -> bool {
    let mut rest = name;
    for len in [2, 4, 6] {
        let part = code.as_str().get(..len).and_then(Code::new).and_then(|c| catalogue.regions.get(c));
        if let Some(after) = part.and_then(|p| rest.strip_prefix(p)) {
            rest = after;
        }
    }
    rest.is_empty()
}

/// An industry by code (with or without the letter) or exact name.
pub fn find_industry(catalogue: &Catalogue, name: &str) -> Option<Code> {
    let exact =
        catalogue.industries.iter().find(|(code, n)| *n == name || code.as_str() == name).map(|(c, _)| c);
    exact.or_else(|| {
        let digits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        let mut found =
            catalogue.industries.iter().map(|(c, _)| c).filter(|c| c.as_str().get(1..) == Some(name));
        if digits { found.next() } else { None }
    })
}

/// “是不是…？” with the nearest names, if any is near.
pub fn did_you_mean<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let typed: Vec<char> = typed.chars().collect();
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let chars: Vec<char> = name.chars().collect();
            let distance = edit_distance(&typed, &chars);
            let close = distance <= 2 && distance < typed.len().max(chars.len());
            (close || shared_pairs(&typed, &chars)).then_some((distance, name))
        })
        .collect();
    near.sort();
    near.dedup();
    near.truncate(3);
    let names: Vec<String> = near.iter().map(|(_, n)| format!("“{n}”")).collect();
    (!names.is_empty()).then(|| format!("是不是{}？", names.join("、")))
}

fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// At least 60 % of the character pairs of the shorter name occur in the other.
fn shared_pairs(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() < 3 {
        return false;
    }
    let shared = short.windows(2).filter(|p| long.windows(2).any(|q| q == *p)).count();
    shared * 10 >= (short.len() - 1) * 6
}

fn no_verify(expr: &Expr, word: &str, span: &Range<usize>) -> Checked<()> {
    let mut found = false;
    expr.walk(&mut |e| found |= matches!(e, Expr::Verify(_)));
    if found {
        return Err(RuleError::new("P150", span.clone(), format!("“核实”前不能用“{word}”"))
            .hint("把句子反过来写：核实「设备不属于淘汰设备」"));
    }
    Ok(())
}

fn same(expected: Dimension, found: Dimension, span: &Range<usize>) -> Checked<()> {
    if expected == found {
        return Ok(());
    }
    Err(RuleError::new(
        "P105",
        span.clone(),
        format!("应是{}，写的是{}", expected.describe(), found.describe()),
    ))
}

fn join(a: Type, b: Type, span: &Range<usize>) -> Checked<Type> {
    match (a, b) {
        (Type::AnyAmount, Type::Number(Dimension::YUAN) | Type::AnyAmount)
        | (Type::Number(Dimension::YUAN), Type::AnyAmount) => Ok(Type::AnyAmount),
        (a, b) if a == b => Ok(a),
        (a, b) => Err(RuleError::new(
            "P141",
            span.clone(),
            format!("前面是{}，这里是{}，应一致", a.describe(), b.describe()),
        )),
    }
}

/// Windows of 每年 and 任一年 in an expression.
fn element_windows(expr: &Expr) -> Vec<(Years, bool)> {
    let mut found = Vec::new();
    expr.walk(&mut |e| {
        if let Expr::Fact(_, Period::Over(years, Aggregate::Each | Aggregate::Any, existing)) = e {
            found.push((*years, *existing));
        }
    });
    found
}

/// Conditions compare with fixed numbers only.
fn fixed(expr: &Expr, span: &Range<usize>) -> Checked<()> {
    let mut open = false;
    expr.walk(&mut |e| open |= matches!(e, Expr::Range(..) | Expr::Undecided | Expr::AmountOf(_)));
    if open {
        return Err(RuleError::new(
            "P153",
            span.clone(),
            "条件里不能写区间、“至多”、“未定”或“金额(…)”，只有金额可以",
        )
        .hint("写成一个确定的数；由部门掌握的标准写成 核实「…」"));
    }
    let mut verify = false;
    expr.walk(&mut |e| {
        if let Expr::If(condition, ..) = e {
            condition.walk(&mut |e| verify |= matches!(e, Expr::Verify(_)));
        }
    });
    if verify {
        return Err(RuleError::new("P150", span.clone(), "条件里“若”的后面不能有“核实”")
            .hint("拆成两项，用 或 连起来：核实「…」 且 … 或 …"));
    }
    Ok(())
}

/// A compound rate is a root, which no fraction holds: it is only compared, never computed.
fn alone(expr: &Expr, span: &Range<usize>) -> Checked<()> {
    let mut found = false;
    expr.walk(&mut |e| found |= matches!(e, Expr::Fact(_, Period::Over(_, Aggregate::Compound, _))));
    if found {
        return Err(RuleError::new("P125", span.clone(), "“复合增长”只能单独和一个百分数比大小")
            .hint("写成 营业收入[近2年复合增长] ≥ 10%"));
    }
    Ok(())
}

/// A number with a unit: base value and dimension.
fn quantity(value: Ratio, unit: &str, span: &Range<usize>) -> Checked<(Ratio, Dimension)> {
    let (value, dimension) = any_quantity(value, unit, span)?;
    // A million billion yuan, people or pieces: beyond everything there is.
    if value > Ratio::int(100_000_000_000_000_000) {
        return Err(RuleError::new("P133", span.clone(), "数太大"));
    }
    Ok((value, dimension))
}

fn any_quantity(value: Ratio, unit: &str, span: &Range<usize>) -> Checked<(Ratio, Dimension)> {
    let bad = |message: String| RuleError::new("P133", span.clone(), message);
    let scale =
        |value: Ratio, factor: i128| value.mul(Ratio::int(factor)).map_err(|_| bad("数太大".to_owned()));
    let percent = |n: i128| {
        scale(value, 1)
            .and_then(|v| v.mul(Ratio::new(1, n).unwrap_or(Ratio::ONE)).map_err(|_| bad("数太大".to_owned())))
    };
    match unit {
        "" => return Ok((value, Dimension::Number)),
        "%" | "个百分点" => return Ok((percent(100)?, Dimension::Share)),
        "‰" => return Ok((percent(1000)?, Dimension::Share)),
        "BP" => return Ok((percent(10_000)?, Dimension::Share)),
        "年" | "周岁" | "岁" => return Ok((scale(value, 12)?, Dimension::MONTHS)),
        "个月" | "月" => return Ok((value, Dimension::MONTHS)),
        _ => {}
    }
    if unit.contains('/') {
        return price(value, unit, span);
    }
    let (factor, rest) = match unit.strip_prefix("万亿") {
        Some(rest) => (1_000_000_000_000, rest),
        None => match (unit.strip_prefix('万'), unit.strip_prefix('亿')) {
            (Some(rest), _) => (10_000, rest),
            (_, Some(rest)) => (100_000_000, rest),
            _ => (1, unit),
        },
    };
    if rest.is_empty() {
        return Err(RuleError::new("P133", span.clone(), format!("数“{}{unit}”缺单位", value.decimal(4)))
            .hint(format!("金额写成 {}{unit}元", value.decimal(4))));
    }
    let value = scale(value, factor)?;
    if let Some(count) = COUNT_UNITS.iter().position(|u| *u == rest) {
        return Ok((value, Dimension::count(count as u8)));
    }
    if let Some(currency) = CURRENCIES.iter().position(|c| *c == rest) {
        return Ok((scale(value, 100)?, Dimension::money(currency as u8)));
    }
    let known = COUNT_UNITS.iter().chain(&CURRENCIES).copied();
    let mut error = bad(format!("没有单位“{rest}”"));
    if let Some(hint) = did_you_mean(rest, known) {
        error = error.hint(hint);
    }
    Err(error)
}

/// `2000元/人`, `10元/平方米/月`, `1.5万元/台`, `3000元/人/年`
fn price(value: Ratio, unit: &str, span: &Range<usize>) -> Checked<(Ratio, Dimension)> {
    let mut parts = unit.split('/');
    let (mut value, dimension) = quantity(value, parts.next().unwrap_or_default(), span)?;
    let Some(currency) = dimension.currency() else {
        return Err(RuleError::new("P133", span.clone(), "“/”前面应是金额，如 2000元/人"));
    };
    let mut units = Units { money: 1, currency, ..Units::default() };
    for part in parts {
        let months = match part {
            "月" | "个月" => 1,
            "年" => 12,
            _ => 0,
        };
        let count = COUNT_UNITS.iter().position(|u| *u == part);
        match (months, count) {
            (1 | 12, _) if units.months == 0 => {
                units.months = -1;
                let share = Ratio::new(1, months).unwrap_or(Ratio::ONE);
                value = value.mul(share).map_err(|_| RuleError::new("P133", span.clone(), "数太大"))?;
            }
            (_, Some(count)) if units.count == 0 => {
                units.count = -1;
                units.unit = count as u8;
            }
            _ => {
                let error = RuleError::new("P133", span.clone(), format!("没有单位“{unit}”"));
                let known = COUNT_UNITS.iter().copied();
                return Err(match did_you_mean(part, known) {
                    Some(hint) => error.hint(hint),
                    None => error.hint("单价写成 2000元/人、10元/平方米/月"),
                });
            }
        }
    }
    Ok((value, Dimension::Of(units)))
}

/// A number with a unit, as written in a profile: `6420万元`, `86人`, `4.8%`.
///
/// # Errors
/// When the text is not one number with a known unit.
pub fn read_quantity(text: &str) -> Result<(Ratio, Dimension), RuleError> {
    let (node, problems) = parse(text);
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    match &node.kind {
        NodeKind::Quantity(value, unit) => quantity(*value, unit, &node.span),
        NodeKind::Date(date) => Ok((Ratio::int(i128::from(date.days())), Dimension::Date)),
        _ => Err(RuleError::new("P133", node.span, "这里应是一个带单位的数，如 6420万元")),
    }
}

/// An item of a set in a profile, as held: `工业设计中心(省级, 2025年认定)`, `上云补助(2025年)`, `《培育库》`.
///
/// # Errors
/// When the name or a qualifier is unknown.
pub fn read_held(
    text: &str,
    fact: FactNo,
    catalogue: &Catalogue,
    aliases: &Aliases,
) -> Result<(ItemNo, Held), RuleError> {
    let whole = 0..text.chars().count();
    let names = Names { catalogue, aliases, subject: Scope::Firm };
    let Some(row) = catalogue.facts.get(&fact) else {
        return Err(RuleError::new("P101", whole, "没有这个要素"));
    };
    // Read as the right side of 含.
    let offset = 4;
    let (node, problems) = parse(&format!("甲 含 {text}"));
    let shift = |mut e: RuleError| {
        e.span = e.span.start.saturating_sub(offset)..e.span.end.saturating_sub(offset);
        e
    };
    if let Some(problem) = problems.into_iter().next() {
        return Err(shift(problem));
    }
    let NodeKind::Has(_, HasMode::Any, items) = &node.kind else {
        return Err(RuleError::new("P138", whole, "这里应是一项"));
    };
    let [node] = &items[..] else {
        return Err(RuleError::new("P138", whole, "这里应是一项"));
    };
    let mut unused = Vec::new();
    let checker = Checker { names, texts: &mut unused, problems: Vec::new(), bound: None };
    let item = checker.item(fact, row.kind, node).map_err(shift)?;
    let year = match item.when {
        When::In(Year::Fixed(year)) => Some(year),
        When::Valid | When::Ever => None,
        _ => return Err(RuleError::new("P138", whole, "认定时间写成 2025年认定")),
    };
    let held = Held {
        yes: true,
        level: (item.levels != 0).then(|| item.levels.trailing_zeros() as u8),
        year,
        rank: (item.rank != 0).then_some(item.rank),
        first: item.first,
    };
    Ok((item.item, held))
}
