//! Microsoft Entra: sign-ins of people, applications and managed identities, changes in the directory, risk detections
//! and alerts of Privileged Identity Management, as Graph, Event Hubs and Log Analytics write them.

mod fields;
mod kind;
mod ocsf;
mod party;

use crate::json;
use crate::mapping::set_address;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};
use kind::Kind;

/// Microsoft Entra.
pub static SOURCE: EntraSignin = EntraSignin;

/// Microsoft Entra.
#[derive(Debug)]
pub struct EntraSignin;

impl Source for EntraSignin {
    fn name(&self) -> &'static str {
        "entra_signin"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["value", "records"] }
    }

    fn fields(&self) -> &'static [&'static str] {
        fields::FIELDS
    }

    fn taxonomy(&self) -> &'static str {
        include_str!("taxonomy.yml")
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let kind = Kind::of(record.json).ok_or_else(|| {
            let hint = "check that the input holds sign-ins, audits or risk detections of Microsoft Entra";
            Refusal::new("not an Entra record: it is no sign-in, no directory audit and no risk detection", hint)
        })?;
        let inner = json::at(record.json, &["properties"]).filter(|inner| json::is_object(inner));
        let fields = Fields { outer: record.json, inner };
        Ok(Mapped {
            native_id: record.native_id(fields.text(&["id", "Id"])),
            time: time(record, &fields)?,
            log_source: LogSource { product: "azure", service: kind.service() },
            keys: keys(&fields, kind),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// Whether a record of Azure Monitor is one of Entra.
pub(super) fn is_directory(record: &Json) -> bool {
    Kind::of_category(record).is_some()
}

/// A record's fields: below `properties` where the record came through Azure Monitor, else at its top.
struct Fields<'e> {
    outer: &'e Json,
    inner: Option<&'e Json>,
}

impl<'e> Fields<'e> {
    /// The value of the first of `names` that there is. Log Analytics begins names in upper case.
    fn at(&self, names: &[&str]) -> Option<&'e Json> {
        let places = self.inner.into_iter().chain([self.outer]);
        places.flat_map(|place| names.iter().filter_map(|name| json::at(place, &[name]))).next()
    }

    /// The text of the first of `names` that has some.
    fn text(&self, names: &[&str]) -> Option<&'e str> {
        let places = self.inner.into_iter().chain([self.outer]);
        places.flat_map(|place| names.iter().filter_map(|name| json::text(place, &[name]))).next()
    }
}

fn time(record: &RawRecord<'_>, fields: &Fields<'_>) -> Result<firebreak_model::Time, Refusal> {
    const TIMES: [&str; 5] =
        ["createdDateTime", "activityDateTime", "detectedDateTime", "CreatedDateTime", "ActivityDateTime"];
    let own = fields.text(&TIMES).and_then(firebreak_model::Time::parse);
    match own {
        Some(time) => Ok(time),
        None => record.time(&[&["time"], &["TimeGenerated"], &["properties", "createdDateTime"]]),
    }
}

fn keys(fields: &Fields<'_>, kind: Kind) -> Keys {
    let operation = operation(fields, kind);
    let outcome = outcome(fields, kind);
    let credential = fields.text(&["servicePrincipalCredentialKeyId", "ServicePrincipalCredentialKeyId"]);
    let mut keys = Keys {
        actor: party::actor(fields, kind),
        credential: credential.map(|id| NodeKey::credential("azure", id)),
        session: json::owned(fields.text(&["sessionId", "SessionId"])),
        user_agent: json::owned(fields.text(&["userAgent", "UserAgent"])),
        target: party::target(fields, kind),
        outcome,
        minted: (outcome == Outcome::Success).then(|| party::minted(fields)).flatten(),
        operation,
        ..Keys::default()
    };
    let own = fields.text(&["ipAddress", "IPAddress", "callerIpAddress", "CallerIPAddress"]);
    set_address(&mut keys, own.or_else(|| party::initiator(fields).and_then(|user| json::text(user, &["ipAddress"]))));
    keys
}

/// What was done, in the platform's words; a risk by its kind.
fn operation(fields: &Fields<'_>, kind: Kind) -> Text {
    let named = match kind {
        Kind::Risk | Kind::Privileged => fields.text(&["riskEventType", "RiskEventType"]),
        Kind::SignIn => fields.text(&["operationName", "OperationName"]),
        Kind::Audit => fields.text(&["activityDisplayName", "ActivityDisplayName", "operationName", "OperationName"]),
    };
    let usual = match kind {
        Kind::SignIn => "Sign-in activity",
        Kind::Audit => "Directory change",
        Kind::Risk | Kind::Privileged => "Risk detection",
    };
    // Some names end in a space.
    Text::new(named.unwrap_or(usual).trim())
}

/// Sign-ins have a number, 0 where they succeeded; audits a word.
fn outcome(fields: &Fields<'_>, kind: Kind) -> Outcome {
    match kind {
        Kind::Risk | Kind::Privileged => Outcome::Unknown,
        Kind::SignIn => {
            let status = fields.at(&["status", "Status"]).and_then(|status| json::count(status, &["errorCode"]));
            let result = ["resultType", "ResultType"].iter().find_map(|name| json::id(fields.outer, &[name]));
            match (status, result.as_deref()) {
                (Some(code), _) => of_code(code),
                (None, Some("Success" | "success")) => Outcome::Success,
                (None, Some(text)) => text.parse().map_or(Outcome::Unknown, of_code),
                (None, None) => Outcome::Unknown,
            }
        }
        Kind::Audit => match fields.text(&["result", "Result", "resultSignature"]).map(str::to_ascii_lowercase) {
            Some(result) if result == "success" => Outcome::Success,
            Some(result) if result == "failure" => Outcome::Failure,
            // Intune has a number instead.
            _ => match fields.at(&["ActivityResultStatus"]).and_then(|status| json::count(status, &[])) {
                Some(1) => Outcome::Success,
                _ => Outcome::Unknown,
            },
        },
    }
}

/// Codes at which the person was asked for something more: nothing was refused yet.
const INTERRUPTIONS: [u64; 14] =
    [16000, 50055, 50058, 50072, 50074, 50076, 50079, 50097, 50125, 50129, 50140, 50144, 50199, 65001];

fn of_code(code: u64) -> Outcome {
    match code {
        0 => Outcome::Success,
        code if INTERRUPTIONS.contains(&code) => Outcome::Failure,
        _ => Outcome::Denied,
    }
}
