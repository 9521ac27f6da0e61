//! What is answered where something is wrong: `application/problem+json` (RFC 9457) with what to do. Never a secret, never
//! an inner error: those are for the log.

use firebreak_serve::axum::http::StatusCode;
use serde::Serialize;

/// What is wrong with a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// Its kind: the end of the `type`.
    pub slug: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// What is wrong with this call.
    pub detail: String,
    /// What to do.
    pub hint: String,
    /// After how many seconds it is worth another try.
    pub retry_seconds: Option<u32>,
}

#[derive(Serialize)]
struct Shown<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    hint: &'a str,
    instance: &'a str,
}

impl Problem {
    fn new(status: u16, slug: &'static str, title: &'static str, detail: String, hint: &str) -> Problem {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Problem { status, slug, title, detail, hint: hint.to_owned(), retry_seconds: None }
    }

    /// Nobody says who calls.
    pub fn no_session() -> Problem {
        let detail = "the call shows no token and no session that holds".to_owned();
        let hint = "open the login link that `firebreak run` printed, or make a token with `firebreak api token new`";
        Problem::new(401, "no-session", "Who calls is not known", detail, hint)
    }

    /// Whoever calls may not do that.
    pub fn forbidden(detail: String) -> Problem {
        Problem::new(
            403,
            "forbidden",
            "Not permitted",
            detail,
            "ask someone whose role permits it; docs/api.md lists the roles",
        )
    }

    /// A page of another origin calls with the cookie of ours.
    pub fn foreign_origin() -> Problem {
        let detail = "the call comes from another site than the console".to_owned();
        Problem::new(
            403,
            "foreign-origin",
            "Another site calls",
            detail,
            "use the console itself, or a token instead of the cookie",
        )
    }

    /// The session's own proof is missing.
    pub fn no_csrf() -> Problem {
        let detail = "the header `X-CSRF-Token` is not that of the session".to_owned();
        Problem::new(
            403,
            "no-csrf",
            "The session is not proven",
            detail,
            "send `csrf` of GET /api/v1/session in that header",
        )
    }

    /// There is no such thing.
    pub fn not_found(what: impl std::fmt::Display) -> Problem {
        Problem::new(
            404,
            "not-found",
            "Not found",
            format!("there is no {what}"),
            "list what there is, and try one of it",
        )
    }

    /// The path is there, the method is not.
    pub fn no_such_method() -> Problem {
        let detail = "this path has no such method".to_owned();
        Problem::new(405, "no-such-method", "No such method", detail, "GET /api/v1/openapi.json lists all endpoints")
    }

    /// Things are not so that it could be done.
    pub fn conflict(detail: String, hint: &str) -> Problem {
        Problem::new(409, "conflict", "It cannot be done now", detail, hint)
    }

    /// Nothing runs that could take it up.
    pub fn not_running() -> Problem {
        let detail = "this console only shows what is kept: nothing runs that could act".to_owned();
        Problem::new(
            409,
            "not-running",
            "Nothing runs",
            detail,
            "start `firebreak run` over this data and use its console",
        )
    }

    /// The body is larger than any that is taken.
    pub fn too_large(most: usize) -> Problem {
        let detail = format!("the body is larger than {most} bytes");
        Problem::new(413, "too-large", "Too large", detail, "say it in fewer words")
    }

    /// The body is of another type than JSON.
    pub fn not_json() -> Problem {
        let detail = "the body is not `application/json`".to_owned();
        Problem::new(415, "not-json", "Not JSON", detail, "send `Content-Type: application/json`")
    }

    /// What is asked makes no sense.
    pub fn bad(detail: impl Into<String>, hint: &str) -> Problem {
        Problem::new(400, "bad-request", "What is asked makes no sense", detail.into(), hint)
    }

    /// What is asked has the right form and cannot be answered.
    pub fn unfit(detail: String, hint: &str) -> Problem {
        Problem::new(422, "unfit", "It cannot be answered", detail, hint)
    }

    /// A key came again with another call.
    pub fn key_reused() -> Problem {
        let detail = "this Idempotency-Key came before, with another call".to_owned();
        Problem::new(422, "key-reused", "The key was used", detail, "use a fresh key for each thing that you want done")
    }

    /// Too many calls.
    pub fn too_many(seconds: u32) -> Problem {
        let detail = "more calls came than one caller may make".to_owned();
        let problem = Problem::new(429, "too-many", "Too many calls", detail, "wait as long as `Retry-After` says");
        Problem { retry_seconds: Some(seconds), ..problem }
    }

    /// The name under which we are called is not ours.
    pub fn wrong_host() -> Problem {
        let detail = "the header `Host` does not name this console".to_owned();
        let hint = "open the address that `firebreak run` printed, or set `console.address` to that of your proxy";
        Problem::new(421, "wrong-host", "Another host is meant", detail, hint)
    }

    /// We failed. `error` goes to the log alone.
    pub fn broken(error: &anyhow::Error) -> Problem {
        tracing::error!("a call of the API failed: {error:#}");
        let detail = "the answer could not be made".to_owned();
        Problem::new(500, "broken", "Something broke", detail, "the log of `firebreak run` says what")
    }

    /// There is no place just now.
    pub fn busy() -> Problem {
        let detail = "too many others listen already".to_owned();
        let problem = Problem::new(503, "busy", "Busy", detail, "close another page, or try again later");
        Problem { retry_seconds: Some(10), ..problem }
    }

    /// The document that is sent; `instance` is the path that was called.
    pub fn document(&self, instance: &str) -> Vec<u8> {
        let shown = Shown {
            r#type: format!("urn:firebreak:problem:{}", self.slug),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            hint: &self.hint,
            instance,
        };
        serde_json::to_vec(&shown).unwrap_or_default()
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Problem {
        Problem::broken(&error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Problem {
        Problem::broken(&anyhow::Error::from(error))
    }
}
