//! Correlations that will not bring together what they are meant to.

use super::fields::{never, of_route, spelled};
use super::{KnownSource, Lints};
use crate::field::Field;
use crate::rules::{Correlation, Detection, Kind, Reference, Rules};
use std::collections::BTreeSet;

pub(super) fn lint(rules: &Rules, sources: &[KnownSource<'_>], lints: &mut Lints) {
    for rule in rules.correlations() {
        if matches!(rule.kind, Kind::Temporal | Kind::TemporalOrdered) && rule.references.len() == 1 {
            let what = "a temporal correlation over one rule fires with each of its events".to_owned();
            let cure = "name the other rules, or use event_count";
            lints.push("one_rule", &rule.attributes, rule.attributes.line, what, cure);
        }
        keys(rules, rule, sources, lints);
        for field in rule.kind.fields() {
            let Field::Body(name) = field else { continue };
            let below: Vec<&Detection> = rule.references.iter().flat_map(|one| detections(rules, *one)).collect();
            let without = below.iter().find(|below| misses(field, below, sources));
            if let Some(below) = without {
                let what =
                    format!("events of `{}` never have the field `{name}` that is counted", below.attributes.title);
                lints.push("unknown_field", &rule.attributes, rule.attributes.line, what, "count another field");
            }
        }
    }
}

/// The fields to group by, in the events of each rule below.
fn keys(rules: &Rules, rule: &Correlation, sources: &[KnownSource<'_>], lints: &mut Lints) {
    for group in &rule.group_by {
        let mut products = BTreeSet::new();
        let mut lost = false;
        for (position, reference) in rule.references.iter().enumerate() {
            let field = group.for_reference(position);
            for below in detections(rules, *reference) {
                if *field == group.field {
                    products.extend(below.route.product.clone());
                }
                if misses(field, below, sources) {
                    lost = true;
                    let own = of_route(&below.route, sources);
                    let what = format!(
                        "events of `{}` ({}) never have the field `{}` to group by, so that they do not correlate",
                        below.attributes.title,
                        spelled(&own),
                        field.spelled()
                    );
                    let cure = "give the field's name there under `aliases`, or group by a key such as firebreak.actor";
                    lints.push("group_by_never", &rule.attributes, rule.attributes.line, what, cure);
                }
            }
        }
        if !lost && products.len() > 1 && matches!(group.field, Field::Body(_)) {
            let products: Vec<String> = products.into_iter().map(|product| product.to_string()).collect();
            let what = format!(
                "`{}` has no alias, and the rules are about different products: {}",
                group.field.spelled(),
                products.join(", ")
            );
            let cure = "give each rule's name for it under `aliases`, or group by a key such as firebreak.actor";
            lints.push("group_by_across_products", &rule.attributes, rule.attributes.line, what, cure);
        }
    }
}

fn misses(field: &Field, below: &Detection, sources: &[KnownSource<'_>]) -> bool {
    match field {
        Field::Body(name) => never(name, &of_route(&below.route, sources)),
        Field::Key(_) | Field::Anywhere => false,
    }
}

/// The detection rules that a reference comes down to.
fn detections(rules: &Rules, reference: Reference) -> Vec<&Detection> {
    match reference {
        Reference::Detection(index) => rules.detection(index).into_iter().collect(),
        // Correlations refer only to earlier ones: this ends.
        Reference::Correlation(place) => rules
            .correlations()
            .get(place)
            .into_iter()
            .flat_map(|rule| rule.references.clone())
            .flat_map(|reference| detections(rules, reference))
            .collect(),
    }
}
