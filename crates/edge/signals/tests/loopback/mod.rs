//! A real transmitter and a real receiver, each behind a listener on loopback: discovery, keys, a stream, verification, push
//! and poll, a change of keys, and a receiver that is away.

use crate::{ec, rsa};
use firebreak_serve::axum::{self, Router, body::Bytes, extract::State as Shared, http::Request as Asked};
use firebreak_serve::{Limits, Listener};
use firebreak_signals::access::Access;
use firebreak_signals::client::Client;
use firebreak_signals::jose::Signer;
use firebreak_signals::poll::{Owed, Polled, fetch, judged};
use firebreak_signals::push::push;
use firebreak_signals::receiver::{Bounds, Heard, Receiver, Source};
use firebreak_signals::serve::{Doors, receive};
use firebreak_signals::stream::{POLL, PUSH};
use firebreak_signals::transmitter::{Account, Pushed, State, Transmitter};
use firebreak_signals::{Event, Subject, event};
use firebreak_world::{Request, Response, RustlsHttp, World};
use secrecy::SecretString;
use serde_json::json;
use std::sync::{Arc, Mutex};

type Answerer = Arc<Mutex<dyn FnMut(&Request) -> Response + Send>>;

async fn carry(Shared(answerer): Shared<Answerer>, asked: Asked<axum::body::Body>) -> axum::response::Response {
    let (head, body) = asked.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
        .collect();
    let request = Request { method: head.method.to_string(), url: head.uri.to_string(), headers, body: body.to_vec() };
    let answer = (answerer.lock().unwrap())(&request);
    let mut response = axum::response::Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(axum::body::Body::from(answer.body)).unwrap()
}

async fn listening(listener: Listener, answerer: Answerer) {
    let router = Router::new().fallback(carry).with_state(answerer);
    tokio::spawn(listener.serve(router, Limits::default(), std::future::pending()));
}

async fn poll(
    world: &World,
    endpoint: &str,
    token: &SecretString,
    owed: &Owed,
    (receiver, issuer): (&mut Receiver, &str),
) -> Result<Polled, String> {
    let answer = fetch(world, endpoint, token, owed).await?;
    Ok(judged(&answer, receiver, issuer, world.clock.now()))
}

struct Site {
    issuer: String,
    transmitter: Arc<Mutex<Transmitter>>,
    signers: Arc<Mutex<Vec<Signer>>>,
    world: World,
    token: SecretString,
}

async fn site(push_below: Option<String>) -> Site {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.address());
    let account = Account { name: "alpha".into(), audience: "https://alpha.example.com".into(), push_below };
    let transmitter = Arc::new(Mutex::new(Transmitter::new(&issuer, vec![account], State::default())));
    let signers = Arc::new(Mutex::new(vec![rsa()]));
    let token = SecretString::from("a-token-of-at-least-thirty-two-chars");
    let mut access = Access::default();
    access.admit("alpha", &token);
    let world = World { http: Arc::new(RustlsHttp::new().unwrap()), ..World::offline() };
    let (inner, keys, clock) = (transmitter.clone(), signers.clone(), world.clock.clone());
    let answerer = move |request: &Request| {
        let (mut transmitter, signers) = (inner.lock().unwrap(), keys.lock().unwrap());
        let mut doors =
            Doors { transmitter: &mut transmitter, signers: &signers, access: &access, fresh: "stream-1".into() };
        doors.answer(request, clock.now()).unwrap_or_default()
    };
    listening(listener, Arc::new(Mutex::new(answerer))).await;
    Site { issuer, transmitter, signers, world, token }
}

impl Site {
    async fn receiver(&self, client: &Client<'_>) -> Receiver {
        let source = Source {
            issuer: self.issuer.clone(),
            audience: "https://alpha.example.com".into(),
            keys: client.keys().await.unwrap(),
        };
        Receiver::new(vec![source], Bounds::default())
    }

    fn cut(&self, name: &str) {
        let now = self.world.clock.now();
        let (subject, event) = (Subject::email("a@example.com"), Event::session_revoked(now, "the session was cut"));
        assert_eq!(self.transmitter.lock().unwrap().emit(&subject, &event, "inc-1", name, now), 1);
    }
}

#[tokio::test]
async fn a_receiver_that_polls_hears_what_was_cut_once_and_acknowledges_it() {
    let site = site(None).await;
    let client = Client::discover(&site.world, &site.issuer, &site.token).await.unwrap();
    let mut receiver = site.receiver(&client).await;
    let stream = client.stream("https://alpha.example.com", &json!({"method": POLL}), event::SUPPORTED).await.unwrap();
    let id = stream["stream_id"].as_str().unwrap();
    let endpoint = stream["delivery"]["endpoint_url"].as_str().unwrap();
    assert_eq!(
        client.stream("https://alpha.example.com", &json!({"method": POLL}), &[]).await.unwrap()["stream_id"],
        id,
        "it is found again"
    );
    assert!(
        client.stream("https://beta.example.com", &json!({"method": POLL}), &[]).await.is_err(),
        "a stream for another"
    );

    receiver.expect_state(&site.issuer, "s-1");
    client.verify(id, "s-1").await.unwrap();
    site.cut("step-1");
    let first =
        poll(&site.world, endpoint, &site.token, &Owed::default(), (&mut receiver, &site.issuer)).await.unwrap();
    assert!(
        matches!(first.heard.as_slice(), [Heard::Stream(_), Heard::New(set)] if set.event.word() == "session-revoked"),
        "{first:?}"
    );
    // The acknowledgement is lost: all of it comes again, and is nothing new.
    let again =
        poll(&site.world, endpoint, &site.token, &Owed::default(), (&mut receiver, &site.issuer)).await.unwrap();
    assert_eq!(again.heard, [Heard::Again, Heard::Again]);
    let last = poll(&site.world, endpoint, &site.token, &again.owed, (&mut receiver, &site.issuer)).await.unwrap();
    assert!(last.heard.is_empty() && site.transmitter.lock().unwrap().streams()[0].waiting.is_empty());

    // The transmitter signs with another key; the old one stays in its set for what is under way.
    site.signers.lock().unwrap().insert(0, ec());
    site.cut("step-2");
    let unknown =
        poll(&site.world, endpoint, &site.token, &Owed::default(), (&mut receiver, &site.issuer)).await.unwrap();
    assert_eq!((unknown.heard.len(), unknown.owed.errors.len()), (0, 1));
    receiver.set_keys(&site.issuer, client.keys().await.unwrap());
    let known =
        poll(&site.world, endpoint, &site.token, &Owed::default(), (&mut receiver, &site.issuer)).await.unwrap();
    assert!(matches!(known.heard.as_slice(), [Heard::New(_)]), "{known:?}");

    assert_eq!(client.set_status(id, "paused").await.unwrap()["status"], "paused");
    client.update(&json!({"stream_id": id, "description": "ours"})).await.unwrap();
    client.delete(id).await.unwrap();
    assert!(client.verify(id, "s").await.is_err());
    let stranger = SecretString::from("another-token-of-thirty-two-characters");
    assert!(poll(&site.world, endpoint, &stranger, &Owed::default(), (&mut receiver, &site.issuer)).await.is_err());
}

#[tokio::test]
async fn a_receiver_that_is_pushed_to_hears_it_though_it_was_away() {
    let door = Listener::bind("127.0.0.1:0").await.unwrap();
    let below = format!("http://{}/ssf/events", door.address());
    let site = site(Some(below.clone())).await;
    let client = Client::discover(&site.world, &site.issuer, &site.token).await.unwrap();
    let receiver = Arc::new(Mutex::new(site.receiver(&client).await));
    let delivery = json!({"method": PUSH, "endpoint_url": format!("{below}/alpha")});
    client.stream("https://alpha.example.com", &delivery, event::SUPPORTED).await.unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let away = Arc::new(Mutex::new(true));
    let (inner, kept, gone, issuer, clock) =
        (receiver.clone(), heard.clone(), away.clone(), site.issuer.clone(), site.world.clock.clone());
    let answerer = move |request: &Request| {
        if *gone.lock().unwrap() {
            return Response { status: 503, ..Response::default() };
        }
        let authorized =
            request.headers.iter().any(|(name, value)| name == "authorization" && value == "Bearer receiver-side");
        if !authorized {
            return Response { status: 401, ..Response::default() };
        }
        let taken = receive(&mut inner.lock().unwrap(), request, &issuer, clock.now());
        kept.lock().unwrap().extend(taken.heard);
        taken.answer
    };
    listening(door, Arc::new(Mutex::new(answerer))).await;

    site.cut("step-1");
    let now = site.world.clock.now();
    let job = site.transmitter.lock().unwrap().jobs(now).remove(0);
    let authorization = SecretString::from("Bearer receiver-side");
    let signer = rsa();
    let sent = push(&site.world, &signer, &job, Some(&authorization)).await;
    assert!(matches!(&sent, Pushed::Later(why) if why.contains("503")), "{sent:?}");
    site.transmitter.lock().unwrap().pushed(&job, &sent, now);
    *away.lock().unwrap() = false;
    assert!(
        matches!(push(&site.world, &signer, &job, None).await, Pushed::Later(_)),
        "without its header the receiver takes nothing"
    );
    assert_eq!(push(&site.world, &signer, &job, Some(&authorization)).await, Pushed::Taken);
    assert_eq!(
        push(&site.world, &signer, &job, Some(&authorization)).await,
        Pushed::Taken,
        "a second one is acknowledged"
    );
    site.transmitter.lock().unwrap().pushed(&job, &Pushed::Taken, now);
    let taken = heard.lock().unwrap().clone();
    assert!(matches!(taken.as_slice(), [Heard::New(_), Heard::Again]), "{taken:?}");
    assert!(site.transmitter.lock().unwrap().streams()[0].waiting.is_empty());

    // A token for somebody else is refused for good, with a code.
    let mut other = job.clone();
    other.set.aud = vec!["https://beta.example.com".into()];
    assert!(
        matches!(push(&site.world, &signer, &other, Some(&authorization)).await, Pushed::Refused(why) if why.starts_with("invalid_audience"))
    );
}
