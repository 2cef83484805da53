//! What can be put in, as task.json has it.

/// What the task can be told to do, as task.json's pick list has it: every command of the binary that a pipeline's step can use.
pub const COMMANDS: [&str; 6] = ["verify", "checklist", "rollback", "baseline", "telemetry", "validate"];
/// What `rollback` can be told to do, likewise; the first by default.
pub(super) const ACTIONS: [&str; 3] = ["plan", "announce", "ticket"];

/// The inputs that the binary reads; `binaryPath` is the launcher's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
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
    pub(super) const ALL: [Self; 27] = [
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

    pub(super) const fn name(self) -> &'static str {
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
