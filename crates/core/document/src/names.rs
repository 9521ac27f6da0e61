//! What the names of files and titles of recordings say they are.

const INTERVIEW: &[&str] = &["interview", "debrief", "testimony", "deposition", "focus group", "user research"];
const IDENTITY: &[&str] = &[
    "passport",
    "drivers license",
    "driver license",
    "driving licence",
    "driving license",
    "drivers licence",
    "id card",
    "identity card",
    "national id",
    "id front",
    "id back",
    "residence permit",
    "ausweis",
    "reisepass",
    "fuhrerschein",
    "pasaporte",
    "carte identite",
    "green card",
    "photo id",
    "licence front",
    "licence back",
    "license front",
    "license back",
    "selfie with id",
];

/// Lower case, with one blank for everything between words.
fn words(name: &str) -> String {
    let mut words = String::from(" ");
    for char in name.chars().take(512) {
        match char.is_alphanumeric() {
            true => words.extend(char.to_lowercase()),
            false if char == '\'' => {}
            false if !words.ends_with(' ') => words.push(' '),
            false => {}
        }
    }
    words.push(' ');
    words
}

fn says(name: &str, all: &[&'static str]) -> Option<&'static str> {
    let words = words(name);
    // A plural is the same word.
    all.iter().copied().find(|word| words.contains(&format!(" {word} ")) || words.contains(&format!(" {word}s ")))
}

/// The word by which `name` is an interview's.
pub(crate) fn interview(name: &str) -> Option<&'static str> {
    says(name, INTERVIEW)
}

/// The word by which `name` is an identity document's.
pub(crate) fn identity(name: &str) -> Option<&'static str> {
    says(name, IDENTITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_by_words() {
        assert_eq!(identity("Passport_scan-2.jpg"), Some("passport"));
        assert_eq!(identity("driver's license.png"), Some("drivers license"));
        assert_eq!(identity("passportjs-logo.png"), None);
        assert_eq!(interview("2026-03-01 Interviews (Ana).mp4"), Some("interview"));
        assert_eq!(interview("interviewer_guide.mp4"), None);
    }
}
