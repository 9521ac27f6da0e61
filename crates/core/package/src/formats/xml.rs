//! XML without document types (so without entities of its own), with line numbers.

use super::Input;
use super::lister::Lister;
use super::tree::Lines;
use roxmltree::{Document, Node, ParsingOptions};

/// More nodes than this are not read: each takes about 100 bytes.
const MAX_NODES: u32 = 8_000_000;

/// A document and where its lines begin.
pub(crate) struct Xml<'a> {
    document: Document<'a>,
    lines: Lines,
}

impl<'a> Xml<'a> {
    /// Parses the file. Says what is wrong where it is none.
    pub(crate) fn parse(input: &Input<'a>, lister: &mut Lister) -> Option<Xml<'a>> {
        let text = lister.text(input)?;
        let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        match Document::parse_with_options(text, options) {
            Ok(document) => Some(Xml { document, lines: Lines::new(text) }),
            Err(error) => {
                lister.broken(Some(error.pos().row), format!("not valid XML: {error}"));
                None
            }
        }
    }

    /// The outermost element.
    pub(crate) fn root(&self) -> Node<'_, 'a> {
        self.document.root_element()
    }

    /// The line of `node`.
    pub(crate) fn line(&self, node: Node<'_, '_>) -> Option<u32> {
        Some(self.lines.of(node.range().start))
    }
}

/// The child elements called `name`.
pub(crate) fn children<'d, 'a>(node: Node<'d, 'a>, name: &'static str) -> impl Iterator<Item = Node<'d, 'a>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The first child element called `name`.
pub(crate) fn child<'d, 'a>(node: Node<'d, 'a>, name: &'static str) -> Option<Node<'d, 'a>> {
    children(node, name).next()
}

/// The text of the first child element called `name`, unless it is empty.
pub(crate) fn text<'d>(node: Node<'d, '_>, name: &'static str) -> Option<&'d str> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty())
}

/// The attribute `name`, in any case, unless it is empty.
pub(crate) fn attribute<'d>(node: Node<'d, '_>, name: &str) -> Option<&'d str> {
    let found = node.attributes().find(|attribute| attribute.name().eq_ignore_ascii_case(name))?;
    Some(found.value().trim()).filter(|value| !value.is_empty())
}
