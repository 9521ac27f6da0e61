//! Where a signed-on user arrives: the roles and accounts of other systems that an application leads to.

use crate::json::{id, text, text_at, texts};
use firebreak_model::NodeKey;
use serde_json::Value;

/// A part of the pattern that tells an account and a role from a group's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part<'p> {
    Text(&'p str),
    /// Any characters.
    Any,
    Account,
    Role,
}

/// The application of AWS's IAM: which roles it leads to.
pub(super) struct AwsFederation<'v> {
    provider: &'v str,
    account: &'v str,
    filter: Option<&'v str>,
    mapped: bool,
}

impl<'v> AwsFederation<'v> {
    /// The settings of such an application; `None` for any other.
    pub(super) fn of(app: &'v Value) -> Option<AwsFederation<'v>> {
        if text(app, "name")? != "amazon_aws" {
            return None;
        }
        let setting = |key| text_at(app, &["settings", "app", key]);
        let provider = setting("identityProviderArn").unwrap_or_default();
        let account = provider.split(':').nth(4).unwrap_or_default();
        let mapped = app.get("settings").and_then(|settings| settings.get("app"));
        let mapped = mapped.is_some_and(|settings| crate::json::flag(settings, "useGroupMapping"));
        Some(AwsFederation { provider, account, filter: setting("groupFilter"), mapped })
    }

    /// The identity that stands for whoever the provider vouches for; AWS's own inventory says which roles trust it.
    pub(super) fn provider(&self) -> Option<NodeKey> {
        (!self.provider.is_empty()).then(|| NodeKey::identity("aws", self.provider))
    }

    /// The roles that an assignment names.
    pub(super) fn assigned(&self, assignment: &Value) -> Vec<NodeKey> {
        let Some(profile) = assignment.get("profile") else { return Vec::new() };
        let names = texts(profile.get("samlRoles")).into_iter().chain(texts(profile.get("role")));
        let named = names.filter(|_| !self.account.is_empty() && !self.mapped);
        named.filter(|name| !name.is_empty()).map(|name| role(self.account, name)).collect()
    }

    /// The role that a group's name says, where the application maps names to roles.
    pub(super) fn by_name(&self, group: &str) -> Option<NodeKey> {
        let filter = self.filter.filter(|_| self.mapped)?;
        let (account, name) = captures(&parts(filter)?, group)?;
        let account = account.or((!self.account.is_empty()).then_some(self.account))?;
        let whole = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| role(account, name))
    }
}

fn role(account: &str, name: &str) -> NodeKey {
    // Where several accounts are joined, the role's name is written as `[account] -- name`.
    let name = name.rsplit(" -- ").next().unwrap_or(name);
    NodeKey::identity("aws", &format!("arn:aws:iam::{account}:role/{name}"))
}

/// The pattern's parts; `None` where it uses more than texts, wildcards and the two names.
fn parts(pattern: &str) -> Option<Vec<Part<'_>>> {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let mut rest = pattern.strip_suffix('$').unwrap_or(pattern);
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let wildcard = [r"\S+", r"\w+", r".*", r".+", r"\S*"].into_iter().find(|wildcard| rest.starts_with(wildcard));
        if let Some(wildcard) = wildcard {
            parts.push(Part::Any);
            rest = rest.get(wildcard.len()..)?;
        } else if let Some(after) = rest.strip_prefix("(?{{") {
            let (name, after) = after.split_once("}}")?;
            let end = closing(after)?;
            parts.push(match name {
                "accountid" => Part::Account,
                "role" => Part::Role,
                _ => return None,
            });
            rest = after.get(end + 1..)?;
        } else if let Some(after) = rest.strip_prefix('\\') {
            let len = after.chars().next().filter(|c| !c.is_alphanumeric())?.len_utf8();
            parts.push(Part::Text(after.get(..len)?));
            rest = after.get(len..)?;
        } else {
            let len = rest.find(['\\', '(', '.']).unwrap_or(rest.len());
            let (text, after) = rest.split_at_checked(len)?;
            if text.is_empty() || text.contains(['[', ']', '*', '+', '?', '{', '}', '|', ')']) {
                return None;
            }
            parts.push(Part::Text(text));
            rest = after;
        }
    }
    Some(parts)
}

/// Where the parenthesis closes that stands open before `text`; classes in brackets may hold parentheses.
fn closing(text: &str) -> Option<usize> {
    let mut in_class = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            ')' if !in_class => return Some(at),
            _ => {}
        }
    }
    None
}

/// The account and the role in a name that fits the parts. Each open part takes the least that lets the next text follow;
/// the last takes the rest.
fn captures<'n>(parts: &[Part<'_>], name: &'n str) -> Option<(Option<&'n str>, &'n str)> {
    let (mut rest, mut account, mut role) = (name, None, None);
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        if let Part::Text(text) = part {
            rest = rest.strip_prefix(text)?;
            continue;
        }
        let end = match (part, parts.peek()) {
            (Part::Account, _) => rest.bytes().take_while(u8::is_ascii_digit).count(),
            (_, Some(Part::Text(next))) => rest.find(next)?,
            (_, Some(_)) => return None,
            (_, None) => rest.len(),
        };
        let (taken, after) = rest.split_at_checked(end)?;
        match part {
            Part::Account => account = Some(taken),
            Part::Role => role = Some(taken),
            _ => {}
        }
        rest = after;
    }
    let role = role.filter(|role| !role.is_empty() && rest.is_empty())?;
    Some((account, role))
}

/// The account of another system in which a user of the application arrives: under the id that the other system gave it, or
/// under the name with which the user signs on there.
pub(super) fn account(app: &Value, assignment: &Value) -> Option<NodeKey> {
    let system = match text(app, "name")? {
        "google" => "google",
        "slack" => "slack",
        "office365" => "entra",
        name if name.starts_with("githubcloud") || name.starts_with("github_enterprise") => "github",
        _ => return None,
    };
    let external = id(assignment, "externalId");
    let user_name = text_at(assignment, &["credentials", "userName"]).map(str::to_lowercase);
    let name = match system {
        // GitHub links a sign-on with an account by itself: only a login names one.
        "github" => user_name.filter(|name| !name.contains('@')),
        // The id that Okta keeps is that of the directory on premises.
        "entra" => user_name,
        _ => external.or(user_name),
    }?;
    Some(NodeKey::identity(system, &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured<'n>(pattern: &str, name: &'n str) -> Option<(Option<&'n str>, &'n str)> {
        captures(&parts(pattern)?, name)
    }

    #[test]
    fn a_group_name_tells_account_and_role_and_no_other_name_does() {
        let usual = r"aws_(?{{accountid}}\d+)_(?{{role}}[a-zA-Z0-9+=,.@\-_]+)";
        assert_eq!(captured(usual, "aws_111122223333_deploy_prod"), Some((Some("111122223333"), "deploy_prod")));
        assert_eq!(captured(usual, "aws_111122223333_"), None);
        assert_eq!(captured(usual, "gcp_111122223333_deploy"), None);
        let marked = r"^aws\#\S+\#(?{{role}}[\w\-]+)\#(?{{accountid}}\d+)$";
        assert_eq!(captured(marked, "aws#main#deploy#111122223333"), Some((Some("111122223333"), "deploy")));
        assert_eq!(captured(marked, "aws#main#deploy#111122223333#more"), None);
        assert_eq!(captured(r"(aws|gcp)_(?{{role}}.*)", "aws_deploy"), None);
        assert_eq!(captured(r"aws_(?{{role}}[", "aws_deploy"), None);
    }
}
