//! The grammar of Sigma conditions: `selection and not (filter or 1 of other_*)`.
//!
//! `not` binds tighter than `and`, `and` tighter than `or`. `them` is every search identifier that does not begin with an
//! underscore. Pipes are the aggregations of Sigma 1: see [`super::aggregation`], which reads them first.

use std::collections::BTreeSet;

/// Conditions nested deeper than this are refused.
const DEPTH_MAX: usize = 48;

/// A condition over search identifiers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Formula {
    /// This search matches.
    Name(String),
    /// All of these.
    All(Vec<Formula>),
    /// At least so many of these.
    AtLeast(usize, Vec<Formula>),
    /// Not this.
    Not(Box<Formula>),
}

/// Why a condition is not one.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What is wrong.
    pub(crate) reason: String,
    /// What to do.
    pub(crate) hint: String,
}

fn refuse<T>(reason: impl Into<String>, hint: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { reason: reason.into(), hint: hint.into() })
}

/// The formula that `text` spells over `names`.
pub(crate) fn parse(text: &str, names: &[String]) -> Result<Formula, Refusal> {
    if text.contains('|') {
        return refuse(
            format!("the condition `{text}` aggregates with a pipe"),
            "write a correlation that refers to this rule",
        );
    }
    let mut parser = Parser { tokens: tokens(text), at: 0, names, depth: 0 };
    let formula = parser.any()?;
    match parser.peek() {
        None => Ok(formula),
        Some(")") => refuse("the condition closes a parenthesis that it never opened", "remove the `)`"),
        Some(token) => refuse(
            format!("the condition has `{token}` where `and`, `or` or its end was expected"),
            "join searches with `and` or `or`",
        ),
    }
}

/// The names that `formula` uses.
pub(crate) fn names_in(formula: &Formula, into: &mut BTreeSet<String>) {
    match formula {
        Formula::Name(name) => {
            into.insert(name.clone());
        }
        Formula::All(parts) | Formula::AtLeast(_, parts) => parts.iter().for_each(|part| names_in(part, into)),
        Formula::Not(part) => names_in(part, into),
    }
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        while let Some(at) = rest.find(['(', ')']) {
            let (before, from) = rest.split_at(at);
            let (parenthesis, after) = from.split_at(1);
            tokens.extend(Some(before).filter(|before| !before.is_empty()));
            tokens.push(parenthesis);
            rest = after;
        }
        tokens.extend(Some(rest).filter(|rest| !rest.is_empty()));
    }
    tokens
}

struct Parser<'a> {
    tokens: Vec<&'a str>,
    at: usize,
    names: &'a [String],
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).copied()
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Formula, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return refuse("the condition is nested too deeply", format!("use at most {DEPTH_MAX} levels"));
        }
        let first = self.all()?;
        let mut parts = vec![first];
        while self.take_word("or") {
            parts.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Formula::AtLeast(1, parts) })
    }

    fn all(&mut self) -> Result<Formula, Refusal> {
        let first = self.not()?;
        let mut parts = vec![first];
        while self.take_word("and") {
            parts.push(self.not()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Formula::All(parts) })
    }

    fn not(&mut self) -> Result<Formula, Refusal> {
        let mut negations = 0_usize;
        while self.take_word("not") {
            negations += 1;
        }
        let inner = self.atom()?;
        Ok(if negations % 2 == 1 { Formula::Not(Box::new(inner)) } else { inner })
    }

    fn atom(&mut self) -> Result<Formula, Refusal> {
        let Some(token) = self.peek() else {
            return refuse("the condition ends where a search was expected", "name a search of `detection`");
        };
        self.at += 1;
        match token {
            "(" => {
                let inner = self.any()?;
                if !self.take_word(")") {
                    return refuse("the condition opens a parenthesis that it never closes", "add the `)`");
                }
                Ok(inner)
            }
            ")" => refuse("the condition has `)` where a search was expected", "name a search of `detection`"),
            _ if self.peek().is_some_and(|next| next.eq_ignore_ascii_case("of")) => self.quantified(token),
            _ if self.names.iter().any(|name| name == token) => Ok(Formula::Name(token.to_owned())),
            _ => refuse(
                format!("the condition uses `{token}`, which `detection` does not define"),
                format!("defined are: {}", self.names.join(", ")),
            ),
        }
    }

    /// `1 of them`, `all of selection_*`.
    fn quantified(&mut self, quantity: &str) -> Result<Formula, Refusal> {
        self.at += 1;
        let Some(pattern) = self.peek() else {
            return refuse(
                format!("the condition ends after `{quantity} of`"),
                "write `1 of selection_*` or `1 of them`",
            );
        };
        self.at += 1;
        let them = pattern.eq_ignore_ascii_case("them");
        let chosen = |name: &&String| if them { !name.starts_with('_') } else { matches_pattern(name, pattern) };
        let parts: Vec<Formula> = self.names.iter().filter(chosen).cloned().map(Formula::Name).collect();
        if parts.is_empty() {
            return refuse(
                format!("the condition asks for `{quantity} of {pattern}`, which names no search"),
                format!("defined are: {}", self.names.join(", ")),
            );
        }
        match quantity.to_ascii_lowercase().as_str() {
            "all" => Ok(Formula::All(parts)),
            "any" => Ok(Formula::AtLeast(1, parts)),
            digits => match digits.parse::<usize>() {
                Ok(least) if least >= 1 && least <= parts.len() => Ok(Formula::AtLeast(least, parts)),
                Ok(_) => refuse(
                    format!("the condition asks for `{quantity} of {pattern}`, which names {} searches", parts.len()),
                    "ask for at least one and at most all of them",
                ),
                Err(_) => {
                    refuse(format!("`{quantity} of` is not a quantity"), "write `1 of`, `all of` or another number")
                }
            },
        }
    }
}

/// Whether `name` is `pattern`, in which `*` stands for anything.
fn matches_pattern(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| rest.get(at..).is_some_and(|rest| matches_pattern(rest, tail)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["a", "b", "sel_x", "sel_y", "_hidden"].map(str::to_owned).to_vec()
    }

    fn name(text: &str) -> Formula {
        Formula::Name(text.to_owned())
    }

    #[test]
    fn precedence_and_quantities() {
        let parsed = |text: &str| parse(text, &names()).expect("a condition");
        assert_eq!(
            parsed("a or not b and sel_x"),
            Formula::AtLeast(1, vec![name("a"), Formula::All(vec![Formula::Not(Box::new(name("b"))), name("sel_x")])])
        );
        assert_eq!(parsed("1 OF sel_*"), Formula::AtLeast(1, vec![name("sel_x"), name("sel_y")]));
        assert_eq!(parsed("all of them"), Formula::All(["a", "b", "sel_x", "sel_y"].map(name).to_vec()));
        assert_eq!(parsed("(a)and(b)"), Formula::All(vec![name("a"), name("b")]));
        assert_eq!(parsed("not not a"), name("a"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, says) in [
            ("a and c", "`c`"),
            ("a | count() > 5", "pipe"),
            ("(a", "never closes"),
            ("a)", "never opened"),
            ("1 of nothing*", "names no search"),
            ("3 of sel_*", "2 searches"),
            ("a b", "`b`"),
            ("", "ends where"),
            ("some of them", "not a quantity"),
        ] {
            let refusal = parse(text, &names()).expect_err(text);
            assert!(refusal.reason.contains(says), "{text}: {}", refusal.reason);
        }
        assert!(parse(&"(".repeat(100), &names()).expect_err("deep").reason.contains("deep"));
    }
}
