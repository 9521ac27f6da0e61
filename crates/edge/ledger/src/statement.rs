//! Signed statements: that the owner of the ledger's key says a document of this digest, as a C2SP signed note.
//!
//! The note's origin ends in `/statement`, so that no statement can pass for a checkpoint, nor the other way round. It is not a
//! record of the ledger: whoever wants one puts the digest there too.

use crate::key::{LedgerKey, VerifierKey};
use crate::note::{is_signed, signed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

fn text(name: &str, what: &str, document: &[u8]) -> String {
    format!("{name}/statement\n{what}\n{}\n", STANDARD.encode(Sha256::digest(document)))
}

/// The note that says `document`, which is a `what`: one word or format name, without a line's end.
pub fn sign(what: &str, document: &[u8], key: &LedgerKey) -> String {
    signed(&text(key.name(), what, document), key)
}

/// Checks that `note` says `document`, and gives what that is.
///
/// # Errors
/// A sentence: it is no such note, another key's, another document's, or its signature does not verify.
pub fn open(note: &str, document: &[u8], key: &VerifierKey) -> Result<String, String> {
    let (body, signatures) = note.split_once("\n\n").ok_or("it is not a signed note")?;
    let mut lines = body.split('\n');
    let (origin, what) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    if origin.strip_suffix("/statement") != Some(key.name()) {
        return Err("it is not a statement under this key".to_owned());
    }
    let text = text(key.name(), what, document);
    if format!("{body}\n") != text {
        return Err("it is a statement about another document".to_owned());
    }
    is_signed(&text, signatures, key)?;
    Ok(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signed_document_opens() {
        let key = LedgerKey::from_seed(&[3; 32], "example.org/log").unwrap();
        let note = sign("report", b"{}\n", &key);
        assert_eq!(open(&note, b"{}\n", &key.verifier()), Ok("report".to_owned()));
        let other = LedgerKey::from_seed(&[4; 32], "example.org/log").unwrap();
        assert!(open(&note, b"{}\n", &other.verifier()).is_err());
        assert!(open(&note, b"{ }\n", &key.verifier()).is_err());
        assert!(crate::note::open(&note, &key.verifier()).is_err(), "no checkpoint");
        let checkpoint = crate::note::sign(&crate::note::Checkpoint { size: 1, root: [9; 32] }, &key);
        assert!(open(&checkpoint, b"{}\n", &key.verifier()).is_err());
        for place in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= 1;
            if let Ok(damaged) = String::from_utf8(bytes) {
                assert!(open(&damaged, b"{}\n", &key.verifier()).is_err(), "byte {place}");
            }
        }
    }
}
