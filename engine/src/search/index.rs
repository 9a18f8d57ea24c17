//! An index as far as it has been fetched.

use std::borrow::Cow;

use litemap::LiteMap;

use super::format::{
    Added, Block, Delta, Head, Heads, PlacesAt, Root, TEXTS_PER_BLOCK, TermBlock, Texts, decode_page,
    decode_places_part, decode_texts, heads_per_block, read_places,
};
use super::query::Query;
use super::score::{Hits, Lists, Lookup, Places, RowOf, Rows, Symbol, length_class, month_of, search};
use super::text::{Gram, cut};
use super::{FIELDS, text_length};
use crate::bundle::{BundleError, PartKind};
use crate::codec::Reader;

/// Most blocks fetched before a first answer.
const FIRST_BLOCKS: usize = 10;

/// A list of places: bytes, and where each posting begins in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Spots {
    bytes: Vec<u8>,
    starts: Vec<u32>,
}

impl Spots {
    fn new(bytes: Vec<u8>, docs: &[(u32, Symbol)]) -> Self {
        let mut r = Reader::new(&bytes);
        let mut places = Places::default();
        let starts = docs
            .iter()
            .map(|(_, symbol)| {
                let start = bytes.len() - r.left();
                read_places(&mut r, *symbol, &mut places);
                start as u32
            })
            .collect();
        Self { bytes, starts }
    }

    fn read(&self, at: usize, symbol: Symbol, places: &mut Places) {
        let start = self.starts.get(at).map_or(0, |s| *s as usize);
        read_places(&mut Reader::new(&self.bytes[start..]), symbol, places);
    }
}

/// Places of one term.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    Spots(Spots),
    /// In part number, at this place of it.
    Part(usize, usize),
    None,
}

/// One term, fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
struct List {
    docs: Vec<(u32, Symbol)>,
    places: Known,
}

/// One block, fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Opened {
    grams: Vec<Gram>,
    lists: Vec<List>,
    parts: Vec<String>,
}

impl Opened {
    /// `bound`: numbers of entries are below this; a part that has others is
    /// damaged.
    fn new(block: TermBlock, bound: u32) -> Result<Self, BundleError> {
        if block.terms.iter().any(|t| t.docs.last().is_some_and(|(doc, _)| *doc >= bound)) {
            return Err(BundleError::WrongKind { expected: PartKind::Terms.name() });
        }
        let mut filled = vec![0; block.parts.len()];
        let mut grams = Vec::new();
        let mut lists = Vec::new();
        for term in block.terms {
            let places = match term.places {
                PlacesAt::None => Known::None,
                PlacesAt::Inline(bytes) => Known::Spots(Spots::new(bytes, &term.docs)),
                PlacesAt::Part(number) => match filled.get_mut(number) {
                    Some(place) => {
                        *place += 1;
                        Known::Part(number, *place - 1)
                    }
                    None => Known::None,
                },
            };
            grams.push(term.gram);
            lists.push(List { docs: term.docs, places });
        }
        Ok(Self { grams, lists, parts: block.parts })
    }

    fn list(&self, gram: Gram) -> Option<&List> {
        self.grams.binary_search(&gram).ok().map(|at| &self.lists[at])
    }

    /// Takes part number `number`.
    fn places(&mut self, number: usize, terms: &[Vec<u8>]) {
        for list in &mut self.lists {
            if let Known::Part(part, at) = list.places
                && part == number
            {
                let bytes = terms.get(at).cloned().unwrap_or_default();
                list.places = Known::Spots(Spots::new(bytes, &list.docs));
            }
        }
    }
}

/// Entries that were added after the base was built, cut here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Small {
    lists: LiteMap<Gram, Vec<(u32, Places)>>,
    rows: Vec<(u8, Option<u32>)>,
}

impl Small {
    fn new(root: &Root) -> Self {
        let mut all: Vec<(Gram, u32, usize, u32)> = Vec::new();
        let mut rows = Vec::new();
        for (doc, added) in (0u32..).zip(&root.delta.added) {
            for (field, text) in added.fields.iter().enumerate() {
                let terms = cut(text, &root.delta.simplifier);
                all.extend(terms.into_iter().map(|(gram, at)| (gram, doc, field, at)));
            }
            rows.push((length_class(text_length(&added.fields)), added.head.issued.map(month_of)));
        }
        all.sort_unstable();
        let mut sorted: Vec<(Gram, Vec<(u32, Places)>)> = Vec::new();
        for (gram, doc, field, at) in all {
            if sorted.last().is_none_or(|(g, _)| *g != gram) {
                sorted.push((gram, Vec::new()));
            }
            let Some((_, list)) = sorted.last_mut() else { continue };
            if list.last().is_none_or(|(d, _)| *d != doc) {
                list.push((doc, Places::default()));
            }
            if let Some((_, places)) = list.last_mut() {
                places[field].push(at);
            }
        }
        Self { lists: LiteMap::from_sorted_store_unchecked(sorted), rows }
    }

    fn list(&self, gram: Gram) -> Vec<(u32, Symbol)> {
        let symbol = |places: &Places| Symbol::new(std::array::from_fn(|f| places[f].len()));
        if !gram.is_single() {
            return self.lists.get(&gram).into_iter().flatten().map(|(d, p)| (*d, symbol(p))).collect();
        }
        // Every character begins a term.
        let mut found: LiteMap<u32, Symbol> = LiteMap::new();
        let from = self.lists.iter().filter(|(g, _)| g.0 == gram.0);
        for (doc, places) in from.flat_map(|(_, list)| list) {
            let joined = found.get(doc).map_or(symbol(places), |s| s.join(symbol(places)));
            found.insert(*doc, joined);
        }
        found.into_iter().collect()
    }
}

/// The index of one area.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Area {
    root: Root,
    small: Small,
    /// Number of its first entry among all areas.
    offset: u32,
    pages: LiteMap<usize, Vec<Block>>,
    blocks: LiteMap<String, Opened>,
    /// Place of every number among the entries, newest first; removed ones
    /// have none.
    ranks: Vec<Option<u32>>,
    heads: LiteMap<usize, Heads>,
    texts: LiteMap<String, Vec<Texts>>,
}

impl Area {
    fn new(root: Root, offset: u32, first_rank: u32) -> Self {
        let base = root.rows.len();
        let mut ranks = vec![None; base + root.delta.added.len()];
        let mut next = first_rank;
        let mut added = root.delta.added.iter().enumerate().peekable();
        for number in 0..=base {
            while let Some((at, _)) = added.next_if(|(_, a)| a.before as usize <= number || number == base) {
                ranks[base + at] = Some(next);
                next += 1;
            }
            if number < base && root.delta.removed.binary_search(&(number as u32)).is_err() {
                ranks[number] = Some(next);
                next += 1;
            }
        }
        Self { small: Small::new(&root), root, offset, ranks, ..Self::default() }
    }

    fn rows(&self) -> impl Iterator<Item = RowOf> {
        let base = self.root.rows.iter().map(|row| (row.class, row.month));
        base.chain(self.small.rows.iter().copied())
            .zip(&self.ranks)
            .map(|((class, month), rank)| (class, month, *rank))
    }

    fn base(&self) -> u32 {
        self.root.rows.len() as u32
    }

    fn added(&self, doc: u32) -> Option<&Added> {
        self.root.delta.added.get(doc.checked_sub(self.base())? as usize)
    }

    /// The block that may hold a term, or the page that says which.
    fn block(&self, gram: Gram) -> Result<Option<&str>, (usize, &str)> {
        let of = |blocks: &[Block]| blocks.partition_point(|b| b.first <= gram).checked_sub(1);
        let Some(at) = of(&self.root.blocks) else { return Ok(None) };
        let part = self.root.blocks[at].part.as_str();
        if !self.root.paged {
            return Ok(Some(part));
        }
        let page = self.pages.get(&at).ok_or((at, part))?;
        Ok(of(page).map(|at| page[at].part.as_str()))
    }

    fn open(&self, gram: Gram) -> Option<Option<&List>> {
        match self.block(gram) {
            Ok(None) => Some(None),
            Ok(Some(part)) => self.blocks.get(part).map(|block| block.list(gram)),
            Err(_) => None,
        }
    }

    /// Number of the part with the head of an entry of the base.
    fn head_block(&self, doc: u32) -> (usize, usize) {
        let per = heads_per_block(self.root.rows.len());
        (doc as usize / per, doc as usize % per)
    }

    fn head(&self, doc: u32) -> Option<&Head> {
        if let Some(added) = self.added(doc) {
            return Some(&added.head);
        }
        let (block, at) = self.head_block(doc);
        self.heads.get(&block)?.heads.get(at)
    }

    fn text_part(&self, doc: u32) -> Option<(&str, usize)> {
        let (block, at) = self.head_block(doc);
        let name = self.heads.get(&block)?.texts.get(at / TEXTS_PER_BLOCK)?;
        Some((name, at % TEXTS_PER_BLOCK))
    }
}

/// What a part is for, once it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Page(usize),
    Terms,
    /// Of the block with this name, the part with this number.
    Places(String, usize),
    Heads(usize),
    Texts,
}

/// An index of one or more areas, as far as it has been fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    areas: Vec<Area>,
    rows: Rows,
    wanted: LiteMap<String, (usize, Wanted)>,
}

impl Index {
    /// An index of which only the roots are known.
    pub fn new(roots: Vec<Root>) -> Self {
        let mut areas: Vec<Area> = Vec::new();
        let (mut offset, mut rank) = (0, 0);
        for root in roots {
            let area = Area::new(root, offset, rank);
            offset += area.ranks.len() as u32;
            rank += area.ranks.iter().flatten().count() as u32;
            areas.push(area);
        }
        let rows = Rows::new(areas.iter().flat_map(Area::rows));
        Self { areas, rows, wanted: LiteMap::new() }
    }

    /// The root of an area.
    pub fn root(&self, area: usize) -> Option<&Root> {
        self.areas.get(area).map(|a| &a.root)
    }

    fn area(&self, doc: u32) -> Option<(usize, u32)> {
        let at = self.areas.partition_point(|a| a.offset <= doc).checked_sub(1)?;
        let local = doc - self.areas[at].offset;
        ((local as usize) < self.areas[at].ranks.len()).then_some((at, local))
    }

    fn want(&mut self, area: usize, name: &str, wanted: Wanted, names: &mut Vec<String>) {
        if !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
        self.wanted.insert(name.to_owned(), (area, wanted));
    }

    /// Names of the parts that a better answer to `query` takes: what is
    /// fetched together in one round. First the terms, then positions and the
    /// terms that a long query has beside. Empty when the answer is the last.
    pub fn needs(&mut self, query: &Query) -> Vec<String> {
        let mut pages: Vec<(usize, usize, String)> = Vec::new();
        let mut blocks: Vec<(usize, String)> = Vec::new();
        let mut open = 0;
        for gram in query.grams() {
            for (number, area) in self.areas.iter().enumerate() {
                match area.block(gram) {
                    Err((page, name)) => pages.push((number, page, name.to_owned())),
                    Ok(Some(name)) if !area.blocks.contains_key(name) => {
                        if !blocks.iter().any(|(_, n)| n == name) {
                            blocks.push((number, name.to_owned()));
                        }
                    }
                    Ok(_) => open += 1,
                }
            }
        }
        let mut names = Vec::new();
        for (area, page, name) in pages {
            self.want(area, &name, Wanted::Page(page), &mut names);
        }
        if !names.is_empty() {
            return names;
        }
        let first = open == 0;
        for (area, name) in
            blocks.into_iter().take(if first { FIRST_BLOCKS * self.areas.len() } else { usize::MAX })
        {
            self.want(area, &name, Wanted::Terms, &mut names);
        }
        if !first {
            for (area, block, number, name) in self.missing_places(query) {
                self.want(area, &name, Wanted::Places(block, number), &mut names);
            }
        }
        names
    }

    /// Positions that decide whether runs stand as typed, and when none does,
    /// how close the terms stand.
    fn missing_places(&self, query: &Query) -> Vec<(usize, String, usize, String)> {
        let lists = Lists::new(query, self);
        let exact = query.runs.iter().any(|r| r.exact);
        let mut missing = Vec::new();
        let all = lists.all(query);
        if exact || !all.is_empty() {
            let covers = query.runs.iter().map(|run| lists.cover(run)).filter(|cover| cover.len() > 1);
            let grams: Vec<Gram> = covers.flatten().map(|(gram, _)| gram).chain(query.written()).collect();
            missing = self.unplaced(&grams);
        }
        if missing.is_empty() && !lists.stand(query, &all, self) {
            let grams: Vec<Gram> = query.terms.iter().filter(|t| t.weight > 0).map(|t| t.gram).collect();
            missing = self.unplaced(&grams);
        }
        missing
    }

    /// Of terms whose positions are not known: area, block, number and name
    /// of the part.
    fn unplaced(&self, grams: &[Gram]) -> Vec<(usize, String, usize, String)> {
        let mut missing = Vec::new();
        for gram in grams {
            for (number, area) in self.areas.iter().enumerate() {
                let Ok(Some(name)) = area.block(*gram) else { continue };
                let Some(block) = area.blocks.get(name) else { continue };
                if let Some(List { places: Known::Part(part, _), .. }) = block.list(*gram)
                    && let Some(part_name) = block.parts.get(*part)
                {
                    missing.push((number, name.to_owned(), *part, part_name.clone()));
                }
            }
        }
        missing
    }

    /// Names of the parts with the heads of entries.
    pub fn needs_heads(&mut self, docs: &[u32]) -> Vec<String> {
        let mut names = Vec::new();
        for doc in docs {
            let Some((at, local)) = self.area(*doc) else { continue };
            let area = &self.areas[at];
            if area.head(local).is_none() {
                let (block, _) = area.head_block(local);
                if let Some(name) = area.root.heads.get(block).cloned() {
                    self.want(at, &name, Wanted::Heads(block), &mut names);
                }
            }
        }
        names
    }

    /// Names of the parts with the texts of entries whose heads are known.
    pub fn needs_texts(&mut self, docs: &[u32]) -> Vec<String> {
        let mut names = Vec::new();
        for doc in docs {
            let Some((at, local)) = self.area(*doc) else { continue };
            let area = &self.areas[at];
            if area.added(local).is_none()
                && let Some((name, _)) = area.text_part(local)
                && !area.texts.contains_key(name)
            {
                let name = name.to_owned();
                self.want(at, &name, Wanted::Texts, &mut names);
            }
        }
        names
    }

    /// Number of the area that a part was asked for by, among those the index was opened with.
    pub fn area_of(&self, name: &str) -> usize {
        self.wanted.get(name).map_or(0, |(area, _)| *area)
    }

    /// Takes the raw bytes of a part that was asked for.
    ///
    /// # Errors
    /// When the part is damaged or was not asked for.
    pub fn provide(&mut self, name: &str, raw: &[u8]) -> Result<(), BundleError> {
        let Some((area, wanted)) = self.wanted.remove(name) else {
            return Err(BundleError::WrongKind { expected: PartKind::Terms.name() });
        };
        let area = &mut self.areas[area];
        match wanted {
            Wanted::Page(number) => {
                area.pages.insert(number, decode_page(raw)?);
            }
            Wanted::Terms => {
                let block = Opened::new(TermBlock::decode(raw)?, area.base())?;
                area.blocks.insert(name.to_owned(), block);
            }
            Wanted::Places(block, number) => {
                let terms = decode_places_part(raw)?;
                if let Some(block) = area.blocks.get_mut(&block) {
                    block.places(number, &terms);
                }
            }
            Wanted::Heads(number) => {
                area.heads.insert(number, Heads::decode(raw)?);
            }
            Wanted::Texts => {
                area.texts.insert(name.to_owned(), decode_texts(raw)?);
            }
        }
        Ok(())
    }

    /// Ranks over everything that was provided.
    pub fn search(&self, query: &Query) -> Hits {
        search(query, self)
    }

    /// What a hit shows, if it has been fetched.
    pub fn head(&self, doc: u32) -> Option<&Head> {
        let (at, local) = self.area(doc)?;
        self.areas[at].head(local)
    }

    /// Summary and body of an entry, if they have been fetched.
    pub fn texts(&self, doc: u32) -> Option<[&str; 2]> {
        let (at, local) = self.area(doc)?;
        let area = &self.areas[at];
        if let Some(added) = area.added(local) {
            return Some([&added.fields[2], &added.fields[3]]);
        }
        let (name, place) = area.text_part(local)?;
        let texts = area.texts.get(name)?.get(place)?;
        Some([&texts[0], &texts[1]])
    }

    /// Whether something that was typed occurs nowhere: a wrong word perhaps,
    /// or traditional characters, of which the index holds none.
    pub fn lacks(&self, query: &Query) -> bool {
        query.terms.iter().any(|t| self.list(t.gram).is_some_and(|l| l.is_empty()))
    }

    /// Place of an entry among all that are still there, area by area, newest first: its row in the tables of the areas
    /// put together.
    pub fn row(&self, doc: u32) -> Option<usize> {
        self.rows.rank(doc).map(|rank| rank as usize)
    }
}

impl Lookup for Index {
    fn rows(&self) -> &Rows {
        &self.rows
    }

    fn list(&self, gram: Gram) -> Option<Cow<'_, [(u32, Symbol)]>> {
        if let [area] = &self.areas[..]
            && area.root.delta == Delta::default()
        {
            let docs = area.open(gram)?.map_or(&[][..], |list| &list.docs);
            return Some(Cow::Borrowed(docs));
        }
        let mut all = Vec::new();
        for area in &self.areas {
            let found = area.open(gram)?;
            let removed = &area.root.delta.removed;
            all.extend(
                found
                    .into_iter()
                    .flat_map(|l| &l.docs)
                    .filter(|(doc, _)| removed.binary_search(doc).is_err())
                    .map(|(doc, symbol)| (doc + area.offset, *symbol)),
            );
            let start = area.offset + area.base();
            all.extend(area.small.list(gram).into_iter().map(|(doc, symbol)| (doc + start, symbol)));
        }
        Some(Cow::Owned(all))
    }

    fn places(&self, gram: Gram, doc: u32, places: &mut Places) -> bool {
        places.iter_mut().for_each(Vec::clear);
        let Some((at, local)) = self.area(doc) else { return false };
        let area = &self.areas[at];
        if let Some(small) = local.checked_sub(area.base()) {
            if let Some(list) = area.small.lists.get(&gram)
                && let Ok(at) = list.binary_search_by_key(&small, |(d, _)| *d)
            {
                places.clone_from(&list[at].1);
            }
            return true;
        }
        let Some(Some(list)) = area.open(gram) else { return false };
        match (&list.places, list.docs.binary_search_by_key(&local, |(d, _)| *d)) {
            (Known::Spots(spots), Ok(at)) => {
                spots.read(at, list.docs[at].1, places);
                true
            }
            _ => false,
        }
    }
}

const _: () = assert!(FIELDS.len() == 4, "texts are the third and the fourth field");
