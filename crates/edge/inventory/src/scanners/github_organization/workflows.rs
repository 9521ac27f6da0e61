//! Workflow files that came with the organisation: read as `github_workflow` reads them.

use super::repository::Repository;
use super::{Organization, keys};
use crate::json::{list, text};
use crate::scanners::github_workflow::{rights::Workflow, yaml};
use base64::Engine;
use firebreak_model::EdgeKind;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A workflow file of the repository.
struct Kept<'a> {
    file: &'a str,
    text: Cow<'a, str>,
    value: Value,
    place: String,
}

/// The file's content: as text, or as the contents API answers.
fn content(item: &Value) -> Option<Cow<'_, str>> {
    if let Some(content) = text(item, "content") {
        return Some(Cow::Borrowed(content));
    }
    let encoded: String = text(item.get("file")?, "content")?.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

impl Organization<'_> {
    /// What the jobs of the repository's workflows may read and become, and who may make them run.
    pub(super) fn workflows(&mut self, repository: &Repository<'_>) {
        let mut kept = Vec::new();
        for (at, item) in list(repository.item, "workflows").iter().enumerate() {
            let stopped = text(item, "state").is_some_and(|state| state != "active");
            let (Some(path), Some(written), false) = (text(item, "path"), content(item), stopped) else { continue };
            let place = format!("{} workflows[{at}] {path}", repository.place);
            let file = path.rsplit('/').next().unwrap_or(path);
            if let Some(value) = yaml(written.as_bytes(), self.facts.report) {
                kept.push(Kept { file, text: written, value, place });
            }
        }
        let ids = |value: &Value| -> Vec<String> {
            let jobs = value.get("jobs").and_then(Value::as_object);
            jobs.into_iter().flatten().map(|(id, _)| id.clone()).collect()
        };
        let called: BTreeMap<&str, Vec<String>> = kept.iter().map(|kept| (kept.file, ids(&kept.value))).collect();
        for Kept { file, text, value, place } in &kept {
            let (full, default_branch) = (repository.full.as_str(), repository.default);
            let workflow = Workflow { full, file, text, value, place, default_branch };
            workflow.state(&mut self.facts, &|file| called.get(file).cloned().unwrap_or_default());
        }
        if !kept.is_empty() {
            self.named_secrets(repository, &kept);
        }
    }

    /// A workflow names a secret and not who keeps it: one of the organisation's, where the repository has none of the name.
    fn named_secrets(&mut self, repository: &Repository<'_>, kept: &[Kept<'_>]) {
        let own = |name: &str| {
            let secrets = list(repository.item, "secrets").iter();
            secrets.filter_map(|secret| secret.as_str().or_else(|| text(secret, "name"))).any(|own| own == name)
        };
        let private = text(repository.item, "visibility") != Some("public");
        for (at, secret) in self.items("organization_secrets") {
            let Some(name) = text(secret, "name").filter(|name| !own(name)) else { continue };
            let selected = || {
                let shared = list(repository.item, "organization_secrets").iter();
                shared
                    .filter_map(|secret| secret.as_str().or_else(|| text(secret, "name")))
                    .any(|shared| shared == name)
            };
            let shared = match text(secret, "visibility") {
                Some("all") => true,
                Some("private") => private,
                _ => selected(),
            };
            let used = format!("secrets.{name}");
            if shared && kept.iter().any(|kept| kept.text.contains(&used)) {
                let (from, to) = (keys::secret(&repository.full, name), keys::secret(&self.login, name));
                self.facts.edge(EdgeKind::Derives, &from, &to, &format!("organization_secrets[{at}] ({name})"));
            }
        }
    }
}
