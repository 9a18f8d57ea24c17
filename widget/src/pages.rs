//! The pages behind the first ones. Everything that only the functions below reach becomes a module of its own
//! (`cargo xtask dist`), which is fetched once there are results: a first visit does not pay for it.

#![expect(
    unsafe_code,
    reason = "the two halves of a split function are joined by names, when the module is split"
)]

mod act;
mod ask;
mod calendar;
mod compare;
mod hits;
mod inputs;
mod keep;
mod language;
mod measure;
mod plan;
mod reason;
mod share;
mod sheet;
mod what_if;

use std::cell::RefCell;
use std::collections::BTreeSet;

use huiqi_engine::LiteMap;
use huiqi_engine::catalogue::Catalogue;
use huiqi_engine::english::English;
use huiqi_engine::federation::Renumbering;
use huiqi_engine::firm::Key;
use huiqi_engine::measure::FullText;
use huiqi_engine::plan::{Group, Plan, Wishes};
use huiqi_engine::traditional::Traditional;
use huiqi_engine::whatif::{Gain, Threshold};
use huiqi_engine::words::word;
use js_sys::Promise;
use serde_json::Value;
use wasm_bindgen_futures::JsFuture;
use yew::html::Scope;
use yew::{Context, Html};

use crate::Page;
use crate::app::App;
use crate::fetch::{Fetched, LoadError};
use crate::search::Arrived;

/// Something that is done on a later page.
#[derive(Debug)]
pub(crate) enum Act {
    /// The part has arrived.
    Dress,
    /// Another text is looked for.
    Query(String),
    /// The search goes on.
    Find,
    AsTyped,
    /// The filters have changed.
    Refilter,
    /// The choices of a filter are counted.
    Count(usize),
    /// Something for the search was fetched.
    Arrived(Arrived),
    /// Into the plan, or out of it.
    Join(usize),
    /// 已享受, or not.
    Received(usize),
    /// Into the comparison, or out of it.
    Compare(usize),
    /// These are compared, and no others.
    Together(Vec<usize>),
    OnlyDifferent,
    /// So many months on; nothing for the month of today.
    Month(i32),
    /// Deadlines of all measures, not only of those that concern the firm.
    AllDays(bool),
    /// Another figure, only to see what it would bring.
    Try(Key, String),
    Untry,
    /// The page with what-ifs was opened, or decided anew.
    Weigh,
    /// A paper is at hand, or not.
    Ready(String),
    /// 好差评: the id of a measure, one of five levels.
    Rate(String, u8),
    /// A reason beside a bad rating.
    Reason(String, u8),
    Share(bool),
    WithAnswers(bool),
    /// The plan in a form to take along.
    Take(Take),
    /// Where answers are kept.
    Keep(Keep),
    /// Under which name.
    Name(String),
    /// Writes the firm down.
    Save,
    /// Goes on with a firm that was kept.
    OpenKept(usize),
    Delete(usize),
    DeleteAll,
    /// A file was chosen.
    Import(web_sys::HtmlInputElement),
    Imported(Fetched<String>),
    /// Answers of a link.
    Open(String),
    /// Ids of measures in it, whether there were answers, what of them could not be read.
    Brought {
        ids: Vec<String>,
        decided: bool,
        unread: String,
    },
    /// What is kept on the device.
    Recall,
    /// The profile in an element of the page.
    Offer(String),
    /// The offer is taken, or not.
    Accept(bool),
    OnlyNew,
    /// The language has changed.
    Speak,
    Spoken(Fetched<Vec<u8>>),
    Named(Fetched<Vec<u8>>),
    Converted(Fetched<Vec<u8>>),
    /// Settings have changed.
    Remember,
    /// The full text of a document was asked for.
    NeedText(usize, String),
    Text(String, Fetched<FullText>),
}

/// A form of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    Print,
    Calendar,
    /// Of one measure alone.
    CalendarOf(usize),
    Table,
    Text,
    Link,
    Profile,
    Ratings,
}

/// How long answers are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Not at all.
    #[default]
    No,
    /// As long as the browser's tab is open.
    Session,
    /// On this device.
    Device,
}

/// A firm that was kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub name: String,
    /// When, as `2026-11-22`.
    pub day: String,
    pub profile: Value,
    /// Hashes of the ids of the measures that were there.
    pub seen: Vec<u32>,
}

/// 好差评 of a measure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rating {
    /// 1 非常不满意 to 5 非常满意.
    pub level: u8,
    /// One bit for each reason.
    pub reasons: u8,
    /// Whether it was sent where the page wants it.
    pub sent: bool,
}

/// What the later pages remember.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// What the visitor put into the plan and took out of it.
    pub wishes: Wishes,
    pub plan: Plan,
    pub groups: Vec<Group>,
    /// Measures of the plan.
    pub chosen: Vec<usize>,
    /// Ids of the measures that are compared.
    pub compared: Vec<String>,
    pub only_different: bool,
    /// Months from today's.
    pub month: i32,
    pub all_days: bool,
    /// Figures that are tried, as they were typed.
    pub tried: LiteMap<Key, String>,
    /// Names of papers that are at hand.
    pub ready: Vec<String>,
    pub ratings: LiteMap<String, Rating>,
    /// What was just done.
    pub said: Option<String>,
    pub sharing: bool,
    pub with_answers: bool,
    /// A text that could not be copied or saved, to be copied by hand.
    pub by_hand: Option<String>,
    pub keep: Keep,
    pub name: String,
    pub kept: Vec<Kept>,
    /// A profile that the page offers.
    pub offered: Option<String>,
    pub only_new: bool,
    /// Full texts by the names of their parts; `None` while one is under way.
    pub texts: LiteMap<String, Option<FullText>>,
    /// From simplified to traditional characters.
    pub traditional: Option<Traditional>,
    /// The catalogue with its Chinese names, while English ones are shown.
    pub chinese: Option<Catalogue>,
    /// English names, once they were fetched.
    pub glosses: Option<English>,
    /// Measures that a link listed.
    pub listed: Vec<String>,
    /// Ids of the measures that were there when the firm was kept, and when that was.
    pub seen_before: Option<(BTreeSet<u32>, String)>,
    pub thresholds: Option<Vec<Threshold>>,
    pub gain: Option<Gain>,
}

thread_local! {
    /// The part, which all widgets of a page share: its instance, once it was asked for.
    static PART: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// Fetches the part, unless it is there.
pub(crate) async fn fetch(page: Page) -> Fetched<()> {
    let promise = PART.with(|part| part.borrow_mut().get_or_insert_with(|| page.module("pages.bin")).clone());
    JsFuture::from(promise).await.map(drop).map_err(|_| {
        PART.with(|part| part.borrow_mut().take());
        LoadError::new(word("页面的一部分没能打开，检查网络再试一次"))
    })
}

/// What the part draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
enum Piece {
    /// The page that is open.
    Page,
    /// A profile that the page offers, firms that were kept.
    Offer,
    /// Whether answers are kept.
    Keeping,
    /// What is new since the last visit.
    News,
    Filters,
    Hits,
    Dialog,
}

// What the first part calls. The numbers join it to what the later part defines below.
#[cfg(target_arch = "wasm32")]
#[expect(improper_ctypes, reason = "both sides are compiled together, by one compiler")]
#[link(wasm_import_module = "__wasm_split_placeholder__")]
unsafe extern "C" {
    #[link_name = "__wasm_split_00pages00_import_00000000000000000000000000000001"]
    fn draw_later(app: &App, link: &Scope<App>, piece: Piece, out: &mut Html);
    #[link_name = "__wasm_split_00pages00_import_00000000000000000000000000000002"]
    fn act_later(app: &mut App, ctx: &Context<App>, act: &mut Option<Act>);
    #[link_name = "__wasm_split_00pages00_import_00000000000000000000000000000003"]
    fn replan_later(app: &mut App);
    #[link_name = "__wasm_split_00pages00_import_00000000000000000000000000000004"]
    fn localise_later(app: &App, html: &mut Html);
    #[link_name = "__wasm_split_00pages00_import_00000000000000000000000000000005"]
    fn reason_later(app: &App, at: usize, out: &mut String);
    #[link_name = "__wasm_split_00pages00_import_00000000000000000000000000000006"]
    fn absorb_later(catalogue: &mut Catalogue, other: &mut Catalogue, out: &mut Absorbed);
}

// Where nothing is split, as in tests that run natively, they are the same functions.
#[cfg(not(target_arch = "wasm32"))]
use self::{
    absorb_here as absorb_later, act_here as act_later, draw_here as draw_later,
    localise_here as localise_later, reason_here as reason_later, replan_here as replan_later,
};

/// What a second publisher's numbers are in the catalogue of the page.
type Absorbed = Result<Renumbering, String>;

#[unsafe(export_name = "__wasm_split_00pages00_export_00000000000000000000000000000001")]
unsafe extern "C" fn draw_here(app: &App, link: &Scope<App>, piece: Piece, out: &mut Html) {
    *out = match piece {
        Piece::Page => app.later_page(link),
        Piece::Offer => app.offer(link),
        Piece::Keeping => app.below_form(link),
        Piece::News => app.news(link),
        Piece::Filters => app.filter_panel(link),
        Piece::Hits => app.hits(link),
        Piece::Dialog => app.share_dialog(link),
    };
}

#[unsafe(export_name = "__wasm_split_00pages00_export_00000000000000000000000000000002")]
unsafe extern "C" fn act_here(app: &mut App, ctx: &Context<App>, act: &mut Option<Act>) {
    if let Some(act) = act.take() {
        app.act_now(ctx, act);
    }
}

#[unsafe(export_name = "__wasm_split_00pages00_export_00000000000000000000000000000003")]
unsafe extern "C" fn replan_here(app: &mut App) {
    app.replan();
}

#[unsafe(export_name = "__wasm_split_00pages00_export_00000000000000000000000000000004")]
unsafe extern "C" fn localise_here(app: &App, html: &mut Html) {
    app.localise(html);
}

#[unsafe(export_name = "__wasm_split_00pages00_export_00000000000000000000000000000005")]
unsafe extern "C" fn reason_here(app: &App, at: usize, out: &mut String) {
    *out = app.reason(at);
}

#[unsafe(export_name = "__wasm_split_00pages00_export_00000000000000000000000000000006")]
unsafe extern "C" fn absorb_here(catalogue: &mut Catalogue, other: &mut Catalogue, out: &mut Absorbed) {
    *out = catalogue.absorb(std::mem::take(other));
}

fn draw(app: &App, link: &Scope<App>, piece: Piece) -> Html {
    let mut out = Html::default();
    // SAFETY: the arguments are valid for the call, and the callers below ask only once the part is there.
    unsafe { draw_later(app, link, piece, &mut out) };
    out
}

/// The page that is open. Here and below: only once the part is there.
pub(crate) fn view(app: &App, link: &Scope<App>) -> Html {
    draw(app, link, Piece::Page)
}

pub(crate) fn offer(app: &App, link: &Scope<App>) -> Html {
    draw(app, link, Piece::Offer)
}

pub(crate) fn keeping(app: &App, link: &Scope<App>) -> Html {
    draw(app, link, Piece::Keeping)
}

pub(crate) fn news(app: &App, link: &Scope<App>) -> Html {
    draw(app, link, Piece::News)
}

pub(crate) fn filters(app: &App, link: &Scope<App>) -> Html {
    draw(app, link, Piece::Filters)
}

pub(crate) fn hits(app: &App, link: &Scope<App>) -> Html {
    draw(app, link, Piece::Hits)
}

pub(crate) fn dialog(app: &App, link: &Scope<App>) -> Html {
    draw(app, link, Piece::Dialog)
}

/// Does something.
pub(crate) fn act(app: &mut App, ctx: &Context<App>, act: Act) {
    // SAFETY: as in `draw`.
    unsafe { act_later(app, ctx, &mut Some(act)) };
}

/// Makes the plan anew, after another decision.
pub(crate) fn replan(app: &mut App) {
    // SAFETY: as in `draw`.
    unsafe { replan_later(app) };
}

/// Brings what was drawn into the language of the reader.
pub(crate) fn localise(app: &App, html: &mut Html) {
    // SAFETY: as in `draw`.
    unsafe { localise_later(app, html) };
}

/// One line on a measure: the sum and where it comes from, or what stands in the way, with its clause.
pub(crate) fn reason(app: &App, at: usize) -> String {
    let mut out = String::new();
    // SAFETY: as in `draw`.
    unsafe { reason_later(app, at, &mut out) };
    out
}

/// Takes the catalogue of another publisher.
pub(crate) fn absorb(catalogue: &mut Catalogue, mut other: Catalogue) -> Absorbed {
    let mut out = Err(String::new());
    // SAFETY: as in `draw`.
    unsafe { absorb_later(catalogue, &mut other, &mut out) };
    out
}
