//! Logging in by an identity provider (OpenID Connect): authorization code with PKCE, state and nonce.
//!
//! What is under way is kept in memory alone, bound to the browser that began by a cookie, and used up by its return. A session
//! that comes of it is as that of a login link: fresh, so that nobody can have fixed it. Why a login was refused stands in the
//! log; the page says only of what kind it was.

pub(crate) mod provider;

use super::Api;
use super::access::{digest, fresh};
use super::call::{Answer, Call, Reply, object};
use super::login::opened;
use super::problem::Problem;
use crate::config::login::OidcConfig;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firebreak_model::Time;
use firebreak_world::World;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use provider::{Expected, Refused};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The cookie of a browser that is on its way to the provider and back.
pub(super) const COOKIE: &str = "firebreak_login";
/// How long the way may take, in seconds.
const WAY_SECONDS: i64 = 600;
/// So many may be on their way; those who came first are forgotten first.
const WAYS_MAX: usize = 1_000;

/// One who is on their way.
#[derive(Debug)]
struct Way {
    /// Of the cookie.
    browser: String,
    verifier: String,
    nonce: String,
    until: Time,
}

/// Logins by the provider.
pub(super) struct Oidc {
    config: OidcConfig,
    /// With a door to the provider, whatever the steps may call.
    world: World,
    /// By a digest of the state.
    ways: Mutex<BTreeMap<String, Way>>,
}

impl Oidc {
    pub(super) fn new(config: &OidcConfig, world: World) -> Oidc {
        Oidc { config: config.clone(), world, ways: Mutex::default() }
    }

    /// Begins a way: the state that the provider gives back, and what is proven on the return.
    fn begin(&self, browser: &str, now: Time) -> (String, String, String) {
        let (state, verifier, nonce) = (fresh(&self.world), fresh(&self.world), fresh(&self.world));
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        ways.retain(|_, way| way.until > now);
        if ways.len() >= WAYS_MAX
            && let Some(first) = ways.iter().min_by_key(|(_, way)| way.until).map(|(state, _)| state.clone())
        {
            ways.remove(&first);
        }
        let way = Way {
            browser: digest(browser),
            verifier: verifier.clone(),
            nonce: nonce.clone(),
            until: now.plus_seconds(WAY_SECONDS),
        };
        ways.insert(digest(&state), way);
        (state, verifier, nonce)
    }

    /// Ends a way: it is used up, whoever comes with it.
    fn end(&self, state: &str, browser: Option<&str>, now: Time) -> Option<Way> {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let way = ways.remove(&digest(state))?;
        (way.until > now && browser.is_some_and(|browser| digest(browser) == way.browser)).then_some(way)
    }
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Oidc {{ {} }}", self.config.issuer)
    }
}

fn ours(api: &Api) -> Result<&Oidc, Problem> {
    api.oidc.as_ref().ok_or_else(|| Problem::not_found("login by an identity provider; `[console.oidc]` sets one up"))
}

fn back(api: &Api) -> String {
    format!("{}{}/login/return", api.names.address(), super::BASE)
}

/// `GET /login/ways`: how one can log in.
pub(crate) async fn ways(api: &Api, _: &Call) -> Answer {
    let provider = api.oidc.as_ref().map(|oidc| &oidc.config.issuer);
    // The whole way goes by the name that the provider sends people back to: the cookie is of that name.
    let start = provider.map(|_| format!("{}{}/login", api.names.address(), super::BASE));
    object("login_ways", &json!({"provider": provider, "start": start}))
}

/// `GET /login`: sends the browser to the provider.
pub(crate) async fn begin(api: &Api, call: &Call) -> Answer {
    let oidc = ours(api)?;
    let metadata = provider::metadata(&oidc.world, &oidc.config.issuer).await;
    let metadata = match metadata {
        Ok(metadata) => metadata,
        Err(reason) => return Ok(elsewhere(&Refused::Provider(reason))),
    };
    let browser = fresh(&oidc.world);
    let (state, verifier, nonce) = oidc.begin(&browser, call.now);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let back = back(api);
    let asked = form(&[
        ("response_type", "code"),
        ("client_id", &oidc.config.client),
        ("redirect_uri", &back),
        ("scope", "openid email profile"),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let door = &metadata.authorization_endpoint;
    let between = if door.contains('?') { '&' } else { '?' };
    let secure = if api.names.is_private() { "; Secure" } else { "" };
    // It comes back from another site: a strict cookie would stay behind.
    let cookie = format!(
        "{COOKIE}={browser}; Path={}/login; HttpOnly; SameSite=Lax; Max-Age={WAY_SECONDS}{secure}",
        super::BASE
    );
    Ok(Reply::Elsewhere(format!("{door}{between}{asked}"), vec![cookie]))
}

/// `GET /login/return`: where the provider sends the browser back to.
pub(crate) async fn end(api: &Api, call: &Call) -> Answer {
    let oidc = ours(api)?;
    match person(api, oidc, call).await {
        Ok((person, role)) => {
            let (_, cookie) = opened(api, call, &person, &role).await?;
            let gone = format!("{COOKIE}=; Path={}/login; HttpOnly; SameSite=Lax; Max-Age=0", super::BASE);
            Ok(Reply::Elsewhere("/".to_owned(), vec![cookie, gone]))
        }
        Err(refused) => Ok(elsewhere(&refused)),
    }
}

/// Back to the page, with the kind of what was wrong. The fragment goes to no server.
fn elsewhere(refused: &Refused) -> Reply {
    tracing::warn!("a login by the identity provider was refused: {refused}");
    Reply::Elsewhere(format!("/#refused={}", refused.word()), Vec::new())
}

async fn person(api: &Api, oidc: &Oidc, call: &Call) -> Result<(String, String), Refused> {
    let way = call.filter("state").and_then(|state| oidc.end(state, call.login.as_deref(), call.now));
    let way = way.ok_or(Refused::Late)?;
    if call.filter("iss").is_some_and(|issuer| issuer != oidc.config.issuer) {
        return Err(Refused::Provider("the answer is of another issuer".to_owned()));
    }
    if let Some(error) = call.filter("error") {
        return Err(Refused::Denied(error.chars().filter(|one| one.is_ascii_graphic()).take(60).collect()));
    }
    let code = call.filter("code").ok_or(Refused::Late)?;
    let failed = Refused::Provider;
    let metadata = provider::metadata(&oidc.world, &oidc.config.issuer).await.map_err(failed)?;
    let token = provider::token(&oidc.world, &metadata, &oidc.config, (code, &way.verifier, &back(api)))
        .await
        .map_err(failed)?;
    let keys = firebreak_signals::client::keys(&oidc.world, &metadata.jwks_uri).await.map_err(failed)?;
    let expected = Expected { config: &oidc.config, nonce: &way.nonce, now: call.now };
    provider::person(&token, &keys, &expected)
}

/// Names and values as a form has them.
pub(super) fn form(pairs: &[(&str, &str)]) -> String {
    let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    pairs.iter().map(|(name, value)| format!("{}={}", coded(name), coded(value))).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oidc() -> Oidc {
        let config =
            "issuer = \"https://id.example\"\nclient = \"firebreak\"\nrole = [{ group = \"a\", role = \"admin\" }]";
        Oidc::new(&toml::from_str(config).unwrap(), World::simulated(1))
    }

    #[test]
    fn a_way_is_used_up_by_its_return_and_belongs_to_one_browser() {
        let (oidc, now) = (oidc(), Time::from_seconds(1_000));
        let (state, ..) = oidc.begin("mine", now);
        assert!(oidc.end(&state, Some("another"), now).is_none(), "who began elsewhere");
        assert!(oidc.end(&state, Some("mine"), now).is_none(), "a try uses it up");
        let (state, verifier, nonce) = oidc.begin("mine", now);
        let way = oidc.end(&state, Some("mine"), now).unwrap();
        assert_eq!((way.verifier, way.nonce), (verifier, nonce));
        assert!(oidc.end(&state, Some("mine"), now).is_none(), "a second time");
        let (state, ..) = oidc.begin("mine", now);
        assert!(oidc.end(&state, None, now).is_none(), "without the cookie");
        let (state, ..) = oidc.begin("mine", now);
        assert!(oidc.end(&state, Some("mine"), now.plus_seconds(WAY_SECONDS)).is_none(), "too late");
        assert!(oidc.end("guessed", Some("mine"), now).is_none());
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let oidc = oidc();
        (0..2 * WAYS_MAX).for_each(|at| drop(oidc.begin("x", Time::from_seconds(at as i64 / 10))));
        assert!(oidc.ways.lock().unwrap().len() <= WAYS_MAX);
    }
}
