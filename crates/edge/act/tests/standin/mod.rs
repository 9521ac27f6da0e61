//! Stand-ins for platforms that nobody can start: small servers with state that answer as the platform's description
//! says, and hold every request against that description (`lab/descriptions`). They are no proof of what a platform does
//! in fact: what is tested on them is contract-tested, never effect-tested.

mod description;
pub(crate) mod github;
pub(crate) mod others;
pub(crate) mod workspace;

use description::Description;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The RSA key of Apps and service accounts in the tests. It opens nothing.
pub(crate) const KEY: &str = include_str!("test_key.pem");
const PUBLIC_KEY: &[u8] = include_bytes!("test_key.pub.der");

/// One request, decoded.
pub(crate) struct Heard {
    pub(crate) method: String,
    /// Segments of the path, percent-decoded.
    pub(crate) path: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    /// JSON, or the fields of a form, or `null`.
    pub(crate) body: Value,
    pub(crate) is_form: bool,
}

impl Heard {
    /// Method and path for a `match`.
    pub(crate) fn parts(&self) -> (&str, Vec<&str>) {
        (&self.method, self.path.iter().map(String::as_str).collect())
    }

    /// The header `authorization`, or nothing.
    pub(crate) fn authorization(&self) -> &str {
        self.headers.get("authorization").map_or("", String::as_str)
    }

    /// A value of the query, or nothing.
    pub(crate) fn asked(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }
}

/// How a platform answers: status and JSON.
pub(crate) type Platform = fn(&Heard, &mut Value) -> (u16, Value);

/// A running stand-in. It lives as long as the test process.
#[derive(Clone)]
pub(crate) struct Standin {
    /// What the platform remembers.
    pub(crate) state: Arc<Mutex<Value>>,
    /// What was asked that the description does not have.
    complaints: Arc<Mutex<Vec<String>>>,
    /// Its address.
    pub(crate) url: String,
}

impl Standin {
    /// Starts one that remembers `state`.
    pub(crate) fn start(name: &'static str, platform: Platform, state: Value) -> Standin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let standin = Standin { state: Arc::new(Mutex::new(state)), complaints: Arc::default(), url };
        let (shared, description) = (standin.clone(), Arc::new(Description::of(name)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, description) = (shared.clone(), description.clone());
                std::thread::spawn(move || while shared.serve(&stream, platform, &description).is_some() {});
            }
        });
        standin
    }

    /// Changes or reads what the platform remembers.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Value) -> T) -> T {
        act(&mut self.state.lock().expect("no panic while held"))
    }

    /// Fails the test where a request was not as the description says.
    pub(crate) fn assert_described(&self) {
        let complaints = self.complaints.lock().expect("no panic while held");
        assert!(complaints.is_empty(), "requests outside the description: {complaints:#?}");
    }

    fn serve(&self, stream: &TcpStream, platform: Platform, description: &Description) -> Option<()> {
        let heard = hear(stream)?;
        let wrong = description.complaint(&heard);
        let (status, answer) = match wrong {
            Some(complaint) => {
                self.complaints.lock().expect("no panic while held").push(complaint.clone());
                (400, serde_json::json!({"message": complaint}))
            }
            None => self.with(|state| platform(&heard, state)),
        };
        let text = if answer.is_null() { String::new() } else { answer.to_string() };
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        let mut stream = stream;
        stream.write_all(format!("{head}{text}").as_bytes()).ok()
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn hear(stream: &TcpStream) -> Option<Heard> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
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
    let body = String::from_utf8(body).ok()?;
    let is_form = headers.get("content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
    let body = match (body.is_empty(), is_form) {
        (true, false) => Value::Null,
        (_, true) => serde_json::json!(fields(&body)),
        (false, false) => serde_json::from_str(&body).unwrap_or(Value::String(body)),
    };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let path = path.split('/').skip(1).map(decoded).collect();
    Some(Heard { method, path, query: fields(query), headers, body, is_form })
}

/// Whether `statement` is signed with the tests' key, has not ended and says `issuer`.
pub(crate) fn is_signed(statement: &str, issuer: &str) -> bool {
    use base64::Engine;
    let decode = |part: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).ok();
    let check = || {
        let (text, signature) = statement.rsplit_once('.')?;
        let key = ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, PUBLIC_KEY);
        key.verify(text.as_bytes(), &decode(signature)?).ok()?;
        let claims: Value = serde_json::from_slice(&decode(text.split('.').nth(1)?)?).ok()?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
        let lasts = claims["exp"].as_u64()?.checked_sub(claims["iat"].as_u64()?)?;
        Some(claims["iss"] == issuer && claims["exp"].as_u64()? > now && lasts <= 600)
    };
    check().unwrap_or(false)
}
