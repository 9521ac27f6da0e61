//! A security event token (RFC 8417) as SSF 1.0 profiles it: one event, a subject in `sub_id`, no `sub`, no `exp`.

use crate::event::Event;
use crate::jose::Signer;
use crate::subject::Subject;
use firebreak_model::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The type in the head of every token (SSF 1.0, section 4.1.1).
pub const TYP: &str = "secevent+jwt";
const ID_MAX: usize = 256;

/// What one token says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Set {
    /// Who says it.
    pub iss: String,
    /// To whom; as many as there are.
    pub aud: Vec<String>,
    /// Its name: no two of one issuer have the same.
    pub jti: String,
    /// When it was made, in whole seconds.
    pub iat: Time,
    /// What caused it, where it says so: events of one cause have one.
    pub txn: Option<String>,
    /// About whom.
    pub sub_id: Subject,
    /// What happened.
    pub event: Event,
}

impl Set {
    /// The claims.
    pub fn claims(&self) -> Value {
        let aud = match self.aud.as_slice() {
            [one] => json!(one),
            several => json!(several),
        };
        let mut claims = json!({
            "iss": self.iss, "aud": aud, "jti": self.jti, "iat": self.iat.seconds(), "sub_id": self.sub_id.value(),
            "events": {},
        });
        claims["events"][&self.event.kind] = self.event.body.clone();
        if let Some(txn) = &self.txn {
            claims["txn"] = json!(txn);
        }
        claims
    }

    /// The token, signed.
    ///
    /// # Errors
    /// Where the key cannot sign.
    pub fn signed(&self, signer: &Signer) -> Result<String, String> {
        signer.sign(TYP, &self.claims())
    }

    /// Reads claims that were found to be signed.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(claims: &Value) -> Result<Set, String> {
        let text = |name: &str| {
            let found = claims[name].as_str().filter(|text| !text.is_empty());
            found.filter(|text| text.len() <= ID_MAX.max(2_048)).ok_or_else(|| format!("it has a `{name}`, as text"))
        };
        for absent in ["exp", "sub"] {
            if claims.get(absent).is_some() {
                return Err(format!("it has no `{absent}`"));
            }
        }
        let jti = text("jti")?;
        if jti.len() > ID_MAX {
            return Err(format!("its `jti` has at most {ID_MAX} bytes"));
        }
        let aud = match &claims["aud"] {
            Value::String(one) => vec![one.clone()],
            Value::Array(several) if (1..=20).contains(&several.len()) => several
                .iter()
                .map(|one| one.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .ok_or("its `aud` are texts")?,
            _ => return Err("it has an `aud`".to_owned()),
        };
        let seconds = claims["iat"]
            .as_f64()
            .filter(|seconds| (0.0..1e11).contains(seconds))
            .ok_or("it has an `iat` in seconds")?;
        let events = claims["events"].as_object().ok_or("it has `events`")?;
        let (Some((kind, body)), 1) = (events.iter().next(), events.len()) else {
            return Err("it has exactly one event".to_owned());
        };
        if kind.len() > 512 {
            return Err("the name of its event is too long".to_owned());
        }
        Ok(Set {
            iss: text("iss")?.to_owned(),
            aud,
            jti: jti.to_owned(),
            // Whole seconds: what is written after the point is no more than a moment.
            iat: Time::from_seconds(seconds as i64),
            txn: claims["txn"].as_str().map(|txn| txn.chars().take(ID_MAX).collect()),
            sub_id: Subject::parse(claims.get("sub_id").ok_or("it has a `sub_id`")?)?,
            event: Event::parse(kind, body)?,
        })
    }
}
