//! `firebreak map changes`: what an installation learnt of the estate since a time.

use super::{End, remembered};
use crate::cli::MapChangesArgs;
use crate::config::Config;
use crate::output::{Output, count};
use anyhow::Result;
use firebreak_model::{Change, Fact, Time};
use serde::Serialize;

#[derive(Serialize)]
struct Summary {
    since: Time,
    stated: usize,
    ended: usize,
    withdrawn: usize,
    learnt_at: Vec<Time>,
}

/// Runs the command.
pub(super) fn run(args: &MapChangesArgs, config: &Config, output: Output) -> Result<End> {
    let chronicle = remembered::chronicle(args.data.as_deref(), config, args.since)?;
    let until = args.until.unwrap_or(Time::MAX);
    let changes = chronicle.changes(args.since, until);
    let mut learnt_at = chronicle.learnt_since(args.since);
    learnt_at.retain(|at| *at <= until);
    let mut summary = Summary { since: args.since, stated: 0, ended: 0, withdrawn: 0, learnt_at };
    for change in &changes {
        let (word, number) = match change {
            Change::State { .. } => ("now so".to_owned(), &mut summary.stated),
            Change::End { at: Time::MIN, .. } => ("not as was said".to_owned(), &mut summary.withdrawn),
            Change::End { at, .. } => (format!("ended {at}"), &mut summary.ended),
        };
        *number += 1;
        output.object("change", &serde_json::json!({"change": change}));
        output.paragraph(0, &format!("{word}: {}", sentence(change)));
    }
    output.text(format!(
        "{} stated, {} ended, {} withdrawn since {}",
        count(summary.stated as u64),
        count(summary.ended as u64),
        count(summary.withdrawn as u64),
        args.since
    ));
    output.object("changes", &summary);
    Ok(End::Done)
}

fn sentence(change: &Change) -> String {
    let (Change::State { fact } | Change::End { fact, .. }) = change;
    match fact {
        Fact::Node(node) if node.label == node.key.name() => format!("{} ({})", node.key, node.evidence),
        Fact::Node(node) => format!("{}, called {} ({})", node.key, node.label, node.evidence),
        Fact::Edge(edge) => {
            let kind = edge.kind.word().replace('_', " ");
            let what = if edge.actions.is_empty() { String::new() } else { format!(" ({})", edge.actions.join(", ")) };
            format!("{} {kind} {}{what}, says {}", edge.from, edge.to, edge.evidence)
        }
    }
}
