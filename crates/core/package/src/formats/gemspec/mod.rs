//! An installed gem: `specifications/<name>-<version>.gemspec`, as RubyGems writes it.

use crate::Ecosystem;
use crate::formats::file::FileName;
use crate::formats::lister::Lister;
use crate::formats::listing::Listed;
use crate::formats::{Format, Input, Kind};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "gemspec",
    kind: Kind::Installed,
    named: |file| file.ends(&[".gemspec"]) && file.parts().skip(1).take(2).any(|part| part == "specifications"),
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let text = String::from_utf8_lossy(input.bytes);
    // `s.name = "rack".freeze`
    let field = |wanted: &str| {
        let mut lines = text.lines().filter_map(|line| line.trim().strip_prefix("s.")?.strip_prefix(wanted));
        lines.find_map(|rest| rest.trim_start().strip_prefix('=')?.split(['"', '\'']).nth(1).map(str::to_owned))
    };
    match (field("name"), field("version")) {
        (Some(name), Some(version)) if !name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()) => {
            lister.add(Listed::new(Ecosystem::of("RubyGems"), &name, &version));
        }
        _ => {
            let stem = FileName::new(input.path).name.trim_end_matches(".gemspec");
            let named = stem.rsplit_once('-').filter(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit()));
            match named.filter(|_| text.contains("Gem::Specification")) {
                Some((name, version)) => lister.add(Listed::new(Ecosystem::of("RubyGems"), name, version)),
                None => {
                    lister.broken(None, "no `s.name` and `s.version`: this is no specification that RubyGems wrote")
                }
            }
        }
    }
}
