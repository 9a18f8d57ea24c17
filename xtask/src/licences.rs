//! What the dependencies may be licensed under, and whether one is known to be dangerous.

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
