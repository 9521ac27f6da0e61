//! Incidents that were over long before anybody read of them: the backlog of a first start, logs that were put in later.
//!
//! By event time it is decided, once, when the incident is opened. What could be taken then may be rotated or gone, and what is
//! live may serve others now: the plan is made and shown, and a person decides. A finding of today makes the incident one of
//! today. An exposure is of today for as long as it lasts, since it says what is live.

use super::Respond;
use super::group::{Item, loses_something};
use super::state::Incident;
use firebreak_model::{Signal, Time};

impl Respond {
    /// Why no plan of `incident` is carried out without a person; `None` where it is recent.
    pub(super) fn old_news(&self, incident: &Incident) -> Option<String> {
        let recent = self.settings.recent_seconds;
        if recent <= 0 || incident.items.iter().any(|item| self.is_live(item)) {
            return None;
        }
        let fired = incident.firing.iter().flat_map(|firing| &firing.findings);
        let fired = fired.filter_map(|id| self.state.findings.get(id)).map(|finding| finding.at);
        let findings = incident.items.iter().filter_map(|item| match item {
            Item::Finding(id) => self.state.findings.get(id),
            Item::Judgement(..) => None,
        });
        // Watching compromises nobody, and so makes nothing recent.
        let newest: Time = findings.filter(|one| one.signal != Signal::Watch).map(|one| one.at).chain(fired).max()?;
        let age = incident.opened.seconds_since(newest);
        (age > recent as f64).then(|| {
            let days = age / 86_400.0;
            format!("the newest of what led here, of {newest}, was {days:.1} days old when it was read: a person must approve")
        })
    }

    /// Whether `item` says what is live and not what happened.
    fn is_live(&self, item: &Item) -> bool {
        let Item::Judgement(environment, profile) = item else { return false };
        let judgement = self.state.judgements.get(environment).and_then(|by| by.get(profile));
        judgement.is_some_and(|judgement| loses_something(&self.known.graph, judgement))
    }
}
