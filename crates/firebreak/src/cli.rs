//! The command line: every command, flag and example. What a command does is in `commands/`.

mod acting;
mod api;
mod authoring;
mod exposing;
mod governing;
mod hunting;
mod mapping;

use crate::config::Policy;
pub use acting::{
    ApproveArgs, CancelArgs, DrillArgs, MuteArgs, PauseArgs, PlaybookArgs, PlaybookCheckArgs, PlaybookCommand,
    PlaybookExportArgs, PlaybookImportArgs, PolicyArgs, PolicyCommand, PolicySimulateArgs, PolicyTestArgs,
    RespondersArgs, ResumeArgs, UndoArgs, UnmuteArgs,
};
pub use api::{ApiArgs, ApiCommand, TokenArgs, TokenCommand, TokenNewArgs};
pub use authoring::{BacktestArgs, DetectorArgs, DetectorCommand, ExplainArgs, NewArgs, TestArgs};
use clap::{Args, Parser, Subcommand};
pub use exposing::{
    AdvisoriesArgs, AdvisoriesCommand, ExposedArgs, FailOn, FleetArgs, FleetCommand, FleetFromArgs, FleetReportArgs,
    FleetWhoArgs, LookUpArgs, PostureArgs, ProfileArgs, ProfileCheckArgs, ProfileCommand, ProfileDiffArgs,
    ProfileNewArgs, ReportFormat, UpdateArgs,
};
use firebreak_model::Time;
pub use governing::{
    AccessAnswerArgs, AccessApplyArgs, AccessArgs, AccessCommand, AccessReviewArgs, AppsArgs, AppsCommand,
    AppsLeashArgs, AppsListArgs, AppsQuarantineArgs, AppsReleaseArgs, ClassifyArgs, CustodyArgs, DataArgs, DataCommand,
    DataMapArgs, DataUnshareArgs, DutiesArgs, ProposeArgs,
};
pub use hunting::HuntArgs;
pub use mapping::{
    CollectArgs, EstateArgs, FromArgs, MapArgs, MapChangesArgs, MapCommand, MapExportArgs, MapFormat, MapJoinsArgs,
    MapQuestionsArgs, PlanArgs, ReachArgs,
};
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
    /// Show the console over what is kept, without acting on anything
    #[command(after_help = "Example: firebreak console\n         firebreak --config firebreak.toml console")]
    Console,
    /// Say who may use the API and the console
    #[command(
        after_help = "Example: firebreak api login\n         firebreak api token new --for ci@example.com --role viewer --days 30\n         firebreak api token list"
    )]
    Api(ApiArgs),
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
    /// Count what a store holds, by class: files, a bucket, a database, a repository's history; no value leaves the scan
    #[command(
        after_help = "Example: firebreak classify /srv/share --name share --output inventory/share.json\n         firebreak classify postgres://auditor@db.internal/hr --credential env:PGPASSWORD --budget 1024 --output inventory/hr.json\n         firebreak classify s3://payroll/2026 --output inventory/payroll.json\n         firebreak classify git . --places"
    )]
    Classify(ClassifyArgs),
    /// Say what a stolen credential reaches, by which path and how soon
    #[command(
        after_help = "Example: firebreak reach --inventory borrowed-sand/inventory --from credential:aws/AKIA...\n         firebreak reach --aws-account account.json --from arn:aws:iam::111122223333:user/ci\n         firebreak reach --from credential:aws/AKIA... --as-of 2026-03-24T10:00:00Z --as-known-at 2026-03-24T12:00:00Z"
    )]
    Reach(ReachArgs),
    /// Hold what was granted against what was used, and propose what would be enough, with its proof
    #[command(
        after_help = "Example: firebreak access --inventory borrowed-sand/inventory --logs borrowed-sand/logs\n         firebreak access --inventory inventory --logs logs --days 90 --output proposals"
    )]
    Access(AccessArgs),
    /// List apps, agents, tool servers, models and their keys: who let them in, what they reach and did, what is new
    #[command(
        after_help = "Example: firebreak apps --inventory borrowed-sand/inventory --logs borrowed-sand/logs\n         firebreak apps --inventory inventory --since inventory-of-june\n         firebreak apps --inventory inventory --vendor anthropic"
    )]
    Apps(AppsArgs),
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
    /// Ask the lake in SQL what happened; nothing is changed
    #[command(
        after_help = "Example: firebreak hunt --saved denials\n         firebreak hunt \"SELECT source, count(*) FROM events GROUP BY source\" --json\n         firebreak hunt --schema\nExit codes: 3 if a part of the lake could not be read."
    )]
    Hunt(HuntArgs),
    /// Answer AI gateways and proxies: what may pass to models and tools, what only masked, what not at all
    #[command(
        after_help = "Example: firebreak --config firebreak.toml guardrail\n         A gateway must be set to refuse where it gets no answer."
    )]
    Guardrail,
    /// Compute the cheapest cut between what is compromised and what must not be lost
    #[command(after_help = "Example: firebreak plan --inventory borrowed-sand/inventory --from credential:aws/AKIA...")]
    Plan(PlanArgs),
    /// Plans as CACAO playbooks, and playbooks of others read
    #[command(after_help = "Example: firebreak playbook export 3f9c2a71b0de --output plan.json")]
    Playbook(PlaybookArgs),
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
    /// Say that what a detector finds needs nobody for a while; it is still found and kept
    #[command(
        after_help = "Example: firebreak mute first_seen_network --days 3 --by ada@example.com --because \"the office moves\"\n         firebreak mute aws_canary --about credential:aws/AKIA... --until 2026-04-01T00:00:00Z --by ada@example.com --because \"a red team\"\n         firebreak mute"
    )]
    Mute(MuteArgs),
    /// End a mute: what it held back is looked at as if it came now
    #[command(after_help = "Example: firebreak unmute mut-3f9a... --by ada@example.com")]
    Unmute(UnmuteArgs),
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
    /// Cut identities that exist for it, time the denial and give them back
    #[command(
        after_help = "Example: firebreak --config firebreak.toml drill\n         firebreak --config firebreak.toml drill --action postgres_role/disable\nExit codes: 3 if a drill did not pass."
    )]
    Drill(DrillArgs),
    /// Check a ledger, or export one as a bundle that anyone can check
    #[command(
        after_help = "Example: firebreak verify bundle.ndjson --key ledger.pub\n         firebreak verify --export bundle.ndjson"
    )]
    Verify(VerifyArgs),
    /// List what can be cut: on which platform, how far that was tested, whether it can be taken back, with which rights
    #[command(after_help = "Example: firebreak responders\n         firebreak responders --stolen-host")]
    Responders(RespondersArgs),
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
    /// Show live what burns, what waits and what comes in
    #[command(
        after_help = "Example: firebreak --config firebreak.toml top\n         firebreak top --once\n         Ctrl-C ends it; it acts on nothing."
    )]
    Top(TopArgs),
    /// Print completions of this command line for a shell
    #[command(
        after_help = "Example: firebreak completions bash > /etc/bash_completion.d/firebreak\n         firebreak completions fish > ~/.config/fish/completions/firebreak.fish"
    )]
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: clap_complete::Shell,
    },
    /// Write a manual page of each command
    #[command(after_help = "Example: firebreak man /usr/local/share/man/man1")]
    Man {
        /// Where to write them; it is made if it is not there
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

/// `top`.
#[derive(Debug, Args)]
pub struct TopArgs {
    /// Show it once and end
    #[arg(long)]
    pub once: bool,
    /// Seconds between two looks
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub every: u64,
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
            let named = help.contains(&format!(" {}", command.get_name())) || help.contains("run");
            assert!(help.starts_with("Example: firebreak ") && named, "{command}");
        }
    }
}
