//! Stores of the size that real ones have, by hand: `lab/s3/scale` reads a million objects of a real S3 server, and
//! `cargo test --release -p firebreak-stores --test scale rows -- --ignored --nocapture` ten million rows of a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code, reason = "a test")]

#[path = "../../act/tests/lab/postgres.rs"]
mod postgres;
#[path = "../../act/tests/lab/server.rs"]
mod server;

use async_trait::async_trait;
use firebreak_classify::Classes;
use firebreak_model::Fingerprinter;
use firebreak_stores::stores::postgres::{Address, postgres as database};
use firebreak_stores::stores::s3::{S3Access, s3};
use firebreak_stores::{Means, OpenStore, Options, Scan, State};
use firebreak_world::{
    Http, HttpError, NoSecrets, Request, Response, RustlsHttp, Secrets, SecretsError, SqlxPostgres, SystemClock, World,
};
use postgres::Cluster;
use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counts the calls that go through it.
struct Counting(RustlsHttp, AtomicU64);

#[async_trait]
impl Http for Counting {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.send(request).await
    }
}

struct Lab;

impl Secrets for Lab {
    fn secret(&self, reference: &str) -> Result<SecretString, SecretsError> {
        Ok(SecretString::from(if reference == "env:ID" { "lab" } else { "lab-secret-key" }.to_owned()))
    }
}

/// A number that the system tells of this process, in MB.
fn megabytes(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_000
}

/// Seconds of processor time of this process.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // In hundredths of a second, in user's and in system's time.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn scanned(what: &str, mut store: OpenStore<'_>, state: &mut State) -> Scan {
    let (classes, key, options) = (Classes::all(), Fingerprinter::new([7; 32]), Options::default());
    let means = Means {
        options: &options,
        classes: &classes,
        fingerprinter: &key,
        letters: None,
        wait: &|_| {},
        stop: &|| false,
    };
    let (began, before) = (Instant::now(), processor());
    let mut kept = 0;
    let scan = store.scan(&means, state, &mut |state| {
        kept = state.bytes().len();
        Ok(())
    });
    let scan = scan.unwrap();
    let resource = &scan.resources[0];
    let held: Vec<String> =
        resource.held.iter().map(|held| format!("{} {}", held.class, held.estimate.records)).collect();
    println!(
        "{what}: {} of {} documents read, {} bytes, in {:.1} s with {:.1} s of processor time; {} MB at the highest; state {} MB; {}; gaps {:?}",
        resource.read,
        resource.documents,
        resource.bytes_read,
        began.elapsed().as_secs_f64(),
        processor() - before,
        megabytes("VmHWM"),
        kept / 1_000_000,
        held.join(", "),
        resource.gaps,
    );
    scan
}

#[test]
#[ignore = "by hand: lab/s3/scale"]
fn objects() {
    let Some(endpoint) = std::env::var("FIREBREAK_SCALE_S3").ok() else { panic!("run lab/s3/scale") };
    let path = std::env::var("FIREBREAK_SCALE_STATE").expect("run lab/s3/scale");
    let access = S3Access::read("s3://people", (Some(&endpoint), "us-east-1"), ("env:ID", "env:SECRET", None), &Lab);
    let http = Arc::new(Counting(RustlsHttp::new().unwrap(), AtomicU64::new(0)));
    let world = World { http: Arc::clone(&http) as Arc<dyn Http>, clock: Arc::new(SystemClock), ..World::simulated(1) };
    let mut state = match std::fs::read(Path::new(&path)) {
        Ok(kept) => State::read(&kept, "1").unwrap(),
        Err(_) => State::new("1"),
    };
    let store = s3(&world, access.unwrap(), "resource:s3/lab/people", Arc::new(|_| {})).unwrap();
    let scan = scanned("objects", store, &mut state);
    println!("{} calls", http.1.load(Ordering::Relaxed));
    let resource = &scan.resources[0];
    let held = resource.held.iter().find(|held| held.class == "ssn").unwrap();
    assert_eq!(held.estimate.records, resource.documents / 10, "every tenth");
    std::fs::write(path, state.bytes()).unwrap();
}

/// Ten million people: a row is a person with a number of social security and an address.
const ROWS: u64 = 10_000_000;

#[test]
#[ignore = "by hand: it makes ten million rows"]
fn rows() {
    let cluster = Cluster::start();
    cluster.psql(&format!(
        "CREATE TABLE people AS SELECT g AS id, 'Person ' || g AS name,
           lpad((100 + g % 565)::text, 3, '0') || '-' || lpad((1 + g % 98)::text, 2, '0') || '-' || lpad((1 + g % 9998)::text, 4, '0') AS ssn,
           (ARRAY['CA', 'NY', 'TX', 'DE'])[1 + g % 4] AS home_state, 'person' || g || '@corp-mail.example' AS mail, now() AS made
         FROM generate_series(1, {ROWS}) g"
    ));
    cluster.psql("VACUUM ANALYZE people");
    cluster.psql("CREATE ROLE reader LOGIN PASSWORD 'pass'");
    cluster.psql("GRANT pg_read_all_data TO reader");
    let world = World { postgres: Arc::new(SqlxPostgres), ..World::simulated(1) };
    let mut state = State::new("1");
    let mut again = |what: &str, expected: u64| {
        let address = Address::read(&cluster.url("reader", "pass"), None, &NoSecrets).unwrap();
        let scan = scanned(what, database(&world, address, "lab").unwrap(), &mut state);
        let held = scan.resources[0].held.iter().find(|held| held.class == "ssn").unwrap();
        assert_eq!(held.estimate.records, expected);
    };
    again("everything", ROWS);
    again("nothing changed", ROWS);
    let one = ROWS / 100;
    cluster.psql(&format!(
        "INSERT INTO people SELECT id + {ROWS}, name, ssn, home_state, mail, now() FROM people WHERE id <= {one}"
    ));
    again("1% added", ROWS + one);
    let middle = ROWS / 2;
    cluster.psql(&format!("UPDATE people SET made = now() WHERE id BETWEEN {middle} AND {}", middle + one - 1));
    again("1% updated side by side", ROWS + one);
    cluster.psql("UPDATE people SET name = name || '.' WHERE id % 100 = 7");
    again("1% updated everywhere", ROWS + one);
    cluster.psql("VACUUM people");
    cluster.psql("UPDATE people SET name = name || '.' WHERE id % 100 = 8");
    again("1% updated everywhere, after a vacuum", ROWS + one);
}
