//! What both sides of Huiqi must agree on.
pub use litemap::LiteMap;

pub mod bundle;
pub mod catalogue;
pub mod codec;
pub mod date;
pub mod eval;
pub mod explain;
pub mod firm;
pub mod fold;
pub mod measure;
pub mod num;
pub mod report;
pub mod rule;
pub mod search;
pub mod unit;
