//! What a responder is given for one step: its own calls and nothing else, tried again where that is harmless.
//!
//! The rules, once for all responders: a call that never got there is sent again; 429 is obeyed; a call that only reads
//! is repeated after any failure; a call that changes something and may have had its effect is never repeated here, but
//! reported as ambiguous, so that the executor reads the state back first.

use crate::config::Config;
use crate::error::ActError;
use crate::evidence::{Evidence, Witness};
use crate::pace::{Pacer, Patience, Sleep};
use crate::shape;
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
    pub(crate) spec: &'static ActionSpec,
    pub(crate) witness: &'a dyn Witness,
    pub(crate) sleep: &'a dyn Sleep,
    pub(crate) pacer: &'a Pacer,
    pub(crate) patience: Patience,
}

/// What to do after one try.
enum After<T> {
    Done(T),
    Again { wait: Option<Duration>, reason: String },
    Stop(ActError),
}

impl Context<'_> {
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
            self.pacer.turn(self.spec.rate_class, self.world.clock.as_ref(), self.sleep).await;
            self.after_http(call, self.world.http.send(request).await)
        })
        .await
    }

    fn after_http(&self, call: &Call, answer: Result<Response, HttpError>) -> After<Response> {
        let ambiguous = |reason: String| match call.changes {
            true => After::Stop(ActError::Ambiguous { call: call.shape.to_owned(), reason }),
            false => After::Again { wait: None, reason },
        };
        match answer {
            Ok(response) if response.status == 429 || is_throttle(&response) => match retry_after(&response) {
                Some(wait) if wait > self.patience.retry_after_max => After::Stop(ActError::NotSent {
                    call: call.shape.to_owned(),
                    reason: format!("the server asks to wait {} seconds", wait.as_secs()),
                }),
                wait => After::Again { wait, reason: "the server is too busy".to_owned() },
            },
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
            self.pacer.turn(self.spec.rate_class, self.world.clock.as_ref(), self.sleep).await;
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

/// Method and URL without its query, for messages.
fn name(request: &Request) -> String {
    format!("{} {}", request.method, request.url.split('?').next().unwrap_or_default())
}

/// AWS says 400 or 503 with one of these codes where others say 429.
fn is_throttle(response: &Response) -> bool {
    let throttles = [&b"<Code>Throttling"[..], b"<Code>SlowDown<", b"<Code>RequestLimitExceeded<"];
    response.status >= 400
        && throttles.iter().any(|code| response.body.windows(code.len()).any(|window| window == *code))
}

/// `Retry-After` in seconds. The form with a date is not used by any platform that we call; it counts as absent.
fn retry_after(response: &Response) -> Option<Duration> {
    let (_, value) = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    value.trim().parse().ok().map(Duration::from_secs)
}
