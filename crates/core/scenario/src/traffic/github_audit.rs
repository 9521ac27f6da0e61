//! Ordinary work in the organisation: people over SSH, pipelines with the bot's token, finished runs.

use super::ci_log::ended;
use super::{PIPELINES, within};
use crate::batch::Batch;
use crate::clock::{At, DAY, working};
use crate::estate::Estate;
use crate::estate::credentials::BOT;
use crate::estate::pipelines::{Job, Log};
use crate::random::Random;
use crate::write::github_audit::{Entry, Token, number, record};

const ACTIONS: [(&str, bool); 8] = [
    ("git.fetch", true),
    ("git.fetch", true),
    ("git.push", true),
    ("git.clone", true),
    ("pull_request.create", false),
    ("pull_request.merge", false),
    ("pull_request_review.submit", false),
    ("repo.access", false),
];

/// Adds one day.
pub(crate) fn day(estate: &Estate, day: At, random: &mut Random, batch: &mut Batch) {
    let names: Vec<&str> = estate.repositories.iter().map(String::as_str).collect();
    for person in estate.technical() {
        for hour in day.hours(24) {
            for _ in 0..random.around(10.0 * working(hour, person.offset) * estate.spec.volume()) {
                let at = within(hour, random);
                let (action, git) = ACTIONS.get(random.below(8) as usize).copied().unwrap_or(("git.fetch", true));
                // People stay with a few repositories.
                let own = names.get((person.number * 7 + random.below(9)) as usize % names.len().max(1)).copied();
                let repository = format!("meridian/{}", own.unwrap_or_default());
                let entry = Entry {
                    action,
                    actor: &person.login,
                    address: person.address(at),
                    agent: if git { "git/2.53.0" } else { person.agent },
                    repository: Some(&repository),
                    token: None,
                    more: &[],
                    numbers: &[],
                };
                batch.add(at, |json| record(json, at, &entry, random));
            }
        }
    }
    for job in estate.jobs.iter().filter(|job| job.started >= day && job.started < day.plus(DAY)) {
        run(estate, job, random, batch);
    }
}

/// The bot's token as an entry names it.
pub(crate) fn bot_token(estate: &Estate) -> Token<'_> {
    Token {
        hashed: &estate.keys.bot_token,
        kind: "Personal access token (classic)",
        scopes: "repo,workflow,read:org",
        id: number("meridian-bot token"),
    }
}

/// A pipeline fetches its repository with the bot's token, and its end is recorded.
fn run(estate: &Estate, job: &Job, random: &mut Random, batch: &mut Batch) {
    let repository = job.full_name();
    let fetch = Entry {
        action: "git.fetch",
        actor: BOT,
        address: PIPELINES,
        agent: "git/2.52.0",
        repository: Some(&repository),
        token: Some(bot_token(estate)),
        more: &[],
        numbers: &[],
    };
    let at = job.started.plus(12);
    batch.add(at, |json| record(json, at, &fetch, random));
    let at = ended(estate, job).plus(2);
    let conclusion = if job.log == Log::Gone { "cancelled" } else { "success" };
    let end = Entry {
        action: "workflows.completed_workflow_run",
        actor: "github-actions[bot]",
        address: PIPELINES,
        agent: "GitHub-Hookshot",
        repository: Some(&repository),
        token: None,
        more: &[("name", job.workflow), ("event", "schedule"), ("head_branch", "main"), ("conclusion", conclusion)],
        numbers: &[("workflow_run_id", job.run as i64), ("run_number", job.number as i64), ("run_attempt", 1)],
    };
    batch.add(at, |json| record(json, at, &end, random));
}
