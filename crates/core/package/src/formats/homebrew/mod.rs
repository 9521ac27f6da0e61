//! Homebrew: the receipt of an installed formula (`Cellar/<name>/<version>/INSTALL_RECEIPT.json`).

use crate::Ecosystem;
use crate::formats::file::FileName;
use crate::formats::lister::Lister;
use crate::formats::listing::{Listed, Source};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "homebrew",
    kind: Kind::Installed,
    named: |file| file.name == "INSTALL_RECEIPT.json",
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    let file = FileName::new(input.path);
    let mut folders = file.parts().skip(1);
    let (Some(version), Some(name)) = (folders.next(), folders.next().filter(|name| !name.is_empty())) else {
        return lister.broken(None, "the receipt does not lie in `<name>/<version>/`, which would say what it is for");
    };
    let mut listed = Listed::new(Ecosystem::of("Homebrew"), name, version);
    let tap = document.get("source").and_then(|source| source.text_at("tap"));
    listed.source = tap.map_or(Source::Unknown, |tap| Source::Registry(Some(Text::new(tap))));
    let asked = document.get("installed_on_request").and_then(|asked| asked.boolean());
    listed.direct = asked;
    lister.add(listed);
}
