//! HTTP, reduced to what responders need: one request, one bounded answer, and whether a failure may have had an effect.

use async_trait::async_trait;
use thiserror::Error;

/// Whether an address keeps what is sent there secret: `https`, or this machine.
///
/// What stands before an `@` is a name to log in with, not the host: such an address is never taken for this machine.
pub fn is_private(url: &str) -> bool {
    let here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    url.starts_with("https://") || here.into_iter().filter_map(|host| url.strip_prefix(host)).any(ends_host)
}

/// Whether the host ended: what follows is nothing, a port, or the rest of an address.
fn ends_host(rest: &str) -> bool {
    let after =
        rest.strip_prefix(':').map_or(rest, |port| port.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    after.is_empty() || after.starts_with(['/', '?', '#'])
}

/// One request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Header names in lower case, with values. Values may be secret: never logged.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The body, at most 8 MiB.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The request certainly had no effect: it was never sent.
    #[error("could not reach `{host}`: {reason}")]
    NotSent {
        /// Whom we tried to reach.
        host: String,
        /// Why it failed.
        reason: String,
    },
    /// The request may have had its effect: sent, but no whole answer came back.
    #[error("no answer from `{host}`: {reason}")]
    Ambiguous {
        /// Whom we asked.
        host: String,
        /// Why there is no answer.
        reason: String,
    },
}

/// A way to call HTTP servers.
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends one request, follows no redirect and retries nothing.
    async fn send(&self, request: Request) -> Result<Response, HttpError>;
}

/// No network at all.
#[derive(Debug)]
pub struct NoHttp;

#[async_trait]
impl Http for NoHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        Err(HttpError::NotSent { host: request.url, reason: "this run has no network".to_owned() })
    }
}

/// The real network: TLS by rustls with the public roots, no proxy but the environment's, no redirect, no retry.
#[cfg(feature = "http")]
#[derive(Debug)]
pub struct RustlsHttp {
    client: reqwest::Client,
}

#[cfg(feature = "http")]
impl RustlsHttp {
    /// Bodies beyond this are cut off as an [`HttpError::Ambiguous`] answer.
    const BODY_BYTES_MAX: usize = 8 << 20;
    const CONNECT_SECONDS_MAX: u64 = 5;
    const ANSWER_SECONDS_MAX: u64 = 30;

    /// A client with its connection pool. Fails only where TLS cannot be set up at all.
    pub fn new() -> Result<RustlsHttp, HttpError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(std::time::Duration::from_secs(Self::CONNECT_SECONDS_MAX))
            .timeout(std::time::Duration::from_secs(Self::ANSWER_SECONDS_MAX))
            .user_agent(concat!("firebreak/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HttpError::NotSent { host: String::new(), reason: Self::reason(error) })?;
        Ok(RustlsHttp { client })
    }

    /// The error with its causes, without the URL: a query may hold what must not be logged.
    fn reason(error: reqwest::Error) -> String {
        let error = error.without_url();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        text
    }

    async fn body(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(Self::reason)? {
            if body.len() + chunk.len() > Self::BODY_BYTES_MAX {
                return Err(format!("the answer is longer than {} bytes", Self::BODY_BYTES_MAX));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

#[cfg(feature = "http")]
#[async_trait]
impl Http for RustlsHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let unsent = |host: &str, reason: String| HttpError::NotSent { host: host.to_owned(), reason };
        let url = reqwest::Url::parse(&request.url).map_err(|error| unsent("unknown", error.to_string()))?;
        let host = url.host_str().unwrap_or("unknown").to_owned();
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| unsent(&host, format!("`{}` is not an HTTP method", request.method)))?;
        let mut builder = self.client.request(method, url).body(request.body);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let answer = match builder.send().await {
            Ok(answer) => answer,
            // Nothing was written before a connection stood, so nothing can have had an effect.
            Err(error) if error.is_connect() || error.is_builder() => return Err(unsent(&host, Self::reason(error))),
            Err(error) => return Err(HttpError::Ambiguous { host, reason: Self::reason(error) }),
        };
        let status = answer.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        match Self::body(answer).await {
            Ok(body) => Ok(Response { status, headers, body }),
            Err(reason) => Err(HttpError::Ambiguous { host, reason }),
        }
    }
}

#[cfg(all(test, feature = "http"))]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A server that reads one request and answers with `bytes`, then closes.
    fn answering(bytes: &'static [u8]) -> (String, std::thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/a?b=c", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = Vec::new();
            let mut buffer = [0; 4096];
            while !heard.windows(4).any(|window| window == b"\r\n\r\n") {
                let read = stream.read(&mut buffer).unwrap();
                heard.extend_from_slice(&buffer[..read]);
            }
            stream.write_all(bytes).unwrap();
            heard
        });
        (url, server)
    }

    fn get(url: &str) -> Request {
        Request { method: "GET".into(), url: url.into(), headers: vec![("x-a".into(), "b".into())], body: Vec::new() }
    }

    #[tokio::test]
    async fn one_request_gives_one_answer_and_no_redirect_is_followed() {
        let (url, server) = answering(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 2\r\n\r\nhi");
        let answer = RustlsHttp::new().unwrap().send(get(&url)).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (302, &b"hi"[..]));
        let heard = String::from_utf8(server.join().unwrap()).unwrap();
        assert!(heard.starts_with("GET /a?b=c HTTP/1.1\r\n") && heard.contains("x-a: b"), "{heard}");
    }

    #[tokio::test]
    async fn a_refused_connection_had_no_effect_and_a_cut_answer_may_have_had_one() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let http = RustlsHttp::new().unwrap();
        let refused = http.send(get(&format!("http://{closed}/?token=hush"))).await.unwrap_err();
        assert!(matches!(refused, HttpError::NotSent { .. }), "{refused}");
        assert!(!refused.to_string().contains("hush"));
        for cut in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi"] {
            let (url, server) = answering(cut);
            let lost = http.send(get(&url)).await.unwrap_err();
            assert!(matches!(lost, HttpError::Ambiguous { .. }), "{lost}");
            server.join().unwrap();
        }
    }
}

#[cfg(test)]
mod privacy {
    use super::is_private;

    #[test]
    fn this_machine_and_https_keep_a_secret() {
        for url in ["https://a.example/x", "http://127.0.0.1", "http://localhost:8080/a", "http://[::1]:1?b#c"] {
            assert!(is_private(url), "{url}");
        }
    }

    #[test]
    fn another_host_is_not_taken_for_this_machine() {
        for url in [
            "http://a.example",
            "http://localhost.a.example",
            "http://localhost:x@a.example",
            "http://localhost:80@a.example/",
            "http://127.0.0.1:@a.example",
            "http://127.0.0.1@a.example",
            r"http://localhost:80\@a.example",
            "http://127.0.0.10",
            "ftp://localhost",
        ] {
            assert!(!is_private(url), "{url}");
        }
    }
}
