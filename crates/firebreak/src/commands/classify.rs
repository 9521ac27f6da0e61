//! `firebreak classify`: what a store holds, as numbers and as an inventory.

mod places;
mod shown;

use super::End;
use crate::cli::ClassifyArgs;
use crate::config::Config;
use crate::config::store::StoreConfig;
use crate::output::{Output, counted};
use crate::progress::{Progress, Unit};
use crate::scanning::{Halt, Target, scan, write};
use anyhow::{Result, bail};

/// Runs the command.
pub(super) fn run(args: &ClassifyArgs, config: &Config, output: Output) -> Result<End> {
    let store = asked(args)?;
    if args.places {
        return places::tell(&Target::of(&store)?, &store, output);
    }
    let mut progress = Progress::of(output, "classifying", Unit::Bytes);
    let mut tell = |documents, bytes| progress.at_saying(bytes, &counted(documents, "document"));
    let (world, scan) = scan(config, &store, &Halt::never(), &mut tell)?;
    drop(progress);
    if let Some(file) = &args.output {
        write(&world, file, &scan)?;
    }
    shown::show(&scan, output);
    Ok(End::Done)
}

/// The store that the command line names.
fn asked(args: &ClassifyArgs) -> Result<StoreConfig> {
    let address = match (&*args.store, &args.path) {
        ("git", Some(path)) => format!("git {}", path.display()),
        (_, Some(path)) => bail!(
            "`{}` follows `{}`\nhint: one store is read at a time; `git PATH` reads a repository",
            path.display(),
            args.store
        ),
        (store, None) => store.to_owned(),
    };
    Ok(StoreConfig {
        address,
        name: args.name.clone(),
        credential: args.credential.clone(),
        access_key_id: args.access_key_id.clone(),
        endpoint: args.endpoint.clone(),
        region: args.region.clone(),
        budget_mib: args.budget,
        rate_mib: args.rate,
        letters: args.letters.clone(),
        classes: args.classes.clone(),
        every_minutes: None,
    })
}
