//! One call of AWS: where to, signed, sent again where AWS puts it off, its answer as JSON.

use super::xml;
use crate::address::origin_of;
use crate::collect::{CollectError, Settings, Tried, Waiting, delay, encoded, patiently};
use crate::json::text;
use firebreak_world::{AwsKeys, Request, Response, World};
use serde_json::Value;

/// The region in which AWS keeps what belongs to none.
const GLOBAL: &str = "us-east-1";

/// Codes of errors that mean: later.
const LATER: [&str; 7] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "RequestThrottled",
];

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    /// The code of AWS's error; empty where there is none.
    pub(super) code: String,
    /// In words.
    pub(super) reason: String,
}

/// An answer, or AWS's error.
type Answered = Result<(Vec<(String, String)>, Vec<u8>), Refusal>;

/// Whom we ask, and as whom.
pub(super) struct Client<'a> {
    world: &'a World,
    waiting: &'a dyn Waiting,
    keys: AwsKeys,
    /// One address for all services instead of AWS's own: a proxy or an emulator.
    endpoint: Option<String>,
    calls: u64,
}

/// Whether text is the name of a region, and nothing that leads to another host.
pub(super) fn is_region(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len()) && name.bytes().all(plain)
}

/// The regions that a setting names.
pub(super) fn named_regions(written: &str) -> Result<Vec<String>, CollectError> {
    let names: Vec<String> =
        written.split([',', ' ']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let form = "hint: write `regions = \"us-east-1, eu-west-1\"`, or `all`";
    match names.iter().find(|name| !is_region(name)) {
        Some(strange) => Err(CollectError::Settings(format!("`{strange}` is not the name of a region\n{form}"))),
        None if names.is_empty() => Err(CollectError::Settings(format!("`regions` names no region\n{form}"))),
        None => Ok(names),
    }
}

impl<'a> Client<'a> {
    pub(super) fn new(
        world: &'a World,
        waiting: &'a dyn Waiting,
        settings: &Settings,
    ) -> Result<Client<'a>, CollectError> {
        let value = |name: &str| settings.values.get(name).map(String::as_str);
        let missing =
            |what: &str, hint: &str| CollectError::Settings(format!("{what} for `{}`\nhint: {hint}", settings.scanner));
        let secret = settings.credential.as_deref();
        let secret = secret.ok_or_else(|| {
            missing("there is no `credential`", "write where the secret access key is: `env:NAME` or `file:/path`")
        })?;
        let id = value("access_key_id").ok_or_else(|| {
            missing("there is no `access_key_id`", "write where the access key id is: `env:NAME` or `file:/path`")
        })?;
        let keys = AwsKeys::read(&*world.secrets, id, secret, value("session_token"))?;
        let endpoint = settings.url.trim_end_matches('/');
        if !endpoint.is_empty() && origin_of(endpoint) != Some(endpoint) {
            return Err(CollectError::Settings(format!(
                "`{endpoint}` is not an address\nhint: leave `url` out for AWS itself, or write https://host"
            )));
        }
        let endpoint = Some(endpoint.to_owned()).filter(|endpoint| !endpoint.is_empty());
        Ok(Client { world, waiting, keys, endpoint, calls: 0 })
    }

    /// How many calls were answered.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    fn base(&self, service: &str, region: &str) -> String {
        match (&self.endpoint, service) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, "iam") => "https://iam.amazonaws.com".to_owned(),
            (None, "ecr") => format!("https://api.ecr.{region}.amazonaws.com"),
            (None, service) => format!("https://{service}.{region}.amazonaws.com"),
        }
    }

    /// One call of a service that takes forms and answers in XML, in the region of what belongs to none: what is in its
    /// result.
    pub(super) async fn query(
        &mut self,
        service: &str,
        version: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<Value, Refusal> {
        self.query_in(GLOBAL, service, version, action, fields).await
    }

    /// The same in another region.
    pub(super) async fn query_in(
        &mut self,
        region: &str,
        service: &str,
        version: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<Value, Refusal> {
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in fields {
            body.push_str(&format!("&{name}={}", encoded(value)));
        }
        let form = ("content-type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned());
        let request = Request {
            method: "POST".to_owned(),
            url: format!("{}/", self.base(service, region)),
            headers: vec![form],
            body: body.into_bytes(),
        };
        let (_, body) = self.send(service, region, &request).await?;
        let answer = parsed_xml(&body)?;
        let result = answer.get(format!("{action}Result")).cloned();
        Ok(result.unwrap_or(answer))
    }

    /// One call of a service that takes JSON and is told by a header what is wanted.
    pub(super) async fn json(
        &mut self,
        region: &str,
        service: &str,
        target: &str,
        body: &Value,
    ) -> Result<Value, Refusal> {
        let version = if service == "sqs" { "1.0" } else { "1.1" };
        let headers = vec![
            ("content-type".to_owned(), format!("application/x-amz-json-{version}")),
            ("x-amz-target".to_owned(), target.to_owned()),
        ];
        let (method, url) = ("POST".to_owned(), format!("{}/", self.base(service, region)));
        let request = Request { method, url, headers, body: body.to_string().into_bytes() };
        let (_, body) = self.send(service, region, &request).await?;
        parsed_json(&body)
    }

    /// The same of a service that belongs to no region.
    pub(super) async fn global_json(&mut self, service: &str, target: &str, body: &Value) -> Result<Value, Refusal> {
        self.json(GLOBAL, service, target, body).await
    }

    /// One `GET` that answers JSON. `path` begins with a slash.
    pub(super) async fn get(&mut self, region: &str, service: &str, path: &str) -> Result<Value, Refusal> {
        let url = format!("{}{path}", self.base(service, region));
        let (_, body) = self.send(service, region, &get(url)).await?;
        parsed_json(&body)
    }

    /// One `GET` of S3, which answers XML, or a policy as it was put. A bucket of another region is asked there.
    pub(super) async fn s3(&mut self, path: &str) -> Result<String, Refusal> {
        let first = self.s3_in(GLOBAL, path).await;
        let answer = match first {
            Err((_, Some(region))) if is_region(&region) && region != GLOBAL => self.s3_in(&region, path).await,
            other => other,
        };
        answer.map_err(|(refusal, _)| refusal)
    }

    async fn s3_in(&mut self, region: &str, path: &str) -> Result<String, (Refusal, Option<String>)> {
        let url = format!("{}{path}", self.base("s3", region));
        let mut elsewhere = None;
        let answer = self.tried("s3", region, &get(url), &mut elsewhere).await;
        match answer {
            Ok((_, body)) => {
                String::from_utf8(body).map_err(|_| (refusal("", "the answer is not UTF-8".to_owned()), None))
            }
            Err(refusal) => Err((refusal, elsewhere)),
        }
    }

    /// Whether the account as a whole keeps public buckets shut.
    pub(super) async fn account_block(&mut self, account: &str) -> Result<Value, Refusal> {
        let base = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("https://{account}.s3-control.{GLOBAL}.amazonaws.com"),
        };
        let mut request = get(format!("{base}/v20180820/configuration/publicAccessBlock"));
        request.headers.push(("x-amz-account-id".to_owned(), account.to_owned()));
        let (_, body) = self.send("s3", GLOBAL, &request).await?;
        parsed_xml(&body)
    }

    async fn send(&mut self, service: &str, region: &str, request: &Request) -> Answered {
        self.tried(service, region, request, &mut None).await
    }

    async fn tried(
        &mut self,
        service: &str,
        region: &str,
        request: &Request,
        elsewhere: &mut Option<String>,
    ) -> Answered {
        // A try that comes later is signed at its own time.
        let signed = || self.keys.signed(service, region, self.world.clock.now(), request.clone());
        let answer = patiently(self.world, self.waiting, signed, read).await;
        let response = answer.map_err(|reason| refusal("", reason))?;
        let status = response.status;
        if status < 300 {
            self.calls += 1;
            return Ok((response.headers, response.body));
        }
        *elsewhere = header(&response, "x-amz-bucket-region").filter(|_| matches!(status, 301 | 307 | 400)).cloned();
        let code = code(&response);
        // That something is not there is an answer, too.
        self.calls += u64::from(status == 404);
        let why = match (status, code.as_str()) {
            (_, "InvalidClientTokenId" | "UnrecognizedClientException" | "InvalidAccessKeyId") | (401, _) => {
                ": our credential is not accepted"
            }
            (403, _) | (_, "AccessDenied" | "AccessDeniedException") => ": our credential may not read this",
            _ => "",
        };
        let shown = if code.is_empty() { String::new() } else { format!(" {code}") };
        Err(refusal(&code, format!("it answered {status}{shown}{why}")))
    }
}

fn get(url: String) -> Request {
    Request { method: "GET".to_owned(), url, headers: Vec::new(), body: Vec::new() }
}

fn refusal(code: &str, reason: String) -> Refusal {
    Refusal { code: code.to_owned(), reason }
}

fn header<'r>(response: &'r Response, wanted: &str) -> Option<&'r String> {
    response.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// What one try came to; AWS's errors are answers here.
fn read(response: Response) -> Tried<Response> {
    let later = response.status == 429 || response.status >= 500 || {
        response.status >= 400 && LATER.contains(&code(&response).as_str())
    };
    if !later {
        return Tried::Done(response);
    }
    let asked = header(&response, "retry-after").cloned();
    Tried::Later(delay(asked.as_ref()), format!("it answered {}", response.status))
}

/// The code of an error, in whichever way the service writes it.
fn code(response: &Response) -> String {
    if response.status < 300 {
        return String::new();
    }
    let of_xml = || {
        let answer = parsed_xml(&response.body).ok()?;
        let inner = answer.get("Error").or_else(|| answer.get("Errors")?.get("Error")).unwrap_or(&answer);
        text(inner, "Code").map(str::to_owned)
    };
    let of_json = || {
        let answer = parsed_json(&response.body).ok()?;
        ["__type", "code", "Code"].iter().find_map(|key| text(&answer, key)).map(str::to_owned)
    };
    let found = of_json().or_else(of_xml).or_else(|| header(response, "x-amzn-errortype").cloned()).unwrap_or_default();
    // `com.amazonaws.sqs#QueueDoesNotExist`, `AccessDeniedException:http://…`.
    let found = found.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
    found.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').take(80).collect()
}

fn parsed_json(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| refusal("", format!("the answer is not JSON: {error}").replace('\n', " ")))
}

/// An answer in XML as JSON: what is in its outermost element.
fn parsed_xml(body: &[u8]) -> Result<Value, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| refusal("", "the answer is not UTF-8".to_owned()))?;
    xml::read(text).map_err(|reason| refusal("", format!("the answer is not XML: {reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn errors_are_told_by_their_code_in_every_form() {
        let query = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code></Error></ErrorResponse>";
        let rest = "<Error><Code>NoSuchBucketPolicy</Code><Message>m</Message></Error>";
        let ec2 = "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>";
        let json = r#"{"__type":"com.amazonaws.kms#AccessDeniedException","message":"hush"}"#;
        for (body, code_in_it) in [
            (query, "AccessDenied"),
            (rest, "NoSuchBucketPolicy"),
            (ec2, "UnauthorizedOperation"),
            (json, "AccessDeniedException"),
            ("neither", ""),
        ] {
            assert_eq!(code(&answer(400, body)), code_in_it, "{body}");
        }
        assert_eq!(code(&answer(400, r#"{"__type":"a b\n<c>:d"}"#)), "abc", "nothing that moves a cursor");
        assert!(matches!(read(answer(400, r#"{"__type":"ThrottlingException"}"#)), Tried::Later(..)));
        assert!(matches!(read(answer(403, query)), Tried::Done(_)));
    }

    #[test]
    fn regions_are_names_and_lead_nowhere_else() {
        assert_eq!(named_regions("us-east-1, eu-west-1").unwrap(), ["us-east-1", "eu-west-1"]);
        for strange in ["", " , ", "eu-west-1.evil.example/", "EU", "a@b"] {
            assert!(named_regions(strange).is_err(), "{strange}");
        }
    }
}
