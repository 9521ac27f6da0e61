//! How long standing questions take, and what they come to.

use crate::clock::timed;
use crate::report::Report;
use crate::shape::NOW;
use crate::subject::Subject;
use firebreak_graph::Standing;
use firebreak_model::Text;
use serde_json::json;
use std::collections::BTreeSet;

/// Asks each question once.
pub(crate) fn measure(report: &mut Report, subject: &Subject) {
    let shape = subject.estate.shape.name;
    let mut figures = serde_json::Map::new();
    let mut note = |report: &mut Report, name: &str, took: f64, words: String| {
        report.line(&format!("standing: {name}"), &format!("{took:9.1} ms   {words}"));
        figures.insert(name.replace(' ', "_"), json!(took.round()));
    };
    let (standing, took) = timed(|| Standing::new(&subject.graph, NOW));
    note(report, "the map at one instant", took, String::new());
    let (exposures, took) = timed(|| standing.exposures());
    let mut helped: Vec<u64> = exposures.iter().filter_map(|exposure| Some(exposure.exposed.last()?.helped)).collect();
    helped.sort_unstable();
    let median = helped.get(helped.len() / 2).copied().unwrap_or_default();
    note(
        report,
        "exposure",
        took,
        format!("of {} jewels; {median} identities reach one in the median", exposures.len()),
    );
    let (neighbours, took) = timed(|| standing.neighbours());
    note(report, "neighbours", took, format!("{} identities one step from a jewel", neighbours.len()));
    let drilled = BTreeSet::from([Text::new("aws_access_key/deactivate")]);
    let (coverage, took) = timed(|| standing.coverage(&drilled));
    let shares = (coverage.share() * 100.0, coverage.drilled_share() * 100.0);
    let words = format!("{:.1}% of {} credentials automatic, {:.1}% drilled", shares.0, coverage.reaching, shares.1);
    note(report, "kill-path coverage", took, words);
    let (keyrings, took) = timed(|| standing.keyrings(10));
    let how =
        if keyrings.exact { "counted".to_owned() } else { format!("estimated, {:.0}% off", keyrings.error * 100.0) };
    note(report, "keyrings", took, format!("records {how}"));
    let (points, took) = timed(|| standing.choke_points(&[], 10));
    let first = points.points.first().map_or(0, |point| point.pairs);
    let words = format!(
        "{} of {} sources looked at; the first takes {first} of {} pairs",
        points.looked_at, points.sources, points.pairs
    );
    note(report, "choke points", took, words);
    report.more(&format!("standing_{shape}_ms"), serde_json::Value::Object(figures));
}
