//! The texts inside a JSON value, as whoever receives it would see them: escapes undone, each with its key.

use crate::Piece;
use serde_json::Value;

/// All strings and numbers in `value`. Keys that look like data (an object keyed by e-mail address, say) are texts too.
pub(crate) fn strings(value: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    // Own list of what is left to do: depth costs no stack.
    let mut left = vec![(None::<&str>, value)];
    while let Some((key, value)) = left.pop() {
        match value {
            Value::String(text) => pieces.push(piece(text.clone(), key)),
            Value::Number(number) => pieces.push(piece(number.to_string(), key)),
            Value::Array(list) => left.extend(list.iter().rev().map(|one| (key, one))),
            Value::Object(fields) => {
                for (name, value) in fields.iter().rev() {
                    left.push((Some(name), value));
                }
                pieces.extend(fields.keys().filter(|name| name.len() >= DATA).map(|name| piece(name.clone(), None)));
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
    pieces
}

/// Keys of at least so many bytes may be data.
const DATA: usize = 9;

fn piece(text: String, key: Option<&str>) -> Piece {
    Piece { text, key: key.map(str::to_owned), maskable: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn escapes_are_undone_and_keys_go_with_their_values() {
        let value: Value =
            serde_json::from_str(r#"{"ssn":"1\u0032\u0033","list":[7,{"deep":"x"}],"a@example.com":true}"#).unwrap();
        let told: Vec<(String, Option<String>)> = strings(&value).into_iter().map(|one| (one.text, one.key)).collect();
        let of = |text: &str, key: Option<&str>| (text.to_owned(), key.map(str::to_owned));
        assert!(told.contains(&of("123", Some("ssn"))));
        assert!(told.contains(&of("7", Some("list"))));
        assert!(told.contains(&of("x", Some("deep"))));
        assert!(told.contains(&of("a@example.com", None)));
        assert_eq!(strings(&json!([null, true])), []);
    }
}
