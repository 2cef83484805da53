//! The task's inputs: what the agent puts in the environment, read once into the arguments that a command line would give.
//!
//! The agent checks nothing of them: neither that a required one is there nor that a pick list's value is on the list, and a
//! variable that was never set stays in them as it was written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runbook_gate::{Secret, Timestamp};

/// What the task can be told to do, as task.json's pick list has it: every command of the binary that a pipeline's step can use.
pub const COMMANDS: [&str; 6] = ["verify", "checklist", "rollback", "baseline", "telemetry", "validate"];
/// What `rollback` can be told to do, likewise; the first by default.
const ACTIONS: [&str; 3] = ["plan", "announce", "ticket"];

/// The inputs that the binary reads; `binaryPath` is the launcher's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Command,
    Policy,
    Environment,
    WorkingDirectory,
    Since,
    TestResults,
    Attestations,
    Waive,
    BuildResource,
    PostToPullRequest,
    Profile,
    FailedGate,
    RollbackPlan,
    RollbackStarted,
    RecoveryGate,
    DeployedAt,
    ChecklistReport,
    Announce,
    RollbackAction,
    RetainLastKnownGood,
    ReportDirectory,
    Junit,
    AzureSubscription,
    PrometheusConnection,
    GithubConnection,
    AllowedVariables,
    AllowCommands,
}

impl Input {
    const ALL: [Self; 27] = [
        Self::Command,
        Self::Policy,
        Self::Environment,
        Self::WorkingDirectory,
        Self::Since,
        Self::TestResults,
        Self::Attestations,
        Self::Waive,
        Self::BuildResource,
        Self::PostToPullRequest,
        Self::Profile,
        Self::FailedGate,
        Self::RollbackPlan,
        Self::RollbackStarted,
        Self::RecoveryGate,
        Self::DeployedAt,
        Self::ChecklistReport,
        Self::Announce,
        Self::RollbackAction,
        Self::RetainLastKnownGood,
        Self::ReportDirectory,
        Self::Junit,
        Self::AzureSubscription,
        Self::PrometheusConnection,
        Self::GithubConnection,
        Self::AllowedVariables,
        Self::AllowCommands,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Policy => "policy",
            Self::Environment => "environment",
            Self::WorkingDirectory => "workingDirectory",
            Self::Since => "since",
            Self::TestResults => "testResults",
            Self::Attestations => "attestations",
            Self::Waive => "waive",
            Self::BuildResource => "buildResource",
            Self::PostToPullRequest => "postToPullRequest",
            Self::Profile => "profile",
            Self::FailedGate => "failedGate",
            Self::RollbackPlan => "rollbackPlan",
            Self::RollbackStarted => "rollbackStarted",
            Self::RecoveryGate => "recoveryGate",
            Self::DeployedAt => "deployedAt",
            Self::ChecklistReport => "checklistReport",
            Self::Announce => "announce",
            Self::RollbackAction => "rollbackAction",
            Self::RetainLastKnownGood => "retainLastKnownGood",
            Self::ReportDirectory => "reportDirectory",
            Self::Junit => "junit",
            Self::AzureSubscription => "azureSubscription",
            Self::PrometheusConnection => "prometheusConnection",
            Self::GithubConnection => "githubConnection",
            Self::AllowedVariables => "allowedVariables",
            Self::AllowCommands => "allowCommands",
        }
    }
}

/// An input that cannot be used, with what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// A variable in it was never set.
    #[error(
        "the input {input} still has `{variable}` in it: no such variable is set. Set it, or leave the input empty"
    )]
    Unexpanded {
        /// The input.
        input: &'static str,
        /// As it was written.
        variable: String,
    },
    /// It has to be there.
    #[error("the input {input} is empty; {help}")]
    Missing {
        /// The input.
        input: &'static str,
        /// What to write.
        help: String,
    },
    /// It is not one of what it can be.
    #[error("the input {input} is `{value}`; {help}")]
    Wrong {
        /// The input.
        input: &'static str,
        /// What it is.
        value: String,
        /// What it can be.
        help: String,
    },
    /// A service connection that the job does not have.
    #[error(
        "the service connection of the input {input} is not there: the agent gave no URL for it. \
         Check its name, and that this pipeline may use it (its page in the project's settings, Security)"
    )]
    NoConnection {
        /// The input.
        input: &'static str,
    },
}

/// What the inputs say.
#[derive(Clone, Debug)]
pub struct TaskInputs {
    /// One of [`COMMANDS`].
    pub command: &'static str,
    /// The folder that paths are relative to.
    pub working_directory: Option<PathBuf>,
    /// Where reports go; `None` is a new folder.
    pub report_directory: Option<PathBuf>,
    /// The Prometheus server that the policy's connections mean.
    pub prometheus: Option<Endpoint>,
    /// The policy file.
    pub policy: PathBuf,
    environment: Option<String>,
    since: Option<String>,
    test_results: Vec<String>,
    attestations: Vec<String>,
    waive: Vec<String>,
    build_resource: Option<String>,
    post: bool,
    profile: Profile,
    incident: IncidentInputs,
    deployed_at: Option<String>,
    checklist_report: Option<String>,
    junit: bool,
    announce: bool,
    action: &'static str,
    retain: bool,
    allowed: Vec<String>,
    allowed_secret: Vec<String>,
    allow_commands: bool,
}

/// What `verify` watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Profile {
    Release,
    Rollback,
}

/// What is known of an incident, for the steps of a rollback.
#[derive(Clone, Debug)]
struct IncidentInputs {
    failed_gate: Option<String>,
    plan: Option<String>,
    started: Option<String>,
    recovery: Option<String>,
}

/// A service connection, as the agent gives it to a task that names it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its URL.
    pub url: String,
    /// Its user; empty where it has a token.
    pub user: String,
    /// Its password or token.
    pub secret: Option<Secret>,
}

/// Reads the inputs.
///
/// # Errors
/// Everything that is wrong with them, at once.
pub fn read(environment: &BTreeMap<String, String>) -> Result<TaskInputs, Vec<InputError>> {
    let mut reader = Reader { environment, errors: Vec::new() };
    for input in Input::ALL {
        reader.refuse_unexpanded(input);
    }
    let command = reader.command();
    let policy = reader.text(Input::Policy);
    if policy.is_none() {
        let help = "name the policy file, for example runbook.yml".to_owned();
        reader.errors.push(InputError::Missing { input: Input::Policy.name(), help });
    }
    let (allowed, allowed_secret) = reader.allowed_variables();
    let inputs = TaskInputs {
        command: command.unwrap_or_default(),
        working_directory: reader.working_directory(),
        report_directory: reader.text(Input::ReportDirectory).map(PathBuf::from),
        prometheus: reader.endpoint(Input::PrometheusConnection),
        policy: PathBuf::from(policy.unwrap_or_default()),
        environment: reader.text(Input::Environment).map(str::to_owned),
        since: reader.text(Input::Since).map(str::to_owned),
        test_results: reader.lines(Input::TestResults),
        attestations: reader.pairs(Input::Attestations, "write item=what was done, one a line"),
        waive: reader.pairs(Input::Waive, "write item=reason, one a line"),
        build_resource: reader.text(Input::BuildResource).map(str::to_owned),
        post: reader.flag(Input::PostToPullRequest),
        profile: reader.profile(),
        incident: reader.incident(),
        deployed_at: reader.time(Input::DeployedAt),
        checklist_report: reader.text(Input::ChecklistReport).map(str::to_owned),
        junit: reader.flag(Input::Junit),
        // Empty is the default, which is to tell people.
        announce: reader.text(Input::Announce).is_none() || reader.flag(Input::Announce),
        action: reader.action(),
        retain: reader.flag(Input::RetainLastKnownGood),
        allowed,
        allowed_secret,
        allow_commands: reader.flag(Input::AllowCommands),
    };
    let planless = inputs.report_directory.is_none() && inputs.incident.plan.is_none();
    if inputs.command == "rollback" && inputs.action == "announce" && planless {
        let help =
            "name the folder that the plan of this rollback was written to, or the plan in rollbackPlan"
                .to_owned();
        reader.errors.push(InputError::Missing { input: Input::ReportDirectory.name(), help });
    }
    if reader.errors.is_empty() { Ok(inputs) } else { Err(reader.errors) }
}

/// The report folder that the inputs name, also where others of them are wrong.
pub fn report_directory(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let reader = Reader { environment, errors: Vec::new() };
    let folder = Path::new(reader.text(Input::ReportDirectory)?);
    Some(Path::new(reader.text(Input::WorkingDirectory).unwrap_or(".")).join(folder))
}

/// Whether the command is `rollback`, also where others of the inputs are wrong.
pub fn asks_for_a_rollback(environment: &BTreeMap<String, String>) -> bool {
    let reader = Reader { environment, errors: Vec::new() };
    reader.text(Input::Command) == Some("rollback")
}

struct Reader<'e> {
    environment: &'e BTreeMap<String, String>,
    errors: Vec<InputError>,
}

impl<'e> Reader<'e> {
    /// An input that is not empty.
    fn text(&self, input: Input) -> Option<&'e str> {
        let name = format!("INPUT_{}", input.name().to_ascii_uppercase());
        self.environment.get(&name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn wrong(&mut self, input: Input, value: &str, help: impl Into<String>) {
        self.errors.push(InputError::Wrong {
            input: input.name(),
            value: value.to_owned(),
            help: help.into(),
        });
    }

    fn refuse_unexpanded(&mut self, input: Input) {
        let Some(value) = self.text(input) else { return };
        if let Some(variable) = unexpanded(value) {
            self.errors.push(InputError::Unexpanded { input: input.name(), variable: variable.to_owned() });
        }
    }

    fn command(&mut self) -> Option<&'static str> {
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

    fn action(&mut self) -> &'static str {
        let [default, ..] = ACTIONS;
        let Some(value) = self.text(Input::RollbackAction) else { return default };
        let known = ACTIONS.into_iter().find(|action| *action == value);
        if known.is_none() {
            self.wrong(Input::RollbackAction, value, format!("it is one of {}", ACTIONS.join(", ")));
        }
        known.unwrap_or(default)
    }

    fn working_directory(&mut self) -> Option<PathBuf> {
        let value = self.text(Input::WorkingDirectory)?;
        if !Path::new(value).is_dir() {
            self.wrong(Input::WorkingDirectory, value, "there is no such folder on this agent");
        }
        Some(PathBuf::from(value))
    }

    fn profile(&mut self) -> Profile {
        match self.text(Input::Profile) {
            None | Some("release") => Profile::Release,
            Some("rollback") => Profile::Rollback,
            Some(value) => {
                self.wrong(Input::Profile, value, "it is release or rollback");
                Profile::Release
            }
        }
    }

    fn incident(&mut self) -> IncidentInputs {
        IncidentInputs {
            failed_gate: self.text(Input::FailedGate).map(str::to_owned),
            plan: self.text(Input::RollbackPlan).map(str::to_owned),
            started: self.time(Input::RollbackStarted),
            recovery: self.text(Input::RecoveryGate).map(str::to_owned),
        }
    }

    fn time(&mut self, input: Input) -> Option<String> {
        let value = self.text(input)?;
        if value.parse::<Timestamp>().is_err() {
            self.wrong(input, value, "write a time like 2026-01-31T22:15:00Z");
        }
        Some(value.to_owned())
    }

    fn flag(&mut self, input: Input) -> bool {
        let Some(value) = self.text(input) else { return false };
        let on = value.eq_ignore_ascii_case("true");
        if !on && !value.eq_ignore_ascii_case("false") {
            self.wrong(input, value, "it is true or false");
        }
        on
    }

    /// The names that the policy may use, and those among them whose values are secret.
    fn allowed_variables(&mut self) -> (Vec<String>, Vec<String>) {
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
    fn lines(&self, input: Input) -> Vec<String> {
        let lines = self.text(input).unwrap_or_default().lines().map(str::trim);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// The lines of an input that are `item=words` each.
    fn pairs(&mut self, input: Input, help: &str) -> Vec<String> {
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

    fn endpoint(&mut self, input: Input) -> Option<Endpoint> {
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

impl TaskInputs {
    /// What is done, in words: `verify`, `rollback plan`.
    pub fn subcommand(&self) -> String {
        match self.command {
            "rollback" => format!("rollback {}", self.action),
            command => command.to_owned(),
        }
    }

    /// What the step's command is told of an incident, by the option's name.
    fn of_incident(&self) -> Vec<(&'static str, &str)> {
        let known = &self.incident;
        let (failed, plan) = (("failed-gate", &known.failed_gate), ("plan", &known.plan));
        let started = ("rollback-started", &known.started);
        let told = match (self.command, self.profile, self.action) {
            ("verify", Profile::Rollback, _) => vec![failed, plan, started],
            ("rollback", _, "announce") => vec![plan],
            ("rollback", _, "ticket") => vec![
                failed,
                plan,
                started,
                ("recovery", &known.recovery),
                ("checklist-report", &self.checklist_report),
            ],
            _ => Vec::new(),
        };
        told.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }

    /// The command line that says the same. `reports` is the folder of the reports.
    pub fn command_line(&self, reports: &Path) -> Vec<std::ffi::OsString> {
        let mut line: Vec<std::ffi::OsString> = vec!["runbook-gate".into(), self.command.into()];
        if self.command == "rollback" {
            line.push(self.action.into());
        }
        // Every value stands behind an equals sign: none is taken for an option.
        let mut option = |name: &str, value: &std::ffi::OsStr| {
            let mut argument = std::ffi::OsString::from(format!("--{name}="));
            argument.push(value);
            line.push(argument);
        };
        option("policy", self.policy.as_ref());
        if let Some(environment) = &self.environment {
            option("environment", environment.as_ref());
        }
        for name in &self.allowed {
            option("allow-var", name.as_ref());
        }
        for name in &self.allowed_secret {
            option("secret-var", name.as_ref());
        }
        match self.command {
            "checklist" => {
                option("report-dir", reports.as_os_str());
                if let Some(since) = &self.since {
                    option("since", since.as_ref());
                }
                for pattern in &self.test_results {
                    option("tests", pattern.as_ref());
                }
                for line in &self.attestations {
                    option("attest", line.as_ref());
                }
                for line in &self.waive {
                    option("waive", line.as_ref());
                }
                if let Some(alias) = &self.build_resource {
                    option("build", alias.as_ref());
                }
            }
            "verify" => {
                option("report-dir", reports.as_os_str());
                if let Some(at) = &self.deployed_at {
                    option("deployed-at", at.as_ref());
                }
                if let Some(file) = &self.checklist_report {
                    option("checklist-report", file.as_ref());
                }
                match (self.profile, &self.build_resource) {
                    (Profile::Release, Some(alias)) => option("build", alias.as_ref()),
                    (Profile::Release, None) => {}
                    // What was deployed again is the plan's word.
                    (Profile::Rollback, _) => option("profile", "rollback".as_ref()),
                }
            }
            "rollback" if self.action != "ticket" => {
                option("report-dir", reports.as_os_str());
                if let Some(alias) = self.build_resource.as_ref().filter(|_| self.action == "plan") {
                    option("build", alias.as_ref());
                }
            }
            // A blind gate is an incomplete checklist.
            "telemetry" => line.push("--deny-blind".into()),
            "baseline" => option("output", reports.join("baseline.json").as_os_str()),
            _ => {}
        }
        for (name, value) in self.of_incident() {
            let mut argument = std::ffi::OsString::from(format!("--{name}="));
            argument.push(value);
            line.push(argument);
        }
        if self.command == "verify" && self.announce {
            line.push("--announce".into());
        }
        if self.junit && matches!(self.command, "verify" | "checklist") {
            line.push("--junit".into());
        }
        if self.command == "checklist" && self.post {
            line.push("--post".into());
        }
        if self.command == "rollback" && self.action == "plan" && self.retain {
            line.push("--retain".into());
        }
        if self.allow_commands && self.command != "validate" {
            line.push("--allow-commands".into());
        }
        line
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The environment of an agent: these inputs, and the defaults of task.json.
    fn environment(given: &[(&str, &str)]) -> BTreeMap<String, String> {
        let defaults = [("INPUT_COMMAND", "verify"), ("INPUT_POLICY", "runbook.yml")];
        defaults.iter().chain(given).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn line(given: &[(&str, &str)]) -> Vec<String> {
        let inputs = read(&environment(given)).unwrap();
        let line = inputs.command_line(Path::new("/reports"));
        line.into_iter().map(|argument| argument.into_string().unwrap()).collect()
    }

    fn errors(given: &[(&str, &str)]) -> Vec<String> {
        read(&environment(given)).unwrap_err().iter().map(ToString::to_string).collect()
    }

    fn names(object: &serde_json::Value, key: &str) -> Vec<String> {
        let list = object.get(key).and_then(serde_json::Value::as_array).unwrap();
        list.iter().filter_map(|each| each.get("name")?.as_str()).map(str::to_owned).collect()
    }

    #[test]
    fn task_json_declares_exactly_the_inputs_and_commands_that_are_read() {
        let task: serde_json::Value = serde_json::from_str(include_str!("../../task.json")).unwrap();
        let mut read: Vec<&str> = Input::ALL.iter().map(|input| input.name()).collect();
        read.push("binaryPath");
        assert_eq!(names(&task, "inputs"), read);
        let options = task.pointer("/inputs/0/options").and_then(serde_json::Value::as_object).unwrap();
        assert_eq!(options.keys().collect::<Vec<_>>(), COMMANDS);
    }

    #[test]
    fn says_what_a_command_line_would_say() {
        let given = [
            ("INPUT_ENVIRONMENT", " staging "),
            ("INPUT_DEPLOYEDAT", "2026-01-01T00:00:00Z"),
            ("INPUT_CHECKLISTREPORT", "ready/checklist.json"),
            ("INPUT_JUNIT", "true"),
            ("INPUT_ALLOWEDVARIABLES", "HOST\r\nTeam.Token, PORT"),
            ("INPUT_ALLOWCOMMANDS", "True"),
            ("SECRET_TEAM_TOKEN", "canary"),
        ];
        assert_eq!(
            line(&given),
            [
                "runbook-gate",
                "verify",
                "--policy=runbook.yml",
                "--environment=staging",
                "--allow-var=HOST",
                "--allow-var=PORT",
                "--secret-var=Team.Token",
                "--report-dir=/reports",
                "--deployed-at=2026-01-01T00:00:00Z",
                "--checklist-report=ready/checklist.json",
                "--announce",
                "--junit",
                "--allow-commands",
            ]
        );
        assert_eq!(
            line(&[])[3..],
            ["--report-dir=/reports", "--announce"],
            "no JUnit unless it is asked for"
        );
        let resource = ("INPUT_BUILDRESOURCE", "orders-ci");
        assert!(line(&[resource]).contains(&"--build=orders-ci".to_owned()));
        let again = line(&[resource, ("INPUT_PROFILE", "rollback")]);
        assert!(!again.iter().any(|argument| argument.starts_with("--build")), "{again:?}");
        assert!(!line(&[("INPUT_ANNOUNCE", "false")]).contains(&"--announce".to_owned()));
        assert_eq!(line(&[("INPUT_COMMAND", "baseline")])[3], "--output=/reports/baseline.json");
        let checklist = [
            ("INPUT_COMMAND", "checklist"),
            ("INPUT_SINCE", "v1.2.0"),
            ("INPUT_TESTRESULTS", "a/*.xml\n\n b.trx "),
            ("INPUT_ATTESTATIONS", "backups-taken=snapshot 4711\r\nconfig-reviewed=a=b"),
            ("INPUT_WAIVE", "change-communicated=hotfix"),
            ("INPUT_BUILDRESOURCE", "orders-ci"),
            ("INPUT_POSTTOPULLREQUEST", "true"),
        ];
        assert_eq!(
            line(&checklist)[3..],
            [
                "--report-dir=/reports",
                "--since=v1.2.0",
                "--tests=a/*.xml",
                "--tests=b.trx",
                "--attest=backups-taken=snapshot 4711",
                "--attest=config-reviewed=a=b",
                "--waive=change-communicated=hotfix",
                "--build=orders-ci",
                "--post",
            ]
        );
        let plan = [("INPUT_COMMAND", "rollback"), ("INPUT_ROLLBACKACTION", "plan")];
        assert_eq!(line(&plan)[1..3], ["rollback", "plan"]);
        let announce = [
            ("INPUT_COMMAND", "rollback"),
            ("INPUT_ROLLBACKACTION", "announce"),
            ("INPUT_REPORTDIRECTORY", "/plan"),
        ];
        assert!(errors(&announce[..2])[0].contains("the folder that the plan of this rollback"));
        assert_eq!(
            line(&announce)[1..],
            ["rollback", "announce", "--policy=runbook.yml", "--report-dir=/reports"]
        );
        assert_eq!(
            line(&plan[..1])[1..],
            ["rollback", "plan", "--policy=runbook.yml", "--report-dir=/reports"]
        );
        let kept = [plan[0], ("INPUT_RETAINLASTKNOWNGOOD", "true"), ("INPUT_BUILDRESOURCE", "orders-ci")];
        assert_eq!(line(&kept)[5..], ["--build=orders-ci", "--retain"]);
        let ticket = [
            ("INPUT_COMMAND", "rollback"),
            ("INPUT_ROLLBACKACTION", "ticket"),
            ("INPUT_FAILEDGATE", "gate"),
            ("INPUT_ROLLBACKPLAN", "plan"),
            ("INPUT_RECOVERYGATE", "recovery"),
            ("INPUT_CHECKLISTREPORT", "ready"),
        ];
        assert_eq!(
            line(&ticket)[1..],
            [
                "rollback",
                "ticket",
                "--policy=runbook.yml",
                "--failed-gate=gate",
                "--plan=plan",
                "--recovery=recovery",
                "--checklist-report=ready"
            ]
        );
        let validate = [("INPUT_COMMAND", "validate"), ("INPUT_ALLOWCOMMANDS", "true")];
        assert_eq!(line(&validate), ["runbook-gate", "validate", "--policy=runbook.yml"]);
    }

    #[test]
    fn a_value_is_never_an_option() {
        assert_eq!(line(&[("INPUT_POLICY", "--allow-commands")])[2], "--policy=--allow-commands");
    }

    #[test]
    fn what_was_never_expanded_is_refused() {
        for (value, variable) in
            [("a/$(My.Var)/b", "$(My.Var)"), ("$[ variables.x ]", "$[ variables.x ]"), ("x$(A)$(B)", "$(A)")]
        {
            let errors = errors(&[("INPUT_ENVIRONMENT", value)]);
            assert!(errors[0].contains(&format!("still has `{variable}`")), "{errors:?}");
        }
        assert_eq!(line(&[("INPUT_POLICY", "price$(.yml")])[2], "--policy=price$(.yml");
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let given = [
            ("INPUT_COMMAND", "check"),
            ("INPUT_POLICY", ""),
            ("INPUT_ALLOWCOMMANDS", "1"),
            ("INPUT_ROLLBACKACTION", "undo"),
        ];
        assert_eq!(errors(&given).len(), 4);
    }

    #[test]
    fn an_attestation_names_its_item_and_what_was_done() {
        for wrong in ["backups-taken", "=done", "backups-taken= "] {
            let errors = errors(&[("INPUT_ATTESTATIONS", wrong)]);
            assert!(errors[0].contains("write item=what was done"), "{errors:?}");
        }
    }

    #[test]
    fn a_service_connection_is_read_with_its_secret() {
        let id = "6d2e9b9a-0c7f-4c8e-9d0e-1a2b3c4d5e6f";
        let names = ["ENDPOINT_URL_", "ENDPOINT_AUTH_PARAMETER_"].map(|name| format!("{name}{id}"));
        let (user, password) = (format!("{}_USERNAME", names[1]), format!("{}_PASSWORD", names[1]));
        let given = [
            ("INPUT_PROMETHEUSCONNECTION", id),
            (names[0].as_str(), "https://prometheus.example"),
            (user.as_str(), "gate"),
            (password.as_str(), "canary"),
        ];
        let endpoint = read(&environment(&given)).unwrap().prometheus.unwrap();
        assert_eq!((endpoint.url.as_str(), endpoint.user.as_str()), ("https://prometheus.example", "gate"));
        assert_eq!(endpoint.secret, Some(Secret::new("canary")));
        assert!(!format!("{endpoint:?}").contains("canary"));
        assert!(errors(&given[..1])[0].contains("the service connection of the input prometheusConnection"));
    }
}
