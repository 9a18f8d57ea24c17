//! What a row says below the name of a measure.

use huiqi_engine::eval::Truth;
use huiqi_engine::explain::{self, Node, key_name};
use huiqi_engine::report::Group;
use huiqi_engine::words::word;

use crate::app::App;

impl App {
    /// One line: the sum and where it comes from, or what stands in the way, with its clause.
    pub(crate) fn reason(&self, at: usize) -> String {
        let Some(measure) = self.measures.get(at) else { return String::new() };
        let outcome = self.outcome(at);
        let Some(outcome) = outcome else { return String::new() };
        let group = Group::of(outcome);
        let card = self.card(at);
        let basis =
            |text: &str| if text.is_empty() { String::new() } else { self.say("（依据 {}）", &[&text]) };
        let wanted = match group {
            Group::Eligible => {
                let line = explain::formula_line(measure, &card, &self.catalogue, &self.firm, self.today);
                let line = line.unwrap_or_default();
                let basis = basis(measure.benefit.basis.map(|b| card.text(b)).unwrap_or_default());
                return if line.is_empty() {
                    format!("{}{basis}", card.summary)
                } else {
                    format!("{line}{basis}")
                };
            }
            Group::Likely => Truth::Confirm,
            Group::Unknown => Truth::Unknown,
            Group::Near | Group::Ineligible => Truth::False,
        };
        let Ok(rows) = explain::explain(measure, &card, &self.catalogue, &self.firm, self.today) else {
            return card.summary;
        };
        let Some(row) = rows.into_iter().find(|r| r.node.truth == Some(wanted)) else { return card.summary };
        let what = match group {
            Group::Likely => self.say("要人工核实：{}", &[&row.node.sentence]),
            Group::Unknown => {
                let missing: Vec<String> =
                    outcome.missing.iter().take(3).map(|k| key_name(&self.catalogue, *k)).collect();
                self.say("还不知道：{}", &[&missing.join(self.get("、"))])
            }
            _ => {
                let leaf = deepest_false(&row.node);
                let gap = if leaf.gap.is_empty() { String::new() } else { self.say("，{}", &[&leaf.gap]) };
                let text =
                    if group == Group::Near { word("只差：{}{}") } else { word("没满足：{}{}") };
                self.say(text, &[&row.node.sentence, &gap])
            }
        };
        format!("{what}{}", basis(&row.basis))
    }
}

/// The first leaf that fails, for the gap.
fn deepest_false(node: &Node) -> &Node {
    match node.children.iter().find(|c| c.truth == Some(Truth::False)) {
        Some(child) => deepest_false(child),
        None => node,
    }
}
