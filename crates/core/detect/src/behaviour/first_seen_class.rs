//! First-seen class: an identity reads a kind of data that it never read. What lies where comes from the catalogue; what
//! lies in no catalogued place has no class. The rules are those of [`super::first_seen_operation`].

use super::crowd::Crowd;
use super::first_seen_operation::judge;
use super::profile::Pair;
use super::seen::Set;
use super::{Behaviour, Say, Scene, digest};
use crate::correlator::settings::Counters;
use firebreak_model::{Finding, Severity, Signal};

pub(super) fn take(
    pair: &mut Pair<'_>,
    scene: &Scene<'_>,
    crowd: &mut Crowd,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    let moment = scene.moment;
    let takes = moment.deed.operation.class.takes_data() || moment.bytes > 0 || moment.records > 0;
    let (true, true, Some(target)) = (takes, moment.deed.done, &moment.parties.target) else { return };
    let mut told = None;
    for class in scene.classes() {
        let what = digest(&[class.word().as_bytes()]);
        let Some(why) = judge(pair, what, b"class", Set::Classes, scene, crowd, counters) else { continue };
        let Some(subject) = scene.identity().cloned() else { continue };
        let may = *told.get_or_insert_with(|| pair.may_tell(Behaviour::FirstSeenClass, scene.now, scene.settings));
        if !may {
            counters.suppressed += 1;
            continue;
        }
        let say = Say {
            behaviour: Behaviour::FirstSeenClass,
            signal: Signal::Novelty,
            severity: Severity::Low,
            explanation: format!("`{subject}` read `{class}` for the first time (in `{target}`): {}", data(&why)),
            subject,
            class: Some(class.clone()),
        };
        scene.raise(say, counters, out);
    }
}

/// The same reason in words of data.
fn data(why: &str) -> String {
    why.replace(" it did ", " it read ").replace(" of thing", " of data").replace("do this", "read it")
}
