//! Takes a PostgreSQL role's right to log in and ends its sessions, in that order, and gives the right back. Its sweep does
//! the same to whoever the role has let in since ([`newcomers`]).
//!
//! It does not stop others from becoming the role with `SET ROLE`, nor superusers from anything.

mod newcomers;

use crate::context::{Context, Rows};
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore, parameter};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `[responder.postgres_role]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By host, as the inventory names it.
    pub servers: BTreeMap<String, Server>,
}

/// `[responder.postgres_role.servers.<host>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// A reference to the connection URL that we act with (`postgres://…`).
    pub url: String,
    /// By role: a reference to a connection URL of that role, to try whether its login is refused.
    #[serde(default)]
    pub probes: BTreeMap<String, String>,
}

const READ_ROLE: &str = "SELECT rolcanlogin, rolname = current_user, \
                         (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename = rolname) \
                         FROM pg_catalog.pg_roles WHERE rolname = $1";
const END_SESSIONS: &str = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
                            WHERE usename = $1 AND pid <> pg_catalog.pg_backend_pid()";
const PROBE: &str = "SELECT 1";

static SPEC: ActionSpec = ActionSpec {
    name: "postgres_role",
    verb: "disable",
    targets: &["identity:postgres/"],
    title: "Take a PostgreSQL role's login and end its sessions",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Immediate,
    calls: &[
        Call::reads(READ_ROLE),
        Call::changes("ALTER ROLE {role} NOLOGIN"),
        Call::changes("ALTER ROLE {role} LOGIN"),
        Call::changes(END_SESSIONS),
        Call::reads(newcomers::READ),
        Call::changes(newcomers::SHUT),
        Call::reads(PROBE),
    ],
    permissions: &[
        Permission {
            action: "CREATEROLE",
            resource: "the server; from PostgreSQL 16 on with ADMIN OPTION on the roles it may take",
            purpose: "ALTER ROLE … NOLOGIN and LOGIN",
        },
        Permission {
            action: "pg_signal_backend",
            resource: "the server",
            purpose: "end the sessions of roles that are not superusers",
        },
        Permission { action: "pg_read_all_stats", resource: "the server", purpose: "see whose sessions there are" },
    ],
    rate_class: RateClass::Database,
    blast_radius: "whatever logs in as this role fails at once, and its open transactions are rolled back; the sweep does \
                   so to every login that the role has let in and that is not named as known",
};

/// Disables database roles.
#[derive(Debug)]
pub struct PostgresRole;

/// The responder.
pub static RESPONDER: PostgresRole = PostgresRole;

/// The role's name. PostgreSQL cuts longer identifiers off silently, which could name another role.
fn role(action: &Action) -> Result<String, ActError> {
    const NAME_BYTES_MAX: usize = 63;
    let role = parameter(action, "role")?;
    if role.len() > NAME_BYTES_MAX || role.contains('\0') {
        return Err(ActError::unusable(
            format!("`{role}` cannot be the name of a role"),
            "take a new inventory: the scanner that reports the role writes its name",
        ));
    }
    Ok(role.to_owned())
}

/// The name as an SQL identifier that nothing inside it can end.
fn quoted(role: &str) -> String {
    format!("\"{}\"", role.replace('"', "\"\""))
}

/// What the server says of the role.
struct RoleNow {
    can_login: bool,
    is_ours: bool,
    sessions: u64,
}

impl PostgresRole {
    fn server<'a>(context: &Context<'a>, action: &Action) -> Result<&'a Server, ActError> {
        let host = parameter(action, "host")?;
        context.config.postgres_role.servers.get(host).ok_or_else(|| {
            ActError::unusable(
                format!("no connection to the PostgreSQL server `{host}`"),
                format!("add `[responder.postgres_role.servers.\"{host}\"]` with `url`"),
            )
        })
    }

    async fn sql(
        context: &Context<'_>,
        action: &Action,
        statement: &str,
        parameters: &[String],
    ) -> Result<Rows, ActError> {
        let url = context.secret(&Self::server(context, action)?.url)?;
        context.sql(&url, statement, parameters).await
    }

    async fn role_now(context: &Context<'_>, action: &Action) -> Result<RoleNow, ActError> {
        let role = role(action)?;
        let rows = Self::sql(context, action, READ_ROLE, &[role]).await?;
        let Some(row) = rows.into_iter().next() else {
            return Err(ActError::NotFound {
                target: action.target.to_string(),
                reason: "the server has no such role".to_owned(),
            });
        };
        let cell = |index: usize| row.get(index).and_then(|cell: &Option<String>| cell.as_deref());
        let sessions = cell(2).and_then(|count| count.parse().ok()).ok_or_else(|| ActError::Unreadable {
            call: READ_ROLE.to_owned(),
            reason: "it counts no sessions".to_owned(),
        })?;
        Ok(RoleNow { can_login: cell(0) == Some("true"), is_ours: cell(1) == Some("true"), sessions })
    }

    /// Tries to log in as the role. `None` where nobody configured how.
    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let Some(reference) = Self::server(context, action)?.probes.get(&role(action)?) else { return Ok(None) };
        let url: SecretString = context.secret(reference)?;
        match context.sql(&url, PROBE, &[]).await {
            Ok(_) => Ok(Some(true)),
            // Class 28 is the server's refusal to let someone in: no login right, no such role, no matching rule.
            Err(ActError::Refused { code, .. }) if code.starts_with("28") => Ok(Some(false)),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Responder for PostgresRole {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        if let Some(known) = newcomers::known(action) {
            return newcomers::preflight(context, action, known).await;
        }
        let RoleNow { can_login, sessions, .. } = Self::role_now(context, action).await?;
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        let denied_already = !can_login && sessions == 0;
        Ok(StateBefore { state: json!({"can_login": can_login}), denied_already, admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let role = role(action)?;
        if let Some(known) = newcomers::known(action) {
            return newcomers::shut(context, action, &role, known).await;
        }
        // The other order would let the role come back between the two statements.
        Self::sql(context, action, &format!("ALTER ROLE {} NOLOGIN", quoted(&role)), &[]).await?;
        Self::sql(context, action, END_SESSIONS, &[role]).await.map(|_| ())
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        if let Some(known) = newcomers::known(action) {
            return newcomers::verify(context, action, known).await;
        }
        let declared = match Self::role_now(context, action).await {
            Ok(RoleNow { can_login: false, sessions: 0, .. }) => {
                Evidence::declared(true, now, "the role may not log in and has no session")
            }
            Ok(RoleNow { can_login, sessions, .. }) => {
                let may = if can_login { "may" } else { "may not" };
                Evidence::declared(false, now, format!("the role {may} log in and has {sessions} sessions"))
            }
            Err(ActError::NotFound { reason, .. }) => Evidence::declared(true, now, reason),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let effective = match (Self::admitted(context, action).await, before.admitted) {
            (Ok(Some(true)), _) => Evidence::effective(false, now, "the server still lets the role in"),
            (Ok(Some(false)), Some(true)) => Evidence::effective(true, now, "the server refuses the role's login"),
            (Ok(Some(false)), _) => Evidence::blind(now, "the server refused the role's login before the step too"),
            (Ok(None), _) => Evidence::blind(now, "nobody configured a login to try"),
            (Err(error), _) => Evidence::unobservable(now, error.to_string()),
        };
        vec![declared, effective]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        if newcomers::known(action).is_some() {
            // Whom the role let in stays shut: see `left_as_it_is`.
            return newcomers::names(before).map(|_| ());
        }
        let role = quoted(&role(action)?);
        let statement = match before.state["can_login"] {
            Value::Bool(true) => format!("ALTER ROLE {role} LOGIN"),
            Value::Bool(false) => format!("ALTER ROLE {role} NOLOGIN"),
            _ => return Err(ActError::unusable("the state before lacks `can_login`", "set the role by hand")),
        };
        Self::sql(context, action, &statement, &[]).await.map(|_| ())
    }

    async fn is_undone(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<bool>, ActError> {
        match newcomers::known(action) {
            Some(_) => Ok(Some(true)),
            None => Ok(Some(self.preflight(context, action).await?.state == before.state)),
        }
    }

    fn left_as_it_is(&self, action: &Action, before: &StateBefore) -> Option<String> {
        newcomers::known(action).and_then(|_| newcomers::left_shut(before))
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(Self::role_now(context, action).await?.is_ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::sql_matches;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_name_ends_its_own_quotes(role in "[^\0]{1,20}") {
            let statement = format!("ALTER ROLE {} NOLOGIN", quoted(&role));
            let whole = sql_matches("ALTER ROLE {role} NOLOGIN", &statement);
            prop_assert!(whole, "{}", statement);
        }
    }
}
