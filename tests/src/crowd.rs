//! First visits to a page with many measures, as slow phones make them: the published measures again and again, answers
//! that are there from the start, and the times that the browser takes.

use std::path::PathBuf;
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
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::{Page, Shadow};
use crate::copies::write_measures;
use crate::publisher::write_page;
use crate::server::Server;
use crate::{NOON, today};

/// Far more than anybody waits: a figure that is bad is a figure all the same.
const LIMIT: Duration = Duration::from_secs(600);
/// Between two characters that somebody types quickly.
const TYPING: Duration = Duration::from_millis(120);

/// What is looked for, one character after the other.
const QUERIES: [&str; 3] = ["设备更新", "专精特新", "研发费用 补助"];
/// Filters, by their place among those that are shown, whose next choices are then gone through.
const FILTERS: usize = 3;

/// How things are found on the page. Everything that benches know of the widget's markup is here.
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
#[derive(Debug)]
pub struct Crowd {
    folder: TempDir,
    answers: Vec<u8>,
}

impl Crowd {
    /// Publishes so many measures.
    ///
    /// # Errors
    /// When they cannot be published.
    pub fn new(measures: usize) -> Result<Self> {
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

    /// The folder that is served.
    pub fn path(&self) -> PathBuf {
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

/// Opens the site as a first visitor; the time in milliseconds from the start of the navigation until the first card with
/// its verdict was painted.
///
/// # Errors
/// When it never is.
pub fn first_visit(crowd: &Crowd, server: &Server, page: &Page) -> Result<f64> {
    let script =
        WATCH.replace("SHOW_RESULTS", SHOW_RESULTS).replace("CARD", CARD).replace("DECIDED", DECIDED);
    page.before_load(&script.replace("ANSWERS", &format!("{:?}", crowd.answers)))?;
    page.goto(&server.url("/"))?;
    page.wait_for("bench.first !== null", LIMIT)?;
    let first = patient(|| page.eval("bench.first"))?;
    ensure!(first["decided"] == true, "the answers did not arrive");
    first["painted"].as_f64().context("a time")
}

/// Bytes over the wire of all files that had arrived by then.
///
/// # Errors
/// When the browser does not tell.
pub fn arrived(server: &Server, page: &Page) -> Result<u64> {
    // The page hears of files when it has time for it.
    quiet(page)?;
    let files = page.eval(
        "performance.getEntriesByType('resource').filter((file) => file.responseEnd <= bench.first.painted)
            .map((file) => file.name)",
    )?;
    let files: Vec<String> = serde_json::from_value(files)?;
    let counts = |url: &String| *url == server.url("/") || files.contains(url);
    let requests = page.requests()?;
    Ok(requests.iter().filter(|request| counts(&request.url)).map(|r| r.bytes).sum())
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
///
/// # Errors
/// When something always does.
pub fn quiet(page: &Page) -> Result<()> {
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

/// The longest task of the page so far, in milliseconds; 0 when none took 50.
///
/// # Errors
/// When the browser does not tell.
pub fn longest_task(page: &Page) -> Result<f64> {
    let tasks: Vec<f64> = serde_json::from_value(page.eval("bench.long")?)?;
    Ok(tasks.into_iter().fold(0.0, f64::max))
}

/// Searches and filters in the results; returns how often something was pressed.
///
/// # Errors
/// When the page does not follow.
pub fn use_search(page: &Page, widget: &Shadow<'_>) -> Result<usize> {
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
