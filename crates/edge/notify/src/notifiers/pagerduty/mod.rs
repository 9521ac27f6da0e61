//! PagerDuty by its Events API v2: one alert for each incident, by `dedup_key`. It resolves nothing: people do.

use crate::error::NotifyError;
use crate::notice::{cut, word};
use crate::notifier::{Context, Letter, Notifier, NotifierSpec, Setting, as_it_is};
use crate::rest;
use async_trait::async_trait;
use firebreak_model::Severity;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

static SPEC: NotifierSpec = NotifierSpec {
    name: "pagerduty",
    title: "PagerDuty",
    settings: &[
        Setting::needed("routing_key", "a reference to the integration key of a service").secret(),
        Setting::optional("source", "what the alert is said to come from; `firebreak` if not set"),
        Setting::optional("api", "another address than PagerDuty's own: `https://events.eu.pagerduty.com`"),
    ],
    one_thing: "`dedup_key`: further notices are added to the open alert",
    twice: "nothing is seen of it: the same `dedup_key`",
    calls: &["POST /v2/enqueue"],
    rights: &["the integration key of one service: it can raise alerts there and nothing else"],
};

/// Raises alerts.
#[derive(Debug)]
pub struct Pagerduty;

/// The notifier.
pub static NOTIFIER: Pagerduty = Pagerduty;

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Informational => "info",
    }
}

#[async_trait]
impl Notifier for Pagerduty {
    fn spec(&self) -> &'static NotifierSpec {
        &SPEC
    }

    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        _thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let api = rest::address(context.setting("api").unwrap_or("https://events.pagerduty.com"))?;
        let key = context.secret("routing_key")?;
        let notice = letter.notice;
        let mut body = json!({
            "routing_key": key.expose_secret(),
            "event_action": "trigger",
            "dedup_key": format!("firebreak-{}", notice.subject()),
            "client": "Firebreak",
            "payload": {
                "summary": cut(&letter.title(&as_it_is), 1_024),
                "source": context.setting("source").unwrap_or("firebreak"),
                "severity": severity(notice.severity),
                "timestamp": notice.at.to_string(),
                "class": word(notice.severity),
                "custom_details": {"text": letter.text(&as_it_is), "notice": notice.id, "incident": notice.incident},
            },
        });
        if let Some(ask) = &notice.ask {
            body["payload"]["custom_details"]["plan"] = json!(ask.plan);
        }
        if let Some(link) = letter.link {
            body["links"] = json!([{"href": link, "text": "See the plan and decide"}]);
        }
        rest::call(context, rest::json("POST", format!("{api}/v2/enqueue"), &[], Some(&body))).await?;
        Ok(None)
    }
}
