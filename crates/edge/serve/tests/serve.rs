//! The door inwards over real sockets: who is let in, what is too much, and how it ends.

use firebreak_serve::axum::Router;
use firebreak_serve::axum::routing::{get, post};
use firebreak_serve::{Limits, Listener, ServeError, Token, guarded};
use firebreak_world::World;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn router() -> Router {
    let never = || async { std::future::pending::<()>().await };
    let echo = |body: String| async move { body };
    Router::new().route("/hello", get(|| async { "hello\n" })).route("/echo", post(echo)).route("/never", get(never))
}

/// A listener that ends when the sender is dropped or used.
async fn started(router: Router, limits: Limits) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = Listener::bind("127.0.0.1:0").await.expect("a free port");
    let (address, (stop, stopped)) = (listener.address(), oneshot::channel::<()>());
    let stop_when = async {
        let _ = stopped.await;
    };
    (address, stop, tokio::spawn(listener.serve(router, limits, stop_when)))
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("text")
}

fn get_with(path: &str, header: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{header}\r\n")
}

#[tokio::test]
async fn only_who_shows_the_token_is_let_in_and_nobody_else_learns_which_paths_there_are() {
    let (address, _stop, _) = started(guarded(router(), Token::of(&SECRET.into())), Limits::default()).await;
    let with = |path: &str, header: String| ask(address, Box::leak(get_with(path, &header).into_boxed_str()));
    let right = format!("Authorization: Bearer {SECRET}\r\n");
    assert!(with("/hello", right.clone()).await.ends_with("hello\n"));
    assert!(with("/nothing", right.clone()).await.starts_with("HTTP/1.1 404"));
    let wrong = [
        String::new(),
        format!("Authorization: Bearer {SECRET}0\r\n"),
        "Authorization: Bearer \r\n".to_owned(),
        format!("Authorization: Basic {SECRET}\r\n"),
        format!("Authorization: Bearer x\r\n{right}"),
    ];
    for header in wrong {
        for path in ["/hello", "/nothing"] {
            let answer = with(path, header.clone()).await;
            assert!(answer.starts_with("HTTP/1.1 401"), "{path} {header:?}: {answer}");
            assert!(answer.to_lowercase().contains("www-authenticate: bearer"), "{answer}");
        }
    }
}

#[tokio::test]
async fn too_large_a_body_and_too_long_an_answer_are_refused() {
    let limits = Limits { body_bytes_max: 8, answer: Duration::from_millis(50), ..Limits::default() };
    let (address, _stop, _) = started(router(), limits).await;
    let posted = |body: &str| {
        format!(
            "POST /echo HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    assert!(ask(address, &posted("12345678")).await.ends_with("12345678"));
    assert!(ask(address, &posted("123456789")).await.starts_with("HTTP/1.1 413"));
    assert!(ask(address, &get_with("/never", "")).await.starts_with("HTTP/1.1 503"));
}

#[tokio::test]
async fn who_says_nothing_is_sent_away_and_holds_up_nobody_for_long() {
    let limits = Limits { connections_max: 1, head: Duration::from_millis(50), ..Limits::default() };
    let (address, _stop, _) = started(router(), limits).await;
    let _silent = TcpStream::connect(address).await.expect("it listens");
    assert!(ask(address, &get_with("/hello", "")).await.ends_with("hello\n"));
}

#[tokio::test]
async fn it_ends_when_told_to() {
    let limits = Limits { farewell: Duration::from_millis(50), ..Limits::default() };
    let (address, stop, ended) = started(router(), limits).await;
    // A connection that stays open does not keep it from ending.
    let _open = TcpStream::connect(address).await.expect("it listens");
    stop.send(()).expect("it runs");
    ended.await.expect("it ends");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn nobody_else_than_this_machine_can_reach_it() {
    for address in ["0.0.0.0:0", "192.0.2.1:80", "[::]:0"] {
        let refused = Listener::bind(address).await;
        assert!(matches!(refused, Err(ServeError::NotLoopback(_))), "{address}: {refused:?}");
    }
    assert!(matches!(Listener::bind("here").await, Err(ServeError::NotAnAddress(_))));
    let first = Listener::bind("127.0.0.1:0").await.expect("a free port");
    let second = Listener::bind(&first.address().to_string()).await;
    assert!(matches!(second, Err(ServeError::Bind { .. })), "{second:?}");
}

#[test]
fn a_token_is_made_once_for_its_owner_alone_and_one_that_can_be_guessed_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (world, folder) = (World::offline(), tempfile::tempdir().expect("a folder"));
    let path = folder.path().join("metrics.token");
    Token::kept(&world, &path).expect("it is made");
    let text = std::fs::read_to_string(&path).expect("it is there");
    assert_eq!((text.trim().len(), text.lines().count()), (64, 1));
    assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    let again = Token::kept(&world, &path).expect("it is read");
    assert!(again.admits(&format!("Bearer {}", text.trim())));
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);

    let short = Path::new("/short");
    let world = World::simulated(1);
    world.disk.write(short, b"secret\n").expect("a disk in memory");
    let refused = Token::kept(&world, short).expect_err("it can be guessed").to_string();
    assert!(refused.contains("shorter") && !refused.contains("secret\n"), "{refused}");
}
