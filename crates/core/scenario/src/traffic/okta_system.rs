//! Ordinary sign-ins: a session in the morning, applications through the day, a mistyped password now and then.

use super::within;
use crate::batch::Batch;
use crate::clock::{At, working};
use crate::estate::Estate;
use crate::people::Person;
use crate::random::Random;
use crate::write::okta_system::{Event, record};

const APPS: [&str; 6] =
    ["Google Workspace", "Slack", "GitHub Enterprise Cloud", "AWS IAM Identity Center", "Workday", "Zoom"];

/// Adds one day.
pub(crate) fn day(estate: &Estate, day: At, random: &mut Random, batch: &mut Batch) {
    for person in &estate.people {
        for hour in day.hours(24) {
            for _ in 0..random.around(6.0 * working(hour, person.offset) * estate.spec.volume()) {
                act(person, within(hour, random), random, batch);
            }
        }
    }
}

fn act(person: &Person, at: At, random: &mut Random, batch: &mut Batch) {
    let session = session(person, at);
    let base = Event {
        kind: "user.authentication.sso",
        message: "User single sign on to app",
        person,
        address: person.address(at),
        session: &session,
        failure: None,
        target: Some(("AppInstance", random.pick(&APPS))),
    };
    let event = match random.below(20) {
        0..=3 => Event { kind: "user.session.start", message: "User login to Okta", target: None, ..base },
        4..=6 => Event {
            kind: "user.authentication.auth_via_mfa",
            message: "Authentication of user via MFA",
            target: Some(("AuthenticatorEnrollment", "Okta Verify")),
            ..base
        },
        7 => Event {
            kind: "user.session.start",
            message: "User login to Okta",
            failure: Some("INVALID_CREDENTIALS"),
            target: None,
            ..base
        },
        _ => base,
    };
    batch.add(at, |json| record(json, at, &event, random));
}

/// The session of a person on the day of `at`.
pub(crate) fn session(person: &Person, at: At) -> String {
    format!("102{}", Random::of(person.number, &person.okta_id, at.seconds().div_euclid(86_400) as u64).alnum(22))
}
