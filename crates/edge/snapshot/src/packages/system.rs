//! Programs that Cargo installed: the one database of packages that is no format of `firebreak_package`.

use serde_json::Value;

/// `.crates2.json`: names and versions, from `name version (source)`. None where it is no such file.
pub(crate) fn cargo(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let rows = document.get("installs")?.as_object()?.keys().filter_map(|key| {
        let mut words = key.split(' ');
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    });
    Some(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_named_with_their_versions() {
        let rows = cargo(br#"{"installs":{"rg 14.1.0 (registry+https://x)":{}}}"#).unwrap();
        assert_eq!(rows, [("rg".to_owned(), "14.1.0".to_owned())]);
        assert_eq!(cargo(b"[]"), None);
    }
}
