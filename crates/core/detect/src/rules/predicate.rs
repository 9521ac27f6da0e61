//! What a rule asks of an event, compiled from YAML: predicates on fields and the tree that joins them.
//!
//! A field *is null* where the record has no value for it but nulls: missing, `null`, `[]` and `[null]` are the same.
//! Every other test asks whether any value of the field passes.

use super::pattern::Piece;
use crate::field::Field;
use crate::stamp::DatePart;
use ipnet::IpNet;

/// One test on one field.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Predicate {
    /// Where.
    pub field: Field,
    /// What.
    pub test: Test,
}

/// What a value must be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Test {
    /// Anything but null; an object too.
    Present,
    /// Text that relates so to this text. Where case does not matter the text is already folded.
    Text {
        /// How.
        relation: Relation,
        /// To what.
        text: String,
        /// Whether case matters.
        cased: bool,
    },
    /// Text of this shape. Where case does not matter the literals are already folded.
    Shape {
        /// The shape.
        pieces: Vec<Piece>,
        /// Whether case matters.
        cased: bool,
    },
    /// Text in which this regular expression matches, flags included.
    Expression(String),
    /// A number, or text that spells one, that compares so.
    Number(Comparison, Real),
    /// A date of which a part compares so, or is this number where no comparison is given.
    Date {
        /// Which part.
        part: DatePart,
        /// How.
        comparison: Option<Comparison>,
        /// To what.
        number: Real,
    },
    /// An address in this network.
    Network(IpNet),
    /// Text that relates so to a value of this other field.
    SameAs {
        /// How.
        relation: Relation,
        /// The other field.
        other: Field,
        /// Whether case matters.
        cased: bool,
    },
}

impl Test {
    /// Whether the date that `text` spells passes; false for tests of anything else.
    pub(crate) fn holds_of_date(&self, text: &str) -> bool {
        let Test::Date { part, comparison, number } = self else { return false };
        part.of(text).is_some_and(|found| match comparison {
            Some(comparison) => comparison.holds(found, number.get()),
            None => found == number.get(),
        })
    }
}

/// How two texts relate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Relation {
    /// The value is the text.
    Equals,
    /// The value has the text somewhere.
    Contains,
    /// The value begins with the text.
    StartsWith,
    /// The value ends with the text.
    EndsWith,
}

impl Relation {
    /// Whether `value` relates so to `text`.
    pub(crate) fn holds(self, value: &str, text: &str) -> bool {
        match self {
            Relation::Equals => value == text,
            Relation::Contains => value.contains(text),
            Relation::StartsWith => value.starts_with(text),
            Relation::EndsWith => value.ends_with(text),
        }
    }
}

/// How two numbers compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Comparison {
    /// Less.
    Less,
    /// Less or equal.
    AtMost,
    /// Greater.
    Greater,
    /// Greater or equal.
    AtLeast,
}

impl Comparison {
    /// Whether `value` compares so to `bound`.
    pub(crate) fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Comparison::Less => value < bound,
            Comparison::AtMost => value <= bound,
            Comparison::Greater => value > bound,
            Comparison::AtLeast => value >= bound,
        }
    }
}

/// A finite number that can be a key: equal where its bits are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Real(u64);

impl Real {
    /// This number.
    pub fn new(number: f64) -> Real {
        Real(number.to_bits())
    }

    /// The number.
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// Predicates joined.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    /// This predicate holds.
    Holds(Predicate),
    /// All of these; none is true.
    All(Vec<Condition>),
    /// At least so many of these.
    AtLeast(usize, Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
}

impl Condition {
    /// Any of `parts`.
    pub(crate) fn any(mut parts: Vec<Condition>) -> Condition {
        if parts.len() == 1 { parts.remove(0) } else { Condition::AtLeast(1, parts) }
    }

    /// All of `parts`.
    pub(crate) fn all(mut parts: Vec<Condition>) -> Condition {
        if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) }
    }
}
