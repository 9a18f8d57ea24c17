//! Checks the signatures of a publisher, as a module of its own: pages that name no key do not pay for it. What is checked
//! and why stands in [`huiqi_engine::trust`]; here is only the arithmetic, and the door to the page.
//!
//! Bytes go in where [`input`] said and come out where [`output`] says, as [`huiqi_engine::codec`] writes them.

#![expect(
    unsafe_code,
    reason = "a name that JavaScript finds is an unsafe attribute; no unsafe operation is done"
)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use ed25519_compact::{PublicKey as Ed25519Key, Signature};
use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::trust::{self, ED25519, PublicKey, Seen};

#[derive(Default)]
struct State {
    input: Vec<u8>,
    output: Vec<u8>,
}

static STATE: Mutex<State> = Mutex::new(State { input: Vec::new(), output: Vec::new() });

fn state() -> MutexGuard<'static, State> {
    // One thread: nobody can have failed while holding it.
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Room for so many bytes, to be filled in by the caller.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    let mut state = state();
    state.input = vec![0; length];
    state.input.as_mut_ptr()
}

/// Where the answer is.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    state().output.as_ptr()
}

/// How long the answer is, in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> usize {
    state().output.len()
}

/// Whether a signature is good (RFC 8032); never for another algorithm.
fn verify(algorithm: u8, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    algorithm == ED25519
        && match (Ed25519Key::from_slice(key), Signature::from_slice(signature)) {
            (Ok(key), Ok(signature)) => key.verify(message, &signature).is_ok(),
            _ => false,
        }
}

/// Decides whether a catalog is believed. In: the public key as in the page; `keys.txt`; `catalog.txt`; the sequences of
/// both that were seen before. Out: an error for a person, empty when it is believed; the id of the key that signed; the
/// sequences to remember; the regions and the beginnings of ids that the publisher may speak for.
#[unsafe(no_mangle)]
pub extern "C" fn check() {
    let mut state = state();
    let mut r = Reader::new(&state.input);
    let (root, keys, catalog) = (r.string(), r.blob(), r.blob());
    let seen = Seen { keys: r.uint() as u64, catalog: r.uint() as u64 };
    let trusted = PublicKey::parse(&root).and_then(|root| trust::check(&root, keys, catalog, seen, verify));
    let mut w = Writer::new();
    match trusted {
        Err(error) => w.str(&error.0),
        Ok(trusted) => {
            w.str("");
            w.str(&trusted.key);
            w.uint(u128::from(trusted.seen.keys));
            w.uint(u128::from(trusted.seen.catalog));
            trusted.authority.encode(&mut w);
        }
    }
    state.output = w.into_bytes();
}
