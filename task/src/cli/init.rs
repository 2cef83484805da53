//! `init`: a policy to start with, asking nothing.

use std::path::Path;

use runbook_gate::policy::{pipeline_snippet, starter};

use super::arguments::InitArguments;
use super::{Exit, Failure};
use crate::files::{shown, write_whole};
use crate::session::Session;

/// Writes the policy and shows how a pipeline uses it.
pub fn run(session: &Session, arguments: &InitArguments) -> Result<Exit, Failure> {
    let path = &arguments.policy;
    let name = shown(path);
    if path.exists() && !arguments.force {
        return Err(Failure::Input(format!(
            "{name} exists already; edit it, name another file with --policy, or replace it with --force"
        )));
    }
    let hint = arguments.service.clone().or_else(folder_name).unwrap_or_default();
    write_whole(path, &starter(&hint)).map_err(Failure::input)?;
    let mut next = vec![format!("Wrote {name}. Put in where the service and its metrics are. Then:")];
    next.push(String::new());
    for (command, what) in [
        ("validate", "every mistake at once"),
        ("telemetry -e production", "what can be read now"),
        ("verify -e production --dry-run", "everything but the watch"),
    ] {
        next.push(format!("  {:44} # {what}", format!("runbook-gate {command}{}", policy_option(path))));
    }
    next.push(String::new());
    next.push("In the pipeline, after the deployment:".to_owned());
    next.push(String::new());
    next.push(pipeline_snippet().trim_end().to_owned());
    session.door.print(&format!("{}\n", next.join("\n")));
    Ok(Exit::Success)
}

fn policy_option(path: &Path) -> String {
    if path == Path::new("runbook.yml") { String::new() } else { format!(" --policy {}", shown(path)) }
}

fn folder_name() -> Option<String> {
    let folder = std::env::current_dir().ok()?;
    let name = folder.file_name()?.to_str()?;
    Some(name.to_owned())
}
