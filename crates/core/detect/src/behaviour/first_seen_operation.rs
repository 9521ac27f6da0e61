//! First-seen operation: an identity does a kind of thing in a service that it never did.
//!
//! A family is a service and a class of operation (see [`super::operation`]). Families by which an intruder does lasting
//! harm (delete, grant, share, clone, secrets, settings, logs) are a novelty, the others are only for the record. Quiet
//! are families that a tenth of the same kind of identity does in peace, and identities that try something new all the
//! time. Habits take longer to learn than networks: some things are done once a week.

use super::crowd::Crowd;
use super::first_seen_agent::enough;
use super::operation::Class;
use super::profile::{Pair, Settled};
use super::seen::Set;
use super::{Behaviour, Say, Scene, days, digest};
use crate::correlator::settings::Counters;
use firebreak_model::{Finding, Severity, Signal};

pub(super) fn take(
    pair: &mut Pair<'_>,
    scene: &Scene<'_>,
    crowd: &mut Crowd,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    let operation = &scene.moment.deed.operation;
    // Tools are judged one by one, elsewhere.
    if matches!(operation.class, Class::Other | Class::Tool) || !scene.moment.deed.done {
        return;
    }
    let (now, settings) = (scene.now, scene.settings);
    let Some(why) = judge(pair, operation.family, b"operation", Set::Operations, scene, crowd, counters) else {
        return;
    };
    let Some(subject) = scene.identity().cloned() else { return };
    if !pair.may_tell(Behaviour::FirstSeenOperation, now, settings) {
        counters.suppressed += 1;
        return;
    }
    let (signal, severity) = if operation.class.weighty() {
        (Signal::Novelty, Severity::Low)
    } else {
        (Signal::Watch, Severity::Informational)
    };
    let explanation = format!(
        "`{subject}` did a {} in `{}` for the first time (`{}`): {why}",
        operation.class.word(),
        operation.service,
        operation.name
    );
    scene.raise(
        Say { behaviour: Behaviour::FirstSeenOperation, signal, severity, subject, class: None, explanation },
        counters,
        out,
    );
}

/// Whether `what` is new to the identity, and why that is worth a word.
pub(super) fn judge(
    pair: &mut Pair<'_>,
    what: u64,
    sort: &[u8],
    set: Set,
    scene: &Scene<'_>,
    crowd: &mut Crowd,
    counters: &mut Counters,
) -> Option<String> {
    let (now, settings) = (scene.now, scene.settings);
    let identity = pair.identity()?;
    let kind = identity.kind();
    let shared = || digest(&[sort, &kind.to_be_bytes(), &what.to_be_bytes()]);
    // Only the identity's own: credentials come and go.
    let mut identity = Pair { own: None, actor: Some(identity) };
    let asked = identity.ask(set, what, now, settings);
    let why = match asked.settled() {
        Settled::Home => None,
        Settled::Probation => return None,
        Settled::New => identity.answering(now, settings.habit_seconds).and_then(|profile| {
            if profile.curious(set, now, settings.habit_seconds) {
                counters.diffuse += 1;
                return None;
            }
            let users = crowd.users(shared());
            let before = profile.seen.len(set);
            (users < enough(crowd, kind, scene)).then(|| {
                format!(
                    "in {} it did {}, and {users} of {} identities of its kind do this",
                    days(profile.days(now)),
                    plural(before, "thing"),
                    crowd.size(kind)
                )
            })
        }),
    };
    identity.learn(set, what, now, why.is_some(), asked);
    if let (None, true, Some(actor)) = (&why, asked.tells_others(), scene.identity()) {
        crowd.note(shared(), actor, scene.moment.at);
    }
    why
}

/// `no other kind of thing`, `one other kind of thing`, `3 other kinds of thing`.
fn plural(count: usize, what: &str) -> String {
    match count {
        0 => format!("no other kind of {what}"),
        1 => format!("one other kind of {what}"),
        count => format!("{count} other kinds of {what}"),
    }
}
