//! Who acts: a person, a service, an AI agent or an app, as the name of an identity tells.

use crate::{NodeKey, NodeKind};
use serde::{Deserialize, Serialize};

/// What kind of party an identity is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// A person.
    Person,
    /// A service, a workload or a role that machines take.
    Service,
    /// An AI agent, or a gateway through which agents act.
    Agent,
    /// An app: an OAuth client, an integration.
    App,
    /// Anybody who comes: a public link, an anonymous grant.
    Anyone,
    /// Its name does not tell. A user of a cloud account may be a person or a program.
    Unknown,
}

/// Systems whose identities are agents.
const AGENTS: [&str; 5] = ["agent", "anthropic", "litellm", "mcp", "openai"];
/// Systems whose identities are workloads.
const SERVICES: [&str; 6] = ["azure", "ci", "gcp", "k8s", "oidc", "postgres"];

impl Party {
    /// All, in the order in which they are shown.
    pub const ALL: [Party; 6] =
        [Party::Person, Party::Service, Party::Agent, Party::App, Party::Anyone, Party::Unknown];

    /// What an identity is, as far as its system and the form of its name tell; `None` for what is no identity.
    pub fn of(key: &NodeKey) -> Option<Party> {
        if key.kind() != NodeKind::Identity {
            return None;
        }
        let (system, name) = (key.system(), key.name());
        // A mail address is a person's, unless it is one that a platform gives to programs.
        let mail = name.contains('@') && !name.contains("gserviceaccount.com") && !name.contains(":role/");
        Some(match system {
            _ if name == "*" => Party::Anyone,
            "app" => Party::App,
            "person" => Party::Person,
            _ if AGENTS.contains(&system) => Party::Agent,
            _ if SERVICES.contains(&system) && !mail => Party::Service,
            "aws" if name.contains(":role/") || name.contains(":assumed-role/") => Party::Service,
            _ if name.contains("gserviceaccount.com") => Party::Service,
            _ if mail => Party::Person,
            _ => Party::Unknown,
        })
    }

    /// Its name in answers.
    pub fn word(self) -> &'static str {
        match self {
            Party::Person => "person",
            Party::Service => "service",
            Party::Agent => "agent",
            Party::App => "app",
            Party::Anyone => "anyone",
            Party::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_they_can_and_the_rest_is_unknown() {
        let of = |system: &str, name: &str| Party::of(&NodeKey::identity(system, name)).unwrap();
        assert_eq!(of("okta", "ann@meridian.example"), Party::Person);
        assert_eq!(of("aws", "arn:aws:iam::111122223333:role/ann@x"), Party::Service);
        assert_eq!(of("aws", "arn:aws:iam::111122223333:user/ann"), Party::Unknown);
        assert_eq!(of("gcp", "etl@p.iam.gserviceaccount.com"), Party::Service);
        assert_eq!(of("k8s", "prod/data/etl"), Party::Service);
        assert_eq!(of("app", "google/1234/user/*"), Party::App);
        assert_eq!(of("google", "*"), Party::Anyone);
        assert_eq!(of("litellm", "key/1"), Party::Agent);
        assert_eq!(Party::of(&NodeKey::resource("aws", "x")), None);
    }
}
