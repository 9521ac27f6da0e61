//! RPM's database of installed packages: that it is there. Its content (SQLite, Berkeley DB or RPM's own ndb) is not read.

use crate::formats::lister::Lister;
use crate::formats::{Format, Input, Kind};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "rpm_database",
    kind: Kind::Installed,
    named: |file| file.folder == "rpm" && matches!(file.name, "rpmdb.sqlite" | "Packages.db" | "Packages"),
    headed: None,
    read,
};

fn read(_input: &Input<'_>, lister: &mut Lister) {
    lister
        .gap("RPM's database is not read: which packages it installed is not known, unless a bill of materials tells");
}
