//! Would a fresh install have taken this release? A range, a moment, and what else was to be had at that moment.
//!
//! It is not a resolver: of dependencies, markers and backtracking it knows nothing, and it says no only where no install
//! could have taken the release. What is not known counts as possible.

use crate::cool_down::CoolDown;
use crate::requirement::{Admission, Context, Requirement};
use crate::version::Version;
use firebreak_model::Time;
use std::cmp::Ordering;

/// One release of the package.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Release<'a> {
    /// Its version.
    pub version: &'a str,
    /// When it appeared.
    pub published: Time,
    /// Whether it could not be had at the moment in question: yanked, quarantined or deleted by then.
    pub gone: bool,
}

/// What else decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings<'a> {
    /// Pre-releases, and whether the release was yanked at that moment.
    pub context: Context,
    /// The cool-down in force, where one is.
    pub cool_down: Option<CoolDown>,
    /// All releases of the package, where they are known. A part of them is worse than none.
    pub known: Option<&'a [Release<'a>]>,
}

/// Whether an install at `at`, asking for `requirement` and for nothing else of this package, would have taken `version`,
/// which appeared at `published`.
pub fn would_admit(
    requirement: &Requirement,
    version: &str,
    published: Time,
    at: Time,
    settings: &Settings<'_>,
) -> Admission {
    if at < published {
        return Admission::No;
    }
    let shown = settings.cool_down.map_or(Admission::Yes, |cool_down| cool_down.admits(published, at));
    let fits = requirement.admits(version, &settings.context);
    if shown.is_no() || fits.is_no() {
        return Admission::No;
    }
    let beaten = settings.known.is_some_and(|known| beaten(requirement, version, at, settings, known));
    match (beaten, fits, shown) {
        (true, ..) => Admission::No,
        (false, undecided @ Admission::Undecided(_), _) | (false, _, undecided) => undecided,
    }
}

/// Whether another release certainly went before this one: a higher one where the highest is taken, or any final one where
/// this is a pre-release that was not asked for.
fn beaten(requirement: &Requirement, version: &str, at: Time, settings: &Settings<'_>, known: &[Release<'_>]) -> bool {
    let language = requirement.language();
    if !language.takes_highest() {
        return false;
    }
    let order = language.order();
    let Some(own) = Version::parse(order, version) else { return false };
    let plain = Context { yanked: false, ..settings.context };
    let unasked = own.is_pre_release() && requirement.admits(version, &plain) != Admission::Yes;
    known.iter().any(|release| {
        let there = !release.gone
            && release.published <= at
            && settings.cool_down.is_none_or(|cool_down| cool_down.admits(release.published, at) == Admission::Yes)
            && requirement.admits(release.version, &plain) == Admission::Yes;
        let Some(other) = Version::parse(order, release.version).filter(|_| there) else { return false };
        other.partial_cmp(&own) == Some(Ordering::Greater) || (unasked && !other.is_pre_release())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::Language;

    const BAD: &str = "2026-03-24T10:52:00Z";

    fn time(text: &str) -> Time {
        Time::parse(text).expect("a time")
    }

    fn asked(language: Language, text: &str, at: &str, settings: &Settings<'_>) -> Admission {
        let requirement = Requirement::parse(language, text).expect("a range");
        would_admit(&requirement, "1.82.8", time(BAD), time(at), settings)
    }

    #[test]
    fn a_range_admits_after_the_release_and_outside_a_cool_down() {
        let none = Settings::default();
        let cool = |tool, text| Settings { cool_down: CoolDown::parse(tool, text).ok(), ..Settings::default() };
        let inside = "2026-03-24T11:00:00Z";
        for (text, at, settings, wanted) in [
            ("~=1.82", inside, none, Admission::Yes),
            (">=1.80,<1.82.7", inside, none, Admission::No),
            ("~=1.82", "2026-03-24T10:51:00Z", none, Admission::No),
            ("~=1.82", inside, cool("uv", "3 days"), Admission::No),
            ("~=1.82", inside, cool("uv", "2026-03-24T10:00:00Z"), Admission::No),
            ("~=1.82", inside, cool("uv", "2026-03-24T11:00:00Z"), Admission::Yes),
            ("~=1.82", "2026-03-29T11:00:00Z", cool("uv", "3 days"), Admission::Yes),
        ] {
            assert_eq!(asked(Language::Pep440, text, at, &settings), wanted, "{text} at {at}");
        }
        assert!(matches!(asked(Language::Npm, "latest", inside, &none), Admission::Undecided(_)));
        let hazy = asked(Language::Pep440, "~=1.82", inside, &cool("uv", "2026-03-24"));
        assert!(matches!(hazy, Admission::Undecided(_)));
    }

    #[test]
    fn the_highest_release_wins_where_all_are_known() {
        let release = |version, published| Release { version, published: time(published), gone: false };
        let before = [release("1.82.6", "2026-03-20T00:00:00Z"), release("1.82.8", BAD)];
        let after = [before[0], before[1], release("1.82.9", "2026-03-24T11:30:00Z")];
        let gone = [before[0], before[1], Release { gone: true, ..after[2] }];
        let settings = |known| Settings { known: Some(known), ..Settings::default() };
        let at = "2026-03-24T12:00:00Z";
        assert_eq!(asked(Language::Pep440, ">=1.80", at, &settings(&before)), Admission::Yes);
        assert_eq!(asked(Language::Pep440, ">=1.80", at, &settings(&after)), Admission::No);
        assert_eq!(asked(Language::Pep440, ">=1.80", at, &settings(&gone)), Admission::Yes);
        // Not out yet at that moment, and refused by the range.
        assert_eq!(asked(Language::Pep440, ">=1.80", "2026-03-24T11:00:00Z", &settings(&after)), Admission::Yes);
        assert_eq!(asked(Language::Pep440, "<1.82.9", at, &settings(&after)), Admission::Yes);
        // A cool-down hides the clean one too.
        let cool = Settings { cool_down: Some(CoolDown::seconds(3600)), ..settings(&after) };
        assert_eq!(asked(Language::Pep440, ">=1.80", "2026-03-24T12:00:00Z", &cool), Admission::Yes);
        // The lowest that fits is taken there.
        assert_eq!(asked(Language::NuGet, "1.82.8", at, &settings(&after)), Admission::Yes);
    }

    #[test]
    fn a_pre_release_is_beaten_by_any_final_one() {
        let requirement = Requirement::parse(Language::Pep440, ">=1.80").expect("a range");
        let release = |version| Release { version, published: time("2026-03-20T00:00:00Z"), gone: false };
        let told = |known: &[Release<'_>]| {
            let settings = Settings { known: Some(known), ..Settings::default() };
            would_admit(&requirement, "1.83.0rc1", time(BAD), time("2026-03-24T12:00:00Z"), &settings)
        };
        assert_eq!(told(&[release("1.82.6")]), Admission::No);
        assert!(matches!(told(&[release("1.79")]), Admission::Undecided(_)));
    }
}
