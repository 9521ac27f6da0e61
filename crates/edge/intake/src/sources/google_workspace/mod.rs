//! Google Workspace activities, as the Reports API writes them and in the flat form of some pipelines. An activity can
//! hold several events; each becomes one event here, in the flat form, so that rules see one shape.

mod flat;
mod ocsf;

use crate::mapping::{no_time, person, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use crate::{json, names};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, NodeKind, Outcome, Text};
use sonic_rs::JsonValueTrait;
use std::borrow::Cow;

/// Google Workspace activities.
pub static SOURCE: GoogleWorkspace = GoogleWorkspace;

/// Google Workspace activities.
#[derive(Debug)]
pub struct GoogleWorkspace;

impl Source for GoogleWorkspace {
    fn name(&self) -> &'static str {
        "google_workspace"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["items"] }
    }

    fn parts(&self, record: &Json) -> usize {
        json::list(record, &["events"]).len()
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "kind",
            "etag",
            "id",
            "actor",
            "ipAddress",
            "ownerDomain",
            "networkInfo",
            "resourceDetails",
            "type",
            "name",
            "parameters",
            "resourceIds",
        ]
    }

    fn taxonomy(&self) -> &'static str {
        include_str!("taxonomy.yml")
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let activity = record.json;
        let application = json::text(activity, &["id", "applicationName"]).ok_or_else(|| {
            let hint = "check that the input is a Google Workspace activity report";
            Refusal::new("not a Google Workspace activity: it has no `id.applicationName`", hint)
        })?;
        let several = json::at(activity, &["events"]).is_some();
        let part = json::list(activity, &["events"]).get(record.part);
        let event = part.or((!several).then_some(activity));
        // An event that lost its name still says its kind.
        let name = event.and_then(|event| json::text_of(event, &[&["name"], &["type"]])).map(str::trim);
        let name = name.ok_or_else(|| {
            Refusal::new("the activity names no event", "check that `events[].name` or `name` is exported")
        })?;
        let parameters = flat::parameters(event.unwrap_or(activity));
        let keys = keys(activity, application, name, &parameters);
        let qualifier = json::id(activity, &["id", "uniqueQualifier"]);
        let id = qualifier.filter(|id| id.len() >= 8).map(|id| match several {
            true => format!("{id}#{}", record.part),
            // The flat form has lost the event's number in its activity.
            false => format!("{id}#{name}#{}", record.digest()),
        });
        Ok(Mapped {
            native_id: id.map_or_else(|| Text::from(format!("{}#{}", record.digest(), record.part)), Text::from),
            time: record.time(&[&["id", "time"]]).map_err(|_| no_time(json::text(activity, &["id", "time"])))?,
            log_source: LogSource { product: "gcp", service: service(application) },
            keys,
            body: several.then(|| flat::body(activity, event.unwrap_or(activity), parameters)),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// Sigma's service for an application's events.
fn service(application: &str) -> &'static str {
    const SERVICES: [(&str, &str); 16] = [
        ("access_transparency", "google_workspace.access_transparency"),
        ("admin", "google_workspace.admin"),
        ("calendar", "google_workspace.calendar"),
        ("chat", "google_workspace.chat"),
        ("chrome", "google_workspace.chrome"),
        ("context_aware_access", "google_workspace.context_aware_access"),
        ("drive", "google_workspace.drive"),
        ("gmail", "google_workspace.gmail"),
        ("groups", "google_workspace.groups"),
        ("groups_enterprise", "google_workspace.groups_enterprise"),
        ("login", "google_workspace.login"),
        ("meet", "google_workspace.meet"),
        ("mobile", "google_workspace.mobile"),
        ("rules", "google_workspace.rules"),
        ("saml", "google_workspace.saml"),
        ("token", "google_workspace.token"),
    ];
    let known = SERVICES.iter().find(|(name, _)| *name == application);
    known.map_or("google_workspace", |(_, service)| service)
}

fn keys(activity: &Json, application: &str, name: &str, parameters: &Json) -> Keys {
    let outcome = outcome(application, name);
    // One act of a person can give several events: only the primary one reads.
    let primary = json::at(parameters, &["primary_event"]).and_then(|value| value.as_bool()) != Some(false);
    let reading = matches!(name, "download" | "view" | "copy" | "print" | "source_copy");
    let reads = application == "drive" && primary && reading;
    let mut keys = Keys {
        actor: actor(activity),
        operation: names::text(&[application, ".", name]),
        target: target(activity, application, parameters),
        outcome,
        records: (reads && outcome == Outcome::Success).then_some(1),
        ..Keys::default()
    };
    set_address(&mut keys, json::text(activity, &["ipAddress"]));
    keys
}

fn actor(activity: &Json) -> Option<NodeKey> {
    person(json::text(activity, &["actor", "email"])).or_else(|| {
        let id = json::id(activity, &["actor", "profileId"])?;
        Some(names::identity("google", &id))
    })
}

fn target(activity: &Json, application: &str, parameters: &Json) -> Option<NodeKey> {
    let parameter = |name: &str| json::first(parameters, &[name]);
    match application {
        "drive" => ["owner_shared_drive_id", "shared_drive_id", "owner_team_drive_id", "team_drive_id", "owner"]
            .iter()
            .find_map(|name| parameter(name))
            .map(|drive| names::key(NodeKind::Resource, "google", &["drive/", &drive_name(drive)])),
        "token" => parameter("client_id").map(|id| names::identity("app", id)),
        "login" => person(parameter("affected_email_address")).or_else(|| actor(activity)),
        "admin" => person(parameter("USER_EMAIL")),
        _ => None,
    }
}

/// Shared drives have ids whose case counts; owners have e-mail addresses whose case does not.
fn drive_name(drive: &str) -> Cow<'_, str> {
    if drive.contains('@') { Cow::Owned(drive.to_lowercase()) } else { Cow::Borrowed(drive) }
}

fn outcome(application: &str, name: &str) -> Outcome {
    match (application, name) {
        ("login", "login_failure" | "risky_sensitive_action_blocked") | ("saml", "login_failure") => Outcome::Denied,
        (_, "deny_access_request") => Outcome::Denied,
        _ => Outcome::Success,
    }
}
