//! Title, navigation, notices and the foot: what stands around every page.

use huiqi_engine::bundle::Catalog;
use huiqi_engine::words::word;
use yew::html::Scope;
use yew::{Context, Html, MouseEvent, html};

use crate::app::{App, Language, Msg, Part, View};
use crate::{icons, pages};

pub(crate) const PROMISE: &str = word("你的企业信息不会离开这台设备");

impl App {
    /// Everything in the widget.
    pub(crate) fn frame(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        if let Some(error) = &self.failed {
            return html! {
                <div class="vw nt"><div class="note er" role="alert">
                    <p><b>{ self.get("政策数据没能打开") }</b></p>
                    <p>{ error }</p>
                    <p>{ self.get("下面的政策清单仍然可用。刷新页面再试一次；还不行，请告诉网站管理员上面这句话。") }</p>
                </div></div>
            };
        }
        if self.publishers.is_empty() {
            // Shown by the style sheet after 300 ms: what comes sooner needs no word.
            return html! { <div class="vw late" aria-busy="true"><p role="status">{ self.get("正在读政策数据…") }</p>
            <div aria-hidden="true"><span class="sk w"></span><span class="sk"></span><span class="sk w"></span></div></div> };
        }
        let count = self.desk.chosen.len();
        let tab = |view: View, word: &'static str| {
            let current = match (&view, &self.view) {
                (View::Results, View::Measure(_) | View::Ask(_)) => true,
                (View::Plan, View::Compare | View::WhatIf | View::Print) => true,
                (View::Form, View::Kept) => true,
                (a, b) => a == b,
            };
            let number = (view == View::Plan && count > 0)
                .then(|| html! { <span class="n">{ format!("\u{a0}{count}") }</span> });
            let go = link.callback(move |_: MouseEvent| Msg::Go(view.clone()));
            html! { <li><button type="button" aria-current={current.then_some("page")} onclick={go}>{ self.get(word) }{ for number }</button></li> }
        };
        let page = match &self.view {
            _ if self.waits() => self.waiting(),
            View::Form => self.form(link),
            View::Results => self.results(link),
            _ => self.later(link),
        };
        let title = self.get("惠企政策匹配").to_owned();
        html! { <>
            <div class="top" part="title"><strong>{ title.clone() }</strong>{ self.tools(link) }</div>
            <nav class="nav" part="nav" aria-label={title}><ul>
                { tab(View::Form, word("企业信息")) }
                { tab(View::Results, word("结果")) }
                { tab(View::Plan, word("方案")) }
                { tab(View::Calendar, word("日历")) }
                { tab(View::Search, word("搜政策")) }
            </ul></nav>
            { self.notes(link) }
            <div class="vw" part="view" aria-busy={(self.work.due || self.lacks_rows()).then_some("true")}>{ page }</div>
            <div class="foot" part="foot">
                <p class="priv">{ icons::lock() }<span>{ self.get(PROMISE) }</span></p>
                { for self.publishers.iter().map(|p| {
                    let Catalog { published, publisher, documents, measures, .. } = &p.catalog;
                    let known = if p.authority.is_some() { word("已核对发布单位的签名") } else { word("没有核对签名") };
                    let day = self.day(*published);
                    html! { <p>{ self.say("政策数据：{}发布，{}，{} 份文件 {} 个事项，{}。", &[&day, publisher, documents, measures, &self.get(known)]) }</p> }
                }) }
                <p>{ self.get("结果由你填的信息算出，供申报前参考，以受理部门审核为准。") }</p>
            </div>
            { self.dialog(link) }
        </> }
    }

    /// What stands where the results will be.
    fn waiting(&self) -> Html {
        html! {
            <section class="sum w"><div class="st"><h2 tabindex="-1" ref={self.heading.clone()}>{ self.get("正在逐条核对…") }</h2>
                <p role="status">{ self.say("共 {} 项政策，都在这台设备上核对。", &[&self.measures.len()]) }</p></div></section>
        }
    }

    /// Large letters and languages.
    fn tools(&self, link: &Scope<Self>) -> Html {
        let languages = Language::ALL.iter().map(|(language, tag, name)| {
            let language = *language;
            let choose = link.callback(move |_: MouseEvent| Msg::Language(language));
            html! { <button type="button" class="btn txt" lang={*tag} aria-pressed={(language == self.language).to_string()} onclick={choose}>{ *name }</button> }
        });
        html! {
            <div class="tools">
                <button type="button" class="btn txt" aria-pressed={self.large.to_string()} onclick={link.callback(|_: MouseEvent| Msg::Large)}>{ self.get("大字") }</button>
                { for languages }
            </div>
        }
    }

    /// A page of the part that is fetched later.
    fn later(&self, link: &Scope<Self>) -> Html {
        match &self.pages {
            Part::There => pages::view(self, link),
            Part::Failed(error) => html! {
                <div class="note er" role="alert"><p>{ self.get(error) }</p>
                    <button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::NeedPages)}>{ self.get("再试一次") }</button></div>
            },
            _ => html! { <p role="status">{ self.get("正在打开…") }</p> },
        }
    }

    fn dialog(&self, link: &Scope<Self>) -> Html {
        if self.desk.sharing && self.pages == Part::There {
            pages::dialog(self, link)
        } else {
            Html::default()
        }
    }

    /// What a visitor must know of the data: out of date, incomplete, not listed, no network.
    fn notes(&self, link: &Scope<Self>) -> Html {
        let note = |title: String, body: Html| {
            html! {
                <div class="vw nt"><div class="note" role="status"><p><b>{ icons::warn() }{ title }</b></p>{ body }</div></div>
            }
        };
        let lines =
            |list: &[String]| html! { { for list.iter().map(|text| html! { <p>{ text.clone() }</p> }) } };
        let stale = self.publishers.iter().map(|p| &p.catalog).find(|c| self.today > c.expires);
        html! { <>
            if let Some(catalog) = stale {
                <div class="stale">{ note(self.say("政策数据过了有效期（{}，{}）", &[&catalog.publisher, &self.day(catalog.expires)]),
                    html! { <p>{ self.get("发布单位没有按时更新，受理时间和金额可能变了。结论仍按原来的数据给出，合计不再显示；申报前请向受理部门核对。") }</p> }) }</div>
            }
            if !self.warnings.is_empty() {
                { note(self.say("{} 个数据文件没读到，其余 {} 项照常匹配", &[&self.warnings.len(), &self.measures.len()]), html! { <>
                    { lines(&self.warnings) }
                    <button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::Retry)}>{ self.get("再读一次") }</button></> }) }
            }
            if !self.notices.is_empty() {
                <div class="vw nt"><div class="note" role="status">{ lines(&self.notices) }</div></div>
            }
            if self.offline {
                <div class="vw nt"><div class="note q" role="status"><p><b>{ self.get("现在没有网络，匹配照常。") }</b></p>
                    <p>{ self.get("还没读过的原文、正文和办事链接要联网才能打开。") }</p></div></div>
            }
            if let Some(said) = &self.desk.said {
                <div class="vw nt"><div class="note g" role="status"><p>{ said.clone() }</p></div></div>
            }
        </> }
    }
}
