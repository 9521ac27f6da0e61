//! Ecosystems and the names in them: when two spellings mean the same package.
//!
//! It is not a list of registries: an ecosystem that is not known here still works, with exact names.

use firebreak_model::Text;
use std::borrow::Cow;

/// Where a name and a version have their meaning, in OSV's words.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ecosystem {
    /// Python packages.
    PyPI,
    /// JavaScript packages.
    Npm,
    /// Actions, named by repository.
    GitHubActions,
    /// Debian and Ubuntu packages.
    Debian,
    /// RPM packages of any distribution.
    Rpm,
    /// Container images.
    Docker,
    /// Editor extensions.
    OpenVsx,
    /// Go modules and programs.
    Go,
    /// Any other, by its own word.
    Other(Text),
}

impl Ecosystem {
    /// The ecosystem that `word` means. A release after a colon (`Debian:12`) is dropped.
    pub fn of(word: &str) -> Ecosystem {
        // The usual spellings first: this is asked of each package of each environment.
        match word {
            "PyPI" => return Ecosystem::PyPI,
            "npm" => return Ecosystem::Npm,
            "Debian" => return Ecosystem::Debian,
            _ => {}
        }
        let family = word.split(':').next().unwrap_or(word);
        match family.to_ascii_lowercase().as_str() {
            "pypi" => Ecosystem::PyPI,
            "npm" => Ecosystem::Npm,
            "github actions" | "github_actions" | "githubactions" => Ecosystem::GitHubActions,
            "debian" | "ubuntu" | "deb" => Ecosystem::Debian,
            "rpm" | "red hat" | "rocky linux" | "almalinux" => Ecosystem::Rpm,
            "docker" | "oci" => Ecosystem::Docker,
            "openvsx" | "open vsx" => Ecosystem::OpenVsx,
            "go" => Ecosystem::Go,
            _ => Ecosystem::Other(Text::new(family)),
        }
    }

    /// The word that OSV and our own files use.
    pub fn word(&self) -> &str {
        match self {
            Ecosystem::PyPI => "PyPI",
            Ecosystem::Npm => "npm",
            Ecosystem::GitHubActions => "GitHub Actions",
            Ecosystem::Debian => "Debian",
            Ecosystem::Rpm => "RPM",
            Ecosystem::Docker => "Docker",
            Ecosystem::OpenVsx => "OpenVSX",
            Ecosystem::Go => "Go",
            Ecosystem::Other(word) => word,
        }
    }

    /// Whether asking for one package may bring any other as its dependency, in the version that is newest that day.
    pub fn brings_dependencies(&self) -> bool {
        matches!(self, Ecosystem::PyPI | Ecosystem::Npm)
    }

    /// The one spelling of `name` in this ecosystem. Borrows where nothing has to change.
    pub fn canonical<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self {
            Ecosystem::PyPI => python_name(name),
            Ecosystem::Docker => image_name(name),
            Ecosystem::GitHubActions => lower(action_repository(name)),
            Ecosystem::Npm | Ecosystem::OpenVsx | Ecosystem::Debian | Ecosystem::Rpm => lower(name),
            Ecosystem::Go | Ecosystem::Other(_) => Cow::Borrowed(name),
        }
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// PEP 503: lower case, and each run of `-`, `_` and `.` is one `-`. Extras (`litellm[proxy]`) are not part of a name.
fn python_name(name: &str) -> Cow<'_, str> {
    let name = name.split('[').next().unwrap_or(name).trim();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut before = b'a';
    let canonical = name.bytes().all(|byte| {
        let fits = plain(byte) || (byte == b'-' && before != b'-');
        before = byte;
        fits
    });
    if canonical {
        return Cow::Borrowed(name);
    }
    let mut spelled = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '-' | '_' | '.' if spelled.ends_with('-') => {}
            '-' | '_' | '.' => spelled.push('-'),
            letter => spelled.extend(letter.to_lowercase()),
        }
    }
    Cow::Owned(spelled)
}

/// A repository may hold several actions in folders of their own: `owner/repository/folder` is `owner/repository`.
fn action_repository(name: &str) -> &str {
    let mut slashes = name.match_indices('/').map(|(at, _)| at);
    match slashes.nth(1).and_then(|at| name.get(..at)) {
        Some(repository) => repository,
        None => name,
    }
}

/// Docker Hub may be left out or written in three ways; its official images live below `library/`.
fn image_name(name: &str) -> Cow<'_, str> {
    let mut rest = name;
    for hub in ["docker.io/", "index.docker.io/", "registry-1.docker.io/"] {
        rest = rest.strip_prefix(hub).unwrap_or(rest);
    }
    lower(rest.strip_prefix("library/").unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_in_one_way() {
        for (ecosystem, written, canonical) in [
            (Ecosystem::PyPI, "LiteLLM", "litellm"),
            (Ecosystem::PyPI, "ruamel.yaml--clib_x", "ruamel-yaml-clib-x"),
            (Ecosystem::PyPI, "litellm[proxy]", "litellm"),
            (Ecosystem::GitHubActions, "Aquasecurity/Trivy-Action", "aquasecurity/trivy-action"),
            (Ecosystem::GitHubActions, "github/codeql-action/init", "github/codeql-action"),
            (Ecosystem::Docker, "docker.io/aquasec/trivy", "aquasec/trivy"),
            (Ecosystem::Docker, "docker.io/library/postgres", "postgres"),
            (Ecosystem::Docker, "ghcr.io/aquasecurity/trivy", "ghcr.io/aquasecurity/trivy"),
            (Ecosystem::Go, "github.com/Azure/azure-sdk", "github.com/Azure/azure-sdk"),
        ] {
            assert_eq!(ecosystem.canonical(written), canonical);
        }
    }

    #[test]
    fn a_release_is_not_part_of_an_ecosystem() {
        assert_eq!(Ecosystem::of("Debian:12"), Ecosystem::Debian);
        assert_eq!(Ecosystem::of("pypi"), Ecosystem::PyPI);
        assert_eq!(Ecosystem::of("Hex"), Ecosystem::Other(Text::new("Hex")));
    }
}
