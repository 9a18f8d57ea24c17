//! All measures by group, and what a row says.

use huiqi_engine::LiteMap;
use huiqi_engine::date::Date;
use huiqi_engine::eval::{Amount, Outcome};
use huiqi_engine::explain::key_name;
use huiqi_engine::measure::{Card, Measure, Window};
use huiqi_engine::num::Ratio;
use huiqi_engine::report::{Group, Headline};
use huiqi_engine::search::{Facet, Found};
use huiqi_engine::unit::grouped;
use huiqi_engine::words::word;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};
use yew::html::Scope;
use yew::{Event, Html, InputEvent, MouseEvent, TargetCast as _, html};

use crate::app::{App, Language, Msg, Part, Sort, View};
use crate::pages::Act;
use crate::{icons, pages};

/// Rows of a group that are drawn at first, and more at a time: ten thousand rows would stop a phone.
pub(crate) const ROWS: usize = 20;
/// Rows that are drawn with the first picture of the list, about what a large screen shows; the rest follows, so many
/// with each picture.
pub(crate) const FIRST_ROWS: usize = 8;
const NEXT_ROWS: usize = 12;

/// What the list shows under the filters and in the order that were chosen.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Windows with how many measures each has.
    chips: Vec<(String, usize)>,
    /// Measures of the report, and those of them that pass.
    known: usize,
    listed: usize,
    /// Of each group: what can still be applied for, and what is over.
    groups: LiteMap<Group, (Vec<usize>, Vec<usize>)>,
}

impl App {
    pub(crate) fn results(&self, link: &Scope<Self>) -> Html {
        let Some(report) = &self.report else { return Html::default() };
        let searching = !self.search.text.trim().is_empty();
        html! { <>
            { self.headline(link, &report.headline) }
            if self.pages == Part::There { { pages::news(self, link) } }
            { self.next_note(link) }
            { self.place_note(link) }
            { self.search_box(link) }
            // The list changes below the box, never the box itself: an input method would lose what is being
            // composed in it.
            if searching {
                if self.pages == Part::There { { pages::hits(self, link) } }
            } else {
                { self.list(link) }
            }
            if !report.failed.is_empty() {
                <div class="note">
                    <p><b>{ self.say("{} 项算不出来，没有列出", &[&report.failed.len()]) }</b></p>
                    { for report.failed.iter().map(|(at, e)| html! { <p>{ self.say("{}：{}", &[&self.measures[*at].name, &e.text(&self.catalogue.words)]) }</p> }) }
                </div>
            }
            if report.elsewhere > 0 {
                <p class="s m">{ self.say("另有 {} 项只给其他地区的企业，没有列出；可以在“搜政策”里看。", &[&report.elsewhere]) }</p>
            }
            { self.plan_bar(link) }
        </> }
    }

    /// Whether more answers would help, and the way to the next question.
    fn next_note(&self, link: &Scope<Self>) -> Html {
        let Some(key) = self.next_question() else { return Html::default() };
        let questions = self.report.as_ref().map(|r| r.questions.as_slice()).unwrap_or_default();
        let stake = questions.iter().find(|q| q.key == key).map_or(0, |q| q.stake);
        let next = key_name(&self.catalogue, key);
        let next = match stake {
            0 => self.say("下一题：{}", &[&next]),
            stake => {
                self.say("下一题：{}，关系到 {}", &[&next, &self.catalogue.words.money(Ratio::int(stake), 0)])
            }
        };
        html! {
            <div class="note ac nx"><p><b>{ self.say("还有 {} 题可能改变结果", &[&questions.len()]) }</b><span>{ next }</span></p>
                <button class="btn" type="button" onclick={link.callback(move |_: MouseEvent| Msg::Go(View::Ask(key)))}>{ self.get("继续回答") }</button></div>
        }
    }

    fn headline(&self, link: &Scope<Self>, h: &Headline) -> Html {
        // A sum is a promise; nobody stands by stale data any more.
        let summed = h.count > h.open_sums + h.missing_figures && !self.is_stale();
        let title = match h.count {
            0 => self.get("还没有确认能享的事项").to_owned(),
            n if summed => self.say("已确认可享 {} 项，合计", &[&n]),
            n => self.say("已确认可享 {} 项", &[&n]),
        };
        let groups = self.report.as_ref().map(|r| &r.groups);
        let also = [Group::Likely, Group::Unknown, Group::Near].into_iter().filter_map(|group| {
            let count = groups?.get(&group)?.len();
            let jump =
                link.callback(move |_: MouseEvent| Msg::Jump(format!("[data-group={}]>summary", group.id())));
            let text = self.say("{} 项{}", &[&count, &self.get(group.name())]);
            Some(html! { <li><button type="button" class="ans" onclick={jump}>{ text }</button></li> })
        });
        html! {
            <section class="sum w"><div class="st">
                <h2 tabindex="-1" ref={self.heading.clone()}>{ title }</h2>
                if summed { <p class="fig" part="sum" role="status">{ self.range(h.low, h.high) }</p> }
                { self.first_deadline() }
                if h.count == 0 { <p>{ self.get("不等于什么都没有：看看下面待补充和差一步的。") }</p> }
                if h.missing_figures > 0 {
                    <p class="s m">{ self.say("其中 {} 项要你填了数才能算出金额，没有加进合计。", &[&h.missing_figures]) }</p>
                }
                if h.open_sums > 0 { <p class="s m">{ self.say("其中 {} 项金额未定，没有加进合计。", &[&h.open_sums]) }</p> }
                if h.excluded > 0 { <p class="s m">{ self.get("同类资金只能享一项的，已按高的算，没有重复。") }</p> }
            </div><ul class="also">{ for also }</ul></section>
        }
    }

    /// The first day on which something of the plan closes.
    fn first_deadline(&self) -> Html {
        let report = self.report.as_ref();
        let days = report.into_iter().flat_map(|r| &r.plan.chosen);
        let first = days.filter_map(|c| self.measures.get(c.measure)?.schedule.closes).min();
        let Some(day) = first else { return Html::default() };
        let left = day.days() - self.today.days();
        html! {
            <p><span class="urg">{ self.say("最近一项 {}（{}）止", &[&self.short_day(day), &self.weekday(day)]) }</span>{ " " }
                <span class="lc u">{ self.say("剩 {} 天", &[&left]) }</span></p>
        }
    }

    /// A measure as the filters see it.
    fn found_at(&self, at: usize) -> Option<Found<'_>> {
        let measure = self.measures.get(at)?;
        let outcome = self.outcome(at)?;
        Some(Found { measure, outcome: Some(outcome), window: outcome.window, year: None })
    }

    /// All measures that the report lists, as the filters see them.
    pub(crate) fn all_found(&self) -> impl Iterator<Item = Found<'_>> {
        (0..self.measures.len()).filter_map(|at| self.found_at(at))
    }

    /// Filters, order and the groups.
    fn list(&self, link: &Scope<Self>) -> Html {
        let filters = &self.search.filters;
        let chosen = filters.get(Facet::Window);
        let counts = &self.listing.chips;
        let all: usize = counts.iter().map(|(_, count)| count).sum();
        let chip = |value: Option<String>, name: &str, count: usize| {
            let pressed = chosen == value.as_deref();
            let choose = link.callback(move |_: MouseEvent| Msg::Filter(Facet::Window, value.clone()));
            html! { <button type="button" class="btn" aria-pressed={pressed.to_string()} onclick={choose}>{ self.get(name).to_owned() }<span class="n">{ format!(" {count}") }</span></button> }
        };
        let order = link.callback(|e: Event| {
            let value = e.target_unchecked_into::<HtmlSelectElement>().value();
            Msg::Sort(
                Sort::ALL.iter().find(|(_, id, _)| *id == value).map_or(Sort::Amount, |(sort, ..)| *sort),
            )
        });
        let Listing { known, listed, .. } = &self.listing;
        let mut room = self.room;
        html! { <>
            <div class="chips" role="group" aria-label={self.get("受理状态").to_owned()}>
                { chip(None, word("全部"), all) }
                { for counts.iter().map(|(name, count)| chip(Some(name.clone()), name, *count)) }
            </div>
            <div class="bar">
                if self.pages == Part::There { { pages::filters(self, link) } } else {
                    // In its place: what arrives late must not move the rows below.
                    <details class="filter"><summary>{ self.get("更多筛选") }</summary></details>
                }
                <label class="s m srt">{ self.get("排序") }{ " " }<select class="sel s" name="sort" onchange={order}>
                    { for Sort::ALL.iter().map(|(sort, id, name)| html! { <option value={*id} selected={*sort == self.sort}>{ self.get(name).to_owned() }</option> }) }
                </select></label>
                // Where nothing is left out, the chip above says how many there are.
                <p class={if known == listed { "v" } else { "s m" }} role="status">{ self.say("共 {} 项，显示 {} 项", &[known, listed]) }</p>
            </div>
            { for Group::ALL.iter().map(|(group, ..)| self.group(link, *group, &mut room)) }
        </> }
    }

    /// Whether rows are still to be drawn.
    pub(crate) fn lacks_rows(&self) -> bool {
        let listed = self.view == View::Results && self.report.is_some() && self.search.text.is_empty();
        listed && self.room < Group::ALL.iter().map(|(group, ..)| self.drawn(*group).len()).sum()
    }

    /// Lets more rows be drawn.
    pub(crate) fn make_room(&mut self) {
        self.room += NEXT_ROWS;
        self.growing = false;
    }

    /// Whether the rows of a group are shown.
    pub(crate) fn is_open(&self, group: Group) -> bool {
        // What needs an answer is folded away unless there is nothing better.
        let better = |group: &Group| self.report.as_ref().is_some_and(|r| r.groups.contains_key(group));
        self.opened.get(&group).copied().unwrap_or(match group {
            Group::Ineligible => false,
            Group::Unknown => ![Group::Eligible, Group::Likely].iter().any(better),
            _ => true,
        })
    }

    /// Works out what the list shows: once for each change, however often it is drawn.
    pub(crate) fn relist(&mut self) {
        let Some(report) = &self.report else { return };
        let filters = &self.search.filters;
        let keep = |at: &usize| self.found_at(*at).is_some_and(|f| filters.keep(f, &self.catalogue));
        let mut listing = Listing { known: report.outcomes.iter().flatten().count(), ..Listing::default() };
        listing.chips = filters.counts(Facet::Window, self.all_found(), &self.catalogue);
        for (group, list) in &report.groups {
            let mut list: Vec<usize> =
                list.iter().copied().filter(|at| filters.is_empty() || keep(at)).collect();
            listing.listed += list.len();
            self.order(&mut list);
            // What can no longer be applied for stays within reach, out of the way.
            let (current, gone) = list.iter().partition(|at| {
                let window = report.outcomes[**at].as_ref().map(|o| o.window);
                !matches!(window, Some(Window::Closed | Window::Expired | Window::Replaced))
            });
            listing.groups.insert(*group, (current, gone));
        }
        self.listing = listing;
    }

    /// The measures of a group that pass the filters: those that can still be applied for, and the others.
    fn members(&self, group: Group) -> (&[usize], &[usize]) {
        self.listing.groups.get(&group).map_or((&[], &[]), |(current, gone)| (current, gone))
    }

    /// The measures of a group whose rows are drawn.
    pub(crate) fn drawn(&self, group: Group) -> Vec<usize> {
        if !self.is_open(group) {
            return Vec::new();
        }
        let (current, gone) = self.members(group);
        let rows = self.rows.get(&group).copied().unwrap_or(ROWS);
        let gone = if self.unfolded.contains(&group) { gone } else { &[] };
        current.iter().take(rows).chain(gone.iter().take(rows)).copied().collect()
    }

    /// A group; `room` is how many rows may still be drawn.
    fn group(&self, link: &Scope<Self>, group: Group, room: &mut usize) -> Html {
        let (current, gone) = self.members(group);
        let size = current.len() + gone.len();
        if size == 0 {
            return Html::default();
        }
        let (icon, class) = icons::group(group);
        let open = self.is_open(group);
        let drawn = self.rows.get(&group).copied().unwrap_or(ROWS);
        let mut rows = |list: &[usize], before: usize| {
            let more = list.len().saturating_sub(drawn);
            let now = list.len().min(drawn).min(*room);
            *room -= now;
            html! { <>
                <ul>{ for list.iter().take(now).enumerate().map(|(n, at)| self.row(link, *at, group, (before + n + 1, size))) }</ul>
                if more > 0 {
                    <p><button type="button" class="btn" onclick={link.callback(move |_: MouseEvent| Msg::More(group))}>
                        { self.say("再看 {} 项（还有 {} 项）", &[&more.min(ROWS), &more]) }</button></p>
                }
            </> }
        };
        let before = current.len();
        let toggle = link.callback(move |e: Event| {
            Msg::Open(group, e.target_unchecked_into::<Element>().has_attribute("open"))
        });
        html! {
            <details class="grp" {open} ontoggle={toggle} data-group={group.id()} key={group.id()}>
                <summary data-c={self.get("展开").to_owned()} data-o={self.get("收起").to_owned()}><h3><span class={format!("vd {class}")}>{ icon }{ self.get(group.name()).to_owned() }</span>
                    <span class="n">{ self.say(" {} 项", &[&size]) }</span></h3></summary>
                // Rows of a closed group are not drawn: there may be thousands.
                if open {
                    { rows(current, 0) }
                    if !gone.is_empty() {
                        <details class="cl" ontoggle={link.callback(move |_: Event| Msg::Unfold(group))}>
                            <summary>{ self.say("另有 {} 项已截止、已失效或被替代", &[&gone.len()]) }</summary>
                            if self.unfolded.contains(&group) { { rows(gone, before) } }</details>
                    }
                }
            </details>
        }
    }

    /// Brings rows into the order that was chosen; by amount they come as they are.
    fn order(&self, list: &mut [usize]) {
        match self.sort {
            Sort::Amount => {}
            Sort::Deadline => list.sort_by_key(|at| {
                let closes = self.measures[*at].schedule.closes.filter(|day| *day >= self.today);
                closes.unwrap_or(Date::LAST)
            }),
            Sort::Certainty => list.sort_by_key(|at| {
                let width = self
                    .outcome(*at)
                    .and_then(|o| o.amount)
                    .map_or(i128::MAX, |a| a.high.map_or(i128::MAX, |high| high - a.low));
                (self.outcome(*at).map_or(usize::MAX, |o| o.missing.len()), width)
            }),
        }
    }

    pub(crate) fn card(&self, at: usize) -> Card {
        self.cards.get(at).cloned().flatten().unwrap_or_default()
    }

    fn row(&self, link: &Scope<Self>, at: usize, group: Group, (place, size): (usize, usize)) -> Html {
        let measure = &self.measures[at];
        let Some(outcome) = self.outcome(at) else {
            return Html::default();
        };
        let (icon, class) = icons::group(group);
        let join = (group != Group::Ineligible).then(|| self.join(link, at, outcome.window));
        html! {
            <li class="mr" part="measure" key={measure.id.clone()} data-id={measure.id.clone()} aria-posinset={place.to_string()} aria-setsize={size.to_string()}>
                <span class={format!("ic {class}")}>{ icon }<span class="v">{ self.get(group.name()).to_owned() }</span></span>
                <h4 class="t">{ self.name_button(link, at) }</h4>
                <p class="d">{ self.below_name(at) }</p>
                <div class="md">{ self.sum(outcome, group) }{ self.due(measure, outcome.window) }</div>
                { for join }
            </li>
        }
    }

    /// The line below a name. Working it out takes longer than all else of a row, so it is done once.
    fn below_name(&self, at: usize) -> String {
        if self.pages != Part::There {
            return self.card(at).summary;
        }
        let mut reasons = self.reasons.borrow_mut();
        reasons.entry(at).or_insert_with(|| pages::reason(self, at)).clone()
    }

    /// The name of a measure, which opens it.
    pub(crate) fn name_button(&self, link: &Scope<Self>, at: usize) -> Html {
        let open = link.callback(move |_: MouseEvent| Msg::Go(View::Measure(at)));
        let gloss = self.gloss(at).map(|text| html! { <span lang="en">{ text.to_owned() }{ " " }</span> });
        let class = if gloss.is_some() { "s m" } else { "" };
        html! { <button type="button" class="name" onclick={open}>{ for gloss }<span {class}>{ self.name(at) }</span></button> }
    }

    /// What a measure is called in English, where English is shown.
    pub(crate) fn gloss(&self, at: usize) -> Option<&str> {
        let english = self.desk.glosses.as_ref().filter(|_| self.shown_language() == Language::English)?;
        english.name(&self.measures.get(at)?.id)
    }

    /// The name of a measure.
    pub(crate) fn name(&self, at: usize) -> String {
        self.measures.get(at).map(|m| m.name.clone()).unwrap_or_default()
    }

    /// 加入方案
    pub(crate) fn join(&self, link: &Scope<Self>, at: usize, window: Window) -> Html {
        let measure = &self.measures[at];
        // Nothing can be applied for any more.
        let gone = matches!(
            window,
            Window::Closed | Window::Expired | Window::Replaced | Window::Exhausted | Window::Paused
        );
        let change = link.callback(move |_: Event| Msg::Act(Act::Join(at)));
        let label = self.say("加入方案：{}", &[&measure.name]);
        html! {
            <label class="chk"><input type="checkbox" name="join" checked={self.desk.chosen.contains(&at)} disabled={gone} aria-label={label} onchange={change} />
                <span class="ms">{ self.get("加入") }</span><span class="mu">{ self.get("加入方案") }</span></label>
        }
    }

    /// What was chosen, at the end of the page.
    fn plan_bar(&self, link: &Scope<Self>) -> Html {
        if self.desk.chosen.is_empty() {
            return Html::default();
        }
        html! {
            <div class="plus"><span>{ self.say("已选 {} 项", &[&self.desk.chosen.len()]) }</span>
                <button type="button" class="btn pri" part="button" onclick={link.callback(|_: MouseEvent| Msg::Go(View::Plan))}>{ self.get("看方案") }</button></div>
        }
    }

    fn sum(&self, outcome: &Outcome, group: Group) -> Html {
        let amount = outcome.amount.as_ref().filter(|_| group != Group::Ineligible);
        html! { <p class="amt">{ for amount.map(|amount| self.figure(amount)) }</p> }
    }

    /// When it can be applied for: a chip where that says more, days left, the day.
    pub(crate) fn due(&self, measure: &Measure, window: Window) -> Html {
        let schedule = &measure.schedule;
        let until =
            |date: Option<Date>| date.map_or_else(String::new, |d| self.say("{}止", &[&self.short_day(d)]));
        let name = self.get(window.name()).to_owned();
        // Class of the chip (empty: none), bold words, the rest.
        let (chip, bold, rest) = match (window, schedule.opens, schedule.closes) {
            (Window::Closing | Window::Open, _, Some(end)) => {
                let chip = if window == Window::Closing { "lc u" } else { "" };
                let bold = self.say("剩 {} 天", &[&(end.days() - self.today.days())]);
                (chip, bold, self.say("{}（{}）止", &[&self.short_day(end), &self.weekday(end)]))
            }
            (Window::Upcoming, Some(start), _) => {
                ("lc", self.say("{}起", &[&self.short_day(start)]), String::new())
            }
            (Window::Rolling, ..) => ("lc", self.get("随时可报").to_owned(), String::new()),
            (Window::Closed, ..) => ("lc x", String::new(), until(schedule.closes)),
            (Window::Expired, ..) => ("lc x", String::new(), until(schedule.valid_to)),
            (Window::Unannounced, ..) => ("lc", String::new(), self.get("没公布受理时间").to_owned()),
            _ => ("lc x", String::new(), String::new()),
        };
        html! {
            <p class={if window == Window::Closing { "due u" } else { "due" }}>
                if !chip.is_empty() { <span class={chip}>{ name }</span>{ " " } }
                <b>{ bold }</b>{ " " }<span class="dd">{ rest }</span>
            </p>
        }
    }

    pub(crate) fn search_box(&self, link: &Scope<Self>) -> Html {
        let typed = link.callback(|e: InputEvent| {
            let input: HtmlInputElement = e.target_unchecked_into();
            Msg::Query(input.value())
        });
        html! {
            <div class="in find" role="search">{ icons::find() }
                <input type="search" name="q" aria-label={self.get("搜政策").to_owned()} placeholder={self.get("搜政策，如“设备”“贴息”").to_owned()} autocomplete="off"
                    maxlength="64" list="huiqi-words" value={self.search.typed.clone()} oninput={typed} />
                <datalist id="huiqi-words">{ for self.suggestions().into_iter().map(|w| html! { <option value={w} /> }) }</datalist>
            </div>
        }
    }

    /// Words that begin with the last run typed.
    fn suggestions(&self) -> Vec<String> {
        let typed = &self.search.typed;
        // The field takes a suggestion as a whole: what stands before the last run is kept.
        let before = typed.rfind(char::is_whitespace).map_or("", |at| &typed[..=at]);
        let words = self.search.suggestions.iter();
        words.map(|word| format!("{}{word}", before.trim_end_matches('\n'))).collect()
    }

    /// What is missing as long as nobody said where the firm is.
    pub(crate) fn place_note(&self, link: &Scope<Self>) -> Html {
        if !self.wants_place() {
            return Html::default();
        }
        html! {
            <div class="note place"><p>{ self.get("还没选注册地，这里只有全国的政策。选了以后，当地的也会列出来。") }
                <button type="button" class="btn txt" onclick={link.callback(|_: MouseEvent| Msg::Go(View::Form))}>{ self.get("去选注册地") }</button></p></div>
        }
    }

    /// `12月5日`, with the year unless it is this one.
    pub(crate) fn short_day(&self, date: Date) -> String {
        self.catalogue.words.day_in(date, self.today.year())
    }

    pub(crate) fn weekday(&self, date: Date) -> String {
        self.catalogue.words.weekday(date).to_owned()
    }

    /// A sum between two ends in fen, with a small unit.
    pub(crate) fn range(&self, low: i128, high: i128) -> Html {
        if !self.catalogue.words.is_chinese() {
            let amount = Amount { low, high: Some(high), undecided: false, answerable: None };
            return html! { <>{ self.catalogue.words.amount(&amount) }</> };
        }
        let (low, high) = (wan(low), wan(high));
        html! { <>
            { low.clone() }
            if low != high { <span aria-hidden="true">{ "–" }</span><span class="v">{ self.get("至") }</span>{ high } }
            <small>{ self.get("万元") }</small>
        </> }
    }

    /// An amount with a small unit.
    pub(crate) fn figure(&self, amount: &Amount) -> Html {
        match (amount.low, amount.high) {
            (low, Some(high)) if !amount.undecided && low > 0 && low >= 1_000_000 => self.range(low, high),
            _ => html! { <small class="pre">{ self.catalogue.words.amount(amount) }</small> },
        }
    }
}

/// Fen as 万元 with at most two decimals.
fn wan(fen: i128) -> String {
    Ratio::new(fen, 1_000_000).map_or_else(String::new, |v| grouped(v, 2))
}
