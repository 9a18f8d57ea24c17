//! A firm's profile as JSON: what the page saves for the firm and the batch command reads.
//!
//! ```json
//! {"huiqi": 1,
//!  "facts": {"reg_region": "130102", "revenue@2025": "6420", "independent_legal": true, "entity_type": "企业",
//!            "qualifications": {"closed": false, "items": {"gxjsqy": {"year": 2024}, "xjr": false}}},
//!  "records": {"项目": {"closed": true, "list": [{"project_investment": "3000~5000"}]}},
//!  "received": [{"measure": "hebei-2023-01", "year": 2026, "fen": 100000000}]}
//! ```
//!
//! Facts go by their stable id, numbers are texts in the fact's own unit, `null` is 不确定. A time stands behind `@`:
//! `@2025`, `@2024-07-01..2025-06-30`, `@..2025-12-31` (截至), `@<2025` (历史最高). Nothing here knows rule text.

use serde_json::{Map, Value, json};

use crate::catalogue::{Catalogue, Code, Fact, FactNo, FactType, ItemClass, ItemNo, Scope};
use crate::date::Date;
use crate::firm::{Answer, Firm, Held, Key, MAX_RECORDS, Received, Records, Span, read_typed, typed_text};
use crate::fold::fold;
use crate::num::Interval;
use crate::words::Words;

/// Version of the format.
pub const PROFILE_VERSION: u64 = 1;

/// Longest profile that is read, in bytes.
pub const PROFILE_LIMIT: usize = 1 << 18;

/// Something in a profile that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileProblem {
    /// Where: `facts.revenue@2025`.
    pub place: String,
    /// What was expected and found.
    pub message: String,
}

/// Why nothing of a profile was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileError {
    /// Longer than [`PROFILE_LIMIT`]: its length in bytes.
    Length(usize),
    /// Not JSON: line and column.
    Syntax(usize, usize),
    /// Not a profile of this kind.
    Kind,
    /// Of another version.
    Version(u64),
}

impl ProfileError {
    /// Why, as a sentence.
    pub fn text(&self, words: &Words) -> String {
        match self {
            Self::Length(n) => words.say("企业资料有 {} 字节，最多 {} 字节", &[n, &PROFILE_LIMIT]),
            Self::Syntax(line, column) => {
                words.say("企业资料不是 JSON：第 {} 行第 {} 列读不下去", &[line, column])
            }
            Self::Kind => words.say("这不是惠企通的企业资料：缺 \"huiqi\": {}", &[&PROFILE_VERSION]),
            Self::Version(found) => words.say(
                "企业资料的格式版本是 {}，这里读 {}；请用同一版本的页面或命令",
                &[found, &PROFILE_VERSION],
            ),
        }
    }
}

impl std::fmt::Display for ProfileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(&Words::default()))
    }
}

impl std::error::Error for ProfileError {}

/// A firm and what of its profile was not taken; an error when a text is no profile at all.
pub type Read = Result<(Firm, Vec<ProfileProblem>), ProfileError>;

/// A profile read, and what in it was not taken. What a newer catalogue added, or an older one had, does not hide
/// the rest.
///
/// # Errors
/// When the text is no profile at all.
pub fn read(text: &str, catalogue: &Catalogue) -> Read {
    if text.len() > PROFILE_LIMIT {
        return Err(ProfileError::Length(text.len()));
    }
    let root: Value = serde_json::from_str(text).map_err(|e| ProfileError::Syntax(e.line(), e.column()))?;
    read_value(&root, catalogue)
}

/// What [`read()`] does, for JSON that is part of something else, which is as long as that may be.
///
/// # Errors
/// When the value is no profile at all.
pub fn read_value(root: &Value, catalogue: &Catalogue) -> Read {
    match root.get("huiqi").and_then(Value::as_u64) {
        Some(PROFILE_VERSION) => {}
        Some(other) => return Err(ProfileError::Version(other)),
        None => return Err(ProfileError::Kind),
    }
    let mut reader = Reader { catalogue, firm: Firm::default(), problems: Vec::new() };
    for (key, value) in root.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("huiqi", _) => {}
            ("facts", Value::Object(facts)) => reader.facts("facts", facts, Scope::Firm, 0),
            ("records", Value::Object(scopes)) => reader.records(scopes),
            ("received", Value::Array(list)) => reader.received(list),
            (other, _) => reader.problem(other, catalogue.words.get("没有这一项，或写法不对")),
        }
    }
    Ok((reader.firm, reader.problems))
}

struct Reader<'a> {
    catalogue: &'a Catalogue,
    firm: Firm,
    problems: Vec<ProfileProblem>,
}

impl Reader<'_> {
    fn problem(&mut self, place: &str, message: impl Into<String>) {
        self.problems.push(ProfileProblem { place: place.to_owned(), message: message.into() });
    }

    fn facts(&mut self, place: &str, facts: &Map<String, Value>, scope: Scope, record: u8) {
        for (key, value) in facts {
            let place = format!("{place}.{key}");
            let (id, time) = key.split_once('@').unwrap_or((key, ""));
            let found = self.catalogue.fact_by_id(id).filter(|(_, f)| f.scope == scope);
            let Some((fact, row)) = found else {
                self.problem(&place, self.catalogue.words.say("没有要素“{}”", &[&id]));
                continue;
            };
            let Some(span) = read_span(time).filter(|span| fits(row, *span)) else {
                self.problem(&place, self.catalogue.words.say("“{}”不能写时间“{}”", &[&row.name, &time]));
                continue;
            };
            match self.value(fact, row, value) {
                Ok(answer) => self.firm.set(Key { fact, span, record }, answer),
                Err(message) => self.problem(&place, message),
            }
        }
    }

    fn value(&self, fact: FactNo, row: &Fact, value: &Value) -> Result<Answer, String> {
        let words = &self.catalogue.words;
        let wrong = || words.say("“{}”的值写法不对：{}", &[&row.name, &shortened(value)]);
        match (row.kind, value) {
            (_, Value::Null) => Ok(Answer::Unsure),
            (FactType::Flag, Value::Bool(value)) => Ok(Answer::Flag(*value)),
            (FactType::Choice, Value::String(_)) => self.choice(fact, row, std::slice::from_ref(value)),
            (FactType::Choice, Value::Array(names)) => self.choice(fact, row, names),
            (FactType::Region, Value::String(code)) => Code::region(code).map(Answer::Code).ok_or_else(wrong),
            (FactType::Industry, Value::String(code)) => {
                Code::new(code).filter(|c| !c.as_str().is_empty()).map(Answer::Code).ok_or_else(wrong)
            }
            (kind, Value::String(text)) if kind.is_numeric() => number(words, row, text),
            (kind, Value::Object(set)) if kind.is_set() => self.set(fact, row, set),
            _ => Err(wrong()),
        }
    }

    fn choice(&self, fact: FactNo, row: &Fact, names: &[Value]) -> Result<Answer, String> {
        let words = &self.catalogue.words;
        let mut mask = 0;
        for name in names {
            let options = self.catalogue.written_options(fact);
            let at = options.iter().position(|o| Some(o.as_str()) == name.as_str()).filter(|at| *at < 64);
            let at = at.ok_or_else(|| words.say("“{}”没有选项{}", &[&row.name, &shortened(name)]))?;
            mask |= 1u64 << at;
        }
        match mask {
            0 => Err(words.say("“{}”没有写选项", &[&row.name])),
            mask => Ok(Answer::Choice(mask)),
        }
    }

    fn set(&self, fact: FactNo, row: &Fact, set: &Map<String, Value>) -> Result<Answer, String> {
        let words = &self.catalogue.words;
        let closed = set.get("closed").and_then(Value::as_bool).unwrap_or(false);
        let mut items = litemap::LiteMap::new();
        for (id, value) in set.get("items").and_then(Value::as_object).into_iter().flatten() {
            let item = match row.kind.item_class() {
                Some(class) => self.item(class, id),
                None => {
                    let at = self.catalogue.written_options(fact).iter().position(|o| o == id);
                    at.and_then(|at| ItemNo::try_from(at).ok())
                }
            };
            let item = item.ok_or_else(|| words.say("“{}”里没有“{}”", &[&row.name, id]))?;
            let held = self.held(fact, item, value);
            items.insert(item, held.ok_or_else(|| words.say("“{}”的值写法不对", &[id]))?);
        }
        Ok(Answer::Set { items, closed })
    }

    fn item(&self, class: ItemClass, id: &str) -> Option<ItemNo> {
        self.catalogue.items.iter().find(|(_, q)| q.class == class && q.id == id).map(|(no, _)| *no)
    }

    fn held(&self, fact: FactNo, item: ItemNo, value: &Value) -> Option<Held> {
        let Value::Object(parts) = value else {
            return value.as_bool().map(|yes| Held { yes, ..Held::default() });
        };
        let mut held = Held { yes: true, ..Held::default() };
        for (key, value) in parts {
            match key.as_str() {
                "level" => {
                    let class = self.catalogue.facts.get(&fact).and_then(|f| f.kind.item_class())?;
                    self.catalogue.items.get(&item).filter(|q| q.class == class)?;
                    let levels = self.catalogue.written_levels(item);
                    let at = levels.iter().position(|l| Some(l.as_str()) == value.as_str())?;
                    held.level = Some(u8::try_from(at).ok()?);
                }
                "year" => {
                    let year = u16::try_from(value.as_u64()?).ok()?;
                    held.year = Some(year).filter(|y| (1900..2200).contains(y));
                    held.year?;
                }
                "rank" => held.rank = Some(u8::try_from(value.as_u64()?).ok().filter(|n| *n > 0)?),
                "first" => held.first = Some(value.as_bool()?),
                _ => return None,
            }
        }
        Some(held)
    }

    fn records(&mut self, scopes: &Map<String, Value>) {
        for (name, value) in scopes {
            let place = format!("records.{name}");
            let Some(scope) = Scope::find(name).filter(|s| *s != Scope::Firm) else {
                self.problem(&place, self.catalogue.words.say("没有“{}”", &[name]));
                continue;
            };
            let closed = value.get("closed").and_then(Value::as_bool).unwrap_or(false);
            let list = value.get("list").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            if list.len() > usize::from(MAX_RECORDS) {
                self.problem(
                    &place,
                    self.catalogue.words.say("有 {} 条，最多 {} 条", &[&list.len(), &MAX_RECORDS]),
                );
            }
            let list = &list[..list.len().min(usize::from(MAX_RECORDS))];
            self.firm.set_records(scope, Records { count: list.len() as u8, closed });
            for (at, row) in list.iter().enumerate() {
                let place = format!("{place}.{}", at + 1);
                match row {
                    Value::Object(facts) => self.facts(&place, facts, scope, at as u8 + 1),
                    _ => self.problem(&place, self.catalogue.words.get("应是一组要素")),
                }
            }
        }
    }

    fn received(&mut self, list: &[Value]) {
        for (at, row) in list.iter().enumerate() {
            let year = row.get("year").and_then(Value::as_u64).and_then(|y| u16::try_from(y).ok());
            let fen = row.get("fen").and_then(Value::as_i64).filter(|fen| *fen >= 0);
            match (row.get("measure").and_then(Value::as_str), year.filter(|y| (1900..2200).contains(y)), fen)
            {
                (Some(measure), Some(year), Some(fen)) => {
                    self.firm.received.push(Received {
                        measure: measure.to_owned(),
                        year,
                        fen: i128::from(fen),
                    });
                }
                _ => {
                    let message = self.catalogue.words.get("应有 measure、year 和 fen");
                    self.problem(&format!("received.{}", at + 1), message);
                }
            }
        }
    }
}

/// Whether a fact may have an answer for this time.
fn fits(row: &Fact, span: Span) -> bool {
    match span {
        Span::Always => !row.yearly,
        Span::Year(_) | Span::PeakBefore(_) => row.yearly,
        Span::Days(..) | Span::Until(_) => row.kind.is_numeric(),
    }
}

fn read_span(text: &str) -> Option<Span> {
    let year = |text: &str| text.parse().ok().filter(|y: &u16| (1900..2200).contains(y));
    if text.is_empty() {
        return Some(Span::Always);
    }
    if let Some(before) = text.strip_prefix('<') {
        return year(before).map(Span::PeakBefore);
    }
    match text.split_once("..") {
        Some(("", day)) => Date::parse(day).map(Span::Until),
        Some((from, to)) => {
            let (from, to) = (Date::parse(from)?, Date::parse(to)?);
            (from <= to).then_some(Span::Days(from, to))
        }
        None => year(text).map(Span::Year),
    }
}

fn span_text(span: Span) -> String {
    match span {
        Span::Always => String::new(),
        Span::Year(year) => format!("@{year}"),
        Span::Days(from, to) => format!("@{from}..{to}"),
        Span::Until(day) => format!("@..{day}"),
        Span::PeakBefore(year) => format!("@<{year}"),
    }
}

/// `6420`, `3000~5000`, `3000~`
fn number(words: &Words, row: &Fact, text: &str) -> Result<Answer, String> {
    let folded: String = text.chars().map(fold).collect();
    // Whatever the reader's language, what is not a date or number is Chinese: so says the format.
    let one = |text: &str| match read_typed(row, text) {
        Ok(Answer::Number(value)) => Ok(value),
        Err(message) if words.is_chinese() => Err(message),
        _ => Err(words.say("“{}”应是一个数", &[&row.name])),
    };
    let Some((low, high)) = folded.split_once('~') else { return one(&folded).map(Answer::Number) };
    let end = |text: &str| if text.trim().is_empty() { Ok(None) } else { one(text).map(|v| v.lo) };
    let (lo, hi) = (end(low)?, end(high)?);
    if lo.zip(hi).is_some_and(|(lo, hi)| lo > hi) {
        return Err(words.say("“{}”的“~”前一个数比后一个大", &[&row.name]));
    }
    Ok(Answer::Number(Interval { lo, hi }))
}

/// The value as written, cut to a length fit for a message.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 {
        text
    } else {
        format!("{}…", text.chars().take(40).collect::<String>())
    }
}

/// The records of a scope, each as its facts.
type RecordList = (Scope, Records, Vec<Map<String, Value>>);

/// The profile of a firm. Facts that the catalogue does not have are left out. Same firm, same bytes.
pub fn write(firm: &Firm, catalogue: &Catalogue) -> String {
    value(firm, catalogue).to_string()
}

/// What [`write()`] writes, as JSON that becomes part of something else.
pub fn value(firm: &Firm, catalogue: &Catalogue) -> Value {
    let mut facts = Map::new();
    let mut lists: Vec<RecordList> = Vec::new();
    for (scope, name, _) in Scope::ALL.into_iter().skip(1) {
        let told = firm.records(scope);
        if told != Records::default() {
            debug_assert_eq!(scope.name(), name, "one name for one scope");
            lists.push((scope, told, vec![Map::new(); usize::from(told.count)]));
        }
    }
    for (key, answer) in firm.iter() {
        let Some(row) = catalogue.facts.get(&key.fact) else { continue };
        let place = match row.scope {
            Scope::Firm => Some(&mut facts),
            scope => lists.iter_mut().find(|(s, ..)| *s == scope).and_then(|(_, _, list)| {
                usize::from(key.record).checked_sub(1).and_then(|at| list.get_mut(at))
            }),
        };
        if let Some(place) = place {
            place.insert(
                format!("{}{}", row.id, span_text(key.span)),
                answer_value(catalogue, key.fact, row, answer),
            );
        }
    }
    let mut root = Map::new();
    root.insert("huiqi".to_owned(), json!(PROFILE_VERSION));
    root.insert("facts".to_owned(), Value::Object(facts));
    if !lists.is_empty() {
        let scopes = lists.into_iter().map(|(scope, told, list)| {
            (scope.name().to_owned(), json!({ "closed": told.closed, "list": list }))
        });
        root.insert("records".to_owned(), Value::Object(scopes.collect()));
    }
    if !firm.received.is_empty() {
        let rows = firm.received.iter().map(|r| {
            json!({ "measure": r.measure, "year": r.year, "fen": i64::try_from(r.fen).unwrap_or(i64::MAX) })
        });
        root.insert("received".to_owned(), Value::Array(rows.collect()));
    }
    Value::Object(root)
}

fn answer_value(catalogue: &Catalogue, fact: FactNo, row: &Fact, answer: &Answer) -> Value {
    let options = catalogue.written_options(fact);
    match answer {
        Answer::Unsure => Value::Null,
        Answer::Flag(value) => Value::Bool(*value),
        Answer::Code(code) if row.kind == FactType::Region => Value::String(code.region_text()),
        Answer::Code(code) => Value::String(code.as_str().to_owned()),
        Answer::Choice(mask) => {
            let chosen = options.iter().enumerate().filter(|(at, _)| *at < 64 && mask >> at & 1 == 1);
            let mut names: Vec<Value> = chosen.map(|(_, name)| Value::String(name.clone())).collect();
            if names.len() == 1 { names.remove(0) } else { Value::Array(names) }
        }
        Answer::Number(value) => {
            let text =
                |end: Option<crate::num::Ratio>| end.map_or_else(String::new, |end| typed_text(row, end));
            Value::String(match value.exact() {
                Some(exact) => typed_text(row, exact),
                None => format!("{}~{}", text(value.lo), text(value.hi)),
            })
        }
        Answer::Set { items, closed } => {
            let rows = items.iter().filter_map(|(no, held)| {
                let id = match row.kind.item_class() {
                    Some(_) => catalogue.items.get(no).map(|q| q.id.clone())?,
                    None => options.get(usize::from(*no)).cloned()?,
                };
                Some((id, held_value(catalogue.written_levels(*no), held)))
            });
            json!({ "closed": closed, "items": Value::Object(rows.collect()) })
        }
    }
}

fn held_value(levels: &[String], held: &Held) -> Value {
    if *held == (Held { yes: held.yes, ..Held::default() }) || !held.yes {
        return Value::Bool(held.yes);
    }
    let mut parts = Map::new();
    if let Some(level) = held.level.and_then(|level| levels.get(usize::from(level))) {
        parts.insert("level".to_owned(), json!(level));
    }
    if let Some(year) = held.year {
        parts.insert("year".to_owned(), json!(year));
    }
    if let Some(rank) = held.rank {
        parts.insert("rank".to_owned(), json!(rank));
    }
    if let Some(first) = held.first {
        parts.insert("first".to_owned(), json!(first));
    }
    Value::Object(parts)
}
