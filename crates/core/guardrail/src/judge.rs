//! The judgement: what is in it, and what the owner's policy says to that.

use crate::mask::{Mark, Masked, masked};
use crate::{Caller, Destination, Exchange, Piece};
use firebreak_classify::{Classes, Confidence, Document, Finding, Hint, is_secret, scan};
use firebreak_model::{Fingerprinter, Problem};
use firebreak_policy::{Answer, Entity, Policies, Question, long};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The schema that policies of the guardrail must fit.
pub const SCHEMA: &str = include_str!("../../../../policies/guardrail/schema.cedarschema");
/// The policies as shipped.
pub const SHIPPED: &str = include_str!("../../../../policies/guardrail/shipped.cedar");

const HINT: &str =
    "correct it; until then the guardrail does not start, and a gateway that fails closed lets nothing through";
/// Hexadecimal digits of a fingerprint in a mask: enough to tell the values of one conversation apart.
const DIGITS: usize = 8;

/// What becomes of the values of one class.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// They go on.
    Passed,
    /// Something takes their place.
    Masked,
    /// They keep the whole from going on.
    Refused,
}

/// What was found of one class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Seen {
    /// The class.
    pub class: String,
    /// How many values, or documents.
    pub count: u64,
    /// The surest of them.
    pub confidence: Confidence,
    /// What becomes of them.
    pub fate: Fate,
}

/// What becomes of the whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It goes on as it is; the texts say how much of each is to be held back while it grows.
    Passed(Vec<Masked>),
    /// It goes on with these texts, one for each piece that can be masked.
    Masked(Vec<Masked>),
    /// It goes no further.
    Refused,
}

/// What the guardrail says to one exchange. No value is in it but in texts that go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// What becomes of it.
    pub outcome: Outcome,
    /// What was found, by class.
    pub seen: Vec<Seen>,
    /// Why it was masked or refused: the policies' reasons.
    pub reasons: Vec<String>,
}

/// The classes that are looked for, and the owner's policies.
#[derive(Clone, Debug)]
pub struct Guardrail {
    policies: Policies,
    classes: Classes,
    fingerprinter: Fingerprinter,
}

impl Guardrail {
    /// A guardrail with these policies, each a name (its file's) and a text.
    ///
    /// # Errors
    /// All that is wrong with the policies: there is no guardrail then.
    pub fn new(
        policies: &[(&str, &str)],
        classes: Classes,
        fingerprinter: Fingerprinter,
    ) -> Result<Guardrail, Vec<Problem>> {
        Ok(Guardrail { policies: Policies::new(SCHEMA, policies, "guardrail", HINT)?, classes, fingerprinter })
    }

    /// What becomes of `exchange`.
    pub fn judge(&self, exchange: &Exchange) -> Judgement {
        let found: Vec<Found> = exchange.pieces.iter().map(|piece| self.read(piece)).collect();
        let mut reasons = Vec::new();
        let seen: Vec<Seen> = counted(exchange, &found)
            .into_iter()
            .map(|(class, of_class)| self.class(exchange, class, &of_class, &mut reasons))
            .collect();
        let sent = self.sent(exchange, &seen, &mut reasons);
        reasons.sort();
        reasons.dedup();
        let refused = !sent || seen.iter().any(|one| one.fate == Fate::Refused);
        let outcome = match refused {
            true => Outcome::Refused,
            false => let_on(exchange, &found, &seen),
        };
        Judgement { outcome, seen, reasons }
    }

    fn read(&self, piece: &Piece) -> Found {
        let hint = Hint { key: piece.key.as_deref(), ..Hint::default() };
        let finished = scan(piece.text.as_bytes(), &self.classes, &self.fingerprinter, hint);
        Found { values: finished.findings, documents: finished.documents }
    }

    /// What becomes of one class: as it is, masked where every one of its values can be, or not at all.
    fn class(&self, exchange: &Exchange, class: &str, all: &OfClass, reasons: &mut Vec<String>) -> Seen {
        let context = json!({
            "direction": exchange.direction.word(),
            "class": class,
            "secret": is_secret(class),
            "confidence": all.confidence,
            "count": long(all.count),
        });
        let asked = |action| match self.ask(exchange, action, context.clone()) {
            Answer::Permit(why) => Ok(why),
            Answer::Forbid(why) | Answer::Broken(why) => Err(why),
        };
        let told = |why: Vec<String>| why.into_iter().map(|why| format!("{class}: {why}")).collect::<Vec<_>>();
        let fate = match asked(r#"Guardrail::Action::"disclose""#) {
            Ok(_) => Fate::Passed,
            Err(_) => match asked(r#"Guardrail::Action::"disclose_masked""#) {
                Ok(why) if all.maskable => {
                    reasons.extend(told(why));
                    Fate::Masked
                }
                Ok(_) => {
                    reasons.push(format!("{class}: it would have to be masked, and here that cannot be done"));
                    Fate::Refused
                }
                Err(why) => {
                    reasons.extend(told(why));
                    Fate::Refused
                }
            },
        };
        Seen { class: class.to_owned(), count: all.count, confidence: all.confidence, fate }
    }

    /// Whether the whole may go on.
    fn sent(&self, exchange: &Exchange, seen: &[Seen], reasons: &mut Vec<String>) -> bool {
        let bytes: usize = exchange.pieces.iter().map(|piece| piece.text.len()).sum();
        let context = json!({
            "direction": exchange.direction.word(),
            "classes": seen.iter().map(|one| &one.class).collect::<Vec<_>>(),
            "images": long(exchange.images),
            "unread": exchange.unread.len(),
            "changed_tools": exchange.changed.len(),
            "bytes": long(bytes as u64),
        });
        match self.ask(exchange, r#"Guardrail::Action::"send""#, context) {
            Answer::Permit(_) => true,
            Answer::Forbid(why) | Answer::Broken(why) => {
                reasons.extend(why);
                reasons.extend(exchange.unread.iter().map(|what| format!("not read: {what}")));
                false
            }
        }
    }

    fn ask(&self, exchange: &Exchange, action: &'static str, context: serde_json::Value) -> Answer {
        let (principal, resource) = (caller(&exchange.caller), destination(&exchange.destination));
        self.policies.ask(&Question { principal, action, resource, context })
    }
}

/// What one piece holds.
struct Found {
    values: Vec<Finding>,
    documents: Vec<Document>,
}

/// What the pieces hold of one class.
struct OfClass {
    count: u64,
    confidence: Confidence,
    maskable: bool,
}

fn counted<'a>(exchange: &Exchange, found: &'a [Found]) -> BTreeMap<&'a str, OfClass> {
    let mut classes: BTreeMap<&str, OfClass> = BTreeMap::new();
    let mut note = |class, confidence, maskable| {
        let of_class = classes.entry(class).or_insert(OfClass { count: 0, confidence, maskable: true });
        of_class.count += 1;
        of_class.confidence = of_class.confidence.max(confidence);
        of_class.maskable &= maskable;
    };
    for (piece, found) in exchange.pieces.iter().zip(found) {
        for value in &found.values {
            note(value.class.word(), value.confidence, piece.maskable);
        }
        for document in &found.documents {
            // What a whole text is cannot be masked in it.
            note(document.class.word(), document.confidence, false);
        }
    }
    classes
}

/// The texts that go on, one for each piece that can be masked.
fn let_on(exchange: &Exchange, found: &[Found], seen: &[Seen]) -> Outcome {
    let is_masked = |class: &str| seen.iter().any(|one| one.class == class && one.fate == Fate::Masked);
    let pieces = exchange.pieces.iter().zip(found).filter(|(piece, _)| piece.maskable);
    let texts = pieces.map(|(piece, found)| {
        let at = |value: &Finding| value.range.start as usize..value.range.end as usize;
        let to_mask = found.values.iter().filter(|value| is_masked(value.class.word()));
        let marks = to_mask.map(|value| Mark { range: at(value), with: mark(value) }).collect();
        masked(&piece.text, marks, &found.values.iter().map(at).collect::<Vec<_>>())
    });
    let texts = texts.collect();
    match seen.iter().any(|one| one.fate == Fate::Masked) {
        true => Outcome::Masked(texts),
        false => Outcome::Passed(texts),
    }
}

/// What takes a value's place: its class, and enough of its fingerprint to tell it from another.
fn mark(value: &Finding) -> String {
    format!("[{} {}]", value.class.word(), value.fingerprint.get(..DIGITS).unwrap_or_default())
}

fn caller(caller: &Caller) -> Entity {
    let known = [&caller.user, &caller.key, &caller.team].into_iter().find(|name| !name.is_empty());
    let id = known.cloned().unwrap_or_else(|| "unknown".to_owned());
    Entity { kind: "Guardrail::Caller", id, attributes: json!(caller) }
}

fn destination(destination: &Destination) -> Entity {
    let id = format!("{}/{}", destination.kind.word(), destination.name);
    Entity { kind: "Guardrail::Destination", id, attributes: json!(destination) }
}
