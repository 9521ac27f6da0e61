//! Ordinary installs on hosts, each with the version that came; and the one that asked for litellm and recorded none.

use crate::batch::Batch;
use crate::clock::{At, DAY, working};
use crate::estate::Estate;
use crate::estate::environments::{UNWATCHED, laptop};
use crate::random::Random;
use crate::write::package_install::{Install, record};

const INSTALLED: [(&str, &str, &str); 10] = [
    ("pip", "PyPI", "requests==2.32.5"),
    ("pip", "PyPI", "pandas==3.0.1"),
    ("uv", "PyPI", "httpx==0.28.1"),
    ("uv", "PyPI", "pydantic==2.12.5"),
    ("npm", "npm", "vite@7.3.1"),
    ("npm", "npm", "typescript@5.9.3"),
    ("pip", "PyPI", "numpy==2.4.2"),
    ("uv", "PyPI", "tqdm==4.67.3"),
    ("npm", "npm", "eslint@9.39.2"),
    ("pip", "PyPI", "jinja2==3.1.6"),
];

/// The instant at which the unwatched laptop asked for litellm: after the registry's own quarantine, before the deletion.
pub(crate) const UNWATCHED_AT: At = At::civil(2026, 3, 24, 13, 20, 12);

/// Adds one day.
pub(crate) fn day(estate: &Estate, day: At, random: &mut Random, batch: &mut Batch) {
    for person in estate.technical() {
        let host = laptop(person);
        for hour in day.hours(24) {
            // The unwatched laptop is new on the day of the attack: nothing else is known of it.
            let wanted = if person.given == UNWATCHED { 0.0 } else { 2.0 * working(hour, person.offset) };
            for _ in 0..random.around(wanted * estate.spec.volume()) {
                let at = super::within(hour, random);
                let picked = INSTALLED.get(random.below(INSTALLED.len() as u64) as usize);
                let Some((executable, ecosystem, target)) = picked.copied() else { continue };
                let install = Install { host: &host, user: &person.email, executable, ecosystem, targets: &[target] };
                batch.add(at, |json| record(json, at, &install));
            }
        }
    }
    let unwatched = estate.people.iter().find(|person| person.given == UNWATCHED);
    if let Some(person) = unwatched.filter(|_| UNWATCHED_AT >= day && UNWATCHED_AT < day.plus(DAY)) {
        let (host, user) = (laptop(person), person.email.as_str());
        let install = Install { host: &host, user, executable: "pip", ecosystem: "PyPI", targets: &["litellm"] };
        batch.add(UNWATCHED_AT, |json| record(json, UNWATCHED_AT, &install));
    }
}
