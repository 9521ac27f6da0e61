//! Powerful consent: someone lets an application read or change all that they, or the whole organisation, have. An
//! application that the same identity consented to before is quiet.

use super::operation::Class;
use super::profile::Pair;
use super::seen::{Set, Standing};
use super::{Behaviour, Say, Scene, days, digest};
use crate::correlator::settings::Counters;
use firebreak_model::{Finding, Severity, Signal};

pub(super) fn take(pair: &mut Pair<'_>, scene: &Scene<'_>, counters: &mut Counters, out: &mut Vec<Finding>) {
    let moment = scene.moment;
    let deed = &moment.deed;
    let (Class::Consent, true, Some(scope)) = (deed.operation.class, deed.done, &deed.scope) else { return };
    let (now, settings) = (scene.now, scene.settings);
    let application = moment.parties.target.as_ref().map_or("an application without a name", |target| target.as_str());
    let Some(identity) = pair.identity() else { return };
    let what = digest(&[b"consent", application.as_bytes(), scope.as_bytes()]);
    let standing = identity.touch(Set::Operations, what, now, settings);
    if standing != Standing::New {
        return;
    }
    let raised = scene.watched_for(settings.learning_seconds);
    identity.insert(Set::Operations, what, now, raised);
    let known = days(identity.days(now));
    if !raised || !pair.may_tell(Behaviour::Consent, now, settings) {
        return;
    }
    let Some(subject) = scene.identity().cloned() else { return };
    let say = Say {
        behaviour: Behaviour::Consent,
        signal: Signal::Novelty,
        severity: Severity::Medium,
        explanation: format!(
            "`{subject}` gave `{application}` the right `{scope}` (`{}`): in {known} it never consented to that",
            deed.operation.name
        ),
        subject,
        class: None,
    };
    scene.raise(say, counters, out);
}
