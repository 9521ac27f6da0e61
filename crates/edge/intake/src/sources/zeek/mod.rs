//! Logs of Zeek in JSON: connections, DNS, HTTP, TLS and QUIC. Which of them a record is of, its `_path` says where the writer adds
//! one, else its fields.

mod ocsf;

use crate::json;
use crate::mapping::{host, is_private, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, Outcome, Text, joined};
use sonic_rs::JsonValueTrait;
use std::net::IpAddr;

/// Zeek.
pub static SOURCE: Zeek = Zeek;

/// Zeek.
#[derive(Debug)]
pub struct Zeek;

/// Zeek's other logs, which lie in the same directory.
const OTHERS: [&str; 42] = [
    "analyzer",
    "broker",
    "capture_loss",
    "cluster",
    "config",
    "conn-summary",
    "dce_rpc",
    "dhcp",
    "dpd",
    "files",
    "ftp",
    "irc",
    "kerberos",
    "known_certs",
    "known_hosts",
    "known_services",
    "ldap",
    "ldap_search",
    "loaded_scripts",
    "modbus",
    "mysql",
    "notice",
    "notice_alarm",
    "ntlm",
    "ntp",
    "ocsp",
    "packet_filter",
    "pe",
    "postgresql",
    "prof",
    "radius",
    "rdp",
    "reporter",
    "sip",
    "smb_files",
    "smb_mapping",
    "smtp",
    "snmp",
    "software",
    "ssh",
    "stats",
    "weird",
];

/// One of the logs that are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Log {
    Conn,
    Dns,
    Http,
    Ssl,
    Quic,
}

impl Log {
    fn of(record: &Json) -> Result<Log, Refusal> {
        let has = |name: &str| json::at(record, &[name]).is_some();
        match json::text(record, &["_path"]) {
            Some("conn") => Ok(Log::Conn),
            Some("dns") => Ok(Log::Dns),
            Some("http") => Ok(Log::Http),
            Some("ssl") => Ok(Log::Ssl),
            Some("quic") => Ok(Log::Quic),
            Some(other) => {
                let hint = "give it Zeek's conn, dns, http, ssl and quic logs alone";
                Err(Refusal::new(format!("a record of Zeek's log `{other}`, which is not read"), hint))
            }
            None if has("conn_state") || has("orig_ip_bytes") => Ok(Log::Conn),
            None if has("qtype_name") || has("qclass") || (has("query") && has("rcode")) => Ok(Log::Dns),
            None if has("request_body_len") || has("trans_depth") => Ok(Log::Http),
            None if has("client_initial_dcid") => Ok(Log::Quic),
            None if has("server_name") || has("cipher") || has("ssl_history") => Ok(Log::Ssl),
            None if has("query") && has("trans_id") => Ok(Log::Dns),
            None => {
                let hint = "have Zeek write JSON (`policy/tuning/json-logs`), and give it conn, dns, http, ssl and quic logs alone";
                Err(Refusal::new("not a record of a log of Zeek that is read: no known set of fields", hint))
            }
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Log::Conn => "conn",
            Log::Dns => "dns",
            Log::Http => "http",
            Log::Ssl => "ssl",
            Log::Quic => "quic",
        }
    }
}

impl Source for Zeek {
    fn name(&self) -> &'static str {
        "zeek"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn wants(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let log = name.split(['.', '_']).next().unwrap_or(name);
        let whole = name.split('.').next().unwrap_or(name);
        !OTHERS.contains(&whole) && !OTHERS.contains(&log) && whole != "x509" && whole != "tunnel"
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let log = Log::of(record.json)?;
        Ok(Mapped {
            // One `uid` stands in every log about a connection.
            native_id: record.native_id(None),
            time: record.time(&[&["ts"], &["@timestamp"], &["_write_ts"]])?,
            log_source: LogSource { product: "zeek", service: log.word() },
            keys: keys(record.json, log),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// A field of the connection: its name has a dot in Zeek's own writing, and pipelines nest it.
fn endpoint<'j>(record: &'j Json, name: &str) -> Option<&'j str> {
    json::text(record, &[&format!("id.{name}")]).or_else(|| json::text(record, &["id", name]))
}

fn keys(record: &Json, log: Log) -> Keys {
    let text = |name: &str| json::text(record, &[name]);
    let other = endpoint(record, "resp_h");
    let (operation, target) = match log {
        Log::Conn => (Text::new_static("conn"), other),
        Log::Dns => (joined(&["dns:", text("qtype_name").unwrap_or("?")]), text("query")),
        Log::Http => (joined(&["http:", text("method").unwrap_or("?")]), text("host").or(other)),
        Log::Ssl => (Text::new_static("tls"), text("server_name").or(other)),
        Log::Quic => (Text::new_static("quic"), text("server_name").or(other)),
    };
    let mut keys = Keys {
        session: json::owned(text("uid")),
        user_agent: json::owned(text("user_agent")),
        operation,
        target: host(target),
        outcome: outcome(record, log),
        ..Keys::default()
    };
    keys.bytes = sent(record, log).filter(|_| keys.outcome != Outcome::Denied);
    set_address(&mut keys, endpoint(record, "orig_h"));
    keys
}

/// Bytes that left: of a connection from a private address to a public one, and the body of a request.
fn sent(record: &Json, log: Log) -> Option<u64> {
    let private = |name: &str| endpoint(record, name)?.parse::<IpAddr>().ok().map(is_private);
    let leaves = private("orig_h") == Some(true) && private("resp_h") == Some(false);
    match log {
        Log::Conn => json::count(record, &["orig_bytes"]).filter(|_| leaves),
        // The connection has them too.
        Log::Dns | Log::Http | Log::Ssl | Log::Quic => None,
    }
}

fn outcome(record: &Json, log: Log) -> Outcome {
    let text = |name: &str| json::text(record, &[name]);
    match log {
        Log::Conn => match text("conn_state") {
            Some("SF" | "S1" | "S2" | "S3" | "RSTO" | "RSTR" | "OTH") => Outcome::Success,
            Some("REJ") => Outcome::Denied,
            Some(_) => Outcome::Failure,
            None => Outcome::Unknown,
        },
        Log::Dns => match text("rcode_name") {
            Some("NOERROR") => Outcome::Success,
            Some("REFUSED") => Outcome::Denied,
            Some(_) => Outcome::Failure,
            None => Outcome::Unknown,
        },
        Log::Http => match json::count(record, &["status_code"]) {
            Some(100..=399) => Outcome::Success,
            Some(401 | 403 | 407) => Outcome::Denied,
            Some(_) => Outcome::Failure,
            None => Outcome::Unknown,
        },
        Log::Ssl | Log::Quic => match json::at(record, &["established"]).and_then(JsonValueTrait::as_bool) {
            Some(true) => Outcome::Success,
            Some(false) => Outcome::Failure,
            None => Outcome::Unknown,
        },
    }
}
