//! The search engine alone, without widget and verdicts, as a page of a benchmark drives it (`bench/peers/huiqi.mjs`).
//! Bytes and text go in through [`input`], text comes out through [`output`]; whoever calls fetches.

#![expect(
    unsafe_code,
    reason = "a name that JavaScript finds is an unsafe attribute; no unsafe operation is done"
)]

use std::sync::{Mutex, MutexGuard};

use huiqi_engine::bundle::decode_simplifier;
use huiqi_engine::fold::Simplifier;
use huiqi_engine::search::{Index, Query, Root};

#[derive(Default)]
struct State {
    input: Vec<u8>,
    output: String,
    index: Index,
    simplifier: Simplifier,
    query: Query,
    docs: Vec<u32>,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

fn with<T>(f: impl FnOnce(&mut State) -> T) -> T {
    // One thread: nobody can have failed while holding it.
    let mut state: MutexGuard<'_, Option<State>> =
        STATE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    f(state.get_or_insert_with(State::default))
}

/// Room for so many bytes, to be filled in by the caller.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    with(|s| {
        s.input = vec![0; length];
        s.input.as_mut_ptr()
    })
}

/// Where the text is.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    with(|s| s.output.as_ptr())
}

/// How long the text is, in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> usize {
    with(|s| s.output.len())
}

/// Opens an index; the input is its root. The output is the name of the part with the traditional characters. 0 when
/// the root is damaged.
#[unsafe(no_mangle)]
pub extern "C" fn open() -> u32 {
    with(|s| match Root::decode(&s.input) {
        Ok(root) => {
            s.output = root.simplifier.clone();
            s.index = Index::new(vec![root]);
            1
        }
        Err(_) => 0,
    })
}

/// Takes the table of traditional characters. 0 when it is damaged.
#[unsafe(no_mangle)]
pub extern "C" fn simplify() -> u32 {
    with(|s| {
        let table = decode_simplifier(&s.input);
        let good = table.is_ok();
        s.simplifier = table.unwrap_or_default();
        u32::from(good)
    })
}

/// Sets the query; the input is its text.
#[unsafe(no_mangle)]
pub extern "C" fn ask() {
    with(|s| s.query = Query::new(&String::from_utf8_lossy(&s.input), &s.simplifier));
}

/// Whether something typed occurs nowhere, so that the table of traditional characters may help.
#[unsafe(no_mangle)]
pub extern "C" fn lacks() -> u32 {
    with(|s| u32::from(s.index.lacks(&s.query)))
}

/// Names of parts for a better answer, one a line; their number.
#[unsafe(no_mangle)]
pub extern "C" fn needs() -> usize {
    with(|s| {
        let names = s.index.needs(&s.query);
        s.output = names.join("\n");
        names.len()
    })
}

/// Takes a part: the input is its name of 24 characters and its raw bytes. 0 when it is damaged.
#[unsafe(no_mangle)]
pub extern "C" fn provide() -> u32 {
    with(|s| {
        let Some((name, raw)) = s.input.split_at_checked(24) else { return 0 };
        u32::from(s.index.provide(&String::from_utf8_lossy(name), raw).is_ok())
    })
}

/// Ranks; the number of hits kept, at most `limit`.
#[unsafe(no_mangle)]
pub extern "C" fn rank(limit: usize) -> usize {
    with(|s| {
        let mut hits = s.index.search(&s.query);
        s.docs = hits.first(limit).iter().map(|h| h.doc).collect();
        s.docs.len()
    })
}

/// Names of the parts with the heads of the hits, one a line; their number.
#[unsafe(no_mangle)]
pub extern "C" fn heads() -> usize {
    with(|s| {
        let names = s.index.needs_heads(&s.docs);
        s.output = names.join("\n");
        names.len()
    })
}

/// Ids of the hits whose heads are known, one a line.
#[unsafe(no_mangle)]
pub extern "C" fn ids() {
    with(|s| {
        let ids: Vec<&str> = s.docs.iter().filter_map(|d| Some(s.index.head(*d)?.id.as_str())).collect();
        s.output = ids.join("\n");
    });
}
