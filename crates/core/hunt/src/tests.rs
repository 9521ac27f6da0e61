//! What is asked is answered, what cannot be is refused by name, and nothing takes more than its bounds.

use super::*;
use firebreak_model::Time;
use std::ops::ControlFlow;

const NOW: &str = "2026-03-25T00:00:00Z";

/// A few events in memory.
struct Few {
    rows: Vec<Vec<(&'static str, Value<'static>)>>,
    gaps: Vec<String>,
    window: (Time, Time),
    columns: Vec<&'static str>,
    late: bool,
}

fn at(text: &str) -> Value<'static> {
    Value::Time(Time::parse(text).unwrap())
}

fn few() -> Few {
    let row = |time: &str, source, operation, actor: Option<&'static str>, bytes: Option<i64>, ocsf: &'static str| {
        vec![
            ("time", at(time)),
            ("source", Value::text(source)),
            ("operation", Value::text(operation)),
            ("actor", actor.map_or(Value::Absent, Value::text)),
            ("bytes", bytes.map_or(Value::Absent, Value::Whole)),
            ("ocsf", Value::text(ocsf)),
        ]
    };
    Few {
        rows: vec![
            row(
                "2026-03-24T10:00:00Z",
                "aws",
                "GetObject",
                Some("ci"),
                Some(100),
                r#"{"api":{"operation":"get"},"tags":["x","y"]}"#,
            ),
            row("2026-03-24T10:30:00Z", "aws", "GetObject", Some("ci"), Some(50), r#"{"api":{"operation":null}}"#),
            row("2026-03-24T11:10:00Z", "okta", "user.login", Some("ada"), None, "not json"),
            row("2026-03-24T12:00:00Z", "aws", "PutObject", None, Some(7), "{}"),
        ],
        gaps: Vec::new(),
        window: (Time::MIN, Time::MIN),
        columns: Vec::new(),
        late: false,
    }
}

impl Events for Few {
    fn look(
        &mut self,
        columns: &[&'static str],
        window: (Time, Time),
        each: &mut dyn FnMut(&[Value<'_>]) -> ControlFlow<()>,
    ) -> Result<Looked, Refusal> {
        (self.window, self.columns) = (window, columns.to_vec());
        let mut looked = Looked { events: 0, gaps: self.gaps.clone() };
        for row in &self.rows {
            looked.events += 1;
            let of = |name: &&str| {
                row.iter().find(|(known, _)| known == name).map_or(Value::Absent, |(_, value)| value.lent())
            };
            let cells: Vec<Value<'_>> = columns.iter().map(of).collect();
            if each(&cells).is_break() {
                break;
            }
        }
        Ok(looked)
    }

    fn in_time(&self) -> Result<(), Refusal> {
        if self.late { Err(Refusal::new("time is up", "ask for less")) } else { Ok(()) }
    }
}

const BOUNDS: Bounds = Bounds { rows: 100, bytes: 1 << 20 };

fn asked(sql: &str) -> Result<Answer, Refusal> {
    question(sql, Time::parse(NOW).unwrap())?.answer(&mut few(), BOUNDS)
}

/// The rows as text: `a|b` a row.
fn rows(sql: &str) -> Vec<String> {
    let answer = asked(sql).unwrap_or_else(|refusal| panic!("{sql}: {refusal}"));
    let text = |value: &Value<'_>| serde_json::to_value(value).unwrap().to_string().trim_matches('"').to_owned();
    answer.rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join("|")).collect()
}

#[test]
fn rows_are_filtered_grouped_ordered_and_limited() {
    let sql = "SELECT actor, count(*) AS n, sum(bytes) total FROM events GROUP BY actor ORDER BY n DESC, actor";
    assert_eq!(rows(sql), ["ci|2|150", "ada|1|null", "null|1|7"]);
    assert_eq!(rows("SELECT operation FROM events WHERE bytes >= 50 ORDER BY time DESC LIMIT 1"), ["GetObject"]);
    assert_eq!(rows("SELECT DISTINCT source FROM events ORDER BY source DESC"), ["okta", "aws"]);
    assert_eq!(
        rows("SELECT count(*), count(bytes), count(DISTINCT operation), avg(bytes) FROM events"),
        ["4|3|3|52.333333333333336"]
    );
    assert_eq!(rows("SELECT source FROM events GROUP BY 1 HAVING count(*) > 1"), ["aws"]);
    assert_eq!(
        rows("SELECT upper(source) AS s, max(time) FROM events GROUP BY s ORDER BY s OFFSET 1"),
        ["OKTA|2026-03-24T11:10:00Z"]
    );
    assert_eq!(rows("SELECT count(*) FILTER (WHERE source = 'aws') FROM events e WHERE e.time > '2026-03-24'"), ["3"]);
    assert_eq!(rows("SELECT count(*) FROM events WHERE source = 'none'"), ["0"]);
    assert_eq!(rows("SELECT count(*) FROM events WHERE source = 'none' GROUP BY source"), Vec::<String>::new());
}

#[test]
fn times_json_and_patterns_are_read() {
    let sql = "SELECT date_trunc('hour', time) AS hour, count(*) FROM events GROUP BY hour ORDER BY hour";
    assert_eq!(rows(sql), ["2026-03-24T10:00:00Z|2", "2026-03-24T11:00:00Z|1", "2026-03-24T12:00:00Z|1"]);
    assert_eq!(
        rows("SELECT json(ocsf, 'api.operation'), json(ocsf, 'tags.1') FROM events ORDER BY time LIMIT 3"),
        ["get|y", "null|null", "null|null"]
    );
    assert_eq!(
        rows("SELECT operation FROM events WHERE operation LIKE '%Object' AND operation ~ '^Put'"),
        ["PutObject"]
    );
    assert_eq!(rows("SELECT count(*) FROM events WHERE operation ILIKE 'getobject'"), ["2"]);
    assert_eq!(rows("SELECT max(time) - min(time) FROM events"), ["7200.0"]);
    assert_eq!(rows("SELECT weekday(max(time)), hour(max(time)) FROM events"), ["2|12"]);
    assert_eq!(rows("SELECT count(*) FROM events WHERE time >= now() - INTERVAL '13 hours'"), ["2"]);
    assert_eq!(
        rows(
            "SELECT count(*) FROM events WHERE time BETWEEN '2026-03-24 10:00:00' AND DATE '2026-03-24' + INTERVAL '11' HOUR"
        ),
        ["2"]
    );
}

#[test]
fn what_is_absent_is_not_unequal() {
    assert_eq!(rows("SELECT count(*) FROM events WHERE actor <> 'ci'"), ["1"]);
    assert_eq!(rows("SELECT count(*) FROM events WHERE actor IS DISTINCT FROM 'ci'"), ["2"]);
    assert_eq!(rows("SELECT count(*) FROM events WHERE NOT (actor = 'ci')"), ["1"]);
    assert_eq!(rows("SELECT coalesce(actor, 'nobody') FROM events WHERE actor IS NULL"), ["nobody"]);
    // Who is not among known and unknown people cannot be told.
    assert_eq!(
        rows("SELECT count(*) FROM events WHERE actor NOT IN (SELECT actor FROM events WHERE source = 'aws')"),
        ["0"]
    );
    assert_eq!(
        rows(
            "SELECT CASE WHEN bytes > 60 THEN 'much' WHEN bytes IS NULL THEN 'unknown' ELSE 'little' END FROM events ORDER BY time"
        ),
        ["much", "little", "unknown", "little"]
    );
    assert_eq!(
        rows(
            "SELECT 1 / 0, 7 / 2, 7.0 / 2, nullif(3, 3), CAST('x' AS double), CAST('12' AS bigint) FROM events LIMIT 1"
        ),
        ["null|3|3.5|null|null|12"]
    );
}

#[test]
fn questions_stand_within_questions() {
    assert_eq!(
        rows("SELECT operation FROM events WHERE actor IN (SELECT actor FROM events WHERE bytes > 60) ORDER BY time"),
        ["GetObject", "GetObject"]
    );
    let named =
        "WITH busy AS (SELECT actor, count(*) AS n FROM events GROUP BY actor) SELECT actor FROM busy WHERE n > 1";
    assert_eq!(rows(named), ["ci"]);
    assert_eq!(rows("SELECT max(n) FROM (SELECT source, count(*) AS n FROM events GROUP BY source) AS each"), ["3"]);
    assert_eq!(rows("SELECT * FROM (SELECT source AS s FROM events) WHERE s = 'okta'"), ["okta"]);
}

#[test]
fn only_what_is_needed_is_read() {
    let mut events = few();
    let sql = "SELECT count(*) FROM events WHERE time >= '2026-03-24T10:30:00Z' AND '2026-03-24T12:00:00Z' > time AND actor = 'ci'";
    question(sql, Time(0)).unwrap().answer(&mut events, BOUNDS).unwrap();
    assert_eq!(events.columns, ["time", "actor"]);
    let time = |text| Time::parse(text).unwrap();
    assert_eq!(events.window, (time("2026-03-24T10:30:00Z"), time("2026-03-24T12:00:00Z")));
    let sql = "SELECT count(*) FROM events WHERE time >= '2026-03-24T10:30:00Z' OR actor = 'ci'";
    question(sql, Time(0)).unwrap().answer(&mut events, BOUNDS).unwrap();
    assert_eq!(events.window, (Time::MIN, Time::MAX), "a condition that another one can stand in for bounds nothing");
}

#[test]
fn nothing_but_a_look_is_answered() {
    for sql in [
        "",
        ";",
        "DROP TABLE events",
        "INSERT INTO events SELECT * FROM events",
        "UPDATE events SET actor = 'x'",
        "DELETE FROM events",
        "CREATE TABLE x AS SELECT * FROM events",
        "COPY events TO '/tmp/x'",
        "ATTACH 'x' AS y",
        "SELECT 1 FROM events; DROP TABLE events",
        "SELECT * INTO other FROM events",
        "SELECT * FROM events FOR UPDATE",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM information_schema.tables",
        "WITH x AS (DELETE FROM events RETURNING *) SELECT * FROM x",
        "SELECT pg_read_file('/etc/passwd') FROM events",
        "SELECT * FROM events, events",
        "SELECT * FROM events JOIN events USING (actor)",
        "SELECT * FROM events UNION SELECT * FROM events",
        "SELECT row_number() OVER (ORDER BY time) FROM events",
        "SELECT * FROM events LIMIT 1 FETCH FIRST 1 ROW ONLY",
        "SELECT * FROM events TABLESAMPLE SYSTEM (1)",
        "SELECT * FROM events WINDOW w AS (ORDER BY time)",
        "SELECT DISTINCT ON (actor) actor FROM events",
        "WITH RECURSIVE x AS (SELECT * FROM x) SELECT * FROM x",
        "WITH x AS (SELECT * FROM x) SELECT * FROM x",
        "SELECT count(*) FROM events GROUP BY ROLLUP (actor)",
        "SELECT count(*) FROM events GROUP BY ALL",
        "SELECT actor FROM events ORDER BY ALL",
        "SELECT (SELECT actor FROM events) FROM events",
        "SELECT * FROM events WHERE EXISTS (SELECT 1 FROM events)",
    ] {
        let refusal = asked(sql).expect_err(sql);
        assert!(!refusal.hint.is_empty() && !refusal.reason.is_empty(), "{sql}");
    }
}

#[test]
fn what_does_not_fit_is_refused_where_it_stands() {
    for (sql, says) in [
        ("SELECT actr FROM events", "there is no column `actr`"),
        ("SELECT * FROM event", "there is no table `event`"),
        ("SELECT bytes FROM events WHERE bytes > 'much'", "`'much'` is a text, and a number is wanted"),
        ("SELECT 1 FROM events WHERE time > 'yesterday'", "`yesterday` is no time"),
        ("SELECT 1 FROM events WHERE bytes", "`bytes` is a number and no condition"),
        ("SELECT actor, count(*) FROM events", "`actor` is neither grouped by nor aggregated"),
        ("SELECT sum(actor) FROM events", "`actor` is a text, and a number is wanted"),
        ("SELECT 1 FROM events WHERE count(*) > 1", "`count(*)` cannot stand here"),
        ("SELECT max(count(*)) FROM events", "`count(*)` cannot stand here"),
        ("SELECT now() + time FROM events", "`+` does not go between a time and a time"),
        ("SELECT lower(actor, 1) FROM events", "`lower(actor, 1)` does not fit"),
        ("SELECT sleep(10) FROM events", "there is no function `sleep`"),
        ("SELECT 1 FROM events WHERE actor ~ '('", "the pattern is no regular expression"),
        ("SELECT 1 FROM events WHERE actor LIKE source", "the pattern `source` is no text"),
        ("SELECT 1 FROM events WHERE actor IN (SELECT actor, time FROM events)", "needs one column"),
        ("SELECT 1 FROM events WHERE actor IN (SELECT bytes FROM events)", "different kinds"),
        ("SELECT DISTINCT actor FROM events ORDER BY time", "cannot be ordered by `time`"),
        ("SELECT actor FROM events LIMIT -1", "no number of rows"),
        ("SELECT date_trunc('fortnight', time) FROM events", "date_trunc needs"),
        ("SELECT actor FROM events HAVING actor = 'x'", "HAVING without groups"),
    ] {
        let refusal = asked(sql).expect_err(sql);
        assert!(refusal.reason.contains(says), "{sql}: {refusal}");
    }
}

#[test]
fn bounds_hold_and_say_so() {
    let bounded = |sql: &str, bounds| question(sql, Time(0)).unwrap().answer(&mut few(), bounds);
    let two = Bounds { rows: 2, bytes: 1 << 20 };
    let answer = bounded("SELECT actor FROM events", two).unwrap();
    assert!(answer.rows.len() == 2 && answer.more);
    let answer = bounded("SELECT actor FROM events ORDER BY time LIMIT 2", two).unwrap();
    assert!(answer.rows.len() == 2 && !answer.more, "no more were asked for");
    assert!(bounded("SELECT actor FROM events LIMIT 3", two).unwrap().more);
    let small = Bounds { rows: 100, bytes: 200 };
    for sql in [
        "SELECT * FROM events",
        "SELECT actor, count(*) FROM events GROUP BY actor",
        "SELECT count(DISTINCT ocsf) FROM events",
    ] {
        let refusal = bounded(sql, small).expect_err(sql);
        assert!(refusal.reason.contains("memory"), "{sql}: {refusal}");
    }
    let mut late = few();
    late.late = true;
    let refusal = question("SELECT count(*) FROM events", Time(0)).unwrap().answer(&mut late, BOUNDS).unwrap_err();
    assert_eq!(refusal.reason, "time is up");
    let mut damaged = few();
    damaged.gaps.push("a file is damaged".to_owned());
    let answer = question("SELECT count(*) FROM events", Time(0)).unwrap().answer(&mut damaged, BOUNDS).unwrap();
    assert_eq!(answer.gaps, ["a file is damaged"], "what was not read is never nothing");
}

#[test]
fn depth_and_length_end_in_an_error_and_not_in_the_stack() {
    let chain =
        |many: usize, between: &str| format!("SELECT 1 FROM events WHERE {}", vec!["bytes > 1"; many].join(between));
    assert!(asked(&chain(40, " OR ")).is_ok());
    assert!(asked(&chain(900, " OR ")).is_err());
    assert!(asked(&chain(9_000, " AND ")).is_err());
    for (open, close) in [("(", ")"), ("NOT ", ""), ("- ", ""), ("lower(", ")"), ("CASE WHEN true THEN ", " END")] {
        for many in [30, 300, 1_500] {
            let _ = asked(&format!("SELECT {}bytes{} FROM events", open.repeat(many), close.repeat(many)));
        }
    }
    let within = |many: usize| (0..many).fold("events".to_owned(), |inner, _| format!("(SELECT * FROM {inner})"));
    assert!(asked(&format!("SELECT * FROM {}", within(20))).is_err());
    let many: Vec<String> = (0..1_000).map(|number| format!("'10.0.0.{number}'")).collect();
    assert!(asked(&format!("SELECT count(*) FROM events WHERE address IN ({})", many.join(", "))).is_ok());
}

proptest::proptest! {
    /// Whatever text comes is a question or a refusal.
    #[test]
    fn no_text_breaks_it(words in proptest::collection::vec("(SELECT|FROM|events|WHERE|\\*|,|\\(|\\)|actor|time|'x'|=|AND|OR|NOT|IN|GROUP BY|ORDER BY|count|LIKE|1|CASE|WHEN|THEN|END|-|INTERVAL|BETWEEN|[ -~]{0,3})", 0..24)) {
        let _ = asked(&words.join(" "));
    }
}
