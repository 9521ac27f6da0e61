//! What a responder says of itself before it does anything: how it can be taken back and repeated, how long until it
//! denies, every call it makes and every right those calls need.
//!
//! A specification is a promise that is kept by force: [`crate::context::Context`] refuses a call that is not in it.

use firebreak_model::Reversibility;
use serde::Serialize;
use std::time::Duration;

/// What makes a repeated step harmless.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Idempotency {
    /// The platform takes a token with the request and does the same request once.
    NativeToken,
    /// The request sets a state: setting it twice is setting it once.
    StateSet,
    /// Nothing does: the state is read back before anything is sent again, and nothing is sent where it cannot be read.
    ReadBackGuard,
}

/// How long a platform may take until it denies everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Convergence {
    /// With the answer to the call.
    Immediate,
    /// At most so many seconds.
    Bounded(u32),
    /// Not before the tokens that were already handed out end by themselves.
    UntilTokenExpiry,
    /// The platform does not say.
    Unknown,
}

impl Convergence {
    /// How long it is worth asking again before the answer counts as final.
    pub const fn window(self) -> Duration {
        match self {
            Convergence::Immediate => Duration::from_secs(2),
            Convergence::Bounded(seconds) => Duration::from_secs(seconds as u64),
            Convergence::UntilTokenExpiry | Convergence::Unknown => Duration::from_secs(300),
        }
    }
}

/// Which budget of calls a responder draws from: steps of one class share it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RateClass {
    /// AWS IAM and STS.
    AwsControlPlane,
    /// S3 bucket configuration.
    S3Control,
    /// A database server.
    Database,
    /// An OAuth authorisation server.
    AuthorizationServer,
    /// Somebody's webhook.
    Webhook,
}

impl RateClass {
    /// How many calls a second this class makes at most, well below what the platforms refuse.
    pub const fn calls_per_second_max(self) -> u32 {
        match self {
            RateClass::AwsControlPlane => 10,
            RateClass::S3Control => 50,
            RateClass::Database | RateClass::AuthorizationServer => 20,
            RateClass::Webhook => 5,
        }
    }
}

/// One call that a responder may make.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Call {
    /// For HTTP: method, path template and, for a Query API, its action: `POST / Action=UpdateAccessKey`,
    /// `PUT /{bucket}?publicAccessBlock`. A path that begins with `{` is an address from the configuration.
    /// For SQL: the statement, with `{role}` for a quoted identifier.
    pub shape: &'static str,
    /// Whether it changes something. What only reads is repeated freely, what changes something never blindly.
    pub changes: bool,
}

impl Call {
    /// A call that only reads.
    pub const fn reads(shape: &'static str) -> Call {
        Call { shape, changes: false }
    }

    /// A call that changes something.
    pub const fn changes(shape: &'static str) -> Call {
        Call { shape, changes: true }
    }
}

/// One right that a responder needs, in the platform's own words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Permission {
    /// The action, grant or scope: `iam:UpdateAccessKey`, `pg_signal_backend`.
    pub action: &'static str,
    /// On what, as narrow as the platform allows.
    pub resource: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

/// All that is known of an action before it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ActionSpec {
    /// The responder's folder: `aws_access_key`.
    pub name: &'static str,
    /// The verb: `deactivate`.
    pub verb: &'static str,
    /// What a person calls it.
    pub title: &'static str,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// What makes a repetition harmless.
    pub idempotency: Idempotency,
    /// How long until it denies.
    pub convergence: Convergence,
    /// Every call it may make.
    pub calls: &'static [Call],
    /// Every right it needs.
    pub permissions: &'static [Permission],
    /// Which budget of calls it draws from.
    pub rate_class: RateClass,
    /// Who else notices.
    pub blast_radius: &'static str,
}

impl ActionSpec {
    /// The name that facts and plans use: `aws_access_key/deactivate`.
    pub fn action_name(&self) -> String {
        format!("{}/{}", self.name, self.verb)
    }
}
