//! What an action wants: which documents stand in place of which policies, and what stays beside them.

use super::held::{Held, Own};
use crate::error::ActError;
use crate::responder::parameter;
use firebreak_model::Action;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// An action's parameters, read.
pub(super) struct Wanted {
    /// Ours, one for each document.
    pub(super) own: Vec<Own>,
    /// What goes.
    pub(super) replaces: Replaced,
    /// ARNs of managed policies that stay: the proposal knows nothing of their text.
    pub(super) stays: BTreeSet<String>,
}

/// The policies that go.
#[derive(Default)]
pub(super) struct Replaced {
    /// ARNs of managed ones.
    pub(super) attached: BTreeSet<String>,
    /// Inline ones, by name.
    pub(super) inline: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replaces {
    name: Option<String>,
    arn: Option<String>,
    document: Option<Value>,
}

fn read<T: serde::de::DeserializeOwned>(action: &Action, name: &str) -> Result<T, ActError> {
    serde_json::from_str(parameter(action, name)?).map_err(|error| {
        ActError::unusable(
            format!("the parameter `{name}` on `{}` cannot be read: {error}", action.target),
            "`firebreak access apply` writes it",
        )
    })
}

impl Wanted {
    /// What `action` wants.
    pub(super) fn of(action: &Action) -> Result<Wanted, ActError> {
        let target = action.target.name();
        let mut parts = target.splitn(6, ':');
        let partition = parts.nth(1).unwrap_or("aws");
        let account = parameter(action, "account")?;
        let documents: Vec<Value> = read(action, "documents")?;
        let own = documents.into_iter().map(|document| {
            let name = format!("FirebreakNarrow-{}", digest(target, &document));
            Own { arn: format!("arn:{partition}:iam::{account}:policy/{name}"), name, document }
        });
        let mut replaces = Replaced::default();
        for one in read::<Vec<Replaces>>(action, "replaces")? {
            match one {
                Replaces { arn: Some(arn), .. } => {
                    replaces.attached.insert(arn);
                }
                Replaces { name: Some(name), document: Some(document), .. } => {
                    replaces.inline.insert(name, document);
                }
                Replaces { .. } => {
                    return Err(ActError::unusable(
                        format!(
                            "a policy in `replaces` on `{}` has neither an ARN nor a name and a text",
                            action.target
                        ),
                        "`firebreak access apply` writes it",
                    ));
                }
            }
        }
        Ok(Wanted { own: own.collect(), replaces, stays: read(action, "stays")? })
    }

    /// The ARNs of ours.
    pub(super) fn own_arns(&self) -> BTreeSet<&String> {
        self.own.iter().map(|own| &own.arn).collect()
    }

    /// Refuses where `held` is not what the proposal was made of: it would take away what nobody looked at, or leave it.
    pub(super) fn must_replace(&self, held: &Held, arn: &str) -> Result<(), ActError> {
        let attached: BTreeSet<String> = self.replaces.attached.union(&self.stays).cloned().collect();
        let ours = self.own_arns();
        let now: BTreeSet<String> = held.attached.iter().filter(|arn| !ours.contains(arn)).cloned().collect();
        if now == attached && held.inline == self.replaces.inline {
            return Ok(());
        }
        let (more, less) = (now.difference(&attached).next(), attached.difference(&now).next());
        let what = match (more, less) {
            (Some(more), _) => format!("`{more}` is attached and was not"),
            (None, Some(less)) => format!("`{less}` was attached and is not"),
            (None, None) => "its inline policies are others".to_owned(),
        };
        Err(ActError::unusable(
            format!("`{arn}` has other policies than the proposal was made of: {what}"),
            "take a new inventory and propose again",
        ))
    }

    /// Refuses where AWS would not let all of them stand side by side.
    pub(super) fn must_fit(&self, held: &Held, attached_max: usize) -> Result<(), ActError> {
        let together = held.attached.len() + self.own.iter().filter(|own| !held.attached.contains(&own.arn)).count();
        if together <= attached_max {
            return Ok(());
        }
        Err(ActError::unusable(
            format!("old and new policies would be {together} for a moment, and {attached_max} may be attached"),
            "have AWS raise the quota and set `attached_max` in `[responder.aws_policy]`, or apply it by hand",
        ))
    }
}

/// A name for one document of one principal: the same action finds its own policies again, and nobody else's.
fn digest(target: &str, document: &Value) -> String {
    let mut digest = Sha256::new();
    digest.update((target.len() as u64).to_be_bytes());
    digest.update(target);
    digest.update(document.to_string());
    hex::encode(&digest.finalize()[..10])
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{NodeKey, Text};
    use serde_json::json;

    const ARN: &str = "arn:aws:iam::123456789012:user/ci";

    fn wanted(documents: &Value) -> Result<Wanted, ActError> {
        let replaces =
            json!([{"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}, {"name": "own", "document": {"a": 1}}]);
        let parameters = [
            ("account", "123456789012".to_owned()),
            ("documents", documents.to_string()),
            ("replaces", replaces.to_string()),
            ("stays", "[\"arn:aws:iam::1:policy/absent\"]".to_owned()),
        ];
        Wanted::of(&Action {
            name: Text::new("aws_policy/narrow"),
            target: NodeKey::identity("aws", ARN),
            parameters: parameters.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect(),
        })
    }

    fn held(attached: &[&str]) -> Held {
        Held {
            attached: attached.iter().map(|arn| (*arn).to_owned()).collect(),
            inline: BTreeMap::from([("own".to_owned(), json!({"a": 1}))]),
        }
    }

    #[test]
    fn it_goes_on_only_from_what_the_proposal_was_made_of() {
        let wanted = wanted(&json!([{"Statement": []}])).unwrap();
        let (old, stays) = ("arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::1:policy/absent");
        assert!(wanted.must_replace(&held(&[old, stays]), ARN).is_ok());
        let ours = wanted.own[0].arn.clone();
        assert!(wanted.must_replace(&held(&[old, stays, &ours]), ARN).is_ok(), "ours may be there from an earlier try");
        for other in [&[old][..], &[stays], &[old, stays, "arn:aws:iam::1:policy/new"]] {
            let refused = wanted.must_replace(&held(other), ARN).unwrap_err().to_string();
            assert!(refused.contains("other policies than the proposal was made of"), "{refused}");
        }
        let rewritten = Held { inline: BTreeMap::from([("own".to_owned(), json!({"a": 2}))]), ..held(&[old, stays]) };
        assert!(wanted.must_replace(&rewritten, ARN).is_err());
        assert!(wanted.must_fit(&held(&[old, stays]), 3).is_ok() && wanted.must_fit(&held(&[old, stays]), 2).is_err());
    }

    #[test]
    fn names_tell_documents_and_principals_apart() {
        let (one, other) = (json!({"Statement": []}), json!({"Statement": [1]}));
        let both = wanted(&json!([one, other])).unwrap();
        assert_ne!(both.own[0].arn, both.own[1].arn);
        assert!(both.own[0].arn.starts_with("arn:aws:iam::123456789012:policy/FirebreakNarrow-"));
        assert_ne!(digest("a", &one), digest("b", &one));
        assert!(wanted(&json!("text")).is_err());
    }
}
