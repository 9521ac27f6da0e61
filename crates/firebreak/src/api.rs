//! The API and the console: what is known, shown to those who may see it, and what people ask for, left for the single
//! writer. It reads what was committed and never holds up a cut.
//!
//! It decides nothing: an approval that comes in is a request like that of `firebreak approve`. Each call goes through
//! [`guard`] before a handler of the one table ([`endpoints`]) sees it.

pub mod access;
mod act;
mod call;
mod changes;
pub mod endpoint;
pub mod endpoints;
mod field;
mod governing;
mod guard;
mod hunt;
mod login;
mod mutes;
pub mod names;
mod notes;
mod oidc;
pub mod openapi;
mod page;
mod problem;
mod rate;
mod read;
mod site;
mod tokens;
pub mod verbs;

use crate::config::Config;
use crate::estate::Estate;
use crate::ledgering::Book;
use crate::live::recover;
use crate::store::Store;
use access::policy::Roles;
use anyhow::{Context, Result};
use changes::Bell;
use endpoints::{ENDPOINTS, Endpoint, Method};
use firebreak_graph::Graph;
use firebreak_model::Time;
use firebreak_serve::axum::extract::{Request, State};
use firebreak_serve::axum::http::{HeaderName, HeaderValue};
use firebreak_serve::axum::middleware::{Next, from_fn_with_state};
use firebreak_serve::axum::response::Response;
use firebreak_serve::axum::routing::{MethodFilter, MethodRouter, on};
use firebreak_serve::axum::{Router, routing};
use firebreak_serve::{Limits, Listener};
use firebreak_world::World;
use names::Names;
use problem::Problem;
use rate::{Buckets, Pace};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Where all endpoints are.
pub const BASE: &str = "/api/v1";

/// What one who is known may call; a page that opens asks some twenty things at once.
const KNOWN: Pace = Pace { burst: 200.0, each_second: 20.0 };
/// What all who are not known may call together: logins and guesses.
const STRANGERS: Pace = Pace { burst: 20.0, each_second: 1.0 };

/// The ledger, as far as this process has it.
pub struct Books {
    /// The ledger itself, where this process writes it.
    pub writing: Option<Arc<Book>>,
    /// A copy of it, otherwise; none where nothing was written yet.
    pub copy: Option<Book>,
}

impl Books {
    /// What can be read.
    fn reading(&self) -> Option<&Book> {
        self.writing.as_deref().or(self.copy.as_ref())
    }
}

/// How often who may call.
#[derive(Debug)]
struct Paces {
    known: Buckets,
    strangers: Buckets,
}

/// The estate as it was learnt up to a snapshot.
pub struct Map {
    snapshot: i64,
    /// The facts.
    pub estate: Estate,
    /// The graph of them.
    pub graph: Graph,
}

/// What all calls share.
pub struct Api {
    world: World,
    config: Config,
    data: PathBuf,
    store: Store,
    book: Books,
    /// Whether what is asked for is taken up by this process.
    acting: bool,
    names: Names,
    roles: Roles,
    paces: Paces,
    bell: Bell,
    /// What finds. The running process loads it once, and so is it here.
    detectors: tokio::sync::OnceCell<Arc<read::detectors::Known>>,
    /// Places for questions to the lake.
    hunts: Arc<tokio::sync::Semaphore>,
    /// Places for what commands answer.
    verbs: Arc<tokio::sync::Semaphore>,
    map: tokio::sync::Mutex<Option<Arc<Map>>>,
    /// Proposals for rights, as they were made last.
    rights: tokio::sync::Mutex<Option<governing::Remembered>>,
    /// Extensions of editors, as they were last listed.
    editors: tokio::sync::Mutex<governing::services::Editors>,
    /// The ways to jewels, as they were last told.
    coverage: tokio::sync::Mutex<Option<read::now::Covered>>,
    /// Logins by the identity provider.
    oidc: Option<oidc::Oidc>,
    /// Verdicts, and a digest of what they were judged by.
    judged: tokio::sync::Mutex<Option<(String, Arc<Vec<firebreak_model::Judgement>>)>>,
}

impl Api {
    /// The API over `store`.
    ///
    /// # Errors
    /// If the policy of the roles does not fit: then nothing is served.
    pub fn new(world: &World, config: &Config, data: &Path, store: &Store, book: Books, names: Names) -> Result<Api> {
        Ok(Api {
            world: world.clone(),
            config: config.clone(),
            data: data.to_owned(),
            store: store.clone(),
            acting: book.writing.is_some(),
            book,
            names,
            roles: Roles::own()?,
            paces: Paces { known: Buckets::new(KNOWN), strangers: Buckets::new(STRANGERS) },
            bell: Bell::default(),
            detectors: tokio::sync::OnceCell::default(),
            hunts: Arc::new(tokio::sync::Semaphore::new(hunt::AT_ONCE)),
            verbs: Arc::new(tokio::sync::Semaphore::new(verbs::AT_ONCE)),
            map: tokio::sync::Mutex::default(),
            rights: tokio::sync::Mutex::default(),
            editors: tokio::sync::Mutex::default(),
            coverage: tokio::sync::Mutex::default(),
            judged: tokio::sync::Mutex::default(),
            oidc: provider(world, config)?,
        })
    }

    /// Refuses where nothing would take it up.
    fn must_act(&self) -> Result<(), Problem> {
        if self.acting { Ok(()) } else { Err(Problem::not_running()) }
    }

    /// What `GET /now` says, for this machine itself.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub async fn overview(&self) -> Result<serde_json::Value> {
        let told = read::now::overview(self, self.world.clock.now()).await;
        told.map_err(|problem| anyhow::anyhow!("{}\nhint: {}", problem.detail, problem.hint))
    }

    /// What finds.
    async fn detectors(&self) -> Result<Arc<read::detectors::Known>, Problem> {
        let load = || async {
            let (disk, detect) = (Arc::clone(&self.world.disk), self.config.detect.clone());
            let loaded =
                tokio::task::spawn_blocking(move || Arc::new(read::detectors::Known::load(disk.as_ref(), &detect)));
            loaded.await.context("loading the rules")
        };
        Ok(Arc::clone(self.detectors.get_or_try_init(load).await?))
    }

    /// The map as it is known now; made anew when something was learnt, once for all who ask meanwhile.
    async fn map(&self) -> Result<Arc<Map>, Problem> {
        let mut kept = self.map.lock().await;
        let snapshot = self.store.last_snapshot().await?;
        if let Some(map) = kept.as_ref().filter(|map| map.snapshot == snapshot) {
            return Ok(Arc::clone(map));
        }
        let (store, runtime) = (self.store.clone(), tokio::runtime::Handle::current());
        let made = tokio::task::spawn_blocking(move || -> Result<Arc<Map>> {
            let estate = runtime.block_on(recover::chronicle(&store))?.everything(Time::MAX);
            let (graph, _) = estate.graph();
            Ok(Arc::new(Map { snapshot, estate, graph }))
        });
        let map = made.await.context("making the map")??;
        *kept = Some(Arc::clone(&map));
        Ok(map)
    }
}

/// Logins by the identity provider, where there is one. It is asked whatever the mode of the steps is: it is no platform that is acted on.
fn provider(world: &World, config: &Config) -> Result<Option<oidc::Oidc>> {
    let Some(oidc) = &config.console.oidc else { return Ok(None) };
    let world = World { http: Arc::new(firebreak_world::RustlsHttp::new()?), ..world.clone() };
    Ok(Some(oidc::Oidc::new(oidc, world)))
}

/// All paths: the API below [`BASE`], the console everywhere else.
pub fn router(api: Arc<Api>) -> Router {
    let mut router = Router::new();
    for endpoint in ENDPOINTS {
        router = router.route(&format!("{BASE}{}", endpoint.path), answering(endpoint));
    }
    let lost = || async { guard::refused(&Problem::not_found("such endpoint"), BASE) };
    router
        .method_not_allowed_fallback(|| async { guard::refused(&Problem::no_such_method(), BASE) })
        .route("/api", routing::any(lost))
        .route("/api/{*rest}", routing::any(lost))
        .fallback(site::serve)
        .with_state(Arc::clone(&api))
        .layer(from_fn_with_state(api, around))
}

fn answering(endpoint: &'static Endpoint) -> MethodRouter<Arc<Api>> {
    let method = match endpoint.method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Delete => MethodFilter::DELETE,
    };
    on(method, move |State(api): State<Arc<Api>>, request: Request| async move {
        guard::answer(&api, endpoint, request).await
    })
}

/// Around every answer: only under our own names, and with what keeps a browser from doing more with it than showing it.
async fn around(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let host = request.headers().get("host").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = if api.names.is_host(host) {
        next.run(request).await
    } else {
        guard::refused(&Problem::wrong_host(), request.uri().path())
    };
    for (name, value) in SECURITY {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

const SECURITY: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Listens and answers until `stop`; `tell` hears where, with a login link for the first admin.
///
/// # Errors
/// If nothing can listen there, or the state cannot be written.
pub async fn open(
    world: &World,
    config: &Config,
    data: &Path,
    store: &Store,
    book: Books,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Option<(Listener, Arc<Api>)>> {
    let Some(address) = &config.console.listen else { return Ok(None) };
    let listener = Listener::bind(address).await?;
    let names = Names::of(listener.address(), config.console.address.as_deref());
    let link = link(store, world, config, &names).await?;
    let api = Arc::new(Api::new(world, config, data, store, book, names)?);
    tell(&format!("console: {link}"));
    tell("the link opens one session and holds for 15 minutes; `firebreak api login` prints another");
    Ok(Some((listener, api)))
}

/// A login link for the admin of this machine.
///
/// # Errors
/// If the state cannot be written.
pub async fn link(store: &Store, world: &World, config: &Config, names: &Names) -> Result<String> {
    let code = access::make_login(store, world, &config.console.admin, "admin").await?;
    Ok(format!("{}/#login={code}", names.address()))
}

/// Answers until `stop`.
pub async fn serve(listener: Listener, api: Arc<Api>, stop: Arc<AtomicBool>) {
    let (bell, ended) = (Arc::clone(&api), Arc::clone(&stop));
    let ringing = tokio::spawn(async move { bell.bell.ring(&bell.store, &ended).await });
    listener.serve(router(api), Limits::default(), crate::outward::stopped(stop)).await;
    // It ends by itself once the process is told to stop.
    let _ = ringing.await;
}
