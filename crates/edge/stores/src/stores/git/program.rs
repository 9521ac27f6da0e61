//! The program `git`, so that nothing of a repository runs: plumbing alone, no configuration but the repository's own, and of that nothing
//! that names a program.
//!
//! Why the program and no library: it reads every format of objects that there is, in 30 lines, and it is where the repository is. What a
//! hostile repository could set is answered here: signatures are not shown (`gpg.program`), nothing is fetched (`remote.*.uploadpack`, promised
//! objects), no filter, text conversion, external diff or hook is part of these commands, replaced objects are seen as they are.

use firebreak_world::{Program, Programs, Running};
use std::io;
use std::path::{Path, PathBuf};

/// The whole environment.
const ENVIRONMENT: [(&str, &str); 13] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    // No way of fetching is allowed: versions that do not know the line above fetch nothing either.
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_PROTOCOL_FROM_USER", "0"),
    ("GIT_PAGER", "cat"),
    ("GIT_EDITOR", "false"),
    ("HOME", "/nonexistent"),
    ("LC_ALL", "C"),
];

/// Settings that stand above the repository's own. Whose the files are does not matter where nothing of theirs runs.
const SETTINGS: [&str; 7] = [
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.sshCommand=false",
    "core.alternateRefsCommand=false",
    "log.showSignature=false",
    "protocol.allow=never",
];

/// One repository.
pub(super) struct Git<'a> {
    programs: &'a dyn Programs,
    directory: PathBuf,
}

impl<'a> Git<'a> {
    /// The repository at `path` itself, not one around it.
    pub(super) fn open(programs: &'a dyn Programs, path: &Path) -> Result<Git<'a>, String> {
        let found = Git { programs, directory: path.to_path_buf() };
        let name = path.display();
        let above = path.parent().unwrap_or(path).as_os_str().to_string_lossy().into_owned();
        let mut running = found
            .start_with(&["rev-parse", "--absolute-git-dir"], &[("GIT_CEILING_DIRECTORIES", &above)])
            .map_err(|error| format!("`git` cannot be run: {error}\nhint: install it"))?;
        let said = all_of(&mut *running).map_err(|error| format!("`{name}`: {error}"))?;
        let text = String::from_utf8_lossy(&said);
        let directory = PathBuf::from(text.trim_end_matches('\n'));
        match running.finished() {
            Ok(true) if directory.is_absolute() => Ok(Git { programs, directory }),
            _ => Err(format!("`{name}` is no git repository\nhint: name its directory, or a bare one")),
        }
    }

    /// Starts `git` with `words`.
    pub(super) fn start(&self, words: &[&str]) -> Result<Box<dyn Running>, String> {
        self.start_with(words, &[]).map_err(|error| format!("`git` cannot be run: {error}"))
    }

    fn start_with(&self, words: &[&str], more: &[(&str, &str)]) -> io::Result<Box<dyn Running>> {
        let mut all: Vec<String> = vec!["--no-pager".to_owned(), "--literal-pathspecs".to_owned()];
        all.extend(SETTINGS.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]));
        all.extend(words.iter().map(|word| (*word).to_owned()));
        let environment = ENVIRONMENT.iter().chain(more);
        self.programs.start(&Program {
            name: "git".to_owned(),
            words: all,
            environment: environment.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            directory: Some(self.directory.clone()),
            at_most: None,
        })
    }

    /// What `git` says to `words`, and whether it ended well.
    pub(super) fn said(&self, words: &[&str]) -> Result<(Vec<u8>, bool), String> {
        let mut running = self.start(words)?;
        let said = all_of(&mut *running).map_err(|error| format!("`git` broke off: {error}"))?;
        Ok((said, running.finished().unwrap_or(false)))
    }
}

fn all_of(running: &mut dyn Running) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    running.output().read_to_end(&mut said)?;
    Ok(said)
}
