//! A scan as an inventory: the owner's form of statement, which `firebreak data` reads.

use crate::scan::Scanned;
use firebreak_model::Time;
use serde_json::{Value, json};

/// The statement that `resource` holds what `scanned` says, as it was at `taken`. It is complete only if nothing is missing.
pub fn statement(resource: &str, scanned: &Scanned, taken: Time) -> Value {
    let holdings: Vec<Value> = scanned
        .held
        .iter()
        .map(|held| {
            json!({
                "class": held.class,
                "residency": "unknown",
                "records": held.estimate.records,
                "between": [held.estimate.records_between.low, held.estimate.records_between.high],
            })
        })
        .collect();
    json!({
        "format": "firebreak.estate/1",
        "taken": taken.to_string(),
        "complete": scanned.gaps.is_empty(),
        "stores": [{"resource": resource, "holdings": holdings}],
    })
}
