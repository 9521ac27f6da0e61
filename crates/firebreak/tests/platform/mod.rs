//! A platform that answers `GET` from a table to whoever shows the right token, and 403 to what is not in the table.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// Answers for as long as the test runs. Gives its address.
pub(crate) fn serve(answers: BTreeMap<String, String>, token: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answers = answers.clone();
            std::thread::spawn(move || while answer(&stream, &answers, token).is_some() {});
        }
    });
    address
}

fn answer(mut stream: &TcpStream, answers: &BTreeMap<String, String>, token: &str) -> Option<()> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let known = headers.iter().any(|header| header.eq_ignore_ascii_case(&format!("authorization: Bearer {token}")));
    let (status, body) = match answers.get(&path) {
        _ if !known => (401, ""),
        Some(body) => (200, body.as_str()),
        None => (403, ""),
    };
    write!(stream, "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n\r\n{body}", body.len()).ok()
}
