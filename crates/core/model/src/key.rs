//! Node keys: the one name that a thing has in events, facts, findings and plans.
//!
//! A key is `kind:system/name`, for instance `credential:aws/AKIAIOSFODNN7EXAMPLE`,
//! `identity:aws/arn:aws:iam::123456789012:user/ci`, `resource:github/meridian/interviews`, `data_class:ssn`.
//! Sources and scanners must write the same key for the same thing: that is how an event finds the map.

use crate::Text;
use serde::{Deserialize, Serialize};

/// What kind of thing a node is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// One version of one package: `package:pypi/litellm@1.82.8`.
    Package,
    /// Where code runs and secrets can be read: `environment:ci/eval-nightly`, `environment:host/mac-17`,
    /// `environment:k8s/prod/gateway`, `environment:image/sha256:…`.
    Environment,
    /// The public face of a secret: `credential:aws/AKIA…`, `credential:github/<hashed_token>`,
    /// `credential:fingerprint/<hex>`.
    Credential,
    /// Who acts: `identity:aws/<arn>`, `identity:github/<login>`, `identity:person/<e-mail>`,
    /// `identity:k8s/<cluster>/<namespace>/<account>`, `identity:app/<client id>`.
    Identity,
    /// A set of identities with grants of its own, or a hub that stands for an all-pairs grant: `group:aws/<arn>`.
    Group,
    /// Where data is: `resource:aws/<arn>`, `resource:github/<org>/<repository>`, `resource:postgres/<host>/<database>`.
    Resource,
    /// A kind of data: `data_class:ssn`.
    DataClass,
    /// Who else holds it: `vendor:slack`.
    Vendor,
}

impl NodeKind {
    /// The word before the colon in a key.
    pub const fn word(self) -> &'static str {
        match self {
            NodeKind::Package => "package",
            NodeKind::Environment => "environment",
            NodeKind::Credential => "credential",
            NodeKind::Identity => "identity",
            NodeKind::Group => "group",
            NodeKind::Resource => "resource",
            NodeKind::DataClass => "data_class",
            NodeKind::Vendor => "vendor",
        }
    }

    /// Every kind.
    pub const ALL: [NodeKind; 8] = [
        NodeKind::Package,
        NodeKind::Environment,
        NodeKind::Credential,
        NodeKind::Identity,
        NodeKind::Group,
        NodeKind::Resource,
        NodeKind::DataClass,
        NodeKind::Vendor,
    ];
}

/// The name of a node: `kind:system/name`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeKey(Text);

impl NodeKey {
    /// `kind:rest`. `rest` is the system, a slash and the system's own name for the thing, unchanged.
    pub fn new(kind: NodeKind, rest: &str) -> NodeKey {
        NodeKey(joined(&[kind.word(), ":", rest]))
    }

    /// `kind:system/name`, where the name is the parts of `name` one after the other.
    pub fn of(kind: NodeKind, system: &str, name: &[&str]) -> NodeKey {
        let mut parts = [kind.word(), ":", system, "/", "", "", "", "", "", "", "", "", "", "", "", ""];
        match parts.get_mut(4..4 + name.len()) {
            Some(rest) => rest.copy_from_slice(name),
            None => return NodeKey::new(kind, &format!("{system}/{}", name.concat())),
        }
        NodeKey(joined(&parts))
    }

    /// Reads a key that someone wrote. `None` where the part before the colon is not a kind.
    pub fn parse(text: &str) -> Option<NodeKey> {
        let (word, rest) = text.split_once(':')?;
        let known = NodeKind::ALL.iter().any(|kind| kind.word() == word);
        (known && !rest.is_empty()).then(|| NodeKey(Text::new(text)))
    }

    /// The key that `text` is already, shared with whoever else holds the text. `None` unless it is one of this kind.
    pub fn of_text(kind: NodeKind, text: Text) -> Option<NodeKey> {
        let rest = text.strip_prefix(kind.word())?.strip_prefix(':')?;
        (!rest.is_empty()).then_some(NodeKey(text))
    }

    /// `package:<ecosystem>/<name>@<version>`; the ecosystem in lower case.
    pub fn package(ecosystem: &str, name: &str, version: &str) -> NodeKey {
        NodeKey::new(NodeKind::Package, &format!("{}/{name}@{version}", ecosystem.to_ascii_lowercase()))
    }

    /// `environment:<system>/<name>`.
    pub fn environment(system: &str, name: &str) -> NodeKey {
        NodeKey::of(NodeKind::Environment, system, &[name])
    }

    /// `credential:<system>/<public id>`.
    pub fn credential(system: &str, public_id: &str) -> NodeKey {
        NodeKey::of(NodeKind::Credential, system, &[public_id])
    }

    /// `identity:<system>/<name>`.
    pub fn identity(system: &str, name: &str) -> NodeKey {
        NodeKey::of(NodeKind::Identity, system, &[name])
    }

    /// `group:<system>/<name>`.
    pub fn group(system: &str, name: &str) -> NodeKey {
        NodeKey::of(NodeKind::Group, system, &[name])
    }

    /// `resource:<system>/<name>`.
    pub fn resource(system: &str, name: &str) -> NodeKey {
        NodeKey::of(NodeKind::Resource, system, &[name])
    }

    /// `data_class:<word>`.
    pub fn data_class(class: &crate::DataClass) -> NodeKey {
        NodeKey::new(NodeKind::DataClass, class.word())
    }

    /// The kind, read from the word before the colon.
    pub fn kind(&self) -> NodeKind {
        let word = self.0.split(':').next().unwrap_or_default();
        NodeKind::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or(NodeKind::Resource)
    }

    /// What follows the kind: `aws/AKIA…`.
    pub fn rest(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, rest)| rest)
    }

    /// The system: `aws` in `credential:aws/AKIA…`.
    pub fn system(&self) -> &str {
        // Asked of every event; in the first bytes of a key a plain loop finds it sooner than a search made for long texts.
        let bytes = self.0.as_bytes();
        let Some(colon) = bytes.iter().position(|byte| *byte == b':') else { return "" };
        let rest = bytes.iter().skip(colon + 1);
        let end = rest.clone().position(|byte| *byte == b'/').unwrap_or(rest.len());
        self.0.get(colon + 1..colon + 1 + end).unwrap_or_default()
    }

    /// The system's own name for the thing: `AKIA…` in `credential:aws/AKIA…`.
    pub fn name(&self) -> &str {
        self.rest().split_once('/').map_or(self.rest(), |(_, name)| name)
    }

    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `parts` one after the other. Keys are made for every event, several each: the text is put together on the stack, so
/// that only the finished one is allocated.
pub fn joined(parts: &[&str]) -> Text {
    const STACK_BYTES: usize = 192;
    let mut bytes = [0; STACK_BYTES];
    let mut filled = 0;
    for part in parts {
        let end = filled + part.len();
        match bytes.get_mut(filled..end) {
            Some(place) => place.copy_from_slice(part.as_bytes()),
            None => return Text::from(parts.concat()),
        }
        filled = end;
    }
    // Texts one after the other are a text; the check costs less than the allocation that it saves.
    match bytes.get(..filled).map(std::str::from_utf8) {
        Some(Ok(text)) => Text::new(text),
        _ => Text::from(parts.concat()),
    }
}

impl std::fmt::Display for NodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_apart_as_it_was_put_together() {
        let key = NodeKey::identity("aws", "arn:aws:iam::123456789012:user/ci");
        assert_eq!(key.as_str(), "identity:aws/arn:aws:iam::123456789012:user/ci");
        assert_eq!(
            (key.kind(), key.system(), key.name()),
            (NodeKind::Identity, "aws", "arn:aws:iam::123456789012:user/ci")
        );
        assert_eq!(NodeKey::parse(key.as_str()), Some(key));
        assert_eq!(NodeKey::parse("planet:mars"), None);
        for (text, key) in [("vendor:slack", NodeKey::parse("vendor:slack")), ("vendor:", None), ("vendors:x", None)] {
            assert_eq!(NodeKey::of_text(NodeKind::Vendor, Text::new(text)), key, "{text}");
        }
        let system = |text: &str| NodeKey::parse(text).map(|key| key.system().to_owned());
        assert_eq!(system("vendor:slack").as_deref(), Some("slack"));
        assert_eq!(system("resource:/x").as_deref(), Some(""));
    }

    #[test]
    fn a_key_is_the_same_however_many_parts_its_name_has_and_however_long_it_is() {
        for (part, count) in [("é", 1), ("ab", 12), ("ab", 13), ("ab", 40), ("a part of some length, ", 9)] {
            let (whole, parts) = (part.repeat(count), vec![part; count]);
            let key = NodeKey::of(NodeKind::Resource, "aws", &parts);
            assert_eq!(key.as_str(), format!("resource:aws/{whole}"));
            assert_eq!(key, NodeKey::resource("aws", &whole));
        }
    }
}
