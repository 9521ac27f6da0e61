//! What is measured in a browser: specifications below `console/bench`, run by Playwright in the system's Chromium.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Builds the console, which the program embeds.
pub(crate) fn build(root: &Path) -> Result<()> {
    let built = Command::new("./build").current_dir(root.join("console")).stdout(Stdio::null()).status();
    if !built.context("starting console/build")?.success() {
        bail!("the console could not be built\nhint: run `console/build`; it needs node and the package registry");
    }
    Ok(())
}

/// Builds the console and runs its specification `name`; what that said, its object last.
pub(crate) fn run(root: &Path, name: &str) -> Result<String> {
    build(root)?;
    let console = root.join("console");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    fs::create_dir_all(&target)?;
    let says = target.join(format!("console-{name}-says.txt"));
    fs::write(&says, "")?;
    let mut command = Command::new("npx");
    command.args(["--no-install", "playwright", "test", "-c", "bench", "--reporter", "dot", &format!("{name}.spec")]);
    command.current_dir(&console).env("CONSOLE_SAYS", &says).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let program = target.join("release/firebreak");
    if program.is_file() {
        command.env("CONSOLE_PROGRAM", program);
    }
    let output = command.output().context("starting Playwright")?;
    let text = fs::read_to_string(&says)?;
    if !output.status.success() {
        bail!("the console's {name} failed\n{text}{}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(text)
}
