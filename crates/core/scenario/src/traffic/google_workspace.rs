//! Ordinary work on documents, and sign-ins.

use super::within;
use crate::batch::Batch;
use crate::clock::{At, working};
use crate::estate::Estate;
use crate::people::Team;
use crate::random::Random;
use crate::write::google_workspace::{Document, drive, sign_in};

const TITLES: [&str; 8] = [
    "Interview notes",
    "Hiring plan",
    "Rubric",
    "Weekly report",
    "Offer letter",
    "Budget",
    "Onboarding list",
    "Design",
];
const KINDS: [&str; 4] = ["document", "spreadsheet", "presentation", "pdf"];

/// Adds one day.
pub(crate) fn day(estate: &Estate, day: At, random: &mut Random, batch: &mut Batch) {
    for person in &estate.people {
        let busy = if person.team == Team::Recruiting { 13.0 } else { 5.0 };
        for hour in day.hours(24) {
            for _ in 0..random.around(busy * working(hour, person.offset) * estate.spec.volume()) {
                let at = within(hour, random);
                let actor = (person.email.as_str(), person.google_id.as_str());
                if random.chance(0.06) {
                    batch.add(at, |json| sign_in(json, at, actor, person.address(at), random));
                    continue;
                }
                let what = random.pick(&["view", "view", "view", "edit", "edit", "download", "create"]);
                let (id, title) = document(random.below(6_000), random);
                let shared = person.team == Team::Recruiting && random.chance(0.6);
                let document = Document {
                    id: &id,
                    title: &title,
                    kind: random.pick(&KINDS),
                    owner: (!shared).then_some(person.email.as_str()),
                    app: None,
                };
                batch.add(at, |json| drive(json, at, what, actor, person.address(at), &document, random));
            }
        }
    }
}

/// The id and title of the `number`th document.
pub(crate) fn document(number: u64, random: &mut Random) -> (String, String) {
    let id = format!("1{}", Random::of(0, "document", number).alnum(43));
    (id, format!("{} {number}", random.pick(&TITLES)))
}
