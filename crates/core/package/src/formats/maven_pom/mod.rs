//! `pom.xml`: what a project of Maven asks for, with the properties that it sets itself.

use crate::Ecosystem;
use crate::formats::lister::{Lister, shown};
use crate::formats::listing::{Include, IncludeKind, Required};
use crate::formats::xml::{self, Xml};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;
use roxmltree::Node;
use std::collections::HashMap;

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "maven_pom",
    kind: Kind::Manifest,
    named: |file| file.is("pom.xml") || file.ends(&[".pom"]),
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(xml) = Xml::parse(input, lister) else { return };
    let project = xml.root();
    if project.tag_name().name() != "project" {
        return lister.broken(Some(1), "no `project`: this is no project of Maven");
    }
    let properties = properties(project);
    if let Some(parent) = xml::child(project, "parent") {
        let path = xml::text(parent, "relativePath").unwrap_or("../pom.xml");
        lister.listing.includes.push(Include {
            path: Text::new(path),
            kind: IncludeKind::Project,
            line: xml.line(parent),
        });
    }
    for module in xml::child(project, "modules").into_iter().flat_map(|modules| xml::children(modules, "module")) {
        let path = module.text().unwrap_or_default().trim();
        lister.listing.includes.push(Include {
            path: Text::new(path),
            kind: IncludeKind::Project,
            line: xml.line(module),
        });
    }
    for item in project.descendants().filter(Node::is_element) {
        let plugin = match item.tag_name().name() {
            "dependency" => false,
            "plugin" | "extension" => true,
            _ => continue,
        };
        entry(&xml, item, plugin, &properties, lister);
    }
    if !lister.listing.requirements.is_empty() {
        lister.require(Required::any(Ecosystem::of("Maven"), "dependencies of these artefacts are not pinned"));
    }
}

fn properties<'d>(project: Node<'d, '_>) -> HashMap<String, &'d str> {
    let mut properties = HashMap::new();
    let own = xml::child(project, "parent").into_iter().chain([project]);
    for node in own {
        for key in ["version", "groupId", "artifactId"] {
            if let Some(value) = xml::text(node, key) {
                properties.insert(format!("project.{key}"), value);
            }
        }
    }
    let parent = xml::child(project, "parent").and_then(|parent| xml::text(parent, "version"));
    properties.extend(parent.map(|version| ("project.parent.version".to_owned(), version)));
    let set = xml::child(project, "properties").into_iter().flat_map(|set| set.children().filter(Node::is_element));
    for property in set {
        properties.insert(property.tag_name().name().to_owned(), property.text().unwrap_or_default().trim());
    }
    properties
}

fn entry(xml: &Xml<'_>, item: Node<'_, '_>, plugin: bool, properties: &HashMap<String, &str>, lister: &mut Lister) {
    let line = xml.line(item);
    let at = |name| xml::text(item, name).map(|text| filled(text, properties));
    // Plugins of Maven itself may leave out their group.
    let group = at("groupId").or_else(|| plugin.then(|| "org.apache.maven.plugins".to_owned()));
    let (Some(group), Some(artifact)) = (group, at("artifactId")) else {
        return lister.odd(line, "a dependency lacks `groupId` or `artifactId`");
    };
    let range = at("version").unwrap_or_default();
    if range.contains("${") {
        lister.gap(format!("the version of `{}` is set elsewhere: `{}`", shown(&artifact), shown(&range)));
    }
    let mut required = Required::new(Ecosystem::of("Maven"), &format!("{group}:{artifact}"), &range);
    required.line = line;
    // What is managed limits versions and adds nothing.
    required.constraint =
        item.ancestors().any(|node| matches!(node.tag_name().name(), "dependencyManagement" | "pluginManagement"));
    required.groups.extend(at("scope").filter(|scope| scope != "compile").map(Text::new));
    required.groups.extend((at("optional").as_deref() == Some("true")).then(|| Text::new("optional")));
    required.groups.extend(plugin.then(|| Text::new("build")));
    lister.require(required);
}

/// `${name}` filled in, a few levels deep. What is not set here stays as written.
fn filled(text: &str, properties: &HashMap<String, &str>) -> String {
    let mut text = text.to_owned();
    for _ in 0..8 {
        let Some(start) = text.find("${") else { break };
        let Some(end) = text.get(start..).and_then(|rest| rest.find('}')).map(|end| start + end) else { break };
        let name = text.get(start + 2..end).unwrap_or_default();
        let Some(value) = properties.get(name).filter(|value| value.len() < 1000) else { break };
        text.replace_range(start..=end, value);
    }
    text
}
