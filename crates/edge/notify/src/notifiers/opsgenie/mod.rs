//! Opsgenie: one alert for each incident, by its alias; what follows is a note on it. It closes nothing: people do.

use crate::error::NotifyError;
use crate::notice::cut;
use crate::notifier::{Context, Letter, Notifier, NotifierSpec, Setting, as_it_is};
use crate::rest;
use async_trait::async_trait;
use firebreak_model::Severity;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

static SPEC: NotifierSpec = NotifierSpec {
    name: "opsgenie",
    title: "Opsgenie",
    settings: &[
        Setting::needed("key", "a reference to the key of an API integration with the right to create").secret(),
        Setting::optional("team", "the name of the team that is to answer"),
        Setting::optional("api", "another address than Opsgenie's own: `https://api.eu.opsgenie.com`"),
    ],
    one_thing: "the alias: an alert that is open is counted up, and what is new is a note on it",
    twice: "a count that is one too high, or the same note twice",
    calls: &["POST /v2/alerts", "POST /v2/alerts/{alias}/notes?identifierType=alias"],
    rights: &["create and update of one API integration"],
};

/// Raises alerts.
#[derive(Debug)]
pub struct Opsgenie;

/// The notifier.
pub static NOTIFIER: Opsgenie = Opsgenie;

fn priority(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "P1",
        Severity::High => "P2",
        Severity::Medium => "P3",
        Severity::Low => "P4",
        Severity::Informational => "P5",
    }
}

#[async_trait]
impl Notifier for Opsgenie {
    fn spec(&self) -> &'static NotifierSpec {
        &SPEC
    }

    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let api = rest::address(context.setting("api").unwrap_or("https://api.opsgenie.com"))?;
        let key = context.secret("key")?;
        let headers = [("authorization", format!("GenieKey {}", key.expose_secret()))];
        let notice = letter.notice;
        let alias = format!("firebreak-{}", notice.subject());
        let link = letter.link.map(|link| format!("\n\nSee the plan and decide: {link}")).unwrap_or_default();
        let (title, text) = (letter.title(&as_it_is), format!("{}{link}", letter.text(&as_it_is)));
        if thread.is_some() {
            let url = format!("{api}/v2/alerts/{}/notes?identifierType=alias", rest::piece(&alias));
            let body = json!({"source": "firebreak", "note": cut(&format!("{title}\n{text}"), 25_000)});
            rest::call(context, rest::json("POST", url, &headers, Some(&body))).await?;
            return Ok(None);
        }
        let mut body = json!({
            "message": cut(&title, 130),
            "alias": alias,
            "description": cut(&text, 15_000),
            "priority": priority(notice.severity),
            "source": "firebreak",
            "tags": ["firebreak"],
            "details": {"notice": notice.id, "plan": notice.ask.as_ref().map(|ask| ask.plan.clone()).unwrap_or_default()},
        });
        if let Some(team) = context.setting("team") {
            body["responders"] = json!([{"type": "team", "name": team}]);
        }
        rest::call(context, rest::json("POST", format!("{api}/v2/alerts"), &headers, Some(&body))).await?;
        Ok(Some(json!({"alias": alias})))
    }
}
