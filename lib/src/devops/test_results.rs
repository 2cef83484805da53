//! Test results of a run.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Timestamp;
use crate::devops::call::Call;
use crate::devops::permission::Permission;
use crate::devops::wire::{id, named, or_default, several, time, words};

/// A published set of results.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestRun {
    /// Its number.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Whether it has ended.
    #[serde(default, deserialize_with = "or_default")]
    pub state: TestRunState,
    /// How many tests there are.
    #[serde(default)]
    pub total_tests: Option<u64>,
    /// How many of each outcome.
    #[serde(default, deserialize_with = "several")]
    pub run_statistics: Vec<Statistic>,
    /// When it ended.
    #[serde(default, deserialize_with = "time")]
    pub completed_date: Option<Timestamp>,
}

/// How many tests have an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Statistic {
    /// The outcome.
    #[serde(default, deserialize_with = "or_default")]
    pub outcome: Outcome,
    /// How many.
    pub count: u64,
}

words! {
    /// Whether a set of results is whole.
    TestRunState {
        /// It has not begun.
        NotStarted = "notstarted",
        /// Results still come.
        InProgress = "inprogress",
        /// It is.
        Completed = "completed",
        /// It was broken off.
        Aborted = "aborted",
        /// It waits.
        Waiting = "waiting",
        /// Somebody has to look at it, as with every set that has a failure.
        NeedsInvestigation = "needsinvestigation",
    }
}

words! {
    /// What a test came to.
    Outcome {
        /// It passed.
        Passed = "passed",
        /// It failed.
        Failed = "failed",
        /// It could not be told.
        Inconclusive = "inconclusive",
        /// It took too long.
        Timeout = "timeout",
        /// It was broken off.
        Aborted = "aborted",
        /// It could not begin.
        Blocked = "blocked",
        /// It was not run.
        NotExecuted = "notexecuted",
        /// It passed, with a warning.
        Warning = "warning",
        /// It broke.
        Error = "error",
        /// It does not concern this run.
        NotApplicable = "notapplicable",
        /// It was halted.
        Paused = "paused",
        /// It runs.
        InProgress = "inprogress",
        /// What changed does not concern it.
        NotImpacted = "notimpacted",
    }
}

/// A test of a set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TestCase {
    /// Its name, with what it belongs to in front.
    #[serde(deserialize_with = "or_default")]
    pub automated_test_name: String,
    /// What it belongs to: a class, a suite, a file.
    #[serde(deserialize_with = "or_default")]
    pub automated_test_storage: String,
}

impl TestCase {
    /// Whether it belongs to what has this name, or begins with it and a `.`.
    #[must_use]
    pub fn belongs_to(&self, name: &str) -> bool {
        [&self.automated_test_storage, &self.automated_test_name].into_iter().any(|text| {
            text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
        })
    }
}

/// What all results of a run come to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestSummary {
    /// The counts.
    pub aggregated_results_analysis: Analysis,
}

/// Counts of results.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// How many tests there are.
    pub total_tests: u64,
    /// How many sets are in each state, by the state's name.
    #[serde(default, deserialize_with = "named")]
    pub run_summary_by_state: BTreeMap<String, RunsOfState>,
}

/// How many sets are in a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RunsOfState {
    /// How many.
    #[serde(deserialize_with = "or_default")]
    pub runs_count: u64,
}

/// The sets of results that a run published, each with its counts; answers with a list of [`TestRun`].
#[must_use]
pub fn test_runs(run: u64) -> Call {
    Call::get(format!("the test results of run {run}"), Permission::ViewTestRuns, &["test", "runs"])
        .with("buildUri", format!("vstfs:///Build/Build/{run}"))
        .with("includeRunDetails", "true")
}

/// The tests of a set, at most so many; answers with a list of [`TestCase`].
#[must_use]
pub fn cases(set: u64, most: u64) -> Call {
    let segments = ["test", "Runs", &set.to_string(), "results"];
    Call::get(format!("the tests of the results {set}"), Permission::ViewTestRuns, &segments)
        .with("$top", most.to_string())
}

/// What all results of a run come to; answers with a [`TestSummary`].
#[must_use]
pub fn test_summary(run: u64) -> Call {
    Call::get(
        format!("the summary of the test results of run {run}"),
        Permission::ViewTestRuns,
        &["testresults", "resultsummarybybuild"],
    )
    .version("7.1-preview.1")
    .with("buildId", run.to_string())
    .of_test_results()
}
