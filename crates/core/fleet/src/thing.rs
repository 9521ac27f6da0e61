//! Things that an environment may have had, how the dictionary spells them, and how a person asks for them.
//!
//! The spelling is such that what is asked together lies together: all versions of a name, all hosts of a domain.

use firebreak_model::Text;
use firebreak_package::{Ecosystem, version::Range};
use std::net::IpAddr;

/// Between the parts of a spelling.
const PART: char = '\0';

/// One thing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Thing {
    /// A version of a package; also a tag or digest of an image (`Docker`) and a reference of an action (`GitHub Actions`).
    Package {
        /// OSV's word for the ecosystem.
        ecosystem: Text,
        /// The name, spelled canonically.
        name: Text,
        /// The exact version.
        version: Text,
    },
    /// Content by its SHA-256, in lower-case hexadecimal.
    Digest(Text),
    /// A commit that was fetched, and of which repository.
    Commit {
        /// In lower-case hexadecimal.
        sha: Text,
        /// Owner and repository.
        repository: Text,
    },
    /// A host or address that was contacted.
    Host(Text),
}

impl Thing {
    /// A package, its name spelled as its ecosystem spells it.
    pub fn package(ecosystem: &str, name: &str, version: &str) -> Thing {
        let ecosystem = Ecosystem::of(ecosystem);
        let (name, version) = (Text::new(ecosystem.canonical(name)), Text::new(version));
        Thing::Package { ecosystem: Text::new(ecosystem.word()), name, version }
    }

    /// Content by its digest, with or without `sha256:`.
    pub fn digest(digest: &str) -> Thing {
        Thing::Digest(Text::new(bare(digest)))
    }

    /// The spelling in the dictionary.
    pub(crate) fn spelling(&self) -> String {
        let clean = |text: &str| text.replace(PART, "\u{fffd}");
        match self {
            Thing::Package { ecosystem, name, version } => {
                format!("p\0{}\0{}\0{}", clean(ecosystem), clean(name), clean(version))
            }
            Thing::Digest(digest) => format!("d\0{}", clean(digest)),
            Thing::Commit { sha, repository } => format!("c\0{}\0{}", clean(sha), clean(repository)),
            Thing::Host(host) => host_spelling(&clean(host)),
        }
    }

    /// Reads a spelling. `None` where it is none.
    pub(crate) fn read(spelling: &str) -> Option<Thing> {
        let (kind, rest) = spelling.split_once(PART)?;
        let mut parts = rest.split(PART).map(Text::new);
        Some(match kind {
            "p" => Thing::Package { ecosystem: parts.next()?, name: parts.next()?, version: parts.next()? },
            "d" => Thing::Digest(parts.next()?),
            "c" => Thing::Commit { sha: parts.next()?, repository: parts.next()? },
            "h" => Thing::Host(Text::new(rest.split('.').rev().collect::<Vec<_>>().join("."))),
            "a" => Thing::Host(parts.next()?),
            _ => return None,
        })
    }

    /// The ecosystem whose listings and logs speak of it; `None` where none does.
    pub(crate) fn ecosystem(&self) -> Option<&str> {
        match self {
            Thing::Package { ecosystem, .. } => Some(ecosystem),
            Thing::Commit { .. } => Some("GitHub Actions"),
            // A listing need not name every digest, and no log names every host.
            Thing::Digest(_) | Thing::Host(_) => None,
        }
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Thing::Package { ecosystem, name, version } => write!(f, "{ecosystem} {name}@{version}"),
            Thing::Digest(digest) => write!(f, "sha256:{digest}"),
            Thing::Commit { sha, repository } => write!(f, "{repository} at commit {sha}"),
            Thing::Host(host) => f.write_str(host),
        }
    }
}

/// Hosts are spelled from their top down, so that a domain's hosts lie together.
fn host_spelling(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.parse::<IpAddr>().is_ok() {
        return format!("a\0{host}");
    }
    format!("h\0{}", host.split('.').rev().collect::<Vec<_>>().join("."))
}

fn bare(digest: &str) -> String {
    digest.strip_prefix("sha256:").unwrap_or(digest).to_ascii_lowercase()
}

fn is_hex(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Versions of a package.
    Package {
        /// In this ecosystem; without one, in any.
        ecosystem: Option<Ecosystem>,
        /// By this name.
        name: String,
        /// In these versions; without them, in any.
        versions: Option<Versions>,
    },
    /// Content by its digest.
    Digest(String),
    /// A commit by its id, or how that begins.
    Commit(String),
    /// A host with all below it, or an address.
    Host(String),
    /// Any of several.
    Any(Vec<Wanted>),
}

/// Which versions are asked for.
#[derive(Clone, Debug)]
pub enum Versions {
    /// This one, as written or equal in the ecosystem's order.
    One(String),
    /// Those in a range, as it was written.
    In(String),
}

impl Versions {
    fn has(&self, ecosystem: &Ecosystem, version: &str) -> bool {
        match self {
            Versions::One(one) => firebreak_package::version::same(ecosystem, one, version),
            Versions::In(range) => {
                Range::parse(ecosystem, range).is_some_and(|range| range.contains(ecosystem, version))
            }
        }
    }

    fn of(text: &str) -> Versions {
        let range = text.contains(',') || text.starts_with(['<', '>', '=', '!', '~', '^']);
        if range { Versions::In(text.to_owned()) } else { Versions::One(text.to_owned()) }
    }
}

impl Wanted {
    /// What a person means by `text`: `litellm@1.82.8`, `pypi/litellm@>=1.82.7,<1.83`, `npm/@scope/name`,
    /// `package:pypi/litellm@1.82.8`, `pkg:pypi/litellm@1.82.8`, `sha256:…`, a commit of 40 digits or `commit:` and its
    /// first seven or more, `image:name:tag`, `image:name@sha256:…`, `domain:example.org`. A bare name with a dot may be a
    /// package or a domain: both are asked for.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Wanted, String> {
        let text = text.trim();
        let (word, rest) = text.split_once(':').unwrap_or(("", text));
        match word {
            _ if text.is_empty() || text.contains(PART) => Err("nothing is asked for".to_owned()),
            "sha256" if is_hex(rest, 64..=64) => Ok(Wanted::Digest(bare(text))),
            "sha256" => Err(format!("`{text}` is no SHA-256: it has 64 hexadecimal digits")),
            "commit" if is_hex(rest, 7..=40) => Ok(Wanted::Commit(rest.to_ascii_lowercase())),
            "commit" => Err(format!("`{text}` is no commit: it has 7 to 40 hexadecimal digits")),
            "domain" | "host" => Ok(Wanted::Host(rest.to_owned())),
            "image" => Ok(image(rest)),
            "package" | "pkg" => in_ecosystem(rest).ok_or_else(|| {
                format!("`{text}` names no ecosystem and package, as `package:pypi/litellm@1.82.8` does")
            }),
            _ if is_hex(text, 64..=64) => Ok(Wanted::Digest(bare(text))),
            _ if is_hex(text, 40..=40) => Ok(Wanted::Commit(text.to_ascii_lowercase())),
            _ => Ok(bare_name(text)),
        }
    }

    /// How a spelling of what is asked begins, and whether each that begins so is meant.
    pub(crate) fn prefixes(&self, ecosystems: &[&str]) -> Vec<(String, Option<(Ecosystem, Versions)>)> {
        match self {
            Wanted::Digest(digest) => vec![(format!("d\0{digest}"), None)],
            Wanted::Commit(sha) => vec![(format!("c\0{sha}"), None)],
            Wanted::Host(host) => vec![(host_spelling(host), None)],
            Wanted::Package { ecosystem, name, versions } => {
                let own = ecosystem.as_ref().map(|ecosystem| vec![ecosystem.clone()]);
                let all = || ecosystems.iter().map(|word| Ecosystem::of(word)).collect();
                let prefix = |ecosystem: Ecosystem| {
                    let prefix = format!("p\0{}\0{}\0", ecosystem.word(), ecosystem.canonical(name));
                    (prefix, versions.clone().map(|versions| (ecosystem, versions)))
                };
                own.unwrap_or_else(all).into_iter().map(prefix).collect()
            }
            Wanted::Any(all) => all.iter().flat_map(|one| one.prefixes(ecosystems)).collect(),
        }
    }

    /// Everything that it may mean, one by one.
    pub(crate) fn readings(&self, ecosystems: &[&str]) -> Vec<Wanted> {
        match self {
            Wanted::Package { ecosystem: None, name, versions } => {
                let own = |word: &&str| Wanted::Package {
                    ecosystem: Some(Ecosystem::of(word)),
                    name: name.clone(),
                    versions: versions.clone(),
                };
                ecosystems.iter().map(own).collect()
            }
            Wanted::Any(all) => all.iter().flat_map(|one| one.readings(ecosystems)).collect(),
            one => vec![one.clone()],
        }
    }

    /// The ecosystems whose evidence must be whole to say that it was not there; `None` where no evidence can.
    pub(crate) fn needs(&self, ecosystems: &[&str]) -> Option<Vec<String>> {
        match self {
            Wanted::Package { ecosystem: Some(ecosystem), .. } => Some(vec![ecosystem.word().to_owned()]),
            // It is there in some ecosystem, or it may be in any.
            Wanted::Package { ecosystem: None, .. } if ecosystems.is_empty() => {
                Some(vec![crate::statement::EVERY.to_owned()])
            }
            Wanted::Package { .. } => Some(ecosystems.iter().map(|word| (*word).to_owned()).collect()),
            Wanted::Commit(_) => Some(vec!["GitHub Actions".to_owned()]),
            Wanted::Digest(_) | Wanted::Host(_) => None,
            Wanted::Any(all) => {
                let needs = all.iter().map(|one| one.needs(ecosystems)).collect::<Option<Vec<_>>>()?;
                Some(needs.into_iter().flatten().collect())
            }
        }
    }
}

/// Whether `spelling`, which begins with a prefix of [`Wanted::prefixes`], is meant.
pub(crate) fn is_meant(spelling: &str, prefix: &str, versions: Option<&(Ecosystem, Versions)>) -> bool {
    let Some(rest) = spelling.strip_prefix(prefix) else { return false };
    match versions {
        Some((ecosystem, versions)) => versions.has(ecosystem, rest),
        // `example.org` is not the beginning of `example.organic`, and an address is itself alone.
        None if spelling.starts_with('h') => rest.is_empty() || rest.starts_with('.'),
        None if spelling.starts_with(['a', 'd']) => rest.is_empty(),
        None => true,
    }
}

/// `ecosystem/name@version`, where the ecosystem is one that is known.
fn in_ecosystem(text: &str) -> Option<Wanted> {
    let (word, rest) = text.split_once('/')?;
    let ecosystem = known_ecosystem(word)?;
    let (name, versions) = name_and_version(&rest.replace("%40", "@"));
    (!name.is_empty()).then_some(Wanted::Package { ecosystem: Some(ecosystem), name, versions })
}

fn known_ecosystem(word: &str) -> Option<Ecosystem> {
    Some(match word.to_ascii_lowercase().as_str() {
        "golang" => Ecosystem::Go,
        "githubactions" | "github-actions" => Ecosystem::GitHubActions,
        "cargo" | "crates.io" => Ecosystem::of("crates.io"),
        "gem" | "rubygems" => Ecosystem::of("RubyGems"),
        "maven" => Ecosystem::of("Maven"),
        "nuget" => Ecosystem::of("NuGet"),
        "apk" | "alpine" => Ecosystem::of("Alpine"),
        "composer" | "packagist" => Ecosystem::of("Packagist"),
        other => match Ecosystem::of(other) {
            Ecosystem::Other(_) => return None,
            known => known,
        },
    })
}

fn name_and_version(text: &str) -> (String, Option<Versions>) {
    // A scope of npm begins with the sign that ends a name.
    match text.char_indices().skip(1).find(|(_, letter)| *letter == '@') {
        Some((at, _)) => {
            let (name, version) = text.split_at(at);
            let version = version.trim_start_matches('@').trim();
            (name.trim().to_owned(), (!version.is_empty()).then(|| Versions::of(version)))
        }
        None => {
            let range = text.find(['<', '>', '=', '~', '!']).filter(|at| *at > 0);
            let (name, version) = range.map_or((text, ""), |at| text.split_at(at));
            (name.trim().to_owned(), (!version.is_empty()).then(|| Versions::In(version.to_owned())))
        }
    }
}

fn image(text: &str) -> Wanted {
    let ecosystem = Some(Ecosystem::Docker);
    let (name, version) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        // A colon before the last slash is a registry's port.
        None => match text.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
            Some((name, tag)) => (name, Some(tag)),
            None => (text, None),
        },
    };
    Wanted::Package { ecosystem, name: name.to_owned(), versions: version.map(|text| Versions::One(text.to_owned())) }
}

fn bare_name(text: &str) -> Wanted {
    if let Some(wanted) = in_ecosystem(text) {
        return wanted;
    }
    let (name, versions) = name_and_version(text);
    let host = versions.is_none()
        && text.contains('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    let package = Wanted::Package { ecosystem: None, name, versions };
    match (host, text.parse::<IpAddr>()) {
        (_, Ok(_)) => Wanted::Host(text.to_owned()),
        (true, _) => Wanted::Any(vec![package, Wanted::Host(text.to_owned())]),
        (false, _) => package,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(asked: &str, thing: &Thing) -> bool {
        let wanted = Wanted::parse(asked).expect("it can be asked");
        let spelling = thing.spelling();
        assert_eq!(Thing::read(&spelling).as_ref(), Some(thing), "it is read as it was spelled");
        let prefixes = wanted.prefixes(&["PyPI", "npm", "Docker"]);
        prefixes.iter().any(|(prefix, versions)| is_meant(&spelling, prefix, versions.as_ref()))
    }

    #[test]
    fn a_person_may_ask_in_many_ways() {
        let litellm = Thing::package("PyPI", "LiteLLM", "1.82.8");
        for asked in [
            "litellm",
            "litellm@1.82.8",
            "LiteLLM==1.82.8",
            "pypi/litellm@1.82.8",
            "package:pypi/litellm@1.82.8",
            "pkg:pypi/litellm@1.82.8",
            "litellm@>=1.82.7,<1.83",
            "litellm>=1.82.7",
        ] {
            assert!(meant(asked, &litellm), "{asked}");
        }
        for asked in ["litellm@1.82.7", "npm/litellm", "litell", "litellm-proxy", "litellm<1.82.8", "litellm@1.82"] {
            assert!(!meant(asked, &litellm), "{asked}");
        }
        let scoped = Thing::package("npm", "@ctrl/tinycolor", "4.1.1");
        for asked in
            ["@ctrl/tinycolor", "@ctrl/tinycolor@4.1.1", "npm/@ctrl/tinycolor@4.1.1", "pkg:npm/%40ctrl/tinycolor@4.1.1"]
        {
            assert!(meant(asked, &scoped), "{asked}");
        }
    }

    #[test]
    fn digests_commits_images_and_hosts() {
        let (digest, commit) = ("ab".repeat(32), "cd".repeat(20));
        assert!(meant(&format!("sha256:{digest}"), &Thing::digest(&digest.to_uppercase())));
        assert!(meant(&digest, &Thing::digest(&format!("sha256:{digest}"))));
        let fetched = Thing::Commit { sha: Text::new(&commit), repository: Text::new("aquasecurity/trivy-action") };
        assert!(meant(&commit, &fetched) && meant("commit:cdcdcdc", &fetched) && !meant("commit:cdcdcdd", &fetched));
        let image = Thing::package("Docker", "docker.io/aquasec/trivy", "0.69.4");
        assert!(meant("image:aquasec/trivy:0.69.4", &image) && meant("image:aquasec/trivy", &image));
        assert!(!meant("image:aquasec/trivy:0.69.5", &image));
        let host = Thing::Host(Text::new("models.litellm.cloud"));
        assert!(meant("domain:litellm.cloud", &host) && meant("models.litellm.cloud", &host));
        assert!(!meant("domain:ellm.cloud", &host) && !meant("domain:models.litellm.cloud.evil", &host));
        let address = Thing::Host(Text::new("192.0.2.1"));
        assert!(meant("192.0.2.1", &address) && !meant("192.0.2.10", &address) && !meant("domain:192.0.2", &address));
        for asked in ["", "sha256:12", "commit:xyz", "package:litellm"] {
            assert!(Wanted::parse(asked).is_err(), "{asked}");
        }
    }
}
