//! Text to tree. No names are resolved here; every node knows its place.

use std::ops::Range;

use super::{Aggregate, Arith, Func, MAX_NESTING, Op, Quantifier, Quota};
use crate::catalogue::Scope;
use crate::date::Date;
use crate::num::Ratio;

/// A problem in one line of rule text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Stable code, `P1xx`.
    pub code: &'static str,
    /// Place in characters of the line, from 0.
    pub span: Range<usize>,
    /// What was expected and what was found.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// Whether the line is read all the same.
    pub warning: bool,
}

impl RuleError {
    pub(super) fn new(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), hint: None, warning: false }
    }

    pub(super) fn warning(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { warning: true, ..Self::new(code, span, message) }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A node of the syntax tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Place in characters of the line, from 0.
    pub span: Range<usize>,
}

/// Kinds of syntax nodes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NodeKind {
    /// 且
    And(Vec<Node>),
    /// 或
    Or(Vec<Node>),
    /// 非
    Not(Box<Node>),
    /// 至少 k项 (…; …)
    KOf(Quota, u8, Vec<Node>),
    /// 核实「…」
    Verify(String),
    /// 承诺「…」
    Promise(String),
    /// a ≥ b
    Compare(Op, Box<Node>, Box<Node>),
    /// a 介于 b 至 c
    Between(Box<Node>, Box<Node>, Box<Node>),
    /// a 属于 (…), negated for 不属于
    In(Box<Node>, Vec<ItemNode>, bool),
    /// a 含 …
    Has(Box<Node>, HasMode, Vec<ItemNode>),
    /// A name, maybe of another scope, with an optional period in brackets.
    Name(Option<Scope>, String, Option<(String, Range<usize>)>),
    /// 有 人员 (…), 每个 人员 (…)
    Records(Quantifier, Scope, Box<Node>),
    /// 个数 人员 (…)
    Tally(Scope, Box<Node>),
    /// 在名单 《…》, with its subject; negated for 不在名单
    Roster(Option<Box<Node>>, Vec<ItemNode>, bool),
    /// 金额(事项编号)
    AmountOf(String),
    /// Could not be read; reported already.
    Error,
    /// A number with its unit as written.
    Quantity(Ratio, String),
    /// A date.
    Date(Date),
    /// a~b
    Range(Box<Node>, Box<Node>),
    /// 至多 a
    UpTo(Box<Node>),
    /// 未定
    Undecided,
    /// a × b
    Arith(Arith, Box<Node>, Box<Node>),
    /// 取小(…)
    Call(Func, Vec<Node>),
    /// 按, or 分段 when true
    Bands(bool, Box<Node>, Vec<(HeadNode, Node)>),
    /// 若 … 则 … 否则 …
    If(Box<Node>, Box<Node>, Box<Node>),
}

/// How 含 counts its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HasMode {
    /// 含, 含 任一
    Any,
    /// 含 全部
    All,
    /// 含 至少 n项
    AtLeast(u8),
    /// 不含
    None,
}

/// One item of a set with its qualifiers as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ItemNode {
    /// The name.
    pub name: String,
    /// Whether it stood in 《》.
    pub title: bool,
    /// Qualifiers in brackets.
    pub qualifiers: Vec<(String, Range<usize>)>,
    /// Place of the name.
    pub span: Range<usize>,
}

/// Head of a band.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum HeadNode {
    /// ≥ 5亿元
    Compare(Op, Node),
    /// One or several names.
    In(Vec<ItemNode>),
    /// 其余, with its place
    Otherwise(Range<usize>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Title(String),
    /// 金额(编号)
    AmountOf(String),
    Period(String),
    Number(Ratio, String),
    Date(Date),
    Sign(char),
    End,
}

const KEYWORDS: [&str; 29] = [
    "且",
    "或",
    "非",
    "属于",
    "不属于",
    "含",
    "不含",
    "任一",
    "全部",
    "至少",
    "至多",
    "恰好",
    "介于",
    "至",
    "核实",
    "承诺",
    "按",
    "分段",
    "若",
    "则",
    "否则",
    "未定",
    "其余",
    "项",
    "有",
    "每个",
    "个数",
    "在名单",
    "不在名单",
];

/// Decimals of a number. More are never meant, and would not survive printing.
const MOST_DECIMALS: usize = 6;

/// Longest rule that is read.
const MAX_LENGTH: usize = 2_000;

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '·' || c == '&'
}

/// Signs people type from a Chinese or an English keyboard, in canonical form.
fn canonical_sign(c: char) -> char {
    match c {
        '＞' => '>',
        '＜' => '<',
        '＝' => '=',
        '（' => '(',
        '）' => ')',
        '，' => ',',
        '；' => ';',
        ':' => '：',
        '＋' => '+',
        '-' | '－' | '–' => '−',
        '*' | '＊' => '×',
        '/' | '／' => '÷',
        '～' => '~',
        '．' => '.',
        '［' | '【' => '[',
        '］' | '】' => ']',
        _ => c,
    }
}

/// Letters and digits typed in full width, made half width outside quotations. One character stays one, so that
/// places hold.
fn half_width(text: &str) -> Vec<char> {
    let mut quoted = false;
    let mut fold = |c: char| {
        quoted = match c {
            '「' | '《' => true,
            '」' | '》' => false,
            _ => quoted,
        };
        match c {
            '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' if !quoted => {
                char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c)
            }
            _ => c,
        }
    };
    text.chars().map(&mut fold).collect()
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    /// Slips in a number or a date, which do not hide the rest.
    problems: Vec<RuleError>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn run(&mut self, accept: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.at < self.chars.len() && accept(self.chars[self.at]) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    fn delimited(&mut self, close: &[char], what: &str) -> Result<String, RuleError> {
        let start = self.at;
        self.at += 1;
        let body_start = self.at;
        while self.at < self.chars.len() && !close.contains(&self.chars[self.at]) {
            self.at += 1;
        }
        if self.at == self.chars.len() {
            let message = format!("“{}”没有对应的“{}”", self.chars[start], close[0]);
            return Err(RuleError::new("P160", start..start + 1, message)
                .hint(format!("在{what}末尾补上“{}”", close[0])));
        }
        let body = self.chars[body_start..self.at].iter().collect();
        self.at += 1;
        Ok(body)
    }

    fn number(&mut self) -> Result<Token, RuleError> {
        let start = self.at;
        let digits = |l: &mut Self| l.run(|c| c.is_ascii_digit());
        let mut text = digits(self);
        if self.peek(0) == '-' && text.len() == 4 && self.peek(1).is_ascii_digit() {
            text.push_str(&self.run(|c| c.is_ascii_digit() || c == '-'));
            return Ok(self.date(&text, start));
        }
        if self.peek(0) == '.' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            text.push('.');
            text.push_str(&digits(self));
        }
        let grouped = matches!(self.peek(0), ',' | '，') && (1..=3).all(|i| self.peek(i).is_ascii_digit());
        if grouped && !self.peek(4).is_ascii_digit() {
            let span = start..self.at + 4;
            self.problems.push(
                RuleError::new("P109", span, "数字里不能有逗号（逗号用来分隔列表）")
                    .hint("写成 2000万元 这样"),
            );
            self.at += 1;
            text.push_str(&digits(self));
        }
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let value = Ratio::parse(&text)
            .filter(|_| decimals <= MOST_DECIMALS)
            .ok_or_else(|| RuleError::new("P162", start..self.at, format!("“{text}”太长，不能作为数")))?;
        let mut unit = self.run(|c| is_name_char(c) || matches!(c, '%' | '％' | '‰'));
        unit = unit.replace('％', "%");
        // 2018年1月1日 is a date, not 2018 年.
        if unit.starts_with('年') && unit.ends_with('日') {
            return Ok(self.date(&format!("{text}{unit}"), start));
        }
        while matches!(self.peek(0), '/' | '／')
            && is_name_char(self.peek(1))
            && !self.peek(1).is_ascii_digit()
        {
            self.at += 1;
            unit.push('/');
            unit.push_str(&self.run(is_name_char));
        }
        Ok(Token::Number(value, unit))
    }

    fn date(&mut self, text: &str, start: usize) -> Token {
        Token::Date(Date::parse(text).unwrap_or_else(|| {
            let error = RuleError::new("P161", start..self.at, format!("“{text}”不是日期"));
            self.problems.push(error.hint("日期写成 2018-01-01"));
            Date::LAST
        }))
    }

    fn next(&mut self) -> Result<(Token, Range<usize>), RuleError> {
        while self.at < self.chars.len() && self.chars[self.at].is_whitespace() {
            self.at += 1;
        }
        let start = self.at;
        let Some(&c) = self.chars.get(start) else {
            return Ok((Token::End, start..start));
        };
        let token = if c.is_ascii_digit() {
            self.number()?
        } else if is_name_char(c) {
            let word = self.run(is_name_char);
            // An id holds hyphens, which are signs elsewhere.
            if word == "金额" && matches!(self.peek(0), '(' | '（') {
                Token::AmountOf(self.delimited(&[')', '）'], "编号")?.trim().to_owned())
            } else {
                Token::Word(word)
            }
        } else {
            match canonical_sign(c) {
                '「' => Token::Text(self.delimited(&['」'], "文字")?),
                '《' => Token::Title(self.delimited(&['》'], "名称")?),
                '[' => Token::Period(self.delimited(&[']', '］', '】'], "时段")?),
                sign => {
                    self.at += 1;
                    let two = match (sign, self.peek(0)) {
                        ('>', '=' | '＝') => Some('≥'),
                        ('<', '=' | '＝') => Some('≤'),
                        ('!', '=' | '＝') => Some('≠'),
                        ('−', '>' | '＞') => Some('→'),
                        _ => None,
                    };
                    if two.is_some() {
                        self.at += 1;
                    }
                    Token::Sign(two.unwrap_or(sign))
                }
            }
        };
        Ok((token, start..self.at))
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    problems: Vec<RuleError>,
}

type Parsed<T> = Result<T, RuleError>;

/// Reads one line of rule or amount text: a tree, and every problem in it. Where a part cannot be read, reading
/// goes on behind the next 且 or 或, so that one slip does not hide the others.
pub(super) fn parse(text: &str) -> (Node, Vec<RuleError>) {
    let chars = half_width(text);
    let nothing = |error: RuleError| (Node { kind: NodeKind::Error, span: 0..0 }, vec![error]);
    if chars.len() > MAX_LENGTH {
        let message = format!("规则有 {} 个字，最多 {MAX_LENGTH} 个", chars.len());
        return nothing(RuleError::new("P163", 0..chars.len(), message).hint("拆成几条"));
    }
    let mut lexer = Lexer { chars, at: 0, problems: Vec::new() };
    let mut tokens = Vec::new();
    loop {
        match lexer.next() {
            Ok(token) => {
                let end = token.0 == Token::End;
                tokens.push(token);
                if end {
                    break;
                }
            }
            // Without its end, a quotation has swallowed the rest of the line.
            Err(error) => return nothing(error),
        }
    }
    let mut parser = Parser { tokens, at: 0, problems: lexer.problems };
    if parser.peek() == &Token::End {
        return nothing(
            RuleError::new("P164", 0..0, "规则是空的").hint("写一条规则，如 营业收入[上年] ≥ 2000万元"),
        );
    }
    let node = match parser.either(0) {
        Ok(node) => node,
        Err(error) => {
            parser.problems.push(error);
            Node { kind: NodeKind::Error, span: 0..0 }
        }
    };
    if parser.peek() != &Token::End {
        let error = parser.unexpected("且、或、比较符或结尾");
        // A part that was given up on has said enough.
        if parser.problems.is_empty() {
            parser.problems.push(error);
        }
    }
    (node, parser.problems)
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.at.min(self.tokens.len() - 1)].1.clone()
    }

    fn bump(&mut self) -> Token {
        let token = self.peek().clone();
        if self.at < self.tokens.len() - 1 {
            self.at += 1;
        }
        token
    }

    fn last_end(&self) -> usize {
        self.tokens[self.at.saturating_sub(1)].1.end
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(w) if w == word);
        if found {
            self.bump();
        }
        found
    }

    fn sign(&mut self, sign: char) -> bool {
        let found = matches!(self.peek(), Token::Sign(s) if *s == sign);
        if found {
            self.bump();
        }
        found
    }

    fn expect(&mut self, sign: char) -> Parsed<()> {
        if self.sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("“{sign}”"))) }
    }

    fn found(&self) -> String {
        match self.peek() {
            Token::End => "结尾".to_owned(),
            Token::Word(w) => format!("“{w}”"),
            Token::Text(t) => format!("“「{t}」”"),
            Token::Title(t) => format!("“《{t}》”"),
            Token::AmountOf(id) => format!("“金额({id})”"),
            Token::Period(p) => format!("“[{p}]”"),
            Token::Number(n, u) => format!("“{}{u}”", n.decimal(4)),
            Token::Date(d) => format!("“{d}”"),
            Token::Sign(s) => format!("“{s}”"),
        }
    }

    fn unexpected(&self, expected: &str) -> RuleError {
        let error =
            RuleError::new("P165", self.span(), format!("这里应是{expected}，写的是{}", self.found()));
        match self.peek() {
            Token::Word(w) => {
                match KEYWORDS.iter().find(|k| w != *k && (w.starts_with(**k) || w.ends_with(**k))) {
                    Some(k) => error.hint(format!("如果“{k}”是连接词，前后各空一格")),
                    None => error,
                }
            }
            _ => error,
        }
    }

    fn deeper(&self, depth: usize) -> Parsed<usize> {
        if depth > MAX_NESTING {
            return Err(RuleError::new("P166", self.span(), format!("括号套得太深，最多 {MAX_NESTING} 层"))
                .hint("拆成几条"));
        }
        Ok(depth + 1)
    }

    /// A part between 且 and 或. What cannot be read is reported and skipped.
    fn operand(&mut self, depth: usize) -> Node {
        let start = self.span().start;
        match self.not(depth) {
            Ok(node) => node,
            Err(error) => {
                self.problems.push(error);
                self.skip();
                self.node(start, NodeKind::Error)
            }
        }
    }

    /// Goes to the next word or sign that ends a part.
    fn skip(&mut self) {
        let mut open = 0usize;
        loop {
            match self.peek() {
                Token::End => return,
                Token::Sign('(') => open += 1,
                Token::Sign(')') if open > 0 => open -= 1,
                Token::Sign(')' | ';') if open == 0 => return,
                Token::Word(w) if open == 0 && matches!(w.as_str(), "且" | "或" | "则" | "否则") => {
                    return;
                }
                _ => {}
            }
            self.bump();
        }
    }

    fn either(&mut self, depth: usize) -> Parsed<Node> {
        let first = self.all(depth)?;
        if !matches!(self.peek(), Token::Word(w) if w == "或") {
            return Ok(first);
        }
        let start = first.span.start;
        let mut list = vec![first];
        while self.word("或") {
            list.push(self.all(depth)?);
        }
        for part in &list {
            // A bracketed part begins before its first operand.
            if let NodeKind::And(inner) = &part.kind
                && inner.first().is_some_and(|first| first.span.start == part.span.start)
            {
                self.problems.push(
                    RuleError::warning("P113", part.span.clone(), "“且”先于“或”：这几项先合在一起")
                        .hint("加上括号，读的人才不会看错"),
                );
            }
        }
        Ok(self.node(
            start,
            NodeKind::Or(flatten(list, |k| match k {
                NodeKind::Or(list) => Ok(list),
                other => Err(other),
            })),
        ))
    }

    fn all(&mut self, depth: usize) -> Parsed<Node> {
        let first = self.operand(depth);
        if !matches!(self.peek(), Token::Word(w) if w == "且") {
            return Ok(first);
        }
        let start = first.span.start;
        let mut list = vec![first];
        while self.word("且") {
            list.push(self.operand(depth));
        }
        Ok(self.node(
            start,
            NodeKind::And(flatten(list, |k| match k {
                NodeKind::And(list) => Ok(list),
                other => Err(other),
            })),
        ))
    }

    fn node(&self, start: usize, kind: NodeKind) -> Node {
        Node { kind, span: start..self.last_end().max(start) }
    }

    fn not(&mut self, depth: usize) -> Parsed<Node> {
        let start = self.span().start;
        if self.word("非") {
            let depth = self.deeper(depth)?;
            let inner = self.not(depth)?;
            return Ok(self.node(start, NodeKind::Not(Box::new(inner))));
        }
        self.relation(depth)
    }

    fn relation(&mut self, depth: usize) -> Parsed<Node> {
        let start = self.span().start;
        if let Some(negated) = self.roster() {
            let items = self.items()?;
            return Ok(self.node(start, NodeKind::Roster(None, items, negated)));
        }
        let left = self.sum(depth)?;
        if let Some(negated) = self.roster() {
            let items = self.items()?;
            return Ok(self.node(start, NodeKind::Roster(Some(Box::new(left)), items, negated)));
        }
        let op = match self.peek() {
            Token::Sign(s) => Op::ALL.iter().find(|(sign, _)| sign.starts_with(*s)).map(|(_, op)| *op),
            _ => None,
        };
        if let Some(op) = op {
            self.bump();
            let right = self.sum(depth)?;
            if matches!(self.peek(), Token::Sign('≥' | '≤' | '>' | '<' | '=' | '≠')) {
                return Err(RuleError::new("P110", self.span(), "比较不能连写")
                    .hint("写成 营业收入[上年] 介于 1000万元 至 5000万元（含两端）"));
            }
            return Ok(self.node(start, NodeKind::Compare(op, Box::new(left), Box::new(right))));
        }
        let word = match self.peek() {
            Token::Word(w) => w.clone(),
            _ => return Ok(left),
        };
        match word.as_str() {
            "介于" => {
                self.bump();
                let low = self.sum(depth)?;
                if !self.word("至") {
                    return Err(self.unexpected("“至”"));
                }
                let high = self.sum(depth)?;
                Ok(self.node(start, NodeKind::Between(Box::new(left), Box::new(low), Box::new(high))))
            }
            "属于" | "不属于" => {
                self.bump();
                let items = self.items()?;
                Ok(self.node(start, NodeKind::In(Box::new(left), items, word == "不属于")))
            }
            "含" | "不含" => {
                self.bump();
                let mode = if word == "不含" {
                    self.word("任一");
                    HasMode::None
                } else if self.word("任一") {
                    HasMode::Any
                } else if self.word("全部") {
                    HasMode::All
                } else if self.word("至少") {
                    HasMode::AtLeast(self.quota_number()?)
                } else {
                    HasMode::Any
                };
                let items = self.items()?;
                Ok(self.node(start, NodeKind::Has(Box::new(left), mode, items)))
            }
            _ => Ok(left),
        }
    }

    /// 在名单 (false) or 不在名单 (true), if one of them comes next.
    fn roster(&mut self) -> Option<bool> {
        if self.word("在名单") { Some(false) } else { self.word("不在名单").then_some(true) }
    }

    /// A scope and a rule in brackets, behind 有, 每个 or 个数.
    fn records(&mut self, depth: usize) -> Parsed<(Scope, Node)> {
        let scope = match self.peek() {
            Token::Word(w) => Scope::find(w).filter(|s| *s != Scope::Firm),
            _ => None,
        };
        let scope = scope.ok_or_else(|| self.unexpected("项目、产品、贷款、人员、场地或平台"))?;
        self.bump();
        self.expect('(')?;
        let rule = self.either(depth)?;
        self.expect(')')?;
        Ok((scope, rule))
    }

    fn quota_number(&mut self) -> Parsed<u8> {
        let span = self.span();
        match self.bump() {
            Token::Number(n, unit) if unit == "项" && n.is_integer() => {
                u8::try_from(n.numerator()).map_err(|_| RuleError::new("P114", span, "项数应在 1 到 64 之间"))
            }
            _ => Err(RuleError::new("P167", span, "这里应是几项，如 2项").hint("写成 至少 2项 (…; …)")),
        }
    }

    fn items(&mut self) -> Parsed<Vec<ItemNode>> {
        if self.sign('(') {
            let mut list = vec![self.item()?];
            while self.sign(',') || self.sign('、') {
                list.push(self.item()?);
            }
            if matches!(self.peek(), Token::Sign(';')) {
                return Err(RuleError::new(
                    "P115",
                    self.span(),
                    "列表里用逗号分隔，分号只用在 至少 n项 (…; …) 里",
                ));
            }
            self.expect(')')?;
            if list.len() > 64 {
                return Err(RuleError::new(
                    "P168",
                    list[64].span.clone(),
                    format!("列表有 {} 项，最多 64 项", list.len()),
                ));
            }
            return Ok(list);
        }
        let item = self.item()?;
        if matches!(self.peek(), Token::Sign(',' | '、')) {
            return Err(
                RuleError::new("P111", self.span(), "多项要放进括号").hint("写成 属于 (厦门市, 泉州市)")
            );
        }
        Ok(vec![item])
    }

    fn item(&mut self) -> Parsed<ItemNode> {
        let span = self.span();
        let title = matches!(self.peek(), Token::Title(_));
        let name = match self.peek().clone() {
            Token::Word(w) => w,
            Token::Text(t) | Token::Title(t) => t,
            // A six-digit region code.
            Token::Number(n, unit) if unit.is_empty() => n.decimal(0),
            _ => return Err(self.unexpected("名称")),
        };
        self.bump();
        let mut qualifiers = Vec::new();
        if matches!(self.peek(), Token::Sign('(')) && !KEYWORDS.contains(&name.as_str()) {
            self.bump();
            loop {
                let mut span = self.span();
                let text = match self.bump() {
                    Token::Word(w) if w == "排名" => {
                        let rank = self.rank()?;
                        span.end = self.last_end();
                        rank
                    }
                    Token::Word(w) => w,
                    Token::Number(n, unit) => format!("{}{unit}", n.decimal(0)),
                    _ => {
                        self.at -= 1;
                        return Err(self.unexpected("级别或认定年份，如 省级以上、上年认定"));
                    }
                };
                qualifiers.push((text, span));
                if !self.sign(',') {
                    break;
                }
            }
            self.expect(')')?;
        }
        Ok(ItemNode { name, title, qualifiers, span })
    }

    /// `≤3` behind 排名
    fn rank(&mut self) -> Parsed<String> {
        let error = self.unexpected("名次，如 排名≤3");
        if !self.sign('≤') {
            return Err(error);
        }
        match self.bump() {
            Token::Number(n, unit) if unit.is_empty() => Ok(format!("排名≤{}", n.decimal(0))),
            _ => Err(error),
        }
    }

    fn sum(&mut self, depth: usize) -> Parsed<Node> {
        let start = self.span().start;
        let mut left = self.product(depth)?;
        loop {
            let op = match self.peek() {
                Token::Sign('+') => Arith::Add,
                Token::Sign('−') => Arith::Sub,
                _ => return Ok(left),
            };
            self.bump();
            let right = self.product(depth)?;
            left = self.node(start, NodeKind::Arith(op, Box::new(left), Box::new(right)));
        }
    }

    fn product(&mut self, depth: usize) -> Parsed<Node> {
        let start = self.span().start;
        let mut left = self.range(depth)?;
        loop {
            let op = match self.peek() {
                Token::Sign('×') => Arith::Mul,
                Token::Sign('÷') => Arith::Div,
                _ => return Ok(left),
            };
            self.bump();
            let right = self.range(depth)?;
            left = self.node(start, NodeKind::Arith(op, Box::new(left), Box::new(right)));
        }
    }

    fn range(&mut self, depth: usize) -> Parsed<Node> {
        let start = self.span().start;
        let left = self.atom(depth)?;
        if self.sign('~') {
            let right = self.atom(depth)?;
            return Ok(self.node(start, NodeKind::Range(Box::new(left), Box::new(right))));
        }
        Ok(left)
    }

    fn atom(&mut self, depth: usize) -> Parsed<Node> {
        let depth = self.deeper(depth)?;
        let start = self.span().start;
        let token = self.peek().clone();
        let kind = match token {
            Token::Sign('(') => {
                self.bump();
                let inner = self.either(depth)?;
                self.expect(')')?;
                return Ok(Node { span: start..self.last_end(), ..inner });
            }
            Token::Number(value, unit) => {
                self.bump();
                NodeKind::Quantity(value, unit)
            }
            Token::Date(date) => {
                self.bump();
                NodeKind::Date(date)
            }
            Token::Text(text) => {
                self.bump();
                self.name(None, text)
            }
            Token::AmountOf(id) => {
                self.bump();
                NodeKind::AmountOf(id)
            }
            Token::Word(word) => match word.as_str() {
                "核实" | "承诺" => {
                    self.bump();
                    let text = match self.bump() {
                        Token::Text(text) => text,
                        _ => {
                            self.at -= 1;
                            return Err(self
                                .unexpected("「…」")
                                .hint(format!("写成 {word}「设备属于先进设备」")));
                        }
                    };
                    if word == "核实" { NodeKind::Verify(text) } else { NodeKind::Promise(text) }
                }
                "至少" | "恰好" => self.quota(depth)?,
                "至多" => match self.tokens.get(self.at + 1) {
                    Some((Token::Number(_, unit), _)) if unit == "项" => self.quota(depth)?,
                    _ => {
                        self.bump();
                        NodeKind::UpTo(Box::new(self.atom(depth)?))
                    }
                },
                "未定" => {
                    self.bump();
                    NodeKind::Undecided
                }
                "有" | "每个" => {
                    self.bump();
                    let quantifier = if word == "有" { Quantifier::Some } else { Quantifier::Every };
                    let (scope, rule) = self.records(depth)?;
                    NodeKind::Records(quantifier, scope, Box::new(rule))
                }
                "个数" => {
                    self.bump();
                    let (scope, rule) = self.records(depth)?;
                    NodeKind::Tally(scope, Box::new(rule))
                }
                "按" | "分段" => {
                    self.bump();
                    self.bands(word == "分段", depth)?
                }
                "若" => {
                    self.bump();
                    let condition = self.either(depth)?;
                    if !self.word("则") {
                        return Err(self.unexpected("“则”"));
                    }
                    let yes = self.sum(depth)?;
                    if !self.word("否则") {
                        return Err(self.unexpected("“否则”"));
                    }
                    let no = self.sum(depth)?;
                    NodeKind::If(Box::new(condition), Box::new(yes), Box::new(no))
                }
                _ if KEYWORDS.contains(&word.as_str()) => return Err(self.unexpected("要素、数或括号")),
                _ => {
                    self.bump();
                    let func = Func::ALL.iter().find(|(name, _)| *name == word).map(|(_, f)| *f);
                    match func {
                        Some(func) if self.sign('(') => {
                            let mut list = vec![self.argument(depth)?];
                            while self.sign(',') {
                                list.push(self.argument(depth)?);
                            }
                            self.expect(')')?;
                            NodeKind::Call(func, list)
                        }
                        _ => match Scope::find(&word).filter(|_| self.sign('.')) {
                            Some(scope) => match self.bump() {
                                Token::Word(name) | Token::Text(name) => self.name(Some(scope), name),
                                _ => {
                                    self.at -= 1;
                                    return Err(self.unexpected("要素名称"));
                                }
                            },
                            None => self.name(None, word),
                        },
                    }
                }
            },
            Token::Period(_) | Token::Title(_) | Token::Sign(_) | Token::End => {
                return Err(self.unexpected("要素、数或括号"));
            }
        };
        Ok(self.node(start, kind))
    }

    fn argument(&mut self, depth: usize) -> Parsed<Node> {
        if let Token::Word(w) = self.peek()
            && matches!(w.as_str(), "按" | "分段" | "若")
        {
            return Err(RuleError::new(
                "P112",
                self.span(),
                format!("“{w}”放在参数里要加括号，否则后面的逗号分不清"),
            )
            .hint(format!("写成 取小(({w} …), 3万元)")));
        }
        self.either(depth)
    }

    fn name(&mut self, scope: Option<Scope>, name: String) -> NodeKind {
        if let Token::Period(period) = self.peek().clone() {
            let span = self.span();
            self.bump();
            return NodeKind::Name(scope, name, Some((period, span)));
        }
        NodeKind::Name(scope, name, None)
    }

    fn quota(&mut self, depth: usize) -> Parsed<NodeKind> {
        let start = self.span().start;
        let quota = match self.bump() {
            Token::Word(w) if w == "至少" => Quota::AtLeast,
            Token::Word(w) if w == "至多" => Quota::AtMost,
            _ => Quota::Exactly,
        };
        let k = self.quota_number()?;
        self.expect('(')?;
        let mut list = vec![self.either(depth)?];
        while self.sign(';') {
            list.push(self.either(depth)?);
        }
        if matches!(self.peek(), Token::Sign(',' | '、')) {
            return Err(RuleError::new("P115", self.span(), "几项之间用分号“;”，逗号只用在列表里"));
        }
        self.expect(')')?;
        if k == 0 || usize::from(k) > list.len() || list.len() < 2 {
            let message = format!("只列了 {} 项，不能要求 {k} 项", list.len());
            return Err(RuleError::new("P114", start..self.last_end(), message));
        }
        Ok(NodeKind::KOf(quota, k, list))
    }

    fn bands(&mut self, slices: bool, depth: usize) -> Parsed<NodeKind> {
        let key = self.sum(depth)?;
        self.expect('：')?;
        let mut rows = vec![self.band(depth)?];
        while self.sign(',') {
            rows.push(self.band(depth)?);
        }
        Ok(NodeKind::Bands(slices, Box::new(key), rows))
    }

    fn band(&mut self, depth: usize) -> Parsed<(HeadNode, Node)> {
        let op = match self.peek() {
            Token::Sign(s) => Op::ALL.iter().find(|(sign, _)| sign.starts_with(*s)).map(|(_, op)| *op),
            _ => None,
        };
        let head = if let Some(op) = op {
            self.bump();
            HeadNode::Compare(op, self.range(depth)?)
        } else if matches!(self.peek(), Token::Word(w) if w == "其余") {
            let span = self.span();
            self.bump();
            HeadNode::Otherwise(span)
        } else {
            HeadNode::In(self.items()?)
        };
        if !self.sign('→') {
            return Err(self.unexpected("“→”"));
        }
        Ok((head, self.sum(depth)?))
    }
}

fn flatten(list: Vec<Node>, split: impl Fn(NodeKind) -> Result<Vec<Node>, NodeKind>) -> Vec<Node> {
    let mut out = Vec::new();
    for node in list {
        match split(node.kind) {
            Ok(inner) => out.extend(inner),
            Err(kind) => out.push(Node { kind, span: node.span }),
        }
    }
    out
}

/// A period in words: `上年`, `近3年合计`, `上年同比增长`, `2015年..2017年每年`, `近3年平均, 不足按实际`.
pub(super) fn parse_period(text: &str) -> Option<super::Period> {
    use super::{Period, Year, Years};
    let text: String = text.chars().filter(|c| !c.is_whitespace()).map(canonical_sign).collect();
    if text == "同比增长" {
        return Some(Period::Growth(Year::Back(1)));
    }
    if text == "历史最高" {
        return Some(Period::Peak);
    }
    if let Some(day) = text.strip_prefix("截至") {
        return Date::parse(&day.replace('−', "-")).map(Period::Until);
    }
    let (main, existing) = match text.strip_suffix(",不足按实际") {
        Some(main) => (main, true),
        None => (text.as_str(), false),
    };
    let over = |years: Years, n: u16, name: &str| {
        let aggregate = Aggregate::ALL.iter().find(|(word, _)| *word == name)?.1;
        let growth = matches!(aggregate, Aggregate::MeanGrowth | Aggregate::Rising | Aggregate::Compound);
        (!growth || n >= 2).then_some(Period::Over(years, aggregate, existing))
    };
    let number = |text: &str, most: u8| text.parse().ok().filter(|n: &u8| (1..=most).contains(n));
    let calendar = |text: &str| text.parse().ok().filter(|y: &u16| (1900..2200).contains(y));
    if let Some((from, rest)) = main.split_once("..") {
        if let Some(from) = from.strip_suffix('年') {
            let (to, aggregate) = rest.split_once('年')?;
            let (from, to) = (calendar(from)?, calendar(to)?);
            return if from < to && to - from < 30 {
                over(Years::Fixed(from, to), to - from + 1, aggregate)
            } else {
                None
            };
        }
        let day = |text: &str| Date::parse(&text.replace('−', "-"));
        let (from, to) = (day(from)?, day(rest)?);
        return (from <= to && !existing).then_some(Period::Days(from, to));
    }
    if let Some(rest) = main.strip_prefix('近') {
        if let Some((n, aggregate)) = rest.split_once("个月") {
            let mean = match aggregate {
                "合计" => false,
                "平均" => true,
                _ => return None,
            };
            return number(n, 60).filter(|_| !existing).map(|n| Period::Months(n, mean));
        }
        let (n, aggregate) = rest.split_once('年')?;
        let n = number(n, 10)?;
        return over(Years::Last(n), u16::from(n), aggregate);
    }
    if existing {
        return None;
    }
    let (base, wrap): (&str, fn(Year) -> Period) = if let Some(base) = main.strip_suffix("同比增长") {
        (base, Period::Growth)
    } else if let Some(base) = main.strip_suffix("同比增量") {
        (base, Period::Delta)
    } else {
        (main, Period::Year)
    };
    let year = match base {
        "本年" | "本年至今" => Year::Back(0),
        "上年" => Year::Back(1),
        "前年" => Year::Back(2),
        _ => {
            let digits = base.strip_suffix('年')?;
            match digits.strip_prefix('上') {
                Some(n) => Year::Back(number(n, 20)?),
                None => Year::Fixed(calendar(digits)?),
            }
        }
    };
    Some(wrap(year))
}
