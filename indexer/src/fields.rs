//! Reading the keys of a YAML map one by one, with every problem collected.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use huiqi_engine::date::Date;
use huiqi_engine::rule::did_you_mean;

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::settings::Settings;
use crate::yaml::{Kind, Node};

/// Collects the problems of files, with their sources for rendering.
#[derive(Debug, Default)]
pub struct Sink {
    current: PathBuf,
    sources: BTreeMap<PathBuf, String>,
    diagnostics: Vec<Diagnostic>,
    settings: Settings,
    counts: Counts,
}

/// Number of problems by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// 错误
    pub errors: usize,
    /// 警告
    pub warnings: usize,
    /// 提示
    pub notes: usize,
}

impl Sink {
    /// A sink for another thread, with the same settings.
    pub fn fork(&self) -> Self {
        Self { settings: self.settings.clone(), ..Self::default() }
    }

    /// Takes over what a fork collected.
    pub fn join(&mut self, fork: Self) {
        self.sources.extend(fork.sources);
        self.diagnostics.extend(fork.diagnostics);
        self.counts.errors += fork.counts.errors;
        self.counts.warnings += fork.counts.warnings;
        self.counts.notes += fork.counts.notes;
    }

    /// From here on, severities are the project's.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes what the publisher wants.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// From here on, problems belong to this file.
    pub fn enter(&mut self, path: &Path, source: &str) {
        path.clone_into(&mut self.current);
        self.source(path, source);
    }

    /// Keeps the text of a file that problems may name.
    pub fn source(&mut self, path: &Path, source: &str) {
        self.sources.insert(path.to_owned(), source.to_owned());
    }

    /// Goes back to a file that was entered before.
    pub fn re_enter(&mut self, path: &Path) {
        path.clone_into(&mut self.current);
    }

    /// A problem in the current file.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        let path = self.current.clone();
        self.push(diagnostic.at(&path));
    }

    /// A problem that names its file itself.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        let Some(severity) = self.settings.severity(&diagnostic) else { return };
        diagnostic.severity = severity;
        match severity {
            Severity::Error => self.counts.errors += 1,
            Severity::Warning => self.counts.warnings += 1,
            Severity::Note => self.counts.notes += 1,
        }
        self.diagnostics.push(diagnostic);
    }

    /// All problems by file and place.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<&Diagnostic> = self.diagnostics.iter().collect();
        all.sort_by(|a, b| {
            (&a.path, a.place, a.code, &a.message).cmp(&(&b.path, b.place, b.code, &b.message))
        });
        all
    }

    /// Number of problems.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// A problem with its line.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        diagnostic.render(self.sources.get(&diagnostic.path).map_or("", String::as_str))
    }
}

/// What stands between separators in one line, with the place of each; nothing for nothing.
pub(crate) fn items_of<'t>(text: &'t str, start: Place, separators: &[char]) -> Vec<(&'t str, Place)> {
    let mut offset = 0;
    let mut items = Vec::new();
    for part in text.split(separators) {
        let lead = part.chars().take_while(|c| c.is_whitespace()).count();
        let length = part.trim().chars().count();
        if length > 0 {
            items.push((part.trim(), start.span(offset + lead, length)));
        }
        offset += part.chars().count() + 1;
    }
    items
}

/// The keys of one map; what is not asked for is reported at the end.
#[derive(Debug)]
pub struct Fields<'a> {
    entries: &'a [(Node, Node)],
    asked: Vec<String>,
    what: &'static str,
    place: Place,
}

/// The list of known keys grows as they are asked for, so that a typo can be
/// answered with the nearest.
impl<'a> Fields<'a> {
    /// A map, or a report that there is none.
    pub fn new(node: &'a Node, what: &'static str, sink: &mut Sink) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else {
            sink.report(
                Diagnostic::new(
                    "P004",
                    node.place,
                    format!("{what}应是一组“键: 值”，写的是{}", node.describe()),
                )
                .hint("检查缩进和冒号"),
            );
            return None;
        };
        for (at, (key, _)) in entries.iter().enumerate() {
            let name = key.text().unwrap_or_default();
            if entries[..at].iter().any(|(other, _)| other.text() == Some(name)) {
                sink.report(Diagnostic::new("P006", key.place, format!("键“{name}”写了两次")));
            }
        }
        Some(Self { entries, asked: Vec::new(), what, place: node.place })
    }

    /// The node under a key.
    pub fn get(&mut self, key: &str) -> Option<&'a Node> {
        self.entry(key).map(|(_, value)| value)
    }

    fn entry(&mut self, key: &str) -> Option<&'a (Node, Node)> {
        self.asked.push(key.to_owned());
        self.entries.iter().find(|(k, _)| k.text() == Some(key))
    }

    /// Place of a key's value, or of the map.
    pub fn place(&self, key: &str) -> Place {
        self.entries.iter().find(|(k, _)| k.text() == Some(key)).map_or(self.place, |(_, v)| {
            let length = v.text().map_or(1, |t| t.chars().count());
            v.place.span(0, length)
        })
    }

    /// Reports a missing key.
    pub fn missing(&self, key: &str, sink: &mut Sink) {
        sink.report(
            Diagnostic::new("P003", self.place, format!("{}缺“{key}”", self.what))
                .hint(format!("加一行 {key}: …")),
        );
    }

    /// A required text.
    pub fn text(&mut self, key: &str, sink: &mut Sink) -> Option<String> {
        let value = self.optional(key, sink);
        if value.is_none() && !self.entries.iter().any(|(k, _)| k.text() == Some(key)) {
            self.missing(key, sink);
        }
        value
    }

    /// A text that may be absent. Empty is an error: leave the key out.
    pub fn optional(&mut self, key: &str, sink: &mut Sink) -> Option<String> {
        let node = self.get(key)?;
        match &node.kind {
            Kind::Scalar(_, true) => {
                sink.report(
                    Diagnostic::new(
                        "P005",
                        node.place,
                        format!("“{key}”的值里有“ #”，后面的字会被当成注释丢掉"),
                    )
                    .hint("去掉 #，注释另起一行"),
                );
                None
            }
            Kind::Scalar(text, _) if text.is_empty() => {
                sink.report(
                    Diagnostic::new("P005", node.place, format!("“{key}”是空的"))
                        .hint("填上内容，或去掉这一行"),
                );
                None
            }
            Kind::Scalar(text, _) => Some(text.clone()),
            _ => {
                sink.report(Diagnostic::new(
                    "P004",
                    node.place,
                    format!("“{key}”应是一行文字，写的是{}", node.describe()),
                ));
                None
            }
        }
    }

    /// 是 or 否, absent is 否.
    pub fn flag(&mut self, key: &str, sink: &mut Sink) -> bool {
        match self.optional(key, sink).as_deref() {
            None | Some("否") => false,
            Some("是") => true,
            Some(other) => {
                let place = self.place(key);
                sink.report(Diagnostic::new("P005", place, format!("“{key}”应是 是 或 否，写的是“{other}”")));
                false
            }
        }
    }

    /// A date that may be absent.
    pub fn date(&mut self, key: &str, sink: &mut Sink) -> Option<Date> {
        let text = self.optional(key, sink)?;
        let date = Date::parse(&text);
        if date.is_none() {
            let place = self.place(key);
            sink.report(
                Diagnostic::new("P005", place, format!("“{key}”应是日期，写的是“{text}”"))
                    .hint("日期写成 2026-03-01"),
            );
        }
        date
    }

    /// One of several words.
    pub fn choice<T: Copy>(&mut self, key: &str, all: &[(&'static str, T)], sink: &mut Sink) -> Option<T> {
        let text = self.text(key, sink)?;
        let found = all.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
            let place = self.place(key);
            sink.report(
                Diagnostic::new("P005", place, format!("“{key}”没有“{text}”这个写法"))
                    .hint(format!("可写 {}", names.join("、"))),
            );
        }
        found
    }

    /// A list that may be absent.
    pub fn list(&mut self, key: &str, sink: &mut Sink) -> &'a [Node] {
        match self.get(key).map(|n| (&n.kind, n)) {
            None => &[],
            Some((Kind::List(list), _)) => list,
            Some((_, node)) => {
                sink.report(
                    Diagnostic::new(
                        "P004",
                        node.place,
                        format!("“{key}”应是一个列表，写的是{}", node.describe()),
                    )
                    .hint("每项一行，以“- ”开头"),
                );
                &[]
            }
        }
    }

    /// Text items separated by 、 in one line, with the place of each.
    pub fn items(&mut self, key: &str, sink: &mut Sink) -> Vec<(String, Place)> {
        let Some(text) = self.optional(key, sink) else { return Vec::new() };
        let items = items_of(&text, self.place(key), &['、']);
        items.into_iter().map(|(item, place)| (item.to_owned(), place)).collect()
    }

    /// All entries, for maps whose keys are free.
    pub fn entries(&self) -> &'a [(Node, Node)] {
        self.entries
    }

    /// Reports keys that nobody asked for.
    pub fn finish(self, sink: &mut Sink) {
        for (key, _) in self.entries {
            let name = key.text().unwrap_or_default();
            if self.asked.iter().any(|asked| asked == name) {
                continue;
            }
            let place = key.place.span(0, name.chars().count());
            let known = self.asked.join("、");
            let hint = did_you_mean(name, self.asked.iter().map(String::as_str))
                .unwrap_or_else(|| format!("可写 {known}"));
            sink.report(
                Diagnostic::new("P002", place, format!("{}里没有“{name}”这个键", self.what)).hint(hint),
            );
        }
    }
}
