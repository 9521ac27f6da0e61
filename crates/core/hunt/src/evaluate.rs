//! The value of an expression over one row. Three-valued: what rests on something absent is absent.

use crate::expression::{Arithmetic, Comparison, Expression, Set};
use crate::value::{Key, Value};
use firebreak_model::Time;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The value of `expression` over `row`; `sets` are the answers of inner questions.
pub(crate) fn value<'r>(expression: &'r Expression, row: &'r [Value<'r>], sets: &[Set]) -> Value<'r> {
    let of = |inner: &'r Expression| value(inner, row, sets);
    match expression {
        Expression::Place(at) => row.get(*at).map_or(Value::Absent, Value::lent),
        Expression::Constant(constant) => constant.lent(),
        Expression::Not(inner) => match of(inner) {
            Value::Boolean(is) => Value::Boolean(!is),
            _ => Value::Absent,
        },
        Expression::Negated(inner) => match of(inner) {
            Value::Whole(number) => number.checked_neg().map_or_else(|| Value::Real(-(number as f64)), Value::Whole),
            Value::Real(number) => Value::Real(-number),
            Value::Span(span) => Value::Span(span.saturating_neg()),
            _ => Value::Absent,
        },
        Expression::IsAbsent(inner) => Value::Boolean(of(inner) == Value::Absent),
        Expression::Is(inner, wanted) => Value::Boolean(of(inner) == Value::Boolean(*wanted)),
        Expression::Differ(one, other) => Value::Boolean(Key::of(of(one)) != Key::of(of(other))),
        Expression::And(one, other) => match of(one) {
            Value::Boolean(false) => Value::Boolean(false),
            first => match (first, of(other)) {
                (_, Value::Boolean(false)) => Value::Boolean(false),
                (Value::Boolean(true), Value::Boolean(true)) => Value::Boolean(true),
                _ => Value::Absent,
            },
        },
        Expression::Or(one, other) => match of(one) {
            Value::Boolean(true) => Value::Boolean(true),
            first => match (first, of(other)) {
                (_, Value::Boolean(true)) => Value::Boolean(true),
                (Value::Boolean(false), Value::Boolean(false)) => Value::Boolean(false),
                _ => Value::Absent,
            },
        },
        Expression::Compare(how, one, other) => {
            of(one).compared(&of(other)).map_or(Value::Absent, |order| Value::Boolean(met(*how, order)))
        }
        Expression::Arithmetic(how, one, other) => arithmetic(*how, &of(one), &of(other)),
        Expression::Joined(one, other) => match (of(one), of(other)) {
            (Value::Text(one), Value::Text(other)) => Value::Text(Cow::Owned(one.into_owned() + &other)),
            _ => Value::Absent,
        },
        Expression::Among(inner, list) => among(&of(inner), list.iter().map(of)),
        Expression::AmongAnswer(inner, set) => in_answer(of(inner), sets.get(*set)),
        Expression::Matches(inner, pattern) => match of(inner) {
            Value::Text(text) => Value::Boolean(pattern.is_match(&text)),
            _ => Value::Absent,
        },
        Expression::Case(whens, otherwise) => {
            let met = whens.iter().find(|(when, _)| of(when).holds());
            met.map(|(_, then)| then).or(otherwise.as_deref()).map_or(Value::Absent, of)
        }
        Expression::Call(call, arguments) => call(&arguments.iter().map(of).collect::<Vec<_>>()),
        Expression::Written(inner) => written(of(inner)),
        Expression::Counted(inner) => counted(of(inner)),
    }
}

fn met(how: Comparison, order: Ordering) -> bool {
    match how {
        Comparison::Equal => order.is_eq(),
        Comparison::Unequal => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

/// Whether `value` equals one of `list`; absent where it equals none and one of them is absent.
fn among<'r>(value: &Value<'_>, list: impl Iterator<Item = Value<'r>>) -> Value<'r> {
    let mut doubtful = false;
    for one in list {
        match value.compared(&one) {
            Some(Ordering::Equal) => return Value::Boolean(true),
            Some(_) => {}
            None => doubtful = true,
        }
    }
    if doubtful { Value::Absent } else { Value::Boolean(false) }
}

fn in_answer<'r>(value: Value<'r>, set: Option<&Set>) -> Value<'r> {
    let Some(set) = set else { return Value::Absent };
    match value {
        _ if set.values.is_empty() && !set.absent => Value::Boolean(false),
        Value::Absent => Value::Absent,
        value if set.values.contains(&Key::of(value.lent())) => Value::Boolean(true),
        _ if set.absent => Value::Absent,
        _ => Value::Boolean(false),
    }
}

fn arithmetic(how: Arithmetic, one: &Value<'_>, other: &Value<'_>) -> Value<'static> {
    use Arithmetic::{Minus, Over, Plus, Rest, Times};
    match (one, how, other) {
        (Value::Whole(one), how, Value::Whole(other)) => {
            let whole = match how {
                Plus => one.checked_add(*other),
                Minus => one.checked_sub(*other),
                Times => one.checked_mul(*other),
                Over | Rest if *other == 0 => return Value::Absent,
                Over => one.checked_div(*other),
                Rest => one.checked_rem(*other),
            };
            whole.map_or_else(|| reals(how, *one as f64, *other as f64), Value::Whole)
        }
        (Value::Time(time), Plus, Value::Span(span)) | (Value::Span(span), Plus, Value::Time(time)) => {
            Value::Time(Time(time.0.saturating_add(*span)))
        }
        (Value::Time(time), Minus, Value::Span(span)) => Value::Time(Time(time.0.saturating_sub(*span))),
        (Value::Time(one), Minus, Value::Time(other)) => Value::Span(one.0.saturating_sub(other.0)),
        (Value::Span(one), Plus, Value::Span(other)) => Value::Span(one.saturating_add(*other)),
        (Value::Span(one), Minus, Value::Span(other)) => Value::Span(one.saturating_sub(*other)),
        _ => match (one.number(), other.number()) {
            (Some(one), Some(other)) => reals(how, one, other),
            _ => Value::Absent,
        },
    }
}

fn reals(how: Arithmetic, one: f64, other: f64) -> Value<'static> {
    let real = match how {
        Arithmetic::Plus => one + other,
        Arithmetic::Minus => one - other,
        Arithmetic::Times => one * other,
        Arithmetic::Over => one / other,
        Arithmetic::Rest => one % other,
    };
    if real.is_finite() { Value::Real(real) } else { Value::Absent }
}

fn written(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Absent => Value::Absent,
        Value::Text(text) => Value::Text(text),
        Value::Boolean(is) => Value::text(if is { "true" } else { "false" }),
        Value::Whole(number) => Value::Text(number.to_string().into()),
        Value::Real(number) => Value::Text(number.to_string().into()),
        Value::Time(time) => Value::Text(time.to_string().into()),
        Value::Span(span) => Value::Text((span as f64 / 1e6).to_string().into()),
    }
}

/// Text that is no number is absent, never zero.
fn counted(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Text(text) => {
            let text = text.trim();
            let real = || text.parse::<f64>().ok().filter(|real| real.is_finite()).map(Value::Real);
            text.parse().map(Value::Whole).ok().or_else(real).unwrap_or(Value::Absent)
        }
        Value::Boolean(is) => Value::Whole(i64::from(is)),
        Value::Time(time) => Value::Real(time.0 as f64 / 1e6),
        Value::Span(span) => Value::Real(span as f64 / 1e6),
        number => number,
    }
}
