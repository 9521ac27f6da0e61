//! Package URLs (`pkg:pypi/litellm@1.82.8`): ecosystem, name and version.
//!
//! Qualifiers are read only where they change the ecosystem (a distribution's release); subpaths are left out.

use firebreak_model::Text;
use firebreak_package::Ecosystem;

/// What a package URL names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackageUrl {
    /// In OSV's words.
    pub ecosystem: Text,
    /// As the ecosystem writes it: `@scope/name`, `group:artifact`, `owner/repository`.
    pub name: Text,
    /// The version, where there is one.
    pub version: Option<Text>,
}

impl PackageUrl {
    /// Reads `text`. `None` where it is not a package URL.
    pub fn parse(text: &str) -> Option<PackageUrl> {
        let rest = text.trim().strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split('#').next().unwrap_or(rest);
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = rest.split_once('/')?;
        // A scope begins with `@` too: only what follows the last slash may hold a version.
        let start = path.rfind('/').map_or(0, |at| at + 1);
        let (path, version) = match path.get(start..)?.rfind('@') {
            Some(at) if start + at > 0 => (path.get(..start + at)?, path.get(start + at + 1..)),
            _ => (path, None),
        };
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let (name, space) = parts.split_last()?;
        let space = space.join("/");
        let (ecosystem, name) = named(&kind.to_ascii_lowercase(), &space, name, qualifiers);
        let version = version.map(decoded).filter(|version| !version.is_empty()).map(Text::from);
        Some(PackageUrl { ecosystem: Text::new(ecosystem), name: Text::new(name), version })
    }
}

fn named(kind: &str, space: &str, name: &str, qualifiers: &str) -> (String, String) {
    let path = |between: &str| match space {
        "" => name.to_owned(),
        space => format!("{space}{between}{name}"),
    };
    match kind {
        "pypi" => ("PyPI".to_owned(), name.to_owned()),
        "npm" => ("npm".to_owned(), path("/")),
        "maven" => ("Maven".to_owned(), path(":")),
        "golang" => ("Go".to_owned(), path("/")),
        "cargo" => ("crates.io".to_owned(), name.to_owned()),
        "gem" => ("RubyGems".to_owned(), name.to_owned()),
        "nuget" => ("NuGet".to_owned(), name.to_owned()),
        "composer" => ("Packagist".to_owned(), path("/")),
        "hex" => ("Hex".to_owned(), path("/")),
        "pub" => ("Pub".to_owned(), name.to_owned()),
        "githubactions" | "github" => ("GitHub Actions".to_owned(), path("/")),
        "docker" | "oci" => ("Docker".to_owned(), path("/")),
        "openvsx" | "vscode" | "vscode-extension" => ("OpenVSX".to_owned(), path(".")),
        "deb" => (distribution(space, "Debian", qualifiers), name.to_owned()),
        "rpm" => (distribution(space, "RPM", qualifiers), name.to_owned()),
        "apk" => (distribution(space, "Alpine", qualifiers), name.to_owned()),
        other => {
            let ecosystem = Ecosystem::of_purl_type(other);
            (ecosystem.map_or(other.to_owned(), |ecosystem| ecosystem.word().to_owned()), path("/"))
        }
    }
}

/// A distribution in OSV's words, with its release where the qualifier `distro` tells it.
fn distribution(space: &str, usual: &str, qualifiers: &str) -> String {
    let word = match space.to_ascii_lowercase().as_str() {
        "ubuntu" => "Ubuntu",
        "debian" => "Debian",
        "alpine" => "Alpine",
        "rocky" | "rocky-linux" => "Rocky Linux",
        "almalinux" => "AlmaLinux",
        "redhat" => "Red Hat",
        _ => usual,
    };
    let distro = qualifiers.split('&').find_map(|pair| pair.strip_prefix("distro=")).map(decoded);
    let release = distro.as_deref().and_then(|distro| distro.rsplit_once('-')).map(|(_, release)| release);
    match release.filter(|release| release.starts_with(|letter: char| letter.is_ascii_digit())) {
        Some(release) if word == "Alpine" => {
            format!("Alpine:v{}", release.split('.').take(2).collect::<Vec<_>>().join("."))
        }
        Some(release) => format!("{word}:{release}"),
        None => word.to_owned(),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|byte| (*byte as char).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_what_the_ecosystems_name() {
        for (url, ecosystem, name, version) in [
            ("pkg:pypi/litellm@1.82.8", "PyPI", "litellm", Some("1.82.8")),
            ("pkg:npm/%40scope/name@1.0.0", "npm", "@scope/name", Some("1.0.0")),
            ("pkg:npm/@scope/name", "npm", "@scope/name", None),
            ("pkg:maven/org.apache/commons@1?type=jar", "Maven", "org.apache:commons", Some("1")),
            ("pkg:golang/github.com/a/b@v1.0.0#sub", "Go", "github.com/a/b", Some("v1.0.0")),
            (
                "pkg:githubactions/aquasecurity/trivy-action@0.24.0",
                "GitHub Actions",
                "aquasecurity/trivy-action",
                Some("0.24.0"),
            ),
            ("pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12", "Debian:12", "curl", Some("7.88.1-10")),
            ("pkg:deb/ubuntu/curl@1%2Bb1", "Ubuntu", "curl", Some("1+b1")),
            ("pkg:apk/alpine/busybox@1.36?distro=alpine-3.18.4", "Alpine:v3.18", "busybox", Some("1.36")),
        ] {
            let found = PackageUrl::parse(url).expect(url);
            let found = (found.ecosystem.as_str(), found.name.as_str(), found.version.as_deref());
            assert_eq!(found, (ecosystem, name, version), "{url}");
        }
        for text in ["", "pkg:", "pkg:npm", "npm/left-pad", "pkg:npm/"] {
            assert_eq!(PackageUrl::parse(text), None, "{text}");
        }
    }
}
