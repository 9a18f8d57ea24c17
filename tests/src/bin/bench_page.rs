//! `cargo xtask bench page`: what a visitor waits for on a slow phone, with copies of the published measures.
//! One JSON line per figure on standard output; the table is the caller's.
//!
//! Every run is a first visit, in a browser of its own: a server that compresses nothing and keeps no connection, a line
//! with 9 Mbit/s and 85 ms, a processor that takes four times as long. Each figure is the median of the runs.

use std::io::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use huiqi::build::{Options, build};
use huiqi::check::{Project, load};
use huiqi::fields::Sink;
use huiqi::text_index::default_threads;
use huiqi_engine::catalogue::Code;
use huiqi_engine::codec::Writer;
use huiqi_engine::kept;
use huiqi_tests::browser::{Browser, Kind, Page, Shadow};
use huiqi_tests::copies::write_measures;
use huiqi_tests::newcomer::newcomer;
use huiqi_tests::publisher::write_page;
use huiqi_tests::server::Server;
use huiqi_tests::{NOON, demo_dir, today};
use serde_json::Value;
use tempfile::TempDir;

/// An odd number, of which the median is one.
const RUNS: usize = 9;
const LATENCY: Duration = Duration::from_millis(85);
const BITS_PER_S: u32 = 9_000_000;
const SLOWER: u32 = 4;

/// Far more than anybody waits: a figure that is bad is a figure all the same.
const LIMIT: Duration = Duration::from_secs(600);
/// Between two characters that somebody types quickly.
const TYPING: Duration = Duration::from_millis(120);
/// What the browser does not report, it has painted within this time.
const SHORTEST: f64 = 16.0;

/// What is looked for, one character after the other.
const QUERIES: [&str; 3] = ["设备更新", "专精特新", "研发费用 补助"];
/// Filters, by their place among those that are shown, whose next choices are then gone through.
const FILTERS: usize = 3;

/// How things are found on the page. Everything that this bench knows of the widget's markup is here.
const SHOW_RESULTS: &str = "form button[type=submit]";
const CARD: &str = "[data-group] [data-id]";
/// What no firm has of which nothing is known.
const DECIDED: &str = "[data-group=eligible], [data-group=likely]";
const SEARCH: &str = "input[type=search]";
const HIT: &str = "[data-id]:not([data-group] *)";
const UNFOLD_FILTERS: &str = ".filter summary";
const FILTER: &str = "select[data-facet]";

/// Runs before the page's own scripts: hands over the answers, presses 看结果 as soon as it is there, and takes the times.
///
/// The loader keeps the answers of an element for a module that has to be replaced. It starts with an empty array, the
/// only one that the page ever makes without a size, so this is where answers come in.
const WATCH: &str = "
    const bench = window.bench = {long: [], events: [], first: null};
    const Bytes = Uint8Array;
    window.Uint8Array = new Proxy(Bytes, {construct(target, given) {
        if (given.length) return new target(...given);
        window.Uint8Array = Bytes;
        return new Bytes(ANSWERS);
    }});
    const each = (type, options, take) =>
        new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({type, ...options});
    each('longtask', {buffered: true}, (task) => bench.long.push(task.duration));
    each('event', {buffered: true, durationThreshold: 16}, (event) => {
        if (event.interactionId) bench.events.push([event.interactionId, event.duration, event.name]);
    });
    performance.setResourceTimingBufferSize(10000);
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (options) {
        const root = attach.call(this, options);
        let pressed = false;
        const look = () => {
            const button = root.querySelector('SHOW_RESULTS');
            if (button && !pressed) {
                pressed = true;
                // A task of its own, as a finger's is.
                setTimeout(() => button.click());
            }
            const card = root.querySelector('CARD');
            if (!card || !card.getClientRects().length) return;
            watch.disconnect();
            // The message comes after the frame.
            const channel = new MessageChannel();
            channel.port1.onmessage = () => {
                bench.first = {
                    painted: performance.now(), decided: !!root.querySelector('DECIDED'),
                };
            };
            requestAnimationFrame(() => channel.port2.postMessage(null));
        };
        const watch = new MutationObserver(look);
        watch.observe(root, {childList: true, subtree: true});
        return root;
    };
";

/// A published site and the answers of a firm.
struct Site {
    folder: TempDir,
    answers: Vec<u8>,
}

impl Site {
    fn new(measures: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (policies, site) = (folder.path().join("policies"), folder.path().join("site"));
        write_measures(&policies, measures)?;
        let mut sink = Sink::default();
        let project = load(&policies, today(), &mut sink, |_, _| {})?;
        let first = || sink.sorted().first().map(|d| sink.render(d)).unwrap_or_default();
        ensure!(sink.counts().errors == 0, "{}", first());
        let options = Options {
            today: today(),
            sequence: NOON,
            publisher: "示例".to_owned(),
            full: true,
            threads: default_threads(),
            key: None,
        };
        let data = site.join("data");
        let built = build(&project, &options, &data, &folder.path().join("index"), |_, _, _| {})?;
        ensure!(built.measures == measures, "{} measures were published", built.measures);
        write_page(&site, "src=\"data/\"")?;
        Ok(Self { answers: answers(&project)?, folder })
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("site")
    }
}

/// Everything that the example firm of which most is known answers, as the page keeps it beside the edition.
fn answers(project: &Project) -> Result<Vec<u8>> {
    let catalogue = &project.tables.catalogue;
    let province = Code::region("130000").context("a code")?;
    let inside = |code: Code| code.as_str().starts_with(province.as_str());
    let examples = project.policies.iter().flat_map(|p| &p.examples).map(|e| &e.firm);
    let firms = examples.filter(|firm| firm.seat(catalogue).is_some_and(inside));
    let firm = firms.max_by_key(|firm| firm.len()).context("a firm of the province")?;
    let mut w = Writer::new();
    w.uint(u128::from(NOON));
    let mut bytes = w.into_bytes();
    bytes.extend(kept::encode(firm));
    Ok(bytes)
}

/// Opens the site as a first visitor; the time from the start of the navigation until the first card with its verdict was
/// painted.
fn visit(site: &Site, server: &Server, page: &Page) -> Result<f64> {
    let script =
        WATCH.replace("SHOW_RESULTS", SHOW_RESULTS).replace("CARD", CARD).replace("DECIDED", DECIDED);
    page.before_load(&script.replace("ANSWERS", &format!("{:?}", site.answers)))?;
    page.slow_network(LATENCY, BITS_PER_S)?;
    page.slow_processor(SLOWER)?;
    page.goto(&server.url("/"))?;
    page.wait_for("bench.first !== null", LIMIT)?;
    let first = patient(|| page.eval("bench.first"))?;
    ensure!(first["decided"] == true, "the answers did not arrive");
    first["painted"].as_f64().context("a time")
}

/// Bytes over the wire of all files that had arrived by then.
fn arrived(server: &Server, page: &Page) -> Result<f64> {
    // The page hears of files when it has time for it.
    quiet(page)?;
    let files = page.eval(
        "performance.getEntriesByType('resource').filter((file) => file.responseEnd <= bench.first.painted)
            .map((file) => file.name)",
    )?;
    let files: Vec<String> = serde_json::from_value(files)?;
    let counts = |url: &String| *url == server.url("/") || files.contains(url);
    let requests = page.requests()?;
    let bytes: u64 = requests.iter().filter(|request| counts(&request.url)).map(|r| r.bytes).sum();
    Ok(bytes as f64)
}

/// Asks again while the page is too busy to answer.
fn patient<T>(mut ask: impl FnMut() -> Result<T>) -> Result<T> {
    let deadline = Instant::now() + LIMIT;
    loop {
        match ask() {
            Err(_) if Instant::now() < deadline => sleep(TYPING),
            answer => return answer,
        }
    }
}

/// Waits until nothing has arrived for a while.
fn quiet(page: &Page) -> Result<()> {
    page.wait_for(
        "(async () => {
            const files = () => performance.getEntriesByType('resource').length;
            const before = files();
            await new Promise((good) => setTimeout(good, 2000));
            return files() === before;
        })()",
        LIMIT,
    )
}

/// Waits until the hits stand still.
fn settled(widget: &Shadow<'_>) -> Result<()> {
    let mut last = Value::Null;
    for _ in 0..100 {
        sleep(Duration::from_millis(300));
        let now = widget.eval(&format!(
            "const hits = [...this.querySelectorAll('{HIT}')];
            return hits.length && !this.textContent.includes('正在查') && hits.map((one) => one.textContent)"
        ))?;
        if now.is_array() && now == last {
            return Ok(());
        }
        last = now;
    }
    anyhow::bail!("the hits never settled: {last}")
}

/// Searches and filters in the results; returns how often something was pressed.
fn use_search(page: &Page, widget: &Shadow<'_>) -> Result<usize> {
    let mut pressed = 1;
    widget.click(SEARCH)?;
    for query in QUERIES {
        if pressed > 1 {
            let standing =
                widget.eval(&format!("return [...this.querySelector('{SEARCH}').value].length"))?;
            for _ in 0..standing.as_u64().context("a length")? {
                page.press("Backspace")?;
                pressed += 1;
                sleep(TYPING);
            }
        }
        for character in query.chars() {
            page.type_char(character)?;
            pressed += 1;
            sleep(TYPING);
        }
        settled(widget)?;
    }
    widget.click(UNFOLD_FILTERS)?;
    pressed += 1;
    widget.wait_for(&format!("this.querySelectorAll('{FILTER}').length >= {FILTERS}"), LIMIT)?;
    for at in 0..FILTERS {
        widget.eval(&format!("this.querySelectorAll('{FILTER}')[{at}].focus()"))?;
        for key in ["ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"] {
            page.press(key)?;
            pressed += 1;
            settled(widget)?;
        }
    }
    Ok(pressed)
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
fn first_visits(site: &Site, count_bytes: bool) -> Result<(Vec<f64>, Vec<f64>)> {
    let server = Server::start(site.path())?;
    let mut all = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let browser = Browser::launch(Kind::Current)?;
        let page = browser.new_page()?;
        let painted = visit(site, &server, &page)?;
        eprintln!("    first card after {painted:.0} ms");
        all.0.push(painted);
        if count_bytes {
            all.1.push(arrived(&server, &page)?);
        }
    }
    Ok(all)
}

/// Visits with a search, as times of interactions and longest tasks.
fn long_visits(site: &Site) -> Result<(Vec<f64>, Vec<f64>)> {
    let server = Server::start(site.path())?;
    let mut all = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let browser = Browser::launch(Kind::Current)?;
        let page = browser.new_page()?;
        visit(site, &server, &page)?;
        // The rest goes on arriving, and is no part of what follows.
        quiet(&page)?;
        let widget = page.shadow()?;
        let pressed = use_search(&page, &widget)?;
        // Entries of the last interaction are handed over after its frame.
        sleep(Duration::from_secs(1));
        let inp = p95(&page.eval("bench.events")?, pressed)?;
        let tasks: Vec<f64> = serde_json::from_value(page.eval("bench.long")?)?;
        let long = tasks.into_iter().fold(0.0, f64::max);
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
        let page = browser.new_page()?;
        page.slow_network(LATENCY, BITS_PER_S)?;
        page.slow_processor(SLOWER)?;
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
    let (painted, bytes) = first_visits(&Site::new(1_000)?, true)?;
    say("page.first_verdict_ms.1k", painted, "ms")?;
    say("size.first_verdicts_1k", bytes, "B")?;
    let site = Site::new(10_000)?;
    let (painted, _) = first_visits(&site, false)?;
    say("page.first_verdict_ms.10k", painted, "ms")?;
    let (inp, long) = long_visits(&site)?;
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
