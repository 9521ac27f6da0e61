//! GitHub's organisation and enterprise audit log, as the API, the export and the stream write it.

mod ocsf;

use crate::mapping::set_address;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use crate::{json, names};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome};
use sonic_rs::JsonContainerTrait;

/// GitHub audit log.
pub static SOURCE: GithubAudit = GithubAudit;

/// GitHub audit log.
#[derive(Debug)]
pub struct GithubAudit;

impl Source for GithubAudit {
    fn name(&self) -> &'static str {
        "github_audit"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = Fields::of(record.json);
        let action = json::as_text(event.action).filter(|action| action.contains('.')).ok_or_else(|| {
            Refusal::new("not a GitHub audit event: it has no `action`", "check that the input is a GitHub audit log")
        })?;
        Ok(Mapped {
            native_id: record.native_id(json::as_text(event.id)),
            time: record.time(&[&["@timestamp"], &["created_at"], &["at_sign_timestamp"]])?,
            log_source: LogSource { product: "github", service: "audit" },
            keys: keys(&event, action),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// The fields that keys are made of, found in one walk over the event.
#[derive(Default)]
struct Fields<'e> {
    action: Option<&'e Json>,
    id: Option<&'e Json>,
    actor: Option<&'e Json>,
    token: Option<&'e Json>,
    agent: Option<&'e Json>,
    address: Option<&'e Json>,
    status: Option<&'e Json>,
    /// Repository under its two names, organisation, enterprise.
    places: [Option<&'e Json>; 4],
}

impl<'e> Fields<'e> {
    fn of(event: &'e Json) -> Fields<'e> {
        let mut fields = Fields::default();
        let [repo, repository, org, business] = &mut fields.places;
        for (name, value) in event.as_object().into_iter().flat_map(|object| object.iter()) {
            let field = match name {
                "action" => &mut fields.action,
                "_document_id" => &mut fields.id,
                "actor" => &mut fields.actor,
                "hashed_token" => &mut fields.token,
                "user_agent" => &mut fields.agent,
                "actor_ip" => &mut fields.address,
                "status_code" => &mut fields.status,
                "repo" => &mut *repo,
                "repository" => &mut *repository,
                "org" => &mut *org,
                "business" => &mut *business,
                _ => continue,
            };
            *field = Some(value);
        }
        fields
    }
}

fn keys(event: &Fields<'_>, action: &str) -> Keys {
    let outcome = outcome(event);
    let reads = matches!(action, "git.clone" | "git.fetch" | "repo.download_zip");
    let mut keys = Keys {
        actor: json::as_text(event.actor).map(|login| names::identity("github", login)),
        credential: json::as_text(event.token).map(|hash| names::credential("github", hash)),
        user_agent: names::owned(json::as_text(event.agent)),
        operation: names::text(&[action]),
        target: target(event),
        outcome,
        records: (reads && outcome == Outcome::Success).then_some(1),
        ..Keys::default()
    };
    set_address(&mut keys, json::as_text(event.address));
    keys
}

/// The repository, else the organisation, else the enterprise. Git events name the repository in a field of their own.
fn target(event: &Fields<'_>) -> Option<NodeKey> {
    let named = event.places.iter().find_map(|place| json::as_first(*place))?;
    Some(names::resource("github", named))
}

/// The log holds what was done; only API requests tell of failures.
fn outcome(event: &Fields<'_>) -> Outcome {
    match json::as_count(event.status) {
        Some(401 | 403) => Outcome::Denied,
        Some(400..) => Outcome::Failure,
        _ => Outcome::Success,
    }
}
