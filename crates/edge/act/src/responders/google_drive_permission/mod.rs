//! Deletes one permission on a file, folder or shared drive; its undo grants the same again, without a message to anyone.
//!
//! Google loses all but the last of several changes that are made to one file at the same time, so that one step at a time
//! works on a file here. Changes by others are not ours to hold back.

use crate::context::Context;
use crate::error::ActError;
use crate::google::{self, Api};
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::Value;

const LIST: &str =
    "GET {google}/drive/v3/files/{fileId}/permissions?fields&pageSize&supportsAllDrives&useDomainAdminAccess";
const DELETE: &str =
    "DELETE {google}/drive/v3/files/{fileId}/permissions/{permissionId}?supportsAllDrives&useDomainAdminAccess";
const CREATE: &str =
    "POST {google}/drive/v3/files/{fileId}/permissions?sendNotificationEmail&supportsAllDrives&useDomainAdminAccess";

static SPEC: ActionSpec = ActionSpec {
    name: "google_drive_permission",
    verb: "delete",
    targets: &["resource:google/"],
    title: "Delete a permission on a Drive file",
    level: Level::ContractTested,
    reversibility: Reversibility::RecreateOnly,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[google::TOKEN, Call::reads(LIST), Call::changes(DELETE), Call::changes(CREATE)],
    permissions: &[Permission {
        action: "https://www.googleapis.com/auth/drive",
        resource: "the Workspace, as an administrator",
        purpose: "read, delete and grant permissions on files",
    }],
    rate_class: RateClass::Google,
    blast_radius: "whoever opened the file by this permission",
};

/// Deletes permissions.
#[derive(Debug)]
pub struct GoogleDrivePermission;

/// The responder.
pub static RESPONDER: GoogleDrivePermission = GoogleDrivePermission;

/// Administrators reach shared drives as such; files in people's own drives are reached as their owner.
fn admin(action: &Action) -> &'static str {
    if action.parameters.get("shared_drive").is_some_and(|shared| shared == "true") { "true" } else { "false" }
}

async fn permissions(context: &Context<'_>, action: &Action) -> Result<Vec<Value>, ActError> {
    let google = google::open(context, Api::Drive).await?;
    let fields = "permissions(id,type,role,emailAddress,domain,allowFileDiscovery)";
    let fill = [parameter(action, "file")?, fields, "100", "true", admin(action)];
    Ok(google.call(LIST, &fill, Body::None).await?.list("/permissions")?.to_vec())
}

/// What grants the same again: the permission without its id.
fn grant(permission: &Value) -> Value {
    let mut grant = permission.clone();
    if let Some(fields) = grant.as_object_mut() {
        fields.retain(|name, _| {
            matches!(name.as_str(), "type" | "role" | "emailAddress" | "domain" | "allowFileDiscovery")
        });
    }
    grant
}

/// Whether `permission` is the one that the action names: by its id, or by the address to which it was given, which is all that
/// an audit record tells.
fn is_meant(action: &Action, permission: &Value) -> Result<bool, ActError> {
    match (action.parameters.get("permission"), action.parameters.get("email")) {
        (None, Some(email)) => {
            Ok(permission["emailAddress"].as_str().is_some_and(|address| address.eq_ignore_ascii_case(email)))
        }
        _ => Ok(permission["id"] == parameter(action, "permission")?),
    }
}

#[async_trait]
impl Setting for GoogleDrivePermission {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let mut found = None;
        for one in permissions(context, action).await? {
            if is_meant(action, &one)? {
                found = Some(one);
                break;
            }
        }
        Ok(match found {
            Some(one) => Reading::new(grant(&one), false, "the file has the permission"),
            None => Reading::new(Value::Null, true, "the file has no such permission"),
        })
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let file = parameter(action, "file")?;
        let _alone = context.alone(&format!("drive/{file}")).await;
        let google = google::open(context, Api::Drive).await?;
        let id = match action.parameters.contains_key("permission") {
            true => parameter(action, "permission")?.to_owned(),
            false => {
                let mut ids = Vec::new();
                for one in permissions(context, action).await? {
                    if is_meant(action, &one)? {
                        ids.extend(one["id"].as_str().map(str::to_owned));
                    }
                }
                match ids.into_iter().next() {
                    Some(id) => id,
                    None => return Ok(()),
                }
            }
        };
        gone_is_done(google.call(DELETE, &[file, &id, "true", admin(action)], Body::None).await)
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        let file = parameter(action, "file")?;
        let _alone = context.alone(&format!("drive/{file}")).await;
        if self.is_back(context, action, before).await? {
            return Ok(());
        }
        let google = google::open(context, Api::Drive).await?;
        google.call(CREATE, &[file, "false", "true", admin(action)], Body::Json(before)).await.map(|_| ())
    }

    async fn is_back(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<bool, ActError> {
        Ok(permissions(context, action).await?.iter().any(|one| grant(one) == *before))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        // Who we act as may lose a permission and still administer: only the file that our own key were in would matter.
        Ok(google::is_subject(
            context,
            &action.parameters.get("email").map(|email| email.to_string()).unwrap_or_default(),
        ))
    }

    fn unseen(&self) -> &'static str {
        "nobody opens the file as the other side to try it; copies and downloads stay theirs"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{NodeKey, Text};
    use serde_json::json;
    use std::collections::BTreeMap;

    fn action(parameters: &[(&str, &str)]) -> Action {
        Action {
            name: Text::new("google_drive_permission/delete"),
            target: NodeKey::resource("google", "link/f/user"),
            parameters: parameters
                .iter()
                .map(|(name, value)| (Text::new(name), Text::new(value)))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn a_permission_is_meant_by_its_id_and_by_its_address_only_where_no_id_is_named() {
        let one = json!({"id": "p1", "emailAddress": "X@outside.example"});
        let meant = |parameters: &[(&str, &str)]| is_meant(&action(parameters), &one).ok();
        assert_eq!(meant(&[("permission", "p1")]), Some(true));
        assert_eq!(meant(&[("permission", "p2"), ("email", "x@outside.example")]), Some(false));
        assert_eq!(meant(&[("email", "x@outside.example")]), Some(true));
        assert_eq!(meant(&[("email", "y@outside.example")]), Some(false));
        assert_eq!(meant(&[]), None, "an action that names neither is no action");
    }

    #[test]
    fn a_link_has_no_address_and_is_nobodys() {
        let link = json!({"id": "anyoneWithLink", "type": "anyone"});
        assert_eq!(is_meant(&action(&[("email", "x@outside.example")]), &link).ok(), Some(false));
    }
}
