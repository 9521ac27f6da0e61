//! The flags of those who ask what ran where: verdicts, incident profiles, advisories, the fleet, posture.

use super::time;
use clap::{Args, Subcommand};
use firebreak_model::Time;
use std::path::PathBuf;

/// `exposed`.
#[derive(Debug, Args)]
pub struct ExposedArgs {
    /// Folders and files: lockfiles, manifests, bills of materials, logs, snapshots, inventories
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Logs: a directory with one folder per source
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// Inventory: runs, snapshots, lockfiles, workflows
    #[arg(long, value_name = "DIR")]
    pub inventory: Vec<PathBuf>,
    /// Only this incident profile
    #[arg(long, value_name = "ID")]
    pub profile: Option<String>,
    /// Also list environments that are clear; JSON and reports always do
    #[arg(long)]
    pub all: bool,
    /// The least grave verdict that makes the exit code 3; otherwise unknown, which is not clear
    #[arg(long, value_enum, value_name = "VERDICT")]
    pub fail_on: Option<FailOn>,
    /// One document for other programs in place of the text
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<ReportFormat>,
    /// The index of advisories; otherwise advisories.index in the data directory, if it is there
    #[arg(long, value_name = "FILE")]
    pub advisories: Option<PathBuf>,
}

/// The least grave verdict that fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum FailOn {
    /// Only what ran a bad release
    Exposed,
    /// Also what may have
    Suspect,
    /// Also what cannot be told
    Unknown,
}

impl From<FailOn> for firebreak_model::Verdict {
    fn from(fail_on: FailOn) -> firebreak_model::Verdict {
        match fail_on {
            FailOn::Exposed => firebreak_model::Verdict::Exposed,
            FailOn::Suspect => firebreak_model::Verdict::Suspect,
            FailOn::Unknown => firebreak_model::Verdict::Unknown,
        }
    }
}

/// A document of verdicts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum ReportFormat {
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI systems
    Junit,
    /// Markdown, for a comment on a pull request
    Markdown,
    /// One JSON object
    Json,
}

/// `profile`.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    /// What to do
    #[command(subcommand)]
    pub command: ProfileCommand,
}

/// What is done with incident profiles.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Begin a profile: a folder with a page and a commented profile.toml
    #[command(after_help = "Example: firebreak profile new thing-2026-05 --from MAL-2026-9.json")]
    New(ProfileNewArgs),
    /// Say what is wrong with profiles, with file and line
    #[command(after_help = "Example: firebreak profile check profiles/thing-2026-05")]
    Check(ProfileCheckArgs),
    /// Say which verdicts a changed profile changes, and whose
    #[command(
        after_help = "Example: firebreak profile diff profiles/litellm-2026-03 --path .\n         firebreak profile diff old/litellm-2026-03 new/litellm-2026-03 --logs logs --inventory inventory"
    )]
    Diff(ProfileDiffArgs),
}

/// `profile new`.
#[derive(Debug, Args)]
pub struct ProfileNewArgs {
    /// Its name: thing and month, as in litellm-2026-03
    pub name: String,
    /// A public record to begin from: OSV, MAL, GHSA, PYSEC or CVE JSON
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// The folder of profiles
    #[arg(long, value_name = "DIR", default_value = "profiles")]
    pub directory: PathBuf,
}

/// `profile check`.
#[derive(Debug, Args)]
pub struct ProfileCheckArgs {
    /// Profiles' folders, or folders of them
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
}

/// `profile diff`.
#[derive(Debug, Args)]
pub struct ProfileDiffArgs {
    /// A profile; alone it is compared with the installed one of its id
    #[arg(value_name = "PROFILE")]
    pub before: PathBuf,
    /// The profile that shall take its place
    #[arg(value_name = "PROFILE")]
    pub after: Option<PathBuf>,
    /// Folders and files to judge, as `exposed` takes them
    #[arg(long = "path", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Logs: a directory with one folder per source
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// Inventory: runs, snapshots, lockfiles, workflows
    #[arg(long, value_name = "DIR")]
    pub inventory: Vec<PathBuf>,
}

/// `advisories`.
#[derive(Debug, Args)]
pub struct AdvisoriesArgs {
    /// What to do
    #[command(subcommand)]
    pub command: AdvisoriesCommand,
}

/// What is done with advisories.
#[derive(Debug, Subcommand)]
pub enum AdvisoriesCommand {
    /// Read databases into the index: what is newer than what it holds takes its place
    Update(UpdateArgs),
    /// Say which advisories name a version of a package, and why
    LookUp(LookUpArgs),
}

/// `advisories update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Records, folders of them, .zip and .tar.gz archives, lines in .ndjson: OSV, GHSA, PYSEC, MAL and CVE JSON
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The index; otherwise advisories.index in the data directory
    #[arg(long, value_name = "FILE")]
    pub index: Option<PathBuf>,
    /// Do not keep what the index holds
    #[arg(long)]
    pub anew: bool,
}

/// `advisories look-up`.
#[derive(Debug, Args)]
pub struct LookUpArgs {
    /// An ecosystem in OSV's words (PyPI, npm, Debian:12), or a package URL (pkg:pypi/litellm@1.82.8)
    pub ecosystem: String,
    /// The package's name
    pub name: Option<String>,
    /// Its version; without one, every advisory about the package
    pub version: Option<String>,
    /// The index; otherwise advisories.index in the data directory
    #[arg(long, value_name = "FILE")]
    pub index: Option<PathBuf>,
}

/// `fleet`.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// What to ask
    #[command(subcommand)]
    pub command: FleetCommand,
}

/// What to ask of the fleet.
#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    /// Say who had a package, digest, commit, image or domain, from when to when, and who cannot be told
    #[command(
        after_help = "Example: firebreak fleet who litellm@1.82.8 --inventory borrowed-sand/inventory\n         firebreak fleet who 'litellm@>=1.82.7,<1.83' --between 2026-03-24T10:00:00Z 2026-03-25T00:00:00Z\n         firebreak fleet who sha256:... --data data\n         firebreak fleet who domain:models.litellm.cloud --logs logs"
    )]
    Who(FleetWhoArgs),
    /// Write the verdict of one incident on every environment as a document, signed where asked for
    #[command(
        after_help = "Example: firebreak fleet report --profile litellm-2026-03 --inventory inventory --logs logs --sign\n         firebreak verify litellm-2026-03-report.json --key litellm-2026-03-report.pub"
    )]
    Report(FleetReportArgs),
}

/// Which evidence: files, or what an installation keeps.
#[derive(Clone, Debug, Args)]
pub struct FleetFromArgs {
    /// Inventory: runs, snapshots, lockfiles; without it and --logs, what the installation keeps
    #[arg(long, value_name = "DIR")]
    pub inventory: Vec<PathBuf>,
    /// Logs: a directory with one folder per source
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// The data directory of an installation; otherwise the configured one
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `fleet who`.
#[derive(Debug, Args)]
pub struct FleetWhoArgs {
    /// A package with or without a version or range, sha256:..., a commit, image:name:tag, domain:name
    #[arg(value_name = "WHAT")]
    pub what: String,
    /// The evidence
    #[command(flatten)]
    pub from: FleetFromArgs,
    /// From the first time up to the second
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], value_parser = time, conflicts_with_all = ["since", "until"])]
    pub between: Vec<Time>,
    /// From this time on; otherwise ever
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Time>,
    /// Up to this time; otherwise up to when each environment was last looked at
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Time>,
}

/// `fleet report`.
#[derive(Debug, Args)]
pub struct FleetReportArgs {
    /// The incident profile
    #[arg(long, value_name = "ID")]
    pub profile: String,
    /// The evidence
    #[command(flatten)]
    pub from: FleetFromArgs,
    /// The file; otherwise the profile's name and -report.json
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Sign it with the ledger's key of the installation, and put the note and the public key beside it
    #[arg(long)]
    pub sign: bool,
}

/// `posture`.
#[derive(Debug, Args)]
pub struct PostureArgs {
    /// The evidence
    #[command(flatten)]
    pub from: FleetFromArgs,
    /// Answer for this time, by what had been seen until then; otherwise for now
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of: Option<Time>,
    /// What registries say of packages: publishers, provenance, tags, install scripts
    #[arg(long, value_name = "FILE")]
    pub facts: Option<PathBuf>,
    /// How many packages to show; JSON has all
    #[arg(long, default_value_t = 20)]
    pub most: usize,
}
