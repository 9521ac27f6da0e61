//! Who calls: by a token or by a session. Only digests of either are kept; what is compared are digests.

pub mod policy;

use super::problem::Problem;
use crate::store::Store;
use crate::store::access::{StoredSession, StoredToken};
use anyhow::Result;
use firebreak_model::Time;
use firebreak_world::World;
use sha2::{Digest, Sha256};

/// What a token begins with, so that scanners for secrets find it.
pub const TOKEN_PREFIX: &str = "fbk_";
/// The name of the cookie.
pub const COOKIE: &str = "firebreak_session";
/// How long a session holds, in seconds: a shift.
pub const SESSION_SECONDS: i64 = 12 * 3_600;
/// How long a login link holds, in seconds.
pub const LOGIN_SECONDS: i64 = 15 * 60;
/// The longest life of a token, in days.
pub const TOKEN_DAYS_MAX: u32 = 365;
/// Bytes of chance in whatever lets anyone in.
const SECRET_BYTES: usize = 32;

/// By what somebody calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Via {
    /// A token in the `Authorization` header.
    Token,
    /// A cookie, and what proves that a call comes from the page that holds the session.
    Session {
        /// See `X-CSRF-Token`.
        csrf: String,
    },
}

/// Somebody who is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// A public name for the token or session: the token's id, or the beginning of the session's digest.
    pub id: String,
    /// Who it is.
    pub person: String,
    /// What they may do.
    pub role: String,
    /// Areas that they are limited to.
    pub scopes: Vec<String>,
    /// By what.
    pub via: Via,
    /// Until when.
    pub expires: Time,
}

/// Text in hexadecimal of fresh chance.
pub fn fresh(world: &World) -> String {
    let mut bytes = [0; SECRET_BYTES];
    world.random.fill(&mut bytes);
    hex::encode(bytes)
}

/// What is kept of a secret.
pub fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// What a page shows to prove that it holds the session of this secret. It tells nothing about it.
pub fn csrf(secret: &str) -> String {
    digest(&format!("firebreak csrf\n{secret}"))
}

/// Whoever shows this token.
///
/// # Errors
/// If nobody does: unknown, revoked and expired are the same.
pub async fn by_token(store: &Store, shown: &str, now: Time) -> Result<Caller, Problem> {
    if !shown.starts_with(TOKEN_PREFIX) {
        return Err(Problem::no_session());
    }
    let token = store.token(&digest(shown)).await?.ok_or_else(Problem::no_session)?;
    if token.revoked.is_some() || token.expires <= now {
        return Err(Problem::no_session());
    }
    let StoredToken { id, person, role, scopes, expires, .. } = token;
    Ok(Caller { id, person, role, scopes, via: Via::Token, expires })
}

/// Whoever holds this session.
///
/// # Errors
/// As [`by_token`].
pub async fn by_session(store: &Store, secret: &str, now: Time) -> Result<Caller, Problem> {
    let name = digest(secret);
    let session = store.session(&name).await?.filter(|session| session.expires > now);
    let StoredSession { person, role, expires } = session.ok_or_else(Problem::no_session)?;
    let via = Via::Session { csrf: csrf(secret) };
    Ok(Caller { id: format!("session-{}", &name[..12]), person, role, scopes: Vec::new(), via, expires })
}

/// A token as somebody asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Who is to call with it.
    pub person: String,
    /// What they may do.
    pub role: String,
    /// Areas; none for all.
    pub scopes: Vec<String>,
    /// For how many days.
    pub days: u32,
}

/// Makes a token: what is kept of it, and the secret that is shown once.
///
/// # Errors
/// In words, if the role, a scope or the life is none; or if the disk refuses.
pub async fn make_token(store: &Store, world: &World, wanted: Wanted) -> Result<(StoredToken, String)> {
    let Wanted { person, role, scopes, days } = wanted;
    if let Err(reason) = check_token(&person, &role, &scopes, days) {
        anyhow::bail!("{reason}");
    }
    let (secret, now) = (fresh(world), world.clock.now());
    let id = fresh(world)[..12].to_owned();
    let shown = format!("{TOKEN_PREFIX}{id}_{secret}");
    let expires = now.plus_seconds(i64::from(days) * 86_400);
    let token = StoredToken { id, person, role, scopes, made: now, expires, revoked: None };
    store.keep_token(&token, &digest(&shown)).await?;
    Ok((token, shown))
}

/// Whether a token can be made so.
///
/// # Errors
/// Why not, and what to do.
pub fn check_token(person: &str, role: &str, scopes: &[String], days: u32) -> Result<(), String> {
    if !is_person(person) {
        return Err("who calls is no name of 1 to 200 visible characters\nhint: say an e-mail address".to_owned());
    }
    if !policy::ROLES.contains(&role) {
        return Err(format!("no role `{role}`\nhint: there are {}", policy::ROLES.join(", ")));
    }
    if let Some(wrong) = scopes.iter().find(|scope| !super::endpoints::AREAS.contains(&scope.as_str())) {
        return Err(format!("no area `{wrong}`\nhint: there are {}", super::endpoints::AREAS.join(", ")));
    }
    if !(1..=TOKEN_DAYS_MAX).contains(&days) {
        return Err(format!("a token cannot hold for {days} days\nhint: say 1 to {TOKEN_DAYS_MAX}"));
    }
    Ok(())
}

/// Whether this can name a person: what stands in the ledger must be readable.
pub fn is_person(text: &str) -> bool {
    (1..=200).contains(&text.chars().count()) && text.chars().all(|c| !c.is_whitespace() && !c.is_control())
}

/// Makes a login link for `person` with `role`, and gives its code.
///
/// # Errors
/// If the disk refuses.
pub async fn make_login(store: &Store, world: &World, person: &str, role: &str) -> Result<String> {
    let (code, now) = (fresh(world), world.clock.now());
    let login =
        StoredSession { person: person.to_owned(), role: role.to_owned(), expires: now.plus_seconds(LOGIN_SECONDS) };
    store.keep_login(&digest(&code), &login, now).await?;
    Ok(code)
}
