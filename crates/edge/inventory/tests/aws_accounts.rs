//! Whole accounts and what the map says of them: accounts that let each other in, many resources within a boundary,
//! conditions that name who may come in, and accounts made to take long.

use firebreak_inventory::{Found, scan_directory};
use firebreak_model::{EdgeFact, Fact, NodeKey, Time};
use firebreak_world::World;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const OURS: &str = "111122223333";
const THEIRS: &str = "444455556666";

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn user(account: &str, name: &str, statements: &[Value]) -> Value {
    json!({"UserName": name, "Arn": format!("arn:aws:iam::{account}:user/{name}"), "Tags": [],
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": document(statements)}]})
}

fn role(account: &str, name: &str, trust: &[Value], statements: &[Value]) -> Value {
    json!({"RoleName": name, "Arn": format!("arn:aws:iam::{account}:role/{name}"), "Tags": [],
        "AssumeRolePolicyDocument": document(trust),
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": document(statements)}]})
}

fn bounded(mut principal: Value, boundary: &str) -> Value {
    principal["PermissionsBoundary"] = json!({"PermissionsBoundaryArn": boundary});
    principal
}

/// An inventory, file by file.
#[derive(Default)]
struct Estate(BTreeMap<String, Value>);

impl Estate {
    fn account(mut self, account: &str, users: &[Value], roles: &[Value]) -> Estate {
        let details = json!({"UserDetailList": users, "RoleDetailList": roles, "GroupDetailList": [], "Policies": []});
        self.0.insert(format!("aws/{account}/authorization-details.json"), details);
        self
    }

    fn policy(mut self, account: &str, arn: &str, document: Value) -> Estate {
        let name = format!("aws/{account}/authorization-details.json");
        let version = json!({"VersionId": "v1", "IsDefaultVersion": true, "Document": document});
        let policy = json!({"Arn": arn, "DefaultVersionId": "v1", "PolicyVersionList": [version]});
        self.0.get_mut(&name).unwrap()["Policies"].as_array_mut().unwrap().push(policy);
        self
    }

    fn file(mut self, account: &str, name: &str, content: Value) -> Estate {
        self.0.insert(format!("aws/{account}/{name}"), content);
        self
    }

    fn guarded(self, account: &str, resources: Value) -> Estate {
        self.file(account, "resource-policies.json", json!({"resources": resources}))
    }

    fn scan(&self) -> Found {
        let world = World::simulated(1);
        for (name, content) in &self.0 {
            world.disk.write(&Path::new("/inventory").join(name), content.to_string().as_bytes()).unwrap();
        }
        scan_directory(&world, Path::new("/inventory"), Time(0))
    }
}

fn edges(found: &Found) -> impl Iterator<Item = &EdgeFact> {
    found.facts.iter().filter_map(|fact| if let Fact::Edge(edge) = fact { Some(edge) } else { None })
}

/// Edges between what ends so.
fn between<'f>(found: &'f Found, from: &str, to: &str) -> Vec<&'f EdgeFact> {
    edges(found).filter(|edge| edge.from.name().ends_with(from) && edge.to.name().ends_with(to)).collect()
}

/// Whether what `from` ends with reaches what `to` ends with: over certain edges alone, or at all. No premises.
fn reaches(found: &Found, from: &str, to: &str, certain: bool) -> bool {
    let mut seen: BTreeSet<&NodeKey> =
        edges(found).map(|edge| &edge.from).filter(|key| key.name().ends_with(from)).collect();
    let mut next: Vec<&NodeKey> = seen.iter().copied().collect();
    while let Some(at) = next.pop() {
        for edge in edges(found).filter(|edge| edge.from == *at && edge.premises.is_empty()) {
            if (edge.may.is_empty() || !certain) && seen.insert(&edge.to) {
                next.push(&edge.to);
            }
        }
    }
    seen.iter().any(|key| key.name().ends_with(to))
}

fn answer(found: &Found, from: &str, to: &str) -> &'static str {
    match (reaches(found, from, to, true), reaches(found, from, to, false)) {
        (true, _) => "yes",
        (false, true) => "may",
        _ => "no",
    }
}

fn bucket(policy: Value) -> Value {
    json!([{"arn": "arn:aws:s3:::data", "account": OURS, "policy": policy, "public_access_block": true}])
}

fn lets_in(principal: Value, condition: Value) -> Value {
    document(&[json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::data/*", "Condition": condition})])
}

fn root(account: &str) -> Value {
    json!({"AWS": format!("arn:aws:iam::{account}:root")})
}

#[test]
fn between_accounts_both_sides_are_asked() {
    let reads = [allow("s3:GetObject", "arn:aws:s3:::data/*")];
    let elsewhere = [allow("s3:GetObject", "arn:aws:s3:::other/*")];
    let refused = [reads[0].clone(), json!({"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::data/*"})];
    let mfa = [
        json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}),
    ];
    let boundary = format!("arn:aws:iam::{THEIRS}:policy/bound");
    let users = [
        user(THEIRS, "ann", &reads),
        user(THEIRS, "bob", &elsewhere),
        user(THEIRS, "carl", &refused),
        user(THEIRS, "dora", &mfa),
        bounded(user(THEIRS, "eve", &reads), &boundary),
    ];
    let both = Estate::default()
        .account(OURS, &[], &[])
        .account(OURS, &[user(OURS, "own", &[])], &[])
        .account(THEIRS, &users, &[])
        .policy(THEIRS, &boundary, document(&[allow("ec2:*", "*")]));
    let open = both.guarded(OURS, bucket(lets_in(root(THEIRS), json!({}))));
    let found = open.scan();
    let answers = ["ann", "bob", "carl", "dora", "eve"].map(|name| answer(&found, &format!("user/{name}"), ":::data"));
    assert_eq!(answers, ["yes", "no", "no", "may", "no"]);
    let dora = between(&found, "user/dora", ":::data");
    assert!(dora[0].may[0].contains("MultiFactorAuthPresent"), "{dora:?}");
    // Only one of theirs is let in: the identity side alone is nothing.
    let ann = json!({"AWS": format!("arn:aws:iam::{THEIRS}:user/bob")});
    let found = Estate(open.0.clone()).guarded(OURS, bucket(lets_in(ann, json!({})))).scan();
    assert_eq!(["ann", "bob"].map(|name| answer(&found, &format!("user/{name}"), ":::data")), ["no", "no"]);
    // Their side is not in the inventory: it is named.
    let mut alone = open.0;
    alone.remove(&format!("aws/{THEIRS}/authorization-details.json"));
    let found = Estate(alone).scan();
    let edge = between(&found, &format!("{THEIRS}:root"), ":::data")[0];
    assert!(edge.may.iter().any(|may| may.contains("account 444455556666, which is not in the inventory, lets it")));
}

#[test]
fn a_role_of_another_account_is_assumed_if_both_sides_agree() {
    let target = format!("arn:aws:iam::{OURS}:role/target");
    let users = [
        user(THEIRS, "ann", &[allow("sts:AssumeRole", &target)]),
        user(THEIRS, "bob", &[allow("sts:AssumeRole", &format!("{target}-2"))]),
        user(
            THEIRS,
            "carl",
            &[allow("sts:AssumeRole", "*"), json!({"Effect": "Deny", "Action": "sts:*", "Resource": target})],
        ),
    ];
    let trust = |condition: Value| {
        [json!({"Effect": "Allow", "Principal": root(THEIRS), "Action": "sts:AssumeRole", "Condition": condition})]
    };
    let scan = |condition: Value| {
        let roles = [role(OURS, "target", &trust(condition), &[])];
        Estate::default().account(OURS, &[], &roles).account(THEIRS, &users, &[]).scan()
    };
    let answers =
        |found: &Found| ["ann", "bob", "carl"].map(|name| answer(found, &format!("user/{name}"), "role/target"));
    assert_eq!(answers(&scan(json!({}))), ["yes", "no", "no"]);
    let found = scan(json!({"StringEquals": {"sts:ExternalId": "x"}}));
    assert_eq!(answers(&found), ["may", "no", "no"]);
    assert!(between(&found, "user/ann", "role/target")[0].may[0].contains("sts:ExternalId"));
    // The trust itself tells them apart.
    let only_bob = json!({"ArnEquals": {"aws:PrincipalArn": format!("arn:aws:iam::{THEIRS}:user/bob")}});
    assert_eq!(answers(&scan(only_bob)), ["no", "no", "no"]);
    let only_ann = json!({"ArnLike": {"aws:PrincipalArn": format!("arn:aws:iam::{THEIRS}:user/a*")}});
    assert_eq!(answers(&scan(only_ann)), ["yes", "no", "no"]);
}

#[test]
fn everyone_whom_a_condition_narrows_is_somebody() {
    let scan = |condition: Value, organization: Option<Value>| {
        let estate = Estate::default().account(OURS, &[user(OURS, "own", &[])], &[]);
        let estate = estate.guarded(OURS, bucket(lets_in(json!("*"), condition)));
        match organization {
            Some(organization) => estate.file(OURS, "organization.json", organization).scan(),
            None => estate.scan(),
        }
    };
    let arn = format!("arn:aws:iam::{THEIRS}:role/ci");
    let found = scan(json!({"ArnEquals": {"aws:PrincipalArn": arn}}), None);
    assert!(between(&found, &arn, ":::data")[0].may[0].contains("not in the inventory"));
    assert!(
        between(&found, "*", ":::data").is_empty(),
        "a public access block is no matter of a policy that is not public"
    );
    let found = scan(json!({"StringEquals": {"aws:PrincipalAccount": THEIRS}}), None);
    assert_eq!(between(&found, &format!("{THEIRS}:root"), ":::data").len(), 1);
    let found = scan(json!({"StringEquals": {"aws:PrincipalAccount": OURS}}), None);
    assert_eq!(answer(&found, "user/own", ":::data"), "yes");
    assert!(edges(&found).all(|edge| !edge.from.name().contains(THEIRS)));
    // Their organisation is not known: whoever is in it may.
    let in_it = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
    let found = scan(in_it.clone(), None);
    let anyone = between(&found, "*", ":::data");
    assert!(anyone[0].may.iter().any(|may| may.contains("aws:PrincipalOrgID")), "{anyone:?}");
    // Its tree is known: its accounts, and nobody else.
    let tree = json!({"Organization": {"Id": "o-1", "MasterAccountId": "999988887777"}, "Roots": [{"Id": "r-1",
        "Accounts": [{"Id": OURS}, {"Id": THEIRS}]}]});
    let found = scan(in_it, Some(tree));
    assert_eq!(between(&found, &format!("{THEIRS}:root"), ":::data").len(), 1);
    assert!(between(&found, "*", ":::data").is_empty());
}

#[test]
fn a_public_policy_is_shut_by_a_block_for_all_outside() {
    let scan = |block: Value| {
        let mut resources = bucket(lets_in(json!("*"), json!({})));
        resources[0]["policy"]["Statement"].as_array_mut().unwrap().push(
            json!({"Effect": "Allow", "Principal": root(THEIRS), "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}),
        );
        resources[0]["public_access_block"] = block;
        Estate::default().account(OURS, &[user(OURS, "own", &[])], &[]).guarded(OURS, resources).scan()
    };
    let shut = scan(json!(true));
    assert!(edges(&shut).all(|edge| edge.from.name() != "*" && !edge.from.name().contains(THEIRS)));
    assert_eq!(answer(&shut, "user/own", ":::data"), "yes");
    assert!(edges(&scan(json!(false))).any(|edge| edge.from.name() == "*" && edge.may.is_empty()));
    let wrong = scan(json!("yes"));
    assert!(!wrong.complete && wrong.problems.iter().any(|problem| problem.reason.contains("public_access_block")));
}

#[test]
fn a_malformed_resource_is_undecided_and_retires_nothing() {
    let reads = [allow("kms:Decrypt", "*")];
    let key = format!("arn:aws:kms:us-east-1:{OURS}:key/k");
    for malformed in [
        json!([{"arn": key}]),
        json!([{"arn": key, "policy": "{"}]),
        json!([{"arn": key, "policy": 7}]),
        json!([{"arn": key, "policy": {"Statement": [{"Effect": "Permit"}]}}]),
    ] {
        let estate =
            Estate::default().account(OURS, &[user(OURS, "ann", &reads)], &[]).guarded(OURS, malformed.clone());
        let found = estate.scan();
        assert!(!found.complete && !found.problems.is_empty(), "{malformed}");
        assert_eq!(answer(&found, "user/ann", "key/k"), "may", "{malformed}");
    }
    // Who was never told and who was told that there is none.
    let none = Estate::default().account(OURS, &[user(OURS, "ann", &reads)], &[]);
    let found = none.guarded(OURS, json!([{"arn": key, "policy": null}])).scan();
    assert!(found.complete && answer(&found, "user/ann", "key/k") == "yes");
}

#[test]
fn grants_of_a_key_let_in_whom_they_name() {
    let key = format!("arn:aws:kms:us-east-1:{OURS}:key/k");
    let ann = format!("arn:aws:iam::{OURS}:user/ann");
    let grant = |grantee: &str, operation: &str, constraints: Value| json!({"GrantId": "g-1", "GranteePrincipal": grantee, "Operations": [operation], "Constraints": constraints});
    let scan = |grants: Value| {
        let users = [user(OURS, "ann", &[]), user(OURS, "bob", &[])];
        let policy =
            document(&[json!({"Effect": "Allow", "Principal": root(OURS), "Action": "kms:*", "Resource": "*"})]);
        let resources = json!([{"arn": key, "policy": policy, "grants": grants}]);
        Estate::default()
            .account(OURS, &users, &[])
            .account(THEIRS, &[user(THEIRS, "x", &[])], &[])
            .guarded(OURS, resources)
            .scan()
    };
    let found = scan(json!([grant(&ann, "Decrypt", json!({}))]));
    assert_eq!(["ann", "bob"].map(|name| answer(&found, &format!("user/{name}"), "key/k")), ["yes", "no"]);
    assert!(between(&found, "user/ann", "key/k")[0].evidence.contains("the grant `g-1` of the key"));
    assert_eq!(between(&found, "user/ann", "key/k")[0].actions, ["kms:Decrypt"]);
    let found = scan(json!([grant(&ann, "Decrypt", json!({"EncryptionContextSubset": {"a": "b"}}))]));
    assert_eq!(answer(&found, "user/ann", "key/k"), "may");
    assert_eq!(answer(&scan(json!([grant(&ann, "DescribeKey", json!({}))])), "user/ann", "key/k"), "no");
    let found = scan(json!([grant("arn:aws:iam::999988887777:role/r", "Decrypt", json!({}))]));
    assert!(!between(&found, "999988887777:role/r", "key/k")[0].may.is_empty());
    let found = scan(json!([{"Operations": []}]));
    assert!(!found.complete && found.problems[0].reason.contains("names nobody"), "{:?}", found.problems);
}

#[test]
fn many_resources_within_a_boundary_are_decided() {
    let boundary = format!("arn:aws:iam::{OURS}:policy/bound");
    let names = |prefix: &str| (0..150).map(move |at| format!("{prefix}-{at}")).collect::<Vec<_>>();
    let buckets: Vec<Value> = [names("team"), names("other")]
        .concat()
        .into_iter()
        .map(|name| json!({"arn": format!("arn:aws:s3:::{name}"), "policy": null, "account": OURS}))
        .collect();
    let reads =
        [allow("s3:GetObject", "*"), json!({"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::team-7/*"})];
    let users = [bounded(user(OURS, "ann", &reads), &boundary), bounded(user(OURS, "bob", &reads[..1]), &boundary)];
    let estate = Estate::default()
        .account(OURS, &users, &[])
        .policy(OURS, &boundary, document(&[allow("s3:Get*", "arn:aws:s3:::team-*")]))
        .guarded(OURS, json!(buckets));
    let found = estate.scan();
    assert!(found.complete, "{:?}", found.problems);
    for (name, bucket, expected) in [
        ("ann", ":::team-3", "yes"),
        ("ann", ":::team-7", "no"),
        ("ann", ":::other-3", "no"),
        ("bob", ":::team-7", "yes"),
        ("bob", ":::other-149", "no"),
    ] {
        assert_eq!(answer(&found, &format!("user/{name}"), bucket), expected, "{name} {bucket}");
    }
    assert!(edges(&found).count() < 1_000, "pairs are not written out: {}", edges(&found).count());
}

#[test]
fn a_chain_of_roles_ends_where_one_of_them_is_refused() {
    let next = |name: &str| [allow("sts:AssumeRole", &format!("arn:aws:iam::{OURS}:role/{name}"))];
    let trust = |who: Value| [json!({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"})];
    let named = |kind: &str, name: &str| json!({"AWS": format!("arn:aws:iam::{OURS}:{kind}/{name}")});
    let admin = [allow("*", "*")];
    let chain = |last: Value| {
        let roles = [
            role(OURS, "one", &trust(root(OURS)), &next("two")),
            role(OURS, "two", &trust(named("role", "one")), &next("three")),
            role(OURS, "three", &trust(last), &admin),
        ];
        let found = Estate::default().account(OURS, &[user(OURS, "ann", &next("one"))], &roles).scan();
        answer(&found, "user/ann", "/administrators")
    };
    assert_eq!(chain(named("role", "two")), "yes");
    assert_eq!(chain(named("role", "one")), "yes", "a trust that names a role is enough for it");
    assert_eq!(chain(named("role", "zero")), "no", "a trust that names a role is not for another");
    assert_eq!(chain(root(THEIRS)), "no");
    // A cycle ends.
    let cycle: Vec<Value> = (0..50)
        .map(|at| role(OURS, &format!("r{at}"), &trust(root(OURS)), &next(&format!("r{}", (at + 1) % 50))))
        .collect();
    let found = Estate::default().account(OURS, &[], &cycle).scan();
    assert_eq!(answer(&found, "role/r0", "role/r49"), "yes");
    assert!(edges(&found).count() < 200, "{}", edges(&found).count());
}

#[test]
fn an_account_made_to_take_long_is_read_in_bounds() {
    let patterns: Vec<String> = (0..1_000).map(|at| format!("arn:aws:s3:::{}{at}", "*a?".repeat(60))).collect();
    let statement = json!({"Effect": "Allow", "Action": "*:*", "Resource": patterns});
    let many: Vec<Value> = (0..9_999)
        .map(|at| json!({"Effect": "Allow", "Action": [format!("s3:Get{at}*")], "Resource": format!("arn:aws:s3:::b{at}/*")}))
        .collect();
    let too_many: Vec<Value> = (0..10_001).map(|_| allow("s3:GetObject", "*")).collect();
    let users = [
        user(OURS, "nested", &[statement]),
        user(OURS, "many", &many),
        user(OURS, "beyond", &too_many),
        user(OURS, "plain", &[allow("s3:GetObject", "arn:aws:s3:::data/*")]),
    ];
    let buckets: Vec<Value> = ["data", &"a".repeat(63)]
        .map(|name| json!({"arn": format!("arn:aws:s3:::{name}"), "policy": null, "account": OURS}))
        .to_vec();
    let found = Estate::default().account(OURS, &users, &[]).guarded(OURS, json!(buckets)).scan();
    assert_eq!(answer(&found, "user/plain", ":::data"), "yes");
    assert_eq!(answer(&found, "user/many", ":::data"), "no");
    assert_ne!(answer(&found, "user/beyond", ":::data"), "no");
    // A resource's own policy of its largest size, with more statements than are read.
    let own: Vec<Value> = (0..10_001)
        .map(|at| json!({"Effect": "Deny", "Principal": {"AWS": format!("arn:aws:iam::{OURS}:user/u{at}")}, "Action": "s3:*", "Resource": "*"}))
        .collect();
    let resources = json!([{"arn": "arn:aws:s3:::data", "account": OURS, "policy": document(&own)}]);
    let found = Estate::default().account(OURS, &users[3..], &[]).guarded(OURS, resources).scan();
    assert!(!found.complete && found.problems.iter().any(|problem| problem.reason.contains("more than the 10000")));
    assert_eq!(answer(&found, "user/plain", ":::data"), "may");
}
