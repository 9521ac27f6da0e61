//! The grammar of CI job logs: what one line says about what was installed, fetched, run or contacted.
//!
//! A line is read for itself, so lines may arrive in any order. Real logs prefix each line with a time, colour the
//! commands they echo, and mask secrets as `***`. A line that says nothing of interest gives no statement.
//!
//! It is not a shell: commands are recognised where a log echoes them, and prose that mentions one is not a command.

mod action;
mod command;
mod image;
mod python;
mod system;

pub use command::{asked, cool_down, fixes, follows_lock, is_quiet, tool_of};

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
}

/// The time at the start of a line, and the rest without colours and build-step prefixes.
pub fn split(line: &str) -> (Option<Time>, Cow<'_, str>) {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    // Downloads by the command line client prefix the job and the step, each with a tab.
    let stamped = line.rsplit('\t').next().unwrap_or(line);
    let (time, text) = match stamped.split_once(' ') {
        Some((stamp, rest)) if stamp.ends_with('Z') && stamp.len() >= 20 => match Time::parse(stamp) {
            Some(time) => (Some(time), rest),
            None => (None, stamped),
        },
        _ => (None, stamped),
    };
    (time, plain(text))
}

/// All that the line says. `text` is what [`split`] gave.
pub fn statements(text: &str) -> Vec<Statement> {
    let text = text.trim();
    if text.starts_with("Current runner version:") || text.starts_with("Job is about to start running on the runner") {
        return vec![Statement::Start];
    }
    if text == "Cleaning up orphan processes" {
        return vec![Statement::End];
    }
    let mut seen = Vec::new();
    action::read(text, &mut seen);
    python::read(text, &mut seen);
    system::read(text, &mut seen);
    image::read(text, &mut seen);
    contacts(text, &mut seen);
    command::read(text, &mut seen);
    let mut statements: Vec<Statement> = Vec::with_capacity(seen.len());
    for kind in seen {
        let statement = Statement::Saw(kind);
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    statements
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
