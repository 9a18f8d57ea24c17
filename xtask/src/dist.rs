//! The files that a publisher puts on a server, in target/dist/widget/, and the package that holds them.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::pack;
use crate::step::{Steps, say};
use crate::{files, floor, in_root, licences, names, npm, syntax, wasm};

/// The widget's files, in the order in which a page loads them.
pub(crate) const FILES: [&str; 8] = ["loader.js", APP, "app.bin", PAGES, SEARCH, TRUST, ENGLISH, FRAME];
/// What stands between the browser and the modules.
const APP: &str = "app.js";
/// The pages behind the first ones, fetched once there are results.
pub(crate) const PAGES: &str = "pages.bin";
/// Fetched with the first word that is typed; a visit without a search does not pay for it.
pub(crate) const SEARCH: &str = "search.bin";

/// Fetched where the page names the key of its publisher.
pub(crate) const TRUST: &str = "trust.bin";

/// The texts in English, for who chooses it.
const ENGLISH: &str = "en.bin";
/// Where they are written.
const WORDS: [&str; 2] = ["engine/words/en.tsv", "widget/words/en.tsv"];

/// What a page fetches when it needs it; `app.js` names the hashes.
pub(crate) const LATER: [&str; 4] = [PAGES, SEARCH, TRUST, ENGLISH];

/// Only for who puts the widget into a frame.
const FRAME: &str = "frame.js";

/// Licences of what is compiled in; no page loads it.
pub(crate) const NOTICES: &str = "licences.txt";

/// One file as it lies on the server, which is what crosses the wire from a server that compresses nothing.
#[derive(Debug)]
pub(crate) struct Size {
    pub(crate) name: &'static str,
    pub(crate) bytes: usize,
}

pub(crate) fn folder() -> PathBuf {
    in_root("target/dist/widget")
}

/// Builds the widget and prints how large it is.
pub(crate) fn dist(steps: &mut Steps) -> Result<()> {
    steps.run("toolchain", wasm::ensure_toolchain)?;
    let module = steps.run("compile widget", wasm::compile)?;
    let search = steps.run("compile search", wasm::compile_search)?;
    let trust = steps.run("compile trust", wasm::compile_trust)?;
    let unpack = steps.run("compile unpack", wasm::compile_unpack)?;
    steps.run("wasm-bindgen", || {
        files::empty_folder(&folder())?;
        wasm::bindgen(&module, &unpack, &folder())
    })?;
    steps.run("compress", || {
        let bound = [("app.bin", &wasm::bound_module()), (PAGES, &wasm::bound_pages())];
        for (name, module) in bound.into_iter().chain([(SEARCH, &search), (TRUST, &trust)]) {
            files::write(&folder().join(name), &pack::lzma(&names::strip(&files::read(module)?)?)?)?;
        }
        let mut words = String::new();
        for list in WORDS {
            let list = String::from_utf8(files::read(&in_root(list))?)?;
            // Notes for who translates are not for who reads.
            let lines = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
            lines.for_each(|line| words.extend([line, "\n"]));
        }
        files::write(&folder().join(ENGLISH), &pack::lzma(words.as_bytes())?)
    })?;
    steps.run("loader", || {
        // The loader names what it was built with, and the tag names the loader: one changed byte anywhere is noticed.
        let mut loader = String::from_utf8(files::read(&in_root("widget/loader.js"))?)?;
        let frame = String::from_utf8(files::read(&in_root("widget/frame.js"))?)?;
        files::write(&folder().join(FRAME), pack::minify(FRAME, &frame)?.as_bytes())?;
        let mut app = String::from_utf8(files::read(&folder().join(APP))?)?;
        for name in LATER {
            put_hash(&mut app, APP, name)?;
        }
        files::write(&folder().join(APP), app.as_bytes())?;
        for name in [APP, "app.bin"] {
            put_hash(&mut loader, FILES[0], name)?;
        }
        files::write(&folder().join(FILES[0]), pack::minify(FILES[0], &loader)?.as_bytes())
    })?;
    steps.run("notices", || files::write(&folder().join(NOTICES), licences::notices()?.as_bytes()))?;
    steps.run("browser floor", || {
        for name in FILES.iter().filter(|name| name.ends_with(".js")) {
            let script = files::read(&folder().join(name))?;
            wasm::require_ascii(name, &script)?;
            syntax::check(name, std::str::from_utf8(&script)?)?;
        }
        floor::check(&files::read(&search)?)?;
        floor::check(&files::read(&trust)?)?;
        floor::check(&files::read(&unpack)?)?;
        floor::check(&files::read(&wasm::bound_pages())?)?;
        floor::check(&files::read(&wasm::bound_module())?)
    })?;
    steps.run("npm package", npm::build)?;
    let sizes = sizes()?;
    for size in &sizes {
        say(&format!("  {:<12} {:>8} B", size.name, size.bytes));
    }
    say(&format!("  {:<12} {:>8} B", "first visit", first_visit(&sizes)));
    Ok(())
}

/// Puts the hash of a file where the script says.
fn put_hash(script: &mut String, of: &str, name: &str) -> Result<()> {
    let place = format!("HASH-OF-{name}");
    ensure!(script.contains(&place), "{of} has no {place}");
    *script = script.replace(&place, &pack::integrity(&files::read(&folder().join(name))?));
    Ok(())
}

/// Bytes of the widget's files that every visit takes.
pub(crate) fn first_visit(sizes: &[Size]) -> usize {
    sizes.iter().filter(|size| !LATER.contains(&size.name) && size.name != FRAME).map(|size| size.bytes).sum()
}

/// The sizes of what was built last.
pub(crate) fn sizes() -> Result<Vec<Size>> {
    let size = |&name: &&'static str| Ok(Size { name, bytes: files::read(&folder().join(name))?.len() });
    FILES.iter().map(size).collect()
}
