//! E-mail by SMTP: plain text, one conversation for each incident.

use crate::error::NotifyError;
use crate::notice::cut;
use crate::notifier::{Context, Letter, Notifier, NotifierSpec, Setting, as_it_is};
use async_trait::async_trait;
use firebreak_world::{MailError, MailServer, MailTls};
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

static SPEC: NotifierSpec = NotifierSpec {
    name: "email",
    title: "E-mail",
    settings: &[
        Setting::needed("server", "the name of the mail server"),
        Setting::needed("from", "our address"),
        Setting::needed("to", "one address"),
        Setting::optional("port", "the server's port; 587 if not set, 465 with `tls = \"from_the_start\"`"),
        Setting::optional(
            "tls",
            "`required` (STARTTLS, as if not set), `from_the_start`, or `none` for a server on this machine",
        ),
        Setting::optional("user", "our name at the server"),
        Setting::optional("password", "a reference to the password, beside `user`").secret(),
        Setting::optional("roots", "a reference to certificates in PEM that are trusted besides the public ones")
            .secret(),
    ],
    one_thing: "`References`: mail programs show one conversation",
    twice: "the same `Message-ID` again, which most programs show once",
    calls: &["SMTP: one message to one address"],
    rights: &["to hand in mail from one address"],
};

/// Writes mail.
#[derive(Debug)]
pub struct Email;

/// The notifier.
pub static NOTIFIER: Email = Email;

/// Says that a machine wrote it, so that no machine answers.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<AutoSubmitted, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(AutoSubmitted::name(), "auto-generated".to_owned())
    }
}

/// Letters, digits and hyphens: what an id may hold between its angle brackets.
fn atom(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).take(100).collect()
}

fn mailbox(text: &str) -> Result<Mailbox, NotifyError> {
    text.parse().map_err(|_| NotifyError::unusable(format!("`{text}` is no address"), "write `name@example.com`"))
}

fn message(letter: &Letter<'_>, from: &str, to: &str) -> Result<Vec<u8>, NotifyError> {
    let notice = letter.notice;
    let (from, to) = (mailbox(from)?, mailbox(to)?);
    let domain = from.email.domain().to_owned();
    let id = |name: &str| format!("<{}@{domain}>", atom(name));
    let (own, root) = (id(&format!("{}-{}", notice.subject(), notice.id)), id(notice.subject()));
    let seconds = u64::try_from(notice.at.seconds()).unwrap_or(0);
    let link = letter.link.map(|link| {
        format!("\n\nSee the plan and decide:\n{link}\n\nThe link is yours: whoever has it decides in your name.\n")
    });
    let body = format!("{}{}", letter.text(&as_it_is), link.unwrap_or_default());
    let subject = cut(&letter.title(&as_it_is).replace(['\r', '\n'], " "), 200);
    let part = SinglePart::builder().header(ContentType::TEXT_PLAIN).header(ContentTransferEncoding::Base64).body(body);
    let message = Message::builder()
        .from(from)
        .to(to)
        .subject(subject)
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(own))
        .in_reply_to(root.clone())
        .references(root)
        .header(AutoSubmitted)
        .singlepart(part);
    let message = message.map_err(|error| NotifyError::unusable(error.to_string(), "see the notifier's page"))?;
    Ok(message.formatted())
}

fn server(context: &Context<'_>) -> Result<MailServer, NotifyError> {
    let host = context.needed("server")?.to_owned();
    let (tls, usual) = match context.setting("tls").unwrap_or("required") {
        "from_the_start" => (MailTls::FromTheStart, 465),
        "none" => (MailTls::None, 25),
        _ => (MailTls::Required, 587),
    };
    let port = context.setting("port").and_then(|port| port.parse().ok()).unwrap_or(usual);
    let login = match context.setting("user") {
        Some(user) => Some((user.to_owned(), context.secret("password")?)),
        None => None,
    };
    let roots = match context.setting("roots") {
        Some(_) => Some(secrecy::ExposeSecret::expose_secret(&context.secret("roots")?).as_bytes().to_vec()),
        None => None,
    };
    Ok(MailServer { host, port, tls, login, roots })
}

#[async_trait]
impl Notifier for Email {
    fn spec(&self) -> &'static NotifierSpec {
        &SPEC
    }

    fn check(&self, settings: &BTreeMap<String, String>) -> Result<(), String> {
        let text = |name: &str| settings.get(name).map(String::as_str);
        for name in ["from", "to"] {
            let address = text(name).unwrap_or_default();
            if mailbox(address).is_err() {
                return Err(format!("has no address in `{name}`: `{address}`\nhint: write `name@example.com`"));
            }
        }
        let here = ["localhost", "127.0.0.1", "::1"].contains(&text("server").unwrap_or_default());
        match text("tls") {
            None | Some("required" | "from_the_start") => {}
            Some("none") if here => {}
            Some("none") => return Err("would send mail in the clear\nhint: set `tls = \"required\"`".to_owned()),
            Some(other) => {
                return Err(format!("knows no `tls = \"{other}\"`\nhint: `required`, `from_the_start` or `none`"));
            }
        }
        if text("port").is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err("has a `port` that is no number\nhint: 587 is usual".to_owned());
        }
        Ok(())
    }

    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        _thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let (from, to) = (context.needed("from")?, context.needed("to")?);
        let message = message(letter, from, to)?;
        let (from, to) = (mailbox(from)?.email.to_string(), mailbox(to)?.email.to_string());
        match context.world.mail.send(&server(context)?, &from, &to, &message).await {
            Ok(()) => Ok(None),
            // A refusal of our password is something that can be mended.
            Err(MailError::Refused { code, reason }) if code == "535" || code == "530" => {
                Err(NotifyError::later(reason))
            }
            Err(MailError::Refused { code, reason }) => Err(NotifyError::refused(code, reason)),
            Err(error) => Err(NotifyError::later(error.to_string())),
        }
    }
}
