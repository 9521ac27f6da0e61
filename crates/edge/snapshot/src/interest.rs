//! Which files of a tree say something, by their names alone: nothing else is ever opened.

use crate::credentials::table::{self, SecretFile};

/// What a file says of packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PackageFile {
    /// `METADATA` or `PKG-INFO` of an installed distribution.
    PythonMetadata,
    /// `RECORD`: the files of a distribution with their digests.
    PythonRecord,
    /// `INSTALLER`.
    PythonInstaller,
    /// `direct_url.json`.
    PythonDirectUrl,
    /// `package.json` of an installed package.
    NodePackage,
    /// `node_modules/.package-lock.json`.
    NodeLock,
    /// `package.json` of an editor's extension.
    EditorExtension,
    /// dpkg's list of packages.
    DpkgStatus,
    /// The list of one Debian package's files: its time says when it was installed.
    DpkgList,
    /// apk's list of packages.
    ApkInstalled,
    /// A package of a Conda environment.
    Conda,
    /// A Ruby gem's specification.
    Gem,
    /// Programs that Cargo installed.
    CargoPrograms,
    /// A runner's mark beside an action that it fetched.
    RunnerAction,
    /// A database that is not read here.
    Unread(&'static str),
}

impl PackageFile {
    /// How much of it is read, in bytes. Zero: its name and times are enough.
    pub(crate) fn limit(self) -> u64 {
        match self {
            PackageFile::DpkgList | PackageFile::RunnerAction | PackageFile::Unread(_) => 0,
            PackageFile::PythonInstaller | PackageFile::PythonDirectUrl => 64 << 10,
            PackageFile::PythonMetadata | PackageFile::Gem => 256 << 10,
            PackageFile::NodePackage | PackageFile::EditorExtension => 4 << 20,
            _ => 64 << 20,
        }
    }

    /// The place in which the package that the file at `path` is of lies beside others: its ecosystem, its path, and which
    /// directories change when something is put there or taken away. None where that is not known.
    pub(crate) fn place(self, path: &str) -> Option<(&'static str, &str, Above)> {
        let directory = above(path);
        match self {
            PackageFile::PythonMetadata if path.ends_with(".egg-info") => {
                Some(("PyPI", directory, Above { first: 1, count: 1 }))
            }
            PackageFile::PythonMetadata
            | PackageFile::PythonRecord
            | PackageFile::PythonInstaller
            | PackageFile::PythonDirectUrl => Some(("PyPI", above(directory), Above { first: 2, count: 1 })),
            PackageFile::NodePackage => {
                // The outermost `node_modules`. Packages are put into it, into a scope's directory and into each other.
                let end = path.find("/node_modules/").map(|at| at + "/node_modules".len())?;
                let count = if last(above(directory)).starts_with('@') { 3 } else { 2 };
                Some(("npm", path.get(..end)?, Above { first: 1, count }))
            }
            // These are written anew with every change.
            PackageFile::DpkgStatus => Some(("Debian", path, Above { first: 0, count: 1 })),
            PackageFile::ApkInstalled => Some(("Alpine", path, Above { first: 0, count: 1 })),
            _ => None,
        }
    }
}

/// Which directories above a file (0 is itself) tell of changes to a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Above {
    /// How far up the first one is.
    pub(crate) first: u8,
    /// How many, from there on.
    pub(crate) count: u8,
}

/// What runs by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HookFile {
    /// A `.pth` of Python's site packages.
    Pth,
    /// `sitecustomize` and `usercustomize`.
    PythonStartup,
    /// What is named so, whatever it holds.
    Named(&'static str),
}

impl HookFile {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            HookFile::Pth => "pth",
            HookFile::PythonStartup => "python_startup",
            HookFile::Named(word) => word,
        }
    }
}

/// How much of a hook is read for its digest, in bytes.
pub(crate) const HOOK_BYTES: u64 = 8 << 20;

/// Everything that one file may say.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Interest {
    /// Of packages.
    pub(crate) package: Option<PackageFile>,
    /// Of what runs by itself.
    pub(crate) hook: Option<HookFile>,
    /// Of credentials.
    pub(crate) secret: Option<&'static SecretFile>,
    /// It was asked for by its path.
    pub(crate) chosen: bool,
}

impl Interest {
    /// What the file `name` in `directory` may say. None for nearly all files.
    pub(crate) fn of(directory: &str, name: &str) -> Option<Interest> {
        let package = package(directory, name);
        let hook = hook(directory, name);
        let secret = table::of(directory, name);
        (package.is_some() || hook.is_some() || secret.is_some()).then_some(Interest {
            package,
            hook,
            secret,
            chosen: false,
        })
    }

    /// How many bytes are needed of it.
    pub(crate) fn limit(&self) -> u64 {
        let hook = if self.hook.is_some() || self.chosen { HOOK_BYTES } else { 0 };
        let secret = self.secret.map_or(0, SecretFile::limit);
        self.package.map_or(0, PackageFile::limit).max(hook).max(secret)
    }
}

/// The last component of a path.
fn last(directory: &str) -> &str {
    directory.rsplit('/').next().unwrap_or_default()
}

/// The path without its last component.
fn above(directory: &str) -> &str {
    directory.rsplit_once('/').map_or("", |(above, _)| above)
}

fn package(directory: &str, name: &str) -> Option<PackageFile> {
    let holder = last(directory);
    match name {
        "METADATA" | "RECORD" | "INSTALLER" | "direct_url.json" if holder.ends_with(".dist-info") => match name {
            "METADATA" => Some(PackageFile::PythonMetadata),
            "RECORD" => Some(PackageFile::PythonRecord),
            "INSTALLER" => Some(PackageFile::PythonInstaller),
            _ => Some(PackageFile::PythonDirectUrl),
        },
        "PKG-INFO" if holder.ends_with(".egg-info") || holder == "EGG-INFO" => Some(PackageFile::PythonMetadata),
        "package.json" => node(directory),
        ".package-lock.json" if holder == "node_modules" => Some(PackageFile::NodeLock),
        "status" if directory.ends_with("/var/lib/dpkg") => Some(PackageFile::DpkgStatus),
        "installed" if directory.ends_with("/lib/apk/db") => Some(PackageFile::ApkInstalled),
        "rpmdb.sqlite" | "Packages.db" if directory.ends_with("/rpm") => Some(PackageFile::Unread("RPM database")),
        "Packages" if directory.ends_with("/lib/rpm") => Some(PackageFile::Unread("RPM database")),
        ".crates2.json" => Some(PackageFile::CargoPrograms),
        _ => package_by_ending(directory, name),
    }
}

fn package_by_ending(directory: &str, name: &str) -> Option<PackageFile> {
    let holder = last(directory);
    if name.ends_with(".egg-info") && (holder == "site-packages" || holder == "dist-packages") {
        return Some(PackageFile::PythonMetadata);
    }
    // Distroless images keep one file a package.
    if directory.ends_with("/var/lib/dpkg/status.d") {
        return (!name.ends_with(".md5sums")).then_some(PackageFile::DpkgStatus);
    }
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("list") if directory.ends_with("/var/lib/dpkg/info") => Some(PackageFile::DpkgList),
        Some("json") if holder == "conda-meta" => Some(PackageFile::Conda),
        Some("gemspec") if holder == "specifications" || last(above(directory)) == "specifications" => {
            Some(PackageFile::Gem)
        }
        Some("completed") if directory.contains("/_actions/") => Some(PackageFile::RunnerAction),
        Some("jar" | "war" | "ear") => Some(PackageFile::Unread("Java archive")),
        Some("zip") if directory.ends_with("/.yarn/cache") => Some(PackageFile::Unread("Yarn's archive")),
        _ => None,
    }
}

/// `node_modules/name/package.json`, `node_modules/@scope/name/package.json`, `extensions/publisher.name-1.0.0/package.json`.
fn node(directory: &str) -> Option<PackageFile> {
    let (holder, parent) = (last(directory), above(directory));
    let scoped = last(parent).starts_with('@') && last(above(parent)) == "node_modules";
    if scoped || (last(parent) == "node_modules" && !holder.starts_with(['.', '@'])) {
        return Some(PackageFile::NodePackage);
    }
    let editor = [".vscode", "vscode-server", ".cursor", "cursor-server", ".windsurf", "openvscode", "code-server"];
    let of_editor = |name: &str| editor.iter().any(|editor| name.contains(editor));
    (last(parent) == "extensions" && of_editor(above(parent))).then_some(PackageFile::EditorExtension)
}

fn hook(directory: &str, name: &str) -> Option<HookFile> {
    let holder = last(directory);
    let site = holder == "site-packages" || holder == "dist-packages";
    if name.ends_with(".pth") && (site || holder.starts_with("python3")) {
        return Some(HookFile::Pth);
    }
    if name.starts_with("sitecustomize.") || name.starts_with("usercustomize.") {
        return (site || directory.contains("python")).then_some(HookFile::PythonStartup);
    }
    let word = match name {
        ".bashrc" | ".bash_profile" | ".bash_login" | ".bash_logout" | ".bash_aliases" | ".profile" | ".zshrc"
        | ".zshenv" | ".zprofile" | ".zlogin" | ".kshrc" | ".cshrc" | ".tcshrc" | ".xprofile" | ".xsessionrc" => {
            "shell_profile"
        }
        "profile" | "bash.bashrc" | "environment" | "zshenv" | "zshrc" if directory.ends_with("/etc") => {
            "shell_profile"
        }
        "config.fish" if holder == "fish" => "shell_profile",
        "crontab" | "anacrontab" if directory.ends_with("/etc") => "cron",
        "tasks.json" if holder == ".vscode" => "editor_tasks",
        "ld.so.preload" if directory.ends_with("/etc") => "loader_preload",
        "rc.local" if directory.ends_with("/etc") => "boot_script",
        _ => return hook_by_place(directory, name),
    };
    Some(HookFile::Named(word))
}

fn hook_by_place(directory: &str, name: &str) -> Option<HookFile> {
    let ends = |tail: &str| directory.ends_with(tail);
    let word = if ends("/etc/profile.d") || ends("/fish/conf.d") {
        "shell_profile"
    } else if ends("/.config/systemd/user") || ends("/.local/share/systemd/user") || ends("/etc/systemd/user") {
        "systemd_user_unit"
    } else if ends("/etc/systemd/system") && (name.ends_with(".service") || name.ends_with(".timer")) {
        "systemd_unit"
    } else if directory.contains("/etc/cron.") || ends("/spool/cron/crontabs") || ends("/spool/cron") {
        (!name.starts_with('.')).then_some("cron")?
    } else if ends("/.git/hooks") || ends("/.githooks") || ends("/.husky") {
        (!name.ends_with(".sample")).then_some("git_hook")?
    } else if ends("/Library/LaunchAgents") || ends("/Library/LaunchDaemons") {
        "launch_agent"
    } else if ends("/.config/autostart") || ends("/etc/xdg/autostart") {
        "autostart"
    } else {
        return None;
    };
    Some(HookFile::Named(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        let package = |path: &str| {
            let (directory, name) = crate::shown::split(path);
            Interest::of(directory, name).and_then(|interest| interest.package)
        };
        let venv = "/app/.venv/lib/python3.12/site-packages";
        assert_eq!(package(&format!("{venv}/litellm-1.82.8.dist-info/METADATA")), Some(PackageFile::PythonMetadata));
        assert_eq!(package("/app/node_modules/@scope/a/package.json"), Some(PackageFile::NodePackage));
        assert_eq!(package("/app/node_modules/a/package.json"), Some(PackageFile::NodePackage));
        assert_eq!(package("/app/node_modules/a/lib/package.json"), None);
        assert_eq!(package("/app/node_modules/.cache/package.json"), None);
        assert_eq!(package("/app/package.json"), None);
        assert_eq!(package("/r/.vscode-server/extensions/x.y-1.0.0/package.json"), Some(PackageFile::EditorExtension));
        let hook = |path: &str| {
            let (directory, name) = crate::shown::split(path);
            Interest::of(directory, name).and_then(|interest| interest.hook).map(HookFile::word)
        };
        assert_eq!(hook(&format!("{venv}/litellm_init.pth")), Some("pth"));
        assert_eq!(hook("/models/weights.pth"), None);
        assert_eq!(hook("/root/.config/systemd/user/sysmon.service"), Some("systemd_user_unit"));
        assert_eq!(hook("/w/.git/hooks/pre-commit.sample"), None);
    }
}
