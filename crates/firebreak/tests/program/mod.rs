//! The program as the tests of the command line run it.

use std::path::Path;
use std::process::Command;

/// How a command ended and what it said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) error: String,
}

/// Runs the program in `directory`.
pub(crate) fn firebreak(directory: &Path, arguments: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_firebreak")).args(arguments).current_dir(directory).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let said = Said { code: output.status.code().unwrap(), out: text(output.stdout), error: text(output.stderr) };
    assert!(!said.error.contains("panicked"), "{arguments:?}: {}", said.error);
    said
}
