//! `firebreak responders --stolen-host`: what a thief of Firebreak's credentials could do with the shipped manifests.

use crate::commands::End;
use crate::output::{Output, counted};
use crate::stolen::{self, Finding, Judged, Verdict};
use anyhow::Result;
use firebreak_act::RESPONDERS;
use serde::Serialize;

#[derive(Serialize)]
struct Summary {
    responders: usize,
    denial_only: usize,
    undoes: usize,
    reads_data: usize,
    raises_rights: usize,
    unknown: usize,
    computed: usize,
}

/// Runs the command.
pub(super) fn run(output: Output) -> Result<End> {
    let judged = stolen::judge(RESPONDERS);
    for one in &judged {
        show(one, output);
        output.object("stolen_host_responder", one);
    }
    let of = |verdict: Verdict| judged.iter().filter(|one| one.finding.verdict == verdict).count();
    let summary = Summary {
        responders: judged.len(),
        denial_only: of(Verdict::DenialOnly),
        undoes: of(Verdict::Undoes),
        reads_data: of(Verdict::ReadsData),
        raises_rights: of(Verdict::RaisesRights),
        unknown: of(Verdict::Unknown),
        computed: judged.iter().filter(|one| one.finding.by == stolen::Basis::Computed).count(),
    };
    output.object("stolen_host", &summary);
    output.paragraph(
        0,
        &format!(
            "{}: {} denial only, {} can take back what was denied, {} read data, {} raise rights, {} unknown",
            counted(summary.responders as u64, "responder"),
            summary.denial_only,
            summary.undoes,
            summary.reads_data,
            summary.raises_rights,
            summary.unknown
        ),
    );
    Ok(End::Done)
}

fn show(one: &Judged, output: Output) {
    output.text(format!("{:<36} {:<17} {}", one.action, one.platform, one.finding.verdict.words()));
    output.paragraph(4, &told(&one.finding));
    if let Some(finding) = &one.without_undo {
        output.paragraph(4, &format!("without the rights for undo: {}; {}", finding.verdict.words(), told(finding)));
    }
}

fn told(finding: &Finding) -> String {
    let why = if finding.reason.is_empty() { String::new() } else { format!("{}; ", finding.reason) };
    let at = if finding.source.is_empty() { String::new() } else { format!(": {}", finding.source) };
    format!("{why}{}{at}", finding.by.words())
}
