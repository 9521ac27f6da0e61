//! Signatures held against Node's own cryptography (OpenSSL): what we sign it verifies by our key set alone, and what it
//! signs we take.

use crate::{ISSUER, ec, keys, now, receiver, rsa, set};
use firebreak_signals::jose::Keys;
use firebreak_signals::receiver::Heard;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

const PEER: &str = r#"
const crypto = require('crypto');
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
const verified = asked.tokens.map(({token, jwk}) => {
  const [head, body, signature] = token.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url'));
  const key = crypto.createPublicKey({key: jwk, format: 'jwk'});
  const options = header.alg === 'ES256' ? {key, dsaEncoding: 'ieee-p1363'} : key;
  const right = crypto.verify('sha256', Buffer.from(`${head}.${body}`), options, Buffer.from(signature, 'base64url'));
  const members = jwk.kty === 'RSA' ? {e: jwk.e, kty: jwk.kty, n: jwk.n} : {crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y};
  const thumbprint = crypto.createHash('sha256').update(JSON.stringify(members)).digest('base64url');
  return right && header.typ === 'secevent+jwt' && header.kid === thumbprint && JSON.parse(Buffer.from(body, 'base64url'));
});
const made = [['RS256', 'rsa', {modulusLength: 2048}], ['ES256', 'ec', {namedCurve: 'P-256'}]].map(([alg, type, options]) => {
  const {publicKey, privateKey} = crypto.generateKeyPairSync(type, options);
  const jwk = {...publicKey.export({format: 'jwk'}), kid: alg, alg, use: 'sig'};
  const text = `${b64(JSON.stringify({alg, kid: alg, typ: 'secevent+jwt'}))}.${b64(JSON.stringify(asked.claims))}`;
  const key = alg === 'ES256' ? {key: privateKey, dsaEncoding: 'ieee-p1363'} : privateKey;
  return {jwk, token: `${text}.${b64(crypto.sign('sha256', Buffer.from(text), key))}`};
});
console.log(JSON.stringify({verified, made}));
"#;

#[expect(clippy::print_stderr, reason = "a test that did nothing says so")]
fn peer(asked: &Value) -> Option<Value> {
    let child = Command::new("node").args(["-e", PEER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: node is not here");
        return None;
    };
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(serde_json::from_slice(&output.stdout).expect("an answer"))
}

#[test]
fn another_implementation_verifies_what_we_sign_and_we_what_it_signs() {
    let signers = [rsa(), ec()];
    let tokens: Vec<Value> = signers
        .iter()
        .map(|signer| json!({"token": set("jti-1").signed(signer).unwrap(), "jwk": signer.jwk()}))
        .collect();
    let Some(answer) = peer(&json!({"tokens": tokens, "claims": set("jti-2").claims()})) else { return };
    assert_eq!(answer["verified"], json!([set("jti-1").claims(), set("jti-1").claims()]));
    for made in answer["made"].as_array().unwrap() {
        let theirs = Keys::parse(json!({"keys": [made["jwk"]]}).to_string().as_bytes()).unwrap();
        let token = made["token"].as_str().unwrap();
        let heard = receiver(theirs).hear(token.as_bytes(), Some(ISSUER), now());
        assert_eq!(heard, Ok(Heard::New(Box::new(set("jti-2")))));
        assert!(receiver(keys(&[&ec()])).hear(token.as_bytes(), Some(ISSUER), now()).is_err());
    }
}
