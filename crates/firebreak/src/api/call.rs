//! One call that may be answered, and its answer.

use super::access::Caller;
use super::endpoint::Endpoint;
use super::problem::Problem;
use firebreak_model::Time;
use firebreak_serve::axum::body::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// A call whose caller is known and may make it.
#[derive(Debug)]
pub struct Call {
    /// What is called.
    pub endpoint: &'static Endpoint,
    /// Who calls.
    pub caller: Caller,
    /// What stands in the path, by its name in the template.
    pub path: BTreeMap<String, String>,
    /// What is asked for beside it: known names only.
    pub query: BTreeMap<String, String>,
    /// The body; null where there is none.
    pub body: Value,
    /// Names this call: the same name is taken up once.
    pub name: String,
    /// The present moment.
    pub now: Time,
    /// What a browser carries that is on its way back from the identity provider.
    pub login: Option<String>,
}

impl Call {
    /// What stands in the path at `{name}`.
    pub fn at(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The value of a filter.
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of a filter that is a time.
    ///
    /// # Errors
    /// If it is none.
    pub fn time(&self, name: &str) -> Result<Option<Time>, Problem> {
        let parse = |text: &str| {
            let hint = "write it in UTC: 2026-03-24T10:00:00Z";
            Time::parse(text).ok_or_else(|| Problem::bad(format!("`{name}` is no time"), hint))
        };
        self.filter(name).map(parse).transpose()
    }

    /// A number among `range`, `usual` where it is not said.
    ///
    /// # Errors
    /// If it is none of them.
    pub fn number(&self, name: &str, usual: usize, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.filter(name) else { return Ok(usual) };
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| Problem::bad(format!("`{name}` is no number from 1 to {most}"), "say a whole number"))
    }

    /// The body as what is wanted of it.
    ///
    /// # Errors
    /// If it is something else.
    pub fn wanted<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let body = if self.body.is_null() { Value::Object(serde_json::Map::new()) } else { self.body.clone() };
        let hint = "GET /api/v1/openapi.json says what each call takes";
        serde_json::from_value(body).map_err(|error| Problem::bad(format!("the body does not fit: {error}"), hint))
    }
}

/// What is answered.
#[derive(Debug)]
pub enum Reply {
    /// A JSON object, with its status.
    Object(u16, Value),
    /// The same, and headers of its own.
    Headed(u16, Value, Vec<(&'static str, String)>),
    /// Nothing to say.
    Nothing,
    /// The browser goes on to this address, with these cookies.
    Elsewhere(String, Vec<String>),
    /// A document of another type, as an attachment of this name.
    Document(&'static str, &'static str, Vec<u8>),
    /// What goes on and on.
    Stream(Body),
}

/// An answer or what is wrong.
pub(crate) type Answer = Result<Reply, Problem>;

/// `body` as the command line prints it: with its kind.
pub(crate) fn tagged<T: Serialize>(kind: &str, body: &T) -> Value {
    let mut value = serde_json::to_value(body).unwrap_or_default();
    if let Value::Object(object) = &mut value {
        object.insert("kind".to_owned(), kind.into());
    }
    value
}

/// An object as an answer.
///
/// # Errors
/// None.
pub(crate) fn object<T: Serialize>(kind: &str, body: &T) -> Answer {
    Ok(Reply::Object(200, tagged(kind, body)))
}
