//! When what was still there when it was last seen had ended: at the first complete listing after that which lacks it.

use crate::statement::EVERY;
use crate::thing::Thing;

/// When something was there, by one piece of evidence.
#[derive(Clone, Copy)]
pub(crate) struct Sight {
    pub locked: bool,
    pub from: u32,
    pub seen: u32,
}

/// When complete listings were taken of `environment` that would name `thing`. `complete` is sorted by environment.
pub(crate) fn listings(complete: &[[u32; 4]], scopes: &[&str], environment: u32, thing: &str) -> Vec<u32> {
    let thing = Thing::read(thing);
    // Digests and hosts are in no listing.
    let Some(ecosystem) = thing.as_ref().and_then(Thing::ecosystem) else { return Vec::new() };
    let speaks = |scope: u32| {
        let scope_of = scopes.get((scope / 2) as usize);
        scope % 2 == 1 && scope_of.is_some_and(|scope| *scope == EVERY || *scope == ecosystem)
    };
    let all = of_environment(complete, environment).iter();
    let mut listings: Vec<u32> = all.filter(|row| speaks(row[1])).map(|row| row[3]).collect();
    listings.sort_unstable();
    listings
}

/// When `one` had ended, by `listings` and by whatever else is known of the same thing in the same environment.
pub(crate) fn ended(one: Sight, group: &[Sight], listings: &[u32]) -> Option<u32> {
    let later = listings.get(listings.partition_point(|at| *at <= one.seen)..)?;
    let there = |at: u32| group.iter().any(|other| other.locked == one.locked && other.from <= at && at <= other.seen);
    later.iter().copied().find(|at| !there(*at))
}

/// The rows of one environment in a table that is sorted by environment.
fn of_environment<const N: usize>(table: &[[u32; N]], environment: u32) -> &[[u32; N]] {
    let first = |row: &[u32; N]| row.first().copied().unwrap_or(u32::MAX);
    let from = table.partition_point(|row| first(row) < environment);
    let rest = table.get(from..).unwrap_or_default();
    rest.get(..rest.partition_point(|row| first(row) <= environment)).unwrap_or_default()
}
