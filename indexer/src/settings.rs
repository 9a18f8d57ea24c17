//! `huiqi.yaml` in a folder of policies: what this publisher wants to be told, and how loudly.

use std::collections::BTreeMap;

use crate::codes;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fields::{Fields, Sink};
use crate::yaml;

/// Name of the file.
pub const FILE_NAME: &str = "huiqi.yaml";

/// Severities that differ from the documented ones; `None` switches a code off.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    severities: BTreeMap<&'static str, Option<Severity>>,
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
        f.finish(sink);
        settings
    }
}

/// What cannot be read cannot be decided on either; what is only bad style may be a publisher's choice.
fn is_adjustable(id: &str) -> bool {
    id >= "P200" || id == "P021" || id == "P020"
}
