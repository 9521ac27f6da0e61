//! Doors that fail at a chosen call, record what goes through them, and judge each call by the specification.

use async_trait::async_trait;
use firebreak_act::shape::{http_matches, sql_matches};
use firebreak_act::{ActionSpec, Call};
use firebreak_world::{Http, HttpError, Postgres, PostgresError, Request, Response};
use secrecy::SecretString;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// A way to fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The call never leaves.
    NotSent,
    /// The call is lost on its way; the caller cannot know.
    LostCall,
    /// The call arrives, its answer is lost; the caller cannot know.
    LostAnswer,
    /// The server answers 500 and has done nothing.
    Error500,
    /// The server answers 500 after it has done it.
    Error500AfterAll,
    /// The server is too busy and says when to come again.
    Busy,
    /// The process dies before the call leaves.
    CrashBefore,
    /// The process dies after the call arrived.
    CrashAfter,
}

impl Fault {
    pub(crate) const ALL: [Fault; 8] = [
        Fault::NotSent,
        Fault::LostCall,
        Fault::LostAnswer,
        Fault::Error500,
        Fault::Error500AfterAll,
        Fault::Busy,
        Fault::CrashBefore,
        Fault::CrashAfter,
    ];
}

/// What both doors share: one count of calls, one fault, one list of what was called.
#[derive(Clone, Default)]
pub(crate) struct Plot {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Which call fails, from 1; 0 for none.
    at: AtomicU32,
    fault: Mutex<Option<Fault>>,
    calls: AtomicU32,
    reached: AtomicBool,
    spec: Mutex<Option<&'static ActionSpec>>,
    /// Shapes of calls that arrived and change something.
    changes: Mutex<Vec<&'static str>>,
    strays: Mutex<Vec<String>>,
    died: Notify,
}

enum Course {
    Through,
    Fail(Fault),
}

impl Plot {
    /// Forgets everything and lets call `at` fail with `fault`.
    pub(crate) fn set(&self, spec: &'static ActionSpec, at: u32, fault: Option<Fault>) {
        self.inner.at.store(if fault.is_some() { at } else { 0 }, Ordering::SeqCst);
        self.inner.calls.store(0, Ordering::SeqCst);
        self.inner.reached.store(false, Ordering::SeqCst);
        *self.inner.fault.lock().unwrap() = fault;
        *self.inner.spec.lock().unwrap() = Some(spec);
        self.inner.changes.lock().unwrap().clear();
        self.inner.strays.lock().unwrap().clear();
    }

    /// Whether the fault came to pass.
    pub(crate) fn was_reached(&self) -> bool {
        self.inner.reached.load(Ordering::SeqCst)
    }

    /// How many calls were tried.
    pub(crate) fn calls(&self) -> u32 {
        self.inner.calls.load(Ordering::SeqCst)
    }

    /// Shapes of the calls that arrived and change something, in order.
    pub(crate) fn changes(&self) -> Vec<&'static str> {
        self.inner.changes.lock().unwrap().clone()
    }

    /// Calls that the specification does not list.
    pub(crate) fn strays(&self) -> Vec<String> {
        self.inner.strays.lock().unwrap().clone()
    }

    /// Runs `work` until it ends, or until the process dies in the middle of it.
    pub(crate) async fn until_death<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.inner.died.notified() => None,
            done = work => Some(done),
        }
    }

    fn begin(&self, what: &str, matches: impl Fn(&Call) -> bool) -> (Course, Option<&'static Call>) {
        let number = self.inner.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let spec = self.inner.spec.lock().unwrap().expect("the plot is set");
        let call = spec.calls.iter().find(|call| matches(call));
        if call.is_none() {
            self.inner.strays.lock().unwrap().push(what.to_owned());
        }
        let fault = *self.inner.fault.lock().unwrap();
        match fault {
            Some(fault) if number == self.inner.at.load(Ordering::SeqCst) => {
                self.inner.reached.store(true, Ordering::SeqCst);
                (Course::Fail(fault), call)
            }
            _ => (Course::Through, call),
        }
    }

    fn arrived(&self, call: Option<&'static Call>) {
        if let Some(call) = call.filter(|call| call.changes) {
            self.inner.changes.lock().unwrap().push(call.shape);
        }
    }

    async fn die<T>(&self) -> T {
        self.inner.died.notify_one();
        std::future::pending().await
    }
}

/// The door to HTTP servers.
pub(crate) struct FaultyHttp {
    pub(crate) real: Arc<dyn Http>,
    pub(crate) plot: Plot,
}

#[async_trait]
impl Http for FaultyHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let host = || "the lab".to_owned();
        let what = format!("{} {}", request.method, request.url);
        let (course, call) = self.plot.begin(&what, |call| http_matches(call.shape, &request));
        let answer = |status, headers| Ok(Response { status, headers, body: Vec::new() });
        let Course::Fail(fault) = course else {
            self.plot.arrived(call);
            return self.real.send(request).await;
        };
        if matches!(fault, Fault::LostAnswer | Fault::Error500AfterAll | Fault::CrashAfter) {
            self.plot.arrived(call);
            self.real.send(request).await.expect("the lab answers");
        }
        match fault {
            Fault::NotSent => Err(HttpError::NotSent { host: host(), reason: "refused".to_owned() }),
            Fault::LostCall | Fault::LostAnswer => {
                Err(HttpError::Ambiguous { host: host(), reason: "timed out".to_owned() })
            }
            Fault::Error500 | Fault::Error500AfterAll => answer(500, Vec::new()),
            Fault::Busy => answer(429, vec![("retry-after".to_owned(), "2".to_owned())]),
            Fault::CrashBefore | Fault::CrashAfter => self.plot.die().await,
        }
    }
}

/// The door to PostgreSQL servers.
pub(crate) struct FaultyPostgres {
    pub(crate) real: Arc<dyn Postgres>,
    pub(crate) plot: Plot,
}

#[async_trait]
impl Postgres for FaultyPostgres {
    async fn query(
        &self,
        url: &SecretString,
        statement: &str,
        parameters: &[String],
    ) -> Result<Vec<Vec<Option<String>>>, PostgresError> {
        let (course, call) = self.plot.begin(statement, |call| sql_matches(call.shape, statement));
        let Course::Fail(fault) = course else {
            self.plot.arrived(call);
            return self.real.query(url, statement, parameters).await;
        };
        if matches!(fault, Fault::LostAnswer | Fault::Error500AfterAll | Fault::CrashAfter) {
            self.plot.arrived(call);
            // A probe may be refused; what matters is that it arrived.
            let _ = self.real.query(url, statement, parameters).await;
        }
        match fault {
            Fault::NotSent | Fault::Busy => Err(PostgresError::NotConnected("refused".to_owned())),
            Fault::CrashBefore | Fault::CrashAfter => self.plot.die().await,
            _ => Err(PostgresError::Ambiguous("the connection broke".to_owned())),
        }
    }
}
