//! `firebreak responders`: what can be cut, how far that was tested, and which rights it takes.

use super::End;
use crate::config::Config;
use crate::drilling;
use crate::output::{Output, counted};
use anyhow::Result;
use firebreak_act::RESPONDERS;
use firebreak_act::spec::catalogue;
use serde::Serialize;

#[derive(Serialize)]
struct Summary {
    responders: usize,
    drilled: usize,
}

/// Runs the command.
pub(super) fn run(config: &Config, output: Output) -> Result<End> {
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
        one.scopes.iter().for_each(|right| output.paragraph(4, &format!("{}: {}", right.action, right.purpose)));
    }
    let drilled = listed.iter().filter(|one| one.last_drill.is_some()).count();
    output.object("responders", &Summary { responders: listed.len(), drilled });
    output.text(format!("{}, {drilled} of them drilled", counted(listed.len() as u64, "responder")));
    Ok(End::Done)
}
