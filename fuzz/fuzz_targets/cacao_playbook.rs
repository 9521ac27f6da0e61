//! Arbitrary text as a CACAO playbook: it is one, and is written and read again as it was, or every fault names its place.

#![no_main]

use firebreak_contain::playbook::{export, import};
use firebreak_contain::prepared::KnownActions;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let known = KnownActions::new();
    match import(text, &known) {
        Ok((playbook, _)) => {
            let written = export(&playbook).expect("plain data").to_string();
            let (again, _) = import(&written, &known).expect("what we wrote");
            assert_eq!(again, playbook);
        }
        Err(faults) => assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.place.is_empty())),
    }
});
