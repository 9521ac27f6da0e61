//! `pylock.toml` and `pylock.<name>.toml` (PEP 751).

use crate::Ecosystem;
use crate::formats::lister::{Lister, address};
use crate::formats::listing::{Algorithm, Hash, Listed, Required, Source};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "pylock",
    kind: Kind::Lock,
    named: |file| file.is("pylock.toml") || (file.name.starts_with("pylock.") && file.ends(&[".toml"])),
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.toml(input) else { return };
    if document.get("lock-version").is_none() {
        return lister.broken(None, "no `lock-version`: this is no lock of PEP 751");
    }
    for package in document.items_at("packages") {
        let Some(name) = package.text_at("name") else {
            lister.odd(package.line(), "a package has no `name`");
            continue;
        };
        if package.get("directory").is_some() {
            continue;
        }
        let source = source(package);
        let Some(version) = package.text_at("version") else {
            let mut required = Required::new(Ecosystem::PyPI, name, "");
            required.written = Text::new("no version in the lock");
            (required.source, required.line) = (source, package.line());
            lister.require(required);
            continue;
        };
        let mut listed = Listed::new(Ecosystem::PyPI, name, version);
        listed.hashes = digests(package);
        listed.source = source;
        listed.line = package.line();
        listed.marker = package.text_at("marker").map(Text::new);
        lister.add(listed);
    }
    lister.complete(Ecosystem::PyPI);
}

fn source(package: &Node) -> Source {
    if let Some(vcs) = package.get("vcs") {
        let url = vcs.text_at("url").or(vcs.text_at("path")).unwrap_or_default();
        return Source::Git {
            url: address(url),
            commit: vcs.text_at("commit-id").map(Text::new),
            reference: vcs.text_at("requested-revision").map(Text::new),
        };
    }
    if let Some(archive) = package.get("archive") {
        let path = archive.text_at("path").map(|path| Source::Path(Text::new(path)));
        return path.unwrap_or_else(|| Source::Url(address(archive.text_at("url").unwrap_or_default())));
    }
    package.text_at("index").map_or(Source::Unknown, |index| Source::Registry(Some(address(index))))
}

fn digests(package: &Node) -> Vec<Hash> {
    let artefacts = package.items_at("wheels").iter().chain(package.get("sdist")).chain(package.get("archive"));
    let hashes = artefacts.flat_map(|artefact| artefact.fields_at("hashes"));
    hashes.filter_map(|(word, digits)| Hash::hex(Algorithm::of(word)?, digits.text()?)).collect()
}
