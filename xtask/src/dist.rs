//! The files that a publisher puts on a server, in target/dist/widget/, and the package that holds them.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::pack;
use crate::step::{Steps, say};
use crate::{files, floor, in_root, licences, npm, syntax, wasm};

/// The widget's files, in the order in which a page loads them.
pub(crate) const FILES: [&str; 6] = ["loader.js", "app.js", "app.bin", SEARCH, TRUST, FRAME];
/// Fetched with the first word that is typed; a visit without a search does not pay for it.
pub(crate) const SEARCH: &str = "search.bin";

/// Fetched where the page names the key of its publisher.
pub(crate) const TRUST: &str = "trust.bin";

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
        for (name, module) in [("app.bin", &wasm::bound_module()), (SEARCH, &search), (TRUST, &trust)] {
            files::write(&folder().join(name), &pack::lzma(&files::read(module)?)?)?;
        }
        Ok(())
    })?;
    steps.run("loader", || {
        // The loader names what it was built with, and the tag names the loader: one changed byte anywhere is noticed.
        let mut loader = String::from_utf8(files::read(&in_root("widget/loader.js"))?)?;
        let frame = String::from_utf8(files::read(&in_root("widget/frame.js"))?)?;
        files::write(&folder().join(FRAME), pack::minify(FRAME, &frame)?.as_bytes())?;
        for name in FILES.iter().filter(|name| ![FILES[0], FRAME].contains(name)) {
            let place = format!("HASH-OF-{name}");
            ensure!(loader.contains(&place), "widget/loader.js has no {place}");
            loader = loader.replace(&place, &pack::integrity(&files::read(&folder().join(name))?));
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

/// Bytes of the widget's files that every visit takes.
pub(crate) fn first_visit(sizes: &[Size]) -> usize {
    sizes.iter().filter(|size| ![SEARCH, TRUST, FRAME].contains(&size.name)).map(|size| size.bytes).sum()
}

/// The sizes of what was built last.
pub(crate) fn sizes() -> Result<Vec<Size>> {
    let size = |&name: &&'static str| Ok(Size { name, bytes: files::read(&folder().join(name))?.len() });
    FILES.iter().map(size).collect()
}
