//! One input after the other, with all that is wrong with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runbook_gate::{Secret, Timestamp};

use super::name::{ACTIONS, COMMANDS, Input};
use super::{Endpoint, IncidentInputs, InputError, Profile};

pub(super) struct Reader<'e> {
    pub environment: &'e BTreeMap<String, String>,
    pub errors: Vec<InputError>,
}

impl<'e> Reader<'e> {
    /// An input that is not empty.
    pub(super) fn text(&self, input: Input) -> Option<&'e str> {
        let name = format!("INPUT_{}", input.name().to_ascii_uppercase());
        self.environment.get(&name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    pub(super) fn wrong(&mut self, input: Input, value: &str, help: impl Into<String>) {
        self.errors.push(InputError::Wrong {
            input: input.name(),
            value: value.to_owned(),
            help: help.into(),
        });
    }

    pub(super) fn refuse_unexpanded(&mut self, input: Input) {
        let Some(value) = self.text(input) else { return };
        if let Some(variable) = unexpanded(value) {
            self.errors.push(InputError::Unexpanded { input: input.name(), variable: variable.to_owned() });
        }
    }

    pub(super) fn command(&mut self) -> Option<&'static str> {
        let Some(value) = self.text(Input::Command) else {
            let help = format!("it is one of {}", COMMANDS.join(", "));
            self.errors.push(InputError::Missing { input: Input::Command.name(), help });
            return None;
        };
        let known = COMMANDS.into_iter().find(|command| *command == value);
        if known.is_none() {
            self.wrong(Input::Command, value, format!("it is one of {}", COMMANDS.join(", ")));
        }
        known
    }

    pub(super) fn action(&mut self) -> &'static str {
        let [default, ..] = ACTIONS;
        let Some(value) = self.text(Input::RollbackAction) else { return default };
        let known = ACTIONS.into_iter().find(|action| *action == value);
        if known.is_none() {
            self.wrong(Input::RollbackAction, value, format!("it is one of {}", ACTIONS.join(", ")));
        }
        known.unwrap_or(default)
    }

    pub(super) fn working_directory(&mut self) -> Option<PathBuf> {
        let value = self.text(Input::WorkingDirectory)?;
        if !Path::new(value).is_dir() {
            self.wrong(Input::WorkingDirectory, value, "there is no such folder on this agent");
        }
        Some(PathBuf::from(value))
    }

    pub(super) fn profile(&mut self) -> Profile {
        match self.text(Input::Profile) {
            None | Some("release") => Profile::Release,
            Some("rollback") => Profile::Rollback,
            Some(value) => {
                self.wrong(Input::Profile, value, "it is release or rollback");
                Profile::Release
            }
        }
    }

    pub(super) fn incident(&mut self) -> IncidentInputs {
        IncidentInputs {
            failed_gate: self.text(Input::FailedGate).map(str::to_owned),
            plan: self.text(Input::RollbackPlan).map(str::to_owned),
            started: self.time(Input::RollbackStarted),
            recovery: self.text(Input::RecoveryGate).map(str::to_owned),
        }
    }

    pub(super) fn time(&mut self, input: Input) -> Option<String> {
        let value = self.text(input)?;
        if value.parse::<Timestamp>().is_err() {
            self.wrong(input, value, "write a time like 2026-01-31T22:15:00Z");
        }
        Some(value.to_owned())
    }

    pub(super) fn flag(&mut self, input: Input) -> bool {
        let Some(value) = self.text(input) else { return false };
        let on = value.eq_ignore_ascii_case("true");
        if !on && !value.eq_ignore_ascii_case("false") {
            self.wrong(input, value, "it is true or false");
        }
        on
    }

    /// The names that the policy may use, and those among them whose values are secret.
    pub(super) fn allowed_variables(&mut self) -> (Vec<String>, Vec<String>) {
        let names = self.text(Input::AllowedVariables).unwrap_or_default();
        let names = names.split([',', ';']).flat_map(str::split_whitespace);
        let (mut open, mut secret) = (Vec::new(), Vec::new());
        for name in names {
            if !is_variable_name(name) {
                self.wrong(
                    Input::AllowedVariables,
                    name,
                    "write names of variables, one a line, without $( )",
                );
            } else if self.environment.contains_key(&secret_name(name)) {
                secret.push(name.to_owned());
            } else {
                open.push(name.to_owned());
            }
        }
        (open, secret)
    }

    /// The lines of an input that are not empty.
    pub(super) fn lines(&self, input: Input) -> Vec<String> {
        let lines = self.text(input).unwrap_or_default().lines().map(str::trim);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// The lines of an input that are `item=words` each.
    pub(super) fn pairs(&mut self, input: Input, help: &str) -> Vec<String> {
        let lines = self.lines(input);
        for line in &lines {
            if line
                .split_once('=')
                .is_none_or(|(item, words)| item.trim().is_empty() || words.trim().is_empty())
            {
                self.wrong(input, line, help);
            }
        }
        lines
    }

    pub(super) fn endpoint(&mut self, input: Input) -> Option<Endpoint> {
        let id = self.text(input)?;
        let get = |key: String| {
            self.environment.get(&key).map(|value| value.trim()).filter(|value| !value.is_empty())
        };
        let Some(url) = get(format!("ENDPOINT_URL_{id}")) else {
            self.errors.push(InputError::NoConnection { input: input.name() });
            return None;
        };
        let parameter = |name: &str| get(format!("ENDPOINT_AUTH_PARAMETER_{id}_{name}"));
        let secret = ["PASSWORD", "APITOKEN", "ACCESSTOKEN"].into_iter().find_map(parameter);
        Some(Endpoint {
            url: url.to_owned(),
            user: parameter("USERNAME").unwrap_or_default().to_owned(),
            secret: secret.map(Secret::new),
        })
    }
}

/// The variable that was never set, as it was written: `$(Name)` or `$[ … ]`.
fn unexpanded(value: &str) -> Option<&str> {
    let macros = value.match_indices("$(").map(|(at, _)| (at, ')'));
    let expressions = value.match_indices("$[").map(|(at, _)| (at, ']'));
    macros.chain(expressions).find_map(|(at, close)| {
        let rest = value.get(at..)?;
        let end = rest.find(close)?;
        rest.get(..=end)
    })
}

fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// Under which name the agent gives a task a secret variable.
pub fn secret_name(variable: &str) -> String {
    format!("SECRET_{}", variable.to_ascii_uppercase().replace(['.', ' '], "_"))
}
