//! Who may become a role from outside its account: services, other accounts, identity providers, anyone. Inside the
//! account see [`super::ways`].
//!
//! Between accounts both sides must agree, and each side is in another file: the hub
//! `group:aws/may-assume/<trusted>/<role>` joins them, since a way through it needs an edge from either file.

use super::grant::survives;
use super::policy::{Names, Statement, conditions};
use super::{Account, Principal, glob};
use crate::json::{text, texts};
use crate::key::{account_of, aws_identity, ci_hub};
use crate::report::{Report, shown};
use firebreak_model::{EdgeKind, NodeKey, Text};
use serde_json::Value;

/// The action that a trust is about.
const ASSUME: &str = "sts:assumerole";

/// Who a trust statement speaks of.
#[derive(Clone, Debug)]
enum Trusted {
    /// A user or role, by ARN.
    Principal(String),
    /// All principals of an account that their own policies allow.
    Account(String),
    /// An AWS service.
    Service(String),
    /// CI jobs of a GitHub repository (`org/repo`), organisation (`org`) or of anyone.
    Actions(String),
    /// Someone whom another identity provider vouches for, by the provider's ARN.
    Provider(String),
    /// Anyone.
    Anyone,
}

/// A role and whom it trusts.
pub(super) struct Role {
    key: NodeKey,
    arn: String,
    allowed: Vec<(Trusted, Vec<Text>)>,
    denied: Vec<(Trusted, Vec<Text>)>,
}

impl Role {
    /// Reads the role's trust policy.
    pub(super) fn read(principal: &Principal, item: &Value, report: &mut Report) -> Role {
        let mut role =
            Role { key: principal.key.clone(), arn: principal.arn.clone(), allowed: Vec::new(), denied: Vec::new() };
        let Some(document) = item.get("AssumeRolePolicyDocument") else {
            report.add(format!("role `{}` has no trust policy", shown(&role.arn)), "export the account again");
            return role;
        };
        for statement in statements(document) {
            let assumes = texts(statement.get("Action"));
            let about = |action: &&str| {
                let lower = action.to_ascii_lowercase();
                ["", "withwebidentity", "withsaml"].iter().any(|way| glob::matches(&lower, &format!("{ASSUME}{way}")))
            };
            if !assumes.iter().any(about) && statement.get("NotAction").is_none() {
                continue;
            }
            let trusted = trusted(statement, report);
            match text(statement, "Effect") {
                Some("Deny") => role.denied.extend(trusted),
                _ => role.allowed.extend(trusted),
            }
        }
        role
    }

    /// Whether the trust itself refuses `arn`, whatever else it allows.
    fn refuses(&self, arn: &str) -> bool {
        self.denied.iter().any(|(whom, conditions)| {
            conditions.is_empty()
                && match whom {
                    Trusted::Anyone => true,
                    Trusted::Principal(denied) => denied == arn,
                    Trusted::Account(account) => account_of(arn) == Some(account),
                    _ => false,
                }
        })
    }
}

/// The statements of a trust policy.
pub(super) fn statements(document: &Value) -> &[Value] {
    match document.get("Statement") {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

fn trusted(statement: &Value, report: &mut Report) -> Vec<(Trusted, Vec<Text>)> {
    let undecided = conditions(statement);
    let Some(principal) = statement.get("Principal") else {
        // `NotPrincipal`: everyone but a few. Read as everyone.
        let mut undecided = undecided;
        undecided.push(Text::new("`NotPrincipal` does not name the caller"));
        return vec![(Trusted::Anyone, undecided)];
    };
    if principal.as_str() == Some("*") {
        return vec![(Trusted::Anyone, undecided)];
    }
    let mut found = Vec::new();
    for arn in texts(principal.get("AWS")) {
        match aws(arn) {
            Some(whom) => found.push((whom, undecided.clone())),
            None => report.add(
                format!("`{}` in a trust policy is a principal that no longer exists", shown(arn)),
                "remove it from the trust policy",
            ),
        }
    }
    found.extend(
        texts(principal.get("Service")).into_iter().map(|name| (Trusted::Service(name.to_owned()), undecided.clone())),
    );
    for provider in texts(principal.get("Federated")) {
        if provider.contains("token.actions.githubusercontent.com") {
            found.extend(actions(statement));
        } else {
            found.push((Trusted::Provider(provider.to_owned()), undecided.clone()));
        }
    }
    found
}

fn aws(arn: &str) -> Option<Trusted> {
    if arn == "*" {
        return Some(Trusted::Anyone);
    }
    let key = aws_identity(arn);
    let name = key.name();
    let account = account_of(name)?;
    Some(if name.ends_with(":root") {
        Trusted::Account(account.to_owned())
    } else {
        Trusted::Principal(name.to_owned())
    })
}

/// The CI jobs that a trust in GitHub's tokens names by their subject. A subject that names more than the repository
/// (a branch, a deployment environment) leaves undecided whether a job has it.
fn actions(statement: &Value) -> Vec<(Trusted, Vec<Text>)> {
    let mut subjects = Vec::new();
    let mut undecided = Vec::new();
    for (operator, keys) in statement.get("Condition").and_then(Value::as_object).into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let positive = matches!(operator.as_str(), "StringEquals" | "StringLike");
            if key.ends_with(":sub") && positive {
                subjects.extend(texts(Some(values)));
            } else if !key.ends_with(":aud") {
                undecided.push(Text::new(format!("{operator} `{}` is {}", shown(key), shown(&values.to_string()))));
            }
        }
    }
    if subjects.is_empty() {
        return vec![(Trusted::Actions("*".to_owned()), undecided)];
    }
    let jobs = |subject: &str| {
        let mut undecided = undecided.clone();
        let (repository, rest) =
            subject.strip_prefix("repo:").and_then(|rest| rest.split_once(':')).unwrap_or(("*", subject));
        if rest != "*" {
            undecided.push(Text::new(format!("the job's subject is `{}`", shown(subject))));
        }
        let scope = match repository.split_once('/') {
            Some((owner, "*")) => owner,
            _ if glob::is_pattern(repository) && repository != "*" => {
                undecided.push(Text::new(format!("the repository matches `{}`", shown(repository))));
                repository.split(['/', '*', '?']).next().unwrap_or("*")
            }
            _ => repository,
        };
        (Trusted::Actions(scope.to_owned()), undecided)
    };
    subjects.into_iter().map(jobs).collect()
}

/// The node that joins the two sides of a trust between accounts; `*` stands for every role that trusts `trusted`.
fn joint(trusted: &str, role: &str) -> NodeKey {
    NodeKey::group("aws", &format!("may-assume/{trusted}/{role}"))
}

fn administrators(account: &str) -> NodeKey {
    NodeKey::group("aws", &format!("{account}/administrators"))
}

fn root_of(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

impl Account<'_> {
    /// The principals' side: which roles the policies of `principal` let it assume.
    pub(super) fn assumptions(&mut self, principal: &Principal) {
        let denies: Vec<&Statement> = principal.statements.iter().filter(|statement| !statement.allow).collect();
        let root = root_of(&self.id);
        let allows = |statement: &&Statement| statement.allow && statement.actions.include(ASSUME);
        for statement in principal.statements.iter().filter(allows) {
            let patterns = match &statement.resources {
                Names::These(patterns) => patterns.clone(),
                Names::AllBut(_) => vec!["*".to_owned()],
            };
            for pattern in patterns {
                let Some(mut may) = survives(statement, &denies, ASSUME, &pattern, &principal.limits) else { continue };
                if glob::covers(&pattern, "arn:aws:iam::*:role/*") {
                    if matches!(statement.resources, Names::AllBut(_)) {
                        may.push(Text::new("the role is not excepted"));
                    }
                    self.ask(principal, &root, "*", may, statement);
                } else if glob::is_pattern(&pattern) {
                    if account_of(&pattern) != Some(&self.id) {
                        may.push(Text::new(format!("the role matches `{}`", shown(&pattern))));
                        self.ask(principal, &root, "*", may, statement);
                    }
                } else if account_of(&pattern) == Some(&self.id) {
                    // Inside the account.
                } else {
                    self.ask(principal, &root, &pattern, may, statement);
                }
            }
        }
    }

    /// One side of the joint, both for trusts in the account and for trusts in the principal by name.
    fn ask(&mut self, principal: &Principal, root: &str, role: &str, may: Vec<Text>, statement: &Statement) {
        self.member(principal, joint(root, role), may.clone(), statement);
        if principal.key.system() == "aws" && principal.arn.contains(":group/") {
            return;
        }
        self.member(principal, joint(&principal.arn, role), may, statement);
    }

    /// The roles' side.
    pub(super) fn trusts(&mut self) {
        for role in std::mem::take(&mut self.roles) {
            for (whom, conditions) in &role.allowed {
                for (from, mut may) in self.trusted_nodes(&role, whom) {
                    may.extend(conditions.iter().cloned());
                    for (denied, when) in role.denied.iter().filter(|(_, when)| !when.is_empty()) {
                        let when: Vec<&str> = when.iter().map(Text::as_str).collect();
                        let whom = format!("{denied:?}");
                        may.push(Text::new(format!(
                            "the trust's Deny for {} does not apply: {}",
                            shown(&whom),
                            when.join(" and ")
                        )));
                    }
                    let place = format!("trust of {}", role.arn);
                    let mut edge = self.edge(
                        EdgeKind::MayAssume,
                        from,
                        role.key.clone(),
                        firebreak_model::Interval::ALWAYS,
                        &place,
                    );
                    edge.may = may;
                    self.edges.push(edge);
                }
            }
            self.roles.push(role);
        }
    }

    /// From where a trust leads to its role, and what that leaves undecided.
    fn trusted_nodes(&self, role: &Role, whom: &Trusted) -> Vec<(NodeKey, Vec<Text>)> {
        let certain = |key: NodeKey| vec![(key, Vec::new())];
        match whom {
            Trusted::Anyone => certain(NodeKey::identity("aws", "*")),
            Trusted::Service(name) => certain(NodeKey::identity("aws", name)),
            Trusted::Provider(arn) => certain(NodeKey::identity("aws", arn)),
            Trusted::Actions(scope) => certain(ci_hub(scope)),
            Trusted::Account(account) if *account == *self.id => Vec::new(),
            Trusted::Account(account) => {
                let root = root_of(account);
                let mut from = certain(joint(&root, "*"));
                from.extend(certain(joint(&root, &role.arn)));
                // An administrator of that account gives itself what its side needs.
                from.extend(certain(administrators(account)));
                // Without that account's inventory, whoever holds it may hold the role.
                from.push((aws_identity(&root), vec![Text::new(format!("account {account} lets it"))]));
                from
            }
            Trusted::Principal(arn) => self.trusted_principal(role, arn),
        }
    }

    fn trusted_principal(&self, role: &Role, arn: &str) -> Vec<(NodeKey, Vec<Text>)> {
        let account = account_of(arn).unwrap_or_default();
        if role.refuses(arn) {
            return Vec::new();
        }
        if account == self.id {
            return Vec::new();
        }
        if self.accounts.iter().any(|known| known == account) {
            let from = [joint(arn, &role.arn), joint(arn, "*"), administrators(account)];
            return from.into_iter().map(|key| (key, Vec::new())).collect();
        }
        vec![(aws_identity(arn), vec![Text::new(format!("account {account}, which is not in the inventory, lets it"))])]
    }
}
