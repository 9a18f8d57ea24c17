//! The canonical text of a checked rule: what staff see in Excel and in diffs.

use super::check::{dimension, is_main_roster};
use super::{
    Aggregate, Arith, Expr, Func, Head, Item, Members, Mode, Op, Period, Quantifier, Quota, When, Year, Years,
};
use crate::catalogue::{Catalogue, Code, FactNo, FactType, ItemClass, Scope};
use crate::num::Ratio;
use crate::unit::{Dimension, currency_name};
use crate::words::{Words, word};

/// Canonical text of `expr`. `texts` are the texts of its measure.
///
/// Reading the printed text again gives the same rule.
pub fn print_expr(expr: &Expr, catalogue: &Catalogue, texts: &[String]) -> String {
    let mut printer = Printer { catalogue, texts, out: String::new() };
    printer.expr(expr, Level::Or);
    printer.out
}

/// Binding strength, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Relation,
    Sum,
    Product,
    Atom,
}

/// What 按 or 分段 goes by.
enum Key<'a> {
    Number(&'a Expr),
    Fact(FactNo),
}

struct Printer<'a> {
    catalogue: &'a Catalogue,
    texts: &'a [String],
    out: String,
}

fn level(expr: &Expr) -> Level {
    match expr {
        Expr::Or(_) => Level::Or,
        Expr::And(_) => Level::And,
        Expr::Not(_) => Level::Not,
        Expr::Compare(..) | Expr::Between(..) | Expr::In(..) | Expr::Has(..) => Level::Relation,
        Expr::Arith(Arith::Add | Arith::Sub, ..) => Level::Sum,
        Expr::Arith(..) | Expr::Range(..) => Level::Product,
        // Open to the right: they swallow what follows, so they are bracketed
        // everywhere but at the top.
        Expr::Pick(..) | Expr::PickFact(..) | Expr::Slices(..) | Expr::If(..) => Level::Or,
        _ => Level::Atom,
    }
}

impl Printer<'_> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn expr(&mut self, expr: &Expr, outer: Level) {
        let bracket = level(expr) < outer;
        if bracket {
            self.push("(");
        }
        self.bare(expr);
        if bracket {
            self.push(")");
        }
    }

    fn joined(&mut self, list: &[Expr], word: &str, inner: Level) {
        for (i, part) in list.iter().enumerate() {
            if i > 0 {
                self.push(word);
            }
            self.expr(part, inner);
        }
    }

    fn bare(&mut self, expr: &Expr) {
        match expr {
            Expr::Or(list) => self.joined(list, " 或 ", Level::And),
            Expr::And(list) => self.joined(list, " 且 ", Level::Not),
            Expr::Not(inner) => {
                self.push("非 ");
                let flag = matches!(**inner, Expr::Flag(_) | Expr::Rising(..) | Expr::Records(..));
                if flag {
                    self.bare(inner);
                } else {
                    self.push("(");
                    self.bare(inner);
                    self.push(")");
                }
            }
            Expr::KOf(quota, k, list) => {
                let word = match quota {
                    Quota::AtLeast => "至少",
                    Quota::AtMost => "至多",
                    Quota::Exactly => "恰好",
                };
                self.push(&format!("{word} {k}项 ("));
                self.joined(list, "; ", Level::Or);
                self.push(")");
            }
            Expr::Verify(text) => self.quoted("核实", *text),
            Expr::Promise(text) => self.quoted("承诺", *text),
            Expr::Compare(op, a, b) => {
                self.expr(a, Level::Sum);
                self.push(&format!(" {} ", op.sign()));
                self.expr(b, Level::Sum);
            }
            Expr::Between(x, low, high) => {
                self.expr(x, Level::Sum);
                self.push(" 介于 ");
                self.expr(low, Level::Sum);
                self.push(" 至 ");
                self.expr(high, Level::Sum);
            }
            Expr::In(fact, members, negated) => {
                self.fact(*fact, Period::None);
                self.push(if *negated { " 不属于 " } else { " 属于 " });
                self.members(*fact, members);
            }
            Expr::Has(fact, mode, items) if self.is_roster(*fact) => {
                self.roster_subject(*fact);
                self.push(if *mode == Mode::None { "不在名单 " } else { "在名单 " });
                let name = |i: &Item| format!("《{}》", self.catalogue.item_name(*fact, i.item));
                let texts: Vec<String> = items.iter().map(name).collect();
                self.list(&texts);
            }
            Expr::Records(quantifier, scope, rule) => {
                let word = if *quantifier == Quantifier::Some { "有" } else { "每个" };
                self.push(&format!("{word} {} (", scope.name()));
                self.expr(rule, Level::Or);
                self.push(")");
            }
            Expr::Tally(scope, rule) => {
                self.push(&format!("个数 {} (", scope.name()));
                self.expr(rule, Level::Or);
                self.push(")");
            }
            Expr::Param(param, year) => {
                let name = self.catalogue.params.get(param).map_or("未知参数", |p| &p.name).to_owned();
                self.push(&name);
                if let Some(year) = year {
                    self.push(&format!("[{}]", year_text(*year)));
                }
            }
            Expr::AmountOf(text) => {
                let id = self.texts.get(usize::from(*text)).map_or("", String::as_str);
                let text = format!("金额({id})");
                self.push(&text);
            }
            Expr::Has(fact, mode, items) => {
                self.fact(*fact, Period::None);
                let many = items.len() > 1;
                match mode {
                    Mode::Any if many => self.push(" 含 任一 "),
                    Mode::Any => self.push(" 含 "),
                    Mode::All => self.push(" 含 全部 "),
                    Mode::AtLeast(k) => self.push(&format!(" 含 至少 {k}项 ")),
                    Mode::None if many => self.push(" 不含 任一 "),
                    Mode::None => self.push(" 不含 "),
                }
                let texts: Vec<String> = items.iter().map(|i| item_text(*fact, i, self.catalogue)).collect();
                self.list(&texts);
            }
            Expr::Flag(fact) => self.fact(*fact, Period::None),
            Expr::Rising(fact, years, existing) => {
                self.fact(*fact, Period::Over(*years, Aggregate::Rising, *existing));
            }
            Expr::Const(value, dimension) => self.push(&quantity(*value, *dimension)),
            Expr::Range(a, b) => match (&**a, &**b) {
                (Expr::Const(zero, _), b) if *zero == Ratio::ZERO => {
                    self.push("至多 ");
                    self.expr(b, Level::Atom);
                }
                (a, b) => {
                    self.expr(a, Level::Atom);
                    self.push("~");
                    self.expr(b, Level::Atom);
                }
            },
            Expr::Undecided => self.push("未定"),
            Expr::Fact(fact, period) => self.fact(*fact, *period),
            Expr::Arith(op, a, b) => {
                let (level, right) = match op {
                    Arith::Add => (Level::Sum, Level::Product),
                    Arith::Sub => (Level::Sum, Level::Product),
                    Arith::Mul | Arith::Div => (Level::Product, Level::Atom),
                };
                // A range binds like a product but reads badly beside one.
                let bracket_range = |e: &Expr| matches!(e, Expr::Range(..)) && level == Level::Product;
                let left_level = if bracket_range(a) { Level::Atom } else { level };
                self.expr(a, left_level);
                let sign = match op {
                    Arith::Add => "+",
                    Arith::Sub => "−",
                    Arith::Mul => "×",
                    Arith::Div => "÷",
                };
                self.push(&format!(" {sign} "));
                self.expr(b, right);
            }
            Expr::Call(func, list) => {
                let name = Func::ALL.iter().find(|(_, f)| f == func).map_or("", |(name, _)| name);
                self.push(name);
                self.push("(");
                for (i, part) in list.iter().enumerate() {
                    if i > 0 {
                        self.push(", ");
                    }
                    self.expr(part, Level::Sum);
                }
                self.push(")");
            }
            Expr::Pick(key, rows) => self.bands("按", Key::Number(key), rows),
            Expr::PickFact(fact, rows) => self.bands("按", Key::Fact(*fact), rows),
            Expr::Slices(key, rows) => self.bands("分段", Key::Number(key), rows),
            Expr::If(condition, yes, no) => {
                self.push("若 ");
                self.expr(condition, Level::Or);
                self.push(" 则 ");
                self.expr(yes, Level::Sum);
                self.push(" 否则 ");
                self.expr(no, Level::Sum);
            }
        }
    }

    fn bands(&mut self, word: &str, key: Key<'_>, rows: &[(Head, Expr)]) {
        self.push(word);
        self.push(" ");
        let (unit, fact) = match key {
            Key::Number(expr) => {
                self.expr(expr, Level::Sum);
                (dimension(expr, self.catalogue), FactNo::default())
            }
            Key::Fact(fact) => {
                self.fact(fact, Period::None);
                (None, fact)
            }
        };
        self.push("： ");
        for (i, (head, value)) in rows.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            match head {
                Head::Otherwise => self.push("其余"),
                Head::Compare(op, bound) => {
                    self.push(op.sign());
                    self.push(&quantity(*bound, unit.unwrap_or(Dimension::Number)));
                }
                Head::In(members) => self.members(fact, members),
            }
            self.push("→");
            self.expr(value, Level::Sum);
        }
    }

    fn is_roster(&self, fact: FactNo) -> bool {
        self.catalogue.facts.get(&fact).is_some_and(|f| f.kind == FactType::Rosters)
    }

    /// Whose rosters: nothing for the firm, `项目 `, `法定代表人 `.
    fn roster_subject(&mut self, fact: FactNo) {
        let Some(row) = self.catalogue.facts.get(&fact) else { return };
        let subject = match (is_main_roster(row), row.scope) {
            (true, Scope::Firm) => return,
            (true, scope) => scope.name(),
            (false, _) => row.name.strip_suffix("名单").unwrap_or(&row.name),
        };
        let text = format!("{subject} ");
        self.push(&text);
    }

    fn quoted(&mut self, word: &str, text: super::TextNo) {
        let text = self.texts.get(usize::from(text)).map_or("", String::as_str);
        let text = format!("{word}「{text}」");
        self.push(&text);
    }

    fn fact(&mut self, fact: FactNo, period: Period) {
        let name = self.catalogue.facts.get(&fact).map_or_else(|| "未知要素".to_owned(), |f| f.rule_name());
        self.push(&name);
        if period != Period::None {
            self.push(&format!("[{}]", period_text(period)));
        }
    }

    fn list(&mut self, texts: &[String]) {
        match texts {
            [single] => self.push(single),
            _ => {
                let text = format!("({})", texts.join(", "));
                self.push(&text);
            }
        }
    }

    fn members(&mut self, fact: FactNo, members: &Members) {
        let texts: Vec<String> = match members {
            Members::Codes(lists, codes) => {
                let region = self.catalogue.facts.get(&fact).is_some_and(|f| f.kind == FactType::Region);
                let name = |no| self.catalogue.lists.get(no).map_or("未知清单", |l| &l.name);
                let lists = lists.iter().map(|no| format!("《{}》", name(no)));
                lists.chain(codes.iter().map(|c| self.code_text(*c, region))).collect()
            }
            Members::Options(options) => {
                options.iter().map(|o| quoted_name(self.catalogue.item_name(fact, *o))).collect()
            }
        };
        self.list(&texts);
    }

    fn code_text(&self, code: Code, region: bool) -> String {
        if !region {
            let name = self.catalogue.industries.get(code);
            return name.map_or_else(|| code.as_str().to_owned(), quoted_name);
        }
        if code == Code::ALL {
            return "中国".to_owned();
        }
        // Names of counties repeat across the country; the code does not.
        let full = self.catalogue.region_name(code);
        if self.catalogue.regions.get(code).is_some() { quoted_name(&full) } else { code.region_text() }
    }
}

/// A name in corner brackets when it could not be read as one word.
fn quoted_name(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '·' || c == '&');
    let starts_well = name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    if plain && starts_well { name.to_owned() } else { format!("「{name}」") }
}

fn year_text(year: Year) -> String {
    year_words(&Words::default(), year)
}

fn year_words(words: &Words, year: Year) -> String {
    match year {
        Year::Back(0) => words.get("本年").to_owned(),
        Year::Back(1) => words.get("上年").to_owned(),
        Year::Back(2) => words.get("前年").to_owned(),
        Year::Back(n) => words.say("上{}年", &[&n]),
        Year::Fixed(y) => words.say("{0}年", &[&y]),
    }
}

/// The words of a period, as inside the brackets.
pub fn period_text(period: Period) -> String {
    match period {
        Period::None => String::new(),
        Period::Year(year) => year_text(year),
        Period::Growth(year) => format!("{}同比增长", year_text(year)),
        Period::Delta(year) => format!("{}同比增量", year_text(year)),
        Period::Over(years, aggregate, existing) => {
            let name = Aggregate::ALL.iter().find(|(_, a)| *a == aggregate).map_or("", |(name, _)| name);
            let tail = if existing { ", 不足按实际" } else { "" };
            match years {
                Years::Last(n) => format!("近{n}年{name}{tail}"),
                Years::Fixed(from, to) => format!("{from}年..{to}年{name}{tail}"),
            }
        }
        Period::Days(from, to) => format!("{from}..{to}"),
        Period::Months(n, mean) => format!("近{n}个月{}", if mean { "平均" } else { "合计" }),
        Period::Until(day) => format!("截至{day}"),
        Period::Peak => "历史最高".to_owned(),
    }
}

/// An item with its qualifiers: `工业设计中心(省级以上, 上年认定)`.
pub fn item_text(fact: FactNo, item: &Item, catalogue: &Catalogue) -> String {
    item_words(&Words::default(), fact, item, catalogue)
}

/// The same in the language of the reader.
pub(crate) fn item_words(words: &Words, fact: FactNo, item: &Item, catalogue: &Catalogue) -> String {
    let mut qualifiers = Vec::new();
    let row = catalogue.items.get(&item.item);
    if item.levels != 0 {
        let levels = row.map(|q| q.levels.as_slice()).unwrap_or_default();
        let name = |at: usize| levels.get(at).map_or("", String::as_str);
        let (highest, lowest) =
            (item.levels.trailing_zeros() as usize, 7 - item.levels.leading_zeros().min(7) as usize);
        qualifiers.push(match (item.levels.count_ones(), highest) {
            (1, _) => name(lowest).to_owned(),
            (_, 0) => words.say("{0}以上", &[&name(lowest)]),
            _ => words.say("{0}以下", &[&name(highest)]),
        });
    }
    let programme = row.is_some_and(|q| q.class == ItemClass::Programme);
    match item.when {
        When::Valid => {}
        When::Ever if programme => {}
        When::Ever => qualifiers.push(words.get("曾经").to_owned()),
        When::In(year) if programme => qualifiers.push(year_words(words, year)),
        When::In(year) => qualifiers.push(words.say("{}认定", &[&year_words(words, year)])),
        When::Within(n) => {
            let text = if programme { word("近{}年") } else { word("近{}年认定") };
            qualifiers.push(words.say(text, &[&n]));
        }
    }
    if let Some(first) = item.first {
        qualifiers.push(words.get(if first { word("首次") } else { word("非首次") }).to_owned());
    }
    if item.rank != 0 {
        qualifiers.push(words.say("排名≤{}", &[&item.rank]));
    }
    let name = catalogue.item_name(fact, item.item);
    let name = if words.is_chinese() { quoted_name(name) } else { name.to_owned() };
    if qualifiers.is_empty() { name } else { words.say("{}({})", &[&name, &qualifiers.join(", ")]) }
}

/// A quantity that reads back as the same number and dimension.
fn quantity(value: Ratio, dimension: Dimension) -> String {
    let scaled = |factor: i128| value.mul(Ratio::new(1, factor).unwrap_or(Ratio::ONE)).unwrap_or(value);
    let text = |value: Ratio| value.decimal(12);
    let clean = |value: Ratio| {
        value.is_integer() || (value.denominator() < 1000 && Ratio::parse(&text(value)) == Some(value))
    };
    let units = match dimension {
        Dimension::Share => return format!("{}%", text(value.mul(Ratio::int(100)).unwrap_or(value))),
        Dimension::Number => return text(value),
        Dimension::Date => {
            let day = i32::try_from(value.floor()).ok().and_then(crate::date::Date::from_days);
            return day.map_or_else(|| text(value), |d| d.to_string());
        }
        Dimension::MONTHS => {
            let years = scaled(12);
            return if years.is_integer() && years.signum() > 0 {
                format!("{}年", text(years))
            } else {
                format!("{}个月", text(value))
            };
        }
        Dimension::Of(units) => units,
    };
    if units.money != 1 {
        return format!("{}{}", text(value), dimension.describe_unit());
    }
    let name = currency_name(units.currency);
    let mut under = units.denominators();
    let mut value = value;
    if units.months < 0 && !clean(scaled(100)) {
        // 1万元/年 has no finite sum per month.
        value = value.mul(Ratio::int(12)).unwrap_or(value);
        under = under.replace("/月", "/年");
    }
    let scaled = |factor: i128| value.mul(Ratio::new(1, factor).unwrap_or(Ratio::ONE)).unwrap_or(value);
    for (factor, prefix) in [(10_000_000_000, "亿"), (1_000_000, "万")] {
        let value = scaled(factor);
        // 8000元/张 is how prices are written.
        if value >= Ratio::ONE && clean(value) && under.is_empty() {
            return format!("{}{prefix}{name}", text(value));
        }
    }
    format!("{}{name}{under}", text(scaled(100)))
}

impl Op {
    /// The words of a requirement: 不低于, 超过 ….
    pub fn words(self) -> &'static str {
        match self {
            Self::Ge => word("不低于"),
            Self::Le => word("不超过"),
            Self::Gt => word("超过"),
            Self::Lt => word("低于"),
            Self::Eq => word("等于"),
            Self::Ne => word("不等于"),
        }
    }
}
