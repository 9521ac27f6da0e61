//! A receiver's calls to a transmitter: its metadata, its keys, and the management of a stream.

use crate::jose::Keys;
use crate::metadata::Metadata;
use firebreak_world::{Request, Response, World, is_private};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// One transmitter, as a receiver calls it.
pub struct Client<'a> {
    world: &'a World,
    token: &'a SecretString,
    /// What it says of itself.
    pub metadata: Metadata,
}

async fn send(world: &World, request: Request) -> Result<Response, String> {
    let answer = world.http.send(request).await.map_err(|error| error.to_string())?;
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let words: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
    Err(format!("the transmitter answered {}: {words}", answer.status))
}

async fn get(world: &World, url: &str) -> Result<Response, String> {
    let headers = vec![("accept".to_owned(), "application/json".to_owned())];
    send(world, Request { method: "GET".to_owned(), url: url.to_owned(), headers, body: Vec::new() }).await
}

/// The keys at `url`.
///
/// # Errors
/// Why there are none.
pub async fn keys(world: &World, url: &str) -> Result<Keys, String> {
    Keys::parse(&get(world, url).await?.body)
}

impl<'a> Client<'a> {
    /// Reads what the transmitter `issuer` says of itself.
    ///
    /// # Errors
    /// Where there is no answer, or it is about somebody else.
    pub async fn discover(world: &'a World, issuer: &str, token: &'a SecretString) -> Result<Client<'a>, String> {
        let url = Metadata::url(issuer).filter(|url| is_private(url)).ok_or("the issuer is no `https` address")?;
        let answer = get(world, &url).await?;
        let metadata: Metadata =
            serde_json::from_slice(&answer.body).map_err(|error| format!("its metadata: {error}"))?;
        if metadata.issuer != issuer {
            return Err("its metadata are of another issuer".to_owned());
        }
        let doors = [&metadata.jwks_uri, &metadata.configuration_endpoint, &metadata.verification_endpoint];
        if doors.iter().any(|door| !is_private(door)) {
            return Err("its metadata lead to an address that is not `https`".to_owned());
        }
        Ok(Client { world, token, metadata })
    }

    /// Its keys.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn keys(&self) -> Result<Keys, String> {
        keys(self.world, &self.metadata.jwks_uri).await
    }

    async fn call(&self, method: &str, url: &str, body: Option<&Value>) -> Result<Value, String> {
        let mut headers = vec![
            ("authorization".to_owned(), format!("Bearer {}", self.token.expose_secret())),
            ("accept".to_owned(), "application/json".to_owned()),
        ];
        if body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let answer =
            send(self.world, Request { method: method.to_owned(), url: url.to_owned(), headers, body }).await?;
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body).map_err(|_| "the transmitter's answer is not JSON".to_owned())
    }

    /// The stream that we have there, or a fresh one with `delivery` and those events. Checks that it is the issuer's and for
    /// `audience`.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn stream(&self, audience: &str, delivery: &Value, events: &[&str]) -> Result<Value, String> {
        let endpoint = &self.metadata.configuration_endpoint;
        let found = self.call("GET", endpoint, None).await?;
        let of_ours = |stream: &&Value| stream["delivery"]["method"] == delivery["method"];
        let existing = found.as_array().and_then(|all| all.iter().find(of_ours)).cloned();
        let stream = match existing {
            Some(stream) => stream,
            None => {
                self.call("POST", endpoint, Some(&json!({"delivery": delivery, "events_requested": events}))).await?
            }
        };
        if stream["iss"] != json!(self.metadata.issuer) {
            return Err("the stream is of another issuer".to_owned());
        }
        let is_ours = match &stream["aud"] {
            Value::Array(several) => several.contains(&json!(audience)),
            one => *one == json!(audience),
        };
        if is_ours { Ok(stream) } else { Err(format!("the stream is not for `{audience}`")) }
    }

    /// Changes the stream (`PATCH`).
    ///
    /// # Errors
    /// Why it is not changed.
    pub async fn update(&self, change: &Value) -> Result<Value, String> {
        self.call("PATCH", &self.metadata.configuration_endpoint, Some(change)).await
    }

    /// Deletes the stream.
    ///
    /// # Errors
    /// Why it is not deleted.
    pub async fn delete(&self, stream: &str) -> Result<(), String> {
        let id = percent_encoding::utf8_percent_encode(stream, percent_encoding::NON_ALPHANUMERIC);
        let url = format!("{}?stream_id={id}", self.metadata.configuration_endpoint);
        self.call("DELETE", &url, None).await.map(|_| ())
    }

    /// Sets the stream's status.
    ///
    /// # Errors
    /// Why it is not set.
    pub async fn set_status(&self, stream: &str, status: &str) -> Result<Value, String> {
        self.call("POST", &self.metadata.status_endpoint, Some(&json!({"stream_id": stream, "status": status}))).await
    }

    /// Asks for a verification event that says `state` back.
    ///
    /// # Errors
    /// Why it is not sent.
    pub async fn verify(&self, stream: &str, state: &str) -> Result<(), String> {
        let asked = json!({"stream_id": stream, "state": state});
        self.call("POST", &self.metadata.verification_endpoint, Some(&asked)).await.map(|_| ())
    }
}
