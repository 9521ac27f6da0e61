//! The same question answered by walking the JSON, without anything prepared: identity policies, a boundary and policies of
//! an organisation. A key has to be delegated, which without its policy it is not.

use crate::account::Account;
use firebreak_permission::aws::Answer;
use serde_json::Value;

pub(crate) fn answer(account: &Account, who: usize, action: usize, what: usize) -> Answer {
    let holder = &account.holders[who];
    let (action, resource) = (&account.lower[action], &account.held[what].resource.arn);
    let says = |documents: &mut dyn Iterator<Item = &Value>, effect: &str| {
        documents.fold(Answer::No, |all, document| all.or(one(document, effect, action, resource)))
    };
    let mut denied = says(&mut holder.documents.iter().map(|own| &**own), "Deny");
    let mut allowed = says(&mut holder.documents.iter().map(|own| &**own), "Allow");
    let rest = holder.bound.as_deref().into_iter().chain(&account.levels);
    for document in rest {
        denied = denied.or(one(document, "Deny", action, resource));
        allowed = allowed.and(one(document, "Allow", action, resource));
    }
    if action.starts_with("kms:") { Answer::No } else { allowed.and(denied.negated()) }
}

fn one(document: &Value, effect: &str, action: &str, resource: &str) -> Answer {
    let statements = match &document["Statement"] {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut found = Answer::No;
    for statement in statements.iter().filter(|statement| statement["Effect"] == effect) {
        let applies = any(&statement["Action"], |pattern| like(pattern.to_lowercase().as_bytes(), action.as_bytes()))
            && any(&statement["Resource"], |pattern| like(pattern.as_bytes(), resource.as_bytes()));
        if applies {
            found = found.or(if statement.get("Condition").is_some() { Answer::May } else { Answer::Yes });
        }
    }
    found
}

fn any(value: &Value, mut holds: impl FnMut(&str) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).any(holds),
        Value::String(text) => holds(text),
        _ => false,
    }
}

fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => like(rest, text) || text.split_first().is_some_and(|(_, tail)| like(pattern, tail)),
        (Some((own, rest)), Some((byte, tail))) => (*own == b'?' || own == byte) && like(rest, tail),
        _ => false,
    }
}
