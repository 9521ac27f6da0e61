//! A share ends.

use super::{Refused, asked_of};
use firebreak_assure::unshare::{Loses, Unshare};
use firebreak_contain::change::{Purpose, Wish};
use firebreak_model::{NodeKey, Time};

/// So many of those who used it are named in the plan.
const NAMED_MAX: usize = 20;

/// What is not known of the end of shares.
pub fn gaps(found: &Unshare) -> impl Iterator<Item = String> + '_ {
    found.open.iter().map(|share| format!("nothing known and allowed ends what `{share}` has of it"))
}

/// What is asked for; `gaps` is what is not known of it.
///
/// # Errors
/// Where nothing that is known and allowed ends a share.
pub fn wish(
    resource: &NodeKey,
    found: Unshare,
    mut gaps: Vec<String>,
    (by, at): (NodeKey, Time),
) -> Result<Wish, Refused> {
    if found.cuts.is_empty() {
        let reason = format!("nothing that is known and allowed ends a share of `{resource}`");
        return Err(Refused::new(reason, "end it on its platform"));
    }
    let users: Vec<&Loses> = found.loses.iter().filter(|one| one.events > Some(0)).collect();
    let used = (!users.is_empty()).then(|| {
        let events = users.iter().filter_map(|one| one.events).sum();
        (events, users.len() as u64, users.iter().filter_map(|one| one.last).max())
    });
    let needed =
        users.iter().take(NAMED_MAX).map(|one| format!("`{}` used it and loses it: whether it is needed", one.who));
    gaps.extend(needed);
    let actions = found.cuts.into_iter().map(|cut| asked_of(cut, used));
    Ok(Wish {
        title: format!("end the shares of {resource}"),
        purpose: Purpose::Unshare,
        subject: resource.clone(),
        by,
        at,
        actions: actions.collect::<Result<_, _>>()?,
        gaps,
        watch: None,
    })
}
