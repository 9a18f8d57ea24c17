//! The offline side of Huiqi: reads and checks policies, builds the index and
//! the published bundle.
pub mod catalogue;
pub mod check;
pub mod diagnostic;
pub mod fields;
pub mod policy;
pub mod yaml;
