//! Files that list packages, wherever they lie: each answers for an install that follows it.
//!
//! An inventory says which environment a lock belongs to; a folder of a repository does not. So each lockfile, manifest and
//! bill of materials is a place of its own here, `environment:file/<path>`, and what is said of it is said of whatever follows
//! it. A manifest beside a lock is asked as well: not every install follows the lock. Nothing is known of when and whether
//! that happened. Files of installed trees below one root are one place.

mod included;
mod recipes;

use crate::report::Report;
use crate::scan::MAX_FILE_BYTES;
use crate::scanner::{ScanInput, Surroundings};
use crate::scanners::lockfile;
use firebreak_model::{EnvironmentEvidence, NodeKey, Observation, ObservationKind, Problem, Text, Time};
use firebreak_package::Ecosystem;
use firebreak_package::formats::listing::{ALONE, Listing, OVERRIDE, Required};
use firebreak_package::formats::{Format, Input, Kind, recognise};
use firebreak_world::{FileMeta, World};
use recipes::Recipe;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

const NAME: &str = "files";
/// How much of a file is looked at to tell what it is, in bytes.
const HEAD_BYTES: u64 = 4096;
/// Folders of what is installed: locks and manifests in them belong to packages, not to their user.
const INSTALLED: [&str; 3] = ["node_modules", "site-packages", "dist-packages"];

/// One file that lists packages, or an installed tree.
#[derive(Clone, PartialEq, Debug)]
pub struct ListedFile {
    /// What it says, under `environment:file/<path>`.
    pub evidence: EnvironmentEvidence,
    /// The ecosystems of which an install that follows it brings packages. `None` where it tells of more than one install, or
    /// where it could not be read well enough to tell: then anything may have come.
    pub brings: Option<Vec<Ecosystem>>,
    /// Whether it is a recipe: a workflow, an action, a pipeline, a Dockerfile or a Compose file. It asks for things and shows
    /// nothing absent.
    pub recipe: bool,
}

/// What lies below a root.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Listings {
    /// In the order of paths.
    pub files: Vec<ListedFile>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Reads each of `files`, all those below `root`, that lists packages; `root` may be one file. What an inventory keeps for an
/// environment that it names (`lockfiles/<environment>/…`) is not asked again.
pub fn listings(world: &World, root: &Path, files: &[FileMeta]) -> Listings {
    let all = Listings::default();
    let base = if world.disk.is_directory(root) { root } else { root.parent().unwrap_or(Path::new("")) };
    let (settings, outweighing) = (BTreeMap::new(), BTreeMap::new());
    let mut reading =
        Reading { world, base, manifests: Vec::new(), lists: Vec::new(), settings, outweighing, tree: None, all };
    files.iter().for_each(|file| reading.file(file));
    reading.finish(root)
}

struct Reading<'a> {
    world: &'a World,
    base: &'a Path,
    /// Places of manifests among the files, each with its folder.
    manifests: Vec<(usize, String)>,
    /// Lists of requirements likewise: of settings, only overrides are known to hold for them.
    lists: Vec<(usize, String)>,
    /// What files of settings say, by folder.
    settings: BTreeMap<String, Vec<Observation>>,
    /// Overrides of manifests likewise, where they hold for what lies below as well.
    outweighing: BTreeMap<String, Vec<Observation>>,
    tree: Option<EnvironmentEvidence>,
    all: Listings,
}

impl Reading<'_> {
    fn file(&mut self, file: &FileMeta) {
        let path = shown(&file.path);
        let relative = file.path.strip_prefix(self.base).unwrap_or(&file.path);
        let installed = relative.components().any(|part| INSTALLED.iter().any(|own| part.as_os_str() == *own));
        if relative.components().any(|part| part.as_os_str() == ".git") {
            return;
        }
        if let Some(recipe) = recipes::recognise(&file.path).filter(|_| !installed) {
            return self.recipe(recipe, file, &path);
        }
        let Some(format) = self.format(file, &path) else { return };
        if installed && format.kind != Kind::Installed {
            return;
        }
        let Some(bytes) = self.read(file, &path) else { return };
        let surroundings = Surroundings::default();
        let input = self.input(relative, &bytes, &surroundings);
        if format.kind == Kind::Lock && lockfile::environment(&input).is_some() {
            return;
        }
        let mut listing = format.read(&Input { path: &path, bytes: &bytes });
        let included = included::read(self.world, self.base, &file.path, &mut listing);
        self.listing(&path, format, listing, included);
    }

    /// What a file holds. People leave secrets in manifests and settings: these are gone.
    fn read(&mut self, file: &FileMeta, path: &str) -> Option<Vec<u8>> {
        match self.world.disk.read(&file.path) {
            Ok(bytes) if file.size <= MAX_FILE_BYTES => return Some(firebreak_classify::hide(&bytes).into_owned()),
            Ok(_) => self.failed(path, format!("{} bytes are more than are read", file.size)),
            Err(error) => self.failed(path, format!("cannot be read: {error}")),
        }
        None
    }

    fn input<'b>(&'b self, path: &'b Path, bytes: &'b [u8], surroundings: &'b Surroundings) -> ScanInput<'b> {
        ScanInput { path, bytes, known: Time::from_seconds(0), surroundings, world: self.world, root: self.base }
    }

    fn recipe(&mut self, recipe: Recipe, file: &FileMeta, path: &str) {
        let Some(bytes) = self.read(file, path) else { return };
        let relative = file.path.strip_prefix(self.base).unwrap_or(&file.path);
        let mut report = Report::new(NAME, Path::new(path));
        let surroundings = Surroundings::default();
        let asked = recipes::asks(recipe, &self.input(relative, &bytes, &surroundings), &mut report);
        let problems = report.finish();
        let unread = problems.first().map_or_else(|| "cannot be read".to_owned(), |problem| problem.reason.clone());
        self.all.problems.extend(problems);
        let Some(asked) = asked else { return self.unknown(path, unread) };
        let (environment, gaps) = (NodeKey::environment("file", path), asked.gaps.into_iter().collect());
        let evidence = EnvironmentEvidence { environment, runs: Vec::new(), observations: asked.seen, gaps };
        self.all.files.push(ListedFile { evidence, brings: None, recipe: true });
    }

    /// By its name; a bill of materials may be called anything and is told by how it begins.
    fn format(&self, file: &FileMeta, path: &str) -> Option<&'static Format> {
        let bill = || {
            let ending = file.path.extension()?;
            if !["json", "xml", "spdx"].iter().any(|own| ending.eq_ignore_ascii_case(own)) {
                return None;
            }
            let mut head = Vec::new();
            self.world.disk.open(&file.path, 0).ok()?.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
            recognise(path, &head).filter(|format| format.kind == Kind::Bill)
        };
        recognise(path, &[]).or_else(bill)
    }

    fn failed(&mut self, path: &str, reason: String) {
        let mut report = Report::new(NAME, Path::new(path));
        report.add(reason.clone(), "check the file and its permissions");
        self.all.problems.extend(report.finish());
        self.unknown(path, reason);
    }

    /// A file of which nothing is known but why.
    fn unknown(&mut self, path: &str, reason: String) {
        let evidence = EnvironmentEvidence {
            environment: NodeKey::environment("file", path),
            runs: Vec::new(),
            observations: Vec::new(),
            gaps: vec![format!("{path}: {reason}")],
        };
        self.all.files.push(ListedFile { evidence, brings: None, recipe: false });
    }

    fn listing(&mut self, path: &str, format: &Format, mut listing: Listing, included: Vec<(String, Listing)>) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        if format.kind == Kind::Settings {
            let held = std::mem::take(&mut listing.settings.overrides);
            listing.requirements.extend(held.into_iter().filter_map(Required::outweighing));
            let settings = lockfile::listed(format.kind, path, listing);
            self.settings.entry(folder).or_default().extend(settings.observations);
            self.all.problems.extend(settings.problems);
            return;
        }
        if format.kind == Kind::Installed {
            return self.installed(path, listing);
        }
        listing.requirements.retain(|required| !required.constraint);
        if format.kind == Kind::Manifest {
            let held = std::mem::take(&mut listing.settings.overrides);
            listing.requirements.extend(held.into_iter().filter_map(Required::outweighing));
        }
        let mut ecosystems = ecosystems(&listing);
        if ecosystems.is_empty() && listing.gaps.is_empty() && listing.problems.is_empty() {
            return;
        }
        listing.requirements.iter_mut().for_each(conditional);
        let mut locked = lockfile::listed(format.kind, path, listing);
        for (path, mut listing) in included {
            ecosystems.extend(self::ecosystems(&listing));
            listing.requirements.iter_mut().for_each(conditional);
            let limited = |required: Required| if required.constraint { required.limiting() } else { required };
            listing.requirements = listing.requirements.into_iter().map(limited).collect();
            let more = lockfile::listed(format.kind, &path, listing);
            locked.observations.extend(more.observations);
            locked.gaps.extend(more.gaps);
            locked.problems.extend(more.problems);
        }
        ecosystems.sort();
        ecosystems.dedup();
        let mut gaps = locked.gaps;
        if gaps.is_empty() && !locked.problems.is_empty() {
            gaps.push(format!("{path}: not all of it could be read"));
        }
        self.all.problems.extend(locked.problems);
        let observations = locked.observations;
        let environment = NodeKey::environment("file", path);
        let brings = (format.kind != Kind::Bill && !ecosystems.is_empty()).then_some(ecosystems);
        match format.kind {
            _ if format.name == "requirements" => self.lists.push((self.all.files.len(), folder)),
            Kind::Manifest => {
                let inherited = |held| matches!(held, Ecosystem::PyPI | Ecosystem::Npm);
                let held = observations.iter().filter(|one| overrides(one).is_some_and(inherited));
                self.outweighing.entry(folder.clone()).or_default().extend(held.cloned());
                self.manifests.push((self.all.files.len(), folder));
            }
            _ => {}
        }
        let evidence = EnvironmentEvidence { environment, runs: Vec::new(), observations, gaps };
        self.all.files.push(ListedFile { evidence, brings, recipe: false });
    }

    /// One record of an installed tree. What the tree lacks, no record tells.
    fn installed(&mut self, path: &str, listing: Listing) {
        let mut locked = lockfile::listed(Kind::Installed, path, listing);
        locked.observations.retain(|one| !matches!(one.what, ObservationKind::LockComplete { .. }));
        self.all.problems.extend(locked.problems);
        let tree = self.tree.get_or_insert_with(|| EnvironmentEvidence {
            environment: NodeKey::environment("file", ""),
            runs: Vec::new(),
            observations: Vec::new(),
            gaps: vec![
                "an installed tree was read file by file, which is no whole listing: `firebreak snapshot` makes one"
                    .to_owned(),
            ],
        });
        tree.observations.append(&mut locked.observations);
        tree.gaps.append(&mut locked.gaps);
    }

    /// The overrides that hold in `folder` beside what a file there says itself: those of the nearest folder upwards that has any, as
    /// uv, npm and pnpm look for them.
    fn overriding<'a>(
        &'a self,
        folder: &'a str,
        brings: &'a [Ecosystem],
        manifest: bool,
    ) -> impl Iterator<Item = &'a Observation> {
        let upwards = std::iter::successors(Some(folder), |at| match at.rsplit_once('/') {
            Some((above, _)) => Some(above),
            None => (!at.is_empty()).then_some(""),
        });
        let of = move |all: &'a BTreeMap<String, Vec<Observation>>, at: &str| {
            let held = |one: &&Observation| overrides(one).is_some_and(|held| brings.contains(&held));
            all.get(at).into_iter().flatten().filter(held)
        };
        let mut all =
            upwards.map(move |at| (at, of(&self.settings, at).peekable(), of(&self.outweighing, at).peekable()));
        let found = all.find_map(|(at, mut settings, mut manifests)| {
            let any = settings.peek().is_some() || manifests.peek().is_some();
            // A manifest has its own already.
            let own = manifest && at == folder;
            any.then(|| settings.chain(manifests.filter(move |_| !own)))
        });
        found.into_iter().flatten()
    }

    fn finish(mut self, root: &Path) -> Listings {
        let manifests = self.manifests.iter().map(|manifest| (manifest, true));
        for ((place, folder), manifest) in manifests.chain(self.lists.iter().map(|list| (list, false))) {
            let Some(brings) = self.all.files.get(*place).map(|file| file.brings.as_deref().unwrap_or_default()) else {
                continue;
            };
            let mut told: Vec<Observation> = self.overriding(folder, brings, manifest).cloned().collect();
            if manifest {
                let beside = self.settings.get(folder).into_iter().flatten();
                told.extend(beside.filter(|one| overrides(one).is_none()).cloned());
            }
            if let Some(file) = self.all.files.get_mut(*place) {
                file.evidence.observations.extend(told);
            }
        }
        if let Some(mut tree) = self.tree {
            tree.environment = NodeKey::environment("file", &shown(root));
            self.all.files.push(ListedFile { evidence: tree, brings: None, recipe: false });
        }
        self.all
    }
}

/// A path as people write it: with `/`, and without `./` before it.
fn shown(path: &Path) -> String {
    let text = path.display().to_string().replace('\\', "/");
    match text.strip_prefix("./") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => text,
    }
}

/// The ecosystems that a file speaks of.
fn ecosystems(listing: &Listing) -> Vec<Ecosystem> {
    let packages = listing.packages.iter().map(|package| &package.ecosystem);
    let asked = listing.requirements.iter().map(|required| &required.ecosystem);
    let mut all: Vec<Ecosystem> = packages.chain(asked).chain(&listing.complete).cloned().collect();
    all.sort();
    all.dedup();
    all
}

/// The ecosystem of an override that is seen.
fn overrides(one: &Observation) -> Option<Ecosystem> {
    match &one.what {
        ObservationKind::Unpinned { ecosystem, reference, .. } if reference.ends_with(OVERRIDE) => {
            Some(Ecosystem::of(ecosystem))
        }
        _ => None,
    }
}

/// A requirement of an extra, a group or under a marker is not always in force: that is written behind it, as PEP 508 does. Nor
/// is what is for an environment of its own limited by the rest of the file.
fn conditional(required: &mut Required) {
    if let Some(place) = &required.alone {
        required.written = Text::new(format!("{}{ALONE}{place}", required.written));
        return;
    }
    let always = required.groups.is_empty() && required.marker.is_none();
    if required.ecosystem == Ecosystem::PyPI && !always && !required.written.contains(';') {
        let marker =
            required.marker.clone().unwrap_or_else(|| Text::new(format!("extra == '{}'", required.groups.join(", "))));
        required.written = Text::new(format!("{}; {marker}", required.written));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_world::World;
    use std::fs;

    fn read(files: &[(&str, &str)]) -> (tempfile::TempDir, Listings) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let world = World::offline();
        let files = world.disk.list(root.path()).unwrap();
        let listings = listings(&world, root.path(), &files);
        (root, listings)
    }

    fn names(root: &tempfile::TempDir, listings: &Listings) -> Vec<String> {
        let base = shown(root.path());
        let name = |file: &ListedFile| file.evidence.environment.name().trim_start_matches(&base).to_owned();
        listings.files.iter().map(name).collect()
    }

    #[test]
    fn each_lock_and_manifest_is_a_place_of_its_own() {
        let (root, listings) = read(&[
            ("a/pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"litellm>=1.80\"]\n"),
            ("a/uv.lock", "version = 1\n[[package]]\nname = \"litellm\"\nversion = \"1.82.6\"\n"),
            ("b/x_package-lock.json", r#"{"lockfileVersion": 3, "packages": {}}"#),
            (".git/uv.lock", "version = 1\n"),
            ("notes.txt", "litellm 1.82.8"),
        ]);
        assert_eq!(names(&root, &listings), ["/a/pyproject.toml", "/a/uv.lock", "/b/x_package-lock.json"]);
        let brings: Vec<_> = listings.files.iter().map(|file| file.brings.clone().unwrap_or_default()).collect();
        assert_eq!(brings, [[Ecosystem::PyPI], [Ecosystem::PyPI], [Ecosystem::Npm]]);
        assert!(listings.problems.is_empty(), "{:?}", listings.problems);
    }

    #[test]
    fn what_a_list_includes_is_part_of_it_and_what_lies_outside_stays_a_gap() {
        let (root, listings) = read(&[
            ("requirements.txt", "-r parts/base.txt\ncrewai\n"),
            ("parts/base.txt", "-r ../requirements.txt\nlitellm==1.82.8\n"),
            ("out/requirements.txt", "-r ../../elsewhere.txt\n-r gone.txt\n"),
        ]);
        assert_eq!(names(&root, &listings), ["/out/requirements.txt", "/requirements.txt"]);
        assert_eq!(listings.files[0].evidence.gaps.len(), 2, "{listings:?}");
        let whole = &listings.files[1].evidence;
        assert!(whole.gaps.is_empty(), "{whole:?}");
        let locked = whole.observations.iter().find(|one| matches!(one.what, ObservationKind::Locked { .. })).unwrap();
        assert!(locked.evidence.ends_with("parts/base.txt:2"), "{locked:?}");
    }

    #[test]
    fn what_is_for_an_environment_of_its_own_says_so_and_overrides_are_asked() {
        let (_, listings) = read(&[(
            "pyproject.toml",
            "[project]\nname = \"a\"\ndependencies = [\"litellm<1.82.7\", \"g\"]\n[dependency-groups]\ndev = [\"litellm>=1.80\"]\n\
             [build-system]\nrequires = [\"hatchling\"]\n[tool.hatch.envs.lint]\ndependencies = [\"ruff\"]\n\
             [tool.uv]\noverride-dependencies = [\"litellm==1.82.8\"]\nconstraint-dependencies = [\"x<2\", \"y==1\"]\n\
             [tool.uv.sources]\ng = { git = \"https://h.example/o/g\", branch = \"main\" }\n",
        )]);
        let asked = |one: &Observation| match &one.what {
            ObservationKind::Unpinned { reference, .. } => Some(reference.to_string()),
            _ => None,
        };
        let asked: Vec<String> = listings.files[0].evidence.observations.iter().filter_map(asked).collect();
        assert_eq!(
            asked,
            [
                "litellm<1.82.7",
                "g @ git+https://h.example/o/g@main",
                "litellm>=1.80; alone: group dev",
                "hatchling; alone: build",
                "ruff; alone: hatch.envs.lint.dependencies",
                "dependencies of these requirements are not pinned",
                "litellm==1.82.8; override",
                "y==1; override",
            ]
        );
    }

    #[test]
    fn what_is_not_always_in_force_says_so_and_settings_outweigh() {
        let (_, listings) = read(&[
            ("a/requirements.txt", "litellm==1.82.6; sys_platform == 'win32'\ncrewai\n"),
            (
                "b/pyproject.toml",
                "[tool.poetry.dependencies]\nlitellm = {version = \"<1.82.7\", python = \">=3.12\"}\n",
            ),
            ("c/Pipfile", "[packages]\nlitellm = {version = \"<1.82.7\", sys_platform = \"== 'win32'\"}\n"),
            ("d/pyproject.toml", "[project]\nname = \"d\"\ndependencies = [\"litellm<1.82.7\"]\n"),
            ("d/package.json", r#"{"dependencies": {"axios": "1.0.0"}}"#),
            ("d/uv.toml", "override-dependencies = [\"litellm==1.82.8\"]\n"),
            ("e/requirements.txt", "-r parts/base.txt\ncrewai\n"),
            ("e/parts/base.txt", "# autogenerated by uv\nlitellm==1.82.6 ; sys_platform == 'win32' --hash=sha256:00\n"),
            ("f/requirements.txt", "litellm<1.82.7\n"),
            ("f/uv.toml", "override-dependencies = [\"litellm==1.82.8\"]\n"),
        ]);
        let asked = |one: &Observation| match &one.what {
            ObservationKind::Unpinned { name, reference, .. } if name == "litellm" => Some(reference.to_string()),
            ObservationKind::Locked { .. } => Some("locked".to_owned()),
            _ => None,
        };
        let each =
            listings.files.iter().map(|file| file.evidence.observations.iter().filter_map(asked).collect::<Vec<_>>());
        assert_eq!(
            each.collect::<Vec<_>>(),
            [
                vec!["litellm==1.82.6; sys_platform == 'win32'"],
                vec!["litellm <1.82.7; >=3.12"],
                vec!["litellm <1.82.7; sys_platform == 'win32'"],
                vec![],
                vec!["litellm<1.82.7", "litellm==1.82.8; override"],
                vec!["litellm==1.82.6; sys_platform == 'win32'"],
                vec!["litellm<1.82.7", "litellm==1.82.8; override"],
            ]
        );
    }

    #[test]
    fn what_outweighs_and_limits_a_list_is_found_where_its_tool_finds_it() {
        let pin = "litellm==1.82.6\n";
        let manifest = "[project]\nname = \"d\"\n[tool.uv]\noverride-dependencies = [\"litellm==1.82.7\"]\n";
        let (_, listings) = read(&[
            ("a/requirements.txt", pin),
            ("a/pyproject.toml", manifest),
            ("b/parts/requirements.txt", pin),
            ("b/uv.toml", "override-dependencies = [\"litellm==1.82.8\"]\n"),
            // The nearest settings count.
            ("b/own/requirements.txt", pin),
            ("b/own/uv.toml", "override-dependencies = [\"litellm==1.82.5\"]\n"),
            ("c/requirements.txt", "-c limits.txt\n-c https://h.example/c.txt\nlitellm\n"),
            ("c/limits.txt", "litellm==1.82.6\ncrewai<1; python_version < '3.13'\n"),
            ("d/web/package.json", r#"{"dependencies": {"a": "1"}}"#),
            ("d/pnpm-workspace.yaml", "overrides:\n  axios: 1.14.1\n"),
        ]);
        let asked = |one: &Observation| match &one.what {
            ObservationKind::Unpinned { name, reference, .. } if name != "*" => Some(reference.to_string()),
            _ => None,
        };
        let each = listings.files.iter().map(|file| {
            assert!(file.evidence.gaps.is_empty(), "{file:?}");
            file.evidence.observations.iter().filter_map(asked).collect::<Vec<_>>()
        });
        assert_eq!(
            each.collect::<Vec<_>>(),
            [
                vec!["litellm==1.82.7; override"],
                vec!["litellm==1.82.7; override"],
                vec!["litellm==1.82.5; override"],
                vec!["litellm==1.82.8; override"],
                vec!["litellm", "litellm ==1.82.6; constraint", "crewai<1; python_version < '3.13'; constraint"],
                vec!["a@1", "axios 1.14.1; override"],
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_a_gap_and_may_have_brought_anything() {
        let (_, listings) = read(&[("uv.lock", "this is [not a lock")]);
        let file = &listings.files[0];
        assert!(!file.evidence.gaps.is_empty() && file.brings.is_none() && !listings.problems.is_empty(), "{file:?}");
    }

    #[test]
    fn locks_that_an_inventory_gives_to_an_environment_and_locks_of_packages_are_left_to_them() {
        let lock = "version = 1\n[[package]]\nname = \"x\"\nversion = \"1\"\n";
        let (root, listings) = read(&[
            ("lockfiles/host__gpu-7/uv.lock", lock),
            ("lockfiles/uv.lock", lock),
            ("node_modules/x/package.json", r#"{"name": "x", "version": "1.2.3"}"#),
            ("node_modules/x/package-lock.json", r#"{"lockfileVersion": 3, "packages": {}}"#),
        ]);
        assert_eq!(names(&root, &listings), ["/lockfiles/uv.lock", ""]);
        let tree = &listings.files[1];
        assert!(tree.brings.is_none() && tree.evidence.gaps[0].contains("no whole listing"), "{tree:?}");
        assert_eq!(tree.evidence.observations.len(), 1);
    }

    #[test]
    fn settings_beside_a_manifest_hold_for_it_and_conditions_stay_visible() {
        let (_, listings) = read(&[
            ("package.json", r#"{"dependencies": {"axios": "^1.14"}}"#),
            (".npmrc", "min-release-age=3\n"),
            ("p/pyproject.toml", "[project]\nname = \"a\"\n[project.optional-dependencies]\nllm = [\"litellm<2\"]\n"),
        ]);
        let seen: Vec<&ObservationKind> =
            listings.files.iter().flat_map(|file| &file.evidence.observations).map(|one| &one.what).collect();
        let cool = |what: &&ObservationKind| match what {
            ObservationKind::ReleaseAge { tool, setting, .. } => tool == "npm" && setting == "3",
            _ => false,
        };
        assert!(seen.iter().any(cool), "{seen:?}");
        let extra = |what: &&ObservationKind| match what {
            ObservationKind::Unpinned { reference, .. } => reference == "litellm<2; extra == 'llm'",
            _ => false,
        };
        assert!(seen.iter().any(extra), "{seen:?}");
    }
}
