//! Regular expressions as rules write them (PCRE) in the syntax of the engine that runs them, which takes linear time.
//!
//! Where the two differ for the same text, what PCRE means is written for the engine: `\<` is a sign and not the start of
//! a word, a brace that repeats nothing is itself, inside brackets `[`, `&&`, `--` and `~~` mean themselves, and `\Z` may
//! stand before a last line break. Look-around, back-references, atomic groups and possessive repetition need
//! backtracking, which an attacker could stall; they are refused.

use super::condition::Refusal;

/// Largest program that one regular expression may compile to: the engine's own default, so that public rules load.
pub(crate) const EXPRESSION_BYTES_MAX: usize = 10 << 20;

fn refuse<T>(reason: String, hint: &str) -> Result<T, Refusal> {
    Err(Refusal { reason, hint: hint.to_owned() })
}

/// The expression for the engine, flags included; compiled once to be sure.
pub(crate) fn translate(text: &str, flags: &str) -> Result<String, Refusal> {
    if let Some(construct) = needs_backtracking(text) {
        return refuse(
            format!("the regular expression `{text}` has {construct}, which is not supported"),
            "write the condition as two items or searches joined by `and` and `not`",
        );
    }
    let body = rewritten(text);
    let whole = if flags.is_empty() { body } else { format!("(?{flags}){body}") };
    compiled(text, whole)
}

/// `whole` if it compiles; `text` is what the author wrote.
pub(crate) fn compiled(text: &str, whole: String) -> Result<String, Refusal> {
    match regex::RegexBuilder::new(&whole).size_limit(EXPRESSION_BYTES_MAX).build() {
        Ok(_) => Ok(whole),
        Err(regex::Error::CompiledTooBig(_)) => {
            refuse(format!("the regular expression `{text}` is too large"), "make its repetitions smaller")
        }
        Err(error) => {
            // The last line of the parser's answer says what is wrong; those before draw the place.
            let error = error.to_string();
            let what = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            refuse(
                format!("the regular expression `{text}` cannot be compiled: {what}"),
                "check its brackets, braces and escapes",
            )
        }
    }
}

/// Which construct of `text` needs backtracking, if one does.
fn needs_backtracking(text: &str) -> Option<&'static str> {
    let letters: Vec<char> = text.chars().collect();
    let at = |place: usize| letters.get(place).copied();
    let (mut place, mut inside) = (0, false);
    while let Some(letter) = at(place) {
        let next = at(place + 1);
        match (letter, inside) {
            ('\\', _) => {
                if !inside && next.is_some_and(|next| matches!(next, '1'..='9' | 'k' | 'g')) {
                    return Some("a back-reference");
                }
                place += 1;
            }
            ('[', false) => {
                inside = true;
                // A closing bracket that comes first is a member.
                let first = place + 1 + usize::from(next == Some('^'));
                place = if at(first) == Some(']') { first } else { first - 1 };
            }
            (']', true) => inside = false,
            ('(', false) if next == Some('?') => match (at(place + 2), at(place + 3)) {
                (Some('=' | '!'), _) | (Some('<'), Some('=' | '!')) => return Some("look-around"),
                (Some('>'), _) => return Some("an atomic group"),
                (Some('('), _) => return Some("a conditional group"),
                (Some('R' | '&'), _) => return Some("a recursion"),
                _ => {}
            },
            ('*' | '+' | '?' | '}', false) if next == Some('+') => return Some("a possessive repetition"),
            _ => {}
        }
        place += 1;
    }
    None
}

/// What `text` means, in the engine's syntax.
fn rewritten(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut written = String::with_capacity(text.len());
    let (mut place, mut inside) = (0, false);
    while let Some(letter) = letters.get(place).copied() {
        let rest = letters.get(place + 1..).unwrap_or_default();
        match (letter, inside) {
            ('\\', _) => place += escape(rest, inside, &mut written),
            ('[', false) => {
                inside = true;
                written.push('[');
                let negated = rest.first() == Some(&'^');
                if negated {
                    written.push('^');
                    place += 1;
                }
                if rest.get(usize::from(negated)) == Some(&']') {
                    written.push_str(r"\]");
                    place += 1;
                }
            }
            ('[', true) if rest.first() == Some(&':') => {
                // `[:alpha:]` goes through as it is.
                let end = rest.windows(2).position(|pair| pair == [':', ']']).filter(|end| *end > 0);
                match end.and_then(|end| rest.get(..end + 2)) {
                    Some(class) => {
                        written.push('[');
                        written.extend(class);
                        place += class.len();
                    }
                    None => written.push_str(r"\["),
                }
            }
            ('[', true) => written.push_str(r"\["),
            (']', true) => {
                inside = false;
                written.push(']');
            }
            ('&' | '~', true) => {
                written.push('\\');
                written.push(letter);
            }
            // At the start a dash is itself, and the next makes a range of it; elsewhere the next ends a range.
            ('-', true) if rest.first() == Some(&'-') => {
                if written.ends_with(['[', '^']) {
                    written.push_str(r"\-");
                } else {
                    written.push_str(r"-\-");
                    place += 1;
                }
            }
            ('{', false) if !repeats(rest) || written.is_empty() => written.push_str(r"\{"),
            ('}', false) if !closes(&letters, place) => written.push_str(r"\}"),
            _ => written.push(letter),
        }
        place += 1;
    }
    written
}

/// Writes what a backslash before `rest` means; how many letters of `rest` belong to it.
fn escape(rest: &[char], inside: bool, written: &mut String) -> usize {
    match rest.first() {
        Some('<') => written.push('<'),
        Some('>') => written.push('>'),
        Some('Z') if !inside => written.push_str(r"(?:\n?\z)"),
        Some('h') => written.push_str(if inside { r" \t" } else { r"[ \t]" }),
        Some('e') => written.push_str(r"\x1b"),
        // The braces of `\x{1f}` and `\p{Lu}` belong to them.
        Some('x' | 'p' | 'P') if rest.get(1) == Some(&'{') => {
            let end = rest.iter().position(|letter| *letter == '}').map_or(rest.len(), |end| end + 1);
            written.push('\\');
            written.extend(rest.iter().take(end));
            return end;
        }
        Some(other) => written.extend(['\\', *other]),
        None => written.push_str(r"\\"),
    }
    1
}

/// Whether what follows a brace makes it a repetition: `2}`, `2,}`, `2,3}`.
fn repeats(rest: &[char]) -> bool {
    let Some(end) = rest.iter().position(|letter| *letter == '}') else { return false };
    let inner: String = rest.iter().take(end).collect();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match inner.split_once(',') {
        None => !inner.is_empty() && digits(&inner),
        Some((least, most)) => !least.is_empty() && digits(least) && digits(most),
    }
}

/// Whether the brace at `place` ends a repetition.
fn closes(letters: &[char], place: usize) -> bool {
    let before = letters.get(..place).unwrap_or_default();
    let open = before.iter().rposition(|letter| *letter == '{').filter(|open| *open > 0);
    open.is_some_and(|open| repeats(letters.get(open + 1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(expression: &str, text: &str) -> bool {
        let whole = translate(expression, "").unwrap_or_else(|refused| panic!("{}", refused.reason));
        regex::Regex::new(&whole).expect("compiled").is_match(text)
    }

    #[test]
    fn what_pcre_means_is_kept() {
        for (expression, yes, no) in [
            (r"\<a\>", "x<a>", "a"),
            (r"^{a}$", "{a}", "a"),
            (r"\{\d\}", "{1}", "1"),
            (r"a{2}", "aa", "a"),
            (r"a{,2}b", "a{,2}b", "aab"),
            (r"[[a]", "[", "b"),
            (r"[]x]+$", "]x]", "y"),
            (r"[^]x]", "y", "]"),
            (r"[a&&b]", "&", "c"),
            (r"[+--]", ",", "a"),
            (r"[--a]+$", "-Z", "b"),
            (r"[[:digit:]_]", "7", "a"),
            (r"end\Z", "end\n", "end "),
            (r"\x{4a}\p{Lu}", "JB", "Jb"),
            (r#"\/c\s\"x\_\-"#, "/c \"x_-", "/c x"),
            (r"a\hb", "a\tb", "a\nb"),
            (r"(?i)abc", "xABC", "ab"),
            (r"(?<name>x)y", "xy", "x"),
            (r"\{.{0,1000}\}", "{ long }", "{ open"),
        ] {
            assert!(matches(expression, yes), "{expression} on {yes}");
            assert!(!matches(expression, no), "{expression} on {no}");
        }
    }

    #[test]
    fn what_needs_backtracking_is_named() {
        for (expression, says) in [
            ("^(?!x)", "look-around"),
            ("(?<=x)y", "look-around"),
            (r"(a)\1", "back-reference"),
            ("(?>a)", "atomic"),
            ("a++", "possessive"),
            ("(a", "cannot be compiled"),
            ("(a{1000}){1000}", "too large"),
        ] {
            let refused = translate(expression, "").expect_err(expression);
            assert!(refused.reason.contains(says), "{expression}: {}", refused.reason);
        }
        assert!(translate(r"[(?!]\(?=", "").is_ok(), "in brackets and escaped they are signs");
    }

    proptest! {
        #[test]
        fn any_text_ends_in_an_expression_or_a_refusal(text in r"[\[\](){}\\^$.*+?|&~\-<>a-c0-3:=!,]{0,24}") {
            if let Ok(whole) = translate(&text, "") {
                prop_assert!(regex::Regex::new(&whole).is_ok());
            }
        }

        #[test]
        fn what_the_engine_reads_alike_is_unchanged(text in r"[a-c.]{0,6}(\[[a-c]\]|a\{1,2\}|\\d|\(b\|c\))?([a-c]{1,4}[*+?]?)?") {
            if regex::Regex::new(&text).is_ok() {
                prop_assert_eq!(translate(&text, "").ok(), Some(text));
            }
        }
    }
}
