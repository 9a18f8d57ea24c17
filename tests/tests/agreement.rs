//! What must agree: the published bytes with the sources, printed rules with read ones, the crates with
//! the layout that ARCHITECTURE.md promises.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use huiqi::check::{Project, load};
use huiqi::fields::Sink;
use huiqi::parts::read as part;
use huiqi_engine::bundle::{
    Catalog, PART_VERSION, RegionRoot, Table, decode_catalogue, decode_details, decode_full_text,
};
use huiqi_engine::eval::evaluate;
use huiqi_engine::measure::RowKind;
use huiqi_engine::rule::{Names, compile_amount, compile_rule, print_expr};
use huiqi_engine::search::Root;
use huiqi_tests::{command_in, demo_dir, files_below, today, workspace_root};
use serde_json::Value;

fn project() -> Result<Project> {
    let mut sink = Sink::default();
    load(&workspace_root().join("policies"), today(), &mut sink, |_, _| {})
}

#[test]
fn the_published_table_decides_like_the_sources() -> Result<()> {
    let project = project()?;
    let folder = demo_dir()?.join("data");
    let catalog = Catalog::parse(&std::fs::read(folder.join("catalog.txt"))?)?;
    ensure!(catalog.published == today(), "the demo site was not built by `cargo xtask test`");
    let (_, table, _) = catalog.areas.first().context("an area")?;
    let table = Table::decode(&part(&folder, table)?)?;
    let mut catalogue = decode_catalogue(&part(&folder, &catalog.catalogue)?)?;
    // Names of regions and industries never decide anything.
    catalogue.regions = project.tables.catalogue.regions.clone();
    ensure!(table.measures.len() == project.measure_count(), "the demo site is older than the policies");
    let mut compared = 0;
    for policy in &project.policies {
        for example in &policy.examples {
            for source in project.policies.iter().flat_map(|p| &p.measures) {
                let published = table.measures.iter().find(|m| m.id == source.measure.id);
                let published =
                    published.with_context(|| format!("{} is not published", source.measure.id))?;
                let a = evaluate(&source.measure, &project.tables.catalogue, &example.firm, example.today)?;
                let b = evaluate(published, &catalogue, &example.firm, example.today)?;
                ensure!(a == b, "{} for {}: {a:?} and {b:?}", source.measure.id, example.name);
                compared += 1;
            }
        }
    }
    ensure!(compared > 1000, "only {compared} decisions were compared");
    Ok(())
}

/// 示例省 is a choice where sample documents are published, and nowhere else.
#[test]
fn the_sample_province_stays_with_the_samples() -> Result<()> {
    let has_samples = |folder: &Path| -> Result<bool> {
        let catalog = Catalog::parse(&std::fs::read(folder.join("catalog.txt"))?)?;
        let root = RegionRoot::decode(&part(folder, &catalog.regions)?)?;
        Ok(root.names.iter().any(|(_, name)| name == "示例省") && root.counties.len() == 32)
    };
    ensure!(has_samples(&demo_dir()?.join("data"))?, "the demo has sample documents");
    let dir = tempfile::tempdir()?;
    let policies = dir.path().join("policies/130000");
    std::fs::create_dir_all(&policies)?;
    let plain = workspace_root().join("tests/fixtures/codes/130000/demo-2.yaml");
    std::fs::copy(plain, policies.join("demo-2.yaml"))?;
    let output = command_in(dir.path(), &["build", "policies", "--as-of", "2026-11-22"])?;
    ensure!(output.code == 0, "{}", output.talk);
    ensure!(!has_samples(&dir.path().join("huiqi-data"))?, "a bundle without samples offers 示例省");
    Ok(())
}

/// Where a full text is published, every clause that a measure names can be quoted from it.
#[test]
fn clauses_can_be_quoted_from_the_published_texts() -> Result<()> {
    let project = project()?;
    let folder = demo_dir()?.join("data");
    let catalog = Catalog::parse(&std::fs::read(folder.join("catalog.txt"))?)?;
    let (_, table, _) = catalog.areas.first().context("an area")?;
    let table = Table::decode(&part(&folder, table)?)?;
    let mut details = Vec::new();
    for name in &table.details {
        details.extend(decode_details(&part(&folder, name)?)?);
    }
    let mut quoted = 0;
    for (policy, file) in project.policies.iter().filter_map(|p| p.text.as_ref().map(|text| (p, text))) {
        for source in &policy.measures {
            let at = table.measures.iter().position(|m| m.id == source.measure.id).context("published")?;
            let full = decode_full_text(&part(&folder, &details[at].text)?)?;
            ensure!(full == file.full, "{} differs", file.path.display());
            for condition in source.measure.conditions.iter().filter(|c| c.kind != RowKind::Area) {
                let basis = source.card.text(condition.basis);
                let quotes = full.quotes(basis);
                ensure!(!quotes.is_empty() && quotes.iter().all(|q| !q.is_empty()), "{basis}: {quotes:?}");
                quoted += quotes.len();
            }
        }
    }
    ensure!(quoted >= 30, "only {quoted} clauses were quoted");
    Ok(())
}

/// Every rule and amount of every policy: printing and reading again gives the same.
#[test]
fn printed_rules_read_back() -> Result<()> {
    let project = project()?;
    let (catalogue, aliases) = (&project.tables.catalogue, &project.tables.aliases);
    let mut seen = 0;
    for measure in project.policies.iter().flat_map(|p| &p.measures) {
        let benefit = &measure.measure.benefit;
        let conditions = measure.measure.conditions.iter();
        let rules = conditions.flat_map(|c| std::iter::once(&c.rule).chain(&c.guard)).map(|e| (e, false));
        let amounts = benefit.amount.iter().chain(benefit.caps.iter().map(|(_, e)| e)).map(|e| (e, true));
        for (expr, amount) in rules.chain(amounts) {
            let text = print_expr(expr, catalogue, &measure.card.texts);
            let mut texts = measure.card.texts.clone();
            let compile = if amount { compile_amount } else { compile_rule };
            let names = Names { catalogue, aliases, subject: measure.measure.subject };
            let again = compile(&text, names, &mut texts).into_result();
            let again = again.map_err(|e| anyhow::anyhow!("{text}: {e:?}"))?;
            ensure!(again == *expr, "{}: {text}", measure.measure.id);
            ensure!(print_expr(&again, catalogue, &texts) == text, "printing {text} again differs");
            seen += 1;
        }
    }
    ensure!(seen > 300, "only {seen} rules were printed");
    Ok(())
}

/// `engine ← indexer ← tests, xtask`; `engine ← widget`; the engine needs no clock, disk, network or browser.
#[test]
fn crates_depend_only_downwards() -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(workspace_root())
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("packages")?;
    let names = |package: &str, kind: Value| -> Result<Vec<String>> {
        let package = packages.iter().find(|p| p["name"] == package).context("the package exists")?;
        let all = package["dependencies"].as_array().context("dependencies")?;
        let of_kind = all.iter().filter(|d| d["kind"] == kind);
        Ok(of_kind.filter_map(|d| d["name"].as_str()).map(str::to_owned).collect())
    };
    ensure!(
        names("huiqi-engine", Value::Null)? == ["litemap", "serde_json", "sha2"],
        "the engine has new dependencies"
    );
    for (package, allowed) in [
        ("huiqi", &["huiqi-engine"][..]),
        ("huiqi-widget", &["huiqi-engine"]),
        ("huiqi-engine-tests", &["huiqi-engine"]),
        ("huiqi-search-module", &["huiqi-engine"]),
        ("huiqi-trust-module", &["huiqi-engine"]),
        ("huiqi-tests", &["huiqi", "huiqi-engine", "huiqi-engine-tests"]),
        ("huiqi-unpack", &[]),
        ("xtask", &["huiqi", "huiqi-engine", "huiqi-unpack"]),
    ] {
        let own = names(package, Value::Null)?;
        let members = packages.iter().filter_map(|p| p["name"].as_str());
        let edges: Vec<&str> = members.filter(|m| own.iter().any(|d| d == m)).collect();
        ensure!(edges.iter().all(|e| allowed.contains(e)), "{package} depends on {edges:?}");
    }
    for entry in files_below(&workspace_root().join("engine/src"))? {
        let text = std::fs::read_to_string(&entry)?;
        for forbidden in [
            "std::fs",
            "std::net",
            "std::time",
            "std::env",
            "std::process",
            "std::thread",
            "web_sys",
            "js_sys",
        ] {
            ensure!(!text.contains(forbidden), "{} uses {forbidden}", entry.display());
        }
    }
    Ok(())
}

/// A bundle of an older format is refused with both versions named; its entry file still reads.
#[test]
fn older_bundles_say_so() -> Result<()> {
    for version in 1..PART_VERSION {
        let folder = workspace_root().join(format!("tests/fixtures/bundle-v{version}"));
        let catalog = Catalog::parse(&std::fs::read(folder.join("catalog.txt"))?)?;
        let (_, table, search) = catalog.areas.first().context("an area")?;
        let messages = [
            Table::decode(&part(&folder, table)?).map(drop),
            decode_catalogue(&part(&folder, &catalog.catalogue)?).map(drop),
            Root::decode(&part(&folder, search)?).map(drop),
        ];
        for message in messages {
            let message = message.err().context("an old part was read as a new one")?.to_string();
            let named = [version, PART_VERSION].map(|v| format!("第 {v} 版"));
            ensure!(named.iter().all(|v| message.contains(v)), "{message}");
        }
    }
    Ok(())
}

/// Whatever the engine is compiled with, directly or through others: nothing that speaks to a disk, a clock, a network
/// or a browser.
#[test]
fn the_engine_needs_little() -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--package", "huiqi-engine", "--edges", "normal", "--prefix", "none", "--offline"])
        .args(["--target", "wasm32-unknown-unknown", "--format", "{p}"])
        .current_dir(workspace_root())
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout);
    let mut names: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    let allowed = [
        "block-buffer",
        "cfg-if",
        "const-oid",
        "cpubits",
        "cpufeatures",
        "crypto-common",
        "digest",
        "huiqi-engine",
        "hybrid-array",
        "itoa",
        "litemap",
        "memchr",
        "serde",
        "serde_core",
        "serde_json",
        "sha2",
        "typenum",
        "zmij",
    ];
    let others: Vec<&&str> = names.iter().filter(|name| !allowed.contains(name)).collect();
    ensure!(others.is_empty(), "the engine is compiled with {others:?}");
    Ok(())
}
