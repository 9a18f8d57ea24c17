//! The shared tables that rules and answers refer to: facts, 资质, programmes, rosters, regions,
//! industries, named lists, dated parameters, size classes. Data, not code: a publisher adds a row, nobody
//! recompiles. Rows are addressed by their number in the table; the tables and
//! the compiled rules of one bundle are published together.

use litemap::LiteMap;

use crate::codec::{Reader, Writer};
use crate::date::Date;
use crate::fold::{fold, is_word};
use crate::num::{Interval, Ratio};
use crate::unit::Dimension;
use crate::words::Words;

/// What a fact is a fact of, and what a measure is applied for (申报对象).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Scope {
    /// 企业: the firm itself, of which there is one.
    #[default]
    Firm,
    /// 项目
    Project,
    /// 产品
    Product,
    /// 贷款
    Loan,
    /// 人员
    Person,
    /// 场地
    Site,
    /// 平台
    Platform,
}

impl Scope {
    /// All with their names in policy files and the unit of 个数. The position is the number in bundles.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Firm, "企业", "家"),
        (Self::Project, "项目", "个"),
        (Self::Product, "产品", "个"),
        (Self::Loan, "贷款", "笔"),
        (Self::Person, "人员", "人"),
        (Self::Site, "场地", "处"),
        (Self::Platform, "平台", "个"),
    ];

    /// The name in policy files.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The unit in which records of this scope are counted.
    pub fn unit(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    /// The scope with this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n, _)| *n == name).map(|(scope, ..)| *scope)
    }

    /// Reads a scope number.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self::ALL[r.index(Self::ALL.len(), "申报对象")].0
    }
}

/// A hierarchical code: a region (`130102`, stored without trailing `00`
/// pairs) or an industry of GB/T 4754-2017 (`C348`). A code lies within every
/// prefix of itself; the empty code is the whole (中国).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    bytes: [u8; 6],
    len: u8,
}

/// How two codes lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// The first equals the second or lies inside it.
    Inside,
    /// The first contains the second: known too coarsely to tell.
    Contains,
    /// Neither.
    Apart,
}

impl Code {
    /// The whole: every code lies inside it.
    pub const ALL: Self = Self { bytes: [0; 6], len: 0 };

    /// At most six ASCII letters and digits.
    pub fn new(text: &str) -> Option<Self> {
        let ok = text.len() <= 6 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !ok {
            return None;
        }
        let mut bytes = [0; 6];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes, len: text.len() as u8 })
    }

    /// A six-digit region code of GB/T 2260; `000000` is 中国.
    pub fn region(text: &str) -> Option<Self> {
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut short = text;
        while let Some(rest) = short.strip_suffix("00") {
            short = rest;
        }
        Self::new(short)
    }

    /// The code as text, without padding.
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever stored.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    /// A region code padded to six digits.
    pub fn region_text(&self) -> String {
        format!("{:0<6}", self.as_str())
    }

    /// How `self` lies to `other`.
    pub fn nesting(self, other: Self) -> Nesting {
        let n = usize::from(self.len.min(other.len));
        if self.bytes[..n] != other.bytes[..n] {
            Nesting::Apart
        } else if self.len >= other.len {
            Nesting::Inside
        } else {
            Nesting::Contains
        }
    }

    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        w.str(self.as_str());
    }

    /// Reads what [`Code::encode`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Self {
        let text = r.str();
        r.require(Self::new(text), "地区或行业代码", Self::ALL)
    }
}

/// What an answer to a fact looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactType {
    /// 金额, in fen.
    Money,
    /// 个数, in the fact's unit.
    Count,
    /// 比例, 1 is 100 %.
    Share,
    /// 时长, in months.
    Duration,
    /// 日期.
    Date,
    /// 单选: one of the options.
    Choice,
    /// 多选: any of the options.
    Options,
    /// 资质集: rows of the qualification table.
    Qualifications,
    /// 地区.
    Region,
    /// 行业.
    Industry,
    /// 是否.
    Flag,
    /// 已获支持集: programmes the firm has been paid by.
    Programmes,
    /// 名单集: rosters the subject stands on.
    Rosters,
}

impl FactType {
    /// All types with their names in policy files.
    pub const NAMES: [(&'static str, Self); 13] = [
        ("金额", Self::Money),
        ("个数", Self::Count),
        ("比例", Self::Share),
        ("时长", Self::Duration),
        ("日期", Self::Date),
        ("单选", Self::Choice),
        ("多选", Self::Options),
        ("资质集", Self::Qualifications),
        ("地区", Self::Region),
        ("行业", Self::Industry),
        ("是否", Self::Flag),
        ("已获支持集", Self::Programmes),
        ("名单集", Self::Rosters),
    ];

    /// The name in policy files.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, t)| *t == self).map_or("", |(name, _)| name)
    }

    /// Whether values are numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Money | Self::Count | Self::Share | Self::Duration | Self::Date)
    }

    /// Whether answers are sets of items, known to be held or not.
    pub fn is_set(self) -> bool {
        matches!(self, Self::Options | Self::Qualifications | Self::Programmes | Self::Rosters)
    }

    /// The class of the rows of [`Catalogue::items`] that such a set holds.
    pub fn item_class(self) -> Option<ItemClass> {
        match self {
            Self::Qualifications => Some(ItemClass::Qualification),
            Self::Programmes => Some(ItemClass::Programme),
            Self::Rosters => Some(ItemClass::Roster),
            _ => None,
        }
    }
}

/// What a row of [`Catalogue::items`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemClass {
    /// 资质: a title, recognition, certificate or prize.
    Qualification,
    /// A programme that pays, as 已获支持 names it.
    Programme,
    /// 名单
    Roster,
}

impl ItemClass {
    /// All with the number of the first row of each, so that tables grow without renumbering.
    pub const ALL: [(Self, &'static str, ItemNo); 3] = [
        (Self::Qualification, "资质", 0),
        (Self::Programme, "支持项目", 20_000),
        (Self::Roster, "名单", 30_000),
    ];
}

/// What the engine computes instead of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// 成立年限 from 成立日期.
    Age,
    /// 企业规模 by 统计上大中小微型企业划分办法(2017), 国统字〔2017〕213号.
    Size,
}

/// Number of a fact in the table.
pub type FactNo = u16;
/// Number of a row of [`Catalogue::items`], or of an option of a fact.
pub type ItemNo = u16;
/// Number of a named list.
pub type ListNo = u16;
/// Number of a dated parameter.
pub type ParamNo = u16;
/// Number of a theme.
pub type ThemeNo = u16;

/// One thing a firm may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Stable ASCII id.
    pub id: String,
    /// Name used in rules.
    pub name: String,
    /// Whose fact it is.
    pub scope: Scope,
    /// Type of the answer.
    pub kind: FactType,
    /// Unit a person types in: 万元, 人, 年 …
    pub unit: String,
    /// Whether there is one value per year.
    pub yearly: bool,
    /// Whether it may be below zero.
    pub signed: bool,
    /// Whether the first screen asks it.
    pub core: bool,
    /// Computed from other facts when not answered.
    pub derived: Option<Derived>,
    /// The question put to the firm.
    pub question: String,
    /// One sentence of help.
    pub help: String,
    /// Options of a choice.
    pub options: Vec<String>,
}

impl Fact {
    /// The name in rules: `项目.总投资`; the scope is not said twice.
    pub fn rule_name(&self) -> String {
        match self.scope {
            Scope::Firm => self.name.clone(),
            scope => {
                format!("{}.{}", scope.name(), self.name.strip_prefix(scope.name()).unwrap_or(&self.name))
            }
        }
    }
}

/// A row that sets are made of: a title, recognition or certificate; a programme; a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueItem {
    /// What it is.
    pub class: ItemClass,
    /// Stable ASCII id.
    pub id: String,
    /// Name used in rules.
    pub name: String,
    /// Levels from highest to lowest; may be empty.
    pub levels: Vec<String>,
    /// Years a recognition is valid, 0 when not known.
    pub valid_years: u8,
    /// Qualifications presumed to be held with this one.
    pub implies: Vec<ItemNo>,
}

/// A list of regions or industries that documents refer to by name: 原中央苏区县, 数字经济核心产业.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedList {
    /// The name, as in 《…》.
    pub name: String,
    /// Whether the codes are industries; regions otherwise.
    pub industries: bool,
    /// The codes.
    pub codes: Vec<Code>,
}

/// A figure that changes with the date and maybe the region and is never asked: LPR, 最低工资.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The name.
    pub name: String,
    /// Its dimension.
    pub dimension: Dimension,
    /// Value from a day on, for a region; sorted by day.
    pub rows: Vec<(Date, Code, Ratio)>,
}

impl Param {
    /// The value in force on `day` for a firm of `region`: the row of the smallest region around it, the latest
    /// not after `day`. All values that remain possible while the region is not known well enough; `None` when no
    /// row is in force.
    pub fn value(&self, day: Date, region: Option<Code>) -> Option<Interval> {
        // The latest row per region.
        let mut latest: LiteMap<Code, Ratio> = LiteMap::new();
        for (from, code, value) in &self.rows {
            if *from <= day {
                latest.insert(*code, *value);
            }
        }
        let region = region.unwrap_or(Code::ALL);
        let around = latest.iter().filter(|(code, _)| region.nesting(**code) == Nesting::Inside);
        let around = around.max_by_key(|(code, _)| code.len).map(|(_, value)| *value);
        let inside = latest.iter().filter(|(code, _)| region.nesting(**code) == Nesting::Contains);
        let points = around.into_iter().chain(inside.map(|(_, value)| *value)).map(Interval::point);
        points.reduce(Interval::join)
    }
}

/// One row of the size classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeClass {
    /// Name of the row, e.g. 工业.
    pub name: String,
    /// Industries it holds for.
    pub include: Vec<Code>,
    /// Industries within those it does not hold for.
    pub exclude: Vec<Code>,
    /// Lower bounds of large, medium and small: staff.
    pub staff: Option<[u32; 3]>,
    /// Lower bounds in 万元: revenue.
    pub revenue: Option<[u32; 3]>,
    /// Lower bounds in 万元: total assets.
    pub assets: Option<[u32; 3]>,
}

/// Names of codes, in code order, and how their characters begin when they are spelled out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeNames {
    names: LiteMap<Code, String>,
    /// Per Han character the first letters of its readings, a bit each. Empty where nobody types them.
    initials: LiteMap<char, u32>,
}

/// Whether a character is spelled out.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}')
}

/// A letter as a bit; 0 for everything else.
fn letter_bit(letter: char) -> u32 {
    if letter.is_ascii_lowercase() { 1 << (letter as u32 - 'a' as u32) } else { 0 }
}

impl CodeNames {
    /// Adds or replaces a name.
    pub fn insert(&mut self, code: Code, name: impl Into<String>) {
        self.names.insert(code, name.into());
    }

    /// The name of exactly this code.
    pub fn get(&self, code: Code) -> Option<&str> {
        self.names.get(&code).map(String::as_str)
    }

    /// All codes and names in code order.
    pub fn iter(&self) -> impl Iterator<Item = (Code, &str)> {
        self.names.iter().map(|(code, name)| (*code, name.as_str()))
    }

    /// Codes directly below `parent`: the shortest ones that lie inside it.
    pub fn children(&self, parent: Code) -> Vec<(Code, &str)> {
        let mut found: Vec<(Code, &str)> = Vec::new();
        for (code, name) in self.iter() {
            if code == parent || code.nesting(parent) != Nesting::Inside {
                continue;
            }
            if !found.iter().any(|(other, _)| code.nesting(*other) == Nesting::Inside) {
                found.push((code, name));
            }
        }
        found
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Takes over names of `other` for codes that are here.
    pub(crate) fn rename(&mut self, other: &Self) {
        for (code, name) in self.names.iter_mut() {
            if let Some(other) = other.get(*code) {
                other.clone_into(name);
            }
        }
    }

    /// Takes over all names of `other`.
    pub fn extend(&mut self, other: Self) {
        for (code, name) in other.names {
            self.names.insert(code, name);
        }
        for (c, letters) in other.initials {
            self.initials.insert(c, letters);
        }
    }

    /// Learns the first letters of the readings of every Han character in the names: small letters of ASCII.
    pub fn spell(&mut self, letters: impl Fn(char) -> Vec<char>) {
        let han = self.names.values().flat_map(|name| name.chars()).filter(|c| is_han(*c));
        self.initials =
            han.map(|c| (c, letters(c).into_iter().map(letter_bit).fold(0, |a, b| a | b))).collect();
    }

    /// Han characters in the order in which they first occur.
    fn characters(&self) -> Vec<char> {
        let mut seen: LiteMap<char, ()> = LiteMap::new();
        let han = self.names.values().flat_map(|name| name.chars()).filter(|c| is_han(*c));
        han.filter(|c| seen.insert(*c, ()).is_none()).collect()
    }

    /// Appends to `w`. Initials take a letter for each character that is new, and a capital for each further reading.
    pub fn encode(&self, w: &mut Writer) {
        w.size(self.names.len());
        for (code, name) in &self.names {
            code.encode(w);
            w.str(name);
        }
        let mut spelled = String::new();
        let characters = if self.initials.is_empty() { Vec::new() } else { self.characters() };
        for c in characters {
            let letters = self.initials.get(&c).copied().unwrap_or_default();
            let mut readings = ('a'..='z').filter(|letter| letters & letter_bit(*letter) != 0);
            spelled.push(readings.next().unwrap_or('-'));
            spelled.extend(readings.map(|letter| letter.to_ascii_uppercase()));
        }
        w.str(&spelled);
    }

    /// Reads what [`CodeNames::encode`] wrote.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let mut names = Self { names: r.map(Code::read, Reader::string), initials: LiteMap::new() };
        let spelled = r.str();
        if spelled.is_empty() {
            return names;
        }
        let mut characters = names.characters().into_iter();
        let mut current = None;
        for letter in spelled.chars() {
            if !letter.is_ascii_uppercase() {
                current = characters.next();
            }
            let Some(c) = current else {
                r.fail("首字母");
                break;
            };
            *names.initials.entry(c).or_insert(0) |= letter_bit(letter.to_ascii_lowercase());
        }
        if characters.next().is_some() {
            r.fail("首字母");
        }
        names
    }

    /// Whether `query` stands at the beginning of `name`, each character as itself or by its first letter; and whether
    /// letters were needed.
    fn begins(&self, name: &[char], query: &[char]) -> Option<bool> {
        let mut spelled = false;
        for (at, q) in query.iter().enumerate() {
            let c = name.get(at)?;
            if c != q {
                spelled = true;
                if self.initials.get(c).is_none_or(|letters| letters & letter_bit(*q) == 0) {
                    return None;
                }
            }
        }
        Some(spelled)
    }
}

/// How well an industry fits what was typed, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Code,
    CodePrefix,
    NamePrefix,
    InitialsPrefix,
    NameInside,
    WordInitials,
    InitialsInside,
    /// The last letter is one too many, or a slip.
    AlmostInitials,
}

/// All tables together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Facts by number. A bundle carries only the ones its rules use.
    pub facts: LiteMap<FactNo, Fact>,
    /// Qualifications, programmes and rosters by number.
    pub items: LiteMap<ItemNo, CatalogueItem>,
    /// Named lists of regions and industries.
    pub lists: LiteMap<ListNo, NamedList>,
    /// Dated parameters.
    pub params: LiteMap<ParamNo, Param>,
    /// Regions. In the browser: provinces and prefectures, counties on demand.
    pub regions: CodeNames,
    /// Industries. In the browser: empty until the field is used.
    pub industries: CodeNames,
    /// Size classes.
    pub sizes: Vec<SizeClass>,
    /// Themes (主题) by number.
    pub themes: LiteMap<ThemeNo, String>,
    /// What sentences are in the language of the reader. Never stored.
    pub words: Words,
    /// Options and levels as profiles write them, where other names are shown. Never stored.
    pub written: Written,
}

/// Names that stand for answers in profiles, whatever the language in which they are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Options by fact.
    pub options: LiteMap<FactNo, Vec<String>>,
    /// Levels by item.
    pub levels: LiteMap<ItemNo, Vec<String>>,
}

/// Names of the four size classes, largest first: the options of 企业规模.
pub const SIZE_NAMES: [&str; 4] = ["大型", "中型", "小型", "微型"];

impl Catalogue {
    /// The fact with this stable id.
    pub fn fact_by_id(&self, id: &str) -> Option<(FactNo, &Fact)> {
        self.facts.iter().find(|(_, f)| f.id == id).map(|(no, f)| (*no, f))
    }

    /// The fact of the firm with this name.
    pub fn fact_by_name(&self, name: &str) -> Option<(FactNo, &Fact)> {
        self.facts.iter().find(|(_, f)| f.scope == Scope::Firm && f.name == name).map(|(no, f)| (*no, f))
    }

    /// The fact of a scope with this name, written with or without the scope in it.
    pub fn scoped_fact(&self, scope: Scope, name: &str) -> Option<(FactNo, &Fact)> {
        let fits = |f: &Fact| f.name == name || f.name.strip_prefix(scope.name()) == Some(name);
        self.facts.iter().find(|(_, f)| f.scope == scope && fits(f)).map(|(no, f)| (*no, f))
    }

    /// Name of a fact, for explanations.
    pub fn fact_name(&self, no: FactNo) -> &str {
        self.facts.get(&no).map_or_else(|| self.words.get("未知要素"), |f| &f.name)
    }

    /// Options of a fact as profiles write them.
    pub(crate) fn written_options(&self, no: FactNo) -> &[String] {
        let shown = || self.facts.get(&no).map(|f| &f.options);
        self.written.options.get(&no).or_else(shown).map(Vec::as_slice).unwrap_or_default()
    }

    /// Levels of an item as profiles write them.
    pub(crate) fn written_levels(&self, no: ItemNo) -> &[String] {
        let shown = || self.items.get(&no).map(|q| &q.levels);
        self.written.levels.get(&no).or_else(shown).map(Vec::as_slice).unwrap_or_default()
    }

    /// Name of an item of a set fact.
    pub fn item_name(&self, fact: FactNo, item: ItemNo) -> &str {
        let name = match self.facts.get(&fact) {
            Some(f) if f.kind.item_class().is_some() => self.items.get(&item).map(|q| q.name.as_str()),
            Some(f) => f.options.get(usize::from(item)).map(String::as_str),
            None => None,
        };
        name.unwrap_or_else(|| self.words.get("未知项"))
    }

    /// Name of a region with its province and prefecture: 河北省石家庄市长安区.
    /// Rows that only exist for statistics (市辖区, 县) are left out.
    pub fn region_name(&self, code: Code) -> String {
        if code == Code::ALL {
            return self.words.get("中国").to_owned();
        }
        let mut name = String::new();
        for len in [2, 4, 6] {
            let Some(prefix) = code.as_str().get(..len) else { break };
            let part = Code::new(prefix).and_then(|c| self.regions.get(c)).unwrap_or_default();
            if is_statistical(part) || part.is_empty() {
                continue;
            }
            // Elsewhere the smallest place comes first.
            name = match name.is_empty() || self.words.is_chinese() {
                true => name + part,
                false => format!("{part}, {name}"),
            };
        }
        if name.is_empty() { code.region_text() } else { name }
    }

    /// Name of an industry with its code, or the bare code while the table is
    /// not loaded.
    pub fn industry_name(&self, code: Code) -> String {
        match self.industries.get(code) {
            Some(name) => name.to_owned(),
            None => self.words.say("行业代码{}", &[&code.as_str()]),
        }
    }

    /// Industries whose name, code or first letters of the name match: `348`, `通用`, `tylbj`. The best first, then those
    /// that comprise more.
    pub fn find_industries(&self, query: &str, limit: usize) -> Vec<(Code, String)> {
        let query: Vec<char> = query.chars().map(fold).filter(|c| is_word(*c)).collect();
        let typed: String = query.iter().map(char::to_ascii_uppercase).collect();
        if query.is_empty() {
            return Vec::new();
        }
        let fits = |(code, name): (Code, &str)| Some((self.fit(code, name, &typed, &query)?, code.len, code));
        let mut found: Vec<(Fit, u8, Code)> = self.industries.iter().filter_map(fits).collect();
        found.sort();
        found.truncate(limit);
        found.into_iter().map(|(.., code)| (code, self.industry_name(code))).collect()
    }

    fn fit(&self, code: Code, name: &str, typed: &str, query: &[char]) -> Option<Fit> {
        let code = code.as_str();
        // Firms write the digits without the letter of the section.
        let digits = code.get(1..).filter(|digits| !digits.is_empty()).unwrap_or(code);
        if code == typed || digits == typed {
            return Some(Fit::Code);
        }
        if code.starts_with(typed) || digits.starts_with(typed) {
            return Some(Fit::CodePrefix);
        }
        // Marks are not typed; a word begins behind them, and behind what joins words.
        let (mut word, mut starts) = (Vec::new(), Vec::new());
        let mut begins = true;
        for c in name.chars().map(fold) {
            if is_word(c) {
                word.push(c);
                starts.push(begins);
            }
            begins = !is_word(c) || matches!(c, '和' | '及' | '与');
        }
        let mut best = None;
        for (at, first) in starts.iter().enumerate() {
            let Some(spelled) = self.industries.begins(&word[at..], query) else { continue };
            let fit = match (at, spelled, first) {
                (0, false, _) => Fit::NamePrefix,
                (0, true, _) => Fit::InitialsPrefix,
                (_, false, _) => Fit::NameInside,
                (_, true, true) => Fit::WordInitials,
                // One letter would stand in every second name.
                (_, true, false) if query.len() > 1 => Fit::InitialsInside,
                _ => continue,
            };
            best = Some(best.map_or(fit, |best: Fit| best.min(fit)));
        }
        let slip = || {
            let rest = query.get(..query.len() - 1).filter(|rest| rest.len() > 2)?;
            let letters = query.iter().all(char::is_ascii_lowercase);
            self.industries.begins(&word, rest).filter(|_| letters).map(|_| Fit::AlmostInitials)
        };
        best.or_else(slip)
    }

    /// The part of a bundle with facts, qualifications and size classes.
    pub fn encode(&self, w: &mut Writer) {
        w.size(self.facts.len());
        for (no, fact) in &self.facts {
            w.size(usize::from(*no));
            encode_fact(fact, w);
        }
        w.size(self.items.len());
        for (no, q) in &self.items {
            w.size(usize::from(*no));
            w.u8(q.class as u8);
            w.str(&q.id);
            w.str(&q.name);
            w.list(&q.levels, |w, s| w.str(s));
            w.u8(q.valid_years);
            w.list(&q.implies, |w, n| w.size(usize::from(*n)));
        }
        w.size(self.lists.len());
        for (no, list) in &self.lists {
            w.size(usize::from(*no));
            w.str(&list.name);
            w.u8(u8::from(list.industries));
            w.list(&list.codes, |w, c| c.encode(w));
        }
        w.size(self.params.len());
        for (no, param) in &self.params {
            w.size(usize::from(*no));
            w.str(&param.name);
            param.dimension.encode(w);
            w.list(&param.rows, |w, (from, code, value)| {
                w.int(i128::from(from.days()));
                code.encode(w);
                value.encode(w);
            });
        }
        w.list(&self.sizes, |w, s| {
            w.str(&s.name);
            w.list(&s.include, |w, c| c.encode(w));
            w.list(&s.exclude, |w, c| c.encode(w));
            for bounds in [&s.staff, &s.revenue, &s.assets] {
                w.option(bounds.as_ref(), |w, b| {
                    for bound in b {
                        w.size(*bound as usize);
                    }
                });
            }
        });
        w.size(self.themes.len());
        for (no, name) in &self.themes {
            w.size(usize::from(*no));
            w.str(name);
        }
    }

    /// Reads what [`Catalogue::encode`] wrote; regions and industries come
    /// from their own parts.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            facts: r.map(Reader::u16, read_fact),
            items: r.map(Reader::u16, |r| CatalogueItem {
                class: ItemClass::ALL[r.index(ItemClass::ALL.len(), "资质、支持项目或名单")].0,
                id: r.string(),
                name: r.string(),
                levels: r.list(Reader::string),
                valid_years: r.u8(),
                implies: r.list(Reader::u16),
            }),
            lists: r.map(Reader::u16, |r| NamedList {
                name: r.string(),
                industries: r.flag(),
                codes: r.list(Code::read),
            }),
            params: r.map(Reader::u16, |r| Param {
                name: r.string(),
                dimension: Dimension::read(r),
                rows: r.list(|r| (Date::read(r), Code::read(r), Ratio::read(r))),
            }),
            sizes: r.list(|r| SizeClass {
                name: r.string(),
                include: r.list(Code::read),
                exclude: r.list(Code::read),
                staff: read_bounds(r),
                revenue: read_bounds(r),
                assets: read_bounds(r),
            }),
            themes: r.map(Reader::u16, Reader::string),
            words: Words::default(),
            ..Self::default()
        }
    }
}

/// Rows of the statistical division table that are no place of their own.
pub fn is_statistical(name: &str) -> bool {
    matches!(name, "市辖区" | "县" | "省直辖县级行政区划" | "自治区直辖县级行政区划")
}

fn encode_fact(f: &Fact, w: &mut Writer) {
    w.str(&f.id);
    w.str(&f.name);
    w.u8(f.scope as u8);
    let kind = FactType::NAMES.iter().position(|(_, t)| *t == f.kind).unwrap_or_default();
    w.u8(kind as u8);
    w.str(&f.unit);
    let derived = match f.derived {
        None => 0,
        Some(Derived::Age) => 1,
        Some(Derived::Size) => 2,
    };
    w.u8(u8::from(f.yearly) | u8::from(f.signed) << 1 | u8::from(f.core) << 2 | derived << 3);
    w.str(&f.question);
    w.str(&f.help);
    w.list(&f.options, |w, s| w.str(s));
}

fn read_fact(r: &mut Reader<'_>) -> Fact {
    let id = r.string();
    let name = r.string();
    let scope = Scope::read(r);
    let kind = r.one_of(&FactType::NAMES, "要素类型");
    let unit = r.string();
    let flags = r.u8();
    let derived = match flags >> 3 {
        0 => None,
        1 => Some(Derived::Age),
        2 => Some(Derived::Size),
        _ => {
            r.fail("要素标志");
            None
        }
    };
    let fact = Fact {
        id,
        name,
        scope,
        kind,
        unit,
        yearly: flags & 1 != 0,
        signed: flags & 2 != 0,
        core: flags & 4 != 0,
        derived,
        question: r.string(),
        help: r.string(),
        options: r.list(Reader::string),
    };
    // A choice is a set of bits.
    if fact.options.len() > 64 {
        r.fail("至多 64 个选项");
    }
    fact
}

fn read_bounds(r: &mut Reader<'_>) -> Option<[u32; 3]> {
    r.option(|r| [r.u32(), r.u32(), r.u32()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        Code::region(text).unwrap()
    }

    #[test]
    fn codes_nest_by_prefix() {
        assert_eq!(code("130102").nesting(code("130100")), Nesting::Inside);
        assert_eq!(code("130000").nesting(code("130102")), Nesting::Contains);
        assert_eq!(code("140000").nesting(code("130000")), Nesting::Apart);
        assert_eq!(code("000000"), Code::ALL);
        assert_eq!(code("130102").nesting(Code::ALL), Nesting::Inside);
        assert_eq!(code("130100").region_text(), "130100");
        assert_eq!(Code::region("13010"), None);
    }

    #[test]
    fn industries_are_found_by_what_is_typed() {
        let rows = [
            ("A", "农、林、牧、渔业"),
            ("C", "制造业"),
            ("C34", "通用设备制造业"),
            ("C348", "通用零部件制造"),
            ("C3481", "金属密封件制造"),
            ("C367", "汽车零部件及配件制造"),
            ("I65", "软件和信息技术服务业"),
        ];
        let mut catalogue = Catalogue::default();
        for (c, name) in rows {
            catalogue.industries.insert(Code::new(c).unwrap(), name);
        }
        let readings =
            "通t用y零l部b件j制z造zc设s备b业y汽q车cj农n林l牧m渔y软r和hg信x息x技j术sz服f务w密m封f金j属sz及j配p";
        catalogue.industries.spell(|c| {
            let rest = readings.split_once(c).map_or("", |(_, rest)| rest);
            rest.chars().take_while(char::is_ascii_lowercase).collect()
        });
        let find = |catalogue: &Catalogue, query: &str| -> Vec<String> {
            catalogue.find_industries(query, 4).into_iter().map(|(c, _)| c.as_str().to_owned()).collect()
        };
        let cases: &[(&str, &[&str])] = &[
            // The code, with its letter or without it, then what it comprises.
            ("348", &["C348", "C3481"]),
            ("ｃ348", &["C348", "C3481"]),
            ("C", &["C", "C34", "C348", "C367"]),
            // The name, from its beginning before anywhere inside.
            ("制造", &["C", "C34", "C348", "C367"]),
            ("零部件", &["C348", "C367"]),
            ("农林", &["A"]),
            // First letters; the last one may be a slip; both at once; marks are not typed.
            ("tylbj", &["C348"]),
            ("TYL", &["C348"]),
            ("tyls", &["C348"]),
            ("ty", &["C34", "C348"]),
            ("通用lb", &["C348"]),
            ("nlmyy", &["A"]),
            // Words inside, those behind 和 and 及 first; every reading of a character.
            ("xx", &["I65"]),
            ("pj", &["C367"]),
            ("lbj", &["C348", "C367"]),
            ("qclb", &["C367"]),
            ("qjlb", &["C367"]),
            // Neither a single letter inside a word nor nothing at all.
            ("x", &["I65"]),
            ("j", &["C3481"]),
            (" 、", &[]),
            ("没有", &[]),
        ];
        for (query, expected) in cases {
            assert_eq!(find(&catalogue, query), *expected, "{query}");
        }
        let mut w = Writer::new();
        catalogue.industries.encode(&mut w);
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        assert_eq!(CodeNames::read(&mut r), catalogue.industries);
        assert_eq!(r.end(), Ok(()));
        // One letter too few, one too many.
        for change in [-1i32, 1] {
            let mut names = catalogue.industries.clone();
            let mut w = Writer::new();
            names.initials = LiteMap::new();
            names.encode(&mut w);
            let mut bytes = w.into_bytes();
            bytes.pop();
            let mut w = Writer::new();
            w.str(&"a".repeat((names.characters().len() as i32 + change) as usize));
            bytes.extend(w.into_bytes());
            let mut r = Reader::new(&bytes);
            CodeNames::read(&mut r);
            assert!(r.end().is_err());
        }
        // Without them names and codes are found all the same.
        catalogue.industries.spell(|_| Vec::new());
        assert_eq!(find(&catalogue, "通用零"), ["C348"]);
        assert_eq!(find(&catalogue, "tyl"), [""; 0]);
    }

    #[test]
    fn children_are_one_level_down() {
        let mut names = CodeNames::default();
        for (c, n) in
            [("130000", "河北省"), ("130100", "石家庄市"), ("130102", "长安区"), ("140000", "山西省")]
        {
            names.insert(code(c), n);
        }
        assert_eq!(names.children(Code::ALL).len(), 2);
        assert_eq!(names.children(code("130000")), vec![(code("130100"), "石家庄市")]);
        assert_eq!(names.children(code("130100")), vec![(code("130102"), "长安区")]);
    }
}
