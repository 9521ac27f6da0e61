//! What answers about rights, changes, apps and shares hold.

use super::Field;

/// A change, and how far it has come.
pub(super) const CHANGE: &[Field] = &[
    ("plan", "string"),
    ("title", "string"),
    ("purpose", "string"),
    ("subject", "string"),
    ("by", "string"),
    ("at", "time"),
    ("stage", "string"),
    ("approved_by", "array"),
    ("sent", "time?"),
    ("watched_until", "time?"),
    ("hurt", "object?"),
];

/// What was asked for, as every call that asks for a change answers.
pub(super) const WISH: &[Field] = &[
    ("title", "string"),
    ("purpose", "string"),
    ("subject", "string"),
    ("by", "string"),
    ("at", "time"),
    ("actions", "array"),
    ("gaps", "array"),
    ("watch", "object?"),
];

/// An app, agent, tool server, model or key.
pub(super) const APP: &[Field] = &[
    ("key", "string"),
    ("sort", "string"),
    ("label", "string"),
    ("shadow", "boolean"),
    ("consented", "array"),
    ("scopes", "array"),
    ("on", "array"),
    ("credentials", "array"),
    ("reach", "object"),
    ("jewels", "integer"),
    ("events", "integer"),
    ("first", "time?"),
    ("last", "time?"),
    ("alone", "integer"),
    ("for_people", "integer"),
    ("did", "array"),
    ("with", "array"),
    ("networks", "object"),
    ("risk", "string"),
    ("use_known", "boolean"),
    ("change", "object?"),
];

/// Rights against their use, of everyone.
pub(super) const ACCESS: &[Field] = &[
    ("at", "time"),
    ("since", "time"),
    ("days", "integer"),
    ("identities", "integer"),
    ("proposed", "integer"),
    ("granted", "integer"),
    ("left", "integer"),
    ("allowed", "integer"),
    ("denied", "integer"),
    ("unexplained", "integer"),
    ("before", "object"),
    ("after", "object"),
    ("gaps", "array"),
];

/// The same of one identity, with what would change.
pub(super) const ACCESS_IDENTITY: &[Field] = &[
    ("at", "time"),
    ("days", "integer"),
    ("identity", "string"),
    ("calls", "integer"),
    ("last", "time?"),
    ("granted", "integer"),
    ("left", "integer"),
    ("idle", "boolean"),
    ("used", "array"),
    ("removed", "array"),
    ("removed_count", "integer"),
    ("before", "array?"),
    ("documents", "array"),
    ("fits", "boolean"),
    ("kept", "array"),
    ("absent", "array"),
    ("proof", "object"),
    ("gone", "object"),
    ("skipped", "string?"),
    ("refused", "string?"),
    ("proposal", "string?"),
    ("change", "object?"),
];

/// An answer in a review.
pub(super) const ANSWERED: &[Field] = &[
    ("item", "string"),
    ("about", "string"),
    ("word", "string"),
    ("until", "time?"),
    ("by", "string"),
    ("at", "time"),
    ("because", "string"),
];

/// A change with what it does.
pub(super) const CHANGE_WHOLE: &[Field] = &[
    ("plan", "string"),
    ("title", "string"),
    ("purpose", "string"),
    ("subject", "string"),
    ("by", "string"),
    ("at", "time"),
    ("stage", "string"),
    ("approved_by", "array"),
    ("sent", "time?"),
    ("watched_until", "time?"),
    ("hurt", "object?"),
    ("actions", "array"),
    ("gaps", "array"),
    ("watched", "boolean"),
];

/// An app with what would take it out of use.
pub(super) const APP_WHOLE: &[Field] = &[
    ("key", "string"),
    ("sort", "string"),
    ("label", "string"),
    ("shadow", "boolean"),
    ("consented", "array"),
    ("scopes", "array"),
    ("reach", "object"),
    ("jewels", "integer"),
    ("risk", "string"),
    ("use_known", "boolean"),
    ("change", "object?"),
    ("steps", "array"),
    ("gaps", "array"),
    ("refused", "string?"),
    ("leash", "object"),
];

/// AI services in use, by vendor.
pub(super) const AI_SERVICES: &[Field] = &[
    ("at", "time"),
    ("since", "time?"),
    ("days", "integer"),
    ("use_known", "boolean"),
    ("providers", "array"),
    ("gaps", "array"),
];

/// An extension of an editor.
pub(super) const EDITOR_EXTENSION: &[Field] =
    &[("name", "string"), ("publisher", "string"), ("versions", "array"), ("environments", "array")];

/// What is shared with anyone, or by a link.
pub(super) const SHARED: &[Field] = &[
    ("resource", "string"),
    ("label", "string"),
    ("with", "array"),
    ("links", "array"),
    ("since", "time?"),
    ("can_end", "boolean"),
    ("holdings", "array"),
    ("crown_jewel", "boolean"),
    ("change", "object?"),
];

/// The end of a share.
pub(super) const SHARE: &[Field] = &[
    ("resource", "string"),
    ("days", "integer"),
    ("cuts", "array"),
    ("loses", "array"),
    ("keep", "integer"),
    ("gaps", "array"),
];

/// One identity in the list.
pub(super) const ACCESS_BRIEF: &[Field] = &[
    ("identity", "string"),
    ("calls", "integer"),
    ("last", "time?"),
    ("granted", "integer"),
    ("left", "integer"),
    ("idle", "boolean"),
    ("gone", "object"),
    ("skipped", "string?"),
    ("change", "object?"),
];

/// What is due.
pub(super) const DUE: &[Field] = &[
    ("item", "string"),
    ("sort", "string"),
    ("about", "string"),
    ("on", "string?"),
    ("owner", "string?"),
    ("answered", "object?"),
];
