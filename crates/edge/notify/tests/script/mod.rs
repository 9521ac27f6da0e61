//! Doors that answer as a case says and write down what came through them, with every secret replaced by its name.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use firebreak_model::Time;
use firebreak_world::{
    FixedClock, Http, HttpError, Mail, MailError, MailServer, Peer, Request, Response, Secrets, SecretsError, Wire,
    WireError, World,
};
use secrecy::SecretString;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::{Arc, Mutex};

#[derive(Default)]
pub(crate) struct Script {
    pub(crate) answers: Mutex<VecDeque<Value>>,
    pub(crate) transcript: Mutex<String>,
    secrets: BTreeMap<String, String>,
}

impl Script {
    pub(crate) fn new(answers: VecDeque<Value>, secrets: BTreeMap<String, String>) -> Arc<Script> {
        Arc::new(Script { answers: Mutex::new(answers), secrets, ..Script::default() })
    }

    pub(crate) fn say(&self, line: &str) {
        let mut line = line.to_owned();
        for (name, secret) in &self.secrets {
            line = line.replace(secret, &format!("<{name}>"));
        }
        writeln!(self.transcript.lock().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn world(self: &Arc<Script>, clock: Arc<FixedClock>) -> World {
        World {
            clock,
            http: Arc::new(Door(self.clone())),
            mail: Arc::new(Door(self.clone())),
            wire: Arc::new(Door(self.clone())),
            secrets: Arc::new(Door(self.clone())),
            ..World::simulated(5)
        }
    }

    /// The next answer: a status with a body, or how it fails.
    fn answer(&self) -> Value {
        self.answers.lock().unwrap().pop_front().unwrap_or_else(|| {
            panic!("the case has no answer for this call\n{}", self.transcript.lock().unwrap());
        })
    }

    fn failure(&self) -> Option<String> {
        let answer = self.answer();
        answer["fails"].as_str().map(str::to_owned)
    }
}

struct Door(Arc<Script>);

fn shown(name: &str, value: &str) -> String {
    match (name, value.strip_prefix("Basic ")) {
        ("firebreak-signature", _) => "t=…,v1=…".to_owned(),
        (_, Some(basic)) => format!("Basic of {}", String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap()),
        _ => value.to_owned(),
    }
}

#[async_trait]
impl Http for Door {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.0.say(&format!("  {} {}", request.method, request.url));
        for (name, value) in &request.headers {
            self.0.say(&format!("    {name}: {}", shown(name, value)));
        }
        if !request.body.is_empty() {
            let body: Value = serde_json::from_slice(&request.body).expect("a JSON body");
            let body = serde_json::to_string_pretty(&body).unwrap();
            body.lines().for_each(|line| self.0.say(&format!("    {line}")));
        }
        let answer = self.0.answer();
        match answer["fails"].as_str() {
            Some("unsent") => return Err(HttpError::NotSent { host: "h".into(), reason: "refused".into() }),
            Some(_) => return Err(HttpError::Ambiguous { host: "h".into(), reason: "cut off".into() }),
            None => {}
        }
        let status = answer["status"].as_u64().expect("a status");
        self.0.say(&format!("  -> {status}"));
        let headers = answer.get("headers").cloned().unwrap_or_else(|| Value::Array(Vec::new()));
        Ok(Response {
            status: u16::try_from(status).unwrap(),
            headers: serde_json::from_value(headers).expect("pairs"),
            body: match &answer["body"] {
                Value::String(text) => text.clone().into_bytes(),
                Value::Null => Vec::new(),
                other => other.to_string().into_bytes(),
            },
        })
    }
}

#[async_trait]
impl Mail for Door {
    async fn send(&self, server: &MailServer, from: &str, to: &str, message: &[u8]) -> Result<(), MailError> {
        let login = server.login.as_ref().map(|(name, _)| name.as_str()).unwrap_or("nobody");
        self.0.say(&format!("  mail by {}:{} ({:?}) as {login}: {from} to {to}", server.host, server.port, server.tls));
        let message = String::from_utf8(message.to_vec()).expect("mail is ASCII");
        assert!(message.is_ascii());
        let (head, body) = message.split_once("\r\n\r\n").expect("a head and a body");
        head.lines().for_each(|line| self.0.say(&format!("    {line}")));
        let text = STANDARD.decode(body.replace("\r\n", "")).expect("a body in base64");
        self.0.say("    (decoded)");
        String::from_utf8(text).unwrap().lines().for_each(|line| self.0.say(&format!("    {line}")));
        match self.0.failure().as_deref() {
            None => Ok(()),
            Some("lost") => Err(MailError::Ambiguous("cut off".into())),
            Some(code) => Err(MailError::Refused { code: code.to_owned(), reason: "no such mailbox".into() }),
        }
    }
}

#[async_trait]
impl Wire for Door {
    async fn send(&self, peer: &Peer, bytes: &[u8]) -> Result<(), WireError> {
        self.0.say(&format!("  {}:{} over {:?}", peer.host, peer.port, peer.transport));
        self.0.say(&format!("    {}", String::from_utf8_lossy(bytes)));
        match self.0.failure() {
            None => Ok(()),
            Some(why) => Err(WireError::NotSent(why)),
        }
    }
}

impl Secrets for Door {
    fn secret(&self, reference: &str) -> Result<SecretString, SecretsError> {
        let missing = || SecretsError::Missing { reference: reference.to_owned(), reason: "not in the case".into() };
        self.0.secrets.get(reference).cloned().map(SecretString::from).ok_or_else(missing)
    }
}

pub(crate) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(Time::parse("2026-03-24T11:00:00Z").unwrap()))
}
