//! The committed score, `docs/score.md`: written with `BLESS=1`, compared otherwise.

use super::Score;
use std::collections::BTreeMap;
use std::fmt::Write;

const HEAD: &str = "\
# Score of the detectors

Written by `BLESS=1 cargo xtask score detect`; a test fails when a number gets worse. The records are other people's and are not part of
this project, so without them the score is skipped.

Labelled events, each judged alone by detectors that have seen nothing before. *Found*: an event labelled bad raises a finding above
informational. *Quiet*: an event labelled good raises none. *Unread*: the source refused the record; it is neither. *Needs more*: a bad
event not found whose rule needs several events, so that no event alone can show it; it counts as not found.

| log type | bad found | of | good quiet | of | unread | needs more |
|---|---|---|---|---|---|---|
";

/// The page of this score.
pub(crate) fn render(score: &Score) -> String {
    let mut page = HEAD.to_owned();
    for (name, one) in &score.labelled.log_types {
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {} | {} | {} | {} |",
            one.true_found, one.true_total, one.false_quiet, one.false_total, one.unread, one.needs_more
        );
    }
    let (found, total) = score.techniques();
    let account = &score.account;
    let _ = write!(
        page,
        "\n{} rows are of log types that no source of ours reads; {} are answers of scheduled queries, not records.\n\n\
         Attack techniques in logs of real accounts:\n\n\
         | measure | value |\n|---|---|\n| techniques found | {found} |\n| techniques done | {total} |\n\
         | alerts a day on Terraform alone | {} |\n\n\
         The Terraform around the techniques is {} minutes of one day; the alerts are counted for that day, not \
         extrapolated.\n",
        score.labelled.no_source,
        score.labelled.no_log_type,
        account.noise_per_day(),
        account.minutes,
    );
    page
}

/// The numbers of a page's tables, by the first cell of their line.
fn numbers(page: &str) -> BTreeMap<&str, Vec<f64>> {
    fn line(line: &str) -> Option<(&str, Vec<f64>)> {
        let mut cells = line.trim_matches(['|', ' ']).split('|').map(str::trim);
        let name = cells.next()?;
        let values: Vec<f64> = cells.map(str::parse).collect::<Result<_, _>>().ok()?;
        (!values.is_empty()).then_some((name, values))
    }
    page.lines().filter(|text| text.starts_with("| ")).filter_map(line).collect()
}

/// What is worse in `new` than in `old`, one line each. Lines with other totals come from another corpus: they say
/// nothing about each other.
pub(crate) fn worse(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (numbers(old), numbers(new));
    let mut faults = Vec::new();
    for (name, before) in &old {
        let Some(now) = new.get(name) else {
            faults.push(format!("{name}: no longer scored"));
            continue;
        };
        let is_worse = match (before.as_slice(), now.as_slice()) {
            ([found, bad, quiet, good, ..], [found_now, bad_now, quiet_now, good_now, ..]) => {
                (bad, good) == (bad_now, good_now) && (found_now < found || quiet_now < quiet)
            }
            ([before], [now]) if name.starts_with("alerts") => now > before,
            ([before], [now]) => now < before,
            _ => true,
        };
        if is_worse {
            faults.push(format!("{name}: {before:?} before, {now:?} now"));
        }
    }
    faults
}
