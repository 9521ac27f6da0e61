//! Asking a server: one statement, which gives the whole document.

use crate::collect::{Collect, CollectError, Collected, Settings, Waiting};
use async_trait::async_trait;
use firebreak_world::World;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// The statement; people may run it by hand as well.
const EXPORT: &str = include_str!("export.sql");

pub(super) struct Server;

#[async_trait]
impl Collect for Server {
    fn settings(&self) -> &'static [&'static str] {
        &["host"]
    }

    async fn collect(&self, world: &World, _: &dyn Waiting, settings: &Settings) -> Result<Collected, CollectError> {
        let host = settings.values.get("host").map_or("", String::as_str);
        let plain = |name: &str| !name.is_empty() && !name.contains(['/', '\\']) && name != "." && name != "..";
        if !plain(host) {
            return Err(CollectError::Settings(format!("`{host}` is not a name of a host")));
        }
        let url = address(world, settings)?;
        let nothing = |error: firebreak_world::PostgresError| CollectError::Nothing(error.to_string());
        let rows = world.postgres.query(&url, EXPORT, &[]).await.map_err(nothing)?;
        let text = rows.into_iter().next().and_then(|row| row.into_iter().next().flatten()).unwrap_or_default();
        let mut document: Value = serde_json::from_str(&text)
            .map_err(|error| CollectError::Nothing(format!("the answer is not JSON: {error}")))?;
        if let Some(fields) = document.as_object_mut() {
            fields.insert("host".to_owned(), Value::String(host.to_owned()));
        }
        let database = document.get("database").and_then(Value::as_str).filter(|name| plain(name));
        let database =
            database.ok_or_else(|| CollectError::Nothing("the database's name is no file's name".to_owned()))?;
        Ok(Collected { file: format!("postgres/{host}/{database}.json"), document, calls: 1, ..Collected::default() })
    }
}

/// `url` with the password in its place.
fn address(world: &World, settings: &Settings) -> Result<SecretString, CollectError> {
    let Some(reference) = &settings.credential else { return Ok(SecretString::from(settings.url.clone())) };
    let password = world.secrets.secret(reference)?;
    let written = settings.url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?)));
    let Some((scheme, (user, rest))) = written.filter(|(_, (user, _))| !user.contains(':')) else {
        let form = "postgresql://role@host:5432/database, without a password";
        return Err(CollectError::Settings(format!("`collect.url` is not an address\nhint: write {form}")));
    };
    let password = utf8_percent_encode(password.expose_secret(), NON_ALPHANUMERIC);
    Ok(SecretString::from(format!("{scheme}://{user}:{password}@{rest}")))
}
