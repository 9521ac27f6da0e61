//! Requirements as Python's tools write them (PEP 508), and the names of distributions.

use super::lister::{address, is_commit, shown};
use super::listing::{Listed, Required, Source};
use crate::Ecosystem;
use firebreak_model::Text;

/// A requirement, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Requirement<'a> {
    pub(crate) name: &'a str,
    pub(crate) extras: Vec<&'a str>,
    /// Version specifiers as written, without brackets around them.
    pub(crate) range: &'a str,
    pub(crate) url: Option<&'a str>,
    pub(crate) marker: Option<&'a str>,
}

/// `name[extra] >=1,<2 ; marker` or `name @ https://… ; marker`. `None` where it does not begin with a name.
pub(crate) fn requirement(text: &str) -> Option<Requirement<'_>> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let rest = rest.trim_start();
    let (extras, rest) = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => ("", rest),
    };
    let extras = extras.split(',').map(str::trim).filter(|extra| !extra.is_empty()).collect();
    let rest = rest.trim_start();
    if let Some(url) = rest.strip_prefix('@') {
        let (url, marker) = match url.find(" ;").or_else(|| url.find("; ")) {
            Some(at) => (url.get(..at)?, url.get(at..).map(|rest| rest.trim_start_matches([' ', ';']).trim())),
            None => (url, None),
        };
        return Some(Requirement { name, extras, range: "", url: Some(url.trim()), marker });
    }
    let (range, marker) = rest.split_once(';').map_or((rest, None), |(range, marker)| (range, Some(marker.trim())));
    let range = range.trim();
    let range = range.strip_prefix('(').and_then(|range| range.strip_suffix(')')).unwrap_or(range).trim();
    (range.is_empty() || range.starts_with(['=', '<', '>', '!', '~'])).then_some(Requirement {
        name,
        extras,
        range,
        url: None,
        marker: marker.filter(|marker| !marker.is_empty()),
    })
}

/// The version, where exactly one is allowed.
pub(crate) fn exact(range: &str) -> Option<&str> {
    let version = range.strip_prefix("===").or_else(|| range.strip_prefix("=="))?.trim();
    let version = version.split([' ', '\t']).next().unwrap_or_default();
    (!version.is_empty() && !version.contains(['*', ',', '$', '{'])).then_some(version)
}

/// Where an address of a requirement leads.
pub(crate) fn source(url: &str) -> Source {
    match url.split_once('+') {
        Some(("git", rest)) => {
            let rest = rest.split('#').next().unwrap_or(rest);
            // `…/repository@reference`; an `@` before the path is the user.
            let path = rest.find("://").map_or(0, |at| at + 3);
            let path = path + rest.get(path..).and_then(|rest| rest.find('/')).unwrap_or(0);
            let at = rest.get(path..).and_then(|rest| rest.rfind('@')).map(|at| path + at);
            let (url, reference) = match at.and_then(|at| rest.split_at_checked(at)) {
                Some((url, reference)) => (url, reference.strip_prefix('@')),
                None => (rest, None),
            };
            let commit = reference.filter(|reference| reference.len() == 40 && is_commit(reference));
            Source::Git {
                url: address(url),
                commit: commit.map(Text::new),
                reference: reference.filter(|_| commit.is_none()).map(Text::new),
            }
        }
        _ if url.contains("://") && !url.starts_with("file:") => Source::Url(address(url)),
        _ => Source::Path(Text::new(url.split('#').next().unwrap_or(url))),
    }
}

/// Name and version that a distribution's file name tells: `litellm-1.82.6-py3-none-any.whl`, `litellm-1.82.6.tar.gz`.
pub(crate) fn distribution(path: &str) -> Option<(&str, &str)> {
    let path = path.split(['?', '#']).next()?;
    let file = path.rsplit(['/', '\\']).next()?;
    if let Some(wheel) = file.strip_suffix(".whl") {
        let mut parts = wheel.split('-');
        return Some((parts.next()?, parts.next()?));
    }
    let source = [".tar.gz", ".zip", ".tar.bz2", ".tgz"].iter().find_map(|ending| file.strip_suffix(ending))?;
    let (name, version) = source.rsplit_once('-')?;
    (version.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty()).then_some((name, version))
}

/// One requirement of a manifest, as a package where it names one version and as a requirement where not.
pub(crate) enum Asked {
    Exact(Listed),
    Range(Required),
}

/// What `text` asks for; `None` where it is no requirement.
pub(crate) fn asked(text: &str) -> Option<Asked> {
    let parsed = requirement(text)?;
    let marker = parsed.marker.map(Text::new);
    let source = parsed.url.map(source).unwrap_or_default();
    let named = parsed.url.and_then(distribution).map(|(_, version)| version);
    if let Some(version) = exact(parsed.range).or(named) {
        let mut listed = Listed::new(Ecosystem::PyPI, parsed.name, version);
        (listed.marker, listed.source, listed.direct) = (marker, source, Some(true));
        return Some(Asked::Exact(listed));
    }
    let mut required = Required::new(Ecosystem::PyPI, parsed.name, parsed.range);
    (required.marker, required.source) = (marker, source);
    required.written = Text::new(shown(text.trim()));
    Some(Asked::Range(required))
}

/// What `text` asks for in a manifest: there even one version is a range that this project alone does not fix for good.
pub(crate) fn manifest(text: &str) -> Option<Required> {
    let parsed = requirement(text)?;
    let named = parsed.url.and_then(distribution).map(|(_, version)| format!("=={version}"));
    let mut required = Required::new(Ecosystem::PyPI, parsed.name, named.as_deref().unwrap_or(parsed.range));
    required.marker = parsed.marker.map(Text::new);
    required.source = parsed.url.map(source).unwrap_or_default();
    required.written = match (&named, &required.source) {
        // The name of an artefact tells its version.
        (Some(range), Source::Url(url)) => Text::new(shown(&format!("{}{range}; from {url}", parsed.name))),
        _ => Text::new(shown(text.trim())),
    };
    Some(required)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_taken_apart() {
        let full = requirement("litellm[proxy, extra] (>=1.0,<2) ; python_version < '3.13'").unwrap();
        assert_eq!((full.name, full.extras.len(), full.range), ("litellm", 2, ">=1.0,<2"));
        assert_eq!(full.marker, Some("python_version < '3.13'"));
        let url = requirement("pip @ https://h.example/pip-1.3.1.zip#sha1=da9 ; os_name == 'nt'").unwrap();
        assert_eq!(url.url, Some("https://h.example/pip-1.3.1.zip#sha1=da9"));
        assert_eq!(requirement("name==1.0 --hash=x").unwrap().range, "==1.0 --hash=x");
        for text in ["", "-e .", "./folder", "name, other", "!x", "name[extra"] {
            assert_eq!(requirement(text), None, "{text}");
        }
    }

    #[test]
    fn only_one_version_is_exact() {
        for (range, version) in [
            ("==1.0", Some("1.0")),
            ("=== 1.0", Some("1.0")),
            ("== 1.0", Some("1.0")),
            ("==1.*", None),
            ("==1.0,!=1.1", None),
            ("==${V}", None),
            (">=1.0", None),
            ("~=1.0", None),
            ("", None),
        ] {
            assert_eq!(exact(range), version, "{range}");
        }
    }

    #[test]
    fn git_addresses() {
        let commit = "a".repeat(40);
        let git = source(&format!("git+ssh://git@h.example/o/r.git@{commit}#egg=r"));
        assert_eq!(
            git,
            Source::Git {
                url: Text::new("ssh://git@h.example/o/r.git"),
                commit: Some(Text::new(&commit)),
                reference: None
            }
        );
        let branch = source("git+https://user:secret@h.example/o/r@main");
        assert_eq!(
            branch,
            Source::Git { url: Text::new("https://h.example/o/r"), commit: None, reference: Some(Text::new("main")) }
        );
    }
}
