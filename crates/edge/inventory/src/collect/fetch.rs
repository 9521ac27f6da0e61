//! One call, with the patience that platforms ask for.

use super::Missing;
use super::call::{Authorization, Collector};
use async_trait::async_trait;
use firebreak_world::{Request, Response, World};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;

/// How often one call is sent at most.
const TRIES_MAX: u32 = 5;

/// The longest that one `Retry-After` is followed, in seconds.
const WAIT_SECONDS_MAX: u64 = 300;

/// A way to wait.
#[async_trait]
pub trait Waiting: Send + Sync {
    /// Waits.
    async fn wait(&self, duration: Duration);
}

/// Waits by the machine's clock.
#[derive(Debug)]
pub struct Patience;

#[async_trait]
impl Waiting for Patience {
    async fn wait(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// What a call came to.
pub(super) enum Answer {
    /// An answer.
    Here(Value, Vec<(String, String)>),
    /// There is no such thing.
    Absent,
    /// No answer.
    Missing(Missing),
}

/// Whom we ask, and as whom.
pub(super) struct Fetch<'a> {
    pub(super) collector: &'a Collector,
    pub(super) world: &'a World,
    pub(super) waiting: &'a dyn Waiting,
    pub(super) credential: Option<SecretString>,
}

impl Fetch<'_> {
    /// Asks for `address`. A call that the platform puts off, or that is lost on the way, is sent again.
    pub(super) async fn get(&self, address: &str, accept: &str) -> Answer {
        let request = || Ok(self.request(address, accept));
        let answer = patiently(self.world, self.waiting, request, |response| self.read(response)).await;
        answer.unwrap_or_else(|reason| Answer::Missing(Missing { call: path_of(address), reason }))
    }

    fn request(&self, address: &str, accept: &str) -> Request {
        let mut headers = vec![("accept".to_owned(), accept.to_owned())];
        headers.extend(self.collector.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        headers.extend(self.credential.as_ref().map(|secret| match self.collector.authorization {
            Authorization::Word(word) => ("authorization".to_owned(), format!("{word} {}", secret.expose_secret())),
            Authorization::Header(name) => (name.to_owned(), secret.expose_secret().to_owned()),
        }));
        Request { method: "GET".to_owned(), url: address.to_owned(), headers, body: Vec::new() }
    }

    fn read(&self, response: Response) -> Tried<Answer> {
        let header = |wanted: &str| response.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let status = response.status;
        let exhausted = header("x-ratelimit-remaining").is_some_and(|left| left == "0");
        match status {
            200..=299 => match serde_json::from_slice(&response.body) {
                Ok(value) => match (self.collector.refusal)(&value) {
                    Some(reason) => Tried::Refused(reason),
                    None => Tried::Done(Answer::Here(value, response.headers)),
                },
                Err(error) => Tried::Refused(format!("the answer is not JSON: {error}").replace('\n', " ")),
            },
            404 => Tried::Done(Answer::Absent),
            429 | 500.. => Tried::Later(delay(header("retry-after")), format!("it answered {status}")),
            403 if exhausted || header("retry-after").is_some() => {
                Tried::Later(delay(header("retry-after")), format!("it answered {status}: too many calls"))
            }
            401 => Tried::Refused("it answered 401: our credential is not accepted".to_owned()),
            403 => Tried::Refused("it answered 403: our credential may not read this".to_owned()),
            _ => Tried::Refused(format!("it answered {status}")),
        }
    }
}

/// How long a platform asks us to wait.
pub(crate) fn delay(asked: Option<&String>) -> Duration {
    const USUAL_SECONDS: u64 = 5;
    let seconds = asked.and_then(|text| text.trim().parse().ok()).unwrap_or(USUAL_SECONDS);
    Duration::from_secs(seconds.clamp(1, WAIT_SECONDS_MAX))
}

/// What one try came to.
pub(crate) enum Tried<T> {
    /// An answer.
    Done(T),
    /// None, and asking again would not help.
    Refused(String),
    /// None yet: to be asked again after so long.
    Later(Duration, String),
}

/// Sends what `request` makes, anew for each try, until `read` is content, the platform refuses, or it was tried often
/// enough. An error says in words why there is no answer.
pub(crate) async fn patiently<T>(
    world: &World,
    waiting: &dyn Waiting,
    request: impl Fn() -> Result<Request, String>,
    read: impl Fn(Response) -> Tried<T>,
) -> Result<T, String> {
    let mut tried = 0;
    loop {
        tried += 1;
        let wait = match world.http.send(request()?).await {
            Ok(response) => match read(response) {
                Tried::Done(answer) => return Ok(answer),
                Tried::Refused(reason) => return Err(reason),
                Tried::Later(wait, reason) if tried == TRIES_MAX => {
                    let asked = wait.as_secs();
                    return Err(format!("{reason}, {tried} times; the last time it asked for {asked} s"));
                }
                Tried::Later(wait, _) => wait,
            },
            Err(error) if tried == TRIES_MAX => return Err(error.to_string()),
            Err(_) => Duration::from_secs(1 << tried),
        };
        waiting.wait(wait).await;
    }
}

/// The path of an address: queries may hold what is not to be kept.
pub(super) fn path_of(address: &str) -> String {
    let path = address.split_once("://").map_or(address, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    format!("/{}", path.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_without_its_query() {
        assert_eq!(path_of("https://a.example/x/y?token=hush"), "/x/y");
    }
}
