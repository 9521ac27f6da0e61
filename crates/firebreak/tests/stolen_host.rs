//! A stolen Firebreak host: what its AWS credentials lead to with the shipped manifests, computed by Firebreak itself, responder
//! by responder, and held against `docs/stolen-host.md`. `BLESS=1` writes the table anew.

mod program;

use firebreak_act::RESPONDERS;
use firebreak_act::spec::ActionSpec;
use program::firebreak;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

const ACCOUNT: &str = "111122223333";

/// An account with our user, who has the rights of `specs`, and an administrator of each kind.
fn account(specs: &[&ActionSpec]) -> Value {
    let ours: Vec<Value> = specs.iter().flat_map(|spec| spec.permissions).map(allowed).collect();
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let document = |statements: Vec<Value>| json!({"Version": "2012-10-17", "Statement": statements});
    let inline = |statements| json!([{"PolicyName": "own", "PolicyDocument": document(statements)}]);
    let user = |name: &str, statements| {
        json!({
            "Path": "/", "UserName": name, "UserId": format!("AIDA{}", name.to_uppercase()), "CreateDate": "2024-01-01T00:00:00Z",
            "Arn": format!("arn:aws:iam::{ACCOUNT}:user/{name}"), "UserPolicyList": inline(statements), "GroupList": [],
            "AttachedManagedPolicies": [], "Tags": [],
        })
    };
    let service = json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
    let role = json!({
        "Path": "/", "RoleName": "admin", "RoleId": "AROAADMIN", "CreateDate": "2024-01-01T00:00:00Z",
        "Arn": format!("arn:aws:iam::{ACCOUNT}:role/admin"), "AssumeRolePolicyDocument": document(vec![service]),
        "InstanceProfileList": [], "RolePolicyList": inline(vec![everything.clone()]), "AttachedManagedPolicies": [], "Tags": [],
    });
    json!({
        "UserDetailList": [user("firebreak", ours), user("operator", vec![everything])], "GroupDetailList": [],
        "RoleDetailList": [role], "Policies": [],
    })
}

fn allowed(right: &firebreak_act::Permission) -> Value {
    let resource =
        ["{account}", "{management}"].iter().fold(right.resource.to_owned(), |text, one| text.replace(one, ACCOUNT));
    json!({"Effect": "Allow", "Action": right.action, "Resource": resource.replace("{policy}", "p-prepared")})
}

/// Whether our user becomes an administrator, and every rule on a way there.
fn reached(directory: &Path, specs: &[&ActionSpec]) -> (String, BTreeSet<String>) {
    std::fs::write(directory.join("account.json"), account(specs).to_string()).unwrap();
    let from = format!("arn:aws:iam::{ACCOUNT}:user/firebreak");
    let said = firebreak(directory, &["--json", "reach", "--aws-account", "account.json", "--from", &from]);
    assert_eq!(said.code, 0, "{}", said.error);
    let answer: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    let ways = said.out.split("account.json iam-").skip(1).filter_map(|rest| rest.split_once(": ")?.1.split_once(" ("));
    (answer["admin"].as_str().unwrap().to_owned(), ways.map(|(way, _)| way.to_owned()).collect())
}

fn row(directory: &Path, name: &str, specs: &[&ActionSpec]) -> String {
    let (admin, ways) = reached(directory, specs);
    let ways: Vec<String> = ways.into_iter().collect();
    format!("| {name} | {admin} | {} |\n", if ways.is_empty() { "-".to_owned() } else { ways.join("; ") })
}

#[test]
fn the_page_says_what_a_stolen_host_leads_to() {
    let root = tempfile::tempdir().unwrap();
    let aws: Vec<&ActionSpec> =
        RESPONDERS.iter().map(|one| one.spec()).filter(|spec| spec.name.starts_with("aws_")).collect();
    let mut table = "| rights of | becomes an administrator | by |\n|---|---|---|\n".to_owned();
    for spec in &aws {
        write!(table, "{}", row(root.path(), &format!("`{}`", spec.action_name()), &[spec])).unwrap();
    }
    table.push_str(&row(root.path(), "all of them", &aws));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/stolen-host.md");
    let page = std::fs::read_to_string(&path).unwrap();
    if std::env::var_os("BLESS").is_some() {
        let (head, rest) = page.split_once("| rights of |").unwrap();
        let tail = rest.split_once("\n\n").map_or("", |(_, tail)| tail);
        return std::fs::write(&path, format!("{head}{table}\n{tail}")).unwrap();
    }
    assert!(page.contains(&table), "BLESS=1 writes it anew:\n{table}");
}
