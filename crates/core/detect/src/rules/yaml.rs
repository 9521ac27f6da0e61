//! YAML documents with enough memory of their text to say on which line something stands.
//!
//! Not a YAML parser: that is `yaml_serde`. A file is cut at its `---` lines first, so that one broken rule does not take
//! its neighbours along.

use yaml_serde::Value;

/// Files larger than this are refused: no rule is, and a parser should not be asked to prove it.
pub(crate) const FILE_BYTES_MAX: usize = 4 << 20;

/// One document of a file.
pub(crate) struct Document<'a> {
    /// Its text.
    pub(crate) text: &'a str,
    /// The line of the file, from 1, on which it begins.
    pub(crate) first_line: u64,
}

/// Why a document is not YAML.
#[derive(Debug)]
pub(crate) struct NotYaml {
    /// In the parser's words.
    pub(crate) reason: String,
    /// On which line of the file.
    pub(crate) line: u64,
}

impl<'a> Document<'a> {
    /// The documents of a file, without those that hold nothing but comments.
    pub(crate) fn all(file: &'a str) -> Vec<Document<'a>> {
        let file = file.strip_prefix('\u{feff}').unwrap_or(file);
        let mut documents = Vec::new();
        let (mut start, mut start_line, mut at) = (0, 1, 0);
        for (number, line) in (1..).zip(file.split_inclusive('\n')) {
            let bare = line.trim_end();
            if bare == "---" || bare.starts_with("--- ") {
                documents.push(Document { text: file.get(start..at).unwrap_or_default(), first_line: start_line });
                start = at + line.len();
                start_line = number + 1;
            }
            at += line.len();
        }
        documents.push(Document { text: file.get(start..).unwrap_or_default(), first_line: start_line });
        documents.retain(Document::says_something);
        documents
    }

    fn says_something(&self) -> bool {
        self.text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with(['#', '%']) && line != "...")
    }

    /// The parsed document.
    pub(crate) fn parse(&self) -> Result<Value, NotYaml> {
        yaml_serde::from_str::<Value>(self.text).map_err(|error| {
            let line = error.location().map_or(0, |location| location.line().saturating_sub(1) as u64);
            // The parser counts lines from the document's own beginning: only ours is shown.
            let reason = error.to_string();
            let reason = reason.split_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason).to_owned();
            NotYaml { reason, line: self.first_line + line }
        })
    }

    /// The line of the file on which the key `key` is written for the first time below the key `under` (anywhere where
    /// `under` is empty); the first line of the document where it is not found.
    pub(crate) fn line_of(&self, under: &str, key: &str) -> u64 {
        let mut inside = under.is_empty();
        for (number, line) in (self.first_line..).zip(self.text.lines()) {
            let written = line.trim_start().trim_start_matches("- ").trim_start();
            if !inside {
                inside = is_key(written, under);
            } else if is_key(written, key) {
                return number;
            }
        }
        if under.is_empty() { self.first_written_line() } else { self.line_of("", under) }
    }

    /// The line of the file on which the key at the end of `path` is written: each key is sought below the one before it.
    /// Where one is not found, the line of the last that is.
    pub(crate) fn line_at(&self, path: &[&str]) -> u64 {
        let mut found = self.first_written_line();
        let mut keys = path.iter();
        let mut key = keys.next();
        for (number, line) in (self.first_line..).zip(self.text.lines()) {
            let Some(sought) = key else { break };
            if is_key(line.trim_start().trim_start_matches("- ").trim_start(), sought) {
                found = number;
                key = keys.next();
            }
        }
        found
    }

    /// The line of the file on which the entry at `number`, from 0, of the list below the key `under` begins; that of
    /// the key where the list is not written line by line.
    pub(crate) fn line_of_entry(&self, under: &str, number: usize) -> u64 {
        let key = self.line_of("", under);
        let below = (self.first_line..).zip(self.text.lines()).skip_while(|(line, _)| *line <= key);
        let mut indent = None;
        let mut seen = 0;
        for (line, text) in below {
            let own = text.len() - text.trim_start().len();
            if text.trim_start().starts_with("- ") && *indent.get_or_insert(own) == own {
                if seen == number {
                    return line;
                }
                seen += 1;
            }
        }
        key
    }

    fn first_written_line(&self) -> u64 {
        let written = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        (self.first_line..).zip(self.text.lines()).find(|(_, line)| written(line)).map_or(self.first_line, |(at, _)| at)
    }
}

/// Whether `written` begins with `key` and a colon, in quotes or not.
fn is_key(written: &str, key: &str) -> bool {
    let unquoted = written.strip_prefix(['\'', '"']).unwrap_or(written);
    let Some(rest) = unquoted.strip_prefix(key) else { return false };
    rest.trim_start_matches(['\'', '"']).trim_start().starts_with(':')
}

/// The kind of `value`, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a map",
        Value::Tagged(_) => "a tagged value",
    }
}

/// The text of a scalar, as a rule's author would say it aloud.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), _, _) => whole.to_string(),
            (_, Some(whole), _) => whole.to_string(),
            (_, _, Some(real)) => real.to_string(),
            _ => number.to_string(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cut_and_remember_their_lines() {
        let file = "# head\n---\ntitle: a\n---\n\ntitle: b\ndetection:\n  x:\n    y: 1\n---\n# nothing\n";
        let documents = Document::all(file);
        assert_eq!(documents.iter().map(|document| document.first_line).collect::<Vec<_>>(), [3, 5]);
        assert_eq!(documents.get(1).map(|document| document.line_of("detection", "y")), Some(9));
        assert_eq!(documents.get(1).map(|document| document.line_of("detection", "absent")), Some(7));
        let at = |path: &[&str]| documents.get(1).map(|document| document.line_at(path));
        assert_eq!([at(&["detection", "x", "y"]), at(&["detection", "z"]), at(&[])], [Some(9), Some(7), Some(6)]);
    }

    #[test]
    fn what_is_not_yaml_has_a_line() {
        let documents = Document::all("title: a\n---\ntitle: b\nx: [1,\n");
        let broken = documents.get(1).expect("two documents").parse().expect_err("broken");
        assert!(broken.line >= 4, "{}: {}", broken.line, broken.reason);
    }
}
