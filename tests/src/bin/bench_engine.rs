//! `cargo xtask bench engine`: how fast verdicts are, natively and in Chromium, on copies of the published measures.
//! One JSON line per figure on standard output; the table is the caller's.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use flate2::read::GzDecoder;
use huiqi::check::load;
use huiqi::fields::Sink;
use huiqi_engine::bundle::{Catalog, verify_part};
use huiqi_engine::catalogue::Code;
use huiqi_engine::date::Date;
use huiqi_engine::eval::evaluate;
use huiqi_engine::profile;
use huiqi_engine_tests::workload::{self, Workload};
use huiqi_tests::browser::{Browser, Kind};
use huiqi_tests::server::Server;
use huiqi_tests::{demo_dir, engine_module, today, workspace_root};

/// Measures of a large table.
const MEASURES: usize = 10_000;
/// How long each native figure is measured.
const LONG: Duration = Duration::from_secs(3);
/// Runs in the browser, of which the median counts.
const RUNS: usize = 101;

fn main() -> Result<()> {
    let file = workload_file()?;
    let mut workload = Workload::read(&file, MEASURES).context("the workload")?;
    let firms = workload.firms.len();
    let per_second = |count: usize, time: Duration| count as f64 / time.as_secs_f64();

    let (mut done, start) = (0, Instant::now());
    while start.elapsed() < LONG {
        black_box(workload.decide(done % firms));
        done += 1;
    }
    say("engine.native.verdicts_per_s", per_second(done * MEASURES, start.elapsed()), "1/s")?;

    // The same verdicts with everything that explains them, one by one: what the quick way saves.
    let today = Date::parse("2026-11-22").context("a day")?;
    let (mut done, start) = (0, Instant::now());
    while start.elapsed() < LONG {
        let firm = &workload.firms[done % firms];
        for measure in workload.measures.iter().take(1000) {
            black_box(evaluate(measure, &workload.catalogue, firm, today)?);
        }
        done += 1;
    }
    say("engine.native.outcomes_per_s", per_second(done * 1000, start.elapsed()), "1/s")?;

    let mut times = Vec::new();
    for run in 0..11 {
        let start = Instant::now();
        black_box(workload.report(run % firms));
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    say("engine.native.report_10k_ms", median(&mut times)?, "ms")?;

    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("workload.bin"), &file)?;
    std::fs::copy(engine_module()?, folder.path().join("engine.wasm"))?;
    std::fs::write(folder.path().join("index.html"), "<!doctype html><title>bench</title>")?;
    let server = Server::start(folder.path())?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&server.url("index.html"))?;
    let figures = page.eval(&format!(
        "(async () => {{
            const [code, data] = await Promise.all(['engine.wasm', 'workload.bin'].map(
                async name => (await fetch(name)).arrayBuffer()));
            const {{ instance: {{ exports: e }} }} = await WebAssembly.instantiate(code, {{}});
            // Making room may move the memory: the place first, the view after it.
            const place = e.input(data.byteLength);
            new Uint8Array(e.memory.buffer, place, data.byteLength).set(new Uint8Array(data));
            const time = f => {{ const start = performance.now(); f(); return performance.now() - start; }};
            let count = 0;
            const prepare = time(() => {{ count = e.prepare({MEASURES}); }});
            const runs = (f, n) => {{
                const all = [];
                for (let i = 0; i < n; i++) all.push(time(() => f(i)));
                return all;
            }};
            return {{ count, prepare, decide: runs(e.decide, {RUNS}), report: runs(e.report, 11) }};
        }})()"
    ))?;
    ensure!(figures["count"] == MEASURES, "{figures}");
    let list = |name: &str| -> Result<Vec<f64>> {
        let all = figures[name].as_array().with_context(|| name.to_owned())?;
        Ok(all.iter().filter_map(serde_json::Value::as_f64).collect())
    };
    say("engine.chromium.firm_10k_ms", median(&mut list("decide")?)?, "ms")?;
    say("engine.chromium.report_10k_ms", median(&mut list("report")?)?, "ms")?;
    say("engine.chromium.prepare_10k_ms", figures["prepare"].as_f64().context("prepare")?, "ms")
}

/// The published table and catalogue, with firms of one province of which most is known.
fn workload_file() -> Result<Vec<u8>> {
    let folder = demo_dir()?.join("data");
    let catalog = Catalog::parse(&std::fs::read(folder.join("catalog.txt"))?)?;
    let part = |name: &str| -> Result<Vec<u8>> {
        let stored = std::fs::read(folder.join(format!("{name}.bin")))?;
        verify_part(name, &stored)?;
        let mut raw = Vec::new();
        GzDecoder::new(&stored[..]).read_to_end(&mut raw)?;
        Ok(raw)
    };
    let (_, table, _) = catalog.areas.first().context("an area")?;
    let mut sink = Sink::default();
    let project = load(&workspace_root().join("policies"), today(), &mut sink, |_, _| {})?;
    let catalogue = &project.tables.catalogue;
    let province = Code::region("130000").context("a code")?;
    let examples = project.policies.iter().flat_map(|p| &p.examples).map(|e| &e.firm);
    let inside = |code: Code| code.as_str().starts_with(province.as_str());
    let mut firms: Vec<_> = examples.filter(|f| f.seat(catalogue).is_some_and(inside)).collect();
    firms.sort_by_key(|firm| std::cmp::Reverse(firm.len()));
    firms.truncate(16);
    ensure!(firms.len() == 16, "only {} example firms of {}", firms.len(), province.region_text());
    let profiles: Vec<String> = firms.into_iter().map(|firm| profile::write(firm, catalogue)).collect();
    Ok(workload::write(&part(table)?, &part(&catalog.catalogue)?, &profiles))
}

fn median(times: &mut [f64]) -> Result<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().context("no runs")
}

fn say(name: &str, value: f64, unit: &str) -> Result<()> {
    let value = if value >= 1000.0 { format!("{value:.0}") } else { format!("{value:.3}") };
    writeln!(std::io::stdout().lock(), r#"{{"name":"{name}","value":{value},"unit":"{unit}"}}"#)?;
    Ok(())
}
