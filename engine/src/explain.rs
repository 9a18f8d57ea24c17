//! Why: every verdict as a tree of sentences with the firm's value, the
//! requirement, the gap, the year and the clause. In Chinese; made from the
//! compiled rule, so that what is shown is what was decided.

use crate::catalogue::{Catalogue, Derived, FactNo, FactType, SIZE_NAMES, Scope};
use crate::date::Date;
use crate::eval::{Amount, Evaluated, Evaluator, Truth, evaluate};
use crate::firm::{Answer, Firm, Key, Span};
use crate::measure::{Card, Condition, Measure, RowKind};
use crate::num::{Interval, Ratio};
use crate::rule::{
    Aggregate, Arith, Expr, Func, Head, Item, Members, Mode, Op, Period, Quantifier, Quota, Year, Years,
    dimension, fact_dimension, item_text,
};
use crate::unit::Dimension;

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The requirement as a sentence.
    pub sentence: String,
    /// Its truth; `None` where the condition does not apply.
    pub truth: Option<Truth>,
    /// The firm's value, empty where there is none to show.
    pub have: String,
    /// The threshold, empty where the sentence says it all.
    pub need: String,
    /// What is missing to reach it, empty unless it fails by a number.
    pub gap: String,
    /// Facts that would decide it.
    pub missing: Vec<Key>,
    /// Parts of a group.
    pub children: Vec<Node>,
}

/// One condition with its clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowExplanation {
    /// Kind of the row.
    pub kind: RowKind,
    /// 依据
    pub basis: String,
    /// 说明: a sentence of the authors, empty where there is none.
    pub note: String,
    /// The tree.
    pub node: Node,
}

/// One line of the sum: label and value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

/// Explains every condition of a measure.
///
/// # Errors
/// As [`crate::eval::evaluate`].
pub fn explain(
    measure: &Measure,
    card: &Card,
    catalogue: &Catalogue,
    firm: &Firm,
    today: Date,
) -> Evaluated<Vec<RowExplanation>> {
    let mut explainer = Explainer::new(measure, card, catalogue, firm, today)?;
    let rows = measure.conditions.iter().map(|c| explainer.row(c)).collect();
    explainer.e.checked(rows)
}

/// The sum of a measure, step by step, and the amount itself.
///
/// # Errors
/// As [`crate::eval::evaluate`].
pub fn steps(
    measure: &Measure,
    card: &Card,
    catalogue: &Catalogue,
    firm: &Firm,
    today: Date,
) -> Evaluated<Vec<Step>> {
    let mut explainer = Explainer::new(measure, card, catalogue, firm, today)?;
    let steps = explainer.steps(measure);
    explainer.e.checked(steps)
}

/// The sum in one line: `480万元 × 20% = 96万元`.
///
/// # Errors
/// As [`crate::eval::evaluate`].
pub fn formula_line(
    measure: &Measure,
    card: &Card,
    catalogue: &Catalogue,
    firm: &Firm,
    today: Date,
) -> Evaluated<String> {
    let mut explainer = Explainer::new(measure, card, catalogue, firm, today)?;
    match &measure.benefit.amount {
        Some(amount) if !matches!(amount, Expr::Const(..) | Expr::Undecided) => {
            let line = explainer.formula(amount, true);
            explainer.e.checked(line)
        }
        _ => Ok(String::new()),
    }
}

/// An amount as people read it: `96万元`, `3万元至7.5万元`, `最多500万元`,
/// `金额以文件为准`.
pub fn amount_text(amount: &Amount) -> String {
    let money = |fen: i128| crate::unit::money(Ratio::int(fen), 0);
    match (amount.low, amount.high) {
        _ if amount.undecided && (amount.high.is_none() || amount.low == 0) => match amount.high {
            Some(high) => format!("最多{}，具体以文件为准", money(high)),
            None => "金额以文件为准".to_owned(),
        },
        (low, Some(high)) if low == high => money(low),
        (0, Some(high)) => format!("最多{}", money(high)),
        (low, Some(high)) => format!("{}至{}", money(low), money(high)),
        (0, None) => "填了数就能算".to_owned(),
        (low, None) => format!("{}以上", money(low)),
    }
}

/// What is asked for, with its time and record: `2025年营业收入`, `第2个项目的总投资`.
pub fn key_name(catalogue: &Catalogue, key: Key) -> String {
    let name = catalogue.fact_name(key.fact);
    let timed = match key.span {
        Span::Always => name.to_owned(),
        Span::Year(year) => format!("{year}年{name}"),
        Span::Days(from, to) => format!("{}至{}的{name}", from.chinese(), to.chinese()),
        Span::Until(day) => format!("截至{}的{name}", day.chinese()),
        Span::PeakBefore(year) => format!("{year}年以前最高一年的{name}"),
    };
    let scope = catalogue.facts.get(&key.fact).map_or(Scope::Firm, |f| f.scope);
    let timed = if scope != Scope::Firm && key.span == Span::Always {
        timed.strip_prefix(scope.name()).unwrap_or(&timed).to_owned()
    } else {
        timed
    };
    match (scope, key.record) {
        (Scope::Firm, _) => timed,
        (scope, 0 | 1) => format!("{}的{timed}", scope.name()),
        (scope, n) => format!("第{n}{}{}的{timed}", counter(scope), scope.name()),
    }
}

/// 第2个项目, 第2名人员
fn counter(scope: Scope) -> &'static str {
    if scope == Scope::Person { "名" } else { scope.unit() }
}

/// How 企业规模 was worked out, one sentence per line: the row of the size classes, each of its figures with the
/// bounds it lies between, and the result. Empty while the industry is not known or the size was answered.
///
/// Source: 统计上大中小微型企业划分办法(2017), 国统字〔2017〕213号.
pub fn size_steps(catalogue: &Catalogue, firm: &Firm, base_year: u16) -> Vec<Step> {
    let mut steps = Vec::new();
    let Some((fact, _)) = catalogue.facts.iter().find(|(_, f)| f.derived == Some(Derived::Size)) else {
        return steps;
    };
    let Some((rows, values)) = firm.size_rows(catalogue, base_year) else { return steps };
    if firm.get(Key::plain(*fact)).is_some() {
        return steps;
    }
    for row in rows {
        steps.push(Step { label: "行业划型".to_owned(), value: row.name.clone() });
        let people = Dimension::count(0);
        let metrics = [
            ("从业人员", &row.staff, people, 1),
            ("营业收入", &row.revenue, Dimension::YUAN, 1_000_000),
            ("资产总额", &row.assets, Dimension::YUAN, 1_000_000),
        ];
        for ((name, bounds, dimension, scale), value) in metrics.into_iter().zip(values) {
            let Some([large, medium, small]) = bounds else { continue };
            let text = |bound: &u32| dimension.show(Ratio::int(i128::from(*bound) * scale));
            let have = match value {
                Some(value) if value.exact().is_some() => show(value, Some(dimension)),
                _ => "没填".to_owned(),
            };
            let scale = format!("大型{}起、中型{}起、小型{}起", text(large), text(medium), text(small));
            steps.push(Step { label: name.to_owned(), value: format!("{have}（{scale}）") });
        }
    }
    let result = answer_text(catalogue, firm, Key::plain(*fact), base_year);
    steps.push(Step { label: "各项都达到才算那一类".to_owned(), value: result });
    steps
}

struct Explainer<'a> {
    e: Evaluator<'a>,
    card: &'a Card,
}

impl<'a> Explainer<'a> {
    /// Speaks of the record that decided.
    fn new(
        measure: &Measure,
        card: &'a Card,
        catalogue: &'a Catalogue,
        firm: &'a Firm,
        today: Date,
    ) -> Evaluated<Self> {
        let e = Evaluator::new(measure, catalogue, firm, today);
        let e = match measure.subject {
            Scope::Firm => e,
            scope => e.for_record(scope, evaluate(measure, catalogue, firm, today)?.record.unwrap_or(1)),
        };
        Ok(Self { e, card })
    }

    fn catalogue(&self) -> &Catalogue {
        self.e.catalogue()
    }

    fn row(&mut self, condition: &Condition) -> RowExplanation {
        self.e.take_missing();
        let truth = self.e.row_of(condition);
        let missing = self.e.take_missing();
        let mut node = self.node(&condition.rule);
        node.truth = truth;
        if truth == Some(Truth::Unknown) {
            node.missing = missing;
        }
        if let (RowKind::Exclude, Expr::Not(inner)) = (condition.kind, &condition.rule) {
            node.sentence = format!("没有这种情形：{}", self.sentence(inner));
        } else if condition.kind == RowKind::Refer {
            node.sentence = format!("条件见{}", node.sentence);
        }
        if let (Some(guard), None) = (&condition.guard, truth) {
            node.sentence = format!("{}（只看：{}）", node.sentence, self.sentence(guard));
            node.children.clear();
        }
        let text = |number| self.card.text(number).to_owned();
        RowExplanation {
            kind: condition.kind,
            basis: text(condition.basis),
            note: condition.note.map(text).unwrap_or_default(),
            node,
        }
    }

    fn node(&mut self, expr: &Expr) -> Node {
        self.e.take_missing();
        let truth = self.e.truth_of(expr);
        let missing = self.e.take_missing();
        let mut node = Node {
            sentence: self.sentence(expr),
            truth: Some(truth),
            have: String::new(),
            need: String::new(),
            gap: String::new(),
            missing: if truth == Truth::Unknown { missing } else { Vec::new() },
            children: Vec::new(),
        };
        match expr {
            Expr::And(list) | Expr::Or(list) | Expr::KOf(_, _, list) => {
                for part in list {
                    node.children.push(self.node(part));
                }
            }
            Expr::Compare(op, a, b) => {
                let (left, right) = (self.e.value_of(a), self.e.value_of(b));
                let dimension = self.dimension(a);
                node.have = self.value_text(a, left, dimension);
                node.need = format!("{}{}", op.sign(), self.value_text(b, right, dimension));
                if truth == Truth::False {
                    node.gap = self.gap(*op, a, left, right, dimension);
                }
                self.e.take_missing();
            }
            Expr::Between(x, low, high) => {
                let value = self.e.value_of(x);
                let (low, high) = (self.e.value_of(low), self.e.value_of(high));
                let dimension = self.dimension(x);
                node.have = self.value_text(x, value, dimension);
                node.need = format!("{}至{}", show(low, dimension), show(high, dimension));
                self.e.take_missing();
            }
            Expr::In(fact, ..) | Expr::Has(fact, ..) | Expr::Flag(fact) => {
                node.have = self.answer_text(*fact);
            }
            Expr::Records(_, scope, _) => node.have = self.told(*scope),
            Expr::Not(inner) => {
                if let Some(fact) = inner.fact() {
                    node.have = self.answer_text(fact);
                } else if let Expr::Compare(..) | Expr::Between(..) | Expr::And(_) | Expr::Or(_) = **inner {
                    let inner = self.node(inner);
                    node.have = inner.have;
                }
            }
            _ => {}
        }
        node
    }

    /// A condition as a sentence.
    fn sentence(&mut self, expr: &Expr) -> String {
        let joined = |me: &mut Self, list: &[Expr], word: &str| -> String {
            let parts = list.iter().map(|p| me.sentence(p)).collect::<Vec<_>>();
            parts.join(word)
        };
        match expr {
            Expr::And(list) => joined(self, list, "，并且"),
            Expr::Or(list) => format!("以下满足一项：{}", joined(self, list, "；")),
            Expr::KOf(quota, k, list) => {
                let word = match quota {
                    Quota::AtLeast => "至少",
                    Quota::AtMost => "至多",
                    Quota::Exactly => "恰好",
                };
                format!("以下{}项{word}符合{k}项：{}", list.len(), joined(self, list, "；"))
            }
            Expr::Not(inner) => match &**inner {
                Expr::Flag(fact) => format!("不是“{}”", self.catalogue().fact_name(*fact)),
                inner => format!("不属于：{}", self.sentence(inner)),
            },
            Expr::Verify(text) | Expr::Promise(text) => self.card.text(*text).to_owned(),
            Expr::Compare(op, a, b) => {
                let right = self.e.value_of(b);
                self.e.take_missing();
                let right = match (&**b, right.exact()) {
                    (Expr::Const(..), Some(_)) => show(right, self.dimension(a)),
                    _ => self.words(b),
                };
                format!("{}{}{right}", self.words(a), self.op_words(*op, a))
            }
            Expr::Between(x, low, high) => {
                format!("{}在{}至{}之间（含两端）", self.words(x), self.words(low), self.words(high))
            }
            Expr::In(fact, members, negated) => {
                let name = self.catalogue().fact_name(*fact);
                let word = match (self.catalogue().facts.get(fact).map(|f| f.kind), negated) {
                    (Some(FactType::Region), false) => "在",
                    (Some(FactType::Region), true) => "不在",
                    (_, false) => "属于",
                    (_, true) => "不属于",
                };
                format!("{}{name}{word}{}", self.whose(*fact), self.members(*fact, members))
            }
            Expr::Has(fact, mode, items) => self.has_sentence(*fact, *mode, items),
            Expr::Flag(fact) => format!("{}{}", self.whose(*fact), self.short_name(*fact)),
            Expr::Rising(fact, years, existing) => {
                let (first, last) = self.e.years(*years);
                let tail = if *existing { "（不足按实际年数）" } else { "" };
                format!("{}{}从{first}年到{last}年逐年增长{tail}", self.whose(*fact), self.short_name(*fact))
            }
            Expr::Records(quantifier, scope, rule) => {
                let (before, after) = match quantifier {
                    Quantifier::Some => ("至少有一", "满足"),
                    Quantifier::Every => ("每", "都满足"),
                };
                let rule = self.sentence(rule);
                format!("{before}{}{}{after}：{rule}", counter(*scope), scope.name())
            }
            other => self.words(other),
        }
    }

    /// `项目的`, nothing for the firm itself.
    fn whose(&self, fact: FactNo) -> String {
        match self.catalogue().facts.get(&fact).map_or(Scope::Firm, |f| f.scope) {
            Scope::Firm => String::new(),
            scope => format!("{}的", scope.name()),
        }
    }

    /// The name without its scope, which [`Self::whose`] says.
    fn short_name(&self, fact: FactNo) -> &str {
        match self.catalogue().facts.get(&fact) {
            Some(f) if f.scope != Scope::Firm => f.name.strip_prefix(f.scope.name()).unwrap_or(&f.name),
            Some(f) => &f.name,
            None => "未知要素",
        }
    }

    /// How many records the firm has told of.
    fn told(&self, scope: Scope) -> String {
        let told = self.e.firm().records(scope);
        match (told.count, told.closed) {
            (0, true) => format!("没有{}", scope.name()),
            (0, false) => "没填".to_owned(),
            (n, true) => format!("共{n}{}", scope.unit()),
            (n, false) => format!("已填{n}{}", scope.unit()),
        }
    }

    fn has_sentence(&self, fact: FactNo, mode: Mode, items: &[Item]) -> String {
        let catalogue = self.catalogue();
        let kind = catalogue.facts.get(&fact).map(|f| f.kind);
        let names: Vec<String> = items
            .iter()
            .map(|i| match kind {
                Some(FactType::Rosters) => format!("《{}》", catalogue.item_name(fact, i.item)),
                _ => item_text(fact, i, catalogue),
            })
            .collect();
        let list = names.join("、");
        let (held, not_held) = match kind {
            Some(FactType::Qualifications) => ("取得", "没有取得"),
            Some(FactType::Programmes) => ("已获", "没有获得过"),
            Some(FactType::Rosters) => ("在名单里：", "不在名单里"),
            _ => ("有", "没有"),
        };
        let subject = match kind {
            Some(FactType::Qualifications | FactType::Programmes) => self.whose(fact),
            Some(FactType::Rosters) => {
                let name = self.short_name(fact);
                name.strip_suffix("名单").unwrap_or(name).to_owned()
            }
            _ => format!("{}{}", self.whose(fact), self.short_name(fact)),
        };
        let years = self.item_years(items);
        match mode {
            Mode::Any if items.len() == 1 => format!("{subject}{held}{list}{years}"),
            Mode::Any => format!("{subject}{held}其中一项：{list}{years}"),
            Mode::All => format!("{subject}{held}全部：{list}{years}"),
            Mode::AtLeast(k) => format!("{subject}{held}其中至少{k}项：{list}{years}"),
            Mode::None => format!("{subject}{not_held}：{list}{years}"),
        }
    }

    /// `（上年是2025年）` where a relative year stands in the qualifiers.
    fn item_years(&self, items: &[Item]) -> String {
        use crate::rule::When;
        let relative = items.iter().find_map(|i| match i.when {
            When::In(Year::Back(n)) => Some(n),
            _ => None,
        });
        match relative {
            Some(0) => format!("（本年是{}年）", self.e.base_year),
            Some(_) => format!("（上年是{}年）", self.e.year(Year::Back(1))),
            None => String::new(),
        }
    }

    fn op_words(&self, op: Op, left: &Expr) -> &'static str {
        let Some(dimension) = self.dimension(left) else { return op.words() };
        match (dimension, op) {
            (Dimension::Date, Op::Ge) => "不早于",
            (Dimension::Date, Op::Le) => "不晚于",
            (Dimension::Date, Op::Gt) => "晚于",
            (Dimension::Date, Op::Lt) => "早于",
            (Dimension::MONTHS, Op::Ge) => "满",
            (counted, Op::Lt) if counted.counted().is_some() => "少于",
            (_, op) => op.words(),
        }
    }

    /// A numeric expression in words, without the firm's values.
    fn words(&self, expr: &Expr) -> String {
        match expr {
            Expr::Const(value, dimension) => dimension.show(*value),
            Expr::Fact(fact, period) => self.fact_words(*fact, *period),
            Expr::Arith(op, a, b) => {
                let bracket = |e: &Expr| {
                    let text = self.words(e);
                    let sum = matches!(e, Expr::Arith(Arith::Add | Arith::Sub, ..));
                    if sum && matches!(op, Arith::Mul | Arith::Div) { format!("（{text}）") } else { text }
                };
                if *op == Arith::Div && self.dimension(expr) == Some(Dimension::Share) {
                    return format!("{}占{}的比例", bracket(a), bracket(b));
                }
                format!("{}{}{}", bracket(a), sign(*op), bracket(b))
            }
            Expr::Range(a, b) => match &**a {
                Expr::Const(zero, _) if *zero == Ratio::ZERO => format!("最多{}", self.words(b)),
                _ => format!("{}至{}", self.words(a), self.words(b)),
            },
            Expr::Undecided => "未定".to_owned(),
            Expr::Call(func, list) => {
                let parts: Vec<String> = list.iter().map(|p| self.words(p)).collect();
                match func {
                    Func::Min => format!("{}中较小的", parts.join("、")),
                    Func::Max => format!("{}中较大的", parts.join("、")),
                    Func::Floor => format!("{}取整", parts.join("")),
                    Func::Ceil => format!("{}进整", parts.join("")),
                    Func::NonNegative => parts.join(""),
                    Func::Since => format!("{}到{}的时间", parts.join(""), self.e.reference.chinese()),
                }
            }
            Expr::Pick(key, rows) | Expr::Slices(key, rows) => {
                format!("按{}分{}档的标准", self.words(key), rows.len())
            }
            Expr::PickFact(fact, rows) => {
                format!("按{}分{}档的标准", self.catalogue().fact_name(*fact), rows.len())
            }
            Expr::If(_, yes, no) => format!("{}或{}（看情形）", self.words(yes), self.words(no)),
            Expr::Param(no, year) => {
                let name = self.catalogue().params.get(no).map_or("未知参数", |p| &p.name);
                match year {
                    Some(year) => format!("{}年{name}", self.e.year(*year)),
                    None => name.to_owned(),
                }
            }
            Expr::Tally(scope, _) => format!("符合要求的{}数", scope.name()),
            Expr::AmountOf(text) => format!("事项{}的金额", self.card.text(*text)),
            _ => String::new(),
        }
    }

    fn fact_words(&self, fact: FactNo, period: Period) -> String {
        let name = self.short_name(fact);
        let whose = self.whose(fact);
        let timed = match period {
            Period::None => name.to_owned(),
            Period::Year(year) => format!("{}年{name}", self.e.year(year)),
            Period::Growth(year) => format!("{}年{name}同比增长", self.e.year(year)),
            Period::Delta(year) => format!("{}年{name}比上一年增加", self.e.year(year)),
            Period::Days(from, to) => format!("{}至{}的{name}", from.chinese(), to.chinese()),
            Period::Months(n, mean) => {
                let (from, to) = self.e.months(n);
                let what = if mean { "平均" } else { "合计" };
                format!("{}至{}{name}{what}", from.chinese(), to.chinese())
            }
            Period::Until(day) => format!("截至{}的{name}", day.chinese()),
            Period::Peak => format!("{}年以前最高一年的{name}", self.e.year(Year::Back(1))),
            Period::Over(years, aggregate, existing) => {
                let (first, last) = self.e.years(years);
                let span = if first == last { format!("{last}年") } else { format!("{first}至{last}年") };
                let tail = if existing { "（不足按实际年数）" } else { "" };
                let text = match aggregate {
                    Aggregate::Sum => format!("{span}{name}合计"),
                    Aggregate::Mean => format!("{span}{name}平均"),
                    Aggregate::Max => format!("{span}{name}最高一年"),
                    Aggregate::Min => format!("{span}{name}最低一年"),
                    Aggregate::Each => format!("{span}每年{name}"),
                    Aggregate::Any => format!("{span}任一年{name}"),
                    Aggregate::MeanGrowth => format!("{span}{name}平均增长"),
                    Aggregate::Rising => format!("{span}{name}连续增长"),
                    Aggregate::Compound => format!("{span}{name}年均复合增长"),
                };
                format!("{text}{tail}")
            }
        };
        format!("{whose}{timed}")
    }

    fn dimension(&self, expr: &Expr) -> Option<Dimension> {
        dimension(expr, self.catalogue())
    }

    /// The value of the firm's side: a number, or what is missing.
    fn value_text(&self, expr: &Expr, value: Interval, dimension: Option<Dimension>) -> String {
        let mut known = true;
        expr.walk(&mut |e| {
            if let Expr::Fact(fact, period) = e {
                known &= self.is_known(*fact, *period);
            }
        });
        if known { show(value, dimension) } else { "没填".to_owned() }
    }

    fn is_known(&self, fact: FactNo, period: Period) -> bool {
        let firm = self.e.firm();
        let record = self.e.key_in(fact, Period::None).map_or(0, |key| key.record);
        let has = |span| matches!(firm.get(Key { fact, span, record }), Some(Answer::Number(_)));
        let derived = self.catalogue().facts.get(&fact).is_some_and(|f| f.derived.is_some());
        match period {
            Period::Growth(year) | Period::Delta(year) => {
                let year = self.e.year(year);
                has(Span::Year(year)) && has(Span::Year(year.saturating_sub(1)))
            }
            Period::Over(years, aggregate, _) => {
                let (first, last) = self.e.years(years);
                let grows = matches!(aggregate, Aggregate::MeanGrowth | Aggregate::Compound);
                let back = matches!(years, Years::Last(_)) || aggregate == Aggregate::MeanGrowth;
                let first = if grows && back { first.saturating_sub(1) } else { first };
                (first..=last).all(|year| has(Span::Year(year)))
            }
            period => {
                let key = self.e.key_in(fact, period);
                key.is_some_and(|key| has(key.span)) || (period == Period::None && derived)
            }
        }
    }

    fn gap(&self, op: Op, a: &Expr, left: Interval, right: Interval, dimension: Option<Dimension>) -> String {
        let (Some(left), Some(right), Some(dimension)) = (left.exact(), right.exact(), dimension) else {
            return String::new();
        };
        // Days between two dates say nothing useful.
        if dimension == Dimension::Date {
            return String::new();
        }
        let difference = match op {
            Op::Ge | Op::Gt => right.sub(left),
            Op::Le | Op::Lt => left.sub(right),
            Op::Eq | Op::Ne => return String::new(),
        };
        let Ok(difference) = difference else { return String::new() };
        let what = if let Expr::Fact(fact, Period::Year(_) | Period::None) = a {
            self.catalogue().fact_name(*fact)
        } else {
            ""
        };
        let number = match dimension {
            Dimension::Share => difference
                .mul(Ratio::int(100))
                .map_or_else(|_| String::new(), |d| format!("{}个百分点", d.decimal(2))),
            other => other.show(difference),
        };
        match op {
            Op::Ge => format!("还差{number}{what}"),
            Op::Gt => format!("还差{number}以上{what}"),
            _ => format!("多出{number}{what}"),
        }
    }

    fn members(&self, fact: FactNo, members: &Members) -> String {
        let catalogue = self.catalogue();
        let names: Vec<String> = match members {
            Members::Codes(lists, codes) => {
                let region = catalogue.facts.get(&fact).is_some_and(|f| f.kind == FactType::Region);
                let list = |no| catalogue.lists.get(no).map_or("未知清单", |l| &l.name);
                let lists = lists.iter().map(|no| format!("“{}”", list(no)));
                let names = codes
                    .iter()
                    .map(|c| if region { catalogue.region_name(*c) } else { catalogue.industry_name(*c) });
                lists.chain(names).collect()
            }
            Members::Options(options) => {
                options.iter().map(|o| catalogue.item_name(fact, *o).to_owned()).collect()
            }
        };
        names.join("、")
    }

    /// The firm's answer to a fact that is no number.
    fn answer_text(&self, fact: FactNo) -> String {
        let key = self.e.key_in(fact, Period::None);
        key.map_or_else(String::new, |key| {
            answer_text(self.catalogue(), self.e.firm(), key, self.e.base_year)
        })
    }

    fn steps(&mut self, measure: &Measure) -> Vec<Step> {
        let benefit = &measure.benefit;
        let Some(formula) = &benefit.amount else { return Vec::new() };
        let mut steps = Vec::new();
        let mut facts: Vec<(FactNo, Period)> = Vec::new();
        formula.walk(&mut |e| {
            if let Expr::Fact(fact, period) = e
                && !facts.contains(&(*fact, *period))
            {
                facts.push((*fact, *period));
            }
        });
        for (fact, period) in facts {
            let expr = Expr::Fact(fact, period);
            let value = self.e.value_of(&expr);
            let value = self.value_text(&expr, value, self.dimension(&expr));
            let value = if value == "没填" { "没填，按 0 到最大算".to_owned() } else { value };
            steps.push(Step { label: self.fact_words(fact, period), value });
        }
        if !matches!(formula, Expr::Const(..) | Expr::Undecided) {
            steps.push(Step { label: "算式".to_owned(), value: self.formula(formula, false) });
        }
        let sum = self.e.value_of(formula);
        if benefit.floor.is_some() || !benefit.caps.is_empty() {
            steps.push(Step { label: "算出".to_owned(), value: show(sum, Some(Dimension::YUAN)) });
        }
        if let Some(floor) = &benefit.floor {
            let floor = self.e.value_of(floor);
            steps
                .push(Step {
                    label: "低于这个数不补".to_owned(), value: show(floor, Some(Dimension::YUAN))
                });
        }
        for (scope, cap) in &benefit.caps {
            let cap = self.e.value_of(cap);
            let reached = sum.lo.zip(cap.hi).is_some_and(|(sum, cap)| sum >= cap);
            let below = sum.hi.zip(cap.lo).is_some_and(|(sum, cap)| sum <= cap);
            let note = if reached {
                "（到上限）"
            } else if below {
                "（没到上限）"
            } else {
                ""
            };
            steps.push(Step {
                label: format!("{}上限", scope.name()),
                value: format!("{}{note}", show(cap, Some(Dimension::YUAN))),
            });
        }
        if benefit.reducible {
            steps.push(Step { label: "资金不足时".to_owned(), value: "按比例减".to_owned() });
        }
        if let Some(amount) = self.e.sum_of(measure) {
            steps.push(Step { label: "算下来".to_owned(), value: amount_text(&amount) });
        }
        self.e.take_missing();
        steps
    }

    /// The formula with the firm's numbers put in.
    fn formula(&mut self, expr: &Expr, with_names: bool) -> String {
        match expr {
            Expr::Fact(fact, period) => {
                let value = self.e.value_of(expr);
                let text = self.value_text(expr, value, self.dimension(expr));
                if text == "没填" {
                    self.fact_words(*fact, *period)
                } else if with_names {
                    format!("{}{text}", self.fact_words(*fact, *period))
                } else {
                    text
                }
            }
            Expr::Arith(op, a, b) => {
                let left = self.formula(a, with_names);
                let right = self.formula(b, with_names);
                let bracket = |e: &Expr, text: String| match e {
                    Expr::Arith(Arith::Add | Arith::Sub, ..) if matches!(op, Arith::Mul | Arith::Div) => {
                        format!("（{text}）")
                    }
                    Expr::Range(..) => format!("（{text}）"),
                    _ => text,
                };
                format!("{}{}{}", bracket(a, left), sign(*op), bracket(b, right))
            }
            Expr::Pick(..) | Expr::PickFact(..) | Expr::If(..) => {
                let chosen = match expr {
                    Expr::If(condition, yes, no) => match self.e.truth_of(condition) {
                        Truth::True => Some(&**yes),
                        Truth::False => Some(&**no),
                        _ => None,
                    },
                    Expr::Pick(key, rows) => {
                        let key = self.e.value_of(key);
                        chosen_row(rows, key)
                    }
                    _ => None,
                };
                match chosen {
                    Some(part) => self.formula(part, with_names),
                    None => {
                        let value = self.e.value_of(expr);
                        match (value.exact(), value.lo, value.hi) {
                            (None, _, None) => self.words(expr),
                            _ => show(value, self.dimension(expr)),
                        }
                    }
                }
            }
            Expr::Call(func @ (Func::Min | Func::Max), list) => {
                let parts = list.iter().map(|p| self.formula(p, with_names)).collect::<Vec<_>>();
                let word = if *func == Func::Min { "取小" } else { "取大" };
                format!("{}，{word}", parts.join("与"))
            }
            Expr::Call(Func::NonNegative, list) => {
                let parts = list.iter().map(|p| self.formula(p, with_names)).collect::<Vec<_>>();
                format!("（{}）", parts.join(""))
            }
            Expr::Slices(key, _) => format!("{}分段计算", self.formula(key, with_names)),
            other => self.words(other),
        }
    }
}

fn chosen_row(rows: &[(Head, Expr)], key: Interval) -> Option<&Expr> {
    for (head, value) in rows {
        let fit = match head {
            Head::Compare(op, bound) => crate::eval::compare(*op, key, Interval::point(*bound)),
            Head::Otherwise => Truth::True,
            Head::In(_) => return None,
        };
        match fit {
            Truth::True => return Some(value),
            Truth::False => {}
            _ => return None,
        }
    }
    None
}

fn sign(op: Arith) -> &'static str {
    match op {
        Arith::Add => " + ",
        Arith::Sub => " − ",
        Arith::Mul => " × ",
        Arith::Div => " ÷ ",
    }
}

fn show(value: Interval, dimension: Option<Dimension>) -> String {
    let dimension = dimension.unwrap_or(Dimension::Number);
    match (value.lo, value.hi) {
        (Some(lo), Some(hi)) if lo == hi => dimension.show(lo),
        (Some(lo), Some(hi)) if lo == Ratio::ZERO => format!("最多{}", dimension.show(hi)),
        (Some(lo), Some(hi)) => format!("{}至{}", dimension.show(lo), dimension.show(hi)),
        (Some(lo), None) if lo == Ratio::ZERO => "没定".to_owned(),
        (Some(lo), None) => format!("{}以上", dimension.show(lo)),
        (None, Some(hi)) => format!("{}以下", dimension.show(hi)),
        (None, None) => "算不出".to_owned(),
    }
}

/// The firm's answer to a fact that is no number, in words.
pub fn answer_text(catalogue: &Catalogue, firm: &Firm, key: Key, base_year: u16) -> String {
    let fact = key.fact;
    let Some(row) = catalogue.facts.get(&fact) else { return "没填".to_owned() };
    if row.kind == FactType::Choice {
        let Some(mask) = firm.choice(catalogue, key, base_year) else { return "没填".to_owned() };
        let options: Vec<&str> = if row.derived.is_some() {
            SIZE_NAMES.to_vec()
        } else {
            row.options.iter().map(String::as_str).collect()
        };
        let names: Vec<&str> =
            options.iter().enumerate().filter(|(i, _)| mask & 1 << i != 0).map(|(_, n)| *n).collect();
        let derived = row.derived.is_some() && firm.get(key).is_none();
        return format!("{}{}", names.join("或"), if derived { "（推算）" } else { "" });
    }
    match firm.get(key) {
        None => "没填".to_owned(),
        Some(Answer::Unsure) => "不确定".to_owned(),
        Some(Answer::Flag(value)) => if *value { "是" } else { "否" }.to_owned(),
        Some(Answer::Code(code)) => match row.kind {
            FactType::Region => catalogue.region_name(*code),
            _ => catalogue.industry_name(*code),
        },
        Some(Answer::Set { items, closed }) => {
            let held: Vec<String> = items
                .iter()
                .filter(|(_, h)| h.yes)
                .map(|(no, h)| {
                    let year = h.year.map_or_else(String::new, |y| format!("（{y}年）"));
                    format!("{}{year}", catalogue.item_name(fact, *no))
                })
                .collect();
            match (held.is_empty(), closed) {
                (true, true) => "都没有".to_owned(),
                (true, false) => "没填".to_owned(),
                (false, _) => held.join("、"),
            }
        }
        Some(Answer::Number(value)) => show(*value, fact_dimension(row)),
        Some(Answer::Choice(_)) => "没填".to_owned(),
    }
}
