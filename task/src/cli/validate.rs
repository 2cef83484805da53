//! `validate`: every mistake of a policy at once.

use runbook_gate::diagnostic::Diagnostics;
use runbook_gate::policy::Purpose;
use runbook_gate::source;

use super::arguments::{Format, ValidateArguments};
use super::{Exit, Failure, load};
use crate::files::shown;
use crate::session::Session;

/// Checks every environment of the file; one that is named also with the values of its variables.
pub fn run(session: &Session, arguments: &ValidateArguments) -> Result<Exit, Failure> {
    let (file, warnings) = load::every_environment(session, &arguments.policy)?;
    let environments: Vec<&str> = file.environments().collect();
    let mut warnings = warnings;
    if let Some(name) = &arguments.policy.environment {
        let policy = load::resolve(session, &arguments.policy, &file, Some(name), Purpose::Everything)?;
        for spec in policy.sources() {
            source::build(spec).map_err(Failure::input)?;
        }
        warnings = policy.warnings().clone();
    }
    let name = shown(&arguments.policy.policy);
    let denied = arguments.deny_warnings && !warnings.is_empty();
    match arguments.format {
        Format::Json => session.print_json(&serde_json::json!({
            "version": 1,
            "valid": !denied,
            "file": name,
            "environments": environments,
            "diagnostics": warnings.to_json(),
        })),
        Format::Human => {
            if !warnings.is_empty() {
                session.show(&warnings);
            }
            session.door.print(&format!(
                "{name} is valid{}: {}\n",
                said_warnings(&warnings),
                match environments.as_slice() {
                    [one] => format!("environment {one}"),
                    several => format!("environments {}", several.join(", ")),
                }
            ));
        }
    }
    Ok(if denied { Exit::BadInput } else { Exit::Success })
}

fn said_warnings(warnings: &Diagnostics) -> String {
    match warnings.len() + warnings.left_out() {
        0 => String::new(),
        1 => ", with 1 warning".to_owned(),
        count => format!(", with {count} warnings"),
    }
}
