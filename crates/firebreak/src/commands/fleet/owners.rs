//! Who answers for environments: what snapshots and the estate statement say, else the CODEOWNERS of the repository whose job
//! it is, for the workflow that the job belongs to.

use firebreak_fleet::owners::{CodeOwners, PLACES};
use firebreak_model::{Problem, Text};
use firebreak_world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file with owners in it is small, or a snapshot.
const BYTES_MAX: u64 = 256 << 20;

/// What is known of owners.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    /// By environment; a name that ends in `*` stands for all that begin so.
    stated: BTreeMap<String, Vec<Text>>,
    /// By owner and repository, each with its place among those where it may lie.
    files: BTreeMap<String, (usize, CodeOwners)>,
    /// The workflow file of a run, by `owner/repository/run`.
    workflows: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Owners {
    /// Reads what the files below `directories` say.
    pub(crate) fn read(world: &World, directories: &[PathBuf]) -> Owners {
        let mut owners = Owners::default();
        for directory in directories {
            for file in world.disk.walk(directory).unwrap_or_default().files {
                let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if file.size > BYTES_MAX || !(name == "CODEOWNERS" || name.ends_with(".json")) {
                    continue;
                }
                let Ok(bytes) = world.disk.read(&file.path) else { continue };
                match name {
                    "CODEOWNERS" => owners.code_owners(&file.path, &String::from_utf8_lossy(&bytes)),
                    "runs.json" => owners.runs(&file.path, &bytes),
                    _ => owners.stated(&bytes),
                }
            }
        }
        owners
    }

    /// Lines that say nothing.
    pub(super) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Who answers for `environment`; empty where nobody is known to.
    pub(crate) fn of(&self, environment: &str) -> &[Text] {
        if let Some(own) = self.stated.get(environment) {
            return own;
        }
        let wide = self
            .stated
            .iter()
            .filter(|(name, _)| name.strip_suffix('*').is_some_and(|prefix| environment.starts_with(prefix)));
        if let Some((_, own)) = wide.max_by_key(|(name, _)| name.len()) {
            return own;
        }
        let Some(job) = environment.strip_prefix("environment:ci/") else { return &[] };
        let mut parts = job.split('/');
        let (Some(owner), Some(repository), Some(run)) = (parts.next(), parts.next(), parts.next()) else { return &[] };
        let Some((_, file)) = self.files.get(&format!("{owner}/{repository}")) else { return &[] };
        // Without the run's own file, the folder of all workflows.
        let path = self.workflows.get(&format!("{owner}/{repository}/{run}"));
        file.of(path.map_or(".github/workflows/workflow.yml", String::as_str))
    }

    fn code_owners(&mut self, path: &Path, text: &str) {
        let Some((repository, place)) = repository(path) else { return };
        let (file, problems) = CodeOwners::parse(&path.display().to_string(), text);
        self.problems.extend(problems);
        // Of several places the first counts.
        if self.files.get(&repository).is_none_or(|(known, _)| place < *known) {
            self.files.insert(repository, (place, file));
        }
    }

    /// `runs.json` as the scanner `github_runs` reads it: which file each run is of.
    fn runs(&mut self, path: &Path, bytes: &[u8]) {
        let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return };
        let folders: Vec<&str> =
            path.parent().into_iter().flat_map(Path::iter).filter_map(|part| part.to_str()).collect();
        let [.., owner, repository] = folders.as_slice() else { return };
        for run in document.get("workflow_runs").and_then(Value::as_array).into_iter().flatten() {
            let file = run.get("path").and_then(Value::as_str);
            if let (Some(id), Some(file)) = (run.get("id"), file) {
                let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                // A reusable workflow is written with the reference that it was taken at.
                let file = file.split('@').next().unwrap_or(file).to_owned();
                self.workflows.insert(format!("{owner}/{repository}/{id}"), file);
            }
        }
    }

    /// `owners` of a snapshot, or of the owner's own statement.
    fn stated(&mut self, bytes: &[u8]) {
        const KEY: &[u8] = b"\"owners\"";
        if !bytes.windows(KEY.len()).any(|window| window == KEY) {
            return;
        }
        let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return };
        let names = |value: &Value| -> Vec<Text> {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(Text::new).collect()
        };
        match (document.get("format").and_then(Value::as_str), document.get("owners")) {
            (Some("firebreak.snapshot/1"), Some(own)) => {
                if let Some(environment) = document.get("environment").and_then(Value::as_str) {
                    self.stated.insert(environment.to_owned(), names(own));
                }
            }
            (Some("firebreak.estate/1"), Some(list)) => {
                for item in list.as_array().into_iter().flatten() {
                    if let (Some(environment), Some(own)) =
                        (item.get("environment").and_then(Value::as_str), item.get("owners"))
                    {
                        self.stated.insert(environment.to_owned(), names(own));
                    }
                }
            }
            _ => {}
        }
    }
}

/// `owner/repository` of a CODEOWNERS file's path, and which place it is: the longest that fits.
fn repository(path: &Path) -> Option<(String, usize)> {
    let path = path.to_str()?;
    let fits = |place: &str| path.strip_suffix(place).is_some_and(|rest| rest.ends_with('/'));
    let (at, place) =
        PLACES.iter().enumerate().filter(|(_, place)| fits(place)).max_by_key(|(_, place)| place.len())?;
    let mut folders = path.strip_suffix(place)?.trim_end_matches('/').rsplit('/');
    let (repository, owner) = (folders.next()?, folders.next()?);
    Some((format!("{owner}/{repository}"), at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stated_owners_come_before_those_of_the_repository() {
        let world = World::simulated(1);
        let put = |path: &str, text: &str| world.disk.write(Path::new(path), text.as_bytes()).expect("written");
        put("/i/workflows/o/r/.github/CODEOWNERS", "* @o/all\n.github/workflows/release.yml @o/release\n");
        put("/i/workflows/o/r/CODEOWNERS", "* @o/nobody\n");
        put("/i/workflows/o/s/.gitlab/CODEOWNERS", "* @o/last\n");
        put("/i/workflows/o/s/docs/CODEOWNERS", "* @o/third\n");
        put("/i/workflows/o/s/CODEOWNERS", "* @o/second\n");
        put("/i/github/o/r/runs.json", r#"{"workflow_runs":[{"id":7,"path":".github/workflows/release.yml"}]}"#);
        put(
            "/i/a.json",
            r#"{"format":"firebreak.snapshot/1","environment":"environment:host/a","owners":["ada@example.org"]}"#,
        );
        put(
            "/i/estate.json",
            r#"{"format":"firebreak.estate/1","owners":[{"environment":"environment:k8s/*","owners":["@o/k8s"]},
              {"environment":"environment:k8s/prod/*","owners":["@o/prod"]}]}"#,
        );
        let owners = Owners::read(&world, &[PathBuf::from("/i")]);
        for (environment, own) in [
            ("environment:ci/o/r/7/build", "@o/release"),
            ("environment:ci/o/r/8/build", "@o/all"),
            ("environment:ci/o/s/7/build", "@o/second"),
            ("environment:ci/o/other/7/build", ""),
            ("environment:host/a", "ada@example.org"),
            ("environment:host/b", ""),
            ("environment:k8s/prod/gateway", "@o/prod"),
            ("environment:k8s/test/gateway", "@o/k8s"),
        ] {
            assert_eq!(owners.of(environment).join(" "), own, "{environment}");
        }
    }
}
