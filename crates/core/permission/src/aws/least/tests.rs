//! Proposals and their proofs on small policies; the packaged incident is the program's test.

use super::*;
use crate::aws::context::Context;
use firebreak_model::Time;
use serde_json::json;

const ACCOUNT: &str = "111122223333";

fn user(documents: &[Value]) -> Identity {
    let arn = "arn:aws:iam::111122223333:user/u";
    identity(arn, Principal::user(arn), documents)
}

fn role(documents: &[Value]) -> Identity {
    let arn = "arn:aws:iam::111122223333:role/r";
    identity(arn, Principal::role(arn), documents)
}

fn identity(arn: &str, principal: Principal, documents: &[Value]) -> Identity {
    let granted = documents.iter().map(|document| Granted::new("p", None, document)).collect();
    Identity { arn: Text::new(arn), principal, granted, absent: Vec::new(), boundary: None, groups: Vec::new() }
}

fn allow(actions: Value, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "S", "Effect": "Allow", "Action": actions, "Resource": resource}]})
}

fn call(action: &str, resource: Option<&str>) -> Call {
    let (action, resource) = (Text::new(action), resource.map(Text::new));
    Call { action, resource, context: Context::open(), time: Time::from_seconds(5) }
}

/// What is proposed after these calls, which are all that is recorded, and the proof by the same calls.
fn proposed(identity: &Identity, calls: &[Call]) -> (Proposal, Proof) {
    let (mut usage, mut watch) = (Usage::default(), Watch::default());
    watch.note(ACCOUNT, &call("ec2:DescribeInstances", None));
    for call in calls {
        usage.note(identity, call);
        watch.note(ACCOUNT, call);
    }
    let proposal = propose(identity, &usage, &watch, false);
    let documents: Vec<Granted> = proposal.documents.iter().map(|one| Granted::new("new", None, one)).collect();
    let mut prover = Prover::new(identity, &documents, &[], &[]);
    calls.iter().for_each(|call| prover.ask(call));
    (proposal, prover.finish())
}

fn text(proposal: &Proposal) -> String {
    Value::Array(proposal.documents.clone()).to_string()
}

#[test]
fn what_was_not_used_goes_and_what_was_stays_where_it_was() {
    let identity = user(&[allow(json!(["iam:List*", "iam:CreateUser", "ec2:*"]), "*")]);
    let (proposal, proof) = proposed(&identity, &[call("iam:ListUsers", None), call("ec2:RunInstances", None)]);
    let said = text(&proposal);
    assert!(said.contains("iam:ListUsers") && said.contains("ec2:RunInstances"), "{said}");
    assert!(!said.contains("iam:CreateUser") && !said.contains("ec2:*") && !said.contains("iam:List*"), "{said}");
    assert_eq!((proof.calls, proof.allowed, proof.still, proof.denied_calls), (2, 2, 2, 0));
    assert!(proposal.fits && !proposal.idle);
}

#[test]
fn denials_and_conditions_stay_as_they_are_written() {
    let condition = json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}});
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["sqs:*", "sns:Publish", "kms:Decrypt", "kms:Encrypt"], "Resource": "*", "Condition": condition},
        {"Effect": "Deny", "NotAction": "sts:*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
    ]});
    let identity = user(&[document]);
    let (proposal, proof) =
        proposed(&identity, &[call("kms:Decrypt", Some("arn:aws:kms:eu-west-1:111122223333:key/1"))]);
    let statements = proposal.documents[0]["Statement"].as_array().unwrap();
    assert_eq!((&statements[0]["Effect"], &statements[0]["NotAction"]), (&json!("Deny"), &json!("sts:*")));
    assert_eq!(statements[1]["Condition"], condition);
    assert!(!text(&proposal).contains("kms:Encrypt"));
    assert_eq!((proof.allowed, proof.still), (1, 1), "may stays may");
}

/// A trail without data events proves nothing of objects; one that has them does, for the buckets that it shows.
#[test]
fn silence_of_a_trail_that_does_not_look_is_not_unused() {
    let both = || allow(json!(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]), "arn:aws:s3:::b/*");
    let identity = user(&[both()]);
    let (proposal, _) = proposed(&identity, &[]);
    assert!(text(&proposal).contains("s3:GetObject") && text(&proposal).contains("s3:PutObject"));
    assert!(proposal.kept.iter().any(|kept| kept.why.contains("does not show")), "{:?}", proposal.kept);
    let (proposal, _) = proposed(&identity, &[call("s3:GetObject", Some("arn:aws:s3:::b/k"))]);
    assert!(text(&proposal).contains("s3:PutObject"), "a trail may record reads alone");
    let other = call("s3:DeleteObject", Some("arn:aws:s3:::b/k"));
    let (proposal, proof) = proposed(&identity, &[call("s3:GetObject", Some("arn:aws:s3:::b/k")), other]);
    assert!(text(&proposal).contains("s3:GetObject") && !text(&proposal).contains("s3:PutObject"));
    assert_eq!(proof.denied_calls, 0);
    let elsewhere = user(&[allow(json!(["s3:GetObject", "s3:PutObject"]), "arn:aws:s3:::other/*")]);
    let (proposal, _) = proposed(&elsewhere, &[call("s3:GetObject", Some("arn:aws:s3:::b/k"))]);
    assert!(text(&proposal).contains("s3:PutObject"), "of the other bucket nothing is recorded");
}

/// Whoever becomes a role leaves an event, whatever the role then reads.
#[test]
fn a_role_that_nobody_took_used_nothing_and_a_user_may_have() {
    let all = || allow(json!("*"), "*");
    let (proposal, _) = proposed(&role(&[all()]), &[]);
    assert!(proposal.idle && proposal.documents.is_empty());
    let (proposal, _) = proposed(&user(&[all()]), &[]);
    assert!(!proposal.idle && text(&proposal).contains("s3:getobject*"));
    assert!(!text(&proposal).contains("iam:"), "{}", text(&proposal));
}

#[test]
fn a_role_is_passed_without_an_event() {
    let identity =
        user(&[allow(json!(["iam:PassRole", "iam:CreateUser", "ec2:RunInstances", "ec2:DescribeInstances"]), "*")]);
    let (reader, _) = proposed(&identity, &[call("ec2:DescribeInstances", None)]);
    assert!(!text(&reader).contains("PassRole"), "{}", text(&reader));
    let (writer, _) = proposed(&identity, &[call("ec2:RunInstances", None)]);
    assert!(text(&writer).contains("iam:PassRole") && !text(&writer).contains("CreateUser"));
}

#[test]
fn a_call_that_no_grant_explains_keeps_its_service() {
    let identity = user(&[allow(json!(["glue:Get*", "glue:StartJobRun", "athena:GetWorkGroup"]), "*")]);
    let (proposal, proof) = proposed(&identity, &[call("glue:Strange", None)]);
    assert!(text(&proposal).contains("glue:StartJobRun") && text(&proposal).contains("glue:Get*"));
    assert!(!text(&proposal).contains("athena"));
    assert_eq!((proof.unexplained, proof.allowed), (1, 0));
}

#[test]
fn all_but_some_becomes_what_was_used_of_it() {
    let document =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}});
    let (proposal, proof) = proposed(&role(&[document]), &[call("ec2:StopInstances", None)]);
    let said = text(&proposal);
    assert!(
        said.contains("ec2:StopInstances") && !said.contains("NotAction") && !said.contains("\"*\",\"Effect"),
        "{said}"
    );
    assert_eq!(proof.still, 1);
}

#[test]
fn what_cannot_be_read_stays() {
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ec2:*", "Resource": "*", "Condition": "odd"}]});
    let (proposal, _) = proposed(&user(&[document]), &[]);
    assert!(text(&proposal).contains("ec2:*") && proposal.kept[0].why == "it could not be read");
}

#[test]
fn the_prover_finds_what_a_worse_proposal_would_refuse() {
    let identity = user(&[allow(json!("ec2:*"), "*")]);
    let worse = [Granted::new("new", None, &allow(json!("ec2:Describe*"), "*"))];
    let mut prover = Prover::new(&identity, &worse, &[], &[]);
    prover.ask(&call("ec2:RunInstances", None));
    prover.ask(&call("ec2:DescribeVpcs", None));
    let proof = prover.finish();
    assert_eq!((proof.still, proof.denied_calls), (1, 1));
    assert_eq!(&*proof.denied[0].action, "ec2:RunInstances");
}

#[test]
fn known_actions_count_what_patterns_grant() {
    let mut known = Known::default();
    ["ec2:RunInstances", "ec2:DescribeVpcs", "iam:CreateUser", "ec2:*"]
        .into_iter()
        .for_each(|action| known.add(action));
    let identity = user(&[allow(json!("ec2:*"), "*")]);
    assert_eq!((known.len(), known.granted(&identity.granted).len()), (3, 2));
    assert_eq!(known.proposed(&identity, &[allow(json!("ec2:RunInstances"), "*")]).len(), 1);
}

#[test]
fn what_was_taken_away_and_missed_is_kept_where_it_is_granted() {
    let documents = [allow(json!(["ec2:*", "sqs:SendMessage"]), "*")];
    let propose = |identity: &Identity, missed: &[&str]| {
        let (mut usage, mut watch) = (Usage::default(), Watch::default());
        watch.note(ACCOUNT, &call("ec2:DescribeInstances", None));
        usage.note(identity, &call("ec2:RunInstances", None));
        missed.iter().for_each(|action| usage.miss(action));
        super::propose(identity, &usage, &watch, true)
    };
    let before = propose(&user(&documents), &[]);
    assert!(!text(&before).contains("ec2:StopInstances"));
    let after = propose(&user(&documents), &["ec2:StopInstances", "iam:CreateUser"]);
    assert!(text(&after).contains("ec2:StopInstances") && !text(&after).contains("iam:CreateUser"), "{}", text(&after));
    assert!(after.kept.iter().any(|kept| &*kept.action == "ec2:StopInstances" && kept.why.contains("missed")));
}

#[test]
fn only_what_the_new_policies_took_away_counts_as_lost() {
    let loss = |before: Value, after: Value, beside: Vec<Value>| Loss {
        arn: Text::new("arn:aws:iam::111122223333:user/u"),
        before: vec![before],
        after: vec![after],
        beside,
    };
    let (wide, narrow) = (|| allow(json!("s3:*"), "*"), || allow(json!("s3:GetObject"), "arn:aws:s3:::b/*"));
    let took = |loss: &Loss, action, resource| loss.took(&call(action, resource));
    let narrowed = loss(wide(), narrow(), Vec::new());
    assert!(took(&narrowed, "s3:PutObject", Some("arn:aws:s3:::b/k")));
    assert!(took(&narrowed, "s3:GetObject", Some("arn:aws:s3:::other/k")), "the resource counts");
    assert!(!took(&narrowed, "s3:GetObject", Some("arn:aws:s3:::b/k")), "that is granted still");
    assert!(!took(&narrowed, "iam:CreateUser", None), "that was never granted");
    let grouped = loss(wide(), narrow(), vec![wide()]);
    assert!(!took(&grouped, "s3:PutObject", Some("arn:aws:s3:::b/k")), "a group grants it still");
    let deny = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}});
    assert!(
        !took(&loss(wide(), narrow(), vec![deny]), "s3:PutObject", Some("arn:aws:s3:::b/k")),
        "it was denied before"
    );
}
