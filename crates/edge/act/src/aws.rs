//! AWS as its responders need it: whose credentials, where to, signed; the Query API, the JSON API and REST.
//!
//! It is no SDK: no credential chain, no region discovery beyond S3's own redirect, no call that a responder does not name.

mod answer;
mod attached;
mod inline;
mod principal;
mod probe;

pub(crate) use answer::Answer;
pub(crate) use attached::{DENY_ALL, DenyAll};
pub(crate) use inline::Inline;
pub(crate) use principal::{Kind, Principal, is_caller, is_session_of};
pub(crate) use probe::{admitted, effective};

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use firebreak_model::{Action, Time};
use firebreak_world::{AwsKeys, Request, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
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
    Organizations,
    SecretsManager,
    Ec2,
    Lambda,
}

impl Service {
    const fn word(self) -> &'static str {
        match self {
            Service::Iam => "iam",
            Service::Sts => "sts",
            Service::S3 => "s3",
            Service::Organizations => "organizations",
            Service::SecretsManager => "secretsmanager",
            Service::Ec2 => "ec2",
            Service::Lambda => "lambda",
        }
    }

    /// Whether the service is one for all regions, at home in `us-east-1`.
    const fn is_global(self) -> bool {
        matches!(self, Service::Iam | Service::Organizations)
    }
}

/// An account and the credentials to call it with.
pub(crate) struct Aws<'a> {
    context: &'a Context<'a>,
    account: &'a Account,
    region: &'a str,
    credentials: AwsKeys,
}

impl<'a> Aws<'a> {
    /// The account that the action names, with our own credentials.
    pub(crate) fn of(context: &'a Context<'a>, action: &Action) -> Result<Aws<'a>, ActError> {
        Aws::of_account(context, parameter(action, "account")?)
    }

    /// The account `number`, with our own credentials.
    pub(crate) fn of_account(context: &'a Context<'a>, number: &str) -> Result<Aws<'a>, ActError> {
        let account = configured(context, number)?;
        Aws::with(context, account, &account.keys)
    }

    /// The same in another region, or in the account's own where `region` is empty.
    pub(crate) fn in_region(self, region: &'a str) -> Aws<'a> {
        if region.is_empty() { self } else { Aws { region, ..self } }
    }

    /// The account that the action names, with the credentials in `keys`: a probe with the old authority.
    pub(crate) fn probing(context: &'a Context<'a>, action: &Action, keys: &Keys) -> Result<Aws<'a>, ActError> {
        Aws::with(context, account_of(context, action)?, keys)
    }

    fn with(context: &'a Context<'a>, account: &'a Account, keys: &Keys) -> Result<Aws<'a>, ActError> {
        let text = |reference: &str| context.secret(reference).map(|secret| secret.expose_secret().to_owned());
        let token = keys.session_token.as_deref().map(text).transpose()?;
        let (id, secret) = (text(&keys.access_key_id)?, text(&keys.secret_access_key)?);
        Ok(Aws { context, account, region: &account.region, credentials: AwsKeys::new(&id, &secret, token) })
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
        let region = self.home(service);
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

    /// One call of EC2.
    pub(crate) async fn ec2(&self, action: &str, fields: &[(&str, &str)]) -> Result<Answer, ActError> {
        self.query(Service::Ec2, "2016-11-15", action, fields).await
    }

    /// One call of a service that takes JSON. `target` names it as the service does: `secretsmanager.RotateSecret`.
    pub(crate) async fn json(&self, service: Service, target: &str, body: &Value) -> Result<Answer, ActError> {
        let region = self.home(service);
        let request = Request {
            method: "POST".to_owned(),
            url: format!("{}/", self.base(service, region)),
            headers: vec![
                ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target".to_owned(), target.to_owned()),
            ],
            body: body.to_string().into_bytes(),
        };
        let shape = format!("POST / X-Amz-Target={target}");
        let response = self.context.http(&shape, || self.signed(service, region, request.clone())).await?;
        Answer::read(target, response)
    }

    /// One call of Lambda of the shape `shape`. `path` begins with a slash.
    pub(crate) async fn lambda(&self, shape: &str, path: &str, body: &str) -> Result<Answer, ActError> {
        let mut headers = Vec::new();
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let url = format!("{}{path}", self.base(Service::Lambda, self.region));
        let method = shape.split(' ').next().unwrap_or_default().to_owned();
        let request = Request { method, url, headers, body: body.as_bytes().to_vec() };
        let response = self.context.http(shape, || self.signed(Service::Lambda, self.region, request.clone())).await?;
        Answer::read(shape, response)
    }

    /// Whom AWS takes us for: the ARN of a user, or of a session of a role.
    pub(crate) async fn caller(&self) -> Result<String, ActError> {
        let answer = self.query(Service::Sts, "2011-06-15", "GetCallerIdentity", &[]).await?;
        Ok(answer.success("our own identity")?.first("Arn").unwrap_or_default())
    }

    fn home(&self, service: Service) -> &str {
        if service.is_global() { "us-east-1" } else { self.region }
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
    configured(context, parameter(action, "account")?)
}

fn configured<'a>(context: &Context<'a>, number: &str) -> Result<&'a Account, ActError> {
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

/// The region that an action is about: of the target's ARN, else the parameter `region`; empty where neither says one.
pub(crate) fn region_in(action: &Action) -> &str {
    let arn = action.target.name().starts_with("arn:").then(|| action.target.name().split(':').nth(3)).flatten();
    let named = action.parameters.get("region").map(|region| region.as_str());
    arn.filter(|region| !region.is_empty()).or(named).unwrap_or_default()
}

/// A time as IAM policies write it: whole seconds, `Z`.
pub(crate) fn policy_time(time: Time) -> String {
    Time::from_seconds(time.seconds()).to_string()
}
