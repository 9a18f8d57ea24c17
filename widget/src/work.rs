//! What takes long with thousands of measures: opening tables, preparing decisions, deciding. It is done a slice at a
//! time, so that the page goes on answering; what is small is done within the first slice, before anything is drawn.

use std::rc::Rc;

use huiqi_engine::LiteMap;
use huiqi_engine::bundle::{BundleError, CARDS_PER_BLOCK, DETAILS_PER_BLOCK, Table, TableReader};
use huiqi_engine::decide::{Builder, Decider};
use huiqi_engine::measure::Measure;
use huiqi_engine::plan::Plan;
use huiqi_engine::report::{Draft, Report};
use wasm_bindgen::JsValue;
use yew::Context;

use crate::app::{App, Area, Blocks, Config, Msg, Part, View, first_time};
use crate::pages::{self, Act};
use crate::publisher::Publisher;
use crate::results::Listing;

/// How long a slice takes, in milliseconds: an eye does not see a pause of three frames.
const SLICE_MS: f64 = 32.0;
/// Measures between two looks at the clock.
const STEP: usize = 64;

/// What is under way, and what waits for it.
#[derive(Debug, Default)]
pub(crate) struct Work {
    opening: Option<Opening>,
    builder: Option<Builder>,
    /// Made of the measures when it is first needed.
    pub decider: Option<Decider>,
    draft: Option<Draft>,
    /// The decider is to be made before anybody asks for a decision.
    pub prepare: bool,
    /// A decision was asked for.
    pub due: bool,
    /// The page is to be told of it.
    pub announce: bool,
    /// The next question comes after it.
    pub ask: bool,
    /// What is done once the measures are those that the answers ask for.
    pub after: Vec<Act>,
    /// Whether the next slice was asked for.
    pub ticking: bool,
    /// Whether the visitor saw that there is something to wait for.
    waited: bool,
    /// The measure that was open before its list was forgotten.
    shown: Option<String>,
}

/// Areas that are being opened, to be listed together.
#[derive(Debug, Default)]
struct Opening {
    areas: Vec<Area>,
    /// The area that is being read.
    at: usize,
    reader: TableReader,
    measures: Vec<Measure>,
    cards: Blocks,
    details: Blocks,
}

impl Work {
    /// Asks for a decision. What was decided so far was for other answers.
    pub(crate) fn decide(&mut self) {
        self.due = true;
        self.draft = None;
    }

    /// The areas that are listed next.
    pub(crate) fn opening(&self) -> Option<&[Area]> {
        self.opening.as_ref().map(|opening| opening.areas.as_slice())
    }
}

impl App {
    /// Does what is under way, as much as fits into a slice; whether there is something to draw.
    pub(crate) fn work(&mut self, ctx: &Context<Self>) -> bool {
        let begun = crate::clock();
        let mut news = false;
        loop {
            if self.work.opening.is_some() {
                news |= self.open_some(ctx);
            } else if (self.work.due || self.work.prepare) && self.work.decider.is_none() {
                self.prepare_some();
            } else if self.work.due {
                news |= self.decide_some(ctx);
            } else {
                self.work.prepare = false;
                if !self.settle(ctx) {
                    break;
                }
                news = true;
            }
            // Bringing a report into order and drawing it is a slice by itself, unless there was little to decide.
            let full =
                if self.work.draft.as_ref().is_some_and(Draft::is_done) { SLICE_MS / 2.0 } else { SLICE_MS };
            if crate::clock() - begun >= full {
                if !std::mem::replace(&mut self.work.ticking, true) {
                    ctx.link().send_future(async {
                        crate::next_task().await;
                        Msg::Work
                    });
                }
                self.work.waited |= self.waits();
                break;
            }
        }
        news
    }

    /// Whether the page that is open has nothing to show before the decision.
    pub(crate) fn waits(&self) -> bool {
        let needs = !matches!(self.view, View::Form | View::Search | View::Kept | View::Measure(_));
        needs && self.work.due && self.report.is_none()
    }

    /// Does what waited until the measures are those that the answers ask for; whether there was anything.
    fn settle(&mut self, ctx: &Context<Self>) -> bool {
        if self.publishers.is_empty() || self.work.opening.is_some() || !self.areas.pending.is_empty() {
            return false;
        }
        let first = !std::mem::replace(&mut self.recalled, true);
        if first {
            self.recall(ctx);
        }
        let after = std::mem::take(&mut self.work.after);
        let any = first || !after.is_empty();
        for act in after {
            self.act(ctx, act);
        }
        any
    }

    /// Begins to list the measures of these areas. The list before stays until they are read.
    pub(crate) fn begin_opening(&mut self, areas: Vec<Area>) {
        self.work.opening = Some(Opening { areas, ..Opening::default() });
    }

    /// Forgets the list at once: its numbers mean something else in another edition.
    pub(crate) fn forget_list(&mut self) {
        if let View::Measure(at) = self.view {
            self.work.shown = self.measures.get(at).map(|m| m.id.clone());
            self.view = View::Results;
        }
        self.forget_decision();
        self.measures.clear();
        self.cards.clear();
        self.details.clear();
    }

    /// Forgets what was decided of a list, and decides anew if that was wanted.
    fn forget_decision(&mut self) {
        self.redecide();
        (self.work.decider, self.work.builder, self.report) = (None, None, None);
        self.listing = Listing::default();
        self.reasons.borrow_mut().clear();
        let desk = &mut self.desk;
        (desk.plan, desk.groups) = (Plan::default(), Vec::new());
        (desk.thresholds, desk.gain) = (None, None);
        desk.chosen.clear();
    }

    /// Reads some measures of the areas that are being opened; whether that was all.
    fn open_some(&mut self, ctx: &Context<Self>) -> bool {
        let Some(mut opening) = self.work.opening.take() else { return false };
        let Some(area) = opening.areas.get(opening.at).copied() else {
            self.opened(ctx, opening);
            return true;
        };
        let mut read = || -> Result<bool, BundleError> {
            let (Some(raw), Some(publisher)) = (self.areas.tables.get(&area), self.publishers.get(area.0))
            else {
                return Ok(true);
            };
            opening.reader.step(&Rc::clone(raw), publisher.numbers.as_ref(), STEP)
        };
        match read() {
            Ok(false) => {}
            Ok(true) => {
                let table = std::mem::take(&mut opening.reader).finish();
                self.list_table(ctx, area, table, &mut opening);
                opening.at += 1;
            }
            Err(error) => {
                opening.reader = TableReader::default();
                opening.at += 1;
                self.warn(&error.into());
            }
        }
        self.work.opening = Some(opening);
        false
    }

    /// Puts the measures of an area behind those before it.
    fn list_table(&mut self, ctx: &Context<Self>, area: Area, mut table: Table, opening: &mut Opening) {
        let Some(publisher) = self.publishers.get(area.0) else { return };
        for text in self.withhold(ctx, publisher, &mut table.measures, &opening.measures) {
            first_time(&mut self.notices, text);
        }
        let first = opening.measures.len();
        let blocks = |names: &[String], per: usize| -> Blocks {
            (0..).zip(names).map(|(n, name)| (first + n * per, area.0, name.clone())).collect()
        };
        opening.cards.extend(blocks(&table.cards, CARDS_PER_BLOCK));
        opening.details.extend(blocks(&table.details, DETAILS_PER_BLOCK));
        opening.measures.extend(table.measures);
    }

    /// Withholds what a publisher may not say, what another one has said before, and what the page does not want to
    /// show. Returns what the visitor is told of it.
    fn withhold(
        &self,
        ctx: &Context<Self>,
        publisher: &Publisher,
        measures: &mut [Measure],
        before: &[Measure],
    ) -> Vec<String> {
        let foreign = publisher.authority.as_ref().map_or(0, |a| a.withhold(measures));
        let mut twice = 0;
        if publisher.numbers.is_some() {
            // Who may not say it does not keep another from saying it.
            let said = before.iter().filter(|m| !m.withheld);
            let known: LiteMap<&str, ()> = said.map(|m| (m.id.as_str(), ())).collect();
            let again = measures.iter_mut().filter(|m| !m.withheld && known.contains_key(m.id.as_str()));
            twice = again.map(|m| m.withheld = true).count();
        }
        let told = [(foreign, "不在它能发布的地区或编号范围内"), (twice, "编号和前面的发布单位重复")];
        let told = told.into_iter().filter(|(count, _)| *count > 0);
        let name = &publisher.catalog.publisher;
        let told = told.map(|(count, why)| format!("“{name}”的 {count} 个事项没有列出：{why}")).collect();
        let Config { topic, dept, .. } = ctx.props();
        let theme = self.theme(topic);
        for measure in measures {
            let about = theme.is_none_or(|no| measure.themes.contains(&no));
            measure.withheld |= !about || !measure.issuer.contains(dept.as_str());
        }
        told
    }

    /// Goes over to the measures that were read.
    fn opened(&mut self, ctx: &Context<Self>, opening: Opening) {
        self.forget_list();
        let Opening { areas, measures, cards, details, .. } = opening;
        (self.measures, self.areas.open) = (measures, areas);
        (self.areas.cards, self.areas.details) = (cards, details);
        self.cards = vec![None; self.measures.len()];
        self.details = vec![None; self.measures.len()];
        self.asked_details.clear();
        self.asked_cards.clear();
        self.pending_cards = 0;
        // Measures have other numbers now.
        self.history.retain(|view| !matches!(view, View::Measure(_)));
        let shown = self.work.shown.take().filter(|_| self.view == View::Results);
        if let Some(at) = shown.and_then(|id| self.measures.iter().position(|m| m.id == id)) {
            self.view = View::Measure(at);
            self.need_details(ctx);
        }
        ctx.link().send_future(async {
            crate::breathe().await;
            Msg::Prepare
        });
        self.search.again();
        if !self.search.text.is_empty() {
            self.act(ctx, Act::Find);
        }
    }

    /// Takes the rules of some measures apart.
    fn prepare_some(&mut self) {
        let Self { measures, catalogue, today, .. } = self;
        let builder = self.work.builder.get_or_insert_with(|| Builder::new(*today));
        let rest = measures.get(builder.taken()..).unwrap_or_default();
        builder.add(rest.get(..STEP).unwrap_or(rest), catalogue);
        if builder.taken() >= measures.len() {
            self.work.decider = self.work.builder.take().map(Builder::finish);
        }
    }

    /// Decides some measures; whether that was all.
    fn decide_some(&mut self, ctx: &Context<Self>) -> bool {
        let Some(decider) = &self.work.decider else { return false };
        let Self { measures, catalogue, firm, .. } = self;
        let draft = self.work.draft.get_or_insert_with(|| Draft::new(decider, measures, catalogue, firm));
        if !draft.is_done() {
            draft.step(measures, catalogue, firm, STEP);
            return false;
        }
        if let Some(draft) = self.work.draft.take() {
            let report = draft.finish(measures, catalogue, firm);
            self.decided(ctx, report);
        }
        true
    }

    /// Takes a decision.
    fn decided(&mut self, ctx: &Context<Self>, report: Report) {
        self.work.due = false;
        self.desk.chosen = report.plan.chosen.iter().map(|choice| choice.measure).collect();
        if std::mem::take(&mut self.work.announce) {
            let counts: Vec<(&str, JsValue)> = report
                .groups
                .iter()
                .map(|(group, list)| (group.id(), list.len().to_string().into()))
                .collect();
            crate::emit(&ctx.props().host, "huiqi-results", &counts);
        }
        self.report = Some(report);
        self.reasons.borrow_mut().clear();
        self.relist();
        if self.pages == Part::There {
            pages::replan(self);
        }
        self.need_details(ctx);
        if self.view == View::WhatIf {
            self.act(ctx, Act::Weigh);
        }
        self.moved |= std::mem::take(&mut self.work.waited);
        // Somebody will look at a measure next, but at the results first.
        ctx.link().send_future(async {
            crate::breathe().await;
            Msg::NeedPages
        });
        if std::mem::take(&mut self.work.ask) {
            self.ask_next();
        }
    }
}
