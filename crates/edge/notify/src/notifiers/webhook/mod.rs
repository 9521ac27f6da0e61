//! Any receiver: the notice as JSON, signed with HMAC-SHA-256 over a time and the body, with an idempotency key.

use crate::error::NotifyError;
use crate::notice::word;
use crate::notifier::{Context, Letter, Notifier, NotifierSpec, Setting, as_it_is};
use crate::rest;
use async_trait::async_trait;
use firebreak_world::Request;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

static SPEC: NotifierSpec = NotifierSpec {
    name: "webhook",
    title: "Webhook",
    settings: &[
        Setting::needed("url", "where it is posted"),
        Setting::needed(
            "key",
            "a reference to the key of the signature: 32 random bytes or more, which the receiver has too",
        )
        .secret(),
    ],
    one_thing: "`incident`, by which the receiver joins what belongs together",
    twice: "the same `idempotency-key`, by which the receiver drops it",
    calls: &["POST (the address)"],
    rights: &["the key of the signature"],
};

/// Posts notices.
#[derive(Debug)]
pub struct Webhook;

/// The notifier.
pub static NOTIFIER: Webhook = Webhook;

/// `t=<seconds>,v1=<hex>`: HMAC-SHA-256 over the time, a dot and the body.
fn signature(key: &SecretString, seconds: i64, body: &[u8]) -> Result<String, NotifyError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).map_err(|_| {
        NotifyError::unusable("the key of the signature cannot be used", "use a key of 32 random bytes")
    })?;
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let hex: String = hex::encode(mac.finalize().into_bytes());
    Ok(format!("t={seconds},v1={hex}"))
}

#[async_trait]
impl Notifier for Webhook {
    fn spec(&self) -> &'static NotifierSpec {
        &SPEC
    }

    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        _thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let url = rest::address(context.needed("url")?)?.to_owned();
        let key = context.secret("key")?;
        let notice = letter.notice;
        let body = json!({
            "format": "firebreak.notice/1",
            "id": notice.id,
            "incident": notice.incident,
            "severity": word(notice.severity),
            "title": letter.title(&as_it_is),
            "text": letter.text(&as_it_is),
            "at": notice.at,
            "ask": notice.ask,
            "link": letter.link,
        })
        .to_string()
        .into_bytes();
        let signature = signature(&key, context.world.clock.now().seconds(), &body)?;
        let headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("idempotency-key".to_owned(), notice.id.clone()),
            ("firebreak-signature".to_owned(), signature),
        ];
        rest::call(context, Request { method: "POST".to_owned(), url, headers, body }).await?;
        Ok(None)
    }
}
