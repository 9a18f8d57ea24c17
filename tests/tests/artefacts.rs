//! Texts as they come: `huiqi check` on real excerpts and pages must name every class of damage that they carry.
//!
//! The excerpts lie beside the repository in `../shared` (classes in its `corpus/README.md`); where that folder is
//! missing, the test says so and checks made-up pieces of each class only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use huiqi::check::load;
use huiqi::fields::Sink;
use huiqi_tests::{say, today, workspace_root};
use serde_json::Value;

/// Class of damage, codes that name it, and a sign that an excerpt carries it.
type Class = (&'static str, &'static [&'static str], fn(&str) -> bool);

const CLASSES: [Class; 10] = [
    ("1 width", &["P301"], |t| has(t, |a, b| is_han(a) && ",;:!()".contains(b))),
    ("2 pinyin", &["P302"], |t| t.contains("(yè)") || t.contains("(fā)") || t.contains("(lián)")),
    ("3 traditional", &["P303"], |t| {
        t.chars().filter(|c| "與業務個實現資專據點產後開關對應條項補貼獎勵".contains(*c)).count() > 5
    }),
    ("4 slipped bytes", &["P304"], |t| has(t, |a, b| a == '?' && "！；〔、".contains(b))),
    ("5 web pages", &["P305"], |t| t.contains("您的位置") || t.contains("更新时间") || t.contains("扫一扫")),
    ("6 structure lost", &["P306"], |t| t.lines().any(|l| l.chars().count() > 1500)),
    ("7 spaces", &["P307"], |t| has(t, |a, b| is_han(a) && "\u{3000}\u{a0}\u{200b}".contains(b))),
    ("8 文号", &["P308"], |t| has_number(t, '[') || has_number(t, '(') || has_number(t, '【')),
    ("9 dates and sums", &["P309", "P310"], |t| t.contains("万元") && t.contains('%')),
    ("10 near-duplicates", &["P254"], |_| true),
];

fn has(text: &str, pair: impl Fn(char, char) -> bool) -> bool {
    text.chars().zip(text.chars().skip(1)).any(|(a, b)| pair(a, b))
}

/// `[2021]4号`
fn has_number(text: &str, open: char) -> bool {
    text.match_indices(open).any(|(at, _)| {
        let rest: Vec<char> = text[at + open.len_utf8()..].chars().take(9).collect();
        rest.len() > 6
            && rest[0] == '2'
            && rest[1] == '0'
            && rest[..4].iter().all(char::is_ascii_digit)
            && !rest[4].is_ascii_digit()
            && rest[5].is_ascii_digit()
            && rest[6..].contains(&'号')
    })
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Made-up pieces, one of each class but the last, which is two copies.
const PIECES: [&str; 9] = [
    "第一条 企业,可以申请(一次)。",
    "第一条 企業(yè)可以申请。",
    "第一条 對企業給予補貼和獎勵，專款專用。",
    "第一条 登录“政策网”?！盎ヂ联网申请。",
    "您的位置：首页>>正文 更新时间：2024-01-01 扫一扫",
    "( 三)其他情形。",
    "第一条 申请&nbsp;材料。",
    "第一条 依据示例[2021]4号文件。",
    "第一条 补助15—50万元，按10%~15%，自发布之日起30日后施行，2024年4月15日前申请。",
];

/// A folder of policies, each with one text as its 原文; returns the codes found per text.
fn codes_of(texts: &[(String, String)]) -> Result<BTreeMap<String, BTreeSet<&'static str>>> {
    let dir = tempfile::tempdir()?;
    let folder = dir.path().join("130000");
    fs::create_dir_all(&folder)?;
    let template = fs::read_to_string(workspace_root().join("tests/fixtures/codes/130000/demo-2.yaml"))?;
    for (at, (name, text)) in texts.iter().enumerate() {
        let policy = template
            .replace("demo-2026-0002", &format!("text-{at:04}"))
            .replace("参加展会办法", &format!("第{at}号办法"))
            .replace("文号: 示例〔2026〕2号\n", "")
            .replace("\n状态: 发布", &format!("\n原文: t{at:04}.txt\n状态: 发布"));
        fs::write(folder.join(format!("t{at:04}.yaml")), policy).with_context(|| name.clone())?;
        fs::write(folder.join(format!("t{at:04}.txt")), text)?;
    }
    let mut sink = Sink::default();
    load(dir.path(), today(), &mut sink, |_, _| {})?;
    let mut found: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for d in sink.sorted() {
        let stem = d.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let at: usize = stem[1..].parse().unwrap_or_default();
        found.entry(texts[at].0.clone()).or_default().insert(d.code);
    }
    Ok(found)
}

#[test]
fn every_class_of_made_up_damage_is_named() -> Result<()> {
    let mut texts: Vec<(String, String)> =
        PIECES.iter().enumerate().map(|(at, t)| (format!("piece {}", at + 1), (*t).to_owned())).collect();
    texts.push(("copy 1".to_owned(), PIECES[2].repeat(8)));
    texts.push(("copy 2".to_owned(), PIECES[2].repeat(8) + "第二条 完。"));
    let found = codes_of(&texts)?;
    for (at, (class, codes, _)) in CLASSES.iter().enumerate().take(9) {
        let name = &texts[at].0;
        let seen = found.get(name).cloned().unwrap_or_default();
        ensure!(codes.iter().all(|c| seen.contains(c)), "{class}: {name} finds {seen:?}");
    }
    ensure!(found.get("copy 2").is_some_and(|c| c.contains("P254")), "{found:?}");
    Ok(())
}

/// Long lines of whatever a pattern could be slow on: the work grows with the length, not with its square.
#[test]
fn hostile_texts_come_to_an_end() -> Result<()> {
    let pieces = [
        "1万元",
        "\u{3000}",
        "[2021]1号",
        "（",
        "2024年4月15日前",
        "13800138000 ",
        "?！",
        "一、",
        "&nbsp;",
        "繁體",
        "1~",
    ];
    let mut texts = Vec::new();
    for piece in pieces {
        texts.push((format!("{piece} in one line"), piece.repeat(300_000 / piece.len())));
        texts.push((
            format!("{piece} in many lines"),
            format!("{piece}\n").repeat(300_000 / (piece.len() + 1)),
        ));
    }
    let found = codes_of(&texts)?;
    ensure!(found.len() >= texts.len() / 2, "{found:?}");
    Ok(())
}

#[test]
fn every_class_of_real_damage_is_named() -> Result<()> {
    let shared = workspace_root().join("../shared");
    if !shared.join("corpus/documents.jsonl").exists() {
        say(&format!("SKIPPED: {} is not here, so no real excerpts were checked", shared.display()))?;
        return Ok(());
    }
    let mut texts = seeds(&shared.join("seeds"))?;
    texts.extend(excerpts(&shared.join("corpus/documents.jsonl"))?);
    // The classes that a text carries, by signs that are not the program's.
    let found = codes_of(&texts)?;
    let nothing = BTreeSet::new();
    for (class, codes, sign) in &CLASSES[..9] {
        let carriers: Vec<&(String, String)> = texts.iter().filter(|(_, text)| sign(text)).collect();
        ensure!(!carriers.is_empty(), "no excerpt carries class {class}");
        let missed: Vec<&str> = carriers
            .iter()
            .filter(|(name, _)| !codes.iter().any(|c| found.get(name).unwrap_or(&nothing).contains(c)))
            .map(|(name, _)| name.as_str())
            .collect();
        say(&format!("class {class}: {} texts carry it, {} are not named", carriers.len(), missed.len()))?;
        ensure!(missed.is_empty(), "class {class} is not named in {missed:?}");
    }
    let twins = found.values().filter(|codes| codes.contains("P254")).count();
    say(&format!("class 10 near-duplicates: {twins} texts are named"))?;
    ensure!(twins > 0, "no near-duplicate is named");
    Ok(())
}

fn seeds(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        texts.push((
            path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            fs::read_to_string(&path)?,
        ));
    }
    texts.sort();
    Ok(texts)
}

/// Excerpts of many cities, official pages with their navigation, and what is nearly the same twice.
fn excerpts(documents: &Path) -> Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for line in fs::read_to_string(documents)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let field = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let twin = ["ncp2020-269e3be255", "ncp2020-4b0d099f5a", "ncp2020-934912d4e1"]
            .contains(&field("id").as_str());
        if ["pages", "guangzhou", "liuhe", "qingdao_listpage"].contains(&field("source").as_str()) || twin {
            texts.push((field("id"), field("text")));
        }
    }
    Ok(texts)
}
