//! Texts that came through a copying machine: half-width marks, pinyin, traditional characters, slipped bytes, pieces
//! of web pages; and what must never be published: identity numbers and private phones.
//!
//! What officers write themselves is checked value by value; in a full text each class is reported once, at its first
//! place, with the number of places.

use std::collections::BTreeSet;
use std::ops::Range;

use huiqi_engine::fold::Simplifier;
use huiqi_engine::num::Ratio;
use regex::Regex;

use crate::diagnostic::{Diagnostic, Place};
use crate::fields::Sink;
use crate::lint::{
    AMOUNT, Context, DAY, DEADLINE, IDENTITY, MOBILE, NUMBER_LIKE, PARENS_SPACED, RELATIVE, whole,
};
use crate::policy::{Policy, TextFile};
use crate::yaml::{Kind, Node};

/// Keys whose values people read as prose.
const PROSE: [&str; 15] = [
    "标题",
    "名称",
    "一句话",
    "说明",
    "核实",
    "承诺",
    "参照",
    "发文机关",
    "部门",
    "地点",
    "依据",
    "组",
    "名额",
    "文号",
    "材料",
];
/// Keys whose values are sentences, with the most characters between two marks.
const SENTENCES: [&str; 5] = ["一句话", "说明", "核实", "承诺", "参照"];
/// Most characters without a mark in between, after which a phone shows a wall of text.
const SENTENCE_LIMIT: usize = 45;
/// Longest line of a full text that still has its structure.
const LINE_LIMIT: usize = 800;
/// Pieces of web pages.
const BOILERPLATE: [&str; 22] = [
    "您的位置",
    "您当前的位置",
    "当前位置：",
    "当前位置:",
    "打印本页",
    "【打印】",
    "关闭窗口",
    "【关闭",
    "字体：",
    "字号：",
    "浏览次数",
    "阅读次数",
    "扫一扫",
    "相关文章",
    "网站标识码",
    "ICP备",
    "公网安备",
    "上一篇",
    "下一篇",
    "分享到",
    "未完，全文共",
    "更新时间",
];

/// A finding in a text: class, message, hint, first place and length in characters.
struct Finding {
    code: &'static str,
    message: String,
    hint: &'static str,
    offset: usize,
    length: usize,
}

impl Finding {
    /// What a pattern found in `text`.
    fn matched(
        code: &'static str,
        hint: &'static str,
        text: &str,
        found: Range<usize>,
        message: String,
    ) -> Self {
        let length = text[found.clone()].chars().count();
        Self { code, message, hint, offset: text[..found.start].chars().count(), length }
    }
}

pub(super) fn file(root: &Node, policy: &Policy, context: &Context<'_>, sink: &mut Sink) {
    walk(root, "", false, &mut |key, node, example| {
        let text = node.text().unwrap_or_default();
        let prose = !example && PROSE.contains(&key);
        for (offset, piece) in pieces(text) {
            let damage = if prose { artefacts(piece, &context.simplifier) } else { Vec::new() };
            for finding in personal(piece).into_iter().chain(damage) {
                sink.report(at(finding, node.place.span(offset, 1)));
            }
        }
        if !prose {
            return;
        }
        if SENTENCES.contains(&key) {
            let longest = text
                .split(['，', '。', '；', '：', '、', '！', '？', '（', '）'])
                .map(|s| s.chars().count())
                .max();
            if let Some(longest) = longest.filter(|n| *n > SENTENCE_LIMIT) {
                let message = format!("“{key}”里有一句 {longest} 个字没有停顿，手机上读不下去");
                sink.report(Diagnostic::new("P261", whole(node), message).hint("拆成短句，或加逗号"));
            }
        }
    });
    if let Some(file) = &policy.text {
        full_text(root, file, context, sink);
    }
}

fn at(finding: Finding, place: Place) -> Diagnostic {
    Diagnostic::new(finding.code, place.span(finding.offset, finding.length), finding.message)
        .hint(finding.hint)
}

/// Longest piece of a text that is looked at at once, in characters: whatever is compared within it stays cheap, however
/// long a line is.
const PIECE: usize = 4000;

/// A text in pieces, each with the number of characters before it.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = text;
    let mut offset = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().nth(PIECE).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        let before = offset;
        offset += PIECE;
        Some((before, piece))
    })
}

/// Every scalar with the key it stands under and whether it belongs to an example firm.
fn walk<'n>(node: &'n Node, key: &'n str, example: bool, f: &mut impl FnMut(&'n str, &'n Node, bool)) {
    match &node.kind {
        Kind::Scalar(..) => f(key, node, example),
        Kind::List(list) => list.iter().for_each(|node| walk(node, key, example, f)),
        Kind::Map(entries) => {
            for (name, value) in entries {
                let name = name.text().unwrap_or_default();
                walk(value, name, example || name == "示例企业", f);
            }
        }
    }
}

/// A full text: each class once.
fn full_text(root: &Node, file: &TextFile, context: &Context<'_>, sink: &mut Sink) {
    let whole_text = file.full.text.as_str();
    let mut found: Vec<(Finding, usize, usize)> = Vec::new();
    let mut add = |finding: Finding, line: usize| match found
        .iter_mut()
        .find(|(known, ..)| known.code == finding.code && known.hint == finding.hint)
    {
        Some((_, _, count)) => *count += 1,
        None => found.push((finding, line, 1)),
    };
    let lines: Vec<&str> = whole_text.lines().collect();
    let recorded = Recorded::of(root);
    for (line, text) in lines.iter().enumerate() {
        for (offset, piece) in pieces(text) {
            let damage = artefacts(piece, &context.simplifier).into_iter().chain(personal(piece));
            for finding in damage.chain(recorded.lacks(piece)) {
                add(Finding { offset: offset + finding.offset, ..finding }, line + 1);
            }
        }
        let length = text.chars().count();
        let lost = |message, offset, length| Finding {
            code: "P306",
            message,
            hint: "按条、款、项分行；一行一段",
            offset,
            length,
        };
        if length > LINE_LIMIT {
            add(lost(format!("这一行有 {length} 个字，段落没有分开"), 0, 1), line + 1);
        }
        if let Some(next) = lines.get(line + 1)
            && (20..=60).contains(&length)
            && text.chars().last().is_some_and(is_han)
            && next.chars().next().is_some_and(is_han)
            && !crate::clause::starts_clause(next)
            && lines.get(line + 2).is_some()
            && next.chars().count() >= length.saturating_sub(2)
        {
            add(lost("句子在行尾断开了，像是从 PDF 复制的".to_owned(), length - 1, 1), line + 1);
        }
    }
    for (mut finding, line, count) in found {
        if count > 1 {
            finding.message = format!("{}（全文共 {count} 处）", finding.message);
        }
        let place = Place::new(line, 1).span(finding.offset, finding.length);
        sink.push(Diagnostic::new(finding.code, place, finding.message).hint(finding.hint).at(&file.path));
    }
    sink.source(&file.path, whole_text);
}

pub(super) fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c) || ('\u{3400}'..='\u{4dbf}').contains(&c)
}

/// Letters that only pinyin has.
const TONES: &str = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹ";

/// Number of letters of a bracket's content that is one syllable of pinyin.
fn pinyin(chars: &[char]) -> Option<usize> {
    let length = chars.iter().take(8).position(|c| matches!(c, '）' | ')'))?;
    let letter = |c: &char| c.is_ascii_lowercase() || TONES.contains(*c) || matches!(c, 'ü' | 'ɡ');
    let inside = &chars[..length];
    (inside.iter().all(letter) && inside.iter().any(|c| TONES.contains(*c))).then_some(length)
}

const SLIPPED: &str = "从这里起错了一个字节，对照原文重新录入";
const SPACE: &str = "删掉，或换成普通空格";

/// One finding per class.
fn artefacts(text: &str, simplifier: &Simplifier) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut add = |code, hint, offset: usize, length: usize, message: String| {
        if !found.iter().any(|f: &Finding| f.code == code) {
            found.push(Finding { code, message, hint, offset, length });
        }
    };
    let mut traditional: Vec<(usize, char)> = Vec::new();
    // Brackets around a year are the business of P308.
    let year: Vec<usize> = NUMBER_LIKE
        .find_iter(text)
        .flat_map(|m| text[..m.start()].chars().count()..text[..m.end()].chars().count())
        .collect();
    let indent = chars.iter().take_while(|c| c.is_whitespace()).count();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(at + 1).copied();
        let han_before = before.is_some_and(is_han);
        match c {
            '?' if after.is_some_and(|n| "！；〔〕〖〗、".contains(n) || is_kana(n)) => {
                add("P304", SLIPPED, at, 2, "编码错位：问号后面的字不对".to_owned());
            }
            '?' if han_before => add("P301", "改成全角标点", at, 1, "中文里用了半角“?”".to_owned()),
            '（' | '(' if han_before && pinyin(&chars[at + 1..]).is_some() => {
                let length = pinyin(&chars[at + 1..]).unwrap_or(0);
                let letters: String = chars[at + 1..at + 1 + length].iter().collect();
                add("P302", "去掉括号里的拼音", at, length + 2, format!("汉字后面夹着拼音“{letters}”"));
            }
            ',' | ';' | ':' | '!' | '(' | ')' if han_before && !year.contains(&at) => {
                add("P301", "改成全角标点", at, 1, format!("中文里用了半角“{c}”"));
            }
            '\u{3000}' | '\u{a0}' | '\u{2002}'..='\u{200a}' if at > indent => {
                add("P307", SPACE, at, 1, format!("有特殊空格（U+{:04X}）", u32::from(c)));
            }
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'
            | '\u{feff}'
            | '\u{e000}'..='\u{f8ff}' => {
                add("P307", SPACE, at, 1, format!("有看不见的字符（U+{:04X}）", u32::from(c)));
            }
            '\u{fffd}' => add("P304", SLIPPED, at, 1, "有读不出来的字“\u{fffd}”".to_owned()),
            '\u{a000}'..='\u{a4cf}' => {
                add("P306", "改成标点，对照原文", at, 1, format!("“{c}”应是标点（多半是 ；）"));
            }
            '&' if chars[at..].starts_with(&['&', 'n', 'b', 's', 'p', ';']) => {
                add("P307", SPACE, at, 6, "有网页的空格记号 &nbsp;".to_owned());
            }
            c if is_kana(c) && (han_before || after.is_some_and(is_han)) => {
                add("P304", SLIPPED, at, 1, format!("编码错位：汉字里夹着“{c}”"));
            }
            c if is_han(c) && simplifier.fold(c) != c && !AMBIGUOUS.contains(c) => traditional.push((at, c)),
            _ => {}
        }
    }
    if let Some((first, c)) = traditional.first() {
        let share = traditional.len() * 5 > chars.iter().filter(|c| is_han(**c)).count();
        let message = if share {
            format!("文字是繁体（“{c}”等 {} 个字）", traditional.len())
        } else {
            format!("简体里夹着繁体“{c}”（应是“{}”），像是机器转换的", simplifier.fold(*c))
        };
        add("P303", "改成简体；检索时繁体也能查到", *first, 1, message);
    }
    for phrase in BOILERPLATE {
        if let Some(byte) = text.find(phrase) {
            let offset = text[..byte].chars().count();
            let message = format!("夹着网页上的“{}”", phrase.trim_end_matches(['：', ':']));
            add("P305", "只留正文，去掉网页的导航、打印、备案等", offset, phrase.chars().count(), message);
        }
    }
    for (code, pattern, hint) in [
        ("P306", &*PARENS_SPACED, "去掉编号里的空格"),
        ("P308", &*NUMBER_LIKE, "年份用六角括号，如 〔2022〕"),
    ] {
        // 〔2022〕 is as it should be.
        let proper = |m: &str| m.starts_with('〔') && m.contains('〕') && !m.contains(' ');
        if let Some(m) = pattern.find_iter(text).find(|m| code != "P308" || !proper(m.as_str())) {
            let offset = text[..m.start()].chars().count();
            let message = match code {
                "P306" => format!("编号“{}”里有空格", m.as_str()),
                _ => format!("文号的年份“{}”没用六角括号", m.as_str()),
            };
            add(code, hint, offset, m.as_str().chars().count(), message);
        }
    }
    found
}

/// Characters that the conversion maps although simplified texts use them.
const AMBIGUOUS: &str = "著乾瞭藉徵於阪祇麽鍾";

fn is_kana(c: char) -> bool {
    ('\u{3041}'..='\u{30ff}').contains(&c)
}

/// Identity numbers and private phones.
fn personal(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return found;
    }
    for found_at in numbers(&IDENTITY, text).filter(|range| is_identity(&text[range.clone()])) {
        let (hint, message) = ("删掉；要说明就写“身份证复印件”", "这是公民身份号码，不能公布");
        found.push(Finding::matched("P321", hint, text, found_at, message.to_owned()));
    }
    for found_at in numbers(&MOBILE, text) {
        let message = format!("“{}”是手机号，多半是个人的", &text[found_at.clone()]);
        found.push(Finding::matched("P322", "换成办公电话或 12345", text, found_at, message));
    }
    found
}

/// Where the second group of a pattern matches. What ends one number may be what the next one begins behind.
fn numbers(pattern: &Regex, text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let range = pattern.captures_at(text, from)?.get(2)?.range();
        from = range.end;
        Some(range)
    })
}

/// Check character of GB 11643-1999.
fn is_identity(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = text.chars().zip(WEIGHTS).map(|(c, w)| c.to_digit(10).unwrap_or(0) * w).sum();
    let expected = b"10X98765432"[(sum % 11) as usize];
    text.bytes().last().is_some_and(|b| b.to_ascii_uppercase() == expected)
}

/// The sums, shares and days that the values of a file hold.
struct Recorded {
    sums: BTreeSet<(bool, Ratio)>,
    days: BTreeSet<String>,
    begins: bool,
}

impl Recorded {
    fn of(root: &Node) -> Self {
        let (mut sums, mut days) = (BTreeSet::new(), BTreeSet::new());
        walk(root, "", false, &mut |_, node, example| {
            if !example {
                let text = node.text().unwrap_or_default();
                sums.extend(amounts(text).into_iter().map(|(sum, ..)| sum));
                days.extend(DAY.find_iter(text).map(|m| m.as_str().to_owned()));
            }
        });
        let begins = root.get("有效期").and_then(|v| v.get("起")).is_some();
        Self { sums, days, begins }
    }

    /// What a piece of the full text says and no value holds.
    fn lacks(&self, text: &str) -> Vec<Finding> {
        let mut found = Vec::new();
        for (_, range) in amounts(text).into_iter().filter(|(sum, _)| !self.sums.contains(sum)) {
            let message = format!("原文里的“{}”没有录进任何事项", &text[range.clone()]);
            let hint = "核对：是漏了一档、一个上限，还是不给企业的钱";
            found.push(Finding::matched("P310", hint, text, range, message));
        }
        for captures in DEADLINE.captures_iter(text) {
            let Some(m) = captures.get(0) else { continue };
            let number = |i: usize| captures[i].parse::<u32>().unwrap_or_default();
            let day = format!("{}-{:02}-{:02}", number(1), number(2), number(3));
            if !self.days.contains(&day) {
                let message = format!("原文里的期限“{}”没有录入", m.as_str());
                let hint = "写进 受理 或 有效期，日期写成 2026-03-01";
                found.push(Finding::matched("P309", hint, text, m.range(), message));
            }
        }
        if let Some(m) = RELATIVE.find(text).filter(|_| !self.begins) {
            let message = format!("“{}”没有算出日子", m.as_str());
            found.push(Finding::matched("P309", "按发布日期算出来，写进 有效期", text, m.range(), message));
        }
        found
    }
}

/// Sums and shares of a text in fen and in parts of one, with their bytes.
fn amounts(text: &str) -> Vec<((bool, Ratio), Range<usize>)> {
    let mut found = Vec::new();
    for captures in AMOUNT.captures_iter(text) {
        let Some(all) = captures.get(0) else { continue };
        let unit = &captures[3];
        let scale = match unit {
            "亿元" => Ratio::new(10_000_000_000, 1),
            "万元" => Ratio::new(1_000_000, 1),
            "千元" => Ratio::new(100_000, 1),
            "元" => Ratio::new(100, 1),
            _ => Ratio::new(1, 100),
        };
        for number in [captures.get(1), captures.get(2)].into_iter().flatten() {
            let value = Ratio::parse(&number.as_str().replace(',', ""));
            if let (Some(value), Some(scale)) = (value, scale)
                && let Ok(value) = value.mul(scale)
            {
                found.push(((unit.ends_with('元'), value), all.range()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{amounts, is_identity};

    #[test]
    fn identity_numbers_have_a_check_character() {
        // The example of GB 11643-1999, and one digit off.
        assert!(is_identity("11010519491231002X"));
        assert!(!is_identity("110105194912310021"));
    }

    #[test]
    fn sums_of_a_text() {
        let found = amounts("补助15—50万元，最高1,000万元，按10%~15%");
        assert_eq!(found.len(), 5);
    }
}
