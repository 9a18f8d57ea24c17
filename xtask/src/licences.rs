//! What the dependencies may be licensed under, whether one is known to be dangerous, and the notices that travel with the
//! widget.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::in_root;
use crate::step::{cargo, follow, say, stdout_of};

/// The list of licences is in deny.toml, where `cargo deny` looks for it as well.
const DENY: &str = include_str!("../../deny.toml");

/// libFuzzer's. Permissive, and nothing that is published holds any of it.
const FUZZ_ONLY: &str = "NCSA";

/// Fails with the list of dependencies that no allowed licence covers.
pub(crate) fn check() -> Result<()> {
    let mut allowed = allowed(DENY)?;
    check_workspace("Cargo.toml", &allowed)?;
    allowed.push(FUZZ_ONLY.to_owned());
    check_workspace("fuzz/Cargo.toml", &allowed)
}

fn check_workspace(manifest: &str, allowed: &[String]) -> Result<()> {
    let mut metadata = cargo();
    metadata.args(["metadata", "--format-version", "1", "--locked", "--manifest-path", manifest]);
    metadata.current_dir(in_root(""));
    let metadata: Value = serde_json::from_str(&stdout_of(metadata)?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let offenders: Vec<String> = packages.iter().filter_map(|package| offence(package, allowed)).collect();
    ensure!(offenders.is_empty(), "licences outside the list in deny.toml:\n{}", offenders.join("\n"));
    Ok(())
}

/// The modules that visitors get.
const PUBLISHED: [&str; 3] = ["huiqi-widget", "huiqi-search-module", "huiqi-trust-module"];

/// Names, licences and licence texts of everything that is compiled into the widget: most licences want to be handed on.
/// The same for the same Cargo.lock.
pub(crate) fn notices() -> Result<String> {
    let mut metadata = cargo();
    metadata.args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        "wasm32-unknown-unknown",
    ]);
    metadata.current_dir(in_root(""));
    let metadata: Value = serde_json::from_str(&stdout_of(metadata)?)?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> = list(&metadata["packages"])
        .into_iter()
        .filter_map(|package| Some((package["id"].as_str()?.to_owned(), package)))
        .collect();
    let nodes = list(&metadata["resolve"]["nodes"]);
    let node = |id: &str| nodes.iter().find(|node| node["id"] == id);
    // What runs in the compiler is not handed on.
    let is_macro = |package: &Value| {
        list(&package["targets"]).iter().any(|target| list(&target["kind"]).iter().any(|k| k == "proc-macro"))
    };
    let named = packages.iter().filter(|(_, p)| PUBLISHED.iter().any(|name| p["name"] == *name));
    let mut open: Vec<String> = named.map(|(id, _)| id.clone()).collect();
    ensure!(open.len() == PUBLISHED.len(), "cargo metadata does not list {PUBLISHED:?}");
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        let Some(package) = packages.get(&id).filter(|package| !is_macro(package)) else { continue };
        if !found.insert(id.clone()) {
            continue;
        }
        let node = node(&id).with_context(|| format!("{} is not resolved", package["name"]))?;
        for dependency in list(&node["deps"]) {
            if list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()) {
                open.extend(dependency["pkg"].as_str().map(str::to_owned));
            }
        }
    }
    let mut names = Vec::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in found.iter().filter_map(|id| packages.get(id)).filter(|p| !p["source"].is_null()) {
        let word = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let name = format!("{} {}", word("name"), word("version"));
        let folder = word("manifest_path");
        let folder = Path::new(&folder).parent().context("a package in a folder")?;
        for text in licence_texts(folder)? {
            texts.entry(text).or_default().push(name.clone());
        }
        names.push(format!("{name}: {} {}", word("license"), word("repository")).trim().to_owned());
    }
    names.push("Rust standard library: MIT OR Apache-2.0 https://github.com/rust-lang/rust".to_owned());
    names.sort();
    let mut out = format!("What is compiled into huiqi-match, and its licences\n\n{}\n", names.join("\n"));
    let mut texts: Vec<(Vec<String>, String)> = texts.into_iter().map(|(text, of)| (of, text)).collect();
    texts.sort();
    for (of, text) in texts {
        out.push_str(&format!("\n{}\n{}\n\n{text}\n", "-".repeat(72), of.join(", ")));
    }
    Ok(out)
}

/// Texts of the files of a package that are called after licences, without differences in spaces at the ends of lines.
fn licence_texts(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_uppercase();
        if path.is_file()
            && ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|word| name.starts_with(word))
        {
            files.push(path);
        }
    }
    files.sort();
    let text = |path: &std::path::PathBuf| -> Result<String> {
        let text = String::from_utf8_lossy(&std::fs::read(path)?).replace('\t', " ");
        Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned())
    };
    files.iter().map(text).collect()
}

/// Asks an auditor about known vulnerabilities, if one is installed and can fetch its database. An attempt
/// that fails for want of either is told and is no error: it says nothing about our dependencies.
pub(crate) fn advisories() -> Result<()> {
    for arguments in [&["deny", "check", "advisories"][..], &["audit"]] {
        let mut probe = Command::new(format!("cargo-{}", arguments[0]));
        if probe.arg("--version").output().is_err() {
            continue;
        }
        let mut command = cargo();
        command.args(arguments).current_dir(in_root(""));
        let (status, output) = follow(command, |_| ())?;
        if status.success() {
            return Ok(());
        }
        if let Some(reason) = output.lines().find(|line| database_missing(line)) {
            say(&format!("advisories: NOT checked ({})", reason.trim()));
            return Ok(());
        }
        bail!("cargo {} ended with {status}:\n{output}", arguments.join(" "));
    }
    say("advisories: NOT checked (neither cargo-deny nor cargo-audit is installed)");
    Ok(())
}

fn database_missing(line: &str) -> bool {
    let line = line.to_lowercase();
    let failed = ["fetch", "clone", "load", "open"].iter().any(|verb| line.contains(verb));
    failed && line.contains("database") && (line.contains("error") || line.contains("fail"))
}

/// What is wrong with one package, if anything is.
fn offence(package: &Value, allowed: &[String]) -> Option<String> {
    // Our own packages have no source.
    package["source"].as_str()?;
    let name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
    let Some(licence) = package["license"].as_str() else { return Some(format!("{name}: states none")) };
    match Expression::parse_mode(licence, ParseMode::LAX) {
        Ok(expression) if expression.evaluate(|one| allowed.contains(&one.to_string())) => None,
        Ok(_) => Some(format!("{name}: {licence}")),
        Err(error) => Some(format!("{name}: {licence} is no licence expression: {}", error.reason)),
    }
}

/// The strings of `allow = […]`. Not all of TOML, but all of what that list uses.
fn allowed(deny: &str) -> Result<Vec<String>> {
    let list = deny.split_once("\nallow = [").and_then(|(_, rest)| rest.split_once(']'));
    let (list, _) = list.context("deny.toml has no list of allowed licences")?;
    Ok(list.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn expressions() -> Result<()> {
        let allowed = allowed(DENY)?;
        assert!(allowed.contains(&"Apache-2.0 WITH LLVM-exception".to_owned()), "{allowed:?}");
        assert!(!allowed.iter().any(|name| name.contains("GPL")), "{allowed:?}");
        for (licence, good) in [
            (json!("MIT/Apache-2.0"), true),
            (json!("GPL-2.0-or-later OR MIT"), true),
            (json!("(MIT OR Apache-2.0) AND Unicode-3.0"), true),
            (json!("Apache-2.0 WITH LLVM-exception"), true),
            (json!("GPL-2.0-or-later"), false),
            (json!("MIT AND LGPL-2.1"), false),
            (json!("something"), false),
            (Value::Null, false),
        ] {
            let package = json!({"name": "a", "version": "1.0.0", "source": "registry", "license": licence});
            assert_eq!(offence(&package, &allowed).is_none(), good, "{licence}");
        }
        Ok(())
    }
}
