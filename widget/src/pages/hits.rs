//! What a search found, and the filters.

use std::ops::Range;

use huiqi_engine::report::Group;
use huiqi_engine::search::Facet;
use huiqi_engine::words::word;
use web_sys::{Element, HtmlSelectElement};
use yew::html::Scope;
use yew::{Event, Html, MouseEvent, TargetCast as _, html};

use crate::app::{App, Msg, View};
use crate::search::Shown;

impl App {
    pub(crate) fn search_page(&self, link: &Scope<Self>) -> Html {
        html! { <>
            <h2 tabindex="-1" ref={self.heading.clone()}>{ self.get("搜政策") }</h2>
            { self.search_box(link) }
            { self.place_note(link) }
            { self.hits(link) }
        </> }
    }

    pub(crate) fn hits(&self, link: &Scope<Self>) -> Html {
        let search = &self.search;
        let Some(passed) = search.passed else {
            let hint = self
                .get("输入政策名、词语或文号，如“高新技术企业 奖励”。繁体也能搜，整句加引号。")
                .to_owned();
            return if search.busy {
                html! { <p role="status">{ self.get("正在查…") }</p> }
            } else {
                html! { <p class="m">{ hint }</p> }
            };
        };
        if passed == 0 && search.filters.is_empty() {
            let text = if search.busy {
                word("正在查…")
            } else {
                word("没有找到。换个短一点的词试试。")
            };
            return html! { <p role="status">{ self.get(text).to_owned() }</p> };
        }
        let count = match search.filters.is_empty() {
            true => self.say("找到 {} 项", &[&passed]),
            false => self.say("筛选后 {} 项", &[&passed]),
        };
        html! { <>
            if let Some(meant) = &search.meant {
                <p class="meant">{ self.say("没有和原词完全对得上的，已按“{}”查找。", &[meant]) }
                    <button type="button" class="btn txt" onclick={link.callback(|_: MouseEvent| Msg::AsTyped)}>{ self.say("仍查“{}”", &[&search.text.trim()]) }</button></p>
            }
            <p class="s m" role="status">{ count }</p>
            { self.filter_panel(link) }
            <ul class="hits">{ for search.shown.iter().map(|hit| self.hit(link, hit)) }</ul>
        </> }
    }

    /// All filters, folded.
    pub(crate) fn filter_panel(&self, link: &Scope<Self>) -> Html {
        let toggle = link
            .callback(|e: Event| Msg::Filtering(e.target_unchecked_into::<Element>().has_attribute("open")));
        let chosen =
            Facet::ALL.iter().filter(|(facet, ..)| self.search.filters.get(*facet).is_some()).count();
        html! {
            <details class="filter" open={self.search.filtering} ontoggle={toggle}>
                <summary>{ if chosen > 0 { self.say("更多筛选（已选 {} 个）", &[&chosen]) } else { self.get("更多筛选").to_owned() } }</summary>
                if self.search.filtering {
                    <div class="facets">{ for Facet::ALL.iter().map(|(facet, id, name)| self.facet(link, *facet, id, name)) }</div>
                }
            </details>
        }
    }

    /// One filter with what each choice would leave.
    fn facet(&self, link: &Scope<Self>, facet: Facet, id: &'static str, name: &'static str) -> Html {
        let search = &self.search;
        let counts = search.counts.iter().find(|(f, _)| *f == facet).map(|(_, c)| c.as_slice());
        let counts = counts.unwrap_or_default();
        let chosen = search.filters.get(facet);
        if counts.len() < 2 && chosen.is_none() {
            return Html::default();
        }
        let change = link.callback(move |e: Event| {
            let value = e.target_unchecked_into::<HtmlSelectElement>().value();
            Msg::Filter(facet, (!value.is_empty()).then_some(value))
        });
        html! {
            <label class="s">{ self.get(name).to_owned() }
                <select class="sel" data-facet={id} onchange={change}>
                    <option value="" selected={chosen.is_none()}>{ self.get("不限") }</option>
                    { for counts.iter().map(|(value, count)| html! {
                        <option selected={chosen == Some(value)} value={value.clone()}>{ self.say("{}（{}）", &[&self.get(value), count]) }</option>
                    }) }
                </select>
            </label>
        }
    }

    fn hit(&self, link: &Scope<Self>, hit: &Shown) -> Html {
        let at = hit.at;
        let Some(measure) = self.measures.get(at) else { return Html::default() };
        let outcome = self.outcome(at);
        let (document, marks) = &hit.document;
        html! {
            <li class="hit" key={measure.id.clone()} data-id={measure.id.clone()} data-tier={hit.tier}>
                <p>
                    <button type="button" class="name" onclick={link.callback(move |_: MouseEvent| Msg::Go(View::Measure(at)))}>{ with_marks(&measure.name, &hit.name) }</button>
                    if let Some(outcome) = outcome {
                        { " " }{ self.verdict_word(Group::of(outcome)) }
                    }
                </p>
                <p>{ with_marks(&self.card(at).summary, &hit.summary) }</p>
                if !hit.piece.1.is_empty() {
                    <p class="s m">{ with_marks(&hit.piece.0, &hit.piece.1) }</p>
                }
                <p class="s m">{ self.get(measure.schedule.window(self.today).name()).to_owned() }
                    if !document.is_empty() {
                        { " · " }{ with_marks(document, marks) }{ hit.issued.map(|d| format!(" · {}", self.day(d))) }
                    }
                </p>
            </li>
        }
    }
}

fn with_marks(text: &str, marks: &[Range<usize>]) -> Html {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    for range in marks {
        out.push(html! { chars[at..range.start].iter().collect::<String>() });
        out.push(html! { <mark>{ chars[range.start..range.end].iter().collect::<String>() }</mark> });
        at = range.end;
    }
    out.push(html! { chars[at..].iter().collect::<String>() });
    html! { { for out } }
}
