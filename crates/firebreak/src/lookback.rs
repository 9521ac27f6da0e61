//! Events of a window, read again from the lake: what was used, for questions about rights. It takes no longer than it was given; what
//! cannot be read is a gap, and said.

use crate::live::recover::event;
use anyhow::Result;
use firebreak_lake::{DataFile, Lake};
use firebreak_model::{Event, Time};
use firebreak_world::World;
use std::path::Path;
use std::time::{Duration, Instant};

/// Seconds after which records count as ended, and not as what a platform has yet to deliver.
const STALE: i64 = 86_400;
const DAY: i64 = 86_400;

/// A look back over what an installation keeps.
pub struct Lookback {
    world: World,
    lake: Lake,
    files: Vec<DataFile>,
    /// The first moment that counts.
    pub since: Time,
    /// The last.
    pub until: Time,
    late: Instant,
}

/// It would take longer than it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Late;

impl Lookback {
    /// Over the last `days` before `now`, or before the records end where they end earlier: held against a later time, records that ended
    /// say of everything that nobody uses it.
    ///
    /// # Errors
    /// If the lake cannot be opened.
    pub fn open(
        world: &World,
        data: &Path,
        files: Vec<DataFile>,
        (days, now): (u32, Time),
        most: Duration,
    ) -> Result<Lookback> {
        let lake = Lake::open(world.clone(), &data.join("lake"))?;
        let last = files.iter().map(|file| file.to).max();
        let until = last.filter(|last| last.plus_seconds(STALE) < now).unwrap_or(now);
        let since = until.plus_seconds(-DAY * i64::from(days));
        Ok(Lookback { world: world.clone(), lake, files, since, until, late: Instant::now() + most })
    }

    /// Gives `each` every event of the window, of one source or of all. What could not be read is added to `gaps`.
    ///
    /// # Errors
    /// If it takes too long.
    pub fn each(&self, source: Option<&str>, gaps: &mut Vec<String>, each: &mut dyn FnMut(&Event)) -> Result<(), Late> {
        let wanted = |file: &&DataFile| {
            let has = |name: &str| file.sources.keys().any(|one| &**one == name);
            file.to >= self.since && file.from <= self.until && source.is_none_or(has)
        };
        for file in self.files.iter().filter(wanted) {
            self.in_time()?;
            let rows = match self.lake.read(file) {
                Ok(rows) => rows,
                Err(error) => {
                    let reason = error.to_string();
                    let reason = reason.lines().next().unwrap_or_default();
                    gaps.push(format!(
                        "{} events from {} to {} could not be read: {reason}",
                        file.rows, file.from, file.to
                    ));
                    continue;
                }
            };
            let here = rows.iter().filter(|row| source.is_none_or(|name| &*row.source == name));
            for row in here.filter(|row| row.time >= self.since && row.time <= self.until) {
                event(&self.world, row).iter().for_each(&mut *each);
            }
        }
        Ok(())
    }

    fn in_time(&self) -> Result<(), Late> {
        if Instant::now() <= self.late { Ok(()) } else { Err(Late) }
    }
}
