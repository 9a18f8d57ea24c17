//! Looking into the closed shadow root of `<huiqi-match>`, and using what is in it as a person would.
//!
//! A closed root is invisible to the page's own scripts, which is why the widget has one; the debugging
//! protocol sees it all the same.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::cdp::Refused;
use crate::page::{Page, value_of};

/// How long an element that is used may take to appear.
const APPEARS: Duration = Duration::from_secs(5);

/// The tag whose shadow root is meant.
const TAG: &str = "huiqi-match";

/// Finds the first element for a selector that contains a text, says why if there is none.
const FIND: &str = "
    const all = [...this.querySelectorAll(css)];
    const element = all.find((one) => text === null || (one.innerText || one.textContent).includes(text));
    if (!element) {
        const seen = all.map((one) => one.innerText || one.textContent).join(' | ').slice(0, 500);
        throw new Error('no element for ' + css + (text === null ? '' : ' with the text ' + text +
            '; there are ' + all.length + ': ' + seen));
    }";

/// The inside of one widget. Found again by itself when the element is replaced or the page reloaded.
#[derive(Debug)]
pub struct Shadow<'page> {
    page: &'page Page,
    index: usize,
    /// The handle of the root in the browser.
    object: RefCell<String>,
}

impl<'page> Shadow<'page> {
    pub(crate) fn find(page: &'page Page, index: usize) -> Result<Option<Shadow<'page>>> {
        let object = resolve(page, index)?;
        Ok(object.map(|object| Shadow { page, index, object: RefCell::new(object) }))
    }

    /// Runs the body of a function with `this` = the shadow root: `eval("return this.childElementCount")`.
    /// The body may `await`.
    pub fn eval(&self, js_function_body: &str) -> Result<Value> {
        let answer = self.call(js_function_body, &[])?;
        answer.with_context(|| format!("evaluating in <{TAG}>: {js_function_body}"))
    }

    /// Waits until an expression is true; `this` is the shadow root. Exceptions count as "not yet".
    pub fn wait_for(&self, js_expr: &str, limit: Duration) -> Result<()> {
        let body = format!("return !!(await ({js_expr}));");
        self.page.poll(js_expr, limit, || self.eval(&body))
    }

    /// What the widget shows, line by line.
    pub fn text(&self) -> Result<String> {
        let text = self.eval(
            "return [...this.children].filter((one) => !/^(style|link|script)$/i.test(one.tagName))
                .map((one) => one.innerText).join('\\n')",
        )?;
        Ok(text.as_str().unwrap_or_default().trim().to_owned())
    }

    /// The text of every element for a selector.
    pub fn texts(&self, css: &str) -> Result<Vec<String>> {
        let texts = self
            .call("return [...this.querySelectorAll(css)].map((one) => one.innerText.trim())", &[css.into()])?
            .with_context(|| format!("reading {css}"))?;
        Ok(serde_json::from_value(texts)?)
    }

    /// Whether there is such an element.
    pub fn exists(&self, css: &str) -> Result<bool> {
        let found = self
            .call("return !!this.querySelector(css)", &[css.into()])?
            .with_context(|| format!("looking for {css}"))?;
        Ok(found == true)
    }

    /// Scrolls an element into view and clicks on its middle with the mouse.
    pub fn click(&self, css: &str) -> Result<()> {
        self.click_on(css, Value::Null)
    }

    /// The same for the first element of a selector that contains a text.
    pub fn click_text(&self, css: &str, contains_text: &str) -> Result<()> {
        self.click_on(css, contains_text.into())
    }

    /// Replaces what stands in a field, through the way that an input method takes. As with a person,
    /// `change` fires when the field loses the focus: `page.press("Tab")`.
    pub fn fill(&self, css: &str, text: &str) -> Result<()> {
        self.await_element(css, &Value::Null)?;
        let body = format!(
            "{FIND}
            element.scrollIntoView({{block: 'center', inline: 'center', behavior: 'instant'}});
            element.focus();
            if (this.activeElement !== element) throw new Error(css + ' does not take the focus');
            if (/^(date|month|week|time|datetime-local|color|range)$/.test(element.type)) {{
                // These have an editor of their own that takes no text.
                element.value = value;
                element.dispatchEvent(new Event('input', {{bubbles: true, composed: true}}));
                element.dispatchEvent(new Event('change', {{bubbles: true}}));
                return true;
            }}
            if (element.select) element.select(); else document.execCommand('selectAll');
            if (value === '') document.execCommand('delete');
            return value === '';"
        );
        let done = self
            .call(&body, &[css.into(), Value::Null, text.into()])?
            .with_context(|| format!("filling {css} with {text:?}"))?;
        if done != true {
            self.page.call("Input.insertText", json!({"text": text}))?;
        }
        Ok(())
    }

    /// Waits a little for an element that is about to be drawn.
    fn await_element(&self, css: &str, text: &Value) -> Result<()> {
        let body = "return [...this.querySelectorAll(css)].some((one) =>
            text === null || (one.innerText || one.textContent).includes(text));";
        let limit = Instant::now() + APPEARS;
        loop {
            let found = self.call(body, &[css.into(), text.clone()])??;
            if found == true || Instant::now() > limit {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(40));
        }
    }

    /// Chooses an option of a `<select>` by its value.
    pub fn select(&self, css: &str, value: &str) -> Result<()> {
        self.await_element(css, &Value::Null)?;
        let body = format!(
            "{FIND}
            const options = [...element.options].map((one) => one.value);
            if (!options.includes(value)) throw new Error('no option ' + value + ' in: ' + options.join(' '));
            element.value = value;
            element.dispatchEvent(new Event('input', {{bubbles: true, composed: true}}));
            element.dispatchEvent(new Event('change', {{bubbles: true}}));"
        );
        self.call(&body, &[css.into(), Value::Null, value.into()])?
            .with_context(|| format!("choosing {value:?} in {css}"))?;
        Ok(())
    }

    fn click_on(&self, css: &str, text: Value) -> Result<()> {
        self.await_element(css, &text)?;
        // What is drawn anew between finding and clicking is found again.
        let mut last = self.click_now(css, &text);
        for _ in 0..3 {
            if last.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
            last = self.click_now(css, &text);
        }
        last
    }

    fn click_now(&self, css: &str, text: &Value) -> Result<()> {
        let what = || format!("clicking {css} {}", text.as_str().unwrap_or_default());
        let body = format!(
            "{FIND}
            element.scrollIntoView({{block: 'center', inline: 'center', behavior: 'instant'}});
            const box = element.getClientRects()[0];
            if (!box || !box.width || !box.height) throw new Error(css + ' is not visible');
            const hit = this.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            if (!hit || !(element.contains(hit) || hit.contains(element))) {{
                throw new Error(css + ' is covered by ' + (hit ? hit.outerHTML.slice(0, 200) : 'the page'));
            }}
            return all.indexOf(element);"
        );
        let index = self.call(&body, &[css.into(), text.clone()])?.with_context(what)?;
        let element = self
            .page
            .call(
                "Runtime.callFunctionOn",
                json!({
                    "functionDeclaration":
                        "function (css, index) { return this.querySelectorAll(css)[index]; }",
                    "objectId": *self.object.borrow(),
                    "arguments": [{"value": css}, {"value": index}],
                }),
            )
            .with_context(what)?;
        // Unlike the boxes that scripts see, quads count from the corner of the window, frames or not.
        let quads = self
            .page
            .call("DOM.getContentQuads", json!({"objectId": element["result"]["objectId"]}))
            .with_context(what)?;
        let corners: Vec<f64> = serde_json::from_value(quads["quads"][0].clone()).with_context(what)?;
        let &[left, top, _, _, right, bottom, ..] = corners.as_slice() else {
            bail!("{}: the element has no shape", what());
        };
        let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
        for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            self.page.call(
                "Input.dispatchMouseEvent",
                json!({
                    "type": kind, "x": x, "y": y,
                    "button": button, "buttons": buttons, "clickCount": 1,
                }),
            )?;
        }
        Ok(())
    }

    /// Calls a function with the parameters `css`, `text` and `value`. The outer error is the session's,
    /// the inner one the function's own.
    fn call(&self, body: &str, arguments: &[Value]) -> Result<Result<Value>> {
        // A removed widget can still be evaluated in, and would answer with what nobody sees any more.
        let function = format!(
            "async function (...values) {{
                if (!this.host.isConnected) return {{gone: true}};
                return {{value: await (async function (css, text, value) {{{body}
                }}).apply(this, values)}};
            }}"
        );
        let arguments: Vec<Value> = arguments.iter().map(|value| json!({"value": value})).collect();
        let ask = || {
            self.page.call(
                "Runtime.callFunctionOn",
                json!({
                    "functionDeclaration": function,
                    "objectId": *self.object.borrow(),
                    "arguments": arguments,
                    "awaitPromise": true, "returnByValue": true, "userGesture": true,
                }),
            )
        };
        let mut answer = ask();
        let gone = match &answer {
            Ok(answer) => answer["result"]["value"]["gone"] == true,
            // The handle died with its document; whatever else it may be shows again below.
            Err(error) => error.is::<Refused>(),
        };
        if gone {
            let Some(object) = resolve(self.page, self.index)? else {
                bail!("<{TAG}> number {} is no longer on the page", self.index);
            };
            self.object.replace(object);
            answer = ask();
        }
        Ok(value_of(answer?).map(|mut value| value["value"].take()))
    }
}

/// A handle of the n-th shadow root, or nothing while there is none.
fn resolve(page: &Page, index: usize) -> Result<Option<String>> {
    let document = page.call("DOM.getDocument", json!({"depth": -1, "pierce": true}))?;
    let mut roots = Vec::new();
    collect(&document["root"], &mut roots);
    let Some(root) = roots.get(index) else { return Ok(None) };
    // The document may have changed since; the next attempt sees the new one.
    let Ok(node) = page.call("DOM.resolveNode", json!({"backendNodeId": root})) else { return Ok(None) };
    Ok(node["object"]["objectId"].as_str().map(str::to_owned))
}

/// Collects the shadow roots of our elements in document order.
fn collect<'tree>(node: &'tree Value, roots: &mut Vec<&'tree Value>) {
    let list = |key: &str| node[key].as_array().map_or(&[][..], Vec::as_slice);
    if node["localName"] == TAG {
        roots.extend(list("shadowRoots").iter().map(|root| &root["backendNodeId"]));
    }
    for child in list("shadowRoots").iter().chain(list("children")) {
        collect(child, roots);
    }
    if let Some(document) = node.get("contentDocument") {
        collect(document, roots);
    }
}
