//! `<huiqi-match>`: matches a firm to its subsidies inside the page that
//! shows it. The loader (`loader.js`) registers the element, keeps its
//! fallback content and calls [`mount`]; everything below runs in a closed
//! shadow root. No fact about a firm leaves the page.

mod accent;
mod app;
mod fetch;
mod field;
mod icons;
mod search;
mod views;

use huiqi_engine::catalogue::Code;
use js_sys::{Array, Function, JsString, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{CustomEvent, Element, HtmlElement};

use crate::app::{App, Config};

const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/huiqi.css"));

/// Values of `accent` that the style sheet knows; none as well.
const PRESETS: [&str; 5] = ["", "red", "green", "teal", "ink"];

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn warn(text: &str);

    /// A style sheet made in code: no `<style>`, so a strict CSP has nothing
    /// to object to.
    type CSSStyleSheet;

    #[wasm_bindgen(constructor)]
    fn new() -> CSSStyleSheet;

    #[wasm_bindgen(method, js_name = replaceSync)]
    fn replace_sync(this: &CSSStyleSheet, text: &str);

    /// A shadow root, with what web-sys leaves out.
    #[derive(Debug)]
    pub type Root;

    #[wasm_bindgen(method, setter, js_name = adoptedStyleSheets)]
    fn set_adopted_style_sheets(this: &Root, sheets: &Array);
}

/// Draws the widget into `place`, an element inside the shadow root `root` of
/// `host`. `base` is the address of the bundle folder with a slash at its end;
/// `region` a six-digit code or empty. `find` returns a promise of a new instance of the search module, as a function
/// of a name and bytes that returns bytes. `on_ready` is called once the data is
/// there, so that the fallback content may go. The function that is returned
/// takes the widget down, when its element leaves the page; it may be called
/// once.
///
/// Throws when the browser cannot make style sheets in code.
// A function instead of an exported class, and JavaScript's own strings instead of Rust's: that saves a
// kilobyte of `app.js`.
#[wasm_bindgen]
pub fn mount(
    host: HtmlElement,
    root: Root,
    place: Element,
    base: JsString,
    region: JsString,
    find: Function,
    on_ready: Function,
) -> JsValue {
    let sheet = CSSStyleSheet::new();
    let accent = host.get_attribute("accent").unwrap_or_default();
    let rules = accent::rules(&accent).unwrap_or_default();
    if rules.is_empty() && !PRESETS.contains(&accent.as_str()) {
        warn(&format!(
            "huiqi-match：accent 应是 #a61b1f 这样的颜色，或 red、green、teal、ink，写的是“{accent}”，没有采用"
        ));
    }
    sheet.replace_sync(&format!("{STYLE}{rules}"));
    root.set_adopted_style_sheets(&Array::of1(sheet.unchecked_ref()));
    let config =
        Config { base: base.into(), region: Code::region(&String::from(region)), host, find, on_ready };
    let handle = yew::Renderer::<App>::with_root_and_props(place, config).render();
    Closure::once_into_js(move || handle.destroy())
}

/// A bubbling event with counts and ids only, never a fact about the firm.
fn emit(host: &HtmlElement, name: &str, detail: &[(&str, JsValue)]) {
    let init =
        object(&[("bubbles", true.into()), ("composed", true.into()), ("detail", object(detail).into())]);
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, init.unchecked_ref()) {
        // A page that cancels the event changes nothing here.
        let _ = host.dispatch_event(&event);
    }
}

/// A JavaScript object with these properties. The setters of web-sys cost a function each in `app.js`.
fn object(properties: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in properties {
        // Setting a key of a fresh object cannot fail.
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    object
}
