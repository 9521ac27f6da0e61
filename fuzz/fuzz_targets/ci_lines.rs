//! Arbitrary text as lines of a CI log: what they say of installs, actions, images and hosts.

#![no_main]

use firebreak_exposure::line::{Statement, runner_of_gitlab, split, statements};
use firebreak_model::ObservationKind;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for line in text.split('\n') {
        let (_, said) = split(line);
        let _ = runner_of_gitlab(line);
        for statement in statements(&said) {
            if let Statement::Saw(ObservationKind::Installed { name, version, .. }) = statement {
                assert!(!name.contains('\n') && !version.contains('\n'));
            }
        }
    }
});
