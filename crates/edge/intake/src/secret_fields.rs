//! Replaces the values of fields that hold secrets by their place, in JSON and in JSON that stands inside a text. It works
//! on the bytes of a record before anything else sees them.

use std::borrow::Cow;

/// What stands in a secret's place.
const MASK: &[u8] = b"***";

/// The record without the texts that fields of these names hold.
pub(crate) fn without_values<'r>(bytes: &'r [u8], fields: &[&str]) -> Cow<'r, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut kept = 0;
    for at in memchr::memchr_iter(b'"', bytes) {
        let Some((from, to)) = value(bytes, at, fields).filter(|(from, _)| *from >= kept) else { continue };
        out.extend_from_slice(bytes.get(kept..from).unwrap_or_default());
        out.extend_from_slice(MASK);
        kept = to;
    }
    if kept == 0 {
        return Cow::Borrowed(bytes);
    }
    out.extend_from_slice(bytes.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where the value stands that belongs to the name that opens at `at`, if it is one of `fields`.
fn value(bytes: &[u8], at: usize, fields: &[&str]) -> Option<(usize, usize)> {
    let mark: &[u8] = if at > 0 && bytes.get(at - 1) == Some(&b'\\') { b"\\\"" } else { b"\"" };
    let rest = bytes.get(at + 1..)?;
    let field =
        fields.iter().find(|field| rest.strip_prefix(field.as_bytes()).is_some_and(|rest| rest.starts_with(mark)))?;
    let rest = rest.get(field.len() + mark.len()..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let inner = rest.strip_prefix(mark)?;
    let from = bytes.len() - inner.len();
    Some((from, from + text_end(inner, mark.len() > 1)))
}

/// Where a text ends; `inside` where it stands inside another.
fn text_end(inner: &[u8], inside: bool) -> usize {
    let mut at = 0;
    while let Some(byte) = inner.get(at) {
        at += match (byte, inside) {
            (b'"', _) => return at,
            (b'\\', true) if inner.get(at + 1) == Some(&b'"') => return at,
            // Inside a text, `\\\"` is a quotation mark of the inner one and `\\\\` a backslash.
            (b'\\', true) if inner.get(at + 1) == Some(&b'\\') => 4,
            (b'\\', _) => 2,
            _ => 1,
        };
    }
    inner.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_gone_in_json_and_in_json_inside_text() {
        for (text, left) in [
            (r#"{"secret":"a\"b","x":"y"}"#, r#"{"secret":"***","x":"y"}"#),
            (r#"{"secret" : "a","secret":"b"}"#, r#"{"secret" : "***","secret":"***"}"#),
            (r#"{"r":"{\"secret\":\"a\\\"b\",\"x\":1}"}"#, r#"{"r":"{\"secret\":\"***\",\"x\":1}"}"#),
            (
                r#"{"secret":null,"secretive":"kept","a":"secret"}"#,
                r#"{"secret":null,"secretive":"kept","a":"secret"}"#,
            ),
            (r#"{"secret":"cut"#, r#"{"secret":"***"#),
        ] {
            assert_eq!(String::from_utf8(without_values(text.as_bytes(), &["secret"]).into_owned()).unwrap(), left);
        }
    }
}
