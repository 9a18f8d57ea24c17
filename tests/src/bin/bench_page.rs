//! `cargo xtask bench page`: what a visitor waits for on a slow phone, with copies of the published measures.
//! One JSON line per figure on standard output; the table is the caller's.
//!
//! Every run is a first visit, in a browser of its own: a server that compresses nothing and keeps no connection, a line
//! with 9 Mbit/s and 85 ms, a processor that takes four times as long. Each figure is the median of the runs.

use std::io::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use huiqi_tests::browser::{Browser, Kind, Page};
use huiqi_tests::crowd::{Crowd, arrived, first_visit, longest_task, quiet, use_search};
use huiqi_tests::demo_dir;
use huiqi_tests::newcomer::newcomer;
use huiqi_tests::server::Server;
use serde_json::Value;

/// An odd number, of which the median is one.
const RUNS: usize = 9;
const LATENCY: Duration = Duration::from_millis(85);
const BITS_PER_S: u32 = 9_000_000;
const SLOWER: u32 = 4;

/// What the browser does not report, it has painted within this time.
const SHORTEST: f64 = 16.0;

/// A page as on a slow phone.
fn slow(browser: &Browser) -> Result<Page> {
    let page = browser.new_page()?;
    page.slow_network(LATENCY, BITS_PER_S)?;
    page.slow_processor(SLOWER)?;
    Ok(page)
}

/// The time until the next paint that 95 of 100 interactions keep.
fn p95(events: &Value, pressed: usize) -> Result<f64> {
    let events: Vec<(u64, f64, String)> = serde_json::from_value(events.clone())?;
    let mut longest = std::collections::BTreeMap::<u64, f64>::new();
    for (id, duration, _) in events {
        let entry = longest.entry(id).or_default();
        *entry = entry.max(duration);
    }
    let mut all: Vec<f64> = longest.into_values().collect();
    ensure!(!all.is_empty(), "the browser reports no interaction");
    all.resize(all.len().max(pressed), SHORTEST);
    all.sort_by(f64::total_cmp);
    let at = (all.len() as f64 * 0.95).ceil() as usize;
    all.get(at.saturating_sub(1)).copied().context("a share")
}

/// First visits to a site: times until the first card, and bytes where they are wanted.
fn first_visits(crowd: &Crowd, count_bytes: bool) -> Result<(Vec<f64>, Vec<f64>)> {
    let server = Server::start(crowd.path())?;
    let mut all = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let browser = Browser::launch(Kind::Current)?;
        let page = slow(&browser)?;
        let painted = first_visit(crowd, &server, &page)?;
        eprintln!("    first card after {painted:.0} ms");
        all.0.push(painted);
        if count_bytes {
            all.1.push(arrived(&server, &page)? as f64);
        }
    }
    Ok(all)
}

/// Visits with a search, as times of interactions and longest tasks.
fn long_visits(crowd: &Crowd) -> Result<(Vec<f64>, Vec<f64>)> {
    let server = Server::start(crowd.path())?;
    let mut all = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let browser = Browser::launch(Kind::Current)?;
        let page = slow(&browser)?;
        first_visit(crowd, &server, &page)?;
        // The rest goes on arriving, and is no part of what follows.
        quiet(&page)?;
        let widget = page.shadow()?;
        let pressed = use_search(&page, &widget)?;
        // Entries of the last interaction are handed over after its frame.
        sleep(Duration::from_secs(1));
        let inp = p95(&page.eval("bench.events")?, pressed)?;
        let long = longest_task(&page)?;
        let console = page.console()?;
        ensure!(console.is_empty(), "{console:?}");
        eprintln!("    {pressed} interactions, p95 {inp:.0} ms; longest task {long:.0} ms");
        all.0.push(inp);
        all.1.push(long);
    }
    Ok(all)
}

/// From the empty page to the plan on paper, for somebody who reads nothing and types without a pause; on the published
/// site.
fn newcomers() -> Result<Vec<f64>> {
    let server = Server::start(demo_dir()?)?;
    let mut times = Vec::new();
    for run in 0..RUNS {
        let browser = Browser::launch(Kind::Current)?;
        let page = slow(&browser)?;
        let begun = Instant::now();
        let (answers, paper) = newcomer(&page, &server)?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        if run == 0 {
            eprintln!("    {} answers: {}", answers.len(), answers.join("；"));
            eprintln!("    on paper: {}", paper.lines().take(12).collect::<Vec<_>>().join(" | "));
        }
    }
    Ok(times)
}

fn main() -> Result<()> {
    say("page.newcomer_ms", newcomers()?, "ms")?;
    let (painted, bytes) = first_visits(&Crowd::new(1_000)?, true)?;
    say("page.first_verdict_ms.1k", painted, "ms")?;
    say("size.first_verdicts_1k", bytes, "B")?;
    let crowd = Crowd::new(10_000)?;
    let (painted, _) = first_visits(&crowd, false)?;
    say("page.first_verdict_ms.10k", painted, "ms")?;
    let (inp, long) = long_visits(&crowd)?;
    say("page.inp_ms.10k.p95", inp, "ms")?;
    say("page.long_task_ms.10k.max", long, "ms")
}

/// Prints the median.
fn say(name: &str, mut values: Vec<f64>, unit: &str) -> Result<()> {
    values.sort_by(f64::total_cmp);
    let value = values.get(values.len() / 2).context("no runs")?;
    writeln!(std::io::stdout().lock(), r#"{{"name":"{name}","value":{value:.0},"unit":"{unit}"}}"#)?;
    Ok(())
}
