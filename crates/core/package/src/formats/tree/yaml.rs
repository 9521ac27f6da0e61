//! YAML. Lines are not known; aliases may not make the document larger than its text allows.

use super::{Fault, Node, Value};
use firebreak_model::Text;
use serde::de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use std::cell::Cell;
use std::fmt;

/// Parses the first document of a YAML text. The parser limits nesting to 128.
pub(crate) fn yaml(text: &str) -> Result<Node, Fault> {
    // Each node of a document without aliases takes a byte at least; a little more lets honest anchors through.
    let left = Cell::new(text.len().saturating_mul(2).saturating_add(1000));
    let nothing = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let document = yaml_serde::Deserializer::from_str(text).next().filter(|_| !text.lines().all(nothing));
    let Some(document) = document else { return Ok(Node { line: 1, value: Value::Null }) };
    Seed(&left).deserialize(document).map_err(|error| Fault {
        line: error.location().and_then(|at| u32::try_from(at.line()).ok()),
        reason: error.to_string().lines().next().unwrap_or_default().to_owned(),
    })
}

/// Reads one node and counts it.
#[derive(Clone, Copy)]
struct Seed<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let left = self.0.get();
        if left == 0 {
            return Err(D::Error::custom("aliases make the document too large"));
        }
        self.0.set(left - 1);
        deserializer.deserialize_any(self)
    }
}

fn plain<E>(value: Value) -> Result<Node, E> {
    Ok(Node { line: 0, value })
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        plain(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        plain(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        plain(Value::Number(Text::new(value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        plain(Value::Number(Text::new(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        plain(Value::Number(Text::new(value.to_string())))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        // An alias to a long text costs its length.
        let left = self.0.get();
        if left < value.len() {
            return Err(E::custom("aliases make the document too large"));
        }
        self.0.set(left - value.len());
        plain(Value::Text(Text::new(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        plain(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = fields.next_key_seed(self)? {
            let name = match key.value {
                Value::Text(name) | Value::Number(name) => name,
                Value::Bool(name) => Text::new(name.to_string()),
                Value::Null => Text::new("null"),
                Value::List(_) | Value::Map(_) => return Err(A::Error::custom("a field's name is no text")),
            };
            map.push((name, fields.next_value_seed(self)?));
        }
        plain(Value::Map(map))
    }

    /// A value with a tag of its own (`!ruby/object`): the tag is dropped.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Node, A::Error> {
        let (_, value) = tagged.variant_seed(self)?;
        value.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read() {
        let node = yaml("a: [1, two]\n'b': {c: true, 3: ~}\n").unwrap();
        assert_eq!(node.items_at("a")[1].text(), Some("two"));
        assert!(node.get("b").unwrap().flag("c"));
        assert!(yaml("").is_ok());
        assert!(yaml("a: !x 1").is_ok());
        assert!(yaml("a: b: c").unwrap_err().line.is_some());
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(",");
            text += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        assert!(yaml(&text).is_err());
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(10_000), vec!["*a"; 10_000].join(","));
        assert!(yaml(&long).is_err());
        assert!(yaml(&"[".repeat(10_000)).is_err());
    }
}
