//! Expressions: every name becomes a place, every part gets a kind, and what does not fit is refused where it stands.

use super::select::Reading;
use super::{DEPTH_MAX, plain, unsupported};
use crate::Refusal;
use crate::aggregate::Aggregate;
use crate::evaluate::value;
use crate::expression::{Arithmetic, Comparison, Expression, Typed};
use crate::functions::unit;
use crate::run::Question;
use crate::schema::COLUMNS;
use crate::value::{Kind, Value};
use firebreak_model::Time;
use regex::{Regex, RegexBuilder};
use sqlparser::ast::{BinaryOperator, CastKind, DataType, Expr, Interval, UnaryOperator, Value as Literal};

/// The names that an expression may use, and what came of reading.
#[derive(Default)]
pub(super) struct Names {
    /// The table's name.
    pub(super) table: String,
    /// Whether the rows are events.
    pub(super) of_events: bool,
    pub(super) columns: Vec<(String, Kind)>,
    /// Columns that are used: where one stands here, it stands in a row.
    pub(super) needed: Vec<usize>,
    /// What is shown under which name.
    pub(super) aliases: Vec<(String, Expr)>,
    pub(super) groups: Option<Groups>,
    /// Whether an aggregate is being read.
    pub(super) inside: bool,
    pub(super) inner: Vec<Question>,
}

impl Names {
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|(known, _)| known == name)
    }
}

/// Groups: by what, and what is made of each. Both by their text.
pub(super) struct Groups {
    pub(super) by: Vec<(String, Typed)>,
    pub(super) aggregates: Vec<(String, Aggregate, Kind)>,
}

pub(super) fn typed(expression: Expression, kind: Kind) -> Typed {
    Typed { expression, kind }
}

fn condition(expression: Expression) -> Typed {
    typed(expression, Kind::Boolean)
}

fn negated(is: bool, expression: Expression) -> Typed {
    condition(if is { Expression::Not(Box::new(expression)) } else { expression })
}

/// What rests on constants alone is one.
pub(super) fn folded(of: Typed) -> Typed {
    let constant = |part: &Expression| matches!(part, Expression::Constant(_));
    let whole = match &of.expression {
        Expression::Arithmetic(_, one, other) | Expression::Joined(one, other) => constant(one) && constant(other),
        Expression::Negated(one) | Expression::Counted(one) | Expression::Written(one) => constant(one),
        Expression::Call(_, arguments) => arguments.iter().all(constant),
        _ => false,
    };
    if !whole {
        return of;
    }
    let known = value(&of.expression, &[], &[]).owned();
    typed(Expression::Constant(known), of.kind)
}

/// `of` as what is wanted of it; text that is written down becomes a time where a time is wanted.
pub(super) fn fit(of: Typed, wanted: Kind, whole: &Expr) -> Result<Typed, Refusal> {
    if of.kind == wanted || of.kind == Kind::Nothing || wanted == Kind::Nothing {
        return Ok(of);
    }
    if let (Expression::Constant(Value::Text(text)), Kind::Time) = (&of.expression, wanted) {
        return Ok(typed(Expression::Constant(Value::Time(time(text)?)), Kind::Time));
    }
    let reason = format!("`{}` is a {}, and a {} is wanted", short(whole), of.kind.word(), wanted.word());
    Err(Refusal::new(reason, "CAST(… AS text) and CAST(… AS double) change what it is"))
}

fn short(expr: &Expr) -> String {
    expr.to_string().chars().take(80).collect()
}

fn time(text: &str) -> Result<Time, Refusal> {
    let whole = match text.trim() {
        date if date.len() == 10 => format!("{date}T00:00:00Z"),
        text if text.ends_with('Z') || text.contains('+') => text.replacen(' ', "T", 1),
        text => format!("{}Z", text.replacen(' ', "T", 1)),
    };
    let hint = "write it in UTC: '2026-03-24' or '2026-03-24T10:00:00Z'";
    Time::parse(&whole).ok_or_else(|| Refusal::new(format!("`{text}` is no time"), hint))
}

impl Reading<'_> {
    #[allow(clippy::too_many_lines, reason = "one arm for each form of expression")]
    pub(super) fn expression(&mut self, expr: &Expr, depth: usize) -> Result<Typed, Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::new("the question nests too deep", "use IN (…) in place of a chain of OR"));
        }
        if let Some(groups) = self.names.groups.as_ref().filter(|_| !self.names.inside) {
            let text = expr.to_string();
            if let Some((at, (_, key))) = groups.by.iter().enumerate().find(|(_, (known, _))| *known == text) {
                return Ok(typed(Expression::Place(at), key.kind));
            }
        }
        let down = depth + 1;
        match expr {
            Expr::Nested(inner) => self.expression(inner, down),
            Expr::Identifier(name) => self.name(&plain(name), down),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] if plain(table) == self.names.table => self.name(&plain(name), down),
                _ => Err(Refusal::new(format!("there is no `{expr}`"), "name the column alone")),
            },
            Expr::Value(literal) => constant(&literal.value),
            Expr::TypedString(text) => match (&text.data_type, &text.value.value) {
                (DataType::Timestamp(..) | DataType::Date, Literal::SingleQuotedString(text)) => {
                    Ok(typed(Expression::Constant(Value::Time(time(text)?)), Kind::Time))
                }
                _ => Err(unsupported(format!("`{expr}`"))),
            },
            Expr::Interval(interval) => span(interval),
            Expr::UnaryOp { op, expr: inner } => self.unary(*op, inner, down),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, down),
            Expr::IsNull(inner) => Ok(condition(Expression::IsAbsent(self.boxed(inner, down)?))),
            Expr::IsNotNull(inner) => Ok(negated(true, Expression::IsAbsent(self.boxed(inner, down)?))),
            Expr::IsTrue(inner) => Ok(condition(Expression::Is(self.boxed(inner, down)?, true))),
            Expr::IsFalse(inner) => Ok(condition(Expression::Is(self.boxed(inner, down)?, false))),
            Expr::IsNotTrue(inner) => Ok(negated(true, Expression::Is(self.boxed(inner, down)?, true))),
            Expr::IsNotFalse(inner) => Ok(negated(true, Expression::Is(self.boxed(inner, down)?, false))),
            // The grammar takes all that follows as its right side.
            Expr::IsDistinctFrom(_, other) | Expr::IsNotDistinctFrom(_, other)
                if matches!(other.as_ref(), Expr::BinaryOp { .. }) =>
            {
                let reason = format!("`{}` stands without brackets", short(expr));
                Err(Refusal::new(reason, "write (a IS DISTINCT FROM b) in brackets"))
            }
            Expr::IsDistinctFrom(one, other) => {
                let (one, other) = self.alike(one, other, down)?;
                Ok(condition(Expression::Differ(Box::new(one.expression), Box::new(other.expression))))
            }
            Expr::IsNotDistinctFrom(one, other) => {
                let (one, other) = self.alike(one, other, down)?;
                Ok(negated(true, Expression::Differ(Box::new(one.expression), Box::new(other.expression))))
            }
            Expr::InList { expr: of, list, negated: is } => {
                let typed = self.expression(of, down)?;
                let fitting = list.iter().map(|one| {
                    let read = self.expression(one, down)?;
                    Ok(fit(read, typed.kind, one)?.expression)
                });
                let list = fitting.collect::<Result<_, Refusal>>()?;
                Ok(negated(*is, Expression::Among(Box::new(typed.expression), list)))
            }
            Expr::InSubquery { expr: of, subquery, negated: is } => {
                let typed = self.expression(of, down)?;
                let question = self.reader.query(subquery)?;
                let kinds: Vec<Kind> = question.columns().map(|column| column.holds).collect();
                if kinds.len() != 1 {
                    return Err(Refusal::new("IN (SELECT …) needs one column", "show one column in it"));
                }
                if kinds.first().is_some_and(|kind| *kind != typed.kind && *kind != Kind::Nothing) {
                    let reason = format!("`{}` is never in that answer: they are of different kinds", short(of));
                    return Err(Refusal::new(reason, "show the same column in it"));
                }
                self.names.inner.push(question);
                let at = self.names.inner.len() - 1;
                Ok(negated(*is, Expression::AmongAnswer(Box::new(typed.expression), at)))
            }
            Expr::Between { expr: of, negated: is, low, high } => {
                let (lower, low) = self.alike(of, low, down)?;
                let (upper, high) = self.alike(of, high, down)?;
                let compare = |how, one: Typed, other: Typed| {
                    Box::new(Expression::Compare(how, Box::new(one.expression), Box::new(other.expression)))
                };
                let from = compare(Comparison::GreaterOrEqual, lower, low);
                Ok(negated(*is, Expression::And(from, compare(Comparison::LessOrEqual, upper, high))))
            }
            Expr::Like { negated: is, any: false, expr: of, pattern, escape_char: None } => {
                self.like(of, pattern, *is, false, down)
            }
            Expr::ILike { negated: is, any: false, expr: of, pattern, escape_char: None } => {
                self.like(of, pattern, *is, true, down)
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), down)
            }
            Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr: of, data_type, format: None, .. } => {
                self.cast(of, data_type, down)
            }
            Expr::Substring { expr: of, substring_from: Some(from), substring_for, .. } => {
                let parts: Vec<&Expr> =
                    [Some(of), Some(from), substring_for.as_ref()].into_iter().flatten().map(|part| &**part).collect();
                self.call("substr", &parts, expr, down)
            }
            Expr::Function(call) => self.function(call, expr, down),
            other => Err(unsupported(format!("`{}`", short(other)))),
        }
    }

    pub(super) fn boxed(&mut self, expr: &Expr, depth: usize) -> Result<Box<Expression>, Refusal> {
        Ok(Box::new(self.expression(expr, depth)?.expression))
    }

    /// What a name stands for: a column of the rows, or something shown under that name.
    fn name(&mut self, name: &str, depth: usize) -> Result<Typed, Refusal> {
        let found = self.names.columns.iter().position(|(known, _)| known == name);
        let alias =
            self.names.aliases.iter().find(|(known, expr)| {
                known == name && !matches!(expr, Expr::Identifier(itself) if plain(itself) == name)
            });
        match (found, alias.map(|(_, expr)| expr.clone())) {
            (Some(_), None) if self.names.groups.is_some() && !self.names.inside => {
                let reason = format!("`{name}` is neither grouped by nor aggregated");
                Err(Refusal::new(reason, format!("add it to GROUP BY, or write max({name})")))
            }
            (Some(at), _) if self.names.groups.is_none() || self.names.inside => {
                let kind = self.names.columns.get(at).map_or(Kind::Nothing, |(_, kind)| *kind);
                let place = self.names.needed.iter().position(|known| *known == at).unwrap_or_else(|| {
                    self.names.needed.push(at);
                    self.names.needed.len() - 1
                });
                Ok(typed(Expression::Place(place), kind))
            }
            (_, Some(expr)) => self.expression(&expr, depth),
            _ => {
                let known: Vec<&str> = self.names.columns.iter().map(|(name, _)| name.as_str()).collect();
                let hint = if self.names.of_events {
                    format!("there are {}", COLUMNS.map(|column| column.name).join(", "))
                } else {
                    format!("there are {}", known.join(", "))
                };
                Err(Refusal::new(format!("there is no column `{name}`"), hint))
            }
        }
    }

    /// Two expressions of one kind.
    pub(super) fn alike(&mut self, one: &Expr, other: &Expr, depth: usize) -> Result<(Typed, Typed), Refusal> {
        let (first, second) = (self.expression(one, depth)?, self.expression(other, depth)?);
        let text = |of: &Typed| matches!(of.expression, Expression::Constant(Value::Text(_)));
        if text(&first) && second.kind == Kind::Time {
            return Ok((fit(first, Kind::Time, one)?, second));
        }
        let wanted = first.kind;
        Ok((first, fit(second, wanted, other)?))
    }

    fn unary(&mut self, op: UnaryOperator, inner: &Expr, depth: usize) -> Result<Typed, Refusal> {
        let of = self.expression(inner, depth)?;
        match op {
            UnaryOperator::Not => Ok(negated(true, fit(of, Kind::Boolean, inner)?.expression)),
            UnaryOperator::Plus => fit(of, Kind::Number, inner),
            UnaryOperator::Minus if of.kind == Kind::Span => {
                Ok(folded(typed(Expression::Negated(Box::new(of.expression)), Kind::Span)))
            }
            UnaryOperator::Minus => {
                let number = fit(of, Kind::Number, inner)?;
                Ok(folded(typed(Expression::Negated(Box::new(number.expression)), Kind::Number)))
            }
            other => Err(unsupported(format!("`{other}`"))),
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, depth: usize) -> Result<Typed, Refusal> {
        use BinaryOperator as Op;
        let compared = match op {
            Op::Eq => Some(Comparison::Equal),
            Op::NotEq => Some(Comparison::Unequal),
            Op::Lt => Some(Comparison::Less),
            Op::LtEq => Some(Comparison::LessOrEqual),
            Op::Gt => Some(Comparison::Greater),
            Op::GtEq => Some(Comparison::GreaterOrEqual),
            _ => None,
        };
        if let Some(how) = compared {
            let (one, other) = self.alike(left, right, depth)?;
            return Ok(condition(Expression::Compare(how, Box::new(one.expression), Box::new(other.expression))));
        }
        let arithmetic = match op {
            Op::And | Op::Or => {
                let one = self.expression(left, depth)?;
                let one = Box::new(fit(one, Kind::Boolean, left)?.expression);
                let other = self.expression(right, depth)?;
                let other = Box::new(fit(other, Kind::Boolean, right)?.expression);
                let both = *op == Op::And;
                return Ok(condition(if both { Expression::And(one, other) } else { Expression::Or(one, other) }));
            }
            Op::StringConcat => {
                let one = self.expression(left, depth)?;
                let one = Box::new(fit(one, Kind::Text, left)?.expression);
                let other = self.expression(right, depth)?;
                let other = Box::new(fit(other, Kind::Text, right)?.expression);
                return Ok(folded(typed(Expression::Joined(one, other), Kind::Text)));
            }
            Op::PGRegexMatch => return self.pattern(left, right, false, false, depth),
            Op::PGRegexIMatch => return self.pattern(left, right, false, true, depth),
            Op::PGRegexNotMatch => return self.pattern(left, right, true, false, depth),
            Op::PGRegexNotIMatch => return self.pattern(left, right, true, true, depth),
            Op::Plus => Arithmetic::Plus,
            Op::Minus => Arithmetic::Minus,
            Op::Multiply => Arithmetic::Times,
            Op::Divide => Arithmetic::Over,
            Op::Modulo => Arithmetic::Rest,
            other => return Err(unsupported(format!("`{other}`"))),
        };
        let (one, other) = (self.expression(left, depth)?, self.expression(right, depth)?);
        let kind = match (one.kind, arithmetic, other.kind) {
            (Kind::Number | Kind::Nothing, _, Kind::Number | Kind::Nothing) => Kind::Number,
            (Kind::Time, Arithmetic::Plus | Arithmetic::Minus, Kind::Span) => Kind::Time,
            (Kind::Span, Arithmetic::Plus, Kind::Time) => Kind::Time,
            (Kind::Time, Arithmetic::Minus, Kind::Time) => Kind::Span,
            (Kind::Span, Arithmetic::Plus | Arithmetic::Minus, Kind::Span) => Kind::Span,
            (one, _, other) => {
                let reason = format!("`{op}` does not go between a {} and a {}", one.word(), other.word());
                return Err(Refusal::new(reason, "numbers go with numbers; times with INTERVAL '1 day'"));
            }
        };
        let (one, other) = (Box::new(one.expression), Box::new(other.expression));
        Ok(folded(typed(Expression::Arithmetic(arithmetic, one, other), kind)))
    }

    fn like(&mut self, of: &Expr, pattern: &Expr, is: bool, loose: bool, depth: usize) -> Result<Typed, Refusal> {
        let written = self.written(pattern, depth)?;
        let mut made = String::from("^");
        for letter in written.chars() {
            match letter {
                '%' => made.push_str(".*"),
                '_' => made.push('.'),
                other => made.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
            }
        }
        made.push('$');
        self.matching(of, compiled(&made, loose)?, is, depth)
    }

    pub(super) fn pattern(
        &mut self,
        of: &Expr,
        pattern: &Expr,
        is: bool,
        loose: bool,
        depth: usize,
    ) -> Result<Typed, Refusal> {
        let written = self.written(pattern, depth)?;
        self.matching(of, compiled(&written, loose)?, is, depth)
    }

    fn matching(&mut self, of: &Expr, pattern: Regex, is: bool, depth: usize) -> Result<Typed, Refusal> {
        let text = self.expression(of, depth)?;
        let text = fit(text, Kind::Text, of)?;
        Ok(negated(is, Expression::Matches(Box::new(text.expression), pattern)))
    }

    /// Text that is written down in the question.
    fn written(&mut self, expr: &Expr, depth: usize) -> Result<String, Refusal> {
        match self.expression(expr, depth)?.expression {
            Expression::Constant(Value::Text(text)) => Ok(text.into_owned()),
            _ => Err(Refusal::new(format!("the pattern `{}` is no text", short(expr)), "write it in single quotes")),
        }
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[sqlparser::ast::CaseWhen],
        otherwise: Option<&Expr>,
        depth: usize,
    ) -> Result<Typed, Refusal> {
        let (mut whens, mut kind) = (Vec::new(), Kind::Nothing);
        for one in conditions {
            let when = match operand {
                Some(operand) => {
                    let (of, when) = self.alike(operand, &one.condition, depth)?;
                    Expression::Compare(Comparison::Equal, Box::new(of.expression), Box::new(when.expression))
                }
                None => {
                    let when = self.expression(&one.condition, depth)?;
                    fit(when, Kind::Boolean, &one.condition)?.expression
                }
            };
            let then = self.expression(&one.result, depth)?;
            let then = fit(then, kind, &one.result)?;
            kind = if kind == Kind::Nothing { then.kind } else { kind };
            whens.push((when, then.expression));
        }
        let otherwise = match otherwise {
            Some(expr) => {
                let read = self.expression(expr, depth)?;
                let read = fit(read, kind, expr)?;
                kind = if kind == Kind::Nothing { read.kind } else { kind };
                Some(Box::new(read.expression))
            }
            None => None,
        };
        Ok(typed(Expression::Case(whens, otherwise), kind))
    }

    fn cast(&mut self, of: &Expr, to: &DataType, depth: usize) -> Result<Typed, Refusal> {
        use DataType as Type;
        let read = self.expression(of, depth)?;
        let inner = Box::new(read.expression.clone());
        match to {
            Type::Text | Type::Varchar(None) | Type::String(None) => {
                Ok(folded(typed(Expression::Written(inner), Kind::Text)))
            }
            Type::Double(_) | Type::DoublePrecision | Type::Real | Type::Float(_) | Type::Numeric(_) => {
                Ok(folded(typed(Expression::Counted(inner), Kind::Number)))
            }
            Type::Int(None) | Type::Integer(None) | Type::BigInt(None) => {
                let number = folded(typed(Expression::Counted(inner), Kind::Number));
                Ok(folded(typed(
                    Expression::Call(super::calls::without_fraction, vec![number.expression]),
                    Kind::Number,
                )))
            }
            Type::Timestamp(..) | Type::Date => fit(read, Kind::Time, of),
            other => Err(unsupported(format!("CAST … AS {other}"))),
        }
    }
}

fn compiled(pattern: &str, loose: bool) -> Result<Regex, Refusal> {
    const BYTES_MAX: usize = 1 << 20;
    let built =
        RegexBuilder::new(pattern).case_insensitive(loose).dot_matches_new_line(true).size_limit(BYTES_MAX).build();
    built.map_err(|_| {
        Refusal::new("the pattern is no regular expression, or too large", "see docs.rs/regex for its form")
    })
}

fn constant(literal: &Literal) -> Result<Typed, Refusal> {
    let (value, kind) = match literal {
        Literal::Number(text, _) => {
            let whole = text.parse().map(Value::Whole);
            let real = || text.parse().ok().filter(|real: &f64| real.is_finite()).map(Value::Real);
            let number = whole.ok().or_else(real);
            (number.ok_or_else(|| Refusal::new(format!("`{text}` is no number"), "write digits"))?, Kind::Number)
        }
        Literal::SingleQuotedString(text) | Literal::EscapedStringLiteral(text) => {
            (Value::Text(text.clone().into()), Kind::Text)
        }
        Literal::Boolean(is) => (Value::Boolean(*is), Kind::Boolean),
        Literal::Null => (Value::Absent, Kind::Nothing),
        other => return Err(unsupported(format!("`{other}`"))),
    };
    Ok(typed(Expression::Constant(value), kind))
}

/// `INTERVAL '2 hours'`, `INTERVAL '2' HOUR`.
fn span(interval: &Interval) -> Result<Typed, Refusal> {
    let wrong = || Refusal::new(format!("`{interval}` is no length of time"), "write INTERVAL '24 hours'");
    let Expr::Value(literal) = interval.value.as_ref() else { return Err(wrong()) };
    let Literal::SingleQuotedString(text) = &literal.value else { return Err(wrong()) };
    let field = interval.leading_field.as_ref().map(ToString::to_string);
    let mut words = text.split_whitespace().map(str::to_owned).chain(field);
    let mut whole: i64 = 0;
    while let Some(number) = words.next() {
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let unit = words.next().as_deref().and_then(unit).ok_or_else(wrong)?;
        whole = number.checked_mul(unit).and_then(|part| whole.checked_add(part)).ok_or_else(wrong)?;
    }
    Ok(typed(Expression::Constant(Value::Span(whole)), Kind::Span))
}
