//! Chinese full-text search over postings that were built offline.
//!
//! Text is cut into overlapping pairs of characters (bigrams); Han, Latin
//! letters and digits alike. Index and query are cut by the same function, so
//! every string of two or more letters, digits or Han that stands in a text is
//! found. Reading is plan → fetch → compute: [`Index::needs`] names the parts
//! a query takes, the caller fetches them, [`Index::search`] answers without
//! any input or output.

mod index;
mod score;

pub use index::{
    Block, Entry, Index, Listed, PositionBlock, Root, TermBlock, decode_entries, encode_entries,
};
pub use score::{Hit, Hits, Lookup, Posting, Tier, impact, search};

use crate::fold::{Simplifier, is_word};

/// Searched fields, best first. The number is the bit in a posting's mask.
pub const FIELDS: [Field; 4] = [
    Field { name: "name", weight: 4, usual_length: 14 },
    Field { name: "document", weight: 2, usual_length: 40 },
    Field { name: "summary", weight: 2, usual_length: 36 },
    Field { name: "body", weight: 1, usual_length: 300 },
];

/// One searched field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Name in the offline index.
    pub name: &'static str,
    /// BM25F weight.
    pub weight: u64,
    /// Length in characters that counts as average. A constant rather than
    /// the average of the corpus, so that a new document changes no posting
    /// of another one.
    pub usual_length: u64,
}

/// A term and its position in characters.
pub type Gram = (String, u32);

/// Cuts text into terms. Within a run of word characters every pair is a
/// term; the last character is one by itself, so that a single character is a
/// prefix of every occurrence. Runs are one position further apart than their
/// characters, so that no phrase crosses a boundary.
pub fn grams(text: &str, simplifier: &Simplifier) -> Vec<Gram> {
    let mut out = Vec::new();
    let mut previous: Option<char> = None;
    let mut position = 0u32;
    for c in text.chars() {
        let c = simplifier.fold(c);
        let current = is_word(c).then_some(c);
        match (previous, current) {
            (Some(a), Some(b)) => out.push((String::from_iter([a, b]), position - 1)),
            (Some(a), None) => out.push((a.to_string(), position - 1)),
            (None, _) => {}
        }
        previous = current;
        position += 1;
    }
    if let Some(a) = previous {
        out.push((a.to_string(), position - 1));
    }
    out
}

/// A query, cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Runs of word characters, folded.
    pub runs: Vec<String>,
}

impl Query {
    /// Cuts what a person typed. At most 64 characters are used.
    pub fn new(text: &str, simplifier: &Simplifier) -> Self {
        let mut runs: Vec<String> = Vec::new();
        let mut open = false;
        for c in text.chars().take(64) {
            let c = simplifier.fold(c);
            if !is_word(c) {
                open = false;
                continue;
            }
            match runs.last_mut() {
                Some(run) if open => run.push(c),
                _ => runs.push(c.to_string()),
            }
            open = true;
        }
        runs.dedup();
        Self { runs }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The distinct terms, and single characters as prefixes.
    pub fn terms(&self) -> Vec<Term> {
        let mut terms = Vec::new();
        for run in &self.runs {
            let chars: Vec<char> = run.chars().collect();
            if let [single] = chars[..] {
                terms.push(Term::Prefix(single));
            }
            terms.extend(chars.windows(2).map(|w| Term::Pair(w.iter().collect())));
        }
        // A query is short; its terms keep the order of typing.
        let mut distinct: Vec<Term> = Vec::new();
        for term in terms {
            if !distinct.contains(&term) {
                distinct.push(term);
            }
        }
        distinct
    }

    /// Ranges of `text` in characters that match a run, longest first, without
    /// overlaps and in order.
    pub fn highlights(&self, text: &str, simplifier: &Simplifier) -> Vec<std::ops::Range<usize>> {
        let folded: Vec<char> = text.chars().map(|c| simplifier.fold(c)).collect();
        let mut marks = vec![false; folded.len()];
        for run in &self.runs {
            let run: Vec<char> = run.chars().collect();
            mark(&folded, &run, &mut marks);
            if run.len() > 2 && !folded.windows(run.len()).any(|w| w == run) {
                for pair in run.windows(2) {
                    mark(&folded, pair, &mut marks);
                }
            }
        }
        let mut ranges = Vec::new();
        let mut start = None;
        for (i, marked) in marks.iter().copied().chain([false]).enumerate() {
            match (marked, start) {
                (true, None) => start = Some(i),
                (false, Some(from)) => {
                    ranges.push(from..i);
                    start = None;
                }
                _ => {}
            }
        }
        ranges
    }
}

fn mark(text: &[char], run: &[char], marks: &mut [bool]) {
    for (at, window) in text.windows(run.len()).enumerate() {
        if window == run {
            marks[at..at + run.len()].fill(true);
        }
    }
}

/// What is looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// Two characters.
    Pair(String),
    /// Every term that starts with this character.
    Prefix(char),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_run_ends() {
        let none = Simplifier::default();
        let terms: Vec<Gram> = grams("5G网络，补", &none);
        let expected = [("5g", 0), ("g网", 1), ("网络", 2), ("络", 3), ("补", 5)];
        assert_eq!(terms, expected.map(|(t, p)| (t.to_owned(), p)).to_vec());
    }

    #[test]
    fn queries_are_cut_like_text() {
        let s = Simplifier::new([('專', '专'), ('補', '补')]);
        let q = Query::new(" 專精特新  補、A1 ", &s);
        assert_eq!(q.runs, ["专精特新", "补", "a1"]);
        assert_eq!(q.terms().len(), 5);
        assert_eq!(q.highlights("省级专精特新中小企业补助", &s), vec![2..6, 10..11]);
    }
}
