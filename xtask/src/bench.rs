//! Figures. Each is one JSON line on standard output, so that runs can be compared by a program.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use crate::step::{Steps, cargo, follow, quiet, require, say};
use crate::test::TEST_TIME;
use crate::{demo, dist, files, in_root, pack, tools, wasm};

/// What can be measured.
const NAMES: [&str; 5] = ["check", "engine", "page", "search", "size"];

pub(crate) fn bench(name: &str, corpora: &[String], steps: &mut Steps) -> Result<()> {
    match name {
        "check" => check(steps),
        "engine" => engine(steps),
        "page" => page(steps),
        "search" => search(corpora, steps),
        "size" => size(steps),
        _ => bail!("nothing to measure is called {name:?}; there is: {}", NAMES.join(", ")),
    }
}

/// The bytes of a first visit, policies apart. Every file counts as it lies on the server; brotli is printed
/// beside.
fn size(steps: &mut Steps) -> Result<()> {
    dist::dist(steps)?;
    let sizes = dist::sizes()?;
    let loader = sizes.iter().filter(|size| size.name == "loader.js").map(|size| size.bytes).sum();
    let app = dist::first_visit(&sizes);
    let app_br = steps.run("brotli", || {
        let mut total = 0;
        for name in dist::FILES.iter().filter(|name| name.ends_with(".js")) {
            total += brotli_size(&files::read(&dist::folder().join(name))?)?;
        }
        // What a server that compresses by itself could send instead of app.bin.
        Ok(total + brotli_size(&files::read(&wasm::bound_module())?)?)
    })?;
    report(&[("size.loader", loader), ("size.app", app), ("size.app_br", app_br)])
}

/// How long `huiqi check` takes for 10,000 files.
fn check(steps: &mut Steps) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--release", "--package", "huiqi-tests", "--bin", "bench_check"]);
    build.current_dir(in_root(""));
    steps.run("build bench", || quiet(build).map(drop))?;
    run_bench(Command::new(in_root("target/release/bench_check")))
}

/// Verdicts per second, natively and in Chromium. The figures come from a program of the tests, which drives the
/// browser.
fn engine(steps: &mut Steps) -> Result<()> {
    demo::build(steps, None)?;
    let module = steps.run("compile engine for the browser", wasm::compile_engine_tests)?;
    let chromium = steps.run("find Chromium", tools::chromium)?;
    let mut build = cargo();
    build.args(["build", "--release", "--package", "huiqi-tests", "--bin", "bench_engine"]);
    build.current_dir(in_root(""));
    steps.run("build bench", || quiet(build).map(drop))?;
    let mut bench = Command::new(in_root("target/release/bench_engine"));
    bench.env("HUIQI_DEMO_DIR", in_root("target/demo"));
    bench.env("HUIQI_CHROMIUM", chromium).env("HUIQI_ENGINE_MODULE", module);
    run_bench(bench)
}

/// What a visitor waits for on a slow phone: first verdict, typing, the bytes until then. Driven in Chromium by a program
/// of the tests.
fn page(steps: &mut Steps) -> Result<()> {
    // Its browsers live on the day of the tests, as the firm does that is new here.
    demo::build(steps, Some(TEST_TIME))?;
    let chromium = steps.run("find Chromium", tools::chromium)?;
    let mut build = cargo();
    build.args(["build", "--release", "--package", "huiqi-tests", "--bin", "bench_page"]);
    build.current_dir(in_root(""));
    steps.run("build bench", || quiet(build).map(drop))?;
    let mut bench = Command::new(in_root("target/release/bench_page"));
    bench.env("HUIQI_DEMO_DIR", in_root("target/demo")).env("HUIQI_CHROMIUM", chromium);
    run_bench(bench)
}

/// A corpus of the search bench.
struct Corpus {
    name: &'static str,
    /// Documents to make from the seeds; 0 for the real corpus with its questions.
    documents: usize,
    /// Engines beside ours and tantivy.
    engines: &'static [&'static str],
}

const CORPORA: [Corpus; 4] = [
    Corpus {
        name: "1k",
        documents: 1_000,
        engines: &["pagefind", "minisearch-bigram", "minisearch-icu", "orama", "flexsearch"],
    },
    Corpus { name: "10k", documents: 10_000, engines: &["pagefind", "minisearch-bigram"] },
    Corpus { name: "real", documents: 0, engines: &["pagefind", "minisearch-bigram"] },
    Corpus { name: "100k", documents: 100_000, engines: &[] },
];

/// Search beside its peers: synthetic corpora made from the seeds, and the real corpus with its questions, both of
/// `../shared`. Needs node and, for the first run, npm's registry.
fn search(only: &[String], steps: &mut Steps) -> Result<()> {
    if let Some(unknown) = only.iter().find(|name| !CORPORA.iter().any(|c| c.name == name.as_str())) {
        bail!("there is no corpus {unknown:?}; there is: {}", CORPORA.map(|c| c.name).join(", "));
    }
    let shared = in_root("../shared");
    ensure!(
        shared.join("seeds").is_dir(),
        "the corpora are made from {}/seeds, which is not here",
        shared.display()
    );
    require("node", "the peers run in it (Debian: nodejs)")?;
    let peers = in_root("target/peers");
    steps.run("peers", || {
        files::copy_folder(&in_root("bench/peers"), &peers)?;
        if !peers.join("node_modules").is_dir() {
            let mut npm = Command::new("npm");
            npm.args(["install", "--no-audit", "--no-fund"]).current_dir(&peers);
            quiet(npm)?;
        }
        let mut native = cargo();
        native.args(["build", "--release", "--bin", "native-ref"]).current_dir(peers.join("native"));
        quiet(native).map(drop)
    })?;
    let module = steps.run("compile the search engine for the browser", wasm::compile_search)?;
    let module = pack::gzip(&files::read(&module)?)?;
    let mut build = cargo();
    build.args(["build", "--release", "--package", "huiqi-tests", "--bin", "bench_search"]);
    build.current_dir(in_root(""));
    steps.run("build bench", || quiet(build).map(drop))?;
    let chromium = steps.run("find Chromium", tools::chromium)?;
    let program = || Command::new(in_root("target/release/bench_search"));
    let wanted = |name: &str| only.is_empty() || only.iter().any(|o| o == name);
    for Corpus { name, documents, engines } in CORPORA.into_iter().filter(|c| wanted(c.name)) {
        let data = peers.join("data").join(name);
        let work = in_root("target/bench").join(name);
        let known = |work: &Path, label: &str| {
            let mut known = program();
            known.arg("known").arg(&data).arg(work).arg(label);
            known
        };
        match documents {
            0 if !shared.join("corpus/documents.jsonl").is_file() => {
                say("SKIPPED: real questions, there is no ../shared/corpus");
                continue;
            }
            0 => {
                let mut real = program();
                real.arg("real").arg(&shared).arg(in_root("target/bench/ranking"));
                run_bench(real)?;
                steps.run("real corpus", || real_corpus(&shared, &data))?;
            }
            _ if !data.join("queries.jsonl").is_file() => {
                let mut generate = Command::new("node");
                generate.args(["generate.mjs", "--docs", &documents.to_string(), "--out"]).arg(&data);
                generate.arg("--seeds").arg(shared.join("seeds")).current_dir(&peers);
                steps.run(&format!("corpus of {name}"), || quiet(generate).map(drop))?;
            }
            _ => {}
        }
        if documents > 50_000 {
            // Nobody publishes so many in one area: what a visitor of one of them fetches, and the whole beside it.
            let mut areas = known(&in_root("target/bench/areas"), name);
            areas.arg("areas");
            run_bench(areas)?;
            run_bench(known(&work, &format!("{name}_whole")))?;
        } else {
            run_bench(known(&work, name))?;
        }
        if documents == 1_000 || documents == 10_000 {
            let mut republish = program();
            republish.arg("republish").arg(&data).arg(in_root("target/bench/republish")).arg(name);
            run_bench(republish)?;
        }
        files::write(&work.join("engine.wasm.gz"), &module)?;
        let mut run = Command::new("node");
        run.arg("run.mjs")
            .arg("--corpus")
            .arg(data.join("corpus.jsonl"))
            .arg("--queries")
            .arg(data.join("queries.jsonl"));
        run.arg("--huiqi").arg(&work);
        run.args(["--engines", &["huiqi"].iter().chain(engines).copied().collect::<Vec<_>>().join(",")]);
        run.arg("--chromium").arg(&chromium).current_dir(&peers);
        beside(run, name)?;
        let mut native = Command::new(peers.join("native/target/release/native-ref"));
        native.arg(data.join("corpus.jsonl")).arg(data.join("queries.jsonl")).arg(peers.join("native/work"));
        native.arg("2");
        beside(native, name)?;
    }
    Ok(())
}

/// The real documents and questions as the peers read them.
fn real_corpus(shared: &Path, data: &Path) -> Result<()> {
    let rows = |path: &str| -> Result<Vec<Value>> {
        let text = String::from_utf8(files::read(&shared.join(path))?)?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    };
    let lines = |rows: Vec<Value>| rows.iter().map(|row| format!("{row}\n")).collect::<String>();
    // Some have no title.
    let documents = rows("corpus/documents.jsonl")?.into_iter().map(|row| {
        let title = row["title"].as_str().unwrap_or_default();
        json!({"id": row["id"], "title": title, "body": row["text"], "date": row["date"]})
    });
    let questions = rows("bench/queries.dev.jsonl")?.into_iter().map(
        |row| json!({"qid": row["id"], "cls": "question", "q": row["query"], "doc": row["doc_id"], "df": 1}),
    );
    fs::create_dir_all(data)?;
    files::write(&data.join("corpus.jsonl"), lines(documents.collect()).as_bytes())?;
    files::write(&data.join("queries.jsonl"), lines(questions.collect()).as_bytes())
}

/// Runs the peers' harness, or tantivy, and prints the figures of every engine.
fn beside(run: Command, corpus: &str) -> Result<()> {
    let mut lines = Vec::new();
    let (status, _) = follow(run, |line| lines.push(line.to_owned()))?;
    ensure!(status.success(), "the peers' bench ended with {status}");
    for line in lines.iter().filter(|line| line.starts_with('{')) {
        let row: Value = serde_json::from_str(line)?;
        let engine = row["engine"].as_str().unwrap_or_default();
        ensure!(row["error"].is_null(), "{engine}: {}", row["error"]);
        let quality = |class: &str| row["quality"][class]["recall10"].clone();
        let figures = [
            ("shown_bytes", row["cold"]["shownBytes"].clone(), "B"),
            ("requests", row["cold"]["shownReq"].clone(), ""),
            ("docs_per_s", row["docsPerSec"].clone(), "docs/s"),
            ("build_mb", row["maxRssMiB"].clone(), "MB"),
            ("one_document_ms", row["oneDocUpdateMs"].clone(), "ms"),
            ("warm_ms.median", row["latency"]["all"]["warm"].clone(), "ms"),
            ("warm_ms.p99", row["latency"]["all"]["warmP99"].clone(), "ms"),
            ("native_ms.median", row["latencyMs"]["median"].clone(), "ms"),
            ("native_ms.p99", row["latencyMs"]["p99"].clone(), "ms"),
            ("computed_ms.median", row["computed"]["median"].clone(), "ms"),
            ("computed_ms.p99", row["computed"]["p99"].clone(), "ms"),
            ("blocked_ms.median", row["blocked"]["median"].clone(), "ms"),
            ("blocked_ms.p99", row["blocked"]["p99"].clone(), "ms"),
            ("blocked_ms.max", row["blocked"]["max"].clone(), "ms"),
            ("blocked_ms.idle_p99", row["blocked"]["idleP99"].clone(), "ms"),
            ("blocked_ms.idle_max", row["blocked"]["idleMax"].clone(), "ms"),
            ("longest_call_ms", row["blocked"]["call"].clone(), "ms"),
            ("phrase.r10", quality("phrase"), ""),
            ("chars.r10", quality("chars"), ""),
            ("keywords.r10", quality("keywords"), ""),
            ("question.r10", quality("question"), ""),
            ("question.mrr", row["quality"]["question"]["mrr10"].clone(), ""),
        ];
        // Not every engine has every figure.
        for (name, value, unit) in figures.into_iter().filter(|(_, value, _)| !value.is_null()) {
            let figure = json!({"name": format!("search.beside.{corpus}.{engine}.{name}"), "value": value, "unit": unit});
            writeln!(io::stdout(), "{figure}")?;
            say(&format!("  {figure}"));
        }
    }
    Ok(())
}

/// Runs a program that prints figures, one JSON line each.
fn run_bench(mut bench: Command) -> Result<()> {
    bench.current_dir(in_root(""));
    let (status, _) = follow(bench, |line| {
        if line.starts_with('{') {
            // A closed pipe changes nothing about the figures.
            let _ = writeln!(io::stdout(), "{line}");
        }
        say(&format!("  {line}"));
    })?;
    ensure!(status.success(), "the bench ended with {status}");
    Ok(())
}

fn report(figures: &[(&str, usize)]) -> Result<()> {
    let mut out = io::stdout().lock();
    for (name, value) in figures {
        // Names and units need no escaping, and the keys stay in the order in which one reads them.
        writeln!(out, r#"{{"name":"{name}","value":{value},"unit":"B"}}"#)?;
        say(&format!("  {name:<16} {value:>9} B"));
    }
    Ok(())
}

fn brotli_size(bytes: &[u8]) -> Result<usize> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed.len())
}
