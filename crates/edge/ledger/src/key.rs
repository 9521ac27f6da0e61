//! Keys: the one that signs checkpoints, and its public face in the C2SP verifier form `name+hash+key`.
//!
//! It is not a place where keys are kept: the caller reads the seed from its secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use firebreak_world::Random;
use sha2::{Digest, Sha256};

/// C2SP's number for plain Ed25519.
const ALGORITHM: u8 = 1;

/// A signing key with the name that it signs under.
#[derive(Clone)]
pub struct LedgerKey {
    key: SigningKey,
    name: String,
}

impl LedgerKey {
    /// The key of this seed, which must be secret, under the ledger's origin. `None` where the origin cannot be a name:
    /// it is empty, or holds a space or a plus.
    pub fn from_seed(seed: &[u8; 32], origin: &str) -> Option<LedgerKey> {
        is_name(origin).then(|| LedgerKey { key: SigningKey::from_bytes(seed), name: origin.to_owned() })
    }

    /// A fresh seed: keep it as a secret.
    pub fn generate_seed(random: &dyn Random) -> zeroize::Zeroizing<[u8; 32]> {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        random.fill(seed.as_mut());
        seed
    }

    /// Its public face.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { key: self.key.verifying_key(), name: self.name.clone() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.key.sign(text).to_bytes()
    }
}

impl std::fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LedgerKey {{ {} }}", self.verifier())
    }
}

/// What a reader needs beside a bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    key: VerifyingKey,
    name: String,
}

impl VerifierKey {
    /// Reads `name+hash+key`. `None` where it is not one, or the hash does not fit the key.
    pub fn parse(text: &str) -> Option<VerifierKey> {
        let mut parts = text.splitn(3, '+');
        let (name, hash, key) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = STANDARD.decode(key).ok()?;
        let (algorithm, key) = bytes.split_first()?;
        let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
        let parsed = VerifierKey { key, name: name.to_owned() };
        (*algorithm == ALGORITHM && is_name(name) && parsed.to_string() == text && hash.len() == 8).then_some(parsed)
    }

    /// The name that signatures are made under: the ledger's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of a digest of name and key, by which a signature names its key.
    pub(crate) fn id(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ALGORITHM])
            .chain_update(self.key.as_bytes())
            .finalize();
        let mut id = [0; 4];
        id.iter_mut().zip(digest).for_each(|(slot, byte)| *slot = byte);
        id
    }

    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(text, &Signature::from_bytes(signature)).is_ok()
    }
}

impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = vec![ALGORITHM];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), STANDARD.encode(bytes))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.contains(char::is_whitespace) && !name.contains(char::is_control)
}

/// 32 bytes from 64 lower-case hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (slot, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *slot = (value(*pair.first()?)? << 4) | value(*pair.last()?)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_key_is_read_as_it_is_written() {
        let key = LedgerKey::from_seed(&[7; 32], "firebreak.example/ledger").unwrap().verifier();
        assert_eq!(VerifierKey::parse(&key.to_string()), Some(key.clone()));
        let damaged = key.to_string().replacen("+", "+0", 1);
        assert_eq!(VerifierKey::parse(&damaged), None);
        assert!(LedgerKey::from_seed(&[7; 32], "a b").is_none() && LedgerKey::from_seed(&[7; 32], "").is_none());
        // The example of the C2SP signed-note text.
        let public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(VerifierKey::parse(public).map(|key| key.to_string()).as_deref(), Some(public));
    }

    #[test]
    fn the_seed_is_not_shown() {
        let key = LedgerKey::from_seed(&[7; 32], "o").unwrap();
        assert!(!format!("{key:?}").contains(&hex::encode([7; 32])) && !format!("{key:?}").contains("7, 7"));
    }
}
