//! Deadlines by month.

use huiqi_engine::LiteMap;
use huiqi_engine::date::Date;
use huiqi_engine::eval::Verdict;
use huiqi_engine::report::Group;
use huiqi_engine::words::word;
use yew::html::Scope;
use yew::{Html, MouseEvent, html};

use crate::app::{App, Msg, View};
use crate::pages::{Act, Take};

/// Names in one cell; the list beside has all.
const IN_CELL: usize = 3;

impl App {
    /// The month that is shown: its year and month.
    fn month(&self) -> (i32, i32) {
        let (year, month, _) = self.today.ymd();
        let months = year * 12 + month as i32 - 1 + self.desk.month;
        (months.div_euclid(12), months.rem_euclid(12) + 1)
    }

    /// A month as a number, or by its name where people say it so.
    fn month_word(&self, month: i32) -> String {
        let words = &self.catalogue.words;
        if words.is_chinese() { month.to_string() } else { words.month(month.unsigned_abs()).to_owned() }
    }

    /// Measures that open or close, with the day; `true` for a deadline.
    fn days_of(&self, first: Date, last: Date) -> Vec<(Date, bool, usize)> {
        let mut days = Vec::new();
        for (at, measure) in self.measures.iter().enumerate() {
            let outcome = self.outcome(at);
            let mine = outcome.is_some_and(|o| o.verdict != Verdict::Ineligible || o.near.is_some());
            if measure.withheld || !(mine || self.desk.all_days || self.report.is_none()) {
                continue;
            }
            let schedule = &measure.schedule;
            let days_of = [(schedule.opens, false), (schedule.closes, true)];
            days.extend(
                days_of
                    .into_iter()
                    .filter_map(|(day, end)| Some((day.filter(|d| (first..=last).contains(d))?, end, at))),
            );
        }
        days.sort_unstable_by_key(|(day, end, at)| (*day, !*end, *at));
        days
    }

    pub(crate) fn calendar_page(&self, link: &Scope<Self>) -> Html {
        let (year, month) = self.month();
        let first = Date::new(year, month as u32, 1).unwrap_or(self.today);
        let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let last = Date::new(next_year, next_month as u32, 1)
            .and_then(|day| Date::from_days(day.days() - 1))
            .unwrap_or(first);
        let days = self.days_of(first, last);
        // 1970-01-01 was a Thursday; weeks begin on Monday.
        let monday = first.days() - (first.days() + 3).rem_euclid(7);
        let weeks = (last.days() - monday) / 7 + 1;
        let mut by_day: LiteMap<i32, Vec<(bool, usize)>> = LiteMap::new();
        for (day, end, at) in &days {
            by_day.entry(day.days()).or_default().push((*end, *at));
        }
        let cell = |number: i32| {
            let day = Date::from_days(number).unwrap_or(first);
            let inside = (first..=last).contains(&day);
            let events = by_day.get(&number).map(Vec::as_slice).unwrap_or_default();
            let class = if inside { "" } else { "off" };
            let rows = events.iter().take(IN_CELL).map(|(end, at)| {
                let at = *at;
                let open = link.callback(move |_: MouseEvent| Msg::Go(View::Measure(at)));
                let soon = *end && (0..=14).contains(&(number - self.today.days()));
                let word_ = self.get(if *end { word("截止") } else { word("开始") }).to_owned();
                html! { <button type="button" class={if soon { "ev u" } else { "ev" }} onclick={open}>
                    <span aria-hidden="true">{ if *end { "■" } else { "○" } }</span><span class="long">{ self.name(at) }</span><span class="v">{ self.name(at) }{ word_ }</span></button> }
            });
            html! {
                <td {class} aria-current={(number == self.today.days()).then_some("date")}><span class="dd">{ day.ymd().2 }</span>{ for rows }
                    if events.len() > IN_CELL { <span class="s m">{ format!("+{}", events.len() - IN_CELL) }</span> }</td>
            }
        };
        let week = |n: i32| html! { <tr>{ for (0..7).map(|d| cell(monday + n * 7 + d)) }</tr> };
        let closing = days.iter().filter(|(_, end, _)| *end).count();
        let go = |by: i32, text: String| html! { <button type="button" class="btn" onclick={link.callback(move |_: MouseEvent| Msg::Act(Act::Month(by)))}>{ text }</button> };
        let name_of = |months: i32| {
            let month = (month - 1 + months).rem_euclid(12) + 1;
            self.say("{}月", &[&self.month_word(month)])
        };
        let scope = |all: bool, text: &'static str| {
            html! {
                <button type="button" class="btn" aria-pressed={(self.desk.all_days == all).to_string()} onclick={link.callback(move |_: MouseEvent| Msg::Act(Act::AllDays(all)))}>{ self.get(text).to_owned() }</button>
            }
        };
        let endless = self.desk.chosen.iter().filter(|at| self.measures[**at].schedule.closes.is_none());
        let endless: Vec<Html> =
            endless.map(|at| html! { <li>{ self.name_button(link, *at) }</li> }).collect();
        html! { <>
            <div class="bar"><h2 tabindex="-1" ref={self.heading.clone()} aria-live="polite">{ self.say("{}年{}月", &[&year, &self.month_word(month)]) }</h2>
                <div class="row">{ go(-1, format!("‹ {}", name_of(-1))) }{ go(0, self.get("今天").to_owned()) }{ go(1, format!("{} ›", name_of(1))) }</div></div>
            <div class="bar"><p>{ self.say("{} 项截止，{} 项开始", &[&closing, &(days.len() - closing)]) }</p>
                if self.report.is_some() { <div class="row" role="group" aria-label={self.get("范围").to_owned()}>{ scope(false, word("与我有关")) }{ scope(true, word("全部政策")) }</div> }</div>
            <div class="cols"><div class="main"><table class="cal"><thead><tr>
                { for [word("一"), word("二"), word("三"), word("四"), word("五"), word("六"), word("日")].iter().map(|day| html! { <th scope="col">{ self.get(day).to_owned() }</th> }) }</tr></thead>
                <tbody>{ for (0..weeks).map(week) }</tbody></table>
                <p class="s m"><span aria-hidden="true">{ "■ " }</span>{ self.get("截止") }{ "  " }<span aria-hidden="true">{ "○ " }</span>{ self.get("开始") }</p></div>
            <div class="side"><h3>{ self.get("按日期") }</h3>
                if days.is_empty() { <p>{ self.get("这个月没有截止，也没有开始的。") }</p> }
                <ol class="tl">{ for days.iter().map(|(day, end, at)| self.day_row(link, *day, *end, *at)) }</ol>
                if !endless.is_empty() { <h3>{ self.get("方案里没有截止日的") }</h3><ul class="lst">{ for endless }</ul> }
                <div class="row"><button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::Act(Act::Take(Take::Calendar)))}>{ self.get("存成日历文件") }</button></div>
                <p class="s m">{ self.get("方案里的事项，截止前 14 天和 3 天各提醒一次。") }</p>{ self.by_hand() }
            </div></div>
        </> }
    }

    fn day_row(&self, link: &Scope<Self>, day: Date, end: bool, at: usize) -> Html {
        let outcome = self.outcome(at);
        let left = day.days() - self.today.days();
        html! {
            <li class={if end { "e" } else { "" }}><time datetime={day.to_string()}>{ self.short_day(day) }</time>{ " " }<span class="s m">{ self.weekday(day) }</span>
                if end && (0..=14).contains(&left) { { " " }<span class="lc u">{ self.say("剩 {} 天", &[&left]) }</span> }
                <br />{ self.name_button(link, at) }{ " " }{ self.get(if end { word("截止") } else { word("开始") }).to_owned() }
                if let Some(outcome) = outcome { <br />{ for outcome.amount.as_ref().map(|a| html! { <span class="amt">{ self.figure(a) }</span> }) }{ " " }{ self.verdict_word(Group::of(outcome)) } }
            </li>
        }
    }
}
