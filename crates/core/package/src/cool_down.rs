//! Cool-downs: which releases a tool hides because they are too young, in the tool's own unit.
//!
//! | tool | setting | unit |
//! |---|---|---|
//! | uv | `exclude-newer` | time, local date, or duration in words or ISO 8601 |
//! | pip | `--uploaded-prior-to` | time or local date; ISO 8601 duration |
//! | poetry | `solver.min-release-age` | days |
//! | npm | `min-release-age`, `before` | days, time |
//! | pnpm | `minimumReleaseAge` | minutes |
//! | yarn | `npmMinimalAgeGate` | minutes, or a number with a unit, which some releases read as minutes |
//! | bun | `minimumReleaseAge` | seconds |
//! | renovate | `minimumReleaseAge` | words (`3 days`) |
//! | dependabot | `cooldown.default-days` | days |
//!
//! It is not a proof that the setting was in force: that the tool was new enough to know it is evidence from elsewhere.
//! A local date means any of the instants that it may be on earth.

use crate::requirement::Admission;
use firebreak_model::Time;

/// A rule by which releases are hidden.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CoolDown(Rule);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
    /// Nothing is hidden.
    Off,
    /// What is younger than this, in microseconds; between the two it depends on the tool's release.
    Age { least: i64, most: i64 },
    /// What came later; between the two it depends on the machine's time zone.
    Before { from: Time, to: Time },
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

impl CoolDown {
    /// A cool-down of so many seconds.
    pub fn seconds(seconds: i64) -> CoolDown {
        CoolDown::age(seconds.saturating_mul(1_000_000))
    }

    /// A cool-down of so many days.
    pub fn days(days: u32) -> CoolDown {
        CoolDown::seconds(i64::from(days).saturating_mul(DAY))
    }

    fn age(micros: i64) -> CoolDown {
        if micros <= 0 { CoolDown(Rule::Off) } else { CoolDown(Rule::Age { least: micros, most: micros }) }
    }

    /// Reads the setting of `tool` as its configuration or command writes it.
    ///
    /// # Errors
    /// A text that the tool would not read, or a tool that is not known here.
    pub fn parse(tool: &str, text: &str) -> Result<CoolDown, String> {
        let text = text.trim().trim_matches(['"', '\'']).trim();
        let bad = || format!("`{text}` is no cool-down of {tool}");
        if matches!(text, "false" | "null" | "off") {
            return Ok(CoolDown(Rule::Off));
        }
        let number = |unit: i64| scaled(text, unit).map(CoolDown::age);
        let found = match tool.to_ascii_lowercase().as_str() {
            "uv" => time(text, Local::Date).or_else(|| iso(text)).or_else(|| words(text)),
            "pip" => time(text, Local::Date).or_else(|| iso(text)),
            "poetry" | "dependabot" => number(DAY),
            "npm" => number(DAY).or_else(|| time(text, Local::Midnight)),
            "pnpm" => number(MINUTE),
            "yarn" => number(MINUTE).or_else(|| yarn(text)),
            "bun" => number(1),
            "renovate" => words(text),
            _ => return Err(format!("no cool-down of {tool} is known")),
        };
        found.ok_or_else(bad)
    }

    /// Whether a release that appeared at `published` is hidden from an install at `at`: [`Admission::No`] where it is,
    /// [`Admission::Yes`] where it is not.
    pub fn admits(&self, published: Time, at: Time) -> Admission {
        let (from, to) = match self.0 {
            Rule::Off => return Admission::Yes,
            // An age is counted back from the moment of the install.
            Rule::Age { least, most } => (Time(at.0.saturating_sub(most)), Time(at.0.saturating_sub(least))),
            Rule::Before { from, to } => (from, to),
        };
        match published {
            published if published < from => Admission::Yes,
            published if published > to => Admission::No,
            _ => Admission::undecided(
                "the release is as old as the cool-down, give or take what the setting leaves open",
            ),
        }
    }

    /// Whether it hides nothing.
    pub fn is_off(&self) -> bool {
        self.0 == Rule::Off
    }
}

/// What a date without an hour means.
#[derive(Clone, Copy)]
enum Local {
    /// Somewhere on that day, in some zone.
    Date,
    /// Its first instant in UTC.
    Midnight,
}

/// An RFC 3339 time; without a zone, any that it may be on earth: fourteen hours ahead of UTC to twelve behind.
fn time(text: &str, date: Local) -> Option<CoolDown> {
    let between = |from: Time, to: Time| Some(CoolDown(Rule::Before { from, to }));
    if text.len() == 10 {
        let midnight = Time::parse(&format!("{text}T00:00:00Z"))?;
        return match date {
            Local::Midnight => between(midnight, midnight),
            Local::Date => between(midnight.plus_seconds(-14 * HOUR), midnight.plus_seconds(DAY + 12 * HOUR)),
        };
    }
    let read = Time::parse(text)?;
    let clock = text.get(10..)?;
    let zoned = clock.ends_with(['Z', 'z']) || clock.contains(['+', '-']);
    if zoned { between(read, read) } else { between(read.plus_seconds(-14 * HOUR), read.plus_seconds(12 * HOUR)) }
}

/// A decimal number of units of so many seconds, in microseconds.
fn scaled(text: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let millionths: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<6}").parse().ok()? };
    let micros = whole.checked_mul(unit)?.checked_mul(1_000_000)?;
    micros.checked_add(millionths.checked_mul(unit)?)
}

/// Seconds in a unit that is written out or abbreviated. Months and years have no fixed length.
fn unit(word: &str) -> Option<i64> {
    Some(match word.to_ascii_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        "w" | "wk" | "wks" | "week" | "weeks" => WEEK,
        _ => return None,
    })
}

/// `3 days`, `1 week 2 days`, `24h`.
fn words(text: &str) -> Option<CoolDown> {
    let mut sum = 0i64;
    let mut rest = text.trim_end_matches("ago").trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))?;
        let (number, after) = rest.split_at_checked(end)?;
        let after = after.trim_start();
        let end = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let (word, after) = after.split_at_checked(end)?;
        sum = sum.checked_add(scaled(number, unit(word)?)?)?;
        rest = after.trim_start_matches([',', ' ']);
    }
    Some(CoolDown::age(sum))
}

/// `P7D`, `P1W`, `PT24H`, `P1DT12H`.
fn iso(text: &str) -> Option<CoolDown> {
    let body = text.strip_prefix(['P', 'p'])?;
    let (date, clock) = body.split_once(['T', 't']).unwrap_or((body, ""));
    let mut sum = 0i64;
    for (part, units) in [(date, "dw"), (clock, "hms")] {
        let mut rest = part;
        while !rest.is_empty() {
            let end = rest.find(|letter: char| letter.is_ascii_alphabetic())?;
            let (number, after) = rest.split_at_checked(end)?;
            let (letter, after) = after.split_at_checked(1)?;
            if !units.contains(letter.to_ascii_lowercase().as_str()) {
                return None;
            }
            sum = sum.checked_add(scaled(number, unit(letter)?)?)?;
            rest = after;
        }
    }
    (!body.is_empty()).then(|| CoolDown::age(sum))
}

/// A number with a unit; some releases of yarn drop the unit and count minutes.
fn yarn(text: &str) -> Option<CoolDown> {
    let end = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, word) = text.split_at_checked(end)?;
    let (meant, dropped) = (scaled(number.trim(), unit(word)?)?, scaled(number.trim(), MINUTE)?);
    Some(CoolDown(Rule::Age { least: meant.min(dropped), most: meant.max(dropped) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse(text).expect("a time")
    }

    /// Whether litellm 1.82.8 is hidden from an install at `at`.
    fn hidden(tool: &str, text: &str, at: &str) -> Option<bool> {
        let cool_down = CoolDown::parse(tool, text).unwrap_or_else(|error| panic!("{error}"));
        match cool_down.admits(time("2026-03-24T10:52:00Z"), time(at)) {
            Admission::No => Some(true),
            Admission::Yes => Some(false),
            Admission::Undecided(_) => None,
        }
    }

    #[test]
    fn each_tool_counts_in_its_own_unit() {
        let soon = "2026-03-24T10:58:41Z";
        let next_day = "2026-03-25T12:00:00Z";
        for (tool, text, at, wanted) in [
            ("uv", "3 days", soon, Some(true)),
            ("uv", "P1D", soon, Some(true)),
            ("uv", "PT24H", next_day, Some(false)),
            ("uv", "1 week 2 days", next_day, Some(true)),
            ("uv", "2026-03-24T10:00:00Z", next_day, Some(true)),
            ("uv", "2026-03-24T12:00:00Z", soon, Some(false)),
            ("uv", "2026-03-20", next_day, Some(true)),
            ("uv", "2026-03-28", soon, Some(false)),
            ("uv", "2026-03-24", soon, None),
            ("uv", "false", soon, Some(false)),
            ("pip", "2026-03-24T10:51:59+00:00", next_day, Some(true)),
            ("pip", "2026-03-24 10:00:00", soon, None),
            ("pip", "P3D", soon, Some(true)),
            ("poetry", "1", next_day, Some(false)),
            ("poetry", "7", next_day, Some(true)),
            ("npm", "2", next_day, Some(true)),
            ("npm", "2026-03-24", next_day, Some(true)),
            ("npm", "2026-03-25", next_day, Some(false)),
            // Seven minutes, and not seven days.
            ("pnpm", "7", "2026-03-24T11:00:00Z", Some(false)),
            ("pnpm", "1440", soon, Some(true)),
            ("pnpm", "1440", next_day, Some(false)),
            ("yarn", "7", "2026-03-24T11:00:00Z", Some(false)),
            ("yarn", "10080", next_day, Some(true)),
            ("yarn", "3d", soon, None),
            ("yarn", "3d", "2026-03-24T10:53:00Z", Some(true)),
            ("yarn", "3d", "2026-03-28T00:00:00Z", Some(false)),
            ("bun", "259200", soon, Some(true)),
            ("bun", "3", soon, Some(false)),
            ("bun", "0", soon, Some(false)),
            ("renovate", "3 days", soon, Some(true)),
            ("dependabot", "3", next_day, Some(true)),
            ("poetry", "0.5", "2026-03-24T22:00:00Z", Some(true)),
        ] {
            assert_eq!(hidden(tool, text, at), wanted, "{tool} {text} at {at}");
        }
    }

    #[test]
    fn a_release_exactly_as_old_is_undecided() {
        assert_eq!(hidden("poetry", "1", "2026-03-25T10:52:00Z"), None);
        assert_eq!(hidden("uv", "2026-03-24T10:52:00Z", "2026-03-25T10:52:00Z"), None);
    }

    #[test]
    fn what_a_tool_would_not_read_is_an_error() {
        for (tool, text) in [
            ("uv", "3 months"),
            ("uv", "soon"),
            ("uv", ""),
            ("uv", "P1Y"),
            ("pnpm", "3 days"),
            ("bun", "-5"),
            ("poetry", "99999999999999999999"),
            ("pip", "3 days"),
            ("make", "3"),
            ("uv", "P"),
        ] {
            assert!(CoolDown::parse(tool, text).is_err(), "{tool} {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,20}", near in "[0-9PTDWHM .:+Zdays-]{0,20}", at in proptest::prelude::any::<i64>()) {
            for tool in ["uv", "pip", "poetry", "npm", "pnpm", "yarn", "bun", "renovate"] {
                for text in [&text, &near] {
                    if let Ok(cool_down) = CoolDown::parse(tool, text) {
                        cool_down.admits(Time(0), Time(at));
                    }
                }
            }
        }
    }
}
