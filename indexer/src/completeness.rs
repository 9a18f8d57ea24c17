//! How much of what an applicant needs is there: a score per measure, document and issuer, as data for reports.

use std::collections::BTreeMap;

use huiqi_engine::measure::RowKind;
use huiqi_engine::rule::Expr;
use serde_json::{Value, json};

use crate::check::Project;
use crate::policy::{Policy, PolicyMeasure};

/// One thing that a measure has or lacks, with its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Chinese name.
    pub name: &'static str,
    /// What it counts.
    pub weight: u32,
    /// Whether it is there.
    pub present: bool,
}

/// The score of one measure.
#[derive(Debug, Clone)]
pub struct Score {
    /// Id of the measure.
    pub measure: String,
    /// Id of its document.
    pub document: String,
    /// Who issued it.
    pub issuer: String,
    /// What was looked at; what does not apply to the measure is left out.
    pub items: Vec<Item>,
}

impl Score {
    /// Weights of what is there and of what was looked at.
    pub fn weights(&self) -> (u32, u32) {
        let there = self.items.iter().filter(|i| i.present).map(|i| i.weight).sum();
        (there, self.items.iter().map(|i| i.weight).sum())
    }

    /// Names of what is missing.
    pub fn missing(&self) -> Vec<&'static str> {
        self.items.iter().filter(|i| !i.present).map(|i| i.name).collect()
    }
}

/// Scores of all published measures, in order.
pub fn scores(project: &Project) -> Vec<Score> {
    let published = project.policies.iter().filter(|p| p.published);
    published.flat_map(|p| p.measures.iter().map(move |m| score(p, m, project))).collect()
}

fn score(policy: &Policy, m: &PolicyMeasure, project: &Project) -> Score {
    let measure = &m.measure;
    let handling = |key: &str| m.detail.handling.iter().any(|(label, _)| label == key);
    let schedule = &measure.schedule;
    let by_machine =
        measure.conditions.iter().filter(|c| matches!(c.kind, RowKind::Rule | RowKind::Exclude)).count();
    let elsewhere = measure.conditions.iter().any(|c| c.kind == RowKind::Refer);
    let mut items = Vec::new();
    let mut add = |name, weight, present| items.push(Item { name, weight, present });
    add("条件齐全", 3, !elsewhere);
    add("条件可由机器判断", 2, by_machine > 0 || measure.conditions.is_empty());
    if measure.benefit.kind.counts_as_money() {
        let mut open = measure.benefit.amount.is_none();
        if let Some(amount) = &measure.benefit.amount {
            amount.walk(&mut |e| open |= matches!(e, Expr::Undecided));
        }
        add("金额", 3, !open);
        add("金额依据", 1, measure.benefit.basis.is_some());
    }
    add("受理时间", 2, schedule.opens.is_some() || schedule.closes.is_some() || schedule.rolling);
    add("材料", 2, !m.detail.materials.is_empty());
    if !m.detail.materials.is_empty() {
        add("材料份数和形式", 1, m.detail.materials.iter().all(|material| !material.how.is_empty()));
    }
    let mut forms =
        m.detail.materials.iter().filter(|material| project.tables.is_form(&material.name)).peekable();
    if forms.peek().is_some() {
        let (mut empty, mut sample) = (true, true);
        for form in forms {
            empty &= !form.form.is_empty();
            sample &= !form.sample.is_empty();
        }
        add("空表", 1, empty);
        add("样表", 1, sample);
    }
    add("联系电话", 2, handling("电话"));
    add("办理地点或网址", 2, handling("地点") || handling("网址"));
    add("法定时限", 1, handling("法定时限"));
    add("承诺时限", 1, handling("承诺时限"));
    add("来源网址", 1, !m.detail.source.is_empty());
    add("文号", 1, !policy.number.is_empty());
    add("复核", 2, m.reviewed.is_some());
    Score { measure: measure.id.clone(), document: policy.id.clone(), issuer: policy.issuer.clone(), items }
}

/// Share of 100, rounded down; nothing looked at is complete.
fn percent((there, all): (u32, u32)) -> u32 {
    (there * 100).checked_div(all).unwrap_or(100)
}

/// Sums by a name, in order of the names.
fn by<'s>(scores: &'s [Score], key: impl Fn(&'s Score) -> &'s str) -> BTreeMap<&'s str, (u32, u32, usize)> {
    let mut sums: BTreeMap<&str, (u32, u32, usize)> = BTreeMap::new();
    for score in scores {
        let (there, all) = score.weights();
        let sum = sums.entry(key(score)).or_default();
        *sum = (sum.0 + there, sum.1 + all, sum.2 + 1);
    }
    sums
}

/// One JSON object per measure, document and issuer.
pub fn json_lines(scores: &[Score]) -> Vec<Value> {
    let mut lines: Vec<Value> = scores
        .iter()
        .map(|s| {
            json!({ "kind": "measure", "id": s.measure, "document": s.document, "issuer": s.issuer,
                "percent": percent(s.weights()), "missing": s.missing() })
        })
        .collect();
    let groups = [("document", by(scores, |s| &s.document)), ("issuer", by(scores, |s| &s.issuer))];
    for (kind, sums) in groups {
        for (name, (there, all, measures)) in sums {
            lines.push(
                json!({ "kind": kind, "id": name, "measures": measures, "percent": percent((there, all)) }),
            );
        }
    }
    lines
}

/// A table for people: issuers from the least complete, and what is missing most often.
pub fn table(scores: &[Score]) -> String {
    let mut issuers: Vec<_> = by(scores, |s| &s.issuer).into_iter().collect();
    issuers.sort_by_key(|(name, (there, all, _))| (percent((*there, *all)), *name));
    let mut out = String::from("完整度  事项  发文机关\n");
    for (name, (there, all, measures)) in issuers {
        out += &format!("{:>5}%  {measures:>4}  {name}\n", percent((there, all)));
    }
    let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
    for name in scores.iter().flat_map(Score::missing) {
        *missing.entry(name).or_default() += 1;
    }
    let mut missing: Vec<_> = missing.into_iter().collect();
    missing.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    out += "缺得最多的：";
    let words: Vec<String> = missing.iter().map(|(name, count)| format!("{name} {count}")).collect();
    out += &words.join("、");
    out.push('\n');
    out
}
