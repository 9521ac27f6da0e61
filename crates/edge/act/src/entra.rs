//! Microsoft Entra as its responders need it: Microsoft Graph, as an application of the tenant.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Answer, Body, Rest, client_token};
use crate::spec::Call;
use firebreak_model::Action;
use secrecy::ExposeSecret;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[responder.entra]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By the tenant's id.
    pub tenants: BTreeMap<String, Tenant>,
}

/// `[responder.entra.tenants.<id>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The application that we act as: its client id.
    pub client_id: String,
    /// A reference to its secret.
    pub client_secret: String,
    /// Another address than `https://graph.microsoft.com`, for a national cloud.
    #[serde(default)]
    pub graph: Option<String>,
    /// Another address than `https://login.microsoftonline.com`.
    #[serde(default)]
    pub login: Option<String>,
}

const TOKEN_SHAPE: &str = "POST {login}/{tenant}/oauth2/v2.0/token";
/// How we get the token that we call with.
pub(crate) const TOKEN: Call = Call::reads(TOKEN_SHAPE);

/// The tenant in the action's parameter `tenant`.
pub(crate) fn tenant<'a>(context: &Context<'a>, action: &'a Action) -> Result<(&'a str, &'a Tenant), ActError> {
    let id = parameter(action, "tenant")?;
    let found = context.config.entra.tenants.get(id).ok_or_else(|| {
        ActError::unusable(
            format!("no application in the Entra tenant `{id}`"),
            format!("add `[responder.entra.tenants.\"{id}\"]` with `client_id` and `client_secret`"),
        )
    })?;
    Ok((id, found))
}

/// One call of Graph.
pub(crate) async fn call(
    context: &Context<'_>,
    action: &Action,
    shape: &str,
    fill: &[&str],
    body: Body<'_>,
) -> Result<Answer, ActError> {
    let (id, tenant) = tenant(context, action)?;
    let graph = tenant.graph.as_deref().unwrap_or("https://graph.microsoft.com");
    let login = tenant.login.as_deref().unwrap_or("https://login.microsoftonline.com");
    let secret = context.secret(&tenant.client_secret)?;
    let scope = format!("{}/.default", graph.trim_end_matches('/'));
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", tenant.client_id.as_str()),
        ("client_secret", secret.expose_secret()),
        ("scope", scope.as_str()),
    ];
    let token = client_token(context, login, TOKEN_SHAPE, &[id], &fields, secret.clone()).await?;
    Rest::at(context, graph)?.bearer(token).call(shape, fill, body).await
}
