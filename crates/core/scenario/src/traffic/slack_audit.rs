//! Ordinary use of Slack as far as its audit log records it, and the export bot's nightly round.

use super::{PIPELINES, within};
use crate::batch::Batch;
use crate::clock::{At, working};
use crate::estate::Estate;
use crate::random::Random;
use crate::write::slack_audit::{Actor, Entity, record};

const KINDS: [&str; 5] = ["pdf", "png", "xlsx", "docx", "mp4"];
/// How the export bot describes itself.
pub(crate) const EXPORT_AGENT: &str = "python-slackclient/3.40.0 Python/3.12.12 Linux/6.12.68";

/// Adds one day.
pub(crate) fn day(estate: &Estate, day: At, random: &mut Random, batch: &mut Batch) {
    for person in &estate.people {
        let actor = Actor { id: &person.slack_id, name: &person.login, email: Some(&person.email) };
        for hour in day.hours(24) {
            for _ in 0..random.around(6.0 * working(hour, person.offset) * estate.spec.volume()) {
                let at = within(hour, random);
                let client = (person.address(at), person.agent);
                let (id, name, kind) = file(random.below(40_000));
                let (action, entity) = match random.below(12) {
                    0 | 1 => ("user_login", Entity::User),
                    2 => ("user_logout", Entity::User),
                    3 => ("user_channel_join", Entity::Channel("C05HIRING01", "hiring")),
                    4..=7 => ("file_uploaded", Entity::File(&id, &name, kind)),
                    _ => ("file_downloaded", Entity::File(&id, &name, kind)),
                };
                batch.add(at, |json| record(json, at, action, &actor, &entity, client, random));
            }
        }
    }
    let bot = Actor { id: &estate.keys.slack_export_bot, name: "export-bot", email: None };
    for turn in 0..12 {
        let at = day.plus(3 * 3_600 + turn * 41);
        let (id, name, kind) = file(random.below(40_000));
        let entity = Entity::File(&id, &name, kind);
        batch.add(at, |json| record(json, at, "file_downloaded", &bot, &entity, (PIPELINES, EXPORT_AGENT), random));
    }
}

/// The id, name and type of the `number`th file.
pub(crate) fn file(number: u64) -> (String, String, &'static str) {
    let mut random = Random::of(0, "file", number);
    let kind = random.pick(&KINDS);
    (format!("F0{}", random.upper(9)), format!("upload-{number}.{kind}"), kind)
}
