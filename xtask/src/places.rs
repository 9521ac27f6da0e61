//! Where things are in the checkout, and how its files are listed.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's root.
pub(crate) fn root() -> Result<PathBuf> {
    // Of the checkout that cargo runs it in: another one's build may lie in the same target folder.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
    let manifest = PathBuf::from(manifest);
    Ok(manifest.parent().context("xtask lies below the workspace")?.to_path_buf())
}

/// The names of the folders directly below `directory`, in order. None where there is no such directory.
pub(crate) fn folders(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if !directory.is_dir() {
        return Ok(names);
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// All files below `directory` whose names end in `ending`, in order, leaving out build output.
pub(crate) fn files(directory: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    const BUILT: [&str; 5] = ["target", ".git", "node_modules", ".test-tools", "borrowed-sand"];
    let mut found = Vec::new();
    if !directory.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            if !BUILT.contains(&name.as_str()) {
                found.extend(files(&entry.path(), ending)?);
            }
        } else if name.ends_with(ending) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// `path` as seen from `root`, with forward slashes.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
