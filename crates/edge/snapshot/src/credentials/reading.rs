//! Reading one file by the rule of its place.

use super::sections::{Section, of_json, of_lines};
use super::table::{Reader, SecretFile};
use super::{Find, Finder, Place, forms, keys, names};
use crate::record::{Origin, Store};
use firebreak_classify::{SecretKind, redact};
use firebreak_model::{NodeKey, Time};
use serde_json::Value;
use zeroize::Zeroizing;

impl Finder<'_> {
    /// What `bytes`, the content of the file at `path`, hold by the rule of `file`.
    pub(crate) fn file(&mut self, path: &str, file: &SecretFile, bytes: &[u8]) {
        let place = Place { file: path, kind: file.kind };
        let from = self.found.len();
        match file.reader {
            Reader::Closed => {
                if !file.kind.is_empty() {
                    self.store(file.kind, path);
                }
                return;
            }
            Reader::Forms => {}
            Reader::Lines | Reader::Aws => self.lines(bytes, place),
            Reader::Json | Reader::AwsCache => self.json(bytes, place),
            Reader::Google => self.google(bytes, place),
            Reader::Docker => self.docker(bytes, place),
            Reader::Token => self.token(bytes, place),
            Reader::ServiceAccount => return self.service_account(bytes, place),
            Reader::Netrc => self.netrc(bytes, place),
            Reader::Pgpass => self.pgpass(bytes, place),
            Reader::Tags => self.tags(bytes, place),
            Reader::PrivateKey => return self.private_keys(bytes, place),
        }
        self.forms(bytes, place, from);
    }

    fn store(&mut self, kind: &'static str, path: &str) {
        self.stores.push(Store { kind, path: path.to_owned(), origin: Origin::default() });
    }

    fn lines(&mut self, bytes: &[u8], place: Place<'_>) {
        let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
        for section in of_lines(&text) {
            self.section(&section, place);
        }
    }

    fn json(&mut self, bytes: &[u8], place: Place<'_>) {
        match of_json(bytes) {
            Some(sections) => sections.iter().for_each(|section| self.section(section, place)),
            // Settings of editors are JSON with remarks.
            None => self.lines(bytes, place),
        }
    }

    /// A service account's key has a public id; a person's refresh token has none.
    fn google(&mut self, bytes: &[u8], place: Place<'_>) {
        let sections = of_json(bytes).unwrap_or_default();
        for section in &sections {
            let is = |kind: &str| section.pairs.iter().any(|(name, value)| name == "type" && value.as_str() == kind);
            let exact = |wanted: &str| section.pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
            match exact("private_key_id").filter(|id| is("service_account") && !id.is_empty()) {
                Some(id) => {
                    let secret = exact("private_key").map(|key| redact(key.as_bytes(), self.fingerprinter).found);
                    let print = secret.and_then(|found| found.into_iter().next()).map(|one| one.key.name().to_owned());
                    let detail = exact("client_email").map_or("", |email| email.as_str());
                    let find = Find { fingerprint: print, encrypted: Some(false), ..Find::default() };
                    self.add(NodeKey::credential("gcp", id), "google_service_account_key", place, detail, find);
                }
                None => self.section(section, place),
            }
        }
    }

    fn docker(&mut self, bytes: &[u8], place: Place<'_>) {
        for section in of_json(bytes).unwrap_or_default() {
            let registry = section.label.strip_prefix("auths.").unwrap_or(&section.label).to_owned();
            let user = section.pairs.iter().find(|(name, value)| name == "auth" && !value.is_empty());
            if let Some(password) = user.and_then(|(_, value)| forms::basic(value)) {
                self.value("password", &password, place, &registry, None);
            }
            for (name, value) in section.pairs.iter().filter(|(name, _)| name.ends_with("token") || name == "password")
            {
                self.value(name, value, place, &registry, None);
            }
            let helper = section.label == "credHelpers" || section.pairs.iter().any(|(name, _)| name == "credsStore");
            if helper {
                self.store("docker_credential_helper", place.file);
            }
        }
    }

    fn token(&mut self, bytes: &[u8], place: Place<'_>) {
        let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        for line in lines.take(16) {
            self.value("token", line, place, "", None);
        }
    }

    fn service_account(&mut self, bytes: &[u8], place: Place<'_>) {
        let Some(claims) = forms::claims(bytes.trim_ascii()) else { return self.token(bytes, place) };
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        let Some((namespace, name)) =
            subject.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':'))
        else {
            return self.token(bytes, place);
        };
        let account = format!("{}/{namespace}/{name}", self.cluster);
        let expires = claims.get("exp").and_then(Value::as_i64).map(Time::from_seconds);
        let fingerprint = Some(self.fingerprinter.fingerprint(bytes.trim_ascii()));
        self.runs_as.insert(NodeKey::identity("k8s", &account));
        let find = Find { fingerprint, expires, encrypted: None };
        self.add(NodeKey::credential("k8s", &account), place.kind, place, "", find);
    }

    fn netrc(&mut self, bytes: &[u8], place: Place<'_>) {
        let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
        let mut words = text.split_ascii_whitespace();
        let mut machine = String::new();
        while let Some(word) = words.next() {
            match word {
                "machine" => machine = words.next().unwrap_or_default().to_owned(),
                "default" => machine = "default".to_owned(),
                "password" => {
                    let password = words.next().unwrap_or_default();
                    self.value("password", password, place, &machine, None);
                }
                _ => {}
            }
        }
    }

    fn pgpass(&mut self, bytes: &[u8], place: Place<'_>) {
        let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut parts = line.splitn(5, ':');
            let (Some(host), Some(_port), Some(_database)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let (Some(role), Some(password)) = (parts.next(), parts.next()) else { continue };
            if names::is_placeholder(password) {
                continue;
            }
            let fingerprint = self.fingerprinter.fingerprint(password.as_bytes());
            let key = match host == "*" || role == "*" {
                true => NodeKey::credential("fingerprint", &fingerprint),
                false => NodeKey::credential("postgres", &format!("{host}/{role}")),
            };
            let find = Find { fingerprint: Some(fingerprint), ..Find::default() };
            self.add(key, place.kind, place, &format!("{host} {role}"), find);
        }
    }

    /// `<password>…</password>` and `<add key="ClearTextPassword" value="…"/>`.
    fn tags(&mut self, bytes: &[u8], place: Place<'_>) {
        let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
        let mut section = Section::new("");
        for part in text.split('<').skip(1) {
            let Some((tag, value)) = part.split_once('>') else { continue };
            let name = tag.split_ascii_whitespace().next().unwrap_or_default();
            if matches!(name, "password" | "passphrase" | "privateKey") {
                section.pairs.push((name.to_owned(), Zeroizing::new(value.to_owned())));
            }
            let attribute = |name: &str| tag.split_once(name)?.1.strip_prefix("=\"")?.split('"').next();
            if let (Some(name), Some(value)) = (attribute("key"), attribute("value")) {
                section.pairs.push((name.to_owned(), Zeroizing::new(value.to_owned())));
            }
        }
        self.section(&section, place);
    }

    fn private_keys(&mut self, bytes: &[u8], place: Place<'_>) {
        for secret in redact(bytes, self.fingerprinter).found {
            if secret.kind != SecretKind::PrivateKey {
                continue;
            }
            let text = bytes.get(secret.range.clone()).unwrap_or_default();
            let encrypted = Some(keys::is_encrypted(text));
            match keys::open_ssh(text) {
                Some(public) => {
                    let key = NodeKey::credential("ssh", &public.fingerprint);
                    let fingerprint = Some(secret.key.name().to_owned());
                    self.add(key, place.kind, place, "", Find { fingerprint, encrypted, expires: None });
                }
                None => self.add(secret.key, place.kind, place, "", Find { encrypted, ..Find::default() }),
            }
        }
    }
}
