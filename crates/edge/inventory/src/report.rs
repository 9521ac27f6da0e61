//! Problems of one file, as they are met.

use firebreak_model::{Position, Problem, Text};
use std::path::Path;

/// How many problems of one file are told one by one; the rest are counted.
const MAX_PROBLEMS: usize = 200;

/// The problems of one file.
#[derive(Debug)]
pub(crate) struct Report {
    scanner: &'static str,
    input: String,
    problems: Vec<Problem>,
    left_out: usize,
}

impl Report {
    /// No problems yet, in the file at `path`.
    pub(crate) fn new(scanner: &'static str, path: &Path) -> Report {
        Report { scanner, input: path.display().to_string(), problems: Vec::new(), left_out: 0 }
    }

    /// The file, for evidence.
    pub(crate) fn input(&self) -> &str {
        &self.input
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// How much was wrong so far.
    pub(crate) fn len(&self) -> usize {
        self.problems.len() + self.left_out
    }

    /// Something is wrong.
    pub(crate) fn add(&mut self, reason: impl Into<String>, hint: impl Into<String>) {
        self.push(None, reason.into(), hint.into());
    }

    /// Something is wrong in line `line`, counted from 1.
    pub(crate) fn at_line(&mut self, line: usize, reason: impl Into<String>, hint: impl Into<String>) {
        self.push(Some(line as u64), reason.into(), hint.into());
    }

    fn push(&mut self, line: Option<u64>, reason: String, hint: String) {
        if self.problems.len() >= MAX_PROBLEMS {
            self.left_out += 1;
            return;
        }
        let position = Position { input: self.input.clone(), line, ..Position::default() };
        self.problems.push(Problem { source: Text::new(self.scanner), position, reason, hint });
    }

    /// All of them.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        if self.left_out > 0 {
            let position = Position { input: self.input, ..Position::default() };
            let reason = format!("{} more problems in this file", self.left_out);
            self.problems.push(Problem { source: Text::new(self.scanner), position, reason, hint: String::new() });
        }
        self.problems
    }
}

/// User input as it may be shown: at most 80 characters, nothing that moves a cursor.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(80).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}
