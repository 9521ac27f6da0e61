//! The AWS scanner against a naive evaluator, over random policies: what is allowed is never missed, and what the map
//! calls certain is allowed.

use firebreak_inventory::scan_directory;
use firebreak_model::{EdgeKind, Fact, NodeKey, Time};
use firebreak_world::World;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const ACCOUNT: &str = "111122223333";

/// Resources, each with the ARNs on which reading it is decided.
const RESOURCES: [(&str, &[&str]); 3] = [
    ("arn:aws:s3:::alpha", &["arn:aws:s3:::alpha/x", "arn:aws:s3:::alpha/private/k"]),
    ("arn:aws:s3:::beta", &["arn:aws:s3:::beta/x", "arn:aws:s3:::beta/private/k"]),
    (
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1B2c3",
        &["arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1B2c3"],
    ),
];

/// Actions that read, or open to readers, and whether they are about the bucket itself.
const READS: [(&str, bool); 7] = [
    ("s3:GetObject", false),
    ("s3:GetObjectVersion", false),
    ("s3:PutObjectAcl", false),
    ("s3:PutBucketPolicy", true),
    ("s3:PutBucketAcl", true),
    ("secretsmanager:GetSecretValue", false),
    ("secretsmanager:PutResourcePolicy", false),
];

#[derive(Clone, Debug)]
struct Rule {
    allow: bool,
    but: bool,
    action: &'static str,
    resource: &'static str,
    conditional: bool,
}

fn rule() -> impl Strategy<Value = Rule> {
    let actions = [
        "*",
        "s3:*",
        "s3:Get*",
        "s3:GetObject",
        "S3:getobject",
        "s3:Put*",
        "s3:List*",
        "secretsmanager:*",
        "iam:*",
        "iam:List*",
        "secretsmanager:Get*",
    ];
    let resources = [
        "*",
        "arn:aws:s3:::alpha",
        "arn:aws:s3:::alpha/*",
        "arn:aws:s3:::alpha*",
        "arn:aws:s3:::*/private/*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::?eta/*",
        "arn:aws:secretsmanager:*:111122223333:secret:prod/*",
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-??????",
    ];
    (
        0..3usize,
        any::<bool>(),
        prop::sample::select(actions.to_vec()),
        prop::sample::select(resources.to_vec()),
        0..4usize,
    )
        .prop_map(|(allow, but, action, resource, condition)| Rule {
            allow: allow > 0,
            but: but && action != "*",
            action,
            resource,
            conditional: condition == 0,
        })
}

fn statement(rule: &Rule) -> Value {
    let mut statement = json!({"Effect": if rule.allow { "Allow" } else { "Deny" }, "Resource": rule.resource});
    statement[if rule.but { "NotAction" } else { "Action" }] = json!(rule.action);
    if rule.conditional {
        statement["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    }
    statement
}

/// `*` and `?`, as plainly as can be.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => glob(rest, text) || text.split_first().is_some_and(|(_, tail)| glob(pattern, tail)),
        (Some((p, rest)), Some((t, tail))) => (*p == b'?' || p == t) && glob(rest, tail),
        _ => false,
    }
}

fn speaks_of(rule: &Rule, action: &str, arn: &str) -> bool {
    let named = glob(rule.action.to_ascii_lowercase().as_bytes(), action.to_ascii_lowercase().as_bytes());
    named != rule.but && glob(rule.resource.as_bytes(), arn.as_bytes())
}

/// Whether some read of the resource is allowed, where conditions of an Allow hold as `allows` says, of a Deny as `denies`.
fn allowed(rules: &[Rule], resource: usize, allows: bool, denies: bool) -> bool {
    let (bucket, objects) = RESOURCES[resource];
    let service = bucket.split(':').nth(2).unwrap();
    let permits = |action: &str, arn: &str| {
        let applies = |rule: &&Rule, condition: bool| speaks_of(rule, action, arn) && (condition || !rule.conditional);
        let denied = rules.iter().filter(|rule| !rule.allow).any(|rule| applies(&rule, denies));
        !denied && rules.iter().filter(|rule| rule.allow).any(|rule| applies(&rule, allows))
    };
    READS.iter().filter(|(action, _)| action.starts_with(service)).any(|(action, about_bucket)| {
        if *about_bucket { permits(action, bucket) } else { objects.iter().any(|object| permits(action, object)) }
    })
}

/// The resources that the user reaches, over certain edges alone or over all.
fn reached(facts: &[Fact], certain: bool) -> BTreeSet<NodeKey> {
    let mut found = BTreeSet::from([NodeKey::identity("aws", &format!("arn:aws:iam::{ACCOUNT}:user/u"))]);
    loop {
        let before = found.len();
        for fact in facts {
            let Fact::Edge(edge) = fact else { continue };
            if found.contains(&edge.from) && edge.kind != EdgeKind::Holds && (!certain || edge.may.is_empty()) {
                found.insert(edge.to.clone());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_allowed_is_missed_and_nothing_certain_is_denied(rules in prop::collection::vec(rule(), 1..5)) {
        let world = World::simulated(1);
        let stores: Vec<Value> = RESOURCES.iter().map(|(arn, _)| json!({"resource": format!("resource:aws/{arn}"), "account": ACCOUNT})).collect();
        let estate = json!({"format": "firebreak.estate/1", "complete": true, "stores": stores});
        let statements: Vec<Value> = rules.iter().map(statement).collect();
        let user = json!({"UserName": "u", "Arn": format!("arn:aws:iam::{ACCOUNT}:user/u"), "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}]});
        let details = json!({"UserDetailList": [user], "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
        world.disk.write(Path::new("/i/estate.json"), estate.to_string().as_bytes()).unwrap();
        world.disk.write(&Path::new("/i/aws").join(ACCOUNT).join("authorization-details.json"), details.to_string().as_bytes()).unwrap();
        let found = scan_directory(&world, Path::new("/i"), Time(0));
        prop_assert_eq!(&found.problems, &[]);
        let (perhaps, surely) = (reached(&found.facts, false), reached(&found.facts, true));
        // Whoever may change policies reaches everything, whatever the policies say today.
        let itself = format!("arn:aws:iam::{ACCOUNT}:user/u");
        let governs = rules.iter().any(|rule| rule.allow && speaks_of(rule, "iam:PutUserPolicy", &itself));
        for (index, (arn, _)) in RESOURCES.iter().enumerate() {
            let key = NodeKey::resource("aws", arn);
            if allowed(&rules, index, true, false) {
                prop_assert!(perhaps.contains(&key), "missed {arn}");
            }
            if surely.contains(&key) && !governs {
                prop_assert!(allowed(&rules, index, false, true), "wrongly certain of {arn}");
            }
        }
    }

    #[test]
    fn a_buckets_policy_that_names_the_user_counts_as_its_own(
        rules in prop::collection::vec(rule(), 0..4),
        of_bucket in prop::collection::vec(rule(), 1..3),
    ) {
        let world = World::simulated(1);
        let user = format!("arn:aws:iam::{ACCOUNT}:user/u");
        let statements: Vec<Value> = rules.iter().map(statement).collect();
        let details = json!({"UserDetailList": [{"UserName": "u", "Arn": user, "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}]}],
            "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
        let mut own: Vec<Value> = of_bucket.iter().map(statement).collect();
        own.iter_mut().for_each(|statement| statement["Principal"] = json!({"AWS": user}));
        let resources: Vec<Value> = RESOURCES.iter().enumerate().map(|(index, (arn, _))| {
            json!({"arn": arn, "policy": if index == 0 { json!({"Statement": own}) } else { Value::Null }})
        }).collect();
        let folder = Path::new("/i/aws").join(ACCOUNT);
        world.disk.write(&folder.join("authorization-details.json"), details.to_string().as_bytes()).unwrap();
        world.disk.write(&folder.join("resource-policies.json"), json!({"resources": resources}).to_string().as_bytes()).unwrap();
        let found = scan_directory(&world, Path::new("/i"), Time(0));
        prop_assert_eq!(&found.problems, &[]);
        let (perhaps, surely) = (reached(&found.facts, false), reached(&found.facts, true));
        let governs = rules.iter().any(|rule| rule.allow && speaks_of(rule, "iam:PutUserPolicy", &user));
        for (index, (arn, _)) in RESOURCES.iter().enumerate() {
            let key = NodeKey::resource("aws", arn);
            let all: Vec<Rule> = rules.iter().chain(of_bucket.iter().filter(|_| index == 0)).cloned().collect();
            if allowed(&all, index, true, false) {
                prop_assert!(perhaps.contains(&key), "missed {arn}");
            }
            if surely.contains(&key) && !governs {
                prop_assert!(allowed(&all, index, false, true), "wrongly certain of {arn}");
            }
        }
    }
}
