//! The recipes for Azure are what a new user starts from: each is read from the documentation and asked of a service that is well.

use std::path::Path;

use runbook_gate_tests::azure::service;
use runbook_gate_tests::server::{Answer as Plain, Server};

use super::Desk;

/// The policies of the page, each with the heading that it stands under.
fn recipes() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/azure.md");
    let text = std::fs::read_to_string(page).unwrap();
    let mut heading = String::new();
    let mut found = Vec::new();
    let mut policy: Option<String> = None;
    for line in text.lines() {
        match (&mut policy, line) {
            (None, "```yaml") => policy = Some(String::new()),
            (Some(_), "```") => found.extend(policy.take().map(|text| (heading.clone(), text))),
            (Some(text), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, line) => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut heading);
                }
            }
        }
    }
    found
}

/// A policy whose probe goes to a server of this machine.
fn at_home(policy: &str, server: &Server) -> String {
    let home = |line: &str| match line.split_once("url: \"https://") {
        Some((before, after)) if line.starts_with("probe:") => {
            let (_, rest) = after.split_once('"').unwrap();
            format!("{before}url: \"{}\"{rest}", server.url())
        }
        _ => line.to_owned(),
    };
    policy.lines().map(|line| home(line) + "\n").collect()
}

#[test]
fn there_is_a_recipe_for_each_kind_of_service() {
    let recipes = recipes();
    for heading in ["App Service", "Container Apps", "AKS with managed Prometheus", "Functions"] {
        assert!(recipes.iter().any(|(under, _)| under == heading), "{heading}");
    }
}

#[test]
fn every_recipe_is_ready_as_it_stands() {
    let server = Server::start(|_| Plain::new(200, "text/plain", "Healthy"));
    for (heading, policy) in recipes() {
        if !policy.contains("presets:") {
            continue;
        }
        let desk = Desk::new(&at_home(&policy, &server), service::well);
        desk.run(&["validate", "--deny-warnings"]);
        let ended = desk.run(&["telemetry", "--deny-blind"]);
        assert_eq!(ended.code, Some(0), "{heading}:\n{}{}", ended.out, ended.err);
        assert!(desk.double.refusals().is_empty(), "{heading}: {:?}", desk.double.refusals());
        let dry = desk.run(&["verify", "--dry-run"]);
        assert_eq!(dry.code, Some(0), "{heading}:\n{}{}", dry.out, dry.err);
    }
}
