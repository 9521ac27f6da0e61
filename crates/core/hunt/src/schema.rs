//! What there is to ask about: one table, `events`, and its columns.

use crate::value::Kind;

/// One column of `events`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ColumnOf {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means.
    pub meaning: &'static str,
}

const fn column(name: &'static str, kind: Kind, meaning: &'static str) -> ColumnOf {
    ColumnOf { name, kind, meaning }
}

/// The columns of `events`, in the order of `*`; what is large stands at the end and is no part of `*`.
pub const COLUMNS: [ColumnOf; 19] = [
    column("time", Kind::Time, "when it happened, by the source's own clock, UTC"),
    column("source", Kind::Text, "the source's folder: aws_cloudtrail, github_audit, …"),
    column("operation", Kind::Text, "what was done, in the platform's words: GetObject"),
    column("outcome", Kind::Text, "success, denied, failure or unknown"),
    column("actor", Kind::Text, "who acted, as a key: identity:aws/arn:…"),
    column("credential", Kind::Text, "with which credential: credential:aws/AKIA…"),
    column("address", Kind::Text, "from which address"),
    column("user_agent", Kind::Text, "the client's description of itself"),
    column("target", Kind::Text, "on what: resource:s3/bucket"),
    column("bytes", Kind::Number, "bytes that left, where the record says so"),
    column("records", Kind::Number, "records that were read, likewise"),
    column("environment", Kind::Text, "where it ran: environment:ci/…"),
    column("minted", Kind::Text, "a credential that it made"),
    column("session", Kind::Text, "in which session"),
    column("class_uid", Kind::Number, "the class of OCSF: 6003 is API activity, 3002 a login"),
    column("native_id", Kind::Text, "the source's own id of the record"),
    column("uid", Kind::Text, "the event's name here, as findings cite it"),
    column("ocsf", Kind::Text, "the whole event as OCSF, JSON; ask for a part with json(ocsf, 'actor.user.name')"),
    column("raw", Kind::Text, "the record as it arrived, secrets replaced by fingerprints; json(raw, 'requestID')"),
];

/// How many of them `*` means.
pub(crate) const OF_STAR: usize = 17;

/// The one table.
pub(crate) const TABLE: &str = "events";
