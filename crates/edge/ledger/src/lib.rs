//! The ledger: an append-only record of what was known, decided and done, that outsiders can check.
//!
//! It is a Merkle log (RFC 6962 hashing) laid out on disk as C2SP tlog-tiles, under checkpoints signed as C2SP notes. A
//! leaf is a salted commitment to a canonical JSON record, so that a record can later be withheld from a reader without
//! breaking the proof of the others. A bundle ([`Ledger::export_bundle`]) is all that [`verify_bundle`] needs, and one
//! changed byte anywhere in it is found and located.
//!
//! It is not a database: nothing is searched, changed or removed here. It holds no secret but the signing key in memory.
//! It is meant to be read in an afternoon, in this order: [`tree`], [`note`], [`canonical`], [`record`], [`bundle`], and then
//! the store.

pub mod bundle;
pub mod canonical;
pub mod key;
pub mod note;
pub mod record;
mod recovery;
pub mod statement;
mod store;
mod tile;
pub mod tree;

pub use bundle::{Fault, Verified, verify_bundle};
pub use key::{LedgerKey, VerifierKey};
pub use store::{Draft, Face, Ledger, LedgerError, Receipt};
pub use tree::Hash;
