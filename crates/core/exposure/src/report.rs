//! Verdicts as documents that other programs and people read: SARIF 2.1.0, JUnit XML, Markdown for a comment on a pull
//! request, and JSON.
//!
//! One rule holds in each of them: unknown never reads as passed. Where a form has no word for it, it stands as what asks for a
//! person. Every text that came from an input is escaped for its form. It is not where verdicts are made, and nothing is
//! written to a disk here.

mod junit;
mod markdown;
mod sarif;

use firebreak_model::{Judgement, Problem, Text, Verdict};
use serde::Serialize;

/// Where something was read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Place {
    /// The file as its reader named it, or the source and its record.
    pub file: String,
    /// Line, from 1, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

impl Place {
    /// Takes apart what evidence calls its place: `folder/uv.lock:742`, `ci_log owner/repository/1/job#12`, `a note`.
    pub fn of(evidence: &str) -> Place {
        let split = evidence.rsplit_once([':', '#']);
        let numbered = split.and_then(|(file, line)| Some((file, line.parse().ok().filter(|line| *line > 0)?)));
        match numbered {
            Some((file, line)) if !file.is_empty() => Place { file: file.to_owned(), line: Some(line) },
            _ => Place { file: evidence.to_owned(), line: None },
        }
    }
}

/// One verdict with what a document says of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Answer {
    /// The verdict, what decided it and what is missing.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// What a person calls the incident.
    pub title: String,
    /// Where what decided it was read, the first place first.
    pub places: Vec<Place>,
    /// What public records say of it, one sentence each.
    pub advisories: Vec<String>,
    /// Who owns the place, where known.
    pub owners: Vec<Text>,
}

/// Verdicts to be written.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The program's version.
    pub version: &'a str,
    /// The verdicts, in the order in which they are written.
    pub answers: &'a [Answer],
    /// What could not be read.
    pub problems: &'a [Problem],
    /// The least grave verdict that fails.
    pub fail_on: Verdict,
}

impl Report<'_> {
    /// Whether a verdict fails.
    pub fn fails(&self, verdict: Verdict) -> bool {
        verdict != Verdict::Clear && verdict >= self.fail_on
    }

    /// SARIF 2.1.0, one run. Exposed is an error; suspect and unknown are warnings, both of them failures and neither of the
    /// kinds that viewers hide. What is clear is not listed.
    pub fn sarif(&self) -> String {
        sarif::write(self)
    }

    /// JUnit XML: a suite for each profile, a case for each environment. What fails is a failure, another verdict that is not
    /// clear is skipped with its reason, and only what is clear passes.
    pub fn junit(&self) -> String {
        junit::write(self)
    }

    /// Markdown for a comment, within what a platform takes.
    pub fn markdown(&self) -> String {
        markdown::write(self)
    }

    /// One JSON object, `firebreak.verdicts/1`.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            format: &'static str,
            verdicts: Counts,
            failed: usize,
            answers: &'a [Answer],
            problems: &'a [Problem],
        }
        let document = Document {
            format: "firebreak.verdicts/1",
            verdicts: self.answers.iter().map(|answer| answer.judgement.verdict).collect(),
            failed: self.answers.iter().filter(|answer| self.fails(answer.judgement.verdict)).count(),
            answers: self.answers,
            problems: self.problems,
        };
        sonic_rs::to_string_pretty(&document).unwrap_or_default() + "\n"
    }
}

/// How many answers have which verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Ran the bad thing.
    pub exposed: u64,
    /// May have, unpinned and inside a window.
    pub suspect: u64,
    /// Cannot be told.
    pub unknown: u64,
    /// Did not, by complete evidence.
    pub clear: u64,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Exposed => self.exposed += 1,
            Verdict::Suspect => self.suspect += 1,
            Verdict::Unknown => self.unknown += 1,
            Verdict::Clear => self.clear += 1,
        }
    }
}

impl FromIterator<Verdict> for Counts {
    fn from_iter<I: IntoIterator<Item = Verdict>>(verdicts: I) -> Counts {
        let mut counts = Counts::default();
        verdicts.into_iter().for_each(|verdict| counts.add(verdict));
        counts
    }
}

/// What decided a verdict, what is missing behind it and what records say, in one line.
fn why(answer: &Answer) -> String {
    let judgement = &answer.judgement;
    let mut sentences = judgement.decided_by.clone();
    sentences.extend(judgement.gaps.iter().map(|gap| format!("missing: {gap}")));
    sentences.extend(answer.advisories.iter().cloned());
    sentences.join("; ")
}

#[cfg(test)]
mod tests;
