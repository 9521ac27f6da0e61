//! Rule sets: those that Firebreak ships, and generated ones of the shape that public cloud rules have: nine tests of ten
//! are plain equality, most rules are one selection, the rest contains, starts, ends, a few expressions and nulls.

use firebreak_detect::{RuleFile, Rules};
use firebreak_model::{Event, Json};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// How many rules the generated sets have.
pub(crate) const COUNTS: [usize; 3] = [57, 300, 800];

/// Names of fields that the generated rules use at most: what was measured for the rules of one platform and of many.
const FIELDS: [usize; 2] = [21, 114];

/// The rules in the project's own folder.
pub(crate) fn shipped() -> Rules {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../detectors");
    let mut paths: Vec<_> = std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let file = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path.join("rule.yml")).ok()?;
        Some(RuleFile { path: path.join("rule.yml").display().to_string(), text })
    };
    Rules::load(&paths.iter().filter_map(file).collect::<Vec<_>>()).0
}

/// `count` rules about the records of `events`: some name what these records hold, most what they do not.
pub(crate) fn generated(events: &[Event], count: usize) -> Rules {
    let Some(first) = events.first() else { return Rules::load(&[]).0 };
    let mut observed = observed(events);
    observed.truncate(if count < 100 { FIELDS[0] } else { FIELDS[1] });
    let mut draw = Draw(24);
    let mut text = String::new();
    for number in 0..count {
        let (product, service) = (first.log_source.product, first.log_source.service);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "---\ntitle: rule {number}\nid: r{number}\nlogsource: {{product: {product}, service: {service}}}\ndetection:\n"
        );
        rule(&mut text, &observed, &mut draw);
    }
    let (rules, problems) = Rules::load(&[RuleFile { path: "generated.yml".to_owned(), text }]);
    assert!(problems.is_empty(), "{problems:?}");
    rules
}

/// The texts that each field of the records has, by dotted name. First the fields that say what happened: most records
/// have them, with more than a few values but not a value of its own for each record.
fn observed(events: &[Event]) -> Vec<(String, Vec<String>)> {
    let mut fields: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    let step = events.len() / 2_000 + 1;
    for event in events.iter().step_by(step) {
        collect("", &event.body, &mut fields);
    }
    let most = events.len() / step / 2;
    let mut list: Vec<_> = fields.into_iter().collect();
    list.sort_by_key(|(_, (count, texts))| {
        let says = *count > most && (4..100).contains(&texts.len());
        (!says, std::cmp::Reverse(if says { texts.len() } else { *count }))
    });
    list.into_iter().map(|(name, (_, texts))| (name, texts)).collect()
}

fn collect(name: &str, value: &Json, fields: &mut BTreeMap<String, (usize, Vec<String>)>) {
    if let Some(object) = value.as_object() {
        for (key, member) in object.iter() {
            let below = if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
            collect(&below, member, fields);
        }
    } else if let Some(text) = value.as_str().filter(|text| plain(text))
        && name.matches('.').count() < 4
        && plain(name)
    {
        let (count, texts) = fields.entry(name.to_owned()).or_default();
        *count += 1;
        if texts.len() < 200 && !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
    }
}

fn plain(text: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@/".contains(&byte);
    (1..80).contains(&text.len()) && text.bytes().all(usual)
}

/// Numbers that look random and are the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    /// What happens in so many cases of a hundred.
    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

fn rule(text: &mut String, observed: &[(String, Vec<String>)], draw: &mut Draw) {
    let selections = if draw.percent(92) { 1 } else { 2 };
    for selection in 0..selections {
        let _ = writeln!(text, "  selection{selection}:");
        let mut used = Vec::new();
        for place in 0..1 + draw.below(3) {
            // What happened comes first in nearly every rule; the rest is spread over all fields.
            let wide = if place == 0 && draw.percent(90) { 2 } else { observed.len() };
            let at = draw.below(wide.min(observed.len()));
            if used.contains(&at) {
                continue;
            }
            used.push(at);
            if let Some((name, texts)) = observed.get(at) {
                item(text, name, texts, draw);
            }
        }
    }
    let filter = draw.percent(8);
    if filter && let Some((name, _)) = observed.get(draw.below(observed.len())) {
        let _ = writeln!(text, "  filter:\n    {name}: null");
    }
    let all = if selections == 1 { "selection0" } else { "1 of selection*" };
    let _ = writeln!(text, "  condition: {all}{}", if filter { " and not filter" } else { "" });
}

/// One test of a field: on a value that records have in one case of five, else on one that they could have.
fn item(text: &mut String, name: &str, texts: &[String], draw: &mut Draw) {
    let value = |draw: &mut Draw| {
        let known = texts.get(draw.below(texts.len())).cloned().unwrap_or_default();
        let known = known.strip_suffix(['.', '/']).unwrap_or(&known).to_owned();
        if draw.percent(20) {
            known
        } else {
            format!("{}{}", known.get(..known.len() / 2).unwrap_or("x"), draw.below(1_000))
        }
    };
    let _ = match draw.below(100) {
        0..88 => {
            let values: Vec<String> = (0..1 + draw.below(3)).map(|_| format!("'{}'", value(draw))).collect();
            writeln!(text, "    {name}: [{}]", values.join(", "))
        }
        88..96 => writeln!(text, "    {name}|contains: '{}'", value(draw)),
        96..97 => writeln!(text, "    {name}|startswith: '{}'", value(draw)),
        97..98 => writeln!(text, "    {name}|endswith: '{}'", value(draw)),
        98..99 => writeln!(text, "    {name}|re: '^[a-z]+-{}$'", draw.below(100)),
        _ => writeln!(text, "    {name}|contains|all: ['{}', '{}']", value(draw), value(draw)),
    };
}
