//! A PostgreSQL cluster of its own in a temporary directory, run by a user who is not root, as the server demands.

use super::server::{Server, free_port};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running cluster with a superuser `admin` and a responder `firebreak` that has the rights of the manifest.
pub(crate) struct Cluster {
    _server: Server,
    _directory: tempfile::TempDir,
    port: u16,
}

/// Debian keeps the server's programs out of the path, by version.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").map(|all| all.flatten().map(|one| one.path().join("bin")));
    let mut found: Vec<_> = versions.map(Iterator::collect).unwrap_or_default();
    found.retain(|path: &PathBuf| path.join("initdb").is_file());
    found.sort();
    found.pop().expect("the lab lacks PostgreSQL; run lab/prepare")
}

/// A command that does not run as root.
fn unprivileged(program: &Path) -> Command {
    let root = std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    if !root {
        return Command::new(program);
    }
    // Becomes the program instead of watching over it, so that stopping our child stops the server.
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("the lab lacks {command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Cluster {
    /// Makes and starts one.
    pub(crate) fn start() -> Cluster {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        let programs = programs();
        // The unprivileged user makes its own directory below.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(directory.path(), open).expect("our own directory");
        run(unprivileged(&programs.join("initdb"))
            .args(["--username=admin", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C"])
            .arg("--pwfile")
            .arg(password_file(directory.path()))
            .arg("--pgdata")
            .arg(&data)
            .current_dir("/"));
        let port = free_port();
        // The postmaster itself, not pg_ctl: killing the child must stop the server.
        let mut command = unprivileged(&programs.join("postgres"));
        command.arg("-D").arg(&data).args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
        command.args(["-c", &format!("port={port}"), "-c", &format!("unix_socket_directories={}", data.display())]);
        let server = Server::start("PostgreSQL", command.current_dir("/"), port);
        let cluster = Cluster { _server: server, _directory: directory, port };
        cluster.psql("CREATE ROLE firebreak LOGIN CREATEROLE PASSWORD 'responder'");
        cluster.psql("GRANT pg_signal_backend, pg_read_all_stats TO firebreak");
        cluster
    }

    /// The URL for `role`.
    pub(crate) fn url(&self, role: &str, password: &str) -> String {
        format!("postgres://{role}:{password}@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    /// Runs a statement as the superuser and gives what it prints.
    pub(crate) fn psql(&self, statement: &str) -> String {
        let output = Command::new("psql")
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command", statement])
            .arg(self.url("admin", "administrator"))
            .output()
            .expect("the lab lacks psql; run lab/prepare");
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs a statement as `role`; false where the server refuses it, or the login.
    pub(crate) fn statement(&self, role: &str, password: &str, statement: &str) -> bool {
        let mut psql = Command::new("psql");
        psql.args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", statement]).arg(self.url(role, password));
        psql.output().expect("the lab lacks psql; run lab/prepare").status.success()
    }

    /// Tries to log in as `role`; what the server says where it refuses.
    pub(crate) fn try_login(&self, role: &str, password: &str) -> Result<(), String> {
        let output = Command::new("psql")
            .args(["--no-psqlrc", "--command", "SELECT 1"])
            .arg(self.url(role, password))
            .output()
            .expect("the lab lacks psql; run lab/prepare");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.success() {
            true => Ok(()),
            false if words.contains("is not permitted to log in") => Err("not permitted to log in".to_owned()),
            false => Err(words),
        }
    }

    /// Opens a session as `role` that stays open until it is killed or dropped.
    pub(crate) fn session(&self, role: &str, password: &str) -> Session {
        let child = Command::new("psql")
            .args(["--no-psqlrc", "--command", "SELECT pg_sleep(600)"])
            .arg(self.url(role, password))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the lab lacks psql; run lab/prepare");
        let session = Session { child };
        let count = format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}'");
        for _ in 0..200 {
            if self.psql(&count) != "0" {
                return session;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("no session of `{role}`");
    }
}

fn password_file(directory: &Path) -> PathBuf {
    let path = directory.join("password");
    std::fs::write(&path, "administrator\n").expect("our own directory");
    path
}

/// Somebody who is logged in.
pub(crate) struct Session {
    child: std::process::Child,
}

impl Session {
    /// Waits for the end of the session and gives what the server said.
    pub(crate) fn last_words(mut self) -> String {
        use std::io::Read;
        let mut words = String::new();
        let mut stderr = self.child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut words).expect("text");
        words
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
