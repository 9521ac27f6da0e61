//! The grammar of CI job logs: what one line says about what was installed, fetched, run or contacted.
//!
//! A line is read for itself, so lines may arrive in any order. Real logs prefix each line with a time, colour the
//! commands they echo, and mask secrets as `***`. A line that says nothing of interest gives no statement.
//!
//! It is not a shell: commands are recognised where a log echoes them, and prose that mentions one is not a command.

mod action;
mod command;
mod image;
mod languages;
mod python;
mod script;
mod system;

pub use command::{
    asked, brings_only_named, cool_down, fixes, follows_lock, is_download, is_for_all, is_quiet, tool_of,
};

/// The image that `name[:tag][@sha256:…]` names.
pub(crate) use image::parse as image_named;

use firebreak_model::{ObservationKind, Text, Time};
use std::borrow::Cow;

/// What one line says.
#[derive(Clone, PartialEq, Debug)]
pub enum Statement {
    /// The runner says that the job begins.
    Start,
    /// The runner says that the job has ended: it is the last thing in a whole log.
    End,
    /// Something was seen.
    Saw(ObservationKind),
    /// Something was seen in a line that a rehearsal, or a command that only downloads, prints as well as an install.
    Shows(ObservationKind),
    /// A command that rehearses an install, or only downloads: what it asks for.
    Rehearses(ObservationKind),
    /// A command that will print a line by itself which looks as if this had been seen.
    Prints(ObservationKind),
}

/// The time at the start of a line, and the rest without colours, markers of sections and build-step prefixes.
///
/// Written so by GitHub (`2026-03-24T10:58:41.1234567Z text`), by its command line client (job, tab, step, tab, the same),
/// by GitLab with times (`2026-03-24T10:58:41.123456Z 00O text`) and without (only markers of sections carry one, in seconds).
pub fn split(line: &str) -> (Option<Time>, Cow<'_, str>) {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    let stamped = stamp(line).or_else(|| stamp(line.splitn(3, '\t').nth(2)?));
    let (time, text) = stamped.map_or((None, line), |(time, text)| (Some(time), text));
    let text = plain(text);
    if !text.starts_with("section_") {
        return (time, text);
    }
    let (in_section, at) = section(&text);
    (time.or(in_section), Cow::Owned(text.get(at..).unwrap_or_default().to_owned()))
}

fn stamp(line: &str) -> Option<(Time, &str)> {
    let (stamp, rest) = line.split_once(' ').unwrap_or((line, ""));
    let time = Time::parse(stamp).filter(|_| stamp.ends_with('Z') && stamp.len() >= 20)?;
    // GitLab tells after the time which stream a line is of, and whether it continues the line before.
    let gitlab = |rest: &str| {
        let mut letters = rest.bytes();
        let stream = letters.by_ref().take(2).all(|byte| byte.is_ascii_hexdigit());
        stream && matches!(letters.next(), Some(b'O' | b'E')) && matches!(letters.next(), None | Some(b' ' | b'+'))
    };
    let text = if gitlab(rest) { rest.get(4..).unwrap_or_default() } else { rest };
    Some((time, text))
}

/// The time of GitLab's markers at the start of a line (`section_start:1774348721:name[collapsed=true]␍`), and where what
/// follows them begins.
fn section(text: &str) -> (Option<Time>, usize) {
    let (mut time, mut at) = (None, 0);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(marker) = rest.strip_prefix("section_start:").or_else(|| rest.strip_prefix("section_end:")) else {
            break;
        };
        let Some(seconds) = marker.split(':').next().and_then(|seconds| seconds.parse::<u32>().ok()) else { break };
        time = Some(Time::from_seconds(i64::from(seconds)));
        at += rest.find('\r').map_or(rest.len(), |end| end + 1);
    }
    (time, at)
}

/// All that the line says. `text` is what [`split`] gave.
pub fn statements(text: &str) -> Vec<Statement> {
    let text = text.trim();
    // Programs that draw their progress write over one line.
    if text.contains('\r') {
        return text.split('\r').flat_map(statements).collect();
    }
    if text.starts_with("Current runner version:") || text.starts_with("Job is about to start running on the runner") {
        return vec![Statement::Start];
    }
    if text == "Cleaning up orphan processes" {
        return vec![Statement::End];
    }
    // A trace (`+ echo …`) repeats what the script said before.
    let printed = if text.starts_with("+ ") { Vec::new() } else { script::printed(text) };
    let acting = script::acting(text);
    let text = acting.trim();
    let (mut seen, mut shown) = (Vec::new(), Vec::new());
    action::read(text, &mut seen);
    python::read(text, &mut seen, &mut shown);
    languages::read(text, &mut seen);
    system::read(text, &mut seen);
    image::read(text, &mut seen);
    contacts(text, &mut seen);
    command::read(text, &mut seen);
    let looks = printed.into_iter().flat_map(statements).filter_map(|statement| match statement {
        Statement::Saw(kind) | Statement::Shows(kind) => Some(Statement::Prints(kind)),
        _ => None,
    });
    let mut statements: Vec<Statement> = Vec::with_capacity(seen.len());
    let shown = shown.into_iter().filter(|kind| !seen.contains(kind)).map(Statement::Shows).collect::<Vec<_>>();
    let rehearsed = command::rehearsed(text).into_iter().map(Statement::Rehearses);
    for statement in seen.into_iter().map(Statement::Saw).chain(shown).chain(rehearsed).chain(looks) {
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    statements
}

/// What GitLab's runner says of the log itself. It says so in colours of its own: what a script prints of the same words has none.
pub fn runner_of_gitlab(written: &str) -> Option<Statement> {
    if written.contains("\u{1b}[0KRunning with gitlab-runner ") {
        return Some(Statement::Start);
    }
    let ends = ["\u{1b}[32;1mJob succeeded\u{1b}[0;m", "\u{1b}[31;1mERROR: Job failed"];
    ends.iter().any(|end| written.contains(end)).then_some(Statement::End)
}

/// The text without terminal colours and without the `#12 3.456 ` that image builds put before each line.
fn plain(text: &str) -> Cow<'_, str> {
    let text = if text.contains('\u{1b}') { Cow::Owned(uncoloured(text)) } else { Cow::Borrowed(text) };
    let Some(rest) = text.strip_prefix('#') else { return text };
    let mut words = rest.splitn(3, ' ');
    let number = words.next().is_some_and(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()));
    let (second, third) = (words.next().unwrap_or_default(), words.next());
    match (number, second.parse::<f64>().is_ok(), third) {
        (true, true, Some(third)) => Cow::Owned(third.to_owned()),
        (true, false, _) => rest.split_once(' ').map_or(Cow::Borrowed(""), |(_, rest)| Cow::Owned(rest.to_owned())),
        _ => text,
    }
}

fn uncoloured(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            plain.push(letter);
            continue;
        }
        // `ESC [ parameters letter`: the letter ends it.
        if letters.next() == Some('[') {
            for inside in letters.by_ref() {
                if inside.is_ascii_alphabetic() {
                    break;
                }
            }
        }
    }
    plain
}

/// Hosts that transfer programs say they talked to.
fn contacts(text: &str, seen: &mut Vec<ObservationKind>) {
    let found = text
        .strip_prefix("* Connected to ")
        .or_else(|| text.strip_prefix("Connecting to "))
        .or_else(|| text.split_once("Could not resolve host: ").map(|(_, host)| host))
        .or_else(|| text.strip_prefix("* Host ").filter(|rest| rest.contains("was resolved")));
    if let Some(found) = found {
        push_host(found, seen);
    }
    if text.contains("curl ") || text.contains("wget ") {
        for (_, rest) in text.match_indices("://").filter_map(|(at, mark)| text.split_at_checked(at + mark.len())) {
            push_host(rest, seen);
        }
    }
}

fn push_host(text: &str, seen: &mut Vec<ObservationKind>) {
    let word = text.split([' ', '/', '"', '\'']).next().unwrap_or(text);
    let text = word.rsplit_once('@').map_or(word, |(_, host)| host);
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_')));
    let host = end.and_then(|end| text.get(..end)).unwrap_or(text).trim_end_matches('.');
    if host.contains('.') {
        seen.push(ObservationKind::Contacted { host: Text::new(host.to_ascii_lowercase()) });
    }
}

fn installed(ecosystem: &str, name: &str, version: &str) -> ObservationKind {
    ObservationKind::Installed {
        ecosystem: Text::new(ecosystem),
        name: Text::new(name),
        version: Text::new(version),
        sha256: None,
    }
}

#[cfg(test)]
mod tests;
