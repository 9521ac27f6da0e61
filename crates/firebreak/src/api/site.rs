//! The console's own files, as they were built into the program. Where they were not, a page says so.

use firebreak_serve::axum::body::Body;
use firebreak_serve::axum::extract::Request;
use firebreak_serve::axum::http::{HeaderValue, Method, StatusCode, header};
use firebreak_serve::axum::response::Response;

include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// What is shown where the program was built without the console.
const ABSENT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Firebreak</title>\
    <h1>The console was not built into this program</h1>\
    <p>The API works all the same, below <code>/api/v1</code>. To have the console: run <code>console/build</code>, then build \
    the program again; <code>./firebreak</code> does both.</p></html>";

/// Answers with a file of the console. What is no file and has no ending is a page of it.
pub(super) async fn serve(request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return answer(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", b"", false);
    }
    // Names are looked up in the list of what was built in: no path leads to the disk.
    let path = request.uri().path().trim_start_matches('/');
    let (status, file) = match find(path) {
        Some(file) => (StatusCode::OK, Some(file)),
        None if path.rsplit('/').next().unwrap_or_default().contains('.') => (StatusCode::NOT_FOUND, None),
        None => (StatusCode::OK, find("index.html")),
    };
    match file {
        // Built files are named after their content.
        Some((name, bytes)) => answer(status, kind(name), bytes, name.starts_with("assets/")),
        None if status == StatusCode::NOT_FOUND => answer(status, "text/plain; charset=utf-8", b"not found\n", false),
        None => answer(status, "text/html; charset=utf-8", ABSENT.as_bytes(), false),
    }
}

fn find(path: &str) -> Option<&'static (&'static str, &'static [u8])> {
    FILES.iter().find(|(name, _)| *name == path)
}

fn answer(status: StatusCode, kind: &'static str, bytes: &'static [u8], forever: bool) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let cached = if forever { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    response
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
