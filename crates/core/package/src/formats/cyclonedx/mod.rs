//! CycloneDX bills of materials, in JSON and XML.

use crate::Ecosystem;
use crate::formats::lister::{Lister, shown};
use crate::formats::listing::{Algorithm, Hash, Listed};
use crate::formats::purl::Purl;
use crate::formats::tree::Node;
use crate::formats::xml::{self, Xml};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "cyclonedx",
    kind: Kind::Bill,
    named: |file| file.ends(&[".cdx.json", ".cdx.xml"]) || file.is("bom.json") || file.is("bom.xml"),
    headed: Some(headed),
    read,
};

fn headed(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let first = head.trim_start_matches('\u{feff}').trim_start();
    (first.starts_with('{') && head.contains("\"bomFormat\"") && head.contains("CycloneDX"))
        || (first.starts_with('<') && head.contains("cyclonedx.org/schema/bom"))
}

/// What is known of the whole bill.
#[derive(Default)]
struct Bill {
    complete: bool,
    unnamed: usize,
}

fn read(input: &Input<'_>, lister: &mut Lister) {
    let first = input.bytes.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
    let bill = if first == Some(&b'<') { read_xml(input, lister) } else { read_json(input, lister) };
    let Some(bill) = bill else { return };
    if bill.unnamed > 0 {
        lister.gap(format!(
            "{} components have no package URL with a version: which package they are is not known",
            bill.unnamed
        ));
    }
    if bill.complete {
        let mut ecosystems: Vec<Ecosystem> = lister.listing.packages.iter().map(|one| one.ecosystem.clone()).collect();
        ecosystems.sort();
        ecosystems.dedup();
        lister.listing.complete = ecosystems;
    } else {
        lister.gap("the bill of materials does not say that it is complete");
    }
}

fn read_json(input: &Input<'_>, lister: &mut Lister) -> Option<Bill> {
    let document = lister.json(input)?;
    if document.text_at("bomFormat") != Some("CycloneDX") {
        lister.broken(None, "no `bomFormat` that is `CycloneDX`");
        return None;
    }
    let root = document.at(&["metadata", "component"]);
    let mut bill = Bill { complete: whole(&document, root), ..Bill::default() };
    // The subject itself is no part of what it holds, but its components are.
    components(root.map_or(&[], |root| root.items_at("components")), lister, &mut bill);
    components(document.items_at("components"), lister, &mut bill);
    Some(bill)
}

/// Whether a composition says that the subject's parts are all there.
fn whole(document: &Node, root: Option<&Node>) -> bool {
    let Some(subject) = root.and_then(|root| root.text_at("bom-ref")) else { return false };
    document.items_at("compositions").iter().any(|composition| {
        let about = ["assemblies", "dependencies"].iter().flat_map(|key| composition.items_at(key));
        composition.text_at("aggregate") == Some("complete") && about.filter_map(Node::text).any(|of| of == subject)
    })
}

/// Components nest. The document's nesting is limited, so this recursion ends.
fn components(items: &[Node], lister: &mut Lister, bill: &mut Bill) {
    for component in items {
        let sums = component.items_at("hashes").iter();
        let hashes: Vec<Hash> =
            sums.filter_map(|sum| Hash::hex(Algorithm::of(sum.text_at("alg")?)?, sum.text_at("content")?)).collect();
        let scope = component.text_at("scope").filter(|scope| *scope != "required");
        let one = One {
            purl: component.text_at("purl"),
            package: !matches!(component.text_at("type"), Some("operating-system" | "file" | "device" | "data")),
            scope,
            line: component.line(),
            hashes,
        };
        entry(one, lister, bill);
        components(component.items_at("components"), lister, bill);
    }
}

fn read_xml(input: &Input<'_>, lister: &mut Lister) -> Option<Bill> {
    let xml = Xml::parse(input, lister)?;
    if xml.root().tag_name().name() != "bom" {
        lister.broken(Some(1), format!("`{}` is no bill of materials", shown(xml.root().tag_name().name())));
        return None;
    }
    let mut bill = Bill::default();
    let of_bill = xml::children(xml.root(), "components").chain(
        xml::child(xml.root(), "metadata")
            .and_then(|metadata| xml::child(xml::child(metadata, "component")?, "components")),
    );
    for component in of_bill.flat_map(|components| components.descendants()) {
        if !component.is_element() || component.tag_name().name() != "component" {
            continue;
        }
        let sums = xml::child(component, "hashes").into_iter().flat_map(|hashes| xml::children(hashes, "hash"));
        let hashes: Vec<Hash> =
            sums.filter_map(|sum| Hash::hex(Algorithm::of(xml::attribute(sum, "alg")?)?, sum.text()?)).collect();
        let one = One {
            purl: xml::text(component, "purl"),
            package: !matches!(component.attribute("type"), Some("operating-system" | "file" | "device" | "data")),
            scope: xml::text(component, "scope").filter(|scope| *scope != "required"),
            line: xml.line(component),
            hashes,
        };
        entry(one, lister, &mut bill);
    }
    Some(bill)
}

/// One component.
struct One<'a> {
    purl: Option<&'a str>,
    /// It is a package by its type, not a file or a system.
    package: bool,
    scope: Option<&'a str>,
    line: Option<u32>,
    hashes: Vec<Hash>,
}

fn entry(one: One<'_>, lister: &mut Lister, bill: &mut Bill) {
    let Some(written) = one.purl else {
        bill.unnamed += usize::from(one.package);
        return;
    };
    let Some(purl) = Purl::parse(written) else {
        return lister.odd(one.line, format!("`{}` is no package URL", shown(written)));
    };
    match purl.listed() {
        Some(listed) => lister.add(Listed {
            hashes: one.hashes,
            line: one.line,
            groups: one.scope.map(Text::new).into_iter().collect(),
            ..listed
        }),
        None => bill.unnamed += 1,
    }
}
