//! The search engine as a module of its own: who never searches does not pay for it. It fetches nothing and knows no
//! measure; the widget (`widget/src/search.rs`) fetches parts for it and turns rows into measures, and the bench
//! (`bench/peers/huiqi.mjs`) drives it alone.
//!
//! Every function takes the bytes that lie where [`input`] said, and leaves its answer where [`output`] says, both as
//! [`huiqi_engine::codec`] writes them. One instance serves one widget.

#![expect(
    unsafe_code,
    reason = "a name that JavaScript finds is an unsafe attribute; no unsafe operation is done"
)]

use std::ops::Range;
use std::sync::{Mutex, MutexGuard};

use huiqi_engine::bundle::{BundleError, decode_simplifier, decode_sounds, decode_vocabulary};
use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::fold::Simplifier;
use huiqi_engine::search::{Index, Lookup as _, Query, Root, Sounds, Tier, Vocabulary, excerpt};

/// Characters of an excerpt.
const EXCERPT: usize = 60;

#[derive(Default)]
struct State {
    input: Vec<u8>,
    output: Vec<u8>,
    roots: Vec<Root>,
    index: Index,
    vocabulary: Vocabulary,
    simplifier: Simplifier,
    sounds: Sounds,
    typed: String,
    query: Query,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

fn with<T>(f: impl FnOnce(&mut State) -> T) -> T {
    // One thread: nobody can have failed while holding it.
    let mut state: MutexGuard<'_, Option<State>> =
        STATE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    f(state.get_or_insert_with(State::default))
}

/// Answers with what `f` writes.
fn answer(f: impl FnOnce(&mut State, &[u8], &mut Writer)) {
    with(|s| {
        let input = std::mem::take(&mut s.input);
        let mut w = Writer::new();
        f(s, &input, &mut w);
        s.output = w.into_bytes();
    });
}

/// Answers with an error for a person, empty when all went well.
fn attempt(f: impl FnOnce(&mut State, &[u8]) -> Result<(), BundleError>) {
    answer(|s, input, w| w.str(&f(s, input).err().map_or_else(String::new, |e| e.to_string())));
}

fn marks(w: &mut Writer, marks: &[Range<usize>]) {
    w.list(marks, |w, mark| {
        w.size(mark.start);
        w.size(mark.end);
    });
}

/// Room for so many bytes, to be filled in by the caller.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    with(|s| {
        s.input = vec![0; length];
        s.input.as_mut_ptr()
    })
}

/// Where the answer is.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    with(|s| s.output.as_ptr())
}

/// How long the answer is, in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> usize {
    with(|s| s.output.len())
}

/// Takes the root of an area. In: the part. Out: an error; the names of the parts with the vocabulary, the traditional
/// characters and the sounds. Apart from [`open`], so that the page can do something else between the two.
#[unsafe(no_mangle)]
pub extern "C" fn root() {
    answer(|s, raw, w| match Root::decode(raw) {
        Ok(root) => {
            w.str("");
            [&root.vocabulary, &root.simplifier, &root.sounds].into_iter().for_each(|name| w.str(name));
            s.roots.push(root);
        }
        Err(error) => w.str(&error.to_string()),
    });
}

/// Opens the index of the areas whose roots were taken.
#[unsafe(no_mangle)]
pub extern "C" fn open() {
    answer(|s, _, _| s.index = Index::new(std::mem::take(&mut s.roots)));
}

/// Takes the vocabulary. In: the part. Out: an error.
#[unsafe(no_mangle)]
pub extern "C" fn words() {
    attempt(|s, raw| {
        s.vocabulary = decode_vocabulary(raw)?;
        Ok(())
    });
}

/// Takes the table of traditional characters. In: the part. Out: an error.
#[unsafe(no_mangle)]
pub extern "C" fn simplify() {
    attempt(|s, raw| {
        s.simplifier = decode_simplifier(raw)?;
        Ok(())
    });
}

/// Takes the sounds of characters. In: the part. Out: an error.
#[unsafe(no_mangle)]
pub extern "C" fn sounds() {
    attempt(|s, raw| {
        s.sounds = decode_sounds(raw)?;
        Ok(())
    });
}

/// Sets the query. In: its text. Out: whether there is anything to look for; words to offer.
#[unsafe(no_mangle)]
pub extern "C" fn ask() {
    answer(|s, input, w| {
        s.typed = String::from_utf8_lossy(input).into_owned();
        s.query = Query::new(&s.typed, &s.simplifier);
        s.query.expand(&s.vocabulary);
        w.u8(u8::from(!s.query.is_empty()));
        w.list(&s.vocabulary.suggest(&s.typed, &s.simplifier, 8), |w, word| w.str(word));
    });
}

/// Parts to be fetched: the number of the area, in the order of their roots, and the name.
fn parts(w: &mut Writer, index: &Index, names: &[String]) {
    w.list(names, |w, name| {
        w.size(index.area_of(name));
        w.str(name);
    });
}

/// The parts that a better answer takes; none when the answer is the last.
#[unsafe(no_mangle)]
pub extern "C" fn needs() {
    answer(|s, _, w| {
        let names = s.index.needs(&s.query);
        parts(w, &s.index, &names);
    });
}

/// Takes a part that was asked for. In: its name of 24 characters and its raw bytes. Out: an error.
#[unsafe(no_mangle)]
pub extern "C" fn provide() {
    attempt(|s, input| {
        let (name, raw) = input.split_at_checked(24).unwrap_or((input, &[]));
        s.index.provide(&String::from_utf8_lossy(name), raw)
    });
}

/// Ranks. In: how many hits are wanted, best first. Out: how many a person would say were found; whether one has all that
/// was asked for; whether something typed occurs nowhere; the hits, as entry, row, tier and year of issue (0: not known).
#[unsafe(no_mangle)]
pub extern "C" fn rank() {
    answer(|s, input, w| {
        let mut hits = s.index.search(&s.query);
        w.uint(hits.total() as u128);
        w.u8(u8::from(hits.reaches(Tier::Synonym)));
        w.u8(u8::from(s.index.lacks(&s.query)));
        w.list(hits.first(Reader::new(input).u32() as usize), |w, hit| {
            w.uint(u128::from(hit.doc));
            w.uint(s.index.row(hit.doc).unwrap_or_default() as u128);
            w.u8(hit.tier as u8);
            w.uint(u128::from(s.index.rows().year(hit.doc).unwrap_or_default()));
        });
    });
}

/// What was probably meant by words that occur nowhere; empty when nothing is near.
#[unsafe(no_mangle)]
pub extern "C" fn correct() {
    answer(|s, _, w| {
        let meant = s.vocabulary.correct(&s.typed, &s.simplifier, &s.sounds, &s.index);
        w.str(&meant.unwrap_or_default());
    });
}

/// The parts that say more of entries. In: the entries; whether pieces of their texts are shown.
#[unsafe(no_mangle)]
pub extern "C" fn lookup() {
    answer(|s, input, w| {
        let mut r = Reader::new(input);
        let (docs, texts) = (r.list(Reader::u32), r.flag());
        let mut names = s.index.needs_heads(&docs);
        if texts {
            names.extend(s.index.needs_texts(&docs));
        }
        parts(w, &s.index, &names);
    });
}

/// What a hit shows, as far as it has been fetched. In: the entry; texts to mark. Out: the id, the document, its marks
/// and the day of issue (0: not known); a piece of the body where something was found, and its marks; the marks of the
/// texts.
#[unsafe(no_mangle)]
pub extern "C" fn describe() {
    answer(|s, input, w| {
        let mut r = Reader::new(input);
        let (doc, texts) = (r.u32(), r.list(Reader::string));
        let head = s.index.head(doc).cloned().unwrap_or_default();
        w.str(&head.id);
        w.str(&head.document);
        marks(w, &s.query.highlights(&head.document, &s.simplifier));
        w.int(head.issued.map_or(0, |day| i128::from(day.days())));
        let piece = s.index.texts(doc).map(|[_, body]| excerpt(&s.query, body, EXCERPT, &s.simplifier));
        let piece = piece.filter(|piece| !piece.marks.is_empty()).unwrap_or_default();
        w.str(&piece.text);
        marks(w, &piece.marks);
        w.list(&texts, |w, text| marks(w, &s.query.highlights(text, &s.simplifier)));
    });
}
