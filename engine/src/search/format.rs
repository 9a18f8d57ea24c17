//! The published form of the index: a root, blocks of sorted terms with
//! postings, parts with positions, heads and texts of entries.

use super::FIELDS;
use super::score::{BODY_LIMIT, Places, Symbol};
use super::text::Gram;
use crate::bundle::{BundleError, PartKind, part_writer, read_part};
use crate::catalogue::Code;
use crate::codec::{Reader, Writer};
use crate::date::Date;
use crate::fold::Simplifier;

/// Most blocks that the root itself lists; more go to pages of
/// [`PAGE_BLOCKS`].
pub const ROOT_BLOCKS: usize = 1536;
/// Blocks that one page lists.
pub const PAGE_BLOCKS: usize = 128;
/// Most entries whose heads are one part.
const HEADS_IN_ONE: usize = 2000;
/// Heads per part when there are more.
const HEADS_PER_BLOCK: usize = 32;
/// Texts per part.
pub const TEXTS_PER_BLOCK: usize = 16;
/// Positions of a term up to this many bytes stand in the block itself.
pub const INLINE_PLACES: usize = 32;

/// A list of things by their first term: where the terms from this one on are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// First term.
    pub first: Gram,
    /// Name of the part.
    pub part: String,
}

/// What the root needs of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Class of its length.
    pub class: u8,
    /// Month of issue, as [`super::month_of`].
    pub month: Option<u32>,
}

/// An entry that was added or changed since the base was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// It stands before the entry of the base with this number.
    pub before: u32,
    /// What a hit shows.
    pub head: Head,
    /// Texts of its fields.
    pub fields: [String; FIELDS.len()],
}

/// What has changed since the base was built. Small, hence whole: the browser
/// cuts these texts itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Numbers of entries of the base that are no more, ascending.
    pub removed: Vec<u32>,
    /// New entries in their order.
    pub added: Vec<Added>,
    /// Traditional characters in their texts.
    pub simplifier: Simplifier,
}

/// Root of the index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    /// Entries of the base, newest first.
    pub rows: Vec<Row>,
    /// Parts with heads.
    pub heads: Vec<String>,
    /// Part with the traditional-to-simplified table.
    pub simplifier: String,
    /// Part with synonyms and words.
    pub vocabulary: String,
    /// Part with the sounds of characters.
    pub sounds: String,
    /// Part with ids and hashes of the entries of the base, for the next
    /// build.
    pub manifest: String,
    /// Whether `blocks` are pages of blocks.
    pub paged: bool,
    /// Blocks by first term.
    pub blocks: Vec<Block>,
    /// What has changed since.
    pub delta: Delta,
}

/// How many heads are in one part.
pub fn heads_per_block(count: usize) -> usize {
    if count <= HEADS_IN_ONE { HEADS_IN_ONE } else { HEADS_PER_BLOCK }
}

impl Root {
    /// Raw bytes of the part.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::SearchRoot);
        w.size(self.rows.len());
        for row in &self.rows {
            w.u8(row.class);
        }
        // Months fall from row to row, and few differ.
        let mut at = 0;
        while let Some(row) = self.rows.get(at) {
            let same = self.rows[at..].iter().take_while(|r| r.month == row.month).count();
            w.size(same);
            w.size(row.month.map_or(0, |m| m as usize + 1));
            at += same;
        }
        write_names(&mut w, &self.heads);
        write_names(
            &mut w,
            &[&self.simplifier, &self.vocabulary, &self.sounds, &self.manifest].map(String::clone),
        );
        w.u8(u8::from(self.paged));
        write_blocks(&mut w, &self.blocks);
        w.list(&self.delta.removed, |w, n| w.size(*n as usize));
        w.list(&self.delta.added, |w, a| {
            w.size(a.before as usize);
            a.head.encode(w);
            a.fields.iter().for_each(|f| w.str(f));
        });
        self.delta.simplifier.encode(&mut w);
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        read_part(PartKind::SearchRoot, raw, |r| {
            let mut rows = r.list(|r| Row { class: r.u8(), month: None });
            let mut at = 0;
            while at < rows.len() {
                let (same, month) = (r.u32() as usize, r.u32());
                if same == 0 || same > rows.len() - at {
                    r.fail("月份");
                    break;
                }
                rows[at..at + same].iter_mut().for_each(|row| row.month = month.checked_sub(1));
                at += same;
            }
            let heads = read_names(r);
            let mut names = read_names(r).into_iter();
            let mut name = || names.next().unwrap_or_default();
            Self {
                simplifier: name(),
                vocabulary: name(),
                sounds: name(),
                manifest: name(),
                heads,
                paged: r.flag(),
                blocks: read_blocks(r),
                delta: Delta {
                    removed: {
                        let count = rows.len() as u32;
                        let removed = r.list(Reader::u32);
                        if !removed.is_sorted_by(|a, b| a < b) || removed.last().is_some_and(|n| *n >= count)
                        {
                            r.fail("递增的条目编号");
                        }
                        removed
                    },
                    added: r.list(|r| Added {
                        before: r.u32(),
                        head: Head::read(r),
                        fields: std::array::from_fn(|_| r.string()),
                    }),
                    simplifier: Simplifier::read(r),
                },
                rows,
            }
        })
    }
}

/// Names of parts as the bytes that they spell.
fn write_names(w: &mut Writer, names: &[String]) {
    w.list(names, |w, name| {
        let digits: Vec<u8> = name.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
        digits.chunks(2).for_each(|pair| w.u8(pair.iter().fold(0, |n, d| n << 4 | d)));
    });
}

fn read_names(r: &mut Reader<'_>) -> Vec<String> {
    r.list(|r| {
        let mut name = String::with_capacity(24);
        for byte in r.raw(12) {
            name.extend([byte >> 4, byte & 15].iter().filter_map(|d| char::from_digit(u32::from(*d), 16)));
        }
        name
    })
}

fn write_gram(w: &mut Writer, gram: Gram) {
    w.size(gram.0 as usize);
    w.size(gram.1 as usize);
}

fn read_char(r: &mut Reader<'_>) -> char {
    let c = char::from_u32(r.u32());
    r.require(c, "字符", '\0')
}

fn write_blocks(w: &mut Writer, blocks: &[Block]) {
    w.list(blocks, |w, b| write_gram(w, b.first));
    write_names(w, &blocks.iter().map(|b| b.part.clone()).collect::<Vec<_>>());
}

fn read_blocks(r: &mut Reader<'_>) -> Vec<Block> {
    let firsts = r.list(|r| Gram(read_char(r), read_char(r)));
    let names = read_names(r);
    if firsts.len() != names.len() || !firsts.is_sorted() {
        r.fail("按词排列的块");
    }
    firsts.into_iter().zip(names).map(|(first, part)| Block { first, part }).collect()
}

/// Raw bytes of a page of blocks.
pub fn encode_page(blocks: &[Block]) -> Vec<u8> {
    let mut w = part_writer(PartKind::Pages);
    write_blocks(&mut w, blocks);
    w.into_bytes()
}

/// Reads a page of blocks.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_page(raw: &[u8]) -> Result<Vec<Block>, BundleError> {
    read_part(PartKind::Pages, raw, read_blocks)
}

/// Where the positions of a term are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacesAt {
    /// A single character has none.
    None,
    /// Here.
    Inline(Vec<u8>),
    /// In the part with this number of the block.
    Part(usize),
}

/// One term of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermList {
    /// The term.
    pub gram: Gram,
    /// Entries that have it, ascending.
    pub docs: Vec<(u32, Symbol)>,
    /// Its positions.
    pub places: PlacesAt,
}

/// Terms with postings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermBlock {
    /// Terms in order.
    pub terms: Vec<TermList>,
    /// Parts with positions.
    pub parts: Vec<String>,
}

impl TermBlock {
    /// Raw bytes of the part. What is alike stands together, so that it
    /// compresses well: terms, gaps, symbols, positions.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::Terms);
        write_names(&mut w, &self.parts);
        w.size(self.terms.len());
        let mut last = Gram('\0', '\0');
        for term in &self.terms {
            // 0: the first character as before.
            let first = term.gram.0 as usize - last.0 as usize;
            w.size(first);
            w.size(term.gram.1 as usize - if first == 0 { last.1 as usize } else { 0 });
            last = term.gram;
        }
        for term in &self.terms {
            w.size(term.docs.len());
        }
        for term in &self.terms {
            w.size(match &term.places {
                PlacesAt::None => 0,
                PlacesAt::Inline(_) => 1,
                PlacesAt::Part(number) => number + 2,
            });
        }
        for term in &self.terms {
            let mut next = 0;
            for (doc, _) in &term.docs {
                w.size((doc - next) as usize);
                next = doc + 1;
            }
        }
        for (_, symbol) in self.terms.iter().flat_map(|t| &t.docs) {
            w.u8(symbol.0);
        }
        for term in &self.terms {
            if let PlacesAt::Inline(bytes) = &term.places {
                w.blob(bytes);
            }
        }
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        read_part(PartKind::Terms, raw, |r| {
            let parts = read_names(r);
            let mut last = (0u32, 0u32);
            let grams = r.list(|r| {
                let (first, second) = (r.u32(), r.u32());
                let base = if first == 0 { last.1 } else { 0 };
                last = (last.0.saturating_add(first), base.saturating_add(second));
                let gram = (char::from_u32(last.0), char::from_u32(last.1));
                r.require(gram.0.zip(gram.1), "字符", ('\0', '\0'))
            });
            let counts: Vec<u32> = grams.iter().map(|_| r.u32()).collect();
            let kinds: Vec<u32> = grams.iter().map(|_| r.u32()).collect();
            // Every posting takes two bytes at least: what a list claims is checked before it is held.
            let total: u64 = counts.iter().map(|c| u64::from(*c)).sum();
            if total * 2 > r.left() as u64 {
                r.fail("与剩余长度相符的个数");
                return Self::default();
            }
            let mut lists: Vec<Vec<(u32, Symbol)>> = counts
                .iter()
                .map(|count| {
                    let mut next = 0u32;
                    (0..*count)
                        .map(|_| {
                            let doc = next.saturating_add(r.u32());
                            next = doc.saturating_add(1);
                            (doc, Symbol::default())
                        })
                        .collect()
                })
                .collect();
            for (_, symbol) in lists.iter_mut().flatten() {
                *symbol = Symbol(r.u8());
            }
            let terms = grams.into_iter().zip(lists).zip(kinds).map(|(((first, second), docs), kind)| {
                let places = match kind {
                    0 => PlacesAt::None,
                    1 => PlacesAt::Inline(r.blob().to_vec()),
                    _ => PlacesAt::Part(kind as usize - 2),
                };
                TermList { gram: Gram(first, second), docs, places }
            });
            Self { terms: terms.collect(), parts }
        })
    }
}

/// Appends the positions of one posting.
pub fn encode_places(writer: &mut Writer, places: &[&[u32]; FIELDS.len()]) {
    for (field, positions) in places.iter().enumerate().filter(|(_, p)| !p.is_empty()) {
        // The symbol of the posting already counts the body.
        if field + 1 < FIELDS.len() || positions.len() >= usize::from(BODY_LIMIT) {
            writer.size(positions.len());
        }
        let mut last = 0;
        for position in *positions {
            writer.size((position - last) as usize);
            last = *position;
        }
    }
}

/// Reads what [`encode_places`] wrote for a posting with this symbol.
pub(super) fn read_places(r: &mut Reader<'_>, symbol: Symbol, places: &mut Places) {
    for (field, positions) in places.iter_mut().enumerate() {
        positions.clear();
        if !symbol.has(field) {
            continue;
        }
        let counted = field + 1 == FIELDS.len() && symbol.body() < BODY_LIMIT;
        let count = if counted { usize::from(symbol.body()) } else { r.size() };
        let mut last = 0u32;
        for _ in 0..count {
            if r.left() == 0 {
                r.fail("位置");
                return;
            }
            last = last.saturating_add(r.u32());
            positions.push(last);
        }
    }
}

/// Raw bytes of a part with the positions of several terms.
pub fn encode_places_part(terms: &[Vec<u8>]) -> Vec<u8> {
    let mut w = part_writer(PartKind::Positions);
    w.list(terms, |w, t| w.blob(t));
    w.into_bytes()
}

/// Reads a part with the positions of several terms.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_places_part(raw: &[u8]) -> Result<Vec<Vec<u8>>, BundleError> {
    read_part(PartKind::Positions, raw, |r| r.list(|r| r.blob().to_vec()))
}

/// What a hit shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Id of the measure.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Title of the document.
    pub document: String,
    /// Issuing body.
    pub issuer: String,
    /// Day of issue.
    pub issued: Option<Date>,
    /// Regions.
    pub regions: Vec<Code>,
}

impl Head {
    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        w.str(&self.id);
        w.str(&self.name);
        w.str(&self.document);
        w.str(&self.issuer);
        w.option(self.issued.as_ref(), |w, d| w.int(i128::from(d.days())));
        w.list(&self.regions, |w, c| c.encode(w));
    }

    /// Reads what [`Head::encode`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Self {
        Self {
            id: r.string(),
            name: r.string(),
            document: r.string(),
            issuer: r.string(),
            issued: r.option(Reader::i32).and_then(Date::from_days),
            regions: r.list(Code::read),
        }
    }
}

/// Heads of consecutive entries and the parts with their texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads {
    /// Heads.
    pub heads: Vec<Head>,
    /// Parts with the texts of [`TEXTS_PER_BLOCK`] of them each.
    pub texts: Vec<String>,
}

impl Heads {
    /// Raw bytes of the part.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::Entries);
        w.list(&self.heads, |w, h| h.encode(w));
        write_names(&mut w, &self.texts);
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        read_part(PartKind::Entries, raw, |r| Self { heads: r.list(Head::read), texts: read_names(r) })
    }
}

/// Summary and body of an entry, for excerpts.
pub type Texts = [String; 2];

/// Raw bytes of a part with texts.
pub fn encode_texts(texts: &[Texts]) -> Vec<u8> {
    let mut w = part_writer(PartKind::Excerpts);
    w.list(texts, |w, t| t.iter().for_each(|t| w.str(t)));
    w.into_bytes()
}

/// Reads a part with texts.
///
/// # Errors
/// When it is of another kind or version, or damaged.
pub fn decode_texts(raw: &[u8]) -> Result<Vec<Texts>, BundleError> {
    read_part(PartKind::Excerpts, raw, |r| r.list(|r| [r.string(), r.string()]))
}

/// What the next build must know of a base.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Id, content hash and day of issue of every entry, in order.
    pub entries: Vec<(String, u64, Option<Date>)>,
    /// All parts of the base.
    pub parts: Vec<String>,
}

impl Manifest {
    /// Raw bytes of the part.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::Manifest);
        w.list(&self.entries, |w, (id, hash, issued)| {
            w.str(id);
            w.raw(&hash.to_le_bytes());
            w.option(issued.as_ref(), |w, d| w.int(i128::from(d.days())));
        });
        write_names(&mut w, &self.parts);
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        read_part(PartKind::Manifest, raw, |r| Self {
            entries: r.list(|r| {
                let id = r.string();
                let hash = r.raw(8).iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
                (id, hash, r.option(Reader::i32).and_then(Date::from_days))
            }),
            parts: read_names(r),
        })
    }
}
