//! Okta as its responders need it: which organisation, with which API token.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Answer, Body, Rest};
use firebreak_model::Action;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[responder.okta]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By the organisation's host: `meridian.okta.com`.
    pub orgs: BTreeMap<String, Organization>,
}

/// `[responder.okta.orgs."<host>"]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// A reference to the token.
    pub token: String,
    /// `SSWS` for an API token, which is what Okta calls it, or `Bearer` for an OAuth access token.
    #[serde(default = "default_scheme")]
    pub scheme: String,
    /// The id of the service app or of the user that the token is of: never suspended, never deactivated.
    #[serde(default)]
    pub own: Option<String>,
    /// Another address than `https://<host>`.
    #[serde(default)]
    pub api: Option<String>,
}

fn default_scheme() -> String {
    "SSWS".to_owned()
}

/// The organisation in the action's parameter `org`.
fn settings<'a>(context: &Context<'a>, action: &'a Action) -> Result<(&'a str, &'a Organization), ActError> {
    let host = parameter(action, "org")?;
    let found = context.config.okta.orgs.get(host).ok_or_else(|| {
        ActError::unusable(
            format!("no token for the Okta organisation `{host}`"),
            format!("add `[responder.okta.orgs.\"{host}\"]` with `token`"),
        )
    })?;
    Ok((host, found))
}

/// One call, filled with the action's parameters `names` and then with `more`.
pub(crate) async fn call(
    context: &Context<'_>,
    action: &Action,
    shape: &str,
    names: &[&str],
    more: &[&str],
) -> Result<Answer, ActError> {
    let (host, settings) = settings(context, action)?;
    let base = settings.api.clone().unwrap_or_else(|| format!("https://{host}"));
    let token = context.secret(&settings.token)?;
    let rest = Rest::at(context, &base)?.secret("authorization", &format!("{} ", settings.scheme), token);
    let mut fill = names.iter().map(|name| parameter(action, name)).collect::<Result<Vec<_>, _>>()?;
    fill.extend_from_slice(more);
    rest.call(shape, &fill, Body::None).await
}

/// Whether the parameter `name` is the app or user that our token is of.
pub(crate) fn is_ours(context: &Context<'_>, action: &Action, name: &str) -> Result<bool, ActError> {
    let own = settings(context, action)?.1.own.as_deref();
    Ok(own == Some(parameter(action, name)?))
}
