//! What apk has installed: `/lib/apk/db/installed`.

use crate::Ecosystem;
use crate::formats::lister::{Lister, line};
use crate::formats::listing::Listed;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "apk_installed",
    kind: Kind::Installed,
    named: |file| file.at("apk/db/installed"),
    headed: None,
    read,
};

#[derive(Default)]
struct Entry<'a> {
    at: usize,
    name: Option<&'a str>,
    version: Option<&'a str>,
    origin: Option<&'a str>,
    architecture: Option<&'a str>,
}

fn read(input: &Input<'_>, lister: &mut Lister) {
    let text = String::from_utf8_lossy(input.bytes);
    let mut entry: Option<Entry<'_>> = None;
    for (at, written) in text.lines().enumerate() {
        if written.trim().is_empty() {
            finish(lister, entry.take());
            continue;
        }
        let Some((key, value)) = written.split_once(':') else { continue };
        let entry = entry.get_or_insert_with(|| Entry { at, ..Entry::default() });
        match key {
            "P" => entry.name = Some(value),
            "V" => entry.version = Some(value),
            "o" => entry.origin = Some(value),
            "A" => entry.architecture = Some(value),
            _ => {}
        }
    }
    finish(lister, entry.take());
    if lister.listing.packages.is_empty() {
        lister.broken(None, "no entry with `P:` and `V:`: this is no list of apk");
    } else {
        lister.complete(Ecosystem::of("Alpine"));
    }
}

fn finish(lister: &mut Lister, entry: Option<Entry<'_>>) {
    let Some(entry) = entry else { return };
    let (Some(name), Some(version)) = (entry.name, entry.version) else {
        return lister.odd(line(entry.at), "an entry lacks `P:` or `V:`");
    };
    let mut listed = Listed::new(Ecosystem::of("Alpine"), name, version);
    listed.built_from = entry.origin.map(Text::new);
    listed.marker = entry.architecture.map(Text::new);
    listed.line = line(entry.at);
    lister.add(listed);
}
