//! Rows of SQLite: numbers of variable length, values, and the names of columns in a statement.

use crate::bytes::{Bytes, utf16};
use std::borrow::Cow;

/// One value of a row.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// A number of one to nine bytes.
pub(super) fn varint(bytes: &mut Bytes<'_>) -> Option<i64> {
    let mut number = 0_u64;
    for _ in 0..8 {
        let byte = bytes.u8()?;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number.cast_signed());
        }
    }
    Some((number << 8 | u64::from(bytes.u8()?)).cast_signed())
}

/// The values of a row, as far as they go.
pub(super) fn values(payload: &[u8]) -> impl Iterator<Item = Value<'_>> {
    let mut types = Bytes::new(payload);
    let length = varint(&mut types).and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let used = payload.len() - types.rest().len();
    let mut types = Bytes::new(crate::bytes::stretch(payload, used, length.saturating_sub(used)));
    let mut body = Bytes::from(payload, length);
    std::iter::from_fn(move || value(varint(&mut types)?, &mut body))
}

fn value<'a>(kind: i64, body: &mut Bytes<'a>) -> Option<Value<'a>> {
    let mut integer = |length: usize| {
        let bytes = body.take(length)?;
        let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
        Some(Value::Integer(bytes.iter().fold(sign, |number: i64, byte| number << 8 | i64::from(*byte))))
    };
    match kind {
        0 => Some(Value::Null),
        1..=4 => integer(usize::try_from(kind).ok()?),
        5 => integer(6),
        6 => integer(8),
        7 => body.be64().map(|bits| Value::Real(f64::from_bits(bits))),
        8 => Some(Value::Integer(0)),
        9 => Some(Value::Integer(1)),
        12.. => {
            let length = usize::try_from((kind - 12) / 2).ok()?;
            // A value that breaks off is read as far as it goes.
            let bytes = body.take(length.min(body.rest().len()))?;
            Some(if kind % 2 == 1 { Value::Text(bytes) } else { Value::Blob(bytes) })
        }
        _ => None,
    }
}

/// A value as text in UTF-8. Bytes of no type are given as they are.
pub(super) fn value_text(value: Value<'_>, encoding: u32) -> Cow<'_, [u8]> {
    match value {
        Value::Null => Cow::Borrowed(b""),
        Value::Integer(number) => Cow::Owned(number.to_string().into_bytes()),
        Value::Real(number) => Cow::Owned(number.to_string().into_bytes()),
        Value::Text(bytes) if encoding == 2 || encoding == 3 => Cow::Owned(utf16(bytes, encoding == 3).into_bytes()),
        Value::Text(bytes) | Value::Blob(bytes) => Cow::Borrowed(bytes),
    }
}

/// The names of the columns that `CREATE TABLE …` makes, and which of them is the row's own number.
pub(super) fn columns(statement: &str) -> (Vec<String>, Option<usize>) {
    let body = statement.split_once('(').map(|(_, body)| body).unwrap_or_default();
    let mut found = Vec::new();
    let mut number = None;
    for field in fields(body) {
        let field = field.trim();
        let (name, rest) = name(field);
        let word = name.to_ascii_uppercase();
        let bare = !field.starts_with(['"', '`', '[', '\'']);
        if bare && ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].contains(&word.as_str()) {
            continue;
        }
        let rest = rest.to_ascii_uppercase();
        if rest.trim_start().starts_with("INTEGER PRIMARY KEY") {
            number = Some(found.len());
        }
        if !name.is_empty() {
            found.push(name.replace(['\t', '\n', '\r'], " "));
        }
    }
    (found, number)
}

/// What stands between commas that are in no brackets and no quotes, up to the bracket that closes the list.
fn fields(body: &str) -> Vec<String> {
    let (mut all, mut field, mut depth, mut quote) = (Vec::new(), String::new(), 0_usize, None);
    for char in body.chars() {
        match (quote, char) {
            (Some(open), char) if char == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(char),
            (None, '[') => quote = Some(']'),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => break,
            (None, ')') => depth -= 1,
            (None, ',') if depth == 0 => {
                all.push(std::mem::take(&mut field));
                continue;
            }
            _ => {}
        }
        field.push(char);
    }
    all.push(field);
    all
}

/// A name, quoted or not, and what follows it.
fn name(field: &str) -> (String, &str) {
    let close = match field.chars().next() {
        Some('[') => Some(']'),
        Some(quote @ ('"' | '`' | '\'')) => Some(quote),
        _ => None,
    };
    match close {
        Some(close) => {
            let body = field.get(1..).unwrap_or_default();
            let end = body.find(close).unwrap_or(body.len());
            (body.get(..end).unwrap_or_default().to_owned(), body.get(end + close.len_utf8()..).unwrap_or_default())
        }
        None => {
            let end = field.find(char::is_whitespace).unwrap_or(field.len());
            (field.get(..end).unwrap_or_default().to_owned(), field.get(end..).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_name_their_columns() {
        let (names, number) = columns(
            "CREATE TABLE \"t\" (id INTEGER PRIMARY KEY, \"tax id, full\" TEXT DEFAULT 'a,b', [x y] DECIMAL(10,2), CHECK (id > 0))",
        );
        assert_eq!(names, ["id", "tax id, full", "x y"]);
        assert_eq!(number, Some(0));
    }

    #[test]
    fn numbers_of_variable_length() {
        let read = |bytes: &[u8]| varint(&mut Bytes::new(bytes));
        assert_eq!(read(&[0x7f]), Some(127));
        assert_eq!(read(&[0x81, 0x00]), Some(128));
        assert_eq!(read(&[0xff; 9]), Some(-1));
        assert_eq!(read(&[0xff; 3]), None);
    }
}
