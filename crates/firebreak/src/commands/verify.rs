//! `firebreak verify`: checks a bundle or the ledger in the data directory, or exports one.

use super::{End, fleet::note_of};
use crate::cli::VerifyArgs;
use crate::config::Config;
use crate::ledgering::{Book, public_key_file};
use crate::output::{Output, count};
use anyhow::{Context, Result, anyhow, bail};
use firebreak_ledger::{VerifierKey, verify_bundle};
use firebreak_world::World;
use serde::Serialize;
use std::fs;
use std::path::Path;

#[derive(Serialize)]
struct Checked {
    verified: bool,
    entries: u64,
    checkpoints: u64,
    root: String,
    fault: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &VerifyArgs, config: &Config, output: Output) -> Result<End> {
    let data = config.data_directory();
    if let Some(file) = &args.export {
        return export(&data, file, output);
    }
    match &args.bundle {
        Some(bundle) => {
            let key = args.key.clone().context("no public key\nhint: name it with --key ledger.pub")?;
            let note = note_of(bundle);
            if note.is_file() {
                return statement(&read(bundle)?, &String::from_utf8_lossy(&read(&note)?), &read_key(&key)?, output);
            }
            check(&read(bundle)?, &read_key(&key)?, output)
        }
        None => {
            let bundle = bundle_of(&data)?;
            let key = args.key.clone().unwrap_or_else(|| public_key_file(&data));
            check(&bundle, &read_key(&key)?, output)
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading `{}`", path.display()))
}

fn read_key(path: &Path) -> Result<VerifierKey> {
    let text = String::from_utf8(read(path)?).unwrap_or_default();
    VerifierKey::parse(text.trim()).ok_or_else(|| {
        anyhow!("`{}` is not a ledger's public key\nhint: it is one line, name+hash+key", path.display())
    })
}

fn bundle_of(data: &Path) -> Result<Vec<u8>> {
    if !data.join("ledger").is_dir() {
        bail!("no ledger in `{}`\nhint: name a bundle, or the configuration whose `data` it is", data.display());
    }
    let book = Book::copy(&World::offline(), data)?;
    Ok(book.with(|ledger| ledger.export_bundle())?)
}

fn export(data: &Path, file: &Path, output: Output) -> Result<End> {
    let bundle = bundle_of(data)?;
    fs::write(file, &bundle).with_context(|| format!("writing `{}`", file.display()))?;
    let key = file.with_extension("pub");
    fs::copy(public_key_file(data), &key).with_context(|| format!("writing `{}`", key.display()))?;
    output.text(format!("next: firebreak verify {} --key {}", file.display(), key.display()));
    output.object("export", &serde_json::json!({"bundle": file, "key": key, "bytes": bundle.len()}));
    Ok(End::Done)
}

/// Checks a document with a signed note beside it.
fn statement(document: &[u8], note: &str, key: &VerifierKey, output: Output) -> Result<End> {
    let opened = firebreak_ledger::statement::open(note, document, key);
    match &opened {
        Ok(what) => output.text(format!("verified: {} signed this {what}", key.name())),
        Err(fault) => output.text(format!("not verified: {fault}")),
    }
    let (verified, fault) = (opened.is_ok(), opened.err());
    let end = if verified { End::Done } else { End::Unverified };
    output.object("verify", &Checked { verified, entries: 0, checkpoints: 0, root: String::new(), fault });
    Ok(end)
}

fn check(bundle: &[u8], key: &VerifierKey, output: Output) -> Result<End> {
    match verify_bundle(bundle, key) {
        Ok(verified) => {
            let root = hex::encode(verified.root);
            output.text(format!(
                "verified: {} records under {} signed checkpoints of {}",
                count(verified.entries),
                count(verified.checkpoints),
                verified.origin
            ));
            output.text(format!("root {root}"));
            let (entries, checkpoints) = (verified.entries, verified.checkpoints);
            output.object("verify", &Checked { verified: true, entries, checkpoints, root, fault: None });
            Ok(End::Done)
        }
        Err(fault) => {
            let fault = fault.to_string();
            output.text(format!("not verified: {fault}"));
            let checked =
                Checked { verified: false, entries: 0, checkpoints: 0, root: String::new(), fault: Some(fault) };
            output.object("verify", &checked);
            Ok(End::Unverified)
        }
    }
}
