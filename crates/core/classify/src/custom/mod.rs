//! Classes of a customer: patterns, words that must stand near, a check and cases, in one TOML file. The cases are run when the
//! file is read: a class that does not do what its author says is not used.

mod validator;

use crate::scan::Confidence;
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use std::fmt;
use std::ops::Range;
use validator::Validator;

/// How far beside a value a word of its context may stand, in bytes, before it and after it.
const BEFORE: usize = 80;
const AFTER: usize = 40;

/// How large the automaton of one pattern may grow, in bytes: patterns that explode are refused.
const LARGEST: usize = 1 << 20;

/// A class that a customer defined.
#[derive(Clone, Debug)]
pub struct CustomClass {
    /// Its name.
    pub name: String,
    /// How sure its findings are.
    pub confidence: Confidence,
    patterns: Vec<Regex>,
    context: Vec<String>,
    validator: Option<Validator>,
}

/// Why a file of classes cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassError {
    /// The class, and the case where one is wrong.
    pub place: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for ClassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\nhint: {}", self.place, self.reason, self.hint)
    }
}

impl std::error::Error for ClassError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    class: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    patterns: Vec<String>,
    #[serde(default)]
    context: Vec<String>,
    validator: Option<String>,
    confidence: Option<String>,
    #[serde(default)]
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    text: String,
    finds: Vec<String>,
}

/// The classes of the file `text`, each tried on its own cases.
///
/// # Errors
/// The first thing that is wrong: the form of the file, a pattern, a validator, or a case that says otherwise than the class.
pub fn read_classes(text: &str) -> Result<Vec<CustomClass>, ClassError> {
    let file: File = toml::from_str(text).map_err(|error| ClassError {
        place: "the file of classes".to_owned(),
        reason: error.message().to_owned(),
        hint: "`docs/classify.md` shows the form".to_owned(),
    })?;
    file.class.into_iter().map(class).collect()
}

fn class(written: Written) -> Result<CustomClass, ClassError> {
    let fail = |place: String, reason: String, hint: &str| Err(ClassError { place, reason, hint: hint.to_owned() });
    let place = format!("class `{}`", written.name);
    let named = !written.name.is_empty()
        && written.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !named {
        return fail(
            place,
            "its name is not made of small letters, digits and `_`".to_owned(),
            "call it as data classes are called: `employee_id`",
        );
    }
    let mut patterns = Vec::new();
    for pattern in &written.patterns {
        match RegexBuilder::new(pattern).size_limit(LARGEST).build() {
            Ok(regex) if regex.is_match(b"") => {
                return fail(
                    place,
                    format!("`{pattern}` matches nothing at all"),
                    "let it ask for at least one character",
                );
            }
            Ok(regex) => patterns.push(regex),
            Err(_) => {
                return fail(
                    place,
                    format!("`{pattern}` is no pattern that can be used"),
                    "it is a regular expression without look-around, of moderate size",
                );
            }
        }
    }
    if patterns.is_empty() {
        return fail(place, "it has no pattern".to_owned(), "give at least one in `patterns`");
    }
    let validator = match written.validator.as_deref().map(|word| (word, Validator::named(word))) {
        Some((word, None)) => return fail(place, format!("there is no validator `{word}`"), Validator::NAMES),
        other => other.and_then(|(_, validator)| validator),
    };
    let confidence = match written.confidence.as_deref() {
        None | Some("high") => Confidence::High,
        Some("medium") => Confidence::Medium,
        Some("low") => Confidence::Low,
        Some(other) => return fail(place, format!("`{other}` is no confidence"), "one of low, medium, high"),
    };
    let context = written.context.iter().map(|word| word.to_lowercase()).collect();
    let class = CustomClass { name: written.name, confidence, patterns, context, validator };
    if written.case.is_empty() {
        return fail(
            place,
            "it has no case".to_owned(),
            "give a `[[class.case]]` with `text` and what it `finds`, and one that finds nothing",
        );
    }
    for (number, case) in written.case.iter().enumerate() {
        let text = case.text.as_bytes();
        let found = class.find(text, &(0..text.len()));
        let words: Vec<&str> = found.into_iter().filter_map(|range| case.text.get(range)).collect();
        if words != case.finds {
            let said = format!("it finds {} where the case says {}", words.len(), case.finds.len());
            let reason = if words.len() == case.finds.len() {
                "it finds something else than the case says".to_owned()
            } else {
                said
            };
            return fail(format!("{place}, case {}", number + 1), reason, "correct the class or the case");
        }
    }
    Ok(class)
}

impl CustomClass {
    /// Where its values begin in `block` of `text`, in order and apart.
    pub(crate) fn find(&self, text: &[u8], block: &Range<usize>) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for pattern in &self.patterns {
            let mut at = block.start;
            while let Some(hit) = pattern.find_at(text, at).filter(|hit| hit.start() < block.end) {
                at = hit.end().max(hit.start() + 1);
                let value = hit.as_bytes();
                let valid = self.validator.is_none_or(|validator| validator.holds(value));
                if valid && self.is_supported(text, &hit.range()) {
                    found.push(hit.range());
                }
            }
        }
        found.sort_by_key(|range| (range.start, range.end));
        found.dedup_by(|next, kept| next.start < kept.end);
        found
    }

    fn is_supported(&self, text: &[u8], range: &Range<usize>) -> bool {
        let beside =
            |from: usize, to: usize| text.get(from..to.min(text.len())).unwrap_or_default().to_ascii_lowercase();
        let (before, after) =
            (beside(range.start.saturating_sub(BEFORE), range.start), beside(range.end, range.end + AFTER));
        let holds =
            |word: &String| [&before, &after].iter().any(|side| memchr::memmem::find(side, word.as_bytes()).is_some());
        self.context.is_empty() || self.context.iter().any(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[[class]]
name = "employee_id"
patterns = ['\bEMP-\d{6}\b']
context = ["employee", "staff"]

[[class.case]]
text = "employee EMP-123456 left"
finds = ["EMP-123456"]

[[class.case]]
text = "part EMP-123456"
finds = []

[[class]]
name = "loyalty_card"
patterns = ['\b\d{16}\b']
validator = "luhn"
confidence = "medium"
case = [{ text = "4111111111111111 4111111111111112", finds = ["4111111111111111"] }]
"#;

    #[test]
    fn a_file_of_classes_is_read_and_its_cases_hold() {
        let classes = read_classes(GOOD).unwrap();
        assert_eq!(
            classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(),
            ["employee_id", "loyalty_card"]
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |from: &str, to: &str| read_classes(&GOOD.replace(from, to)).unwrap_err();
        assert_eq!(wrong("part EMP", "staff EMP").place, "class `employee_id`, case 2");
        assert_eq!(wrong("\"luhn\"", "\"lunh\"").reason, "there is no validator `lunh`");
        assert!(wrong(r"\d{16}", r"\d{16").reason.contains("no pattern"));
        assert!(wrong(r"'\b\d{16}\b'", "'x*'").reason.contains("nothing at all"));
        assert!(wrong("confidence", "confidense").reason.contains("unknown field"));
        assert!(
            !wrong("text = \"employee EMP-123456 left\"", "text = \"employee EMP-12345\"")
                .to_string()
                .contains("EMP-12345")
        );
    }
}
