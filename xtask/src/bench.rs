//! Figures. Each is one JSON line on standard output, so that runs can be compared by a program.

use std::io::{self, Write as _};

use anyhow::{Result, bail};

use crate::step::{Steps, say};
use crate::{dist, files, wasm};

/// What can be measured.
const NAMES: [&str; 1] = ["size"];

pub(crate) fn bench(name: &str, steps: &mut Steps) -> Result<()> {
    match name {
        "size" => size(steps),
        _ => bail!("nothing to measure is called {name:?}; there is: {}", NAMES.join(", ")),
    }
}

/// The bytes of a first visit, policies apart. Every file counts as it lies on the server; brotli is printed
/// beside.
fn size(steps: &mut Steps) -> Result<()> {
    dist::dist(steps)?;
    let sizes = dist::sizes()?;
    let loader = sizes.iter().filter(|size| size.name == "loader.js").map(|size| size.bytes).sum();
    let app = sizes.iter().map(|size| size.bytes).sum();
    let app_br = steps.run("brotli", || {
        let mut total = 0;
        for name in dist::FILES.iter().filter(|name| name.ends_with(".js")) {
            total += brotli_size(&files::read(&dist::folder().join(name))?)?;
        }
        // What a server that compresses by itself could send instead of app.bin.
        Ok(total + brotli_size(&files::read(&wasm::bound_module())?)?)
    })?;
    report(&[("size.loader", loader), ("size.app", app), ("size.app_br", app_br)])
}

fn report(figures: &[(&str, usize)]) -> Result<()> {
    let mut out = io::stdout().lock();
    for (name, value) in figures {
        // Names and units need no escaping, and the keys stay in the order in which one reads them.
        writeln!(out, r#"{{"name":"{name}","value":{value},"unit":"B"}}"#)?;
        say(&format!("  {name:<16} {value:>9} B"));
    }
    Ok(())
}

fn brotli_size(bytes: &[u8]) -> Result<usize> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed.len())
}
