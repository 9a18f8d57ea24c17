//! `huiqi.yaml` in a folder of policies: what this publisher wants to be told, and how loudly, and how the bundle is
//! cut.

use std::collections::BTreeMap;

use huiqi_engine::catalogue::{Code, Nesting};

use crate::codes;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fields::{Fields, Sink};
use crate::yaml;

/// Name of the file.
pub const FILE_NAME: &str = "huiqi.yaml";

/// How a bundle is cut into areas, each with a table and a search index of its own. A visitor fetches those that his
/// seat lies in: what the rest of the country publishes costs him nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Split {
    /// 不分: everything is one area.
    #[default]
    None,
    /// 按省: one for each province, and one for what concerns several.
    Province,
    /// 按市: one for each prefecture, province, and the whole country.
    Prefecture,
}

impl Split {
    /// All with their names in `huiqi.yaml`.
    pub const ALL: [(&'static str, Self); 3] =
        [("不分", Self::None), ("按省", Self::Province), ("按市", Self::Prefecture)];

    /// The smallest area that holds all of `regions`.
    pub fn area(self, regions: &[Code]) -> Code {
        let digits: &[usize] = match self {
            Self::None => &[],
            Self::Province => &[2],
            Self::Prefecture => &[4, 2],
        };
        let first = regions.first().copied().unwrap_or(Code::ALL);
        let areas = digits.iter().filter_map(|n| Code::new(first.as_str().get(..*n)?));
        let holds_all = |area: &Code| regions.iter().all(|r| r.nesting(*area) == Nesting::Inside);
        areas.into_iter().find(holds_all).unwrap_or(Code::ALL)
    }
}

/// What the file says.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Severities that differ from the documented ones; `None` switches a code off.
    severities: BTreeMap<&'static str, Option<Severity>>,
    /// 分区
    pub split: Split,
}

impl Settings {
    /// What a code counts as here.
    pub fn severity(&self, diagnostic: &Diagnostic) -> Option<Severity> {
        self.severities.get(diagnostic.code).copied().unwrap_or(Some(diagnostic.severity))
    }

    /// Reads the file's tree. Problems go to `sink`.
    pub fn read(root: &yaml::Node, sink: &mut Sink) -> Self {
        let mut settings = Self::default();
        let Some(mut f) = Fields::new(root, "设置", sink) else { return settings };
        if let Some(mut rows) = f.get("检查").and_then(|node| Fields::new(node, "检查", sink)) {
            for code in codes::all() {
                let Some(text) = rows.optional(code.id, sink) else { continue };
                let place = rows.place(code.id);
                let wanted = Severity::ALL.into_iter().find(|(_, name, _)| *name == text).map(|(s, ..)| s);
                if wanted.is_none() && text != "关" {
                    sink.report(
                        Diagnostic::new("P005", place, format!("“{}”没有“{text}”这个写法", code.id))
                            .hint("可写 错误、警告、提示、关"),
                    );
                } else if !is_adjustable(code.id) {
                    sink.report(
                        Diagnostic::new("P011", place, format!("{}（{}）不能改", code.id, code.title))
                            .hint("只有 P020、P021 和 P200 以后的检查可以改轻重"),
                    );
                } else {
                    settings.severities.insert(code.id, wanted);
                }
            }
            rows.finish(sink);
        }
        if let Some(text) = f.optional("分区", sink) {
            match Split::ALL.into_iter().find(|(name, _)| *name == text) {
                Some((_, split)) => settings.split = split,
                None => sink.report(
                    Diagnostic::new("P005", f.place("分区"), format!("“分区”没有“{text}”这个写法"))
                        .hint("可写 不分、按省、按市"),
                ),
            }
        }
        f.finish(sink);
        settings
    }
}

/// What cannot be read cannot be decided on either; what is only bad style may be a publisher's choice.
fn is_adjustable(id: &str) -> bool {
    id >= "P200" || id == "P021" || id == "P020"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_holds_all_regions_of_a_measure() {
        let area = |split: Split, regions: &[&str]| {
            let codes: Vec<Code> = regions.iter().filter_map(|r| Code::region(r)).collect();
            split.area(&codes).region_text()
        };
        for (regions, province, prefecture) in [
            (&["440305"][..], "440000", "440300"),
            (&["440300"], "440000", "440300"),
            (&["440305", "440306"], "440000", "440300"),
            (&["440305", "440106"], "440000", "440000"),
            (&["440000"], "440000", "440000"),
            (&["440305", "310000"], "000000", "000000"),
            (&["000000"], "000000", "000000"),
            (&[], "000000", "000000"),
        ] {
            assert_eq!(area(Split::None, regions), "000000");
            assert_eq!(area(Split::Province, regions), province, "{regions:?}");
            assert_eq!(area(Split::Prefecture, regions), prefecture, "{regions:?}");
        }
    }
}
