//! What stays on the device, and only if the visitor says so: firms, settings, ratings.

use std::collections::BTreeSet;

use huiqi_engine::explain::{answer_text, size_steps};
use huiqi_engine::firm::Key;
use huiqi_engine::profile;
use huiqi_engine::words::{hash, word};
use serde_json::{Value, json};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;
use yew::html::Scope;
use yew::{Context, Event, Html, InputEvent, MouseEvent, SubmitEvent, TargetCast as _, html};

use crate::app::{App, Language, Msg, View};
use crate::fetch::{Fetched, LoadError};
use crate::icons;
use crate::pages::{Act, Keep, Kept, Rating, Take};
use crate::{KEPT, call, global, property};

/// Version of what is kept.
const VERSION: u64 = 1;
/// Most firms on one device.
const FIRMS: usize = 20;
/// Most measures whose ids are remembered for one firm.
const SEEN: usize = 20_000;

impl App {
    /// The store that was chosen.
    fn store(keep: Keep) -> Option<JsValue> {
        match keep {
            Keep::No => None,
            Keep::Session => Some(global("sessionStorage")),
            Keep::Device => Some(global("localStorage")),
        }
    }

    /// Reads what an earlier visit kept.
    pub(crate) fn recall_kept(&mut self, ctx: &Context<Self>) {
        for keep in [Keep::Session, Keep::Device] {
            let Some(store) = Self::store(keep) else { continue };
            let text = call(&store, "getItem", &[KEPT.into()]).ok().and_then(|text| text.as_string());
            let Some(text) = text else { continue };
            let root: Value = serde_json::from_str(&text).unwrap_or_default();
            if root["huiqi"] != VERSION {
                // It stays as it is until the visitor wants something kept.
                self.tell(self.get("以前存的企业信息读不出来，没有采用；下次保存时会换掉。").to_owned());
                continue;
            }
            self.desk.keep = keep;
            self.desk.kept =
                root["firms"].as_array().into_iter().flatten().filter_map(read_kept).take(FIRMS).collect();
            let lost = root["firms"].as_array().map_or(0, Vec::len).min(FIRMS) - self.desk.kept.len();
            if lost > 0 {
                self.tell(self.say("存的企业里有 {} 家读不出来。", &[&lost]));
            }
            self.desk.ready = root["ready"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|v| v.as_str().map(str::to_owned))
                .collect();
            for row in root["ratings"].as_array().into_iter().flatten() {
                if let Some(id) = row["measure"].as_str() {
                    let number =
                        |key: &str| row[key].as_u64().and_then(|n| u8::try_from(n).ok()).unwrap_or_default();
                    self.desk.ratings.insert(
                        id.to_owned(),
                        Rating { level: number("level").min(5), reasons: number("reasons"), sent: false },
                    );
                }
            }
            if root["large"] == true && !self.large {
                self.large = true;
                let _ = ctx.props().host.set_attribute("mode", "large");
            }
            let language =
                Language::ALL.iter().find(|(_, tag, _)| root["language"] == *tag).map(|(l, ..)| *l);
            if let Some(language) = language.filter(|l| *l != self.language) {
                self.language = language;
                self.act_now(ctx, Act::Speak);
            }
            // What was open in this tab goes on where it was.
            if keep == Keep::Session && self.desk.kept.len() == 1 {
                self.open_kept(ctx, 0);
            }
            return;
        }
    }

    /// Writes down what may be kept.
    pub(crate) fn remember(&mut self, ctx: &Context<Self>) {
        if ctx.props().keeps_nothing {
            return;
        }
        let Some(store) = Self::store(self.desk.keep) else { return };
        let firms: Vec<Value> = self
            .desk
            .kept
            .iter()
            .map(|kept| {
                json!({ "name": kept.name, "day": kept.day, "profile": kept.profile, "seen": kept.seen })
            })
            .collect();
        let ratings: Vec<Value> = self
            .desk
            .ratings
            .iter()
            .map(|(id, r)| json!({ "measure": id, "level": r.level, "reasons": r.reasons }))
            .collect();
        let root = json!({
            "huiqi": VERSION, "firms": firms, "ratings": ratings, "ready": self.desk.ready,
            "large": self.large, "language": self.language.tag(),
        });
        if call(&store, "setItem", &[KEPT.into(), root.to_string().into()]).is_err() {
            self.tell(self.get("浏览器不让保存，关掉页面后内容就没了；可以导出成文件。").to_owned());
        }
    }

    fn forget_store(keep: Keep) {
        if let Some(store) = Self::store(keep) {
            // A store that cannot be written holds nothing of ours.
            let _ = call(&store, "removeItem", &[KEPT.into()]);
        }
    }

    pub(crate) fn set_keep(&mut self, ctx: &Context<Self>, keep: Keep) {
        if keep != self.desk.keep {
            Self::forget_store(self.desk.keep);
            self.desk.keep = keep;
        }
        if keep == Keep::No {
            self.desk.kept.clear();
        } else {
            self.save(ctx);
        }
    }

    /// Writes the firm down under its name; one of the same name is replaced.
    pub(crate) fn save(&mut self, ctx: &Context<Self>) {
        if self.desk.keep == Keep::No {
            self.desk.keep = Keep::Device;
        }
        let name = self.desk.name.trim().to_owned();
        let name = if name.is_empty() { self.get("我的企业").to_owned() } else { name };
        let seen: Vec<u32> = self.measures.iter().take(SEEN).map(|m| hash(&m.id)).collect();
        let kept = Kept {
            name: name.clone(),
            day: self.today.to_string(),
            profile: profile::value(&self.firm, &self.catalogue),
            seen,
        };
        self.desk.kept.retain(|one| one.name != name);
        self.desk.kept.insert(0, kept);
        self.desk.kept.truncate(FIRMS);
        self.desk.name = name;
        self.remember(ctx);
        if self.desk.said.is_none() {
            let said = if self.desk.keep == Keep::Session {
                word("“{}”存到关掉浏览器为止。")
            } else {
                word("“{}”存在这台设备上了。")
            };
            self.tell(self.say(said, &[&self.desk.name]));
        }
    }

    pub(crate) fn open_kept(&mut self, ctx: &Context<Self>, at: usize) {
        let Some(kept) = self.desk.kept.get(at).cloned() else { return };
        if !self.take_profile(ctx, profile::read_value(&kept.profile, &self.catalogue)) {
            return;
        }
        self.desk.name = kept.name.clone();
        let seen: BTreeSet<u32> = kept.seen.iter().copied().collect();
        self.desk.seen_before = Some((seen, kept.day));
        self.show_all(ctx);
    }

    /// Measures that were not there when the firm was kept.
    pub(crate) fn new_measures(&self) -> Vec<usize> {
        let Some((seen, _)) = &self.desk.seen_before else { return Vec::new() };
        let listed = |at: &usize| self.outcome(*at).is_some();
        (0..self.measures.len())
            .filter(|at| !seen.contains(&hash(&self.measures[*at].id)))
            .filter(listed)
            .collect()
    }

    pub(crate) fn delete(&mut self, ctx: &Context<Self>, at: Option<usize>) {
        match at {
            Some(at) if at < self.desk.kept.len() => {
                self.desk.kept.remove(at);
                self.remember(ctx);
            }
            _ => {
                Self::forget_store(Keep::Session);
                Self::forget_store(Keep::Device);
                self.desk.kept.clear();
                self.desk.ratings.clear();
                self.desk.ready.clear();
                self.desk.keep = Keep::No;
            }
        }
        self.tell(self.get("删掉了。").to_owned());
    }

    /// Takes the answers of a profile; what is wrong in it is told. `false` when the text is no profile and nothing was
    /// taken.
    pub(crate) fn take_profile(&mut self, ctx: &Context<Self>, read: profile::Read) -> bool {
        match read {
            Ok((firm, problems)) => {
                self.firm = firm;
                self.drafts.clear();
                self.industry_text.clear();
                self.skipped.clear();
                self.write_drafts();
                let places: Vec<String> =
                    problems.iter().take(5).map(|p| self.say("{}：{}", &[&p.place, &p.message])).collect();
                if !places.is_empty() {
                    self.tell(
                        self.say("有 {} 处没有读进来：{}", &[&problems.len(), &places.join(self.get("；"))]),
                    );
                }
                self.need_places(ctx);
                true
            }
            Err(error) => {
                self.tell(error.text(&self.catalogue.words));
                false
            }
        }
    }

    pub(crate) fn import(&mut self, ctx: &Context<Self>, input: &HtmlInputElement) {
        let file = property(&property(input, "files"), "0");
        if file.is_undefined() {
            return;
        }
        let reading = js_sys::Reflect::construct(&global("Response").into(), &js_sys::Array::of1(&file))
            .and_then(|response| call(&response, "text", &[]));
        let unreadable = || LoadError::new("文件读不出来");
        ctx.link().send_future(async move {
            let text = match reading {
                Ok(promise) => JsFuture::from(promise.unchecked_into::<js_sys::Promise>())
                    .await
                    .map_err(|_| unreadable()),
                Err(_) => Err(unreadable()),
            };
            Msg::Act(Act::Imported(text.and_then(|text| text.as_string().ok_or_else(unreadable))))
        });
        // The same file can be chosen again.
        input.set_value("");
    }

    pub(crate) fn imported(&mut self, ctx: &Context<Self>, text: Fetched<String>) {
        match text {
            Ok(text) => {
                if self.take_profile(ctx, profile::read(&text, &self.catalogue)) && self.desk.said.is_none() {
                    self.tell(self.say("读进来 {} 项信息。", &[&self.firm.len()]));
                }
                self.redecide();
                self.open_areas(ctx);
            }
            Err(error) => self.tell(error.to_string()),
        }
    }

    /// The profile in an element of the page: it is shown that there is one, and taken only on a click.
    pub(crate) fn take_offer(&mut self, id: &str) {
        let element = call(&global("document"), "getElementById", &[id.into()]).unwrap_or(JsValue::NULL);
        let text = property_text(&element);
        match text.filter(|text| profile::read(text, &self.catalogue).is_ok()) {
            Some(text) => self.desk.offered = Some(text),
            None => crate::refuse("profile-from", "一个元素的 id，里面是企业资料的 JSON", id),
        }
    }

    pub(crate) fn accept(&mut self, ctx: &Context<Self>, yes: bool) {
        if let Some(text) = self.desk.offered.take().filter(|_| yes) {
            self.take_profile(ctx, profile::read(&text, &self.catalogue));
            self.redecide();
            self.open_areas(ctx);
        }
    }

    /// A profile that the page offers, and firms that were kept.
    pub(crate) fn offer(&self, link: &Scope<Self>) -> Html {
        let accept = |yes: bool| link.callback(move |_: MouseEvent| Msg::Act(Act::Accept(yes)));
        let count = self
            .desk
            .offered
            .as_ref()
            .and_then(|text| profile::read(text, &self.catalogue).ok())
            .map(|(firm, _)| firm.len());
        let listed: Vec<usize> =
            self.desk.listed.iter().filter_map(|id| self.measures.iter().position(|m| m.id == *id)).collect();
        html! { <>
            if let Some(count) = count {
                <div class="note ac"><p><b>{ self.say("本网站有你企业的 {} 项信息，要填进来吗？", &[&count]) }</b></p>
                    <p class="s">{ self.get("只在这个页面里用，不会发出，也不会保存。填进来后都能改。") }</p>
                    <div class="row"><button type="button" class="btn pri" onclick={accept(true)}>{ self.get("填进来") }</button><button type="button" class="btn" onclick={accept(false)}>{ self.get("不用") }</button></div></div>
            }
            if !listed.is_empty() {
                <div class="note q"><p><b>{ self.get("对方分享的事项") }</b></p><ul class="lst">{ for listed.into_iter().map(|at| html! { <li>{ self.name_button(link, at) }</li> }) }</ul>
                    <p class="s">{ self.get("填下面几项，就知道你的企业能不能享受。") }</p></div>
            }
            if !self.desk.kept.is_empty() {
                <div class="note q"><p><b>{ self.get("以前存过的企业") }</b></p>{ self.kept_list(link, false) }</div>
            }
        </> }
    }

    fn kept_list(&self, link: &Scope<Self>, deletable: bool) -> Html {
        let rows = self.desk.kept.iter().enumerate().map(|(at, kept)| {
            let open = link.callback(move |_: MouseEvent| Msg::Act(Act::OpenKept(at)));
            let delete = link.callback(move |_: MouseEvent| Msg::Act(Act::Delete(at)));
            html! { <li><button type="button" class="name" onclick={open}>{ kept.name.clone() }</button><span class="s m">{ kept.day.clone() }
                if deletable { { " " }<button type="button" class="btn txt s" aria-label={self.say("删除“{}”", &[&kept.name])} onclick={delete}>{ self.get("删除") }</button> }</span></li> }
        });
        html! { <ul class="lst">{ for rows }</ul> }
    }

    /// Whether answers are kept, asked on the first page.
    pub(crate) fn keeping(&self, link: &Scope<Self>) -> Html {
        let choices = [
            (Keep::No, word("不保存"), word("，关掉页面就没了")),
            (Keep::Session, word("这次打开期间"), word("，刷新不丢，关掉浏览器就删")),
            (Keep::Device, word("存在这台设备"), word("，下次接着用，随时可删")),
        ];
        let choices = choices.into_iter().map(|(keep, name, more)| {
            let choose = link.callback(move |_: Event| Msg::Act(Act::Keep(keep)));
            html! { <label class="opt"><input type="radio" name="keep" checked={self.desk.keep == keep} onchange={choose} /><span>{ self.get(name).to_owned() }<span class="hint">{ self.get(more).to_owned() }</span></span></label> }
        });
        html! { <fieldset><legend>{ self.get("填的内容要保存吗") }</legend>{ for choices }</fieldset> }
    }

    /// What the first page shows below its fields, once there is more than the fields.
    pub(crate) fn below_form(&self, link: &Scope<Self>) -> Html {
        html! { <>{ self.size_note() }if self.keeps { { self.keeping(link) } }</> }
    }

    /// 企业规模 as far as it follows from what was typed, and how.
    fn size_note(&self) -> Html {
        let Some(no) = self.fact("firm_size") else { return Html::default() };
        let year = u16::try_from(self.today.year()).unwrap_or_default();
        let text = answer_text(&self.catalogue, &self.firm, Key::plain(no), year);
        let steps = size_steps(&self.catalogue, &self.firm, year);
        if steps.is_empty() {
            return Html::default();
        }
        html! {
            <div class="note q"><p>{ self.get("企业规模：") }<b>{ text }</b></p>
            <details class="cl"><summary>{ self.get("怎么算的") }</summary><table class="calc w"><tbody>
                { for steps.into_iter().map(|step| html! { <tr><td>{ step.label }</td><td>{ step.value }</td></tr> }) }
            </tbody></table><p class="s m">{ self.get("依据：统计上大中小微型企业划分办法（2017），由行业、人数、营业收入、资产推算。") }</p></details></div>
        }
    }

    /// Firms, files, ratings: everything that is kept, and the way to delete it.
    pub(crate) fn kept_page(&self, link: &Scope<Self>) -> Html {
        let save = link.callback(|e: SubmitEvent| {
            e.prevent_default();
            Msg::Act(Act::Save)
        });
        let named = link.callback(|e: InputEvent| {
            Msg::Act(Act::Name(e.target_unchecked_into::<HtmlInputElement>().value()))
        });
        let chosen = link.callback(|e: Event| Msg::Act(Act::Import(e.target_unchecked_into())));
        let take = |take: Take, text: &'static str| html! { <button type="button" class="btn" onclick={link.callback(move |_: MouseEvent| Msg::Act(Act::Take(take)))}>{ self.get(text).to_owned() }</button> };
        html! { <>
            <button type="button" class="lnk" onclick={link.callback(|_: MouseEvent| Msg::Back)}>{ icons::back() }{ self.get("返回") }</button>
            <h2 tabindex="-1" ref={self.heading.clone()}>{ self.get("保存和导入") }</h2>
            <p class="p">{ self.get("都只在这台设备上，不会发出。") }</p>
            if self.keeps { { self.keeping(link) }
                <form class="st" onsubmit={save}><div><label for="firm-name">{ self.get("给这家企业起个名") }</label>
                    <div class="in"><input id="firm-name" name="firm-name" autocomplete="off" maxlength="40" value={self.desk.name.clone()} oninput={named} /></div></div>
                    <div class="row"><button type="submit" class="btn pri">{ self.get("保存") }</button></div></form>
                if !self.desk.kept.is_empty() { <section class="sec"><h3>{ self.get("以前存过的企业") }</h3>{ self.kept_list(link, true) }</section> }
            } else { <p class="note q">{ self.get("本网站设置为不保存任何内容，可以导出成文件。") }</p> }
            <section class="sec"><h3>{ self.get("文件") }</h3><div class="row">{ take(Take::Profile, word("导出企业信息")) }
                <label class="btn file">{ self.get("导入企业信息") }<input type="file" name="import" accept=".json,application/json" onchange={chosen} /></label></div>{ self.by_hand() }</section>
            if !self.desk.ratings.is_empty() {
                <section class="sec"><h3>{ self.say("评价 {} 条", &[&self.desk.ratings.len()]) }</h3><div class="row">{ take(Take::Ratings, word("导出评价")) }</div></section>
            }
            <section class="sec"><button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::Act(Act::DeleteAll))}>{ self.get("全部删除") }</button>
                <p class="s m">{ self.get("企业、评价、备好的材料、语言和字号设置都会删掉。") }</p></section>
        </> }
    }

    /// What is new since the firm was kept.
    pub(crate) fn news(&self, link: &Scope<Self>) -> Html {
        let new = self.new_measures();
        let Some((_, day)) = self.desk.seen_before.as_ref().filter(|_| !new.is_empty()) else {
            return Html::default();
        };
        let eligible = self
            .report
            .as_ref()
            .and_then(|r| r.groups.get(&huiqi_engine::report::Group::Eligible))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let good = new.iter().filter(|at| eligible.contains(at)).count();
        html! {
            <div class="note g" role="status"><p><b>{ self.say("新增 {} 项，其中 {} 项你符合", &[&new.len(), &good]) }</b></p>
                <p class="s">{ self.say("上次看是 {}。", &[day]) }<button type="button" class="ans" onclick={link.callback(|_: MouseEvent| Msg::Act(Act::OnlyNew))}>
                    { self.get(if self.desk.only_new { word("收起新增的") } else { word("看新增的") }).to_owned() }</button></p>
                if self.desk.only_new { <ul class="lst">{ for new.into_iter().map(|at| html! { <li>{ self.name_button(link, at) }</li> }) }</ul> }
            </div>
        }
    }

    /// Results of answers that came from elsewhere.
    pub(crate) fn show_all(&mut self, ctx: &Context<Self>) {
        self.open_areas(ctx);
        self.redecide();
        self.go(ctx, View::Results);
    }
}

/// The text inside an element.
fn property_text(element: &JsValue) -> Option<String> {
    if element.is_null() { None } else { property(element, "textContent").as_string() }
}

fn read_kept(row: &Value) -> Option<Kept> {
    Some(Kept {
        name: row["name"].as_str()?.chars().take(40).collect(),
        day: row["day"].as_str()?.to_owned(),
        profile: row.get("profile")?.clone(),
        seen: row["seen"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|v| u32::try_from(v.as_u64()?).ok())
            .collect(),
    })
}
