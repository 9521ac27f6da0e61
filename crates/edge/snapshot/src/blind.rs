//! What a snapshot could not look at, in words: each kind once, with its number and a few examples.

use std::collections::BTreeMap;

/// How many examples of one kind are named.
const EXAMPLES: usize = 8;

/// How long one example may be, in bytes.
const EXAMPLE_BYTES: usize = 300;

#[derive(Debug, Default)]
struct Group {
    count: u64,
    examples: Vec<String>,
    harms: bool,
}

/// The blind spots of one snapshot.
#[derive(Debug, Default)]
pub(crate) struct BlindSpots {
    groups: BTreeMap<&'static str, Group>,
}

impl BlindSpots {
    /// Something that hides no package: a store that stays closed, another's processes.
    pub(crate) fn note(&mut self, kind: &'static str, example: impl Into<String>) {
        self.add(kind, example.into(), false);
    }

    /// Something that may hide a package: then no list of packages is called complete.
    pub(crate) fn harm(&mut self, kind: &'static str, example: impl Into<String>) {
        self.add(kind, example.into(), true);
    }

    fn add(&mut self, kind: &'static str, mut example: String, harms: bool) {
        let group = self.groups.entry(kind).or_default();
        group.count += 1;
        group.harms |= harms;
        if group.examples.len() < EXAMPLES && !example.is_empty() {
            if example.len() > EXAMPLE_BYTES {
                let end = (0..=EXAMPLE_BYTES).rev().find(|at| example.is_char_boundary(*at)).unwrap_or(0);
                example.truncate(end);
                example.push('…');
            }
            group.examples.push(example);
        }
    }

    /// Whether a package may have been missed.
    pub(crate) fn harmed(&self) -> bool {
        self.groups.values().any(|group| group.harms)
    }

    /// One line a kind, in a stable order.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.groups.iter().map(|(kind, group)| line(kind, group)).collect()
    }
}

fn line(kind: &str, group: &Group) -> String {
    let mut examples = group.examples.clone();
    examples.sort_unstable();
    let more = group.count.saturating_sub(examples.len() as u64);
    let times = if group.count > 1 { format!(" ({} times)", group.count) } else { String::new() };
    match (examples.is_empty(), more) {
        (true, _) => format!("{kind}{times}"),
        (false, 0) => format!("{kind}{times}: {}", examples.join(", ")),
        (false, more) => format!("{kind}{times}: {}, and {more} more", examples.join(", ")),
    }
}
