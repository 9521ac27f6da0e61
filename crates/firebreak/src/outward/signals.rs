//! Shared Signals beside the program: what was cut is told, and what is heard is written down before it is acknowledged.

use super::{LOOK_EVERY, Shared, heard_directory};
use crate::config::Config;
use crate::config::outward::{Delivery, ReceiveConfig};
use anyhow::{Context, Result, anyhow};
use firebreak_act::StepRow;
use firebreak_contain::Plan;
use firebreak_model::{Action, NodeKey, NodeKind, Time};
use firebreak_signals::access::{Access, Server};
use firebreak_signals::client::{Client, keys};
use firebreak_signals::jose::Signer;
use firebreak_signals::poll::{Owed, fetch, judged};
use firebreak_signals::push::push;
use firebreak_signals::receiver::{Bounds, Source};
use firebreak_signals::serve::{Doors, receive};
use firebreak_signals::stream::{POLL, PUSH};
use firebreak_signals::transmitter::{Account, State};
use firebreak_signals::{Event, Heard, Keys, Receiver, Set, Subject, Transmitter, event};
use firebreak_world::{Request, Response, World};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Seconds between two polls of one transmitter, and between two tries to reach one.
const POLL_SECONDS: i64 = 10;
const REACH_SECONDS: i64 = 60;

/// The transmitter and the receiver.
pub(super) struct Signals {
    transmitter: Option<Mutex<Transmitter>>,
    signers: Vec<Signer>,
    access: Mutex<Access>,
    /// The whole `Authorization` header of our pushes, by receiver.
    pushes: BTreeMap<String, SecretString>,
    issuers: BTreeMap<String, String>,
    streams: PathBuf,
    receiver: Mutex<Receiver>,
    /// Who may bring events to which path, and whose they are: (name, digest of the token, issuer).
    brings: Vec<(String, [u8; 32], String)>,
    heard: PathBuf,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl Signals {
    pub(super) fn open(world: &World, config: &Config, data: &Path) -> Result<Signals> {
        let (streams, heard) = (data.join("signals").join("streams.json"), heard_directory(data));
        let secret = |reference: &str| world.secrets.secret(reference).map_err(|error| anyhow!(error));
        let (mut transmitter, mut signers, mut access) = (None, Vec::new(), Access::default());
        let (mut pushes, mut issuers) = (BTreeMap::new(), BTreeMap::new());
        if let Some(transmit) = &config.signals.transmit {
            for reference in &transmit.keys {
                let signer = Signer::of_pem(&secret(reference)?).map_err(|error| anyhow!(error));
                signers.push(signer.context("in `signals.transmit.keys`")?);
            }
            let mut accounts = Vec::new();
            for peer in &transmit.receivers {
                if let Some(token) = &peer.token {
                    access.admit(&peer.name, &secret(token)?);
                }
                if let Some(header) = &peer.push_authorization {
                    pushes.insert(peer.name.clone(), secret(header)?);
                }
                let (name, audience, push_below) = (peer.name.clone(), peer.audience.clone(), peer.push_below.clone());
                accounts.push(Account { name, audience, push_below });
            }
            let state = match world.disk.read(&streams) {
                Ok(bytes) => {
                    serde_json::from_slice(&bytes).with_context(|| format!("`{}` is damaged", streams.display()))?
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => State::default(),
                Err(error) => return Err(error).with_context(|| format!("reading `{}`", streams.display())),
            };
            world.disk.make_directory(&data.join("signals"))?;
            transmitter = Some(Mutex::new(Transmitter::new(&transmit.issuer, accounts, state)));
            issuers.clone_from(&transmit.issuers);
        }
        let mut brings = Vec::new();
        let source = |each: &ReceiveConfig| Source {
            issuer: each.issuer.clone(),
            audience: each.audience.clone(),
            keys: Keys::default(),
        };
        for each in config.signals.receive.iter().filter(|each| each.delivery == Delivery::Push) {
            let token = secret(each.push_token.as_deref().unwrap_or_default())?;
            brings.push((each.name.clone(), digest(token.expose_secret()), each.issuer.clone()));
        }
        if !config.signals.receive.is_empty() {
            world.disk.make_directory(&heard)?;
        }
        let sources = config.signals.receive.iter().map(source).collect();
        let receiver = Mutex::new(Receiver::new(sources, Bounds::default()));
        let access = Mutex::new(access);
        Ok(Signals { transmitter, signers, access, pushes, issuers, streams, receiver, brings, heard })
    }

    /// Answers what is for the transmitter or the receiver.
    pub(super) fn answer(&self, world: &World, request: &Request, now: Time) -> Option<Response> {
        let path = request.url.split('?').next().unwrap_or_default();
        if let Some(name) = path.strip_prefix("/ssf/events/") {
            return Some(self.brought(world, request, name, now));
        }
        let transmitter = self.transmitter.as_ref()?;
        let mut bytes = [0; 16];
        world.random.fill(&mut bytes);
        let fresh = hex::encode(bytes);
        let mut transmitter = locked(transmitter);
        let access = locked(&self.access);
        let mut doors = Doors { transmitter: &mut transmitter, signers: &self.signers, access: &access, fresh };
        let answer = doors.answer(request, now)?;
        // What a receiver asked for holds before it is told so.
        match self.keep(world, &mut transmitter) {
            Ok(()) => Some(answer),
            Err(_) => Some(Response { status: 503, ..Response::default() }),
        }
    }

    fn keep(&self, world: &World, transmitter: &mut Transmitter) -> Result<()> {
        let Some(state) = transmitter.changed() else { return Ok(()) };
        let bytes = serde_json::to_vec(state)?;
        let written = world.disk.write(&self.streams, &bytes);
        if written.is_err() {
            transmitter.unwritten();
        }
        written.with_context(|| format!("writing `{}`", self.streams.display()))
    }

    fn brought(&self, world: &World, request: &Request, name: &str, now: Time) -> Response {
        let shown = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let token = shown.and_then(|(_, value)| value.strip_prefix("Bearer ")).map(|token| digest(token.trim()));
        let who = self.brings.iter().find(|(one, known, _)| one == name && Some(*known) == token);
        let Some((_, _, issuer)) = who else {
            let challenge = vec![("www-authenticate".to_owned(), "Bearer".to_owned())];
            return Response { status: 401, headers: challenge, body: Vec::new() };
        };
        let mut receiver = locked(&self.receiver);
        let taken = receive(&mut receiver, request, issuer, now);
        match taken.heard.map_or(Ok(()), |heard| self.write(world, &mut receiver, &heard, now)) {
            Ok(()) => taken.answer,
            Err(_) => Response { status: 503, ..Response::default() },
        }
    }

    /// Writes down what was heard: one line of a file that is watched.
    fn write(&self, world: &World, receiver: &mut Receiver, heard: &Heard, now: Time) -> Result<()> {
        let set: &Set = match heard {
            Heard::New(set) | Heard::Aside(set) => set,
            Heard::Again | Heard::Stream(_) => return Ok(()),
        };
        let day: String = now.to_string().chars().take(10).collect();
        let path = self.heard.join(format!("{day}.ndjson"));
        let written = world.disk.append(&path, format!("{}\n", set.claims()).as_bytes());
        if written.is_err() {
            receiver.forget(&set.iss, &set.jti);
        }
        written.with_context(|| format!("writing `{}`", path.display()))
    }

    /// Whom the key names, for those who do not know our keys.
    fn subject(&self, issuer: &str, key: &NodeKey) -> Subject {
        if key.kind() == NodeKind::Identity && key.system() == "person" {
            return Subject::email(key.name());
        }
        match self.issuers.get(key.system()) {
            Some(known) if key.kind() == NodeKind::Identity => Subject::iss_sub(known, key.name()),
            _ => Subject::iss_sub(issuer, key.as_str()),
        }
    }
}

/// What a step that took effect means to others.
fn meaning(action: &Action, at: Time, reason: &str) -> Option<Event> {
    let name = action.name.split('/').next().unwrap_or_default();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let public = action.target.name();
    Some(match name {
        _ if ends(&["_sessions", "_session"]) => Event::session_revoked(at, reason),
        _ if ends(&["_key", "_token", "_credential", "_authorization", "_secret", "_accessor", "_lease"]) => {
            Event::credential_revoked("app", public, at, reason)
        }
        _ if ends(&["_user", "postgres_role", "vault_entity", "gcp_service_account"]) => Event::account_disabled(),
        _ => return None,
    })
}

/// Goes on until `stop`: tells of what was cut, pushes, polls, and keeps keys fresh.
pub(super) async fn keep_going(shared: Arc<Shared>, stop: Arc<AtomicBool>) {
    let mut peers: Vec<Peer> = shared.config.signals.receive.iter().cloned().map(Peer::new).collect();
    let (mut last, mut servers_due) = (String::new(), Time::MIN);
    while !stop.load(Ordering::SeqCst) {
        let now = shared.world.clock.now();
        if servers_due <= now {
            read_servers(&shared).await;
            servers_due = now.plus_seconds(REACH_SECONDS * 10);
        }
        if let Err(error) = tell(&shared).await {
            let text = format!("signals cannot be told: {error:#}");
            if text != last {
                shared.say(text.clone());
                last = text;
            }
        }
        push_due(&shared).await;
        for peer in &mut peers {
            peer.tend(&shared).await;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Reads the keys of the authorisation servers whose tokens are taken.
async fn read_servers(shared: &Shared) {
    let Some(transmit) = &shared.config.signals.transmit else { return };
    for server in &transmit.authorization_servers {
        match keys(&shared.world, &server.jwks).await {
            Ok(keys) => {
                let (issuer, audience, clients) =
                    (server.issuer.clone(), server.audience.clone(), server.clients.clone());
                let mut access = locked(&shared.signals.access);
                access.servers.retain(|known| known.issuer != issuer);
                access.servers.push(Server { issuer, audience, keys, clients });
            }
            Err(error) => shared.say(format!("the keys of `{}` cannot be read: {error}", server.issuer)),
        }
    }
}

/// Tells of steps that took effect.
async fn tell(shared: &Shared) -> Result<()> {
    let Some(transmitter) = &shared.signals.transmitter else { return Ok(()) };
    if !shared.is_live() {
        return Ok(());
    }
    let steps = shared.store.untold_steps().await?;
    if steps.is_empty() {
        return Ok(());
    }
    let plans = shared.store.plans().await?;
    {
        let mut transmitter = locked(transmitter);
        for step in &steps {
            let stored = plans.iter().find(|plan| plan.id == step.plan);
            let plan = stored.and_then(|stored| serde_json::from_str::<Plan>(&stored.body).ok());
            emit(shared, &mut transmitter, step, plan.as_ref());
        }
        shared.signals.keep(&shared.world, &mut transmitter)?;
    }
    shared.store.steps_told(&steps).await
}

fn emit(shared: &Shared, transmitter: &mut Transmitter, step: &StepRow, plan: Option<&Plan>) {
    let (now, issuer) = (shared.world.clock.now(), transmitter.metadata().issuer.clone());
    let incident = plan.map(|plan| plan.body().incident.to_string()).unwrap_or_else(|| step.plan.clone());
    let reason = format!("contained by Firebreak in {incident}");
    let at = step.begun.unwrap_or(now);
    if let Some(event) = meaning(&step.action, at, &reason) {
        let subject = shared.signals.subject(&issuer, &step.action.target);
        transmitter.emit(&subject, &event, &incident, &format!("{}/{}", step.plan, step.key), now);
    }
    let lost = plan.into_iter().flat_map(|plan| &plan.body().sources);
    for lost in lost.filter(|lost| lost.key.kind() == NodeKind::Credential) {
        let subject = shared.signals.subject(&issuer, &lost.key);
        let since = if lost.since == Time::MIN { now } else { lost.since };
        let event = Event::credential_compromise("app", since, &format!("lost in {incident}"));
        transmitter.emit(&subject, &event, &incident, &format!("lost/{incident}/{}", lost.key), now);
    }
}

async fn push_due(shared: &Shared) {
    let Some((transmitter, signer)) = shared.signals.transmitter.as_ref().zip(shared.signals.signers.first()) else {
        return;
    };
    let jobs = locked(transmitter).jobs(shared.world.clock.now());
    for job in jobs {
        let outcome = push(&shared.world, signer, &job, shared.signals.pushes.get(&job.receiver)).await;
        let mut transmitter = locked(transmitter);
        transmitter.pushed(&job, &outcome, shared.world.clock.now());
        if let Err(error) = shared.signals.keep(&shared.world, &mut transmitter) {
            shared.say(format!("{error:#}"));
        }
    }
}

/// A transmitter that we hear.
struct Peer {
    config: ReceiveConfig,
    /// Where its events are fetched, once its stream is known; empty where they are brought.
    endpoint: Option<String>,
    owed: Owed,
    due: Time,
    last: String,
    /// Whether its stream was asked for a sign of life.
    verified: bool,
}

impl Peer {
    fn new(config: ReceiveConfig) -> Peer {
        Peer { config, endpoint: None, owed: Owed::default(), due: Time::MIN, last: String::new(), verified: false }
    }

    async fn tend(&mut self, shared: &Shared) {
        let now = shared.world.clock.now();
        if now < self.due {
            return;
        }
        match self.once(shared).await {
            Ok(true) => self.due = now,
            Ok(false) if self.config.delivery == Delivery::Push => self.due = now.plus_seconds(REACH_SECONDS),
            Ok(false) => self.due = now.plus_seconds(POLL_SECONDS),
            Err(error) => {
                let text = format!("`{}` is not heard: {error:#}", self.config.name);
                if text != self.last {
                    shared.say(text.clone());
                    self.last = text;
                }
                self.due = now.plus_seconds(REACH_SECONDS);
            }
        }
    }

    /// Reaches the transmitter where it was not yet, then polls. Says whether there is more at once.
    async fn once(&mut self, shared: &Shared) -> Result<bool> {
        let token = shared.world.secrets.secret(&self.config.token)?;
        let endpoint = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => self.reach(shared, &token).await?,
        };
        if self.config.delivery == Delivery::Push {
            // Its keys are read again from time to time; what an unknown key signed is brought again.
            self.endpoint = None;
            return Ok(false);
        }
        let signals = &shared.signals;
        let answer = fetch(&shared.world, &endpoint, &token, &self.owed).await.map_err(|error| anyhow!(error))?;
        let now = shared.world.clock.now();
        let mut receiver = locked(&signals.receiver);
        let polled = judged(&answer, &mut receiver, &self.config.issuer, now);
        let mut owed = polled.owed;
        for heard in &polled.heard {
            if signals.write(&shared.world, &mut receiver, heard, now).is_err() {
                // What could not be written down is not acknowledged, and comes again.
                if let Heard::New(set) | Heard::Aside(set) = heard {
                    owed.ack.retain(|name| *name != set.jti);
                }
            }
        }
        drop(receiver);
        let unknown = owed.errors.values().any(|error| error["err"] == json!("invalid_key"));
        if unknown {
            // Keys change: they are read again, and what they signed comes again.
            owed.errors.retain(|_, error| error["err"] != json!("invalid_key"));
            self.endpoint = None;
        }
        self.owed = owed;
        self.last.clear();
        Ok(polled.more)
    }

    async fn reach(&mut self, shared: &Shared, token: &SecretString) -> Result<String> {
        let client =
            Client::discover(&shared.world, &self.config.issuer, token).await.map_err(|error| anyhow!(error))?;
        let keys = client.keys().await.map_err(|error| anyhow!(error))?;
        locked(&shared.signals.receiver).set_keys(&self.config.issuer, keys);
        let delivery = match self.config.delivery {
            Delivery::Poll => json!({"method": POLL}),
            Delivery::Push => json!({"method": PUSH, "endpoint_url": self.config.push_url}),
        };
        let stream =
            client.stream(&self.config.audience, &delivery, event::SUPPORTED).await.map_err(|error| anyhow!(error))?;
        let endpoint = stream["delivery"]["endpoint_url"].as_str().unwrap_or_default().to_owned();
        if !firebreak_world::is_private(&endpoint) {
            return Err(anyhow!("its stream leads to an address that is not `https`"));
        }
        self.endpoint = Some(endpoint.clone());
        self.verify(shared, &client, stream["stream_id"].as_str().unwrap_or_default()).await;
        Ok(endpoint)
    }
}

impl Peer {
    /// Asks once for a sign of life. That it comes is counted; a transmitter that will not give one is heard all the same.
    async fn verify(&mut self, shared: &Shared, client: &Client<'_>, stream: &str) {
        if self.verified {
            return;
        }
        let mut bytes = [0; 16];
        shared.world.random.fill(&mut bytes);
        let state = hex::encode(bytes);
        locked(&shared.signals.receiver).expect_state(&self.config.issuer, &state);
        self.verified = client.verify(stream, &state).await.is_ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::Text;

    fn kind(name: &str) -> Option<String> {
        let target = NodeKey::credential("aws", "AKIA1");
        let action = Action { name: Text::new(name), target, parameters: Default::default() };
        meaning(&action, Time::from_seconds(1), "r").map(|event| event.word().to_owned())
    }

    #[test]
    fn every_cut_of_a_session_a_credential_or_an_account_is_told_and_others_are_not() {
        for (name, word) in [
            ("aws_role_sessions/deny", Some("session-revoked")),
            ("slack_session/reset", Some("session-revoked")),
            ("aws_access_key/deactivate", Some("credential-change")),
            ("oauth_token/revoke", Some("credential-change")),
            ("okta_user/suspend", Some("account-disabled")),
            ("postgres_role/disable", Some("account-disabled")),
            ("aws_public_access/block", None),
            ("kubernetes_network/isolate", None),
        ] {
            assert_eq!(kind(name).as_deref(), word, "{name}");
        }
    }
}
