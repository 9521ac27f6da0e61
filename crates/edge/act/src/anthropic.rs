//! Anthropic's administration API as its responders need it.

use crate::context::Context;
use crate::error::ActError;
use crate::rest::Rest;
use secrecy::ExposeSecret;
use serde::Deserialize;

/// `[responder.anthropic]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A reference to an admin key of the organisation.
    pub admin_key: Option<String>,
    /// The id of the user who made that key, who is never signed out.
    pub own_user: Option<String>,
    /// Another address than Anthropic's own.
    pub api: Option<String>,
}

/// The API with our admin key.
pub(crate) fn open<'a>(context: &'a Context<'a>) -> Result<Rest<'a>, ActError> {
    let config = &context.config.anthropic;
    let base = config.api.as_deref().unwrap_or("https://api.anthropic.com");
    let rest = Rest::at(context, base)?.header("anthropic-version", "2023-06-01");
    Ok(rest.secret("x-api-key", "", context.secret(reference(context)?)?))
}

fn reference<'a>(context: &Context<'a>) -> Result<&'a str, ActError> {
    context.config.anthropic.admin_key.as_deref().ok_or_else(|| {
        ActError::unusable(
            "no admin key for Anthropic",
            "add `[responder.anthropic]` with `admin_key`, a reference to it",
        )
    })
}

/// Whether our key looks like `hint`, `sk-ant-admin…wxyz`: its beginning and its end.
pub(crate) fn looks_like_ours(context: &Context<'_>, hint: &str) -> Result<bool, ActError> {
    let key = context.secret(reference(context)?)?;
    let (start, end) = hint.split_once("...").unwrap_or((hint, ""));
    Ok(!hint.is_empty() && key.expose_secret().starts_with(start) && key.expose_secret().ends_with(end))
}
