//! The demo as a newcomer runs it, in both address variants: every figure against the truth that comes with the
//! scenario.

use serde_json::Value;
use std::process::Command;

fn demo(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_firebreak"))
        .args(["demo", "--json"])
        .args(arguments)
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("output is UTF-8");
    serde_json::from_str(text.lines().last().expect("there is a last line")).expect("the last line is an object")
}

fn holds(figures: &Value) {
    assert_eq!(figures["verdicts"]["wrong"], 0, "{figures}");
    assert_eq!(figures["verdicts"]["unsafe_clear"], 0);
    assert_eq!(figures["benign_contained"], 0);
    assert_eq!(figures["credentials_missed"], 0);
    assert_eq!(figures["plan"]["certified"], true);
    assert_eq!(figures["ledger_verified"], true);
    assert_eq!(figures["quarantined"], 0);
    assert_eq!(figures["dry_run"], true);
    // Before the first theft of data, which comes 14 hours in.
    assert!(figures["seconds_to_first_cut"].as_f64().is_some_and(|seconds| seconds < 14.0 * 3_600.0), "{figures}");
    let (lost, without) = (figures["bytes_lost"].as_u64().unwrap(), figures["bytes_without"].as_u64().unwrap());
    assert_eq!(without, 2_900_000_000_000);
    assert!(lost < without / 1_000, "{lost} of {without}");
    assert_eq!(figures["records_reachable"]["ssn"], 40_118);
}

#[test]
fn the_promise_holds_with_unknown_addresses() {
    holds(&demo(&[]));
}

#[test]
fn the_promise_holds_with_published_addresses_and_another_seed() {
    holds(&demo(&["--published-addresses", "--seed", "7"]));
}
