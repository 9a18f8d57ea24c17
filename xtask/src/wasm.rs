//! From the widget's source to `app.js` and the module it loads.
//!
//! The standard library is compiled anew with the widget: the one that rustup delivers uses reference types
//! that the browser floor lacks, and is some 15 % larger. Nightly options are therefore needed and unlocked
//! on the stable compiler, so that one toolchain serves all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::pack;
use crate::step::{cargo, quiet, require, stdout_of};
use crate::{files, glue, in_root};

const TARGET: &str = "wasm32-unknown-unknown";

/// Compiler options, in an order that matters: `-Cpanic` comes after the `panic=abort` that cargo takes from
/// the profile, and the last one counts. A panic then traps without a message, so what only serves messages
/// is left out as well: source locations, and everything that `{:?}` would print (4 % of the file). Text
/// that a person shall see must therefore come from `Display`.
const RUSTFLAGS: &[&str] = &[
    "-Ctarget-cpu=mvp",
    "-Ctarget-feature=+sign-ext,+bulk-memory,+mutable-globals,+nontrapping-fptoint",
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
    "--cfg=sha2_backend_soft=\"compact\"",
];

/// Adds the parts of the toolchain that are missing. rustup is asked only then, because it may want the
/// network.
pub(crate) fn ensure_toolchain() -> Result<()> {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--print", "sysroot"]);
    let library = PathBuf::from(stdout_of(rustc)?.trim()).join("lib/rustlib");
    for (kind, name, proof) in [
        ("target", TARGET, format!("{TARGET}/lib")),
        ("component", "rust-src", "src/rust/library/Cargo.lock".to_owned()),
    ] {
        if !library.join(proof).exists() {
            require("rustup", &format!("install it, or add the {kind} {name} to this toolchain"))?;
            let mut rustup = Command::new("rustup");
            rustup.args([kind, "add", name]);
            quiet(rustup)?;
        }
    }
    Ok(())
}

/// Compiles the widget's crate and returns the module as the linker left it.
pub(crate) fn compile() -> Result<PathBuf> {
    compile_package("huiqi-widget")
}

/// The same for the engine's golden vectors and workloads, with the same options: what is tested and measured is what
/// visitors run.
pub(crate) fn compile_engine_tests() -> Result<PathBuf> {
    compile_package("huiqi-engine-tests")
}

/// The search engine, which the widget fetches with the first word that is typed.
pub(crate) fn compile_search() -> Result<PathBuf> {
    compile_package("huiqi-search-module")
}

/// The check of signatures, which the widget fetches where the page names a key.
pub(crate) fn compile_trust() -> Result<PathBuf> {
    compile_package("huiqi-trust-module")
}

/// What opens the other modules, which lies inside `app.js`.
pub(crate) fn compile_unpack() -> Result<PathBuf> {
    compile_package("huiqi-unpack")
}

fn compile_package(package: &str) -> Result<PathBuf> {
    // A folder of its own: other flags in the same one would have both worlds built again each time.
    let target_dir = in_root("target/wasm");
    let mut command = cargo();
    command
        .args(["build", "--lib", "--package", package, "--profile", "widget", "--target", TARGET])
        .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size", "--target-dir"])
        .arg(&target_dir)
        .current_dir(in_root(""))
        .env("RUSTC_BOOTSTRAP", "1")
        // This variable wins over RUSTFLAGS, which may be set to anything outside.
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags()?.join("\u{1f}"));
    quiet(command)?;
    Ok(target_dir.join(TARGET).join(format!("widget/{}.wasm", package.replace('-', "_"))))
}

/// The module as browsers run it, before it is compressed.
pub(crate) fn bound_module() -> PathBuf {
    in_root("target/wasm/bindgen/app.wasm")
}

/// The pages behind the first ones, before they are compressed: a module that works with the memory and the functions of
/// [`bound_module`].
pub(crate) fn bound_pages() -> PathBuf {
    in_root("target/wasm/bindgen/pages.wasm")
}

/// Takes what only the split functions of `widget/src/pages.rs` reach out of the module. Returns the rest and the part.
fn split(module: &Path) -> Result<(PathBuf, PathBuf)> {
    let folder = in_root("target/wasm/split");
    files::empty_folder(&folder)?;
    let bytes = files::read(module)?;
    let main = folder.join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    (options.output_dir, options.main_out_path) = (&folder, &main);
    options.target.bundler();
    let split = wasm_split_cli_support::transform(options).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let [pages] = &split.split_modules[..] else {
        bail!("the widget has one part that is fetched later, not {:?}", split.split_modules);
    };
    Ok((main, pages.clone()))
}

/// Makes the module loadable: `app.js` in the folder, [`bound_module`] and [`bound_pages`] beside the build.
/// `unpack`: the module that opens them.
pub(crate) fn bindgen(module: &Path, unpack: &Path, folder: &Path) -> Result<()> {
    let (module, pages) = split(module)?;
    let generated = in_root("target/wasm/bindgen");
    files::empty_folder(&generated)?;
    Bindgen::new()
        .input_path(&module)
        // Of the kinds of script that wasm-bindgen writes, the one that leaves the loading to others.
        .bundler(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The table of functions, which the pages share.
        .keep_lld_exports(true)
        .out_name("app")
        .generate(&generated)
        .with_context(|| format!("wasm-bindgen on {}", module.display()))?;
    for entry in fs::read_dir(&generated)? {
        let name = entry?.file_name();
        // A snippet of inline JavaScript would be a fourth file, which the loader knows nothing of.
        ensure!(
            name == "app.js" || name == "app_bg.js" || name == "app_bg.wasm",
            "wasm-bindgen made an unexpected {name:?}"
        );
    }
    let script = String::from_utf8(files::read(&generated.join("app_bg.js"))?)?;
    let bound = files::read(&generated.join("app_bg.wasm"))?;
    let shrunk = glue::shrink(&script, &bound, &files::read(&pages)?, &files::read(unpack)?)?;
    files::write(&bound_module(), &shrunk.module)?;
    files::write(&bound_pages(), &shrunk.pages)?;
    let script = shrunk.script;
    let script = pack::minify("app.js", &script)?;
    files::write(&folder.join("app.js"), script.as_bytes())
}

/// [`RUSTFLAGS`], and neutral names for the folders of this machine: the paths that some crates keep as text
/// would otherwise make two builders' files differ.
fn rustflags() -> Result<Vec<String>> {
    let root = in_root("");
    let root = root.to_str().context("the path of the repository is not UTF-8")?.trim_end_matches('/');
    let mut flags: Vec<String> = RUSTFLAGS.iter().map(|&flag| flag.to_owned()).collect();
    for (variable, below_home, name) in
        [("CARGO_HOME", ".cargo", "/cargo"), ("RUSTUP_HOME", ".rustup", "/rustup")]
    {
        let home = std::env::var(variable)
            .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/{below_home}")));
        if let Ok(home) = home {
            flags.push(format!("--remap-path-prefix={home}={name}"));
        }
    }
    flags.push(format!("--remap-path-prefix={root}=/huiqi"));
    Ok(flags)
}

/// Fails unless the widget's scripts are pure ASCII: a host that announces another encoding breaks them.
pub(crate) fn require_ascii(name: &str, script: &[u8]) -> Result<()> {
    for (number, line) in script.split(|&byte| byte == b'\n').enumerate() {
        if !line.is_ascii() {
            bail!("{name}:{}: not pure ASCII: {}", number + 1, String::from_utf8_lossy(line));
        }
    }
    Ok(())
}
