//! 如果数字变一变: what other figures would bring, without changing what was answered.

use huiqi_engine::explain::{answer_text, key_name};
use huiqi_engine::num::Ratio;
use huiqi_engine::plan::Case;
use huiqi_engine::whatif::{Gain, PAST, Threshold, Trial};
use huiqi_engine::words::word;
use web_sys::HtmlInputElement;
use yew::html::Scope;
use yew::{Html, InputEvent, MouseEvent, TargetCast as _, html};

use crate::app::{App, Msg};
use crate::icons;
use crate::pages::Act;

/// Figures that can be tried.
const FIGURES: usize = 6;
/// Steps of a slider.
const STEPS: i128 = 100;

impl App {
    /// Works the thresholds out; once for each decision, because each is decided anew.
    pub(crate) fn weigh(&mut self) {
        let (Some(report), Some(decider)) = (&self.report, &self.work.decider) else { return };
        let case = Case {
            measures: &self.measures,
            outcomes: &report.outcomes,
            catalogue: &self.catalogue,
            firm: &self.firm,
            today: self.today,
        };
        let trial = Trial::new(decider, case, &self.desk.wishes);
        let tried = self.tried_answers();
        let gain = (!tried.is_empty()).then(|| trial.try_values(&tried));
        if self.desk.thresholds.is_none() {
            self.desk.thresholds = Some(trial.thresholds());
        }
        self.desk.gain = gain;
    }

    pub(crate) fn what_if_page(&self, link: &Scope<Self>) -> Html {
        let thresholds = self.desk.thresholds.as_deref().unwrap_or_default();
        let mut keys = Vec::new();
        for threshold in thresholds {
            if keys.len() < FIGURES {
                crate::app::first_time(&mut keys, threshold.key);
            }
        }
        let past = thresholds.iter().any(|t| t.past);
        html! { <>
            <button type="button" class="lnk" onclick={link.callback(|_: MouseEvent| Msg::Back)}>{ icons::back() }{ self.get("返回方案") }</button>
            <h2 tabindex="-1" ref={self.heading.clone()}>{ self.get("如果数字变一变") }</h2>
            <p class="p">{ self.get("拖一拖，看会多拿多少。不会改你填的企业信息。") }</p>
            if keys.is_empty() { <p>{ self.get("没有离得近的门槛：改几个数字也不会多拿。") }</p> }
            <div class="cols"><div class="main">
                { for keys.iter().map(|key| self.slider(link, thresholds, *key)) }
                if !self.desk.tried.is_empty() { <div class="row"><button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::Act(Act::Untry))}>{ self.get("全部还原") }</button></div> }
            </div><div class="side sec">{ self.gain(link) }
                if past { <p class="s m">{ self.get(PAST) }</p> }
            </div></div>
            if !thresholds.is_empty() {
                <section class="sec"><h3>{ self.get("离得最近的门槛") }</h3><ul class="lst">{ for thresholds.iter().map(|t| html! {
                    <li><span>{ t.sentence(&self.measures, &self.catalogue) }<br /><span class="s m">{ for t.measures.iter().map(|at| html! { <>{ self.name_button(link, *at) }{ " " }</> }) }</span></span>
                        <span class="amt">{ "+" }{ self.range(t.gain_low.max(0), t.gain_high.max(0)) }</span></li>
                }) }</ul></section>
            }
        </> }
    }

    /// A figure with a slider, a field and its thresholds.
    fn slider(&self, link: &Scope<Self>, thresholds: &[Threshold], key: huiqi_engine::firm::Key) -> Html {
        let Some(fact) = self.catalogue.facts.get(&key.fact) else { return Html::default() };
        let words = &self.catalogue.words;
        let mine: Vec<&Threshold> = thresholds.iter().filter(|t| t.key == key).collect();
        let Some(now) = mine.first().map(|t| t.now) else { return Html::default() };
        let ends = mine.iter().flat_map(|t| [t.at, t.now]);
        let (low, high) = ends.fold((now, now), |(low, high), value| (low.min(value), high.max(value)));
        // Half as far again to both sides, so that the ends are not the thresholds.
        let margin = high
            .sub(low)
            .and_then(|width| width.mul(Ratio::new(1, 2).unwrap_or(Ratio::ZERO)))
            .unwrap_or(Ratio::ZERO);
        let low = low.sub(margin).unwrap_or(low).max(Ratio::ZERO);
        let high = high.add(margin).unwrap_or(high);
        let typed = self.desk.tried.get(&key).cloned().unwrap_or_else(|| words.typed_text(fact, now));
        let value = words
            .read_typed(fact, &typed)
            .ok()
            .and_then(|answer| match answer {
                huiqi_engine::firm::Answer::Number(number) => number.exact(),
                _ => None,
            })
            .unwrap_or(now);
        let number = |value: Ratio| words.typed_text(fact, value);
        let places = mine.iter().map(|t| t.at).chain([now]);
        let places: Vec<Ratio> = places.collect();
        let step_low = low;
        let step = high
            .sub(low)
            .and_then(|w| w.mul(Ratio::new(1, STEPS).unwrap_or(Ratio::ONE)))
            .unwrap_or(Ratio::ONE);
        let whole = places.iter().all(|p| p.is_integer());
        // A slider goes in whole steps of its width; thresholds are reached exactly.
        let to_value = move |position: i128| -> Ratio {
            let raw = step.mul(Ratio::int(position)).and_then(|d| step_low.add(d)).unwrap_or(step_low);
            let half = step.mul(Ratio::new(1, 2).unwrap_or(Ratio::ZERO)).unwrap_or(Ratio::ZERO);
            let near = places
                .iter()
                .copied()
                .find(|p| p.sub(raw).is_ok_and(|d| d <= half && d.neg().is_ok_and(|d| d <= half)));
            near.unwrap_or(if whole { Ratio::int(raw.floor()) } else { raw })
        };
        let position = (0..=STEPS).find(|at| to_value(*at) >= value).unwrap_or(STEPS);
        let slide = {
            let (fact, words) = (fact.clone(), words.clone());
            let written = move |value| words.typed_text(&fact, value);
            link.callback(move |e: InputEvent| {
                let at: i128 =
                    e.target_unchecked_into::<HtmlInputElement>().value().parse().unwrap_or_default();
                Msg::Act(Act::Try(key, written(to_value(at.clamp(0, STEPS)))))
            })
        };
        let write = link.callback(move |e: InputEvent| {
            Msg::Act(Act::Try(key, e.target_unchecked_into::<HtmlInputElement>().value()))
        });
        let id = format!("w-{}-{}", fact.id, key.record);
        let name = key_name(&self.catalogue, key);
        let reached: Vec<String> = mine
            .iter()
            .filter(|t| if t.difference.signum() < 0 { value <= t.at } else { value >= t.at })
            .flat_map(|t| t.measures.iter().map(|at| self.name(*at)))
            .collect();
        let unit = words.unit(fact).to_owned();
        let text = if reached.is_empty() {
            format!("{typed}{unit}")
        } else {
            self.say("{}{}，够“{}”", &[&typed, &unit, &self.catalogue.words.list(&reached)])
        };
        let year = u16::try_from(self.today.year()).unwrap_or_default();
        html! {
            <div class="st"><div class="bar"><label for={id.clone()}>{ name.clone() }</label>
                <div class="in num"><input id={id.clone()} name="try" inputmode="decimal" autocomplete="off" value={typed} oninput={write} /><span>{ unit.clone() }</span></div></div>
                <input class="rng" type="range" min="0" max={STEPS.to_string()} value={position.to_string()} aria-label={name} aria-valuetext={text.clone()} oninput={slide} />
                <p class="s">{ self.say("现在 {}", &[&answer_text(&self.catalogue, &self.firm, key, year)]) }{ for mine.iter().map(|t| html! { <span class="s m">{ format!("  |  {}{unit}", number(t.at)) }</span> }) }</p>
                if !reached.is_empty() { <p class="s" role="status">{ text }</p> }
            </div>
        }
    }

    /// What the figures that are tried would bring.
    fn gain(&self, link: &Scope<Self>) -> Html {
        let Some(gain) = &self.desk.gain else {
            return html! { <p class="m">{ self.get("改一个数字，这里就有结果。") }</p> };
        };
        let Gain { before, after, changed } = gain;
        let (low, high) = gain.more();
        let (low, high) = (low.min(high), low.max(high));
        let title = if high > 0 {
            word("这样改，多拿")
        } else if low < 0 {
            word("这样改，少拿")
        } else {
            word("这样改，合计不变")
        };
        let group = |group: Option<huiqi_engine::report::Group>| {
            group.map_or_else(|| self.get("不在范围").to_owned(), |g| self.get(g.name()).to_owned())
        };
        html! { <>
            <h3>{ self.get(title).to_owned() }</h3>
            if high != 0 || low != 0 { <p class="fig" role="status">{ if high > 0 { "+" } else { "−" } }{ self.range(low.abs().min(high.abs()), high.abs().max(low.abs())) }</p> }
            <p>{ self.range(after.low, after.high) }{ " " }<span class="m">{ self.get("原来") }{ " " }{ self.range(before.low, before.high) }</span></p>
            <ul class="lst">{ for changed.iter().map(|change| html! {
                <li><span>{ self.name_button(link, change.measure) }<br /><span class="s m">{ self.say("{} 变 {}", &[&group(change.before), &group(change.after)]) }</span></span>
                    <span class="amt">{ for change.amount_after.as_ref().map(|a| self.figure(a)) }</span></li>
            }) }</ul>
        </> }
    }
}
