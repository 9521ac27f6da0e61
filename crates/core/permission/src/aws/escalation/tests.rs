//! Ways that must be found, and look-alikes that must not.

use super::*;
use crate::aws::read::Limits;
use serde_json::{Value, json};

const ID: &str = "111122223333";

fn policy(document: &Value) -> Arc<Policy> {
    let (policy, problems) = Policy::read("p", document, Limits::default());
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(policy)
}

fn allow(actions: Value, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "s", "Effect": "Allow", "Action": actions, "Resource": resource}]})
}

fn member(kind: MemberKind, name: &str, policies: &[Value]) -> Member {
    let word = match kind {
        MemberKind::User => "user",
        MemberKind::Role => "role",
        MemberKind::Group => "group",
    };
    let arn = format!("arn:aws:iam::{ID}:{word}/{name}");
    let principal = if kind == MemberKind::Role { Principal::role(&arn) } else { Principal::user(&arn) };
    let principal = if kind == MemberKind::User { principal.with_tags([]) } else { principal };
    Member {
        kind,
        principal,
        arn: Text::new(arn),
        tags: None,
        policies: policies.iter().map(policy).collect(),
        managed: Vec::new(),
        groups: Vec::new(),
        boundary: None,
        trust: None,
        profile: false,
        keys: None,
        password: None,
    }
}

fn user(name: &str, policies: &[Value]) -> Member {
    member(MemberKind::User, name, policies)
}

/// A role that trusts `principal`, such as `{"Service": "lambda.amazonaws.com"}`.
fn role(name: &str, principal: Value, policies: &[Value]) -> Member {
    let trust = json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]});
    Member { trust: Some(policy(&trust)), ..member(MemberKind::Role, name, policies) }
}

fn admin() -> Value {
    allow(json!("*"), "*")
}

fn account(members: Vec<Member>) -> Account {
    Account {
        id: Text::new(ID),
        members,
        restorable: BTreeSet::new(),
        running: Some(Vec::new()),
        organization: None,
        now: None,
    }
}

/// What the first member reaches: places with whether it is certain, over all ways.
fn reached(account: &Account) -> BTreeMap<Place, bool> {
    let ways = find(account).ways;
    let mut reached = BTreeMap::from([(Place::Member(0), true)]);
    loop {
        let before = reached.clone();
        for way in &ways {
            let (Some(from), with) = (reached.get(&way.from), way.with.as_ref().map(|with| reached.get(with))) else {
                continue;
            };
            if with == Some(None) {
                continue;
            }
            let certain = *from && with.flatten().copied().unwrap_or(true) && way.may.is_empty();
            let have = reached.entry(way.to.clone()).or_default();
            *have |= certain;
        }
        if before == reached {
            return reached;
        }
    }
}

/// Whether the first member becomes an administrator.
fn governs(members: Vec<Member>) -> Answer {
    match reached(&account(members)).get(&Place::Administrators) {
        Some(true) => Answer::Yes,
        Some(false) => Answer::May,
        None => Answer::No,
    }
}

fn lambda() -> Member {
    role("worker", json!({"Service": "lambda.amazonaws.com"}), &[admin()])
}

#[test]
fn two_permissions_in_two_policies_make_one_way() {
    let pass = allow(json!("iam:PassRole"), "*");
    let create = allow(json!(["lambda:CreateFunction", "lambda:InvokeFunction"]), "*");
    assert_eq!(governs(vec![user("a", &[pass.clone(), create.clone()]), lambda()]), Answer::Yes);
    let mut in_group = user("a", std::slice::from_ref(&pass));
    in_group.groups = vec![2];
    let group = member(MemberKind::Group, "makers", std::slice::from_ref(&create));
    assert_eq!(governs(vec![in_group, lambda(), group]), Answer::Yes);
    assert_eq!(governs(vec![user("a", &[pass]), lambda()]), Answer::No);
    assert_eq!(governs(vec![user("a", &[create]), lambda()]), Answer::No);
}

#[test]
fn a_role_is_passed_only_where_trust_condition_and_resource_let_it() {
    let create = || allow(json!(["lambda:CreateFunction", "lambda:InvokeFunction"]), "*");
    let pass = |resource: &str, service: &str| {
        let mut pass = allow(json!("iam:PassRole"), resource);
        pass["Statement"][0]["Condition"] = json!({"StringEquals": {"iam:PassedToService": service}});
        pass
    };
    let worker = "arn:aws:iam::111122223333:role/worker";
    let with = |policy: Value, role: Member| governs(vec![user("a", &[create(), policy]), role]);
    assert_eq!(with(pass(worker, "lambda.amazonaws.com"), lambda()), Answer::Yes);
    assert_eq!(with(pass(worker, "ec2.amazonaws.com"), lambda()), Answer::No);
    assert_eq!(with(pass("arn:aws:iam::111122223333:role/other", "lambda.amazonaws.com"), lambda()), Answer::No);
    let elsewhere = role("worker", json!({"Service": "ec2.amazonaws.com"}), &[admin()]);
    assert_eq!(with(allow(json!("iam:PassRole"), worker), elsewhere), Answer::No);
}

#[test]
fn a_condition_that_nobody_knows_leaves_it_open() {
    let mut policy = allow(json!("iam:PutUserPolicy"), "*");
    policy["Statement"][0]["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    assert_eq!(governs(vec![user("a", &[policy])]), Answer::May);
}

#[test]
fn boundary_deny_and_other_resources_clear() {
    let write = || allow(json!("iam:PutUserPolicy"), "*");
    assert_eq!(governs(vec![user("a", &[write()])]), Answer::Yes);
    let deny = json!({"Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]});
    assert_eq!(governs(vec![user("a", &[write(), deny])]), Answer::No);
    let other = allow(json!("iam:PutUserPolicy"), "arn:aws:iam::111122223333:user/b");
    assert_eq!(governs(vec![user("a", &[other]), user("b", &[])]), Answer::No);
    let boundary = |document: Value| {
        let mut bound = user("a", &[admin()]);
        bound.boundary = Some((Text::new("arn:aws:iam::111122223333:policy/b"), policy(&document)));
        bound
    };
    assert_eq!(governs(vec![boundary(allow(json!("s3:*"), "*"))]), Answer::No);
    // What the boundary allows is everything that it writes for itself, and a new user has no boundary.
    let wide = boundary(allow(json!(["iam:PutUserPolicy", "s3:*"]), "*"));
    assert_eq!(governs(vec![wide.clone()]), Answer::No);
    let loose = boundary(allow(json!("iam:*"), "*"));
    assert_eq!(governs(vec![loose]), Answer::Yes);
}

#[test]
fn a_changed_policy_helps_whoever_becomes_its_holder() {
    let target = || role("b", json!({"AWS": "arn:aws:iam::111122223333:user/a"}), &[]);
    let write = || allow(json!("iam:PutRolePolicy"), "arn:aws:iam::111122223333:role/b");
    assert_eq!(governs(vec![user("a", &[write()]), target()]), Answer::Yes);
    let closed = role("b", json!({"Service": "ec2.amazonaws.com"}), &[]);
    assert_eq!(governs(vec![user("a", &[write()]), closed.clone()]), Answer::No);
    let rewrite = allow(json!("iam:UpdateAssumeRolePolicy"), "arn:aws:iam::111122223333:role/b");
    assert_eq!(governs(vec![user("a", &[write(), rewrite]), closed]), Answer::Yes);
    // Over a third one: a becomes c, which may write b's policies, and a becomes b by itself.
    let third = role("c", json!({"AWS": "arn:aws:iam::111122223333:user/a"}), &[write()]);
    assert_eq!(governs(vec![user("a", &[]), target(), third]), Answer::Yes);
}

#[test]
fn both_sides_of_a_trust_in_the_account_are_asked() {
    let target = |principal: &str| role("b", json!({"AWS": principal}), &[admin()]);
    let root = "arn:aws:iam::111122223333:root";
    let assume = || allow(json!("sts:AssumeRole"), "arn:aws:iam::111122223333:role/b");
    assert_eq!(governs(vec![user("a", &[]), target(root)]), Answer::No);
    assert_eq!(governs(vec![user("a", &[assume()]), target(root)]), Answer::Yes);
    assert_eq!(governs(vec![user("a", &[assume()]), target("arn:aws:iam::111122223333:user/c")]), Answer::No);
    let mut conditional = target(root);
    let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:username": "c"}}}]});
    conditional.trust = Some(policy(&trust));
    assert_eq!(governs(vec![user("a", &[assume()]), conditional.clone()]), Answer::No);
    assert_eq!(governs(vec![user("c", &[assume()]), conditional]), Answer::Yes);
}

#[test]
fn a_trust_in_everyone_needs_no_policy_of_who_asks() {
    let open = || role("b", json!("*"), &[admin()]);
    assert_eq!(governs(vec![user("a", &[]), open()]), Answer::Yes);
    assert_eq!(governs(vec![role("a", json!({"Service": "ec2.amazonaws.com"}), &[]), open()]), Answer::Yes);
    let deny = json!({"Statement": [{"Effect": "Deny", "Action": "sts:*", "Resource": "*"}]});
    assert_eq!(governs(vec![user("a", &[deny]), open()]), Answer::No);
    // A boundary limits a role that is named as one of everyone, and not a user.
    let bounded = |mut member: Member| {
        let boundary = policy(&allow(json!("s3:*"), "*"));
        member.boundary = Some((Text::new("arn:aws:iam::111122223333:policy/b"), boundary));
        governs(vec![member, open()])
    };
    assert_eq!(bounded(user("a", &[])), Answer::Yes);
    assert_eq!(bounded(role("a", json!({"Service": "ec2.amazonaws.com"}), &[])), Answer::May);
    let with = |condition: Value| {
        let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole",
            "Condition": condition}]});
        let role = Member { trust: Some(policy(&trust)), ..open() };
        governs(vec![user("a", &[]), role])
    };
    assert_eq!(with(json!({"StringEquals": {"aws:username": "a"}})), Answer::Yes);
    assert_eq!(with(json!({"StringEquals": {"aws:username": "c"}})), Answer::No);
    assert_eq!(with(json!({"StringEquals": {"sts:ExternalId": "x"}})), Answer::May);
}

#[test]
fn what_runs_already_is_controlled_only_where_it_is() {
    let edit = || {
        allow(json!(["lambda:UpdateFunctionCode", "lambda:InvokeFunction"]), "arn:aws:lambda:*:111122223333:function:f")
    };
    let runs = |name: &str| Running {
        kind: Kind::Function,
        arn: Text::new(format!("arn:aws:lambda:us-east-1:{ID}:function:{name}")),
        role: Some(Text::new(format!("arn:aws:iam::{ID}:role/worker"))),
    };
    let with = |running: Option<Vec<Running>>| {
        let account = Account { running, ..account(vec![user("a", &[edit()]), lambda()]) };
        reached(&account).get(&Place::Administrators).copied()
    };
    assert_eq!(with(Some(vec![runs("f")])), Some(true));
    assert_eq!(with(Some(vec![runs("g")])), None);
    assert_eq!(with(Some(Vec::new())), None);
    assert_eq!(with(None), Some(false));
}

#[test]
fn an_organisation_limits_all_of_it() {
    let deny = json!({"Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]});
    let level = crate::aws::organization::Level {
        service_control: Some(vec![Arc::new(Policy::allow_all("FullAWSAccess")), policy(&deny)]),
        ..Default::default()
    };
    let mut organization = Organization { management: Some(Text::new("999988887777")), ..Organization::default() };
    organization.accounts.insert(Text::new(ID), vec![level]);
    let mut limited = account(vec![user("a", &[admin()])]);
    limited.organization = Some(organization);
    assert_eq!(reached(&limited).get(&Place::Administrators), None);
}

#[test]
fn ten_thousand_roles_that_assume_each_other_stay_few_ways() {
    let assume = policy(&allow(json!("sts:AssumeRole"), "*"));
    let root = format!("arn:aws:iam::{ID}:root");
    let mut members: Vec<Member> = vec![user("a", &[allow(json!("sts:AssumeRole"), "*")])];
    let template = role("r", json!({"AWS": root}), &[]);
    for at in 0..10_000 {
        let arn = format!("arn:aws:iam::{ID}:role/r{at}");
        let principal = Principal::role(&arn);
        members.push(Member {
            arn: Text::new(arn),
            principal,
            policies: vec![Arc::clone(&assume)],
            ..template.clone()
        });
    }
    let ways = find(&account(members));
    assert!(!ways.bounded && ways.ways.len() < 25_000, "{} ways", ways.ways.len());
}

#[test]
fn wildcards_everywhere_meet_in_hubs() {
    let some =
        policy(&allow(json!(["iam:PassRole", "lambda:*", "iam:CreateAccessKey", "iam:UpdateAssumeRolePolicy"]), "*"));
    let mut members = Vec::new();
    for at in 0..2_500 {
        let mut one = user(&format!("u{at}"), &[]);
        one.policies = vec![Arc::clone(&some)];
        members.push(one);
        let mut one = role(&format!("r{at}"), json!({"Service": "lambda.amazonaws.com"}), &[]);
        one.policies = vec![Arc::clone(&some)];
        members.push(one);
    }
    let ways = find(&account(members));
    assert!(!ways.bounded && ways.ways.len() < 60_000, "{} ways", ways.ways.len());
}

#[test]
fn a_resources_policy_lets_in_and_refuses() {
    use crate::aws::ResourcePolicy;
    use crate::aws::policy::Named;
    let object = "arn:aws:s3:::b/x";
    let read = "s3:GetObject";
    let own = |effect: &str, principal: Value, condition: Value| {
        policy(&json!({"Statement": [{"Effect": effect, "Principal": principal, "Action": "s3:*",
            "Resource": "arn:aws:s3:::b/*", "Condition": condition}]}))
    };
    let account = account(vec![user("a", &[]), user("b", &[allow(json!("s3:*"), "*")])]);
    let mut permissions = Permissions::new(&account);
    let arn = |name: &str| format!("arn:aws:iam::{ID}:user/{name}");
    let mut asked = |name: &str, own: &Policy| {
        permissions.decide_on(&arn(name), read, object, ResourcePolicy::Given(own), &[]).map(|decided| decided.answer)
    };
    let named = own("Allow", json!({"AWS": arn("a")}), json!({}));
    assert_eq!(asked("a", &named), Some(Answer::Yes));
    let delegated = own("Allow", json!({"AWS": ID}), json!({}));
    assert_eq!((asked("a", &delegated), asked("b", &delegated)), (Some(Answer::No), Some(Answer::Yes)));
    let refused = own("Deny", json!({"AWS": arn("b")}), json!({}));
    assert_eq!((asked("b", &refused), asked("nobody", &refused)), (Some(Answer::No), None));
    // Nobody told of an organisation: whoever is not in the right one may be refused.
    let outside = own("Deny", json!("*"), json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}));
    assert_eq!((asked("b", &outside), asked("a", &outside)), (Some(Answer::May), Some(Answer::No)));
    assert!(permissions.names(&arn("a"), &named) && !permissions.names(&arn("b"), &named));
    assert!(!permissions.names(&arn("b"), &delegated) && guarding::tells_apart(&refused));
    // Whoever asks without TLS is refused: that tells nobody apart.
    let tls = own("Deny", json!("*"), json!({"Bool": {"aws:SecureTransport": "false"}}));
    assert!(!guarding::tells_apart(&tls));
    assert_eq!(permissions.decide_anyone(true, read, object, &tls).answer, Answer::Yes);
    let public = own("Allow", json!("*"), json!({}));
    assert!(guarding::opens(&public) && !guarding::opens(&named));
    let nobody = Principal::anonymous();
    assert_eq!(permissions.decide_outside(&nobody, read, object, &public, &[]).answer, Answer::Yes);
    assert_eq!(permissions.decide_outside(&nobody, read, object, &named, &[]).answer, Answer::No);
    assert_eq!(guarding::outsiders(&public, ID), BTreeSet::from([Named::Everyone]));
    assert!(guarding::outsiders(&named, ID).is_empty() && guarding::outsiders(&delegated, ID).is_empty());
}

#[test]
fn a_key_is_left_to_its_account_unless_its_policy_says_otherwise() {
    let account = account(vec![user("a", &[allow(json!("kms:Decrypt"), "*")]), user("b", &[])]);
    let mut permissions = Permissions::new(&account);
    let key = format!("arn:aws:kms:us-east-1:{ID}:key/k");
    let mut asked =
        |name: &str| permissions.decide(&format!("arn:aws:iam::{ID}:user/{name}"), "kms:Decrypt", &key).unwrap().0;
    assert_eq!((asked("a"), asked("b")), (Answer::Yes, Answer::No));
    let closed =
        policy(&json!({"Statement": [{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ID}:user/b")},
        "Action": "kms:*", "Resource": "*"}]}));
    let given = crate::aws::ResourcePolicy::Given(&closed);
    let mut asked = |name: &str| {
        permissions
            .decide_on(&format!("arn:aws:iam::{ID}:user/{name}"), "kms:Decrypt", &key, given, &[])
            .unwrap()
            .answer
    };
    assert_eq!((asked("a"), asked("b")), (Answer::No, Answer::Yes));
}

#[test]
fn tags_decide_unless_whoever_asks_can_write_them() {
    let root = json!({"AWS": format!("arn:aws:iam::{ID}:root")});
    let target = |tags: &[(&str, &str)]| {
        let tags = tags.iter().map(|(key, value)| (Text::new(key), Text::new(value))).collect();
        Member { tags: Some(tags), ..role("b", root.clone(), &[admin()]) }
    };
    let by_tag = |value: &str, more: Vec<Value>| {
        let mut statements = vec![json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": value}}})];
        statements.extend(more);
        json!({"Version": "2012-10-17", "Statement": statements})
    };
    let asks = |value: &str, more: Vec<Value>, own: &[(&str, &str)], target: Member| {
        let mut who = user("a", &[by_tag(value, more)]);
        who.principal = who.principal.with_tags(own.iter().copied());
        governs(vec![who, target])
    };
    assert_eq!(asks("red", vec![], &[], target(&[("team", "red")])), Answer::Yes);
    assert_eq!(asks("red", vec![], &[], target(&[("team", "blue")])), Answer::No);
    assert_eq!(asks("red", vec![], &[], target(&[])), Answer::No);
    assert_eq!(asks("red", vec![], &[], role("b", root.clone(), &[admin()])), Answer::May, "tags that nobody told");
    let tags = json!({"Effect": "Allow", "Action": "iam:TagRole", "Resource": "*"});
    assert_eq!(asks("red", vec![tags], &[], target(&[("team", "blue")])), Answer::May, "it tags the role first");
    // The tag of who asks against the tag of what is asked for.
    let own = "${aws:PrincipalTag/team}";
    assert_eq!(asks(own, vec![], &[("team", "red")], target(&[("team", "red")])), Answer::Yes);
    assert_eq!(asks(own, vec![], &[("team", "blue")], target(&[("team", "red")])), Answer::No);
    assert_eq!(asks(own, vec![], &[], target(&[("team", "red")])), Answer::No);
    let tags_itself = json!({"Effect": "Allow", "Action": "iam:TagUser", "Resource": "*"});
    assert_eq!(asks(own, vec![tags_itself], &[("team", "blue")], target(&[("team", "red")])), Answer::May);
}

#[test]
fn what_is_passed_to_which_service_is_decided() {
    let passes = |condition: Value| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": condition},
            {"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"}]})
    };
    let to = |service: &str| passes(json!({"StringEquals": {"iam:PassedToService": service}}));
    let role = || role("r", json!({"Service": "lambda.amazonaws.com"}), &[admin()]);
    assert_eq!(governs(vec![user("a", &[to("lambda.amazonaws.com")]), role()]), Answer::Yes);
    assert_eq!(governs(vec![user("a", &[to("ec2.amazonaws.com")]), role()]), Answer::No);
    let not = passes(json!({"StringNotEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}));
    assert_eq!(governs(vec![user("a", &[not]), role()]), Answer::No);
}

#[test]
fn all_but_some_actions_govern_only_with_what_they_leave() {
    let but = |actions: Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": actions, "Resource": "*"}]});
    assert_eq!(governs(vec![user("a", &[but(json!("s3:*"))])]), Answer::Yes);
    let iam = json!(["iam:*", "sts:*", "organizations:*"]);
    let lambda = role("r", json!({"Service": "lambda.amazonaws.com"}), &[admin()]);
    assert_eq!(governs(vec![user("a", &[but(iam)]), lambda]), Answer::No, "nothing runs as a role that is not passed");
}

#[test]
fn roles_that_aws_made_are_nobodys_to_change() {
    let mut protected = member(MemberKind::Role, "x", &[admin()]);
    protected.arn =
        Text::new(format!("arn:aws:iam::{ID}:role/aws-service-role/support.amazonaws.com/AWSServiceRoleForSupport"));
    protected.principal = Principal::role(&protected.arn);
    let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "support.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    protected.trust = Some(policy(&trust));
    for action in ["iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy"] {
        let member = user("a", &[allow(json!(action), "*")]);
        let found = reached(&account(vec![member, protected.clone()]));
        assert_eq!(found.keys().collect::<Vec<_>>(), [&Place::Member(0)], "{action}");
    }
}

#[test]
fn a_boundary_and_an_explicit_deny_end_a_way() {
    let mut bound = user("a", &[admin()]);
    let boundary = policy(&json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": ["iam:*", "sts:AssumeRole"], "Resource": "*"}]}));
    bound.boundary = Some((Text::new("arn:aws:iam::111122223333:policy/b"), boundary));
    let target = || role("t", json!({"AWS": format!("arn:aws:iam::{ID}:root")}), &[admin()]);
    assert_eq!(governs(vec![bound, target()]), Answer::No);
    let denied = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "NotAction": ["s3:*", "ec2:Describe*"], "Resource": "*"}]});
    assert_eq!(governs(vec![user("a", &[denied]), target()]), Answer::No);
    // A denial that nobody knows to apply leaves it open.
    let conditional = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}]});
    assert_eq!(governs(vec![user("a", &[conditional]), target()]), Answer::May);
}
