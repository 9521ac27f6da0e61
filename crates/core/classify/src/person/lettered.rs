//! Identifiers of letters and digits whose form or check letter tells them: IBAN, codice fiscale, NINO and others.

use super::national::{is_day, spanish_letter, value};

/// Length of an IBAN by country (ISO 13616 registry).
#[rustfmt::skip]
const IBAN: &[(&[u8; 2], usize)] = &[
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16), (b"BG", 22), (b"BH", 22),
    (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24), (b"DE", 22), (b"DK", 18), (b"DO", 28),
    (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22), (b"GE", 22), (b"GI", 23),
    (b"GL", 18), (b"GR", 27), (b"GT", 28), (b"HR", 21), (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26),
    (b"IT", 27), (b"JO", 30), (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20), (b"LU", 20),
    (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22), (b"MK", 19), (b"MR", 27), (b"MT", 31), (b"MU", 30),
    (b"NL", 18), (b"NO", 15), (b"PK", 24), (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22),
    (b"SA", 24), (b"SC", 31), (b"SE", 24), (b"SI", 19), (b"SK", 24), (b"SM", 27), (b"ST", 25), (b"SV", 28), (b"TL", 23),
    (b"TN", 24), (b"TR", 26), (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20),
];

/// How long the IBAN of the country is that `text` begins with.
pub(crate) fn iban_length(text: &[u8]) -> Option<usize> {
    let country = text.get(..2)?;
    IBAN.iter().find(|(code, _)| code.as_slice() == country).map(|(_, length)| *length)
}

/// Whether `text`, without spaces, is an IBAN: length of its country, and 1 modulo 97.
pub(crate) fn iban(text: &[u8]) -> bool {
    iban_length(text) == Some(text.len()) && mod97_holds(text)
}

/// Whether `text`, its first four characters moved to its end and letters read as 10 to 35, is 1 modulo 97 (ISO 7064).
pub(crate) fn mod97_holds(text: &[u8]) -> bool {
    let Some((head, rest)) = text.split_at_checked(4) else { return false };
    let modulo = rest.iter().chain(head).try_fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => Some((rest * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    });
    modulo == Some(1)
}

/// The values of the digits in `text`, or nothing where it holds anything else.
fn digits(text: &[u8]) -> Option<Vec<u8>> {
    text.iter().map(|byte| byte.is_ascii_digit().then(|| byte - b'0')).collect()
}

/// United Kingdom, national insurance number: two letters, six digits, a letter A to D.
pub(crate) fn nino(text: &[u8]) -> bool {
    let [a, b, middle @ .., last] = text else { return false };
    let head = [*a, *b];
    middle.len() == 6
        && middle.iter().all(u8::is_ascii_digit)
        && head.iter().all(|letter| letter.is_ascii_uppercase() && !b"DFIQUV".contains(letter))
        && *b != b'O'
        && ![*b"BG", *b"GB", *b"KN", *b"NK", *b"NT", *b"TN", *b"ZZ"].contains(&head)
        && (b'A'..=b'D').contains(last)
}

/// United States, number of a Medicare beneficiary: eleven characters, whose places take digits, letters that cannot be mistaken, or both.
pub(crate) fn medicare_beneficiary(text: &[u8]) -> bool {
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"SLOIBZ".contains(&byte);
    text.len() == 11
        && text.iter().enumerate().all(|(at, byte)| match at {
            0 => (b'1'..=b'9').contains(byte),
            3 | 6 | 9 | 10 => byte.is_ascii_digit(),
            1 | 4 | 7 | 8 => letter(*byte),
            _ => byte.is_ascii_digit() || letter(*byte),
        })
}

/// United States, registration of the Drug Enforcement Administration: two letters (or one and a 9), six digits and a check.
pub(crate) fn drug_registration(text: &[u8]) -> bool {
    let Some((head, tail)) = text.split_at_checked(2) else { return false };
    let Some(d) = digits(tail).filter(|d| d.len() == 7) else { return false };
    let sum: u32 = d.iter().take(6).zip([1, 2, 1, 2, 1, 2]).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    let led = head.first().is_some_and(u8::is_ascii_uppercase)
        && head.last().is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'9');
    led && d.last().is_some_and(|check| u32::from(*check) == sum % 10)
}

/// India, permanent account number: three letters, a letter for the kind of holder, a letter, four digits, a letter.
pub(crate) fn indian_pan(text: &[u8]) -> bool {
    text.len() == 10
        && text.iter().enumerate().all(|(at, byte)| match at {
            5..=8 => byte.is_ascii_digit(),
            3 => b"PCHFATBLJG".contains(byte),
            _ => byte.is_ascii_uppercase(),
        })
        && text.get(5..9) != Some(b"0000")
}

/// Spain: eight digits and a letter (DNI), or X, Y or Z, seven digits and a letter (NIE).
pub(crate) fn spanish(text: &[u8]) -> Option<&'static str> {
    let (check, head) = text.split_last()?;
    let (name, number) = match head {
        [first @ b'X'..=b'Z', rest @ ..] if rest.len() == 7 => {
            ("spain_nie", value(&[&[first - b'X'], digits(rest)?.as_slice()].concat(), 0, 8))
        }
        head if head.len() == 8 => ("spain_dni", value(&digits(head)?, 0, 8)),
        _ => return None,
    };
    (spanish_letter(number) == Some(*check)).then_some(name)
}

/// Italy, codice fiscale: sixteen characters, the last a check of the others.
pub(crate) fn codice_fiscale(text: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    // Where digits stand, a letter of this list may stand for one (omocodia).
    let digit_like = |byte: u8| byte.is_ascii_digit() || b"LMNPQRSTUV".contains(&byte);
    let formed = text.len() == 16
        && text.iter().enumerate().all(|(at, byte)| match at {
            6 | 7 | 9 | 10 | 12..=14 => digit_like(*byte),
            8 => b"ABCDEHLMPRST".contains(byte),
            _ => byte.is_ascii_uppercase(),
        });
    let plain = |byte: u8| if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A') };
    let sum: u32 = text
        .iter()
        .take(15)
        .enumerate()
        .map(|(at, byte)| {
            let place = plain(*byte);
            if at % 2 == 0 { ODD.get(usize::from(place)).copied().unwrap_or(99) } else { u32::from(place) }
        })
        .sum();
    formed && text.last() == Some(&(b'A' + (sum % 26) as u8))
}

/// Singapore, NRIC or FIN: a letter, seven digits, a check letter.
pub(crate) fn singapore_nric(text: &[u8]) -> bool {
    let [first, middle @ .., last] = text else { return false };
    let Some(middle) = digits(middle).filter(|middle| middle.len() == 7) else { return false };
    let sum: u32 = middle.iter().zip([2, 7, 6, 5, 4, 3, 2]).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    let (added, letters): (u32, &[u8; 11]) = match first {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"KLJNPQRTUWX"),
        _ => return false,
    };
    let place = (sum + added) % 11;
    // The letters of M run the other way.
    let place = if *first == b'M' { 10 - place } else { place };
    letters.get(place as usize) == Some(last)
}

/// Mexico, CURP: eighteen characters with a date of birth, sex, state and a check digit.
pub(crate) fn curp(text: &[u8]) -> bool {
    let place = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        b'O'..=b'Z' => u32::from(byte - b'A') + 11,
        _ => 0,
    };
    let born = text.get(4..10).and_then(digits);
    let sum: u32 = text.iter().take(17).zip((2..=18).rev()).map(|(byte, weight)| place(*byte) * weight).sum();
    text.len() == 18
        && text.iter().take(4).all(u8::is_ascii_uppercase)
        && born.is_some_and(|born| is_day(value(&born, 2, 4), value(&born, 4, 6)))
        && matches!(text.get(10), Some(b'H' | b'M' | b'X'))
        && text.iter().skip(11).take(5).all(u8::is_ascii_uppercase)
        && text.last().is_some_and(|check| u32::from(check.wrapping_sub(b'0')) == (10 - sum % 10) % 10)
}

/// Finland, henkilötunnus: date, a sign of the century, order, a check character modulo 31.
pub(crate) fn finnish(text: &[u8]) -> bool {
    let (Some(date), Some(order)) = (text.get(..6).and_then(digits), text.get(7..10).and_then(digits)) else {
        return false;
    };
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY".get((value(&[date.clone(), order].concat(), 0, 9) % 31) as usize);
    text.len() == 11
        && is_day(value(&date, 2, 4), value(&date, 0, 2))
        && text.get(6).is_some_and(|sign| b"+-ABCDEFYXWVU".contains(sign))
        && text.last() == check
}

/// China, resident identity that ends in X: the other check digits make it a number.
pub(crate) fn chinese(text: &[u8]) -> bool {
    let Some((b'X', head)) = text.split_last() else { return false };
    digits(head).is_some_and(|head| super::national::chinese(&head, 10))
}

/// Ireland, PPS number: seven digits and a check letter, perhaps one more.
pub(crate) fn irish_pps(text: &[u8]) -> bool {
    let Some((head, tail)) = text.split_at_checked(7) else { return false };
    let Some(head) = digits(head) else { return false };
    let more = match tail.get(1) {
        Some(letter @ b'A'..=b'I') => 9 * u32::from(letter - b'A' + 1),
        Some(b'W') | None => 0,
        _ => return false,
    };
    let sum: u32 = head.iter().zip((2..=8).rev()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    let want = match (sum + more) % 23 {
        0 => b'W',
        rest => b'@' + rest as u8,
    };
    tail.len() <= 2 && tail.first() == Some(&want)
}

/// Taiwan, national identification: a letter, nine digits, a weighted sum modulo 10.
pub(crate) fn taiwanese(text: &[u8]) -> bool {
    let [first @ b'A'..=b'Z', rest @ ..] = text else { return false };
    let Some(rest) = digits(rest).filter(|rest| rest.len() == 9 && matches!(rest.first(), Some(1 | 2 | 8 | 9))) else {
        return false;
    };
    let Some(place) = b"ABCDEFGHJKLMNPQRSTUVXYWZIO".iter().position(|letter| letter == first) else { return false };
    let place = place as u32 + 10;
    let sum: u32 = rest.iter().zip([8, 7, 6, 5, 4, 3, 2, 1, 1]).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    (place / 10 + place % 10 * 9 + sum).is_multiple_of(10)
}

/// Whether `line` is the data line of a machine-readable zone whose check digits hold, and of which kind: `TD3` (passport, 44
/// characters) or `TD1` (card, the first two lines of 30, joined).
pub(crate) fn machine_readable(line: &[u8]) -> Option<&'static str> {
    let checked = |from: usize, to: usize| {
        let field = line.get(from..to)?;
        let sum: u32 =
            field.iter().zip([7, 3, 1].iter().cycle()).map(|(byte, weight)| zone_value(*byte) * weight).sum();
        let check = line.get(to)?;
        let open = *check == b'<' && field.iter().all(|byte| *byte == b'<');
        Some(open || u32::from(check.wrapping_sub(b'0')) == sum % 10)
    };
    let holds = |fields: &[(usize, usize)]| fields.iter().all(|(from, to)| checked(*from, *to) == Some(true));
    match line.len() {
        44 => holds(&[(0, 9), (13, 19), (21, 27)]).then_some("TD3"),
        60 => holds(&[(5, 14), (30, 36), (38, 44)]).then_some("TD1"),
        36 => holds(&[(0, 9), (13, 19), (21, 27)]).then_some("TD2"),
        _ => None,
    }
}

fn zone_value(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_issuers_hold() {
        assert!(iban(b"GB82WEST12345698765432") && iban(b"DE89370400440532013000"));
        assert!(!iban(b"GB82WEST12345698765433") && !iban(b"DE8937040044053201300"));
        assert!(nino(b"AB123456C") && !nino(b"BG123456C") && !nino(b"AB123456E"));
        assert!(medicare_beneficiary(b"1EG4TE5MK73") && !medicare_beneficiary(b"1SG4TE5MK73"));
        assert!(drug_registration(b"AB1234563") && !drug_registration(b"AB1234564"));
        assert!(indian_pan(b"ABCPE1234F") && !indian_pan(b"ABCDE1234F"));
        assert_eq!((spanish(b"12345678Z"), spanish(b"X1234567L")), (Some("spain_dni"), Some("spain_nie")));
        assert!(codice_fiscale(b"RSSMRA85T10A562S") && !codice_fiscale(b"RSSMRA85T10A562T"));
        assert!(singapore_nric(b"S1234567D") && singapore_nric(b"F1234567N") && !singapore_nric(b"S1234567E"));
        assert!(curp(b"HEGG560427MVZRRL04") && !curp(b"HEGG560427MVZRRL05"));
        assert!(finnish(b"131052-308T") && !finnish(b"131052-308U"));
        assert!(irish_pps(b"1234567T") && irish_pps(b"1234567FA") && !irish_pps(b"1234567S"));
        assert!(taiwanese(b"A123456789") && !taiwanese(b"A123456788"));
        assert_eq!(machine_readable(b"L898902C36UTO7408122F1204159ZE184226B<<<<<10"), Some("TD3"));
        assert_eq!(machine_readable(b"I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6"), Some("TD1"));
    }
}
