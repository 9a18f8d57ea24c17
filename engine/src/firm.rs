//! What is known of one firm. Any fact may be missing; missing is not no.

use litemap::LiteMap;

use crate::catalogue::{Catalogue, Code, Derived, FactNo, FactType, ItemNo, Nesting, Scope, SizeClass};
use crate::date::Date;
use crate::num::{Interval, Ratio};
use crate::rule::{self, Aliases};
use crate::words::Words;

/// One item of a set: held or known not to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Held, or known absent.
    pub yes: bool,
    /// Level number of the item's own scale, 0 is the highest.
    pub level: Option<u8>,
    /// Year of recognition, or of payment.
    pub year: Option<u16>,
    /// Place in a ranking (排名), from 1.
    pub rank: Option<u8>,
    /// Whether it was the first time (首次).
    pub first: Option<bool>,
}

/// The answer to one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 不确定: stays unknown and is not asked again.
    Unsure,
    /// A number in base units (fen, months, days, shares of 1, counts), maybe
    /// only roughly known.
    Number(Interval),
    /// 是 or 否.
    Flag(bool),
    /// One option. More than one bit: one of these.
    Choice(u64),
    /// A region or industry.
    Code(Code),
    /// Items, and whether that is all.
    Set {
        /// Items that were answered.
        items: LiteMap<ItemNo, Held>,
        /// 以上就是全部: whatever is not listed is absent.
        closed: bool,
    },
}

/// The time an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// The fact has no time.
    Always,
    /// A calendar year.
    Year(u16),
    /// From one day to another, both included: what fell into that time.
    Days(Date, Date),
    /// The state at the end of a day.
    Until(Date),
    /// The highest of all years before this one.
    PeakBefore(u16),
}

/// What an answer is given to: a fact, the time it is for, and the record it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The fact.
    pub fact: FactNo,
    /// Its time.
    pub span: Span,
    /// Number of the project, product … from 1; 0 for facts of the firm.
    pub record: u8,
}

impl Key {
    /// A fact of the firm without a time.
    pub const fn plain(fact: FactNo) -> Self {
        Self { fact, span: Span::Always, record: 0 }
    }

    /// A fact of the firm in a year.
    pub const fn year(fact: FactNo, year: u16) -> Self {
        Self { fact, span: Span::Year(year), record: 0 }
    }

    /// The same for a record.
    pub const fn of_record(self, record: u8) -> Self {
        Self { record, ..self }
    }
}

/// The records of one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Records {
    /// How many there are; they are numbered from 1.
    pub count: u8,
    /// 没有其他: there are no more.
    pub closed: bool,
}

/// Support the firm has had (已享受).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Id of the measure.
    pub measure: String,
    /// Year of payment.
    pub year: u16,
    /// Sum in fen.
    pub fen: i128,
}

/// Records of one scope that are kept. More are not written by people.
pub const MAX_RECORDS: u8 = 50;

/// Known facts of one firm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Firm {
    answers: LiteMap<Key, Answer>,
    records: LiteMap<Scope, Records>,
    /// 已享受, for the plan.
    pub received: Vec<Received>,
}

impl Firm {
    /// The answer as given.
    pub fn get(&self, key: Key) -> Option<&Answer> {
        self.answers.get(&key)
    }

    /// Records an answer.
    pub fn set(&mut self, key: Key, answer: Answer) {
        self.answers.insert(key, answer);
    }

    /// Records an answer; one to a record that was not told of yet tells of it.
    pub fn answer(&mut self, catalogue: &Catalogue, key: Key, answer: Answer) {
        let scope = catalogue.facts.get(&key.fact).map_or(Scope::Firm, |f| f.scope);
        let told = self.records(scope);
        if scope != Scope::Firm && key.record > told.count {
            self.set_records(scope, Records { count: key.record, ..told });
        }
        self.set(key, answer);
    }

    /// Forgets an answer.
    pub fn clear(&mut self, key: Key) {
        self.answers.remove(&key);
    }

    /// How many records of a scope there are. The firm itself is the one record of its scope.
    pub fn records(&self, scope: Scope) -> Records {
        match scope {
            Scope::Firm => Records { count: 1, closed: true },
            scope => self.records.get(&scope).copied().unwrap_or_default(),
        }
    }

    /// Says how many records of a scope there are, at most [`MAX_RECORDS`].
    pub fn set_records(&mut self, scope: Scope, records: Records) {
        self.records.insert(scope, Records { count: records.count.min(MAX_RECORDS), ..records });
    }

    /// Number of answers.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.records.is_empty()
    }

    /// All answers in order.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Answer)> {
        self.answers.iter().map(|(key, answer)| (*key, answer))
    }

    /// A number, unbounded by the fact's range when missing.
    pub fn number(&self, catalogue: &Catalogue, key: Key) -> Interval {
        match self.get(key) {
            Some(Answer::Number(interval)) => *interval,
            _ => range_of(catalogue, key.fact),
        }
    }

    /// A choice with the values that remain possible; `None` when nothing is
    /// known. 企业规模 is computed when it was not answered.
    pub fn choice(&self, catalogue: &Catalogue, key: Key, base_year: u16) -> Option<u64> {
        match self.get(key) {
            Some(Answer::Choice(mask)) => Some(*mask),
            _ => {
                let derived = catalogue.facts.get(&key.fact)?.derived;
                (derived == Some(Derived::Size)).then(|| self.size(catalogue, base_year)).flatten()
            }
        }
    }

    /// Days on which the firm may have been founded, as days since 1970.
    pub fn founded(&self, catalogue: &Catalogue) -> Option<Interval> {
        let (founded, _) = catalogue.fact_by_id("found_date")?;
        match self.get(Key::plain(founded)) {
            Some(Answer::Number(days)) => Some(*days),
            _ => None,
        }
    }

    /// Code of the registered seat.
    pub fn seat(&self, catalogue: &Catalogue) -> Option<Code> {
        let (seat, _) = catalogue.fact_by_id("reg_region")?;
        match self.get(Key::plain(seat)) {
            Some(Answer::Code(code)) => Some(*code),
            _ => None,
        }
    }

    /// 成立年限 in whole months on a day.
    pub fn age(&self, catalogue: &Catalogue, on: Date) -> Option<Interval> {
        self.founded(catalogue).map(|days| months_since(days, on))
    }

    /// Size classes that remain possible, as bits of
    /// [`SIZE_NAMES`](crate::catalogue::SIZE_NAMES): by the year before
    /// `base_year`.
    ///
    /// Source: 统计上大中小微型企业划分办法(2017), 国统字〔2017〕213号. A firm is
    /// large, medium or small when it reaches *all* lower bounds of that
    /// class, and micro when it misses one of small.
    pub fn size(&self, catalogue: &Catalogue, base_year: u16) -> Option<u64> {
        let (rows, metrics) = self.size_rows(catalogue, base_year)?;
        let mask = rows.iter().fold(0, |mask, row| mask | classes(row, metrics));
        (mask != 0).then_some(mask)
    }

    /// Rows of the size classes that may hold for the firm's industry, with its staff, revenue and total assets:
    /// what the derivation of 企业规模 shows. `None` while the industry is not known.
    pub fn size_rows<'a>(&self, catalogue: &'a Catalogue, base_year: u16) -> Option<SizeRows<'a>> {
        let (industry, _) = catalogue.fact_by_id("industry")?;
        let Some(Answer::Code(code)) = self.get(Key::plain(industry)) else { return None };
        let year = base_year.checked_sub(1)?;
        let value = |id: &str| {
            let (no, fact) = catalogue.fact_by_id(id)?;
            let key = if fact.yearly { Key::year(no, year) } else { Key::plain(no) };
            Some(self.number(catalogue, key))
        };
        let rows: Vec<&SizeClass> = catalogue.sizes.iter().filter(|row| row_may_apply(row, *code)).collect();
        Some((rows, [value("staff_total"), value("revenue"), value("total_assets")]))
    }
}

/// Rows that may hold, and staff, revenue and total assets where the catalogue has the fact.
pub type SizeRows<'a> = (Vec<&'a SizeClass>, [Option<Interval>; 3]);

/// Months from a day in `days` (since 1970) to `on`, by the calendar: 2024-11-22 to 2026-11-22 is 24. Each day beyond
/// the whole months counts a thirty-first, so that “within 24 months” ends with that day. Days after `on` count below
/// zero.
pub fn months_since(days: Interval, on: Date) -> Interval {
    let months = |bound: Option<Ratio>| {
        let day = i32::try_from(bound?.floor()).ok().and_then(Date::from_days)?;
        let (months, days) = if day > on { on.until(day) } else { day.until(on) };
        let sign = if day > on { -1 } else { 1 };
        Ratio::new(i128::from(sign * (months * 31 + days)), 31)
    };
    // The later the day, the shorter the time since.
    Interval { lo: months(days.hi), hi: months(days.lo) }
}

/// Values a fact may take when it is not known.
pub fn range_of(catalogue: &Catalogue, fact: FactNo) -> Interval {
    match catalogue.facts.get(&fact) {
        Some(f) if !f.signed && f.kind != FactType::Date => Interval::NON_NEGATIVE,
        _ => Interval::ANY,
    }
}

fn row_may_apply(row: &SizeClass, code: Code) -> bool {
    let inside = |codes: &[Code]| codes.iter().any(|c| code.nesting(*c) == Nesting::Inside);
    let touches = row.include.iter().any(|c| code.nesting(*c) != Nesting::Apart);
    touches && !inside(&row.exclude)
}

fn classes(row: &SizeClass, [staff, revenue, assets]: [Option<Interval>; 3]) -> u64 {
    const WAN: i128 = 10_000 * 100;
    let metrics = [(row.staff, staff, 1), (row.revenue, revenue, WAN), (row.assets, assets, WAN)];
    let class = |bound: fn(Interval) -> Option<Ratio>, missing: bool| {
        (0..3).find(|class| {
            metrics.iter().all(|(limits, value, scale)| {
                let Some(limits) = limits else { return true };
                let limit = Ratio::int(i128::from(limits[*class]) * scale);
                value.and_then(bound).map_or(missing, |v| v >= limit)
            })
        })
    };
    // An unbounded lower end cannot reach anything, an unbounded upper end
    // reaches everything.
    let smallest = class(|i| i.lo, false).unwrap_or(3);
    let largest = class(|i| i.hi, true).unwrap_or(3);
    (largest..=smallest).fold(0, |mask, class| mask | 1 << class)
}

/// A problem in one line of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileError {
    /// Whether the place is in the name (left) or in the value.
    pub in_key: bool,
    /// What is wrong, in Chinese.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl ProfileError {
    fn key(message: impl Into<String>, hint: Option<String>) -> Self {
        Self { in_key: true, message: message.into(), hint }
    }

    fn value(message: impl Into<String>, hint: Option<String>) -> Self {
        Self { in_key: false, message: message.into(), hint }
    }
}

/// Reads one line of a profile into `firm`. `today` fixes what 上年 means.
///
/// - `营业收入[2025年]` = `6420万元`; also `[上年]`, `[2018-01-01..2019-12-31]`, `[截至2019-12-31]`, `[2025年前最高]`
/// - `项目.总投资` or `项目1.总投资` = `3000万元`: the first project; `项目2.总投资`: the second
/// - `项目` = `以上就是全部`: there are no others
/// - `已享受 hebei-2023-01` = `2026年 100万元`
///
/// # Errors
/// In Chinese, when the name or value does not fit.
pub fn read_line(
    firm: &mut Firm,
    key: &str,
    value: &str,
    today: Date,
    catalogue: &Catalogue,
    aliases: &Aliases,
) -> Result<(), ProfileError> {
    let value = value.trim();
    if let Some(measure) = key.strip_prefix("已享受 ") {
        firm.received.push(read_received(measure.trim(), value)?);
        return Ok(());
    }
    if let Some(scope) = Scope::find(key.trim()).filter(|scope| *scope != Scope::Firm) {
        if value != "以上就是全部" {
            let hint = format!("写成 以上就是全部；{}的内容写成 {}1.…", scope.name(), scope.name());
            return Err(ProfileError::value(format!("应写 以上就是全部，写的是“{value}”"), Some(hint)));
        }
        firm.set_records(scope, Records { closed: true, ..firm.records(scope) });
        return Ok(());
    }
    let (name, span) = match key.split_once('[') {
        None => (key.trim(), Span::Always),
        Some((name, rest)) => {
            let text = rest.trim().strip_suffix(']').unwrap_or(rest);
            let span = read_span(text, today).ok_or_else(|| {
                ProfileError::key(format!("没有年份“{text}”"), Some("写成 营业收入[2025年]".to_owned()))
            })?;
            (name.trim(), span)
        }
    };
    let (scope, record, name) = read_scope(name)?;
    let by_alias = || {
        let found = aliases.facts.iter().filter(|(alias, _)| alias == name).map(|(_, no)| *no);
        found.into_iter().find(|no| catalogue.facts.get(no).is_some_and(|f| f.scope == scope))
    };
    let no = catalogue.scoped_fact(scope, name).map(|(no, _)| no).or_else(by_alias);
    let Some((no, fact)) = no.and_then(|no| Some((no, catalogue.facts.get(&no)?))) else {
        let names = catalogue.facts.values().filter(|f| f.scope == scope).map(|f| f.name.as_str());
        return Err(ProfileError::key(format!("没有要素“{name}”"), rule::did_you_mean(name, names)));
    };
    match (fact.yearly, span) {
        (true, Span::Always) => {
            let hint = format!("写成 {name}[{}年]", today.year() - 1);
            return Err(ProfileError::key(format!("“{name}”按年填报，要写明哪一年"), Some(hint)));
        }
        (false, Span::Year(_) | Span::PeakBefore(_)) => {
            return Err(ProfileError::key(format!("“{name}”不按年填报，去掉方括号"), None));
        }
        (_, Span::Days(..) | Span::Until(_)) if !fact.kind.is_numeric() => {
            return Err(ProfileError::key(format!("“{name}”不是数，去掉方括号"), None));
        }
        _ => {}
    }
    let answer =
        if value == "不确定" { Answer::Unsure } else { read_value(value, no, catalogue, aliases)? };
    firm.answer(catalogue, Key { fact: no, span, record }, answer);
    Ok(())
}

/// `项目2.总投资` is a fact of the second project.
fn read_scope(name: &str) -> Result<(Scope, u8, &str), ProfileError> {
    let Some((before, rest)) = name.split_once('.') else { return Ok((Scope::Firm, 0, name)) };
    let word = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let scope = Scope::find(word).filter(|scope| *scope != Scope::Firm).ok_or_else(|| {
        let names: Vec<&str> = Scope::ALL[1..].iter().map(|(_, name, _)| *name).collect();
        ProfileError::key(format!("没有“{word}”"), Some(format!("点号前可写 {}", names.join("、"))))
    })?;
    let digits = &before[word.len()..];
    let record = if digits.is_empty() { Some(1) } else { digits.parse().ok() };
    match record.filter(|n| (1..=MAX_RECORDS).contains(n)) {
        Some(record) => Ok((scope, record, rest)),
        None => Err(ProfileError::key(format!("序号应在 1 到 {MAX_RECORDS} 之间，写的是“{digits}”"), None)),
    }
}

/// The time in the brackets of a profile's line.
fn read_span(text: &str, today: Date) -> Option<Span> {
    let year = |text: &str| {
        let year = match text {
            "本年" => today.year(),
            "上年" => today.year() - 1,
            "前年" => today.year() - 2,
            _ => text.strip_suffix('年')?.parse().ok()?,
        };
        u16::try_from(year).ok().filter(|y| (1900..2200).contains(y))
    };
    if let Some((from, to)) = text.split_once("..") {
        let (from, to) = (Date::parse(from)?, Date::parse(to)?);
        return (from <= to).then_some(Span::Days(from, to));
    }
    if let Some(day) = text.strip_prefix("截至") {
        return Date::parse(day).map(Span::Until);
    }
    match text.strip_suffix("前最高") {
        Some(before) => year(before).map(Span::PeakBefore),
        None => year(text).map(Span::Year),
    }
}

/// `2026年 100万元`
fn read_received(measure: &str, value: &str) -> Result<Received, ProfileError> {
    let wrong = || ProfileError::value("应写年份和金额，如 2026年 100万元", None);
    let (year, sum) = value.split_once(' ').ok_or_else(wrong)?;
    let year = year.strip_suffix('年').and_then(|y| y.parse().ok()).filter(|y| (1900..2200).contains(y));
    let year = year.ok_or_else(wrong)?;
    let (sum, dimension) =
        rule::read_quantity(sum.trim()).map_err(|e| ProfileError::value(e.message, e.hint))?;
    if dimension != crate::unit::Dimension::YUAN {
        return Err(wrong());
    }
    Ok(Received { measure: measure.to_owned(), year, fen: sum.trunc() })
}

fn read_value(
    value: &str,
    no: FactNo,
    catalogue: &Catalogue,
    aliases: &Aliases,
) -> Result<Answer, ProfileError> {
    let fact = &catalogue.facts[&no];
    match fact.kind {
        FactType::Flag => match value {
            "是" | "有" => Ok(Answer::Flag(true)),
            "否" | "没有" => Ok(Answer::Flag(false)),
            _ => Err(ProfileError::value(format!("应写 是 或 否，写的是“{value}”"), None)),
        },
        FactType::Choice => match fact.options.iter().position(|o| o == value) {
            Some(at) if at < 64 => Ok(Answer::Choice(1 << at)),
            _ => {
                let hint = format!("可写 {}", fact.options.join("、"));
                Err(ProfileError::value(format!("没有选项“{value}”"), Some(hint)))
            }
        },
        FactType::Region => {
            rule::find_region(catalogue, value).map(Answer::Code).map_err(|problem| match problem {
                rule::NameProblem::Unknown(hint) => {
                    ProfileError::value(format!("没有这个地区：“{value}”"), hint)
                }
                rule::NameProblem::Ambiguous(names) => ProfileError::value(
                    format!("“{value}”有 {} 处：{}", names.len(), names.join("、")),
                    Some("写全称，或写六位代码".to_owned()),
                ),
            })
        }
        FactType::Industry => rule::find_industry(catalogue, value).map(Answer::Code).ok_or_else(|| {
            let names = catalogue.industries.iter().map(|(_, n)| n);
            ProfileError::value(format!("没有这个行业：“{value}”"), rule::did_you_mean(value, names))
        }),
        FactType::Qualifications | FactType::Options | FactType::Programmes | FactType::Rosters => {
            read_set(value, no, catalogue, aliases)
        }
        FactType::Money | FactType::Count | FactType::Share | FactType::Duration | FactType::Date => {
            read_number(value, no, catalogue)
        }
    }
}

fn read_number(value: &str, no: FactNo, catalogue: &Catalogue) -> Result<Answer, ProfileError> {
    let fact = &catalogue.facts[&no];
    let expected = rule::fact_dimension(fact);
    let one = |text: &str| -> Result<Ratio, ProfileError> {
        let negative = text.strip_prefix(['-', '−']);
        let (number, dimension) = rule::read_quantity(negative.unwrap_or(text).trim())
            .map_err(|e| ProfileError::value(e.message, e.hint))?;
        if expected != Some(dimension) {
            let found = dimension.describe();
            let hint = format!("“{}”的单位是{}", fact.name, fact.unit);
            return Err(ProfileError::value(format!("应是{}，写的是{found}", fact.kind.name()), Some(hint)));
        }
        if negative.is_some() && !fact.signed {
            return Err(ProfileError::value(format!("“{}”不能是负数", fact.name), None));
        }
        if negative.is_some() {
            number.neg().map_err(|_| ProfileError::value("数太大", None))
        } else {
            Ok(number)
        }
    };
    match value.split_once(['~', '～']) {
        None => Ok(Answer::Number(Interval::point(one(value)?))),
        Some((low, high)) => {
            let (low, high) = (one(low.trim())?, one(high.trim())?);
            if low > high {
                return Err(ProfileError::value("“~”的前一个数比后一个大", None));
            }
            Ok(Answer::Number(Interval::between(low, high)))
        }
    }
}

fn read_set(
    value: &str,
    no: FactNo,
    catalogue: &Catalogue,
    aliases: &Aliases,
) -> Result<Answer, ProfileError> {
    let fact = &catalogue.facts[&no];
    let mut items = LiteMap::new();
    let mut closed = false;
    for part in value.split('、').map(str::trim).filter(|p| !p.is_empty()) {
        if part == "以上就是全部" {
            closed = true;
            continue;
        }
        let (yes, name) = match part.strip_prefix('非') {
            Some(rest) => (false, rest.trim()),
            None => (true, part),
        };
        let (item, held) = if fact.kind == FactType::Options {
            let at = fact.options.iter().position(|o| o == name).and_then(|at| ItemNo::try_from(at).ok());
            let hint = || format!("可写 {}", fact.options.join("、"));
            (
                at.ok_or_else(|| ProfileError::value(format!("没有选项“{name}”"), Some(hint())))?,
                Held::default(),
            )
        } else {
            rule::read_held(name, no, catalogue, aliases)
                .map_err(|e| ProfileError::value(e.message, e.hint))?
        };
        items.insert(item, Held { yes, ..held });
    }
    Ok(Answer::Set { items, closed })
}

/// [`Words::read_typed`] in Chinese.
///
/// # Errors
/// In Chinese: what was expected and found.
pub fn read_typed(fact: &crate::catalogue::Fact, text: &str) -> Result<Answer, String> {
    Words::default().read_typed(fact, text)
}

impl Words {
    /// The unit of a number that is typed without one: that of the fact, but one yuan where 万 is no word.
    fn own_unit<'f>(&self, fact: &'f crate::catalogue::Fact) -> &'f str {
        if self.is_chinese() { &fact.unit } else { fact.unit.trim_start_matches(['万', '亿']) }
    }

    /// The unit to show beside the field of a fact.
    pub fn unit<'a>(&'a self, fact: &'a crate::catalogue::Fact) -> &'a str {
        self.form(self.own_unit(fact), false)
    }

    /// Reads what a person typed into the field of a numeric fact: `6420`,
    /// `6,420`, `０．５`, `6420万元`, `1.2亿`, `RMB 1.2 million`, `2018-05-10`, `20180510`. Without a
    /// unit, [`Words::unit`] is meant.
    ///
    /// # Errors
    /// What was expected and found.
    pub fn read_typed(&self, fact: &crate::catalogue::Fact, text: &str) -> Result<Answer, String> {
        let text: String = text.chars().map(crate::fold::fold).filter(|c| !c.is_whitespace()).collect();
        if fact.kind == FactType::Date {
            let dashed = match text.len() {
                8 if text.bytes().all(|b| b.is_ascii_digit()) => {
                    format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])
                }
                _ => text.replace(['/', '.'], "-"),
            };
            let date = Date::parse(&dashed);
            let date = date.ok_or_else(|| self.say("“{}”不是日期，写成 2018-05-10", &[&text]))?;
            return Ok(Answer::Number(Interval::point(Ratio::int(i128::from(date.days())))));
        }
        let number = text.strip_prefix("rmb").unwrap_or(&text);
        let split = number
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '−')))
            .unwrap_or(number.len());
        let (digits, unit) = number.split_at(split);
        let digits = digits.replace(',', "");
        if digits.split_once('.').is_some_and(|(_, decimals)| decimals.len() > MOST_DECIMALS) {
            return Err(self.say("小数最多 {} 位，写的是“{}”", &[&MOST_DECIMALS, &text]));
        }
        let number = Ratio::parse(&digits);
        let number = number.ok_or_else(|| self.say("应是一个数，写的是“{}”", &[&text]))?;
        let own = self.own_unit(fact);
        let said = |one| self.form(own, one).eq_ignore_ascii_case(unit);
        let unit = if unit.is_empty() || said(true) || said(false) { own } else { unit };
        let factor = unit_factor(fact, unit)
            .ok_or_else(|| self.say("单位应是{}，写的是“{}”", &[&self.unit(fact), &unit]))?;
        if number.signum() < 0 && !fact.signed {
            return Err(self.say("“{}”不能是负数", &[&fact.name]));
        }
        // Ten trillion yuan or people: beyond every firm there is.
        let limit = Ratio::int(1_000_000_000_000_000);
        let value = number.mul(factor).ok().filter(|v| *v <= limit && limit.neg().is_ok_and(|low| low <= *v));
        let value = value.ok_or_else(|| self.say("数太大，看看单位是不是{}", &[&self.unit(fact)]))?;
        if matches!(fact.kind, FactType::Count) && !value.is_integer() {
            return Err(self.say("“{}”应是整数，写的是“{}”", &[&fact.name, &text]));
        }
        Ok(Answer::Number(Interval::point(value)))
    }

    /// The text that [`Words::read_typed`] reads back: the number in the unit shown beside the field.
    pub fn typed_text(&self, fact: &crate::catalogue::Fact, value: Ratio) -> String {
        if fact.kind == FactType::Date {
            let day = i32::try_from(value.floor()).ok().and_then(Date::from_days);
            return day.map_or_else(String::new, |d| d.to_string());
        }
        let in_unit = |unit: &str| {
            let factor = unit_factor(fact, unit).and_then(Ratio::recip).unwrap_or(Ratio::ONE);
            let value = value.mul(factor).ok()?;
            let text = value.decimal(MOST_DECIMALS as u32).replace('−', "-");
            Some((Ratio::parse(&text) == Some(value), text))
        };
        match in_unit(self.own_unit(fact)) {
            Some((true, text)) => text,
            // 5个月 are no round number of 年.
            _ => {
                let base = match fact.kind {
                    FactType::Duration => "个月",
                    _ => fact.unit.trim_start_matches(['万', '亿']),
                };
                in_unit(base).map_or_else(String::new, |(_, text)| {
                    self.say("{}{}", &[&text, &self.form(base, text == "1")])
                })
            }
        }
    }
}

/// Decimals of a typed number.
const MOST_DECIMALS: usize = 6;

/// What one `unit` is in the base unit of the fact.
fn unit_factor(fact: &crate::catalogue::Fact, unit: &str) -> Option<Ratio> {
    match fact.kind {
        FactType::Share => matches!(unit, "%").then(|| Ratio::new(1, 100)).flatten(),
        FactType::Duration => match unit {
            "年" | "周岁" | "岁" | "year" | "years" => Some(Ratio::int(12)),
            "个月" | "月" | "month" | "months" => Some(Ratio::ONE),
            _ => None,
        },
        FactType::Money | FactType::Count => {
            let base = fact.unit.trim_start_matches(['万', '亿']);
            let scale = |prefix: &str| match prefix {
                "" => Some(1),
                "万" => Some(10_000),
                "million" => Some(1_000_000),
                "亿" => Some(100_000_000),
                _ => None,
            };
            // 万 alone is short for the fact's own base unit.
            let prefix = unit.strip_suffix(base).unwrap_or(unit);
            let hundredths = if fact.kind == FactType::Money { 100 } else { 1 };
            scale(prefix).map(|n| Ratio::int(n * hundredths))
        }
        _ => None,
    }
}

/// [`Words::typed_text`] in Chinese.
pub fn typed_text(fact: &crate::catalogue::Fact, value: Ratio) -> String {
    Words::default().typed_text(fact, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Fact;

    fn fact(kind: FactType, unit: &str) -> Fact {
        Fact {
            id: "x".to_owned(),
            name: "要素".to_owned(),
            scope: Scope::Firm,
            kind,
            unit: unit.to_owned(),
            yearly: false,
            signed: false,
            core: false,
            derived: None,
            question: String::new(),
            help: String::new(),
            options: Vec::new(),
        }
    }

    #[test]
    fn typed_numbers() {
        let money = fact(FactType::Money, "万元");
        let yuan = |y: i128| Ok(Answer::Number(Interval::point(Ratio::int(y * 100))));
        for (text, value) in [
            ("6420", 64_200_000),
            ("6,420", 64_200_000),
            (" ６４２０ ", 64_200_000),
            ("6420万元", 64_200_000),
            ("1.2亿", 120_000_000),
            ("800元", 800),
            ("0", 0),
        ] {
            assert_eq!(read_typed(&money, text), yuan(value), "{text}");
        }
        for text in ["", "一百", "1e30", "-5", "99999999999999999999", "5人", "1.2.3"] {
            assert!(read_typed(&money, text).is_err(), "{text}");
        }
        let staff = fact(FactType::Count, "人");
        assert_eq!(read_typed(&staff, "86人"), Ok(Answer::Number(Interval::point(Ratio::int(86)))));
        assert_eq!(read_typed(&staff, "1.2万"), Ok(Answer::Number(Interval::point(Ratio::int(12_000)))));
        assert!(read_typed(&staff, "86.5").is_err());
        let date = fact(FactType::Date, "");
        let expected = Ok(Answer::Number(Interval::point(Ratio::int(i128::from(
            Date::parse("2018-05-10").unwrap().days(),
        )))));
        for text in ["2018-05-10", "20180510", "2018/5/10", "2018年5月10日"] {
            assert_eq!(read_typed(&date, text), expected, "{text}");
        }
        assert_eq!(typed_text(&money, Ratio::int(6_420_000_000)), "6420");
    }
}
