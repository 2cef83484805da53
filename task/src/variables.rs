//! What `${NAME}` in a policy stands for, outside the policy itself.

use std::collections::{BTreeMap, BTreeSet};

use runbook_gate::Secret;
use runbook_gate::policy::{PIPELINE_VARIABLES, Variable, Variables};

use crate::inputs::secret_name;
use crate::redact::Redactor;

/// The arguments' values, then those variables of the environment that a policy may use.
pub struct GivenVariables<'e> {
    values: BTreeMap<String, String>,
    allowed: BTreeSet<String>,
    secret: BTreeSet<String>,
    environment: &'e BTreeMap<String, String>,
    redactor: Redactor,
}

impl<'e> GivenVariables<'e> {
    /// Values (`--var`), and names of the environment that may be used (`--allow-var`, `--secret-var`).
    pub fn new(
        values: &[(String, String)],
        allowed: &[String],
        secret: &[String],
        environment: &'e BTreeMap<String, String>,
        redactor: Redactor,
    ) -> Self {
        Self {
            values: values.iter().cloned().collect(),
            allowed: allowed.iter().cloned().collect(),
            secret: secret.iter().cloned().collect(),
            environment,
            redactor,
        }
    }

    /// The environment's secret value: the agent gives a task the secrets of its job under names of their own.
    fn secret_of_environment(&self, name: &str) -> Option<&str> {
        self.environment.get(&secret_name(name)).map(String::as_str).or_else(|| self.of_environment(name))
    }

    /// The environment's value; the agent writes names in capitals.
    fn of_environment(&self, name: &str) -> Option<&str> {
        let mangled = name.to_ascii_uppercase().replace(['.', ' '], "_");
        self.environment.get(name).or_else(|| self.environment.get(&mangled)).map(String::as_str)
    }
}

impl Variables for GivenVariables<'_> {
    fn get(&self, name: &str) -> Variable {
        if let Some(value) = self.values.get(name) {
            return Variable::Value(value.clone());
        }
        if self.secret.contains(name) {
            return match self.secret_of_environment(name).filter(|value| !value.is_empty()) {
                Some(value) => {
                    let secret = Secret::new(value);
                    self.redactor.learn(&secret);
                    Variable::Secret(secret)
                }
                None => Variable::Unset,
            };
        }
        if !self.allowed.contains(name) && !PIPELINE_VARIABLES.contains(&name) {
            return Variable::NotAllowed;
        }
        match self.of_environment(name) {
            // What the agent could not expand stays as it was written.
            Some(value) if !value.is_empty() => Variable::Value(value.to_owned()),
            _ => Variable::Unset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(name: &str) -> Variable {
        let environment: BTreeMap<String, String> = [
            ("BUILD_BUILDNUMBER", "42"),
            ("BUILD_SOURCEVERSION", ""),
            ("HOST", "orders.example"),
            ("TOKEN", "canary-token"),
            ("HOME", "/root"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        let values =
            [("PORT".to_owned(), "8080".to_owned()), ("BUILD_REASON".to_owned(), "Manual".to_owned())];
        let variables = GivenVariables::new(
            &values,
            &["HOST".to_owned(), "NOT_SET".to_owned()],
            &["TOKEN".to_owned()],
            &environment,
            Redactor::default(),
        );
        variables.get(name)
    }

    #[test]
    fn only_what_was_given_or_allowed_expands() {
        assert_eq!(get("PORT"), Variable::Value("8080".into()));
        assert_eq!(get("BUILD_REASON"), Variable::Value("Manual".into()));
        assert_eq!(get("BUILD_BUILDNUMBER"), Variable::Value("42".into()));
        assert_eq!(get("HOST"), Variable::Value("orders.example".into()));
        assert_eq!(get("TOKEN"), Variable::Secret(Secret::new("canary-token")));
        assert_eq!(get("HOME"), Variable::NotAllowed);
        for name in ["NOT_SET", "BUILD_SOURCEVERSION"] {
            assert_eq!(get(name), Variable::Unset, "{name}");
        }
    }
}
