//! Lines that Python's installers print: pip, uv, poetry, PDM, pipx; and npm's `+ name@version`, which looks like uv's.
//!
//! It is not a reader of lockfiles.

use super::installed;
use firebreak_model::ObservationKind;

/// What a rehearsal prints as well goes to `shown`: what it would take, and files that run nothing by being fetched.
pub(super) fn read(text: &str, seen: &mut Vec<ObservationKind>, shown: &mut Vec<ObservationKind>) {
    if let Some(list) = text.strip_prefix("Successfully installed ") {
        seen.extend(list.split_whitespace().filter_map(|item| {
            let (name, version) = item.rsplit_once('-')?;
            version.starts_with(|digit: char| digit.is_ascii_digit()).then(|| installed("PyPI", name, version))
        }));
    } else if let Some(rest) =
        ["Downloading ", "Using cached ", "Processing "].iter().find_map(|verb| text.strip_prefix(verb))
    {
        let file = rest.split_whitespace().next();
        // Source is built, and so run, before anyone knows what it needs.
        let to = if file.is_some_and(is_wheel) { shown } else { seen };
        to.extend(file.and_then(archive));
    } else if let Some((_, rest)) = text.split_once("Created wheel for ").filter(|(before, _)| before.is_empty()) {
        // Built here from what was fetched: `Created wheel for x: filename=x-1.0-py3-none-any.whl size=…`.
        seen.extend(rest.split_once("filename=").and_then(|(_, file)| archive(file.split(' ').next()?)));
    } else if let Some(rest) = text.strip_prefix("Building ").or_else(|| text.strip_prefix("Built ")) {
        // uv, of source: `Built litellm==1.82.8`.
        seen.extend(rest.split_once("==").and_then(|(name, version)| numbered(name, version)));
    } else if let Some(rest) = text.strip_prefix("Found existing installation: ") {
        seen.extend(rest.split_once(' ').and_then(|(name, version)| numbered(name, version)));
    } else if let Some(rest) = text.strip_prefix("installed package ") {
        // pipx: `installed package litellm 1.82.8, installed using Python 3.12.3`
        seen.extend(rest.split_once(' ').and_then(|(name, rest)| numbered(name, rest.split(',').next()?)));
    } else if let Some(rest) = text.trim_start_matches(['✔', ' ']).strip_prefix("Install ") {
        // PDM: `✔ Install litellm 1.82.8 successful`
        let done = rest.strip_suffix(" successful").and_then(|rest| rest.split_once(' '));
        seen.extend(done.and_then(|(name, version)| numbered(name, version)));
    } else if let Some(rest) = text.strip_prefix("Requirement already satisfied: ") {
        seen.extend(satisfied(rest));
    } else if let Some(item) = text.strip_prefix("+ ").or_else(|| text.strip_prefix("~ ")) {
        shown.extend(listed(item));
    } else if let Some((_, rest)) = ["Installing ", "Updating ", "Downgrading "].into_iter().find_map(|verb| {
        text.trim_start_matches(['-', '•', ' ']).split_once(verb).filter(|(before, _)| before.is_empty())
    }) {
        shown.extend(poetry(rest));
    }
}

fn is_wheel(word: &str) -> bool {
    word.split(['?', '#']).next().is_some_and(|file| file.ends_with(".whl"))
}

fn numbered(name: &str, version: &str) -> Option<ObservationKind> {
    let fits = version.starts_with(|digit: char| digit.is_ascii_digit()) && !version.contains(' ');
    fits.then(|| installed("PyPI", name, version))
}

/// `litellm-1.82.8-py3-none-any.whl`, `litellm-1.82.8.tar.gz`, or a URL that ends in one.
fn archive(word: &str) -> Option<ObservationKind> {
    let file = word.split(['?', '#']).next()?.rsplit('/').next()?;
    if let Some(wheel) = file.strip_suffix(".whl").or_else(|| file.strip_suffix(".whl.metadata")) {
        let mut parts = wheel.split('-');
        let (name, version) = (parts.next()?, parts.next()?);
        // What is called metadata is only a description: the wheel itself may never come.
        return file.ends_with(".whl").then(|| installed("PyPI", name, version));
    }
    let source = file.strip_suffix(".tar.gz").or_else(|| file.strip_suffix(".zip"))?;
    let (name, version) = source.rsplit_once('-')?;
    version.starts_with(|digit: char| digit.is_ascii_digit()).then(|| installed("PyPI", name, version))
}

/// `litellm in ./.venv/lib/… (from crewai) (1.82.6)`, `litellm==1.82.6 in …`.
fn satisfied(rest: &str) -> Option<ObservationKind> {
    let wanted = rest.split_whitespace().next()?;
    let end = wanted.find(['=', '<', '>', '!', '~', '[', ';', ',']).unwrap_or(wanted.len());
    let name = wanted.get(..end)?;
    let last = rest.rsplit_once('(').and_then(|(_, last)| last.strip_suffix(')'));
    let version = last.filter(|last| last.starts_with(|digit: char| digit.is_ascii_digit()));
    let version = version.or_else(|| wanted.split_once("==").map(|(_, version)| version))?;
    Some(installed("PyPI", name, version))
}

/// uv's ` + litellm==1.82.8`, npm's `+ axios@1.14.1`.
fn listed(item: &str) -> Option<ObservationKind> {
    if item.contains(' ') && !item.contains(" (") {
        return None;
    }
    let item = item.split(' ').next()?;
    if let Some((name, version)) = item.split_once("==") {
        return Some(installed("PyPI", name, version));
    }
    let (name, version) = item.rsplit_once('@').filter(|(name, _)| !name.is_empty())?;
    version.starts_with(|digit: char| digit.is_ascii_digit()).then(|| installed("npm", name, version))
}

/// `litellm (1.82.8)`, `litellm (1.82.6 -> 1.82.8)`.
fn poetry(rest: &str) -> Option<ObservationKind> {
    let (name, rest) = rest.split_once(" (")?;
    let (versions, outcome) = rest.split_once(')')?;
    let version = versions.rsplit("-> ").next()?.trim();
    // `: Skipped for the following reason: …`
    let fits = !outcome.contains("Skipped")
        && !name.contains(' ')
        && version.starts_with(|digit: char| digit.is_ascii_digit());
    fits.then(|| installed("PyPI", name, version))
}
