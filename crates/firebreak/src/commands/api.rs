//! `firebreak api`: who may call, decided on the machine itself. `firebreak console`: shows what is kept, and acts on nothing.

use super::End;
use super::approve::open;
use crate::api::access::{Wanted, make_token};
use crate::api::names::Names;
use crate::api::{self, Books};
use crate::cli::{ApiArgs, ApiCommand, TokenCommand, TokenNewArgs};
use crate::config::Config;
use crate::ledgering::Book;
use crate::output::{Output, counted, time};
use crate::store::Store;
use anyhow::{Context, Result, bail};
use firebreak_world::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where the console is where nobody said.
const USUAL: &str = "127.0.0.1:9470";

/// Runs `firebreak api`.
pub(super) fn run(args: &ApiArgs, config: &Config, output: Output) -> Result<End> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (store, world) = (open(config).await?, World::offline());
        match &args.command {
            ApiCommand::Login => login(&store, &world, config, output).await,
            ApiCommand::Token(token) => match &token.command {
                TokenCommand::New(wanted) => new(&store, &world, wanted, output).await,
                TokenCommand::List => list(&store, output).await,
                TokenCommand::Revoke { id } => revoke(&store, &world, id, output).await,
            },
        }
    })
}

async fn login(store: &Store, world: &World, config: &Config, output: Output) -> Result<End> {
    let address = config.console.listen.as_deref().unwrap_or(USUAL);
    let address = address.parse().with_context(|| format!("`console.listen` is no address: `{address}`"))?;
    let link = api::link(store, world, config, &Names::of(address, config.console.address.as_deref())).await?;
    output.text(format!("open {link}"));
    output.text("it holds once and for 15 minutes, while `firebreak run` or `firebreak console` shows the console");
    output.object("login", &serde_json::json!({"link": link}));
    Ok(End::Done)
}

async fn new(store: &Store, world: &World, args: &TokenNewArgs, output: Output) -> Result<End> {
    let TokenNewArgs { person, role, scopes, days } = args.clone();
    let (token, secret) = make_token(store, world, Wanted { person, role, scopes, days }).await?;
    output.text(format!("token {} of {} as {}, until {}", token.id, token.person, token.role, time(token.expires)));
    output.text("shown once, kept nowhere:");
    output.text(&secret);
    let mut shown = serde_json::to_value(&token)?;
    shown["token"] = secret.into();
    output.object("token", &shown);
    Ok(End::Done)
}

async fn list(store: &Store, output: Output) -> Result<End> {
    let tokens = store.tokens().await?;
    for token in &tokens {
        let ended = if token.revoked.is_some() { ", revoked" } else { "" };
        let scopes = if token.scopes.is_empty() { "all areas".to_owned() } else { token.scopes.join(" ") };
        let (person, role) = (&token.person, &token.role);
        output.text(format!("{}  {person}  {role}  {scopes}  until {}{ended}", token.id, time(token.expires)));
        output.object("token", token);
    }
    output.text(counted(tokens.len() as u64, "token"));
    output.object("tokens", &serde_json::json!({"tokens": tokens.len()}));
    Ok(End::Done)
}

async fn revoke(store: &Store, world: &World, id: &str, output: Output) -> Result<End> {
    if !store.revoke_token(id, world.clock.now()).await? {
        bail!("no token `{id}` that holds\nhint: `firebreak api token list` shows them");
    }
    output.text(format!("token {id} is refused from now on"));
    output.object("revoked", &serde_json::json!({"id": id}));
    Ok(End::Done)
}

/// Runs `firebreak console`.
pub(super) fn console(config: &Config, output: Output) -> Result<End> {
    let (world, data) = (World::offline(), config.data_directory());
    let mut config = config.clone();
    config.console.listen.get_or_insert_with(|| USUAL.to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let store = open(&config).await?;
        let copy = data.join("ledger").is_dir().then(|| Book::copy(&world, &data)).transpose()?;
        let tell = |text: &str| {
            output.object("notice", &serde_json::json!({"text": text}));
            output.paragraph(0, text);
        };
        let books = Books { writing: None, copy };
        let opened = api::open(&world, &config, &data, &store, books, &tell).await?;
        let (listener, shown) = opened.context("nothing is shown")?;
        tell("nothing runs: this console shows what is kept and acts on nothing; Ctrl-C ends it");
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stopping.store(true, Ordering::SeqCst);
            }
        });
        api::serve(listener, shown, stop).await;
        store.close().await;
        Ok(End::Done)
    })
}
