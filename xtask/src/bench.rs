//! Figures. Each is one JSON line on standard output, so that runs can be compared by a program.

use std::io::{self, Write as _};
use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::step::{Steps, cargo, follow, quiet, say};
use crate::{demo, dist, files, in_root, tools, wasm};

/// What can be measured.
const NAMES: [&str; 3] = ["check", "engine", "size"];

pub(crate) fn bench(name: &str, steps: &mut Steps) -> Result<()> {
    match name {
        "check" => check(steps),
        "engine" => engine(steps),
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
    let app = sizes.iter().map(|size| size.bytes).sum();
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
