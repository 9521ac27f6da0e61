//! What dpkg has installed: `/var/lib/dpkg/status`, and `status.d/<package>` of images without a package manager.

use crate::Ecosystem;
use crate::formats::lister::Lister;
use crate::formats::listing::Listed;
use crate::formats::stanza::stanzas;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "dpkg_status",
    kind: Kind::Installed,
    named: |file| {
        file.at("dpkg/status")
            || (file.folder == "status.d" && !file.ends(&[".md5sums", ".list", ".preinst", ".postinst"]))
    },
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    // Descriptions may hold any bytes.
    let text = String::from_utf8_lossy(input.bytes);
    let single = input.path.contains("status.d/");
    let mut found = 0;
    for stanza in stanzas(&text) {
        let Some(name) = stanza.get("Package") else {
            lister.odd(Some(stanza.line), "an entry has no `Package`");
            continue;
        };
        found += 1;
        // Removed packages leave their configuration behind. What is half there is there.
        let state = stanza.get("Status").and_then(|status| status.split_whitespace().nth(2));
        if matches!(state, Some("not-installed" | "config-files")) {
            continue;
        }
        let Some(version) = stanza.get("Version") else {
            lister.odd(Some(stanza.line), "an entry has no `Version`");
            continue;
        };
        let mut listed = Listed::new(Ecosystem::Debian, name, version);
        listed.built_from = stanza.get("Source").and_then(|source| source.split(" (").next()).map(Text::new);
        listed.line = Some(stanza.line);
        listed.marker = stanza.get("Architecture").map(Text::new);
        lister.add(listed);
    }
    if found == 0 {
        lister.broken(None, "no entry with `Package`: this is no list of dpkg");
    } else if !single {
        lister.complete(Ecosystem::Debian);
    }
}
