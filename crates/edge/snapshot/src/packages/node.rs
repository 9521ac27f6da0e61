//! What the files of an installed Node package and of an editor's extension say.

use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// The scripts that an install runs, in npm's order.
const INSTALL_SCRIPTS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// What is read of a `package.json`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) publisher: Option<String>,
    /// The install scripts, each with its event.
    pub(crate) scripts: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    version: Value,
    #[serde(default)]
    publisher: Value,
    #[serde(default)]
    scripts: Value,
}

/// Reads a `package.json`. None where it is no JSON object.
pub(crate) fn manifest(bytes: &[u8]) -> Option<Manifest> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let raw: Raw = serde_json::from_slice(bytes).ok()?;
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let script = |event: &str| Some((event.to_owned(), text(raw.scripts.get(event)?)?));
    Some(Manifest {
        name: text(&raw.name),
        version: text(&raw.version),
        publisher: text(&raw.publisher),
        scripts: INSTALL_SCRIPTS.iter().filter_map(|event| script(event)).collect(),
    })
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: HashMap<String, Locked>,
}

#[derive(Deserialize)]
struct Locked {
    #[serde(default)]
    integrity: Option<Value>,
}

/// The digests that npm wrote into `node_modules/.package-lock.json`, by the path of the package (`node_modules/a`).
pub(crate) fn integrity(bytes: &[u8]) -> Option<HashMap<String, String>> {
    let lock: Lock = serde_json::from_slice(bytes).ok()?;
    let digest = |locked: Locked| locked.integrity?.as_str().map(str::to_owned);
    Some(lock.packages.into_iter().filter_map(|(path, locked)| Some((path, digest(locked)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn install_scripts_are_read_and_other_scripts_are_not() {
        let read =
            manifest(br#"{"name":"a","version":"1.0.0","scripts":{"test":"x","postinstall":"node i.js"}}"#).unwrap();
        assert_eq!((read.name.as_deref(), read.version.as_deref()), (Some("a"), Some("1.0.0")));
        assert_eq!(read.scripts, [("postinstall".to_owned(), "node i.js".to_owned())]);
        assert_eq!(manifest(br#"{"name":7,"scripts":[]}"#), Some(Manifest::default()));
        assert_eq!(manifest(b"[1]x"), None);
    }
}
