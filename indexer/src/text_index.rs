//! The offline index: tantivy holds the truth about which term stands where;
//! the web index is a projection of its postings, and `huiqi search` ranks the
//! very same postings with the engine's scorer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use huiqi_engine::fold::Simplifier;
use huiqi_engine::search::{self, Entry, FIELDS, Lookup, PositionBlock, Posting, TermBlock, grams, impact};
use jieba_rs::Jieba;
use tantivy::postings::Postings as _;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions, Value as _,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{DocSet as _, Index, IndexWriter, SegmentReader, TERMINATED, TantivyDocument, Term};

/// Bytes the writer may hold before it spills a segment.
const WRITER_MEMORY: usize = 64 << 20;
/// Raw bytes of terms and postings per block, roughly.
const BLOCK_BYTES: usize = 12 << 10;
/// Most words offered while typing.
const WORD_LIMIT: usize = 600;

/// What is indexed of one measure.
#[derive(Debug, Clone)]
pub struct SearchDocument {
    /// What hits show.
    pub entry: Entry,
    /// Texts in the order of [`FIELDS`].
    pub fields: [String; FIELDS.len()],
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

#[derive(Clone)]
struct GramTokenizer {
    simplifier: Simplifier,
}

struct GramStream {
    grams: std::vec::IntoIter<search::Gram>,
    token: Token,
}

impl Tokenizer for GramTokenizer {
    type TokenStream<'a> = GramStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> GramStream {
        GramStream { grams: grams(text, &self.simplifier).into_iter(), token: Token::default() }
    }
}

impl TokenStream for GramStream {
    fn advance(&mut self) -> bool {
        let Some((text, position)) = self.grams.next() else { return false };
        self.token = Token { text, position: position as usize, ..Token::default() };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The schema: one field of positions per searched field, its length, and the
/// words that suggestions come from.
struct Layout {
    schema: Schema,
    fields: [Field; FIELDS.len()],
    lengths: [Field; FIELDS.len()],
    words: Field,
    entry: Field,
}

impl Layout {
    fn new() -> Self {
        let mut builder = Schema::builder();
        let text = |tokenizer: &str, option| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option),
            )
        };
        let grams = text("grams", IndexRecordOption::WithFreqsAndPositions);
        let fields = FIELDS.map(|f| builder.add_text_field(f.name, grams.clone()));
        let lengths = FIELDS.map(|f| builder.add_u64_field(&format!("{}_length", f.name), FAST));
        // Words are cut before they are added, one per value.
        let words = builder.add_text_field("words", text("raw", IndexRecordOption::Basic));
        let entry = builder.add_bytes_field("entry", STORED);
        Self { schema: builder.build(), fields, lengths, words, entry }
    }
}

fn tokenizers(index: &Index, simplifier: &Simplifier) {
    index.tokenizers().register("grams", GramTokenizer { simplifier: simplifier.clone() });
}

/// Replaces the index in `dir` by one over `documents`, in their order.
/// `lexicon` are policy words that jieba's dictionary may not know.
///
/// # Errors
/// When the folder cannot be written.
pub fn build(
    dir: &Path,
    documents: &[SearchDocument],
    lexicon: &BTreeSet<String>,
    simplifier: &Simplifier,
    mut progress: impl FnMut(usize),
) -> anyhow::Result<()> {
    let layout = Layout::new();
    let ours = !dir.exists() || dir.join("meta.json").is_file() || std::fs::read_dir(dir)?.next().is_none();
    if !ours {
        anyhow::bail!("{} 不是检索索引目录，不会覆盖；请换一个 --index", dir.display());
    }
    // Built beside and swapped in, so that a broken run leaves the old index.
    let parent = dir.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    let fresh = tempfile::tempdir_in(parent)?;
    let index = Index::create_in_dir(fresh.path(), layout.schema.clone())?;
    tokenizers(&index, simplifier);
    let mut jieba = Jieba::new();
    for word in lexicon {
        jieba.add_word(word, None, None);
    }
    // One thread: entries keep their order, so their number is their place.
    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_MEMORY)?;
    for (at, document) in documents.iter().enumerate() {
        progress(at);
        let mut row = TantivyDocument::default();
        for (i, text) in document.fields.iter().enumerate() {
            row.add_text(layout.fields[i], text);
            row.add_u64(layout.lengths[i], text.chars().count() as u64);
        }
        for word in words_of(&jieba, document) {
            row.add_text(layout.words, word);
        }
        row.add_bytes(layout.entry, &search::encode_entries(std::slice::from_ref(&document.entry)));
        writer.add_document(row)?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.wait_merging_threads()?;
    if dir.exists() {
        std::fs::remove_dir_all(dir).with_context(|| format!("删不掉旧索引 {}", dir.display()))?;
    }
    std::fs::rename(fresh.keep(), dir).with_context(|| format!("写不进 {}", dir.display()))?;
    Ok(())
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

/// An index on disk, opened for reading.
pub struct TextIndex {
    segment: Option<SegmentReader>,
    layout: Layout,
    lengths: Vec<[u32; FIELDS.len()]>,
    simplifier: Simplifier,
    searcher: tantivy::Searcher,
}

impl std::fmt::Debug for TextIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextIndex").field("entries", &self.lengths.len()).finish_non_exhaustive()
    }
}

impl TextIndex {
    /// Opens what [`build`] wrote.
    ///
    /// # Errors
    /// When there is no index, or one of another layout.
    pub fn open(dir: &Path, simplifier: Simplifier) -> anyhow::Result<Self> {
        let missing =
            || format!("{} 里没有检索索引，先运行 huiqi build <政策文件夹> --out <目录>", dir.display());
        let index = Index::open_in_dir(dir).with_context(missing)?;
        let layout = Layout::new();
        if index.schema() != layout.schema {
            anyhow::bail!("{} 是别的版本建的索引，请重新运行 huiqi build", dir.display());
        }
        tokenizers(&index, &simplifier);
        let searcher = index.reader()?.searcher();
        let segment = searcher.segment_readers().first().cloned();
        let mut lengths = Vec::new();
        if let Some(segment) = &segment {
            lengths = vec![[0; FIELDS.len()]; segment.max_doc() as usize];
            for (i, field) in FIELDS.iter().enumerate() {
                let column = segment.fast_fields().u64(&format!("{}_length", field.name))?;
                for doc in 0..segment.max_doc() {
                    lengths[doc as usize][i] = column.first(doc).unwrap_or(0) as u32;
                }
            }
        }
        Ok(Self { segment, layout, lengths, simplifier, searcher })
    }

    /// Number of entries.
    pub fn len(&self) -> u32 {
        self.lengths.len() as u32
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// What a hit shows.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn entry(&self, doc: u32) -> anyhow::Result<Entry> {
        let row: TantivyDocument = self.searcher.doc(tantivy::DocAddress::new(0, doc))?;
        let bytes = row.get_first(self.layout.entry).and_then(|v| v.as_bytes()).context("索引里缺条目")?;
        let mut entries = search::decode_entries(bytes)?;
        entries.pop().context("索引里缺条目")
    }

    /// The folding used for index and query.
    pub fn simplifier(&self) -> &Simplifier {
        &self.simplifier
    }

    /// All terms of all fields, in order.
    fn terms(&self) -> anyhow::Result<BTreeSet<String>> {
        let mut terms = BTreeSet::new();
        if let Some(segment) = &self.segment {
            for field in self.layout.fields {
                let inverted = segment.inverted_index(field)?;
                let mut stream = inverted.terms().stream()?;
                while stream.advance() {
                    terms.insert(String::from_utf8_lossy(stream.key()).into_owned());
                }
            }
        }
        Ok(terms)
    }

    fn read(&self, term: &str) -> anyhow::Result<Vec<Posting>> {
        let mut found: BTreeMap<u32, [Vec<u32>; FIELDS.len()]> = BTreeMap::new();
        if let Some(segment) = &self.segment {
            for (i, field) in self.layout.fields.into_iter().enumerate() {
                let inverted = segment.inverted_index(field)?;
                let term = Term::from_field_text(field, term);
                let option = IndexRecordOption::WithFreqsAndPositions;
                let Some(mut postings) = inverted.read_postings(&term, option)? else { continue };
                while postings.doc() != TERMINATED {
                    let mut positions = Vec::new();
                    postings.positions(&mut positions);
                    found.entry(postings.doc()).or_default()[i] = positions;
                    postings.advance();
                }
            }
        }
        Ok(found
            .into_iter()
            .map(|(doc, positions)| {
                let mut tf = [0; FIELDS.len()];
                for (tf, positions) in tf.iter_mut().zip(&positions) {
                    *tf = positions.len() as u32;
                }
                Posting { doc, impact: impact(tf, self.lengths[doc as usize]), positions }
            })
            .collect())
    }

    /// The web index: blocks of terms with their positions, first terms first.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn project(&self) -> anyhow::Result<Vec<(String, TermBlock, PositionBlock)>> {
        let mut blocks = Vec::new();
        let mut terms = TermBlock::default();
        let mut positions = PositionBlock::default();
        let mut size = 0;
        for term in self.terms()? {
            let postings = self.read(&term)?;
            size += term.len() + 2 + 3 * postings.len();
            let mask = |p: &Posting| {
                p.positions.iter().enumerate().fold(0u8, |m, (i, list)| m | u8::from(!list.is_empty()) << i)
            };
            terms.terms.push((term, postings.iter().map(|p| (p.doc, mask(p), p.impact)).collect()));
            positions.terms.push(postings.into_iter().map(|p| p.positions).collect());
            if size >= BLOCK_BYTES {
                flush(&mut blocks, &mut terms, &mut positions);
                size = 0;
            }
        }
        flush(&mut blocks, &mut terms, &mut positions);
        Ok(blocks)
    }

    /// Words to suggest, most frequent first.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn words(&self) -> anyhow::Result<Vec<String>> {
        let mut words: Vec<(u32, String)> = Vec::new();
        if let Some(segment) = &self.segment {
            let inverted = segment.inverted_index(self.layout.words)?;
            let mut stream = inverted.terms().stream()?;
            while stream.advance() {
                let word = String::from_utf8_lossy(stream.key()).into_owned();
                words.push((stream.value().doc_freq, word));
            }
        }
        words.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
        words.truncate(WORD_LIMIT);
        Ok(words.into_iter().map(|(_, word)| word).collect())
    }
}

fn flush(
    blocks: &mut Vec<(String, TermBlock, PositionBlock)>,
    terms: &mut TermBlock,
    positions: &mut PositionBlock,
) {
    if let Some((first, _)) = terms.terms.first() {
        blocks.push((first.clone(), std::mem::take(terms), std::mem::take(positions)));
    }
}

impl Lookup for TextIndex {
    fn postings(&self, term: &str) -> Vec<Posting> {
        // A damaged index finds nothing here; opening it already failed.
        self.read(term).unwrap_or_default()
    }

    fn prefixed(&self, first: char) -> Vec<Vec<Posting>> {
        let terms = self.terms().unwrap_or_default();
        terms.iter().filter(|t| t.starts_with(first)).map(|t| self.postings(t)).collect()
    }
}
