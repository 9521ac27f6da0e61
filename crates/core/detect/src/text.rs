//! How values are compared as text: case folding, the text of a scalar, numbers and addresses in text.
//!
//! Every comparison in this crate goes through these few functions, so that the loader, the matcher and the
//! correlator agree on what a value is. No Unicode normalisation is done: `é` in two code points is not `é` in one.

use firebreak_model::Json;
use sonic_rs::{JsonNumberTrait, ValueRef};
use std::fmt::Write;
use std::net::IpAddr;

/// A scalar of a document, or what stands for one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'a> {
    /// A string.
    Text(&'a str),
    /// A truth value, compared as `true` and `false`.
    Bool(bool),
    /// A whole number, compared as its decimal digits.
    Signed(i64),
    /// A whole number beyond `i64`.
    Unsigned(u64),
    /// Any other number; `1.0` is compared as `1`.
    Float(f64),
}

impl<'a> Scalar<'a> {
    /// The scalar that `value` is, if it is one and not null.
    pub(crate) fn of(value: &'a Json) -> Option<Scalar<'a>> {
        Scalar::from_ref(value.as_ref())
    }

    /// The scalar that `value` is, if it is one and not null.
    #[inline]
    pub(crate) fn from_ref(value: ValueRef<'a>) -> Option<Scalar<'a>> {
        match value {
            ValueRef::String(text) => Some(Scalar::Text(text)),
            ValueRef::Bool(truth) => Some(Scalar::Bool(truth)),
            ValueRef::Number(number) => Some(if let Some(whole) = number.as_i64() {
                Scalar::Signed(whole)
            } else if let Some(whole) = number.as_u64() {
                Scalar::Unsigned(whole)
            } else {
                Scalar::Float(number.as_f64().unwrap_or(0.0))
            }),
            ValueRef::Null | ValueRef::Array(_) | ValueRef::Object(_) => None,
        }
    }

    /// Its text, written to `buffer` where it is not text already.
    #[inline]
    pub(crate) fn text<'b>(&self, buffer: &'b mut String) -> &'b str
    where
        'a: 'b,
    {
        match *self {
            Scalar::Text(text) => text,
            Scalar::Bool(true) => "true",
            Scalar::Bool(false) => "false",
            Scalar::Signed(whole) => write_whole(buffer, whole < 0, whole.unsigned_abs()),
            Scalar::Unsigned(whole) => write_whole(buffer, false, whole),
            Scalar::Float(number) => {
                buffer.clear();
                // Writing to a String cannot fail.
                let _ = write_float(buffer, number);
                buffer
            }
        }
    }
}

/// Writes the decimal digits of a whole number.
fn write_whole(buffer: &mut String, negative: bool, mut rest: u64) -> &str {
    let mut digits = [b'0'; 20];
    let mut used = 1;
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        if rest == 0 {
            break;
        }
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        used = place + 1;
    }
    buffer.clear();
    if negative {
        buffer.push('-');
    }
    buffer.extend(digits.iter().skip(digits.len() - used).map(|digit| char::from(*digit)));
    buffer
}

/// The text of a number: whole numbers without a point.
pub(crate) fn write_float(buffer: &mut String, number: f64) -> std::fmt::Result {
    write!(buffer, "{number}")
}

/// `text` in lower case, written to `buffer` only where that changes anything. Character by character, so that the
/// folding of a part is a part of the folding.
#[inline]
pub(crate) fn fold<'b>(text: &'b str, buffer: &'b mut String) -> &'b str {
    if text.is_ascii() {
        if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return text;
        }
        buffer.clear();
        buffer.push_str(text);
        buffer.make_ascii_lowercase();
        return buffer;
    }
    buffer.clear();
    buffer.extend(text.chars().flat_map(char::to_lowercase));
    buffer
}

/// `text` in lower case.
pub(crate) fn folded(text: &str) -> String {
    let mut buffer = String::new();
    fold(text, &mut buffer).to_owned()
}

/// The finite number that `text` spells.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The address that `text` spells; an IPv4 address inside IPv6 is the IPv4 address.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_by_character() {
        let mut buffer = String::new();
        assert_eq!(fold("GetObject", &mut buffer), "getobject");
        assert_eq!(fold("ΑΣ", &mut buffer), "ασ");
        assert_eq!(fold("quiet", &mut buffer), "quiet");
    }

    #[test]
    fn scalars_have_one_text() {
        let mut buffer = String::new();
        for (json, text) in [
            ("1.0", "1"),
            ("true", "true"),
            ("0", "0"),
            ("-7", "-7"),
            ("100", "100"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"),
            ("1.5e300", &format!("{}", 1.5e300)),
        ] {
            let value: Json = sonic_rs::from_str(json).expect("json");
            assert_eq!(Scalar::of(&value).expect("scalar").text(&mut buffer), text);
        }
    }
}
