//! `firebreak responders`: what can be cut, how far that was tested, and which rights it takes.

mod stolen;

use super::End;
use crate::cli::RespondersArgs;
use crate::config::Config;
use crate::drilling;
use crate::output::{Output, counted};
use anyhow::Result;
use firebreak_act::spec::catalogue;
use firebreak_act::{Permission, RESPONDERS, Terms};
use serde::Serialize;

#[derive(Serialize)]
struct Summary {
    responders: usize,
    drilled: usize,
}

/// Runs the command.
pub(super) fn run(args: &RespondersArgs, config: &Config, output: Output) -> Result<End> {
    if args.stolen_host {
        return stolen::run(output);
    }
    let mut listed = catalogue::list(RESPONDERS);
    let drills = drilling::remembered(&config.data_directory())?;
    for one in &mut listed {
        let last = drilling::last(&drills, &one.action);
        one.last_drill = last.map(|drill| drill.at);
        let one = &*one;
        output.object("responder", one);
        let (back, denies) = (catalogue::back(one.reversibility), catalogue::denies_after(one.convergence));
        output.text(format!("{:<36} {:<17} {}", one.action, one.platform, one.level));
        output.paragraph(4, &format!("taken back: {back}; denies {denies}"));
        if let Some(drill) = last {
            output.paragraph(4, &drilling::told(drill));
        }
        one.scopes.iter().for_each(|right| output.paragraph(4, &told(right, &one.terms)));
    }
    let drilled = listed.iter().filter(|one| one.last_drill.is_some()).count();
    output.object("responders", &Summary { responders: listed.len(), drilled });
    output.text(format!("{}, {drilled} of them drilled", counted(listed.len() as u64, "responder")));
    Ok(End::Done)
}

/// A right in one line: what it is for, what narrows it, and whether undo alone needs it.
fn told(right: &Permission, terms: &Terms) -> String {
    let mut line = format!("{}: {}", right.action, right.purpose);
    for one in terms.of(right.action) {
        line.push_str(&format!("; only where {} {} {}", one.key, one.operator, one.value));
    }
    if terms.for_undo.contains(&right.action) {
        line.push_str(" (for undo alone)");
    }
    line
}
