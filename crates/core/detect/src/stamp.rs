//! The parts of a date: which hour, week, month a value names.
//!
//! Read as it is written, without a change of time zone: `2024-05-06T07:08:09+02:00` is hour 7. Read are RFC 3339 and its
//! relatives (a space for the `T`, no zone, no seconds, a date alone) and numbers of seconds, milliseconds, microseconds or
//! nanoseconds since 1970, told apart by their size, in UTC. A date alone has no hour and no minute.

/// A part of a date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DatePart {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// Of the month, 1 to 31.
    Day,
    /// Of ISO 8601, 1 to 53.
    Week,
    /// 1 to 12.
    Month,
    /// Such as 2024.
    Year,
}

impl DatePart {
    /// The part that a modifier names.
    pub(crate) fn of_word(word: &str) -> Option<DatePart> {
        Some(match word {
            "minute" => DatePart::Minute,
            "hour" => DatePart::Hour,
            "day" => DatePart::Day,
            "week" => DatePart::Week,
            "month" => DatePart::Month,
            "year" => DatePart::Year,
            _ => return None,
        })
    }

    /// The part of the date that `text` spells.
    pub(crate) fn of(self, text: &str) -> Option<f64> {
        let stamp = Stamp::read(text.trim())?;
        let number = match self {
            DatePart::Minute => i64::from(stamp.time?.1),
            DatePart::Hour => i64::from(stamp.time?.0),
            DatePart::Day => stamp.day,
            DatePart::Week => stamp.week(),
            DatePart::Month => stamp.month,
            DatePart::Year => stamp.year,
        };
        Some(number as f64)
    }
}

/// A date, and where it has one the hour and minute.
struct Stamp {
    year: i64,
    month: i64,
    day: i64,
    time: Option<(u8, u8)>,
}

impl Stamp {
    fn read(text: &str) -> Option<Stamp> {
        match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Stamp::since_1970(text.parse().ok()?),
            false => Stamp::written(text),
        }
    }

    fn written(text: &str) -> Option<Stamp> {
        let (date, rest) = text.split_at_checked(10)?;
        let mut numbers = date.split('-').map(digits);
        let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let known = date.len() == 10 && date.as_bytes().get(4) == Some(&b'-') && date.as_bytes().get(7) == Some(&b'-');
        if !known || !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
            return None;
        }
        let time = match rest.strip_prefix(['T', 't', ' ']) {
            None if rest.is_empty() => None,
            None => return None,
            Some(clock) => {
                let (hour, rest) = clock.split_at_checked(2)?;
                let (minute, rest) = rest.strip_prefix(':')?.split_at_checked(2)?;
                let (hour, minute) = (digits(hour)?, digits(minute)?);
                if hour > 23
                    || minute > 59
                    || !(rest.is_empty() || rest.starts_with([':', '.', 'Z', 'z', '+', '-', ' ']))
                {
                    return None;
                }
                Some((hour as u8, minute as u8))
            }
        };
        Some(Stamp { year, month, day, time })
    }

    /// Seconds up to the year 5138, then milliseconds, microseconds, nanoseconds.
    fn since_1970(number: u64) -> Option<Stamp> {
        let seconds = match number {
            0..100_000_000 => return None,
            100_000_000..100_000_000_000 => number,
            100_000_000_000..100_000_000_000_000 => number / 1_000,
            100_000_000_000_000..100_000_000_000_000_000 => number / 1_000_000,
            _ => number / 1_000_000_000,
        };
        let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
        let (year, month, day) = civil(days);
        Some(Stamp { year, month, day, time: Some(((rest / 3_600) as u8, (rest / 60 % 60) as u8)) })
    }

    /// The week of ISO 8601: weeks begin on Monday, the first has the year's first Thursday.
    fn week(&self) -> i64 {
        let days = days_since_1970(self.year, self.month, self.day);
        // 1970-01-01 was a Thursday.
        let weekday = (days + 3).rem_euclid(7);
        let thursday = days - weekday + 3;
        let (year, ..) = civil(thursday);
        (thursday - days_since_1970(year, 1, 1)) / 7 + 1
    }
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to this day of the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March end with the leap day.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The day of the Gregorian calendar so many days after 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let years = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * years + years / 4 - years / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (month, day) = ((shifted + 2) % 12 + 1, of_year - (153 * shifted + 2) / 5 + 1);
    (era * 400 + years + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_written() {
        let part = |part: DatePart, text: &str| part.of(text).map(|number| number as i64);
        for text in
            ["2024-05-06T07:08:09Z", "2024-05-06T07:08:09.123+02:00", "2024-05-06 07:08", "1714979280", "1714979280000"]
        {
            let all =
                [DatePart::Year, DatePart::Month, DatePart::Week, DatePart::Day, DatePart::Hour, DatePart::Minute];
            assert_eq!(all.map(|own| part(own, text)), [2024, 5, 19, 6, 7, 8].map(Some), "{text}");
        }
        assert_eq!((part(DatePart::Day, "2024-02-29"), part(DatePart::Hour, "2024-02-29")), (Some(29), None));
        for wrong in ["2023-02-29", "2024-13-01", "yesterday", "12", "2024-05-06x", "2024-05-06T25:00", "é024-05-06"] {
            assert_eq!(part(DatePart::Year, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn weeks_follow_iso_8601() {
        for (text, week) in
            [("2021-01-03", 53), ("2021-01-04", 1), ("2018-12-31", 1), ("2020-12-31", 53), ("2024-01-01", 1)]
        {
            assert_eq!(DatePart::Week.of(text), Some(f64::from(week)), "{text}");
        }
    }

    #[test]
    fn the_calendar_goes_there_and_back() {
        for days in (-800_000..800_000).step_by(37) {
            let (year, month, day) = civil(days);
            assert_eq!(days_since_1970(year, month, day), days);
        }
    }
}
