//! Tokens that their issuer marked: who issues which, and what tells a real one.

mod check;
mod form;
mod table;

pub(crate) use check::Said;
pub use table::providers;
pub(crate) use table::{Row, TABLE};
