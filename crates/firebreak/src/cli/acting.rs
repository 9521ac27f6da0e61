//! The flags of those who decide over what Firebreak does.

use super::time;
use crate::config::Policy;
use clap::{Args, Subcommand};
use firebreak_contain::mute::DAYS_MAX;
use firebreak_model::Time;
use std::path::PathBuf;

/// `approve`.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The plan's id, or its first characters; without one, the plans that wait are listed
    pub plan: Option<String>,
    /// Who approves
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// `pause`.
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Who pauses them
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why
    #[arg(long, value_name = "REASON")]
    pub because: String,
}

/// `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Who lets them go on
    #[arg(long, value_name = "NAME")]
    pub by: String,
}

/// `mute`.
#[derive(Debug, Args)]
pub struct MuteArgs {
    /// The detector or behaviour, as findings name it; without one, the mutes that last are listed
    #[arg(value_name = "DETECTOR", requires_all = ["by", "because", "span"])]
    pub detector: Option<String>,
    /// Only what is about this thing or done by it, as a key; needed for what trips on its own or is critical
    #[arg(long, value_name = "KEY", requires = "detector")]
    pub about: Option<String>,
    /// For so many days
    #[arg(long, value_name = "N", group = "span", value_parser = clap::value_parser!(i64).range(1..=DAYS_MAX))]
    pub days: Option<i64>,
    /// Until this time, at most 30 days ahead
    #[arg(long, value_name = "TIME", group = "span", value_parser = time)]
    pub until: Option<Time>,
    /// Who mutes it
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Why
    #[arg(long, value_name = "REASON")]
    pub because: Option<String>,
}

/// `unmute`.
#[derive(Debug, Args)]
pub struct UnmuteArgs {
    /// The mute's id, or its first characters; `firebreak mute` lists them
    pub mute: String,
    /// Who ends it
    #[arg(long, value_name = "NAME")]
    pub by: String,
}

/// `cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The plan's id, or its first characters
    pub plan: String,
    /// Only this step
    #[arg(long, value_name = "NUMBER")]
    pub step: Option<u32>,
    /// Who cancels it
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why
    #[arg(long, value_name = "REASON")]
    pub because: String,
}

/// `undo`.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The plan's id, or its first characters
    pub plan: String,
    /// Only this step
    #[arg(long, value_name = "NUMBER")]
    pub step: Option<u32>,
    /// Who asks for it
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// The old credentials have been rotated: undoing lets nobody back in
    #[arg(long, conflicts_with = "because")]
    pub rotated: bool,
    /// Undo although the old credential would work again, for this reason
    #[arg(long, value_name = "REASON")]
    pub because: Option<String>,
}

/// `responders`.
#[derive(Debug, Args)]
pub struct RespondersArgs {
    /// Say what a thief of Firebreak's credentials could do with the rights of the shipped manifests
    #[arg(long)]
    pub stolen_host: bool,
}

/// `drill`.
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// Only canaries of this action, `postgres_role/disable`
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
}

/// `policy`.
#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// What to do
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// What is done with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Run cases: plans in brief, and what the gate is to say to each
    #[command(after_help = "Example: firebreak policy test\n         firebreak policy test my-cases.toml")]
    Test(PolicyTestArgs),
    /// Say what another policy would have done with the plans of past incidents
    #[command(
        after_help = "Example: firebreak policy simulate --policy act\n         firebreak policy simulate --file mine.cedar\n         firebreak policy simulate --standing mass_download --policy act"
    )]
    Simulate(PolicySimulateArgs),
}

/// `policy test`.
#[derive(Debug, Args)]
pub struct PolicyTestArgs {
    /// Files of cases; without one, those of the sets that Firebreak ships
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `policy simulate`.
#[derive(Debug, Args)]
pub struct PolicySimulateArgs {
    /// A set that Firebreak ships
    #[arg(long, value_name = "watch|ask|act", value_parser = super::policy, required_unless_present_any = ["files", "standing"])]
    pub policy: Option<Policy>,
    /// Cedar files of your own
    #[arg(long = "file", value_name = "FILE", conflicts_with = "policy")]
    pub files: Vec<PathBuf>,
    /// What this standing policy would have asked for about the findings of the past, had it been on; may be repeated. Without a set or
    /// files the configured gate is asked
    #[arg(long, value_name = "NAME")]
    pub standing: Vec<String>,
}

/// `playbook`.
#[derive(Debug, Args)]
pub struct PlaybookArgs {
    /// What to do
    #[command(subcommand)]
    pub command: PlaybookCommand,
}

/// What is done with playbooks.
#[derive(Debug, Subcommand)]
pub enum PlaybookCommand {
    /// Write a plan of the ledger as a CACAO 2.0 playbook
    #[command(after_help = "Example: firebreak playbook export 3f9c2a71b0de --output plan.json")]
    Export(PlaybookExportArgs),
    /// Read a CACAO 2.0 playbook: which steps responders can do, which people, and what is wrong with it
    #[command(after_help = "Example: firebreak playbook check plan.json")]
    Check(PlaybookCheckArgs),
    /// Write what responders can do of a CACAO 2.0 playbook as prepared steps, for the profile of an incident
    #[command(after_help = "Example: firebreak playbook import plan.json --output prepared.toml")]
    Import(PlaybookImportArgs),
}

/// `playbook export`.
#[derive(Debug, Args)]
pub struct PlaybookExportArgs {
    /// The plan's id, or how it begins
    #[arg(value_name = "PLAN")]
    pub plan: String,
    /// Write into this file, not to the screen
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `playbook import`.
#[derive(Debug, Args)]
pub struct PlaybookImportArgs {
    /// The playbook
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write into this file, not to the screen
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `playbook check`.
#[derive(Debug, Args)]
pub struct PlaybookCheckArgs {
    /// The playbook
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
