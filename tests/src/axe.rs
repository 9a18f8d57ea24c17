//! Rules for accessible pages (axe-core), run in a page as it stands: WCAG 2.1 A and AA, and good practice.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::axe_script;
use crate::page::Page;
use crate::shadow::Shadow;

/// Runs the rules in the document, frames left out. What is broken comes out as a line each: rule, element, why.
const RUN: &str = "
    axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
        resultTypes: ['violations'],
        iframes: false,
    }).then((found) => ({
        passed: found.passes.length,
        lines: found.violations.flatMap((rule) => rule.nodes.map((node) =>
            rule.id + ' ' + node.target.flat().join(' >> ') + ' ' + rule.help)),
    }))";

/// What is broken in the page around, shadow roots that are closed left out.
pub fn violations(page: &Page) -> Result<Vec<String>> {
    let script = std::fs::read_to_string(axe_script()?)?;
    page.eval(&format!("{script}\n;0"))?;
    let found = page.eval(RUN).context("running axe")?;
    // A run that looked at nothing finds nothing either.
    ensure!(found["passed"].as_u64() > Some(0), "axe looked at nothing: {found}");
    Ok(serde_json::from_value(found["lines"].clone())?)
}

/// What is broken in the page and in one widget of it.
///
/// Axe goes into each shadow root that its element shows. A closed one is shown for the time of the run only, so the widget
/// starts and draws as it does for a visitor.
pub fn violations_with(page: &Page, widget: &Shadow<'_>) -> Result<Vec<String>> {
    widget.eval("Object.defineProperty(this.host, 'shadowRoot', {value: this, configurable: true})")?;
    let found = violations(page);
    let shown = widget.eval("delete this.host.shadowRoot; return this.host.shadowRoot")?;
    ensure!(shown == Value::Null, "the root stays open");
    found
}
