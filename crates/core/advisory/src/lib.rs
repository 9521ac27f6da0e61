//! Advisories: what is known to be bad, from OSV, GHSA, PYSEC, MAL and CVE records, joined and looked up in place.
//!
//! [`read`] turns bytes into [`Record`]s, [`build`] joins records into advisories and writes them as an index, and
//! [`Index`] answers from those bytes without reading them into anything else. It is not a judge: whether an environment
//! ran what an advisory names is for `exposure`.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod affects;
pub mod index;
mod join;
mod package_url;
mod read;
mod record;

pub use affects::{Answer, affects};
pub use index::{Advisory, Built, Index, IndexError, LookUp, Match, build, merge};
pub use join::{Group, join};
pub use package_url::PackageUrl;
pub use read::{Reading, read, read_line};
pub use record::{Affected, Bound, Event, Form, Indicator, Range, RangeKind, Record, Trust, newest};
