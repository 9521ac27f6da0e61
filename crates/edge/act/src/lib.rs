//! Acting on platforms: carries out plans that came through the gate, checks that each step denies in fact, and takes
//! steps back. One folder of [`responders`] for each action.
//!
//! It decides nothing: which steps, in which order and whether at all is in the [`firebreak_contain::Approved`] plan,
//! and there is no way to act without one.

pub mod anthropic;
pub mod aws;
pub mod brake;
pub mod config;
pub mod context;
pub mod drill;
pub mod entra;
pub mod error;
pub mod evidence;
pub mod executor;
pub mod github;
pub mod google;
pub mod journal;
pub mod jwt;
pub mod keycloak;
pub mod kubernetes;
pub mod lanes;
pub mod litellm;
pub mod okta;
pub mod pace;
pub mod pacer;
pub mod record;
pub mod report;
pub mod responder;
pub mod responders;
pub mod rest;
pub mod setting;
pub mod shape;
pub mod slack;
pub mod spec;
pub mod undo_gate;
pub mod vault;

pub use brake::{Brake, NoBrake};
pub use config::Config;
pub use context::Context;
pub use drill::{Canary, Drill, Rehearsal};
pub use error::ActError;
pub use evidence::{DeniedEvent, Evidence, EvidenceKind, NoWitness, Witness};
pub use executor::{Control, Executor, NobodyAsks, Observer, StopError};
pub use journal::{Journal, JournalError, MemoryJournal, StepRow, StepState};
pub use lanes::{Purpose, Rank};
pub use pace::{Patience, RealSleep, SimulatedSleep, Sleep};
pub use pacer::Pacer;
pub use record::{MemoryRecord, Record, RecordError};
pub use report::{ExecutionReport, Mode, StepReport};
pub use responder::{Responder, StateBefore};
pub use responders::RESPONDERS;
pub use spec::{ActionSpec, Call, Condition, Convergence, Idempotency, Level, Pace, Permission, RateClass, Terms};
pub use undo_gate::UndoGate;
