//! What a person typed, cut into runs, terms and words with their synonyms.

use std::ops::Range;

use super::text::{GAP, Gram, fold_text, grams, written};
use super::vocabulary::Vocabulary;
use crate::fold::Simplifier;

/// Most characters of a query that are used.
pub const QUERY_LIMIT: usize = 64;

/// Weight of a term in 1/256 that is part of what is asked for.
pub(super) const FULL: u32 = 256;
/// Weight of a term that a function word takes part in: 省在, 的企. Set on
/// 400 real questions.
const WEAK: u32 = 128;
/// Weight of a synonym against the word that was typed.
const SYNONYM: u32 = 208;

/// Words that ask and do not say what for.
const ASKING: [&str; 24] = [
    "是什么",
    "为什么",
    "有什么",
    "有哪些",
    "有没有",
    "能不能",
    "可不可以",
    "是不是",
    "多少钱",
    "怎么办",
    "什么",
    "哪些",
    "怎么",
    "怎样",
    "如何",
    "多少",
    "请问",
    "是否",
    "哪个",
    "哪里",
    "谁",
    "啥",
    "吗",
    "呢",
];

/// Characters of function words: a pair with one of them is seldom a word.
const FUNCTION: &str = "的了在对是和与及为于有等从被把将向让给就都也吗呢吧么之其由并或但而且该此这那哪应到做";

/// One run of word characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The characters, folded.
    pub text: Vec<char>,
    /// Typed between quotation marks: an entry without it is no hit.
    pub exact: bool,
    /// Pairs with traditional characters as they were typed, with their
    /// places in the run.
    pub written: Vec<(Gram, u32)>,
}

/// One term of what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The term.
    pub gram: Gram,
    /// Weight in 1/256; 0 when only the phrase as a whole needs it.
    pub weight: u32,
}

impl Term {
    /// Whether an entry must have it to have all that was asked for.
    pub fn is_content(&self) -> bool {
        self.weight == FULL
    }
}

/// Another way to say a part of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// The words, folded.
    pub text: Vec<char>,
    /// Its terms.
    pub grams: Vec<Gram>,
    /// Weight in 1/256.
    pub weight: u32,
}

/// A part of the query and other ways to say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The part itself, folded.
    pub text: Vec<char>,
    /// Its terms.
    pub grams: Vec<Gram>,
    /// Synonyms.
    pub others: Vec<Other>,
}

/// A query, cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    text: Vec<char>,
    /// Runs of word characters.
    pub runs: Vec<Run>,
    /// Distinct terms in the order of typing.
    pub terms: Vec<Term>,
    /// Parts with their synonyms; empty when nothing has one.
    pub segments: Vec<Segment>,
    /// Known words within the parts.
    words: Vec<Vec<char>>,
}

impl Query {
    /// Cuts what a person typed: at most [`QUERY_LIMIT`] characters.
    pub fn new(text: &str, simplifier: &Simplifier) -> Self {
        let text: String = text.trim().chars().take(QUERY_LIMIT).collect();
        let folded = fold_text(&text, simplifier);
        let quoted = quoted(&text);
        let mut runs: Vec<Run> = Vec::new();
        let plain = fold_text(&text, &Simplifier::default());
        for range in spans(&folded) {
            let written = written(&plain[range.clone()], &folded[range.clone()]).collect();
            let exact = quoted.iter().any(|q| q.start <= range.start && range.end <= q.end);
            let run = Run { text: folded[range].to_vec(), exact, written };
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        let terms = weigh(&folded);
        Self { text: folded, runs, terms, segments: Vec::new(), words: Vec::new() }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Looks every part up in a vocabulary, the longest first.
    pub fn expand(&mut self, vocabulary: &Vocabulary) {
        let mut cuts: Vec<(Range<usize>, Vec<Other>)> = Vec::new();
        let mut open = 0;
        let mut at = 0;
        let asking = asking(&self.text);
        let mut known = false;
        while at < self.text.len() {
            let found = document_number(&self.text[at..])
                .map(|(length, text)| (length, vec![other(text, FULL)]))
                .or_else(|| {
                    vocabulary.longest(&self.text[at..]).map(|(length, means)| {
                        (length, means.into_iter().map(|m| other(m, SYNONYM)).collect())
                    })
                });
            match found {
                Some((length, others)) => {
                    cuts.push((open..at, Vec::new()));
                    cuts.push((at..at + length, others));
                    known = true;
                    at += length;
                    open = at;
                }
                None => {
                    if asking[at] || self.text[at] == GAP {
                        cuts.push((open..at, Vec::new()));
                        open = at + 1;
                    }
                    at += 1;
                }
            }
        }
        cuts.push((open..at, Vec::new()));
        self.segments.clear();
        if !known {
            return;
        }
        self.words = (0..self.text.len())
            .filter_map(|at| Some(self.text[at..at + vocabulary.longest(&self.text[at..])?.0].to_vec()))
            .collect();
        // Pairs across a boundary are no words.
        let mut inner: Vec<Gram> = Vec::new();
        for (range, others) in cuts {
            let span = &self.text[range];
            let words = span.iter().any(|c| *c != GAP && !FUNCTION.contains(*c));
            if !words {
                continue;
            }
            let own = terms_of(span);
            inner.extend(&own);
            self.segments.push(Segment { text: span.to_vec(), grams: own, others });
        }
        for term in &mut self.terms {
            if term.weight == FULL && !inner.contains(&term.gram) {
                term.weight = WEAK;
            }
        }
    }

    /// Pairs with traditional characters as they were typed.
    pub(super) fn written(&self) -> impl Iterator<Item = Gram> {
        self.runs.iter().flat_map(|r| &r.written).map(|(gram, _)| *gram)
    }

    /// Every term that a search looks up, those of most weight first.
    pub fn grams(&self) -> Vec<Gram> {
        let mut all: Vec<Gram> = Vec::new();
        let others =
            self.segments.iter().flat_map(|s| s.grams.iter().chain(s.others.iter().flat_map(|o| &o.grams)));
        let typed =
            |content: bool| self.terms.iter().filter(move |t| t.is_content() == content).map(|t| t.gram);
        for gram in typed(true).chain(others.copied()).chain(self.written()).chain(typed(false)) {
            if !all.contains(&gram) {
                all.push(gram);
            }
        }
        all
    }

    /// Ranges of `text` in characters that match what was typed or a synonym,
    /// without overlaps and in order.
    pub fn highlights(&self, text: &str, simplifier: &Simplifier) -> Vec<Range<usize>> {
        let folded = fold_text(text, simplifier);
        ranges(&self.marks(&folded))
    }

    /// Which characters of a folded text match.
    pub(super) fn marks(&self, folded: &[char]) -> Vec<bool> {
        let mut marks = vec![false; folded.len()];
        let pair = |gram: Gram| [gram.0, gram.1];
        for run in &self.runs {
            if !mark(folded, &run.text, &mut marks) && self.segments.is_empty() {
                for term in self.terms.iter().filter(|t| t.is_content()) {
                    mark(folded, &pair(term.gram), &mut marks);
                }
            }
        }
        // Of words that are known, no pieces.
        for segment in &self.segments {
            if !mark(folded, &segment.text, &mut marks) && segment.others.is_empty() {
                for gram in &segment.grams {
                    mark(folded, &pair(*gram), &mut marks);
                }
            }
        }
        for word in &self.words {
            mark(folded, word, &mut marks);
        }
        for other in self.segments.iter().flat_map(|s| &s.others) {
            for span in spans(&other.text) {
                mark(folded, &other.text[span], &mut marks);
            }
        }
        marks
    }
}

fn other(text: Vec<char>, weight: u32) -> Other {
    Other { grams: terms_of(&text), text, weight }
}

/// Ranges of marked characters.
pub(super) fn ranges(marks: &[bool]) -> Vec<Range<usize>> {
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

/// Marks every place where `run` stands; whether there is one.
fn mark(text: &[char], run: &[char], marks: &mut [bool]) -> bool {
    let mut found = false;
    for (at, window) in text.windows(run.len().max(1)).enumerate() {
        if window == run {
            marks[at..at + run.len()].fill(true);
            found = true;
        }
    }
    found
}

/// Ranges without a gap.
fn spans(folded: &[char]) -> Vec<Range<usize>> {
    ranges(&folded.iter().map(|c| *c != GAP).collect::<Vec<bool>>())
}

/// Distinct terms of a text that is looked for: pairs, and single characters
/// that stand alone.
pub(super) fn terms_of(folded: &[char]) -> Vec<Gram> {
    let mut all: Vec<Gram> = Vec::new();
    for span in spans(folded) {
        let pairs = span.len() > 1;
        for (gram, _) in grams(&folded[span]) {
            if gram.is_single() != pairs && !all.contains(&gram) {
                all.push(gram);
            }
        }
    }
    all
}

/// Terms with their weights.
fn weigh(folded: &[char]) -> Vec<Term> {
    let asking = asking(folded);
    let mut terms: Vec<Term> = Vec::new();
    for span in spans(folded) {
        let pairs = span.len() > 1;
        for (gram, at) in grams(&folded[span.clone()]) {
            if gram.is_single() == pairs {
                continue;
            }
            let at = span.start + at as usize;
            let end = if pairs { at + 2 } else { at + 1 };
            let weight = if asking[at..end].contains(&true) {
                0
            } else if FUNCTION.contains(gram.0) || FUNCTION.contains(gram.1) {
                WEAK
            } else {
                FULL
            };
            match terms.iter_mut().find(|t| t.gram == gram) {
                Some(before) => before.weight = before.weight.max(weight),
                None => terms.push(Term { gram, weight }),
            }
        }
    }
    if !terms.iter().any(Term::is_content) {
        // Nothing but such words: then they are what is looked for.
        for term in &mut terms {
            term.weight = FULL;
        }
    }
    terms
}

/// Which characters belong to a word that asks.
fn asking(folded: &[char]) -> Vec<bool> {
    let mut marks = vec![false; folded.len()];
    for word in ASKING {
        let word: Vec<char> = word.chars().collect();
        mark(folded, &word, &mut marks);
    }
    marks
}

/// Ranges in characters between quotation marks. A mark that is not closed is
/// none.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut open: Option<(usize, char)> = None;
    for (at, c) in text.chars().enumerate() {
        let close = match c {
            '“' | '”' => '”',
            '「' => '」',
            '『' => '』',
            '"' | '＂' => '"',
            _ => '\0',
        };
        match open {
            Some((from, expected)) if close == expected || c == expected => {
                ranges.push(from..at);
                open = None;
            }
            None if close != '\0' && c != '”' => open = Some((at + 1, close)),
            _ => {}
        }
    }
    ranges
}

/// A document number typed without its brackets, 财税2016 101号: how many
/// characters it takes and how it is printed.
fn document_number(text: &[char]) -> Option<(usize, Vec<char>)> {
    let letters = text.iter().take_while(|c| c.is_alphabetic()).count();
    let rest = &text[letters..];
    if !(2..=12).contains(&letters) || rest.len() < 6 || !matches!(rest[..2], ['1', '9'] | ['2', '0']) {
        return None;
    }
    let (year, after) = rest.split_at(4);
    let gap = usize::from(matches!(after.first(), Some('年' | &GAP)));
    let after = &after[gap..];
    let digits = after.iter().take_while(|c| c.is_ascii_digit()).count();
    if !year.iter().all(char::is_ascii_digit) || !(1..=4).contains(&digits) {
        return None;
    }
    let mark = usize::from(after.get(digits) == Some(&'号'));
    // Without 号 the year and the number must at least stand apart.
    if mark == 0 && gap == 0 {
        return None;
    }
    let printed = [&text[..letters], &['〔'], year, &['〕'], &after[..digits], &['号']].concat();
    Some((letters + 4 + gap + digits + mark, printed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::new(text, &Simplifier::new([('專', '专'), ('補', '补')]))
    }

    fn weights(text: &str) -> Vec<(String, u32)> {
        query(text).terms.iter().map(|t| (t.gram.text(), t.weight)).collect()
    }

    #[test]
    fn queries_are_cut_like_text() {
        let q = query(" 專精特新  補、A1 ");
        let runs: Vec<String> = q.runs.iter().map(|r| r.text.iter().collect()).collect();
        assert_eq!(runs, ["专精特新", "补", "a1"]);
        assert_eq!(q.terms.len(), 5);
        assert_eq!(q.highlights("省级专精特新中小企业补助", &Simplifier::default()), vec![2..6, 10..11]);
    }

    #[test]
    fn words_that_ask_count_for_nothing_unless_they_are_all() {
        assert_eq!(
            weights("河北对企业有哪些奖励"),
            [
                ("河北", 256),
                ("北对", 128),
                ("对企", 128),
                ("企业", 256),
                ("业有", 0),
                ("有哪", 0),
                ("哪些", 0),
                ("些奖", 0),
                ("奖励", 256)
            ]
            .map(|(t, w)| (t.to_owned(), w))
        );
        assert_eq!(weights("如何"), [("如何".to_owned(), 256)]);
    }

    #[test]
    fn quotation_marks_ask_for_the_whole() {
        let exact = |text: &str| query(text).runs.iter().map(|r| r.exact).collect::<Vec<bool>>();
        assert_eq!(exact("“设备更新” 补助"), [true, false]);
        assert_eq!(exact("\"设备更新\""), [true]);
        assert_eq!(exact("「设备 更新」补助"), [true, true, false]);
        assert_eq!(exact("“设备更新 补助"), [false, false]);
    }

    #[test]
    fn a_document_number_without_brackets() {
        for (text, expected) in [
            ("财税2016 101号", Some("财税〔2016〕101号")),
            ("财税2016101号", Some("财税〔2016〕101号")),
            ("冀政办2021年5号", Some("冀政办〔2021〕5号")),
            ("财税2016 101", Some("财税〔2016〕101号")),
            ("财税2016101", None),
            ("财税〔2016〕101号", None),
            ("2016 101号", None),
            ("企业2016年度", None),
        ] {
            let folded = fold_text(text, &Simplifier::default());
            let found = document_number(&folded).map(|(length, text)| (length, String::from_iter(text)));
            assert_eq!(found.as_ref().map(|(_, t)| t.as_str()), expected, "{text}");
            assert!(found.is_none_or(|(length, _)| length == folded.len()));
        }
    }
}
