//! Mutes: what detectors find that needs nobody for a while. Asking for one leaves the request of `firebreak mute`.

use super::Api;
use super::act::{ask, asked, by};
use super::call::{Answer, Call, tagged};
use super::page::page;
use super::problem::Problem;
use crate::live::Request;
use crate::muting::{Muted, lasting};
use crate::store::{MUTE, UNMUTE};
use firebreak_contain::Mute;
use firebreak_model::{NodeKey, Text, Time};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    detector: String,
    about: Option<String>,
    until: String,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// `GET /mutes`.
pub(crate) async fn list(api: &Api, call: &Call) -> Answer {
    let mutes = lasting(&api.store, call.now).await?;
    page("mutes", mutes.iter().map(|one| (one.id.clone(), tagged("mute", one))).collect(), call)
}

/// `POST /mutes`.
pub(crate) async fn mute(api: &Api, call: &Call) -> Answer {
    let Wanted { detector, about, until, because } = call.wanted()?;
    let about = about.map(|key| {
        let hint = "write it as findings do: `credential:aws/AKIA...`";
        NodeKey::parse(&key).ok_or_else(|| Problem::bad(format!("`{key}` is no key"), hint))
    });
    let until = Time::parse(&until).ok_or_else(|| Problem::bad("`until` is no time", "write 2026-03-24T10:00:00Z"))?;
    let (detector, because) = (Text::new(detector), because.trim().to_owned());
    let mute = Mute { detector, about: about.transpose()?, until, by: by(call), at: call.now, because };
    let known = &api.detectors().await?.mutable;
    known.allow(&mute, call.now).map_err(|(why, hint)| Problem::unfit(why, &hint))?;
    ask(api, call, MUTE, &Request::Mute(mute.clone())).await?;
    asked("mute", &Muted { id: mute.id().as_str().to_owned(), mute, held_back: 0 })
}

/// `POST /mutes/{id}/end`.
pub(crate) async fn unmute(api: &Api, call: &Call) -> Answer {
    let Nothing {} = call.wanted()?;
    let mutes = lasting(&api.store, call.now).await?;
    let named = mutes.into_iter().find(|one| one.id == call.at("id"));
    let named = named.ok_or_else(|| Problem::not_found("mute of this id that lasts"))?;
    let request = Request::Unmute { mute: named.mute.id(), by: by(call) };
    ask(api, call, UNMUTE, &request).await?;
    asked("unmute", &request)
}
