//! What is read, and what becomes of what cannot be read.

use super::*;
use crate::aws::{Answer, Context, Principal, Resource, ResourcePolicy};
use crate::aws::{Policies, Request, answer};
use proptest::prelude::*;
use std::sync::Arc;

fn parse(text: &str) -> (Policy, Vec<Problem>) {
    Policy::parse("p", text, Limits::default())
}

/// What a user with this policy and another that allows everything may do: shows denials as well.
fn both(policy: &Policy) -> (Answer, Answer) {
    let (principal, resource) = (Principal::user("arn:aws:iam::111122223333:user/ann"), Resource::new("*"));
    let request = Request { principal: &principal, action: "ec2:run", resource: &resource, context: &Context::open() };
    let standalone = crate::aws::Membership::Standalone;
    let ask = |identity: &[Arc<Policy>]| {
        let base = Policies { principal_in: standalone, resource_in: standalone, ..Policies::default() };
        answer(&request, &Policies { identity, resource: ResourcePolicy::Absent, ..base })
    };
    let own = Arc::new(policy.clone());
    (ask(std::slice::from_ref(&own)), ask(&[own, Arc::new(Policy::allow_all("all"))]))
}

#[test]
fn what_cannot_be_read_may_allow_and_may_deny() {
    use Answer::{May, No, Yes};
    let table = [
        (r#"{"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}"#, (Yes, Yes), 0),
        (r#"{"Statement":[]}"#, (No, Yes), 0),
        (r#"{"Statement":[{"Effect":"Deny","Action":["EC2:Run"],"Resource":["*"]}]}"#, (No, No), 0),
        ("", (May, May), 1),
        ("[]", (May, May), 1),
        ("{}", (May, May), 1),
        (r#"{"Statement":"x"}"#, (May, May), 1),
        (r#"{"Statement":[7]}"#, (May, May), 1),
        (r#"{"Statement":{"Effect":"Allow","Action":7,"Resource":"*"}}"#, (May, Yes), 1),
        (r#"{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}"#, (May, Yes), 1),
        (r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#, (May, Yes), 1),
        (r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#, (May, Yes), 0),
        (r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#, (May, May), 1),
        (r#"{"Statement":{"Effect":"Deny","Action":"ec2:*","Resource":{"x":1}}}"#, (No, May), 1),
        (r#"{"Statement":{"Effect":"Deny","Action":"s3:*","Resource":{"x":1}}}"#, (No, Yes), 1),
        (r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"x","Resource":"*"}}"#, (May, Yes), 1),
        (r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{}}}"#, (May, Yes), 1),
        (r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":[]}}"#, (May, Yes), 1),
        (r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Is":{"a":"b"}}}}"#, (May, Yes), 1),
        (r#"{"Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}}"#, (No, May), 1),
        (r#"{"Statement":[],"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#, (May, May), 1),
    ];
    for (text, answers, problems) in table {
        let (policy, met) = parse(text);
        assert_eq!((both(&policy), met.len()), (answers, problems), "{text} {met:?}");
    }
}

#[test]
fn text_with_percent_encoding_is_read() {
    let encoded = "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22ec2%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D";
    let (policy, problems) = Policy::read("p", &Value::String(encoded.to_owned()), Limits::default());
    assert!(problems.is_empty() && both(&policy).0 == Answer::Yes);
}

#[test]
fn limits_are_reported_and_leave_the_rest_undecided() {
    let statement = r#"{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#;
    let many = format!(r#"{{"Statement":[{}]}}"#, vec![statement; 10_001].join(","));
    let (policy, problems) = parse(&many);
    assert_eq!((policy.len(), problems.len()), (10_000, 1));
    assert!(problems[0].reason.contains("10001 statements"), "{}", problems[0].reason);
    assert_eq!(both(&policy), (Answer::May, Answer::May));

    let long = "a".repeat((1 << 20) + 1);
    assert!(parse(&long).1[0].reason.contains("more than the 1048576 that are read"));
    let item = format!(r#"{{"Statement":{{"Effect":"Allow","Action":"{}","Resource":"*"}}}}"#, "*?".repeat(2000));
    let (policy, problems) = parse(&item);
    assert_eq!((both(&policy).0, problems.len()), (Answer::May, 1));
    let bad = format!(r#"{{"Statement":[{}]}}"#, vec!["7"; 500].join(","));
    let (_, problems) = parse(&bad);
    assert_eq!(problems.len(), 65);
    assert!(problems[64].reason.contains("436 more problems"));
    assert!(parse(&"[".repeat(100_000)).0.unread.is_some());
}

#[test]
fn principals_are_told_apart() {
    for (text, named) in [
        ("*", Named::Everyone),
        ("111122223333", Named::Account(Text::new("111122223333"))),
        ("arn:aws:iam::111122223333:root", Named::Account(Text::new("111122223333"))),
        ("arn:aws:iam::111122223333:role/root", Named::Arn(Text::new("arn:aws:iam::111122223333:role/root"))),
        ("AROAEXAMPLEEXAMPLE123", Named::Id(Text::new("AROAEXAMPLEEXAMPLE123"))),
        ("arn:aws:iam::111122223333:role/*", Named::Unread(Text::new("arn:aws:iam::111122223333:role/*"))),
        ("somebody", Named::Unread(Text::new("somebody"))),
    ] {
        assert_eq!(aws(text), named, "{text}");
    }
}

/// Policies that are spoilt in the next test: most elements of the language are in them.
const SEEDS: [&str; 2] = [
    r#"{"Version":"2012-10-17","Statement":{"Sid":"a","Effect":"Allow","Principal":{"AWS":"*","Service":["x"]},"NotAction":"s3:*","Resource":["arn:aws:s3:::${aws:username}/*","*a*?b"],"Condition":{"ForAnyValue:StringLikeIfExists":{"a:b":["x","${aws:PrincipalTag/t, 'd'}"]},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"DateLessThan":{"aws:CurrentTime":"2024-01-01"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}}}"#,
    r#"{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:root"]},"Action":["*","iam:*ü?"],"NotResource":"arn:aws:iam::*:role/a*"},{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn spoilt_policies_are_read_and_decided(
        seed in 0..2_usize,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..12),
    ) {
        let mut bytes = SEEDS[seed].as_bytes().to_vec();
        for (place, byte, kind) in edits {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, b"\"{}[]*?$,:"[usize::from(byte) % 10]),
                _ => drop(bytes.remove(at)),
            }
        }
        let (policy, problems) = parse(&String::from_utf8_lossy(&bytes));
        prop_assert!(problems.iter().all(|problem| !problem.reason.is_empty() && !problem.hint.is_empty()));
        let (alone, with_all) = both(&policy);
        prop_assert!(policy.unread.is_none() || (alone != Answer::Yes && with_all != Answer::Yes));
        prop_assert!(with_all >= alone, "another allowance took away");
    }
}
