//! HTTP, reduced to what responders need: one request, one bounded answer, and whether a failure may have had an effect.

use async_trait::async_trait;
use thiserror::Error;

/// One request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Header names in lower case, with values. Values may be secret: never logged.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The body, at most 8 MiB.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The request certainly had no effect: it was never sent.
    #[error("could not reach `{host}`: {reason}")]
    NotSent {
        /// Whom we tried to reach.
        host: String,
        /// Why it failed.
        reason: String,
    },
    /// The request may have had its effect: sent, but no whole answer came back.
    #[error("no answer from `{host}`: {reason}")]
    Ambiguous {
        /// Whom we asked.
        host: String,
        /// Why there is no answer.
        reason: String,
    },
}

/// A way to call HTTP servers.
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends one request, follows no redirect and retries nothing.
    async fn send(&self, request: Request) -> Result<Response, HttpError>;
}

/// No network at all.
#[derive(Debug)]
pub struct NoHttp;

#[async_trait]
impl Http for NoHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        Err(HttpError::NotSent { host: request.url, reason: "this run has no network".to_owned() })
    }
}
