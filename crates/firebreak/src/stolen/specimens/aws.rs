//! An AWS account with Firebreak's user, an administrator of each kind, and a user, a role and a bucket that have little to do with it.

use crate::stolen::specimen::{Specimen, Target};
use crate::stolen::{Held, Verdict};
use firebreak_model::NodeKey;
use serde_json::{Map, Value, json};

const ACCOUNT: &str = "111122223333";
const BUCKET: &str = "arn:aws:s3:::records";

fn arn(what: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{what}")
}

/// A right as a statement of an IAM policy.
pub(super) fn statement(held: &Held<'_>) -> Value {
    let places = [("{account}", ACCOUNT), ("{management}", ACCOUNT), ("{policy}", "p-prepared")];
    let resource = places.iter().fold(held.right.resource.to_owned(), |text, (name, value)| text.replace(name, value));
    let mut statement = json!({"Effect": "Allow", "Action": held.right.action, "Resource": resource});
    let mut conditions = Map::new();
    for one in &held.conditions {
        let operator = conditions.entry(one.operator).or_insert_with(|| json!({}));
        operator[one.key] = json!(one.value);
    }
    if !conditions.is_empty() {
        statement["Condition"] = Value::Object(conditions);
    }
    statement
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn inline(statements: &[Value]) -> Value {
    json!([{"PolicyName": "own", "PolicyDocument": document(statements)}])
}

fn user(name: &str, statements: &[Value]) -> Value {
    json!({
        "Path": "/", "UserName": name, "UserId": format!("AIDA{}", name.to_uppercase()),
        "CreateDate": "2024-01-01T00:00:00Z", "Arn": arn(&format!("user/{name}")), "UserPolicyList": inline(statements),
        "GroupList": [], "AttachedManagedPolicies": [], "Tags": [],
    })
}

fn role(name: &str, statements: &[Value]) -> Value {
    let service = json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
    let policies = if statements.is_empty() { json!([]) } else { inline(statements) };
    let profile = json!({
        "Path": "/", "InstanceProfileName": name, "InstanceProfileId": format!("AIPA{}", name.to_uppercase()),
        "Arn": arn(&format!("instance-profile/{name}")), "CreateDate": "2024-01-01T00:00:00Z", "Roles": [],
    });
    json!({
        "Path": "/", "RoleName": name, "RoleId": format!("AROA{}", name.to_uppercase()),
        "CreateDate": "2024-01-01T00:00:00Z", "Arn": arn(&format!("role/{name}")),
        "AssumeRolePolicyDocument": document(&[service]), "InstanceProfileList": [profile],
        "RolePolicyList": policies, "AttachedManagedPolicies": [], "Tags": [],
    })
}

/// What the rights of a thief of Firebreak's keys come to. The foothold is a user and a role without a right.
pub(super) fn specimen(rights: &[Held<'_>]) -> Specimen {
    let ours: Vec<Value> = rights.iter().map(statement).collect();
    let everything = [json!({"Effect": "Allow", "Action": "*", "Resource": "*"})];
    let nothing = [json!({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"})];
    let details = json!({
        "UserDetailList": [user("firebreak", &ours), user("operator", &everything), user("intern", &nothing)],
        "GroupDetailList": [], "RoleDetailList": [role("admin", &everything), role("workload", &nothing)], "Policies": [],
    });
    let resources = json!({"resources": [{"arn": BUCKET, "policy": null}]});
    let key = |what: &str| NodeKey::identity("aws", &arn(what));
    let raises = |key: NodeKey, says| Target { key, verdict: Verdict::RaisesRights, says };
    Specimen {
        files: vec![
            ("aws/111122223333/authorization-details.json", details),
            ("aws/111122223333/resource-policies.json", resources),
        ],
        from: key("user/firebreak"),
        foothold: vec![key("user/intern"), key("role/workload")],
        targets: vec![
            raises(NodeKey::group("aws", &format!("{ACCOUNT}/administrators")), "becomes an administrator"),
            raises(key("role/admin"), "becomes the role of an administrator"),
            raises(key("user/operator"), "becomes another user"),
            Target { key: NodeKey::resource("aws", BUCKET), verdict: Verdict::ReadsData, says: "reads a bucket" },
        ],
        whole: true,
    }
}
