//! From what the operator wrote to the files it means: files, directories, globs and `-` for stdin.

use crate::source::Source;
use firebreak_model::{Position, Problem, Text};
use firebreak_world::World;
use globset::GlobBuilder;
use std::path::{Path, PathBuf};

/// One file to read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// How the operator knows it.
    pub name: String,
}

/// The files that some patterns mean, each once, ordered by path.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// What to read.
    pub files: Vec<Input>,
    /// Files found in directories that do not look like this source's logs (`LICENSE`, `README.md`, unfinished copies).
    pub skipped: Vec<PathBuf>,
    /// Patterns that mean nothing, and directories that cannot be listed.
    pub problems: Vec<Problem>,
}

impl Inputs {
    /// The files that `patterns` mean for `source`. A file that is named is always read; one that is found in a
    /// directory or by a glob must look like a log.
    pub fn open(world: &World, patterns: &[String], source: &dyn Source) -> Inputs {
        let mut inputs = Inputs::default();
        for pattern in patterns {
            let before = inputs.files.len();
            match inputs.add(world, pattern, source) {
                Err(reason) => inputs.complain(source, pattern, format!("`{pattern}`: {reason}")),
                Ok(()) if inputs.files.len() == before => {
                    inputs.complain(source, pattern, format!("`{pattern}` means no file of this source"));
                }
                Ok(()) => {}
            }
        }
        inputs.files.sort();
        inputs.files.dedup();
        inputs.skipped.sort();
        inputs.skipped.dedup();
        inputs
    }

    fn add(&mut self, world: &World, pattern: &str, source: &dyn Source) -> Result<(), String> {
        let path = Path::new(pattern);
        if pattern == "-" {
            self.files.push(Input { path: PathBuf::from("/dev/stdin"), name: "-".to_owned() });
            return Ok(());
        }
        if world.disk.is_directory(path) {
            return self.add_found(world, path, source, |_| true);
        }
        if world.disk.meta(path).is_ok() {
            self.push(path.to_path_buf());
            return Ok(());
        }
        if !pattern.contains(['*', '?', '[', '{']) {
            return Err("no such file".to_owned());
        }
        let glob = GlobBuilder::new(pattern).literal_separator(true).build().map_err(|error| error.to_string())?;
        let matcher = glob.compile_matcher();
        let root = fixed_part(path);
        self.add_found(world, &root, source, |found| matcher.is_match(found))
    }

    fn add_found(
        &mut self,
        world: &World,
        root: &Path,
        source: &dyn Source,
        wanted: impl Fn(&Path) -> bool,
    ) -> Result<(), String> {
        let walked = world.disk.walk(root).map_err(|error| error.to_string())?;
        for (path, error) in walked.unread {
            self.complain(source, &path.to_string_lossy(), format!("cannot be listed: {error}"));
        }
        for meta in walked.files {
            let path = meta.path.strip_prefix("./").unwrap_or(&meta.path);
            if !wanted(path) {
                continue;
            }
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            if (looks_like_log(path) || source.knows(&name)) && source.wants(&path.to_string_lossy()) {
                self.push(path.to_path_buf());
            } else {
                self.skipped.push(path.to_path_buf());
            }
        }
        Ok(())
    }

    fn push(&mut self, path: PathBuf) {
        let name = path.to_string_lossy().into_owned();
        self.files.push(Input { path, name });
    }

    fn complain(&mut self, source: &dyn Source, pattern: &str, reason: String) {
        self.problems.push(Problem {
            source: Text::new_static(source.name()),
            position: Position { input: pattern.to_owned(), ..Position::default() },
            reason,
            hint: "name a file, a directory, a glob in quotes, or `-` for standard input".to_owned(),
        });
    }
}

/// The directory above the first part of the path that is a pattern.
fn fixed_part(path: &Path) -> PathBuf {
    let fixed: PathBuf = path
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed }
}

/// Whether a file's name says that it is a log: `.json`, `.jsonl`, `.ndjson` or `.log` somewhere in it, so that rotated
/// (`audit.log.1`) and compressed (`.gz`, `.zst`) ones count too. Hidden and unfinished files do not.
fn looks_like_log(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let unfinished = name.starts_with('.') || [".part", ".tmp", "~"].iter().any(|end| name.ends_with(end));
    !unfinished && [".json", ".ndjson", ".log"].iter().any(|extension| name.contains(extension))
}
