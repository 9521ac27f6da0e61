//! Access as text.

use super::{Answer, Summary};
use crate::access::reach::Ways;
use crate::output::{Output, count, counted, short};

/// Shows the identities and what holds for all of them.
pub(super) fn all(answers: &[Answer<'_>], summary: &Summary<'_>, most: usize, output: Output) {
    answers.iter().take(most).for_each(|answer| one(answer, output));
    if answers.len() > most {
        output.text(format!("and {} more; --most shows them, --json has all", count((answers.len() - most) as u64)));
        output.text("");
    }
    let share = share(summary.granted, summary.left);
    output.paragraph(
        0,
        &format!(
            "{}, {} with a proposal ({} never taken): {share} of what is granted would go ({} to {} of {} actions that are known by name)",
            counted(summary.identities, "identity").replace("identitys", "identities"),
            count(summary.proposed),
            count(summary.idle),
            count(summary.granted),
            count(summary.left),
            count(summary.known_actions),
        ),
    );
    output.paragraph(
        0,
        &format!(
            "asked of the evaluator call by call: {} recorded, {} allowed by own policies, {} of these refused by the proposals; {} not explained by own policies",
            count(summary.calls),
            count(summary.allowed),
            count(summary.denied),
            count(summary.unexplained),
        ),
    );
    if let Some(since) = summary.shadow_since {
        output.paragraph(0, &format!("these are the proposals of {since}, held against what was done after it"));
    }
    output.paragraph(0, &format!("ways before: {}; after: {}", ways(summary.before), ways(summary.after)));
    summary.gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {gap}")));
}

fn one(answer: &Answer<'_>, output: Output) {
    output.text(short(answer.identity.name(), 98));
    if let Some(skipped) = answer.skipped {
        output.paragraph(2, &format!("nothing is proposed: {skipped}"));
        return output.text("");
    }
    let used = if answer.idle { "a role that nobody took".to_owned() } else { counted(answer.calls, "call") };
    output.paragraph(
        2,
        &format!(
            "{used}; {} of {} known actions would stay ({} less), in {}",
            count(answer.left),
            count(answer.granted),
            share(answer.granted, answer.left),
            counted(answer.documents.len() as u64, "policy").replace("policys", "policies"),
        ),
    );
    if !answer.fits && !answer.documents.is_empty() {
        output.paragraph(2, "it does not fit into the policies that IAM lets one identity have");
    }
    if answer.proof.denied_calls > 0 {
        output.paragraph(2, &format!("it would have refused {}", counted(answer.proof.denied_calls, "past call")));
    }
    if !answer.kept.is_empty() {
        let names: Vec<&str> = answer.kept.iter().map(|kept| &*kept.action).take(6).collect();
        let more = if answer.kept.len() > 6 { ", …" } else { "" };
        output.paragraph(2, &format!("stays, since nobody can tell whether it is used: {}{more}", names.join(", ")));
    }
    if !answer.absent.is_empty() {
        let names: Vec<&str> = answer.absent.iter().map(|arn| &**arn).collect();
        output.paragraph(2, &format!("stays, since its text is not in the export: {}", names.join(", ")));
    }
    if !answer.gone.targets.is_empty() {
        output.paragraph(2, &format!("reaches no more: {}", ways(answer.gone.ways)));
    }
    answer.files.iter().for_each(|file| output.text(format!("  {}", file.display())));
    output.text("");
}

fn ways(ways: Ways) -> String {
    format!(
        "{} to administrators, {} to other identities, {} to data",
        count(ways.administrators),
        count(ways.identities),
        count(ways.data)
    )
}

/// Which part of `granted` is not `left`.
fn share(granted: u64, left: u64) -> String {
    if granted == 0 {
        return "0%".to_owned();
    }
    format!("{:.0}%", 100.0 * granted.saturating_sub(left) as f64 / granted as f64)
}
