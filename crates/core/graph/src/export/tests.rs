//! Every form holds every node and edge, whatever names hold.

use super::*;
use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Text};
use serde_json::Value;

/// Names as hostile inventories write them.
const NAMES: [&str; 4] = ["plain", "quo\"te\\", "<a>&]]>", "line\nbreak\u{1b}[2J\0"];

fn graph() -> Graph {
    let mut facts = Vec::new();
    for name in NAMES {
        let mut node = NodeFact::new(NodeKey::identity("x", name), Interval::ALWAYS, Time(0), name);
        node.label = Text::new(name);
        facts.push(Fact::Node(node));
        let to = NodeKey::resource("x", name);
        let edge = EdgeFact::new(EdgeKind::MayAct, NodeKey::identity("x", name), to, Interval::ALWAYS, Time(0), name);
        let premises = vec![NodeKey::group("x", name)];
        facts.push(Fact::Edge(EdgeFact {
            premises,
            may: vec![Text::new(name)],
            actions: vec![Text::new(name)],
            ..edge
        }));
    }
    let jewel =
        NodeFact { crown_jewel: true, ..NodeFact::new(NodeKey::resource("x", "plain"), Interval::ALWAYS, Time(0), "") };
    facts.push(Fact::Node(jewel));
    Graph::build(&facts).0
}

fn written(format: Format) -> String {
    let (graph, mut text) = (graph(), String::new());
    export(&Part { graph: &graph, only: None }, format, &mut text).unwrap();
    text
}

#[test]
fn json_holds_everything() {
    let value: Value = serde_json::from_str(&written(Format::Json)).unwrap();
    assert_eq!((value["nodes"].as_array().unwrap().len(), value["edges"].as_array().unwrap().len()), (12, 4));
    let ids: Vec<&str> = value["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert!(NAMES.iter().all(|name| ids.contains(&format!("identity:x/{name}").as_str())), "{ids:?}");
}

#[test]
fn opengraph_keeps_to_its_form() {
    let value: Value = serde_json::from_str(&written(Format::OpenGraph)).unwrap();
    let (nodes, edges) = (&value["graph"]["nodes"], &value["graph"]["edges"]);
    for item in nodes.as_array().unwrap().iter().chain(edges.as_array().unwrap()) {
        let flat = |value: &Value| match value {
            Value::Array(items) => items.iter().all(Value::is_string),
            other => !other.is_object() && !other.is_null(),
        };
        assert!(item["properties"].as_object().unwrap().values().all(flat), "{item}");
    }
    assert_eq!(edges[0]["kind"], "FB_MayAct");
    assert_eq!(edges[0]["properties"]["traversable"], false, "it needs something else too");
    let ids: Vec<&Value> = nodes.as_array().unwrap().iter().map(|node| &node["id"]).collect();
    for edge in edges.as_array().unwrap() {
        assert!(ids.contains(&&edge["start"]["value"]) && ids.contains(&&edge["end"]["value"]), "{edge}");
    }
}

#[test]
fn graphml_escapes_what_xml_cannot_hold() {
    let text = written(Format::GraphMl);
    assert_eq!((text.matches("<node ").count(), text.matches("<edge ").count()), (12, 4));
    assert!(text.contains("&lt;a&gt;&amp;]]&gt;") && text.contains("quo&quot;te\\"));
    assert!(text.chars().all(|c| c >= ' ' || c == '\n'), "control characters");
    let open = text.matches('<').count();
    assert_eq!(open, text.matches('>').count(), "every tag is closed");
}

#[test]
fn graphviz_quotes_every_name() {
    let text = written(Format::Graphviz);
    assert!(
        text.contains("\"identity:x/quo\\\"te\\\\\"") && text.contains("style=dashed") && text.contains("penwidth=3")
    );
    for line in text.lines().filter(|line| line.contains(" -> ")) {
        let bare = line.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(bare.matches('"').count() % 2, 0, "{line}");
    }
}

#[test]
fn a_part_has_the_edges_between_its_nodes() {
    let graph = graph();
    let only: BTreeSet<NodeId> = ["identity:x/plain", "resource:x/plain"]
        .iter()
        .map(|key| graph.id(&NodeKey::parse(key).unwrap()).unwrap())
        .collect();
    let mut text = String::new();
    export(&Part { graph: &graph, only: Some(&only) }, Format::Json, &mut text).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((value["nodes"].as_array().unwrap().len(), value["edges"].as_array().unwrap().len()), (2, 1));
}
