//! Java: files inside of archives that say what they are (`META-INF/maven/…/pom.properties`, `META-INF/MANIFEST.MF`).

use crate::Ecosystem;
use crate::formats::lister::{Lister, shown};
use crate::formats::listing::Listed;
use crate::formats::stanza::stanzas;
use crate::formats::{Format, Input, Kind};

/// Coordinates that Maven wrote.
pub(crate) static FORMAT: Format =
    Format { name: "jar", kind: Kind::Installed, named: |file| file.name == "pom.properties", headed: None, read };

/// A manifest, which names no coordinates.
pub(crate) static MANIFEST: Format = Format {
    name: "jar",
    kind: Kind::Installed,
    named: |file| file.at("META-INF/MANIFEST.MF"),
    headed: None,
    read: manifest,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let field = |wanted: &str| {
        let mut lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        lines.find(|(key, _)| key.trim() == wanted).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    };
    match (field("groupId"), field("artifactId"), field("version")) {
        (Some(group), Some(artifact), Some(version)) => {
            lister.add(Listed::new(Ecosystem::of("Maven"), &format!("{group}:{artifact}"), version));
        }
        _ => lister.broken(None, "`groupId`, `artifactId` or `version` is missing"),
    }
}

fn manifest(input: &Input<'_>, lister: &mut Lister) {
    let text = String::from_utf8_lossy(input.bytes);
    let main = stanzas(&text).into_iter().next().unwrap_or_default();
    let field = |names: [&str; 3]| {
        names.into_iter().find_map(|name| main.get(name).map(|value| shown(&value.replace('\n', ""))))
    };
    let title = field(["Bundle-SymbolicName", "Automatic-Module-Name", "Implementation-Title"]);
    let version = field(["Bundle-Version", "Implementation-Version", "Specification-Version"]);
    match (title, version) {
        (Some(title), Some(version)) => lister.gap(format!(
            "a manifest calls itself `{title}` in `{version}`, which are no Maven coordinates: name it by `pom.properties`"
        )),
        _ => lister.gap("a manifest that does not say what the archive is"),
    }
}
