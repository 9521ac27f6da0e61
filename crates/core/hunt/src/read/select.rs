//! One `SELECT`: from where, on which condition, in which groups, what is shown, in which order.

use super::expressions::{Groups, Names};
use super::{Reader, plain, unsupported, window};
use crate::Refusal;
use crate::run::{Column, Grouping, Order, Question, Rows};
use crate::schema::{COLUMNS, OF_STAR, TABLE};
use crate::value::Kind;
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, LimitClause, OrderByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, Statement,
    TableFactor, Value as Literal, WildcardAdditionalOptions,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// Refuses whatever stands in `query` that is not read below.
pub(super) fn only_known(query: &Query, select: &Select) -> Result<(), Refusal> {
    let emptiest = Parser::parse_sql(&PostgreSqlDialect {}, "SELECT 1");
    let Ok([Statement::Query(emptiest)]) = emptiest.as_deref() else { return Err(unsupported("this question")) };
    let mut rest = query.clone();
    (rest.with, rest.order_by, rest.limit_clause) = (None, None, None);
    let mut kept = select.clone();
    let SetExpr::Select(empty) = emptiest.body.as_ref() else { return Err(unsupported("this question")) };
    kept.projection.clone_from(&empty.projection);
    kept.group_by = empty.group_by.clone();
    (kept.distinct, kept.selection, kept.having) = (None, None, None);
    kept.from = Vec::new();
    if kept != **empty {
        return Err(unsupported(format!("a part of `{}`", short(&select.to_string()))));
    }
    rest.body = emptiest.body.clone();
    if rest != **emptiest {
        return Err(unsupported(format!("a part of `{}`", short(&query.to_string()))));
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// One `SELECT` as it is read.
pub(super) struct Reading<'r> {
    pub(super) reader: &'r mut Reader,
    pub(super) names: Names,
}

impl Reading<'_> {
    pub(super) fn question(mut self, query: &Query, select: &Select) -> Result<Question, Refusal> {
        let answer = self.from(select)?;
        let condition = select.selection.as_ref().map(|condition| self.condition(condition)).transpose()?;
        let shown = self.shown(select)?;
        self.names.aliases = shown.iter().map(|(name, expr)| (name.clone(), expr.clone())).collect();
        self.groups(select, &shown)?;
        let order_by = match query.order_by.as_ref().map(|order| (&order.kind, &order.interpolate)) {
            None => &[][..],
            Some((OrderByKind::Expressions(by), None)) => by.as_slice(),
            Some(_) => return Err(unsupported("ORDER BY ALL")),
        };
        let mut columns = Vec::new();
        for (name, expr) in &shown {
            let typed = self.expression(expr, 0)?;
            columns.push((Column { name: name.clone(), holds: typed.kind }, typed.expression));
        }
        let having = select.having.as_ref().map(|having| self.condition(having)).transpose()?;
        let distinct = distinct(select)?;
        let order = order_by.iter().map(|by| self.order(by, &shown, distinct)).collect::<Result<Vec<_>, _>>()?;
        let (limit, offset) = limit(query.limit_clause.as_ref())?;
        let grouping = match self.names.groups.take() {
            Some(Groups { by, aggregates }) => Some(Grouping {
                by: by.into_iter().map(|(_, typed)| typed.expression).collect(),
                aggregates: aggregates.into_iter().map(|(_, aggregate, _)| aggregate).collect(),
                having,
            }),
            None if having.is_some() => return Err(Refusal::new("HAVING without groups", "write it as WHERE")),
            None => None,
        };
        let rows = match answer {
            Some(question) => Rows::Answer(Box::new(question)),
            None => {
                let needed: Vec<&'static str> =
                    self.names.needed.iter().filter_map(|at| COLUMNS.get(*at)).map(|column| column.name).collect();
                let time = needed.iter().position(|name| *name == "time");
                let window = window::of(condition.as_ref(), time);
                Rows::Events(needed, window)
            }
        };
        Ok(Question {
            rows,
            inner: self.names.inner,
            condition,
            grouping,
            shown: columns,
            distinct,
            order,
            limit,
            offset,
        })
    }

    /// What rows there are: those of the lake, or of another question.
    fn from(&mut self, select: &Select) -> Result<Option<Question>, Refusal> {
        let [from] = select.from.as_slice() else {
            let reason = if select.from.is_empty() { "FROM is missing" } else { "more than one table" };
            return Err(Refusal::new(reason, "ask FROM events; other events come in by IN (SELECT …)"));
        };
        if !from.joins.is_empty() {
            return Err(Refusal::new("joins are not supported", "ask for the others with IN (SELECT …)"));
        }
        let (alias, inner) = match &from.relation {
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => {
                (alias, Some(self.reader.query(subquery)?))
            }
            TableFactor::Table { name, alias, .. } => {
                let named = name.to_string().to_lowercase();
                let bare = from.relation.to_string().to_lowercase();
                let only = alias.as_ref().map_or(named.clone(), |alias| format!("{named} {alias}").to_lowercase());
                if bare != only && bare != only.replacen(' ', " as ", 1) {
                    return Err(unsupported(format!("`{}`", from.relation)));
                }
                (alias, self.table(&named)?)
            }
            other => return Err(unsupported(format!("`{other}`"))),
        };
        if let Some(alias) = alias {
            if !alias.columns.is_empty() {
                return Err(unsupported(format!("`{alias}`")));
            }
            self.names.table = plain(&alias.name);
        }
        match &inner {
            Some(question) => {
                self.names.columns = question.columns().map(|column| (column.name.clone(), column.holds)).collect();
                self.names.needed = (0..self.names.columns.len()).collect();
            }
            None => {
                self.names.of_events = true;
                self.names.columns = COLUMNS.iter().map(|column| (column.name.to_owned(), column.kind)).collect();
            }
        }
        Ok(inner)
    }

    /// The table of this name: none for the events themselves.
    fn table(&mut self, name: &str) -> Result<Option<Question>, Refusal> {
        self.names.table = name.to_owned();
        let found = self.reader.named.iter().rposition(|(known, _)| known == name);
        let Some(at) = found else {
            if name == TABLE {
                return Ok(None);
            }
            return Err(Refusal::new(format!("there is no table `{name}`"), "there is one: events"));
        };
        // What it says of itself was named before it.
        let later = self.reader.named.split_off(at);
        let read = later.first().map(|(_, query)| self.reader.query(query)).transpose();
        self.reader.named.extend(later);
        read
    }

    fn condition(&mut self, condition: &Expr) -> Result<crate::expression::Expression, Refusal> {
        let typed = self.expression(condition, 0)?;
        match typed.kind {
            Kind::Boolean | Kind::Nothing => Ok(typed.expression),
            other => {
                let reason = format!("`{}` is a {} and no condition", short(&condition.to_string()), other.word());
                Err(Refusal::new(reason, "compare it with something"))
            }
        }
    }

    /// What is shown, by name; `*` is every column but the large ones.
    fn shown(&self, select: &Select) -> Result<Vec<(String, Expr)>, Refusal> {
        let mut shown = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => shown.push((name_of(expr), expr.clone())),
                SelectItem::ExprWithAlias { expr, alias } => shown.push((plain(alias), expr.clone())),
                SelectItem::Wildcard(options) if *options == WildcardAdditionalOptions::default() => {
                    let star = if self.names.of_events { OF_STAR } else { self.names.columns.len() };
                    for (name, _) in self.names.columns.iter().take(star) {
                        let quoted = sqlparser::ast::Ident::with_quote('"', name.clone());
                        shown.push((name.clone(), Expr::Identifier(quoted)));
                    }
                }
                other => return Err(unsupported(format!("`{other}`"))),
            }
        }
        if shown.is_empty() {
            return Err(Refusal::new("nothing is to be shown", "name columns after SELECT"));
        }
        Ok(shown)
    }

    /// Groups by what `GROUP BY` says; all rows are one group where only aggregates are shown.
    fn groups(&mut self, select: &Select, shown: &[(String, Expr)]) -> Result<(), Refusal> {
        let by = match &select.group_by {
            GroupByExpr::Expressions(by, modifiers) if modifiers.is_empty() => by,
            other => return Err(unsupported(format!("`{other}`"))),
        };
        let mut read = Vec::new();
        for expr in by {
            let known = matches!(expr, Expr::Identifier(name) if self.names.has(&plain(name)));
            let meant = if known { expr.clone() } else { self.meant(expr, shown)? };
            let typed = self.expression(&meant, 0)?;
            read.push((meant.to_string(), typed));
        }
        let all = shown.iter().map(|(_, expr)| expr).chain(&select.having);
        if !by.is_empty() || all.into_iter().any(super::calls::aggregates) {
            self.names.groups = Some(Groups { by: read, aggregates: Vec::new() });
        }
        Ok(())
    }

    /// What a name or number in `GROUP BY` and `ORDER BY` stands for.
    fn meant(&self, expr: &Expr, shown: &[(String, Expr)]) -> Result<Expr, Refusal> {
        match expr {
            Expr::Value(literal) => {
                let Literal::Number(number, _) = &literal.value else { return Ok(expr.clone()) };
                let at = number.parse::<usize>().ok().and_then(|number| shown.get(number.checked_sub(1)?));
                at.map(|(_, expr)| expr.clone()).ok_or_else(|| {
                    Refusal::new(format!("nothing is shown at place {number}"), "count from 1, or name it")
                })
            }
            Expr::Identifier(name) => {
                let found = shown.iter().find(|(shown, _)| *shown == plain(name));
                Ok(found.map_or_else(|| expr.clone(), |(_, expr)| expr.clone()))
            }
            _ => Ok(expr.clone()),
        }
    }

    fn order(&mut self, by: &OrderByExpr, shown: &[(String, Expr)], distinct: bool) -> Result<Order, Refusal> {
        if by.with_fill.is_some() {
            return Err(unsupported("WITH FILL"));
        }
        let meant = self.meant(&by.expr, shown)?;
        if distinct && !shown.iter().any(|(_, expr)| expr.to_string() == meant.to_string()) {
            let reason = format!("DISTINCT rows cannot be ordered by `{}`, which is not shown", by.expr);
            return Err(Refusal::new(reason, "show it too"));
        }
        let typed = self.expression(&meant, 0)?;
        let down = by.options.asc == Some(false);
        Ok(Order { by: typed.expression, down, absent_first: by.options.nulls_first == Some(true) })
    }
}

fn distinct(select: &Select) -> Result<bool, Refusal> {
    match &select.distinct {
        None | Some(Distinct::All) => Ok(false),
        Some(Distinct::Distinct) => Ok(true),
        Some(Distinct::On(_)) => Err(unsupported("DISTINCT ON")),
    }
}

fn limit(clause: Option<&LimitClause>) -> Result<(Option<usize>, usize), Refusal> {
    let number = |expr: &Expr| {
        let text = expr.to_string();
        text.parse::<usize>().map_err(|_| Refusal::new(format!("`{text}` is no number of rows"), "write LIMIT 100"))
    };
    match clause {
        None => Ok((None, 0)),
        Some(LimitClause::LimitOffset { limit, offset, limit_by }) if limit_by.is_empty() => {
            let offset = offset.as_ref().map(|offset| number(&offset.value)).transpose()?;
            Ok((limit.as_ref().map(number).transpose()?, offset.unwrap_or(0)))
        }
        Some(other) => Err(unsupported(format!("`{}`", other.to_string().trim()))),
    }
}

/// What a column is called where nobody named it.
fn name_of(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(name) => plain(name),
        Expr::CompoundIdentifier(parts) => parts.last().map_or_else(String::new, plain),
        Expr::Function(call) => plain_function(call),
        other => short(&other.to_string()),
    }
}

fn plain_function(call: &sqlparser::ast::Function) -> String {
    let text = call.to_string();
    if text.len() <= 40 { text.to_lowercase() } else { call.name.to_string().to_lowercase() }
}
