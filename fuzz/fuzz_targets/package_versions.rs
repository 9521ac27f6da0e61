//! Arbitrary text as versions, ranges and cool-downs of every ecosystem and tool: orders stay total, and nothing panics.

#![no_main]

use firebreak_model::Time;
use firebreak_package::requirement::{Context, Language};
use firebreak_package::{CoolDown, Ecosystem, Requirement, version};

const ECOSYSTEMS: [&str; 14] = [
    "PyPI",
    "npm",
    "crates.io",
    "Go",
    "Pub",
    "NuGet",
    "Debian",
    "Red Hat",
    "Alpine",
    "Maven",
    "RubyGems",
    "Packagist",
    "Hackage",
    "CRAN",
];

libfuzzer_sys::fuzz_target!(|texts: (&str, &str, &str)| {
    let (a, b, c) = texts;
    for word in ECOSYSTEMS {
        let ecosystem = Ecosystem::of(word);
        let compare = |a: &str, b: &str| version::compare(&ecosystem, a, b);
        assert_eq!(compare(a, b), compare(b, a).map(std::cmp::Ordering::reverse));
        if let (Some(first), Some(second)) = (compare(a, b), compare(b, c))
            && first.is_le()
            && second.is_le()
        {
            assert!(compare(a, c).is_some_and(std::cmp::Ordering::is_le));
        }
        if let Some(range) = version::Range::parse(&ecosystem, a) {
            range.contains(&ecosystem, b);
        }
        if let Ok(requirement) = Requirement::of(&ecosystem, a) {
            requirement.admits(b, &Context::default());
        }
        ecosystem.canonical(c);
    }
    if let Ok(requirement) = Requirement::parse(Language::Poetry, a) {
        requirement.admits(b, &Context::default());
    }
    for tool in ["uv", "pip", "poetry", "npm", "pnpm", "yarn", "bun", "renovate", "dependabot"] {
        if let Ok(cool_down) = CoolDown::parse(tool, a) {
            cool_down.admits(Time(0), Time(i64::MAX));
        }
    }
});
