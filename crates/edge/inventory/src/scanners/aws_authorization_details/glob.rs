//! IAM's wildcards: `*` for any text, `?` for one character.

/// Whether `text` matches `pattern`. Linear in the product of their lengths at worst, without recursion.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            // `?` never covers a wildcard of the text: see `covers`.
            Some(b'?') if text[t] != b'*' => (p, t) = (p + 1, t + 1),
            Some(byte) if *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((place, from)) => {
                    star = Some((place, from + 1));
                    (p, t) = (place + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Whether every text that `inner` matches is matched by `outer` too. Never wrongly yes: a wildcard of `inner` is only
/// covered by a `*` of `outer`.
pub(super) fn covers(outer: &str, inner: &str) -> bool {
    matches(outer, inner)
}

/// Whether `pattern` matches some text that begins with `prefix`.
pub(super) fn can_begin(pattern: &str, prefix: &str) -> bool {
    let pattern = pattern.as_bytes();
    // Which places of the pattern the prefix read so far may have led to.
    let mut places = vec![false; pattern.len() + 1];
    places[0] = true;
    let close = |places: &mut Vec<bool>| {
        for at in 0..pattern.len() {
            if places[at] && pattern[at] == b'*' {
                places[at + 1] = true;
            }
        }
    };
    close(&mut places);
    for byte in prefix.bytes() {
        let mut next = vec![false; pattern.len() + 1];
        for at in (0..pattern.len()).filter(|at| places[*at]) {
            match pattern[at] {
                b'*' => next[at] = true,
                b'?' => next[at + 1] = true,
                own if own == byte => next[at + 1] = true,
                _ => {}
            }
        }
        close(&mut next);
        places = next;
    }
    places.contains(&true)
}

/// Whether `pattern` holds a wildcard.
pub(super) fn is_pattern(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wildcards_mean_what_iam_says() {
        assert!(
            matches("s3:Get*", "s3:GetObject")
                && matches("a?c", "abc")
                && matches("*", "")
                && matches("a*b*c", "a-b-b-c")
        );
        assert!(!matches("s3:Get*", "s3:PutObject") && !matches("a?c", "ac") && !matches("", "a"));
        assert!(covers("s3:*", "s3:Get*") && !covers("s3:Get*", "s3:*") && !covers("a?", "a*"));
        assert!(can_begin("arn:aws:s3:::b*", "arn:aws:s3:::b/") && can_begin("*", "x") && can_begin("ab", "a"));
        assert!(!can_begin("arn:aws:s3:::b", "arn:aws:s3:::b/"));
    }

    /// What the patterns mean, written as plainly as can be.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                naive(rest, text) || text.split_first().is_some_and(|(_, tail)| naive(pattern, tail))
            }
            (Some((p, rest)), Some((t, tail))) => (*p == b'?' || p == t) && naive(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?]{0,7}", text in "[ab]{0,7}", more in "[ab]{0,3}") {
            prop_assert_eq!(matches(&pattern, &text), naive(pattern.as_bytes(), text.as_bytes()));
            if naive(pattern.as_bytes(), format!("{text}{more}").as_bytes()) {
                prop_assert!(can_begin(&pattern, &text));
            }
        }

        #[test]
        fn covering_is_never_claimed_wrongly(outer in "[ab*?]{0,5}", inner in "[ab*?]{0,5}", text in "[ab]{0,6}") {
            if covers(&outer, &inner) && matches(&inner, &text) {
                prop_assert!(matches(&outer, &text), "{outer} {inner} {text}");
            }
        }
    }
}
