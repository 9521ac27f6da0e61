//! Maven's order, as its POM reference writes it down: numbers, and qualifiers of which some have a rank of their own.
//!
//! Anything is a version there; here it must begin with a digit or be a word with digits, as no range can mean less.

use super::number::digits;
use std::cmp::Ordering;

/// A version as Maven orders it: what means nothing (`.0`, `-final`) is gone from its end and from before each hyphen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Maven(Vec<Token>);

/// A token with the separator before it. Qualifiers come before numbers, numbers after a hyphen before those after a dot.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Qualifier(Rank),
    Hyphened(String),
    Dotted(String),
}

/// Where a qualifier stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Rank {
    Alpha,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
    Release,
    ServicePack,
    Other(String),
}

impl Maven {
    /// Reads a version.
    pub fn parse(text: &str) -> Option<Maven> {
        let text = text.trim();
        let good = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"[](),".contains(&byte))
            && text.bytes().any(|byte| byte.is_ascii_digit());
        good.then(|| Maven(trimmed(tokens(&text.to_ascii_lowercase()))))
    }

    /// Whether it comes before the release that it leads to.
    pub fn is_pre_release(&self) -> bool {
        self.0.iter().any(|token| matches!(token, Token::Qualifier(rank) if *rank < Rank::Release))
    }
}

/// Cuts at dots, hyphens, and wherever a digit meets what is none; the last counts as a hyphen.
fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut hyphen = false;
    loop {
        let (number, after) = digits(rest);
        if number.is_empty() {
            let end = after.find(|letter: char| letter == '.' || letter == '-' || letter.is_ascii_digit());
            let (word, after) = after.split_at_checked(end.unwrap_or(after.len())).unwrap_or((after, ""));
            let then_digit = after.starts_with(|letter: char| letter.is_ascii_digit());
            match word {
                // An empty token means zero.
                "" => found.push(numeric("", hyphen)),
                word => found.push(Token::Qualifier(rank(word, then_digit))),
            }
            rest = after;
        } else {
            found.push(numeric(number, hyphen));
            rest = after;
        }
        match rest.bytes().next() {
            None => return found,
            Some(b'.') => (hyphen, rest) = (false, rest.get(1..).unwrap_or_default()),
            Some(b'-') => (hyphen, rest) = (true, rest.get(1..).unwrap_or_default()),
            Some(_) => hyphen = true,
        }
    }
}

fn numeric(digits: &str, hyphen: bool) -> Token {
    let number = digits.trim_start_matches('0').to_owned();
    if hyphen { Token::Hyphened(number) } else { Token::Dotted(number) }
}

fn rank(word: &str, then_digit: bool) -> Rank {
    match word {
        "alpha" => Rank::Alpha,
        "beta" => Rank::Beta,
        "milestone" => Rank::Milestone,
        "a" if then_digit => Rank::Alpha,
        "b" if then_digit => Rank::Beta,
        "m" if then_digit => Rank::Milestone,
        "rc" | "cr" => Rank::Candidate,
        "snapshot" => Rank::Snapshot,
        "final" | "ga" | "release" => Rank::Release,
        "sp" => Rank::ServicePack,
        word => Rank::Other(word.to_owned()),
    }
}

impl Token {
    fn means_nothing(&self) -> bool {
        match self {
            Token::Qualifier(rank) => *rank == Rank::Release,
            Token::Hyphened(number) | Token::Dotted(number) => number.is_empty(),
        }
    }

    /// Whether a hyphen stands before it; before a qualifier a dot counts as one.
    fn follows_hyphen(&self) -> bool {
        !matches!(self, Token::Dotted(_))
    }
}

/// Without tokens that mean nothing at the end and before each hyphen. The first token stays.
fn trimmed(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let drop_nothing = |kept: &mut Vec<Token>| {
        while kept.len() > 1 && kept.last().is_some_and(Token::means_nothing) {
            kept.pop();
        }
    };
    for token in tokens {
        if token.follows_hyphen() {
            drop_nothing(&mut kept);
        }
        kept.push(token);
    }
    drop_nothing(&mut kept);
    kept
}

/// `None` is the end of a version: a qualifier that means the release itself, or a zero after a dot.
fn compare_tokens(a: Option<&Token>, b: Option<&Token>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (Some(Token::Qualifier(rank)), None) => rank.cmp(&Rank::Release),
        (Some(Token::Hyphened(_)), None) => Ordering::Greater,
        (Some(Token::Dotted(number)), None) => number.len().cmp(&0),
        (None, Some(_)) => compare_tokens(b, a).reverse(),
        (Some(a), Some(b)) => {
            let place = |token: &Token| match token {
                Token::Qualifier(_) => 0,
                Token::Hyphened(_) => 1,
                Token::Dotted(_) => 2,
            };
            place(a).cmp(&place(b)).then_with(|| match (a, b) {
                (Token::Qualifier(a), Token::Qualifier(b)) => a.cmp(b),
                (Token::Hyphened(a) | Token::Dotted(a), Token::Hyphened(b) | Token::Dotted(b)) => {
                    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
                }
                _ => Ordering::Equal,
            })
        }
    }
}

impl Ord for Maven {
    fn cmp(&self, other: &Self) -> Ordering {
        let most = self.0.len().max(other.0.len());
        let order = |place: usize| compare_tokens(self.0.get(place), other.0.get(place));
        (0..most).map(order).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Maven {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
