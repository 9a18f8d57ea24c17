//! Names, types and units: turns a syntax tree into a checked [`Expr`] or says
//! in Chinese what does not fit.

use std::ops::Range;

use super::syntax::{HasMode, HeadNode, ItemNode, Node, NodeKind, RuleError, parse_period};
use super::{Aggregate, Arith, Expr, Func, Head, Item, Members, Mode, Period, TextNo, When, Year};
use crate::catalogue::{Catalogue, Code, Fact, FactNo, FactType, ItemNo};
use crate::num::Ratio;
use crate::unit::{COUNT_UNITS, CURRENCIES, Dimension};

/// A checked rule or the first problem in it.
pub type Checked<T> = Result<T, RuleError>;

/// Names in the catalogue that a person may have meant, and other words for
/// names (别名).
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    /// 别名 of facts.
    pub facts: Vec<(String, FactNo)>,
    /// 别名 of qualifications.
    pub qualifications: Vec<(String, ItemNo)>,
    /// Named groups of industries, e.g. 工业.
    pub industries: Vec<(String, Vec<Code>)>,
}

struct Checker<'a> {
    catalogue: &'a Catalogue,
    aliases: &'a Aliases,
    texts: &'a mut Vec<String>,
}

/// What a checked node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Truth,
    Number(Dimension),
    /// 未定: fits every amount.
    AnyAmount,
}

/// Checks a condition.
///
/// # Errors
/// The first name, type or unit that does not fit, with its place.
pub fn check_rule(
    node: &Node,
    catalogue: &Catalogue,
    aliases: &Aliases,
    texts: &mut Vec<String>,
) -> Checked<Expr> {
    Checker { catalogue, aliases, texts }.truth(node)
}

/// Checks an amount: money in 元, or 未定.
///
/// # Errors
/// The first name, type or unit that does not fit, with its place.
pub fn check_amount(
    node: &Node,
    catalogue: &Catalogue,
    aliases: &Aliases,
    texts: &mut Vec<String>,
) -> Checked<Expr> {
    let mut checker = Checker { catalogue, aliases, texts };
    let (expr, ty) = checker.node(node)?;
    match ty {
        Type::AnyAmount | Type::Number(Dimension::Money(0)) => Ok(expr),
        other => Err(RuleError::new(
            "P131",
            node.span.clone(),
            format!("这里应是金额，写的是{}", other.describe()),
        )
        .hint("金额写成 500万元，或 设备投入[上年] × 20%")),
    }
}

/// Dimension of a numeric expression, if it has one.
pub(super) fn dimension_of(node: &Node, catalogue: &Catalogue) -> Option<Dimension> {
    let aliases = Aliases::default();
    let mut texts = Vec::new();
    let mut checker = Checker { catalogue, aliases: &aliases, texts: &mut texts };
    match checker.node(node) {
        Ok((_, Type::Number(dimension))) => Some(dimension),
        _ => None,
    }
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
            Some(Dimension::Money(currency as u8))
        }
        FactType::Count => {
            COUNT_UNITS.iter().position(|u| *u == fact.unit).map(|u| Dimension::Count(u as u8))
        }
        FactType::Share => Some(Dimension::Share),
        FactType::Duration => Some(Dimension::Months),
        FactType::Date => Some(Dimension::Date),
        _ => None,
    }
}

impl<'a> Checker<'a> {
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

    fn truths(&mut self, list: &[Node]) -> Checked<Vec<Expr>> {
        list.iter().map(|node| self.truth(node)).collect()
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
            NodeKind::And(list) => truth(Expr::And(self.truths(list)?)),
            NodeKind::Or(list) => truth(Expr::Or(self.truths(list)?)),
            NodeKind::Not(inner) => {
                let expr = self.truth(inner)?;
                no_verify(&expr, "非", span)?;
                truth(Expr::Not(Box::new(expr)))
            }
            NodeKind::KOf(quota, k, list) => {
                let list = self.truths(list)?;
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
                truth(Expr::Between(Box::new(x_expr), Box::new(low_expr), Box::new(high_expr)))
            }
            NodeKind::In(left, items, negated) => {
                let (no, fact) = self.plain_fact(left)?;
                let members = self.members(fact, items, &left.span)?;
                truth(Expr::In(no, members, *negated))
            }
            NodeKind::Has(left, mode, items) => {
                let (no, fact) = self.plain_fact(left)?;
                if !matches!(fact.kind, FactType::Qualifications | FactType::Options) {
                    let message = format!("“含”的左边应是多项的集合，“{}”是{}", fact.name, fact.kind.name());
                    return Err(RuleError::new("P134", left.span.clone(), message));
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
            NodeKind::Name(name, period) => self.name(name, period.as_ref(), span),
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

    fn compare(
        &mut self,
        op: super::Op,
        left: &Node,
        right: &Node,
        span: &Range<usize>,
    ) -> Checked<(Expr, Type)> {
        if let NodeKind::Name(name, _) = &left.kind
            && let Some((_, fact)) = self.find_fact(name)
        {
            if matches!(fact.kind, FactType::Qualifications | FactType::Options) {
                return Err(RuleError::new(
                    "P108",
                    left.span.clone(),
                    format!("“{name}”是多项的集合，不能用“{}”比较", op.sign()),
                )
                .hint(format!("写成 {name} 含 高新技术企业")));
            }
            if let (FactType::Choice, super::Op::Eq | super::Op::Ne, NodeKind::Name(option, None)) =
                (fact.kind, op, &right.kind)
            {
                let item =
                    ItemNode { name: option.clone(), qualifiers: Vec::new(), span: right.span.clone() };
                let node = NodeKind::In(Box::new(left.clone()), vec![item], op == super::Op::Ne);
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
        }
        let (left_expr, left_dim) = self.number(left)?;
        let (right_expr, right_dim) = self.number(right)?;
        if left_dim != right_dim && !fits_number(left_dim, right_dim, &right_expr) {
            let mut error = RuleError::new(
                "P105",
                right.span.clone(),
                format!("左边是{}，右边是{}，不能比较", left_dim.describe(), right_dim.describe()),
            );
            if let (Dimension::Money(_), Dimension::Share, NodeKind::Name(name, _)) =
                (left_dim, right_dim, &left.kind)
            {
                error = error.hint(format!(
                    "若想写增长率，请用 {name}[上年同比增长]；若想写占比，请用 {name}[上年] ÷ 营业收入[上年]"
                ));
            }
            return Err(error);
        }
        for (expr, node) in [(&left_expr, left), (&right_expr, right)] {
            let mut open = false;
            expr.walk(&mut |e| open |= matches!(e, Expr::Range(..) | Expr::Undecided));
            if open {
                return Err(RuleError::new(
                    "P153",
                    node.span.clone(),
                    "条件里不能写区间、“至多”或“未定”，只有金额可以",
                )
                .hint("写成一个确定的数；由部门掌握的标准写成 核实「…」"));
            }
        }
        let windows: Vec<u8> = [&left_expr, &right_expr].iter().flat_map(|e| element_windows(e)).collect();
        if windows.windows(2).any(|w| w[0] != w[1]) {
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
        if a_type == Type::AnyAmount || b_type == Type::AnyAmount {
            return Ok((expr(a, b), Type::AnyAmount));
        }
        let Type::Number(x) = a_type else { return Err(bad(a_type, &left.span)) };
        let Type::Number(y) = b_type else { return Err(bad(b_type, &right.span)) };
        use Dimension::{Count, Money, Number, Price, Share};
        let dimension = match (op, x, y) {
            (Arith::Add | Arith::Sub, x, y) if x == y && x != Dimension::Date => Some(x),
            (Arith::Mul, Share | Number, other) | (Arith::Mul, other, Share | Number)
                if other != Dimension::Date =>
            {
                Some(if other == Number && (x == Share || y == Share) { Share } else { other })
            }
            (Arith::Mul, Count(u), Price(p)) | (Arith::Mul, Price(p), Count(u)) if u == p => Some(Money(0)),
            (Arith::Div, x, y) if x == y && x != Dimension::Date => Some(Share),
            (Arith::Div, x, Number) if x != Dimension::Date => Some(x),
            _ => None,
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
        let single = matches!(func, Func::Floor | Func::Ceil | Func::NonNegative);
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
            Some((HeadNode::Otherwise, _)) => {}
            _ => {
                return Err(RuleError::new(
                    "P142",
                    span.end.saturating_sub(1)..span.end,
                    format!("“{word}”末尾缺“其余”"),
                )
                .hint("不支持的部分写 其余→0元 或 其余→0%"));
            }
        }
        if let Some((_, node)) = rows[..rows.len() - 1].iter().find(|(head, _)| *head == HeadNode::Otherwise)
        {
            return Err(RuleError::new("P146", node.span.clone(), "“其余”只能写在最后一档"));
        }
        let by_fact = match &key.kind {
            NodeKind::Name(name, None) => self.find_fact(name).filter(|(_, f)| !f.kind.is_numeric()),
            _ => None,
        };
        let mut ty: Option<Type> = None;
        let mut checked = Vec::new();
        if let (Some((no, fact)), false) = (by_fact, slices) {
            for (head, value) in rows {
                let head = match head {
                    HeadNode::Otherwise => Head::Otherwise,
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
            return Ok((Expr::PickFact(no, checked), ty.unwrap_or(Type::AnyAmount)));
        }
        let (key_expr, key_dim) = self.number(key)?;
        let mut last_bound: Option<Ratio> = None;
        for (head, value) in rows {
            let head = match head {
                HeadNode::Otherwise => Head::Otherwise,
                HeadNode::Compare(op, node) => {
                    let (bound, dimension) = self.number(node)?;
                    same(key_dim, dimension, &node.span)?;
                    let Expr::Const(bound, _) = bound else {
                        return Err(RuleError::new("P147", node.span.clone(), "档的边界应是一个数"));
                    };
                    if slices {
                        if !matches!(op, super::Op::Le | super::Op::Lt) {
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
            if slices && !matches!(row_type, Type::Number(Dimension::Share | Dimension::Price(_))) {
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
        let result = match (key_dim, row_type) {
            (dimension, Type::Number(Dimension::Share)) => dimension,
            (Dimension::Count(u), Type::Number(Dimension::Price(p))) if u == p => Dimension::YUAN,
            (key, row) => {
                let message = format!("“分段”的键是{}，每档是{}，不能相乘", key.describe(), row.describe());
                return Err(RuleError::new("P149", span.clone(), message));
            }
        };
        Ok((Expr::Slices(Box::new(key_expr), checked), Type::Number(result)))
    }

    fn find_fact(&self, name: &str) -> Option<(FactNo, &'a Fact)> {
        let catalogue = self.catalogue;
        catalogue.fact_by_name(name).or_else(|| {
            let no = self.aliases.facts.iter().find(|(alias, _)| alias == name)?.1;
            catalogue.facts.get(&no).map(|fact| (no, fact))
        })
    }

    fn need_fact(&self, name: &str, span: &Range<usize>) -> Checked<(FactNo, &'a Fact)> {
        self.find_fact(name).ok_or_else(|| {
            let names = self.catalogue.facts.values().map(|f| f.name.as_str());
            let aliases = self.aliases.facts.iter().map(|(a, _)| a.as_str());
            let mut error = RuleError::new("P101", span.clone(), format!("没有要素“{name}”"));
            if let Some(hint) = did_you_mean(name, names.chain(aliases)) {
                error = error.hint(hint);
            }
            error
        })
    }

    /// A fact without a period on the left of 属于 or 含.
    fn plain_fact(&self, node: &Node) -> Checked<(FactNo, &'a Fact)> {
        match &node.kind {
            NodeKind::Name(name, None) => self.need_fact(name, &node.span),
            NodeKind::Name(name, Some((_, span))) => {
                self.need_fact(name, &node.span)?;
                Err(RuleError::new("P123", span.clone(), format!("“{name}”在这里不按年份写，去掉方括号")))
            }
            _ => Err(RuleError::new("P136", node.span.clone(), "“属于”“含”的左边应是一个要素")),
        }
    }

    fn name(
        &mut self,
        name: &str,
        period: Option<&(String, Range<usize>)>,
        span: &Range<usize>,
    ) -> Checked<(Expr, Type)> {
        let (no, fact) = self.need_fact(name, span)?;
        let period = match period {
            None => Period::None,
            Some((text, span)) => parse_period(text).ok_or_else(|| {
                RuleError::new("P124", span.clone(), format!("没有时段“{text}”"))
                    .hint("可写 本年、上年、前年、上3年、2024年、上年同比增长、上年同比增量、近3年合计、近3年平均、近3年每年")
            })?,
        };
        if fact.yearly && period == Period::None {
            return Err(RuleError::new("P122", span.clone(), format!("“{name}”按年填报，要写明哪一年"))
                .hint(format!("写成 {name}[上年]")));
        }
        if !fact.yearly && period != Period::None {
            return Err(
                RuleError::new("P123", span.clone(), format!("“{name}”不按年填报")).hint("去掉方括号")
            );
        }
        if let Period::Last(n, Aggregate::Rising) = period {
            return Ok((Expr::Rising(no, n), Type::Truth));
        }
        if fact.kind == FactType::Flag {
            return Ok((Expr::Flag(no), Type::Truth));
        }
        let Some(dimension) = fact_dimension(fact) else {
            let word = match fact.kind {
                FactType::Qualifications | FactType::Options => "含",
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
        let dimension = match period {
            Period::Growth(_) | Period::Last(_, Aggregate::MeanGrowth) => Dimension::Share,
            _ => dimension,
        };
        Ok((Expr::Fact(no, period), Type::Number(dimension)))
    }

    fn members(&self, fact: &Fact, items: &[ItemNode], left: &Range<usize>) -> Checked<Members> {
        if let Some((text, span)) = items.iter().flat_map(|i| &i.qualifiers).next() {
            return Err(RuleError::new("P138", span.clone(), format!("这里不能带“({text})”")));
        }
        match fact.kind {
            FactType::Region => {
                let codes = items.iter().map(|i| self.region(i)).collect::<Checked<Vec<_>>>()?;
                Ok(Members::Codes(codes))
            }
            FactType::Industry => {
                let mut codes = Vec::new();
                for item in items {
                    codes.extend(self.industry(item)?);
                }
                Ok(Members::Codes(codes))
            }
            FactType::Choice => {
                let options = items.iter().map(|i| option(fact, i)).collect::<Checked<Vec<_>>>()?;
                Ok(Members::Options(options))
            }
            FactType::Qualifications | FactType::Options => {
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

    fn region(&self, item: &ItemNode) -> Checked<Code> {
        find_region(self.catalogue, &item.name).map_err(|problem| match problem {
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
        if let Some((_, codes)) = self.aliases.industries.iter().find(|(name, _)| *name == item.name) {
            return Ok(codes.clone());
        }
        find_industry(self.catalogue, &item.name).map(|code| vec![code]).ok_or_else(|| {
            let names = self.catalogue.industries.iter().map(|(_, name)| name);
            let groups = self.aliases.industries.iter().map(|(name, _)| name.as_str());
            let error = RuleError::new("P107", item.span.clone(), format!("没有这个行业：“{}”", item.name));
            match did_you_mean(&item.name, names.chain(groups)) {
                Some(hint) => error.hint(hint),
                None => error.hint("用 GB/T 4754-2017 的名称或代码，如 制造业、C348"),
            }
        })
    }

    fn item(&self, fact_no: FactNo, kind: FactType, node: &ItemNode) -> Checked<Item> {
        if kind == FactType::Options {
            let fact = &self.catalogue.facts[&fact_no];
            if let Some((text, span)) = node.qualifiers.first() {
                return Err(RuleError::new("P138", span.clone(), format!("这里不能带“({text})”")));
            }
            return Ok(Item { item: option(fact, node)?, levels: 0, when: When::Valid });
        }
        let table = &self.catalogue.qualifications;
        let by_name = table.iter().find(|(_, q)| q.name == node.name).map(|(no, _)| *no);
        let by_alias =
            || self.aliases.qualifications.iter().find(|(alias, _)| *alias == node.name).map(|(_, no)| *no);
        let item = by_name.or_else(by_alias).ok_or_else(|| {
            let names = table.values().map(|q| q.name.as_str());
            let aliases = self.aliases.qualifications.iter().map(|(a, _)| a.as_str());
            let error = RuleError::new("P102", node.span.clone(), format!("资质目录里没有“{}”", node.name));
            match did_you_mean(&node.name, names.chain(aliases)) {
                Some(hint) => error.hint(hint),
                None => error.hint("先在 catalogue/qualifications.yaml 里加一行"),
            }
        })?;
        let levels = &table[&item].levels;
        let mut result = Item { item, levels: 0, when: When::Valid };
        for (text, span) in &node.qualifiers {
            if let Some(when) = parse_when(text) {
                result.when = when;
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
                    format!("可写 {}，可带 以上、以下；认定时间写 上年认定、近3年认定", levels.join("、"))
                };
                return Err(RuleError::new("P104", span.clone(), message).hint(hint));
            };
            result.levels = match widen {
                1 => ((1u16 << (at + 1)) - 1) as u8,
                -1 => (((1u16 << levels.len().min(8)) - 1) as u8) & !(((1u16 << at) - 1) as u8),
                _ => 1 << at,
            };
        }
        Ok(result)
    }
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

/// `上年认定`, `2024年认定`, `近5年认定`, `曾经`.
fn parse_when(text: &str) -> Option<When> {
    if text == "曾经" {
        return Some(When::Ever);
    }
    let base = text.strip_suffix("认定")?;
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
        let tail = |code: &Code| catalogue.regions.get(*code).is_some_and(|part| name.ends_with(part));
        found = catalogue.regions.iter().map(|(c, _)| c).filter(tail).collect();
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

/// A bare `0` may stand for nothing of any count.
fn fits_number(left: Dimension, right: Dimension, value: &Expr) -> bool {
    let zero = matches!(value, Expr::Const(zero, _) if *zero == Ratio::ZERO);
    zero && right == Dimension::Number && matches!(left, Dimension::Count(_) | Dimension::Share)
}

fn join(a: Type, b: Type, span: &Range<usize>) -> Checked<Type> {
    match (a, b) {
        (Type::AnyAmount, Type::Number(Dimension::Money(_)) | Type::AnyAmount) => Ok(Type::AnyAmount),
        (Type::Number(Dimension::Money(_)), Type::AnyAmount) => Ok(Type::AnyAmount),
        (a, b) if a == b => Ok(a),
        (a, b) => Err(RuleError::new(
            "P141",
            span.clone(),
            format!("前面是{}，这里是{}，应一致", a.describe(), b.describe()),
        )),
    }
}

fn element_windows(expr: &Expr) -> Vec<u8> {
    let mut found = Vec::new();
    expr.walk(&mut |e| {
        if let Expr::Fact(_, Period::Last(n, Aggregate::Each | Aggregate::Any)) = e {
            found.push(*n);
        }
    });
    found
}

/// A number with a unit: base value and dimension.
fn quantity(value: Ratio, unit: &str, span: &Range<usize>) -> Checked<(Ratio, Dimension)> {
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
        "年" | "周岁" => return Ok((scale(value, 12)?, Dimension::Months)),
        "个月" | "月" => return Ok((value, Dimension::Months)),
        _ => {}
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
        return Err(RuleError::new("P104", span.clone(), format!("数“{}{unit}”缺单位", value.decimal(4)))
            .hint(format!("金额写成 {}{unit}元", value.decimal(4))));
    }
    let value = scale(value, factor)?;
    if let Some(count) = COUNT_UNITS.iter().position(|u| *u == rest) {
        return Ok((value, Dimension::Count(count as u8)));
    }
    if let Some(currency) = CURRENCIES.iter().position(|c| *c == rest) {
        return Ok((scale(value, 100)?, Dimension::Money(currency as u8)));
    }
    if let Some(per) = rest.strip_prefix("元/")
        && let Some(count) = COUNT_UNITS.iter().position(|u| *u == per)
    {
        return Ok((scale(value, 100)?, Dimension::Price(count as u8)));
    }
    let known = COUNT_UNITS.iter().chain(&CURRENCIES).copied();
    let mut error = bad(format!("没有单位“{rest}”"));
    if let Some(hint) = did_you_mean(rest, known) {
        error = error.hint(hint);
    }
    Err(error)
}

/// A number with a unit, as written in a profile: `6420万元`, `86人`, `4.8%`.
///
/// # Errors
/// When the text is not one number with a known unit.
pub fn read_quantity(text: &str) -> Checked<(Ratio, Dimension)> {
    let node = super::parse(text)?;
    match &node.kind {
        NodeKind::Quantity(value, unit) => quantity(*value, unit, &node.span),
        NodeKind::Date(date) => Ok((Ratio::int(i128::from(date.days())), Dimension::Date)),
        _ => Err(RuleError::new("P133", node.span, "这里应是一个带单位的数，如 6420万元")),
    }
}

/// The item and year of a held qualification in a profile, e.g.
/// `工业设计中心(省级, 2025年认定)`: item, level number, year.
///
/// # Errors
/// When the name or a qualifier is unknown.
pub fn read_held(
    text: &str,
    fact: FactNo,
    catalogue: &Catalogue,
    aliases: &Aliases,
) -> Checked<(ItemNo, Option<u8>, Option<u16>)> {
    let probe = format!("{} 含 {text}", catalogue.fact_name(fact));
    let offset = catalogue.fact_name(fact).chars().count() + 3;
    let shift = |mut e: RuleError| {
        e.span = e.span.start.saturating_sub(offset)..e.span.end.saturating_sub(offset);
        e
    };
    let node = super::parse(&probe).map_err(shift)?;
    let expr = check_rule(&node, catalogue, aliases, &mut Vec::new()).map_err(shift)?;
    let Expr::Has(_, Mode::Any, items) = expr else {
        return Err(RuleError::new("P138", 0..text.chars().count(), "这里应是一项"));
    };
    let item = items[0];
    let level = (item.levels != 0).then(|| item.levels.trailing_zeros() as u8);
    let year = match item.when {
        When::In(Year::Fixed(year)) => Some(year),
        When::Valid => None,
        _ => return Err(RuleError::new("P138", 0..text.chars().count(), "认定时间写成 2025年认定")),
    };
    Ok((item.item, level, year))
}
