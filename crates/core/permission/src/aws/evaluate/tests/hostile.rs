//! Policies made to take long: the bound is kept, and said.

use super::*;

fn parsed(statements: Vec<Value>) -> Arc<Policy> {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    Arc::new(Policy::read("hostile", &document, Limits::default()).0)
}

#[test]
fn a_policy_of_nested_wildcards_is_left_undecided_at_the_bound() {
    let pattern = format!("*{}b", "a".repeat(1_000));
    let hostile = parsed(vec![json!({"Effect": "Deny", "Action": "*", "Resource": vec![pattern; 500]})]);
    let all = Arc::new(Policy::allow_all("all"));
    let case = Case { identity: vec![all, hostile], ..Case::new(ANN, &"a".repeat(2_000)) };
    let decision = case.decide("s3:GetObject");
    assert_eq!(decision.answer, May, "it could not be said that nothing denies it");
    assert!(decision.undecided[0].what.contains("the bound of 50000000"), "{}", decision.undecided[0]);
}

#[test]
fn many_statements_and_values_are_decided() {
    let statement =
        |at: usize| json!({"Effect": "Allow", "Action": format!("x{at}:*"), "Resource": format!("arn:aws:x:::{at}/*")});
    let mut statements: Vec<Value> = (0..9_998).map(statement).collect();
    let values: Vec<String> = (0..90_000).map(|at| format!("v-{at}")).collect();
    let condition = json!({"StringEquals": {"x:y": values}, "StringNotLike": {"x:z": values}});
    statements.push(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}));
    let case = Case { identity: vec![parsed(statements)], ..Case::new(ANN, BUCKET) };
    let known = case.knowing("x:y", "v-89999").knowing("x:z", "w");
    assert_eq!((known.answer("s3:GetObject"), known.answer("x7:Do")), (Yes, No));
    assert_eq!(known.knowing("x:z", "v-1").answer("s3:GetObject"), No);
}

#[test]
fn a_question_about_patterns_keeps_the_bound() {
    let patterns: Vec<String> = (0..400).map(|at| format!("{}{at}", "*a".repeat(500))).collect();
    let hostile = parsed(vec![
        json!({"Effect": "Allow", "Action": "*", "Resource": patterns, "Condition": {"Null": {"x:y": "false"}}}),
    ]);
    let (principal, context) = (Principal::user(ANN), Context::closed());
    let policies = Policies { identity: &[hostile], principal_in: Membership::Standalone, ..Policies::default() };
    let pattern = "*b".repeat(500);
    let question = crate::aws::Question {
        principal: &principal,
        action: "ec2:x",
        pattern: &pattern,
        account: None,
        context: &context,
    };
    let found = crate::aws::anywhere(&question, &policies);
    assert!(found.answer != Yes && found.decision.undecided.len() <= 1, "{found:?}");
}
