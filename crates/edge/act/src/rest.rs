//! JSON APIs over HTTPS, as most platforms have them: a request made from its declared shape, who we are in a header, and
//! what an answer means.
//!
//! It knows no platform. Whatever comes from logs or inventories goes into a path or a query percent-encoded and as one
//! piece, so that no name can lead a call elsewhere.

use crate::aws::encoded;
use crate::context::Context;
use crate::error::ActError;
use firebreak_world::{Request, Response, is_private};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// One API at one address, with what we show there.
pub struct Rest<'a> {
    context: &'a Context<'a>,
    base: String,
    /// Name and value; secret ones are also in `hush`.
    headers: Vec<(&'static str, SecretString)>,
    /// What must not come back in a message.
    hush: Vec<SecretString>,
}

/// What a request carries.
pub enum Body<'b> {
    /// Nothing.
    None,
    /// JSON.
    Json(&'b Value),
    /// A form.
    Form(&'b [(&'b str, &'b str)]),
}

impl<'a> Rest<'a> {
    /// The API at `base`, as configured: `https`, or this machine.
    ///
    /// # Errors
    /// Where a secret would travel in the clear.
    pub fn at(context: &'a Context<'a>, base: &str) -> Result<Rest<'a>, ActError> {
        if !is_private(base) {
            return Err(ActError::unusable(
                format!("the address `{base}` would carry our token in the clear"),
                "use an address that begins with `https://`",
            ));
        }
        let base = base.trim_end_matches('/').to_owned();
        Ok(Rest { context, base, headers: Vec::new(), hush: Vec::new() })
    }

    /// With a header that is no secret.
    pub fn header(mut self, name: &'static str, value: &str) -> Rest<'a> {
        self.headers.push((name, value.into()));
        self
    }

    /// With a header that says who we are: `prefix` (`Bearer `, `SSWS ` or nothing) and the secret.
    pub fn secret(mut self, name: &'static str, prefix: &str, secret: SecretString) -> Rest<'a> {
        self.headers.push((name, format!("{prefix}{}", secret.expose_secret()).into()));
        self.hush.push(secret);
        self
    }

    /// With `authorization: Bearer …`.
    pub fn bearer(self, token: SecretString) -> Rest<'a> {
        self.secret("authorization", "Bearer ", token)
    }

    /// Keeps `secret`, which goes into a body, out of messages too.
    pub fn hushing(mut self, secret: SecretString) -> Rest<'a> {
        self.hush.push(secret);
        self
    }

    /// One call of the shape `shape` (`DELETE {api}/orgs/{org}/members/{user}?page`): `fill` has a value for each `{…}` after
    /// the address and for each name of the query, in order. Gives an answer of 200 to 299.
    ///
    /// # Errors
    /// [`ActError::NotFound`] for 404 and 410, [`ActError::Drift`] for 409 and 412, [`ActError::Refused`] for what else
    /// the platform refuses, with its own code and words.
    pub async fn call(&self, shape: &str, fill: &[&str], body: Body<'_>) -> Result<Answer, ActError> {
        let answer = self.ask(shape, fill, body).await?;
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(answer.refusal()) }
    }

    /// The same, whatever the status.
    pub async fn ask(&self, shape: &str, fill: &[&str], body: Body<'_>) -> Result<Answer, ActError> {
        let (method, url) = address(shape, &self.base, fill)?;
        let mut headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, value)| ((*name).to_owned(), value.expose_secret().to_owned())).collect();
        if !self.headers.iter().any(|(name, _)| *name == "accept") {
            headers.push(("accept".to_owned(), "application/json".to_owned()));
        }
        let (kind, bytes) = match body {
            Body::None => (None, Vec::new()),
            Body::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
            Body::Form(fields) => {
                let pairs: Vec<_> =
                    fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
                (Some("application/x-www-form-urlencoded"), pairs.join("&").into_bytes())
            }
        };
        headers.extend(kind.map(|kind| ("content-type".to_owned(), kind.to_owned())));
        let request = Request { method, url: url.clone(), headers, body: bytes };
        let response = self.context.http(shape, || Ok(request.clone())).await?;
        let path = url.strip_prefix(&self.base).unwrap_or(&url).split('?').next().unwrap_or_default().to_owned();
        Answer::read(shape, path, response, &self.hush)
    }
}

/// Method and URL of one call.
fn address(shape: &str, base: &str, fill: &[&str]) -> Result<(String, String), ActError> {
    let mut words = shape.split(' ');
    // A third word is a field of the form.
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (_, below) = target.split_once('}').filter(|_| target.starts_with('{')).unwrap_or(("", target));
    let (path, query) = below.split_once('?').map_or((below, None), |(path, query)| (path, Some(query)));
    let mut values = fill.iter();
    let mut next = || values.next().copied().unwrap_or_default();
    let mut url = base.to_owned();
    for segment in path.split('/').skip(1) {
        url.push('/');
        match segment.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((what, word)) => url.push_str(&format!("{}{word}", piece(what, next())?)),
            None => url.push_str(segment),
        }
    }
    for (number, name) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        let joint = if number == 0 { '?' } else { '&' };
        url.push_str(&format!("{joint}{name}={}", encoded(next())));
    }
    Ok((method.to_owned(), url))
}

/// One segment of a path. Encoding cannot help where the whole segment is dots: clients and servers take it for a step up.
fn piece(what: &str, text: &str) -> Result<String, ActError> {
    if text.is_empty() || text == "." || text == ".." || text.contains(char::is_control) {
        return Err(ActError::unusable(
            format!("`{}` is no {what}", text.escape_debug()),
            "take a new inventory: the scanner that reports the target writes it",
        ));
    }
    Ok(encoded(text))
}

/// One answer with its JSON; `null` where it has none.
pub struct Answer {
    shape: String,
    path: String,
    /// Its status.
    pub status: u16,
    /// Its JSON, or `null`.
    pub body: Value,
    /// What the platform calls the error, and its words; empty where the answer is none.
    words: (String, String),
}

impl Answer {
    fn read(shape: &str, path: String, response: Response, hush: &[SecretString]) -> Result<Answer, ActError> {
        let parsed = serde_json::from_slice(&response.body);
        let good = (200..300).contains(&response.status);
        let body = match parsed {
            Ok(body) => body,
            Err(_) if response.body.is_empty() || !good => Value::Null,
            Err(_) => {
                return Err(ActError::Unreadable { call: shape.to_owned(), reason: "it is not JSON".to_owned() });
            }
        };
        let words = (hushed(&code(&body, response.status), hush), hushed(&reason(&body), hush));
        Ok(Answer { shape: shape.to_owned(), path, status: response.status, body, words })
    }

    /// What a status of 300 and more, or a body that says no, means.
    pub fn refusal(self) -> ActError {
        let (code, reason) = self.words;
        match self.status {
            404 | 410 => ActError::NotFound { target: self.path, reason },
            409 | 412 => ActError::Drift { call: self.shape, reason: format!("{code}: {reason}") },
            _ => ActError::Refused { call: self.shape, code, reason },
        }
    }

    /// The text at `pointer` (`/user/status`).
    pub fn text(&self, pointer: &str) -> Result<&str, ActError> {
        self.body.pointer(pointer).and_then(Value::as_str).ok_or_else(|| self.lacks(pointer))
    }

    /// The list at `pointer`, empty where the field is absent: some platforms leave out what is empty.
    pub fn list(&self, pointer: &str) -> Result<&[Value], ActError> {
        match self.body.pointer(pointer) {
            Some(Value::Array(list)) => Ok(list),
            None if !pointer.is_empty() && self.body.is_object() => Ok(&[]),
            _ => Err(self.lacks(pointer)),
        }
    }

    /// That the answer is not what the description says.
    pub fn lacks(&self, what: &str) -> ActError {
        ActError::Unreadable { call: self.shape.clone(), reason: format!("it lacks `{what}`") }
    }
}

/// The platform's own word for an error: each has another field for it.
fn code(body: &Value, status: u16) -> String {
    let fields = ["/error/code", "/error/status", "/error/type", "/errorCode", "/error", "/code"];
    let word = fields.iter().find_map(|field| body.pointer(field)?.as_str()).unwrap_or_default();
    // A code is a word; what has spaces is prose and is told as the reason.
    match word {
        "" => status.to_string(),
        word if word.contains(' ') => status.to_string(),
        word => format!("{status} {word}"),
    }
}

fn reason(body: &Value) -> String {
    let fields =
        ["/error/message", "/errorSummary", "/message", "/error_description", "/detail", "/errors/0", "/error"];
    let words = fields.iter().find_map(|field| body.pointer(field)?.as_str());
    words.unwrap_or("no reason given").to_owned()
}

/// At most 300 characters on one line, without our secrets: a platform may repeat what it was sent.
fn hushed(text: &str, hush: &[SecretString]) -> String {
    let mut text = text.to_owned();
    for secret in hush.iter().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "…");
    }
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(300).collect()
}

/// What was to be removed and is not there is removed.
pub fn gone_is_done(result: Result<Answer, ActError>) -> Result<(), ActError> {
    match result {
        Ok(_) | Err(ActError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A token by client credentials (RFC 6749, 4.4), asked with a call of the shape `shape` at `base`.
pub async fn client_token(
    context: &Context<'_>,
    base: &str,
    shape: &str,
    fill: &[&str],
    fields: &[(&str, &str)],
    secret: SecretString,
) -> Result<SecretString, ActError> {
    let api = Rest::at(context, base)?.hushing(secret.clone());
    let answer = api.call(shape, fill, Body::Form(fields)).await?;
    Ok(answer.text("/access_token")?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_from_a_log_is_one_segment_and_never_a_path() {
        let shape = "DELETE {api}/orgs/{org}/members/{user}";
        let made = |user| address(shape, "https://h/api/v3", &["meridian", user]);
        let url = made("m/../../repos/x?y=1#z").unwrap().1;
        assert_eq!(url, "https://h/api/v3/orgs/meridian/members/m%2F..%2F..%2Frepos%2Fx%3Fy%3D1%23z");
        assert_eq!(made("a:b@c é").unwrap().1, "https://h/api/v3/orgs/meridian/members/a%3Ab%40c%20%C3%A9");
        for bad in ["", ".", "..", "a\nb"] {
            assert!(made(bad).is_err(), "{bad:?}");
        }
        assert!(address(shape, "https://h", &["meridian"]).is_err(), "a value is missing");
    }

    #[test]
    fn words_and_queries_come_from_the_shape_alone() {
        let made = |shape, fill: &[&str]| address(shape, "https://h", fill).unwrap();
        let (method, url) = made("POST {iam}/v1/projects/-/keys/{key}:disable", &["k:enable"]);
        assert_eq!((method.as_str(), url.as_str()), ("POST", "https://h/v1/projects/-/keys/k%3Aenable:disable"));
        assert_eq!(made("POST {api}/token grant_type=x", &[]).1, "https://h/token");
        let url = made("GET {api}/x/{id}?after&limit", &["1", "a&b=c", "5"]).1;
        assert_eq!(url, "https://h/x/1?after=a%26b%3Dc&limit=5");
    }

    #[test]
    fn an_error_keeps_the_platforms_words_and_loses_our_secret() {
        let answer = |status, body: Value| {
            let response = Response { status, headers: Vec::new(), body: body.to_string().into_bytes() };
            let hush = [SecretString::from("hush-token")];
            Answer::read("GET {api}/x", "/x".to_owned(), response, &hush).unwrap().refusal().to_string()
        };
        let said = answer(
            403,
            json!({"error": {"code": "Authorization_RequestDenied", "message": "no: hush-token\nhas no right"}}),
        );
        assert_eq!(said, "GET {api}/x was refused with 403 Authorization_RequestDenied: no: … has no right");
        let said = answer(403, json!({"errorCode": "E0000006", "errorSummary": "You do not have permission"}));
        assert_eq!(said, "GET {api}/x was refused with 403 E0000006: You do not have permission");
        assert!(answer(404, json!({"message": "Not Found"})).starts_with("`/x` is not there"));
        assert!(answer(412, json!({})).contains("changed since"));
        assert_eq!(answer(401, Value::Null), "GET {api}/x was refused with 401: no reason given");
    }
}
