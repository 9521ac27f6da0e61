//! Gradle: `gradle.lockfile`, `buildscript-gradle.lockfile`, and the digests that it verifies (`verification-metadata.xml`).

use crate::Ecosystem;
use crate::formats::lister::{Lister, line};
use crate::formats::listing::{Algorithm, Hash, Listed};
use crate::formats::xml::{self, Xml};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The locks.
pub(crate) static FORMAT: Format =
    Format { name: "gradle_lock", kind: Kind::Lock, named: |file| file.is("gradle.lockfile"), headed: None, read };

/// The digests that are verified.
pub(crate) static VERIFIED: Format = Format {
    name: "gradle_lock",
    kind: Kind::Lock,
    named: |file| file.is("verification-metadata.xml"),
    headed: None,
    read: verified,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let mut seen = false;
    for (at, written) in text.lines().enumerate() {
        let written = written.trim();
        if written.is_empty() || written.starts_with('#') {
            continue;
        }
        // `empty=…` lists the configurations without a dependency.
        if written.starts_with("empty=") {
            seen = true;
            continue;
        }
        let (module, configurations) = written.split_once('=').unwrap_or((written, ""));
        let mut parts = module.split(':');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(group), Some(artifact), Some(version), None) if !group.is_empty() && !version.is_empty() => {
                seen = true;
                let mut listed = Listed::new(Ecosystem::of("Maven"), &format!("{group}:{artifact}"), version);
                listed.groups = configurations.split(',').filter(|name| !name.is_empty()).map(Text::new).collect();
                listed.line = line(at);
                lister.add(listed);
            }
            _ => lister.odd(line(at), "not `group:artifact:version=configurations`"),
        }
    }
    if seen {
        lister.complete(Ecosystem::of("Maven"));
    } else {
        lister.gap("it holds no dependency");
    }
}

fn verified(input: &Input<'_>, lister: &mut Lister) {
    let Some(xml) = Xml::parse(input, lister) else { return };
    if xml.root().tag_name().name() != "verification-metadata" {
        return lister.broken(Some(1), "no `verification-metadata`: this does not say what Gradle verifies");
    }
    let components =
        xml::children(xml.root(), "components").flat_map(|components| xml::children(components, "component"));
    for component in components {
        let at = |name: &str| xml::attribute(component, name);
        let (Some(group), Some(name), Some(version)) = (at("group"), at("name"), at("version")) else {
            lister.odd(xml.line(component), "a component lacks `group`, `name` or `version`");
            continue;
        };
        let mut listed = Listed::new(Ecosystem::of("Maven"), &format!("{group}:{name}"), version);
        let sums = xml::children(component, "artifact").flat_map(|artifact| artifact.children());
        for sum in sums.filter(roxmltree::Node::is_element) {
            let Some(algorithm) = Algorithm::of(sum.tag_name().name()) else { continue };
            let own = xml::attribute(sum, "value").and_then(|digits| Hash::hex(algorithm, digits));
            let also =
                xml::children(sum, "also-trust").filter_map(|also| Hash::hex(algorithm, also.attribute("value")?));
            listed.hashes.extend(own.into_iter().chain(also));
        }
        listed.line = xml.line(component);
        lister.add(listed);
    }
    lister.gap("what is verified need not be in use, and a configuration may trust more");
}
