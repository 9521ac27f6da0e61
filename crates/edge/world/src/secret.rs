//! Our own credentials, named in the configuration and read only when they are used: `env:NAME` or `file:/path`.

use secrecy::SecretString;
use thiserror::Error;
use zeroize::Zeroize;

/// Why a secret could not be read. Never holds the secret.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// The reference is neither `env:NAME` nor `file:/path`.
    #[error("`{0}` is not a reference to a secret\nhint: write `env:NAME` or `file:/path`")]
    Malformed(String),
    /// Nothing is there.
    #[error("no secret at `{reference}`: {reason}")]
    Missing {
        /// The reference.
        reference: String,
        /// Why it could not be read.
        reason: String,
    },
}

/// A store of our own credentials.
pub trait Secrets: Send + Sync {
    /// The secret that `reference` names.
    fn secret(&self, reference: &str) -> Result<SecretString, SecretsError>;
}

/// Secrets in the process environment and in files.
#[derive(Debug)]
pub struct SystemSecrets;

impl Secrets for SystemSecrets {
    fn secret(&self, reference: &str) -> Result<SecretString, SecretsError> {
        let missing = |reason: String| SecretsError::Missing { reference: reference.to_owned(), reason };
        match reference.split_once(':') {
            Some(("env", name)) => {
                std::env::var(name).map(SecretString::from).map_err(|error| missing(error.to_string()))
            }
            Some(("file", path)) => {
                let mut text = std::fs::read_to_string(path).map_err(|error| missing(error.to_string()))?;
                let secret = SecretString::from(text.trim_end().to_owned());
                text.zeroize();
                Ok(secret)
            }
            _ => Err(SecretsError::Malformed(reference.to_owned())),
        }
    }
}

/// No secrets at all.
#[derive(Debug)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn secret(&self, reference: &str) -> Result<SecretString, SecretsError> {
        Err(SecretsError::Missing { reference: reference.to_owned(), reason: "this run has no secrets".to_owned() })
    }
}
