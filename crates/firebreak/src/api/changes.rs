//! `GET /events`: says what has changed, so that a page looks again. It carries no content: whoever hears of a change asks
//! for it, with the rights that they have by then.

use super::Api;
use super::call::{Answer, Call, Reply};
use super::problem::Problem;
use crate::store::Store;
use crate::store::looking::Versions;
use firebreak_serve::axum::body::{Body, Bytes};
use futures_util::stream::{self, StreamExt};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often it is looked for changes, while anybody listens.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often something is said though nothing changed, so that both ends know the other is there.
const SAY_EVERY: Duration = Duration::from_secs(15);
/// After so long a listener has to come again, and show who they are.
const LISTEN_AT_MOST: Duration = Duration::from_secs(600);
/// Listeners at one time: fewer than connections, so that calls always find a place.
const LISTENERS_MAX: usize = 24;

/// Who looks for changes, once for all who listen.
#[derive(Debug)]
pub(crate) struct Bell {
    versions: watch::Sender<Versions>,
    listeners: Arc<AtomicUsize>,
}

impl Default for Bell {
    fn default() -> Bell {
        Bell { versions: watch::Sender::new(Versions::default()), listeners: Arc::default() }
    }
}

/// A place among the listeners, given back when it is dropped.
struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Bell {
    fn seat(&self) -> Option<Seat> {
        let taken = self.listeners.fetch_add(1, Ordering::SeqCst);
        let seat = Seat(Arc::clone(&self.listeners));
        (taken < LISTENERS_MAX).then_some(seat)
    }

    /// Looks at `store` until `stop`.
    pub(crate) async fn ring(&self, store: &Store, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) {
            if self.listeners.load(Ordering::SeqCst) > 0
                && let Ok(versions) = store.versions().await
            {
                self.versions.send_if_modified(|before| std::mem::replace(before, versions.clone()) != versions);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        // Those who listen hear that it is over.
        self.versions.send_replace(Versions::default());
    }
}

/// What differs between two looks.
fn topics(before: &Versions, after: &Versions) -> Vec<&'static str> {
    after.0.iter().filter(|one| !before.0.contains(one)).map(|(topic, _)| *topic).collect()
}

struct Listening {
    bell: watch::Receiver<Versions>,
    heard: Versions,
    until: Instant,
    greeted: bool,
    _seat: Seat,
}

/// `GET /events`.
pub(crate) async fn stream(api: &Api, _: &Call) -> Answer {
    let seat = api.bell.seat().ok_or_else(Problem::busy)?;
    let heard = api.store.versions().await?;
    let until = Instant::now() + LISTEN_AT_MOST;
    let listening = Listening { bell: api.bell.versions.subscribe(), heard, until, greeted: false, _seat: seat };
    let said = stream::unfold(listening, |mut listening| async move {
        let text = next(&mut listening).await?;
        Some((Ok::<Bytes, Infallible>(Bytes::from(text)), listening))
    });
    Ok(Reply::Stream(Body::from_stream(said.fuse())))
}

async fn next(listening: &mut Listening) -> Option<String> {
    if !std::mem::replace(&mut listening.greeted, true) {
        return Some("retry: 2000\n: it listens\n\n".to_owned());
    }
    loop {
        if Instant::now() >= listening.until {
            return None;
        }
        match tokio::time::timeout(SAY_EVERY, listening.bell.changed()).await {
            Err(_) => return Some(": nothing new\n\n".to_owned()),
            Ok(Err(_)) => return None,
            Ok(Ok(())) => {}
        }
        let now = listening.bell.borrow_and_update().clone();
        if now.0.is_empty() {
            return None;
        }
        let topics = topics(&listening.heard, &now);
        listening.heard = now;
        if !topics.is_empty() {
            let data = serde_json::json!({"topics": topics});
            return Some(format!("event: change\ndata: {data}\n\n"));
        }
    }
}
