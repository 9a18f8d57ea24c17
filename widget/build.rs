//! Prepares the style sheets: joins files, repeats every container
//! query for browsers without them (Chromium 80 to 104), drops comments and
//! line breaks, and writes non-ASCII characters as escapes.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    // What `cargo xtask dist` needs to split the module in two.
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|target| target == "wasm32") {
        for option in ["--emit-relocs", "--export-table"] {
            println!("cargo:rustc-link-arg-cdylib={option}");
        }
    }
    sheet("huiqi.css", &["css/tokens.css", "css/huiqi.css", "css/widget.css"]);
    sheet("pages.css", &["css/pages.css"]);
    sheet("print.css", &["css/print.css"]);
}

/// Joins files to one style sheet.
fn sheet(name: &str, files: &[&str]) {
    let mut css = String::new();
    for file in files {
        println!("cargo:rerun-if-changed={file}");
        let text = std::fs::read_to_string(file).expect("the style sheet stands beside build.rs");
        css.push_str(&text);
    }
    let css = strip_comments(&css);
    let fallback = fallback(&css);
    let css = if fallback.is_empty() {
        css
    } else {
        format!("{css}\n@supports not (container-type:inline-size){{{fallback}}}")
    };
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join(name), ascii(&css.replace('\n', "")))
        .expect("OUT_DIR can be written");
}

fn strip_comments(css: &str) -> String {
    let mut out = String::new();
    let mut rest = css;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        let end = rest[start..].find("*/").expect("every comment is closed");
        rest = &rest[start + end + 2..];
    }
    out.push_str(rest);
    out
}

/// The rules inside `@container huiqi (min-width:…px)`, bound to a `data-w`
/// attribute that the loader keeps up to date.
fn fallback(css: &str) -> String {
    let mut out = String::new();
    let mut rest = css;
    while let Some(start) = rest.find("@container huiqi (min-width:") {
        let block = &rest[start..];
        let key = if block.starts_with("@container huiqi (min-width:600px)") { "m" } else { "l" };
        let open = block.find('{').expect("a container query has a body");
        let close = block.find("\n}").expect("a container query ends with } at the start of a line");
        for rule in block[open + 1..close].split('}') {
            let Some((selectors, body)) = rule.split_once('{') else { continue };
            let selectors: Vec<String> = selectors.trim().split(',').map(|s| scoped(s.trim(), key)).collect();
            let _ = write!(out, "{}{{{body}}}", selectors.join(","));
        }
        rest = &block[close..];
    }
    out
}

fn scoped(selector: &str, key: &str) -> String {
    match selector.strip_prefix(".hq") {
        Some(rest) => format!(".hq[data-w~={key}]{rest}"),
        None => format!("[data-w~={key}] {selector}"),
    }
}

fn ascii(css: &str) -> String {
    let mut out = String::new();
    for c in css.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let _ = write!(out, "\\{:x} ", c as u32);
        }
    }
    out
}
