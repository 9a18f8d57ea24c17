//! What a person reads, in the language that was chosen.
//!
//! Sentences are written in simplified Chinese where they are used; that text is the key under which a translation is
//! found, as gettext does it. Without a translation the key itself is shown, so that nothing is ever missing on a page.

use std::fmt::Display;

use crate::codec::{Decoded, Reader, Writer};

/// Translations of one language; none for simplified Chinese.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Hash of the key and its translation, by hash.
    list: Vec<(u32, String)>,
}

/// Marks a text that is looked up later: a key like those given to [`Words::say`] and [`Words::get`] at once.
pub const fn word(text: &'static str) -> &'static str {
    text
}

/// FNV-1a of a text, 32 bits: also a short name for an id.
pub fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |h, byte| (h ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl Words {
    /// Of keys with their translations. Nothing when two keys have one hash: another wording of either is needed.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut list: Vec<(u32, String)> =
            pairs.into_iter().map(|(key, text)| (hash(key), text.to_owned())).collect();
        list.sort();
        list.windows(2).all(|pair| pair[0].0 != pair[1].0).then_some(Self { list })
    }

    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        w.list(&self.list, |w, (hash, text)| {
            w.uint(u128::from(*hash));
            w.str(text);
        });
    }

    /// Reads what [`Words::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Decoded<Self> {
        let mut r = Reader::new(bytes);
        let mut list = r.list(|r| (r.u32(), r.string()));
        // Looked up by halves, whatever the order in the file.
        list.sort();
        r.finish(Self { list })
    }

    /// Whether texts are shown as they are written: simplified Chinese.
    pub fn is_chinese(&self) -> bool {
        self.list.is_empty()
    }

    /// A text without values.
    pub fn get<'a>(&'a self, text: &'a str) -> &'a str {
        let hash = hash(text);
        let at = self.list.binary_search_by(|(h, _)| h.cmp(&hash));
        at.ok().and_then(|at| self.list.get(at)).map_or(text, |(_, text)| text)
    }

    /// A text that a translation may have in two forms, `one|many`.
    pub fn form<'a>(&'a self, text: &'a str, one: bool) -> &'a str {
        let text = self.get(text);
        text.split_once('|').map_or(text, |(first, second)| if one { first } else { second })
    }

    /// Several things, one after the other.
    pub fn list(&self, texts: &[String]) -> String {
        texts.join(self.get("、"))
    }

    /// A text as a line of its own: translations begin with a small letter where they also stand within sentences.
    pub fn line(&self, mut text: String) -> String {
        if !self.is_chinese()
            && let Some(first) = text.get_mut(..1)
        {
            first.make_ascii_uppercase();
        }
        text
    }

    /// A text with values: `{}` is the next one, `{0}` the first one, wherever a translation needs it. A translation
    /// of the form `one|many` has its first half used where the first value is 1.
    pub fn say(&self, text: &str, values: &[&dyn Display]) -> String {
        let mut rest = self.form(text, values.first().is_some_and(|first| first.to_string() == "1"));
        let mut out = String::new();
        let mut next = 0;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (number, after) = after.split_once('}').unwrap_or((after, ""));
            let at = number.parse().unwrap_or_else(|_| {
                next += 1;
                next - 1
            });
            if let Some(value) = values.get(at) {
                out.push_str(&value.to_string());
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_as_written_or_translated() {
        let chinese = Words::default();
        assert!(chinese.is_chinese());
        assert_eq!(chinese.say("还有 {} 项，最多 {}", &[&3, &"20万元"]), "还有 3 项，最多 20万元");
        let pairs = [
            ("还有 {} 项，最多 {}", "up to {1} in one measure|up to {1} in {0} measures"),
            ("结果", "Results"),
        ];
        let Some(english) = Words::new(pairs) else { panic!("no two keys have one hash") };
        assert!(!english.is_chinese());
        assert_eq!(english.get("结果"), "Results");
        assert_eq!(english.get("方案"), "方案", "never nothing");
        assert_eq!(english.say("还有 {} 项，最多 {}", &[&3, &"RMB 20"]), "up to RMB 20 in 3 measures");
        assert_eq!(english.say("还有 {} 项，最多 {}", &[&1, &"RMB 20"]), "up to RMB 20 in one measure");
        assert_eq!(english.say("结果{", &[]), "结果");
        assert_eq!(english.say("{} {} {7}", &[&1]), "1  ");
        assert_eq!(english.line("up to".to_owned()), "Up to");
        assert_eq!(english.line("—".to_owned()), "—");
        assert_eq!(chinese.line("a股".to_owned()), "a股");
        let mut w = Writer::new();
        english.encode(&mut w);
        let bytes = w.into_bytes();
        assert_eq!(Words::decode(&bytes).ok(), Some(english));
        assert!(Words::decode(&bytes[..bytes.len() - 1]).is_err());
        assert!(Words::new([("结果", "a"), ("结果", "b")]).is_none());
    }
}
