//! Calls of one bucket: signed, put off as long as the server asks, sent again where they were lost.

use super::listing::{Page, read};
use crate::calls::{Refusal, TRIES, WAIT_MAX, Wait, encoded, header, is_origin};
use firebreak_world::{AwsKeys, Request, Response, Secrets, SecretsError, World};
use futures_util::future::join_all;
use std::io;
use std::ops::Range;
use std::sync::Mutex;
use std::time::Duration;
use thiserror::Error;
use tokio::runtime::Runtime;

/// Why a bucket cannot be asked.
#[derive(Debug, Error)]
pub enum S3Error {
    /// It is no address.
    #[error("it is not the address of a bucket\nhint: write s3://bucket or s3://bucket/prefix")]
    Form,
    /// Its endpoint is no address, or does not keep secret what is sent there.
    #[error("`{0}` is not an endpoint\nhint: write https://host, or http:// for this machine")]
    Endpoint(String),
    /// It is not the name of a region.
    #[error("`{0}` is not the name of a region\nhint: write `us-east-1`")]
    Region(String),
    /// The credential is not there.
    #[error(transparent)]
    Secret(#[from] SecretsError),
}

/// Which bucket, and as whom it is read.
#[derive(Debug)]
pub struct S3Access {
    bucket: String,
    prefix: String,
    endpoint: Option<String>,
    region: String,
    keys: AwsKeys,
}

impl S3Access {
    /// The bucket that `written` names, at `endpoint` or at AWS, read with the access key whose id, secret and session token the references
    /// name.
    ///
    /// # Errors
    /// If it is no address, or the credential cannot be read.
    pub fn read(
        written: &str,
        (endpoint, region): (Option<&str>, &str),
        (id, secret, token): (&str, &str, Option<&str>),
        secrets: &dyn Secrets,
    ) -> Result<S3Access, S3Error> {
        let rest = written.strip_prefix("s3://").ok_or(S3Error::Form)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if !(3..=255).contains(&bucket.len()) || !bucket.bytes().all(plain) || bucket.starts_with('.') {
            return Err(S3Error::Form);
        }
        let endpoint = endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned());
        if let Some(wrong) = endpoint.as_ref().filter(|endpoint| !is_origin(endpoint)) {
            return Err(S3Error::Endpoint(wrong.clone()));
        }
        if !is_region(region) {
            return Err(S3Error::Region(region.to_owned()));
        }
        let keys = AwsKeys::read(secrets, id, secret, token)?;
        let (bucket, prefix, region) = (bucket.to_owned(), prefix.to_owned(), region.to_owned());
        Ok(S3Access { bucket, prefix, endpoint, region, keys })
    }

    /// The bucket as the inventory calls it: by its ARN at AWS, by its host elsewhere.
    pub fn resource(&self) -> String {
        let host = self.endpoint.as_deref().and_then(|endpoint| endpoint.split_once("://")).map(|(_, host)| host);
        match host.filter(|host| !host.ends_with(".amazonaws.com")) {
            Some(host) => format!("resource:s3/{host}/{}", self.bucket),
            None => format!("resource:aws/arn:aws:s3:::{}", self.bucket),
        }
    }
}

fn is_region(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len()) && name.bytes().all(plain)
}

pub(super) struct Client {
    runtime: Runtime,
    world: World,
    access: S3Access,
    /// Where the bucket said that it is.
    region: Mutex<String>,
    wait: Wait,
}

impl Client {
    pub(super) fn new(world: World, access: S3Access, wait: Wait) -> io::Result<Client> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let region = Mutex::new(access.region.clone());
        Ok(Client { runtime, world, access, region, wait })
    }

    /// The page of the list that begins at `from`.
    pub(super) fn page(&self, from: Option<&str>) -> Result<Page, Refusal> {
        let mut query = "encoding-type=url&list-type=2&max-keys=1000".to_owned();
        // In the order of their names, as they are signed.
        if let Some(from) = from {
            query = format!("continuation-token={}&{query}", encoded(from));
        }
        if !self.access.prefix.is_empty() {
            query = format!("{query}&prefix={}", encoded(&self.access.prefix));
        }
        let response = self.runtime.block_on(self.sent("", &query, &[]))?;
        read(&response.body).ok_or_else(|| Refusal {
            status: response.status,
            code: String::new(),
            reason: "its list of objects cannot be read".to_owned(),
        })
    }

    /// The first bytes of several objects, asked for at the same time.
    pub(super) fn beginnings(&self, objects: &[(&str, String)], most: u64) -> Vec<Result<Vec<u8>, Refusal>> {
        let all = objects.iter().map(|(name, tag)| self.bytes(name, tag, 0..most));
        self.runtime.block_on(join_all(all))
    }

    /// A range of an object.
    pub(super) fn range(&self, name: &str, tag: &str, range: Range<u64>) -> Result<Vec<u8>, Refusal> {
        self.runtime.block_on(self.bytes(name, tag, range))
    }

    async fn bytes(&self, name: &str, tag: &str, range: Range<u64>) -> Result<Vec<u8>, Refusal> {
        if name.split('/').any(|part| part == "." || part == "..") {
            let (code, reason) = ("UnaskableName".to_owned(), String::new());
            return Err(Refusal { status: 400, code, reason });
        }
        let path: Vec<String> = name.split('/').map(encoded).collect();
        let bytes = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
        let mut headers = vec![("range", bytes.as_str())];
        // The version that was listed, so that no two are read as one.
        headers.extend((!tag.is_empty()).then_some(("if-match", tag)));
        let response = self.sent(&format!("/{}", path.join("/")), "", &headers).await?;
        match (response.status, range.start) {
            // Whoever knows no ranges gives all of it.
            (206, _) | (200, 0) => Ok(response.body),
            (200, start) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                Ok(response.body.get(start..).unwrap_or_default().to_vec())
            }
            (status, _) => Err(Refusal { status, code: String::new(), reason: format!("it answered {status}") }),
        }
    }

    /// One `GET` of the bucket, sent again while the server puts it off.
    async fn sent(&self, path: &str, query: &str, headers: &[(&str, &str)]) -> Result<Response, Refusal> {
        let (mut tried, mut moved) = (0, false);
        loop {
            tried += 1;
            let region = self.region.lock().map(|region| region.clone()).unwrap_or_default();
            let request = self.request(&region, path, query, headers);
            let signed = self.access.keys.signed("s3", &region, self.world.clock.now(), request);
            let signed = signed.map_err(|reason| Refusal { status: 400, code: String::new(), reason })?;
            let (wait, refusal) = match self.world.http.send(signed).await {
                Ok(response) if response.status < 300 => return Ok(response),
                Ok(response) => {
                    if let Some(elsewhere) = elsewhere(&response, &region).filter(|_| !moved) {
                        moved = true;
                        self.region.lock().into_iter().for_each(|mut region| region.clone_from(&elsewhere));
                        continue;
                    }
                    match later(&response, tried) {
                        Some(wait) => (wait, refused(&response)),
                        None => return Err(refused(&response)),
                    }
                }
                Err(error) => {
                    let refusal = Refusal { status: 0, code: String::new(), reason: error.to_string() };
                    (Duration::from_secs(1 << tried), refusal)
                }
            };
            if tried == TRIES {
                return Err(Refusal { status: 0, reason: format!("{}, {tried} times", refusal.reason), ..refusal });
            }
            // All calls wait with it: that is what was asked for.
            (self.wait)(wait);
        }
    }

    fn request(&self, region: &str, path: &str, query: &str, headers: &[(&str, &str)]) -> Request {
        let base = self.access.endpoint.clone().unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        Request {
            method: "GET".to_owned(),
            url: format!("{base}/{}{path}{query}", self.access.bucket),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: Vec::new(),
        }
    }
}

/// The region where the bucket is, where it is another than the one that was asked.
fn elsewhere(response: &Response, asked: &str) -> Option<String> {
    let region = header(response, "x-amz-bucket-region").filter(|region| is_region(region) && *region != asked);
    region.filter(|_| matches!(response.status, 301 | 307 | 400)).map(str::to_owned)
}

/// How long a call is put off, where asking again may help.
fn later(response: &Response, tried: u32) -> Option<Duration> {
    let busy = matches!(code(response).as_str(), "SlowDown" | "Throttling" | "RequestLimitExceeded" | "RequestTimeout");
    (busy || response.status == 429 || response.status >= 500).then(|| {
        let asked = header(response, "retry-after").and_then(|text| text.trim().parse().ok());
        asked.map_or(Duration::from_secs(1 << tried), Duration::from_secs).min(WAIT_MAX)
    })
}

fn refused(response: &Response) -> Refusal {
    let (status, code) = (response.status, code(response));
    let shown = if code.is_empty() { String::new() } else { format!(" {code}") };
    let why = match (status, code.as_str()) {
        (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch") | (401, _) => ": our credential is not accepted",
        (403, _) => ": our credential may not read this",
        (404, _) => ": there is no such bucket",
        _ => "",
    };
    Refusal { status, code, reason: format!("it answered {status}{shown}{why}") }
}

/// The code of an error: letters alone, whatever a server writes there.
fn code(response: &Response) -> String {
    let text = std::str::from_utf8(&response.body).unwrap_or_default();
    let document = roxmltree::Document::parse(text).ok();
    let code = document.as_ref().and_then(|document| {
        let node = document.descendants().find(|node| node.tag_name().name() == "Code")?;
        node.text()
    });
    code.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use firebreak_world::{Http, HttpError};
    use secrecy::SecretString;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Hush;

    impl Secrets for Hush {
        fn secret(&self, reference: &str) -> Result<SecretString, SecretsError> {
            Ok(SecretString::from(format!("hush-{reference}")))
        }
    }

    fn access(written: &str, endpoint: Option<&str>) -> Result<S3Access, S3Error> {
        S3Access::read(written, (endpoint, "us-east-1"), ("env:ID", "env:SECRET", None), &Hush)
    }

    #[test]
    fn a_bucket_is_called_as_the_inventory_calls_it() {
        assert_eq!(access("s3://payroll/2026/", None).unwrap().resource(), "resource:aws/arn:aws:s3:::payroll");
        let elsewhere = access("s3://payroll", Some("https://minio.internal:9000/")).unwrap();
        assert_eq!(elsewhere.resource(), "resource:s3/minio.internal:9000/payroll");
        assert!(!format!("{elsewhere:?}").contains("hush-env:SECRET"));
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for wrong in ["s3://", "s3://ab", "s3://a@b.example", "s3://a?b=c", "https://a", "s3://../x"] {
            assert!(matches!(access(wrong, None), Err(S3Error::Form)), "{wrong}");
        }
        for wrong in ["http://far.example", "https://a@b", "https://a/b", "ftp://a", "https://"] {
            assert!(matches!(access("s3://abc", Some(wrong)), Err(S3Error::Endpoint(_))), "{wrong}");
        }
    }

    static WAITED: AtomicU64 = AtomicU64::new(0);

    fn note(wait: Duration) {
        WAITED.fetch_add(wait.as_secs(), Ordering::SeqCst);
    }

    /// Answers what is given, one after the other.
    struct Answers(Mutex<Vec<Response>>);

    #[async_trait]
    impl Http for Answers {
        async fn send(&self, request: Request) -> Result<Response, HttpError> {
            assert!(request.headers.iter().any(|(name, _)| name == "authorization"));
            Ok(self.0.lock().unwrap().remove(0))
        }
    }

    #[test]
    fn a_server_that_asks_for_time_gets_it() {
        let answer = |status, headers: &[(&str, &str)], body: &str| Response {
            status,
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
        };
        let slow = "<Error><Code>SlowDown</Code></Error>";
        let answers = vec![
            answer(503, &[("retry-after", "7")], slow),
            answer(429, &[("retry-after", "9999")], ""),
            answer(206, &[], "x"),
        ];
        let world = World { http: Arc::new(Answers(Mutex::new(answers))), ..World::simulated(1) };
        let client = Client::new(world, access("s3://abc", None).unwrap(), Arc::new(note)).unwrap();
        assert_eq!(client.range("a", "", 0..1).unwrap(), b"x");
        assert_eq!(WAITED.load(Ordering::SeqCst), 307, "what it asked for, and not for ever");
    }

    #[test]
    fn a_name_that_would_lead_elsewhere_is_not_asked_for() {
        let world = World { http: Arc::new(Answers(Mutex::new(Vec::new()))), ..World::simulated(1) };
        let client = Client::new(world, access("s3://abc", None).unwrap(), Arc::new(note)).unwrap();
        assert_eq!(client.range("a/../../other/secret", "", 0..1).unwrap_err().code, "UnaskableName");
    }
}
