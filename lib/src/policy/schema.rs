//! The JSON Schema of a policy file, from the same definitions that read it.

use serde_json::{Map, Value, json};

use super::decode::Decode;
use super::document::Document;

/// The schema of a policy file (JSON Schema draft 2020-12), for editors: pretty-printed, with a final newline.
///
/// ```
/// assert!(runbook_gate::policy::schema().contains("\"rollback_when\""));
/// ```
#[must_use]
pub fn schema() -> String {
    let mut schemas = Schemas::default();
    let root = Document::schema(&mut schemas);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Runbook Gate policy",
    });
    if let (Some(schema), Value::Object(root)) = (schema.as_object_mut(), root) {
        schema.extend(root);
        schema.insert("$defs".to_owned(), Value::Object(schemas.definitions));
    }
    // A `Value` always prints.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// The definitions that were met so far.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    definitions: Map<String, Value>,
}

/// A key of a document.
pub(crate) struct Property {
    pub(crate) key: &'static str,
    pub(crate) description: &'static str,
    pub(crate) schema: Value,
    pub(crate) required: bool,
}

impl Schemas {
    /// A mapping with known keys, as a reference to its definition.
    pub(crate) fn object(
        &mut self,
        name: &str,
        description: &str,
        properties: impl FnOnce(&mut Self) -> Vec<Property>,
    ) -> Value {
        self.define(name, |schemas| {
            let properties = properties(schemas);
            let required: Vec<&str> = properties.iter().filter(|p| p.required).map(|p| p.key).collect();
            let mut keys = Map::new();
            for property in properties {
                keys.insert(property.key.to_owned(), described(property.schema, property.description));
            }
            let mut schema = json!({
                "type": "object",
                "description": description.trim(),
                "properties": keys,
                "additionalProperties": false,
            });
            if let (false, Some(schema)) = (required.is_empty(), schema.as_object_mut()) {
                schema.insert("required".to_owned(), json!(required));
            }
            schema
        })
    }

    /// One of several kinds, as a reference to its definition.
    pub(crate) fn choice(
        &mut self,
        name: &str,
        description: &str,
        kinds: impl FnOnce(&mut Self) -> Vec<Value>,
    ) -> Value {
        self.define(name, |schemas| {
            let kinds = kinds(schemas);
            json!({ "description": description.trim(), "oneOf": kinds })
        })
    }

    fn define(&mut self, name: &str, build: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.definitions.contains_key(name) {
            // Holds the place, so that a type that contains itself ends here.
            self.definitions.insert(name.to_owned(), Value::Null);
            let schema = build(self);
            self.definitions.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }
}

/// A schema with its description.
pub(crate) fn described(schema: Value, description: &str) -> Value {
    let Value::Object(inner) = schema else { return schema };
    let mut described = Map::new();
    described.insert("description".to_owned(), json!(description.trim()));
    described.extend(inner.into_iter().filter(|(key, _)| key != "description"));
    Value::Object(described)
}

/// One of several words.
pub(crate) fn words(description: &str, words: &[(&str, &str)]) -> Value {
    let kinds: Vec<Value> = words.iter().map(|(key, description)| word(key, description)).collect();
    json!({ "description": description.trim(), "oneOf": kinds })
}

/// One word.
pub(crate) fn word(key: &str, description: &str) -> Value {
    json!({ "const": key, "description": description.trim() })
}

/// A mapping with exactly one key.
pub(crate) fn one_key(key: &str, description: &str, inner: Value) -> Value {
    let mut properties = Map::new();
    properties.insert(key.to_owned(), described(inner, description));
    json!({
        "type": "object",
        "properties": properties,
        "required": [key],
        "additionalProperties": false,
    })
}
