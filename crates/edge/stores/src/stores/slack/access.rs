//! Which workspace is read, and with which token.

use crate::calls::{is_id, is_origin};
use firebreak_world::{Secrets, SecretsError};
use secrecy::SecretString;
use thiserror::Error;

/// Where Slack answers.
const SLACK: &str = "https://slack.com";
/// Where it keeps files.
const FILES: &str = "https://files.slack.com";

/// Why a workspace cannot be asked for.
#[derive(Debug, Error)]
pub enum SlackError {
    /// It names no workspace.
    #[error(
        "it is not the address of a workspace\nhint: write slack:// and the workspace's id, such as slack://T024BE7LD"
    )]
    Form,
    /// Its endpoint is no address, or does not keep secret what is sent there.
    #[error("`{0}` is not an endpoint\nhint: write https://host, or http:// for this machine")]
    Endpoint(String),
    /// The token is not there.
    #[error(transparent)]
    Secret(#[from] SecretsError),
}

/// Which workspace, and as whom it is read.
#[derive(Debug)]
pub struct SlackAccess {
    pub(super) team: String,
    pub(super) base: String,
    /// The only place besides `base` to which the token goes.
    pub(super) files: String,
    pub(super) token: SecretString,
}

impl SlackAccess {
    /// The workspace with the id `team`, read with the token that `credential` names.
    ///
    /// # Errors
    /// If it names no workspace, the endpoint is none, or the token cannot be read.
    pub fn read(
        team: &str,
        endpoint: Option<&str>,
        credential: &str,
        secrets: &dyn Secrets,
    ) -> Result<SlackAccess, SlackError> {
        let team = team.trim_end_matches('/');
        if !is_id(team) {
            return Err(SlackError::Form);
        }
        let base = endpoint.unwrap_or(SLACK).trim_end_matches('/').to_owned();
        if !is_origin(&base) {
            return Err(SlackError::Endpoint(base));
        }
        let files = endpoint.map_or_else(|| FILES.to_owned(), |_| base.clone());
        Ok(SlackAccess { team: team.to_owned(), base, files, token: secrets.secret(credential)? })
    }
}
