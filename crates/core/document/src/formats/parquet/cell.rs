//! Values as text: numbers by what their column says they mean, and no byte that would end a cell.

use super::footer::{Leaf, Meaning};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Writes the value `raw`, as a page holds it, into `out`.
pub(super) fn write(leaf: &Leaf, raw: &[u8], out: &mut Vec<u8>) {
    match leaf.kind {
        0 => out.extend_from_slice(if raw == [0] { b"false" } else { b"true" }),
        1 => number(leaf, raw.try_into().map_or(0, i32::from_le_bytes).into(), out),
        2 => number(leaf, raw.try_into().map_or(0, i64::from_le_bytes), out),
        3 => old_moment(raw, out),
        4 => real(raw.try_into().map_or(0.0, f32::from_le_bytes).into(), out),
        5 => real(raw.try_into().map_or(0.0, f64::from_le_bytes), out),
        _ => match leaf.meaning {
            Meaning::Decimal { scale } if (1..=16).contains(&raw.len()) => decimal(signed(raw), scale, out),
            Meaning::Uuid if raw.len() == 16 => uuid(raw, out),
            _ => out.extend(raw.iter().map(|byte| if b"\t\n\r".contains(byte) { b' ' } else { *byte })),
        },
    }
}

/// Writes a whole number.
pub(super) fn number(leaf: &Leaf, number: i64, out: &mut Vec<u8>) {
    let text = match (leaf.meaning, leaf.kind) {
        (Meaning::Day, _) => day(number),
        (Meaning::Moment { parts }, _) => moment(number.div_euclid(parts)),
        (Meaning::Decimal { scale }, _) => return decimal(number.into(), scale, out),
        (Meaning::Unsigned, 1) => (number as u32).to_string(),
        (Meaning::Unsigned, _) => number.cast_unsigned().to_string(),
        _ => number.to_string(),
    };
    out.extend_from_slice(text.as_bytes());
}

/// A number with a point. Whole ones are written as such: programs keep whole numbers so where some are missing.
fn real(number: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(number.to_string().as_bytes());
}

/// The number that big-endian bytes are, with a sign.
fn signed(raw: &[u8]) -> i128 {
    let sign = if raw.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
    raw.iter().fold(sign, |number: i128, byte| number << 8 | i128::from(*byte))
}

fn decimal(number: i128, scale: u32, out: &mut Vec<u8>) {
    let Some(unit) = 10_u128.checked_pow(scale).filter(|unit| *unit > 1) else {
        return out.extend_from_slice(number.to_string().as_bytes());
    };
    let (sign, size) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    let text = format!("{sign}{}.{:0width$}", size / unit, size % unit, width = scale as usize);
    out.extend_from_slice(text.as_bytes());
}

fn uuid(raw: &[u8], out: &mut Vec<u8>) {
    for (place, byte) in raw.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.extend_from_slice(format!("{byte:02x}").as_bytes());
    }
}

/// A moment of 12 bytes: nanoseconds of a day, and its number in the Julian calendar of astronomers.
fn old_moment(raw: &[u8], out: &mut Vec<u8>) {
    let (Some(nanoseconds), Some(julian)) = (raw.first_chunk::<8>(), raw.last_chunk::<4>()) else { return };
    let day = i64::from(i32::from_le_bytes(*julian)) - 2_440_588;
    out.extend_from_slice(moment(day * DAY + i64::from_le_bytes(*nanoseconds) / 1_000_000_000).as_bytes());
}

fn moment(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    match rest {
        // Many a date is kept as the moment at which it begins.
        0 => day(days),
        _ => format!("{} {:02}:{:02}:{:02}", day(days), rest / 3_600, rest / 60 % 60, rest % 60),
    }
}

/// The date that is `days` after 1970-01-01 (the algorithm of eras of 400 years).
fn day(days: i64) -> String {
    if days.abs() > 4_000_000 {
        return days.to_string();
    }
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: i64, meaning: Meaning, raw: &[u8]) -> String {
        let mut out = Vec::new();
        write(&Leaf { kind, meaning, ..Leaf::default() }, raw, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_written_as_people_write_them() {
        let plain = Meaning::Plain;
        assert_eq!(text(1, Meaning::Day, &5_540_i32.to_le_bytes()), "1985-03-03");
        assert_eq!(text(1, Meaning::Day, &(-1_i32).to_le_bytes()), "1969-12-31");
        assert_eq!(text(1, Meaning::Day, &i32::MIN.to_le_bytes()), "-2147483648");
        assert_eq!(
            text(2, Meaning::Moment { parts: 1_000 }, &1_774_349_921_000_i64.to_le_bytes()),
            "2026-03-24 10:58:41"
        );
        assert_eq!(text(2, Meaning::Moment { parts: 1_000_000_000 }, &i64::MIN.to_le_bytes()), "1677-09-21 00:12:43");
        assert_eq!(text(5, plain, &536_904_399.0_f64.to_le_bytes()), "536904399");
        assert_eq!(text(7, Meaning::Decimal { scale: 2 }, &[0xff, 0x85]), "-1.23");
        assert_eq!(text(2, Meaning::Decimal { scale: 0 }, &536_904_399_i64.to_le_bytes()), "536904399");
        assert_eq!(text(1, Meaning::Unsigned, &(-1_i32).to_le_bytes()), "4294967295");
        assert_eq!(text(6, plain, b"a\tb\nc"), "a b c");
        let mut moment = 0_i64.to_le_bytes().to_vec();
        moment.extend(2_440_589_i32.to_le_bytes());
        assert_eq!(text(3, plain, &moment), "1970-01-02");
    }
}
