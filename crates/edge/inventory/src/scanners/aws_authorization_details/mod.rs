//! AWS IAM: the answer of `get-account-authorization-details`, into who may reach which resource and become which role.
//!
//! Decided here: Allow and Deny of identity policies, group membership, role trust. Everything that needs more than
//! that (conditions, policy variables, permissions boundaries, policies whose text is absent) makes an edge `may`.

mod collect;
mod glob;
mod grant;
pub mod granted;
mod guards;
mod managed;
mod members;
mod neighbours;
mod organization;
mod policy;
mod reads;
mod running;
mod subjects;
mod told;
mod trust;
mod ways;

use crate::collect::{Collect, is_whole};
use crate::json::{list, parse, text};
use crate::key::{account_of, aws_identity};
use crate::report::{Report, shown};
use crate::scanner::{Found, KnownResource, Owned, ScanInput, Scanner, parts};
use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Text, Time};
use firebreak_permission::aws::escalation::{self, Permissions};
use policy::{Statement, statements};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Reads account authorisation details.
pub struct AwsAuthorizationDetails;

/// The scanner.
pub static SCANNER: AwsAuthorizationDetails = AwsAuthorizationDetails;

impl Scanner for AwsAuthorizationDetails {
    fn name(&self) -> &'static str {
        "aws_authorization_details"
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        let json = path.extension().is_some_and(|extension| extension == "json");
        let head = String::from_utf8_lossy(head);
        let named = path.file_name().is_some_and(|name| name == "authorization-details.json");
        is_sibling(path)
            || named
            || (json && (head.contains("\"UserDetailList\"") || head.contains("\"RoleDetailList\"")))
    }

    fn needs_resources(&self) -> bool {
        true
    }

    fn names_resources(&self, path: &Path) -> bool {
        is_sibling(path) && path.file_name().is_some_and(|name| name == "resource-policies.json")
    }

    fn resources(&self, input: &ScanInput<'_>) -> Vec<Owned> {
        let Ok(document) = serde_json::from_slice::<Value>(input.bytes) else { return Vec::new() };
        let folder = folder_of(input.path);
        let owned = |item: &Value| {
            let arn = text(item, "arn")?;
            let account = account_of(arn).or_else(|| text(item, "account")).or(folder)?;
            let guarded = item.get("policy").is_some();
            Some(Owned { key: crate::key::aws_resource(arn), account: Text::new(account), guarded })
        };
        list(&document, "resources").iter().filter_map(owned).collect()
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::Api)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: format!("aws/{}", input.path.display()), ..Found::default() };
        if is_sibling(input.path) {
            // It is read with the export that lies beside it.
            return Found { complete: true, ..found };
        }
        if let Some(document) = parse(input.bytes, &mut report) {
            let accounts = accounts(&document, input.path);
            if accounts.is_empty() {
                report.add("it names no account", "this is not the answer of get-account-authorization-details");
            } else {
                found.scope = format!("aws/{}", accounts.join(","));
                // A page of a longer answer says so.
                found.complete = !crate::json::flag(&document, "IsTruncated");
                if !found.complete {
                    report.add("the answer is truncated", "fetch every page, as the AWS CLI does by itself");
                }
                found.complete &= is_whole(&document, &mut report);
                let (facts, whole) = facts(&accounts, &document, input, &mut report);
                found.facts = facts;
                found.complete &= whole;
            }
        }
        found.problems = report.finish();
        found
    }
}

/// Whether it is one of the files that are read beside an export: under `aws`, where other systems' files are not.
fn is_sibling(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| running::NAMES.contains(&name)) && parts(path).contains(&"aws")
}

/// Where principals are in the document.
const LISTS: [&str; 3] = ["UserDetailList", "RoleDetailList", "GroupDetailList"];

/// The accounts of the principals, the first one's first; else that of the folder.
fn accounts(document: &Value, path: &Path) -> Vec<Text> {
    let arns = LISTS.iter().flat_map(|key| list(document, key)).filter_map(|item| text(item, "Arn"));
    let mut accounts: Vec<Text> = Vec::new();
    for account in arns.filter_map(account_of) {
        if !accounts.iter().any(|have| **have == *account) {
            accounts.push(Text::new(account));
        }
    }
    if accounts.is_empty() && LISTS.iter().any(|key| document.get(*key).is_some()) {
        accounts.extend(folder_of(path).map(Text::new));
    }
    accounts
}

/// The account whose folder a file is in.
fn folder_of(path: &Path) -> Option<&str> {
    parts(path).into_iter().find(|part| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The facts of each account, and whether the files beside the export say all that they should. Exports that were put
/// together hold several accounts, each of which is read by itself.
fn facts(accounts: &[Text], document: &Value, input: &ScanInput<'_>, report: &mut Report) -> (Vec<Fact>, bool) {
    let mut known = input.surroundings.aws_accounts.clone();
    known.extend(accounts.iter().filter(|account| !input.surroundings.aws_accounts.contains(account)).cloned());
    if let [account] = accounts {
        let account = Account::read(account.clone(), document, input, known, report);
        let whole = !account.lacking;
        return (account.facts(document, report), whole);
    }
    let (mut facts, mut whole) = (Vec::new(), true);
    for id in accounts {
        let own = neighbours::part(document, id).unwrap_or_default();
        let mut account = Account::read(id.clone(), &own, input, known.clone(), report);
        // Those of one document find each other in it.
        account.read_by.extend(accounts.iter().filter(|other| *other != id).cloned());
        whole &= !account.lacking;
        facts.extend(account.facts(document, report));
    }
    (facts, whole)
}

/// A user, role or group with what its policies say.
struct Principal {
    key: NodeKey,
    arn: String,
    statements: Vec<Statement>,
    /// What limits everything that its policies allow: decided for each resource by itself where it is one of few.
    limits: Vec<Text>,
    valid: Interval,
}

/// One account as it is read.
struct Account<'a> {
    id: Text,
    input: &'a ScanInput<'a>,
    evidence: String,
    principals: Vec<Principal>,
    roles: Vec<trust::Role>,
    nodes: Vec<NodeFact>,
    edges: Vec<EdgeFact>,
    /// Hubs that are in use, each with the service (or all) and the patterns that it stands for.
    hubs: BTreeMap<NodeKey, grant::Hub>,
    /// Roles and users of the account.
    identities: BTreeSet<NodeKey>,
    /// Resources that are known, here or from other inventories.
    resources: Vec<KnownResource>,
    /// Resources' own policies.
    guards: guards::Guards,
    /// Every account that is read.
    accounts: Vec<Text>,
    /// Since when each principal exists, by ARN.
    valid: BTreeMap<String, Interval>,
    /// Those who are administrators for certain: what they are granted on everything does not matter.
    admins: BTreeSet<NodeKey>,
    /// An organisation's policies limit the account.
    organized: bool,
    /// The files beside the export do not say all that they should.
    lacking: bool,
    /// Accounts that read this one as a neighbour: what their resources let in of it is decided there.
    read_by: BTreeSet<Text>,
    /// The account as the evaluator has it.
    judged: Option<escalation::Account>,
}

impl<'a> Account<'a> {
    fn read(
        id: Text,
        document: &Value,
        input: &'a ScanInput<'a>,
        accounts: Vec<Text>,
        report: &mut Report,
    ) -> Account<'a> {
        let documents = Documents::of(document);
        let mut siblings = running::read(input, &id, &accounts, document, report);
        let lacking = siblings.lacking;
        let guards = guards::Guards::of(siblings.guards.take());
        let mut resources = input.surroundings.resources.clone();
        for resource in resources.iter_mut().filter(|resource| resource.account.is_none()) {
            // Another inventory may not know a bucket's owner; the account's own file does.
            let own = siblings.resources.iter().find(|own| own.key == resource.key);
            resource.account = own.and_then(|own| own.account.clone());
        }
        let mut known: BTreeSet<NodeKey> = resources.iter().map(|resource| resource.key.clone()).collect();
        resources.extend(siblings.resources.iter().filter(|resource| known.insert(resource.key.clone())).cloned());
        let judged = members::account(&id, document, &documents, siblings, input.known);
        let read_by = neighbours::readers(&id, document, input, &accounts);
        let mut account = Account {
            id,
            input,
            evidence: report.input().to_owned(),
            principals: Vec::new(),
            roles: Vec::new(),
            nodes: Vec::new(),
            edges: Vec::new(),
            hubs: BTreeMap::new(),
            identities: BTreeSet::new(),
            resources,
            guards,
            accounts,
            valid: BTreeMap::new(),
            admins: BTreeSet::new(),
            organized: judged.organization.is_some(),
            lacking,
            read_by,
            judged: None,
        };
        account.root();
        let mut groups = BTreeMap::new();
        for group in list(document, "GroupDetailList") {
            let Some(name) = text(group, "GroupName") else { continue };
            let key = NodeKey::group("aws", text(group, "Arn").unwrap_or(name));
            if let Some(principal) = account.principal(group, key, "GroupPolicyList", &documents, report) {
                groups.insert(name.to_owned(), account.principals.len());
                account.principals.push(principal);
            }
        }
        for (list_key, policies) in [("UserDetailList", "UserPolicyList"), ("RoleDetailList", "RolePolicyList")] {
            for item in list(document, list_key) {
                let key = aws_identity(text(item, "Arn").unwrap_or_default());
                let Some(mut principal) = account.principal(item, key, policies, &documents, report) else { continue };
                account.identities.insert(principal.key.clone());
                account.join_groups(item, &mut principal, &groups, report);
                if list_key == "RoleDetailList" {
                    let subjects = item.get("AssumeRolePolicyDocument").map(subjects::of).unwrap_or_default();
                    let node = account.nodes.iter_mut().rev().find(|node| node.key == principal.key);
                    node.into_iter().for_each(|node| node.identifiers.clone_from(&subjects));
                    let trust = trust::Role::read(&principal, item, report);
                    account.roles.push(trust);
                }
                account.valid.insert(principal.arn.clone(), principal.valid);
                account.principals.push(principal);
            }
        }
        account.escalate(&judged, &documents, report);
        account.judged = Some(judged);
        account
    }

    /// The ways up; and whoever may do anything within a permissions boundary, as one more principal.
    fn escalate(&mut self, judged: &escalation::Account, documents: &Documents<'_>, report: &mut Report) {
        let (boundaries, bounded) = self.ways(judged);
        if bounded {
            let reason = format!("more than {} permissions to decide", escalation::MAX_DECISIONS);
            report.add(reason, "some ways between identities are told as `may` though they could be decided");
        }
        for boundary in boundaries {
            let document = documents.get(&boundary).cloned().or_else(|| managed::document(&boundary));
            let key = NodeKey::group("aws", &format!("{}/within/{boundary}", self.id));
            let statements = document.map(|document| statements(&document, &boundary, report)).unwrap_or_default();
            let (arn, limits) = (boundary.to_string(), Vec::new());
            self.principals.push(Principal { key, arn, statements, limits, valid: Interval::ALWAYS });
        }
    }

    /// The account's root user: it may do everything and no policy of the account limits it.
    fn root(&mut self) {
        let root = aws_identity(&self.id);
        self.nodes.push(NodeFact::new(root.clone(), Interval::ALWAYS, self.input.known, &self.evidence));
        let hub = self.administrators();
        let edge = self.edge(EdgeKind::MemberOf, root, hub, Interval::ALWAYS, "root");
        self.edges.push(edge);
    }

    fn principal(
        &mut self,
        item: &Value,
        key: NodeKey,
        policies: &str,
        documents: &Documents<'_>,
        report: &mut Report,
    ) -> Option<Principal> {
        let Some(arn) = text(item, "Arn") else {
            report.add("a principal has no ARN", "export the account again");
            return None;
        };
        let created = text(item, "CreateDate").and_then(Time::parse).unwrap_or(Time::MIN);
        let valid = Interval::since(created);
        let mut node = NodeFact::new(key.clone(), valid, self.input.known, &self.evidence);
        node.label = Text::new(crate::key::iam_name(arn));
        self.nodes.push(node);
        let mut principal = Principal { key, arn: arn.to_owned(), statements: Vec::new(), limits: Vec::new(), valid };
        for inline in list(item, policies) {
            let name = text(inline, "PolicyName").unwrap_or("inline policy");
            if let Some(document) = inline.get("PolicyDocument") {
                principal.statements.extend(statements(document, name, report));
            }
        }
        for attached in list(item, "AttachedManagedPolicies") {
            self.attached(attached, &mut principal, documents, report);
        }
        let boundary = item.get("PermissionsBoundary").and_then(|boundary| text(boundary, "PermissionsBoundaryArn"));
        principal
            .limits
            .extend(boundary.map(|arn| Text::new(format!("permissions boundary `{}` allows it", shown(arn)))));
        if self.organized {
            principal.limits.push(Text::new_static("the organisation's policies allow it"));
        }
        Some(principal)
    }

    fn attached(&self, attached: &Value, principal: &mut Principal, documents: &Documents<'_>, report: &mut Report) {
        let Some(arn) = text(attached, "PolicyArn") else { return };
        if let Some(document) = documents.get(arn) {
            principal.statements.extend(statements(document, arn, report));
        } else if let Some(document) = managed::document(arn) {
            principal.statements.extend(statements(&document, arn, report));
        } else {
            // What is not known is not "no": it may be anything.
            let reason = format!("the text of policy `{}` is not in the export", shown(arn));
            report.add(reason, "export with `--filter User Role Group LocalManagedPolicy AWSManagedPolicy`");
            let all = || policy::Names::These(vec!["*".to_owned()]);
            principal.statements.push(Statement {
                allow: true,
                actions: all(),
                written: vec!["*".to_owned()],
                resources: all(),
                undecided: vec![Text::new(format!("policy `{}`, whose text is absent, allows it", shown(arn)))],
                place: arn.to_owned(),
            });
        }
    }

    /// Membership as an edge; but a user whom some Deny limits gets the groups' statements as its own, since a Deny of
    /// one policy holds against an Allow of any other.
    fn join_groups(
        &mut self,
        item: &Value,
        user: &mut Principal,
        groups: &BTreeMap<String, usize>,
        report: &mut Report,
    ) {
        let mut joined = Vec::new();
        for name in crate::json::texts(item.get("GroupList")) {
            match groups.get(name).and_then(|at| self.principals.get(*at)) {
                Some(group) => joined.push(group),
                None => report.add(format!("group `{}` is not in the export", shown(name)), "export groups too"),
            }
        }
        let denied = user.statements.iter().chain(joined.iter().flat_map(|group| &group.statements)).any(|s| !s.allow);
        if denied || !user.limits.is_empty() {
            user.statements.extend(joined.iter().flat_map(|group| group.statements.iter().cloned()));
        } else {
            let edge = |group: &&Principal| {
                self.edge(EdgeKind::MemberOf, user.key.clone(), group.key.clone(), user.valid, "GroupList")
            };
            let edges: Vec<_> = joined.iter().map(edge).collect();
            self.edges.extend(edges);
        }
    }

    fn edge(&self, kind: EdgeKind, from: NodeKey, to: NodeKey, valid: Interval, place: &str) -> EdgeFact {
        EdgeFact::new(kind, from, to, valid, self.input.known, &format!("{} {place}", self.evidence))
    }

    fn facts(mut self, document: &Value, report: &mut Report) -> Vec<Fact> {
        let judged = self.judged.take();
        let mut wanted =
            self.guards.accounts(&self.id, judged.as_ref().and_then(|judged| judged.organization.as_ref()));
        wanted.extend(self.trusted_accounts());
        wanted.retain(|id| *id != self.id && self.accounts.contains(id));
        let others = neighbours::read(&wanted, document, self.input, report);
        let mut others: BTreeMap<Text, Permissions<'_>> =
            others.iter().map(|(id, other)| (id.clone(), Permissions::new(other))).collect();
        let mut permissions = judged.as_ref().map(Permissions::new);
        if let Some(permissions) = &mut permissions {
            self.guard(permissions, &mut others);
        }
        for principal in std::mem::take(&mut self.principals) {
            self.grants(&principal, permissions.as_mut());
            self.assumptions(&principal);
            self.principals.push(principal);
        }
        self.trusts(judged.as_ref(), permissions.as_ref(), &mut others);
        if permissions.iter().chain(others.values()).any(Permissions::bounded) {
            let reason = format!("more than {} permissions to decide on resources", escalation::MAX_DECISIONS);
            report.add(reason, "some grants are told as `may` though they could be decided");
        }
        self.open_hubs();
        self.nodes.into_iter().map(Fact::Node).chain(self.edges.into_iter().map(Fact::Edge)).collect()
    }
}

/// The default versions of the managed policies in the export.
struct Documents<'a>(BTreeMap<&'a str, &'a Value>);

impl<'a> Documents<'a> {
    fn of(document: &'a Value) -> Documents<'a> {
        let default = |policy: &'a Value| {
            let wanted = text(policy, "DefaultVersionId");
            let versions = list(policy, "PolicyVersionList");
            let is_default = |version: &&Value| {
                crate::json::flag(version, "IsDefaultVersion")
                    || (wanted.is_some() && text(version, "VersionId") == wanted)
            };
            versions.iter().find(is_default)?.get("Document")
        };
        let policies = list(document, "Policies").iter();
        Documents(policies.filter_map(|policy| Some((text(policy, "Arn")?, default(policy)?))).collect())
    }

    fn get(&self, arn: &str) -> Option<&'a Value> {
        self.0.get(arn).copied()
    }
}
