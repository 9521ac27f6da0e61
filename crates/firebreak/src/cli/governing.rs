//! The flags of those who govern: who may do what, where data lies, in whose custody, and who must be told of a loss.

use super::{EstateArgs, FromArgs, time};
use clap::{Args, Subcommand};
use firebreak_model::Time;
use std::path::PathBuf;

/// `access`.
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct AccessArgs {
    /// What to do with a proposal; without it, proposals are made
    #[command(subcommand)]
    pub command: Option<AccessCommand>,
    /// What they are made of
    #[command(flatten)]
    pub propose: ProposeArgs,
}

/// What is done with proposals.
#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// Ask for a proposal to be applied: a plan is made, people approve it, and the first refusal that it causes takes it back
    #[command(
        after_help = "Example: firebreak --config firebreak.toml access apply proposals --identity arn:aws:iam::111122223333:user/ci --by ada@example.com"
    )]
    Apply(AccessApplyArgs),
    /// List what is due for a look by its owner: dormant identities, silent credentials, stale consents, rights that nobody used
    #[command(after_help = "Example: firebreak access review --inventory inventory --logs logs")]
    Review(AccessReviewArgs),
    /// Say what is to become of something that is due
    #[command(
        after_help = "Example: firebreak --config firebreak.toml access answer \"silent_credential credential:aws/AKIA...\" --keep-until 2027-01-31T00:00:00Z --by ada@example.com --because \"year end\""
    )]
    Answer(AccessAnswerArgs),
    /// List the changes that were asked for, and how far each has come
    #[command(after_help = "Example: firebreak --config firebreak.toml access changes")]
    Changes,
}

/// `access apply`.
#[derive(Debug, Args)]
pub struct AccessApplyArgs {
    /// Proposals that `access --output` wrote
    #[arg(value_name = "DIR")]
    pub proposals: PathBuf,
    /// Whose, as a key or an ARN
    #[arg(long, value_name = "KEY")]
    pub identity: String,
    /// Who asks
    #[arg(long, value_name = "NAME")]
    pub by: String,
}

/// `access review`.
#[derive(Debug, Args)]
pub struct AccessReviewArgs {
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// A directory with one folder per source: what was used
    #[arg(long, value_name = "DIR")]
    pub logs: PathBuf,
    /// Hold it against what was granted at this time; otherwise now, or when the logs end
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of: Option<Time>,
    /// How many days of use before that time count
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
    /// Show so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub most: usize,
}

/// `access answer`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("word").required(true).args(["keep_until", "remove", "ask_owner"]))]
pub struct AccessAnswerArgs {
    /// The item, as `access review` lists it
    #[arg(value_name = "ITEM")]
    pub item: String,
    /// It stays until then, and is due again
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub keep_until: Option<Time>,
    /// It is to go
    #[arg(long)]
    pub remove: bool,
    /// Its owner is to be asked
    #[arg(long)]
    pub ask_owner: bool,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why
    #[arg(long, value_name = "REASON")]
    pub because: String,
}

/// What `access` makes proposals of.
#[derive(Debug, Args)]
pub struct ProposeArgs {
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// A directory with one folder per source: what was used
    #[arg(long, value_name = "DIR", required = true)]
    pub logs: Option<PathBuf>,
    /// Hold it against what was granted at this time; otherwise now, or when the logs end
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of: Option<Time>,
    /// How many days of use before that time count
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
    /// Only these identities, as a key or an ARN; may be repeated
    #[arg(long, value_name = "KEY")]
    pub identity: Vec<String>,
    /// Names of actions, one a line, to count what wildcards grant; without it those that policies name and records show
    #[arg(long, value_name = "FILE")]
    pub actions: Option<PathBuf>,
    /// Write the proposals into this directory, for their owners to read and apply
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Proposals that --output wrote: say what they would have refused since, and propose nothing else
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub shadow: Option<PathBuf>,
    /// Show so many identities
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub most: usize,
}

/// `apps`.
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct AppsArgs {
    /// What to do with one; without it, they are listed
    #[command(subcommand)]
    pub command: Option<AppsCommand>,
    /// What is listed
    #[command(flatten)]
    pub list: AppsListArgs,
}

/// What is done with an app.
#[derive(Debug, Subcommand)]
pub enum AppsCommand {
    /// Ask for an app to be taken out of use: everything through which it acts is cut
    #[command(
        after_help = "Example: firebreak --config firebreak.toml apps quarantine identity:app/google/1234 --by ada@example.com"
    )]
    Quarantine(AppsQuarantineArgs),
    /// Ask for an app to do less from now on, where its platform has a call for that
    #[command(
        after_help = "Example: firebreak --config firebreak.toml apps leash identity:litellm/eval-nightly --models small --max-budget 50 --by ada@example.com"
    )]
    Leash(AppsLeashArgs),
    /// Take back what was done to an app
    #[command(
        after_help = "Example: firebreak --config firebreak.toml apps release identity:app/google/1234 --by ada@example.com --because \"the vendor has mended it\""
    )]
    Release(AppsReleaseArgs),
}

/// `apps quarantine`.
#[derive(Debug, Args)]
pub struct AppsQuarantineArgs {
    /// Its key, as `apps` lists it
    #[arg(value_name = "KEY")]
    pub app: String,
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// Who asks
    #[arg(long, value_name = "NAME")]
    pub by: String,
}

/// `apps leash`.
#[derive(Debug, Args)]
pub struct AppsLeashArgs {
    /// Its key, as `apps` lists it
    #[arg(value_name = "KEY")]
    pub app: String,
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// Of an AI gateway's key: these models alone
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub models: Vec<String>,
    /// Of an AI gateway's key: these tool servers alone
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub mcp_servers: Vec<String>,
    /// Of an AI gateway's key: so much and no more
    #[arg(long, value_name = "AMOUNT")]
    pub max_budget: Option<f64>,
    /// Who asks
    #[arg(long, value_name = "NAME")]
    pub by: String,
}

/// `apps release`.
#[derive(Debug, Args)]
pub struct AppsReleaseArgs {
    /// Its key
    #[arg(value_name = "KEY")]
    pub app: String,
    /// Who asks
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why its old credentials may be let in again
    #[arg(long, value_name = "REASON")]
    pub because: String,
}

/// What of apps is listed.
#[derive(Debug, Args)]
pub struct AppsListArgs {
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// A directory with one folder per source: what they did, and which of them no inventory names
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// Show them as they were at this time; otherwise now, or when the logs end
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of: Option<Time>,
    /// How many days of events before that time count
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
    /// Say what is other than in this earlier directory of inventory files
    #[arg(long, value_name = "DIR")]
    pub since: Option<PathBuf>,
    /// A table of AI services, their hosts and packages, to read beside the program's own
    #[arg(long, value_name = "FILE")]
    pub services: Option<PathBuf>,
    /// Only what has this name in its own: what is compromised when the vendor is
    #[arg(long, value_name = "NAME")]
    pub vendor: Option<String>,
    /// Show so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub most: usize,
}

/// `classify`.
#[derive(Debug, Args)]
pub struct ClassifyArgs {
    /// A directory, whose links are not followed; `s3://bucket/prefix`; `postgres://role@host/database`; `drive://USER`;
    /// `slack://WORKSPACE`; or the word `git` before a repository
    #[arg(value_name = "STORE")]
    pub store: String,
    /// The repository, after `git`
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// What it is called on the map: `resource:file/NAME`, `resource:git/NAME` (or `github/ORG/REPOSITORY`); of a database its
    /// host, of a bucket all behind `resource:`. Otherwise what the store says
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where the password, the secret access key or the token is: `env:NAME` or `file:/path`; of a bucket otherwise the usual variables
    #[arg(long, value_name = "SECRET")]
    pub credential: Option<String>,
    /// Where the access key's id is
    #[arg(long, value_name = "SECRET", requires = "credential")]
    pub access_key_id: Option<String>,
    /// Another server than the platform's own: one that speaks as S3 does, or a gateway
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// The bucket's region; otherwise us-east-1
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Say of each finding in which file and at which bytes it stands, and in which commit; read everything and keep nothing
    #[arg(long, conflicts_with_all = ["budget", "output", "name"])]
    pub places: bool,
    /// Read a sample of so many MiB and give intervals; otherwise everything
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=1 << 30))]
    pub budget: Option<u32>,
    /// Read at most so many MiB a second
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub rate: Option<u32>,
    /// Read what is written in pictures with this program, its words between spaces: `tesseract stdin stdout`
    #[arg(long, value_name = "PROGRAM")]
    pub letters: Option<String>,
    /// Classes of your own
    #[arg(long, value_name = "FILE")]
    pub classes: Option<PathBuf>,
    /// Write what was found as an inventory
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `custody`.
#[derive(Debug, Args)]
pub struct CustodyArgs {
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// The register: which people's records are kept where, why and how long
    #[arg(long, value_name = "FILE")]
    pub register: PathBuf,
    /// Answer for this time; otherwise now
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of: Option<Time>,
}

/// `data`.
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct DataArgs {
    /// What to do; without it, the map of data is shown
    #[command(subcommand)]
    pub command: Option<DataCommand>,
    /// What is shown
    #[command(flatten)]
    pub map: DataMapArgs,
}

/// What is done with data.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Show whom the end of a share touches; with --by, ask for it
    #[command(
        after_help = "Example: firebreak data unshare resource:aws/arn:aws:s3:::bucket --inventory inventory --logs logs\n         firebreak --config firebreak.toml data unshare resource:google/link/1234/anyone --by ada@example.com"
    )]
    Unshare(DataUnshareArgs),
}

/// `data unshare`.
#[derive(Debug, Args)]
pub struct DataUnshareArgs {
    /// What is shared: a place, or a link to it
    #[arg(value_name = "KEY")]
    pub resource: String,
    /// Only what this one was given; otherwise what anyone was, by links and in public
    #[arg(long, value_name = "KEY")]
    pub from: Option<String>,
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// A directory with one folder per source: who used it in the last 30 days
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// Show it as it was at this time; otherwise now, or when the logs end
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of: Option<Time>,
    /// Who asks for it; without it nothing is asked for
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// What of data is shown.
#[derive(Debug, Args)]
pub struct DataMapArgs {
    /// The estate
    #[command(flatten)]
    pub estate: EstateArgs,
    /// Show the map as it was at this time; otherwise now, or when the logs end
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of: Option<Time>,
    /// A directory with one folder per source: who was seen to read
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// How many days of reads before that time count
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
    /// Say what is new since this earlier directory of inventory files: copies, reach, shares. Exit code 3 where anything is
    #[arg(long, value_name = "DIR")]
    pub since: Option<PathBuf>,
    /// Only this class
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,
    /// Show so many places of each class
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub most: usize,
}

/// `duties`.
#[derive(Debug, Args)]
pub struct DutiesArgs {
    /// What is compromised
    #[command(flatten)]
    pub from: FromArgs,
    /// When the loss was discovered; otherwise now. Clocks run from here
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub discovered: Option<Time>,
    /// A directory with one folder per source: what compromised identities were seen to take
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// A table of rules to read instead of the program's own
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Write a draft for each duty into this directory, for counsel to finish
    #[arg(long, value_name = "DIR")]
    pub drafts: Option<PathBuf>,
}
