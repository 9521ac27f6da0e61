//! What else a thing is known by: the names under which several systems speak of one credential, person or workload.
//!
//! A scanner states identifiers beside a node; joining them is the map's work. An identifier says what a system says, not
//! that it is true: only a verified one may join by itself.

use crate::Text;
use serde::{Deserialize, Serialize};

/// In which scheme an identifier is a name. The order is that of the words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierScheme {
    /// A key that the node had before it was joined with others. Scanners do not write it: joining does.
    Alias,
    /// An e-mail address, in lower case.
    Email,
    /// A keyed fingerprint of a secret, as [`crate::Fingerprinter`] makes it.
    Fingerprint,
    /// The public id of a key: `AKIA…`, a service-account key's id, an SSH key's SHA-256 fingerprint.
    KeyId,
    /// `<issuer host>|<subject>` of a workload's token: how a job, a pod or an app names itself to a cloud.
    OidcSubject,
    /// `<issuer or entity id>|<name id>` of a person's sign-on at another system (SAML, SCIM external id).
    SignOn,
    /// A hash of a token as the platform publishes it (GitHub's `hashed_token`, LiteLLM's key hash).
    TokenHash,
    /// The node's key, where another system writes down exactly that.
    Key,
}

/// One such name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Identifier {
    /// In which scheme.
    pub scheme: IdentifierScheme,
    /// The name itself: public, never a secret.
    pub value: Text,
    /// Whether the system that states it has verified it (a confirmed address, a token it has seen), or only repeats what
    /// somebody typed.
    pub verified: bool,
}

impl Identifier {
    /// A name that the system has verified.
    pub fn verified(scheme: IdentifierScheme, value: &str) -> Identifier {
        Identifier { scheme, value: Text::new(value), verified: true }
    }

    /// A name that the system repeats.
    pub fn stated(scheme: IdentifierScheme, value: &str) -> Identifier {
        Identifier { scheme, value: Text::new(value), verified: false }
    }
}
