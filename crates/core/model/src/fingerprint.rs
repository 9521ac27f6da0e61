//! Keyed fingerprints: how a secret is recognised again without being kept.

use crate::NodeKey;
use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Makes fingerprints under one key. The key belongs to one installation: fingerprints of two installations cannot be
/// compared, and a stolen database cannot be searched for guessed secrets.
#[derive(Clone)]
pub struct Fingerprinter {
    /// Made ready with the key: what is left to do for each secret is half of the work.
    keyed: Option<Hmac<Sha256>>,
}

impl Fingerprinter {
    /// A fingerprinter under `key`, which must be random and kept as a secret.
    pub fn new(key: [u8; 32]) -> Fingerprinter {
        Fingerprinter { keyed: Hmac::new_from_slice(&key).ok() }
    }

    /// 32 hexadecimal digits of HMAC-SHA-256 over the secret.
    pub fn fingerprint(&self, secret: &[u8]) -> String {
        let Some(mut mac) = self.keyed.clone() else { return String::new() };
        mac.update(secret);
        let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
            text
        })
    }

    /// The credential with this secret, named by its fingerprint.
    pub fn credential(&self, secret: &[u8]) -> NodeKey {
        NodeKey::credential("fingerprint", &self.fingerprint(secret))
    }
}

impl std::fmt::Debug for Fingerprinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprinter { key: hidden }")
    }
}

/// The hash that GitHub's audit log publishes as `hashed_token`: base64 of SHA-256 of the token.
pub fn github_hashed_token(token: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_depend_on_the_key_and_hide_it() {
        let (a, b) = (Fingerprinter::new([1; 32]), Fingerprinter::new([2; 32]));
        assert_eq!(a.fingerprint(b"s").len(), 32);
        assert_eq!(a.fingerprint(b"s"), a.fingerprint(b"s"));
        assert_ne!(a.fingerprint(b"s"), b.fingerprint(b"s"));
        assert!(!format!("{a:?}").contains('1'));
    }
}
