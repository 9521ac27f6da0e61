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

#[async_trait]
impl Setting for GoogleDrivePermission {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let id = parameter(action, "permission")?;
        let found = permissions(context, action).await?.into_iter().find(|one| one["id"] == id);
        Ok(match found {
            Some(one) => Reading::new(grant(&one), false, "the file has the permission"),
            None => Reading::new(Value::Null, true, "the file has no such permission"),
        })
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let (file, id) = (parameter(action, "file")?, parameter(action, "permission")?);
        let _alone = context.alone(&format!("drive/{file}")).await;
        let google = google::open(context, Api::Drive).await?;
        gone_is_done(google.call(DELETE, &[file, id, "true", admin(action)], Body::None).await)
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
