//! The same intervals in SQLite (Python's own, with the indexes that the questions want), asked the same in the same run.

use crate::estate::{BEGIN, Estate};
use crate::{asked, batches, together, week};
use firebreak_fleet::{Fleet, Segment, Statement};
use firebreak_world::{Disk, RealDisk};
use std::io::Write;
use std::process::{Command, Stdio};

const SCRIPT: &str = r#"
import sqlite3, sys, time, json, os
path, begin = sys.argv[1], int(sys.argv[2])
db = sqlite3.connect(path)
db.executescript("""
pragma journal_mode=off; pragma synchronous=off; pragma cache_size=-500000;
create table thing(id integer primary key, name text unique);
create table environment(id integer primary key, name text unique);
create table had(thing integer, environment integer, begun integer, seen integer, evidence integer, place integer);
create table whole(environment integer, begun integer, upto integer);
""")
begun = time.time()
things, environments, whole = {}, {}, []
def rows():
    for line in sys.stdin:
        kind, environment, *rest = line.rstrip("\n").split("\t")
        number = environments.setdefault(environment, len(environments))
        if kind == "c":
            whole.append((number, int(rest[0]), int(rest[1])))
            continue
        yield things.setdefault(rest[0], len(things)), number, int(rest[1]), int(rest[2]), number, int(rest[3])
db.executemany("insert into had values(?,?,?,?,?,?)", rows())
db.executemany("insert into thing(id,name) values(?,?)", ((n, t) for t, n in things.items()))
db.executemany("insert into environment(id,name) values(?,?)", ((n, t) for t, n in environments.items()))
db.executemany("insert into whole values(?,?,?)", whole)
db.executescript("create index had_thing on had(thing, begun, seen, environment, evidence, place); create index whole_environment on whole(environment);")
db.commit()
built = time.time() - begun
start = begin + 300 * 86400
end = start + 7 * 86400
def ask(name, times):
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        had = db.execute("select environment.name, min(begun), max(seen), evidence, place from had join thing on thing.id = had.thing join environment on environment.id = had.environment where thing.name >= ? and thing.name < ? and begun < ? group by environment.name, had.thing order by environment.name", (name, name + "\x7f", end)).fetchall()
        untold = db.execute("select name from environment where id not in (select environment from had join thing on thing.id = had.thing where thing.name >= ? and thing.name < ? and begun < ?) and not exists (select 1 from whole where whole.environment = environment.id and begun <= ? and upto >= ?)", (name, name + "\x7f", end, start, end)).fetchall()
        took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    return {"p50": took[len(took) // 2], "had": len(had), "untold": len(untold)}
print(json.dumps({"seconds": built, "bytes": os.path.getsize(path), "rare": ask("package-19999@", 40), "litellm": ask("litellm@1.82.8", 40), "everywhere": ask("package-0@", 5)}))
"#;

/// Runs both and prints the ratio.
pub(crate) fn run(estate: &Estate, object: &mut serde_json::Map<String, serde_json::Value>) {
    let directory = tempfile::tempdir().expect("a directory");
    let Some(peer) = peer(estate, &directory.path().join("peer.sqlite")) else {
        println!("SQLite did not run: no python3 with sqlite3");
        let why = serde_json::json!({"sqlite_intervals_times": {"not_run": "no python3 with sqlite3"}});
        object.insert("peers".to_owned(), why);
        return;
    };
    let begun = std::time::Instant::now();
    let segments = batches(estate, directory.path());
    let path = together(&segments, directory.path());
    let seconds = begun.elapsed().as_secs_f64();
    let bytes = RealDisk.map(&path).expect("it was written");
    let fleet = Fleet::new(vec![Segment::open(&bytes).expect("whole")]).expect("whole");
    let mut ratios = serde_json::Map::new();
    let figure = |name: &str, key: &str| peer[name][key].as_f64().unwrap_or(f64::NAN);
    for (name, what) in
        [("rare", "pypi/package-19999"), ("litellm", "pypi/litellm@1.82.8"), ("everywhere", "pypi/package-0")]
    {
        let (p50, _, had, untold) = asked(&fleet, &week(what), 40);
        assert_eq!(
            (had as f64, untold as f64),
            (figure(name, "had"), figure(name, "untold")),
            "{name}: both answer alike"
        );
        let ratio = figure(name, "p50") / p50;
        println!(
            "{name}, {} environments: SQLite {:.2} ms, ours {p50:.2} ms: {ratio:.1} times",
            estate.environments,
            figure(name, "p50")
        );
        ratios.insert(name.to_owned(), serde_json::json!(ratio));
    }
    let size = peer["bytes"].as_f64().unwrap_or(f64::NAN) / bytes.len() as f64;
    println!(
        "size: {size:.1} times; SQLite built in {:.1} s, ours in {seconds:.1} s",
        peer["seconds"].as_f64().unwrap_or(f64::NAN)
    );
    ratios.insert("bytes".to_owned(), serde_json::json!(size));
    object.insert("peers".to_owned(), serde_json::json!({"sqlite_intervals_times": ratios}));
}

fn peer(estate: &Estate, path: &std::path::Path) -> Option<serde_json::Value> {
    let script = path.with_extension("py");
    std::fs::write(&script, SCRIPT).expect("there is room");
    let mut child = Command::new("python3")
        .args([script.as_os_str(), path.as_os_str(), BEGIN.to_string().as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut to = std::io::BufWriter::new(child.stdin.take()?);
    for environment in 0..estate.environments {
        estate.each(environment, |statement| {
            let line = match statement {
                Statement::Had(had) => {
                    let thing = had.thing.to_string();
                    let thing = thing.strip_prefix("PyPI ").unwrap_or(&thing);
                    let place = had.evidence.rsplit_once('[').map_or("", |(_, rest)| rest.trim_end_matches(']'));
                    format!(
                        "h\t{}\t{thing}\t{}\t{}\t{place}\n",
                        had.environment,
                        had.from.seconds(),
                        had.seen.seconds()
                    )
                }
                Statement::Complete(one) => {
                    format!("c\t{}\t{}\t{}\n", one.environment, one.from.seconds(), one.to.seconds())
                }
                Statement::Ran { .. } => return,
            };
            // A peer that stopped is told by its answer.
            let _ = to.write_all(line.as_bytes());
        });
    }
    drop(to);
    let output = child.wait_with_output().ok().filter(|output| output.status.success())?;
    serde_json::from_slice(&output.stdout).ok()
}
