//! Looks for inputs that break the engine, with libFuzzer and the toolchain that builds everything else.
//!
//! `cargo fuzz` would need a nightly toolchain, for sanitizers that a crate without unsafe code gains little from.
//! The coverage that guides libFuzzer comes from LLVM and is there in stable Rust.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;

use crate::step::{Steps, cargo, follow, quiet, require, say, stdout_of};
use crate::{files, in_root};

/// One edge of the control flow is one counter; comparisons tell what they compared, so that values can be guessed.
const INSTRUMENTATION: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];

/// How long a target runs unless told otherwise.
pub(crate) const SECONDS: u32 = 60;

/// Longest input that is tried, in bytes: a rule of 2,000 characters would be 6,000, but is slow to vary.
const MAX_LENGTH: u32 = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Text of rules and amounts
    Rule,
    /// Parts of a bundle
    Table,
    /// Saved profiles
    Profile,
    /// Visits to the search index
    Search,
}

impl Target {
    const ALL: [Self; 4] = [Self::Rule, Self::Table, Self::Profile, Self::Search];

    /// The name of its program and of its corpus.
    fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Table => "table",
            Self::Profile => "profile",
            Self::Search => "search",
        }
    }
}

/// Builds the targets and runs one or all of them, each so many seconds. What was found new stays below
/// `target/fuzz` and is the start of the next run.
pub(crate) fn fuzz(seconds: u32, only: Option<Target>, steps: &mut Steps) -> Result<()> {
    let programs = steps.run("build fuzz targets", build)?;
    let mut findings = Vec::new();
    for target in Target::ALL.into_iter().filter(|target| only.is_none_or(|only| only == *target)) {
        let name = target.name();
        let run = steps.run(&format!("fuzz {name}"), || run(&programs.join(name), name, seconds))?;
        match &run.finding {
            Some(finding) => findings.push(format!("{name}: {finding}")),
            None => report(name, &run)?,
        }
    }
    ensure!(
        findings.is_empty(),
        "inputs that must not break anything do; keep each in fuzz/corpus, where `cargo test` meets it again:\n{}",
        findings.join("\n")
    );
    Ok(())
}

/// Builds all targets and returns the folder of the programs.
fn build() -> Result<PathBuf> {
    // libFuzzer is C++ and comes as source.
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    require(&compiler, "libFuzzer needs a C++ compiler (Debian: g++), or CXX with the path of one")?;
    let host = host()?;
    let folder = in_root("target/fuzz/build");
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--manifest-path"]).arg(in_root("fuzz/Cargo.toml"));
    // With a target named, build scripts are built without the flags.
    build.args(["--target", &host, "--target-dir"]).arg(&folder);
    build.env("RUSTFLAGS", INSTRUMENTATION.join(" ")).env_remove("CARGO_ENCODED_RUSTFLAGS");
    quiet(build)?;
    Ok(folder.join(host).join("release"))
}

/// The triple of this machine.
fn host() -> Result<String> {
    let mut version = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    version.arg("-vV");
    let version = stdout_of(version)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

/// What one run came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Run {
    /// Inputs tried.
    tried: u64,
    per_second: u64,
    /// Edges of the control flow that were reached.
    edges: u64,
    /// Inputs that each reach something which no other one does.
    inputs: u64,
    /// The path of an input that broke something, and how.
    finding: Option<String>,
}

fn run(program: &Path, name: &str, seconds: u32) -> Result<Run> {
    let folder = in_root("target/fuzz");
    let (corpus, findings) = (folder.join("corpus").join(name), folder.join("findings").join(name));
    // The folder in the repository is only read from: what belongs there, a person decides.
    files::copy_folder(&in_root("fuzz/corpus").join(name), &corpus)?;
    fs::create_dir_all(&findings)?;
    let mut fuzz = Command::new(program);
    fuzz.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_LENGTH}"))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .env("RUST_BACKTRACE", "0");
    let words = in_root("fuzz/words").join(format!("{name}.txt"));
    if words.exists() {
        let escaped = folder.join(format!("{name}.words"));
        files::write(&escaped, dictionary(&String::from_utf8(files::read(&words)?)?).as_bytes())?;
        fuzz.arg(format!("-dict={}", escaped.display()));
    }
    fuzz.arg(&corpus);
    let (status, output) = follow(fuzz, |_| ())?;
    let run = Run::read(&output);
    ensure!(
        status.success() || run.finding.is_some(),
        "{} ended with {status}:\n{output}",
        program.display()
    );
    Ok(run)
}

impl Run {
    /// Reads the output of libFuzzer.
    fn read(output: &str) -> Self {
        // Each figure stands behind its name; the last one counts.
        let words: Vec<&str> = output.split_whitespace().collect();
        let figure = |name: &str| {
            let at = words.iter().rposition(|word| *word == name)?;
            words.get(at + 1)?.split('/').next()?.parse().ok()
        };
        let told = |line: &&str| line.contains(" panicked at ") || line.contains("ERROR: libFuzzer: ");
        let path = output.lines().find_map(|line| line.split_once("Test unit written to "));
        let finding = path.map(|(_, path)| {
            let message = output.lines().skip_while(|line| !told(line));
            let message: Vec<&str> =
                message.take_while(|line| !line.to_lowercase().starts_with("note:")).collect();
            format!("{path}\n{}", message.join("\n"))
        });
        Self {
            tried: figure("stat::number_of_executed_units:").unwrap_or(0),
            per_second: figure("stat::average_exec_per_sec:").unwrap_or(0),
            edges: figure("cov:").unwrap_or(0),
            inputs: figure("corp:").unwrap_or(0),
            finding,
        }
    }
}

/// Words to put into inputs, one per line, in the form of libFuzzer, which reads ASCII only.
fn dictionary(words: &str) -> String {
    let mut dictionary = String::new();
    for word in words.lines().filter(|word| !word.is_empty()) {
        dictionary.push('"');
        for byte in word.bytes() {
            // Writing to a string cannot fail.
            let _ = write!(dictionary, "\\x{byte:02X}");
        }
        dictionary.push_str("\"\n");
    }
    dictionary
}

/// Figures on standard output, one JSON line each, and a line to read.
fn report(name: &str, run: &Run) -> Result<()> {
    let mut out = io::stdout().lock();
    for (figure, value, unit) in
        [("per_second", run.per_second, "1/s"), ("edges", run.edges, "1"), ("inputs", run.inputs, "1")]
    {
        writeln!(out, r#"{{"name":"fuzz.{name}.{figure}","value":{value},"unit":"{unit}"}}"#)?;
    }
    let Run { tried, per_second, edges, inputs, .. } = run;
    say(&format!("  {name}: {tried} inputs tried, {per_second} per second, {edges} edges, {inputs} kept"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_findings_are_read() {
        let output = "INFO: Running with entropic power schedule (0xFF, 100).\n\
            #159100\tNEW    cov: 8141 ft: 20218 corp: 1904/244Kb lim: 2356 exec/s: 79551 rss: 36Mb\n\
            #159103\tREDUCE cov: 8142 ft: 20219 corp: 1905/244Kb lim: 2356 exec/s: 79551 rss: 36Mb\n\
            thread '<unnamed>' (18244) panicked at engine/src/num.rs:12:5:\n\
            assertion failed:\n  left: 1\n\
            note: run with `RUST_BACKTRACE=1`\n\
            ==18244== ERROR: libFuzzer: deadly signal\n\
            artifact_prefix='/f/'; Test unit written to /f/crash-01\n\
            stat::number_of_executed_units: 159210\n\
            stat::average_exec_per_sec:     19901\n";
        let finding = "/f/crash-01\nthread '<unnamed>' (18244) panicked at engine/src/num.rs:12:5:\n\
            assertion failed:\n  left: 1";
        let expected = Run {
            tried: 159_210,
            per_second: 19_901,
            edges: 8142,
            inputs: 1905,
            finding: Some(finding.to_owned()),
        };
        assert_eq!(Run::read(output), expected);
    }

    #[test]
    fn words_are_escaped() {
        assert_eq!(dictionary("且\na\"\n\n"), "\"\\xE4\\xB8\\x94\"\n\"\\x61\\x22\"\n");
    }
}
