//! Channels: which notifier tells whom of what, as the operator configures it.

use crate::notice::Notice;
use crate::notifier::Setting;
use crate::template::Template;
use crate::{NOTIFIERS, notifier};
use firebreak_model::Severity;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[[notify]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What the operator calls it. Two channels have two names.
    pub name: String,
    /// The notifier's folder name.
    pub kind: String,
    /// What is milder is not told here; what asks for an approval always is.
    #[serde(default = "Channel::usual_severity")]
    pub at_least: Severity,
    /// The title of each notice, with fields.
    #[serde(default = "Channel::usual_title")]
    pub title: String,
    /// Its text, with fields.
    #[serde(default = "Channel::usual_text")]
    pub text: String,
    /// The e-mail address of the one person whom this channel reaches: notices that ask for an approval then carry a
    /// link with which that person gives it.
    #[serde(default)]
    pub approver: Option<String>,
    /// What the notifier needs; its page lists the names. Secrets are references.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

impl Channel {
    const fn usual_severity() -> Severity {
        Severity::Medium
    }

    fn usual_title() -> String {
        "{title}".to_owned()
    }

    fn usual_text() -> String {
        "{text}".to_owned()
    }

    /// Whether this channel is told of `notice`.
    pub fn wants(&self, notice: &Notice) -> bool {
        notice.ask.is_some() || notice.severity >= self.at_least
    }

    /// Whether it can be used at all.
    ///
    /// # Errors
    /// What is wrong with it first, and what to do.
    pub fn check(&self) -> Result<(), String> {
        let at = |what: &str| format!("the channel `{}` {what}", self.name);
        let Some(notifier) = notifier(&self.kind) else {
            let names: Vec<&str> = NOTIFIERS.iter().map(|notifier| notifier.spec().name).collect();
            return Err(format!(
                "{}\nhint: there are {}",
                at(&format!("is of no kind `{}`", self.kind)),
                names.join(", ")
            ));
        };
        let settings = notifier.spec().settings;
        for (name, value) in &self.settings {
            let Some(setting) = settings.iter().find(|setting| setting.name == name) else {
                let names: Vec<&str> = settings.iter().map(|setting| setting.name).collect();
                return Err(format!(
                    "{}\nhint: there are {}",
                    at(&format!("has no setting `{name}`")),
                    names.join(", ")
                ));
            };
            if setting.secret && !value.starts_with("env:") && !value.starts_with("file:") {
                // The value itself may be the secret: it is not shown.
                let hint = "write `env:NAME` or `file:/path`, never the value";
                return Err(format!("{}\nhint: {hint}", at(&format!("needs a reference in `{name}`"))));
            }
        }
        if let Some(Setting { name, meaning, .. }) =
            settings.iter().find(|setting| setting.needed && !self.settings.contains_key(setting.name))
        {
            return Err(format!("{}\nhint: {name} is {meaning}", at(&format!("lacks the setting `{name}`"))));
        }
        for template in [&self.title, &self.text] {
            Template::parse(template).map_err(|error| at(&format!("has a text that cannot be used: {error}")))?;
        }
        notifier.check(&self.settings).map_err(|error| at(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(text: &str) -> Result<(), String> {
        toml::from_str::<Channel>(text).map_err(|error| error.to_string())?.check()
    }

    #[test]
    fn a_channel_that_could_not_work_is_refused_without_showing_a_secret() {
        let good = "name = \"a\"\nkind = \"pagerduty\"\nsettings = { routing_key = \"env:KEY\" }";
        assert_eq!(channel(good), Ok(()));
        for (bad, says) in [
            (good.replace("pagerduty", "pager"), "no kind `pager`"),
            (good.replace("env:KEY", "R0SECRET"), "needs a reference in `routing_key`"),
            (good.replace("routing_key", "key"), "has no setting `key`"),
            (good.replace("routing_key = \"env:KEY\"", ""), "lacks the setting `routing_key`"),
            (format!("{good}\ntitle = \"{{nobody}}\""), "no field `nobody`"),
        ] {
            let error = channel(&bad).unwrap_err();
            assert!(error.contains(says) && error.contains("\nhint: ") && !error.contains("R0SECRET"), "{error}");
        }
    }
}
