//! Words that help to find: synonyms, suggestions, corrections.

use std::ops::Range;

use litemap::LiteMap;

use super::score::Lookup;
use super::text::{GAP, Gram, fold_text};
use crate::codec::{Reader, Writer};
use crate::fold::Simplifier;

/// A word to suggest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word, folded.
    pub text: String,
    /// In how many entries it stands.
    pub count: u32,
}

/// Synonyms and words of a bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// What people type, folded, and the words that texts use, folded; sorted
    /// by what is typed.
    pub synonyms: Vec<(String, Vec<String>)>,
    /// Words to suggest, most frequent first.
    pub words: Vec<Word>,
}

impl Vocabulary {
    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        w.list(&self.synonyms, |w, (term, means)| {
            w.str(term);
            w.list(means, |w, m| w.str(m));
        });
        w.list(&self.words, |w, word| {
            w.str(&word.text);
            w.size(word.count as usize);
        });
    }

    /// Reads what [`Vocabulary::encode`] wrote.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            synonyms: r.list(|r| (r.string(), r.list(Reader::string))),
            words: r.list(|r| Word { text: r.string(), count: r.u32() }),
        }
    }

    /// The longest synonym that folded text starts with: its length and what
    /// it means.
    pub(super) fn longest(&self, text: &[char]) -> Option<(usize, Vec<Vec<char>>)> {
        let text: String = text.iter().take_while(|c| **c != GAP).collect();
        // Sorted: every prefix of the text lies before the text itself, the longest last.
        let end = self.synonyms.partition_point(|(term, _)| term.as_str() <= text.as_str());
        let first = text.chars().next()?;
        let (term, means) = self.synonyms[..end]
            .iter()
            .rev()
            .take_while(|(t, _)| t.starts_with(first))
            .find(|(t, _)| text.starts_with(t.as_str()))?;
        Some((term.chars().count(), means.iter().map(|m| m.chars().collect()).collect()))
    }

    /// Words to offer after `typed`: those that begin like its last run, then
    /// those that hold it, the most frequent first.
    pub fn suggest(&self, typed: &str, simplifier: &Simplifier, limit: usize) -> Vec<&str> {
        let folded = fold_text(typed, simplifier);
        let last: String = folded.rsplit(|c| *c == GAP).next().unwrap_or_default().iter().collect();
        if last.is_empty() {
            return Vec::new();
        }
        let words = self.words.iter().map(|w| w.text.as_str()).filter(|w| *w != last);
        let (mut first, inside): (Vec<&str>, Vec<&str>) =
            words.filter(|w| w.contains(last.as_str())).partition(|w| w.starts_with(last.as_str()));
        first.extend(inside);
        first.truncate(limit);
        first
    }

    /// What was probably meant by text of which some pair stands nowhere:
    /// words of the vocabulary that sound like a part of it, or differ in one
    /// character. `None` when everything typed occurs, or nothing is near.
    pub fn correct(
        &self,
        typed: &str,
        simplifier: &Simplifier,
        sounds: &Sounds,
        lookup: &impl Lookup,
    ) -> Option<String> {
        let text = fold_text(typed, simplifier);
        // Pairs that occur nowhere.
        let unknown: Vec<bool> = text
            .windows(2)
            .map(|w| !w.contains(&GAP) && lookup.list(Gram(w[0], w[1])).is_some_and(|l| l.is_empty()))
            .collect();
        if !unknown.contains(&true) {
            return None;
        }
        let typed_words = self.synonyms.iter().flat_map(|(term, means)| std::iter::once(term).chain(means));
        let frequent = self.words.iter().filter(|w| w.count >= FREQUENT || w.text.chars().count() > 2);
        let mut found: Vec<(Distance, Range<usize>, Vec<char>)> = Vec::new();
        for word in typed_words.chain(frequent.map(|w| &w.text)) {
            let word: Vec<char> = word.chars().collect();
            for length in word.len().saturating_sub(1).max(2)..=word.len() + 1 {
                for (at, window) in text.windows(length).enumerate() {
                    if window.contains(&GAP) || !unknown[at..at + length - 1].contains(&true) {
                        continue;
                    }
                    if let Some(cost) = distance(window, &word, sounds) {
                        found.push(((cost, usize::MAX - word.len()), at..at + length, word.clone()));
                    }
                }
            }
        }
        found.sort_by(|a, b| (a.0, a.1.start, &a.2).cmp(&(b.0, b.1.start, &b.2)));
        // One word for each place: what touches it is mended with it.
        let mut taken: Vec<(Range<usize>, Vec<char>)> = Vec::new();
        for (_, range, word) in found {
            if taken.iter().all(|(t, _)| range.end < t.start || t.end < range.start) {
                taken.push((range, word));
            }
        }
        taken.sort_by_key(|(range, _)| range.start);
        let original: Vec<char> = typed.chars().collect();
        let mut corrected = String::new();
        let mut at = 0;
        for (range, word) in &taken {
            corrected.extend(&original[at..range.start]);
            corrected.extend(word);
            at = range.end;
        }
        corrected.extend(&original[at..]);
        (!taken.is_empty()).then_some(corrected)
    }
}

/// Less is better: how far from the word, then the longer word.
type Distance = (u8, usize);

/// A word of two characters that stands in fewer entries is not offered: too
/// much is one character away from it.
const FREQUENT: u32 = 8;

/// How far a part of the query is from a word that it is not: 1 when it
/// sounds the same, 2 when one character is missing, another, typed twice or
/// in the place of its neighbour. `None` when it is further.
fn distance(window: &[char], word: &[char], sounds: &Sounds) -> Option<u8> {
    if window == word || word.len() < 2 {
        return None;
    }
    if window.len() == word.len() {
        let other: Vec<usize> = (0..word.len()).filter(|i| window[*i] != word[*i]).collect();
        let alike = other.iter().all(|i| sounds.alike(window[*i], word[*i]));
        return match other[..] {
            _ if alike && other.len() * 2 <= word.len() => Some(1),
            [a, b] if b == a + 1 && window[a] == word[b] && window[b] == word[a] && word.len() > 2 => Some(2),
            [_] if word.len() > 3 => Some(2),
            _ => None,
        };
    }
    let (long, short) = if window.len() > word.len() { (window, word) } else { (word, window) };
    let same = long.iter().zip(short).take_while(|(a, b)| a == b).count();
    // A character too many may be a word of its own, unless it stands twice.
    let twice = same > 0 && long[same] == long[same - 1];
    (short.len() > 2 && long[same + 1..] == short[same..] && (short == window || twice)).then_some(2)
}

/// Which characters sound alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sounds {
    groups: LiteMap<char, u16>,
}

impl Sounds {
    /// From characters and the number of their sound.
    pub fn new(groups: impl IntoIterator<Item = (char, u16)>) -> Self {
        Self { groups: groups.into_iter().collect() }
    }

    fn alike(&self, a: char, b: char) -> bool {
        self.groups.get(&a).zip(self.groups.get(&b)).is_some_and(|(a, b)| a == b)
    }

    /// Appends to `w`: gaps between the characters, then their sounds.
    pub fn encode(&self, w: &mut Writer) {
        w.size(self.groups.len());
        let mut last = 0;
        for c in self.groups.keys() {
            w.size((*c as u32 - last) as usize);
            last = *c as u32;
        }
        self.groups.values().for_each(|sound| w.size(usize::from(*sound)));
    }

    /// Reads what [`Sounds::encode`] wrote.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let mut last = 0u32;
        let characters = r.list(|r| {
            let gap = r.u32();
            last = last.saturating_add(gap);
            let c = char::from_u32(last).filter(|_| gap > 0);
            r.require(c, "字符", '\0')
        });
        Self {
            groups: LiteMap::from_sorted_store_unchecked(
                characters.into_iter().map(|c| (c, r.u16())).collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words() {
        let sounds = Sounds::new([('新', 0), ('薪', 0), ('贴', 1), ('帖', 1)]);
        let near = |typed: &str, word: &str| {
            distance(&typed.chars().collect::<Vec<_>>(), &word.chars().collect::<Vec<_>>(), &sounds)
        };
        assert_eq!(near("专精特薪", "专精特新"), Some(1));
        assert_eq!(near("补帖", "补贴"), Some(1));
        assert_eq!(near("专特精新", "专精特新"), Some(2));
        assert_eq!(near("知识权", "知识产权"), Some(2));
        assert_eq!(near("知识识产权", "知识产权"), Some(2));
        assert_eq!(near("知识的产权", "知识产权"), None);
        assert_eq!(near("担保货款", "担保贷款"), Some(2));
        assert_eq!(near("货款", "贷款"), None);
        assert_eq!(near("补贴", "补贴"), None);
        assert_eq!(near("专精新特", "专精特新"), Some(2));
        assert_eq!(near("企业", "产权"), None);
    }

    #[test]
    fn sounds_round_trip() {
        let sounds = Sounds::new([('新', 7), ('薪', 7), ('贴', 300)]);
        let mut w = Writer::new();
        sounds.encode(&mut w);
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        assert_eq!(Sounds::read(&mut r), sounds);
        assert_eq!(r.end(), Ok(()));
        assert!(sounds.alike('新', '薪') && !sounds.alike('新', '贴') && !sounds.alike('新', '企'));
    }

    #[test]
    fn suggestions_begin_like_the_last_run() {
        let word = |text: &str, count| Word { text: text.to_owned(), count };
        let vocabulary = Vocabulary {
            synonyms: Vec::new(),
            words: vec![word("补贴", 9), word("稳岗补贴", 5), word("补助", 3)],
        };
        let none = Simplifier::default();
        assert_eq!(vocabulary.suggest("高企 补", &none, 5), ["补贴", "补助", "稳岗补贴"]);
        assert_eq!(vocabulary.suggest("补贴", &none, 5), ["稳岗补贴"]);
        assert!(vocabulary.suggest("高企 ", &none, 5).is_empty());
    }

    #[test]
    fn the_longest_synonym_is_taken() {
        let rows = [("高企", "高新技术企业"), ("高企补贴", "高企奖励"), ("高新", "高新技术")];
        let synonyms = rows.map(|(a, b)| (a.to_owned(), vec![b.to_owned()])).to_vec();
        let vocabulary = Vocabulary { synonyms, words: Vec::new() };
        let longest = |text: &str| vocabulary.longest(&text.chars().collect::<Vec<_>>()).map(|(n, _)| n);
        assert_eq!((longest("高企补贴多少"), longest("高企贷款"), longest("高")), (Some(4), Some(2), None));
        assert_eq!(longest("高企 补贴"), Some(2));
    }
}
