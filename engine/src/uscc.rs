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
    /// What the last character should be, and what it is.
    Check(char, char),
}

/// What a letter that codes never hold was probably meant to be.
const MEANT: [(char, &str); 5] = [('I', "1"), ('O', "0"), ('S', "5"), ('V', "U"), ('Z', "2")];

impl UsccError {
    /// What is wrong, where, and what was expected, for the one who typed it.
    pub fn say(&self, words: &Words) -> String {
        match self {
            // The number of a business licence before 2015.
            Self::Length(15) => {
                words.get("写了15位，像是旧的注册号；营业执照上的统一社会信用代码是18位").to_owned()
            }
            Self::Length(n) if *n < 18 => {
                words.say("统一社会信用代码是18位，写了{0}位，少{1}位", &[n, &(18 - n)])
            }
            Self::Length(n) => words.say("统一社会信用代码是18位，写了{0}位，多{1}位", &[n, &(n - 18)]),
            Self::Character(c, at) => match MEANT.iter().find(|(letter, _)| letter == c) {
                Some((_, meant)) => {
                    words.say("第{0}位写的是字母{1}，代码里没有这个字母，可能是{2}", &[at, c, meant])
                }
                None => words.say("第{0}位应是数字或字母，写的是“{1}”", &[at, c]),
            },
            Self::Check(expected, found) => {
                words.say("第18位应是{0}，写的是{1}；第18位没错的话，前面有一位写错了", &[expected, found])
            }
        }
    }
}

impl std::fmt::Display for UsccError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.say(&Words::default()))
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
        if code[17] == expected {
            Ok(Self(code))
        } else {
            Err(UsccError::Check(char::from(expected), char::from(code[17])))
        }
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever stored.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Kind of authority that registered it, by the first character.
    pub fn authority(&self) -> &'static str {
        match self.0[0] {
            b'1' => "机构编制",
            b'2' => "外交",
            b'3' => "司法行政",
            b'4' => "文化",
            b'5' => "民政",
            b'6' => "旅游",
            b'7' => "宗教",
            b'8' => "工会",
            b'9' => "市场监管",
            b'A' => "军队编制",
            b'N' => "农业",
            _ => "其他",
        }
    }

    /// What it is, by the first two characters, as the fact 主体类型 names it; `None` for kinds that seldom apply.
    pub fn category(&self) -> Option<&'static str> {
        Some(match self.0[..2] {
            [b'9', b'1'] => "企业",
            [b'9', b'2'] => "个体工商户",
            [b'9', b'3'] => "农民专业合作社",
            [b'1', b'1'] => "机关",
            [b'1', b'2'] => "事业单位",
            [b'5', b'1'] => "社会团体",
            [b'5', b'2'] => "民办非企业",
            [b'5', b'3'] => "基金会",
            [b'N', b'1'..=b'3'] => "农村集体经济组织",
            _ => return None,
        })
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
        assert_eq!(Uscc::parse("91350100M000100Y44"), Err(UsccError::Check('3', '4')));
        assert_eq!(Uscc::parse("91350100M000100Y4"), Err(UsccError::Length(17)));
        assert_eq!(Uscc::parse("9135010OM000100Y43"), Err(UsccError::Character('O', 8)));
        assert_eq!(Uscc::parse(""), Err(UsccError::Length(0)));
    }

    /// The shared vectors: what is found, and that a message says where, what was expected and what was found.
    #[test]
    fn messages_say_what_to_do() {
        let rows = include_str!("../vectors/uscc.tsv").lines().filter(|line| !line.starts_with('#'));
        let mut seen = [0; 4];
        for row in rows {
            let cells: Vec<&str> = row.split('\t').collect();
            let found = Uscc::parse(cells[0]);
            let text = found.as_ref().err().map(ToString::to_string).unwrap_or_default();
            match (&found, cells[1]) {
                (Ok(code), "ok") => {
                    seen[0] += 1;
                    assert_eq!(code.category().unwrap_or_default(), cells[3], "{row}");
                    assert_eq!(
                        code.region().map_or_else(String::new, |r| r.region_text()),
                        cells[2],
                        "{row}"
                    );
                }
                (Err(UsccError::Length(n)), "length") => {
                    seen[1] += 1;
                    assert_eq!(cells[0].chars().count(), *n);
                    assert!(text.contains(&format!("写了{n}位")), "{text}");
                }
                (Err(UsccError::Character(c, at)), "character") => {
                    seen[2] += 1;
                    assert_eq!(cells[0].chars().nth(at - 1), Some(*c));
                    assert!(text.starts_with(&format!("第{at}位")) && text.contains(*c), "{text}");
                }
                (Err(UsccError::Check(expected, found)), "check") => {
                    seen[3] += 1;
                    let mended = format!("{}{expected}", &cells[0][..17]);
                    assert!(Uscc::parse(&mended).is_ok() && cells[0].ends_with(*found), "{row}");
                }
                _ => panic!("{row}: {found:?}"),
            }
        }
        assert!(seen.iter().all(|n| *n > 2), "{seen:?}");
        let said = |text: &str| Uscc::parse(text).map(|_| ()).map_err(|e| e.to_string());
        let cases = [
            ("91350100M000100Y47", "第18位应是3，写的是7；第18位没错的话，前面有一位写错了"),
            ("91350100M000100Y4", "统一社会信用代码是18位，写了17位，少1位"),
            ("91350100M000100Y4333", "统一社会信用代码是18位，写了20位，多2位"),
            ("350100100012345", "写了15位，像是旧的注册号；营业执照上的统一社会信用代码是18位"),
            ("9135o100M000100Y43", "第5位写的是字母O，代码里没有这个字母，可能是0"),
            ("91350100m000-00y4Z", "第13位应是数字或字母，写的是“-”"),
            ("91350100M000100YＺ3", "第17位写的是字母Z，代码里没有这个字母，可能是2"),
        ];
        for (text, message) in cases {
            assert_eq!(said(text), Err(message.to_owned()), "{text}");
        }
        assert_eq!(said(" 9135 0100 m000 100ｙ 43 "), Ok(()));
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
