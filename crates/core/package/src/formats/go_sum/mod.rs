//! `go.sum`: every module that a build may use; more than one version of a module may stand there.

use crate::Ecosystem;
use crate::formats::lister::{Lister, line};
use crate::formats::listing::{Algorithm, Hash, Listed};
use crate::formats::{Format, Input, Kind};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "go_sum",
    kind: Kind::Lock,
    named: |file| file.is("go.sum") || file.is("go.work.sum"),
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    for (at, written) in text.lines().enumerate() {
        let mut fields = written.split_whitespace();
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (None, ..) => {}
            // Only its `go.mod` was read, for the graph of modules: its code is not there.
            (Some(_), Some(version), Some(_), None) if version.ends_with("/go.mod") => {}
            (Some(module), Some(version), Some(sum), None) if version.starts_with('v') => {
                // OSV writes Go versions without their `v`.
                let mut listed = Listed::new(Ecosystem::Go, module, version.trim_start_matches('v'));
                listed.hashes.extend(sum.strip_prefix("h1:").and_then(|sum| Hash::base64(Algorithm::GoH1, sum)));
                listed.line = line(at);
                lister.add(listed);
            }
            _ => lister.odd(line(at), "not a module, a version and a digest"),
        }
    }
    if text.trim().is_empty() {
        lister.gap("it is empty");
    } else {
        lister.complete(Ecosystem::Go);
    }
}
