//! One line on a terminal about long work: how much is done, how fast, and what is left where that is known. Nothing where nobody
//! looks: not in a pipe, not beside JSON, not where `NO_COLOR` or `TERM=dumb` ask for plain text.

use crate::output::{Output, bytes, count, short, span};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two lines; people read no faster.
const EVERY: Duration = Duration::from_millis(200);
/// A rate is said once it has been measured for so long, in seconds.
const MEASURED: f64 = 1.0;
/// Begins the line anew and wipes what stood on it.
const WIPE: &str = "\r\x1b[K";

/// Whether a line stands on the terminal.
static STANDS: AtomicBool = AtomicBool::new(false);

/// In what work is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Things of this name, `records`.
    Of(&'static str),
    /// Bytes.
    Bytes,
}

impl Unit {
    fn say(self, number: u64) -> String {
        match self {
            Unit::Of(what) => format!("{} {what}", count(number)),
            Unit::Bytes => bytes(number),
        }
    }

    fn rate(self, each_second: f64) -> String {
        match self {
            Unit::Of(_) => format!("{} a second", count(each_second.round() as u64)),
            Unit::Bytes => format!("{} a second", bytes(each_second.round() as u64)),
        }
    }
}

/// Long work that is under way. The line goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    unit: Unit,
    all: Option<u64>,
    begun: Instant,
    shown: Option<Instant>,
    is_seen: bool,
}

impl Progress {
    /// Work called `what`, counted in `unit`.
    pub(crate) fn of(output: Output, what: &str, unit: Unit) -> Progress {
        let is_seen = is_seen(output.json, std::io::stderr().is_terminal(), |name| std::env::var(name).ok());
        Progress { what: what.to_owned(), unit, all: None, begun: Instant::now(), shown: None, is_seen }
    }

    /// How much there is in all.
    pub(crate) fn out_of(mut self, all: u64) -> Progress {
        self.all = Some(all);
        self
    }

    /// So much is done.
    pub(crate) fn at(&mut self, done: u64) {
        self.at_saying(done, "");
    }

    /// So much of so much is done.
    pub(crate) fn at_of(&mut self, done: u64, all: u64) {
        self.all = Some(all);
        self.at(done);
    }

    /// So much is done; `more` says at what it is.
    pub(crate) fn at_saying(&mut self, done: u64, more: &str) {
        if !self.is_seen || self.shown.is_some_and(|shown| shown.elapsed() < EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        let width = terminal_size::terminal_size_of(std::io::stderr()).map_or(80, |(width, _)| usize::from(width.0));
        let line = line(&self.what, self.unit, (done, self.all), self.begun.elapsed().as_secs_f64(), more);
        STANDS.store(true, Ordering::Relaxed);
        let mut error = std::io::stderr().lock();
        // A terminal that went away takes no line, and the work goes on.
        let _ = write!(error, "{WIPE}{}", short(&line, width.saturating_sub(1).max(5)));
        let _ = error.flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        wipe();
    }
}

/// Wipes the line off the terminal where one stands, so that an answer begins at the edge.
pub(crate) fn wipe() {
    if STANDS.swap(false, Ordering::Relaxed) {
        let _ = write!(std::io::stderr().lock(), "{WIPE}");
    }
}

/// Whether anybody sees a line that is written over.
fn is_seen(json: bool, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let plain = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    terminal && !json && !plain && variable("TERM").is_none_or(|term| term != "dumb")
}

fn line(what: &str, unit: Unit, (done, all): (u64, Option<u64>), seconds: f64, more: &str) -> String {
    let mut line = match (unit, all.filter(|all| *all > 0)) {
        (Unit::Of(_), Some(all)) => format!("{what}: {} of {}", count(done), unit.say(all)),
        (Unit::Bytes, Some(all)) => format!("{what}: {} of {}", unit.say(done), unit.say(all)),
        (_, None) => format!("{what}: {}", unit.say(done)),
    };
    let rate = if seconds >= MEASURED { done as f64 / seconds } else { 0.0 };
    if let Some(all) = all.filter(|all| *all > 0) {
        line.push_str(&format!(", {}%", done.min(all) * 100 / all));
    }
    if rate > 0.0 {
        line.push_str(&format!(", {}", unit.rate(rate)));
    }
    if let Some(left) = all.map(|all| all.saturating_sub(done)).filter(|left| rate > 0.0 && *left > 0) {
        line.push_str(&format!(", about {} left", span(left as f64 / rate)));
    }
    if !more.is_empty() {
        line.push_str(&format!(", {}", more.replace(char::is_control, " ")));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_how_fast_and_what_is_left() {
        let said = line("reading logs", Unit::Of("records"), (500_000, Some(2_000_000)), 10.0, "");
        assert_eq!(said, "reading logs: 500,000 of 2,000,000 records, 25%, 50,000 a second, about 30 s left");
        assert_eq!(line("a", Unit::Bytes, (1_500_000, None), 1.0, "x"), "a: 1.5 MB, 1.5 MB a second, x");
        assert_eq!(line("a", Unit::Of("files"), (3, None), 0.2, ""), "a: 3 files", "no rate from nothing");
        assert_eq!(line("a", Unit::Of("files"), (0, Some(0)), 5.0, ""), "a: 0 files");
        assert_eq!(line("a", Unit::Of("files"), (5, Some(4)), 5.0, ""), "a: 5 of 4 files, 100%, 1 a second");
        assert!(!line("a", Unit::Of("files"), (1, None), 0.0, "\u{1b}[2J\n").contains(char::is_control));
    }

    #[test]
    fn a_line_is_for_people_at_a_terminal_alone() {
        let none = |_: &str| None;
        assert!(is_seen(false, true, none));
        assert!(!is_seen(false, false, none), "a pipe");
        assert!(!is_seen(true, true, none), "beside JSON");
        let set =
            |name: &'static str, value: &'static str| move |asked: &str| (asked == name).then(|| value.to_owned());
        assert!(!is_seen(false, true, set("TERM", "dumb")) && is_seen(false, true, set("TERM", "xterm")));
        assert!(!is_seen(false, true, set("NO_COLOR", "1")) && is_seen(false, true, set("NO_COLOR", "")));
    }
}
