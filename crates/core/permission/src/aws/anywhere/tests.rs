//! Questions about resources that nobody has named.

use super::*;
use crate::aws::read::Limits;
use Answer::{May, No, Yes};
use proptest::prelude::*;
use serde_json::{Value, json};

const ROLES: &str = "arn:aws:iam::111122223333:role/*";

fn policy(statements: Value) -> Policy {
    Policy::read("p", &json!({"Version": "2012-10-17", "Statement": statements}), Limits::default()).0
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn ask(statements: Value, boundary: Option<Value>, pattern: &str, context: &Context) -> Somewhere {
    let (identity, boundary) = (vec![Arc::new(policy(statements))], boundary.map(policy));
    let principal = Principal::user("arn:aws:iam::111122223333:user/ann");
    let question = Question { principal: &principal, action: "iam:PassRole", pattern, account: None, context };
    let policies = Policies {
        identity: &identity,
        boundary: boundary.as_ref(),
        principal_in: Membership::Standalone,
        resource_in: Membership::Standalone,
        ..Policies::default()
    };
    anywhere(&question, &policies)
}

#[test]
fn something_that_matches_is_permitted_or_nothing_is() {
    let open = Context::open();
    let app = "arn:aws:iam::111122223333:role/app-*";
    let deny = |resource: &str| json!({"Effect": "Deny", "Action": "*", "Resource": resource});
    let spare = |resource: &str| json!({"Effect": "Deny", "Action": "*", "NotResource": resource});
    let all = || allow("iam:*", "*");
    let conditional =
        json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"x:y": "true"}}});
    for (statements, boundary, answer, on) in [
        (json!([all()]), None, Yes, Some(ROLES)),
        (json!([allow("iam:Pass*", app)]), None, Yes, Some(app)),
        (json!([allow("iam:PassRole", "arn:aws:iam::999922223333:role/*")]), None, No, None),
        (json!([allow("iam:Get*", "*")]), None, No, None),
        (json!([all(), deny("*")]), None, No, None),
        (json!([all(), deny(ROLES)]), None, No, None),
        (json!([all(), deny(app)]), None, Yes, Some(ROLES)),
        (json!([allow("*", app), deny(ROLES)]), None, No, None),
        (json!([all(), spare(app)]), None, Yes, Some(app)),
        (json!([all(), spare("arn:aws:s3:::*")]), None, No, None),
        (json!([all()]), Some(json!([allow("iam:*", app)])), Yes, Some(app)),
        (json!([allow("*", "arn:aws:iam::*:role/web-*")]), Some(json!([allow("iam:*", app)])), No, None),
        (json!([conditional]), None, May, Some(ROLES)),
        (json!([{"Effect": "Allow", "Action": "*", "NotResource": ROLES}]), None, No, None),
        (json!([{"Effect": "Allow", "Action": "*", "NotResource": app}]), None, Yes, Some(ROLES)),
    ] {
        let found = ask(statements.clone(), boundary, ROLES, &open);
        assert_eq!((found.answer, found.on.as_deref()), (answer, on), "{statements}");
        assert_eq!(found.decision.undecided.is_empty(), answer != May);
        assert!(answer == Yes || !found.decision.because.is_empty(), "{statements} {found:?}");
    }
}

#[test]
fn two_denials_that_meet_leave_it_undecided() {
    let found = ask(
        json!([allow("*", "arn:aws:iam::111122223333:role/a*"),
            {"Effect": "Deny", "Action": "*", "Resource": ["arn:aws:iam::111122223333:role/*0", "arn:aws:iam::111122223333:role/*1"]}]),
        None,
        ROLES,
        &Context::open(),
    );
    assert_eq!(found.answer, May, "the name that was tried ends in 0");
    assert!(found.decision.undecided[0].what.contains("leaves a resource"), "{found:?}");
}

#[test]
fn too_many_patterns_are_left_undecided_and_said() {
    let many: Vec<String> = (0..1000).map(|n| format!("arn:aws:iam::111122223333:role/x{n}*")).collect();
    let none: Value = json!([{"Effect": "Allow", "Action": "*", "Resource": many},
        {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:iam::111122223333:role/x*"}]);
    let found = ask(none, None, ROLES, &Context::open());
    assert_eq!(found.answer, May);
    assert!(found.decision.undecided[0].what.contains("than are tried (at most 256)"), "{found:?}");
}

fn statements() -> impl Strategy<Value = Value> {
    let pattern = prop_oneof![Just("*".to_owned()), "[ab]{1,2}\\*", "\\*[ab]{1,2}", "[ab]{1,3}"];
    let one =
        (any::<bool>(), any::<bool>(), proptest::collection::vec(pattern, 1..3)).prop_map(|(deny, but, patterns)| {
            let key = if but { "NotResource" } else { "Resource" };
            json!({"Effect": if deny { "Deny" } else { "Allow" }, "Action": "*", key: patterns})
        });
    proptest::collection::vec(one, 1..5).prop_map(Value::Array)
}

proptest! {
    #[test]
    fn no_name_says_otherwise(statements in statements(), bound in proptest::option::of(statements()),
        asked in prop_oneof![Just("*".to_owned()), "[ab]\\*", "\\*[ab]", "\\*[ab]\\*"], names in proptest::collection::vec("[ab]{1,5}", 8)) {
        let found = ask(statements.clone(), bound.clone(), &asked, &Context::open());
        if found.answer == No {
            for name in names.iter().filter(|name| Glob::new(&asked).matches(name, &mut Work::default())) {
                let one = ask(statements.clone(), bound.clone(), name, &Context::open());
                prop_assert_eq!(one.answer, No, "{} of {} bounded {:?}", name, statements, bound);
            }
        }
        if let Some(on) = &found.on {
            let inside = Glob::new(&asked).covers(&Glob::new(on), &mut Work::default());
            prop_assert!(inside, "{} in {}", on, asked);
        }
    }
}
