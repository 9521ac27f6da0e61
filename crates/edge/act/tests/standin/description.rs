//! Holds a request against a platform's pruned description: method, path, query, and the schema of its body.

use super::Heard;
use serde_json::Value;
use std::path::Path;

/// The operations of one platform that responders use.
pub(crate) struct Description {
    operations: Vec<Value>,
}

impl Description {
    /// That of the platform `name`.
    pub(crate) fn of(name: &str) -> Description {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../../lab/descriptions/{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let document: Value = serde_json::from_str(&text).expect("a description");
        Description { operations: document["operations"].as_array().expect("operations").clone() }
    }

    /// Why the request is not one of the description, or nothing.
    pub(crate) fn complaint(&self, heard: &Heard) -> Option<String> {
        let what = format!("{} /{}", heard.method, heard.path.join("/"));
        // How OAuth gives tokens is not in these descriptions: RFC 6749 and 7523 say it.
        if heard.is_form && matches!(heard.path.last().map(String::as_str), Some("token")) {
            return None;
        }
        let here = self.operations.iter().filter(|one| one["method"] == *heard.method);
        let here: Vec<_> =
            here.filter(|one| path_fits(one["path"].as_str().unwrap_or_default(), &heard.path)).collect();
        let why: Vec<_> = here.iter().map(|operation| wrong(operation, heard)).collect();
        match why.iter().any(Option::is_none) {
            true => None,
            false if here.is_empty() => Some(format!("{what}: there is no such operation")),
            false => Some(format!("{what}: {}", why.into_iter().flatten().collect::<Vec<_>>().join(", or "))),
        }
    }
}

fn path_fits(template: &str, path: &[String]) -> bool {
    let wanted: Vec<_> = template.split('/').skip(1).collect();
    let fits = |(wanted, given): (&&str, &String)| match wanted.strip_prefix('{').and_then(|rest| rest.split_once('}'))
    {
        Some((_, word)) => {
            given.strip_suffix(word).is_some_and(|id| !id.is_empty() && (word.is_empty() || !id.contains(':')))
        }
        None => wanted == given,
    };
    wanted.len() == path.len() && wanted.iter().zip(path).all(fits)
}

fn wrong(operation: &Value, heard: &Heard) -> Option<String> {
    let known = operation["query"].as_array().expect("a list");
    if let Some(name) = heard.query.keys().find(|name| !known.iter().any(|one| one == *name)) {
        return Some(format!("there is no `{name}` in the query"));
    }
    let schema = &operation["body"];
    if schema.is_null() {
        let empty = heard.body.is_null() || heard.body.as_object().is_some_and(serde_json::Map::is_empty);
        return (!empty).then(|| format!("it takes no body and got {}", heard.body));
    }
    if operation["form"].as_bool() == Some(true) && !heard.is_form {
        return Some("it takes a form".to_owned());
    }
    // What has no required field may be left out whole.
    let optional = schema["required"].as_array().is_none_or(Vec::is_empty);
    if heard.body.is_null() && optional { None } else { unfit(schema, &heard.body, "body") }
}

/// Why `value` does not fit `schema`. A field that the schema does not name is wrong: we write what is documented.
fn unfit(schema: &Value, value: &Value, place: &str) -> Option<String> {
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Some(format!("{place} is {value} and not one of {}", schema["enum"]));
    }
    let right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        _ => true,
    };
    if !right {
        return Some(format!("{place} is {value} and no {}", schema["type"]));
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(missing) = required.into_iter().find(|name| value.get(name).is_none()) {
        return Some(format!("{place} lacks `{missing}`"));
    }
    if let Some(fields) = value.as_object() {
        return fields.iter().find_map(|(name, field)| match schema["properties"].get(name) {
            Some(inner) => unfit(inner, field, &format!("{place}.{name}")),
            None => Some(format!("{place} has `{name}`, which is not described")),
        });
    }
    let items = value.as_array()?;
    let most = schema["maxItems"].as_u64().and_then(|most| usize::try_from(most).ok());
    let least = schema["minItems"].as_u64().and_then(|least| usize::try_from(least).ok());
    if most.is_some_and(|most| items.len() > most) || least.is_some_and(|least| items.len() < least) {
        return Some(format!("{place} has {} items", items.len()));
    }
    items.iter().find_map(|item| unfit(&schema["items"], item, &format!("{place}[]")))
}

mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn heard(method: &str, path: &str, query: &str, body: Value) -> Heard {
        let path = path.split('/').skip(1).map(str::to_owned).collect();
        Heard {
            method: method.into(),
            path,
            query: super::super::fields(query),
            headers: BTreeMap::new(),
            body,
            is_form: false,
        }
    }

    #[test]
    fn a_request_that_is_not_described_is_told_from_one_that_is() {
        let github = Description::of("github");
        let complaint = |method, path, query, body| github.complaint(&heard(method, path, query, body));
        let revoke = "/orgs/meridian/personal-access-tokens/17";
        assert_eq!(complaint("POST", revoke, "", json!({"action": "revoke"})), None);
        for (method, path, query, body, why) in [
            ("POST", revoke, "", json!({"action": "delete"}), "not one of"),
            ("POST", revoke, "", json!({}), "lacks `action`"),
            ("POST", revoke, "", json!({"action": "revoke", "reason": "x"}), "not described"),
            ("POST", revoke, "force=1", json!({"action": "revoke"}), "in the query"),
            ("DELETE", revoke, "", Value::Null, "no such operation"),
            ("POST", "/credentials/revoke", "", json!({"credentials": []}), "0 items"),
            ("POST", "/credentials/revoke", "", json!({"credentials": "ghp_x"}), "no \"array\""),
        ] {
            let complaint = complaint(method, path, query, body).unwrap_or_default();
            assert!(complaint.contains(why), "{method} {path}: `{complaint}` does not say `{why}`");
        }
        // The key that an SDK would not send is one that we must not send.
        let slack = Description::of("slack");
        let mut form = heard("POST", "/api/admin.apps.restrict", "", json!({"app_id": "A1", "team_id": "T1"}));
        assert!(slack.complaint(&form).is_some_and(|why| why.contains("takes a form")));
        form.is_form = true;
        assert_eq!(slack.complaint(&form), None);
        form.body = json!({"app_id": "A1"});
        assert!(slack.complaint(&form).is_some());
    }
}
