//! The simplified-to-traditional table of a bundle, from OpenCC's data.
//!
//! The Taiwan standard forms without Taiwan's vocabulary (`s2tw`): 為, 群, 床, 啟 are what readers in Hong Kong, Macao and
//! Taiwan write and what their fonts have, where OpenCC's own forms (爲, 羣, 牀, 啓) look foreign to all of them. Words
//! stay those of the documents, as an officer must recognise them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use huiqi_engine::traditional::Traditional;

/// Phrases of the program's own texts; a test names those that are missing here.
pub const PHRASES: &[&str] = &[
    "公布",
    "公里",
    "关系",
    "分钟",
    "制造",
    "合并",
    "周末",
    "复制",
    "日历",
    "联系",
    "发布",
    "周一",
    "周三",
    "周二",
    "周五",
    "周六",
    "周四",
    "周岁",
    "周日",
    "复合",
    "新发布",
    "有采",
    "标志",
    "注册",
    "签名",
    "里加",
    "重复",
];

/// Longest phrase that is tried in a line before the whole rest of it.
const LONGEST: usize = 12;

/// OpenCC's conversion.
#[expect(missing_debug_implementations, reason = "OpenCC has none")]
pub struct Converter(OpenCC);

impl Converter {
    /// The conversion whose result [`table`] reproduces.
    ///
    /// # Errors
    /// When the data cannot be opened.
    pub fn new() -> anyhow::Result<Self> {
        let opencc = OpenCC::from_config(BuiltinConfig::S2tw);
        opencc.map(Self).map_err(|e| anyhow::anyhow!("打不开简繁转换数据：{e}"))
    }

    /// A text with traditional characters.
    pub fn convert(&self, text: &str) -> String {
        self.0.convert(text)
    }

    /// Han characters of the basic plane that are shown as another one.
    fn characters(&self) -> Vec<(char, char)> {
        let han = ('\u{3400}'..='\u{4dbf}').chain('\u{4e00}'..='\u{9fff}');
        han.filter_map(|c| {
            let converted = self.convert(c.encode_utf8(&mut [0; 4]));
            let mut chars = converted.chars();
            match (chars.next(), chars.next()) {
                (Some(to), None) if to != c => Some((c, to)),
                _ => None,
            }
        })
        .collect()
    }
}

/// The table with which every line of `texts` comes out as OpenCC has it: all characters, and the phrases without which
/// some line, or a text of the program itself, would not.
///
/// # Errors
/// When the data cannot be opened.
pub fn table<'a>(texts: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Traditional> {
    let opencc = Converter::new()?;
    let own = PHRASES.iter().map(|phrase| ((*phrase).to_owned(), opencc.convert(phrase)));
    let mut search = Search { table: Traditional::new(opencc.characters(), own), opencc };
    let lines: BTreeSet<&str> = texts.into_iter().flat_map(str::lines).filter(|l| !l.is_ascii()).collect();
    let lines: Vec<(&str, u64)> =
        lines.into_iter().map(|line| (line, hash(&search.opencc.convert(line)))).collect();
    search.add(&lines);
    search.drop_useless(&lines);
    Ok(search.table)
}

/// Phrases that [`PHRASES`] lacks for some texts of the program.
///
/// # Errors
/// When the data cannot be opened.
pub fn missing<'a>(texts: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Vec<String>> {
    let table = table(texts)?;
    let phrases = table.phrases().iter().map(|(from, _)| from.clone());
    Ok(phrases.filter(|from| !PHRASES.contains(&from.as_str())).collect())
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

struct Search {
    opencc: Converter,
    table: Traditional,
}

impl Search {
    fn is_right(&self, (line, wanted): (&str, u64)) -> bool {
        hash(&self.table.convert(line)) == wanted
    }

    /// Adds phrases until every line comes out right. A phrase for one line may harm another, which is then mended by a
    /// longer one: the whole line in the end.
    fn add(&mut self, lines: &[(&str, u64)]) {
        loop {
            let before = self.table.len();
            for (line, wanted) in lines {
                if !self.is_right((line, *wanted)) {
                    self.mend(line);
                }
            }
            if self.table.len() == before {
                return;
            }
        }
    }

    fn mend(&mut self, line: &str) {
        let wanted = self.opencc.convert(line);
        loop {
            // Where pieces begin and end in the line, and what is shown up to there.
            let mut at = 0;
            let mut shown = String::new();
            let mut ends = vec![0];
            let mut wrong = None;
            self.table.pieces(line, |piece, text| {
                at += piece.len();
                shown.push_str(text);
                ends.push(at);
                if wrong.is_none() && !wanted.starts_with(&shown) {
                    wrong = Some(ends.len() - 1);
                }
            });
            let Some(wrong) = wrong else { return };
            let Some(phrase) = self.shortest(line, &wanted, &ends, wrong) else { return };
            let shown = self.opencc.convert(&phrase);
            self.table.insert(&phrase, &shown);
        }
    }

    /// The shortest phrase that puts the piece before `ends[wrong]` right and begins where a piece begins.
    fn shortest(&self, line: &str, wanted: &str, ends: &[usize], wrong: usize) -> Option<String> {
        let chars: Vec<(usize, char)> = line.char_indices().collect();
        let wanted: Vec<char> = wanted.chars().collect();
        let place = |byte: usize| chars.partition_point(|(at, _)| *at < byte);
        let (start, end) = (place(ends[wrong - 1]), place(ends[wrong]));
        let starts: Vec<usize> = ends[..wrong].iter().rev().map(|byte| place(*byte)).collect();
        let text = |from: usize, to: usize| chars[from..to].iter().map(|(_, c)| *c).collect::<String>();
        let right = |from: usize, to: usize| {
            let part = text(from, to);
            let same = wanted
                .get(from..to)
                .is_some_and(|w| self.opencc.convert(&part).chars().eq(w.iter().copied()));
            (same && !self.has(&part)).then_some(part)
        };
        for length in 2..=LONGEST.max(end - start) {
            for from in starts.iter().copied().filter(|from| from + length >= end) {
                if from + length <= chars.len()
                    && let Some(part) = right(from, from + length)
                {
                    return Some(part);
                }
            }
        }
        right(0, chars.len())
    }

    fn has(&self, phrase: &str) -> bool {
        self.table.phrases().binary_search_by(|(known, _)| known.as_str().cmp(phrase)).is_ok()
    }

    /// Drops phrases, the longest first, without which every line comes out right as well.
    fn drop_useless(&mut self, lines: &[(&str, u64)]) {
        let mut users: HashMap<String, Vec<usize>> =
            self.table.phrases().iter().map(|(phrase, _)| (phrase.clone(), Vec::new())).collect();
        let note = |users: &mut HashMap<String, Vec<usize>>, table: &Traditional, at: usize| {
            table.pieces(lines[at].0, |piece, _| {
                if let Some(list) = users.get_mut(piece) {
                    list.push(at);
                }
            });
        };
        (0..lines.len()).for_each(|at| note(&mut users, &self.table, at));
        let mut order: Vec<(String, String)> = self.table.phrases().to_vec();
        order.retain(|(phrase, _)| !PHRASES.contains(&phrase.as_str()));
        order.sort_by_key(|(phrase, _)| Reverse(phrase.chars().count()));
        for (phrase, shown) in order {
            self.table.remove(&phrase);
            let with_it = users.get(&phrase).cloned().unwrap_or_default();
            if with_it.iter().all(|at| self.is_right(lines[*at])) {
                // Other phrases may stand for it now.
                for at in with_it {
                    note(&mut users, &self.table, at);
                }
            } else {
                self.table.insert(&phrase, &shown);
            }
        }
    }
}
