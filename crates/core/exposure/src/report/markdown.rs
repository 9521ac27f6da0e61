//! Markdown for a comment on a pull request.
//!
//! Every text of an input stands in a `code` element with all its punctuation as character references: it makes no link, no
//! picture, no mention of a person, no column and no markup, whatever it holds.

use super::{Answer, Counts, Report, why};
use firebreak_model::Verdict;
use std::fmt::Write;

/// By this a workflow finds its own comment again.
const MARK: &str = "<!-- firebreak-exposed -->";
/// Platforms take 65,536 characters.
const CHARACTERS_MAX: usize = 60_000;
/// A longer explanation is cut.
const WHY_MAX: usize = 400;

pub(super) fn write(report: &Report<'_>) -> String {
    let verdicts = || report.answers.iter().map(|answer| answer.judgement.verdict);
    let worst = verdicts().max();
    let mut text = format!("{MARK}\n### Firebreak: {}\n\n", headline(worst));
    text.push_str("| exposed | suspect | unknown | clear |\n|---|---|---|---|\n");
    let Counts { exposed, suspect, unknown, clear } = verdicts().collect();
    let _ = writeln!(text, "| {exposed} | {suspect} | {unknown} | {clear} |");
    let mut open: Vec<&Answer> =
        report.answers.iter().filter(|answer| answer.judgement.verdict != Verdict::Clear).collect();
    open.sort_by_key(|answer| std::cmp::Reverse(answer.judgement.verdict));
    if !open.is_empty() {
        text.push_str("\n| verdict | where | incident | why |\n|---|---|---|---|\n");
    }
    let mut used = text.chars().count();
    for (shown, answer) in open.iter().enumerate() {
        let row = row(answer);
        used += row.chars().count();
        if used > CHARACTERS_MAX {
            let _ = writeln!(text, "\n{} more are not shown: a comment holds no more.", open.len() - shown);
            break;
        }
        text.push_str(&row);
    }
    if unknown > 0 {
        text.push_str("\nUnknown is not clear: close the gap, or treat it as suspect.\n");
    }
    if !report.problems.is_empty() {
        let _ = writeln!(text, "\nNot everything could be read: {} problems.", report.problems.len());
    }
    text
}

fn headline(worst: Option<Verdict>) -> &'static str {
    match worst {
        None => "nothing was judged",
        Some(Verdict::Exposed) => "a bad release is here",
        Some(Verdict::Suspect) => "a bad release may have come here",
        Some(Verdict::Unknown) => "it cannot be told whether a bad release is here",
        Some(Verdict::Clear) => "clear",
    }
}

fn row(answer: &Answer) -> String {
    let judgement = &answer.judgement;
    let place = answer.places.first().map_or_else(
        || judgement.environment.to_string(),
        |place| place.line.map_or_else(|| place.file.clone(), |line| format!("{}:{line}", place.file)),
    );
    let verdict = match judgement.verdict {
        Verdict::Exposed => "**exposed**",
        other => other.word(),
    };
    let mut why: String = why(answer);
    if why.chars().count() > WHY_MAX {
        why = why.chars().take(WHY_MAX).chain(['…']).collect();
    }
    if !answer.owners.is_empty() {
        let owners: Vec<&str> = answer.owners.iter().map(|owner| owner.as_str()).collect();
        why.push_str(&format!("; owners: {}", owners.join(", ")));
    }
    format!("| {verdict} | {} | {} | {} |\n", code(&place), code(&judgement.profile), code(&why))
}

fn code(text: &str) -> String {
    let mut code = String::from("<code>");
    for letter in text.chars() {
        match letter {
            '-' | ',' | '/' => code.push(letter),
            _ if letter.is_ascii_punctuation() => {
                let _ = write!(code, "&#{};", u32::from(letter));
            }
            _ if letter.is_control() => code.push(' '),
            _ => code.push(letter),
        }
    }
    code.push_str("</code>");
    code
}
