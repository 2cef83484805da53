//! `init`: a policy to start with, asking nothing.

use std::path::Path;

use super::arguments::InitArguments;
use super::{Exit, Failure};
use crate::files::{shown, write_whole};
use crate::session::Session;

const TEMPLATE: &str = include_str!("init/runbook.yml");
const SNIPPET: &str = include_str!("init/snippet.yml");

/// Writes the policy and shows how a pipeline uses it.
pub fn run(session: &Session, arguments: &InitArguments) -> Result<Exit, Failure> {
    let path = &arguments.policy;
    let name = shown(path);
    if path.exists() && !arguments.force {
        return Err(Failure::Input(format!(
            "{name} exists already; edit it, name another file with --policy, or replace it with --force"
        )));
    }
    let service = arguments.service.clone().or_else(folder_name).unwrap_or_else(|| "my-service".to_owned());
    let url = arguments.url.as_ref().map_or("https://my-service.example.com", |url| url.as_str());
    let policy = filled(&service, url.trim_end_matches('/'));
    write_whole(path, &policy).map_err(Failure::input)?;
    let mut next = vec![format!("Wrote {name}.")];
    if arguments.url.is_none() {
        next.push(format!("Edit it: at least `url`, where {service} is reached. Then:"));
    } else {
        next.push("Then:".to_owned());
    }
    next.push(String::new());
    for (command, what) in [
        ("validate", "every mistake at once"),
        ("telemetry", "what can be read now"),
        ("verify --dry-run", "everything but the watch"),
    ] {
        next.push(format!("  {:32} # {what}", format!("runbook-gate {command}{}", policy_option(path))));
    }
    next.push(String::new());
    next.push("In the pipeline, after the deployment:".to_owned());
    next.push(String::new());
    next.push(SNIPPET.replace("{POLICY}", &name).trim_end().to_owned());
    session.door.print(&format!("{}\n", next.join("\n")));
    Ok(Exit::Success)
}

fn policy_option(path: &Path) -> String {
    if path == Path::new("runbook.yml") { String::new() } else { format!(" --policy {}", shown(path)) }
}

/// The template with the service's name and URL, both quoted for YAML.
fn filled(service: &str, url: &str) -> String {
    // JSON strings are YAML strings.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    TEMPLATE.replace("{SERVICE}", &quoted(service)).replace("{URL}", &quoted(url))
}

fn folder_name() -> Option<String> {
    let folder = std::env::current_dir().ok()?;
    let name = folder.file_name()?.to_str()?;
    let name: String =
        name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')).take(60).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_gate::policy::PolicyFile;

    #[test]
    fn what_it_writes_is_valid_whatever_the_names_are() {
        let today = "2026-01-01T00:00:00Z".parse().unwrap();
        for service in ["orders-api", "a: b # \"c\" 'd'", "ünïcode {x}"] {
            let text = filled(service, "https://orders.example.com");
            let checked =
                PolicyFile::parse("runbook.yml", &text, today).unwrap_or_else(|found| panic!("{found}"));
            assert!(checked.warnings.is_empty(), "{}", checked.warnings);
        }
    }
}
