//! Advisories: what is known to be bad, from OSV, GHSA, PYSEC, MAL and CVE records, joined and looked up in place.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]
