//! What a webhook's body tells about its event: the type, by the fields that only this type has, and the times.

use crate::json;
use firebreak_model::Json;

/// Fields that a body may have at its top.
pub(super) const FIELDS: &[&str] = &[
    "event",
    "delivery",
    "action",
    "repository",
    "organization",
    "sender",
    "enterprise",
    "installation",
    "number",
    "pull_request",
    "ref",
    "ref_type",
    "before",
    "after",
    "base_ref",
    "created",
    "deleted",
    "forced",
    "compare",
    "commits",
    "head_commit",
    "pusher",
    "pusher_type",
    "master_branch",
    "description",
    "release",
    "changes",
    "key",
    "member",
    "team",
    "membership",
    "invitation",
    "user",
    "alert",
    "commit_oid",
    "location",
    "rule",
    "repository_ruleset",
    "workflow",
    "workflow_job",
    "workflow_run",
    "check_run",
    "check_suite",
    "deployment",
    "deployment_status",
    "hook",
    "hook_id",
    "zen",
    "forkee",
    "issue",
    "comment",
    "review",
    "label",
    "discussion",
    "inputs",
    "client_payload",
    "branch",
    "repositories",
    "repositories_added",
    "repositories_removed",
    "repository_selection",
    "requester",
    "personal_access_token_request",
    "blocked_user",
    "package",
    "registry_package",
    "security_advisory",
    "repository_advisory",
    "sponsorship",
    "projects_v2",
    "milestone",
    "marketplace_purchase",
    "pages",
    "build",
    "id",
    "account",
    "changes_requested",
    "scope",
    "merge_group",
    "exemption_request",
    "request",
    "assignee",
    "context",
    "sha",
    "state",
    "target_url",
    "branches",
    "name",
    "commit",
    "created_at",
    "updated_at",
    "conclusion",
    "environment",
    "callback_url",
    "deployment_callback_url",
    "exemption_response",
    "since",
    "approver",
    "workflow_job_run",
    "reviewers",
    "installation_target",
    "target_type",
    "custom_property_values",
];

/// Where a body holds the time of what it is about. A time of an object in it comes before the repository's.
pub(super) const TIMES: &[&[&str]] = &[
    &["timestamp"],
    &["head_commit", "timestamp"],
    &["workflow_job", "completed_at"],
    &["workflow_job", "started_at"],
    &["workflow_job", "created_at"],
    &["workflow_run", "updated_at"],
    &["pull_request", "updated_at"],
    &["pull_request", "created_at"],
    &["alert", "updated_at"],
    &["alert", "created_at"],
    &["release", "updated_at"],
    &["release", "published_at"],
    &["release", "created_at"],
    &["comment", "updated_at"],
    &["issue", "updated_at"],
    &["check_run", "completed_at"],
    &["deployment", "updated_at"],
    &["hook", "updated_at"],
    &["key", "created_at"],
    &["rule", "updated_at"],
    &["repository_ruleset", "updated_at"],
    &["forkee", "created_at"],
    &["personal_access_token_request", "created_at"],
    &["installation", "updated_at"],
    &["updated_at"],
    &["created_at"],
    &["repository", "updated_at"],
    &["repository", "pushed_at"],
    &["organization", "updated_at"],
];

/// Fields that tell a type, all of which must be there; the first that fit count.
const TELLING: &[(&[&str], &str)] = &[
    (&["zen", "hook_id"], "ping"),
    (&["hook_id", "hook"], "meta"),
    (&["workflow_job"], "workflow_job"),
    (&["workflow_run"], "workflow_run"),
    (&["check_run"], "check_run"),
    (&["check_suite"], "check_suite"),
    (&["deployment_status"], "deployment_status"),
    (&["deployment"], "deployment"),
    (&["pull_request", "review"], "pull_request_review"),
    (&["pull_request", "comment"], "pull_request_review_comment"),
    (&["pull_request"], "pull_request"),
    (&["issue", "comment"], "issue_comment"),
    (&["issue"], "issues"),
    (&["discussion", "comment"], "discussion_comment"),
    (&["discussion"], "discussion"),
    (&["comment"], "commit_comment"),
    (&["release"], "release"),
    (&["forkee"], "fork"),
    (&["ref", "ref_type", "master_branch"], "create"),
    (&["ref", "ref_type"], "delete"),
    (&["ref", "inputs", "workflow"], "workflow_dispatch"),
    (&["ref", "before", "after"], "push"),
    (&["alert", "location"], "secret_scanning_alert_location"),
    (&["key", "repository"], "deploy_key"),
    (&["rule", "repository"], "branch_protection_rule"),
    (&["repository_ruleset"], "repository_ruleset"),
    (&["personal_access_token_request"], "personal_access_token_request"),
    (&["blocked_user"], "org_block"),
    (&["repositories_added"], "installation_repositories"),
    (&["client_payload"], "repository_dispatch"),
    (&["member", "team"], "membership"),
    (&["member", "repository"], "member"),
    (&["membership", "organization"], "organization"),
    (&["invitation", "organization"], "organization"),
    (&["team"], "team"),
    (&["registry_package"], "registry_package"),
    (&["package"], "package"),
    (&["security_advisory"], "security_advisory"),
    (&["repository_advisory"], "repository_advisory"),
];

/// Actions of the type `repository`, whose bodies hold nothing beside it.
const OF_REPOSITORY: &[&str] =
    &["archived", "unarchived", "publicized", "privatized", "renamed", "transferred", "created", "deleted", "edited"];

/// The type that a body has the fields of.
pub(super) fn kind(body: &Json) -> Option<&'static str> {
    let has = |field: &&str| json::at(body, &[field]).is_some();
    if let Some((_, kind)) = TELLING.iter().find(|(fields, _)| fields.iter().all(has)) {
        return Some(kind);
    }
    let action = json::text(body, &["action"]);
    if json::at(body, &["alert"]).is_some() {
        return alert(body);
    }
    match action {
        Some("push") => Some("push"),
        Some(action) if has(&"repository") && OF_REPOSITORY.contains(&action) => Some("repository"),
        Some(_) if has(&"installation") && (has(&"repositories") || has(&"requester")) => Some("installation"),
        None if has(&"repository")
            && has(&"sender")
            && json::text(body, &["repository", "visibility"]) == Some("public") =>
        {
            Some("public")
        }
        _ => None,
    }
}

/// Alerts of the three kinds differ in what they are about.
fn alert(body: &Json) -> Option<&'static str> {
    let about = |field: &str| json::at(body, &["alert", field]).is_some();
    if about("secret_type") {
        return Some("secret_scanning_alert");
    }
    if about("dependency") || about("security_advisory") || about("affected_package_name") {
        return Some("dependabot_alert");
    }
    (about("rule") || about("tool")).then_some("code_scanning_alert")
}
