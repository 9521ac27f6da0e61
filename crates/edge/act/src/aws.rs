//! AWS as the three responders need it: whose credentials, where to, signed; IAM and STS by the Query API, S3 by REST.
//!
//! It is no SDK: no credential chain, no region discovery beyond S3's own redirect, no call that a responder does not name.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use firebreak_model::{Action, Time};
use firebreak_world::{AwsKeys, Request, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[responder.aws]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By account number.
    pub accounts: BTreeMap<String, Account>,
}

/// `[responder.aws.accounts.<number>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What we act with.
    #[serde(flatten)]
    pub keys: Keys,
    /// Region for S3, and for signing. IAM is global and signed for `us-east-1`.
    #[serde(default = "default_region")]
    pub region: String,
    /// One address for all services instead of AWS's own: a proxy or an emulator.
    #[serde(default)]
    pub endpoint: Option<String>,
}

/// References to one set of AWS credentials.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Keys {
    /// A reference to the access key id.
    pub access_key_id: String,
    /// A reference to the secret access key.
    pub secret_access_key: String,
    /// A reference to the session token, for temporary credentials.
    #[serde(default)]
    pub session_token: Option<String>,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

/// What RFC 3986 leaves unencoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encoded for a path segment, a query or a form.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// An AWS service that we call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Service {
    Iam,
    Sts,
    S3,
}

impl Service {
    const fn word(self) -> &'static str {
        match self {
            Service::Iam => "iam",
            Service::Sts => "sts",
            Service::S3 => "s3",
        }
    }
}

/// An account and the credentials to call it with.
pub(crate) struct Aws<'a> {
    context: &'a Context<'a>,
    account: &'a Account,
    credentials: AwsKeys,
}

impl<'a> Aws<'a> {
    /// The account that the action names, with our own credentials.
    pub(crate) fn of(context: &'a Context<'a>, action: &Action) -> Result<Aws<'a>, ActError> {
        let account = account_of(context, action)?;
        Aws::with(context, account, &account.keys)
    }

    /// The account that the action names, with the credentials in `keys`: a probe with the old authority.
    pub(crate) fn probing(context: &'a Context<'a>, action: &Action, keys: &Keys) -> Result<Aws<'a>, ActError> {
        Aws::with(context, account_of(context, action)?, keys)
    }

    fn with(context: &'a Context<'a>, account: &'a Account, keys: &Keys) -> Result<Aws<'a>, ActError> {
        let text = |reference: &str| context.secret(reference).map(|secret| secret.expose_secret().to_owned());
        let token = keys.session_token.as_deref().map(text).transpose()?;
        let (id, secret) = (text(&keys.access_key_id)?, text(&keys.secret_access_key)?);
        Ok(Aws { context, account, credentials: AwsKeys::new(&id, &secret, token) })
    }

    /// The public id of the credentials that we call with.
    pub(crate) fn access_key_id(&self) -> &str {
        self.credentials.access_key_id()
    }

    fn base(&self, service: Service, region: &str) -> String {
        match (&self.account.endpoint, service) {
            (Some(endpoint), _) => endpoint.trim_end_matches('/').to_owned(),
            (None, Service::Iam) => "https://iam.amazonaws.com".to_owned(),
            (None, service) => format!("https://{}.{region}.amazonaws.com", service.word()),
        }
    }

    /// One call of the Query API.
    pub(crate) async fn query(
        &self,
        service: Service,
        version: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, ActError> {
        let region = if service == Service::Iam { "us-east-1" } else { &self.account.region };
        let mut body = format!("Action={}&Version={version}", encoded(action));
        for (name, value) in fields {
            body.push_str(&format!("&{}={}", encoded(name), encoded(value)));
        }
        let request = Request {
            method: "POST".to_owned(),
            url: format!("{}/", self.base(service, region)),
            headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
            body: body.into_bytes(),
        };
        let shape = format!("POST / Action={action}");
        let response = self.context.http(&shape, || self.signed(service, region, request.clone())).await?;
        Answer::read(action, response)
    }

    /// One call of IAM.
    pub(crate) async fn iam(&self, action: &str, fields: &[(&str, &str)]) -> Result<Answer, ActError> {
        self.query(Service::Iam, "2010-05-08", action, fields).await
    }

    /// One call of S3 of the shape `shape`. `path` begins with a slash. A bucket that lives in another region is asked
    /// there, once.
    pub(crate) async fn s3(&self, shape: &str, path: &str, body: &[u8]) -> Result<Answer, ActError> {
        let first = self.s3_in(&self.account.region, shape, path, body).await?;
        let response = match elsewhere(&first, &self.account.region) {
            Some(region) => self.s3_in(&region, shape, path, body).await?,
            None => first,
        };
        Answer::read(shape, response)
    }

    async fn s3_in(&self, region: &str, shape: &str, path: &str, body: &[u8]) -> Result<Response, ActError> {
        let mut headers = Vec::new();
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/xml".to_owned()));
            headers.push(("x-amz-sdk-checksum-algorithm".to_owned(), "SHA256".to_owned()));
            headers.push(("x-amz-checksum-sha256".to_owned(), checksum(body)));
        }
        let url = format!("{}{path}", self.base(Service::S3, region));
        let method = shape.split(' ').next().unwrap_or_default().to_owned();
        let request = Request { method, url, headers, body: body.to_vec() };
        self.context.http(shape, || self.signed(Service::S3, region, request.clone())).await
    }

    fn signed(&self, service: Service, region: &str, request: Request) -> Result<Request, ActError> {
        let url = request.url.clone();
        self.credentials.signed(service.word(), region, self.context.now(), request).map_err(|reason| {
            ActError::unusable(
                format!("a request to `{url}` cannot be signed: {reason}"),
                "check `endpoint` and `region` of the account in `[responder.aws.accounts]`",
            )
        })
    }
}

fn checksum(body: &[u8]) -> String {
    use base64::Engine;
    use sha2::Digest;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(body))
}

/// The account that an action names, as configured.
fn account_of<'a>(context: &Context<'a>, action: &Action) -> Result<&'a Account, ActError> {
    let number = parameter(action, "account")?;
    context.config.aws.accounts.get(number).ok_or_else(|| {
        ActError::unusable(
            format!("no credentials for the AWS account `{number}`"),
            format!("add `[responder.aws.accounts.{number}]` with `access_key_id` and `secret_access_key`"),
        )
    })
}

/// What someone without any credentials is answered, of the shape `shape`; asked again where S3 says that the bucket is.
pub(crate) async fn anonymous(
    context: &Context<'_>,
    action: &Action,
    shape: &str,
    path: &str,
) -> Result<Response, ActError> {
    let account = account_of(context, action)?;
    let ask = async |region: &str| {
        let base = match &account.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://s3.{region}.amazonaws.com"),
        };
        let (method, url) = ("GET".to_owned(), format!("{base}{path}"));
        let build = || Ok(Request { method: method.clone(), url: url.clone(), headers: Vec::new(), body: Vec::new() });
        context.http(shape, build).await
    };
    let first = ask(&account.region).await?;
    match elsewhere(&first, &account.region) {
        Some(region) => ask(&region).await,
        None => Ok(first),
    }
}

/// The region in which the bucket is, where S3 answers that it is not in `here`.
fn elsewhere(response: &Response, here: &str) -> Option<String> {
    let (_, region) = response.headers.iter().find(|(name, _)| name == "x-amz-bucket-region")?;
    (matches!(response.status, 301 | 307 | 400) && region != here).then(|| region.clone())
}

/// One answer of AWS: its status and its XML.
pub(crate) struct Answer {
    call: String,
    pub(crate) status: u16,
    text: String,
}

impl Answer {
    fn read(call: &str, response: Response) -> Result<Answer, ActError> {
        let text = String::from_utf8(response.body)
            .map_err(|_| ActError::Unreadable { call: call.to_owned(), reason: "it is not UTF-8".to_owned() })?;
        Ok(Answer { call: call.to_owned(), status: response.status, text })
    }

    /// The error code, where the answer is an error.
    pub(crate) fn code(&self) -> Option<String> {
        (self.status >= 300).then(|| self.first("Code").unwrap_or_else(|| self.status.to_string()))
    }

    /// The answer, or its error: what AWS says is not there is [`ActError::NotFound`].
    pub(crate) fn success(self, target: &str) -> Result<Answer, ActError> {
        let Some(code) = self.code() else { return Ok(self) };
        let reason = self.first("Message").unwrap_or_else(|| code.clone());
        if matches!(code.as_str(), "NoSuchEntity" | "NoSuchBucket") {
            return Err(ActError::NotFound { target: target.to_owned(), reason });
        }
        Err(ActError::Refused { call: self.call, code, reason })
    }

    /// Text of the first element named `name`.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        let document = roxmltree::Document::parse(&self.text).ok()?;
        let node = document.descendants().find(|node| node.tag_name().name() == name)?;
        node.text().map(str::to_owned)
    }

    /// The named children of every element `parent`, in order: one row for each.
    pub(crate) fn rows(&self, parent: &str, children: &[&str]) -> Result<Vec<Vec<Option<String>>>, ActError> {
        let document = roxmltree::Document::parse(&self.text)
            .map_err(|error| ActError::Unreadable { call: self.call.clone(), reason: error.to_string() })?;
        let text = |node: roxmltree::Node<'_, '_>, name: &str| {
            node.children().find(|child| child.tag_name().name() == name)?.text().map(str::to_owned)
        };
        let parents = document.descendants().filter(|node| node.tag_name().name() == parent);
        Ok(parents.map(|node| children.iter().map(|name| text(node, name)).collect()).collect())
    }
}

/// A time as IAM policies write it: whole seconds, `Z`.
pub(crate) fn policy_time(time: Time) -> String {
    Time::from_seconds(time.seconds()).to_string()
}
