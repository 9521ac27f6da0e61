//! Statements that we sign as a GitHub App or as a Google service account: JSON Web Tokens with RS256 (RFC 7519, 7518).
//!
//! It makes them and reads none.

use crate::error::ActError;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// `claims`, signed with the RSA key in `pem` (PKCS #1 or PKCS #8).
///
/// # Errors
/// Where the key cannot be read as one.
pub fn signed(claims: &Value, pem: &SecretString) -> Result<SecretString, ActError> {
    let broken = || {
        ActError::unusable(
            "the private key that we sign with cannot be read",
            "configure a reference to the whole PEM file of an RSA key, from `-----BEGIN` to `-----END`",
        )
    };
    let key = key(pem.expose_secret()).ok_or_else(broken)?;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT"})), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).map_err(|_| broken())?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
}

fn key(pem: &str) -> Option<RsaKeyPair> {
    let old = pem.contains("-----BEGIN RSA PRIVATE KEY-----");
    // Environments often hold a key with `\n` written out.
    let pem = pem.replace("\\n", "\n");
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let der = zeroize::Zeroizing::new(STANDARD.decode(body).ok()?);
    if old { RsaKeyPair::from_der(&der).ok() } else { RsaKeyPair::from_pkcs8(&der).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        for pem in ["", "hush", "-----BEGIN PRIVATE KEY-----\naHVzaA==\n-----END PRIVATE KEY-----"] {
            let error = signed(&json!({"iss": "1"}), &SecretString::from(pem)).unwrap_err().to_string();
            assert!(error.contains("hint:") && !error.contains("hush") && !error.contains("aHVzaA"), "{error}");
        }
    }
}
