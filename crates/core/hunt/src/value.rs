//! Values, their kinds, and how they compare. Absent is neither equal nor unequal to anything.

use firebreak_model::Time;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// What a column or an expression holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Only ever absent: `NULL` itself.
    Nothing,
    /// True or false.
    Boolean,
    /// A number.
    Number,
    /// Text.
    Text,
    /// A moment.
    Time,
    /// A length of time.
    Span,
}

impl Kind {
    /// As answers and errors call it.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Nothing => "nothing",
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::Text => "text",
            Kind::Time => "time",
            Kind::Span => "span",
        }
    }
}

/// One value. Text is borrowed from where the event is while it is looked at.
#[derive(Clone, PartialEq, Debug)]
pub enum Value<'a> {
    /// `NULL`.
    Absent,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Whole(i64),
    /// Another number.
    Real(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A moment.
    Time(Time),
    /// Microseconds between two moments.
    Span(i64),
}

impl<'a> Value<'a> {
    /// Text that is borrowed.
    pub const fn text(text: &'a str) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }

    /// The same value, its text borrowed from this one.
    pub fn lent(&self) -> Value<'_> {
        match self {
            Value::Text(text) => Value::Text(Cow::Borrowed(text)),
            Value::Absent => Value::Absent,
            Value::Boolean(is) => Value::Boolean(*is),
            Value::Whole(number) => Value::Whole(*number),
            Value::Real(number) => Value::Real(*number),
            Value::Time(time) => Value::Time(*time),
            Value::Span(span) => Value::Span(*span),
        }
    }

    /// The same value on its own.
    pub fn owned(self) -> Value<'static> {
        match self {
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Absent => Value::Absent,
            Value::Boolean(is) => Value::Boolean(is),
            Value::Whole(number) => Value::Whole(number),
            Value::Real(number) => Value::Real(number),
            Value::Time(time) => Value::Time(time),
            Value::Span(span) => Value::Span(span),
        }
    }

    /// Whether it is a condition that holds.
    pub(crate) fn holds(&self) -> bool {
        matches!(self, Value::Boolean(true))
    }

    /// As a number, where it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Value::Whole(number) => Some(*number as f64),
            Value::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// Bytes in memory, about.
    pub(crate) fn size(&self) -> usize {
        let text = if let Value::Text(text) = self { text.len() } else { 0 };
        size_of::<Value<'_>>() + text
    }

    /// Which is earlier, less or before in the order of bytes; nothing where one is absent or they are of different kinds.
    pub fn compared(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
            (Value::Whole(one), Value::Whole(other)) => Some(one.cmp(other)),
            (Value::Time(one), Value::Time(other)) => Some(one.cmp(other)),
            (Value::Span(one), Value::Span(other)) => Some(one.cmp(other)),
            (Value::Boolean(one), Value::Boolean(other)) => Some(one.cmp(other)),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    /// The order of rows: what is absent is behind everything.
    pub(crate) fn ordered(&self, other: &Value<'_>) -> Ordering {
        match (self, other) {
            (Value::Absent, Value::Absent) => Ordering::Equal,
            (Value::Absent, _) => Ordering::Greater,
            (_, Value::Absent) => Ordering::Less,
            _ => self.compared(other).unwrap_or(Ordering::Equal),
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Absent => serializer.serialize_none(),
            Value::Boolean(is) => serializer.serialize_bool(*is),
            Value::Whole(number) => serializer.serialize_i64(*number),
            Value::Real(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Time(time) => time.serialize(serializer),
            Value::Span(span) => serializer.serialize_f64(*span as f64 / 1e6),
        }
    }
}

/// A value by which rows are put together: here absent is equal to absent, and 1 to 1.0.
#[derive(Clone, Debug)]
pub(crate) struct Key(pub(crate) Value<'static>);

impl Key {
    pub(crate) fn of(value: Value<'_>) -> Key {
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        match value {
            Value::Real(number) if number.fract() == 0.0 && number.abs() <= WHOLE => Key(Value::Whole(number as i64)),
            other => Key(other.owned()),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        match (&self.0, &other.0) {
            (Value::Absent, Value::Absent) => true,
            (Value::Real(one), Value::Real(other)) => one.to_bits() == other.to_bits(),
            (one, other) => one == other,
        }
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Value::Absent => state.write_u8(0),
            Value::Boolean(is) => is.hash(state),
            Value::Whole(number) | Value::Span(number) => number.hash(state),
            Value::Real(number) => number.to_bits().hash(state),
            Value::Text(text) => text.hash(state),
            Value::Time(time) => time.0.hash(state),
        }
    }
}
