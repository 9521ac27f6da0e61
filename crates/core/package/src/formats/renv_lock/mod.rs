//! R: `renv.lock`.

use crate::Ecosystem;
use crate::formats::lister::{Lister, shown};
use crate::formats::listing::{Listed, Source};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "renv_lock", kind: Kind::Lock, named: |file| file.is("renv.lock"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    if document.get("Packages").is_none() {
        return lister.broken(None, "no `Packages`: this is no lock of renv");
    }
    for (name, package) in document.fields_at("Packages") {
        let Some(version) = package.text_at("Version") else {
            lister.odd(package.line(), format!("`{}` has no `Version`", shown(name)));
            continue;
        };
        let word = if package.text_at("Source") == Some("Bioconductor") { "Bioconductor" } else { "CRAN" };
        let mut listed = Listed::new(Ecosystem::of(word), package.text_at("Package").unwrap_or(name), version);
        // Its `Hash` is over fields of the description, not over the archive.
        listed.source = source(package);
        listed.line = package.line();
        lister.add(listed);
    }
    lister.complete(Ecosystem::of("CRAN"));
    lister.complete(Ecosystem::of("Bioconductor"));
}

fn source(package: &Node) -> Source {
    let at = |key: &str| package.text_at(key);
    match (at("RemoteUsername"), at("RemoteRepo")) {
        (Some(owner), Some(repository)) => {
            let host = at("RemoteHost").unwrap_or("github.com").trim_start_matches("api.");
            Source::Git {
                url: Text::new(format!("https://{host}/{owner}/{repository}")),
                commit: at("RemoteSha").map(Text::new),
                reference: at("RemoteRef").map(Text::new),
            }
        }
        _ => Source::Registry(at("Repository").map(Text::new)),
    }
}
