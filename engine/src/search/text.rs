//! How text becomes terms. Index and query are cut by these functions, on
//! both sides, so that the two cannot disagree.

use crate::fold::Simplifier;

/// What stands in place of the second character of a single one: no
/// character, and after all of them.
const NONE: char = char::MAX;

/// Where pairs as written begin: after all characters in use.
const WRITTEN: u32 = 0xf0000;

/// A term: two characters that stand side by side, or one by itself, which
/// comes after all pairs that begin with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gram(pub char, pub char);

impl Gram {
    /// A single character.
    pub fn single(c: char) -> Self {
        Self(c, NONE)
    }

    /// A pair as it was written, where folding to simplified characters
    /// changed it: who types 實施 means 实施 as well, but first of all 實施.
    /// It lies in the private plane 15, out of the way of all other terms.
    pub fn written(first: char, second: char) -> Option<Self> {
        let private = char::from_u32(first as u32 + WRITTEN)?;
        (first < '\u{ffff}').then_some(Self(private, second))
    }

    /// Whether it is a [`Gram::written`].
    pub fn is_written(self) -> bool {
        self.0 as u32 >= WRITTEN
    }

    /// Whether it is a single character.
    pub fn is_single(self) -> bool {
        self.1 == NONE
    }

    /// The term as text, for an index that stores text.
    pub fn text(self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// Replaces `text` by the term.
    pub fn write(self, text: &mut String) {
        text.clear();
        text.push(self.0);
        if !self.is_single() {
            text.push(self.1);
        }
    }

    /// The contrary of [`Gram::text`].
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let first = chars.next()?;
        let second = chars.next().unwrap_or(NONE);
        chars.next().is_none().then_some(Self(first, second))
    }
}

/// What separates runs in folded text.
pub const GAP: char = ' ';

/// Folds a text for searching: one character out for each one in, so that a
/// position in the folded text is the position in the text itself. Everything
/// that is no letter, digit or Han becomes [`GAP`], but for the brackets round
/// the year of a document number (〔2021〕, also written `[2021]`, (2021),
/// 【2021】), which become 〔 and 〕: 〔2021〕5号 is then found as a whole and
/// 15号 is not taken for it.
pub fn fold_text(text: &str, simplifier: &Simplifier) -> Vec<char> {
    let mut folded: Vec<char> = text.chars().map(|c| digit(simplifier.fold(c))).collect();
    for at in 1..folded.len() {
        // The round zero of 二○二一.
        if matches!(folded[at], '○' | '◯') && folded[at - 1].is_ascii_digit() {
            folded[at] = '0';
        }
    }
    let mut at = 0;
    while at < folded.len() {
        let c = folded[at];
        if matches!(c, '〔' | '﹝' | '[' | '【' | '(' | '〈')
            && folded.len() > at + 5
            && folded[at + 1..at + 5].iter().all(char::is_ascii_digit)
            && matches!(folded[at + 5], '〕' | '﹞' | ']' | '】' | ')' | '〉')
        {
            folded[at] = '〔';
            folded[at + 5] = '〕';
            at += 5;
        } else if !c.is_alphanumeric() {
            folded[at] = GAP;
        }
        at += 1;
    }
    folded
}

/// Chinese numerals of one digit, the formal ones as well. 十, 百, 千, 万 stay:
/// folding keeps the number of characters; the query knows both spellings.
fn digit(c: char) -> char {
    match c {
        '〇' | '零' => '0',
        '一' | '壹' => '1',
        '二' | '贰' => '2',
        '三' | '叁' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '柒' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        _ => c,
    }
}

/// Terms of folded text with their positions. Within a run every pair is a
/// term; the last character is one by itself, so that every character begins
/// one.
pub fn grams(folded: &[char]) -> impl Iterator<Item = (Gram, u32)> {
    (0u32..).zip(folded).filter(|(_, c)| **c != GAP).map(|(at, c)| {
        let next = folded.get(at as usize + 1).copied().filter(|c| *c != GAP);
        (next.map_or(Gram::single(*c), |next| Gram(*c, next)), at)
    })
}

/// All terms of a text that is to be found: those of [`grams`], and the pairs
/// as they were written.
pub fn cut(text: &str, simplifier: &Simplifier) -> Vec<(Gram, u32)> {
    let folded = fold_text(text, simplifier);
    let mut all: Vec<(Gram, u32)> = grams(&folded).collect();
    all.extend(written(&fold_text(text, &Simplifier::default()), &folded));
    all
}

/// Pairs that folding to simplified characters changed, as they were written.
pub(super) fn written<'a>(plain: &'a [char], folded: &'a [char]) -> impl Iterator<Item = (Gram, u32)> + 'a {
    (0u32..).zip(plain.windows(2).zip(folded.windows(2))).filter_map(|(at, (plain, folded))| {
        let changed = plain != folded && !plain.contains(&GAP);
        Some((Gram::written(plain[0], plain[1]).filter(|_| changed)?, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let s = Simplifier::new([('專', '专'), ('補', '补'), ('貼', '贴')]);
        fold_text(text, &s).into_iter().collect()
    }

    #[test]
    fn folds_one_character_to_one() {
        for (text, expected) in [
            ("專精ＡＢＣ１２３，補貼", "专精abc123 补贴"),
            ("二○二一年第三批○", "2021年第3批 "),
            ("冀政办〔2021〕5号", "冀政办〔2021〕5号"),
            ("冀政办[2021]5号", "冀政办〔2021〕5号"),
            ("冀政办（２０２１）５号", "冀政办〔2021〕5号"),
            ("冀政办【二○二一】五号", "冀政办〔2021〕5号"),
            ("（以下简称〔办法〕）", " 以下简称 办法  "),
            ("〔2021）", "〔2021〕"),
            ("〔202〕〔20211〕", " 202  20211 "),
            ("2021〕", "2021 "),
        ] {
            assert_eq!(folded(text), expected);
            assert_eq!(folded(text).chars().count(), text.chars().count());
        }
    }

    #[test]
    fn pairs_as_written_are_terms_beside() {
        let s = Simplifier::new([('補', '补'), ('貼', '贴')]);
        let terms: Vec<Gram> = cut("補貼款", &s).into_iter().map(|(g, _)| g).collect();
        let written = [Gram::written('補', '貼'), Gram::written('貼', '款')].map(Option::unwrap);
        assert_eq!(terms, [Gram('补', '贴'), Gram('贴', '款'), Gram::single('款'), written[0], written[1]]);
        assert!(written.iter().all(|g| g.is_written() && Gram::parse(&g.text()) == Some(*g)));
        assert!(!terms[0].is_written());
    }

    #[test]
    fn pairs_and_the_end_of_a_run() {
        let text = fold_text("5G网络，补", &Simplifier::default());
        let terms: Vec<(String, u32)> = grams(&text).map(|(g, p)| (g.text(), p)).collect();
        let expected = [("5g", 0), ("g网", 1), ("网络", 2), ("络", 3), ("补", 5)];
        assert_eq!(terms, expected.map(|(t, p)| (t.to_owned(), p)));
        assert!(terms.iter().all(|(t, _)| Gram::parse(t).is_some_and(|g| g.text() == *t)));
        assert_eq!(Gram::parse(""), None);
        assert_eq!(Gram::parse("三个字"), None);
    }
}
