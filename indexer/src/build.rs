//! Writes a bundle: compiles the project into parts, the catalog last.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use huiqi_engine::LiteMap;
use huiqi_engine::bundle::{
    self, CARDS_PER_BLOCK, CATALOG_NAME, Catalog, DETAILS_PER_BLOCK, PART_EXTENSION, PartKind, RegionRoot,
    Table,
};
use huiqi_engine::catalogue::{Catalogue, Code, CodeNames, FactNo, ItemNo, ListNo, ParamNo, ThemeNo};
use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::date::Date;
use huiqi_engine::english::English;
use huiqi_engine::fold::Simplifier;
use huiqi_engine::measure::{Audience, BenefitKind, Detail, FullText, Measure, RowKind, Selection};
use huiqi_engine::rule::{self, Expr, Members, Mode, print_expr};
use huiqi_engine::search::{Head, Manifest, Root, Vocabulary, fold_text};

use crate::catalogue::Relation;
use crate::check::Project;
use crate::keys::{self, Secret};
use crate::parts::{self, Parts};
use crate::policy::{Policy, PolicyMeasure};
use crate::text_index::{self, SearchDocument};
use crate::traditional;
use crate::web_index::{self, Previous, Shared};

/// 示例省: GB/T 2260 gives no code that begins with 99.
const SAMPLE_PROVINCE: &str = "99";

/// What a build was asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Day of publication.
    pub today: Date,
    /// Publish time in seconds since 1970.
    pub sequence: u64,
    /// Who publishes.
    pub publisher: String,
    /// Write the search index anew instead of adding what has changed.
    pub full: bool,
    /// Threads that cut texts.
    pub threads: usize,
    /// Key that signs the catalog.
    pub key: Option<Arc<Secret>>,
}

/// What a build did.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Documents.
    pub documents: usize,
    /// Measures.
    pub measures: usize,
    /// Parts in the bundle and how many of them were not there before.
    pub parts: (usize, usize),
    /// Stored bytes of all parts.
    pub bytes: usize,
    /// Stored bytes by kind of part.
    pub by_kind: BTreeMap<&'static str, (usize, usize)>,
}

/// Builds the offline index in `index_dir` and the bundle in `out`.
///
/// # Errors
/// When a folder cannot be written, or `sequence` is not above the published one.
pub fn build(
    project: &Project,
    options: &Options,
    out: &Path,
    index_dir: &Path,
    mut progress: impl FnMut(&str, usize, usize),
) -> anyhow::Result<Summary> {
    let catalogue = &project.tables.catalogue;
    let published: Vec<_> = project.policies.iter().filter(|p| p.published).collect();
    let area_of = |m: &PolicyMeasure| project.split.area(&m.measure.regions);
    let mut measures: Vec<(Code, &Policy, &PolicyMeasure)> =
        published.iter().flat_map(|p| p.measures.iter().map(move |m| (area_of(m), *p, m))).collect();
    if measures.is_empty() {
        anyhow::bail!("没有可以发布的事项：状态是 发布、暂停、额满、被替代 的文件才会进入发布包");
    }
    // The order of the search index: a hit's place there is its row here.
    measures.sort_by_key(|(area, _, m)| (*area, Reverse(m.detail.issued), m.measure.id.as_str()));
    let sequence = next_sequence(out, options.sequence)?;
    std::fs::create_dir_all(out).with_context(|| format!("建不了目录 {}", out.display()))?;
    let parts = Parts::new(out);

    let total = measures.len();
    let documents = measures.iter().map(|(area, policy, m)| search_document(*area, policy, m, catalogue));
    let index =
        text_index::update_and_open(index_dir, documents, &lexicon(project), options.threads, |at| {
            progress("建索引", at, total)
        })?;
    progress("生成发布包", 0, 1);
    let vocabulary = Vocabulary { synonyms: synonyms(project, index.simplifier()), words: index.words()? };
    let shared = Shared {
        simplifier: parts.add(PartKind::Simplifier, &bundle::encode_simplifier(index.simplifier()))?,
        vocabulary: parts.add(PartKind::Words, &bundle::encode_vocabulary(&vocabulary))?,
        sounds: parts.add(PartKind::Sounds, &bundle::encode_sounds(&text_index::sounds()))?,
    };
    let mut areas = Vec::new();
    let mut first = 0;
    for group in measures.chunk_by(|(a, ..), (b, ..)| a == b) {
        let area = group[0].0;
        let previous = if options.full { None } else { previous(out, area) };
        areas.push((area, first..first + group.len(), previous));
        first += group.len();
    }
    let wanted = areas.iter().map(|(_, range, previous)| {
        // A search entry for each measure, in the same order.
        (range.start as u32..range.end as u32, previous.clone())
    });
    let search = web_index::project(&index, wanted.collect(), &shared, &|kind, raw| parts.add(kind, raw))?;
    let mut published_areas = Vec::new();
    for ((area, range, _), search) in areas.into_iter().zip(search) {
        parts.keep(&search.parts)?;
        let root = parts.add(PartKind::SearchRoot, &search.root.encode())?;
        published_areas.push((area, table(&measures[range], &parts)?, root));
    }

    // All measures, in the order of the index.
    let table =
        Table { measures: measures.iter().map(|(_, _, m)| m.measure.clone()).collect(), ..Table::default() };
    let used = used_rows(catalogue, &table.measures);
    let catalogue_name = parts.add(PartKind::Catalogue, &bundle::encode_catalogue(&used))?;
    let mut names = CodeNames::default();
    for (code, name) in catalogue.regions.iter() {
        // The invented province of the sample documents is no choice for visitors of a real bundle.
        let sample = code.as_str().starts_with(SAMPLE_PROVINCE);
        if !sample
            || table
                .measures
                .iter()
                .any(|m| m.regions.iter().any(|c| c.as_str().starts_with(SAMPLE_PROVINCE)))
        {
            names.insert(code, name);
        }
    }
    let regions = split_regions(&names, &parts)?;
    let regions_name = parts.add(PartKind::Regions, &regions.encode())?;
    let mut industries = catalogue.industries.clone();
    industries.spell(text_index::initials);
    let industries = bundle::encode_names(PartKind::Industries, &industries);
    let industries_name = parts.add(PartKind::Industries, &industries)?;
    let traditional = traditional::table(shown_texts(project, &measures, &names))?;
    let traditional = parts.add(PartKind::Traditional, &bundle::encode_traditional(&traditional))?;
    let english = english(project, &measures, &used, &names);
    let english = parts.add(PartKind::English, &english.encode())?;
    let stored = parts.names();
    let files = parts.add(PartKind::Files, &bundle::encode_texts(PartKind::Files, &stored))?;

    let catalog = Catalog {
        sequence,
        published: options.today,
        expires: Date::from_days(options.today.days() + 30).context("日期超出范围")?,
        publisher: options.publisher.clone(),
        measures: table.measures.len() as u32,
        documents: published.len() as u32,
        catalogue: catalogue_name,
        regions: regions_name,
        industries: industries_name,
        files,
        english: Some(english),
        traditional: Some(traditional),
        areas: published_areas,
    };
    let key = options.key.as_deref();
    keys::may_publish(out, key, &catalog, &table.measures)?;
    let written = parts.finish()?;
    let local = Local { table, catalogue: catalogue.clone(), vocabulary };
    local.write(index_dir)?;
    publish(out, &catalog, key)?;
    progress("生成发布包", 1, 1);
    Ok(Summary {
        documents: published.len(),
        measures: total,
        parts: (written.parts.len(), written.fresh.len()),
        bytes: written.parts.values().sum(),
        by_kind: written.by_kind,
    })
}

/// English names of what the bundle holds.
fn english(
    project: &Project,
    measures: &[(Code, &Policy, &PolicyMeasure)],
    used: &Catalogue,
    regions: &CodeNames,
) -> English {
    let all = &project.tables.english;
    let facts: BTreeSet<&str> = used.facts.values().map(|fact| fact.id.as_str()).collect();
    let items: BTreeSet<&str> = used.items.values().map(|item| item.id.as_str()).collect();
    let mut terms: BTreeSet<&str> = BTreeSet::new();
    terms.extend(used.facts.values().flat_map(|fact| fact.options.iter().map(String::as_str)));
    terms.extend(used.items.values().flat_map(|item| item.levels.iter().map(String::as_str)));
    terms.extend(used.lists.values().map(|list| list.name.as_str()));
    terms.extend(used.params.values().map(|param| param.name.as_str()));
    terms.extend(used.sizes.iter().map(|size| size.name.as_str()));
    terms.extend(used.themes.values().map(String::as_str));
    for (_, _, m) in measures {
        terms.extend(m.detail.materials.iter().map(|material| material.name.as_str()));
        terms.extend(m.detail.handling.iter().map(|(label, _)| label.as_str()));
    }
    let glosses = measures.iter().filter_map(|(_, _, m)| Some((m.measure.id.clone(), m.english.clone()?)));
    let mut english = English {
        facts: named(&all.facts, &facts),
        items: named(&all.items, &items),
        terms: named(&all.terms, &terms),
        measures: glosses.collect(),
        industries: all.industries.clone(),
        ..English::default()
    };
    for (code, name) in all.regions.iter().filter(|(code, _)| regions.get(*code).is_some()) {
        english.regions.insert(code, name);
    }
    english
}

fn named<T: Clone>(all: &LiteMap<String, T>, used: &BTreeSet<&str>) -> LiteMap<String, T> {
    let rows = all.iter().filter(|(key, _)| used.contains(key.as_str()));
    rows.map(|(key, row)| (key.clone(), row.clone())).collect()
}

/// Every text of a bundle that is shown.
fn shown_texts<'p>(
    project: &'p Project,
    measures: &[(Code, &'p Policy, &'p PolicyMeasure)],
    regions: &'p CodeNames,
) -> Vec<&'p str> {
    let catalogue = &project.tables.catalogue;
    let mut texts: Vec<&str> = Vec::new();
    for fact in catalogue.facts.values() {
        texts.extend([&fact.name, &fact.unit, &fact.question, &fact.help].map(String::as_str));
        texts.extend(fact.options.iter().map(String::as_str));
    }
    for item in catalogue.items.values() {
        texts.push(&item.name);
        texts.extend(item.levels.iter().map(String::as_str));
    }
    texts.extend(catalogue.lists.values().map(|list| list.name.as_str()));
    texts.extend(catalogue.params.values().map(|param| param.name.as_str()));
    texts.extend(catalogue.sizes.iter().map(|size| size.name.as_str()));
    texts.extend(catalogue.themes.values().map(String::as_str));
    texts.extend(regions.iter().chain(catalogue.industries.iter()).map(|(_, name)| name));
    for (_, policy, m) in measures {
        texts.extend([&m.measure.name, &m.measure.issuer, &m.card.summary].map(String::as_str));
        texts.extend(m.measure.exclusions.iter().map(|(group, _)| group.as_str()));
        texts.extend(m.card.texts.iter().map(String::as_str));
        texts.extend([&m.detail.document, &m.detail.number, &m.detail.benefit_note].map(String::as_str));
        texts.extend(m.detail.materials.iter().flat_map(|m| [m.name.as_str(), &m.how]));
        texts.extend(m.detail.handling.iter().flat_map(|(label, text)| [label.as_str(), text]));
        texts.extend(policy.text.iter().map(|file| file.full.text.as_str()));
    }
    texts
}

/// Stores the table of one area with its cards and pages; returns its name.
fn table(measures: &[(Code, &Policy, &PolicyMeasure)], parts: &Parts<'_>) -> anyhow::Result<String> {
    let mut table = Table::default();
    let mut cards = Vec::new();
    let mut details = Vec::new();
    for (_, policy, m) in measures {
        table.measures.push(m.measure.clone());
        cards.push(m.card.clone());
        let text = match &policy.text {
            Some(file) => parts.add(PartKind::Text, &bundle::encode_full_text(&file.full))?,
            None => String::new(),
        };
        details.push(Detail { text, ..m.detail.clone() });
    }
    for block in cards.chunks(CARDS_PER_BLOCK) {
        table.cards.push(parts.add(PartKind::Cards, &bundle::encode_cards(block))?);
    }
    for block in details.chunks(DETAILS_PER_BLOCK) {
        table.details.push(parts.add(PartKind::Details, &bundle::encode_details(block))?);
    }
    parts.add(PartKind::Table, &table.encode())
}

/// What `huiqi search` needs beside the index to filter and decide without the
/// policies: written with the index, read by the same program.
#[derive(Debug)]
pub struct Local {
    /// All measures, in the order of the index.
    pub table: Table,
    /// The whole catalogue.
    pub catalogue: Catalogue,
    /// Synonyms and words.
    pub vocabulary: Vocabulary,
}

impl Local {
    const NAME: &'static str = "huiqi.bin";

    fn write(&self, index_dir: &Path) -> anyhow::Result<()> {
        let mut w = Writer::new();
        w.blob(&self.table.encode());
        w.blob(&bundle::encode_catalogue(&self.catalogue));
        w.blob(&bundle::encode_names(PartKind::Regions, &self.catalogue.regions));
        w.blob(&bundle::encode_names(PartKind::Industries, &self.catalogue.industries));
        w.blob(&bundle::encode_vocabulary(&self.vocabulary));
        parts::write_whole(&index_dir.join(Self::NAME), &w.into_bytes(), true)
    }

    /// Reads what the last build left beside the index.
    ///
    /// # Errors
    /// When it is missing, of another version or damaged.
    pub fn read(index_dir: &Path) -> anyhow::Result<Self> {
        let path = index_dir.join(Self::NAME);
        let again = || format!("{} 读不了，请重新运行 huiqi build", path.display());
        let bytes = std::fs::read(&path).with_context(again)?;
        let mut r = Reader::new(&bytes);
        let [table, catalogue, regions, industries, vocabulary] = std::array::from_fn(|_| r.blob());
        r.end().with_context(again)?;
        let mut catalogue = bundle::decode_catalogue(catalogue).with_context(again)?;
        catalogue.regions = bundle::decode_names(PartKind::Regions, regions).with_context(again)?;
        catalogue.industries = bundle::decode_names(PartKind::Industries, industries).with_context(again)?;
        let vocabulary = bundle::decode_vocabulary(vocabulary).with_context(again)?;
        Ok(Self { table: Table::decode(table).with_context(again)?, catalogue, vocabulary })
    }
}

/// The search index of an area of the bundle in a folder, if this program can read it.
fn previous(out: &Path, area: Code) -> Option<Previous> {
    let read = |name: &str| parts::read(out, name).ok();
    let catalog = Catalog::parse(&std::fs::read(out.join(CATALOG_NAME)).ok()?).ok()?;
    let (_, _, root) = catalog.areas.iter().find(|(code, ..)| *code == area)?;
    let root = Root::decode(&read(root)?).ok()?;
    let manifest = Manifest::decode(&read(&root.manifest)?).ok()?;
    let complete = manifest.parts.iter().all(|name| out.join(format!("{name}.{PART_EXTENSION}")).is_file());
    complete.then_some(Previous { root, manifest })
}

/// Publish times only go up, so that a browser can refuse an older bundle.
fn next_sequence(out: &Path, wanted: u64) -> anyhow::Result<u64> {
    let path = out.join(CATALOG_NAME);
    let Ok(bytes) = std::fs::read(&path) else { return Ok(wanted) };
    let old = Catalog::parse(&bytes).with_context(|| {
        format!("{} 不是 huiqi 的发布目录，不会覆盖；请换一个 --out，或先移走这个文件", path.display())
    })?;
    if wanted <= old.sequence {
        anyhow::bail!(
            "发布序号 {wanted} 不大于已发布的 {}，浏览器会当成旧数据拒绝；请用更大的 --sequence",
            old.sequence
        );
    }
    Ok(wanted)
}

/// Puts the catalog in place, after everything that it names is on the disk.
fn publish(out: &Path, catalog: &Catalog, key: Option<&Secret>) -> anyhow::Result<()> {
    let text = catalog.print();
    let text = key.map_or_else(|| text.clone(), |key| key.sign(&text));
    if text.len() > bundle::CATALOG_LIMIT {
        anyhow::bail!(
            "{CATALOG_NAME} 有 {} 字节，最多 {}：发布单位名称太长，或者分区太多（{} 个，可以在 huiqi.yaml 里把“分区”改成“按省”或“不分”）",
            text.len(),
            bundle::CATALOG_LIMIT,
            catalog.areas.len()
        );
    }
    parts::write_whole(&out.join(CATALOG_NAME), text.as_bytes(), true)
}

fn split_regions(all: &CodeNames, parts: &Parts<'_>) -> anyhow::Result<RegionRoot> {
    let mut root = RegionRoot::default();
    let mut counties: BTreeMap<Code, CodeNames> = BTreeMap::new();
    for (code, name) in all.iter() {
        match (code.as_str().len(), code.as_str().get(..2).and_then(Code::new)) {
            (6, Some(province)) => counties.entry(province).or_default().insert(code, name),
            _ => root.names.insert(code, name),
        }
    }
    for (province, names) in counties {
        let name = parts.add(PartKind::Counties, &bundle::encode_names(PartKind::Counties, &names))?;
        root.counties.push((province, name));
    }
    Ok(root)
}

/// Only rows that some rule or the first screen uses. Numbers stay.
fn used_rows(all: &Catalogue, measures: &[Measure]) -> Catalogue {
    let mut facts: BTreeSet<FactNo> = BTreeSet::new();
    let mut items: BTreeSet<ItemNo> = BTreeSet::new();
    let mut lists: BTreeSet<ListNo> = BTreeSet::new();
    let mut params: BTreeSet<ParamNo> = BTreeSet::new();
    let themes: BTreeSet<ThemeNo> = measures.iter().flat_map(|m| m.themes.iter().copied()).collect();
    let mut size = false;
    for (no, fact) in &all.facts {
        if fact.core {
            facts.insert(*no);
        }
    }
    for measure in measures {
        walk_measure(measure, &mut |e| {
            facts.extend(e.fact());
            match e {
                Expr::Has(fact, _, list)
                    if all.facts.get(fact).is_some_and(|f| f.kind.item_class().is_some()) =>
                {
                    items.extend(list.iter().map(|i| i.item));
                }
                Expr::In(_, Members::Codes(named, _), _) => lists.extend(named),
                Expr::PickFact(_, rows) => {
                    for (head, _) in rows {
                        if let rule::Head::In(Members::Codes(named, _)) = head {
                            lists.extend(named);
                        }
                    }
                }
                Expr::Param(no, _) => {
                    params.insert(*no);
                }
                _ => {}
            }
        });
    }
    for no in facts.clone() {
        match all.facts.get(&no).and_then(|f| f.derived) {
            Some(huiqi_engine::catalogue::Derived::Size) => size = true,
            Some(huiqi_engine::catalogue::Derived::Age) => {
                facts.extend(all.fact_by_id("found_date").map(|(n, _)| n))
            }
            None => {}
        }
    }
    if size {
        facts.extend(all.fact_by_id("total_assets").map(|(n, _)| n));
    }
    // What implies a used qualification is worth asking for as well.
    let implying: Vec<ItemNo> = all
        .items
        .iter()
        .filter(|(_, q)| q.implies.iter().any(|i| items.contains(i)))
        .map(|(n, _)| *n)
        .collect();
    items.extend(implying);
    Catalogue {
        facts: all.facts.iter().filter(|(no, _)| facts.contains(no)).map(|(n, f)| (*n, f.clone())).collect(),
        items: pick(&all.items, &items),
        lists: pick(&all.lists, &lists),
        params: pick(&all.params, &params),
        sizes: all.sizes.clone(),
        themes: pick(&all.themes, &themes),
        ..Catalogue::default()
    }
}

fn pick<T: Clone>(all: &LiteMap<u16, T>, used: &BTreeSet<u16>) -> LiteMap<u16, T> {
    all.iter().filter(|(no, _)| used.contains(no)).map(|(no, row)| (*no, row.clone())).collect()
}

fn walk_measure<'a>(measure: &'a Measure, f: &mut impl FnMut(&'a Expr)) {
    for condition in &measure.conditions {
        condition.rule.walk(f);
        if let Some(guard) = &condition.guard {
            guard.walk(f);
        }
    }
    let benefit = &measure.benefit;
    for expr in benefit.amount.iter().chain(benefit.floor.iter()).chain(benefit.caps.iter().map(|(_, e)| e)) {
        expr.walk(f);
    }
}

/// Policy words for the word dictionary: names of qualifications and facts.
fn lexicon(project: &Project) -> BTreeSet<String> {
    let tables = &project.tables;
    let names = tables.catalogue.items.values().map(|q| q.name.clone());
    let facts = tables.catalogue.facts.values().map(|f| f.name.clone());
    let aliases = tables.aliases.items.iter().map(|(a, _)| a.clone());
    let typed = tables.lexicon.iter().flat_map(|s| [s.term.clone(), s.canonical.clone()]);
    names.chain(facts).chain(aliases).chain(typed).filter(|w| w.chars().all(char::is_alphanumeric)).collect()
}

/// What people type and what the texts say, folded.
fn synonyms(project: &Project, simplifier: &Simplifier) -> Vec<(String, Vec<String>)> {
    let folded = |text: &str| -> String { fold_text(text, simplifier).into_iter().collect() };
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |from: &str, to: &str| {
        let means = all.entry(folded(from)).or_default();
        let to = folded(to);
        if !means.contains(&to) {
            means.push(to);
        }
    };
    for synonym in &project.tables.lexicon {
        add(&synonym.term, &synonym.canonical);
        if synonym.relation == Relation::Same {
            add(&synonym.canonical, &synonym.term);
        }
    }
    all.into_iter().collect()
}

fn search_document(area: Code, policy: &Policy, m: &PolicyMeasure, catalogue: &Catalogue) -> SearchDocument {
    let measure = &m.measure;
    let regions: Vec<String> = measure.regions.iter().map(|c| catalogue.region_name(*c)).collect();
    let word = |all: &[(&'static str, BenefitKind)], kind| {
        all.iter().find(|(_, k)| *k == kind).map_or("", |(n, _)| *n)
    };
    let mut body = vec![word(&BenefitKind::ALL, measure.benefit.kind).to_owned()];
    body.extend(Selection::ALL.iter().filter(|(_, s)| *s == measure.selection).map(|(n, _)| (*n).to_owned()));
    body.extend(Audience::ALL.iter().filter(|(_, a)| *a == measure.audience).map(|(n, _)| (*n).to_owned()));
    walk_measure(measure, &mut |e| match e {
        Expr::Has(..) | Expr::In(..) | Expr::Compare(..) | Expr::Flag(_) | Expr::Rising(..) => {
            // 不含 and 不属于 name what is not meant; a search for it should
            // not find this measure first.
            let negative = matches!(e, Expr::Has(_, Mode::None, _) | Expr::In(_, _, true));
            if !negative {
                body.push(print_expr(e, catalogue, &m.card.texts));
            }
        }
        Expr::PickFact(fact, rows) => {
            for (head, _) in rows {
                if let rule::Head::In(Members::Options(options)) = head {
                    body.extend(options.iter().map(|o| catalogue.item_name(*fact, *o).to_owned()));
                }
            }
        }
        _ => {}
    });
    // A clause number says nothing by itself, and every document has a 第一条.
    let added = measure.conditions.iter().filter(|c| c.kind == RowKind::Area).map(|c| m.card.text(c.basis));
    let bases: BTreeSet<&str> = m.bases().chain(added).collect();
    body.extend(m.card.texts.iter().filter(|text| !bases.contains(text.as_str())).cloned());
    body.extend(m.detail.materials.iter().map(|m| m.name.clone()));
    body.push(m.detail.benefit_note.clone());
    if let Some(file) = &policy.text {
        body.push(clauses_of(policy, m, &file.full));
    }
    SearchDocument {
        area,
        head: Head {
            id: measure.id.clone(),
            name: measure.name.clone(),
            document: m.detail.document.clone(),
            issuer: measure.issuer.clone(),
            issued: m.detail.issued,
            regions: measure.regions.clone(),
        },
        fields: [
            measure.name.clone(),
            format!("{} {} {} {}", m.detail.document, m.detail.number, measure.issuer, regions.join(" ")),
            m.card.summary.clone(),
            body.join(" "),
        ],
    }
}

/// The clauses of the full text that a measure names, and those that no
/// measure of the document names: they concern all of them.
fn clauses_of(policy: &Policy, m: &PolicyMeasure, full: &FullText) -> String {
    let named = |m: &PolicyMeasure| -> Vec<(usize, usize)> {
        let bases: BTreeSet<&str> = m.bases().collect();
        let clauses = full.clauses.iter().filter(|(clause, ..)| bases.contains(clause.as_str()));
        clauses.map(|(_, from, to)| (*from as usize, *to as usize)).collect()
    };
    let own = named(m);
    let others: Vec<(usize, usize)> = policy.measures.iter().flat_map(named).collect();
    let inside =
        |at: usize, list: &[(usize, usize)]| list.iter().any(|(from, to)| (*from..*to).contains(&at));
    let keep = |at: usize| inside(at, &own) || !inside(at, &others);
    full.text.chars().enumerate().map(|(at, c)| if keep(at) { c } else { ' ' }).collect()
}
