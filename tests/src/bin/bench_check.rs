//! How long `huiqi check` takes for 10,000 files: once small ones, once of the size of the real policies.
//!
//! Every file differs in its ids, titles, numbers and thresholds, as if 10,000 publishers had written them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use huiqi::check::load;
use huiqi::fields::Sink;
use huiqi_tests::copies::{templates, variant};
use huiqi_tests::{today, workspace_root};
use serde_json::json;

const FILES: usize = 10_000;
const RUNS: usize = 3;

fn main() -> Result<()> {
    let small = vec![fs::read_to_string(workspace_root().join("tests/fixtures/codes/130000/demo-2.yaml"))?];
    measure("check.small_10k", &small)?;
    measure("check.real_10k", &templates()?)
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
