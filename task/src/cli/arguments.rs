//! The arguments of each command.

mod rollback;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use runbook_gate::{Duration, Timestamp};

pub use rollback::{AnnounceArguments, PlanArguments, RollbackArguments, RollbackCommand, TicketArguments};

/// What it is, in one line.
const ABOUT: &str = "Watches a release of your service and decides by your policy: proceed, hold or rollback";
/// How a decision ends the process.
const EXIT_CODES: &str =
    "Exit codes: 0 proceed, 10 hold, 20 rollback, 2 bad policy or input, 1 defect of this program.";
/// How a checklist ends the process.
const EXIT_CODES_OF_A_CHECKLIST: &str =
    "Exit codes: 0 complete, 10 incomplete, 2 bad policy or input, 1 defect of this program.";

/// Decides from health and metrics whether a release proceeds, is held or is rolled back.
#[derive(Debug, Parser)]
#[command(name = "runbook-gate", version, about = ABOUT, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more of what is done (twice: everything that is known).
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 1000)]
    pub verbose: u8,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a policy to start with, and show how a pipeline uses it.
    Init(InitArguments),
    /// Check the policy in every environment: every mistake at once, each with its place.
    #[command(mut_arg("environment", |argument| argument.help("Check this environment also with the values of its variables")))]
    Validate(ValidateArguments),
    /// Print the JSON Schema of the policy, for editors.
    Schema,
    /// Say what is missing of the pre-deployment checklist, and who can provide it.
    #[command(after_help = EXIT_CODES_OF_A_CHECKLIST)]
    Checklist(Box<ChecklistArguments>),
    /// Say which signals can be read now, how fresh they are, and whether they can decide.
    Telemetry(TelemetryArguments),
    /// Before a deployment, record what is normal, for criteria such as `> 2x baseline`.
    Baseline(BaselineArguments),
    /// Watch the release that was just deployed, and decide.
    #[command(after_help = EXIT_CODES)]
    Verify(VerifyArguments),
    /// List what gates decided of this service in an environment.
    History(HistoryArguments),
    /// Find out what a rollback would go back to, and whether that is proved to be safe.
    Rollback {
        /// What to do.
        #[command(subcommand)]
        command: RollbackCommand,
    },
    /// Decide again on what a gate's journal recorded, by this policy and without asking anything.
    #[command(after_help = EXIT_CODES)]
    Replay(ReplayArguments),
    /// Make the reports of a gate's journal again.
    Report(ReportArguments),
    /// Explain a code that `validate` printed; without one, list them.
    Explain {
        /// The code, such as `unknown-key`.
        code: Option<String>,
    },
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Do what the inputs of the Azure Pipelines task say; its launcher starts this.
    #[command(hide = true)]
    Task,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object on standard output; everything else goes to standard error.
    Json,
}

/// Which policy, and what it is filled with.
#[derive(Clone, Debug, Args)]
pub struct PolicyArguments {
    /// The policy file.
    #[arg(short, long, default_value = "runbook.yml", value_name = "FILE")]
    pub policy: PathBuf,
    /// The environment that is deployed to; needed unless the policy has `production` alone.
    #[arg(short, long, value_name = "NAME")]
    pub environment: Option<String>,
    /// A value for `${NAME}` in the policy.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = pair)]
    pub variables: Vec<(String, String)>,
    /// An environment variable that the policy may use as `${NAME}`.
    #[arg(long = "allow-var", value_name = "NAME")]
    pub allowed_variables: Vec<String>,
    /// An environment variable that the policy may use where a secret may stand; its value is never printed.
    #[arg(long = "secret-var", value_name = "NAME")]
    pub secret_variables: Vec<String>,
}

/// How the sources are reached.
#[derive(Debug, Args)]
pub struct NetworkArguments {
    /// The address of a connection that the policy names.
    #[arg(long = "connection", value_name = "NAME=URL", value_parser = named_url)]
    pub connections: Vec<(String, String)>,
    /// The environment variable that holds a connection's token (or `user:password` with a leading `basic:`).
    #[arg(long = "connection-token", value_name = "NAME=VARIABLE", value_parser = named_variable)]
    pub connection_tokens: Vec<(String, String)>,
    /// Certificates (PEM) of authorities that are trusted beside the system's.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// The cloud of Azure that the account is in: AzureCloud, AzureUSGovernment or AzureChinaCloud. A service connection knows its own.
    #[arg(long, value_name = "NAME", default_value = "AzureCloud")]
    pub azure_cloud: String,
    /// The tenant of Azure, where it is not the account's own.
    #[arg(long, value_name = "ID")]
    pub azure_tenant: Option<String>,
    /// One address in place of every host of Azure, for tests.
    #[arg(long, value_name = "URL", hide = true)]
    pub azure_double: Option<String>,
    /// Run the commands that the policy names; never in a pull request's build.
    #[arg(long)]
    pub allow_commands: bool,
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The file to write.
    #[arg(short, long, default_value = "runbook.yml", value_name = "FILE")]
    pub policy: PathBuf,
    /// The service's name; the folder's name by default.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Replace a file that is there already.
    #[arg(long)]
    pub force: bool,
}

/// `validate`
#[derive(Debug, Args)]
pub struct ValidateArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    /// How the findings are printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// Fail on warnings too.
    #[arg(long)]
    pub deny_warnings: bool,
}

/// Where Azure DevOps is. In a pipeline the job's own variables say it.
#[derive(Debug, Args)]
pub struct AzureDevOpsArguments {
    /// The organisation's address, such as https://dev.azure.com/contoso; its token is read from AZURE_DEVOPS_EXT_PAT.
    #[arg(long, value_name = "URL")]
    pub azure_devops: Option<String>,
    /// The project.
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// The repository.
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// The run that is looked at: whose test results, artifacts and stages count, or that deployed what is there now.
    #[arg(long, value_name = "ID")]
    pub run: Option<u64>,
    /// The pipeline resource that built what is deployed, where another pipeline did: its alias.
    #[arg(long, value_name = "ALIAS")]
    pub build: Option<String>,
    /// How long all gathering may take; what was not reached by then is unknown.
    #[arg(long, value_name = "DURATION", default_value = "2m")]
    pub timeout: Duration,
}

impl AzureDevOpsArguments {
    /// Nothing is given: the job's own variables say it.
    pub const fn of_job() -> Self {
        Self {
            azure_devops: None,
            project: None,
            repository: None,
            run: None,
            build: None,
            timeout: Duration::from_secs(120),
        }
    }
}

/// Where GitHub is. In a pipeline that builds from it the job's own variables say it.
#[derive(Debug, Args)]
pub struct GitHubArguments {
    /// The repository is on GitHub: OWNER/NAME, or that of the git remote where no name follows.
    #[arg(long, value_name = "OWNER/NAME", num_args = 0..=1, default_missing_value = "")]
    pub github: Option<String>,
    /// The address of GitHub's API, where it is a server of your own: https://HOST/api/v3.
    #[arg(long, value_name = "URL")]
    pub github_api: Option<String>,
    /// The environment variable that holds the token for GitHub.
    #[arg(long, value_name = "VARIABLE", default_value = "GITHUB_TOKEN")]
    pub github_token_var: String,
}

/// Which rules a deployment is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// A release: the whole checklist, and every criterion of the policy.
    #[default]
    #[value(alias = "release")]
    Deployment,
    /// The redeployment of an earlier version: no checklist, as a rollback is never held up by paperwork; and `verify` says
    /// whether the service has recovered.
    Rollback,
}

/// `checklist`
#[derive(Debug, Args)]
pub struct ChecklistArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub network: NetworkArguments,
    #[command(flatten)]
    pub devops: AzureDevOpsArguments,
    #[command(flatten)]
    pub github: GitHubArguments,
    /// Set the pull request's status and keep one comment on it up to date with what is missing.
    #[arg(long)]
    pub post: bool,
    /// Let an item pass, for this run alone: needs an approval of this stage, and heads every report.
    #[arg(long, value_name = "ITEM=REASON", value_parser = pair)]
    pub waive: Vec<(String, String)>,
    /// The type of the work item that is opened for items that are let pass.
    #[arg(long, value_name = "TYPE", default_value = "Task")]
    pub ticket_type: String,
    /// What the deployment is.
    #[arg(long, value_enum, default_value_t)]
    pub profile: Profile,
    /// The commit, tag or branch that was deployed last; by default the last good deployment that Azure DevOps knows, else
    /// the last tag.
    #[arg(long, value_name = "REF")]
    pub since: Option<String>,
    /// A JUnit or TRX file, or a pattern of such files.
    #[arg(long, value_name = "PATTERN")]
    pub tests: Vec<String>,
    /// A file that is the artifact of a name; a checksum in `PATH.sha256` is compared.
    #[arg(long = "artifact", value_name = "NAME=PATH", value_parser = pair)]
    pub artifacts: Vec<(String, String)>,
    /// Your word that an item is done, and what was done.
    #[arg(long, value_name = "ITEM=WORDS", value_parser = pair)]
    pub attest: Vec<(String, String)>,
    /// The folder for `checklist.json`, `checklist.md` and `checklist.html`.
    #[arg(long, value_name = "FOLDER")]
    pub report_dir: Option<PathBuf>,
    /// Write `checklist-junit.xml` into the report folder too.
    #[arg(long, requires = "report_dir")]
    pub junit: bool,
    /// How the result is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

/// `telemetry`
#[derive(Debug, Args)]
pub struct TelemetryArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub network: NetworkArguments,
    /// How the analysis is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// How far back sources that keep a past, such as Prometheus, are read.
    #[arg(long, value_name = "DURATION", default_value = "2h")]
    pub past: Duration,
    /// End with 10 where a signal that the runbook requires cannot be read.
    #[arg(long)]
    pub deny_blind: bool,
    /// Print what each signal asks, with variables and presets expanded, and ask nothing.
    #[arg(long)]
    pub show_queries: bool,
}

/// `baseline`
#[derive(Debug, Args)]
pub struct BaselineArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub network: NetworkArguments,
    /// How long sources that keep no past, such as a probe, are watched.
    #[arg(long = "for", value_name = "DURATION", default_value = "5m")]
    pub watch_for: Duration,
    /// How far back sources that keep a past, such as Prometheus, are read; the policy's `before`, or 30m, by default.
    #[arg(long, value_name = "DURATION")]
    pub past: Option<Duration>,
    /// The file to write; the policy's `recorded` by default, or else baseline.json here.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How the baseline is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

/// `verify`
#[derive(Debug, Args)]
pub struct VerifyArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub network: NetworkArguments,
    /// When the deployment was made (RFC 3339); now by default.
    #[arg(long, value_name = "TIME")]
    pub deployed_at: Option<Timestamp>,
    /// How long the deployed version may take to serve, where the policy says how to ask for it.
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    pub serve_within: Duration,
    /// The folder for the journal and the reports.
    #[arg(long, value_name = "FOLDER")]
    pub report_dir: Option<PathBuf>,
    /// Write `junit.xml` into the report folder too.
    #[arg(long, requires = "report_dir")]
    pub junit: bool,
    /// The `checklist.json` of this deployment, which the page shows; one in the report folder is found by itself.
    #[arg(long, value_name = "FILE", requires = "report_dir")]
    pub checklist_report: Option<PathBuf>,
    /// The pipeline resource that built what is deployed, where another pipeline did: its alias. The verdict names its run,
    /// version and commit.
    #[arg(long, value_name = "ALIAS")]
    pub build: Option<String>,
    /// The version that is deployed, for the history; the build number, or what the policy's probe expects, by default.
    #[arg(long, value_name = "VERSION")]
    pub release_version: Option<String>,
    /// The file that keeps the decision; outside of a pipeline `~/.local/state/runbook-gate/history.ndjson` by default.
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// What the deployment is.
    #[arg(long, value_enum, default_value_t)]
    pub profile: Profile,
    #[command(flatten)]
    pub rollback: RollbackArguments,
    /// Tell the people that the policy's rollback.notify names of a decision that is not proceed. Without it nobody is told.
    #[arg(long, conflicts_with = "dry_run")]
    pub announce: bool,
    /// How the result is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// Check everything, read each source once, say what would be watched, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `history`
#[derive(Debug, Args)]
pub struct HistoryArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub devops: AzureDevOpsArguments,
    /// The history file; on a desk by default the one that `verify` keeps. In a pipeline its runs keep the history.
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// At most so many decisions; 20 by default.
    #[arg(long, value_name = "NUMBER")]
    pub most: Option<usize>,
    /// How the decisions are printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

/// `replay`
#[derive(Debug, Args)]
pub struct ReplayArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    /// The `journal.ndjson` that `verify --report-dir` wrote.
    #[arg(short, long, value_name = "FILE")]
    pub journal: PathBuf,
    /// The folder for reports.
    #[arg(long, value_name = "FOLDER")]
    pub report_dir: Option<PathBuf>,
    /// Write `junit.xml` into the report folder too.
    #[arg(long, requires = "report_dir")]
    pub junit: bool,
    /// How the result is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

/// `report`
#[derive(Debug, Args)]
pub struct ReportArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    /// The `journal.ndjson` that `verify --report-dir` wrote.
    #[arg(value_name = "JOURNAL")]
    pub journal: PathBuf,
    /// The folder for the reports; the journal's own by default.
    #[arg(long, value_name = "FOLDER")]
    pub report_dir: Option<PathBuf>,
    /// Write `junit.xml` too.
    #[arg(long)]
    pub junit: bool,
    /// The `checklist.json` of the deployment, which the page shows; one beside the journal is found by itself.
    #[arg(long, value_name = "FILE")]
    pub checklist_report: Option<PathBuf>,
}

impl Command {
    /// Whether it watches sources, and brings that to an end when it is interrupted.
    pub const fn watches(&self) -> bool {
        matches!(self, Self::Telemetry(_) | Self::Baseline(_) | Self::Verify(_))
    }

    /// How its results are printed, where that can be chosen.
    pub const fn format(&self) -> Option<Format> {
        match self {
            Self::Validate(arguments) => Some(arguments.format),
            Self::Checklist(arguments) => Some(arguments.format),
            Self::Telemetry(arguments) => Some(arguments.format),
            Self::Baseline(arguments) => Some(arguments.format),
            Self::Verify(arguments) => Some(arguments.format),
            Self::History(arguments) => Some(arguments.format),
            Self::Rollback { command: RollbackCommand::Plan(arguments) } => Some(arguments.format),
            Self::Rollback { command: RollbackCommand::Announce(arguments) } => Some(arguments.format),
            Self::Rollback { command: RollbackCommand::Ticket(arguments) } => Some(arguments.format),
            Self::Replay(arguments) => Some(arguments.format),
            Self::Init(_)
            | Self::Schema
            | Self::Report(_)
            | Self::Explain { .. }
            | Self::Completions { .. }
            | Self::Task => None,
        }
    }
}

/// A text that is no `NAME=VALUE`. It may hold a secret that was given in the wrong place: nobody repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write {0}, with the name first")]
pub struct NotAPair(&'static str);

/// `NAME=VALUE`
fn pair(text: &str) -> Result<(String, String), NotAPair> {
    named(text, "NAME=VALUE")
}

/// `NAME=URL`
fn named_url(text: &str) -> Result<(String, String), NotAPair> {
    named(text, "NAME=URL")
}

/// `NAME=VARIABLE`
fn named_variable(text: &str) -> Result<(String, String), NotAPair> {
    named(text, "NAME=VARIABLE")
}

fn named(text: &str, form: &'static str) -> Result<(String, String), NotAPair> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err(NotAPair(form)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_pair_has_a_name() {
        assert_eq!(pair("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert_eq!(pair("A="), Ok(("A".into(), String::new())));
        assert!(pair("A").is_err() && pair("=b").is_err());
    }
}
