//! The file form of a profile, and every check that makes one.
//!
//! It is not lenient: a profile decides what is called clear, so an unknown key is an error and not a shrug.

use super::{Artefact, CleanImage, Dispute, Indicator, PayloadFile, Profile, Route, Window, bare_digest, is_commit};
use firebreak_model::{Position, Problem, Text, Time};
use firebreak_package::{Ecosystem, version::Range};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The only form that there is.
const FORMAT: &str = "firebreak.profile/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    format: Text,
    id: Text,
    revision: u32,
    title: String,
    known: Time,
    #[serde(default)]
    advisories: Vec<Text>,
    #[serde(default)]
    reads: Vec<Text>,
    #[serde(default)]
    artefact: Vec<ArtefactFile>,
    #[serde(default)]
    route: Vec<RouteFile>,
    #[serde(default)]
    indicator: Vec<Indicator>,
    #[serde(default)]
    file: Vec<PayloadFile>,
    #[serde(default)]
    clean_image: Vec<CleanImage>,
    #[serde(default)]
    disputed: Vec<Dispute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArtefactFile {
    ecosystem: Text,
    names: Vec<Text>,
    #[serde(default)]
    versions: Vec<Text>,
    #[serde(default)]
    sha256: Vec<Text>,
    /// Bad commits without a known tag.
    #[serde(default)]
    commits: Vec<Text>,
    /// Tag to the bad commit that it was moved to.
    #[serde(default)]
    moved_tags: BTreeMap<Text, Text>,
    #[serde(default)]
    commits_unknown: bool,
    #[serde(default)]
    clean_versions: Vec<Text>,
    #[serde(default)]
    clean_commits: Vec<Text>,
    #[serde(default)]
    clean_sha256: Vec<Text>,
    window: Vec<Window>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteFile {
    through: Text,
    reaches: Text,
    /// Version to the commit that fetches by tag.
    #[serde(default)]
    by_tag: BTreeMap<Text, Text>,
    /// Version to the commit that fetches by commit, or not at all.
    #[serde(default)]
    by_commit: BTreeMap<Text, Text>,
    #[serde(default)]
    fixed_versions: Vec<Text>,
    source: String,
}

/// Collects problems while it turns texts into what they mean.
struct Reader<'a> {
    path: &'a str,
    problems: Vec<Problem>,
}

pub(super) fn read(path: &str, text: &str) -> Result<Profile, Vec<Problem>> {
    let mut reader = Reader { path, problems: Vec::new() };
    let file: ProfileFile = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.span().map(|span| {
                let before = text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count();
                before as u64 + 1
            });
            let hint = "compare it with the other profiles in `profiles/`";
            reader.report(line, error.message().trim().replace('\n', "; "), hint);
            return Err(reader.problems);
        }
    };
    let profile = reader.profile(file);
    if reader.problems.is_empty() { Ok(profile) } else { Err(reader.problems) }
}

impl Reader<'_> {
    fn report(&mut self, line: Option<u64>, reason: String, hint: &str) {
        let position = Position { input: self.path.to_owned(), line, ..Position::default() };
        self.problems.push(Problem { source: Text::new("profile"), position, reason, hint: hint.to_owned() });
    }

    fn profile(&mut self, file: ProfileFile) -> Profile {
        if file.format != FORMAT {
            self.report(None, format!("`{}` is not a form of profile", file.format), "write `firebreak.profile/1`");
        }
        if file.id.is_empty() || file.revision == 0 {
            self.report(None, "a profile needs an id and a revision from 1".to_owned(), "count it up at each change");
        }
        if file.artefact.is_empty() {
            self.report(None, format!("`{}` names no artefact", file.id), "add an `[[artefact]]`");
        }
        let mut files = file.file;
        for payload in &mut files {
            if let Some(digest) = &payload.sha256 {
                payload.sha256 = self.digests(std::slice::from_ref(digest)).into_iter().next();
            }
        }
        let mut profile = Profile {
            id: file.id,
            revision: file.revision,
            title: file.title,
            known: file.known,
            advisories: file.advisories,
            reads: file.reads,
            artefacts: file.artefact.into_iter().map(|artefact| self.artefact(artefact)).collect(),
            routes: file.route.into_iter().map(|route| self.route(route)).collect(),
            indicators: file.indicator,
            files,
            clean_images: file.clean_image,
            disputed: file.disputed,
            by_name: FxHashMap::default(),
            by_digest: FxHashMap::default(),
        };
        for image in &mut profile.clean_images {
            image.name = Text::new(Ecosystem::Docker.canonical(&image.name));
        }
        profile.index();
        self.check_disputes(&profile);
        profile
    }

    fn artefact(&mut self, file: ArtefactFile) -> Artefact {
        let ecosystem = Ecosystem::of(&file.ecosystem);
        let names: Vec<Text> = file.names.iter().map(|name| Text::new(ecosystem.canonical(name))).collect();
        let shown = names.first().cloned().unwrap_or_default();
        if names.is_empty() || names.iter().any(|name| name.is_empty()) {
            self.report(None, "an artefact has no name".to_owned(), "write `names = [\"…\"]`");
        }
        let mut commits = self.commits(&file.commits);
        commits.extend(self.commits(&file.moved_tags.into_values().collect::<Vec<_>>()));
        let mut clean = self.commits(&file.clean_commits);
        clean.extend(self.digests(&file.clean_sha256));
        let artefact = Artefact {
            versions: self.ranges(&ecosystem, &file.versions),
            clean_versions: self.ranges(&ecosystem, &file.clean_versions),
            sha256: self.digests(&file.sha256),
            windows: file.window,
            commits_unknown: file.commits_unknown,
            ecosystem,
            names,
            commits,
            clean,
        };
        let listed = !(artefact.versions.is_empty() && artefact.sha256.is_empty() && artefact.commits.is_empty());
        if !listed && !artefact.commits_unknown {
            let hint = "give versions, sha256, commits, moved_tags or commits_unknown";
            self.report(None, format!("nothing of `{shown}` is bad"), hint);
        }
        if artefact.clean.iter().any(|id| artefact.commits.contains(id) || artefact.sha256.contains(id)) {
            self.report(None, format!("something of `{shown}` is both bad and clean"), "keep it in one list");
        }
        if artefact.windows.is_empty() {
            let hint = "add an `[[artefact.window]]` with from, to, source and mark";
            self.report(None, format!("`{shown}` has no window"), hint);
        }
        for window in artefact.windows.iter().filter(|window| window.from >= window.to || window.source.is_empty()) {
            let reason = format!("the window of `{shown}` from {} ends before it begins or has no source", window.from);
            self.report(None, reason, "give from before to, and who says so");
        }
        artefact
    }

    fn route(&mut self, file: RouteFile) -> Route {
        let actions = Ecosystem::GitHubActions;
        let route = Route {
            through: Text::new(actions.canonical(&file.through)),
            reaches: Text::new(actions.canonical(&file.reaches)),
            by_tag: self.commits(&file.by_tag.into_values().collect::<Vec<_>>()),
            by_commit: self.commits(&file.by_commit.into_values().collect::<Vec<_>>()),
            fixed_versions: self.ranges(&actions, &file.fixed_versions),
            source: file.source,
        };
        if route.by_tag.intersection(&route.by_commit).next().is_some() {
            let reason = format!("a commit of `{}` is in both lists of its route", route.through);
            self.report(None, reason, "keep it in by_tag or in by_commit");
        }
        route
    }

    fn ranges(&mut self, ecosystem: &Ecosystem, texts: &[Text]) -> Vec<Range> {
        let mut ranges = Vec::new();
        for text in texts {
            match Range::parse(ecosystem, text) {
                Some(range) => ranges.push(range),
                None => {
                    let reason = format!("`{text}` is not a version of {}", ecosystem.word());
                    self.report(None, reason, "write `1.82.8` or `>=1.82.7, <1.82.9`");
                }
            }
        }
        ranges
    }

    fn commits(&mut self, texts: &[Text]) -> FxHashSet<Text> {
        let mut commits = FxHashSet::default();
        for text in texts {
            if is_commit(text) {
                commits.insert(Text::new(text.to_ascii_lowercase()));
            } else {
                self.report(None, format!("`{text}` is not a commit"), "write all 40 hexadecimal digits");
            }
        }
        commits
    }

    fn digests(&mut self, texts: &[Text]) -> FxHashSet<Text> {
        let mut digests = FxHashSet::default();
        for text in texts {
            let bare = bare_digest(text);
            if bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                digests.insert(Text::new(bare));
            } else {
                self.report(None, format!("`{text}` is not a SHA-256"), "write all 64 hexadecimal digits");
            }
        }
        digests
    }

    /// What is disputed must not be listed as bad: that is the whole use of the word.
    fn check_disputes(&mut self, profile: &Profile) {
        for dispute in &profile.disputed {
            let bad = |artefact: &&Artefact| {
                let begins = |id: &Text| id.starts_with(dispute.what.as_str());
                artefact.commits.iter().any(begins) || artefact.sha256.iter().any(begins)
            };
            if dispute.what.is_empty() || profile.artefacts.iter().any(|artefact| bad(&artefact)) {
                let reason = format!("`{}` of `{}` is disputed and listed as bad", dispute.what, dispute.name);
                self.report(None, reason, "remove it from one of the two");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        format = "firebreak.profile/1"
        id = "x"
        revision = 1
        title = "X"
        known = "2026-03-24T11:58:00Z"
        [[artefact]]
        ecosystem = "PyPI"
        names = ["Lite_LLM"]
        versions = ["1.82.8"]
        [[artefact.window]]
        from = "2026-03-24T10:52:00Z"
        to = "2026-03-24T16:00:00Z"
        source = "PyPI"
        mark = "primary"
    "#;

    fn reasons(text: &str) -> String {
        match read("profiles/x/profile.toml", text) {
            Ok(_) => "none".to_owned(),
            Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    }

    #[test]
    fn a_good_profile_is_read() {
        let profile = read("p", GOOD).expect("a profile");
        assert_eq!(profile.named(&Ecosystem::PyPI, "LITE.llm").count(), 1);
        assert_eq!(profile.named(&Ecosystem::Npm, "lite-llm").count(), 0);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (from, to, said) in [
            ("revision = 1", "revison = 1", "profiles/x/profile.toml:4: unknown field `revison`"),
            ("\"1.82.8\"", "\">=one\"", "`>=one` is not a version of PyPI"),
            ("16:00:00Z", "09:00:00Z", "ends before it begins"),
            ("versions = [\"1.82.8\"]", "commits = [\"abc\"]", "`abc` is not a commit"),
            ("versions = [\"1.82.8\"]", "", "nothing of `lite-llm` is bad"),
            ("profile/1", "profile/9", "is not a form of profile"),
            ("mark = \"primary\"", "mark = \"sure\"", "unknown variant `sure`"),
        ] {
            let reasons = reasons(&GOOD.replace(from, to));
            assert!(reasons.contains(said), "{said} is not in {reasons}");
        }
        assert_eq!(reasons(GOOD), "none");
    }

    #[test]
    fn what_is_disputed_cannot_be_bad() {
        let sha = "e6c2c5e321ed9123bda567646e2f96565e34abe1";
        let text = GOOD.replace("versions = [\"1.82.8\"]", &format!("commits = [\"{sha}\"]"))
            + "\n[[disputed]]\nname = \"x\"\nwhat = \"e6c2c5e\"\nwhy = \"two lists differ\"\n";
        assert!(reasons(&text).contains("is disputed and listed as bad"));
    }
}
