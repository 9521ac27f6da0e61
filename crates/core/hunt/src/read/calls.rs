//! Calls: functions over one row, and aggregates over a group.

use super::expressions::{fit, folded, typed};
use super::select::Reading;
use super::unsupported;
use crate::Refusal;
use crate::aggregate::{Aggregate, How};
use crate::expression::{Comparison, Expression, Typed};
use crate::functions::FUNCTIONS;
use crate::value::{Kind, Value};
use sqlparser::ast::{DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments};

/// What an aggregate of this name makes of its group.
fn aggregate_of(name: &str) -> Option<How> {
    Some(match name {
        "count" => How::Count,
        "sum" => How::Sum,
        "avg" => How::Mean,
        "min" => How::Least,
        "max" => How::Most,
        _ => return None,
    })
}

/// Whether `expr` holds an aggregate.
pub(super) fn aggregates(expr: &Expr) -> bool {
    let of = |inner: &Expr| aggregates(inner);
    match expr {
        Expr::Function(call) => {
            let name = call.name.to_string().to_lowercase();
            aggregate_of(&name).is_some() || arguments(call).is_ok_and(|all| all.into_iter().flatten().any(of))
        }
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } | Expr::Cast { expr: inner, .. } => of(inner),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) | Expr::IsTrue(inner) | Expr::IsFalse(inner) => of(inner),
        Expr::Like { expr: inner, .. } | Expr::ILike { expr: inner, .. } | Expr::InSubquery { expr: inner, .. } => {
            of(inner)
        }
        Expr::Substring { expr: inner, .. } => of(inner),
        Expr::BinaryOp { left, right, .. } => of(left) || of(right),
        Expr::Between { expr, low, high, .. } => of(expr) || of(low) || of(high),
        Expr::InList { expr, list, .. } => of(expr) || list.iter().any(of),
        Expr::Case { operand, conditions, else_result, .. } => {
            let whens = conditions.iter().any(|one| of(&one.condition) || of(&one.result));
            whens || operand.iter().chain(else_result).any(|inner| of(inner))
        }
        _ => false,
    }
}

/// The arguments of a call; nothing for `*`.
fn arguments(call: &Function) -> Result<Vec<Option<&Expr>>, Refusal> {
    let list = match &call.args {
        FunctionArguments::None => return Ok(Vec::new()),
        FunctionArguments::List(list) if list.clauses.is_empty() => list,
        _ => return Err(unsupported(format!("`{call}`"))),
    };
    let each = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(Some(expr)),
        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => Ok(None),
        other => Err(unsupported(format!("`{other}`"))),
    });
    each.collect()
}

/// A number without what stands behind its point.
pub(super) fn without_fraction<'a>(of: &[Value<'a>]) -> Value<'a> {
    match of {
        [Value::Real(number)] => Value::Whole(number.trunc() as i64),
        [Value::Whole(number)] => Value::Whole(*number),
        _ => Value::Absent,
    }
}

fn rounded<'a>(of: &[Value<'a>]) -> Value<'a> {
    match of {
        [Value::Real(number), Value::Whole(places)] => {
            let scale = 10_f64.powi((*places).clamp(0, 15) as i32);
            let rounded = (number * scale).round() / scale;
            if rounded.is_finite() { Value::Real(rounded) } else { Value::Absent }
        }
        [Value::Whole(number), _] => Value::Whole(*number),
        _ => Value::Absent,
    }
}

impl Reading<'_> {
    pub(super) fn function(&mut self, call: &Function, expr: &Expr, depth: usize) -> Result<Typed, Refusal> {
        let name = call.name.to_string().to_lowercase();
        let plain = call.over.is_none()
            && call.null_treatment.is_none()
            && call.within_group.is_empty()
            && !call.uses_odbc_syntax
            && call.parameters == FunctionArguments::None;
        if !plain {
            return Err(unsupported(format!("what follows `{name}`")));
        }
        let duplicates = match &call.args {
            FunctionArguments::List(list) => list.duplicate_treatment,
            _ => None,
        };
        let given = arguments(call)?;
        if let Some(how) = aggregate_of(&name) {
            let distinct = duplicates == Some(DuplicateTreatment::Distinct);
            return self.aggregate(how, &given, distinct, call.filter.as_deref(), expr, depth);
        }
        if duplicates.is_some() || call.filter.is_some() {
            return Err(unsupported(format!("DISTINCT or FILTER in `{name}`")));
        }
        let parts: Vec<&Expr> = given.into_iter().flatten().collect();
        self.call(&name, &parts, expr, depth)
    }

    /// A call of the function of this name.
    pub(super) fn call(&mut self, name: &str, parts: &[&Expr], expr: &Expr, depth: usize) -> Result<Typed, Refusal> {
        match (name, parts) {
            ("now" | "current_timestamp", []) => {
                return Ok(typed(Expression::Constant(Value::Time(self.reader.now)), Kind::Time));
            }
            ("coalesce", [_, ..]) => return self.coalesce(parts, depth),
            ("nullif", [one, other]) => {
                let (of, other) = self.alike(one, other, depth)?;
                let (kind, of) = (of.kind, Box::new(of.expression));
                let same = Expression::Compare(Comparison::Equal, of.clone(), Box::new(other.expression));
                let absent = Expression::Constant(Value::Absent);
                return Ok(typed(Expression::Case(vec![(same, absent)], Some(of)), kind));
            }
            ("round", [of]) => return self.rounded(of, None, depth),
            ("round", [of, places]) => return self.rounded(of, Some(places), depth),
            ("regexp_like", [of, pattern]) => return self.pattern(of, pattern, false, false, depth),
            _ => {}
        }
        let Some(function) = FUNCTIONS.iter().find(|one| one.name == name) else {
            let names: Vec<&str> = FUNCTIONS.iter().map(|one| one.name).collect();
            let hint = format!(
                "there are count, sum, avg, min, max, now, coalesce, nullif, round, regexp_like, {}",
                names.join(", ")
            );
            return Err(Refusal::new(format!("there is no function `{name}`"), hint));
        };
        if !(function.needed..=function.takes.len()).contains(&parts.len()) {
            return Err(Refusal::new(format!("`{expr}` does not fit"), format!("call it as {}", function.form)));
        }
        let mut read = Vec::new();
        for (part, kind) in parts.iter().zip(function.takes) {
            let of = self.expression(part, depth)?;
            read.push(fit(of, *kind, part)?.expression);
        }
        if function.name == "date_trunc" {
            let known = matches!(read.first(), Some(Expression::Constant(Value::Text(word)))
                if crate::functions::unit(word).is_some());
            if !known {
                let reason = "date_trunc needs the name of a part of time";
                return Err(Refusal::new(reason, "write 'minute', 'hour', 'day' or 'week'"));
            }
        }
        Ok(folded(typed(Expression::Call(function.call, read), function.gives)))
    }

    fn coalesce(&mut self, parts: &[&Expr], depth: usize) -> Result<Typed, Refusal> {
        let (mut whens, mut kind) = (Vec::new(), Kind::Nothing);
        for part in parts {
            let read = self.expression(part, depth)?;
            let read = fit(read, kind, part)?;
            kind = if kind == Kind::Nothing { read.kind } else { kind };
            let there = Expression::Not(Box::new(Expression::IsAbsent(Box::new(read.expression.clone()))));
            whens.push((there, read.expression));
        }
        Ok(typed(Expression::Case(whens, None), kind))
    }

    fn rounded(&mut self, of: &Expr, places: Option<&&Expr>, depth: usize) -> Result<Typed, Refusal> {
        let number = self.expression(of, depth)?;
        let number = fit(number, Kind::Number, of)?.expression;
        let places = match places {
            Some(places) => {
                let read = self.expression(places, depth)?;
                fit(read, Kind::Number, places)?.expression
            }
            None => Expression::Constant(Value::Whole(0)),
        };
        Ok(folded(typed(Expression::Call(rounded, vec![number, places]), Kind::Number)))
    }

    fn aggregate(
        &mut self,
        how: How,
        given: &[Option<&Expr>],
        distinct: bool,
        filter: Option<&Expr>,
        expr: &Expr,
        depth: usize,
    ) -> Result<Typed, Refusal> {
        let text = expr.to_string();
        let Some(groups) = self.names.groups.as_ref().filter(|_| !self.names.inside) else {
            return Err(Refusal::new(
                format!("`{text}` cannot stand here"),
                "aggregates stand after SELECT, in HAVING and in ORDER BY",
            ));
        };
        let keys = groups.by.len();
        if let Some((at, (_, _, kind))) = groups.aggregates.iter().enumerate().find(|(_, (known, ..))| *known == text) {
            return Ok(typed(Expression::Place(keys + at), *kind));
        }
        self.names.inside = true;
        let read = self.aggregated(how, given, filter, expr, depth);
        self.names.inside = false;
        let (of, filter, kind) = read?;
        let Some(groups) = self.names.groups.as_mut() else { return Err(unsupported(format!("`{text}`"))) };
        groups.aggregates.push((text, Aggregate { how, of, distinct, filter }, kind));
        Ok(typed(Expression::Place(keys + groups.aggregates.len() - 1), kind))
    }

    fn aggregated(
        &mut self,
        how: How,
        given: &[Option<&Expr>],
        filter: Option<&Expr>,
        expr: &Expr,
        depth: usize,
    ) -> Result<(Option<Expression>, Option<Expression>, Kind), Refusal> {
        let filter = match filter {
            Some(filter) => {
                let read = self.expression(filter, depth)?;
                Some(fit(read, Kind::Boolean, filter)?.expression)
            }
            None => None,
        };
        let of = match given {
            [None] if how == How::Count => return Ok((None, filter, Kind::Number)),
            [Some(of)] => of,
            _ => {
                return Err(Refusal::new(
                    format!("`{expr}` does not fit"),
                    "aggregates take one value; count(*) counts rows",
                ));
            }
        };
        let read = self.expression(of, depth)?;
        let kind = match how {
            How::Count => Kind::Number,
            How::Sum | How::Mean if read.kind == Kind::Span => Kind::Span,
            How::Sum | How::Mean => {
                let number = fit(read, Kind::Number, of)?;
                return Ok((Some(number.expression), filter, Kind::Number));
            }
            How::Least | How::Most => read.kind,
        };
        Ok((Some(read.expression), filter, kind))
    }
}
