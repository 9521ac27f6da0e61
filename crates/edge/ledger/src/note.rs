//! Checkpoints: the size and root of the ledger at one moment, as a C2SP signed note.
//!
//! It is not a general reader of notes: one origin, one key, and no lines beyond the three that a checkpoint needs.

use crate::key::{LedgerKey, VerifierKey};
use crate::tree::Hash;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Size and root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// How many records.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// The signed note that says `checkpoint`.
pub fn sign(checkpoint: &Checkpoint, key: &LedgerKey) -> String {
    let text = format!("{}\n{}\n{}\n", key.name(), checkpoint.size, STANDARD.encode(checkpoint.root));
    signed(&text, key)
}

/// Reads a signed note, and says what is wrong with it otherwise.
///
/// # Errors
/// A sentence: the note is not one, is another ledger's, or its signature does not verify.
pub fn open(note: &str, key: &VerifierKey) -> Result<Checkpoint, String> {
    let (text, signatures) = note.split_once("\n\n").ok_or("it is not a signed note")?;
    let text = format!("{text}\n");
    let mut lines = text.lines();
    let (origin, size, root) = (lines.next(), lines.next(), lines.next());
    if origin != Some(key.name()) || lines.next().is_some() {
        return Err("it is not a checkpoint of this ledger".to_owned());
    }
    let size: u64 = size.and_then(|size| size.parse().ok()).ok_or("its size is not a number")?;
    let root = root.and_then(|root| STANDARD.decode(root).ok()).and_then(|root| root.try_into().ok());
    let root: Hash = root.ok_or("its root is not a hash")?;
    is_signed(&text, signatures, key)?;
    // `07` parses as 7: only the one way of writing a number is a checkpoint.
    if text != format!("{}\n{size}\n{}\n", key.name(), STANDARD.encode(root)) {
        return Err("it is not written as a checkpoint is".to_owned());
    }
    Ok(Checkpoint { size, root })
}

/// The note that signs `text`, which ends its last line.
pub(crate) fn signed(text: &str, key: &LedgerKey) -> String {
    let mut signature = key.verifier().id().to_vec();
    signature.extend_from_slice(&key.sign(text.as_bytes()));
    format!("{text}\n— {} {}\n", key.name(), STANDARD.encode(signature))
}

/// Checks the signature line of a note, C2SP's form with one signature, over its `text`.
///
/// # Errors
/// A sentence: the line is not one, is under another name, or its signature does not verify.
pub(crate) fn is_signed(text: &str, signatures: &str, key: &VerifierKey) -> Result<(), String> {
    let signature = signatures
        .strip_prefix("— ")
        .and_then(|rest| rest.strip_suffix('\n'))
        .and_then(|rest| rest.split_once(' '))
        .filter(|(name, _)| *name == key.name())
        .and_then(|(_, signature)| STANDARD.decode(signature).ok())
        .ok_or("its signature line is not one")?;
    let (id, signature) = signature.split_at_checked(4).ok_or("its signature is too short")?;
    let signature: &[u8; 64] = signature.try_into().map_err(|_| "its signature is not 64 bytes long")?;
    if id != key.id() || !key.verifies(text.as_bytes(), signature) {
        return Err("its signature does not verify".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signed_text_opens() {
        let key = LedgerKey::from_seed(&[3; 32], "example.org/log").unwrap();
        let checkpoint = Checkpoint { size: 12, root: [9; 32] };
        let note = sign(&checkpoint, &key);
        assert_eq!(open(&note, &key.verifier()), Ok(checkpoint));
        let other = LedgerKey::from_seed(&[4; 32], "example.org/log").unwrap();
        assert!(open(&note, &other.verifier()).is_err());
        for place in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= 1;
            if let Ok(damaged) = String::from_utf8(bytes) {
                assert!(open(&damaged, &key.verifier()).is_err(), "byte {place}");
            }
        }
    }
}
