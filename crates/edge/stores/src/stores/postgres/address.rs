//! Where a database is, and as whom it is asked.

use firebreak_world::{Secrets, SecretsError};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// Why an address cannot be used.
#[derive(Debug, Error)]
pub enum AddressError {
    /// It is no address.
    #[error(
        "it is not the address of a database\nhint: write postgres://role@host:5432/database, and where the password is with --credential"
    )]
    Form,
    /// The password is not there.
    #[error(transparent)]
    Secret(#[from] SecretsError),
}

/// An address with its password. Shown without either.
pub struct Address {
    pub(super) url: SecretString,
    host: String,
}

impl Address {
    /// The address `written`, with the password that `credential` names (`env:NAME`, `file:/path`).
    ///
    /// # Errors
    /// If it is no address, or the password cannot be read.
    pub fn read(written: &str, credential: Option<&str>, secrets: &dyn Secrets) -> Result<Address, AddressError> {
        let known = ["postgres://", "postgresql://"].iter().find_map(|scheme| written.strip_prefix(scheme));
        let rest = known.ok_or(AddressError::Form)?;
        let (user, place) = rest.rsplit_once('@').ok_or(AddressError::Form)?;
        let host = place.split(['/', '?']).next().unwrap_or_default();
        let host = match host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => host,
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        let url = match credential {
            None => written.to_owned(),
            Some(_) if user.contains(':') => return Err(AddressError::Form),
            Some(reference) => {
                let password = secrets.secret(reference)?;
                let password = utf8_percent_encode(password.expose_secret(), NON_ALPHANUMERIC);
                format!("postgres://{user}:{password}@{place}")
            }
        };
        if host.is_empty() || user.is_empty() {
            return Err(AddressError::Form);
        }
        Ok(Address { url: SecretString::from(url), host })
    }

    /// The host, as the address names it.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Address").field("host", &self.host).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_world::NoSecrets;

    struct Password;

    impl Secrets for Password {
        fn secret(&self, _: &str) -> Result<SecretString, SecretsError> {
            Ok(SecretString::from("p@ss/word".to_owned()))
        }
    }

    #[test]
    fn a_password_stands_in_its_place_and_is_not_shown() {
        let address =
            Address::read("postgresql://app@db.internal:5432/hr?sslmode=require", Some("env:P"), &Password).unwrap();
        assert_eq!(address.url.expose_secret(), "postgres://app:p%40ss%2Fword@db.internal:5432/hr?sslmode=require");
        assert_eq!(address.host(), "db.internal");
        assert!(!format!("{address:?}").contains("p%40"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in ["mysql://a@b/c", "postgres://host/db", "postgres://@host/db", "postgres://a@/db"] {
            assert!(matches!(Address::read(wrong, None, &NoSecrets), Err(AddressError::Form)), "{wrong}");
        }
        assert!(Address::read("postgres://a:b@host/db", Some("env:P"), &Password).is_err(), "two passwords");
        assert!(matches!(
            Address::read("postgres://a@host/db", Some("env:P"), &NoSecrets),
            Err(AddressError::Secret(_))
        ));
    }
}
