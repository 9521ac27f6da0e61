//! Push (RFC 8935): one token to one address, and what its answer means.

use crate::jose::Signer;
use crate::transmitter::{Job, Pushed};
use firebreak_world::{Request, World};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Pushes `job` once, with the receiver's own `Authorization` where it has one.
pub async fn push(world: &World, signer: &Signer, job: &Job, authorization: Option<&SecretString>) -> Pushed {
    let token = match job.set.signed(signer) {
        Ok(token) => token,
        Err(reason) => return Pushed::Later(reason),
    };
    let mut headers = vec![
        ("content-type".to_owned(), "application/secevent+jwt".to_owned()),
        ("accept".to_owned(), "application/json".to_owned()),
    ];
    if let Some(authorization) = authorization {
        headers.push(("authorization".to_owned(), authorization.expose_secret().to_owned()));
    }
    let request =
        Request { method: "POST".to_owned(), url: job.endpoint_url.clone(), headers, body: token.into_bytes() };
    match world.http.send(request).await {
        Ok(answer) if answer.status == 202 || answer.status == 200 => Pushed::Taken,
        Ok(answer) if answer.status == 400 => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            let why = format!("{}: {}", word("err"), word("description"));
            match word("err").as_str() {
                // A key that the receiver has not read yet, or a header that can be mended.
                "invalid_key" | "authentication_failed" | "access_denied" => Pushed::Later(why),
                _ => Pushed::Refused(why),
            }
        }
        Ok(answer) => Pushed::Later(format!("the receiver answered {}", answer.status)),
        // It may have arrived: the token's name makes the second one nothing new.
        Err(error) => Pushed::Later(error.to_string()),
    }
}
