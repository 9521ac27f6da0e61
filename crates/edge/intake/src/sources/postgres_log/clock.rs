//! The times of the server log: `2026-03-24 10:58:41.123 UTC`, in whatever zone `log_timezone` is.

use firebreak_model::Time;

/// Whether a line begins like `2026-03-24 10:58:41`.
pub(super) fn begins(line: &[u8]) -> bool {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    line.len() > FORM.len() && line.iter().zip(FORM).all(fits)
}

/// The end of the time, zone included, that a line begins with.
pub(super) fn length(line: &str) -> Option<usize> {
    let rest = line.get(19..).filter(|_| begins(line.as_bytes()))?;
    let fraction = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let zone = rest.get(fraction..)?.strip_prefix(' ').map_or(0, |zone| {
        let letters =
            zone.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-')).count();
        if letters == 0 { 0 } else { letters + 1 }
    });
    Some(19 + fraction + zone)
}

/// The time, where its zone is one that has one meaning only.
pub(super) fn parse(text: &str) -> Option<Time> {
    const ZONES: [(&str, &str); 14] = [
        ("UTC", "+00:00"),
        ("GMT", "+00:00"),
        ("WET", "+00:00"),
        ("WEST", "+01:00"),
        ("CET", "+01:00"),
        ("CEST", "+02:00"),
        ("EET", "+02:00"),
        ("EEST", "+03:00"),
        ("EST", "-05:00"),
        ("EDT", "-04:00"),
        ("PST", "-08:00"),
        ("PDT", "-07:00"),
        ("JST", "+09:00"),
        ("Z", "+00:00"),
    ];
    let mut parts = text.splitn(3, ' ');
    let (date, time) = (parts.next()?, parts.next()?);
    let Some(zone) = parts.next() else { return Time::parse(text) };
    let offset = match ZONES.iter().find(|(name, _)| *name == zone) {
        Some((_, offset)) => (*offset).to_owned(),
        None if zone.starts_with(['+', '-']) && zone.len() == 3 => format!("{zone}:00"),
        None if zone.starts_with(['+', '-']) => zone.to_owned(),
        None => return None,
    };
    Time::parse(&format!("{date}T{time}{offset}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_with_one_meaning_are_read() {
        let utc = Time::parse("2026-03-24T10:58:41.123Z");
        for text in [
            "2026-03-24 10:58:41.123 UTC",
            "2026-03-24 11:58:41.123 CET",
            "2026-03-24 13:58:41.123 +03",
            "2026-03-24 16:28:41.123 +05:30",
            "2026-03-24 10:58:41.123",
        ] {
            assert_eq!(parse(text), utc, "{text}");
        }
        assert_eq!(parse("2026-03-24 10:58:41 IST"), None, "Indian, Irish or Israeli time");
        assert_eq!(length("2026-03-24 10:58:41.123 UTC [7] LOG:  x"), Some(27));
        assert_eq!(length("2026-03-24 10:58:41 UTC:10.0.0.1(5):a@b:[7]:LOG:  x"), Some(23));
    }
}
