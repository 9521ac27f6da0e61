//! Impossible travel: two uses of one identity so far apart, and so soon after each other, that nobody travels so fast.
//!
//! Where networks are comes from the operator's table; without one this is off. A VPN and a rented machine say nothing
//! about where someone is. A network that the identity is at home in is quiet: programs run in several regions, and people
//! have a telephone with an address from afar.

use super::profile::Pair;
use super::{Behaviour, Novelty, Say, Scene};
use crate::correlator::settings::Counters;
use crate::places::Place;
use firebreak_model::{Finding, Severity, Signal};
use serde::{Deserialize, Serialize};

/// Nearer places are one: tables are not exact.
const NEAR_KM: f64 = 500.0;

/// Where an identity was last.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Spot {
    degrees: (f32, f32),
    at: i64,
}

pub(super) fn take(
    pair: &mut Pair<'_>,
    scene: &Scene<'_>,
    from: Novelty,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    let (settings, moment) = (scene.settings, scene.moment);
    if settings.networks.is_empty() {
        return;
    }
    let place = moment.address.and_then(|address| settings.networks.place(address));
    let Some((place, degrees)) =
        place.filter(|place| place.tells_where()).and_then(|place| Some((place, place.degrees?)))
    else {
        return;
    };
    let Some(identity) = pair.identity() else { return };
    let before = identity.spot.replace(Box::new(Spot { degrees, at: moment.at }));
    let Some(before) = before.filter(|_| from.is_strange()) else { return };
    let km = Place::distance_km(before.degrees, degrees);
    // Clocks of two sources differ by some seconds.
    let hours = (moment.at.saturating_sub(before.at).max(60_000_000)) as f64 / 3_600e6;
    let speed = km / hours;
    if km < NEAR_KM || speed < settings.travel_kmh || !pair.may_tell(Behaviour::Travel, scene.now, settings) {
        return;
    }
    let Some(subject) = moment.parties.holder().cloned() else { return };
    let explanation = format!(
        "`{subject}` acted from {place}, {km:.0} km from where it acted {:.1} hours before: {speed:.0} km/h, where {:.0} are \
         possible",
        hours, settings.travel_kmh
    );
    let say = Say {
        behaviour: Behaviour::Travel,
        signal: Signal::Novelty,
        severity: Severity::Medium,
        subject,
        class: None,
        explanation,
    };
    scene.raise(say, counters, out);
}
