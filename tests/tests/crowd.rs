//! What holds for a page with very many measures, in bytes and without a stop. How long everything takes is for
//! `cargo xtask bench page`.

use anyhow::{Result, ensure};
use huiqi_tests::browser::{Browser, Kind};
use huiqi_tests::crowd::{Crowd, arrived, first_visit, longest_task, quiet, use_search};
use huiqi_tests::server::Server;

/// Bytes until the first verdicts with 1,000 measures (`size.first_verdicts_1k`).
const FIRST_VERDICTS: u64 = 290_000;

/// The longest task in milliseconds. Nothing is slowed down here, and on a phone that takes four times as long it is the
/// same limit (`page.long_task_ms`): a test that other tests run beside must not depend on how many there are.
const LONG_TASK: f64 = 200.0;

#[test]
fn first_verdicts_need_few_bytes() -> Result<()> {
    let crowd = Crowd::new(1_000)?;
    let server = Server::start(crowd.path())?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    // Later files arrive at their own pace, as they do on a phone.
    page.slow_network(std::time::Duration::from_millis(85), 9_000_000)?;
    first_visit(&crowd, &server, &page)?;
    let bytes = arrived(&server, &page)?;
    ensure!((100_000..=FIRST_VERDICTS).contains(&bytes), "{bytes} B, the budget is {FIRST_VERDICTS} B");
    Ok(())
}

#[test]
fn ten_thousand_measures_never_stop_the_page() -> Result<()> {
    let crowd = Crowd::new(10_000)?;
    let server = Server::start(crowd.path())?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    first_visit(&crowd, &server, &page)?;
    quiet(&page)?;
    let pressed = use_search(&page, &page.shadow()?)?;
    let longest = longest_task(&page)?;
    ensure!(
        pressed > 30 && longest <= LONG_TASK,
        "{pressed} interactions, the longest task took {longest} ms"
    );
    Ok(())
}
