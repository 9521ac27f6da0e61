//! The flags of those who ask the map: the estate, what is compromised in it, reach, plan, joins, changes.

use super::{policy, time};
use crate::config::Policy;
use clap::{Args, Subcommand};
use firebreak_model::Time;
use std::path::PathBuf;

/// What is compromised, in what estate.
#[derive(Clone, Debug, Args)]
pub struct FromArgs {
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// What is compromised, as a key such as credential:aws/AKIA...; with --aws-account, an ARN
    #[arg(long, value_name = "KEY", required = true)]
    pub from: Vec<String>,
    /// Since when it is compromised; otherwise since the inventory begins, or since --as-of
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Time>,
    /// The time that counts as now; otherwise the clock's
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub now: Option<Time>,
    /// Answer for this time: what was so then, whatever came later
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "now")]
    pub as_of: Option<Time>,
}

/// Which estate: inventory files, or what an installation remembers.
#[derive(Clone, Debug, Args)]
pub struct EstateArgs {
    /// Directories of inventory files; without any, what the installation remembers
    #[arg(long, value_name = "DIR", conflicts_with_all = ["data", "as_known_at"])]
    pub inventory: Vec<PathBuf>,
    /// The data directory of an installation; otherwise the configured one
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Only what the installation had learnt by this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_known_at: Option<Time>,
}

/// `map`.
#[derive(Debug, Args)]
pub struct MapArgs {
    /// What to do
    #[command(subcommand)]
    pub command: MapCommand,
}

/// What to ask of the map.
#[derive(Debug, Subcommand)]
pub enum MapCommand {
    /// List what was joined and why, and what was not and waits for the owner's word
    #[command(
        after_help = "Example: firebreak map joins --inventory inventory\n         firebreak --config firebreak.toml map joins --json"
    )]
    Joins(MapJoinsArgs),
    /// Say what was learnt of the estate since a time
    #[command(after_help = "Example: firebreak --config firebreak.toml map changes --since 2026-03-24T00:00:00Z")]
    Changes(MapChangesArgs),
    /// Answer the standing questions: exposure, neighbours of crown jewels, keyrings, choke points, coverage
    #[command(
        after_help = "Example: firebreak map questions --inventory borrowed-sand/inventory\n         firebreak --config firebreak.toml map questions --as-of 2026-03-24T10:00:00Z"
    )]
    Questions(MapQuestionsArgs),
    /// Write the map, or what a compromise reaches of it, for other programs
    #[command(
        after_help = "Example: firebreak map export --inventory inventory --format graphml --output map.graphml\n         firebreak map export --inventory inventory --from credential:aws/AKIA... --format graphviz | dot -Tsvg"
    )]
    Export(MapExportArgs),
}

/// `map questions`.
#[derive(Debug, Args)]
pub struct MapQuestionsArgs {
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// Answer for this time; otherwise for now
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of: Option<Time>,
    /// How many packages, places and neighbours to show
    #[arg(long, default_value_t = 10)]
    pub most: usize,
}

/// A form that other programs read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum MapFormat {
    /// GraphML: yEd, Gephi, igraph, networkx
    Graphml,
    /// One JSON object with nodes and edges
    Json,
    /// The DOT language of Graphviz
    Graphviz,
    /// BloodHound's OpenGraph
    Opengraph,
}

/// `map export`.
#[derive(Debug, Args)]
pub struct MapExportArgs {
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// In which form
    #[arg(long, value_enum, default_value_t = MapFormat::Json)]
    pub format: MapFormat,
    /// Only what this reaches, as a key such as credential:aws/AKIA...; may be repeated
    #[arg(long, value_name = "KEY")]
    pub from: Vec<String>,
    /// The file; otherwise standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `map joins`.
#[derive(Debug, Args)]
pub struct MapJoinsArgs {
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
}

/// `map changes`.
#[derive(Debug, Args)]
pub struct MapChangesArgs {
    /// What was learnt after this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Time,
    /// Up to this time; otherwise up to now
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Time>,
    /// The data directory of an installation; otherwise the configured one
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `collect`.
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// Scanners whose platforms are asked; without any, all that are configured
    #[arg(value_name = "SCANNER")]
    pub scanners: Vec<String>,
}

/// `reach`.
#[derive(Debug, Args)]
pub struct ReachArgs {
    /// One AWS account alone: its authorisation details, or a directory with them and the files beside them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["inventory", "data", "as_known_at", "as_of", "since", "now"])]
    pub aws_account: Option<PathBuf>,
    /// What is compromised
    #[command(flatten)]
    pub from: FromArgs,
}

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What is compromised
    #[command(flatten)]
    pub from: FromArgs,
    /// The policy to ask
    #[arg(long, value_name = "watch|ask|act", default_value = "ask", value_parser = policy)]
    pub policy: Policy,
    /// Actions that were refused: name and target, as in `aws_access_key/deactivate credential:aws/AKIA...`
    #[arg(long, value_name = "ACTION")]
    pub refuse: Vec<String>,
    /// Show so many other plans too, each without something that a cheaper one does
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub alternatives: usize,
}
