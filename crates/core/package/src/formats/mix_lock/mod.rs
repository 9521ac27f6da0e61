//! Elixir: `mix.lock`.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address, line};
use crate::formats::listing::{Algorithm, Hash, Listed, Required, Source};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "mix_lock", kind: Kind::Lock, named: |file| file.is("mix.lock"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let mut seen = false;
    for (at, written) in text.lines().enumerate() {
        let written = written.trim().trim_start_matches("%{").trim();
        if written.is_empty() || written.starts_with(['}', '#']) {
            seen |= written.starts_with('}');
            continue;
        }
        match entry(written) {
            Some(Entry::Hex { name, version, sums }) => {
                let mut listed = Listed::new(Ecosystem::of("Hex"), name, version);
                (listed.hashes, listed.source, listed.line) = (sums, Source::Registry(None), line(at));
                lister.add(listed);
            }
            Some(Entry::Git { name, url, commit }) => {
                let mut required = Required::new(Ecosystem::of("Hex"), name, "");
                required.written = Text::new("no version in the lock");
                required.source = Source::Git { url: address(url), commit: Some(Text::new(commit)), reference: None };
                required.line = line(at);
                lister.require(required);
            }
            None => lister.odd(line(at), "not a dependency of Hex or git"),
        }
    }
    if seen {
        lister.complete(Ecosystem::of("Hex"));
    } else {
        lister.gap("it is empty, or ends early");
    }
}

enum Entry<'a> {
    Hex { name: &'a str, version: &'a str, sums: Vec<Hash> },
    Git { name: &'a str, url: &'a str, commit: &'a str },
}

/// `"name": {:hex, :name, "1.0.0", "<inner sum>", […], […], "hexpm", "<outer sum>"},`
fn entry(written: &str) -> Option<Entry<'_>> {
    let (key, rest) = written.strip_prefix('"')?.split_once("\": {")?;
    if let Some(rest) = rest.strip_prefix(":hex, :") {
        let name = rest.split(',').next()?.trim_matches('"');
        let mut quoted = rest.split('"').skip(1).step_by(2);
        let version = quoted.next()?;
        // The outer sum is of the archive that Hex serves; the inner one of what is in it.
        let outer = rest.rsplit('"').nth(1).and_then(|sum| Hash::hex(Algorithm::Sha256, sum));
        let inner = quoted.next().and_then(|sum| Hash::hex(Algorithm::Sha256, sum));
        let mut sums: Vec<Hash> = outer.into_iter().chain(inner).collect();
        sums.dedup();
        return Some(Entry::Hex { name, version, sums });
    }
    let mut quoted = rest.strip_prefix(":git, ")?.split('"').skip(1).step_by(2);
    Some(Entry::Git { name: key, url: quoted.next()?, commit: quoted.next()? })
}
