//! State and messages. Views only draw it.

use std::cell::RefCell;
use std::rc::Rc;

use huiqi_engine::LiteMap;
use huiqi_engine::bundle::{self, PartKind, RegionRoot};
use huiqi_engine::catalogue::{Catalogue, Code, CodeNames, FactNo, FactType, ItemNo, ThemeNo};
use huiqi_engine::codec::Writer;
use huiqi_engine::date::Date;
use huiqi_engine::eval::Outcome;
use huiqi_engine::firm::{Answer, Firm, Key};
use huiqi_engine::kept;
use huiqi_engine::measure::{Card, Detail, Measure};
use huiqi_engine::report::{Group, Report};
use huiqi_engine::search::Facet;
use huiqi_engine::words::word;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};
use yew::{Component, Context, Html, NodeRef, Properties, html};

use crate::fetch::{Fetched, LoadError};
use crate::pages::{self, Act, Desk};
use crate::publisher::{Loaded, Publisher, Source, load_all};
use crate::results::{FIRST_ROWS, Listing};
use crate::search::Search;
use crate::work::Work;
use crate::{Page, Root};

/// What the element's attributes say, checked.
#[derive(Debug, Clone, PartialEq, Properties)]
pub(crate) struct Config {
    /// What the loader does for us.
    pub page: Page,
    /// Where the widget is drawn.
    pub root: Root,
    /// Who publishes what is shown.
    pub sources: Vec<Source>,
    /// `region` attribute: preselects the seat.
    pub region: Option<Code>,
    /// `topic` attribute: measures of this theme only; empty for all.
    pub topic: String,
    /// `dept` attribute: measures of issuers with this in their name only; empty for all.
    pub dept: String,
    /// `open-links`: links open in the tab of the page.
    pub same_tab: bool,
    /// `lang`: what the page is first shown in.
    pub language: Language,
    /// `storage`: the page lets nothing be kept on the device.
    pub keeps_nothing: bool,
    /// `profile-from`: the id of an element with the profile of a firm.
    pub profile_from: String,
    /// `rate-to`: where ratings are sent; empty for nowhere.
    pub rate_to: String,
    /// The element, for events.
    pub host: HtmlElement,
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
    /// What to apply for, together.
    Plan,
    /// Two or three measures side by side.
    Compare,
    /// Deadlines by month.
    Calendar,
    /// What other figures would bring.
    WhatIf,
    /// The plan on paper.
    Print,
    /// What is kept on this device.
    Kept,
}

/// Languages of the page, in the order in which they are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// 简体
    Simplified,
    /// 繁體
    Traditional,
    English,
}

impl Language {
    /// All with their tags and their own names.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Simplified, "zh-Hans", "简体"),
        (Self::Traditional, "zh-Hant", "繁體"),
        (Self::English, "en", "English"),
    ];

    /// The tag of RFC 5646.
    pub(crate) fn tag(self) -> &'static str {
        Self::ALL.iter().find(|(l, ..)| *l == self).map_or("", |(_, tag, _)| tag)
    }
}

/// How rows are ordered within a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    #[default]
    Amount,
    Deadline,
    Certainty,
}

impl Sort {
    /// All with their values in the list and their names.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Amount, "amount", word("金额从高到低")),
        (Self::Deadline, "deadline", word("截止从早到晚")),
        (Self::Certainty, "certainty", word("把握从大到小")),
    ];
}

/// A part of the widget that is fetched later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Away,
    UnderWay,
    There,
    /// Why it could not be had.
    Failed(String),
}

/// An area: number of the publisher, number in its catalog.
pub(crate) type Area = (usize, usize);

/// Parts that hold the rest of measures, with the number of the first measure in each, and of the publisher.
pub(crate) type Blocks = Vec<(usize, usize, String)>;

/// The areas of the bundles that concern the firm.
#[derive(Debug, Default)]
pub(crate) struct Areas {
    /// Tables that have arrived. They are opened anew when other areas are listed: copying
    /// measures would take more code than reading them.
    pub tables: LiteMap<Area, Rc<Vec<u8>>>,
    /// Areas whose measures are listed.
    pub open: Vec<Area>,
    /// Places that a link is about.
    pub asked: Vec<Code>,
    /// Tables under way.
    pub pending: Vec<Area>,
    /// Tables that could not be had; they are asked for again with the next answer.
    failed: Vec<Area>,
    pub cards: Blocks,
    pub details: Blocks,
}

/// A search that takes longer waits until nothing is typed for [`REST_MS`].
const SLOW_LOOK_MS: f64 = 4.0;
const REST_MS: u32 = 200;

/// Everything that can happen.
#[derive(Debug)]
pub(crate) enum Msg {
    /// With whether the later pages are there: several publishers need them.
    Loaded(Vec<Fetched<Loaded>>, bool),
    Renewed(Vec<Fetched<Loaded>>),
    Table(Area, Fetched<Vec<u8>>),
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
    /// To the question before.
    Before,
    Unsure(Key),
    Answered(Key),
    ShowResults,
    Query(String),
    /// Looks for what was typed.
    Look(String),
    Filtered,
    Filter(Facet, Option<String>),
    Filtering(bool),
    /// The choices of the next filter are counted.
    Count(usize),
    /// What decides is made, before it is asked.
    Prepare,
    /// The next slice of what is under way.
    Work,
    AsTyped,
    /// The part with the later pages.
    Pages(Fetched<()>),
    NeedPages,
    /// The number of the option in the open list.
    ListAt(usize),
    ListClosed(bool),
    Code(String),
    /// The region that the code proposes is the seat.
    TakeRegion(Code),
    Sort(Sort),
    /// A picture of some rows was painted: more of them.
    Room,
    /// More rows of a group.
    More(Group),
    /// A group was opened or closed.
    Open(Group, bool),
    /// What is over in a group was opened, or closed again.
    Unfold(Group),
    Large,
    Language(Language),
    Retry,
    /// To an element of this page, by a selector.
    Jump(String),
    /// Something on a later page.
    Act(Act),
}

/// The root component.
#[derive(Debug)]
pub(crate) struct App {
    pub failed: Option<String>,
    /// Files that could not be read while the rest works.
    pub warnings: Vec<String>,
    /// What the visitor is told of what is not listed.
    pub notices: Vec<String>,
    /// Whose bundles are used; none until they have been loaded.
    pub publishers: Vec<Publisher>,
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
    /// Questions that were shown, the last one last.
    asked: Vec<Key>,
    pub report: Option<Report>,
    pub work: Work,
    pub view: View,
    pub history: Vec<View>,
    pub search: Search,
    pub same_tab: bool,
    pub heading: NodeRef,
    pub dialog: NodeRef,
    dialog_open: bool,
    /// Whether the page lets anything be kept.
    pub keeps: bool,
    root: NodeRef,
    pub moved: bool,
    asked_industries: bool,
    asked_counties: Vec<Code>,
    pub asked_details: Vec<String>,
    pub asked_cards: Vec<String>,
    /// Blocks of cards under way: rows are drawn anew when the last one is there.
    pub pending_cards: usize,
    /// How long the last search took, in milliseconds.
    look_ms: f64,
    /// Groups that the visitor opened or closed.
    pub opened: LiteMap<Group, bool>,
    /// Groups of which the visitor saw what is over: nobody waits for it before.
    pub unfolded: Vec<Group>,
    /// Files that are gone, while the entry file is asked for again.
    lost: Vec<LoadError>,
    renewing: bool,
    /// Whether the part with the later pages is there.
    pub pages: Part,
    /// What is to be done once it is.
    waiting: Vec<Act>,
    /// What the later pages remember.
    pub desk: Desk,
    /// Which option of the open list is meant, and whether the list was closed.
    pub list_at: usize,
    pub list_closed: bool,
    /// 统一社会信用代码, as it was typed.
    pub code: String,
    pub sort: Sort,
    pub listing: Listing,
    /// What rows say below their names, once it was worked out.
    pub reasons: RefCell<LiteMap<usize, String>>,
    /// How many rows of a group are drawn, where it is not the first few.
    pub rows: LiteMap<Group, usize>,
    /// How many rows may be drawn in all, which grows with each picture.
    pub room: usize,
    pub growing: bool,
    pub large: bool,
    pub language: Language,
    pub offline: bool,
    /// The row to which the visitor comes back.
    row: Option<String>,
    /// Whether what a visitor brings along was taken.
    pub recalled: bool,
}

/// The day it is in Beijing.
fn today() -> Date {
    let seconds = js_sys::Date::now() / 1000.0 + 8.0 * 3600.0;
    Date::from_days((seconds / 86_400.0).floor() as i32).unwrap_or(Date::LAST)
}

impl Component for App {
    type Message = Msg;
    type Properties = Config;

    fn create(ctx: &Context<Self>) -> Self {
        let Config { sources, region, page, .. } = ctx.props().clone();
        ctx.link().send_future(async move {
            let several = sources.len() > 1;
            let there = async { several && pages::fetch(page).await.is_ok() };
            let (all, there) = futures_util::future::join(load_all(sources, region), there).await;
            Msg::Loaded(all, there)
        });
        Self {
            failed: None,
            warnings: Vec::new(),
            notices: Vec::new(),
            publishers: Vec::new(),
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
            asked: Vec::new(),
            report: None,
            work: Work::default(),
            recalled: false,
            view: View::Form,
            history: Vec::new(),
            search: Search::default(),
            same_tab: ctx.props().same_tab,
            heading: NodeRef::default(),
            dialog: NodeRef::default(),
            dialog_open: false,
            keeps: !ctx.props().keeps_nothing,
            root: NodeRef::default(),
            moved: false,
            asked_industries: false,
            asked_counties: Vec::new(),
            asked_details: Vec::new(),
            asked_cards: Vec::new(),
            pending_cards: 0,
            look_ms: 0.0,
            opened: LiteMap::new(),
            unfolded: Vec::new(),
            lost: Vec::new(),
            renewing: false,
            pages: Part::Away,
            waiting: Vec::new(),
            desk: Desk::default(),
            list_at: 0,
            list_closed: false,
            code: String::new(),
            sort: Sort::default(),
            listing: Listing::default(),
            reasons: RefCell::default(),
            rows: LiteMap::new(),
            room: FIRST_ROWS,
            growing: false,
            large: ctx.props().host.get_attribute("mode").as_deref() == Some("large"),
            language: Language::Simplified,
            offline: false,
            row: None,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let answers = matches!(
            msg,
            Msg::Typed(..) | Msg::Answer(..) | Msg::Clear(_) | Msg::Unsure(_) | Msg::Renewed(_)
        );
        // Each of many blocks would draw all rows anew.
        let waits = matches!(msg, Msg::Cards(_, Ok(_))) && self.pending_cards > 1;
        match msg {
            Msg::Loaded(mut all, there) => {
                if there {
                    self.pages = Part::There;
                    pages::act(self, ctx, Act::Dress);
                } else if all.len() > 1 {
                    // Joining catalogues is a matter of the later pages.
                    let others = all.drain(1..).count();
                    self.notices.push(format!(
                        "另外 {others} 个发布单位的政策没有列出：页面的一部分没能打开，刷新再试一次"
                    ));
                }
                self.start(ctx, all);
            }
            Msg::Table(at, table) => {
                self.areas.pending.retain(|p| *p != at);
                self.take_table(ctx, at, table);
                self.open_areas(ctx);
            }
            Msg::Cards(name, Ok(cards)) => {
                place(&mut self.cards, &self.areas.cards, &name, &cards);
                self.pending_cards = self.pending_cards.saturating_sub(1);
                self.reasons.borrow_mut().clear();
                // Hits show the summaries.
                if self.search.asked {
                    self.act(ctx, Act::Find);
                }
            }
            Msg::Details(name, Ok(details)) => {
                place(&mut self.details, &self.areas.details, &name, &details);
                // Clauses of a measure that is open can be quoted now.
                self.need_details(ctx);
            }
            Msg::Counties(Ok(names)) => self.catalogue.regions.extend(names),
            Msg::Industries(Ok(names)) => self.catalogue.industries = names,
            Msg::Cards(_, Err(e))
            | Msg::Details(_, Err(e))
            | Msg::Counties(Err(e))
            | Msg::Industries(Err(e)) => {
                self.missed(ctx, &e);
            }
            Msg::Renewed(all) => self.renew(ctx, all),
            Msg::NeedIndustries => self.need_industries(ctx),
            Msg::Go(view) => self.go(ctx, view),
            Msg::Back => {
                self.work.ask = false;
                let left = std::mem::replace(&mut self.view, self.history.pop().unwrap_or(View::Results));
                // Back to the row from which a measure was opened.
                self.row = if let View::Measure(at) = left {
                    self.measures.get(at).map(|m| m.id.clone())
                } else {
                    None
                };
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
            Msg::Before => {
                self.asked.pop();
                match self.asked.last().copied() {
                    Some(key) => {
                        // Its answer is still there.
                        self.skipped.retain(|one| *one != key);
                        self.view = View::Ask(key);
                        self.moved = true;
                    }
                    None => return self.update(ctx, Msg::Back),
                }
            }
            Msg::Unsure(key) => {
                self.drafts.remove(&key);
                self.firm.answer(&self.catalogue, key, Answer::Unsure);
                self.redecide();
                self.answered(ctx, key);
            }
            Msg::Answered(key) => self.answered(ctx, key),
            Msg::ShowResults => self.show_results(ctx),
            // The field shows the letter by itself, and the list its choice: nothing is drawn or worked out before that
            // is on the screen.
            Msg::Query(text) => {
                self.search.typed.clone_from(&text);
                // On a slow device the next letter would have to wait for an answer that nobody wants any more, or for the
                // whole list, between two words.
                let rest = if self.look_ms > SLOW_LOOK_MS || text.is_empty() { REST_MS } else { 0 };
                ctx.link().send_future(async move {
                    crate::pause(rest).await;
                    Msg::Look(text)
                });
                return false;
            }
            Msg::Look(text) => {
                // More was typed meanwhile.
                if text != self.search.typed {
                    return false;
                }
                self.search.text.clone_from(&text);
                // The filters may have changed while something was looked for.
                if text.is_empty() {
                    self.room = FIRST_ROWS;
                    self.relist();
                    self.count_later(ctx);
                }
                let begun = crate::clock();
                self.act(ctx, Act::Query(text));
                self.look_ms = crate::clock() - begun;
            }
            Msg::Filter(facet, value) => {
                self.search.filters.set(facet, value);
                ctx.link().send_future(async {
                    crate::breathe().await;
                    Msg::Filtered
                });
                return false;
            }
            Msg::Filtered => {
                if self.search.text.is_empty() {
                    self.relist();
                    self.count_later(ctx);
                } else {
                    self.act(ctx, Act::Refilter);
                }
            }
            Msg::Filtering(open) => {
                self.search.filtering = open;
                self.count_later(ctx);
                if !self.search.text.is_empty() {
                    self.act(ctx, Act::Find);
                }
            }
            Msg::Count(at) => {
                if self.pages == Part::There {
                    pages::act(self, ctx, Act::Count(at));
                }
                // Drawn once, when all are counted.
                return at >= Facet::ALL.len();
            }
            Msg::Prepare | Msg::Work => {
                match msg {
                    Msg::Prepare => self.work.prepare = true,
                    _ => self.work.ticking = false,
                }
                let news = self.work(ctx);
                self.need_row_cards(ctx);
                return news;
            }
            Msg::AsTyped => self.act(ctx, Act::AsTyped),
            Msg::NeedPages => self.need_pages(ctx),
            Msg::ListAt(at) => self.list_at = at,
            Msg::ListClosed(closed) => self.list_closed = closed,
            Msg::Code(text) => self.code = text,
            Msg::TakeRegion(code) => {
                if let Some((seat, _)) = self.catalogue.fact_by_id("reg_region") {
                    return self.update(ctx, Msg::Answer(Key::plain(seat), Answer::Code(code)));
                }
            }
            Msg::Sort(sort) => {
                self.sort = sort;
                self.relist();
            }
            Msg::Room => self.make_room(),
            Msg::More(group) => {
                let rows = self.rows.get(&group).copied().unwrap_or(crate::results::ROWS);
                self.rows.insert(group, rows + crate::results::ROWS);
            }
            Msg::Open(group, open) => {
                if self.is_open(group) == open {
                    return false;
                }
                self.opened.insert(group, open);
            }
            Msg::Unfold(group) => {
                if !first_time(&mut self.unfolded, group) {
                    return false;
                }
            }
            Msg::Large => {
                self.large = !self.large;
                let mode = if self.large { "large" } else { "" };
                // An attribute of our own element cannot be refused.
                let _ = ctx.props().host.set_attribute("mode", mode);
                self.act(ctx, Act::Remember);
            }
            Msg::Language(language) => {
                self.language = language;
                self.act(ctx, Act::Speak);
            }
            Msg::Jump(selector) => {
                if let Some(root) = self.root.cast::<Element>()
                    && let Ok(Some(element)) = root.query_selector(&selector)
                {
                    element.scroll_into_view();
                    let _ = element.unchecked_into::<HtmlElement>().focus();
                }
            }
            Msg::Retry => {
                self.warnings.clear();
                self.areas.failed.clear();
                self.asked_details.clear();
                self.open_areas(ctx);
                self.asked_cards.clear();
                self.need_details(ctx);
                self.need_row_cards(ctx);
            }
            Msg::Act(act) => self.act(ctx, act),
            Msg::Pages(got) => {
                self.pages = got.map_or_else(|error| Part::Failed(error.to_string()), |()| Part::There);
                if self.pages == Part::There {
                    pages::act(self, ctx, Act::Dress);
                    for act in std::mem::take(&mut self.waiting) {
                        pages::act(self, ctx, act);
                    }
                }
            }
        }
        self.offline = !crate::online();
        if answers {
            ctx.props().page.keep(js_sys::Uint8Array::from(&self.held()[..]));
            // Who answers wants to see more.
            self.need_pages(ctx);
        }
        let news = self.work(ctx);
        self.need_row_cards(ctx);
        news || !waits
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let mut html = html! {
            <div class="hq" part="root" lang={self.shown_language().tag()} ref={self.root.clone()}>
                { self.frame(ctx) }
            </div>
        };
        if self.shown_language() != Language::Simplified {
            pages::localise(self, &mut html);
        }
        html
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        if self.lacks_rows() && !std::mem::replace(&mut self.growing, true) {
            ctx.link().send_future(async {
                crate::breathe().await;
                Msg::Room
            });
        }
        if self.desk.sharing != self.dialog_open {
            self.dialog_open = self.desk.sharing;
            match (self.desk.sharing, self.dialog.cast::<Element>()) {
                // A browser without such dialogs shows it in its place.
                (true, Some(dialog)) => {
                    if crate::call(&dialog, "showModal", &[]).is_err() {
                        let _ = dialog.set_attribute("open", "");
                    }
                }
                // The dialog had taken the focus from the button that opened it.
                _ => {
                    if let Some(heading) = self.heading.cast::<HtmlElement>() {
                        let _ = heading.focus();
                    }
                }
            }
        }
        if !std::mem::take(&mut self.moved) {
            return;
        }
        if let Some(row) = self.row.take()
            && let Some(root) = self.root.cast::<Element>()
            && let Ok(Some(button)) = root.query_selector(&format!("[data-id=\"{row}\"] .name"))
        {
            let _ = button.unchecked_into::<HtmlElement>().focus();
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

/// The block with a measure.
fn block_of(blocks: &Blocks, at: usize) -> Option<&(usize, usize, String)> {
    blocks.get(blocks.partition_point(|(first, ..)| *first <= at).checked_sub(1)?)
}

/// Puts what a part holds in its place; nowhere, if its area was closed meanwhile.
fn place<T: Clone>(slots: &mut [Option<T>], blocks: &Blocks, name: &str, items: &[T]) {
    // Equal blocks of two areas have one name.
    for (start, ..) in blocks.iter().filter(|(.., n)| n == name) {
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
            let sources = self.publishers.iter().map(|p| p.source.clone()).collect();
            let seat = self.firm.seat(&self.catalogue).or(ctx.props().region);
            ctx.link().send_future(async move { Msg::Renewed(load_all(sources, seat).await) });
        }
    }

    /// Goes over to another edition, if there is one: of every publisher, or it stays as it is.
    fn renew(&mut self, ctx: &Context<Self>, all: Vec<Fetched<Loaded>>) {
        let lost = std::mem::take(&mut self.lost);
        let all: Fetched<Vec<Loaded>> = all.into_iter().collect();
        let newer = |all: &Vec<Loaded>| {
            let editions = all.iter().zip(&self.publishers);
            let mut after = editions.map(|(new, old)| new.catalog.sequence.cmp(&old.catalog.sequence));
            after.clone().all(|o| o.is_ge()) && after.any(|o| o.is_gt())
        };
        let Some(all) = all.ok().filter(newer) else {
            // Once is enough: what is missing now stays missing.
            return lost.iter().for_each(|error| self.warn(error));
        };
        self.renewing = false;
        let before = std::mem::take(&mut self.catalogue);
        self.publishers.clear();
        // No area has this number, so whatever is opened now is another list.
        let asked = std::mem::take(&mut self.areas.asked);
        self.areas = Areas { open: vec![(usize::MAX, 0)], asked, ..Areas::default() };
        for loaded in all {
            self.add(ctx, loaded);
        }
        self.keep_answers(&before);
        // Names that were fetched since the start; codes mean the same in every edition.
        let mut names = before.regions;
        names.extend(std::mem::take(&mut self.catalogue.regions));
        (self.catalogue.regions, self.catalogue.industries) = (names, before.industries);
        self.open_areas(ctx);
        self.forget_list();
    }

    /// Takes a publisher whose bundle has been loaded.
    fn add(&mut self, ctx: &Context<Self>, loaded: Loaded) {
        let Loaded { source, catalog, authority, tables, catalogue, regions } = loaded;
        let numbers = if self.publishers.is_empty() {
            (self.catalogue, self.regions) = (catalogue, regions);
            None
        } else {
            match pages::absorb(&mut self.catalogue, catalogue) {
                Ok(numbers) => Some(numbers),
                Err(error) => {
                    let text = format!("“{}”的政策没有列出：{error}", catalog.publisher);
                    return self.notices.push(text);
                }
            }
        };
        let publisher = self.publishers.len();
        self.publishers.push(Publisher { source, catalog, authority, numbers });
        for (at, table) in tables {
            self.take_table(ctx, (publisher, at), table);
        }
    }

    /// Answers whose question or choices are others in another edition are asked for again: numbers would mean something
    /// else.
    fn keep_answers(&mut self, before: &Catalogue) {
        let same = |no: &ItemNo| self.catalogue.items.get(no) == before.items.get(no);
        let changed: Vec<Key> = self
            .firm
            .iter()
            .filter(|(key, answer)| {
                let same_items =
                    if let Answer::Set { items, .. } = answer { items.keys().all(same) } else { true };
                self.catalogue.facts.get(&key.fact) != before.facts.get(&key.fact) || !same_items
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

    fn start(&mut self, ctx: &Context<Self>, all: Vec<Fetched<Loaded>>) {
        let first = all.iter().find_map(|one| one.as_ref().err()).map(LoadError::to_string);
        for one in all {
            match one {
                Ok(loaded) => self.add(ctx, loaded),
                Err(error) => self.notices.push(format!("一个发布单位的政策没有列出：{error}")),
            }
        }
        let Config { page, host, region, topic, dept, .. } = ctx.props();
        if self.publishers.is_empty() {
            let error = first.unwrap_or_default();
            crate::emit(host, "huiqi-error", &[("message", (&error).into())]);
            self.failed = Some(error);
            return;
        }
        self.tell_selection(topic, dept);
        if let (Some(code), Some((seat, _))) = (region, self.catalogue.fact_by_id("reg_region")) {
            self.need_counties(ctx, *code);
            self.firm.set(Key::plain(seat), Answer::Code(*code));
        }
        // What was answered before this module had to be replaced, or before the element was moved.
        let kept = page.kept().to_vec();
        let firm = kept.strip_prefix(&self.editions()[..]).and_then(|bytes| kept::decode(bytes).ok());
        if let Some(firm) = firm.filter(|firm| !firm.is_empty()) {
            self.firm = firm;
            self.write_drafts();
            self.need_places(ctx);
        }
        self.open_areas(ctx);
        page.ready();
        let count: u32 = self.publishers.iter().map(|p| p.catalog.measures).sum();
        crate::emit(host, "huiqi-ready", &[("measures", count.to_string().into())]);
    }

    /// What a visitor brings along: answers in the address, what is kept on the device, a profile that the page offers,
    /// another language.
    pub(crate) fn recall(&mut self, ctx: &Context<Self>) {
        let Config { language, profile_from, keeps_nothing, .. } = ctx.props();
        if let Some(answers) = crate::take_fragment() {
            self.act(ctx, Act::Open(answers));
        }
        if !keeps_nothing && crate::has_kept() {
            self.act(ctx, Act::Recall);
        }
        if !profile_from.is_empty() {
            self.act(ctx, Act::Offer(profile_from.clone()));
        }
        if *language != Language::Simplified {
            self.language = *language;
            self.act(ctx, Act::Speak);
        }
    }

    /// Tells one set of editions from another: facts have numbers, which may mean something else tomorrow.
    pub(crate) fn editions(&self) -> Vec<u8> {
        let mut w = Writer::new();
        for publisher in &self.publishers {
            w.uint(u128::from(publisher.catalog.sequence));
        }
        w.into_bytes()
    }

    /// The answers, to be kept outside.
    fn held(&self) -> Vec<u8> {
        let mut bytes = self.editions();
        bytes.extend(kept::encode(&self.firm));
        bytes
    }

    fn take_table(&mut self, ctx: &Context<Self>, at: Area, table: Fetched<Vec<u8>>) {
        match table {
            Ok(raw) => drop(self.areas.tables.insert(at, Rc::new(raw))),
            Err(error) => {
                self.areas.failed.push(at);
                self.missed(ctx, &error);
            }
        }
    }

    /// Fetches a part of a publisher; `then` makes a message of it.
    pub(crate) fn fetch(
        &self,
        ctx: &Context<Self>,
        publisher: usize,
        name: &str,
        then: impl FnOnce(Fetched<Vec<u8>>) -> Msg + 'static,
    ) {
        let Some(source) = self.publishers.get(publisher).map(|p| p.source.clone()) else { return };
        let name = name.to_owned();
        ctx.link().send_future(async move { then(source.part(&name).await) });
    }

    /// Number of the theme with this name.
    pub(crate) fn theme(&self, name: &str) -> Option<ThemeNo> {
        self.catalogue.themes.iter().find(|(_, n)| *n == name).map(|(no, _)| *no)
    }

    /// Says what a page with `topic` or `dept` is about; a theme that nobody has is a slip of the pen.
    fn tell_selection(&mut self, topic: &str, dept: &str) {
        let theme = self.theme(topic).is_some();
        if !topic.is_empty() && !theme {
            crate::refuse("topic", "数据里有的主题", topic);
        }
        let wanted: Vec<&str> =
            [topic, dept].into_iter().filter(|w| !w.is_empty() && (*w != topic || theme)).collect();
        if !wanted.is_empty() {
            self.notices.push(format!("本页只列出这些事项：{}", wanted.join("、")));
        }
    }

    /// Lists the measures of the areas that concern the firm, once all tables that can be had are there.
    pub(crate) fn open_areas(&mut self, ctx: &Context<Self>) {
        // A plant or the seat of the tax office elsewhere counts as well.
        let is_place =
            |key: Key| self.catalogue.facts.get(&key.fact).is_some_and(|f| f.kind == FactType::Region);
        let places = self.firm.iter().filter(|(key, _)| is_place(*key));
        let places = places.filter_map(|(_, a)| if let Answer::Code(code) = a { Some(*code) } else { None });
        let places: Vec<Code> = places.chain(self.areas.asked.iter().copied()).collect();
        let areas = |(publisher, p): (usize, &Publisher)| {
            p.catalog.areas_of(&places).into_iter().map(move |at| (publisher, at)).collect::<Vec<_>>()
        };
        let wanted: Vec<Area> = self.publishers.iter().enumerate().flat_map(areas).collect();
        for at in &wanted {
            let areas = &self.areas;
            if areas.tables.contains_key(at) || areas.pending.contains(at) || areas.failed.contains(at) {
                continue;
            }
            self.areas.pending.push(*at);
            let at = *at;
            let name = self.publishers[at.0].catalog.areas[at.1].1.clone();
            self.fetch(ctx, at.0, &name, move |table| Msg::Table(at, table));
        }
        let open: Vec<Area> = wanted.into_iter().filter(|at| self.areas.tables.contains_key(at)).collect();
        if !self.areas.pending.is_empty() {
            return;
        }
        if open != self.work.opening().unwrap_or(&self.areas.open) {
            self.begin_opening(open);
        }
    }

    /// Fetches the cards of measures that are shown.
    pub(crate) fn need_cards(&mut self, ctx: &Context<Self>, shown: &[usize]) {
        for at in shown {
            let Some((_, publisher, name)) = block_of(&self.areas.cards, *at).cloned() else { continue };
            if first_time(&mut self.asked_cards, name.clone()) {
                self.pending_cards += 1;
                let part = name.clone();
                self.fetch(ctx, publisher, &name, move |raw| {
                    Msg::Cards(part, raw.and_then(|raw| Ok(bundle::decode_cards(&raw)?)))
                });
            }
        }
    }

    /// Fetches the cards of the rows that are drawn.
    fn need_row_cards(&mut self, ctx: &Context<Self>) {
        if self.view == View::Results && self.search.text.is_empty() {
            let rows: Vec<usize> = Group::ALL.iter().flat_map(|(group, ..)| self.drawn(*group)).collect();
            self.need_cards(ctx, &rows);
        }
    }

    /// Does something of the later pages, now or once they are there.
    pub(crate) fn act(&mut self, ctx: &Context<Self>, act: Act) {
        if self.pages == Part::There {
            pages::act(self, ctx, act);
        } else {
            self.waiting.push(act);
            self.need_pages(ctx);
        }
    }

    /// The language whose words are there.
    pub(crate) fn shown_language(&self) -> Language {
        match self.language {
            Language::English if self.catalogue.words.is_chinese() => Language::Simplified,
            Language::Traditional if self.desk.traditional.is_none() => Language::Simplified,
            language => language,
        }
    }

    /// A text of the page in the language of the reader.
    pub(crate) fn get<'a>(&'a self, text: &'a str) -> &'a str {
        self.catalogue.words.get(text)
    }

    /// The same with values.
    pub(crate) fn say(&self, text: &str, values: &[&dyn std::fmt::Display]) -> String {
        self.catalogue.words.say(text, values)
    }

    /// A text that stands alone.
    pub(crate) fn line(&self, text: &str) -> String {
        self.catalogue.words.line(self.get(text).to_owned())
    }

    /// A day.
    pub(crate) fn day(&self, date: Date) -> String {
        self.catalogue.words.day(date)
    }

    /// Counts the choices of all filters, after the list was drawn.
    pub(crate) fn count_later(&self, ctx: &Context<Self>) {
        if self.search.filtering {
            ctx.link().send_future(async {
                crate::breathe().await;
                Msg::Count(0)
            });
        }
    }

    fn need_industries(&mut self, ctx: &Context<Self>) {
        let Some(publisher) = self.publishers.first() else { return };
        if std::mem::replace(&mut self.asked_industries, true) {
            return;
        }
        self.fetch(ctx, 0, &publisher.catalog.industries, |raw| {
            Msg::Industries(raw.and_then(|raw| Ok(bundle::decode_names(PartKind::Industries, &raw)?)))
        });
    }

    fn need_counties(&mut self, ctx: &Context<Self>, code: Code) {
        let Some(province) = code.as_str().get(..2).and_then(Code::new) else { return };
        let Some((_, name)) = self.regions.counties.iter().find(|(c, _)| *c == province) else { return };
        if !first_time(&mut self.asked_counties, province) {
            return;
        }
        self.fetch(ctx, 0, name, |raw| {
            Msg::Counties(raw.and_then(|raw| Ok(bundle::decode_names(PartKind::Counties, &raw)?)))
        });
    }

    pub(crate) fn go(&mut self, ctx: &Context<Self>, view: View) {
        self.work.ask = false;
        if view == View::Results && self.report.is_none() && !self.work.due {
            self.decide_first();
        }
        let host = &ctx.props().host;
        match view {
            View::Ask(key) => self.asked = vec![key],
            View::Measure(at) => {
                let id = self.measures.get(at).map(|m| m.id.as_str()).unwrap_or_default();
                crate::emit(host, "huiqi-select", &[("measure", id.into())]);
            }
            View::Plan => {
                crate::emit(host, "huiqi-plan", &[("measures", self.desk.chosen.len().to_string().into())]);
            }
            _ => {}
        }
        if view == View::WhatIf {
            self.act(ctx, Act::Weigh);
        }
        if view == View::Results {
            self.count_later(ctx);
            self.room = FIRST_ROWS;
        }
        if view != self.view {
            let left = std::mem::replace(&mut self.view, view);
            self.history.push(left);
            // What was said belongs to the page that was left.
            self.desk.said = None;
            self.desk.by_hand = None;
            self.moved = true;
            self.need_details(ctx);
            // What was asked for comes first.
            if !self.work.due {
                self.need_pages(ctx);
            }
        }
    }

    /// Fetches the later pages, before somebody asks for one.
    pub(crate) fn need_pages(&mut self, ctx: &Context<Self>) {
        if matches!(self.pages, Part::Away | Part::Failed(_)) {
            self.pages = Part::UnderWay;
            let page = ctx.props().page.clone();
            ctx.link().send_future(async move { Msg::Pages(pages::fetch(page).await) });
        }
    }

    /// Fetches the rest of the measures that are shown.
    pub(crate) fn need_details(&mut self, ctx: &Context<Self>) {
        let wanted = match self.view {
            View::Measure(at) => vec![at],
            View::Plan | View::Print | View::Calendar => self.desk.chosen.clone(),
            View::Compare => (0..self.measures.len())
                .filter(|at| self.desk.compared.contains(&self.measures[*at].id))
                .collect(),
            _ => return,
        };
        self.need_cards(ctx, &wanted);
        for at in wanted {
            let Some((_, publisher, name)) = block_of(&self.areas.details, at).cloned() else { continue };
            if first_time(&mut self.asked_details, name.clone()) {
                self.fetch(ctx, publisher, &name.clone(), |raw| {
                    Msg::Details(name, raw.and_then(|raw| Ok(bundle::decode_details(&raw)?)))
                });
            }
        }
        // Clauses are quoted where the text is published.
        if let View::Measure(at) = self.view
            && let Some(Some(detail)) = self.details.get(at)
            && !detail.text.is_empty()
        {
            let name = detail.text.clone();
            self.act(ctx, Act::NeedText(at, name));
        }
    }

    /// What was decided of a measure, if it is listed.
    pub(crate) fn outcome(&self, at: usize) -> Option<&Outcome> {
        self.report.as_ref()?.outcomes.get(at)?.as_ref()
    }

    /// The publisher of a measure.
    pub(crate) fn publisher_of(&self, at: usize) -> usize {
        block_of(&self.areas.details, at).map_or(0, |(_, publisher, _)| *publisher)
    }

    /// After answers that came from elsewhere: names of the counties, and what was typed.
    pub(crate) fn need_places(&mut self, ctx: &Context<Self>) {
        let codes: Vec<Code> = self
            .firm
            .iter()
            .filter_map(|(_, answer)| if let Answer::Code(code) = answer { Some(*code) } else { None })
            .collect();
        for code in codes {
            self.need_counties(ctx, code);
        }
        self.need_industries(ctx);
    }

    /// Fills the fields with the answers.
    pub(crate) fn write_drafts(&mut self) {
        for (key, answer) in self.firm.iter() {
            if let (Answer::Number(number), Some(fact)) = (answer, self.catalogue.facts.get(&key.fact))
                && let Some(value) = number.exact()
            {
                self.drafts.insert(key, (self.catalogue.words.typed_text(fact, value), false));
            }
        }
    }

    fn typed(&mut self, key: Key, text: String) {
        let Some(fact) = self.catalogue.facts.get(&key.fact) else { return };
        if fact.kind == FactType::Industry {
            self.industry_text = text;
            self.firm.clear(key);
            return self.redecide();
        }
        match (text.trim().is_empty(), self.catalogue.words.read_typed(fact, &text)) {
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
        self.catalogue.words.read_typed(fact, text).err()
    }

    /// Fields with an error, for the summary above the form.
    pub(crate) fn errors(&self) -> Vec<(Key, String)> {
        self.drafts.keys().filter_map(|key| Some((*key, self.field_error(*key)?))).collect()
    }

    /// Decides anew if results have been asked for.
    pub(crate) fn redecide(&mut self) {
        if self.report.is_some() || self.work.due {
            self.work.decide();
        }
    }

    fn decide_first(&mut self) {
        self.work.decide();
        self.work.announce = true;
    }

    fn show_results(&mut self, ctx: &Context<Self>) {
        for (_, (_, touched)) in self.drafts.iter_mut() {
            *touched = true;
        }
        if self.errors().is_empty() {
            self.decide_first();
            self.go(ctx, View::Results);
        }
        self.moved = true;
    }

    /// The next fact worth asking.
    pub(crate) fn next_question(&self) -> Option<Key> {
        let report = self.report.as_ref()?;
        report.questions.iter().map(|q| q.key).find(|key| !self.skipped.contains(key))
    }

    /// Goes to the next question, once it is known.
    pub(crate) fn ask_next(&mut self) {
        if self.work.due {
            self.work.ask = true;
            return;
        }
        self.view = self.next_question().map_or(View::Results, View::Ask);
        if let View::Ask(key) = self.view {
            self.asked.push(key);
        }
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
        self.publishers.iter().any(|p| self.today > p.catalog.expires)
    }

    /// Whether the bundle has areas that are not listed because nobody said where the firm is.
    pub(crate) fn wants_place(&self) -> bool {
        let areas: usize = self.publishers.iter().map(|p| p.catalog.areas.len()).sum();
        areas > self.areas.open.len() && self.firm.seat(&self.catalogue).is_none()
    }

    /// Number of the fact with a stable id.
    pub(crate) fn fact(&self, id: &str) -> Option<FactNo> {
        self.catalogue.fact_by_id(id).map(|(no, _)| no)
    }
}
