//! The committed JSON Schema, as editors use it.

use std::fs;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use super::{policies, root};

const COMMITTED: &str = "lib/schema/runbook.schema.json";

/// The committed schema, ready to validate.
fn schema() -> (Schemas, SchemaIndex) {
    let text = fs::read_to_string(root().join(COMMITTED)).unwrap();
    let mut compiler = Compiler::new();
    compiler.add_resource("runbook.schema.json", serde_json::from_str(&text).unwrap()).unwrap();
    let mut schemas = Schemas::new();
    let index = compiler.compile("runbook.schema.json", &mut schemas).unwrap();
    (schemas, index)
}

/// A policy as an editor's YAML reader sees it.
fn value(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn the_committed_schema_is_what_the_documents_say() {
    let current = runbook_gate::policy::schema();
    let path = root().join(COMMITTED);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(
        committed == current,
        "{COMMITTED} is stale: run the tests once with UPDATE_SCHEMA=1 and commit it"
    );
}

#[test]
fn the_schema_accepts_the_examples_and_the_starter() {
    let (schemas, index) = schema();
    let mut all = policies("examples/policies");
    all.push(("starter".to_owned(), runbook_gate::policy::starter("orders-api")));
    for (name, text) in all {
        if let Err(error) = schemas.validate(&value(&text), index) {
            panic!("{name}: {error:#}");
        }
    }
}

#[test]
fn the_schema_refuses_what_is_wrong_in_its_form() {
    let (schemas, index) = schema();
    let whole = "version: 1\nservice: a\nprobe: { url: https://a }\n";
    assert!(schemas.validate(&value(whole), index).is_ok());
    for wrong in [
        "version: 1\nprobe: { url: https://a }\n",
        "version: one\nservice: a\n",
        "version: 1\nservice: 5\n",
        "version: 1\nservice: a\nservise: a\n",
        "version: 1\nservice: a\nprobe: { url: contoso.com }\n",
        "version: 1\nservice: a\nprobe: { url: https://a, ready: ready }\n",
        "version: 1\nservice: a\nprobe: { url: https://a, ready: { degraded: failed } }\n",
        "version: 1\nservice: a\ngate: { observe: 15 }\n",
        "version: 1\nservice: a\ngate: { observe: 15min }\n",
        "version: 1\nservice: a\ngate: { min_coverage: 50 }\n",
        "version: 1\nservice: a\ngate: { baseline: { befor: 30m } }\n",
        "version: 1\nservice: a\ngate: { rollback_when: a > 5 }\n",
        "version: 1\nservice: a\nsignals: { a: { prometheus: { querry: up } } }\n",
        "version: 1\nservice: a\nsignals: { a: { prometheus: { query: up, empty: '0' } } }\n",
        "version: 1\nservice: a\nenvironments: { production: { enforcement: enforced } }\n",
        "version: 1\nservice: a\nchecklist: { tests-passing: { evidence: [junit] } }\n",
        "version: 1\nservice: a\nchecklist: { tests-passing: { evidence: [artifact] } }\n",
        "version: 1\nservice: a\nchecklist: { a: { evidence: [{ tests: {}, attested: {} }] } }\n",
        "version: 1\nservice: a\nwaivers: [{ item: a, reason: b, approved_by: c }]\n",
        "version: 1\nservice: a\nrollback: { notify: [teams] }\n",
    ] {
        assert!(schemas.validate(&value(wrong), index).is_err(), "the schema accepts\n{wrong}");
        let read = runbook_gate::policy::PolicyFile::parse("a.yml", wrong, super::today());
        assert!(read.is_err(), "the reader accepts\n{wrong}");
    }
}

#[test]
fn every_key_of_the_schema_has_a_description() {
    fn look(value: &Value, path: &str, missing: &mut Vec<String>) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for (key, schema) in properties {
                if schema.get("description").and_then(Value::as_str).is_none_or(str::is_empty) {
                    missing.push(format!("{path}.{key}"));
                }
            }
        }
        if let Some(object) = value.as_object() {
            for (key, inner) in object {
                look(inner, &format!("{path}.{key}"), missing);
            }
        }
    }
    let mut missing = Vec::new();
    look(&serde_json::from_str(&runbook_gate::policy::schema()).unwrap(), "", &mut missing);
    assert!(missing.is_empty(), "{missing:?}");
}
