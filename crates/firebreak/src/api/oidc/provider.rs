//! The identity provider: what it says of itself, its token for a code, and what of the token is believed.

use super::form;
use crate::api::access::is_person;
use crate::config::login::OidcConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use firebreak_model::Time;
use firebreak_signals::jose::{Keys, Unverified};
use firebreak_world::{Request, World, is_private};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// How far two clocks may differ, in seconds.
const CLOCKS_SECONDS: i64 = 60;
/// How old a token may be that was made for this login, in seconds.
const AGE_SECONDS: i64 = 600;

/// Why nobody is logged in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// Too late, a second time, or from another browser than the one that began.
    Late,
    /// The provider refused, in its word for it.
    Denied(String),
    /// The provider does not answer, or not as it must.
    Provider(String),
    /// The token is not for this login.
    Token(&'static str),
    /// The token names nobody whom we could write down.
    Unnamed(&'static str),
    /// None of their groups has a role here.
    NoRole,
}

impl Refused {
    /// Its kind, for the page.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Refused::Late => "late",
            Refused::Denied(_) => "denied",
            Refused::Provider(_) => "provider",
            Refused::Token(_) => "token",
            Refused::Unnamed(_) => "unnamed",
            Refused::NoRole => "no-role",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Late => f.write_str("it came too late, twice, or from another browser"),
            Refused::Denied(word) => write!(f, "the provider says `{word}`"),
            Refused::Provider(reason) => write!(f, "the provider: {reason}"),
            Refused::Token(reason) => write!(f, "the token: {reason}"),
            Refused::Unnamed(reason) => write!(f, "the person: {reason}"),
            Refused::NoRole => f.write_str("no group of theirs has a role in `console.oidc.role`"),
        }
    }
}

/// What a provider says of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    pub(crate) authorization_endpoint: String,
    token_endpoint: String,
    pub(crate) jwks_uri: String,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
}

/// Asks the provider who it is.
pub(crate) async fn metadata(world: &World, issuer: &str) -> Result<Metadata, String> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let headers = vec![("accept".to_owned(), "application/json".to_owned())];
    let request = Request { method: "GET".to_owned(), url, headers, body: Vec::new() };
    let answer = world.http.send(request).await.map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("it answers {} where its metadata should be", answer.status));
    }
    let metadata: Metadata = serde_json::from_slice(&answer.body).map_err(|error| format!("its metadata: {error}"))?;
    checked(metadata, issuer)
}

fn checked(metadata: Metadata, issuer: &str) -> Result<Metadata, String> {
    if metadata.issuer != issuer {
        return Err(
            "its metadata are of another issuer; `console.oidc.issuer` must be written as it writes it".to_owned()
        );
    }
    let doors = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
    if doors.iter().any(|door| !is_private(door)) {
        return Err("its metadata lead to an address that is not `https`".to_owned());
    }
    let methods = &metadata.code_challenge_methods_supported;
    if !methods.is_empty() && !methods.iter().any(|method| method == "S256") {
        return Err("it does not know PKCE with S256".to_owned());
    }
    Ok(metadata)
}

/// The token that the provider gives for `code`.
pub(crate) async fn token(
    world: &World,
    metadata: &Metadata,
    config: &OidcConfig,
    (code, verifier, back): (&str, &str, &str),
) -> Result<String, String> {
    let mut pairs =
        vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back), ("code_verifier", verifier)];
    let mut headers = vec![
        ("accept".to_owned(), "application/json".to_owned()),
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
    ];
    match &config.secret {
        Some(reference) => {
            let secret = world.secrets.secret(reference).map_err(|error| error.to_string())?;
            let coded = |text: &str| form(&[("", text)]).trim_start_matches('=').to_owned();
            let both = format!("{}:{}", coded(&config.client), coded(secret.expose_secret()));
            headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(both))));
        }
        None => pairs.push(("client_id", &config.client)),
    }
    let body = form(&pairs).into_bytes();
    let request = Request { method: "POST".to_owned(), url: metadata.token_endpoint.clone(), headers, body };
    let answer = world.http.send(request).await.map_err(|error| error.to_string())?;
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, said["id_token"].as_str()) {
        (200, Some(token)) if token.len() <= firebreak_signals::TOKEN_BYTES_MAX => Ok(token.to_owned()),
        (200, _) => Err("it gives no id token".to_owned()),
        (status, _) => {
            let word = said["error"].as_str().unwrap_or_default();
            let word: String = word.chars().filter(|one| one.is_ascii_graphic()).take(60).collect();
            Err(format!("it gives no token: {status} {word}"))
        }
    }
}

/// What a token must say.
#[derive(Debug)]
pub(crate) struct Expected<'e> {
    pub(crate) config: &'e OidcConfig,
    pub(crate) nonce: &'e str,
    pub(crate) now: Time,
}

/// Who the token is of, and which role they have here.
pub(crate) fn person(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<(String, String), Refused> {
    let unverified = Unverified::parse(token).map_err(|_| Refused::Token("it is no signed token that we take"))?;
    let claims = unverified.verified(keys).map_err(|_| Refused::Token("its signature is not the provider's"))?;
    fresh_and_ours(&claims, expected)?;
    let config = expected.config;
    let name = claims[&config.name].as_str().filter(|name| is_person(name));
    let name = name.ok_or(Refused::Unnamed("the claim of `console.oidc.name` is missing or no name"))?;
    // Who may write their own address could take that of an approver.
    if config.name == "email" && claims["email_verified"] != Value::Bool(true) {
        return Err(Refused::Unnamed("the provider has not verified their address"));
    }
    let groups = groups(&claims, &config.groups);
    let role = config.role.iter().find(|one| groups.contains(&one.group.as_str())).ok_or(Refused::NoRole)?;
    Ok((name.to_owned(), role.role.clone()))
}

fn fresh_and_ours(claims: &Value, expected: &Expected<'_>) -> Result<(), Refused> {
    let config = expected.config;
    if claims["iss"].as_str() != Some(config.issuer.as_str()) {
        return Err(Refused::Token("it is of another issuer"));
    }
    let ours = |value: &Value| value.as_str() == Some(config.client.as_str());
    let audiences = claims["aud"].as_array().map(Vec::as_slice);
    let (named, several) = match audiences {
        Some(list) => (list.iter().any(ours), list.len() > 1),
        None => (ours(&claims["aud"]), false),
    };
    let party = &claims["azp"];
    if !named || (several && party.is_null()) || (!party.is_null() && !ours(party)) {
        return Err(Refused::Token("it is for another client"));
    }
    let now = expected.now.seconds();
    let ends = claims["exp"].as_f64().ok_or(Refused::Token("it says no end"))?;
    let made = claims["iat"].as_f64().ok_or(Refused::Token("it does not say when it was made"))?;
    if ends <= (now - CLOCKS_SECONDS) as f64 {
        return Err(Refused::Token("it has run out"));
    }
    if made > (now + CLOCKS_SECONDS) as f64 || made < (now - AGE_SECONDS) as f64 {
        return Err(Refused::Token("it was not made now; compare the clocks"));
    }
    if claims["nbf"].as_f64().is_some_and(|from| from > (now + CLOCKS_SECONDS) as f64) {
        return Err(Refused::Token("it does not hold yet"));
    }
    match claims["nonce"].as_str() {
        Some(nonce) if nonce == expected.nonce => Ok(()),
        _ => Err(Refused::Token("it is of another login")),
    }
}

/// The groups at `path`: a list, or one alone.
fn groups<'c>(claims: &'c Value, path: &str) -> Vec<&'c str> {
    let found = path.split('.').fold(claims, |at, name| &at[name]);
    match found {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_signals::Signer;
    use secrecy::SecretString;
    use serde_json::json;

    const NOW: i64 = 1_774_346_400;

    fn config() -> OidcConfig {
        toml::from_str(
            "issuer = \"https://id.example/realms/m\"\nclient = \"firebreak\"\ngroups = \"realm_access.roles\"\n\
             role = [{ group = \"approvers\", role = \"approver\" }, { group = \"staff\", role = \"viewer\" }]",
        )
        .unwrap()
    }

    fn signer() -> Signer {
        use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
        let random = ring::rand::SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(made.as_ref()));
        Signer::of_pem(&SecretString::from(pem)).unwrap()
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example/realms/m", "aud": "firebreak", "azp": "firebreak", "exp": NOW + 60, "iat": NOW,
            "nonce": "n", "sub": "1", "email": "ada@example.com", "email_verified": true,
            "realm_access": {"roles": ["staff", "approvers"]},
        })
    }

    fn judged(signer: &Signer, trusted: &Signer, claims: &Value) -> Result<(String, String), Refused> {
        let keys = Keys::parse(json!({"keys": [trusted.jwk()]}).to_string().as_bytes()).unwrap();
        let config = config();
        let expected = Expected { config: &config, nonce: "n", now: Time::from_seconds(NOW) };
        person(&signer.sign("JWT", claims).unwrap(), &keys, &expected)
    }

    #[test]
    fn a_person_comes_with_the_first_role_that_fits() {
        let signer = signer();
        let role = |claims: &Value| judged(&signer, &signer, claims).map(|(_, role)| role);
        assert_eq!(judged(&signer, &signer, &claims()), Ok(("ada@example.com".to_owned(), "approver".to_owned())));
        let mut staff = claims();
        staff["realm_access"] = json!({"roles": "staff"});
        assert_eq!(role(&staff).as_deref(), Ok("viewer"));
        for none in
            [json!({}), json!({"roles": ["Approvers", "approvers "]}), json!({"roles": [["approvers"]]}), Value::Null]
        {
            let mut stranger = claims();
            stranger["realm_access"] = none.clone();
            assert_eq!(role(&stranger), Err(Refused::NoRole), "{none}");
        }
    }

    #[test]
    fn a_token_for_anything_else_logs_nobody_in() {
        let signer = signer();
        for (claim, value) in [
            ("iss", json!("https://evil.example")),
            ("iss", Value::Null),
            ("aud", json!("another")),
            ("aud", json!(["another"])),
            ("aud", Value::Null),
            ("azp", json!("another")),
            ("exp", json!(NOW - 61)),
            ("exp", Value::Null),
            ("exp", json!("9999999999")),
            ("iat", json!(NOW - 601)),
            ("iat", json!(NOW + 61)),
            ("iat", Value::Null),
            ("nbf", json!(NOW + 61)),
            ("nonce", json!("another")),
            ("nonce", Value::Null),
        ] {
            let mut changed = claims();
            changed[claim] = value.clone();
            let refused = judged(&signer, &signer, &changed).unwrap_err();
            assert!(matches!(refused, Refused::Token(_)), "{claim} {value}: {refused:?}");
        }
        let mut shared = claims();
        (shared["aud"], shared["azp"]) = (json!(["firebreak", "another"]), Value::Null);
        assert!(matches!(judged(&signer, &signer, &shared), Err(Refused::Token(_))), "for several, made for nobody");
        let stranger = self::signer();
        assert!(matches!(judged(&stranger, &signer, &claims()), Err(Refused::Token(_))), "another key");
        let token = signer.sign("JWT", &claims()).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap());
        let keys = Keys::parse(json!({"keys": [signer.jwk()]}).to_string().as_bytes()).unwrap();
        let config = config();
        let expected = Expected { config: &config, nonce: "n", now: Time::from_seconds(NOW) };
        assert!(matches!(person(&unsigned, &keys, &expected), Err(Refused::Token(_))));
    }

    #[test]
    fn nobody_takes_the_name_of_another() {
        let signer = signer();
        for (claim, value) in [
            ("email_verified", json!(false)),
            ("email_verified", Value::Null),
            ("email_verified", json!("true")),
            ("email", json!("")),
            ("email", json!("ada@example.com\nboss@example.com")),
            ("email", Value::Null),
        ] {
            let mut changed = claims();
            changed[claim] = value.clone();
            let refused = judged(&signer, &signer, &changed).unwrap_err();
            assert!(matches!(refused, Refused::Unnamed(_)), "{claim} {value}: {refused:?}");
        }
    }

    #[test]
    fn a_provider_that_is_another_or_leads_astray_is_refused() {
        let issuer = "https://id.example";
        let metadata = |change: &dyn Fn(&mut Value)| {
            let mut said = json!({
                "issuer": issuer, "authorization_endpoint": "https://id.example/a", "token_endpoint": "https://id.example/t",
                "jwks_uri": "https://id.example/k", "code_challenge_methods_supported": ["plain", "S256"],
            });
            change(&mut said);
            checked(serde_json::from_value(said).unwrap(), issuer)
        };
        assert!(metadata(&|_| {}).is_ok());
        assert!(metadata(&|said| said["issuer"] = json!("https://id.example/")).is_err());
        assert!(metadata(&|said| said["token_endpoint"] = json!("http://id.example/t")).is_err());
        assert!(metadata(&|said| said["jwks_uri"] = json!("http://127.0.0.1@evil.example/k")).is_err());
        assert!(metadata(&|said| said["code_challenge_methods_supported"] = json!(["plain"])).is_err());
    }
}
