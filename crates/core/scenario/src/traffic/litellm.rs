//! Ordinary calls through the model gateway: a few services, each with a key and a network of its own.

use super::within;
use crate::batch::Batch;
use crate::clock::{At, working};
use crate::estate::Estate;
use crate::random::Random;
use crate::write::litellm::{Call, record};

/// Alias, team, address, calls a day, whether it follows people.
const CALLERS: [(&str, &str, &str, f64, bool); 5] = [
    ("talent-api", "product", "10.40.1.12", 150.0, true),
    ("interviewer", "product", "10.40.1.19", 120.0, true),
    ("resume-parser", "product", "10.40.1.33", 60.0, false),
    ("etl-labels", "data", "10.40.6.22", 40.0, false),
    ("eval-nightly", "research", "10.40.9.40", 30.0, false),
];
const MODELS: [(&str, &str); 4] =
    [("gpt-5.2", "openai"), ("claude-sonnet-5", "anthropic"), ("gpt-5.2-mini", "openai"), ("gemini-3-flash", "gemini")];

/// The hash of the key with this alias.
fn key(estate: &Estate, alias: &str) -> String {
    if alias == "eval-nightly" {
        return estate.keys.gateway_eval.clone();
    }
    Random::of(estate.spec.seed, alias, 9).hex(64)
}

/// Adds one day.
pub(crate) fn day(estate: &Estate, day: At, random: &mut Random, batch: &mut Batch) {
    for (alias, team, address, calls, with_people) in CALLERS {
        let key = key(estate, alias);
        for hour in day.hours(24) {
            // The evaluations call for one hour, the others all day.
            let share = match (alias, with_people) {
                ("eval-nightly", _) => f64::from(u8::from(hour.hour_of_day() == 11)),
                (_, true) => working(hour, -5),
                (_, false) => 1.0 / 24.0,
            };
            for _ in 0..random.around(calls * share * estate.spec.volume()) {
                let at = within(hour, random);
                let (model, provider) =
                    MODELS.get(random.below(MODELS.len() as u64) as usize).copied().unwrap_or(("gpt-5.2", "openai"));
                let call = Call {
                    key: &key,
                    alias,
                    team,
                    model,
                    provider,
                    address,
                    prompt_tokens: 200 + random.below(6_000),
                    completion_tokens: 20 + random.below(900),
                    failed: random.chance(0.01),
                };
                batch.add(at, |json| record(json, at, &call, random));
            }
        }
    }
}
