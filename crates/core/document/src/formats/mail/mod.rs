//! Mail: messages (RFC 5322 and MIME) and mailboxes (mbox). Headers, bodies and attachments, each a document.

mod part;

use super::{Format, Head};
use crate::Fault;
use crate::bytes::stretch;
use crate::door::{At, CHUNK, Door};
use std::io::Read;

/// One message.
pub(crate) static FORMAT: Format = Format { name: "mail", knows: is_message, read: message };

/// Many.
pub(crate) static MAILBOX: Format = Format {
    name: "mailbox",
    knows: |head| head.bytes.starts_with(b"From ") && headed(after_line(head.bytes)) >= 2,
    read: mailbox,
};

/// The longest message of a mailbox, in bytes.
const MAX_MESSAGE: usize = 64 << 20;

fn after_line(bytes: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', bytes).and_then(|end| bytes.get(end + 1..)).unwrap_or_default()
}

/// How many headers of mail stand at the beginning.
fn headed(bytes: &[u8]) -> usize {
    const HEADERS: &[&str] = &[
        "from",
        "to",
        "subject",
        "date",
        "mime-version",
        "received",
        "message-id",
        "return-path",
        "delivered-to",
        "content-type",
        "reply-to",
        "cc",
        "x-mailer",
        "dkim-signature",
        "arc-seal",
        "authentication-results",
    ];
    let mut found = 0;
    for line in stretch(bytes, 0, 8 << 10).split(|byte| *byte == b'\n').take(100) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some(colon) = memchr::memchr(b':', line) else { return 0 };
        let name = String::from_utf8_lossy(line.get(..colon).unwrap_or_default()).to_ascii_lowercase();
        if name.contains(' ') {
            return 0;
        }
        found += usize::from(HEADERS.contains(&name.as_str()));
    }
    found
}

fn is_message(head: &Head<'_>) -> bool {
    let found = headed(head.bytes);
    let sent = memchr::memmem::find(head.bytes, b"\n\n").or(memchr::memmem::find(head.bytes, b"\r\n\r\n")).is_some();
    found >= 3 && sent || (found >= 1 && head.named(&[".eml"]))
}

fn message(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    door.hold(at, input, |door, whole| part::read(door, at, whole, 0));
}

fn mailbox(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    let (mut chunk, mut held, mut number) = (vec![0; CHUNK], Vec::new(), 0);
    let mut looked = 0;
    while let Some(bytes) = super::text::next(input, &mut chunk) {
        held.extend_from_slice(bytes);
        // What was looked at is not looked at again: a line that begins a message may be cut.
        while let Some(end) = memchr::memmem::find(held.get(looked..).unwrap_or_default(), b"\nFrom ") {
            let rest = held.split_off(looked + end + 1);
            one(door, at, &held, &mut number);
            (held, looked) = (rest, 0);
        }
        looked = held.len().saturating_sub(5);
        if held.len() > MAX_MESSAGE {
            door.problem(
                at,
                Fault::Bound,
                format!("a message is longer than {MAX_MESSAGE} bytes: it was read in parts"),
            );
            one(door, at, &held, &mut number);
            (held, looked) = (Vec::new(), 0);
        }
    }
    one(door, at, &held, &mut number);
}

fn one(door: &mut Door<'_>, at: &At, bytes: &[u8], number: &mut u64) {
    if !bytes.trim_ascii().is_empty() {
        *number += 1;
        let body = if bytes.starts_with(b"From ") { after_line(bytes) } else { bytes };
        part::read(door, &at.inner(&format!("message {number}")), body, 0);
    }
}
