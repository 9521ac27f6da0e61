//! Package-install logs: one JSON object a line, written by a wrapper around package managers or by an agent on the host:
//! `time`, `host`, `user`, `executable`, `targets`, `action`.

mod ocsf;

use crate::json;
use crate::mapping::person;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

/// Package-install logs.
pub static SOURCE: PackageInstall = PackageInstall;

/// Package-install logs.
#[derive(Debug)]
pub struct PackageInstall;

impl Source for PackageInstall {
    fn name(&self) -> &'static str {
        "package_install"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["id", "time", "host", "user", "executable", "ecosystem", "targets", "action", "exit_code"]
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let line = record.json;
        let (Some(host), Some(action)) = (json::text(line, &["host"]), json::text(line, &["action"])) else {
            let hint = "each line holds `time`, `host`, `user`, `executable`, `targets` and `action`";
            return Err(Refusal::new("not a package-install line: it has no `host` or no `action`", hint));
        };
        Ok(Mapped {
            native_id: record.native_id(json::text(line, &["id"])),
            time: record.time(&[&["time"]])?,
            log_source: LogSource { product: "package", service: "install" },
            keys: keys(line, host, action),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(line: &Json, host: &str, action: &str) -> Keys {
    let executable = json::text(line, &["executable"]).map(program);
    let user = json::text(line, &["user"]);
    let environment = NodeKey::environment("host", host);
    Keys {
        actor: person(user).or_else(|| user.map(|user| NodeKey::identity("host", &format!("{host}/{user}")))),
        operation: match executable {
            Some(executable) => Text::from(format!("{executable} {action}")),
            None => Text::new(action),
        },
        target: Some(environment.clone()),
        outcome: outcome(line),
        environment: Some(environment),
        ..Keys::default()
    }
}

/// `pip` of `/usr/bin/pip` and of `C:\Python\pip.exe`.
fn program(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".exe").unwrap_or(name)
}

fn outcome(line: &Json) -> Outcome {
    match json::count(line, &["exit_code"]) {
        Some(0) => Outcome::Success,
        Some(_) => Outcome::Failure,
        None => Outcome::Unknown,
    }
}
