//! The project's own chores: generated lists, house rules, benchmarks, scores. `cargo xtask help` lists them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

mod age;
mod bench;
mod browser;
mod codegen;
mod layers;
mod places;
mod score;
mod tidy;

use anyhow::{Result, bail};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <chore>

  codegen             write the generated lists (sources, scanners, responders, embedded data)
  tidy                check the house rules: layers, fresh lists, pages and cases, heads, dependency age
  bench <name>        run a benchmark; --json prints one object, --page writes it to docs, --quick is a
                      smaller one (names: spine, respond, month, detect, graph, permission, exposure, classify,
                      console; respond, graph, exposure, classify and console know --quick)
  score <name>        score against records of others; --json prints one object (names: detect, permissions,
                      exposure, classify, access, console)
  help                this text
";

fn run(arguments: &[String]) -> Result<()> {
    let root = places::root()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["codegen"] => codegen::write(&root),
        ["tidy"] => tidy::check(&root),
        ["bench", name, rest @ ..] => {
            let given = |option: &str| rest.contains(&option);
            let (json, page, quick) = (given("--json"), given("--page"), given("--quick"));
            let wanted = bench::Wanted { json, page, quick };
            bench::run(&root, name, wanted)
        }
        ["score", name, rest @ ..] => score::run(&root, name, rest.contains(&"--json")),
        [] | ["help"] => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("no chore `{}`\nhint: `cargo xtask help` lists them", other.join(" ")),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
