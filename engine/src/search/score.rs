//! The one scorer, integer arithmetic only: the browser ranks with it over
//! fetched blocks, the command over postings from tantivy.

use std::borrow::Cow;

use super::FIELDS;
use super::query::{FULL, Query, Run};
use super::text::Gram;
use crate::date::Date;

/// Terms of a question stand close together within so many characters, a
/// sentence and a clause; what that is worth against the same terms found
/// apart, in 1/256. Set on 400 real questions.
const NEAR: [(u32, u32); 2] = [(30, 180), (120, 72)];
/// So many entries are looked at for terms that stand close together.
const NEAR_ENTRIES: usize = 50;

/// What each of several words is worth in an entry that has them all: so much for standing in the name, and as much for
/// each doubling of its weight in the text. More than all else: when nothing is missing, a rare word says no more about
/// an entry than a common one. Set on 200 queries of several words over 10,000 synthetic documents (mean reciprocal
/// rank .675 instead of .634).
const EACH: u32 = 4096;

/// Positions of one term in one entry, per field, in characters, ascending.
pub type Places = [Vec<u32>; FIELDS.len()];

/// Which fields have a term, and how often the body has it: one byte.
/// Bits 0 to 2 are the name, the document and the summary, the rest counts
/// the body, 31 for 31 and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Symbol(pub u8);

/// Largest count of a body that a symbol holds.
pub(super) const BODY_LIMIT: u8 = 31;

impl Symbol {
    /// From the number of occurrences per field.
    pub fn new(counts: [usize; FIELDS.len()]) -> Self {
        let [name, document, summary, body] = counts;
        let present = u8::from(name > 0) | u8::from(document > 0) << 1 | u8::from(summary > 0) << 2;
        Self(present | (body.min(usize::from(BODY_LIMIT)) as u8) << 3)
    }

    /// Whether field number `field` has the term.
    pub fn has(self, field: usize) -> bool {
        if field + 1 == FIELDS.len() { self.0 >> 3 > 0 } else { self.0 & 1 << field != 0 }
    }

    /// Fields that have the term, as bits.
    pub fn fields(self) -> u8 {
        self.0 & 7 | u8::from(self.0 >> 3 > 0) << 3
    }

    /// How often the body has it.
    pub fn body(self) -> u8 {
        self.0 >> 3
    }

    /// The symbol of several terms taken as one.
    pub fn join(self, other: Self) -> Self {
        let body = (self.body() + other.body()).min(BODY_LIMIT);
        Self((self.0 | other.0) & 7 | body << 3)
    }

    /// Weighted number of occurrences in quarters.
    fn quarters(self) -> u64 {
        let field = |i: usize| if self.has(i) { FIELDS[i].weight } else { 0 };
        field(0) + field(1) + field(2) + FIELDS[3].weight * u64::from(self.body())
    }
}

/// Class of a length in characters: four to each power of two, so that one
/// byte is enough.
pub fn length_class(length: usize) -> u8 {
    let length = (length as u64).max(4);
    let power = 63 - length.leading_zeros();
    let quarter = (length >> (power - 2)) & 3;
    (power as u8 * 4).saturating_add(quarter as u8)
}

/// A length in the middle of its class.
fn class_length(class: u8) -> u64 {
    let (power, quarter) = (u32::from(class / 4).clamp(2, 40), u64::from(class % 4));
    ((8 + 2 * quarter + 1) << power) / 8
}

/// What is known of every entry before any term.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    classes: Vec<u8>,
    months: Vec<Option<u32>>,
    ranks: Vec<Option<u32>>,
    count: u32,
    /// BM25F as a table: for every class of length that occurs, what each
    /// symbol is worth, below [`MOST`].
    worth: Vec<[u16; 256]>,
    /// Which row of `worth` is whose.
    of_class: Vec<u8>,
}

/// What a term is worth at most, however often it stands in an entry: k1 + 1 = 2, in 1/4096.
const MOST: u32 = 8192;

/// One entry: the class of its length ([`length_class`]), the month of its
/// issue ([`month_of`]), and its place among all, newest first; `None` when it
/// was removed.
pub type RowOf = (u8, Option<u32>, Option<u32>);

impl Rows {
    /// Of all numbers in use. Weights are BM25F with k1 = 1 and b = 3/4.
    ///
    /// Source: Robertson, Zaragoza, Taylor: Simple BM25 Extension to Multiple
    /// Weighted Fields, CIKM 2004. k1 was set on 400 real questions.
    pub fn new(rows: impl Iterator<Item = RowOf>) -> Self {
        let mut all = Self { of_class: vec![0; 256], ..Self::default() };
        let mut histogram = [0u64; 256];
        for (class, month, rank) in rows {
            all.classes.push(class);
            all.months.push(month);
            all.ranks.push(rank);
            histogram[usize::from(class)] += u64::from(rank.is_some());
        }
        let count: u64 = histogram.iter().sum();
        let total: u64 = (0u8..=255).zip(histogram).map(|(class, n)| class_length(class) * n).sum();
        let average = (total / count.max(1)).max(1);
        all.count = count as u32;
        for (class, _) in (0u8..=255).zip(histogram).filter(|(_, n)| *n > 0) {
            all.of_class[usize::from(class)] = all.worth.len() as u8;
            // At most 8, so that one very long text still counts.
            let norm = (64 + 192 * class_length(class) / average).min(8 * 256);
            let worth = |symbol: u8| {
                let tf = Symbol(symbol).quarters() * 64;
                (u64::from(MOST) * tf / (tf + norm)) as u16
            };
            let mut row = [0; 256];
            for symbol in 0..=255 {
                row[usize::from(symbol)] = worth(symbol);
            }
            all.worth.push(row);
        }
        all
    }

    /// Number of entries that were not removed.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Place of an entry among all, newest first.
    pub fn rank(&self, doc: u32) -> Option<u32> {
        self.ranks.get(doc as usize).copied().flatten()
    }

    /// Year of issue of an entry.
    pub fn year(&self, doc: u32) -> Option<u32> {
        self.months.get(doc as usize).copied().flatten().map(|month| month / 12)
    }

    fn worth(&self, doc: u32, symbol: Symbol) -> u32 {
        let class = self.classes.get(doc as usize).map_or(0, |c| usize::from(*c));
        let row = self.worth.get(usize::from(self.of_class[class]));
        row.map_or(0, |row| u32::from(row[usize::from(symbol.0)]))
    }

    /// log2(1 + frequency / length) in 1/256: unlike [`Rows::worth`] it never levels off.
    fn doublings(&self, doc: u32, symbol: Symbol) -> u32 {
        let rest = MOST - self.worth(doc, symbol);
        (log2(u64::from(MOST)) - log2(u64::from(rest))) as u32
    }
}

/// Where postings come from.
pub trait Lookup {
    /// All numbers in use.
    fn rows(&self) -> &Rows;
    /// Entries with a term, ascending, without removed ones; `None` as long
    /// as it is not known.
    fn list(&self, gram: Gram) -> Option<Cow<'_, [(u32, Symbol)]>>;
    /// Where a term stands in an entry that has it; `false` as long as it is
    /// not known. `places` is emptied first.
    fn places(&self, gram: Gram, doc: u32, places: &mut Places) -> bool;
}

/// How much of the query an entry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Some term.
    Any,
    /// Every part of the query, some by a synonym.
    Synonym,
    /// Every term.
    All,
    /// Every run as typed.
    Phrase,
    /// Every run as typed, in traditional characters as well.
    Written,
}

/// One entry found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Number of the entry.
    pub doc: u32,
    /// Tier.
    pub tier: Tier,
    /// Score within the tier.
    pub score: u32,
    rank: u32,
}

impl Hit {
    fn key(&self) -> (std::cmp::Reverse<(Tier, u32)>, u32) {
        (std::cmp::Reverse((self.tier, self.score)), self.rank)
    }
}

/// Entries found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    hits: Vec<Hit>,
    sorted: usize,
}

impl Hits {
    /// The best `n`, best first.
    pub fn first(&mut self, n: usize) -> &[Hit] {
        let n = n.min(self.hits.len());
        if n > self.sorted {
            let rest = &mut self.hits[self.sorted..];
            let wanted = n - self.sorted;
            if wanted < rest.len() {
                rest.select_nth_unstable_by_key(wanted, Hit::key);
            }
            rest[..wanted].sort_unstable_by_key(Hit::key);
            self.sorted = n;
        }
        &self.hits[..n]
    }

    /// All, in no order.
    pub fn all(&self) -> &[Hit] {
        &self.hits
    }

    /// Leaves out what `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        self.hits.retain(|hit| keep(hit.doc));
        self.sorted = 0;
    }

    /// Number of entries that have everything asked for: what "found" means to
    /// a person. When there are none, the rest counts.
    pub fn total(&self) -> usize {
        let full = self.hits.iter().filter(|h| h.tier > Tier::Any).count();
        if full > 0 { full } else { self.hits.len() }
    }

    /// Whether some entry is of this tier or a better one.
    pub fn reaches(&self, tier: Tier) -> bool {
        self.hits.iter().any(|h| h.tier >= tier)
    }
}

/// Inverse document frequency in 1/256: log2(1 + (n - df + 1/2) / (df + 1/2)).
pub(super) fn idf(n: u32, df: usize) -> u32 {
    let (n, df) = (u64::from(n), df as u64);
    (log2((2 * (n + 1)) << 16) - log2((2 * df + 1) << 16)).max(16) as u32
}

/// Binary logarithm in 1/256 steps, linear between powers of two.
fn log2(x: u64) -> i64 {
    let x = x.max(1);
    let whole = 63 - x.leading_zeros();
    let fraction = if whole >= 8 { (x >> (whole - 8)) & 0xff } else { (x << (8 - whole)) & 0xff };
    i64::from(whole) * 256 + fraction as i64
}

/// One looked-up term.
struct Listed<'a> {
    gram: Gram,
    idf: u32,
    docs: Cow<'a, [(u32, Symbol)]>,
    /// Whether `docs` is what there is.
    known: bool,
}

impl Listed<'_> {
    fn symbol(&self, doc: u32) -> Option<Symbol> {
        self.docs.binary_search_by_key(&doc, |(d, _)| *d).ok().map(|at| self.docs[at].1)
    }
}

/// The lists of all terms of a query.
pub(super) struct Lists<'a>(Vec<Listed<'a>>);

impl<'a> Lists<'a> {
    pub(super) fn new(query: &Query, lookup: &'a impl Lookup) -> Self {
        let n = lookup.rows().count;
        Self(
            query
                .grams()
                .into_iter()
                .map(|gram| {
                    let docs = lookup.list(gram);
                    let known = docs.is_some();
                    let docs = docs.unwrap_or_default();
                    Listed { gram, idf: idf(n, docs.len()), docs, known }
                })
                .collect(),
        )
    }

    fn get(&self, gram: Gram) -> Option<&Listed<'a>> {
        self.0.iter().find(|l| l.gram == gram)
    }

    /// Entries that have all content terms; terms not yet known count as had.
    pub(super) fn all(&self, query: &Query) -> Vec<u32> {
        let mut lists: Vec<&Listed<'_>> = query
            .terms
            .iter()
            .filter(|t| t.is_content())
            .filter_map(|t| self.get(t.gram))
            .filter(|l| l.known)
            .collect();
        lists.sort_by_key(|l| l.docs.len());
        let Some((first, rest)) = lists.split_first() else { return Vec::new() };
        first.docs.iter().map(|(d, _)| *d).filter(|d| rest.iter().all(|l| l.symbol(*d).is_some())).collect()
    }

    /// Whether in some entry of `all` every run stands as typed.
    pub(super) fn stand(&self, query: &Query, all: &[u32], lookup: &impl Lookup) -> bool {
        let covers: Vec<Vec<(Gram, u32)>> = query.runs.iter().map(|run| self.cover(run)).collect();
        let mut phrases = Phrases { lookup, lists: self, places: Vec::new(), rare: Vec::new() };
        all.iter().any(|doc| {
            query.runs.iter().zip(&covers).all(|(run, cover)| phrases.fields(run, cover, *doc) != 0)
        })
    }

    /// Terms that together hold every character of a run: the first and the
    /// last pair, and never two missing in a row. If they stand at their
    /// distances, so does the run. The fewest postings are chosen.
    pub(super) fn cover(&self, run: &Run) -> Vec<(Gram, u32)> {
        let pairs: Vec<Gram> = run.text.windows(2).map(|w| Gram(w[0], w[1])).collect();
        let cost = |at: usize| self.get(pairs[at]).map_or(1, |l| l.docs.len() as u64 + 1);
        // best[i]: the cost of a cover that ends with pair i, and the pair before.
        let mut best: Vec<(u64, usize)> = Vec::new();
        for at in 0..pairs.len() {
            let before = (at.saturating_sub(2)..at).min_by_key(|b| best[*b].0);
            let sum = before.map_or(0, |b| best[b].0);
            best.push((sum + cost(at), before.unwrap_or(at)));
        }
        let mut cover = Vec::new();
        let mut at = pairs.len().wrapping_sub(1);
        while let Some((_, before)) = best.get(at) {
            cover.push((pairs[at], at as u32));
            if *before == at {
                break;
            }
            at = *before;
        }
        cover.reverse();
        cover
    }
}

/// Ranks all entries that have a term of the query.
pub fn search(query: &Query, lookup: &impl Lookup) -> Hits {
    let lists = Lists::new(query, lookup);
    let rows = lookup.rows();
    let bound = rows.classes.len();
    let value = |listed: &Listed<'_>, weight: u32, doc: u32, symbol: Symbol| {
        ((((listed.idf * weight) >> 4) * rows.worth(doc, symbol)) >> 16).max(1)
    };
    let mut score = vec![0u32; bound];
    let mut content = vec![0u8; bound];
    let mut wanted = 0u8;
    for term in &query.terms {
        let Some(listed) = lists.get(term.gram).filter(|l| l.known) else { continue };
        let counts = u8::from(term.is_content());
        wanted += counts;
        if term.weight == 0 {
            continue;
        }
        for (doc, symbol) in &*listed.docs {
            score[*doc as usize] += value(listed, term.weight, *doc, *symbol);
            content[*doc as usize] += counts;
        }
    }
    let satisfied = with_synonyms(query, &lists, &mut score, &value);

    let mut hits: Vec<Hit> = Vec::new();
    let covers: Vec<Vec<(Gram, u32)>> = query.runs.iter().map(|run| lists.cover(run)).collect();
    let traditional = query.written().next().is_some();
    let mut phrases = Phrases { lookup, lists: &lists, places: Vec::new(), rare: Vec::new() };
    let mut standing = false;
    for (doc, score) in (0u32..).zip(&score) {
        if *score == 0 {
            continue;
        }
        let mut hit = Hit { doc, tier: Tier::Any, score: *score, rank: rows.rank(doc).unwrap_or(u32::MAX) };
        if content[doc as usize] == wanted {
            hit.tier = Tier::Phrase;
            for (run, cover) in query.runs.iter().zip(&covers) {
                let fields = phrases.fields(run, cover, doc);
                if fields == 0 {
                    hit.tier = Tier::All;
                } else if run.text.len() > 1 {
                    hit.score += phrases.bonus(cover, fields);
                }
                if query.runs.len() > 1 {
                    hit.score += phrases.each(run, cover, fields, doc);
                }
            }
            if traditional
                && hit.tier == Tier::Phrase
                && query.runs.iter().zip(&covers).all(|(run, cover)| {
                    run.written.is_empty()
                        || phrases.fields(run, &[&run.written[..], cover].concat(), doc) != 0
                })
            {
                hit.tier = Tier::Written;
            }
        } else if satisfied.as_ref().is_some_and(|s| usize::from(s[doc as usize]) == query.segments.len()) {
            hit.tier = Tier::Synonym;
        }
        standing |= hit.tier >= Tier::Phrase;
        let exact = query.runs.iter().zip(&covers).filter(|(run, _)| run.exact);
        if hit.tier >= Tier::Phrase
            || exact.into_iter().all(|(run, cover)| phrases.fields(run, cover, doc) != 0)
        {
            hits.push(hit);
        }
    }
    let mut hits = Hits { hits, sorted: 0 };
    if !standing {
        // A question: what matters is whether its words stand in one place.
        let near = NEAR_ENTRIES.min(hits.hits.len());
        hits.first(near);
        for hit in &mut hits.hits[..near] {
            hit.score += closeness(query, &lists, lookup, hit.doc);
        }
        hits.sorted = 0;
    }
    hits
}

/// Number of the month of a day.
pub fn month_of(day: Date) -> u32 {
    let (year, month, _) = day.ymd();
    (year.max(0) as u32) * 12 + month - 1
}

/// Adds what synonyms are worth to `score`. Returns how many parts of the
/// query an entry has, when there are synonyms.
fn with_synonyms(
    query: &Query,
    lists: &Lists<'_>,
    score: &mut [u32],
    value: &impl Fn(&Listed<'_>, u32, u32, Symbol) -> u32,
) -> Option<Vec<u8>> {
    if query.segments.is_empty() {
        return None;
    }
    // Of entries with all terms, the sum of their values.
    let whole = |grams: &[Gram], weight: u32| -> Vec<(u32, u32)> {
        let mut found: Vec<&Listed<'_>> = grams.iter().filter_map(|g| lists.get(*g)).collect();
        if found.is_empty() || found.iter().any(|l| !l.known) {
            return Vec::new();
        }
        found.sort_by_key(|l| l.docs.len());
        let mut sums = Vec::new();
        'docs: for (doc, _) in &*found[0].docs {
            let mut sum = 0;
            for listed in &found {
                let Some(symbol) = listed.symbol(*doc) else { continue 'docs };
                sum += value(listed, weight, *doc, symbol);
            }
            sums.push((*doc, sum));
        }
        sums
    };
    let mut satisfied = vec![0u8; score.len()];
    for segment in &query.segments {
        let mut had = vec![false; score.len()];
        for (doc, _) in whole(&segment.grams, FULL) {
            had[doc as usize] = true;
        }
        let mut best = vec![0u32; score.len()];
        for other in &segment.others {
            for (doc, sum) in whole(&other.grams, other.weight) {
                // A longer word is not worth more than the one that was typed.
                let sum = u64::from(sum) * segment.grams.len().max(1) as u64 / other.grams.len() as u64;
                best[doc as usize] =
                    best[doc as usize].max(u32::try_from(sum).unwrap_or(u32::MAX / 4).max(1));
                had[doc as usize] = true;
            }
        }
        for (doc, best) in (0u32..).zip(best).filter(|(_, best)| *best > 0) {
            let own: u32 = segment
                .grams
                .iter()
                .filter_map(|g| lists.get(*g))
                .filter_map(|l| Some(value(l, FULL, doc, l.symbol(doc)?)))
                .sum();
            score[doc as usize] += best.saturating_sub(own);
        }
        for (count, had) in satisfied.iter_mut().zip(had) {
            *count += u8::from(had);
        }
    }
    Some(satisfied)
}

/// Finds runs in entries.
struct Phrases<'a, L> {
    lookup: &'a L,
    lists: &'a Lists<'a>,
    /// Room for the positions of the terms of a cover.
    places: Vec<Places>,
    /// What a term is worth within one field alone.
    rare: Vec<(Gram, usize, u32)>,
}

impl<L: Lookup> Phrases<'_, L> {
    /// Fields (as bits) in which a run stands as typed. A term whose places
    /// are not yet known counts as being in place.
    fn fields(&mut self, run: &Run, cover: &[(Gram, u32)], doc: u32) -> u8 {
        let has = |gram: Gram| self.lists.get(gram).filter(|l| l.known).map(|l| l.symbol(doc));
        if let [single] = run.text[..] {
            return has(Gram::single(single)).map_or(15, |s| s.map_or(0, Symbol::fields));
        }
        let mut fields = 15;
        for (gram, _) in cover {
            if let Some(symbol) = has(*gram) {
                fields &= symbol.map_or(0, Symbol::fields);
            }
        }
        if fields == 0 || cover.len() == 1 {
            return fields;
        }
        self.places.resize_with(self.places.len().max(cover.len()), Default::default);
        let mut known: Vec<(usize, u32)> = Vec::new();
        for (at, (gram, offset)) in cover.iter().enumerate() {
            if self.lookup.places(*gram, doc, &mut self.places[at]) {
                known.push((at, *offset));
            }
        }
        let Some(((first, start), rest)) = known.split_first() else { return fields };
        for field in 0..FIELDS.len() {
            let stands = self.places[*first][field].iter().any(|place| {
                rest.iter().all(|(at, offset)| {
                    self.places[*at][field].binary_search(&(place + offset).wrapping_sub(*start)).is_ok()
                })
            });
            if !stands {
                fields &= !(1 << field);
            }
        }
        fields
    }

    /// What a run is worth beside others that an entry has as well.
    fn each(&self, run: &Run, cover: &[(Gram, u32)], fields: u8, doc: u32) -> u32 {
        let rows = self.lookup.rows();
        let single = [(Gram::single(run.text[0]), 0)];
        let grams = if let [_] = run.text[..] { &single[..] } else { cover };
        let symbols = grams.iter().filter_map(|(gram, _)| self.lists.get(*gram)?.symbol(doc));
        let least = symbols.map(|symbol| rows.doublings(doc, symbol)).min().unwrap_or(0);
        EACH * u32::from(fields & 1) + ((EACH * least) >> 8)
    }

    /// A run as typed is worth more in a better field, and the more so the
    /// fewer entries have its terms there.
    fn bonus(&mut self, cover: &[(Gram, u32)], fields: u8) -> u32 {
        let Some(field) = (0..FIELDS.len() - 1).find(|f| fields & 1 << f != 0) else { return 0 };
        let more = (FIELDS[field].weight - FIELDS[FIELDS.len() - 1].weight) as u32;
        let n = self.lookup.rows().count;
        let mut sum = 0;
        for (gram, _) in cover {
            let rare = match self.rare.iter().find(|(g, f, _)| (g, f) == (gram, &field)) {
                Some((.., rare)) => *rare,
                None => {
                    let count = self
                        .lists
                        .get(*gram)
                        .map_or(0, |l| l.docs.iter().filter(|(_, s)| s.has(field)).count());
                    self.rare.push((*gram, field, idf(n, count)));
                    idf(n, count)
                }
            };
            sum += rare * more / 4;
        }
        sum
    }
}

/// What distinct terms of the query are worth that stand close together in
/// one field: the best place for each width of [`NEAR`].
fn closeness(query: &Query, lists: &Lists<'_>, lookup: &impl Lookup, doc: u32) -> u32 {
    let mut places = Places::default();
    // Per field: position, number of the term.
    let mut all: [Vec<(u32, usize)>; FIELDS.len()] = Default::default();
    let mut worth = Vec::new();
    // Of single characters nobody keeps the places.
    for term in query.terms.iter().filter(|t| t.weight > 0 && !t.gram.is_single()) {
        let Some(listed) = lists.get(term.gram) else { continue };
        if listed.symbol(doc).is_none() || !lookup.places(term.gram, doc, &mut places) {
            continue;
        }
        for (all, places) in all.iter_mut().zip(&places) {
            all.extend(places.iter().map(|p| (*p, worth.len())));
        }
        worth.push((listed.idf * term.weight) >> 8);
    }
    all.iter_mut().for_each(|stands| stands.sort_unstable());
    let best = |near| all.iter().map(|stands| densest(stands, &worth, near)).max().unwrap_or(0);
    NEAR.iter().map(|(near, weight)| (best(*near) * weight) >> 8).sum()
}

/// The most that distinct terms are worth within `near` characters. `stands`:
/// position and number of the term, ascending.
fn densest(stands: &[(u32, usize)], worth: &[u32], near: u32) -> u32 {
    let mut inside = vec![0u32; worth.len()];
    let (mut from, mut sum, mut best) = (0, 0, 0);
    for (place, term) in stands {
        inside[*term] += 1;
        if inside[*term] == 1 {
            sum += worth[*term];
        }
        while stands[from].0 + near < *place {
            let left = stands[from].1;
            inside[left] -= 1;
            if inside[left] == 0 {
                sum -= worth[left];
            }
            from += 1;
        }
        best = best.max(sum);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_is_monotone_and_close() {
        let mut last = 0;
        for x in 1..100_000u64 {
            let value = log2(x);
            assert!(value >= last);
            let exact = (x as f64).log2() * 256.0;
            assert!((value as f64 - exact).abs() < 24.0, "{x} {value} {exact}");
            last = value;
        }
    }

    #[test]
    fn classes_of_length_are_close() {
        for length in 4..100_000 {
            let middle = class_length(length_class(length)) as f64;
            assert!((middle / length as f64 - 1.0).abs() < 0.15, "{length} {middle}");
        }
        assert_eq!((length_class(0), length_class(3)), (length_class(4), length_class(4)));
    }

    #[test]
    fn worth_grows_with_frequency_better_fields_and_shorter_texts() {
        let (short, long) = (length_class(300), length_class(3000));
        let rows =
            Rows::new([(short, None, Some(0)), (short, None, None), (long, None, Some(1))].into_iter());
        let worth = |counts, doc| rows.worth(doc, Symbol::new(counts));
        assert!(worth([0, 0, 0, 1], 0) < worth([0, 0, 0, 3], 0));
        assert!(worth([0, 0, 0, 1], 0) < worth([1, 0, 0, 0], 0));
        assert!(worth([0, 0, 0, 1], 2) < worth([0, 0, 0, 1], 0));
        assert_eq!(worth([0; 4], 0), 0);
        assert_eq!(worth([9, 9, 9, 400], 0), worth([1, 1, 1, 31], 0));
        let doublings = |body, doc| rows.doublings(doc, Symbol::new([0, 0, 0, body]));
        assert_eq!(doublings(0, 0), 0);
        // log2((1 + 31 x) / (1 + x)) with x a little below one half.
        assert!((3 * 256..4 * 256).contains(&(doublings(31, 2) - doublings(1, 2))));
        assert_eq!(rows.count(), 2);
    }

    #[test]
    fn the_densest_place_counts_each_term_once() {
        let stands = [(0, 0), (5, 1), (6, 1), (40, 0), (44, 1), (46, 2)];
        assert_eq!(densest(&stands, &[1, 10, 100], 5), 110);
        assert_eq!(densest(&stands, &[1, 10, 100], 6), 111);
        assert_eq!(densest(&stands, &[200, 10, 100], 5), 210);
        assert_eq!(densest(&[], &[], 30), 0);
    }

    #[test]
    fn symbols_say_which_fields() {
        let symbol = Symbol::new([1, 0, 2, 40]);
        assert_eq!((symbol.fields(), symbol.body()), (0b1101, 31));
        assert_eq!(symbol.join(Symbol::new([0, 1, 0, 1])).fields(), 15);
    }
}
