//! A real PostgreSQL: tables, columns, residents, what a change costs, and what is refused.

use crate::postgres::Cluster;
use crate::server;
use firebreak_classify::Classes;
use firebreak_model::{Fingerprinter, Time};
use firebreak_stores::stores::postgres::{Address, postgres};
use firebreak_stores::{Means, Options, Scan, ScanError, Scanned, State, statement};
use firebreak_world::{NoSecrets, SqlxPostgres, World};
use std::sync::Arc;

/// A table called as nobody should call one.
const HOSTILE: &str = r#"x"; DROP TABLE public.people; --"#;

fn scan_with(cluster: &Cluster, role: &str, options: &Options, state: &mut State) -> Result<Scan, ScanError> {
    let world = World { postgres: Arc::new(SqlxPostgres), ..World::simulated(1) };
    let address = Address::read(&cluster.url(role, "pass"), None, &NoSecrets).unwrap();
    let (classes, key) = (Classes::all(), Fingerprinter::new([7; 32]));
    let means =
        Means { options, classes: &classes, fingerprinter: &key, letters: None, wait: &|_| {}, stop: &|| false };
    postgres(&world, address, "db-1").unwrap().scan(&means, state, &mut |_| Ok(()))
}

fn scan(cluster: &Cluster, state: &mut State) -> Scan {
    scan_with(cluster, "reader", &Options::default(), state).unwrap()
}

fn table<'s>(scan: &'s Scan, name: &str) -> &'s Scanned {
    let resource = format!("resource:postgres/db-1/postgres/public.{name}");
    scan.resources.iter().find(|scanned| scanned.resource == resource).unwrap_or_else(|| panic!("{scan:?}"))
}

fn records(scanned: &Scanned, class: &str) -> u64 {
    scanned.held.iter().find(|held| held.class == class).map_or(0, |held| held.estimate.records)
}

fn gaps(scan: &Scan) -> Vec<&str> {
    let all = scan.resources.iter().flat_map(|resource| &resource.gaps).chain(&scan.gaps);
    all.map(|gap| gap.what.as_str()).collect()
}

/// 30,000 people, each with a number of social security and a state.
fn people(cluster: &Cluster) {
    cluster.psql(
        "CREATE TABLE people AS SELECT g AS id, 'Person ' || g AS name,
           lpad((100 + g % 565)::text, 3, '0') || '-' || lpad((1 + g % 98)::text, 2, '0') || '-' || lpad((1 + g % 9998)::text, 4, '0') AS ssn,
           (ARRAY['CA', 'NY', 'TX', 'DE'])[1 + g % 4] AS home_state, now() AS made FROM generate_series(1, 30000) g",
    );
    cluster.psql("CREATE ROLE reader LOGIN PASSWORD 'pass'");
    cluster.psql("GRANT pg_read_all_data TO reader");
}

#[test]
fn a_live_table_says_what_its_columns_hold_and_about_whom() {
    if server::prepared().is_none() {
        return;
    }
    let cluster = Cluster::start();
    people(&cluster);
    cluster.psql(&format!("CREATE TABLE \"{}\" (\"note\"\"s\" text)", HOSTILE.replace('"', "\"\"")));
    cluster.psql(&format!(
        "INSERT INTO \"{}\" VALUES ('write to ana.ruiz.planted@corp-mail.example')",
        HOSTILE.replace('"', "\"\"")
    ));
    cluster.psql("CREATE TABLE documents (body bytea)");
    let mut state = State::new("1");
    let scan = scan(&cluster, &mut state);
    let people = table(&scan, "people");
    assert_eq!(people.rows.unwrap().records, 30_000);
    assert_eq!(records(people, "ssn"), 30_000, "{people:?}");
    let column = people.columns.iter().find(|column| column.class == "ssn").unwrap();
    assert_eq!((&*column.column, column.estimate.records), ("ssn", 30_000));
    assert!(
        people.columns.iter().all(|column| column.column == "ssn"),
        "nothing else is taken for something: {people:?}"
    );
    let ssn = people.held.iter().find(|held| held.class == "ssn").unwrap();
    let of: Vec<(&str, u64)> = ssn.residents.iter().map(|of| (&*of.residency, of.estimate.records)).collect();
    assert_eq!(of, [("US-CA", 7_500), ("US-DE", 7_500), ("US-NY", 7_500), ("US-TX", 7_500)]);
    assert_eq!(records(table(&scan, HOSTILE), "email"), 1, "a hostile name is a name");
    assert!(gaps(&scan).iter().any(|gap| gap.contains("column of bytes")));
    assert_eq!(cluster.psql("SELECT count(*) FROM people"), "30000");
    // Nothing of a value is in what is kept or said.
    let statement = statement(&scan, Time(0));
    let written =
        format!("{}{}{statement}", String::from_utf8(state.bytes()).unwrap(), serde_json::to_string(&scan).unwrap());
    assert!(!written.contains("ana.ruiz") && !written.contains("100-01-"), "a value was written");
    assert_eq!(statement["complete"], false, "a column of bytes was not read");
}

#[test]
fn a_rescan_reads_the_stretches_that_changed() {
    if server::prepared().is_none() {
        return;
    }
    let cluster = Cluster::start();
    people(&cluster);
    let mut state = State::new("1");
    let first = scan(&cluster, &mut state);
    let all = table(&first, "people").documents;
    assert!(all > 3 && table(&first, "people").read == all);
    let again = scan(&cluster, &mut state);
    assert_eq!((table(&again, "people").read, records(table(&again, "people"), "ssn")), (0, 30_000));
    // One row in the first page goes, and one is written behind the last.
    cluster.psql("DELETE FROM people WHERE id = 1");
    cluster.psql("INSERT INTO people VALUES (30001, 'New', '457-55-5462', 'CA', now())");
    let changed = scan(&cluster, &mut state);
    assert_eq!((table(&changed, "people").read, records(table(&changed, "people"), "ssn")), (2, 30_000));
    // A column that is added writes no row, and still is read.
    cluster.psql("ALTER TABLE people ADD COLUMN mail text DEFAULT 'ana.ruiz.planted@corp-mail.example'");
    let wider = scan(&cluster, &mut state);
    assert_eq!((table(&wider, "people").read, records(table(&wider, "people"), "email")), (all, 30_000));
    // What was dropped is forgotten.
    cluster.psql("DROP TABLE people");
    assert!(scan(&cluster, &mut state).resources.is_empty());
}

#[test]
fn a_budget_reads_stretches_and_gives_intervals() {
    if server::prepared().is_none() {
        return;
    }
    let cluster = Cluster::start();
    people(&cluster);
    cluster.psql("CREATE TABLE small AS SELECT '457-55-5462' AS ssn");
    let options = Options { budget: 1 << 20, ..Options::default() };
    let mut state = State::new("1");
    let part = scan_with(&cluster, "reader", &options, &mut state).unwrap();
    assert_eq!(records(table(&part, "small"), "ssn"), 1, "a small table is read whole beside a large one");
    let people = table(&part, "people");
    assert!(people.sampled > 0 && people.sampled < people.documents, "{people:?}");
    let held = people.held.iter().find(|held| held.class == "ssn").unwrap().estimate;
    assert!((held.records_between.low..=held.records_between.high).contains(&30_000), "{held:?}");
    assert!(gaps(&part).iter().any(|gap| gap.contains("not in the sample")));
    assert_eq!(table(&scan_with(&cluster, "reader", &options, &mut state).unwrap(), "people").read, 0);
}

#[test]
fn what_may_not_be_read_is_a_gap_and_nothing_is_written_or_run() {
    if server::prepared().is_none() {
        return;
    }
    let cluster = Cluster::start();
    people(&cluster);
    for statement in [
        "CREATE ROLE narrow LOGIN PASSWORD 'pass'",
        "CREATE TABLE secret AS SELECT '457-55-5462' AS ssn",
        "CREATE TABLE guarded AS SELECT '457-55-5462' AS ssn",
        "GRANT SELECT ON people, guarded TO narrow",
        "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
        "CREATE TABLE ran (at text)",
        "CREATE FUNCTION evil(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES ($1); RETURN true; END $$",
        "CREATE POLICY evil ON guarded USING (evil(ssn))",
        "CREATE FUNCTION public.concat(text) RETURNS text LANGUAGE sql AS $$ SELECT evil($1)::text $$",
        "CREATE VIEW trap AS SELECT evil(ssn) FROM guarded",
        "CREATE TYPE pair AS (a text, b text)",
        "CREATE FUNCTION pair_text(pair) RETURNS text LANGUAGE sql AS $$ SELECT evil('cast')::text $$",
        "CREATE CAST (pair AS text) WITH FUNCTION pair_text(pair)",
        "CREATE TABLE pairs AS SELECT ROW('ssn', '457-55-5462')::pair AS pair",
        "GRANT SELECT ON pairs, trap TO narrow",
        "GRANT ALL ON ran TO narrow",
    ] {
        cluster.psql(statement);
    }
    let scan = scan_with(&cluster, "narrow", &Options::default(), &mut State::new("1")).unwrap();
    assert_eq!(records(table(&scan, "people"), "ssn"), 30_000);
    assert_eq!(records(table(&scan, "pairs"), "ssn"), 1, "a pair is printed, not cast");
    let gaps = gaps(&scan);
    assert!(gaps.contains(&"our role may not read a table"), "{gaps:?}");
    assert!(gaps.iter().any(|gap| gap.contains("row security hides rows")), "{gaps:?}");
    assert!(scan.resources.iter().all(|scanned| !scanned.resource.ends_with("trap")), "views are not read");
    assert_eq!(cluster.psql("SELECT count(*) FROM ran"), "0");
    let refused = scan_with(&cluster, "nobody", &Options::default(), &mut State::new("1")).unwrap_err();
    assert!(
        matches!(&refused, ScanError::Unlisted(why) if why.contains("28P01") && !why.contains("pass\"")),
        "{refused:?}"
    );
}
