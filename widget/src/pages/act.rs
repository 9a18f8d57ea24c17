//! What is done on the later pages.

use huiqi_engine::bundle;
use huiqi_engine::firm::Received;
use huiqi_engine::words::word;
use js_sys::Array;
use yew::html::Scope;
use yew::{Context, Html};

use crate::app::{App, Language, Msg, View};
use crate::fetch::Fetched;
use crate::pages::{Act, Rating, Take};
use crate::{call, global, property};

/// The style sheet of the later pages.
const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/pages.css"));

/// Most measures that are compared.
const COMPARED: usize = 3;

impl App {
    /// The page that is open.
    pub(crate) fn later_page(&self, link: &Scope<Self>) -> Html {
        match self.view {
            View::Ask(key) => self.ask(link, key),
            View::Measure(at) => self.measure_page(link, at),
            View::Plan => self.plan_page(link),
            View::Print => self.print_page(link),
            View::Compare => self.compare_page(link),
            View::Calendar => self.calendar_page(link),
            View::WhatIf => self.what_if_page(link),
            View::Kept => self.kept_page(link),
            _ => self.search_page(link),
        }
    }

    /// Says what was just done; the next act says something else.
    pub(crate) fn tell(&mut self, text: String) {
        self.desk.said = Some(text);
    }

    pub(crate) fn act_now(&mut self, ctx: &Context<Self>, act: Act) {
        // What happens by itself leaves what was said in sight.
        let by_itself = matches!(
            act,
            Act::Dress
                | Act::Find
                | Act::Arrived(_)
                | Act::NeedText(..)
                | Act::Text(..)
                | Act::Weigh
                | Act::Remember
                | Act::Count(_)
        );
        if !by_itself {
            self.desk.said = None;
            self.desk.by_hand = None;
        }
        match act {
            Act::Dress => self.dress(ctx),
            Act::Query(text) => self.search_for(ctx, text),
            Act::Find => self.find(ctx),
            Act::AsTyped => self.search_as_typed(ctx),
            Act::Refilter => self.refilter(ctx),
            Act::Count(at) => self.count(ctx, at),
            Act::Arrived(arrived) => self.search_arrived(ctx, arrived),
            Act::Join(at) => self.join_plan(at),
            Act::Received(at) => self.mark_received(at),
            Act::Compare(at) => self.mark_compared(at),
            Act::Together(all) => {
                let ids = all.iter().filter_map(|at| Some(self.measures.get(*at)?.id.clone()));
                self.desk.compared = ids.take(COMPARED).collect();
            }
            Act::OnlyDifferent => self.desk.only_different = !self.desk.only_different,
            Act::Month(0) => self.desk.month = 0,
            Act::Month(by) => self.desk.month = (self.desk.month + by).clamp(-120, 120),
            Act::AllDays(all) => self.desk.all_days = all,
            Act::Try(key, text) => {
                self.desk.tried.insert(key, text);
                self.weigh();
            }
            Act::Untry => {
                self.desk.tried.clear();
                self.weigh();
            }
            Act::Weigh => {
                self.desk.thresholds = None;
                self.weigh();
            }
            Act::Ready(name) => {
                toggle(&mut self.desk.ready, name);
                self.remember(ctx);
            }
            Act::Rate(id, level) => self.rate(ctx, id, |rating| rating.level = level),
            Act::Reason(id, at) => self.rate(ctx, id, |rating| rating.reasons ^= 1 << (at & 7)),
            Act::Share(open) => self.desk.sharing = open,
            Act::WithAnswers(with) => self.desk.with_answers = with,
            Act::Take(take) => self.take(ctx, take),
            Act::Keep(keep) => self.set_keep(ctx, keep),
            Act::Name(name) => self.desk.name = name.chars().take(40).collect(),
            Act::Save => self.save(ctx),
            Act::OpenKept(at) => self.open_kept(ctx, at),
            Act::Delete(at) => self.delete(ctx, Some(at)),
            Act::DeleteAll => self.delete(ctx, None),
            Act::Import(input) => self.import(ctx, &input),
            Act::Imported(text) => self.imported(ctx, text),
            Act::Open(answers) => self.open_link(ctx, &answers),
            Act::Brought { ids, decided, unread } => self.take_brought(ctx, &ids, decided, &unread),
            Act::Recall => self.recall_kept(ctx),
            Act::Offer(id) => self.take_offer(&id),
            Act::Accept(yes) => self.accept(ctx, yes),
            Act::OnlyNew => self.desk.only_new = !self.desk.only_new,
            Act::Speak => {
                self.speak(ctx);
                self.remember(ctx);
            }
            Act::Spoken(raw) => self.spoken(raw),
            Act::Named(raw) => self.named(ctx, raw),
            Act::Converted(raw) => self.converted(raw),
            Act::Remember => self.remember(ctx),
            Act::NeedText(at, name) => self.need_text(ctx, at, name),
            Act::Text(name, Ok(text)) => drop(self.desk.texts.insert(name, Some(text))),
            Act::Text(name, Err(error)) => {
                self.desk.texts.remove(&name);
                self.missed(ctx, &error);
            }
        }
    }

    /// Puts the style sheet of the later pages beside the first one.
    fn dress(&mut self, ctx: &Context<Self>) {
        self.replan();
        let root = ctx.props().root.as_ref();
        let sheets = property(root, "adoptedStyleSheets");
        let sheet = crate::CSSStyleSheet::new();
        sheet.replace_sync(STYLE);
        let all = Array::from(&sheets);
        all.push(&sheet);
        ctx.props().root.set_adopted_style_sheets(&all);
    }

    fn join_plan(&mut self, at: usize) {
        let Some(id) = self.measures.get(at).map(|m| m.id.clone()) else { return };
        let chosen = self.desk.chosen.contains(&at);
        if chosen {
            self.desk.wishes.take_out(&id)
        } else {
            self.desk.wishes.put_in(&id)
        }
        self.replan();
        if !chosen && !self.desk.chosen.contains(&at) {
            self.desk.wishes.forget(&id);
            self.replan();
            let name = self.name(at);
            self.tell(self.say("“{}”的条件还没满足，或还缺信息，满足后才能加进方案。", &[&name]));
        }
    }

    /// 已享受: takes part in what a group still leaves this year.
    fn mark_received(&mut self, at: usize) {
        let Some(measure) = self.measures.get(at) else { return };
        let id = measure.id.clone();
        let had = self.firm.received.iter().any(|r| r.measure == id);
        if had {
            self.firm.received.retain(|r| r.measure != id);
        } else {
            let outcome = self.outcome(at);
            let fen = outcome.and_then(|o| o.amount).and_then(|a| a.high).unwrap_or_default();
            let year = u16::try_from(self.today.year()).unwrap_or_default();
            self.firm.received.push(Received { measure: id, year, fen });
            self.tell(self.get("记下了：今年已享受，同类资金不再重复算。").to_owned());
        }
        self.redecide();
    }

    fn mark_compared(&mut self, at: usize) {
        let Some(id) = self.measures.get(at).map(|m| m.id.clone()) else { return };
        let said = if self.desk.compared.contains(&id) {
            word("已移出比较。")
        } else {
            word("已加入比较。")
        };
        toggle(&mut self.desk.compared, id);
        if self.desk.compared.len() > COMPARED {
            self.desk.compared.remove(0);
        }
        self.tell(self.get(said).to_owned());
    }

    fn rate(&mut self, ctx: &Context<Self>, id: String, change: impl FnOnce(&mut Rating)) {
        let rating = self.desk.ratings.entry(id.clone()).or_default();
        change(rating);
        if rating.level >= 3 {
            rating.reasons = 0;
        }
        let (level, reasons) = (rating.level, rating.reasons);
        let detail = [("measure", id.as_str().into()), ("level", level.into()), ("reasons", reasons.into())];
        crate::emit(&ctx.props().host, "huiqi-rate", &detail);
        let to = &ctx.props().rate_to;
        if !to.is_empty() {
            let body = serde_json::json!({ "measure": id, "level": level, "reasons": reasons }).to_string();
            // Nothing of the firm is in it; whether it arrives is the page's business.
            let sent = call(&global("navigator"), "sendBeacon", &[to.into(), body.into()]);
            if let Some(rating) = self.desk.ratings.get_mut(&id) {
                rating.sent = sent.is_ok_and(|sent| sent.is_truthy());
            }
        }
        self.remember(ctx);
    }

    fn take(&mut self, ctx: &Context<Self>, take: Take) {
        match take {
            Take::Print => self.print(ctx),
            Take::Link => self.copy_link(ctx),
            Take::Profile => self.export_profile(),
            Take::Ratings => self.export_ratings(),
            Take::Calendar | Take::Table | Take::Text | Take::CalendarOf(_) => self.export_plan(ctx, take),
        }
    }

    fn need_text(&mut self, ctx: &Context<Self>, at: usize, name: String) {
        if name.is_empty() || self.desk.texts.contains_key(&name) {
            return;
        }
        self.desk.texts.insert(name.clone(), None);
        let publisher = self.publisher_of(at);
        self.fetch(ctx, publisher, &name.clone(), |raw: Fetched<Vec<u8>>| {
            Msg::Act(Act::Text(name, raw.and_then(|raw| Ok(bundle::decode_full_text(&raw)?))))
        });
    }

    /// Changes of figures that are tried, as answers; what cannot be read is left out.
    pub(crate) fn tried_answers(&self) -> Vec<(huiqi_engine::firm::Key, huiqi_engine::firm::Answer)> {
        let typed = self.desk.tried.iter();
        typed
            .filter_map(|(key, text)| {
                let fact = self.catalogue.facts.get(&key.fact)?;
                Some((*key, self.catalogue.words.read_typed(fact, text).ok()?))
            })
            .collect()
    }

    /// Brings the page into the language that was chosen.
    fn speak(&mut self, ctx: &Context<Self>) {
        match self.language {
            Language::Simplified => self.unspeak(),
            Language::English => self.fetch_english(ctx),
            Language::Traditional => {
                self.unspeak();
                self.fetch_traditional(ctx);
            }
        }
    }
}

/// Puts an item into a list, or takes it out.
fn toggle(list: &mut Vec<String>, item: String) {
    match list.iter().position(|one| *one == item) {
        Some(at) => drop(list.remove(at)),
        None => list.push(item),
    }
}
