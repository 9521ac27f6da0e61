//! Dart and Flutter: `pubspec.lock`.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address, shown};
use crate::formats::listing::{Algorithm, Hash, Listed, Source};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "pubspec_lock", kind: Kind::Lock, named: |file| file.is("pubspec.lock"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.yaml(input) else { return };
    if document.get("packages").is_none() {
        return lister.broken(None, "no `packages`: this is no lock of pub");
    }
    for (name, package) in document.fields_at("packages") {
        let about = package.get("description");
        let at = |key: &str| about.and_then(|about| about.text_at(key));
        let from = package.text_at("source");
        // The kit itself and folders beside the project.
        if matches!(from, Some("sdk" | "path")) {
            continue;
        }
        let Some(version) = package.get("version").and_then(|version| version.word()) else {
            lister.odd(None, format!("`{}` has no version", shown(name)));
            continue;
        };
        let mut listed = Listed::new(Ecosystem::of("Pub"), at("name").unwrap_or(name), version);
        listed.hashes.extend(at("sha256").and_then(|sum| Hash::hex(Algorithm::Sha256, sum)));
        listed.source = match from {
            Some("git") => Source::Git {
                url: address(at("url").unwrap_or_default()),
                commit: at("resolved-ref").map(Text::new),
                reference: at("ref").map(Text::new),
            },
            _ => Source::Registry(at("url").map(address)),
        };
        let role = package.text_at("dependency");
        listed.direct = role.map(|role| role.starts_with("direct"));
        listed.groups.extend((role == Some("direct dev")).then(|| Text::new("dev")));
        lister.add(listed);
    }
    lister.complete(Ecosystem::of("Pub"));
}
