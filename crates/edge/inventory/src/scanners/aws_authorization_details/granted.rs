//! What each user, role and group was granted, document by document; and the export as it would be with other documents.

use super::{Documents, members};
use crate::json::{list, text, texts};
use firebreak_model::Text;
use firebreak_permission::aws::Principal;
use firebreak_permission::aws::least::{Granted, Identity};
use firebreak_permission::aws::policy::Policy;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where each kind of member is in the export, and where its inline policies are.
const LISTS: [(&str, &str); 3] = [
    ("GroupDetailList", "GroupPolicyList"),
    ("UserDetailList", "UserPolicyList"),
    ("RoleDetailList", "RolePolicyList"),
];

/// Whether a document is an export that [`granted`] reads.
pub fn is_export(document: &Value) -> bool {
    LISTS.iter().any(|(members, _)| document.get(*members).is_some_and(Value::is_array))
}

/// Everyone in an export with what they were granted.
pub fn granted(document: &Value) -> Vec<Identity> {
    let documents = Documents::of(document);
    let groups: BTreeMap<&str, &str> = list(document, "GroupDetailList")
        .iter()
        .filter_map(|group| Some((text(group, "GroupName")?, text(group, "Arn")?)))
        .collect();
    let of = |(members, inline): &(&'static str, &'static str)| {
        let inline = *inline;
        list(document, members).iter().map(move |item| (item, inline))
    };
    LISTS.iter().flat_map(of).filter_map(|(item, inline)| identity(item, inline, &documents, &groups)).collect()
}

fn identity(item: &Value, inline: &str, documents: &Documents<'_>, groups: &BTreeMap<&str, &str>) -> Option<Identity> {
    let arn = text(item, "Arn")?;
    let own = list(item, inline).iter().filter_map(|policy| {
        let name = text(policy, "PolicyName").unwrap_or("inline policy");
        Some(Granted::new(name, None, policy.get("PolicyDocument")?))
    });
    let mut granted: Vec<Granted> = own.collect();
    let mut absent = Vec::new();
    for arn in list(item, "AttachedManagedPolicies").iter().filter_map(|policy| text(policy, "PolicyArn")) {
        match documents.get(arn) {
            Some(document) => granted.push(Granted::new(arn.rsplit('/').next().unwrap_or(arn), Some(arn), document)),
            None => absent.push(Text::new(arn)),
        }
    }
    let boundary = item.get("PermissionsBoundary").and_then(|boundary| text(boundary, "PermissionsBoundaryArn"));
    let boundary = boundary.map(|arn| match documents.get(arn) {
        Some(document) => Arc::new(members::read(arn, document)),
        None => Arc::new(Policy::missing(arn)),
    });
    let member_of = texts(item.get("GroupList"));
    let groups = member_of.iter().filter_map(|name| groups.get(&**name)).map(Text::new).collect();
    let principal = if inline == "RolePolicyList" { Principal::role(arn) } else { Principal::user(arn) };
    Some(Identity { arn: Text::new(arn), principal, granted, absent, boundary, groups })
}

/// The export as it would be if each of these had `documents` in place of the policies whose documents are given.
pub fn with_policies(document: &Value, proposed: &BTreeMap<Text, Vec<Value>>) -> Value {
    let given = Documents::of(document);
    let mut changed = document.clone();
    for (members, inline) in LISTS {
        let Some(items) = changed.get_mut(members).and_then(Value::as_array_mut) else { continue };
        for item in items {
            let Some(documents) = text(item, "Arn").and_then(|arn| proposed.get(arn)) else { continue };
            let named = documents.iter().enumerate().map(|(at, document)| {
                json!({"PolicyName": format!("firebreak-access-{}", at + 1), "PolicyDocument": document})
            });
            let named: Vec<Value> = named.collect();
            let attached = list(item, "AttachedManagedPolicies").iter();
            let absent = attached.filter(|policy| text(policy, "PolicyArn").is_none_or(|arn| given.get(arn).is_none()));
            let absent: Vec<Value> = absent.cloned().collect();
            if let Some(fields) = item.as_object_mut() {
                fields.insert(inline.to_owned(), Value::Array(named));
                fields.insert("AttachedManagedPolicies".to_owned(), Value::Array(absent));
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_export_with_other_documents_keeps_what_it_cannot_read() {
        let policy = |action: &str| json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}});
        let document = json!({
            "UserDetailList": [
                {"Arn": "arn:aws:iam::111122223333:user/u", "GroupList": ["g"],
                 "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": policy("s3:*")}],
                 "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::111122223333:policy/given"},
                                             {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]},
                {"Arn": "arn:aws:iam::111122223333:user/other", "UserPolicyList": [{"PolicyName": "x", "PolicyDocument": policy("*")}]},
            ],
            "GroupDetailList": [{"GroupName": "g", "Arn": "arn:aws:iam::111122223333:group/g", "GroupPolicyList": []}],
            "RoleDetailList": [],
            "Policies": [{"Arn": "arn:aws:iam::111122223333:policy/given", "PolicyVersionList":
                [{"IsDefaultVersion": true, "VersionId": "v1", "Document": policy("ec2:*")}]}],
        });
        let all = granted(&document);
        let user = all.iter().find(|one| one.arn.ends_with("user/u")).unwrap();
        assert_eq!(
            (user.granted.len(), user.absent.len(), user.groups.len()),
            (2, 1, 1),
            "a text that is absent is not guessed"
        );
        let proposed = BTreeMap::from([(user.arn.clone(), vec![policy("s3:GetObject")])]);
        let after = granted(&with_policies(&document, &proposed));
        let user = after.iter().find(|one| one.arn.ends_with("user/u")).unwrap();
        assert_eq!((user.granted.len(), user.absent.len()), (1, 1));
        let other = after.iter().find(|one| one.arn.ends_with("user/other")).unwrap();
        assert_eq!(other.granted[0].document, policy("*"), "of others nothing changes");
    }
}
