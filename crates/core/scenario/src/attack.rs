//! The intruder's acts, as data: what happens when, in the order of time. Each act becomes one record (two where two AWS
//! accounts record it). Times and counts are those of the story; nothing of the ordinary day is here.

mod render;
mod schedule;

pub(crate) use render::{
    PAYLOAD, aws_cloudtrail, github_audit, google_workspace, kubernetes_audit, session_key, setup_pod, slack_audit,
};
pub(crate) use schedule::schedule;

use crate::clock::At;

/// Bytes that leave in the story, all of them from two buckets.
pub(crate) const STOLEN_BYTES: u64 = 2_900_000_000_000;
/// Bytes of it that are identity documents.
pub(crate) const STOLEN_DOCUMENT_BYTES: u64 = 80_000_000_000;
/// Objects that leave, where each is one event.
pub(crate) const STOLEN_OBJECTS: u64 = 310_000;
/// Objects of those that are identity documents.
pub(crate) const STOLEN_DOCUMENTS: u64 = 50_000;
/// Bytes a second at which they leave.
pub(crate) const BYTES_PER_SECOND: u64 = 60_000_000;

/// One act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Act {
    pub(crate) at: At,
    pub(crate) what: What,
}

/// What the intruder does. Numbers say which of many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// Lists every secret of the cluster.
    ListClusterSecrets,
    /// Starts a privileged pod on a node.
    NodeSetup(u8),
    /// Asks whom a stolen key belongs to.
    TryKey(u8),
    /// Becomes the data reader.
    Assume(u8),
    /// One call of the burst that lists what there is.
    Look(u16),
    /// Opens a shell in a container.
    Execute(u8),
    /// Opens a session on a host.
    StartSession,
    /// Clones a repository.
    Clone(u16),
    /// Pushes a branch.
    Push,
    /// Deletes a workflow run with its log.
    DeleteRun(u8),
    /// Reads a secret.
    ReadSecret(u16),
    /// Reads an object: whether a document, which one, and its size.
    Take { document: bool, number: u32, bytes: u64 },
    /// Downloads a file from Drive.
    Download(u16),
    /// Downloads a file from Slack.
    SlackFile(u16),
}

/// The acts of `acts` from `from` up to, but not including, `to`.
pub(crate) fn between(acts: &[Act], from: At, to: At) -> &[Act] {
    let start = acts.partition_point(|act| act.at < from);
    let end = acts.partition_point(|act| act.at < to);
    acts.get(start..end).unwrap_or_default()
}
