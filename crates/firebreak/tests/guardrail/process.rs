//! The guardrail as a process, and someone who asks it in plain HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A guardrail that listens.
pub(crate) struct Guard {
    pub(crate) process: Running,
    pub(crate) address: String,
    pub(crate) token: String,
}

impl Guard {
    /// Starts one in `directory`, on a free port, with `more` in its section of the configuration.
    pub(crate) fn start(directory: &Path, more: &str) -> Guard {
        let config = format!("data = \"data\"\n[guardrail]\nlisten = \"127.0.0.1:0\"\n{more}\n");
        std::fs::write(directory.join("firebreak.toml"), config).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_firebreak"))
            .args(["--config", "firebreak.toml", "guardrail", "--json"])
            .current_dir(directory)
            .stdout(Stdio::piped())
            .spawn();
        let mut process = Running(child.unwrap());
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        let token = std::fs::read_to_string(directory.join("data/guardrail.token")).unwrap().trim().to_owned();
        Guard { process, address: said["address"].as_str().unwrap().to_owned(), token }
    }

    /// What LiteLLM would be told of `body`.
    pub(crate) fn litellm(&self, body: &str) -> (u16, String) {
        let token = format!("x-api-key: {}", self.token);
        ask(&self.address, "POST", "/beta/litellm_basic_guardrail_api", &[&token], body.as_bytes())
    }
}

/// Status and body of one request.
pub(crate) fn ask(address: &str, method: &str, path: &str, headers: &[&str], body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Refused before it was read to its end: the answer is there all the same.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.split(' ').nth(1).unwrap_or("0").parse().unwrap(), body.to_owned())
}
