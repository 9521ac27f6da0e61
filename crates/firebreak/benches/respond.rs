//! How soon the first revocation goes out: from the moment an event comes in until its call arrives at a platform on
//! loopback, decided by policy alone, with every write to disk that `run` makes. At first with nothing else to do; then for
//! many incidents at once; then for single ones while all those are under way and looked at. Its last line is one JSON
//! object.
//!
//! It measures our own time: the pace that we keep for the sake of platforms is left out, the loopback is in. Beside it
//! stands what no way of deciding could beat: the bare calls of a storm, by the same client to the same server, and a sync.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use anyhow::{Context, Result, anyhow, bail, ensure};
use firebreak::chronicle::Chronicle;
use firebreak::config::Config;
use firebreak::content;
use firebreak::estate::{Estate, Packages};
use firebreak::ledgering::Book;
use firebreak::live::changing::Changing;
use firebreak::live::hands::{News, hire};
use firebreak::live::{Live, Parts};
use firebreak::pipeline::{CorrelateStage, Incoming, Luggage, MatchStage, RespondStage};
use firebreak::store::Store;
use firebreak_act::{Pacer, RESPONDERS};
use firebreak_contain::incident::{Respond, Settings};
use firebreak_detect::Correlator;
use firebreak_intake::{Options, keep, read_bytes};
use firebreak_lake::Lake;
use firebreak_model::Text;
use firebreak_serve::axum::extract::{Json, RawQuery, State};
use firebreak_serve::axum::http::{HeaderMap, StatusCode};
use firebreak_serve::axum::response::{IntoResponse, Response};
use firebreak_serve::axum::{Router, routing::get, routing::post};
use firebreak_serve::{Limits, Listener};
use firebreak_world::{Clock, Request, RustlsHttp, SystemClock, World};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;

/// Incidents one after the other, before the storm and during it.
const SINGLE: usize = 200;
/// Incidents at once, and with `--quick`.
const STORM: (usize, usize) = (10_000, 1_000);
/// Events that are committed together: what `intake.batch_records` is by default.
const BATCH: usize = 5_000;
/// One account in so many of a storm leads to a store with far more records than the others' have.
const VALUABLE: usize = 100;
/// Calls at one time: as many as are made to one platform.
const CALLS: usize = firebreak_act::lanes::CALLS_MAX;
/// Syncs that are timed.
const SYNCS: usize = 100;
/// Nothing takes longer than this.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// The other end: notes when the first request for each account comes.
#[derive(Default)]
struct Platform {
    first: Mutex<Vec<Option<Instant>>>,
    requests: Mutex<BTreeSet<String>>,
    twice: AtomicBool,
    /// Whether what was asked for is still said to be under way.
    pending: AtomicBool,
}

impl Platform {
    fn arrived(&self, number: usize) -> Option<Instant> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get(number).copied().flatten()
    }

    async fn asked(State(platform): State<Arc<Platform>>, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
        let now = Instant::now();
        let number = body["target"].as_str().and_then(|target| target.rsplit('-').next()?.parse::<usize>().ok());
        let Some(number) = number else { return StatusCode::BAD_REQUEST };
        let mut first = platform.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.len() <= number {
            first.resize(number + 1, None);
        }
        if first[number].replace(now).is_some() {
            platform.twice.store(true, Ordering::SeqCst);
        }
        let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
        platform.requests.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        StatusCode::ACCEPTED
    }

    /// A call that nothing depends on.
    async fn bare(Json(body): Json<Value>) -> StatusCode {
        if body["target"].is_string() { StatusCode::ACCEPTED } else { StatusCode::BAD_REQUEST }
    }

    async fn status(State(platform): State<Arc<Platform>>, RawQuery(query): RawQuery) -> Response {
        let known = platform.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let query = query.unwrap_or_default();
        match query.split_once('=').is_some_and(|(_, key)| known.contains(key)) {
            false => StatusCode::NOT_FOUND.into_response(),
            true if platform.pending.load(Ordering::SeqCst) => Json(json!({"state": "pending"})).into_response(),
            true => Json(json!({"state": "done"})).into_response(),
        }
    }
}

/// Everything that is measured against.
struct Process<'a> {
    live: Live<'a>,
    news: UnboundedReceiver<News>,
    matching: MatchStage,
    correlating: CorrelateStage,
    world: &'a World,
    platform: Arc<Platform>,
    data: PathBuf,
    batch: u64,
}

impl Process<'_> {
    /// The deeds of these intruders come in. Gives when.
    async fn events(&mut self, intruders: std::ops::Range<usize>) -> Result<Instant> {
        let lines: String = intruders.map(deed).collect();
        let source = firebreak_intake::source("kubernetes_audit").context("no source")?;
        let began = Instant::now();
        let input = "kubernetes_audit/prod/audit.log";
        let events = read_bytes(self.world, input, lines.as_bytes(), source, Options::default(), &keep).events;
        self.batch += 1;
        let luggage = Luggage { number: self.batch, at: self.world.clock.now(), ..Luggage::default() };
        let batch = self.correlating.step(self.matching.step(Incoming { luggage, events }));
        self.live.batch(batch).await?;
        Ok(began)
    }

    /// Takes news as they come until `done`.
    async fn until(&mut self, done: impl Fn(&Platform, &Live<'_>) -> bool) -> Result<()> {
        let began = Instant::now();
        while !done(&self.platform, &self.live) {
            ensure!(began.elapsed() < PATIENCE, "it takes longer than {} s", PATIENCE.as_secs());
            tokio::select! {
                first = self.news.recv() => {
                    let first = first.context("those who act have stopped")?;
                    let more = std::iter::from_fn(|| self.news.try_recv().ok());
                    self.live.news(std::iter::once(first).chain(more)).await?;
                }
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
        Ok(())
    }

    /// Milliseconds from event to call of incidents that come one after the other.
    async fn one_by_one(&mut self, from: usize, to_the_end: bool) -> Result<Vec<f64>> {
        let mut times = Vec::new();
        for intruder in from..from + SINGLE {
            let began = self.events(intruder..intruder + 1).await?;
            self.until(|platform, live| platform.arrived(intruder).is_some() && !(to_the_end && live.is_busy()))
                .await?;
            times.push(self.platform.arrived(intruder).map_or(f64::NAN, |at| millis(began, at)));
        }
        Ok(times)
    }

    /// Milliseconds from event to call of incidents that come at once.
    async fn storm(&mut self, from: usize, size: usize) -> Result<Vec<f64>> {
        let began = Instant::now();
        let mut at = from;
        while at < from + size {
            let to = (at + BATCH).min(from + size);
            self.events(at..to).await?;
            at = to;
            println!("  {} incidents decided and committed after {:.0} ms", at - from, millis(began, Instant::now()));
        }
        let all = from..from + size;
        self.until(|platform, _| all.clone().rev().all(|intruder| platform.arrived(intruder).is_some())).await?;
        Ok(all.filter_map(|intruder| Some(millis(began, self.platform.arrived(intruder)?))).collect())
    }
}

fn millis(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1e3
}

/// Milliseconds that so many bare calls take, as many at a time as are made to one platform.
async fn calls(world: &World, address: &str, count: usize) -> Result<f64> {
    let began = Instant::now();
    let call = |number: usize| {
        let body = json!({"action": "webhook/request", "target": format!("identity:k8s/prod/ci/bot-{number}")});
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let url = format!("http://{address}/bare");
        world.http.send(Request { method: "POST".to_owned(), url, headers, body: body.to_string().into_bytes() })
    };
    let mut answers = futures_util::stream::iter((0..count).map(call)).buffer_unordered(CALLS);
    while let Some(answer) = answers.next().await {
        ensure!(answer?.status == 202, "the other end refuses bare calls");
    }
    Ok(millis(began, Instant::now()))
}

/// Milliseconds that a sync of a small file that grows takes: the median.
fn sync(world: &World, folder: &Path) -> Result<f64> {
    let path = folder.join("synced");
    let one = || {
        let began = Instant::now();
        world.disk.append(&path, &[b'x'; 512]).map(|()| millis(began, Instant::now()))
    };
    let times = (0..SYNCS).map(|_| one()).collect::<std::io::Result<Vec<f64>>>()?;
    Ok(percentile(&times, 0.5))
}

/// The value below which `share` of `times` lie.
fn percentile(times: &[f64], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// What an intruder does: a record that trips a detector.
fn deed(number: usize) -> String {
    let at = SystemClock.now();
    format!(
        "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"deed-{number}\",\"stage\":\"ResponseComplete\",\
         \"verb\":\"create\",\"user\":{{\"username\":\"system:serviceaccount:ci:bot-{number}\"}},\"userAgent\":\"Python-urllib/3.12\",\
         \"objectRef\":{{\"resource\":\"pods\",\"namespace\":\"kube-system\"}},\"responseStatus\":{{\"code\":200}},\
         \"requestReceivedTimestamp\":\"{at}\",\"requestObject\":{{\"spec\":{{\"containers\":[{{\"name\":\"c\",\
         \"securityContext\":{{\"privileged\":true}}}}],\"volumes\":[{{\"name\":\"h\",\"hostPath\":{{\"path\":\"/\"}}}}]}}}}}}\n"
    )
}

fn is_valuable(account: usize) -> bool {
    account % VALUABLE == VALUABLE - 1
}

/// The owner's statement: each intruder's account can read a store of its own that must not be lost, and its tokens can be
/// taken away.
fn estate(accounts: usize) -> String {
    let account = |number: usize| format!("identity:k8s/prod/ci/bot-{number}");
    let store = |number: usize| format!("resource:aws/arn:aws:s3:::vault-{number}");
    let cut = json!({
        "action": "webhook/request", "parameters": {"request": "delete_k8s_service_account_tokens"},
        "cost": 25, "delay_seconds": 300, "reversibility": "reversible",
    });
    let identities: Vec<Value> = (0..accounts).map(|n| json!({"identity": account(n), "cut": cut})).collect();
    let grant = |n| json!({"from": account(n), "to": store(n), "kind": "may_act", "actions": ["s3:*"]});
    let grants: Vec<Value> = (0..accounts).map(grant).collect();
    let holdings = |number: usize| {
        let records = if is_valuable(number) { 1_000_000 } else { 10 };
        json!([{"class": "interview_video", "residency": "eu", "records": records, "bytes": 1000}])
    };
    let stores = (0..accounts)
        .map(|n| json!({"resource": store(n), "label": "vault", "crown_jewel": true, "holdings": holdings(n)}));
    let stores: Vec<Value> = stores.collect();
    json!({
        "format": "firebreak.estate/1", "taken": "2026-11-01T00:00:00Z", "complete": true,
        "stores": stores, "identities": identities, "grants": grants,
    })
    .to_string()
}

fn configuration(data: &Path, address: &str) -> Result<Config> {
    let root = data.display();
    Config::parse(&format!(
        "data = \"{root}/data\"\n[contain]\npolicy = \"act\"\n[act]\nmode = \"live\"\n\
         [responder.webhook.requests.delete_k8s_service_account_tokens]\nurl = \"http://{address}/do\"\n\
         status_url = \"http://{address}/status\"\nsecret = \"file:{root}/key\"\n"
    ))
}

/// The most memory that the process had, in MiB.
fn peak() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    (kib.unwrap_or(f64::NAN) / 1_024.0).round()
}

fn main() -> Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let storm = if quick { STORM.1 } else { STORM.0 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let platform = Arc::new(Platform::default());
    let listener = runtime.block_on(Listener::bind("127.0.0.1:0"))?;
    let address = listener.address().to_string();
    let router = Router::new().route("/do", post(Platform::asked)).route("/status", get(Platform::status));
    let router = router.route("/bare", post(Platform::bare));
    runtime.spawn(listener.serve(router.with_state(Arc::clone(&platform)), Limits::default(), std::future::pending()));

    let root = folder.path();
    std::fs::create_dir_all(root.join("inventory"))?;
    std::fs::create_dir_all(root.join("data"))?;
    std::fs::write(root.join("inventory/estate.json"), estate(storm + 2 * SINGLE))?;
    std::fs::write(root.join("key"), "0123456789abcdef0123456789abcdef")?;
    let config = configuration(root, &address)?;
    let world = World { http: Arc::new(RustlsHttp::new()?), ..World::offline() };
    let data = config.data_directory();
    let store = runtime.block_on(Store::open(&data))?;
    let book = Book::open(&world, &data)?;
    let (hands, crew, news) = hire((&world, &config), &store, &book, Arc::default());
    let crew = crew.with_pacer(Pacer::without_pace());
    let lake = Lake::open(world.clone(), &data.join("lake"))?;
    let known = Estate::read(&world, &[root.join("inventory")], world.clock.now(), &Packages::all());
    let (rules, _) = content::rules(world.disk.as_ref(), &[]);
    let rules = Arc::new(rules);
    let settings = config.detect.settings();
    let correlator = Correlator::new(Arc::clone(&rules), Arc::new(known.catalogue()), settings);
    let gate = config.contain.policy.gate().map_err(|problems| anyhow!("{problems:?}"))?;
    let actions = RESPONDERS.iter().map(|one| Text::new(one.spec().action_name())).collect();
    let respond = Respond::new(gate, Settings { actions, ..Settings::default() });
    let stage = RespondStage::new(respond, Vec::new(), Default::default());
    let notify = |_: &str| {};
    let stop = AtomicBool::new(false);
    let changing = runtime.block_on(Changing::open(&world, &config, &store))?;
    let parts = Parts {
        world: &world,
        config: &config,
        store,
        book: &book,
        lake,
        stage,
        changing,
        chronicle: Chronicle::default(),
        hands,
        notify: &notify,
    };
    let figures = std::thread::scope(|scope| {
        let stopped = async {
            while !stop.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        scope.spawn(|| runtime.block_on(crew.run(stopped)));
        let figures =
            runtime.block_on(measure((parts, news), (rules, correlator), &known, (&platform, &address, storm)));
        stop.store(true, Ordering::SeqCst);
        figures
    })?;
    println!("{figures}");
    Ok(())
}

async fn measure(
    (parts, news): (Parts<'_>, UnboundedReceiver<News>),
    (rules, correlator): (Arc<firebreak_detect::Rules>, Correlator),
    known: &Estate,
    (platform, address, storm): (&Arc<Platform>, &str, usize),
) -> Result<Value> {
    let (world, data) = (parts.world, parts.config.data_directory());
    let mut live = Live::new(parts).await?;
    live.estate(known.clone(), Vec::new()).await?;
    let (matching, correlating) = (MatchStage::new(rules), CorrelateStage::live(correlator, 0));
    let platform = Arc::clone(platform);
    let mut process = Process { live, news, matching, correlating, world, platform, data, batch: 0 };
    // The first one warms connections and caches, as every process that has run for a minute has.
    let idle = process.one_by_one(0, true).await?.split_off(SINGLE / 20);
    let (idle_p50, idle_p99) = (percentile(&idle, 0.5), percentile(&idle, 0.99));
    println!("one incident at a time: first call after {idle_p50:.1} ms (median), {idle_p99:.1} ms (p99)");
    let synced = sync(world, &process.data)?;
    let bound = calls(world, address, storm).await? + synced;
    println!("one sync: {synced:.1} ms (median); {storm} bare calls, {CALLS} at a time, and one sync: {bound:.0} ms");
    process.platform.pending.store(true, Ordering::SeqCst);
    let together = process.storm(SINGLE, storm).await?;
    let (storm_p50, storm_p99) = (percentile(&together, 0.5), percentile(&together, 0.99));
    println!("{storm} incidents at once: first calls after {storm_p50:.0} ms (median), {storm_p99:.0} ms (p99)");
    ensure!(together.len() == storm, "{} of {storm} incidents had their call", together.len());
    let valuable = (SINGLE..).zip(&together).filter(|(account, _)| is_valuable(*account)).map(|(_, time)| *time);
    let valuable: Vec<f64> = valuable.collect();
    let (urgent, first) = (percentile(&valuable, 0.99), percentile(&together, 0.0));
    println!("the {} with the most to lose: after {urgent:.0} ms (p99); the very first: {first:.0} ms", valuable.len());
    let beside = process.one_by_one(SINGLE + storm, false).await?;
    let beside_p99 = percentile(&beside, 0.99);
    println!("one more at a time beside them: first call after {beside_p99:.1} ms (p99)");
    println!("most memory: {:.0} MiB", peak());
    if process.platform.twice.load(Ordering::SeqCst) {
        bail!("an account was cut twice");
    }
    process.live.dismiss();
    let rounded = |value: f64| (value * 100.0).round() / 100.0;
    Ok(json!({
        "first_call_p50_ms": rounded(idle_p50),
        "first_call_p99_ms": rounded(idle_p99),
        "sync_ms": rounded(synced),
        "storm_incidents": storm,
        "storm_calls": together.len(),
        "storm_p99_ms": rounded(storm_p99),
        "storm_p99_ratio": rounded(storm_p99 / idle_p99),
        "storm_urgent_p99_ms": rounded(urgent),
        "storm_bound_ms": rounded(bound),
        "storm_over_bound": rounded(storm_p99 / bound),
        "beside_storm_p99_ms": rounded(beside_p99),
        "beside_storm_p99_ratio": rounded(beside_p99 / idle_p99),
        "rss_mib": peak(),
    }))
}
