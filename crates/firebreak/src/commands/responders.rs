//! `firebreak responders`: what can be cut, how far that was tested, and which rights it takes.

use super::End;
use crate::output::{Output, counted};
use firebreak_act::RESPONDERS;
use firebreak_act::spec::catalogue;
use serde::Serialize;

#[derive(Serialize)]
struct Summary {
    responders: usize,
    drilled: usize,
}

/// Runs the command.
pub(super) fn run(output: Output) -> End {
    let listed = catalogue::list(RESPONDERS);
    for one in &listed {
        output.object("responder", one);
        let (back, denies) = (catalogue::back(one.reversibility), catalogue::denies_after(one.convergence));
        output.text(format!("{:<36} {:<17} {}", one.action, one.platform, one.level));
        output.paragraph(4, &format!("taken back: {back}; denies {denies}"));
        one.scopes.iter().for_each(|right| output.paragraph(4, &format!("{}: {}", right.action, right.purpose)));
    }
    let drilled = listed.iter().filter(|one| one.last_drill.is_some()).count();
    output.object("responders", &Summary { responders: listed.len(), drilled });
    output.text(format!("{}, {drilled} of them drilled", counted(listed.len() as u64, "responder")));
    End::Done
}
