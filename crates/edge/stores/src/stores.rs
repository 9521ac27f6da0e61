//! The kinds of stores, one folder each.

pub mod files;
pub mod git;
pub mod postgres;
pub mod s3;
