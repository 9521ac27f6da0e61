//! What a document of any size and shape must and must not lead to.

use super::SCANNER;
use crate::scanner::{Found, ScanInput, Scanner, Surroundings};
use firebreak_model::{EdgeFact, EdgeKind, Fact, NodeKey, Time};
use firebreak_world::World;
use serde_json::{Value, json};
use std::path::Path;

fn scan(document: &Value) -> Found {
    let (world, surroundings) = (World::offline(), Surroundings::default());
    let bytes = serde_json::to_vec(document).unwrap();
    let (path, root) = (Path::new("organization.json"), Path::new("/nowhere"));
    SCANNER.scan(&ScanInput { path, bytes: &bytes, known: Time(0), surroundings: &surroundings, world: &world, root })
}

fn edge<'f>(found: &'f Found, kind: EdgeKind, from: &str, to: &str) -> Option<&'f EdgeFact> {
    found.facts.iter().find_map(|fact| match fact {
        Fact::Edge(edge) if edge.kind == kind && edge.from.as_str() == from && edge.to.as_str() == to => Some(edge),
        _ => None,
    })
}

/// An organisation of `repositories`, `members` and `teams` that may all write everything.
fn large(repositories: usize, members: usize) -> Value {
    let all: Vec<Value> = (0..repositories)
        .map(|at| json!({"name": format!("r{at}"), "visibility": "private", "default_branch": "main", "branches": [], "secrets": ["TOKEN"]}))
        .collect();
    let people: Vec<Value> = (0..members).map(|at| json!({"login": format!("m{at}"), "role": "member"})).collect();
    json!({
        "organization": {"login": "o", "default_repository_permission": "write"},
        "repositories": all,
        "members": people,
        "organization_secrets": [{"name": "SHARED", "visibility": "all"}],
        "installations": [{"app_slug": "app", "repository_selection": "all", "permissions": {"contents": "write"}}],
    })
}

#[test]
fn facts_grow_with_the_sum_of_things_and_not_with_their_product() {
    let count = |repositories, members| scan(&large(repositories, members)).facts.len();
    let (one, more) = (count(100, 100), count(200, 100));
    let per_repository = (more - one) / 100;
    assert!(per_repository <= 32, "{per_repository}");
    assert_eq!(count(100, 200) - one, 200, "a member is a node and an edge");
    let large = scan(&large(100_000, 1_000));
    assert_eq!((large.problems.len(), large.facts.len()), (0, one + (100_000 - 100) * per_repository + 900 * 2));
}

#[test]
fn who_may_push_is_held_by_rules_and_who_may_change_them_is_not() {
    let document = |scope: &str| {
        let rule = json!({"name": "held", "target": "branch", "source_type": scope, "enforcement": "active", "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}, "rules": [{"type": "pull_request", "parameters": {"required_approving_review_count": 2}}]});
        let (own, all) = if scope == "Repository" { (json!([rule]), json!([])) } else { (json!([]), json!([rule])) };
        json!({"organization": {"login": "o", "default_repository_permission": "none"}, "rulesets": all, "members": [], "repositories": [{"name": "r", "default_branch": "main", "branches": [], "rulesets": own, "collaborators": [{"login": "w", "role_name": "write"}, {"login": "a", "role_name": "admin"}, {"login": "e", "role_name": "Editor"}]}], "custom_repository_roles": [{"name": "Editor", "base_role": "read", "permissions": ["edit_repo_protections"]}]})
    };
    let main = "environment:ci/o/r/ref:refs/heads/main";
    let (own, all) = (scan(&document("Repository")), scan(&document("Organization")));
    for found in [&own, &all] {
        let push = edge(found, EdgeKind::RunsAs, "group:github/o/r/push", main).unwrap();
        assert_eq!(push.may, ["2 others approve the pull request to the ruleset `held`"]);
        let jobs = edge(found, EdgeKind::RunsAs, "group:github/o/r/push", "group:github/o/r/ci").unwrap();
        assert!(jobs.may.is_empty(), "a branch of one's own has no rule");
    }
    let admin = "group:github/o/r/role/admin";
    assert!(edge(&own, EdgeKind::RunsAs, admin, main).is_some_and(|edge| edge.may.is_empty()));
    assert!(edge(&all, EdgeKind::RunsAs, admin, main).is_none(), "the organisation's rules are not the repository's");
    assert!(edge(&all, EdgeKind::RunsAs, "group:github/o/owners", main).is_some_and(|edge| edge.may.is_empty()));
    assert!(edge(&own, EdgeKind::RunsAs, "group:github/o/r/role/write", main).is_none());
    let editor = edge(&own, EdgeKind::RunsAs, "group:github/o/r/role/custom/Editor", main).unwrap();
    assert_eq!(
        editor.premises[0].as_str(),
        "group:github/o/r/push",
        "who changes rules and may not push comes nowhere"
    );
}

#[test]
fn a_fine_grained_token_is_no_more_than_its_owner() {
    let token = |id: u64, login: &str| json!({"token_id": id, "owner": {"login": login}, "repository_selection": "subset", "repositories": ["r"], "permissions": {"repository": {"contents": "write"}}});
    let found = scan(&json!({
        "organization": {"login": "o", "default_repository_permission": "read"},
        "members": [{"login": "w", "role": "member"}, {"login": "x", "role": "member"}],
        "teams": [{"slug": "below", "parent": "above", "members": ["w"]}, {"slug": "above", "parent": null, "repositories": [{"name": "r", "permission": "push"}]}],
        "repositories": [{"name": "r"}],
        "personal_access_tokens": [token(1, "w"), token(2, "x")],
    }));
    let hub = "group:github/o/r/role/contents:write";
    let covered = edge(&found, EdgeKind::MemberOf, "identity:github/w/token/1", hub).unwrap();
    assert!(covered.may.is_empty(), "through the team's parent");
    let wider = edge(&found, EdgeKind::MemberOf, "identity:github/x/token/2", hub).unwrap();
    assert_eq!(wider.may, ["x may do as much without the token"]);
}

/// A pull request on a machine of one's own comes to the machine, and to secrets only by what runs there later.
#[test]
fn a_machine_of_ones_own_is_no_way_to_secrets_by_itself() {
    let found = scan(&json!({
        "organization": {"login": "o", "default_repository_permission": "none"},
        "members": [],
        "organization_secrets": [{"name": "SHARED", "visibility": "all"}],
        "repositories": [{"name": "r", "visibility": "public"}],
        "runner_groups": [{"id": 1, "visibility": "all", "runners": [{"name": "box", "ephemeral": true}]}],
    }));
    let mut seen = std::collections::BTreeSet::from([NodeKey::group("github", "o/r/self-hosted")]);
    loop {
        let edges = found.facts.iter().filter_map(|fact| if let Fact::Edge(edge) = fact { Some(edge) } else { None });
        let fresh: Vec<NodeKey> = edges.filter(|edge| seen.contains(&edge.from)).map(|edge| edge.to.clone()).collect();
        let before = seen.len();
        seen.extend(fresh);
        if seen.len() == before {
            break;
        }
    }
    assert!(seen.contains(&NodeKey::environment("runner", "o/box")), "{seen:?}");
    assert!(!seen.iter().any(|key| key.kind() == firebreak_model::NodeKind::Credential), "{seen:?}");
}

#[test]
fn an_archive_is_read_and_not_written_and_a_stopped_repository_runs_nothing() {
    let found = scan(&json!({
        "organization": {"login": "o", "default_repository_permission": "write"},
        "members": [],
        "repositories": [
            {"name": "old", "archived": true, "branches": [], "default_branch": "main"},
            {"name": "still", "actions": {"enabled": false}, "branches": [], "default_branch": "main"},
        ],
    }));
    let resource = NodeKey::resource("github", "o/old");
    assert!(edge(&found, EdgeKind::MayAct, "group:github/o/old/role/write", resource.as_str()).is_some());
    assert!(edge(&found, EdgeKind::MemberOf, "group:github/o/old/role/write", "group:github/o/old/push").is_none());
    assert!(edge(&found, EdgeKind::MemberOf, "group:github/o/still/role/write", "group:github/o/still/push").is_some());
    assert!(edge(&found, EdgeKind::RunsAs, "group:github/o/still/push", "group:github/o/still/ci").is_none());
}

#[test]
fn a_job_is_given_what_its_workflow_names_and_whoever_pushes_names_what_he_likes() {
    let workflow = "on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps: [{run: '${{ secrets.NAMED }}'}]\n";
    let found = scan(&json!({
        "organization": {"login": "o", "default_repository_permission": "none"},
        "organization_secrets": [{"name": "SHARED", "visibility": "all"}, {"name": "PRIVATE", "visibility": "private"}],
        "repositories": [{
            "name": "r", "visibility": "private", "default_branch": "main", "branches": [], "secrets": ["NAMED", "OTHER"],
            "workflows": [{"path": ".github/workflows/ci.yml", "state": "active", "content": workflow}],
        }],
        "actions_secrets": [{"repository": "r", "name": "OTHER", "credential": "credential:aws/AKIAIOSFODNN7EXAMPLE"}],
    }));
    let secret = |name: &str| format!("credential:github_secret/{name}");
    let job = certainly(&found, "environment:ci/o/r/ci.yml/t");
    assert!(job.contains(&secret("o/r/NAMED")) && !job.contains(&secret("o/r/OTHER")), "{job:?}");
    let any = certainly(&found, "group:github/o/r/ci");
    assert!(any.iter().all(|key| !key.starts_with("credential:")), "{any:?}");
    let given = edge(&found, EdgeKind::RunsAs, "group:github/o/r/ci", "group:github/o/r/secrets").unwrap();
    assert_eq!(given.may, ["its workflow names the secret"]);
    let push = certainly(&found, "group:github/o/r/push");
    for name in ["o/r/NAMED", "o/r/OTHER", "o/SHARED", "o/PRIVATE"] {
        assert!(push.contains(&secret(name)), "{name} of {push:?}");
    }
    assert!(push.contains("credential:aws/AKIAIOSFODNN7EXAMPLE"));
}

/// What `from` leads to without any condition.
fn certainly(found: &Found, from: &str) -> std::collections::BTreeSet<String> {
    let mut seen = std::collections::BTreeSet::from([from.to_owned()]);
    loop {
        let before = seen.len();
        for fact in &found.facts {
            if let Fact::Edge(edge) = fact
                && edge.may.is_empty()
                && edge.premises.is_empty()
                && seen.contains(edge.from.as_str())
            {
                seen.insert(edge.to.as_str().to_owned());
            }
        }
        if seen.len() == before {
            return seen;
        }
    }
}
