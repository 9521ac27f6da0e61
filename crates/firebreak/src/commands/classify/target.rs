//! Which store is meant, and what it is called.

use crate::cli::ClassifyArgs;
use anyhow::{Context, Result, anyhow, bail};
use firebreak_stores::OpenStore;
use firebreak_stores::stores::{files, git, postgres, s3};
use firebreak_world::{RealPrograms, RealTree, Tree, World};
use std::path::{Path, PathBuf};

/// A store.
pub(super) enum Target {
    /// The files under a directory.
    Directory(PathBuf),
    /// A repository with its history.
    Git(PathBuf),
    /// A database, by its address.
    Postgres(String),
    /// A bucket, by its address.
    S3(String),
}

impl Target {
    pub(super) fn of(args: &ClassifyArgs) -> Result<Target> {
        let resolved = |path: &Path| RealTree.resolved(path).with_context(|| format!("reading `{}`", path.display()));
        match (&*args.store, &args.path) {
            ("git", Some(path)) => Ok(Target::Git(resolved(path)?)),
            (_, Some(path)) => {
                bail!(
                    "`{}` follows `{}`\nhint: one store is read at a time; `git PATH` reads a repository",
                    path.display(),
                    args.store
                )
            }
            (url, None) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Target::Postgres(url.to_owned()))
            }
            (url, None) if url.starts_with("s3://") => Ok(Target::S3(url.to_owned())),
            (url, None) if url.contains("://") => {
                let scheme = url.split("://").next().unwrap_or_default();
                bail!(
                    "`{scheme}` is no kind of store\nhint: name a directory, s3://bucket, postgres://role@host/database, or git PATH"
                )
            }
            (path, None) => Ok(Target::Directory(resolved(Path::new(path))?)),
        }
    }

    /// The world in which it is read: nothing is called for what lies on this machine.
    pub(super) fn world(&self) -> Result<World> {
        match self {
            Target::Directory(_) | Target::Git(_) => Ok(World::offline()),
            Target::Postgres(_) | Target::S3(_) => Ok(World::online()?),
        }
    }

    /// What its state is found by.
    pub(super) fn state_name(&self, args: &ClassifyArgs) -> String {
        match self {
            Target::Directory(path) => format!("resource:file/{}", called(path, args).unwrap_or_default()),
            Target::Git(path) => format!("git {}", path.display()),
            Target::Postgres(url) => format!("{} {url}", args.name.as_deref().unwrap_or_default()),
            Target::S3(url) => format!("{} {url}", args.endpoint.as_deref().unwrap_or_default()),
        }
    }

    pub(super) fn open(&self, args: &ClassifyArgs, world: &World) -> Result<OpenStore<'static>> {
        match self {
            Target::Directory(path) => {
                let name = called(path, args).context("the directory has no name\nhint: give one with --name")?;
                Ok(files::files(&RealTree, path, &format!("resource:file/{name}")))
            }
            Target::Git(path) => {
                let name = called(path, args).context("the repository has no name\nhint: give one with --name")?;
                let system = if name.contains('/') { "" } else { "git/" };
                git::git(&RealPrograms, path, &format!("resource:{system}{name}")).map_err(|why| anyhow!(why))
            }
            Target::Postgres(url) => {
                let address = postgres::Address::read(url, args.credential.as_deref(), &*world.secrets)?;
                let host = args.name.clone().unwrap_or_else(|| address.host().to_owned());
                Ok(postgres::postgres(world, address, &host)?)
            }
            Target::S3(url) => {
                let access = access(url, args, world)?;
                let resource = args.name.as_ref().map_or_else(|| access.resource(), |name| format!("resource:{name}"));
                Ok(s3::s3(world, access, &resource, std::thread::sleep)?)
            }
        }
    }
}

/// As whom a bucket is read: by the usual variables, unless others are named.
fn access(url: &str, args: &ClassifyArgs, world: &World) -> Result<s3::S3Access> {
    const TOKEN: &str = "env:AWS_SESSION_TOKEN";
    let id = args.access_key_id.as_deref().unwrap_or("env:AWS_ACCESS_KEY_ID");
    let secret = args.credential.as_deref().unwrap_or("env:AWS_SECRET_ACCESS_KEY");
    // A session belongs to the usual variables alone.
    let usual = args.access_key_id.is_none() && world.secrets.secret(TOKEN).is_ok();
    let place = (args.endpoint.as_deref(), &*args.region);
    Ok(s3::S3Access::read(url, place, (id, secret, usual.then_some(TOKEN)), &*world.secrets)?)
}

fn called(path: &Path, args: &ClassifyArgs) -> Option<String> {
    args.name.clone().or_else(|| path.file_name().map(|name| name.to_string_lossy().into_owned()))
}
