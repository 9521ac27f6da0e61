//! GitHub's organisation and enterprise audit log, as the API, the export and the stream write it.

mod ocsf;

use crate::json;
use crate::mapping::set_address;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

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
        let event = record.json;
        let action = json::text(event, &["action"]).filter(|action| action.contains('.')).ok_or_else(|| {
            Refusal::new("not a GitHub audit event: it has no `action`", "check that the input is a GitHub audit log")
        })?;
        Ok(Mapped {
            native_id: record.native_id(json::text(event, &["_document_id"])),
            time: record.time(&[&["@timestamp"], &["created_at"], &["at_sign_timestamp"]])?,
            log_source: LogSource { product: "github", service: "audit" },
            keys: keys(event, action),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(event: &Json, action: &str) -> Keys {
    let outcome = outcome(event);
    let reads = matches!(action, "git.clone" | "git.fetch" | "repo.download_zip");
    let mut keys = Keys {
        actor: json::text(event, &["actor"]).map(|login| NodeKey::identity("github", login)),
        credential: json::text(event, &["hashed_token"]).map(|hash| NodeKey::credential("github", hash)),
        user_agent: json::owned(json::text(event, &["user_agent"])),
        operation: Text::new(action),
        target: target(event),
        outcome,
        records: (reads && outcome == Outcome::Success).then_some(1),
        ..Keys::default()
    };
    set_address(&mut keys, json::text(event, &["actor_ip"]));
    keys
}

/// The repository, else the organisation, else the enterprise. Git events name the repository in a field of their own.
fn target(event: &Json) -> Option<NodeKey> {
    let named = ["repo", "repository", "org", "business"].iter().find_map(|field| json::first(event, &[field]))?;
    Some(NodeKey::resource("github", named))
}

/// The log holds what was done; only API requests tell of failures.
fn outcome(event: &Json) -> Outcome {
    match json::count(event, &["status_code"]) {
        Some(401 | 403) => Outcome::Denied,
        Some(400..) => Outcome::Failure,
        _ => Outcome::Success,
    }
}
