//! The piece of a text round the best match.

use std::ops::Range;

use super::query::{Query, ranges};
use super::text::fold_text;
use crate::fold::Simplifier;

/// A piece of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The piece on one line, with … where something was left out.
    pub text: String,
    /// Ranges of it in characters that match.
    pub marks: Vec<Range<usize>>,
}

/// The piece of `text` of about `width` characters in which most of the query
/// stands. It begins where a clause begins, if one begins nearby.
pub fn excerpt(query: &Query, text: &str, width: usize, simplifier: &Simplifier) -> Excerpt {
    let characters: Vec<char> = text.chars().collect();
    let marks = query.marks(&fold_text(text, simplifier));
    let width = width.min(characters.len());
    // The window with most marked characters, the first of equal ones.
    let mut inside = marks[..width].iter().filter(|m| **m).count();
    let (mut best, mut from) = (inside, 0);
    for start in 1..=characters.len() - width {
        inside = inside + usize::from(marks[start + width - 1]) - usize::from(marks[start - 1]);
        if inside > best {
            (best, from) = (inside, start);
        }
    }
    // What precedes the first match is worth a few characters.
    let first = marks[from..].iter().position(|m| *m).map_or(from, |at| from + at);
    let from = first.saturating_sub(width / 4).min(characters.len() - width);
    let ends = |c: &char| matches!(c, '。' | '；' | '，' | '、' | '：') || c.is_whitespace();
    let from = match characters[from..first.max(from)].iter().position(ends) {
        Some(at) if from > 0 => from + at + 1,
        _ => from,
    };
    let to = (from + width).min(characters.len());
    let mut piece = Excerpt::default();
    let before = usize::from(from > 0);
    piece.text.extend((before > 0).then_some('…'));
    piece.text.extend(characters[from..to].iter().map(|c| if c.is_whitespace() { ' ' } else { *c }));
    piece.text.extend((to < characters.len()).then_some('…'));
    piece.marks = ranges(&marks[from..to]).into_iter().map(|r| r.start + before..r.end + before).collect();
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(query: &str, text: &str, width: usize) -> (String, Vec<String>) {
        let none = Simplifier::default();
        let found = excerpt(&Query::new(query, &none), text, width, &none);
        let characters: Vec<char> = found.text.chars().collect();
        let marked = found.marks.iter().map(|r| characters[r.clone()].iter().collect()).collect();
        (found.text, marked)
    }

    #[test]
    fn the_best_place_is_shown() {
        let text =
            "本办法适用于本市企业。企业买新设备，按投入的两成补助，每年最多五百万元。自发布之日起施行。";
        let (shown, marked) = piece("设备 补助", text, 20);
        assert_eq!(shown, "…企业买新设备，按投入的两成补助，每年最多…");
        assert_eq!(marked, ["设备", "补助"]);
        let (shown, marked) = piece("没有", text, 10);
        assert_eq!((shown.as_str(), marked.len()), ("本办法适用于本市企业…", 0));
        assert_eq!(piece("设备", "", 20), (String::new(), vec![]));
        assert_eq!(piece("设备", "设备", 20), ("设备".to_owned(), vec!["设备".to_owned()]));
    }
}
