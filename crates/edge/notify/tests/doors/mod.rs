//! Real sockets: a server that speaks SMTP, and receivers of syslog over UDP and TCP.

use firebreak_world::{Mail, MailError, MailServer, MailTls, Peer, SmtpMail, SocketWire, Transport, Wire};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, UdpSocket};

/// Takes one message and gives the lines that it heard.
fn smtp(refuses: &'static str) -> (u16, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let (mut lines, mut out) = (BufReader::new(stream.try_clone().unwrap()).lines(), stream);
        let (mut heard, mut in_data) = (Vec::new(), false);
        out.write_all(b"220 ready\r\n").unwrap();
        while let Some(Ok(line)) = lines.next() {
            let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            heard.push(line.clone());
            let answer = match word.as_str() {
                _ if in_data && line != "." => continue,
                _ if in_data => {
                    in_data = false;
                    "250 taken"
                }
                "EHLO" => "250-here\r\n250 8BITMIME",
                "RCPT" if !refuses.is_empty() => refuses,
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            if out.write_all(format!("{answer}\r\n").as_bytes()).is_err() || word == "QUIT" {
                break;
            }
        }
        heard
    });
    (port, server)
}

fn server(port: u16, tls: MailTls) -> MailServer {
    MailServer { host: "127.0.0.1".into(), port, tls, login: None, roots: None }
}

#[tokio::test]
async fn a_message_reaches_a_mail_server_as_it_was_written() {
    let (port, heard) = smtp("");
    let message = b"Subject: a\r\n\r\nfirst\r\n.second\r\n";
    SmtpMail.send(&server(port, MailTls::None), "f@example.com", "t@example.com", message).await.unwrap();
    let heard = heard.join().unwrap();
    assert!(heard.iter().any(|line| line.starts_with("MAIL FROM:<f@example.com>")), "{heard:?}");
    assert!(
        heard.contains(&"RCPT TO:<t@example.com>".to_owned()) && heard.contains(&"..second".to_owned()),
        "{heard:?}"
    );
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing_and_a_refusal_is_told_from_a_delay() {
    let (port, heard) = smtp("");
    let error = SmtpMail.send(&server(port, MailTls::Required), "f@example.com", "t@example.com", b"x").await;
    assert!(matches!(error, Err(MailError::NotSent(_))), "{error:?}");
    assert!(!heard.join().unwrap().iter().any(|line| line.starts_with("MAIL")));
    for (answer, refused) in [("550 no such mailbox", true), ("451 later", false)] {
        let (port, heard) = smtp(answer);
        let error = SmtpMail.send(&server(port, MailTls::None), "f@example.com", "t@example.com", b"x").await;
        assert_eq!(matches!(error, Err(MailError::Refused { .. })), refused, "{error:?}");
        assert_eq!(matches!(error, Err(MailError::NotSent(_))), !refused, "{error:?}");
        drop(heard);
    }
}

#[tokio::test]
async fn plain_messages_arrive_over_udp_and_tcp_and_a_stranger_is_not_spoken_to_over_tls() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let peer = |port, transport| Peer { host: "127.0.0.1".into(), port, transport };
    SocketWire.send(&peer(socket.local_addr().unwrap().port(), Transport::Udp), b"one").await.unwrap();
    let mut buffer = [0; 16];
    assert_eq!(socket.recv(&mut buffer).unwrap(), 3);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let reader = std::thread::spawn(move || {
        let mut heard = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut heard).unwrap();
        (heard, listener)
    });
    SocketWire.send(&peer(port, Transport::Tcp), b"3 two").await.unwrap();
    let (heard, listener) = reader.join().unwrap();
    assert_eq!(heard, b"3 two");

    let reader = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = vec![0; 4096];
        let read = stream.read(&mut heard).unwrap();
        stream.write_all(b"this is no TLS").unwrap();
        heard[..read].to_vec()
    });
    let error = SocketWire.send(&peer(port, Transport::Tls { roots: None }), b"hush").await;
    assert!(error.is_err());
    assert!(!reader.join().unwrap().windows(4).any(|part| part == b"hush"));
}
