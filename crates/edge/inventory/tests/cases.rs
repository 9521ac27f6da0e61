//! Runs every case of every scanner: `src/scanners/<name>/cases/<case>/input/` is a directory of inventories, and
//! `expected.json` beside it is what comes out. `BLESS=1` writes what comes out; read it before you commit it.

use firebreak_inventory::scanners::SCANNERS;
use firebreak_inventory::{Found, Setting, scan_directory};
use firebreak_model::{CutOption, EdgeFact, Fact, Identifier, Interval, NodeFact, Time};
use firebreak_world::World;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// What a case shows, one line a statement, so that a person can read it.
#[derive(Serialize)]
struct Shown {
    complete: bool,
    nodes: Vec<String>,
    edges: Vec<String>,
    evidence: Vec<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    settings: Vec<String>,
    problems: Vec<String>,
}

fn interval(valid: Interval) -> String {
    if valid == Interval::ALWAYS { String::new() } else { format!(" [{} .. {})", valid.from, valid.to) }
}

fn cuts(cuts: &[CutOption]) -> String {
    let one = |cut: &CutOption| {
        let parameters: Vec<_> = cut.action.parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!(
            " cut {} on {} ({}) cost {} delay {} {:?} {:?}",
            cut.action.name,
            cut.action.target,
            parameters.join(", "),
            cut.cost,
            cut.delay_seconds,
            cut.reversibility,
            cut.policy
        )
    };
    cuts.iter().map(one).collect()
}

fn node(node: &NodeFact) -> String {
    let label = if node.label == node.key.name() { String::new() } else { format!(" \"{}\"", node.label) };
    let jewel = if node.crown_jewel { " crown jewel" } else { "" };
    let known = |id: &Identifier| format!(" {} {:?} {}", if id.verified { "is" } else { "says" }, id.scheme, id.value);
    let identifiers: String = node.identifiers.iter().map(known).collect();
    format!("{}{label}{jewel}{identifiers}{}{}", node.key, interval(node.valid), cuts(&node.cuts))
}

fn edge(edge: &EdgeFact) -> String {
    let mut line = format!("{:?} {} -> {}", edge.kind, edge.from, edge.to);
    if !edge.actions.is_empty() {
        line += &format!(" {:?}", edge.actions);
    }
    if !edge.premises.is_empty() {
        let premises: Vec<&str> = edge.premises.iter().map(|key| key.as_str()).collect();
        line += &format!(" with {premises:?}");
    }
    if !edge.may.is_empty() {
        line += &format!(" may {:?}", edge.may);
    }
    if let Some(holding) = &edge.holding {
        line += &format!(" {} of {} ({:?} bytes)", holding.records, holding.residency, holding.bytes);
    }
    if let Some(used) = edge.last_used {
        line += &format!(" used {used}");
    }
    line + &interval(edge.valid) + &cuts(&edge.cuts) + " by " + &edge.evidence
}

fn setting(setting: &Setting) -> String {
    format!("{} {} = {} by {}", setting.node, setting.name, setting.value, setting.evidence)
}

fn show(found: &Found) -> Shown {
    let mut shown = Shown {
        complete: found.complete,
        nodes: Vec::new(),
        edges: Vec::new(),
        evidence: found.evidence.iter().map(|item| serde_json::to_value(item).unwrap()).collect(),
        settings: found.settings.iter().map(setting).collect(),
        problems: found.problems.iter().map(|problem| problem.to_string().replace('\n', " | ")).collect(),
    };
    for fact in &found.facts {
        match fact {
            Fact::Node(fact) => shown.nodes.push(node(fact)),
            Fact::Edge(fact) => shown.edges.push(edge(fact)),
        }
    }
    shown
}

fn folders(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// Results are compared by value: the order of fields depends on how other crates build the JSON library.
fn value(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_default()
}

#[test]
fn cases() {
    let bless = std::env::var_os("BLESS").is_some();
    assert!(!(bless && std::env::var_os("CI").is_some()), "expected results are not written in CI");
    let known = Time::parse("2026-03-20T00:00:00Z").unwrap();
    let scanners = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scanners");
    let mut wrong = Vec::new();
    for scanner in folders(&scanners) {
        let name = scanner.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(scanner.join("page.md").is_file(), "{name} has no page");
        assert!(SCANNERS.iter().any(|known| known.name() == name), "{name} is not in the list of scanners");
        let mut silent = 0;
        for case in folders(&scanner.join("cases")) {
            let found = scan_directory(&World::offline(), &case.join("input"), known);
            let shown = show(&found);
            silent += usize::from(shown.edges.is_empty() && shown.evidence.is_empty());
            let text = serde_json::to_string_pretty(&shown).unwrap() + "\n";
            let expected = case.join("expected.json");
            let same = value(&fs::read_to_string(&expected).unwrap_or_default()) == value(&text);
            if bless && !same {
                fs::write(&expected, &text).unwrap();
            } else if !same {
                wrong.push(format!("{}\n{text}", case.display()));
            }
        }
        assert!(silent > 0, "{name} has no case in which it must find nothing");
    }
    assert!(wrong.is_empty(), "BLESS=1 writes these, once they have been read:\n{}", wrong.join("\n"));
}
