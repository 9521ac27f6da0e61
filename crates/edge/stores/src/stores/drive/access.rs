//! Whose drive is read, and with which token.

use crate::calls::is_origin;
use firebreak_world::{Secrets, SecretsError};
use secrecy::SecretString;
use thiserror::Error;

/// Where Google answers.
const GOOGLE: &str = "https://www.googleapis.com";

/// Why a drive cannot be asked for.
#[derive(Debug, Error)]
pub enum DriveError {
    /// It names no account.
    #[error(
        "it is not the address of a drive\nhint: write drive://ana@company.example, or drive://me for whom the token is"
    )]
    Form,
    /// Its endpoint is no address, or does not keep secret what is sent there.
    #[error("`{0}` is not an endpoint\nhint: write https://host, or http:// for this machine")]
    Endpoint(String),
    /// The token is not there.
    #[error(transparent)]
    Secret(#[from] SecretsError),
}

/// Whose drive, and as whom it is read.
#[derive(Debug)]
pub struct DriveAccess {
    pub(super) user: String,
    pub(super) base: String,
    pub(super) token: SecretString,
}

impl DriveAccess {
    /// The drive of `user` (an address, or `me`), read with the access token that `credential` names.
    ///
    /// # Errors
    /// If it names no account, the endpoint is none, or the token cannot be read.
    pub fn read(
        user: &str,
        endpoint: Option<&str>,
        credential: &str,
        secrets: &dyn Secrets,
    ) -> Result<DriveAccess, DriveError> {
        let user = user.trim_end_matches('/').to_lowercase();
        let is_address = user.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        if !(user == "me" || is_address && !user.contains(['/', '?', '#', ' '])) {
            return Err(DriveError::Form);
        }
        let base = endpoint.unwrap_or(GOOGLE).trim_end_matches('/').to_owned();
        if !is_origin(&base) {
            return Err(DriveError::Endpoint(base));
        }
        Ok(DriveAccess { user, base, token: secrets.secret(credential)? })
    }
}
