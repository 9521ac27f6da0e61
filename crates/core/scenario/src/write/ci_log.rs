//! The log of one job, as GitHub Actions keeps it: a time with seven decimals before each line. What a job does is
//! decided elsewhere.

use crate::clock::At;
use crate::random::Random;

/// A log being written. The time moves on with each line.
#[derive(Debug)]
pub(crate) struct Log {
    text: String,
    at: At,
    random: Random,
}

impl Log {
    /// A log that begins at `at`. Real logs begin with a byte order mark, and so does this.
    pub(crate) fn new(at: At, random: Random) -> Log {
        Log { text: "\u{feff}".to_owned(), at, random }
    }

    /// The next line, a little later than the last.
    pub(crate) fn line(&mut self, line: &str) {
        self.at = self.at.plus_micros(20_000 + self.random.below(150_000) as i64);
        self.push(line);
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(&self.at.iso_ticks());
        self.text.push(' ');
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// The next line, at exactly `at`; or now, where that has passed.
    pub(crate) fn line_at(&mut self, at: At, line: &str) {
        self.at = self.at.max(at);
        self.push(line);
    }

    /// Lets `seconds` pass.
    pub(crate) fn wait(&mut self, seconds: i64) {
        self.at = self.at.plus(seconds);
    }

    /// The head of a step that runs a script, with the names of the secrets it is given.
    pub(crate) fn run(&mut self, script: &str, secrets: &[&str]) {
        self.line(&format!("##[group]Run {script}"));
        self.rest_of_run(script, secrets);
    }

    /// What follows the first line of a step that runs a script.
    pub(crate) fn rest_of_run(&mut self, script: &str, secrets: &[&str]) {
        self.line(&format!("\u{1b}[36;1m{script}\u{1b}[0m"));
        self.line("shell: /usr/bin/bash -e {0}");
        if !secrets.is_empty() {
            self.line("env:");
            for secret in secrets {
                self.line(&format!("  {secret}: ***"));
            }
        }
        self.line("##[endgroup]");
    }

    /// The head of a step that uses an action.
    pub(crate) fn uses(&mut self, action: &str, with: &[&str]) {
        self.line(&format!("##[group]Run {action}"));
        if !with.is_empty() {
            self.line("with:");
            for setting in with {
                self.line(&format!("  {setting}"));
            }
        }
        self.line("##[endgroup]");
    }

    /// The bytes, and the time of the last line.
    pub(crate) fn finish(self) -> (Vec<u8>, At) {
        (self.text.into_bytes(), self.at)
    }
}
