//! GitHub's organisation, asked for call by call: every path is one of the platform's REST description, and what comes back
//! is a document that the scanner reads without a gap.

use async_trait::async_trait;
use firebreak_inventory::collect::{Settings, Waiting};
use firebreak_inventory::scanners::SCANNERS;
use firebreak_inventory::{ScanInput, Surroundings};
use firebreak_model::{EdgeKind, Fact, Time};
use firebreak_world::{Http, HttpError, Request, Response, Secrets, SecretsError, World};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Answers as GitHub does: what exists in full, further lists empty and in their form, everything else 404.
#[derive(Default)]
struct GitHub {
    asked: Mutex<Vec<String>>,
}

/// Where GitHub wraps a list: the end of the path and the key of the list.
const WRAPPED: &[(&str, &str)] = &[
    ("/actions/secrets", "secrets"),
    ("/actions/organization-secrets", "secrets"),
    ("/actions/variables", "variables"),
    ("/actions/workflows", "workflows"),
    ("/actions/runners", "runners"),
    ("/actions/runner-groups", "runner_groups"),
    ("/runner-groups/1/runners", "runners"),
    ("/installations", "installations"),
    ("/environments", "environments"),
    ("/environments/prod%2Feu/secrets", "secrets"),
    ("/environments/prod%2Feu/variables", "variables"),
    ("/deployment-branch-policies", "branch_policies"),
    ("/organization-roles", "roles"),
    ("/custom-repository-roles", "custom_roles"),
];

/// Bare lists.
const BARE: &[&str] = &[
    "/members",
    "/outside_collaborators",
    "/teams",
    "/users",
    "/repos",
    "/hooks",
    "/keys",
    "/collaborators",
    "/branches",
    "/rulesets",
    "/credential-authorizations",
    "/personal-access-tokens",
    "/personal-access-token-requests",
    "/secret-scanning/alerts",
    "/packages",
];

fn body(path: &str, query: &str) -> Option<Value> {
    Some(match path {
        "/orgs/acme" => json!({"login": "acme", "default_repository_permission": "none"}),
        "/orgs/acme/actions/permissions" => json!({"enabled_repositories": "all", "allowed_actions": "all"}),
        "/orgs/acme/actions/permissions/workflow" => json!({"default_workflow_permissions": "read"}),
        "/orgs/acme/members" if query.contains("role=admin") => json!([{"login": "ana", "id": 1}]),
        "/orgs/acme/members" => json!([{"login": "ben", "id": 2}]),
        "/orgs/acme/teams" => json!([{"slug": "web", "id": 3, "parent": null}]),
        "/orgs/acme/teams/web/members" if query.contains("role=member") => json!([{"login": "ben"}]),
        "/orgs/acme/teams/web/repos" => json!([{"full_name": "acme/web", "role_name": "write"}]),
        "/orgs/acme/repos" => {
            json!([{"name": "web", "full_name": "acme/web", "id": 4, "visibility": "private", "default_branch": "main"}])
        }
        "/repos/acme/web/branches" => json!([{"name": "main", "protected": true}]),
        "/repos/acme/web/branches/main/protection" => {
            json!({"enforce_admins": {"enabled": true}, "required_pull_request_reviews": {"required_approving_review_count": 1}})
        }
        "/repos/acme/web/environments" => {
            json!({"total_count": 1, "environments": [{"name": "prod/eu", "protection_rules": [], "deployment_branch_policy": {"protected_branches": false, "custom_branch_policies": true}}]})
        }
        "/repos/acme/web/environments/prod%2Feu/deployment-branch-policies" => {
            json!({"branch_policies": [{"name": "main"}]})
        }
        "/repos/acme/web/environments/prod%2Feu/secrets" => json!({"secrets": [{"name": "DEPLOY"}]}),
        "/repos/acme/web/actions/workflows" => {
            json!({"workflows": [{"path": ".github/workflows/ci.yml", "state": "active"}]})
        }
        "/repos/acme/web/contents/.github%2Fworkflows%2Fci.yml" => {
            // `on: push` with one job that names secrets.NPM, in lines as GitHub breaks them.
            json!({"encoding": "base64", "content": "b246IHB1c2gKam9iczoKICB0OgogICAgcnVucy1vbjogdWJ1bnR1LWxhdGVz\ndAogICAgc3RlcHM6IFt7cnVuOiAiJHt7IHNlY3JldHMuTlBNIH19In1dCg==\n"})
        }
        "/repos/acme/web/actions/permissions" => json!({"enabled": true}),
        "/repos/acme/web/actions/permissions/workflow" => json!({"default_workflow_permissions": "read"}),
        "/orgs/acme/actions/runner-groups" => {
            json!({"runner_groups": [{"id": 1, "name": "Default", "visibility": "all"}]})
        }
        "/orgs/acme/installations" => {
            json!({"installations": [{"app_slug": "bot", "repository_selection": "all", "permissions": {"contents": "read"}}]})
        }
        path => {
            let wrapped = WRAPPED.iter().find(|(end, _)| path.ends_with(end)).map(|(_, key)| json!({*key: []}));
            let bare = BARE.iter().any(|end| path.ends_with(end)).then(|| json!([]));
            return wrapped.or(bare);
        }
    })
}

#[async_trait]
impl Http for GitHub {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        assert_eq!(request.method, "GET");
        let rest = request.url.strip_prefix("https://api.github.example").expect("only the platform is asked");
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        self.asked.lock().unwrap().push(path.to_owned());
        Ok(match body(path, query) {
            Some(body) => Response { status: 200, body: body.to_string().into_bytes(), ..Response::default() },
            None => Response { status: 404, ..Response::default() },
        })
    }
}

struct Never;

#[async_trait]
impl Waiting for Never {
    async fn wait(&self, _: Duration) {}
}

struct OneSecret;

impl Secrets for OneSecret {
    fn secret(&self, _: &str) -> Result<SecretString, SecretsError> {
        Ok(SecretString::from("hush".to_owned()))
    }
}

#[tokio::test]
async fn an_organisation_is_collected_and_read_without_a_gap() {
    let github = Arc::new(GitHub::default());
    let world = World { http: github.clone(), secrets: Arc::new(OneSecret), ..World::offline() };
    let scanner = SCANNERS.iter().find(|scanner| scanner.name() == "github_organization").unwrap();
    let settings = Settings {
        scanner: "github_organization".to_owned(),
        url: "https://api.github.example".to_owned(),
        credential: Some("env:TOKEN".to_owned()),
        values: BTreeMap::from([("org".to_owned(), "acme".to_owned())]),
    };
    let collected = scanner.collector().unwrap().collect(&world, &Never, &settings).await.unwrap();
    assert_eq!((collected.file.as_str(), collected.incomplete), ("github/acme/organization.json", vec![]));
    let bytes = serde_json::to_vec(&collected.document).unwrap();
    let (path, root, surroundings) = (Path::new(&collected.file), Path::new("/nowhere"), Surroundings::default());
    let input = ScanInput { path, bytes: &bytes, known: Time(0), surroundings: &surroundings, world: &world, root };
    let found = scanner.scan(&input);
    assert_eq!((found.complete, found.problems.as_slice()), (true, &[][..]));
    let edge = |kind: EdgeKind, from: &str, to: &str| {
        found.facts.iter().any(|fact| {
            matches!(fact, Fact::Edge(edge) if edge.kind == kind && edge.from.as_str() == from && edge.to.as_str() == to)
        })
    };
    let main = "environment:ci/acme/web/ref:refs/heads/main";
    let prod = "environment:ci/acme/web/environment:prod/eu";
    for (kind, from, to) in [
        (EdgeKind::MemberOf, "identity:github/ana", "group:github/acme/owners"),
        (EdgeKind::MemberOf, "group:github/acme/@team/web", "group:github/acme/web/role/write"),
        (EdgeKind::RunsAs, "group:github/acme/web/push", main),
        (EdgeKind::RunsAs, main, prod),
        (EdgeKind::ReadableIn, prod, "credential:github_secret/acme/web/prod/eu/DEPLOY"),
        (EdgeKind::ReadableIn, "environment:ci/acme/web/ci.yml/t", "credential:github_secret/acme/web/NPM"),
        (EdgeKind::MemberOf, "identity:github/bot[bot]", "group:github/acme/@all/contents:read"),
    ] {
        assert!(edge(kind, from, to), "{from} -> {to}");
    }
    assert!(!edge(EdgeKind::RunsAs, "group:github/acme/web/push", prod), "the policy admits main alone");
}
