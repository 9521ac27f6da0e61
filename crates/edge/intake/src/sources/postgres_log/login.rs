//! Statements that put a login into the hands of whoever runs them: a role that may log in is made, or a role gets a password.
//!
//! It reads only as much of a statement as it takes to name the role.

/// The role whose login `sql` gives away, as the server stores its name. Of several statements the first that does counts.
pub(super) fn given(sql: &str) -> Option<String> {
    sql.split(';').find_map(of_statement)
}

fn of_statement(statement: &str) -> Option<String> {
    let (verb, rest) = word(statement)?;
    let (kind, rest) = word(rest)?;
    let (name, options) = name(rest)?;
    let has = |option: &str| words(options).any(|word| word.eq_ignore_ascii_case(option));
    let is_user = kind.eq_ignore_ascii_case("user");
    if !is_user && !kind.eq_ignore_ascii_case("role") {
        return None;
    }
    let gives = match verb {
        verb if verb.eq_ignore_ascii_case("create") => has("login") || is_user && !has("nologin"),
        // Taking a password away gives nobody anything.
        verb if verb.eq_ignore_ascii_case("alter") => has("password") && !has("null"),
        _ => false,
    };
    // The role that runs the statement changes its own password.
    let own = ["current_user", "current_role", "session_user", "all"].contains(&name.as_str());
    (gives && !own).then_some(name)
}

/// The first word, and what follows.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A name as the server stores it, and what follows: in quotation marks as it stands, otherwise in small letters.
fn name(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        return (end > 0).then(|| (name.to_lowercase(), rest));
    };
    let (mut name, mut rest) = (String::new(), quoted);
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return (!name.is_empty()).then_some((name, after)),
        }
    }
}

/// The words outside of literals.
fn words(options: &str) -> impl Iterator<Item = &str> {
    let outside = options.split('\'').step_by(2);
    outside.flat_map(|part| part.split(|c: char| !(c.is_alphanumeric() || c == '_'))).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::given;

    #[test]
    fn a_login_that_is_made_or_gets_a_password_is_named() {
        for (sql, role) in [
            ("CREATE ROLE svc_00001 LOGIN CREATEROLE IN ROLE warehouse PASSWORD '***'", "svc_00001"),
            ("create user Robin", "robin"),
            ("CREATE ROLE \"Sales \"\"EU\"\"\" WITH LOGIN", "Sales \"EU\""),
            ("ALTER ROLE legacy_etl PASSWORD '***'", "legacy_etl"),
            ("alter user legacy_etl with encrypted password '***' valid until 'infinity'", "legacy_etl"),
            ("SET search_path = a; CREATE ROLE b LOGIN", "b"),
        ] {
            assert_eq!(given(sql).as_deref(), Some(role), "{sql}");
        }
    }

    #[test]
    fn other_statements_give_no_login() {
        for sql in [
            "CREATE ROLE readers",
            "CREATE ROLE login",
            "CREATE USER batch NOLOGIN",
            "CREATE ROLE readers PASSWORD 'login'",
            "ALTER ROLE legacy_etl NOLOGIN",
            "ALTER ROLE legacy_etl PASSWORD NULL",
            "ALTER USER CURRENT_USER PASSWORD '***'",
            "CREATE TABLE role (login text)",
            "SELECT 'CREATE ROLE x LOGIN'",
            "CREATE ROLE \"open",
            "",
        ] {
            assert_eq!(given(sql), None, "{sql}");
        }
    }
}
