//! What leaves and what comes in, on real sockets: a notice reaches a receiver once though the process stops, its link
//! shows and decides once, and a signal that is brought is written down once before it is acknowledged.

use firebreak::config::Config;
use firebreak::live::Request as Wish;
use firebreak::live::effects::Outgoing;
use firebreak::outward::Outward;
use firebreak::store::{Commit, Store};
use firebreak_model::Severity;
use firebreak_notify::Ask;
use firebreak_serve::axum::{self, Router, routing::post};
use firebreak_serve::{Limits, Listener};
use firebreak_signals::access::Access;
use firebreak_signals::jose::Signer;
use firebreak_signals::push::push;
use firebreak_signals::serve::Doors;
use firebreak_signals::transmitter::{Account, Pushed, State, Transmitter};
use firebreak_signals::{Event, Subject};
use firebreak_world::{Http, Request, Response, RustlsHttp, World};
use secrecy::SecretString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Letters = Arc<Mutex<Vec<serde_json::Value>>>;

/// A receiver of webhooks that is away for its first answers.
async fn receiver(letters: Letters) -> String {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notices", listener.address());
    let away = Arc::new(Mutex::new(1));
    let take = move |body: axum::body::Bytes| {
        let (letters, away) = (letters.clone(), away.clone());
        async move {
            let mut left = away.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return axum::http::StatusCode::TOO_MANY_REQUESTS;
            }
            letters.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            axum::http::StatusCode::OK
        }
    };
    tokio::spawn(listener.serve(
        Router::new().route("/notices", post(take)),
        Limits::default(),
        std::future::pending(),
    ));
    url
}

/// Opens, runs until `done`, stops. Gives where it listened.
async fn while_it_runs<T>(config: &Config, data: &Path, store: &Store, done: impl AsyncFnOnce(String) -> T) -> T {
    let outward = Outward::open(config, data, store).await.unwrap().expect("it is configured");
    let (stop, said) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(String::new())));
    let (ended, heard) = (stop.clone(), said.clone());
    let task = tokio::spawn(async move {
        let tell = move |text: &str| heard.lock().unwrap().push_str(&format!("{text}\n"));
        outward.run(&tell, &ended).await;
    });
    let address =
        || said.lock().unwrap().split("http://").nth(1).and_then(|rest| rest.lines().next()).map(str::to_owned);
    let found = until(address).await;
    let answer = done(format!("http://{found}")).await;
    stop.store(true, Ordering::SeqCst);
    task.await.unwrap();
    answer
}

async fn until<T>(look: impl Fn() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come");
}

async fn ask(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = Request { method: method.into(), url: url.into(), headers, body: body.as_bytes().to_vec() };
    RustlsHttp::new().unwrap().send(request).await.unwrap()
}

fn notice(number: u64, plan: &str) -> (u64, String) {
    let outgoing = Outgoing::Notify {
        text: "inc-1: a plan waits\nnext: approve".into(),
        incident: Some("inc-1".into()),
        severity: Some(Severity::High),
        ask: Some(Ask { plan: plan.into(), needed: 1, have: 0 }),
    };
    (number, serde_json::to_string(&outgoing).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_arrives_once_and_its_link_decides_once() {
    let (data, letters) = (tempfile::tempdir().unwrap(), Letters::default());
    let (key, plan) = (data.path().join("key"), "ab".repeat(32));
    std::fs::write(&key, "k".repeat(64)).unwrap();
    let (url, key) = (receiver(letters.clone()).await, key.display());
    let config = Config::parse(&format!(
        "[outward]\nlisten = \"127.0.0.1:0\"\n[approvals]\naddress = \"https://firebreak.example.com\"\nkey = \"file:{key}\"\n\
         [[notify]]\nname = \"hook\"\nkind = \"webhook\"\napprover = \"alice@example.com\"\nsettings = {{ url = \"{url}\", key = \"file:{key}\" }}\n"
    ))
    .unwrap();
    let store = Store::open(data.path()).await.unwrap();
    store.told_up_to().await.unwrap();
    let plans = vec![(plan.clone(), "inc-1".to_owned(), "waiting".to_owned(), "{}".to_owned())];
    store.commit(&Commit { effects: vec![notice(1, &plan)], plans, ..Commit::default() }).await.unwrap();

    let letter =
        while_it_runs(&config, data.path(), &store, async |_| until(|| letters.lock().unwrap().first().cloned()).await)
            .await;
    assert_eq!((&letter["incident"], &letter["title"]), (&"inc-1".into(), &"inc-1: a plan waits".into()));
    let link = letter["link"].as_str().unwrap().strip_prefix("https://firebreak.example.com").unwrap().to_owned();

    // It goes on after a stop: nothing is told again, and the link of before still holds.
    while_it_runs(&config, data.path(), &store, async |here: String| {
        let url = format!("{here}{link}");
        assert_eq!(ask("GET", &url, &[], "").await.status, 404, "the plan of this test cannot be shown");
        assert!(store.open_requests().await.unwrap().is_empty(), "a look decides nothing");
        assert_eq!(ask("POST", &format!("{url}x"), &[], "decision=approve").await.status, 403);
        assert_eq!(ask("POST", &url, &[], "decision=approve").await.status, 200);
        assert_eq!(ask("POST", &url, &[], "decision=approve").await.status, 409, "answered once");
        assert_eq!(
            ask("POST", &format!("{here}/slack/actions"), &[], "").await.status,
            404,
            "a door that is not configured"
        );
        assert_eq!(ask("POST", &format!("{here}/ssf/streams"), &[], "").await.status, 404);
    })
    .await;
    let open = store.open_requests().await.unwrap();
    let wish: Wish = serde_json::from_str(&open[0].body).unwrap();
    assert!(
        matches!(&wish, Wish::Approve(given) if given.plan_id.as_str() == plan && given.by.name() == "alice@example.com")
    );
    assert_eq!((open.len(), letters.lock().unwrap().len()), (1, 1));

    // A plan that waits no more takes no answer.
    let superseded = Commit { plan_statuses: vec![(plan.clone(), "superseded")], ..Commit::default() };
    store.commit(&superseded).await.unwrap();
    while_it_runs(&config, data.path(), &store, async |here: String| {
        assert_eq!(ask("POST", &format!("{here}{link}"), &[], "decision=approve").await.status, 409);
    })
    .await;
}

/// Another system's transmitter, which answers at `now`.
fn answering(
    transmitter: Arc<Mutex<Transmitter>>,
    now: firebreak_model::Time,
) -> impl Fn(axum::extract::Request) -> futures_util::future::BoxFuture<'static, (axum::http::StatusCode, Vec<u8>)>
+ Clone
+ Send
+ Sync
+ 'static {
    move |asked: axum::extract::Request| {
        let inner = transmitter.clone();
        Box::pin(async move {
            let (head, body) = asked.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec();
            let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
                (name.to_string(), value.to_str().unwrap().to_owned())
            };
            let headers = head.headers.iter().map(text).collect();
            let request = Request { method: head.method.to_string(), url: head.uri.to_string(), headers, body };
            let mut access = Access::default();
            access.admit("firebreak", &SecretString::from("a-token-of-thirty-two-characters-1"));
            let pem = SecretString::from(include_str!("../../edge/act/tests/standin/test_key.pem"));
            let signers = [Signer::of_pem(&pem).unwrap()];
            let mut inner = inner.lock().unwrap();
            let mut doors = Doors { transmitter: &mut inner, signers: &signers, access: &access, fresh: "s-1".into() };
            let answer = doors.answer(&request, now).unwrap_or_default();
            (axum::http::StatusCode::from_u16(answer.status).unwrap(), answer.body)
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_that_is_brought_is_written_down_once() {
    let (data, door) = (tempfile::tempdir().unwrap(), Listener::bind("127.0.0.1:0").await.unwrap());
    let issuer = format!("http://{}", door.address());
    let file = |name: &str, text: &str| {
        let path = data.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("file:{}", path.display())
    };
    let (ours, theirs) =
        (file("ours", "a-token-of-thirty-two-characters-1"), file("theirs", "a-token-of-thirty-two-characters-2"));
    let pem = SecretString::from(include_str!("../../edge/act/tests/standin/test_key.pem"));
    let account = Account {
        name: "firebreak".into(),
        audience: "https://fb.example.com".into(),
        push_below: Some("https://fb.example.com/ssf".into()),
    };
    let transmitter = Arc::new(Mutex::new(Transmitter::new(&issuer, vec![account], State::default())));
    let world = World::online().unwrap();
    let now = world.clock.now();
    let answer = answering(transmitter.clone(), now);
    tokio::spawn(door.serve(Router::new().fallback(answer), Limits::default(), std::future::pending()));
    let config = Config::parse(&format!(
        "data = \"{}\"\n[outward]\nlisten = \"127.0.0.1:0\"\n[[signals.receive]]\nname = \"idp\"\nissuer = \"{issuer}\"\n\
         audience = \"https://fb.example.com\"\ntoken = \"{ours}\"\ndelivery = \"push\"\n\
         push_url = \"https://fb.example.com/ssf/events/idp\"\npush_token = \"{theirs}\"\n",
        data.path().display()
    ))
    .unwrap();
    assert!(config.source.iter().any(|source| source.name == "shared_signals"), "what is heard is watched");
    let store = Store::open(data.path()).await.unwrap();
    let lines = || {
        let files = std::fs::read_dir(data.path().join("heard/shared_signals")).into_iter().flatten().flatten();
        files.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect::<String>()
    };
    while_it_runs(&config, data.path(), &store, async |here: String| {
        // It made a stream and asked for a sign of life.
        until(|| transmitter.lock().unwrap().streams().first().filter(|stream| !stream.waiting.is_empty()).map(drop))
            .await;
        let event = Event::session_revoked(now, "cut");
        transmitter.lock().unwrap().emit(&Subject::email("a@example.com"), &event, "t", "1", now);
        let signer = Signer::of_pem(&pem).unwrap();
        let (right, wrong) =
            (SecretString::from("Bearer a-token-of-thirty-two-characters-2"), SecretString::from("Bearer other"));
        for (expected, header) in [(false, &wrong), (true, &right), (true, &right), (true, &right)] {
            let Some(mut job) = transmitter.lock().unwrap().jobs(now).pop() else { break };
            job.endpoint_url = format!("{here}/ssf/events/idp");
            let outcome = push(&world, &signer, &job, Some(header)).await;
            assert_eq!(outcome == Pushed::Taken, expected, "{outcome:?}");
            if expected {
                // Brought twice, it is one.
                assert_eq!(push(&world, &signer, &job, Some(header)).await, Pushed::Taken);
                transmitter.lock().unwrap().pushed(&job, &outcome, now);
            }
        }
    })
    .await;
    let written = lines();
    assert_eq!(written.lines().count(), 1, "{written}");
    assert!(written.contains("session-revoked") && written.contains("a@example.com"), "{written}");
}
