//! Policies of an organisation, from the root to the account.

use super::*;

fn level(id: &str, allows: Option<Value>, refuses: Option<Value>) -> Level {
    let list = |statements: Option<Value>| statements.map(|statements| vec![Arc::new(policy(statements))]);
    Level { id: id.into(), service_control: list(allows), resource_control: list(refuses).unwrap_or_default() }
}

fn organization(levels: Vec<Level>) -> Option<Organization> {
    let accounts = [("111122223333".into(), levels)].into_iter().collect();
    Some(Organization { id: Some("o-ours".into()), management: Some("000022223333".into()), accounts })
}

fn all() -> Option<Value> {
    Some(json!([allow("*", "*")]))
}

fn case(levels: Vec<Level>) -> Case {
    let ours = organization(levels);
    Case { principal_in: ours.clone(), resource_in: ours, ..Case::new(ANN, BUCKET).may(all().unwrap()) }
}

#[test]
fn every_level_has_to_allow() {
    let s3 = Some(json!([allow("s3:*", "*")]));
    let ec2 = Some(json!([allow("ec2:*", "*")]));
    let ask = |levels: Vec<Level>| case(levels).answer("s3:GetObject");
    let root = || level("r-1", all(), None);
    assert_eq!(ask(vec![root(), level("ou-1", all(), None), level("111122223333", s3.clone(), None)]), Yes);
    assert_eq!(ask(vec![root(), level("ou-1", ec2.clone(), None), level("111122223333", s3, None)]), No);
    assert_eq!(ask(vec![root(), level("ou-1", Some(json!([])), None)]), No, "given and empty allows nothing");
    assert_eq!(ask(vec![root(), level("ou-1", None, None)]), Yes, "not in use");
    let denied = Some(json!([allow("*", "*"), deny("s3:Get*", "*")]));
    let decision = case(vec![level("r-1", denied, None)]).decide("s3:GetObject");
    assert_eq!(decision.answer, No);
    assert_eq!(decision.because[0].to_string(), "`statement 1` of service control policy at r-1 `p` denies it");
}

#[test]
fn a_resource_policy_does_not_lift_what_the_organisation_withholds() {
    let granted = case(vec![level("r-1", Some(json!([allow("ec2:*", "*")])), None)])
        .guarded(json!([grant(json!({"AWS": ANN}), "s3:*")]));
    assert_eq!(granted.answer("s3:GetObject"), No);
    let root = Case { principal: Principal::root("111122223333"), ..granted };
    assert_eq!(root.answer("s3:GetObject"), No, "root users of members are limited");
    let linked = Principal::role("arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/R");
    assert_eq!(Case { principal: linked, ..root }.answer("s3:GetObject"), Yes, "service-linked roles are not");
}

#[test]
fn the_management_account_is_exempt() {
    let manager = "arn:aws:iam::000022223333:user/ann";
    let mut ours = organization(vec![level("r-1", Some(json!([])), None)]).unwrap();
    ours.accounts.insert("000022223333".into(), vec![level("r-1", Some(json!([])), None)]);
    let case = Case { principal_in: Some(ours.clone()), ..Case::new(manager, "arn:aws:ec2:x:000022223333:instance/i") };
    let case = Case { resource_in: Some(ours.clone()), ..case }.may(all().unwrap());
    assert_eq!(case.answer("ec2:StopInstances"), Yes);
    ours.management = None;
    assert_eq!(Case { principal_in: Some(ours), ..case }.answer("ec2:StopInstances"), May, "it could be the manager");
}

#[test]
fn resource_control_holds_against_everybody_but_service_linked_roles() {
    let refuses = json!([{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-ours"},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    }]);
    let levels = vec![level("r-1", all(), Some(refuses))];
    let ours = organization(levels.clone());
    assert_eq!(case(levels).answer("s3:GetObject"), Yes, "one of ours");
    let eve = Case::new("arn:aws:iam::999922223333:user/eve", BUCKET).may(all().unwrap());
    let eve = Case { resource_in: ours.clone(), ..eve }.guarded(json!([grant(json!("*"), "s3:*")]));
    let eve = Case { principal_in: Some(Organization::default()), ..eve };
    let decision = eve.decide("s3:GetObject");
    assert_eq!(decision.answer, No);
    assert!(decision.because[0].to_string().contains("resource control policy at r-1"), "{}", decision.because[0]);
    let anybody =
        Case { resource_in: ours.clone(), ..Case::new("*", BUCKET) }.guarded(json!([grant(json!("*"), "s3:*")]));
    assert_eq!(anybody.answer("s3:GetObject"), No);
    let service = Case { resource_in: ours, ..Case::new("sns.amazonaws.com", BUCKET) };
    assert_eq!(
        service.guarded(json!([grant(json!({"Service": "sns.amazonaws.com"}), "s3:*")])).answer("s3:PutObject"),
        Yes
    );
}

#[test]
fn an_organisation_that_is_not_given_may_limit() {
    let unknown = Case { principal_in: None, resource_in: None, ..Case::new(ANN, ANN).may(all().unwrap()) };
    let decision = unknown.decide("iam:CreateAccessKey");
    assert_eq!(decision.answer, May);
    assert_eq!(decision.undecided.len(), 1, "resource control policies do not cover IAM");
    assert_eq!(Case { identity: Vec::new(), ..unknown }.answer("iam:CreateAccessKey"), No);
}

#[test]
fn the_path_in_the_organisation_is_a_key() {
    let levels = vec![level("r-1", all(), None), level("ou-1", all(), None), level("111122223333", all(), None)];
    let guarded = json!([{
        "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*",
        "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-ours/r-1/ou-1/*"}},
    }]);
    let case = Case { identity: Vec::new(), ..case(levels) }.guarded(guarded);
    assert_eq!(case.answer("s3:GetObject"), Yes);
}
