//! Canonical JSON as RFC 8785 has it: keys ordered by UTF-16 units, no spaces, numbers as ECMAScript prints them.
//!
//! One deviation, on purpose: integers beyond 2^53 keep all their digits, since ids and sizes must not be rounded.

use serde_json::{Number, Value};
use std::cmp::Ordering;

/// The canonical text of `value`.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by(|(a, _), (b, _)| in_order(a, b));
            out.push('{');
            for (place, (name, value)) in fields.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// By UTF-16 units, which for ASCII are the bytes.
fn in_order(a: &str, b: &str) -> Ordering {
    match a.is_ascii() && b.is_ascii() {
        true => a.cmp(b),
        false => a.encode_utf16().cmp(b.encode_utf16()),
    }
}

fn write_text(text: &str, out: &mut String) {
    let is_plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push('"');
        out.push_str(text);
        return out.push('"');
    }
    // serde_json escapes just what RFC 8785 does: `"`, `\`, and controls, in the same forms.
    out.push_str(&Value::from(text).to_string());
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float_text(float),
        _ => number.to_string(),
    }
}

/// As ECMAScript prints a number: its shortest digits, plain from 1e-6 up to 1e21, with an exponent beyond.
fn float_text(float: f64) -> String {
    if float == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:e}", float.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let count = digits.len() as i32;
    let sign = if float < 0.0 { "-" } else { "" };
    // The decimal point stands after this many digits.
    let point = exponent + 1;
    let body = if count <= point && point <= 21 {
        format!("{digits}{}", "0".repeat((point - count) as usize))
    } else if 0 < point && point <= 21 {
        let (whole, part) = digits.split_at(point as usize);
        format!("{whole}.{part}")
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", "0".repeat(-point as usize))
    } else {
        let (first, rest) = digits.split_at(1);
        let part = if rest.is_empty() { String::new() } else { format!(".{rest}") };
        format!("{first}{part}e{}{}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
    };
    format!("{sign}{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_text() {
        // The examples of RFC 8785, sections 3.2.2 and 3.2.3.
        for (written, canonical) in [
            (
                r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                    "literals": [null, true, false], "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"}"#,
                r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#,
            ),
            (
                r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#,
                "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}",
            ),
            (
                "[-0.0, 1.0, 1e21, 1e20, 1e-6, 1e-7, 9007199254740993]",
                "[0,1,1e+21,100000000000000000000,0.000001,1e-7,9007199254740993]",
            ),
        ] {
            let value: Value = serde_json::from_str(written).unwrap();
            assert_eq!(text(&value), canonical);
            assert_eq!(text(&serde_json::from_str(canonical).unwrap()), canonical);
        }
    }
}
