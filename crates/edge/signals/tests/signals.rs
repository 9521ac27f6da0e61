//! Tokens judged, streams managed, and a real transmitter and a real receiver that speak over loopback; signatures held
//! against another implementation, that of Node.

mod judge;
mod loopback;
mod node;
mod streams;

use firebreak_model::Time;
use firebreak_signals::jose::{Keys, Signer};
use firebreak_signals::receiver::{Bounds, Receiver, Source};
use firebreak_signals::{Event, Set, Subject};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use secrecy::SecretString;
use serde_json::json;

pub(crate) const ISSUER: &str = "https://tr.example.com";
pub(crate) const AUDIENCE: &str = "https://re.example.com";

pub(crate) fn rsa() -> Signer {
    // A key that was made for tests, and is of nobody.
    Signer::of_pem(&SecretString::from(include_str!("../../act/tests/standin/test_key.pem"))).unwrap()
}

pub(crate) fn ec() -> Signer {
    use base64::Engine;
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    Signer::of_pem(&SecretString::from(format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----")))
        .unwrap()
}

pub(crate) fn keys(signers: &[&Signer]) -> Keys {
    let listed: Vec<_> = signers.iter().map(|signer| signer.jwk()).collect();
    Keys::parse(json!({"keys": listed}).to_string().as_bytes()).unwrap()
}

pub(crate) fn receiver(keys: Keys) -> Receiver {
    let source = Source { issuer: ISSUER.into(), audience: AUDIENCE.into(), keys };
    Receiver::new(vec![source], Bounds::default())
}

pub(crate) fn now() -> Time {
    Time::parse("2026-03-24T11:00:00Z").unwrap()
}

pub(crate) fn set(jti: &str) -> Set {
    Set {
        iss: ISSUER.into(),
        aud: vec![AUDIENCE.into()],
        jti: jti.into(),
        iat: now(),
        txn: Some("inc-1".into()),
        sub_id: Subject::email("a@example.com"),
        event: Event::session_revoked(now(), "cut"),
    }
}
