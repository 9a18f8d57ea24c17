//! The plan in a link, on paper, in files: all made here, none sent anywhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huiqi_engine::catalogue::Code;
use huiqi_engine::explain::{answer_text, key_name};
use huiqi_engine::export;
use huiqi_engine::profile;
use huiqi_engine::words::word;
use js_sys::{Array, Uint8Array};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use yew::html::Scope;
use yew::{Context, Event, Html, MouseEvent, html};

use crate::app::{App, Msg, View, first_time};
use crate::icons;
use crate::pages::{Act, Take};
use crate::{call, global, object, property};

/// Version of what a link carries.
const LINK_VERSION: u64 = 1;
/// Longest link that is read, in letters.
const LINK_LIMIT: usize = 100_000;
/// Most places of a link whose measures are fetched.
const PLACES: usize = 8;

impl App {
    /// Address of the page with the plan, and the answers if that was chosen, behind a `#`.
    fn link_address(&self) -> String {
        let page = property(&global("location"), "href").as_string().unwrap_or_default();
        let page = page.split('#').next().unwrap_or_default();
        let ids: Vec<&str> =
            self.desk.chosen.iter().filter_map(|at| Some(self.measures.get(*at)?.id.as_str())).collect();
        let mut content = json!({ "huiqi": LINK_VERSION, "plan": ids });
        if self.desk.with_answers {
            content["firm"] = profile::value(&self.firm, &self.catalogue);
        } else {
            // Where the measures are listed: who opens the link has said nothing of a place.
            let mut places = Vec::new();
            for region in self.desk.chosen.iter().filter_map(|at| self.measures.get(*at)?.regions.first()) {
                if *region != Code::ALL {
                    first_time(&mut places, region.region_text());
                }
            }
            content["places"] = json!(places);
        }
        format!("{page}#huiqi={}", URL_SAFE_NO_PAD.encode(content.to_string()))
    }

    /// Reads a link. Everything in it may be anything.
    pub(crate) fn open_link(&mut self, ctx: &Context<Self>, text: &str) {
        let bytes = (text.len() <= LINK_LIMIT).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
        let content: Option<Value> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Some(content) = content.filter(|c| c["huiqi"] == LINK_VERSION) else {
            return self.tell(self.get("链接里的内容读不出来：可能没复制全，请对方再发一次。").to_owned());
        };
        let firm = content.get("firm");
        if firm.is_some_and(|firm| !self.take_profile(ctx, profile::read_value(firm, &self.catalogue))) {
            return;
        }
        let texts = |name: &str| content[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        self.areas.asked = texts("places").filter_map(Code::region).take(PLACES).collect();
        let (ids, decided) = (texts("plan").map(str::to_owned).collect(), firm.is_some());
        let unread = self.desk.said.take().unwrap_or_default();
        self.open_areas(ctx);
        self.work.after.push(Act::Brought { ids, decided, unread });
    }

    /// The measures that a link names, once their areas are listed.
    pub(crate) fn take_brought(&mut self, ctx: &Context<Self>, ids: &[String], decided: bool, unread: &str) {
        let known = |id: &&String| self.measures.iter().any(|m| m.id == **id);
        let (known, gone): (Vec<&String>, Vec<&String>) = ids.iter().partition(known);
        if decided {
            for id in &known {
                self.desk.wishes.put_in(id);
            }
            self.show_all(ctx);
        } else {
            // Only a list: what is in it can be looked at and compared, nothing was decided.
            self.desk.compared = known.iter().take(3).map(|id| (*id).clone()).collect();
            self.desk.listed = known.iter().map(|id| (*id).clone()).collect();
            self.go(ctx, View::Form);
        }
        let (here, gone) = (known.len(), gone.len());
        let mut said = match (decided, here) {
            (true, 0) => self.get("打开了链接里的企业信息。").to_owned(),
            (true, _) => self.say("打开了链接里的企业信息和 {} 项。", &[&here]),
            (false, _) => self.say("打开了对方分享的 {} 项。", &[&here]),
        };
        if gone > 0 {
            said.push_str(&self.say("另有 {} 项现在的数据里没有了。", &[&gone]));
        }
        said.push_str(unread);
        self.tell(said);
    }

    pub(crate) fn share_dialog(&self, link: &Scope<Self>) -> Html {
        let close = link.callback(|_: MouseEvent| Msg::Act(Act::Share(false)));
        // Escape: the dialog is drawn no more instead of closing itself.
        let cancel = link.callback(|e: Event| {
            e.prevent_default();
            Msg::Act(Act::Share(false))
        });
        let with = |with: bool| link.callback(move |_: Event| Msg::Act(Act::WithAnswers(with)));
        let year = u16::try_from(self.today.year()).unwrap_or_default();
        let facts: Vec<String> = self
            .firm
            .iter()
            .map(|(key, _)| {
                self.say(
                    "{} {}",
                    &[&key_name(&self.catalogue, key), &answer_text(&self.catalogue, &self.firm, key, year)],
                )
            })
            .collect();
        html! {
            <dialog class="dlg" aria-labelledby="dlg-t" part="dialog" ref={self.dialog.clone()} oncancel={cancel}>
                <h2 id="dlg-t" tabindex="-1">{ self.get("分享这份方案") }</h2>
                <fieldset><legend>{ self.get("链接里放什么") }</legend>
                    <label class="opt"><input type="radio" name="with" checked={!self.desk.with_answers} onchange={with(false)} />
                        <span>{ self.say("只放 {} 项政策的名单", &[&self.desk.chosen.len()]) }<span class="hint"><br />{ self.get("对方看不到你的数字和金额") }</span></span></label>
                    <label class="opt"><input type="radio" name="with" checked={self.desk.with_answers} onchange={with(true)} />
                        <span>{ self.get("连我填的信息一起放") }<span class="hint"><br />{ self.get("对方打开就是你的结果") }</span></span></label></fieldset>
                if self.desk.with_answers {
                    <div class="note er"><p><b>{ icons::warn() }{ self.get("拿到链接的人都能看到：") }</b></p><p>{ self.catalogue.words.list(&facts) }</p>
                        <p class="s">{ self.get("链接发出后收不回。只发给信得过的人。信用代码不在链接里。") }</p></div>
                }
                <div class="in"><input id="link" readonly=true aria-label={self.get("链接").to_owned()} value={self.link_address()} /></div>
                <div class="row"><button type="button" class="btn pri" onclick={link.callback(|_: MouseEvent| Msg::Act(Act::Take(Take::Link)))}>{ self.get("复制链接") }</button>
                    <button type="button" class="btn" onclick={close}>{ self.get("关闭") }</button></div>
                <p class="s m" role="status">{ self.desk.said.clone().unwrap_or_default() }</p>
                <p class="s m">{ self.get("信息在网址 # 后面，不会发给任何服务器；打开后网址里马上删掉。") }</p>
            </dialog>
        }
    }

    pub(crate) fn copy_link(&mut self, ctx: &Context<Self>) {
        let root: &JsValue = ctx.props().root.as_ref();
        let copied = call(root, "querySelector", &["#link".into()]).is_ok_and(|field| copy_from(&field));
        let said = if copied {
            word("链接已复制。")
        } else {
            word("浏览器不让复制，请选中上面的链接自己复制。")
        };
        self.tell(self.get(said).to_owned());
    }

    /// Copies a text; whether that worked as far as the browser says.
    fn copy(&self, ctx: &Context<Self>, text: &str) -> bool {
        let root: &JsValue = ctx.props().root.as_ref();
        let focus = property(root, "activeElement");
        let copied = (|| {
            let field = call(&global("document"), "createElement", &["textarea".into()])?;
            js_sys::Reflect::set(&field, &"value".into(), &text.into())?;
            call(root, "appendChild", std::slice::from_ref(&field))?;
            let copied = copy_from(&field);
            call(&field, "remove", &[])?;
            Ok::<bool, JsValue>(copied)
        })();
        // Where the focus was.
        let _ = call(&focus, "focus", &[]);
        copied.unwrap_or(false)
    }

    pub(crate) fn export_plan(&mut self, ctx: &Context<Self>, take: Take) {
        let sheet = if let Take::CalendarOf(at) = take { self.sheet_of(at) } else { self.sheet() };
        let Some(sheet) = sheet else { return };
        match take {
            Take::Calendar | Take::CalendarOf(_) => self.download(
                "huiqi.ics",
                "text/calendar;charset=utf-8",
                export::calendar_file(&sheet, &self.catalogue.words),
            ),
            Take::Table => self.download(
                "huiqi.csv",
                "text/csv;charset=utf-8",
                export::plan_csv(&sheet, &self.catalogue.words),
            ),
            _ => {
                let text = export::plan_text(&sheet, &self.catalogue.words);
                if self.copy(ctx, &text) {
                    self.tell(self.get("方案已复制，可以粘贴到聊天或文档里。").to_owned());
                }
                self.desk.by_hand = Some(text);
            }
        }
    }

    /// Offers a file that was made here. Webviews that save nothing say nothing either, so the text is shown as well.
    pub(crate) fn download(&mut self, name: &str, kind: &str, text: String) {
        let saved = (|| -> Result<(), JsValue> {
            let document = global("document");
            let bytes = Uint8Array::from(text.as_bytes());
            let blob = js_sys::Reflect::construct(
                &global("Blob").into(),
                &Array::of2(&Array::of1(&bytes), &object(&[("type", kind.into())])),
            )?;
            let address = call(&global("URL"), "createObjectURL", &[blob])?;
            let anchor = call(&document, "createElement", &["a".into()])?;
            js_sys::Reflect::set(&anchor, &"href".into(), &address)?;
            js_sys::Reflect::set(&anchor, &"download".into(), &name.into())?;
            call(&anchor, "click", &[])?;
            Ok(())
        })();
        let said = if saved.is_ok() {
            word("已生成 {}，在浏览器的下载里。")
        } else {
            word("浏览器不让存文件 {}，请复制下面的文字。")
        };
        self.tell(self.say(said, &[&name]));
        self.desk.by_hand = Some(text);
    }

    pub(crate) fn export_profile(&mut self) {
        let text = profile::write(&self.firm, &self.catalogue);
        self.download("huiqi-firm.json", "application/json", text);
    }

    pub(crate) fn export_ratings(&mut self) {
        let rows =
            self.desk.ratings.iter().map(
                |(id, rating)| json!({ "measure": id, "level": rating.level, "reasons": rating.reasons }),
            );
        let text = json!({ "huiqi": LINK_VERSION, "ratings": rows.collect::<Vec<Value>>() }).to_string();
        self.download("huiqi-ratings.json", "application/json", text);
    }

    /// Prints the sheet alone: a copy of it in a frame of its own, because the page around belongs to somebody else.
    pub(crate) fn print(&mut self, ctx: &Context<Self>) {
        let root: &JsValue = ctx.props().root.as_ref();
        let printed = (|| -> Result<JsValue, JsValue> {
            let sheet = call(root, "querySelector", &[".paper".into()])?;
            let document = global("document");
            let frame = call(&document, "createElement", &["iframe".into()])?;
            call(&frame, "setAttribute", &["aria-hidden".into(), "true".into()])?;
            call(&frame, "setAttribute", &["title".into(), self.get("打印").into()])?;
            call(&frame, "setAttribute", &["class".into(), "v".into()])?;
            let old = call(root, "querySelector", &["iframe".into()])?;
            if old.is_truthy() {
                call(&old, "remove", &[])?;
            }
            call(root, "appendChild", std::slice::from_ref(&frame))?;
            let window = property(&frame, "contentWindow");
            let inside = property(&window, "document");
            let style =
                js_sys::Reflect::construct(&property(&window, "CSSStyleSheet").into(), &Array::new())?;
            call(&style, "replaceSync", &[PRINT_STYLE.into()])?;
            js_sys::Reflect::set(&inside, &"adoptedStyleSheets".into(), &Array::of1(&style))?;
            let title = format!("{} {}", self.get("申报方案"), self.today);
            js_sys::Reflect::set(&inside, &"title".into(), &title.into())?;
            let body = property(&inside, "body");
            call(&body, "appendChild", &[call(&sheet, "cloneNode", &[true.into()])?])?;
            call(&window, "print", &[])
        })();
        if printed.is_err() {
            let text = self.sheet().map(|sheet| export::plan_text(&sheet, &self.catalogue.words));
            self.tell(self.get("这里不能打印，请复制下面的文字，或用电脑上的浏览器打开。").to_owned());
            self.desk.by_hand = text;
        }
    }
}

/// For the frame that is printed: A4, black only.
const PRINT_STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/print.css"));

/// Copies what stands in a field: the way that works without https and in webviews.
fn copy_from(field: &JsValue) -> bool {
    let selected = call(field, "select", &[]).is_ok();
    selected && call(&global("document"), "execCommand", &["copy".into()]).is_ok_and(|done| done.is_truthy())
}
