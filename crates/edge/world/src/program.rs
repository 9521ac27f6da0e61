//! Running a program of this machine: fixed words, an environment that names every variable, what it says as a stream.
//!
//! It is not part of a [`crate::World`]: few may start programs, and those take it by hand. No shell stands between.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What is run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Program {
    /// Its name, which is looked up in our own `PATH`.
    pub name: String,
    /// Its words.
    pub words: Vec<String>,
    /// Its whole environment beside `PATH`.
    pub environment: Vec<(String, String)>,
    /// Where it runs.
    pub directory: Option<PathBuf>,
}

/// A way to run programs.
pub trait Programs: Send + Sync {
    /// Starts `program`.
    ///
    /// # Errors
    /// If it is not there or cannot be started.
    fn start(&self, program: &Program) -> io::Result<Box<dyn Running>>;
}

/// A program that runs. It is ended when it is dropped.
pub trait Running: Send {
    /// Sends it `bytes` at once.
    ///
    /// # Errors
    /// If it reads no more.
    fn tell(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Sends it all of `bytes`, beside the reading of what it says, and nothing more.
    fn tell_all(&mut self, bytes: Vec<u8>);
    /// What it says.
    fn output(&mut self) -> &mut dyn Read;
    /// Waits for its end; whether it ended well.
    ///
    /// # Errors
    /// If that cannot be known.
    fn finished(&mut self) -> io::Result<bool>;
}

/// The machine's programs. What they say beside their answer is not kept.
#[derive(Debug)]
pub struct RealPrograms;

impl Programs for RealPrograms {
    fn start(&self, program: &Program) -> io::Result<Box<dyn Running>> {
        let mut command = Command::new(&program.name);
        command.args(&program.words).env_clear().envs(program.environment.iter().map(|(name, value)| (name, value)));
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        if let Some(directory) = &program.directory {
            command.current_dir(directory);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Box::new(Process { child, output: io::BufReader::with_capacity(256 << 10, output) }))
    }
}

struct Process {
    child: Child,
    output: io::BufReader<std::process::ChildStdout>,
}

impl Running for Process {
    fn tell(&mut self, bytes: &[u8]) -> io::Result<()> {
        let input = self.child.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(bytes)?;
        input.flush()
    }

    fn tell_all(&mut self, bytes: Vec<u8>) {
        if let Some(mut input) = self.child.stdin.take() {
            // A program that stops listening says so by its end.
            std::thread::spawn(move || drop(input.write_all(&bytes)));
        }
    }

    fn output(&mut self) -> &mut dyn Read {
        &mut self.output
    }

    fn finished(&mut self) -> io::Result<bool> {
        drop(self.child.stdin.take());
        Ok(self.child.wait()?.success())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already is none to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_hears_what_it_is_told_and_knows_no_variable_of_ours() {
        let program = Program {
            name: "sh".to_owned(),
            words: vec!["-c".to_owned(), "cat; env".to_owned()],
            environment: vec![("ONE".to_owned(), "1".to_owned())],
            directory: None,
        };
        let mut running = RealPrograms.start(&program).unwrap();
        running.tell(b"hello ").unwrap();
        running.tell_all(b"you\n".to_vec());
        let mut said = String::new();
        running.output().read_to_string(&mut said).unwrap();
        assert!(running.finished().unwrap());
        assert!(said.starts_with("hello you\n") && said.contains("ONE=1") && !said.contains("CARGO"), "{said}");
        assert!(RealPrograms.start(&Program { name: "no-such-program".to_owned(), ..program }).is_err());
    }
}
