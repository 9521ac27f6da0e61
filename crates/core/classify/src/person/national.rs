//! National identification numbers: each with the check that its issuer defined. Digits are values 0 to 9.

use crate::checksum::luhn_holds;

/// The sum of `digits`, each times its weight.
fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

fn digit(digits: &[u8], at: usize) -> u32 {
    digits.get(at).map_or(99, |digit| u32::from(*digit))
}

/// The value of the decimal digits `from..to`.
pub(crate) fn value(digits: &[u8], from: usize, to: usize) -> u64 {
    digits.get(from..to).unwrap_or_default().iter().fold(0, |value, digit| value * 10 + u64::from(*digit))
}

/// Whether at least two different digits stand in it: `00000000000` passes many checks and was never issued.
fn varied(digits: &[u8]) -> bool {
    digits.iter().any(|digit| Some(digit) != digits.first())
}

/// Whether `month` and `day` can be a day of birth.
pub(crate) fn is_day(month: u64, day: u64) -> bool {
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => 0,
    };
    (1..=length).contains(&day)
}

fn yymmdd(digits: &[u8]) -> bool {
    is_day(value(digits, 2, 4), value(digits, 4, 6))
}

/// Whether the digits satisfy Verhoeff's check.
pub(crate) fn verhoeff_holds(digits: &[u8]) -> bool {
    // Multiplication in the dihedral group of ten, and the permutation of each place.
    let times = |a: u8, b: u8| -> u8 {
        match (a < 5, b < 5) {
            (true, true) => (a + b) % 5,
            (true, false) => (a + b - 5) % 5 + 5,
            (false, true) => (a - 5 + 5 - b) % 5 + 5,
            (false, false) => (a + 5 - b) % 5,
        }
    };
    const NEXT: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let placed = |digit: u8, place: usize| {
        (0..place % 8).fold(digit, |digit, _| NEXT.get(usize::from(digit)).copied().unwrap_or_default())
    };
    let sum = digits.iter().rev().enumerate().fold(0, |sum, (place, digit)| times(sum, placed(*digit, place)));
    sum == 0
}

/// India, Aadhaar: twelve digits, the first 2 to 9, Verhoeff's check.
pub(crate) fn aadhaar(digits: &[u8]) -> bool {
    digits.len() == 12 && digit(digits, 0) >= 2 && verhoeff_holds(digits) && varied(digits)
}

/// Germany, tax identification: eleven digits, ISO 7064 modulo 11, 10; of the first ten one digit stands twice or thrice.
pub(crate) fn german_tax(digits: &[u8]) -> bool {
    let Some((check, head)) = digits.split_last() else { return false };
    let product = head.iter().fold(10, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    let counts: Vec<usize> = (0..10).map(|want| head.iter().filter(|digit| **digit == want).count()).collect();
    let repeated = counts.iter().filter(|count| **count > 1).count() == 1 && counts.iter().all(|count| *count < 4);
    digits.len() == 11 && digit(digits, 0) != 0 && repeated && (11 - product) % 10 == u32::from(*check)
}

/// France, NIR: sex, year, month, place, order, and a key of two digits modulo 97.
pub(crate) fn french_nir(digits: &[u8]) -> bool {
    let month = value(digits, 3, 5);
    let born = (1..=12).contains(&month) || (20..=42).contains(&month) || (50..=99).contains(&month);
    digits.len() == 15
        && matches!(digit(digits, 0), 1..=4 | 7 | 8)
        && born
        && value(digits, 13, 15) == 97 - value(digits, 0, 13) % 97
}

/// Spain, DNI: eight digits (for the NIE the first stands for X, Y or Z) and a letter modulo 23.
pub(crate) fn spanish_letter(number: u64) -> Option<u8> {
    b"TRWAGMYFPDXBNJZSQVHLCKE".get((number % 23) as usize).copied()
}

/// Brazil, CPF: eleven digits, two of them checks.
pub(crate) fn brazilian_cpf(digits: &[u8]) -> bool {
    let check = |length: usize| {
        let weights: Vec<u32> = (2..=length as u32 + 1).rev().collect();
        weighted(digits, &weights) * 10 % 11 % 10
    };
    digits.len() == 11 && varied(digits) && check(9) == digit(digits, 9) && check(10) == digit(digits, 10)
}

/// Brazil, CNPJ: fourteen digits, two of them checks.
pub(crate) fn brazilian_cnpj(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let check = |length: usize| {
        let rest =
            weighted(digits.get(..length).unwrap_or_default(), WEIGHTS.get(13 - length..).unwrap_or_default()) % 11;
        if rest < 2 { 0 } else { 11 - rest }
    };
    digits.len() == 14 && varied(digits) && check(12) == digit(digits, 12) && check(13) == digit(digits, 13)
}

/// Poland, PESEL: date of birth with the century in the month, order, check digit.
pub(crate) fn polish_pesel(digits: &[u8]) -> bool {
    let check = (10 - weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
    digits.len() == 11 && is_day(value(digits, 2, 4) % 20, value(digits, 4, 6)) && check == digit(digits, 10)
}

/// Netherlands, BSN: nine digits, the eleven-test.
pub(crate) fn dutch_bsn(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) + 11 * 10 - digit(digits, 8);
    digits.len() == 9 && varied(digits) && sum.is_multiple_of(11)
}

/// Sweden, personnummer or samordningsnummer: date, order and Luhn's digit over the last ten.
pub(crate) fn swedish(digits: &[u8]) -> bool {
    let ten = match digits.len() {
        10 => digits,
        12 if matches!(value(digits, 0, 2), 18..=20) => digits.get(2..).unwrap_or_default(),
        _ => return false,
    };
    let day = value(ten, 4, 6);
    is_day(value(ten, 2, 4), if day > 60 { day - 60 } else { day }) && luhn_holds(ten)
}

/// Australia, tax file number: eight or nine digits, weights modulo 11.
pub(crate) fn australian_tfn(digits: &[u8]) -> bool {
    varied(digits)
        && match digits.len() {
            9 => weighted(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11),
            8 => weighted(digits, &[10, 7, 8, 4, 6, 3, 5, 1]).is_multiple_of(11),
            _ => false,
        }
}

/// Australia, Medicare: ten or eleven digits, the ninth a check of the first eight.
pub(crate) fn australian_medicare(digits: &[u8]) -> bool {
    let check = weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
    matches!(digits.len(), 10 | 11) && (2..=6).contains(&digit(digits, 0)) && check == digit(digits, 8)
}

/// South Korea, resident registration: date, sex and century, place, check digit.
pub(crate) fn korean_rrn(digits: &[u8]) -> bool {
    let check = (11 - weighted(digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    digits.len() == 13 && yymmdd(digits) && (1..=8).contains(&digit(digits, 6)) && check == digit(digits, 12)
}

/// Japan, My Number: twelve digits, the last a check.
pub(crate) fn japanese_my_number(digits: &[u8]) -> bool {
    let rest = weighted(digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    digits.len() == 12 && varied(digits) && (if rest <= 1 { 0 } else { 11 - rest }) == digit(digits, 11)
}

/// Canada, social insurance number: nine digits with Luhn's check. Those that begin with 0 or 8 are not issued and stand in samples.
pub(crate) fn canadian_sin(digits: &[u8]) -> bool {
    digits.len() == 9 && varied(digits) && luhn_holds(digits)
}

/// United Kingdom, NHS number: ten digits modulo 11.
pub(crate) fn british_nhs(digits: &[u8]) -> bool {
    let check = 11 - weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    digits.len() == 10 && varied(digits) && check != 10 && check % 11 == digit(digits, 9)
}

/// Turkey: eleven digits, two of them checks.
pub(crate) fn turkish(digits: &[u8]) -> bool {
    let odd: u32 = [0, 2, 4, 6, 8].iter().map(|at| digit(digits, *at)).sum();
    let even: u32 = [1, 3, 5, 7].iter().map(|at| digit(digits, *at)).sum();
    let tenth = (odd * 7 + 100 - even) % 10;
    digits.len() == 11
        && digit(digits, 0) != 0
        && tenth == digit(digits, 9)
        && (odd + even + tenth) % 10 == digit(digits, 10)
}

/// South Africa: date, order, citizenship and Luhn's digit.
pub(crate) fn south_african(digits: &[u8]) -> bool {
    digits.len() == 13 && yymmdd(digits) && digit(digits, 10) <= 1 && luhn_holds(digits)
}

/// China, resident identity: place, date of birth and order, with a check that may be X (as 10).
pub(crate) fn chinese(digits: &[u8], check: u8) -> bool {
    let sum = weighted(digits, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let want = (12 - sum % 11) % 11;
    digits.len() == 17
        && (1900..=2035).contains(&value(digits, 6, 10))
        && is_day(value(digits, 10, 12), value(digits, 12, 14))
        && (11..=82).contains(&value(digits, 0, 2))
        && u32::from(check) == want
}

/// Belgium, national register: date, order and 97 less the rest modulo 97; from 2000 on with a 2 before.
pub(crate) fn belgian(digits: &[u8]) -> bool {
    let (head, check) = (value(digits, 0, 9), value(digits, 9, 11));
    let month = value(digits, 2, 4) % 20;
    digits.len() == 11
        && is_day(month, value(digits, 4, 6))
        && [head, head + 2_000_000_000].iter().any(|number| 97 - number % 97 == check)
}

/// Norway, fødselsnummer: date, order, two checks.
pub(crate) fn norwegian(digits: &[u8]) -> bool {
    let check = |weights: &[u32]| (11 - weighted(digits, weights) % 11) % 11;
    let day = value(digits, 0, 2);
    digits.len() == 11
        && is_day(value(digits, 2, 4) % 40, if day > 40 { day - 40 } else { day })
        && check(&[3, 7, 6, 1, 8, 9, 4, 5, 2]) == digit(digits, 9)
        && check(&[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == digit(digits, 10)
}

/// Romania, CNP: sex, date, county, order, check.
pub(crate) fn romanian(digits: &[u8]) -> bool {
    let rest = weighted(digits, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    digits.len() == 13
        && digit(digits, 0) != 0
        && is_day(value(digits, 3, 5), value(digits, 5, 7))
        && (if rest == 10 { 1 } else { rest }) == digit(digits, 12)
}

/// Portugal, NIF: nine digits modulo 11.
pub(crate) fn portuguese(digits: &[u8]) -> bool {
    let rest = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    digits.len() == 9
        && matches!(digit(digits, 0), 1..=3 | 5..=9)
        && varied(digits)
        && (if rest < 2 { 0 } else { 11 - rest }) == digit(digits, 8)
}

/// Argentina, CUIT or CUIL: eleven digits modulo 11.
pub(crate) fn argentinian(digits: &[u8]) -> bool {
    let rest = 11 - weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    digits.len() == 11 && matches!(value(digits, 0, 2), 20 | 23..=27 | 30 | 33 | 34) && rest % 11 == digit(digits, 10)
}

/// United States, national provider identifier: ten digits that satisfy Luhn's check after 80840.
pub(crate) fn npi(digits: &[u8]) -> bool {
    digits.len() == 10
        && matches!(digit(digits, 0), 1 | 2)
        && varied(digits)
        && luhn_holds(&[&[8, 0, 8, 4, 0], digits].concat())
}

/// United States, routing number of a bank: nine digits, weights 3, 7, 1 modulo 10, in a range of the Federal Reserve.
pub(crate) fn aba(digits: &[u8]) -> bool {
    digits.len() == 9
        && matches!(value(digits, 0, 2), 1..=12 | 21..=32 | 61..=72 | 80)
        && weighted(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect()
    }

    /// Numbers that their issuers print as samples, and the same with the last digit changed.
    #[test]
    fn samples_of_issuers_hold_and_a_changed_digit_does_not() {
        type Holds = fn(&[u8]) -> bool;
        let samples: [(&str, Holds); 20] = [
            ("234123412346", aadhaar),
            ("86095742719", german_tax),
            ("255081416802538", french_nir),
            ("11144477735", brazilian_cpf),
            ("11222333000181", brazilian_cnpj),
            ("44051401359", polish_pesel),
            ("111222333", dutch_bsn),
            ("8112189876", swedish),
            ("123456782", australian_tfn),
            ("2123456701", |digits| australian_medicare(digits)),
            ("123456789018", japanese_my_number),
            ("046454286", |digits| luhn_holds(digits)),
            ("9434765919", british_nhs),
            ("10000000146", turkish),
            ("8001015009087", south_african),
            ("85073003328", belgian),
            ("1234567893", npi),
            ("122105155", aba),
            ("1800101221144", romanian),
            ("20172543597", argentinian),
        ];
        for (number, holds) in samples {
            let good = digits(number);
            assert!(holds(&good), "{number}");
            if number == "2123456701" {
                continue; // its last digit is an issue number, not a check
            }
            let mut bad = good.clone();
            let last = bad.last_mut().unwrap();
            *last = (*last + 1) % 10;
            assert!(!holds(&bad), "{number} with another last digit");
        }
        assert_eq!(spanish_letter(12_345_678), Some(b'Z'));
        assert!(chinese(&digits("11010519491231002"), 10));
    }
}
