//! The other end of a webhook: does each key once, notes every request, and now and then fails as real receivers do.

use firebreak_world::{Random, SeededRandom};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What happened at the receiver, or to those who ask it, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A request with this key and body was taken.
    Post(String, Vec<u8>),
    /// A request was dropped, or a question was not answered.
    Fault,
    /// The test killed the program; whether a request was unanswered then.
    Kill(bool),
}

/// What the receiver remembers.
#[derive(Default)]
struct Memory {
    heard: Vec<Heard>,
    done: BTreeSet<String>,
    unanswered: u32,
}

/// A receiver on a thread of its own, for as long as the test runs.
#[derive(Clone)]
pub struct Receiver {
    memory: Arc<Mutex<Memory>>,
    random: Arc<SeededRandom>,
    address: String,
}

/// A number from `random`, at most `max`.
pub fn up_to(random: &SeededRandom, max: u64) -> u64 {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    u64::from_le_bytes(bytes) % (max + 1)
}

impl Receiver {
    /// Listens on a free port.
    pub fn start(seed: u64) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let receiver = Receiver { memory: Arc::default(), random: Arc::new(SeededRandom::new(seed)), address };
        let serving = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let one = serving.clone();
                // A caller that was killed is a broken pipe here, and nothing else.
                std::thread::spawn(move || while one.answer(&stream).is_some() {});
            }
        });
        receiver
    }

    /// Where it listens: `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    /// Notes that the program was killed.
    pub fn killed(&self) {
        let mut memory = self.memory();
        let within = memory.unanswered > 0;
        memory.heard.push(Heard::Kill(within));
    }

    /// What was heard.
    pub fn heard(&self) -> Vec<Heard> {
        self.memory().heard.clone()
    }

    /// Reads one request and answers it; `None` where the connection is to end.
    fn answer(&self, stream: &TcpStream) -> Option<()> {
        let (line, headers, body) = read(stream)?;
        if line.starts_with("POST") {
            // One in ten never arrives whole.
            if up_to(&self.random, 9) == 0 {
                self.memory().heard.push(Heard::Fault);
                return None;
            }
            let key = headers.get("idempotency-key")?.clone();
            let mut memory = self.memory();
            memory.heard.push(Heard::Post(key.clone(), body));
            memory.unanswered += 1;
            drop(memory);
            // Done a while after it was taken, and known as done no sooner: a program that was killed and asks meanwhile
            // hears that there is no such request.
            let (later, wait) = (self.clone(), Duration::from_millis(up_to(&self.random, 400)));
            std::thread::spawn(move || {
                std::thread::sleep(wait);
                later.memory().done.insert(key);
            });
            // Long enough for a kill to fall between the request and its answer.
            std::thread::sleep(Duration::from_millis(up_to(&self.random, 150)));
            self.memory().unanswered -= 1;
            // One in ten is done and never answered.
            if up_to(&self.random, 9) == 0 {
                self.memory().heard.push(Heard::Fault);
                return None;
            }
            return reply(stream, 202, "{}");
        }
        if up_to(&self.random, 14) == 0 {
            self.memory().heard.push(Heard::Fault);
            return reply(stream, 503, "");
        }
        let key = line.split("request=").nth(1)?.split(' ').next()?.to_owned();
        let done = self.memory().done.contains(&key);
        if done { reply(stream, 200, "{\"state\": \"done\"}") } else { reply(stream, 404, "") }
    }
}

fn read(stream: &TcpStream) -> Option<(String, BTreeMap<String, String>, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((line, headers, body))
}

fn reply(mut stream: &TcpStream, status: u16, body: &str) -> Option<()> {
    let length = body.len();
    write!(stream, "HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n\r\n{body}").ok()
}
