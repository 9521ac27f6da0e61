//! What a question became: expressions over one row, of which every part has a kind that was checked.

use crate::functions::Call;
use crate::value::{Key, Kind, Value};
use regex::Regex;
use rustc_hash::FxHashSet;

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is done with two numbers, or with moments and spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arithmetic {
    Plus,
    Minus,
    Times,
    Over,
    Rest,
}

/// One expression.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    /// The value at this place of the row.
    Place(usize),
    Constant(Value<'static>),
    Not(Box<Expression>),
    Negated(Box<Expression>),
    IsAbsent(Box<Expression>),
    /// Whether it is exactly this: never absent.
    Is(Box<Expression>, bool),
    /// Whether the two differ, where absent is a value like others.
    Differ(Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    Joined(Box<Expression>, Box<Expression>),
    Among(Box<Expression>, Vec<Expression>),
    /// Whether it is in the answer of the inner question of this number.
    AmongAnswer(Box<Expression>, usize),
    Matches(Box<Expression>, Regex),
    Case(Vec<(Expression, Expression)>, Option<Box<Expression>>),
    Call(Call, Vec<Expression>),
    /// As text.
    Written(Box<Expression>),
    /// As a number, where the text is one.
    Counted(Box<Expression>),
}

/// An expression and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) expression: Expression,
    pub(crate) kind: Kind,
}

/// The answer of an inner question.
#[derive(Debug, Default)]
pub(crate) struct Set {
    pub(crate) values: FxHashSet<Key>,
    /// Whether absent was in it: then nothing is known not to be among it.
    pub(crate) absent: bool,
}
