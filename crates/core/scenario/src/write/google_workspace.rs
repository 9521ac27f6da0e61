//! Google Workspace activities, as the Reports API lists them: one activity a line.

use crate::clock::At;
use crate::estate::stores::SHARED_DRIVE;
use crate::json::Json;
use crate::random::Random;

/// Who did it: e-mail address and profile id.
pub(crate) type Actor<'a> = (&'a str, &'a str);

/// A document that an activity is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) kind: &'a str,
    /// The e-mail address of its owner; `None` where it lies in the shared drive of recruiting.
    pub(crate) owner: Option<&'a str>,
    /// The project of the program that asked, where one did.
    pub(crate) app: Option<&'a str>,
}

fn head(json: &mut Json, at: At, application: &str, actor: Actor<'_>, address: &str, random: &mut Random) {
    json.text("kind", "admin#reports#activity");
    json.nested("id", |json| {
        json.text("time", &at.iso_millis());
        json.text("uniqueQualifier", &format!("-{}", random.below(9_000_000_000_000_000_000)));
        json.text("applicationName", application);
        json.text("customerId", "C02meridn");
    });
    json.text("etag", &format!("\"{}/{}\"", random.alnum(43), random.alnum(27)));
    json.nested("actor", |json| {
        json.text("callerType", "USER");
        json.text("email", actor.0);
        json.text("profileId", actor.1);
    });
    json.text("ipAddress", address);
}

fn text(json: &mut Json, name: &str, value: &str) {
    json.object(|json| {
        json.text("name", name);
        json.text("value", value);
    });
}

fn flag(json: &mut Json, name: &str, value: bool) {
    json.object(|json| {
        json.text("name", name);
        json.flag("boolValue", value);
    });
}

/// Writes an activity in Drive: `view`, `edit`, `download`.
pub(crate) fn drive(
    json: &mut Json,
    at: At,
    what: &str,
    actor: Actor<'_>,
    address: &str,
    document: &Document<'_>,
    random: &mut Random,
) {
    head(json, at, "drive", actor, address, random);
    json.list("events", |json| {
        json.object(|json| {
            json.text("type", "access");
            json.text("name", what);
            json.list("parameters", |json| {
                flag(json, "primary_event", true);
                flag(json, "billable", true);
                text(json, "doc_id", document.id);
                text(json, "doc_type", document.kind);
                text(json, "doc_title", document.title);
                text(json, "visibility", "people_within_domain_with_link");
                text(json, "owner", document.owner.unwrap_or("Recruiting"));
                flag(json, "owner_is_shared_drive", document.owner.is_none());
                if document.owner.is_none() {
                    text(json, "shared_drive_id", SHARED_DRIVE);
                    text(json, "owner_shared_drive_id", SHARED_DRIVE);
                }
                if let Some(app) = document.app {
                    text(json, "originating_app_id", app);
                    text(json, "api_method", "drive.files.get");
                }
                flag(json, "actor_is_collaborator_account", false);
            });
        });
    });
}

/// Writes a sign-in through the identity provider.
pub(crate) fn sign_in(json: &mut Json, at: At, actor: Actor<'_>, address: &str, random: &mut Random) {
    head(json, at, "login", actor, address, random);
    json.list("events", |json| {
        json.object(|json| {
            json.text("type", "login");
            json.text("name", "login_success");
            json.list("parameters", |json| {
                text(json, "login_type", "saml");
                json.object(|json| {
                    json.text("name", "login_challenge_method");
                    json.texts("multiValue", &["none"]);
                });
                flag(json, "is_suspicious", false);
            });
        });
    });
}
