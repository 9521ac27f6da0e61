//! What is said of the access of one identity.

use super::{Gone, Pairs, Subject};
use firebreak_model::{NodeKey, Text, Time};
use firebreak_permission::aws::least::{Kept, Proof};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

/// What is said of one identity.
#[derive(Serialize)]
pub struct Answer<'a> {
    /// Who.
    pub identity: NodeKey,
    /// Calls in the window.
    pub calls: u64,
    /// The last of them.
    pub last: Option<Time>,
    /// Known actions that it was granted.
    pub granted: u64,
    /// Those that the proposal leaves.
    pub left: u64,
    /// A role that nobody took.
    pub idle: bool,
    /// What was used.
    pub used: Vec<&'a Text>,
    /// What would stand in place of its policies.
    pub documents: &'a [Value],
    /// Whether IAM takes the documents.
    pub fits: bool,
    /// What stays though it was not seen to be used.
    pub kept: &'a [Kept],
    /// Managed policies whose text the export lacks.
    pub absent: &'a [Text],
    /// What the evaluator says of its past calls.
    pub proof: &'a Proof,
    /// What it would no longer reach.
    pub gone: Gone,
    /// Why nothing is proposed.
    pub skipped: Option<&'a str>,
    /// Files that were written.
    pub files: Vec<PathBuf>,
}

impl<'a> Answer<'a> {
    /// What is said of `subject`, given who reaches what now and then.
    pub fn of(subject: &'a Subject, before: &Pairs, after: &Pairs) -> Answer<'a> {
        let identity = NodeKey::identity("aws", &subject.identity.arn);
        Answer {
            calls: subject.usage.calls(),
            last: subject.usage.last(),
            granted: subject.granted,
            left: subject.left,
            idle: subject.proposal.idle,
            used: subject.usage.actions.keys().collect(),
            documents: &subject.proposal.documents,
            fits: subject.proposal.fits,
            kept: &subject.proposal.kept,
            absent: &subject.identity.absent,
            proof: &subject.proof,
            gone: before.gone(after, &identity),
            skipped: subject.skipped.as_deref(),
            files: Vec::new(),
            identity,
        }
    }
}
