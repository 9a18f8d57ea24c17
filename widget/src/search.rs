//! Search: what is fetched when, and what is shown. The engine is a module of its own (`widget/search`), fetched with the
//! first word that is typed.

use std::ops::Range;

use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::date::Date;
use huiqi_engine::search::{Facet, Filters, Found};
use js_sys::{Function, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use yew::Context;

use crate::Page;
use crate::app::{App, Area, Msg, first_time};
use crate::fetch::{self, Fetched, LoadError};
use crate::pages::Act;
use crate::publisher::Source;

/// Most hits that are drawn.
const HIT_LIMIT: usize = 30;
/// While more of an answer arrives, the list is drawn again only if so many first hits change.
const FIRST: usize = 10;

/// Names of the tiers, worst first.
const TIERS: [&str; 5] = ["any", "synonym", "all", "phrase", "phrase"];

/// The module of the search engine.
#[derive(Debug, Clone)]
pub(crate) struct Module {
    call: Function,
    /// Part with the traditional characters.
    simplifier: String,
    /// Part with the sounds of characters.
    sounds: String,
}

impl Module {
    /// Fetches the module and opens the index with these roots.
    async fn open(page: Page, roots: Vec<(Source, String)>) -> Fetched<Self> {
        let failed = |_| LoadError::new("搜索组件没能打开，刷新页面再试一次");
        let call = JsFuture::from(page.module("search.bin")).await.map_err(failed)?;
        let mut module =
            Self { call: call.unchecked_into(), simplifier: String::new(), sounds: String::new() };
        let raws = fetch::all(roots.iter().map(|(source, name)| source.part(name))).await;
        let mut words = String::new();
        for raw in raws {
            let answer = module.ask("root", &raw?)?;
            let mut r = Reader::new(&answer);
            let error = r.string();
            if !error.is_empty() {
                return Err(LoadError::new(error));
            }
            // All areas of a publisher have the same, and a second publisher's are much like the first one's.
            if words.is_empty() {
                (words, module.simplifier, module.sounds) = (r.string(), r.string(), r.string());
            }
        }
        if let Some((source, _)) = roots.first() {
            module.give("words", &source.part(&words).await?)?;
        }
        module.ask("open", &[])?;
        Ok(module)
    }

    /// Calls a function of the module; an error when it broke down.
    fn ask(&self, name: &str, input: &[u8]) -> Fetched<Vec<u8>> {
        let answer = self.call.call2(&JsValue::NULL, &name.into(), &Uint8Array::from(input));
        let answer = answer.map_err(|_| LoadError::new("搜索组件出错了，重新输入再试一次"))?;
        Ok(answer.unchecked_into::<Uint8Array>().to_vec())
    }

    /// Hands something over.
    fn give(&self, name: &str, input: &[u8]) -> Fetched<()> {
        let answer = self.ask(name, input)?;
        let error = Reader::new(&answer).string();
        if error.is_empty() { Ok(()) } else { Err(LoadError::new(error)) }
    }

    /// Parts that are to be fetched: number of the area among those that are open, name.
    fn names(&self, name: &str, input: &[u8]) -> Fetched<Vec<(usize, String)>> {
        Ok(Reader::new(&self.ask(name, input)?).list(|r| (r.u32() as usize, r.string())))
    }

    fn rank(&self, limit: usize) -> Fetched<Ranked> {
        let mut w = Writer::new();
        w.size(limit);
        let answer = self.ask("rank", &w.into_bytes())?;
        let mut r = Reader::new(&answer);
        Ok(Ranked {
            total: r.u32() as usize,
            full: r.flag(),
            lacks: r.flag(),
            hits: r.list(|r| Hit {
                entry: r.u32(),
                at: r.u32() as usize,
                tier: TIERS.get(usize::from(r.u8())).copied().unwrap_or_default(),
                year: Some(r.u32()).filter(|year| *year > 0),
            }),
        })
    }
}

/// One hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    entry: u32,
    /// Number of the measure.
    pub at: usize,
    pub tier: &'static str,
    year: Option<u32>,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ranked {
    total: usize,
    /// Whether some hit has all that was asked for.
    full: bool,
    /// Whether something that was typed occurs nowhere.
    lacks: bool,
    hits: Vec<Hit>,
}

/// Ranges of a text in characters that match.
pub(crate) type Marks = Vec<Range<usize>>;

/// What is drawn of a hit.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shown {
    pub at: usize,
    pub tier: &'static str,
    pub name: Marks,
    pub summary: Marks,
    /// Title of the document, once it has been fetched.
    pub document: (String, Marks),
    pub issued: Option<Date>,
    /// A piece of the body, where the summary has nothing of what was typed.
    pub piece: (String, Marks),
}

fn read_marks(r: &mut Reader<'_>) -> Marks {
    r.list(|r| r.u32() as usize..r.u32() as usize)
}

/// Search as far as it has been loaded.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// What stands in the box.
    pub typed: String,
    /// What is looked for, once nothing more was typed for a moment.
    pub text: String,
    module: Option<Module>,
    /// Whether anything is to be looked for.
    pub asked: bool,
    /// Words to offer while typing.
    pub suggestions: Vec<String>,
    /// What was probably meant by words that nothing holds.
    pub meant: Option<String>,
    /// The correction that was of no use, or that the visitor did not want.
    unwanted: Option<String>,
    ranked: Option<Ranked>,
    pub filters: Filters,
    /// Whether the filters are unfolded; only then is anything counted.
    pub filtering: bool,
    /// How many hits each choice of each filter would leave.
    pub counts: Vec<(Facet, Vec<(String, usize)>)>,
    /// How many hits pass the filters; nothing is known before the first answer.
    pub passed: Option<usize>,
    /// The best hits that pass the filters.
    pub shown: Vec<Shown>,
    pub busy: bool,
    asked_module: bool,
    asked_simplifier: bool,
    asked_sounds: bool,
    has_sounds: bool,
    /// Parts under way.
    pending: Vec<String>,
    /// Parts that could not be had; they are asked for again with the next query.
    failed: Vec<String>,
}

/// What the parts of search are for.
#[derive(Debug)]
pub(crate) enum Arrived {
    Module(Vec<Area>, Fetched<Module>),
    Simplifier(Fetched<Vec<u8>>),
    Sounds(Fetched<Vec<u8>>),
    Part(String, Fetched<Vec<u8>>),
}

impl Search {
    /// The same search over other measures.
    pub(crate) fn again(&mut self) {
        let Self { typed, text, filters, filtering, .. } = std::mem::take(self);
        *self = Self { typed, text, filters, filtering, ..Self::default() };
    }
}

impl App {
    /// Another text was typed.
    pub(crate) fn search_for(&mut self, ctx: &Context<Self>, text: String) {
        let search = &mut self.search;
        search.text = text;
        search.meant = None;
        search.unwanted = None;
        search.failed.clear();
        self.find(ctx);
    }

    /// What was typed is wanted, not what was probably meant.
    pub(crate) fn search_as_typed(&mut self, ctx: &Context<Self>) {
        self.search.unwanted = self.search.meant.take();
        self.find(ctx);
    }

    /// Takes what was fetched for a search.
    pub(crate) fn search_arrived(&mut self, ctx: &Context<Self>, arrived: Arrived) {
        let search = &mut self.search;
        let module = search.module.clone();
        let give = |name: &str, raw: Fetched<Vec<u8>>| -> Fetched<()> {
            module.map_or(Ok(()), |module| module.give(name, &raw?))
        };
        let result = match arrived {
            // Of areas that are no longer open.
            Arrived::Module(areas, _) if areas != self.areas.open => return,
            Arrived::Part(name, _) if !search.pending.contains(&name) => return,
            Arrived::Module(_, module) => {
                module.map(|module| search.module = Some(module)).inspect_err(|_| {
                    search.asked_module = false;
                })
            }
            Arrived::Simplifier(raw) => give("simplify", raw),
            Arrived::Sounds(raw) => give("sounds", raw).inspect(|()| search.has_sounds = true),
            Arrived::Part(name, raw) => {
                search.pending.retain(|p| *p != name);
                let mut input = name.clone().into_bytes();
                let result = raw.and_then(|raw| {
                    input.extend(raw);
                    give("provide", Ok(input))
                });
                result.inspect_err(|_| search.failed.push(name))
            }
        };
        if let Err(error) = &result {
            search.busy = false;
            self.missed(ctx, error);
        }
        // After a module that could not be had there is nothing to go on with.
        if self.search.module.is_some() && self.search.pending.is_empty() {
            self.find(ctx);
        }
    }

    /// Asks for whatever the current query still takes, and shows what is known.
    pub(crate) fn find(&mut self, ctx: &Context<Self>) {
        let search = &mut self.search;
        if search.module.is_none() {
            if !std::mem::replace(&mut search.asked_module, true) {
                search.busy = true;
                let areas = self.areas.open.clone();
                let root = |(publisher, at): &Area| {
                    let publisher = self.publishers.get(*publisher)?;
                    Some((publisher.source.clone(), publisher.catalog.areas.get(*at)?.2.clone()))
                };
                let opened = Module::open(ctx.props().page.clone(), areas.iter().filter_map(root).collect());
                ctx.link()
                    .send_future(async move { Msg::Act(Act::Arrived(Arrived::Module(areas, opened.await))) });
            }
            return;
        }
        if let Err(error) = self.search_now(ctx) {
            // The module broke down: the next word gets a new one.
            self.search.again();
            self.missed(ctx, &error);
        }
    }

    fn search_now(&mut self, ctx: &Context<Self>) -> Fetched<()> {
        let search = &mut self.search;
        let Some(module) = search.module.clone() else { return Ok(()) };
        let typed = search.meant.as_ref().unwrap_or(&search.text);
        let answer = module.ask("ask", typed.as_bytes())?;
        let mut r = Reader::new(&answer);
        search.asked = r.flag();
        let words = r.list(Reader::string);
        if search.meant.is_none() {
            search.suggestions = words;
        }
        let mut names = module.names("needs", &[])?;
        names.retain(|(_, name)| !search.failed.contains(name));
        let last = names.is_empty();
        search.busy = !last;
        self.fetch_search(ctx, names);
        let search = &mut self.search;
        if !search.asked {
            search.ranked = None;
            search.passed = None;
            search.shown.clear();
            return Ok(());
        }
        // Filters look at every hit.
        let limit =
            if search.filters.is_empty() && !search.filtering && !self.measures.iter().any(|m| m.withheld) {
                HIT_LIMIT
            } else {
                u32::MAX as usize
            };
        let ranked = module.rank(limit)?;
        let (full, lacks) = (ranked.full, ranked.lacks);
        search.ranked = Some(ranked);
        if last && !full {
            // Nothing has all of it. A term that nowhere occurs may be a traditional one, or a slip of the pen.
            if lacks && !std::mem::replace(&mut search.asked_simplifier, true) {
                self.fetch_table(ctx, &module.simplifier, Arrived::Simplifier);
            } else if search.meant.is_some() {
                search.unwanted = search.meant.take();
                return self.search_now(ctx);
            } else if search.has_sounds {
                let answer = module.ask("correct", &[])?;
                let meant = Reader::new(&answer).string();
                if !meant.is_empty() && search.unwanted.as_ref() != Some(&meant) {
                    search.meant = Some(meant);
                    return self.search_now(ctx);
                }
            } else if lacks && !std::mem::replace(&mut search.asked_sounds, true) {
                self.fetch_table(ctx, &module.sounds, Arrived::Sounds);
            }
        }
        self.show_hits(ctx)
    }

    /// Fetches a table that a query may need.
    fn fetch_table(&mut self, ctx: &Context<Self>, name: &str, arrived: fn(Fetched<Vec<u8>>) -> Arrived) {
        self.search.busy = true;
        let publisher = self.areas.open.first().map_or(0, |(publisher, _)| *publisher);
        self.fetch(ctx, publisher, name, move |raw| Msg::Act(Act::Arrived(arrived(raw))));
    }

    /// Fetches parts that are not under way, all at once; each arrives by itself.
    fn fetch_search(&mut self, ctx: &Context<Self>, names: Vec<(usize, String)>) {
        for (area, name) in names {
            let Some((publisher, _)) = self.areas.open.get(area) else { continue };
            if first_time(&mut self.search.pending, name.clone()) {
                self.fetch(ctx, *publisher, &name.clone(), |raw| {
                    Msg::Act(Act::Arrived(Arrived::Part(name, raw)))
                });
            }
        }
    }

    /// A hit as the filters see it.
    fn found(&self, hit: &Hit) -> Option<Found<'_>> {
        let measure = self.measures.get(hit.at).filter(|m| !m.withheld)?;
        Some(Found {
            measure,
            outcome: self.outcome(hit.at),
            window: measure.schedule.window(self.today),
            year: hit.year,
        })
    }

    /// Takes the best hits that pass the filters, and fetches what they show.
    fn show_hits(&mut self, ctx: &Context<Self>) -> Fetched<()> {
        let search = &self.search;
        let (Some(module), Some(ranked)) = (search.module.clone(), &search.ranked) else { return Ok(()) };
        let keep = |hit: &&Hit| self.found(hit).is_some_and(|f| search.filters.keep(f, &self.catalogue));
        let all_shown = search.filters.is_empty() && !self.measures.iter().any(|m| m.withheld);
        let best: Vec<Hit> = ranked.hits.iter().filter(keep).take(HIT_LIMIT).copied().collect();
        let passed = if all_shown { ranked.total } else { ranked.hits.iter().filter(keep).count() };
        let rows: Vec<usize> = best.iter().map(|hit| hit.at).collect();
        let shown = best.iter().map(|hit| self.describe(&module, hit)).collect::<Fetched<Vec<Shown>>>()?;
        let mut w = Writer::new();
        w.list(&best, |w, hit| w.uint(u128::from(hit.entry)));
        w.u8(1);
        // What is being read does not move because something further down did.
        let first = |hits: &[Shown]| hits.iter().take(FIRST).map(|hit| hit.at).collect::<Vec<_>>();
        let search = &mut self.search;
        if !search.busy || first(&shown) != first(&search.shown) {
            search.shown = shown;
        }
        search.passed = Some(passed);
        self.count_later(ctx);
        self.need_cards(ctx, &rows);
        let search = &mut self.search;
        if !search.busy {
            let mut names = module.names("lookup", &w.into_bytes())?;
            names.retain(|(_, name)| !search.failed.contains(name));
            self.fetch_search(ctx, names);
        }
        Ok(())
    }

    /// Other filters over the same hits.
    pub(crate) fn refilter(&mut self, ctx: &Context<Self>) {
        let whole = self.search.ranked.as_ref().is_some_and(|r| r.hits.len() >= r.total);
        if !whole {
            return self.find(ctx);
        }
        if let Err(error) = self.show_hits(ctx) {
            self.search.again();
            self.missed(ctx, &error);
        }
    }

    /// Counts what each choice of a filter would leave, one filter at a time: all at once would hold up the visitor.
    pub(crate) fn count(&mut self, ctx: &Context<Self>, at: usize) {
        let Some((facet, ..)) = Facet::ALL.get(at).filter(|_| self.search.filtering) else { return };
        let (filters, catalogue) = (&self.search.filters, &self.catalogue);
        let counts = match &self.search.ranked {
            Some(ranked) if !self.search.text.trim().is_empty() => {
                let hits = ranked.hits.iter().filter_map(|hit| self.found(hit));
                filters.counts(*facet, hits, catalogue)
            }
            _ => filters.counts(*facet, self.all_found(), catalogue),
        };
        self.search.counts.retain(|(f, _)| f != facet);
        self.search.counts.push((*facet, counts));
        ctx.link().send_future(async move {
            crate::breathe().await;
            Msg::Count(at + 1)
        });
    }

    fn describe(&self, module: &Module, hit: &Hit) -> Fetched<Shown> {
        let Some(measure) = self.measures.get(hit.at) else { return Ok(Shown::default()) };
        let summary = self.card(hit.at).summary;
        let mut w = Writer::new();
        w.uint(u128::from(hit.entry));
        w.list(&[&measure.name, &summary], |w, text| w.str(text));
        let answer = module.ask("describe", &w.into_bytes())?;
        let mut r = Reader::new(&answer);
        let id = r.string();
        let document = (r.string(), read_marks(&mut r));
        let issued = Some(r.i32()).filter(|day| *day != 0).and_then(Date::from_days);
        let piece = (r.string(), read_marks(&mut r));
        let mut texts = r.list(read_marks);
        let (summary, name) = (texts.pop().unwrap_or_default(), texts.pop().unwrap_or_default());
        let mut shown = Shown { at: hit.at, tier: hit.tier, name, summary, ..Shown::default() };
        // Table and index are published together; what belongs to another measure is not shown.
        if id == measure.id {
            (shown.document, shown.issued) = (document, issued);
            if shown.summary.is_empty() {
                shown.piece = piece;
            }
        }
        Ok(shown)
    }
}
