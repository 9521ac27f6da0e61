//! Shuts an S3 bucket to the public: all four settings of its public access block, and back to what they were.
//!
//! It does not touch the bucket's policy or any object, and it does not stop who has credentials.

use crate::aws::{Answer, Aws, anonymous, encoded};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore, parameter};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// `[responder.aws_public_access]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By bucket: the key of an object that anyone can read now, to try whether it is refused. Without one the list of
    /// the bucket's objects is asked for.
    pub probe_objects: BTreeMap<String, String>,
}

const READ: &str = "GET /{bucket}?publicAccessBlock";
const PUT: &str = "PUT /{bucket}?publicAccessBlock";
const DELETE: &str = "DELETE /{bucket}?publicAccessBlock";
const LIST: &str = "GET /{bucket}?list-type&max-keys";
const OBJECT: &str = "GET /{bucket}/{key}";

/// The four settings, in the order of S3's schema.
const SETTINGS: [&str; 4] = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

static SPEC: ActionSpec = ActionSpec {
    name: "aws_public_access",
    verb: "block",
    targets: &["resource:aws/"],
    title: "Shut an S3 bucket to the public",
    level: Level::EffectTested,
    reversibility: Reversibility::Reversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(60),
    calls: &[Call::reads(READ), Call::changes(PUT), Call::changes(DELETE), Call::reads(LIST), Call::reads(OBJECT)],
    permissions: &[
        Permission {
            action: "s3:GetBucketPublicAccessBlock",
            resource: "arn:aws:s3:::*",
            purpose: "read the state before, read back",
        },
        Permission {
            action: "s3:PutBucketPublicAccessBlock",
            resource: "arn:aws:s3:::*",
            purpose: "shut the bucket, restore or remove the settings",
        },
    ],
    rate_class: RateClass::S3Control,
    blast_radius: "whoever reads the bucket without credentials, a public web site for instance, is refused",
};

/// Shuts buckets to the public.
#[derive(Debug)]
pub struct AwsPublicAccess;

/// The responder.
pub static RESPONDER: AwsPublicAccess = AwsPublicAccess;

/// The path of the bucket's settings. Path style works for every bucket name, also those with dots.
fn settings_path(action: &Action) -> Result<String, ActError> {
    Ok(format!("/{}?publicAccessBlock", encoded(parameter(action, "bucket")?)))
}

/// The settings as S3 wants them.
fn body(settings: &Map<String, Value>) -> String {
    let mut xml = r#"<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"#.to_owned();
    for name in SETTINGS {
        let on = settings.get(name).and_then(Value::as_bool).unwrap_or(false);
        xml.push_str(&format!("<{name}>{on}</{name}>"));
    }
    xml.push_str("</PublicAccessBlockConfiguration>");
    xml
}

fn read(answer: &Answer) -> Value {
    let on = |name: &str| answer.first(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
    SETTINGS.iter().map(|name| ((*name).to_owned(), Value::Bool(on(name)))).collect::<Map<_, _>>().into()
}

fn all_on(settings: &Value) -> bool {
    SETTINGS.iter().all(|name| settings[name] == Value::Bool(true))
}

impl AwsPublicAccess {
    /// The settings, or null where the bucket has none.
    async fn settings(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        let answer = Aws::of(context, action)?.s3(READ, &settings_path(action)?, b"").await?;
        match answer.code().as_deref() {
            Some("NoSuchPublicAccessBlockConfiguration") => Ok(Value::Null),
            _ => Ok(read(&answer.success(action.target.as_str())?)),
        }
    }

    async fn put(context: &Context<'_>, action: &Action, settings: &Map<String, Value>) -> Result<(), ActError> {
        let answer = Aws::of(context, action)?.s3(PUT, &settings_path(action)?, body(settings).as_bytes()).await?;
        answer.success(action.target.as_str()).map(|_| ())
    }

    /// Whether someone without credentials is admitted.
    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let bucket = parameter(action, "bucket")?;
        let (shape, path) = match context.config.aws_public_access.probe_objects.get(bucket) {
            Some(key) => (OBJECT, format!("/{}/{}", encoded(bucket), encoded(key))),
            None => (LIST, format!("/{}?list-type=2&max-keys=1", encoded(bucket))),
        };
        let response = anonymous(context, action, shape, &path).await?;
        match response.status {
            200 => Ok(Some(true)),
            401 | 403 => Ok(Some(false)),
            _ => Ok(None),
        }
    }
}

#[async_trait]
impl Responder for AwsPublicAccess {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let settings = Self::settings(context, action).await?;
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        Ok(StateBefore { denied_already: all_on(&settings), state: json!({"settings": settings}), admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let on = SETTINGS.iter().map(|name| ((*name).to_owned(), Value::Bool(true))).collect();
        Self::put(context, action, &on).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::settings(context, action).await {
            Ok(settings) if all_on(&settings) => Evidence::declared(true, now, "all four settings are on"),
            Ok(_) => Evidence::declared(false, now, "not all four settings are on"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let effective = match (Self::admitted(context, action).await, before.admitted) {
            (Ok(Some(true)), _) => Evidence::effective(false, now, "S3 still answers without credentials"),
            (Ok(Some(false)), Some(true)) => Evidence::effective(true, now, "S3 refuses who has no credentials"),
            (Ok(Some(false)), _) => {
                Evidence::blind(now, "the probe was refused before the step too; configure an object that is public")
            }
            (Ok(None), _) => Evidence::unobservable(now, "the probe was neither admitted nor refused"),
            (Err(error), _) => Evidence::unobservable(now, error.to_string()),
        };
        vec![declared, effective]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        match &before.state["settings"] {
            Value::Object(settings) => Self::put(context, action, settings).await,
            Value::Null => {
                let answer = Aws::of(context, action)?.s3(DELETE, &settings_path(action)?, b"").await?;
                answer.success(action.target.as_str()).map(|_| ())
            }
            _ => Err(ActError::unusable("the state before has no settings", "set the bucket by hand")),
        }
    }

    async fn would_cut_ourselves(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // Only who has no credentials is refused, and we have some.
        Ok(false)
    }
}
