//! The file form of a profile, and every check that makes one.
//!
//! It is not lenient: a profile decides what is called clear, so an unknown key is an error and not a shrug.

use super::{
    Artefact, CleanImage, Dispute, Indicator, PayloadFile, PreparedStep, Profile, Route, Window, bare_digest, is_commit,
};
use firebreak_model::{Position, Problem, Text, Time};
use firebreak_package::{Ecosystem, version::Range};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range as Span;
use toml::Spanned;

/// The only form that there is.
const FORMAT: &str = "firebreak.profile/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    format: Spanned<Text>,
    id: Spanned<Text>,
    revision: u32,
    title: String,
    known: Time,
    #[serde(default)]
    advisories: Vec<Text>,
    #[serde(default)]
    reads: Vec<Text>,
    #[serde(default)]
    artefact: Vec<Spanned<ArtefactFile>>,
    #[serde(default)]
    route: Vec<Spanned<RouteFile>>,
    #[serde(default)]
    indicator: Vec<Indicator>,
    #[serde(default)]
    file: Vec<Spanned<PayloadFile>>,
    #[serde(default)]
    clean_image: Vec<CleanImage>,
    #[serde(default)]
    disputed: Vec<Spanned<Dispute>>,
    #[serde(default)]
    prepared: Vec<PreparedStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArtefactFile {
    ecosystem: Text,
    names: Vec<Text>,
    #[serde(default)]
    versions: Vec<Spanned<Text>>,
    #[serde(default)]
    sha256: Vec<Spanned<Text>>,
    /// Bad commits without a known tag.
    #[serde(default)]
    commits: Vec<Spanned<Text>>,
    /// Tag to the bad commit that it was moved to.
    #[serde(default)]
    moved_tags: BTreeMap<Text, Spanned<Text>>,
    #[serde(default)]
    commits_unknown: bool,
    #[serde(default)]
    clean_versions: Vec<Spanned<Text>>,
    #[serde(default)]
    clean_commits: Vec<Spanned<Text>>,
    #[serde(default)]
    clean_sha256: Vec<Spanned<Text>>,
    #[serde(default)]
    window: Vec<Spanned<Window>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteFile {
    through: Text,
    reaches: Text,
    /// Version to the commit that fetches by tag.
    #[serde(default)]
    by_tag: BTreeMap<Text, Spanned<Text>>,
    /// Version to the commit that fetches by commit, or not at all.
    #[serde(default)]
    by_commit: BTreeMap<Text, Spanned<Text>>,
    #[serde(default)]
    fixed_versions: Vec<Spanned<Text>>,
    source: String,
}

/// Collects problems while it turns texts into what they mean.
struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

pub(super) fn read(path: &str, text: &str) -> Result<Profile, Vec<Problem>> {
    let mut reader = Reader { path, text, problems: Vec::new() };
    let file: ProfileFile = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let hint = "compare it with the other profiles in `profiles/`";
            reader.report(error.span().as_ref(), error.message().trim().replace('\n', "; "), hint);
            return Err(reader.problems);
        }
    };
    let profile = reader.profile(file);
    if reader.problems.is_empty() { Ok(profile) } else { Err(reader.problems) }
}

impl Reader<'_> {
    /// Something is wrong at a place of the text.
    fn report(&mut self, at: Option<&Span<usize>>, reason: String, hint: &str) {
        let line = at.map(|span| {
            let before = self.text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count();
            before as u64 + 1
        });
        let position = Position { input: self.path.to_owned(), line, ..Position::default() };
        self.problems.push(Problem { source: Text::new("profile"), position, reason, hint: hint.to_owned() });
    }

    fn profile(&mut self, file: ProfileFile) -> Profile {
        if file.format.get_ref() != FORMAT {
            let reason = format!("`{}` is not a form of profile", file.format.get_ref());
            self.report(Some(&file.format.span()), reason, "write `firebreak.profile/1`");
        }
        let id = file.id.span();
        if file.id.get_ref().is_empty() || file.revision == 0 {
            let reason = "a profile needs an id and a revision from 1".to_owned();
            self.report(Some(&id), reason, "count it up at each change");
        }
        if file.artefact.is_empty() {
            self.report(Some(&id), format!("`{}` names no artefact", file.id.get_ref()), "add an `[[artefact]]`");
        }
        let mut files = Vec::with_capacity(file.file.len());
        for payload in file.file {
            let span = payload.span();
            let mut payload = payload.into_inner();
            if let Some(digest) = &payload.sha256 {
                payload.sha256 = self.digest(digest, &span);
            }
            files.push(payload);
        }
        let disputed = file.disputed.iter().map(|one| (one.span(), one.get_ref().clone())).collect::<Vec<_>>();
        let mut profile = Profile {
            id: file.id.into_inner(),
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
            disputed: file.disputed.into_iter().map(Spanned::into_inner).collect(),
            prepared: file.prepared,
            by_name: FxHashMap::default(),
            by_digest: FxHashMap::default(),
        };
        for image in &mut profile.clean_images {
            image.name = Text::new(Ecosystem::Docker.canonical(&image.name));
        }
        profile.index();
        self.check_disputes(&profile, &disputed);
        profile
    }

    fn artefact(&mut self, file: Spanned<ArtefactFile>) -> Artefact {
        let at = file.span();
        let file = file.into_inner();
        let ecosystem = Ecosystem::of(&file.ecosystem);
        let names: Vec<Text> = file.names.iter().map(|name| Text::new(ecosystem.canonical(name))).collect();
        let shown = names.first().cloned().unwrap_or_default();
        if names.is_empty() || names.iter().any(|name| name.is_empty()) {
            self.report(Some(&at), "an artefact has no name".to_owned(), "write `names = [\"…\"]`");
        }
        let mut commits = self.commits(&file.commits);
        commits.extend(self.commits(file.moved_tags.values()));
        let mut clean = self.commits(&file.clean_commits);
        clean.extend(self.digests(&file.clean_sha256));
        let windows: Vec<(Span<usize>, Window)> =
            file.window.into_iter().map(|window| (window.span(), window.into_inner())).collect();
        self.check_windows(&windows, &shown, &at);
        let artefact = Artefact {
            versions: self.ranges(&ecosystem, &file.versions),
            clean_versions: self.ranges(&ecosystem, &file.clean_versions),
            sha256: self.digests(&file.sha256),
            windows: windows.into_iter().map(|(_, window)| window).collect(),
            commits_unknown: file.commits_unknown,
            ecosystem,
            names,
            commits,
            clean,
        };
        let listed = !(artefact.versions.is_empty() && artefact.sha256.is_empty() && artefact.commits.is_empty());
        if !listed && !artefact.commits_unknown {
            let hint = "give versions, sha256, commits, moved_tags or commits_unknown";
            self.report(Some(&at), format!("nothing of `{shown}` is bad"), hint);
        }
        if artefact.clean.iter().any(|id| artefact.commits.contains(id) || artefact.sha256.contains(id)) {
            self.report(Some(&at), format!("something of `{shown}` is both bad and clean"), "keep it in one list");
        }
        artefact
    }

    fn check_windows(&mut self, windows: &[(Span<usize>, Window)], shown: &str, at: &Span<usize>) {
        if windows.is_empty() {
            let hint = "add an `[[artefact.window]]` with from, to, source and mark";
            self.report(Some(at), format!("`{shown}` has no window"), hint);
        }
        let wrong = |window: &&(Span<usize>, Window)| window.1.from >= window.1.to || window.1.source.is_empty();
        for (span, window) in windows.iter().filter(wrong) {
            let reason = format!("the window of `{shown}` from {} ends before it begins or has no source", window.from);
            self.report(Some(span), reason, "give from before to, and who says so");
        }
    }

    fn route(&mut self, file: Spanned<RouteFile>) -> Route {
        let actions = Ecosystem::GitHubActions;
        let at = file.span();
        let file = file.into_inner();
        let route = Route {
            through: Text::new(actions.canonical(&file.through)),
            reaches: Text::new(actions.canonical(&file.reaches)),
            by_tag: self.commits(file.by_tag.values()),
            by_commit: self.commits(file.by_commit.values()),
            fixed_versions: self.ranges(&actions, &file.fixed_versions),
            source: file.source,
        };
        if route.by_tag.intersection(&route.by_commit).next().is_some() {
            let reason = format!("a commit of `{}` is in both lists of its route", route.through);
            self.report(Some(&at), reason, "keep it in by_tag or in by_commit");
        }
        route
    }

    fn ranges(&mut self, ecosystem: &Ecosystem, texts: &[Spanned<Text>]) -> Vec<Range> {
        let mut ranges = Vec::new();
        for text in texts {
            match Range::parse(ecosystem, text.get_ref()) {
                Some(range) => ranges.push(range),
                None => {
                    let reason = format!("`{}` is not a version of {}", text.get_ref(), ecosystem.word());
                    self.report(Some(&text.span()), reason, "write `1.82.8` or `>=1.82.7, <1.82.9`");
                }
            }
        }
        ranges
    }

    fn commits<'t>(&mut self, texts: impl IntoIterator<Item = &'t Spanned<Text>>) -> FxHashSet<Text> {
        let mut commits = FxHashSet::default();
        for text in texts {
            let commit = text.get_ref();
            if is_commit(commit) {
                commits.insert(Text::new(commit.to_ascii_lowercase()));
            } else {
                let reason = format!("`{commit}` is not a commit");
                self.report(Some(&text.span()), reason, "write all 40 hexadecimal digits");
            }
        }
        commits
    }

    fn digests(&mut self, texts: &[Spanned<Text>]) -> FxHashSet<Text> {
        texts.iter().filter_map(|text| self.digest(text.get_ref(), &text.span())).collect()
    }

    fn digest(&mut self, text: &Text, at: &Span<usize>) -> Option<Text> {
        let bare = bare_digest(text);
        if bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(Text::new(bare));
        }
        self.report(Some(at), format!("`{text}` is not a SHA-256"), "write all 64 hexadecimal digits");
        None
    }

    /// What is disputed must not be listed as bad: that is the whole use of the word.
    fn check_disputes(&mut self, profile: &Profile, disputed: &[(Span<usize>, Dispute)]) {
        for (at, dispute) in disputed {
            let bad = |artefact: &&Artefact| {
                let begins = |id: &Text| id.starts_with(dispute.what.as_str());
                artefact.commits.iter().any(begins) || artefact.sha256.iter().any(begins)
            };
            if dispute.what.is_empty() || profile.artefacts.iter().any(|artefact| bad(&artefact)) {
                let reason = format!("`{}` of `{}` is disputed and listed as bad", dispute.what, dispute.name);
                self.report(Some(at), reason, "remove it from one of the two");
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
            ("\"1.82.8\"", "\">=one\"", "profiles/x/profile.toml:10: `>=one` is not a version of PyPI"),
            ("16:00:00Z", "09:00:00Z", "profiles/x/profile.toml:11: the window of `lite-llm`"),
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
