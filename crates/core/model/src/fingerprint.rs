//! Keyed fingerprints: how a secret is recognised again without being kept.

use crate::NodeKey;
use base64::Engine;
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

/// Makes fingerprints under one key. The key belongs to one installation: fingerprints of two installations cannot be
/// compared, and a stolen database cannot be searched for guessed secrets.
#[derive(Clone)]
pub struct Fingerprinter {
    /// SHA-256 after the key's block of HMAC (RFC 2104), inside and outside: what is left to do for each secret is half of the work.
    inner: [u32; 8],
    outer: [u32; 8],
}

/// Bytes of one block of SHA-256.
const BLOCK: usize = 64;

/// The state in which SHA-256 begins (FIPS 180-4, 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

impl Fingerprinter {
    /// A fingerprinter under `key`, which must be random and kept as a secret.
    pub fn new(key: [u8; 32]) -> Fingerprinter {
        let keyed = |pad: u8| {
            let (mut block, mut state) = ([pad; BLOCK], START);
            block.iter_mut().zip(key).for_each(|(slot, byte)| *slot ^= byte);
            compress256(&mut state, &[block]);
            state
        };
        Fingerprinter { inner: keyed(0x36), outer: keyed(0x5c) }
    }

    /// 32 hexadecimal digits of HMAC-SHA-256 over the secret.
    pub fn fingerprint(&self, secret: &[u8]) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let outer = bytes(ended(self.outer, &bytes(ended(self.inner, secret))));
        let digit = |half: u8| DIGITS.get(usize::from(half & 15)).copied().map_or('0', char::from);
        let mut text = String::with_capacity(32);
        for byte in outer.iter().take(16) {
            text.push(digit(byte >> 4));
            text.push(digit(*byte));
        }
        text
    }

    /// The credential with this secret, named by its fingerprint.
    pub fn credential(&self, secret: &[u8]) -> NodeKey {
        NodeKey::credential("fingerprint", &self.fingerprint(secret))
    }
}

/// SHA-256 of `text` from a state on that one block has led to.
fn ended(mut state: [u32; 8], text: &[u8]) -> [u32; 8] {
    let (whole, rest) = text.as_chunks::<BLOCK>();
    if !whole.is_empty() {
        compress256(&mut state, whole);
    }
    // A bit behind the text, and its length in bits at the end of the last block.
    let mut tail = [0; 2 * BLOCK];
    tail.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
    if let Some(slot) = tail.get_mut(rest.len()) {
        *slot = 0x80;
    }
    let end = if rest.len() + 9 <= BLOCK { BLOCK } else { 2 * BLOCK };
    let bits = ((BLOCK + text.len()) as u64 * 8).to_be_bytes();
    if let Some(slot) = tail.get_mut(..end).and_then(<[u8]>::last_chunk_mut::<8>) {
        *slot = bits;
    }
    compress256(&mut state, tail.as_chunks::<BLOCK>().0.get(..end / BLOCK).unwrap_or_default());
    state
}

/// A state as the bytes that it stands for.
fn bytes(state: [u32; 8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.as_chunks_mut::<4>().0.iter_mut().zip(state).for_each(|(slot, word)| *slot = word.to_be_bytes());
    bytes
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
    fn fingerprints_are_hmac_sha_256() {
        // RFC 4231, case 1: a shorter key is one with zeros behind it.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(Fingerprinter::new(key).fingerprint(b"Hi There"), "b0344c61d8db38535ca8afceaf0bf12b");
        // Around the lengths at which another block begins; made with Python's `hmac`.
        for (length, expected) in [
            (0, "9dac6a74401b46ed9b489d0e19d68d1b"),
            (9, "1f0f8353b81890f4498066da0ff41b39"),
            (55, "235688a4e5e659a190418c3459a8abdb"),
            (56, "7f9936fd2392667b720b154a4103c8ca"),
            (64, "7c7031a0e69463a07614c09118dce069"),
            (119, "c71582673b629a9e64b211c8dfba35ae"),
            (120, "f47d20767a7d82f71e6ee600afa55deb"),
            (200, "cb0a2696b5d08d9c253f70c808676a0d"),
        ] {
            assert_eq!(Fingerprinter::new([7; 32]).fingerprint(&vec![b'a'; length]), expected, "{length}");
        }
    }

    #[test]
    fn fingerprints_depend_on_the_key_and_hide_it() {
        let (a, b) = (Fingerprinter::new([1; 32]), Fingerprinter::new([2; 32]));
        assert_eq!(a.fingerprint(b"s").len(), 32);
        assert_eq!(a.fingerprint(b"s"), a.fingerprint(b"s"));
        assert_ne!(a.fingerprint(b"s"), b.fingerprint(b"s"));
        assert!(!format!("{a:?}").contains('1'));
    }
}
