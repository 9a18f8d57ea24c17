//! 统一社会信用代码: its check characters and what it says of the firm.
//!
//! Source: GB 32100-2015 法人和其他组织统一社会信用代码编码规则; the organisation code inside it is that of
//! GB 11714-1997. The code proposes a registration region to confirm, it is never taken for one: the place that
//! registered a firm need not be where it sits.

use crate::catalogue::Code;
use crate::fold::fold;
use crate::words::Words;

/// The 31 characters of the code; I, O, S, V and Z are left out.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A code of 18 characters whose check characters are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Uscc([u8; 18]);

/// Why a text is no such code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsccError {
    /// Not 18 characters; how many there are.
    Length(usize),
    /// A character that codes never hold, and its place from 1.
    Character(char, usize),
    /// The last character should be this one.
    Check(char),
}

impl UsccError {
    /// What is wrong, as a sentence.
    pub fn text(&self, words: &Words) -> String {
        match self {
            Self::Length(n) => words.say("统一社会信用代码应有 18 位，写了 {} 位", &[n]),
            Self::Character(c, at) => {
                words.say("第 {} 位“{}”不会出现在统一社会信用代码里（没有 I、O、S、V、Z）", &[at, c])
            }
            Self::Check(expected) => {
                words.say("校验位对不上：最后一位按前面算应是 {}，可能有一位写错", &[expected])
            }
        }
    }
}

impl std::fmt::Display for UsccError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(&Words::default()))
    }
}

impl std::error::Error for UsccError {}

impl Uscc {
    /// Reads a code; full width, small letters and spaces are taken.
    ///
    /// # Errors
    /// When it is too short or long, has a strange character, or does not add up.
    pub fn parse(text: &str) -> Result<Self, UsccError> {
        let chars: Vec<char> =
            text.chars().map(fold).filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let Ok(chars) = <[char; 18]>::try_from(chars.as_slice()) else {
            return Err(UsccError::Length(chars.len()));
        };
        let mut code = [0; 18];
        for (at, (slot, c)) in code.iter_mut().zip(chars).enumerate() {
            let byte = u8::try_from(c).ok().filter(|b| ALPHABET.contains(b));
            *slot = byte.ok_or(UsccError::Character(c, at + 1))?;
        }
        let expected = check_character(&code[..17]);
        if code[17] == expected { Ok(Self(code)) } else { Err(UsccError::Check(char::from(expected))) }
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever stored.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Region of the registering authority (characters 3 to 8), to be proposed; codes of the national authority
    /// (100000) and damaged ones name none.
    pub fn region(&self) -> Option<Code> {
        let digits = std::str::from_utf8(&self.0[2..8]).ok()?;
        if digits == "100000" { None } else { Code::region(digits) }
    }
}

/// Weights 3^i modulo 31 over the first 17 characters. Where the sum is a multiple of 31 the result is 31, which
/// stands for 0: implementations that look 31 up in the alphabet refuse sound codes.
fn check_character(code: &[u8]) -> u8 {
    let mut weight = 1;
    let mut sum = 0;
    for byte in code {
        let value = ALPHABET.iter().position(|b| b == byte).unwrap_or_default();
        sum = (sum + value * weight) % 31;
        weight = weight * 3 % 31;
    }
    ALPHABET[(31 - sum) % 31]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_codes() {
        // The sum of the second is a multiple of 31; the third is the first as people paste it.
        for text in ["91350100M000100Y43", "91130100MA00000100", " ９１350100ｍ000100Ｙ43"] {
            let parsed = Uscc::parse(text);
            assert!(parsed.is_ok(), "{text}: {parsed:?}");
        }
        let code = Uscc::parse("91350100M000100Y43").unwrap();
        assert_eq!(code.region(), Code::region("350100"));
        assert_eq!(Uscc::parse("91350100M000100Y44"), Err(UsccError::Check('3')));
        assert_eq!(Uscc::parse("91350100M000100Y4"), Err(UsccError::Length(17)));
        assert_eq!(Uscc::parse("9135010OM000100Y43"), Err(UsccError::Character('O', 8)));
        assert_eq!(Uscc::parse(""), Err(UsccError::Length(0)));
    }

    proptest! {
        /// One wrong character, or two neighbours swapped, is always noticed.
        #[test]
        fn slips_are_noticed(body in "[0-9A-HJ-NP-RTUWXY]{17}", at in 0usize..17, to in 0usize..31) {
            let mut code: Vec<u8> = body.into_bytes();
            let check = check_character(&code);
            code.push(check);
            let text = String::from_utf8(code.clone()).unwrap();
            prop_assert!(Uscc::parse(&text).is_ok());
            let mut slip = code.clone();
            slip[at] = ALPHABET[to];
            if slip != code {
                prop_assert!(Uscc::parse(std::str::from_utf8(&slip).unwrap()).is_err());
            }
            let mut swapped = code.clone();
            swapped.swap(at, at + 1);
            if swapped != code {
                prop_assert!(Uscc::parse(std::str::from_utf8(&swapped).unwrap()).is_err());
            }
        }
    }
}
