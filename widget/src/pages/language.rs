//! 繁體 and English: fetched when they are chosen, and put over what was drawn.

use huiqi_engine::bundle;
use huiqi_engine::english::English;
use huiqi_engine::words::Words;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use yew::virtual_dom::{VNode, VTag};
use yew::{AttrValue, Context, Html};

use crate::app::{App, Language, Msg};
use crate::fetch::{Fetched, LoadError};
use crate::pages::Act;

/// Attributes that people read.
const READ: [&str; 5] = ["aria-label", "placeholder", "title", "data-c", "data-o"];

impl App {
    /// Back to simplified Chinese.
    pub(crate) fn unspeak(&mut self) {
        if let Some(mut chinese) = self.desk.chinese.take() {
            // Counties and industries that came later.
            chinese.regions.extend(std::mem::take(&mut self.catalogue.regions));
            self.catalogue = chinese;
        }
        self.catalogue.words = Words::default();
        self.reasons.borrow_mut().clear();
    }

    pub(crate) fn fetch_english(&mut self, ctx: &Context<Self>) {
        if !self.catalogue.words.is_chinese() {
            return;
        }
        let page = ctx.props().page.clone();
        ctx.link().send_future(async move {
            let failed = |_| LoadError::new("英文没能打开，检查网络再试一次");
            let bytes = JsFuture::from(page.file("en.bin")).await.map_err(failed);
            Msg::Act(Act::Spoken(bytes.map(|bytes| bytes.unchecked_into::<Uint8Array>().to_vec())))
        });
        for (at, publisher) in self.publishers.iter().enumerate() {
            if let Some(name) = &publisher.catalog.english {
                self.fetch(ctx, at, name, |raw| Msg::Act(Act::Named(raw)));
            }
        }
    }

    /// The texts of the widget and of the engine, a line each: key, tab, English.
    pub(crate) fn spoken(&mut self, raw: Fetched<Vec<u8>>) {
        let words = raw.ok().and_then(|raw| {
            let text = String::from_utf8(raw).ok()?;
            Words::new(text.lines().filter_map(|line| line.split_once('\t')))
        });
        match words {
            Some(words) if self.language == Language::English => {
                self.desk.chinese = Some(self.catalogue.clone());
                self.catalogue.words = words;
                self.show_english();
            }
            Some(_) => {}
            None => {
                self.language = Language::Simplified;
                self.tell(self.get("英文没能打开，检查网络再试一次").to_owned());
            }
        }
    }

    /// Names of facts and what else the data holds.
    pub(crate) fn named(&mut self, ctx: &Context<Self>, raw: Fetched<Vec<u8>>) {
        match raw.and_then(|raw| Ok(English::decode(&raw)?)) {
            Ok(names) => {
                match &mut self.desk.glosses {
                    Some(glosses) => glosses.absorb(names),
                    none => *none = Some(names),
                }
                self.show_english();
            }
            // Without them the names stay Chinese.
            Err(error) => self.missed(ctx, &error),
        }
    }

    /// Puts English names over the Chinese ones, as far as both are there.
    pub(crate) fn show_english(&mut self) {
        self.reasons.borrow_mut().clear();
        if self.language == Language::English
            && !self.catalogue.words.is_chinese()
            && let Some(names) = &self.desk.glosses
        {
            names.apply(&mut self.catalogue);
        }
    }

    pub(crate) fn fetch_traditional(&mut self, ctx: &Context<Self>) {
        let name = self.publishers.first().and_then(|p| p.catalog.traditional.clone());
        match name {
            Some(_) if self.desk.traditional.is_some() => {}
            Some(name) => self.fetch(ctx, 0, &name, |raw| Msg::Act(Act::Converted(raw))),
            None => {
                self.language = Language::Simplified;
                self.tell(self.get("这份政策数据还没有繁体。").to_owned());
            }
        }
    }

    pub(crate) fn converted(&mut self, raw: Fetched<Vec<u8>>) {
        match raw.and_then(|raw| Ok(bundle::decode_traditional(&raw)?)) {
            Ok(table) => self.desk.traditional = Some(table),
            Err(error) => {
                self.language = Language::Simplified;
                self.tell(error.to_string());
            }
        }
    }

    /// Brings what was drawn into the language of the reader: converts the characters, or says of what is still Chinese
    /// that it is, so that a screen reader reads it as such. What has a language of its own is left as it is.
    pub(crate) fn localise(&self, html: &mut Html) {
        match (self.language, &self.desk.traditional) {
            (Language::Traditional, Some(table)) => change(html, &|text| Some(table.convert(text))),
            (Language::English, _) => mark(html),
            _ => {}
        }
    }
}

fn is_han(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

fn own_language(tag: &VTag) -> bool {
    // The outermost element has the language of the page.
    tag.attributes.iter().any(|(name, _)| name == "lang")
        && !tag.attributes.iter().any(|(name, value)| name == "part" && value == "root")
}

/// Replaces every text that a person reads.
fn change(node: &mut VNode, convert: &dyn Fn(&str) -> Option<String>) {
    match node {
        VNode::VText(text) => {
            if let Some(new) = convert(&text.text) {
                text.text = AttrValue::from(new);
            }
        }
        VNode::VList(list) => std::rc::Rc::make_mut(list).iter_mut().for_each(|child| change(child, convert)),
        VNode::VTag(tag) => {
            let tag = std::rc::Rc::make_mut(tag);
            if own_language(tag) {
                return;
            }
            for name in READ {
                let value =
                    tag.attributes.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_owned());
                if let Some(new) = value.and_then(|value| convert(&value)) {
                    tag.add_attribute(name, new);
                }
            }
            if let Some(children) = tag.children_mut() {
                change(children, convert);
            }
        }
        _ => {}
    }
}

/// Marks the elements whose own text is Chinese.
fn mark(node: &mut VNode) {
    match node {
        VNode::VList(list) => std::rc::Rc::make_mut(list).iter_mut().for_each(mark),
        VNode::VTag(tag) => {
            let tag = std::rc::Rc::make_mut(tag);
            if own_language(tag) {
                return;
            }
            let own = |node: &VNode| matches!(node, VNode::VText(text) if is_han(&text.text));
            let chinese = tag.children().is_some_and(|children| match children {
                VNode::VList(list) => list.iter().any(own),
                other => own(other),
            });
            if chinese {
                tag.add_attribute("lang", "zh-Hans");
            } else if let Some(children) = tag.children_mut() {
                mark(children);
            }
        }
        _ => {}
    }
}
