//! The published folder: one small `catalog.txt` and immutable parts named by
//! their content.
//!
//! Every part is stored gzip-compressed. Its name is the first 12 bytes of the
//! SHA-256 of the stored bytes, so a part can be checked before it is opened.
//! Inside, a part starts with four bytes: `HQ`, a letter for its kind, and the
//! version of that kind as a digit.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::catalogue::{Catalogue, Code, CodeNames, Nesting};
use crate::codec::{DecodeError, Reader, Writer};
use crate::date::Date;
use crate::federation::Renumbering;
use crate::fold::Simplifier;
use crate::measure::{Card, Detail, FullText, Measure};
use crate::search::{Sounds, Vocabulary};
use crate::traditional::Traditional;

/// Version of the catalog format.
pub const CATALOG_VERSION: u32 = 1;
/// Name of the entry file.
pub const CATALOG_NAME: &str = "catalog.txt";
/// Extension of parts on plain hosts: known to every common web server.
pub const PART_EXTENSION: &str = "bin";
/// Largest catalog that is read.
pub const CATALOG_LIMIT: usize = 4096;
/// Cards per block.
pub const CARDS_PER_BLOCK: usize = 64;
/// Measure pages per block: one page alone would mean thousands of files.
pub const DETAILS_PER_BLOCK: usize = 16;

/// Kinds of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// Facts, qualifications, size classes.
    Catalogue,
    /// Provinces and prefectures, and the names of the county parts.
    Regions,
    /// Counties of one province.
    Counties,
    /// GB/T 4754-2017.
    Industries,
    /// Traditional to simplified.
    Simplifier,
    /// Compiled measures.
    Table,
    /// Cards of 64 measures.
    Cards,
    /// Pages of 16 measures.
    Details,
    /// Root of the search index.
    SearchRoot,
    /// Terms and postings.
    Terms,
    /// Positions of some terms of a block.
    Positions,
    /// List of blocks of terms.
    Pages,
    /// What hits show.
    Entries,
    /// Texts that excerpts are cut from.
    Excerpts,
    /// Synonyms and words to suggest.
    Words,
    /// Which characters sound alike.
    Sounds,
    /// Ids and hashes of the entries, for the next build.
    Manifest,
    /// Full text of one document.
    Text,
    /// Names of all parts.
    Files,
    /// English names of the catalogue and of measures.
    English,
    /// Simplified to traditional, for display.
    Traditional,
}

impl PartKind {
    const ALL: [(Self, u8, &'static str); 21] = [
        (Self::Catalogue, b'K', "要素目录"),
        (Self::Regions, b'R', "地区表"),
        (Self::Counties, b'U', "区县表"),
        (Self::Industries, b'I', "行业表"),
        (Self::Simplifier, b'X', "繁简表"),
        (Self::Table, b'V', "事项表"),
        (Self::Cards, b'C', "事项卡片"),
        (Self::Details, b'D', "事项详情"),
        (Self::SearchRoot, b'S', "检索目录"),
        (Self::Terms, b'T', "检索词块"),
        (Self::Positions, b'P', "检索位置块"),
        (Self::Pages, b'G', "检索词块清单"),
        (Self::Entries, b'E', "检索条目"),
        (Self::Excerpts, b'A', "摘录文字"),
        (Self::Words, b'W', "检索词表"),
        (Self::Sounds, b'N', "同音字表"),
        (Self::Manifest, b'M', "条目清单"),
        (Self::Text, b'O', "原文"),
        (Self::Files, b'F', "文件清单"),
        (Self::English, b'L', "英文名称"),
        (Self::Traditional, b'Z', "简繁表"),
    ];

    fn row(self) -> (u8, &'static str) {
        Self::ALL.iter().find(|(k, ..)| *k == self).map_or((0, ""), |(_, letter, name)| (*letter, name))
    }

    /// Chinese name, for messages.
    pub fn name(self) -> &'static str {
        self.row().1
    }
}

/// Version of every part kind.
pub const PART_VERSION: u8 = 6;

/// Why a bundle file could not be used. Chinese, names the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleError {
    /// The file does not have the bytes its name promises.
    Altered {
        /// File name.
        name: String,
    },
    /// The file is of another kind.
    WrongKind {
        /// What was expected.
        expected: &'static str,
    },
    /// Written by a newer or older program.
    Version {
        /// Version found.
        found: u32,
        /// Version this program reads.
        reads: u32,
    },
    /// Damaged inside.
    Damaged {
        /// Kind of part.
        part: &'static str,
        /// Where and what.
        error: DecodeError,
    },
    /// A line of the catalog is not understood.
    Catalog {
        /// Line from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { name } => write!(f, "文件 {name} 的内容和名字对不上，可能被改动或没传完整"),
            Self::WrongKind { expected } => write!(f, "这个文件不是{expected}"),
            Self::Version { found, reads } => {
                write!(f, "数据格式是第 {found} 版，本程序读第 {reads} 版，请更新组件或重新发布数据")
            }
            Self::Damaged { part, error } => write!(f, "{part}损坏：{error}"),
            Self::Catalog { line, message } => write!(f, "{CATALOG_NAME} 第 {line} 行：{message}"),
        }
    }
}

impl std::error::Error for BundleError {}

/// Name of a stored part: 24 hexadecimal digits, without extension.
pub fn part_name(stored: &[u8]) -> String {
    let digest = Sha256::digest(stored);
    let mut name = String::with_capacity(24);
    for byte in &digest[..12] {
        for half in [byte >> 4, byte & 15] {
            name.push(char::from(b"0123456789abcdef"[usize::from(half)]));
        }
    }
    name
}

/// Whether `name` has the form of a part name.
pub fn is_part_name(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Checks stored bytes against their name.
///
/// # Errors
/// [`BundleError::Altered`].
pub fn verify_part(name: &str, stored: &[u8]) -> Result<(), BundleError> {
    if part_name(stored) == name { Ok(()) } else { Err(BundleError::Altered { name: name.to_owned() }) }
}

/// Starts the raw bytes of a part.
pub fn part_writer(kind: PartKind) -> Writer {
    let mut w = Writer::new();
    w.raw(b"HQ");
    w.u8(kind.row().0);
    w.u8(b'0' + PART_VERSION);
    w
}

/// Opens the raw bytes of a part.
///
/// # Errors
/// When kind or version differ.
pub fn part_reader(kind: PartKind, raw: &[u8]) -> Result<Reader<'_>, BundleError> {
    let (letter, expected) = kind.row();
    let (version, rest) = match raw {
        [b'H', b'Q', l, version, rest @ ..] if *l == letter => (version, rest),
        _ => return Err(BundleError::WrongKind { expected }),
    };
    let found = u32::from(version.wrapping_sub(b'0'));
    if found != u32::from(PART_VERSION) {
        return Err(BundleError::Version { found, reads: u32::from(PART_VERSION) });
    }
    Ok(Reader::new(rest))
}

/// Reads a whole part.
///
/// # Errors
/// When kind or version differ or the content is damaged.
pub fn read_part<T>(
    kind: PartKind,
    raw: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> Result<T, BundleError> {
    let mut reader = part_reader(kind, raw)?;
    let value = read(&mut reader);
    part_end(kind, &reader).map(|()| value)
}

/// Apart from [`read_part`], of which there is one per type.
fn part_end(kind: PartKind, reader: &Reader<'_>) -> Result<(), BundleError> {
    reader.end().map_err(|error| BundleError::Damaged { part: kind.name(), error })
}

/// The entry file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Publish time in seconds since 1970; never decreases.
    pub sequence: u64,
    /// Day of publication.
    pub published: Date,
    /// Day after which the headline sum is hidden.
    pub expires: Date,
    /// Who publishes.
    pub publisher: String,
    /// Number of measures.
    pub measures: u32,
    /// Number of documents.
    pub documents: u32,
    /// Facts, qualifications, size classes.
    pub catalogue: String,
    /// Provinces and prefectures.
    pub regions: String,
    /// Industries.
    pub industries: String,
    /// Names of all parts.
    pub files: String,
    /// English names; bundles of older programs have none.
    pub english: Option<String>,
    /// Simplified to traditional; bundles of older programs have none.
    pub traditional: Option<String>,
    /// Per region: code, verdict table, search root.
    pub areas: Vec<(Code, String, String)>,
}

impl Catalog {
    /// The text of the file.
    pub fn print(&self) -> String {
        let mut out = format!("huiqi-catalog {CATALOG_VERSION}\n");
        let mut line = |key: &str, value: &str| {
            out.push_str(key);
            out.push(' ');
            out.push_str(value);
            out.push('\n');
        };
        line("sequence", &self.sequence.to_string());
        line("published", &self.published.to_string());
        line("expires", &self.expires.to_string());
        line("publisher", &self.publisher);
        line("measures", &self.measures.to_string());
        line("documents", &self.documents.to_string());
        line("catalogue", &self.catalogue);
        line("regions", &self.regions);
        line("industries", &self.industries);
        line("files", &self.files);
        for (key, name) in [("english", &self.english), ("traditional", &self.traditional)] {
            if let Some(name) = name {
                line(key, name);
            }
        }
        for (region, table, search) in &self.areas {
            line("area", &format!("{} {table} {search}", region.region_text()));
        }
        out
    }

    /// Whether it was published more than a day after `now`, in seconds since 1970: then one of the two clocks is wrong,
    /// and with it every window.
    pub fn is_ahead(&self, now: u64) -> bool {
        self.sequence > now.saturating_add(86_400)
    }

    /// Numbers of the areas that concern a firm at `places`: those that one of them lies in, or that lie in it. Without
    /// a place, those that hold all others.
    pub fn areas_of(&self, places: &[Code]) -> Vec<usize> {
        let codes = || self.areas.iter().map(|(code, ..)| *code);
        let concerns = |area: Code| match places {
            [] => codes().all(|other| other.nesting(area) == Nesting::Inside),
            _ => places.iter().any(|place| place.nesting(area) != Nesting::Apart),
        };
        (0..).zip(codes()).filter(|(_, area)| concerns(*area)).map(|(at, _)| at).collect()
    }

    /// Reads the file. Unknown keys are skipped, so that a newer publisher
    /// may add lines.
    ///
    /// # Errors
    /// When it is too long, of another version, or a line is missing or wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        let fail = |line: usize, message: &str| BundleError::Catalog { line, message: message.to_owned() };
        if bytes.len() > CATALOG_LIMIT {
            return Err(fail(1, &format!("文件有 {} 字节，最多 {CATALOG_LIMIT}", bytes.len())));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| fail(1, "不是 UTF-8 文字"))?;
        let mut rest = text.lines().enumerate();
        let first = rest.next().map_or("", |(_, l)| l);
        let version = first.strip_prefix("huiqi-catalog ").and_then(|v| v.trim().parse::<u32>().ok());
        match version {
            None => return Err(fail(1, "应以 huiqi-catalog 开头，地址可能不对，或服务器返回了别的页面")),
            Some(CATALOG_VERSION) => {}
            Some(found) => return Err(BundleError::Version { found, reads: CATALOG_VERSION }),
        }
        let mut lines = Lines::default();
        let mut areas = Vec::new();
        for (at, line) in rest {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let value = value.trim();
            if key == "area" {
                let parts: Vec<&str> = value.split(' ').collect();
                let [region, table, search] = parts[..] else {
                    lines.fail(at + 1, "area 应有三项".to_owned());
                    continue;
                };
                let region = Code::region(region).unwrap_or_else(|| {
                    lines.fail(at + 1, "地区代码不对".to_owned());
                    Code::ALL
                });
                areas.push((region, lines.part_name(at + 1, table), lines.part_name(at + 1, search)));
            } else {
                lines.values.push((key, at + 1, value));
            }
        }
        if areas.is_empty() {
            lines.fail(1, "缺 area 一行".to_owned());
        }
        let catalog = Self {
            sequence: lines.number("sequence"),
            published: lines.date("published"),
            expires: lines.date("expires"),
            publisher: lines.get("publisher").1.to_owned(),
            measures: lines.count("measures"),
            documents: lines.count("documents"),
            catalogue: lines.part("catalogue"),
            regions: lines.part("regions"),
            industries: lines.part("industries"),
            files: lines.part("files"),
            english: lines.optional_part("english"),
            traditional: lines.optional_part("traditional"),
            areas,
        };
        lines.problem.map_or(Ok(catalog), Err)
    }
}

/// The lines of the entry file by key, and the first thing that is wrong with them. What is wrong reads as nothing,
/// as in a [`Reader`].
#[derive(Default)]
struct Lines<'a> {
    /// Key, number of the line, value.
    values: Vec<(&'a str, usize, &'a str)>,
    problem: Option<BundleError>,
}

impl<'a> Lines<'a> {
    fn fail(&mut self, line: usize, message: String) {
        self.problem.get_or_insert(BundleError::Catalog { line, message });
    }

    /// The last line with this key.
    fn get(&mut self, key: &str) -> (usize, &'a str) {
        match self.values.iter().rfind(|(k, ..)| *k == key) {
            Some((_, line, value)) => (*line, value),
            None => {
                self.fail(1, format!("缺 {key} 一行"));
                (1, "")
            }
        }
    }

    fn number(&mut self, key: &str) -> u64 {
        let (line, value) = self.get(key);
        value.parse().unwrap_or_else(|_| {
            self.fail(line, format!("{key} 应是整数"));
            0
        })
    }

    fn count(&mut self, key: &str) -> u32 {
        u32::try_from(self.number(key)).unwrap_or(u32::MAX)
    }

    fn date(&mut self, key: &str) -> Date {
        let (line, value) = self.get(key);
        Date::parse(value).unwrap_or_else(|| {
            self.fail(line, format!("{key} 应是日期"));
            Date::LAST
        })
    }

    fn part(&mut self, key: &str) -> String {
        let (line, value) = self.get(key);
        self.part_name(line, value)
    }

    /// A line that older programs did not write.
    fn optional_part(&mut self, key: &str) -> Option<String> {
        self.values.iter().any(|(k, ..)| *k == key).then(|| self.part(key))
    }

    fn part_name(&mut self, line: usize, value: &str) -> String {
        if !is_part_name(value) {
            self.fail(line, "文件名应是 24 位十六进制".to_owned());
        }
        value.to_owned()
    }
}

/// The verdict table of one region: measures and where the rest of them is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Compiled measures.
    pub measures: Vec<Measure>,
    /// Parts with the cards, 64 each.
    pub cards: Vec<String>,
    /// Parts with the pages, 16 each.
    pub details: Vec<String>,
}

impl Table {
    /// Raw bytes of the part.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::Table);
        w.list(&self.cards, |w, n| w.str(n));
        w.list(&self.details, |w, n| w.str(n));
        w.list(&self.measures, |w, m| m.encode(w));
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        Self::decode_as(raw, None)
    }

    /// Reads the part of a publisher whose catalogue was absorbed by another one.
    ///
    /// # Errors
    /// As for [`Table::decode`], and when a rule names a row that the catalogue does not have.
    pub fn decode_as(raw: &[u8], renumbering: Option<&Renumbering>) -> Result<Self, BundleError> {
        let mut reader = TableReader::default();
        while !reader.step(raw, renumbering, usize::MAX)? {}
        Ok(reader.finish())
    }
}

/// A table that is read some measures at a time: a large one takes longer than a page may stand still.
#[derive(Debug, Clone, Default)]
pub struct TableReader {
    /// Bytes and measures that are not read yet, once the first ones are.
    rest: Option<(usize, usize)>,
    table: Table,
}

impl TableReader {
    /// Reads up to `count` measures more; whether all are read now. `raw` and `renumbering` are those of
    /// [`Table::decode_as`], the same each time.
    ///
    /// # Errors
    /// As for [`Table::decode_as`]. Nothing is to be read after an error.
    pub fn step(
        &mut self,
        raw: &[u8],
        renumbering: Option<&Renumbering>,
        count: usize,
    ) -> Result<bool, BundleError> {
        let mut r = part_reader(PartKind::Table, raw)?.renumbered(renumbering);
        let mut left = match self.rest {
            Some((bytes, left)) => {
                r.raw(r.left().saturating_sub(bytes));
                left
            }
            None => {
                self.table.cards = r.list(Reader::string);
                self.table.details = r.list(Reader::string);
                r.size()
            }
        };
        for _ in 0..count.min(left) {
            self.table.measures.push(Measure::read(&mut r));
            left -= 1;
            // Nothing is left after a failure, nor does anything but a failure follow.
            if r.left() == 0 {
                break;
            }
        }
        self.rest = Some((r.left(), left));
        if left > 0 && r.left() > 0 {
            return Ok(false);
        }
        if left > 0 {
            r.fail("更多数据");
        }
        part_end(PartKind::Table, &r).map(|()| true)
    }

    /// The table, once all of it is read.
    pub fn finish(self) -> Table {
        self.table
    }
}

/// Raw bytes of a block of cards.
pub fn encode_cards(cards: &[Card]) -> Vec<u8> {
    let mut w = part_writer(PartKind::Cards);
    w.list(cards, |w, c| c.encode(w));
    w.into_bytes()
}

/// Reads a block of cards.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_cards(raw: &[u8]) -> Result<Vec<Card>, BundleError> {
    read_part(PartKind::Cards, raw, |r| r.list(Card::read))
}

/// Raw bytes of a block of pages.
pub fn encode_details(details: &[Detail]) -> Vec<u8> {
    let mut w = part_writer(PartKind::Details);
    w.list(details, |w, d| d.encode(w));
    w.into_bytes()
}

/// Reads a block of pages.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_details(raw: &[u8]) -> Result<Vec<Detail>, BundleError> {
    read_part(PartKind::Details, raw, |r| r.list(Detail::read))
}

/// Raw bytes of the catalogue part.
pub fn encode_catalogue(catalogue: &Catalogue) -> Vec<u8> {
    let mut w = part_writer(PartKind::Catalogue);
    catalogue.encode(&mut w);
    w.into_bytes()
}

/// Reads the catalogue part.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_catalogue(raw: &[u8]) -> Result<Catalogue, BundleError> {
    read_part(PartKind::Catalogue, raw, Catalogue::read)
}

/// Provinces and prefectures, and per province the part with its counties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegionRoot {
    /// Names down to prefectures.
    pub names: CodeNames,
    /// Province and part.
    pub counties: Vec<(Code, String)>,
}

impl RegionRoot {
    /// Raw bytes of the part.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::Regions);
        self.names.encode(&mut w);
        w.list(&self.counties, |w, (code, name)| {
            code.encode(w);
            w.str(name);
        });
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        read_part(PartKind::Regions, raw, |r| Self {
            names: CodeNames::read(r),
            counties: r.list(|r| (Code::read(r), r.string())),
        })
    }
}

/// Raw bytes of a part that is a list of names of codes.
pub fn encode_names(kind: PartKind, names: &CodeNames) -> Vec<u8> {
    let mut w = part_writer(kind);
    names.encode(&mut w);
    w.into_bytes()
}

/// Reads a list of names of codes.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_names(kind: PartKind, raw: &[u8]) -> Result<CodeNames, BundleError> {
    read_part(kind, raw, CodeNames::read)
}

/// Raw bytes of the traditional-to-simplified table.
pub fn encode_simplifier(simplifier: &Simplifier) -> Vec<u8> {
    let mut w = part_writer(PartKind::Simplifier);
    simplifier.encode(&mut w);
    w.into_bytes()
}

/// Reads the traditional-to-simplified table.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_simplifier(raw: &[u8]) -> Result<Simplifier, BundleError> {
    read_part(PartKind::Simplifier, raw, Simplifier::read)
}

/// Raw bytes of the simplified-to-traditional table.
pub fn encode_traditional(traditional: &Traditional) -> Vec<u8> {
    let mut w = part_writer(PartKind::Traditional);
    traditional.encode(&mut w);
    w.into_bytes()
}

/// Reads the simplified-to-traditional table.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_traditional(raw: &[u8]) -> Result<Traditional, BundleError> {
    read_part(PartKind::Traditional, raw, Traditional::read)
}

/// Raw bytes of the vocabulary.
pub fn encode_vocabulary(vocabulary: &Vocabulary) -> Vec<u8> {
    let mut w = part_writer(PartKind::Words);
    vocabulary.encode(&mut w);
    w.into_bytes()
}

/// Reads the vocabulary.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_vocabulary(raw: &[u8]) -> Result<Vocabulary, BundleError> {
    read_part(PartKind::Words, raw, Vocabulary::read)
}

/// Raw bytes of the sounds of characters.
pub fn encode_sounds(sounds: &Sounds) -> Vec<u8> {
    let mut w = part_writer(PartKind::Sounds);
    sounds.encode(&mut w);
    w.into_bytes()
}

/// Reads the sounds of characters.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_sounds(raw: &[u8]) -> Result<Sounds, BundleError> {
    read_part(PartKind::Sounds, raw, Sounds::read)
}

/// Raw bytes of a part that is a list of texts: [`PartKind::Files`].
pub fn encode_texts(kind: PartKind, texts: &[String]) -> Vec<u8> {
    let mut w = part_writer(kind);
    w.list(texts, |w, n| w.str(n));
    w.into_bytes()
}

/// Reads a list of texts.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_texts(kind: PartKind, raw: &[u8]) -> Result<Vec<String>, BundleError> {
    read_part(kind, raw, |r| r.list(Reader::string))
}

/// The full text of a document as a part.
pub fn encode_full_text(text: &FullText) -> Vec<u8> {
    let mut w = part_writer(PartKind::Text);
    text.encode(&mut w);
    w.into_bytes()
}

/// Reads the full text of a document.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_full_text(raw: &[u8]) -> Result<FullText, BundleError> {
    read_part(PartKind::Text, raw, FullText::read)
}

#[cfg(test)]
impl Catalog {
    /// One of a single area, published on 2026-11-22.
    pub(crate) fn sample() -> Self {
        let name = part_name(b"x");
        Self {
            sequence: 1_795_305_600,
            published: Date::parse("2026-11-22").unwrap(),
            expires: Date::parse("2026-12-22").unwrap(),
            publisher: "示例市 政务服务局".to_owned(),
            measures: 3,
            documents: 1,
            catalogue: name.clone(),
            regions: name.clone(),
            industries: name.clone(),
            files: name.clone(),
            english: Some(name.clone()),
            traditional: Some(name.clone()),
            areas: vec![(Code::ALL, name.clone(), name)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn catalog_round_trips_and_skips_unknown_lines() {
        let text = Catalog::sample().print() + "future thing\n";
        assert_eq!(Catalog::parse(text.as_bytes()), Ok(Catalog::sample()));
        let old = Catalog { english: None, traditional: None, ..Catalog::sample() };
        assert_eq!(Catalog::parse(old.print().as_bytes()), Ok(old));
        let wrong = Catalog { english: Some("x".to_owned()), ..Catalog::sample() }.print();
        assert!(Catalog::parse(wrong.as_bytes()).unwrap_err().to_string().contains("24 位十六进制"));
    }

    #[test]
    fn areas_of_a_place_are_those_above_and_below_it() {
        let name = part_name(b"x");
        let with = |codes: &[&str]| Catalog {
            areas: codes.iter().map(|c| (Code::region(c).unwrap(), name.clone(), name.clone())).collect(),
            ..Catalog::sample()
        };
        let country = with(&["000000", "130000", "130100", "130200", "440000"]);
        let of = |catalog: &Catalog, places: &[&str]| {
            catalog.areas_of(&places.iter().map(|p| Code::region(p).unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(of(&country, &[]), [0]);
        assert_eq!(of(&country, &["130102"]), [0, 1, 2]);
        assert_eq!(of(&country, &["130000"]), [0, 1, 2, 3]);
        assert_eq!(of(&country, &["130102", "440300"]), [0, 1, 2, 4]);
        assert_eq!(of(&country, &["000000"]), [0, 1, 2, 3, 4]);
        assert_eq!(of(&with(&["130000", "130100"]), &[]), [0]);
        assert_eq!(of(&with(&["130000", "440000"]), &[]), Vec::<usize>::new());
        assert_eq!(of(&with(&["130000"]), &["440300"]), Vec::<usize>::new());
    }

    #[test]
    fn catalog_problems_name_the_line() {
        let text = Catalog::sample().print().replace("2026-12-22", "2026-22-12");
        assert_eq!(
            Catalog::parse(text.as_bytes()).unwrap_err().to_string(),
            "catalog.txt 第 4 行：expires 应是日期"
        );
        let newer = Catalog::sample().print().replace("huiqi-catalog 1", "huiqi-catalog 9");
        assert_eq!(Catalog::parse(newer.as_bytes()), Err(BundleError::Version { found: 9, reads: 1 }));
        assert!(Catalog::parse(b"<!doctype html>").unwrap_err().to_string().contains("huiqi-catalog"));
        assert!(Catalog::parse(&vec![b'a'; 5000]).is_err());
    }

    proptest! {
        #[test]
        fn hostile_parts_are_errors(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut raw = b"HQV1".to_vec();
            raw.extend(&bytes);
            let _ = Table::decode(&raw);
            raw[2] = b'K';
            let _ = decode_catalogue(&raw);
            raw[2] = b'C';
            let _ = decode_cards(&raw);
            let _ = Catalog::parse(&bytes);
        }
    }
}
