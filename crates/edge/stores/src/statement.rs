//! A scan as an inventory: the owner's form of statement, which `firebreak data` reads.

use crate::answer::{Residents, Scan};
use firebreak_model::Time;
use serde_json::{Value, json};

/// The statement that resources hold what `scan` says, as it was at `taken`. It is complete only if nothing is missing.
pub fn statement(scan: &Scan, taken: Time) -> Value {
    let holding = |class: &str, of: &Residents| {
        json!({
            "class": class,
            "residency": of.residency,
            "records": of.estimate.records,
            "between": [of.estimate.records_between.low, of.estimate.records_between.high],
        })
    };
    let stores: Vec<Value> = scan
        .resources
        .iter()
        .map(|resource| {
            let held = resource.held.iter();
            let holdings: Vec<Value> =
                held.flat_map(|held| held.residents.iter().map(|of| holding(&held.class, of))).collect();
            json!({"resource": resource.resource, "holdings": holdings})
        })
        .collect();
    json!({"format": "firebreak.estate/1", "taken": taken.to_string(), "complete": scan.is_whole(), "stores": stores})
}
