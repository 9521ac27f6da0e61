//! Ecosystems and the names in them: when two spellings mean the same package.
//!
//! It is not a list of registries: an ecosystem that is not known here still works, with exact names.

use crate::version::Order;
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
    /// Packages of Debian, Ubuntu and others that dpkg installs.
    Debian,
    /// RPM packages of any distribution.
    Rpm,
    /// Packages of Alpine, Wolfi and others that apk installs.
    Apk,
    /// Container images.
    Docker,
    /// Editor extensions.
    OpenVsx,
    /// Go modules and programs.
    Go,
    /// Rust crates.
    CratesIo,
    /// Java artefacts, `group:artifact`.
    Maven,
    /// .NET packages.
    NuGet,
    /// Ruby gems.
    RubyGems,
    /// PHP packages, `vendor/name`.
    Packagist,
    /// Dart packages.
    Pub,
    /// Erlang and Elixir packages.
    Hex,
    /// Haskell packages.
    Hackage,
    /// R packages.
    Cran,
    /// Swift packages, named by the address of their repository.
    SwiftUrl,
    /// Any other, by its own word.
    Other(Text),
}

/// The ecosystem of a word in lower case, without its release.
const WORDS: &[(Ecosystem, &[&str])] = &[
    (Ecosystem::PyPI, &["pypi"]),
    (Ecosystem::Npm, &["npm"]),
    (Ecosystem::GitHubActions, &["github actions", "github_actions", "githubactions"]),
    (Ecosystem::Debian, &["debian", "ubuntu", "deb", "echo"]),
    (
        Ecosystem::Rpm,
        &[
            "rpm",
            "red hat",
            "rocky linux",
            "almalinux",
            "suse",
            "opensuse",
            "photon os",
            "mageia",
            "openeuler",
            "azure linux",
            "amazon linux",
            "fedora",
            "oracle linux",
        ],
    ),
    (Ecosystem::Apk, &["apk", "alpine", "wolfi", "chainguard", "minimos", "alpaquita", "bellsoft hardened containers"]),
    (Ecosystem::Docker, &["docker", "oci"]),
    (Ecosystem::OpenVsx, &["openvsx", "open vsx"]),
    (Ecosystem::Go, &["go", "golang"]),
    (Ecosystem::CratesIo, &["crates.io", "cargo"]),
    (Ecosystem::Maven, &["maven"]),
    (Ecosystem::NuGet, &["nuget"]),
    (Ecosystem::RubyGems, &["rubygems", "gem"]),
    (Ecosystem::Packagist, &["packagist", "composer"]),
    (Ecosystem::Pub, &["pub"]),
    (Ecosystem::Hex, &["hex"]),
    (Ecosystem::Hackage, &["hackage", "ghc"]),
    (Ecosystem::Cran, &["cran", "bioconductor"]),
    (Ecosystem::SwiftUrl, &["swifturl", "swift"]),
];

impl Ecosystem {
    /// The ecosystem that `word` means. A release after a colon (`Debian:12`) is dropped; [`release`] gives it.
    pub fn of(word: &str) -> Ecosystem {
        // The usual spellings first: this is asked of each package of each environment.
        match word {
            "PyPI" => return Ecosystem::PyPI,
            "npm" => return Ecosystem::Npm,
            "Debian" => return Ecosystem::Debian,
            _ => {}
        }
        let family = word.split(':').next().unwrap_or(word);
        let lower = family.to_ascii_lowercase();
        let known = WORDS.iter().find(|(_, words)| words.contains(&lower.as_str()));
        known.map_or_else(|| Ecosystem::Other(Text::new(family)), |(ecosystem, _)| ecosystem.clone())
    }

    /// The word that OSV and our own files use.
    pub fn word(&self) -> &str {
        match self {
            Ecosystem::PyPI => "PyPI",
            Ecosystem::Npm => "npm",
            Ecosystem::GitHubActions => "GitHub Actions",
            Ecosystem::Debian => "Debian",
            Ecosystem::Rpm => "RPM",
            Ecosystem::Apk => "Alpine",
            Ecosystem::Docker => "Docker",
            Ecosystem::OpenVsx => "OpenVSX",
            Ecosystem::Go => "Go",
            Ecosystem::CratesIo => "crates.io",
            Ecosystem::Maven => "Maven",
            Ecosystem::NuGet => "NuGet",
            Ecosystem::RubyGems => "RubyGems",
            Ecosystem::Packagist => "Packagist",
            Ecosystem::Pub => "Pub",
            Ecosystem::Hex => "Hex",
            Ecosystem::Hackage => "Hackage",
            Ecosystem::Cran => "CRAN",
            Ecosystem::SwiftUrl => "SwiftURL",
            Ecosystem::Other(word) => word,
        }
    }

    /// The ecosystem of a package URL's type (`pkg:<type>/…`). `None` for a type that no ecosystem here has.
    pub fn of_purl_type(kind: &str) -> Option<Ecosystem> {
        Some(match kind.to_ascii_lowercase().as_str() {
            "pypi" => Ecosystem::PyPI,
            "npm" => Ecosystem::Npm,
            "githubactions" => Ecosystem::GitHubActions,
            "deb" => Ecosystem::Debian,
            "rpm" => Ecosystem::Rpm,
            "apk" => Ecosystem::Apk,
            "docker" | "oci" => Ecosystem::Docker,
            "vscode-extension" => Ecosystem::OpenVsx,
            "golang" => Ecosystem::Go,
            "cargo" => Ecosystem::CratesIo,
            "maven" => Ecosystem::Maven,
            "nuget" => Ecosystem::NuGet,
            "gem" => Ecosystem::RubyGems,
            "composer" => Ecosystem::Packagist,
            "pub" => Ecosystem::Pub,
            "hex" => Ecosystem::Hex,
            "hackage" => Ecosystem::Hackage,
            "cran" => Ecosystem::Cran,
            "swift" => Ecosystem::SwiftUrl,
            _ => return None,
        })
    }

    /// The type of its package URLs. `None` for an ecosystem that has none of its own.
    pub fn purl_type(&self) -> Option<&'static str> {
        Some(match self {
            Ecosystem::PyPI => "pypi",
            Ecosystem::Npm => "npm",
            Ecosystem::GitHubActions => "githubactions",
            Ecosystem::Debian => "deb",
            Ecosystem::Rpm => "rpm",
            Ecosystem::Apk => "apk",
            Ecosystem::Docker => "docker",
            Ecosystem::OpenVsx => "vscode-extension",
            Ecosystem::Go => "golang",
            Ecosystem::CratesIo => "cargo",
            Ecosystem::Maven => "maven",
            Ecosystem::NuGet => "nuget",
            Ecosystem::RubyGems => "gem",
            Ecosystem::Packagist => "composer",
            Ecosystem::Pub => "pub",
            Ecosystem::Hex => "hex",
            Ecosystem::Hackage => "hackage",
            Ecosystem::Cran => "cran",
            Ecosystem::SwiftUrl => "swift",
            Ecosystem::Other(_) => return None,
        })
    }

    /// The rule by which its versions are ordered. Where none is known, Semantic Versioning.
    pub fn order(&self) -> Order {
        match self {
            Ecosystem::PyPI => Order::Pep440,
            Ecosystem::Npm => Order::Npm,
            Ecosystem::Debian => Order::Debian,
            Ecosystem::Rpm => Order::Rpm,
            Ecosystem::Apk => Order::Apk,
            Ecosystem::Go => Order::Go,
            Ecosystem::Maven => Order::Maven,
            Ecosystem::NuGet => Order::NuGet,
            Ecosystem::RubyGems => Order::RubyGems,
            Ecosystem::Packagist => Order::Packagist,
            Ecosystem::Pub => Order::Pub,
            Ecosystem::Hackage => Order::Hackage,
            Ecosystem::Cran => Order::Cran,
            Ecosystem::GitHubActions
            | Ecosystem::Docker
            | Ecosystem::OpenVsx
            | Ecosystem::CratesIo
            | Ecosystem::Hex
            | Ecosystem::SwiftUrl
            | Ecosystem::Other(_) => Order::Semver,
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
            Ecosystem::SwiftUrl => lower(repository_address(name)),
            Ecosystem::Npm
            | Ecosystem::OpenVsx
            | Ecosystem::Debian
            | Ecosystem::Rpm
            | Ecosystem::Apk
            | Ecosystem::NuGet
            | Ecosystem::Packagist
            | Ecosystem::Pub
            | Ecosystem::Hex => lower(name),
            // Letters' case tells names apart there.
            Ecosystem::Go
            | Ecosystem::CratesIo
            | Ecosystem::Maven
            | Ecosystem::RubyGems
            | Ecosystem::Hackage
            | Ecosystem::Cran
            | Ecosystem::Other(_) => Cow::Borrowed(name.trim()),
        }
    }
}

/// The release after the colon of an OSV ecosystem: `12` of `Debian:12`, `enterprise_linux:9::appstream` of Red Hat's.
pub fn release(word: &str) -> Option<&str> {
    word.split_once(':').map(|(_, release)| release).filter(|release| !release.is_empty())
}

/// The part of an OSV ecosystem that says whose packages they are: `Ubuntu` of `Ubuntu:22.04:LTS`. Distributions share a
/// tool and an order, and not their packages: an advisory of one says nothing of another's.
pub fn distribution(word: &str) -> &str {
    word.split(':').next().unwrap_or(word)
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

/// Without scheme and `.git`.
fn repository_address(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name.trim_end_matches('/').trim_end_matches(".git")
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
            (Ecosystem::Npm, "@Types/Node", "@types/node"),
            (Ecosystem::NuGet, "Newtonsoft.Json", "newtonsoft.json"),
            (Ecosystem::Packagist, "Symfony/Console", "symfony/console"),
            (Ecosystem::Maven, "org.apache.logging.log4j:log4j-core", "org.apache.logging.log4j:log4j-core"),
            (Ecosystem::CratesIo, "serde_json", "serde_json"),
            (Ecosystem::SwiftUrl, "https://github.com/Apple/swift-nio.git", "github.com/apple/swift-nio"),
        ] {
            assert_eq!(ecosystem.canonical(written), canonical);
        }
    }

    #[test]
    fn a_release_is_not_part_of_an_ecosystem() {
        assert_eq!(Ecosystem::of("Debian:12"), Ecosystem::Debian);
        assert_eq!(Ecosystem::of("pypi"), Ecosystem::PyPI);
        assert_eq!(Ecosystem::of("Alpine:v3.19"), Ecosystem::Apk);
        assert_eq!(Ecosystem::of("Ubuntu:22.04:LTS"), Ecosystem::Debian);
        assert_eq!(Ecosystem::of("Red Hat:enterprise_linux:9::appstream"), Ecosystem::Rpm);
        assert_eq!(Ecosystem::of("Julia"), Ecosystem::Other(Text::new("Julia")));
        assert_eq!(release("Red Hat:enterprise_linux:9::appstream"), Some("enterprise_linux:9::appstream"));
        assert_eq!((release("Debian:12"), release("PyPI")), (Some("12"), None));
        assert_eq!(distribution("Ubuntu:22.04:LTS"), "Ubuntu");
    }

    #[test]
    fn each_ecosystem_is_found_by_its_own_word_and_purl_type() {
        for (ecosystem, words) in WORDS {
            assert_eq!(Ecosystem::of(ecosystem.word()), *ecosystem);
            assert_eq!(ecosystem.purl_type().and_then(Ecosystem::of_purl_type).as_ref(), Some(ecosystem));
            for word in *words {
                assert_eq!(Ecosystem::of(&word.to_uppercase()), *ecosystem, "{word}");
            }
        }
    }
}
