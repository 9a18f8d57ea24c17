//! Dates, validity, 文号, issuer, sums, review: single values that contradict each other.

use huiqi_engine::catalogue::Code;
use huiqi_engine::eval::Evaluator;
use huiqi_engine::num::Ratio;
use huiqi_engine::rule::{Arith, Expr, Func};

use crate::diagnostic::Diagnostic;
use crate::fields::Sink;
use crate::lint::handling::placeholder;
use crate::lint::{Context, NOBODY, NUMBER, NUMBER_LIKE, Pair, is_placeholder, rows, whole};
use crate::policy::{Policy, PolicyMeasure};
use crate::yaml::Node;

/// A review is good for this many days.
const REVIEW_DAYS: i32 = 365;

pub(super) fn file(root: &Node, policy: &Policy, pairs: &[Pair<'_>], context: &Context<'_>, sink: &mut Sink) {
    document(root, policy, context, sink);
    for (node, measure) in pairs {
        window(node, measure, sink);
        review(node, measure, context, sink);
        basis(node, policy, measure, sink);
        sums(node, measure, context, sink);
    }
}

fn document(root: &Node, policy: &Policy, context: &Context<'_>, sink: &mut Sink) {
    if let Some(node) = root.get("文号")
        && let Some(text) = node.text().filter(|t| !is_placeholder(t))
        && !text.split('、').all(|number| NUMBER.is_match(number))
    {
        let hint = NUMBER_LIKE.find(text).map(|found| {
            let year: String = found.as_str().chars().filter(char::is_ascii_digit).take(4).collect();
            let rest =
                found.as_str().trim_start_matches(|c: char| !c.is_ascii_digit()).trim_start_matches(&year);
            let rest = rest.trim_start_matches([']', ')', '）', '】', '〕', ' ']).replace([' ', '第'], "");
            format!("写成 {}〔{year}〕{rest}", text[..found.start()].trim())
        });
        let message = format!("文号“{text}”的格式不对");
        let hint = hint.unwrap_or_else(|| "写成 机关代字〔年份〕序号号，如 冀政办字〔2023〕84号".to_owned());
        sink.report(Diagnostic::new("P251", whole(node), message).hint(hint));
    }
    let replaced = root.get("状态").and_then(Node::text) == Some("被替代");
    if policy.published
        && !replaced
        && let Some(last) = policy.valid_to.filter(|last| *last < context.today)
        && let Some(node) = root.get("有效期").and_then(|v| v.get("止"))
    {
        let message = format!("这份文件 {last} 已失效，企业只会看到“已失效”");
        let hint = "有新文件就把 状态 改成 被替代，写上 被替代为；不再公布就改成 归档";
        sink.report(Diagnostic::new("P222", whole(node), message).hint(hint));
    }
    if let Some(node) = root.get("发文机关")
        && let Some((name, codes)) = leading_region(policy.issuer.as_str(), context)
        && !policy.regions.is_empty()
    {
        let fits = |issuer: &Code| policy.regions.iter().any(|area| covers(*issuer, *area));
        if !codes.iter().any(fits) {
            let areas: Vec<String> =
                policy.regions.iter().map(|c| context.tables.catalogue.region_name(*c)).collect();
            let message = format!("发文机关是“{name}”的，适用地区却是{}", areas.join("、"));
            sink.report(Diagnostic::new("P252", whole(node), message).hint("核对 发文机关 和 适用地区"));
        }
    }
    let folder = policy.path.parent().and_then(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned());
    if let Some(node) = root.get("适用地区")
        && let Some(code) = folder.as_deref().filter(|f| f.len() == 6).and_then(folder_code)
        && !policy.regions.is_empty()
        && !policy.regions.contains(&code)
    {
        let message = format!(
            "文件放在 {}（{}）文件夹里，适用地区却是“{}”",
            folder.unwrap_or_default(),
            context.tables.catalogue.region_name(code),
            node.text().unwrap_or_default()
        );
        sink.report(Diagnostic::new("P255", whole(node), message).hint("把文件移到适用地区代码的文件夹"));
    }
    if replaced
        && policy.replaced_by.is_none()
        && let Some(node) = root.get("状态")
    {
        sink.report(
            Diagnostic::new("P224", whole(node), "文件被替代了，没写由哪份文件替代")
                .hint("加一行 被替代为: 新文件的编号"),
        );
    }
}

fn folder_code(folder: &str) -> Option<Code> {
    if folder == "000000" { Some(Code::ALL) } else { Code::region(folder) }
}

/// Whether a body of `issuer` may make rules for `area`.
fn covers(issuer: Code, area: Code) -> bool {
    area.as_str().starts_with(issuer.as_str())
}

/// The region that an issuer's name begins with, the deepest that is known: 广州市天河区… is 天河区.
fn leading_region<'c>(issuer: &str, context: &'c Context<'_>) -> Option<(String, Vec<Code>)> {
    let mut found: Option<(String, Vec<Code>)> = None;
    let mut start = 0;
    let chars: Vec<char> = issuer.chars().collect();
    loop {
        let step = (2..=12.min(chars.len().saturating_sub(start))).rev().find_map(|n| {
            let name: String = chars[start..start + n].iter().collect();
            let codes: &'c Vec<Code> = context.regions.get(&name)?;
            let codes: Vec<Code> = match &found {
                Some((_, parents)) => {
                    codes.iter().copied().filter(|c| parents.iter().any(|p| covers(*p, *c))).collect()
                }
                None => codes.clone(),
            };
            (!codes.is_empty()).then_some((name, codes, n))
        });
        let Some((name, codes, n)) = step else { return found };
        start += n;
        found = Some((name, codes));
    }
}

fn window(node: &Node, measure: &PolicyMeasure, sink: &mut Sink) {
    let Some(window) = node.get("受理") else { return };
    let schedule = &measure.measure.schedule;
    let checks = [
        ("起", schedule.opens, schedule.valid_from, true),
        ("起", schedule.opens, schedule.valid_to, false),
        ("止", schedule.closes, schedule.valid_from, true),
        ("止", schedule.closes, schedule.valid_to, false),
    ];
    for (key, day, limit, lower) in checks {
        let (Some(day), Some(limit), Some(node)) = (day, limit, window.get(key)) else { continue };
        if (lower && day < limit) || (!lower && day > limit) {
            let side = if lower { "早于有效期的开始" } else { "晚于有效期的结束" };
            let message = format!("受理.{key}（{day}）{side}（{limit}）");
            sink.report(Diagnostic::new("P221", whole(node), message).hint("核对受理时间和文件有效期"));
            return;
        }
    }
}

fn review(node: &Node, measure: &PolicyMeasure, context: &Context<'_>, sink: &mut Sink) {
    let Some(row) = node.get("复核") else {
        let message = format!("事项“{}”还没有人对照原文复核", measure.measure.name);
        sink.report(
            Diagnostic::new("P351", measure.place, message)
                .hint("由没写这个事项的人复核，加一行 复核: 日期 一致"),
        );
        return;
    };
    let Some(day) = measure.reviewed else { return };
    let age = context.today.days() - day.days();
    let problem = if age > REVIEW_DAYS {
        format!("复核（{day}）过了一年")
    } else if age < 0 {
        format!("复核日期（{day}）还没到")
    } else if measure.detail.issued.is_some_and(|issued| day < issued) {
        format!("复核日期（{day}）早于文件发布")
    } else {
        return;
    };
    sink.report(Diagnostic::new("P352", whole(row), problem).hint("对照原文再看一遍，更新日期"));
}

/// 依据: is not a placeholder, and stands in the full text where that is there.
fn basis(node: &Node, policy: &Policy, measure: &PolicyMeasure, sink: &mut Sink) {
    let support = node.get("支持");
    let mut places: Vec<&Node> = rows(node, "条件").iter().filter_map(|row| row.get("依据")).collect();
    places.extend(support.and_then(|s| s.get("依据")));
    for at in places {
        let text = at.text().unwrap_or_default();
        // A bare number may be a clause.
        if !text.bytes().all(|b| b.is_ascii_digit()) && placeholder("依据", at, sink) {
            continue;
        }
        // Of a measure that could not be read, not every basis was looked for.
        if let Some(file) = &policy.text
            && !measure.broken
            && !file.full.clauses.iter().any(|(basis, ..)| basis == text)
        {
            let message = format!("原文里找不到“{text}”");
            sink.report(
                Diagnostic::new("P245", whole(at), message).hint("核对条款号，写法如 第三条（一）、二（三）"),
            );
        }
    }
    if let Some(support) = support
        && support.get("金额").is_some_and(|n| n.text() != Some("未定"))
        && support.get("依据").is_none()
    {
        let place = node.key_place("支持").unwrap_or(support.place);
        sink.report(
            Diagnostic::new("P244", place, "支持没写依据，企业查不到钱从哪一条来")
                .hint("加一行 依据: 条款号"),
        );
    }
}

fn sums(node: &Node, measure: &PolicyMeasure, context: &Context<'_>, sink: &mut Sink) {
    let Some(support) = node.get("支持") else { return };
    if measure.broken {
        return;
    }
    let benefit = &measure.measure.benefit;
    let interval = |expr: &Expr| {
        Evaluator::new(&measure.measure, &context.tables.catalogue, &NOBODY, context.today).number(expr).ok()
    };
    let least = benefit.amount.as_ref().and_then(interval).and_then(|i| i.lo);
    let floor = benefit.floor.as_ref().and_then(interval).and_then(|i| i.lo);
    for (_, cap) in &benefit.caps {
        let Some(most) = interval(cap).and_then(|i| i.hi) else { continue };
        let below = [("起付", floor, "够起付的企业也拿不到起付的数"), ("金额", least, "写的金额永远给不足")]
            .into_iter()
            .find(|(_, low, _)| low.is_some_and(|low| below(most, low)));
        if let (Some((what, _, why)), Some(at)) = (below, support.get("封顶")) {
            let message = format!("封顶比{what}还低，{why}");
            sink.report(Diagnostic::new("P231", whole(at), message).hint(format!("核对 封顶 和 {what}")));
            break;
        }
    }
    if let (Some(amount), Some(at)) = (&benefit.amount, support.get("金额"))
        && let Some(part) = useless(amount)
    {
        sink.report(Diagnostic::new("P232", whole(at), part).hint("化简算式，或核对哪一档写错了"));
    }
}

fn below(a: Ratio, b: Ratio) -> bool {
    b.sub(a).is_ok_and(|d| d.signum() > 0)
}

/// A part of a sum that changes nothing: bands that all pay the same, a factor of zero, two equal bounds.
fn useless(amount: &Expr) -> Option<String> {
    let mut found = None;
    amount.walk(&mut |expr| {
        let problem = match expr {
            Expr::Pick(_, rows) | Expr::PickFact(_, rows) if rows.len() > 1 => rows
                .windows(2)
                .all(|pair| pair[0].1 == pair[1].1)
                .then_some("“按”的各档给的都一样，按什么分没有作用"),
            Expr::Slices(_, rows) if rows.len() > 1 => rows
                .windows(2)
                .all(|pair| pair[0].1 == pair[1].1)
                .then_some("“分段”的各段比例都一样，不用分段"),
            Expr::If(_, yes, no) if yes == no => Some("“若”成立不成立给的都一样，这个条件没有作用"),
            Expr::Arith(Arith::Mul, a, b) if is_zero(a) || is_zero(b) => Some("乘了 0，另一个因数没有作用"),
            Expr::Call(Func::Min | Func::Max, list) if list.windows(2).any(|pair| pair[0] == pair[1]) => {
                Some("取小、取大的两项一样")
            }
            _ => None,
        };
        if found.is_none() {
            found = problem.map(str::to_owned);
        }
    });
    found
}

fn is_zero(expr: &Expr) -> bool {
    matches!(expr, Expr::Const(value, _) if value.signum() == 0)
}
