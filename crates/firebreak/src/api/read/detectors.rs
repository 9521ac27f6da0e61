//! Detectors, and which techniques they see.

use crate::api::Api;
use crate::api::call::{Answer, Call};
use crate::api::page::page;
use crate::config::DetectConfig;
use crate::content;
use crate::muting::Detectors;
use firebreak_detect::rules::Attributes;
use firebreak_detect::{Card, Rules, behaviours};
use firebreak_model::Time;
use firebreak_world::Disk;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What one rule says of itself.
struct Told {
    attributes: Attributes,
    product: Option<String>,
    service: Option<String>,
}

/// Everything that finds.
pub(in crate::api) struct Known {
    rules: Vec<Told>,
    /// What of it can be muted.
    pub(in crate::api) mutable: Detectors,
}

impl Known {
    /// The configured rules.
    pub(in crate::api) fn load(disk: &dyn Disk, detect: &DetectConfig) -> Known {
        let (rules, _) = content::configured_rules(disk, detect, &[]);
        Known { mutable: Detectors::of(&rules), rules: told(&rules) }
    }
}

fn told(rules: &Rules) -> Vec<Told> {
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
    let wanted = call.filter("q").map(str::to_lowercase);
    let met = |text: &str| wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(wanted));
    let known = api.detectors().await?;
    for Told { attributes, product, service } in &known.rules {
        let (name, title) = (attributes.detector.to_string(), attributes.title.to_string());
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
    for Card { name, title, technique } in behaviours().filter(|card| met(card.name) || met(card.title)) {
        let (findings, last) = found.get(name).copied().unzip();
        let item = json!({
            "kind": "detector", "name": name, "title": title, "severity": null, "signal": null, "techniques": [technique],
            "product": null, "service": null, "findings": findings.unwrap_or(0), "last": last,
        });
        items.insert(format!("behaviour/{name}"), item);
    }
    let mut items: Vec<(String, Value)> = items.into_iter().collect();
    // Those that found most come first.
    items.sort_by_key(|(_, item)| std::cmp::Reverse(item["findings"].as_u64()));
    page("detectors", items, call)
}

async fn found(api: &Api) -> anyhow::Result<BTreeMap<String, (u64, Time)>> {
    let rows = api.store.findings_by_detector().await?;
    Ok(rows.into_iter().map(|(name, count, last)| (name, (count, Time(last)))).collect())
}

/// `GET /coverage`.
pub(in crate::api) async fn coverage(api: &Api, call: &Call) -> Answer {
    let found = found(api).await?;
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for told in &api.detectors().await?.rules {
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
