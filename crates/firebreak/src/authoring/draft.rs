//! A new detector: a folder with everything that it needs, to be filled in.

use super::known;
use crate::config::keys::nearest;
use anyhow::{Context, Result, bail};
use firebreak_world::World;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Writes the folder `name` below `directory`; gives its files.
///
/// # Errors
/// If the name is not one, no source produces such records, the folder is there already, or the disk refuses.
pub fn write(directory: &Path, name: &str, product: &str, service: Option<&str>) -> Result<Vec<PathBuf>> {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if name.is_empty() || !name.chars().all(letter) || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        bail!(
            "`{name}` is no name for a detector\nhint: write what it sees, as in `okta_factor_reset`: a-z, 0-9 and _"
        );
    }
    let sources = known::sources(product, service);
    let Some(known) = sources.first() else { return Err(no_source(product, service)) };
    let folder = directory.join(name);
    if folder.exists() {
        bail!("`{}` is there already\nhint: choose another name; nothing is overwritten", folder.display());
    }
    let source = known.source;
    let files = [
        ("rule.yml".to_owned(), rule(name, product, service)),
        ("page.md".to_owned(), page(name)),
        (format!("cases/fire-example/{source}.json"), String::new()),
        (format!("cases/quiet-example/{source}.json"), String::new()),
    ];
    let mut written = Vec::new();
    for (file, text) in files {
        let path = folder.join(file);
        let parent = path.parent().context("a file in a folder")?;
        std::fs::create_dir_all(parent).with_context(|| format!("making `{}`", parent.display()))?;
        std::fs::write(&path, text).with_context(|| format!("writing `{}`", path.display()))?;
        written.push(path);
    }
    Ok(written)
}

fn no_source(product: &str, service: Option<&str>) -> anyhow::Error {
    match service {
        Some(service) if !known::sources(product, None).is_empty() => {
            let services = known::sources(product, None).into_iter().flat_map(|known| known.services).copied();
            let near = nearest(service, services);
            anyhow::anyhow!(
                "no source gives records of `{product}` with the service `{service}`\nhint: did you mean `{near}`?"
            )
        }
        _ => {
            let near = nearest(product, known::KNOWN.iter().map(|known| known.product));
            anyhow::anyhow!("no source gives records of the product `{product}`\nhint: did you mean `{near}`?")
        }
    }
}

/// `okta_factor_reset` as `Okta factor reset`.
fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| format!("{}{}", first.to_ascii_uppercase(), letters.as_str()))
}

/// A random identifier in the form that Sigma wants.
fn identifier() -> String {
    let mut bytes = [0_u8; 16];
    World::offline().random.fill(&mut bytes);
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let byte = match at {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{dash}{byte:02x}");
    }
    text
}

fn rule(name: &str, product: &str, service: Option<&str>) -> String {
    let service = service.map_or(String::new(), |service| format!("\n  service: {service}"));
    let date = World::offline().clock.now().to_string();
    let date = date.split('T').next().unwrap_or_default();
    format!(
        "title: {title}\nid: {id}\nstatus: experimental\ndescription: \"Who does what, and why it is bad, in one sentence.\"\n\
         date: {date}\ntags:\n  - attack.t1078\nlogsource:\n  product: {product}{service}\ndetection:\n  selection:\n    \
         # What was done, in the platform's words. Fields of the record by their names, nested ones with dots.\n    firebreak.operation: replace-me\n  condition: selection\n\
         level: medium\n# watch: only raise a finding. tripwire: no honest user does this, it may lead to containment.\n\
         firebreak:\n  signal: watch\n",
        title = title(name),
        id = identifier(),
    )
}

fn page(name: &str) -> String {
    format!(
        "# {}\n\n## What it sees\n\nWhich records, in one or two sentences.\n\n## Why it is bad\n\nWhat an intruder gains by \
         it.\n\n## Who does it honestly\n\nWho else does this, and how to tell them apart.\n\n## What it leads to\n\nIt only \
         watches. What to look at first.\n",
        title(name)
    )
}
