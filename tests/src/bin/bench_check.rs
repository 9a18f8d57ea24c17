//! How long `huiqi check` takes for 10,000 files: once small ones, once of the size of the real policies.
//!
//! Every file differs in its ids, titles, numbers and thresholds, as if 10,000 publishers had written them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use huiqi::check::load;
use huiqi::fields::Sink;
use huiqi_tests::{today, workspace_root};
use serde_json::json;

const FILES: usize = 10_000;
const RUNS: usize = 3;

fn main() -> Result<()> {
    let small = vec![fs::read_to_string(workspace_root().join("tests/fixtures/codes/130000/demo-2.yaml"))?];
    measure("check.small_10k", &small)?;
    let mut real = Vec::new();
    for region in fs::read_dir(workspace_root().join("policies"))? {
        let region = region?.path();
        let code =
            region.file_name().is_some_and(|n| n.to_string_lossy().bytes().all(|b| b.is_ascii_digit()));
        if !code || !region.is_dir() {
            continue;
        }
        for file in fs::read_dir(&region)? {
            let path = file?.path();
            // The samples have a text of their own beside them.
            let text = fs::read_to_string(&path)?;
            if path.extension().is_some_and(|e| e == "yaml") && !text.contains("\n原文: ") {
                real.push(text);
            }
        }
    }
    real.sort();
    measure("check.real_10k", &real)
}

fn measure(name: &str, templates: &[String]) -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::copy(workspace_root().join("policies/huiqi.yaml"), dir.path().join("huiqi.yaml"))?;
    for at in 0..FILES {
        let folder = dir.path().join(format!("{:02}", at / 100));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{at}.yaml")), variant(&templates[at % templates.len()], at)?)?;
    }
    let mut seconds = Vec::new();
    let mut measures = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        let mut sink = Sink::default();
        let project = load(Path::new(dir.path()), today(), &mut sink, |_, _| {})?;
        seconds.push(start.elapsed().as_secs_f64());
        measures = project.measure_count();
        ensure!(project.policies.len() == FILES, "{} files were read", project.policies.len());
        ensure!(
            sink.counts().errors == 0,
            "{}",
            sink.sorted().first().map(|d| sink.render(d)).unwrap_or_default()
        );
    }
    seconds.sort_by(f64::total_cmp);
    let mut out = std::io::stdout();
    writeln!(out, "{}", json!({ "name": format!("{name}.s"), "value": seconds[RUNS / 2], "unit": "s" }))?;
    writeln!(out, "{}", json!({ "name": format!("{name}.measures"), "value": measures, "unit": "1" }))?;
    Ok(())
}

/// The same policy of another publisher: other ids and titles.
fn variant(template: &str, at: usize) -> Result<String> {
    let id = template.lines().find_map(|l| l.strip_prefix("编号: ")).context("编号")?;
    let number = |line: &str| line.starts_with("文号: ");
    let lines = template.lines().filter(|line| !number(line)).map(|line| match line.strip_prefix("标题: ") {
        Some(title) => format!("标题: {title}之{at}"),
        None => line.replace(id, &format!("{id}-v{at}")),
    });
    // References to other files would lead nowhere.
    let lines = lines.filter(|line| !line.starts_with("    前置: ") && !line.starts_with("被替代为: "));
    Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
}
