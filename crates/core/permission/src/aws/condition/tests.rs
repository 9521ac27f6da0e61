//! Each operator and qualifier, in tables of facts.

use super::*;
use crate::aws::context::Context;
use crate::aws::principal::{Principal, Resource};
use Answer::{May, No, Yes};
use serde_json::json;

fn holds(operator: &str, key: &str, values: Value, context: &Context) -> Answer {
    let (principal, resource) = (Principal::user("arn:aws:iam::111122223333:user/ann"), Resource::new("*"));
    let condition = Condition::read(operator, key, &values, true, 2048).expect("known operator");
    condition.holds(&View::new(&principal, &resource, context), &mut Work::default())
}

fn is(operator: &str, wanted: Value, given: &[&str]) -> Answer {
    holds(operator, "x:Key", wanted, &Context::default().with("X:key", given.iter()))
}

#[test]
fn operators_compare_as_documented() {
    let table = [
        ("StringEquals", json!("a"), "a", Yes),
        ("StringEquals", json!("a*"), "ab", No),
        ("StringEquals", json!(["b", "a"]), "A", No),
        ("StringNotEquals", json!(["b", "a"]), "a", No),
        ("StringNotEquals", json!(["b", "a"]), "c", Yes),
        ("StringEqualsIgnoreCase", json!("AbC"), "aBc", Yes),
        ("StringNotEqualsIgnoreCase", json!("AbC"), "aBc", No),
        ("StringLike", json!("a?c*"), "abcd", Yes),
        ("StringLike", json!("${aws:username}-*"), "ann-1", Yes),
        ("StringEquals", json!("${aws:username}"), "ann", Yes),
        ("StringNotLike", json!(["x*", "a*"]), "ab", No),
        ("NumericEquals", json!("10"), "10.0", Yes),
        ("NumericNotEquals", json!(10), "10", No),
        ("NumericLessThan", json!(10), "9", Yes),
        ("NumericLessThanEquals", json!("10"), "10", Yes),
        ("NumericGreaterThan", json!(9007199254740993_i64), "9007199254740992", No),
        ("NumericGreaterThanEquals", json!("-1"), "ten", No),
        ("DateGreaterThan", json!("2024-01-01T00:00:00Z"), "2024-01-02T00:00:00Z", Yes),
        ("DateLessThan", json!("2024-01-01"), "2024-01-01T00:00:00Z", No),
        ("DateLessThanEquals", json!("1704067200"), "2024-01-01T00:00:00Z", Yes),
        ("DateNotEquals", json!("2024-01-01T00:00:00Z"), "2024-01-01T01:00:00+01:00", No),
        ("Bool", json!("true"), "True", Yes),
        ("Bool", json!(false), "true", No),
        ("BinaryEquals", json!("QmluYXJ5"), "QmluYXJ5", Yes),
        ("IpAddress", json!("203.0.113.0/24"), "203.0.113.77", Yes),
        ("IpAddress", json!("203.0.113.0/24"), "203.0.114.1", No),
        ("IpAddress", json!("0.0.0.0/0"), "8.8.8.8", Yes),
        ("IpAddress", json!("2001:db8::/32"), "2001:db8:1::1", Yes),
        ("IpAddress", json!("2001:db8::/32"), "203.0.113.7", No),
        ("NotIpAddress", json!(["203.0.113.7", "10.0.0.0/8"]), "10.1.1.1", No),
        ("ArnLike", json!("arn:aws:iam::*:role/x-*"), "arn:aws:iam::1:role/x-y/z", Yes),
        ("ArnEquals", json!("arn:aws:sns:*:111122223333:t"), "arn:aws:sns:eu-west-1:111122223333:t", Yes),
        ("ArnLike", json!("arn:aws:sns:*:t:x"), "arn:aws:sns:eu-west-1:111122223333:t:x", No),
        ("ArnLike", json!("arn:*:111122223333:t"), "arn:aws:sns:eu-west-1:111122223333:t", May),
        ("ArnLike", json!("*"), "arn:aws:sns:eu-west-1:111122223333:t", Yes),
        ("ArnNotLike", json!("arn:aws:iam::1:role/*"), "arn:aws:iam::1:user/a", Yes),
        ("Null", json!("false"), "x", Yes),
        ("Null", json!("true"), "x", No),
    ];
    for (operator, wanted, given, answer) in table {
        assert_eq!(is(operator, wanted.clone(), &[given]), answer, "{operator} {wanted} {given}");
    }
}

#[test]
fn an_absent_key_is_decided_by_the_operator() {
    let absent = Context::default().without("x:key");
    for (operator, answer) in [
        ("StringEquals", No),
        ("StringNotEquals", Yes),
        ("StringNotLike", Yes),
        ("ArnNotEquals", Yes),
        ("NotIpAddress", Yes),
        ("NumericNotEquals", Yes),
        ("NumericLessThan", No),
        ("StringEqualsIfExists", Yes),
        ("StringNotEqualsIfExists", Yes),
        ("BoolIfExists", Yes),
        ("ForAllValues:StringEquals", Yes),
        ("ForAnyValue:StringEquals", No),
        ("ForAnyValue:StringNotEquals", No),
        ("ForAnyValue:StringLikeIfExists", Yes),
    ] {
        assert_eq!(holds(operator, "x:key", json!("1"), &absent), answer, "{operator}");
    }
    assert_eq!(holds("Null", "x:key", json!("true"), &absent), Yes);
    assert_eq!(holds("Null", "x:key", json!(false), &absent), No);
    assert_eq!(holds("Null", "x:key", json!(["true", "false"]), &absent), Yes);
    for operator in ["StringEquals", "StringNotEquals", "ForAllValues:StringEquals", "Null", "BoolIfExists"] {
        assert_eq!(holds(operator, "x:key", json!("true"), &Context::default()), May, "{operator}: nothing is known");
    }
}

#[test]
fn qualifiers_range_over_the_values_of_the_request() {
    let (two, wanted) = (["a", "b"], json!(["a", "c"]));
    for (operator, given, answer) in [
        ("ForAllValues:StringEquals", &two[..], No),
        ("ForAllValues:StringEquals", &two[..1], Yes),
        ("ForAllValues:StringEquals", &[], Yes),
        ("ForAnyValue:StringEquals", &two[..], Yes),
        ("ForAnyValue:StringEquals", &two[1..], No),
        ("ForAnyValue:StringEquals", &[], No),
        ("ForAllValues:StringNotEquals", &two[..], No),
        ("ForAllValues:StringNotEquals", &two[1..], Yes),
        ("ForAnyValue:StringNotEquals", &two[..], Yes),
        ("ForAnyValue:StringNotEquals", &two[..1], No),
        ("StringEquals", &two[..], May),
    ] {
        assert_eq!(is(operator, wanted.clone(), given), answer, "{operator} {given:?}");
    }
}

#[test]
fn a_value_that_cannot_be_read_is_undecided_and_only_then() {
    assert_eq!(is("IpAddress", json!(["999.1.1.1", "10.0.0.0/8"]), &["10.0.0.1"]), Yes);
    assert_eq!(is("IpAddress", json!(["999.1.1.1", "10.0.0.0/8"]), &["11.0.0.1"]), May);
    assert_eq!(is("NotIpAddress", json!(["10.0.0.0/99"]), &["11.0.0.1"]), May);
    assert_eq!(is("StringEquals", json!([["a"], "b"]), &["a"]), May);
    assert!(Condition::read("StringMatches", "a:b", &json!("x"), true, 2048).is_err());
    assert!(Condition::read("é", "a:b", &json!("x"), true, 2048).is_err());
}

#[test]
fn many_values_are_found_without_looking_at_each() {
    let values: Vec<String> = (0..100_000).map(|n| format!("value-{n}")).collect();
    let context = Context::default().with("x:key", ["value-77777"]);
    assert_eq!(holds("StringEquals", "x:key", json!(values), &context), Yes);
    assert_eq!(holds("StringNotEquals", "x:key", json!(values), &context), No);
}
