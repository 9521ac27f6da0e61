//! Instants as platforms write them, and how busy an hour is. It reads no clock: every instant is computed.

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(crate) struct At(pub(crate) i64);

const SECOND: i64 = 1_000_000;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 86_400;

/// The first day of ordinary traffic.
pub(crate) const FIRST_DAY: At = At::civil(2026, 3, 5, 0, 0, 0);
/// How many days the logs cover: 2026-03-05 to 2026-04-02, both whole.
pub(crate) const DAYS: i64 = 29;

/// The names of days as RFC 3339 puts them, broken into numbers.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y - era * 400;
    let shifted = (month + 9) % 12;
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl At {
    pub(crate) const fn civil(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> At {
        let days = days_from_civil(year, month, day);
        At((days * DAY + hour * HOUR + minute * 60 + second) * SECOND)
    }

    pub(crate) const fn plus(self, seconds: i64) -> At {
        At(self.0 + seconds * SECOND)
    }

    pub(crate) const fn plus_micros(self, micros: i64) -> At {
        At(self.0 + micros)
    }

    pub(crate) const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    pub(crate) const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    const fn micros_of_second(self) -> i64 {
        self.0.rem_euclid(SECOND)
    }

    fn broken(self) -> Civil {
        let seconds = self.seconds();
        let z = seconds.div_euclid(DAY) + 719_468;
        let era = z.div_euclid(146_097);
        let of_era = z - era * 146_097;
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let of_day = seconds.rem_euclid(DAY);
        Civil {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: of_year - (153 * shifted + 2) / 5 + 1,
            hour: of_day / HOUR,
            minute: of_day / 60 % 60,
            second: of_day % 60,
        }
    }

    /// `2026-03-24`.
    pub(crate) fn date(self) -> String {
        let c = self.broken();
        format!("{:04}-{:02}-{:02}", c.year, c.month, c.day)
    }

    /// `2026/03/24`, as CloudTrail names folders.
    pub(crate) fn folders(self) -> String {
        let c = self.broken();
        format!("{:04}/{:02}/{:02}", c.year, c.month, c.day)
    }

    /// `20260324T1055Z`, as CloudTrail names files.
    pub(crate) fn stamp(self) -> String {
        let c = self.broken();
        format!("{:04}{:02}{:02}T{:02}{:02}Z", c.year, c.month, c.day, c.hour, c.minute)
    }

    /// `2026-03-24T10:58:41` and whatever `tail` adds.
    fn clock(self, separator: char, tail: std::fmt::Arguments<'_>) -> String {
        let c = self.broken();
        format!(
            "{:04}-{:02}-{:02}{separator}{:02}:{:02}:{:02}{tail}",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }

    /// `2026-03-24T10:58:41Z`.
    pub(crate) fn iso(self) -> String {
        self.clock('T', format_args!("Z"))
    }

    /// `2026-03-24T10:58:41.123Z`.
    pub(crate) fn iso_millis(self) -> String {
        self.clock('T', format_args!(".{:03}Z", self.micros_of_second() / 1_000))
    }

    /// `2026-03-24T10:58:41.123456Z`.
    pub(crate) fn iso_micros(self) -> String {
        self.clock('T', format_args!(".{:06}Z", self.micros_of_second()))
    }

    /// `2026-03-24T10:58:41.1234567Z`, as a build log writes it.
    pub(crate) fn iso_ticks(self) -> String {
        self.clock('T', format_args!(".{:06}{}Z", self.micros_of_second(), (self.0 / 7).rem_euclid(10)))
    }

    /// `2026-03-24 10:58:41.123456`, as Python writes a time without a zone.
    pub(crate) fn python(self) -> String {
        self.clock(' ', format_args!(".{:06}", self.micros_of_second()))
    }

    /// The hour of the day, 0 to 23.
    pub(crate) fn hour_of_day(self) -> i64 {
        self.seconds().rem_euclid(DAY) / HOUR
    }

    /// The day of the week, Monday 0 to Sunday 6.
    pub(crate) fn weekday(self) -> i64 {
        (self.seconds().div_euclid(DAY) + 3).rem_euclid(7)
    }

    /// Every hour from here for `hours` hours.
    pub(crate) fn hours(self, hours: i64) -> impl Iterator<Item = At> {
        (0..hours).map(move |hour| self.plus(hour * HOUR))
    }
}

/// The days of the scenario, each at midnight.
pub(crate) fn days() -> impl Iterator<Item = At> {
    (0..DAYS).map(|day| FIRST_DAY.plus(day * DAY))
}

/// The share of a working day that people who live `offset` hours east of Greenwich do in the hour that begins at `hour`,
/// where an even spread would be 1/24.
pub(crate) fn working(hour: At, offset: i64) -> f64 {
    const SHARE: [f64; 24] = [
        0.002, 0.001, 0.001, 0.001, 0.001, 0.003, 0.008, 0.025, 0.070, 0.105, 0.110, 0.100, 0.065, 0.090, 0.105, 0.100,
        0.085, 0.060, 0.025, 0.014, 0.012, 0.009, 0.005, 0.003,
    ];
    let local = hour.plus(offset * HOUR);
    let share = SHARE.get(local.hour_of_day() as usize).copied().unwrap_or_default();
    if local.weekday() >= 5 { share * 0.10 } else { share }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_as_platforms_write_them() {
        let at = At::civil(2026, 3, 24, 10, 58, 41).plus_micros(123_456);
        assert_eq!(at.seconds(), 1_774_349_921);
        assert_eq!(at.iso(), "2026-03-24T10:58:41Z");
        assert_eq!(at.iso_millis(), "2026-03-24T10:58:41.123Z");
        assert_eq!(at.python(), "2026-03-24 10:58:41.123456");
        assert_eq!(at.stamp(), "20260324T1058Z");
        assert_eq!(at.iso_ticks().len(), "2026-03-24T10:58:41.1234567Z".len());
        assert_eq!((at.weekday(), FIRST_DAY.weekday()), (1, 3));
        assert_eq!(At::civil(2024, 2, 29, 23, 59, 59).plus(1).iso(), "2024-03-01T00:00:00Z");
    }

    #[test]
    fn nights_and_weekends_are_quiet() {
        let tuesday = At::civil(2026, 3, 24, 10, 0, 0);
        assert!(working(tuesday, 0) > 20.0 * working(tuesday, 12));
        assert!(working(tuesday, 0) > 5.0 * working(tuesday.plus(4 * DAY), 0));
    }
}
