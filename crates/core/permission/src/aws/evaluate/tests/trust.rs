//! Who may assume a role: its trust policy and the other side's policies.

use super::*;

fn trust(principal: Value, action: &str) -> Value {
    json!([{"Effect": "Allow", "Principal": principal, "Action": action}])
}

#[test]
fn a_role_is_assumed_by_those_it_trusts() {
    let own = json!([allow("sts:AssumeRole", ROLE)]);
    let account = json!({"AWS": "arn:aws:iam::111122223333:root"});
    let assume = "sts:AssumeRole";
    for (who, identity, trusted, answer) in [
        (ANN, None, json!({"AWS": ANN}), Yes),
        (ANN, None, account.clone(), No),
        (ANN, Some(own.clone()), account.clone(), Yes),
        (ANN, Some(own.clone()), json!({"Service": "ec2.amazonaws.com"}), No),
        (ANN, Some(json!([deny("sts:*", "*")])), json!({"AWS": ANN}), No),
        ("arn:aws:iam::999922223333:user/eve", None, json!({"AWS": "*"}), No),
        ("arn:aws:iam::999922223333:user/eve", Some(own.clone()), json!({"AWS": "*"}), Yes),
        ("arn:aws:iam::999922223333:user/eve", Some(own.clone()), json!({"AWS": "999922223333"}), Yes),
        ("arn:aws:iam::999922223333:user/eve", Some(own.clone()), account.clone(), No),
        ("ec2.amazonaws.com", None, json!({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}), Yes),
        ("arn:aws:iam::111122223333:root", None, account.clone(), No),
    ] {
        let case = Case::new(who, ROLE).guarded(trust(trusted.clone(), assume));
        let case = identity.into_iter().fold(case, Case::may);
        assert_eq!(case.answer(assume), answer, "{who} {trusted}");
    }
    let root = Case::new("arn:aws:iam::111122223333:root", ROLE).guarded(trust(account, assume));
    assert_eq!(root.decide(assume).because, [Because::RootCannotAssume]);
}

#[test]
fn outside_identities_are_trusted_by_provider_and_claims() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let action = "sts:AssumeRoleWithWebIdentity";
    let policy = json!([{
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": action,
        "Condition": {
            "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
            "StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/app:*"},
        },
    }]);
    let case = |provider: &str| Case { principal: Principal::federated(provider), ..Case::new(ANN, ROLE) };
    let asks = |sub: &str| {
        case(provider)
            .guarded(policy.clone())
            .knowing("token.actions.githubusercontent.com:aud", "sts.amazonaws.com")
            .knowing("token.actions.githubusercontent.com:sub", sub)
    };
    assert_eq!(asks("repo:acme/app:ref:refs/heads/main").answer(action), Yes);
    assert_eq!(asks("repo:acme/other:ref:refs/heads/main").answer(action), No);
    let open = Case { context: Context::open(), ..case(provider).guarded(policy.clone()) };
    assert_eq!(open.answer(action), May);
    assert_eq!(open.decide(action).undecided.len(), 2);
    let other = Case { context: Context::open(), ..case("cognito-identity.amazonaws.com").guarded(policy.clone()) };
    assert_eq!(other.answer(action), No);
    assert_eq!(Case::new(ANN, ROLE).may(json!([allow("*", "*")])).guarded(policy).answer("sts:AssumeRole"), No);
}

#[test]
fn an_external_id_that_nobody_told_leaves_it_undecided() {
    let policy = json!([{
        "Effect": "Allow", "Principal": {"AWS": "999922223333"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "e-1"}},
    }]);
    let eve = Case::new("arn:aws:iam::999922223333:user/eve", ROLE).may(json!([allow("*", "*")])).guarded(policy);
    let open = Case { context: Context::open(), ..eve };
    let decision = open.decide("sts:AssumeRole");
    assert_eq!(decision.answer, May);
    assert_eq!(
        decision.undecided[0].to_string(),
        "`statement 0` of resource policy `p` allows it if StringEquals `sts:ExternalId` is e-1"
    );
    assert_eq!(open.knowing("sts:ExternalId", "e-1").answer("sts:AssumeRole"), Yes);
}

#[test]
fn a_principal_that_no_longer_exists_is_nobody() {
    let gone = trust(json!({"AWS": "AIDAGONEGONEGONEGONE1"}), "sts:AssumeRole");
    let ann = |id: Option<&str>| {
        let principal = id.map_or(Principal::user(ANN), |id| Principal::user(ANN).with_id(id));
        Case { principal, ..Case::new(ANN, ROLE).guarded(gone.clone()) }.answer("sts:AssumeRole")
    };
    assert_eq!(ann(Some("AIDAOTHEROTHEROTHER12")), No);
    assert_eq!(ann(Some("AIDAGONEGONEGONEGONE1")), Yes);
    assert_eq!(ann(None), May);
}
