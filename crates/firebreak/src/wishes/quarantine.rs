//! An app is taken out of use: everything through which it acts is cut.

use super::{Refused, asked_of};
use firebreak_assure::apps::{App, quarantine};
use firebreak_contain::change::{Purpose, Wish};
use firebreak_model::{Fact, NodeKey, Time};

/// What is asked for.
///
/// # Errors
/// Where nothing that is known and allowed cuts it.
pub fn wish(app: &App, facts: &[Fact], by: NodeKey, at: Time) -> Result<Wish, Refused> {
    let found = quarantine(facts, app, at);
    if found.cuts.is_empty() {
        let reason = format!("nothing that is known and allowed cuts `{}`", app.key);
        return Err(Refused::new(reason, "its inventory names no way; take it out of use on its platform"));
    }
    let mut gaps: Vec<String> =
        found.open.iter().map(|key| format!("nothing known cuts `{key}`, which stays")).collect();
    if app.credentials.is_empty() && app.consented.is_empty() {
        gaps.push("no inventory names a credential or a consent of it".to_owned());
    }
    let used = (app.events > 0).then_some((app.events, app.with.len() as u64, app.last));
    let actions = found.cuts.into_iter().map(|cut| asked_of(cut, used));
    Ok(Wish {
        title: format!("take {} out of use", app.key),
        purpose: Purpose::Quarantine,
        subject: app.key.clone(),
        by,
        at,
        actions: actions.collect::<Result<_, _>>()?,
        gaps,
        watch: None,
    })
}
