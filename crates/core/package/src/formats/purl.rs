//! Package URLs (`pkg:type/namespace/name@version?qualifiers#subpath`), by their specification.

use super::listing::Listed;
use crate::Ecosystem;
use firebreak_model::Text;

/// A package URL, taken apart and decoded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Purl {
    /// Lower case.
    pub(crate) kind: String,
    /// Its segments joined with `/`; empty where there is none.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    /// Keys in lower case; those without a value are left out.
    pub(crate) qualifiers: Vec<(String, String)>,
}

impl Purl {
    /// Takes `text` apart from its end, as the specification asks. `None` where it is no package URL.
    pub(crate) fn parse(text: &str) -> Option<Purl> {
        let (scheme, rest) = text.trim().split_once(':')?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = rest.trim_start_matches('/').split_once('/')?;
        let kind = kind.to_ascii_lowercase();
        let formed = kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte));
        if kind.is_empty() || !formed || kind.starts_with(|letter: char| letter.is_ascii_digit()) {
            return None;
        }
        let path = path.trim_matches('/');
        // The scope of npm may be written with a bare `@`, which begins no version.
        let at = path.rfind('@').filter(|at| *at > 0 && path.get(*at..).is_some_and(|rest| !rest.contains('/')));
        let (path, version) = match at.and_then(|at| path.split_at_checked(at)) {
            Some((path, version)) => (path, version.get(1..).and_then(decode).filter(|version| !version.is_empty())),
            None => (path, None),
        };
        let path = path.trim_end_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let segments: Option<Vec<String>> =
            namespace.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
        let mut purl = Purl {
            kind,
            namespace: segments?.join("/"),
            name: decode(name).filter(|name| !name.is_empty())?,
            version,
            qualifiers: qualifiers.split('&').filter_map(qualifier).collect(),
        };
        purl.normalise();
        Some(purl)
    }

    /// The spelling that a type asks for.
    fn normalise(&mut self) {
        match self.kind.as_str() {
            "pypi" => self.name = self.name.to_ascii_lowercase().replace('_', "-"),
            "github" | "bitbucket" | "gitlab" | "composer" | "deb" | "apk" | "hex" => {
                self.name.make_ascii_lowercase();
                self.namespace.make_ascii_lowercase();
            }
            _ => {}
        }
    }

    /// The qualifier `key`.
    pub(crate) fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Ecosystem and name; `None` for types that belong to none (`generic`, `github`).
    pub(crate) fn package(&self) -> Option<(Ecosystem, String)> {
        let with = |between: &str| {
            if self.namespace.is_empty() {
                self.name.clone()
            } else {
                format!("{}{between}{}", self.namespace, self.name)
            }
        };
        let (word, name) = match self.kind.as_str() {
            "pypi" => ("PyPI", self.name.clone()),
            "npm" => ("npm", with("/")),
            "maven" => ("Maven", with(":")),
            "golang" => ("Go", with("/")),
            "cargo" => ("crates.io", self.name.clone()),
            "gem" => ("RubyGems", self.name.clone()),
            "nuget" => ("NuGet", self.name.clone()),
            "composer" => ("Packagist", with("/")),
            "pub" => ("Pub", self.name.clone()),
            "hex" => ("Hex", with("/")),
            "hackage" => ("Hackage", self.name.clone()),
            "cran" => ("CRAN", self.name.clone()),
            "conan" => ("ConanCenter", self.name.clone()),
            "conda" => ("conda", self.name.clone()),
            "swift" => ("SwiftURL", with("/")),
            "deb" => ("Debian", self.name.clone()),
            "apk" => ("Alpine", self.name.clone()),
            "rpm" => ("RPM", self.name.clone()),
            "githubactions" => ("GitHub Actions", with("/")),
            "docker" => ("Docker", with("/")),
            "oci" => ("Docker", self.qualifier("repository_url").map_or_else(|| self.name.clone(), str::to_owned)),
            _ => return None,
        };
        Some((Ecosystem::of(word), name))
    }

    /// The package that it names, where it has an ecosystem and a version.
    pub(crate) fn listed(&self) -> Option<Listed> {
        let (ecosystem, name) = self.package()?;
        let version = self.version.as_deref()?;
        // OSV writes Go versions without their `v`, and RPM's with their epoch.
        let version = match (&ecosystem, self.qualifier("epoch")) {
            (Ecosystem::Go, _) => version.trim_start_matches('v').to_owned(),
            (Ecosystem::Rpm, Some(epoch)) => format!("{epoch}:{version}"),
            _ => version.to_owned(),
        };
        let mut listed = Listed::new(ecosystem, &name, &version);
        let upstream = self.qualifier("upstream").map(|name| name.split('@').next().unwrap_or(name));
        listed.built_from = upstream.map(Text::new);
        Some(listed)
    }
}

fn qualifier(pair: &str) -> Option<(String, String)> {
    let (key, value) = pair.split_once('=')?;
    Some((key.to_ascii_lowercase(), decode(value)?)).filter(|(key, value)| !key.is_empty() && !value.is_empty())
}

/// Percent-decodes; `None` where the bytes are no UTF-8. A `%` that begins no byte stays.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match decoded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Option<(String, String, String)> {
        let listed = Purl::parse(text)?.listed()?;
        Some((listed.ecosystem.word().to_owned(), listed.name.to_string(), listed.version.to_string()))
    }

    #[test]
    fn types_and_their_spellings() {
        for (text, ecosystem, name, version) in [
            ("pkg:pypi/Django_allauth@12.23", "PyPI", "django-allauth", "12.23"),
            ("pkg:npm/%40scope/name@1.0.0", "npm", "@scope/name", "1.0.0"),
            ("pkg:npm/@scope/name@1.0.0", "npm", "@scope/name", "1.0.0"),
            ("pkg:maven/org.apache/batik@1.9.1?packaging=sources#a/b", "Maven", "org.apache:batik", "1.9.1"),
            ("pkg:golang/github.com/Azure/x@v1.2.3#sub/path", "Go", "github.com/Azure/x", "1.2.3"),
            ("pkg://cargo/serde@1.0.0", "crates.io", "serde", "1.0.0"),
            ("PKG:GEM/ruby-advisory-db-check@0.12.4", "RubyGems", "ruby-advisory-db-check", "0.12.4"),
            ("pkg:deb/debian/Curl@7.50.3-1?arch=i386&distro=jessie", "Debian", "curl", "7.50.3-1"),
            ("pkg:apk/alpine/busybox@1.36.1-r2?distro=3.18", "Alpine", "busybox", "1.36.1-r2"),
            ("pkg:rpm/fedora/curl@7.50.3-1.fc25?epoch=1", "RPM", "curl", "1:7.50.3-1.fc25"),
            ("pkg:composer/Laravel/Framework@v5.5.0", "Packagist", "laravel/framework", "v5.5.0"),
            ("pkg:deb/debian/libc6@2.31%2Bdeb%201", "Debian", "libc6", "2.31+deb 1"),
            ("pkg:nuget/EnterpriseLibrary.Common@6.0.1304", "NuGet", "EnterpriseLibrary.Common", "6.0.1304"),
        ] {
            let expected = (ecosystem.to_owned(), name.to_owned(), version.to_owned());
            assert_eq!(named(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn qualifiers_and_versions() {
        let purl = Purl::parse("pkg:deb/debian/libssl3@3.0.9-1?Arch=amd64&upstream=openssl%403.0.9&empty=").unwrap();
        assert_eq!(purl.qualifiers.len(), 2);
        assert_eq!(purl.listed().unwrap().built_from.as_deref(), Some("openssl"));
        assert_eq!(Purl::parse("pkg:npm/name").unwrap().version, None);
        assert_eq!(Purl::parse("pkg:maven/a//b/c@1").unwrap().namespace, "a/b");
    }

    #[test]
    fn what_is_no_package_url() {
        for text in ["", "pkg:", "pkg:npm", "pkg:npm/", "npm/name@1", "pkg:3d/a@1", "pkg:n&g?inx/a", "pkg:npm/%ff@1"] {
            assert_eq!(Purl::parse(text), None, "{text}");
        }
        assert_eq!(named("pkg:generic/openssl@1.1.10g"), None);
    }
}
