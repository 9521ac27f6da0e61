//! Checks that a customer's class may name.

use crate::checksum::luhn_holds;
use crate::person;

/// A check over a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Validator {
    /// Luhn's check over its digits.
    Luhn,
    /// 1 modulo 97 as an IBAN, of any length.
    Mod97,
    /// Weights 2 to 7 from the right, modulo 11.
    Mod11,
    /// Verhoeff's check over its digits.
    Verhoeff,
    /// It looks drawn at random.
    Random,
}

impl Validator {
    /// What there is.
    pub(super) const NAMES: &'static str = "one of luhn, mod97, mod11, verhoeff, random";

    /// The check of this name.
    pub(super) fn named(word: &str) -> Option<Validator> {
        Some(match word {
            "luhn" => Validator::Luhn,
            "mod97" => Validator::Mod97,
            "mod11" => Validator::Mod11,
            "verhoeff" => Validator::Verhoeff,
            "random" => Validator::Random,
            _ => return None,
        })
    }

    /// Whether it holds for `value`.
    pub(super) fn holds(self, value: &[u8]) -> bool {
        let digits: Vec<u8> = value.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0').collect();
        match self {
            Validator::Luhn => digits.len() > 1 && luhn_holds(&digits),
            Validator::Verhoeff => digits.len() > 1 && person::verhoeff_holds(&digits),
            Validator::Mod11 => {
                let sum: u32 = digits
                    .iter()
                    .rev()
                    .zip([1, 2, 3, 4, 5, 6, 7].iter().chain([2, 3, 4, 5, 6, 7].iter().cycle()))
                    .map(|(d, w)| u32::from(*d) * w)
                    .sum();
                digits.len() > 1 && sum.is_multiple_of(11)
            }
            Validator::Mod97 => {
                let plain: Vec<u8> = value
                    .iter()
                    .copied()
                    .filter(u8::is_ascii_alphanumeric)
                    .map(|byte| byte.to_ascii_uppercase())
                    .collect();
                person::mod97_holds(&plain)
            }
            Validator::Random => crate::scan::is_random(value),
        }
    }
}
