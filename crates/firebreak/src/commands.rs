//! One module a command. Each returns how it ended; this one turns that into an exit code.

mod access;
mod advisories;
mod api;
mod approve;
pub(crate) mod apps;
mod cancel;
mod check;
mod classify;
mod collect;
mod custody;
mod data;
mod demo;
mod detector;
mod drill;
mod duties;
pub mod exposed;
pub(crate) mod fleet;
mod guardrail;
mod hunt;
mod logs;
mod manual;
mod map;
mod mute;
mod pause;
pub(crate) mod plan;
mod playbook;
mod policy;
mod posture;
mod profile;
mod reach;
mod remembered;
mod replay;
mod responders;
mod run;
mod scenario;
mod top;
mod undo;
mod verify;
mod wish;

use crate::cli::{Cli, Command, FromArgs, SpecArgs};
use crate::config::Config;
use crate::content;
use crate::estate::{Packages, canonical};
use crate::output::{Output, Said, gathered, warning};
use crate::progress;
use anyhow::{Result, anyhow, bail};
use clap::Parser;
use firebreak_graph::{Graph, NodeId, Source};
use firebreak_model::{Catalogue, NodeKey, Problem, Time};
use firebreak_scenario::{Addresses, Size, Spec};
use firebreak_world::World;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Done.
    Done,
    /// Done, and the answer needs a person.
    NeedsPerson,
    /// A ledger does not verify.
    Unverified,
}

impl From<End> for ExitCode {
    fn from(end: End) -> ExitCode {
        match end {
            End::Done => ExitCode::SUCCESS,
            End::NeedsPerson => ExitCode::from(3),
            End::Unverified => ExitCode::from(4),
        }
    }
}

/// Runs the command that `cli` names.
pub fn run(cli: Cli) -> ExitCode {
    let output = Output { json: cli.json };
    if let Command::Snapshot(args) = cli.command {
        // It reads nothing of an installation, and its exit code is that of the command it wraps.
        return ExitCode::from(firebreak_snapshot::run(*args, std::env::vars_os()));
    }
    match dispatch(cli, output) {
        Ok(end) => end.into(),
        Err(error) => {
            progress::wipe();
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the command of these words says to `config`, for callers that are no terminal.
///
/// # Errors
/// As the command; where its words do not fit, in the words of the command line.
pub(crate) fn answered(words: &[String], config: &Config) -> Result<Said> {
    let program = std::iter::once("firebreak").chain(words.iter().map(String::as_str));
    let cli = Cli::try_parse_from(program).map_err(|error| {
        let said = error.to_string();
        let first = said.lines().next().unwrap_or_default().trim_start_matches("error: ");
        anyhow!("{first}\nhint: GET /api/v1/openapi.json says what each call takes")
    })?;
    let (done, said) = gathered(|output| carry_out(cli.command, config, output));
    done.map(|_| said)
}

fn dispatch(cli: Cli, output: Output) -> Result<End> {
    let config = match &cli.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    carry_out(cli.command, &config, output)
}

fn carry_out(command: Command, config: &Config, output: Output) -> Result<End> {
    match command {
        Command::Demo(args) => demo::run(&args, output),
        Command::Run(args) => run::run(&args, config, output),
        Command::Console => api::console(config, output),
        Command::Api(args) => api::run(&args, config, output),
        Command::Replay(args) => replay::run(&args, config, output),
        Command::Exposed(args) => exposed::run(&args, config, output),
        Command::Profile(args) => profile::run(&args, config, output),
        // Done in `run`, before anything of an installation is read.
        Command::Snapshot(_) => Ok(End::Done),
        Command::Advisories(args) => advisories::run(&args, config, output),
        Command::Fleet(args) => fleet::run(&args, config, output),
        Command::Posture(args) => posture::run(&args, config, output),
        Command::Classify(args) => classify::run(&args, config, output),
        Command::Collect(args) => collect::run(&args, config, output),
        Command::Reach(args) => reach::run(&args, config, output),
        Command::Access(args) => access::run(&args, config, output),
        Command::Apps(args) => apps::run(&args, config, output),
        Command::Custody(args) => custody::run(&args, config, output),
        Command::Data(args) => data::run(&args, config, output),
        Command::Duties(args) => duties::run(&args, config, output),
        Command::Hunt(args) => hunt::run(&args, config, output),
        Command::Guardrail => guardrail::run(config, output),
        Command::Plan(args) => plan::run(&args, config, output),
        Command::Playbook(args) => playbook::run(&args, config, output),
        Command::Policy(args) => policy::run(&args, config, output),
        Command::Map(args) => map::run(&args, config, output),
        Command::Approve(args) => approve::run(&args, config, output),
        Command::Pause(args) => pause::pause(&args, config, output),
        Command::Mute(args) => mute::mute(&args, config, output),
        Command::Unmute(args) => mute::unmute(&args, config, output),
        Command::Resume(args) => pause::resume(&args, config, output),
        Command::Cancel(args) => cancel::run(&args, config, output),
        Command::Undo(args) => undo::run(&args, config, output),
        Command::Drill(args) => drill::run(&args, config, output),
        Command::Verify(args) => verify::run(&args, config, output),
        Command::Responders(args) => responders::run(&args, config, output),
        Command::Scenario(args) => scenario::run(&args, output),
        Command::Check(args) => check::run(&args, config, output),
        Command::Top(args) => top::run(&args, config, output),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { directory } => manual::pages(&directory, output),
        Command::Detector(args) => detector::run(&args, output),
    }
}

/// The specification that the flags mean.
pub(crate) fn spec(args: &SpecArgs) -> Spec {
    Spec {
        seed: args.seed,
        size: if args.large { Size::Large } else { Size::Small },
        addresses: if args.published_addresses { Addresses::Published } else { Addresses::TestNet },
    }
}

/// Shows problems, at most ten of them, on standard error.
pub(crate) fn show_problems(problems: &[Problem]) {
    const SHOWN: usize = 10;
    for problem in problems.iter().take(SHOWN) {
        warning(&problem.to_string());
    }
    if problems.len() > SHOWN {
        warning(&format!("{} more problems", problems.len() - SHOWN));
    }
}

/// The map and the compromised nodes that `args` name.
struct Compromise {
    graph: Graph,
    /// What lies where.
    catalogue: Catalogue,
    sources: Vec<Source>,
    keys: Vec<NodeKey>,
    /// Since when they are.
    since: Time,
    /// What comes later does not count.
    until: Time,
    now: Time,
}

fn compromise(args: &FromArgs, config: &Config) -> Result<Compromise> {
    let world = World::offline();
    let now = args.as_of.or(args.now).unwrap_or_else(|| world.clock.now());
    let since = args.since.or(args.as_of).unwrap_or(Time::MIN);
    let (profiles, _) = content::profiles(world.disk.as_ref(), &config.exposure.profiles);
    let packages = Packages::of(&profiles).and(&args.from);
    let estate = remembered::estate(&world, &args.estate, config, &packages, now)?;
    let catalogue = Catalogue::of(&estate.facts);
    let (graph, mut problems) = estate.graph();
    problems.splice(0..0, estate.problems);
    show_problems(&problems);
    if graph.node_count() == 0 {
        bail!("the inventory holds nothing\nhint: `firebreak scenario borrowed-sand` writes one to try");
    }
    let (mut sources, mut keys) = (Vec::new(), Vec::new());
    for text in &args.from {
        let (node, key) = known_key(&graph, text)?;
        sources.push(Source::new(node, since));
        keys.push(key);
    }
    let until = args.as_of.unwrap_or(Time::MAX);
    Ok(Compromise { graph, catalogue, sources, keys, since, until, now })
}

/// The node that `text` names.
fn known_key(graph: &Graph, text: &str) -> Result<(NodeId, NodeKey)> {
    let key = NodeKey::parse(text)
        .ok_or_else(|| anyhow!("`{text}` is not a key\nhint: write kind:system/name, as in credential:aws/AKIA..."))?;
    let spelled = canonical(&key).filter(|_| graph.id(&key).is_none()).unwrap_or(key);
    let node = graph.id(&spelled).ok_or_else(|| unknown_key(graph, &spelled))?;
    Ok((node, spelled))
}

/// A key that the inventory does not hold is not safe: it is unknown, and the answer says so.
fn unknown_key(graph: &Graph, key: &NodeKey) -> anyhow::Error {
    let alike = graph.node_ids().filter_map(|id| graph.key(id)).filter(|known| known.kind() == key.kind());
    let near = alike.min_by_key(|known| {
        let shared = known.as_str().bytes().zip(key.as_str().bytes()).take_while(|(a, b)| a == b).count();
        std::cmp::Reverse(shared)
    });
    let hint = near.map_or("it holds nothing of this kind".to_owned(), |known| format!("it holds `{known}`"));
    anyhow!("the inventory does not know `{key}`: what it reaches is unknown, not nothing\nhint: {hint}")
}
