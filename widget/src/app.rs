//! State and messages. Views only draw it.

use futures_util::future::join;
use huiqi_engine::LiteMap;
use huiqi_engine::bundle::{
    self, CARDS_PER_BLOCK, CATALOG_NAME, Catalog, DETAILS_PER_BLOCK, PartKind, RegionRoot, Table,
};
use huiqi_engine::catalogue::{Catalogue, Code, CodeNames, FactNo, FactType, ItemNo};
use huiqi_engine::date::Date;
use huiqi_engine::decide::Decider;
use huiqi_engine::firm::{Answer, Firm, Key, read_typed};
use huiqi_engine::measure::{Card, Detail, Measure};
use huiqi_engine::report::{Report, report};
use huiqi_engine::search::{Facet, related};
use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlElement};
use yew::{Component, Context, Html, NodeRef, Properties, html};

use crate::fetch::{self, Cache, LoadError};
use crate::search::{Arrived, Search};

/// What the element's attributes say, checked.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(crate) struct Config {
    /// Address of the bundle folder, ends with a slash.
    pub base: String,
    /// `region` attribute: preselects the seat.
    pub region: Option<Code>,
    /// The element, for events.
    pub host: HtmlElement,
    /// Returns a promise of a new instance of the search module: a function that calls its functions.
    pub find: js_sys::Function,
    /// To be called when the data is there.
    pub on_ready: js_sys::Function,
}

/// Pages of the widget.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum View {
    /// The first screen.
    Form,
    /// One question.
    Ask(Key),
    /// All measures by group.
    Results,
    /// One measure.
    Measure(usize),
    /// Search over everything.
    Search,
}

/// What the first screen needs.
#[derive(Debug)]
pub(crate) struct Loaded {
    catalog: Catalog,
    /// Tables of areas, with the numbers of the areas in the catalog.
    tables: Vec<(usize, Fetched<Vec<u8>>)>,
    catalogue: Catalogue,
    regions: RegionRoot,
}

/// Parts that hold the rest of measures, with the number of the first measure in each.
type Blocks = Vec<(usize, String)>;

/// The areas of the bundle that concern the firm.
#[derive(Debug, Default)]
pub(crate) struct Areas {
    /// Tables that have arrived, by number in the catalog. They are opened anew when other areas are listed: copying
    /// measures would take more code than reading them.
    tables: LiteMap<usize, Vec<u8>>,
    /// Areas whose measures are listed.
    pub open: Vec<usize>,
    /// Tables under way.
    pending: Vec<usize>,
    /// Tables that could not be had; they are asked for again with the next answer.
    failed: Vec<usize>,
    cards: Blocks,
    details: Blocks,
}

/// Most measures offered beside one.
const RELATED_LIMIT: usize = 5;

pub(crate) type Fetched<T> = Result<T, LoadError>;

/// Everything that can happen.
#[derive(Debug)]
pub(crate) enum Msg {
    Loaded(Fetched<Box<Loaded>>),
    Renewed(Fetched<Box<Loaded>>),
    Table(usize, Fetched<Vec<u8>>),
    Cards(String, Fetched<Vec<Card>>),
    Details(String, Fetched<Vec<Detail>>),
    Counties(Fetched<CodeNames>),
    NeedIndustries,
    Industries(Fetched<CodeNames>),
    Go(View),
    Back,
    Typed(Key, String),
    Touched(Key),
    Answer(Key, Answer),
    Clear(Key),
    Later(Key),
    Unsure(Key),
    Answered(Key),
    ShowResults,
    Query(String),
    Search(Arrived),
    Filter(Facet, Option<String>),
    Filtering(bool),
    AsTyped,
}

/// The root component.
#[derive(Debug)]
pub(crate) struct App {
    pub failed: Option<String>,
    /// Files that could not be read while the rest works.
    pub warnings: Vec<String>,
    pub catalog: Option<Catalog>,
    pub today: Date,
    pub areas: Areas,
    /// Measures of all areas that are open, one area after another.
    pub measures: Vec<Measure>,
    pub catalogue: Catalogue,
    pub regions: RegionRoot,
    pub cards: Vec<Option<Card>>,
    pub details: Vec<Option<Detail>>,
    pub firm: Firm,
    /// What was typed and whether the field was left since.
    pub drafts: LiteMap<Key, (String, bool)>,
    /// Province and prefecture picked while the county is still open.
    pub industry_text: String,
    pub skipped: Vec<Key>,
    pub report: Option<Report>,
    /// Made of the table when it is first needed.
    decider: Option<Decider>,
    pub view: View,
    history: Vec<View>,
    pub search: Search,
    pub heading: NodeRef,
    moved: bool,
    asked_industries: bool,
    asked_counties: Vec<Code>,
    asked_details: Vec<String>,
    /// Measures like the one that is shown.
    pub related: Vec<usize>,
    /// Files that are gone, while the entry file is asked for again.
    lost: Vec<LoadError>,
    renewing: bool,
}

/// The day it is in Beijing.
fn today() -> Date {
    let seconds = js_sys::Date::now() / 1000.0 + 8.0 * 3600.0;
    Date::from_days((seconds / 86_400.0).floor() as i32).unwrap_or(Date::LAST)
}

async fn load(base: String, region: Option<Code>) -> Fetched<Box<Loaded>> {
    let bytes = fetch::file(&base, CATALOG_NAME, Cache::Ask).await?;
    let catalog = Catalog::parse(&bytes)?;
    let areas = catalog.areas_of(region.as_slice());
    let tables =
        fetch::all(areas.iter().filter_map(|at| Some(fetch::part(&base, &catalog.areas.get(*at)?.1))));
    let rest = join(fetch::part(&base, &catalog.catalogue), fetch::part(&base, &catalog.regions));
    let (tables, (catalogue, regions)) = join(tables, rest).await;
    let tables: Vec<(usize, Fetched<Vec<u8>>)> = areas.into_iter().zip(tables).collect();
    // Nothing at all is a failure; a part of it is not.
    if let [(_, Err(error))] = &tables[..] {
        return Err(error.clone());
    }
    let mut catalogue = bundle::decode_catalogue(&catalogue?)?;
    let regions = RegionRoot::decode(&regions?)?;
    catalogue.regions = regions.names.clone();
    Ok(Box::new(Loaded { catalog, tables, catalogue, regions }))
}

impl Component for App {
    type Message = Msg;
    type Properties = Config;

    fn create(ctx: &Context<Self>) -> Self {
        let (base, region) = (ctx.props().base.clone(), ctx.props().region);
        ctx.link().send_future(async move { Msg::Loaded(load(base, region).await) });
        Self {
            failed: None,
            warnings: Vec::new(),
            catalog: None,
            today: today(),
            areas: Areas::default(),
            measures: Vec::new(),
            catalogue: Catalogue::default(),
            regions: RegionRoot::default(),
            cards: Vec::new(),
            details: Vec::new(),
            firm: Firm::default(),
            drafts: LiteMap::new(),
            industry_text: String::new(),
            skipped: Vec::new(),
            report: None,
            decider: None,
            view: View::Form,
            history: Vec::new(),
            search: Search::default(),
            heading: NodeRef::default(),
            moved: false,
            asked_industries: false,
            asked_counties: Vec::new(),
            asked_details: Vec::new(),
            related: Vec::new(),
            lost: Vec::new(),
            renewing: false,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Loaded(Ok(loaded)) => self.start(ctx, *loaded),
            Msg::Loaded(Err(error)) => {
                self.failed = Some(error.to_string());
                crate::emit(&ctx.props().host, "huiqi-error", &[("message", error.to_string().into())]);
            }
            Msg::Table(at, table) => {
                self.areas.pending.retain(|p| *p != at);
                self.take_table(ctx, at, table);
                self.open_areas(ctx);
            }
            Msg::Cards(name, Ok(cards)) => {
                place(&mut self.cards, &self.areas.cards, &name, &cards);
                // Hits show the summaries.
                if self.search.asked {
                    self.advance_search(ctx);
                }
            }
            Msg::Details(name, Ok(details)) => place(&mut self.details, &self.areas.details, &name, &details),
            Msg::Counties(Ok(names)) => self.catalogue.regions.extend(names),
            Msg::Industries(Ok(names)) => self.catalogue.industries = names,
            Msg::Cards(_, Err(e))
            | Msg::Details(_, Err(e))
            | Msg::Counties(Err(e))
            | Msg::Industries(Err(e)) => {
                self.missed(ctx, &e);
            }
            Msg::Renewed(loaded) => self.renew(ctx, loaded),
            Msg::NeedIndustries => self.need_industries(ctx),
            Msg::Go(view) => self.go(ctx, view),
            Msg::Back => {
                let view = self.history.pop().unwrap_or(View::Results);
                self.view = view;
                self.moved = true;
                self.need_details(ctx);
            }
            Msg::Typed(key, text) => self.typed(key, text),
            Msg::Touched(key) => {
                if let Some((_, touched)) = self.drafts.get_mut(&key) {
                    *touched = true;
                }
            }
            Msg::Answer(key, answer) => {
                if let Answer::Code(code) = &answer {
                    self.need_counties(ctx, *code);
                }
                self.firm.answer(&self.catalogue, key, answer);
                self.redecide();
                self.areas.failed.clear();
                self.open_areas(ctx);
            }
            Msg::Clear(key) => {
                self.firm.clear(key);
                self.drafts.remove(&key);
                self.redecide();
                self.open_areas(ctx);
            }
            Msg::Later(key) => {
                self.skipped.push(key);
                self.ask_next();
            }
            Msg::Unsure(key) => {
                self.drafts.remove(&key);
                self.firm.answer(&self.catalogue, key, Answer::Unsure);
                self.redecide();
                self.answered(ctx, key);
            }
            Msg::Answered(key) => self.answered(ctx, key),
            Msg::ShowResults => self.show_results(ctx),
            Msg::Query(text) => self.search_for(ctx, text),
            Msg::Search(arrived) => self.search_arrived(ctx, arrived),
            Msg::Filter(facet, value) => {
                self.search.filters.set(facet, value);
                self.advance_search(ctx);
            }
            Msg::Filtering(open) => {
                self.search.filtering = open;
                self.advance_search(ctx);
            }
            Msg::AsTyped => self.search_as_typed(ctx),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        html! {
            <div class="hq" lang="zh-Hans">
                { self.frame(ctx) }
            </div>
        }
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        if !std::mem::take(&mut self.moved) {
            return;
        }
        if let Some(heading) = self.heading.cast::<HtmlElement>() {
            // Focus tells a screen reader that the page has changed.
            let _ = heading.focus();
            if let Some(element) = self.heading.cast::<Element>()
                && element.get_bounding_client_rect().top() < 0.0
            {
                element.scroll_into_view();
            }
        }
    }
}

/// Whether `item` was not in the list; it is now.
pub(crate) fn first_time<T: PartialEq>(list: &mut Vec<T>, item: T) -> bool {
    let new = !list.contains(&item);
    if new {
        list.push(item);
    }
    new
}

/// Puts what a part holds in its place; nowhere, if its area was closed meanwhile.
fn place<T: Clone>(slots: &mut [Option<T>], blocks: &Blocks, name: &str, items: &[T]) {
    // Equal blocks of two areas have one name.
    for (start, _) in blocks.iter().filter(|(_, n)| n == name) {
        for (slot, item) in slots.iter_mut().skip(*start).zip(items) {
            *slot = Some(item.clone());
        }
    }
}

impl App {
    /// A file that could not be had. One that is gone may have been replaced by another edition: the entry file is
    /// asked for once more before the visitor is told.
    pub(crate) fn missed(&mut self, ctx: &Context<Self>, error: &LoadError) {
        if !error.gone {
            return self.warn(error);
        }
        self.lost.push(error.clone());
        if !std::mem::replace(&mut self.renewing, true) {
            let base = ctx.props().base.clone();
            let seat = self.firm.seat(&self.catalogue).or(ctx.props().region);
            ctx.link().send_future(async move { Msg::Renewed(load(base, seat).await) });
        }
    }

    /// Goes over to another edition, if there is one.
    fn renew(&mut self, ctx: &Context<Self>, loaded: Fetched<Box<Loaded>>) {
        let lost = std::mem::take(&mut self.lost);
        let before = self.catalog.as_ref().map_or(0, |c| c.sequence);
        let Some(loaded) = loaded.ok().filter(|l| l.catalog.sequence > before) else {
            // Once is enough: what is missing now stays missing.
            return lost.iter().for_each(|error| self.warn(error));
        };
        self.renewing = false;
        let Loaded { catalog, tables, mut catalogue, regions } = *loaded;
        self.keep_answers(&catalogue);
        // Names that were fetched since the start; codes mean the same in every edition.
        let before = std::mem::take(&mut self.catalogue);
        let mut names = before.regions;
        names.extend(std::mem::take(&mut catalogue.regions));
        (catalogue.regions, catalogue.industries) = (names, before.industries);
        (self.catalog, self.catalogue, self.regions) = (Some(catalog), catalogue, regions);
        // No area has this number, so whatever is opened now is another list.
        self.areas = Areas { open: vec![usize::MAX], ..Areas::default() };
        for (at, table) in tables {
            self.take_table(ctx, at, table);
        }
        self.open_areas(ctx);
    }

    /// Answers whose question or choices are others in another edition are asked for again: numbers would mean something
    /// else.
    fn keep_answers(&mut self, next: &Catalogue) {
        let same = |no: &ItemNo| self.catalogue.items.get(no) == next.items.get(no);
        let changed: Vec<Key> = self
            .firm
            .iter()
            .filter(|(key, answer)| {
                let same_items =
                    if let Answer::Set { items, .. } = answer { items.keys().all(same) } else { true };
                self.catalogue.facts.get(&key.fact) != next.facts.get(&key.fact) || !same_items
            })
            .map(|(key, _)| key)
            .collect();
        for key in changed {
            self.firm.clear(key);
            self.drafts.remove(&key);
        }
    }

    pub(crate) fn warn(&mut self, error: &LoadError) {
        let text = error.to_string();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    fn start(&mut self, ctx: &Context<Self>, loaded: Loaded) {
        let Loaded { catalog, tables, catalogue, regions } = loaded;
        let count = catalog.measures;
        self.catalog = Some(catalog);
        self.catalogue = catalogue;
        self.regions = regions;
        for (at, table) in tables {
            self.take_table(ctx, at, table);
        }
        if let (Some(code), Some((seat, _))) = (ctx.props().region, self.catalogue.fact_by_id("reg_region")) {
            self.need_counties(ctx, code);
            self.firm.set(Key::plain(seat), Answer::Code(code));
        }
        self.open_areas(ctx);
        // The loader's own function; there is nobody to tell if it throws.
        let _ = ctx.props().on_ready.call0(&JsValue::NULL);
        crate::emit(&ctx.props().host, "huiqi-ready", &[("measures", count.to_string().into())]);
    }

    fn take_table(&mut self, ctx: &Context<Self>, at: usize, table: Fetched<Vec<u8>>) {
        match table {
            Ok(raw) => drop(self.areas.tables.insert(at, raw)),
            Err(error) => {
                self.areas.failed.push(at);
                self.missed(ctx, &error);
            }
        }
    }

    /// Lists the measures of the areas that concern the firm, once all tables that can be had are there.
    fn open_areas(&mut self, ctx: &Context<Self>) {
        let Some(catalog) = &self.catalog else { return };
        // A plant or the seat of the tax office elsewhere counts as well.
        let is_place =
            |key: Key| self.catalogue.facts.get(&key.fact).is_some_and(|f| f.kind == FactType::Region);
        let places = self.firm.iter().filter(|(key, _)| is_place(*key));
        let places = places.filter_map(|(_, a)| if let Answer::Code(code) = a { Some(*code) } else { None });
        let wanted = catalog.areas_of(&places.collect::<Vec<_>>());
        for at in &wanted {
            let areas = &self.areas;
            if areas.tables.contains_key(at) || areas.pending.contains(at) || areas.failed.contains(at) {
                continue;
            }
            self.areas.pending.push(*at);
            let (base, at, name) = (ctx.props().base.clone(), *at, catalog.areas[*at].1.clone());
            ctx.link().send_future(async move { Msg::Table(at, fetch::part(&base, &name).await) });
        }
        let open: Vec<usize> = wanted.into_iter().filter(|at| self.areas.tables.contains_key(at)).collect();
        if !self.areas.pending.is_empty() || open == self.areas.open {
            return;
        }
        let shown = if let View::Measure(at) = self.view {
            self.measures.get(at).map(|m| m.id.clone())
        } else {
            None
        };
        self.measures.clear();
        self.areas.cards.clear();
        self.areas.details.clear();
        for at in &open {
            let Some(raw) = self.areas.tables.get(at) else { continue };
            let table = match Table::decode(raw) {
                Ok(table) => table,
                Err(error) => {
                    self.warn(&error.into());
                    continue;
                }
            };
            let first = self.measures.len();
            let blocks = |names: &[String], per: usize| -> Blocks {
                names.iter().enumerate().map(|(at, name)| (first + at * per, name.clone())).collect()
            };
            self.areas.cards.extend(blocks(&table.cards, CARDS_PER_BLOCK));
            self.areas.details.extend(blocks(&table.details, DETAILS_PER_BLOCK));
            self.measures.extend(table.measures);
        }
        self.areas.open = open;
        self.cards = vec![None; self.measures.len()];
        self.details = vec![None; self.measures.len()];
        self.asked_details.clear();
        for (_, name) in self.areas.cards.clone() {
            let base = ctx.props().base.clone();
            ctx.link().send_future(async move {
                let cards = fetch::part(&base, &name).await.and_then(|raw| Ok(bundle::decode_cards(&raw)?));
                Msg::Cards(name, cards)
            });
        }
        // Measures have other numbers now.
        self.history.retain(|view| !matches!(view, View::Measure(_)));
        if let View::Measure(_) = self.view {
            let again = self.measures.iter().position(|m| Some(&m.id) == shown.as_ref());
            self.view = again.map_or(View::Results, View::Measure);
            self.need_details(ctx);
        }
        self.decider = None;
        self.redecide();
        self.search.again();
        if !self.search.text.is_empty() {
            self.advance_search(ctx);
        }
    }

    fn need_industries(&mut self, ctx: &Context<Self>) {
        let Some(catalog) = &self.catalog else { return };
        if std::mem::replace(&mut self.asked_industries, true) {
            return;
        }
        let (base, name) = (ctx.props().base.clone(), catalog.industries.clone());
        ctx.link().send_future(async move {
            let raw = fetch::part(&base, &name).await;
            Msg::Industries(raw.and_then(|raw| Ok(bundle::decode_names(PartKind::Industries, &raw)?)))
        });
    }

    fn need_counties(&mut self, ctx: &Context<Self>, code: Code) {
        let Some(province) = code.as_str().get(..2).and_then(Code::new) else { return };
        let Some((_, name)) = self.regions.counties.iter().find(|(c, _)| *c == province) else { return };
        if !first_time(&mut self.asked_counties, province) {
            return;
        }
        let (base, name) = (ctx.props().base.clone(), name.clone());
        ctx.link().send_future(async move {
            let raw = fetch::part(&base, &name).await;
            Msg::Counties(raw.and_then(|raw| Ok(bundle::decode_names(PartKind::Counties, &raw)?)))
        });
    }

    fn go(&mut self, ctx: &Context<Self>, view: View) {
        if view == View::Results && self.report.is_none() {
            self.decide_first(ctx);
        }
        if view != self.view {
            let left = std::mem::replace(&mut self.view, view);
            self.history.push(left);
            self.moved = true;
            self.need_details(ctx);
        }
    }

    /// Fetches the rest of the measure that is shown.
    fn need_details(&mut self, ctx: &Context<Self>) {
        let View::Measure(at) = self.view else { return };
        self.related = related(&self.measures, at, RELATED_LIMIT);
        let blocks = &self.areas.details;
        let block = blocks.partition_point(|(first, _)| *first <= at).checked_sub(1);
        let Some((_, name)) = block.and_then(|block| blocks.get(block)).cloned() else { return };
        if !first_time(&mut self.asked_details, name.clone()) {
            return;
        }
        let base = ctx.props().base.clone();
        ctx.link().send_future(async move {
            let details = fetch::part(&base, &name).await.and_then(|raw| Ok(bundle::decode_details(&raw)?));
            Msg::Details(name, details)
        });
    }

    fn typed(&mut self, key: Key, text: String) {
        let Some(fact) = self.catalogue.facts.get(&key.fact) else { return };
        if fact.kind == FactType::Industry {
            self.industry_text = text;
            self.firm.clear(key);
            return;
        }
        match (text.trim().is_empty(), read_typed(fact, &text)) {
            (false, Ok(answer)) => self.firm.answer(&self.catalogue, key, answer),
            _ => self.firm.clear(key),
        }
        let touched = self.drafts.get(&key).is_some_and(|(_, t)| *t);
        self.drafts.insert(key, (text, touched));
        self.redecide();
    }

    /// What is wrong with a typed value, once the field was left.
    pub(crate) fn field_error(&self, key: Key) -> Option<String> {
        let (text, touched) = self.drafts.get(&key)?;
        let fact = self.catalogue.facts.get(&key.fact)?;
        if !touched || text.trim().is_empty() {
            return None;
        }
        read_typed(fact, text).err()
    }

    /// Fields with an error, for the summary above the form.
    pub(crate) fn errors(&self) -> Vec<(Key, String)> {
        self.drafts.keys().filter_map(|key| Some((*key, self.field_error(*key)?))).collect()
    }

    fn decide(&mut self) {
        let (measures, catalogue) = (&self.measures, &self.catalogue);
        let decider = self.decider.get_or_insert_with(|| Decider::new(measures, catalogue, self.today));
        self.report = Some(report(decider, measures, catalogue, &self.firm));
    }

    /// Decides anew if results have been asked for.
    fn redecide(&mut self) {
        if self.report.is_some() {
            self.decide();
        }
    }

    fn decide_first(&mut self, ctx: &Context<Self>) {
        self.decide();
        if let Some(report) = &self.report {
            let counts: Vec<(&str, JsValue)> = report
                .groups
                .iter()
                .map(|(group, list)| (group.id(), list.len().to_string().into()))
                .collect();
            crate::emit(&ctx.props().host, "huiqi-results", &counts);
        }
    }

    fn show_results(&mut self, ctx: &Context<Self>) {
        for (_, (_, touched)) in self.drafts.iter_mut() {
            *touched = true;
        }
        if self.errors().is_empty() {
            self.report = None;
            self.go(ctx, View::Results);
        }
        self.moved = true;
    }

    /// The next fact worth asking.
    pub(crate) fn next_question(&self) -> Option<Key> {
        let report = self.report.as_ref()?;
        report.questions.iter().map(|q| q.key).find(|key| !self.skipped.contains(key))
    }

    fn ask_next(&mut self) {
        self.view = self.next_question().map_or(View::Results, View::Ask);
        self.moved = true;
    }

    /// After a question: the next one when they are asked one by one, else back to where it was asked.
    fn answered(&mut self, ctx: &Context<Self>, key: Key) {
        if let Some((_, touched)) = self.drafts.get_mut(&key) {
            *touched = true;
        }
        if self.field_error(key).is_some() {
            return;
        }
        if self.history.last() == Some(&View::Results) {
            // An answer that leaves it open is not asked for again.
            self.skipped.push(key);
            self.ask_next();
        } else {
            self.update(ctx, Msg::Back);
        }
    }

    /// Whether nobody stands by the data any more.
    pub(crate) fn is_stale(&self) -> bool {
        self.catalog.as_ref().is_some_and(|c| self.today > c.expires)
    }

    /// Whether the bundle has areas that are not listed because nobody said where the firm is.
    pub(crate) fn wants_place(&self) -> bool {
        let more = self.catalog.as_ref().is_some_and(|c| c.areas.len() > self.areas.open.len());
        more && self.firm.seat(&self.catalogue).is_none()
    }

    /// Number of the fact with a stable id.
    pub(crate) fn fact(&self, id: &str) -> Option<FactNo> {
        self.catalogue.fact_by_id(id).map(|(no, _)| no)
    }
}
