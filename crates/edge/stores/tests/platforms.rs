//! Google Drive and Slack as stand-ins in this process, which hold every request against the platform's own description
//! (`lab/descriptions`). They are no proof of what a platform does in fact.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, reason = "a test")]

#[path = "../../act/tests/standin/description.rs"]
mod description;
#[path = "platforms/drive.rs"]
mod drive;
#[path = "platforms/slack.rs"]
mod slack;

use async_trait::async_trait;
use description::Description;
use firebreak_classify::Classes;
use firebreak_model::{Fingerprinter, Time};
use firebreak_stores::{Gap, Means, OpenStore, Options, Scan, ScanError, Scanned, State};
use firebreak_world::{Clock, FixedClock, Http, HttpError, Request, Response, Secrets, SecretsError, World};
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TOKEN: &str = "hush-token";
/// 2026-03-24.
const NOW: i64 = 1_774_310_400;

/// One request, decoded.
pub(crate) struct Heard {
    pub(crate) method: String,
    pub(crate) path: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
    pub(crate) is_form: bool,
}

impl Heard {
    fn of(request: &Request) -> Heard {
        let (_, rest) = request.url.split_once("://").unwrap();
        let (host, target) = rest.split_once('/').unwrap_or((rest, ""));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let host = ("host".to_owned(), host.to_owned());
        let headers: BTreeMap<String, String> = request.headers.iter().cloned().chain([host]).collect();
        let is_form = headers.get("content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
        let form = fields(std::str::from_utf8(&request.body).unwrap());
        Heard {
            method: request.method.clone(),
            path: path.split('/').map(decoded).collect(),
            query: fields(query),
            headers,
            body: if form.is_empty() { Value::Null } else { serde_json::to_value(form).unwrap() },
            is_form,
        }
    }

    fn host(&self) -> &str {
        self.headers.get("host").map_or("", String::as_str)
    }

    fn field(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn asked(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// The bytes of `all` that were asked for.
    fn part(&self, all: &[u8]) -> Response {
        let range = self.headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let Some((first, last)) = range else { return bytes(200, all) };
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        bytes(206, &all[first..(last + 1).min(all.len())])
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

pub(crate) fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn bytes(status: u16, body: &[u8]) -> Response {
    Response { status, headers: vec![("content-type".into(), "application/octet-stream".into())], body: body.to_vec() }
}

fn json(status: u16, body: Value) -> Response {
    let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
    Response { status, headers, body: body.to_string().into_bytes() }
}

fn later(seconds: u64) -> Response {
    Response { status: 429, headers: vec![("retry-after".into(), seconds.to_string())], body: Vec::new() }
}

type Answer = dyn Fn(&Heard) -> Response + Send + Sync;

/// A platform: what it answers, and what was asked.
struct Platform {
    description: Description,
    answer: Box<Answer>,
    /// `METHOD /path` of every request, in order.
    asked: Mutex<Vec<String>>,
    clock: Arc<FixedClock>,
}

#[async_trait]
impl Http for Platform {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let heard = Heard::of(&request);
        let own = format!("Bearer {TOKEN}");
        assert_eq!(heard.headers.get("authorization"), Some(&own));
        // Files of Slack are on a server of their own, of which no description speaks.
        if heard.host() != "files.slack.com" {
            assert_eq!(self.description.complaint(&heard), None);
        }
        self.asked.lock().unwrap().push(format!("{} /{}", heard.method, heard.path.join("/")));
        Ok((self.answer)(&heard))
    }
}

struct Hush;

impl Secrets for Hush {
    fn secret(&self, _: &str) -> Result<SecretString, SecretsError> {
        Ok(SecretString::from(TOKEN.to_owned()))
    }
}

impl Platform {
    fn of(name: &str, answer: impl Fn(&Heard) -> Response + Send + Sync + 'static) -> Arc<Platform> {
        let (description, asked) = (Description::of(name), Mutex::default());
        let clock = Arc::new(FixedClock::at(Time::from_seconds(NOW)));
        Arc::new(Platform { description, answer: Box::new(answer), asked, clock })
    }

    fn world(self: &Arc<Platform>) -> World {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        World { http: Arc::clone(self) as Arc<dyn Http>, clock, ..World::simulated(1) }
    }

    /// What was asked since this was called last.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn scan(mut store: OpenStore<'_>, state: &mut State) -> Result<Scan, ScanError> {
    let (classes, key) = (Classes::all(), Fingerprinter::new([7; 32]));
    let options = Options::default();
    let means = Means {
        options: &options,
        classes: &classes,
        fingerprinter: &key,
        letters: None,
        wait: &|_| {},
        stop: &|| false,
    };
    store.scan(&means, state, &mut |_| Ok(()))
}

/// Waits for nothing, and notes for how long it should have.
fn noting(waited: &Arc<Mutex<u64>>) -> firebreak_stores::stores::Wait {
    let waited = Arc::clone(waited);
    Arc::new(move |time: Duration| *waited.lock().unwrap() += time.as_secs())
}

fn resource<'s>(scan: &'s Scan, name: &str) -> &'s Scanned {
    scan.resources.iter().find(|one| one.resource == name).unwrap_or_else(|| panic!("no {name}: {scan:?}"))
}

fn records(scanned: &Scanned, class: &str) -> u64 {
    scanned.held.iter().find(|held| held.class == class).map_or(0, |held| held.estimate.seen)
}

fn gap(gaps: &[Gap], words: &str) -> u64 {
    gaps.iter().filter(|gap| gap.what.contains(words)).map(|gap| gap.count).sum()
}
