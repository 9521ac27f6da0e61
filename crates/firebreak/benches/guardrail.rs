//! What the guardrail adds to a call of a gateway: from the first byte of the question to the last of the answer, over loopback,
//! beside a server of the same kind that only reads the question and answers nothing.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use firebreak::guardrail::{Book, Door, Pinboard, router};
use firebreak_classify::Classes;
use firebreak_guardrail::{Guardrail, SHIPPED};
use firebreak_model::Fingerprinter;
use firebreak_serve::axum::Router;
use firebreak_serve::axum::body::Bytes;
use firebreak_serve::axum::routing::post;
use firebreak_serve::{Limits, Listener, Token};
use firebreak_world::World;
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

const PATH: &str = firebreak_guardrail::protocols::litellm::PATH;
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Characters of each prompt.
const SIZE: usize = 4_096;
/// Gateways that ask at the same time, in the second half.
const TOGETHER: usize = 8;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let calls = if quick { 2_000 } else { 20_000 };
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (book, _writer) = Book::open(&World::offline(), &directory.path().join("guardrail")).unwrap();
    let guardrail = Guardrail::new(&[("shipped", SHIPPED)], Classes::all(), Fingerprinter::new([7; 32])).unwrap();
    let token = Token::of(&TOKEN.to_owned().into());
    let world = World::offline();
    let pinboard = Arc::new(Pinboard::open(&world, &directory.path().join("pins.json")).unwrap());
    let door = Door { guardrail: Arc::new(guardrail), token, book, world, pinboard, masks_answers: true };
    let nothing = Router::new().route(PATH, post(|body: Bytes| async move { body.len().to_string() }));
    let ours = serve(&runtime, router(door));
    let echo = serve(&runtime, nothing);

    let prompts: Vec<String> = (0..64).map(prompt).collect();
    // Warm: the classifier makes its tables at the first look.
    ask(ours, &prompts, 500);
    ask(echo, &prompts, 500);
    let (alone, bare) = (ask(ours, &prompts, calls), ask(echo, &prompts, calls));
    let together = at_once(ours, &prompts, calls / TOGETHER);
    let bare_together = at_once(echo, &prompts, calls / TOGETHER);

    println!("{calls} prompts of {SIZE} characters, one in four with personal data or a secret");
    println!("                        p50 ms   p99 ms");
    for (name, of) in [
        ("one at a time", &alone),
        ("  read alone", &bare),
        ("eight at once", &together),
        ("  read alone", &bare_together),
    ] {
        println!("{name:<22} {:>8.3} {:>8.3}", of.at(50), of.at(99));
    }
    let figures = json!({
        "p50_ms": alone.at(50),
        "p99_ms": alone.at(99),
        "together_p99_ms": together.at(99),
        "ratio_to_reading": alone.at(50) / bare.at(50),
        "together_ratio_to_reading": together.at(50) / bare_together.at(50),
    });
    println!("{figures}");
}

/// Milliseconds, in order.
struct Times(Vec<f64>);

impl Times {
    fn of(mut times: Vec<f64>) -> Times {
        times.sort_by(f64::total_cmp);
        Times(times)
    }

    fn at(&self, percent: usize) -> f64 {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }
}

fn serve(runtime: &tokio::runtime::Runtime, router: Router) -> SocketAddr {
    let listener = runtime.block_on(Listener::bind("127.0.0.1:0")).unwrap();
    let address = listener.address();
    runtime.spawn(listener.serve(router, Limits::default(), std::future::pending()));
    address
}

/// Prose of a support desk; one in four says something that is not to pass.
fn prompt(number: usize) -> String {
    let said = match number % 8 {
        0 => "The applicant's SSN is 536-22-1847 and her card 4111 1111 1111 1111. ",
        4 => "export DB_URL=postgres://etl:Xk29vQz81mLp@db.meridian.example/contractors ",
        _ => "The applicant asked again when the second interview will be. ",
    };
    let mut text = said.to_owned();
    while text.len() < SIZE {
        text.push_str("Please summarise the ticket, name what is still open, and answer in the tone of our handbook. ");
    }
    text.truncate(SIZE);
    json!({"input_type": "request", "litellm_call_id": format!("call-{number}"), "texts": [text], "model": "m",
        "request_data": {"user_api_key_user_id": "ada", "user_api_key_team_id": "support"}})
    .to_string()
}

fn at_once(address: SocketAddr, prompts: &[String], calls: usize) -> Times {
    let times = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..TOGETHER).map(|_| scope.spawn(|| ask(address, prompts, calls).0)).collect();
        asking.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    Times::of(times)
}

/// So many calls over one connection.
fn ask(address: SocketAddr, prompts: &[String], calls: usize) -> Times {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut times = Vec::with_capacity(calls);
    for prompt in prompts.iter().cycle().take(calls) {
        let length = prompt.len();
        let question = format!(
            "POST {PATH} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{prompt}"
        );
        let begun = Instant::now();
        stream.write_all(question.as_bytes()).unwrap();
        read(&mut answers);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Times::of(times)
}

/// Reads one answer, which must be a good one.
fn read(answers: &mut impl BufRead) {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    assert!(line.contains(" 200 "), "{line}");
    let mut length = 0;
    while line != "\r\n" {
        line.clear();
        answers.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    answers.read_exact(&mut vec![0; length]).unwrap();
}
