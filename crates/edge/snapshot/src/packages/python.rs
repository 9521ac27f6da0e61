//! What runs when Python starts, and what the name of a distribution's directory tells, without an interpreter.

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

/// Whether a file that a distribution brought, by its path in the site directory, runs when Python starts.
pub(crate) fn runs_at_start(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with(".pth") || name.starts_with("sitecustomize.") || name.starts_with("usercustomize.")
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
    fn a_directory_tells_name_and_version() {
        assert_eq!(directory("zope.interface-6.0.dist-info"), (Some("zope.interface".into()), Some("6.0".into())));
        assert_eq!(directory("a-1.0-py3.12.egg-info"), (Some("a".into()), Some("1.0".into())));
        assert!(runs_at_start("litellm_init.pth") && runs_at_start("a/sitecustomize.py") && !runs_at_start("a/pth.py"));
    }

    #[test]
    fn only_a_pth_with_code_executes() {
        assert!(pth_executes(b"# c\nimport os; os.system('x')\n"));
        assert!(pth_executes(b"/dir\rimport\tos"));
        assert!(!pth_executes(b"/usr/lib/python3/dist-packages\nimportlib_dir\n # import x\n"));
    }
}
