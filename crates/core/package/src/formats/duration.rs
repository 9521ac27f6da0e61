//! Spans of time as the tools write them: `P7D`, `7 days`, `1 week`, `7d`.

/// Seconds of an ISO 8601 duration. A year counts 365 days and a month 30, as the tools count them.
pub(crate) fn iso8601(text: &str) -> Option<u64> {
    let mut rest = text.trim().strip_prefix(['P', 'p'])?;
    let (mut total, mut time, mut any) = (0u64, false, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(['T', 't']) {
            (rest, time) = (after, true);
            continue;
        }
        let (number, after) = number(rest)?;
        let unit = after.chars().next()?;
        let seconds = match (time, unit.to_ascii_uppercase()) {
            (false, 'Y') => 365 * 86_400,
            (false, 'M') => 30 * 86_400,
            (false, 'W') => 7 * 86_400,
            (false, 'D') => 86_400,
            (true, 'H') => 3600,
            (true, 'M') => 60,
            (true, 'S') => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(seconds)?)?;
        rest = after.get(unit.len_utf8()..)?;
        any = true;
    }
    any.then_some(total)
}

/// Seconds of a span in words: `7 days`, `1 week 2 hours`, `3d`, `24h`. A number without a unit is none.
pub(crate) fn words(text: &str) -> Option<u64> {
    let mut rest = text.trim().trim_end_matches(" ago").trim();
    let mut total = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = number(rest)?;
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(end)?;
        total = total.checked_add(number.checked_mul(unit_seconds(unit)?)?)?;
        rest = next.trim_start_matches([' ', ',']);
    }
    Some(total)
}

/// Seconds of either form.
pub(crate) fn any(text: &str) -> Option<u64> {
    iso8601(text).or_else(|| words(text))
}

fn unit_seconds(unit: &str) -> Option<u64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        "w" | "wk" | "wks" | "week" | "weeks" => 7 * 86_400,
        "mo" | "month" | "months" => 30 * 86_400,
        "y" | "yr" | "year" | "years" => 365 * 86_400,
        _ => return None,
    })
}

fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, seconds) in [
            ("P7D", Some(604_800)),
            ("P1DT12H", Some(129_600)),
            ("PT30M", Some(1800)),
            ("P1W", Some(604_800)),
            ("7 days", Some(604_800)),
            ("1 week", Some(604_800)),
            ("3d", Some(259_200)),
            ("1 day 2 hours", Some(93_600)),
            ("30 days ago", Some(2_592_000)),
            ("P", None),
            ("7", None),
            ("", None),
            ("2026-03-24", None),
            ("2026-03-24T00:00:00Z", None),
            ("99999999999999999999 days", None),
            ("P18446744073709551615Y", None),
        ] {
            assert_eq!(any(text), seconds, "{text}");
        }
    }
}
