//! The window of time that a condition leaves: what lies outside can meet it never, and need not be read.

use crate::expression::{Comparison, Expression};
use crate::value::Value;
use firebreak_model::Time;

/// The window, half open, that `condition` leaves where the time stands at `place`.
pub(super) fn of(condition: Option<&Expression>, place: Option<usize>) -> (Time, Time) {
    let mut window = (Time::MIN, Time::MAX);
    if let (Some(condition), Some(place)) = (condition, place) {
        narrow(condition, place, &mut window);
    }
    window
}

fn narrow(condition: &Expression, place: usize, window: &mut (Time, Time)) {
    match condition {
        Expression::And(one, other) => {
            narrow(one, place, window);
            narrow(other, place, window);
        }
        Expression::Compare(how, one, other) => match (one.as_ref(), other.as_ref()) {
            (Expression::Place(at), Expression::Constant(Value::Time(time))) if *at == place => {
                bound(*how, *time, window);
            }
            (Expression::Constant(Value::Time(time)), Expression::Place(at)) if *at == place => {
                bound(turned(*how), *time, window);
            }
            _ => {}
        },
        _ => {}
    }
}

const fn turned(how: Comparison) -> Comparison {
    match how {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        other => other,
    }
}

fn bound(how: Comparison, time: Time, (from, to): &mut (Time, Time)) {
    let after = Time(time.0.saturating_add(1));
    match how {
        Comparison::Equal => (*from, *to) = ((*from).max(time), (*to).min(after)),
        Comparison::Greater => *from = (*from).max(after),
        Comparison::GreaterOrEqual => *from = (*from).max(time),
        Comparison::Less => *to = (*to).min(time),
        Comparison::LessOrEqual => *to = (*to).min(after),
        Comparison::Unequal => {}
    }
}
