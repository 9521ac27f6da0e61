//! Mail and syslog over TLS: a server with a certificate chain of root, intermediate and its own, and servers that are not whom
//! we meant.

use firebreak_world::{Mail, MailError, MailServer, MailTls, Peer, SmtpMail, SocketWire, Transport, Wire};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

const ROOT: &[u8] = include_bytes!("chain/root.pem");

/// Who answers: the chain that it shows, and its key.
#[derive(Clone, Copy)]
struct Identity(&'static [u8], &'static [u8]);

const RIGHT: Identity = Identity(include_bytes!("chain/server.chain.pem"), include_bytes!("chain/server.key"));
/// The same without the intermediate.
const ALONE: Identity = Identity(include_bytes!("chain/server.pem"), include_bytes!("chain/server.key"));
const ANOTHER: Identity = Identity(include_bytes!("chain/other.chain.pem"), include_bytes!("chain/other.key"));
const LATE: Identity = Identity(include_bytes!("chain/late.chain.pem"), include_bytes!("chain/late.key"));

fn over_tls(identity: Identity, stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let chain = CertificateDer::pem_slice_iter(identity.0).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.1).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(chain, key).unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

fn listener() -> (u16, TcpListener) {
    let listener = TcpListener::bind("localhost:0").unwrap();
    (listener.local_addr().unwrap().port(), listener)
}

/// What a mail server heard in the clear, and what it heard over TLS.
#[derive(Default, Debug)]
struct Heard {
    clear: Vec<String>,
    secret: Vec<String>,
}

fn line(stream: &mut impl Read) -> Option<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while stream.read(&mut byte).ok()? == 1 {
        if byte[0] == b'\n' {
            return Some(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
        line.push(byte[0]);
    }
    None
}

/// Speaks SMTP until the client is gone, or asks for TLS: then true.
fn talk(stream: &mut (impl Read + Write), offers: &str, heard: &mut Vec<String>) -> bool {
    let mut in_data = false;
    while let Some(said) = line(stream) {
        let word = said.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        heard.push(said.clone());
        let answer = match word.as_str() {
            _ if in_data && said != "." => continue,
            _ if in_data => {
                in_data = false;
                "250 taken".to_owned()
            }
            "EHLO" => format!("250-here\r\n250 {offers}"),
            "STARTTLS" => "220 go on".to_owned(),
            "AUTH" => "235 you are".to_owned(),
            "DATA" => {
                in_data = true;
                "354 go on".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        if stream.write_all(format!("{answer}\r\n").as_bytes()).is_err() || word == "QUIT" {
            return false;
        }
        if word == "STARTTLS" {
            return true;
        }
    }
    false
}

/// A mail server for one connection.
fn mail_server(identity: Identity, at_once: bool) -> (u16, JoinHandle<Heard>) {
    let (port, listener) = listener();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = Heard::default();
        if !at_once {
            stream.write_all(b"220 ready\r\n").unwrap();
            if !talk(&mut stream, "STARTTLS", &mut heard.clear) {
                return heard;
            }
        }
        let mut stream = over_tls(identity, stream);
        if at_once && stream.write_all(b"220 ready\r\n").is_err() {
            return heard;
        }
        talk(&mut stream, "AUTH PLAIN", &mut heard.secret);
        heard
    });
    (port, server)
}

async fn hand_in(port: u16, tls: MailTls, roots: Option<&[u8]>) -> Result<(), MailError> {
    let login = Some(("firebreak".to_owned(), "hush".into()));
    let server = MailServer { host: "localhost".into(), port, tls, login, roots: roots.map(<[u8]>::to_vec) };
    SmtpMail.send(&server, "f@example.com", "t@example.com", b"Subject: a\r\n\r\nfirst\r\n").await
}

#[tokio::test]
async fn mail_goes_over_starttls_and_over_tls_from_the_start_to_whom_the_chain_vouches_for() {
    for (tls, at_once) in [(MailTls::Required, false), (MailTls::FromTheStart, true)] {
        let (port, server) = mail_server(RIGHT, at_once);
        hand_in(port, tls, Some(ROOT)).await.unwrap();
        let heard = server.join().unwrap();
        for said in ["MAIL FROM:<f@example.com>", "RCPT TO:<t@example.com>", "first"] {
            assert!(heard.secret.iter().any(|line| line.starts_with(said)), "{tls:?} {said}: {heard:?}");
        }
        assert!(heard.secret.iter().any(|line| line.starts_with("AUTH PLAIN")), "{heard:?}");
        let words: Vec<&str> = heard.clear.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(words, if at_once { vec![] } else { vec!["EHLO", "STARTTLS"] }, "nothing else in the clear");
    }
}

#[tokio::test]
async fn a_mail_server_that_is_somebody_else_hears_no_name_no_password_and_no_message() {
    let wrong: [(&str, Identity, Option<&[u8]>); 4] = [
        ("no root that we trust", RIGHT, None),
        ("no intermediate", ALONE, Some(ROOT)),
        ("another name", ANOTHER, Some(ROOT)),
        ("over since 2021", LATE, Some(ROOT)),
    ];
    for (why, identity, roots) in wrong {
        for (tls, at_once) in [(MailTls::Required, false), (MailTls::FromTheStart, true)] {
            let (port, server) = mail_server(identity, at_once);
            let error = hand_in(port, tls, roots).await;
            assert!(matches!(error, Err(MailError::NotSent(_))), "{why} {tls:?}: {error:?}");
            let heard = server.join().unwrap();
            assert!(heard.secret.is_empty(), "{why} {tls:?}: {heard:?}");
            assert!(heard.clear.iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"), "{heard:?}");
        }
    }
}

/// A receiver of syslog for one connection.
fn syslog_server(identity: Identity) -> (u16, JoinHandle<Vec<u8>>) {
    let (port, listener) = listener();
    let server = std::thread::spawn(move || {
        let mut stream = over_tls(identity, listener.accept().unwrap().0);
        let mut heard = Vec::new();
        // A handshake that fails ends the reading: what was heard before it is what counts.
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    (port, server)
}

#[tokio::test]
async fn syslog_goes_over_tls_to_whom_the_chain_vouches_for_and_to_nobody_else() {
    let message = b"22 <14>1 - - - - - - here";
    let send = async |port: u16, roots: Option<&[u8]>| {
        let transport = Transport::Tls { roots: roots.map(<[u8]>::to_vec) };
        SocketWire.send(&Peer { host: "localhost".into(), port, transport }, message).await
    };
    let (port, server) = syslog_server(RIGHT);
    send(port, Some(ROOT)).await.unwrap();
    assert_eq!(server.join().unwrap(), message);
    for (why, identity, roots) in [
        ("no root that we trust", RIGHT, None),
        ("no intermediate", ALONE, Some(ROOT)),
        ("another name", ANOTHER, Some(ROOT)),
        ("over since 2021", LATE, Some(ROOT)),
    ] {
        let (port, server) = syslog_server(identity);
        let error = send(port, roots).await;
        assert!(error.is_err(), "{why}");
        assert_eq!(server.join().unwrap(), b"", "{why}");
    }
}
