//! Each order against what its own specification says.

use super::*;

#[track_caller]
fn read(order: Order, text: &str) -> Version<'_> {
    Version::parse(order, text).unwrap_or_else(|| panic!("`{text}` is a version of {order:?}"))
}

/// Each text comes before all that follow it.
#[track_caller]
fn ascending(order: Order, texts: &[&str]) {
    let versions: Vec<_> = texts.iter().map(|text| read(order, text)).collect();
    for (at, a) in versions.iter().enumerate() {
        for (other, b) in versions.iter().enumerate() {
            assert_eq!(a.partial_cmp(b), Some(at.cmp(&other)), "{order:?}: {} and {}", texts[at], texts[other]);
        }
    }
}

#[track_caller]
fn equal(order: Order, pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        let (one, other) = (Version::parse(order, a), Version::parse(order, b));
        assert!(one.is_some() && other.is_some(), "{order:?}: {a} and {b}");
        assert_eq!(one.partial_cmp(&other), Some(Ordering::Equal), "{order:?}: {a} and {b}");
    }
}

#[track_caller]
fn not_versions(order: Order, texts: &[&str]) {
    for text in texts {
        assert_eq!(Version::parse(order, text), None, "{order:?}: {text}");
    }
}

/// Lines of `a < b`, `a = b`, `a > b`.
#[track_caller]
fn pairs(order: Order, lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let [a, sign, b] = words[..] else { panic!("{line}") };
        let wanted = match sign {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            ">" => Ordering::Greater,
            _ => panic!("{line}"),
        };
        assert_eq!(read(order, a).partial_cmp(&read(order, b)), Some(wanted), "{order:?}: {line}");
    }
}

#[test]
fn pep_440() {
    ascending(
        Order::Pep440,
        &[
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "20240102123456789012345678901234567890",
            "1!0.1",
        ],
    );
    equal(
        Order::Pep440,
        &[
            ("1.82.8", "v1.82.8"),
            ("1.82", "1.82.0"),
            ("1.0-1", "1.0.post1"),
            ("1.0RC1", "1.0-rc.1"),
            ("1.1.ALPHA", "1.1a0"),
            ("1.1preview2", "1.1c2"),
            ("1.2-rev", "1.2.post0"),
            ("1.2.r3", "1.2_post-3"),
            ("1.2dev", "1.2.dev0"),
            ("1.0+ubuntu-1", "1.0+UBUNTU.1"),
            ("0!01.02", "1.2"),
            (" 1.0\n", "1.0"),
        ],
    );
    not_versions(
        Order::Pep440,
        &["", "latest", "1.0.x", "1.0-foo2", "1..0", "1.0+", "1.0+a..b", "1.0.dev1.post1", "1!", "1.0-", "é"],
    );
}

#[test]
fn semantic_versioning() {
    ascending(
        Order::Semver,
        &[
            "1.0.0-0.3.7",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0-x-y-z.--",
            "1.0.0",
            "2.0.0",
            "2.1.0",
            "2.1.1",
            "99999999999999999999999.999999999999999999.99999999999999999",
        ],
    );
    equal(Order::Semver, &[("1.0.0+20130313144700", "1.0.0+21AF26D3"), ("v1.2", "1.2.0"), ("1.0.0-a+b", "1.0.0-a")]);
    not_versions(Order::Semver, &["", "main", "1.x", "1.0.0-", "1.0.0-a..b", "1.0.0beta", "v"]);
}

#[test]
fn npm_is_loose() {
    ascending(Order::Npm, &["1.2.3-0", "1.2.3alpha", "1.2.3-beta.2", "1.2.3beta.10", "1.2.3", "1.2.4"]);
    equal(
        Order::Npm,
        &[("=v1.2.3", "1.2.3"), ("v 1.2.3", "1.2.3"), ("1.2.3-beta", "1.2.3beta"), ("01.02.03", "1.2.3")],
    );
    not_versions(Order::Npm, &["1.2.3.4", "latest", "^1.2.3", "1.2.x"]);
}

#[test]
fn go_modules_and_toolchains() {
    ascending(
        Order::Go,
        &[
            "v0.0.0-20180207000608-0e0e5fca5ea5",
            "v0.0.0-20191109021931-daa7c04131f5",
            "v1.2.3-pre.0.20191109021931-daa7c04131f5",
            "v1.2.3",
            "v1.2.4-0.20191109021931-daa7c04131f5",
            "v1.2.4",
            "v2.0.0+incompatible",
            "v2.0.1",
        ],
    );
    ascending(Order::Go, &["go1.20.14", "go1.21rc2", "1.21.0", "go1.21.1"]);
    equal(Order::Go, &[("v1.2.3+incompatible", "1.2.3"), ("go1.21", "1.21.0"), ("go1.21rc2", "1.21.0-rc.2")]);
    not_versions(Order::Go, &["v1.2.3.4", "master", "go", "1.21foo2"]);
}

#[test]
fn pub_orders_builds() {
    ascending(Order::Pub, &["1.0.0-alpha", "1.0.0", "1.0.0+1", "1.0.0+2", "1.0.0+10", "1.0.0+hotfix", "1.0.1"]);
}

#[test]
fn nuget_has_four_numbers_and_no_case() {
    ascending(Order::NuGet, &["1.0.0-Alpha.9", "1.0.0-alpha.10", "1.0.0-BETA", "1.0.0-rc", "1", "1.0.0.1", "1.0.1"]);
    equal(Order::NuGet, &[("1.0", "1.0.0.0"), ("1.01.1", "1.1.1"), ("1.0.0-RC1", "1.0.0-rc1"), ("1.0.0+a", "1.0.0+b")]);
    not_versions(Order::NuGet, &["1.2.3.4.5", "1.*", "[1.0]"]);
}

#[test]
fn debian_policy() {
    pairs(
        Order::Debian,
        "1.0~~ < 1.0~~a
         1.0~~a < 1.0~
         1.0~ < 1.0
         1.0 < 1.0a
         1.0~beta1~svn1245 < 1.0~beta1
         1.0~beta1 < 1.0
         7.6p2-4 > 7.6-0
         1.0.3-3 > 1.0-1
         1.3 > 1.2.2-2
         1.3 > 1.2.2
         0:0-0 = 0
         1.2.3-0 = 1.2.3
         0:1.2.3 = 1.2.3
         1:1.2.3 > 2.0
         1.2.3-1 < 1.2.3-1+b1
         1.2.3-1~bpo1 < 1.2.3-1
         0:1.18.36:5.4 < 0:1.18.36:5.5
         9.2p1-2+deb12u2 < 9.2p1-2+deb12u3
         2.31-13+deb11u9 < 2.31-13+deb11u10
         00001 = 1
         1.2a+~b2c < 1.2a+b
         0.69.4 > 0.6.94
         1-1-1 > 1-1
         2.0+git20200101 > 2.0",
    );
    not_versions(Order::Debian, &["", "trivy", "a:1.0", "1.0 beta", "1.0-é", ":1", "1.0_1"]);
}

#[test]
fn rpmvercmp() {
    pairs(
        Order::Rpm,
        "1.0 = 1.0
         1.0 < 2.0
         2.0.1 = 2.0.1
         2.0 < 2.0.1
         2.0.1a > 2.0.1
         5.5p1 < 5.5p2
         5.5p10 > 5.5p1
         10xyz < 10.1xyz
         xyz10 < xyz10.1
         xyz.4 < 8
         xyz.4 < 2
         5.5p2 < 5.6p1
         5.6p1 < 6.5p1
         6.0.rc1 > 6.0
         10b2 > 10a1
         1.0aa > 1.0a
         10.0001 = 10.1
         10.0001 < 10.0039
         4.999.9 < 5.0
         20101122 > 20101121
         2_0 = 2.0
         1.0~rc1 = 1.0~rc1
         1.0~rc1 < 1.0
         1.0~rc1 < 1.0~rc2
         1.0~rc1~git123 < 1.0~rc1
         1.0^ > 1.0
         1.0^git1 > 1.0
         1.0^git1 < 1.0^git2
         1.0^git1 < 1.01
         1.0^20160101 < 1.0.1
         1.0^20160101^git1 > 1.0^20160101
         1.0~rc1^git1 > 1.0~rc1
         1.0^git1~pre < 1.0^git1
         1:1.0-1 > 2.0-1
         0:1.0-1 = 1.0-1
         (none):1.0-1 = 1.0-1
         1.0-2.el9 < 1.0-10.el9
         1.0-1.el9_2.1 > 1.0-1.el9",
    );
    not_versions(Order::Rpm, &["", "trivy", "x:1.0", "1.0 1"]);
}

#[test]
fn apk_tools() {
    pairs(
        Order::Apk,
        "2.34 > 0.1.0_alpha
         0.1.0_alpha = 0.1.0_alpha
         0.1.0_alpha < 0.1.3_alpha
         0.1.0_alpha2 > 0.1.0_alpha
         0.1.0_alpha < 2.2.39-r1
         1.0.4-r3 < 1.0.4-r4
         1.0.2 > 0.7-r1
         1.1 > 1.1_alpha1
         1.3_alpha2 < 1.3_alpha3
         4.8-r1 > 3.10.18-r1
         2.3.0b-r1 < 2.3.0b-r2
         0.12.3 > 0.12
         0.13_beta4 < 0.13_beta5
         3.1_p16 < 3.1_p17
         1.06-r6 < 006
         006 > 1.0.0
         1.2.2-r1 > 1.2.2
         2.01.01_alpha10 > 0.94
         1.39 > 1.00_beta2
         1.02 < 1.03-r1
         4.2.52_p2-r1 < 4.2.52_p4-r2
         4.2.52_p4-r2 > 1.02.07
         1.02.07 < 1.02.10-r1
         2.5.1-r8 < 2.5.1a-r1
         1.3.5-r10 > 1.3.5-r8
         2.0.0_rc3-r1 > 1.5
         021109-r3 < 20060512
         3.9_pre20060124 > 0.01
         0.10.0 < 0.10.1_rc1
         02.08.01b < 4.77
         1.6d > 1.2.07.8
         1.07-r1 < 1.07.5
         0.98 < 1.00
         1.8.5 < 1.8.5_p2
         1.6.8_p12-r1 > 1.6.8_p9-r2
         1.3-r0 < 1.3.1-r0
         1.3_pre1-r1 < 1.3.2
         1.0_p10-r0 > 1.0_p9-r0
         0.1.0_alpha_pre2 < 0.1.0_alpha
         1.0.0_pre20191002222144-r0 < 1.0.0_pre20210530193627-r0",
    );
    ascending(
        Order::Apk,
        &["1_alpha", "1_beta", "1_pre", "1_rc", "1", "1-r1", "1_cvs", "1_svn", "1_git", "1_hg", "1_p", "1a", "1.0"],
    );
    not_versions(Order::Apk, &["", "1.0bc", "23_foo", "1.0-1", "a1", "1.0-r", "1..2"]);
}

#[test]
fn maven_pom_reference() {
    let qualifiers = [
        "1-alpha2snapshot",
        "1-alpha2",
        "1-alpha-123",
        "1-beta-2",
        "1-beta123",
        "1-m2",
        "1-m11",
        "1-rc",
        "1-cr2",
        "1-rc123",
        "1-SNAPSHOT",
        "1",
        "1-sp",
        "1-sp2",
        "1-sp123",
        "1-abc",
        "1-def",
        "1-pom-1",
        "1-1-snapshot",
        "1-1",
        "1-2",
        "1-123",
    ];
    ascending(Order::Maven, &qualifiers);
    let numbers = [
        "2.0", "2.0.a", "2-1", "2.0.2", "2.0.123", "2.1.0", "2.1-a", "2.1b", "2.1-c", "2.1-1", "2.1.0.1", "2.2",
        "2.123", "11.a2", "11.a11", "11.b2", "11.b11", "11.m2", "11.m11", "11", "11.a", "11b", "11c", "11m",
    ];
    ascending(Order::Maven, &numbers);
    ascending(Order::Maven, &["1-foo2", "1-foo10", "1-1", "1.1"]);
    ascending(Order::Maven, &["1-sp-1", "1-1"]);
    ascending(Order::Maven, &["1-ga.1", "1-sp.1"]);
    equal(
        Order::Maven,
        &[
            ("1.ga", "1-ga"),
            ("1-ga", "1-0"),
            ("1-0", "1.0"),
            ("1.0", "1"),
            ("1.foo", "1-foo"),
            ("1-a1", "1-alpha-1"),
            ("1.0.0-ga", "1"),
            ("1.0-RC1", "1-cr1"),
            ("1.0-Final", "1"),
            ("1..0", "1"),
        ],
    );
    ascending(Order::Maven, &["2.14.1", "2.15.0-rc1", "2.15.0", "2.17.1", "32.1.2-android", "32.1.2-jre"]);
    not_versions(Order::Maven, &["", "[1.0]", "(,1.0)", "1.0 beta", "LATEST"]);
}

#[test]
fn gem_version() {
    ascending(
        Order::RubyGems,
        &["0.9", "1.0.a.2", "1.0.a10", "1.0.b1", "1.0.rc", "1.0", "1.0.1", "1.1.a", "1.1.rc1", "1.1", "1.2", "10.0"],
    );
    equal(Order::RubyGems, &[("1.0", "1"), ("1.0.0", "1.0"), ("1.0.0-beta", "1.pre.beta"), ("1.0.a.0", "1.a")]);
    ascending(Order::RubyGems, &["5.0.0.rc2", "5.0.0", "5.0.0.1"]);
    not_versions(Order::RubyGems, &["", "junk", "1.0\n2.0", "1..2", "1.2 3.4", "-1"]);
}

#[test]
fn composer_stabilities() {
    ascending(
        Order::Packagist,
        &[
            "1.0.0-dev",
            "1.0.0-alpha1",
            "1.0.0-beta2-dev",
            "1.0.0-beta2",
            "1.0.0-beta10",
            "1.0.0-RC1",
            "1.0",
            "1.0.0-p1",
            "1.0.0-patch2",
            "1.0.0.1",
            "1.1",
            "2010.01.02",
        ],
    );
    equal(Order::Packagist, &[("v1.0", "1.0.0.0"), ("1.0-stable", "1"), ("1.0b2", "1.0.0-beta2"), ("1.0+7", "1.0")]);
    not_versions(Order::Packagist, &["", "dev-main", "1.0-foo", "1.x", "^1.0"]);
}

#[test]
fn numbers_alone() {
    ascending(Order::Hackage, &["0.9", "1", "1.0", "1.0.0", "1.0.10", "1.2"]);
    ascending(Order::Cran, &["0.9-3", "1.0-0", "1.0-3", "1.0.4", "1.2-10"]);
    equal(Order::Cran, &[("1.0-3", "1.0.3")]);
    not_versions(Order::Hackage, &["", "1.0-1", "1.a", "1."]);
}

#[test]
fn pre_releases_are_told_by_each_rule() {
    for (ecosystem, text, wanted) in [
        ("PyPI", "1.83.0rc1", Some(true)),
        ("PyPI", "1.83.0.post1", Some(false)),
        ("PyPI", "1.83.0.dev1", Some(true)),
        ("npm", "1.0.0-0", Some(true)),
        ("Maven", "1.0-SNAPSHOT", Some(true)),
        ("Maven", "1.0-jre", Some(false)),
        ("RubyGems", "1.0.pre", Some(true)),
        ("Packagist", "1.0-patch1", Some(false)),
        ("Packagist", "1.0-RC1", Some(true)),
        ("Debian", "1.0~rc1", Some(false)),
        ("PyPI", "main", None),
    ] {
        assert_eq!(is_pre_release(&Ecosystem::of(ecosystem), text), wanted, "{ecosystem} {text}");
    }
}

#[test]
fn ranges_hold_what_they_say() {
    let range = Range::parse(&Ecosystem::PyPI, ">=1.82.7, <1.82.9").expect("a range");
    for (version, inside) in [("1.82.6", false), ("1.82.7", true), ("1.82.8", true), ("1.82.9", false)] {
        assert_eq!(range.contains(&Ecosystem::PyPI, version), inside, "{version}");
    }
    assert!(!range.contains(&Ecosystem::PyPI, "main"));
    assert_eq!(Range::parse(&Ecosystem::PyPI, ">=main"), None);
    assert_eq!(Range::parse(&Ecosystem::PyPI, ""), None);
}

#[test]
fn a_distributions_bound_means_as_much_as_it_says() {
    let holds = |ecosystem: &Ecosystem, range: &str, version: &str| {
        Range::parse(ecosystem, range).expect("a range").contains(ecosystem, version)
    };
    assert!(holds(&Ecosystem::Debian, "0.69.4", "1:0.69.4-1ubuntu2"));
    assert!(!holds(&Ecosystem::Debian, "0.6.94", "0.69.4"));
    assert!(!holds(&Ecosystem::Debian, "0.69.4-1", "0.69.4-2"));
    assert!(holds(&Ecosystem::Rpm, "0.69.4", "0.69.4-1"));
    assert!(holds(&Ecosystem::Rpm, "<=0.69.4", "1:0.69.4-7.el9"));
    assert!(holds(&Ecosystem::Apk, "0.69.4", "0.69.4-r2"));
    assert!(same(&Ecosystem::GitHubActions, "v0.2.6", "0.2.6"));
    assert!(!is_exact(&Ecosystem::Docker, "latest") && is_exact(&Ecosystem::Docker, "0.69.4"));
}
