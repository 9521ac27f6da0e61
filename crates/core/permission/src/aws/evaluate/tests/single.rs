//! One account: identity policies, boundaries, session policies, and grants by the resource.

use super::*;

#[test]
fn an_explicit_deny_is_over_all_and_nothing_is_refused_by_default_less() {
    let case = Case::new(ANN, BUCKET);
    let decision = case.decide("s3:GetObject");
    assert_eq!(decision.because, [Because::NothingAllows(Layer::Identity)]);
    assert_eq!(Case::new(ANN, BUCKET).may(json!([allow("s3:Get*", "*")])).answer("s3:getobject"), Yes);
    assert_eq!(Case::new(ANN, BUCKET).may(json!([allow("s3:Get*", "*")])).answer("s3:PutObject"), No);
    assert_eq!(Case::new(ANN, BUCKET).may(json!([allow("*", "arn:aws:s3:::DATA/*")])).answer("s3:GetObject"), No);
    let denied = Case::new(ANN, BUCKET).may(json!([allow("*", "*"), deny("s3:*", "arn:aws:s3:::data/*")]));
    let decision = denied.decide("s3:GetObject");
    assert_eq!(decision.answer, No);
    assert_eq!(decision.because[0].to_string(), "`statement 1` of identity policy `p` denies it");
    let by_resource = Case::new(ANN, BUCKET)
        .may(json!([allow("*", "*")]))
        .guarded(json!([{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]));
    assert_eq!(by_resource.answer("s3:GetObject"), No);
}

#[test]
fn exceptions_allow_and_deny_the_rest() {
    let case = Case::new(ANN, BUCKET).may(json!([
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:Put*", "NotResource": "arn:aws:s3:::data/*"},
    ]));
    assert_eq!((case.answer("s3:GetObject"), case.answer("iam:GetUser")), (Yes, No));
    assert_eq!(case.answer("s3:PutObject"), Yes, "the exception of the denial");
    let other = Case { resource: Resource::new("arn:aws:s3:::other/x").in_account("111122223333"), ..case };
    assert_eq!((other.answer("s3:PutObject"), other.answer("s3:GetObject")), (No, Yes));
}

#[test]
fn variables_count_only_in_the_policy_language_that_has_them() {
    let own = "arn:aws:s3:::data/${aws:username}/*";
    let case = Case::new(ANN, "arn:aws:s3:::data/ann/x").may(json!([allow("s3:*", own)]));
    assert_eq!(case.answer("s3:GetObject"), Yes);
    let bob =
        Case::new("arn:aws:iam::111122223333:user/bob", "arn:aws:s3:::data/ann/x").may(json!([allow("s3:*", own)]));
    assert_eq!(bob.answer("s3:GetObject"), No);
    let old = json!({"Version": "2008-10-17", "Statement": [allow("s3:*", own)]});
    let old = Arc::new(Policy::read("old", &old, Limits::default()).0);
    assert_eq!(Case { identity: vec![old], ..case }.answer("s3:GetObject"), No);
}

#[test]
fn conditions_that_are_not_known_leave_both_effects_undecided() {
    let mfa = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    let allowed = json!([{"Sid": "Mfa", "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": mfa}]);
    let open = |case: Case| Case { context: Context::open(), ..case };
    let decision = open(Case::new(ANN, BUCKET).may(allowed.clone())).decide("s3:GetObject");
    assert_eq!(decision.answer, May);
    let says = decision.undecided[0].to_string();
    assert_eq!(says, "`Mfa` of identity policy `p` allows it if Bool `aws:MultiFactorAuthPresent` is true");
    let known = Case::new(ANN, BUCKET).may(allowed.clone()).knowing("aws:multifactorauthpresent", "true");
    assert_eq!(known.answer("s3:GetObject"), Yes);
    assert_eq!(Case::new(ANN, BUCKET).may(allowed).answer("s3:GetObject"), No, "the request certainly has no such key");

    let without = json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}});
    let denied = json!([allow("*", "*"), {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": without}]);
    let decision = open(Case::new(ANN, BUCKET).may(denied.clone())).decide("s3:GetObject");
    assert_eq!((decision.answer, decision.undecided.len()), (May, 1), "{decision:?}");
    assert_eq!(Case::new(ANN, BUCKET).may(denied.clone()).answer("s3:GetObject"), No);
    let known = Case::new(ANN, BUCKET).may(denied).knowing("aws:MultiFactorAuthPresent", "true");
    assert_eq!(known.answer("s3:GetObject"), Yes);
}

#[test]
fn a_boundary_and_a_session_policy_only_take_away() {
    let all = json!([allow("*", "*")]);
    let s3 = json!([allow("s3:*", "*")]);
    let bounded = Case::new(ANN, BUCKET).may(all.clone()).bounded(s3.clone());
    assert_eq!((bounded.answer("s3:GetObject"), bounded.answer("ec2:RunInstances")), (Yes, No));
    assert_eq!(bounded.decide("ec2:RunInstances").because, [Because::NothingAllows(Layer::Boundary)]);
    assert_eq!(Case::new(ANN, BUCKET).bounded(s3.clone()).answer("s3:GetObject"), No, "it grants nothing");
    let session = Case::new(ROLE, BUCKET).may(all.clone()).in_session(s3.clone());
    assert_eq!((session.answer("s3:GetObject"), session.answer("ec2:RunInstances")), (Yes, No));
    let denied = Case::new(ROLE, BUCKET).may(all.clone()).in_session(json!([allow("*", "*"), deny("s3:*", "*")]));
    assert_eq!(denied.answer("s3:GetObject"), No);
    let root = Case::new("arn:aws:iam::111122223333:root", BUCKET).bounded(json!([deny("*", "*")]));
    assert_eq!(root.answer("s3:GetObject"), Yes, "nothing bounds a root user");
}

#[test]
fn a_resource_grants_within_its_account_by_itself() {
    let nothing = json!([allow("sts:GetCallerIdentity", "*")]);
    let to = |named: Value| json!([grant(named, "s3:GetObject")]);
    let user = Case::new(ANN, BUCKET).guarded(to(json!({"AWS": ANN})));
    assert_eq!(user.answer("s3:GetObject"), Yes);
    let bounded = Case::new(ANN, BUCKET).guarded(to(json!({"AWS": ANN}))).bounded(nothing.clone());
    assert_eq!(bounded.answer("s3:GetObject"), Yes, "a boundary does not limit a grant to the user");
    let role = Case::new(ROLE, BUCKET).guarded(to(json!({"AWS": ROLE})));
    assert_eq!(role.answer("s3:GetObject"), Yes);
    let role = Case::new(ROLE, BUCKET).guarded(to(json!({"AWS": ROLE}))).bounded(nothing.clone());
    assert_eq!(role.answer("s3:GetObject"), No, "a boundary limits a grant to the role");
    let named = "arn:aws:sts::111122223333:assumed-role/worker/one";
    let session = Case::new(named, BUCKET).guarded(to(json!({"AWS": named}))).bounded(nothing.clone());
    assert_eq!(session.answer("s3:GetObject"), Yes, "but not one to the session");
    let other =
        Case::new("arn:aws:sts::111122223333:assumed-role/worker/two", BUCKET).guarded(to(json!({"AWS": named})));
    assert_eq!(other.answer("s3:GetObject"), No);
    let account = Case::new(ANN, BUCKET).guarded(to(json!({"AWS": "111122223333"})));
    assert_eq!(account.answer("s3:GetObject"), No, "to name the account is to leave it to identity policies");
    let everyone = Case::new(ROLE, BUCKET).guarded(to(json!("*"))).bounded(nothing);
    assert_eq!(everyone.answer("s3:GetObject"), May, "not documented");
    let denied = Case::new(ANN, BUCKET).guarded(to(json!({"AWS": ANN}))).may(json!([deny("s3:*", "*")]));
    assert_eq!(denied.answer("s3:GetObject"), No);
}

#[test]
fn nobody_but_those_who_are_named() {
    let account = "arn:aws:iam::111122223333:root";
    let but =
        |named: Value| json!([{"Effect": "Deny", "NotPrincipal": {"AWS": named}, "Action": "s3:*", "Resource": "*"}]);
    let case = |named: Value| Case::new(ANN, BUCKET).may(json!([allow("*", "*")])).guarded(but(named));
    assert_eq!(case(json!([ANN, account])).answer("s3:GetObject"), Yes);
    assert_eq!(case(json!(["arn:aws:iam::111122223333:user/bob", account])).answer("s3:GetObject"), May);
    assert_eq!(case(json!(["arn:aws:iam::999922223333:user/bob"])).answer("s3:GetObject"), No);
    let bounded = case(json!([ANN, account])).bounded(json!([allow("*", "*")]));
    assert_eq!(bounded.answer("s3:GetObject"), No, "who has a boundary is always denied");
}

#[test]
fn what_is_not_given_is_undecided_where_it_could_matter() {
    let all = json!([allow("*", "*")]);
    let unknown = |case: Case| Case { resource_policy: None, ..case };
    assert_eq!(unknown(Case::new(ANN, BUCKET).may(all.clone())).answer("s3:GetObject"), May);
    assert_eq!(unknown(Case::new(ANN, ANN).may(all.clone())).answer("iam:CreateAccessKey"), Yes, "users have none");
    assert_eq!(unknown(Case::new(ANN, BUCKET).may(json!([deny("*", "*")]))).answer("s3:GetObject"), No);
    let mut case = Case::new(ANN, BUCKET).may(all);
    case.identity.push(Arc::new(Policy::missing("arn:aws:iam::aws:policy/Other")));
    let decision = case.decide("s3:GetObject");
    assert_eq!(decision.answer, May, "it may deny");
    assert!(decision.undecided[0].to_string().contains("Other"), "{}", decision.undecided[0]);
    case.identity[1] = Arc::new(Policy::missing_allowing("arn:aws:iam::aws:policy/Other"));
    assert_eq!(case.answer("s3:GetObject"), Yes);
}
