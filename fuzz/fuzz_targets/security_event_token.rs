//! Arbitrary bytes as a security event token, as its claims, as a key set and as what a receiver asks of the transmitter: each
//! has an answer and an end, and nothing unsigned is taken.

#![no_main]

use firebreak_model::Time;
use firebreak_signals::access::Access;
use firebreak_signals::receiver::{Bounds, Source};
use firebreak_signals::serve::Doors;
use firebreak_signals::transmitter::{Account, State, Transmitter};
use firebreak_signals::{Keys, Receiver, Set};
use firebreak_world::Request;
use secrecy::SecretString;

const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = Keys::parse(data);
    let Ok(keys) = Keys::parse(KEYS.as_bytes()) else { return };
    let source = Source { issuer: "https://tr.example.com".into(), audience: "https://re.example.com".into(), keys };
    let mut receiver = Receiver::new(vec![source], Bounds::default());
    assert!(receiver.hear(data, None, Time(0)).is_err());
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(data) else { return };
    if let Ok(set) = Set::parse(&value) {
        assert_eq!(Set::parse(&set.claims()), Ok(set));
    }
    let account = Account { name: "a".into(), audience: "https://re.example.com".into(), push_below: None };
    let mut transmitter = Transmitter::new("https://tr.example.com", vec![account], State::default());
    let mut access = Access::default();
    access.admit("a", &SecretString::from("token"));
    let mut doors = Doors { transmitter: &mut transmitter, signers: &[], access: &access, fresh: "stream".into() };
    for (method, url) in [
        ("POST", "/ssf/streams"),
        ("PATCH", "/ssf/streams"),
        ("PUT", "/ssf/streams"),
        ("POST", "/ssf/status"),
        ("POST", "/ssf/subjects:add"),
        ("POST", "/ssf/subjects:remove"),
        ("POST", "/ssf/verify"),
        ("POST", "/ssf/poll/stream"),
    ] {
        let headers = vec![("authorization".to_owned(), "Bearer token".to_owned())];
        let request = Request { method: method.into(), url: url.into(), headers, body: data.to_vec() };
        let _ = doors.answer(&request, Time(0));
    }
});
