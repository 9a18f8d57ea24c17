//! Why: every verdict as a tree of sentences with the firm's value, the
//! requirement, the gap, the year and the clause. In the language of the reader;
//! made from the compiled rule, so that what is shown is what was decided.

use crate::catalogue::{Catalogue, Derived, FactNo, FactType, SIZE_NAMES, Scope};
use crate::date::Date;
use crate::eval::{Amount, Evaluated, Evaluator, Truth, evaluate};
use crate::firm::{Answer, Firm, Key, Span};
use crate::measure::{Card, Condition, Measure, RowKind};
use crate::num::{Interval, Ratio};
use crate::rule::{
    Aggregate, Arith, Expr, Func, Head, Item, Members, Mode, Op, Period, Quantifier, Quota, Year, Years,
    dimension, fact_dimension, item_words,
};
use crate::unit::Dimension;
use crate::words::{Words, word};

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

/// [`Words::amount`] in Chinese.
pub fn amount_text(amount: &Amount) -> String {
    Words::default().amount(amount)
}

impl Words {
    /// An amount as people read it: `96万元`, `3万元至7.5万元`, `最多500万元`,
    /// `金额以文件为准`.
    pub fn amount(&self, amount: &Amount) -> String {
        let money = |fen: i128| self.money(Ratio::int(fen), 0);
        match (amount.low, amount.high) {
            _ if amount.undecided && (amount.high.is_none() || amount.low == 0) => match amount.high {
                Some(high) => self.say("最多{}，具体以文件为准", &[&money(high)]),
                None => self.get("金额以文件为准").to_owned(),
            },
            (low, Some(high)) if low == high => money(low),
            (0, Some(high)) => self.say("最多{}", &[&money(high)]),
            (low, Some(high)) => self.range(Dimension::YUAN, Ratio::int(low), Ratio::int(high)),
            (0, None) => self.get("填了数就能算").to_owned(),
            (low, None) => self.say("{}以上", &[&money(low)]),
        }
    }

    /// What may be of a value with its unit.
    fn interval(&self, value: Interval, dimension: Option<Dimension>) -> String {
        let dimension = dimension.unwrap_or(Dimension::Number);
        let one = |value| self.show(dimension, value);
        match (value.lo, value.hi) {
            (Some(lo), Some(hi)) if lo == hi => one(lo),
            (Some(lo), Some(hi)) if lo == Ratio::ZERO => self.say("最多{}", &[&one(hi)]),
            (Some(lo), Some(hi)) => self.range(dimension, lo, hi),
            (Some(lo), None) if lo == Ratio::ZERO => self.get("没定").to_owned(),
            (Some(lo), None) => self.say("{}以上", &[&one(lo)]),
            (None, Some(hi)) => self.say("{}以下", &[&one(hi)]),
            (None, None) => self.get("算不出").to_owned(),
        }
    }
}

/// What is asked for, with its time and record: `2025年营业收入`, `第2个项目的总投资`.
pub fn key_name(catalogue: &Catalogue, key: Key) -> String {
    let w = &catalogue.words;
    let name = catalogue.fact_name(key.fact);
    let timed = match key.span {
        Span::Always => name.to_owned(),
        Span::Year(year) => w.say("{}年{}", &[&year, &name]),
        Span::Days(from, to) => w.say("{}至{}的{}", &[&w.day(from), &w.day(to), &name]),
        Span::Until(day) => w.say("截至{}的{}", &[&w.day(day), &name]),
        Span::PeakBefore(year) => w.say("{}年以前最高一年的{}", &[&year, &name]),
    };
    let scope = catalogue.facts.get(&key.fact).map_or(Scope::Firm, |f| f.scope);
    let timed = if scope != Scope::Firm && key.span == Span::Always {
        timed.strip_prefix(scope.name()).unwrap_or(&timed).to_owned()
    } else {
        timed
    };
    w.line(match (scope, key.record) {
        (Scope::Firm, _) => timed,
        (_, 0 | 1) => w.say("{}的{}", &[&w.get(scope.name()), &timed]),
        (_, n) => w.say("第{}{}的{}", &[&n, &counted(scope, w), &timed]),
    })
}

/// The name of a scope with the word that counts it: 个项目, 名人员.
fn counted(scope: Scope, words: &Words) -> String {
    let name = words.get(scope.name());
    let counter = if scope == Scope::Person { "名" } else { scope.unit() };
    if words.is_chinese() { format!("{counter}{name}") } else { name.to_owned() }
}

/// How 企业规模 was worked out, one sentence per line: the row of the size classes, each of its figures with the
/// bounds it lies between, and the result. Empty while the industry is not known or the size was answered.
///
/// Source: 统计上大中小微型企业划分办法(2017), 国统字〔2017〕213号.
pub fn size_steps(catalogue: &Catalogue, firm: &Firm, base_year: u16) -> Vec<Step> {
    let w = &catalogue.words;
    let mut steps = Vec::new();
    let Some((fact, _)) = catalogue.facts.iter().find(|(_, f)| f.derived == Some(Derived::Size)) else {
        return steps;
    };
    let Some((rows, values)) = firm.size_rows(catalogue, base_year) else { return steps };
    if firm.get(Key::plain(*fact)).is_some() {
        return steps;
    }
    for row in rows {
        steps.push(Step { label: w.get("行业划型").to_owned(), value: row.name.clone() });
        let people = Dimension::count(0);
        let metrics = [
            (word("从业人员"), &row.staff, people, 1),
            (word("营业收入"), &row.revenue, Dimension::YUAN, 1_000_000),
            (word("资产总额"), &row.assets, Dimension::YUAN, 1_000_000),
        ];
        for ((name, bounds, dimension, scale), value) in metrics.into_iter().zip(values) {
            let Some(bounds) = bounds else { continue };
            let [large, medium, small] =
                bounds.map(|bound| w.show(dimension, Ratio::int(i128::from(bound) * scale)));
            let have = match value {
                Some(value) if value.exact().is_some() => w.interval(value, Some(dimension)),
                _ => w.get("没填").to_owned(),
            };
            let scale = w.say("大型{}起、中型{}起、小型{}起", &[&large, &medium, &small]);
            steps.push(Step { label: w.get(name).to_owned(), value: w.say("{}（{}）", &[&have, &scale]) });
        }
    }
    let value = answer_text(catalogue, firm, Key::plain(*fact), base_year);
    steps.push(Step { label: w.get("各项都达到才算那一类").to_owned(), value });
    steps
}

struct Explainer<'a> {
    e: Evaluator<'a>,
    card: &'a Card,
    w: &'a Words,
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
        Ok(Self { e, card, w: &catalogue.words })
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
            node.sentence = self.w.say("没有这种情形：{}", &[&self.sentence(inner)]);
        } else if condition.kind == RowKind::Refer {
            node.sentence = self.w.say("条件见{}", &[&node.sentence]);
        }
        if let (Some(guard), None) = (&condition.guard, truth) {
            node.sentence = self.w.say("{}（只看：{}）", &[&node.sentence, &self.sentence(guard)]);
            node.children.clear();
        }
        node.sentence = self.w.line(node.sentence);
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
                    let mut part = self.node(part);
                    part.sentence = self.w.line(part.sentence);
                    node.children.push(part);
                }
            }
            Expr::Compare(op, a, b) => {
                let (left, right) = (self.e.value_of(a), self.e.value_of(b));
                let dimension = self.dimension(a);
                node.have = self.value_text(a, left, dimension);
                node.need = self.w.say("{}{}", &[&op.sign(), &self.value_text(b, right, dimension)]);
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
                node.need = match (low.exact(), high.exact(), dimension) {
                    (Some(low), Some(high), Some(dimension)) => self.w.range(dimension, low, high),
                    _ => {
                        let bound = |value| self.w.interval(value, dimension);
                        self.w.say("{}至{}", &[&bound(low), &bound(high)])
                    }
                };
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
        let w = self.w;
        let joined = |me: &mut Self, list: &[Expr], between: &str| -> String {
            let parts = list.iter().map(|p| me.sentence(p)).collect::<Vec<_>>();
            parts.join(w.get(between))
        };
        match expr {
            Expr::And(list) => joined(self, list, word("，并且")),
            Expr::Or(list) => w.say("以下满足一项：{}", &[&joined(self, list, word("；"))]),
            Expr::KOf(quota, k, list) => {
                let text = match quota {
                    Quota::AtLeast => word("以下{}项至少符合{}项：{}"),
                    Quota::AtMost => word("以下{}项至多符合{}项：{}"),
                    Quota::Exactly => word("以下{}项恰好符合{}项：{}"),
                };
                w.say(text, &[&list.len(), k, &joined(self, list, word("；"))])
            }
            Expr::Not(inner) => match &**inner {
                Expr::Flag(fact) => w.say("不是“{}”", &[&self.catalogue().fact_name(*fact)]),
                inner => w.say("不属于：{}", &[&self.sentence(inner)]),
            },
            Expr::Verify(text) | Expr::Promise(text) => self.card.text(*text).to_owned(),
            Expr::Compare(op, a, b) => {
                let right = self.e.value_of(b);
                self.e.take_missing();
                let right = match (&**b, right.exact()) {
                    (Expr::Const(..), Some(_)) => w.interval(right, self.dimension(a)),
                    _ => self.words(b),
                };
                w.say("{}{}{}", &[&self.words(a), &w.get(self.op_words(*op, a)), &right])
            }
            Expr::Between(x, low, high) => {
                w.say("{}在{}至{}之间（含两端）", &[&self.words(x), &self.words(low), &self.words(high)])
            }
            Expr::In(fact, members, negated) => {
                let text = match (self.catalogue().facts.get(fact).map(|f| f.kind), negated) {
                    (Some(FactType::Region), false) => word("{1}在{2}"),
                    (Some(FactType::Region), true) => word("{1}不在{2}"),
                    (_, false) => word("{1}属于{2}"),
                    (_, true) => word("{1}不属于{2}"),
                };
                let subject = self.whose(*fact) + self.catalogue().fact_name(*fact);
                let names = self.members(*fact, members);
                w.say(text, &[&names.len(), &subject, &w.list(&names)])
            }
            Expr::Has(fact, mode, items) => self.has_sentence(*fact, *mode, items),
            Expr::Flag(fact) => self.whose(*fact) + self.short_name(*fact),
            Expr::Rising(fact, years, existing) => {
                let (first, last) = self.e.years(*years);
                let subject = self.whose(*fact) + self.short_name(*fact);
                w.say("{}从{}年到{}年逐年增长{}", &[&subject, &first, &last, &self.existing(*existing)])
            }
            Expr::Records(quantifier, scope, rule) => {
                let text = match quantifier {
                    Quantifier::Some => word("至少有一{}满足：{}"),
                    Quantifier::Every => word("每{}都满足：{}"),
                };
                w.say(text, &[&counted(*scope, w), &self.sentence(rule)])
            }
            other => self.words(other),
        }
    }

    /// `（不足按实际年数）`
    fn existing(&self, existing: bool) -> &'a str {
        if existing { self.w.get("（不足按实际年数）") } else { "" }
    }

    fn scope(&self, fact: FactNo) -> Scope {
        self.catalogue().facts.get(&fact).map_or(Scope::Firm, |f| f.scope)
    }

    /// `项目的`, nothing for the firm itself.
    fn whose(&self, fact: FactNo) -> String {
        match self.scope(fact) {
            Scope::Firm => String::new(),
            scope => self.w.say("{}的", &[&self.w.get(scope.name())]),
        }
    }

    /// The name without its scope, which [`Self::whose`] says.
    fn short_name(&self, fact: FactNo) -> &str {
        match self.catalogue().facts.get(&fact) {
            Some(f) if f.scope != Scope::Firm => f.name.strip_prefix(f.scope.name()).unwrap_or(&f.name),
            Some(f) => &f.name,
            None => self.w.get("未知要素"),
        }
    }

    /// How many records the firm has told of.
    fn told(&self, scope: Scope) -> String {
        let told = self.e.firm().records(scope);
        let unit = self.w.form(scope.unit(), told.count == 1);
        match (told.count, told.closed) {
            (0, true) => self.w.say("没有{}", &[&self.w.get(scope.name())]),
            (0, false) => self.w.get("没填").to_owned(),
            (n, true) => self.w.say("共{}{}", &[&n, &unit]),
            (n, false) => self.w.say("已填{}{}", &[&n, &unit]),
        }
    }

    fn has_sentence(&self, fact: FactNo, mode: Mode, items: &[Item]) -> String {
        let w = self.w;
        let catalogue = self.catalogue();
        let kind = catalogue.facts.get(&fact).map(|f| f.kind);
        let names: Vec<String> = items
            .iter()
            .map(|i| match kind {
                Some(FactType::Rosters) => w.say("《{}》", &[&catalogue.item_name(fact, i.item)]),
                _ => item_words(w, fact, i, catalogue),
            })
            .collect();
        let list = w.list(&names);
        let (held, not_held) = match kind {
            Some(FactType::Qualifications) => (word("取得"), word("没有取得")),
            Some(FactType::Programmes) => (word("已获"), word("没有获得过")),
            Some(FactType::Rosters) => (word("在名单里："), word("不在名单里")),
            _ => (word("有"), word("没有")),
        };
        let held = w.get(if mode == Mode::None { not_held } else { held });
        let subject = match kind {
            Some(FactType::Qualifications | FactType::Programmes) => match self.scope(fact) {
                Scope::Firm => String::new(),
                scope => w.say("{0}的", &[&w.get(scope.name())]),
            },
            Some(FactType::Rosters) => {
                let name = self.short_name(fact);
                name.strip_suffix("名单").unwrap_or(name).to_owned()
            }
            _ => self.whose(fact) + self.short_name(fact),
        };
        let years = self.item_years(items);
        match mode {
            Mode::Any if items.len() == 1 => w.say("{}{}{}{}", &[&subject, &held, &list, &years]),
            Mode::Any => w.say("{}{}其中一项：{}{}", &[&subject, &held, &list, &years]),
            Mode::All => w.say("{}{}全部：{}{}", &[&subject, &held, &list, &years]),
            Mode::AtLeast(k) => w.say("{}{}其中至少{}项：{}{}", &[&subject, &held, &k, &list, &years]),
            Mode::None => w.say("{}{}：{}{}", &[&subject, &held, &list, &years]),
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
            Some(0) => self.w.say("（本年是{}年）", &[&self.e.base_year]),
            Some(_) => self.w.say("（上年是{}年）", &[&self.e.year(Year::Back(1))]),
            None => String::new(),
        }
    }

    fn op_words(&self, op: Op, left: &Expr) -> &'static str {
        let Some(dimension) = self.dimension(left) else { return op.words() };
        match (dimension, op) {
            (Dimension::Date, Op::Ge) => word("不早于"),
            (Dimension::Date, Op::Le) => word("不晚于"),
            (Dimension::Date, Op::Gt) => word("晚于"),
            (Dimension::Date, Op::Lt) => word("早于"),
            (Dimension::MONTHS, Op::Ge) => word("满"),
            (counted, Op::Lt) if counted.counted().is_some() => word("少于"),
            (_, op) => op.words(),
        }
    }

    /// A numeric expression in words, without the firm's values.
    fn words(&self, expr: &Expr) -> String {
        let w = self.w;
        match expr {
            Expr::Const(value, dimension) => w.show(*dimension, *value),
            Expr::Fact(fact, period) => self.fact_words(*fact, *period),
            Expr::Arith(op, a, b) => {
                let bracket = |e: &Expr| {
                    let text = self.words(e);
                    let sum = matches!(e, Expr::Arith(Arith::Add | Arith::Sub, ..));
                    if sum && matches!(op, Arith::Mul | Arith::Div) {
                        w.say("（{}）", &[&text])
                    } else {
                        text
                    }
                };
                if *op == Arith::Div && self.dimension(expr) == Some(Dimension::Share) {
                    return w.say("{}占{}的比例", &[&bracket(a), &bracket(b)]);
                }
                format!("{}{}{}", bracket(a), sign(*op), bracket(b))
            }
            Expr::Range(a, b) => match (&**a, &**b) {
                (Expr::Const(zero, _), _) if *zero == Ratio::ZERO => w.say("最多{}", &[&self.words(b)]),
                (Expr::Const(low, dimension), Expr::Const(high, other)) if dimension == other => {
                    w.range(*dimension, *low, *high)
                }
                _ => w.say("{}至{}", &[&self.words(a), &self.words(b)]),
            },
            Expr::Undecided => w.get("未定").to_owned(),
            Expr::Call(func, list) => {
                let parts: Vec<String> = list.iter().map(|p| self.words(p)).collect();
                match func {
                    Func::Min => w.say("{}中较小的", &[&w.list(&parts)]),
                    Func::Max => w.say("{}中较大的", &[&w.list(&parts)]),
                    Func::Floor => w.say("{}取整", &[&parts.concat()]),
                    Func::Ceil => w.say("{}进整", &[&parts.concat()]),
                    Func::NonNegative => parts.concat(),
                    Func::Since => w.say("{}到{}的时间", &[&parts.concat(), &w.day(self.e.reference)]),
                }
            }
            Expr::Pick(key, rows) | Expr::Slices(key, rows) => {
                w.say("按{}分{}档的标准", &[&self.words(key), &rows.len()])
            }
            Expr::PickFact(fact, rows) => {
                w.say("按{}分{}档的标准", &[&self.catalogue().fact_name(*fact), &rows.len()])
            }
            Expr::If(_, yes, no) => w.say("{}或{}（看情形）", &[&self.words(yes), &self.words(no)]),
            Expr::Param(no, year) => {
                let name = self.catalogue().params.get(no).map_or_else(|| w.get("未知参数"), |p| &p.name);
                match year {
                    Some(year) => w.say("{}年{}", &[&self.e.year(*year), &name]),
                    None => name.to_owned(),
                }
            }
            Expr::Tally(scope, _) => w.say("符合要求的{}数", &[&w.get(scope.name())]),
            Expr::AmountOf(text) => w.say("事项{}的金额", &[&self.card.text(*text)]),
            _ => String::new(),
        }
    }

    fn fact_words(&self, fact: FactNo, period: Period) -> String {
        let w = self.w;
        let name = &self.short_name(fact);
        let timed = match period {
            Period::None => (*name).to_owned(),
            Period::Year(year) => w.say("{}年{}", &[&self.e.year(year), name]),
            Period::Growth(year) => w.say("{}年{}同比增长", &[&self.e.year(year), name]),
            Period::Delta(year) => w.say("{}年{}比上一年增加", &[&self.e.year(year), name]),
            Period::Days(from, to) => w.say("{}至{}的{}", &[&w.day(from), &w.day(to), name]),
            Period::Months(n, mean) => {
                let (from, to) = self.e.months(n);
                let text = if mean { word("{}至{}{}平均") } else { word("{}至{}{}合计") };
                w.say(text, &[&w.day(from), &w.day(to), name])
            }
            Period::Until(day) => w.say("截至{}的{}", &[&w.day(day), name]),
            Period::Peak => w.say("{}年以前最高一年的{}", &[&self.e.year(Year::Back(1)), name]),
            Period::Over(years, aggregate, existing) => {
                let (first, last) = self.e.years(years);
                let span = match first == last {
                    true => w.say("{0}年", &[&last]),
                    false => w.say("{}至{}年", &[&first, &last]),
                };
                let text = match aggregate {
                    Aggregate::Sum => word("{}{}合计"),
                    Aggregate::Mean => word("{}{}平均"),
                    Aggregate::Max => word("{}{}最高一年"),
                    Aggregate::Min => word("{}{}最低一年"),
                    Aggregate::Each => word("{}每年{}"),
                    Aggregate::Any => word("{}任一年{}"),
                    Aggregate::MeanGrowth => word("{}{}平均增长"),
                    Aggregate::Rising => word("{}{}连续增长"),
                    Aggregate::Compound => word("{}{}年均复合增长"),
                };
                w.say(text, &[&span, name]) + self.existing(existing)
            }
        };
        self.whose(fact) + &timed
    }

    fn dimension(&self, expr: &Expr) -> Option<Dimension> {
        dimension(expr, self.catalogue())
    }

    /// The value of the firm's side: a number, or that it is missing.
    fn value_text(&self, expr: &Expr, value: Interval, dimension: Option<Dimension>) -> String {
        let known = self.known_text(expr, value, dimension);
        known.unwrap_or_else(|| self.w.get("没填").to_owned())
    }

    /// A number with everything it is made of known.
    fn known_text(&self, expr: &Expr, value: Interval, dimension: Option<Dimension>) -> Option<String> {
        let mut known = true;
        expr.walk(&mut |e| {
            if let Expr::Fact(fact, period) = e {
                known &= self.is_known(*fact, *period);
            }
        });
        known.then(|| self.w.interval(value, dimension))
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
        let number = match dimension {
            Dimension::Share => difference
                .mul(Ratio::int(100))
                .map_or_else(|_| String::new(), |d| self.w.say("{}个百分点", &[&d.decimal(2)])),
            other => self.w.show(other, difference),
        };
        let text = self.w.say(
            match op {
                Op::Ge => word("还差{}"),
                Op::Gt => word("还差{}以上"),
                _ => word("多出{}"),
            },
            &[&number],
        );
        match a {
            // Elsewhere a name behind the number makes no sentence; the line says it anyway.
            Expr::Fact(fact, Period::Year(_) | Period::None) if self.w.is_chinese() => {
                text + self.catalogue().fact_name(*fact)
            }
            _ => text,
        }
    }

    fn members(&self, fact: FactNo, members: &Members) -> Vec<String> {
        let catalogue = self.catalogue();
        match members {
            Members::Codes(lists, codes) => {
                let region = catalogue.facts.get(&fact).is_some_and(|f| f.kind == FactType::Region);
                let list = |no| catalogue.lists.get(no).map_or_else(|| self.w.get("未知清单"), |l| &l.name);
                let lists = lists.iter().map(|no| self.w.say("“{}”", &[&list(no)]));
                let names = codes
                    .iter()
                    .map(|c| if region { catalogue.region_name(*c) } else { catalogue.industry_name(*c) });
                lists.chain(names).collect()
            }
            Members::Options(options) => {
                options.iter().map(|o| catalogue.item_name(fact, *o).to_owned()).collect()
            }
        }
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
        let w = self.w;
        let mut steps = Vec::new();
        let mut push = |label, value| steps.push(Step { label, value });
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
            let value = self.known_text(&expr, value, self.dimension(&expr));
            let value = value.unwrap_or_else(|| w.get("没填，按 0 到最大算").to_owned());
            push(w.line(self.fact_words(fact, period)), value);
        }
        if !matches!(formula, Expr::Const(..) | Expr::Undecided) {
            push(w.get("算式").to_owned(), self.formula(formula, false));
        }
        let sum = self.e.value_of(formula);
        if benefit.floor.is_some() || !benefit.caps.is_empty() {
            push(w.get("算出").to_owned(), w.interval(sum, Some(Dimension::YUAN)));
        }
        if let Some(floor) = &benefit.floor {
            let floor = self.e.value_of(floor);
            push(w.get("低于这个数不补").to_owned(), w.interval(floor, Some(Dimension::YUAN)));
        }
        for (scope, cap) in &benefit.caps {
            let cap = self.e.value_of(cap);
            let reached = sum.lo.zip(cap.hi).is_some_and(|(sum, cap)| sum >= cap);
            let below = sum.hi.zip(cap.lo).is_some_and(|(sum, cap)| sum <= cap);
            let note = if reached {
                w.get("（到上限）")
            } else if below {
                w.get("（没到上限）")
            } else {
                ""
            };
            let cap = w.interval(cap, Some(Dimension::YUAN)) + note;
            push(w.say("{}上限", &[&w.get(scope.name())]), cap);
        }
        if benefit.reducible {
            push(w.get("资金不足时").to_owned(), w.get("按比例减").to_owned());
        }
        if let Some(amount) = self.e.sum_of(measure) {
            push(w.get("算下来").to_owned(), w.amount(&amount));
        }
        self.e.take_missing();
        steps
    }

    /// The formula with the firm's numbers put in.
    fn formula(&mut self, expr: &Expr, with_names: bool) -> String {
        let w = self.w;
        match expr {
            Expr::Fact(fact, period) => {
                let value = self.e.value_of(expr);
                match self.known_text(expr, value, self.dimension(expr)) {
                    None => self.fact_words(*fact, *period),
                    Some(text) if with_names => w.say("{}{}", &[&self.fact_words(*fact, *period), &text]),
                    Some(text) => text,
                }
            }
            Expr::Arith(op, a, b) => {
                let left = self.formula(a, with_names);
                let right = self.formula(b, with_names);
                let bracket = |e: &Expr, text: String| match e {
                    Expr::Arith(Arith::Add | Arith::Sub, ..) if matches!(op, Arith::Mul | Arith::Div) => {
                        w.say("（{}）", &[&text])
                    }
                    Expr::Range(..) => w.say("（{}）", &[&text]),
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
                            _ => w.interval(value, self.dimension(expr)),
                        }
                    }
                }
            }
            Expr::Call(func @ (Func::Min | Func::Max), list) => {
                let parts = list.iter().map(|p| self.formula(p, with_names)).collect::<Vec<_>>();
                let text = if *func == Func::Min { word("{}，取小") } else { word("{}，取大") };
                w.say(text, &[&parts.join(w.get("与"))])
            }
            Expr::Call(Func::NonNegative, list) => {
                let parts = list.iter().map(|p| self.formula(p, with_names)).collect::<Vec<_>>();
                w.say("（{}）", &[&parts.concat()])
            }
            Expr::Slices(key, _) => w.say("{}分段计算", &[&self.formula(key, with_names)]),
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

/// The firm's answer to a fact that is no number, in words.
pub fn answer_text(catalogue: &Catalogue, firm: &Firm, key: Key, base_year: u16) -> String {
    let w = &catalogue.words;
    let text = |text: &'static str| w.get(text).to_owned();
    let fact = key.fact;
    let missing = || text(word("没填"));
    let Some(row) = catalogue.facts.get(&fact) else { return missing() };
    if row.kind == FactType::Choice {
        let Some(mask) = firm.choice(catalogue, key, base_year) else { return missing() };
        let options: Vec<&str> = if row.derived.is_some() {
            SIZE_NAMES.iter().map(|name| w.get(name)).collect()
        } else {
            row.options.iter().map(String::as_str).collect()
        };
        let names: Vec<&str> =
            options.iter().enumerate().filter(|(i, _)| mask & 1 << i != 0).map(|(_, n)| *n).collect();
        let derived = row.derived.is_some() && firm.get(key).is_none();
        return names.join(w.get("或")) + if derived { w.get("（推算）") } else { "" };
    }
    match firm.get(key) {
        None | Some(Answer::Choice(_)) => missing(),
        Some(Answer::Unsure) => text(word("不确定")),
        Some(Answer::Flag(value)) => text(if *value { word("是") } else { word("否") }),
        Some(Answer::Code(code)) => match row.kind {
            FactType::Region => catalogue.region_name(*code),
            _ => catalogue.industry_name(*code),
        },
        Some(Answer::Set { items, closed }) => {
            let held: Vec<String> = items
                .iter()
                .filter(|(_, h)| h.yes)
                .map(|(no, h)| {
                    let year = h.year.map_or_else(String::new, |y| w.say("（{}年）", &[&y]));
                    catalogue.item_name(fact, *no).to_owned() + &year
                })
                .collect();
            match (held.is_empty(), closed) {
                (true, true) => text(word("都没有")),
                (true, false) => missing(),
                (false, _) => w.list(&held),
            }
        }
        Some(Answer::Number(value)) => w.interval(*value, fact_dimension(row)),
    }
}
