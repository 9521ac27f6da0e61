//! The sweep: every login that the role has let in, or that these have let in, and that the plan does not name as known.
//!
//! Who let whom in is the server's own word: it keeps with each membership of whom, in what, and who gave it. One statement
//! goes round until nobody is left, since a session that is told to end may finish what it does. A login that is made
//! with no membership at all is not seen here: it has no rights of the role either, until it is given some.

use super::{PostgresRole, quoted, role};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::StateBefore;
use firebreak_contain::plan::KNOWN_PARAMETER;
use firebreak_model::Action;
use serde_json::json;

/// The logins that were let in and may log in or are logged in, with whether they may. Our own role and superusers, whom no
/// role but a superuser lets in, are never among them. With `ADMIN OPTION` one who administers a role may hand it out; from
/// PostgreSQL 16 on that is how the server says who made it.
pub(super) const READ: &str = "WITH RECURSIVE \
     known AS (SELECT json_array_elements_text($2::json) AS name), \
     made(oid) AS (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1 \
     UNION SELECT r.oid FROM made \
     JOIN pg_catalog.pg_auth_members m ON made.oid IN (m.roleid, m.grantor) OR made.oid = m.member AND m.admin_option \
     JOIN pg_catalog.pg_roles r ON r.oid = CASE WHEN made.oid IN (m.roleid, m.grantor) THEN m.member ELSE m.roleid END \
     WHERE r.rolname NOT IN (SELECT name FROM known) AND r.rolname <> current_user AND NOT r.rolsuper) \
     SELECT r.rolname, r.rolcanlogin FROM pg_catalog.pg_roles r JOIN made USING (oid) WHERE r.rolname <> $1 \
     AND (r.rolcanlogin OR EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.usesysid = r.oid)) ORDER BY 1";

/// Shuts them: their logins first, for all to see, then their sessions, until there are none. A login that we may not change
/// is left, and found open when it is looked again.
pub(super) const SHUT: &str = "DO $firebreak$ DECLARE \
     target constant name := convert_from(decode('{hex}', 'hex'), 'UTF8'); \
     known constant json := convert_from(decode('{hex}', 'hex'), 'UTF8'); \
     still name[]; one name; \
     BEGIN FOR pass IN 1..50 LOOP \
     WITH RECURSIVE \
     made(oid) AS (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = target \
     UNION SELECT r.oid FROM made \
     JOIN pg_catalog.pg_auth_members m ON made.oid IN (m.roleid, m.grantor) OR made.oid = m.member AND m.admin_option \
     JOIN pg_catalog.pg_roles r ON r.oid = CASE WHEN made.oid IN (m.roleid, m.grantor) THEN m.member ELSE m.roleid END \
     WHERE r.rolname NOT IN (SELECT json_array_elements_text(known)) AND r.rolname <> current_user AND NOT r.rolsuper) \
     SELECT array_agg(r.rolname) INTO still FROM pg_catalog.pg_roles r JOIN made USING (oid) \
     WHERE r.rolcanlogin AND r.rolname <> target OR EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.usesysid = r.oid); \
     EXIT WHEN still IS NULL; \
     FOREACH one IN ARRAY still LOOP \
     BEGIN IF one <> target THEN EXECUTE format('ALTER ROLE %I NOLOGIN', one); END IF; \
     EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL; END; \
     END LOOP; \
     COMMIT; \
     PERFORM pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
     WHERE usename = ANY (still) AND pid <> pg_catalog.pg_backend_pid(); \
     PERFORM pg_catalog.pg_sleep(0.01); COMMIT; \
     END LOOP; END $firebreak$";

/// The names that are left alone, where `action` is a sweep.
pub(super) fn known(action: &Action) -> Option<&str> {
    action.parameters.get(KNOWN_PARAMETER).map(firebreak_model::Text::as_str)
}

/// A login that was let in.
struct Newcomer {
    name: String,
    can_login: bool,
}

async fn read(context: &Context<'_>, action: &Action, known: &str) -> Result<Vec<Newcomer>, ActError> {
    let rows = PostgresRole::sql(context, action, READ, &[role(action)?, known.to_owned()]).await?;
    let newcomer = |row: Vec<Option<String>>| {
        let mut cells = row.into_iter();
        let (name, can_login) = (cells.next().flatten()?, cells.next().flatten()? == "true");
        Some(Newcomer { name, can_login })
    };
    Ok(rows.into_iter().filter_map(newcomer).collect())
}

/// Who could log in before. Even where there is nobody the sweep is made: somebody may be on the way.
pub(super) async fn preflight(context: &Context<'_>, action: &Action, known: &str) -> Result<StateBefore, ActError> {
    let before = read(context, action, known).await?;
    let names: Vec<String> = before.into_iter().filter(|one| one.can_login).map(|one| one.name).collect();
    Ok(StateBefore { state: json!({"could_login": names}), denied_already: false, admitted: None })
}

pub(super) async fn shut(context: &Context<'_>, action: &Action, role: &str, known: &str) -> Result<(), ActError> {
    // Hexadecimal digits cannot end the text that they stand in, whatever a role is called.
    let statement =
        [role, known].iter().fold(SHUT.to_owned(), |text, value| text.replacen("{hex}", &hex::encode(value), 1));
    PostgresRole::sql(context, action, &statement, &[]).await.map(|_| ())
}

pub(super) async fn verify(context: &Context<'_>, action: &Action, known: &str) -> Vec<Evidence> {
    const NAMED_MAX: usize = 5;
    let now = context.now();
    let declared = match read(context, action, known).await {
        Ok(left) if left.is_empty() => {
            Evidence::declared(true, now, "nobody whom the role let in may log in or has a session")
        }
        Ok(left) => {
            let names: Vec<&str> = left.iter().take(NAMED_MAX).map(|one| one.name.as_str()).collect();
            let text = format!("{} whom the role let in are not shut: {}", left.len(), names.join(", "));
            Evidence::declared(false, now, text)
        }
        Err(error) => Evidence::unobservable(now, error.to_string()),
    };
    vec![declared, Evidence::blind(now, "nobody configured a login to try")]
}

/// Whom undo leaves shut: all of them. None of them was there before the incident, or the inventory would have named them, and
/// nothing at the server tells an intruder's from an honest one.
pub(super) fn left_shut(before: &StateBefore) -> Option<String> {
    const NAMED_MAX: usize = 20;
    let names = names(before).ok()?;
    if names.is_empty() {
        return Some("nobody is let in again: nobody stood open when the sweep began".to_owned());
    }
    let named: Vec<String> = names.iter().take(NAMED_MAX).map(|name| quoted(name)).collect();
    let more = names.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!(
        "whoever the role let in since the inventory stays shut; open when the sweep began: {}{more}; give back what is honest by `ALTER ROLE … LOGIN`",
        named.join(", ")
    );
    Some(text)
}

/// Who could log in when the sweep began.
pub(super) fn names(before: &StateBefore) -> Result<Vec<String>, ActError> {
    let names = before.state["could_login"].as_array().map(|names| {
        let text = |name: &serde_json::Value| name.as_str().map(str::to_owned);
        names.iter().filter_map(text).collect()
    });
    names.ok_or_else(|| ActError::unusable("the state before lacks `could_login`", "set the roles by hand"))
}
