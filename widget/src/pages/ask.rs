//! One question.

use huiqi_engine::explain::key_name;
use huiqi_engine::firm::Key;
use huiqi_engine::num::Ratio;
use huiqi_engine::report::Group;
use yew::html::Scope;
use yew::{Html, MouseEvent, SubmitEvent, html};

use crate::app::{App, Msg, View};
use crate::icons;

/// Measures that are named below a question.
const NAMED: usize = 8;

impl App {
    pub(crate) fn ask(&self, link: &Scope<Self>, key: Key) -> Html {
        let next = link.callback(move |e: SubmitEvent| {
            e.prevent_default();
            Msg::Answered(key)
        });
        let report = self.report.as_ref();
        let questions = report.map(|r| r.questions.as_slice()).unwrap_or_default();
        let stake = questions.iter().find(|q| q.key == key).map(|q| match q.stake {
            0 => self.say("这一题关系到 {} 个事项", &[&q.measures]),
            stake => self.say(
                "这一题关系到 {} 个事项、最多 {}",
                &[&q.measures, &self.catalogue.words.money(Ratio::int(stake), 0)],
            ),
        });
        let done = self.skipped.len();
        let all = (done + questions.len()).max(1);
        let width = (100 * done / all).to_string();
        let said = self.say("已答 {} 题，还剩 {} 题", &[&done, &questions.len()]);
        let about = report
            .into_iter()
            .flat_map(|r| r.outcomes.iter().enumerate())
            .filter_map(|(at, outcome)| Some((at, outcome.as_ref()?)))
            .filter(|(_, outcome)| outcome.missing.contains(&key));
        let about: Vec<Html> = about.take(NAMED).map(|(at, outcome)| html! {
            <li><span>{ self.name_button(link, at) }<br /><span class="s m">{ self.get(Group::of(outcome).name()).to_owned() }</span></span>
                <span class="amt">{ for outcome.amount.as_ref().map(|amount| self.figure(amount)) }</span></li>
        }).collect();
        let unsure = link.callback(move |_: MouseEvent| Msg::Unsure(key));
        html! { <>
            <button type="button" class="lnk" onclick={link.callback(|_: MouseEvent| Msg::Before)}>{ icons::back() }{ self.get("上一题") }</button>
            <div class="cols"><div class="main st">
                <div><p class="s m">{ self.say("还有 {} 个问题可能改变结果", &[&questions.len()]) }</p>
                    <svg class="prog" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={said}><rect class="b" width="100" height="8" /><rect class="f" width={width} height="8" /></svg></div>
                <h2 tabindex="-1" ref={self.heading.clone()}>{ key_name(&self.catalogue, key) }</h2>
                if let Some(stake) = stake { <p>{ stake }</p> }
                <form class="st" novalidate=true onsubmit={next}>
                    { self.question_field(link, key) }
                    <div class="row">
                        <button class="btn pri" part="button" type="submit">{ self.get("继续") }</button>
                        <button class="btn" type="button" onclick={unsure}>{ self.line("不确定") }</button>
                        <button class="btn txt" type="button" onclick={link.callback(move |_: MouseEvent| Msg::Later(key))}>{ self.get("稍后再答") }</button>
                    </div>
                </form>
                if !about.is_empty() {
                    <details class="sec" open=true><summary>{ self.get("为什么问这个") }</summary><ul class="lst">{ for about }</ul></details>
                }
            </div><div class="side sec">{ self.so_far(link) }</div></div>
        </> }
    }

    /// What is sure already, and the way there.
    fn so_far(&self, link: &Scope<Self>) -> Html {
        let Some(report) = &self.report else { return Html::default() };
        let h = &report.headline;
        html! { <>
            <p class="s m">{ self.get("目前可享") }</p>
            if h.high > 0 && !self.is_stale() { <p class="fig" role="status">{ self.range(h.low, h.high) }</p> }
            <p><b>{ self.say("{} 项", &[&h.count]) }</b></p>
            <button type="button" class="ans" onclick={link.callback(|_: MouseEvent| Msg::Go(View::Results))}>{ self.get("不答了，直接看结果") }</button>
        </> }
    }
}
