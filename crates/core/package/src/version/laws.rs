//! What holds of every order: it is total and transitive, never panics, and takes long texts in its stride.

use super::*;
use proptest::prelude::*;

const ORDERS: [Order; 14] = [
    Order::Pep440,
    Order::Semver,
    Order::Npm,
    Order::Go,
    Order::Pub,
    Order::NuGet,
    Order::Debian,
    Order::Rpm,
    Order::Apk,
    Order::Maven,
    Order::RubyGems,
    Order::Packagist,
    Order::Hackage,
    Order::Cran,
];

/// Texts that are often versions: made of the pieces that versions are made of.
fn texts() -> impl Strategy<Value = String> {
    let pieces = [
        "0", "1", "2", "10", "01", "00", ".", ".", ".", "-", "_", "~", "^", "+", ":", "!", "a", "b", "rc", "alpha",
        "beta", "dev", "post", "final", "ga", "sp", "SNAPSHOT", "-r", "_p", "_alpha", "v", "x", "pre", "RC", "patch",
    ];
    let tail = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..7);
    (proptest::sample::select(vec!["0", "1", "1.0", "2"]), tail)
        .prop_map(|(head, tail)| format!("{head}{}", tail.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn orders_are_total(a in texts(), b in texts(), c in texts()) {
        for order in ORDERS {
            let read = [&a, &b, &c].map(|text| Version::parse(order, text));
            let versions: Vec<&Version<'_>> = read.iter().flatten().collect();
            for one in &versions {
                prop_assert_eq!(one.partial_cmp(one), Some(Ordering::Equal), "{:?}", order);
                for other in &versions {
                    let forward = one.partial_cmp(other);
                    prop_assert!(forward.is_some());
                    prop_assert_eq!(forward.map(Ordering::reverse), other.partial_cmp(one), "{:?}: {} {} {}", order, a, b, c);
                    for third in &versions {
                        if forward.is_some_and(Ordering::is_le) && other <= third {
                            prop_assert!(one <= third, "{:?}: {} {} {}", order, a, b, c);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(a in "\\PC{0,24}", b in "[0-9a-z.+!_~^-]{0,16}") {
        for order in ORDERS {
            let (one, other) = (Version::parse(order, &a), Version::parse(order, &b));
            let forward = one.partial_cmp(&other);
            prop_assert_eq!(forward.map(Ordering::reverse), other.partial_cmp(&one));
        }
        for ecosystem in [Ecosystem::PyPI, Ecosystem::Npm, Ecosystem::Debian, Ecosystem::Rpm, Ecosystem::Apk] {
            if let Some(range) = Range::parse(&ecosystem, &a) {
                range.contains(&ecosystem, &b);
            }
        }
    }
}

/// Hostile texts are compared as they are: no number is converted, nothing is compared twice over.
#[test]
fn long_texts_are_compared() {
    let long = 10_000;
    let (nines, ones) = ("9".repeat(long), "1".repeat(long));
    let dots = |end: &str| format!("{}{end}", "1.".repeat(long));
    let words = |end: &str| format!("1{}{end}", "a1".repeat(long));
    for order in ORDERS {
        let compare = |a: &str, b: &str| Version::parse(order, a)?.partial_cmp(&Version::parse(order, b)?);
        assert_eq!(compare(&ones, &nines), Some(Ordering::Less), "{order:?}");
        assert!(matches!(compare(&dots("1"), &dots("2")), None | Some(Ordering::Less)), "{order:?}");
        assert!(matches!(compare(&words("1"), &words("2")), None | Some(Ordering::Less)), "{order:?}");
        for text in ["-".repeat(long), "~".repeat(long), ".".repeat(long), format!("1{}", "-".repeat(long))] {
            let _ = compare(&text, &text);
        }
    }
}
