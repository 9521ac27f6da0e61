//! Taking one snapshot.

use crate::blind::BlindSpots;
use crate::credentials::table;
use crate::environment;
use crate::gather::{Content, Gather};
use crate::image::{self, ImageError};
use crate::interest::{Interest, PackageFile};
use crate::limits::Limits;
use crate::mounts::Mounts;
use crate::record::{FORMAT, Place, Snapshot};
use crate::shown::{shown, shown_path, split};
use crate::walk::{Seen, Walk, told};
use firebreak_model::{Fingerprinter, NodeKey};
use firebreak_world::{Clock, EntryKind, Tree};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What a snapshot is of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// The machine or container that this program runs in, with its variables.
    Here,
    /// A tree unpacked on disk.
    Root(PathBuf),
    /// An image: a file or a directory.
    Image(PathBuf),
}

/// What is asked for.
pub struct Options {
    /// What to look at.
    pub subject: Subject,
    /// The environment's key; none derives it.
    pub environment: Option<NodeKey>,
    /// The name of the Kubernetes cluster, which its tokens do not tell.
    pub cluster: String,
    /// Files whose digest is wanted, by path in the tree.
    pub hashed: Vec<PathBuf>,
    /// Whether disks of other machines are looked at too.
    pub network_mounts: bool,
    /// Bounds.
    pub limits: Limits,
    /// The process's variables. Values are wiped when the options are dropped.
    pub variables: Vec<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    /// Blind spots that are known before.
    pub blind: Vec<&'static str>,
}

/// The doors that a snapshot needs.
#[derive(Clone, Copy)]
pub struct Doors<'a> {
    /// Others' files.
    pub tree: &'a dyn Tree,
    /// Time.
    pub clock: &'a dyn Clock,
    /// The project's fingerprints.
    pub fingerprinter: &'a Fingerprinter,
}

/// Takes a snapshot.
///
/// # Errors
/// If there is nothing to look at: no such root, no image.
pub fn take(doors: Doors<'_>, options: &Options) -> Result<Snapshot, ImageError> {
    let mut blind = BlindSpots::default();
    options.blind.iter().for_each(|known| blind.note(known, ""));
    let mut gather = Gather::new(doors.fingerprinter, &options.cluster, options.limits.kept);
    let mut images = Vec::new();
    let mut layers = Vec::new();
    let mut derived = None;
    match &options.subject {
        Subject::Image(path) => {
            let at = (doors.tree, doors.clock);
            let looked = image::look(at, path, options.limits, &mut gather, &mut blind)?;
            derived = Some(NodeKey::environment("image", &looked.key));
            (images, layers) = (vec![looked.image], looked.layers);
        }
        Subject::Root(root) => {
            let status = doors.tree.status(root).map_err(|error| ImageError::Unread(shown_path(root), error))?;
            if status.kind == EntryKind::File {
                return Err(ImageError::NoImage(
                    shown_path(root),
                    "it is a file and no directory: `--image` takes archives",
                ));
            }
            disk(doors, options, root, &mut gather, &mut blind);
            gather.settle();
        }
        Subject::Here => {
            gather.variables(&options.variables);
            disk(doors, options, Path::new("/"), &mut gather, &mut blind);
            gather.settle();
            blind.note("the variables and the memory of other processes were not read", "");
            blind.note("the role that the cloud gives this machine was not asked for: that would be a call", "");
        }
    }
    closed(&gather, &mut blind);
    let environment = options.environment.clone().or(derived).unwrap_or_else(|| key(doors, options));
    Ok(finished(doors, environment, gather, blind, (images, layers)))
}

/// A number that changes when any file changes that says something: no content is read.
///
/// # Errors
/// Never for a tree on disk; an image is its file's time and size.
pub fn stamp(doors: Doors<'_>, options: &Options) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut lines = Vec::new();
    match &options.subject {
        Subject::Image(path) => {
            if let Ok(status) = doors.tree.status(path) {
                lines.push(format!("{status:?}"));
            }
        }
        Subject::Root(_) | Subject::Here => {
            let root = root(options);
            walk(doors, options, root, &mut BlindSpots::default(), &mut |seen, _| {
                let Seen { path, status, .. } = seen;
                lines.push(format!(
                    "{path} {} {:?} {:?} {}",
                    status.inode, status.modified, status.changed, status.size
                ));
                ControlFlow::Continue(())
            });
        }
    }
    lines.sort_unstable();
    lines.iter().for_each(|line| digest.update(line.as_bytes()));
    digest.finalize().into()
}

fn root(options: &Options) -> &Path {
    match &options.subject {
        Subject::Root(root) => root,
        _ => Path::new("/"),
    }
}

fn walk(
    doors: Doors<'_>,
    options: &Options,
    root: &Path,
    blind: &mut BlindSpots,
    see: &mut dyn FnMut(Seen<'_>, &mut BlindSpots) -> ControlFlow<()>,
) {
    let info = doors.tree.head(Path::new("/proc/self/mountinfo"), 4 << 20).ok();
    let mounts = match &info {
        Some(head) => Mounts::read(&head.bytes, options.network_mounts),
        None => Mounts::usual(),
    };
    let mounts = if options.subject == Subject::Here { mounts } else { mounts.below(&shown_path(root)) };
    let chosen: HashSet<String> = options.hashed.iter().map(shown_path).collect();
    let (tree, clock, limits) = (doors.tree, doors.clock, options.limits);
    Walk { tree, clock, root, mounts: &mounts, chosen: &chosen, limits }.run(blind, see);
}

fn disk(doors: Doors<'_>, options: &Options, root: &Path, gather: &mut Gather<'_>, blind: &mut BlindSpots) {
    let mut budget = Budget { files: 0, bytes: 0, limits: options.limits };
    walk(doors, options, root, blind, &mut |seen, blind| {
        if let Some(what) = budget.over() {
            blind.harm(what, seen.path);
            return ControlFlow::Break(());
        }
        read(doors, &seen, &mut budget, gather, blind);
        ControlFlow::Continue(())
    });
    if options.subject == Subject::Here {
        pointed(doors, options, gather, blind);
    }
}

struct Budget {
    files: u64,
    bytes: u64,
    limits: Limits,
}

impl Budget {
    fn over(&self) -> Option<&'static str> {
        if self.files >= self.limits.files {
            return Some("there are more files to read than are read");
        }
        (self.bytes >= self.limits.bytes).then_some("there is more to read than is read")
    }
}

fn read(doors: Doors<'_>, seen: &Seen<'_>, budget: &mut Budget, gather: &mut Gather<'_>, blind: &mut BlindSpots) {
    let limit = seen.interest.limit();
    let mut status = seen.status;
    let mut bytes = Zeroizing::new(Vec::new());
    if limit > 0 {
        match doors.tree.head(seen.place, limit) {
            Ok(head) => {
                if (head.status.size, head.status.modified) != (status.size, status.modified) {
                    blind.note("a file changed while it was looked at", seen.path);
                }
                (bytes, status) = (head.bytes, head.status);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return blind.harm("a file could not be read", told(seen.path, &error)),
        }
    }
    budget.files += 1;
    budget.bytes += bytes.len() as u64;
    let content = Content {
        path: seen.path,
        bytes: &bytes,
        size: status.size,
        modified: Some(status.modified),
        changed: Some(status.changed),
        layer: None,
    };
    gather.file(seen.interest, &content, blind);
    if let Some(package) = seen.interest.package {
        placed(doors, package, seen, gather);
    }
}

/// When something was last put beside the package that a file is of, or taken away: the disk notes it on the directory.
fn placed(doors: Doors<'_>, package: PackageFile, seen: &Seen<'_>, gather: &mut Gather<'_>) {
    let Some((ecosystem, place, up)) = package.place(seen.path) else { return };
    for directory in seen.place.ancestors().skip(usize::from(up.first)).take(usize::from(up.count)) {
        if gather.asked.insert(directory.to_path_buf()) {
            let status = doors.tree.status(directory).ok();
            gather.changed(ecosystem, place, status.map(|status| status.modified.max(status.changed)));
        }
    }
}

/// Files that variables point at, wherever they lie.
fn pointed(doors: Doors<'_>, options: &Options, gather: &mut Gather<'_>, blind: &mut BlindSpots) {
    const POINTERS: &[(&str, &str)] = &[
        ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
        ("AWS_CONFIG_FILE", ".aws/config"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "secrets/kubernetes.io/serviceaccount/token"),
        ("AZURE_FEDERATED_TOKEN_FILE", "secrets/kubernetes.io/serviceaccount/token"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "gcloud/application_default_credentials.json"),
        ("KUBECONFIG", ".kube/config"),
        ("NETRC", ".netrc"),
        ("NPM_CONFIG_USERCONFIG", ".npmrc"),
        ("PIP_CONFIG_FILE", "pip.conf"),
        ("PGPASSFILE", ".pgpass"),
        ("REGISTRY_AUTH_FILE", ".docker/config.json"),
    ];
    for (name, value) in &options.variables {
        if name == b"SSH_AUTH_SOCK" && !value.is_empty() {
            blind.note("an SSH agent can be used here: its keys were not asked for", "");
        }
        let Some((_, pattern)) = POINTERS.iter().find(|(pointer, _)| pointer.as_bytes() == name) else { continue };
        for path in value.split(|byte| *byte == b':').filter(|path| path.starts_with(b"/")) {
            let place = PathBuf::from(std::ffi::OsStr::from_bytes(path));
            let path = shown(path);
            let (directory, file) = split(&path);
            // What lies in its usual place was found there.
            if table::of(directory, file).is_some() {
                continue;
            }
            let interest = Interest { secret: table::named(pattern), ..Interest::default() };
            if let Ok(status) = doors.tree.status(&place) {
                let mut budget = Budget { files: 0, bytes: 0, limits: options.limits };
                read(doors, &Seen { path: &path, place: &place, interest, status }, &mut budget, gather, blind);
            }
        }
    }
}

/// Stores that stay closed are blind spots, by kind.
fn closed(gather: &Gather<'_>, blind: &mut BlindSpots) {
    for store in &gather.stores {
        blind.note("a store of credentials was not opened", format!("{} ({})", store.path, store.kind));
    }
}

fn key(doors: Doors<'_>, options: &Options) -> NodeKey {
    let variable = |name: &str| {
        let found = options.variables.iter().find(|(key, _)| key == name.as_bytes());
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    let here = options.subject == Subject::Here;
    let job = here.then(|| environment::of_job(variable)).flatten();
    let root = root(options);
    let file = |path: &Path| doors.tree.head(path, 256).ok().and_then(|head| environment::of_host(&head.bytes));
    let kernel = here.then(|| file(Path::new("/proc/sys/kernel/hostname"))).flatten();
    let name = root.file_name().map(shown_path).unwrap_or_else(|| "unnamed".to_owned());
    job.or(kernel).or_else(|| file(&root.join("etc/hostname"))).unwrap_or_else(|| NodeKey::environment("host", &name))
}

fn finished(
    doors: Doors<'_>,
    environment: NodeKey,
    mut gather: Gather<'_>,
    blind: BlindSpots,
    (images, layers): (Vec<crate::record::Image>, Vec<crate::record::Layer>),
) -> Snapshot {
    gather.packages.sort_unstable();
    gather.packages.dedup();
    gather.hooks.sort_unstable();
    gather.hooks.dedup();
    gather.credentials.sort_unstable();
    gather.credentials.dedup();
    gather.stores.sort_unstable();
    gather.stores.dedup();
    let digests = gather.hooks.iter().filter(|hook| hook.kind != "npm_script");
    gather.files.extend(
        digests
            .filter_map(|hook| Some(crate::record::Digest { path: hook.path.clone(), sha256: hook.sha256.clone()? })),
    );
    let mut complete_ecosystems = Vec::new();
    if !blind.harmed() {
        complete_ecosystems.extend(["PyPI", "npm"]);
        complete_ecosystems.extend(gather.databases);
    }
    complete_ecosystems.sort_unstable();
    Snapshot {
        format: FORMAT,
        environment,
        taken: doors.clock.now(),
        complete: false,
        complete_ecosystems,
        packages: gather.packages,
        places: gather
            .places
            .into_iter()
            .map(|((ecosystem, path), changed)| Place { ecosystem, path, changed })
            .collect(),
        references: gather.references.into_iter().collect(),
        hooks: gather.hooks,
        files: gather.files.into_iter().collect(),
        credentials: gather.credentials,
        stores: gather.stores,
        runs_as: gather.runs_as.into_iter().collect(),
        images,
        layers,
        install: None,
        blind_spots: blind.lines(),
    }
}
