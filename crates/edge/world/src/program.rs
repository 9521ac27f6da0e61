//! Running a program of this machine: fixed words, an environment that names every variable, what it says as a stream.
//!
//! It is not part of a [`crate::World`]: few may start programs, and those take it by hand. No shell stands between.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
    /// How long it may run. After that it is ended, with all that it started.
    pub at_most: Option<Duration>,
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
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own: what it starts ends with it.
        let mut child = command.process_group(0).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let family = Family(Arc::new(Mutex::new((child, None))));
        let clock = program.at_most.map(|at_most| family.clone().end_after(at_most));
        Ok(Box::new(Process { family, input, output: io::BufReader::with_capacity(256 << 10, output), _clock: clock }))
    }
}

/// A program and what it started: its group, until the program's end was seen. Afterwards the number may be another's.
#[derive(Clone)]
struct Family(Arc<Mutex<(Child, Option<bool>)>>);

impl Family {
    /// Ends all of it `at_most` from now, unless what is given is dropped before.
    fn end_after(self, at_most: Duration) -> Sender<()> {
        let (clock, stopped) = channel();
        std::thread::spawn(move || {
            if stopped.recv_timeout(at_most) == Err(RecvTimeoutError::Timeout) {
                self.end();
            }
        });
        clock
    }

    fn end(&self) {
        let family = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (child, None) = &*family else { return };
        if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
            // A group of which nobody is left is none to end.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Whether it ended well, where it has ended.
    fn ended(&self) -> io::Result<Option<bool>> {
        let mut family = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (child, ended) = &mut *family;
        if ended.is_none() {
            *ended = child.try_wait()?.map(|status| status.success());
        }
        Ok(*ended)
    }
}

/// How often it is looked whether a program has ended.
const LOOK_EVERY: Duration = Duration::from_millis(1);

struct Process {
    family: Family,
    input: Option<std::process::ChildStdin>,
    output: io::BufReader<std::process::ChildStdout>,
    /// Stops the watch over its time.
    _clock: Option<Sender<()>>,
}

impl Running for Process {
    fn tell(&mut self, bytes: &[u8]) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(bytes)?;
        input.flush()
    }

    fn tell_all(&mut self, bytes: Vec<u8>) {
        if let Some(mut input) = self.input.take() {
            // A program that stops listening says so by its end.
            std::thread::spawn(move || drop(input.write_all(&bytes)));
        }
    }

    fn output(&mut self) -> &mut dyn Read {
        &mut self.output
    }

    fn finished(&mut self) -> io::Result<bool> {
        drop(self.input.take());
        loop {
            match self.family.ended()? {
                Some(well) => return Ok(well),
                None => std::thread::sleep(LOOK_EVERY),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.family.end();
        let _ = self.finished();
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
            ..Program::default()
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

    #[test]
    fn a_program_that_takes_too_long_is_ended_with_all_that_it_started() {
        let slow = |script: &str| Program {
            name: "sh".to_owned(),
            words: vec!["-c".to_owned(), script.to_owned()],
            at_most: Some(Duration::from_millis(200)),
            ..Program::default()
        };
        // The second leaves one behind that holds what it would say.
        for script in ["echo begun; sleep 600", "sleep 600 & echo begun"] {
            let mut running = RealPrograms.start(&slow(script)).unwrap();
            let mut said = String::new();
            running.output().read_to_string(&mut said).unwrap();
            assert_eq!(said, "begun\n");
            assert_eq!(running.finished().unwrap(), script.contains('&'), "{script}");
        }
    }
}
