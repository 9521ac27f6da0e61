//! What people are told: plain fields, cleaned of what could make a text look like something it is not.

use firebreak_model::{Severity, Time};
use serde::{Deserialize, Serialize};

/// The longest text that is kept of a notice, in characters.
pub const TEXT_MAX: usize = 8_000;

/// One thing that someone should know.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// Its name: the same notice has the same one whenever it is made again.
    pub id: String,
    /// Which incident it is about; what is about none stands alone.
    #[serde(default)]
    pub incident: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// In a line.
    pub title: String,
    /// In full.
    pub text: String,
    /// When it became known.
    pub at: Time,
    /// What people are asked to approve.
    #[serde(default)]
    pub ask: Option<Ask>,
}

/// A plan that waits for people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// The whole id, which is the digest of the plan's content.
    pub plan: String,
    /// How many must approve.
    pub needed: u32,
    /// How many have.
    pub have: u32,
}

impl Notice {
    /// The notice as it may be shown: without control characters and marks that turn the direction of text, and not
    /// endlessly long.
    pub fn cleaned(&self) -> Notice {
        Notice { title: line(&self.title, 300), text: clean(&self.text, TEXT_MAX), ..self.clone() }
    }

    /// What letters about the same thing have in common: the incident, or else the notice itself.
    pub fn subject(&self) -> &str {
        self.incident.as_deref().unwrap_or(&self.id)
    }
}

/// How bad, as a word.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "informational",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

fn is_misleading(letter: char) -> bool {
    // Marks that turn the direction of text, that join or that show nothing.
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn clean(text: &str, most: usize) -> String {
    let kept = text.chars().filter(|letter| *letter == '\n' || !(letter.is_control() || is_misleading(*letter)));
    shortened(kept, most)
}

/// Text on one line.
fn line(text: &str, most: usize) -> String {
    let kept = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    shortened(kept.filter(|letter| !(letter.is_control() || is_misleading(*letter))), most)
}

fn shortened(letters: impl Iterator<Item = char>, most: usize) -> String {
    let mut letters = letters.peekable();
    let mut text: String = letters.by_ref().take(most).collect();
    if letters.peek().is_some() {
        text.push('…');
    }
    text
}

/// `text` in at most `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    shortened(text.chars(), most.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_mislead_is_gone_and_the_rest_is_as_it_was() {
        let notice = Notice {
            id: "1".into(),
            incident: None,
            severity: Severity::High,
            title: "a\nb\u{202e}c\u{0}".into(),
            text: "first\r\nsecond\u{1b}[31m\u{200b}é".into(),
            at: Time(0),
            ask: None,
        };
        let clean = notice.cleaned();
        assert_eq!((clean.title.as_str(), clean.text.as_str()), ("a bc", "first\nsecond[31mé"));
        assert_eq!(Notice { text: "x".repeat(9_000), ..notice }.cleaned().text.chars().count(), TEXT_MAX + 1);
        assert_eq!((cut("abcd", 4), cut("abcde", 4)), ("abcd".to_owned(), "abc…".to_owned()));
    }
}
