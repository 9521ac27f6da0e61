//! Package-install logs: what a wrapper around package managers writes on each host, one JSON object a line.

use crate::clock::At;
use crate::json::Json;

/// One command that installs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Install<'a> {
    pub(crate) host: &'a str,
    pub(crate) user: &'a str,
    pub(crate) executable: &'a str,
    pub(crate) ecosystem: &'a str,
    /// What was asked for and came: `requests==2.32.5`, `vite@7.3.1`; without a version where none was resolved.
    pub(crate) targets: &'a [&'a str],
}

/// Writes the line.
pub(crate) fn record(json: &mut Json, at: At, install: &Install<'_>) {
    json.text("time", &at.iso_millis());
    json.text("host", install.host);
    json.text("user", install.user);
    json.text("executable", install.executable);
    json.text("ecosystem", install.ecosystem);
    json.texts("targets", install.targets);
    json.text("action", "install");
}
