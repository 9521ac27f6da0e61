//! The account as the evaluator wants it: users, roles and groups with their policies, and what runs in it.

use super::running::Siblings;
use super::{Documents, managed};
use crate::json::{list, text, texts};
use crate::report::shown;
use firebreak_model::{Text, Time};
use firebreak_permission::aws::escalation::{Account, Member, MemberKind};
use firebreak_permission::aws::{
    Answer, Context, Limits, Membership, Policies, Policy, Principal, Request, Resource, ResourcePolicy, answer,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where each kind of member is in the export, and where its inline policies are.
const LISTS: [(&str, &str, MemberKind); 3] = [
    ("GroupDetailList", "GroupPolicyList", MemberKind::Group),
    ("UserDetailList", "UserPolicyList", MemberKind::User),
    ("RoleDetailList", "RolePolicyList", MemberKind::Role),
];

/// What is read of one account.
struct Reading<'a> {
    id: &'a str,
    documents: &'a Documents<'a>,
    /// Managed policies, each read once.
    managed: BTreeMap<String, Arc<Policy>>,
    groups: BTreeMap<String, usize>,
}

/// The account in `document`, with what the files beside it say. What cannot be read is told by the other readers of
/// the same document.
pub(super) fn account(
    id: &str,
    document: &Value,
    documents: &Documents<'_>,
    siblings: Siblings,
    known: Time,
) -> Account {
    let mut reading = Reading { id, documents, managed: BTreeMap::new(), groups: BTreeMap::new() };
    let mut members = Vec::new();
    for (key, inline, kind) in LISTS {
        for item in list(document, key) {
            let Some(mut member) = reading.member(item, inline, kind) else { continue };
            if kind == MemberKind::Group {
                reading.groups.extend(text(item, "GroupName").map(|name| (name.to_owned(), members.len())));
            }
            if let Some((keys, password)) = siblings.credentials.get(&*member.arn) {
                (member.keys, member.password) = (Some(*keys), Some(*password));
            }
            members.push(member);
        }
    }
    Account {
        id: Text::new(id),
        members,
        restorable: restorable(document),
        running: siblings.running,
        organization: siblings.organization,
        // No account is older than this: such a time is not one at which anything was learnt.
        now: Some(known).filter(|known| *known > Time::from_seconds(1_000_000_000) && *known != Time::MAX),
    }
}

/// Managed policies that have another version which makes administrators.
fn restorable(document: &Value) -> BTreeSet<Text> {
    let others = |policy: &&Value| {
        let versions = list(policy, "PolicyVersionList").iter();
        let other = versions.filter(|version| !crate::json::flag(version, "IsDefaultVersion"));
        other.filter_map(|version| version.get("Document")).any(|document| governs(&read("version", document)))
    };
    let policies = list(document, "Policies").iter().filter(others);
    policies.filter_map(|policy| text(policy, "Arn")).map(Text::new).collect()
}

/// Whether a policy lets whoever has it write any policy.
fn governs(policy: &Policy) -> bool {
    let writer = Principal::user("arn:aws:iam::111122223333:user/firebreak");
    let (resource, context) = (Resource::new(&writer.arn), Context::direct());
    let identity = [Arc::new(policy.clone())];
    let policies = Policies {
        identity: &identity,
        resource: ResourcePolicy::Absent,
        principal_in: Membership::Standalone,
        resource_in: Membership::Standalone,
        ..Policies::default()
    };
    let request = Request { principal: &writer, action: "iam:putuserpolicy", resource: &resource, context: &context };
    answer(&request, &policies) == Answer::Yes
}

impl Reading<'_> {
    fn member(&mut self, item: &Value, inline: &str, kind: MemberKind) -> Option<Member> {
        let arn = text(item, "Arn")?;
        let mut policies = Vec::new();
        for policy in list(item, inline) {
            if let Some(document) = policy.get("PolicyDocument") {
                policies.push(Arc::new(read(text(policy, "PolicyName").unwrap_or("inline policy"), document)));
            }
        }
        let attached = || list(item, "AttachedManagedPolicies").iter().filter_map(|policy| text(policy, "PolicyArn"));
        policies.extend(attached().map(|arn| self.managed(arn)));
        let own = format!(":iam::{}:policy/", self.id);
        let boundary = item.get("PermissionsBoundary").and_then(|boundary| text(boundary, "PermissionsBoundaryArn"));
        let groups = texts(item.get("GroupList"));
        Some(Member {
            kind,
            principal: self.principal(item, arn, kind),
            arn: Text::new(arn),
            tags: tags(item),
            policies,
            managed: attached().filter(|arn| arn.contains(&own)).map(Text::new).collect(),
            groups: groups.into_iter().filter_map(|name| self.groups.get(name).copied()).collect(),
            boundary: boundary.map(|arn| (Text::new(arn), self.managed(arn))),
            trust: item.get("AssumeRolePolicyDocument").map(|trust| Arc::new(read("trust policy", trust))),
            profile: !list(item, "InstanceProfileList").is_empty(),
            keys: None,
            password: None,
        })
    }

    /// As whom it asks. A group asks as some user who is in it.
    fn principal(&self, item: &Value, arn: &str, kind: MemberKind) -> Principal {
        let (principal, id) = match kind {
            MemberKind::User => (Principal::user(arn), text(item, "UserId")),
            MemberKind::Role => (Principal::role(arn), text(item, "RoleId")),
            MemberKind::Group => {
                let name = text(item, "GroupName").unwrap_or_default();
                (Principal::user(&format!("arn:aws:iam::{}:user/member-of-{name}", self.id)), None)
            }
        };
        let principal = match id {
            Some(id) => principal.with_id(id),
            None => principal,
        };
        // Roles' sessions may bring tags of their own.
        match (kind, item.get("Tags").and_then(Value::as_array)) {
            (MemberKind::User, Some(tags)) => {
                let tags = tags.iter().filter_map(|tag| Some((text(tag, "Key")?, tag.get("Value")?.as_str()?)));
                principal.with_tags(tags)
            }
            _ => principal,
        }
    }

    fn managed(&mut self, arn: &str) -> Arc<Policy> {
        if let Some(policy) = self.managed.get(arn) {
            return Arc::clone(policy);
        }
        let policy = match (self.documents.get(arn), managed::document(arn)) {
            (Some(document), _) => read(arn, document),
            (None, Some(document)) => read(arn, &document),
            // AWS's own policies only allow, but for a few that say so in their names.
            (None, None)
                if arn.contains(":iam::aws:policy/") && !arn.contains("Deny") && !arn.contains("Quarantine") =>
            {
                Policy::missing_allowing(arn)
            }
            (None, None) => Policy::missing(arn),
        };
        let policy = Arc::new(policy);
        self.managed.insert(arn.to_owned(), Arc::clone(&policy));
        policy
    }
}

/// The tags of a user or role. `None`: the export does not tell.
fn tags(item: &Value) -> Option<Vec<(Text, Text)>> {
    let tags = item.get("Tags")?.as_array()?.iter();
    Some(tags.filter_map(|tag| Some((Text::new(text(tag, "Key")?), Text::new(tag.get("Value")?.as_str()?)))).collect())
}

pub(super) fn read(name: &str, document: &Value) -> Policy {
    Policy::read(&shown(name), document, Limits::default()).0
}
