//! JUnit XML as Jenkins' schema of it (`junit-10.xsd`) allows it, which others read too. It has no place for a file and a line: they stand
//! in the text of a case.

use super::{Answer, Report, why};
use firebreak_model::Verdict;
use std::fmt::Write;

pub(super) fn write(report: &Report<'_>) -> String {
    let mut profiles: Vec<&str> = report.answers.iter().map(|answer| answer.judgement.profile.as_str()).collect();
    profiles.sort_unstable();
    profiles.dedup();
    let all: Vec<&Answer> = report.answers.iter().collect();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites name=\"firebreak exposed\"{}>", sums(report, &all).0);
    for profile in profiles {
        let own = || report.answers.iter().filter(|answer| answer.judgement.profile == profile);
        let (sums, skipped) = sums(report, &own().collect::<Vec<_>>());
        let _ = writeln!(xml, "  <testsuite name=\"{}\"{sums} skipped=\"{skipped}\">", escaped(profile));
        own().for_each(|answer| case(&mut xml, report, answer));
        xml.push_str("  </testsuite>\n");
    }
    if !report.problems.is_empty() {
        problems(&mut xml, report);
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// The counts that suites and all of them together have, and how many are skipped.
fn sums(report: &Report<'_>, answers: &[&Answer]) -> (String, usize) {
    let failures = answers.iter().filter(|answer| report.fails(answer.judgement.verdict)).count();
    let open = |answer: &&&Answer| answer.judgement.verdict != Verdict::Clear;
    let skipped = answers.iter().filter(open).count() - failures;
    (format!(" tests=\"{}\" failures=\"{failures}\" errors=\"0\"", answers.len()), skipped)
}

fn case(xml: &mut String, report: &Report<'_>, answer: &Answer) {
    let judgement = &answer.judgement;
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\"",
        escaped(&judgement.profile),
        escaped(judgement.environment.as_str())
    );
    if judgement.verdict == Verdict::Clear {
        xml.push_str("/>\n");
        return;
    }
    let (word, why) = (judgement.verdict.word(), escaped(&why(answer)));
    let not_clear = if judgement.verdict == Verdict::Unknown { ", which is not clear" } else { "" };
    let element = if report.fails(judgement.verdict) { "failure" } else { "skipped" };
    let _ = write!(xml, ">\n      <{element} type=\"{word}\" message=\"{word}{not_clear}: {why}\">");
    for place in &answer.places {
        let line = place.line.map_or_else(String::new, |line| format!(":{line}"));
        let _ = writeln!(xml, "{}{line}", escaped(&place.file));
    }
    let _ = writeln!(xml, "</{element}>\n    </testcase>");
}

/// What could not be read stands beside the suites: no verdict rests on it.
fn problems(xml: &mut String, report: &Report<'_>) {
    let count = report.problems.len();
    let _ = writeln!(
        xml,
        "  <testsuite name=\"what could not be read\" tests=\"{count}\" failures=\"0\" errors=\"0\" skipped=\"{count}\">"
    );
    for problem in report.problems {
        let _ = writeln!(
            xml,
            "    <testcase classname=\"{}\" name=\"{}\">\n      <skipped message=\"{}\"/>\n    </testcase>",
            escaped(&problem.source),
            escaped(&problem.position.to_string()),
            escaped(&problem.reason)
        );
    }
    xml.push_str("  </testsuite>\n");
}

/// Text for an attribute or an element. What XML 1.0 cannot hold at all becomes `\u{fffd}`.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\n' | '\r' | '\t' => {
                let _ = write!(xml, "&#{};", u32::from(letter));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ => xml.push(letter),
        }
    }
    xml
}
