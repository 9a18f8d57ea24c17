//! Every code of `huiqi check` is documented, and its examples do what they say: what stands under 坏 produces the
//! code, what stands under 好 does not.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, bail, ensure};
use huiqi::check::load;
use huiqi::codes::{self, Code, Example};
use huiqi::fields::Sink;
use huiqi_tests::{copy_folder, files_below, today, workspace_root};
use tempfile::TempDir;

const DOCUMENT_KEYS: [&str; 13] = [
    "编号",
    "标题",
    "文号",
    "发文机关",
    "发布日期",
    "有效期",
    "适用地区",
    "来源",
    "原文",
    "状态",
    "被替代为",
    "事项",
    "示例企业",
];

/// Two complete policies and an archived one without a single finding, and the real catalogue.
fn base() -> Result<TempDir> {
    let dir = tempfile::tempdir()?;
    copy_folder(&workspace_root().join("policies/catalogue"), &dir.path().join("catalogue"))?;
    copy_folder(&workspace_root().join("tests/fixtures/codes/130000"), &dir.path().join("130000"))?;
    Ok(dir)
}

/// Puts the keys of a fragment in the place of the same keys: those of the document, or of its only measure.
fn merge(file: &str, fragment: &str) -> Result<String> {
    let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in fragment.lines() {
        if line.starts_with(|c: char| !c.is_whitespace() && c != '-') || blocks.is_empty() {
            blocks.push(Vec::new());
        }
        blocks.last_mut().context("a block")?.push(line);
    }
    for block in blocks {
        let key = block[0].split(':').next().unwrap_or_default();
        let indent = if DOCUMENT_KEYS.contains(&key) { 0 } else { 4 };
        let pad = " ".repeat(indent);
        let fresh =
            block.iter().map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") });
        let head = format!("{pad}{key}:");
        let start = lines.iter().position(|l| l.starts_with(&head));
        let deeper = |l: &String| {
            let depth = l.len() - l.trim_start().len();
            l.trim().is_empty() || depth > indent || (depth == indent && l.trim_start().starts_with("- "))
        };
        let (start, end) = match start {
            Some(start) => {
                (start, (start + 1..lines.len()).find(|at| !deeper(&lines[*at])).unwrap_or(lines.len()))
            }
            // A key that the file does not have goes before the measures, or to the end of the measure.
            None if indent == 0 => {
                let at = lines.iter().position(|l| l == "事项:").context("事项")?;
                (at, at)
            }
            None => {
                let at = lines.iter().position(|l| l == "示例企业:").context("示例企业")?;
                (at, at)
            }
        };
        lines.splice(start..end, fresh);
    }
    Ok(lines.join("\n") + "\n")
}

/// Codes found with an example in its place.
fn found(example: &Example) -> Result<BTreeSet<&'static str>> {
    let dir = base()?;
    let root = dir.path();
    let replace = |name: &str, text: &str| fs::write(root.join(name), text).context("write");
    match example.target.split_once(' ').map(|(_, target)| target) {
        None => {
            let path = root.join("130000/demo-1.yaml");
            fs::write(&path, merge(&fs::read_to_string(&path)?, example.text)?)?;
        }
        Some("第二份") => {
            let path = root.join("130000/demo-2.yaml");
            fs::write(&path, merge(&fs::read_to_string(&path)?, example.text)?)?;
        }
        Some("整份") => replace("130000/demo-3.yaml", example.text)?,
        Some("原文") => replace("130000/demo-1.txt", example.text)?,
        Some(name) if name.starts_with("catalogue/") => {
            let path = root.join(name);
            let before = fs::read_to_string(&path).unwrap_or_default();
            fs::write(&path, before + example.text)?;
        }
        Some(name) => replace(name, example.text)?,
    }
    let mut sink = Sink::default();
    load(root, today(), &mut sink, |_, _| {})?;
    Ok(sink.sorted().iter().map(|d| d.code).collect())
}

#[test]
fn the_base_of_the_examples_is_without_findings() -> Result<()> {
    let dir = base()?;
    let mut sink = Sink::default();
    load(dir.path(), today(), &mut sink, |_, _| {})?;
    let all: Vec<String> = sink.sorted().into_iter().map(|d| sink.render(d)).collect();
    ensure!(all.is_empty(), "{}", all.join("\n"));
    Ok(())
}

#[test]
fn every_documented_example_does_what_it_says() -> Result<()> {
    // Read anew, so that only this test needs to run while the texts are written.
    let text = fs::read_to_string(workspace_root().join("indexer/src/codes.md"))?;
    let mut wrong = Vec::new();
    for code in codes::sections(text.leak()) {
        if let Err(error) = check(&code) {
            wrong.push(format!("{}: {error:#}", code.id));
        }
    }
    ensure!(wrong.is_empty(), "{} codes:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

fn check(code: &Code) -> Result<()> {
    ensure!(code.text.chars().count() >= 15, "no paragraph");
    let mut seen = [false, false];
    for example in &code.examples {
        let codes = found(example)?;
        if codes.contains(code.id) != example.bad {
            bail!("{} example finds {codes:?}:\n{}", if example.bad { "bad" } else { "good" }, example.text);
        }
        ensure!(example.bad || codes.iter().all(|c| codes::find(c).is_some_and(|c| c.severity != huiqi::diagnostic::Severity::Error)), "the good example has errors: {codes:?}\n{}", example.text);
        seen[usize::from(example.bad)] = true;
    }
    // Too many texts would be too many for an example, too: see below.
    ensure!(seen == [true, true] || code.id == "P152", "needs a bad and a good example");
    Ok(())
}

#[test]
fn a_measure_with_thousands_of_texts_is_refused() -> Result<()> {
    let rows = |count| {
        let row = |n| format!("  - 承诺: 示例承诺{n}\n    依据: 第二条\n");
        let rule = "条件:\n  - 规则: 注册地 属于 河北省 且 行业 属于 制造业 且 设备投入[上年] ≥ 100万元\n    依据: 第二条\n";
        rule.to_owned() + &(0..count).map(row).collect::<String>()
    };
    for (count, refused) in [(400, false), (600, true), (70_000, true)] {
        let text = rows(count).leak();
        let codes = found(&Example { bad: true, target: "yaml", text })?;
        ensure!(codes.contains("P152") == refused, "{count} rows find {codes:?}");
    }
    Ok(())
}

/// What the sources report and what is documented are the same codes.
#[test]
fn codes_in_the_sources_and_in_the_documentation_are_the_same() -> Result<()> {
    let mut used = BTreeSet::new();
    for folder in ["engine/src", "indexer/src"] {
        for path in files_below(&workspace_root().join(folder))? {
            if path.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path)?;
            for (at, _) in text.match_indices("\"P") {
                let code: String = text[at + 1..].chars().take_while(char::is_ascii_alphanumeric).collect();
                let closed = text[at + 1 + code.len()..].starts_with('"');
                if closed && code.len() == 4 && code[1..].bytes().all(|b| b.is_ascii_digit()) {
                    used.insert(code);
                }
            }
        }
    }
    // The threshold of settings.rs is no code.
    used.remove("P200");
    let documented: BTreeSet<String> = codes::all().iter().map(|c| c.id.to_owned()).collect();
    let unknown: Vec<_> = used.difference(&documented).collect();
    let unused: Vec<_> = documented.difference(&used).collect();
    ensure!(
        unknown.is_empty() && unused.is_empty(),
        "not documented: {unknown:?}; never reported: {unused:?}"
    );
    Ok(())
}

/// Each file of `tests/fixtures/bad` has one thing wrong; its first line says which code must stand where:
/// `# P202 bad.yaml:38:11`. A text file of the same name is its full text.
#[test]
fn bad_files_are_named_by_code_line_and_column() -> Result<()> {
    let folder = workspace_root().join("tests/fixtures/bad");
    let mut wrong = Vec::new();
    let mut checked = 0;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let expected =
            text.lines().next().and_then(|l| l.strip_prefix("# ")).context("the first line")?.to_owned();
        let dir = base()?;
        fs::write(dir.path().join("130000/bad.yaml"), &text)?;
        let full = path.with_extension("txt");
        if full.exists() {
            fs::copy(&full, dir.path().join("130000/bad.txt"))?;
        }
        let mut sink = Sink::default();
        load(dir.path(), today(), &mut sink, |_, _| {})?;
        let found: Vec<String> = sink
            .sorted()
            .iter()
            .map(|d| {
                let name = d.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                format!("{} {name}:{}:{}", d.code, d.place.line, d.place.column)
            })
            .collect();
        if !found.contains(&expected) {
            wrong.push(format!("{}: expected {expected}, found {found:?}", path.display()));
        }
        checked += 1;
    }
    ensure!(checked >= 70, "only {checked} files");
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
