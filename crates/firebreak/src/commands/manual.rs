//! `firebreak completions` and `firebreak man`: what the command line says of itself, for shells and for `man`.

use super::End;
use crate::cli::Cli;
use crate::output::{Output, counted, print};
use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::fs;
use std::path::Path;

/// Prints the completions of a shell.
pub(super) fn completions(shell: Shell) -> Result<End> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "firebreak", &mut script);
    print(&String::from_utf8(script).context("the completions are no text")?);
    Ok(End::Done)
}

/// Writes a page of each command, and of each of its own: `firebreak-api-token.1`.
pub(super) fn pages(directory: &Path, output: Output) -> Result<End> {
    fs::create_dir_all(directory).with_context(|| format!("making `{}`", directory.display()))?;
    let mut whole = Cli::command().disable_help_subcommand(true);
    // It gives every command its whole name.
    whole.build();
    let pages = written(&whole, directory)?;
    output.text(format!("{} in {}", counted(pages, "manual page"), directory.display()));
    output.object("man", &serde_json::json!({"directory": directory, "pages": pages}));
    Ok(End::Done)
}

fn written(command: &Command, directory: &Path) -> Result<u64> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).with_context(|| format!("making the page of `{name}`"))?;
    let path = directory.join(format!("{name}.1"));
    fs::write(&path, page).with_context(|| format!("writing `{}`", path.display()))?;
    let mut pages = 1;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        pages += written(inner, directory)?;
    }
    Ok(pages)
}
