//! How a grant is taken back, in the platform's own words: for its owner to read and apply. Nothing is applied from here.

use super::Use;
use firebreak_model::{EdgeFact, NodeKey, Text};
use serde::Serialize;

/// In which words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Statements of SQL.
    Sql,
    /// A Role of Kubernetes, as YAML, with what is left.
    KubernetesRole,
    /// A call of GitHub's API.
    Github,
    /// Scopes of an OAuth consent that are left.
    OauthScopes,
    /// A permission of Google Drive that goes.
    GooglePermission,
    /// Words, where the platform is changed by hand.
    Words,
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Remedy {
    /// In which words.
    pub form: Form,
    /// The change.
    pub text: Text,
}

impl Remedy {
    fn new(form: Form, text: impl Into<String>) -> Option<Remedy> {
        Some(Remedy { form, text: Text::new(text.into()) })
    }
}

/// Of a right on a thing: all of it where it was not used, else what of it was not.
pub(super) fn of_right(edge: &EdgeFact, uses: Use, unused: &[Text]) -> Option<Remedy> {
    let goes: &[Text] = match uses {
        Use::Unused => &edge.actions,
        Use::Used if !unused.is_empty() => unused,
        _ => return None,
    };
    let left: Vec<&Text> = edge.actions.iter().filter(|action| !goes.contains(action)).collect();
    let (holder, on) = (&edge.from, &edge.to);
    // What is to be run by a machine must not be broken up by a name that somebody chose.
    if [holder.name(), on.name()].iter().any(|name| name.contains(char::is_control)) {
        return Remedy::new(Form::Words, format!("take it from {:?} on {:?}", holder.name(), on.name()));
    }
    match on.system() {
        "postgres" => Remedy::new(Form::Sql, revoke(holder, on, goes)),
        "k8s" => Remedy::new(Form::KubernetesRole, role(holder, on, &left)),
        _ if holder.system() == "app" => Remedy::new(Form::OauthScopes, scopes(holder, on, goes, &left)),
        "google" => {
            Remedy::new(Form::GooglePermission, format!("delete the permission of {} on {}", holder.name(), on.name()))
        }
        "github" => {
            let (login, repository) = (holder.name(), on.name());
            Remedy::new(Form::Github, format!("DELETE /repos/{repository}/collaborators/{login}"))
        }
        _ => Remedy::new(Form::Words, format!("take {} on {} from {}", joined(goes), on.name(), holder.name())),
    }
}

/// Of a membership that was not used.
pub(super) fn of_membership(edge: &EdgeFact, uses: Use) -> Option<Remedy> {
    if uses != Use::Unused {
        return None;
    }
    let (holder, group) = (&edge.from, &edge.to);
    if [holder.name(), group.name()].iter().any(|name| name.contains(char::is_control)) {
        return Remedy::new(Form::Words, format!("take {:?} out of {:?}", holder.name(), group.name()));
    }
    let team = group.name().split_once("/@team/").filter(|_| group.system() == "github");
    match (group.system(), team) {
        (_, Some((organization, team))) => {
            let login = holder.name();
            Remedy::new(Form::Github, format!("DELETE /orgs/{organization}/teams/{team}/memberships/{login}"))
        }
        ("postgres", _) => {
            let role = group.name().rsplit('/').next().unwrap_or_default();
            let member = holder.name().rsplit('/').next().unwrap_or_default();
            Remedy::new(Form::Sql, format!("REVOKE {} FROM {};", quoted(role), quoted(member)))
        }
        _ => Remedy::new(Form::Words, format!("take {} out of {}", holder.name(), group.name())),
    }
}

/// `REVOKE`, to be run in the database that the thing is in.
fn revoke(holder: &NodeKey, on: &NodeKey, goes: &[Text]) -> String {
    let role = quoted(holder.name().rsplit('/').next().unwrap_or_default());
    let mut parts = on.name().splitn(3, '/');
    let (_, database, thing) = (parts.next(), parts.next().unwrap_or_default(), parts.next());
    let what = match thing.and_then(|thing| thing.split_once('.')) {
        Some((schema, name)) => format!("{}.{}", quoted(schema), quoted(name)),
        None => "ALL TABLES IN SCHEMA public".to_owned(),
    };
    format!("\\connect {}\nREVOKE {} ON {what} FROM {role};", quoted(database), joined(goes))
}

/// A name as SQL reads it whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Text as YAML reads it whatever is in it.
fn yaml(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A Role with what is left; without any right the binding goes.
fn role(holder: &NodeKey, on: &NodeKey, left: &[&Text]) -> String {
    let namespace = on.name().split('/').nth(1).unwrap_or_default();
    let name = holder.name().rsplit('/').next().unwrap_or_default();
    let mut rules: Vec<(&str, Vec<&str>)> = Vec::new();
    for (what, verb) in left.iter().filter_map(|action| action.split_once(':')) {
        match rules.iter_mut().find(|(known, _)| *known == what) {
            Some((_, verbs)) => verbs.push(verb),
            None => rules.push((what, vec![verb])),
        }
    }
    let head = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: {}\n  namespace: {}\n",
        yaml(&format!("{name}-used")),
        yaml(namespace),
    );
    let rules: Vec<String> = rules
        .iter()
        .map(|(what, verbs)| {
            format!(
                "  - apiGroups: [\"\"]\n    resources: [{}]\n    verbs: [{}]\n",
                yaml(what),
                verbs.iter().map(|verb| yaml(verb)).collect::<Vec<_>>().join(", ")
            )
        })
        .collect();
    if rules.is_empty() { format!("{head}rules: []\n") } else { format!("{head}rules:\n{}", rules.concat()) }
}

fn scopes(holder: &NodeKey, on: &NodeKey, goes: &[Text], left: &[&Text]) -> String {
    let left: Vec<&str> = left.iter().map(|scope| &***scope).collect();
    let left = if left.is_empty() { "none".to_owned() } else { left.join(", ") };
    format!("{} on {}: without {}; left: {left}", holder.name(), on.name(), joined(goes))
}

fn joined(texts: &[Text]) -> String {
    texts.iter().map(|text| &**text).collect::<Vec<_>>().join(", ")
}
