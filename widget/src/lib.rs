//! `<huiqi-match>`: matches a firm to its subsidies inside the page that
//! shows it. The loader (`loader.js`) registers the element, keeps its
//! fallback content and calls [`mount`]; everything below runs in a closed
//! shadow root. No fact about a firm leaves the page.

mod accent;
mod app;
mod fetch;
mod field;
mod frame;
mod icons;
mod pages;
mod publisher;
mod results;
mod search;
mod start;
mod work;

use huiqi_engine::catalogue::Code;
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{CustomEvent, Element, HtmlElement};

use crate::app::{App, Config, Language};
use crate::publisher::Source;

const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/huiqi.css"));

/// Values of `accent` that the style sheet knows; none as well.
const PRESETS: [&str; 5] = ["", "red", "green", "teal", "ink"];

/// Attributes with few values; the style sheet reads the first two itself.
const CHOICES: [(&str, &[&str]); 5] = [
    ("theme", &["", "light", "dark", "auto"]),
    ("mode", &["", "large"]),
    ("lang", &["", "zh-Hans", "zh-Hant", "en"]),
    ("storage", &["", "ask", "none"]),
    ("open-links", &["", "new", "host"]),
];

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
    #[derive(Debug, Clone, PartialEq)]
    pub type Root;

    #[wasm_bindgen(method, setter, js_name = adoptedStyleSheets)]
    fn set_adopted_style_sheets(this: &Root, sheets: &Array);

    /// What the loader does for a widget.
    #[derive(Debug, Clone, PartialEq)]
    pub type Page;

    /// The address of a file in a folder.
    #[wasm_bindgen(method)]
    fn at(this: &Page, folder: &str, name: &str) -> String;

    /// The full address of a folder, with a slash at its end; nothing when it is no address of the web.
    #[wasm_bindgen(method)]
    fn base(this: &Page, text: &str) -> String;

    /// A promise of a new instance of a module: a function of a name and bytes that returns bytes.
    #[wasm_bindgen(method)]
    fn module(this: &Page, name: &str) -> Promise;

    /// The data is there, so the fallback content may go.
    #[wasm_bindgen(method)]
    fn ready(this: &Page);

    /// Keeps the answers outside, in case that this module breaks down.
    #[wasm_bindgen(method)]
    fn keep(this: &Page, answers: Uint8Array);

    /// What was kept before.
    #[wasm_bindgen(method, getter)]
    fn kept(this: &Page) -> Uint8Array;

    /// A promise of the bytes of a file of the widget, unpacked.
    #[wasm_bindgen(method)]
    fn file(this: &Page, name: &str) -> Promise;
}

/// What firms, settings and ratings are kept under, in the store of the session or of the device.
const KEPT: &str = "huiqi kept";

/// A property of an object; `undefined` where there is none, or where reading it is forbidden.
fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Calls a method by its name. For what happens rarely: a typed import costs a function in `app.js`.
fn call(object: &JsValue, name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = property(object, name).dyn_into().map_err(|_| JsValue::UNDEFINED)?;
    method.apply(object, &arguments.iter().collect::<Array>())
}

/// A property of the page's global object.
fn global(name: &str) -> JsValue {
    property(&js_sys::global(), name)
}

/// Milliseconds since some moment. The clock of the wall may be set back.
fn clock() -> f64 {
    call(&global("performance"), "now", &[]).ok().and_then(|ms| ms.as_f64()).unwrap_or_default()
}

/// Lets the browser paint and answer the visitor before what comes next.
async fn breathe() {
    pause(0).await;
}

/// The same, and so many milliseconds more.
async fn pause(ms: u32) {
    // A page that nobody sees paints nothing, so it is not waited for long.
    called("requestAnimationFrame", 0, "setTimeout").await;
    called("setTimeout", ms, "").await;
}

/// Lets the browser answer the visitor, if there is something to answer.
async fn next_task() {
    called("setTimeout", 0, "").await;
}

/// Waits until a function of the browser calls back, or until `late` does after 200 ms.
async fn called(function: &str, ms: u32, late: &str) {
    let promise = Promise::new(&mut |done: Function, _| {
        let window = js_sys::global();
        // Browsers have both functions.
        let _ = call(&window, function, &[done.clone().into(), ms.into()]);
        if !late.is_empty() {
            let _ = call(&window, late, &[done.into(), 200.into()]);
        }
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// Whether the browser believes to have a network.
fn online() -> bool {
    property(&global("navigator"), "onLine") != false
}

/// Whether something was kept in an earlier visit, or earlier in this one.
fn has_kept() -> bool {
    ["sessionStorage", "localStorage"]
        .iter()
        .any(|store| call(&global(store), "getItem", &[KEPT.into()]).is_ok_and(|text| text.is_string()))
}

/// Answers in the `#fragment` of the address. They are read once and removed at once, so that nobody copies them along
/// with the address.
fn take_fragment() -> Option<String> {
    let location = global("location");
    let hash = property(&location, "hash").as_string()?;
    let answers = hash.strip_prefix("#huiqi=")?.to_owned();
    let address = property(&location, "href").as_string()?;
    let (before, _) = address.split_once('#')?;
    // Where that is forbidden (a frame without an origin), the address stays as it is.
    let _ = call(&global("history"), "replaceState", &[JsValue::NULL, "".into(), before.into()]);
    Some(answers)
}

/// Draws the widget into `place`, an element inside the shadow root `root` of
/// `host`, as the attributes of `host` say. The function that is returned
/// takes the widget down, when its element leaves the page; it may be called
/// once.
///
/// Throws when the browser cannot make style sheets in code.
// A function instead of an exported class: that saves a kilobyte of `app.js`.
#[wasm_bindgen]
pub fn mount(host: HtmlElement, root: Root, place: Element, page: Page) -> JsValue {
    let sheet = CSSStyleSheet::new();
    let attribute = |name: &str| host.get_attribute(name).unwrap_or_default();
    let refuse = |name: &str, wanted: &str| refuse(name, wanted, &attribute(name));
    let accent = attribute("accent");
    let rules = accent::rules(&accent).unwrap_or_default();
    if rules.is_empty() && !PRESETS.contains(&accent.as_str()) {
        refuse("accent", " #a61b1f 这样的颜色，或 red、green、teal、ink");
    }
    for (name, values) in CHOICES {
        if !values.contains(&attribute(name).as_str()) {
            refuse(name, &values[1..].join("、"));
        }
    }
    let region = Code::region(&attribute("region"));
    if region.is_none() && !attribute("region").is_empty() {
        refuse("region", "六位地区代码");
    }
    sheet.replace_sync(&format!("{STYLE}{rules}"));
    root.set_adopted_style_sheets(&Array::of1(sheet.unchecked_ref()));
    let sources = Source::all(&page, &attribute("src"), &attribute("publisher-key"));
    let (topic, dept) = (attribute("topic"), attribute("dept"));
    let same_tab = attribute("open-links") == "host";
    let lang = attribute("lang");
    let language =
        Language::ALL.iter().find(|(_, tag, _)| *tag == lang).map_or(Language::Simplified, |(l, ..)| *l);
    let keeps_nothing = attribute("storage") == "none";
    let (profile_from, rate_to) = (attribute("profile-from"), attribute("rate-to"));
    let rate_to = if rate_to.is_empty() || !page.base(&rate_to).is_empty() {
        rate_to
    } else {
        refuse("rate-to", " http 或 https 地址");
        String::new()
    };
    let config = Config {
        page,
        root,
        sources,
        region,
        topic,
        dept,
        same_tab,
        language,
        keeps_nothing,
        profile_from,
        rate_to,
        host,
    };
    let handle = yew::Renderer::<App>::with_root_and_props(place, config).render();
    Closure::once_into_js(move || handle.destroy())
}

/// Tells the webmaster what an attribute should have been.
fn refuse(name: &str, wanted: &str, written: &str) {
    warn(&format!("huiqi-match：{name} 应是{wanted}，写的是“{written}”，没有采用"));
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
