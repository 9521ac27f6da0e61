//! The same questions over the same rows, answered by SQLite: an engine that shares no code with ours.

#![allow(clippy::unwrap_used, reason = "a test")]

use firebreak_hunt::{Bounds, Events, Looked, Refusal, Value, question};
use firebreak_model::Time;
use proptest::prelude::*;
use sqlx::{Connection, Row, SqliteConnection, TypeInfo, ValueRef};
use std::ops::ControlFlow;

/// Source, actor, bytes, records.
type Fact = (&'static str, Option<&'static str>, Option<i64>, Option<i64>);

struct Known(Vec<Fact>);

impl Events for Known {
    fn look(
        &mut self,
        columns: &[&'static str],
        _: (Time, Time),
        each: &mut dyn FnMut(&[Value<'_>]) -> ControlFlow<()>,
    ) -> Result<Looked, Refusal> {
        let number = |number: Option<i64>| number.map_or(Value::Absent, Value::Whole);
        for (source, actor, bytes, records) in &self.0 {
            let cell = |name: &&str| match *name {
                "source" => Value::text(source),
                "actor" => actor.map_or(Value::Absent, Value::text),
                "bytes" => number(*bytes),
                _ => number(*records),
            };
            if each(&columns.iter().map(cell).collect::<Vec<_>>()).is_break() {
                break;
            }
        }
        Ok(Looked { events: self.0.len() as u64, gaps: Vec::new() })
    }

    fn in_time(&self) -> Result<(), Refusal> {
        Ok(())
    }
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let source = prop::sample::select(vec!["aws", "okta", "Git"]);
    let actor = prop::option::of(prop::sample::select(vec!["ada", "bob", "ci%", "c_i"]));
    prop::collection::vec((source, actor, prop::option::of(-3..6_i64), prop::option::of(0..4_i64)), 0..14)
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("bytes".to_owned()),
        Just("records".to_owned()),
        (-3..5_i64).prop_map(|number| format!("({number})"))
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", "%"]), inner)
            .prop_map(|(one, op, other)| format!("({one} {op} {other})"))
    })
}

fn condition() -> impl Strategy<Value = String> {
    let compared = (number(), prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]), number());
    let leaf = prop_oneof![
        compared.prop_map(|(one, op, other)| format!("{one} {op} {other}")),
        prop::sample::select(vec![
            "actor = 'ada'",
            "actor IS NULL",
            "actor IS NOT NULL",
            "actor LIKE '%i%'",
            "actor NOT LIKE 'c_%'",
            "source LIKE 'G%'",
            "actor IN ('ada', 'bob')",
            "actor NOT IN ('ada', NULL)",
            "bytes BETWEEN 0 AND 3",
            "bytes NOT BETWEEN 1 AND 2",
            "actor IN (SELECT actor FROM events WHERE bytes > 1)",
            "records NOT IN (SELECT records FROM events WHERE bytes > 2)",
            "(bytes > 1) IS TRUE",
            "(bytes > 1) IS NOT FALSE",
            "(actor IS DISTINCT FROM 'ada')",
            "coalesce(bytes, records) > 1",
            "CASE WHEN bytes > 1 THEN records ELSE bytes END > 0",
            "length(source) > 3",
            "lower(source) = 'git'",
            "substr(source, 2, 1) = 'k'",
            "nullif(bytes, 2) IS NULL",
            "abs(bytes) > 1",
            "source || actor = 'awsada'",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 10, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["AND", "OR"]), inner.clone())
                .prop_map(|(one, op, other)| format!("({one} {op} {other})")),
            inner.prop_map(|one| format!("NOT ({one})")),
        ]
    })
}

fn sql() -> impl Strategy<Value = String> {
    let order = "ORDER BY 1 NULLS LAST, 2 NULLS LAST";
    let plain = (condition(), number()).prop_map(move |(on, number)| format!("SELECT {number} AS a, source AS b, actor AS c FROM events WHERE {on} ORDER BY 1 NULLS LAST, 2, 3 NULLS LAST"));
    let aggregate = prop::sample::select(vec![
        "count(*)",
        "count(bytes)",
        "sum(bytes)",
        "min(actor)",
        "max(records)",
        "count(DISTINCT records)",
        "sum(bytes) + count(*)",
        "avg(bytes)",
        "sum(DISTINCT bytes)",
        "count(*) FILTER (WHERE bytes > 0)",
    ]);
    let key = prop::sample::select(vec!["source", "actor", "bytes", "coalesce(actor, source)", "bytes % 2"]);
    let grouped = (
        condition(),
        key.clone(),
        aggregate.clone(),
        prop::sample::select(vec!["", "HAVING count(*) > 1", "HAVING sum(bytes) > 2"]),
    )
        .prop_map(move |(on, key, made, having)| {
            format!("SELECT {key} AS k, {made} AS m FROM events WHERE {on} GROUP BY {key} {having} {order}")
        });
    let whole =
        (condition(), aggregate).prop_map(|(on, made)| format!("SELECT {made}, count(*) FROM events WHERE {on}"));
    let distinct = (condition(), key.clone()).prop_map(|(on, key)| {
        format!("SELECT DISTINCT {key} AS k FROM events WHERE {on} ORDER BY 1 DESC NULLS LAST LIMIT 3 OFFSET 1")
    });
    let derived = (condition(), key).prop_map(move |(on, key)| format!("WITH x AS (SELECT {key} AS k, count(*) AS n FROM events WHERE {on} GROUP BY 1) SELECT n, count(k) FROM x GROUP BY n {order}"));
    prop_oneof![plain, grouped, whole, distinct, derived]
}

async fn sqlite(facts: &[Fact], sql: &str) -> Vec<Vec<String>> {
    let mut database = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    for setup in [
        "PRAGMA case_sensitive_like = 1",
        "CREATE TABLE events (source TEXT, actor TEXT, bytes INTEGER, records INTEGER)",
    ] {
        sqlx::raw_sql(setup).execute(&mut database).await.unwrap();
    }
    for (source, actor, bytes, records) in facts {
        let insert = sqlx::query("INSERT INTO events VALUES ($1, $2, $3, $4)")
            .bind(source)
            .bind(actor)
            .bind(bytes)
            .bind(records);
        insert.execute(&mut database).await.unwrap();
    }
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&mut database).await.unwrap();
    let cell = |row: &sqlx::sqlite::SqliteRow, at: usize| {
        let value = row.try_get_raw(at).unwrap();
        match (value.is_null(), value.type_info().name()) {
            (true, _) => "null".to_owned(),
            (_, "TEXT") => row.get::<String, _>(at),
            (_, "REAL") => format!("{:.6}", row.get::<f64, _>(at)),
            _ => row.get::<i64, _>(at).to_string(),
        }
    };
    rows.iter().map(|row| (0..row.len()).map(|at| cell(row, at)).collect()).collect()
}

fn ours(facts: &[Fact], sql: &str) -> Vec<Vec<String>> {
    let bounds = Bounds { rows: 1_000, bytes: 64 << 20 };
    let answer = question(sql, Time(0)).and_then(|question| question.answer(&mut Known(facts.to_vec()), bounds));
    let answer = answer.unwrap_or_else(|refusal| panic!("{sql}: {refusal}"));
    let cell = |value: &Value<'_>| match value {
        Value::Absent => "null".to_owned(),
        Value::Text(text) => text.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Real(number) => format!("{number:.6}"),
        other => format!("{other:?}"),
    };
    answer.rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_alike(facts in facts(), sql in sql()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        prop_assert_eq!(ours(&facts, &sql), runtime.block_on(sqlite(&facts, &sql)), "{}", sql);
    }
}
