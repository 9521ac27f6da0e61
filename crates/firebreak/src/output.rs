//! How answers are printed: quantities that people read, lines that fit a terminal, JSON one object a line.

use crate::progress;
use firebreak_model::Time;
use serde::Serialize;
use serde_json::Value;
use std::cell::RefCell;
use std::io::Write;

/// Columns that every terminal has.
pub const WIDTH: usize = 100;

/// Where answers go: standard output, as text or as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Whether to print JSON.
    pub json: bool,
}

/// What a command said while it was gathered.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Its objects, each with its kind; the summary is the last.
    pub(crate) objects: Vec<Value>,
    /// What it found wrong with what it read.
    pub(crate) problems: Vec<String>,
}

thread_local! {
    /// Where what this thread says goes, while it is not printed.
    static SAID: RefCell<Option<Said>> = const { RefCell::new(None) };
}

/// Runs a command on this thread and keeps what it says instead of printing it: for callers that are no terminal.
pub(crate) fn gathered<T>(run: impl FnOnce(Output) -> T) -> (T, Said) {
    /// Whatever becomes of the command, the thread's next one prints again.
    struct Ended;
    impl Drop for Ended {
        fn drop(&mut self) {
            SAID.take();
        }
    }
    let ended = Ended;
    SAID.set(Some(Said::default()));
    let done = run(Output { json: true });
    let said = SAID.take().unwrap_or_default();
    drop(ended);
    (done, said)
}

/// Gives what is said to whoever gathers it on this thread. Gives it back where nobody does.
fn kept<T>(what: T, keep: impl FnOnce(&mut Said, T)) -> Option<T> {
    SAID.with_borrow_mut(|said| match said {
        Some(said) => {
            keep(said, what);
            None
        }
        None => Some(what),
    })
}

/// Says on standard error what is wrong with something that was read.
pub(crate) fn warning(problem: &str) {
    if let Some(problem) = kept(problem.to_owned(), |said, problem| said.problems.push(problem)) {
        progress::wipe();
        eprintln!("warning: {problem}");
    }
}

impl Output {
    /// Prints one JSON object, where JSON is asked for. `kind` says what it is.
    pub fn object<T: Serialize>(self, kind: &str, body: &T) {
        if self.json {
            let mut value = serde_json::to_value(body).unwrap_or_default();
            if let Value::Object(object) = &mut value {
                object.insert("kind".to_owned(), kind.into());
            }
            if let Some(value) = kept(value, |said, value| said.objects.push(value)) {
                line(&value.to_string());
            }
        }
    }

    /// Prints one line of text, where text is asked for.
    pub fn text(self, text: impl AsRef<str>) {
        if !self.json {
            line(text.as_ref());
        }
    }

    /// Prints text in lines of at most [`WIDTH`] columns, each behind `indent` spaces, where text is asked for.
    pub fn paragraph(self, indent: usize, text: &str) {
        wrapped(text, WIDTH - indent).iter().for_each(|line| self.text(format!("{:indent$}{line}", "")));
    }
}

/// Prints a whole document, which ends with its own line end.
pub(crate) fn print(document: &str) {
    line(document.trim_end_matches('\n'));
}

/// A closed pipe (`firebreak … | head`) is how a reader says that it has seen enough: stop quietly.
fn line(text: &str) {
    progress::wipe();
    if writeln!(std::io::stdout().lock(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Bytes as people say them: `2.9 TB`, decimal units.
pub fn bytes(count: u64) -> String {
    const UNITS: [(&str, f64); 4] = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let size = count as f64;
    match UNITS.iter().find(|(_, unit)| size >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", size / unit),
        None => format!("{count} B"),
    }
}

/// A count with separators: `40,000`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of what, which takes an `s` where there are many: `1 step`, `40,000 steps`.
pub fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A span of seconds as people say it: `14 s`, `3 min 20 s`, `2 h 5 min`.
pub fn span(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        3_600..86_400 => format!("{} h {} min", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3_600),
    }
}

/// A time to the second.
pub fn time(time: Time) -> String {
    Time::from_seconds(time.seconds()).to_string()
}

/// `text` in lines of at most `width` characters, broken at spaces; a longer word is broken where it must be.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let pieces = text.split_whitespace().flat_map(|word| {
        let characters: Vec<char> = word.chars().collect();
        characters.chunks(width.max(1)).map(|piece| piece.iter().collect::<String>()).collect::<Vec<String>>()
    });
    for piece in pieces {
        let used = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(line) if used == 0 => line.push_str(&piece),
            Some(line) if used + 1 + piece.chars().count() <= width => {
                line.push(' ');
                line.push_str(&piece);
            }
            _ => lines.push(piece),
        }
    }
    lines
}

/// `text` shortened in its middle to at most `width` characters.
pub fn short(text: &str, width: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= width || width < 5 {
        return text.to_owned();
    }
    let head = (width - 1) * 2 / 3;
    let tail = width - 1 - head;
    let pick = |range: &[char]| range.iter().collect::<String>();
    format!("{}…{}", pick(&characters[..head]), pick(&characters[characters.len() - tail..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_people_say_them() {
        assert_eq!(bytes(2_900_000_000_000), "2.9 TB");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(count(40_000), "40,000");
        assert_eq!(count(999), "999");
        assert_eq!(span(14.2), "14 s");
        assert_eq!(span(7_500.0), "2 h 5 min");
        assert_eq!(short("credential:aws/AKIAIOSFODNN7EXAMPLE", 20), "credential:a…EXAMPLE");
        assert_eq!(short("é…ü", 20), "é…ü");
    }

    #[test]
    fn lines_fit_and_no_word_is_lost() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrapped("", 7), [""]);
    }
}
