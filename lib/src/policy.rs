//! The policy: a valid `runbook.yml`.
//!
//! ```text
//! text ─▶ values with places ─▶ documents ─▶ PolicyFile ─▶ Policy of one environment
//!        yaml                  decode       check         variables, check
//! ```
//!
//! Everything wrong is said at once, with its place.

mod check;
mod decode;
mod defaults;
mod document;
mod enforcement;
mod node;
mod purpose;
pub mod rules;
mod schema;
pub mod source_spec;
mod starter;
mod variables;
mod yaml;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::checklist::ChecklistRules;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, Span};
use crate::rollback::RollbackRules;
use crate::spelling;
use crate::{Duration, Finite, SignalName, Timestamp};
use decode::{Decode, Field};
use document::{Document, EnforcementWord};
use rules::GateRules;
use source_spec::SourceSpec;

pub use enforcement::Enforcement;
pub use purpose::Purpose;
pub use schema::schema;
pub use starter::{pipeline_snippet, starter};
use variables::Outer;
pub use variables::{PIPELINE_VARIABLES, Variable, Variables};

/// The name of the one environment of a policy that lists none.
const PRODUCTION: &str = "production";

/// Doubts about how the parts of a policy fit together: while a part cannot be read they may be wrong.
const DOUBTS_OF_WHOLE_POLICIES: [Code; 3] =
    [Code::CriterionNeverFirst, Code::RunbookLineDropped, Code::UnusedSignal];

/// A policy file, read and checked; `${NAME}` is not expanded yet.
///
/// ```
/// use runbook_gate::Timestamp;
/// use runbook_gate::policy::PolicyFile;
///
/// let text = "version: 1\nservice: orders-api\nprobe: { url: \"https://orders.contoso.com\" }\n";
/// let today: Timestamp = "2026-01-01T00:00:00Z".parse()?;
/// let checked = PolicyFile::parse("runbook.yml", text, today)?;
/// assert_eq!(checked.file.environments().collect::<Vec<_>>(), ["production"]);
///
/// let wrong = PolicyFile::parse("runbook.yml", "version: 1\nservise: x\n", today).unwrap_err();
/// assert!(wrong.to_string().contains("did you mean `service`?"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PolicyFile {
    name: String,
    text: String,
    sha256: String,
    document: Document,
}

/// A policy file without errors.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The file.
    pub file: PolicyFile,
    /// What may not decide well.
    pub warnings: Diagnostics,
}

/// The policy of one environment: valid, variables expanded.
#[derive(Clone, Debug)]
pub struct Policy {
    service: String,
    environment: Environment,
    gate: GateRules,
    sources: Vec<SourceSpec>,
    baseline: BaselineRule,
    checklist: ChecklistRules,
    rollback: RollbackRules,
    sha256: String,
    file_name: String,
    warnings: Diagnostics,
}

/// An environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    name: String,
    enforcement: Enforcement,
    azure_environment: Option<String>,
}

/// Where the baseline comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum BaselineRule {
    /// There is none.
    None,
    /// The same queries over the time that ended when the deployment began.
    Before(Duration),
    /// The same queries over the same time so much earlier.
    Offset(Duration),
    /// A file that `runbook-gate baseline` wrote; its path.
    Recorded(String),
    /// Numbers in base units.
    Fixed(BTreeMap<SignalName, Finite>),
}

impl PolicyFile {
    /// Reads and checks a policy. `today` is for the dates of waivers.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn parse(file_name: &str, text: &str, today: Timestamp) -> Result<Checked, Diagnostics> {
        Self::check(file_name, text, today, Outer::Open)
    }

    /// The same, where it is known which variables may be used: those without a value are left open, as a desk does not have
    /// what the pipeline will have.
    ///
    /// # Errors
    /// Everything that is wrong in any environment, at once.
    ///
    /// ```
    /// use runbook_gate::Timestamp;
    /// use runbook_gate::policy::{PolicyFile, Variable, Variables};
    ///
    /// struct NoneAllowed;
    /// impl Variables for NoneAllowed {
    ///     fn get(&self, _: &str) -> Variable {
    ///         Variable::NotAllowed
    ///     }
    /// }
    /// let text = "version: 1\nservice: orders-api\nprobe: { url: \"https://${HOST}\" }\n";
    /// let today: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    /// assert!(PolicyFile::parse("runbook.yml", text, today).is_ok());
    /// let wrong = PolicyFile::parse_with("runbook.yml", text, today, &NoneAllowed).unwrap_err();
    /// assert!(wrong.to_string().contains("a policy may not use the variable `HOST`"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse_with(
        file_name: &str,
        text: &str,
        today: Timestamp,
        variables: &dyn Variables,
    ) -> Result<Checked, Diagnostics> {
        Self::check(file_name, text, today, Outer::Checked(variables))
    }

    fn check(
        file_name: &str,
        text: &str,
        today: Timestamp,
        outer: Outer<'_>,
    ) -> Result<Checked, Diagnostics> {
        let sha256 = sha256_hex(text.as_bytes());
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut findings = Vec::new();
        if text.len() > yaml::LARGEST {
            let message = format!("the policy has {} bytes; at most {} are read", text.len(), yaml::LARGEST);
            findings.push(
                Diagnostic::new(Code::PolicyTooLarge, Span::default(), message)
                    .help("is it the policy? name it with --policy"),
            );
            return Err(Diagnostics::new(file_name, "", findings));
        }
        let document = read(text, &mut findings);
        if let Some(document) = &document {
            check::file(document, today, &mut findings);
            let environments = document.environments.get().map(|environments| environments.0.as_slice());
            match environments {
                None | Some([]) => {
                    let _ = check::environment(document, None, outer, Purpose::Everything, &mut findings);
                }
                Some(listed) => {
                    for (_, environment) in listed.iter().take(50) {
                        let listed = Some(&environment.value);
                        let _ =
                            check::environment(document, listed, outer, Purpose::Everything, &mut findings);
                    }
                }
            }
        }
        if findings.iter().any(|found| found.severity() == Severity::Error) {
            findings.retain(|found| !DOUBTS_OF_WHOLE_POLICIES.contains(&found.code()));
        }
        let diagnostics = Diagnostics::new(file_name, text, findings);
        match document {
            Some(document) if !diagnostics.has_errors() => {
                let file = Self { name: file_name.to_owned(), text: text.to_owned(), sha256, document };
                Ok(Checked { file, warnings: diagnostics })
            }
            _ => Err(diagnostics),
        }
    }

    /// The names of the environments, in the order of the file; `production` where it lists none.
    pub fn environments(&self) -> impl Iterator<Item = &str> {
        let listed = self.document.environments.get().map(|environments| environments.0.as_slice());
        let none_listed = listed.is_none_or(<[_]>::is_empty).then_some(PRODUCTION);
        none_listed.into_iter().chain(listed.into_iter().flatten().map(|(name, _)| name.as_str()))
    }

    /// The Azure Pipelines environment that records the deployments of an environment, where the file says it.
    #[must_use]
    pub fn azure_environment(&self, environment: &str) -> Option<&str> {
        self.listed(environment)?.azure_environment.get().map(|name| name.text.as_str())
    }

    /// The name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        self.document.service.get().map_or("", |text| text.text.as_str())
    }

    /// One environment, without what the policy says for it: no variable needs a value. Without a name it is `production`, where
    /// that is the only one.
    ///
    /// # Errors
    /// A name that the file does not list.
    ///
    /// ```
    /// use runbook_gate::Timestamp;
    /// use runbook_gate::policy::PolicyFile;
    ///
    /// let text = "version: 1\nservice: orders-api\nprobe: { url: \"https://${HOST}\" }\n";
    /// let today: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    /// let file = PolicyFile::parse("runbook.yml", text, today)?.file;
    /// assert_eq!(file.environment(None)?.name(), "production");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn environment(&self, environment: Option<&str>) -> Result<Environment, Diagnostics> {
        let name = self.chosen(environment)?;
        let enforcement = match self.listed(name).and_then(|document| document.enforcement.get()) {
            None | Some(EnforcementWord::Enforce) => Enforcement::Enforce,
            Some(EnforcementWord::Advise) => Enforcement::Advise,
            Some(EnforcementWord::Off) => Enforcement::Off,
        };
        let azure_environment = self.azure_environment(name).map(str::to_owned);
        Ok(Environment { name: name.to_owned(), enforcement, azure_environment })
    }

    /// What the file says of an environment.
    fn listed(&self, name: &str) -> Option<&document::Environment> {
        let listed = self.document.environments.get().into_iter().flat_map(|environments| &environments.0);
        listed.into_iter().find(|(listed, _)| listed.as_str() == name).map(|(_, found)| &found.value)
    }

    /// The policy of one environment, variables expanded. Without a name it is `production`, where that is the only one.
    ///
    /// # Errors
    /// A name that the file does not list; a variable that is unset, not allowed, or secret where no secret may stand; and
    /// values that are wrong once they are expanded.
    pub fn resolve(
        &self,
        environment: Option<&str>,
        variables: &dyn Variables,
    ) -> Result<Policy, Diagnostics> {
        self.resolve_for(Purpose::Everything, environment, variables)
    }

    /// The same for one purpose: what it does not use needs no variable, and is left out of the policy where one has no value.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve), of what the purpose uses.
    ///
    /// ```
    /// use runbook_gate::Timestamp;
    /// use runbook_gate::policy::{PolicyFile, Purpose, Variable, Variables};
    ///
    /// struct NoneGiven;
    /// impl Variables for NoneGiven {
    ///     fn get(&self, _: &str) -> Variable {
    ///         Variable::Unset
    ///     }
    /// }
    /// let text = "version: 1\nservice: orders-api\nprobe: { url: \"https://${HOST}\" }\nrollback: { artifacts: [drop] }\n";
    /// let today: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    /// let file = PolicyFile::parse("runbook.yml", text, today)?.file;
    /// assert!(file.resolve(None, &NoneGiven).is_err());
    /// let policy = file.resolve_for(Purpose::Plan, None, &NoneGiven)?;
    /// assert_eq!(policy.rollback().artifacts, ["drop"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resolve_for(
        &self,
        purpose: Purpose,
        environment: Option<&str>,
        variables: &dyn Variables,
    ) -> Result<Policy, Diagnostics> {
        let environment = self.environment(environment)?;
        let document = self.listed(environment.name());
        let mut findings = Vec::new();
        let outer = Outer::Used(variables);
        let built = check::environment(&self.document, document, outer, purpose, &mut findings);
        let warnings = Diagnostics::new(&self.name, &self.text, findings);
        if warnings.has_errors() {
            return Err(warnings);
        }
        Ok(Policy {
            service: self.service().to_owned(),
            gate: built.gate,
            sources: built.sources,
            baseline: built.baseline,
            checklist: ChecklistRules {
                environment: environment.name.clone(),
                enforcement: environment.enforcement,
                policy_path: self.name.clone(),
                ..built.checklist
            },
            environment,
            rollback: built.rollback,
            sha256: self.sha256.clone(),
            file_name: self.name.clone(),
            warnings,
        })
    }

    fn chosen<'n>(&'n self, environment: Option<&'n str>) -> Result<&'n str, Diagnostics> {
        let names: Vec<&str> = self.environments().collect();
        match environment {
            Some(name) if names.contains(&name) => return Ok(name),
            None if names == [PRODUCTION] => return Ok(PRODUCTION),
            _ => {}
        }
        let listed = spelling::listed(names.iter().copied());
        let span = match &self.document.environments {
            Field::Given(_, span) => Span::new(span.start, span.start),
            _ => Span::default(),
        };
        let found = match environment {
            None => {
                Diagnostic::new(Code::UnknownEnvironment, span, "it is not said which environment is meant")
                    .help(format!("name one: {listed}"))
            }
            Some(name) => {
                let message = format!("the policy lists no environment `{}`", name.escape_debug());
                let found = Diagnostic::new(Code::UnknownEnvironment, span, message);
                let found = match spelling::nearest(name, names.iter().copied()) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found.help(format!("it lists {listed}")),
                };
                if self.document.environments.is_missing() {
                    found.help(
                        "a policy without `environments` has `production` alone: add the key to have others",
                    )
                } else {
                    found
                }
            }
        };
        Err(Diagnostics::new(&self.name, &self.text, vec![found]))
    }
}

/// The document of a text, however much of it is wrong.
fn read(text: &str, findings: &mut Vec<Diagnostic>) -> Option<Document> {
    let before = findings.len();
    let node = yaml::read(text, findings);
    match node {
        Some(node) if !matches!(node.value, node::NodeValue::Null) => Document::decode(&node, findings),
        _ => {
            if findings.len() == before {
                findings.push(
                    Diagnostic::new(Code::EmptyPolicy, Span::default(), "the policy is empty")
                        .help("`runbook-gate init` writes one to start with"),
                );
            }
            None
        }
    }
}

impl Policy {
    /// The service that is deployed.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The environment.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// What the gate judges by.
    #[must_use]
    pub const fn gate(&self) -> &GateRules {
        &self.gate
    }

    /// Where signals are read.
    #[must_use]
    pub fn sources(&self) -> &[SourceSpec] {
        &self.sources
    }

    /// The same policy, which does not ask what version serves.
    #[must_use]
    pub fn without_version_check(mut self) -> Self {
        self.sources.retain_mut(|source| match source {
            SourceSpec::Probe(probe) => {
                probe.version = None;
                probe.health.is_some() || probe.ready.is_some()
            }
            _ => true,
        });
        self
    }

    /// Where the baseline comes from.
    #[must_use]
    pub const fn baseline(&self) -> &BaselineRule {
        &self.baseline
    }

    /// What has to be true before the deployment.
    #[must_use]
    pub const fn checklist(&self) -> &ChecklistRules {
        &self.checklist
    }

    /// What happens on a rollback.
    #[must_use]
    pub const fn rollback(&self) -> &RollbackRules {
        &self.rollback
    }

    /// SHA-256 of the policy file, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The file's name, as it was given.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// What may not decide well.
    #[must_use]
    pub const fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }
}

impl Environment {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a decision does to the pipeline.
    #[must_use]
    pub const fn enforcement(&self) -> Enforcement {
        self.enforcement
    }

    /// The Azure Pipelines environment that records its deployments, where the policy says it.
    #[must_use]
    pub fn azure_environment(&self) -> Option<&str> {
        self.azure_environment.as_deref()
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
