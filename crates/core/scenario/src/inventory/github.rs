//! The organisation as GitHub's API shows it, and the list of runs of each repository.

use super::{TAKEN, document};
use crate::File;
use crate::estate::Estate;
use crate::estate::aws;
use crate::estate::credentials::{BOT, SCANNER, registry_key};
use crate::estate::pipelines::{Job, Log, OWNER};
use crate::estate::stores::stores;
use crate::people::{Person, Team};
use crate::traffic::ci_log::ended;
use crate::write::github_audit::number;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The organisation, then the runs of each repository that has pipelines.
pub(super) fn files(estate: &Estate) -> Vec<File> {
    let mut files = vec![document("github/organization.json", &organization(estate))];
    let mut by_repository: BTreeMap<&str, Vec<&Job>> = BTreeMap::new();
    for job in &estate.jobs {
        by_repository.entry(job.repository).or_default().push(job);
    }
    for (repository, jobs) in by_repository {
        let value = json!({
            "total_count": jobs.len(),
            "workflow_runs": jobs.iter().map(|job| run(estate, job)).collect::<Vec<_>>(),
        });
        files.push(document(&format!("github/{OWNER}/{repository}/runs.json"), &value));
    }
    files
}

fn run(estate: &Estate, job: &Job) -> Value {
    let end = ended(estate, job).plus(2).iso();
    json!({
        "id": job.run,
        "name": job.workflow,
        "run_number": job.number,
        "run_attempt": 1,
        "path": format!(".github/workflows/{}.yml", job.workflow),
        "head_branch": "main",
        "event": "schedule",
        "run_started_at": job.started.iso(),
        "updated_at": end,
        "status": "completed",
        "conclusion": "success",
        // The list is kept by the owner day by day: a run that was deleted later is still in it.
        "logs_available": job.log == Log::Kept,
        "jobs": [{
            "id": job.run + 7,
            "name": job.name,
            "started_at": job.started.iso(),
            "completed_at": end,
        }],
    })
}

fn account(login: &str, kind: &str) -> Value {
    json!({"login": login, "id": number(login), "type": kind})
}

fn member(person: &Person) -> Value {
    let role = if person.team == Team::Operations { "admin" } else { "member" };
    json!({"login": person.login, "id": number(&person.login), "type": "User", "role": role, "email": person.email})
}

/// Kilobytes of a repository, as its store says.
fn sizes(estate: &Estate) -> BTreeMap<String, u64> {
    let prefix = format!("resource:github/{OWNER}/");
    stores(estate)
        .into_iter()
        .filter_map(|store| {
            let bytes = store.holdings.first()?.bytes?;
            Some((store.resource.strip_prefix(&prefix)?.to_owned(), bytes / 1_000))
        })
        .collect()
}

fn organization(estate: &Estate) -> Value {
    let sizes = sizes(estate);
    let repositories: Vec<Value> = estate
        .repositories
        .iter()
        .map(|name| {
            let full_name = format!("{OWNER}/{name}");
            json!({
                "id": number(&full_name),
                "name": name,
                "full_name": full_name,
                "owner": account(OWNER, "Organization"),
                "private": true,
                "visibility": "private",
                "archived": false,
                "disabled": false,
                "default_branch": "main",
                "size": sizes.get(name),
            })
        })
        .collect();
    let mut members: Vec<Value> = estate.technical().map(member).collect();
    members.push(json!({"login": BOT, "id": number(BOT), "type": "User", "role": "member"}));
    let all: Vec<String> = estate.repositories.iter().map(|name| format!("{OWNER}/{name}")).collect();
    json!({
        "taken": TAKEN,
        "organization": {
            "login": OWNER,
            "id": number(OWNER),
            "default_repository_permission": "none",
            "two_factor_requirement_enabled": true,
        },
        "repositories": repositories,
        "members": members,
        "outside_collaborators": [],
        "teams": teams(estate, &all),
        "installations": [{
            "id": number(SCANNER),
            "app_slug": "meridian-secret-scan",
            "repository_selection": "all",
            "permissions": {"contents": "read", "metadata": "read"},
            "suspended_at": null,
        }],
        "credential_authorizations": [{
            "login": BOT,
            "credential_id": number("meridian-bot token"),
            "credential_type": "personal access token",
            "credential_authorized_at": "2025-06-02T08:00:00Z",
            "credential_accessed_at": "2026-04-02T05:40:00Z",
            "authorized_credential_expires_at": null,
            "scopes": ["repo", "workflow", "read:org"],
            "hashed_token": estate.keys.bot_token,
        }],
        "actions_secrets": secrets(estate),
        "workflow_trust": [{
            "repository": "meridian/talent-api",
            "role_arn": aws::principal(aws::CI, "github-actions-deploy").map(aws::Principal::arn),
            "subject": "repo:meridian/talent-api:*",
        }],
    })
}

/// The secrets that jobs may be given, by repository.
pub(super) const SECRETS: [(&str, &str); 9] = [
    ("evals", "AWS_ACCESS_KEY_ID"),
    ("evals", "GH_TOKEN"),
    ("evals", "LITELLM_API_KEY"),
    ("annotator", "AWS_ACCESS_KEY_ID"),
    ("talent-web", "AWS_ACCESS_KEY_ID"),
    ("talent-api", "AWS_ACCESS_KEY_ID"),
    ("evals", "REGISTRY_TOKEN"),
    ("container-images", "REGISTRY_TOKEN"),
    ("base-images", "REGISTRY_TOKEN"),
];

/// The same with the credential that each one holds.
fn secrets(estate: &Estate) -> Vec<Value> {
    let keys = &estate.keys;
    let aws = |key: &str| format!("credential:aws/{key}");
    let held = |repository: &str, name: &str| match (repository, name) {
        (_, "REGISTRY_TOKEN") => registry_key(keys),
        (_, "GH_TOKEN") => format!("credential:github/{}", keys.bot_token),
        (_, "LITELLM_API_KEY") => format!("credential:litellm/{}", keys.gateway_eval),
        ("evals", _) => aws(&keys.eval_nightly),
        ("annotator", _) => aws(&keys.labelling_batch),
        ("talent-web", _) => aws(&keys.artifact_publisher),
        _ => aws(&keys.platform_deployer),
    };
    let secret = |(repository, name): &(&str, &str)| json!({"repository": format!("{OWNER}/{repository}"), "name": name, "credential": held(repository, name)});
    SECRETS.iter().map(secret).collect()
}

fn teams(estate: &Estate, all: &[String]) -> Vec<Value> {
    let logins = |team: Team| -> Vec<&str> {
        estate.people.iter().filter(|person| person.team == team).map(|person| person.login.as_str()).collect()
    };
    let repositories = |permission: &str, names: &[String]| -> Vec<Value> {
        names
            .iter()
            .map(|name| {
                let push = permission == "push";
                json!({"full_name": name, "role_name": if push { "write" } else { "read" }, "permissions": {"pull": true, "push": push, "admin": false}})
            })
            .collect()
    };
    let research: Vec<String> =
        all.iter().filter(|name| name.contains("/research-") || name.ends_with("/evals")).cloned().collect();
    vec![
        json!({"id": number("engineering"), "slug": "engineering", "members": logins(Team::Engineering), "repositories": repositories("push", all)}),
        json!({"id": number("research"), "slug": "research", "members": logins(Team::Research), "repositories": repositories("push", &research)}),
        json!({"id": number("security"), "slug": "security", "members": logins(Team::Security), "repositories": repositories("pull", all)}),
        json!({"id": number("pipelines"), "slug": "pipelines", "members": [BOT], "repositories": repositories("push", all)}),
    ]
}
