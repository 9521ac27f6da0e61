//! A receiver of webhooks that keeps its side of the contract: it checks signatures, does each idempotency key once and
//! tells what became of it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The key that both sides have.
pub(crate) const SECRET: &str = "a key that both sides have";

#[derive(Default)]
struct State {
    /// By idempotency key: the body, and how often it was done.
    done: BTreeMap<String, (String, u32)>,
    /// By target: whether it is cut now.
    cut: BTreeMap<String, bool>,
}

/// A running receiver. It lives as long as the test process.
#[derive(Clone)]
pub(crate) struct Receiver {
    state: Arc<Mutex<State>>,
    /// Its address.
    pub(crate) url: String,
}

/// One request.
pub(crate) struct Heard {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Receiver {
    /// Starts one that has heard nothing.
    pub(crate) fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Receiver { state, url }
    }

    /// Whether `target` is cut.
    pub(crate) fn is_cut(&self, target: &str) -> bool {
        self.state.lock().expect("no panic while held").cut.get(target).copied().unwrap_or(false)
    }

    /// How often each key that mentions `target` was done: more than once would be a broken contract.
    pub(crate) fn times_done(&self, target: &str) -> Vec<u32> {
        let state = self.state.lock().expect("no panic while held");
        state.done.values().filter(|(body, _)| body.contains(target)).map(|(_, times)| *times).collect()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let heard = hear(&stream)?;
    let (status, answer) = if heard.method == "POST" { take(&heard, state) } else { tell(&heard, state) };
    let length = answer.len();
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}").ok()
}

/// Reads one request.
pub(crate) fn hear(stream: &TcpStream) -> Option<Heard> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Heard { method, path, headers, body: String::from_utf8(body).ok()? })
}

fn is_signed(heard: &Heard, text: &str) -> bool {
    let Some(header) = heard.headers.get("firebreak-signature") else { return false };
    let Some((time, given)) = header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    mac.update(format!("{time}.{text}").as_bytes());
    let wanted: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    wanted == given
}

fn take(heard: &Heard, state: &Mutex<State>) -> (u16, String) {
    let Some(key) = heard.headers.get("idempotency-key").filter(|_| is_signed(heard, &heard.body)) else {
        return (401, String::new());
    };
    let body: serde_json::Value = serde_json::from_str(&heard.body).expect("JSON");
    let mut state = state.lock().expect("no panic while held");
    if let Some((first, _)) = state.done.get(key) {
        // The same key with another body is a defect of the sender.
        return if *first == heard.body { (200, String::new()) } else { (422, String::new()) };
    }
    state.done.insert(key.clone(), (heard.body.clone(), 1));
    let target = body["target"].as_str().expect("a target").to_owned();
    state.cut.insert(target, body["undo"] == serde_json::json!(false));
    (202, String::new())
}

fn tell(heard: &Heard, state: &Mutex<State>) -> (u16, String) {
    let key = heard.path.split_once("request=").map_or("", |(_, key)| key);
    if !is_signed(heard, &format!("status:{key}")) {
        return (401, String::new());
    }
    match state.lock().expect("no panic while held").done.contains_key(key) {
        true => (200, r#"{"state":"done","detail":"it was done once"}"#.to_owned()),
        false => (404, String::new()),
    }
}
