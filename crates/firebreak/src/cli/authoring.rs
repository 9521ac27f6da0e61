//! The flags of those who write detectors.

use super::time;
use clap::{Args, Subcommand};
use firebreak_model::Time;
use std::path::PathBuf;

/// `detector`.
#[derive(Debug, Args)]
pub struct DetectorArgs {
    /// What to do
    #[command(subcommand)]
    pub command: DetectorCommand,
}

/// What to do with detectors.
#[derive(Debug, Subcommand)]
pub enum DetectorCommand {
    /// Begin a detector: a folder with a rule, a page and two cases to fill in
    #[command(after_help = "Example: firebreak detector new okta_token_made --product okta --service okta")]
    New(NewArgs),
    /// Run the cases of detectors and say which fail, and why
    #[command(after_help = "Example: firebreak detector test\n         firebreak detector test detectors/okta_*")]
    Test(TestArgs),
    /// Say how often a rule would have fired, on what, and what it costs
    #[command(
        after_help = "Example: firebreak detector backtest detectors/okta_token_made --logs logs\n         firebreak detector backtest rule.yml --lake /var/lib/firebreak --from 2026-03-01T00:00:00Z"
    )]
    Backtest(BacktestArgs),
    /// Say why a rule is met by an event, or which of its tests fails
    #[command(
        after_help = "Example: firebreak detector explain detectors/okta_token_made --event okta_system.ndjson:7\n         firebreak detector explain rule.yml --event-uid 6f0c... --lake /var/lib/firebreak"
    )]
    Explain(ExplainArgs),
}

/// `detector new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Its name: what it sees, in small letters with _ between words
    pub name: String,
    /// Sigma's product, such as aws
    #[arg(long)]
    pub product: String,
    /// Sigma's service, such as cloudtrail; without one, every service of the product
    #[arg(long)]
    pub service: Option<String>,
    /// Where its folder goes
    #[arg(long, value_name = "DIR", default_value = "detectors")]
    pub directory: PathBuf,
}

/// `detector test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Folders of detectors, or folders that hold such folders
    #[arg(default_value = "detectors")]
    pub folders: Vec<PathBuf>,
}

/// `detector backtest`.
#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// A detector's folder, a rule file, or the name of a detector that the program carries
    pub rule: String,
    /// Files, directories and globs of --source; without it, directories with one folder per source
    #[arg(long, value_name = "PATH", required_unless_present = "lake", conflicts_with = "lake")]
    pub logs: Vec<String>,
    /// The source that wrote the logs
    #[arg(long, short, value_name = "NAME", requires = "logs")]
    pub source: Option<String>,
    /// The data directory of an installation: what it has kept
    #[arg(long, value_name = "DIR")]
    pub lake: Option<PathBuf>,
    /// Only events from this time on
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Time>,
    /// Only events before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Time>,
}

/// `detector explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A detector's folder, a rule file, or the name of a detector that the program carries
    pub rule: String,
    /// A file of records, and the line of one of them
    #[arg(long, value_name = "FILE[:LINE]", required_unless_present = "event_uid", conflicts_with = "event_uid")]
    pub event: Option<String>,
    /// The source that wrote the file, where neither its name nor its folder says so
    #[arg(long, short, value_name = "NAME", requires = "event")]
    pub source: Option<String>,
    /// An event of a finding
    #[arg(long, value_name = "UID", requires = "lake")]
    pub event_uid: Option<String>,
    /// The data directory of the installation that kept the event
    #[arg(long, value_name = "DIR")]
    pub lake: Option<PathBuf>,
}
