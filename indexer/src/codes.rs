//! Every code of a diagnostic with its severity and its documentation, read from `codes.md`. That file is what
//! `huiqi check --explain` prints and what tests run: its bad examples must produce their code, its good ones must not.

use std::sync::LazyLock;

use crate::diagnostic::Severity;

/// One documented code.
#[derive(Debug)]
pub struct Code {
    /// `P001` and so on; never reused for another thing.
    pub id: &'static str,
    /// How bad it is unless the project says otherwise.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
    /// The paragraph.
    pub text: &'static str,
    /// The whole section as written.
    pub section: &'static str,
    /// Examples in order.
    pub examples: Vec<Example>,
}

/// A fenced block of a section.
#[derive(Debug)]
pub struct Example {
    /// Whether it must produce the code.
    pub bad: bool,
    /// What stands behind the fence: what the block is a piece of.
    pub target: &'static str,
    /// The block.
    pub text: &'static str,
}

const SOURCE: &str = include_str!("codes.md");

static CODES: LazyLock<Vec<Code>> = LazyLock::new(|| sections(SOURCE));

/// All codes in order.
pub fn all() -> &'static [Code] {
    &CODES
}

/// A code by its id.
pub fn find(id: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.id == id)
}

/// Sections `## P001 错误 标题`, each with a paragraph and fenced examples behind a line `坏：` or `好：`.
pub fn sections(source: &'static str) -> Vec<Code> {
    let parts = source.split("\n## ").skip(1);
    parts
        .filter_map(|section| {
            let (head, body) = section.split_once('\n')?;
            let mut words = head.splitn(3, ' ');
            let (id, severity, title) = (words.next()?, words.next()?, words.next()?);
            let (severity, ..) = Severity::ALL.into_iter().find(|(_, name, _)| *name == severity)?;
            let body = body.trim();
            let text = body.split("\n\n").next().unwrap_or_default();
            Some(Code { id, severity, title, text, section: section.trim_end(), examples: examples(body) })
        })
        .collect()
}

fn examples(body: &'static str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once("\n```") {
        let Some((fence, after)) = after.split_once('\n') else { break };
        let Some((text, after)) = after.split_once("```") else { break };
        let label = before.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        found.push(Example { bad: label == "坏：", target: fence.trim(), text });
        rest = after;
    }
    found
}
