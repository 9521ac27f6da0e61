//! Verdicts over environments, the profiles that they are judged by, and who had a thing.

use crate::api::Api;
use crate::api::call::{Answer, Call, object, tagged};
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::commands::fleet::owners::Owners;
use crate::content;
use crate::fleeting;
use crate::live::recover;
use crate::pipeline::verdicts::Verdicts;
use anyhow::Context;
use firebreak_exposure::Profile;
use firebreak_fleet::{Query, Sure, Wanted};
use firebreak_model::{Judgement, Text, Time};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many intervals and untold environments are in one answer; it says how many there are.
const LISTED_MAX: usize = 1_000;

/// The profiles that count here.
fn known_profiles(api: &Api) -> Vec<Profile> {
    content::profiles(api.world.disk.as_ref(), &api.config.exposure.profiles).0
}

/// The gravest verdict of each environment under each profile, the clear ones too, as the evidence stands. Judged once for as long
/// as evidence and profiles are the same.
pub(super) async fn judged(api: &Api) -> Result<Arc<Vec<Judgement>>, Problem> {
    let mut kept = api.judged.lock().await;
    let evidence = api.store.state("verdicts").await?.unwrap_or_default();
    let (world, directories) = (api.world.clone(), api.config.exposure.profiles.clone());
    let before = kept.clone();
    let made = tokio::task::spawn_blocking(move || -> anyhow::Result<(String, Arc<Vec<Judgement>>)> {
        let profiles = content::profiles(world.disk.as_ref(), &directories).0;
        let by = Sha256::new().chain_update(&evidence).chain_update(format!("{profiles:?}")).finalize();
        let by = hex::encode(by);
        if let Some(before) = before.filter(|(known, _)| *known == by) {
            return Ok(before);
        }
        let verdicts: Verdicts = match evidence.is_empty() {
            true => Verdicts::default(),
            false => serde_json::from_slice(&evidence).context("the memory of verdicts is damaged")?,
        };
        Ok((by, Arc::new(verdicts.all(&profiles))))
    });
    let made = made.await.map_err(|error| Problem::broken(&error.into()))??;
    *kept = Some(made.clone());
    Ok(made.1)
}

/// How many judgements there are of each verdict.
pub(super) fn counted<'a>(judged: impl IntoIterator<Item = &'a Judgement>) -> Value {
    let mut counts: BTreeMap<&str, u64> = ["exposed", "suspect", "clear", "unknown"].map(|word| (word, 0)).into();
    for judgement in judged {
        *counts.entry(judgement.verdict.word()).or_default() += 1;
    }
    json!(counts)
}

/// `GET /judgements`.
pub(in crate::api) async fn judgements(api: &Api, call: &Call) -> Answer {
    let mut judged: Vec<Judgement> = judged(api).await?.as_ref().clone();
    let wanted = |name: &str, value: &str| call.filter(name).is_none_or(|wanted| wanted == value);
    judged.retain(|one| wanted("verdict", one.verdict.word()) && wanted("profile", &one.profile));
    judged.retain(|one| wanted("environment", one.environment.as_str()));
    judged.sort_by(|one, other| {
        other
            .verdict
            .cmp(&one.verdict)
            .then_with(|| (&one.environment, &one.profile).cmp(&(&other.environment, &other.profile)))
    });
    let named = judged.iter().map(|one| (format!("{}\n{}", one.environment, one.profile), tagged("judgement", one)));
    page("judgements", named.collect(), call)
}

/// `GET /profiles`.
pub(in crate::api) async fn profiles(api: &Api, call: &Call) -> Answer {
    let judged = judged(api).await?;
    let shown = known_profiles(api).into_iter().map(|profile| {
        let under = judged.iter().filter(|one| one.profile == profile.id);
        let shown = json!({
            "profile": profile.id, "revision": profile.revision, "title": profile.title, "known": profile.known,
            "advisories": profile.advisories, "verdicts": counted(under), "kind": "profile",
        });
        (profile.id.to_string(), shown)
    });
    page("profiles", shown.collect(), call)
}

#[derive(Serialize)]
struct Had {
    kind: &'static str,
    environment: String,
    thing: String,
    from: Option<Time>,
    to: Option<Time>,
    seen: Option<Time>,
    certain: bool,
    evidence: String,
    owners: Vec<Text>,
}

#[derive(Serialize)]
struct Who {
    asked: String,
    from: Option<Time>,
    to: Option<Time>,
    environments: usize,
    intervals: usize,
    untold: usize,
    clear: u64,
    forgotten_before: Option<Time>,
    had: Vec<Had>,
    untold_environments: Vec<Value>,
}

/// `GET /exposure/who`.
pub(in crate::api) async fn who(api: &Api, call: &Call) -> Answer {
    const FORMS: &str = "ask for litellm@1.82.8, sha256:…, a commit, image:name:tag or domain:example.org";
    let asked = call.filter("what").ok_or_else(|| Problem::bad("`what` is missing", FORMS))?.to_owned();
    let what = Wanted::parse(&asked).map_err(|reason| Problem::unfit(reason.to_string(), FORMS))?;
    let (from, to) = (call.time("since")?, call.time("until")?);
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err(Problem::unfit("`since` is not before `until`".to_owned(), "name the earlier time first"));
    }
    let evidence = recover::verdicts(&api.store).await?.evidence();
    let (world, data, directories) = (api.world.clone(), api.data.clone(), api.config.inventory.paths.clone());
    let now = call.now;
    let made = tokio::task::spawn_blocking(move || -> anyhow::Result<Who> {
        let owners = Owners::read(&world, &directories);
        let views = fleeting::views(&world, Some(&data), &evidence, now, &what)?;
        let query = Query { what, from: from.unwrap_or(Time::MIN), to: to.unwrap_or(Time::MAX) };
        let fleet = fleeting::fleet(&views)?;
        let answer = fleet.who(&query)?;
        let known = |time: Time| (time != Time::MIN).then_some(time);
        let mut environments: Vec<&str> = answer.had.iter().map(|had| had.environment).collect();
        environments.dedup();
        let had = answer.had.iter().take(LISTED_MAX).map(|had| Had {
            kind: "had",
            environment: had.environment.to_owned(),
            thing: had.what().map_or_else(|| had.thing.to_owned(), |thing| thing.to_string()),
            from: known(had.from),
            to: had.to,
            seen: known(had.seen),
            certain: had.sure == Sure::Seen,
            evidence: had.evidence(),
            owners: owners.of(had.environment).to_vec(),
        });
        let untold = answer.untold.iter().take(LISTED_MAX);
        let untold = untold.map(|one| json!({"kind": "untold", "environment": one, "owners": owners.of(one)}));
        Ok(Who {
            asked,
            from,
            to,
            environments: environments.len(),
            intervals: answer.had.len(),
            untold: answer.untold.len(),
            clear: answer.clear,
            forgotten_before: answer.forgotten,
            had: had.collect(),
            untold_environments: untold.collect(),
        })
    });
    object("fleet_who", &made.await.map_err(|error| Problem::broken(&error.into()))??)
}
