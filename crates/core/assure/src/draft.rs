//! Drafts of notices, for counsel to finish: what is known stands in them, and what is not is a gap in square brackets.
//!
//! A draft is no notice. Nothing here is sent, and no law's wording is promised.

use crate::duty::{CONFIRM, Coverage, Duty, Notice};
use crate::loss::Statement;
use firebreak_model::Time;
use std::fmt::Write as _;

/// A draft, and the name of the file that it may lie in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// `US-CA-people.md`.
    pub file: String,
    /// Markdown.
    pub text: String,
}

/// One draft for each duty, in their order.
pub fn drafts(duties: &[Duty], statement: &Statement, discovered: Time) -> Vec<Draft> {
    duties.iter().map(|duty| draft(duty, statement, discovered)).collect()
}

fn draft(duty: &Duty, statement: &Statement, discovered: Time) -> Draft {
    let (word, to) = match duty.notice {
        Notice::People => ("people", "the people concerned".to_owned()),
        Notice::Authority => ("authority", duty.addressee.clone()),
    };
    // A jurisdiction comes from a table that anyone may edit: only letters, digits and `-` name a file.
    let safe = |sign: char| if sign.is_ascii_alphanumeric() || sign == '-' { sign } else { '_' };
    let file = format!("{}-{word}.md", duty.jurisdiction.chars().map(safe).collect::<String>());
    let mut text = format!("# Draft, {CONFIRM}: {} to {to}\n\n", duty.jurisdiction);
    let _ = writeln!(
        text,
        "Rule: {}. Source: {}. Confidence of the table: {}.",
        duty.statute, duty.source, duty.confidence
    );
    let by = duty.deadline.at.map_or(String::new(), |at| format!(", at the latest {at} if it counts from discovery"));
    let words = if duty.deadline.words.is_empty() { "[deadline]" } else { &duty.deadline.words };
    let _ = writeln!(text, "Deadline: {words}{by}.\n");
    text.push_str("[Name and address of the organisation; contact for questions]\n\n");
    let _ = writeln!(
        text,
        "On {discovered} we discovered unauthorised access to our systems. [What happened, in plain words.]\n"
    );
    text.push_str("## Data concerned\n\n| class | records within reach | covered by the rule |\n|---|---|---|\n");
    for (class, records, coverage) in &duty.about {
        let _ = writeln!(text, "| {class} | {records} | {} |", covered(*coverage));
    }
    text.push_str("\nRecords are not people: one person may have several. Within reach is not taken.\n");
    let seen: Vec<&str> = statement.places.iter().map(|place| place.resource.as_str()).collect();
    let _ = writeln!(
        text,
        "\n## What was seen leaving\n\n{}",
        match seen.is_empty() {
            true =>
                "[Nothing was seen leaving in the records that were given. That shows no more than these records do.]"
                    .to_owned(),
            false => format!("{} bytes were seen leaving, from: {}.", statement.bytes_seen, seen.join(", ")),
        }
    );
    if !statement.gaps.is_empty() {
        text.push_str("\n## Not known\n\n");
        statement.gaps.iter().for_each(|gap| text.push_str(&format!("- {gap}\n")));
    }
    text.push_str("\n## What we did, and what you can do\n\n[Measures taken. Advice to those concerned. Offers, where the rule wants them.]\n");
    Draft { file, text }
}

fn covered(coverage: Coverage) -> &'static str {
    match coverage {
        Coverage::Named => "named",
        Coverage::Doubtful => "the table does not say",
        Coverage::IfRegulated => "if the organisation is regulated by it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::Deadline;
    use firebreak_model::{DataClass, Text};

    #[test]
    fn a_draft_says_what_is_known_and_leaves_the_rest_open() {
        let duty = Duty {
            jurisdiction: Text::new("US-CA/../x"),
            statute: "Civ. Code".to_owned(),
            notice: Notice::Authority,
            addressee: "Attorney General".to_owned(),
            about: vec![(DataClass::new("ssn"), 40, Coverage::Named)],
            deadline: Deadline { words: "30 days".to_owned(), at: Some(Time::from_seconds(0)) },
            source: "https://a.example (2026)".to_owned(),
            confidence: "high".to_owned(),
            standing: CONFIRM.to_owned(),
        };
        let statement = Statement { gaps: vec!["okta was silent".to_owned()], ..Statement::default() };
        let [draft] = drafts(&[duty], &statement, Time::from_seconds(0)).try_into().unwrap();
        assert_eq!(draft.file, "US-CA____x-authority.md");
        for says in ["| ssn | 40 | named |", "okta was silent", "shows no more than these records do", CONFIRM] {
            assert!(draft.text.contains(says), "{says}: {}", draft.text);
        }
    }
}
