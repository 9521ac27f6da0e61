//! A GitHub organisation with Firebreak's App, and an OpenAI organisation with its key.

use super::actions;
use crate::stolen::specimen::{Specimen, Target};
use crate::stolen::{Held, Verdict};
use firebreak_model::NodeKey;
use serde_json::{Map, Value, json};

/// An organisation in which Firebreak's App is installed with the permissions of the manifest.
pub(super) fn github(rights: &[Held<'_>]) -> Specimen {
    let granted = actions(rights).filter_map(|action| action.split_once(": "));
    let permissions: Map<String, Value> =
        granted.map(|(name, level)| (name.to_owned(), Value::String(level.to_owned()))).collect();
    let document = json!({
        "organization": {"login": "meridian", "default_repository_permission": "none"},
        "members": [{"login": "ana", "id": 1, "role": "admin"}, {"login": "ben", "id": 2, "role": "member"}],
        "outside_collaborators": [], "teams": [], "rulesets": [],
        "installations": [{"app_slug": "firebreak", "app_id": 31, "client_id": "Iv1.31", "repository_selection": "all",
                           "permissions": permissions}],
        "repositories": [{"name": "web", "full_name": "meridian/web", "private": true, "default_branch": "main",
                          "branches": [{"name": "main"}]}],
    });
    let owners = NodeKey::group("github", "meridian/owners");
    Specimen {
        files: vec![("github/organization.json", document)],
        from: NodeKey::identity("github", "firebreak[bot]"),
        foothold: Vec::new(),
        targets: vec![
            Target { key: owners, verdict: Verdict::RaisesRights, says: "makes an owner of the organisation" },
            Target {
                key: NodeKey::group("github", "meridian/web/push"),
                verdict: Verdict::RaisesRights,
                says: "lets itself push to repositories",
            },
            Target {
                key: NodeKey::resource("github", "meridian/web"),
                verdict: Verdict::ReadsData,
                says: "gets to repositories",
            },
        ],
        whole: false,
    }
}

/// An organisation with an administration key, which has no rights to choose from.
pub(super) fn openai(rights: &[Held<'_>]) -> Specimen {
    let keys: Vec<Value> =
        actions(rights).map(|_| json!({"id": "key_firebreak", "name": "firebreak"})).take(1).collect();
    let document = json!({
        "users": [{"id": "user-1", "name": "Ada", "email": "ada@meridian.example", "role": "owner"}],
        "projects": [{"id": "proj_evals", "name": "evals", "status": "active", "users": [], "service_accounts": [], "api_keys": []}],
        "admin_api_keys": keys,
    });
    Specimen {
        files: vec![("openai/meridian.json", document)],
        from: NodeKey::credential("openai", "key_firebreak"),
        foothold: Vec::new(),
        targets: vec![
            Target {
                key: NodeKey::group("openai", "role/meridian/owner"),
                verdict: Verdict::RaisesRights,
                says: "is an owner of the organisation",
            },
            Target {
                key: NodeKey::resource("openai", "proj_evals"),
                verdict: Verdict::ReadsData,
                says: "gets to every project",
            },
        ],
        whole: false,
    }
}
