//! Input for one fact, by its type.

use huiqi_engine::LiteMap;
use huiqi_engine::catalogue::{Code, Fact, FactType, ItemNo};
use huiqi_engine::date::Date;
use huiqi_engine::explain::key_name;
use huiqi_engine::firm::{Answer, Held, Key, Span};
use huiqi_engine::num::Ratio;
use huiqi_engine::rule::Expr;
use huiqi_engine::unit::grouped;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::html::Scope;
use yew::{AttrValue, Callback, Event, FocusEvent, Html, InputEvent, MouseEvent, TargetCast as _, html};

use crate::app::{App, Msg};

/// Codes in the list below the industry field.
const SUGGESTIONS: usize = 8;
/// Options that are drawn as radio buttons; more become a list.
const MOST_RADIOS: usize = 6;
/// Qualifications shown before 更多.
const FIRST_QUALIFICATIONS: usize = 12;

impl App {
    /// Label, hint, input and message for one fact. `ask` uses the question
    /// as the label instead of the name.
    pub(crate) fn field(&self, link: &Scope<Self>, key: Key, ask: bool) -> Html {
        let Some(fact) = self.catalogue.facts.get(&key.fact) else { return Html::default() };
        // One number per time, and one per record, so that no two fields share an id.
        let when = match key.span {
            Span::Always => 0,
            Span::Year(year) => i32::from(year),
            Span::Days(from, to) => from.days() * 1000 + to.days(),
            Span::Until(day) => day.days(),
            Span::PeakBefore(year) => -i32::from(year),
        };
        let record = if key.record == 0 { String::new() } else { format!("-{}", key.record) };
        let id = AttrValue::from(format!("f-{}-{when}{record}", fact.id));
        let label = match (ask, key.span) {
            (true, Span::Always) if key.record == 0 => fact.question.clone(),
            (true, Span::Year(year)) if key.record == 0 => format!("{year}年：{}", fact.question),
            (true, _) => format!("{}：{}", key_name(&self.catalogue, key), fact.question),
            (false, _) => key_name(&self.catalogue, key),
        };
        let hint = if fact.help.is_empty() && !ask { fact.question.clone() } else { fact.help.clone() };
        match fact.kind {
            FactType::Region => self.region(link, key, &id, &label, &hint),
            FactType::Industry => self.industry(link, key, &id, &label, &hint),
            FactType::Qualifications | FactType::Programmes | FactType::Rosters => {
                self.qualifications(link, key, &label, &hint)
            }
            FactType::Options => self.options(link, key, fact, &label, &hint),
            FactType::Flag => self.flag(link, key, &id, &label, &hint),
            FactType::Choice => self.choice(link, key, fact, &id, &label, &hint),
            _ => self.number(link, key, fact, &id, &label, &hint),
        }
    }

    fn number(
        &self,
        link: &Scope<Self>,
        key: Key,
        fact: &Fact,
        id: &AttrValue,
        label: &str,
        hint: &str,
    ) -> Html {
        let text = self.drafts.get(&key).map(|(t, _)| t.clone()).unwrap_or_default();
        let error = self.field_error(key);
        let value = match self.firm.get(key) {
            Some(Answer::Number(interval)) => interval.exact(),
            _ => None,
        };
        let note = match (&error, value) {
            (Some(error), _) => html! { <p class="msg" id={format!("{id}-m")}>{ error }</p> },
            (None, Some(value)) => match echo(fact, value) {
                Some(echo) => html! { <p class="ok n" id={format!("{id}-m")}>{ echo }</p> },
                None => Html::default(),
            },
            (None, None) => Html::default(),
        };
        let date = fact.kind == FactType::Date;
        let typed = link.callback(move |e: InputEvent| {
            let input: HtmlInputElement = e.target_unchecked_into();
            Msg::Typed(key, input.value())
        });
        let left = link.callback(move |_: FocusEvent| Msg::Touched(key));
        let body = html! { <>
                <div class={if date { "in" } else { "in num" }}>
                    <input id={id.clone()} type="text" autocomplete="off" value={text}
                        inputmode={if date { "text" } else { "decimal" }}
                        placeholder={if date { "2018-05-10" } else { "" }}
                        aria-describedby={format!("{id}-h {id}-m")}
                        aria-invalid={error.is_some().then_some("true")}
                        oninput={typed} onblur={left} />
                    if !fact.unit.is_empty() { <span>{ &fact.unit }</span> }
                </div>
                { note }
        </> };
        labelled(id, label, hint, body)
    }

    fn flag(&self, link: &Scope<Self>, key: Key, id: &AttrValue, label: &str, hint: &str) -> Html {
        let now = match self.firm.get(key) {
            Some(Answer::Flag(value)) => Some(*value),
            _ => None,
        };
        let radio = |value: bool, word: &'static str| {
            let set = link.callback(move |_: Event| Msg::Answer(key, Answer::Flag(value)));
            html! {
                <label class="opt">
                    <input type="radio" name={id.clone()} checked={now == Some(value)} onchange={set} />
                    <span>{ word }</span>
                </label>
            }
        };
        let body = html! {
            <>{ radio(true, "是") }{ radio(false, "否") }</>
        };
        group(label, hint, body)
    }

    fn choice(
        &self,
        link: &Scope<Self>,
        key: Key,
        fact: &Fact,
        id: &AttrValue,
        label: &str,
        hint: &str,
    ) -> Html {
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
                <div class="in"><select id={id.clone()} onchange={set}>
                    <option value="" selected={now == 0}>{ "选一个" }</option>
                    { for options }
                </select></div>
            };
            return labelled(id, label, hint, body);
        }
        let options = fact.options.iter().enumerate().map(|(at, option)| {
            let set = link.callback(move |_: Event| Msg::Answer(key, Answer::Choice(1 << at)));
            html! {
                <label class="opt">
                    <input type="radio" name={id.clone()} checked={now == 1 << at} onchange={set} />
                    <span>{ option }</span>
                </label>
            }
        });
        group(label, hint, html! { { for options } })
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
                <span>{ if empty { none } else { "以上就是全部，其他的都没有" } }</span></label>
        }
    }

    fn options(&self, link: &Scope<Self>, key: Key, fact: &Fact, label: &str, hint: &str) -> Html {
        let (items, _) = self.set_of(key);
        let boxes = fact.options.iter().enumerate().map(|(at, option)| {
            let item = at as ItemNo;
            let checked = items.get(&item).is_some_and(|h| h.yes);
            html! {
                <li><label class="chk"><input type="checkbox" {checked} onchange={self.toggle(link, key, item)} />
                    <span>{ option }</span></label></li>
            }
        });
        let body =
            html! { <><ul class="quals">{ for boxes }</ul>{ self.closing(link, key, "以上情形都没有") }</> };
        group(label, hint, body)
    }

    fn qualifications(&self, link: &Scope<Self>, key: Key, label: &str, hint: &str) -> Html {
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
                    <details class="cl"><summary>{ format!("还有{count}种称号和资质") }</summary>
                        <ul class="quals">{ for rest.into_iter().map(|(.., row)| row) }</ul></details>
                }
                { self.closing(link, key, "以上称号和资质都没有") }
        </> };
        group(label, hint, body)
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
            html! { <option value={year.to_string()} {selected}>{ format!("{year}年认定") }</option> }
        });
        html! {
            <div class="more">
                if q.levels.len() > 1 {
                    <select class="sel s" aria-label={format!("{}的级别", q.name)} onchange={change(|h, v| h.level = v.parse().ok())}>
                        <option value="" selected={held.level.is_none()}>{ "哪一级" }</option>
                        { for levels }
                    </select>
                }
                <select class="sel s" aria-label={format!("{}的认定年份", q.name)} onchange={change(|h, v| h.year = v.parse().ok())}>
                    <option value="" selected={held.year.is_none()}>{ "哪年认定" }</option>
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
            let reachable =
                self.report.as_ref().is_none_or(|r| r.outcomes.get(at).is_some_and(Option::is_some));
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

    fn region(&self, link: &Scope<Self>, key: Key, id: &AttrValue, label: &str, hint: &str) -> Html {
        let now = match self.firm.get(key) {
            Some(Answer::Code(code)) => *code,
            _ => Code::ALL,
        };
        let level = |parent: Code, name: &'static str, first: bool| {
            let chosen = self
                .catalogue
                .regions
                .children(parent)
                .into_iter()
                .find(|(c, _)| now.nesting(*c) == huiqi_engine::catalogue::Nesting::Inside);
            let options = self.catalogue.regions.children(parent).into_iter().map(|(code, name)| {
                let selected = chosen.is_some_and(|(c, _)| c == code);
                html! { <option value={code.region_text()} {selected}>{ name }</option> }
            });
            let set = link.callback(move |e: Event| {
                let select: HtmlSelectElement = e.target_unchecked_into();
                match Code::region(&select.value()) {
                    Some(code) => Msg::Answer(key, Answer::Code(code)),
                    // Back to the level above.
                    None if parent == Code::ALL => Msg::Clear(key),
                    None => Msg::Answer(key, Answer::Code(parent)),
                }
            });
            let select = html! {
                <select class="sel" name={name} id={first.then(|| id.clone())} aria-label={if first { None } else { Some(name) }} onchange={set}>
                    <option value="" selected={chosen.is_none()}>{ format!("选{name}") }</option>
                    { for options }
                </select>
            };
            (select, chosen.map(|(c, _)| c))
        };
        let (province, chosen) = level(Code::ALL, "省", true);
        let mut selects = vec![province];
        if let Some(code) = chosen {
            let (city, chosen) = level(code, "市", false);
            selects.push(city);
            if let Some(code) = chosen {
                selects.push(level(code, "区县", false).0);
            }
        }
        labelled(id, label, hint, html! { <div class="regions">{ for selects }</div> })
    }

    fn industry(&self, link: &Scope<Self>, key: Key, id: &AttrValue, label: &str, hint: &str) -> Html {
        let chosen = match self.firm.get(key) {
            Some(Answer::Code(code)) => Some(*code),
            _ => None,
        };
        let text = match chosen {
            Some(code) => format!("{} {}", self.catalogue.industry_name(code), code.as_str()),
            None => self.industry_text.clone(),
        };
        let found = if chosen.is_none() && !self.industry_text.trim().is_empty() {
            self.catalogue.find_industries(&self.industry_text, SUGGESTIONS)
        } else {
            Vec::new()
        };
        let open = !found.is_empty();
        let lost = chosen.is_none()
            && !open
            && !self.industry_text.trim().is_empty()
            && !self.catalogue.industries.is_empty();
        let typed = link.callback(move |e: InputEvent| {
            let input: HtmlInputElement = e.target_unchecked_into();
            Msg::Typed(key, input.value())
        });
        let first = found.first().map(|(code, _)| *code);
        let keyed = link.batch_callback(move |e: yew::KeyboardEvent| match (e.key().as_str(), first) {
            ("Enter", Some(code)) => {
                e.prevent_default();
                vec![Msg::Answer(key, Answer::Code(code))]
            }
            ("ArrowDown", Some(_)) => {
                e.prevent_default();
                focus_first_option(&e);
                Vec::new()
            }
            _ => Vec::new(),
        });
        let options = found.into_iter().map(|(code, name)| {
            let pick = link.callback(move |_: MouseEvent| Msg::Answer(key, Answer::Code(code)));
            html! {
                <li><button type="button" class="name" onclick={pick}>{ name }{ " " }<span class="s m">{ code.as_str() }</span></button></li>
            }
        });
        let body = html! { <>
                <div class="in">
                    <input id={id.clone()} type="text" autocomplete="off" value={text} aria-describedby={format!("{id}-h")}
                        onfocus={link.callback(|_: FocusEvent| Msg::NeedIndustries)} oninput={typed} onkeydown={keyed} />
                </div>
                if open { <ul class="box pick" aria-label="行业">{ for options }</ul> }
                <p class="ok" role="status">
                    if lost { { "没有这个行业，换个说法试试，如“制造”“软件”" } }
                    else if open { { "从上面选一个" } }
                </p>
        </> };
        labelled(id, label, &format!("输名称或代码（348）。{hint}"), body)
    }
}

/// A label and a hint above one control.
fn labelled(id: &AttrValue, label: &str, hint: &str, body: Html) -> Html {
    html! {
        <div>
            <label for={id.clone()}>{ label }</label>
            <p class="hint" id={format!("{id}-h")}>{ hint }</p>
            { body }
        </div>
    }
}

/// A legend and a hint above several controls.
fn group(label: &str, hint: &str, body: Html) -> Html {
    html! {
        <fieldset>
            <legend>{ label }</legend>
            <p class="hint">{ hint }</p>
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

/// Moves focus from the industry field into its list.
fn focus_first_option(e: &yew::KeyboardEvent) {
    let field = e.target_dyn_into::<web_sys::Element>();
    let list = field.and_then(|f| f.parent_element()).and_then(|p| p.next_element_sibling());
    let button = list.and_then(|l| l.query_selector("button").ok().flatten());
    if let Some(button) = button.and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = button.focus();
    }
}

/// `480万元，就是4,800,000元`: a slip of ×10,000 shows at once.
fn echo(fact: &Fact, value: Ratio) -> Option<String> {
    match fact.kind {
        FactType::Money => {
            let unit = fact.unit.trim_start_matches(['万', '亿']);
            let whole = value.mul(Ratio::new(1, 100)?).ok()?;
            (whole.signum() != 0).then(|| format!("就是 {}{unit}", thousands(whole)))
        }
        FactType::Date => {
            let day = i32::try_from(value.floor()).ok().and_then(Date::from_days)?;
            Some(day.chinese())
        }
        _ => None,
    }
}

fn thousands(value: Ratio) -> String {
    let text = grouped(value, 2);
    // `grouped` leaves four digits bare; here every group helps.
    match text.len() {
        4 if text.bytes().all(|b| b.is_ascii_digit()) => format!("{},{}", &text[..1], &text[1..]),
        _ => text,
    }
}
