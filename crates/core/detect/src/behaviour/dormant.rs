//! Dormant awake: an identity, or one credential of it, that nobody used for a month or longer is used again.
//!
//! From where it always was it is only watched: people come back from leave, and some jobs run once a quarter. From
//! elsewhere it is a novelty, the graver the longer it slept. A rest that ended in peace before is no news.

use super::profile::{Pair, Profile};
use super::{Behaviour, Novelty, Say, Scene};
use crate::correlator::settings::Counters;
use firebreak_model::{Finding, Severity, Signal};

const DAY_MINUTES: u32 = 1_440;

pub(super) fn take(
    pair: &mut Pair<'_>,
    scene: &Scene<'_>,
    from: Novelty,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    let parties = &scene.moment.parties;
    let wakes = |profile: &mut Profile| {
        let rest = scene.now.saturating_sub(profile.last) / DAY_MINUTES;
        if !profile.used || i64::from(rest) < scene.settings.dormant_days {
            return None;
        }
        let usual = u32::from(profile.rest_days);
        profile.rest_days = profile.rest_days.max(rest.min(u32::from(u16::MAX)) as u16);
        Some((rest, usual))
    };
    let actor = pair.actor.as_deref_mut().and_then(wakes);
    let own = pair.own.as_deref_mut().and_then(wakes);
    // The identity's rest says all that its credential's would.
    let (found, subject) = if actor.is_some() { (actor, &parties.actor) } else { (own, &parties.credential) };
    let news = found.filter(|(rest, usual)| *rest > usual + usual / 4);
    let (Some((rest, usual)), Some(subject)) = (news, subject.clone()) else { return };
    if !pair.may_tell(Behaviour::Dormant, scene.now, scene.settings) {
        counters.suppressed += 1;
        return;
    }
    let (signal, severity, place) = match (from.is_strange(), rest) {
        (false, _) => (Signal::Watch, Severity::Low, "from a network that it used before"),
        (true, 0..60) => (Signal::Novelty, Severity::Low, "from a new network"),
        (true, _) => (Signal::Novelty, Severity::Medium, "from a new network"),
    };
    let before = if usual == 0 { "none before".to_owned() } else { format!("{usual} days before") };
    let explanation =
        format!("`{subject}` acted after {rest} days without use, {place}; its longest rest was {before}");
    scene.raise(
        Say { behaviour: Behaviour::Dormant, signal, severity, subject, class: None, explanation },
        counters,
        out,
    );
}
