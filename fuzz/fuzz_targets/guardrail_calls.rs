//! Arbitrary bytes as what gateways ask the guardrail: each has an answer, and a text that goes on unmasked went on because nothing
//! was found in it that is not to be disclosed.

#![no_main]

use firebreak_classify::Classes;
use firebreak_guardrail::protocols::{ext_authz, litellm};
use firebreak_guardrail::{Fate, Guardrail, Outcome, SHIPPED};
use firebreak_model::Fingerprinter;
use std::sync::LazyLock;

static GUARDRAIL: LazyLock<Option<Guardrail>> =
    LazyLock::new(|| Guardrail::new(&[("shipped", SHIPPED)], Classes::all(), Fingerprinter::new([3; 32])).ok());

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(guardrail) = GUARDRAIL.as_ref() else { return };
    if let Ok(exchange) = litellm::exchange(data, true) {
        let judgement = guardrail.judge(&exchange);
        let passed = matches!(judgement.outcome, Outcome::Passed(_));
        assert!(!passed || judgement.seen.iter().all(|seen| seen.fate == Fate::Passed));
        let _ = litellm::answer(&judgement);
    }
    let (path, body) = data.split_at(data.len().min(40));
    let path = String::from_utf8_lossy(path);
    guardrail.judge(&ext_authz::exchange(&ext_authz::Asked { path: &path, headers: &[], body }));
});
