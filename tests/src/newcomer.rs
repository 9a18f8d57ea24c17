//! A newcomer: an accountant who opens the page for the first time, answers a few questions and prints the plan.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context as _, Result};

use crate::browser::Page;
use crate::server::Server;
use crate::visit::{LIMIT, go, open};

/// Most answers that a newcomer is asked for before the plan is worth printing.
pub const MOST_ANSWERS: usize = 8;

/// What the newcomer does with a question.
#[derive(Debug)]
enum How {
    /// 以上没有其他
    NothingElse,
    Yes,
    Number(&'static str),
}

impl Display for How {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingElse => "以上没有其他",
            Self::Yes => "是",
            Self::Number(number) => number,
        })
    }
}

/// What 示例企业 knows of itself, by the heading of the question.
const ANSWERS: [(&str, How); 4] = [
    ("失信记录", How::NothingElse),
    ("独立法人", How::Yes),
    ("2025年设备投入", How::Number("620")),
    ("资质", How::NothingElse),
];

/// The way of a newcomer of 示例企业, a maker of machines in 示例市, from the empty page to the printed plan. Returns the
/// answers, one line each, and the text on paper.
///
/// # Errors
/// When the page does or asks something else.
pub fn newcomer(page: &Page, server: &Server) -> Result<(Vec<String>, String)> {
    let shadow = open(page, server, "/")?;
    let mut answers = Vec::new();
    let mut answered = |what: &str, value: &str| answers.push(format!("{what}：{value}"));
    shadow.wait_for("this.querySelector('select[name=省]')", LIMIT)?;
    for (level, code) in [("省", "990000"), ("市", "990100"), ("区县", "990102")] {
        let css = format!("select[name={level}]");
        shadow.wait_for(&format!("this.querySelector('{css} option[value=\"{code}\"]')"), LIMIT)?;
        shadow.select(&css, code)?;
    }
    answered("注册地", "示例省示例市示例区");
    shadow.click("input[name=industry]")?;
    type_in(page, "tysb")?;
    shadow.wait_for("this.querySelector('[role=option]')", LIMIT)?;
    page.press("Enter")?;
    shadow.wait_for("/C34/.test(this.querySelector('input[name=industry]').value)", LIMIT)?;
    answered("行业", "tysb（通用设备制造业）");
    for (id, name, value) in [("staff_total", "职工总数", "126"), ("revenue", "2025年营业收入", "9200")]
    {
        shadow.click(&format!("input[id^=f-{id}-]"))?;
        type_in(page, value)?;
        answered(name, value);
    }
    shadow.click_text("button", "看结果")?;
    shadow.wait_for("this.querySelector('details.grp')", LIMIT)?;
    shadow.click_text(".nx button", "继续")?;
    while answers.len() < MOST_ANSWERS {
        shadow.wait_for("this.querySelector('.prog')", LIMIT)?;
        let asked = shadow.texts("h2")?.concat();
        let (_, answer) =
            ANSWERS.iter().find(|(name, _)| asked == *name).with_context(|| format!("asked for {asked}"))?;
        match answer {
            How::NothingElse => shadow.click("input[name=closed]")?,
            How::Yes => shadow.click_text("form .opt", "是")?,
            How::Number(number) => {
                shadow.click("form input")?;
                type_in(page, number)?;
            }
        }
        answers.push(format!("{asked}：{answer}"));
        shadow.click_text("form .btn", "继续")?;
        shadow.wait_for(&format!("this.querySelector('h2').innerText !== '{asked}'"), LIMIT)?;
    }
    go(&shadow, "结果")?;
    go(&shadow, "方案")?;
    shadow.wait_for("this.querySelector('input[name=paper]')", LIMIT)?;
    shadow.click_text(".btn", "打印或存 PDF")?;
    shadow.wait_for("this.querySelector('.paper')", LIMIT)?;
    shadow.click_text(".btn", "打印")?;
    shadow.wait_for("this.querySelector('iframe')?.contentDocument.querySelector('.paper')", LIMIT)?;
    let paper = shadow.eval("return this.querySelector('iframe').contentDocument.body.innerText")?;
    Ok((answers, paper.as_str().context("a paper")?.to_owned()))
}

fn type_in(page: &Page, text: &str) -> Result<()> {
    text.chars().try_for_each(|c| page.type_char(c))
}
