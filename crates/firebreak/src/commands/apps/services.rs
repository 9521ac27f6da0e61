//! AI services that logs, packages and found keys show, beside what inventories name.

use super::super::show_problems;
use crate::estate::Packages;
use crate::output::{Output, counted, short};
use anyhow::{Context, Result};
use firebreak_assure::extensions::Extension;
use firebreak_assure::services::{Provider, SHIPPED, Table};
use firebreak_world::World;
use std::path::Path;

/// The program's own table, and the owner's beside it.
///
/// # Errors
/// If the owner's cannot be read.
pub(crate) fn table(world: &World, more: Option<&Path>) -> Result<Table> {
    let mut table = Table::default();
    let mut problems = table.read(SHIPPED, "services/ai-services.csv");
    if let Some(path) = more {
        let text = world.disk.read(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        problems.extend(table.read(&String::from_utf8_lossy(&text), &path.display().to_string()));
    }
    show_problems(&problems);
    Ok(table)
}

/// The packages that the table asks about.
pub(crate) fn packages(table: &Table) -> Packages {
    let keys: Vec<String> = table.packages().map(|package| format!("package:{package}")).collect();
    Packages::default().and(&keys)
}

/// Shows vendors, at most so many users of each.
pub(super) fn show(providers: &[Provider], most: usize, output: Output) {
    if providers.is_empty() {
        return;
    }
    output.text("");
    for provider in providers {
        let word = if provider.shadow { "shadow AI" } else { "AI" };
        let names: Vec<&str> = provider.services.iter().map(|name| name.as_str()).collect();
        output.text(format!("{word:<12} {}  {}", provider.vendor, names.join(", ")));
        output.paragraph(4, &provider.risk);
        for user in provider.used_by.iter().take(most) {
            let sent = user.sent.map_or_else(String::new, |bytes| format!(", {bytes} bytes sent"));
            let since = user.first.map_or_else(String::new, |first| format!(" since {first}"));
            output.paragraph(4, &format!("{}: {}{since}{sent}", short(&user.who, 60), counted(user.events, "event")));
        }
        for package in &provider.packages {
            let places: Vec<&str> = package.environments.iter().take(most).map(|place| place.as_str()).collect();
            output.paragraph(4, &format!("{} in {}", package.package, places.join(", ")));
        }
        for key in provider.keys.iter().filter(|key| !key.known).take(most) {
            let places: Vec<&str> = key.readable_in.iter().take(most).map(|place| place.as_str()).collect();
            output
                .paragraph(4, &format!("unknown key {} in {}", short(key.credential.as_str(), 60), places.join(", ")));
        }
    }
}

/// Shows extensions of editors, at most so many, those in the most environments first.
pub(super) fn show_extensions(extensions: &[Extension], most: usize, output: Output) {
    if extensions.is_empty() {
        return;
    }
    output.text("");
    for extension in extensions.iter().take(most) {
        let places = counted(extension.environments.len() as u64, "environment");
        output.text(format!("extension    {}  in {places}", short(&extension.name, 60)));
    }
}
