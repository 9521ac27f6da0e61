//! Redaction from outside: secrets go, everything else stays, and JSON stays JSON.

use firebreak_classify::{SecretKind, hide, redact};
use firebreak_model::Fingerprinter;
use proptest::prelude::*;
use std::borrow::Cow;

/// Made from parts, so that no scanner takes this file for a leak.
fn samples() -> Vec<(SecretKind, String)> {
    let body = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17";
    let random =
        "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9dE1fG3hI5jK7lM9nO1pQ3rS5tU7vW9xY1zA3bC5dE7fG9hI1jK3lM5nO7pQ9rS";
    let head = &random[..40];
    vec![
        (SecretKind::GithubToken, format!("ghp_{body}")),
        (SecretKind::GithubToken, format!("ghs_{body}")),
        (SecretKind::GithubToken, format!("github_pat_{}_{}", &random[..22], &random[..59])),
        (SecretKind::NpmToken, format!("npm_{body}")),
        (SecretKind::SlackToken, format!("xoxb-{}-{}-{}", "123456789012", "210987654321", &random[..24])),
        (SecretKind::OpenaiKey, format!("sk-{}T3BlbkFJ{}", &random[..20], &random[20..40])),
        (SecretKind::OpenaiKey, format!("sk-proj-{}", &random[..60])),
        (SecretKind::AnthropicKey, format!("sk-ant-api03-{}", &random[..93])),
        (SecretKind::LitellmKey, format!("sk-{}", &random[..22])),
        (SecretKind::PypiToken, format!("pypi-AgEIcHlwaS5vcmc{random}")),
        (SecretKind::GoogleApiKey, format!("AIza{}", &random[..35])),
        (SecretKind::AwsSessionToken, format!("IQoJb3JpZ2luX2Vj{random}{head}==")),
        (
            SecretKind::Jwt,
            format!("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzcy5leGFtcGxlL3giLCJqdGkiOiJqNyJ9.{head}"),
        ),
    ]
}

fn fingerprinter() -> Fingerprinter {
    Fingerprinter::new([7; 32])
}

fn text(redacted: &[u8]) -> String {
    String::from_utf8(redacted.to_vec()).unwrap()
}

#[test]
fn every_kind_is_found_named_and_gone() {
    for (kind, secret) in samples() {
        let log = format!("2026-03-24T10:58:41Z step=\"deploy\" value={secret}, next\n");
        let redacted = redact(log.as_bytes(), &fingerprinter());
        assert_eq!(redacted.found.len(), 1, "{secret}");
        let found = &redacted.found[0];
        assert_eq!(
            (found.kind, &log[found.range.clone()], found.validated),
            (kind, secret.as_str(), true).tap(&secret)
        );
        let output = text(&redacted.bytes);
        assert!(!output.contains(&secret), "{output}");
        assert!(output.starts_with("2026-03-24T10:58:41Z step=\"deploy\" value=firebreak:"), "{output}");
        assert!(output.ends_with(", next\n"), "{output}");
        assert_eq!(text(&hide(log.as_bytes())), log.replace(&secret, "firebreak:hidden"));
    }
}

/// `sk-proj-` keys have no structure that we could confirm.
trait Tap {
    fn tap(self, secret: &str) -> Self;
}
impl Tap for (SecretKind, &str, bool) {
    fn tap(self, secret: &str) -> Self {
        (self.0, self.1, !secret.starts_with("sk-proj-"))
    }
}

#[test]
fn public_names_join_to_what_platforms_publish() {
    let key = |text: &str| redact(text.as_bytes(), &fingerprinter()).found[0].key.to_string();
    // `printf ghp_… | openssl dgst -sha256 -binary | base64`
    let token = "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";
    assert_eq!(
        key(token),
        format!("credential:github/{}", firebreak_model::fingerprint::github_hashed_token(token.as_bytes()))
    );
    let jwt = &samples()[12].1;
    assert_eq!(key(jwt), "credential:oauth/iss.example/j7");
    let aws =
        "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n";
    assert_eq!(key(aws), "credential:aws/AKIAIOSFODNN7EXAMPLE");
}

#[test]
fn aws_secrets_go_and_their_ids_stay() {
    for log in [
        r#"{"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}"#,
        r#"{"m":"AKIAIOSFODNN7EXAMPLE\nwJalrXUtnFEMI\/K7MDENG\/bPxRfiCYEXAMPLEKEY\n"}"#,
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY belongs to AKIAIOSFODNN7EXAMPLE",
        "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ] {
        let redacted = redact(log.as_bytes(), &fingerprinter());
        assert_eq!(redacted.found.len(), 1, "{log}");
        let output = text(&redacted.bytes);
        assert!(output.contains("AKIAIOSFODNN7EXAMPLE") && !output.contains("bPxRfiCY"), "{output}");
        if log.starts_with('{') {
            let _: serde_json::Value = serde_json::from_str(&output).unwrap();
        }
    }
}

#[test]
fn private_keys_and_passwords_go() {
    let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx/+=\nabcd\n-----END RSA PRIVATE KEY-----";
    let json = format!(r#"{{"n":1,"private_key":{},"private_key_id":"k1"}}"#, serde_json::to_string(pem).unwrap());
    for input in [format!("a\n{pem}\nb"), json.clone(), json[..70].to_owned()] {
        let redacted = redact(input.as_bytes(), &fingerprinter());
        assert_eq!(redacted.found.len(), 1);
        assert!(!text(&redacted.bytes).contains("MIIE"), "{}", text(&redacted.bytes));
    }
    let parsed: serde_json::Value = serde_json::from_slice(&redact(json.as_bytes(), &fingerprinter()).bytes).unwrap();
    assert_eq!((parsed["private_key_id"].as_str(), parsed["n"].as_i64()), (Some("k1"), Some(1)));

    let url = "dial postgres://app:hunter2@db.example:5432/users?sslmode=require failed";
    let redacted = redact(url.as_bytes(), &fingerprinter());
    assert_eq!(redacted.found[0].kind, SecretKind::UrlPassword);
    let output = text(&redacted.bytes);
    assert!(
        output.starts_with("dial postgres://app:firebreak:")
            && output.ends_with("@db.example:5432/users?sslmode=require failed")
    );

    // A token in a URL is named as what it is.
    let clone = "https://x-access-token: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@github.com/o/r";
    assert_eq!(
        redact(clone.as_bytes(), &fingerprinter()).found.iter().map(|f| f.kind).collect::<Vec<_>>(),
        [SecretKind::GithubToken]
    );
    let header = r#"{"authorization":"Bearer abcDEF123456._~+\/x=="}"#;
    let redacted = redact(header.as_bytes(), &fingerprinter());
    assert_eq!(redacted.found[0].kind, SecretKind::BearerToken);
    let _: serde_json::Value = serde_json::from_slice(&redacted.bytes).unwrap();
}

#[test]
fn a_secret_goes_everywhere_even_where_nothing_gives_it_away() {
    let log = "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nargv: upload wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    assert!(!text(&redact(log.as_bytes(), &fingerprinter()).bytes).contains("wJalr"));
}

#[test]
fn what_is_no_secret_stays_and_is_not_copied() {
    for input in [
        "",
        "ghp_short risk-assessment-of-the-third-kind-2026 sk-learn-pipeline-for-text-v2 npm_config_registry",
        "https://github.com/o/r git+https://user@host/x postgres://app:${PASSWORD}@db postgres://a:****@db",
        "Authorization: Bearer *** and bearer authentication-is-required-here",
        r#"{"accessKeyId":"AKIAIOSFODNN7EXAMPLE","eventID":"0f1e2d3c-1111-4222-8333-444455556666","sha":"e0198fd2b6e1679e36d32933941182d9afa82f6f","key":"AWSLogs/123456789012/CloudTrail/us-east-"}"#,
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
        "eyJub3RhbGciOjF9.eyJhIjoxfQ.c2ln is no signed token, nor is eyJ.a.b",
        "xoxo-hugs-and-kisses xapp-listing AIzaShort arn:aws:iam::123456789012:user/sk-user",
    ] {
        let redacted = redact(input.as_bytes(), &fingerprinter());
        assert_eq!(redacted.found, [], "{input}");
        assert!(matches!(redacted.bytes, Cow::Borrowed(bytes) if bytes == input.as_bytes()), "{input}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn json_stays_json_and_the_secret_goes(before in ".{0,40}", after in ".{0,40}", index in 0usize..13) {
        let (_, secret) = samples().swap_remove(index);
        let value = serde_json::json!({"a": format!("{before} {secret} {after}"), "b": [before, secret], "c": 7});
        let document = serde_json::to_vec(&value).unwrap();
        let redacted = redact(&document, &fingerprinter());
        prop_assert!(!text(&redacted.bytes).contains(&secret));
        let parsed: serde_json::Value = serde_json::from_slice(&redacted.bytes).unwrap();
        prop_assert_eq!(parsed["c"].as_i64(), Some(7));
        let again = redact(&redacted.bytes, &fingerprinter());
        prop_assert_eq!(again.bytes.as_ref(), redacted.bytes.as_ref());
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200), index in 0usize..13, cut in 0usize..120) {
        let (_, secret) = samples().swap_remove(index);
        let mut input = bytes;
        input.extend_from_slice(&secret.as_bytes()[..cut.min(secret.len())]);
        redact(&input, &fingerprinter());
        firebreak_classify::personal(&input);
    }
}

/// Prints megabytes a second on log text: `cargo test --release -p firebreak-classify -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, of use in release builds alone"]
#[allow(clippy::print_stdout)]
fn speed() {
    let line = r#"{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/ci","accessKeyId":"AKIAIOSFODNN7EXAMPLE"},"eventTime":"2026-03-24T10:58:41Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","sourceIPAddress":"203.0.113.7","userAgent":"[Boto3/1.42.73]","requestParameters":{"bucketName":"interviews","key":"2026/03/24/ab12cd34.mp4","Host":"https://interviews.s3.amazonaws.com/x"},"user":"ana@mail.example"}
2026-03-24T10:58:41.1234567Z Downloading litellm-1.82.8-py3-none-any.whl (8.9 MB) from https://files.python.example/packages/d2/a0/litellm-1.82.8-py3-none-any.whl
"#;
    let mut input = line.repeat(100_000).into_bytes();
    input.extend_from_slice(samples()[0].1.as_bytes());
    let megabytes = input.len() as f64 / 1e6;
    let begun = std::time::Instant::now();
    let found = redact(&input, &fingerprinter()).found.len();
    println!("redact: {:.0} MB/s over {megabytes:.0} MB, {found} found", megabytes / begun.elapsed().as_secs_f64());
    let begun = std::time::Instant::now();
    let found = firebreak_classify::personal(&input).len();
    println!("personal: {:.0} MB/s, {found} found", megabytes / begun.elapsed().as_secs_f64());
}
