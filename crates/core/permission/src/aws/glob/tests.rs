//! Wildcards against their definition.

use super::*;
use proptest::prelude::*;

fn matches(pattern: &str, text: &str) -> bool {
    Glob::new(pattern).matches(text, &mut Work::default())
}

fn covers(outer: &str, inner: &str) -> bool {
    Glob::new(outer).covers(&Glob::new(inner), &mut Work::default())
}

fn meets(one: &str, two: &str) -> Option<String> {
    let (found, _) = Glob::new(one).meets(&Glob::new(two), 1, &mut Work::default());
    found.first().map(Glob::shown)
}

#[test]
fn wildcards_mean_what_iam_says() {
    assert!(
        matches("s3:Get*", "s3:GetObject") && matches("a?c", "abc") && matches("*", "") && matches("a*b*c", "a-b-b-c")
    );
    assert!(matches("arn:aws:s3:::b*", "arn:aws:s3:::b/x:y/z"), "a star crosses colons and slashes");
    assert!(matches("a?c", "aüc") && matches("?", "日") && !matches("??", "日"), "one character, not one byte");
    assert!(!matches("s3:Get*", "s3:PutObject") && !matches("a?c", "ac") && !matches("", "a") && !matches("a", "A"));
    assert!(covers("s3:*", "s3:Get*") && !covers("s3:Get*", "s3:*") && !covers("a?", "a*"));
    assert_eq!(meets("a*", "*b").as_deref(), Some("a*b"));
    assert_eq!(meets("a*", "b*"), None);
    assert_eq!(meets("arn:*:role/x-*", "arn:aws:iam::1:role/*").as_deref(), Some("arn:aws:iam::1:role/x-*"));
}

#[test]
fn nested_wildcards_stay_within_the_product_of_the_lengths() {
    let mut work = Work::default();
    let pattern = Glob::new(&"*a".repeat(1000));
    assert!(!pattern.matches(&"a".repeat(999), &mut work));
    assert!(!Glob::new(&format!("{}b", "*a".repeat(500))).matches(&"a".repeat(2000), &mut work));
    assert!(work.0 < 3_000_000, "{}", work.0);
    assert!(matches(&"*".repeat(10_000), "anything"));
}

#[test]
fn a_name_has_no_colon() {
    let asked = Glob::of_names("arn:aws:iam::1:role/*");
    let (found, all) = asked.meets(&Glob::new("arn:aws:iam::*:role/web-*"), 8, &mut Work::default());
    assert_eq!((found.len(), found[0].shown().as_str(), all), (1, "arn:aws:iam::1:role/web-*", true));
    assert!(Glob::new("*:role/*").covers(&asked, &mut Work::default()));
    assert!(!asked.overlaps(&Glob::new("arn:aws:iam::1:role/a:b"), &mut Work::default()));
}

/// What the patterns mean, written as plainly as can be.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => naive(rest, text) || text.split_first().is_some_and(|(_, tail)| naive(pattern, tail)),
        (Some((p, rest)), Some((t, tail))) => (*p == '?' || p == t) && naive(rest, tail),
        _ => false,
    }
}

fn plainly(pattern: &str, text: &str) -> bool {
    naive(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn agrees_with_the_definition(pattern in "[abü*?]{0,7}", text in "[abü]{0,7}") {
        prop_assert_eq!(matches(&pattern, &text), plainly(&pattern, &text));
    }

    #[test]
    fn covering_is_never_claimed_wrongly(outer in "[ab*?]{0,5}", inner in "[ab*?]{0,5}", text in "[ab]{0,6}") {
        if covers(&outer, &inner) && matches(&inner, &text) {
            prop_assert!(matches(&outer, &text), "{outer} {inner} {text}");
        }
    }

    #[test]
    fn meetings_hold_what_matches_both_and_nothing_else(
        one in "[abü*?]{0,5}",
        two in "[abü*?]{0,5}",
        text in "[abü]{0,6}",
    ) {
        let (found, all) = Glob::new(&one).meets(&Glob::new(&two), 1000, &mut Work::default());
        prop_assert!(all, "so few places have few ways through");
        let inside = found.iter().any(|both| plainly(&both.shown(), &text));
        prop_assert_eq!(inside, plainly(&one, &text) && plainly(&two, &text), "{} {} {}", one, two, text);
    }

    #[test]
    fn a_meeting_is_inside_both_and_found_where_there_is_one(
        one in "[abü*?]{0,5}",
        two in "[abü*?]{0,5}",
        text in "[abü]{0,6}",
    ) {
        match meets(&one, &two) {
            Some(both) => {
                if plainly(&both, &text) {
                    prop_assert!(plainly(&one, &text) && plainly(&two, &text), "{one} {two} {both} {text}");
                }
            }
            None => prop_assert!(!(plainly(&one, &text) && plainly(&two, &text)), "{one} {two} {text}"),
        }
    }

    #[test]
    fn an_example_matches(pattern in "[ab*?]{0,7}", filler in "[ab]{0,3}") {
        let example = Glob::new(&pattern).example(&filler).expect("text");
        prop_assert!(plainly(&pattern, &example));
    }
}
