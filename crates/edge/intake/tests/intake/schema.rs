//! A small validator of OCSF records against the compiled schema: attributes, types, enumerations, constraints,
//! profiles, and the arithmetic of `type_uid`. Knows nothing of sources.

use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

/// Attributes that a class requires by itself. The compiled schema marks them with the profile that adds them elsewhere.
const OWN: [(u64, &str); 6] =
    [(6003, "api"), (6003, "actor"), (6005, "actor"), (6006, "actor"), (1007, "actor"), (1007, "device")];

/// The schema, and its patterns compiled.
pub(crate) struct Schema {
    schema: Value,
    patterns: HashMap<String, regex::Regex>,
}

/// The folder of outside data, where there is one.
pub(crate) fn corpus(path: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data").join(path);
    if !root.exists() {
        println!("skipped: corpus absent");
        return None;
    }
    Some(root)
}

impl Schema {
    /// The compiled schema, where it lies beside the project.
    pub(crate) fn load() -> Option<Schema> {
        let path = corpus("ocsf-schema/ocsf-1.8.0.compiled.json")?;
        let schema: Value = serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("JSON");
        let mut patterns = HashMap::new();
        for (name, kind) in schema["types"].as_object().expect("types") {
            if let Some(pattern) = kind["regex"].as_str() {
                patterns.insert(name.clone(), regex::Regex::new(pattern).expect("a pattern"));
            }
        }
        Some(Schema { schema, patterns })
    }

    /// Everything that is wrong with a record.
    pub(crate) fn faults(&self, record: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let uid = record["class_uid"].as_u64();
        let classes = self.schema["classes"].as_object().expect("classes");
        let Some(class) = classes.values().find(|class| class["uid"].as_u64() == uid && uid.is_some()) else {
            return vec![format!("no class {uid:?}")];
        };
        let profiles: Vec<&str> =
            record["metadata"]["profiles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let known = class["profiles"].as_array().expect("profiles");
        for profile in &profiles {
            if !known.iter().any(|known| known == profile) {
                faults.push(format!("profile {profile} does not go with the class"));
            }
        }
        self.object(record, class, &profiles, "", &mut faults);
        let number = |name: &str| record[name].as_u64().unwrap_or(u64::MAX);
        if number("type_uid") != number("class_uid").wrapping_mul(100).wrapping_add(number("activity_id")) {
            faults.push("type_uid is not class_uid * 100 + activity_id".to_owned());
        }
        if number("category_uid") != number("class_uid") / 1000 {
            faults.push("category_uid does not go with class_uid".to_owned());
        }
        if record["metadata"]["version"] != "1.8.0" {
            faults.push("metadata.version".to_owned());
        }
        faults
    }

    fn object(&self, value: &Value, shape: &Value, profiles: &[&str], at: &str, faults: &mut Vec<String>) {
        let Some(fields) = value.as_object() else {
            faults.push(format!("{at}: not an object"));
            return;
        };
        let attributes = shape["attributes"].as_object().expect("attributes");
        let class = shape["uid"].as_u64().unwrap_or(u64::MAX);
        let applies = |name: &str, attribute: &Value| {
            let profile = attribute["profile"].as_str();
            OWN.contains(&(class, name)) || profile.is_none_or(|profile| profiles.contains(&profile))
        };
        for (name, attribute) in attributes {
            if attribute["requirement"] == "required" && applies(name, attribute) && !fields.contains_key(name) {
                faults.push(format!("{at}.{name}: required"));
            }
        }
        for (name, field) in fields {
            let at = format!("{at}.{name}");
            match attributes.get(name) {
                None => faults.push(format!("{at}: no such attribute")),
                Some(attribute) if !applies(name, attribute) => {
                    faults.push(format!("{at}: needs the profile {}", attribute["profile"]));
                }
                Some(attribute) => self.attribute(field, attribute, profiles, &at, faults),
            }
        }
        let present = |names: &Value| {
            let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
            names.filter(|name| fields.contains_key(*name)).count()
        };
        let (any, one) = (&shape["constraints"]["at_least_one"], &shape["constraints"]["just_one"]);
        if any.is_array() && present(any) == 0 {
            faults.push(format!("{at}: needs one of {any}"));
        }
        if one.is_array() && present(one) != 1 {
            faults.push(format!("{at}: needs just one of {one}"));
        }
    }

    fn attribute(&self, value: &Value, attribute: &Value, profiles: &[&str], at: &str, faults: &mut Vec<String>) {
        if attribute["is_array"] == true {
            let Some(values) = value.as_array() else {
                faults.push(format!("{at}: not an array"));
                return;
            };
            for (number, value) in values.iter().enumerate() {
                self.one(value, attribute, profiles, &format!("{at}[{number}]"), faults);
            }
        } else {
            self.one(value, attribute, profiles, at, faults);
        }
    }

    fn one(&self, value: &Value, attribute: &Value, profiles: &[&str], at: &str, faults: &mut Vec<String>) {
        let kind = attribute["type"].as_str().expect("a type");
        let kinds = self.schema["types"].as_object().expect("types");
        if let Some(declared) = kinds.get(kind) {
            let base = declared["type"].as_str().unwrap_or(kind);
            let fits = match base {
                "string_t" => value.is_string(),
                "integer_t" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
                "long_t" => value.is_i64(),
                "float_t" => value.is_number(),
                "boolean_t" => value.is_boolean(),
                "json_t" => true,
                _ => value.is_string(),
            };
            let matches = self.patterns.get(kind).is_none_or(|pattern| pattern.is_match(value.as_str().unwrap_or("")));
            let longest = declared["max_len"].as_u64().unwrap_or(u64::MAX);
            let short = value.as_str().is_none_or(|text| text.len() as u64 <= longest);
            if !fits || !matches || !short {
                faults.push(format!("{at}: {value} is no {kind}"));
            }
        } else if kind != "object" {
            let object = &self.schema["objects"][kind];
            assert!(object.is_object(), "{at}: the schema knows no {kind}");
            self.object(value, object, profiles, at, faults);
        } else if !value.is_object() {
            faults.push(format!("{at}: not an object"));
        }
        if let Some(values) = attribute["enum"].as_object() {
            let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if !values.contains_key(&written) {
                faults.push(format!("{at}: {written} is not among the values"));
            }
        }
    }
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let Some(schema) = Schema::load() else { return };
    let good = serde_json::json!({
        "class_uid": 0, "category_uid": 0, "activity_id": 0, "type_uid": 0, "severity_id": 1, "time": 1,
        "metadata": {"version": "1.8.0", "product": {"name": "x"}}
    });
    assert_eq!(schema.faults(&good), Vec::<String>::new());
    for (pointer, value, fault) in [
        ("/time", serde_json::json!("now"), "is no timestamp_t"),
        ("/type_uid", serde_json::json!(7), "type_uid"),
        ("/severity_id", serde_json::json!(42), "not among the values"),
        ("/metadata/product", serde_json::json!({}), "needs one of"),
        ("/metadata/product", serde_json::json!({"name": "x", "colour": "red"}), "no such attribute"),
        ("/metadata", serde_json::json!({"version": "1.8.0"}), "product: required"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).expect("a field") = value;
        let faults = schema.faults(&bad).join("; ");
        assert!(faults.contains(fault), "{pointer}: {faults}");
    }
    let mut cloudy = good;
    cloudy["cloud"] = serde_json::json!({"provider": "AWS"});
    assert!(schema.faults(&cloudy).join("; ").contains("needs the profile"));
}
