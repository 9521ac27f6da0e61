//! What is written in a picture, read by a program that the owner names: none is asked otherwise.

use firebreak_world::{Program, Programs};
use std::io::Read;
use std::time::Duration;

/// How long the program may take for one picture.
const AT_MOST: Duration = Duration::from_secs(30);
/// Bytes of text that one picture may have. A page in small print has 10,000.
const TEXT: u64 = 1 << 20;

/// A program that reads letters: it hears a picture and says its text. No shell stands between, and it knows no variable but `PATH`.
#[derive(Clone)]
pub struct Letters<'a> {
    programs: &'a dyn Programs,
    program: Program,
}

impl<'a> Letters<'a> {
    /// The program that `command` names, with its words, between spaces: `tesseract stdin stdout`. It is started once, to see whether it
    /// is there, and ended.
    ///
    /// # Errors
    /// If nothing is named, or it cannot be started.
    pub fn new(programs: &'a dyn Programs, command: &str) -> Result<Letters<'a>, String> {
        let mut words = command.split_whitespace().map(str::to_owned);
        let name =
            words.next().ok_or("no program is named\nhint: write it with its words: `tesseract stdin stdout`")?;
        let program = Program { name, words: words.collect(), at_most: Some(AT_MOST), ..Program::default() };
        match programs.start(&program) {
            Ok(_) => Ok(Letters { programs, program }),
            Err(error) => {
                Err(format!("`{}` cannot be started: {error}\nhint: install it, or leave it out", program.name))
            }
        }
    }

    /// What is written in `picture`.
    ///
    /// # Errors
    /// In words that hold nothing of the picture: the program cannot be started, took too long, said too much or ended badly.
    pub(crate) fn of(&self, picture: &[u8]) -> Result<Vec<u8>, String> {
        let name = &self.program.name;
        let started = self.programs.start(&self.program);
        let mut running = started.map_err(|error| format!("`{name}` cannot be started: {error}"))?;
        running.tell_all(picture.to_vec());
        let mut text = Vec::new();
        let heard = running.output().take(TEXT + 1).read_to_end(&mut text);
        if text.len() as u64 > TEXT {
            return Err(format!("`{name}` said more than {TEXT} bytes of one picture"));
        }
        match heard.and_then(|_| running.finished()) {
            Ok(true) => Ok(text),
            _ => Err(format!("`{name}` ended badly, or took longer than {} seconds", AT_MOST.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_world::RealPrograms;

    fn letters(command: &str) -> Result<Vec<u8>, String> {
        Letters::new(&RealPrograms, command).and_then(|letters| letters.of(&[b'x'; 100_000]))
    }

    #[test]
    fn a_program_that_reads_letters_is_heard_within_bounds_and_its_faults_hold_nothing_of_the_picture() {
        assert_eq!(letters("tail -c 3"), Ok(b"xxx".to_vec()));
        // It need not hear all of the picture.
        assert_eq!(letters("head -c 2"), Ok(b"xx".to_vec()));
        for (command, says) in [
            ("", "no program is named"),
            ("no-such-program stdin", "`no-such-program` cannot be started"),
            ("false", "`false` ended badly"),
            ("yes", "`yes` said more than 1048576 bytes"),
            // No shell: this is one word after another.
            ("cat - ; true", "`cat` ended badly"),
        ] {
            let why = letters(command).expect_err(command);
            assert!(why.starts_with(says) && !why.contains("xx"), "{why}");
        }
    }
}
