//! Operation classes: what an operation of any system does, in one word, so that behaviour can be compared across systems.
//!
//! Names follow habits: `s3:GetObject`, `git.clone`, `k8s:list secrets`, `Microsoft.KeyVault/vaults/delete`,
//! `SharingSet`. A name is cut into words and judged by them; what the words cannot say is in [`EXPLICIT`]. Nobody asks
//! here whether the operation succeeded, or how much it took.

use super::digest;
use firebreak_model::Text;
use serde::{Deserialize, Serialize};

/// What an operation does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Class {
    /// Data leaves.
    Read,
    /// Names and settings are looked at.
    List,
    /// Something is made or changed.
    Write,
    /// Something is removed.
    Delete,
    /// Settings of a system or of its users change.
    Admin,
    /// A secret's value is read.
    ReadSecret,
    /// Something is shown to more people than before.
    Share,
    /// A whole repository, database or mailbox is copied.
    Clone,
    /// Someone gets rights.
    Grant,
    /// An application gets rights in someone's name.
    Consent,
    /// Less is recorded than before.
    TamperLog,
    /// Someone comes in, or becomes someone else.
    Login,
    /// A model is asked.
    Model,
    /// A tool is called in an agent's name.
    Tool,
    /// None of these, or unknown.
    #[default]
    Other,
}

impl Class {
    /// The class as one reads it in a sentence.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Class::Read => "read",
            Class::List => "list",
            Class::Write => "write",
            Class::Delete => "delete",
            Class::Admin => "admin",
            Class::ReadSecret => "secret read",
            Class::Share => "share",
            Class::Clone => "clone",
            Class::Grant => "grant",
            Class::Consent => "consent",
            Class::TamperLog => "log tampering",
            Class::Login => "login",
            Class::Model => "model call",
            Class::Tool => "tool call",
            Class::Other => "other",
        }
    }

    /// Whether data or secrets leave by it.
    pub(crate) const fn takes_data(self) -> bool {
        matches!(self, Class::Read | Class::ReadSecret | Class::Clone)
    }

    /// Whether an intruder could do lasting harm by it: the families worth a novelty of their own.
    pub(crate) const fn weighty(self) -> bool {
        matches!(
            self,
            Class::Delete
                | Class::Admin
                | Class::ReadSecret
                | Class::Share
                | Class::Clone
                | Class::Grant
                | Class::TamperLog
        )
    }
}

/// One operation, judged.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// Its name in the platform's words.
    pub(crate) name: Text,
    /// What it does.
    pub(crate) class: Class,
    /// The service that does it, for people.
    pub(crate) service: Text,
    /// A digest of service and class.
    pub(crate) family: u64,
}

/// What the words of a name cannot say. Lower case; compared with the whole name.
const EXPLICIT: &[(&str, Class)] = &[
    ("admin.change_calendar_setting", Class::Admin),
    ("app_installed", Class::Consent),
    ("app_scopes_expanded", Class::Consent),
    ("bedrock:converse", Class::Model),
    ("bedrock:conversestream", Class::Model),
    ("bedrock:invokemodel", Class::Model),
    ("bedrock:invokemodelwithresponsestream", Class::Model),
    ("cloudtrail:puteventselectors", Class::TamperLog),
    ("cloudtrail:updatetrail", Class::TamperLog),
    ("copy", Class::Clone),
    ("copy_unload", Class::Clone),
    ("drive.change_document_access_scope", Class::Share),
    ("drive.change_document_visibility", Class::Share),
    ("drive.change_user_access", Class::Share),
    ("ec2:modifyimageattribute", Class::Share),
    ("ec2:modifysnapshotattribute", Class::Share),
    ("get_files", Class::Clone),
    ("git.clone", Class::Clone),
    ("git.fetch", Class::Read),
    ("git.push", Class::Write),
    ("integration_installation.create", Class::Consent),
    ("itemusage", Class::ReadSecret),
    ("kms:decrypt", Class::Other),
    ("mailitemsaccessed", Class::Read),
    ("oauth_authorization.create", Class::Consent),
    ("rds:modifydbsnapshotattribute", Class::Share),
    ("repo.access", Class::Share),
    ("repo.download_zip", Class::Clone),
    ("secretget", Class::ReadSecret),
    ("set-adminauditlogconfig", Class::TamperLog),
    ("ssm:getparameter", Class::ReadSecret),
    ("ssm:getparameterhistory", Class::ReadSecret),
    ("ssm:getparameters", Class::ReadSecret),
    ("ssm:getparametersbypath", Class::ReadSecret),
    ("token.authorize", Class::Consent),
    ("unload", Class::Clone),
];

const RECORDING: &[&str] = &["audit", "log", "logs", "logging", "trail", "sink", "recorder", "detector", "diagnostic"];
const SILENCING: &[&str] = &["stop", "delete", "disable", "destroy", "deactivate", "remove", "disassociate"];
const SECRETS: &[&str] = &["secret", "secrets", "secretversion", "password", "passwords", "vaultsecret"];
const TAKING: &[&str] = &["get", "access", "read", "reveal", "list", "watch", "batch", "retrieve", "export", "fill"];
const SHARING: &[&str] = &["share", "shared", "sharing", "anonymous", "visibility", "collaborator", "publicize"];
const RIGHTS: &[&str] = &[
    "policy",
    "role",
    "roles",
    "permission",
    "permissions",
    "privilege",
    "privileges",
    "acl",
    "member",
    "membership",
    "rolebinding",
    "rolebindings",
    "clusterrolebindings",
    "trust",
    "assignment",
];
const SETTINGS: &[&str] = &[
    "admin",
    "setting",
    "settings",
    "configuration",
    "config",
    "user",
    "users",
    "account",
    "org",
    "organization",
    "federation",
    "mfa",
    "factor",
    "authenticator",
    "idp",
    "lifecycle",
    "domain",
];
const CHANGING: &[&str] = &[
    "create",
    "add",
    "put",
    "set",
    "update",
    "attach",
    "grant",
    "change",
    "modify",
    "edit",
    "patch",
    "insert",
    "invite",
    "assign",
    "enable",
    "write",
    "new",
    "upload",
    "push",
    "restore",
    "generate",
    "import",
    "start",
    "run",
    "send",
    "register",
    "tag",
    "publish",
    "merge",
    "created",
    "added",
    "changed",
    "updated",
    "uploaded",
    "modified",
    "disable",
    "deactivate",
    "suspend",
];
const REMOVING: &[&str] =
    &["delete", "remove", "destroy", "drop", "purge", "terminate", "deleted", "removed", "trash", "erase", "truncate"];
const FETCHING: &[&str] = &[
    "download",
    "select",
    "query",
    "scan",
    "export",
    "view",
    "viewed",
    "downloaded",
    "copy",
    "preview",
    "fetch",
    "accessed",
    "previewed",
    "print",
];
const LOOKING: &[&str] = &["get", "list", "describe", "head", "watch", "lookup", "search", "read", "show", "check"];
const DATA: &[&str] = &[
    "object",
    "objects",
    "item",
    "items",
    "record",
    "records",
    "row",
    "rows",
    "data",
    "document",
    "file",
    "files",
    "blob",
    "message",
    "messages",
    "results",
    "attachment",
    "conversation",
    "chat",
    "content",
];
const ENTERING: &[&str] = &["login", "logon", "signin", "assume", "authenticate", "logout", "sso", "userloggedin"];
const ASKING: &[&str] =
    &["completion", "acompletion", "completions", "embedding", "aembedding", "aresponses", "invoke"];

impl Operation {
    /// Judges the operation called `name` of the system `system` (`aws`, `github`, …).
    pub(crate) fn of(system: &str, name: &str) -> Operation {
        let words = words(name);
        let class = class(system, name, &words);
        let service = service(system, name);
        let family = digest(&[system.as_bytes(), service.as_bytes(), &[class as u8]]);
        Operation { name: Text::new(name), class, service: Text::new(service), family }
    }
}

/// The part before the first colon, dot or slash, where that is a service; else the system.
fn service<'a>(system: &'a str, name: &'a str) -> &'a str {
    match name.split_once([':', '.', '/']) {
        Some((service, _)) if !service.is_empty() => service,
        _ => system,
    }
}

/// The words of a name in lower case: cut at what is no letter, and before a capital that follows a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars().take(200) {
        let cut = !letter.is_ascii_alphanumeric() || (letter.is_ascii_uppercase() && before.is_ascii_lowercase());
        if cut && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    words
}

fn class(system: &str, name: &str, words: &[String]) -> Class {
    let lower = name.to_ascii_lowercase();
    if let Some((_, class)) = EXPLICIT.iter().find(|(explicit, _)| *explicit == lower) {
        return *class;
    }
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let has = |text: &str| words.iter().any(|word| word == text);
    if lower.starts_with("tools/call") || has("tool") && (has("call") || has("called")) {
        Class::Tool
    } else if any(RECORDING) && any(SILENCING) {
        Class::TamperLog
    } else if any(SECRETS) && any(TAKING) && !any(CHANGING) && (system == "k8s" || !has("list")) {
        Class::ReadSecret
    } else if has("consent") || has("oauth") && any(&["authorize", "authorization", "grant"]) {
        Class::Consent
    } else if any(SHARING) || has("public") && any(&["link", "url", "made"]) {
        Class::Share
    } else if has("clone") || has("mirror") {
        Class::Clone
    } else if any(ENTERING) || has("session") && any(&["start", "end", "create"]) {
        Class::Login
    } else if any(ASKING) {
        Class::Model
    } else if any(REMOVING) {
        Class::Delete
    } else if any(CHANGING) {
        if any(RIGHTS) || has("grant") {
            Class::Grant
        } else if any(SETTINGS) {
            Class::Admin
        } else {
            Class::Write
        }
    } else if any(FETCHING) || any(LOOKING) && any(DATA) {
        Class::Read
    } else if any(LOOKING) {
        Class::List
    } else {
        Class::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_systems_fall_into_their_classes() {
        let expected = [
            ("aws", "s3:GetObject", Class::Read),
            ("aws", "s3:GetBucketPolicy", Class::List),
            ("aws", "s3:ListBuckets", Class::List),
            ("aws", "dynamodb:Scan", Class::Read),
            ("aws", "secretsmanager:GetSecretValue", Class::ReadSecret),
            ("aws", "secretsmanager:ListSecrets", Class::List),
            ("aws", "ssm:GetParametersByPath", Class::ReadSecret),
            ("aws", "cloudtrail:StopLogging", Class::TamperLog),
            ("aws", "ec2:DeleteFlowLogs", Class::TamperLog),
            ("aws", "iam:AttachUserPolicy", Class::Grant),
            ("aws", "iam:CreateUser", Class::Admin),
            ("aws", "ec2:TerminateInstances", Class::Delete),
            ("aws", "sts:AssumeRole", Class::Login),
            ("gcp", "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion", Class::ReadSecret),
            ("gcp", "google.logging.v2.ConfigServiceV2.DeleteSink", Class::TamperLog),
            ("gcp", "storage.objects.get", Class::Read),
            ("azure", "Microsoft.Insights/diagnosticSettings/delete", Class::TamperLog),
            ("github", "git.clone", Class::Clone),
            ("github", "audit_log_streaming.destroy", Class::TamperLog),
            ("github", "org.add_member", Class::Grant),
            ("okta", "user.session.start", Class::Login),
            ("okta", "app.oauth2.as.consent.grant", Class::Consent),
            ("okta", "user.lifecycle.suspend", Class::Admin),
            ("google", "drive.download", Class::Read),
            ("google", "drive.change_document_visibility", Class::Share),
            ("google", "token.authorize", Class::Consent),
            ("slack", "file_downloaded", Class::Read),
            ("m365", "SharingSet", Class::Share),
            ("m365", "Consent to application.", Class::Consent),
            ("k8s", "k8s:list secrets", Class::ReadSecret),
            ("k8s", "k8s:list pods", Class::List),
            ("k8s", "k8s:create clusterrolebindings", Class::Grant),
            ("litellm", "acompletion", Class::Model),
            ("mcp", "tools/call", Class::Tool),
            ("nobody", "xyzzy", Class::Other),
        ];
        for (system, name, class) in expected {
            assert_eq!(Operation::of(system, name).class, class, "{name}");
        }
    }

    #[test]
    fn a_family_is_a_service_and_a_class() {
        let family = |name: &str| Operation::of("aws", name).family;
        assert_eq!(family("s3:GetObject"), family("s3:SelectObjectContent"));
        assert_ne!(family("s3:GetObject"), family("dynamodb:GetItem"));
        assert_ne!(family("s3:GetObject"), family("s3:DeleteObject"));
    }
}
