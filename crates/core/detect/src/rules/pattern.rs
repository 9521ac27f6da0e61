//! Sigma's plain values: text in which `*` stands for anything, `?` for one character, and a backslash takes either of
//! them, or itself before one of them, literally.

/// A piece of a pattern.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Piece {
    /// This text.
    Literal(String),
    /// One character.
    One,
    /// Any number of characters, none included.
    Many,
}

/// The pieces of `text`; neighbouring literals and neighbouring `*` are one.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let literal = match letter {
            '*' => {
                if pieces.last() != Some(&Piece::Many) {
                    pieces.push(Piece::Many);
                }
                continue;
            }
            '?' => {
                pieces.push(Piece::One);
                continue;
            }
            // `\*`, `\?` and `\\`; before anything else a backslash is itself.
            '\\' => letters.next_if(|next| matches!(next, '*' | '?' | '\\')).unwrap_or('\\'),
            other => other,
        };
        match pieces.last_mut() {
            Some(Piece::Literal(text)) => text.push(literal),
            _ => pieces.push(Piece::Literal(literal.to_string())),
        }
    }
    pieces
}

/// The expression that matches exactly what `pieces` do.
pub(crate) fn expression(pieces: &[Piece]) -> String {
    let mut expression = String::from(r"(?s)\A");
    for piece in pieces {
        match piece {
            Piece::Literal(text) => expression.push_str(&regex::escape(text)),
            Piece::One => expression.push('.'),
            Piece::Many => expression.push_str(".*"),
        }
    }
    expression.push_str(r"\z");
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Piece {
        Piece::Literal(text.to_owned())
    }

    #[test]
    fn wildcards_and_escapes() {
        assert_eq!(pieces("a*b?"), [literal("a"), Piece::Many, literal("b"), Piece::One]);
        assert_eq!(pieces(r"a\*b"), [literal("a*b")]);
        assert_eq!(pieces(r"C:\Windows\\*"), [literal(r"C:\Windows\"), Piece::Many]);
        assert_eq!(pieces(r"\\server\share"), [literal(r"\server\share")]);
        assert_eq!(pieces("**"), [Piece::Many]);
        assert_eq!(pieces(""), []);
        assert_eq!(pieces(r"end\"), [literal(r"end\")]);
    }

    #[test]
    fn an_expression_covers_the_whole_value() {
        let expression = regex::Regex::new(&expression(&pieces("a*.b?$"))).expect("an expression");
        assert!(expression.is_match("axx\n.bc$"));
        assert!(!expression.is_match("a.bc$x") && !expression.is_match("a.b$") && !expression.is_match("a.bc$\n"));
    }
}
