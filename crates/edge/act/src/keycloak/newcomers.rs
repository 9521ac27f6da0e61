//! The sweep behind a client or user that is disabled: every client and user that it has made since anything was
//! compromised, or that these have made.
//!
//! Who made whom, and when, is the realm's own word: its admin events, where it saves them. A realm that saves none cannot
//! be swept, and that is an error and not an empty answer. What was made by other ways than these events tell of (a
//! registration without a token, an import) is not seen here.

use super::{Keycloak, is_our_client, shape};
use crate::context::Context;
use crate::error::ActError;
use crate::rest::Body;
use crate::setting::Reading;
use crate::spec::Permission;
use firebreak_contain::plan::MADE_SINCE_PARAMETER;
use firebreak_model::{Action, NodeKey, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const SETTINGS: &str = "GET {server}/admin/realms/{realm}/events/config";
pub(crate) const EVENTS: &str =
    "GET {server}/admin/realms/{realm}/admin-events?operationTypes&resourceTypes&resourceTypes&dateFrom&first&max";
pub(crate) const LIST: &str = "GET {server}/admin/realms/{realm}/clients?first&max";

/// The right to ask who made whom.
pub(crate) const PERMISSION: Permission = Permission {
    action: "realm-management: view-events",
    resource: "the realm",
    purpose: "for the sweep: see in the admin events who made which clients and users",
};

/// Rows of one answer.
const PAGE: usize = 500;
/// Beyond so many pages the answer is refused: nobody could say that it is whole.
const PAGES_MAX: usize = 40;
/// An intruder who makes more than the sweep shuts is left to the next look after so many rounds.
const ROUNDS_MAX: usize = 50;

/// Whether `action` is a sweep.
pub(crate) fn is_sweep(action: &Action) -> bool {
    action.parameters.contains_key(MADE_SINCE_PARAMETER)
}

/// Since when what the target made is swept, where `action` is a sweep.
///
/// # Errors
/// Where the step says no time.
pub(crate) fn since(action: &Action) -> Result<Option<Time>, ActError> {
    let Some(text) = action.parameters.get(MADE_SINCE_PARAMETER) else { return Ok(None) };
    let time = Time::parse(text).ok_or_else(|| {
        ActError::unusable(format!("`{text}` in `{MADE_SINCE_PARAMETER}` is no time"), "make a new plan")
    })?;
    Ok(Some(time))
}

/// What is no longer there says nothing of what it made: where a cut would be done, a sweep cannot be seen.
pub(crate) fn never_gone(error: ActError) -> ActError {
    match error {
        ActError::NotFound { target, reason } => ActError::unusable(
            format!("`{target}` is not there, so that nobody can say what it made: {reason}"),
            "look in the realm's admin events for what it made",
        ),
        error => error,
    }
}

/// Who is swept: a client or a user by its own id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Maker<'a> {
    Client(&'a str),
    User(&'a str),
}

/// A client or user that lets anyone in.
struct Open {
    name: String,
    /// As the realm represents it. A user who is not enabled may have sessions left.
    found: Value,
}

/// A sweep of one realm. Clients and users stand in it as the events name them: `clients/<id>`, `users/<id>`.
pub(crate) struct Sweep<'a> {
    context: &'a Context<'a>,
    action: &'a Action,
    realm: Keycloak<'a>,
}

impl<'a> Sweep<'a> {
    pub(crate) fn of(context: &'a Context<'a>, action: &'a Action, realm: Keycloak<'a>) -> Sweep<'a> {
        Sweep { context, action, realm }
    }

    /// What `maker` made since `since` and is open: the state before, and what is left.
    pub(crate) async fn read(&self, maker: Maker<'_>, since: Time) -> Result<Reading, ActError> {
        const NAMED_MAX: usize = 5;
        self.is_told().await?;
        let open = self.open(maker, since).await?;
        let words = match open.as_slice() {
            [] => format!("nothing that it made since {since} is open"),
            open => {
                let names: Vec<&str> = open.iter().take(NAMED_MAX).map(|one| one.name.as_str()).collect();
                format!("{} that it made since {since} are open: {}", open.len(), names.join(", "))
            }
        };
        let enabled: BTreeSet<&str> =
            open.iter().filter(|one| enabled(&one.found)).map(|one| one.name.as_str()).collect();
        Ok(Reading::new(json!({"enabled": enabled}), open.is_empty(), words))
    }

    /// Shuts what is open, the newest first, until a look finds nothing more. What the realm does not let us change is left,
    /// and found open when it is looked again.
    pub(crate) async fn shut(&self, maker: Maker<'_>, since: Time) -> Result<(), ActError> {
        for _ in 0..ROUNDS_MAX {
            let mut shut = false;
            for one in self.open(maker, since).await? {
                match self.set(&one.name, &one.found, false).await {
                    Ok(()) | Err(ActError::NotFound { .. }) => shut = true,
                    Err(ActError::Refused { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            if !shut {
                break;
            }
        }
        Ok(())
    }

    /// Enables what was enabled before. What somebody removed since cannot come back.
    pub(crate) async fn restore(&self, before: &Value) -> Result<(), ActError> {
        for one in names(before)? {
            let Some(found) = self.look(&one).await? else { continue };
            match self.set(&one, &found, true).await {
                Ok(()) | Err(ActError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether all that was enabled before is, or is gone.
    pub(crate) async fn is_back(&self, before: &Value) -> Result<bool, ActError> {
        for one in names(before)? {
            if let Some(found) = self.look(&one).await?
                && !enabled(&found)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// That the realm saves who made what.
    async fn is_told(&self) -> Result<(), ActError> {
        let settings = self.realm.call(SETTINGS, &[], Body::None).await?;
        match settings.body.get("adminEventsEnabled").and_then(Value::as_bool) {
            Some(true) => Ok(()),
            Some(false) => Err(ActError::unusable(
                format!("the realm `{}` saves no admin events: nobody can say what was made by whom", self.realm.name),
                "switch on `Save events` under the admin events settings of the realm; meanwhile what it made is cut as \
                 its log tells",
            )),
            None => Err(settings.lacks("adminEventsEnabled")),
        }
    }

    /// What `maker` made and is open, the newest first. Nothing of our own is among it.
    async fn open(&self, maker: Maker<'_>, since: Time) -> Result<Vec<Open>, ActError> {
        let events = self.events(since).await?;
        let events: Vec<Made<'_>> = events.iter().filter_map(Made::of).filter(|one| one.at >= since.millis()).collect();
        let made = made_by(self.accounts(maker, &events).await?, &events);
        let mut clients = match made.iter().any(|one| one.starts_with("clients/")) {
            true => self.clients().await?,
            false => BTreeMap::new(),
        };
        let mut open = Vec::new();
        for name in made {
            let found = match clients.remove(&name) {
                Some(client) => Some(client),
                None => self.look(&name).await?,
            };
            let Some(found) = found else { continue };
            if !self.is_ours(&name, &found)? && self.is_open(&name, &found).await? {
                open.push(Open { name, found });
            }
        }
        Ok(open)
    }

    /// The accounts as which `maker` made things: for a client its own, and what is gone, since with its account a client can
    /// hide what it made. People who are signed in to a client act for themselves.
    async fn accounts(&self, maker: Maker<'_>, events: &[Made<'_>]) -> Result<BTreeSet<String>, ActError> {
        let client = match maker {
            Maker::User(id) => return Ok(BTreeSet::from([id.to_owned()])),
            Maker::Client(id) => id,
        };
        let users: BTreeSet<&str> = events.iter().filter(|one| one.through == client).map(|one| one.by).collect();
        let mut accounts = BTreeSet::new();
        for user in users {
            let found = self.look(&format!("users/{user}")).await?;
            let name = found.as_ref().map(|found| found.get("username").and_then(Value::as_str).unwrap_or_default());
            if name.is_none_or(|name| name.starts_with("service-account-")) {
                accounts.insert(user.to_owned());
            }
        }
        Ok(accounts)
    }

    /// Events of what was made since `since`, the newest first. The realm takes days of a time zone of its own, so it is asked
    /// for one more.
    async fn events(&self, since: Time) -> Result<Vec<Value>, ActError> {
        const DAY: i64 = 86_400;
        let day = Time::from_seconds((since.seconds() - DAY).max(0)).to_string();
        let day = day.get(..10).unwrap_or_default();
        self.pages(EVENTS, &["CREATE", "CLIENT", "USER", day]).await
    }

    /// The realm's clients, by the name that events have for them.
    async fn clients(&self) -> Result<BTreeMap<String, Value>, ActError> {
        let listed = self.pages(LIST, &[]).await?;
        let named = |client: Value| Some((format!("clients/{}", client.get("id")?.as_str()?), client));
        Ok(listed.into_iter().filter_map(named).collect())
    }

    /// All rows of a list. What comes into being meanwhile shifts rows to later pages, so that none is missed.
    async fn pages(&self, shape: &str, fill: &[&str]) -> Result<Vec<Value>, ActError> {
        let mut rows = Vec::new();
        for page in 0..PAGES_MAX {
            let (first, max) = ((page * PAGE).to_string(), PAGE.to_string());
            let fill: Vec<&str> = fill.iter().copied().chain([first.as_str(), max.as_str()]).collect();
            let answer = self.realm.call(shape, &fill, Body::None).await?;
            let found = answer.list("")?;
            rows.extend_from_slice(found);
            if found.len() < PAGE {
                return Ok(rows);
            }
        }
        Err(ActError::Unreadable {
            call: shape.to_owned(),
            reason: format!("it has more than {} rows", PAGES_MAX * PAGE),
        })
    }

    /// One client or user as the realm represents it; none where it is gone.
    async fn look(&self, one: &str) -> Result<Option<Value>, ActError> {
        let (things, id) = split(one)?;
        let read = if things == "clients" { shape::CLIENT } else { shape::USER };
        match self.realm.call(read, &[id], Body::None).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(ActError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether it lets anyone in: a user who is disabled may have sessions left, which count again when it is enabled.
    async fn is_open(&self, one: &str, found: &Value) -> Result<bool, ActError> {
        match split(one)? {
            _ if enabled(found) => Ok(true),
            ("users", id) => Ok(self.realm.sessions(id).await? != (0, 0)),
            _ => Ok(false),
        }
    }

    fn is_ours(&self, one: &str, found: &Value) -> Result<bool, ActError> {
        let (realm, (things, id)) = (self.realm.name, split(one)?);
        let key = |name: &str| NodeKey::identity("keycloak", &format!("{realm}/{name}"));
        let own = &self.context.config.own;
        if things == "users" {
            return Ok(self.realm.is_us(id) || own.contains(&key(id)));
        }
        let client = found.get("clientId").and_then(Value::as_str).unwrap_or_default();
        let by_name = NodeKey::identity("app", &format!("keycloak/{realm}/{client}"));
        Ok(own.contains(&key(id)) || own.contains(&by_name) || is_our_client(self.context, self.action, client)?)
    }

    async fn set(&self, one: &str, found: &Value, enabled: bool) -> Result<(), ActError> {
        match split(one)? {
            ("clients", id) => self.realm.set_client(id, found, enabled, self.context.now()).await,
            (_, id) => self.realm.set_user(id, enabled).await,
        }
    }
}

/// `clients` or `users`, and the id.
fn split(one: &str) -> Result<(&str, &str), ActError> {
    one.split_once('/').filter(|(things, id)| matches!(*things, "clients" | "users") && !id.contains('/')).ok_or_else(
        || ActError::unusable(format!("`{one}` is no client or user"), "enable by hand what the sweep had disabled"),
    )
}

/// Left out, a client is enabled.
fn enabled(found: &Value) -> bool {
    found.get("enabled").and_then(Value::as_bool).unwrap_or(true)
}

/// What `accounts` made by `events`, or what that made: in the order of the events, each once. A client that was made counts by
/// whoever acts through it: whoever signs in to a client that an intruder made does so for the intruder.
fn made_by(accounts: BTreeSet<String>, events: &[Made<'_>]) -> Vec<String> {
    let mut makers: BTreeSet<&str> = accounts.iter().map(String::as_str).collect();
    loop {
        let theirs = |one: &&Made<'_>| makers.contains(one.by) || makers.contains(one.through);
        let found: Vec<&str> =
            events.iter().filter(theirs).map(|one| one.id).filter(|id| !makers.contains(id)).collect();
        if found.is_empty() {
            break;
        }
        makers.extend(found);
    }
    let mut seen: BTreeSet<&str> = accounts.iter().map(String::as_str).collect();
    let theirs = events.iter().filter(|one| makers.contains(one.id) && seen.insert(one.id));
    theirs.map(|one| one.path.to_owned()).collect()
}

/// One event of something that was made.
struct Made<'e> {
    path: &'e str,
    id: &'e str,
    /// The account that acted, and the client through which it did.
    by: &'e str,
    through: &'e str,
    /// In milliseconds: events have no more.
    at: i64,
}

impl<'e> Made<'e> {
    /// None where the event is about a part of something, or about what failed.
    fn of(event: &'e Value) -> Option<Made<'e>> {
        let path = event.get("resourcePath")?.as_str()?;
        let (_, id) = split(path).ok()?;
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let succeeded = text("/error").is_empty() && text("/operationType") == "CREATE";
        let at = event.get("time")?.as_i64()?;
        succeeded.then(|| Made {
            path,
            id,
            by: text("/authDetails/userId"),
            through: text("/authDetails/clientId"),
            at,
        })
    }
}

/// What was enabled before, as the events name it.
fn names(before: &Value) -> Result<Vec<String>, ActError> {
    let names = before["enabled"].as_array().map(|names| {
        let text = |name: &Value| name.as_str().map(str::to_owned);
        names.iter().filter_map(text).collect()
    });
    names.ok_or_else(|| ActError::unusable("the state before lacks `enabled`", "enable what was swept by hand"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, path: &str, by: (&str, &str)) -> Value {
        json!({"time": at, "operationType": "CREATE", "resourcePath": path, "authDetails": {"userId": by.0, "clientId": by.1}})
    }

    fn made(account: &str, events: &[Value]) -> Vec<String> {
        let events: Vec<Made<'_>> = events.iter().filter_map(Made::of).collect();
        made_by(BTreeSet::from([account.to_owned()]), &events)
    }

    #[test]
    fn what_somebody_made_counts_with_what_that_made_and_nobody_elses() {
        let events = [
            event(50, "users/u-2", ("acc-of-c2", "c-2")),
            event(40, "clients/c-2", ("u-1", "console")),
            // The same console, and another person.
            event(35, "clients/honest", ("admin", "console")),
            event(30, "users/u-1", ("acc", "c-0")),
            event(20, "clients/before", ("acc", "c-0")),
        ];
        assert_eq!(made("acc", &events[..4]), ["users/u-2", "clients/c-2", "users/u-1"]);
        assert_eq!(made("acc", &events[..3]), [""; 0], "it follows from what was made before");
        assert_eq!(made("admin", &events), ["clients/honest"]);
    }

    #[test]
    fn what_failed_and_what_is_only_a_part_of_something_was_not_made() {
        let mut failed = event(10, "clients/c-1", ("acc", "c-0"));
        failed["error"] = json!("denied");
        let part = event(10, "clients/c-1/roles", ("acc", "c-0"));
        let mut updated = event(10, "clients/c-1", ("acc", "c-0"));
        updated["operationType"] = json!("UPDATE");
        let stranger = event(10, "groups/g-1", ("acc", "c-0"));
        assert_eq!(made("acc", &[failed, part, updated, stranger]), [""; 0]);
    }
}
