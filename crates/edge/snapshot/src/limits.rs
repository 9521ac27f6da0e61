//! Bounds on time and memory. Each that is reached becomes a blind spot.

/// The bounds of one snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds until the walk stops.
    pub seconds: f64,
    /// Entries of directories and archives that are looked at.
    pub entries: u64,
    /// Directories that wait to be entered.
    pub waiting: usize,
    /// How deep directories are entered.
    pub depth: usize,
    /// Files whose content is read.
    pub files: u64,
    /// Bytes of content that are read.
    pub bytes: u64,
    /// Bytes that one image's layers may unpack to.
    pub unpacked: u64,
    /// Packages, hooks, credentials and stores that are kept, each.
    pub kept: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            seconds: 60.0,
            entries: 5_000_000,
            waiting: 100_000,
            depth: 100,
            files: 300_000,
            bytes: 4 << 30,
            unpacked: 64 << 30,
            kept: 100_000,
        }
    }
}
