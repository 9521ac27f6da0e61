//! What single files say of packages: most are formats of `firebreak_package`; here is what those do not tell. No file is
//! looked up here: what belongs together is joined in `gather`.

use crate::gather::Content;
use firebreak_package::formats::{Input, Listing, recognise};

pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod system;

/// What the format of a file, known by its path, reads from it. None where no format has such a name.
pub(crate) fn listing(content: &Content<'_>) -> Option<Listing> {
    let format = recognise(content.path, &[])?;
    Some(format.read(&Input { path: content.path, bytes: content.bytes }))
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(bytes))
}
