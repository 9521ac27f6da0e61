//! Whom an event is about: subject identifiers of RFC 9493, and the complex ones of SSF 1.0 (section 3.3).
//!
//! Formats beyond `email`, `iss_sub`, `opaque` and `account` are kept as they were written and match themselves alone.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A subject.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(Value);

/// Text in a subject that is longer than this is no name.
const TEXT_MAX: usize = 1_024;

impl Subject {
    /// By an e-mail address.
    pub fn email(address: &str) -> Subject {
        Subject(json!({"format": "email", "email": address}))
    }

    /// By an issuer and its own name for the subject.
    pub fn iss_sub(issuer: &str, name: &str) -> Subject {
        Subject(json!({"format": "iss_sub", "iss": issuer, "sub": name}))
    }

    /// By a name that only the two sides understand.
    pub fn opaque(id: &str) -> Subject {
        Subject(json!({"format": "opaque", "id": id}))
    }

    /// Reads a subject.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(value: &Value) -> Result<Subject, String> {
        check(value, 0)?;
        Ok(Subject(value.clone()))
    }

    /// As it is written.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Its format.
    pub fn format(&self) -> &str {
        self.0["format"].as_str().unwrap_or_default()
    }

    /// A member of it, as text: `email`, `iss`, `sub`, `id`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0[name].as_str()
    }

    /// A part of a complex subject: `user`, `session`, `device`, ….
    pub fn part(&self, name: &str) -> Option<Subject> {
        (self.format() == "complex").then(|| self.0.get(name).cloned().map(Subject)).flatten()
    }

    /// Whether an event about `self` goes to who asked for `other` (SSF 1.0, section 8.1.3.1): simple subjects are the same
    /// to the letter; of complex ones each part that both have.
    pub fn matches(&self, other: &Subject) -> bool {
        let (Some(a), Some(b)) = (self.parts(), other.parts()) else { return self.0 == other.0 };
        a.iter().all(|(name, value)| b.get(name).is_none_or(|also| also == value))
    }

    fn parts(&self) -> Option<Map<String, Value>> {
        let object = self.0.as_object().filter(|_| self.format() == "complex")?;
        Some(
            object
                .iter()
                .filter(|(name, _)| *name != "format")
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }
}

fn check(value: &Value, depth: usize) -> Result<(), String> {
    let object = value.as_object().ok_or("a subject is an object")?;
    let format = object.get("format").and_then(Value::as_str).ok_or("a subject has a `format`")?;
    let has = |names: &[&str]| {
        let fits = |name: &&str| {
            object.get(*name).and_then(Value::as_str).is_some_and(|text| !text.is_empty() && text.len() <= TEXT_MAX)
        };
        match names.iter().find(|name| !fits(name)) {
            Some(name) => {
                Err(format!("a subject of the format `{}` has a `{name}`", format.chars().take(40).collect::<String>()))
            }
            None => Ok(()),
        }
    };
    match format {
        "email" => has(&["email"]),
        "iss_sub" => has(&["iss", "sub"]),
        "opaque" => has(&["id"]),
        "account" => has(&["uri"]),
        "complex" if depth == 0 => {
            let mut parts = object.iter().filter(|(name, _)| *name != "format").peekable();
            if parts.peek().is_none() {
                return Err("a complex subject has a part".to_owned());
            }
            parts.try_for_each(|(_, part)| check(part, depth + 1))
        }
        "complex" => Err("a complex subject has no complex part".to_owned()),
        other if other.len() <= 64 => Ok(()),
        _ => Err("the `format` of a subject is a short word".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complex(parts: Value) -> Subject {
        let mut value = json!({"format": "complex"});
        value.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        Subject::parse(&value).unwrap()
    }

    #[test]
    fn subjects_match_as_the_examples_of_the_specification_do() {
        let (tenant, user) = (
            json!({"format": "opaque", "id": "example-a38h4792-uw2"}),
            json!({"format": "email", "email": "jdoe@example.com"}),
        );
        let group = |id: &str| json!({"format": "did", "url": id});
        let event = complex(json!({"tenant": tenant, "user": user}));
        assert!(event.matches(&complex(json!({"tenant": tenant}))), "less restrictive");
        let device = json!({"format": "ip-addresses", "ip-addresses": ["10.29.37.75"]});
        assert!(
            complex(json!({"user": user})).matches(&complex(json!({"user": user, "device": device}))),
            "more restrictive"
        );
        assert!(
            !complex(json!({"user": user, "group": group("did:example:9999999")}))
                .matches(&complex(json!({"user": user, "group": group("did:example:123456")})))
        );
        assert!(
            Subject::email("a@b.c").matches(&Subject::email("a@b.c"))
                && !Subject::email("a@b.c").matches(&Subject::opaque("a@b.c"))
        );
    }

    #[test]
    fn what_names_nobody_is_no_subject() {
        for bad in [
            json!(null),
            json!("a"),
            json!({}),
            json!({"format": 1}),
            json!({"format": "email"}),
            json!({"format": "email", "email": ""}),
            json!({"format": "iss_sub", "iss": "a"}),
            json!({"format": "complex"}),
            json!({"format": "complex", "user": 1}),
            json!({"format": "complex", "user": {"format": "complex", "user": {"format": "opaque", "id": "1"}}}),
            json!({"format": "opaque", "id": "x".repeat(2_000)}),
        ] {
            assert!(Subject::parse(&bad).is_err(), "{bad}");
        }
        assert!(Subject::parse(&json!({"format": "phone_number", "phone_number": "+1"})).is_ok());
    }
}
