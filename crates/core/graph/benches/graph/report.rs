//! What is printed: a table that a person reads, and one object as the last line.

use serde_json::{Map, Value, json};

/// The figures so far.
#[derive(Default)]
pub(crate) struct Report {
    figures: Map<String, Value>,
    summary: Vec<String>,
    peers: Map<String, Value>,
}

/// The keys that are always there, in this order.
const KEYS: [&str; 12] = [
    "rss_mib",
    "rebuild_ms",
    "change_visible_us",
    "blast_p50_ms",
    "blast_p99_ms",
    "earliest_p99_ms",
    "cut_1_p99_ms",
    "cut_50_p95_ms",
    "cut_500_ms",
    "cut_5000_ms",
    "safe_plan_ms",
    "gap_50",
];

impl Report {
    /// A title of the table.
    pub(crate) fn title(&mut self, words: &str) {
        println!("\n{words}");
    }

    /// A line of the table.
    pub(crate) fn line(&mut self, name: &str, words: &str) {
        println!("  {name:<34} {words}");
    }

    /// A figure of the object, with its target.
    pub(crate) fn figure(&mut self, key: &str, value: f64, target: f64, words: &str) {
        let rounded = if value < 10.0 { (value * 1_000.0).round() / 1_000.0 } else { (value * 10.0).round() / 10.0 };
        self.figures.insert(key.to_owned(), json!(rounded));
        let met = if value <= target { "met" } else { "MISSED" };
        self.summary.push(format!("  {key:<18} {rounded:>10}   target {target:>6}   {met:<6}   {words}"));
    }

    /// A figure without a target.
    pub(crate) fn more(&mut self, key: &str, value: Value) {
        self.figures.insert(key.to_owned(), value);
    }

    /// How much longer a peer takes than the map for one question.
    pub(crate) fn ratio(&mut self, peer: &str, question: &str, theirs: f64, ours: f64, words: &str) {
        let ratio = theirs / ours;
        let rounded = if ratio < 10.0 { (ratio * 100.0).round() / 100.0 } else { ratio.round() };
        let of_peer = self.peers.entry(peer).or_insert_with(|| json!({}));
        of_peer[question] = json!(rounded);
        let name = format!("{peer}, {question}");
        self.line(&name, &format!("{theirs:10.2} ms   firebreak {ours:10.3} ms   {rounded:>8} x   {words}"));
    }

    /// Prints the targets and the object.
    pub(crate) fn finish(mut self) {
        println!("\nTargets");
        self.summary.iter().for_each(|line| println!("{line}"));
        let mut object = Map::new();
        for key in KEYS {
            object.insert(key.to_owned(), self.figures.remove(key).unwrap_or(Value::Null));
        }
        object.insert("peers".to_owned(), Value::Object(self.peers));
        object.extend(self.figures);
        println!("\n{}", Value::Object(object));
    }
}
