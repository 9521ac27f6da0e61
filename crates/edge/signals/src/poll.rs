//! Poll (RFC 8936), as a receiver: one request, in which what was kept of the last one is acknowledged.

use crate::receiver::{Heard, Receiver};
use firebreak_model::Time;
use firebreak_world::{Request, World};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

/// What the next request says of the tokens of this one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Owed {
    /// Names of tokens that were kept.
    pub ack: Vec<String>,
    /// Names of tokens that were refused, and why.
    pub errors: Map<String, Value>,
}

/// What one poll brought.
#[derive(Debug, Default)]
pub struct Polled {
    /// What was heard. To be written down before the next poll acknowledges it.
    pub heard: Vec<Heard>,
    /// What the next poll is to say.
    pub owed: Owed,
    /// Whether there is more.
    pub more: bool,
}

/// Asks `endpoint` once and says there what is `owed` from before. Gives the answer, for [`judged`].
///
/// # Errors
/// Why there is no answer; what is owed stays owed.
pub async fn fetch(world: &World, endpoint: &str, token: &SecretString, owed: &Owed) -> Result<Value, String> {
    let mut asked = json!({"maxEvents": 100, "returnImmediately": true, "ack": owed.ack});
    if !owed.errors.is_empty() {
        asked["setErrs"] = Value::Object(owed.errors.clone());
    }
    let headers = vec![
        ("authorization".to_owned(), format!("Bearer {}", token.expose_secret())),
        ("content-type".to_owned(), "application/json".to_owned()),
        ("accept".to_owned(), "application/json".to_owned()),
    ];
    let (method, url, body) = ("POST".to_owned(), endpoint.to_owned(), asked.to_string().into_bytes());
    let answer = world.http.send(Request { method, url, headers, body }).await.map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("the transmitter answered {}", answer.status));
    }
    serde_json::from_slice(&answer.body).map_err(|_| "the transmitter's answer is not JSON".to_owned())
}

/// What the transmitter's answer brought.
pub fn judged(body: &Value, receiver: &mut Receiver, issuer: &str, now: Time) -> Polled {
    let mut polled = Polled { more: body["moreAvailable"].as_bool().unwrap_or(false), ..Polled::default() };
    for (name, token) in body["sets"].as_object().into_iter().flatten() {
        match receiver.hear(token.as_str().unwrap_or_default().as_bytes(), Some(issuer), now) {
            Ok(heard) => {
                polled.heard.push(heard);
                polled.owed.ack.push(name.clone());
            }
            Err(refused) => {
                polled.owed.errors.insert(name.clone(), refused.json());
            }
        }
    }
    polled
}
