//! A server process on a free port, stopped when it is dropped; and whether the lab is prepared.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The prepared directory, or `None` after saying that the tests are skipped.
pub(crate) fn prepared() -> Option<PathBuf> {
    let found = std::env::var_os("FIREBREAK_LAB").map(PathBuf::from);
    if found.is_none() {
        println!("skipped: run ./test, which prepares the lab");
    }
    found
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a loopback port").local_addr().expect("an address").port()
}

/// A server process; stopped when dropped.
pub(crate) struct Server {
    child: Child,
    name: &'static str,
}

impl Server {
    /// Starts `command` and waits until something listens on `port`.
    pub(crate) fn start(name: &'static str, command: &mut Command, port: u16) -> Server {
        Server::start_within(name, command, port, Duration::from_secs(90))
    }

    /// The same for a server that takes its time on a busy machine.
    pub(crate) fn start_within(name: &'static str, command: &mut Command, port: u16, most: Duration) -> Server {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("the lab lacks {name}: {error}; run lab/prepare"));
        let mut server = Server { child, name };
        server.wait_for(port, most);
        server
    }

    fn wait_for(&mut self, port: u16, most: Duration) {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                panic!("{} ended at once: {status}", self.name);
            }
            assert!(began.elapsed() < most, "{} does not listen on {port}", self.name);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Politely first: a database takes its own children with it. A server that is gone already is stopped too.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).stderr(Stdio::null()).status();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(3) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
