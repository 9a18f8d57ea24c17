//! Problems in files, as officers meet them: a stable code, the place, what
//! was expected and found, and one hint.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use unicode_width::UnicodeWidthChar as _;

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
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
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
    /// An error at a place.
    pub fn error(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            path: PathBuf::new(),
            place,
            message: message.into(),
            hint: None,
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
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
        let kind = match self.severity {
            Severity::Error => "错误",
            Severity::Warning => "警告",
        };
        let Place { line, column, length } = self.place;
        let mut out =
            format!("{}:{line}:{column}: {kind} {}：{}\n", self.path.display(), self.code, self.message);
        if let Some(text) = source.lines().nth(line.wrapping_sub(1)) {
            let number = line.to_string();
            // A long line is shown around the place only.
            let start = column.saturating_sub(40);
            let shown: String = text.chars().skip(start).take(76).collect();
            let gap: String = text.chars().skip(start).take(column - 1 - start).map(blank).collect();
            let under: String = text.chars().skip(column - 1).take(length).map(caret).collect();
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
        serde_json::json!({
            "severity": match self.severity { Severity::Error => "error", Severity::Warning => "warning" },
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

/// Blank of the same width.
fn blank(c: char) -> char {
    if c.width().unwrap_or(1) > 1 { '\u{3000}' } else { ' ' }
}

/// Mark of the same width.
fn caret(c: char) -> char {
    if c.width().unwrap_or(1) > 1 { '＾' } else { '^' }
}
