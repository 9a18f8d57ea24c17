//! Chinese full-text search over postings that were built offline.
//!
//! Text is cut into overlapping pairs of characters (bigrams); Han, Latin
//! letters and digits alike. Index and query are cut by the same function, so
//! every string of two or more letters, digits or Han that stands in a text is
//! found. Reading is plan → fetch → compute: [`Index::needs`] names the parts
//! a query takes, the caller fetches them, [`Index::search`] answers without
//! any input or output, at first from the terms alone, then from positions.

mod excerpt;
mod facet;
mod format;
mod index;
mod query;
mod related;
mod score;
mod text;
mod vocabulary;

pub use excerpt::{Excerpt, excerpt};
pub use facet::{Facet, Filters, Found};
pub use format::{
    Added, Block, Delta, Head, Heads, INLINE_PLACES, Manifest, PAGE_BLOCKS, PlacesAt, ROOT_BLOCKS, Root, Row,
    TEXTS_PER_BLOCK, TermBlock, TermList, Texts, decode_page, decode_places_part, decode_texts, encode_page,
    encode_places, encode_places_part, encode_texts, heads_per_block,
};
pub use index::Index;
pub use query::{QUERY_LIMIT, Query, Run, Segment, Term};
pub use related::related;
pub use score::{Hit, Hits, Lookup, Places, RowOf, Rows, Symbol, Tier, length_class, month_of, search};
pub use text::{GAP, Gram, cut, fold_text, grams};
pub use vocabulary::{Sounds, Vocabulary, Word};

/// Searched fields, best first.
pub const FIELDS: [Field; 4] = [
    Field { name: "name", weight: 10 },
    Field { name: "document", weight: 6 },
    Field { name: "summary", weight: 6 },
    Field { name: "body", weight: 4 },
];

/// One searched field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Name in the offline index.
    pub name: &'static str,
    /// BM25F weight in quarters.
    pub weight: u64,
}

/// Length of an entry in characters.
pub fn text_length(fields: &[String; FIELDS.len()]) -> usize {
    fields.iter().map(|f| f.chars().count()).sum()
}
