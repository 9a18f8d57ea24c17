//! What a browser calls. No import, no glue: text goes through [`output`], bytes through [`input`].

#![expect(
    unsafe_code,
    reason = "a name that JavaScript finds is an unsafe attribute; no unsafe operation is done"
)]

use std::sync::{Mutex, MutexGuard};

use crate::vectors;
use crate::workload::Workload;

static OUTPUT: Mutex<String> = Mutex::new(String::new());
static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static WORKLOAD: Mutex<Option<Workload>> = Mutex::new(None);

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // One thread: nobody can have failed while holding it.
    of.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs all golden vectors. The number of cases that fail; [`output`] then lists them, after a line with the number of
/// cases.
#[unsafe(no_mangle)]
pub extern "C" fn run_vectors() -> u32 {
    let outcome = vectors::run();
    let mut text = format!("{} cases\n", outcome.cases);
    for failure in &outcome.failures {
        text.push_str(failure);
        text.push('\n');
    }
    *lock(&OUTPUT) = text;
    outcome.failures.len() as u32
}

/// Where the text is.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    lock(&OUTPUT).as_ptr()
}

/// How long the text is, in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> usize {
    lock(&OUTPUT).len()
}

/// Room for so many bytes, to be filled in by the caller.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    let mut input = lock(&INPUT);
    *input = vec![0; length];
    input.as_mut_ptr()
}

/// Makes a workload of so many measures from the input (a workload file, see [`Workload::read`]): the number of
/// measures, 0 when the input is damaged.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(measures: usize) -> usize {
    let workload = Workload::read(&lock(&INPUT), measures);
    let count = workload.as_ref().map_or(0, |w| w.measures.len());
    *lock(&WORKLOAD) = workload;
    count
}

/// All verdicts of firm number `firm`: how many are 符合.
#[unsafe(no_mangle)]
pub extern "C" fn decide(firm: usize) -> usize {
    lock(&WORKLOAD).as_mut().map_or(0, |w| w.decide(firm))
}

/// The whole report of firm number `firm`: how many measures are in a group.
#[unsafe(no_mangle)]
pub extern "C" fn report(firm: usize) -> usize {
    lock(&WORKLOAD).as_mut().map_or(0, |w| w.report(firm))
}
