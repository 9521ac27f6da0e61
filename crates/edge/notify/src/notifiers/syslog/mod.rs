//! Syslog of RFC 5424 over UDP (RFC 5426), TCP (RFC 6587, counted octets) or TLS (RFC 5425).
//!
//! A receiver of syslog answers nothing: that a message was written is all that we know.

use crate::error::NotifyError;
use crate::notice::cut;
use crate::notifier::{Context, Letter, Notifier, NotifierSpec, Setting, as_it_is};
use async_trait::async_trait;
use firebreak_model::Severity;
use firebreak_world::{Peer, Transport};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::collections::BTreeMap;

static SPEC: NotifierSpec = NotifierSpec {
    name: "syslog",
    title: "Syslog",
    settings: &[
        Setting::needed("server", "the receiver's name"),
        Setting::optional("port", "its port; 514 if not set, 6514 over TLS"),
        Setting::optional("transport", "`tls` (as if not set), `tcp` or `udp`"),
        Setting::optional("roots", "a reference to certificates in PEM that are trusted instead of the public ones")
            .secret(),
        Setting::optional("host", "what the messages call this machine; `-` if not set"),
        Setting::optional("facility", "a number from 0 to 23; 10 (security) if not set"),
        Setting::optional("enterprise", "your private enterprise number; 32473, the one of examples, if not set"),
    ],
    one_thing: "`incident` in the structured data, by which a search joins what belongs together",
    twice: "the same message again, with the same `notice`",
    calls: &["one message over UDP, TCP or TLS"],
    rights: &["none"],
};

/// The most that every receiver must take over UDP.
const DATAGRAM_MAX: usize = 2_048;

/// Writes messages.
#[derive(Debug)]
pub struct Syslog;

/// The notifier.
pub static NOTIFIER: Syslog = Syslog;

fn level(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Informational => 6,
    }
}

/// A value of structured data: three characters are escaped, by RFC 5424, section 6.3.3.
fn value(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]")
}

/// A name in the header: printable ASCII without blanks.
fn name(text: &str, most: usize) -> String {
    let kept: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if kept.is_empty() { "-".to_owned() } else { kept }
}

/// A message on one line: a line break in it could pass for a second message.
fn message(letter: &Letter<'_>, host: &str, facility: u8, enterprise: u32) -> String {
    let notice = letter.notice;
    let priority = facility.min(23) * 8 + level(notice.severity);
    let mut data = format!("[firebreak@{enterprise} notice=\"{}\"", value(&notice.id));
    for (field, text) in
        [("incident", notice.incident.as_deref()), ("plan", notice.ask.as_ref().map(|ask| ask.plan.as_str()))]
    {
        if let Some(text) = text {
            data.push_str(&format!(" {field}=\"{}\"", value(text)));
        }
    }
    let text = format!("{}\n{}", letter.title(&as_it_is), letter.text(&as_it_is));
    let text = cut(&text, 7_000).replace('\\', "\\\\").replace('\n', "\\n");
    // The mark says that what follows is UTF-8.
    format!("<{priority}>1 {} {} firebreak - notice {data}] \u{feff}{text}", notice.at, name(host, 255))
}

fn framed(message: &str, transport: &Transport) -> Vec<u8> {
    if *transport != Transport::Udp {
        return format!("{} {message}", message.len()).into_bytes();
    }
    let end = (0..=message.len().min(DATAGRAM_MAX)).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    message.as_bytes().get(..end).unwrap_or_default().to_vec()
}

#[async_trait]
impl Notifier for Syslog {
    fn spec(&self) -> &'static NotifierSpec {
        &SPEC
    }

    fn check(&self, settings: &BTreeMap<String, String>) -> Result<(), String> {
        let is_number = |name: &str, most: u32| {
            settings.get(name).is_none_or(|text| text.parse::<u32>().is_ok_and(|number| number <= most))
        };
        for (name, most) in [("port", 65_535), ("facility", 23), ("enterprise", u32::MAX)] {
            if !is_number(name, most) {
                return Err(format!(
                    "has a `{name}` that is no number up to {most}\nhint: leave it out for the usual one"
                ));
            }
        }
        match settings.get("transport").map(String::as_str) {
            None | Some("tls" | "tcp" | "udp") => Ok(()),
            Some(other) => Err(format!("knows no transport `{other}`\nhint: `tls`, `tcp` or `udp`")),
        }
    }

    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        _thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let roots = match context.setting("roots") {
            Some(_) => Some(context.secret("roots")?.expose_secret().as_bytes().to_vec()),
            None => None,
        };
        let (transport, usual) = match context.setting("transport") {
            Some("udp") => (Transport::Udp, 514),
            Some("tcp") => (Transport::Tcp, 514),
            _ => (Transport::Tls { roots }, 6514),
        };
        let number = |name: &str| context.setting(name).and_then(|text| text.parse::<u32>().ok());
        let port = number("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(usual);
        let facility = number("facility").and_then(|facility| u8::try_from(facility).ok()).unwrap_or(10);
        let host = context.setting("host").unwrap_or("-");
        let message = message(letter, host, facility, number("enterprise").unwrap_or(32_473));
        let bytes = framed(&message, &transport);
        let peer = Peer { host: context.needed("server")?.to_owned(), port, transport };
        context.world.wire.send(&peer, &bytes).await.map_err(|error| NotifyError::later(error.to_string()))?;
        Ok(None)
    }
}
