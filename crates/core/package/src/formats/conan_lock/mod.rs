//! C and C++: `conan.lock`, versions 1 and 2.

use crate::Ecosystem;
use crate::formats::lister::{Lister, shown};
use crate::formats::listing::Listed;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "conan_lock", kind: Kind::Lock, named: |file| file.is("conan.lock"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    let nodes = document.at(&["graph_lock", "nodes"]);
    let lists =
        [("requires", ""), ("build_requires", "build"), ("python_requires", "build"), ("config_requires", "build")];
    if nodes.is_none() && lists.iter().all(|(key, _)| document.get(key).is_none()) {
        return lister.broken(None, "no `requires` and no `graph_lock`: this is no lock of Conan");
    }
    for (_, node) in nodes.map_or(&[][..], |nodes| nodes.fields()) {
        // The consumer itself may have no reference, or a path.
        if let Some(reference) = node.text_at("ref") {
            let consumer = node.text_at("path").is_some();
            if !consumer {
                entry(lister, reference, "", node.line());
            }
        }
    }
    for (key, role) in lists {
        for item in document.items_at(key) {
            if let Some(reference) = item.text() {
                entry(lister, reference, role, item.line());
            }
        }
    }
    lister.complete(Ecosystem::of("ConanCenter"));
}

/// `name/version@user/channel#revision%time`.
fn entry(lister: &mut Lister, reference: &str, role: &str, line: Option<u32>) {
    let plain = reference.split(['#', '@', '%', ':']).next().unwrap_or(reference);
    let Some((name, version)) = plain.split_once('/') else {
        return lister.odd(line, format!("`{}` is no name and version", shown(reference)));
    };
    let mut listed = Listed::new(Ecosystem::of("ConanCenter"), name, version);
    listed.groups.extend((!role.is_empty()).then(|| Text::new(role)));
    listed.line = line;
    lister.add(listed);
}
