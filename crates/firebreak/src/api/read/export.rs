//! All that is known of one incident in one document, for an auditor: what was found and judged, what was planned, approved and
//! done, what people wrote, and the entries of the ledger that name it, each with its proof.

use super::{incidents, ledger, plans};
use crate::api::Api;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::notes;
use crate::api::problem::Problem;
use serde_json::{Value, json};

/// `GET /incidents/{id}/export`.
pub(in crate::api) async fn export(api: &Api, call: &Call) -> Answer {
    let incident = incidents::named(api, call).await?;
    let items = incidents::members(api, call).await?;
    let judged = incidents::judgements_of(api, &items).await?;
    let mut names = vec![incident.id.to_string()];
    names.extend(incident.joined.iter().map(ToString::to_string));
    let mut told: Vec<Value> = Vec::new();
    for stored in plans::of_incident(api, call.at("id")).await? {
        told.push(plans::whole(api, &stored).await?);
        names.push(stored.id);
    }
    let notes: Vec<Value> = notes::of(api, &incident).await?.iter().map(|note| tagged("note", note)).collect();
    let (entries, more) = ledger::naming(api, &names)?;
    let document = json!({
        "kind": "incident_export",
        "at": call.now,
        "incident": incidents::shown(api, &incident),
        "findings": incidents::findings_of(api, &items).await?,
        "judgements": judged.iter().map(|one| tagged("judgement", one)).collect::<Vec<_>>(),
        "plans": told,
        "notes": notes,
        "timeline": incidents::moments(api, call).await?,
        "ledger": {"entries": entries, "more": more},
    });
    let bytes = serde_json::to_vec_pretty(&document).map_err(Problem::from)?;
    Ok(Reply::Document("application/json", "incident.json", bytes))
}
