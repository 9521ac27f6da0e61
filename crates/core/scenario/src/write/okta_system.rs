//! Okta System Log events, as `GET /api/v1/logs` answers: an array of objects.

use crate::clock::At;
use crate::json::Json;
use crate::people::Person;
use crate::random::Random;

/// One event about one person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) kind: &'a str,
    pub(crate) message: &'a str,
    pub(crate) person: &'a Person,
    pub(crate) address: &'a str,
    pub(crate) session: &'a str,
    /// Why it failed; `None` for success.
    pub(crate) failure: Option<&'a str>,
    /// Type and name of what it is about.
    pub(crate) target: Option<(&'a str, &'a str)>,
}

fn client(json: &mut Json, event: &Event<'_>) {
    let (system, browser) = match event.person.agent {
        agent if agent.contains("Macintosh") => ("Mac OS X", "CHROME"),
        agent if agent.contains("Windows") => ("Windows 11", "EDGE"),
        _ => ("Linux", "FIREFOX"),
    };
    json.nested("client", |json| {
        json.nested("userAgent", |json| {
            json.text("rawUserAgent", event.person.agent);
            json.text("os", system);
            json.text("browser", browser);
        });
        json.text("zone", "null");
        json.text("device", "Computer");
        json.null("id");
        json.text("ipAddress", event.address);
        json.null("geographicalContext");
    });
}

/// Writes the event.
pub(crate) fn record(json: &mut Json, at: At, event: &Event<'_>, random: &mut Random) {
    json.nested("actor", |json| {
        json.text("id", &event.person.okta_id);
        json.text("type", "User");
        json.text("alternateId", &event.person.email);
        json.text("displayName", &event.person.name());
        json.null("detailEntry");
    });
    client(json, event);
    json.null("device");
    json.nested("authenticationContext", |json| {
        json.null("authenticationProvider");
        json.number("authenticationStep", 0);
        json.text("externalSessionId", event.session);
    });
    json.text("displayMessage", event.message);
    json.text("eventType", event.kind);
    json.nested("outcome", |json| {
        json.text("result", if event.failure.is_some() { "FAILURE" } else { "SUCCESS" });
        json.text_or_null("reason", event.failure);
    });
    json.text("published", &at.iso_millis());
    json.nested("securityContext", |json| {
        for name in ["asNumber", "asOrg", "isp", "domain", "isProxy"] {
            json.null(name);
        }
    });
    json.text("severity", if event.failure.is_some() { "WARN" } else { "INFO" });
    json.nested("debugContext", |json| {
        json.nested("debugData", |json| {
            json.text("requestId", &random.alnum(26));
            json.text("requestUri", "/idp/idx/identify");
            json.text("url", "/idp/idx/identify?");
        });
    });
    json.null("legacyEventType");
    json.nested("transaction", |json| {
        json.text("type", "WEB");
        json.text("id", &random.alnum(26));
        json.nested("detail", |_| {});
    });
    json.text("uuid", &random.uuid());
    json.text("version", "0");
    json.nested("request", |json| {
        json.list("ipChain", |json| {
            json.object(|json| {
                json.text("ip", event.address);
                json.null("geographicalContext");
                json.text("version", if event.address.contains(':') { "V6" } else { "V4" });
                json.null("source");
            });
        });
    });
    match event.target {
        None => json.null("target"),
        Some((kind, name)) => json.list("target", |json| {
            json.object(|json| {
                json.text("id", &format!("0oa{}", Random::of(0, name, 0).alnum(17)));
                json.text("type", kind);
                json.text("alternateId", name);
                json.text("displayName", name);
                json.null("detailEntry");
            });
        }),
    }
}
