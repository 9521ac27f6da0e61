//! The OpenAPI 3.1 document, made from the table of endpoints.

use super::Api;
use super::BASE;
use super::call::{Answer, Call, Reply};
use super::endpoints::{ENDPOINTS, Endpoint, Field};
use super::field::{fields_of, schema as one};
use serde_json::{Map, Value, json};

/// `GET /openapi.json`.
pub async fn serve(_: &Api, _: &Call) -> Answer {
    Ok(Reply::Object(200, document()))
}

/// The whole document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in ENDPOINTS {
        let path = paths.entry(format!("{BASE}{}", endpoint.path)).or_insert_with(|| json!({}));
        path[endpoint.method.word().to_lowercase()] = operation(endpoint);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Firebreak",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "What burns, what it reaches, what will be cut, and a person's word on it",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:9470", "description": "`console.listen` of the configuration"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "`firebreak api token new`"},
                "session": {"type": "apiKey", "in": "cookie", "name": super::access::COOKIE,
                    "description": "of a login link; calls that change anything need `X-CSRF-Token` too"},
            },
            "schemas": {"Problem": problem()},
            "responses": {"Problem": {
                "description": "What is wrong, and what to do",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }},
        },
    })
}

fn problem() -> Value {
    schema(
        &[
            ("type", "string"),
            ("title", "string"),
            ("status", "integer"),
            ("detail", "string"),
            ("hint", "string"),
            ("instance", "string"),
        ],
        None,
    )
}

fn operation(endpoint: &Endpoint) -> Value {
    let id: String = endpoint.path.replace(['{', '}', '.'], "").replace('/', "_");
    let mut operation = json!({
        "operationId": format!("{}{id}", endpoint.method.word().to_lowercase()),
        "summary": endpoint.summary,
        "tags": [endpoint.area],
        "parameters": parameters(endpoint),
        "responses": {
            endpoint.status.to_string(): {"description": endpoint.summary},
            "4XX": {"$ref": "#/components/responses/Problem"},
            "5XX": {"$ref": "#/components/responses/Problem"},
        },
    });
    if let Some((media, schema)) = answer(endpoint) {
        operation["responses"][endpoint.status.to_string()]["content"] = json!({media: {"schema": schema}});
    }
    if let Some(verb) = endpoint.verb {
        operation["x-command"] = format!("firebreak {}", verb.words).into();
    }
    match endpoint.deed {
        None => operation["security"] = json!([]),
        Some(deed) => operation["x-role-action"] = deed.word().into(),
    }
    if !endpoint.body.is_empty() {
        let mut body = schema(endpoint.body, None);
        body["additionalProperties"] = false.into();
        let required = endpoint.body.iter().any(|(_, kind)| !kind.ends_with('?'));
        operation["requestBody"] = json!({"required": required, "content": {"application/json": {"schema": body}}});
    }
    operation
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let names = endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let kind = |name: &str| if name == "index" { "index" } else { "string" };
    let place = |name: &str| json!({"name": name, "in": "path", "required": true, "schema": one(kind(name))});
    let mut parameters: Vec<Value> = names.map(place).collect();
    for (name, kind) in fields_of(endpoint) {
        let required = !kind.ends_with('?');
        let schema = one(kind.trim_end_matches('?'));
        parameters.push(json!({"name": name, "in": "query", "required": required, "schema": schema}));
    }
    if endpoint.changes() {
        let key = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{8,128}$"});
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "required": false, "schema": key}));
    }
    parameters
}

/// The media type of a good answer, and its schema.
fn answer(endpoint: &Endpoint) -> Option<(&'static str, Value)> {
    if endpoint.kind.contains('/') {
        return Some((
            endpoint.kind,
            json!({"type": if endpoint.kind == "application/json" { "object" } else { "string" }}),
        ));
    }
    if endpoint.kind.is_empty() {
        return None;
    }
    if !endpoint.list {
        return Some(("application/json", schema(endpoint.fields, Some(endpoint.kind))));
    }
    let list = [("items", "array"), ("next", "string?"), ("total", "integer?")];
    let mut schema_of = schema(&list, Some(endpoint.kind));
    let mut item = schema(endpoint.fields, None);
    item["properties"]["kind"] = json!({"type": "string"});
    schema_of["properties"]["items"] = json!({"type": "array", "items": item});
    if endpoint.by_command {
        schema_of["properties"]["summary"] = json!({"type": "object"});
    }
    Some(("application/json", schema_of))
}

fn schema(fields: &[Field], kind: Option<&str>) -> Value {
    let mut properties: Map<String, Value> = Map::new();
    let mut required: Vec<&str> = Vec::new();
    for (name, kind) in fields {
        let schema = match kind.strip_suffix('?') {
            Some(kind) => json!({"anyOf": [one(kind), {"type": "null"}]}),
            None => {
                required.push(name);
                one(kind)
            }
        };
        properties.insert((*name).to_owned(), schema);
    }
    if let Some(kind) = kind {
        properties.insert("kind".to_owned(), json!({"const": kind}));
        required.push("kind");
    }
    json!({"type": "object", "properties": properties, "required": required})
}
