//! Google as its responders need it: a service account that acts as an administrator, or an access token.

use crate::context::Context;
use crate::error::ActError;
use crate::jwt;
use crate::rest::{Body, Rest};
use crate::spec::Call;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

/// `[responder.google]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A reference to an access token, where something else renews it.
    pub token: Option<String>,
    /// The service account that we act as.
    pub service_account: Option<ServiceAccount>,
    /// One address for all of Google's APIs instead of its own: a proxy.
    pub api: Option<String>,
}

/// `[responder.google.service_account]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccount {
    /// Its e-mail address.
    pub email: String,
    /// The id of its key.
    pub key_id: String,
    /// A reference to its private key, PEM.
    pub key: String,
    /// The administrator as whom it acts in Workspace, by domain-wide delegation.
    #[serde(default)]
    pub subject: Option<String>,
}

const TOKEN_SHAPE: &str = "POST {oauth}/token";
/// How a service account gets the token that we call with.
pub(crate) const TOKEN: Call = Call::reads(TOKEN_SHAPE);

/// One of Google's APIs.
#[derive(Clone, Copy)]
pub(crate) enum Api {
    /// Users of a Workspace: `admin.googleapis.com`, with the right to their accounts or to their tokens alone.
    Users,
    /// Tokens and sessions of users.
    Security,
    /// Drive.
    Drive,
    /// IAM of Google Cloud.
    Iam,
}

impl Api {
    const fn address(self) -> &'static str {
        match self {
            Api::Users | Api::Security => "https://admin.googleapis.com",
            Api::Drive => "https://www.googleapis.com",
            Api::Iam => "https://iam.googleapis.com",
        }
    }

    const fn scope(self) -> &'static str {
        match self {
            Api::Users => "https://www.googleapis.com/auth/admin.directory.user",
            Api::Security => "https://www.googleapis.com/auth/admin.directory.user.security",
            Api::Drive => "https://www.googleapis.com/auth/drive",
            Api::Iam => "https://www.googleapis.com/auth/cloud-platform",
        }
    }
}

/// `api`, with a token for it and nothing else.
pub(crate) async fn open<'a>(context: &'a Context<'a>, api: Api) -> Result<Rest<'a>, ActError> {
    let config = &context.config.google;
    let token = match (&config.service_account, &config.token) {
        (Some(account), _) => account_token(context, account, api).await?,
        (None, Some(token)) => context.secret(token)?,
        (None, None) => {
            return Err(ActError::unusable(
                "no credentials for Google",
                "add `[responder.google.service_account]`, or `token` to `[responder.google]`",
            ));
        }
    };
    let base = config.api.as_deref().unwrap_or(api.address());
    Ok(Rest::at(context, base)?.bearer(token))
}

/// A token by a signed statement (RFC 7523).
async fn account_token(context: &Context<'_>, account: &ServiceAccount, api: Api) -> Result<SecretString, ActError> {
    let now = context.now().seconds();
    let mut claims = json!({
        "iss": account.email, "scope": api.scope(), "aud": "https://oauth2.googleapis.com/token", "iat": now,
        "exp": now + 600,
    });
    // Workspace knows administrators; Cloud knows the service account itself.
    if let (Some(subject), false) = (&account.subject, matches!(api, Api::Iam)) {
        claims["sub"] = json!(subject);
    }
    let statement = jwt::signed(&claims, &context.secret(&account.key)?)?;
    let base = context.config.google.api.as_deref().unwrap_or("https://oauth2.googleapis.com");
    let rest = Rest::at(context, base)?.hushing(statement.clone());
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", secrecy::ExposeSecret::expose_secret(&statement)),
    ];
    let answer = rest.call(TOKEN_SHAPE, &[], Body::Form(&fields)).await?;
    Ok(answer.text("/access_token")?.into())
}

/// Whether `user` is the administrator as whom we act.
pub(crate) fn is_subject(context: &Context<'_>, user: &str) -> bool {
    let subject = context.config.google.service_account.as_ref().and_then(|account| account.subject.as_deref());
    subject.is_some_and(|subject| subject.eq_ignore_ascii_case(user))
}
