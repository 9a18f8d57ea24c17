//! The published form of the index: a root, blocks of sorted terms with
//! postings, blocks of positions, and the entries that hits show.

use litemap::LiteMap;

use super::score::{Hits, Lookup, Posting, search};
use super::{FIELDS, Query, Term};
use crate::bundle::{BundleError, PartKind, part_writer, read_part};
use crate::catalogue::Code;
use crate::codec::{Reader, Writer};
use crate::date::Date;

/// Where one block of terms is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// First term of the block.
    pub first: String,
    /// Part with terms and postings.
    pub terms: String,
    /// Part with positions.
    pub positions: String,
}

/// Root of the index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    /// Number of entries.
    pub count: u32,
    /// Part with the entries.
    pub entries: String,
    /// Part with the traditional-to-simplified table.
    pub simplifier: String,
    /// Part with words to suggest.
    pub words: String,
    /// Blocks by first term.
    pub blocks: Vec<Block>,
}

impl Root {
    /// Raw bytes of the part.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::SearchRoot);
        w.size(self.count as usize);
        w.str(&self.entries);
        w.str(&self.simplifier);
        w.str(&self.words);
        w.list(&self.blocks, |w, b| {
            w.str(&b.first);
            w.str(&b.terms);
            w.str(&b.positions);
        });
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        read_part(PartKind::SearchRoot, raw, |r| Self {
            count: r.u32(),
            entries: r.string(),
            simplifier: r.string(),
            words: r.string(),
            blocks: r.list(|r| Block { first: r.string(), terms: r.string(), positions: r.string() }),
        })
    }

    /// Numbers of the blocks that may hold a term.
    fn blocks_of(&self, term: &Term) -> std::ops::Range<usize> {
        let (low, high) = match term {
            Term::Pair(pair) => (pair.clone(), pair.clone()),
            // The largest two-character term with this first character.
            Term::Prefix(first) => (first.to_string(), format!("{first}\u{10ffff}")),
        };
        let start = self.blocks.partition_point(|b| b.first <= low).saturating_sub(1);
        let end = self.blocks.partition_point(|b| b.first <= high);
        start..end.max(start)
    }
}

/// One entry in the list of a term: document, mask of fields, impact.
pub type Listed = (u32, u8, u8);

/// Terms with postings, without positions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermBlock {
    /// Terms in order.
    pub terms: Vec<(String, Vec<Listed>)>,
}

impl TermBlock {
    /// Raw bytes of the part.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::Terms);
        w.list(&self.terms, |w, (term, postings)| {
            w.str(term);
            w.size(postings.len());
            let mut last = 0;
            for (doc, mask, impact) in postings {
                w.size((doc - last) as usize);
                w.u8(*mask);
                w.u8(*impact);
                last = *doc;
            }
        });
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        read_part(PartKind::Terms, raw, |r| {
            let terms = r.list(|r| {
                let term = r.string();
                let mut doc = 0u32;
                let postings = r.list(|r| {
                    doc = doc.saturating_add(r.u32());
                    (doc, r.u8(), r.u8())
                });
                (term, postings)
            });
            Self { terms }
        })
    }
}

/// Positions of the postings of a term block, in the same order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PositionBlock {
    /// Per term, per posting, per field.
    pub terms: Vec<Vec<[Vec<u32>; FIELDS.len()]>>,
}

impl PositionBlock {
    /// Raw bytes of the part.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::Positions);
        w.list(&self.terms, |w, postings| {
            w.list(postings, |w, fields| {
                let mask = fields.iter().enumerate().fold(0u8, |m, (i, p)| m | u8::from(!p.is_empty()) << i);
                w.u8(mask);
                for positions in fields.iter().filter(|p| !p.is_empty()) {
                    encode_positions(w, positions);
                }
            });
        });
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        read_part(PartKind::Positions, raw, |r| {
            let terms = r.list(|r| {
                r.list(|r| {
                    let mask = r.u8();
                    let mut fields: [Vec<u32>; FIELDS.len()] = Default::default();
                    for (i, field) in fields.iter_mut().enumerate() {
                        if mask & 1 << i != 0 {
                            *field = read_positions(r);
                        }
                    }
                    fields
                })
            });
            Self { terms }
        })
    }
}

fn encode_positions(w: &mut Writer, positions: &[u32]) {
    w.size(positions.len());
    let mut last = 0;
    for position in positions {
        w.size((position - last) as usize);
        last = *position;
    }
}

fn read_positions(r: &mut Reader<'_>) -> Vec<u32> {
    let mut last = 0u32;
    r.list(|r| {
        last = last.saturating_add(r.u32());
        last
    })
}

/// What a hit shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
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

/// Raw bytes of the entries.
pub fn encode_entries(entries: &[Entry]) -> Vec<u8> {
    let mut w = part_writer(PartKind::Entries);
    w.list(entries, |w, e| {
        w.str(&e.id);
        w.str(&e.name);
        w.str(&e.document);
        w.str(&e.issuer);
        w.option(e.issued.as_ref(), |w, d| w.int(i128::from(d.days())));
        w.list(&e.regions, |w, c| c.encode(w));
    });
    w.into_bytes()
}

/// Reads the entries.
///
/// # Errors
/// When the part is of another kind or version, or damaged.
pub fn decode_entries(raw: &[u8]) -> Result<Vec<Entry>, BundleError> {
    read_part(PartKind::Entries, raw, |r| {
        r.list(|r| Entry {
            id: r.string(),
            name: r.string(),
            document: r.string(),
            issuer: r.string(),
            issued: r.option(Reader::i32).and_then(Date::from_days),
            regions: r.list(Code::read),
        })
    })
}

/// An index as far as it has been fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    root: Root,
    blocks: LiteMap<usize, (Option<TermBlock>, Option<PositionBlock>)>,
}

impl Index {
    /// An index of which only the root is known.
    pub fn new(root: Root) -> Self {
        Self { root, blocks: LiteMap::new() }
    }

    /// The root.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Names of parts that `query` takes and that have not been provided.
    pub fn needs(&self, query: &Query) -> Vec<(PartKind, String)> {
        let mut needs = Vec::new();
        for term in query.terms() {
            for number in self.root.blocks_of(&term) {
                let have = self.blocks.get(&number);
                let block = &self.root.blocks[number];
                if have.is_none_or(|(terms, _)| terms.is_none()) {
                    needs.push((PartKind::Terms, block.terms.clone()));
                }
                if have.is_none_or(|(_, positions)| positions.is_none()) {
                    needs.push((PartKind::Positions, block.positions.clone()));
                }
            }
        }
        needs.sort_by(|a, b| a.1.cmp(&b.1));
        needs.dedup();
        needs
    }

    /// Takes the raw bytes of a part named by [`Index::needs`].
    ///
    /// # Errors
    /// When the part is damaged or no part of this index.
    pub fn provide(&mut self, name: &str, raw: &[u8]) -> Result<(), BundleError> {
        for (number, block) in self.root.blocks.iter().enumerate() {
            if block.terms == name {
                let terms = TermBlock::decode(raw)?;
                self.blocks.entry(number).or_default().0 = Some(terms);
                return Ok(());
            }
            if block.positions == name {
                let positions = PositionBlock::decode(raw)?;
                self.blocks.entry(number).or_default().1 = Some(positions);
                return Ok(());
            }
        }
        Err(BundleError::WrongKind { expected: PartKind::Terms.name() })
    }

    /// Whether some term of the query does not occur. The index holds only
    /// simplified characters, so this is also how a traditional query shows.
    pub fn lacks_a_term(&self, query: &Query) -> bool {
        query.terms().iter().any(|term| match term {
            Term::Pair(pair) => self.postings(pair).is_empty(),
            Term::Prefix(first) => self.prefixed(*first).is_empty(),
        })
    }

    /// Ranks over everything that was provided.
    pub fn search(&self, query: &Query) -> Hits {
        search(query, self.root.count, self)
    }

    fn term(&self, block: usize, at: usize) -> Vec<Posting> {
        let Some((Some(terms), positions)) = self.blocks.get(&block) else { return Vec::new() };
        let places = positions.as_ref().and_then(|p| p.terms.get(at));
        let (_, postings) = &terms.terms[at];
        postings
            .iter()
            .enumerate()
            .filter(|(_, (doc, ..))| *doc < self.root.count)
            .map(|(i, (doc, _, impact))| Posting {
                doc: *doc,
                impact: *impact,
                positions: places.and_then(|p| p.get(i)).cloned().unwrap_or_default(),
            })
            .collect()
    }
}

impl Lookup for Index {
    fn postings(&self, term: &str) -> Vec<Posting> {
        for block in self.root.blocks_of(&Term::Pair(term.to_owned())) {
            let Some((Some(terms), _)) = self.blocks.get(&block) else { continue };
            if let Ok(at) = terms.terms.binary_search_by(|(t, _)| t.as_str().cmp(term)) {
                return self.term(block, at);
            }
        }
        Vec::new()
    }

    fn prefixed(&self, first: char) -> Vec<Vec<Posting>> {
        let mut lists = Vec::new();
        for block in self.root.blocks_of(&Term::Prefix(first)) {
            let Some((Some(terms), _)) = self.blocks.get(&block) else { continue };
            for (at, (term, _)) in terms.terms.iter().enumerate() {
                if term.starts_with(first) {
                    lists.push(self.term(block, at));
                }
            }
        }
        lists
    }
}
