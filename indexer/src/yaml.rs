//! YAML to a tree that remembers where everything stands.
//!
//! Every scalar stays text: `010` is `010`, `否` is `否`. Anchors, aliases and
//! tags are refused: a policy file is read and reviewed by people, line by
//! line.

use granit_parser::{Event, Parser, ScalarStyle, ScanError};

use crate::diagnostic::{Diagnostic, Place};

/// A node with its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it starts.
    pub place: Place,
}

/// Kinds of nodes.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Text, and whether a ` #` cut it short.
    Scalar(String, bool),
    /// A list.
    List(Vec<Node>),
    /// Keys and values in order.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What was found, for messages.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Scalar(text, _) => format!("“{text}”"),
            Kind::List(_) => "一个列表".to_owned(),
            Kind::Map(_) => "一组键值".to_owned(),
        }
    }

    /// The value under a key of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Place of a key of a map.
    pub fn key_place(&self, key: &str) -> Option<Place> {
        let Kind::Map(entries) = &self.kind else { return None };
        let (key, _) = entries.iter().find(|(k, _)| k.text() == Some(key))?;
        Some(key.place.span(0, key.text().map_or(1, |t| t.chars().count())))
    }

    /// The first key whose value differs in another map, or “内容” where the two are no maps of the same keys.
    pub fn difference(&self, other: &Node) -> Option<String> {
        match (&self.kind, &other.kind) {
            (Kind::Scalar(a, _), Kind::Scalar(b, _)) => (a != b).then(|| "内容".to_owned()),
            (Kind::List(a), Kind::List(b)) => {
                let same = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.difference(b).is_none());
                (!same).then(|| "内容".to_owned())
            }
            (Kind::Map(a), Kind::Map(b)) => {
                let name = |entry: &(Node, Node)| entry.0.text().unwrap_or_default().to_owned();
                let changed = a.iter().find(|entry| {
                    other.get(&name(entry)).is_none_or(|value| entry.1.difference(value).is_some())
                });
                changed.or_else(|| b.iter().find(|entry| self.get(&name(entry)).is_none())).map(name)
            }
            _ => Some("内容".to_owned()),
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }
}

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 32;

/// Reads one YAML document.
///
/// # Errors
/// One diagnostic at the place where reading stopped.
pub fn parse(source: &str) -> Result<Node, Box<Diagnostic>> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    if let Some((line, column)) = find_tab(source) {
        return Err(Box::new(
            Diagnostic::new("P001", Place::new(line, column), "缩进里有制表符（Tab）")
                .hint("改成空格，每层两个"),
        ));
    }
    let lines: Vec<&str> = source.lines().collect();
    let mut reader = Reader { parser: Parser::new_from_str(source), lines };
    loop {
        match reader.event()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, place) => {
                return Err(Box::new(
                    Diagnostic::new("P001", place, "文件是空的").hint("写法见 policies/README.md"),
                ));
            }
            (event, place) => {
                let node = reader.node(event, place, 0)?;
                loop {
                    match reader.event()? {
                        (Event::StreamEnd, _) => return Ok(node),
                        (Event::DocumentEnd, _) => {}
                        (_, place) => {
                            return Err(Box::new(
                                Diagnostic::new("P001", place, "一个文件里只能有一份文档")
                                    .hint("去掉 --- 之后的部分，另存一个文件"),
                            ));
                        }
                    }
                }
            }
        }
    }
}

fn find_tab(source: &str) -> Option<(usize, usize)> {
    source.lines().enumerate().find_map(|(at, line)| {
        let indent = line.len() - line.trim_start().len();
        line[..indent].find('\t').map(|column| (at + 1, column + 1))
    })
}

struct Reader<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    lines: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn event(&mut self) -> Result<(Event<'a>, Place), Box<Diagnostic>> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let place = Place::new(span.start.line(), span.start.col() + 1);
                Ok((event, place))
            }
            Some(Err(error)) => Err(Box::new(self.syntax_error(&error))),
            None => Ok((Event::StreamEnd, Place::new(self.lines.len().max(1), 1))),
        }
    }

    /// The parser's message in the words of someone who edits the file.
    fn syntax_error(&self, error: &ScanError) -> Diagnostic {
        let marker = error.marker();
        let place = Place::new(marker.line().clamp(1, self.lines.len().max(1)), marker.col() + 1);
        let line = self.lines.get(place.line - 1).copied().unwrap_or_default();
        let text = error.to_string();
        let before = self.lines.get(place.line.wrapping_sub(2)).copied().unwrap_or_default();
        let indent = |l: &str| l.len() - l.trim_start().len();
        let diagnostic = |message: &str| Diagnostic::new("P001", place, message);
        if line.trim_start().starts_with(['%', '@', '`'])
            || text.contains("cannot start")
            || text.contains("can't start")
        {
            return diagnostic("值不能以这个符号开头").hint("用双引号把值括起来");
        }
        if text.contains("mapping values") || text.contains("simple key") || text.contains("':'") {
            if line.matches(": ").count() > 1 {
                return diagnostic("这一行读不懂：值里又有一个“: ”")
                    .hint("值里的冒号写成全角“：”，或用双引号把值括起来");
            }
            return diagnostic("这一行读不懂：一行只能有一个“键: 值”，冒号后面空一格").hint(format!(
                "看看上一行“{}”和这一行的缩进（上一行 {} 格，这一行 {} 格）",
                before.trim(),
                indent(before),
                indent(line)
            ));
        }
        diagnostic("缩进或层次不对，从这里读不下去").hint(format!(
            "同一层的键要对齐，列表项的“- ”比上一层多两格（上一行缩进 {} 格，这一行 {} 格）",
            indent(before),
            indent(line)
        ))
    }

    fn node(&mut self, event: Event<'a>, place: Place, depth: usize) -> Result<Node, Box<Diagnostic>> {
        if depth > MAX_DEPTH {
            return Err(Box::new(Diagnostic::new("P001", place, "层次太深").hint("检查缩进")));
        }
        let kind = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.plain(anchor, tag.is_some(), place)?;
                let cut = style == ScalarStyle::Plain && self.comment_follows(place, &text);
                Kind::Scalar(text.trim().to_owned(), cut)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.plain(anchor, tag.is_some(), place)?;
                let mut list = Vec::new();
                loop {
                    match self.event()? {
                        (Event::SequenceEnd, _) => break,
                        (event, place) => list.push(self.node(event, place, depth + 1)?),
                    }
                }
                Kind::List(list)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.plain(anchor, tag.is_some(), place)?;
                let mut map = Vec::new();
                loop {
                    let (event, place) = self.event()?;
                    if matches!(event, Event::MappingEnd) {
                        break;
                    }
                    let key = self.node(event, place, depth + 1)?;
                    let (event, place) = self.event()?;
                    map.push((key, self.node(event, place, depth + 1)?));
                }
                Kind::Map(map)
            }
            _ => {
                return Err(Box::new(
                    Diagnostic::new("P001", place, "不能用 YAML 的引用（* 和 &）").hint("直接写出内容"),
                ));
            }
        };
        Ok(Node { kind, place })
    }

    fn plain(&self, anchor: usize, tagged: bool, place: Place) -> Result<(), Box<Diagnostic>> {
        if anchor != 0 || tagged {
            return Err(Box::new(
                Diagnostic::new("P001", place, "不能用 YAML 的锚点和标签（& 和 !）").hint("直接写出内容"),
            ));
        }
        Ok(())
    }

    /// Whether the line goes on with a comment after the text.
    fn comment_follows(&self, place: Place, text: &str) -> bool {
        let line = self.lines.get(place.line - 1).copied().unwrap_or_default();
        let rest: String = line.chars().skip(place.column - 1).collect();
        rest.strip_prefix(text).is_some_and(|after| after.trim_start().starts_with('#'))
    }
}
