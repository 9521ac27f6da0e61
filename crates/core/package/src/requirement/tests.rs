//! What each language admits, by its own documentation.

use super::*;
use proptest::prelude::*;

/// Rows of: range, versions that it admits, versions that it refuses.
type Row<'a> = (&'a str, &'a str, &'a str);

#[track_caller]
fn expect(language: Language, rows: &[Row<'_>]) {
    for (text, admitted, refused) in rows {
        let requirement =
            Requirement::parse(language, text).unwrap_or_else(|error| panic!("{language:?} `{text}`: {error}"));
        for version in admitted.split_whitespace() {
            assert_eq!(
                requirement.admits(version, &Context::default()),
                Admission::Yes,
                "{language:?} `{text}` {version}"
            );
        }
        for version in refused.split_whitespace() {
            assert_eq!(
                requirement.admits(version, &Context::default()),
                Admission::No,
                "{language:?} `{text}` {version}"
            );
        }
    }
}

#[track_caller]
fn undecided(language: Language, rows: &[(&str, &str)]) {
    for (text, versions) in rows {
        let requirement =
            Requirement::parse(language, text).unwrap_or_else(|error| panic!("{language:?} `{text}`: {error}"));
        for version in versions.split_whitespace() {
            let told = requirement.admits(version, &Context::default());
            assert!(matches!(told, Admission::Undecided(_)), "{language:?} `{text}` {version}: {told:?}");
        }
    }
}

#[track_caller]
fn refused(language: Language, texts: &[&str]) {
    for text in texts {
        assert!(Requirement::parse(language, text).is_err(), "{language:?} `{text}`");
    }
}

#[test]
fn specifiers_of_python() {
    expect(
        Language::Pep440,
        &[
            ("", "1.82.8 0.1", ""),
            ("litellm", "1.82.8", ""),
            ("litellm[proxy]>=1.80,<1.82.7 ; python_version < '3.13'", "1.82.6 1.80", "1.82.7 1.79.9"),
            ("litellm (>=1.80)", "1.82.7", "1.79"),
            (">=1.80,<1.82.7", "1.82.6 1.82.6.post1", "1.82.7 1.82.8"),
            ("~=1.82", "1.82 1.82.8 1.99", "1.81.9 2.0"),
            ("~=1.82.6", "1.82.6 1.82.8 1.82.100", "1.83 1.82.5"),
            ("~= 2.2.post3", "2.2.post3 2.3", "2.2 3.0"),
            ("~=1!1.4", "1!1.5", "1.5 1!2"),
            ("==1.82.8", "1.82.8 1.82.8+local.1 v1.82.8", "1.82.7 1.82.80"),
            ("==1.82.8+a", "1.82.8+a", "1.82.8 1.82.8+b"),
            ("==1.82.*", "1.82 1.82.8 1.82.8.post1", "1.83 1.8 1.820"),
            ("!=1.82.*", "1.83 1.81", "1.82.7 1.82"),
            ("!=1.82.7,!=1.82.8", "1.82.6 1.82.9", "1.82.7 1.82.8"),
            ("===1.82.8", "1.82.8", "1.82.8.0 1.82.7"),
            ("===1.82.8-weird", "1.82.8-weird", ""),
            (">1.7", "1.7.1 1.8", "1.7 1.7.0.post1 1.7+local"),
            (">1.7.post2", "1.7.post3", "1.7.0 1.7.post2"),
            ("<3.1", "3.0.9", "3.1 3.1.dev0 3.1rc1"),
            ("<3.1rc2", "3.1rc1", "3.1rc2 3.1"),
            ("litellm==1.82.6 --hash=sha256:00", "1.82.6", "1.82.7"),
        ],
    );
    refused(Language::Pep440, &[">=1.0.*", "~=1", "litellm 1.0", ">=latest", "=1.0", "=>1"]);
    undecided(Language::Pep440, &[("litellm @ https://x.example/l.whl", "1.0"), (">=1", "main")]);
}

#[test]
fn pre_releases_of_python() {
    expect(
        Language::Pep440,
        &[(">=1.83.0rc1", "1.83.0rc1 1.83.0rc2 1.83", "1.82.8"), ("==1.83.0rc1", "1.83.0rc1", "1.83.0")],
    );
    // Taken only where no final release fits.
    undecided(Language::Pep440, &[(">=1.80", "1.83.0rc1 1.83.0.dev4"), ("!=1.83rc1", "1.83rc2")]);
    let requirement = Requirement::parse(Language::Pep440, ">=1.80").expect("a range");
    let context = |pre_releases| Context { pre_releases, yanked: false };
    assert_eq!(requirement.admits("1.83.0rc1", &context(PreReleases::Allowed)), Admission::Yes);
    assert_eq!(requirement.admits("1.83.0rc1", &context(PreReleases::Refused)), Admission::No);
}

#[test]
fn yanked_releases_are_taken_only_by_name() {
    let yanked = Context { yanked: true, ..Context::default() };
    for (language, text, wanted) in [
        (Language::Pep440, ">=1.80", Admission::No),
        (Language::Pep440, "==1.82.*", Admission::No),
        (Language::Pep440, "==1.82.8", Admission::Yes),
        (Language::Pep440, "===1.82.8", Admission::Yes),
        (Language::Poetry, "^1.80", Admission::No),
        (Language::Poetry, "1.82.8", Admission::Yes),
        (Language::Cargo, "=1.82.8", Admission::No),
    ] {
        let requirement = Requirement::parse(language, text).expect("a range");
        assert_eq!(requirement.admits("1.82.8", &yanked), wanted, "{language:?} {text}");
    }
}

#[test]
fn ranges_of_poetry() {
    expect(
        Language::Poetry,
        &[
            ("^1.2.3", "1.2.3 1.9", "1.2.2 2.0"),
            ("^0.2.3", "0.2.3 0.2.9", "0.3"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^0.0", "0.0.9", "0.1"),
            ("^0", "0.9", "1.0"),
            ("~1.2.3", "1.2.9", "1.3"),
            ("~1.2", "1.2.9", "1.3"),
            ("~1", "1.9", "2.0"),
            ("*", "1 99", ""),
            ("1.*", "1.0 1.9", "2.0"),
            ("1.82.6", "1.82.6", "1.82.7"),
            (">= 1.2, < 1.5", "1.4", "1.5"),
            (">=1.2 <1.5 || ^3.0", "1.4 3.1", "2.0 4.0"),
            ("^1.82rc1", "1.82rc1 1.90", "2.0"),
        ],
    );
    refused(Language::Poetry, &["^main", "^", "~x"]);
}

#[test]
fn ranges_of_npm() {
    expect(
        Language::Npm,
        &[
            ("", "1.0.0 0.0.1", ""),
            ("*", "1.0.0", "1.0.0-beta"),
            ("^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2 2.0.0-0 1.3.0-beta"),
            ("^0.2.3", "0.2.9", "0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.4 1.2.3 1.3.0", "1.2.4-beta.2 1.2.3-beta.1"),
            ("^1.2.x", "1.2.0 1.9.0", "2.0.0"),
            ("^0.0.x", "0.0.9", "0.1.0"),
            ("^0.x", "0.9.0", "1.0.0"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            ("~1.2", "1.2.0", "1.3.0"),
            ("~1", "1.9.0", "2.0.0"),
            ("1.2.3 - 2.3.4", "1.2.3 2.3.4", "2.3.5 1.2.2"),
            ("1.2 - 2.3", "1.2.0 2.3.9", "2.4.0"),
            ("1.2.3 - 2", "2.9.9", "3.0.0"),
            ("1.x", "1.0.0 1.9.0", "2.0.0"),
            ("1.2.*", "1.2.7", "1.3.0"),
            ("1", "1.2.3", "2.0.0"),
            ("=1.2.3", "1.2.3 v1.2.3", "1.2.4"),
            (">1.2", "1.3.0", "1.2.9"),
            ("<=1.2", "1.2.9", "1.3.0"),
            (">=1.2.7 <1.3.0", "1.2.7 1.2.99", "1.3.0 1.1.0"),
            ("1.2.7 || >=1.2.9 <2.0.0", "1.2.7 1.2.9 1.4.6", "1.2.8 2.0.0"),
            (">1.2.3-alpha.3", "1.2.3-alpha.7 3.4.5", "3.4.5-alpha.9"),
            ("npm:axios@^1.14.0", "1.14.1", "2.0.0"),
            ("workspace:^", "", "1.0.0"),
        ],
    );
    undecided(
        Language::Npm,
        &[("latest", "1.0.0"), ("next", "1.0.0"), ("git+https://h.example/r.git", "1.0.0"), ("user/repo", "1.0.0")],
    );
    let alias = Requirement::parse(Language::Npm, "npm:@scope/real@^1.0.0").expect("an alias");
    assert_eq!(alias.renamed(), Some("@scope/real"));
    assert_eq!(Requirement::parse(Language::Npm, "npm:@scope/real").expect("an alias").renamed(), Some("@scope/real"));
    refused(Language::Npm, &["1.2.3.4", "^1.2.3.4"]);
}

#[test]
fn requirements_of_cargo() {
    expect(
        Language::Cargo,
        &[
            ("1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2 1.3.0-beta.1"),
            ("0.2.3", "0.2.9", "0.3.0"),
            ("0.0.3", "0.0.3", "0.0.4"),
            ("0", "0.9.9", "1.0.0"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            ("~1", "1.9.0", "2.0.0"),
            ("1.*", "1.9.0", "2.0.0"),
            ("1.2.*", "1.2.9", "1.3.0"),
            ("*", "0.0.1 9.9.9", ""),
            ("=1.2.3", "1.2.3", "1.2.4"),
            (">= 1.2, < 1.5", "1.4.9", "1.5.0"),
            ("1.0.0-alpha.1", "1.0.0-alpha.2 1.0.0 1.1.0", "1.1.0-alpha.1 1.0.0-alpha.0"),
        ],
    );
    refused(Language::Cargo, &["latest", "!=1.0", "1.2.3 || 2"]);
}

#[test]
fn requirements_of_rubygems() {
    expect(
        Language::RubyGems,
        &[
            ("~> 2.2", "2.2 2.3.0", "2.1 3.0 3.0.a"),
            ("~> 2.2.0", "2.2.9", "2.3.0"),
            ("~> 1", "1.9", "2.0"),
            (">= 1.2, < 2", "1.9", "2.0 1.1"),
            ("1.2.3", "1.2.3 1.2.3.0", "1.2.4"),
            ("!= 1.2.3", "1.2.4", "1.2.3"),
            ("(>= 1.0)", "1.1", "0.9"),
            ("~> 1.0.a", "1.0.a 1.0.b 1.0.5 1.1", "2.0"),
        ],
    );
    undecided(Language::RubyGems, &[(">= 1", "2.0.rc1")]);
    refused(Language::RubyGems, &["~> main", "^1.0"]);
}

#[test]
fn go_asks_for_the_least() {
    expect(Language::Go, &[("v1.2.3", "v1.2.3 1.2.3", "v1.2.2")]);
    undecided(Language::Go, &[("v1.2.3", "v1.2.4"), ("latest", "v1.0.0"), ("main", "v1.0.0")]);
    assert!(!Language::Go.takes_highest() && Language::Npm.takes_highest());
}

#[test]
fn intervals_of_maven_and_nuget() {
    expect(
        Language::Maven,
        &[
            ("[1.0,2.0)", "1.0 1.9", "2.0 0.9"),
            ("(,1.0],[1.2,)", "0.9 1.0 1.2 9", "1.1"),
            ("[1.5]", "1.5 1.5.0", "1.6"),
            ("1.0", "1.0", ""),
        ],
    );
    undecided(Language::Maven, &[("1.0", "1.1 0.9"), ("LATEST", "1"), ("${v}", "1"), ("1.+", "1.2")]);
    expect(
        Language::NuGet,
        &[
            ("1.0", "1.0 1.0.0.0", "0.9"),
            ("[1.0]", "1.0", "1.1"),
            ("(1.0,2.0]", "1.5 2.0", "1.0 2.1"),
            ("1.*", "1.0 1.9", "2.0 1.5.0-beta"),
            ("1.2.*", "1.2.9", "1.3.0"),
            ("*", "1.0 9.0", "1.0.0-rc"),
            ("1.0.0-*", "1.0.0-rc 1.0.0", "1.0.1"),
            ("*-*", "1.0.0-rc 9.0", ""),
            ("[1.0.0-beta,2)", "1.0.0-rc", ""),
        ],
    );
    undecided(Language::NuGet, &[("1.0", "1.1")]);
    refused(Language::Maven, &["[1.0", "[a b]"]);
    refused(Language::NuGet, &["one", "[1.0"]);
}

#[test]
fn constraints_of_composer() {
    expect(
        Language::Composer,
        &[
            ("^1.2.3", "1.2.3 1.9", "2.0 2.0-beta1"),
            ("^0.3", "0.3.9", "0.4"),
            ("~1.2", "1.2 1.9", "2.0"),
            ("~1.2.3", "1.2.9", "1.3"),
            ("1.0.*", "1.0.9", "1.1"),
            ("*", "1 9", ""),
            ("1.0 - 2.0", "1.0 2.0.9", "2.1"),
            (">=1.0 <1.1 || >=1.2", "1.0.5 1.2", "1.1"),
            (">=1.0,<2.0", "1.5", "2.0"),
            ("1.2.3", "1.2.3 v1.2.3", "1.2.4"),
            ("^1.0@beta", "1.1-beta1 1.2", "2.0"),
        ],
    );
    undecided(Language::Composer, &[("dev-main", "1.0"), ("^1.0", "1.1-RC1"), ("1.x-dev", "1.0")]);
    refused(Language::Composer, &["", "^foo"]);
}

#[test]
fn requirements_of_hex_and_pub() {
    expect(
        Language::Hex,
        &[
            ("~> 2.0.0", "2.0.9", "2.1.0"),
            ("~> 2.1", "2.1.0 2.9.0", "3.0.0 2.0.0"),
            (">= 1.0.0 and < 1.5.0", "1.4.9", "1.5.0"),
            ("~> 1.0 or ~> 3.0", "1.9.0 3.1.0", "2.0.0"),
            ("== 1.2.3", "1.2.3", "1.2.4 1.2.3-rc.1"),
            ("~> 2.0.0-rc.1", "2.0.0-rc.2", "2.1.0-rc.1"),
        ],
    );
    expect(
        Language::Pub,
        &[
            ("^1.2.3", "1.2.3 1.9.0", "2.0.0 2.0.0-dev"),
            ("^0.1.2", "0.1.9", "0.2.0"),
            ("^0.0.3", "0.0.9", "0.1.0"),
            (">=1.2.3 <2.0.0", "1.9.0", "2.0.0"),
            ("any", "0.0.1 9.0.0", ""),
            ("", "1.0.0", ""),
            ("1.2.3", "1.2.3", "1.2.4"),
        ],
    );
    undecided(Language::Pub, &[("^1.0.0", "1.2.0-dev.1")]);
}

#[test]
fn names_that_move() {
    expect(
        Language::Action,
        &[
            ("aquasecurity/trivy-action@0.24.0", "0.24.0", "0.35.0"),
            ("actions/checkout@v4", "v4.1.2 4.0.0", "v3.0.0 v5.0.0"),
            ("v4.1", "v4.1.9", "v4.2.0"),
        ],
    );
    undecided(Language::Action, &[("a/b@main", "1.0.0"), ("a/b@0123456789abcdef0123456789abcdef01234567", "1.0.0")]);
    expect(
        Language::Tag,
        &[("aquasec/trivy:0.69.3", "0.69.3", "0.69.5"), ("localhost:5000/trivy:0.69", "0.69.5", "0.70.0")],
    );
    undecided(Language::Tag, &[("latest", "0.69.5")]);
}

#[test]
fn tools_and_ecosystems_have_a_language() {
    assert_eq!(Language::of(&Ecosystem::PyPI), Language::Pep440);
    for (tool, language) in [("uv", Language::Pep440), ("Poetry", Language::Poetry), ("pnpm", Language::Npm)] {
        assert_eq!(Language::of_tool(tool), Some(language));
    }
    assert_eq!(Language::of_tool("make"), None);
}

const ALL: [Language; 14] = [
    Language::Pep440,
    Language::Poetry,
    Language::Npm,
    Language::Cargo,
    Language::RubyGems,
    Language::Go,
    Language::Maven,
    Language::NuGet,
    Language::Composer,
    Language::Hex,
    Language::Pub,
    Language::Action,
    Language::Tag,
    Language::Exact,
];

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,24}", near in "[0-9.x*^~<>=!|, a-c@:-]{0,20}", version in "[0-9]{1,3}(\\.[0-9]{1,2}){0,3}[a-c-]{0,2}") {
        for language in ALL {
            for text in [&text, &near] {
                if let Ok(requirement) = Requirement::parse(language, text) {
                    requirement.admits(&version, &Context::default());
                }
            }
        }
    }

    /// A range that names its own lower bound admits it, whatever the language.
    #[test]
    fn a_floor_admits_itself(a in 0u32..50, b in 0u32..50, c in 0u32..50) {
        let version = format!("{a}.{b}.{c}");
        for (language, sign) in [
            (Language::Pep440, ">="), (Language::Pep440, "~="), (Language::Poetry, "^"), (Language::Npm, "^"), (Language::Npm, "~"),
            (Language::Cargo, ""), (Language::RubyGems, "~> "), (Language::Go, "v"), (Language::Maven, ""), (Language::NuGet, ""),
            (Language::Composer, "~"), (Language::Hex, "~> "), (Language::Pub, "^"),
        ] {
            let requirement = Requirement::parse(language, &format!("{sign}{version}")).expect("a range");
            prop_assert_eq!(requirement.admits(&version, &Context::default()), Admission::Yes, "{:?} {}{}", language, sign, version);
        }
    }
}
