//! Problems in files, as officers meet them: a stable code, the place, what
//! was expected and found, and one hint.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use unicode_width::UnicodeWidthChar as _;

use crate::codes;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line from 1.
    pub line: usize,
    /// Column in characters from 1.
    pub column: usize,
    /// Number of characters, at least 1.
    pub length: usize,
}

impl Place {
    /// One character.
    pub fn new(line: usize, column: usize) -> Self {
        Self { line, column, length: 1 }
    }

    /// `length` characters.
    pub fn span(self, offset: usize, length: usize) -> Self {
        Self { line: self.line, column: self.column + offset, length: length.max(1) }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// Worth a look.
    Warning,
    /// Something is missing that the source may never have said. Counted, listed on request.
    Note,
}

impl Severity {
    /// Name in files and messages, and in JSON and SARIF.
    pub const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Error, "错误", "error"), (Self::Warning, "警告", "warning"), (Self::Note, "提示", "note")];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Word in JSON and SARIF.
    pub fn id(self) -> &'static str {
        Self::ALL[self as usize].2
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is: as documented for the code, unless the project says otherwise.
    pub severity: Severity,
    /// Stable code, `P001` and so on.
    pub code: &'static str,
    /// The file, once known.
    pub path: PathBuf,
    /// The place.
    pub place: Place,
    /// What was expected and what was found.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A problem at a place, as bad as its code is documented to be.
    pub fn new(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        let severity = codes::find(code).map_or(Severity::Error, |c| c.severity);
        Self { severity, code, path: PathBuf::new(), place, message: message.into(), hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what to do where that is known.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// Adds the file.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// The problem with the line it stands in, for a terminal.
    pub fn render(&self, source: &str) -> String {
        let kind = self.severity.name();
        let Place { line, column, length } = self.place;
        let mut out =
            format!("{}:{line}:{column}: {kind} {}：{}\n", self.path.display(), self.code, self.message);
        if let Some(text) = source.lines().nth(line.wrapping_sub(1)) {
            let number = line.to_string();
            // A long line is shown around the place only.
            let start = column.saturating_sub(40);
            let shown: String = text.chars().skip(start).take(76).collect();
            let gap: String = text.chars().skip(start).take(column - 1 - start).map(blank).collect();
            let under: String = text.chars().skip(column - 1).take(length.min(76)).map(caret).collect();
            let under = if under.is_empty() { "^".to_owned() } else { under };
            let _ = writeln!(out, "{number} | {shown}");
            let _ = writeln!(out, "{} | {gap}{under}", " ".repeat(number.len()));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(out, "  建议：{hint}");
        }
        out
    }

    /// The problem as one JSON object.
    pub fn json(&self) -> serde_json::Value {
        json!({
            "severity": self.severity.id(),
            "code": self.code,
            "path": self.path.display().to_string(),
            "line": self.place.line,
            "column": self.place.column,
            "length": self.place.length,
            "message": self.message,
            "hint": self.hint,
        })
    }
}

/// All problems as one SARIF 2.1.0 log (OASIS), the format code hosts and editors read.
pub fn sarif(diagnostics: &[&Diagnostic]) -> serde_json::Value {
    let rules: Vec<_> = codes::all()
        .iter()
        .map(|code| {
            json!({
                "id": code.id,
                "shortDescription": { "text": code.title },
                "fullDescription": { "text": code.text },
                "help": { "text": code.section },
                "defaultConfiguration": { "level": code.severity.id() },
            })
        })
        .collect();
    let results: Vec<_> = diagnostics
        .iter()
        .map(|d| {
            let text = d
                .hint
                .as_ref()
                .map_or_else(|| d.message.clone(), |hint| format!("{}\n建议：{hint}", d.message));
            let region = json!({
                "startLine": d.place.line,
                "startColumn": d.place.column,
                "endColumn": d.place.column + d.place.length,
            });
            json!({
                "ruleId": d.code,
                "ruleIndex": codes::all().iter().position(|code| code.id == d.code),
                "level": d.severity.id(),
                "message": { "text": text },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": uri(&d.path) },
                    "region": region,
                } }],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "huiqi",
                "version": env!("CARGO_PKG_VERSION"),
                "language": "zh-CN",
                "rules": rules,
            } },
            // Columns count characters, as editors do.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// Why a file cannot be read, in Chinese where the reason is a common one.
pub(crate) fn io_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "没有这个文件".to_owned(),
        std::io::ErrorKind::PermissionDenied => "没有读取权限".to_owned(),
        std::io::ErrorKind::IsADirectory => "这是一个文件夹".to_owned(),
        std::io::ErrorKind::InvalidData => "不是 UTF-8 编码".to_owned(),
        _ => error.to_string(),
    }
}

/// A path as a relative URI reference (RFC 3986): forward slashes, everything else escaped.
fn uri(path: &Path) -> String {
    let mut out = String::new();
    for byte in path.to_string_lossy().replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Blank of the same width.
fn blank(c: char) -> char {
    if c.width().unwrap_or(1) > 1 { '\u{3000}' } else { ' ' }
}

/// Mark of the same width.
fn caret(c: char) -> char {
    if c.width().unwrap_or(1) > 1 { '＾' } else { '^' }
}
