//! The token that a caller shows: kept in a file that only its owner can read, made when there is none.
//!
//! It is never shown, logged or compared byte by byte: what is compared are digests.

use crate::ServeError;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use firebreak_world::World;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// Bytes of chance in a token that we make.
const BYTES: usize = 32;
/// Characters below which a token could be guessed.
const CHARACTERS_MIN: usize = 32;

/// Who knows it may call.
#[derive(Clone)]
pub struct Token(Arc<[u8; 32]>);

impl Token {
    /// The token `secret`.
    pub fn of(secret: &SecretString) -> Token {
        Token(Arc::new(digest(secret.expose_secret())))
    }

    /// The token in the file at `path`; where there is none, a fresh one is made there, readable for the owner alone.
    ///
    /// # Errors
    /// If the disk refuses or what is there is too short to be a token.
    pub fn kept(world: &World, path: &Path) -> Result<Token, ServeError> {
        let failed = |reason: String| ServeError::Token { path: path.to_path_buf(), reason };
        let text = match world.disk.read(path) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| failed("it is not text".to_owned()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut bytes = [0; BYTES];
                world.random.fill(&mut bytes);
                let text = hex::encode(bytes);
                world.disk.write(path, format!("{text}\n").as_bytes()).map_err(|error| failed(error.to_string()))?;
                text
            }
            Err(error) => return Err(failed(error.to_string())),
        };
        let secret = SecretString::from(text.trim());
        match secret.expose_secret().len() >= CHARACTERS_MIN {
            true => Ok(Token::of(&secret)),
            false => Err(failed(format!("it is shorter than {CHARACTERS_MIN} characters"))),
        }
    }

    /// Whether the value of an `Authorization` header shows this token.
    pub fn admits(&self, authorization: &str) -> bool {
        let Some((scheme, shown)) = authorization.split_once(' ') else { return false };
        scheme.eq_ignore_ascii_case("bearer") && self.is(shown)
    }

    /// Whether `shown` is this token: for protocols with a header of their own for it.
    pub fn is(&self, shown: &str) -> bool {
        digest(shown.trim()) == *self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token")
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// `router` for those alone who show `token` (RFC 6750); everybody else learns nothing, not even which paths there are.
pub fn guarded(router: Router, token: Token) -> Router {
    router.fallback(|| async { StatusCode::NOT_FOUND }).layer(from_fn_with_state(token, check))
}

async fn check(State(token): State<Token>, request: Request, next: Next) -> Response {
    let mut shown = request.headers().get_all(header::AUTHORIZATION).iter();
    let value = shown.next().and_then(|value| value.to_str().ok());
    match value {
        Some(value) if shown.next().is_none() && token.admits(value) => next.run(request).await,
        _ => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, challenge, "a token is needed\n").into_response()
        }
    }
}
