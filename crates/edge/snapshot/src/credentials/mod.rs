//! Credentials by their public face: what a text, a variable or a file holds, and never the secret itself.

mod forms;
mod keys;
mod names;
mod reading;
mod sections;
pub(crate) mod table;

use crate::record::{Credential, Origin, Store};
use crate::shown::shown;
use firebreak_classify::{SecretKind, hide, redact};
use firebreak_model::{Fingerprinter, NodeKey, Time};
use sections::Section;
use std::collections::BTreeSet;

/// Where a secret stands.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    /// `env`, or the path of the file.
    file: &'a str,
    /// What its secrets are, unless something says more.
    kind: &'a str,
}

/// What is found in one file or in the variables.
pub(crate) struct Finder<'a> {
    fingerprinter: &'a Fingerprinter,
    /// The Kubernetes cluster, which its tokens do not name.
    cluster: &'a str,
    /// Credentials.
    pub(crate) found: Vec<Credential>,
    /// Stores that stay closed.
    pub(crate) stores: Vec<Store>,
    /// As whom code acts.
    pub(crate) runs_as: BTreeSet<NodeKey>,
}

/// A credential as a reader finds it.
#[derive(Default)]
struct Find {
    fingerprint: Option<String>,
    expires: Option<Time>,
    encrypted: Option<bool>,
}

impl<'a> Finder<'a> {
    /// A finder with nothing in it.
    pub(crate) fn new(fingerprinter: &'a Fingerprinter, cluster: &'a str) -> Finder<'a> {
        let (found, stores) = (Vec::new(), Vec::new());
        Finder { fingerprinter, cluster, found, stores, runs_as: BTreeSet::new() }
    }

    /// The process's variables, each `(name, value)`.
    pub(crate) fn variables(&mut self, variables: &[(Vec<u8>, zeroize::Zeroizing<Vec<u8>>)]) {
        let mut section = Section::new("");
        for (name, value) in variables {
            let value = zeroize::Zeroizing::new(String::from_utf8_lossy(value).into_owned());
            section.pairs.push((shown(name), value));
        }
        section.pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.section(&section, Place { file: "env", kind: "environment_secret" });
    }

    fn add(&mut self, key: NodeKey, kind: &str, place: Place<'_>, detail: &str, find: Find) {
        let fingerprint = find.fingerprint.filter(|print| !key.as_str().ends_with(print.as_str()));
        let credential = Credential {
            credential: key,
            kind: kind.to_owned(),
            place: described(place.file, detail),
            path: place.file.to_owned(),
            origin: Origin::default(),
            fingerprint,
            expires: find.expires,
            encrypted: find.encrypted,
        };
        if !self.found.contains(&credential) {
            self.found.push(credential);
        }
    }

    /// Whether a secret with this key or fingerprint is among what was found since `from`.
    fn knows(&self, from: usize, key: &NodeKey) -> bool {
        self.found.iter().skip(from).any(|known| {
            known.credential == *key
                || (key.system() == "fingerprint" && known.fingerprint.as_deref() == Some(key.name()))
        })
    }

    /// One named value: by its own form, else by its name.
    fn value(&mut self, name: &str, value: &str, place: Place<'_>, detail: &str, expires: Option<Time>) {
        let value = value.trim().trim_matches(['"', '\'']);
        if names::is_placeholder(value) {
            return;
        }
        if let Some((key, password)) = forms::postgres(value) {
            let fingerprint = Some(self.fingerprinter.fingerprint(password.as_bytes()));
            return self.add(key, "postgres_password", place, detail, Find { fingerprint, ..Find::default() });
        }
        let formed = redact(value.as_bytes(), self.fingerprinter).found;
        for secret in &formed {
            let kind = match secret.kind {
                kind if is_bare(kind) => names::kind(name).unwrap_or(place.kind),
                kind => word(kind),
            };
            let encrypted = (secret.kind == SecretKind::PrivateKey).then(|| keys::is_encrypted(value.as_bytes()));
            self.add(secret.key.clone(), kind, place, detail, Find { expires, encrypted, ..Find::default() });
        }
        if formed.is_empty() && names::is_secret(name) {
            let key = self.fingerprinter.credential(value.as_bytes());
            let kind = names::kind(name).unwrap_or(place.kind);
            self.add(key, kind, place, detail, Find { expires, ..Find::default() });
        }
    }

    /// All named values that belong together.
    fn section(&mut self, section: &Section, place: Place<'_>) {
        let aws = self.aws(section, place);
        let expires = section.expires();
        for (name, value) in &section.pairs {
            if aws && names::is_aws(name) {
                continue;
            }
            if name == "AWS_ROLE_ARN" && value.starts_with("arn:") {
                self.runs_as.insert(NodeKey::identity("aws", value));
            }
            self.value(name, value, place, &section.detail(name), expires);
        }
    }

    /// The AWS access key whose halves stand in `section`. Its id is public; the secret gives a fingerprint.
    fn aws(&mut self, section: &Section, place: Place<'_>) -> bool {
        let Some(id) = section.get("accesskeyid").filter(|id| forms::is_aws_key_id(id)) else { return false };
        let secret = section.get("secretaccesskey").filter(|secret| !names::is_placeholder(secret));
        let fingerprint = secret.map(|secret| self.fingerprinter.fingerprint(secret.as_bytes()));
        let find = Find { fingerprint, expires: section.expires(), encrypted: None };
        let detail = match (place.file, section.label.is_empty()) {
            ("env", _) => "AWS_ACCESS_KEY_ID".to_owned(),
            (_, true) => "access key".to_owned(),
            (_, false) => section.label.clone(),
        };
        self.add(NodeKey::credential("aws", id), "aws_access_key", place, &detail, find);
        true
    }

    /// Whatever is a secret by its own form and is not known since `from`.
    fn forms(&mut self, bytes: &[u8], place: Place<'_>, from: usize) {
        for secret in redact(bytes, self.fingerprinter).found {
            if self.knows(from, &secret.key) {
                continue;
            }
            let text = bytes.get(secret.range.clone()).unwrap_or_default();
            if matches!(secret.kind, SecretKind::UrlPassword | SecretKind::BearerToken)
                && names::is_placeholder(&String::from_utf8_lossy(text))
            {
                continue;
            }
            let line = bytes.iter().take(secret.range.start).filter(|byte| **byte == b'\n').count() + 1;
            let kind = if is_bare(secret.kind) { place.kind } else { word(secret.kind) };
            let encrypted = (secret.kind == SecretKind::PrivateKey).then(|| keys::is_encrypted(text));
            let find = Find { encrypted, ..Find::default() };
            self.add(secret.key, kind, place, &format!("line {line}"), find);
        }
    }
}

/// Kinds that say only how a secret was written, not what it is for.
fn is_bare(kind: SecretKind) -> bool {
    matches!(kind, SecretKind::UrlPassword | SecretKind::BearerToken | SecretKind::Jwt)
}

fn word(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::AwsSecretKey => "aws_access_key",
        SecretKind::AwsSessionToken => "aws_session_token",
        SecretKind::GithubToken => "github_token",
        SecretKind::SlackToken => "slack_token",
        SecretKind::OpenaiKey => "openai_key",
        SecretKind::AnthropicKey => "anthropic_key",
        SecretKind::LitellmKey => "litellm_key",
        SecretKind::PypiToken => "pypi_token",
        SecretKind::NpmToken => "npm_token",
        SecretKind::GoogleApiKey => "google_api_key",
        SecretKind::Jwt => "jwt",
        SecretKind::PrivateKey => "private_key",
        SecretKind::UrlPassword => "url_password",
        SecretKind::BearerToken => "bearer_token",
    }
}

/// `env NAME` or `path detail`; a name that is itself a secret is hidden.
fn described(file: &str, detail: &str) -> String {
    let text = if detail.is_empty() { file.to_owned() } else { format!("{file} {detail}") };
    String::from_utf8_lossy(&hide(text.as_bytes())).into_owned()
}

/// The words of a command without its secrets: values of flags and variables that name one, what follows `Authorization:`, whole
/// documents, and whatever is a secret by its own form.
pub(crate) fn quiet(words: &[String]) -> Vec<String> {
    let mut after_flag = false;
    let mut quiet = Vec::with_capacity(words.len());
    for word in words {
        let hidden = after_flag || word.contains(['{', '"']);
        after_flag = word.starts_with('-') && !word.contains('=') && names::is_secret(word);
        quiet.push(if hidden { HIDDEN.to_owned() } else { quiet_word(word) });
    }
    quiet
}

const HIDDEN: &str = "firebreak:hidden";

/// A word may be a whole script.
pub(crate) fn quiet_word(word: &str) -> String {
    let mut parts = Vec::new();
    let mut after_flag = false;
    for part in word.split([' ', '\n', '\t']) {
        if after_flag {
            parts.push(HIDDEN.to_owned());
            after_flag = false;
        } else if part.to_ascii_lowercase().ends_with("authorization:") {
            parts.extend([part.to_owned(), HIDDEN.to_owned()]);
            break;
        } else {
            after_flag = part.starts_with('-') && !part.contains('=') && names::is_secret(part);
            parts.push(match part.split_once('=') {
                Some((name, _)) if names::is_secret(name) => format!("{name}={HIDDEN}"),
                _ => part.to_owned(),
            });
        }
    }
    String::from_utf8_lossy(&hide(parts.join(" ").as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_without_its_secrets() {
        let words = |line: &[&str]| quiet(&line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).join("|");
        assert_eq!(words(&["pip", "install", "-U", "crewai"]), "pip|install|-U|crewai");
        assert_eq!(words(&["x", "--token", "abc", "y"]), "x|--token|firebreak:hidden|y");
        assert_eq!(
            words(&["sh", "-c", "A_TOKEN=abc run --password=p4ss q"]),
            "sh|-c|A_TOKEN=firebreak:hidden run --password=firebreak:hidden q"
        );
        assert_eq!(words(&["curl", "-H", "Authorization: Basic abc"]), "curl|-H|Authorization: firebreak:hidden");
        assert_eq!(words(&["x", "{\"a\":\"b\"}"]), "x|firebreak:hidden");
    }
}
