//! Two accounts, keys, services and strangers.

use super::*;

const OTHER: &str = "999922223333";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";

#[test]
fn across_accounts_both_sides_allow() {
    let own = json!([allow("s3:*", "*")]);
    for (identity, guarded, answer) in [
        (Some(own.clone()), Some(json!({"AWS": ANN})), Yes),
        (Some(own.clone()), Some(json!({"AWS": "111122223333"})), Yes),
        (Some(own.clone()), Some(json!("*")), Yes),
        (Some(own.clone()), None, No),
        (None, Some(json!({"AWS": ANN})), No),
        (Some(own.clone()), Some(json!({"AWS": "arn:aws:iam::111122223333:user/bob"})), No),
    ] {
        let mut case = Case::new(ANN, BUCKET).owned_by(OTHER);
        case = identity.into_iter().fold(case, Case::may);
        case = guarded.clone().into_iter().fold(case, |case, named| case.guarded(json!([grant(named, "s3:*")])));
        assert_eq!(case.answer("s3:GetObject"), answer, "{guarded:?}");
    }
    let bounded = Case::new(ANN, BUCKET).owned_by(OTHER).may(own.clone()).guarded(json!([grant(json!("*"), "s3:*")]));
    assert_eq!(bounded.bounded(json!([allow("ec2:*", "*")])).answer("s3:GetObject"), No);
    let mut unknown = Case::new(ANN, BUCKET).may(own);
    unknown.resource.account = None;
    assert_eq!(unknown.answer("s3:GetObject"), May, "whose bucket it is decides");
}

#[test]
fn a_key_is_used_by_those_its_policy_names_or_delegates_to() {
    let own = json!([allow("kms:*", "*")]);
    let root = json!({"AWS": "arn:aws:iam::111122223333:root"});
    assert_eq!(Case::new(ANN, KEY).may(own.clone()).answer("kms:Decrypt"), No, "the key's policy has to take part");
    assert_eq!(Case::new(ANN, KEY).guarded(json!([grant(root.clone(), "kms:*")])).answer("kms:Decrypt"), No);
    let delegated = Case::new(ANN, KEY).may(own.clone()).guarded(json!([grant(root.clone(), "kms:*")]));
    assert_eq!(delegated.answer("kms:Decrypt"), Yes);
    let partly = Case::new(ANN, KEY).may(own.clone()).guarded(json!([grant(root, "kms:Describe*")]));
    assert_eq!(partly.answer("kms:Decrypt"), No);
    assert_eq!(Case::new(ANN, KEY).guarded(json!([grant(json!({"AWS": ANN}), "kms:*")])).answer("kms:Decrypt"), Yes);
    let unknown = Case { resource_policy: None, ..Case::new(ANN, KEY).may(own) };
    assert_eq!(unknown.answer("kms:Decrypt"), May);
    assert_eq!(unknown.decide("kms:Decrypt").undecided.len(), 1);
}

fn grant_to_root() -> Value {
    grant(json!({"AWS": "arn:aws:iam::111122223333:root"}), "kms:*")
}

#[test]
fn a_grant_of_a_key_permits_its_operations() {
    let grant = |context: Vec<(Text, Text)>| KeyGrant {
        id: "g-1".into(),
        grantee: ROLE.into(),
        operations: vec!["Decrypt".into()],
        encryption_context: context,
        context_equals: false,
    };
    let case = Case { grants: vec![grant(Vec::new())], ..Case::new(ROLE, KEY) };
    assert_eq!((case.answer("kms:Decrypt"), case.answer("kms:Encrypt")), (Yes, No));
    assert_eq!(Case { principal: Principal::user(ANN), ..case }.answer("kms:Decrypt"), No);
    let bound = vec![("table".into(), "t1".into())];
    let open = Case { grants: vec![grant(bound)], context: Context::open(), ..Case::new(ROLE, KEY) };
    assert_eq!(open.answer("kms:Decrypt"), May);
    // The key leaves it to the account, whose policies do not allow it: the doubt is told all the same.
    let root = json!([grant_to_root()]);
    let left = Case {
        resource_policy: Some(Some(policy(root))),
        grants: open.grants.clone(),
        context: Context::open(),
        ..Case::new(ROLE, KEY)
    };
    assert_eq!(left.answer("kms:Decrypt"), May);
    let known = Case { context: Context::open().with("kms:EncryptionContext:table", ["t1"]), ..open };
    assert_eq!(known.answer("kms:Decrypt"), Yes);
    let denied = known.guarded(json!([{"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}]));
    assert_eq!(denied.answer("kms:Decrypt"), No);
}

#[test]
fn services_and_strangers_have_only_what_the_resource_grants() {
    let queue = "arn:aws:sqs:eu-west-1:111122223333:q";
    let topic = "arn:aws:sns:eu-west-1:111122223333:t";
    let guarded = json!([{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }]);
    let case = Case::new("sns.amazonaws.com", queue).guarded(guarded.clone());
    assert_eq!(case.answer("sqs:SendMessage"), No);
    assert_eq!(case.knowing("aws:SourceArn", topic).answer("sqs:SendMessage"), Yes);
    let open = Case { context: Context::open(), ..Case::new("sns.amazonaws.com", queue).guarded(guarded.clone()) };
    assert_eq!(open.answer("sqs:SendMessage"), May);
    assert_eq!(Case::new("events.amazonaws.com", queue).guarded(guarded.clone()).answer("sqs:SendMessage"), No);
    let user = Case { context: Context::open(), ..Case::new(ANN, queue).guarded(guarded) };
    assert_eq!(user.answer("sqs:SendMessage"), No);

    let public = |condition: Value| json!([{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": condition}]);
    assert_eq!(Case::new("*", BUCKET).guarded(public(json!({}))).answer("s3:GetObject"), Yes);
    let ours = json!({"StringEquals": {"aws:PrincipalOrgID": "o-ours"}});
    assert_eq!(Case::new("*", BUCKET).guarded(public(ours)).answer("s3:GetObject"), No);
    let account = json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}});
    assert_eq!(Case::new(ANN, BUCKET).guarded(public(account.clone())).answer("s3:GetObject"), Yes);
    assert_eq!(Case::new("*", BUCKET).guarded(public(account)).answer("s3:GetObject"), No);
    let by_service = json!([deny("*", "*")]);
    let call = Case::new("sns.amazonaws.com", BUCKET)
        .guarded(json!([{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
            "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}}, grant(json!({"Service": "sns.amazonaws.com"}), "*")]))
        .may(json!([]));
    assert_eq!(call.answer("s3:PutObject"), Yes);
    assert_eq!(call.may(by_service).answer("s3:PutObject"), No, "what is given as its policy counts");
}
