//! The functions that a question may call, each with its kinds and what it means: the help and the check follow from this table.

use crate::value::{Kind, Value};
use firebreak_model::Time;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a function is over values: absent where one that it needs is.
pub(crate) type Call = for<'a> fn(&[Value<'a>]) -> Value<'a>;

/// One function.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub form: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What it takes; more than the first `needed` may be left out.
    pub(crate) takes: &'static [Kind],
    pub(crate) needed: usize,
    pub(crate) gives: Kind,
    pub(crate) call: Call,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.form)
    }
}

const fn function(
    form: (&'static str, &'static str),
    takes: &'static [Kind],
    gives: Kind,
    call: Call,
    meaning: &'static str,
) -> Function {
    Function { name: form.0, form: form.1, meaning, takes, needed: takes.len(), gives, call }
}

use Kind::{Number, Text, Time as Moment};

/// All of them. `coalesce` and `nullif` take any kind and are read elsewhere; aggregates too.
pub const FUNCTIONS: [Function; 13] = [
    function(("lower", "lower(text)"), &[Text], Text, |of| changed(of, str::to_lowercase), "in small letters"),
    function(("upper", "upper(text)"), &[Text], Text, |of| changed(of, str::to_uppercase), "in capital letters"),
    function(("length", "length(text)"), &[Text], Number, length, "how many characters"),
    Function {
        needed: 2,
        ..function(
            ("substr", "substr(text, first[, count])"),
            &[Text, Number, Number],
            Text,
            substr,
            "characters from the first, which is 1",
        )
    },
    function(("replace", "replace(text, from, to)"), &[Text, Text, Text], Text, replace, "each `from` as `to`"),
    function(
        ("starts_with", "starts_with(text, with)"),
        &[Text, Text],
        Kind::Boolean,
        starts_with,
        "whether it begins so",
    ),
    function(("contains", "contains(text, part)"), &[Text, Text], Kind::Boolean, contains, "whether it holds the part"),
    function(
        ("split_part", "split_part(text, by, number)"),
        &[Text, Text, Number],
        Text,
        split_part,
        "the part of this number, from 1",
    ),
    function(
        ("json", "json(text, 'a.b.0.c')"),
        &[Text, Text],
        Text,
        json,
        "the value at a path of a JSON text, as text; NULL where there is none",
    ),
    function(
        ("date_trunc", "date_trunc('hour', time)"),
        &[Text, Moment],
        Moment,
        date_trunc,
        "the beginning of its minute, hour, day or week, UTC",
    ),
    function(("hour", "hour(time)"), &[Moment], Number, hour, "the hour of the day, UTC, 0 to 23"),
    function(
        ("weekday", "weekday(time)"),
        &[Moment],
        Number,
        weekday,
        "the day of the week, UTC: 1 is Monday, 7 Sunday",
    ),
    function(("abs", "abs(number)"), &[Number], Number, abs, "without its sign"),
];

fn changed<'a>(of: &[Value<'a>], change: fn(&str) -> String) -> Value<'a> {
    match of {
        [Value::Text(text)] => Value::Text(Cow::Owned(change(text))),
        _ => Value::Absent,
    }
}

fn length<'a>(of: &[Value<'a>]) -> Value<'a> {
    match of {
        [Value::Text(text)] => Value::Whole(text.chars().count() as i64),
        _ => Value::Absent,
    }
}

fn whole(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Whole(number) => Some(*number),
        Value::Real(number) => Some(*number as i64),
        _ => None,
    }
}

fn substr<'a>(of: &[Value<'a>]) -> Value<'a> {
    let [Value::Text(text), first, rest @ ..] = of else { return Value::Absent };
    let Some(first) = whole(first) else { return Value::Absent };
    let end = match rest {
        [] => i64::MAX,
        [count] => match whole(count) {
            Some(count) => first.saturating_add(count.max(0)),
            None => return Value::Absent,
        },
        _ => return Value::Absent,
    };
    let skipped = usize::try_from(first.saturating_sub(1)).unwrap_or(0);
    let taken = usize::try_from(end.saturating_sub(first.max(1))).unwrap_or(0);
    Value::Text(Cow::Owned(text.chars().skip(skipped).take(taken).collect()))
}

fn replace<'a>(of: &[Value<'a>]) -> Value<'a> {
    /// No text grows beyond this by replacing.
    const MOST: usize = 1 << 20;
    match of {
        [Value::Text(text), Value::Text(from), Value::Text(to)] if !from.is_empty() => {
            let grown = text.matches(from.as_ref()).count().saturating_mul(to.len()).saturating_add(text.len());
            if grown > MOST { Value::Absent } else { Value::Text(Cow::Owned(text.replace(from.as_ref(), to))) }
        }
        [Value::Text(text), Value::Text(_), Value::Text(_)] => Value::Text(text.clone()),
        _ => Value::Absent,
    }
}

fn starts_with<'a>(of: &[Value<'a>]) -> Value<'a> {
    match of {
        [Value::Text(text), Value::Text(with)] => Value::Boolean(text.starts_with(with.as_ref())),
        _ => Value::Absent,
    }
}

fn contains<'a>(of: &[Value<'a>]) -> Value<'a> {
    match of {
        [Value::Text(text), Value::Text(part)] => Value::Boolean(text.contains(part.as_ref())),
        _ => Value::Absent,
    }
}

fn split_part<'a>(of: &[Value<'a>]) -> Value<'a> {
    let [Value::Text(text), Value::Text(by), number] = of else { return Value::Absent };
    let Some(at) = whole(number).and_then(|number| usize::try_from(number.checked_sub(1)?).ok()) else {
        return Value::Absent;
    };
    let part = if by.is_empty() { Some(text.as_ref()).filter(|_| at == 0) } else { text.split(by.as_ref()).nth(at) };
    Value::Text(Cow::Owned(part.unwrap_or_default().to_owned()))
}

/// Only what leads to the value is read, level by level.
fn json<'a>(of: &[Value<'a>]) -> Value<'a> {
    let [Value::Text(text), Value::Text(path)] = of else { return Value::Absent };
    let mut at: &str = text;
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let object: Option<&RawValue> = match at.trim_start().as_bytes().first() {
            Some(b'{') => {
                let fields: Option<BTreeMap<Cow<'_, str>, &RawValue>> = serde_json::from_str(at).ok();
                fields.and_then(|fields| fields.get(name).copied())
            }
            Some(b'[') => {
                let items: Option<Vec<&RawValue>> = serde_json::from_str(at).ok();
                items.zip(name.parse::<usize>().ok()).and_then(|(items, number)| items.get(number).copied())
            }
            _ => None,
        };
        let Some(inner) = object else { return Value::Absent };
        at = inner.get();
    }
    match at.as_bytes().first() {
        None => Value::Absent,
        Some(b'"') => serde_json::from_str::<String>(at).map_or(Value::Absent, |text| Value::Text(Cow::Owned(text))),
        _ if at == "null" => Value::Absent,
        Some(_) => Value::Text(Cow::Owned(at.to_owned())),
    }
}

/// The length of a part of time, in microseconds.
pub(crate) fn unit(word: &str) -> Option<i64> {
    const SECOND: i64 = 1_000_000;
    let word = word.trim().to_lowercase();
    let seconds = match word.strip_suffix('s').unwrap_or(&word) {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 7 * 86_400,
        _ => return None,
    };
    Some(seconds * SECOND)
}

fn date_trunc<'a>(of: &[Value<'a>]) -> Value<'a> {
    /// The epoch was a Thursday; weeks begin on Monday.
    const MONDAY: i64 = 4 * 86_400 * 1_000_000;
    let [Value::Text(word), Value::Time(time)] = of else { return Value::Absent };
    let Some(length) = unit(word) else { return Value::Absent };
    let ahead = if word.to_lowercase().starts_with("week") { MONDAY } else { 0 };
    let behind = time.0.saturating_sub(ahead).rem_euclid(length);
    Value::Time(Time(time.0.saturating_sub(behind)))
}

fn hour<'a>(of: &[Value<'a>]) -> Value<'a> {
    match of {
        [Value::Time(time)] => Value::Whole(time.seconds().rem_euclid(86_400) / 3_600),
        _ => Value::Absent,
    }
}

fn weekday<'a>(of: &[Value<'a>]) -> Value<'a> {
    match of {
        [Value::Time(time)] => Value::Whole((time.seconds().div_euclid(86_400) + 3).rem_euclid(7) + 1),
        _ => Value::Absent,
    }
}

fn abs<'a>(of: &[Value<'a>]) -> Value<'a> {
    match of {
        [Value::Whole(number)] => {
            number.checked_abs().map_or_else(|| Value::Real((*number as f64).abs()), Value::Whole)
        }
        [Value::Real(number)] => Value::Real(number.abs()),
        _ => Value::Absent,
    }
}
