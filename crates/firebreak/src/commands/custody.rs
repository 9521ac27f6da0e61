//! `firebreak custody`: which people's records lie where, on whose word and until when; what was deleted, and whether it is gone.

use super::{End, remembered, show_problems};
use crate::cli::CustodyArgs;
use crate::config::Config;
use crate::estate::Packages;
use crate::output::{Output, count, counted, short, span, time};
use anyhow::{Context, Result};
use firebreak_assure::custody::register::register;
use firebreak_assure::custody::{Custody, Deletion, Kept, Proof, custody};
use firebreak_model::Time;
use firebreak_world::World;
use serde::Serialize;

#[derive(Serialize)]
struct Answer<'a> {
    at: Time,
    declared: usize,
    undeclared: usize,
    overdue: usize,
    #[serde(flatten)]
    custody: &'a Custody,
}

/// Runs the command. What is undeclared, overdue, or said to be deleted and is not, needs a person.
pub(super) fn run(args: &CustodyArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let at = args.as_of.unwrap_or_else(|| world.clock.now());
    let path = args.register.display().to_string();
    let text = world.disk.read(&args.register).with_context(|| format!("the register `{path}` cannot be read"))?;
    let (records, problems) = register(&String::from_utf8_lossy(&text), &path);
    show_problems(&problems);
    let estate = remembered::estate(&world, &args.estate, config, &Packages::default(), at)?;
    show_problems(&estate.problems);
    let custody = custody(&records, &estate.facts, at);
    let (undeclared, overdue) = (custody.undeclared().count(), custody.overdue().count());
    let contradicted = custody.deletions.iter().any(|one| one.proof == Proof::Contradicted);
    custody.kept.iter().for_each(|kept| show(kept, at, output));
    custody.deletions.iter().for_each(|deletion| show_deletion(deletion, output));
    for (resource, class) in &custody.unseen {
        output.paragraph(0, &format!("not seen: {class} at {resource}: gone, elsewhere, or no inventory looks there"));
    }
    output.text("");
    output.text(format!(
        "{}, {} undeclared, {} overdue",
        counted(custody.kept.len() as u64, "place"),
        count(undeclared as u64),
        count(overdue as u64)
    ));
    let declared = records.len();
    output.object("custody", &Answer { at, declared, undeclared, overdue, custody: &custody });
    let wrong = undeclared + overdue > 0 || contradicted || !problems.is_empty();
    Ok(if wrong { End::NeedsPerson } else { End::Done })
}

fn show(kept: &Kept, at: Time, output: Output) {
    let (class, place) = (short(kept.class.word(), 20), short(kept.resource.as_str(), 56));
    output.text(format!("{class:<20} {place:<56} {:>14}", count(kept.records)));
    let Some(terms) = &kept.terms else {
        return output.paragraph(4, "undeclared: the register names no purpose for it here");
    };
    let hands =
        if terms.processors.is_empty() { String::new() } else { format!("; also {}", terms.processors.join(", ")) };
    output.paragraph(4, &format!("{} ({}), {}{hands}", terms.purpose, terms.basis, terms.owner));
    let kept_for = format!("kept {}", counted(u64::from(terms.retention_days), "day"));
    let due = match (kept.overdue_since, terms.oldest) {
        (Some(end), _) => format!("; overdue for {}", span((at.seconds() - end.seconds()) as f64)),
        (None, Some(oldest)) => format!("; the oldest is of {}", time(oldest)),
        (None, None) => "; the register does not say how old the oldest is".to_owned(),
    };
    output.paragraph(4, &format!("{kept_for}{due}"));
}

fn show_deletion(deletion: &Deletion, output: Output) {
    let said = match deletion.proof {
        Proof::Proven => {
            let since = deletion.gone_since.map_or_else(String::new, |at| format!(" since {}", time(at)));
            format!("an inventory held it, and does not{since}")
        }
        Proof::Contradicted => "an inventory still holds it".to_owned(),
        Proof::Unseen => "no inventory ever held it, so nothing shows that it is gone".to_owned(),
    };
    let Deletion { class, resource, declared, .. } = deletion;
    output.paragraph(0, &format!("deleted {}: {class} at {resource}: {said}", time(*declared)));
}
