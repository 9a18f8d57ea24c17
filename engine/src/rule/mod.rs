//! The rule language: one line of Chinese that a person can check against a
//! clause and a machine can decide.
//!
//! `syntax` reads text into a tree with places, `check` gives it names, types
//! and units, `print` writes the canonical text, and this module holds the
//! checked form [`Expr`] with its byte code. Browsers only ever see the bytes.

mod check;
mod print;
mod syntax;

pub(crate) use check::fact_dimension;
pub use check::{
    Aliases, Compiled, NameProblem, Names, compile_amount, compile_rule, did_you_mean, dimension,
    find_industry, find_region, read_held, read_quantity,
};
pub(crate) use print::item_words;
pub use print::{item_text, period_text, print_expr};
pub use syntax::RuleError;

use crate::catalogue::{Code, FactNo, ItemNo, ListNo, ParamNo, Scope};
use crate::codec::{Decoded, Reader, Writer};
use crate::date::Date;
use crate::num::Ratio;
use crate::unit::Dimension;

/// Number of a text (核实, 承诺, 说明) in its measure's card.
pub type TextNo = u16;

/// A year relative to the base year of a measure, or a fixed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Year {
    /// 0 本年, 1 上年, 2 前年, n 上n年.
    Back(u8),
    /// A calendar year.
    Fixed(u16),
}

/// How several years become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// 合计
    Sum,
    /// 平均
    Mean,
    /// 最高
    Max,
    /// 最低
    Min,
    /// 每年: the comparison holds in every year.
    Each,
    /// 任一年: the comparison holds in some year.
    Any,
    /// 平均增长: the mean of the yearly growth rates.
    MeanGrowth,
    /// 连续增长: strictly rising, a yes or no.
    Rising,
    /// 复合增长: the compound yearly rate; only compared with a constant.
    Compound,
}

impl Aggregate {
    const ALL: [(&'static str, Self); 9] = [
        ("合计", Self::Sum),
        ("平均", Self::Mean),
        ("最高", Self::Max),
        ("最低", Self::Min),
        ("每年", Self::Each),
        ("任一年", Self::Any),
        ("平均增长", Self::MeanGrowth),
        ("连续增长", Self::Rising),
        ("复合增长", Self::Compound),
    ];
}

/// A run of calendar years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Years {
    /// 近n年: the n years before the base year.
    Last(u8),
    /// From one year to another, both included.
    Fixed(u16, u16),
}

/// Which time of a numeric fact is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The fact has no time.
    None,
    /// The value of one year.
    Year(Year),
    /// (year ÷ the year before) − 1.
    Growth(Year),
    /// year − the year before.
    Delta(Year),
    /// Several years as one number; with true (不足按实际) only the full years that the firm has existed.
    Over(Years, Aggregate, bool),
    /// What falls between two days, both included.
    Days(Date, Date),
    /// What falls into the n full calendar months before the reference day; with true their average.
    Months(u8, bool),
    /// The state at the end of a day, 截至.
    Until(Date),
    /// 历史最高: the highest year before 上年.
    Peak,
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// ≥
    Ge,
    /// ≤
    Le,
    /// >
    Gt,
    /// <
    Lt,
    /// =
    Eq,
    /// ≠
    Ne,
}

impl Op {
    const ALL: [(&'static str, Self); 6] = [
        ("≥", Self::Ge),
        ("≤", Self::Le),
        (">", Self::Gt),
        ("<", Self::Lt),
        ("=", Self::Eq),
        ("≠", Self::Ne),
    ];

    /// The sign as printed.
    pub fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, op)| *op == self).map_or("", |(sign, _)| sign)
    }
}

/// 至少, 至多, 恰好 k 项.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// k or more.
    AtLeast,
    /// k or fewer.
    AtMost,
    /// Exactly k.
    Exactly,
}

/// How many of a list of items must be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// 含 X, 含 任一 (…)
    Any,
    /// 含 全部 (…)
    All,
    /// 含 至少 n项 (…)
    AtLeast(u8),
    /// 不含 X, 不含 任一 (…)
    None,
}

/// Which years of recognition an item must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Valid now.
    Valid,
    /// Held at any time, 曾经.
    Ever,
    /// Recognised in this year.
    In(Year),
    /// Recognised within the last n years before the base year, or in it.
    Within(u8),
}

/// An item of a set with its qualifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Row of the qualification table, or option number.
    pub item: ItemNo,
    /// Bit n: level n of the item's own scale is good enough; 0: any level.
    pub levels: u8,
    /// Time of recognition.
    pub when: When,
    /// 排名≤n: at least this far up in a ranking; 0: any place.
    pub rank: u8,
    /// 首次, 非首次: recognised for the first time, or again.
    pub first: Option<bool>,
}

impl Item {
    /// The item at any level, valid now.
    pub fn any(item: ItemNo) -> Self {
        Self { item, levels: 0, when: When::Valid, rank: 0, first: None }
    }
}

/// What 属于 compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// Regions or industries: named lists, and codes.
    Codes(Vec<ListNo>, Vec<Code>),
    /// Options of a choice.
    Options(Vec<ItemNo>),
}

/// Functions of amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Func {
    /// 取小
    Min,
    /// 取大
    Max,
    /// 取整
    Floor,
    /// 进整
    Ceil,
    /// 不低于零
    NonNegative,
    /// 距今: months from a day to the reference day.
    Since,
}

impl Func {
    const ALL: [(&'static str, Self); 6] = [
        ("取小", Self::Min),
        ("取大", Self::Max),
        ("取整", Self::Floor),
        ("进整", Self::Ceil),
        ("不低于零", Self::NonNegative),
        ("距今", Self::Since),
    ];
}

/// How the records of a scope are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// 有: some record.
    Some,
    /// 每个: every record.
    Every,
}

/// Four operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arith {
    /// +
    Add,
    /// −
    Sub,
    /// ×
    Mul,
    /// ÷
    Div,
}

impl Arith {
    const ALL: [(&'static str, Self); 4] =
        [("+", Self::Add), ("−", Self::Sub), ("×", Self::Mul), ("÷", Self::Div)];
}

/// The head of one row of 按 or 分段.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A comparison of the key with a number.
    Compare(Op, Ratio),
    /// The key is one of these.
    In(Members),
    /// 其余
    Otherwise,
}

/// A checked rule or amount. Truth values and numbers share one type because
/// conditions may stand inside amounts (若) and numbers inside conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// All hold.
    And(Vec<Expr>),
    /// One holds.
    Or(Vec<Expr>),
    /// The contrary. Never above a [`Expr::Verify`].
    Not(Box<Expr>),
    /// So many of the parts hold.
    KOf(Quota, u8, Vec<Expr>),
    /// A person must confirm.
    Verify(TextNo),
    /// The firm promises.
    Promise(TextNo),
    /// A comparison of two numbers.
    Compare(Op, Box<Expr>, Box<Expr>),
    /// A closed range.
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    /// 属于, 不属于 (true).
    In(FactNo, Members, bool),
    /// 含, 不含.
    Has(FactNo, Mode, Vec<Item>),
    /// A yes-or-no fact.
    Flag(FactNo),
    /// A yearly fact rose every year; with true (不足按实际) over the full years that the firm has existed.
    Rising(FactNo, Years, bool),
    /// Some or every record of a scope.
    Records(Quantifier, Scope, Box<Expr>),
    /// A number with its dimension.
    Const(Ratio, Dimension),
    /// A range that the authority decides within.
    Range(Box<Expr>, Box<Expr>),
    /// 未定: the text names no sum.
    Undecided,
    /// The value of a fact.
    Fact(FactNo, Period),
    /// A dated parameter, on the reference day or at the end of a year.
    Param(ParamNo, Option<Year>),
    /// 个数: how many records of a scope the rule holds for.
    Tally(Scope, Box<Expr>),
    /// 金额(…): the sum of another measure, whose id is this text. Replaced when all measures are known.
    AmountOf(TextNo),
    /// Arithmetic.
    Arith(Arith, Box<Expr>, Box<Expr>),
    /// A function of numbers.
    Call(Func, Vec<Expr>),
    /// 按: the first row whose head fits.
    Pick(Box<Expr>, Vec<(Head, Expr)>),
    /// 按 over a region, industry or choice.
    PickFact(FactNo, Vec<(Head, Expr)>),
    /// 分段: slices added up.
    Slices(Box<Expr>, Vec<(Head, Expr)>),
    /// 若 … 则 … 否则 ….
    If(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// Deepest rule that is taken: deeper ones are not written by people.
pub const MAX_DEPTH: usize = 24;

/// Deepest nesting of brackets that is read. A level of a rule is printed with at most two.
const MAX_NESTING: usize = 2 * MAX_DEPTH + 4;

impl Expr {
    /// Direct parts.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Self::And(list) | Self::Or(list) | Self::KOf(_, _, list) | Self::Call(_, list) => {
                list.iter().collect()
            }
            Self::Not(a) | Self::Records(_, _, a) | Self::Tally(_, a) => vec![a],
            Self::Compare(_, a, b) | Self::Range(a, b) | Self::Arith(_, a, b) => vec![a, b],
            Self::Between(a, b, c) | Self::If(a, b, c) => vec![a, b, c],
            Self::Pick(key, rows) | Self::Slices(key, rows) => {
                std::iter::once(&**key).chain(rows.iter().map(|(_, e)| e)).collect()
            }
            Self::PickFact(_, rows) => rows.iter().map(|(_, e)| e).collect(),
            Self::Verify(_)
            | Self::Promise(_)
            | Self::In(..)
            | Self::Has(..)
            | Self::Flag(_)
            | Self::Rising(..)
            | Self::Const(..)
            | Self::Undecided
            | Self::Param(..)
            | Self::AmountOf(_)
            | Self::Fact(..) => Vec::new(),
        }
    }

    /// Levels of parts below this one.
    pub fn depth(&self) -> usize {
        self.children().into_iter().map(|child| child.depth() + 1).max().unwrap_or(0)
    }

    /// Direct parts, to be changed.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::And(list) | Self::Or(list) | Self::KOf(_, _, list) | Self::Call(_, list) => {
                list.iter_mut().collect()
            }
            Self::Not(a) | Self::Records(_, _, a) | Self::Tally(_, a) => vec![a],
            Self::Compare(_, a, b) | Self::Range(a, b) | Self::Arith(_, a, b) => vec![a, b],
            Self::Between(a, b, c) | Self::If(a, b, c) => vec![a, b, c],
            Self::Pick(key, rows) | Self::Slices(key, rows) => {
                std::iter::once(&mut **key).chain(rows.iter_mut().map(|(_, e)| e)).collect()
            }
            Self::PickFact(_, rows) => rows.iter_mut().map(|(_, e)| e).collect(),
            _ => Vec::new(),
        }
    }

    /// Calls `f` for this expression and every part of it.
    pub fn walk<'a>(&'a self, f: &mut impl FnMut(&'a Expr)) {
        f(self);
        for child in self.children() {
            child.walk(f);
        }
    }

    /// The fact this expression itself (not its parts) speaks of.
    pub fn fact(&self) -> Option<FactNo> {
        match self {
            Self::In(no, ..)
            | Self::Has(no, ..)
            | Self::Flag(no)
            | Self::Rising(no, ..)
            | Self::Fact(no, _)
            | Self::PickFact(no, _) => Some(*no),
            _ => None,
        }
    }

    /// Appends the byte code.
    pub fn encode(&self, w: &mut Writer) {
        match self {
            Self::And(list) => encode_list(w, 0, list),
            Self::Or(list) => encode_list(w, 1, list),
            Self::Not(a) => {
                w.u8(2);
                a.encode(w);
            }
            Self::KOf(quota, k, list) => {
                w.u8(3);
                w.u8(match quota {
                    Quota::AtLeast => 0,
                    Quota::AtMost => 1,
                    Quota::Exactly => 2,
                });
                w.u8(*k);
                w.list(list, |w, e| e.encode(w));
            }
            Self::Verify(text) => encode_number(w, 4, *text),
            Self::Promise(text) => encode_number(w, 5, *text),
            Self::Compare(op, a, b) => {
                w.u8(6);
                w.u8(index_of(&Op::ALL, *op));
                a.encode(w);
                b.encode(w);
            }
            Self::Between(a, b, c) => encode_three(w, 7, [a, b, c]),
            Self::In(fact, members, negated) => {
                encode_number(w, 8, *fact);
                w.u8(u8::from(*negated));
                encode_members(w, members);
            }
            Self::Has(fact, mode, items) => {
                encode_number(w, 9, *fact);
                match mode {
                    Mode::Any => w.u8(0),
                    Mode::All => w.u8(1),
                    Mode::None => w.u8(2),
                    Mode::AtLeast(k) => {
                        w.u8(3);
                        w.u8(*k);
                    }
                }
                w.list(items, encode_item);
            }
            Self::Flag(fact) => encode_number(w, 10, *fact),
            Self::Rising(fact, years, existing) => {
                encode_number(w, 11, *fact);
                encode_years(w, *years);
                w.u8(u8::from(*existing));
            }
            Self::Const(value, dimension) => {
                w.u8(12);
                value.encode(w);
                dimension.encode(w);
            }
            Self::Range(a, b) => {
                w.u8(13);
                a.encode(w);
                b.encode(w);
            }
            Self::Undecided => w.u8(14),
            Self::Fact(fact, period) => {
                encode_number(w, 15, *fact);
                encode_period(w, *period);
            }
            Self::Arith(op, a, b) => {
                w.u8(16);
                w.u8(index_of(&Arith::ALL, *op));
                a.encode(w);
                b.encode(w);
            }
            Self::Call(func, list) => {
                w.u8(17);
                w.u8(index_of(&Func::ALL, *func));
                w.list(list, |w, e| e.encode(w));
            }
            Self::Pick(key, rows) => encode_rows(w, 18, key, rows),
            Self::Slices(key, rows) => encode_rows(w, 19, key, rows),
            Self::If(a, b, c) => encode_three(w, 20, [a, b, c]),
            Self::PickFact(fact, rows) => {
                encode_number(w, 21, *fact);
                w.list(rows, encode_row);
            }
            Self::Records(quantifier, scope, rule) => {
                w.u8(22);
                w.u8(u8::from(*quantifier == Quantifier::Every));
                w.u8(*scope as u8);
                rule.encode(w);
            }
            Self::Tally(scope, rule) => {
                w.u8(23);
                w.u8(*scope as u8);
                rule.encode(w);
            }
            Self::Param(param, year) => {
                encode_number(w, 24, *param);
                w.option(year.as_ref(), |w, y| encode_year(w, *y));
            }
            Self::AmountOf(text) => encode_number(w, 25, *text),
        }
    }

    /// Reads what [`Expr::encode`] wrote.
    pub fn decode(r: &mut Reader<'_>) -> Decoded<Self> {
        let expr = Self::read(r);
        r.finish(expr)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        read_expr(r, 0)
    }
}

fn index_of<T: PartialEq>(all: &[(&str, T)], value: T) -> u8 {
    all.iter().position(|(_, v)| *v == value).unwrap_or_default() as u8
}

fn encode_number(w: &mut Writer, op: u8, number: u16) {
    w.u8(op);
    w.size(usize::from(number));
}

fn encode_list(w: &mut Writer, op: u8, list: &[Expr]) {
    w.u8(op);
    w.list(list, |w, e| e.encode(w));
}

fn encode_three(w: &mut Writer, op: u8, parts: [&Expr; 3]) {
    w.u8(op);
    for part in parts {
        part.encode(w);
    }
}

fn encode_year(w: &mut Writer, year: Year) {
    match year {
        Year::Back(n) => w.size(usize::from(n)),
        Year::Fixed(y) => w.size(usize::from(y) + 256),
    }
}

fn read_year(r: &mut Reader<'_>) -> Year {
    match r.u32() {
        n @ 0..256 => Year::Back(n as u8),
        n @ 2156..2456 => Year::Fixed((n - 256) as u16),
        _ => {
            r.fail("年份");
            Year::Back(0)
        }
    }
}

fn encode_years(w: &mut Writer, years: Years) {
    match years {
        Years::Last(n) => w.size(usize::from(n)),
        Years::Fixed(from, to) => {
            w.size(usize::from(from));
            w.size(usize::from(to));
        }
    }
}

fn read_years(r: &mut Reader<'_>) -> Years {
    let first = r.u16();
    if let 1..=10 = first {
        return Years::Last(first as u8);
    }
    let last = r.u16();
    let sound = (1900..2200).contains(&first) && first <= last && last < 2200 && last - first < 30;
    if !sound {
        r.fail("年份范围");
    }
    Years::Fixed(first, last)
}

fn encode_period(w: &mut Writer, period: Period) {
    match period {
        Period::None => w.u8(0),
        Period::Year(y) => {
            w.u8(1);
            encode_year(w, y);
        }
        Period::Growth(y) => {
            w.u8(2);
            encode_year(w, y);
        }
        Period::Delta(y) => {
            w.u8(3);
            encode_year(w, y);
        }
        Period::Over(years, aggregate, existing) => {
            w.u8(4);
            encode_years(w, years);
            w.u8(index_of(&Aggregate::ALL, aggregate) << 1 | u8::from(existing));
        }
        Period::Days(from, to) => {
            w.u8(5);
            w.int(i128::from(from.days()));
            w.int(i128::from(to.days()));
        }
        Period::Months(n, mean) => {
            w.u8(6);
            w.u8(n);
            w.u8(u8::from(mean));
        }
        Period::Until(day) => {
            w.u8(7);
            w.int(i128::from(day.days()));
        }
        Period::Peak => w.u8(8),
    }
}

fn read_period(r: &mut Reader<'_>) -> Period {
    match r.u8() {
        0 => Period::None,
        1 => Period::Year(read_year(r)),
        2 => Period::Growth(read_year(r)),
        3 => Period::Delta(read_year(r)),
        4 => {
            let years = read_years(r);
            let code = r.index(2 * Aggregate::ALL.len(), "年份聚合");
            Period::Over(years, Aggregate::ALL[code >> 1].1, code & 1 != 0)
        }
        5 => {
            let (from, to) = (Date::read(r), Date::read(r));
            if from > to {
                r.fail("起止日期");
            }
            Period::Days(from, to)
        }
        6 => {
            let n = r.u8();
            if !(1..=60).contains(&n) {
                r.fail("1 至 60 个月");
            }
            Period::Months(n, r.flag())
        }
        7 => Period::Until(Date::read(r)),
        8 => Period::Peak,
        _ => {
            r.fail("时段");
            Period::None
        }
    }
}

fn encode_item(w: &mut Writer, item: &Item) {
    w.size(usize::from(item.item));
    w.u8(item.levels);
    match item.when {
        When::Valid => w.u8(0),
        When::Ever => w.u8(1),
        When::In(year) => {
            w.u8(2);
            encode_year(w, year);
        }
        When::Within(n) => {
            w.u8(3);
            w.u8(n);
        }
    }
    w.u8(item.rank << 1 | u8::from(item.first.is_some()));
    if let Some(first) = item.first {
        w.u8(u8::from(first));
    }
}

/// `row`: whether the number is one of the catalogue.
fn read_item(r: &mut Reader<'_>, row: bool) -> Item {
    let item = if row { r.row(|r| &r.items) } else { r.u16() };
    let levels = r.u8();
    let when = match r.index(4, "认定时间") {
        0 => When::Valid,
        1 => When::Ever,
        2 => When::In(read_year(r)),
        _ => When::Within(r.u8()),
    };
    let rank = r.u8();
    let first = (rank & 1 != 0).then(|| r.flag());
    Item { item, levels, when, rank: rank >> 1, first }
}

fn encode_members(w: &mut Writer, members: &Members) {
    match members {
        Members::Codes(lists, codes) => {
            w.u8(0);
            w.list(lists, |w, l| w.size(usize::from(*l)));
            w.list(codes, |w, c| c.encode(w));
        }
        Members::Options(options) => {
            w.u8(1);
            w.list(options, |w, o| w.size(usize::from(*o)));
        }
    }
}

fn read_members(r: &mut Reader<'_>, rows: bool) -> Members {
    match r.index(2, "地区、行业或选项") {
        0 => Members::Codes(r.list(|r| r.row(|r| &r.lists)), r.list(Code::read)),
        _ => Members::Options(r.list(|r| if rows { r.row(|r| &r.items) } else { r.u16() })),
    }
}

fn encode_rows(w: &mut Writer, op: u8, key: &Expr, rows: &[(Head, Expr)]) {
    w.u8(op);
    key.encode(w);
    w.list(rows, encode_row);
}

fn encode_row(w: &mut Writer, (head, value): &(Head, Expr)) {
    match head {
        Head::Otherwise => w.u8(0),
        Head::Compare(op, bound) => {
            w.u8(1);
            w.u8(index_of(&Op::ALL, *op));
            bound.encode(w);
        }
        Head::In(members) => {
            w.u8(2);
            encode_members(w, members);
        }
    }
    value.encode(w);
}

fn read_expr(r: &mut Reader<'_>, depth: usize) -> Expr {
    if depth > MAX_DEPTH {
        r.fail("不超过 24 层的规则");
        return Expr::Undecided;
    }
    let sub = |r: &mut Reader<'_>| read_expr(r, depth + 1);
    let boxed = |r: &mut Reader<'_>| Box::new(sub(r));
    let row = |r: &mut Reader<'_>, items: bool| {
        let head = match r.index(3, "档的条件") {
            0 => Head::Otherwise,
            1 => Head::Compare(r.one_of(&Op::ALL, "比较符"), Ratio::read(r)),
            _ => Head::In(read_members(r, items)),
        };
        (head, sub(r))
    };
    match r.u8() {
        0 => Expr::And(r.list(sub)),
        1 => Expr::Or(r.list(sub)),
        2 => Expr::Not(boxed(r)),
        3 => {
            let quota = match r.index(3, "至少、至多或恰好") {
                0 => Quota::AtLeast,
                1 => Quota::AtMost,
                _ => Quota::Exactly,
            };
            Expr::KOf(quota, r.u8(), r.list(sub))
        }
        4 => Expr::Verify(r.u16()),
        5 => Expr::Promise(r.u16()),
        6 => Expr::Compare(r.one_of(&Op::ALL, "比较符"), boxed(r), boxed(r)),
        7 => Expr::Between(boxed(r), boxed(r), boxed(r)),
        8 => {
            let (fact, items) = r.fact();
            let negated = r.flag();
            Expr::In(fact, read_members(r, items), negated)
        }
        9 => {
            let (fact, items) = r.fact();
            let mode = match r.index(4, "含的方式") {
                0 => Mode::Any,
                1 => Mode::All,
                2 => Mode::None,
                _ => Mode::AtLeast(r.u8()),
            };
            Expr::Has(fact, mode, r.list(|r| read_item(r, items)))
        }
        10 => Expr::Flag(r.fact().0),
        11 => Expr::Rising(r.fact().0, read_years(r), r.flag()),
        12 => Expr::Const(Ratio::read(r), Dimension::read(r)),
        13 => Expr::Range(boxed(r), boxed(r)),
        14 => Expr::Undecided,
        15 => Expr::Fact(r.fact().0, read_period(r)),
        16 => Expr::Arith(r.one_of(&Arith::ALL, "运算符"), boxed(r), boxed(r)),
        17 => Expr::Call(r.one_of(&Func::ALL, "函数"), r.list(sub)),
        18 => Expr::Pick(boxed(r), r.list(|r| row(r, false))),
        19 => Expr::Slices(boxed(r), r.list(|r| row(r, false))),
        20 => Expr::If(boxed(r), boxed(r), boxed(r)),
        21 => {
            let (fact, items) = r.fact();
            Expr::PickFact(fact, r.list(|r| row(r, items)))
        }
        22 => {
            let quantifier = if r.flag() { Quantifier::Every } else { Quantifier::Some };
            Expr::Records(quantifier, read_other_scope(r), boxed(r))
        }
        23 => Expr::Tally(read_other_scope(r), boxed(r)),
        24 => Expr::Param(r.row(|r| &r.params), r.option(read_year)),
        25 => Expr::AmountOf(r.u16()),
        _ => {
            r.fail("规则");
            Expr::Undecided
        }
    }
}

/// A scope of which there are records: not the firm itself.
fn read_other_scope(r: &mut Reader<'_>) -> Scope {
    let scope = Scope::read(r);
    if scope == Scope::Firm {
        r.fail("项目、产品等申报对象");
    }
    scope
}
