//! From the text of a question to a question that was checked: every name is known, every part has a kind that fits.
//!
//! What the grammar knows and this does not is refused by name. The check is closed: a part of a statement that is not taken
//! from it must be as in the emptiest statement, so that nothing new in the grammar is ever passed over.

mod calls;
mod expressions;
mod select;
mod window;

use crate::Refusal;
use crate::run::Question;
use expressions::Names;
use firebreak_model::Time;
use sqlparser::ast::{Query, SetExpr, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

/// No question is longer, in bytes.
const BYTES_MAX: usize = 16 << 10;
/// Nor has more words, names and signs; a list of a thousand addresses fits.
const TOKENS_MAX: usize = 4_000;
/// Parts within parts.
const DEPTH_MAX: usize = 48;
/// Words and signs that join two parts into one. A chain of them nests as deep as it is long.
const JOINTS_MAX: usize = 96;
/// Brackets within brackets: the grammar may try each twice, so that its time doubles with each.
const BRACKETS_MAX: usize = 8;
/// Questions within one question.
const QUESTIONS_MAX: usize = 16;

const LOOK: &str = "ask with one SELECT over `events`; docs/hunt.md has examples";

/// Reads `sql`. `now()` in it means `now`.
///
/// # Errors
/// What is wrong or not supported, and what to do.
pub fn question(sql: &str, now: Time) -> Result<Question, Refusal> {
    if sql.len() > BYTES_MAX {
        return Err(Refusal::new(format!("the question is longer than {BYTES_MAX} bytes"), "ask less at once"));
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql).tokenize_with_location();
    let tokens = tokens.map_err(|error| Refusal::new(format!("this is no SQL: {error}"), LOOK))?;
    let counted = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if counted > TOKENS_MAX {
        return Err(Refusal::new(format!("the question has more than {TOKENS_MAX} words"), "ask less at once"));
    }
    if tokens.iter().filter(|token| joins(&token.token)).count() > JOINTS_MAX {
        let reason = format!("the question has more than {JOINTS_MAX} operators");
        return Err(Refusal::new(reason, "use IN (…) in place of a chain of OR"));
    }
    if brackets(tokens.iter().map(|token| &token.token)) > BRACKETS_MAX {
        let reason = format!("the question has more than {BRACKETS_MAX} brackets within brackets");
        return Err(Refusal::new(reason, "name inner questions by WITH name AS (SELECT …)"));
    }
    let mut parser = Parser::new(&dialect).with_recursion_limit(40).with_tokens_with_locations(tokens);
    let parsed = parser.parse_statements();
    let statements = parsed.map_err(|error| Refusal::new(format!("this is no SQL: {}", said(&error)), LOOK))?;
    let query = match statements.as_slice() {
        [Statement::Query(query)] => query,
        [] => return Err(Refusal::new("nothing is asked", LOOK)),
        [_] => return Err(Refusal::new("only SELECT is answered: the lake can only be looked at", LOOK)),
        _ => return Err(Refusal::new("more than one statement", LOOK)),
    };
    Reader { now, named: Vec::new(), questions: 0 }.query(query)
}

/// How deep brackets stand within one another; `CASE` counts as one.
fn brackets<'t>(tokens: impl Iterator<Item = &'t Token>) -> usize {
    let (mut deep, mut deepest) = (0_usize, 0);
    for token in tokens {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => deep += 1,
            Token::RParen | Token::RBracket | Token::RBrace => deep = deep.saturating_sub(1),
            Token::Word(word) if word.value.eq_ignore_ascii_case("CASE") => deep += 1,
            Token::Word(word) if word.value.eq_ignore_ascii_case("END") => deep = deep.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(deep);
    }
    deepest
}

/// Whether it joins two parts, or stands before one.
fn joins(token: &Token) -> bool {
    const WORDS: [&str; 12] =
        ["AND", "OR", "NOT", "LIKE", "ILIKE", "BETWEEN", "IS", "IN", "CASE", "CAST", "COLLATE", "OPERATOR"];
    match token {
        Token::Word(word) => WORDS.iter().any(|joint| word.value.eq_ignore_ascii_case(joint)),
        Token::Comma
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Whitespace(_)
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::EOF => false,
        // Whatever else there is of signs.
        _ => true,
    }
}

/// What the grammar says, without its own prefix.
fn said(error: &sqlparser::parser::ParserError) -> String {
    use sqlparser::parser::ParserError::{ParserError, RecursionLimitExceeded, TokenizerError};
    match error {
        ParserError(said) | TokenizerError(said) => said.clone(),
        RecursionLimitExceeded => "too many parts within parts".to_owned(),
    }
}

/// Reads one question, its inner ones and those that it names with `WITH`.
struct Reader {
    now: Time,
    /// Questions named by `WITH`, the latest last.
    named: Vec<(String, Query)>,
    questions: usize,
}

impl Reader {
    fn query(&mut self, query: &Query) -> Result<Question, Refusal> {
        self.questions += 1;
        if self.questions > QUESTIONS_MAX {
            let reason = format!("more than {QUESTIONS_MAX} questions within one");
            return Err(Refusal::new(reason, "split it into several"));
        }
        let before = self.named.len();
        if let Some(with) = &query.with {
            if with.recursive {
                return Err(unsupported("WITH RECURSIVE"));
            }
            for one in &with.cte_tables {
                if !one.alias.columns.is_empty() || one.from.is_some() || one.materialized.is_some() {
                    return Err(unsupported(one.alias.to_string()));
                }
                self.named.push((plain(&one.alias.name), (*one.query).clone()));
            }
        }
        let SetExpr::Select(select) = query.body.as_ref() else {
            return Err(unsupported("UNION, INTERSECT, EXCEPT and VALUES"));
        };
        select::only_known(query, select)?;
        let read = select::Reading { reader: self, names: Names::default() }.question(query, select);
        self.named.truncate(before);
        read
    }
}

/// A part of SQL that is not answered.
fn unsupported(what: impl std::fmt::Display) -> Refusal {
    const HINT: &str =
        "there are SELECT, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT, WITH and IN (SELECT …); see docs/hunt.md";
    Refusal::new(format!("{what} is not supported"), HINT)
}

/// A name as it counts: in small letters unless it was quoted.
fn plain(name: &sqlparser::ast::Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}
