//! Input for one fact, by its type.

use huiqi_engine::catalogue::{Code, Fact, FactType, Nesting};
use huiqi_engine::date::Date;
use huiqi_engine::explain::key_name;
use huiqi_engine::firm::{Answer, Key, Span};
use huiqi_engine::num::Ratio;
use huiqi_engine::unit::grouped;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::html::Scope;
use yew::{AttrValue, Event, FocusEvent, Html, InputEvent, KeyboardEvent, MouseEvent, TargetCast as _, html};

use crate::app::{App, Msg};
use huiqi_engine::words::word;

/// Codes in the list below the industry field.
const SUGGESTIONS: usize = 8;

/// What stands around an input.
#[derive(Debug)]
pub(crate) struct Frame {
    pub id: AttrValue,
    pub label: String,
    pub hint: String,
}

impl App {
    /// Id, label and hint of the input for a fact. `ask` uses the question as the label instead of the name.
    pub(crate) fn frame_of(&self, key: Key, fact: &Fact, ask: bool) -> Frame {
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
            (true, Span::Year(year)) if key.record == 0 => self.say("{}年：{}", &[&year, &fact.question]),
            (true, _) => self.say("{}：{}", &[&key_name(&self.catalogue, key), &fact.question]),
            (false, _) => key_name(&self.catalogue, key),
        };
        let hint = if fact.help.is_empty() && !ask { fact.question.clone() } else { fact.help.clone() };
        Frame { id, label, hint }
    }

    /// The input for a fact of the first page: a region, an industry, a figure or a day.
    pub(crate) fn field(&self, link: &Scope<Self>, key: Key) -> Html {
        let Some(fact) = self.catalogue.facts.get(&key.fact) else { return Html::default() };
        self.first_field(link, key, fact, &self.frame_of(key, fact, false))
    }

    /// The same with another label.
    pub(crate) fn first_field(&self, link: &Scope<Self>, key: Key, fact: &Fact, frame: &Frame) -> Html {
        match fact.kind {
            FactType::Region => self.region(link, key, frame),
            FactType::Industry => self.industry(link, key, frame),
            _ => self.number(link, key, fact, frame),
        }
    }

    fn number(&self, link: &Scope<Self>, key: Key, fact: &Fact, frame: &Frame) -> Html {
        let id = &frame.id;
        let text = self.drafts.get(&key).map(|(t, _)| t.clone()).unwrap_or_default();
        let error = self.field_error(key);
        let value = match self.firm.get(key) {
            Some(Answer::Number(interval)) => interval.exact(),
            _ => None,
        };
        let note = match (&error, value) {
            (Some(error), _) => html! { <p class="msg" id={format!("{id}-m")}>{ error }</p> },
            (None, Some(value)) => match self.echo(fact, value) {
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
                    if !fact.unit.is_empty() { <span>{ self.catalogue.words.unit(fact) }</span> }
                </div>
                { note }
        </> };
        labelled(frame, body)
    }

    fn region(&self, link: &Scope<Self>, key: Key, frame: &Frame) -> Html {
        let now = match self.firm.get(key) {
            Some(Answer::Code(code)) => *code,
            _ => Code::ALL,
        };
        let level = |parent: Code, name: &'static str, label: &'static str, first: bool| {
            let chosen = self
                .catalogue
                .regions
                .children(parent)
                .into_iter()
                .find(|(c, _)| now.nesting(*c) == Nesting::Inside);
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
                <select key={name} class="sel" {name} id={first.then(|| frame.id.clone())} onchange={set}
                    aria-label={if first { None } else { Some(self.get(label).to_owned()) }} aria-describedby={format!("{}-h", frame.id)}>
                    <option value="" selected={chosen.is_none()}>{ self.get(label) }</option>
                    { for options }
                </select>
            };
            (select, chosen.map(|(c, _)| c))
        };
        let (province, chosen) = level(Code::ALL, "省", word("选省"), true);
        let mut selects = vec![province];
        if let Some(code) = chosen {
            let (city, chosen) = level(code, "市", word("选市"), false);
            selects.push(city);
            if let Some(code) = chosen {
                selects.push(level(code, "区县", word("选区县"), false).0);
            }
        }
        labelled(frame, html! { <div class="regions">{ for selects }</div> })
    }

    fn industry(&self, link: &Scope<Self>, key: Key, frame: &Frame) -> Html {
        let id = &frame.id;
        let chosen = match self.firm.get(key) {
            Some(Answer::Code(code)) => Some(*code),
            _ => None,
        };
        let typed = self.industry_text.trim();
        let text = match chosen {
            Some(code) => format!("{} {}", self.catalogue.industry_name(code), code.as_str()),
            None => self.industry_text.clone(),
        };
        let found = match chosen {
            None if !typed.is_empty() && !self.list_closed => {
                self.catalogue.find_industries(typed, SUGGESTIONS)
            }
            _ => Vec::new(),
        };
        let open = !found.is_empty();
        let lost = chosen.is_none()
            && !open
            && !typed.is_empty()
            && !self.list_closed
            && !self.catalogue.industries.is_empty();
        let type_ = link.callback(move |e: InputEvent| {
            let input: HtmlInputElement = e.target_unchecked_into();
            Msg::Typed(key, input.value())
        });
        let (count, now) = (found.len(), self.list_at.min(found.len().saturating_sub(1)));
        let current = found.get(now).map(|(code, _)| *code);
        // The keys of a combobox: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
        let keyed = link.batch_callback(move |e: KeyboardEvent| {
            let message = match (e.key().as_str(), current) {
                ("Enter", Some(code)) => Msg::Answer(key, Answer::Code(code)),
                ("ArrowDown", Some(_)) => Msg::ListAt((now + 1) % count),
                ("ArrowUp", Some(_)) => Msg::ListAt((now + count - 1) % count),
                ("ArrowDown", None) => Msg::ListClosed(false),
                ("Escape", Some(_)) => Msg::ListClosed(true),
                ("Escape", None) => Msg::Typed(key, String::new()),
                _ => return Vec::new(),
            };
            e.prevent_default();
            vec![message]
        });
        let option = |at: usize| format!("{id}-{at}");
        let options = found.iter().enumerate().map(|(at, (code, name))| {
            let code = *code;
            // Before the field loses the focus, which closes the list.
            let pick = link.callback(move |e: MouseEvent| {
                e.prevent_default();
                Msg::Answer(key, Answer::Code(code))
            });
            html! {
                <li role="option" id={option(at)} aria-selected={(at == now).to_string()} onmousedown={pick}>
                    <span>{ name.clone() }</span><span class="s m">{ code.as_str().to_owned() }</span></li>
            }
        });
        let status = match (lost, open) {
            (true, _) => self.get("没有这个行业，换个说法试试，如“制造”“软件”").to_owned(),
            (_, true) => self.say("有 {} 个，用上下键选，回车确定", &[&count]),
            _ => String::new(),
        };
        let list = AttrValue::from(format!("{id}-l"));
        let body = html! { <>
                <div class="in">
                    <input id={id.clone()} name="industry" type="text" autocomplete="off" value={text} role="combobox"
                        aria-autocomplete="list" aria-expanded={open.to_string()} aria-controls={list.clone()}
                        aria-activedescendant={open.then(|| option(now))} aria-describedby={format!("{id}-h")}
                        onfocus={link.callback(|_: FocusEvent| Msg::NeedIndustries)} oninput={type_} onkeydown={keyed}
                        onblur={link.callback(|_: FocusEvent| Msg::ListClosed(true))} />
                </div>
                <ul class={if open { "box pick" } else { "v" }} role="listbox" id={list} aria-label={self.get("行业").to_owned()}>{ for options }</ul>
                <p class="ok" role="status">{ status }</p>
        </> };
        let hint = self.say("输名称、拼音首字母（tylbj）或代码（348）。{}", &[&frame.hint]);
        labelled(&Frame { id: id.clone(), label: frame.label.clone(), hint }, body)
    }

    /// `480万元，就是4,800,000元`: a slip of ×10,000 shows at once.
    fn echo(&self, fact: &Fact, value: Ratio) -> Option<String> {
        match fact.kind {
            // In English figures are typed in full.
            FactType::Money if self.catalogue.words.is_chinese() => {
                let unit = fact.unit.trim_start_matches(['万', '亿']);
                let whole = value.mul(Ratio::new(1, 100)?).ok()?;
                (whole.signum() != 0).then(|| self.say("就是 {}{}", &[&thousands(whole), &unit]))
            }
            FactType::Date => {
                let day = i32::try_from(value.floor()).ok().and_then(Date::from_days)?;
                Some(self.day(day))
            }
            _ => None,
        }
    }
}

/// A label and a hint above one control.
pub(crate) fn labelled(frame: &Frame, body: Html) -> Html {
    let Frame { id, label, hint } = frame;
    html! {
        <div>
            <label for={id.clone()}>{ label }</label>
            <p class="hint" id={format!("{id}-h")}>{ hint }</p>
            { body }
        </div>
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
