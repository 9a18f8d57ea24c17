//! Finds a clause (第三条（一）, 二（三）1, 第五条第二款) in the full text of a document, so that a condition can be shown
//! with the words it comes from.
//!
//! Numbering follows 《党政机关公文处理工作条例》 and GB/T 9704-2012 (一、 （一） 1. （1）) and, for rules, 《立法法》
//! (条 款 项). A text must have its line breaks.

use std::ops::Range;

/// Kinds of numbering, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// 附件1
    Annex,
    /// 第三条
    Article,
    /// 一、
    Han,
    /// （一）
    Paren,
    /// 1.
    Arabic,
    /// （1）
    ParenArabic,
}

/// One step of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Heading(Level, u32),
    /// 第二款: the second paragraph.
    Paragraph(u32),
}

/// A line of the text with its numbering.
#[derive(Debug)]
struct Line {
    level: Option<(Level, u32)>,
    /// Characters.
    range: Range<usize>,
    blank: bool,
}

/// The numbered lines of a text.
#[derive(Debug)]
pub struct Outline {
    lines: Vec<Line>,
}

impl Outline {
    /// Reads the numbering of a text.
    pub fn new(text: &str) -> Self {
        Self { lines: lines(text) }
    }

    /// Ranges of characters of the clauses that `basis` names; empty when one of them is not in the text.
    pub fn find(&self, basis: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut before: Vec<Step> = Vec::new();
        for part in basis.split(['、', '；', '，', '和', '及']).map(str::trim).filter(|p| !p.is_empty())
        {
            let Some(steps) = steps(part) else { return Vec::new() };
            // 第三条（一）、（二）: what follows leaves out the article.
            let steps = match steps.first() {
                Some(first) if !is_top(*first) => {
                    let keep = before.iter().take_while(|step| !same_kind(**step, *first)).copied();
                    keep.chain(steps.iter().copied()).collect()
                }
                _ => steps,
            };
            match locate(&self.lines, &steps) {
                Some(range) => found.push(range),
                None => return Vec::new(),
            }
            before = steps;
        }
        found
    }
}

fn is_top(step: Step) -> bool {
    matches!(step, Step::Heading(Level::Annex | Level::Article | Level::Han, _))
}

fn same_kind(a: Step, b: Step) -> bool {
    match (a, b) {
        (Step::Heading(a, _), Step::Heading(b, _)) => a == b,
        (Step::Paragraph(_), Step::Paragraph(_)) => true,
        _ => false,
    }
}

fn locate(lines: &[Line], steps: &[Step]) -> Option<Range<usize>> {
    let mut within = 0..lines.len();
    for step in steps {
        within = match *step {
            Step::Heading(level, number) => {
                let start = within.clone().find(|at| lines[*at].level == Some((level, number)))?;
                let end = (start + 1..within.end)
                    .find(|at| lines[*at].level.is_some_and(|(other, _)| other <= level))
                    .unwrap_or(within.end);
                start..end
            }
            Step::Paragraph(number) => {
                let paragraphs: Vec<usize> = within
                    .clone()
                    .enumerate()
                    .filter(|(nth, at)| !lines[*at].blank && (*nth == 0 || lines[*at].level.is_none()))
                    .map(|(_, at)| at)
                    .collect();
                let nth = usize::try_from(number).ok()?.checked_sub(1)?;
                let start = *paragraphs.get(nth)?;
                start..paragraphs.get(nth + 1).copied().unwrap_or(within.end)
            }
        };
    }
    let used: Vec<&Line> = lines[within].iter().filter(|line| !line.blank).collect();
    Some(used.first()?.range.start..used.last()?.range.end)
}

/// `第三条（一）1` as steps; `None` when it is no reference.
fn steps(part: &str) -> Option<Vec<Step>> {
    let mut rest = part;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("附件") {
            let (number, after) = leading_number(after).unwrap_or((1, after));
            steps.push(Step::Heading(Level::Annex, number));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('第') {
            let (level, after) = match after.strip_prefix(['（', '(']) {
                Some(inner) => {
                    let (number, after) = leading_number(inner)?;
                    let after = after.strip_prefix(['）', ')'])?.strip_prefix('项')?;
                    (Step::Heading(Level::Paren, number), after)
                }
                None => {
                    let (number, after) = leading_number(after)?;
                    let mut chars = after.chars();
                    let step = match chars.next()? {
                        '条' => Step::Heading(Level::Article, number),
                        '款' => Step::Paragraph(number),
                        '项' => Step::Heading(Level::Paren, number),
                        '目' => Step::Heading(Level::Arabic, number),
                        _ => return None,
                    };
                    (step, chars.as_str())
                }
            };
            steps.push(level);
            rest = after;
        } else if let Some(inner) = rest.strip_prefix(['（', '(']) {
            let arabic = inner.starts_with(|c: char| c.is_ascii_digit());
            let (number, after) = leading_number(inner)?;
            rest = after.strip_prefix(['）', ')'])?;
            steps.push(Step::Heading(if arabic { Level::ParenArabic } else { Level::Paren }, number));
        } else {
            let arabic = rest.starts_with(|c: char| c.is_ascii_digit());
            let (number, after) = leading_number(rest)?;
            steps.push(Step::Heading(if arabic { Level::Arabic } else { Level::Han }, number));
            rest = after.trim_start_matches(['.', '．']);
        }
    }
    (!steps.is_empty()).then_some(steps)
}

fn lines(text: &str) -> Vec<Line> {
    let mut start = 0;
    text.split('\n')
        .map(|line| {
            let length = line.chars().count();
            let trimmed = line.trim();
            let lead = line.chars().take_while(|c| c.is_whitespace()).count();
            let range = start + lead..start + lead + trimmed.chars().count();
            start += length + 1;
            Line { level: heading(trimmed), range, blank: trimmed.is_empty() }
        })
        .collect()
}

/// Whether a line begins with the number of a clause.
pub(crate) fn starts_clause(line: &str) -> bool {
    heading(line.trim()).is_some()
}

/// The numbering a line begins with.
fn heading(line: &str) -> Option<(Level, u32)> {
    if let Some(after) = line.strip_prefix("附件") {
        let (number, after) = leading_number(after).unwrap_or((1, after));
        return (after.is_empty() || after.starts_with(['：', ':', ' '])).then_some((Level::Annex, number));
    }
    if let Some(after) = line.strip_prefix('第') {
        let (number, after) = leading_number(after)?;
        return after.starts_with('条').then_some((Level::Article, number));
    }
    if let Some(inner) = line.strip_prefix(['（', '(']) {
        let arabic = inner.starts_with(|c: char| c.is_ascii_digit());
        let (number, after) = leading_number(inner)?;
        return after
            .starts_with(['）', ')'])
            .then_some((if arabic { Level::ParenArabic } else { Level::Paren }, number));
    }
    let arabic = line.starts_with(|c: char| c.is_ascii_digit());
    let (number, after) = leading_number(line)?;
    match arabic {
        true => {
            // 1.5 is a number.
            let after = after.strip_prefix(['.', '．', '、'])?;
            (!after.starts_with(|c: char| c.is_ascii_digit())).then_some((Level::Arabic, number))
        }
        false => after.starts_with('、').then_some((Level::Han, number)),
    }
}

/// A number in digits or in Chinese up to 999 at the start of a text, and what follows.
fn leading_number(text: &str) -> Option<(u32, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits > 0 {
        return Some((text[..digits].parse().ok()?, &text[digits..]));
    }
    let end = text.find(|c: char| !"零〇一二三四五六七八九十百".contains(c)).unwrap_or(text.len());
    let (mut total, mut digit) = (0, 0);
    for c in text[..end].chars() {
        match c {
            '百' => total += std::mem::take(&mut digit).max(1) * 100,
            '十' => total += std::mem::take(&mut digit).max(1) * 10,
            '零' | '〇' => {}
            c => digit = "一二三四五六七八九".chars().position(|d| d == c)? as u32 + 1,
        }
    }
    (end > 0).then_some((total + digit, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::Outline;

    const TEXT: &str = "示例办法\n第一条 目的。\n第二条 支持下列企业：\n（一）甲类；\n（二）乙类：\n1.小的；\n2.大的。\n  另有规定的从其规定。\n第十二条 补助按投入的 1.5 倍。\n第二款在这里。\n";
    const PLAIN: &str = "一、总体\n（一）甲\n二、措施\n（一）丙\n（二）丁\n附件1\n一、表\n（一）戊";

    fn words(text: &str, basis: &str) -> Vec<String> {
        Outline::new(text)
            .find(basis)
            .into_iter()
            .map(|r| text.chars().skip(r.start).take(r.len()).collect())
            .collect()
    }

    #[test]
    fn clauses_are_found_by_their_numbers() {
        assert_eq!(words(TEXT, "第一条"), ["第一条 目的。"]);
        assert_eq!(words(TEXT, "第二条（一）"), ["（一）甲类；"]);
        assert_eq!(words(TEXT, "第二条第（二）项1"), ["1.小的；"]);
        assert_eq!(
            words(TEXT, "第二条（一）、（二）2"),
            ["（一）甲类；", "2.大的。\n  另有规定的从其规定。"]
        );
        assert_eq!(words(TEXT, "第十二条第二款"), ["第二款在这里。"]);
        assert_eq!(words(PLAIN, "二（一）"), ["（一）丙"]);
        assert_eq!(words(PLAIN, "附件1 一（一）"), ["（一）戊"]);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for basis in ["第三条", "第二条（三）", "二（三）", "第一条第三款", "无", "总则", "第二条（二）3", ""]
        {
            assert!(Outline::new(TEXT).find(basis).is_empty(), "{basis}");
        }
    }
}
