//! The command line: every command, flag and example. What a command does is in `commands/`.

mod acting;
mod governing;

use crate::config::Policy;
pub use acting::{
    ApproveArgs, CancelArgs, PauseArgs, PolicyArgs, PolicyCommand, PolicySimulateArgs, PolicyTestArgs, ResumeArgs,
    UndoArgs,
};
use clap::{Args, Parser, Subcommand};
use firebreak_model::Time;
pub use governing::{CustodyArgs, DataArgs, DutiesArgs};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 it could not be done; 2 wrong usage; 3 done, and the answer needs a person (an environment that is \
not clear, a plan that waits, a fault in a rule); 4 a ledger does not verify.";

/// Stops the chain from a poisoned package to lost data: who is exposed, what was lost, what it reaches, what to cut.
#[derive(Debug, Parser)]
#[command(name = "firebreak", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// The configuration file
    #[arg(long, short, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON: one object a line, the summary last
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole promise on the packaged incident, without touching anything
    #[command(after_help = "Example: firebreak demo\n         firebreak demo --large --json")]
    Demo(DemoArgs),
    /// Watch the configured sources until stopped: sources in, incidents out
    #[command(after_help = "Example: firebreak --config firebreak.toml run\n         Safe to kill at any moment.")]
    Run(RunArgs),
    /// Read logs once and print what is found, keeping nothing
    #[command(
        after_help = "Example: firebreak replay logs/cloudtrail --source aws_cloudtrail\n         zcat audit.gz | firebreak replay - --source github_audit"
    )]
    Replay(ReplayArgs),
    /// Say which environments ran a bad release, and which cannot be told
    #[command(
        after_help = "Example: firebreak exposed . --profile litellm-2026-03\n         firebreak exposed --logs borrowed-sand/logs --inventory borrowed-sand/inventory\n         firebreak exposed . --fail-on suspect --format sarif > firebreak.sarif\nExit codes: 3 if a verdict is at least as grave as --fail-on, 0 if none is; 1 if nothing could be judged."
    )]
    Exposed(ExposedArgs),
    /// Write, check and compare incident profiles
    #[command(
        after_help = "Example: firebreak profile new thing-2026-05 --from MAL-2026-9.json\n         firebreak profile check profiles\n         firebreak profile diff profiles/thing-2026-05 --path ."
    )]
    Profile(ProfileArgs),
    /// Say what is installed here, what runs by itself and which credentials can be read, never their values
    #[command(
        after_help = "Example: firebreak snapshot --output inventory/environments/here.json\n         firebreak snapshot --image image.tar\n         firebreak snapshot -- pip install -U crewai"
    )]
    Snapshot(Box<firebreak_snapshot::SnapshotArgs>),
    /// Keep the public databases of advisories in an index, and ask it
    #[command(
        after_help = "Example: firebreak advisories update osv/all.zip\n         firebreak advisories look-up PyPI litellm 1.82.8\n         firebreak advisories look-up pkg:npm/axios@1.14.1"
    )]
    Advisories(AdvisoriesArgs),
    /// Ask the fleet: who had a thing and when, and what an incident means for all of it
    #[command(
        after_help = "Example: firebreak fleet who litellm@1.82.8 --inventory borrowed-sand/inventory\n         firebreak fleet report --profile litellm-2026-03 --inventory inventory --sign"
    )]
    Fleet(FleetArgs),
    /// Rank dependencies by what an evil release of them would reach, before there is one
    #[command(
        after_help = "Example: firebreak posture --inventory borrowed-sand/inventory --logs borrowed-sand/logs\n         firebreak posture --data data --facts packages.json --most 50"
    )]
    Posture(PostureArgs),
    /// Ask the configured platforms for their inventories
    #[command(
        after_help = "Example: firebreak collect --config firebreak.toml\n         firebreak collect okta keycloak --config firebreak.toml"
    )]
    Collect(CollectArgs),
    /// Say what a stolen credential reaches, by which path and how soon
    #[command(
        after_help = "Example: firebreak reach --inventory borrowed-sand/inventory --from credential:aws/AKIA...\n         firebreak reach --aws-account account.json --from arn:aws:iam::111122223333:user/ci\n         firebreak reach --from credential:aws/AKIA... --as-of 2026-03-24T10:00:00Z --as-known-at 2026-03-24T12:00:00Z"
    )]
    Reach(ReachArgs),
    /// Hold the register of people's records against what lies where: undeclared copies, what is kept too long, deletions
    #[command(after_help = "Example: firebreak custody --inventory inventory --register register.toml")]
    Custody(CustodyArgs),
    /// Show where each class of data lies, how much, whose, who can reach it and who did
    #[command(
        after_help = "Example: firebreak data --inventory borrowed-sand/inventory\n         firebreak data --inventory inventory --logs logs --days 30 --class ssn"
    )]
    Data(DataArgs),
    /// Say who may have to be told of a loss, by when, under which rule; nothing is sent
    #[command(
        after_help = "Example: firebreak duties --inventory borrowed-sand/inventory --from credential:aws/AKIA... --discovered 2026-03-25T08:00:00Z\n         firebreak duties --inventory inventory --from environment:ci/o/r/1/build --since 2026-03-24T10:39:00Z --logs logs --drafts drafts"
    )]
    Duties(DutiesArgs),
    /// Compute the cheapest cut between what is compromised and what must not be lost
    #[command(after_help = "Example: firebreak plan --inventory borrowed-sand/inventory --from credential:aws/AKIA...")]
    Plan(PlanArgs),
    /// Test policies, and say what one would have done in past incidents
    #[command(
        after_help = "Example: firebreak policy test\n         firebreak policy test my-cases.toml\n         firebreak policy simulate --policy act"
    )]
    Policy(PolicyArgs),
    /// Ask the map: what was joined, what changed
    #[command(
        after_help = "Example: firebreak map joins --inventory inventory\n         firebreak map changes --since 2026-03-24T00:00:00Z"
    )]
    Map(MapArgs),
    /// Approve a plan that waits
    #[command(after_help = "Example: firebreak approve 3f9a... --by ada@example.com")]
    Approve(ApproveArgs),
    /// Break glass: pause every automatic action until someone resumes them
    #[command(after_help = "Example: firebreak pause --by ada@example.com --because \"cuts hit the payroll run\"")]
    Pause(PauseArgs),
    /// Let automatic actions go on after a pause
    #[command(after_help = "Example: firebreak resume --by ada@example.com")]
    Resume(ResumeArgs),
    /// Cancel what a plan has not begun; what has begun goes on to a known state
    #[command(
        after_help = "Example: firebreak cancel 3f9a... --by ada@example.com --because \"the key is rotated already\"\n         firebreak cancel 3f9a... --step 3 --by ada@example.com --because \"it serves the payroll run\""
    )]
    Cancel(CancelArgs),
    /// Take back what a plan did
    #[command(
        after_help = "Example: firebreak undo 3f9a... --by ada@example.com --rotated\n         firebreak undo 3f9a... --step 2 --by ada@example.com --because \"false alarm\""
    )]
    Undo(UndoArgs),
    /// Check a ledger, or export one as a bundle that anyone can check
    #[command(
        after_help = "Example: firebreak verify bundle.ndjson --key ledger.pub\n         firebreak verify --export bundle.ndjson"
    )]
    Verify(VerifyArgs),
    /// List what can be cut: on which platform, how far that was tested, whether it can be taken back, with which rights
    #[command(after_help = "Example: firebreak responders\n         firebreak responders --json")]
    Responders,
    /// Write the packaged incident `borrowed-sand` to a directory
    #[command(
        after_help = "Example: firebreak scenario borrowed-sand\n         firebreak scenario borrowed-sand --large --seed 7"
    )]
    Scenario(ScenarioArgs),
    /// Check configuration, rules, profiles and policies
    #[command(after_help = "Example: firebreak check\n         firebreak check my-rules/ firebreak.toml")]
    Check(CheckArgs),
    /// Write, test and understand detectors
    #[command(
        after_help = "Example: firebreak detector new okta_token_made --product okta --service okta\n         firebreak detector test detectors/okta_token_made"
    )]
    Detector(DetectorArgs),
}

/// How the packaged incident is made.
#[derive(Clone, Debug, Args)]
pub struct SpecArgs {
    /// Seconds to read; the default
    #[arg(long, conflicts_with = "large")]
    pub small: bool,
    /// Millions of events
    #[arg(long)]
    pub large: bool,
    /// Another seed gives another company with the same incident
    #[arg(long, default_value_t = 24)]
    pub seed: u64,
    /// Use the published addresses of the intruder instead of documentation addresses
    #[arg(long)]
    pub published_addresses: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How the incident is made
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Keep the files, the ledger and the state in this directory
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Stop when all inputs have been read to their end
    #[arg(long)]
    pub once: bool,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Files, directories, globs, or - for standard input
    #[arg(required = true)]
    pub inputs: Vec<String>,
    /// The source that wrote them
    #[arg(long, short, value_name = "NAME")]
    pub source: String,
    /// Inventory that says which data lies where
    #[arg(long, value_name = "DIR")]
    pub inventory: Option<PathBuf>,
    /// Further Sigma rules
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Where to put records that cannot be read; otherwise they are only counted and shown
    #[arg(long, value_name = "FILE")]
    pub quarantine: Option<PathBuf>,
}

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

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// An exported bundle; without one, the ledger in the data directory
    pub bundle: Option<PathBuf>,
    /// The file with the ledger's public key
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Write a bundle of the ledger in the data directory, and its public key beside it
    #[arg(long, value_name = "FILE", conflicts_with = "bundle")]
    pub export: Option<PathBuf>,
}

/// `scenario`.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// Where to write it
    pub directory: PathBuf,
    /// How the incident is made
    #[command(flatten)]
    pub spec: SpecArgs,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Directories of rules or profiles, and configuration files; without any, what the program carries
    pub paths: Vec<PathBuf>,
    /// Lints count as errors
    #[arg(long)]
    pub strict: bool,
}

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

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| format!("`{text}` is not a time; write it as 2026-03-24T10:58:41Z"))
}

fn policy(text: &str) -> Result<Policy, String> {
    let known = Policy::ALL.into_iter().find(|policy| policy.word() == text);
    known.ok_or_else(|| format!("`{text}` is not a policy; there are watch, ask and act"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_shows_an_example() {
        Cli::command().debug_assert();
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("firebreak {}", command.get_name())) || help.contains("run"), "{command}");
        }
    }
}
