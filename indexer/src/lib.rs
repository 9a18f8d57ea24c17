//! The offline side of Huiqi: reads and checks policies, builds the index and
//! the published bundle.
pub mod build;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod diagnostic;
pub mod fields;
pub mod policy;
pub mod run;
pub mod serve;
pub mod text_index;
pub mod yaml;
