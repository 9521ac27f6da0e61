//! Log tampering: someone stops, deletes or narrows what a system records of itself.
//!
//! Who does so as a matter of routine (the program that sets up accounts) is quiet once that is known. For anyone else it
//! is worth a look at once; if the same identity is somewhere new or something new, it is a tripwire.

use super::operation::Class;
use super::profile::Pair;
use super::seen::{Set, Standing};
use super::{Behaviour, Novelty, Say, Scene, days};
use crate::correlator::settings::Counters;
use firebreak_model::{Finding, Severity, Signal};

pub(super) fn take(
    pair: &mut Pair<'_>,
    scene: &Scene<'_>,
    from: Novelty,
    by: Novelty,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    let operation = &scene.moment.deed.operation;
    if operation.class != Class::TamperLog || !scene.moment.deed.done {
        return;
    }
    let (now, settings) = (scene.now, scene.settings);
    let Some(identity) = pair.identity() else { return };
    // Its family was noted a moment ago as an operation; this is kept apart, since it is routine only where it never was raised.
    let what = operation.family ^ 1;
    let routine =
        matches!(identity.touch(Set::Operations, what, now, settings), Standing::Known | Standing::KnownAgain);
    let learning = !identity.known_for(now, settings.habit_seconds) || !scene.watched_for(settings.habit_seconds);
    let known = days(identity.days(now));
    if !routine {
        identity.insert(Set::Operations, what, now, !learning);
    }
    let strange = from.is_strange() || by.is_strange();
    if routine && !strange || !pair.may_tell(Behaviour::LogTampering, now, settings) {
        return;
    }
    let (signal, severity, place) = match (strange, learning) {
        (true, _) => (Signal::Tripwire, Severity::High, "from a network or by a client that is new to it"),
        (false, false) => (Signal::Watch, Severity::Medium, "from where it always is"),
        (false, true) => (Signal::Watch, Severity::Low, "while its habits are being learnt"),
    };
    let Some(subject) = scene.moment.parties.holder().cloned() else { return };
    let before = if routine { "it has done so before" } else { "it never did so before" };
    let explanation =
        format!("`{subject}` did `{}`, by which less is recorded, {place}: in {known} {before}", operation.name);
    scene.raise(
        Say { behaviour: Behaviour::LogTampering, signal, severity, subject, class: None, explanation },
        counters,
        out,
    );
}
