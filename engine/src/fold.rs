//! Folding of characters before they are compared: full width to half width,
//! upper case to lower case, traditional to simplified. One character in, one
//! out, so that positions in folded text are positions in the text itself and
//! highlights need no map. Index and query use this same code.

use litemap::LiteMap;

use crate::codec::{Reader, Writer};

/// Width and case only.
pub fn fold(c: char) -> char {
    let c = match c {
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        // A letter whose lower case is two characters (İ) stays as it is.
        (Some(single), None) => single,
        _ => c,
    }
}

/// Pairs of traditional and simplified characters, or the other way round. Built natively from OpenCC
/// data; in the browser fetched when a query holds a character the index does
/// not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simplifier {
    pairs: LiteMap<char, char>,
}

impl Simplifier {
    /// From pairs (traditional, simplified).
    pub fn new(pairs: impl IntoIterator<Item = (char, char)>) -> Self {
        Self { pairs: pairs.into_iter().filter(|(a, b)| a != b).collect() }
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether the table holds nothing.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// What stands for a character, which is left as it is where nothing does.
    pub(crate) fn other(&self, c: char) -> char {
        self.pairs.get(&c).copied().unwrap_or(c)
    }

    /// Width, case, then script.
    pub fn fold(&self, c: char) -> char {
        self.other(fold(c))
    }

    /// Appends the pairs, gaps between the keys first.
    pub fn encode(&self, w: &mut Writer) {
        w.size(self.pairs.len());
        let mut last = 0;
        for from in self.pairs.keys() {
            w.size((*from as u32 - last) as usize);
            last = *from as u32;
        }
        for (from, to) in &self.pairs {
            w.int(i128::from(*to as u32) - i128::from(*from as u32));
        }
    }

    /// Reads what [`Simplifier::encode`] wrote.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let mut last = None;
        let keys = r.list(|r| {
            let key = last.map_or(0, u32::from).saturating_add(r.u32());
            let key = char::from_u32(key).filter(|key| last < Some(*key));
            let key = r.require(key, "字符", '\0');
            last = Some(key);
            key
        });
        let pairs = keys.into_iter().map(|from| {
            let to = i128::from(from as u32).checked_add(r.int());
            let to = to.and_then(|n| u32::try_from(n).ok()).and_then(char::from_u32);
            (from, r.require(to, "字符", '\0'))
        });
        Self { pairs: LiteMap::from_sorted_store_unchecked(pairs.collect()) }
    }
}

/// Whether a character takes part in search: Han, other letters, digits.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_width_case_and_script() {
        let s = Simplifier::new([('專', '专'), ('補', '补'), ('貼', '贴')]);
        let folded: String = "專精ＡＢＣ１２３（補貼）".chars().map(|c| s.fold(c)).collect();
        assert_eq!(folded, "专精abc123(补贴)");
        let mut w = Writer::new();
        s.encode(&mut w);
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        assert_eq!(Simplifier::read(&mut r), s);
        assert_eq!(r.end(), Ok(()));
    }
}
