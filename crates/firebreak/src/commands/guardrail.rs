//! `firebreak guardrail`: answers AI gateways and proxies until it is stopped. A process of its own: it holds no key of any platform.

use super::{End, show_problems};
use crate::config::Config;
use crate::config::guardrail::GuardrailConfig;
use crate::guardrail::{Book, Door, Pinboard, router};
use crate::output::Output;
use crate::redaction::of_installation;
use anyhow::{Context, Result, anyhow};
use firebreak_classify::{Classes, read_classes};
use firebreak_guardrail::{Guardrail, SHIPPED};
use firebreak_model::Fingerprinter;
use firebreak_serve::{Limits, Listener, Token};
use firebreak_world::World;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[derive(Serialize)]
struct Listening<'a> {
    address: String,
    records: &'a Path,
}

/// Runs the command.
pub(super) fn run(config: &Config, output: Output) -> Result<End> {
    let (world, data) = (World::offline(), config.data_directory());
    world.disk.make_directory(&data)?;
    let fingerprinter = of_installation(&world, config.fingerprint_key.as_deref(), &data)?;
    let guardrail = guardrail(&world, &config.guardrail, fingerprinter)?;
    let token = match &config.guardrail.token {
        Some(reference) => Token::of(&world.secrets.secret(reference)?),
        None => Token::kept(&world, &data.join("guardrail.token"))?,
    };
    let records = data.join("guardrail");
    let (book, writer) = Book::open(&world, &records)?;
    let pinboard = Arc::new(Pinboard::open(&world, &data.join("guardrail.pins.json"))?);
    let masks_answers = config.guardrail.masks_answers;
    let door = Door { guardrail: Arc::new(guardrail), token, book, world, pinboard, masks_answers };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = Listener::bind(&config.guardrail.listen).await?;
        let address = listener.address().to_string();
        output.text(format!("listening on {address}; records in {}", records.display()));
        output.object("guardrail", &Listening { address, records: &records });
        let stop = async {
            // Without a handler the signal ends the process by itself.
            let _ = tokio::signal::ctrl_c().await;
        };
        listener.serve(router(door), limits(), stop).await;
        anyhow::Ok(())
    })?;
    drop(runtime);
    writer.join().map_err(|_| anyhow!("the records could not be written to their end"))?;
    Ok(End::Done)
}

/// A gateway keeps many connections open, and waits for every answer.
fn limits() -> Limits {
    Limits {
        connections_max: 1_024,
        head: Duration::from_secs(90),
        answer: Duration::from_secs(10),
        ..Limits::default()
    }
}

fn guardrail(world: &World, config: &GuardrailConfig, fingerprinter: Fingerprinter) -> Result<Guardrail> {
    let read = |path: &Path| {
        let bytes = world.disk.read(path).with_context(|| format!("reading `{}`", path.display()))?;
        String::from_utf8(bytes).with_context(|| format!("`{}` is not UTF-8", path.display()))
    };
    let classes = match &config.classes {
        None => Classes::all(),
        Some(path) => {
            let own = read_classes(&read(path)?)
                .map_err(|error| anyhow!("{error}"))
                .with_context(|| format!("in `{}`", path.display()))?;
            Classes::all().with(own)
        }
    };
    let own =
        config.policies.iter().map(|path| Ok((path.display().to_string(), read(path)?))).collect::<Result<Vec<_>>>()?;
    let mut policies: Vec<(&str, &str)> = own.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    if policies.is_empty() {
        policies.push(("shipped", SHIPPED));
    }
    Guardrail::new(&policies, classes, fingerprinter).map_err(|problems| {
        show_problems(&problems);
        anyhow!("the guardrail has no policies that can be asked\nhint: correct them; until then gateways that fail closed let nothing through")
    })
}
