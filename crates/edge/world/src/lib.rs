//! The only door outside: clock, random numbers, disk, HTTP, PostgreSQL, mail, plain messages and secrets, each behind a trait with a real and
//! a simulated side. Everything in `crates/edge` reaches the outside through a [`World`].
//!
//! It is not a place for protocol knowledge: no platform's calls, no log format and no retry policy is known here.

pub mod clock;
pub mod disk;
pub mod http;
pub mod mail;
pub mod mapped;
pub mod postgres;
pub mod program;
pub mod random;
pub mod secret;
#[cfg(feature = "sigv4")]
pub mod sigv4;
pub mod tree;
pub mod wire;

pub use clock::{Clock, FixedClock, SystemClock};
pub use disk::{Disk, FileMeta, Fill, MemoryDisk, RealDisk, Walk};
#[cfg(feature = "http")]
pub use http::RustlsHttp;
pub use http::{Http, HttpError, NoHttp, Request, Response, is_private};
#[cfg(feature = "mail")]
pub use mail::SmtpMail;
pub use mail::{Mail, MailError, MailServer, MailTls, NoMail};
pub use mapped::Mapped;
#[cfg(feature = "postgres")]
pub use postgres::SqlxPostgres;
pub use postgres::{NoPostgres, Postgres, PostgresError, ReadSession, TextColumn, TextRow};
pub use program::{Program, Programs, RealPrograms, Running};
pub use random::{Random, SeededRandom, SystemRandom};
pub use secret::{NoSecrets, Secrets, SecretsError, SystemSecrets};
#[cfg(feature = "sigv4")]
pub use sigv4::AwsKeys;
pub use tree::{Entry, EntryKind, Head, RealTree, Status, Tree};
#[cfg(feature = "wire")]
pub use wire::SocketWire;
pub use wire::{NoWire, Peer, Transport, Wire, WireError};

use std::sync::Arc;

/// All doors together. Cheap to clone.
#[derive(Clone)]
pub struct World {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
    /// Files.
    pub disk: Arc<dyn Disk>,
    /// Platforms' APIs.
    pub http: Arc<dyn Http>,
    /// PostgreSQL servers.
    pub postgres: Arc<dyn Postgres>,
    /// Mail servers.
    pub mail: Arc<dyn Mail>,
    /// Receivers of messages that they do not answer.
    pub wire: Arc<dyn Wire>,
    /// Our own credentials.
    pub secrets: Arc<dyn Secrets>,
}

impl World {
    /// The real clock, random source, disk and secrets, and no way to call anything: enough for reading logs.
    pub fn offline() -> World {
        World {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            disk: Arc::new(RealDisk),
            http: Arc::new(NoHttp),
            postgres: Arc::new(NoPostgres),
            mail: Arc::new(NoMail),
            wire: Arc::new(NoWire),
            secrets: Arc::new(SystemSecrets),
        }
    }

    /// The real world with the network in it: what acts on platforms runs in this one.
    #[cfg(all(feature = "http", feature = "postgres"))]
    pub fn online() -> Result<World, HttpError> {
        Ok(World { http: Arc::new(RustlsHttp::new()?), postgres: Arc::new(SqlxPostgres), ..World::offline() })
    }

    /// A world made of nothing but `seed`: a fixed clock, predictable bytes, an empty disk in memory, no network.
    pub fn simulated(seed: u64) -> World {
        World {
            clock: Arc::new(FixedClock::default()),
            random: Arc::new(SeededRandom::new(seed)),
            disk: Arc::new(MemoryDisk::default()),
            http: Arc::new(NoHttp),
            postgres: Arc::new(NoPostgres),
            mail: Arc::new(NoMail),
            wire: Arc::new(NoWire),
            secrets: Arc::new(NoSecrets),
        }
    }
}
