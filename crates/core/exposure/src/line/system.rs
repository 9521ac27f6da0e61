//! Lines that the package managers of operating systems print, and programs fetched from release pages.
//!
//! It is not a reader of package databases.

use super::installed;
use firebreak_model::ObservationKind;

pub(super) fn read(text: &str, seen: &mut Vec<ObservationKind>) {
    if text.starts_with("Get:") {
        seen.extend(fetched(text));
    } else if let Some(rest) = text.strip_prefix("Unpacking ").or_else(|| text.strip_prefix("Setting up ")) {
        seen.extend(in_brackets(rest));
    } else if let Some(rest) = text.strip_prefix("Preparing to unpack ") {
        seen.extend(archive(rest));
    } else if let Some((name, rest)) = text.split_once(" is already the newest version ") {
        seen.extend(in_brackets(&format!("{name} {rest}")));
    } else if let Some((_, rest)) = text.split_once("Installing ").filter(|(before, _)| before.trim().is_empty()) {
        seen.extend(rpm(rest.trim_start().strip_prefix(':').unwrap_or_default()));
    } else if let Some((_, rest)) = text.split_once("info found version: ") {
        // The installer script of a program that is released on GitHub names its repository at the start of the line.
        let repository = text.split_whitespace().next().filter(|word| word.matches('/').count() == 1);
        if let (Some(repository), Some(version)) = (repository, rest.split_whitespace().next()) {
            seen.push(installed("Go", &format!("github.com/{repository}"), version));
        }
    }
    releases(text, seen);
}

/// `Get:1 https://get.trivy.dev/deb generic/main amd64 trivy amd64 0.69.4 [50.1 MB]`
fn fetched(text: &str) -> Option<ObservationKind> {
    let before = text.split_once(" [").map_or(text, |(before, _)| before);
    let mut words = before.split_whitespace().rev();
    let (version, _architecture, name) = (words.next()?, words.next()?, words.next()?);
    // Lists of packages are fetched too: `Get:2 … noble InRelease [256 kB]` has no version.
    version.starts_with(|digit: char| digit.is_ascii_digit()).then(|| installed("Debian", bare(name), version))
}

/// `trivy (0.69.4) over (0.69.3) ...`
fn in_brackets(rest: &str) -> Option<ObservationKind> {
    let (name, rest) = rest.split_once(" (")?;
    let (version, _) = rest.split_once(')')?;
    (!name.contains(' ') && !version.is_empty()).then(|| installed("Debian", bare(name), version))
}

/// `.../00-trivy_0.69.4_amd64.deb ...`
fn archive(rest: &str) -> Option<ObservationKind> {
    let file = rest.split_whitespace().next()?.rsplit('/').next()?.strip_suffix(".deb")?;
    let mut parts = file.split('_');
    let (name, version) = (parts.next()?, parts.next()?);
    let counted = name.split_once('-').filter(|(count, _)| count.bytes().all(|byte| byte.is_ascii_digit()));
    Some(installed("Debian", counted.map_or(name, |(_, name)| name), &version.replace("%3a", ":")))
}

/// ` trivy-0.69.4-1.x86_64     1/1`
fn rpm(rest: &str) -> Option<ObservationKind> {
    let package = rest.split_whitespace().next()?;
    let (rest, release) = package.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let release = release.rsplit_once('.').map_or(release, |(release, _)| release);
    Some(installed("RPM", name, &format!("{version}-{release}")))
}

/// `https://github.com/aquasecurity/trivy/releases/download/v0.69.4/trivy_0.69.4_Linux-64bit.tar.gz`
fn releases(text: &str, seen: &mut Vec<ObservationKind>) {
    for part in text.split("https://github.com/").skip(1) {
        let mut segments = part.split('/');
        let (owner, repository) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
        if segments.next() == Some("releases")
            && segments.next() == Some("download")
            && let Some(tag) = segments.next().filter(|tag| tag.contains('.'))
        {
            let version = tag.trim_start_matches('v');
            seen.push(installed("Go", &format!("github.com/{owner}/{repository}"), version));
        }
    }
}

fn bare(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}
