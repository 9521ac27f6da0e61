//! What must hold of a data directory after any number of kills.

use crate::inputs::{INTRUDERS, Written};
use crate::receiver::Heard;
use firebreak::store::Store;
use firebreak_intake::Cursor;
use firebreak_lake::{DataFile, Lake};
use firebreak_world::World;
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What the last kill left behind, before anybody cleaned up: shows that the kills fall where it matters.
pub struct Orphans {
    files: usize,
    parts: usize,
}

impl Orphans {
    /// Counts data files below `data`.
    pub fn count(data: &Path) -> Orphans {
        let files = files(data);
        let parts = files.iter().filter(|path| path.to_string_lossy().ends_with(".part")).count();
        Orphans { files: files.len(), parts }
    }
}

impl fmt::Display for Orphans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files after the last kill, {} of them half written", self.files, self.parts)
    }
}

/// What the receiver was sent: shows that kills and faults fall between a request and its record.
pub struct Sent {
    requests: usize,
    keys: usize,
    faults: usize,
    killed_within: usize,
}

impl Sent {
    /// Counts what was heard.
    pub fn of(heard: &[Heard]) -> Sent {
        let keys = heard.iter().filter_map(|one| if let Heard::Post(key, _) = one { Some(key) } else { None });
        let keys: Vec<&String> = keys.collect();
        let count = |one: &Heard| heard.iter().filter(|other| *other == one).count();
        let (faults, killed_within) = (count(&Heard::Fault), count(&Heard::Kill(true)));
        Sent { requests: keys.len(), keys: keys.into_iter().collect::<BTreeSet<_>>().len(), faults, killed_within }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sent { requests, keys, faults, killed_within } = self;
        write!(f, "{requests} requests under {keys} keys, {faults} faults, {killed_within} kills within a request")
    }
}

fn files(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The name that the platform gave a record.
fn name(raw: &[u8]) -> String {
    let record: Value = serde_json::from_slice(raw).unwrap();
    let id = ["auditID", "_document_id", "eventID"].iter().find_map(|field| record[field].as_str());
    id.unwrap().to_owned()
}

/// An installation's state, open for looking.
pub struct State {
    data: PathBuf,
    store: Store,
    pool: SqlitePool,
}

impl State {
    /// Opens the state in `data`.
    pub async fn open(data: &Path) -> State {
        let store = Store::open(data).await.unwrap();
        let options = SqliteConnectOptions::new().filename(data.join("state.sqlite"));
        State { data: data.to_owned(), store, pool: SqlitePool::connect_with(options).await.unwrap() }
    }

    async fn number(&self, query: &'static str) -> i64 {
        sqlx::query(query).fetch_one(&self.pool).await.unwrap().get(0)
    }

    /// Every record that was written is in the lake once, and batches and counts say so.
    pub async fn events(&self, written: &Written) {
        let lake = Lake::open(World::offline(), &self.data.join("lake")).unwrap();
        let (mut uids, mut names, mut rows) = (BTreeSet::new(), BTreeMap::<String, u32>::new(), 0);
        let mut named = BTreeSet::new();
        for body in self.store.lake_files().await.unwrap() {
            let file: DataFile = serde_json::from_str(&body).unwrap();
            for row in lake.read(&file).unwrap() {
                rows += 1;
                assert!(uids.insert(row.uid), "{} is there twice", row.native_id);
                *names.entry(name(&row.raw)).or_default() += 1;
            }
            named.insert(self.data.join("lake").join(file.name));
        }
        let found: BTreeSet<String> = names.keys().cloned().collect();
        let lost: Vec<&String> = written.records.difference(&found).collect();
        let invented: Vec<&String> = found.difference(&written.records).collect();
        assert!(lost.is_empty() && invented.is_empty(), "lost {lost:?}, invented {invented:?}");
        assert_eq!(names.values().max(), Some(&1));
        let totals = self.store.totals().await.unwrap();
        // A file that is renamed while it is read may be read again; what was there already is dropped and counted.
        assert_eq!(totals.events, rows);
        let on_disk: BTreeSet<PathBuf> = files(&self.data.join("lake")).into_iter().collect();
        assert_eq!(on_disk, named, "the lake holds what is committed and nothing else");
        assert_eq!(self.number("SELECT COUNT(*) FROM batch").await, self.number("SELECT MAX(number) FROM batch").await);
    }

    /// Every record that is no event is put aside once.
    pub fn quarantine(&self, written: &Written) {
        let mut marks = BTreeSet::new();
        for file in files(&self.data.join("quarantine")) {
            for line in fs::read_to_string(&file).unwrap().lines() {
                let record: Value = serde_json::from_str(line).unwrap();
                let (raw, reason) = (record["raw"].as_str().unwrap(), record["reason"].as_str().unwrap());
                // The writer was held up between the two halves of a line, which came later: not lost, not twice.
                if reason.contains("ends inside") {
                    continue;
                }
                let mark = raw.split(['"', '/']).find(|word| word.starts_with("malformed-"));
                let mark = mark.unwrap_or_else(|| panic!("put aside though it is an event: {line}"));
                assert!(marks.insert(mark.to_owned()), "{mark} was put aside twice");
            }
        }
        assert_eq!(marks, written.malformed);
    }

    /// Every input was read to its end.
    pub async fn cursors(&self, logs: &Path) {
        let mut inputs: BTreeSet<PathBuf> = files(logs).into_iter().collect();
        for source in ["kubernetes_audit", "github_audit", "aws_cloudtrail"] {
            for body in self.store.cursors(source).await.unwrap() {
                let cursor: Cursor = serde_json::from_str(&body).unwrap();
                let size = fs::metadata(&cursor.path).unwrap().len();
                assert!(cursor.done && cursor.size == size, "{cursor:?}");
                assert!(inputs.remove(Path::new(&cursor.path)), "{} has two cursors", cursor.path);
            }
        }
        assert!(inputs.is_empty(), "not read: {inputs:?}");
    }

    /// No orphan, no half-written file, no open effect, no open request.
    pub async fn nothing_left_over(&self) {
        let parts: Vec<PathBuf> =
            files(&self.data).into_iter().filter(|path| path.to_string_lossy().ends_with(".part")).collect();
        assert!(parts.is_empty(), "{parts:?}");
        let on_disk: BTreeSet<PathBuf> = files(&self.data.join("quarantine")).into_iter().collect();
        let named = self.store.quarantine_files().await.unwrap();
        assert_eq!(on_disk, named.into_iter().map(|name| self.data.join(name)).collect());
        assert_eq!(self.store.open_effects().await.unwrap(), []);
        assert_eq!(self.store.open_requests().await.unwrap(), []);
    }

    /// Each intruder was cut once, by an approved plan; a request was repeated only after a kill or a fault, under the
    /// same key and with the same body.
    pub async fn steps(&self, approved: &BTreeSet<String>, heard: &[Heard]) {
        let rows = sqlx::query("SELECT plan, state, body FROM step").fetch_all(&self.pool).await.unwrap();
        let mut targets = BTreeSet::new();
        for row in &rows {
            let (plan, state): (String, String) = (row.get(0), row.get(1));
            let body: Value = serde_json::from_str(&row.get::<String, _>(2)).unwrap();
            assert!(approved.contains(&plan), "plan {plan} ran unapproved");
            assert_eq!(state, "unobservable", "{body}");
            let target = body["action"]["target"].as_str().unwrap().to_owned();
            assert!(targets.insert(target.clone()), "{target} has two steps");
        }
        assert_eq!(targets.len() as u64, INTRUDERS, "{targets:?}");
        let mut bodies: BTreeMap<&String, &Vec<u8>> = BTreeMap::new();
        let mut cut: BTreeMap<String, &String> = BTreeMap::new();
        let mut excuse: BTreeSet<&String> = BTreeSet::new();
        for one in heard {
            let Heard::Post(key, body) = one else {
                excuse.extend(bodies.keys());
                continue;
            };
            if let Some(before) = bodies.insert(key, body) {
                assert!(excuse.contains(key), "{key} was sent again without a kill or a fault");
                assert_eq!(before, body, "another body under one key");
            }
            excuse.remove(key);
            let request: Value = serde_json::from_slice(body).unwrap();
            let target = request["target"].as_str().unwrap().to_owned();
            let other = cut.insert(target.clone(), key).filter(|other| *other != key);
            assert_eq!(other, None, "{target} was cut under two keys");
        }
        assert_eq!(cut.into_keys().collect::<BTreeSet<_>>(), targets, "what was done is what was to be done");
        for plan in self.store.plans().await.unwrap() {
            let ran = approved.contains(&plan.id);
            assert!(!ran || plan.status == "executed", "plan {} is {}", plan.id, plan.status);
            assert_ne!(plan.status, "waiting");
        }
        for incident in self.store.incidents().await.unwrap() {
            let incident: Value = serde_json::from_str(&incident).unwrap();
            assert_eq!(incident["status"], "contained", "{incident}");
        }
    }

    /// Each record once, none missing, each step with one intent.
    pub async fn ledger(&self, bundle: &Path) {
        let text = fs::read_to_string(bundle).unwrap();
        let (mut ids, mut kinds) = (BTreeSet::new(), BTreeMap::<String, i64>::new());
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let record = &line["record"];
            let Some(id) = record["id"].as_str() else { continue };
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            assert!(!id.contains('#'), "{id} stands for two things");
            *kinds.entry(record["kind"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let own: Vec<&String> = ids.iter().filter(|id| id.starts_with("respond-")).collect();
        let whole: Vec<String> = (1..=own.len()).map(|number| format!("respond-{number:010}")).collect();
        assert!(own.iter().map(|id| id.as_str()).eq(whole.iter().map(String::as_str)), "a record is missing");
        let steps = self.number("SELECT COUNT(*) FROM step").await;
        let count = |kind: &str| kinds.get(kind).copied().unwrap_or_default();
        assert_eq!(count("act.intent"), steps, "{kinds:?}");
        assert_eq!(count("approved"), steps, "{kinds:?}");
        assert_eq!(count("finding"), self.number("SELECT COUNT(*) FROM finding").await, "{kinds:?}");
    }

    /// Findings, as stored.
    pub async fn findings(&self) -> Vec<String> {
        let findings = self.store.findings().await.unwrap();
        assert!(findings.len() as u64 >= INTRUDERS);
        findings
    }
}
