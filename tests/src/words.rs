//! Whether everything that is shown has a translation: what sources ask [`huiqi_engine::words::Words`] for, against the
//! lists `key<TAB>translation` that stand beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use huiqi_engine::words::Words;

/// Calls that take a key; the last two are names of other functions as well, which never take Chinese.
const CALLS: [(&str, bool); 4] = [(".say(", true), ("word(", true), (".get(", false), (".form(", false)];

/// Files with an extension below a folder, in order.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The source without its unit tests and comments.
fn code(source: &str) -> String {
    let shown = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = shown.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A string literal at the start of `text`, and where it ends.
fn literal(text: &str) -> Option<(String, usize)> {
    let mut chars = text.char_indices();
    chars.next().filter(|(_, c)| *c == '"')?;
    let mut out = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, at + 1)),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                // The line goes on behind the indentation of the next one.
                '\n' => {
                    let rest = chars.as_str();
                    let skip = rest.len() - rest.trim_start().len();
                    let left = rest[..skip].chars().count();
                    chars.by_ref().take(left).for_each(drop);
                }
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    None
}

/// All string literals of a source, without those of its unit tests.
pub fn literals(source: &str) -> Vec<String> {
    let code = code(source);
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find('"') {
        // A quotation mark as a character is no start of a text.
        if rest[..at].ends_with('\'') || rest[..at].ends_with("'\\") {
            rest = &rest[at + 1..];
            continue;
        }
        let Some((text, end)) = literal(&rest[at..]) else { break };
        found.push(text);
        rest = &rest[at + end..];
    }
    found
}

/// Keys that a source asks for.
fn keys(source: &str) -> Vec<String> {
    let code = code(source);
    let mut found = Vec::new();
    for (call, any) in CALLS {
        for (at, _) in code.match_indices(call) {
            let whole_name = call.starts_with('.')
                || !code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
            let argument = code[at + call.len()..].trim_start();
            if let Some((text, _)) = literal(argument).filter(|(text, _)| any || !text.is_ascii()) {
                found.extend(whole_name.then_some(text));
            }
        }
    }
    found
}

/// Numbers of the values that a text shows.
fn values(text: &str) -> BTreeSet<usize> {
    let mut next = 0;
    let mut shown = BTreeSet::new();
    for part in text.split('{').skip(1) {
        let number = part.split_once('}').map_or("", |(number, _)| number);
        shown.insert(number.parse().unwrap_or_else(|_| {
            next += 1;
            next - 1
        }));
    }
    shown
}

/// Keys and translations of a list; lines that begin with `#` are notes.
pub fn pairs(list: &str) -> Vec<(&str, &str)> {
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once('\t').unwrap_or((line, ""))).collect()
}

/// What is wrong between the sources in some folders, names of tables that are shown, and the lists of translations:
/// a text without translation, a translation of nothing, one with other values than its key, two keys of one hash.
///
/// # Errors
/// When a file cannot be read.
pub fn problems(folders: &[PathBuf], tables: &[&str], lists: &[PathBuf]) -> Result<Vec<String>> {
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    for folder in folders {
        for path in files(folder, "rs")? {
            let source = fs::read_to_string(&path)?;
            used.extend(keys(&source).into_iter().map(|key| (key, path.display().to_string())));
        }
    }
    used.extend(tables.iter().map(|name| ((*name).to_owned(), "a table".to_owned())));
    let texts = lists.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    let all: Vec<(&str, &str)> = texts.iter().flat_map(|text| pairs(text)).collect();
    let mut problems = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for (key, text) in &all {
        if !known.insert(key) {
            problems.push(format!("twice: {key}"));
        }
        if !used.contains_key(*key) {
            problems.push(format!("used nowhere: {key}"));
        }
        if text.is_empty() || text.trim_end_matches(' ').is_empty() {
            problems.push(format!("without a translation: {key}"));
        }
        let wanted = values(key);
        let (one, many) = text.split_once('|').unwrap_or((text, text));
        // The form for one may say so in words.
        if values(many) != wanted || !values(one).is_subset(&wanted) {
            problems.push(format!("other values: {key} → {text}"));
        }
    }
    let missing = used.iter().filter(|(key, _)| !known.contains(key.as_str()));
    problems.extend(missing.map(|(key, place)| format!("no translation: {key} ({place})")));
    if problems.is_empty() && Words::new(all).is_none() {
        problems.push("two keys have one hash: change the wording of either".to_owned());
    }
    Ok(problems)
}
