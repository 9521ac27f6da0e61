//! Which operating system it is: `/etc/os-release`.

use crate::formats::lister::Lister;
use crate::formats::listing::System;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "os_release",
    kind: Kind::Installed,
    named: |file| file.at("etc/os-release") || file.at("lib/os-release") || file.name == "os-release",
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let field = |wanted: &str| {
        let mut lines = text.lines().filter_map(|line| line.trim().split_once('='));
        let (_, value) = lines.find(|(key, _)| *key == wanted)?;
        Some(Text::new(value.trim_matches(['"', '\'']))).filter(|value| !value.is_empty())
    };
    match field("ID") {
        Some(id) => {
            let (version, codename) = (field("VERSION_ID"), field("VERSION_CODENAME"));
            lister.listing.system = Some(System { id, version, codename });
        }
        None => lister.broken(None, "no `ID`: this does not say which system it is"),
    }
}
