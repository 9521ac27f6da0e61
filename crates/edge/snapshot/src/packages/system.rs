//! What the databases of dpkg, apk, Conda, RubyGems and Cargo say.

use serde_json::Value;

/// A package of a database: name, version, and the architecture where it is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) architecture: Option<String>,
    pub(crate) sha256: Option<String>,
}

/// dpkg's `status`: what is unpacked there now; what was removed with its settings kept is not.
pub(crate) fn dpkg(bytes: &[u8]) -> Vec<Row> {
    stanzas(bytes, |stanza| {
        let status = stanza.get("Status").unwrap_or("install ok installed");
        let gone = matches!(status.rsplit(' ').next(), Some("not-installed" | "config-files"));
        let name = stanza.get("Package").filter(|_| !gone)?;
        let text = |key: &str| stanza.get(key).map(str::to_owned);
        Some(Row { name: name.to_owned(), version: text("Version"), architecture: text("Architecture"), sha256: None })
    })
}

/// apk's `installed`: one letter a field.
pub(crate) fn apk(bytes: &[u8]) -> Vec<Row> {
    stanzas(bytes, |stanza| {
        let text = |key: &str| stanza.get(key).map(str::to_owned);
        Some(Row { name: text("P")?, version: text("V"), architecture: text("A"), sha256: None })
    })
}

/// One paragraph of fields. Continued lines belong to fields that nobody asks for.
struct Stanza<'a>(Vec<(&'a str, &'a str)>);

impl Stanza<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value).filter(|value| !value.is_empty())
    }
}

fn stanzas(bytes: &[u8], row: impl Fn(&Stanza<'_>) -> Option<Row>) -> Vec<Row> {
    let text = String::from_utf8_lossy(bytes);
    let mut rows = Vec::new();
    let mut stanza = Stanza(Vec::new());
    for line in text.lines().chain([""]) {
        if line.trim_end().is_empty() {
            rows.extend(row(&stanza));
            stanza.0.clear();
        } else if !line.starts_with([' ', '\t'])
            && let Some((key, value)) = line.split_once(':')
            && stanza.0.len() < 256
        {
            stanza.0.push((key, value.trim()));
        }
    }
    rows
}

/// A file of `conda-meta`.
pub(crate) fn conda(bytes: &[u8]) -> Option<Row> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
    let sha256 = text("sha256").filter(|digest| digest.len() == 64);
    Some(Row { name: text("name")?, version: text("version"), architecture: text("subdir"), sha256 })
}

/// A gem's specification: its name and version stand in it as literals, and in its file's name.
pub(crate) fn gem(file: &str, bytes: &[u8]) -> Option<Row> {
    let text = String::from_utf8_lossy(bytes);
    let literal = |field: &str| {
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix("s.")?.strip_prefix(field));
        let value = line?.trim_start().strip_prefix('=')?.trim_start().strip_prefix(['"', '\''])?;
        value.split(['"', '\'']).next().map(str::to_owned)
    };
    let stem = file.strip_suffix(".gemspec")?;
    // The version begins at the first hyphen before a digit that a dot follows.
    let cut = stem.match_indices('-').map(|(at, _)| at).find(|at| {
        let rest = stem.get(at + 1..).unwrap_or_default();
        rest.starts_with(|letter: char| letter.is_ascii_digit()) && rest.contains('.')
    });
    let (name, version) = cut.and_then(|at| Some((stem.get(..at)?, stem.get(at + 1..)?))).unzip();
    let name = literal("name").or(name.map(str::to_owned))?;
    let version = literal("version").or(version.map(str::to_owned));
    Some(Row { name, version, architecture: None, sha256: None })
}

/// `.crates2.json`: programs that Cargo installed, as `name version (source)`.
pub(crate) fn cargo(bytes: &[u8]) -> Option<Vec<Row>> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let rows = document.get("installs")?.as_object()?.keys().filter_map(|key| {
        let mut words = key.split(' ');
        let (name, version) = (words.next()?, words.next()?);
        Some(Row { name: name.to_owned(), version: Some(version.to_owned()), architecture: None, sha256: None })
    });
    Some(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_is_not_installed() {
        let text = b"Package: bash\nStatus: install ok installed\nVersion: 5.2.15-2+b7\nDescription: x\n Package: no\n\n\
            Package: old\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: half\nStatus: install ok half-configured\nVersion: 2\n";
        let names: Vec<String> = dpkg(text).into_iter().map(|row| row.name).collect();
        assert_eq!(names, ["bash", "half"]);
    }

    #[test]
    fn databases_of_other_systems() {
        let rows = apk(b"C:Q1x\nP:musl\nV:1.2.4-r2\nA:x86_64\n\nP:zlib\nV:1.3\n");
        assert_eq!((rows.len(), rows[0].version.as_deref()), (2, Some("1.2.4-r2")));
        let row =
            gem("net-http-0.4.1.gemspec", b"Gem::Specification.new do |s|\n  s.name = \"net-http\".freeze\n").unwrap();
        assert_eq!((row.name.as_str(), row.version.as_deref()), ("net-http", Some("0.4.1")));
        let rows = cargo(br#"{"installs":{"rg 14.1.0 (registry+https://x)":{}}}"#).unwrap();
        assert_eq!((rows[0].name.as_str(), rows[0].version.as_deref()), ("rg", Some("14.1.0")));
    }
}
