//! What is taken, what is known, what is put aside and what is refused with which code.

use crate::{AUDIENCE, ISSUER, ec, keys, now, receiver, rsa, set};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firebreak_model::Time;
use firebreak_signals::jose::{Keys, Signer};
use firebreak_signals::receiver::{Bounds, Heard, Receiver, Source};
use firebreak_signals::set::TYP;
use firebreak_signals::{Event, Set};
use proptest::prelude::*;
use serde_json::{Value, json};

fn code(receiver: &mut Receiver, token: &str) -> &'static str {
    match receiver.hear(token.as_bytes(), Some(ISSUER), now()) {
        Err(refused) => {
            assert!(!refused.description.is_empty());
            refused.code
        }
        Ok(heard) => panic!("taken: {heard:?}"),
    }
}

fn with(signer: &Signer, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = set("jti-1").claims();
    change(&mut claims);
    signer.sign(TYP, &claims).unwrap()
}

#[test]
fn a_right_token_is_taken_once_with_either_algorithm() {
    for signer in [rsa(), ec()] {
        let mut receiver = receiver(keys(&[&signer]));
        let token = set("jti-1").signed(&signer).unwrap();
        let heard = receiver.hear(token.as_bytes(), Some(ISSUER), now()).unwrap();
        assert_eq!(heard, Heard::New(Box::new(set("jti-1"))));
        assert_eq!(receiver.hear(token.as_bytes(), None, now()), Ok(Heard::Again), "sent again it is acknowledged");
        receiver.forget(ISSUER, "jti-1");
        assert!(
            matches!(receiver.hear(token.as_bytes(), None, now()), Ok(Heard::New(_))),
            "what was not kept comes again"
        );
    }
}

#[test]
fn what_is_wrong_is_refused_with_the_code_of_rfc_8935() {
    let (signer, stranger) = (rsa(), ec());
    let mut receiver = receiver(keys(&[&signer]));
    let token = set("jti-1").signed(&signer).unwrap();
    let (head, rest) = token.split_once('.').unwrap();
    let swapped = |head: Value| format!("{}.{rest}", URL_SAFE_NO_PAD.encode(head.to_string()));
    let (body, signature) = rest.split_once('.').unwrap();
    let other = URL_SAFE_NO_PAD.encode(with_subject("b@example.com").to_string());
    for (token, expected) in [
        (swapped(json!({"alg": "none", "typ": TYP, "kid": signer.kid()})), "invalid_key"),
        (swapped(json!({"alg": "HS256", "typ": TYP, "kid": signer.kid()})), "invalid_key"),
        (swapped(json!({"alg": "ES256", "typ": TYP, "kid": signer.kid()})), "invalid_key"),
        (swapped(json!({"alg": "RS256", "typ": TYP, "kid": "another"})), "invalid_key"),
        (swapped(json!({"alg": "RS256", "typ": TYP})), "invalid_key"),
        (swapped(json!({"alg": "RS256", "typ": "JWT", "kid": signer.kid()})), "invalid_request"),
        (swapped(json!({"alg": "RS256", "typ": TYP, "kid": signer.kid(), "crit": ["x"]})), "invalid_request"),
        (set("jti-1").signed(&stranger).unwrap(), "invalid_key"),
        (format!("{head}.{other}.{signature}"), "authentication_failed"),
        (format!("{head}.{body}."), "authentication_failed"),
        (format!("{head}.{body}"), "invalid_request"),
        (String::new(), "invalid_request"),
        ("a.b.c".to_owned(), "invalid_request"),
        ("x".repeat(70_000), "invalid_request"),
        (with(&signer, |claims| claims["iss"] = json!("https://evil.example")), "invalid_issuer"),
        (with(&signer, |claims| claims["aud"] = json!("https://other.example")), "invalid_audience"),
        (with(&signer, |claims| claims["aud"] = json!([])), "invalid_request"),
        (with(&signer, |claims| claims["exp"] = json!(1)), "invalid_request"),
        (with(&signer, |claims| claims["sub"] = json!("a")), "invalid_request"),
        (with(&signer, |claims| claims["jti"] = json!("")), "invalid_request"),
        (with(&signer, |claims| claims["iat"] = json!("today")), "invalid_request"),
        (with(&signer, |claims| claims["iat"] = json!(now().seconds() + 301)), "invalid_request"),
        (with(&signer, |claims| claims["iat"] = json!(now().seconds() - 8 * 86_400)), "invalid_request"),
        (with(&signer, |claims| claims["events"] = json!({})), "invalid_request"),
        (with(&signer, |claims| claims["events"]["urn:another"] = json!({})), "invalid_request"),
        (with(&signer, |claims| claims["sub_id"] = json!({"format": "email"})), "invalid_request"),
        (with(&signer, |claims| drop(claims.as_object_mut().unwrap().remove("sub_id"))), "invalid_request"),
    ] {
        assert_eq!(code(&mut receiver, &token), expected, "{}", &token[..token.len().min(200)]);
    }
    assert!(
        receiver.hear(token.as_bytes(), Some("https://other.example"), now()).is_err(),
        "another speaks for itself alone"
    );
    assert!(
        matches!(receiver.hear(token.as_bytes(), Some(ISSUER), now()), Ok(Heard::New(_))),
        "none of it harmed the right one"
    );
    let counts = receiver.counts();
    assert_eq!((counts.new, counts.again, counts.refused["invalid_key"]), (1, 0, 6));
}

fn with_subject(email: &str) -> Value {
    Set { sub_id: firebreak_signals::Subject::email(email), ..set("jti-1") }.claims()
}

#[test]
fn an_event_that_we_do_not_know_is_put_aside_and_not_refused() {
    let signer = rsa();
    let mut receiver = receiver(keys(&[&signer]));
    let kind = "https://schemas.openid.net/secevent/caep/event-type/assurance-level-change";
    let token = with(&signer, |claims| claims["events"] = json!({kind: {"namespace": "x"}}));
    assert!(matches!(receiver.hear(token.as_bytes(), None, now()), Ok(Heard::Aside(set)) if set.event.kind == kind));
    assert_eq!(receiver.counts().aside, 1);
}

#[test]
fn a_verification_says_back_what_was_asked_and_nothing_else() {
    let signer = rsa();
    let mut receiver = receiver(keys(&[&signer]));
    let token = |jti: &str, state| Set { event: Event::verification(state), ..set(jti) }.signed(&signer).unwrap();
    assert_eq!(code(&mut receiver, &token("v1", Some("s1"))), "invalid_state");
    receiver.expect_state(ISSUER, "s1");
    assert!(matches!(receiver.hear(token("v2", Some("s1")).as_bytes(), None, now()), Ok(Heard::Stream(_))));
    assert!(matches!(receiver.hear(token("v3", None).as_bytes(), None, now()), Ok(Heard::Stream(_))));
    assert_eq!(code(&mut receiver, &token("v4", Some("s2"))), "invalid_state");
}

#[test]
fn keys_change_and_the_old_ones_are_gone_with_that() {
    let (old, new) = (rsa(), ec());
    let mut receiver = receiver(keys(&[&old]));
    let (with_old, with_new) = (set("a").signed(&old).unwrap(), set("b").signed(&new).unwrap());
    assert_eq!(receiver.lacks_key(&with_old), None);
    assert_eq!(receiver.lacks_key(&with_new), Some(ISSUER), "the keys are read again, then it is judged");
    receiver.set_keys(ISSUER, keys(&[&new, &old]));
    assert!(receiver.hear(with_new.as_bytes(), None, now()).is_ok());
    assert!(receiver.hear(with_old.as_bytes(), None, now()).is_ok());
    receiver.set_keys(ISSUER, keys(&[&new]));
    assert_eq!(code(&mut receiver, &set("c").signed(&old).unwrap()), "invalid_key");
}

#[test]
fn names_are_kept_within_a_bound() {
    let signer = ec();
    let source = Source { issuer: ISSUER.into(), audience: AUDIENCE.into(), keys: keys(&[&signer]) };
    let mut receiver = Receiver::new(vec![source], Bounds { names_max: 2, ..Bounds::default() });
    let mut hear = |jti: &str| receiver.hear(set(jti).signed(&signer).unwrap().as_bytes(), None, now()).unwrap();
    for jti in ["a", "b", "c"] {
        assert!(matches!(hear(jti), Heard::New(_)));
    }
    assert_eq!(hear("c"), Heard::Again);
    assert!(matches!(hear("a"), Heard::New(_)), "the oldest is forgotten");
}

#[test]
fn a_key_set_without_a_key_for_us_is_none() {
    for bad in [
        "",
        "{}",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0"}]}"#,
        r#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#,
        r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"AA","y":"AA"}]}"#,
    ] {
        assert!(Keys::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_key_is_named_by_the_thumbprint_of_its_public_half() {
    let key = rsa().jwk();
    assert_eq!(
        (key["kty"].as_str(), key["alg"].as_str(), key["use"].as_str()),
        (Some("RSA"), Some("RS256"), Some("sig"))
    );
    assert!(key.get("d").is_none() && key.get("p").is_none(), "nothing of the private half");
    assert_eq!(rsa().kid(), key["kid"].as_str().unwrap());
    assert!(Signer::of_pem(&"-----BEGIN PRIVATE KEY-----\naHVzaA==\n-----END PRIVATE KEY-----".into()).is_err());
}

proptest! {
    #[test]
    fn no_bytes_are_taken_for_a_token_and_every_one_comes_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut receiver = receiver(keys(&[&ec()]));
        prop_assert!(receiver.hear(&bytes, None, Time(0)).is_err());
    }

    #[test]
    fn claims_are_read_or_refused(text in "\\PC{0,60}", number in any::<f64>()) {
        let claims = json!({"iss": text, "aud": [text], "jti": text, "iat": number, "sub_id": {"format": text, "id": text}, "events": {text.clone(): {"state": text}}});
        if let Ok(set) = Set::parse(&claims) {
            prop_assert_eq!(Set::parse(&set.claims()), Ok(set));
        }
    }
}
