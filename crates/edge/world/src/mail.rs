//! Mail by SMTP: one message to one address over one connection, and whether a failure may have had an effect.
//!
//! It composes no message and keeps no connection open.

use async_trait::async_trait;
use secrecy::SecretString;
use thiserror::Error;

/// How the connection is kept secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MailTls {
    /// `STARTTLS`, and nothing is sent where the server does not offer it.
    #[default]
    Required,
    /// TLS from the first byte.
    FromTheStart,
    /// None: only for a server on this machine.
    None,
}

/// Where mail is handed in.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Its name, which its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub tls: MailTls,
    /// Our name and password there.
    pub login: Option<(String, SecretString)>,
    /// Certificates in PEM that are trusted besides the public ones.
    pub roots: Option<Vec<u8>>,
}

/// Why a message was not handed in.
#[derive(Debug, Error)]
pub enum MailError {
    /// The server said no, and would say no again.
    #[error("the mail server refused it with {code}: {reason}")]
    Refused {
        /// Its three digits.
        code: String,
        /// Its words.
        reason: String,
    },
    /// It was certainly not taken, and may be another time.
    #[error("the mail server did not take it: {0}")]
    NotSent(String),
    /// It may have been taken.
    #[error("no answer from the mail server: {0}")]
    Ambiguous(String),
}

/// A way to hand in mail.
#[async_trait]
pub trait Mail: Send + Sync {
    /// Hands in `message`, headers and all, for the one address `to`. Tries once.
    async fn send(&self, server: &MailServer, from: &str, to: &str, message: &[u8]) -> Result<(), MailError>;
}

/// No mail at all.
#[derive(Debug)]
pub struct NoMail;

#[async_trait]
impl Mail for NoMail {
    async fn send(&self, _: &MailServer, _: &str, _: &str, _: &[u8]) -> Result<(), MailError> {
        Err(MailError::NotSent("this run has no network".to_owned()))
    }
}

/// Real SMTP, over rustls.
#[cfg(feature = "mail")]
#[derive(Debug)]
pub struct SmtpMail;

#[cfg(feature = "mail")]
mod real {
    use super::{Mail, MailError, MailServer, MailTls, SmtpMail};
    use async_trait::async_trait;
    use lettre::address::Envelope;
    use lettre::transport::smtp::authentication::Credentials;
    use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
    use lettre::transport::smtp::{Error, SmtpTransport};
    use lettre::{Address, Transport};
    use secrecy::ExposeSecret;
    use std::time::Duration;

    const SECONDS_MAX: u64 = 20;

    fn transport(server: &MailServer) -> Result<SmtpTransport, String> {
        let words = |error: Error| error.to_string();
        let mut parameters = TlsParameters::builder(server.host.clone());
        if let Some(pem) = &server.roots {
            parameters = parameters.add_root_certificate(Certificate::from_pem(pem).map_err(words)?);
        }
        let tls = match server.tls {
            MailTls::Required => Tls::Required(parameters.build_rustls().map_err(words)?),
            MailTls::FromTheStart => Tls::Wrapper(parameters.build_rustls().map_err(words)?),
            MailTls::None => Tls::None,
        };
        let builder = SmtpTransport::builder_dangerous(&server.host).port(server.port).tls(tls);
        let builder = builder.timeout(Some(Duration::from_secs(SECONDS_MAX)));
        Ok(match &server.login {
            Some((name, password)) => {
                builder.credentials(Credentials::new(name.clone(), password.expose_secret().to_owned())).build()
            }
            None => builder.build(),
        })
    }

    fn failure(error: &Error) -> MailError {
        let reason = match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        match error.status() {
            Some(code) if error.is_permanent() => MailError::Refused { code: code.to_string(), reason },
            Some(_) => MailError::NotSent(reason),
            // The connection ended somewhere in between: the server may have the message.
            None if error.is_response() || error.is_timeout() => MailError::Ambiguous(reason),
            None => MailError::NotSent(reason),
        }
    }

    fn send(server: &MailServer, from: &str, to: &str, message: &[u8]) -> Result<(), MailError> {
        let address = |text: &str| {
            let refused = |error| MailError::Refused { code: "501".to_owned(), reason: format!("`{text}`: {error}") };
            text.parse::<Address>().map_err(refused)
        };
        let envelope = Envelope::new(Some(address(from)?), vec![address(to)?]);
        let envelope = envelope.map_err(|error| MailError::NotSent(error.to_string()))?;
        let transport = transport(server).map_err(MailError::NotSent)?;
        transport.send_raw(&envelope, message).map(|_| ()).map_err(|error| failure(&error))
    }

    #[async_trait]
    impl Mail for SmtpMail {
        async fn send(&self, server: &MailServer, from: &str, to: &str, message: &[u8]) -> Result<(), MailError> {
            let (server, from, to, message) = (server.clone(), from.to_owned(), to.to_owned(), message.to_vec());
            let done = tokio::task::spawn_blocking(move || send(&server, &from, &to, &message));
            done.await.unwrap_or_else(|error| Err(MailError::Ambiguous(error.to_string())))
        }
    }
}
