//! The web index: a projection of the offline index into parts that a browser
//! fetches one by one. A *base* holds everything; what has changed since is a
//! *delta* in the root, as long as it is small.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Mutex;

use huiqi_engine::bundle::PartKind;
use huiqi_engine::fold::Simplifier;
use huiqi_engine::search::{
    Added, Block, Delta, Gram, Heads, INLINE_PLACES, Manifest, PAGE_BLOCKS, PlacesAt, ROOT_BLOCKS, Root, Row,
    Symbol, TEXTS_PER_BLOCK, TermBlock, TermList, encode_page, encode_places_part, encode_texts,
    heads_per_block, length_class, month_of,
};
use rayon::prelude::*;

use crate::text_index::TextIndex;

/// Raw bytes of terms and postings per block, at least and at most. Small
/// blocks spare a query its neighbours; but the root lists them all.
const BLOCK_BYTES: [usize; 2] = [12 << 10, 32 << 10];
/// So many blocks are aimed at.
const BLOCKS: usize = 1200;
/// Raw bytes of positions per part, roughly.
const PLACES_BYTES: usize = 10 << 10;
/// Largest delta, raw: about 32 kB stored.
pub const DELTA_BYTES: usize = 80 << 10;
/// Blocks that are compressed together, to use all cores.
const BATCH: usize = 64;

/// Stores a part and returns its name.
pub type Store<'a> = dyn Fn(PartKind, &[u8]) -> anyhow::Result<String> + Sync + 'a;

/// What was published before.
#[derive(Debug, Clone)]
pub struct Previous {
    /// Its root.
    pub root: Root,
    /// The manifest of its base.
    pub manifest: Manifest,
}

/// Parts of the index that are the same for all areas.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Part with the traditional-to-simplified table.
    pub simplifier: String,
    /// Part with the vocabulary.
    pub vocabulary: String,
    /// Part with the sounds of characters.
    pub sounds: String,
}

/// The root of one area and the parts of the base it names.
#[derive(Debug, Clone)]
pub struct Projected {
    /// The root.
    pub root: Root,
    /// Parts of the base, its manifest included.
    pub parts: Vec<String>,
    /// Whether only a delta was written.
    pub is_delta: bool,
}

/// Writes the web index of areas: of each the numbers of its entries and what
/// was published before.
///
/// # Errors
/// When the offline index is damaged or `store` fails.
pub fn project(
    index: &TextIndex,
    areas: Vec<(Range<u32>, Option<Previous>)>,
    shared: &Shared,
    store: &Store<'_>,
) -> anyhow::Result<Vec<Projected>> {
    let mut done: Vec<Option<Projected>> = Vec::new();
    let mut anew = Vec::new();
    for (range, previous) in areas {
        let mut projected = None;
        if let Some(Previous { root, manifest }) = previous
            && let Some(delta) = delta(index, range.clone(), &manifest)?
        {
            let mut parts = manifest.parts;
            parts.push(root.manifest.clone());
            let root = Root {
                delta,
                simplifier: shared.simplifier.clone(),
                vocabulary: shared.vocabulary.clone(),
                sounds: shared.sounds.clone(),
                ..root
            };
            projected = Some(Projected { root, parts, is_delta: true });
        } else {
            anew.push(range);
        }
        done.push(projected);
    }
    let mut anew = bases(index, &anew, shared, store)?.into_iter();
    Ok(done.into_iter().filter_map(|p| p.or_else(|| anew.next())).collect())
}

/// What has changed since a base was written; `None` when it is too much.
fn delta(index: &TextIndex, range: Range<u32>, manifest: &Manifest) -> anyhow::Result<Option<Delta>> {
    let entries = &index.entries()[range.start as usize..range.end as usize];
    let now: BTreeMap<&str, u64> = entries.iter().map(|e| (e.id.as_str(), e.hash)).collect();
    let before: BTreeMap<&str, u64> =
        manifest.entries.iter().map(|(id, hash, _)| (id.as_str(), *hash)).collect();
    let mut delta = Delta::default();
    for (number, (id, hash, _)) in (0u32..).zip(&manifest.entries) {
        if now.get(id.as_str()) != Some(hash) {
            delta.removed.push(number);
        }
    }
    let mut size = delta.removed.len() * 2;
    let mut characters: BTreeSet<char> = BTreeSet::new();
    for (number, entry) in (range.start..).zip(entries) {
        if before.get(entry.id.as_str()) == Some(&entry.hash) {
            continue;
        }
        let document = index.document(number)?;
        size += document.fields.iter().map(String::len).sum::<usize>();
        if size > DELTA_BYTES {
            return Ok(None);
        }
        let key = entry.key();
        let before = manifest
            .entries
            .partition_point(|(id, _, issued)| (std::cmp::Reverse(*issued), id.as_str()) < key);
        document.fields.iter().for_each(|f| characters.extend(f.chars()));
        delta.added.push(Added { before: before as u32, head: document.head, fields: document.fields });
    }
    let pairs = characters.into_iter().map(|c| (c, index.simplifier().fold(c)));
    delta.simplifier = Simplifier::new(pairs.filter(|(from, to)| huiqi_engine::fold::fold(*from) != *to));
    Ok(Some(delta))
}

/// Names of parts, as they are stored.
struct Stored<'a> {
    store: &'a Store<'a>,
    names: Mutex<BTreeSet<String>>,
}

impl Stored<'_> {
    fn add(&self, kind: PartKind, raw: &[u8]) -> anyhow::Result<String> {
        let name = (self.store)(kind, raw)?;
        if let Ok(mut names) = self.names.lock() {
            names.insert(name.clone());
        }
        Ok(name)
    }
}

/// A term, the entries that have it, and its positions.
type Listed = (Gram, Vec<(u32, Symbol)>, Vec<u8>);

/// Terms that will be one block.
#[derive(Default)]
struct Pending {
    terms: Vec<Listed>,
    size: usize,
}

impl Pending {
    /// Stores the block with its positions.
    fn store(self, stored: &Stored<'_>) -> anyhow::Result<Option<Block>> {
        let mut block = TermBlock::default();
        let mut open: Vec<Vec<u8>> = Vec::new();
        let mut size = 0;
        let Some(first) = self.terms.first().map(|(gram, ..)| *gram) else { return Ok(None) };
        for (gram, docs, places) in self.terms {
            let places = if places.is_empty() {
                PlacesAt::None
            } else if places.len() <= INLINE_PLACES {
                PlacesAt::Inline(places)
            } else {
                if size > 0 && size + places.len() > PLACES_BYTES {
                    block.parts.push(stored.add(PartKind::Positions, &encode_places_part(&open))?);
                    open.clear();
                    size = 0;
                }
                size += places.len();
                open.push(places);
                PlacesAt::Part(block.parts.len())
            };
            block.terms.push(TermList { gram, docs, places });
        }
        if !open.is_empty() {
            block.parts.push(stored.add(PartKind::Positions, &encode_places_part(&open))?);
        }
        Ok(Some(Block { first, part: stored.add(PartKind::Terms, &block.encode())? }))
    }
}

/// Cuts sorted terms into blocks.
struct Blocks<'a> {
    stored: &'a Stored<'a>,
    /// Raw bytes of a block.
    limit: usize,
    open: Pending,
    batch: Vec<Pending>,
    done: Vec<Block>,
}

impl Blocks<'_> {
    fn add(&mut self, gram: Gram, docs: Vec<(u32, Symbol)>, places: Vec<u8>) -> anyhow::Result<()> {
        let inline = if places.len() <= INLINE_PLACES { places.len() } else { 0 };
        let size = 4 + 2 * docs.len() + inline;
        // A long list is a block by itself: a query for its neighbours does not pay for it.
        if self.open.size > 0 && self.open.size + size > self.limit {
            self.close()?;
        }
        self.open.terms.push((gram, docs, places));
        self.open.size += size;
        Ok(())
    }

    fn close(&mut self) -> anyhow::Result<()> {
        self.batch.push(std::mem::take(&mut self.open));
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let stored = self.stored;
        let blocks: Vec<Option<Block>> = std::mem::take(&mut self.batch)
            .into_par_iter()
            .map(|p| p.store(stored))
            .collect::<Result<_, _>>()?;
        self.done.extend(blocks.into_iter().flatten());
        Ok(())
    }
}

/// What is being written of one area.
struct Area<'a> {
    range: Range<u32>,
    heads: Vec<String>,
    blocks: Blocks<'a>,
    /// The terms that begin with one character, taken as one: a symbol for
    /// each entry, and the entries that have one.
    single: Vec<Symbol>,
    touched: Vec<u32>,
}

/// Writes the whole index of areas, in one walk over all terms.
fn bases(
    index: &TextIndex,
    ranges: &[Range<u32>],
    shared: &Shared,
    store: &Store<'_>,
) -> anyhow::Result<Vec<Projected>> {
    let stored: Vec<Stored<'_>> = ranges.iter().map(|_| Stored { store, names: Mutex::default() }).collect();
    let mut areas = Vec::new();
    for (range, stored) in ranges.iter().zip(&stored) {
        let entries = &index.entries()[range.start as usize..range.end as usize];
        // A character of text makes about two bytes of postings.
        let bytes: usize = entries.iter().map(|e| 2 * e.length as usize).sum();
        let limit = (bytes / BLOCKS).clamp(BLOCK_BYTES[0], BLOCK_BYTES[1]);
        let blocks = Blocks { stored, limit, open: Pending::default(), batch: Vec::new(), done: Vec::new() };
        let heads = heads(index, range.clone(), stored)?;
        areas.push(Area {
            range: range.clone(),
            heads,
            blocks,
            single: vec![Symbol::default(); range.len()],
            touched: Vec::new(),
        });
    }
    if areas.is_empty() {
        return Ok(Vec::new());
    }
    let mut first = None;
    index.for_each_term(|gram, postings| {
        if first != Some(gram.0)
            && let Some(c) = first.replace(gram.0)
        {
            areas.iter_mut().try_for_each(|area| area.close_single(c))?;
        }
        // Entries are numbered by area.
        let mut rest = &postings.docs[..];
        let mut from = 0;
        while let Some((number, ..)) = rest.first() {
            let at = areas.partition_point(|a| a.range.end <= *number);
            let end = areas.get(at).map_or(u32::MAX, |a| a.range.end);
            let (here, after) = rest.split_at(rest.partition_point(|(n, ..)| *n < end));
            let to = here.last().map_or(from, |(_, _, to)| *to);
            match areas.get_mut(at) {
                Some(area) if area.range.contains(number) => {
                    area.add(gram, here, &postings.places[from..to])?
                }
                _ => {}
            }
            (rest, from) = (after, to);
        }
        Ok(())
    })?;
    let mut projected = Vec::new();
    for (mut area, stored) in areas.into_iter().zip(&stored) {
        if let Some(c) = first {
            area.close_single(c)?;
        }
        projected.push(area.finish(index, stored, shared)?);
    }
    Ok(projected)
}

impl Area<'_> {
    /// Adds the postings that one term has here.
    fn add(&mut self, gram: Gram, postings: &[(u32, Symbol, usize)], places: &[u8]) -> anyhow::Result<()> {
        let start = self.range.start;
        let docs: Vec<(u32, Symbol)> = postings.iter().map(|(n, symbol, _)| (n - start, *symbol)).collect();
        if !gram.is_written() {
            for (doc, symbol) in &docs {
                let single = &mut self.single[*doc as usize];
                if *single == Symbol::default() {
                    self.touched.push(*doc);
                }
                *single = single.join(*symbol);
            }
        }
        if gram.is_single() { Ok(()) } else { self.blocks.add(gram, docs, places.to_vec()) }
    }

    fn close_single(&mut self, c: char) -> anyhow::Result<()> {
        self.touched.sort_unstable();
        let docs: Vec<(u32, Symbol)> =
            self.touched.drain(..).map(|doc| (doc, std::mem::take(&mut self.single[doc as usize]))).collect();
        if docs.is_empty() { Ok(()) } else { self.blocks.add(Gram::single(c), docs, Vec::new()) }
    }

    fn finish(
        mut self,
        index: &TextIndex,
        stored: &Stored<'_>,
        shared: &Shared,
    ) -> anyhow::Result<Projected> {
        self.blocks.close()?;
        self.blocks.flush()?;
        let mut blocks = self.blocks.done;
        let paged = blocks.len() > ROOT_BLOCKS;
        if paged {
            blocks = blocks
                .chunks(PAGE_BLOCKS)
                .map(|page| {
                    Ok(Block { first: page[0].first, part: stored.add(PartKind::Pages, &encode_page(page))? })
                })
                .collect::<anyhow::Result<_>>()?;
        }
        let entries = &index.entries()[self.range.start as usize..self.range.end as usize];
        let parts = stored.names.lock().map(|names| names.iter().cloned().collect()).unwrap_or_default();
        let manifest =
            Manifest { entries: entries.iter().map(|e| (e.id.clone(), e.hash, e.issued)).collect(), parts };
        let root = Root {
            rows: entries
                .iter()
                .map(|e| Row { class: length_class(e.length as usize), month: e.issued.map(month_of) })
                .collect(),
            heads: self.heads,
            simplifier: shared.simplifier.clone(),
            vocabulary: shared.vocabulary.clone(),
            sounds: shared.sounds.clone(),
            manifest: (stored.store)(PartKind::Manifest, &manifest.encode())?,
            paged,
            blocks,
            delta: Delta::default(),
        };
        let mut parts = manifest.parts;
        parts.push(root.manifest.clone());
        Ok(Projected { root, parts, is_delta: false })
    }
}

/// Writes heads and texts; returns the parts with heads.
fn heads(index: &TextIndex, range: Range<u32>, stored: &Stored<'_>) -> anyhow::Result<Vec<String>> {
    let per = heads_per_block(range.len());
    let numbers: Vec<u32> = range.collect();
    let mut names = Vec::new();
    // A batch of parts at a time: the texts of a whole area may not fit into memory.
    for batch in numbers.chunks(per.max(BATCH * per / 4)) {
        let documents = batch.iter().map(|n| index.document(*n)).collect::<anyhow::Result<Vec<_>>>()?;
        let parts: Vec<String> = documents
            .par_chunks(per)
            .map(|block| {
                let texts = block
                    .par_chunks(TEXTS_PER_BLOCK)
                    .map(|part| {
                        let texts: Vec<[String; 2]> =
                            part.iter().map(|d| [d.fields[2].clone(), d.fields[3].clone()]).collect();
                        stored.add(PartKind::Excerpts, &encode_texts(&texts))
                    })
                    .collect::<anyhow::Result<_>>()?;
                let heads = Heads { heads: block.iter().map(|d| d.head.clone()).collect(), texts };
                stored.add(PartKind::Entries, &heads.encode())
            })
            .collect::<anyhow::Result<_>>()?;
        names.extend(parts);
    }
    Ok(names)
}
