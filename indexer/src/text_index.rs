//! The offline index: tantivy holds the truth about which term stands where;
//! the web index is a projection of its postings, and `huiqi search` ranks the
//! very same postings with the engine's scorer.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::Context as _;
use huiqi_engine::catalogue::Code;
use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::date::Date;
use huiqi_engine::fold::Simplifier;
use huiqi_engine::search::{
    FIELDS, Gram, Head, Lookup, Places, Rows, Sounds, Symbol, Word, cut, encode_places, length_class,
    month_of, text_length,
};
use jieba_rs::Jieba;
use pinyin::{ToPinyin as _, ToPinyinMulti as _};
use sha2::{Digest as _, Sha256};
use tantivy::indexer::LogMergePolicy;
use tantivy::postings::Postings as _;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value as _,
};
use tantivy::termdict::{TermDictionary, TermStreamer};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{
    DocAddress, DocSet as _, Index, IndexSettings, IndexWriter, InvertedIndexReader, Searcher, TERMINATED,
    TantivyDocument, Term,
};

use crate::directory::IndexDirectory;

/// Bytes that each thread of the writer may hold before it spills a segment.
const THREAD_MEMORY: usize = 48 << 20;
/// Segments of about one size that are merged into one: updates of a few
/// documents stay cheap, and a hundred updates still leave few segments.
const MERGE_SEGMENTS: usize = 16;
/// Most words offered while typing.
const WORD_LIMIT: usize = 1500;

/// What is indexed of one measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchDocument {
    /// What hits show.
    pub head: Head,
    /// Texts in the order of [`FIELDS`].
    pub fields: [String; FIELDS.len()],
    /// Area of the bundle that it belongs to.
    pub area: Code,
}

impl SearchDocument {
    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        self.area.encode(&mut w);
        self.head.encode(&mut w);
        self.fields.iter().for_each(|f| w.str(f));
        w.into_bytes()
    }

    fn decode(bytes: &[u8]) -> anyhow::Result<Self> {
        let mut r = Reader::new(bytes);
        let document = Self {
            area: Code::read(&mut r),
            head: Head::read(&mut r),
            fields: std::array::from_fn(|_| r.string()),
        };
        r.end()?;
        Ok(document)
    }
}

/// The first eight bytes of the SHA-256 of stored bytes.
fn hash_of(bytes: &[u8]) -> u64 {
    Sha256::digest(bytes).iter().take(8).fold(0, |n, b| n << 8 | u64::from(*b))
}

/// Traditional to simplified for every single character that OpenCC maps to
/// one other character.
///
/// # Errors
/// When the conversion data cannot be opened.
pub fn simplifier() -> anyhow::Result<Simplifier> {
    let opencc = ferrous_opencc::OpenCC::from_config(ferrous_opencc::config::BuiltinConfig::T2s)
        .map_err(|e| anyhow::anyhow!("打不开繁简转换数据：{e}"))?;
    let han = ('\u{3400}'..='\u{4dbf}').chain('\u{4e00}'..='\u{9fff}');
    Ok(Simplifier::new(han.filter_map(|c| {
        let converted = opencc.convert(&c.to_string());
        let mut chars = converted.chars();
        match (chars.next(), chars.next()) {
            (Some(to), None) => Some((c, to)),
            _ => None,
        }
    })))
}

/// First letters of all readings of a character: which one holds in a name is not known, and whoever types one means it.
pub fn initials(c: char) -> Vec<char> {
    let readings = c.to_pinyin_multi().into_iter().flatten();
    let mut letters: Vec<char> = readings.filter_map(|reading| reading.plain().chars().next()).collect();
    letters.sort_unstable();
    letters.dedup();
    letters
}

/// Sounds of the characters of GB 2312, without tones; z, c, s and zh, ch, sh
/// count as the same, and so do n and ng at the end: that is how people from
/// half the country type.
pub fn sounds() -> Sounds {
    let han = ('\u{4e00}'..='\u{9fff}').filter(|c| {
        let text = c.to_string();
        let (bytes, _, failed) = encoding_rs::GBK.encode(&text);
        !failed && matches!(bytes[..], [0xb0..=0xf7, 0xa1..=0xfe])
    });
    let mut numbers: BTreeMap<String, u16> = BTreeMap::new();
    let characters: Vec<(char, u16)> = han
        .filter_map(|c| {
            let plain = c.to_pinyin()?.plain();
            let plain = plain.strip_suffix('g').filter(|p| p.ends_with('n')).unwrap_or(plain);
            let sound = plain.replacen('h', "", usize::from(plain.find('h') == Some(1)));
            let next = numbers.len() as u16;
            Some((c, *numbers.entry(sound).or_insert(next)))
        })
        .collect();
    Sounds::new(characters)
}

#[derive(Clone)]
struct GramTokenizer {
    simplifier: Arc<Simplifier>,
}

struct GramStream {
    grams: std::vec::IntoIter<(Gram, u32)>,
    token: Token,
}

impl Tokenizer for GramTokenizer {
    type TokenStream<'a> = GramStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> GramStream {
        GramStream { grams: cut(text, &self.simplifier).into_iter(), token: Token::default() }
    }
}

impl TokenStream for GramStream {
    fn advance(&mut self) -> bool {
        let Some((gram, position)) = self.grams.next() else { return false };
        gram.write(&mut self.token.text);
        self.token.position = position as usize;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The schema: one field of positions per searched field, and what orders and
/// tells apart documents.
#[derive(Clone)]
struct Layout {
    schema: Schema,
    fields: [Field; FIELDS.len()],
    id: Field,
    hash: Field,
    issued: Field,
    area: Field,
    length: Field,
    words: Field,
    stored: Field,
}

impl Layout {
    fn new() -> Self {
        let mut builder = Schema::builder();
        let text = |tokenizer: &str, option| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(tokenizer)
                    .set_index_option(option)
                    .set_fieldnorms(false),
            )
        };
        let grams = text("grams", IndexRecordOption::WithFreqsAndPositions);
        let fields = FIELDS.map(|f| builder.add_text_field(f.name, grams.clone()));
        Self {
            fields,
            id: builder.add_text_field("id", STRING | FAST),
            hash: builder.add_u64_field("hash", FAST),
            issued: builder.add_i64_field("issued", FAST),
            area: builder.add_text_field("area", STRING | FAST),
            length: builder.add_u64_field("length", FAST),
            // Words are cut before they are added, one per value.
            words: builder.add_text_field("words", text("raw", IndexRecordOption::Basic)),
            stored: builder.add_bytes_field("stored", STORED),
            schema: builder.build(),
        }
    }
}

/// Threads that cut texts, unless told otherwise.
pub fn default_threads() -> usize {
    rayon::current_num_threads().min(8)
}

/// What an update did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Updated {
    /// New or changed documents.
    pub written: usize,
    /// Documents that are no more.
    pub removed: usize,
    /// Documents as before.
    pub unchanged: usize,
}

/// Brings the index in `dir` to hold just `documents`: what has the same
/// content as before is left alone. A broken run leaves the old index.
/// `lexicon` are policy words that jieba's dictionary may not know.
///
/// # Errors
/// When the folder holds something else or cannot be written, or two documents
/// have one id.
pub fn update(
    dir: &Path,
    documents: impl Iterator<Item = SearchDocument>,
    lexicon: &BTreeSet<String>,
    simplifier: &Simplifier,
    threads: usize,
    mut progress: impl FnMut(usize),
) -> anyhow::Result<Updated> {
    let layout = Layout::new();
    let index = open_or_create(dir, &layout, simplifier)?;
    let mut before: BTreeMap<String, u64> = BTreeMap::new();
    for row in all_rows(&index.reader()?.searcher())? {
        before.insert(row.id, row.hash);
    }
    let mut updated = Updated::default();
    let mut writer: Option<IndexWriter> = None;
    let threads = threads.max(1);
    let open = || -> anyhow::Result<IndexWriter> {
        let writer: IndexWriter = index.writer_with_num_threads(threads, threads * THREAD_MEMORY)?;
        let mut merge = LogMergePolicy::default();
        merge.set_min_num_segments(MERGE_SEGMENTS);
        writer.set_merge_policy(Box::new(merge));
        Ok(writer)
    };
    let mut jieba: Option<Jieba> = None;
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (at, document) in documents.enumerate() {
        progress(at);
        let id = &document.head.id;
        if !seen.insert(id.clone()) {
            anyhow::bail!("两个事项的编号都是 {id}，索引没有更新");
        }
        let stored = document.encode();
        let hash = hash_of(&stored);
        let old = before.remove(id);
        if old == Some(hash) {
            updated.unchanged += 1;
            continue;
        }
        let jieba = jieba.get_or_insert_with(|| {
            let mut jieba = Jieba::new();
            for word in lexicon {
                jieba.add_word(word, None, None);
            }
            jieba
        });
        let writer = match &mut writer {
            Some(writer) => writer,
            none => none.insert(open()?),
        };
        if old.is_some() {
            writer.delete_term(Term::from_field_text(layout.id, id));
        }
        let mut row = TantivyDocument::default();
        for (i, text) in document.fields.iter().enumerate() {
            row.add_text(layout.fields[i], text);
        }
        row.add_text(layout.id, id);
        row.add_u64(layout.hash, hash);
        if let Some(day) = document.head.issued {
            row.add_i64(layout.issued, i64::from(day.days()));
        }
        row.add_text(layout.area, document.area.region_text());
        row.add_u64(layout.length, text_length(&document.fields) as u64);
        for word in words_of(jieba, &document) {
            row.add_text(layout.words, word);
        }
        row.add_bytes(layout.stored, &stored);
        writer.add_document(row)?;
        updated.written += 1;
    }
    updated.removed = before.len();
    if !before.is_empty() {
        let writer = match &mut writer {
            Some(writer) => writer,
            none => none.insert(open()?),
        };
        for id in before.keys() {
            writer.delete_term(Term::from_field_text(layout.id, id));
        }
    }
    if let Some(mut writer) = writer {
        writer.commit().with_context(|| format!("写不进 {}", dir.display()))?;
        writer.wait_merging_threads()?;
    }
    Ok(updated)
}

/// [`update`], then opens the index.
///
/// # Errors
/// As [`update`] and [`TextIndex::open`].
pub fn update_and_open(
    dir: &Path,
    documents: impl Iterator<Item = SearchDocument>,
    lexicon: &BTreeSet<String>,
    threads: usize,
    progress: impl FnMut(usize),
) -> anyhow::Result<TextIndex> {
    let simplifier = simplifier()?;
    update(dir, documents, lexicon, &simplifier, threads, progress)?;
    TextIndex::open(dir, simplifier)
}

fn open_or_create(dir: &Path, layout: &Layout, simplifier: &Simplifier) -> anyhow::Result<Index> {
    // Both are tantivy's; a folder with some other meta.json is nobody's to empty.
    let is_index = ["meta.json", ".managed.json"].iter().all(|name| dir.join(name).is_file());
    if !is_index && dir.exists() && std::fs::read_dir(dir)?.next().is_some() {
        anyhow::bail!("{} 不是检索索引目录，不会覆盖；请换一个 --index", dir.display());
    }
    let failed = || format!("写不进 {}", dir.display());
    let mut index = is_index.then(|| open_index(dir)).transpose().unwrap_or_default();
    if index.as_ref().is_none_or(|i| i.schema() != layout.schema) {
        // Another version's, or damaged. It is made of the policies alone, so nothing is lost with it.
        if is_index {
            std::fs::remove_dir_all(dir).with_context(failed)?;
        }
        std::fs::create_dir_all(dir).with_context(failed)?;
        let settings = IndexSettings::default();
        index = Some(
            Index::create(IndexDirectory::open(dir)?, layout.schema.clone(), settings)
                .with_context(failed)?,
        );
    }
    let index = index.with_context(failed)?;
    tokenizers(&index, simplifier);
    Ok(index)
}

fn open_index(dir: &Path) -> tantivy::Result<Index> {
    Index::open(IndexDirectory::open(dir)?)
}

fn tokenizers(index: &Index, simplifier: &Simplifier) {
    index.tokenizers().register("grams", GramTokenizer { simplifier: Arc::new(simplifier.clone()) });
}

/// Distinct words of the name, the title and the summary.
fn words_of(jieba: &Jieba, document: &SearchDocument) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for text in &document.fields[..3] {
        for token in jieba.cut_for_search(text, false) {
            let count = token.word.chars().count();
            if (2..=8).contains(&count) && token.word.chars().all(char::is_alphabetic) {
                words.insert(token.word.to_owned());
            }
        }
    }
    words
}

/// One document as the fast fields have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedRow {
    /// Id of the measure.
    pub id: String,
    /// Hash of its content.
    pub hash: u64,
    /// Day of issue.
    pub issued: Option<Date>,
    /// Area of the bundle.
    pub area: String,
    /// Characters of its fields.
    pub length: u32,
    address: DocAddress,
}

impl IndexedRow {
    /// What orders the entries of an area: newest first, then by id.
    pub fn key(&self) -> (Reverse<Option<Date>>, &str) {
        (Reverse(self.issued), &self.id)
    }
}

fn all_rows(searcher: &Searcher) -> anyhow::Result<Vec<IndexedRow>> {
    let mut rows = Vec::new();
    for (segment, reader) in (0u32..).zip(searcher.segment_readers()) {
        let fast = reader.fast_fields();
        let missing = "索引里缺编号";
        let (ids, areas) = (fast.str("id")?.context(missing)?, fast.str("area")?.context(missing)?);
        let (hashes, lengths, days) = (fast.u64("hash")?, fast.u64("length")?, fast.i64("issued")?);
        for doc in reader.doc_ids_alive() {
            let text = |column: &tantivy::columnar::StrColumn| -> anyhow::Result<String> {
                let mut text = String::new();
                let ord = column.term_ords(doc).next().context(missing)?;
                column.ord_to_str(ord, &mut text)?;
                Ok(text)
            };
            rows.push(IndexedRow {
                id: text(&ids)?,
                hash: hashes.first(doc).context(missing)?,
                issued: days.first(doc).and_then(|d| Date::from_days(d as i32)),
                area: text(&areas)?,
                length: lengths.first(doc).unwrap_or(0) as u32,
                address: DocAddress::new(segment, doc),
            });
        }
    }
    Ok(rows)
}

/// The postings of one term, kept in two vectors however many there are.
#[derive(Debug, Default)]
struct Found {
    /// Number of the entry, field, first and last position in `positions`.
    stands: Vec<(u32, usize, usize, usize)>,
    positions: Vec<u32>,
}

impl Found {
    /// Calls `each` with every entry, ascending, and where the term stands in
    /// each of its fields.
    fn for_each(&mut self, mut each: impl FnMut(u32, [&[u32]; FIELDS.len()])) {
        self.stands.sort_unstable();
        for group in self.stands.chunk_by(|a, b| a.0 == b.0) {
            let mut places: [&[u32]; FIELDS.len()] = Default::default();
            for (_, field, from, to) in group {
                places[*field] = &self.positions[*from..*to];
            }
            each(group[0].0, places);
        }
    }

    fn clear(&mut self) {
        self.stands.clear();
        self.positions.clear();
    }
}

/// Postings of one term in the order of the entries: where it stands, encoded
/// one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermPostings {
    /// Entries with their symbols and where their bytes end.
    pub docs: Vec<(u32, Symbol, usize)>,
    /// Bytes of all positions.
    pub places: Vec<u8>,
}

/// Postings as a query needs them: number of the entry and where the term
/// stands.
type Postings = Vec<(u32, Places)>;

/// An index on disk, opened for reading. Entries are numbered by area, in an
/// area newest first.
pub struct TextIndex {
    searcher: Searcher,
    layout: Layout,
    entries: Vec<IndexedRow>,
    /// Per segment and document its number; `u32::MAX` for a removed one.
    numbers: Vec<Vec<u32>>,
    rows: Rows,
    simplifier: Simplifier,
    /// Lists already read for a query.
    cache: RefCell<HashMap<Gram, Rc<Postings>>>,
}

impl std::fmt::Debug for TextIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextIndex").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

impl TextIndex {
    /// Opens what [`update`] wrote.
    ///
    /// # Errors
    /// When there is no index, or one of another layout.
    pub fn open(dir: &Path, simplifier: Simplifier) -> anyhow::Result<Self> {
        let missing =
            || format!("{} 里没有检索索引，先运行 huiqi build <政策文件夹> --out <目录>", dir.display());
        let index = open_index(dir).with_context(missing)?;
        let layout = Layout::new();
        if index.schema() != layout.schema {
            anyhow::bail!("{} 是别的版本建的索引，请重新运行 huiqi build", dir.display());
        }
        tokenizers(&index, &simplifier);
        let searcher = index.reader()?.searcher();
        let mut entries = all_rows(&searcher)?;
        entries.sort_unstable_by(|a, b| (&a.area, a.key()).cmp(&(&b.area, b.key())));
        let mut numbers: Vec<Vec<u32>> =
            searcher.segment_readers().iter().map(|s| vec![u32::MAX; s.max_doc() as usize]).collect();
        for (number, row) in (0u32..).zip(&entries) {
            numbers[row.address.segment_ord as usize][row.address.doc_id as usize] = number;
        }
        let rows = (0u32..)
            .zip(&entries)
            .map(|(rank, e)| (length_class(e.length as usize), e.issued.map(month_of), Some(rank)));
        let rows = Rows::new(rows);
        Ok(Self { searcher, layout, entries, numbers, rows, simplifier, cache: RefCell::default() })
    }

    /// All entries in the order of their numbers.
    pub fn entries(&self) -> &[IndexedRow] {
        &self.entries
    }

    /// What was indexed of an entry.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn document(&self, number: u32) -> anyhow::Result<SearchDocument> {
        let entry = self.entries.get(number as usize).context("索引里没有这个条目")?;
        let row: TantivyDocument = self.searcher.doc(entry.address)?;
        SearchDocument::decode(
            row.get_first(self.layout.stored).and_then(|v| v.as_bytes()).context("索引里缺条目")?,
        )
    }

    /// The folding used for index and query.
    pub fn simplifier(&self) -> &Simplifier {
        &self.simplifier
    }

    fn inverted(&self, field: Field) -> anyhow::Result<Vec<(usize, Arc<InvertedIndexReader>)>> {
        let segments = self.searcher.segment_readers().iter().enumerate();
        segments.map(|(at, s)| Ok((at, s.inverted_index(field)?))).collect()
    }

    /// Appends the postings of one term of one field in one segment.
    fn read(
        &self,
        (segment, reader): &(usize, Arc<InvertedIndexReader>),
        info: &tantivy::postings::TermInfo,
        field: usize,
        found: &mut Found,
    ) -> anyhow::Result<()> {
        let mut postings =
            reader.read_postings_from_terminfo(info, IndexRecordOption::WithFreqsAndPositions)?;
        while postings.doc() != TERMINATED {
            let number = self.numbers[*segment][postings.doc() as usize];
            if number != u32::MAX {
                let from = found.positions.len();
                postings.append_positions_with_offset(0, &mut found.positions);
                found.stands.push((number, field, from, found.positions.len()));
            }
            postings.advance();
        }
        Ok(())
    }

    /// Calls `each` with every term in order and its postings. Documents of
    /// several segments are brought into the order of their numbers, so that
    /// neither threads nor earlier updates show.
    ///
    /// # Errors
    /// When the index is damaged, or what `each` returns.
    pub fn for_each_term(
        &self,
        mut each: impl FnMut(Gram, &TermPostings) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut sources = Vec::new();
        for (field, number) in self.layout.fields.iter().zip(0..) {
            sources.extend(self.inverted(*field)?.into_iter().map(|reader| (number, reader)));
        }
        let mut streams: Vec<TermStreamer<'_>> =
            sources.iter().map(|(_, (_, reader))| reader.terms().stream()).collect::<Result<_, _>>()?;
        let mut heap: BinaryHeap<Reverse<(Vec<u8>, usize)>> = BinaryHeap::new();
        for (at, stream) in streams.iter_mut().enumerate() {
            if stream.advance() {
                heap.push(Reverse((stream.key().to_vec(), at)));
            }
        }
        let mut found = Found::default();
        let mut postings = TermPostings::default();
        while let Some(Reverse((term, first))) = heap.pop() {
            let mut next = Some(first);
            while let Some(at) = next {
                let (field, reader) = &sources[at];
                self.read(reader, streams[at].value(), *field, &mut found)?;
                if streams[at].advance() {
                    heap.push(Reverse((streams[at].key().to_vec(), at)));
                }
                next = match heap.peek() {
                    Some(Reverse((same, at))) if *same == term => {
                        let at = *at;
                        heap.pop();
                        Some(at)
                    }
                    _ => None,
                };
            }
            let gram = std::str::from_utf8(&term).ok().and_then(Gram::parse).context("索引里有读不懂的词")?;
            postings.docs.clear();
            let mut bytes = Writer::new();
            found.for_each(|number, places| {
                encode_places(&mut bytes, &places);
                postings.docs.push((number, Symbol::new(places.map(<[u32]>::len)), bytes.len()));
            });
            postings.places = bytes.into_bytes();
            found.clear();
            each(gram, &postings)?;
        }
        Ok(())
    }

    fn postings(&self, gram: Gram) -> Rc<Postings> {
        if let Some(list) = self.cache.borrow().get(&gram) {
            return list.clone();
        }
        // A damaged index finds nothing here; opening it already failed.
        let list = Rc::new(self.read_gram(gram).unwrap_or_default());
        self.cache.borrow_mut().insert(gram, list.clone());
        list
    }

    fn read_gram(&self, gram: Gram) -> anyhow::Result<Postings> {
        let mut found = Found::default();
        for (field, number) in self.layout.fields.iter().zip(0..) {
            for reader in self.inverted(*field)? {
                let terms: &TermDictionary = reader.1.terms();
                if gram.is_single() {
                    // Every character begins a term.
                    let mut stream = terms
                        .range()
                        .ge(gram.0.to_string())
                        .lt(next_char(gram.0).to_string())
                        .into_stream()?;
                    while stream.advance() {
                        self.read(&reader, stream.value(), number, &mut found)?;
                    }
                } else if let Some(info) = terms.get(gram.text())? {
                    self.read(&reader, &info, number, &mut found)?;
                }
            }
        }
        let mut postings: Postings = Vec::new();
        if gram.is_single() {
            // Several terms of one field: only how often is asked.
            found.stands.sort_unstable();
            for group in found.stands.chunk_by(|a, b| a.0 == b.0) {
                let mut places = Places::default();
                for (_, field, from, to) in group {
                    places[*field].extend(&found.positions[*from..*to]);
                }
                postings.push((group[0].0, places));
            }
        } else {
            found.for_each(|number, places| postings.push((number, places.map(<[u32]>::to_vec))));
        }
        Ok(postings)
    }

    /// Words to suggest, most frequent first.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn words(&self) -> anyhow::Result<Vec<Word>> {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for (_, reader) in self.inverted(self.layout.words)? {
            let mut stream = reader.terms().stream()?;
            while stream.advance() {
                let word = String::from_utf8_lossy(stream.key()).into_owned();
                *counts.entry(word).or_default() += stream.value().doc_freq;
            }
        }
        let mut words: Vec<Word> = counts.into_iter().map(|(text, count)| Word { text, count }).collect();
        words.sort_by(|a, b| (b.count, &a.text).cmp(&(a.count, &b.text)));
        words.truncate(WORD_LIMIT);
        Ok(words)
    }
}

/// The character after another one in the order of UTF-8.
fn next_char(c: char) -> char {
    (c as u32 + 1..).find_map(char::from_u32).unwrap_or(char::MAX)
}

impl Lookup for TextIndex {
    fn rows(&self) -> &Rows {
        &self.rows
    }

    fn list(&self, gram: Gram) -> Option<Cow<'_, [(u32, Symbol)]>> {
        let postings = self.postings(gram);
        let docs = postings.iter().map(|(doc, places)| (*doc, Symbol::new(places.each_ref().map(Vec::len))));
        Some(docs.collect())
    }

    fn places(&self, gram: Gram, doc: u32, places: &mut Places) -> bool {
        let list = self.postings(gram);
        match list.binary_search_by_key(&doc, |(d, _)| *d) {
            Ok(at) => places.clone_from(&list[at].1),
            Err(_) => places.iter_mut().for_each(Vec::clear),
        }
        true
    }
}
