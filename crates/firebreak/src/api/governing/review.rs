//! What is due for a look by its owner, and what people say of it.

use super::made;
use crate::api::Api;
use crate::api::access::digest;
use crate::api::act::{ask, asked, by, reason};
use crate::api::call::{Answer, Call, tagged};
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::live::Request;
use crate::live::changing::Kept;
use crate::store::ANSWER;
use firebreak_assure::grants::{grants, silent_credentials};
use firebreak_assure::review::{Answer as Said, Word, about, due};
use firebreak_model::{Text, Time};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    item: String,
    keep_until: Option<Time>,
    #[serde(default)]
    remove: bool,
    #[serde(default)]
    ask_owner: bool,
    because: String,
}

/// `GET /review`.
pub(in crate::api) async fn list(api: &Api, call: &Call) -> Answer {
    let (made, kept) = (made(api, call).await?, Kept::of(&api.store).await?);
    let items = tokio::task::spawn_blocking(move || {
        let (facts, at, doings) = (&made.facts, made.at, &made.doings);
        let (grants, silent) = (grants(facts, at, doings), silent_credentials(facts, at, doings));
        due(facts, (&grants, &silent), doings, &kept.answers, at)
    });
    let items = items.await.map_err(|error| Problem::broken(&error.into()))?;
    let wanted = call.filter("sort");
    let items = items.iter().filter(|item| wanted.is_none_or(|wanted| item.sort.word() == wanted));
    page("review", items.map(|item| (item.item.to_string(), tagged("review_item", item))).collect(), call)
}

/// `GET /review/answers`.
pub(in crate::api) async fn answers(api: &Api, call: &Call) -> Answer {
    let kept = Kept::of(&api.store).await?;
    let wanted = call.filter("item");
    let given = kept.answers.all().iter().filter(|answer| wanted.is_none_or(|wanted| *answer.item == *wanted));
    let mut given: Vec<&Said> = given.collect();
    given.sort_by_key(|answer| (std::cmp::Reverse(answer.at), answer.item.clone()));
    let named = |answer: &&Said| {
        let told = tagged("answer", answer);
        (digest(&told.to_string()), told)
    };
    page("answers", given.iter().map(named).collect(), call)
}

/// `POST /review`.
pub(in crate::api) async fn answer(api: &Api, call: &Call) -> Answer {
    let Answered { item, keep_until, remove, ask_owner, because } = call.wanted()?;
    let because = reason(&because)?;
    let hint = "write `item` as GET /review lists it";
    let about = about(&item).ok_or_else(|| Problem::unfit("it is no item of a review".to_owned(), hint))?;
    let word = match (keep_until, remove, ask_owner) {
        (Some(until), false, false) if until <= call.now => {
            return Err(Problem::unfit(format!("{until} is over"), "an answer must end in the future"));
        }
        (Some(until), false, false) => Word::Keep { until },
        (None, true, false) => Word::Remove,
        (None, false, true) => Word::AskOwner,
        _ => {
            return Err(Problem::unfit(
                "it wants one answer".to_owned(),
                "say one of `keep_until`, `remove`, `ask_owner`",
            ));
        }
    };
    let answer = Said { item: Text::new(&item), about, word, by: by(call), at: call.now, because };
    ask(api, call, ANSWER, &Request::Answer(answer.clone())).await?;
    asked("answer", &answer)
}
