//! The one configuration file: what the user typed, checked key by key, then what the program means.
//!
//! [`keys::KEYS`] is the only list of keys: the check for unknown ones and the reference page both follow from it.

pub mod budget;
pub mod change;
pub mod guardrail;
pub mod keys;
pub mod login;
pub mod outward;
pub mod store;

use anyhow::{Context, Result, bail};
pub use firebreak_act::Mode;
pub use firebreak_contain::gate::shipped::Mode as Policy;
use serde::Deserialize;
use std::num::NonZeroU8;
use std::path::{Path, PathBuf};

/// One source of events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// The source's folder name.
    pub name: String,
    /// Files, directories and globs.
    pub paths: Vec<String>,
}

/// `[inventory]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InventoryConfig {
    /// Directories of inventory files.
    pub paths: Vec<PathBuf>,
    /// For how many days it is remembered what was known of the estate; 0 for ever.
    pub keep_days: u32,
}

impl Default for InventoryConfig {
    fn default() -> InventoryConfig {
        InventoryConfig { paths: Vec::new(), keep_days: 400 }
    }
}

/// `[[collect]]`: a platform that is asked for its inventory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectConfig {
    /// The scanner's folder name.
    pub scanner: String,
    /// The address of the API.
    #[serde(default)]
    pub url: String,
    /// A reference to our credential there.
    #[serde(default)]
    pub credential: Option<String>,
    /// What the calls need beside it; the scanner's page lists the names.
    #[serde(default)]
    pub values: std::collections::BTreeMap<String, String>,
    /// How often `run` asks again.
    #[serde(default = "CollectConfig::usual_minutes")]
    pub every_minutes: u32,
}

impl CollectConfig {
    const fn usual_minutes() -> u32 {
        60
    }

    /// What the collector is told.
    pub fn settings(&self) -> firebreak_inventory::collect::Settings {
        firebreak_inventory::collect::Settings {
            scanner: self.scanner.clone(),
            url: self.url.clone(),
            credential: self.credential.clone(),
            values: self.values.clone(),
        }
    }
}

/// `[intake]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeConfig {
    /// Records a batch.
    pub batch_records: usize,
    /// Seconds between two looks at the inputs.
    pub poll_seconds: f64,
    /// `[[intake.ndjson]]`: a source each.
    pub ndjson: Vec<firebreak_intake::sources::ndjson::Mapping>,
}

impl Default for IntakeConfig {
    fn default() -> IntakeConfig {
        IntakeConfig { batch_records: 5_000, poll_seconds: 1.0, ndjson: Vec::new() }
    }
}

/// `[detect]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectConfig {
    /// Directories of further Sigma rules.
    pub rules: Vec<PathBuf>,
    /// Processing pipelines that every rule goes through.
    pub pipelines: Vec<PathBuf>,
    /// Values of the placeholders that rules expand.
    pub placeholders: std::collections::BTreeMap<String, Vec<String>>,
    /// How late an event may arrive.
    pub lateness_seconds: u32,
    /// Into how many shards the keys of correlations are split; one for each core where it is not said.
    pub shards: Option<NonZeroU8>,
    /// How long an identity is learnt before anything about it counts as new.
    pub learning_seconds: u32,
    /// Bytes an hour that one identity may take of one data class before its own habit is known.
    pub budget_bytes: u64,
    /// Records an hour, likewise.
    pub budget_records: u64,
    /// A table of networks and where they are.
    pub networks: Option<PathBuf>,
    /// How long an identity's operations and data are learnt before one of them counts as new.
    pub habit_seconds: u32,
    /// Who rests for so many days is dormant.
    pub dormant_days: u32,
    /// What so many other actors do in peace is nobody's novelty.
    pub peers: usize,
    /// Records a day that anyone may take from a new network or with a new client.
    pub strange_records: u64,
    /// Bytes a day, likewise.
    pub strange_bytes: u64,
    /// Different secrets an hour that anyone may read.
    pub sweep_secrets: u64,
    /// `[[detect.budget]]`.
    pub budget: Vec<budget::BudgetConfig>,
}

impl Default for DetectConfig {
    fn default() -> DetectConfig {
        DetectConfig {
            rules: Vec::new(),
            pipelines: Vec::new(),
            placeholders: std::collections::BTreeMap::new(),
            lateness_seconds: 300,
            shards: None,
            learning_seconds: 3 * 86_400,
            budget_bytes: 2 << 30,
            budget_records: 5_000,
            networks: None,
            habit_seconds: 7 * 86_400,
            dormant_days: 30,
            peers: 3,
            strange_records: 200,
            strange_bytes: 64 << 20,
            sweep_secrets: 20,
            budget: Vec::new(),
        }
    }
}

impl DetectConfig {
    /// What the correlator is told, but for the table of networks, which [`crate::content::networks`] reads.
    pub fn settings(&self) -> firebreak_detect::Settings {
        firebreak_detect::Settings {
            lateness_seconds: i64::from(self.lateness_seconds),
            learning_seconds: i64::from(self.learning_seconds),
            floor_bytes: self.budget_bytes,
            floor_records: self.budget_records,
            habit_seconds: i64::from(self.habit_seconds),
            dormant_days: i64::from(self.dormant_days),
            peers_min: self.peers,
            strange_records: self.strange_records,
            strange_bytes: self.strange_bytes,
            floor_secrets: self.sweep_secrets,
            budgets: self.budget.iter().map(budget::BudgetConfig::set).collect(),
            eager: true,
            shards: self.shards.map_or_else(cores, |shards| usize::from(shards.get())),
            ..firebreak_detect::Settings::default()
        }
    }
}

/// How many shards there are where nobody said: one for each core, but each with memory enough for a few large keys.
fn cores() -> usize {
    const MOST: usize = 8;
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

/// `[exposure]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExposureConfig {
    /// Directories of further incident profiles.
    pub profiles: Vec<PathBuf>,
}

/// `[contain]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContainConfig {
    /// What a plan may do without a person.
    pub policy: Policy,
    /// The owner's own Cedar policies, in place of the set that `policy` names.
    pub policies: Vec<PathBuf>,
    /// How long a containment stands before someone must confirm it.
    pub lease_hours: u32,
    /// How old the newest of what led to an incident may be when it is read, for anything to be done without a person.
    pub recent_hours: u32,
    /// Directories of further standing policies.
    pub standing_policies: Vec<PathBuf>,
    /// `[[contain.standing]]`.
    pub standing: Vec<StandingConfig>,
}

/// One `[[contain.standing]]`: what the owner wants of a standing policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingConfig {
    /// The policy's name.
    pub name: String,
    /// Whether it does nothing, asks, or lets the gate decide.
    pub mode: firebreak_contain::standing_policy::Mode,
    /// What is wanted of its steps that cannot be taken back.
    #[serde(default)]
    pub irreversible: firebreak_contain::standing_policy::Irreversible,
    /// What it leaves alone.
    #[serde(default)]
    pub except: std::collections::BTreeSet<String>,
}

impl Default for ContainConfig {
    fn default() -> ContainConfig {
        ContainConfig {
            policy: Policy::Watch,
            policies: Vec::new(),
            lease_hours: 24,
            recent_hours: 24,
            standing_policies: Vec::new(),
            standing: Vec::new(),
        }
    }
}

/// `[act]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActConfig {
    /// Whether approved steps call the platforms.
    pub mode: Mode,
}

/// `[drill]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DrillConfig {
    /// How often `run` drills each canary; 0 never.
    pub every_hours: u32,
    /// For how many days a drill that passed counts.
    pub valid_days: u32,
    /// `[[drill.canary]]`.
    pub canary: Vec<firebreak_act::Canary>,
}

impl Default for DrillConfig {
    fn default() -> DrillConfig {
        DrillConfig { every_hours: 0, valid_days: 30, canary: Vec::new() }
    }
}

/// `[metrics]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// Where `/metrics` is shown, on this machine alone; nowhere where it is not said.
    pub listen: Option<String>,
    /// A reference to the token that a reader shows.
    pub token: Option<String>,
}

/// `[console]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleConfig {
    /// Where console and API are shown, on this machine alone; nowhere where it is not said.
    pub listen: Option<String>,
    /// The address under which people reach us, where a proxy stands before `listen`.
    pub address: Option<String>,
    /// Who opens a login link.
    pub admin: String,
    /// `[console.oidc]`: logging in by an identity provider; off where it is not there.
    pub oidc: Option<login::OidcConfig>,
}

impl Default for ConsoleConfig {
    fn default() -> ConsoleConfig {
        ConsoleConfig { listen: None, address: None, admin: "admin@localhost".to_owned(), oidc: None }
    }
}

impl ConsoleConfig {
    fn check(&self) -> Result<()> {
        if !crate::api::access::is_person(&self.admin) {
            bail!("`console.admin` names nobody\nhint: write an e-mail address");
        }
        if let Some(address) = self.address.as_deref().filter(|address| !firebreak_world::is_private(address)) {
            bail!("`console.address` is `{address}`\nhint: use an address that begins with `https://`");
        }
        self.oidc.as_ref().map_or(Ok(()), login::OidcConfig::check)
    }
}

/// `[[hunt.saved]]`: a question to the lake that is asked again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedQuestion {
    /// What it is called.
    pub name: String,
    /// What it answers.
    #[serde(default)]
    pub about: String,
    /// The question.
    pub sql: String,
}

/// `[hunt]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HuntConfig {
    /// `[[hunt.saved]]`.
    pub saved: Vec<SavedQuestion>,
}

impl HuntConfig {
    fn check(&self) -> Result<()> {
        for saved in &self.saved {
            let read = firebreak_hunt::question(&saved.sql, firebreak_model::Time(0));
            read.map_err(|refusal| anyhow::anyhow!("`hunt.saved.sql` of `{}`: {refusal}", saved.name))?;
        }
        Ok(())
    }
}

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The file that it was read from.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// Where state, lake, quarantine and ledger live.
    pub data: Option<PathBuf>,
    /// A reference to the key of the fingerprints.
    pub fingerprint_key: Option<String>,
    /// `[[source]]`.
    pub source: Vec<SourceConfig>,
    /// `[inventory]`.
    pub inventory: InventoryConfig,
    /// `[[collect]]`.
    pub collect: Vec<CollectConfig>,
    /// `[[store]]`.
    pub store: Vec<store::StoreConfig>,
    /// `[intake]`.
    pub intake: IntakeConfig,
    /// `[detect]`.
    pub detect: DetectConfig,
    /// `[exposure]`.
    pub exposure: ExposureConfig,
    /// `[contain]`.
    pub contain: ContainConfig,
    /// `[act]`.
    pub act: ActConfig,
    /// `[change]`.
    pub change: change::ChangeConfig,
    /// `[drill]`.
    pub drill: DrillConfig,
    /// `[metrics]`.
    pub metrics: MetricsConfig,
    /// `[guardrail]`.
    pub guardrail: guardrail::GuardrailConfig,
    /// `[console]`.
    pub console: ConsoleConfig,
    /// `[hunt]`.
    pub hunt: HuntConfig,
    /// `[outward]`.
    pub outward: outward::OutwardConfig,
    /// `[[notify]]`.
    pub notify: Vec<firebreak_notify::Channel>,
    /// `[approvals]`.
    pub approvals: Option<outward::ApprovalsConfig>,
    /// `[signals]`.
    pub signals: outward::SignalsConfig,
    /// `[responder]`: how to reach the platforms; each responder's page lists its keys.
    pub responder: firebreak_act::Config,
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// If it cannot be read, is not TOML, holds a key that does not exist or a value that does not fit.
    pub fn read(path: &Path) -> Result<Config> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))?;
        let config = Config::parse(&text).with_context(|| format!("in `{}`", path.display()))?;
        Ok(Config { file: Some(path.to_owned()), ..config })
    }

    /// How this installation is called on a command line.
    pub fn command(&self) -> String {
        match &self.file {
            Some(file) => format!("firebreak --config {}", file.display()),
            None => "firebreak".to_owned(),
        }
    }

    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str) -> Result<Config> {
        let table: toml::Table = text.parse()?;
        let unknown = keys::unknown(&table);
        if !unknown.is_empty() {
            bail!("{}", unknown.join("\n"));
        }
        let mut config: Config = toml::from_str(text)?;
        config.check()?;
        config.hear();
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        self.store.iter().try_for_each(store::StoreConfig::check)?;
        for mapping in &self.intake.ndjson {
            firebreak_intake::sources::ndjson::configure(mapping.clone()).map_err(|error| anyhow::anyhow!(error))?;
        }
        let known = || firebreak_intake::sources::SOURCES.iter().map(|source| source.name());
        for source in &self.source {
            if firebreak_intake::source(&source.name).is_none() {
                let nearest = keys::nearest(&source.name, known());
                bail!("no source `{}`\nhint: did you mean `{nearest}`?", source.name);
            }
        }
        for collect in &self.collect {
            check_collect(collect)?;
        }
        if !self.collect.is_empty() && self.inventory.paths.is_empty() {
            bail!(
                "there is no directory for what is collected\nhint: name one in `inventory.paths`; the first is used"
            );
        }
        for canary in &self.drill.canary {
            check_canary(canary)?;
        }
        outward::check(&self.notify, &self.outward, self.approvals.as_ref(), &self.signals)?;
        self.detect.budget.iter().try_for_each(budget::BudgetConfig::check)?;
        self.console.check()?;
        self.hunt.check()?;
        if self.intake.batch_records == 0 {
            bail!("`intake.batch_records` is 0\nhint: 5000 suits most machines");
        }
        Ok(())
    }

    /// What the receiver of signals writes down is a source like any other.
    fn hear(&mut self) {
        const HEARD: &str = "shared_signals";
        if !self.signals.receive.is_empty() {
            let path = crate::outward::heard_directory(&self.data_directory()).display().to_string();
            match self.source.iter_mut().find(|source| source.name == HEARD) {
                Some(source) => source.paths.push(path),
                None => self.source.push(SourceConfig { name: HEARD.to_owned(), paths: vec![path] }),
            }
        }
    }

    /// Where state lives: `data`, or `firebreak-data` in the current directory.
    pub fn data_directory(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from("firebreak-data"))
    }
}

fn check_collect(collect: &CollectConfig) -> Result<()> {
    let collectors = || {
        let scanners = firebreak_inventory::scanners::SCANNERS.iter();
        scanners.filter_map(|scanner| Some((scanner.name(), scanner.collector()?)))
    };
    let Some((_, collector)) = collectors().find(|(name, _)| *name == collect.scanner) else {
        let nearest = keys::nearest(&collect.scanner, collectors().map(|(name, _)| name));
        bail!("nothing collects for `{}`\nhint: did you mean `{nearest}`?", collect.scanner);
    };
    if let Some(name) = collector.settings().iter().find(|name| !collect.values.contains_key(**name)) {
        bail!("`collect.values.{name}` is not set for `{}`\nhint: see the scanner's page", collect.scanner);
    }
    if collect.every_minutes == 0 {
        bail!("`collect.every_minutes` is 0\nhint: 60 suits most platforms' limits");
    }
    Ok(())
}

fn check_canary(canary: &firebreak_act::Canary) -> Result<()> {
    let actions = || firebreak_act::RESPONDERS.iter().map(|responder| responder.spec().action_name());
    if !actions().any(|action| canary.action == action) {
        let known: Vec<String> = actions().collect();
        let nearest = keys::nearest(&canary.action, known.iter().map(String::as_str));
        bail!("no responder does `{}`, which `drill.canary` names\nhint: did you mean `{nearest}`?", canary.action);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_that_nothing_can_cut_is_an_error() {
        let canary = |action: &str| {
            format!(
                "[[drill.canary]]\naction = \"{action}\"\ntarget = \"identity:postgres/db/canary\"\nparameters = {{ host = \"db\" }}\n"
            )
        };
        let config = Config::parse(&canary("postgres_role/disable")).unwrap();
        assert_eq!((config.drill.canary.len(), config.drill.every_hours, config.drill.valid_days), (1, 0, 30));
        let error = Config::parse(&canary("postgres_rolle/disable")).unwrap_err().to_string();
        assert!(error.contains("did you mean `postgres_role/disable`?"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_nearest() {
        let error = Config::parse("[detect]\nlatenes_seconds = 5\n").unwrap_err().to_string();
        assert_eq!(error, "no key `detect.latenes_seconds`\nhint: did you mean `detect.lateness_seconds`?");
        let error = Config::parse("[[source]]\nname = \"okta_system\"\npath = []\n").unwrap_err().to_string();
        assert!(error.contains("`source.paths`"), "{error}");
    }

    #[test]
    fn a_source_that_does_not_exist_is_an_error() {
        let error = Config::parse("[[source]]\nname = \"okta\"\npaths = []\n").unwrap_err().to_string();
        assert!(error.starts_with("no source `okta`"), "{error}");
    }

    #[test]
    fn a_platform_that_nothing_collects_for_is_an_error() {
        let error = Config::parse("[[collect]]\nscanner = \"lockfile\"\n").unwrap_err().to_string();
        assert!(error.starts_with("nothing collects for `lockfile`\nhint: did you mean `"), "{error}");
    }

    #[test]
    fn a_mapping_makes_a_source_and_a_wrong_one_names_its_key() {
        let mapping = "[[intake.ndjson]]\nname = \"config_test\"\nproduct = \"x\"\ntime = \"t\"\noperation = \"o\"\n\
                       actor = { path = \"who\", system = \"person\" }\n";
        let source = "[[source]]\nname = \"config_test\"\npaths = []\n";
        assert!(Config::parse(&format!("{mapping}{source}")).is_ok());
        let error = Config::parse(&mapping.replace("\"t\"", "\"a..b\"")).unwrap_err().to_string();
        assert!(error.starts_with("`intake.ndjson.time` of `config_test` is no path: `a..b`\nhint: "), "{error}");
        let error = Config::parse(&mapping.replace("actor", "actr")).unwrap_err().to_string();
        assert!(error.contains("no key `intake.ndjson.actr"), "{error}");
    }

    #[test]
    fn a_saved_question_that_is_none_is_an_error() {
        let saved = |sql: &str| Config::parse(&format!("[[hunt.saved]]\nname = \"mine\"\nsql = \"{sql}\"\n"));
        assert!(saved("SELECT actor FROM events").is_ok());
        let error = saved("SELECT actr FROM events").unwrap_err().to_string();
        assert!(
            error.starts_with("`hunt.saved.sql` of `mine`: there is no column `actr`\nhint: there are time, "),
            "{error}"
        );
    }

    #[test]
    fn the_smallest_file_is_an_empty_one_and_acts_on_nothing() {
        let config = Config::parse("").unwrap();
        assert_eq!((config.contain.policy, config.act.mode), (Policy::Watch, Mode::DryRun));
    }

    #[test]
    fn every_default_that_the_reference_shows_is_what_the_program_uses() {
        let mut text = String::new();
        let lists = ["source.", "collect.", "store."];
        let in_list = |key: &&keys::Key| lists.iter().any(|list| key.path.starts_with(list));
        for key in keys::KEYS.iter().filter(|key| !key.default.is_empty() && !in_list(key)) {
            let (table, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
            if table.is_empty() {
                text.insert_str(0, &format!("{name} = {}\n", key.default));
            } else {
                text.push_str(&format!("{table}.{name} = {}\n", key.default));
            }
        }
        let (stated, silent) = (Config::parse(&text).unwrap(), Config::default());
        assert_eq!(format!("{:?}", stated.detect), format!("{:?}", silent.detect));
        assert_eq!(format!("{:?}", stated.inventory), format!("{:?}", silent.inventory));
        assert_eq!(format!("{:?}", stated.intake), format!("{:?}", silent.intake));
        assert_eq!(format!("{:?}", stated.contain), format!("{:?}", silent.contain));
        assert_eq!(stated.data_directory(), silent.data_directory());
    }
}
