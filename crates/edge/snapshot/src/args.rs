//! The command line, the same for the program of its own and for the verb of `firebreak`.

use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

/// What to look at, and where to write it.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// An unpacked tree to look at, in place of this machine
    #[arg(long, value_name = "DIR", conflicts_with = "image")]
    pub root: Option<PathBuf>,
    /// A container image to look at: an OCI layout or what `docker save` wrote
    #[arg(long, value_name = "PATH")]
    pub image: Option<PathBuf>,
    /// Where to write it; `-` is standard output [default: `-`, or `firebreak-snapshot.json` around a command]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The environment's key, such as `environment:host/mac-17` [default: from the CI job's variables or the host's name]
    #[arg(long, value_name = "KEY")]
    pub environment: Option<String>,
    /// The key of the fingerprints, 64 hexadecimal digits: the same everywhere, so that snapshots join [default: the variable
    /// FIREBREAK_FINGERPRINT_KEY, else one of this run alone]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The name of the Kubernetes cluster that this runs in
    #[arg(long, value_name = "NAME", default_value = "unnamed")]
    pub cluster: String,
    /// Add the digest of this file; may be repeated
    #[arg(long = "hash", value_name = "PATH")]
    pub hashed: Vec<PathBuf>,
    /// Look at disks of other machines too
    #[arg(long)]
    pub network_mounts: bool,
    /// Stop looking after so many seconds, and say so
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub max_seconds: f64,
    /// Stay, and write a new snapshot when something changes
    #[arg(long)]
    pub watch: bool,
    /// How often to look for changes, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, requires = "watch")]
    pub every: f64,
    /// Run this command, and say what it changed
    #[arg(last = true, value_name = "COMMAND", conflicts_with_all = ["watch", "image", "root"])]
    pub command: Vec<OsString>,
}
