//! The search index against simpler ways to find the same: a scan of whole documents, tantivy's own queries,
//! an index built anew.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use huiqi::text_index::{self, SearchDocument};
use huiqi_engine::catalogue::Code;
use huiqi_engine::date::Date;
use huiqi_engine::fold::Simplifier;
use huiqi_engine::search::{
    FIELDS, Gram, Head, Hit, Index, Lookup, Places, Query, Root, Rows, Symbol, Tier, cut, fold_text,
    length_class, month_of, search, text_length,
};
use huiqi_tests::site::Site;
use huiqi_tests::{files_below, say, workspace_root};
use serde_json::Value;
use tantivy::query::{BooleanQuery, Occur, PhraseQuery, TermQuery};
use tantivy::schema::IndexRecordOption;

/// Documents of the project itself: every measure of every policy as it stands in its file.
fn own_documents() -> Result<Vec<SearchDocument>> {
    let mut files = files_below(&workspace_root().join("policies"))?;
    files.retain(|f| f.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    let mut documents = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        let title = text.lines().find_map(|l| l.strip_prefix("标题: ")).unwrap_or_default().to_owned();
        let issued = text.lines().find_map(|l| Date::parse(l.strip_prefix("发布日期: ")?.trim()));
        for piece in text.split("\n  - 编号: ").skip(1) {
            let (id, body) = piece.split_once('\n').unwrap_or((piece, ""));
            let of = |key: &str| {
                body.lines().find_map(|l| l.trim().strip_prefix(key)).unwrap_or_default().to_owned()
            };
            let name = of("名称: ");
            documents.push(SearchDocument {
                area: Code::ALL,
                head: Head {
                    id: id.to_owned(),
                    name: name.clone(),
                    document: title.clone(),
                    issued,
                    ..Head::default()
                },
                fields: [name, title.clone(), of("一句话: "), body.to_owned()],
            });
        }
    }
    ensure!(documents.len() > 300, "only {} documents", documents.len());
    Ok(documents)
}

fn built(dir: &Path, documents: &[SearchDocument], threads: usize, before: Option<&Site>) -> Result<Site> {
    Site::build(dir, documents.iter().cloned(), threads, before)
}

/// Ids, tiers and scores of the best hits.
fn best(index: &mut Index, site: &Site, query: &Query, n: usize) -> Result<Vec<(String, Tier, u32)>> {
    site.fetch_all(index, query)?;
    let hits: Vec<Hit> = index.search(query).first(n).to_vec();
    let docs: Vec<u32> = hits.iter().map(|h| h.doc).collect();
    let names = index.needs_heads(&docs);
    site.fetch(index, &names)?;
    let row = |hit: &Hit| Some((index.head(hit.doc)?.id.clone(), hit.tier, hit.score));
    hits.iter().map(|hit| row(hit).context("a head")).collect()
}

/// Whole documents, read from end to end.
struct Scan {
    ids: Vec<String>,
    rows: Rows,
    lists: HashMap<Gram, BTreeMap<u32, Places>>,
}

impl Scan {
    fn new(documents: &[SearchDocument], simplifier: &Simplifier) -> Self {
        let mut sorted: Vec<&SearchDocument> = documents.iter().collect();
        sorted.sort_by_key(|d| (std::cmp::Reverse(d.head.issued), &d.head.id));
        let mut lists: HashMap<Gram, BTreeMap<u32, Places>> = HashMap::new();
        for (doc, document) in (0u32..).zip(&sorted) {
            for (field, text) in document.fields.iter().enumerate() {
                for (gram, at) in cut(text, simplifier) {
                    lists.entry(gram).or_default().entry(doc).or_default()[field].push(at);
                    if !gram.is_single() && !gram.is_written() {
                        // Not from the terms: from the character itself.
                        let single = lists.entry(Gram::single(gram.0)).or_default();
                        single.entry(doc).or_default()[field].push(at);
                    }
                }
            }
        }
        let rows = (0u32..)
            .zip(&sorted)
            .map(|(rank, d)| (length_class(text_length(&d.fields)), d.head.issued.map(month_of), Some(rank)));
        Self { ids: sorted.iter().map(|d| d.head.id.clone()).collect(), rows: Rows::new(rows), lists }
    }

    fn best(&self, query: &Query, n: usize) -> Vec<(String, Tier, u32)> {
        let mut hits = search(query, self);
        hits.first(n).iter().map(|h| (self.ids[h.doc as usize].clone(), h.tier, h.score)).collect()
    }
}

impl Lookup for Scan {
    fn rows(&self) -> &Rows {
        &self.rows
    }

    fn list(&self, gram: Gram) -> Option<Cow<'_, [(u32, Symbol)]>> {
        let symbol = |places: &Places| Symbol::new(places.each_ref().map(Vec::len));
        Some(
            self.lists.get(&gram).into_iter().flatten().map(|(doc, places)| (*doc, symbol(places))).collect(),
        )
    }

    fn places(&self, gram: Gram, doc: u32, places: &mut Places) -> bool {
        *places = self.lists.get(&gram).and_then(|l| l.get(&doc)).cloned().unwrap_or_default();
        true
    }
}

/// Numbers below a bound, the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// A piece of a field of letters, digits and Han.
fn piece(draw: &mut Draw, text: &str, simplifier: &Simplifier, longest: usize) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let folded = fold_text(text, simplifier);
    let from = draw.below(characters.len());
    let run = folded[from..].iter().take_while(|c| c.is_alphanumeric()).count();
    let length = 2 + draw.below(longest - 1);
    (run >= 2).then(|| characters[from..from + length.min(run)].iter().collect())
}

/// What tantivy itself finds: every run as a phrase, all content terms, any weighted term.
fn tantivy_sets(index: &tantivy::Index, query: &Query) -> Result<[BTreeSet<String>; 3]> {
    let schema = index.schema();
    let fields: Vec<_> = FIELDS.iter().map(|f| schema.get_field(f.name)).collect::<Result<_, _>>()?;
    let term = |field, gram: Gram| tantivy::Term::from_field_text(field, &gram.text());
    let one = |gram: Gram| -> Box<dyn tantivy::query::Query> {
        let fields = fields.iter().map(|f| -> (Occur, Box<dyn tantivy::query::Query>) {
            (Occur::Should, Box::new(TermQuery::new(term(*f, gram), IndexRecordOption::Basic)))
        });
        Box::new(BooleanQuery::new(fields.collect()))
    };
    let run = |text: &[char]| -> Box<dyn tantivy::query::Query> {
        let pairs: Vec<Gram> = text.windows(2).map(|w| Gram(w[0], w[1])).collect();
        if let [pair] = pairs[..] {
            return one(pair);
        }
        let fields = fields.iter().map(|f| -> (Occur, Box<dyn tantivy::query::Query>) {
            let terms = pairs.iter().enumerate().map(|(at, gram)| (at, term(*f, *gram)));
            (Occur::Should, Box::new(PhraseQuery::new_with_offset(terms.collect())))
        });
        Box::new(BooleanQuery::new(fields.collect()))
    };
    let must = |parts: Vec<Box<dyn tantivy::query::Query>>, occur| {
        BooleanQuery::new(parts.into_iter().map(|q| (occur, q)).collect())
    };
    let content = query.terms.iter().filter(|t| t.is_content()).map(|t| one(t.gram)).collect();
    let weighted = query.terms.iter().filter(|t| t.weight > 0).map(|t| one(t.gram)).collect();
    let runs = query.runs.iter().map(|r| run(&r.text)).collect();
    let searcher = index.reader()?.searcher();
    let mut sets = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    let queries = [must(runs, Occur::Must), must(content, Occur::Must), must(weighted, Occur::Should)];
    for (set, query) in sets.iter_mut().zip(queries) {
        let found: BTreeSet<_> =
            searcher.search(&query, &tantivy::collector::DocSetCollector)?.into_iter().collect();
        for address in found {
            let ids = searcher.segment_reader(address.segment_ord).fast_fields().str("id")?.context("ids")?;
            let mut id = String::new();
            ids.ord_to_str(ids.term_ords(address.doc_id).next().context("an id")?, &mut id)?;
            set.insert(id);
        }
    }
    Ok(sets)
}

/// The same first ten as a scan, the same sets as tantivy.
fn compare(documents: &[SearchDocument], queries: &[String]) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let built = built(dir.path(), documents, 2, None)?;
    let simplifier = built.text.simplifier();
    let scan = Scan::new(documents, simplifier);
    let own = tantivy::Index::open_in_dir(dir.path().join("index"))?;
    let mut index = built.index()?;
    for text in queries {
        let query = Query::new(text, simplifier);
        let ours = best(&mut index, &built, &query, 10)?;
        ensure!(
            ours == scan.best(&query, 10),
            "{text}: {ours:#?}, a scan gives {:#?}",
            scan.best(&query, 10)
        );
        let mut offline = search(&query, &built.text);
        let offline: Vec<(String, Tier, u32)> = offline
            .first(10)
            .iter()
            .map(|h| (built.text.entries()[h.doc as usize].id.clone(), h.tier, h.score))
            .collect();
        ensure!(ours == offline, "{text}: the command ranks {offline:#?}");
        // A run of one character is no phrase, and quotation marks limit all sets.
        if query.runs.iter().any(|r| r.text.len() < 2 || r.exact) {
            continue;
        }
        let [phrase, all, any] = tantivy_sets(&own, &query)?;
        let hits = index.search(&query);
        let ids = |keep: &dyn Fn(Tier) -> bool| -> BTreeSet<String> {
            let hits = hits.all().iter().filter(|h| keep(h.tier));
            hits.map(|h| built.text.entries()[h.doc as usize].id.clone()).collect()
        };
        ensure!(ids(&|t| t >= Tier::Phrase) == phrase, "{text}: another set of phrases");
        ensure!(ids(&|t| t >= Tier::All) == all, "{text}: another set of all terms");
        ensure!(ids(&|_| true) == any, "{text}: another set of any term");
    }
    Ok(())
}

#[test]
fn own_texts_are_ranked_like_a_scan_and_found_like_tantivy() -> Result<()> {
    let documents = own_documents()?;
    let simplifier = text_index::simplifier()?;
    let mut draw = Draw(7);
    let mut queries: Vec<String> = Vec::new();
    while queries.len() < 500 {
        let document = &documents[draw.below(documents.len())];
        let mut text = Vec::new();
        for _ in 0..=draw.below(3) {
            let field = draw.below(FIELDS.len());
            text.extend(piece(&mut draw, &document.fields[field], &simplifier, 9));
        }
        if !text.is_empty() {
            queries.push(text.join(" "));
        }
    }
    compare(&documents, &queries)
}

#[test]
fn real_questions_are_ranked_like_a_scan_and_found_like_tantivy() -> Result<()> {
    let shared = workspace_root().join("../shared");
    let (corpus, questions) = (shared.join("corpus/documents.jsonl"), shared.join("bench/queries.dev.jsonl"));
    if !corpus.is_file() || !questions.is_file() {
        say(&format!("SKIPPED: there are no real documents and questions at {}", shared.display()))?;
        return Ok(());
    }
    let rows = |path: &Path| -> Result<Vec<Value>> {
        std::fs::read_to_string(path)?.lines().map(|l| Ok(serde_json::from_str(l)?)).collect()
    };
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let documents: Vec<SearchDocument> = rows(&corpus)?
        .iter()
        .map(|row| SearchDocument {
            area: Code::ALL,
            head: Head {
                id: text(row, "id"),
                name: text(row, "title"),
                issued: Date::parse(&text(row, "date")),
                ..Head::default()
            },
            fields: [text(row, "title"), text(row, "doc_no"), String::new(), text(row, "text")],
        })
        .collect();
    let queries: Vec<String> = rows(&questions)?.iter().map(|row| text(row, "query")).collect();
    ensure!(queries.len() >= 500, "only {} questions", queries.len());
    compare(&documents, &queries)
}

/// Whatever stands in a text is found, and the number of texts that hold it is exact.
#[test]
fn every_piece_of_every_text_is_found() -> Result<()> {
    let documents = own_documents()?;
    let dir = tempfile::tempdir()?;
    let built = built(dir.path(), &documents, 2, None)?;
    let simplifier = built.text.simplifier().clone();
    let mut index = built.index()?;
    let number: HashMap<&str, u32> =
        built.text.entries().iter().zip(0u32..).map(|(e, n)| (e.id.as_str(), n)).collect();
    // Fields apart, so that nothing is found across them.
    let folded: Vec<String> = documents
        .iter()
        .map(|d| d.fields.iter().flat_map(|f| fold_text(f, &simplifier).into_iter().chain([' '])).collect())
        .collect();
    let mut common: HashMap<&str, usize> = HashMap::new();
    for text in &folded {
        let at: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        for pair in at.windows(3).map(|w| &text[w[0]..w[2]]).filter(|p| !p.contains(' ')) {
            *common.entry(pair).or_default() += 1;
        }
    }
    let mut commonest: Vec<(&str, usize)> = common.into_iter().collect();
    commonest.sort_by_key(|(pair, count)| (std::cmp::Reverse(*count), *pair));
    let mut queries: Vec<(String, Option<u32>)> =
        commonest.iter().take(20).map(|(pair, _)| ((*pair).to_owned(), None)).collect();
    let mut draw = Draw(11);
    while queries.len() < 10_020 {
        let document = &documents[draw.below(documents.len())];
        let field = draw.below(FIELDS.len());
        if let Some(text) = piece(&mut draw, &document.fields[field], &simplifier, 12) {
            queries.push((text, Some(number[document.head.id.as_str()])));
        }
    }
    for (at, (text, doc)) in queries.iter().enumerate() {
        let query = Query::new(text, &simplifier);
        built.fetch_all(&mut index, &query)?;
        let hits = index.search(&query);
        let phrases: BTreeSet<u32> =
            hits.all().iter().filter(|h| h.tier >= Tier::Phrase).map(|h| h.doc).collect();
        ensure!(doc.is_none_or(|doc| phrases.contains(&doc)), "{text} does not find where it stands");
        // Every tenth against a scan of everything.
        if at % 10 == 0 {
            let run: String = query.runs.iter().flat_map(|r| &r.text).collect();
            let standing = documents.iter().zip(&folded).filter(|(_, t)| t.contains(&run));
            let standing: BTreeSet<u32> = standing.map(|(d, _)| number[d.head.id.as_str()]).collect();
            ensure!(phrases == standing, "{text}: {} entries, {} hold it", phrases.len(), standing.len());
        }
    }
    Ok(())
}

#[test]
fn changes_rank_like_an_index_built_anew() -> Result<()> {
    let mut documents = own_documents()?;
    let simplifier = text_index::simplifier()?;
    let dir = tempfile::tempdir()?;
    let first = built(dir.path(), &documents, 2, None)?;
    let gone = documents.remove(40);
    documents[7].fields[3].push_str("\n另外，對專精特新企業給予補貼。");
    documents[90].head.issued = Date::new(2031, 5, 1);
    let mut new = documents[150].clone();
    new.head.id = "brand-new".to_owned();
    new.fields[0] = "试验性事项".to_owned();
    documents.push(new);
    let changed = built(dir.path(), &documents, 2, Some(&first))?;
    let root = Root::decode(&changed.part(changed.root()?)?)?;
    ensure!(root.delta.removed.len() == 3 && root.delta.added.len() == 3, "{:?}", root.delta.removed);
    let again = built(dir.path(), &documents, 1, Some(&first))?;
    ensure!(again.roots == changed.roots, "the same sources and the same bundle before gave other bytes");
    let other = tempfile::tempdir()?;
    let anew = built(other.path(), &documents, 2, None)?;
    let (mut old, mut fresh) = (changed.index()?, anew.index()?);
    let mut draw = Draw(3);
    let mut queries = vec![
        "專精特新企業".to_owned(),
        "试验性".to_owned(),
        "“试验性事项”".to_owned(),
        "补".to_owned(),
        gone.fields[0].clone(),
    ];
    while queries.len() < 200 {
        let document = &documents[draw.below(documents.len())];
        let field = draw.below(FIELDS.len());
        queries.extend(piece(&mut draw, &document.fields[field], &simplifier, 8));
    }
    for text in &queries {
        let query = Query::new(text, &simplifier);
        let (a, b) = (best(&mut old, &changed, &query, 60)?, best(&mut fresh, &anew, &query, 60)?);
        ensure!(a == b, "{text}: {a:#?}, built anew {b:#?}");
        ensure!(a.iter().all(|(id, ..)| *id != gone.head.id), "{text} finds what is no more");
    }
    ensure!(
        best(&mut old, &changed, &Query::new("试验性事项", &simplifier), 1)?[0].0 == "brand-new",
        "the new one is first"
    );
    // Rows of the table lie in the same order.
    let query = Query::new("企业", &simplifier);
    changed.fetch_all(&mut old, &query)?;
    for hit in old.search(&query).first(500) {
        let names = old.needs_heads(&[hit.doc]);
        changed.fetch(&mut old, &names)?;
        let id = &old.head(hit.doc).context("a head")?.id;
        let row = old.row(hit.doc).context("a row")?;
        ensure!(changed.text.entries()[row].id == *id, "{id} is not row {row}");
    }
    Ok(())
}

#[test]
fn threads_and_history_leave_no_trace() -> Result<()> {
    let documents = own_documents()?;
    let mut expected: Option<(BTreeMap<String, String>, Vec<String>)> = None;
    for threads in [1, 2, 4] {
        let dir = tempfile::tempdir()?;
        // An index that was something else before.
        built(dir.path(), &documents[..100], threads, None)?;
        let built = built(dir.path(), &documents, threads, None)?;
        let found = (built.roots, built.names);
        ensure!(
            expected.get_or_insert_with(|| found.clone()) == &found,
            "{threads} threads gave other bytes"
        );
    }
    Ok(())
}

#[test]
fn two_entries_of_one_id_are_refused() -> Result<()> {
    let mut documents = own_documents()?;
    documents.truncate(20);
    let dir = tempfile::tempdir()?;
    let before = built(dir.path(), &documents, 2, None)?;
    documents.push(documents[3].clone());
    let refused =
        built(dir.path(), &documents, 2, None).err().context("two entries of one id were indexed")?;
    let id = &documents[3].head.id;
    ensure!(refused.to_string().contains(&format!("两个事项的编号都是 {id}")), "{refused}");
    // The index is as it was.
    documents.pop();
    ensure!(built(dir.path(), &documents, 2, None)?.roots == before.roots, "the index has changed");
    Ok(())
}

#[test]
fn damaged_parts_are_errors() -> Result<()> {
    let documents = own_documents()?;
    let dir = tempfile::tempdir()?;
    let built = built(dir.path(), &documents, 2, None)?;
    let query = Query::new("企业技术改造补助", built.text.simplifier());
    let mut draw = Draw(5);
    let mut refused = 0;
    for round in 0..400 {
        let mut raw = built.part(built.root()?)?;
        if round % 2 == 0 {
            let at = draw.below(raw.len());
            raw[at] ^= 1 << draw.below(8);
        } else {
            raw.truncate(draw.below(raw.len()));
        }
        let Ok(root) = Root::decode(&raw) else {
            refused += 1;
            continue;
        };
        // A root that reads may name anything; what it leads to is read as carefully.
        let mut index = Index::new(vec![root]);
        for name in index.needs(&query) {
            if let Ok(mut raw) = built.part(&name) {
                let at = draw.below(raw.len());
                raw[at] ^= 1 << draw.below(8);
                refused += usize::from(index.provide(&name, &raw).is_err());
            }
        }
        let mut hits = index.search(&query);
        hits.first(10);
        index.needs(&query);
    }
    ensure!(refused > 200, "only {refused} were refused");
    Ok(())
}
