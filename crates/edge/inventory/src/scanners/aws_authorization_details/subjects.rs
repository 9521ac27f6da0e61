//! The subjects of tokens that a role's trust admits, so that the map can join workloads to the role.
//!
//! A subject is `<issuer>|<subject>`, with `*` and `?` as the trust writes them. Audiences are not compared: a workload
//! asks for a token for whom it likes. Where a trust asks anything else of a token, the subject alone is not enough, and
//! the identifier is stated and not verified.

use super::policy::Names;
use super::{glob, trust};
use crate::json::{text, texts};
use firebreak_model::{Identifier, IdentifierScheme};
use serde_json::Value;
use std::collections::BTreeMap;

/// The identifiers of a role with this trust policy.
pub(super) fn of(document: &Value) -> Vec<Identifier> {
    let statements = trust::statements(document);
    let federated = || statements.iter().filter(|statement| admits(statement));
    // Whom a Deny means is not compared here.
    let denied = federated().any(|statement| text(statement, "Effect") != Some("Allow"));
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for statement in federated().filter(|statement| text(statement, "Effect") == Some("Allow")) {
        let providers = texts(statement.get("Principal").and_then(|principal| principal.get("Federated")));
        // AWS knows a few by their names alone.
        let issuer = |name: &&str| match name.split_once(":oidc-provider/") {
            Some((_, issuer)) => Some(issuer.to_owned()),
            None => (!name.starts_with("arn:") && name.contains('.')).then(|| (*name).to_owned()),
        };
        let issuers: Vec<String> = providers.iter().filter_map(issuer).collect();
        for issuer in issuers {
            let (subjects, enough) = subjects(statement, &issuer);
            for subject in subjects {
                let known = found.entry(format!("{issuer}|{subject}")).or_default();
                *known |= enough && !denied;
            }
        }
    }
    let identifier = |(value, enough): (String, bool)| match enough {
        true => Identifier::verified(IdentifierScheme::OidcSubject, &value),
        false => Identifier::stated(IdentifierScheme::OidcSubject, &value),
    };
    found.into_iter().map(identifier).collect()
}

/// Whether a statement is about tokens.
fn admits(statement: &Value) -> bool {
    let lower = |key: &str| texts(statement.get(key)).into_iter().map(str::to_ascii_lowercase).collect::<Vec<_>>();
    let actions = match (lower("Action"), lower("NotAction")) {
        (these, but) if these.is_empty() => Names::AllBut(but),
        (these, _) => Names::These(these),
    };
    actions.include("sts:assumerolewithwebidentity")
}

/// The subjects of one issuer that a statement admits, and whether to have one of them is enough.
fn subjects(statement: &Value, issuer: &str) -> (Vec<String>, bool) {
    let mut found: Option<Vec<String>> = None;
    let mut enough = true;
    for (operator, keys) in statement.get("Condition").and_then(Value::as_object).into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let of_issuer = key.get(..issuer.len()).is_some_and(|own| own.eq_ignore_ascii_case(issuer));
            let claim = key.get(issuer.len()..).filter(|_| of_issuer).map(str::to_ascii_lowercase);
            let operator = operator.to_ascii_lowercase();
            let operator = operator.strip_prefix("foranyvalue:").unwrap_or(&operator);
            match (claim.as_deref(), operator) {
                (Some(":aud"), "stringequals" | "stringlike") => {}
                (Some(":sub"), "stringequals" | "stringlike") => {
                    // No token's subject has a star, and nothing else means one here.
                    let literal = operator == "stringequals";
                    let possible = |subject: &&str| !literal || !glob::is_pattern(subject);
                    let own = texts(Some(values)).into_iter().filter(possible).map(str::to_owned);
                    // Two conditions on the subject have to hold at once.
                    enough &= found.is_none();
                    found.get_or_insert_default().extend(own);
                }
                _ => enough = false,
            }
        }
    }
    (found.unwrap_or_else(|| vec!["*".to_owned()]), enough)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(condition: Value, more: Option<Value>) -> Vec<(String, bool)> {
        let allow = json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition,
            "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/gitlab.example.org"}});
        let all: Vec<Value> = [Some(allow), more].into_iter().flatten().collect();
        let document = json!({"Statement": all});
        of(&document).into_iter().map(|one| (one.value.to_string(), one.verified)).collect()
    }

    #[test]
    fn what_a_trust_asks_of_a_subject_is_its_identifier() {
        let sub = "gitlab.example.org:sub";
        let one = |text: &str, enough: bool| vec![(format!("gitlab.example.org|{text}"), enough)];
        let like = json!({"StringLike": {sub: "project_path:a/*"}});
        assert_eq!(shown(like.clone(), None), one("project_path:a/*", true));
        let aud = json!({"StringEquals": {sub: "project_path:a/b", "gitlab.example.org:aud": "sts.amazonaws.com"}});
        assert_eq!(shown(aud, None), one("project_path:a/b", true));
        assert_eq!(shown(json!({}), None), one("*", true));
        // A star is no wildcard to StringEquals.
        assert!(shown(json!({"StringEquals": {sub: "project_path:a/*"}}), None).is_empty());
        // What else must hold is not joined by itself.
        let also = json!({"StringLike": {sub: "a*", "gitlab.example.org:ref": "main"}});
        assert_eq!(shown(also, None), one("a*", false));
        assert_eq!(shown(json!({"StringNotLike": {sub: "a*"}}), None), one("*", false));
        let both = json!({"StringLike": {sub: "a*"}, "StringEquals": {sub: "ab"}});
        assert!(shown(both, None).iter().all(|(_, enough)| !enough));
        let deny = json!({"Effect": "Deny", "Action": "sts:*", "Principal": "*"});
        assert_eq!(shown(like, Some(deny)), one("project_path:a/*", false));
    }

    #[test]
    fn trusts_in_others_have_no_subject() {
        let saml = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML",
            "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/sso"}}});
        let service =
            json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x"}}});
        for none in [saml, service, json!({"Statement": 7}), json!({}), json!([{"Statement": []}])] {
            assert!(of(&none).is_empty(), "{none}");
        }
    }
}
