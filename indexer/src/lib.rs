//! The offline side of Huiqi: reads and checks policies, builds the index and
//! the published bundle.
pub mod build;
pub mod catalogue;
pub mod check;
pub mod clause;
pub mod cli;
pub mod codes;
pub mod completeness;
pub mod diagnostic;
mod directory;
pub mod doctor;
pub mod embed;
pub mod fields;
pub mod keys;
pub mod lint;
pub mod pack;
pub mod parts;
pub mod policy;
pub mod run;
pub mod serve;
pub mod settings;
pub mod text_index;
pub mod traditional;
pub mod web_index;
pub mod yaml;
