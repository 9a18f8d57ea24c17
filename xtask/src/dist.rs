//! The files that a publisher puts on a server: target/dist/widget/{loader.js,app.js,app_bg.wasm}.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::step::{Steps, say};
use crate::{files, floor, in_root, wasm};

/// The widget's files, in the order in which a page loads them.
pub(crate) const FILES: [&str; 3] = ["loader.js", "app.js", "app_bg.wasm"];

/// The name and the two sizes of one file.
#[derive(Debug)]
pub(crate) struct Size {
    pub(crate) name: &'static str,
    pub(crate) raw: usize,
    pub(crate) gzip: usize,
}

pub(crate) fn folder() -> PathBuf {
    in_root("target/dist/widget")
}

/// Builds the widget and prints how large it is.
pub(crate) fn dist(steps: &mut Steps) -> Result<()> {
    steps.run("toolchain", wasm::ensure_toolchain)?;
    let module = steps.run("compile widget", wasm::compile)?;
    steps.run("wasm-bindgen", || {
        files::empty_folder(&folder())?;
        wasm::bindgen(&module, &folder())?;
        files::copy(&in_root("widget/loader.js"), &folder().join("loader.js"))
    })?;
    steps.run("browser floor", || {
        for name in FILES.iter().filter(|name| name.ends_with(".js")) {
            wasm::require_ascii(name, &files::read(&folder().join(name))?)?;
        }
        floor::check(&files::read(&folder().join("app_bg.wasm"))?)
    })?;
    let sizes = sizes()?;
    for size in &sizes {
        say(&format!("  {:<12} {:>8} B {:>8} B gzip", size.name, size.raw, size.gzip));
    }
    let (raw, gzip) = sizes.iter().fold((0, 0), |(raw, gzip), size| (raw + size.raw, gzip + size.gzip));
    say(&format!("  {:<12} {raw:>8} B {gzip:>8} B gzip", "together"));
    Ok(())
}

/// The sizes of what was built last.
pub(crate) fn sizes() -> Result<Vec<Size>> {
    let size = |&name: &&'static str| {
        let bytes = files::read(&folder().join(name))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes)?;
        Ok(Size { name, raw: bytes.len(), gzip: encoder.finish()?.len() })
    };
    FILES.iter().map(size).collect()
}
