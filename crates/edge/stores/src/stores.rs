//! The kinds of stores, one folder each.

pub mod drive;
pub mod files;
pub mod git;
pub mod postgres;
pub mod s3;
pub mod slack;

pub use crate::calls::Wait;
