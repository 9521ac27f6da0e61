//! An installed Python distribution: `METADATA`, `RECORD`, `direct_url.json` and `INSTALLER` of its `.dist-info`, and `PKG-INFO`
//! of an `.egg-info`.

use crate::Ecosystem;
use crate::formats::file::FileName;
use crate::formats::lister::{Lister, address};
use crate::formats::listing::{Algorithm, Hash, Listed, Recorded, Source};
use crate::formats::stanza::stanzas;
use crate::formats::{Format, Input, Kind, python};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format = Format { name: "dist_info", kind: Kind::Installed, named, headed: None, read };

fn named(file: &FileName<'_>) -> bool {
    let dist = file.folder.ends_with(".dist-info")
        && matches!(file.name, "METADATA" | "RECORD" | "direct_url.json" | "INSTALLER");
    let egg = file.folder.ends_with(".egg-info") || file.folder == "EGG-INFO";
    dist || (egg && file.name == "PKG-INFO") || file.name.ends_with(".egg-info")
}

fn read(input: &Input<'_>, lister: &mut Lister) {
    match FileName::new(input.path).name {
        "RECORD" => record(input, lister),
        "direct_url.json" => direct_url(input, lister),
        "INSTALLER" => {
            let Some(text) = lister.text(input) else { return };
            lister.listing.installer =
                text.lines().next().map(|line| Text::new(line.trim())).filter(|name| !name.is_empty());
        }
        _ => metadata(input, lister),
    }
}

fn metadata(input: &Input<'_>, lister: &mut Lister) {
    // Old distributions are not all UTF-8, and name and version are ASCII.
    let text = String::from_utf8_lossy(input.bytes);
    // A blank line ends the headers; the description may look like headers.
    let headers = stanzas(&text).into_iter().next().unwrap_or_default();
    let (Some(name), Some(version)) = (headers.get("Name"), headers.get("Version")) else {
        return lister.broken(None, "no `Name` and `Version`: this is no metadata of a distribution");
    };
    let mut listed = Listed::new(Ecosystem::PyPI, name, version);
    listed.line = Some(headers.line);
    lister.add(listed);
    for wanted in headers.all("Requires-Dist") {
        match python::manifest(wanted) {
            Some(required) => lister.require(required),
            None => lister.gap("a `Requires-Dist` is not a requirement"),
        }
    }
}

/// `path,algorithm=digest,size`, as comma-separated values.
fn record(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    for (line, written) in (1u32..).zip(text.lines()).filter(|(_, written)| !written.trim().is_empty()) {
        let fields = match written.strip_prefix('"') {
            Some(rest) => rest.find("\",").and_then(|end| {
                let path = rest.get(..end)?.replace("\"\"", "\"");
                Some((path, rest.get(end + 2..)?))
            }),
            None => written.split_once(',').map(|(path, rest)| (path.to_owned(), rest)),
        };
        match fields {
            Some((path, rest)) => {
                let hash = rest.split(',').next().and_then(Hash::prefixed);
                lister.listing.files.push(Recorded { path: Text::new(path), hash });
            }
            None => lister.odd(Some(line), "not a path, a digest and a size"),
        }
    }
}

/// Where a distribution was installed from, if not from an index. The folder tells its name and version.
fn direct_url(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    let url = document.text_at("url").unwrap_or_default();
    let folder = FileName::new(input.path).folder;
    let Some((name, version)) = folder.trim_end_matches(".dist-info").split_once('-') else {
        return lister.broken(None, "the folder is not called `name-version.dist-info`");
    };
    if url.is_empty() {
        return lister.broken(None, "no `url`");
    }
    let mut listed = Listed::new(Ecosystem::PyPI, name, version);
    if let Some(vcs) = document.get("vcs_info") {
        listed.source = Source::Git {
            url: address(url),
            commit: vcs.text_at("commit_id").map(Text::new),
            reference: vcs.text_at("requested_revision").map(Text::new),
        };
    } else if let Some(archive) = document.get("archive_info") {
        listed.source = if url.starts_with("file:") { Source::Path(Text::new(url)) } else { Source::Url(address(url)) };
        let many = archive.fields_at("hashes").iter();
        listed.hashes = many.filter_map(|(word, sum)| Hash::hex(Algorithm::of(word)?, sum.text()?)).collect();
        if listed.hashes.is_empty() {
            listed.hashes.extend(archive.text_at("hash").and_then(Hash::prefixed));
        }
    } else {
        listed.source = Source::Path(Text::new(url));
    }
    lister.add(listed);
}
