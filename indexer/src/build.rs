//! Writes a bundle: compiles the project into parts, the catalog last.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use flate2::{Compression, GzBuilder};
use huiqi_engine::LiteMap;
use huiqi_engine::bundle::{
    self, CARDS_PER_BLOCK, CATALOG_NAME, Catalog, DETAILS_PER_BLOCK, PART_EXTENSION, PartKind, RegionRoot,
    Table,
};
use huiqi_engine::catalogue::{Catalogue, Code, CodeNames, FactNo, ItemNo, ListNo, ParamNo};
use huiqi_engine::date::Date;
use huiqi_engine::measure::{Audience, BenefitKind, Detail, Measure, Selection};
use huiqi_engine::rule::{Expr, Head, Members, Mode, print_expr};
use huiqi_engine::search::{self, Block, Entry, Root};

use crate::check::Project;
use crate::policy::PolicyMeasure;
use crate::text_index::{self, SearchDocument, TextIndex};

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

/// Parts of a bundle by name.
#[derive(Debug, Default)]
struct Parts {
    stored: BTreeMap<String, Vec<u8>>,
    by_kind: BTreeMap<&'static str, (usize, usize)>,
}

impl Parts {
    /// Compresses and names a part.
    fn add(&mut self, kind: PartKind, raw: &[u8]) -> anyhow::Result<String> {
        // No time and no name in the header: same content, same bytes.
        let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        encoder.write_all(raw)?;
        let stored = encoder.finish()?;
        let name = bundle::part_name(&stored);
        let count = self.by_kind.entry(kind.name()).or_default();
        count.0 += 1;
        count.1 += stored.len();
        self.stored.insert(name.clone(), stored);
        Ok(name)
    }
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
    let measures: Vec<&PolicyMeasure> = published.iter().flat_map(|p| &p.measures).collect();
    if measures.is_empty() {
        anyhow::bail!("没有可以发布的事项：状态是 发布、暂停、额满、被替代 的文件才会进入发布包");
    }
    let simplifier = text_index::simplifier()?;
    let documents: Vec<SearchDocument> = measures.iter().map(|m| search_document(m, catalogue)).collect();
    let total = documents.len();
    text_index::build(index_dir, &documents, &lexicon(project), &simplifier, |at| {
        progress("建索引", at, total)
    })?;
    let index = TextIndex::open(index_dir, simplifier.clone())?;

    progress("生成发布包", 0, 1);
    let mut parts = Parts::default();
    let mut root = Root {
        count: index.len(),
        entries: {
            let entries: Vec<Entry> = documents.iter().map(|d| d.entry.clone()).collect();
            parts.add(PartKind::Entries, &search::encode_entries(&entries))?
        },
        simplifier: parts.add(PartKind::Simplifier, &bundle::encode_simplifier(&simplifier))?,
        words: parts.add(PartKind::Words, &bundle::encode_texts(PartKind::Words, &index.words()?))?,
        blocks: Vec::new(),
    };
    for (first, terms, positions) in index.project()? {
        root.blocks.push(Block {
            first,
            terms: parts.add(PartKind::Terms, &terms.encode())?,
            positions: parts.add(PartKind::Positions, &positions.encode())?,
        });
    }
    let search_root = parts.add(PartKind::SearchRoot, &root.encode())?;

    let mut table =
        Table { measures: measures.iter().map(|m| m.measure.clone()).collect(), ..Table::default() };
    let cards: Vec<_> = measures.iter().map(|m| m.card.clone()).collect();
    for block in cards.chunks(CARDS_PER_BLOCK) {
        table.cards.push(parts.add(PartKind::Cards, &bundle::encode_cards(block))?);
    }
    let mut details = Vec::new();
    for policy in &published {
        let text = match &policy.text {
            Some(file) => parts.add(PartKind::Text, &bundle::encode_full_text(&file.full))?,
            None => String::new(),
        };
        details.extend(policy.measures.iter().map(|m| Detail { text: text.clone(), ..m.detail.clone() }));
    }
    for block in details.chunks(DETAILS_PER_BLOCK) {
        table.details.push(parts.add(PartKind::Details, &bundle::encode_details(block))?);
    }
    let table_name = parts.add(PartKind::Table, &table.encode())?;

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
    let regions = split_regions(&names, &mut parts)?;
    let regions_name = parts.add(PartKind::Regions, &regions.encode())?;
    let industries = bundle::encode_names(PartKind::Industries, &catalogue.industries);
    let industries_name = parts.add(PartKind::Industries, &industries)?;
    let stored: Vec<String> = parts.stored.keys().cloned().collect();
    let files = parts.add(PartKind::Files, &bundle::encode_texts(PartKind::Files, &stored))?;

    let catalog = Catalog {
        sequence: next_sequence(out, options.sequence)?,
        published: options.today,
        expires: Date::from_days(options.today.days() + 30).context("日期超出范围")?,
        publisher: options.publisher.clone(),
        measures: table.measures.len() as u32,
        documents: published.len() as u32,
        catalogue: catalogue_name,
        regions: regions_name,
        industries: industries_name,
        files,
        areas: vec![(Code::ALL, table_name, search_root)],
    };
    let fresh = write(out, &parts, &catalog)?;
    progress("生成发布包", 1, 1);
    Ok(Summary {
        documents: published.len(),
        measures: table.measures.len(),
        parts: (parts.stored.len(), fresh),
        bytes: parts.stored.values().map(Vec::len).sum(),
        by_kind: parts.by_kind,
    })
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

/// Writes parts that are missing, then the catalog; every file appears whole.
/// Returns the number of new parts.
fn write(out: &Path, parts: &Parts, catalog: &Catalog) -> anyhow::Result<usize> {
    std::fs::create_dir_all(out).with_context(|| format!("建不了目录 {}", out.display()))?;
    let mut fresh = 0;
    for (name, bytes) in &parts.stored {
        let path = out.join(format!("{name}.{PART_EXTENSION}"));
        if std::fs::read(&path).is_ok_and(|old| old == *bytes) {
            continue;
        }
        write_whole(&path, bytes)?;
        fresh += 1;
    }
    let text = catalog.print();
    if text.len() > bundle::CATALOG_LIMIT {
        anyhow::bail!(
            "{CATALOG_NAME} 有 {} 字节，最多 {}；发布单位名称太长？",
            text.len(),
            bundle::CATALOG_LIMIT
        );
    }
    write_whole(&out.join(CATALOG_NAME), text.as_bytes())?;
    Ok(fresh)
}

fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("写不进 {}", path.display());
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir).with_context(failed)?;
    file.write_all(bytes).with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A web server runs as another user than the officer.
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).with_context(failed)?;
    }
    file.persist(path).with_context(failed)?;
    Ok(())
}

fn split_regions(all: &CodeNames, parts: &mut Parts) -> anyhow::Result<RegionRoot> {
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
                        if let Head::In(Members::Codes(named, _)) = head {
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

fn search_document(m: &PolicyMeasure, catalogue: &Catalogue) -> SearchDocument {
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
                if let Head::In(Members::Options(options)) = head {
                    body.extend(options.iter().map(|o| catalogue.item_name(*fact, *o).to_owned()));
                }
            }
        }
        _ => {}
    });
    body.extend(m.card.texts.iter().cloned());
    body.extend(m.detail.materials.iter().map(|m| m.name.clone()));
    body.push(m.detail.benefit_note.clone());
    SearchDocument {
        entry: Entry {
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
