//! Conda: `conda-lock.yml`, `environment.yml`, lists of artefacts (`@EXPLICIT`), and what is installed (`conda-meta/*.json`).

use crate::Ecosystem;
use crate::formats::lister::{Lister, address, line, shown};
use crate::formats::listing::{Algorithm, Hash, Listed, Required, Source};
use crate::formats::python::{self, Asked};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The lock.
pub(crate) static FORMAT: Format = Format {
    name: "conda",
    kind: Kind::Lock,
    named: |file| file.ends(&["conda-lock.yml", "conda-lock.yaml"]),
    headed: None,
    read: lock,
};

/// What an environment asks for.
pub(crate) static ENVIRONMENT: Format = Format {
    name: "conda",
    kind: Kind::Manifest,
    named: |file| file.is("environment.yml") || file.is("environment.yaml"),
    headed: None,
    read: environment,
};

/// A list of artefacts, which is installed without solving anything.
pub(crate) static EXPLICIT: Format = Format {
    name: "conda",
    kind: Kind::Lock,
    named: |file| file.name.starts_with("conda-") && file.ends(&[".lock"]),
    headed: Some(|head| head.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == b"@EXPLICIT")),
    read: explicit,
};

/// The record of an installed package.
pub(crate) static INSTALLED: Format = Format {
    name: "conda",
    kind: Kind::Installed,
    named: |file| file.folder == "conda-meta" && file.ends(&[".json"]),
    headed: None,
    read: installed,
};

fn conda() -> Ecosystem {
    Ecosystem::of("conda")
}

fn lock(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.yaml(input) else { return };
    if document.get("package").is_none() {
        return lister.broken(None, "no `package`: this is no lock of conda-lock");
    }
    for package in document.items_at("package") {
        let version = package.get("version").and_then(Node::word);
        let (Some(name), Some(version)) = (package.text_at("name"), version) else {
            lister.odd(None, "a package lacks `name` or `version`");
            continue;
        };
        let pip = package.text_at("manager") == Some("pip");
        let mut listed = Listed::new(if pip { Ecosystem::PyPI } else { conda() }, name, version);
        listed.hashes = package.get("hash").map(sums).unwrap_or_default();
        listed.source = package.text_at("url").map_or(Source::Unknown, |url| Source::Url(address(url)));
        listed.marker = package.text_at("platform").map(Text::new);
        let group = package.text_at("category").filter(|group| *group != "main");
        listed.groups = group.map(Text::new).into_iter().collect();
        lister.add(listed);
    }
    lister.complete(conda());
    lister.complete(Ecosystem::PyPI);
}

fn sums(node: &Node) -> Vec<Hash> {
    let of = |(word, sum): &(Text, Node)| Hash::hex(Algorithm::of(word)?, sum.word()?);
    node.fields().iter().filter_map(of).collect()
}

fn environment(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.yaml(input) else { return };
    if document.get("dependencies").is_none() {
        return lister.broken(None, "no `dependencies`: this is no environment of conda");
    }
    let channels = document.get("channels").map(Node::texts).unwrap_or_default();
    lister.listing.settings.indexes = channels.into_iter().map(address).collect();
    lister.listing.settings.ecosystem = Some(conda());
    let mut pip = false;
    for item in document.items_at("dependencies") {
        if let Some(text) = item.text() {
            // `channel::name=1.0=build`, `name >=1,<2`.
            let text = text.rsplit("::").next().unwrap_or(text);
            let end = text.find(|c: char| " =<>!~[".contains(c)).unwrap_or(text.len());
            let (name, range) = text.split_at_checked(end).unwrap_or((text, ""));
            let mut required = Required::new(conda(), name, range);
            required.written = Text::new(shown(text));
            lister.require(required);
        }
        for text in item.get("pip").map(Node::texts).unwrap_or_default() {
            pip = true;
            match python::asked(text) {
                Some(Asked::Exact(listed)) => lister.add(listed),
                Some(Asked::Range(required)) => lister.require(required),
                None => lister.gap(format!("`{}` below `pip` is read by pip alone", shown(text))),
            }
        }
    }
    lister.require(Required::any(conda(), "dependencies of this environment are not pinned"));
    if pip {
        lister.require(Required::any(Ecosystem::PyPI, "dependencies of these requirements are not pinned"));
    }
}

/// One address a line, each with its digest after `#`: MD5, or `sha256:` and that.
fn explicit(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let mut marked = false;
    for (number, written) in text.lines().enumerate() {
        let written = written.trim();
        if written.is_empty() || written.starts_with('#') {
            continue;
        }
        if written == "@EXPLICIT" {
            marked = true;
            continue;
        }
        let (url, sum) = written.split_once('#').unwrap_or((written, ""));
        let Some((name, version)) = artefact(url) else {
            lister.odd(line(number), format!("`{}` is no artefact of conda", shown(url)));
            continue;
        };
        let mut listed = Listed::new(conda(), name, version);
        listed.hashes.extend(match sum.split_once(':') {
            Some((word, digits)) => Algorithm::of(word).and_then(|algorithm| Hash::hex(algorithm, digits)),
            None => Hash::hex(Algorithm::Md5, sum),
        });
        listed.source = Source::Url(address(url));
        listed.line = line(number);
        lister.add(listed);
    }
    match marked {
        true => lister.complete(conda()),
        false => lister.broken(None, "no `@EXPLICIT`: this is no list of conda's artefacts"),
    }
}

/// Name and version of `…/name-version-build.conda`. A version and a build hold no hyphen.
fn artefact(url: &str) -> Option<(&str, &str)> {
    let file = url.rsplit('/').next()?;
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    let (rest, _build) = stem.rsplit_once('-')?;
    rest.rsplit_once('-').filter(|(name, version)| !name.is_empty() && !version.is_empty())
}

fn installed(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    let (Some(name), Some(version)) = (document.text_at("name"), document.text_at("version")) else {
        return lister.broken(None, "no `name` and `version`: this is no record of conda");
    };
    let mut listed = Listed::new(conda(), name, version);
    let of = |key: &str, algorithm| Hash::hex(algorithm, document.text_at(key)?);
    listed.hashes.extend(of("sha256", Algorithm::Sha256).into_iter().chain(of("md5", Algorithm::Md5)));
    listed.source = document.text_at("url").map_or(Source::Unknown, |url| Source::Url(address(url)));
    lister.add(listed);
}
