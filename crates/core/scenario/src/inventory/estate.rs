//! The owner's own statement (`firebreak.estate/1`): stores with record counts, and what no scanner reads yet.

use super::{TAKEN, document};
use crate::File;
use crate::clock::At;
use crate::estate::Estate;
use crate::estate::aws::{self, CAREERS, DATA, PROD};
use crate::estate::credentials::{Cut, DATABASE_ROLES, DRIVE_SYNC, credentials, database_identity, disable_role};
use crate::estate::stores::{Store, stores};
use serde_json::{Map, Value, json};

fn cut(cut: &Cut) -> Value {
    let parameters: Map<String, Value> =
        cut.parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "action": cut.action,
        "parameters": parameters,
        "cost": cut.cost,
        "delay_seconds": cut.delay_seconds,
        "reversibility": cut.reversibility,
        "policy": "allowed",
    })
}

fn store(store: &Store) -> Value {
    let holdings: Vec<Value> = store
        .holdings
        .iter()
        .map(|holding| {
            let mut value = json!({"class": holding.class, "residency": holding.residency, "records": holding.records});
            if let (Some(bytes), Some(fields)) = (holding.bytes, value.as_object_mut()) {
                fields.insert("bytes".to_owned(), json!(bytes));
            }
            value
        })
        .collect();
    let mut value = json!({
        "resource": store.resource,
        "label": store.label,
        "crown_jewel": store.crown_jewel,
        "holdings": holdings,
        "stores_credentials": store.credentials,
    });
    // The name of a bucket does not say in which account it is.
    if let (true, Some(fields)) = (store.resource.contains(":s3:::"), value.as_object_mut()) {
        let account = if store.resource.ends_with(CAREERS) { PROD } else { DATA };
        fields.insert("account".to_owned(), json!(account));
    }
    value
}

/// The statement.
pub(super) fn file(estate: &Estate) -> File {
    let credentials: Vec<Value> = credentials(&estate.keys)
        .iter()
        .map(|credential| {
            json!({
                "credential": credential.key,
                "label": credential.label,
                "authenticates": credential.authenticates,
                "from": credential.from.map(At::iso),
                "to": credential.to.map(At::iso),
                "cut": credential.cut.as_ref().map(cut),
            })
        })
        .collect();
    let grants: Vec<Value> = estate
        .grants()
        .iter()
        .map(|(from, to, kind, actions)| json!({"from": from, "to": to, "kind": kind, "actions": actions}))
        .collect();
    let mut identities: Vec<Value> = DATABASE_ROLES
        .iter()
        .map(|role| json!({"identity": database_identity(role), "label": role, "cut": cut(&disable_role(role))}))
        .collect();
    let suspend = json!({
        "action": "webhook/request",
        "parameters": {"request": "suspend_google_user"},
        "cost": 25,
        "delay_seconds": 300,
        "reversibility": "recreate_only",
        "policy": "allowed",
    });
    identities
        .push(json!({"identity": format!("identity:person/{DRIVE_SYNC}"), "label": "drive-sync", "cut": suspend}));
    let never: Vec<String> = aws::principal(PROD, "break-glass-admin").into_iter().map(aws::Principal::key).collect();
    let person: Vec<String> = aws::principal(PROD, "platform-deployer").into_iter().map(aws::Principal::key).collect();
    let value = json!({
        "format": "firebreak.estate/1",
        "taken": TAKEN,
        "complete": true,
        "stores": stores(estate).iter().map(store).collect::<Vec<_>>(),
        "credentials": credentials,
        "grants": grants,
        "identities": identities,
        "never_cut": never,
        "needs_person": person,
    });
    document("estate.json", &value)
}
