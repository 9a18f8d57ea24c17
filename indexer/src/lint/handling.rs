//! 办理, 材料, 联系方式: what an applicant needs to know to get to the counter once.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Place};
use crate::fields::{Sink, items_of};
use crate::lint::{Context, DURATION, PHONE, Pair, whole};
use crate::yaml::{Kind, Node};

/// Words that fill a field without saying anything.
const PLACEHOLDERS: [&str; 22] = [
    "无",
    "暂无",
    "没有",
    "待定",
    "待补充",
    "不详",
    "未知",
    "略",
    "同上",
    "见附件",
    "详见附件",
    "测试",
    "某某",
    "空",
    "n/a",
    "na",
    "none",
    "null",
    "tbd",
    "test",
    "电话",
    "地址",
];

/// Whether a text only fills its field: 无, 1, 000, ——, xxx.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return true };
    let same = chars.clone().all(|c| c == first);
    PLACEHOLDERS.contains(&text.as_str())
        || text.chars().all(|c| !c.is_alphanumeric())
        || (same && (first == 'x' || first == '某'))
        || (text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit()))
        || (same && first.is_ascii_digit())
        || (text.len() >= 5 && "1234567890".starts_with(text.as_str()) && text != "12345")
}

/// How long a period is, in days at least: a working week of five days is seven.
fn days_of(text: &str) -> Option<u32> {
    if ["即时办结", "当场办结", "即时", "当场"].contains(&text) {
        return Some(0);
    }
    let found = DURATION.captures(text)?;
    let number: u32 = found[1].parse().ok()?;
    Some(match &found[2] {
        "工作日" => number * 7 / 5,
        "月" | "个月" => number * 30,
        "年" => number * 365,
        _ => number,
    })
}

/// What stands where a statute fixes no time.
const NO_LIMIT: &str = "没有规定";

pub(super) fn file(root: &Node, pairs: &[Pair<'_>], context: &Context<'_>, sink: &mut Sink) {
    for key in ["文号", "来源", "发文机关"] {
        if let Some(node) = root.get(key) {
            placeholder(key, node, sink);
        }
    }
    for (node, measure) in pairs {
        for key in ["名称", "一句话"] {
            if let Some(node) = node.get(key) {
                placeholder(key, node, sink);
            }
        }
        contact(node, measure.place, sink);
        materials(node, measure.place, context, sink);
    }
}

pub(super) fn placeholder(key: &str, node: &Node, sink: &mut Sink) -> bool {
    let found = node.text().is_some_and(is_placeholder);
    if found {
        let message = format!("“{key}”写的是“{}”，等于没写", node.text().unwrap_or_default());
        sink.report(Diagnostic::new("P202", whole(node), message).hint("写上真的内容；原文没有就去掉这一行"));
    }
    found
}

fn contact(measure: &Node, place: Place, sink: &mut Sink) {
    let handling = measure.get("办理");
    let field = |key: &str| handling.and_then(|h| h.get(key));
    let at = measure.key_place("办理").unwrap_or(place);
    for key in ["部门", "电话", "地点", "法定时限", "承诺时限"] {
        let Some(node) = field(key) else { continue };
        if placeholder(key, node, sink) {
            continue;
        }
        let text = node.text().unwrap_or_default();
        if key == "电话" {
            phones(node, text, sink);
        } else if key.ends_with("时限") && text != NO_LIMIT && days_of(text).is_none() {
            sink.report(
                Diagnostic::new("P208", whole(node), format!("“{key}”应是一段时间，写的是“{text}”"))
                    .hint("写成 20工作日、3个月 或 即时办结；法律没有规定就写 没有规定"),
            );
        }
    }
    let missing: [(&str, &[&str], &str); 4] = [
        ("P201", &["电话"], "没写联系电话，企业有疑问时找不到人"),
        ("P204", &["地点", "网址"], "没写办理地点或网址"),
        ("P205", &["法定时限"], "没写法定时限"),
        ("P206", &["承诺时限"], "没写承诺时限"),
    ];
    for (code, keys, message) in missing {
        if keys.iter().all(|key| field(key).is_none()) {
            let hint = format!("在 办理 里加一行 {}: …", keys[0]);
            sink.report(Diagnostic::new(code, at, message).hint(hint));
        }
    }
    let days = |key: &str| field(key).and_then(Node::text).and_then(days_of);
    if let (Some(legal), Some(promised), Some(node)) = (days("法定时限"), days("承诺时限"), field("承诺时限"))
        && promised > legal
    {
        let message = format!(
            "承诺时限（{}）比法定时限（{}）还长",
            node.text().unwrap_or_default(),
            field("法定时限").and_then(Node::text).unwrap_or_default()
        );
        sink.report(Diagnostic::new("P207", whole(node), message).hint("承诺时限要不长于法定时限"));
    }
}

fn phones(node: &Node, text: &str, sink: &mut Sink) {
    for (number, place) in items_of(text, node.place, &['、', '；', '，', ',', '/', ' ']) {
        // A mobile number is reported as personal data.
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        if digits.len() == 11 && digits.starts_with('1') {
            continue;
        }
        if !PHONE.is_match(number) {
            sink.report(
                Diagnostic::new("P203", place, format!("电话“{number}”的格式不对"))
                    .hint("写区号和号码，不加括号，如 0311-87801234；热线写 12345；几个号码用顿号分开"),
            );
        }
    }
}

/// Materials that say nothing about what to bring.
const CATCH_ALL: [&str; 8] =
    ["其他材料", "其它材料", "相关材料", "有关材料", "其他证明材料", "其他相关材料", "其他", "其它"];

fn materials(measure: &Node, place: Place, context: &Context<'_>, sink: &mut Sink) {
    let Some(node) = measure.get("材料") else { return };
    let Kind::List(rows) = &node.kind else {
        for (title, place) in items_of(node.text().unwrap_or_default(), node.place, &['、']) {
            catch_all(title, place, sink);
            if context.tables.is_form(title) {
                forms(title, None, None, place, sink);
            }
        }
        let message = "材料没写份数和形式（原件、复印件还是电子件）";
        sink.report(
            Diagnostic::new("P211", whole(node), message).hint("改成每份一行：- 名称: …，下面写 份数、形式"),
        );
        return;
    };
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for row in rows {
        let name = row.get("名称");
        let at = name.map_or(place, whole);
        let title = name.and_then(Node::text).unwrap_or_default();
        catch_all(title, at, sink);
        let field = |key: &str| row.get(key).and_then(Node::text);
        let lacks: Vec<&str> = ["份数", "形式"].into_iter().filter(|key| row.get(key).is_none()).collect();
        if !lacks.is_empty() {
            let hint = format!(
                "在这份材料下加 {}",
                lacks.iter().map(|k| format!("{k}: …")).collect::<Vec<_>>().join("、")
            );
            sink.report(
                Diagnostic::new("P211", at, format!("材料“{title}”没写{}", lacks.join("和"))).hint(hint),
            );
        }
        if let Some(copies) = row.get("份数")
            && copies.text().is_some_and(|t| t.trim_end_matches('份').trim().parse() == Ok(0))
        {
            sink.report(
                Diagnostic::new("P212", whole(copies), format!("材料“{title}”要交 0 份"))
                    .hint("不用交就去掉这份材料；能由部门核对的，在材料目录里标 电子证照: 是"),
            );
        }
        for key in ["空表", "样表"] {
            let Some(node) = row.get(key) else { continue };
            let url = node.text().unwrap_or_default();
            if let Some(before) = seen.insert(url, title).filter(|_| !url.is_empty()) {
                let message = if before == title {
                    format!("材料“{title}”的空表和样表是同一个文件")
                } else {
                    format!("材料“{title}”的{key}和“{before}”的是同一个文件")
                };
                let hint = "空表是没填的，样表是填好的示范，应是两个文件";
                sink.report(Diagnostic::new("P215", whole(node), message).hint(hint));
            }
        }
        if context.tables.is_form(title) {
            forms(title, field("空表"), field("样表"), at, sink);
        }
    }
}

/// Whether a material names nothing: 其他材料.
pub(crate) fn is_catch_all(name: &str) -> bool {
    CATCH_ALL.contains(&name)
}

fn catch_all(name: &str, place: Place, sink: &mut Sink) {
    if is_catch_all(name) {
        sink.report(
            Diagnostic::new("P216", place, format!("“{name}”是兜底的写法，企业不知道要带什么"))
                .hint("把要交的逐份写出来；没有别的就去掉"),
        );
    }
}

/// An empty form without a filled-in sample sends people home to fill it in again.
fn forms(name: &str, empty: Option<&str>, sample: Option<&str>, place: Place, sink: &mut Sink) {
    let (code, message, key) = match (empty, sample) {
        (None, _) => ("P213", format!("“{name}”要企业填写，没有给空表的网址"), "空表"),
        (Some(_), None) => ("P214", format!("“{name}”有空表，没有填好的样表"), "样表"),
        (Some(_), Some(_)) => return,
    };
    sink.report(Diagnostic::new(code, place, message).hint(format!("在这份材料下加一行 {key}: https://…")));
}

#[cfg(test)]
mod tests {
    use super::{days_of, is_placeholder};

    #[test]
    fn what_fills_a_field_and_what_says_something() {
        for text in ["无", "1", "000", "0000000", "——", "xxx", "N/A", "待定", "123456", "/", "暂无"]
        {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["12345", "0311-87801234", "没有规定", "5楼", "长安区", "10工作日", "A座"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn periods_in_days() {
        let cases = [
            ("20工作日", Some(28)),
            ("20个工作日", Some(28)),
            ("3个月", Some(90)),
            ("即时办结", Some(0)),
            ("尽快", None),
        ];
        for (text, days) in cases {
            assert_eq!(days_of(text), days, "{text}");
        }
    }
}
