//! Who may become a role from outside its account: services, other accounts, identity providers, anyone. Inside the
//! account see [`super::ways`].
//!
//! Between accounts both sides must agree. Where the other account's file is beside this one, each of its users and roles is
//! decided on both sides at once ([`super::neighbours`]). Else the hub `group:aws/may-assume/<trusted>/<role>` joins them,
//! since a way through it needs an edge from either file.

use super::grant::survives;
use super::policy::{Names, Statement, conditions};
use super::{Account, Principal, glob};
use crate::json::{text, texts};
use crate::key::{account_of, aws_identity, ci_hub};
use crate::report::{Report, shown};
use firebreak_model::{EdgeKind, NodeKey, Text};
use firebreak_permission::aws::escalation::across::Theirs;
use firebreak_permission::aws::escalation::{self, Permissions};
use firebreak_permission::aws::{self, Policy};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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

impl Trusted {
    /// The account of those who are trusted.
    fn account(&self) -> Option<&str> {
        match self {
            Trusted::Principal(arn) => account_of(arn),
            Trusted::Account(account) => Some(account),
            _ => None,
        }
    }
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
        return narrowed(statement, undecided);
    }
    let mut found = Vec::new();
    for arn in texts(principal.get("AWS")) {
        match aws(arn) {
            Some(Trusted::Anyone) => found.extend(narrowed(statement, undecided.clone())),
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

/// Anyone, or those whom the conditions leave of anyone: a principal, or someone of an account.
fn narrowed(statement: &Value, undecided: Vec<Text>) -> Vec<(Trusted, Vec<Text>)> {
    for (operator, keys) in statement.get("Condition").and_then(Value::as_object).into_iter().flatten() {
        let positive = ["StringEquals", "StringLike", "ArnEquals", "ArnLike"];
        if !positive.iter().any(|known| known.eq_ignore_ascii_case(operator)) {
            continue;
        }
        for (key, values) in keys.as_object().into_iter().flatten() {
            let about_arn = key.eq_ignore_ascii_case("aws:PrincipalArn");
            if !about_arn && !key.eq_ignore_ascii_case("aws:PrincipalAccount") {
                continue;
            }
            let number = |account: &str| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            let whom = |value: &str| match value.contains(['*', '?', '$']) {
                false if about_arn => aws(value).filter(|whom| !matches!(whom, Trusted::Account(_))),
                true if about_arn => {
                    let account = account_of(value).filter(|account| number(account))?;
                    Some(Trusted::Account(account.to_owned()))
                }
                _ => number(value).then(|| Trusted::Account(value.to_owned())),
            };
            let all: Option<Vec<Trusted>> = texts(Some(values)).into_iter().map(whom).collect();
            if let Some(all) = all.filter(|all| !all.is_empty()) {
                return all.into_iter().map(|whom| (whom, undecided.clone())).collect();
            }
        }
    }
    vec![(Trusted::Anyone, undecided)]
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

fn trust_of(judged: &escalation::Account, role: &str) -> Option<Arc<Policy>> {
    judged.members.iter().find(|member| *member.arn == *role)?.trust.clone()
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
                } else if account_of(&pattern).is_some_and(|owner| *owner == *self.id || self.read_by.contains(owner)) {
                    // Inside the account, or decided there with both sides at once.
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

    /// The other accounts that roles trust.
    pub(super) fn trusted_accounts(&self) -> BTreeSet<Text> {
        let trusted = self.roles.iter().flat_map(|role| &role.allowed);
        let accounts = trusted.filter_map(|(whom, _)| whom.account()).filter(|account| *account != &*self.id);
        accounts.map(Text::new).collect()
    }

    /// Those of another account that is known whom a role trusts, each decided on both sides at once. Whether it was.
    fn joined(
        &mut self,
        role: &Role,
        account: &str,
        own: Option<(Arc<Policy>, &Permissions<'_>)>,
        others: &mut BTreeMap<Text, Permissions<'_>>,
    ) -> bool {
        let (Some((trust, owner)), Some(other)) = (own, others.get_mut(account)) else { return false };
        let theirs = Theirs { policy: &trust, grants: &[], owner };
        let people: Vec<String> = other.people().map(|(arn, _)| arn.to_owned()).collect();
        for arn in people {
            let Some(decided) = other.decide_across(&arn, "sts:AssumeRole", &role.arn, theirs) else { return false };
            if decided.answer.possible() {
                self.trust_edge(role, aws_identity(&arn), decided.may);
            }
        }
        // An administrator of that account gives itself what its side needs.
        let someone = aws::Principal::user(&format!("arn:aws:iam::{account}:user/firebreak"));
        let decided = owner.decide_outside(&someone, "sts:AssumeRole", &role.arn, &trust, &[]);
        if decided.answer.possible() {
            self.trust_edge(role, administrators(account), decided.may);
        }
        true
    }

    fn trust_edge(&mut self, role: &Role, from: NodeKey, may: Vec<Text>) {
        let place = format!("trust of {}", role.arn);
        let always = firebreak_model::Interval::ALWAYS;
        let mut edge = self.edge(EdgeKind::MayAssume, from, role.key.clone(), always, &place);
        edge.may = may;
        self.edges.push(edge);
    }

    /// The roles' side.
    pub(super) fn trusts(
        &mut self,
        judged: Option<&escalation::Account>,
        permissions: Option<&Permissions<'_>>,
        others: &mut BTreeMap<Text, Permissions<'_>>,
    ) {
        for role in std::mem::take(&mut self.roles) {
            let mut joined: BTreeMap<Text, bool> = BTreeMap::new();
            for (whom, conditions) in &role.allowed {
                if let Some(account) = whom.account().filter(|account| *account != &*self.id) {
                    let account = Text::new(account);
                    let done = match joined.get(&account) {
                        Some(done) => *done,
                        None => {
                            let trust = judged.and_then(|judged| trust_of(judged, &role.arn));
                            self.joined(&role, &account, trust.zip(permissions), others)
                        }
                    };
                    joined.insert(account, done);
                    if done {
                        continue;
                    }
                }
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
                    self.trust_edge(&role, from, may);
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
