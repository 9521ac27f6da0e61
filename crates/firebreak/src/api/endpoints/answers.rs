//! What answers about incidents, plans, findings, the map, the ledger and people hold.

use super::Field;

/// An incident, without its plan.
pub(super) const INCIDENT: &[Field] = &[
    ("id", "string"),
    ("opened", "time"),
    ("updated", "time"),
    ("severity", "string"),
    ("status", "string"),
    ("grounds", "array"),
    ("findings", "integer"),
    ("judgements", "integer"),
    ("sources", "array"),
    ("reachable", "array"),
    ("crown_jewels", "array"),
    ("plan", "string?"),
    ("gaps", "array"),
    ("joined", "array"),
];

/// What a person wrote beside an incident.
pub(super) const NOTE: &[Field] =
    &[("id", "string"), ("incident", "string"), ("at", "time"), ("by", "string"), ("text", "string")];

/// What a detector found.
pub(super) const FINDING: &[Field] = &[
    ("id", "string"),
    ("detector", "string"),
    ("title", "string"),
    ("severity", "string"),
    ("signal", "string"),
    ("subject", "string?"),
    ("actor", "string?"),
    ("class", "string?"),
    ("first", "time"),
    ("at", "time"),
    ("events", "array"),
    ("event_count", "integer"),
    ("explanation", "string"),
    ("techniques", "array"),
    ("muted", "string?"),
];

/// What needs nobody for a while, and until when.
pub(super) const MUTE: &[Field] = &[
    ("id", "string"),
    ("detector", "string"),
    ("about", "string?"),
    ("until", "time"),
    ("by", "string"),
    ("at", "time"),
    ("because", "string"),
    ("held_back", "integer"),
];

/// A verdict over an environment.
pub(super) const JUDGEMENT: &[Field] = &[
    ("environment", "string"),
    ("profile", "string"),
    ("revision", "integer"),
    ("verdict", "string"),
    ("interval", "object?"),
    ("decided_by", "array?"),
    ("gaps", "array?"),
    ("at", "time?"),
];

/// A plan and how far it has come.
pub(super) const PLAN: &[Field] = &[("plan", "object"), ("incident", "string"), ("status", "string")];

/// A thing on the map.
pub(super) const NODE: &[Field] =
    &[("key", "string"), ("type", "string"), ("label", "string"), ("crown_jewel", "boolean")];

/// An entry of the ledger.
pub(super) const ENTRY: &[Field] =
    &[("index", "integer"), ("id", "string"), ("entry_kind", "string"), ("time", "time"), ("body", "object")];

/// A token, never its secret.
pub(super) const TOKEN: &[Field] = &[
    ("id", "string"),
    ("person", "string"),
    ("role", "string"),
    ("scopes", "array"),
    ("made", "time"),
    ("expires", "time"),
    ("revoked", "time?"),
];

/// Who calls, and what they may do.
pub(super) const SESSION: &[Field] = &[
    ("name", "string"),
    ("role", "string"),
    ("via", "string"),
    ("csrf", "string?"),
    ("expires", "time"),
    ("actions", "array"),
    ("scopes", "array"),
    ("acting", "boolean"),
];

/// What providers send back with a browser: what they add of their own is known, and means nothing here.
pub(super) const RETURNED: &[Field] = &[
    ("state", "string?"),
    ("code", "string?"),
    ("iss", "string?"),
    ("error", "string?"),
    ("error_description", "string?"),
    ("error_uri", "string?"),
    ("session_state", "string?"),
    ("client_info", "string?"),
    ("scope", "string?"),
    ("authuser", "string?"),
    ("hd", "string?"),
    ("prompt", "string?"),
];
