//! How what was seen to be made can be cut, platform by platform.

use super::Derivation;
use firebreak_model::{Action, CutOption, CutPolicy, NodeKey, Reversibility, Text};

/// The cuts of a derived credential: its own, and those of whom it acts as.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    pub(super) of_child: Vec<CutOption>,
    pub(super) of_actor: Vec<CutOption>,
}

/// The cuts of what `derivation` made. Other kinds of tokens have the cuts that their inventory gives, or none.
pub(super) fn of(derivation: &Derivation) -> Cuts {
    let Derivation { child, actor, until, .. } = derivation;
    if child.system() == "postgres" {
        return Cuts { of_child: of_login(child), ..Cuts::default() };
    }
    let Some(actor) = actor.as_ref().filter(|actor| child.system() == actor.system()) else { return Cuts::default() };
    match child.system() {
        "aws" => of_aws(child, actor, until.is_some()),
        "keycloak" => Cuts { of_actor: of_realm(child, actor), ..Cuts::default() },
        _ => Cuts::default(),
    }
}

/// A role's session is cut by denying the role's sessions issued before now, a new access key by deactivating it. A session
/// of a user ends with the user's rights alone: deactivating the key that made it leaves it as it is.
fn of_aws(child: &NodeKey, actor: &NodeKey, is_session: bool) -> Cuts {
    let mut arn = actor.name().split(':').skip(4);
    let (account, entity) = (arn.next().unwrap_or_default(), arn.next().unwrap_or_default());
    // The responders take a role or user by its last name, without its path.
    let last = |path: &'static str| entity.strip_prefix(path).map(|name| name.rsplit('/').next().unwrap_or(name));
    match (is_session, last("role/"), last("user/")) {
        (true, Some(role), _) => {
            let parameters = [("account", account), ("role", role)];
            Cuts { of_child: vec![option("aws_role_sessions/deny", actor, parameters, 40, 120)], ..Cuts::default() }
        }
        (true, _, Some(user)) => {
            let parameters = [("account", account), ("user", user)];
            Cuts { of_actor: vec![option("aws_user/deny", actor, parameters, 60, 120)], ..Cuts::default() }
        }
        (false, _, Some(user)) => {
            let parameters = [("account", account), ("user", user)];
            Cuts { of_child: vec![option("aws_access_key/deactivate", child, parameters, 20, 60)], ..Cuts::default() }
        }
        _ => Cuts::default(),
    }
}

/// A login of PostgreSQL, named `host/role`, at the same price as the inventory names.
fn of_login(login: &NodeKey) -> Vec<CutOption> {
    let Some((host, role)) = login.name().split_once('/') else { return Vec::new() };
    vec![option("postgres_role/disable", login, [("host", host), ("role", role)], 30, 1)]
}

/// A client or user of Keycloak. Its log knows both by their own ids alone, so that is how they are addressed.
fn of_realm(child: &NodeKey, actor: &NodeKey) -> Vec<CutOption> {
    let mut parts = child.name().split('/');
    let (Some(realm), Some(thing), Some(id), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Vec::new();
    };
    match thing {
        "client" => vec![option("keycloak_client/disable", actor, [("realm", realm), ("id", id)], 60, 300)],
        "user" => vec![option("keycloak_user/disable", actor, [("realm", realm), ("user", id)], 25, 300)],
        _ => Vec::new(),
    }
}

fn option(
    name: &'static str,
    target: &NodeKey,
    parameters: [(&'static str, &str); 2],
    cost: u32,
    delay_seconds: u32,
) -> CutOption {
    let parameters = parameters.map(|(key, value)| (Text::new_static(key), Text::new(value))).into_iter().collect();
    CutOption {
        action: Action { name: Text::new_static(name), target: target.clone(), parameters },
        cost,
        delay_seconds,
        reversibility: Reversibility::ReversibleReissuesAccess,
        policy: CutPolicy::Allowed,
    }
}
