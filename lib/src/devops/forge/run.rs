//! What the run has: stages, artifacts, test results, an approval. Everything is asked in one batch.

use crate::checklist::{
    ArtifactFact, Began, Gap, Gathered, Place, StageEnd, StageFact, TestCounts, TestFact, TestReport, Who,
};
use crate::devops::artifacts::{self, OWN, whole};
use crate::devops::call::Call;
use crate::devops::client::{Answer, Page};
use crate::devops::environments::{self, Approval, ApprovalState, Environment};
use crate::devops::failure::DevOpsError;
use crate::devops::runs::{
    self, Artifact, Build, BuildFilter, BuildResult, BuildState, RecordKind, RecordResult, RecordState,
    Timeline, TimelineRecord,
};
use crate::devops::test_results::{self, Outcome, TestCase, TestRun, TestRunState, TestSummary};
use crate::devops::verdict::RunTag;

use super::{AzureDevOpsForge, ThisRun, no_run};

/// A set of results of this product has no more cases than this (two lists of 200 criteria, and the decision); a larger one is not looked into.
const MOST_OWN: u64 = 500;

type Asked<T> = Result<T, DevOpsError>;

/// What is asked before anything else, in one batch.
pub(super) struct Early {
    pub timeline: Asked<Option<Timeline>>,
    pub artifacts: Asked<Vec<Artifact>>,
    pub test_runs: Asked<Vec<TestRun>>,
    pub test_summary: Asked<TestSummary>,
    /// The run of another pipeline that built what is deployed.
    pub build: Option<Asked<Build>>,
    /// Runs that this gate let proceed to the environment, by when they ended.
    pub proceeded: Asked<EarlierRuns>,
    /// Runs of this pipeline on this branch that ended well, likewise.
    pub succeeded: Asked<EarlierRuns>,
    /// Environments whose names begin like this one's.
    pub environments: Asked<Vec<Environment>>,
}

/// The beginning of a list of runs, newest first, and how it was asked for.
pub(super) struct EarlierRuns {
    pub call: Call,
    pub first: Page<Build>,
}

impl AzureDevOpsForge<'_> {
    /// The run whose results count, if there is a run: the one that built what is deployed.
    fn counted(run: &ThisRun) -> u64 {
        run.build.as_ref().map_or(run.id, |build| build.id)
    }

    pub(super) fn early(&self, run: &ThisRun) -> &Early {
        self.early.get_or_init(|| self.ask_early(run))
    }

    fn ask_early(&self, run: &ThisRun) -> Early {
        let counted = Self::counted(run);
        let of_pipeline = BuildFilter { definition: run.pipeline, ..BuildFilter::default() };
        let proceeded = BuildFilter {
            tag: Some(RunTag::Proceed.for_environment(&self.at.environment)),
            most: 50,
            ..of_pipeline.clone()
        };
        let succeeded = BuildFilter {
            branch: self.at.branch.clone(),
            ended: Some(BuildResult::Succeeded),
            most: 10,
            ..of_pipeline
        };
        let (proceeded, succeeded) = (runs::builds(&proceeded), runs::builds(&succeeded));
        let mut calls = vec![
            runs::timeline(run.id),
            runs::artifacts(counted),
            test_results::test_runs(counted),
            test_results::test_summary(counted),
            proceeded.clone(),
            succeeded.clone(),
            environments::named(self.at.environment_name()),
        ];
        if run.build.is_some() {
            calls.push(runs::build(counted));
        }
        let mut answers = self.client.send_all(&calls).into_iter();
        let mut next = || {
            answers
                .next()
                .unwrap_or_else(|| Err(DevOpsError::unreadable(&runs::build(run.id), "a part was not asked")))
        };
        Early {
            timeline: next().and_then(|answer| answer.read()),
            artifacts: next().and_then(|answer| whole(&answer)),
            test_runs: next().and_then(|answer| whole(&answer)),
            test_summary: next().and_then(|answer| answer.read()),
            proceeded: next()
                .and_then(|answer| answer.page().map(|first| EarlierRuns { call: proceeded, first })),
            succeeded: next()
                .and_then(|answer| answer.page().map(|first| EarlierRuns { call: succeeded, first })),
            environments: next().and_then(|answer| whole(&answer)),
            build: run.build.as_ref().map(|_| next().and_then(|answer| answer.read())),
        }
    }
}

/// The run's earlier stages, and the run that built what is deployed.
pub(super) fn stages(forge: &AzureDevOpsForge<'_>) -> Gathered<Vec<StageFact>> {
    let Some(run) = &forge.at.run else { return no_run("stages") };
    let early = forge.early(run);
    let timeline = match &early.timeline {
        Ok(timeline) => timeline,
        Err(error) => return Gathered::Unknown(error.gap()),
    };
    let Some(own) = &run.stage else {
        return Gathered::Unknown(Gap::new(
            "which stage this is, is not known (SYSTEM_STAGENAME is not set)",
            Who::Caller,
            "run the checklist in a stage of the pipeline",
        ));
    };
    let records = timeline.as_ref().map_or(&[][..], |timeline| &timeline.records);
    let all: Vec<&TimelineRecord> =
        records.iter().filter(|record| record.kind == RecordKind::Stage).collect();
    let Some(here) = all.iter().find(|stage| stage.identifier.eq_ignore_ascii_case(own)) else {
        return Gathered::Unknown(Gap::new(
            format!("the run's stages do not list this one ({own})"),
            Who::Caller,
            "run the checklist in a stage of the pipeline",
        ));
    };
    let place = Some(Place::Url(forge.at.run_page(run.id)));
    let mut facts: Vec<StageFact> = all
        .iter()
        .filter(|stage| stage.id != here.id && is_earlier(stage, here))
        .map(|stage| StageFact { name: name_of(stage), end: end_of(stage), place: place.clone() })
        .collect();
    if let (Some(build), Some(built)) = (&run.build, &early.build) {
        match built {
            Ok(built) => facts.push(StageFact {
                name: format!("run {} of the pipeline {}", built.build_number, build.alias),
                end: match (built.status, built.result) {
                    (BuildState::Completed, BuildResult::Succeeded) => StageEnd::Succeeded,
                    (BuildState::Completed, _) => StageEnd::Failed,
                    _ => StageEnd::Running,
                },
                place: Some(Place::Url(forge.at.run_page(build.id))),
            }),
            Err(error) => return Gathered::Unknown(error.gap()),
        }
    }
    Gathered::Known(facts)
}

/// Whether a stage stands before this one. One whose place is not known counts once it has begun.
fn is_earlier(stage: &TimelineRecord, here: &TimelineRecord) -> bool {
    match (stage.order, here.order) {
        (Some(order), Some(own)) => order < own,
        _ => stage.state != RecordState::Pending,
    }
}

fn name_of(stage: &TimelineRecord) -> String {
    if stage.name.is_empty() { stage.identifier.clone() } else { stage.name.clone() }
}

fn end_of(stage: &TimelineRecord) -> StageEnd {
    match (stage.state, stage.result) {
        (RecordState::Completed, Some(RecordResult::Succeeded | RecordResult::SucceededWithIssues)) => {
            StageEnd::Succeeded
        }
        (RecordState::Completed, Some(RecordResult::Skipped)) => StageEnd::Skipped,
        (RecordState::Completed, Some(_)) => StageEnd::Failed,
        _ => StageEnd::Running,
    }
}

/// The artifacts of the run that built what is deployed, this product's own left out.
pub(super) fn artifacts(forge: &AzureDevOpsForge<'_>) -> Gathered<Vec<ArtifactFact>> {
    let Some(run) = &forge.at.run else { return no_run("artifacts") };
    let place = Place::Url(forge.at.run_page(AzureDevOpsForge::counted(run)));
    match &forge.early(run).artifacts {
        Ok(list) => Gathered::Known(artifacts::facts(list, &place)),
        Err(error) => Gathered::Unknown(error.gap()),
    }
}

/// Which sets of test results are this product's own, by their numbers.
pub(super) type OwnResults = Asked<Vec<u64>>;

impl AzureDevOpsForge<'_> {
    /// The sets that could be this product's own: those that are small.
    pub(super) fn doubtful_results(&self, run: &ThisRun) -> Vec<u64> {
        let runs = self.early(run).test_runs.as_ref().map_or(&[][..], Vec::as_slice);
        runs.iter()
            .filter(|run| run.total_tests.is_none_or(|total| total <= MOST_OWN))
            .map(|run| run.id)
            .collect()
    }

    /// Of answers with the cases of sets of results, the sets that are this product's own.
    pub(super) fn own_results(sets: &[u64], answers: Vec<Asked<Answer>>) -> OwnResults {
        let mut own = Vec::new();
        for (set, answer) in sets.iter().zip(answers) {
            let cases = answer?.page::<TestCase>()?.items;
            if cases.iter().any(|case| case.belongs_to(OWN)) {
                own.push(*set);
            }
        }
        Ok(own)
    }
}

/// The test results of the run that built what is deployed.
pub(super) fn tests(forge: &AzureDevOpsForge<'_>) -> Gathered<Vec<TestFact>> {
    let Some(run) = &forge.at.run else { return no_run("test results") };
    let early = forge.early(run);
    let (sets, summary) = match (&early.test_runs, &early.test_summary) {
        (Ok(sets), Ok(summary)) => (sets, summary),
        (Err(error), _) | (_, Err(error)) => return Gathered::Unknown(error.gap()),
    };
    let own = forge.own.get_or_init(|| {
        let doubtful = forge.doubtful_results(run);
        let calls: Vec<_> = doubtful.iter().map(|set| test_results::cases(*set, MOST_OWN)).collect();
        AzureDevOpsForge::own_results(&doubtful, forge.client.send_all(&calls))
    });
    let own = match own {
        Ok(own) => own,
        Err(error) => return Gathered::Unknown(error.gap()),
    };
    let place = |set: &TestRun| {
        let name = if set.name.is_empty() { format!("{}", set.id) } else { set.name.clone() };
        format!("the test results {name} of run {}", AzureDevOpsForge::counted(run))
    };
    let mut facts: Vec<TestFact> =
        sets.iter()
            .map(|set| {
                if own.contains(&set.id) {
                    TestFact::Own { place: place(set) }
                } else {
                    fact(place(set), set)
                }
            })
            .collect();
    let listed: u64 = sets.iter().filter_map(|set| set.total_tests).sum();
    let analysis = &summary.aggregated_results_analysis;
    if analysis.total_tests > listed {
        // The summary knows of tests that no set lists: they may have failed.
        facts.push(TestFact::Unusable {
            place: "the summary of the run's tests".to_owned(),
            why: format!("counts {} tests, of which only {listed} are listed", analysis.total_tests),
        });
    }
    Gathered::Known(facts)
}

fn fact(place: String, set: &TestRun) -> TestFact {
    match set.state {
        TestRunState::Completed | TestRunState::NeedsInvestigation => {}
        TestRunState::Aborted => {
            return TestFact::Unusable { place, why: "were broken off".to_owned() };
        }
        _ => return TestFact::Unusable { place, why: "are not whole yet".to_owned() },
    }
    let mut counts = TestCounts::default();
    for part in &set.run_statistics {
        let slot = match part.outcome {
            Outcome::Passed | Outcome::Warning => &mut counts.passed,
            Outcome::Failed | Outcome::Timeout | Outcome::Aborted | Outcome::Error => &mut counts.failed,
            Outcome::NotExecuted | Outcome::NotApplicable | Outcome::NotImpacted => &mut counts.skipped,
            _ => &mut counts.undecided,
        };
        *slot = slot.saturating_add(part.count);
    }
    // Tests that no statistic accounts for ended somehow.
    let told = counts.total();
    counts.undecided = counts.undecided.saturating_add(set.total_tests.unwrap_or(told).saturating_sub(told));
    TestFact::Read(TestReport {
        place,
        counts,
        failing: Vec::new(),
        when: set.completed_date,
        began: Began::default(),
        doubts: Vec::new(),
        cautions: Vec::new(),
    })
}

/// An approval of this stage that a person gave, in words; `None` where nobody did.
pub(super) fn approval(forge: &AzureDevOpsForge<'_>) -> Gathered<Option<String>> {
    let Some(run) = &forge.at.run else { return no_run("approvals") };
    let timeline = match &forge.early(run).timeline {
        Ok(timeline) => timeline,
        Err(error) => return Gathered::Unknown(error.gap()),
    };
    let (Some(timeline), Some(stage)) = (timeline, &run.stage) else { return Gathered::Known(None) };
    let parent = |record: &TimelineRecord| {
        let id = record.parent_id.as_ref()?;
        timeline.records.iter().find(|other| other.id == *id)
    };
    let of_this_stage = |record: &TimelineRecord| {
        // An approval belongs to a checkpoint, which belongs to a stage.
        let above = parent(record);
        [above, above.and_then(parent)]
            .into_iter()
            .flatten()
            .any(|above| above.kind == RecordKind::Stage && above.identifier.eq_ignore_ascii_case(stage))
    };
    let ids: Vec<&str> = timeline
        .records
        .iter()
        .filter(|record| record.kind == RecordKind::Approval && of_this_stage(record))
        .map(|record| record.id.as_str())
        .collect();
    if ids.is_empty() {
        return Gathered::Known(None);
    }
    match forge.client.page::<Approval>(&environments::approvals(&ids)) {
        Ok(page) => Gathered::Known(page.items.iter().find_map(given)),
        Err(error) => Gathered::Unknown(error.gap()),
    }
}

fn given(approval: &Approval) -> Option<String> {
    let step = approval
        .steps
        .iter()
        .find(|step| step.status == ApprovalState::Approved && !step.actual_approver.id.is_empty())
        .filter(|_| approval.status == ApprovalState::Approved)?;
    let when = step.last_modified_on.map(|when| format!(" at {when}")).unwrap_or_default();
    Some(format!("{} approved this stage of the run{when}", step.actual_approver.display_name))
}
