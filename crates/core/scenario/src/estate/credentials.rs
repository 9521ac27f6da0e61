//! Credentials by their public faces, whom each one authenticates, and how each can be cut. No secret exists: every
//! fingerprint and hash here is a number from the seed.

use super::aws::{self, CI, DATA, PROD, Principal};
use super::cluster::CLUSTER;
use crate::clock::At;
use crate::random::{Random, access_key};
use base64::Engine;

/// The host of the database server.
pub(crate) const DATABASE: &str = "db.meridian.internal";
/// The account in GitHub whose token pipelines use.
pub(crate) const BOT: &str = "meridian-bot";
/// The sanctioned scanner's app in GitHub.
pub(crate) const SCANNER: &str = "meridian-secret-scan[bot]";
/// The account in Google under which shared drives are copied.
pub(crate) const DRIVE_SYNC: &str = "drive-sync@meridian.example";

/// One way to cut, as `estate.json` states it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cut {
    pub(crate) action: &'static str,
    pub(crate) parameters: Vec<(&'static str, String)>,
    pub(crate) cost: u32,
    pub(crate) delay_seconds: u32,
    pub(crate) reversibility: &'static str,
}

/// One credential.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) authenticates: String,
    pub(crate) from: Option<At>,
    pub(crate) to: Option<At>,
    pub(crate) cut: Option<Cut>,
}

/// The credentials that the story names, each by its public id.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// Of user `ci/eval-nightly`.
    pub(crate) eval_nightly: String,
    /// Of user `ci/artifact-publisher`.
    pub(crate) artifact_publisher: String,
    /// Of user `deploy/platform-deployer`.
    pub(crate) platform_deployer: String,
    /// Of user `data/labelling-batch`.
    pub(crate) labelling_batch: String,
    /// Deactivated long ago, but still written in a file of the runner.
    pub(crate) dead: [(String, &'static str, &'static str, At); 3],
    /// `hashed_token` of the bot's personal access token.
    pub(crate) bot_token: String,
    /// `hashed_token` of the scanner's installation token.
    pub(crate) scanner_token: String,
    /// Of the bot that exports channels.
    pub(crate) slack_export: String,
    /// The user id of that bot.
    pub(crate) slack_export_bot: String,
    /// Of the grant that `drive-sync@meridian.example` gave to the copying app.
    pub(crate) drive_grant: String,
    /// Of the gateway key of the evaluations.
    pub(crate) gateway_eval: String,
    /// Of the gateway's master key.
    pub(crate) gateway_master: String,
    /// Of the registry's push token.
    pub(crate) registry_push: String,
    /// Of the keys at model providers.
    pub(crate) providers: [String; 2],
}

fn hashed(seed: u64, label: &str) -> String {
    let mut random = Random::of(seed, label, 0);
    let bytes: Vec<u8> = (0..4).flat_map(|_| random.next().to_be_bytes()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

impl Keys {
    pub(crate) fn new(seed: u64) -> Keys {
        let key = |label| access_key(seed, "AKIA", label, 0);
        let hex = |label, length| Random::of(seed, label, 0).hex(length);
        Keys {
            eval_nightly: key("eval-nightly"),
            artifact_publisher: key("artifact-publisher"),
            platform_deployer: key("platform-deployer"),
            labelling_batch: key("labelling-batch"),
            dead: [
                (key("legacy-deployer"), CI, "legacy-deployer", At::civil(2025, 11, 30, 9, 0, 0)),
                (key("metrics-reader-old"), PROD, "metrics-reader-old", At::civil(2026, 1, 15, 9, 0, 0)),
                (key("annotator-import"), DATA, "annotator-import", At::civil(2026, 2, 20, 9, 0, 0)),
            ],
            bot_token: hashed(seed, "bot token"),
            scanner_token: hashed(seed, "scanner token"),
            slack_export: hex("slack export", 32),
            slack_export_bot: format!("U0{}", Random::of(seed, "slack export bot", 0).upper(9)),
            drive_grant: hex("drive grant", 32),
            gateway_eval: hex("gateway eval", 64),
            gateway_master: hex("gateway master", 64),
            registry_push: hex("registry push", 32),
            providers: [hex("openai", 32), hex("anthropic", 32)],
        }
    }

    /// The access keys with the users they belong to and the day they ended, in the order in which the thief tries them.
    pub(crate) fn access_keys(&self) -> Vec<(&str, &'static Principal, Option<At>)> {
        let live = [
            (self.eval_nightly.as_str(), CI, "eval-nightly"),
            (self.artifact_publisher.as_str(), CI, "artifact-publisher"),
            (self.platform_deployer.as_str(), PROD, "platform-deployer"),
            (self.labelling_batch.as_str(), DATA, "labelling-batch"),
        ];
        let live = live.into_iter().map(|(key, account, name)| (key, account, name, None));
        let dead = self.dead.iter().map(|(key, account, name, end)| (key.as_str(), *account, *name, Some(*end)));
        live.chain(dead)
            .filter_map(|(key, account, name, end)| aws::principal(account, name).map(|user| (key, user, end)))
            .collect()
    }
}

fn request(word: &str) -> Cut {
    Cut {
        action: "webhook/request",
        parameters: vec![("request", word.to_owned())],
        cost: 25,
        delay_seconds: 300,
        reversibility: "recreate_only",
    }
}

/// The cut of a database role, which belongs to the identity.
pub(crate) fn disable_role(role: &str) -> Cut {
    Cut {
        action: "postgres_role/disable",
        parameters: vec![("host", DATABASE.to_owned()), ("role", role.to_owned())],
        cost: 30,
        delay_seconds: 1,
        reversibility: "reversible_reissues_access",
    }
}

/// The roles of the database server.
pub(crate) const DATABASE_ROLES: [&str; 4] = ["platform_owner", "contractor_etl", "talent_api", "litellm"];

fn credential(key: String, label: &str, authenticates: String, cut: Option<Cut>) -> Credential {
    Credential { key, label: label.to_owned(), authenticates, from: None, to: None, cut }
}

/// Every credential that no scanner finds by itself.
pub(crate) fn credentials(keys: &Keys) -> Vec<Credential> {
    let mut all = Vec::new();
    for (id, user, to) in keys.access_keys() {
        let cut = Cut {
            action: "aws_access_key/deactivate",
            parameters: vec![("account", user.account.to_owned()), ("user", user.name.to_owned())],
            cost: 20,
            delay_seconds: 60,
            reversibility: "reversible_reissues_access",
        };
        let label = format!("access key of {}", user.name);
        let from = Some(At::civil(2025, 6, 2, 8, 0, 0));
        all.push(Credential { from, to, ..credential(format!("credential:aws/{id}"), &label, user.key(), Some(cut)) });
    }
    let github = request("revoke_github_token");
    let mut add = |key: String, label, identity: String, cut| all.push(credential(key, label, identity, Some(cut)));
    let bot = format!("identity:github/{BOT}");
    add(format!("credential:github/{}", keys.bot_token), "token of the pipelines' bot", bot, github.clone());
    let scanner = format!("identity:github/{SCANNER}");
    add(format!("credential:github/{}", keys.scanner_token), "token of the secret scanner", scanner, github);
    let slack = format!("identity:slack/{}", keys.slack_export_bot);
    add(format!("credential:slack/{}", keys.slack_export), "Slack export bot", slack, request("revoke_slack_token"));
    let grant = Cut {
        action: "oauth_token/revoke",
        parameters: vec![("issuer", "oauth2.googleapis.com".to_owned())],
        cost: 10,
        delay_seconds: 5,
        reversibility: "irreversible",
    };
    let drive = format!("identity:person/{DRIVE_SYNC}");
    add(format!("credential:oauth/oauth2.googleapis.com/{}", keys.drive_grant), "Drive copying grant", drive, grant);
    for (hash, name) in [(&keys.gateway_eval, "eval-nightly"), (&keys.gateway_master, "gateway-master")] {
        let identity = format!("identity:litellm/{name}");
        add(format!("credential:litellm/{hash}"), "gateway key", identity, request("block_litellm_key"));
    }
    let registry = "identity:app/registry-push".to_owned();
    add(registry_key(keys), "push token of the registry", registry, request("revoke_registry_token"));
    for (print, name) in keys.providers.iter().zip(["openai", "anthropic"]) {
        let identity = format!("identity:app/{name}-evals");
        add(
            format!("credential:fingerprint/{print}"),
            "key at a model provider",
            identity,
            request("revoke_provider_key"),
        );
    }
    for role in DATABASE_ROLES {
        all.push(credential(database_key(role), "database password", database_identity(role), None));
    }
    all.push(credential(
        runner_key(),
        "token of the runners' service account",
        super::cluster::account_key(super::cluster::RUNNER),
        Some(request("delete_k8s_service_account_tokens")),
    ));
    all
}

/// The credential of the registry's push token.
pub(crate) fn registry_key(keys: &Keys) -> String {
    format!("credential:fingerprint/{}", keys.registry_push)
}

/// The credential of a database role.
pub(crate) fn database_key(role: &str) -> String {
    format!("credential:postgres/{DATABASE}/{role}")
}

/// The identity of a database role.
pub(crate) fn database_identity(role: &str) -> String {
    format!("identity:postgres/{DATABASE}/{role}")
}

/// The token that runners of the cluster carry.
pub(crate) fn runner_key() -> String {
    let (namespace, name) = super::cluster::RUNNER;
    format!("credential:k8s/{CLUSTER}/{namespace}/{name}")
}
