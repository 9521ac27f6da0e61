//! PHP: `composer.lock`, and what Composer installed (`vendor/composer/installed.json`).

use crate::Ecosystem;
use crate::formats::lister::{Lister, address};
use crate::formats::listing::{Algorithm, Hash, Listed, Source};
use crate::formats::tree::{Node, Value};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The lock.
pub(crate) static FORMAT: Format =
    Format { name: "composer", kind: Kind::Lock, named: |file| file.is("composer.lock"), headed: None, read };

/// The record of an installed tree.
pub(crate) static INSTALLED: Format = Format {
    name: "composer",
    kind: Kind::Installed,
    named: |file| file.at("composer/installed.json"),
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    // Composer 1 wrote the installed packages as a bare list.
    let bare = matches!(&document.value, Value::List(items) if !items.is_empty());
    let packages = if bare { document.items() } else { document.items_at("packages") };
    if !bare && document.get("packages").is_none() {
        return lister.broken(None, "no `packages`: this is no lock of Composer");
    }
    let dev: Vec<&str> = document.get("dev-package-names").map(Node::texts).unwrap_or_default();
    let dev: std::collections::HashSet<&str> = dev.into_iter().collect();
    let grouped = packages.iter().map(|package| (package, false));
    for (package, development) in grouped.chain(document.items_at("packages-dev").iter().map(|package| (package, true)))
    {
        let (Some(name), Some(version)) = (package.text_at("name"), package.text_at("version")) else {
            lister.odd(package.line(), "a package lacks `name` or `version`");
            continue;
        };
        let mut listed = Listed::new(Ecosystem::of("Packagist"), name, version);
        listed.line = package.line();
        listed.groups.extend((development || dev.contains(name)).then(|| Text::new("dev")));
        let archive = package.get("dist");
        let sum = archive.and_then(|archive| archive.text_at("shasum"));
        listed.hashes.extend(sum.and_then(|sum| Hash::hex(Algorithm::Sha1, sum)));
        listed.source = source(package).unwrap_or_else(|| {
            let url = archive.and_then(|archive| archive.text_at("url"));
            url.map_or(Source::Unknown, |url| Source::Url(address(url)))
        });
        // A branch is no version: its commit is all that is fixed, and it is told beside it.
        lister.add(listed);
    }
    lister.complete(Ecosystem::of("Packagist"));
}

fn source(package: &Node) -> Option<Source> {
    let source = package.get("source").filter(|source| source.text_at("type") == Some("git"))?;
    let commit = source.text_at("reference").map(Text::new);
    Some(Source::Git { url: address(source.text_at("url")?), commit, reference: None })
}
