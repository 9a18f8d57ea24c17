//! The golden vectors in real browsers, from the same files as natively. The module imports nothing: the engine needs
//! neither disk, clock nor web.

use anyhow::{Result, ensure};
use huiqi_tests::browser::{Browser, Kind};
use huiqi_tests::engine_module;
use huiqi_tests::server::Server;

fn run(kind: Kind) -> Result<()> {
    let native = huiqi_engine_tests::vectors::run();
    ensure!(native.failures.is_empty(), "{}", native.failures.join("\n"));
    let folder = tempfile::tempdir()?;
    std::fs::copy(engine_module()?, folder.path().join("engine.wasm"))?;
    std::fs::write(folder.path().join("index.html"), "<!doctype html><title>vectors</title>")?;
    let server = Server::start(folder.path())?;
    let browser = Browser::launch(kind)?;
    let page = browser.new_page()?;
    page.goto(&server.url("index.html"))?;
    let result = page.eval(
        "(async () => {
            const code = await (await fetch('engine.wasm')).arrayBuffer();
            const module = await WebAssembly.compile(code);
            const instance = await WebAssembly.instantiate(module, {});
            const e = instance.exports;
            const failed = e.run_vectors();
            const text = new TextDecoder().decode(new Uint8Array(e.memory.buffer, e.output(), e.output_length()));
            return { imports: WebAssembly.Module.imports(module).length, failed, text };
        })()",
    )?;
    ensure!(result["imports"] == 0, "the engine asks its host for something: {result}");
    let text = result["text"].as_str().unwrap_or_default();
    ensure!(result["failed"] == 0, "{text}");
    ensure!(text.starts_with(&format!("{} cases\n", native.cases)), "{text} natively {}", native.cases);
    ensure!(native.cases >= 300, "only {} cases", native.cases);
    Ok(())
}

#[test]
fn golden_vectors_in_chromium() -> Result<()> {
    run(Kind::Current)
}

#[test]
fn golden_vectors_in_chromium80() -> Result<()> {
    run(Kind::Chromium80)
}
