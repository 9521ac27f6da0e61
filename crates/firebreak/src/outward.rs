//! Telling people and other systems, and hearing them, beside the single writer: it reads what was committed and leaves
//! requests, and never holds up a cut.
//!
//! Nothing here decides: an approval that comes in is a request like that of `firebreak approve`, and a signal that is heard
//! becomes a record in a file that is watched like any other log.

mod door;
mod signals;
mod telling;

use crate::config::{Config, Mode};
use crate::store::Store;
use anyhow::{Context, Result, anyhow};
use firebreak_notify::approval::{Front, Links, SlackDoor};
use firebreak_serve::{Limits, Listener};
use firebreak_world::{SmtpMail, SocketWire, World};
use signals::Signals;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How often it is looked for what is new.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Where what was heard lies, below the data directory.
pub fn heard_directory(data: &Path) -> PathBuf {
    data.join("heard").join("shared_signals")
}

/// What all parts of it share.
struct Shared {
    world: World,
    config: Config,
    store: Store,
    front: Front,
    signals: Signals,
    /// For the operator.
    say: UnboundedSender<String>,
}

/// Everything that goes out and comes in.
pub struct Outward {
    shared: Arc<Shared>,
    listener: Option<Listener>,
    said: UnboundedReceiver<String>,
}

impl Outward {
    /// Opens what is configured; nothing where nothing is.
    ///
    /// # Errors
    /// If a secret, a key or the listener cannot be had.
    pub async fn open(config: &Config, data: &Path, store: &Store) -> Result<Option<Outward>> {
        let signals_wanted = config.signals.transmit.is_some() || !config.signals.receive.is_empty();
        if config.notify.is_empty() && config.approvals.is_none() && !signals_wanted {
            return Ok(None);
        }
        // People are told in every mode: that changes nothing on a platform.
        let online = World::online()?;
        let world = World { mail: Arc::new(SmtpMail), wire: Arc::new(SocketWire), ..online };
        store.told_up_to().await?;
        let signals = Signals::open(&world, config, data)?;
        let listener = match &config.outward.listen {
            Some(address) => Some(Listener::bind(address).await?),
            None => None,
        };
        let (say, said) = unbounded_channel();
        let front = front(&world, config)?;
        let shared = Shared { world, config: config.clone(), store: store.clone(), front, signals, say };
        Ok(Some(Outward { shared: Arc::new(shared), listener, said }))
    }

    /// Goes on until `stop`; `tell` hears what the operator should know.
    pub async fn run(mut self, tell: &(dyn Fn(&str) + Sync), stop: &Arc<AtomicBool>) {
        let mut tasks = Vec::new();
        if let Some(listener) = self.listener.take() {
            tell(&format!("approvals and signals come in on http://{}", listener.address()));
            let ended = stopped(Arc::clone(stop));
            tasks.push(tokio::spawn(listener.serve(door::router(&self.shared), Limits::default(), ended)));
        }
        for channel in &self.shared.config.notify {
            tasks.push(tokio::spawn(telling::hand_in(Arc::clone(&self.shared), channel.clone(), Arc::clone(stop))));
        }
        tasks.push(tokio::spawn(telling::feed(Arc::clone(&self.shared), Arc::clone(stop))));
        tasks.push(tokio::spawn(signals::keep_going(Arc::clone(&self.shared), Arc::clone(stop))));
        while !stop.load(Ordering::SeqCst) {
            match tokio::time::timeout(LOOK_EVERY, self.said.recv()).await {
                Ok(Some(text)) => tell(&text),
                Ok(None) => break,
                Err(_) => {}
            }
        }
        for task in tasks {
            // What is under way has a moment; what it did not finish is done at the next start.
            let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
        }
    }
}

impl Shared {
    fn say(&self, text: impl Into<String>) {
        // Nobody hears it any more once the process ends.
        let _ = self.say.send(text.into());
    }

    fn is_live(&self) -> bool {
        self.config.act.mode == Mode::Live
    }
}

fn front(world: &World, config: &Config) -> Result<Front> {
    let Some(approvals) = &config.approvals else { return Ok(Front::default()) };
    let key = world.secrets.secret(&approvals.key)?;
    let links = Links::new(&approvals.address, key, i64::from(approvals.lasts_minutes) * 60);
    let slack = match &approvals.slack {
        None => None,
        Some(slack) => Some(SlackDoor {
            secret: world.secrets.secret(&slack.signing_secret)?,
            team: slack.team.clone(),
            people: slack.people.clone(),
        }),
    };
    Ok(Front { links: Some(links.map_err(|error| anyhow!(error)).context("in `approvals.key`")?), slack })
}

/// Ready once the process is told to stop.
pub(crate) async fn stopped(stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
