//! Arbitrary bytes as a ledger bundle: without our key nothing but a bundle of ours verifies, and nothing panics.

#![no_main]

use firebreak_ledger::{LedgerKey, verify_bundle};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(key) = LedgerKey::from_seed(&[7; 32], "fuzz") {
        assert!(verify_bundle(data, &key.verifier()).is_err());
    }
});
