//! Other Sigma engines beside ours, behind one small face: the same rules, the same records, which rule meets which.
//!
//! For the third opinion in `tests` and the benchmark in `benches`. It is no part of the program, and it holds no rule
//! text that others wrote: public rules are read where a corpus is at hand, and rule sets of their shape are generated.

#![allow(clippy::expect_used, clippy::panic, reason = "tests and benchmarks stop where their ground is missing")]

pub mod corpus;
pub mod engines;
pub mod shape;
