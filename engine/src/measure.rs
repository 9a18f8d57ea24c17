//! A measure (事项): the smallest thing a firm can apply for, in the form that
//! both the command and the browser decide on.

use crate::catalogue::{Code, Scope, ThemeNo};
use crate::codec::{Decoded, Reader, Writer};
use crate::date::Date;
use crate::num::Ratio;
use crate::rule::{Expr, TextNo};
use crate::words::word;

/// Who the measure benefits. Only [`Audience::Firm`] enters a firm's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// 企业
    Firm,
    /// 个人
    Person,
    /// 园区
    Park,
    /// 银行
    Bank,
    /// 政府
    Government,
}

impl Audience {
    /// All with their names in policy files.
    pub const ALL: [(&'static str, Self); 5] = [
        ("企业", Self::Firm),
        ("个人", Self::Person),
        ("园区", Self::Park),
        ("银行", Self::Bank),
        ("政府", Self::Government),
    ];
}

/// How applicants are chosen (遴选). Unless it is [`Selection::Universal`],
/// 符合 means "may apply".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// 普惠
    Universal,
    /// 择优
    Competitive,
    /// 推荐
    Nominated,
    /// 备案
    Filed,
}

impl Selection {
    /// All with their names in policy files.
    pub const ALL: [(&'static str, Self); 4] = [
        ("普惠", Self::Universal),
        ("择优", Self::Competitive),
        ("推荐", Self::Nominated),
        ("备案", Self::Filed),
    ];
}

/// Kind of support (支持.类别).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BenefitKind {
    /// 奖励
    Award,
    /// 补助
    Grant,
    /// 贴息
    Interest,
    /// 减免
    Relief,
    /// 融资
    Finance,
    /// 资质
    Recognition,
    /// 人才
    Talent,
    /// 其他
    Other,
}

impl BenefitKind {
    /// All with their names in policy files.
    pub const ALL: [(&'static str, Self); 8] = [
        (word("奖励"), Self::Award),
        (word("补助"), Self::Grant),
        (word("贴息"), Self::Interest),
        (word("减免"), Self::Relief),
        (word("融资"), Self::Finance),
        (word("资质"), Self::Recognition),
        (word("人才"), Self::Talent),
        (word("其他"), Self::Other),
    ];

    /// Whether the headline adds it up.
    pub fn counts_as_money(self) -> bool {
        matches!(self, Self::Award | Self::Grant | Self::Interest | Self::Relief)
    }
}

/// Kind of one row of the conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// 规则
    Rule,
    /// 排除: the contrary must hold.
    Exclude,
    /// 核实
    Verify,
    /// 承诺
    Promise,
    /// 参照: stands in another document.
    Refer,
    /// 适用地区 of the document, added by the compiler where no condition
    /// speaks of a region.
    Area,
}

impl RowKind {
    /// All with their names in policy files; [`RowKind::Area`] is not written.
    pub const ALL: [(&'static str, Self); 6] = [
        ("规则", Self::Rule),
        ("排除", Self::Exclude),
        ("核实", Self::Verify),
        ("承诺", Self::Promise),
        ("参照", Self::Refer),
        ("适用地区", Self::Area),
    ];
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What kind of row it was.
    pub kind: RowKind,
    /// The rule; already negated for 排除.
    pub rule: Expr,
    /// 适用于: the row is left out where this is false.
    pub guard: Option<Expr>,
    /// Number of the clause (依据) among the card's texts.
    pub basis: TextNo,
    /// 说明 among the card's texts.
    pub note: Option<TextNo>,
}

/// What a cap is counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapScope {
    /// 每项
    Item,
    /// 每企业
    Firm,
    /// 每企业每年
    FirmYear,
}

impl CapScope {
    /// All with their names in policy files.
    pub const ALL: [(&'static str, Self); 3] =
        [("每项", Self::Item), ("每企业", Self::Firm), ("每企业每年", Self::FirmYear)];

    /// The name in policy files.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, s)| *s == self).map_or("", |(n, _)| n)
    }
}

/// The support itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Benefit {
    /// Kind.
    pub kind: BenefitKind,
    /// Amount in fen; `None` for kinds that are no money (资质, 其他).
    pub amount: Option<Expr>,
    /// 封顶
    pub caps: Vec<(CapScope, Expr)>,
    /// 起付: below this nothing is paid.
    pub floor: Option<Expr>,
    /// 折减: 可能, so the lower end is 0.
    pub reducible: bool,
    /// Clause of the amount among the card's texts.
    pub basis: Option<TextNo>,
    /// 支付: the shares in which it is paid, one per year; empty where it is paid at once. For the calendar only.
    pub payments: Vec<Ratio>,
}

/// Publication status that a measure can have in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 发布
    Published,
    /// 暂停
    Paused,
    /// 额满
    Exhausted,
    /// 被替代
    Replaced,
}

impl Status {
    /// All with their names in policy files.
    pub const ALL: [(&'static str, Self); 4] = [
        ("发布", Self::Published),
        ("暂停", Self::Paused),
        ("额满", Self::Exhausted),
        ("被替代", Self::Replaced),
    ];
}

/// Dates that fix the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Status of the document.
    pub status: Status,
    /// 受理.起
    pub opens: Option<Date>,
    /// 受理.止
    pub closes: Option<Date>,
    /// 常年
    pub rolling: bool,
    /// 有效期.起
    pub valid_from: Option<Date>,
    /// 有效期.止
    pub valid_to: Option<Date>,
}

/// 受理状态 on a day. Never mixed into the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// 即将截止: at most 14 days left.
    Closing,
    /// 受理中
    Open,
    /// 常年受理
    Rolling,
    /// 未开始
    Upcoming,
    /// 等通知: the documents name no window yet.
    Unannounced,
    /// 暂停
    Paused,
    /// 额满
    Exhausted,
    /// 已截止
    Closed,
    /// 被替代
    Replaced,
    /// 已失效: the document is no longer valid.
    Expired,
}

impl Window {
    /// All with stable ids and Chinese names.
    pub const ALL: [(Self, &'static str, &'static str); 10] = [
        (Self::Closing, "closing", "即将截止"),
        (Self::Open, "open", "受理中"),
        (Self::Rolling, "rolling", "常年受理"),
        (Self::Upcoming, "upcoming", "未开始"),
        (Self::Unannounced, "unannounced", "等通知"),
        (Self::Paused, "paused", "暂停"),
        (Self::Exhausted, "exhausted", "额满"),
        (Self::Closed, "closed", "已截止"),
        (Self::Replaced, "replaced", "被替代"),
        (Self::Expired, "expired", "已失效"),
    ];

    fn row(self) -> (&'static str, &'static str) {
        Self::ALL.iter().find(|(w, ..)| *w == self).map_or(("", ""), |(_, id, name)| (id, name))
    }

    /// Stable id.
    pub fn id(self) -> &'static str {
        self.row().0
    }

    /// Chinese name.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Whether an application is possible now, so that the headline counts it.
    pub fn counts(self) -> bool {
        matches!(self, Self::Open | Self::Closing | Self::Rolling)
    }
}

impl Schedule {
    /// The window on a day. Both ends of every range are inclusive.
    pub fn window(&self, today: Date) -> Window {
        match self.status {
            Status::Replaced => return Window::Replaced,
            Status::Paused => return Window::Paused,
            Status::Published | Status::Exhausted => {}
        }
        if self.valid_to.is_some_and(|end| today > end) {
            return Window::Expired;
        }
        if self.status == Status::Exhausted {
            return Window::Exhausted;
        }
        if self.opens.is_some_and(|start| today < start) {
            return Window::Upcoming;
        }
        match self.closes {
            Some(end) if today > end => Window::Closed,
            Some(end) if end.days() - today.days() <= 14 => Window::Closing,
            Some(_) => Window::Open,
            None if self.rolling && self.valid_from.is_some_and(|start| today < start) => Window::Upcoming,
            None if self.rolling => Window::Rolling,
            // An opening day without a closing day: applications run.
            None if self.opens.is_some() => Window::Open,
            None => Window::Unannounced,
        }
    }
}

/// How many measures of a group may be had together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExclusionRule {
    /// 就高: one, the best.
    Best,
    /// 限项: so many.
    AtMost(u8),
    /// 合计封顶: any number, but no more money than this in a year, in fen.
    Cap(i128),
}

impl ExclusionRule {
    /// Appends to `w`.
    pub fn encode(self, w: &mut Writer) {
        match self {
            Self::Best => w.u8(0),
            Self::AtMost(n) => {
                w.u8(1);
                w.u8(n);
            }
            Self::Cap(fen) => {
                w.u8(2);
                w.int(fen);
            }
        }
    }

    /// Reads what [`ExclusionRule::encode`] wrote.
    fn read(r: &mut Reader<'_>) -> Self {
        match r.u8() {
            0 => return Self::Best,
            1 => match r.u8() {
                0 => r.fail("限项数"),
                n => return Self::AtMost(n),
            },
            2 => match r.int() {
                fen @ 0.. => return Self::Cap(fen),
                _ => r.fail("合计封顶的金额"),
            },
            _ => r.fail("互斥方式"),
        }
        Self::Best
    }
}

/// A measure as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Global id.
    pub id: String,
    /// Name for firms.
    pub name: String,
    /// Regions whose firms may apply.
    pub regions: Vec<Code>,
    /// Issuing body.
    pub issuer: String,
    /// Who benefits.
    pub audience: Audience,
    /// How applicants are chosen.
    pub selection: Selection,
    /// 申报对象: what it is applied for. All its rules speak of the same record.
    pub subject: Scope,
    /// 基准年 where the text fixes one.
    pub base_year: Option<u16>,
    /// 基准日 where the text fixes one.
    pub reference: Option<Date>,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Support.
    pub benefit: Benefit,
    /// Dates.
    pub schedule: Schedule,
    /// Names of exclusion groups.
    pub exclusions: Vec<(String, ExclusionRule)>,
    /// Ids of measures that must be won first.
    pub prerequisites: Vec<String>,
    /// 授予: the title that it gives, as the rule which holds for whoever has it.
    pub grants: Option<Expr>,
    /// 主题: what it is about, by number.
    pub themes: Vec<ThemeNo>,
    /// Kept from visitors by the one who reads it: its publisher may not speak for these regions, or the page shows
    /// others only. Never stored: a reader decides.
    pub withheld: bool,
}

impl Measure {
    /// A published measure for every firm, open all year, without condition and sum: the start for building one.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: String::new(),
            regions: Vec::new(),
            issuer: String::new(),
            audience: Audience::Firm,
            selection: Selection::Universal,
            subject: Scope::Firm,
            base_year: None,
            reference: None,
            conditions: Vec::new(),
            benefit: Benefit {
                kind: BenefitKind::Other,
                amount: None,
                caps: Vec::new(),
                floor: None,
                reducible: false,
                basis: None,
                payments: Vec::new(),
            },
            schedule: Schedule {
                status: Status::Published,
                opens: None,
                closes: None,
                rolling: true,
                valid_from: None,
                valid_to: None,
            },
            exclusions: Vec::new(),
            prerequisites: Vec::new(),
            grants: None,
            themes: Vec::new(),
            withheld: false,
        }
    }

    /// 基准年: stated, else the year of 受理.起, else the year of `today`.
    pub fn base_year_on(&self, today: Date) -> u16 {
        let opens = self.schedule.opens.map(Date::year);
        let year = self.base_year.map(i32::from).or(opens).unwrap_or_else(|| today.year());
        u16::try_from(year).unwrap_or(1900)
    }

    /// 基准日 for ages and validity: stated, else 受理.止, else `today`.
    pub fn reference_on(&self, today: Date) -> Date {
        self.reference.or(self.schedule.closes).unwrap_or(today)
    }

    /// Appends the row of the verdict table.
    pub fn encode(&self, w: &mut Writer) {
        w.str(&self.id);
        w.str(&self.name);
        w.list(&self.regions, |w, c| c.encode(w));
        w.str(&self.issuer);
        w.u8(position(&Audience::ALL, self.audience));
        w.u8(position(&Selection::ALL, self.selection));
        w.u8(self.subject as u8);
        w.size(usize::from(self.base_year.unwrap_or(0)));
        w.option(self.reference.as_ref(), |w, d| w.int(i128::from(d.days())));
        w.list(&self.conditions, |w, c| {
            w.u8(position(&RowKind::ALL, c.kind));
            c.rule.encode(w);
            w.option(c.guard.as_ref(), |w, g| g.encode(w));
            w.size(usize::from(c.basis));
            w.option(c.note.as_ref(), |w, n| w.size(usize::from(*n)));
        });
        let b = &self.benefit;
        w.u8(position(&BenefitKind::ALL, b.kind));
        w.option(b.amount.as_ref(), |w, e| e.encode(w));
        w.list(&b.caps, |w, (scope, e)| {
            w.u8(position(&CapScope::ALL, *scope));
            e.encode(w);
        });
        w.option(b.floor.as_ref(), |w, e| e.encode(w));
        w.u8(u8::from(b.reducible));
        w.option(b.basis.as_ref(), |w, n| w.size(usize::from(*n)));
        w.list(&b.payments, |w, share| share.encode(w));
        let s = &self.schedule;
        w.u8(position(&Status::ALL, s.status));
        w.u8(u8::from(s.rolling));
        for date in [s.opens, s.closes, s.valid_from, s.valid_to] {
            w.option(date.as_ref(), |w, d| w.int(i128::from(d.days())));
        }
        w.list(&self.exclusions, |w, (group, rule)| {
            w.str(group);
            rule.encode(w);
        });
        w.list(&self.prerequisites, |w, id| w.str(id));
        w.option(self.grants.as_ref(), |w, e| e.encode(w));
        w.list(&self.themes, |w, no| w.size(usize::from(*no)));
    }

    /// Reads what [`Measure::encode`] wrote.
    pub fn decode(r: &mut Reader<'_>) -> Decoded<Self> {
        let measure = Self::read(r);
        r.finish(measure)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            id: r.string(),
            name: r.string(),
            regions: r.list(Code::read),
            issuer: r.string(),
            audience: r.one_of(&Audience::ALL, "受益对象"),
            selection: r.one_of(&Selection::ALL, "遴选"),
            subject: Scope::read(r),
            base_year: match r.u16() {
                0 => None,
                year @ 1900..2200 => Some(year),
                _ => {
                    r.fail("基准年");
                    None
                }
            },
            reference: r.option(Date::read),
            conditions: r.list(|r| Condition {
                kind: r.one_of(&RowKind::ALL, "条件"),
                rule: Expr::read(r),
                guard: r.option(Expr::read),
                basis: r.u16(),
                note: r.option(Reader::u16),
            }),
            benefit: Benefit {
                kind: r.one_of(&BenefitKind::ALL, "支持类别"),
                amount: r.option(Expr::read),
                caps: r.list(|r| (r.one_of(&CapScope::ALL, "封顶"), Expr::read(r))),
                floor: r.option(Expr::read),
                reducible: r.flag(),
                basis: r.option(Reader::u16),
                payments: r.list(Ratio::read),
            },
            // In the order of the bytes.
            schedule: Schedule {
                status: r.one_of(&Status::ALL, "状态"),
                rolling: r.flag(),
                opens: r.option(Date::read),
                closes: r.option(Date::read),
                valid_from: r.option(Date::read),
                valid_to: r.option(Date::read),
            },
            exclusions: r.list(|r| (r.string(), ExclusionRule::read(r))),
            prerequisites: r.list(Reader::string),
            grants: r.option(Expr::read),
            themes: r.list(|r| r.row(|r| &r.themes)),
            withheld: false,
        }
    }
}

fn position<T: PartialEq>(all: &[(&str, T)], value: T) -> u8 {
    all.iter().position(|(_, v)| *v == value).unwrap_or_default() as u8
}

/// What a card shows beside the verdict table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// 一句话
    pub summary: String,
    /// Texts that rules refer to: 核实, 承诺, 依据, 说明.
    pub texts: Vec<String>,
}

impl Card {
    /// A text by number, empty when the card does not have it.
    pub fn text(&self, number: TextNo) -> &str {
        self.texts.get(usize::from(number)).map_or("", String::as_str)
    }

    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        w.str(&self.summary);
        w.list(&self.texts, |w, t| w.str(t));
    }

    /// Reads what [`Card::encode`] wrote.
    pub fn decode(r: &mut Reader<'_>) -> Decoded<Self> {
        let card = Self::read(r);
        r.finish(card)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self { summary: r.string(), texts: r.list(Reader::string) }
    }
}

/// What only the page of one measure shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// Title of the document.
    pub document: String,
    /// 文号, may be empty.
    pub number: String,
    /// Day of issue.
    pub issued: Option<Date>,
    /// Address of the original, may be empty.
    pub source: String,
    /// Materials to hand in.
    pub materials: Vec<Material>,
    /// (label, text) of how to apply: 方式, 名额, 网址, 法定时限 ….
    pub handling: Vec<(String, String)>,
    /// 说明 of the amount, may be empty.
    pub benefit_note: String,
    /// Name of the part with the full text, empty where it is not published.
    pub text: String,
}

/// The full text of a document, for quoting its clauses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FullText {
    /// The text with its line breaks.
    pub text: String,
    /// 依据, the first character of the clause and the one behind its last; a basis that names several clauses has
    /// several rows.
    pub clauses: Vec<(String, u32, u32)>,
}

impl FullText {
    /// The clauses that a basis names, in their order.
    pub fn quotes(&self, basis: &str) -> Vec<String> {
        let named = self.clauses.iter().filter(|(name, ..)| name == basis);
        named
            .map(|(_, start, end)| {
                let (start, end) = (*start as usize, *end as usize);
                self.text.chars().skip(start).take(end.saturating_sub(start)).collect()
            })
            .collect()
    }

    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        w.str(&self.text);
        w.list(&self.clauses, |w, (basis, start, end)| {
            w.str(basis);
            w.uint(u128::from(*start));
            w.uint(u128::from(*end));
        });
    }

    /// Reads what [`FullText::encode`] wrote.
    pub fn decode(r: &mut Reader<'_>) -> Decoded<Self> {
        let text = Self::read(r);
        r.finish(text)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self { text: r.string(), clauses: r.list(|r| (r.string(), r.u32(), r.u32())) }
    }
}

/// One paper of one measure. The name is the catalogue's, so that lists of several measures can be merged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Material {
    /// Name in the catalogue of materials.
    pub name: String,
    /// Copies and form, as in `原件 2 份`; may be empty.
    pub how: String,
    /// Address of the empty form, may be empty.
    pub form: String,
    /// Address of a filled-in sample, may be empty.
    pub sample: String,
    /// 免提交: the office can look it up itself (电子证照). Whether it does is for the office to say.
    pub spared: bool,
}

impl Detail {
    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        w.str(&self.document);
        w.str(&self.number);
        w.option(self.issued.as_ref(), |w, d| w.int(i128::from(d.days())));
        w.str(&self.source);
        w.list(&self.materials, |w, m| {
            [&m.name, &m.how, &m.form, &m.sample].into_iter().for_each(|t| w.str(t));
            w.u8(u8::from(m.spared));
        });
        w.list(&self.handling, |w, (label, text)| {
            w.str(label);
            w.str(text);
        });
        w.str(&self.benefit_note);
        w.str(&self.text);
    }

    /// Reads what [`Detail::encode`] wrote.
    pub fn decode(r: &mut Reader<'_>) -> Decoded<Self> {
        let detail = Self::read(r);
        r.finish(detail)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            document: r.string(),
            number: r.string(),
            issued: r.option(Date::read),
            source: r.string(),
            materials: r.list(|r| Material {
                name: r.string(),
                how: r.string(),
                form: r.string(),
                sample: r.string(),
                spared: r.flag(),
            }),
            handling: r.list(|r| (r.string(), r.string())),
            benefit_note: r.string(),
            text: r.string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn windows_by_date() {
        let base = Schedule {
            status: Status::Published,
            opens: Some(day("2026-03-01")),
            closes: Some(day("2026-04-30")),
            rolling: false,
            valid_from: Some(day("2026-01-05")),
            valid_to: Some(day("2028-12-31")),
        };
        let none = Schedule { opens: None, closes: None, ..base };
        let cases = [
            (base, "2026-02-28", Window::Upcoming),
            (base, "2026-03-01", Window::Open),
            (base, "2026-04-15", Window::Open),
            (base, "2026-04-16", Window::Closing),
            (base, "2026-04-30", Window::Closing),
            (base, "2026-05-01", Window::Closed),
            (base, "2029-01-01", Window::Expired),
            (none, "2026-05-01", Window::Unannounced),
            (none, "2029-01-01", Window::Expired),
            (Schedule { rolling: true, ..none }, "2026-05-01", Window::Rolling),
            (Schedule { rolling: true, ..none }, "2025-05-01", Window::Upcoming),
            (Schedule { closes: None, ..base }, "2026-05-01", Window::Open),
            (Schedule { status: Status::Paused, ..base }, "2026-03-05", Window::Paused),
            (Schedule { status: Status::Exhausted, ..base }, "2026-03-05", Window::Exhausted),
            (Schedule { status: Status::Exhausted, ..base }, "2029-03-05", Window::Expired),
            (Schedule { status: Status::Replaced, ..base }, "2029-03-05", Window::Replaced),
        ];
        for (schedule, on, expected) in cases {
            assert_eq!(schedule.window(day(on)), expected, "{on} {schedule:?}");
        }
    }
}
