//! Replays the corpora of `fuzz/`: every input that once reached something new, or once broke something.

mod fuzz_targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// More than this belongs into a run of the fuzzer, not into the repository.
const MOST_FILES: usize = 150;
const MOST_BYTES: usize = 300_000;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target)
}

/// Names and contents, in the order of the names.
fn files(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder(target);
    let entries = fs::read_dir(&folder).expect("the corpus is part of the repository");
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let entry = entry.expect("an entry of a folder");
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            (name, fs::read(entry.path()).expect("a file that can be read"))
        })
        .collect();
    files.sort();
    files
}

fn replay(name: &str, target: fn(&[u8])) {
    let files = files(name);
    assert!(!files.is_empty(), "{} is empty", folder(name).display());
    let bytes: usize = files.iter().map(|(_, data)| data.len()).sum();
    assert!(files.len() < MOST_FILES && bytes < MOST_BYTES, "{} files, {bytes} bytes", files.len());
    let fails = |data: &[u8]| catch_unwind(AssertUnwindSafe(|| target(data))).is_err();
    let failed: Vec<&String> = files.iter().filter(|(_, data)| fails(data)).map(|(name, _)| name).collect();
    assert!(failed.is_empty(), "in {}: {failed:?}", folder(name).display());
}

#[test]
fn rule() {
    replay("rule", fuzz_targets::rule);
}

#[test]
fn table() {
    replay("table", fuzz_targets::table);
}

#[test]
fn profile() {
    replay("profile", fuzz_targets::profile);
}

#[test]
fn search() {
    replay("search", fuzz_targets::search);
}

/// The seeds of the table and of the search target are in the format of today: in an old one, none would get past the first bytes.
/// `BLESS=1` writes them.
#[test]
fn seeds_are_current() {
    // What the fuzzer found is kept for itself; what is written by hand shows one thing each.
    let by_hand = |(name, data): (String, Vec<u8>)| {
        let name = name.strip_suffix(".txt").filter(|name| !name.starts_with("found-"))?.to_owned();
        Some((name, String::from_utf8(data).expect("seeds are UTF-8")))
    };
    let texts: Vec<(String, String)> = files("rule").into_iter().filter_map(by_hand).collect();
    let table = fuzz_targets::table_seeds(&texts).into_iter().map(|seed| ("table", seed));
    let search = fuzz_targets::search_seeds().into_iter().map(|seed| ("search", seed));
    let bless = std::env::var_os("BLESS").is_some();
    for (target, (name, bytes)) in table.chain(search) {
        let path = folder(target).join(&name);
        if bless {
            fs::write(&path, &bytes).expect("a file that can be written");
        }
        let kept = fs::read(&path).unwrap_or_default();
        assert!(kept == bytes, "{} is not current: run this test with BLESS=1", path.display());
    }
}
