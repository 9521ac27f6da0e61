//! One byte string for one value: JSON with sorted keys, no spaces and no floating-point numbers, and SHA-256 over it.
//!
//! It is not a JSON library: it only writes what serde already turned into a `serde_json::Value`.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The canonical JSON of `value`: object keys in byte order, no white space.
///
/// # Errors
/// In words, where the value has no JSON form or holds a floating-point number, whose text is not canonical.
pub fn canonical<T: Serialize>(value: &T) -> Result<String, String> {
    let value = serde_json::to_value(value).map_err(|error| format!("it has no JSON form: {error}"))?;
    let mut out = Vec::new();
    write(&value, &mut out)?;
    String::from_utf8(out).map_err(|error| format!("it has no JSON form: {error}"))
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
    match value {
        Value::Number(number) if number.is_f64() => return Err(format!("`{number}` is not a whole number")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => plain(value, out)?,
        Value::Array(items) => {
            out.push(b'[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            // Whether serde_json keeps insertion order depends on features that other crates may turn on.
            let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (position, (name, item)) in sorted.into_iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                plain(name, out)?;
                out.push(b':');
                write(item, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// A text, a number or a word of JSON, as it is written everywhere.
fn plain<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), String> {
    serde_json::to_writer(out, value).map_err(|error| format!("it has no JSON form: {error}"))
}

/// SHA-256 of `bytes` as 64 hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256 over `parts`, each preceded by its length, so that no two lists of parts share a digest by shifting text
/// from one part to the next.
pub fn digest_of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth_and_nothing_else_moves() {
        let value = serde_json::json!({"b": [3, 1, {"z": null, "a": "é\n"}], "a": true});
        assert_eq!(canonical(&value), Ok(r#"{"a":true,"b":[3,1,{"a":"é\n","z":null}]}"#.to_string()));
    }

    #[test]
    fn floating_point_numbers_are_refused() {
        assert!(canonical(&serde_json::json!({"a": 0.1})).is_err());
    }

    #[test]
    fn parts_cannot_be_shifted_into_one_another() {
        assert_ne!(digest_of_parts(["ab", "c"]), digest_of_parts(["a", "bc"]));
        assert_eq!(digest(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
