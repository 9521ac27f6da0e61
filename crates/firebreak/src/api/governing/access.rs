//! What identities were granted against what they used, what would be enough, and asking for it.

use super::{DAYS, leave, made};
use crate::access::made::Made;
use crate::access::{Answer as Told, Proposed, Subject};
use crate::api::Api;
use crate::api::act::by;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::live::changing::Kept;
use crate::wishes::{narrow, shown};
use firebreak_contain::change::Changes;
use firebreak_model::NodeKey;
use serde::Deserialize;
use serde_json::{Value, json};

/// So many of the actions that go are named.
const REMOVED_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Narrowed {
    identity: String,
    proposal: String,
}

/// `GET /access`.
pub(in crate::api) async fn overview(api: &Api, call: &Call) -> Answer {
    let made = made(api, call).await?;
    let proposed = || made.aws.subjects.iter().filter(|subject| subject.skipped.is_none());
    let sum = |of: fn(&Subject) -> u64| proposed().map(of).sum::<u64>();
    Ok(Reply::Object(
        200,
        json!({
            "kind": "access", "at": made.at, "since": made.since, "days": DAYS,
            "identities": made.aws.subjects.len(), "proposed": proposed().count(),
            "granted": sum(|one| one.granted), "left": sum(|one| one.left),
            "allowed": sum(|one| one.proof.allowed), "denied": sum(|one| one.proof.denied_calls),
            "unexplained": sum(|one| one.proof.unexplained),
            "before": made.before.ways(), "after": made.after.ways(), "gaps": made.gaps,
        }),
    ))
}

/// `GET /access/identities`.
pub(in crate::api) async fn identities(api: &Api, call: &Call) -> Answer {
    let (made, kept) = (made(api, call).await?, Kept::of(&api.store).await?);
    let wanted = call.filter("q").map(str::to_lowercase);
    let fits = |subject: &&Subject| {
        wanted.as_ref().is_none_or(|wanted| subject.identity.arn.to_lowercase().contains(wanted.as_str()))
    };
    let mut chosen: Vec<&Subject> = made.aws.subjects.iter().filter(fits).collect();
    // Those of whom most can go come first.
    chosen.sort_by_key(|one| (std::cmp::Reverse(one.granted.saturating_sub(one.left)), one.identity.arn.clone()));
    let item = |subject: &Subject| {
        let mut item = tagged("access_identity", &brief(&made, subject));
        item["change"] = change_of(&kept.changes, &identity(subject));
        (subject.identity.arn.to_string(), item)
    };
    page("access_identities", chosen.into_iter().map(item).collect(), call)
}

/// What a list says of one.
fn brief(made: &Made, subject: &Subject) -> Value {
    let gone = made.before.gone(&made.after, &identity(subject)).ways;
    json!({
        "identity": identity(subject), "calls": subject.usage.calls(), "last": subject.usage.last(),
        "granted": subject.granted, "left": subject.left, "idle": subject.proposal.idle, "gone": gone,
        "skipped": subject.skipped,
    })
}

/// `GET /access/identity`.
pub(in crate::api) async fn one(api: &Api, call: &Call) -> Answer {
    let (made, kept) = (made(api, call).await?, Kept::of(&api.store).await?);
    let subject = named(&made, call.filter("key").unwrap_or_default())?;
    let mut told = tagged("access_identity", &Told::of(subject, &made.before, &made.after));
    if let Value::Object(told) = &mut told {
        told.remove("files");
    }
    let removed = made.aws.removed(subject);
    let proposed = Proposed::of(&made.aws, subject);
    told["at"] = json!(made.at);
    told["days"] = json!(DAYS);
    told["removed_count"] = json!(removed.len());
    told["removed"] = json!(removed.iter().take(REMOVED_MAX).collect::<Vec<_>>());
    told["before"] = json!(proposed.as_ref().map(|one| &one.before));
    told["refused"] = json!(proposed.as_ref().and_then(|one| narrow::possible(one).err()).map(|why| why.reason));
    told["proposal"] = json!(proposed.map(|one| one.digest()));
    told["change"] = change_of(&kept.changes, &identity(subject));
    Ok(Reply::Object(200, told))
}

/// `POST /access/narrow`.
pub(in crate::api) async fn narrow(api: &Api, call: &Call) -> Answer {
    api.must_act()?;
    let Narrowed { identity, proposal } = call.wanted()?;
    let made = made(api, call).await?;
    let subject = named(&made, &identity)?;
    let Some(proposed) = Proposed::of(&made.aws, subject) else {
        let why = subject.skipped.clone().unwrap_or_default();
        return Err(Problem::conflict(
            format!("nothing is proposed for it: {why}"),
            "GET /access/identities says for whom something is",
        ));
    };
    // Nobody gets what they have not seen.
    if proposed.digest() != proposal {
        return Err(Problem::conflict(
            "the proposal is another by now".to_owned(),
            "look at it again: `proposal` of GET /access/identity names what you saw",
        ));
    }
    leave(api, call, narrow::wish(&proposed, by(call), call.now)?).await
}

fn identity(subject: &Subject) -> NodeKey {
    NodeKey::identity("aws", &subject.identity.arn)
}

fn named<'m>(made: &'m Made, text: &str) -> Result<&'m Subject, Problem> {
    let unknown = || Problem::not_found("identity of this name in an account export: what it was granted is unknown");
    made.subject(text).ok_or_else(unknown)
}

/// The last change that was asked for of `subject`; null where there was none.
pub(super) fn change_of(changes: &Changes, subject: &NodeKey) -> Value {
    let own = changes.all().filter(|change| change.wish.subject == *subject);
    own.max_by_key(|change| change.wish.at).map_or(Value::Null, |change| tagged("change_made", &shown(change)))
}
