//! Inputs for the facts that only questions ask for.

use huiqi_engine::LiteMap;
use huiqi_engine::catalogue::{Fact, FactType, ItemNo};
use huiqi_engine::firm::{Answer, Held, Key};
use huiqi_engine::rule::Expr;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::html::Scope;
use yew::{Callback, Event, Html, TargetCast as _, html};

use crate::app::{App, Msg};
use crate::field::{Frame, labelled};
use huiqi_engine::words::word;

/// Options that are drawn as radio buttons; more become a list.
const MOST_RADIOS: usize = 6;
/// Qualifications shown before 更多.
const FIRST_QUALIFICATIONS: usize = 12;

impl App {
    /// The input for any fact, with its question as the label.
    pub(crate) fn question_field(&self, link: &Scope<Self>, key: Key) -> Html {
        let Some(fact) = self.catalogue.facts.get(&key.fact) else { return Html::default() };
        let frame = &self.frame_of(key, fact, true);
        match fact.kind {
            FactType::Qualifications | FactType::Programmes | FactType::Rosters => {
                self.qualifications(link, key, frame)
            }
            FactType::Options => self.options(link, key, fact, frame),
            FactType::Flag => self.flag(link, key, frame),
            FactType::Choice => self.choice(link, key, fact, frame),
            _ => self.first_field(link, key, fact, frame),
        }
    }

    fn flag(&self, link: &Scope<Self>, key: Key, frame: &Frame) -> Html {
        let now = match self.firm.get(key) {
            Some(Answer::Flag(value)) => Some(*value),
            _ => None,
        };
        let radio = |value: bool, word: &'static str| {
            let set = link.callback(move |_: Event| Msg::Answer(key, Answer::Flag(value)));
            html! {
                <label class="opt">
                    <input type="radio" name={frame.id.clone()} checked={now == Some(value)} onchange={set} />
                    <span>{ self.line(word) }</span>
                </label>
            }
        };
        let body = html! {
            <>{ radio(true, word("是")) }{ radio(false, word("否")) }</>
        };
        group(frame, body)
    }

    fn choice(&self, link: &Scope<Self>, key: Key, fact: &Fact, frame: &Frame) -> Html {
        let now = match self.firm.get(key) {
            Some(Answer::Choice(mask)) => *mask,
            _ => 0,
        };
        if fact.options.len() > MOST_RADIOS {
            let set = link.callback(move |e: Event| {
                let select: HtmlSelectElement = e.target_unchecked_into();
                let chosen = select.value().parse().ok().filter(|at: &u32| *at < 64);
                chosen.map_or(Msg::Clear(key), |at| Msg::Answer(key, Answer::Choice(1 << at)))
            });
            let options = fact.options.iter().enumerate().map(|(at, option)| {
                html! { <option value={at.to_string()} selected={now == 1 << at}>{ option }</option> }
            });
            let body = html! {
                <div class="in"><select id={frame.id.clone()} onchange={set}>
                    <option value="" selected={now == 0}>{ self.get("选一个") }</option>
                    { for options }
                </select></div>
            };
            return labelled(frame, body);
        }
        let options = fact.options.iter().enumerate().map(|(at, option)| {
            let set = link.callback(move |_: Event| Msg::Answer(key, Answer::Choice(1 << at)));
            html! {
                <label class="opt">
                    <input type="radio" name={frame.id.clone()} checked={now == 1 << at} onchange={set} />
                    <span>{ option }</span>
                </label>
            }
        });
        group(frame, html! { { for options } })
    }

    fn set_of(&self, key: Key) -> (LiteMap<ItemNo, Held>, bool) {
        match self.firm.get(key) {
            Some(Answer::Set { items, closed }) => (items.clone(), *closed),
            _ => (LiteMap::new(), false),
        }
    }

    fn toggle(&self, link: &Scope<Self>, key: Key, item: ItemNo) -> Callback<Event> {
        let (items, closed) = self.set_of(key);
        link.callback(move |e: Event| {
            let input: HtmlInputElement = e.target_unchecked_into();
            let mut items = items.clone();
            if input.checked() {
                items.insert(item, Held { yes: true, ..Held::default() });
            } else {
                items.remove(&item);
            }
            answer_set(key, items, closed)
        })
    }

    /// 以上就是全部: whatever is not ticked is absent.
    fn closing(&self, link: &Scope<Self>, key: Key, none: &'static str) -> Html {
        let (items, closed) = self.set_of(key);
        let empty = items.is_empty();
        let set = link.callback(move |e: Event| {
            let input: HtmlInputElement = e.target_unchecked_into();
            answer_set(key, items.clone(), input.checked())
        });
        html! {
            <label class="chk"><input type="checkbox" name="closed" checked={closed} onchange={set} />
                <span>{ if empty { self.get(none) } else { self.get("以上就是全部，其他的都没有") } }</span></label>
        }
    }

    fn options(&self, link: &Scope<Self>, key: Key, fact: &Fact, frame: &Frame) -> Html {
        let (items, _) = self.set_of(key);
        let boxes = fact.options.iter().enumerate().map(|(at, option)| {
            let item = at as ItemNo;
            let checked = items.get(&item).is_some_and(|h| h.yes);
            html! {
                <li><label class="chk"><input type="checkbox" {checked} onchange={self.toggle(link, key, item)} />
                    <span>{ option }</span></label></li>
            }
        });
        let body = html! { <><ul class="quals">{ for boxes }</ul>{ self.closing(link, key, word("以上情形都没有")) }</> };
        group(frame, body)
    }

    fn qualifications(&self, link: &Scope<Self>, key: Key, frame: &Frame) -> Html {
        let (items, _) = self.set_of(key);
        let class = self.catalogue.facts.get(&key.fact).and_then(|f| f.kind.item_class());
        let order: Vec<ItemNo> = self
            .qualifications_by_use()
            .into_iter()
            .filter(|no| self.catalogue.items.get(no).map(|q| q.class) == class)
            .collect();
        let boxes = order.iter().enumerate().map(|(at, item)| {
            let item = *item;
            let q = &self.catalogue.items[&item];
            let held = items.get(&item).copied().filter(|h| h.yes);
            let more = held.map(|held| self.held_details(link, key, item, held));
            let row = html! {
                <li key={u32::from(item)}>
                    <label class="chk"><input type="checkbox" value={q.id.clone()} checked={held.is_some()}
                        onchange={self.toggle(link, key, item)} /><span>{ &q.name }</span></label>
                    { for more }
                </li>
            };
            (at, held.is_some(), row)
        });
        // What is ticked stays in sight, wherever it stands in the order.
        let (first, rest): (Vec<_>, Vec<_>) =
            boxes.partition(|(at, held, _)| *at < FIRST_QUALIFICATIONS || *held);
        let count = rest.len();
        let body = html! { <>
                <ul class="quals">{ for first.into_iter().map(|(.., row)| row) }</ul>
                if count > 0 {
                    <details class="cl"><summary>{ self.say("还有 {} 种称号和资质", &[&count]) }</summary>
                        <ul class="quals">{ for rest.into_iter().map(|(.., row)| row) }</ul></details>
                }
                { self.closing(link, key, word("以上称号和资质都没有")) }
        </> };
        group(frame, body)
    }

    /// Level and year of a ticked qualification.
    fn held_details(&self, link: &Scope<Self>, key: Key, item: ItemNo, held: Held) -> Html {
        let q = &self.catalogue.items[&item];
        let change = |edit: fn(&mut Held, &str)| {
            let (items, closed) = self.set_of(key);
            link.callback(move |e: Event| {
                let select: HtmlSelectElement = e.target_unchecked_into();
                let mut items = items.clone();
                if let Some(held) = items.get_mut(&item) {
                    edit(held, &select.value());
                }
                answer_set(key, items, closed)
            })
        };
        let levels = q.levels.iter().enumerate().map(|(at, level)| {
            let selected = held.level == Some(at as u8);
            html! { <option value={at.to_string()} {selected}>{ level }</option> }
        });
        let this_year = self.today.year();
        let years = (0..10).map(|back| {
            let year = this_year - back;
            let selected = held.year.map(i32::from) == Some(year);
            html! { <option value={year.to_string()} {selected}>{ self.say("{}年认定", &[&year]) }</option> }
        });
        html! {
            <div class="more">
                if q.levels.len() > 1 {
                    <select class="sel s" aria-label={self.say("{}的级别", &[&q.name])} onchange={change(|h, v| h.level = v.parse().ok())}>
                        <option value="" selected={held.level.is_none()}>{ self.get("哪一级") }</option>
                        { for levels }
                    </select>
                }
                <select class="sel s" aria-label={self.say("{}的认定年份", &[&q.name])} onchange={change(|h, v| h.year = v.parse().ok())}>
                    <option value="" selected={held.year.is_none()}>{ self.get("哪年认定") }</option>
                    { for years }
                </select>
            </div>
        }
    }

    /// Qualifications that rules of measures in reach ask for, most asked
    /// first.
    fn qualifications_by_use(&self) -> Vec<ItemNo> {
        let mut uses: LiteMap<ItemNo, usize> = self.catalogue.items.keys().map(|no| (*no, 0)).collect();
        for (at, measure) in self.measures.iter().enumerate() {
            let reachable = self.report.is_none() || self.outcome(at).is_some();
            if !reachable {
                continue;
            }
            for condition in &measure.conditions {
                condition.rule.walk(&mut |e| {
                    if let Expr::Has(_, _, items) = e {
                        for item in items {
                            if let Some(count) = uses.get_mut(&item.item) {
                                *count += 1;
                            }
                        }
                    }
                });
            }
        }
        let mut order: Vec<(usize, ItemNo)> = uses.into_iter().map(|(no, count)| (count, no)).collect();
        order.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
        order.into_iter().map(|(_, no)| no).collect()
    }
}

/// A legend and a hint above several controls.
fn group(frame: &Frame, body: Html) -> Html {
    html! {
        <fieldset>
            <legend>{ frame.label.clone() }</legend>
            <p class="hint">{ frame.hint.clone() }</p>
            { body }
        </fieldset>
    }
}

fn answer_set(key: Key, items: LiteMap<ItemNo, Held>, closed: bool) -> Msg {
    if items.is_empty() && !closed {
        Msg::Clear(key)
    } else {
        Msg::Answer(key, Answer::Set { items, closed })
    }
}
