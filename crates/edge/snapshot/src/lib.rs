//! What is installed and readable in one environment, read from its disk and its variables; nothing is started.
//!
//! It is not an inventory of many environments and asks no platform: one tree or one image in, one `firebreak.snapshot/1`
//! out, with what it could not look at. No value of a secret is kept longer than it takes to make its fingerprint.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable))]

mod args;
mod blind;
mod credentials;
mod environment;
mod gather;
mod image;
mod interest;
mod limits;
mod mounts;
mod packages;
mod program;
mod record;
mod shown;
mod take;
mod walk;
mod wrap;

pub use args::SnapshotArgs;
pub use image::ImageError;
pub use limits::Limits;
pub use program::{bytes, run};
pub use record::{
    Credential, Digest, FORMAT, Hook, Image, Install, Layer, Origin, Package, Place, Reference, Snapshot, Store,
};
pub use take::{Doors, Options, Subject, stamp, take};
pub use wrap::{Ended, wrap};
