//! The one scorer, integer arithmetic only: the browser ranks with it over
//! fetched blocks, the command over postings from tantivy.

use litemap::LiteMap;

use super::{FIELDS, Query, Term};

/// One document in the list of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Number of the entry.
    pub doc: u32,
    /// Weight of the term in the entry, 1 to 255.
    pub impact: u8,
    /// Per field, positions in characters, ascending.
    pub positions: [Vec<u32>; FIELDS.len()],
}

/// Where postings come from.
pub trait Lookup {
    /// Postings of a term by ascending document; empty when it does not occur.
    fn postings(&self, term: &str) -> Vec<Posting>;
    /// Postings of every term that starts with a character.
    fn prefixed(&self, first: char) -> Vec<Vec<Posting>>;
}

/// How much of the query an entry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Some term.
    Any,
    /// Every term.
    All,
    /// Every run as typed.
    Phrase,
}

/// One entry found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Number of the entry.
    pub doc: u32,
    /// Tier.
    pub tier: Tier,
    /// Score within the tier.
    pub score: u64,
}

/// Entries found, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// Entries.
    pub hits: Vec<Hit>,
}

impl Hits {
    /// Number of entries of the phrase and all tiers: what "found" means to a
    /// person. When there are none, the rest counts.
    pub fn total(&self) -> usize {
        let full = self.hits.iter().filter(|h| h.tier > Tier::Any).count();
        if full > 0 { full } else { self.hits.len() }
    }
}

/// Weight of a term in an entry, 1 to 255: BM25F with k1 = 1.2, b = 0.75.
/// `tf` and `length` are per field; lengths in characters.
///
/// Source: Robertson, Zaragoza, Taylor: Simple BM25 Extension to Multiple
/// Weighted Fields, CIKM 2004.
pub fn impact(tf: [u32; FIELDS.len()], length: [u32; FIELDS.len()]) -> u8 {
    const ONE: u64 = 1 << 16;
    let mut weight = 0;
    for (i, field) in FIELDS.iter().enumerate() {
        let tf = u64::from(tf[i]);
        if tf == 0 {
            continue;
        }
        // 1 - b + b·length/usual with b = 3/4, at most 8 so that one very
        // long text still counts.
        let norm = ONE / 4 + (ONE * 3 / 4) * u64::from(length[i]) / field.usual_length;
        weight += field.weight * tf * ONE * ONE / norm.min(8 * ONE);
    }
    let k1 = ONE * 12 / 10;
    let saturated = 255 * weight / (weight + k1);
    saturated.clamp(1, 255) as u8
}

/// Inverse document frequency in 1/256 bits: log2((n + 1) / (df + 0.5)).
fn idf(n: u32, df: usize) -> u64 {
    log2(((2 * (u64::from(n) + 1)) << 16) / (2 * df as u64 + 1)).saturating_sub(16 << 8).max(16)
}

/// Binary logarithm in 1/256 steps, linear between powers of two.
fn log2(x: u64) -> u64 {
    let x = x.max(1);
    let whole = u64::from(63 - x.leading_zeros());
    let fraction = if whole >= 8 { (x >> (whole - 8)) & 0xff } else { (x << (8 - whole)) & 0xff };
    (whole << 8) + fraction
}

#[derive(Debug, Default, Clone, Copy)]
struct Partial {
    score: u64,
    terms: usize,
}

/// Ranks all entries that have a term of the query. `n` is the number of
/// entries in the index.
pub fn search(query: &Query, n: u32, lookup: &impl Lookup) -> Hits {
    let terms = query.terms();
    let mut lists: LiteMap<String, Vec<Posting>> = LiteMap::new();
    let mut partial = vec![Partial::default(); n as usize];
    for term in &terms {
        let postings = match term {
            Term::Pair(pair) => lookup.postings(pair),
            Term::Prefix(first) => union(lookup.prefixed(*first)),
        };
        let weight = idf(n, postings.len());
        for posting in &postings {
            let Some(p) = partial.get_mut(posting.doc as usize) else { continue };
            p.score += weight * u64::from(posting.impact);
            p.terms += 1;
        }
        if let Term::Pair(pair) = term {
            lists.insert(pair.clone(), postings);
        }
    }
    let mut hits = Vec::new();
    for (doc, p) in (0..).zip(partial) {
        if p.terms == 0 {
            continue;
        }
        let mut tier = if p.terms == terms.len() { Tier::All } else { Tier::Any };
        let mut score = p.score;
        if tier == Tier::All {
            let mut phrase = true;
            for run in &query.runs {
                let fields = phrase_fields(run, doc, &lists);
                if run.chars().count() > 1 {
                    phrase &= fields != 0;
                    // A run as typed in a better field is worth more.
                    let field = fields.trailing_zeros().min(FIELDS.len() as u32) as usize;
                    if let Some(field) = FIELDS.get(field) {
                        score += field.weight * 256 * 64;
                    }
                }
            }
            if phrase {
                tier = Tier::Phrase;
            }
        }
        hits.push(Hit { doc, tier, score });
    }
    hits.sort_by(|a, b| (b.tier, b.score, a.doc).cmp(&(a.tier, a.score, b.doc)));
    Hits { hits }
}

/// Merges lists of several terms into one, keeping the best weight.
fn union(lists: Vec<Vec<Posting>>) -> Vec<Posting> {
    let mut all: Vec<Posting> = lists.into_iter().flatten().collect();
    all.sort_by_key(|p| p.doc);
    let mut merged: Vec<Posting> = Vec::with_capacity(all.len());
    for posting in all {
        match merged.last_mut() {
            Some(kept) if kept.doc == posting.doc => {
                kept.impact = kept.impact.max(posting.impact);
                for (kept, new) in kept.positions.iter_mut().zip(posting.positions) {
                    kept.extend(new);
                    kept.sort_unstable();
                }
            }
            _ => merged.push(posting),
        }
    }
    merged
}

/// Fields (as bits) in which the run stands as typed.
fn phrase_fields(run: &str, doc: u32, lists: &LiteMap<String, Vec<Posting>>) -> u8 {
    let chars: Vec<char> = run.chars().collect();
    let mut found: Vec<&Posting> = Vec::new();
    for pair in chars.windows(2) {
        let pair: String = pair.iter().collect();
        let list = lists.get(&pair).map(Vec::as_slice).unwrap_or_default();
        match list.binary_search_by_key(&doc, |p| p.doc) {
            Ok(at) => found.push(&list[at]),
            Err(_) => return 0,
        }
    }
    let Some((first, rest)) = found.split_first() else { return 0 };
    let mut fields = 0;
    for field in 0..FIELDS.len() {
        let stands = first.positions[field].iter().any(|start| {
            rest.iter()
                .zip(1u32..)
                .all(|(p, offset)| p.positions[field].binary_search(&(start + offset)).is_ok())
        });
        fields |= u8::from(stands) << field;
    }
    fields
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
    fn impact_grows_with_frequency_and_better_fields() {
        let length = [14, 40, 36, 300];
        assert!(impact([0, 0, 0, 1], length) < impact([0, 0, 0, 3], length));
        assert!(impact([0, 0, 0, 1], length) < impact([1, 0, 0, 0], length));
        assert!(impact([0, 0, 0, 1], [14, 40, 36, 3000]) < impact([0, 0, 0, 1], length));
        assert_eq!(impact([0; 4], length), 1);
    }
}
