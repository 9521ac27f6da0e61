//! Arbitrary text as a question to the lake: it is a question that is answered within its bounds, or a refusal.

#![no_main]

use firebreak_hunt::{Bounds, Events, Looked, Refusal, Value, question};
use firebreak_model::Time;
use std::ops::ControlFlow;

struct One;

impl Events for One {
    fn look(
        &mut self,
        columns: &[&'static str],
        _: (Time, Time),
        each: &mut dyn FnMut(&[Value<'_>]) -> ControlFlow<()>,
    ) -> Result<Looked, Refusal> {
        let cell = |name: &&str| match *name {
            "time" => Value::Time(Time(1)),
            "bytes" | "records" | "class_uid" => Value::Whole(i64::MAX),
            "minted" => Value::Absent,
            _ => Value::text("{\"a\":[1,{\"b\":\"x\"}]}"),
        };
        let row: Vec<Value<'_>> = columns.iter().map(cell).collect();
        let events = (0..3).take_while(|_| each(&row).is_continue()).count() as u64;
        Ok(Looked { events, gaps: Vec::new() })
    }

    fn in_time(&self) -> Result<(), Refusal> {
        Ok(())
    }
}

libfuzzer_sys::fuzz_target!(|sql: &str| {
    if let Ok(question) = question(sql, Time(0))
        && let Ok(answer) = question.answer(&mut One, Bounds { rows: 10, bytes: 1 << 20 })
    {
        assert!(answer.rows.len() <= 10);
        assert!(answer.rows.iter().all(|row| row.len() == answer.columns.len()));
    }
});
