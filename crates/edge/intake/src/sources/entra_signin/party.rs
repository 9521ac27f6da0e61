//! Who acted, on what, and which credential was made.

use super::{Fields, Kind};
use crate::json;
use crate::mapping::person;
use firebreak_model::{Json, NodeKey};

/// A person by user principal name, an application by object id.
pub(super) fn actor(fields: &Fields<'_>, kind: Kind) -> Option<NodeKey> {
    if kind == Kind::Audit {
        return initiator(fields).and_then(user_key).or_else(|| application(fields)).or_else(|| manager(fields));
    }
    let name = fields.text(&["userPrincipalName", "UserPrincipalName"]);
    person(name).or_else(|| {
        let id = fields.text(&["servicePrincipalId", "ServicePrincipalId", "userId", "UserId"]).or(name)?;
        Some(NodeKey::identity("azure", &id.to_ascii_lowercase()))
    })
}

/// The person who initiated a change.
pub(super) fn initiator<'e>(fields: &Fields<'e>) -> Option<&'e Json> {
    let by = fields.at(&["initiatedBy", "InitiatedBy"])?;
    json::at(by, &["user"]).filter(|user| json::is_object(user))
}

fn user_key(user: &Json) -> Option<NodeKey> {
    person(json::text(user, &["userPrincipalName"])).or_else(|| id(user, &["id", "userPrincipalName"]))
}

fn application(fields: &Fields<'_>) -> Option<NodeKey> {
    let by = fields.at(&["initiatedBy", "InitiatedBy"])?;
    let app = json::at(by, &["app"])?;
    id(app, &["servicePrincipalId", "appId", "displayName"])
}

/// Who changed something in Intune, which writes audits of its own form.
fn manager(fields: &Fields<'_>) -> Option<NodeKey> {
    let actor = fields.at(&["Actor"])?;
    person(json::text(actor, &["UPN"])).or_else(|| id(actor, &["ObjectId", "Application"]))
}

fn id(party: &Json, names: &[&str]) -> Option<NodeKey> {
    let id = names.iter().find_map(|name| json::text(party, &[name]))?;
    Some(NodeKey::identity("azure", &id.to_ascii_lowercase()))
}

/// A sign-in is to an application; a change is to the first of its targets.
pub(super) fn target(fields: &Fields<'_>, kind: Kind) -> Option<NodeKey> {
    match kind {
        Kind::SignIn => {
            let names = ["resourceIdentity", "resourceId", "ResourceId", "ResourceIdentity"];
            let id = fields.inner.and_then(|inner| names.iter().find_map(|name| json::text(inner, &[name])));
            let id = id.or_else(|| names.iter().find_map(|name| json::text(fields.outer, &[name])));
            let id = id.filter(|id| !id.contains('/')).or_else(|| fields.text(&["resourceDisplayName"]))?;
            Some(NodeKey::resource("azure", &id.to_ascii_lowercase()))
        }
        Kind::Audit => first(fields).and_then(changed).or_else(|| managed(fields)),
        Kind::Risk | Kind::Privileged => actor(fields, kind),
    }
}

/// The device, script or app that a change in Intune is about.
fn managed(fields: &Fields<'_>) -> Option<NodeKey> {
    let id = json::first(fields.at(&["TargetObjectIds"])?, &[])?;
    Some(NodeKey::resource("azure", &id.to_ascii_lowercase()))
}

fn first<'e>(fields: &Fields<'e>) -> Option<&'e Json> {
    let targets = fields.at(&["targetResources", "TargetResources"])?;
    json::list(targets, &[]).first()
}

fn changed(target: &Json) -> Option<NodeKey> {
    let kind = json::text(target, &["type"]).unwrap_or_default().to_ascii_lowercase();
    let id = json::text(target, &["id"]).or_else(|| json::text(target, &["displayName"]))?.to_ascii_lowercase();
    match kind.as_str() {
        "user" => user_key(target),
        "application" | "serviceprincipal" => Some(NodeKey::identity("azure", &id)),
        "group" => Some(NodeKey::group("azure", &id)),
        _ => Some(NodeKey::resource("azure", &id)),
    }
}

/// The id of the secret or certificate that a change added to an application: the one that is in the new value of
/// `KeyDescription` and not in the old.
pub(super) fn minted(fields: &Fields<'_>) -> Option<NodeKey> {
    let properties = json::list(first(fields)?, &["modifiedProperties"]);
    let named = |property: &&Json| json::text(property, &["displayName"]) == Some("KeyDescription");
    let property = properties.iter().find(named)?;
    let old = json::text(property, &["oldValue"]).unwrap_or_default();
    let new = json::text(property, &["newValue"])?;
    let mut ids = new.split("KeyIdentifier=").skip(1).filter_map(|rest| rest.split([',', ']']).next());
    let id = ids.find(|id| !id.is_empty() && !old.contains(id))?;
    Some(NodeKey::credential("azure", id))
}
