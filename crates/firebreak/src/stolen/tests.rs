//! A wrong manifest is found out; a right one is not blamed; the map and the documentation do not contradict each other.

use super::*;
use firebreak_act::RESPONDERS;

fn right(action: &'static str, resource: &'static str) -> Permission {
    Permission { action, resource, purpose: "" }
}

/// What these rights come to, without a condition.
fn rights(platform: &str, given: &[Permission]) -> Finding {
    come_to(platform, &held(given, &Terms::PLAIN, true), false)
}

fn shipped(action: &str) -> Judged {
    judge(RESPONDERS).into_iter().find(|one| one.action == action).unwrap()
}

#[test]
fn a_manifest_with_a_wildcard_raises_rights_and_is_computed() {
    for (platform, wrong) in [
        ("AWS", right("*", "*")),
        ("AWS", right("iam:*", "*")),
        ("AWS", right("iam:AttachUserPolicy", "arn:aws:iam::{account}:user/*")),
        ("AWS", right("iam:PutUserPolicy", "arn:aws:iam::{account}:user/*")),
        ("AWS", right("iam:CreateAccessKey", "*")),
        ("Kubernetes", right("*", "* (*)")),
        ("Kubernetes", right("create", "pods")),
        ("Kubernetes", right("bind", "clusterroles (rbac.authorization.k8s.io)")),
        ("PostgreSQL", right("SUPERUSER", "the server")),
        ("PostgreSQL", right("pg_execute_server_program", "the server")),
        ("Keycloak", right("realm-management: realm-admin", "the realm")),
        ("Entra", right("RoleManagement.ReadWrite.Directory", "the tenant")),
    ] {
        let found = rights(platform, &[wrong]);
        assert_eq!(
            (found.verdict, found.by),
            (Verdict::RaisesRights, Basis::Computed),
            "{platform} {wrong:?}: {found:?}"
        );
        assert!(!found.reason.is_empty());
    }
}

#[test]
fn rights_to_read_are_told_from_rights_to_deny() {
    let found = rights("AWS", &[right("s3:GetObject", "*")]);
    assert_eq!((found.verdict, found.by), (Verdict::ReadsData, Basis::Computed), "{found:?}");
    let found = rights("Kubernetes", &[right("get, list", "secrets")]);
    assert_eq!((found.verdict, found.by), (Verdict::ReadsData, Basis::Computed), "{found:?}");
    let found = rights("PostgreSQL", &[right("pg_read_all_data", "the server")]);
    assert_eq!((found.verdict, found.by), (Verdict::ReadsData, Basis::Computed), "{found:?}");
    for (platform, harmless) in [
        ("AWS", right("iam:ListAccessKeys", "*")),
        ("Kubernetes", right("get, delete", "pods")),
        ("PostgreSQL", right("pg_signal_backend", "the server")),
    ] {
        let found = rights(platform, &[harmless]);
        assert_eq!((found.verdict, found.by), (Verdict::DenialOnly, Basis::Computed), "{platform}: {found:?}");
    }
}

#[test]
fn a_right_of_which_nobody_speaks_is_unknown_and_never_denial() {
    for (platform, strange) in [
        ("Okta", "okta.dreams.manage"),
        ("GitHub", "telepathy: write"),
        ("Vault", "sudo"),
        ("a platform", "everything"),
        ("LiteLLM", "allowed_routes: /key/generate"),
    ] {
        let found = rights(platform, &[right(strange, "all")]);
        assert_eq!(found.verdict, Verdict::Unknown, "{platform}: {found:?}");
        assert!(found.reason.contains(strange), "{found:?}");
    }
}

#[test]
fn the_condition_is_what_keeps_the_denial_of_users_a_denial() {
    let spec = RESPONDERS.iter().find(|one| one.spec().name == "aws_user").unwrap().spec();
    let bare = come_to("AWS", &held(spec.permissions, &Terms::PLAIN, true), true);
    assert_eq!((bare.verdict, bare.by), (Verdict::RaisesRights, Basis::Computed), "{bare:?}");
    let shipped = shipped("aws_user/deny");
    assert_eq!(shipped.finding.verdict, Verdict::Undoes, "{shipped:?}");
    let without = shipped.without_undo.unwrap();
    assert_eq!((without.verdict, without.by), (Verdict::DenialOnly, Basis::Computed), "{without:?}");
}

#[test]
fn what_raises_rights_for_somebody_else_is_found_too() {
    let sessions = shipped("aws_role_sessions/deny");
    assert_eq!((sessions.finding.verdict, sessions.finding.by), (Verdict::RaisesRights, Basis::Computed));
    assert!(sessions.finding.reason.contains("already"), "{sessions:?}");
    let trust = shipped("aws_role_trust/close");
    assert_eq!((trust.finding.verdict, trust.finding.by), (Verdict::RaisesRights, Basis::Computed), "{trust:?}");
    let bucket = shipped("aws_bucket_policy/deny");
    assert_eq!((bucket.finding.verdict, bucket.finding.by), (Verdict::ReadsData, Basis::Computed), "{bucket:?}");
}

#[test]
fn bindings_are_deleted_without_a_right_that_makes_them() {
    let binding = shipped("kubernetes_binding/delete");
    assert_eq!((binding.finding.verdict, binding.finding.by), (Verdict::RaisesRights, Basis::Computed), "{binding:?}");
    let without = binding.without_undo.unwrap();
    assert_eq!((without.verdict, without.by), (Verdict::DenialOnly, Basis::Computed), "{without:?}");
}

#[test]
fn the_documentation_says_no_less_than_the_map_does_for_certain() {
    for fact in facts::FACTS {
        let given = [right(fact.right, fact.on)];
        let held = held(&given, &Terms::PLAIN, true);
        let Some(Ok(found)) = specimens::of(fact.platform, &held).map(|specimen| specimen.ask()) else { continue };
        let certain = found.findings.iter().filter(|one| one.1).map(|one| one.0.verdict).max();
        let computed = certain.unwrap_or(Verdict::DenialOnly);
        assert!(computed <= fact.verdict, "{}: {} is {computed:?} on the map", fact.platform, fact.right);
    }
}

#[test]
fn every_responder_has_a_reason_where_it_is_more_than_denial_and_a_source_where_a_platform_says_so() {
    for one in judge(RESPONDERS) {
        let finding = &one.finding;
        assert!(finding.verdict == Verdict::DenialOnly || !finding.reason.is_empty(), "{one:?}");
        let told = finding.by == Basis::Documentation && finding.verdict != Verdict::DenialOnly;
        assert!(!told || finding.source.starts_with("https://"), "{one:?}");
    }
}
