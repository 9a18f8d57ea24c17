//! Words that help to find: synonyms, suggestions, corrections.

use crate::codec::{Reader, Writer};
use super::text::GAP;

/// A word to suggest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word as it is shown.
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
        let (term, means) =
            self.synonyms[..end].iter().rev().take_while(|(t, _)| t.starts_with(first)).find(|(t, _)| text.starts_with(t.as_str()))?;
        Some((term.chars().count(), means.iter().map(|m| m.chars().collect()).collect()))
    }
}
