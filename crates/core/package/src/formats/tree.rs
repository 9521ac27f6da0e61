//! JSON, TOML and YAML as one tree with line numbers, so that a format reads its document the same way from each.
//!
//! Nesting is limited to 128 and the size of the tree to the size of the text: hostile input costs no more than its length.

mod json;
mod toml;
mod yaml;

pub(crate) use json::{json, relaxed_json};
pub(crate) use toml::toml;
pub(crate) use yaml::yaml;

use firebreak_model::Text;

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 128;

/// Where each line begins.
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn new(text: &str) -> Lines {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Lines(std::iter::once(0).chain(ends).collect())
    }

    /// The line of the byte at `offset`, from 1.
    pub(crate) fn of(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }
}

/// Why a text is no document.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Line, from 1, where known.
    pub(crate) line: Option<u32>,
    /// What is wrong.
    pub(crate) reason: String,
}

/// A value and where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Line, from 1; 0 where it is not known.
    pub(crate) line: u32,
    /// The value.
    pub(crate) value: Value,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// A number or a date, as written.
    Number(Text),
    Text(Text),
    List(Vec<Node>),
    /// Fields in their order. A name that stands twice is kept twice; the later one counts.
    Map(Vec<(Text, Node)>),
}

impl Node {
    /// The field `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.fields().iter().rev().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The node at the end of `path`.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Its text, unless it is empty.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Its text, its number or its date as written.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The text of the field `key`, unless it is empty.
    pub(crate) fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Its items; none where it is no list.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The items of the field `key`.
    pub(crate) fn items_at(&self, key: &str) -> &[Node] {
        self.get(key).map_or(&[], Node::items)
    }

    /// Its fields; none where it is no map.
    pub(crate) fn fields(&self) -> &[(Text, Node)] {
        match &self.value {
            Value::Map(fields) => fields,
            _ => &[],
        }
    }

    /// The fields of the field `key`.
    pub(crate) fn fields_at(&self, key: &str) -> &[(Text, Node)] {
        self.get(key).map_or(&[], Node::fields)
    }

    /// Its texts: of a list, or the one that it is.
    pub(crate) fn texts(&self) -> Vec<&str> {
        match &self.value {
            Value::List(items) => items.iter().filter_map(Node::text).collect(),
            _ => self.text().into_iter().collect(),
        }
    }

    /// Whether the field `key` is `true`.
    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Node { value: Value::Bool(true), .. }))
    }

    /// Whether it is `true` or `false`, where it is either.
    pub(crate) fn boolean(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Its line, where known.
    pub(crate) fn line(&self) -> Option<u32> {
        (self.line > 0).then_some(self.line)
    }
}
