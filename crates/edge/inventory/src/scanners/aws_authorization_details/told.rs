//! `resource-policies.json`, read: each resource with its own policy and grants. What cannot be read is never dropped: it
//! is a problem, leaves the resource undecided, and the snapshot is not complete.

use super::guards::Guard;
use crate::json::{list, text, texts};
use crate::key::{account_of, aws_identity, aws_resource, service_of};
use crate::report::{Report, shown};
use firebreak_model::{NodeKey, Text};
use firebreak_permission::aws::{KeyGrant, Limits, Policy};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What `resource-policies.json` says of one account.
#[derive(Default)]
pub(super) struct Told {
    /// Resources whose policies are told.
    pub(super) guards: Vec<Guard>,
    /// Every resource that is named.
    pub(super) resources: Vec<NodeKey>,
    /// Something in it cannot be read, or is not said.
    pub(super) lacking: bool,
}

const FORM: &str = "write {\"resources\": [{\"arn\", \"policy\": the document or null}]}";

/// The resources in `document` that `account` owns or may own.
pub(super) fn read(document: &Value, account: &str, accounts: &[Text], report: &mut Report) -> Told {
    let mut told = Told::default();
    if !document.get("resources").is_some_and(Value::is_array) {
        report.add("`resource-policies.json` has no list `resources`", FORM);
        told.lacking = true;
    }
    let mut seen = BTreeSet::new();
    for item in list(document, "resources") {
        let Some(arn) = text(item, "arn") else {
            report.add("a resource in `resource-policies.json` has no `arn`", FORM);
            told.lacking = true;
            continue;
        };
        let owner = account_of(arn).or_else(|| text(item, "account")).unwrap_or(account);
        if owner != account && accounts.iter().any(|known| **known == *owner) {
            // It is read with its own account.
            continue;
        }
        if owner != account || service_of(arn).is_none() {
            report.add(format!("`{}` is no resource of account {account}", shown(arn)), "list it beside its account");
            told.lacking = true;
            continue;
        }
        let key = aws_resource(arn);
        if !seen.insert(key.clone()) {
            report.add(format!("`{}` is listed twice", shown(arn)), "list each resource once; only the first is read");
            told.lacking = true;
            continue;
        }
        told.resources.push(key.clone());
        let guard = guard(item, arn, key, report);
        told.lacking |= guard.as_ref().is_none_or(|(_, whole)| !whole);
        told.guards.extend(guard.map(|(guard, _)| guard));
    }
    told
}

/// One resource, and whether everything about it could be read. `None`: its policy is not told.
fn guard(item: &Value, arn: &str, key: NodeKey, report: &mut Report) -> Option<(Guard, bool)> {
    let before = report.len();
    let Some(policy) = item.get("policy") else {
        report.add(format!("`{}` has no `policy`: what it says is not known", shown(arn)), FORM);
        return None;
    };
    let name = format!("policy of {}", shown(arn));
    let policy = match policy {
        Value::Null => None,
        Value::String(document) => Some(Policy::parse(&name, document, Limits::default())),
        document => Some(Policy::read(&name, document, Limits::default())),
    };
    let policy = policy.map(|(policy, problems)| {
        if let Some(problem) = problems.first() {
            let reason = format!("the policy of `{}` is not read whole: {}", shown(arn), problem.reason);
            report.add(reason, "what it may say stays undecided; export it again");
        }
        policy
    });
    let grants = grants(item, arn, report);
    // A key without a policy of its own leaves it to its account, as new keys do.
    let policy =
        policy.or_else(|| (!grants.is_empty()).then(|| leaving_it(account_of(arn).unwrap_or_default(), &name)));
    let blocked = item.get("public_access_block").filter(|blocked| !blocked.is_null());
    if blocked.is_some_and(|blocked| !blocked.is_boolean()) {
        report.add(format!("`public_access_block` of `{}` is not true or false", shown(arn)), FORM);
    }
    let blocked = blocked.and_then(Value::as_bool);
    Some((Guard { arn: key.name().to_owned(), key, policy, grants, blocked }, report.len() == before))
}

/// A policy that leaves everything to the account.
fn leaving_it(account: &str, name: &str) -> Policy {
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
        "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}});
    Policy::read(name, &json!({"Version": "2012-10-17", "Statement": [all]}), Limits::default()).0
}

/// The grants of a key, as `ListGrants` answers them.
fn grants(item: &Value, arn: &str, report: &mut Report) -> Vec<KeyGrant> {
    const HINT: &str = "put in the answer of `aws kms list-grants`";
    if item.get("grants").is_some_and(|grants| !grants.is_array()) {
        report.add(format!("the `grants` of `{}` are no list", shown(arn)), HINT);
    }
    let mut read = Vec::new();
    for grant in list(item, "grants") {
        let operations: Vec<Text> = texts(grant.get("Operations")).into_iter().map(Text::new).collect();
        let (Some(grantee), false) = (text(grant, "GranteePrincipal"), operations.is_empty()) else {
            report.add(format!("a grant of `{}` names nobody, or no operation", shown(arn)), HINT);
            continue;
        };
        let constraints = grant.get("Constraints").unwrap_or(&Value::Null);
        let equals = constraints.get("EncryptionContextEquals").and_then(Value::as_object);
        let subset = constraints.get("EncryptionContextSubset").and_then(Value::as_object);
        let pairs = equals.into_iter().chain(subset).flatten();
        let pairs = pairs.map(|(key, value)| (Text::new(key), Text::new(value.as_str().unwrap_or_default())));
        // Whoever may assume a role names the session: a session that is meant is the role.
        let whom =
            if grantee.starts_with("arn:") { aws_identity(grantee).name().to_owned() } else { grantee.to_owned() };
        read.push(KeyGrant {
            id: Text::new(shown(text(grant, "GrantId").unwrap_or("without an id"))),
            grantee: Text::new(whom),
            operations,
            encryption_context: pairs.collect(),
            context_equals: equals.is_some(),
        });
    }
    read
}
