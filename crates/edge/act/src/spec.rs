//! What a responder says of itself before it does anything: how it can be taken back and repeated, how long until it
//! denies, every call it makes and every right those calls need.
//!
//! A specification is a promise that is kept by force: [`crate::context::Context`] refuses a call that is not in it.

pub mod catalogue;

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

/// What a responder was tested against: the badge on its page.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A real or enforcing server was seen to admit before the step and to refuse after it.
    EffectTested,
    /// Every request agrees with an official description or with the official client library; nobody saw a real
    /// platform refuse.
    ContractTested,
    /// It calls nothing: a person does it and brings evidence.
    Guided,
}

impl Level {
    /// The badge: `effect-tested`.
    pub const fn word(self) -> &'static str {
        match self {
            Level::EffectTested => "effect-tested",
            Level::ContractTested => "contract-tested",
            Level::Guided => "guided",
        }
    }
}

/// How fast calls of one class may follow one another: `burst` at once, and one more for each `spacing` that passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// The time in which the class earns one call.
    pub spacing: Duration,
    /// How many calls that were not made may be saved up.
    pub burst: u32,
}

impl Pace {
    /// Half a second's worth may be saved up: reading the state before and the first cut need not wait for each other.
    const fn per_second(calls: u64) -> Pace {
        let burst = if calls < 4 { 1 } else { (calls / 2) as u32 };
        Pace { spacing: Duration::from_micros(1_000_000 / calls), burst }
    }

    const fn per_minute(calls: u64, burst: u32) -> Pace {
        Pace { spacing: Duration::from_micros(60_000_000 / calls), burst }
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
    /// AWS services of one region: EC2, Lambda, Secrets Manager.
    AwsRegional,
    /// AWS Organizations, which refuses more than a call or so a second.
    AwsOrganizations,
    /// A database server.
    Database,
    /// An OAuth authorisation server.
    AuthorizationServer,
    /// Somebody's webhook.
    Webhook,
    /// GitHub's REST API with a token. Its guide asks for a second between calls that change something (secondary
    /// limits: 80 such calls a minute); the primary limit of 5,000 calls an hour is wider.
    Github,
    /// GitHub without a token: the description of `POST /credentials/revoke` names 60 calls an hour.
    GithubAnonymous,
    /// Okta: budgets are per endpoint and minute, and `X-Rate-Limit-Reset` says when one opens again. 100 a minute is
    /// half of the narrowest default of the endpoints in use.
    Okta,
    /// Google's Admin, Drive and IAM APIs: the Directory API allows 2,400 queries a minute for each user and project,
    /// IAM 600 writes a minute for each project.
    Google,
    /// Microsoft Graph: writes on users and applications are limited to 3,000 in 2.5 minutes for an app and tenant.
    Graph,
    /// Slack's Web API: administration methods are of tier 2, about 20 calls a minute, with bursts allowed.
    Slack,
    /// OpenAI's administration API publishes no budget: a cautious pace.
    Openai,
    /// Anthropic's administration API publishes no budget: a cautious pace.
    Anthropic,
    /// A Keycloak realm's admin API: it has no budget of its own.
    Keycloak,
    /// A LiteLLM gateway's administration: it is the gateway that also serves the models.
    Litellm,
    /// OpenBao or Vault: quotas are the operator's own.
    Vault,
    /// A cluster's API server, which queues by priority and fairness and says 429 with `Retry-After`.
    Kubernetes,
    /// A SCIM service: budgets differ and are seldom published.
    Scim,
    /// A person: nothing is called.
    Person,
}

impl RateClass {
    /// How fast this class makes calls at most, well below what the platforms refuse.
    pub const fn pace(self) -> Pace {
        match self {
            RateClass::AwsControlPlane | RateClass::AwsRegional => Pace::per_second(10),
            RateClass::AwsOrganizations => Pace::per_second(1),
            RateClass::S3Control => Pace::per_second(50),
            // A server that is not asked for more than the places of its lane at a time has no limit of its own.
            RateClass::Database => Pace::per_second(50),
            RateClass::AuthorizationServer => Pace::per_second(20),
            RateClass::Webhook => Pace::per_second(5),
            RateClass::Github => Pace::per_minute(60, 5),
            RateClass::GithubAnonymous => Pace::per_minute(1, 30),
            RateClass::Okta => Pace::per_minute(100, 10),
            RateClass::Google => Pace::per_minute(600, 10),
            RateClass::Graph => Pace::per_minute(600, 10),
            RateClass::Slack => Pace::per_minute(20, 5),
            RateClass::Openai | RateClass::Anthropic => Pace::per_minute(60, 5),
            RateClass::Keycloak => Pace::per_second(50),
            RateClass::Litellm | RateClass::Vault => Pace::per_second(20),
            RateClass::Kubernetes => Pace::per_second(20),
            RateClass::Scim => Pace::per_second(5),
            RateClass::Person => Pace::per_second(50),
        }
    }
}

/// One call that a responder may make.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Call {
    /// For HTTP: method, path template and, for a Query API, its action: `POST / Action=UpdateAccessKey`, `POST / X-Amz-Target=secretsmanager.RotateSecret`,
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

/// What narrows a right beyond its action and its resource, where the platform has such means: a condition of an IAM policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Condition {
    /// The action of the right.
    pub action: &'static str,
    /// How the value is compared: `ArnEquals`.
    pub operator: &'static str,
    /// What is compared: `iam:PolicyARN`.
    pub key: &'static str,
    /// With what.
    pub value: &'static str,
}

/// On which terms a responder's rights are to be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Terms {
    /// What narrows them. A right without a condition here is given without one.
    pub conditions: &'static [Condition],
    /// The actions of rights that serve undo alone: without them the step is done all the same, and a person takes it back.
    pub for_undo: &'static [&'static str],
}

impl Terms {
    /// All rights are needed for the step, and none can be narrowed further.
    pub const PLAIN: Terms = Terms { conditions: &[], for_undo: &[] };

    /// What narrows `action`.
    pub fn of(&self, action: &str) -> impl Iterator<Item = &'static Condition> {
        let wanted = action.to_owned();
        self.conditions.iter().filter(move |condition| condition.action == wanted)
    }
}

/// All that is known of an action before it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ActionSpec {
    /// The responder's folder: `aws_access_key`.
    pub name: &'static str,
    /// The verb: `deactivate`.
    pub verb: &'static str,
    /// How keys of what it acts on begin (`credential:aws/`); none where the page's parameters alone say what it is.
    pub targets: &'static [&'static str],
    /// What a person calls it.
    pub title: &'static str,
    /// What it was tested against.
    pub level: Level,
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

    /// Seconds until it denies everywhere, as the platform tells: what a plan reckons with.
    pub const fn delay_seconds(&self) -> u32 {
        match self.convergence {
            Convergence::Immediate => 1,
            Convergence::Bounded(seconds) => seconds,
            Convergence::UntilTokenExpiry => 3_600,
            Convergence::Unknown => 300,
        }
    }
}
