//! Everything that must hold before a change is accepted, the cheapest first.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use serde_json::Value;

use crate::step::{Steps, cargo, follow, quiet, say, stdout_of};
use crate::{demo, dist, fuzz, in_root, licences, tools, wasm};

/// The day on which every test takes place: windows that come back every year are settled when a bundle is built.
const TEST_DAY: &str = "2026-11-22";
/// That day, and its noon in Beijing: browsers refuse data that is younger than their clock.
pub(crate) const TEST_TIME: (&str, &str) = (TEST_DAY, "1795320000");

/// What every visit takes, as it lies on the server: the design's limit.
const APP_LIMIT: usize = 190_000;
/// Measure, plan, calendar and what else is behind the first pages.
const PAGES_LIMIT: usize = 150_000;
const TRUST_LIMIT: usize = 24_000;
const SEARCH_LIMIT: usize = 45_000;
const LOADER_LIMIT: usize = 4_000;

/// How often property tests try in a soak.
const SOAK_CASES: &str = "20000";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scope {
    /// Without Chromium 80, Firefox and WebKit, and without the API docs
    Quick,
    #[default]
    Full,
    /// All, then the property tests with many more cases, then the fuzz targets
    Soak,
}

/// Where the browsers are.
#[derive(Debug)]
struct Browsers {
    current: PathBuf,
    /// The others by the variables that name them to the tests.
    others: Vec<(&'static str, PathBuf)>,
    /// Rules for accessible pages, run in them.
    axe: PathBuf,
    /// What the examples for npm are built with.
    npm: PathBuf,
    /// The golden vectors for them.
    engine: PathBuf,
}

/// What `cargo test` counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    /// Ignored, or left out by name.
    skipped: u64,
}

/// Runs all checks. The times stand before the last line, which is for programs: the tests by outcome.
pub(crate) fn test(scope: Scope) -> ExitCode {
    let mut steps = Steps::default();
    let result = check(scope, &mut steps).and_then(|browsers| run_tests(scope, &browsers, &mut steps));
    say(&format!("\n{}", steps.table()));
    match result {
        Ok(counts) => {
            if scope == Scope::Quick {
                say(
                    "quick: without Chromium 80, Firefox, WebKit and the API docs; those tests count as skipped",
                );
            }
            if scope == Scope::Soak {
                say("soak: add a line to docs/soak.md");
            }
            let line =
                format!("{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped);
            // A closed stdout changes nothing about the outcome.
            let _ = writeln!(io::stdout(), "{line}");
            if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// All that is not `cargo test`, and the building of that.
fn check(scope: Scope, steps: &mut Steps) -> Result<Browsers> {
    steps.run("rustfmt", || {
        run(&["fmt", "--all", "--check", "--", "--color=never"])?;
        run(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check", "--", "--color=never"])
    })?;
    steps.run("licences", licences::check)?;
    steps.run("advisories", licences::advisories)?;
    steps.run("clippy", || run(&["clippy", "--workspace", "--all-targets", "--", "-Dwarnings"]))?;
    steps.run("toolchain", wasm::ensure_toolchain)?;
    steps.run("clippy for wasm", || {
        let target = "--target=wasm32-unknown-unknown";
        run(&["clippy", "--package", "huiqi-widget", target, "--", "-Dwarnings"])
    })?;
    if scope != Scope::Quick {
        steps.run("docs", || {
            let mut docs = cargo();
            docs.args(["doc", "--workspace", "--no-deps"]).current_dir(in_root(""));
            docs.env("RUSTDOCFLAGS", "-Dwarnings");
            quiet(docs).map(drop)
        })?;
    }
    demo::build(steps, Some(TEST_TIME))?;
    steps.run("size budget", size_budget)?;
    steps.run("policies", || {
        let mut check = demo::huiqi();
        check.args(["check", "policies", "--as-of", TEST_DAY]);
        quiet(check).map(drop)
    })?;
    let current = steps.run("find Chromium", tools::chromium)?;
    steps.run("find network tools", tools::network)?;
    steps.run("find nginx", tools::nginx)?;
    let axe = steps.run("find axe", tools::axe)?;
    let npm = steps.run("find npm packages", tools::node_modules)?;
    let mut others = Vec::new();
    if scope != Scope::Quick {
        others.push(("HUIQI_CHROMIUM80", steps.run("find Chromium 80", tools::chromium80)?));
        others.push(("HUIQI_FIREFOX", steps.run("find Firefox", tools::firefox)?));
        others.push(("HUIQI_WEBKIT", steps.run("find WebKit", tools::webkit)?));
        others.push(("HUIQI_XVFB", steps.run("find a screen for WebKit", tools::xvfb)?));
    }
    let engine = steps.run("compile engine for the browser", wasm::compile_engine_tests)?;
    steps.run("build tests", || run(&["test", "--workspace", "--no-run"]))?;
    Ok(Browsers { current, others, axe, npm, engine })
}

fn run_tests(scope: Scope, browsers: &Browsers, steps: &mut Steps) -> Result<Counts> {
    let mut counts = Counts::default();
    steps.run("tests", || {
        let mut tests = test_command(browsers);
        tests.arg("--workspace");
        if scope == Scope::Quick {
            tests.env("HUIQI_QUICK", "1").arg("--");
            for name in ["chromium80", "firefox", "webkit"] {
                tests.args(["--skip", name]);
            }
        }
        counts.add(tests)
    })?;
    if scope == Scope::Soak {
        let packages = packages_with_property_tests()?;
        steps.run("property tests at length", || {
            let mut tests = test_command(browsers);
            tests.env("PROPTEST_CASES", SOAK_CASES);
            for package in &packages {
                tests.args(["--package", package]);
            }
            counts.add(tests)
        })?;
        fuzz::fuzz(fuzz::SECONDS, None, steps)?;
    }
    Ok(counts)
}

fn test_command(browsers: &Browsers) -> Command {
    let mut command = cargo();
    command
        .args(["test", "--no-fail-fast"])
        .current_dir(in_root(""))
        .env("HUIQI_DEMO_DIR", in_root("target/demo"))
        .env("HUIQI_CHROMIUM", &browsers.current)
        .env("HUIQI_AXE", &browsers.axe)
        .env("HUIQI_NPM_DIR", &browsers.npm)
        .env("HUIQI_ENGINE_MODULE", &browsers.engine)
        // Errors that tests return say what they mean; the stack of the test runner below them does not.
        .env("RUST_LIB_BACKTRACE", "0");
    command.envs(browsers.others.iter().map(|(variable, path)| (variable, path)));
    command
}

impl Counts {
    /// Runs tests, shows their output, and adds what they counted.
    fn add(&mut self, tests: Command) -> Result<()> {
        let before = self.failed;
        let (status, _) = follow(tests, |line| {
            say(line);
            self.add_line(line);
        })?;
        if !status.success() && self.failed == before {
            // A test program that crashed counts nothing at all.
            say(&format!("cargo test ended with {status} without a failed test; counted as one failure"));
            self.failed += 1;
        }
        Ok(())
    }

    /// Adds a line like `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; …`.
    fn add_line(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for part in counts.1.split("; ") {
            let Some((number, what)) = part.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" | "filtered out" => self.skipped += number,
                _ => {}
            }
        }
    }
}

/// The members of the workspace that use proptest.
fn packages_with_property_tests() -> Result<Vec<String>> {
    let mut metadata = cargo();
    metadata.args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(in_root(""));
    let metadata: Value = serde_json::from_str(&stdout_of(metadata)?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let uses_proptest = |package: &&Value| {
        let dependencies = package["dependencies"].as_array();
        dependencies.is_some_and(|all| all.iter().any(|one| one["name"] == "proptest"))
    };
    let names = packages.iter().filter(uses_proptest).filter_map(|package| package["name"].as_str());
    let names: Vec<String> = names.map(str::to_owned).collect();
    ensure!(!names.is_empty(), "no package has property tests");
    Ok(names)
}

fn size_budget() -> Result<()> {
    let sizes = dist::sizes()?;
    let app = dist::first_visit(&sizes);
    ensure!(app <= APP_LIMIT, "the widget has {app} B, the budget is {APP_LIMIT} B");
    for (name, limit) in [
        ("loader.js", LOADER_LIMIT),
        (dist::PAGES, PAGES_LIMIT),
        (dist::SEARCH, SEARCH_LIMIT),
        (dist::TRUST, TRUST_LIMIT),
    ] {
        let bytes = sizes.iter().find(|size| size.name == name).map_or(0, |size| size.bytes);
        ensure!(bytes <= limit, "{name} has {bytes} B, the budget is {limit} B");
    }
    Ok(())
}

fn run(arguments: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.args(arguments).current_dir(in_root(""));
    quiet(command).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 9.1s",
        ] {
            counts.add_line(line);
        }
        assert_eq!(counts, Counts { passed: 4, failed: 2, skipped: 3 });
    }
}
