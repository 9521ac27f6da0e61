//! What a notifier is: one way to tell people, what it needs, and what keeps one incident one thing there.

use crate::error::NotifyError;
use crate::notice::Notice;
use crate::template::Template;
use async_trait::async_trait;
use firebreak_world::World;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Something that the operator says of a channel.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Whether the channel cannot be without it.
    pub needed: bool,
    /// Whether it is a reference to a secret.
    pub secret: bool,
}

impl Setting {
    /// A setting that must be there.
    pub const fn needed(name: &'static str, meaning: &'static str) -> Setting {
        Setting { name, meaning, needed: true, secret: false }
    }

    /// One that may be there.
    pub const fn optional(name: &'static str, meaning: &'static str) -> Setting {
        Setting { name, meaning, needed: false, secret: false }
    }

    /// The same as a reference to a secret.
    pub const fn secret(self) -> Setting {
        Setting { secret: true, ..self }
    }
}

/// What a notifier says of itself.
#[derive(Debug, Serialize)]
pub struct NotifierSpec {
    /// Its folder's name.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it needs.
    pub settings: &'static [Setting],
    /// What keeps one incident one thing at the receiver.
    pub one_thing: &'static str,
    /// What becomes of a notice that is sent twice because no answer came.
    pub twice: &'static str,
    /// Every call it makes, as `METHOD path`.
    pub calls: &'static [&'static str],
    /// The rights that its credential needs, and no more.
    pub rights: &'static [&'static str],
}

/// One notice, as one channel words it.
#[derive(Debug)]
pub struct Letter<'a> {
    /// The notice, cleaned.
    pub notice: &'a Notice,
    /// Where the one person whom the channel reaches approves.
    pub link: Option<&'a str>,
    pub(crate) title: &'a Template,
    pub(crate) text: &'a Template,
}

impl Letter<'_> {
    /// The title, with each value as `escape` writes it.
    pub fn title(&self, escape: &dyn Fn(&str) -> String) -> String {
        self.title.fill(self.notice, self.link, escape)
    }

    /// The text, likewise.
    pub fn text(&self, escape: &dyn Fn(&str) -> String) -> String {
        self.text.fill(self.notice, self.link, escape)
    }
}

/// For targets whose format holds text as it is.
pub fn as_it_is(value: &str) -> String {
    value.to_owned()
}

/// All that a notifier may touch while it hands in one letter.
pub struct Context<'a> {
    /// The doors.
    pub world: &'a World,
    settings: &'a BTreeMap<String, String>,
    /// Secrets that were read, so that no answer can bring one into a message.
    seen: Mutex<Vec<SecretString>>,
}

impl<'a> Context<'a> {
    /// With the settings of one channel.
    pub fn new(world: &'a World, settings: &'a BTreeMap<String, String>) -> Context<'a> {
        Context { world, settings, seen: Mutex::default() }
    }

    /// The setting `name`, where it is there.
    pub fn setting(&self, name: &str) -> Option<&'a str> {
        self.settings.get(name).map(String::as_str)
    }

    /// The setting `name`.
    ///
    /// # Errors
    /// Where it is not there.
    pub fn needed(&self, name: &str) -> Result<&'a str, NotifyError> {
        let lacking = || NotifyError::unusable(format!("the setting `{name}` is missing"), "see the notifier's page");
        self.setting(name).ok_or_else(lacking)
    }

    /// The secret that the setting `name` refers to.
    ///
    /// # Errors
    /// Where the setting or the secret is not there.
    pub fn secret(&self, name: &str) -> Result<SecretString, NotifyError> {
        let secret = self.world.secrets.secret(self.needed(name)?)?;
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(secret.clone());
        Ok(secret)
    }

    /// `text` without any secret that was read.
    pub fn hushed(&self, text: &str) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let secrets = seen.iter().map(ExposeSecret::expose_secret).filter(|secret| secret.len() >= 4);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }
}

/// One way to tell people.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// What it says of itself.
    fn spec(&self) -> &'static NotifierSpec;

    /// Whether it can work with these settings, beyond that they are there.
    ///
    /// # Errors
    /// What is wrong, to follow the channel's name, and what to do.
    fn check(&self, _settings: &BTreeMap<String, String>) -> Result<(), String> {
        Ok(())
    }

    /// Hands in one letter. `thread` is what an earlier letter about the same subject gave: where it went. What is given
    /// back is kept in its place.
    ///
    /// # Errors
    /// Why it was not taken.
    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError>;
}
