//! Detectors, and which techniques they see.

use crate::api::Api;
use crate::api::call::{Answer, Call};
use crate::api::page::page;
use crate::content;
use firebreak_detect::rules::Attributes;
use firebreak_model::Time;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What one rule says of itself.
struct Told {
    attributes: Attributes,
    product: Option<String>,
    service: Option<String>,
}

fn rules(api: &Api) -> Vec<Told> {
    let (rules, _) = content::configured_rules(api.world.disk.as_ref(), &api.config.detect, &[]);
    let single = rules.detections().iter().filter(|rule| rule.emits).map(|rule| Told {
        attributes: rule.attributes.clone(),
        product: rule.logsource.product.as_ref().map(ToString::to_string),
        service: rule.logsource.service.as_ref().map(ToString::to_string),
    });
    let joined = rules.correlations().iter().filter(|rule| rule.emits).map(|rule| Told {
        attributes: rule.attributes.clone(),
        product: None,
        service: None,
    });
    single.chain(joined).collect()
}

/// `GET /detectors`.
pub(in crate::api) async fn list(api: &Api, call: &Call) -> Answer {
    let found = found(api).await?;
    let mut items: BTreeMap<String, Value> = BTreeMap::new();
    for Told { attributes, product, service } in rules(api) {
        let (name, title) = (attributes.detector.to_string(), attributes.title.to_string());
        let wanted = call.filter("q").map(str::to_lowercase);
        let met = |text: &str| wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(wanted));
        if !(met(&name) || met(&title)) {
            continue;
        }
        let (findings, last) = found.get(&name).copied().unzip();
        let item = json!({
            "kind": "detector", "name": name, "title": title, "severity": attributes.severity, "signal": attributes.signal,
            "techniques": attributes.techniques, "product": product, "service": service,
            "findings": findings.unwrap_or(0), "last": last,
        });
        items.insert(attributes.key.to_string(), item);
    }
    page("detectors", items.into_iter().collect(), call)
}

async fn found(api: &Api) -> anyhow::Result<BTreeMap<String, (u64, Time)>> {
    let rows = api.store.findings_by_detector().await?;
    Ok(rows.into_iter().map(|(name, count, last)| (name, (count, Time(last)))).collect())
}

/// `GET /coverage`.
pub(in crate::api) async fn coverage(api: &Api, call: &Call) -> Answer {
    let found = found(api).await?;
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for told in rules(api) {
        for technique in &told.attributes.techniques {
            seen.entry(technique.to_string()).or_default().insert(told.attributes.detector.to_string());
        }
    }
    let items = seen.into_iter().map(|(technique, detectors)| {
        let findings: u64 = detectors.iter().filter_map(|name| found.get(name)).map(|(count, _)| count).sum();
        let item = json!({
            "kind": "technique", "technique": technique, "detectors": detectors, "findings": findings,
        });
        (technique, item)
    });
    page("coverage", items.collect(), call)
}
