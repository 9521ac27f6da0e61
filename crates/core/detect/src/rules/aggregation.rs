//! The aggregations of Sigma 1 (`selection | count() by user > 5` with a `timeframe`) read as the correlations that
//! replaced them.
//!
//! `count()` becomes event_count, `count(field)` value_count, `sum(field)` value_sum, `avg(field)` value_avg, and `near`
//! temporal. `min` and `max` have no correlation and are refused, as is an aggregation without a time frame.

use super::condition::Refusal;
use super::correlation::{GroupField, Kind, timespan_of};
use super::measure::{Bounds, Range};
use super::modifier;
use super::section::Fault;
use crate::correlator::metric::Fixed;
use crate::field::Field;
use yaml_serde::{Mapping, Value};

/// What a condition of Sigma 1 asks of several events.
#[derive(Debug)]
pub(super) struct Aggregation {
    /// The condition on each event; for `near`, one for each kind of event.
    pub(super) conditions: Vec<String>,
    /// What is counted or awaited.
    pub(super) kind: Kind,
    /// The key.
    pub(super) group_by: Vec<GroupField>,
    /// The time span in microseconds.
    pub(super) timespan_micros: i64,
}

fn refuse<T>(reason: impl Into<String>, hint: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { reason: reason.into(), hint: hint.into() })
}

/// The aggregation of a `detection` section, if it has one. `line` gives where a key is written.
pub(super) fn read(section: &Mapping, line: &dyn Fn(&str) -> u64) -> Option<Result<Aggregation, Fault>> {
    let text = section.get("condition").and_then(Value::as_str);
    let piped = text.and_then(|text| text.split_once('|'));
    let span = section.get("timeframe");
    let fault = |key: &str, refusal| Fault { line: line(key), refusal };
    match (piped, span) {
        (None, None) => None,
        (None, Some(_)) => Some(Err(Fault::new(
            line("timeframe"),
            "`timeframe` without an aggregation means several events, and the condition does not say how they belong together",
            "write a rule for each event and a correlation of type temporal over them, or remove the line",
        ))),
        (Some(_), None) => Some(Err(Fault::new(
            line("condition"),
            "the condition aggregates without a time frame",
            "add for instance `timeframe: 10m` to `detection`",
        ))),
        (Some((condition, aggregate)), Some(span)) => Some(
            timespan_of(span)
                .ok_or_else(|| {
                    let reason = "`timeframe` is not a time span";
                    Fault::new(line("timeframe"), reason, "write for instance 90s, 15m, 2h or 7d; 90d at most")
                })
                .and_then(|span| {
                    aggregation(condition.trim(), aggregate.trim(), span).map_err(|refusal| fault("condition", refusal))
                }),
        ),
    }
}

fn aggregation(condition: &str, text: &str, timespan_micros: i64) -> Result<Aggregation, Refusal> {
    if let Some(others) = text.strip_prefix("near ") {
        let others = others.split(" and ").map(str::trim).map(str::to_owned);
        let conditions: Vec<String> = std::iter::once(condition.to_owned()).chain(others).collect();
        if conditions.iter().any(|condition| condition.is_empty() || condition.starts_with("not ")) {
            return refuse("`near` joins searches that come, and nothing else", "write a correlation of type temporal");
        }
        return Ok(Aggregation { conditions, kind: Kind::Temporal, group_by: Vec::new(), timespan_micros });
    }
    let known = "known are: count() by field > 5, count(field), sum(field), avg(field), and near";
    let Some((function, rest)) = text.split_once('(') else {
        return refuse(format!("`{text}` is not an aggregation"), known);
    };
    let Some((field, rest)) = rest.split_once(')') else {
        return refuse("the aggregation opens a parenthesis that it never closes", "add the `)`");
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (by, comparison) = match words.as_slice() {
        ["by", by @ .., sign, number] if !by.is_empty() => (by, Some((*sign, *number))),
        [sign, number] => (&[] as &[&str], Some((*sign, *number))),
        _ => (&[] as &[&str], None),
    };
    let Some((sign, number)) = comparison else {
        return refuse(format!("`{text}` compares with nothing"), "write for instance `count() by user > 5`");
    };
    let field = field.trim();
    let kind = match function.trim() {
        "count" if field.is_empty() => Kind::EventCount(bounds(sign, number)?),
        "count" => Kind::ValueCount(bounds(sign, number)?, vec![counted(field)?]),
        "sum" => Kind::ValueSum(range(sign, number)?, counted(field)?),
        "avg" => Kind::ValueAverage(range(sign, number)?, counted(field)?),
        other => return refuse(format!("the aggregation `{other}` has no correlation that does the same"), known),
    };
    let names = by.iter().flat_map(|word| word.split(',')).filter(|name| !name.is_empty());
    let group_by = names
        .map(|name| Ok(GroupField { field: counted(name)?, aliases: Vec::new() }))
        .collect::<Result<Vec<GroupField>, Refusal>>()?;
    Ok(Aggregation { conditions: vec![condition.to_owned()], kind, group_by, timespan_micros })
}

fn counted(name: &str) -> Result<Field, Refusal> {
    match modifier::field(name)? {
        Field::Anywhere => refuse("the aggregation names no field", "write the field's name in the parentheses"),
        field => Ok(field),
    }
}

fn bounds(sign: &str, number: &str) -> Result<Bounds, Refusal> {
    let hint = "compare with a whole number from 1 to 1000000";
    let Some(count) = number.parse::<u64>().ok().filter(|count| *count <= 1_000_000) else {
        return refuse(format!("`{number}` is not a count"), hint);
    };
    let bounds = match sign {
        ">" => Bounds { least: count + 1, most: None },
        ">=" => Bounds { least: count, most: None },
        "<" => Bounds { least: 0, most: count.checked_sub(1) },
        "<=" => Bounds { least: 0, most: Some(count) },
        "=" | "==" => Bounds { least: count, most: Some(count) },
        _ => return refuse(format!("`{sign}` does not compare"), "use >, >=, <, <= or =="),
    };
    let possible = bounds.most.map_or(bounds.least > 0 && sign != "<", |most| most > 0);
    if possible { Ok(bounds) } else { refuse("the condition on the count holds always or never", hint) }
}

fn range(sign: &str, number: &str) -> Result<Range, Refusal> {
    let Some(bound) = crate::text::number(number).map(Fixed::new) else {
        return refuse(format!("`{number}` is not a number"), "compare with a number");
    };
    let (least, most) = match sign {
        ">" => (Some((bound, false)), None),
        ">=" => (Some((bound, true)), None),
        "<" => (None, Some((bound, false))),
        "<=" => (None, Some((bound, true))),
        "=" | "==" => (Some((bound, true)), Some((bound, true))),
        _ => return refuse(format!("`{sign}` does not compare"), "use >, >=, <, <= or =="),
    };
    Ok(Range { least, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(condition: &str, timeframe: &str) -> Option<Result<Aggregation, Fault>> {
        let text = format!("condition: '{condition}'\n{timeframe}");
        let section: Mapping = yaml_serde::from_str(&text).expect("yaml");
        read(&section, &|_| 1)
    }

    #[test]
    fn aggregations_become_correlations() {
        let read = |condition: &str| {
            read_text(condition, "timeframe: 10m")
                .expect("an aggregation")
                .unwrap_or_else(|f| panic!("{}", f.refusal.reason))
        };
        let counted = read("selection | count() by user, host > 5");
        assert_eq!(counted.conditions, ["selection"]);
        assert_eq!(counted.kind, Kind::EventCount(Bounds { least: 6, most: None }));
        assert_eq!((counted.group_by.len(), counted.timespan_micros), (2, 600_000_000));
        assert!(matches!(
            read("a and not b | count(user) by ip >= 3").kind,
            Kind::ValueCount(Bounds { least: 3, most: None }, _)
        ));
        assert!(matches!(read("a | sum(bytes) > 1000.5").kind, Kind::ValueSum(..)));
        assert_eq!(read("a | near b and c").conditions, ["a", "b", "c"]);
        assert!(read_text("a and b", "").is_none());
    }

    #[test]
    fn what_has_no_correlation_is_refused() {
        for (condition, timeframe, says) in [
            ("a | count() > 5", "", "without a time frame"),
            ("a", "timeframe: 5m", "without an aggregation"),
            ("a | count() > 5", "timeframe: soon", "not a time span"),
            ("a | max(bytes) > 5", "timeframe: 5m", "`max`"),
            ("a | count() by > 5", "timeframe: 5m", "compares with nothing"),
            ("a | count() < 1", "timeframe: 5m", "always or never"),
            ("a | count( > 5", "timeframe: 5m", "never closes"),
            ("a | count", "timeframe: 5m", "not an aggregation"),
            ("a | near not b", "timeframe: 5m", "near"),
        ] {
            let fault = read_text(condition, timeframe).expect("an aggregation").expect_err(condition);
            assert!(fault.refusal.reason.contains(says), "{condition}: {}", fault.refusal.reason);
        }
    }
}
