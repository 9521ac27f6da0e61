//! One HTTP call of a notifier, and what its answer means for trying again.

use crate::error::NotifyError;
use crate::notice::cut;
use crate::notifier::Context;
use firebreak_world::{HttpError, Request, Response, is_private};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde_json::Value;
use std::time::Duration;

/// The most that is kept of a receiver's words, in characters.
const WORDS_MAX: usize = 300;
/// What RFC 3986 lets stand as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `https`, or this machine.
///
/// # Errors
/// Where a secret would travel in the clear.
pub(crate) fn address(url: &str) -> Result<&str, NotifyError> {
    match is_private(url) {
        true => Ok(url.trim_end_matches('/')),
        // The address may hold a secret itself, and is not shown.
        false => {
            Err(NotifyError::unusable("the address would carry our secret in the clear", "use one with `https://`"))
        }
    }
}

/// A request with a JSON body.
pub(crate) fn json(method: &str, url: String, headers: &[(&str, String)], body: Option<&Value>) -> Request {
    let mut all: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    if body.is_some() {
        all.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    Request { method: method.to_owned(), url, headers: all, body }
}

/// Sends it once. Gives answers of 200 to 299.
///
/// # Errors
/// Later for what may be otherwise another time, a refusal for what would not.
pub(crate) async fn call(context: &Context<'_>, request: Request) -> Result<Response, NotifyError> {
    match context.world.http.send(request).await {
        Ok(response) if (200..300).contains(&response.status) => Ok(response),
        Ok(response) => Err(refusal(&response)),
        Err(error @ (HttpError::NotSent { .. } | HttpError::Ambiguous { .. })) => {
            Err(NotifyError::later(error.to_string()))
        }
    }
}

/// What an answer that is no success means.
pub(crate) fn refusal(response: &Response) -> NotifyError {
    let words = cut(String::from_utf8_lossy(&response.body).trim(), WORDS_MAX);
    match response.status {
        429 => NotifyError::Later { reason: "the receiver is too busy".to_owned(), wait: retry_after(response) },
        // What only another request could help is given up; a credential or an address can be mended meanwhile.
        400 | 409 | 410 | 413 | 422 => NotifyError::refused(response.status.to_string(), words),
        status => NotifyError::Later {
            reason: format!("the receiver answered {status}: {words}"),
            wait: retry_after(response),
        },
    }
}

/// `Retry-After` in seconds; in its form with a date it counts as absent.
fn retry_after(response: &Response) -> Option<Duration> {
    let (_, value) = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    // A fraction is what one of them writes.
    value.trim().parse::<f64>().ok().filter(|seconds| (0.0..1e9).contains(seconds)).map(Duration::from_secs_f64)
}

/// The answer's body as JSON.
///
/// # Errors
/// Where it is none.
pub(crate) fn body(response: &Response) -> Result<Value, NotifyError> {
    serde_json::from_slice(&response.body).map_err(|_| NotifyError::later("the receiver's answer cannot be read"))
}

/// One piece of a path, so that no name can lead a call elsewhere.
pub(crate) fn piece(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, UNRESERVED).to_string()
}
