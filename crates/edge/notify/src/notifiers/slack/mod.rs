//! Slack: `chat.postMessage` with a bot's token, one thread for each incident; or an incoming webhook, which has no threads.
//!
//! What comes from logs stands in `plain_text`, in which Slack reads no mark-up, no mention and no link.

use crate::error::NotifyError;
use crate::notice::{Ask, cut, word};
use crate::notifier::{Context, Letter, Notifier, NotifierSpec, Setting, as_it_is};
use crate::rest;
use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

static SPEC: NotifierSpec = NotifierSpec {
    name: "slack",
    title: "Slack",
    settings: &[
        Setting::optional("token", "a reference to a bot's token with `chat:write`").secret(),
        Setting::optional("channel", "the channel's id (`C…`), beside `token`"),
        Setting::optional("webhook", "instead of both: a reference to the address of an incoming webhook").secret(),
        Setting::optional("buttons", "`yes`: people approve from the message; `[approvals.slack]` says who they are"),
        Setting::optional("api", "another address than Slack's own"),
    ],
    one_thing: "one thread for each incident; with an incoming webhook nothing does: each notice is a message",
    twice: "a second message in the same thread",
    calls: &["POST /chat.postMessage", "POST (the webhook's address)"],
    rights: &["chat:write"],
};

/// What the button that approves is called.
pub const APPROVE: &str = "firebreak_approve";
/// What the one that declines is called.
pub const DECLINE: &str = "firebreak_decline";

/// Posts messages.
#[derive(Debug)]
pub struct Slack;

/// The notifier.
pub static NOTIFIER: Slack = Slack;

/// The three characters that mean something in Slack's `text`.
fn escaped(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn plain(text: &str, most: usize) -> Value {
    json!({"type": "plain_text", "text": cut(text, most), "emoji": false})
}

fn button(action: &str, ask: &Ask, label: &str, style: &str, asks: &str) -> Value {
    json!({
        "type": "button", "action_id": action, "value": ask.plan, "style": style, "text": plain(label, 75),
        "confirm": {"title": plain("Are you sure?", 100), "text": plain(asks, 300), "confirm": plain(label, 30),
            "deny": plain("Back", 30)},
    })
}

fn message(letter: &Letter<'_>, buttons: bool) -> Value {
    let (title, text) = (letter.title(&as_it_is), letter.text(&as_it_is));
    let mut blocks = vec![json!({"type": "header", "text": plain(&title, 150)})];
    if !text.trim().is_empty() {
        blocks.push(json!({"type": "section", "text": plain(&text, 3_000)}));
    }
    let about = format!("{} · {}", word(letter.notice.severity), letter.notice.subject());
    blocks.push(json!({"type": "context", "elements": [plain(&about, 300)]}));
    if let Some(ask) = letter.notice.ask.as_ref().filter(|_| buttons) {
        let asks = format!("Plan {}: what it does stands above.", cut(&ask.plan, 13));
        let approve = button(APPROVE, ask, "Approve", "primary", &asks);
        blocks
            .push(json!({"type": "actions", "elements": [approve, button(DECLINE, ask, "Decline", "danger", &asks)]}));
    }
    if let Some(link) = letter.link {
        blocks.push(
            json!({"type": "section", "text": {"type": "mrkdwn", "text": format!("<{link}|See the plan and decide>")}}),
        );
    }
    // What notifications show, and programs that read no blocks.
    json!({"text": cut(&letter.title(&escaped), 300), "blocks": blocks, "unfurl_links": false, "unfurl_media": false})
}

/// Slack answers 200 and says in `ok` what it means.
fn posted(answer: &Value) -> Result<Option<&str>, NotifyError> {
    let passing =
        ["ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"];
    let mendable = [
        "not_authed",
        "invalid_auth",
        "token_expired",
        "token_revoked",
        "account_inactive",
        "missing_scope",
        "not_in_channel",
        "channel_not_found",
    ];
    match (answer["ok"].as_bool(), answer["error"].as_str().unwrap_or("no reason given")) {
        (Some(true), _) => Ok(answer["ts"].as_str()),
        (_, error) if passing.contains(&error) => {
            Err(NotifyError::Later { reason: format!("Slack says `{error}`"), wait: Some(Duration::from_secs(30)) })
        }
        (_, error) if mendable.contains(&error) => Err(NotifyError::later(format!("Slack says `{error}`"))),
        (_, error) => Err(NotifyError::refused(error, "Slack would not post it")),
    }
}

#[async_trait]
impl Notifier for Slack {
    fn spec(&self) -> &'static NotifierSpec {
        &SPEC
    }

    fn check(&self, settings: &BTreeMap<String, String>) -> Result<(), String> {
        let has = |name| settings.contains_key(name);
        match (has("webhook"), has("token") && has("channel")) {
            (true, false) | (false, true) => Ok(()),
            _ => Err("says not where to post\nhint: set `token` and `channel`, or `webhook` alone".to_owned()),
        }
    }

    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let mut body = message(letter, context.setting("buttons") == Some("yes"));
        if context.setting("webhook").is_some() {
            let url = context.secret("webhook")?;
            let url = rest::address(url.expose_secret())?.to_owned();
            rest::call(context, rest::json("POST", url, &[], Some(&body))).await?;
            return Ok(None);
        }
        let api = rest::address(context.setting("api").unwrap_or("https://slack.com/api"))?;
        let token = context.secret("token")?;
        body["channel"] = json!(context.needed("channel")?);
        if let Some(root) = thread.and_then(|thread| thread["ts"].as_str()) {
            body["thread_ts"] = json!(root);
            // A plan that waits is seen by those who do not follow the thread too.
            body["reply_broadcast"] = json!(letter.notice.ask.is_some());
        }
        let headers = [("authorization", format!("Bearer {}", token.expose_secret()))];
        let answer =
            rest::call(context, rest::json("POST", format!("{api}/chat.postMessage"), &headers, Some(&body))).await?;
        let answer = rest::body(&answer)?;
        let ts = posted(&answer)?;
        Ok(ts.filter(|_| thread.is_none()).map(|ts| json!({"ts": ts})))
    }
}
