//! Images in a registry: the binary against a registry that speaks HTTP.

use runbook_gate_tests::binary::{Ended, Gate};
use runbook_gate_tests::registry::{Access, Registry, digest};
use runbook_gate_tests::repository::commit;
use runbook_gate_tests::server::{Answer, Server};
use runbook_gate_tests::service::{Behaviour, Service};
use serde_json::{Value, json};

const MANIFEST: &str = r#"{"schemaVersion":2,"config":{"size":7},"layers":[]}"#;
const INDEX: &str = r#"{"schemaVersion":2,"manifests":[{"size":1},{"size":2}]}"#;
/// `puller:canary-7f3a` as a password.
const BASIC: &str = "Basic cHVsbGVyOmNhbmFyeS03ZjNh";

/// A checklist that asks for one image.
fn gate(image: &str) -> Gate {
    let policy = format!(
        "version: 1\nservice: orders\nenvironments: {{ desk: {{}} }}\nprobe: {{ url: \"http://127.0.0.1:9\" }}\n\
         checklist: {{ artifacts-stored: {{ evidence: [{{ image: \"{image}\" }}] }} }}\n"
    );
    let gate =
        Gate::default().with_file("runbook.yml", &policy).with_variable("PULL", "basic:puller:canary-7f3a");
    commit(&gate, "Release");
    gate
}

fn stored(gate: &Gate, more: &[&str]) -> (Value, Ended) {
    let mut arguments = vec!["checklist", "--format", "json", "--environment", "desk"];
    arguments.extend(more);
    let ended = gate.run(&arguments).with_code(10);
    let report = ended.json();
    let item = report["items"].as_array().unwrap().iter().find(|item| item["id"] == "artifacts-stored");
    (item.expect("the item").clone(), ended)
}

fn status(image: &str, more: &[&str]) -> String {
    stored(&gate(image), more).0["status"].as_str().unwrap().to_owned()
}

fn opened(registry: &Registry) -> Vec<String> {
    ["--connection", &format!("acr={}", registry.url()), "--connection-token", "acr=PULL"]
        .map(str::to_owned)
        .to_vec()
}

#[test]
fn an_image_that_its_registry_has_is_stored_and_named_by_its_digest() {
    for access in [Access::Open, Access::AnonymousToken] {
        let registry = Registry::start(access);
        let digest = registry.push("contoso/orders", "42", INDEX);
        for version in [":42".to_owned(), format!("@{digest}"), format!(":old@{digest}")] {
            let (item, _) = stored(&gate(&format!("{}/contoso/orders{version}", registry.host())), &[]);
            assert_eq!(item["status"], "satisfied", "{item}");
            let because = item["because"].as_str().unwrap();
            assert!(because.contains(&digest) && because.contains("an index of 2 images"), "{because}");
        }
    }
}

#[test]
fn an_image_that_its_registry_does_not_know_fails() {
    let registry = Registry::start(Access::AnonymousToken);
    registry.push("orders", "41", MANIFEST);
    for image in ["orders:42".to_owned(), format!("orders@{}", digest("other"))] {
        let (item, _) = stored(&gate(&format!("{}/{image}", registry.host())), &[]);
        assert_eq!(item["status"], "unsatisfied", "{item}");
        assert!(item["because"].as_str().unwrap().contains("has no such image"), "{item}");
    }
    let (item, _) = stored(&gate(&format!("{}/invoices:1", registry.host())), &[]);
    assert_eq!(item["status"], "unknown", "who may not see a repository is told the same: {item}");
}

#[test]
fn what_is_private_needs_a_connection_for_the_registry() {
    for access in [Access::Token(BASIC.into()), Access::Password(BASIC.into())] {
        let registry = Registry::start(access.clone());
        registry.push("orders", "42", MANIFEST);
        let gate = gate(&format!("{}/orders:42", registry.host()));
        let (item, _) = stored(&gate, &[]);
        assert_eq!(item["status"], "unknown", "{access:?}");
        let how = item["needs"][0]["how"].as_str().unwrap();
        assert!(how.contains(&format!("a connection for {}", registry.url())), "{how}");
        let given = opened(&registry);
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let (item, ended) = stored(&gate, &given);
        assert_eq!(item["status"], "satisfied", "{access:?}: {item}");
        assert!(!format!("{}{}", ended.out, ended.err).contains("canary-7f3a"));
    }
}

#[test]
fn a_connections_credential_goes_to_its_own_registry_and_to_no_realm_elsewhere() {
    let other = Server::start(|_| Answer::new(200, "application/json", r#"{"token":"t"}"#));
    let registry = Registry::start(Access::Realm(format!("{}/token", other.url())));
    registry.push("orders", "42", MANIFEST);
    let gate = gate(&format!("{}/orders:42", registry.host()));
    let given = opened(&registry);
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let (item, _) = stored(&gate, &given);
    assert_eq!(item["status"], "unknown", "{item}");
    assert!(item["because"].as_str().unwrap().contains("not its own host"), "{item}");
    assert!(other.asked().is_empty(), "{:?}", other.asked());
    assert!(registry.asked().iter().all(|asked| asked.header("authorization").is_empty()));
    // A connection for another origin, and one with a path, open nothing here.
    registry.allow(Access::Password(BASIC.into()));
    for url in [other.url(), format!("{}/team", registry.url())] {
        let connection = format!("acr={url}");
        let (item, _) = stored(&gate, &["--connection", &connection, "--connection-token", "acr=PULL"]);
        assert_eq!(item["status"], "unknown", "{url}: {item}");
    }
    assert!(registry.asked().iter().all(|asked| asked.header("authorization").is_empty()));
}

#[test]
fn what_is_no_certain_answer_is_unknown() {
    let registry = Registry::start(Access::Open);
    let digest = registry.push("orders", "42", MANIFEST);
    let image = format!("{}/orders:42", registry.host());
    for access in [Access::Throttled, Access::SignInPage] {
        registry.allow(access.clone());
        assert_eq!(status(&image, &[]), "unknown", "{access:?}");
    }
    registry.allow(Access::Open);
    registry.corrupt("orders", &digest, INDEX);
    assert_eq!(status(&format!("{}/orders@{digest}", registry.host()), &[]), "unknown");
    assert_eq!(status("127.0.0.1:9/orders:42", &[]), "unknown");
}

/// A watch of a service whose image is named.
fn watched(image: &str) -> (Service, Gate) {
    let service = Service::start(Behaviour::default());
    let policy = format!(
        "version: 1\nservice: orders\nenvironments: {{ desk: {{}} }}\nprobe: {{ url: \"{}\" }}\n\
         gate: {{ warmup: 0s, observe: 500ms, interval: 250ms, baseline: none, verify: [health passing] }}\n\
         checklist:\n  artifacts-stored: {{ evidence: [{{ image: \"{image}\" }}] }}\n  \
         own: {{ title: Own, evidence: [{{ any: [attested, {{ image: \"127.0.0.1:9/other:1\" }}] }}] }}\n",
        service.url()
    );
    (service, Gate::default().with_file("runbook.yml", &policy))
}

const WATCH: [&str; 5] = ["verify", "--environment", "desk", "--report-dir", "out"];

fn recorded(gate: &Gate) -> Value {
    serde_json::from_str::<Value>(&gate.read("out/verdict.json")).unwrap()["images"].clone()
}

#[test]
fn a_watch_records_which_image_was_deployed() {
    let registry = Registry::start(Access::AnonymousToken);
    let digest = registry.push("orders", "42", MANIFEST);
    let image = format!("{}/orders:42", registry.host());
    let (_service, gate) = watched(&image);
    let _ = gate.run(&WATCH).with_code(0);
    assert_eq!(recorded(&gate), json!([{ "image": image, "digest": digest }]), "and no mere alternative");
}

#[test]
fn a_registry_that_does_not_answer_is_said_and_changes_no_decision() {
    let registry = Registry::start(Access::Password(BASIC.into()));
    registry.push("orders", "42", MANIFEST);
    let image = format!("{}/orders:42", registry.host());
    let (_service, gate) = watched(&image);
    let ended = gate.run(&WATCH).with_code(0);
    assert_eq!(recorded(&gate), json!([{ "image": image, "digest": null }]));
    assert!(
        ended.err.contains("cannot prove that its image is there") && ended.err.contains("AcrPull"),
        "{}",
        ended.err
    );
}

#[test]
fn an_image_without_a_version_is_a_mistake_in_the_policy() {
    let gate = gate("contoso.azurecr.io/orders");
    let ended = gate.run(&["validate"]).with_code(2);
    assert!(
        ended.err.contains("invalid-image") && ended.err.contains("no tag and no digest"),
        "{}",
        ended.err
    );
}
