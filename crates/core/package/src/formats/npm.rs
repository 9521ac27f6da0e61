//! What npm, Yarn, pnpm and Bun write alike: addresses of packages.

use super::lister::{address, git};
use super::listing::Source;
use firebreak_model::Text;

/// Where a `resolved` or a version that is an address leads.
pub(crate) fn source(written: &str) -> Source {
    if let Some(path) = written.strip_prefix("file:").or_else(|| written.strip_prefix("link:")) {
        return Source::Path(Text::new(path));
    }
    if let Some(path) = written.strip_prefix("github:") {
        return git(&format!("https://github.com/{path}"));
    }
    let (url, fragment) = written.split_once('#').map_or((written, None), |(url, rest)| (url, Some(rest)));
    // `#commit=…` is Berry's.
    let fragment = fragment.map(|fragment| fragment.strip_prefix("commit=").unwrap_or(fragment));
    if written.starts_with("git") || url.ends_with(".git") {
        return git(&fragment.map_or_else(|| url.to_owned(), |fragment| format!("{url}#{fragment}")));
    }
    if let Some(found) = archive(url) {
        return found;
    }
    match url.split_once("/-/") {
        // `https://registry/@scope/name/-/name-1.0.0.tgz`
        Some((package, _)) => {
            let at = package.rfind("/@").or_else(|| package.rfind('/')).unwrap_or(package.len());
            Source::Registry(Some(address(package.get(..at).unwrap_or(package))))
        }
        None if url.contains("://") => Source::Url(address(url)),
        None => Source::Unknown,
    }
}

/// `https://codeload.github.com/owner/repository/tar.gz/<commit>`: an archive of a commit.
fn archive(url: &str) -> Option<Source> {
    let (repository, commit) = url.split_once("/tar.gz/")?;
    let path = repository.strip_prefix("https://codeload.github.com/")?;
    Some(git(&format!("https://github.com/{path}#{commit}")))
}

/// `name@range`, where the name may begin with `@`.
pub(crate) fn split(written: &str) -> Option<(&str, &str)> {
    let at = written.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at)?;
    let (name, rest) = written.split_at_checked(at)?;
    Some((name, rest.strip_prefix('@')?)).filter(|(name, _)| !name.is_empty())
}

/// The package that an alias stands for: `npm:real@1.0` is `real` and `1.0`.
pub(crate) fn alias(range: &str) -> Option<(&str, &str)> {
    let real = range.strip_prefix("npm:")?;
    split(real).or_else(|| real.starts_with(|c: char| c == '@' || c.is_ascii_alphabetic()).then_some((real, "")))
}
