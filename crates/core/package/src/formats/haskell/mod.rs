//! Haskell: `cabal.project.freeze` and `stack.yaml.lock`.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address, line, shown};
use crate::formats::listing::{Listed, Source};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// Cabal's freeze.
pub(crate) static FORMAT: Format =
    Format { name: "haskell", kind: Kind::Lock, named: |file| file.is("cabal.project.freeze"), headed: None, read };

/// Stack's lock.
pub(crate) static STACK: Format =
    Format { name: "haskell", kind: Kind::Lock, named: |file| file.is("stack.yaml.lock"), headed: None, read: stack };

fn hackage() -> Ecosystem {
    Ecosystem::of("Hackage")
}

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let mut inside = false;
    for (at, written) in text.lines().enumerate() {
        if !written.starts_with([' ', '\t']) {
            inside = written.starts_with("constraints:");
        }
        let body = written.strip_prefix("constraints:").unwrap_or(written);
        for constraint in body.split(',').map(str::trim).filter(|constraint| inside && !constraint.is_empty()) {
            // `any.name ==1.0`; `name +flag` says how it is built.
            if let Some((name, version)) = constraint.split_once("==") {
                let name = name.trim().trim_start_matches("any.");
                let mut listed = Listed::new(hackage(), name, version.trim());
                listed.line = line(at);
                lister.add(listed);
            }
        }
    }
    if lister.listing.packages.is_empty() {
        lister.gap("it fixes no version");
    } else {
        lister.complete(hackage());
    }
}

fn stack(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.yaml(input) else { return };
    if document.get("packages").is_none() && document.get("snapshots").is_none() {
        return lister.broken(None, "no `packages` and no `snapshots`: this is no lock of Stack");
    }
    for package in document.items_at("packages") {
        let Some(completed) = package.get("completed") else { continue };
        if let Some(written) = completed.text_at("hackage") {
            // `name-1.0@sha256:…,size`: the digest is of the description, not of the archive.
            let name = written.split('@').next().unwrap_or(written);
            match name.rsplit_once('-') {
                Some((name, version)) => lister.add(Listed::new(hackage(), name, version)),
                None => lister.odd(None, format!("`{}` is no name and version", shown(written))),
            }
        } else if let (Some(name), Some(version)) =
            (completed.text_at("name"), completed.get("version").and_then(|version| version.word()))
        {
            let mut listed = Listed::new(hackage(), name, version);
            if let Some(url) = completed.text_at("git") {
                let commit = completed.text_at("commit").map(Text::new);
                listed.source = Source::Git { url: address(url), commit, reference: None };
            } else if let Some(url) = completed.text_at("url") {
                listed.source = Source::Url(address(url));
            }
            lister.add(listed);
        }
    }
    lister.gap("the packages of Stack's snapshot are not in its lock");
}
