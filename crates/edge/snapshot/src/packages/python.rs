//! What the files of an installed Python distribution say, without an interpreter.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// A distribution's name and version from `METADATA` or `PKG-INFO`: its headers, which end at the first empty line.
pub(crate) fn metadata(bytes: &[u8]) -> (Option<String>, Option<String>) {
    let (mut name, mut version) = (None, None);
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some((key, value)) if key.eq_ignore_ascii_case("name") => name = filled(value),
            Some((key, value)) if key.eq_ignore_ascii_case("version") => version = filled(value),
            _ => {}
        }
    }
    (name, version)
}

/// Name and version from the name of the directory: `name-version.dist-info`, `name-version-py3.12.egg-info`.
pub(crate) fn directory(name: &str) -> (Option<String>, Option<String>) {
    let stem = name.strip_suffix(".dist-info").or_else(|| name.strip_suffix(".egg-info")).unwrap_or(name);
    let stem = stem.split_once("-py").map_or(stem, |(stem, _)| stem);
    match stem.split_once('-') {
        Some((name, version)) => (filled(name), filled(version)),
        None => (filled(stem), None),
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A file of `RECORD`: its path relative to the site directory, and its SHA-256 in hexadecimal.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) path: String,
    pub(crate) sha256: Option<String>,
}

/// The files of `RECORD` that run when Python starts. The rest is only its own digest's business.
pub(crate) fn startup_files(bytes: &[u8]) -> Vec<Recorded> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().filter_map(recorded).filter(|file| runs_at_start(&file.path)).collect()
}

fn runs_at_start(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with(".pth") || name.starts_with("sitecustomize.") || name.starts_with("usercustomize.")
}

/// `path,sha256=base64,size`; a path with a comma or a quote is quoted, quotes doubled.
fn recorded(line: &str) -> Option<Recorded> {
    let (rest, _size) = line.trim_end().rsplit_once(',')?;
    let (path, digest) = rest.rsplit_once(',')?;
    let path = match path.strip_prefix('"').and_then(|path| path.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => path.to_owned(),
    };
    let sha256 = digest.strip_prefix("sha256=").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    Some(Recorded { path, sha256: sha256.map(|bytes| super::hex(&bytes)) })
}

/// The artefact's SHA-256 from `direct_url.json`.
pub(crate) fn artefact(bytes: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let archive = document.get("archive_info")?;
    let digest = match archive.get("hashes").and_then(|hashes| hashes.get("sha256")).and_then(Value::as_str) {
        Some(digest) => digest,
        None => archive.get("hash")?.as_str()?.strip_prefix("sha256=")?,
    };
    (digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| digest.to_ascii_lowercase())
}

/// Whether a `.pth` holds code: Python runs each line that begins with `import` and a blank.
pub(crate) fn pth_executes(bytes: &[u8]) -> bool {
    // Python drops a byte order mark, and splits at every kind of line end.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r' | 0x0b | 0x0c | 0x1c..=0x1e | 0x85));
    lines.any(|line| line.starts_with(b"import ") || line.starts_with(b"import\t"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_tells_its_name_and_version() {
        let text = b"Metadata-Version: 2.1\r\nName: litellm\r\nVersion: 1.82.8\r\n\r\nName: not-this\n";
        assert_eq!(metadata(text), (Some("litellm".to_owned()), Some("1.82.8".to_owned())));
        assert_eq!(directory("zope.interface-6.0.dist-info"), (Some("zope.interface".into()), Some("6.0".into())));
        assert_eq!(directory("a-1.0-py3.12.egg-info"), (Some("a".into()), Some("1.0".into())));
    }

    #[test]
    fn a_record_names_what_runs_at_start_with_its_digest() {
        let line = "litellm_init.pth,sha256=ceNa7wMJnNH1LWdGc0JzAlFjpWP96TrJEjIe9omxNSM,34628\n\"a,b.py\",sha256=x,1\n";
        let files = startup_files(line.as_bytes());
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].path, "litellm_init.pth");
        assert_eq!(files[0].sha256.as_deref().map(str::len), Some(64));
        assert_eq!(recorded("\"a,\"\"b\"\".py\",,").unwrap().path, "a,\"b\".py");
    }

    #[test]
    fn only_a_pth_with_code_executes() {
        assert!(pth_executes(b"# c\nimport os; os.system('x')\n"));
        assert!(pth_executes(b"/dir\rimport\tos"));
        assert!(!pth_executes(b"/usr/lib/python3/dist-packages\nimportlib_dir\n # import x\n"));
    }
}
