//! Rules are text from outside: loading any text ends with rules and problems, never with a panic, and what loads can be
//! made into a matcher.
#![no_main]

use firebreak_detect::{Matcher, RuleFile, Rules};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|text: &str| {
    let file = RuleFile { path: "fuzz/rule.yml".to_owned(), text: text.to_owned() };
    let (rules, problems) = Rules::load(&[file]);
    for problem in &problems {
        assert!(!problem.reason.is_empty() && !problem.hint.is_empty());
    }
    std::hint::black_box(Matcher::new(Arc::new(rules)));
});
