//! The engine's golden vectors and workloads, for native tests and for the browser.
//!
//! Compiled to WebAssembly it imports nothing at all, which shows that the engine needs neither disk, clock nor web.
//! Its exports work on numbers and on one text in memory; see [`exports`].

pub mod exports;
pub mod vectors;
pub mod workload;
