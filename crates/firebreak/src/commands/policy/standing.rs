//! `firebreak policy test`: the cases of the standing policies that the program carries.

use super::super::plan::actions;
use super::test::Total;
use crate::authoring::standing_case::{Rig, fault};
use crate::embedded;
use crate::output::Output;
use crate::standing::all;
use anyhow::Result;
use firebreak_contain::standing_policy::{Mode, Standing};
use firebreak_model::Action;
use firebreak_world::RealDisk;
use serde::Serialize;
use std::collections::BTreeMap;

/// The files of a case, by their names within it.
type Files = Vec<(String, Vec<u8>)>;

#[derive(Serialize)]
struct Tested<'a> {
    standing_policy: &'a str,
    case: &'a str,
    passed: bool,
    steps: Vec<&'a Action>,
    why: Option<String>,
}

/// Leads every case through the pipeline with its policy alone switched on, and adds to `total`.
pub(super) fn run(total: &mut Total, output: Output) -> Result<()> {
    let rig = Rig::carried(&RealDisk, actions());
    let (policies, _) = all(&RealDisk, &[]);
    for ((policy, case), files) in cases() {
        let standing = policies.iter().filter(|one| one.id == policy);
        let standing = standing.map(|policy| Standing::of(policy.clone(), Mode::On));
        let came = rig.run(&files, standing.collect())?;
        let why = fault(case, &files, &came)?;
        total.cases += 1;
        total.failed += u64::from(why.is_some());
        output.text(format!("{} {policy}: {case}", if why.is_some() { "FAIL" } else { "ok  " }));
        why.iter().for_each(|why| output.paragraph(5, why));
        let (steps, passed) = (came.actions(), why.is_none());
        output.object("standing_case", &Tested { standing_policy: policy, case, passed, steps, why });
    }
    Ok(())
}

/// Every case: policy and name, and its files.
fn cases() -> BTreeMap<(&'static str, &'static str), Files> {
    let mut cases: BTreeMap<_, Files> = BTreeMap::new();
    for (path, text) in embedded::STANDING_CASES {
        let mut parts = path.splitn(6, '/').skip(2);
        let (policy, _, case, file) = (parts.next(), parts.next(), parts.next(), parts.next());
        if let (Some(policy), Some(case), Some(file)) = (policy, case, file) {
            cases.entry((policy, case)).or_default().push((file.to_owned(), text.as_bytes().to_vec()));
        }
    }
    cases
}
