//! Users and roles: which one an action is about, and whether it is us.

use crate::error::ActError;
use firebreak_model::{Action, NodeKind};

/// What a principal is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    User,
    Role,
}

impl Kind {
    /// As IAM's calls and fields name it: `GetUserPolicy`, `UserName`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Kind::User => "User",
            Kind::Role => "Role",
        }
    }
}

/// A user or role of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Principal<'a> {
    /// Its ARN.
    pub(crate) arn: &'a str,
    /// What it is.
    pub(crate) kind: Kind,
}

impl<'a> Principal<'a> {
    /// The user or role that an action is about: the target, or, where the target is a credential, the parameter `user`
    /// or `role` with an ARN.
    pub(crate) fn of(action: &'a Action) -> Result<Principal<'a>, ActError> {
        let named = ["role", "user"].into_iter().find_map(|name| action.parameters.get(name));
        let arn = match action.target.kind() {
            NodeKind::Identity => action.target.name(),
            _ => named.map(|named| named.trim_start_matches("identity:aws/")).unwrap_or_default(),
        };
        if arn.contains(":role/aws-service-role/") || arn.contains(":role/aws-reserved/") {
            return Err(ActError::unusable(
                format!("`{arn}` is a role that AWS made, which nobody in the account can change"),
                "cut what leads to it, or ask the service that it belongs to",
            ));
        }
        let kind = match arn.split(':').nth(5) {
            Some(path) if path.starts_with("user/") => Kind::User,
            Some(path) if path.starts_with("role/") => Kind::Role,
            _ => {
                return Err(ActError::unusable(
                    format!("`{}` on `{}` names no user and no role", action.name, action.target),
                    "the target or the parameter `user` or `role` must be an ARN",
                ));
            }
        };
        Ok(Principal { arn, kind })
    }

    /// The same, of the one kind that an action is for.
    pub(crate) fn of_kind(action: &'a Action, kind: Kind) -> Result<Principal<'a>, ActError> {
        let principal = Principal::of(action)?;
        if principal.kind == kind {
            return Ok(principal);
        }
        Err(ActError::unusable(
            format!("`{}` is not for `{}`", action.name, principal.arn),
            format!("the target must be the ARN of a {}", kind.word().to_lowercase()),
        ))
    }

    /// What follows the last slash: IAM wants names without their path.
    pub(crate) fn name(&self) -> &'a str {
        self.arn.rsplit('/').next().unwrap_or(self.arn)
    }
}

/// Whether `ours`, as STS names a caller, is the user or role `arn`, or a session of it.
pub(crate) fn is_caller(ours: &str, arn: &str) -> bool {
    if ours == arn {
        return true;
    }
    // `arn:aws:sts::1:assumed-role/Name/session`: the role's name stands between the slashes, without its path.
    let mut parts = ours.split('/');
    let assumed = parts.next().is_some_and(|head| head.ends_with(":assumed-role"));
    let account = |arn: &str| arn.split(':').nth(4).map(str::to_owned);
    let role = arn.contains(":role/").then(|| arn.rsplit('/').next().unwrap_or_default());
    assumed && parts.next() == role && account(ours) == account(arn)
}

/// Whether `ours`, as STS names a caller, is a session of that name, whatever its role.
pub(crate) fn is_session_of(ours: &str, session: &str) -> bool {
    let mut parts = ours.splitn(3, '/');
    parts.next().is_some_and(|head| head.ends_with(":assumed-role")) && parts.nth(1) == Some(session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{NodeKey, Text};

    fn action(target: NodeKey, parameters: &[(&str, &str)]) -> Action {
        let parameters = parameters.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect();
        Action { name: Text::new("aws_boundary/quarantine"), target, parameters }
    }

    #[test]
    fn a_principal_is_the_target_or_what_stands_behind_a_credential() {
        let arn = "arn:aws:iam::123456789012:role/ci/Deploy";
        let role = action(NodeKey::identity("aws", arn), &[]);
        let principal = Principal::of(&role).unwrap();
        assert_eq!((principal.kind, principal.name()), (Kind::Role, "Deploy"));
        assert!(Principal::of_kind(&role, Kind::User).is_err());
        let key = NodeKey::credential("aws", "ASIA1");
        assert!(Principal::of(&action(key.clone(), &[])).is_err());
        let user = action(key, &[("user", "identity:aws/arn:aws:iam::123456789012:user/ci")]);
        assert_eq!(Principal::of(&user).unwrap().kind, Kind::User);
        for not in ["arn:aws:iam::123456789012:root", "arn:aws:iam::1:role/aws-service-role/x/y", "*"] {
            assert!(Principal::of(&action(NodeKey::identity("aws", not), &[])).is_err(), "{not}");
        }
    }

    #[test]
    fn we_are_ourselves_and_nobody_of_the_same_name_elsewhere() {
        let role = "arn:aws:iam::123456789012:role/sec/Firebreak";
        assert!(is_caller("arn:aws:sts::123456789012:assumed-role/Firebreak/i-1", role));
        assert!(!is_caller("arn:aws:sts::999999999999:assumed-role/Firebreak/i-1", role));
        assert!(!is_caller("arn:aws:sts::123456789012:assumed-role/Other/Firebreak", role));
        let user = "arn:aws:iam::123456789012:user/Firebreak";
        assert!(is_caller(user, user));
        assert!(!is_caller("arn:aws:sts::123456789012:assumed-role/Firebreak/x", user), "a role of the user's name");
        assert!(is_session_of("arn:aws:sts::123456789012:assumed-role/Firebreak/i-1", "i-1"));
        assert!(!is_session_of("arn:aws:iam::123456789012:user/x/i-1", "i-1"));
    }
}
