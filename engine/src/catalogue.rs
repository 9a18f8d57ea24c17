//! The shared tables that rules and answers refer to: facts, 资质, regions,
//! industries, size classes. Data, not code: a publisher adds a row, nobody
//! recompiles. Rows are addressed by their number in the table; the tables and
//! the compiled rules of one bundle are published together.

use litemap::LiteMap;

use crate::codec::{Decoded, Reader, Writer};
use crate::fold::fold;

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
    pub fn decode(r: &mut Reader<'_>) -> Decoded<Self> {
        let text = r.str()?;
        Self::new(text).map_or_else(|| r.fail("地区或行业代码"), Ok)
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
}

impl FactType {
    /// All types with their names in policy files.
    pub const NAMES: [(&'static str, Self); 11] = [
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
    ];

    /// The name in policy files.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, t)| *t == self).map_or("", |(name, _)| name)
    }

    /// Whether values are numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Money | Self::Count | Self::Share | Self::Duration | Self::Date)
    }
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
/// Number of a 资质 in its table, or of an option of a fact.
pub type ItemNo = u16;

/// One thing a firm may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Stable ASCII id.
    pub id: String,
    /// Name used in rules.
    pub name: String,
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

/// One title, recognition or certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualification {
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

/// Names of codes, in code order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeNames {
    names: LiteMap<Code, String>,
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

    /// Takes over all names of `other`.
    pub fn extend(&mut self, other: Self) {
        for (code, name) in other.names {
            self.names.insert(code, name);
        }
    }

    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        w.size(self.names.len());
        for (code, name) in &self.names {
            code.encode(w);
            w.str(name);
        }
    }

    /// Reads what [`CodeNames::encode`] wrote.
    pub fn decode(r: &mut Reader<'_>) -> Decoded<Self> {
        let rows = r.list(|r| Ok((Code::decode(r)?, r.string()?)))?;
        Ok(Self { names: rows.into_iter().collect() })
    }
}

/// All tables together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Facts by number. A bundle carries only the ones its rules use.
    pub facts: LiteMap<FactNo, Fact>,
    /// Qualifications by number.
    pub qualifications: LiteMap<ItemNo, Qualification>,
    /// Regions. In the browser: provinces and prefectures, counties on demand.
    pub regions: CodeNames,
    /// Industries. In the browser: empty until the field is used.
    pub industries: CodeNames,
    /// Size classes.
    pub sizes: Vec<SizeClass>,
}

/// Names of the four size classes, largest first: the options of 企业规模.
pub const SIZE_NAMES: [&str; 4] = ["大型", "中型", "小型", "微型"];

impl Catalogue {
    /// The fact with this stable id.
    pub fn fact_by_id(&self, id: &str) -> Option<(FactNo, &Fact)> {
        self.facts.iter().find(|(_, f)| f.id == id).map(|(no, f)| (*no, f))
    }

    /// The fact with this name.
    pub fn fact_by_name(&self, name: &str) -> Option<(FactNo, &Fact)> {
        self.facts.iter().find(|(_, f)| f.name == name).map(|(no, f)| (*no, f))
    }

    /// Name of a fact, for explanations.
    pub fn fact_name(&self, no: FactNo) -> &str {
        self.facts.get(&no).map_or("未知要素", |f| &f.name)
    }

    /// Name of an item of a set fact.
    pub fn item_name(&self, fact: FactNo, item: ItemNo) -> &str {
        let name = match self.facts.get(&fact) {
            Some(f) if f.kind == FactType::Qualifications => {
                self.qualifications.get(&item).map(|q| q.name.as_str())
            }
            Some(f) => f.options.get(usize::from(item)).map(String::as_str),
            None => None,
        };
        name.unwrap_or("未知项")
    }

    /// Name of a region with its province and prefecture: 河北省石家庄市长安区.
    /// Rows that only exist for statistics (市辖区, 县) are left out.
    pub fn region_name(&self, code: Code) -> String {
        if code == Code::ALL {
            return "中国".to_owned();
        }
        let mut name = String::new();
        for len in [2, 4, 6] {
            let Some(prefix) = code.as_str().get(..len) else { break };
            let part = Code::new(prefix).and_then(|c| self.regions.get(c)).unwrap_or_default();
            if !is_statistical(part) {
                name.push_str(part);
            }
        }
        if name.is_empty() { code.region_text() } else { name }
    }

    /// Name of an industry with its code, or the bare code while the table is
    /// not loaded.
    pub fn industry_name(&self, code: Code) -> String {
        match self.industries.get(code) {
            Some(name) => name.to_owned(),
            None => format!("行业代码{}", code.as_str()),
        }
    }

    /// Industries whose name or code matches.
    pub fn find_industries(&self, query: &str, limit: usize) -> Vec<(Code, String)> {
        let query = query.trim();
        let upper = query.to_ascii_uppercase();
        let mut codes: Vec<Code> = Vec::new();
        if !upper.is_empty() && upper.is_ascii() {
            let matches = |code: &Code| {
                let text = code.as_str();
                // Firms write the digits without the letter of the section.
                text.starts_with(&upper) || text.get(1..).is_some_and(|t| t.starts_with(&upper))
            };
            codes.extend(self.industries.iter().map(|(code, _)| code).filter(matches));
            codes.sort_by_key(|code| (code.as_str().len(), *code));
            codes.truncate(limit);
        } else {
            codes = find_codes(&self.industries, query, limit);
        }
        codes.into_iter().map(|code| (code, self.industry_name(code))).collect()
    }

    /// The part of a bundle with facts, qualifications and size classes.
    pub fn encode(&self, w: &mut Writer) {
        w.size(self.facts.len());
        for (no, fact) in &self.facts {
            w.size(usize::from(*no));
            encode_fact(fact, w);
        }
        w.size(self.qualifications.len());
        for (no, q) in &self.qualifications {
            w.size(usize::from(*no));
            w.str(&q.id);
            w.str(&q.name);
            w.list(&q.levels, |w, s| w.str(s));
            w.u8(q.valid_years);
            w.list(&q.implies, |w, n| w.size(usize::from(*n)));
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
    }

    /// Reads what [`Catalogue::encode`] wrote; regions and industries come
    /// from their own parts.
    pub fn decode(r: &mut Reader<'_>) -> Decoded<Self> {
        let facts = r.list(|r| Ok((r.u16()?, decode_fact(r)?)))?;
        let qualifications = r.list(|r| {
            let no = r.u16()?;
            let q = Qualification {
                id: r.string()?,
                name: r.string()?,
                levels: r.list(|r| r.string())?,
                valid_years: r.u8()?,
                implies: r.list(|r| r.u16())?,
            };
            Ok((no, q))
        })?;
        let sizes = r.list(|r| {
            Ok(SizeClass {
                name: r.string()?,
                include: r.list(Code::decode)?,
                exclude: r.list(Code::decode)?,
                staff: decode_bounds(r)?,
                revenue: decode_bounds(r)?,
                assets: decode_bounds(r)?,
            })
        })?;
        Ok(Self {
            facts: facts.into_iter().collect(),
            qualifications: qualifications.into_iter().collect(),
            sizes,
            ..Self::default()
        })
    }
}

/// Rows of the statistical division table that are no place of their own.
pub fn is_statistical(name: &str) -> bool {
    matches!(name, "市辖区" | "县" | "省直辖县级行政区划" | "自治区直辖县级行政区划")
}

fn find_codes(names: &CodeNames, query: &str, limit: usize) -> Vec<Code> {
    let query: String = query.chars().filter(|c| !c.is_whitespace()).map(fold).collect();
    if query.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(bool, usize, Code)> = names
        .iter()
        .filter(|(_, name)| !is_statistical(name))
        .filter_map(|(code, name)| {
            let name: String = name.chars().map(fold).collect();
            let hit = name.contains(&query);
            hit.then(|| (!name.starts_with(&query), code.as_str().len(), code))
        })
        .collect();
    found.sort();
    found.truncate(limit);
    found.into_iter().map(|(_, _, code)| code).collect()
}

fn encode_fact(f: &Fact, w: &mut Writer) {
    w.str(&f.id);
    w.str(&f.name);
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

fn decode_fact(r: &mut Reader<'_>) -> Decoded<Fact> {
    let id = r.string()?;
    let name = r.string()?;
    let kind = usize::from(r.u8()?);
    let Some((_, kind)) = FactType::NAMES.get(kind) else {
        return r.fail("要素类型");
    };
    let unit = r.string()?;
    let flags = r.u8()?;
    let derived = match flags >> 3 {
        0 => None,
        1 => Some(Derived::Age),
        2 => Some(Derived::Size),
        _ => return r.fail("要素标志"),
    };
    let question = r.string()?;
    let help = r.string()?;
    let options = r.list(|r| r.string())?;
    // A choice is a set of bits.
    if options.len() > 64 {
        return r.fail("至多 64 个选项");
    }
    Ok(Fact {
        id,
        name,
        kind: *kind,
        unit,
        yearly: flags & 1 != 0,
        signed: flags & 2 != 0,
        core: flags & 4 != 0,
        derived,
        question,
        help,
        options,
    })
}

fn decode_bounds(r: &mut Reader<'_>) -> Decoded<Option<[u32; 3]>> {
    r.option(|r| Ok([r.u32()?, r.u32()?, r.u32()?]))
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
