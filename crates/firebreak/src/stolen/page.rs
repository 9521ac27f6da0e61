//! The table of `docs/stolen-host.md`.

use super::{Finding, Judged};
use std::fmt::Write;

/// A finding in one cell: the verdict, who says it, and why.
fn cells(finding: &Finding) -> (String, String) {
    let by = match finding.source {
        "" => finding.by.words().to_owned(),
        source => format!("[{}]({source})", finding.by.words()),
    };
    let why = if finding.reason.is_empty() { String::new() } else { format!("{}; ", finding.reason) };
    (finding.verdict.words().to_owned(), format!("{why}{by}"))
}

/// One row a responder, in Markdown.
pub fn table(judged: &[Judged]) -> String {
    let mut text = String::from(
        "| platform | rights of | verdict | why, and who says it | without the rights for undo |\n|---|---|---|---|---|\n",
    );
    for one in judged {
        let (verdict, why) = cells(&one.finding);
        let without = one.without_undo.as_ref().map_or("-".to_owned(), |finding| finding.verdict.words().to_owned());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} | `{}` | {verdict} | {why} | {without} |", one.platform, one.action);
    }
    text
}
