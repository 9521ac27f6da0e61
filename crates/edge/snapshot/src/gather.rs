//! What single files said, put together: the files of one distribution, the times of packages, whose hook a file is,
//! what later layers took away.

use crate::blind::BlindSpots;
use crate::credentials::Finder;
use crate::interest::{HOOK_BYTES, HookFile, Interest, PackageFile};
use crate::packages::{self, node, python, sha256, system};
use crate::record::{Credential, Digest, Hook, Origin, Package, Reference, Store};
use crate::shown::split;
use firebreak_model::{Fingerprinter, NodeKey, Time};
use firebreak_package::formats::Listing;
use firebreak_package::formats::listing::{Algorithm, Recorded};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

/// npm writes this time on every file of every package.
const NPM_TIME: Time = Time::from_seconds(499_162_500);

/// Where a file was, and its bytes.
pub(crate) struct Content<'a> {
    /// Path in the tree, as text.
    pub(crate) path: &'a str,
    /// The beginning of it, as far as it was read.
    pub(crate) bytes: &'a [u8],
    /// All its bytes.
    pub(crate) size: u64,
    /// By the file's own word.
    pub(crate) modified: Option<Time>,
    /// By the disk's. Archives have none.
    pub(crate) changed: Option<Time>,
    /// In an image.
    pub(crate) layer: Option<u32>,
}

impl Content<'_> {
    fn whole(&self) -> bool {
        self.bytes.len() as u64 >= self.size
    }

    fn origin(&self) -> Origin {
        Origin { layer: self.layer, deleted: false }
    }
}

/// The files of one Python distribution.
#[derive(Debug, Default)]
struct Distribution {
    name: Option<String>,
    version: Option<String>,
    sha256: Option<String>,
    record_sha256: Option<String>,
    installer: Option<String>,
    startup: Vec<Recorded>,
    /// The best time so far, and its rank: lower is better.
    installed: Option<(u8, &'static str, Time)>,
    /// The file that the distribution is known by.
    path: String,
}

/// Everything found so far.
pub(crate) struct Gather<'a> {
    fingerprinter: &'a Fingerprinter,
    cluster: &'a str,
    kept: usize,
    pub(crate) packages: Vec<Package>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) files: BTreeSet<Digest>,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) stores: Vec<Store>,
    pub(crate) references: BTreeSet<Reference>,
    pub(crate) runs_as: BTreeSet<NodeKey>,
    distributions: BTreeMap<(Option<u32>, String), Distribution>,
    node_digests: HashMap<String, HashMap<String, String>>,
    dpkg_times: HashMap<String, Vec<(Option<u32>, Time)>>,
    /// Systems whose own list of packages was read whole.
    pub(crate) databases: BTreeSet<&'static str>,
    /// Where packages lie on the disk, by ecosystem and path, and when that last changed.
    pub(crate) places: BTreeMap<(&'static str, String), Option<Time>>,
    /// Directories that were asked for their times.
    pub(crate) asked: HashSet<PathBuf>,
}

impl<'a> Gather<'a> {
    /// Nothing yet.
    pub(crate) fn new(fingerprinter: &'a Fingerprinter, cluster: &'a str, kept: usize) -> Gather<'a> {
        Gather {
            fingerprinter,
            cluster,
            kept,
            packages: Vec::new(),
            hooks: Vec::new(),
            files: BTreeSet::new(),
            credentials: Vec::new(),
            stores: Vec::new(),
            references: BTreeSet::new(),
            runs_as: BTreeSet::new(),
            distributions: BTreeMap::new(),
            node_digests: HashMap::new(),
            dpkg_times: HashMap::new(),
            databases: BTreeSet::new(),
            places: BTreeMap::new(),
            asked: HashSet::new(),
        }
    }

    /// A place of packages last changed at `time`, as far as one of its directories tells.
    pub(crate) fn changed(&mut self, ecosystem: &'static str, place: &str, time: Option<Time>) {
        let known = self.places.entry((ecosystem, place.to_owned())).or_insert(time);
        *known = known.zip(time).map(|(known, time)| known.max(time));
    }

    /// What the process's variables hold.
    pub(crate) fn variables(&mut self, variables: &[(Vec<u8>, zeroize::Zeroizing<Vec<u8>>)]) {
        let mut finder = Finder::new(self.fingerprinter, self.cluster);
        finder.variables(variables);
        self.take(finder, &Origin::default());
    }

    /// What secrets a text holds that is no file: `place` says where it stands.
    pub(crate) fn text(&mut self, place: &str, kind: &'static str, text: &[u8], blind: &mut BlindSpots) {
        use crate::credentials::table::{Reader, SecretFile};
        let mut finder = Finder::new(self.fingerprinter, self.cluster);
        finder.file(place, &SecretFile { pattern: "", kind, reader: Reader::Lines }, text);
        self.take(finder, &Origin::default());
        self.full(blind);
    }

    /// What one file says.
    pub(crate) fn file(&mut self, interest: Interest, content: &Content<'_>, blind: &mut BlindSpots) {
        if self.full(blind) {
            return;
        }
        if let Some(package) = interest.package {
            self.package(package, content, blind);
        }
        if let Some(hook) = interest.hook {
            self.hook(hook, content, blind);
        }
        if interest.chosen {
            match content.whole() {
                true => {
                    self.files.insert(Digest { path: content.path.to_owned(), sha256: sha256(content.bytes) });
                }
                false => blind.note("a file is too large for its digest", content.path),
            }
        }
        if let Some(secret) = interest.secret {
            let mut finder = Finder::new(self.fingerprinter, self.cluster);
            finder.file(content.path, secret, content.bytes);
            if !content.whole() && secret.limit() > 0 {
                blind.note("only the beginning of a file was searched for credentials", content.path);
            }
            self.take(finder, &content.origin());
        }
    }

    fn take(&mut self, finder: Finder<'_>, origin: &Origin) {
        let at_origin = |credential: Credential| Credential { origin: origin.clone(), ..credential };
        self.credentials.extend(finder.found.into_iter().map(at_origin));
        self.stores.extend(finder.stores.into_iter().map(|store| Store { origin: origin.clone(), ..store }));
        self.runs_as.extend(finder.runs_as);
    }

    fn full(&self, blind: &mut BlindSpots) -> bool {
        let counts = [self.packages.len(), self.distributions.len(), self.hooks.len(), self.credentials.len()];
        let full = counts.iter().any(|count| *count >= self.kept);
        if full {
            blind.harm("there is more than is kept", format!("{} of one kind", self.kept));
        }
        full
    }

    fn package(&mut self, kind: PackageFile, content: &Content<'_>, blind: &mut BlindSpots) {
        match kind {
            PackageFile::PythonMetadata
            | PackageFile::PythonRecord
            | PackageFile::PythonInstaller
            | PackageFile::PythonDirectUrl => return self.python(kind, content),
            PackageFile::NodePackage => self.node(content, blind),
            PackageFile::EditorExtension => self.extension(content, blind),
            PackageFile::NodeLock => match node::integrity(content.bytes) {
                Some(digests) => {
                    self.node_digests.insert(split(content.path).0.to_owned(), digests);
                }
                None => blind.note("npm's list of digests could not be read", content.path),
            },
            PackageFile::DpkgStatus => self.database("Debian", content, blind),
            PackageFile::DpkgList => {
                // `name.list` or `name:architecture.list`.
                let name = split(content.path).1.trim_end_matches(".list");
                let name = name.split(':').next().unwrap_or(name).to_owned();
                self.dpkg_times.entry(name).or_default().extend(content.modified.map(|time| (content.layer, time)));
            }
            PackageFile::ApkInstalled => self.database("Alpine", content, blind),
            PackageFile::Conda => self.one("conda", "time of the file in conda-meta", content, blind),
            PackageFile::Gem => self.one("RubyGems", "time of the gem's specification", content, blind),
            PackageFile::CargoPrograms => match system::cargo(content.bytes) {
                Some(rows) => {
                    let programs = rows.into_iter();
                    self.packages
                        .extend(programs.map(|(name, version)| found("crates.io", name, Some(version), content)));
                }
                None => blind.note("a package file could not be read", content.path),
            },
            PackageFile::RunnerAction => self.action(content),
            PackageFile::Unread(what) => {
                blind.note("package databases of a kind that is not read", format!("{} ({what})", content.path))
            }
        }
        if !content.whole() && kind.limit() > 0 {
            blind.harm("a package file is longer than is read", content.path);
        }
    }

    fn python(&mut self, kind: PackageFile, content: &Content<'_>) {
        let (directory, file) = split(content.path);
        // An `.egg-info` may be a single file.
        let group = if file.ends_with(".egg-info") { content.path } else { directory };
        let found = self.distributions.entry((content.layer, group.to_owned())).or_default();
        let (rank, source) = match kind {
            PackageFile::PythonInstaller => (0, "time of INSTALLER"),
            PackageFile::PythonRecord => (1, "time of RECORD"),
            PackageFile::PythonMetadata => (2, "time of METADATA"),
            _ => (3, "time of direct_url.json"),
        };
        if let Some(time) = content.modified
            && found.installed.is_none_or(|(best, ..)| rank < best)
        {
            found.installed = Some((rank, source, time));
        }
        if found.path.is_empty() || kind == PackageFile::PythonMetadata {
            found.path = content.path.to_owned();
        }
        let listing = packages::listing(content).unwrap_or_default();
        match kind {
            PackageFile::PythonMetadata => {
                let told =
                    listing.packages.into_iter().next().map(|one| (one.name.to_string(), one.version.to_string()));
                (found.name, found.version) = told.unzip();
            }
            PackageFile::PythonRecord => {
                found.record_sha256 = content.whole().then(|| sha256(content.bytes));
                found.startup = listing.files.into_iter().filter(|file| python::runs_at_start(&file.path)).collect();
            }
            PackageFile::PythonInstaller => {
                let plain = |word: &&str| {
                    word.len() < 40 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
                };
                found.installer = listing.installer.as_deref().filter(plain).map(str::to_owned);
            }
            _ => found.sha256 = listing.packages.first().and_then(|one| Some(one.sha256().next()?.to_string())),
        }
    }

    fn node(&mut self, content: &Content<'_>, blind: &mut BlindSpots) {
        let Some(manifest) = node::manifest(content.bytes) else {
            return blind.harm("a package file could not be read", content.path);
        };
        let Some(name) = manifest.name else { return };
        let (installed, installed_source) = match (content.modified, content.changed) {
            (Some(time), _) if time != NPM_TIME && time > Time::from_seconds(1_000_000_000) => {
                (Some(time), Some("time of package.json"))
            }
            (_, Some(time)) => (Some(time), Some("when the disk got package.json")),
            _ => (None, None),
        };
        for (event, script) in &manifest.scripts {
            let runs: String = crate::credentials::quiet_word(script).chars().take(400).collect();
            self.hooks.push(Hook {
                kind: "npm_script",
                path: content.path.to_owned(),
                origin: content.origin(),
                sha256: content.whole().then(|| sha256(content.bytes)),
                executes: true,
                size: content.size,
                modified: None,
                package: Some(name.clone()),
                altered: false,
                runs: Some(format!("{event}: {runs}")),
            });
        }
        let package = Package { installed, installed_source, ..found("npm", name, manifest.version, content) };
        self.packages.push(package);
    }

    fn extension(&mut self, content: &Content<'_>, blind: &mut BlindSpots) {
        let Some(manifest) = node::manifest(content.bytes) else {
            return blind.harm("a package file could not be read", content.path);
        };
        if let (Some(publisher), Some(name)) = (manifest.publisher, manifest.name) {
            let package = found("OpenVSX", format!("{publisher}.{name}"), manifest.version, content);
            self.packages.push(Package {
                installed: content.modified,
                installed_source: content.modified.map(|_| "time of package.json"),
                ..package
            });
        }
    }

    /// A system's own list of its packages. Read whole, it names them all.
    fn database(&mut self, ecosystem: &'static str, content: &Content<'_>, blind: &mut BlindSpots) {
        // A system without any package has an empty list.
        let listing = if content.size == 0 { Some(Listing::default()) } else { packages::listing(content) };
        match listing.filter(|listing| listing.problems.is_empty() && content.whole()) {
            Some(listing) => {
                self.databases.insert(ecosystem);
                self.listed(ecosystem, listing, content, None);
            }
            None => {
                blind.harm("a package file could not be read", content.path);
                self.listed(ecosystem, packages::listing(content).unwrap_or_default(), content, None);
            }
        }
    }

    /// A file that describes one package, of a system that is never called complete.
    fn one(&mut self, ecosystem: &'static str, source: &'static str, content: &Content<'_>, blind: &mut BlindSpots) {
        let listing = packages::listing(content).unwrap_or_default();
        if listing.packages.is_empty() {
            blind.note("a package file could not be read", content.path);
        }
        self.listed(ecosystem, listing, content, Some(source));
    }

    fn listed(
        &mut self,
        ecosystem: &'static str,
        listing: Listing,
        content: &Content<'_>,
        source: Option<&'static str>,
    ) {
        let (installed, installed_source) = source.and_then(|source| Some((content.modified?, source))).unzip();
        for one in listing.packages {
            let sha256 = one.sha256().next().map(ToString::to_string);
            let package = found(ecosystem, one.name.to_string(), Some(one.version.to_string()), content);
            self.packages.push(Package { sha256, installed, installed_source, ..package });
        }
    }

    /// `…/_actions/owner/repository/reference.completed`.
    fn action(&mut self, content: &Content<'_>) {
        let path = content.path.trim_end_matches(".completed");
        let Some((_, rest)) = path.split_once("/_actions/") else { return };
        let mut parts = rest.splitn(3, '/');
        if let (Some(owner), Some(repository), Some(reference)) = (parts.next(), parts.next(), parts.next()) {
            self.references.insert(Reference {
                ecosystem: "GitHub Actions",
                name: format!("{owner}/{repository}"),
                reference: reference.to_owned(),
            });
        }
    }

    fn hook(&mut self, kind: HookFile, content: &Content<'_>, blind: &mut BlindSpots) {
        let whole = content.whole();
        if !whole {
            blind.note(
                "a startup hook is too large for its digest",
                format!("{} ({HOOK_BYTES} bytes are read)", content.path),
            );
        }
        let executes = match kind {
            // What was not read may hold code.
            HookFile::Pth => python::pth_executes(content.bytes) || !whole,
            _ => content.size > 0,
        };
        self.hooks.push(Hook {
            kind: kind.word(),
            path: content.path.to_owned(),
            origin: content.origin(),
            sha256: whole.then(|| sha256(content.bytes)),
            executes,
            size: content.size,
            modified: content.modified,
            package: None,
            altered: false,
            runs: None,
        });
    }

    /// Joins what belongs together.
    pub(crate) fn settle(&mut self) {
        let distributions = std::mem::take(&mut self.distributions);
        let owners = owners(&distributions);
        for hook in &mut self.hooks {
            if let Some((package, recorded)) = owners.get(&(hook.origin.layer, hook.path.clone())) {
                hook.package = Some(package.clone());
                hook.altered = matches!((&hook.sha256, recorded), (Some(have), Some(wanted)) if have != wanted);
            }
        }
        self.packages
            .extend(distributions.into_iter().filter_map(|((layer, directory), one)| one.package(layer, &directory)));
        for package in &mut self.packages {
            if package.ecosystem == "npm" {
                package.integrity = digest_of(&self.node_digests, &package.path);
            }
            if package.ecosystem == "Debian" {
                let time = self.dpkg_times.get(&package.name).and_then(|times| latest(times, package.origin.layer));
                package.installed = time;
                package.installed_source = time.map(|_| "time of dpkg's list of its files");
            }
        }
    }
}

fn found(ecosystem: &'static str, name: String, version: Option<String>, content: &Content<'_>) -> Package {
    Package {
        ecosystem,
        name,
        version,
        path: content.path.to_owned(),
        origin: content.origin(),
        sha256: None,
        integrity: None,
        record_sha256: None,
        installed: None,
        installed_source: None,
        installer: None,
    }
}

impl Distribution {
    fn package(self, layer: Option<u32>, directory: &str) -> Option<Package> {
        let (name, version) = python::directory(split(directory).1);
        let name = self.name.or(name)?;
        let (installed_source, installed) = self.installed.map(|(_, source, time)| (source, time)).unzip();
        Some(Package {
            ecosystem: "PyPI",
            name: firebreak_package::Ecosystem::PyPI.canonical(&name).into_owned(),
            version: self.version.or(version),
            path: self.path,
            origin: Origin { layer, deleted: false },
            sha256: self.sha256,
            integrity: None,
            record_sha256: self.record_sha256,
            installed,
            installed_source,
            installer: self.installer,
        })
    }
}

type Owners = HashMap<(Option<u32>, String), (String, Option<String>)>;

/// Which distribution's record names a startup file, with the digest that it gives.
fn owners(distributions: &BTreeMap<(Option<u32>, String), Distribution>) -> Owners {
    let mut owners = HashMap::new();
    for ((layer, directory), one) in distributions {
        let name = one.name.clone().or_else(|| python::directory(split(directory).1).0);
        let Some(name) = name else { continue };
        for file in &one.startup {
            let path = format!("{}/{}", split(directory).0, file.path);
            let sha256 = file.hash.as_ref().filter(|hash| hash.algorithm == Algorithm::Sha256);
            owners.insert((*layer, path), (name.clone(), sha256.map(|hash| hash.digits.to_string())));
        }
    }
    owners
}

/// npm's digest of the package whose `package.json` is at `path`.
fn digest_of(digests: &HashMap<String, HashMap<String, String>>, path: &str) -> Option<String> {
    let directory = split(path).0;
    // The outermost `node_modules` has the list for all below it.
    let (project, _) = directory.split_once("/node_modules/")?;
    let below = directory.strip_prefix(project)?.trim_start_matches('/');
    digests.get(&format!("{project}/node_modules"))?.get(below).cloned()
}

/// The time that holds in `layer`: its own, or that of the nearest layer below.
fn latest(times: &[(Option<u32>, Time)], layer: Option<u32>) -> Option<Time> {
    times.iter().filter(|(at, _)| *at <= layer).max_by_key(|(at, _)| *at).map(|(_, time)| *time)
}
