//! `<huiqi-match>`: matches a firm to its subsidies inside the page that
//! shows it. The loader (`loader.js`) registers the element, keeps its
//! fallback content and calls [`mount`]; everything below runs in a closed
//! shadow root. No fact about a firm leaves the page.

mod app;
mod fetch;
mod field;
mod icons;
mod views;

use huiqi_engine::catalogue::Code;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{CustomEvent, CustomEventInit, Element, HtmlElement, ShadowRoot};

use crate::app::{App, Config};

const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/huiqi.css"));

#[wasm_bindgen]
extern "C" {
    /// A style sheet made in code: no `<style>`, so a strict CSP has nothing
    /// to object to.
    type CSSStyleSheet;

    #[wasm_bindgen(constructor)]
    fn new() -> CSSStyleSheet;

    #[wasm_bindgen(method, js_name = replaceSync)]
    fn replace_sync(this: &CSSStyleSheet, text: &str);
}

/// A mounted widget.
#[wasm_bindgen]
pub struct Widget {
    handle: Option<yew::AppHandle<App>>,
}

impl std::fmt::Debug for Widget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Widget").field("mounted", &self.handle.is_some()).finish()
    }
}

#[wasm_bindgen]
impl Widget {
    /// Takes the widget down when its element leaves the page.
    pub fn destroy(&mut self) {
        if let Some(handle) = self.handle.take() {
            handle.destroy();
        }
    }
}

/// Draws the widget into `place`, an element inside the shadow root `root` of
/// `host`. `base` is the address of the bundle folder with a slash at its end;
/// `region` a six-digit code or empty. `on_ready` is called once the data is
/// there, so that the fallback content may go.
///
/// # Errors
/// When the browser cannot make style sheets in code.
#[wasm_bindgen]
pub fn mount(
    host: HtmlElement,
    root: &ShadowRoot,
    place: Element,
    base: String,
    region: &str,
    on_ready: js_sys::Function,
) -> Result<Widget, JsValue> {
    let sheet = CSSStyleSheet::new();
    sheet.replace_sync(STYLE);
    js_sys::Reflect::set(root, &"adoptedStyleSheets".into(), &js_sys::Array::of1(sheet.unchecked_ref()))?;
    let config = Config { base, region: Code::region(region), host, on_ready };
    let handle = yew::Renderer::<App>::with_root_and_props(place, config).render();
    Ok(Widget { handle: Some(handle) })
}

/// A bubbling event with counts and ids only, never a fact about the firm.
fn emit(host: &HtmlElement, name: &str, detail: &[(&str, String)]) {
    let object = js_sys::Object::new();
    for (key, value) in detail {
        // Setting a key of a fresh object cannot fail.
        let _ = js_sys::Reflect::set(&object, &(*key).into(), &value.as_str().into());
    }
    let init = CustomEventInit::new();
    init.set_bubbles(true);
    init.set_composed(true);
    init.set_detail(&object);
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
        // A page that cancels the event changes nothing here.
        let _ = host.dispatch_event(&event);
    }
}
