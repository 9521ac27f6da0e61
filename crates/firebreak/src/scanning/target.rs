//! Which store is meant, and what it is called.

use super::Halt;
use crate::config::store::StoreConfig;
use anyhow::{Context, Result, anyhow, bail};
use firebreak_stores::OpenStore;
use firebreak_stores::stores::{Wait, drive, files, git, postgres, s3, slack};
use firebreak_world::{RealPrograms, RealTree, Tree, World};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A store.
pub(crate) enum Target {
    /// The files under a directory.
    Directory(PathBuf),
    /// A repository with its history.
    Git(PathBuf),
    /// A database, by its address.
    Postgres(String),
    /// A bucket, by its address.
    S3(String),
    /// What one account of Google Drive sees, by the account.
    Drive(String),
    /// A workspace of Slack, by its id.
    Slack(String),
}

impl Target {
    pub(crate) fn of(store: &StoreConfig) -> Result<Target> {
        let resolved = |path: &str| RealTree.resolved(Path::new(path)).with_context(|| format!("reading `{path}`"));
        let address = store.address.as_str();
        if let Some(path) = address.strip_prefix("git ") {
            return Ok(Target::Git(resolved(path)?));
        }
        let Some((scheme, rest)) = address.split_once("://") else {
            return Ok(Target::Directory(resolved(address)?));
        };
        Ok(match scheme {
            "postgres" | "postgresql" => Target::Postgres(address.to_owned()),
            "s3" => Target::S3(address.to_owned()),
            "drive" => Target::Drive(rest.to_owned()),
            "slack" => Target::Slack(rest.to_owned()),
            _ => bail!(
                "`{scheme}` is no kind of store\nhint: name a directory, s3://bucket, postgres://role@host/database, drive://USER, \
                 slack://WORKSPACE, or git PATH"
            ),
        })
    }

    /// The world in which it is read: nothing is called for what lies on this machine.
    pub(crate) fn world(&self) -> Result<World> {
        match self {
            Target::Directory(_) | Target::Git(_) => Ok(World::offline()),
            _ => Ok(World::online()?),
        }
    }

    /// What its state is found by.
    pub(crate) fn state_name(&self, store: &StoreConfig) -> String {
        let endpoint = store.endpoint.as_deref().unwrap_or_default();
        match self {
            Target::Directory(path) => format!("resource:file/{}", called(path, store).unwrap_or_default()),
            Target::Git(path) => format!("git {}", path.display()),
            Target::Postgres(url) => format!("{} {url}", store.name.as_deref().unwrap_or_default()),
            Target::S3(url) => format!("{endpoint} {url}"),
            Target::Drive(user) => format!("{endpoint} drive {user}"),
            Target::Slack(workspace) => format!("{endpoint} slack {workspace}"),
        }
    }

    pub(crate) fn open(&self, store: &StoreConfig, world: &World, halt: &Halt) -> Result<OpenStore<'static>> {
        let waiting = halt.clone();
        let wait: Wait = Arc::new(move |duration| waiting.wait(duration));
        let (endpoint, credential) = (store.endpoint.as_deref(), store.credential.as_deref());
        match self {
            Target::Directory(path) => {
                let name = called(path, store).context("the directory has no name\nhint: give one with --name")?;
                Ok(files::files(&RealTree, path, &format!("resource:file/{name}")))
            }
            Target::Git(path) => {
                let name = called(path, store).context("the repository has no name\nhint: give one with --name")?;
                let system = if name.contains('/') { "" } else { "git/" };
                git::git(&RealPrograms, path, &format!("resource:{system}{name}")).map_err(|why| anyhow!(why))
            }
            Target::Postgres(url) => {
                let address = postgres::Address::read(url, credential, &*world.secrets)?;
                let host = store.name.clone().unwrap_or_else(|| address.host().to_owned());
                Ok(postgres::postgres(world, address, &host)?)
            }
            Target::S3(url) => {
                let access = access(url, store, world)?;
                let resource = store.name.as_ref().map_or_else(|| access.resource(), |name| format!("resource:{name}"));
                Ok(s3::s3(world, access, &resource, wait)?)
            }
            Target::Drive(user) => {
                let access = drive::DriveAccess::read(user, endpoint, token(credential)?, &*world.secrets)?;
                Ok(drive::drive(world, access, wait)?)
            }
            Target::Slack(workspace) => {
                let access = slack::SlackAccess::read(workspace, endpoint, token(credential)?, &*world.secrets)?;
                Ok(slack::slack(world, access, wait)?)
            }
        }
    }
}

fn token(credential: Option<&str>) -> Result<&str> {
    credential.context("it is not said where the token is\nhint: name it with --credential env:NAME or file:/path")
}

/// As whom a bucket is read: by the usual variables, unless others are named.
fn access(url: &str, store: &StoreConfig, world: &World) -> Result<s3::S3Access> {
    const TOKEN: &str = "env:AWS_SESSION_TOKEN";
    let id = store.access_key_id.as_deref().unwrap_or("env:AWS_ACCESS_KEY_ID");
    let secret = store.credential.as_deref().unwrap_or("env:AWS_SECRET_ACCESS_KEY");
    // A session belongs to the usual variables alone.
    let usual = store.access_key_id.is_none() && world.secrets.secret(TOKEN).is_ok();
    let place = (store.endpoint.as_deref(), store.region.as_deref().unwrap_or("us-east-1"));
    Ok(s3::S3Access::read(url, place, (id, secret, usual.then_some(TOKEN)), &*world.secrets)?)
}

fn called(path: &Path, store: &StoreConfig) -> Option<String> {
    store.name.clone().or_else(|| path.file_name().map(|name| name.to_string_lossy().into_owned()))
}
