//! `setup.cfg`: what a project of setuptools asks for.

use crate::Ecosystem;
use crate::formats::lister::{Lister, shown};
use crate::formats::listing::Required;
use crate::formats::{Format, Input, Kind, ini, python};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "setup_cfg", kind: Kind::Manifest, named: |file| file.is("setup.cfg"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    for setting in ini::settings(text) {
        let group = match (setting.section, setting.key) {
            ("options", "install_requires") => "",
            ("options", "setup_requires") => "build",
            ("options", "tests_require") => "test",
            ("options.extras_require", extra) => extra,
            _ => continue,
        };
        for (line, written) in (setting.line..).zip(setting.value.lines()) {
            let written = written.split(" #").next().unwrap_or_default().trim();
            if written.is_empty() {
                continue;
            }
            if written.starts_with("file:") {
                lister.gap(format!("line {line}: another file says what is asked for"));
                continue;
            }
            match python::manifest(written) {
                Some(mut required) => {
                    required.line = Some(line);
                    required.groups.extend((!group.is_empty()).then(|| Text::new(group)));
                    required.alone = (group == "build").then(|| Text::new_static("build"));
                    lister.require(required);
                }
                None => lister.odd(Some(line), format!("`{}` is not a requirement", shown(written))),
            }
        }
    }
    if !lister.listing.requirements.is_empty() {
        lister.require(Required::any(Ecosystem::PyPI, "dependencies of these requirements are not pinned"));
    }
}
