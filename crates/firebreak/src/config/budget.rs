//! `[[detect.budget]]`: how much an identity may take, where the owner knows better than habit does.

use anyhow::{Result, bail};
use firebreak_detect::SetBudget;
use firebreak_model::{DataClass, NodeKey, NodeKind, Text};
use serde::Deserialize;

/// The shortest window, in seconds.
const SHORTEST: u32 = 60;

/// The longest window, in seconds: 31 days.
const LONGEST: u32 = 31 * 86_400;

/// One `[[detect.budget]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetConfig {
    /// Whose: a key, or how keys begin, ending in `*`.
    pub identity: String,
    /// Of which class of data; of everything where none is named.
    #[serde(default)]
    pub class: Option<String>,
    /// So many bytes.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// So many records.
    #[serde(default)]
    pub records: Option<u64>,
    /// Within so many seconds.
    #[serde(default = "BudgetConfig::an_hour")]
    pub window_seconds: u32,
}

impl BudgetConfig {
    const fn an_hour() -> u32 {
        3_600
    }

    /// What the correlator is told.
    pub(super) fn set(&self) -> SetBudget {
        SetBudget {
            of: Text::new(&self.identity),
            class: self.class.as_deref().map(DataClass::new),
            bytes: self.bytes,
            records: self.records,
            window_seconds: i64::from(self.window_seconds),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let of = &self.identity;
        let begins = of.strip_suffix('*');
        let kinds = ["identity:", "credential:"];
        let could_begin = |text: &str| kinds.iter().any(|kind| text.starts_with(kind) || kind.starts_with(text));
        let is_party = |key: NodeKey| matches!(key.kind(), NodeKind::Identity | NodeKind::Credential);
        let named = match begins {
            Some(begins) => could_begin(begins),
            None => NodeKey::parse(of).is_some_and(is_party),
        };
        if !named {
            bail!(
                "`detect.budget.identity` is `{of}`, which names nobody\nhint: write a key as `firebreak data` shows it, or how it begins: `identity:mcp/*`"
            );
        }
        if self.bytes.is_none() && self.records.is_none() {
            bail!("the budget of `{of}` sets neither `bytes` nor `records`\nhint: set one or both; 0 allows none");
        }
        if !(SHORTEST..=LONGEST).contains(&self.window_seconds) {
            bail!(
                "`detect.budget.window_seconds` of `{of}` is {}\nhint: from {SHORTEST} to {LONGEST}",
                self.window_seconds
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn error(text: &str) -> String {
        let config = Config::parse(&format!("[[detect.budget]]\n{text}"));
        config.map_or_else(|error| format!("{error:#}"), |_| String::new())
    }

    #[test]
    fn a_budget_says_whose_of_what_and_how_much() {
        let all = "identity = \"identity:mcp/*\"\nclass = \"ssn\"\nbytes = 1\nrecords = 200\nwindow_seconds = 86400\n";
        assert_eq!(error(all), "");
        let config = Config::parse(&format!("[[detect.budget]]\n{all}")).expect("right");
        let set = &config.detect.settings().budgets[0];
        assert_eq!((set.bytes, set.records, set.window_seconds), (Some(1), Some(200), 86_400));
        assert_eq!(set.class.as_ref().map(|class| class.word()), Some("ssn"));
        for fine in [
            "identity = \"*\"\nrecords = 0",
            "identity = \"cred*\"\nbytes = 5",
            "identity = \"credential:aws/AKIA1\"\nbytes = 5",
        ] {
            assert_eq!(error(fine), "", "{fine}");
        }
    }

    #[test]
    fn one_that_could_never_be_spent_is_refused_by_name() {
        assert!(error("identity = \"identity:aws/x\"").contains("neither `bytes` nor `records`"));
        for nobody in ["ada", "resource:aws/*", "resource:aws/b", ""] {
            assert!(error(&format!("identity = \"{nobody}\"\nbytes = 1")).contains("names nobody"), "{nobody}");
        }
        assert!(error("identity = \"*\"\nbytes = 1\nwindow_seconds = 59").contains("from 60 to 2678400"));
        assert!(error("identity = \"*\"\nbites = 1").contains("bites"));
    }
}
