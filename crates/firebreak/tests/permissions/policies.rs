//! Policies that another tool has judged one by one: does our answer for someone who has that policy alone agree?
//!
//! The other tool looks at the actions of one policy without resources, conditions or targets. Ours needs someone to
//! become: each policy is given to a user of a made-up account in which every target that a finding could mean exists.

use firebreak::account::Account;
use firebreak_inventory::scan_aws_account;
use firebreak_model::{EdgeKind, Fact, NodeKey, Time};
use firebreak_world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const ACCOUNT: &str = "111122223333";

/// One finding about one policy, by either side.
pub(crate) struct Compared {
    pub(crate) policy: String,
    pub(crate) finding: String,
    pub(crate) theirs: bool,
    pub(crate) ours: &'static str,
    pub(crate) why: &'static str,
}

impl Compared {
    pub(crate) fn json(&self) -> Value {
        let agrees = self.agrees();
        json!({"policy": self.policy, "finding": self.finding, "theirs": self.theirs, "ours": self.ours, "agrees": agrees, "why": self.why})
    }

    pub(crate) fn agrees(&self) -> bool {
        self.theirs == (self.ours != "no")
    }
}

/// The other tool's names, each with our paths that say the same.
const FINDINGS: [(&str, &[&str]); 14] = [
    ("CreateAccessKey", &["iam-002"]),
    ("CreateLoginProfile", &["iam-004"]),
    ("UpdateLoginProfile", &["iam-006"]),
    ("CreateNewPolicyVersion", &["iam-001"]),
    ("SetExistingDefaultPolicyVersion", &["x-version"]),
    ("AttachUserPolicy", &["iam-008"]),
    ("AttachGroupPolicy", &["iam-010"]),
    ("PutUserPolicy", &["iam-007"]),
    ("PutGroupPolicy", &["iam-011"]),
    ("AddUserToGroup", &["iam-013"]),
    ("PassExistingRoleToNewLambdaThenInvoke", &["lambda-001", "lambda-002", "lambda-006"]),
    ("PassExistingRoleToNewLambdaThenTriggerWithExistingDynamo", &["lambda-001", "lambda-002", "lambda-006"]),
    ("EditExistingLambdaFunctionWithRole", &["lambda-003", "lambda-004", "lambda-005"]),
    ("UpdateExistingGlueDevEndpoint", &["glue-002"]),
];

/// Data that the other tool says a policy gives away, each with a resource that holds some.
const DATA: [(&str, &str); 3] = [
    ("s3:GetObject", "arn:aws:s3:::firebreak-data"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:111122223333:secret:data-a1B2c3"),
    ("ssm:GetParameter", "arn:aws:ssm:us-east-1:111122223333:parameter/data"),
];

/// Every policy that the other tool has judged.
pub(crate) fn measure(results: &Path) -> Vec<Compared> {
    let results: Value =
        serde_json::from_str(&fs::read_to_string(results).expect("a file of the corpus")).expect("JSON");
    let mut compared = Vec::new();
    for kind in ["aws_managed_policies", "customer_managed_policies", "inline_policies"] {
        for policy in results[kind].as_object().into_iter().flat_map(|policies| policies.values()) {
            compared.extend(one(policy));
        }
    }
    compared.sort_by(|a, b| (&a.policy, &a.finding).cmp(&(&b.policy, &b.finding)));
    compared
}

fn one(policy: &Value) -> Vec<Compared> {
    let name = policy["PolicyName"].as_str().unwrap_or_default();
    let versions = policy["PolicyVersionList"].as_array().into_iter().flatten();
    let default = versions.into_iter().find(|version| version["IsDefaultVersion"] == true);
    let document = default.map_or(&policy["PolicyDocument"], |version| &version["Document"]);
    let facts = account(document);
    let used = paths(&facts);
    let names = |key: &str| policy[key].as_array().into_iter().flatten();
    let escalations: BTreeSet<&str> = names("PrivilegeEscalation").filter_map(|one| one["type"].as_str()).collect();
    let data: BTreeSet<&str> = names("DataExfiltration").filter_map(Value::as_str).collect();
    let mut compared = Vec::new();
    for (finding, ids) in FINDINGS {
        let ours = if ids.iter().any(|id| used.contains(*id)) { "yes" } else { "no" };
        compared.push(Compared {
            policy: name.to_owned(),
            finding: finding.to_owned(),
            theirs: escalations.contains(finding),
            ours,
            why: "",
        });
    }
    let user = NodeKey::identity("aws", &format!("arn:aws:iam::{ACCOUNT}:user/one"));
    let reach = Account::new(&facts).reach(&user);
    for (action, arn) in DATA {
        let resources = reach.iter().flat_map(|reach| &reach.resources);
        // What is reached by becoming someone else is the escalation's, not the policy's own.
        let direct = |path: &[firebreak::account::Step]| {
            path.iter().all(|step| step.kind != EdgeKind::MayAssume && !step.to.as_str().ends_with("/administrators"))
        };
        let found = resources.into_iter().find(|resource| resource.arn == arn && direct(&resource.path));
        let ours = found.map_or("no", |resource| resource.answer);
        compared.push(Compared {
            policy: name.to_owned(),
            finding: action.to_owned(),
            theirs: data.contains(action),
            ours,
            why: "",
        });
    }
    compared.retain(|row| row.theirs || row.ours != "no");
    for row in &mut compared {
        row.why = why(row);
    }
    compared
}

/// Why the two differ, where they do.
fn why(row: &Compared) -> &'static str {
    match (row.agrees(), row.finding.as_str()) {
        (true, _) => "",
        (
            false,
            "AddUserToGroup"
            | "CreateLoginProfile"
            | "UpdateLoginProfile"
            | "AttachGroupPolicy"
            | "PutGroupPolicy"
            | "AttachUserPolicy"
            | "CreateAccessKey"
            | "CreateNewPolicyVersion"
            | "SetExistingDefaultPolicyVersion",
        ) if row.theirs => {
            "whoever has the policy writes its own policies (iam-007): an administrator already, and no other way is told"
        }
        (false, "PassExistingRoleToNewLambdaThenTriggerWithExistingDynamo") if !row.theirs => {
            "one path is told for one role: calling the function needs no trigger"
        }
        (false, _) if row.theirs => "the other tool looks at actions alone, without what they are allowed on",
        (false, _) => "the other tool lists what reads data, not what opens it to a reader",
    }
}

/// The ids of the paths in the facts.
fn paths(facts: &[Fact]) -> BTreeSet<String> {
    let edges = facts.iter().filter_map(|fact| match fact {
        Fact::Edge(edge) => Some(edge),
        Fact::Node(_) => None,
    });
    let own = edges.filter(|edge| edge.from.name().ends_with(":user/one"));
    own.flat_map(|edge| edge.evidence.split([' ', ':']).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// A made-up account in which one user has the policy.
fn account(policy: &Value) -> Vec<Fact> {
    let arn = |what: &str| format!("arn:aws:iam::{ACCOUNT}:{what}");
    let trust = |service: &str| json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]});
    let role = |name: &str, service: &str| json!({"RoleName": name, "Arn": arn(&format!("role/{name}")), "AssumeRolePolicyDocument": trust(service)});
    let own = arn("policy/own");
    let everything = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let nothing = json!({"Statement": [{"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}]});
    let versions = json!([{"VersionId": "v2", "IsDefaultVersion": true, "Document": nothing}, {"VersionId": "v1", "IsDefaultVersion": false, "Document": everything}]);
    let document = json!({
        "UserDetailList": [
            {"UserName": "one", "Arn": arn("user/one"), "GroupList": ["all"], "UserPolicyList": [{"PolicyName": "judged", "PolicyDocument": policy}],
             "AttachedManagedPolicies": [{"PolicyName": "own", "PolicyArn": own}]},
            {"UserName": "other", "Arn": arn("user/other")},
        ],
        "GroupDetailList": [{"GroupName": "all", "Arn": arn("group/all")}, {"GroupName": "other", "Arn": arn("group/other")}],
        "RoleDetailList": [role("function", "lambda.amazonaws.com"), role("glue", "glue.amazonaws.com")],
        "Policies": [{"PolicyName": "own", "Arn": own, "DefaultVersionId": "v2", "PolicyVersionList": versions}],
    });
    let runs = json!([
        {"type": "aws_lambda_function", "name": "f", "arn": "arn:aws:lambda:us-east-1:111122223333:function:f", "role": arn("role/function")},
        {"type": "aws_glue_dev_endpoint", "name": "e", "role_arn": arn("role/glue")},
        {"type": "aws_s3_bucket", "bucket": "firebreak-data"},
        {"type": "aws_secretsmanager_secret", "arn": DATA[1].1},
        {"type": "aws_ssm_parameter", "arn": DATA[2].1},
    ]);
    let world = World::simulated(1);
    world.disk.write(Path::new("/i/resources.json"), runs.to_string().as_bytes()).expect("a simulated disk");
    let path = Path::new("/i/authorization-details.json");
    world.disk.write(path, document.to_string().as_bytes()).expect("a simulated disk");
    scan_aws_account(&world, path, Time::from_seconds(1_767_225_600)).expect("an account").facts
}

/// Adds the comparison to the page.
pub(crate) fn page(compared: &[Compared], page: &mut String) {
    let agree = compared.iter().filter(|row| row.agrees()).count();
    let _ = write!(
        page,
        "\nPolicies that cloudsplaining has judged one by one, each given to a user of a made-up account: what it calls privilege \
         escalation and data exfiltration, and what we say.\n\n| agree | differ |\n|---|---|\n| {agree} | {} |\n\n\
         | policy | finding | theirs | ours | why they differ |\n|---|---|---|---|---|\n",
        compared.len() - agree
    );
    for row in compared {
        let theirs = if row.theirs { "yes" } else { "no" };
        let _ = writeln!(page, "| {} | {} | {theirs} | {} | {} |", row.policy, row.finding, row.ours, row.why);
    }
}
