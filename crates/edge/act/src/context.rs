//! What a responder is given for one step: its own calls and nothing else, tried again where that is harmless.
//!
//! The rules, once for all responders: a call that never got there is sent again; 429 is obeyed; a call that only reads
//! is repeated after any failure; a call that changes something and may have had its effect is never repeated here, but
//! reported as ambiguous, so that the executor reads the state back first.

use crate::config::Config;
use crate::error::ActError;
use crate::evidence::{Evidence, Witness};
use crate::lanes::{Permit, Rank};
use crate::pace::{Patience, Sleep, after};
use crate::pacer::Pacer;
use crate::shape;
use crate::spec::catalogue::platform;
use crate::spec::{ActionSpec, Call};
use firebreak_model::{NodeKey, Time};
use firebreak_world::{HttpError, PostgresError, Request, Response, World};
use secrecy::SecretString;
use std::time::Duration;

/// Rows of text columns.
pub type Rows = Vec<Vec<Option<String>>>;

/// All that a responder may touch while it works on one step.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Clock, secrets and the doors behind [`Context::http`] and [`Context::sql`].
    pub world: &'a World,
    /// What the operator configured.
    pub config: &'a Config,
    /// Which plan the step is of.
    pub plan: &'a str,
    /// The step's key: names the step to platforms that take an idempotency token.
    pub step_key: &'a str,
    /// When the step was first applied; denied events count from here on.
    pub since: Time,
    /// What was there before the step, once that is written down: none during preflight.
    pub before: Option<&'a serde_json::Value>,
    pub(crate) spec: &'static ActionSpec,
    pub(crate) witness: &'a dyn Witness,
    pub(crate) sleep: &'a dyn Sleep,
    pub(crate) pacer: &'a Pacer,
    pub(crate) rank: Rank,
    pub(crate) patience: Patience,
}

/// What to do after one try.
enum After<T> {
    Done(T),
    Again { wait: Option<Duration>, reason: String },
    Stop(ActError),
}

impl Context<'_> {
    /// Waits until no other step works on `object` (a document whose changes a platform cannot take side by side), and
    /// keeps others away until the guard is dropped.
    pub async fn alone(&self, object: &str) -> impl Drop + use<> {
        self.pacer.alone(object).await
    }

    /// The time now.
    pub fn now(&self) -> Time {
        self.world.clock.now()
    }

    /// The secret that `reference` names.
    pub fn secret(&self, reference: &str) -> Result<SecretString, ActError> {
        Ok(self.world.secrets.secret(reference)?)
    }

    /// What the event stream shows: the first refusal of `target` since the step was applied, or nothing.
    pub fn seen_denied(&self, target: &NodeKey) -> Option<Evidence> {
        let event = self.witness.denied_after(target, self.since)?;
        Some(Evidence::effective(true, event.at, format!("event {} shows `{target}` refused", event.uid)))
    }

    /// Sends one request of the shape `shape` as made by `build`, which is asked anew for every try because signatures
    /// carry a time. Answers below 500 are the platform's word and are returned, 429 apart.
    pub async fn http(&self, shape: &str, build: impl Fn() -> Result<Request, ActError>) -> Result<Response, ActError> {
        self.tries(|| async {
            let request = match build() {
                Ok(request) => request,
                Err(error) => return After::Stop(error),
            };
            let declared = self.spec.calls.iter().find(|call| call.shape == shape);
            let Some(call) = declared.filter(|call| shape::http_matches(call.shape, &request)) else {
                return After::Stop(ActError::OutsideSpec { call: name(&request) });
            };
            let server = server(&request.url).to_owned();
            let _place = self.place(&server).await;
            let answer = self.after_http(call, self.world.http.send(request).await);
            if let After::Again { wait: Some(wait), .. } = &answer {
                self.pacer.hold_off(self.spec.rate_class, &server, after(self.now(), *wait));
            }
            answer
        })
        .await
    }

    /// Waits until `server` may be called: it wants to be called, there is a place among the calls to the platform, and the
    /// rate class has a turn. The place is kept until it is dropped.
    async fn place(&self, server: &str) -> Permit {
        while let Some(wait) = self.pacer.held_off(self.spec.rate_class, server, self.now()) {
            self.sleep.sleep(wait).await;
        }
        let place = self.pacer.lanes().admit(platform(self.spec.name), self.rank).await;
        self.pacer.turn(self.spec.rate_class, self.rank, self.world.clock.as_ref(), self.sleep).await;
        place
    }

    fn after_http(&self, call: &Call, answer: Result<Response, HttpError>) -> After<Response> {
        let ambiguous = |reason: String| match call.changes {
            true => After::Stop(ActError::Ambiguous { call: call.shape.to_owned(), reason }),
            false => After::Again { wait: None, reason },
        };
        match answer {
            Ok(response) if response.status == 429 || is_throttle(&response) => {
                match retry_after(&response, self.now()) {
                    Some(wait) if wait > self.patience.retry_after_max => After::Stop(ActError::NotSent {
                        call: call.shape.to_owned(),
                        reason: format!("the server asks to wait {} seconds", wait.as_secs()),
                    }),
                    wait => After::Again { wait, reason: "the server is too busy".to_owned() },
                }
            }
            Ok(response) if response.status >= 500 => ambiguous(format!("the server answered {}", response.status)),
            Ok(response) => After::Done(response),
            Err(error @ HttpError::NotSent { .. }) => After::Again { wait: None, reason: error.to_string() },
            Err(error @ HttpError::Ambiguous { .. }) => ambiguous(error.to_string()),
        }
    }

    /// Runs one statement on the server at `url`. A refusal of the server (with its SQLSTATE) is an
    /// [`ActError::Refused`].
    pub async fn sql(&self, url: &SecretString, statement: &str, parameters: &[String]) -> Result<Rows, ActError> {
        let Some(call) = self.spec.calls.iter().find(|call| shape::sql_matches(call.shape, statement)) else {
            return Err(ActError::OutsideSpec { call: statement.to_owned() });
        };
        self.tries(|| async {
            let _place = self.place("").await;
            match self.world.postgres.query(url, statement, parameters).await {
                Ok(rows) => After::Done(rows),
                Err(PostgresError::Refused { code, message }) => {
                    After::Stop(ActError::Refused { call: call.shape.to_owned(), code, reason: message })
                }
                Err(error @ PostgresError::NotConnected(_)) => After::Again { wait: None, reason: error.to_string() },
                Err(error @ PostgresError::Ambiguous(_)) if call.changes => {
                    After::Stop(ActError::Ambiguous { call: call.shape.to_owned(), reason: error.to_string() })
                }
                Err(error @ PostgresError::Ambiguous(_)) => After::Again { wait: None, reason: error.to_string() },
            }
        })
        .await
    }

    async fn tries<T, F: Future<Output = After<T>>>(&self, once: impl Fn() -> F) -> Result<T, ActError> {
        let mut tries = 1;
        loop {
            let (wait, reason) = match once().await {
                After::Done(answer) => return Ok(answer),
                After::Stop(error) => return Err(error),
                After::Again { wait, reason } => (wait, reason),
            };
            if tries >= self.patience.tries_max {
                return Err(ActError::NotSent {
                    call: self.spec.action_name(),
                    reason: format!("{reason}, {tries} times"),
                });
            }
            let wait = wait.unwrap_or_else(|| self.patience.wait(tries, self.world.random.as_ref()));
            self.sleep.sleep(wait).await;
            tries += 1;
        }
    }
}

/// Host and port of `url`.
fn server(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?']).next().unwrap_or_default()
}

/// Method and URL without its query, for messages.
fn name(request: &Request) -> String {
    format!("{} {}", request.method, request.url.split('?').next().unwrap_or_default())
}

/// Some say with another status what others say with 429: AWS by a code; GitHub by 403 and `Retry-After` or nothing left
/// of the budget; Google by 403 and a reason. All of them refuse before they do anything.
fn is_throttle(response: &Response) -> bool {
    let throttles = [
        &b"<Code>Throttling"[..],
        b"<Code>SlowDown<",
        b"<Code>RequestLimitExceeded<",
        b"TooManyRequestsException\"",
        b"ThrottlingException\"",
    ];
    let google = [&b"\"rateLimitExceeded\""[..], b"\"userRateLimitExceeded\""];
    let says =
        |codes: &[&[u8]]| codes.iter().any(|code| response.body.windows(code.len()).any(|window| window == *code));
    let spent = || header(response, "retry-after").is_some() || header(response, "x-ratelimit-remaining") == Some("0");
    response.status >= 400 && says(&throttles) || response.status == 403 && (spent() || says(&google))
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    let (_, value) = response.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

/// `Retry-After` in seconds, or when the budget opens again as GitHub and Okta tell it: in seconds since 1970. The form
/// of `Retry-After` with a date is not used by any platform that we call; it counts as absent.
fn retry_after(response: &Response, now: Time) -> Option<Duration> {
    if let Some(value) = header(response, "retry-after") {
        return value.parse().ok().map(Duration::from_secs);
    }
    let opens = header(response, "x-ratelimit-reset").or_else(|| header(response, "x-rate-limit-reset"))?;
    let wait = opens.parse::<i64>().ok()?.saturating_sub(now.seconds());
    // Both clocks are whole seconds: one more, so that we do not come a moment early.
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0).saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_platform_that_is_too_busy_is_told_from_one_that_refuses() {
        let busy = |status, headers, body| is_throttle(&answer(status, headers, body));
        assert!(busy(403, &[("retry-after", "5")], ""));
        assert!(busy(403, &[("x-ratelimit-remaining", "0")], ""));
        assert!(busy(403, &[], r#"{"error":{"errors":[{"reason":"userRateLimitExceeded"}]}}"#));
        assert!(!busy(403, &[("x-ratelimit-remaining", "12")], r#"{"message":"Must have admin rights"}"#));
        assert!(busy(400, &[], r#"{"__type":"TooManyRequestsException","Message":"wait"}"#));
        assert!(!busy(401, &[("x-ratelimit-remaining", "0")], ""));
        assert!(!busy(200, &[("x-ratelimit-remaining", "0")], ""));
    }

    #[test]
    fn the_wait_is_what_the_platform_asks_for() {
        let wait = |headers: &[(&str, &str)]| retry_after(&answer(429, headers, ""), Time::from_seconds(1000));
        assert_eq!(wait(&[("Retry-After", "7"), ("x-rate-limit-reset", "1100")]), Some(Duration::from_secs(7)));
        assert_eq!(wait(&[("x-rate-limit-reset", "1030")]), Some(Duration::from_secs(31)));
        assert_eq!(wait(&[("x-ratelimit-reset", "900")]), Some(Duration::from_secs(1)));
        assert_eq!(wait(&[]), None);
    }
}
