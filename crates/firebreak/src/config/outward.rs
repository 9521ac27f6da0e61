//! What the configuration says of people and other systems: whom to tell, who may approve from where, and which signals are
//! told and heard.

use anyhow::{Result, bail};
use firebreak_notify::Channel;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// `[outward]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutwardConfig {
    /// Where approvals and signals come in, on this machine alone.
    pub listen: Option<String>,
}

/// `[approvals]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalsConfig {
    /// The address under which people reach us: what stands before `outward.listen`.
    pub address: String,
    /// A reference to the key of the links.
    pub key: String,
    /// For how many minutes a link holds.
    #[serde(default = "ApprovalsConfig::usual_minutes")]
    pub lasts_minutes: u32,
    /// `[approvals.slack]`.
    #[serde(default)]
    pub slack: Option<SlackConfig>,
}

impl ApprovalsConfig {
    const fn usual_minutes() -> u32 {
        60
    }
}

/// `[approvals.slack]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackConfig {
    /// A reference to the signing secret of the Slack App.
    pub signing_secret: String,
    /// Our workspace.
    pub team: String,
    /// E-mail addresses by Slack user.
    pub people: BTreeMap<String, String>,
}

/// `[signals]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignalsConfig {
    /// `[signals.transmit]`.
    pub transmit: Option<TransmitConfig>,
    /// `[[signals.receive]]`.
    pub receive: Vec<ReceiveConfig>,
}

/// `[signals.transmit]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransmitConfig {
    /// Our name, and the address under which receivers reach us.
    pub issuer: String,
    /// References to PEM files: the first signs, the others stay in the key set.
    pub keys: Vec<String>,
    /// `[[signals.transmit.receivers]]`.
    #[serde(default)]
    pub receivers: Vec<PeerConfig>,
    /// `[[signals.transmit.authorization_servers]]`.
    #[serde(default)]
    pub authorization_servers: Vec<ServerConfig>,
    /// Issuers by the system of our keys.
    #[serde(default)]
    pub issuers: BTreeMap<String, String>,
}

/// `[[signals.transmit.receivers]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// What we call it.
    pub name: String,
    /// What its tokens call it.
    pub audience: String,
    /// A reference to the token with which it calls us.
    #[serde(default)]
    pub token: Option<String>,
    /// The beginning of the addresses that we push to.
    #[serde(default)]
    pub push_below: Option<String>,
    /// A reference to the whole `Authorization` header of our pushes.
    #[serde(default)]
    pub push_authorization: Option<String>,
}

/// `[[signals.transmit.authorization_servers]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Its issuer.
    pub issuer: String,
    /// What its tokens call us.
    pub audience: String,
    /// Where its keys are.
    pub jwks: String,
    /// Receivers by the client that they are.
    pub clients: BTreeMap<String, String>,
}

/// How a transmitter's events come to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// We fetch them.
    #[default]
    Poll,
    /// They are brought.
    Push,
}

/// `[[signals.receive]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiveConfig {
    /// What we call it: small letters, digits and `-`.
    pub name: String,
    /// The transmitter.
    pub issuer: String,
    /// What its tokens call us.
    pub audience: String,
    /// A reference to our token there.
    pub token: String,
    /// How its events come to us.
    #[serde(default)]
    pub delivery: Delivery,
    /// Where it brings them: what stands before `outward.listen`, and `/ssf/events/<name>`.
    #[serde(default)]
    pub push_url: Option<String>,
    /// A reference to the token that it shows when it brings them.
    #[serde(default)]
    pub push_token: Option<String>,
}

fn is_reference(text: &str) -> bool {
    text.starts_with("env:") || text.starts_with("file:")
}

fn reference(key: &str, text: &str) -> Result<()> {
    if is_reference(text) {
        return Ok(());
    }
    // What stands there may be the secret itself: it is not shown.
    bail!("`{key}` is no reference to a secret\nhint: write `env:NAME` or `file:/path`, never the value")
}

fn private(key: &str, url: &str) -> Result<()> {
    if firebreak_world::is_private(url) {
        return Ok(());
    }
    bail!("`{key}` is `{url}`\nhint: use an address that begins with `https://`")
}

/// Checks all of it.
///
/// # Errors
/// What is wrong first, and what to do.
pub fn check(
    notify: &[Channel],
    outward: &OutwardConfig,
    approvals: Option<&ApprovalsConfig>,
    signals: &SignalsConfig,
) -> Result<()> {
    let mut names = BTreeSet::new();
    for channel in notify {
        channel.check().map_err(|error| anyhow::anyhow!(error))?;
        if !names.insert(&channel.name) {
            bail!("two channels are called `{}`\nhint: give each `[[notify]]` a name of its own", channel.name);
        }
        if channel.approver.is_some() && approvals.is_none() {
            bail!("the channel `{}` names an approver, and there are no links\nhint: add `[approvals]`", channel.name);
        }
    }
    let pushed = signals.receive.iter().any(|each| each.delivery == Delivery::Push);
    if outward.listen.is_none() && (approvals.is_some() || signals.transmit.is_some() || pushed) {
        bail!("approvals and signals have no way in\nhint: set `outward.listen`, for example to \"127.0.0.1:9470\"");
    }
    if let Some(approvals) = approvals {
        private("approvals.address", &approvals.address)?;
        reference("approvals.key", &approvals.key)?;
        if let Some(slack) = &approvals.slack {
            reference("approvals.slack.signing_secret", &slack.signing_secret)?;
        }
    }
    if let Some(transmit) = &signals.transmit {
        check_transmit(transmit)?;
    }
    signals.receive.iter().try_for_each(check_receive)
}

fn check_transmit(transmit: &TransmitConfig) -> Result<()> {
    private("signals.transmit.issuer", &transmit.issuer)?;
    if transmit.keys.is_empty() {
        bail!("`signals.transmit.keys` is empty\nhint: name the PEM file of an RSA key as `file:/path`");
    }
    transmit.keys.iter().try_for_each(|key| reference("signals.transmit.keys", key))?;
    for peer in &transmit.receivers {
        let secrets = [("token", &peer.token), ("push_authorization", &peer.push_authorization)];
        for (name, secret) in secrets {
            if let Some(secret) = secret {
                reference(&format!("signals.transmit.receivers.{name}"), secret)?;
            }
        }
        if let Some(url) = &peer.push_below {
            private("signals.transmit.receivers.push_below", url)?;
        }
    }
    transmit
        .authorization_servers
        .iter()
        .try_for_each(|server| private("signals.transmit.authorization_servers.jwks", &server.jwks))
}

fn check_receive(receive: &ReceiveConfig) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if receive.name.is_empty() || !receive.name.bytes().all(plain) {
        bail!("`signals.receive.name` is `{}`\nhint: use small letters, digits and `-`", receive.name);
    }
    private("signals.receive.issuer", &receive.issuer)?;
    reference("signals.receive.token", &receive.token)?;
    match (receive.delivery, &receive.push_url, &receive.push_token) {
        (Delivery::Poll, ..) => Ok(()),
        (Delivery::Push, Some(url), Some(token)) => {
            private("signals.receive.push_url", url)?;
            reference("signals.receive.push_token", token)
        }
        (Delivery::Push, ..) => {
            bail!("`{}` is to push, and it is not said where\nhint: set `push_url` and `push_token`", receive.name)
        }
    }
}
