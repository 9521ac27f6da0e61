//! Private keys: whether a passphrase guards them, and the public half where the file tells it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::Digest;
use zeroize::Zeroizing;

const OPENSSH: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";

/// What a private key in OpenSSH's form tells without its passphrase.
pub(super) struct OpenSsh {
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub(super) fingerprint: String,
    /// Whether a passphrase guards it.
    pub(super) encrypted: bool,
}

/// Reads the public part of an OpenSSH private key.
pub(super) fn open_ssh(bytes: &[u8]) -> Option<OpenSsh> {
    let text = std::str::from_utf8(bytes).ok()?;
    let body = text.split_once(OPENSSH)?.1.split("-----END").next()?;
    let body = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    let blob = Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?);
    let rest = blob.strip_prefix(b"openssh-key-v1\0")?;
    let (cipher, rest) = field(rest)?;
    let (_derivation, rest) = field(rest)?;
    let (_options, rest) = field(rest)?;
    let (public, _) = field(rest.get(4..)?)?;
    let digest = STANDARD_NO_PAD.encode(sha2::Sha256::digest(public));
    Some(OpenSsh { fingerprint: format!("SHA256:{digest}"), encrypted: cipher != b"none" })
}

/// A field with its length in front.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// Whether a private key's own text says that it is encrypted.
pub(super) fn is_encrypted(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(512)).unwrap_or_default());
    match open_ssh(bytes) {
        Some(key) => key.encrypted,
        None => text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED"),
    }
}
