//! The arguments of `rollback`, and of the gate after one.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use runbook_gate::Timestamp;

use super::{AzureDevOpsArguments, Format, GitHubArguments, NetworkArguments, PolicyArguments};

/// What `verify --profile rollback` is told of the rollback.
#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// The gate that asked for the rollback: its report folder, its verdict.json or its journal. What was normal is read
    /// from it.
    #[arg(long, value_name = "PATH")]
    pub failed_gate: Option<PathBuf>,
    /// The rollback-plan.json that `rollback plan` wrote: its target was deployed again.
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// When the rollback began (RFC 3339), for the times of the incident.
    #[arg(long, value_name = "TIME")]
    pub rollback_started: Option<Timestamp>,
}

/// What `rollback` can do.
#[derive(Debug, Subcommand)]
pub enum RollbackCommand {
    /// Name the last known good version with its proof, and what speaks against going back to it.
    Plan(PlanArguments),
    /// Tell the people that the policy's rollback.notify names what is gone back to, or that the rollback waits for a person.
    Announce(AnnounceArguments),
    /// Open the follow-up work item that the policy asks for, or bring it up to date.
    Ticket(TicketArguments),
}

/// `rollback plan`
#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub network: NetworkArguments,
    #[command(flatten)]
    pub devops: AzureDevOpsArguments,
    #[command(flatten)]
    pub github: GitHubArguments,
    /// The verdict.json of the gate that decided; by default the decision on this run, or the newest of the history.
    #[arg(long, value_name = "FILE")]
    pub verdict: Option<PathBuf>,
    /// The version that is deployed now; by default this run's, or the one that was judged last.
    #[arg(long, value_name = "VERSION")]
    pub current: Option<String>,
    /// Keep the run of the last known good version for 30 days.
    #[arg(long)]
    pub retain: bool,
    /// The history file; on a desk by default the one that `verify` keeps. In a pipeline its runs keep the history.
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// The folder for `rollback-plan.json`, `rollback-plan.md` and `rollback-plan.html`.
    #[arg(long, value_name = "FOLDER")]
    pub report_dir: Option<PathBuf>,
    /// How the plan is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

/// `rollback announce`
#[derive(Debug, Args)]
pub struct AnnounceArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub network: NetworkArguments,
    #[command(flatten)]
    pub devops: AzureDevOpsArguments,
    /// The rollback-plan.json that `rollback plan` wrote; the one in the report folder by default.
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// The folder that `rollback plan` reported into.
    #[arg(long, value_name = "FOLDER")]
    pub report_dir: Option<PathBuf>,
    /// How what became of it is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// Print the message and who would get it, and send nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `rollback ticket`
#[derive(Debug, Args)]
pub struct TicketArguments {
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub network: NetworkArguments,
    #[command(flatten)]
    pub devops: AzureDevOpsArguments,
    /// The gate that asked for the rollback: its report folder, or its verdict.json.
    #[arg(long, value_name = "PATH")]
    pub failed_gate: Option<PathBuf>,
    /// The rollback-plan.json that `rollback plan` wrote, or the folder that it is in.
    #[arg(long, value_name = "PATH")]
    pub plan: Option<PathBuf>,
    /// The gate over the redeployment, once it has decided: its report folder, or its verdict.json.
    #[arg(long, value_name = "PATH")]
    pub recovery: Option<PathBuf>,
    /// The `checklist.json` of the deployment, or the folder that it is in: the decision records are listed.
    #[arg(long, value_name = "PATH")]
    pub checklist_report: Option<PathBuf>,
    /// When the rollback began (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub rollback_started: Option<Timestamp>,
    /// How what became of it is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// Ask Azure DevOps whether it would take the work item, and make none.
    #[arg(long)]
    pub dry_run: bool,
}
