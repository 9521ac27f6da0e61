//! Lines that a rehearsal of an install printed, or a command that only downloads: they name versions, and nothing of them ran.
//!
//! Only what is certain is taken so. Lines are ordered by their numbers. What follows a rehearsal belongs to it if no command
//! that installs comes between, none before it is still to print, and no more lines of a kind are there than rehearsals: one
//! line more was printed by something that is not echoed.

use super::{Entry, Placed};
use crate::line::is_download;
use firebreak_model::{Observation, ObservationKind, Text};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of a line that a rehearsal printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rehearsed {
    /// It says nothing of what came.
    Shown,
    /// A file was fetched.
    Fetched,
}

/// What is left of an observation, where some are known to be rehearsed.
pub(super) fn left_of(placed: &Placed, rehearsed: &BTreeMap<&Placed, Rehearsed>) -> Option<Observation> {
    match (rehearsed.get(placed), &placed.0.what) {
        (Some(Rehearsed::Shown), _) => None,
        (Some(Rehearsed::Fetched), ObservationKind::Installed { ecosystem, name, version, .. }) => {
            let (ecosystem, name, version) = (ecosystem.clone(), name.clone(), version.clone());
            Some(Observation { what: ObservationKind::Fetched { ecosystem, name, version }, ..placed.0.clone() })
        }
        _ => Some(placed.0.clone()),
    }
}

/// A record of lines, and a place in it: `job#12`, `pip.log:3`, `job#0.3:2`.
pub(super) type Line<'a> = (&'a str, Vec<u64>);

fn line_of(placed: &Placed) -> Option<Line<'_>> {
    line(&placed.0.evidence)
}

/// The line that evidence names.
pub(super) fn line(text: &str) -> Option<Line<'_>> {
    let record = text.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ':'));
    let numbers = text.get(record.len()..)?.trim_start_matches(['.', ':']);
    let numbers: Option<Vec<u64>> = numbers.split(['.', ':']).map(|number| number.parse().ok()).collect();
    numbers.map(|numbers| (record, numbers))
}

fn reference(placed: &Placed) -> Option<&Text> {
    match &placed.0.what {
        ObservationKind::Unpinned { reference, .. } => Some(reference),
        _ => None,
    }
}

/// Lines of one kind that follow the same rehearsals, and these.
type Group<'a> = (Vec<&'a Placed>, BTreeSet<&'a Text>);

/// Commands in the order of their lines: those that install, and what rehearses.
#[derive(Default)]
struct Script<'a> {
    installs: BTreeSet<Line<'a>>,
    rehearsals: BTreeMap<Line<'a>, BTreeSet<&'a Text>>,
    /// Lines that say what was installed.
    records: BTreeSet<Line<'a>>,
}

impl<'a> Script<'a> {
    fn of(entry: &'a Entry) -> Script<'a> {
        let mut script = Script::default();
        for placed in &entry.rehearsals {
            if let (Some(line), Some(reference)) = (line_of(placed), reference(placed)) {
                script.rehearsals.entry(line).or_default().insert(reference);
            }
        }
        for placed in &entry.observations {
            let Some(line) = line_of(placed) else { continue };
            match reference(placed) {
                Some(command) if script.rehearsals.get(&line).is_some_and(|own| own.contains(command)) => {}
                Some(_) => drop(script.installs.insert(line)),
                None if matches!(placed.0.what, ObservationKind::Installed { .. }) => drop(script.records.insert(line)),
                None => {}
            }
        }
        script
    }

    /// The rehearsals that a line follows with no install between: the place of the first of them, and their commands.
    fn before(&self, line: &Line<'a>) -> Option<(Line<'a>, BTreeSet<&'a Text>)> {
        let install = self.installs.range(..=line.clone()).next_back().filter(|install| install.0 == line.0);
        let after = |at: &Line<'a>| at.0 == line.0 && install.is_none_or(|install| at > install);
        let own: Vec<_> = self.rehearsals.range(..line.clone()).filter(|(at, _)| after(at)).collect();
        let first = own.first().map(|(at, _)| (*at).clone())?;
        // A script is echoed whole before its first command prints.
        let printed = |install: &Line<'a>| self.records.range(install.clone()..first.clone()).next().is_some();
        let settled = install.is_none_or(printed);
        settled.then(|| (first, own.into_iter().flat_map(|(_, commands)| commands.iter().copied()).collect()))
    }
}

impl Entry {
    /// The observations that rehearsals printed.
    pub(super) fn rehearsed(&self) -> BTreeMap<&Placed, Rehearsed> {
        let mut found = BTreeMap::new();
        if self.rehearsals.is_empty() {
            return found;
        }
        let script = Script::of(self);
        let mut groups: BTreeMap<(Line<'_>, &ObservationKind), Group<'_>> = BTreeMap::new();
        for placed in &self.shown {
            if let Some((first, commands)) = line_of(placed).and_then(|line| script.before(&line)) {
                let group = groups.entry((first, &placed.0.what)).or_insert_with(|| (Vec::new(), commands));
                group.0.push(placed);
            }
        }
        for (lines, commands) in groups.into_values().filter(|(lines, commands)| lines.len() <= commands.len()) {
            let fetched = commands.iter().any(|command| is_download(command));
            let what = if fetched { Rehearsed::Fetched } else { Rehearsed::Shown };
            found.extend(lines.into_iter().map(|placed| (placed, what)));
        }
        found
    }
}
