//! Rules and pipelines are text from outside: loading any text as either ends with rules and problems, never with a panic,
//! and what loads can be linted and made into a matcher.
#![no_main]

use firebreak_detect::{KnownSource, LoadOptions, Matcher, RuleFile, Rules};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|text: &str| {
    let file = RuleFile { path: "fuzz/rule.yml".to_owned(), text: text.to_owned() };
    let options = LoadOptions { pipelines: vec![file.clone()], ..LoadOptions::default() };
    let (rules, problems) = Rules::load_with(&[file], &options);
    for problem in &problems {
        assert!(!problem.reason.is_empty() && !problem.hint.is_empty());
    }
    let known = KnownSource { product: "aws", service: "cloudtrail", fields: &["eventName"] };
    std::hint::black_box(rules.lint(&[known]));
    std::hint::black_box(Matcher::new(Arc::new(rules)));
});
