//! One event of an activity in the flat form: the activity's fields, the event's type and name, and its parameters as
//! one object.

use crate::json;
use firebreak_model::Json;
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Object};

/// The parameters of an event as one object, whichever of the two forms they have.
pub(super) fn parameters(event: &Json) -> Json {
    let Some(written) = json::at(event, &["parameters"]) else { return Json::default() };
    if written.is_object() {
        return written.clone();
    }
    named(written)
}

/// An array of `{"name": …, "value": …}` as one object. A name that comes twice keeps its first value; no event of the
/// Reports API has one.
fn named(written: &Json) -> Json {
    let written = written.as_array().map_or(&[][..], |array| array.as_slice());
    let mut object = Object::with_capacity(written.len());
    for parameter in written {
        let Some(name) = json::text(parameter, &["name"]) else { continue };
        if !object.contains_key(&name) {
            object.insert(name, value(parameter));
        }
    }
    object.into()
}

fn value(parameter: &Json) -> Json {
    if let Some(message) = json::at(parameter, &["messageValue", "parameter"]) {
        return named(message);
    }
    if let Some(messages) = json::at(parameter, &["multiMessageValue"]).and_then(|value| value.as_array()) {
        let each = messages.iter().map(|message| json::at(message, &["parameter"]).map(named).unwrap_or_default());
        return each.collect::<Vec<Json>>().into();
    }
    ["value", "boolValue", "intValue", "multiValue", "multiIntValue", "multiBoolValue"]
        .iter()
        .find_map(|field| json::at(parameter, &[field]))
        .cloned()
        .unwrap_or_default()
}

/// The whole event in the flat form. Fields of the event that are no parameters stay as they are.
pub(super) fn body(activity: &Json, event: &Json, parameters: Json) -> Json {
    let count = |json: &Json| json.as_object().map_or(0, Object::len);
    let mut body = Object::with_capacity(count(activity) + count(event));
    let fields = |json: &Json, body: &mut Object, but: &str| {
        for (name, value) in json.as_object().into_iter().flat_map(|object| object.iter()) {
            if name != but {
                body.insert(name, value.clone());
            }
        }
    };
    fields(activity, &mut body, "events");
    fields(event, &mut body, "parameters");
    if !parameters.is_null() {
        body.insert("parameters", parameters);
    }
    body.into()
}
