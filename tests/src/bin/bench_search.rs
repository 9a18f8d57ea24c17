//! Figures of search: building, republishing, known items, real questions.
//!
//! `bench_search known FOLDER WORK LABEL [areas]` takes `corpus.jsonl` and `queries.jsonl` of a folder, builds the
//! index in WORK and looks every query up in the published parts. `bench_search real SHARED WORK` takes real
//! documents and questions. `bench_search republish FOLDER WORK LABEL` changes one document.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use huiqi::fields::Sink;
use huiqi::text_index::{self, SearchDocument};
use huiqi_engine::catalogue::Code;
use huiqi_engine::date::Date;
use huiqi_engine::fold::Simplifier;
use huiqi_engine::search::{Head, Index, Query, search};
use huiqi_tests::site::Site;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["known", folder, work, label] => known(Path::new(folder), Path::new(work), label, false),
        ["known", folder, work, label, "areas"] => known(Path::new(folder), Path::new(work), label, true),
        ["republish", folder, work, label] => republish(Path::new(folder), Path::new(work), label),
        ["real", shared, work] => real(Path::new(shared), Path::new(work)),
        _ => bail!("bench_search known|republish FOLDER WORK LABEL, or bench_search real SHARED WORK"),
    }
}

fn figure(name: &str, value: f64, unit: &str) -> Result<()> {
    let value = (value * 10_000.0).round() / 10_000.0;
    Ok(writeln!(std::io::stdout(), "{}", json!({"name": name, "value": value, "unit": unit}))?)
}

/// Documents of a JSON-lines file.
fn documents(path: &Path, areas: Option<&Areas>) -> Result<impl Iterator<Item = SearchDocument>> {
    let file = fs::File::open(path).with_context(|| format!("{}", path.display()))?;
    let rows = BufReader::new(file).lines().map_while(|line| serde_json::from_str::<Value>(&line.ok()?).ok());
    Ok(rows.map(move |row| document(&row, areas)))
}

fn document(row: &Value, areas: Option<&Areas>) -> SearchDocument {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let body = if row["body"].is_null() { text("text") } else { text("body") };
    SearchDocument {
        area: areas.map_or(Code::ALL, |areas| areas.of(&text("region"))),
        head: Head {
            id: text("id"),
            name: text("title"),
            issued: Date::parse(&text("date")),
            ..Head::default()
        },
        fields: [text("title"), String::new(), String::new(), body],
    }
}

/// Provinces by the names of places.
struct Areas(Vec<(String, Code)>);

impl Areas {
    fn new() -> Result<Self> {
        let tables = huiqi::catalogue::load(Path::new(""), &mut Sink::default());
        let mut names: Vec<(String, Code)> = Vec::new();
        for (code, name) in tables.catalogue.regions.iter() {
            if let Some(province) = code.as_str().get(..2).and_then(Code::new) {
                names.push((name.to_owned(), province));
            }
        }
        // A prefecture before a county of the same name.
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.chars().count()));
        Ok(Self(names))
    }

    fn of(&self, region: &str) -> Code {
        self.0.iter().find(|(name, _)| region.starts_with(name.as_str())).map_or(Code::ALL, |(_, code)| *code)
    }
}

/// What one cold query took.
#[derive(Debug, Default, Clone)]
struct Cost {
    /// Bytes until ten hits can be shown, and of these the heads.
    first: usize,
    heads: usize,
    /// Requests until then, heads apart.
    requests: usize,
    /// Whether it has traditional characters, so that the table of them is fetched first.
    traditional: bool,
    /// Round trips until then.
    trips: usize,
    /// Bytes until nothing changes any more, heads apart.
    all: usize,
    first_ids: Vec<String>,
    ids: Vec<String>,
}

fn cold(site: &Site, areas: &[String], text: &str, simplifier: &Simplifier) -> Result<Cost> {
    let mut index = site.index_of(areas)?;
    let mut cost = Cost::default();
    let query = Query::new(text, simplifier);
    if query != Query::new(text, &Simplifier::default())
        && let Some(root) = index.root(0)
    {
        cost.traditional = true;
        cost.trips = 1;
        cost.requests = 1;
        cost.first = site.sizes[&root.simplifier];
    }
    // A page of blocks is a round trip of its own; the first answer needs the blocks.
    let mut names = index.needs(&query);
    loop {
        if names.is_empty() {
            break;
        }
        cost.trips += 1;
        cost.requests += names.len();
        cost.first += site.fetch(&mut index, &names)?;
        let hits = index.search(&query);
        names = index.needs(&query);
        if !hits.all().is_empty() || names.is_empty() {
            break;
        }
    }
    let top = |index: &Index, n| -> Vec<u32> {
        let mut hits = index.search(&query);
        hits.first(n).iter().map(|h| h.doc).collect()
    };
    let docs = top(&index, 10);
    let heads = index.needs_heads(&docs);
    if !heads.is_empty() {
        cost.trips += 1;
        cost.heads = site.fetch(&mut index, &heads)?;
        cost.first += cost.heads;
    }
    let ids = |index: &Index, docs: &[u32]| -> Vec<String> {
        docs.iter().filter_map(|d| Some(index.head(*d)?.id.clone())).collect()
    };
    cost.first_ids = ids(&index, &docs);
    cost.all = cost.first - cost.heads;
    cost.all += site.fetch_all(&mut index, &query)?;
    let docs = top(&index, 10);
    let heads = index.needs_heads(&docs);
    site.fetch(&mut index, &heads)?;
    cost.ids = ids(&index, &docs);
    Ok(cost)
}

fn quantile(values: &mut [usize], share: f64) -> f64 {
    values.sort_unstable();
    let at = ((values.len() as f64 * share).ceil() as usize).clamp(1, values.len().max(1)) - 1;
    values.get(at).map_or(0.0, |v| *v as f64)
}

/// Peak resident memory of this process in MB.
fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<f64>().ok())
        .map_or(0.0, |kb| kb / 1024.0)
}

fn known(folder: &Path, work: &Path, label: &str, with_areas: bool) -> Result<()> {
    let areas = if with_areas { Some(Areas::new()?) } else { None };
    let _ = fs::remove_dir_all(work);
    let start = Instant::now();
    let corpus = folder.join("corpus.jsonl");
    let site = Site::build(work, documents(&corpus, areas.as_ref())?, text_index::default_threads(), None)?;
    let seconds = start.elapsed().as_secs_f64();
    let index = &site.text;
    for (kind, (count, bytes)) in &site.by_kind {
        eprintln!("    {kind}: {count}, {bytes} B");
    }
    let count = index.entries().len();
    // What the pages of the peers' bench need beside the parts.
    fs::write(work.join("root.txt"), site.root()?)?;
    let build =
        json!({"buildMs": seconds * 1000.0, "docsPerSec": count as f64 / seconds, "maxRssMiB": peak_mb()});
    fs::write(work.join("build.json"), build.to_string())?;
    figure(&format!("search.build.docs_per_s.{label}"), count as f64 / seconds, "docs/s")?;
    figure(&format!("search.build.peak_mb.{label}"), peak_mb(), "MB")?;
    let area_of: HashMap<&str, &str> =
        index.entries().iter().map(|e| (e.id.as_str(), e.area.as_str())).collect();

    let queries = BufReader::new(fs::File::open(folder.join("queries.jsonl"))?);
    let mut by_class: BTreeMap<String, Vec<(String, usize, Cost)>> = BTreeMap::new();
    for line in queries.lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let area = area_of.get(text("doc")).map_or_else(String::new, |a| (*a).to_owned());
        let cost = cold(&site, &[area], text("q"), index.simplifier())?;
        let length = text("q").chars().filter(|c| c.is_alphanumeric()).count();
        by_class.entry(text("cls").to_owned()).or_default().push((text("doc").to_owned(), length, cost));
    }
    for (class, rows) in &by_class {
        let n = rows.len() as f64;
        let found = |ids: &[String], doc: &String| ids.iter().position(|id| id == doc);
        let recall = rows.iter().filter(|(doc, _, c)| found(&c.ids, doc).is_some()).count() as f64 / n;
        let first = rows.iter().filter(|(doc, _, c)| found(&c.first_ids, doc).is_some()).count() as f64 / n;
        let mrr: f64 =
            rows.iter().filter_map(|(doc, _, c)| found(&c.ids, doc)).map(|r| 1.0 / (r + 1) as f64).sum();
        figure(&format!("search.known_item.{label}.{class}.r10"), recall, "")?;
        figure(&format!("search.known_item.{label}.{class}.mrr"), mrr / n, "")?;
        figure(&format!("search.known_item.{label}.{class}.first_answer_r10"), first, "")?;
    }
    let all: Vec<&(String, usize, Cost)> = by_class.values().flatten().collect();
    let spread = |name: &str, unit: &str, of: &dyn Fn(&Cost) -> usize| -> Result<()> {
        let mut values: Vec<usize> = all.iter().map(|(_, _, c)| of(c)).collect();
        figure(&format!("search.{name}.{label}.median"), quantile(&mut values, 0.5), unit)?;
        figure(&format!("search.{name}.{label}.p90"), quantile(&mut values, 0.9), unit)
    };
    spread("first_bytes", "B", &|c| c.first)?;
    spread("first_bytes_without_heads", "B", &|c| c.first - c.heads)?;
    spread("final_bytes", "B", &|c| c.all + c.heads)?;
    for (name, short) in [("short", true), ("long", false)] {
        let of = |c: &&&(String, usize, Cost)| (c.1 <= 4) == short;
        let requests = all.iter().filter(of).map(|(_, _, c)| c.requests).max().unwrap_or(0);
        figure(&format!("search.requests.{name}.{label}"), requests as f64, "")?;
    }
    for (name, traditional) in [("", false), ("traditional.", true)] {
        let of = all.iter().filter(|(_, _, c)| c.traditional == traditional);
        figure(
            &format!("search.round_trips.{name}{label}"),
            of.map(|(_, _, c)| c.trips).max().unwrap_or(0) as f64,
            "",
        )?;
    }
    let root: usize = site.roots.values().map(|name| site.sizes[name]).max().unwrap_or(0);
    figure(&format!("search.root_bytes.{label}"), root as f64, "B")?;
    figure(&format!("search.index_bytes.{label}"), site.sizes.values().sum::<usize>() as f64, "B")?;
    figure(&format!("search.index_files.{label}"), site.sizes.len() as f64, "")
}

fn republish(folder: &Path, work: &Path, label: &str) -> Result<()> {
    let _ = fs::remove_dir_all(work);
    let mut all: Vec<SearchDocument> = documents(&folder.join("corpus.jsonl"), None)?.collect();
    let publish = |all: &[SearchDocument], before: Option<&Site>| {
        Site::build(work, all.iter().cloned(), text_index::default_threads(), before)
    };
    let mut site = publish(&all, None)?;
    let total: usize = site.sizes.values().sum();
    let middle = all.len() / 2;
    for step in ["add", "edit", "delete"] {
        match step {
            "add" => {
                let mut new = all[middle].clone();
                new.head.id = "new".to_owned();
                all.push(new);
            }
            "edit" => all[middle].fields[3].push_str("本办法另有规定的除外。"),
            _ => drop(all.remove(middle)),
        }
        let start = Instant::now();
        let next = publish(&all, Some(&site))?;
        let ms = start.elapsed().as_secs_f64() * 1000.0;
        let renamed: usize = next.fresh.iter().map(|name| next.sizes[name]).sum();
        figure(&format!("search.republish.{step}.ms.{label}"), ms, "ms")?;
        figure(&format!("search.republish.{step}.renamed_share.{label}"), renamed as f64 / total as f64, "")?;
        site = next;
    }
    Ok(())
}

/// Plain bigrams, BM25 with k1 = 1.2 and b = 0.75 over title and text: what is to be beaten.
struct Plain {
    lists: HashMap<(char, char), Vec<(u32, u32)>>,
    lengths: Vec<f64>,
}

impl Plain {
    fn new(rows: &[Value]) -> Self {
        let mut plain = Self { lists: HashMap::new(), lengths: Vec::new() };
        for (doc, row) in (0u32..).zip(rows) {
            let text = format!(
                "{}\n{}",
                row["title"].as_str().unwrap_or_default(),
                row["text"].as_str().unwrap_or_default()
            );
            plain.lengths.push(text.chars().count() as f64);
            for pair in Self::pairs(&text) {
                let list = plain.lists.entry(pair).or_default();
                match list.last_mut() {
                    Some((last, count)) if *last == doc => *count += 1,
                    _ => list.push((doc, 1)),
                }
            }
        }
        plain
    }

    fn pairs(text: &str) -> Vec<(char, char)> {
        let folded: Vec<char> = text.chars().map(huiqi_engine::fold::fold).collect();
        let word = |c: char| c.is_alphanumeric();
        folded.windows(2).filter(|w| word(w[0]) && word(w[1])).map(|w| (w[0], w[1])).collect()
    }

    fn rank(&self, query: &str, want: u32) -> Option<usize> {
        let n = self.lengths.len() as f64;
        let average = self.lengths.iter().sum::<f64>() / n;
        let mut scores = vec![0.0; self.lengths.len()];
        for pair in Self::pairs(query).into_iter().collect::<BTreeSet<_>>() {
            let Some(list) = self.lists.get(&pair) else { continue };
            let df = list.len() as f64;
            let idf = ((n - df + 0.5) / (df + 0.5) + 1.0).ln();
            for (doc, tf) in list {
                let (tf, norm) = (f64::from(*tf), 0.25 + 0.75 * self.lengths[*doc as usize] / average);
                scores[*doc as usize] += idf * tf * 2.2 / (tf + 1.2 * norm);
            }
        }
        let score = scores[want as usize];
        let better =
            scores.iter().zip(0u32..).filter(|(s, d)| **s > score || (**s == score && *d < want)).count();
        (score > 0.0).then_some(better)
    }
}

/// Rank from 0 of the right document per question.
type Ranks = Vec<Option<usize>>;

/// What a rank is worth.
type Worth = fn(usize) -> f64;

const MEASURES: [(&str, Worth); 3] = [
    ("r1", |rank| f64::from(u8::from(rank == 0))),
    ("r10", |rank| f64::from(u8::from(rank < 10))),
    ("mrr", |rank| if rank < 10 { 1.0 / (rank + 1) as f64 } else { 0.0 }),
];

fn real(shared: &Path, work: &Path) -> Result<()> {
    let read = |path: PathBuf| -> Result<Vec<Value>> {
        let file = BufReader::new(fs::File::open(&path).with_context(|| format!("{}", path.display()))?);
        file.lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
    };
    let rows = read(shared.join("corpus/documents.jsonl"))?;
    let questions = read(shared.join("bench/queries.dev.jsonl"))?;
    let _ = fs::remove_dir_all(work);
    let lexicon = BTreeSet::new();
    let documents = rows.iter().map(|row| document(row, None));
    let index = text_index::update_and_open(
        &work.join("index"),
        documents,
        &lexicon,
        text_index::default_threads(),
        |_| {},
    )?;
    let number: HashMap<&str, u32> =
        index.entries().iter().zip(0u32..).map(|(e, n)| (e.id.as_str(), n)).collect();
    let plain = Plain::new(&rows);
    let row_of: HashMap<&str, u32> =
        rows.iter().zip(0u32..).filter_map(|(r, n)| Some((r["id"].as_str()?, n))).collect();

    let mut ranked: Vec<(Vec<u8>, Option<usize>, Option<usize>)> = Vec::new();
    for question in &questions {
        let text = |key: &str| question[key].as_str().unwrap_or_default();
        let query = Query::new(text("query"), index.simplifier());
        let mut hits = search(&query, &index);
        let want = number[text("doc_id")];
        let ours = hits.first(20).iter().position(|h| h.doc == want);
        let theirs = plain.rank(text("query"), row_of[text("doc_id")]);
        ranked.push((Sha1::digest(text("id").as_bytes()).to_vec(), ours, theirs));
    }
    // By the hash of the id: 400 to tune with, the rest to be held to.
    ranked.sort();
    for (set, rows) in [("tune", &ranked[..400]), ("held", &ranked[400..])] {
        let ours: Ranks = rows.iter().map(|r| r.1).collect();
        let theirs: Ranks = rows.iter().map(|r| r.2).collect();
        for (measure, of) in MEASURES {
            let mean =
                |ranks: &Ranks| ranks.iter().flatten().map(|r| of(*r)).sum::<f64>() / ranks.len() as f64;
            figure(&format!("search.real.{set}.{measure}"), mean(&ours), "")?;
            figure(&format!("search.real.{set}.plain_bigrams.{measure}"), mean(&theirs), "")?;
            let (low, high) = bootstrap(&ours, &theirs, of);
            figure(&format!("search.real.{set}.difference.{measure}.low"), low, "")?;
            figure(&format!("search.real.{set}.difference.{measure}.high"), high, "")?;
        }
    }
    Ok(())
}

/// The 95 % interval of the difference of means over questions drawn again.
fn bootstrap(ours: &Ranks, theirs: &Ranks, of: Worth) -> (f64, f64) {
    let value = |rank: &Option<usize>| rank.map_or(0.0, of);
    let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| value(a) - value(b)).collect();
    let n = differences.len() as u64;
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut means: Vec<f64> = (0..5000)
        .map(|_| (0..n).map(|_| differences[(next() % n) as usize]).sum::<f64>() / n as f64)
        .collect();
    means.sort_by(f64::total_cmp);
    (means[125], means[4874])
}
