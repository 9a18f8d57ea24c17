//! Simplified to traditional characters, for display only: decisions, searches and files know the simplified ones.
//!
//! The table of a bundle holds the characters and, of the phrases that decide between several traditional forms (发票
//! 發票, 理发 理髮), those that its texts need. It is made from OpenCC's data when a bundle is built.

use crate::codec::{Reader, Writer};
use crate::fold::Simplifier;

/// Characters and phrases with their traditional forms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traditional {
    characters: Simplifier,
    /// In the order of the first half, so that phrases with one beginning stand together.
    phrases: Vec<(String, String)>,
}

impl Traditional {
    /// From pairs of what is written and what is shown.
    pub fn new(
        characters: impl IntoIterator<Item = (char, char)>,
        phrases: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self::sorted(Simplifier::new(characters), phrases.into_iter().collect())
    }

    fn sorted(characters: Simplifier, mut phrases: Vec<(String, String)>) -> Self {
        phrases.retain(|(from, _)| !from.is_empty());
        phrases.sort();
        phrases.dedup_by(|a, b| a.0 == b.0);
        Self { characters, phrases }
    }

    /// Takes over what another publisher's texts need.
    pub fn absorb(&mut self, other: Self) {
        if self.characters.is_empty() {
            self.characters = other.characters;
        }
        let mut phrases = std::mem::take(&mut self.phrases);
        phrases.extend(other.phrases);
        *self = Self::sorted(std::mem::take(&mut self.characters), phrases);
    }

    /// Phrases with what is shown for them.
    pub fn phrases(&self) -> &[(String, String)] {
        &self.phrases
    }

    /// Adds a phrase, unless it is there.
    pub fn insert(&mut self, from: &str, to: &str) {
        if let Err(at) = self.phrases.binary_search_by(|(known, _)| known.as_str().cmp(from)) {
            self.phrases.insert(at, (from.to_owned(), to.to_owned()));
        }
    }

    /// Takes a phrase out.
    pub fn remove(&mut self, from: &str) {
        self.phrases.retain(|(known, _)| known != from);
    }

    /// Number of characters and phrases.
    pub fn len(&self) -> (usize, usize) {
        (self.characters.len(), self.phrases.len())
    }

    /// Whether texts stay as they are.
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    /// The longest phrase that `text` begins with.
    fn phrase(&self, text: &str) -> Option<&(String, String)> {
        // A beginning of a text sorts before it, a longer one after a shorter one.
        let behind = self.phrases.partition_point(|(from, _)| from.as_str() <= text);
        let first = text.chars().next()?;
        let near = self.phrases[..behind].iter().rev().take_while(|(from, _)| from.starts_with(first));
        near.into_iter().find(|(from, _)| text.starts_with(from.as_str()))
    }

    /// A text with traditional characters: the longest phrase at every place, else the character.
    pub fn convert(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.pieces(text, |_, shown| out.push_str(shown));
        out
    }

    /// What is read as one, in order, with what is shown for it.
    pub fn pieces<'t>(&self, text: &'t str, mut each: impl FnMut(&'t str, &str)) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let phrase = if c.is_ascii() { None } else { self.phrase(rest) };
            let (piece, after) = rest.split_at(phrase.map_or(c.len_utf8(), |(from, _)| from.len()));
            match phrase {
                Some((_, to)) => each(piece, to),
                None => each(piece, self.characters.other(c).encode_utf8(&mut [0; 4])),
            }
            rest = after;
        }
    }

    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        self.characters.encode(w);
        w.list(&self.phrases, |w, (from, to)| {
            w.str(from);
            w.str(to);
        });
    }

    /// Reads what [`Traditional::encode`] wrote.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let characters = Simplifier::read(r);
        Self::sorted(characters, r.list(|r| (r.string(), r.string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_phrase_decides() {
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let table = Traditional::new(
            [('发', '發'), ('给', '給'), ('后', '後')],
            [pair("理发", "理髮"), pair("太后", "太后"), pair("理发票", "理發票"), pair("理财", "理財")],
        );
        assert_eq!(table.convert("理发后发给 A"), "理髮後發給 A");
        assert_eq!(table.convert("办理发票"), "办理發票");
        assert_eq!(table.convert("太后理发展"), "太后理髮展");
        assert_eq!(table.convert(""), "");
        assert_eq!(Traditional::default().convert("发给"), "发给");
        let mut both = Traditional::default();
        both.absorb(table.clone());
        both.absorb(Traditional::new([], [pair("皇后", "皇后")]));
        assert_eq!(both.convert("皇后发"), "皇后發");
        let mut w = Writer::new();
        table.encode(&mut w);
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        let read = Traditional::read(&mut r);
        assert_eq!(r.finish(read), Ok(table));
    }
}
