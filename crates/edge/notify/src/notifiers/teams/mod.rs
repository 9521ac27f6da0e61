//! Microsoft Teams: an adaptive card to the address of a workflow. A workflow tells nothing back, so there are no threads.
//!
//! What comes from logs stands in text runs, in which no mark-up is read.

use crate::error::NotifyError;
use crate::notice::{cut, word};
use crate::notifier::{Context, Letter, Notifier, NotifierSpec, Setting, as_it_is};
use crate::rest;
use async_trait::async_trait;
use firebreak_model::Severity;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

static SPEC: NotifierSpec = NotifierSpec {
    name: "teams",
    title: "Microsoft Teams",
    settings: &[
        Setting::needed("webhook", "a reference to the address of a workflow that posts what it is sent").secret()
    ],
    one_thing: "nothing: a workflow does not tell what it posted, so each notice is a card; its first line names the incident",
    twice: "a second card",
    calls: &["POST (the workflow's address)"],
    rights: &["the workflow's address"],
};

/// Posts cards.
#[derive(Debug)]
pub struct Teams;

/// The notifier.
pub static NOTIFIER: Teams = Teams;

fn run(text: &str, more: &Value) -> Value {
    let mut run = json!({"type": "TextRun", "text": text});
    if let (Some(run), Some(more)) = (run.as_object_mut(), more.as_object()) {
        run.extend(more.clone());
    }
    json!({"type": "RichTextBlock", "inlines": [run]})
}

fn card(letter: &Letter<'_>) -> Value {
    let color = match letter.notice.severity {
        Severity::Critical | Severity::High => "attention",
        Severity::Medium => "warning",
        _ => "default",
    };
    let about = format!("{} · {}", word(letter.notice.severity), letter.notice.subject());
    let mut body = vec![
        run(&about, &json!({"color": color, "size": "small"})),
        run(&cut(&letter.title(&as_it_is), 300), &json!({"weight": "bolder", "size": "medium"})),
    ];
    // A run keeps no line breaks: each line is a block.
    let text = cut(&letter.text(&as_it_is), 6_000);
    body.extend(text.lines().filter(|line| !line.trim().is_empty()).take(60).map(|line| run(line, &json!({}))));
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "msteams": {"width": "Full"}, "body": body,
    });
    if let Some(link) = letter.link {
        card["actions"] = json!([{"type": "Action.OpenUrl", "title": "See the plan and decide", "url": link}]);
    }
    json!({"type": "message", "attachments": [
        {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card}]})
}

#[async_trait]
impl Notifier for Teams {
    fn spec(&self) -> &'static NotifierSpec {
        &SPEC
    }

    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        _thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let url = context.secret("webhook")?;
        let url = rest::address(url.expose_secret())?.to_owned();
        rest::call(context, rest::json("POST", url, &[], Some(&card(letter)))).await?;
        Ok(None)
    }
}
