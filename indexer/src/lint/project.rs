//! What only all files together show: twins, circles, references that lead nowhere.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use huiqi_engine::measure::Measure;
use huiqi_engine::rule::print_expr;

use crate::check::circle;
use crate::diagnostic::Diagnostic;
use crate::fields::Sink;
use crate::lint::{Context, similar};
use crate::policy::{Policy, PolicyMeasure};

/// From this share on, two measures or two full texts are called the same.
const ALIKE: f64 = 0.85;

/// Looks at all files.
pub fn project(policies: &[Policy], context: &Context<'_>, sink: &mut Sink) {
    references(policies, context, sink);
    twins(policies, sink);
    twin_measures(policies, context, sink);
}

fn references<'p>(policies: &'p [Policy], context: &Context<'_>, sink: &mut Sink) {
    let documents: BTreeMap<&str, &Policy> = policies.iter().map(|p| (p.id.as_str(), p)).collect();
    let homes: HashMap<&str, &Policy> =
        policies.iter().flat_map(|p| p.measures.iter().map(move |m| (m.measure.id.as_str(), p))).collect();
    let successor = |p: &'p Policy| p.replaced_by.iter().map(|(id, _)| id.as_str()).collect();
    let successors: BTreeMap<&str, Vec<&str>> =
        policies.iter().map(|p| (p.id.as_str(), successor(p))).collect();
    for policy in policies {
        sink.re_enter(&policy.path);
        if let Some((id, place)) = &policy.replaced_by {
            let place = place.span(0, id.chars().count());
            if !documents.contains_key(id.as_str()) {
                let hint = huiqi_engine::rule::did_you_mean(id, documents.keys().copied());
                let message = format!("“被替代为”里没有这份文件：“{id}”");
                sink.report(Diagnostic::new("P007", place, message).maybe_hint(hint));
            } else if let Some(circle) = circle(&policy.id, &successors) {
                let message = format!("“被替代为”绕了一圈：{}", circle.join(" → "));
                sink.report(Diagnostic::new("P225", place, message).hint("最新的文件不写 被替代为"));
            }
        }
        for measure in &policy.measures {
            for (id, place) in &measure.prerequisites {
                let Some(home) = homes.get(id.as_str()) else { continue };
                let over = home.valid_to.is_some_and(|last| last < context.today);
                if policy.published && (over || !home.published) && home.id != policy.id {
                    let why = if over { "已失效" } else { "没有发布" };
                    let message = format!("前置“{id}”所在的文件{why}，企业没法先办它");
                    sink.report(
                        Diagnostic::new("P223", *place, message).hint("换成新文件里的事项，或去掉这个前置"),
                    );
                }
            }
        }
    }
}

fn twins(policies: &[Policy], sink: &mut Sink) {
    let mut seen: HashMap<(String, String), &Policy> = HashMap::new();
    let mut told: HashSet<&Path> = HashSet::new();
    for policy in policies {
        sink.re_enter(&policy.path);
        let [title, number] = policy.title_places;
        let keys = [("文号", &policy.number, number), ("标题", &policy.title, title)];
        for (what, text, place) in keys {
            if text.is_empty() {
                continue;
            }
            // A title is only telling together with who issued it.
            let issuer = if what == "标题" { policy.issuer.clone() } else { String::new() };
            let key = (format!("{what}{text}"), issuer);
            if let Some(other) = seen.get(&key) {
                if told.insert(&policy.path) {
                    let message = format!("{what}“{text}”和 {} 的一样", other.path.display());
                    sink.report(
                        Diagnostic::new("P254", place, message)
                            .hint("同一份文件只写一次；不是同一份就核对文号和标题"),
                    );
                }
            } else {
                seen.insert(key, policy);
            }
        }
    }
    let with_text: Vec<&Policy> = policies.iter().filter(|p| p.text.is_some()).collect();
    let texts: Vec<_> = with_text
        .iter()
        .map(|p| similar::shingles(p.text.as_ref().map_or("", |t| t.full.text.as_str()), 5))
        .collect();
    for (at, other, share) in similar::pairs(&texts, ALIKE) {
        let policy = with_text[at];
        if told.insert(&policy.path) {
            sink.re_enter(&policy.path);
            let percent = (share * 100.0).round();
            let message = format!("原文和 {} 的有 {percent}% 一样", with_text[other].path.display());
            sink.report(Diagnostic::new("P254", policy.place, message).hint("同一份文件的两个副本只留一个"));
        }
    }
}

/// Measures whose words are nearly the same and whose rules and sums are the same, for the same region.
fn twin_measures(policies: &[Policy], context: &Context<'_>, sink: &mut Sink) {
    let all: Vec<(&Policy, &PolicyMeasure)> = policies
        .iter()
        .filter(|p| p.published)
        .flat_map(|p| p.measures.iter().map(move |m| (p, m)))
        .filter(|(_, m)| !m.broken)
        .collect();
    let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, (_, m)) in all.iter().enumerate() {
        groups.entry(substance(&m.measure, &m.card.texts, context)).or_default().push(at);
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    for members in groups.values().filter(|members| members.len() > 1) {
        let texts: Vec<_> = members
            .iter()
            .map(|at| {
                let (_, m) = all[*at];
                similar::shingles(&format!("{}{}", m.measure.name, m.card.summary), 2)
            })
            .collect();
        found.extend(similar::pairs(&texts, ALIKE).into_iter().map(|(a, b, _)| (members[a], members[b])));
    }
    found.sort_unstable();
    for (at, other) in found {
        let ((policy, m), (_, twin)) = (all[at], all[other]);
        sink.re_enter(&policy.path);
        let message = format!("和事项 {}“{}”几乎一样", twin.measure.id, twin.measure.name);
        sink.report(
            Diagnostic::new("P253", m.place, message)
                .hint("同一件事只写一次；确是两件事，名称和一句话要写出不同"),
        );
    }
}

/// What makes two measures one and the same thing for a firm: regions, rules, sum.
fn substance(measure: &Measure, texts: &[String], context: &Context<'_>) -> String {
    let print = |expr| print_expr(expr, &context.tables.catalogue, texts);
    let mut parts: Vec<String> = measure.conditions.iter().map(|c| print(&c.rule)).collect();
    parts.sort();
    parts.extend(measure.regions.iter().map(|c| c.region_text()));
    parts.extend(measure.benefit.amount.iter().map(print));
    parts.extend(measure.benefit.caps.iter().map(|(_, cap)| print(cap)));
    parts.join("\n")
}
