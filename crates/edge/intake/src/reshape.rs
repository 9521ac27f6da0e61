//! Gives records of one platform one shape: other names for fields, and JSON that stands inside text. It knows no
//! platform.

use crate::source::Refusal;
use crate::{json, parse};
use firebreak_model::Json;
use sonic_rs::{JsonContainerTrait, JsonValueMutTrait, Object};

/// A copy of an object whose fields have the names that `rename` gives. A name that is taken already is not given twice:
/// such a field keeps its own.
pub(crate) fn renamed(record: &Json, rename: &dyn Fn(&str) -> String) -> Json {
    let mut copy = Object::new();
    for (name, value) in record.as_object().into_iter().flat_map(Object::iter) {
        let new = rename(name);
        let taken = new != name && (json::at(record, &[&new]).is_some() || copy.get(&new).is_some());
        copy.insert(if taken { name } else { new.as_str() }, value.clone());
    }
    copy.into()
}

/// Puts the JSON that a field holds as text in the text's place. Text that does not begin as JSON stays.
pub(crate) fn unfold(record: &mut Json, field: &str) -> Result<(), Refusal> {
    let Some(text) = json::text(record, &[field]).filter(|text| text.trim_start().starts_with(['{', '['])) else {
        return Ok(());
    };
    let value = parse::inner(field, text)?;
    put(record, field, value);
    Ok(())
}

/// Writes a field.
pub(crate) fn put(record: &mut Json, field: &str, value: impl Into<Json>) {
    if let Some(object) = record.as_object_mut() {
        object.insert(field, value.into());
    }
}

/// `snake_case` or `UPPER_CASE` as `camelCase`. A single word stays as it is.
pub(crate) fn camel(name: &str) -> String {
    if !name.contains('_') {
        return name.to_owned();
    }
    let mut words = name.split('_').filter(|word| !word.is_empty());
    let mut camel = words.next().unwrap_or_default().to_lowercase();
    for word in words {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        camel.push_str(&first.to_uppercase());
        camel.push_str(&rest.to_lowercase());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_renamed_and_none_is_lost() {
        let record: Json = sonic_rs::from_str(r#"{"service_name":"a","serviceName":"b","x_y":{"k":1}}"#).unwrap();
        let copy = renamed(&record, &camel);
        assert_eq!(json::text(&copy, &["service_name"]), Some("a"));
        assert_eq!(json::text(&copy, &["serviceName"]), Some("b"));
        assert_eq!(json::count(&copy, &["xY", "k"]), Some(1));
        assert_eq!(camel("source_ip_address"), "sourceIpAddress");
    }
}
